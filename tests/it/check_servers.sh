#!/bin/bash
# check_servers.sh: a server with other settings than its peer: sql_mode, time zone, charset,
# max_allowed_packet, lower_case_table_names.  Equal data stays equal, a least step is found.

. "$(dirname "$0")/lib.sh"
begin a
own_begin || bail "no servers"
odd_server() { # odd_server NAME OPTION…
    mkdir -p "$mr_run_dir/tmp.$1"
    mr_spawn_mariadb "$@" --tmpdir="$mr_run_dir/tmp.$1" || bail "no server $1"
}
odd_server X --sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT,IGNORE_SPACE \
    --default-time-zone=+05:30 --character-set-server=latin1 --collation-server=latin1_german1_ci \
    --lc-time-names=de_DE --div-precision-increment=0 --group-concat-max-len=4 --default-week-format=3
odd_server L --lower-case-table-names=1
mr_await X L || bail "no servers"
X=$MR_X_URI L=$MR_L_URI

BUILD_SQL=$(cat <<'END'
CREATE TABLE t_char (id INT PRIMARY KEY, v CHAR(10), w CHAR(5) CHARACTER SET latin1, x BINARY(4));
INSERT INTO t_char VALUES (1, 'a', 'é', 'b'), (2, '', '', ''), (3, 'a b', 'x', 0x00);
CREATE TABLE t_ckey (k CHAR(8) PRIMARY KEY, v INT);
INSERT INTO t_ckey VALUES ('', 0), ('a', 1), ('b"c', 2), ('d''e', 3), ('\\', 4), ('\\n', 5), ('%_', 6);
CREATE TABLE t_text (id INT PRIMARY KEY, v VARCHAR(30));
INSERT INTO t_text VALUES (1, 'a\\b'), (2, '"q"'), (3, 'it''s'), (4, 'l\ni'), (5, '\\'), (6, 'a||b');
CREATE TABLE t_vkey (k VARCHAR(30) COLLATE utf8mb4_bin PRIMARY KEY, v INT);
INSERT INTO t_vkey VALUES ('a\\', 1), ('\\''', 2), ('"', 3), ('\n', 4), ('a ', 5), ('😀', 6);
CREATE TABLE t_stamp (id INT PRIMARY KEY, v TIMESTAMP(6) NULL, d DATETIME(6));
INSERT INTO t_stamp VALUES (1, '1970-01-01 00:00:01', '2024-01-01'), (2, '2024-03-31 01:30:00.000001', '0000-00-00'),
    (3, '2038-01-19 03:14:07', '2024-00-00'), (4, '0000-00-00', NULL), (5, '2024-10-27 00:30:00', '2024-10-27 02:30:00');
CREATE TABLE t_skey (k TIMESTAMP PRIMARY KEY, v INT);
INSERT INTO t_skey SELECT FROM_UNIXTIME(1711846800 + seq * 600), seq FROM seq_1_to_200;
CREATE TABLE t_date (id INT PRIMARY KEY, v DATE, y YEAR, t TIME(3));
INSERT INTO t_date VALUES (1, '0000-00-00', 0, '-838:59:59'), (2, '2024-02-30', 2024, '00:00:00.001');
CREATE TABLE t_latin (k VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY, v VARCHAR(20) CHARACTER SET latin1);
INSERT INTO t_latin VALUES ('é', 'ß'), ('z', _latin1 0x81), ('ä"', '\\');
CREATE TABLE t_cp932 (k VARCHAR(20) CHARACTER SET cp932 PRIMARY KEY, v VARCHAR(20) CHARACTER SET cp932);
INSERT INTO t_cp932 VALUES ('日', _cp932 0x81CA), ('表', '表'), (_cp932 0x955C5C, 'ソ\\'), ('a', '');
CREATE TABLE t_num (id INT PRIMARY KEY, v DECIMAL(20,5), f FLOAT, d DOUBLE, u BIGINT UNSIGNED);
INSERT INTO t_num VALUES (1, 0.00001, 0.1, 0.1, 18446744073709551615), (2, -1, 1e30, 1e300, 0);
CREATE TABLE t_expr (id INT PRIMARY KEY, a VARCHAR(9) DEFAULT 'x', g VARCHAR(30) AS (CONCAT(a, '|', 'b')) STORED,
    b DATE DEFAULT '2024-01-01', c TIMESTAMP NULL DEFAULT '2024-01-01 00:00:00', CONSTRAINT chk CHECK (a <> 'q'));
INSERT INTO t_expr (id, a) VALUES (1, 'k'), (2, 'l\\');
CREATE TABLE t_none (a CHAR(9), b TIMESTAMP NULL, c VARCHAR(9));
INSERT INTO t_none VALUES ('x', '2024-01-01', '\\'), ('x', '2024-01-01', '\\'), (NULL, NULL, '"');
CREATE TABLE t_wide (id INT PRIMARY KEY, v MEDIUMTEXT, w MEDIUMTEXT);
INSERT INTO t_wide VALUES (1, REPEAT('x', 30000), REPEAT('é', 30000)), (2, REPEAT('y', 999), 'z');
CREATE TABLE t_keys (k VARCHAR(200) PRIMARY KEY, v INT);
INSERT INTO t_keys SELECT CONCAT(REPEAT('k', 190), seq), seq FROM seq_1_to_3000;
END
)
# What is changed on the odd server, and what is to be found of it.
CHANGE_SQL=$(cat <<'END'
UPDATE t_char SET v = 'b' WHERE id = 1; UPDATE t_ckey SET v = 9 WHERE k = '\\'; UPDATE t_text SET v = 'a\\\\b' WHERE id = 1;
UPDATE t_vkey SET v = 9 WHERE k = '"'; UPDATE t_stamp SET v = '2024-03-31 01:30:00.000002' WHERE id = 2;
UPDATE t_skey SET v = 0 WHERE v = 77; UPDATE t_date SET v = '2024-03-01' WHERE id = 2;
UPDATE t_latin SET v = 'ss' WHERE k = 'é'; UPDATE t_cp932 SET v = _cp932 0xEEF9 WHERE k = '日';
UPDATE t_num SET d = 0.10000000000000002 WHERE id = 1; UPDATE t_expr SET a = 'm' WHERE id = 1;
UPDATE t_none SET a = 'X' WHERE a = 'x' LIMIT 1; UPDATE t_keys SET v = 0 WHERE v = 2000;
UPDATE t_wide SET v = CONCAT(LEFT(v, 29999), 'y') WHERE id = 1
END
)
FOUND='t_char changed 1 v
t_ckey changed \ v
t_text changed 1 v
t_vkey changed " v
t_stamp changed 2 v
t_skey changed 2024-03-31 13:50:00 v
t_date changed 2 v
t_latin changed é v
t_cp932 changed 日 v
t_num changed 1 d
t_expr changed 1 a,g
t_none missing 1
t_none extra 1
t_keys changed k2000 v
t_wide changed 1 v'
tell() { # what was found, in the form of FOUND
    jq -r 'select(.type == "row") | "\(.table | sub(".*[.]"; "")) \(.kind) " + (if .key == null then "\(.count)"
        else "\(.key[] | sub("^k+k2"; "k2")) \(.columns | join(","))" end)' "$OUT" | sort
}
build() { # build SIDE: the tables, always written in the same session settings
    fresh "$1" "$DB"
    at "$1" "$BUILD_SQL"
}
fresh_on() { # fresh_on URI: as build, for a server that has no letter
    IT_DROP+=("$1 $DB")
    client "$1" <<<"DROP DATABASE IF EXISTS $DB; CREATE DATABASE $DB CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
    client "$1" -D "$DB" <<<"$BUILD_SQL" || bail "cannot build on $1"
}
build a
SRC=$(uri a "$DB")

