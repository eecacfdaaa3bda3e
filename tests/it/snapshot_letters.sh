#!/bin/bash
# snapshot_letters.sh: names that differ in their letters alone.  `snapshot restore` onto a server that
# writes names of tables in small letters (lower_case_table_names = 1) goes on where it was, too, and
# mixes no two tables up; databases that a server tells apart are two.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
. "$IT_DIR/../lib/servers.sh"
NAME=Snapshot_Letters
{ mr_servers_begin && mr_spawn_mariadb LOW --lower-case-table-names=1 && mr_await LOW; } || bail "no server"
begin ''
IT_EXIT+=(mr_servers_end)
fresh a "$NAME"
SNAP=$IT_TMP/snap
client a -D "$NAME" <<<"CREATE TABLE Tab (id INT PRIMARY KEY, v VARCHAR(100)); INSERT INTO Tab SELECT seq, REPEAT('x', 90) FROM seq_1_to_200000;
    CREATE TABLE Child (id INT PRIMARY KEY, CONSTRAINT up FOREIGN KEY (id) REFERENCES Tab (id)); INSERT INTO Child VALUES (1);
    CREATE TRIGGER Tr BEFORE INSERT ON Tab FOR EACH ROW SET @x = 1; CREATE SEQUENCE Sq; CREATE VIEW Vw AS SELECT id FROM Tab;
    CREATE TABLE \`ÄÖ\` (id INT PRIMARY KEY); INSERT INTO \`ÄÖ\` VALUES (1)"
take --chunk-size 1 "$(uri a "$NAME")" "$SNAP"
is "made" "$RC" 0

killed_amid() { # TARGET: a restore that is killed amid its rows
    local i pid
    client "$MR_LOW_URI" <<<"DROP DATABASE IF EXISTS $NAME"
    "$MYRECON" snapshot restore -q --threads 1 "$SNAP" "$1" >/dev/null 2>&1 </dev/null &
    pid=$!
    for ((i = 0; i < 1000; i++)); do
        [ "$(client "$MR_LOW_URI" 2>/dev/null <<<"SELECT COUNT(*) FROM $NAME.myrecon_restore WHERE file LIKE 'data/%'")" -gt 0 ] 2>/dev/null && break
        sleep 0.01
    done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    is "$1: killed amid its rows" "$(client "$MR_LOW_URI" <<<"SHOW TABLES FROM $NAME LIKE 'myrecon_restore'")" myrecon_restore
}
for target in "$MR_LOW_URI" "$MR_LOW_URI/${NAME,,}"; do
    killed_amid "$target"
    snap restore --json --no-progress "$SNAP" "$target"
    is "$target: the same command ends it" \
        "$RC $(jq -r 'select(.type == "summary") | "\(.verdict) \(.resumed)"' "$OUT") $(client "$MR_LOW_URI" <<<"SHOW TABLES FROM $NAME" | xargs)" \
        "0 equal true child sq tab vw äö"
done

# Names that are one there: the second is set aside, also by whoever goes on.
client a <<<"DROP DATABASE $NAME; CREATE DATABASE $NAME; CREATE TABLE $NAME.Two (id INT PRIMARY KEY); INSERT INTO $NAME.Two VALUES (1);
    CREATE TABLE $NAME.two (id INT PRIMARY KEY); INSERT INTO $NAME.two VALUES (2), (3)"
client "$MR_LOW_URI" <<<"DROP DATABASE $NAME"
rm -rf "$SNAP"
take "$(uri a "$NAME")" "$SNAP"
for again in once again; do
    snap restore --json --no-progress "$SNAP" "$MR_LOW_URI"
    is "two tables of one name, $again" "$RC $(jq -r 'select(.type == "table") | "\(.table) \(.verdict)"' "$OUT" | xargs) $(client "$MR_LOW_URI" <<<"SELECT * FROM $NAME.two")" \
        "4 $NAME.Two equal $NAME.two set-aside 1"
done

# Of two views, or sequences, that are one there, the second is named, and does not take the place of the
# first, nor does it where a restore tries again what was set aside.
client a <<<"DROP DATABASE $NAME; CREATE DATABASE $NAME; USE $NAME; CREATE TABLE t (id INT PRIMARY KEY, v INT); CREATE TABLE T LIKE t;
    CREATE SEQUENCE Sq START 5;
    CREATE SEQUENCE sq START 9; CREATE VIEW Vw AS SELECT id FROM t; CREATE VIEW vw AS SELECT v FROM t"
rm -rf "$SNAP"
take "$(uri a "$NAME")" "$SNAP"
client "$MR_LOW_URI" <<<"DROP DATABASE $NAME"
for again in once again; do
    snap restore --json --no-progress "$SNAP" "$MR_LOW_URI"
    is "two views and two sequences of one name, $again" \
        "$RC $(grep -o 'to the target this is [a-z]* "[A-Za-z]*"' "$ERR" | sort -u | xargs) $(client "$MR_LOW_URI" <<<"SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '$NAME' AND TABLE_NAME = 'vw'; SELECT NEXTVAL($NAME.sq) IN (5, 6)" | xargs)" \
        "4 to the target this is sequence Sq to the target this is view Vw id 1"
done

# Two databases whose names differ in their letters alone, or in an accent, on servers that tell them
# apart: asked for both, MariaDB would look up the first.
OTHERS=("${NAME,,}" "Snapshot_Létters")
fresh a "$NAME"
fresh b "$NAME"
client a -D "$NAME" <<<"CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1)"
for other in "${OTHERS[@]}"; do
    fresh a "$other"
    fresh b "$other"
    client a -D "$other" <<<"CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 2)"
    rm -rf "$SNAP"
    take "$(uri a "$NAME,$other")" "$SNAP"
    is "$other: a snapshot of both" "$RC $(jq -r '.tables[].db' "$SNAP/manifest.json" | sort | xargs)" "0 $NAME $other"
    client b <<<"DROP DATABASE $NAME; CREATE DATABASE $NAME; DROP DATABASE \`$other\`; CREATE DATABASE \`$other\`"
    snap restore --json --no-progress "$SNAP" "$(side_uri b)"
    is "$other: restored into both" "$RC $(jq -r 'select(.type == "table") | "\(.table) \(.verdict)"' "$OUT" | sort | xargs)" "0 $NAME.t equal $other.t equal"
    CMD=("$MYRECON" check --json --no-progress --settle 0 "$(uri a "$NAME,$other")" "$(uri b "$NAME,$other")")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    is "$other: and compared" "$RC $(jq -r 'select(.type == "table") | "\(.table) \(.verdict)"' "$OUT" | sort | xargs)" "0 $NAME.t equal $other.t equal"
done
finish
