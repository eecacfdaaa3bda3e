#!/bin/bash
# repair_lost.sh: texts of which TARGET's charset has lost something.  What SOURCE has there, and no
# character is, fits nowhere: a conflict by name, and no "?" is written for it.  A row of TARGET that
# undo could not write again stays as it is.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
PEOPLE="SELECT CONCAT_WS('|', mobile, IFNULL(HEX(name), '-'), n) FROM members ORDER BY mobile"

worlds() { # worlds CHARSET-OF-SOURCE CHARSET-OF-TARGET
    fresh a$T "$DB"
    rm -rf "$CASE" plan
    local table="id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, n INT NOT NULL DEFAULT 0, created_at DATETIME NOT NULL DEFAULT '2026-01-01'"
    at a "CREATE TABLE members ($table, name VARCHAR(40) CHARACTER SET $1)"
    at $T "CREATE TABLE members ($table, name VARCHAR(40) CHARACTER SET $2)"
    at a$T "INSERT INTO members (mobile, name) VALUES ('m1', 'ann'), ('m2', 'who?')"
    cat >ini <<INI
[table $DB.members]
subject = yes
identity = mobile
time-column = created_at
INI
}
check() { "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"; }
plan() { # plan ARGS…
    rm -rf plan
    rep plan --config ini --case "$CASE" --output plan "$@"
}
kinds() { python3 -c "
import csv, json
for row in csv.DictReader(open('plan/conflicts.csv', encoding='utf-8')):
    image = json.loads(row['source'] or row['target'])
    print(image['mobile'], row['kind'], row['choices'])" | sort; }

worlds sjis utf8mb4
at a "INSERT INTO members (mobile, name, created_at) VALUES ('lost', _sjis x'8540', '2026-03-01'), ('asks', 'why?', '2026-03-01'), ('kana', _sjis x'82A0', '2026-03-01')"
at $T "INSERT INTO members (mobile, name, created_at) VALUES ('live', 'l', '2026-03-02')"
check
plan --policy merge --split-at 2026-02-01
is "merge: planned with a conflict" "$RC" 1
is "it is the one whose text is no character" "$(kinds)" "lost does-not-fit skip;without-value;name=VALUE"
like "and the reason is named" "$(jq -r '.rows.notes[].text' plan/plan.json)" "name: bytes that are no character of sjis"
rep apply --yes --case "$CASE" plan "$DST"
is "applied: it is open" "$RC" 1
is "the others are there, as they were" "$(on "$PEOPLE")" "asks|7768793F|0
kana|E38182|0
live|6C|0
m1|616E6E|0
m2|77686F3F|0"
python3 -c "
import csv
rows = list(csv.DictReader(open('plan/conflicts.csv', encoding='utf-8')))
out = csv.DictWriter(open('decided.csv', 'w', encoding='utf-8', newline=''), rows[0].keys())
out.writeheader()
for row in rows:
    row['decision'] = 'name=Lost'
    out.writerow(row)"
plan --policy merge --split-at 2026-02-01 --decisions decided.csv
is "a decision ends it" "$RC" 0
rep_is 0 "applied" apply --yes --case "$CASE" plan "$DST"
is "as decided" "$(on "SELECT name FROM members WHERE mobile = 'lost'")" Lost
rep_is 0 "verify agrees" verify plan "$DST"

# What a lossy migration has left is not overwritten by another "?", and is named.
worlds sjis utf8mb4
at a "INSERT INTO members (mobile, name) VALUES ('lost', _sjis x'8540')"
at $T "INSERT INTO members (mobile, name) VALUES ('lost', '?')"
check
plan --policy mirror
is "mirror: a conflict" "$RC" 1
is "of the same kind" "$(kinds)" "lost does-not-fit skip;without-value;name=VALUE"

# Nor is a row of TARGET changed that undo could not write again.
worlds utf8mb4 sjis
at a "INSERT INTO members (mobile, name, n) VALUES ('kept', 'good', 2), ('free', 'good', 2)"
at $T "INSERT INTO members (mobile, name, n) VALUES ('kept', _sjis x'8540', 1), ('free', 'bad?', 1)"
check
plan --policy mirror
is "mirror: what undo could not take back" "$(kinds)" "kept does-not-fit skip"
rep apply --yes --case "$CASE" plan "$DST"
is "it stays, and the other is done" "$(on "$PEOPLE" | head -n 2)" "free|676F6F64|2
kept|8540|1"
rep_is 0 "undone" undo --yes plan "$DST"
is "as it was" "$(on "$PEOPLE" | head -n 2)" "free|6261643F|1
kept|8540|1"
finish