odd() { # odd DESCRIPTION URI: equal both ways and by both digests, then the changes are found
    local digest
    fresh_on "$2"
    DST=$(uri "$2" "$DB")
    [ -z "${AFTER:-}" ] || client "$2" <<<"$AFTER" || bail "$AFTER"
    for digest in client server; do
        check_is 0 "$1: equal, digest $digest: exits 0" --digest $digest
        none "$1: equal, digest $digest: no row, no object" '.type | IN("row", "object")'
    done
    read -r SRC DST <<<"$DST $SRC"
    check_is 0 "$1: the other way round: exits 0"
    read -r SRC DST <<<"$DST $SRC"
    [ -z "${BEFORE:-}" ] || client "$2" <<<"$BEFORE"
    client "$2" -D "$DB" <<<"$CHANGE_SQL" || bail "cannot change"
    [ -z "${AFTER:-}" ] || client "$2" <<<"$AFTER" || bail "$AFTER"
    for digest in client server; do
        check_is 1 "$1: changed, digest $digest: exits 1" --digest $digest
        is "$1: changed, digest $digest: exactly that" "$(tell)" "$(sort <<<"$FOUND")"
    done
}
odd "ANSI_QUOTES and more, +05:30, latin1" "$X"
is "TIMESTAMP values are shown in UTC" "$(image t_stamp changed source v) $(image t_stamp changed target v)" \
    '"2024-03-31 01:30:00.000001" "2024-03-31 01:30:00.000002"'
