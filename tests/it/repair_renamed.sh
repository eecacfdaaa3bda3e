#!/bin/bash
# repair_renamed.sh: columns that the target has under another name (column = OLD -> NEW): the
# time by which the histories part, references, the column that says which row is newer, and
# columns of which an undeclared reference is suspected.  Compared by content.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# members: 1 and 2 are base, and 1 was edited on both sides; 3 is a stranger on each; 4 is lost
both_histories() {
    fresh a$T "$DB"
    at a "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, city VARCHAR(9), upd DATETIME, created DATETIME);
        CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, what VARCHAR(9), payer INT, FOREIGN KEY (member_id) REFERENCES members (id))"
    at $T "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, town VARCHAR(9), updated DATETIME, created_at DATETIME);
        CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, mid INT NOT NULL, what VARCHAR(9), px INT, FOREIGN KEY (mid) REFERENCES members (id))"
    at a$T "INSERT INTO members VALUES (1, 'm1', 'x', '2026-01-01', '2026-01-01'), (2, 'm2', 'y', '2026-01-01', '2026-01-01');
        INSERT INTO orders VALUES (1, 1, 'tea', NULL), (2, 2, 'tea', NULL)"
    at a "UPDATE members SET city = 'new', upd = '2026-03-05' WHERE id = 1;
        INSERT INTO members VALUES (3, 'm3', 'z', '2026-03-03', '2026-03-01'), (4, 'm4', 'z', '2026-03-03', '2026-03-01');
        INSERT INTO orders VALUES (3, 3, 'milk', NULL), (4, 4, 'milk', NULL), (5, 2, 'corn', NULL)"
    at $T "UPDATE members SET town = 'older', updated = '2026-03-04' WHERE id = 1;
        INSERT INTO members VALUES (3, 'x3', 'z', '2026-03-03', '2026-03-02'); INSERT INTO orders VALUES (3, 3, 'salt', NULL)"
    cat >ini <<INI
[table $DB.members]
subject = yes
identity = mobile
column = created -> created_at
column = city -> town
column = upd -> updated
time-column = created
[table $DB.orders]
identity = none
column = member_id -> mid
column = payer -> px
INI
}
plan() { # plan DIR POLICY [OPTIONS…]
    local dir=$1 policy=$2
    shift 2
    rm -rf "$dir"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy "$policy" --config ini --case "$CASE" --output "$dir" "$@"
}
people() { on "SELECT mobile, town FROM members ORDER BY mobile" | xargs; }
orders() { on "SELECT o.what, m.mobile FROM orders o JOIN members m ON m.id = o.mid ORDER BY 1, 2" | xargs; }

both_histories
plan one merge --split-at 2026-02-01 --on-conflict changed=newest:upd
is "merge: planned" "$RC" 0
rep_is 0 "applied" apply --yes --case "$CASE" one "$DST"
is "everybody is there, the newer edit too" "$(people)" "m1 new m2 y m3 z m4 z x3 z"
is "and every order is whose it was" "$(orders)" "corn m2 milk m3 milk m4 salt x3 tea m1 tea m2"
rep_is 0 "verify agrees" verify one "$DST" --source "$(uri a "$DB")"
rep_is 0 "undone" undo --yes --case "$CASE" one "$DST"
is "all is as it was" "$(people) $(orders)" "m1 older m2 y x3 z salt x3 tea m1 tea m2"

# without a time: rows of one key that agree in a column are asked about
both_histories
sed -i '/^column = created/d; /^time-column/d; s/^subject = yes/&\nignore-columns = created,upd/' ini
at $T "ALTER TABLE members DROP COLUMN created_at"
rm -f "$CASE"
plan two merge
is "past-or-lost by a renamed column" "$RC $(grep -c ',past-or-lost,' two/conflicts.csv)" "1 1"

# a reference that nobody declares, under two names
both_histories
at a "UPDATE orders SET payer = member_id WHERE id > 2; INSERT INTO members (mobile, created) SELECT CONCAT('n', seq), '2026-03-01' FROM seq_1_to_40;
    INSERT INTO orders (member_id, what, payer) SELECT id, 'corn', id FROM members WHERE mobile LIKE 'n%'"
at $T "INSERT INTO members (mobile, created_at) VALUES $(printf "('y%d', '2026-03-02')," {1..40} | sed 's/,$//')"
rm -f "$CASE"
plan three merge --split-at 2026-02-01
is "a suspected reference: refused" "$RC" 5
like "by SOURCE's name" "$(cat "$ERR")" 'column "payer" of table .*orders.* looks like a reference'

both_histories
at $T "DELETE FROM orders WHERE id = 3; DELETE FROM members WHERE id = 3"
rm -f "$CASE"
plan four newest:upd
is "newest: planned" "$RC" 0
rep_is 0 "applied" apply --yes --case "$CASE" four "$DST"
is "the newer row is there" "$(people)" "m1 new m2 y m3 z m4 z"

# the counter's column in other letters: a live reference into the block of new ids is seen
fresh a$T "$DB"
rm -f "$CASE"
at a "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, created DATETIME)"
at $T "CREATE TABLE members (ID INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, created DATETIME)"
at a$T "INSERT INTO members VALUES (1, 'm1', '2026-01-01');
    CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT, created DATETIME); INSERT INTO orders VALUES (1, 1, '2026-01-01')"
at a "INSERT INTO members VALUES (2, 'm2', '2026-03-01')"
at $T "INSERT INTO members VALUES (2, 'x2', '2026-03-01')"
cat >ini <<INI
[table $DB.members]
identity = mobile
time-column = created
[table $DB.orders]
identity = none
time-column = created
reference = member_id -> $DB.members.id
INI
plan five merge --split-at 2026-02-01
is "other letters: planned" "$RC" 0
ID=$(jq -r '.rows.tables[] | select(.target_table | endswith("members")) | .first_id' five/plan.json)
on "INSERT INTO orders VALUES (2, $ID, NOW())"
rep_is 5 "refused while a live row refers to the id" apply --yes --case "$CASE" five "$DST"
like "named" "$(cat "$ERR")" "reference .*orders.member_id\" has come to $ID"
on "DELETE FROM orders WHERE id = 2"
rep_is 0 "applied when it does not" apply --yes --case "$CASE" five "$DST"
finish
