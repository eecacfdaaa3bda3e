#!/bin/bash
# decide_hostile.sh: a decision holds for the rows that it was made about, and for no others: who holds a
# unique value now is not who held it then; keys that differ by blanks at their ends, by case or by the form
# of a letter, or whose parts are joined to one text, are of rows of their own.

. "$(dirname "$0")/lib.sh"
begin ab
T=b CASE=$IT_TMP/case
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"

checked() {
    "$MYRECON" check --config ini --case "$CASE" --settle 0 "$SRC" "$DST" -q >"$OUT" 2>"$ERR"
    case $? in 0 | 1) ;; *) bail "check: $(cat "$ERR")" ;; esac
}
plan() { # plan DIR ARGS…
    local dir=$1
    shift
    rm -rf "$dir"
    rep plan --policy merge --config ini --case "$CASE" --output "$dir" --split-at 2026-02-01 "$@"
}
decided() { # decided FILE DECISION [COLUMN…]: conflicts.csv of one, all lines decided, without these columns
    python3 - "$@" <<'PY'
import csv, sys
rows = list(csv.DictReader(open('one/conflicts.csv', encoding='utf-8', newline='')))
names = [n for n in rows[0] if n not in sys.argv[3:]]
out = csv.DictWriter(open(sys.argv[1], 'w', encoding='utf-8', newline=''), names, extrasaction='ignore')
out.writeheader()
for row in rows:
    out.writerow(dict(row, decision=sys.argv[2]))
PY
}
matched() { python3 -c "
import csv, sys
print([(r['source_key'], r['target_key'], r['decision']) for r in csv.DictReader(open(sys.argv[1] + '/idmap.csv', newline=''))])" "$1"; }

# ---- who holds the value is somebody else by now ---------------------------------------------
at ab "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
    email VARCHAR(30) UNIQUE, city VARCHAR(20), created DATETIME NOT NULL);
INSERT INTO members VALUES (1, 'm1', 'e1', 'x', '2026-01-01')"
at a "INSERT INTO members VALUES (10, 'A', 'shared', 'lost', '2026-03-01')"
at b "INSERT INTO members VALUES (20, 'B', 'shared', 'live', '2026-03-01'), (21, 'C', 'own', 'live too', '2026-03-01')"
cat >ini <<INI
[table $DB.members]
identity = mobile
subject = yes
time-column = created
INI
checked
plan one
is "planned with a conflict" "$RC" 1
decided whole.csv merge-into
decided key.csv merge-into target differs
decided differs.csv merge-into target target_key
plan two --decisions key.csv
is "merged into who holds the value" "$RC $(matched two)" "0 [('10', '20', 'merge-into')]"
cp whole.csv one/conflicts.csv
at b "UPDATE members SET email = 'other' WHERE id = 20; UPDATE members SET email = 'shared' WHERE id = 21"
checked
plan two --decisions whole.csv --forget-decisions
is "somebody else holds it: refused" "$RC" 5
like "since the row is another one" "$(cat "$ERR")" 'key "10": the row of table .* has changed on the target'
plan two --decisions key.csv --forget-decisions
is "by the key alone: refused" "$RC" 5
like "both keys are named" "$(cat "$ERR")" 'target_key is "20", and the row that has this key has "21"'
plan two --decisions differs.csv --forget-decisions
is "by what told them apart: refused" "$RC" 5
like "that is named" "$(cat "$ERR")" 'differs is "mobile: A → B;.*", and the row that has this key has "mobile: A → C;'
rep_is 1 "planned again from its own file: asked" plan --again one
like "since the other is not who he was" "$(cat "$ERR")" 'row 10 is not as it was when "merge-into" was decided about it'

