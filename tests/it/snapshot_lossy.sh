#!/bin/bash
# snapshot_lossy.sh: what the target cannot express of a snapshot is named before the first write and
# refused; allowed, it is restored without, named again, and exit 4.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin a
COPY=${DB}_copy
SNAP=$IT_TMP/snap
IT_DROP+=("a $COPY")

# restored DESCRIPTION "RC VERDICT SET-ASIDE LOSSES" ARGS…
restored() {
    snap restore --json --no-progress "${@:3}"
    is "$1" "$RC $(jq -r 'select(.type == "summary") | "\(.verdict) \(.set_aside) \(.losses)"' "$OUT" 2>/dev/null)" "$2"
}
losses() { jq -r 'select(.type == "loss") | "\(.kind) \(.part) \(.table // "")\(if .name == "" then "" else "/" + .name end)"' "$OUT"; }
shown() { client "$1" -r -D "$COPY" <<<"SHOW CREATE TABLE $2"; }
allow() { # allow KIND…: the options, in $ALLOW
    local kind
    ALLOW=()
    for kind in "$@"; do ALLOW+=(--allow-lossy "$kind"); done
}

# --- MySQL 9 to MariaDB, which skips what is for MySQL 5.7 and later ---------------------------

if [ -n "$MR_O_URI" ]; then
    IT_DROP+=("o $COPY")
    fresh o "$DB"
    client o <<<"ALTER DATABASE $DB COLLATE utf8mb4_bin"
    at o "CREATE TABLE hid (id INT PRIMARY KEY, x INT INVISIBLE, y INT, KEY kx (x) INVISIBLE);
        INSERT INTO hid (id, x, y) VALUES (1, 2, 3);
        CREATE TABLE ck (id INT PRIMARY KEY, v INT, CONSTRAINT soft CHECK (v > 0) NOT ENFORCED, CONSTRAINT hard CHECK (v < 9)); INSERT INTO ck VALUES (1, -1);
        CREATE TABLE sr (id INT PRIMARY KEY, p POINT NOT NULL SRID 4326, SPATIAL INDEX (p)); INSERT INTO sr VALUES (1, ST_GeomFromText('POINT(1 2)', 4326));
        CREATE TABLE fx (id INT PRIMARY KEY, v VARCHAR(9), UNIQUE KEY kf ((LOWER(v))), KEY kv (v)); INSERT INTO fx VALUES (1, 'A');
        CREATE TABLE plain (id INT PRIMARY KEY, v INT DEFAULT 3 COMMENT '/*!80023 INVISIBLE */', KEY kd (v DESC)); INSERT INTO plain VALUES (1, 1)"
    rm -rf "$SNAP"
    take "$(uri o "$DB")" "$SNAP"
    client a <<<"DROP DATABASE IF EXISTS $COPY"
    restored "MySQL to MariaDB: refused" "5 " "$SNAP" "$(uri a "$COPY")"
    is "before anything is done" "$(client a <<<"SHOW DATABASES LIKE '$COPY'")" ""
    is "each is listed" "$(losses)" "not-enforced constraint $COPY.ck/soft
