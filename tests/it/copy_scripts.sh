#!/bin/bash
# copy_scripts.sh: what mirror plans, carried out by the plan's own scripts: rows that make way
# for others, and whom they refer to meanwhile; the guards on who that is.

. "$(dirname "$0")/lib.sh"
begin ab
CASE=$IT_TMP/case INI=$IT_TMP/ini DIR=$IT_TMP/dir
cat >"$INI" <<INI
[table $DB.people]
identity = mobile
INI

again() { # again ROWS: people anew, on both sides
    fresh ab "$DB"
    at ab "CREATE TABLE people (id INT NOT NULL PRIMARY KEY, mobile VARCHAR(12) NOT NULL UNIQUE,
        nick VARCHAR(12) NULL UNIQUE, inviter INT NULL, FOREIGN KEY (inviter) REFERENCES people (id));
        INSERT INTO people VALUES $1"
}
plan() { # plan: checks, and plans mirror into $DIR
    rm -rf "$CASE"* "$DIR"
    "$MYRECON" check "$SRC" "$DST" --settle 0 --case "$CASE" --config "$INI" -q \
        >"$OUT" 2>"$ERR" </dev/null
    CMD=("$MYRECON" repair plan --policy mirror --case "$CASE" --config "$INI" --output "$DIR")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
repair() { # repair apply|undo: what it says against it, if anything
    CMD=("$MYRECON" repair "$1" --yes "$DIR" "$DST")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null || head -n 8 "$OUT" "$ERR"
}
rows() { client "$1" -D "$DB" <<<"SELECT * FROM people ORDER BY id"; }
written() { # written DESCRIPTION: planned, TARGET becomes SOURCE, and undo puts all of it back
    local before
    before=$(rows b)
    plan
    is "$1: a plan" "$RC" 0
    is "$1: is applied" "$(repair apply)" ""
    is "$1: the sides are equal" "$(diff <(rows a) <(rows b) | head)" ""
    is "$1: it is applied once" "$(repair apply)" ""
    is "$1: and undone" "$(repair undo)" ""
    is "$1: as it was" "$(diff <(echo "$before") <(rows b) | head)" ""
}

BASE="(1, 'm1', NULL, NULL), (2, 'm2', 'a', 1), (3, 'm3', 'b', 1), (4, 'm4', NULL, NULL)"
SWAP="UPDATE people SET nick = NULL WHERE id = 2; UPDATE people SET nick = 'a' WHERE id = 3;
    UPDATE people SET nick = 'b' WHERE id = 2"

again "$BASE"
at a "$SWAP; UPDATE people SET inviter = NULL WHERE id > 1"
written "who makes way lets go of somebody whom nobody keeps"

again "$BASE"
at a "$SWAP; UPDATE people SET inviter = 4 WHERE id IN (2, 3)"
written "and is led to somebody else"

again "$BASE"
at a "$SWAP; UPDATE people SET inviter = 4 WHERE id IN (2, 3)"
plan
at b "UPDATE people SET mobile = 'm9' WHERE id = 4"
like "whom it is led to is compared" "$(repair apply)" \
    "people [23]: what it refers to in $DB.people is not who was planned"
is "and nothing is written" "$(rows b | cut -f3,4 | sed -n '2,3p')" "$(printf 'a\t1\nb\t1')"

again "$BASE"
at a "$SWAP"
plan
at b "UPDATE people SET mobile = 'm9' WHERE id = 1"
like "as is whom it keeps" "$(repair apply)" \
    "people 2: what it refers to in $DB.people is not who was planned"

again "(1, 'm1', NULL, NULL)"
at ab "INSERT INTO people SELECT seq, CONCAT('m', seq), NULL, NULL FROM seq_2_to_1300;
    UPDATE people SET inviter = (id + 600) % 1300 + 1"
at a "UPDATE people SET mobile = CONCAT('x', id % 1300 + 1); UPDATE people SET mobile = REPLACE(mobile, 'x', 'm')"
written "who makes way in one unit, is referred to in the next, and done in the third"
is "so many units" "$(grep -c '^-- stage' "$DIR/apply.sql")" 3

finish
