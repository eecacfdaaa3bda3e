#!/bin/bash
# snapshot_restore_part.sh: a part of a snapshot: tables whose parents stay away, tables beside others
# that are there, and all of it after a kill.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin a
COPY=${DB}_copy
SNAP=$IT_TMP/snap

# restored DESCRIPTION "RC VERDICT SET-ASIDE" ARGS…
restored() {
    snap restore --json --no-progress "${@:3}"
    is "$1" "$RC $(jq -r 'select(.type == "summary") | "\(.verdict) \(.set_aside)"' "$OUT" 2>/dev/null)" "$2"
}
keys() { jq -r 'select(.type == "foreign-key") | "\(.state) \(.table) \(.name) \(.parent)"' "$OUT"; }
made() { client "$1" -D "$COPY" <<<"SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = '$COPY' AND CONSTRAINT_TYPE = 'FOREIGN KEY' ORDER BY 1, 2" | xargs; }

# --- foreign keys into nothing ----------------------------------------------------------------

parents() { # SIDE
    local target
    target=$(uri "$1" "$COPY")
    IT_DROP+=("$1 $COPY")
    fresh "$1" "$DB"
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY"
    at "$1" "CREATE TABLE people (id INT PRIMARY KEY); INSERT INTO people VALUES (1), (2);
        CREATE TABLE shops (id INT PRIMARY KEY); INSERT INTO shops VALUES (7);
        CREATE TABLE orders (id INT PRIMARY KEY, person INT, shop INT, prior INT, CONSTRAINT o_p FOREIGN KEY (person) REFERENCES people (id) ON DELETE CASCADE,
            CONSTRAINT o_s FOREIGN KEY (shop) REFERENCES shops (id), CONSTRAINT o_o FOREIGN KEY (prior) REFERENCES orders (id)); INSERT INTO orders VALUES (1, 1, 7, NULL), (2, 2, 7, 1)"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    restored "$1: a parent was left out" "4 equal 0" --tables orders --tables shops "$SNAP" "$target"
    is "$1: it is named, with its key" "$(keys)" "into-nothing $COPY.orders o_p $COPY.people"
    like "$1: beforehand, too" "$(cat "$ERR")" "foreign key \"o_p\" of table \"$COPY.orders\": \"$COPY.people\", to which it refers, is not there; until it is, the server takes no new row"
    is "$1: the keys are there" "$(made "$1")" "orders o_o orders o_p orders o_s"
    client "$1" <<<"DROP DATABASE $COPY"
    restored "$1: its key can be left out" "0 equal 0" --tables orders --tables shops --drop-foreign-keys "$SNAP" "$target"
    is "$1: that is said" "$(keys)" "left-out $COPY.orders o_p $COPY.people"
    is "$1: the others are there" "$(made "$1")" "orders o_o orders o_s"
    client "$1" <<<"DROP DATABASE $COPY"
    restored "$1: so can all of them" "0 equal 0" --tables people --tables orders --exclude people --drop-foreign-keys "$SNAP" "$target"
    is "$1: but for those to itself" "$(made "$1")" "orders o_o"
    client "$1" <<<"DROP DATABASE $COPY"
    snap restore --no-progress --tables orders --tables shops "$SNAP" "$target"
    like "$1: as text" "$(cat "$OUT")" "into nothing: foreign key \"o_p\" of table \"$COPY.orders\""
    client "$1" <<<"DROP DATABASE $COPY"
    restored "$1: with all tables there is nothing to say" "0 equal 0" "$SNAP" "$target"

    # a parent that was there before has other rows
    client "$1" <<<"DROP DATABASE $COPY; CREATE DATABASE $COPY"
    client "$1" -D "$COPY" <<<"CREATE TABLE people (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO people VALUES (1)"
    restored "$1: a parent that was there lacks a row" "4 equal 0" --tables orders --tables shops --into-existing add --yes "$SNAP" "$target"
    like "$1: the server says so" "$(jq -r 'select(.type == "note") | .text' "$OUT")" "orders.keys.sql.*foreign key constraint fails"
    is "$1: no key lies" "$(made "$1")" ""
    client "$1" -D "$COPY" <<<"DROP TABLE orders; DROP TABLE shops; INSERT INTO people VALUES (2)"
    restored "$1: one that has them all" "0 equal 0" --tables orders --tables shops --into-existing add --yes "$SNAP" "$target"
    is "$1: the keys are there" "$(made "$1")" "orders o_o orders o_p orders o_s"
}
parents a
if [ -n "$MR_O_URI" ]; then parents o; else skip "MySQL: parents" "no MySQL 9"; fi
finish
