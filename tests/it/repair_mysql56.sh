#!/bin/bash
# repair_mysql56.sh: repair between two servers of MySQL 5.6, which has no WITH RECURSIVE, no
# CHECK, no JSON and no super_read_only: check, merge and mirror, applied, verified and undone by
# the program and by the stock client; a refused row at the head of a chain; and that nobody
# else can change what a unit leans on.  With SEEDS > 20 only (make test-mysql56).

. "$(dirname "$0")/lib.sh"
[ -n "${mr_run_dir:-}" ] || . "$IT_DIR/../lib/servers.sh"
begin ''
cannot() { # REASON
    skip "repair on MySQL 5.6" "$1"
    finish
}
[ "${SEEDS:-20}" -gt 20 ] || cannot "SEEDS is not above 20 (make test-mysql56)"
mr_mysql56_root=$("$IT_DIR/../lib/mysql56.sh" 2>"$IT_TMP/mysql56.err")
case $? in
0) ;;
77) cannot "$(tail -n 1 "$IT_TMP/mysql56.err")" ;;
*) bail "$(cat "$IT_TMP/mysql56.err")" ;;
esac
{ mr_servers_begin && mr_spawn_mysql56 M1 && mr_spawn_mysql56 M2 && mr_await M1 M2; } || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
MR_A_URI=$MR_M1_URI MR_B_URI=$MR_M2_URI T=b
cd "$IT_TMP" || exit 1
SRC=$(uri a "$DB") DST=$(uri b "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
is "it is what it should be" "$(client b <<<"SELECT LEFT(@@version, 4)")" "5.6."

cat >ini <<INI
[table $DB.members]
subject = yes
identity = mobile
time-column = created_at
reference = inviter -> $DB.members.id
[table $DB.orders]
reference = shop_id -> $DB.shops.id
[table $DB.log]
identity = none
reference = member_id -> $DB.members.id
INI
values() { # values FROM TO FORMAT: rows, in FORMAT "%d" is the number
    local i rows=
    for ((i = $1; i <= $2; i++)); do rows+=,${3//%d/$i}; done
    echo "VALUES ${rows:1}"
}
# Lost members, each of whom the one before him has invited, with an order and a line of log each.
world() { # world LOST
    fresh ab "$DB"
    at ab "CREATE TABLE shops (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20));
        CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20) CHARACTER SET latin1,
            inviter INT UNSIGNED, credits DECIMAL(9,2) NOT NULL, seen TIMESTAMP(3) NULL, created_at DATETIME NOT NULL);
        CREATE TABLE orders (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, member_id INT UNSIGNED NOT NULL,
            shop_id INT UNSIGNED NOT NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, b BIT(3), e ENUM('x','y'),
            FOREIGN KEY (member_id) REFERENCES members (id));
        CREATE TABLE log (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT UNSIGNED NOT NULL, what BLOB, KEY (member_id)) PARTITION BY HASH (id) PARTITIONS 3;
        INSERT INTO shops (name) $(values 1 5 "('s%d')");
        INSERT INTO members $(values 1 9 "(%d, 'base%d', 'base', NULL, 10.5, NULL, '2026-01-01')");
        INSERT INTO orders (no, member_id, shop_id, at) VALUES ('base', 1, 1, '2026-01-01'); INSERT INTO log VALUES (1, 1, 'x')"
    at a "INSERT INTO members $(values 10 $((9 + $1)) "(%d, 'lost%d', 'ä', %d - 1, 1, '2026-03-01 01:02:03.456', '2026-03-01')");
        INSERT INTO orders $(values 10 $((9 + $1)) "(%d, 'lost%d', %d, 1 + %d MOD 5, '2026-03-01 10:00:00', b'101', 0)");
        INSERT INTO log $(values 10 $((9 + $1)) "(%d, %d, X'00ff')"); UPDATE members SET credits = 99.25 WHERE id IN (1, 2)"
    at b "INSERT INTO members VALUES (10, 'live', 'new', 3, 7, NULL, '2026-03-02'); INSERT INTO orders (id, no, member_id, shop_id, at) VALUES (10, 'live', 10, 2, '2026-03-02');
        INSERT INTO log VALUES (10, 10, 'live')"
    rm -f "$CASE"
}
plan() { # plan OPTIONS…
    rm -rf plan
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --config ini --case "$CASE" --output plan "$@"
    [ "$RC" -le 1 ] || bail "no plan: $(cat "$ERR")"
}
all() { # all SIDE: by content
    client "$1" -D "$DB" <<<"SELECT m.mobile, m.name, i.mobile, m.credits, m.seen, m.created_at FROM members m LEFT JOIN members i ON i.id = m.inviter;
        SELECT o.no, m.mobile, o.shop_id, o.at, o.b + 0, o.e + 0 FROM orders o JOIN members m ON m.id = o.member_id;
        SELECT m.mobile, HEX(l.what) FROM log l JOIN members m ON m.id = l.member_id" | LC_ALL=C sort
}
stock() { # stock FILE
    client b <"plan/$1" >"$OUT" 2>"$ERR"
    is "the stock client runs $1" "$?$(cat "$ERR")" 0
}
both_ways() { # both_ways NAME: ./plan is applied, verified and undone, by either of two
    rep_is 0 "$1: applied" apply --yes --case "$CASE" plan "$DST"
    is "$1: as it should be" "$(all b)" "$AFTER"
    rep_is 0 "$1: verified" verify --source "$SRC" plan "$DST"
    rep_is 0 "$1: a second time nothing is done" apply --yes --json plan "$DST"
    is "$1: a second time" "$(sum .rows_written) $(all b | md5sum)" "0 $(md5sum <<<"$AFTER")"
    rep_is 0 "$1: undone" undo --yes --case "$CASE" plan "$DST"
    is "$1: as it was" "$(all b)" "$BEFORE"
    for script in reseed apply verify; do stock $script.sql; done
    is "$1: the same by the stock client" "$(all b)" "$AFTER"
    stock undo.sql
    is "$1: and back" "$(all b)" "$BEFORE"
}

