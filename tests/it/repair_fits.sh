#!/bin/bash
# repair_fits.sh: values that the target's columns cannot hold.  Under every policy the rows that
# have one are conflicts, planned as such and named with the column; all others are written; and
# each decision that conflicts.csv offers is carried out.  Compared by content.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# One bad value a person, named by the mobile number; good1 and good2 have none.
LOST="INSERT INTO members (mobile, name, grade, points, credit, note, seen, created_at) VALUES
    ('good1', 'Zoé', 'b', 32767, 1.5, '', '2026-03-01 10:00:00', '2026-03-01'),
    ('charset', 'Ζωή', 'b', 1, 1, '', NULL, '2026-03-01'),
    ('length', 'Wolfeschlegelsteinhausen', 'b', 1, 1, '', NULL, '2026-03-01'),
    ('member', 'Ann', 'c', 1, 1, '', NULL, '2026-03-01'),
    ('range', 'Bob', 'b', 32768, 1, '', NULL, '2026-03-01'),
    ('scale', 'Cid', 'b', 1, 1.125, '', NULL, '2026-03-01'),
    ('null', 'Dan', 'b', 1, 1, NULL, NULL, '2026-03-01'),
    ('second', 'Eve', 'b', 1, 1, '', '2026-03-01 10:00:00.25', '2026-03-01'),
    ('two', 'Ελένη', 'b', -40000, 1, '', NULL, '2026-03-01'),
    ('good2', 'Fay', 'a', -32768, NULL, 'x', NULL, '2026-03-01')"
worlds() {
    fresh a$T "$DB"
    at a "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
        name VARCHAR(40) CHARACTER SET utf8mb4 NULL, grade ENUM('a', 'b', 'c') NOT NULL DEFAULT 'a', points INT NOT NULL DEFAULT 0,
        credit DECIMAL(12,4) NULL, note VARCHAR(40) NULL, seen DATETIME(6) NULL, created_at DATETIME NOT NULL)"
    at $T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
        name VARCHAR(20) CHARACTER SET latin1 NULL, grade ENUM('a', 'b') NOT NULL DEFAULT 'a', points SMALLINT NOT NULL DEFAULT 7,
        credit DECIMAL(10,2) NULL, note VARCHAR(40) NOT NULL, seen DATETIME NULL, created_at DATETIME NOT NULL)"
    at a$T "CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, no VARCHAR(20) NOT NULL UNIQUE,
            FOREIGN KEY (member_id) REFERENCES members (id));
        INSERT INTO members (mobile, name, note, created_at) VALUES ('m1', 'ann', '', '2026-01-01'), ('m2', 'bob', '', '2026-01-01');
        INSERT INTO orders VALUES (1, 1, 'o1')"
    at a "UPDATE members SET points = 7; $LOST; INSERT INTO orders (member_id, no) SELECT id, CONCAT('o-', mobile) FROM members WHERE id > 2"
    cat >ini <<INI
[table $DB.members]
subject = yes
identity = mobile
time-column = created_at
[table $DB.orders]
identity = no
INI
}
live() { # two who signed up since: keys change hands
    at $T "INSERT INTO members (mobile, name, note, created_at) VALUES ('live1', 'l', '', '2026-03-02'), ('live2', 'l', '', '2026-03-02')"
}
plan() { # plan DIR POLICY [OPTIONS…]
    local dir=$1 policy=$2
    shift 2
    rm -rf "$dir"
    [ "$policy" != merge ] || set -- --split-at 2026-02-01 "$@"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy "$policy" --config ini --case "$CASE" --output "$dir" "$@"
}
conflicts() { # "TABLE MOBILE KIND CHOICES" of a plan, by the images
    python3 -c "
import csv, json, sys
for row in csv.DictReader(open(sys.argv[1] + '/conflicts.csv', encoding='utf-8')):
    image = json.loads(row['source'])
    print(row['table'].split('.')[1], image.get('mobile', image.get('no', image.get('id'))), row['kind'], row['choices'])" "$1"
}
decide() { # decide DIR FILE MOBILE=DECISION…: fills the column in
    python3 -c "
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1] + '/conflicts.csv', encoding='utf-8')))
chosen = dict(a.split(':', 1) for a in sys.argv[3:])
out = csv.DictWriter(open(sys.argv[2], 'w', encoding='utf-8', newline=''), rows[0].keys())
out.writeheader()
for row in rows:
    row['decision'] = chosen.get(json.loads(row['source']).get('mobile'), '')
    out.writerow(row)" "$@"
}
# Everybody on the target with their order, in the order of the mobile number.
people() {
    on "SELECT CONCAT_WS('|', m.mobile, m.name, m.grade, m.points, IFNULL(m.credit, '-'), m.note, IFNULL(m.seen, '-'), IFNULL(o.no, '-'))
        FROM members m LEFT JOIN orders o ON o.member_id = m.id WHERE m.mobile NOT LIKE 'live%' ORDER BY m.mobile"
}
GOOD="good1|Zoé|b|32767|1.50||2026-03-01 10:00:00|o-good1
good2|Fay|a|-32768|-|x|-|o-good2
m1|ann|a|7|-||-|o1
m2|bob|a|7|-||-|-"

