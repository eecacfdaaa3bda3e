#!/bin/bash
# repair_unique.sh: a merge into tables with unique indexes over prefixes, generated columns
# and expressions: nobody waits for a value that he will not have, and whose value somebody
# else has is left out alone.

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin $T
on() { client $T -D "$DB" <<<"$1"; }

# merge BOTH SOURCE TARGET: into databases of their own; $PLAN, $RC of the plan
TURN=0
merge() {
    TURN=$((TURN + 1)) PLAN=$IT_TMP/plan$TURN
    local case=$IT_TMP/case$TURN from=${DB}_lost
    fresh $T "$DB"
    fresh $T "$from"
    client $T -D "$from" <<<"$1 $2" || bail "no source"
    client $T -D "$DB" <<<"$1 $3" || bail "no target"
    printf '[table %s.tickets]\nidentity = no\n[table %s.people]\nidentity = mobile\n' "$from" "$from" >"$IT_TMP/ini"
    CMD=("$MYRECON" repair plan -q --policy merge --margin 100 --case "$case" --output "$PLAN"
        --config "$IT_TMP/ini")
    "$MYRECON" check -q --settle 0 --case "$case" --config "$IT_TMP/ini" "$(uri $T "$from")" \
        "$(uri $T "$DB")" >"$OUT" 2>"$ERR"
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
open_are() { # open_are DESCRIPTION "TABLE KEY KIND" lines of conflicts.csv
    is "$1" "$(python3 -c 'import csv, sys
for row in csv.DictReader(open(sys.argv[1], newline="")):
    print(row["table"].split(".")[1], row["source_key"], row["kind"])' \
        "$PLAN/conflicts.csv" | sort)" "$2"
}
apply_is() { # apply_is RC DESCRIPTION "TABLE KEY: REASON" of the rows that are refused
    CMD=("$MYRECON" repair apply -q --yes --json "$PLAN" "$(uri $T "$DB")")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    is "$2" "$RC
$(jq -r 'select(.type == "refused") | [.table, .key, .reason] | map(tostring) | join(" ")' \
        "$OUT" | sed "s/^[^ ]*\.//" | sort)" "$1
$3"
}
undo_is() { # undo_is DESCRIPTION WANTED QUERY
    "$MYRECON" repair undo -q --yes "$PLAN" "$(uri $T "$DB")" >"$OUT" 2>"$ERR" </dev/null
    is "$1" "$? $(on "$3")" "$2"
}

MEMBERS="CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(200), about TEXT);
    INSERT INTO members VALUES (1, 'm1', 'Ann', NULL), (2, 'm2', 'Ben', 'base');"
NAMES="SELECT GROUP_CONCAT(id, ' ', name ORDER BY id) FROM members"

# --- prefixes
merge "$MEMBERS ALTER TABLE members ADD UNIQUE n (name(3)), ADD UNIQUE a (about(4));" \
    "INSERT INTO members VALUES (3, 'm3', 'Cat', 'x'), (4, 'm4', 'DANiel', NULL),
    (5, 'm5', 'Xav', 'y'), (6, 'm6', 'Zoe', 'long one')" \
    "INSERT INTO members VALUES (3, 't3', 'Eve', NULL), (7, 't7', 'danny', NULL),
    (8, 't8', 'xav', NULL), (9, 't9', 'Bob', 'LONG other')"
open_are "the holder of the whole value is seen by plan" "members 5 unique"
apply_is 1 "the holder of its beginning by apply, and no other row is left out" \
    "members 4 another row has the same n
members 6 another row has the same a"
is "which are written" "$(on "$NAMES")" "1 Ann,2 Ben,3 Eve,7 danny,8 xav,9 Bob,110 Cat"
undo_is "and taken back" "0 1 Ann,2 Ben,3 Eve,7 danny,8 xav,9 Bob" "$NAMES"

# --- one open ticket a person: a column that is computed from a mapped reference
merge "$MEMBERS CREATE TABLE tickets (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    no VARCHAR(9) NOT NULL UNIQUE, member_id INT UNSIGNED NOT NULL, closed DATE,
    one INT UNSIGNED AS (IF(closed IS NULL, member_id, NULL)) VIRTUAL UNIQUE,
    label VARCHAR(40) COLLATE utf8mb4_bin AS (CONCAT(member_id, '''\\\\-', no)) STORED UNIQUE,
    FOREIGN KEY (member_id) REFERENCES members (id)) DEFAULT CHARSET utf8mb4;
    INSERT INTO tickets (id, no, member_id) VALUES (1, 'a', 1);" \
    "INSERT INTO members VALUES (3, 'm3', 'Cat', NULL), (4, 'm4', 'Dan', NULL),
    (5, 'm5', 'Eve', NULL); INSERT INTO tickets (id, no, member_id, closed) VALUES
    (2, 'b', 3, NULL), (3, 'c', 4, NULL), (4, 'd', 3, '2026-04-04'), (5, 'e', 5, NULL)" \
    "INSERT INTO members VALUES (3, 't3', 'Flo', NULL), (4, 't4', 'Gus', NULL),
    (6, 'm5', 'Eve', NULL); INSERT INTO tickets (id, no, member_id) VALUES (2, 'x', 3),
    (3, 'y', 4), (6, 'z', 6)"
open_are "who has the ticket of the id that she had is not in her way" ""
apply_is 1 "who has one already gets no second one" \
    "tickets 5 another row has the same one"
is "everybody else gets his" "$(on "SELECT GROUP_CONCAT(m.name, ' ', t.no ORDER BY t.no)
    FROM tickets t JOIN members m ON m.id = t.member_id")" \
    "Ann a,Cat b,Dan c,Cat d,Flo x,Gus y,Eve z"
undo_is "and it can be taken back" "0 1,2,3,6" \
    "SELECT GROUP_CONCAT(id ORDER BY id) FROM tickets"

# --- expressions
if [ $T = o ]; then
    merge "$MEMBERS ALTER TABLE members ADD COLUMN j JSON,
        ADD UNIQUE e ((LOWER(name)), (CAST(j ->> '\$.\"a''x\"' AS CHAR(5))));" \
        "INSERT INTO members VALUES (3, 'm3', 'Cat', NULL, '[1]'),
        (4, 'm4', 'DAN', NULL, '{\"a''x\": 1}')" \
        "INSERT INTO members VALUES (3, 't3', 'Eve', NULL, NULL),
        (5, 't5', 'dan', NULL, '{\"a''x\": \"1\"}')"
    apply_is 1 "the holder of a value that is an expression" \
        "members 4 another row has the same e"
    is "keeps out one row alone" "$(on "$NAMES")" "1 Ann,2 Ben,3 Eve,5 dan,106 Cat"
fi

# --- who is to decide sees who has it
merge "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
    email VARCHAR(20) UNIQUE); INSERT INTO people VALUES (1, 'm1', NULL);" \
    "INSERT INTO people VALUES (2, 'm2', 'same@x')" "INSERT INTO people VALUES (2, 't2', 'else@x'), (3, 't3', 'same@x')"
is "the holder of a value is in conflicts.csv, with both rows" "$(python3 -c 'import csv, json, sys
for row in csv.DictReader(open(sys.argv[1], newline="")):
    print(row["kind"], row["source_key"], json.loads(row["source"])["mobile"],
          row["target_key"], json.loads(row["target"])["mobile"])' "$PLAN/conflicts.csv")" "unique 2 m2 3 t3"
"$MYRECON" repair verify -q "$PLAN" "$(uri $T "$DB")" >"$OUT" 2>"$ERR"
is "and is nothing that verify has to prove" $? 0

finish
