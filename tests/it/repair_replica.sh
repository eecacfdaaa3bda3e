#!/bin/bash
# repair_replica.sh: a server that replicates from another one is not written to unless
# --allow-replica says so: by apply, undo and restore; plan and show say it.

. "$(dirname "$0")/lib.sh"
KIND=mariadb T=p
if [ "${1:-}" = mysql ]; then
    IT_NAME+=_mysql KIND=mysql
fi
if ! use_pair $KIND; then
    echo "1..0 # SKIP no replicating pair of $KIND"
    exit 0
fi
begin ap
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"
PRIMARY=$(side_uri p | sed 's/.*@//')
if [ $KIND = mysql ]; then
    STOP="STOP REPLICA" START="START REPLICA" RIGHT="REPLICATION CLIENT"
else
    STOP="STOP SLAVE" START="START SLAVE" RIGHT="SLAVE MONITOR"
fi
at_exit 'client r <<<"$START"'
DST=$(uri r "$DB")
afresh
caught_up
BEFORE=$(state)
position() { # what was written to the replica itself
    if [ $KIND = mysql ]; then client r <<<"SELECT @@server_uuid, @@gtid_executed"; else client r <<<"SELECT @@gtid_binlog_pos"; fi
}
OWN=$(position)
make_plan
like "plan says it" "$(cat "$ERR")" "the target replicates from \"$PRIMARY\" \(running\)"
rep_is 0 "show" show plan
like "says it, too" "$(cat "$OUT")" "replicates from \"$PRIMARY\""
rep show --json plan
like "and as JSON" "$(jq -r 'select(.type == "plan") | .replicates_from' "$OUT")" "\"$PRIMARY\""
refused_by() { # refused_by DESCRIPTION STATE COMMAND…
    CMD=("$MYRECON" "${@:3}")
    timeout -k 5 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    is "$1: refused" "$RC" 5
    like "$1: by whom it is fed" "$(cat "$ERR")" "replicates from \"$PRIMARY\" \($2\)"
    like "$1: what can be done" "$(cat "$ERR")" "hint: .*--allow-replica.* With --no-binlog beside it"
}
"$MYRECON" snapshot create -q "$(uri a "$DB")" snap >/dev/null 2>&1 || bail "no snapshot"
for how in running stopped; do
    [ $how = running ] || client r <<<"$STOP"
    refused_by "apply, $how" $how repair apply --yes plan "$DST"
    refused_by "a dry run, $how" $how repair apply --dry-run plan "$DST"
    refused_by "undo, $how" $how repair undo --yes plan "$DST"
    refused_by "restore, $how" $how snapshot restore --rename-db "$DB=${DB}_back" snap "$(uri r "${DB}_back")"
done
client r <<<"$START"
rep_is 0 "with --allow-replica" apply --dry-run --allow-replica --json plan "$DST"
is "all of it would be written" "$(sum .rows_written)" 7
like "and the source is named all the same" "$(cat "$ERR")" "warning: --allow-replica: .* replicates from \"$PRIMARY\""

# An account that may not see it is told which right shows it; "no channel" is not taken for granted.
U=${DB:0:20}_u
at_exit "client p <<<\"DROP USER IF EXISTS '$U'@'%'\""
client p <<<"CREATE USER '$U'@'%' IDENTIFIED BY 'pw'; GRANT ALL ON \`$DB\`.* TO '$U'@'%'" || bail "no user"
caught_up
for side in r p; do
    rep apply --dry-run plan "$(uri $side "$DB" "$U:pw")"
    [ $side = r ] || continue
    is "an account that may not see the status: refused" "$RC" 5
    like "with the right that shows it" "$(cat "$ERR")" "hint: .*GRANT $RIGHT ON \*\.\* TO '$U'@'%'.*--allow-replica"
done
rep_is 0 "it may be allowed" apply --dry-run --allow-replica plan "$(uri r "$DB" "$U:pw")"
if [ $KIND = mysql ]; then
    client p <<<"GRANT SELECT ON performance_schema.replication_connection_configuration TO '$U'@'%'"
    caught_up
    rep_is 5 "the table that holds it will do" apply --dry-run plan "$(uri r "$DB" "$U:pw")"
    like "to see the source" "$(cat "$ERR")" "replicates from \"$PRIMARY\" \(configured\)"
fi
client p <<<"GRANT $RIGHT ON *.* TO '$U'@'%'"
caught_up
rep_is 5 "one that may" apply --dry-run plan "$(uri r "$DB" "$U:pw")"
like "sees the source" "$(cat "$ERR")" "replicates from \"$PRIMARY\" \(running\)"
is "nothing was written" "$(T=r; state)" "$BEFORE"
[ $KIND = mysql ] || is "not even to its log" "$(client r <<<"SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${DB}_back'")" 0

# Out of its log: what its source lacks is no transaction of its own, and it goes on to replicate.
LOGGED=$(position)
rep_is 0 "written to the replica alone" apply --yes --allow-replica --no-binlog plan "$DST"
is "all of it" "$(T=r; state)" "$DONE"
is "no transaction of its own" "$(position)" "$LOGGED"
rep_is 0 "and taken back" undo --yes --allow-replica --no-binlog plan "$DST"
is "as it was" "$(T=r; state) $(position)" "$BEFORE $LOGGED"

# The server above it, which replicates from nobody, is written to.
DST=$(uri p "$DB")
make_plan
rep_is 0 "its source takes the rows" apply --yes plan "$DST"
is "all of them" "$(state)" "$DONE"
finish
