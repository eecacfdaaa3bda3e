#!/bin/bash
# repair_again.sh: check, plan, apply and undo in any order, by the program and by the stock
# client, with plans of older runs between them: nobody is lost, nobody doubled
# (repair_orders.py).  Then what was deleted since, also planned by itself; and idmap.csv in place of the case, which
# decides as the case does, and is refused where no plan wrote it.  SEEDS=N or FIRST-LAST of
# the orders; of up to 20 half, and at most 500.

. "$(dirname "$0")/lib.sh"
begin
T=b CASE=$IT_TMP/case
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"
case ${SEEDS:=20} in
*-*) ORDERS=$SEEDS ;;
*) ORDERS=$((SEEDS > 200 ? 200 : SEEDS > 20 ? SEEDS : (SEEDS + 1) / 2)) ;;
esac

python3 -B "$IT_DIR/repair_orders.py" "$MYRECON" "$MR_A_URI" "$MR_B_URI" "${DB}_o" "$IT_TMP/orders" "$ORDERS" >orders.tap
IT_DROP+=("$MR_A_URI ${DB}_o" "$MR_B_URI ${DB}_o")
while IFS= read -r line; do
    case $line in
    'ok '*) result 0 "${line#ok * - }" ;;
    'not ok '*) result 1 "${line#not ok * - }" "$(grep -A 30 -F "$line" orders.tap | sed -n '2,30p' | sed '/^ok\|^not/q')" ;;
    esac
done <orders.tap
ok "every order ran to its end" grep -q '^1\.\.' orders.tap

# ---- deleted since, and the map in place of the case ----------------------------------------
plan() { # plan RC DESCRIPTION DIR CASE ARGS…
    local rc=$1 desc=$2 dir=$3 case=$4
    shift 4
    rm -rf "$dir"
    rep_is "$rc" "$desc" plan --config my.ini --case "$case" --policy merge --split-at 2026-01-15 --output "$dir" "$@"
}
decided() { # decided DIR: what becomes of each row of the source, and what is asked
    zstd -dcq "$1/entities.csv.zst" | python3 -c '
import csv, sys
for row in sorted((r["table"], r["source_key"], r["target_key"], r["decision"], r["kind"], r["choice"])
                  for r in csv.DictReader(sys.stdin) if r["decision"] not in ("same", "parent")):
    print(*row)'
    cut -d, -f1-6 "$1/conflicts.csv"
}
both() { # both DESCRIPTION RC: with the case, and with idmap.csv in its place
    checked
    plan "$2" "$1, by the case" known "$CASE"
    CASE=$IT_TMP/other checked
    plan "$2" "$1, by the map" told "$IT_TMP/other" --idmap one/idmap.csv
    is "$1: the map decides as the case does" "$(decided told)" "$(decided known)"
    rm -f other*
}
histories
at a "INSERT INTO members VALUES (7, 'both7', 'hal', NULL, '2026-02-01'); INSERT INTO orders VALUES (7, 7, 'lo7')"
at b "INSERT INTO members VALUES (8, 'both7', 'hal', NULL, '2026-02-02')"
checked
plan 1 "a plan of five lost people, and one who came back by himself" one "$CASE"
is "his name is asked" "$(cut -d, -f1,2,5 one/conflicts.csv | tail -n +2 | tr -d '\r')" "$DB.members,7,differs"
both "nothing was applied yet" 1
rep_is 1 "apply" apply --yes --case "$CASE" one "$DST"
both "all of it is applied" 1
is "nothing is left to write" "$(planned_rows told)" 0
at b "DELETE FROM orders WHERE no = 'lo5'; DELETE FROM log WHERE member_id = (SELECT id FROM members WHERE mobile = 'lost5');
    DELETE FROM members WHERE mobile = 'lost5'"
both "one of them was deleted since" 1
is "he is listed" "$(grep -c ',deleted-since,' told/conflicts.csv)" 1
is "and not inserted again" "$(planned_rows told) $(planned_rows known)" "0 0"
at b "UPDATE members SET name = 'edited' WHERE mobile = 'lost6'; UPDATE log SET what = 'edited' WHERE id > 1000000 LIMIT 1"
both "rows were edited since" 1
is "nothing comes twice" "$(planned_rows told) $(planned_rows known)" "0 0"
at b "DELETE FROM orders WHERE no = 'lo7'; SET foreign_key_checks = 0; DELETE FROM members WHERE mobile = 'both7'"
both "who came back by himself was deleted since" 1
is "and is not inserted either" "$(planned_rows told) $(planned_rows known)" "0 0"
rep_is 1 "undo keeps what was edited" undo --yes --case "$CASE" one "$DST"
plan 1 "planning again" two "$CASE"
rep_is 1 "and applying" apply --yes --case "$CASE" two "$DST"
is "everybody is back, once" "$(on "SELECT GROUP_CONCAT(mobile ORDER BY mobile) FROM members WHERE mobile LIKE 'lost%' OR mobile LIKE 'both%'")" lost3,lost4,lost5,lost6

