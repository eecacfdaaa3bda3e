#!/bin/bash
# repair_decided.sh: a decision about a value changes nobody else: not whom a row means by a
# reference with a condition, nor whose it is.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

plan() { # plan DIR ARGS…
    local dir=$1
    shift
    rm -rf "$dir"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy merge --config ini --case "$CASE" --output "$dir" --split-at 2026-02-01 "$@"
}
conflicts() { # "TABLE KEY KIND CHOICES" of a plan
    python3 -c "
import csv, sys
for row in csv.DictReader(open(sys.argv[1] + '/conflicts.csv', encoding='utf-8')):
    print(row['table'].split('.')[1], row['source_key'], row['kind'], row['choices'])" "$1" | sort
}
decide() { # decide DIR FILE TABLE:KEY=DECISION…
    python3 -c "
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1] + '/conflicts.csv', encoding='utf-8')))
chosen = dict(a.split('=', 1) for a in sys.argv[3:])
out = csv.DictWriter(open(sys.argv[2], 'w', encoding='utf-8', newline=''), rows[0].keys())
out.writeheader()
for row in rows:
    row['decision'] = chosen.get(row['table'].split('.')[1] + ':' + row['source_key'], '')
    out.writerow(row)" "$@"
}
comments() { on "SELECT CONCAT_WS(' ', id, IFNULL(owner_type, '-'), owner_id, txt) FROM comments ORDER BY id"; }
world() { # world WIDTH: of TARGET's column
    fresh a$T "$DB"
    rm -rf "$CASE" one two
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, created DATETIME NOT NULL);
        CREATE TABLE goods (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, created DATETIME NOT NULL);
        INSERT INTO members VALUES (1, 'm1', '2026-01-01'), (7, 'm7', '2026-01-01'), (8, 'm8', '2026-01-01');
        INSERT INTO goods VALUES (1, 'g1', '2026-01-01'), (7, 'g7', '2026-01-01'), (8, 'g8', '2026-01-01')"
    at a "CREATE TABLE comments (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, owner_type VARCHAR(10), owner_id INT, txt VARCHAR(20), created DATETIME NOT NULL)"
    at $T "CREATE TABLE comments (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, owner_type VARCHAR($1), owner_id INT, txt VARCHAR(20), created DATETIME NOT NULL)"
    at a$T "INSERT INTO comments VALUES (1, 'good', 1, 'on g1', '2026-01-01')"
    cat >ini <<INI
[table $DB.members]
subject = yes
identity = name
time-column = created
[table $DB.goods]
identity = name
time-column = created
[table $DB.comments]
identity = none
time-column = created
reference = owner_id -> $DB.members.id when owner_type = 'member'
reference = owner_id -> $DB.goods.id when owner_type = 'good'
INI
}

# ---- a type that TARGET cannot hold ---------------------------------------------------------
world 4
at a "INSERT INTO comments VALUES (2, 'member', 7, 'on m7', '2026-03-01')"
plan one
is "planned with a conflict" "$RC" 1
is "whom it means is not to be given" "$(conflicts one)" "comments 2 does-not-fit skip"
decide one d.csv comments:2=owner_type=good
plan two --decisions d.csv
is "nor taken: refused" "$RC" 5
decide one d.csv comments:2=without-value
plan two --decisions d.csv
is "nor left out: refused" "$RC" 5

# ---- SOURCE's values, but for a reference to who waits ---------------------------------------
world 10
at a "INSERT INTO members VALUES (5, 'm5', '2026-01-01'); UPDATE comments SET owner_type = 'member', owner_id = 5, txt = 'on m5'"
plan one
is "planned with conflicts" "$RC" 1
is "a member waits" "$(conflicts one)" "comments 1 changed target;source;newest:COLUMN
members 5 deleted-on-live restore;skip"
decide one d.csv comments:1=source
plan two --decisions d.csv
is "SOURCE's values are taken" "$RC" 1
rep apply --yes --case "$CASE" two "$DST"
is "applied" "$RC" 1
is "whom TARGET's row means it means still" "$(comments)" "1 good 1 on m5"
rep_is 0 "verify agrees" verify two "$DST"
rep_is 0 "undone" undo --yes --case "$CASE" two "$DST"
rep_is 1 "verify after it" verify two "$DST"
like "says that the plan was undone" "$(cat "$ERR")" 'warning: plan "two" was undone, as its journal says'
is "it is what it was" "$(comments)" "1 good 1 on g1"

# ---- a unique value that somebody has ----------------------------------------------------------
fresh a$T "$DB"
rm -rf "$CASE" one two
at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, created DATETIME NOT NULL);
    CREATE TABLE cards (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(9) NOT NULL UNIQUE, member_id INT, slot INT, code VARCHAR(9) UNIQUE, created DATETIME NOT NULL,
        UNIQUE place (member_id, slot), FOREIGN KEY (member_id) REFERENCES members (id));
    CREATE TABLE uses (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, code VARCHAR(9), created DATETIME NOT NULL, FOREIGN KEY (code) REFERENCES cards (code));
    INSERT INTO members VALUES (1, 'm1', '2026-01-01'), (2, 'm2', '2026-01-01')"
at a "INSERT INTO cards VALUES (1, 'a1', 1, 1, 'x1', '2026-03-01'), (2, 'a2', 2, 1, 'x2', '2026-03-01'); INSERT INTO uses VALUES (1, 'x2', '2026-03-01')"
at $T "INSERT INTO cards VALUES (1, 'b1', 1, 1, 'y1', '2026-03-02'), (2, 'b2', 2, 2, 'x2', '2026-03-02')"
cat >ini <<INI
[table $DB.members]
subject = yes
identity = name
time-column = created
[table $DB.cards]
identity = no
time-column = created
[table $DB.uses]
identity = none
time-column = created
INI
plan one
is "planned with conflicts" "$RC" 1
is "what others know a row by is not left out" "$(conflicts one)" "cards 1 unique merge-into;without-value;skip
cards 2 unique merge-into;skip
uses 1 parent-absent skip"
decide one d.csv cards:1=without-value
plan two --decisions d.csv
is "planned" "$RC" 1
rep apply --yes --case "$CASE" two "$DST"
is "applied" "$RC" 1
is "whose it is it is" "$(on "SELECT no, IFNULL(member_id, '-'), IFNULL(slot, '-'), IFNULL(code, '-') FROM cards ORDER BY no" | tr '\t\n' ' ;')" "a1 1 - x1;b1 1 1 y1;b2 2 2 x2;"
decide one d.csv cards:2=without-value
plan three --decisions d.csv
is "a choice that is not offered: refused" "$RC" 5
finish
