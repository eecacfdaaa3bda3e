#!/bin/bash
# repair_undo_parents.sh: undo puts no row back below somebody who is gone by now, or below
# somebody else who has come under his key, where no foreign key sees to that; it names the row,
# and all else is taken back.  By the program and by the stock client; every row of TARGET is
# compared.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# TARGET alone has 3, with order 15; orders 11 to 14, of which 14 leads to nobody; its order 1 is of
# 2, not of 1, and its order 2 has another text.  The remark 21 is about order 12, 22 about 2.
world() { # world [SQL on TARGET [SQL between plan and apply [SQL on SOURCE [SQL on either]]]]
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(9) NOT NULL UNIQUE, at DATETIME NOT NULL);
        CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, no VARCHAR(9) NOT NULL UNIQUE, member INT NULL, what VARCHAR(9));
        CREATE TABLE remarks (id INT AUTO_INCREMENT PRIMARY KEY, kind VARCHAR(9) NOT NULL, about INT NOT NULL);
        CREATE TABLE notes (about INT NOT NULL, what VARCHAR(9));
        INSERT INTO members VALUES (1, 'm1', '2026-01-01'), (2, 'm2', '2026-01-02');
        INSERT INTO orders VALUES (1, 'o1', 1, 'tea'), (2, 'o2', 2, 'tea');
        ${4:-}"
    at $T "INSERT INTO members VALUES (3, 'm3', '2026-01-03');
        UPDATE orders SET member = 2 WHERE id = 1; UPDATE orders SET what = 'milk' WHERE id = 2;
        INSERT INTO orders VALUES (11, 'o11', 1, ''), (12, 'o12', 2, ''), (13, 'o13', 2, ''), (14, 'o14', 99, ''), (15, 'o15', 3, '');
        INSERT INTO remarks VALUES (21, 'order', 12), (22, 'member', 2); ${1:-}"
    [ -z "${3:-}" ] || at a "$3"
    printf '[table %s.members]\nidentity = mobile\nsubject = yes\ntime-column = at\n[table %s.orders]\nreference = member -> %s.members.id\n' "$DB" "$DB" "$DB" >ini
    printf '[table %s.notes]\nreference = about -> %s.members.id\n' "$DB" "$DB" >>ini
    printf '[table %s.remarks]\nreference = about -> %s.members.id when kind = '"'member'"'\nreference = about -> %s.orders.id when kind = '"'order'"'\n' "$DB" "$DB" "$DB" >>ini
    rm -rf dir "$CASE"
    BEFORE=$(rows)
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy mirror --allow-deletes "$(on "SELECT COUNT(*) FROM members WHERE id > 2")" --config ini --case "$CASE" --output dir
    [ "$RC" -le 1 ] || bail "no plan: $(tail -n 2 "$ERR" | xargs)"
    [ -z "${2:-}" ] || on "$2"
    rep apply --yes --case "$CASE" dir "$DST"
    DONE=$(rows)
}
rows() {
    on "SELECT 'member', id, mobile FROM members WHERE id < 1000 UNION ALL SELECT 'order', id, CONCAT(member, ' ', IF(what = '', '-', what)) FROM orders WHERE id < 1000
        UNION ALL SELECT 'remark', id, about FROM remarks UNION ALL SELECT 'note', about, what FROM notes ORDER BY 1, 2" | tr '\t' ' '
}
undo() { # undo program|client
    if [ "$1" = program ]; then
        rep undo --yes --json --case "$CASE" dir "$DST"
    else
        client $T -D "$DB" --force -N <dir/undo.sql >"$OUT" 2>"$ERR"
        RC=-
    fi
}
named() { # the rows that it says are not put back, for that reason
    tr '\t' ' ' <"$OUT" | grep 'is gone, or somebody else' | grep -oE "(orders|remarks)\"?[^0-9]+[0-9]+" | sed -E 's/[^a-z0-9]+[a-z":, ]*/ /' | sort -u | xargs
}
KEPT="member 1 m1
member 3 m3
order 1 1 tea
order 2 2 milk
order 11 1 -
order 15 3 -"

for by in program client; do
    world
    is "$by: the mirror is applied" "$RC $DONE" "0 member 1 m1
