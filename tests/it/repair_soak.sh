#!/bin/bash
# repair_soak.sh: four writers on exactly the rows of a plan, their parents and children, during
# apply and undo.  In the transaction of each change they keep an account of it; in the end
# none is lost.  SEEDS=N: 50 rows each (20); MR_SOAK=N: until N changes are kept.  $1: mysql.

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
SEEDS=${SEEDS:-20}
N=$((50 * (SEEDS < 200 ? SEEDS : 200)))
CHANGES=${MR_SOAK:-$((SEEDS > 20 ? 50000 : 200))}
port=${DST##*:} port=${port%%/*}
fresh $T "${DB}_kept"

at a$T "CREATE TABLE shops (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, hits INT NOT NULL);
    CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
        name VARCHAR(20) NOT NULL, credits INT NOT NULL, created_at DATETIME NOT NULL);
    CREATE TABLE orders (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NULL UNIQUE, member_id INT UNSIGNED NOT NULL,
        shop_id INT UNSIGNED NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE);
    CREATE TABLE visits (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT UNSIGNED NOT NULL, KEY (member_id));
    INSERT INTO shops VALUES $(seq -s, -f '(%.0f,0)' 20);
    INSERT INTO members VALUES $(seq "$N" | sed "s/.*/(&,'base&','base',10,'2026-01-01')/" | paste -sd ,)"
at a "UPDATE members SET credits = 100010;
    INSERT INTO members SELECT $N + seq, CONCAT('m', seq), 'lost', 10, '2026-03-01' FROM seq_1_to_$N;
    INSERT INTO orders SELECT seq, CONCAT('lost', seq), $N + seq, 1 + seq % 20 FROM seq_1_to_$N"
on "CREATE TABLE ${DB}_kept.kept (no INT AUTO_INCREMENT PRIMARY KEY, tbl CHAR(1) NOT NULL, id INT UNSIGNED NOT NULL, KEY (tbl, id))"
cat >ini <<INI
[table $DB.members]
subject = yes
time-column = created_at
[table $DB.orders]
reference = shop_id -> $DB.shops.id
[table $DB.visits]
identity = none
reference = member_id -> $DB.members.id
INI
"$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
rep_is 0 "planned" plan --policy merge --split-at 2026-02-01 --on-conflict changed=source --config ini --case "$CASE" --output plan

# The account is kept only where the change before it was made.
keep() { echo "INSERT INTO ${DB}_kept.kept (tbl, id) SELECT '$1', $2 FROM DUAL WHERE ROW_COUNT() = 1; COMMIT;"; }
write() { # write WHAT: for ever
    local id
    while :; do
        id=$((1 + (RANDOM * 32768 + RANDOM) % (2 * N)))
        echo "BEGIN;"
        case $1 in
        m) echo "UPDATE members SET credits = credits + 1 WHERE id = $id; $(keep m $id)" ;;
        s) echo "UPDATE shops SET hits = hits + 1 WHERE id = $((1 + id % 20)); $(keep s $((1 + id % 20)))" ;;
        o) echo "INSERT INTO orders (member_id, shop_id) SELECT id, 1 FROM members WHERE id = $((N + (id + 1) / 2)); $(keep o "LAST_INSERT_ID()")" ;;
        v) echo "INSERT INTO visits (member_id) SELECT id FROM members WHERE id = $((N + (id + 1) / 2)); $(keep v "LAST_INSERT_ID()")" ;;
        esac
    done
}
kept() { on "SELECT COUNT(*) FROM ${DB}_kept.kept"; }
has_kept() { [ "$(kept)" -ge "$1" ]; }
lost() { # changes of the account that are not there
    on "SELECT COUNT(*) FROM (SELECT id, COUNT(*) AS n FROM ${DB}_kept.kept WHERE tbl = 'm' GROUP BY id) AS k LEFT JOIN members m ON m.id = k.id
            WHERE m.id IS NULL OR m.credits - k.n NOT IN (10, 100010);
        SELECT COUNT(*) FROM (SELECT id, COUNT(*) AS n FROM ${DB}_kept.kept WHERE tbl = 's' GROUP BY id) AS k JOIN shops s USING (id) WHERE s.hits <> k.n;
        SELECT COUNT(*) FROM ${DB}_kept.kept AS k LEFT JOIN orders c USING (id) LEFT JOIN members m ON m.id = c.member_id WHERE k.tbl = 'o' AND m.id IS NULL;
        SELECT COUNT(*) FROM ${DB}_kept.kept AS k LEFT JOIN visits c USING (id) LEFT JOIN members m ON m.id = c.member_id WHERE k.tbl = 'v' AND m.id IS NULL" | xargs
}
WRITERS=()
for what in m s o v; do
    write $what 2>/dev/null > >(exec mariadb --no-defaults --force -h 127.0.0.1 -P "$port" -u root "$DB" >/dev/null 2>&1) &
    WRITERS+=($!)
    at_exit "kill $! 2>/dev/null"
done
ok "the writers write" wait_for 30 has_kept 20
LIMIT=600
rounds=0
while [ $rounds = 0 ] || ! has_kept "$CHANGES"; do
    rep apply --yes --case "$CASE" --recheck plan "$DST"
    ok "apply ends" test "$RC" -le 1
    is "none is lost by apply" "$(lost)" "0 0 0 0"
    rep undo --yes --case "$CASE" --recheck plan "$DST"
    ok "undo ends" test "$RC" -le 1
    is "none is lost by undo" "$(lost)" "0 0 0 0"
    rounds=$((rounds + 1))
done
kill "${WRITERS[@]}"
wait "${WRITERS[@]}" 2>/dev/null
echo "# $(kept) changes were kept in $rounds rounds: $(on "SELECT GROUP_CONCAT(CONCAT(tbl, ' ', n) ORDER BY tbl) FROM (SELECT tbl, COUNT(*) AS n FROM ${DB}_kept.kept GROUP BY tbl) AS x")"
ok "rows and children of the plan were written to" test "$(on "SELECT COUNT(DISTINCT tbl) FROM ${DB}_kept.kept")" = 4
finish
