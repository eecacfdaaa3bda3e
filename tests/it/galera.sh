#!/bin/bash
# galera.sh: a cluster of three nodes: what gate says of it, and that the other commands work on its
# nodes as on servers of their own.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/servers.sh"
. "$IT_DIR/../lib/galera.sh"

if ! mr_galera_provider >/dev/null; then
    skip "a cluster of Galera" "the package galera-4 is not installed"
    finish
    exit
fi
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_galera_start N1 N2 N3 || bail "no cluster"

U1=$(gate_uri N1) U2=$(gate_uri N2) U3=$(gate_uri N3)
FACTS=$IT_TMP/cluster.facts

run() { # ARGS…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    "${CMD[@]}" >"$OUT" 2>"$ERR"
    RC=$?
}

fired() { # what the last gate found, "name:severity …"
    jq -r 'select(.type == "check" and .severity != "ok") | "\(.name):\(.severity)"' "$OUT" | paste -sd ' '
}

gate_until() { # WANTED ARGS…: gate check, until it fires just that
    local wanted=$1 try
    shift
    for ((try = 0; try < 150; try++)); do
        run gate check --json "$@"
        [ "$(fired)" != "$wanted" ] || break
        sleep 0.2
    done
    is "gate check ${*: -1}: $wanted" "$(fired)" "$wanted"
}

mr_sql N1 <<'SQL'
CREATE DATABASE club;
USE club;
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
    name VARCHAR(50));
INSERT INTO members (mobile, name) SELECT CONCAT('+49', seq), CONCAT('n', seq) FROM seq_1_to_500;
SQL
mr_galera_seen N2 N1 && mr_galera_seen N3 N1 || bail "nodes do not follow"

# --- one server, and its nodes -----------------------------------------------------------

run gate check --json --peer "$U2" --peer "$U3" "$U1"
is "nodes that all take writes are one server" "$RC $(fired)" "0 "
run gate record --output "$FACTS" --peer "$U2" --peer "$U3" "$U1"
is "a baseline of all" "$RC $(jq -c '.servers | map(.cluster.size)' "$FACTS")" '0 ["3","3","3"]'
run gate check --json --peer "$U2" "$FACTS" "$U1"
is "as the baseline" "$RC $(fired)" "0 "
run gate cutover --json "$U1" "$U2"
is "no node takes another's place: critical" "$RC $(fired)" "2 identity:critical"
like "by name" "$(cat "$OUT")" "nodes of one Galera cluster"
run gate fence --json --for 0.1 --live "$U1" "$U2"
is "nor is one fenced" "$RC $(fired)" "2 identity:critical"

# --- a node that is not in step ----------------------------------------------------------

mr_sql N2 -e "SET GLOBAL wsrep_desync = ON"
gate_until "cluster:warning" "$U2"
mr_sql N2 -e "SET GLOBAL wsrep_desync = OFF"
mr_galera_await N2 3 || bail "N2 stays desynced"
mr_sql N3 -e "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'"
gate_until "cluster:critical" --only cluster "$U3"
like "its quorum is lost" "$(cat "$OUT")" "without a quorum"
gate_until "cluster:warning" --peer "$U2" "$FACTS" "$U1"
like "two are left" "$(cat "$OUT")" "2 of 3 nodes are left"
mr_sql N3 -e "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'"
mr_galera_await N3 3 || bail "N3 does not come back"
finish