member 2 m2
order 1 1 tea
order 2 2 tea"
    [ $by = client ] || rep_is 0 "$by: all would go back" undo --dry-run --case "$CASE" dir "$DST"

    # ---- member 2 is gone; 99, who was nobody, has come
    on "DELETE FROM members WHERE id = 2; INSERT INTO members VALUES (99, 'm99', '2026-05-05')"
    undo $by
    is "$by: what was of 2 is not put back, nor what was of nobody" "$(rows | grep -v 'member 99')" "$KEPT"
    is "$by: each is named" "$(named)" "orders 1 orders 12 orders 13 orders 14 remarks 22"
    [ $by = client ] || is "exit 1" "$RC" 1

    # ---- somebody else is 2
    on "INSERT INTO members VALUES (2, 'm22', '2026-05-05'); DELETE FROM members WHERE id = 99"
    undo $by
    is "$by: nor below somebody else" "$(rows | grep -v 'member 2 ')" "${KEPT/order 15/order 14 99 -
order 15}"

    # ---- 2 has come back, and has another number
    on "UPDATE members SET at = '2026-01-02' WHERE id = 2"
    undo $by
    is "$by: somebody who was edited is he" "$(rows)" "${BEFORE/member 2 m2/member 2 m22}"
    [ $by = client ] || is "all is taken back" "$RC" 0
done

# ---- nobody was 1 but in the plan, which restores him: what was his goes back to nobody, but not to
# somebody else who has come since
for by in program client; do
    world "DELETE FROM members; DELETE FROM orders WHERE id <> 2; UPDATE orders SET member = 1; DELETE FROM remarks; DELETE FROM notes;
        INSERT INTO orders VALUES (11, 'o11', 1, ''), (12, 'o12', 77, ''); INSERT INTO notes VALUES (1, 'old')" "" "" "INSERT INTO notes VALUES (2, 'new')"
    is "$by: applied" "$RC $(wc -l <<<"$DONE")" "0 5"
    undo $by
    is "$by: what led to nobody does so again" "$(rows)" "$BEFORE"
    rep apply --yes --case "$CASE" dir "$DST"
    on "UPDATE members SET mobile = 'm11', at = '2026-05-05' WHERE id = 1"
    undo $by
    is "$by: it is not put below somebody else" "$(rows)" "member 1 m11
member 2 m2
note 2 new
order 2 2 tea
order 12 77 -"
    is "$by: and is named" "$(named)" "orders 11 orders 2"
    on "DELETE FROM members"
    undo $by
    is "$by: but once he is gone" "$(rows)" "$BEFORE"
done

# ---- below a row that apply has left out, since the live side had changed it
for gone in '' 'DELETE FROM orders WHERE id = 2'; do
    world "INSERT INTO remarks VALUES (1, 'order', 2)" "UPDATE orders SET what = 'rum' WHERE id = 2" "INSERT INTO remarks VALUES (1, 'order', 1)"
    is "order 2 is left out" "$RC $(grep -E 'order 2|remark' <<<"$DONE" | xargs)" "1 order 2 2 rum remark 1 1"
    [ -z "$gone" ] || on "$gone"
    undo program
    if [ -z "$gone" ]; then
        is "what the plan had led away from it is led back" "$RC $(rows)" "0 ${BEFORE/order 2 2 milk/order 2 2 rum}"
    else
        is "unless it is gone by now" "$RC $(named) $(rows)" "1 remarks 1 $(grep -v 'order 2 ' <<<"${BEFORE/remark 1 2/remark 1 1}")"
    fi
done

# ---- orders 1 and 2 make way for each other, by their numbers, and are led back on the way
for order in 1 2; do
    world "DELETE FROM members WHERE id = 3; DELETE FROM orders WHERE id > 2; DELETE FROM remarks; UPDATE orders SET no = CONCAT('x', id);
        UPDATE orders SET no = IF(id = 1, 'o2', 'o1'), member = IF(id = $order, 2, 1)" "" "" "UPDATE orders SET member = 1"
    on "DELETE FROM members WHERE id = 2"
    undo program
    is "order $order, which makes way, was of 2" "$RC $(named) $(rows | xargs)" "1 orders $order member 1 m1 order 1 1 tea order 2 1 tea"
done

# ---- the lost side leads to nobody, under a key that goes
world "UPDATE orders SET member = 2 WHERE id = 2" "" "" "UPDATE orders SET member = 3 WHERE id = 2"
is "applied, as it is there" "$RC $DONE" "0 member 1 m1
member 2 m2
order 1 1 tea
order 2 3 tea"
undo program
is "and taken back" "$RC $(rows)" "0 $BEFORE"

# ---- no time tells who 2 is
world "" "" "" "UPDATE members SET at = 0"
on "UPDATE members SET mobile = 'm22' WHERE id = 2"
undo program
is "where no time tells, who has another name is somebody else" "$RC $(named)" "1 orders 1 orders 12 orders 13 remarks 22"

