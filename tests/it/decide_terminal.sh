#!/bin/bash
# decide_terminal.sh: conflicts are decided on a terminal by `repair decide DIR`: what it keeps is planned
# and applied, and the live side holds what was decided.  Values of a row cannot drive the terminal, masked
# ones stay masked, and whoever leaves, or is stopped, goes on where he was.  And files for spreadsheets.

. "$(dirname "$0")/lib.sh"
begin
cd "$IT_TMP" || exit 1
SRC=$(uri a "$DB") DST=$(uri b "$DB")

# ---- the world: 8 people and 8 orders that both sides edited, people of whom nobody knows whether they
# were deleted, a lost order whose note does not fit, values that a terminal would obey, ids of 16 digits
at ab "
CREATE TABLE members (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, city VARCHAR(200),
    secret VARCHAR(40), updated_at DATETIME NOT NULL, created_at DATETIME NOT NULL);
INSERT INTO members SELECT seq, CONCAT('0151', LPAD(seq, 7, '0')), CONCAT('Town ', seq), CONCAT('s', seq),
    '2026-01-01', '2026-01-01' FROM seq_1_to_20;
INSERT INTO members SELECT 9007199254740980 + seq, CONCAT('0152', LPAD(seq, 7, '0')), 'far', 's', '2026-01-01', '2026-01-01'
    FROM seq_1_to_15"
at a "CREATE TABLE orders (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, member_id BIGINT UNSIGNED NOT NULL, note VARCHAR(200),
    created_at DATETIME NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id))"
at b "CREATE TABLE orders (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, member_id BIGINT UNSIGNED NOT NULL, note VARCHAR(60),
    created_at DATETIME NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id))"
at ab "INSERT INTO orders SELECT seq, 1 + seq % 8, CONCAT('note ', seq), '2026-01-02' FROM seq_1_to_10"
at a "UPDATE members SET city = CONCAT('Lost ', id), updated_at = '2026-03-01' + INTERVAL id % 2 DAY WHERE id <= 8;
UPDATE members SET city = CONCAT(CHAR(27), '[2J', CHAR(27), ']0;evil', CHAR(7), CONVERT(x'C29B' USING utf8mb4), 'wiped') WHERE id = 3;
UPDATE members SET city = '=1+1' WHERE id = 4;
UPDATE members SET city = 'Lost far' WHERE id IN (9007199254740990, 9007199254740993);
UPDATE orders SET note = CONCAT('lost, \"', id, '\"') WHERE id <= 8;
INSERT INTO orders VALUES (2001, 3, REPEAT('long ', 30), '2026-03-05')"
at b "UPDATE members SET city = CONCAT('Live ', id), updated_at = '2026-03-01 12:00:00' WHERE id <= 8;
UPDATE members SET city = 'Live far' WHERE id IN (9007199254740990, 9007199254740993);
UPDATE orders SET note = CONCAT('live ', id) WHERE id <= 8;
DELETE FROM members WHERE id BETWEEN 11 AND 13 OR id IN (15, 17)"
cat >ini <<INI
[table $DB.members]
identity = mobile
subject = yes
time-column = created_at
[table $DB.orders]
identity = none
time-column = created_at
INI
cp ini masked.ini
sed -i '/^subject/a mask = secret, city' masked.ini

rep() {
    CMD=("$MYRECON" repair "$@")
    "${CMD[@]}" >"$OUT" 2>"$ERR"
    RC=$?
}
plan() { # plan DIR ARGS…
    local dir=$1
    shift
    rep plan --policy merge --config ini --case case --output "$dir" --split-key "$DB.members=9007199254741000" \
        --split-key "$DB.orders=1000" "$@"
}
check_is 1 "the case" --case case --config ini
plan one
is "planned, with conflicts" "$RC" 1
like "and the next step names the terminal" "$(cat "$OUT")" 'decide one by one with: myrecon repair decide --config ini one'
rep show --conflicts one
like "so does what lists them" "$(cat "$OUT")" 'decide one by one with: myrecon repair decide --config ini one'
rep decide one
is "without a terminal it is refused" "$RC" 3
like "with what there is instead" "$(cat "$ERR")" '--output decide.html.*--output decisions.csv'
[ -z "${MR_SHOTS:-}" ] || cp -r one masked.ini "$MR_SHOTS"

