#!/bin/bash
# decide_hostile.sh: a decision holds for the rows that it was made about, and for no others: who holds a
# unique value now is not who held it then.

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
finish