# ---- of many units: parents that another one puts back
world "INSERT INTO members SELECT 1000 + seq.n, CONCAT('n', seq.n), '2026-01-04' FROM (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n FROM
    (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) a,
    (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) b,
    (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) c,
    (SELECT 0 AS d UNION ALL SELECT 1) e) seq; INSERT INTO orders SELECT id, mobile, 2999 + 1000 - id, '' FROM members WHERE id >= 1000"
is "applied, in several units" "$RC $(on "SELECT COUNT(*) FROM orders") $([ "$(grep -c '^-- unit' dir/undo.sql)" -gt 2 ] && echo several)" "0 2 several"
rep_is 0 "all would go back" undo --dry-run --case "$CASE" dir "$DST"
undo program
is "and does" "$RC $(on "SELECT COUNT(*), SUM(m.id IS NULL) FROM orders o LEFT JOIN members m ON m.id = o.member WHERE o.id >= 1000" | xargs)" "0 2000 0"

# ---- of many units: who is somebody else until his own unit is undone, and stays so where he was
# edited; who was nobody, and is there until then
many() { # many SQL-OF-TARGET SQL-OF-SOURCE SQL-OF-TARGET: 4,000 orders of TARGET alone
    fresh a$T "$DB"
    at a$T "CREATE TABLE people (id INT PRIMARY KEY, mobile VARCHAR(9) NOT NULL UNIQUE, at DATETIME NOT NULL, note VARCHAR(9) NULL);
        CREATE TABLE orders (id INT PRIMARY KEY, no VARCHAR(9) NOT NULL UNIQUE, person INT NULL)"
    at a "$2"
    at $T "$1; INSERT INTO orders (id, no) VALUES (1000, 'n')"
    for ((i = 1; i < 4000; i *= 2)); do at $T "INSERT INTO orders SELECT id + $i, CONCAT('n', id + $i), NULL FROM orders WHERE id >= 1000 AND id + $i < 5000"; done
    at $T "$3"
    printf '[table %s.people]\nidentity = mobile\ntime-column = at\n[table %s.orders]\nreference = person -> %s.people.id\n' "$DB" "$DB" "$DB" >ini
    rm -rf dir "$CASE"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --policy mirror --config ini --case "$CASE" --output dir
    rep apply --yes --case "$CASE" dir "$DST"
}
SUM="SELECT COUNT(*), COUNT(person), SUM(CRC32(CONCAT(id, no))) FROM orders"
many "INSERT INTO people VALUES (5, 'x', '2026-01-01', NULL)" "INSERT INTO people VALUES (5, 'y', '2026-02-02', NULL)" "UPDATE orders SET person = 5"
is "one has become another, and his orders are deleted" "$RC $(on "SELECT mobile FROM people; $SUM" | xargs)" "0 y 0 0 NULL"
on "UPDATE people SET note = 'z'"
undo program
is "edited since, he stays the other, and no order comes below him" "$RC $(sum .rows_refused) $(on "SELECT mobile FROM people; $SUM" | xargs)" "1 4001 y 0 0 NULL"
on "UPDATE people SET note = NULL"
rep_is 0 "else all would go back" undo --dry-run --case "$CASE" dir "$DST"
undo program
is "and does" "$RC $(on "SELECT mobile FROM people; SELECT COUNT(person) FROM orders" | xargs)" "0 x 4000"

PEOPLE="INSERT INTO people SELECT 10 + a.i + 10 * b.i + 100 * c.i, CONCAT('m', a.i, b.i, c.i), '2026-01-01', NULL FROM d a, d b, d c"
many "CREATE TABLE d (i INT)" "INSERT INTO people VALUES (5, 'x', '2026-01-01', NULL); CREATE TABLE d (i INT PRIMARY KEY); INSERT INTO d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9); $PEOPLE; DROP TABLE d; CREATE TABLE d (i INT)" \
    "UPDATE orders SET person = 5 WHERE id IN (1000, 3000, 4999)"
is "orders of nobody are deleted, who then comes" "$RC $(on "SELECT COUNT(*) FROM people; SELECT COUNT(*) FROM orders" | xargs)" "0 1001 0"
undo program
is "no order comes below him" "$(on "SELECT COUNT(*) FROM orders JOIN people ON person = people.id; SELECT COUNT(*) FROM people" | xargs)" "0 0"
undo program
is "when he is gone they all are there" "$RC $(on "SELECT COUNT(*) FROM people; SELECT COUNT(*), COUNT(person) FROM orders" | xargs)" "0 0 4000 3"
finish