# ---- merge ---------------------------------------------------------------------------------
worlds
live
plan one merge
is "merge: planned with conflicts" "$RC" 1
is "each is named with what may be chosen" "$(conflicts one | grep ^members | sort)" "members charset does-not-fit skip;without-value;name=VALUE
members length does-not-fit skip;without-value;name=VALUE
members member does-not-fit skip;without-value;grade=VALUE
members null does-not-fit skip;note=VALUE
members range does-not-fit skip;without-value;points=VALUE
members scale does-not-fit skip;without-value;credit=VALUE
members second does-not-fit skip;without-value;seen=VALUE
members two does-not-fit skip;without-value;{\"name\":\"VALUE\",\"points\":\"VALUE\"}"
is "what hangs on them waits" "$(conflicts one | grep -c '^orders .* parent-absent')" 8
like "the character is named" "$(cat "$OUT")" 'name: .*has the character U\+0396, which latin1 lacks'
like "so are the columns of a row with two" "$(jq -r '.rows.notes[].text' one/plan.json)" 'name: .*; points: -40000 is out of range of smallint'
rep apply --yes --case "$CASE" one "$DST"
is "applied: conflicts are open" "$RC" 1
is "everybody else is there, as they were" "$(people)" "$GOOD"

decide one decided.csv charset:name=Zoe length:without-value member:without-value range:points=32767 scale:credit=1.13 \
    null:skip second:without-value 'two:{"name": "Helene", "points": "-32768"}'
plan two merge --decisions decided.csv
is "every decision is taken" "$RC" 0
rep_is 0 "applied" apply --yes --case "$CASE" two "$DST"
ALL="charset|Zoe|b|1|1.00||-|o-charset
$(head -n 2 <<<"$GOOD")
length||b|1|1.00||-|o-length
$(tail -n 2 <<<"$GOOD")
member|Ann|a|1|1.00||-|o-member
range|Bob|b|32767|1.00||-|o-range
scale|Cid|b|1|1.13||-|o-scale
second|Eve|b|1|1.00||-|o-second
two|Helene|b|-32768|1.00||-|o-two"
ALL=${ALL/length||/length|}
is "and carried out" "$(people)" "$ALL"
rep_is 0 "verify agrees" verify two "$DST"

# ---- what cannot be carried out is named, all of it at once --------------------------------
worlds
live
rm -rf "$CASE" two
plan one merge
decide one decided.csv charset:name=Ζωή length:restore null:without-value range:points=99999 second:seen=noon member:grade=b
rep plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output two --decisions decided.csv
is "faulty decisions: refused" "$RC" 5
key() { at a "SELECT id FROM members WHERE mobile = '$1'"; }
is "each with line, table and key" "$(grep -c "line [0-9]*, table \"$DB.members\", key \"[0-9]*\": " "$ERR")" 5
like "the value that does not fit either" "$(cat "$ERR")" "key \"$(key charset)\": \"name=.*U\+0396, which latin1 lacks"
like "no choice of this kind" "$(cat "$ERR")" "key \"$(key length)\": unknown decision \"restore\" for does-not-fit"
like "what the schema makes impossible" "$(cat "$ERR")" "key \"$(key null)\": \"without-value\" cannot be carried out: .*note: the column can neither be NULL"
like "out of range" "$(cat "$ERR")" "key \"$(key range)\": .*99999 is out of range of smallint"
like "of another type" "$(cat "$ERR")" "key \"$(key second)\": .*seen: the value given is none of its type"
is "nothing was planned" "$(ls -d two 2>&1 | grep -c cannot)" 1

# As a spreadsheet saves it: a byte order mark, semicolons, capitals, blanks, no last line end.
decide one decided.csv charset:name=Zoe length:without-value member:without-value range:points=32767 scale:credit=1.13 \
    null:skip second:without-value 'two:{"name": "Helene", "points": "-32768"}'
python3 - decided.csv <<'PY'
import csv, sys
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8")))
at = rows[0].index("decision")
for row in rows[1:]:
    if row[at] in ("skip", "without-value"):
        row[at] = "  " + row[at].title() + " "
    row[0] = " " + row[0].upper()
