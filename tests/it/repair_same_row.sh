#!/bin/bash
# repair_same_row.sh: a row is the same though TARGET computes columns of it, or spells its JSON
# anew; a decision that makes a value fit does not close another conflict of the row; keys of text
# that look like runs of numbers are keys; columns that rows without a key would lose are seen
# whatever else their table has.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

plan() { # plan DIR POLICY [OPTIONS…]
    local dir=$1 policy=$2
    shift 2
    rm -rf "$dir"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy "$policy" --config ini --case "$CASE" --output "$dir" "$@"
}
decide() { # decide DIR KEY DECISION: in the cell of that source key
    python3 -c '
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/conflicts.csv", newline="")))
out = csv.DictWriter(open("decisions.csv", "w", newline=""), rows[0].keys())
out.writeheader()
for r in rows:
    if r["source_key"] == sys.argv[2]:
        r["decision"] = sys.argv[3]
    out.writerow(r)' "$@"
}
kinds() { python3 -c '
import csv, sys
print(*sorted(r["source_key"] + ":" + r["kind"] + ":" + r["decision"] for r in csv.DictReader(open(sys.argv[1] + "/conflicts.csv", newline=""))))' "$1"; }

# ---- restored rows are known again -----------------------------------------------------
# Member 3 is another one on each side; his events kept their keys, if they have any, and got a label by
# his new id.
events() { # events keyed|row|none: by what an event is known
    local key='INT AUTO_INCREMENT PRIMARY KEY' identity=none
    [ "$1" = keyed ] || key=INT
    [ "$1" != row ] || identity=row
    fresh a$T "$DB"
    rm -f "$CASE"
    at a$T "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME);
        CREATE TABLE log (id $key, member_id INT NOT NULL, what VARCHAR(9),
            label VARCHAR(30) AS (CONCAT(member_id, '-x')) STORED, extra JSON, FOREIGN KEY (member_id) REFERENCES members (id));
        INSERT INTO members VALUES (1, 'm1', '2026-01-01'), (2, 'm2', '2026-01-01');
        INSERT INTO log (id, member_id, what) VALUES (1, 1, 'tea'), (2, 2, 'tea')"
    at a "INSERT INTO members VALUES (3, 'm3', '2026-03-01'), (4, 'm4', '2026-03-01');
        INSERT INTO log (id, member_id, what, extra) VALUES (17, 3, 'milk', '{\"b\": [1,2], \"a\":1}'), (18, 3, 'milk', '{\"b\":[1,2]}'), (19, 4, 'corn', NULL)"
    at $T "INSERT INTO members VALUES (3, 'x3', '2026-03-02')"
    printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = created_at\n[table %s.log]\nidentity = %s\n' "$DB" "$DB" $identity >ini
}
log() { on "SELECT l.id, m.mobile, l.what, l.label = CONCAT(m.id, '-x') FROM log l JOIN members m ON m.id = l.member_id ORDER BY 1" | xargs; }
WHOLE="1 m1 tea 1 2 m2 tea 1 17 m3 milk 1 18 m3 milk 1 19 m4 corn 1"
again() { # again apply|client keyed|row|none: planned and applied twice
    local way="$1, $2"
    events "$2"
    plan one merge --split-at 2026-02-01
    is "$way: planned" "$RC" 0
    if [ "$1" = apply ]; then
        rep_is 0 "$way: applied" apply --yes --case "$CASE" one "$DST"
    else
        client $T <one/reseed.sql >said 2>&1 && client $T <one/apply.sql >>said 2>&1
        is "$way: applied" "$? $(grep -c ERROR said)" "0 0"
    fi
    is "$way: every event is there once" "$(log)" "$WHOLE"
    plan two merge --split-at 2026-02-01
    is "$way: the next plan has nothing to do" "$RC $(jq -r .rows.rows two/plan.json)" "0 0"
    is "$way: nothing was deleted, it says" "$(kinds two)" ""
    rep_is 0 "$way: applied" apply --yes --case "$CASE" two "$DST"
    is "$way: every event is still there once" "$(log)" "$WHOLE"
}
for known in keyed row none; do
    again apply $known
done
again client keyed
again client none

# ---- a decision and another conflict ---------------------------------------------------
fresh a$T "$DB"
rm -f "$CASE"
at a "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, nick VARCHAR(40), email VARCHAR(40) UNIQUE)"
at $T "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, nick VARCHAR(10), email VARCHAR(40) UNIQUE)"
at a "INSERT INTO people VALUES (1, 'ann', 'a@x'), (5, 'wolfeschlegelstein', 'e@x'), (6, 'wolfeschlegelstein', 'f@x')"
at $T "INSERT INTO people VALUES (1, 'ann', 'a@x'), (9, 'eve', 'e@x')"
: >ini
plan one backfill
is "values that do not fit" "$RC $(kinds one)" "1 5:does-not-fit: 6:does-not-fit:"
decide one 5 nick=short
plan two backfill --decisions decisions.csv
like "who was made fit and meets another one is open" "$RC $(kinds two)" '^1 5:unique: 6:does-not-fit:$'
is "and nothing of it is written" "$(jq -r .rows.rows two/plan.json)" 0

# ---- a decision that the column's character set does not have ---------------------------
fresh a$T "$DB"
rm -f "$CASE"
at a "CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(40) CHARACTER SET cp1251)"
at $T "CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(5) CHARACTER SET cp1251)"
at a "INSERT INTO people VALUES (5, 'longer than five'), (6, 'longer, too')"
: >ini
plan one backfill
decide one 5 name=日本
plan two backfill --decisions decisions.csv
is "no value becomes question marks" "$RC" 5
like "the column cannot have it" "$(cat "$ERR")" 'key "5": .*name: its character set does not have the value given'
decide one 5 name=Жук
plan two backfill --decisions decisions.csv
is "one that it has is planned" "$RC $(jq -r .rows.rows two/plan.json) $(kinds two)" "1 1 5:does-not-fit:name=Жук 6:does-not-fit:"
rep apply --yes two "$DST"
is "and written" "$(on "SELECT id, HEX(CONVERT(name USING utf8mb4)) FROM people" | xargs)" "5 $(printf 'Жук' | od -An -tx1 | tr -d ' \n' | tr a-f A-F)"

# ---- keys that look like runs ----------------------------------------------------------
fresh a$T "$DB"
rm -f "$CASE"
at a$T "CREATE TABLE bands (band VARCHAR(20) PRIMARY KEY, price INT); INSERT INTO bands VALUES ('1..5', 10), ('6..9', 20)"
at a "UPDATE bands SET price = 11"
at $T "UPDATE bands SET price = 12 WHERE band = '1..5'"
plan one merge
is "bands: asked" "$RC" 1
decide one 1..5 source
plan two merge --decisions decisions.csv
like "bands: a decision holds" "$(kinds two)" '^1\.\.5:[a-z-]+:source'

# ---- columns that would be lost --------------------------------------------------------
for charset in utf8mb4 latin1; do
    fresh a$T "$DB"
    rm -f "$CASE"
    at a "CREATE TABLE bag (what VARCHAR(20) CHARACTER SET $charset, extra INT); INSERT INTO bag VALUES ('a', 1), ('b', 2)"
    at $T "CREATE TABLE bag (what VARCHAR(20) CHARACTER SET $charset); INSERT INTO bag VALUES ('a')"
    plan one backfill
    like "$charset: a column that would be lost is named" "$RC $(cat "$ERR" "$OUT")" 'extra'
done
finish
