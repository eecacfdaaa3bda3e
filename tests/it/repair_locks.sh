#!/bin/bash
# repair_locks.sh: no live write is overwritten.  One unit of a script is run statement by
# statement as the stock client would (the program sends the same text); at every boundary from
# the end of the locks to COMMIT nobody else can change a row that the unit writes, deletes or
# leans on.  What no lock can hold, since it is not there yet, the unit notices.  Units of few
# and of many rows, each kind of write, apply and undo.  $1: mysql.  SEEDS=N: larger (20).

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
SEEDS=${SEEDS:-20}
port=${DST##*:} port=${port%%/*}
CLIENT="mariadb --no-defaults -h 127.0.0.1 -P $port -u root -D $DB"

# members: a mobile names them, by an index that is not unique.  orders: of a member (foreign
# key), of a shop (declared to us only), in a city (by its code, which has no index).  visits
# refer to members (declared to us only).
TABLES="CREATE TABLE shops (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL, note VARCHAR(20));
    CREATE TABLE cities (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, code VARCHAR(20) NOT NULL, note VARCHAR(20));
    CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL, name VARCHAR(20) NOT NULL,
        credits INT NOT NULL, updated_at DATETIME NOT NULL, created_at DATETIME NOT NULL, KEY (mobile));
    CREATE TABLE orders (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE,
        member_id INT UNSIGNED NOT NULL, shop_id INT UNSIGNED NOT NULL, city VARCHAR(20) NOT NULL, amount INT NOT NULL,
        FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE);
    CREATE TABLE visits (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT UNSIGNED NOT NULL, page VARCHAR(20), KEY (member_id))"
cat >ini <<INI
[table $DB.members]
subject = yes
identity = mobile
time-column = created_at
[table $DB.orders]
reference = shop_id -> $DB.shops.id
reference = city -> $DB.cities.code
[table $DB.visits]
identity = none
reference = member_id -> $DB.members.id
INI
numbers() { # numbers N: a source of rows i = 1..N, in front of a SELECT
    echo "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < $1)"
}
world() { # world N: N members, and as many shops and cities, at most 20, on both sides
    fresh a$T "$DB"
    at a$T "$TABLES;
        INSERT INTO shops $(numbers 20) SELECT i, 'shop', 'x' FROM n;
        INSERT INTO cities $(numbers 20) SELECT i, CONCAT('c', i), 'x' FROM n;
        INSERT INTO members $(numbers "$1") SELECT i, CONCAT('base', i), 'base', 10, '2026-01-01', '2026-01-01' FROM n"
    rm -f "$CASE"
}
lost() { # lost N: members, orders of theirs and of base members, of that side alone; credits that changed there
    at a "INSERT INTO members $(numbers "$1") SELECT $1 + i, CONCAT('m', i), 'lost', 10, '2026-03-01', '2026-03-01' FROM n;
        INSERT INTO orders $(numbers "$1") SELECT i, CONCAT('lost', i), IF(i % 2, i, $1 + i), 1 + (i - 1) % 20, CONCAT('c', 1 + (i - 1) % 20), 10 FROM n;
        UPDATE members SET credits = 1010, updated_at = '2026-03-01' WHERE name = 'base'"
}
plan() { # plan OPTIONS…: of what stands there now, into ./plan
    rm -rf plan
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --config ini --case "$CASE" --output plan "$@"
    [ "$RC" -le 1 ] || bail "no plan: $(cat "$ERR")"
}
step() { # step SCRIPT UNIT ARGS…: see step_unit.py
    python3 "$IT_DIR/rows/step_unit.py" "plan/$1" "$2" "$CLIENT" "${@:3}" >steps || bail "no step: $(cat steps)"
}
end_of() { grep '^end ' steps; }
held() { # held DESCRIPTION SCRIPT PROBE…: each a unit's, in the order of the script: nothing is free at any boundary
    local unit probes=("${@:3}")
    for unit in $(sed -n 's/^-- unit \([0-9]*\) of .*/\1/p' "plan/$2"); do
        step "$2" "$unit" "${probes[0]}"
        is "$1, unit $unit: nobody can change it at any boundary" \
            "$(awk '$1 == "free" { for (i = 4; i <= NF; i++) if ($i != 0) { print; next } }' steps)" ""
        ok "$1, unit $unit: there were boundaries" test "$(grep -c '^free' steps)" -gt 5
        is "$1, unit $unit: it commits" "$(end_of)$(grep '^error' steps)" "end COMMIT"
        probes=("${probes[@]:1}")
    done
    is "$1: as many units as were looked at" "${#probes[@]}" 0
}
others() { # free TABLE WHERE: a probe: how many of those rows could somebody change
    echo "SELECT COUNT(*) FROM $1 WHERE $2 FOR UPDATE SKIP LOCKED"
}
fewer() { echo $(($1 < $2 ? $1 : $2)); }

