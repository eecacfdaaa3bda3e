#!/bin/bash
# repair_ancestors.sh: whom rows belong to over rows that are equal on both sides, in tables that
# the run did not compare: backfill, newest and mirror put nobody's row below somebody else, however
# many tables lie between, by keys and other columns, declared and by foreign key, in circles and
# in other databases.  Each item says where it belongs: `no` names those that have to wait.
# $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
MORE=${DB}_more
SRC=$(uri a "$DB,$MORE") DST=$(uri $T "$DB,$MORE") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# Outside: clubs and members, who lead to each other; carts, which nothing but their number names.
# Orders are equal on both sides, and so is all that is not one of the few people below.
world() {
    fresh a$T "$DB"
    fresh a$T "$MORE"
    rm -rf "$CASE" plan
    at a$T "CREATE TABLE clubs (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, chair INT, KEY (chair));
        CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, code VARCHAR(9) UNIQUE,
            country CHAR(2), no INT, club INT, seen INT, UNIQUE (country, no), FOREIGN KEY (club) REFERENCES clubs (id));
        CREATE TABLE \`$MORE\`.carts (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, total INT);
        CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, member INT, code VARCHAR(9),
            country CHAR(2), no INT, text VARCHAR(20), owner_type VARCHAR(9), owner INT, cart INT, KEY (code),
            FOREIGN KEY (member) REFERENCES members (id), FOREIGN KEY (country, no) REFERENCES members (country, no),
            FOREIGN KEY (cart) REFERENCES \`$MORE\`.carts (id));
        CREATE TABLE boxes (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, order_id INT NOT NULL,
            FOREIGN KEY (order_id) REFERENCES orders (id));
        CREATE TABLE items (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, box INT NOT NULL, seen INT, cart INT,
            FOREIGN KEY (box) REFERENCES boxes (id), CONSTRAINT to_cart FOREIGN KEY (cart) REFERENCES \`$MORE\`.carts (id))"
    # 17: another person; 18: the same with another time; 19: equal, in another club; 20: equal
    at a "INSERT INTO clubs VALUES (1, 'red', 19), (2, 'blue', 20), (3, 'gold', 18); INSERT INTO \`$MORE\`.carts VALUES (1, 10), (2, 20);
        INSERT INTO members VALUES (17, 'alice', 'A', 'at', 1, NULL, 1), (18, 'dora', 'D', 'at', 2, NULL, 1), (19, 'emil', 'E', 'at', 3, 1, 1),
            (20, 'fred', 'F', 'at', 4, 2, 1), (21, 'carl', 'C', 'at', 5, NULL, 1)"
    at $T "INSERT INTO clubs VALUES (1, 'green', 19), (2, 'blue', 20), (3, 'gold', 18); INSERT INTO \`$MORE\`.carts VALUES (1, 10), (2, 99);
        INSERT INTO members VALUES (17, 'bob', 'B', 'at', 6, NULL, 2), (18, 'dora', 'D', 'at', 2, NULL, 2), (19, 'emil', 'E', 'at', 3, 1, 1),
            (20, 'fred', 'F', 'at', 4, 2, 1), (22, 'zoe', 'C', 'at', 5, NULL, 2)"
    local order id=0 orders=
    for order in "1, 'no key', 17" "2, 'time', 18" "3, 'no club', 19" "4, 'club', 20" "5, 'nobody'" "6, 'no code', NULL, 'C'" "7, 'code', NULL, 'F'" \
        "8, 'no pair', NULL, NULL, 'at', 5" "9, 'pair', NULL, NULL, 'at', 4" "10, 'half', NULL, NULL, 'at'" "11, 'no text', NULL, NULL, NULL, NULL, '017'" \
        "12, 'text', NULL, NULL, NULL, NULL, ' 18'" "13, 'no type', NULL, NULL, NULL, NULL, NULL, 'member', 17" \
        "14, 'type', NULL, NULL, NULL, NULL, NULL, 'shop', 17" "15, 'no cart', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2" \
        "16, 'cart', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1"; do
        id=$((id + 1))
        while [ "$(tr -cd , <<<"$order" | wc -c)" -lt 9 ]; do order+=', NULL'; done
        orders+="${orders:+, }($order)"
    done
    at a$T "INSERT INTO orders VALUES $orders; INSERT INTO boxes SELECT id, name, id FROM orders"
    # 100 stands on both sides; 101 and 102 have their carts themselves
    at a "INSERT INTO items SELECT id, name, id, 2, NULL FROM boxes; INSERT INTO items VALUES (100, 'no older', 1, 2, NULL), (101, 'no total', 4, 2, 2), (102, 'total', 4, 2, 1)"
    at $T "INSERT INTO items VALUES (100, 'no older', 1, 1, NULL)"
    cat >ini <<INI
[table $DB.members]
identity = name
[table $DB.clubs]
identity = name
reference = chair -> $DB.members.id
[table $DB.orders]
reference = code -> $DB.members.code
reference = text -> $DB.members.id
reference = owner -> $DB.members.id when owner_type = 'member'
INI
}
copied() { # copied POLICY CHECK-ARGS…: plans and applies; names of items that wait, and of those that should not be there
    local policy=$1 bad
    shift
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q "$@" >"$OUT" 2>"$ERR"
    rep plan --policy "$policy" --config ini --case "$CASE" --output plan
    [ "$RC" -eq 1 ] || echo "plan $RC: $(cat "$ERR")"
    tail -n +2 plan/conflicts.csv | sed "s/^$DB\.//" | cut -d, -f1,2,5 | xargs
    rep apply --yes --case "$CASE" plan "$DST"
    bad=$(on "SELECT name FROM items WHERE name LIKE 'no %' AND seen = 2")
    [ -z "$bad" ] || echo "written below somebody else: $bad"
    bad=$(at a "SELECT name FROM items WHERE name NOT LIKE 'no %'" | sort | comm -23 - <(on "SELECT name FROM items" | sort))
    [ -z "$bad" ] || echo "left out: $bad"
}
WAIT=$(for i in 1 3 6 8 11 13 15; do echo "items,$i,parent-differs"; done | xargs)
TOTAL=items,101,parent-differs
PEOPLE=(--exclude "$DB.members" --exclude "$DB.clubs" --exclude "$MORE.carts")

world
is "backfill, with all of them in the run" "$(copied backfill | grep -o 'items,.*')" "$WAIT items,100,changed $TOTAL"
world
is "backfill, people beyond the run" "$(copied backfill "${PEOPLE[@]}")" "$WAIT items,100,changed $TOTAL"
world
is "backfill, three tables beyond the run" "$(copied backfill --tables "$DB.items")" "$WAIT items,100,changed $TOTAL"
world
is "newest" "$(copied newest:seen "${PEOPLE[@]}")" "$WAIT items,100,parent-differs $TOTAL"
world
is "mirror" "$(copied mirror "${PEOPLE[@]}")" "$WAIT items,100,parent-differs $TOTAL"

# People are who they are, whatever club they are in.
world
sed -i "2s/\$/\nsubject = yes/" ini
is "members are people" "$(copied backfill "${PEOPLE[@]}")" "items,1,parent-differs items,6,parent-differs items,8,parent-differs items,11,parent-differs items,13,parent-differs items,15,parent-differs items,100,changed items,101,parent-differs
written below somebody else: no club"

# Who was to become SOURCE's and cannot, stays: what is below him on the lost side waits.
fresh a$T "$DB"
rm -rf "$CASE" plan
at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, note VARCHAR(20));
    CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, member INT, FOREIGN KEY (member) REFERENCES members (id));
    CREATE TABLE items (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE, box INT NOT NULL, seen INT, FOREIGN KEY (box) REFERENCES orders (id))"
at a "INSERT INTO members VALUES (17, 'alice', 'too long a text'), (18, 'dora', 'short')"
printf '[table %s.members]\nidentity = name\n' "$DB" >ini
at $T "ALTER TABLE members MODIFY note VARCHAR(5); INSERT INTO members VALUES (17, 'bob', 'x'), (18, 'zoe', 'x')"
at a$T "INSERT INTO orders VALUES (5, 'five', 17), (6, 'six', 18)"
at a "INSERT INTO items VALUES (9, 'no text', 5, 2), (10, 'text', 6, 2)"
is "mirror, where a person stays" "$(copied mirror)" "members,17,does-not-fit items,9,parent-differs"

# Of a database that no URI names nothing can be read: refused where a row hangs on it.
world
SRC=$(uri a "$DB") DST=$(uri $T "$DB")
at a$T "ALTER TABLE items DROP FOREIGN KEY to_cart, DROP COLUMN cart"
copied backfill --tables "$DB.items" >"$IT_TMP/said" 2>&1
like "refused, and why" "$(xargs -d '\n' <"$IT_TMP/said")" "plan 5: .*\"$DB.orders\" refers to \"$MORE.carts\", .* not named by the URI"
at a$T "UPDATE orders SET cart = NULL WHERE id = 16"
at a "DELETE FROM items WHERE box = 15 OR id > 100"
is "nothing hangs on it: planned" "$(copied backfill --tables "$DB.items")" "${WAIT% items,15*} items,100,changed"
finish