# ---- keys that are nearly the same --------------------------------------------------------------
fresh ab "$DB"
rm -rf "$CASE" one two
at ab "CREATE TABLE k (id VARCHAR(20) NOT NULL PRIMARY KEY, v VARCHAR(20)) COLLATE utf8mb4_nopad_bin;
CREATE TABLE c (a VARCHAR(20) NOT NULL, b VARCHAR(20) NOT NULL, v VARCHAR(20), PRIMARY KEY (a, b)) COLLATE utf8mb4_nopad_bin;
CREATE TABLE pad (id VARCHAR(20) NOT NULL PRIMARY KEY, v VARCHAR(20));
INSERT INTO k VALUES ('abc', 1), ('abc ', 2), (' abc', 3), ('ABC', 4), ('abc\t', 5), ('x\ny', 6), ('', 7), (' ', 8), ('NULL', 9),
    ('=1+1', 10), ('\'q', 11), ('#plan', 12), ('1..5', 13), ('007', 14), ('7', 15), ('abc\r', 16), ('0x41', 17),
    (CONVERT(x'C3A9' USING utf8mb4), 18), (CONVERT(x'65CC81' USING utf8mb4), 19), ('a\"b', 20);
INSERT INTO c VALUES ('a,b', 'c', 1), ('a', 'b,c', 2), ('a', 'b', 3), ('a ', 'b', 4), (',', ',', 5), (',,', '', 6), ('', ',,', 7),
    ('', '', 8), ('n\nl', 'z', 9);
INSERT INTO pad VALUES ('zz ', 1)"
at a "UPDATE k SET v = CONCAT('lost ', v); UPDATE c SET v = CONCAT('lost ', v); UPDATE pad SET v = CONCAT('lost ', v)"
at b "UPDATE k SET v = CONCAT('live ', v); UPDATE c SET v = CONCAT('live ', v); UPDATE pad SET v = CONCAT('live ', v)"
printf '[table %s.*]\nidentity = key\n' "$DB" >ini
checked
plan one
is "all are asked about" "$RC $(python3 -c "import csv; print(len(list(csv.DictReader(open('one/conflicts.csv', newline='')))))")" "1 30"
cat >choose.py <<'PY'
"""FILE WAY: conflicts.csv of one as a person would fill it in: source for rows of odd number, the others open
(half), or target."""
import csv, json, sys
rows = list(csv.DictReader(open('one/conflicts.csv', encoding='utf-8', newline='')))
for row in rows:
    odd = int(json.loads(row['source'])['v'].split()[1]) % 2
    row['decision'] = 'source' if odd else '' if sys.argv[2] == 'half' else 'target'
names = [n for n in rows[0] if sys.argv[2] != 'bare' or n not in ('source', 'target', 'differs')]
with open(sys.argv[1], 'w', encoding='utf-8', newline='') as f:
    out = csv.DictWriter(f, names, extrasaction='ignore')
    out.writeheader()
    out.writerows(rows)
PY
values() { client b -D "$DB" <<<"SELECT v FROM k UNION ALL SELECT v FROM c UNION ALL SELECT v FROM pad"; }
meant() { for n in {1..20} {1..9} 1; do [ $((n % 2)) = 1 ] && echo "lost $n" || echo "live $n"; done | sort; }
python3 choose.py half.csv half
plan two --decisions half.csv
is "some are decided" "$RC $(python3 -c "
import csv, json
for row in csv.DictReader(open('two/conflicts.csv', encoding='utf-8', newline='')):
    odd = int(json.loads(row['source'])['v'].split()[1]) % 2
    if row['decision'] != ('source' if odd else ''):
        print(row['table'], row['source_key'], row['decision'])")" "1 "
python3 choose.py bare.csv bare
plan two --decisions bare.csv --forget-decisions
is "without both rows, parts that make one text are refused" "$RC" 5
like "by name" "$(cat "$ERR")" '"a,b,c" may be the key of several rows, and nothing in the line tells of which'
unlike "and no key with a blank at its end" "$(cat "$ERR")" 'key "(abc|zz)'
python3 choose.py all.csv all
plan two --decisions all.csv --forget-decisions
is "all are decided" "$RC" 0
cp ini masked.ini
echo 'mask = v' >>masked.ini
rep_is 0 "a file that shows no values" decide one --config masked.ini --output masked.csv
python3 - <<'PY'
import csv
meant = [row['decision'] for row in csv.DictReader(open('all.csv', encoding='utf-8', newline=''))]
rows = list(csv.reader(open('masked.csv', encoding='utf-8', newline='')))
for row, decision in zip(rows[1:], meant):
    row[8] = decision
