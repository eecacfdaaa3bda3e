#!/bin/bash
# merge_witness.sh: a plan names the tables of which the binary logs do not tell all, says why, and what its rows are
# decided by then: on the demo's pair, in which each kind of witness is broken in turn.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
. "$IT_DIR/../demo/world.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_spawn_mariadb LOST && mr_spawn_mariadb LIVE && mr_await LOST LIVE && demo_pair LOST LIVE || bail "no pair"
S=$(mr_get_server LOST URI)/club T=$(mr_get_server LIVE URI)/club CASE=$IT_TMP/case INI=$IT_DIR/../demo/club.ini

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
plan() { # NAME [OPTION…]
    PLAN=$IT_TMP/$1
    run repair plan --config "$INI" --case "$CASE" --policy merge --output "$PLAN" "${@:2}"
}
evidence() { # "table side evidence;…" of plan.json
    jq -r '[.rows.tables[] | .table as $t | .evidence // [] | .[] | "\($t) \(.side) \(.evidence)"] | join(";")' "$PLAN/plan.json"
}
noted() { # tables that notes name
    jq -r '[.rows.notes[] | select(.kind == "logs") | .table] | join(";")' "$PLAN/plan.json"
}

mr_sql LOST club <"$IT_DIR/../demo/lost.sql" && mr_sql LIVE club <"$IT_DIR/../demo/live.sql" || bail "no histories"
run check -q --settle 0 --config "$INI" --case "$CASE" "$S" "$T"
plan without
is "a case without logs says nothing of them" "$(evidence)/$(noted)/$(grep -c 'binary logs' "$ERR")" "//0"
run history collect --case "$CASE"
is "collected, all are good" "$RC" 0
plan good
is "and a plan has nothing to say of that" "$(evidence)/$(noted)/$(grep -c 'binary logs' "$ERR")" "//0"

# a table that was rebuilt is blind; its neighbours stay good
mr_sql LIVE club -e "UPDATE members SET city = 'Celle' WHERE id = 1500; ALTER TABLE members FORCE"
run check -q --settle 0 --config "$INI" --case "$CASE" "$S" "$T"
run history collect --case "$CASE"
is "one is not" "$RC" 4
plan blind
is "the blind side of the table stands in plan.json" "$(evidence)" "club.members target blind"
is "and is noted" "$(noted)" "club.members"
like "plan warns of it, with the reason" "$(cat "$ERR")" \
    'warning: table "club.members": the target.s binary logs do not tell all of it \(blind: a statement defined it anew, .*\): its rows are decided by those of the other side'
is "and decides its rows by SOURCE's logs" "$(jq -r '.rows.tables[] | select(.table == "club.members") | .logs | map("\(.outcome) \(.count)") | join(";")' "$PLAN/plan.json")" \
    "both-changed 1;by-rule 1;changed 1;restored-change 10;unchanged-in-source 10"
run repair show "$PLAN"
like "show says it, too" "$(cat "$OUT")" "note: club.members: the target.s binary logs do not tell all of it \(blind: "
run repair show --json "$PLAN"
is "and its JSON" "$(jq -r 'select(.type == "table" and .table == "club.members") | .evidence[] | "\(.side) \(.evidence)"' <"$OUT")" "target blind"

# a statement in the place of rows may have touched all of its database
mr_sql LIVE club -e "SET binlog_format = STATEMENT; UPDATE members SET city = 'Celle' WHERE id = 1501"
run check -q --settle 0 --config "$INI" --case "$CASE" "$S" "$T"
run history collect --case "$CASE"
plan statement
is "a statement blinds all of them" "$(evidence | tr ';' '\n' | grep -c 'target blind') $(noted | tr ';' '\n' | wc -l)" "4 4"

# what was not collected, and a side that has gone on
run history collect --case "$CASE" --tables members --tables wallet_log
plan some
is "tables that were left out tell nothing" "$(evidence | tr ';' '\n' | grep -c 'club.order.* none')" 4
like "which is said" "$(cat "$ERR")" 'table "club.orders": the source.s binary logs do not tell all of it \(not collected for it\), nor do the target.s \(not collected for it\): its rows are decided as without logs'
mr_sql LOST club -e "UPDATE members SET city = 'Rostock' WHERE id = 1600"
run check -q --settle 0 --config "$INI" --case "$CASE" "$S" "$T"
run history collect --case "$CASE"
mr_sql LOST club -e "FLUSH BINARY LOGS; UPDATE members SET city = 'Kassel' WHERE id = 1600; FLUSH BINARY LOGS"
LAST=$(mr_sql LOST -e "SHOW BINARY LOGS" | awk 'END { print $1 }')
for _ in {1..100}; do # a log that somebody still reads stays
    mr_sql LOST -e "PURGE BINARY LOGS TO '$LAST'"
    [ "$(mr_sql LOST -e "SHOW BINARY LOGS" | wc -l)" != 1 ] || break
    sleep 0.1
done
plan late
is "logs of a source that has gone on, and removed them, are none" "$(evidence | tr ';' '\n' | grep -c 'source none')" 4
like "which is said" "$(cat "$ERR")" 'table "club.members": the source.s binary logs do not tell all of it \(SOURCE has executed transactions since they were read'
finish