# ---- on a terminal
python3 -B "$IT_DIR/decide_terminal.py" "$MYRECON" one masked.ini >said 2>trouble
RC=$?
CMD=(python3 decide_terminal.py "$MYRECON" one masked.ini)
cp trouble "$ERR"
results said
is "the script came to its end" "$RC" 0
ok "what is kept is closed to others" test "$(stat -c %a one.decisions.csv)" = 600

# ---- what was kept is planned and applied
plan two --decisions one.decisions.csv
is "planned: nothing is open" "$RC" 0
rep apply --yes two "$DST"
is "applied" "$RC" 0
is "people are as it was decided" "$(client b "$DB" <<<'SELECT id, city FROM members ORDER BY id')" "$(
    client a "$DB" <<<"SELECT id, CASE WHEN id = 9007199254740990 THEN 'Live far' WHEN id IN (2, 5, 6, 8) THEN CONCAT('Live ', id)
        ELSE city END FROM members WHERE id NOT IN (15, 17) ORDER BY id")"
is "orders, too" "$(client b "$DB" <<<'SELECT id, note FROM orders ORDER BY id')" "$(
    client a "$DB" <<<"SELECT id, CASE WHEN id = 2001 THEN 'short, \"one\"' WHEN id <= 8 THEN CONCAT('live ', id) ELSE note END
        FROM orders ORDER BY id")"

# ---- a key that a spreadsheet has rounded is another row's
at b "UPDATE members SET city = 'Live again' WHERE id IN (9007199254740990, 9007199254740993)"
"$MYRECON" check "$SRC" "$DST" --settle 0 --case later --config ini -q >"$OUT" 2>"$ERR"
later() { # later DIR ARGS…
    local dir=$1
    shift
    rep plan --policy merge --config ini --case later --output "$dir" --split-key "$DB.members=9007199254741000" \
        --split-key "$DB.orders=1000" "$@"
}
later three
python3 -B - three/conflicts.csv rounded.csv <<'PY'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding='utf-8', newline='')))
with open(sys.argv[2], 'w', encoding='utf-8', newline='') as out:
    w = csv.DictWriter(out, rows[0].keys())
    w.writeheader()
    for r in rows:
        if r['source_key'] == '9007199254740993':
            r.update(source_key='9007199254740990', decision='source')
        w.writerow(r)
PY
later four --decisions rounded.csv
is "a rounded key is refused" "$RC" 5
like "by line, table and both keys" "$(cat "$ERR")" \
    "line [0-9]+, table \"$DB.members\".*9007199254740990.*the row that stands beside it has \"9007199254740993\""

# ---- for spreadsheets
rep decide three --output sheet.csv --spreadsheet-safe
is "a file for spreadsheets" "$RC" 0
ok "whose cells none takes for a number or a formula" python3 -B - sheet.csv <<'PY'
import csv, re, sys
cells = [c for r in csv.reader(open(sys.argv[1], encoding='utf-8', newline='')) for c in r]
bad = [c for c in cells if c and c[0] != "'" and (c[0] in '=+-@\t\r' or (re.search('[0-9]', c) and c[0] != '{' and not re.fullmatch('0|[1-9][0-9]{0,14}', c)))]
assert not bad, bad
assert "'9007199254740993" in cells and "'table" in cells
PY
sed -i "/9007199254740993/s/,,'city/,source,'city/" sheet.csv
later five --decisions sheet.csv
is "what is filled in there is planned" "$RC $(grep -c ',source,' five/conflicts.csv)" "1 1"
sed "s/^'//; s/,'/,/g; s/\"'/\"/g" sheet.csv >stripped.csv
later six --decisions stripped.csv
is "also where a spreadsheet has taken all apostrophes for its own" "$RC $(grep -c ',source,' six/conflicts.csv)" "1 1"
rep decide three --output plain.csv
is "a file to be filled in by hand" "$RC" 0
rep decide three --output page.html --spreadsheet-safe
is "a page is for no spreadsheet" "$RC" 3
finish