rows[0] = [name.upper() + " " for name in rows[0]]
with open(sys.argv[1], "w", encoding="utf-8-sig", newline="") as out:
    csv.writer(out, delimiter=";").writerows(rows)
text = open(sys.argv[1], "rb").read().rstrip(b"\r\n")
open(sys.argv[1], "wb").write(text)
PY
plan two merge --decisions decided.csv
rep_is 0 "decisions as a spreadsheet saves them" apply --yes --case "$CASE" two "$DST"
is "are carried out" "$(people)" "$ALL"

# ---- columns that one side lacks -------------------------------------------------------------
worlds
at a "ALTER TABLE members ADD nick VARCHAR(20) NULL, ADD level INT NOT NULL DEFAULT 3; DELETE FROM orders WHERE member_id > 2;
    DELETE FROM members WHERE mobile NOT LIKE 'good%' AND id > 2; UPDATE members SET nick = CONCAT('n', id) WHERE mobile = 'good1'"
at $T "ALTER TABLE members ADD handle VARCHAR(10) NULL"
rm -rf "$CASE" one
plan one merge
is "a column that the target lacks: refused" "$RC" 5
like "named with the number of its values" "$(cat "$ERR")" "column-lost: .*$DB\.members\.nick \(1 value\)$"
unlike "not one that holds nothing but its default" "$(cat "$ERR")" 'level'
rep plan --policy backfill --config ini --case "$CASE" --output one
is "under backfill, too" "$RC" 5
sed -i "s/^subject = yes/&\nignore-columns = nick/" ini
plan one merge
is "dismissed" "$RC" 0
sed -i "s/^ignore-columns.*/column = nick -> handle/" ini
at a "UPDATE members SET nick = 'far too long for it' WHERE mobile = 'good2'"
plan one merge
is "named: its values are judged by the other column" "$(conflicts one)" "members good2 does-not-fit skip;without-value;nick=VALUE"
decide one decided.csv good2:nick=short
plan two merge --decisions decided.csv
rep_is 0 "applied" apply --yes --case "$CASE" two "$DST"
is "and are written there" "$(on "SELECT mobile, handle FROM members WHERE id > 2 ORDER BY 1" | xargs)" "good1 n3 good2 short"
rep_is 0 "verify agrees" verify two "$DST"
rep_is 0 "beside the source, too: a value that was decided is not held against it" verify two "$DST" --source "$(uri a "$DB")"
run_check "$(uri a "$DB")" "$DST" --config ini --settle 0
is "check compares the two" "$(jq -r 'select(.type == "row") | .kind + " " + (.columns | join(","))' "$OUT")" "changed nick"
sed -i "s/^column = .*/column = nick -> nothing/" ini
rep plan --policy merge --config ini --case "$CASE" --output three
is "a name that the target does not have: refused" "$RC" 3
like "named" "$(cat "$ERR")" 'column = nick -> nothing of table .*TARGET has no such column'

worlds
at $T "ALTER TABLE members ADD branch INT NOT NULL"
rm -rf "$CASE" one
plan one merge
is "a column of the target without a default: refused" "$RC" 5
like "with what to do" "$(cat "$ERR")" 'column "branch" .*is NOT NULL without a default'
at $T "ALTER TABLE members ALTER branch SET DEFAULT 9"
plan one merge
rep_is 1 "with a default it takes that" apply --yes --case "$CASE" one "$DST"
is "which they have" "$(on "SELECT mobile, branch FROM members WHERE mobile LIKE 'good%' ORDER BY 1" | xargs)" "good1 9 good2 9"

# ---- the other policies --------------------------------------------------------------------
# Two who are on both sides differ: one to a value that fits, one to one that does not.
for policy in mirror backfill newest:created_at; do
    worlds
    at a "UPDATE members SET name = 'anne', seen = '2026-03-05', created_at = '2026-03-05' WHERE id = 1; UPDATE members SET name = 'Βασίλης', seen = '2026-03-05', created_at = '2026-03-05' WHERE id = 2"
    rm -f "$CASE"
    plan one $policy
    is "$policy: planned with conflicts" "$RC" 1
    ONE='m1|ann|a|7|-||-|o1' TWO='m2|bob|a|7|-||-|-' KEPT=
    [ $policy = backfill ] || ONE='m1|anne|a|7|-||2026-03-05 00:00:00|o1'
    [ $policy = backfill ] || KEPT='members m2 does-not-fit skip;without-value;name=VALUE'
    is "$policy: each is named with what may be chosen" "$(conflicts one | grep "^members.*does-not-fit" | sort)" "members charset does-not-fit skip;without-value;name=VALUE