# ---- merge: restored rows, and decided values, with their parents ------------------------------
for n in 1 5 50 160; do
    world "$n"
    lost "$n"
    plan --policy merge --split-at 2026-02-01 --on-conflict changed=source
    used=$(fewer "$n" 20) odd="id <= $n AND id % 2 = 1"
    held "merge of $n" apply.sql "$(others members "$odd"); $(others shops "id <= $used"); $(others cities "id <= $used")" \
        "$(others members "id <= $n")"
    is "merge of $n: all is there" "$(on "SELECT COUNT(*), SUM(credits) FROM members UNION ALL SELECT COUNT(*), 0 FROM orders" | xargs)" \
        "$((2 * n)) $((1010 * n + 10 * n)) $n 0"
    held "undo of $n" undo.sql "$(others members "id <= $n")" "$(others members "id > $n"); $(others orders "id > 0")"
    is "undo of $n: all is as before" "$(on "SELECT COUNT(*), SUM(credits), (SELECT COUNT(*) FROM orders) FROM members" | xargs)" "$n $((10 * n)) 0"
done

# ---- a person with so many orders that several units are undone as one ------------------------
n=$((SEEDS > 20 ? 10 : 2))
world 1
at a "INSERT INTO members VALUES (2, 'm2', 'lost', 10, '2026-03-01', '2026-03-01');
    INSERT INTO orders $(numbers 500) SELECT o.i * $n + k.i, CONCAT('lost', o.i * $n + k.i), 2, 1, 'c1', 10 FROM n AS o JOIN (SELECT id AS i FROM shops WHERE id <= $n) AS k"
plan --policy merge --split-at 2026-02-01
rep_is 0 "one person with $((500 * n)) orders" apply --yes --case "$CASE" plan "$DST"
held "undone as one" undo.sql "$(others members "id = 2"); $(others orders "id > 0")"
is "nothing of it is left" "$(on "SELECT COUNT(*), (SELECT COUNT(*) FROM orders) FROM members" | xargs)" "1 0"

# ---- the other policies ----------------------------------------------------------------------
for n in 1 5 50 500; do
    world "$n"
    at a "UPDATE members SET credits = 1010, updated_at = '2026-03-01'"
    plan --policy newest:updated_at
    held "newest of $n" apply.sql "$(others members "id <= $n")"
    is "newest of $n: all is there" "$(on "SELECT SUM(credits) FROM members")" $((1010 * n))
    held "newest of $n, undo" undo.sql "$(others members "id <= $n")"
    is "newest of $n, undone" "$(on "SELECT SUM(credits) FROM members")" $((10 * n))
done
for n in 5 240; do
    world "$n"
    at $T "INSERT INTO members $(numbers "$n") SELECT $n + i, CONCAT('x', i), 'extra', 10, '2026-03-01', '2026-03-01' FROM n;
        INSERT INTO orders $(numbers "$n") SELECT i, CONCAT('x', i), $n + i, 1 + (i - 1) % 20, CONCAT('c', 1 + (i - 1) % 20), 10 FROM n"
    plan --policy mirror --allow-deletes "$n"
    held "mirror of $n" apply.sql "$(others members "id > $n"); $(others orders "id > 0")"
    is "mirror of $n: they are gone" "$(on "SELECT COUNT(*), (SELECT COUNT(*) FROM orders) FROM members" | xargs)" "$n 0"
    held "mirror of $n, undo" undo.sql "SELECT 0"
    is "mirror of $n: they are there again" "$(on "SELECT COUNT(*), (SELECT COUNT(*) FROM orders) FROM members" | xargs)" "$((2 * n)) $n"
done

# ---- who comes in between waits, or is noticed ------------------------------------------------
says() { grep -c "^says end .*$1" steps; }
world 5
lost 5
plan --policy merge --split-at 2026-02-01 --on-conflict changed=source
like "who cannot be locked out is said in the plan" "$(jq -r '.rows.notes[] | select(.kind == "loose-identity") | .table' plan/plan.json)" "^$DB.members$"
$CLIENT <plan/reseed.sql >"$OUT" 2>"$ERR" || bail "no reseed: $(cat "$ERR")"
step apply.sql 2 --at "-- locks" "UPDATE members SET credits = credits + 5000 WHERE id = 2"
is "a change in front of the locks is noticed" "$(head -n 1 steps) $(end_of) $(says "members.*2.*it was changed")" "done end COMMIT 1"
is "and not overwritten, the others are written" "$(on "SELECT GROUP_CONCAT(credits ORDER BY id) FROM members")" "1010,5010,1010,1010,1010"
step apply.sql 1 --at "-- guards" "UPDATE cities SET note = 'y' WHERE id = 3; DELETE FROM shops WHERE id = 2"
is "behind the locks it waits" "$(grep -c '^waited' steps) $(end_of)" "1 end COMMIT"
step undo.sql 1 --at "-- guards" "INSERT INTO orders (no, member_id, shop_id, city, amount) VALUES ('new', 7, 1, 'c1', 1)"
is "so does a child of who is about to go" "$(head -n 1 steps) $(end_of)" "waited end COMMIT"
is "who was restored is gone again" "$(on "SELECT COUNT(*) FROM members WHERE id > 5")" 0