# without its last line nothing tells of which plan the digests are; and one row is not what it was
for name, lines in (('masked.csv', rows), ('whose.csv', rows[:-1])):
    csv.writer(open(name, 'w', encoding='utf-8', newline='')).writerows(lines)
PY
unlike "it has none" "$(cat masked.csv)" 'lost [0-9]|live [0-9]'
plan two --decisions whose.csv --forget-decisions
is "digests of no plan are refused" "$RC" 5
plan two --decisions masked.csv --forget-decisions
is "by digests, too, each row is known" "$RC" 0
rep_is 0 "applied" apply --yes --case "$CASE" two "$DST"
is "each as it was decided" "$(values | sort)" "$(meant)"
checked
plan two --decisions all.csv --forget-decisions
is "what stands equal by now is no fault of the file" "$RC" 0
at a "UPDATE c SET v = 'lost 2 again' WHERE a = 'a' AND b = 'b,c'"
checked
plan two --decisions all.csv --forget-decisions
is "a row that has changed since is asked about again" "$RC $(python3 -c "
import csv
print([row['source_key'] for row in csv.DictReader(open('two/conflicts.csv', newline='')) if not row['decision']])")" "1 ['a,b,c']"
like "since nothing but its key tells of it, and that may be another's" "$(cat "$ERR")" 'key "a,b,c" may be of several rows: it is passed over'

# ---- whose a row is, on the page -------------------------------------------------------------------
browser_is=$("$IT_DIR/../lib/browser.sh" 2>&1)
status=$?
if [ $status -ne 0 ]; then
    if [ $status -eq 1 ] && [ "${CI:-}" = true ]; then
        result 1 "the page in a browser" "$browser_is"
    else
        skip "the page in a browser" "$(tail -n 1 <<<"$browser_is")"
    fi
    finish
fi
fresh ab "$DB"
rm -rf "$CASE" one two
at ab "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, no INT NOT NULL UNIQUE, mobile VARCHAR(20) NOT NULL UNIQUE,
    city VARCHAR(20), created DATETIME NOT NULL);
CREATE TABLE logs (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20), created DATETIME NOT NULL);
INSERT INTO members VALUES (5, 9, 'anna', 'x', '2026-01-01'), (9, 5, 'bob', 'y', '2026-01-01'), (11, 111, 'eve', 'z', '2026-01-01');
INSERT INTO logs VALUES (1, 'x', '2026-01-01')"
for side in a b; do
    at $side "CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member_no INT NOT NULL,
        note VARCHAR($([ $side = a ] && echo 99 || echo 20)), created DATETIME NOT NULL, FOREIGN KEY (member_no) REFERENCES members (no));
    INSERT INTO orders VALUES (1, 9, 'of anna', '2026-01-01'), (2, 5, 'of bob', '2026-01-01'), (3, 111, 'of eve', '2026-01-01')"
done
at a "UPDATE members SET city = CONCAT('lost ', id) WHERE id <> 11; UPDATE orders SET note = CONCAT('lost ', id); UPDATE logs SET what = 'lost';
INSERT INTO orders VALUES (4, 9, REPEAT('long ', 9), '2026-03-01')"
at b "UPDATE members SET city = CONCAT('live ', id) WHERE id <> 11; UPDATE orders SET note = CONCAT('live ', id); UPDATE logs SET what = 'live'"
cat >ini <<INI
[table $DB.members]
identity = mobile
subject = yes
time-column = created
[table $DB.orders]
identity = none
time-column = created
[table $DB.logs]
identity = none
time-column = created
INI
checked
plan one
rep_is 0 "a page of people, their orders, and a log of nobody" decide one --output page.html
mkdir -p browser
python3 -B "$IT_DIR/decide_hostile.py" page.html browser >said 2>trouble
RC=$?
: >"$OUT"
cp trouble "$ERR"
results said
is "the browser's script came to its end" "$RC" 0
finish