# ---- some tables only: what is not planned may stand all the same --------------------------------
rm -f "$CASE"
histories
at ab "CREATE TABLE audit (id BIGINT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20)); INSERT INTO audit VALUES (1, 'base')"
at a "INSERT INTO audit (what) VALUES ('lost a'), ('lost b')"
asked() { echo "$(planned_rows "$1") $(cut -d, -f5 "$1/conflicts.csv" | tail -n +2 | sort | uniq -c | xargs)"; }
checked
plan 0 "a plan of four lost people, and two events" whole "$CASE"
rep_is 0 "applied" apply --yes --case "$CASE" whole "$DST"
at b "DELETE FROM audit WHERE id > 1"
checked
plan 1 "of the one table that the live side has emptied" part "$CASE" --tables "$DB.audit"
is "nothing comes back unasked" "$(asked part)" "0 2 deleted-since"
plan 0 "of all tables" next "$CASE"
is "the plan still counts as applied" "$(asked next)" "0 2 deleted-since"
at ab "DROP TABLE audit"

# ---- the other policies: a run that saw a plan applied, which is undone since -----------------
rm -f "$CASE"
histories
state() { on "SELECT 'm', id, mobile, inviter FROM members UNION ALL SELECT 'o', id, member_id, no FROM orders
    UNION ALL SELECT 'l', id, member_id, what FROM log ORDER BY 1, 2"; }
for policy in mirror backfill; do
    options=(--config my.ini --case "$CASE" --policy $policy)
    [ $policy = backfill ] || options+=(--allow-deletes 0)
    rm -rf first again
    checked
    rep plan "${options[@]}" --output first
    ok "$policy: there is something to write" [ "$(planned_rows first)" -gt 0 ]
    rep apply --yes --case "$CASE" first "$DST"
    AFTER=$(state)
    checked
    rep undo --yes --case "$CASE" first "$DST"
    rep plan "${options[@]}" --output again
    is "$policy: as many rows are planned as before" "$(planned_rows again)" "$(planned_rows first)"
    rep apply --yes --case "$CASE" again "$DST"
    is "$policy: and everything is as it was" "$(state)" "$AFTER"
    rep undo --yes --case "$CASE" again "$DST"
done

# ---- a map that no plan wrote ---------------------------------------------------------------
faulty() { # faulty DESCRIPTION REASON: ./map is refused, by its line
    plan 5 "a map with $1 is refused" never "$CASE" --idmap map
    like "a map with $1: the line is named" "$(cat "$ERR")" "$2"
}
head -n 1 one/idmap.csv >head
{ cat head; sed -n 2p one/idmap.csv | sed "s/$DB.members/$DB.nobody/"; } >map
sed -i "2s/^[^,]*/$DB.nobody/" map
faulty "an unknown table" "line 2: table \".*nobody\" is not planned"
{ cat one/idmap.csv; sed -n 2p one/idmap.csv; } >map
faulty "a key twice" "line $(wc -l <map): key \".*\" of table .* stands twice"
cut -d, -f1,2,4- one/idmap.csv >map
faulty "a column less" 'line 1: there is no column "target_key"'
{ printf '\xef\xbb\xbf'; cat one/idmap.csv; } >map
faulty "a mark of the byte order" 'line 1: there is no column "table"'
tr , ';' <one/idmap.csv >map
faulty "another separator" 'line 1: there is no column "table"'
sed '3s/,[0-9]*,\([0-9]*\),/,1.00E+06,\1,/' one/idmap.csv >map
faulty "a number as spreadsheets round it" 'line 3: key "1.00E.06" of table ".*" is not what its bytes say'
sed '2s/,[a-z]*,\([0-9a-f]*\),[0-9a-f]*\(,[0-9a-f]*,[0-9a-f]*\)\r$/,insert,\1,12\2\r/' one/idmap.csv >map
faulty "a digest that is none" 'line 2: "12" is no digest'
sed '2s/,[0-9a-f]*\r$/,00\r/' one/idmap.csv >map
faulty "a key and other bytes" 'line 2: key ".*" of table ".*" is not what its bytes say'
: >map
faulty "nothing in it" 'is empty'
# ---- tables without a key, in a run that saw what was undone since --------------------------
for policy in merge mirror backfill; do
    at ab "DROP TABLE IF EXISTS visits, log, orders, members;
        CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME);
        CREATE TABLE visits (member_id INT, page VARCHAR(20), created_at DATETIME, KEY (member_id));
        INSERT INTO members VALUES (1, 'm1', '2026-01-01'); INSERT INTO visits VALUES (1, 'w1', '2026-01-01')"
    at a "INSERT INTO members VALUES (3, 'm3', '2026-02-02'); INSERT INTO visits VALUES (1, 'lw1', '2026-02-02'), (3, 'lw3', '2026-02-02')"
    printf '[table %s.*]\ntime-column = created_at\nmargin = 100\n[table %s.visits]\nreference = member_id -> %s.members.id\n' "$DB" "$DB" "$DB" >visits.ini
    rm -rf again again2 third
    saw() { "$MYRECON" check --config visits.ini --case third --settle 0 -q "$(uri a "$DB")" "$DST" >"$OUT" 2>"$ERR"; }
    again() { rep plan --config visits.ini --case third --policy $policy --output "$1" $([ $policy != merge ] || echo --split-at 2026-02-01); }
    saw
    again again
    is "$policy: a lost member and two lost visits" "$RC $(planned_rows again)" "0 3"
    rep_is 0 "$policy: applied" apply --yes --case third again "$DST"
    saw
    rep_is 0 "$policy: undone" undo --yes --case third again "$DST"
    again again2
    is "$policy: a plan of the run between brings back all of it" "$RC $(planned_rows again2)" "0 3"
done
finish