sign_up() { echo "INSERT INTO members (mobile, name, credits, updated_at, created_at) VALUES ('$1', 'new', 1, '2026-04-01', '2026-04-01')"; }
step apply.sql 1 --at "-- write" "$(sign_up m1)"
is "a sign-up with the number of a lost person is noticed" "$(head -n 1 steps) $(end_of) $(says "same identity by now")" "done end ROLLBACK 1"
on "DELETE FROM members WHERE name = 'new'"
step apply.sql 1 --at "-- again" "$(sign_up m2)"
is "at the last moment, too" "$(head -n 1 steps) $(end_of) $(says "same identity by now")" "done end ROLLBACK 1"
step apply.sql 1 "SELECT 0"
is "the next time they alone are left out" "$(end_of) $(on "SELECT COUNT(*), COUNT(DISTINCT mobile) FROM members WHERE mobile LIKE 'm%'" | xargs)" "end COMMIT 5 5"

step undo.sql 1 --at "-- write" "INSERT INTO visits (member_id, page) SELECT id, 'new' FROM members WHERE mobile = 'm1'"
is "a child that no foreign key holds is noticed" "$(head -n 1 steps) $(end_of) $(says "row of .*visits refers to it")" "done end ROLLBACK 1"
step undo.sql 1 "SELECT 0"
is "the next time its parent is kept" "$(end_of) $(on "SELECT GROUP_CONCAT(mobile ORDER BY mobile) FROM members WHERE id > 5")" "end COMMIT m1,m2"

# ---- the program --------------------------------------------------------------------------------
hold() { # hold "SQL;": in a transaction of a session of its own
    : >hold
    exec {HOLD_IN}> >(exec $CLIENT -n -N -B >"$IT_TMP/hold" 2>&1)
    HOLD_PID=$!
    echo "BEGIN; $1 SELECT 'held';" >&"$HOLD_IN"
    wait_for 10 grep -q held hold
}
let_go() { # let_go COMMIT|ROLLBACK
    printf '%s;\n\\q\n' "$1" >&"$HOLD_IN"
    exec {HOLD_IN}>&-
    wait "$HOLD_PID" 2>/dev/null
}
is_waiting() {
    sleep 0.2 # InnoDB renews what it shows only where nobody has looked for a tenth of a second
    [ "$(on "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '/* myrecon%'")" != 0 ]
}
starts() { # apply, in the background, until it waits for the one who holds
    "$MYRECON" repair apply --yes --json --case "$CASE" plan "$DST" >"$OUT" 2>"$ERR" </dev/null &
    APPLY_PID=$!
    ok "$1: apply waits" wait_for 30 is_waiting
}
ends() { # ends COMMIT|ROLLBACK
    let_go "$1"
    wait $APPLY_PID
    RC=$?
}
world 200
at a$T "INSERT INTO orders $(numbers 600) SELECT i, CONCAT('base', i), 1 + i % 200, 1 + (i - 1) % 20, CONCAT('c', 1 + (i - 1) % 20), 10 FROM n"
at a "UPDATE orders SET amount = 1010 WHERE id <= 200"
plan --policy merge --split-at 2026-02-01 --on-conflict changed=source
hold "SELECT * FROM shops WHERE id = 7 FOR UPDATE;"
starts "a parent that somebody holds"
on "UPDATE orders SET amount = amount + 5000 WHERE id = 150"
ends ROLLBACK
is "what was written meanwhile is left alone, and listed" "$RC $(refused | grep -c "$DB.orders 150: it was changed")" "1 1"
is "to the cent" "$(on "SELECT amount FROM orders WHERE id = 150; SELECT COUNT(*) FROM orders WHERE amount = 1010" | xargs)" "5010 199"
on "UPDATE orders SET amount = amount + 7 WHERE id = 151"
rep_is 1 "undo" undo --yes --json --case "$CASE" plan "$DST"
is "leaves live writes alone, too" "$(on "SELECT GROUP_CONCAT(amount ORDER BY id) FROM orders WHERE id IN (149, 150, 151)")" "10,5010,1017"