functional-index index $COPY.fx/kf
invisible-column column $COPY.hid/x
invisible-index index $COPY.hid/kx
srid column $COPY.sr/p"
    like "and named" "$(cat "$ERR")" "column \"x\" of table \"$COPY.hid\": INVISIBLE has no place there"
    like "what to do is said" "$(cat "$ERR")" "hint: Nothing was changed.*--allow-lossy invisible-column --allow-lossy invisible-index --allow-lossy not-enforced --allow-lossy srid --allow-lossy functional-index"
    allow invisible-column invisible-index not-enforced srid
    restored "all but one allowed: refused" "5 " "${ALLOW[@]}" "$SNAP" "$(uri a "$COPY")"
    like "that one is named" "$(cat "$ERR")" "To restore without them: --allow-lossy functional-index$"
    restored "what holds none of it needs nothing" "0 equal 0 0" --tables plain "$SNAP" "$(uri a "$COPY")"
    client a <<<"DROP DATABASE $COPY"
    allow invisible-column invisible-index not-enforced srid functional-index
    restored "allowed: restored, and not as it was" "4 equal 0 5" "${ALLOW[@]}" "$SNAP" "$(uri a "$COPY")"
    like "what nobody enforced is not in force" "$(shown a ck)" "CONSTRAINT .hard. CHECK"
    unlike "it is left out" "$(shown a ck)" "soft"
    unlike "an index over an expression is, too" "$(shown a fx)" "kf"
    like "the others stay" "$(shown a fx)" "KEY .kv."
    client a <<<"DROP DATABASE $COPY"
    snap restore --no-progress "${ALLOW[@]}" "$SNAP" "$(uri a "$COPY")"
    like "as text" "$(cat "$OUT")" "not restored: column \"p\" of table \"$COPY.sr\": SRID has no place there"

    # killed, and gone on with: refused without what it was begun with, and whole with it
    client a <<<"DROP DATABASE $COPY"
    touch "$IT_TMP/pause"
    "$MYRECON" snapshot restore -q --pause-file "$IT_TMP/pause" "${ALLOW[@]}" "$SNAP" "$(uri a "$COPY")" >/dev/null 2>&1 </dev/null &
    KILL=$!
    until [ "$(client a <<<"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY'")" = 6 ]; do sleep 0.1; done
    kill -9 $KILL
    wait $KILL 2>/dev/null
    rm "$IT_TMP/pause"
    restored "killed, without the allowance: refused" "5 " "$SNAP" "$(uri a "$COPY")"
    restored "with it, it is gone on with" "4 equal 0 5" "${ALLOW[@]}" "$SNAP" "$(uri a "$COPY")"
    client o <<<"DROP DATABASE IF EXISTS $COPY"
    restored "to MySQL nothing is lost" "0 equal 0 0" "$SNAP" "$(uri o "$COPY")"

    # --- MariaDB to MySQL --------------------------------------------------------------------

    fresh a "$DB"
    client o <<<"DROP DATABASE $COPY"
    at a "CREATE SEQUENCE sq;
        CREATE TABLE co (id INT PRIMARY KEY, v VARCHAR(99) COMPRESSED, e VARCHAR(9) DEFAULT CONCAT('a', 'b'), z INT DEFAULT NEXTVAL(sq), KEY kv (z) IGNORED) PAGE_COMPRESSED=1;
        INSERT INTO co (id, v) VALUES (1, 'x'); CREATE TABLE u (id UUID PRIMARY KEY); INSERT INTO u VALUES (UUID())"
    rm -rf "$SNAP"
    take "$(uri a "$DB")" "$SNAP"
    restored "MariaDB to MySQL: refused" "5 " "$SNAP" "$(uri o "$COPY")"
    is "each is listed, too" "$(losses | sort)" "compression column $COPY.co/v
compression table $COPY.co
expression-default column $COPY.co/e
invisible-index index $COPY.co/kv
sequence column $COPY.co/z
sequence sequence /$COPY.sq
type column $COPY.u/id"
    allow compression expression-default invisible-index sequence type
    restored "allowed: what cannot be made is set aside" "4 incomplete 1 7" "${ALLOW[@]}" "$SNAP" "$(uri o "$COPY")"
    is "the rest is there, with its rows" "$(client o -D "$COPY" <<<"SELECT id, v FROM co" | xargs)" "1 x"
    client a <<<"DROP DATABASE IF EXISTS $COPY"
    restored "to MariaDB nothing is lost" "0 equal 0 0" "$SNAP" "$(uri a "$COPY")"
else
    skip "MySQL to MariaDB and back" "no MySQL 9"
fi
snap restore --allow-lossy all "$SNAP" "$(uri a "$COPY")"
is "a kind that is none" "$RC" 3
like "is named, and those that there are" "$(cat "$ERR")" "hint: There are: invisible-column, "
finish
