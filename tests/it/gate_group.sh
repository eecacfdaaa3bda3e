#!/bin/bash
# gate_group.sh: the member of a group replicates from nobody, though MySQL shows the channel by
# which it recovered: its host reads "<NULL>".

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/servers.sh"

member() { # NAME OPTION…: of the group, behind GROUP_PORT
    local name=$1
    shift
    mr_free_port || return 1
    [ -n "${GROUP_PORT:-}" ] || GROUP_PORT=$mr_port
    mr_spawn_mysql "$name" --plugin-dir=/usr/lib/mysql/plugin --plugin-load-add=group_replication.so \
        --loose-group-replication-start-on-boot=OFF \
        --loose-group-replication-group-name=aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa \
        --loose-group-replication-group-seeds="127.0.0.1:$GROUP_PORT" --report-host=127.0.0.1 \
        --loose-group-replication-local-address="127.0.0.1:$mr_port" "$@" && mr_await "$name" &&
        mr_sql "$name" -e "RESET BINARY LOGS AND GTIDS" # what was its own
}

joins() { # NAME
    mr_sql "$1" -e "CHANGE REPLICATION SOURCE TO source_user = 'root' FOR CHANNEL 'group_replication_recovery';
        START GROUP_REPLICATION" || return 1
    for _ in {1..300}; do
        [ "$(mr_sql "$1" -e 'SELECT MEMBER_STATE FROM performance_schema.replication_group_members
            WHERE MEMBER_ID = @@server_uuid')" != ONLINE ] || return 0
        sleep 0.1
    done
    return 1
}

group() { # GP and GR, a group; 1 where it cannot be had
    mr_servers_begin || return 1
    mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || return 1
    [ -e "$mr_mysql_root/usr/lib/mysql/plugin/group_replication.so" ] || return 1
    trap clean_up EXIT
    IT_EXIT+=(mr_servers_end)
    member GP && member GR || return 1
    mr_sql GP -e "SET GLOBAL group_replication_bootstrap_group = ON"
    joins GP || bail "no group: $(tail -n 3 "$(mr_get_server GP DIR)/log")"
    mr_sql GP -e "CREATE DATABASE club; CREATE TABLE club.t (id INT PRIMARY KEY); INSERT INTO club.t VALUES (1)"
    joins GR || bail "GR does not join: $(tail -n 20 "$(mr_get_server GR DIR)/log")"
}

GATE_KIND=mysql PEER='' ON=GR
if group; then
    FACTS=$IT_TMP/group.facts
    "$MYRECON" gate record --force --output "$FACTS" "$(gate_uri GR)" >"$OUT" 2>"$ERR" || bail "no baseline: $(cat "$ERR")"
    cp "$FACTS" "$FACTS.replica"
    is "the baseline knows no channel" "$(jq -c '.servers[0].replication.channels' "$FACTS")" '[]'
    well "a member of a group"
    run() { # run COMMAND…: $RC, $OUT, $ERR
        CMD=("$MYRECON" "$@")
        timeout -k 5 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
        RC=$?
    }
    fires() { jq -r 'select(.type == "check" and .severity != "ok") | "\(.name):\(.severity)"' "$OUT" | xargs; }
    mr_sql GP -e "CREATE USER app@127.0.0.1; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO app@127.0.0.1;
        CREATE USER none@127.0.0.1; GRANT SELECT ON club.* TO none@127.0.0.1"
    catch_up
    for pair in "GP GR" "GR GP"; do
        for user in root app none; do
            run gate cutover --json "$(gate_uri "${pair% *}" "$user")" "$(gate_uri "${pair#* }" "$user")"
            is "no member takes another's place ($pair, by $user)" "$RC $(fires)" "2 identity:critical"
        done
    done
    like "it is said how the group does it" "$(jq -r 'select(.name == "identity") | .message + .hint' "$OUT")" \
        "members of one group.*group_replication_set_as_primary\('$(mr_sql GP -e 'SELECT @@server_uuid')'\)"
    run gate fence --json --for 0.6 --live "$(gate_uri GP)" "$(gate_uri GR)"
    is "no member is the old one of another" "$RC $(fires)" "2 identity:critical"
    run gate fence --json --for 0.6 "$(gate_uri GR)"
    is "nor fenced by itself, read-only though it is" "$RC $(fires)" "2 cluster:critical"
    like "for the group goes on" "$(jq -r 'select(.name == "cluster") | .message' "$OUT")" "a member of a group of 2, of which 1 is looked at"
    is "which is no source" "$(jq -r 'select(.name == "replication") | .message' "$OUT")" "it replicates from nobody"
    run gate fence --json --for 0.6 "$(gate_uri GR none)"
    like "and may be one, as far as an account sees" "$(fires)" "cluster:unknown"
    run gate fence --json --for 0.6 "$(gate_uri GR)" "$(gate_uri GP)"
    is "all of them are all of it: one is open" "$RC $(fires)" "2 read_only:critical"
    mr_sql GR -e "STOP GROUP_REPLICATION"
    run gate fence --json --for 0.6 "$(gate_uri GR)"
    is "one that has left is fenced by itself" "$RC $(fires)" "0 "
    run gate check --json --only cluster "$FACTS" "$(gate_uri GR)"
    is "one that has left is told by the gate" "$RC $(fires)" "2 cluster:critical"
    run gate check --json --only cluster "$(gate_uri GR)"
    is "and without a baseline, too" "$RC $(fires)" "1 cluster:warning"
    run gate cutover --json --wait 0 "$(gate_uri GP)" "$(gate_uri GR)"
    like "one that has left is a server of its own" "$(fires)" "replication:critical"
else
    skip "a member of a group" "$(tail -n 1 "$IT_TMP/mysql9.err")"
fi
finish