members length does-not-fit skip;without-value;name=VALUE
${KEPT:+$KEPT
}members member does-not-fit skip;without-value;grade=VALUE
members null does-not-fit skip;note=VALUE
members range does-not-fit skip;without-value;points=VALUE
members scale does-not-fit skip;without-value;credit=VALUE
members second does-not-fit skip;without-value;seen=VALUE
members two does-not-fit skip;without-value;{\"name\":\"VALUE\",\"points\":\"VALUE\"}"
    rep apply --yes --case "$CASE" one "$DST"
    is "$policy: applied: conflicts are open" "$RC" 1
    is "$policy: everybody else is there, as they were" "$(people)" "$(head -n 2 <<<"$GOOD")
$ONE
$TWO"
    decide one decided.csv charset:name=Zoe length:without-value member:without-value range:points=32767 scale:credit=1.13 \
        null:skip second:without-value 'two:{"name": "Helene", "points": "-32768"}' ${KEPT:+'m2: NAME =Basil '}
    plan two $policy --decisions decided.csv
    rep_is 1 "$policy: applied; whose parent was left out waits" apply --yes --case "$CASE" two "$DST"
    [ $policy = backfill ] || TWO='m2|Basil|a|7|-||2026-03-05 00:00:00|-'
    is "$policy: every decision is carried out" "$(people)" "$(head -n 3 <<<"$ALL")
$(sed -n '4p' <<<"$ALL")
$ONE
$TWO
$(tail -n 5 <<<"$ALL")"
done

# verify finds a row by a key that is written otherwise now, beside one that was left out.
fresh a$T "$DB"
rm -rf "$CASE" one
at a "CREATE TABLE codes (code VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, name VARCHAR(20))"
at $T "CREATE TABLE codes (code VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, name VARCHAR(3))"
at a "INSERT INTO codes VALUES ('r1', 'new'), ('r2', 'far too long'), ('r3', 'new')"
: >ini
plan one backfill
rep_is 1 "applied but for the one that does not fit" apply --yes --case "$CASE" one "$DST"
at $T "UPDATE codes SET code = 'R1' WHERE code = 'r1'"
rep verify one "$DST"
is "that key was changed, and the other stands" "$RC $(grep -cE '^  .*codes: 1 stands, 1 changed since, 1 open conflict$' "$OUT")" "1 1"

# JSON that MySQL takes for what is there: an UPDATE that brings nothing else changes nothing.
if [ $T = o ]; then
    fresh a$T "$DB"
    rm -rf "$CASE" one two
    at a$T "CREATE TABLE docs (id INT PRIMARY KEY, j JSON, n INT)"
    at a "INSERT INTO docs VALUES (1, '{\"a\": 1.0}', 1), (2, '{\"a\": 1.0}', 2), (3, '{\"a\": [2, null]}', 1), (4, NULL, 1), (5, '1.0', NULL);
        SET check_constraint_checks = 0; INSERT INTO docs VALUES (6, '{\"a\": 1e999}', 1), (7, REPEAT('[', 101), 1), (8, CONCAT(REPEAT('[', 101), REPEAT(']', 101)), 1), (9, '{\"a\": 1e300}', 1)"
    at $T "INSERT INTO docs VALUES (1, '{\"a\": 1}', 1), (2, '{\"a\": 1}', 1), (3, '{\"a\": [2]}', 1), (4, '{}', 1), (5, NULL, NULL), (6, '{\"a\": 1}', 1)"
    WAS=$(on "SELECT * FROM docs")
    plan one mirror
    is "one that nothing else comes with does not fit, nor what MySQL does not store" "$RC $(conflicts one | tr '\n' ',')" "1 $(printf 'docs %s does-not-fit skip;without-value;j=VALUE,' 1 6 7 8)"
    like "with the reason" "$(jq -r '.rows.notes[].text' one/plan.json)" 'j: MySQL takes the JSON value for the one that stands there'
    like "each with its own" "$(jq -r '.rows.notes[].text' one/plan.json)" 'j: a number beyond DOUBLE'
    rep_is 1 "the others are written" apply --yes --case "$CASE" one "$DST"
    is "to the letter" "$(on "SELECT id, j, n FROM docs" | tr '\t\n' ' ;')" \
        '1 {"a": 1} 1;2 {"a": 1.0} 2;3 {"a": [2, null]} 1;4 NULL 1;5 1.0 NULL;6 {"a": 1} 1;9 {"a": 1e300} 1;'
    rep_is 0 "undo takes them back" undo --yes --case "$CASE" one "$DST"
    is "to the letter, too" "$(on "SELECT * FROM docs")" "$WAS"
fi
finish
