#!/bin/bash
# family_features.sh: what one family alone has goes through check, snapshot and repair, or is named.
# MariaDB: versions of rows, periods, sequences, UUID and INET, compressed columns, Aria, sql_mode
# ORACLE; MySQL: VECTOR, indexes of expressions, hidden columns, histograms, roles, implicit defaults
# of TIMESTAMP, resource groups; both: engines whose rows lie elsewhere.

. "$(dirname "$0")/lib.sh"
begin ''
cd "$IT_TMP" || exit 1
own_begin FM || bail "no servers"
mr_spawn_mariadb FO --sql-mode=ORACLE --tmpdir="$mr_run_dir/tmp.FM" && mr_await FO || bail "no server"

run() { # run COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
# Equal, kept, put back, equal to what was kept; then $3 is done to the target, found and repaired.
round() { # round FAMILY SOURCE DAMAGE TABLES [--exclude PATTERN], of database club; target $T
    local family=$1 source=$2 damage=$3 tables=$4
    shift 4
    SRC=$(uri "$source" club) DST=$(uri "$T" club)
    check_is 0 "$family: all is equal" --unrelated
    is "$family: it was all looked at" "$(lines '.type == "table"' | jq -r '"\(.table) \(.verdict)"' | sort | xargs)" \
        "$(printf 'club.%s equal\n' $tables | xargs)"
    run snapshot create "$SRC" "$family.snap"
    is "$family: it is kept" "$RC" 0
    run snapshot restore "$family.snap" "$(uri "$T" back)"
    is "$family: and put back" "$RC" 0
    run_check "snapshot:$family.snap" "$(uri "$T" back)" --settle 0
    is "$family: as it was" "$RC" 0
    client "$T" -D club <<<"$damage" || bail "$family: no damage"
    run check --settle 0 --unrelated --case "$family.case" "$@" "$SRC" "$DST"
    is "$family: what is done to it is found" "$RC" 1
    run repair plan --policy mirror --case "$family.case" --output "$family.plan"
    is "$family: a plan" "$RC" 0
    run repair apply --yes --case "$family.case" "$family.plan" "$DST"
    is "$family: that is applied" "$RC" 0
    check_is 0 "$family: all is equal again" --unrelated "$@"
}

MARIA=$(cat <<'END'
CREATE DATABASE club; USE club; SET sql_mode = 'STRICT_TRANS_TABLES';
CREATE TABLE ver (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(20)) WITH SYSTEM VERSIONING;
INSERT INTO ver (v) VALUES ('a'), ('b'), ('c'); UPDATE ver SET v = 'aa' WHERE id = 1; DELETE FROM ver WHERE id = 3;
CREATE SEQUENCE sq START 5 INCREMENT 2; DO NEXTVAL(sq);
CREATE TABLE un (u UUID PRIMARY KEY, i6 INET6, i4 INET4);
INSERT INTO un VALUES ('00000000-0000-0000-0000-000000000001', '::1', '127.0.0.1'),
    ('f0000000-0000-1000-8000-000000000001', '2001:db8::1', '10.0.0.1');
CREATE TABLE per (id INT, s DATE, e DATE, v INT, PERIOD FOR p (s, e), PRIMARY KEY (id, p WITHOUT OVERLAPS));
INSERT INTO per VALUES (1, '2024-01-01', '2024-02-01', 1), (1, '2024-02-01', '2024-03-01', 2);
CREATE TABLE comp (id INT PRIMARY KEY, t TEXT COMPRESSED, b BLOB COMPRESSED);
INSERT INTO comp VALUES (1, REPEAT('x', 1000), REPEAT('y', 2000));
CREATE TABLE ar (id INT PRIMARY KEY AUTO_INCREMENT, v INT) ENGINE = Aria; INSERT INTO ar VALUES (1, 1), (2, 2);
CREATE TABLE inv (id INT PRIMARY KEY, h INT INVISIBLE DEFAULT 4); INSERT INTO inv VALUES (1);
CREATE TABLE def (id INT PRIMARY KEY, v DECIMAL(10, 2) DEFAULT (1 + 1), s TEXT DEFAULT 'x', CHECK (v > 0));
INSERT INTO def (id) VALUES (1);
SET sql_mode = ORACLE;
DELIMITER //
CREATE PROCEDURE pr(a IN NUMBER) AS b VARCHAR2(10); BEGIN b := 'x' || a; INSERT INTO ver (v) VALUES (b); END;
//
CREATE TRIGGER tr BEFORE INSERT ON ar FOR EACH ROW BEGIN :NEW.v := :NEW.v; END;
//
CREATE PACKAGE pk AS FUNCTION f RETURN INT; END;
//
CREATE PACKAGE BODY pk AS FUNCTION f RETURN INT AS BEGIN RETURN 1; END; END;
//
END
)
T=$MR_FO_URI
for side in "$MR_FM_URI" "$T"; do client "$side" <<<"$MARIA" || bail "no MariaDB data"; done
round maria "$MR_FM_URI" "SET sql_mode = '';
    UPDATE ver SET v = 'x' WHERE id = 1; DELETE FROM ver WHERE id = 2; UPDATE un SET i6 = '::2' WHERE i4 = '127.0.0.1';
    DELETE FROM un WHERE i4 = '10.0.0.1'; DELETE FROM per WHERE v = 2; UPDATE per SET v = 5; UPDATE comp SET t = 'z';
    UPDATE inv SET h = 9; UPDATE def SET v = 3, s = 'q'; UPDATE ar SET v = 7 WHERE id = 1" \
    "ar comp def inv per un ver" --exclude '*.ar'
is "MariaDB: old versions are no rows of today, which is said" "$(table_field club.ver note)" \
    'only current rows are compared, not their history'
is "MariaDB: the package and the sequence were put back, too" "$(client "$T" -D back <<<"SET sql_mode = ORACLE; SELECT pk.f(), NEXTVAL(sq)")" \
    "1	$(client "$MR_FM_URI" -D club <<<"SELECT NEXT_NOT_CACHED_VALUE FROM sq")"
run check --settle 0 --unrelated --case aria.case --tables '*.ar' "$(uri "$MR_FM_URI" club)" "$(uri "$T" club)"
is "MariaDB: a row of Aria that differs is found" "$RC" 1
run repair plan --policy mirror --case aria.case --output aria.plan
is "MariaDB: no plan writes to Aria" "$RC" 5
like "MariaDB: which is named" "$(cat "$ERR")" 'error: the target.s table "club\.ar" is Aria: .*neither be guarded nor rolled back'

plugins=$(mr_sql FM -e "SELECT @@plugin_dir")
if [ -e "$plugins/ha_spider.so" ] && mr_sql FM -e "INSTALL SONAME 'ha_spider'"; then
    mr_sql FM -D club -e "CREATE TABLE far (id INT PRIMARY KEY, h INT) ENGINE = SPIDER
        COMMENT = 'wrapper \"mysql\", host \"127.0.0.1\", port \"$(mr_get_server FO PORT)\", user \"root\", database \"club\", table \"inv\"'"
    client "$T" -D club <<<"CREATE TABLE far (id INT PRIMARY KEY, h INT)"
    check_is 4 "a table of SPIDER is not compared" --unrelated --tables '*.far'
    like "it is named" "$(table_field club.far reason)" 'SPIDER on the source keeps its rows elsewhere'
else
    skip "a table of SPIDER is not compared" "its plugin is not in $plugins"
fi

if [ -z "$MR_O_URI" ]; then
    skip "MySQL 9" "no MySQL server"
    finish
fi
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh") || bail "no MySQL 9"
T=$MR_O_URI
mr_spawn_mysql FQ --federated --explicit-defaults-for-timestamp=OFF && mr_await FQ || bail "no server"
ORACLE=$(cat <<'END'
CREATE DATABASE club; USE club; SET explicit_defaults_for_timestamp = ON;
CREATE TABLE vec (id INT PRIMARY KEY, e VECTOR(3)); INSERT INTO vec VALUES (1, STRING_TO_VECTOR('[1,2,3]')), (2, NULL);
CREATE TABLE fi (id INT PRIMARY KEY, name VARCHAR(20), j JSON, UNIQUE KEY fu ((LOWER(name))),
    KEY mv ((CAST(j->'$.a' AS UNSIGNED ARRAY))), KEY fx ((id + 1) DESC));
INSERT INTO fi VALUES (1, 'Ann', '{"a":[1,2]}'), (2, 'Bob', '{"a":[3]}');
CREATE TABLE hid (id INT PRIMARY KEY, h INT INVISIBLE DEFAULT 4, KEY ih (h) INVISIBLE); INSERT INTO hid VALUES (1);
CREATE TABLE ts (id INT PRIMARY KEY, t TIMESTAMP); INSERT INTO ts VALUES (1, NULL);
SET explicit_defaults_for_timestamp = OFF;
CREATE TABLE ts0 (id INT PRIMARY KEY, t TIMESTAMP, u TIMESTAMP DEFAULT '2001-01-01 00:00:00');
INSERT INTO ts0 VALUES (1, '2024-01-01 00:00:00', '2024-01-01 00:00:00');
END
)
for side in "$MR_FQ_URI" "$T"; do
    client "$side" <<<"DROP DATABASE IF EXISTS club; DROP DATABASE IF EXISTS back; $ORACLE" || bail "no MySQL data"
done
IT_DROP+=("$T club" "$T back")
client "$MR_FQ_URI" -D club <<<"ANALYZE TABLE fi UPDATE HISTOGRAM ON name WITH 8 BUCKETS" >histogram
like "MySQL: a histogram" "$(cat histogram)" created
round mysql "$MR_FQ_URI" "DELETE FROM vec WHERE id = 2; UPDATE vec SET e = STRING_TO_VECTOR('[4,5,6]');
    UPDATE fi SET name = 'Zed' WHERE id = 1; DELETE FROM fi WHERE id = 2; UPDATE hid SET h = 1;
    UPDATE ts SET t = NOW(); DELETE FROM ts0" "fi hid ts ts0 vec"

# The last table goes through the server that leaves TIMESTAMP its implicit defaults, too.
run snapshot restore mysql.snap "$(uri "$MR_FQ_URI" again)"
is "MySQL: put back where TIMESTAMP has implicit defaults" "$RC" 0
run_check "$(uri "$MR_FQ_URI" club)" "$(uri "$MR_FQ_URI" again)" --settle 0 --unrelated
is "MySQL: a TIMESTAMP that may be NULL is one there, too" "$RC" 0

client "$MR_FQ_URI" <<SQL || bail "no accounts"
CREATE ROLE reader; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON club.* TO reader;
GRANT SHOW_ROUTINE, REPLICATION CLIENT, XA_RECOVER_ADMIN ON *.* TO reader;
CREATE USER roly@127.0.0.1; GRANT reader TO roly@127.0.0.1;
CREATE RESOURCE GROUP batch TYPE = USER VCPU = 0;
CREATE TABLE club.far (id INT PRIMARY KEY, h INT) ENGINE = FEDERATED CONNECTION = '$MR_O_URI/club/hid';
SQL
client "$T" -D club <<<"CREATE TABLE far (id INT PRIMARY KEY, h INT); INSERT INTO far VALUES (1, 4)"
check_is 4 "a table of FEDERATED is not compared" --unrelated
is "it is named, and is the only one" "$(lines '.type == "table" and .verdict != "equal"' | jq -r '"\(.table) \(.reason)"')" \
    'club.far FEDERATED on the source keeps its rows elsewhere: compare them where they lie'
run snapshot create "$(uri "$MR_FQ_URI" club)" far.snap
is "nor is it kept" "$RC" 4
like "which is said" "$(cat "$OUT" "$ERR")" 'club\.far.*keeps its rows elsewhere'
roly=$(uri "$MR_FQ_URI" club roly)
run snapshot create "$roly" roly.snap
is "MySQL: a role that takes SET ROLE allows nothing" "$RC" 4
like "MySQL: it is told, with what makes it active" "$(cat "$ERR")" "has roles on .*none of them is active.*SET DEFAULT ROLE"
client "$MR_FQ_URI" <<<"SET DEFAULT ROLE ALL TO roly@127.0.0.1"
run snapshot create --exclude '*.far' "$roly" roly.snap
is "MySQL: one that is active does" "$RC" 0
finish
