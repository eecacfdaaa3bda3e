#!/bin/bash
# fleet_keys.sh: tables that are cut at keys of every kind: at the ends of their types, where letters of either case
# are one key, and where keys have many columns: what the parts come to is what one check would have left.

. "$(dirname "$0")/lib.sh"
begin ab
DIR=$IT_TMP/fleet INTO=$IT_TMP/merged INI=$IT_TMP/fleet.ini
printf '[options]\nsettle = 0\n' >"$INI"
export TMPDIR=$IT_TMP/tmp
mkdir "$TMPDIR"

plain() { jq -cS 'del(.run_id, .started, .seconds, .case, .run)' "$1" | sed "s|$IT_TMP/[a-z]*/*[a-z]*\.case|CASE|g"; }
same() { # same DESCRIPTION PARTS SEED: one check of $SRC and $DST, and the same in parts
    local desc=$1 parts=$2 seed=$3 i
    rm -rf "$IT_TMP"/one.* "$DIR" "$INTO"
    CMD=("$MYRECON" check -q --config "$INI" --case "$IT_TMP/one.case" --json "$SRC" "$DST")
    timeout -k 5 120 "${CMD[@]}" >"$IT_TMP/one.jsonl" 2>"$ERR" </dev/null
    is "$desc: one check" $? 1
    python3 "$IT_DIR/fleet_cut.py" "$IT_TMP/one.case" "$parts" "$seed" "$SRC" "$DST" >"$IT_TMP/cut.json" || bail "no cut"
    jq --rawfile config "$INI" '.config = $config' "$IT_TMP/cut.json" |
        python3 "$IT_DIR/fleet_dir.py" "$DIR" 20261128T000000Z-0000 || bail "no fleet"
    for ((i = 0; i < parts; i++)); do
        timeout -k 5 120 "$MYRECON" fleet run -q "$DIR" --part "$i" --no-verdict >"$OUT" 2>"$ERR" </dev/null
        is "$desc: part $i" $? 0
    done
    timeout -k 5 120 "$MYRECON" fleet merge "$DIR" --output "$INTO" >"$OUT" 2>"$ERR" </dev/null
    is "$desc: merged" $? 1
    is "$desc: every line is that of one check" "$(plain "$INTO/one.jsonl")" "$(plain "$IT_TMP/one.jsonl")"
    CUT=$(jq -r '.parts[][].tables | to_entries[] | select(any(.value[]; .[1] != null)) | .key' "$IT_TMP/cut.json" | sort -u | sed 's/.*\.//' | xargs)
}
two() { # two TYPE-OF-SERVERS: the tables, whose rows differ on every side of a cut
    at "$1" "
CREATE TABLE big (k BIGINT UNSIGNED PRIMARY KEY, v INT);
INSERT INTO big VALUES (0,1),(1,1),(9223372036854775807,1),(9223372036854775808,1),(9223372036854775809,1),(18446744073709551614,1),(18446744073709551615,1);
CREATE TABLE neg (k BIGINT PRIMARY KEY, v INT);
INSERT INTO neg VALUES (-9223372036854775808,1),(-9223372036854775807,1),(-1,1),(0,1),(1,1),(9223372036854775806,1),(9223372036854775807,1);
CREATE TABLE tiny (k TINYINT, l SMALLINT UNSIGNED, v INT, PRIMARY KEY (k, l));
INSERT INTO tiny VALUES (-128,0,1),(-128,65535,1),(-1,7,1),(0,0,1),(127,0,1),(127,65535,1);
CREATE TABLE dec_ (k DECIMAL(30,10) PRIMARY KEY, v INT);
INSERT INTO dec_ VALUES (-99999999999999999999.9999999999,1),(-0.0000000001,1),(0,1),(0.0000000001,1),(2,1),(10,1),(99999999999999999999.9999999999,1);
CREATE TABLE times (d DATE, t TIME(6), s DATETIME(3), v INT, PRIMARY KEY (d, t, s));
INSERT INTO times VALUES ('1000-01-01','-838:59:59','1000-01-01 00:00:00.001',1),('2024-02-29','-00:00:00.000001','2024-02-29 23:59:59.999',1),('2024-02-29','00:00:00','2024-02-29 23:59:59.999',1),('9999-12-31','838:59:59','9999-12-31 23:59:59.999',1);
CREATE TABLE zeros (d DATETIME PRIMARY KEY, v INT);
INSERT INTO zeros VALUES ('0000-00-00',1),('2024-00-00',1),('2024-01-00',1),('2024-01-01',1);
CREATE TABLE stamps (k TIMESTAMP(6) NOT NULL DEFAULT '2024-01-01' PRIMARY KEY, v INT);
INSERT INTO stamps VALUES ('1970-01-01 00:00:01',1),('2024-10-27 00:30:00',1),('2024-10-27 01:30:00',1),('2024-10-27 02:30:00.000001',1),('2038-01-19 03:14:07',1);
CREATE TABLE bits (k BIT(64) PRIMARY KEY, v INT);
INSERT INTO bits VALUES (0,1),(1,1),(b'1111111111111111111111111111111111111111111111111111111111111111',1),(0x8000000000000000,1),(0x7fffffffffffffff,1);
CREATE TABLE years (k YEAR PRIMARY KEY, v INT);
INSERT INTO years VALUES (0,1),(1901,1),(2000,1),(2155,1);
CREATE TABLE enums (k ENUM('z','a','B'), s SET('x','y','w'), v INT, PRIMARY KEY (k, s));
INSERT INTO enums VALUES ('z','',1),('z','x,w',1),('a','y',1),('a','x',1),('B','w',1);
CREATE TABLE bins (k VARBINARY(20) PRIMARY KEY, v INT);
INSERT INTO bins VALUES ('',1),(0x00,1),(0x0000,1),('a',1),('a ',1),(0x6100,1),('A',1),(0xff,1),(0xffff,1);
CREATE TABLE fixed (k BINARY(3) PRIMARY KEY, v INT);
INSERT INTO fixed VALUES ('',1),('a',1),('a ',1),('ab',1),(0xffffff,1);
CREATE TABLE ci (k VARCHAR(20) COLLATE utf8mb4_general_ci, n INT, v INT, PRIMARY KEY (k, n));
INSERT INTO ci VALUES ('a',1,1),('A',2,1),('á',3,1),('Ä',4,1),('b',1,1),('B',2,1),('ss',1,1),('ß',2,1),('z',1,1),('Z',2,1);
CREATE TABLE uca (k VARCHAR(20) COLLATE utf8mb4_unicode_ci, n INT, v INT, PRIMARY KEY (k, n));
INSERT INTO uca VALUES ('a',1,1),('A',2,1),('á',3,1),('æ',4,1),('ae',1,1),('ss',1,1),('ß',2,1),('z',1,1),('',1,1),(' ',2,1);
CREATE TABLE bin_ (k VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, v INT);
INSERT INTO bin_ VALUES ('',1),('a',1),('A',1),('á',1),('😀',1),('￿',1),('b',1);
CREATE TABLE latin (k CHAR(10) CHARACTER SET latin1 COLLATE latin1_swedish_ci, n INT, v INT, PRIMARY KEY (k, n));
INSERT INTO latin VALUES ('a',1,1),('A',2,1),('å',1,1),('Å',2,1),('ö',1,1),('z',1,1);
CREATE TABLE flo (k DOUBLE PRIMARY KEY, v INT);
INSERT INTO flo VALUES (-1e308,1),(-0.1,1),(0,1),(0.1,1),(0.30000000000000004,1),(1e308,1);
CREATE TABLE uni (k INT NOT NULL, l VARCHAR(9) NOT NULL, v INT, UNIQUE KEY (l, k));
INSERT INTO uni VALUES (1,'a',1),(2,'A',1),(3,'b',1),(1,'c',1);
CREATE TABLE nulls (k INT, l INT, v INT, UNIQUE KEY (k, l));
INSERT INTO nulls VALUES (NULL,1,1),(NULL,1,1),(1,NULL,1),(1,NULL,2),(1,1,1),(2,2,1);
CREATE TABLE keyless (k INT, v INT);
INSERT INTO keyless VALUES (1,1),(1,1),(NULL,NULL),(2,1)"
    # on one side each kind of difference, at the ends and between
    local t
    for t in big neg tiny dec_ times zeros stamps bits years enums bins fixed ci uca bin_ latin flo uni nulls keyless; do
        at "${1:1:1}" "UPDATE $t SET v = v + 10"
    done
    at "${1:0:1}" "DELETE FROM big WHERE k = 18446744073709551615; DELETE FROM neg WHERE k = -9223372036854775808; DELETE FROM ci WHERE k = 'b' AND n = 1"
    at "${1:1:1}" "DELETE FROM big WHERE k = 0; DELETE FROM bins WHERE k = ''; DELETE FROM keyless LIMIT 1"
}
two ab
MOST=$(((${SEEDS:-20} + 3) / 4))
for ((seed = 1; seed <= MOST; seed++)); do
    in_time $((seed - 1)) "$MOST" "seeds of cuts" || break
    same "keys of every kind, cut by seed $seed" "$((2 + seed % 3))" "$seed"
    [ "$seed" != 1 ] || for t in big neg tiny dec_ times stamps bits years enums bins fixed ci uca bin_ latin uni; do
        like "$t is cut" " $CUT " " $t "
    done
done
if [ -z "$MR_O_URI" ]; then
    skip "the other side on MySQL" "MySQL 9 cannot be had"
else
    fresh ao "$DB"
    two ao
    DST=$(uri o "$DB")
    same "MySQL 9" 3 5
fi
finish