world 5
lost 5
plan --policy merge --split-at 2026-02-01
$CLIENT <plan/reseed.sql >"$OUT" 2>"$ERR"
hold "$(sign_up m3);"
starts "a sign-up that is not committed"
ends COMMIT
is "is waited for, and who was to come back is listed" "$RC $(refused | grep -c "$DB.members .*same identity")" "1 1"
is "nobody is there twice, the others are back" "$(on "SELECT COUNT(*), COUNT(DISTINCT mobile) FROM members WHERE mobile LIKE 'm%'" | xargs)" "5 5"

# ---- an identity is a value, whoever comes to have it -------------------------------------------
renamed() { echo "UPDATE members SET mobile = '$1' WHERE id = $2"; }
world 5
at a$T "CREATE TABLE cards (no VARCHAR(20) NOT NULL, member_id INT UNSIGNED NOT NULL, created_at DATETIME NOT NULL)"
lost 5
at a "INSERT INTO cards SELECT CONCAT('card', id), id, '2026-03-01' FROM members WHERE name = 'lost'"
cp ini ini.plain
printf '[table %s.cards]\nidentity = no\ntime-column = created_at\nreference = member_id -> %s.members.id\n' "$DB" "$DB" >>ini
plan --policy merge --split-at 2026-02-01
cp ini.plain ini
like "a table without a key is said in the plan" "$(jq -r '.rows.notes[] | select(.kind == "loose-identity" and .table == "'"$DB"'.cards") | .text' plan/plan.json)" "neither apply nor verify"
$CLIENT <plan/reseed.sql >"$OUT" 2>"$ERR"
step apply.sql 1 --at "-- again" "$(renamed m4 2)"
is "somebody's new number is noticed" "$(head -n 1 steps) $(end_of) $(says "same identity by now")" "done end ROLLBACK 1"
on "$(renamed base2 2)"
step apply.sql 1 --at "-- again" "INSERT INTO cards VALUES ('card7', 1, '2026-04-01')"
is "so is a row of a table without a key" "$(head -n 1 steps) $(end_of) $(says "same identity by now")" "done end ROLLBACK 1"

# Without an index a last look cannot wait: who is not committed by then is named when all is.
world 5
at a$T "ALTER TABLE members DROP KEY mobile"
at a "INSERT INTO members $(numbers 600) SELECT 5 + i, CONCAT('m', i), 'lost', 10, '2026-03-01', '2026-03-01' FROM n;
    INSERT INTO orders VALUES (1, 'lost1', 605, 7, 'c1', 10)"
plan --policy merge --split-at 2026-02-01
$CLIENT <plan/reseed.sql >"$OUT" 2>"$ERR"
hold "$(sign_up m3); $(renamed m4 1); SELECT * FROM shops WHERE id = 7 FOR UPDATE;"
starts "a sign-up and a new number that no index shows"
is "the unit before is there" "$(on "SELECT COUNT(*) >= 500 FROM members")" 1
ends COMMIT
is "all is written, but not in silence" "$RC $(sum '"\(.rows_written) \(.rows_refused) \(.rows_doubled)"')" "1 601 0 2"
is "who is there twice is named, with the other" "$(jq -r 'select(.type == "doubled") | "\(.table) \(.key) \(.others)"' "$OUT")" \
    "$DB.members 8 $(on "SELECT id FROM members WHERE name = 'new'")
$DB.members 9 1"
rep_is 1 "and named by another apply" apply --yes --case "$CASE" plan "$DST"
like "for people, too" "$(cat "$OUT")" "$DB.members 9: doubled: .* key 1 has the same identity"
rep verify plan "$DST" --json
is "and by verify" "$RC $(sum .twice)" "1 2"
on "DELETE FROM members WHERE name = 'new'; $(renamed base1 1)"
rep_is 0 "no longer once it is settled" apply --yes --case "$CASE" plan "$DST"

# ---- what the locks lean on --------------------------------------------------------------------
world 5
lost 5
plan --policy merge --split-at 2026-02-01
$CLIENT <plan/reseed.sql >"$OUT" 2>"$ERR"
sed '/ISOLATION LEVEL/d' plan/apply.sql >rr.sql
$CLIENT --force --init-command="SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ" <rr.sql >"$OUT" 2>"$ERR"
is "in another isolation level nothing is written" "$(on "SELECT COUNT(*) FROM members")" 5
on "ALTER TABLE members DROP KEY mobile, ADD KEY (name); ALTER TABLE orders DROP KEY no"
$CLIENT --force <plan/apply.sql >"$OUT" 2>"$ERR"
is "without an index that a lock leads by, neither" "$(on "SELECT COUNT(*) FROM members") $(grep -c "ERROR 1176" "$ERR")" "5 1"
finish