SRC=$(uri a "$DB") AFTER="SET GLOBAL sql_mode = 'TRADITIONAL,NO_ZERO_DATE,NO_ZERO_IN_DATE,ONLY_FULL_GROUP_BY,HIGH_NOT_PRECEDENCE,NO_UNSIGNED_SUBTRACTION',
    time_zone = 'SYSTEM', character_set_server = cp932, character_set_filesystem = latin1"
odd "strict, no zero dates, cp932" "$X"
AFTER="SET GLOBAL sql_mode = 'ORACLE', time_zone = '-12:00', max_allowed_packet = 4096, net_buffer_length = 1024"
BEFORE="SET GLOBAL max_allowed_packet = 16777216"
odd "mode of Oracle, -12:00, packets of 4 KiB" "$X"
# Keys as long as InnoDB has them, 600 to be read again: more than one packet of 1 MiB holds.
client "$X" <<<"SET GLOBAL max_allowed_packet = 1048576"
long="CREATE TABLE t_long (k VARCHAR(700) COLLATE utf8mb4_bin PRIMARY KEY, v INT);
    INSERT INTO t_long SELECT CONCAT(REPEAT('😀', 690), seq), 1 FROM seq_1_to_600"
at a "$long"
client "$X" -D "$DB" <<<"$long; UPDATE t_long SET v = 2"
check_is 1 "packets of 1 MiB: 600 long keys read again: exits 1" --tables t_long
table_is "packets of 1 MiB: each is found" t_long '.changed == 600 and .missing == 0 and .extra == 0'
at a "DROP TABLE t_long"
client "$X" <<<"SET GLOBAL max_allowed_packet = 16777216"

# lower_case_table_names=1: the names of that server are lower case.
AFTER="" BEFORE=""
odd "lower-case names" "$L"
fresh a "${DB}_Case"
names="CREATE TABLE Parent (Id INT PRIMARY KEY, Name VARCHAR(9)); INSERT INTO Parent VALUES (1, 'a'), (2, 'b');
    CREATE TABLE lower_one (id INT PRIMARY KEY, v INT); INSERT INTO lower_one VALUES (1, 1)"
client a -D "${DB}_Case" <<<"$names"
client "$L" <<<"CREATE DATABASE ${DB}_case CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; USE ${DB}_case; $names"
SRC=$(uri a "${DB}_Case") DST=$(uri "$L" "${DB}_case")
check_is 0 "Parent here and parent there are one table: exits 0"
table_is "Parent: by the source's name" "${DB}_Case.Parent" '.source_rows == 2 and .target_rows == 2'
client "$L" <<<"UPDATE ${DB}_case.parent SET Name = 'c' WHERE Id = 2"
check_is 1 "Parent: a change is found: exits 1"
rows_are "Parent: the change" "${DB}_Case.Parent" 'changed {"Id":"2"} ["Name"]'
client a -D "${DB}_Case" <<<"CREATE TABLE LOWER_ONE LIKE lower_one; INSERT INTO LOWER_ONE VALUES (7, 7)"
check_is 1 "two tables of one name there"
table_is "lower_one: is the one that is called so" "${DB}_Case.lower_one" '.verdict == "equal" and .source_rows == 1'
one "LOWER_ONE: is on one side only" '.type == "object" and .object == "table" and .name == "LOWER_ONE" and .target == null'
client a -D "${DB}_Case" <<<"DROP TABLE LOWER_ONE"
client "$L" <<<"UPDATE ${DB}_case.parent SET Name = 'b' WHERE Id = 2"
names="CREATE TABLE Child (id INT PRIMARY KEY, CONSTRAINT Up FOREIGN KEY (id) REFERENCES Parent (Id)); CREATE VIEW Vw AS SELECT c.id FROM Child c JOIN Parent ON c.id = Parent.Id;
    CREATE VIEW On_vw AS SELECT id FROM Vw; CREATE TRIGGER tr BEFORE INSERT ON Child FOR EACH ROW SET @x = 1; CREATE SEQUENCE sq; CREATE VIEW v2 AS SELECT 1 AS a;
    CREATE TABLE ÖL (id INT PRIMARY KEY); INSERT INTO ÖL VALUES (1)"
