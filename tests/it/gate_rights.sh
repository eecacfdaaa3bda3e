#!/bin/bash
# gate_rights.sh: what the account may not see is unknown, never fine, and the GRANT is named;
# with the few rights that the guide names, all is seen.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"

unknowns() { jq -r 'select(.severity == "unknown").name' "$OUT" | sort | tr '\n' ' '; }
hint() { jq -r --arg n "$1" 'select(.name == $n).hint' "$OUT"; }
account() { # GRANT…
    local grant
    mr_sql GP -e "SET sql_log_bin = 0; DROP USER IF EXISTS gate@'127.0.0.1'; CREATE USER gate@'127.0.0.1' IDENTIFIED BY 'g'"
    for grant; do
        mr_sql GP -e "SET sql_log_bin = 0; GRANT $grant TO gate@'127.0.0.1'" || bail "cannot grant $grant"
    done
}

rights() { # mariadb|mysql
    local reader status
    gate_pair "$1" || return 1
    PEER=''
    healthy
    reader=$(gate_uri GP gate:g)
    status='REPLICATION CLIENT'
    [ "$GATE_KIND" = mysql ] || status='SLAVE MONITOR'

    account "SELECT ON club.*" "PROCESS ON *.*" "$status ON *.*"
    run_gate "$FACTS" "$reader"
    is "$GATE_KIND: the rights of the guide: well" "$(what_fires) -> $RC" " -> 0"
    "$MYRECON" gate record --force --output "$IT_TMP/r.facts" "$reader" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: the rights of the guide: recorded" "$? $(cat "$ERR")" "0 "

    account "SELECT ON club.*"
    run_gate "$FACTS" "$reader"
    is "$GATE_KIND: SELECT alone: exit 4" "$RC" 4
    like "$GATE_KIND: SELECT alone: sessions are unknown" "$(unknowns)" 'long_transactions metadata_locks .*running_backup'
    like "$GATE_KIND: SELECT alone: replication is unknown" "$(unknowns)" 'replication_errors replication_lag replication_source replication_threads'
    like "$GATE_KIND: SELECT alone: GRANT PROCESS" "$(hint long_transactions)" "^GRANT PROCESS ON \*\.\* TO .gate.@.127.0.0.1"
    like "$GATE_KIND: SELECT alone: the GRANT for replication" "$(hint replication_threads)" "^GRANT $status ON \*\.\* TO .gate"
    run_gate --skip role,replication_threads,replication_lag,replication_source,replication_errors,long_transactions,metadata_locks,running_backup,history_list "$FACTS" "$reader"
    is "$GATE_KIND: SELECT alone, the others skipped: well" "$(what_fires) -> $RC" " -> 0"
    "$MYRECON" gate check --nagios "$FACTS" "$reader" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: --nagios: unknown is 3" $? 3
    like "$GATE_KIND: --nagios: the first line" "$(head -n 1 "$OUT")" '^GATE UNKNOWN - .*\|'
    "$MYRECON" gate record --force --output "$IT_TMP/r.facts" "$reader" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: SELECT alone: recorded, exit 4" $? 4
    like "$GATE_KIND: SELECT alone: record names the GRANT" "$(cat "$ERR")" 'GRANT PROCESS'

    account "PROCESS ON *.*" "$status ON *.*"
    "$MYRECON" gate record --force --output "$IT_TMP/none.facts" "${reader%/club}" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: no table is seen: recorded, exit 4" $? 4
    like "$GATE_KIND: no table is seen: it is said" "$(cat "$ERR")" 'no table is recorded: .*GRANT SELECT ON'

    account "SELECT ON club.members" "PROCESS ON *.*" "$status ON *.*"
    run_gate "$FACTS" "$reader"
    like "$GATE_KIND: one table alone: the others are not called well" "$(what_fires)" 'tables:(critical|unknown)'
    is "$GATE_KIND: one table alone: they are unknown" "$(jq -r 'select(.name == "tables").severity' "$OUT")" unknown
    like "$GATE_KIND: one table alone: the GRANT" "$(hint tables)" 'GRANT SELECT ON .club.\..*(orders|periods|plain|small)'

    like "$GATE_KIND: one table alone: unknown in every check that needed the others" "$(unknowns)" \
        'auto_increment_headroom auto_increment_position .*max_keys newest_row .*row_counts sample_digest schema'

    # checks that the configuration asks for, of tables that are hidden as a whole
    printf '[table club.periods]\nsequence = period\n[table club.orders]\nfreshness = touched\n[table club.nowhere]\nfreshness = x\n' >"$IT_TMP/wanted.ini"
    for facts in "$FACTS" ''; do
        run_gate --config "$IT_TMP/wanted.ini" --only sequence_gaps,completeness,freshness ${facts:+"$facts"} "$reader"
        is "$GATE_KIND: hidden as a whole${facts:+, with a baseline}: what is configured is unknown" "$(what_fires) -> $RC" \
            "completeness:unknown freshness:unknown sequence_gaps:unknown -> 4"
        like "$GATE_KIND: hidden as a whole: by name, with the GRANT" "$(hint freshness)" 'GRANT SELECT ON .club.\..orders. TO'
        says "hidden as a whole: the sequence" sequence_gaps 'club.periods not visible .*GRANT SELECT ON .club.\..periods. TO'
    done
    "$MYRECON" gate record --config "$IT_TMP/wanted.ini" --force --output "$IT_TMP/r.facts" "$reader" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: hidden as a whole: recorded, exit 4" $? 4
    like "$GATE_KIND: hidden as a whole: record names it" "$(cat "$ERR")" 'table club.periods is not recorded: .*GRANT SELECT ON .club.\..periods. TO'

    # rights on some columns: the others look as if they were not there
    mr_sql GP -D club -e "INSERT INTO small VALUES (240, 1)"
    account "SELECT (v), INSERT (v) ON club.small" "PROCESS ON *.*" "$status ON *.*"
    run_gate --only auto_increment_headroom,auto_increment_position "$reader"
    is "$GATE_KIND: a column alone: its counter is unknown" "$(what_fires) -> $RC" \
        "auto_increment_headroom:unknown auto_increment_position:unknown -> 4"
    like "$GATE_KIND: a column alone: the GRANT" "$(hint auto_increment_headroom)" 'GRANT SELECT ON .club.\..small. TO'
    run_gate --only schema --tables club.small "$FACTS" "$reader"
    is "$GATE_KIND: a column alone: the others are not called dropped" "$(what_fires) -> $RC" "schema:unknown -> 4"
    mr_sql GP -D club -e "DELETE FROM small WHERE id = 240; ALTER TABLE small AUTO_INCREMENT = 4"

    printf '[table club.ordrs]\nfreshness = touched\n' >"$IT_TMP/slip.ini"
    run_gate --config "$IT_TMP/slip.ini" --only freshness "$(gate_uri GP)"
    like "$GATE_KIND: a section of a table that there is not" "$(cat "$ERR")" 'slip.ini:1: section of "club.ordrs" matches no table: is "club.orders" meant'
    is "$GATE_KIND: what it asks for is not well" "$(what_fires) -> $RC" "freshness:unknown -> 4"
    printf '[table club.gone]\nfreshness = touched\nsequence = id\n[table elsewhere.gone]\nfreshness = touched\n' >"$IT_TMP/slip.ini"
    run_gate --config "$IT_TMP/slip.ini" --only freshness,sequence_gaps "$(gate_uri GP)"
    is "$GATE_KIND: a table that is gone is not well without a baseline" "$(what_fires) -> $RC" "freshness:unknown sequence_gaps:unknown -> 4"
    says "and is named" freshness '^club.gone, which the configuration names, is no table here'

    # nothing to look at is not well
    all=$(gate_uri GP) all=${all%/club}
    "$MYRECON" gate record -q --force --output "$IT_TMP/all.facts" "$all" >"$OUT" 2>"$ERR"
    run_gate "$IT_TMP/all.facts" "$all/clubb"
    is "$GATE_KIND: a database that neither server nor baseline has: exit 3" "$RC $(grep -c 'database "clubb" does not exist' "$ERR")" "3 1"
    for facts in "$FACTS" ''; do
        run_gate --tables club.memberz ${facts:+"$facts"} "$(gate_uri GP)"
        is "$GATE_KIND: --tables that nothing matches${facts:+, with a baseline}: exit 3" "$RC $(grep -c 'no table matches --tables club.memberz' "$ERR")" "3 1"
    done
    rm -f "$IT_TMP/none.facts"
    "$MYRECON" gate record --tables memberz --output "$IT_TMP/none.facts" "$all" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: nor is that recorded" "$? $([ -e "$IT_TMP/none.facts" ] && echo there)" "3 "
    account "PROCESS ON *.*" "$status ON *.*"
    run_gate "$(gate_uri GP gate:g | sed 's,/club$,,')"
    is "$GATE_KIND: no database shows: unknown" "$(what_fires) -> $RC" "auto_increment_headroom:unknown auto_increment_position:unknown -> 4"
    "$MYRECON" gate record --force --output "$IT_TMP/none.facts" "$(gate_uri GP gate:g | sed 's,/club$,,')" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: no database shows: recorded, exit 4" $? 4
    like "$GATE_KIND: no database shows: that is said" "$(cat "$ERR")" 'what databases hold is not recorded'

    # a peer that is away
    run_gate --peer "mysql://root@127.0.0.1:1/club" "$FACTS" "$(gate_uri GP)"
    is "$GATE_KIND: a peer that is away: exit 4" "$RC" 4
    like "$GATE_KIND: a peer that is away: unknown" "$(what_fires)" 'errant_transactions:unknown .*split_brain:unknown'
    run_gate --peer "$(gate_uri GP)" "$FACTS" "$(gate_uri GP)"
    is "$GATE_KIND: the server as its own peer: exit 3" "$RC" 3

    # a table is dropped while the check runs
    mr_sql GP -D club -e "CREATE TABLE brief (id INT PRIMARY KEY)"
    for _ in {1..40}; do mr_sql GP -D club -e "DROP TABLE brief; CREATE TABLE brief (id INT PRIMARY KEY)"; done 2>/dev/null &
    LOOP=$!
    for _ in {1..10}; do
        run_gate --only tables,row_counts,max_keys,schema "$FACTS" "$(gate_uri GP)"
        [ "$RC" = 0 ] || break
    done
    is "$GATE_KIND: a table that comes and goes disturbs nobody" "$(what_fires) -> $RC" " -> 0"
    kill $LOOP
    wait $LOOP 2>/dev/null
    return 0
}

rights mariadb || bail "no servers"
mr_servers_end
mr_run_dir=
rights mysql || skip "rights on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
finish