# ---- merge ------------------------------------------------------------------------------------
MERGE=(--policy merge --split-at 2026-02-01 --on-conflict changed=source --on-conflict deleted-or-lost=restore)
world 40
BEFORE=$(all b) AFTER=$({ all a; all b | grep -a live; } | LC_ALL=C sort)
check_is 1 "check finds them" --config ini
plan "${MERGE[@]}"
is "planned" "$RC $(planned_rows plan)" "0 122"
rep_is 5 "a rehearsal wants the counters first" rehearse --yes plan "$DST"
stock reseed.sql
rep_is 0 "a rehearsal" rehearse --yes plan "$DST"
is "leaves nothing" "$(all b)" "$BEFORE"
both_ways merge

# ---- somebody in a chain of people is refused -------------------------------------------------
chain() { # chain PEOPLE BACK KEPT: who is back while the third is refused; what undo says and whom it keeps
    world "$1"
    BEFORE=$(all b) AFTER=$({ all a; all b | grep -a live; } | LC_ALL=C sort)
    client b -D "$DB" --delimiter=// <<<"CREATE TRIGGER barred BEFORE INSERT ON members FOR EACH ROW
        IF NEW.mobile = 'lost12' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'barred'; END IF//" || bail "no trigger"
    plan "${MERGE[@]}" --allow-triggers fire
    rep_is 1 "$1 in a chain: the third is refused" apply --yes --json --case "$CASE" plan "$DST"
    like "$1 in a chain: he is named" "$(refused)" "$DB.members .*barred"
    is "$1 in a chain: who hangs on him is not there" "$(on "SELECT GROUP_CONCAT(mobile ORDER BY mobile) FROM members WHERE mobile LIKE 'lost%'")" "$2"
    is "$1 in a chain: what is left out is named" "$(sum '.rows_written + .rows_refused') $(sum .rows_refused)" "$((3 * $1 + 2)) $(refused | wc -l)"
    rep_is 1 "$1 in a chain: verify" verify plan "$DST"
    on "DROP TRIGGER barred"
    rep_is 0 "$1 in a chain: when that is mended" apply --yes --case "$CASE" plan "$DST"
    is "$1 in a chain: everybody is there" "$(all b)" "$AFTER"
    on "INSERT INTO orders (no, member_id, shop_id) SELECT 'new', id, 1 FROM members WHERE mobile = 'lost15'"
    rep undo --yes --json --case "$CASE" plan "$DST"
    is "$1 in a chain: undo keeps whom something new refers to, with all before him" \
        "$RC $(on "SELECT GROUP_CONCAT(mobile ORDER BY mobile) FROM members WHERE mobile LIKE 'lost%'")" "$3"
}
chain 40 lost10,lost11 "1 lost10,lost11,lost12,lost13,lost14,lost15"
chain 60 lost10 "1 lost10,lost11,lost12,lost13,lost14,lost15" # further than it follows: too many are left out

# ---- mirror -----------------------------------------------------------------------------------
world 40
BEFORE=$(all b) AFTER=$(all a)
plan --policy mirror --allow-deletes 1
both_ways mirror
rep_is 0 "mirror, applied" apply --yes --case "$CASE" plan "$DST"
run_check "$SRC" "$DST" --settle 0 --config ini --objects table
is "a check finds nothing" "$RC $(lines '.type == "row"')" "0 "

# ---- nobody else can change what a unit leans on -----------------------------------------------
port=${DST##*:} port=${port%%/*}
CLIENT="mariadb --no-defaults -h 127.0.0.1 -P $port -u root -D $DB"
held() { # held DESCRIPTION SCRIPT UNIT TABLE=ID…
    local locks='' row
    for row in "${@:4}"; do locks+="; SELECT * FROM ${row%=*} WHERE id = ${row#*=} FOR UPDATE"; done
    python3 "$IT_DIR/rows/step_unit.py" "plan/$2" "$3" "$CLIENT" --each "${locks:2}" >steps || bail "no step: $(cat steps)"
    is "$1: nobody can change it at any boundary" "$(awk '$1 == "free" && $4 != 0' steps)" ""
    ok "$1: there were boundaries" test "$(grep -c '^free' steps)" -gt 5
    is "$1: it commits" "$(grep '^end ' steps)$(grep '^error' steps)" "end COMMIT"
}
for n in 1 30; do
    world $n
    plan "${MERGE[@]}"
    # without an index on what is compared, and a server that would read another way by itself
    on "SET GLOBAL tx_isolation = 'REPEATABLE-READ'"
    $CLIENT <plan/reseed.sql >"$OUT" 2>"$ERR" || bail "no reseed"
    held "merge of $n" apply.sql 1 shops=1 members=9
    new=$(on "SELECT GROUP_CONCAT('orders=', o.id, ' members=', m.id SEPARATOR ' ') FROM orders o JOIN members m ON m.id = o.member_id WHERE o.no IN ('lost10', 'lost30')")
    # shellcheck disable=SC2086
    held "undo of $n" undo.sql 1 $new
    on "SET GLOBAL tx_isolation = 'READ-COMMITTED'"
done
world 1
plan "${MERGE[@]}"
on "UPDATE members SET credits = credits + 5000 WHERE id = 2"
rep apply --yes --json --case "$CASE" plan "$DST"
is "a live change is left alone, and listed" "$RC $(refused | grep -c "$DB.members 2: it was changed") $(on "SELECT credits FROM members WHERE id = 2")" "1 1 5010.50"
finish
