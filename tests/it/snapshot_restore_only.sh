#!/bin/bash
# snapshot_restore_only.sh: the schema of a snapshot alone, its rows alone, and both after a kill.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
settings change
begin a
COPY=${DB}_copy
SNAP=$IT_TMP/snap

# restored DESCRIPTION "RC VERDICT WHAT ROWS" ARGS…
restored() {
    snap restore --json --no-progress "${@:3}"
    is "$1" "$RC $(jq -r 'select(.type == "summary") | "\(.verdict) \(.what) \(.rows)"' "$OUT" 2>/dev/null)" "$2"
}
reasons() { jq -r 'select(.reason) | "\(.table) \(.verdict): \(.reason)"' "$OUT"; }
notes() { jq -r 'select(.type == "note") | .text' "$OUT"; }
refused() { # DESCRIPTION MESSAGE ARGS…
    snap restore --no-progress "${@:3}"
    is "$1: refused" "$RC" 5
    like "$1: named" "$(cat "$ERR")" "$2"
}
rows() { client "$1" -D "$COPY" <<<"SELECT COUNT(*) FROM people; SELECT COUNT(*) FROM orders; SELECT COUNT(*) FROM mi" | xargs; }
# killed_when SIDE QUERY ANSWER ARGS…: a restore that is killed when QUERY gives ANSWER
killed_when() {
    local pid
    "$MYRECON" snapshot restore -q "${@:4}" >/dev/null 2>&1 </dev/null &
    pid=$!
    until [ "$(client "$1" 2>/dev/null <<<"$2")" = "$3" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
    kill -9 $pid
    wait $pid 2>/dev/null
}

only() { # SIDE
    local target
    target=$(uri "$1" "$COPY")
    IT_DROP+=("$1 $COPY")
    fresh "$1" "$DB"
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY"
    at "$1" "CREATE TABLE people (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(20) DEFAULT 'x', g INT AS (CHAR_LENGTH(v)) STORED, j JSON, KEY kv (v(3) DESC)) AUTO_INCREMENT=50; INSERT INTO people (v, j) VALUES ('a', '{}'), ('b', '[1]');
        CREATE TABLE orders (id INT PRIMARY KEY, person INT, CONSTRAINT o_p FOREIGN KEY (person) REFERENCES people (id), CONSTRAINT oc CHECK (id > 0)); INSERT INTO orders VALUES (1, 50), (2, NULL);
        CREATE TABLE mi (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO mi VALUES (1); CREATE VIEW w AS SELECT id FROM people;
        CREATE TRIGGER tp BEFORE INSERT ON orders FOR EACH ROW SET NEW.person = NULL; CREATE PROCEDURE pr() SELECT 1"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"

    # the schema
    restored "$1: the schema alone" "0 equal schema 0" --schema-only "$SNAP" "$target"
    is "$1: there are no rows" "$(rows "$1")" "0 0 0"
    is "$1: all else is there" "$(client "$1" -D "$COPY" <<<"SHOW FULL TABLES; SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$COPY'; CALL pr()" | xargs)" \
        "mi BASE TABLE orders BASE TABLE people BASE TABLE w VIEW tp 1"
    SRC=$(uri "$1" "$DB") DST=$target
    run_check --objects table,column,index,foreign_key,check,view,trigger,routine,partition,charset
    is "$1: as check sees it, too" "$(jq -r 'select(.type == "object") | .name' "$OUT" | xargs)" ""
    refused "$1: what is replaced loses its rows" "nobody to ask: drop what .* has of the 3 tables of the snapshot, with their rows, and make them again without any" \
        --schema-only --into-existing replace "$SNAP" "$target"
    client "$1" <<<"DROP DATABASE $COPY"
    refused "$1: rows alone need a database" "database \"$COPY\" is not there" --data-only "$SNAP" "$target"
    killed_when "$1" "SELECT COUNT(*) FROM $COPY.myrecon_restore WHERE file LIKE 'begun %'" 1 --schema-only "$SNAP" "$target"
    if [ -n "$(client "$1" -D "$COPY" <<<"SHOW TABLES LIKE 'myrecon_restore'")" ]; then
        refused "$1: killed; with rows it is another restore" "of other tables or under other names" "$SNAP" "$target"
    else
        skip "$1: killed; with rows" "it was quicker"
        skip "$1: named" "it was quicker"
        client "$1" <<<"DROP DATABASE $COPY"
    fi
    restored "$1: killed, and gone on with" "0 equal schema 0" --schema-only "$SNAP" "$target"

    # the rows
    refused "$1: rows alone, where a trigger would fire" "table \"$COPY.orders\" has trigger \"tp\"" --data-only "$SNAP" "$target"
    client "$1" -D "$COPY" <<<"DROP TRIGGER tp"
    restored "$1: rows alone" "0 equal data 5" --data-only "$SNAP" "$target"
    is "$1: they are there" "$(rows "$1")" "2 2 1"
    is "$1: and nothing else" "$(client "$1" -D "$COPY" <<<"SHOW TABLES" | xargs)" "mi orders people w"
    refused "$1: into tables that are not empty" "table \"$COPY.mi\" is not empty" --data-only "$SNAP" "$target"
    is "$1: nothing was changed" "$(rows "$1")" "2 2 1"
    client "$1" -D "$COPY" <<<"SET foreign_key_checks = 0; TRUNCATE people; TRUNCATE orders; TRUNCATE mi"
    restored "$1: some of them" "4 equal data 2" --data-only --tables orders "$SNAP" "$target"
    like "$1: whose parents are not there" "$(notes)" "refers to \"$COPY.people\".*rows of it lead to none"
    client "$1" -D "$COPY" <<<"TRUNCATE orders; ALTER TABLE orders DROP FOREIGN KEY o_p; ALTER TABLE orders DROP COLUMN person"
    refused "$1: a column that is not there" "table \"$COPY.orders\" has no column \"person\"" --data-only "$SNAP" "$target"
    client "$1" -D "$COPY" <<<"DROP TABLE orders"
    refused "$1: a table that is not there" "table \"$COPY.orders\" is not there" --data-only "$SNAP" "$target"
    restored "$1: without it" "0 equal data 3" --data-only --exclude orders "$SNAP" "$target"
}
only a
if [ -n "$MR_O_URI" ]; then only o; else skip "MySQL: only a part" "no MySQL 9"; fi

# --- killed amid the rows ---------------------------------------------------------------------

fresh a "$DB"
client a <<<"DROP DATABASE $COPY"
at a "CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(200)); INSERT INTO big SELECT seq, REPEAT('r', 150) FROM seq_1_to_60000;
    CREATE TABLE mi (id INT PRIMARY KEY, v VARCHAR(200)) ENGINE=MyISAM; INSERT INTO mi SELECT seq, REPEAT('r', 150) FROM seq_1_to_30000"
rm -rf "$SNAP"
take --chunk-size 1 "$(uri a "$DB")" "$SNAP"
snap restore -q --schema-only "$SNAP" "$(uri a "$COPY")"
"$MYRECON" snapshot restore -q --threads 1 --data-only "$SNAP" "$(uri a "$COPY")" >/dev/null 2>&1 </dev/null &
KILL=$!
for ((i = 0; i < 500; i++)); do
    [ "$(client a 2>/dev/null <<<"SELECT COUNT(*) FROM $COPY.myrecon_restore WHERE file LIKE 'data/%'")" -gt 2 ] 2>/dev/null && break
    sleep 0.01
done
kill -9 $KILL
wait $KILL 2>/dev/null
client a -D "$COPY" <<<"INSERT IGNORE INTO mi VALUES (1, 'half')" # as a kill amid a file leaves it
if [ "$(client a -D "$COPY" <<<"SELECT COUNT(*) FROM mi")" -lt 30000 ]; then
    refused "a table without transactions holds a part of a file" "table \"$COPY.mi\" has no transactions, and may hold a part of a file" --data-only "$SNAP" "$(uri a "$COPY")"
    client a -D "$COPY" <<<"TRUNCATE mi"
fi
restored "rows alone, killed and gone on with" "0 equal data 90000" --data-only "$SNAP" "$(uri a "$COPY")"
is "each is there once, and nothing of the restore" "$(client a -D "$COPY" <<<"SELECT COUNT(*) FROM big; SELECT COUNT(*) FROM mi; SHOW TABLES" | xargs)" "60000 30000 big mi"

# --- a definition that is not as it was -------------------------------------------------------

fresh a "$DB"
client a <<<"DROP DATABASE $COPY"
at a "CREATE TABLE st (id INT PRIMARY KEY, at TIMESTAMP NOT NULL DEFAULT '2001-01-01'); CREATE TABLE z (id INT PRIMARY KEY)"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
touch "$IT_TMP/pause"
"$MYRECON" snapshot restore --json --no-progress --schema-only --pause-file "$IT_TMP/pause" "$SNAP" "$(uri a "$COPY")" >"$OUT" 2>"$ERR" </dev/null
is "the schema waits for no pause" "$?" 0
rm "$IT_TMP/pause"
snap restore --no-progress --schema-only --data-only "$SNAP" "$(uri a "$COPY")"
is "both are nothing" "$RC" 3
snap restore --no-progress --data-only --into-existing add --yes "$SNAP" "$(uri a "$COPY")"
is "rows alone make no table" "$RC" 3
finish
