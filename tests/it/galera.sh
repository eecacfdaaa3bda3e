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
mr_galera_start N1 N2 N3 && mr_start_mariadb LOST || bail "no cluster"

U1=$(gate_uri N1) U2=$(gate_uri N2) U3=$(gate_uri N3) LOST=$(gate_uri LOST)
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

mr_sql N1 <<'SQL' || bail "no rows"
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

run gate fence --json --for 0.1 "$U1"
like "one of three by itself is not fenced by itself" "$(jq -r 'select(.name == "cluster") | "\(.severity) \(.message)"' "$OUT")" \
    '^critical it is a node of a Galera cluster of 3, of which 1 is looked at'
run gate fence --json --for 0.1 "$U1" "$U2" "$U3" "$U1"
is "all three are all of it" "$(jq -c 'select(.name == "cluster")' "$OUT")" ""

run doctor "$U1"
is "doctor" "$RC" 0
run check --json "$U1" "$U2"
is "two nodes are equal" "$RC" 0
run snapshot create "$U2" "$IT_TMP/snap"
is "a snapshot of a node" "$RC" 0
is "which is not desynced by it" "$(mr_sql N2 -e "SHOW GLOBAL STATUS LIKE 'wsrep_desync_count'" | cut -f 2)" 0
run check --json "snapshot:$IT_TMP/snap" "$U3"
is "and is what another node holds" "$RC" 0

# --- a lost history comes back into the cluster -------------------------------------------

# N1 counts 1, 4, 7 …, and its rows are the common past; the rest is LOST's and the cluster's own
mr_sql LOST -e "CREATE DATABASE club"
mariadb-dump --no-defaults --user=root --socket="$(mr_get_server N1 SOCK)" club |
    mr_sql LOST --database=club || bail "no copy"
mr_sql LOST -e "INSERT INTO club.members (id, mobile, name) VALUES (3000, '+51', 'lost'), (3001, '+52', 'lost too')"
mr_sql N1 -e "INSERT INTO club.members (id, mobile, name) VALUES (3000, '+61', 'live')"
CASE=$IT_TMP/club.case
run check --case "$CASE" "$LOST" "$U2"
is "a lost history" "$RC" 1
run repair plan --reseed-only --case "$CASE" --output "$IT_TMP/reseed"
run repair apply --yes --case "$CASE" "$IT_TMP/reseed" "$U2"
is "reseed" "$RC" 0
like "what ALTER TABLE does there is said beforehand" "$(cat "$ERR")" "ALTER TABLE .* holds up writers on all of them"
mr_galera_seen N1 N2 && mr_galera_seen N3 N2
above=yes
for node in N1 N2 N3; do # by its own step each
    id=$(mr_sql "$node" -e "INSERT INTO club.members (mobile) VALUES ('$node'); SELECT LAST_INSERT_ID()")
    [ "$id" -gt 1000000 ] || above="$node gives out $id"
done
is "no node gives out an id of the lost history" "$above" yes
run check --case "$CASE" "$LOST" "$U2"
run repair plan --policy merge --split-key club.members=1500 --case "$CASE" --output "$IT_TMP/merge"
is "a plan" "$RC" 0
run repair apply --yes --case "$CASE" "$IT_TMP/merge" "$U2"
is "apply" "$RC" 0
is "its session waits for what others have committed" \
    "$(grep -c 'is a node of a Galera cluster' "$ERR")" 1
run repair verify "$IT_TMP/merge" "$U2"
is "verify" "$RC" 0
mr_galera_seen N1 N2 && mr_galera_seen N3 N2
run check --json "$U1" "$U3"
is "the nodes are equal" "$RC" 0
is "nobody is lost" "$(mr_sql N3 -e "SELECT COUNT(*) FROM club.members WHERE mobile IN ('+51', '+52', '+61')")" 3
run repair undo --yes --case "$CASE" "$IT_TMP/merge" "$U2"
is "undo" "$RC" 0

# --- a node that is not in step ----------------------------------------------------------

mr_sql N2 -e "SET GLOBAL wsrep_desync = ON"
gate_until "cluster:warning" "$U2"
mr_sql N2 -e "SET GLOBAL wsrep_desync = OFF"
mr_galera_await N2 3 || bail "N2 stays desynced"
mr_sql N3 -e "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'"
gate_until "cluster:critical" --only cluster "$U3"
like "its quorum is lost" "$(cat "$OUT")" "without a quorum"
run doctor "$U3"
like "doctor does not blame a table for that" "$(cat "$OUT")" "node of Galera without a quorum"
run repair apply --yes --case "$CASE" "$IT_TMP/merge" "$U3"
is "nothing is written there" "$RC" 5
gate_until "cluster:warning" --only cluster --peer "$U2" "$FACTS" "$U1"
like "two are left" "$(cat "$OUT")" "2 of 3 nodes are left"
mr_sql N3 -e "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'"
mr_galera_await N3 3 || bail "N3 does not come back"
finish
