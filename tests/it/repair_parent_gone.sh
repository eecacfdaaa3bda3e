#!/bin/bash
# repair_parent_gone.sh: whom lost rows refer to is deleted on the live side between check and
# plan, or between plan and apply: their trees wait, and only these; nobody becomes an orphan,
# with and without foreign keys, by one column and by several, within a table and across
# databases; one decision restores or drops the tree.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
MORE=${DB}_more
DST=$(uri $T "$DB,$MORE") SRC=$(uri a "$DB,$MORE") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

numbers() { # numbers N: a table expression
    echo "(SELECT 10 * t.i + u.i + 1 AS n FROM (SELECT 0 i UNION SELECT 1 UNION SELECT 2 UNION SELECT 3) t,
        (SELECT 0 i UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
        UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) u) numbers WHERE n <= $1"
}

# Members 1..24, each on a plan of the other database; 9 invited 10, 8 invited 11.  Lost: an order
# with two lines of each of 1..20, a visit to each of three shops, member 25 whom 7 invited and 26
# on plan gold, with an order each.
world() { # world keys|none
    local fk=$1 ref='' shop='' plan='' order='' self=''
    if [ "$fk" = keys ]; then
        ref=", FOREIGN KEY (member_id) REFERENCES members (id)"
        order=", FOREIGN KEY (order_id) REFERENCES orders (id)"
        shop=", FOREIGN KEY (country, shop_no) REFERENCES shops (country, no)"
        plan=", FOREIGN KEY (plan) REFERENCES \`$MORE\`.plans (name)"
        self=", FOREIGN KEY (inviter) REFERENCES members (id)"
    fi
    fresh a$T "$DB"
    fresh a$T "$MORE"
    at a$T "CREATE TABLE \`$MORE\`.plans (name VARCHAR(20) NOT NULL PRIMARY KEY, price INT NOT NULL);
        INSERT INTO \`$MORE\`.plans VALUES ('basic', 1), ('gold', 9), ('old', 3);
        CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
            inviter INT NULL, plan VARCHAR(20) NOT NULL, created_at DATETIME NOT NULL, KEY (inviter), KEY (plan)$plan$self);
        CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, no VARCHAR(20) NOT NULL UNIQUE,
            created_at DATETIME NOT NULL, KEY (member_id)$ref);
        CREATE TABLE lines_of (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id INT NOT NULL, what VARCHAR(20) NOT NULL,
            created_at DATETIME NOT NULL, KEY (order_id)$order);
        CREATE TABLE shops (country CHAR(2) NOT NULL, no INT NOT NULL, city VARCHAR(20), PRIMARY KEY (country, no));
        CREATE TABLE visits (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, country CHAR(2) NULL, shop_no INT NULL,
            note VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME NOT NULL, KEY (country, shop_no)$shop);
        INSERT INTO members SELECT n, CONCAT('m', n), CASE n WHEN 10 THEN 9 WHEN 11 THEN 8 END, 'basic', '2026-01-01'
            FROM $(numbers 24) ORDER BY n;
        INSERT INTO orders SELECT n, 20 + n, CONCAT('base', n), '2026-01-01' FROM $(numbers 4);
        INSERT INTO lines_of SELECT n, n, 'base', '2026-01-01' FROM $(numbers 4);
        INSERT INTO shops VALUES ('de', 1, 'Bonn'), ('de', 2, 'Kiel'), ('fr', 1, 'Lyon');
        INSERT INTO visits VALUES (1, 'de', 2, 'base', '2026-01-01'), (2, NULL, NULL, 'nowhere', '2026-01-01')"
    at a "INSERT INTO members VALUES (25, 'lost25', 7, 'basic', '2026-02-02'), (26, 'lost26', NULL, 'gold', '2026-02-02');
        INSERT INTO orders SELECT 100 + n, n, CONCAT('lost', n), '2026-02-02' FROM $(numbers 20);
        INSERT INTO orders VALUES (125, 25, 'lost125', '2026-02-02'), (126, 26, 'lost126', '2026-02-02');
        INSERT INTO lines_of SELECT 100 + n, 100 + n, 'first', '2026-02-02' FROM $(numbers 20);
        INSERT INTO lines_of SELECT 200 + n, 100 + n, 'second', '2026-02-02' FROM $(numbers 20);
        INSERT INTO visits VALUES (11, 'de', 1, 'lost de1', '2026-02-02'), (12, 'de', 2, 'lost de2', '2026-02-02'),
            (13, 'fr', 1, 'lost fr1', '2026-02-02'), (14, 'de', NULL, 'lost nowhere', '2026-02-02')"
    {
        printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = created_at\n' "$DB"
        [ "$fk" = keys ] || printf 'reference = inviter -> %s.members.id\nreference = plan -> %s.plans.name\n' "$DB" "$MORE"
        printf '[table %s.orders]\ntime-column = created_at\n' "$DB"
        [ "$fk" = keys ] || printf 'reference = member_id -> %s.members.id\n' "$DB"
        printf '[table %s.lines_of]\nidentity = none\ntime-column = created_at\n' "$DB"
        [ "$fk" = keys ] || printf 'reference = order_id -> %s.orders.id\n' "$DB"
        printf '[table %s.visits]\nidentity = note\ntime-column = created_at\n' "$DB"
        [ "$fk" = keys ] || printf 'reference = country, shop_no -> %s.shops.country, no\n' "$DB"
    } >ini
    rm -f "$CASE"*
}
check() {
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    is "check finds what is lost" "$?" 1
}
plan() { # plan RC DESCRIPTION DIR ARGS…
    local rc=$1 desc=$2 dir=$3
    shift 3
    rm -rf "$dir"
    rep_is "$rc" "$desc" plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE" --output "$dir" "$@"
}
conflicts() { # conflicts DIR: who waits, and why
    python3 - "$1/conflicts.csv" <<'PY'
import csv, sys
for row in sorted(csv.DictReader(open(sys.argv[1])), key=lambda r: (r['kind'], r['table'].split('.')[1], r['source_key'])):
    print(row['kind'], row['table'].split('.')[1], row['source_key'])
PY
}
decided() { # decided DIR KEY…: each row's decision, and what of it the plan has filled in
    python3 - "$1/conflicts.csv" "${@:2}" <<'PY'
import csv, sys
for row in sorted(csv.DictReader(open(sys.argv[1])), key=lambda r: (r['table'], r['source_key'])):
    name = row['table'].split('.')[1]
    if row['source_key'] in sys.argv[2:] and name in ('members', 'orders'):
        print(name, row['source_key'], row['decision'] or '-', row['derived'] or '-')
PY
}
decide() { # decide DIR TABLE KEY CHOICE: in its conflicts.csv, in place
    python3 - "$1/conflicts.csv" "${@:2}" <<'PY'
import csv, sys
path, table, key, choice = sys.argv[1:]
with open(path, newline='') as f:
    lines = list(csv.reader(f))
for line in lines[1:]:
    if line[:2] == [table, key]:
        line[8] = choice
with open(path, 'w', newline='') as f:
    csv.writer(f).writerows(lines)
PY
}
choices() { # choices DIR: what each kind offers
    python3 -c "
import csv, sys
print('\\n'.join(sorted({row['kind'] + ' ' + row['choices'] for row in csv.DictReader(open(sys.argv[1]))})))" "$1/conflicts.csv"
}
# Every row of the live side by what it is and whom it means, never by its id.
rows() {
    on "SELECT CONCAT_WS(' ', 'member', m.mobile, IFNULL(i.mobile, IF(m.inviter IS NULL, '-', 'NOBODY')), IFNULL(p.name, 'NOPLAN'))
            FROM members m LEFT JOIN members i ON i.id = m.inviter LEFT JOIN \`$MORE\`.plans p ON p.name = m.plan
        UNION ALL SELECT CONCAT_WS(' ', 'order', o.no, IFNULL(m.mobile, 'NOBODY')) FROM orders o LEFT JOIN members m ON m.id = o.member_id
        UNION ALL SELECT CONCAT_WS(' ', 'line', l.what, IFNULL(o.no, 'NOBODY')) FROM lines_of l LEFT JOIN orders o ON o.id = l.order_id
        UNION ALL SELECT CONCAT_WS(' ', 'visit', v.note, IF(v.shop_no IS NULL, '-', IFNULL(s.city, 'NOBODY'))) FROM visits v
            LEFT JOIN shops s ON s.country = v.country AND s.no = v.shop_no
        UNION ALL SELECT CONCAT('shop ', city) FROM shops UNION ALL SELECT CONCAT('plan ', name) FROM \`$MORE\`.plans" | sort
}
# What must stand there: the base without who is gone, and the lost of whom nobody is missing.
truth() { # truth 'GONE MEMBERS' 'LOST MEMBERS BACK' 'GONE SHOPS' 'GONE PLANS' 'LOST ORDERS LEFT OUT'
    python3 - "$@" <<'PY'
import sys
gone, back, shops, plans, out = ([*a.split()] for a in sys.argv[1:6])
inviter = {10: 'm9', 11: 'm8'}
lines = []
for n in range(1, 25):
    if str(n) not in gone:
        lines.append(f'member m{n} {inviter.get(n, "-")} basic')
for who in back:
    lines.append({'25': 'member lost25 m7 basic', '26': 'member lost26 - gold'}[who])
for n in range(1, 5):
    lines += [f'order base{n} m{20 + n}', f'line base base{n}']
for n in range(1, 21):
    if str(n) not in out:
        lines += [f'order lost{n} m{n}', f'line first lost{n}', f'line second lost{n}']
lines += [f'order lost1{w} lost{w}' for w in back]
lines += ['visit base Kiel', 'visit nowhere -', 'visit lost nowhere -', 'visit lost de2 Kiel']
for city, no in (('Bonn', 'de1'), ('Lyon', 'fr1')):
    if city not in shops:
        lines += [f'visit lost {no} {city}']
lines += [f'shop {c}' for c in ('Bonn', 'Kiel', 'Lyon') if c not in shops]
lines += [f'plan {p}' for p in ('basic', 'gold', 'old') if p not in plans]
print('\n'.join(sorted(lines)))
PY
}
rows_are() { is "$1" "$(rows)" "$2"; }

for keys in keys none; do
    # ---- between check and plan --------------------------------------------------------------
    world $keys
    check
    at $T "DELETE FROM members WHERE id IN (5, 7); DELETE FROM members WHERE id = 10; DELETE FROM members WHERE id = 9;
        DELETE FROM shops WHERE country = 'fr'; DELETE FROM \`$MORE\`.plans WHERE name IN ('gold', 'old')"
    plan 1 "$keys: plan asks about those who are gone" one
    is "$keys: their trees wait, and no others" "$(conflicts one)" "deleted-on-live members 5
deleted-on-live members 7
deleted-on-live members 9
deleted-or-lost plans gold
deleted-or-lost shops fr,1
parent-absent lines_of 105
parent-absent lines_of 107
parent-absent lines_of 109
parent-absent lines_of 110
parent-absent lines_of 205
parent-absent lines_of 207
parent-absent lines_of 209
parent-absent lines_of 210
parent-absent members 10
parent-absent members 25
parent-absent members 26
parent-absent orders 105
parent-absent orders 107
parent-absent orders 109
parent-absent orders 110
parent-absent orders 125
parent-absent orders 126
parent-absent visits 13"
    rep_is 1 "$keys: apply writes the rest" apply --yes --case "$CASE" --json one "$DST"
    is "$keys: and refuses nothing" "$(sum .rows_refused)" 0
    rows_are "$keys: everybody else is back, and nobody is an orphan" "$(truth '5 7 9 10' '' Lyon 'gold old' '5 7 9 10')"
    rep_is 0 "$keys: verify" verify one "$DST"

    # ---- what waits for another row cannot be restored by itself -------------------------------
    is "$keys: what waits can be left out, not restored alone" "$(choices one)" "deleted-on-live restore;skip
deleted-or-lost restore;skip
parent-absent skip"
    printf '%s\n' table,source_key,kind,decision "$DB.orders,105,parent-absent,restore" "$DB.members,7,deleted-on-live,skip" \
        "$DB.orders,107,parent-absent,restore" "$DB.members,9,deleted-on-live,restore" "$DB.orders,109,parent-absent,restore" >decisions.csv
    plan 5 "$keys: a decision that cannot be carried out is refused" faulty --decisions decisions.csv
    like "$keys: below a row that nobody decided about, by its line" "$(cat "$ERR")" \
        "line 2, table \"$DB.orders\", key \"105\": \"restore\" cannot be carried out: parent-absent"
    like "$keys: below one that is skipped, by its line" "$(cat "$ERR")" \
        "line 4, table \"$DB.orders\", key \"107\": \"restore\" cannot be carried out: .*\"skip\" is chosen"
    is "$keys: below one that is restored it is no fault" "$(grep -c 'key "109"' "$ERR")" 0

    # ---- who changes his mind about the row above, changes it for what hangs on it ---------------
    printf '%s\n' table,source_key,decision "$DB.members,7,skip" >decisions.csv
    plan 1 "$keys: one is left out" mind --decisions decisions.csv
    is "$keys: and what hangs on him, which nobody has said" "$(decided mind 7 25 105 107 125)" "members 25 skip skip
members 7 skip -
orders 105 - -
orders 107 skip skip
orders 125 skip skip"
    decide mind "$DB.members" 7 restore
    rep_is 1 "$keys: and is restored in the end" plan --again mind
    is "$keys: with what hangs on him" "$(decided mind 7 25 105 107 125)" "members 25 restore restore
members 7 restore -
orders 105 - -"
    is "$keys: who is all in the plan" "$(grep -cE "(members,(7|25)|orders,1[02][57]),.*(insert|renumber)" mind/idmap.csv)" 4
    decide mind "$DB.members" 7 skip
    rep_is 1 "$keys: and left out once more" plan --again mind --forget-decisions --decisions mind/conflicts.csv
    is "$keys: with all of it" "$(decided mind 7 107)" "members 7 skip -
orders 107 skip skip"

    # ---- one decision restores the tree, or drops it; a row of it can be left out --------------
    printf '%s\n' table,source_key,decision "$DB.members,5,restore" "$DB.members,9,restore" "$DB.members,7,skip" \
        "$DB.orders,110,skip" "$MORE.plans,gold,restore" "$DB.shops,\"fr,1\",skip" >decisions.csv
    plan 0 "$keys: decided" two --decisions decisions.csv
    rep_is 0 "$keys: applied" apply --yes --case "$CASE" two "$DST"
    rows_are "$keys: who was to be restored is back with what is theirs" "$(truth '7' 26 Lyon old '7 10')"
    rep_is 0 "$keys: verify" verify two "$DST"
    rep_is 0 "$keys: undo of the second" undo --yes --case "$CASE" two "$DST"
    rep_is 0 "$keys: and of the first" undo --yes --case "$CASE" one "$DST"
    is "$keys: nothing is left of them" "$(on "SELECT COUNT(*) FROM orders WHERE no LIKE 'lost%'")" 0

    # ---- between plan and apply ---------------------------------------------------------------
    world $keys
    check
    plan 0 "$keys: a plan without conflicts" three
    at $T "DELETE FROM members WHERE id IN (5, 7); DELETE FROM shops WHERE country = 'fr';
        DELETE FROM members WHERE id = 6; INSERT INTO members VALUES (6, 'stranger', NULL, 'basic', '2026-02-09')"
    rep_is 1 "$keys: apply leaves out three trees" apply --yes --case "$CASE" --json three "$DST"
    refused >refused
    for row in "members 25" "orders 105" "orders 106" "orders 107" "visits 13"; do
        like "$keys: $row is listed, with the reason" "$(cat refused)" "^[0-9]+ $DB.$row: what it refers to in .* is not who was planned"
    done
    is "$keys: with what hangs on them, and nothing else" "$(sum .rows_refused) $(wc -l <refused)" "12 12"
    is "$keys: that is named, too" "$(grep -c ": it is left out with what it belongs to$" refused)" 7
    rows_are "$keys: the rest is written" "$({ truth '5 6 7' 26 Lyon '' '5 6 7'; echo 'member stranger - basic'; } | sort)"

    # ---- his id is a stranger's by the time of the plan ---------------------------------------
    plan 5 "$keys: plan hangs no order on a stranger" strange
    like "$keys: whose key it is, is named" "$(cat "$ERR")" "key 6 of table .*$DB\.members"

    # ---- after apply: an orphan never stands as planned ---------------------------------------
    at $T "SET foreign_key_checks = 0; DELETE FROM members WHERE id = 3; DELETE FROM shops WHERE city = 'Bonn'"
    rep verify three "$DST" --json
    is "$keys: verify does not pass" "$RC" 1
    is "$keys: nor says that they stand" "$(sum .stands)" 54
    for row in "orders 103" "visits 11"; do
        like "$keys: verify tells that $row leads to nobody" "$(grep -F "\"$DB.${row% *}\"" "$OUT")" "refers-to-nobody.*\"${row#* }\""
    done
done
finish
