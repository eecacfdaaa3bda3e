#!/bin/bash
# check_lineage.sh: whom a differing row belongs to: the references of each side are followed up
# to the person whom that side means.  tests/it/ways.sql explains the notation.

. "$(dirname "$0")/lib.sh"
begin
CASE=$IT_TMP/case INI=$IT_TMP/ini
people() { # people DESCRIPTION ARGS…: a run with a case of its own, exit code 1
    local desc=$1
    shift
    rm -f "$CASE"*
    check_is 1 "$desc" --case "$CASE" "$@"
    is "$desc: recorded" "$(ask_case "SELECT kin_done, finished FROM run")" "1|1"
}

# A deep chain of which only the last link differs; and orders whose person differs.
at ab "
CREATE TABLE members (id INT PRIMARY KEY AUTO_INCREMENT, mobile VARCHAR(20) NOT NULL UNIQUE, inviter_id INT,
    created_at DATETIME, FOREIGN KEY (inviter_id) REFERENCES members (id));
CREATE TABLE orders (id INT PRIMARY KEY, no VARCHAR(9) NOT NULL UNIQUE, member_id INT, updated_at TIMESTAMP DEFAULT
    CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, FOREIGN KEY (member_id) REFERENCES members (id));
CREATE TABLE \`lines\` (id INT PRIMARY KEY, order_id INT NOT NULL, FOREIGN KEY (order_id) REFERENCES orders (id));
CREATE TABLE shipments (id INT PRIMARY KEY, line_id INT NOT NULL, v INT, born TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (line_id) REFERENCES \`lines\` (id));
INSERT INTO members VALUES (1, 'm1', NULL, '2026-01-01'), (2, 'm2', 1, '2026-01-02'), (3, 'm3', 2, '2026-01-03'),
    (4, 'm4', NULL, '2026-01-04');
INSERT INTO orders VALUES (6, 'n6', 3, '2026-02-01'), (8, 'n8', 1, '2026-02-01'), (9, 'n9', NULL, '2026-02-01');
INSERT INTO \`lines\` VALUES (4, 6), (14, 9);
INSERT INTO shipments VALUES (1, 4, 1, '2026-02-01'), (2, 4, 1, '2026-02-01'), (3, 14, 1, '2026-02-01')"
at a "INSERT INTO orders VALUES (7, 'n7', 1, '2026-02-01')"
at b "INSERT INTO orders VALUES (7, 'other', 2, '2026-02-01')"
at ab "INSERT INTO \`lines\` VALUES (5, 7); INSERT INTO shipments VALUES (9, 5, 1, '2026-02-01')"
at b "UPDATE shipments SET v = 2 WHERE id IN (1, 3, 9); UPDATE members SET mobile = 'm4b' WHERE id = 4;
    INSERT INTO orders VALUES (10, 'n10', 4, '2026-02-01'); ALTER TABLE members AUTO_INCREMENT = 100"
people "a deep chain"
ways_are "deep: over equal rows, and over a collision to two people" shipments 'source shipments:1! > lines:4 > orders:6 > members:3
target shipments:1! > lines:4 > orders:6 > members:3
source shipments:3! > lines:14 > orders:9
target shipments:3! > lines:14 > orders:9
source shipments:9! > lines:5 > orders:7! > members:1
target shipments:9! > lines:5 > orders:7! > members:2'
ways_are "deep: an order of another person" orders 'source orders:7! > members:1
target orders:7! > members:2
target orders:10! > members:4!'
ways_are "deep: a person's references are not followed" members ''
is "deep: each ancestor once a side" \
    "$(ask_case "SELECT side, t.name, count(*) FROM ancestor a JOIN tbl t ON t.id = a.tbl GROUP BY 1, 2")" \
    "0|$DB.lines|3
0|$DB.members|2
0|$DB.orders|2
1|$DB.lines|3
1|$DB.members|2
1|$DB.orders|2"
is "deep: the people are inferred" "$(ask_case "SELECT name, subject FROM tbl WHERE subject > 0")" "$DB.members|2"
is "deep: when rows were created" \
    "$(ask_case "SELECT substr(t.name, instr(t.name, '.') + 1), c.name FROM tbl t LEFT JOIN col c ON c.tbl = t.id AND c.at = t.time_at ORDER BY 1")" \
    "lines|
members|created_at
orders|
shipments|born"
is "deep: the graph" "$(ask_case "SELECT t.name, r.parent_name, r.declared FROM reference r JOIN tbl t ON t.id = r.tbl ORDER BY r.id" | sed "s/$DB\.//g")" \
    "lines|orders|1
members|members|1
orders|members|1
shipments|lines|1"
is "deep: the counters of both sides" "$(ask_case "SELECT col, source_next, source_greatest, target_next, target_greatest FROM counter")" \
    "id|5|4|100|4"
is "deep: identities are canonical" "$(ask_case "SELECT count(DISTINCT identity) FROM ancestor a JOIN tbl t ON t.id = a.tbl
    WHERE t.name = '$DB.members' AND identity IS NOT NULL")" 3
check_is 1 "the same by the server's digests" --case "$CASE" --digest server --threads 1
is "the same by the server's digests: a second run of the case has ways of its own" "$(ways shipments | grep -c members)" 4
is "the same by the server's digests: nothing of the first is lost" "$(ask_case "SELECT count(*) FROM ancestor" )" 28

# The configuration says who the people are.
printf '%s\n' "[table $DB.orders]" "subject = yes" "[table $DB.shipments]" "time-column = born" "mask = v" >"$INI"
people "configured people" --config "$INI"
ways_are "configured people: nothing above them" shipments 'source shipments:1! > lines:4 > orders:6
target shipments:1! > lines:4 > orders:6
source shipments:3! > lines:14 > orders:9
target shipments:3! > lines:14 > orders:9
source shipments:9! > lines:5 > orders:7!
target shipments:9! > lines:5 > orders:7!'
ways_are "configured people: not from them either" orders ''
is "configured people: subject" "$(ask_case "SELECT name, subject FROM tbl WHERE subject > 0")" "$DB.orders|1"
is "configured people: masked" "$(ask_case "SELECT name, masked FROM col WHERE masked")" "v|1"

# A second root: nobody is inferred, every reference is followed to its end.
at ab "CREATE TABLE items (id INT PRIMARY KEY, sku VARCHAR(9) NOT NULL UNIQUE); INSERT INTO items VALUES (1, 's1');
    ALTER TABLE shipments ADD item_id INT NOT NULL DEFAULT 1, ADD FOREIGN KEY (item_id) REFERENCES items (id)"
people "two candidates"
is "two candidates: nobody is inferred" "$(ask_case "SELECT count(*) FROM tbl WHERE subject > 0")" 0
ways_are "two candidates: followed to the end" shipments 'source shipments:1! > items:1
target shipments:1! > items:1
source shipments:1! > lines:4 > orders:6 > members:3 > members:2 > members:1
target shipments:1! > lines:4 > orders:6 > members:3 > members:2 > members:1
source shipments:3! > items:1
target shipments:3! > items:1
source shipments:3! > lines:14 > orders:9
target shipments:3! > lines:14 > orders:9
source shipments:9! > items:1
target shipments:9! > items:1
source shipments:9! > lines:5 > orders:7! > members:1
target shipments:9! > lines:5 > orders:7! > members:2 > members:1'

# Tables that the run leaves out.
people "orders left out" --exclude orders
ways_are "orders left out: as far as it is known" shipments 'source shipments:1! > items:1
target shipments:1! > items:1
source shipments:1! > lines:4
target shipments:1! > lines:4
source shipments:3! > items:1
target shipments:3! > items:1
source shipments:3! > lines:14
target shipments:3! > lines:14
source shipments:9! > items:1
target shipments:9! > items:1
source shipments:9! > lines:5
target shipments:9! > lines:5'
is "orders left out: where it would have led" "$(ask_case "SELECT parent_name, quote(parent) FROM reference r JOIN tbl t ON t.id = r.tbl WHERE t.name = '$DB.lines'")" "$DB.orders|NULL"
at ab "DROP TABLE shipments, items, \`lines\`, orders, members"

# References of every kind; who refers to whom stands in the configuration.
at ab "
CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE);
CREATE TABLE comments (id INT PRIMARY KEY, parent_id INT, member_id INT, v INT);
CREATE TABLE carts (a INT, b INT, member_id INT, PRIMARY KEY (a, b));
CREATE TABLE cart_items (id INT PRIMARY KEY, b INT, a INT, v INT, FOREIGN KEY (a, b) REFERENCES carts (a, b));
CREATE TABLE logins (id INT PRIMARY KEY, mobile VARCHAR(20), v INT);
CREATE TABLE shops (code VARCHAR(9) PRIMARY KEY, member_id INT, v INT);
CREATE TABLE visits (id INT PRIMARY KEY, code CHAR(9), v INT);
CREATE TABLE notes (id INT PRIMARY KEY, owner_type ENUM('member', 'shop', 'other'), owner VARCHAR(20), owner_id INT, v INT);
CREATE TABLE wallet (member_id INT, v INT);
CREATE TABLE wallet_notes (id INT PRIMARY KEY, v INT, wv INT);
CREATE TABLE visits_by_year (id INT, y INT, member_id INT, v INT, PRIMARY KEY (id, y)) PARTITION BY HASH (y) PARTITIONS 3;
CREATE TABLE many (id INT PRIMARY KEY, town VARCHAR(9), v INT);
CREATE TABLE towns (id INT PRIMARY KEY, town VARCHAR(9), member_id INT);
CREATE TABLE big (id BIGINT UNSIGNED PRIMARY KEY, member_id BIGINT UNSIGNED, v INT);
INSERT INTO members VALUES (1, 'm1'), (2, 'm2'), (3, 'm3'), (4, 'M4 ');
INSERT INTO comments VALUES (1, 3, NULL, 1), (2, 1, 1, 1), (3, 2, NULL, 1), (4, 4, NULL, 1), (5, NULL, NULL, 1);
INSERT INTO carts VALUES (1, 2, 1), (2, 1, 2);
INSERT INTO cart_items VALUES (1, 2, 1, 1), (2, 1, 2, 1), (3, NULL, 2, 1);
INSERT INTO logins VALUES (1, 'm1', 1), (2, 'M2', 1), (3, 'm3  ', 1), (4, 'nobody', 1), (5, NULL, 1), (6, 'm4', 1);
INSERT INTO visits VALUES (1, 'a', 1), (2, 'A', 1), (3, 'B', 1), (4, 'b', 1), (5, 'C', 1);
INSERT INTO notes VALUES (1, 'member', 'm1', 1, 1), (2, 'shop', 'a', 3, 1), (3, 'other', 'm2', 2, 1), (4, NULL, 'm2', 2, 1),
    (5, 'member', 'nobody', 77, 1);
INSERT INTO wallet VALUES (1, 1), (1, 1), (2, 1), (NULL, 1), (99, 1);
INSERT INTO wallet_notes VALUES (1, 1, 50), (2, 1, 60);
INSERT INTO visits_by_year VALUES (1, 3, 1, 1), (1, 4, 2, 1);
INSERT INTO many VALUES (1, 'Rome', 1), (2, 'Oslo', 1);
INSERT INTO towns VALUES (1, 'Rome', 1), (2, 'rome', 2), (3, 'Bonn', 3);
INSERT INTO big VALUES (1, 3, 1), (18446744073709551615, 18446744073709551615, 1)"
at a "INSERT INTO shops VALUES ('a', 1, 1), ('B', 2, 1), ('c', 3, 1); INSERT INTO wallet VALUES (3, 50), (3, 60)"
at b "INSERT INTO shops VALUES ('A', 1, 1), ('b', 2, 2), ('c', 3, 1); INSERT INTO wallet VALUES (2, 50), (3, 60);
    UPDATE comments SET v = 2; UPDATE cart_items SET v = 2; UPDATE logins SET v = 2; UPDATE visits SET v = 2; UPDATE notes SET v = 2;
    DELETE FROM wallet WHERE v = 1; UPDATE visits_by_year SET v = 2; UPDATE many SET v = 2; UPDATE big SET v = 2;
    UPDATE wallet_notes SET v = 2"
cat >"$INI" <<END
[table $DB.members]
subject = yes
[table $DB.*]
reference = member_id -> $DB.members.id
reference = owner_id -> $DB.members.id when owner_type <> 'other' AND owner_id < 50 # as it was
reference = mobile -> $DB.members.mobile when no_such_column = 1
[table $DB.logins]
reference = none: mobile
[table $DB.members]
reference = none: mobile
[table $DB.logins]
reference = mobile -> $DB.members.mobile
[table $DB.comments]
reference = parent_id -> $DB.comments.id
[table $DB.visits]
reference = code -> $DB.shops.code
[table $DB.notes]
reference = owner -> $DB.members.mobile when owner_type = 'member' -- and nobody else
reference = owner -> $DB.shops.code when owner_type = 'shop'
[table $DB.wallet_notes]
reference = wv -> $DB.wallet.v
[table $DB.many]
reference = town -> $DB.towns.town
END
people "configured references" --config "$INI"
ways_are "comments: to themselves and round in circles" comments "$(
    for side in source target; do
        printf "$side %s\n" "comments:1! > comments:3! > comments:2! > members:1" "comments:2! > members:1" \
            "comments:2! > comments:1! > comments:3!" "comments:3! > comments:2! > members:1" \
            "comments:3! > comments:2! > comments:1!"
    done)"
ways_are "cart_items: a foreign key of two columns, a NULL in one" cart_items "$(
    for side in source target; do
        printf "$side %s\n" "cart_items:1! > carts:1,2 > members:1" "cart_items:2! > carts:2,1 > members:2"
    done)"
ways_are "logins: by a UNIQUE column, as the collation says; nobody; NULL" logins "$(
    for side in source target; do
        printf "$side %s\n" "logins:1! > members:1" "logins:2! > members:2" "logins:3! > members:3" \
            "logins:4! > nobody" "logins:6! > members:4"
    done)"
ways_are "visits: a text key in two spellings is one shop" visits "$(
    for side in source target; do
        printf "$side %s\n" "visits:1! > shops:a! > members:1" "visits:2! > shops:a! > members:1" \
            "visits:3! > shops:B! > members:2" "visits:4! > shops:B! > members:2" "visits:5! > shops:c > members:3"
    done)"
ways_are "notes: by condition, by ENUM" notes "$(
    for side in source target; do
        printf "$side %s\n" "notes:1! > members:1" "notes:2! > shops:a! > members:1" "notes:2! > members:3" \
            "notes:5! > nobody"
    done)"
is "notes: conditions are kept" "$(ask_case "SELECT condition FROM reference WHERE condition LIKE '%--%'")" \
    "owner_type = 'member' -- and nobody else"
ways_are "wallet: rows without a key" wallet 'source wallet:row! > members:1
source wallet:row! > members:2
source wallet:row! > members:3
source wallet:row! > nobody
target wallet:row! > members:2'
ways_are "wallet_notes: to a row without a key, which is a finding or not" wallet_notes 'source wallet_notes:1! > wallet:row! > members:3
target wallet_notes:1! > wallet:row! > members:2
source wallet_notes:2! > wallet:row > members:3
target wallet_notes:2! > wallet:row > members:3'
ways_are "visits_by_year: partitions" visits_by_year "$(
    for side in source target; do
        printf "$side %s\n" "visits_by_year:1,3! > members:1" "visits_by_year:1,4! > members:2"
    done)"
ways_are "many: to a column that is not unique" many "$(
    for side in source target; do
        printf "$side %s\n" "many:1! > towns:1 > members:1" "many:1! > towns:2 > members:2" "many:2! > nobody"
    done)"
ways_are "big: unsigned to signed, to 2^64-1" big "$(
    for side in source target; do
        printf "$side %s\n" "big:1! > members:3" "big:65535! > nobody"
    done)"

# MariaDB against MySQL: keys of text are joined on disk.
if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    { echo "SET foreign_key_checks = 0;"; mariadb-dump --no-defaults -h 127.0.0.1 -P "$(sed -E 's/.*:([0-9]+).*/\1/' <<<"$MR_B_URI")" -u root \
        --skip-comments --compact "$DB" members shops visits notes logins cart_items carts comments; } |
        sed 's/ENGINE=InnoDB.*;/ENGINE=InnoDB;/; s/COLLATE[ =][a-z0-9_]*//' | client o -D "$DB" || bail "no copy"
    DST=$(uri o "$DB")
    sed -i '/wallet_notes\]/,$d' "$INI"
    people "MariaDB against MySQL" --config "$INI" --tables members --tables shops --tables visits --tables notes \
        --tables logins --tables carts --tables cart_items --tables comments
    is "MariaDB against MySQL: shops are joined on disk" "$(ask_case "SELECT count(*) FROM chunk c JOIN tbl t ON t.id = c.tbl WHERE t.name = '$DB.shops'")" 0
    ways_are "MariaDB against MySQL: visits" visits "$(
        for side in source target; do
            printf "$side %s\n" "visits:1! > shops:a! > members:1" "visits:2! > shops:a! > members:1" \
                "visits:3! > shops:B! > members:2" "visits:4! > shops:B! > members:2" "visits:5! > shops:c > members:3"
        done)"
    ways_are "MariaDB against MySQL: logins" logins "$(
        for side in source target; do
            printf "$side %s\n" "logins:1! > members:1" "logins:2! > members:2" "logins:3! > members:3" \
                "logins:4! > nobody" "logins:6! > members:4"
        done)"
    ways_are "MariaDB against MySQL: notes" notes "$(
        for side in source target; do
            printf "$side %s\n" "notes:1! > members:1" "notes:2! > shops:a! > members:1" "notes:2! > members:3" \
                "notes:5! > nobody"
        done)"
    DST=$(uri b "$DB")
else
    skip "MariaDB against MySQL" "no MySQL 9"
fi

# Slips in the configuration are said before a row is read.
slip() { # slip DESCRIPTION LINES REGEX
    printf '%s\n' "$2" >"$INI"
    rm -f "$CASE"*
    run_check "$SRC" "$DST" --case "$CASE" --config "$INI"
    is "$1: exits 3" "$RC" 3
    like "$1: says why" "$(cat "$ERR")" "$3"
    is "$1: no row was read" "$(ask_case "SELECT count(*) FROM chunk" 2>&1 |
        sed -E 's/.*(no such table|unable to open).*/0/')" 0
}
slip "no such column" "[table $DB.logins]
reference = nobody -> $DB.members.id" 'nobody -> .*no such column'
slip "no such parent column" "[table $DB.logins]
reference = v -> $DB.members.nobody" 'referenced table has no such column'
slip "no such table" "[table $DB.logins]
reference = v -> $DB.nobody.id" 'does not exist'
slip "other types" "[table $DB.logins]
reference = id -> $DB.members.mobile" 'different types'
slip "a condition that no server understands" "[table $DB.notes]
reference = owner_id -> $DB.members.id when owner_typ = 'member'" 'owner_typ'
slip "a condition that is no SQL" "[table $DB.notes]
reference = owner_id -> $DB.members.id when owner_type ==== 'member'" 'reference .*(syntax|near)'
slip "a condition left open" "[table $DB.notes]
reference = owner_id -> $DB.members.id when owner_type = (" 'reference.*a parenthesis without its end'
slip "a time column that is none" "[table $DB.notes]
time-column = v" 'time column "v"'
finish
