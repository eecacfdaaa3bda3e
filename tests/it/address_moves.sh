#!/bin/bash
# address_moves.sh: an address that leads to another server while a command runs, as a rented
# server's does in a failover.  Whatever has to connect again stops and names both; nothing is
# read from, or written to, the other one.

. "$(dirname "$0")/lib.sh"
begin ab
cd "$IT_TMP" || exit 1
T=b
. "$IT_DIR/rows/lib.sh"

own_mysql() { # MO, which nobody else uses
    [ -n "${mr_run_dir:-}" ] || . "$IT_DIR/../lib/servers.sh"
    mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>mysql9.err) || return 1
    [ -n "${mr_run_dir:-}" ] || mr_servers_begin || return 1
    mr_spawn_mysql MO && mr_await MO || return 1
    trap clean_up EXIT
    IT_EXIT+=(mr_servers_end)
}
of() { # of SIDE: its port
    local u
    u=$(side_uri "$1")
    echo "${u##*:}"
}
echo a >mode
python3 "$IT_DIR/../fault/router.py" port mode "$(of b)" "$(of a)" 2>router.err &
ROUTER=$!
at_exit "kill $ROUTER"
wait_for 10 test -s port || bail "no router"
MOVING=mysql://root@127.0.0.1:$(cat port)/$DB # to b, and then to a
leads() { # leads MODE
    echo "$1" >mode.new && mv mode.new mode
    sleep 0.1 # the router looks every 20 ms, and cuts what led elsewhere
}
names_both() { # names_both DESCRIPTION
    like "$1: both are named" "$(cat "$ERR")" "another server answers at .* \(server_id [0-9]+\) instead of .* \(server_id [0-9]+\)"
    like "$1: by all that tells them" "$(cat "$ERR")" "before: MariaDB .*data directory .*/B/data.*; now: MariaDB .*/A/data"
}

at ab "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL, filler VARCHAR(100) NOT NULL);
    INSERT INTO t SELECT seq, seq, REPEAT('x', 100) FROM seq_1_to_20000;
    CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1)"
on "DELETE FROM t WHERE id BETWEEN 100 AND 300"
OTHER=$(client a -D "$DB" <<<"CHECKSUM TABLE t, u")

# ---- reading ------------------------------------------------------------------------------
# b's t differs from a's: read from the other server it would be equal.
leads "a FROM \`$DB\`.\`t\`"
run_check "$SRC" "$MOVING" --settle 0 --threads 1
is "check: incomplete" "$RC" 4
names_both check
table_is "check: the table is not checked" t '.verdict == "not-checked"'
leads "a FROM \`$DB\`.\`t\`"
run_check "$SRC" "$MOVING" --settle 0 --consistent
is "check --consistent: incomplete" "$RC" 4
leads a
"$MYRECON" gate record --output facts "$MOVING" >"$OUT" 2>"$ERR" || bail "no baseline"
run_check "$SRC" "$MOVING" --settle 0 --case case
is "a case" "$RC" 1
# shellcheck disable=SC2034 # of rows/lib.sh
CASE=case
leads "a FROM \`$DB\`.\`t\`"
rep plan --policy backfill --case case --output stopped
ok "repair plan: does not end well" test "$RC" -ne 0
ok "repair plan: leaves no plan" test ! -e stopped/plan.json
leads a
rep_is 0 "repair plan" plan --policy backfill --case case --output plan
for where in "SHOW GLOBAL VARIABLES" "FROM \`$DB\`.\`t\`"; do
    leads "a $where"
    CMD=("$MYRECON" gate check facts "$MOVING")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    ok "gate check: neither well nor critical ($where)" test "$RC" -eq 4 -o "$RC" -eq 5
done
rm -rf snapshot
leads "a FROM \`$DB\`.\`t\`"
CMD=("$MYRECON" snapshot create "$MOVING" snapshot)
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
RC=$?
ok "snapshot create: incomplete" test "$RC" -eq 4 -o "$RC" -eq 5
ok "snapshot create: is none" test ! -e snapshot/manifest.json

# ---- writing ------------------------------------------------------------------------------
leads "a INSERT INTO \`$DB\`.\`t\`"
rep_is 5 "repair apply: stopped" apply --yes --case case plan "$MOVING"
names_both "repair apply"
is "repair apply: the other server is as it was" "$(client a -D "$DB" <<<"CHECKSUM TABLE t, u")" "$OTHER"
leads a
rep_is 0 "repair apply: the planned one" apply --yes --case case plan "$MOVING"
is "repair apply: all of it" "$(on "SELECT COUNT(*) FROM t")" 20000
leads "a START TRANSACTION"
rep_is 5 "repair undo: stopped" undo --yes --case case plan "$MOVING"
names_both "repair undo"
is "repair undo: the other server is as it was" "$(client a -D "$DB" <<<"CHECKSUM TABLE t, u")" "$OTHER"
leads "a FROM \`$DB\`.\`t\`"
rep verify plan "$MOVING"
ok "repair verify: proves nothing" test "$RC" -eq 4 -o "$RC" -eq 5
rep_is 5 "repair verify: nor of the other one" verify plan "$MOVING"
like "repair verify: which is named" "$(cat "$ERR")" 'is not the server that the plan is for'

# Each worker of a restore logs in by itself: the address moves between the first login and theirs.
leads a
"$MYRECON" snapshot create "$SRC" good >"$OUT" 2>"$ERR" || bail "no snapshot"
fresh ab "${DB}_back"
leads "a CREATE TABLE"
CMD=("$MYRECON" snapshot restore good "${MOVING}_back")
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
RC=$?
ok "snapshot restore: stopped" test "$RC" -eq 4 -o "$RC" -eq 5
is "snapshot restore: nothing on the other server" "$(client a <<<"SHOW TABLES FROM ${DB}_back")" ''

# ---- MySQL: a copy of a data directory has the server_uuid of its original -------------------
if ! own_mysql; then
    skip "MySQL" "no MySQL 9"
    finish
fi
mr_sql MO -e "CREATE DATABASE club; CREATE TABLE club.t (id INT PRIMARY KEY);
    INSERT INTO club.t WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 900) SELECT n FROM s;
    CREATE DATABASE club2; CREATE TABLE club2.t LIKE club.t; INSERT INTO club2.t SELECT * FROM club.t"
touch pause
ONE=mysql://root@127.0.0.1:$(mr_get_server MO PORT)
"$MYRECON" check -v --same-server --settle 0 --threads 1 --pause-file pause "$ONE/club" "$ONE/club2" >"$OUT" 2>"$ERR" </dev/null &
PID=$!
ok "MySQL: it waits" wait_for 30 grep -q pause "$ERR"
mr_sql MO -e "SET GLOBAL server_id = 4711"
mr_sql MO -N -e "SELECT CONCAT('KILL ', ID, ';') FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER = 'root'" |
    mr_sql MO -f 2>/dev/null
rm pause
ended 60
is "MySQL: another server_id under one server_uuid: incomplete" "$RC" 4
like "MySQL: which is said" "$(cat "$ERR")" 'another server answers at .*server_id 4711\) instead of'
finish
