#!/bin/bash
# snapshot_restore_dry.sh: a dry run says what a restore would do and what would keep it from that; it
# writes nothing.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
settings change
begin a
COPY=${DB}_copy
SNAP=$IT_TMP/snap

# dry DESCRIPTION "RC VERDICT TABLES ROWS" ARGS…
dry() {
    local before
    before=$(trace "$SIDE")
    snap restore --dry-run --json --no-progress "${@:3}"
    is "$1" "$RC $(jq -r 'select(.type == "summary") | "\(.verdict) \(.tables) \(.rows)"' "$OUT" 2>/dev/null)" "$2"
    is "$1: nothing is written" "$(trace "$SIDE")" "$before"
}
trace() { # what a write would move: the log, and what is there
    client "$1" <<<"SHOW DATABASES; $(if [ "$1" = o ]; then echo "SHOW BINARY LOG STATUS"; else echo "SHOW MASTER STATUS"; fi);
        SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA LIKE '$DB%' ORDER BY 1, 2"
}
fates() { jq -r 'select(.type == "table") | "\(.table) \(.verdict)"' "$OUT" | xargs; }
field() { jq -r "select(.type == \"summary\") | .$1" "$OUT"; }
obstacles() { jq -r 'select(.type == "obstacle") | .text' "$OUT"; }

dries() { # SIDE
    local target
    SIDE=$1
    target=$(uri "$1" "$COPY")
    IT_DROP+=("$1 $COPY")
    fresh "$1" "$DB"
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY"
    at "$1" "CREATE TABLE people (id INT PRIMARY KEY, v LONGBLOB); INSERT INTO people VALUES (1, REPEAT('x', 300000)), (2, 'y');
        CREATE TABLE orders (id INT PRIMARY KEY, person INT, CONSTRAINT o_p FOREIGN KEY (person) REFERENCES people (id)); INSERT INTO orders VALUES (1, 1);
        CREATE VIEW w AS SELECT id FROM people"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    dry "$1: all of it" "0 possible 2 3" "$SNAP" "$target"
    is "$1: what would become of the tables" "$(fates)" "$COPY.orders made $COPY.people made"
    ok "$1: room and time are told" test "$(field needed_bytes)" -gt 300000 -a "$(field most_seconds)" -ge "$(field least_seconds)"
    is "$1: there is room" "$(($(field 'free_bytes // 1e15') > $(field needed_bytes)))" 1
    snap restore --dry-run --no-progress "$SNAP" "$target"
    like "$1: as text" "$(tail -n 1 "$OUT")" "^dry run, nothing was changed: possible: 2 tables, 3 rows to load$"
    like "$1: time" "$(cat "$OUT")" "^takes about 0:00 to 0:01, by $([ "$1" = o ] && echo LOAD DATA || echo "(LOAD DATA|INSERT in bulk)")"
    dry "$1: a part of it" "4 incomplete 1 1" --tables orders "$SNAP" "$target"
    is "$1: a key into nothing is told" "$(jq -r 'select(.type == "foreign-key") | .parent' "$OUT")" "$COPY.people"
    dry "$1: without that key" "0 possible 1 1" --tables orders --drop-foreign-keys "$SNAP" "$target"
    dry "$1: the schema" "0 possible 2 0" --schema-only "$SNAP" "$target"
    dry "$1: rows, for which there are no tables" "5 refused 2 3" --data-only "$SNAP" "$target"
    like "$1: that is told" "$(obstacles)" "database \"$COPY\" is not there"
    is "$1: of each table" "$(fates)" "$COPY.orders missing $COPY.people missing"
    client "$1" -e "SET GLOBAL local_infile = 0; SET GLOBAL max_allowed_packet = 262144"
    dry "$1: a row that is too wide for a statement" "4 incomplete 2 3" "$SNAP" "$target"
    is "$1: its table is told" "$(jq -r 'select(.widest_bytes) | "\(.table) \(.widest_bytes > 300000)"' "$OUT")" "$COPY.people true"
    client "$1" -e "SET GLOBAL local_infile = 1; SET GLOBAL max_allowed_packet = 67108864"

    client "$1" <<<"CREATE DATABASE $COPY; CREATE TABLE $COPY.people (id INT PRIMARY KEY, v LONGBLOB)"
    dry "$1: a name is taken" "5 refused 2 3" "$SNAP" "$target"
    like "$1: which one" "$(obstacles)" "is not empty: it has table \"people\""
    is "$1: and of what" "$(fates)" "$COPY.orders made $COPY.people in-the-way"
    dry "$1: beside it" "0 possible 1 1" --into-existing add "$SNAP" "$target"
    is "$1: what would be kept" "$(jq -r 'select(.type == "kept") | .name' "$OUT")" "$COPY.people"
    dry "$1: in its place" "0 possible 2 3" --into-existing replace "$SNAP" "$target"
    is "$1: that nobody is asked about yet" "$(fates)" "$COPY.orders made $COPY.people replaced"
    dry "$1: rows into what is there" "0 possible 1 2" --data-only --tables people "$SNAP" "$target"
    is "$1: it would be filled" "$(fates)" "$COPY.people filled"
    client "$1" <<<"DROP DATABASE $COPY"
    touch "$IT_TMP/pause"
    "$MYRECON" snapshot restore -q --pause-file "$IT_TMP/pause" "$SNAP" "$target" >/dev/null 2>&1 </dev/null &
    KILL=$!
    until [ "$(client "$1" <<<"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY'")" = 3 ]; do sleep 0.1; done
    kill -9 $KILL
    wait $KILL 2>/dev/null
    rm "$IT_TMP/pause"
    dry "$1: after a kill" "0 possible 2 3" "$SNAP" "$target"
    is "$1: it would be gone on with" "$(fates) $(field resumed)" "$COPY.orders gone-on-with $COPY.people gone-on-with true"
    snap restore -q --no-progress "$SNAP" "$target"
    is "$1: and so it is" "$RC $(client "$1" -D "$COPY" <<<"SELECT COUNT(*) FROM people")" "0 2"
}
dries a
if [ -n "$MR_O_URI" ]; then
    dries o
    # what MariaDB cannot express
    SIDE=a
    fresh o "$DB"
    client a <<<"DROP DATABASE IF EXISTS $COPY"
    at o "CREATE TABLE h (id INT PRIMARY KEY, x INT INVISIBLE) COLLATE utf8mb4_bin"
    client o <<<"ALTER DATABASE $DB COLLATE utf8mb4_bin"
    rm -rf "$SNAP"
    take "$(uri o "$DB")" "$SNAP"
    dry "what the target cannot express" "5 refused 1 0" "$SNAP" "$(uri a "$COPY")"
    is "is listed" "$(jq -r 'select(.type == "loss") | .kind' "$OUT")" invisible-column
    dry "and allowed" "4 incomplete 1 0" --allow-lossy invisible-column "$SNAP" "$(uri a "$COPY")"
else
    skip "MySQL: dry runs" "no MySQL 9"
fi
finish