client a -D "${DB}_Case" <<<"$names"
client "$L" -D "${DB}_case" <<<"$names"
check_is 0 "keys and views name their tables as each server does: exits 0"
client a -D "${DB}_Case" <<<"CREATE TRIGGER Tr BEFORE INSERT ON Child FOR EACH ROW SET @x = 1; CREATE SEQUENCE Sq; CREATE VIEW V2 AS SELECT 1 AS a"
check_is 1 "views, sequences and triggers in other letters: exits 1"
is "they are on one side only" "$(jq -r 'select(.type == "object") | "\(.object) \(.name) \(.target)"' "$OUT" | sort | xargs)" "sequence Sq null trigger Tr null view V2 null"
client a -D "${DB}_Case" <<<"DROP TRIGGER Tr; DROP SEQUENCE Sq; DROP VIEW V2"
SRC=$(side_uri a) DST=$L
# other tests have databases there, too
run_check "$SRC" "$DST" --settle 0 --tables "${DB}_?ase.*"
is "without names in the URIs the databases are one" \
    "$(jq -r 'select(.type == "table" or (.database // "" | test("_[Cc]ase$"))) | "\(.table // .name) \(.verdict // .object)"' "$OUT" | xargs)" \
    "${DB}_Case.Child equal ${DB}_Case.Parent equal ${DB}_Case.lower_one equal ${DB}_Case.ÖL equal"
fresh a "${DB}_case"
client a <<<"CREATE TABLE ${DB}_case.parent (Id INT PRIMARY KEY, Name VARCHAR(9)); INSERT INTO ${DB}_case.parent VALUES (1, 'a'), (2, 'b')"
run_check "$SRC" "$DST" --settle 0 --tables "${DB}_?ase.*"
is "the one that is called so has the twin" "$(jq -r 'select(.type == "table") | "\(.table) \(.verdict)"' "$OUT" | xargs)" "${DB}_case.parent equal"
is "the other one is on one side only" "$(jq -r --arg d "${DB}_Case" 'select(.object == "database" and .name == $d) | "\(.name) \(.target)"' "$OUT")" "${DB}_Case null"
client a <<<"DROP DATABASE ${DB}_case"
client "$L" <<<"UPDATE ${DB}_case.parent SET Name = 'c' WHERE Id = 2"
SRC=$(uri a "${DB}_Case")
DST=$(uri "$L" "${DB}_Case")
check_is 1 "the database by its name in capitals"
rows_are "the database by its name in capitals: the change" "${DB}_Case.Parent" 'changed {"Id":"2"} ["Name"]'

# MySQL 9 with another mode, on both ways of digesting.
if use_pair mysql; then
    PAIR_MODE=$(client p <<<"SELECT @@global.sql_mode") PAIR_ZONE=$(client p <<<"SELECT @@global.time_zone")
    at_exit "client $PAIR_P <<<\"SET GLOBAL sql_mode = '$PAIR_MODE', time_zone = '$PAIR_ZONE'\""
    # without the tables that MariaDB's sequences fill
    BUILD_SQL=$(grep -vE 't_skey|t_keys' <<<"$BUILD_SQL")
    CHANGE_SQL=$(sed -E 's/UPDATE (t_skey|t_keys)[^;]*;//' <<<"$CHANGE_SQL")
    FOUND=$(grep -vE 't_skey|t_keys' <<<"$FOUND")
    build a
    SRC=$(uri a "$DB")
    AFTER="SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT,ANSI', time_zone = '+05:30'"
    odd "MySQL 9 in mode ANSI" "$PAIR_P"
else
    skip "MySQL 9 in mode ANSI" "no MySQL 9 server"
fi
finish
