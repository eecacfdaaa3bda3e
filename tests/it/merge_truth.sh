#!/bin/bash
# merge_truth.sh: random worlds (merge_truth_make.py) that two servers have written to since they parted, merged
# with the binary logs of both: every row and column is held against what each side had made of it
# (merge_truth_judge.py); what is asked is exempt, and has to be much less than without logs.  SEEDS worlds (6)
# from FIRST on, on MariaDB and on MySQL (ONLY=mariadb, ONLY=mysql); one alone: SEEDS=1 FIRST=n.  KEEP=DIR keeps
# what went wrong.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
SEEDS=${SEEDS:-6} FIRST=${FIRST:-1} AT_ONCE=25
LIMIT_S=${LIMIT_S:-${MR_LONG_S:+$((MR_LONG_S * 3))}}
LIMIT_S=${LIMIT_S:-3000} # of seconds for each pair: more worlds than go into that are left out, and said so
export PYTHONDONTWRITEBYTECODE=1
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
PAIRS=
if [ "${ONLY:-mariadb}" = mariadb ]; then
    # order of sequences is not kept by who writes to a replica
    mr_spawn_mariadb US --gtid-strict-mode=0 && mr_spawn_mariadb UT --gtid-strict-mode=0 &&
        mr_await US UT && mr_replicate US UT || bail "no MariaDB pair"
    PAIRS=US:UT
fi
[ "${ONLY:-mysql}" != mysql ] || mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql UO && mr_spawn_mysql UQ && mr_await UO UQ && mr_replicate UO UQ || bail "no MySQL pair"
    PAIRS+=" UO:UQ"
fi

is_mariadb() { [ "$(mr_get_server "$1" KIND)" = mariadb ]; }
follow() {
    local port
    port=$(mr_get_server "$S" PORT)
    if is_mariadb "$S"; then
        mr_sql "$T" -e "CHANGE MASTER TO master_host = '127.0.0.1', master_port = $port, master_user = 'repl',
            master_password = 'repl', master_connect_retry = 1, master_use_gtid = slave_pos; START SLAVE"
    else
        mr_sql "$T" -e "CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = $port,
            source_user = 'repl', source_password = 'repl', source_connect_retry = 1,
            get_source_public_key = 1, source_auto_position = 1; START REPLICA"
    fi
    mr_await_replica "$T"
}
cut_in_two() {
    mr_sql "$T" -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql "$T" -e "STOP REPLICA; RESET REPLICA ALL"
}
anew() { # S and T have nothing, and T follows S
    local server
    cut_in_two
    for server in "$S" "$T"; do
        { echo "SET sql_log_bin = 0;" && mr_sql "$server" -e "SELECT CONCAT('DROP DATABASE ', schema_name, ';')
            FROM information_schema.schemata WHERE schema_name LIKE 'truth%' OR schema_name = 'beat'"; } | mr_sql "$server"
        if is_mariadb "$server"; then
            mr_sql "$server" -e "RESET MASTER; SET GLOBAL gtid_slave_pos = ''"
        else
            mr_sql "$server" -e "RESET BINARY LOGS AND GTIDS"
        fi
    done
    follow
}
await_same() {
    local n
    mr_sql "$S" -e "CREATE DATABASE beat; CREATE TABLE beat.b (id INT PRIMARY KEY); INSERT INTO beat.b VALUES (1)"
    for _ in {1..300}; do
        [ "$(mr_sql "$T" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != 1 ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
late_logs() { # $IT_TMP/late: TARGET's logs, of which the first is lost
    rm -rf "$IT_TMP/late"
    mkdir "$IT_TMP/late"
    mr_sql "$T" -e "FLUSH BINARY LOGS"
    cp "$(find "$(mr_get_server "$T" DIR)/data" -name 'bin.0*' | sort | tail -n 1)" "$IT_TMP/late/"
}
dump() { mr_sql "$1" --raw --default-character-set=utf8mb4 <"$W/dump.sql" >"$W/$2" || bail "no dump"; }
write() { mr_sql "$1" --force --default-character-set=utf8mb4 <"$2" 2>>"$W/sql.err"; }
run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
planned() { # NAME ARGS…: the number of lines in conflicts.csv but for rows that stay unasked (deleted-in-source), or
    # why there is no plan; $W/NAME
    local name=$1
    shift
    run repair plan --config "$W/ini" --policy merge --output "$W/$name" "$@"
    case $RC in
    0 | 1 | 4) COUNT=$(python3 -c 'import csv, sys; print(sum(r["kind"] != "deleted-in-source" or not r["decision"]
        for r in csv.DictReader(open(sys.argv[1], newline=""))))' "$W/$name/conflicts.csv") ;;
    *) COUNT="refused $RC: $(grep -m 1 error "$ERR")" ;;
    esac
}
add_up() { # COUNT: to the totals of TOTAL
    declare -gA TOTAL
    TOTAL[$1]=$((${TOTAL[$1]:-0} + $2))
}
splits() { # the last keys that both share, as who merges without logs would have to say them
    local t
    for t in members orders events; do
        grep -q "^#$t\$" "$W/base" && printf -- '--split-key\n%s.%s=%s\n' "$DB" "$t" \
            "$(awk -v t="#$t" '/^#/ { on = $0 == t; next } on && $1 + 0 > n { n = $1 + 0 } END { print n + 0 }' "$W/base")"
    done
}
world() { # what one world comes to
    local su tu without one both
    su=$(mr_get_server "$S" URI)/$DB tu=$(mr_get_server "$T" URI)/$DB
    run check --settle 0 --config "$W/ini" --case "$W/without.case" "$su" "$tu"
    case $RC in
    0) return 0 ;;
    1) ;;
    *) echo "check: exit $RC: $(tail -n 1 "$ERR")" && return 1 ;;
    esac
    cp "$W/without.case" "$W/one.case"
    cp "$W/without.case" "$W/both.case"
    mapfile -t SPLIT < <(splits)
    planned without --case "$W/without.case" "${SPLIT[@]}"
    without=$COUNT
    run history collect --config "$W/ini" --case "$W/one.case" --target-log "$IT_TMP/late"
    cp "$ERR" "$W/one.collect"
    planned one --case "$W/one.case"
    one=$COUNT
    run history collect --config "$W/ini" --case "$W/both.case"
    [ "$RC" = 0 ] || add_up incomplete 1
    { cat "$OUT" "$ERR"; } >"$W/collect"
    write "$T" "$W/late.sql"
    planned plain --case "$W/both.case"
    both=$COUNT
    case $both in
    refused*) add_up refused 1 ;;
    *) add_up both "$both" ;;
    esac
    case $without in
    refused*) add_up without_refused 1 ;;
    *) case $both in refused*) ;; *) add_up without "$without" && add_up both_beside "$both" ;; esac ;;
    esac
    case $one in
    refused*) add_up one_refused 1 ;;
    *) add_up one "$one" && case $without in refused*) ;; *) add_up without_beside_one "$without" && add_up one_beside "$one" ;; esac ;;
    esac
    echo "$DB without: $without; one: $one; both: $both" >>"$IT_TMP/counts"
    rm -rf "$W/plan"
    planned plan --case "$W/both.case" --on-conflict both-changed=columns --on-conflict changed=target
    case $RC in
    5) # a table that its log does not tell of: who merges has to say where the past ends
        rm -rf "$W/plan"
        planned plan --case "$W/both.case" --on-conflict both-changed=columns --on-conflict changed=target "${SPLIT[@]}"
        ;;
    esac
    case $RC in 0 | 1) ;; *) echo "plan: $COUNT" && return 1 ;; esac
    dump "$S" source
    dump "$T" target
    run repair apply --yes "$W/plan" "$tu"
    case $RC in 0 | 1) ;; *) echo "apply: exit $RC: $(tail -n 2 "$ERR" "$OUT")" && return 1 ;; esac
    cp "$OUT" "$W/apply.out"
    grep -q "refused" "$OUT" && echo "apply refuses: $(grep -m 3 refused "$OUT")" && return 1
    dump "$T" after
    run repair undo --yes "$W/plan" "$tu"
    [ "$RC" = 0 ] || { echo "undo: exit $RC: $(tail -n 3 "$ERR" "$OUT")" && cp "$OUT" "$W/undo.out"; }
    dump "$T" undone
    cp "$W/plan/conflicts.csv" "$W/conflicts.csv"
    python3 "$IT_DIR/merge_truth_judge.py" "$W" >"$W/judged" 2>&1
    local words
    read -r -a words < <(tail -n 1 "$W/judged")
    [ "${words[0]}" = rows ] || { cat "$W/judged" && return 1; }
    add_up rows "${words[1]}"
    add_up asked "${words[3]}"
    add_up wrong "${words[5]}"
    add_up plain "${words[7]}"
    [ "${words[5]}" = 0 ] || head -n 20 "$W/judged"
}
fewer() { # WITHOUT WITH: "N (91 % fewer)"
    [ "$1" -eq 0 ] || echo "$2, $((($1 - $2) * 100 / $1)) % fewer"
}
report() { # by how much there is less to ask
    note <<END
$S: worlds $N; lines of conflicts.csv without logs ${TOTAL[without]:-0}, with both $(fewer "${TOTAL[without]:-0}" "${TOTAL[both_beside]:-0}")
$S: where a plan by SOURCE's log alone was made, without logs ${TOTAL[without_beside_one]:-0}, with it $(fewer "${TOTAL[without_beside_one]:-0}" "${TOTAL[one_beside]:-0}")
$S: refused without ${TOTAL[without_refused]:-0}, with one ${TOTAL[one_refused]:-0}, with both ${TOTAL[refused]:-0}; tables without evidence in ${TOTAL[incomplete]:-0} worlds
$S: rows ${TOTAL[rows]:-0}, asked ${TOTAL[asked]:-0}, left without a base ${TOTAL[plain]:-0}, wrong ${TOTAL[wrong]:-0}
END
}

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:} N=0 FAILED=
    unset TOTAL
    BEGUN=$SECONDS
    for ((SEED = FIRST; SEED < FIRST + SEEDS; SEED += AT_ONCE)); do
        [ $((SECONDS - BEGUN)) -lt "$LIMIT_S" ] || { echo "$S: $((FIRST + SEEDS - SEED)) worlds were left out: no time" | note && break; }
        END=$((SEED + AT_ONCE < FIRST + SEEDS ? SEED + AT_ONCE : FIRST + SEEDS))
        anew
        for ((I = SEED; I < END; I++)); do
            W=$IT_TMP/$S.$I
            python3 "$IT_DIR/merge_truth_make.py" $I truth$I "$W" || bail "no world"
            write "$S" "$W/base.sql"
        done
        await_same
        cut_in_two
        for ((I = SEED; I < END; I++)); do
            W=$IT_TMP/$S.$I
            dump "$S" base
            write "$S" "$W/source.sql"
            write "$T" "$W/target.sql"
        done
        late_logs
        for ((I = SEED; I < END; I++)); do
            W=$IT_TMP/$S.$I DB=truth$I N=$((N + 1))
            world >"$W.said" 2>&1
            [ ! -s "$W.said" ] || { FAILED+=" $I" && { echo "seed $I (SEEDS=1 FIRST=$I):" && cat "$W.said"; } | note; }
            [ ! -s "$W.said" ] || [ -z "${KEEP:-}" ] || { mkdir -p "$KEEP" && rm -rf "$KEEP/$S.$I" && cp -r "$W" "$KEEP/"; }
            rm -rf "$W"
        done
    done
    report
    is "$S: with logs at most a quarter is asked" "$((${TOTAL[both_beside]:-0} * 4 <= ${TOTAL[without]:-0}))" 1
    is "$S: seeds whose truth is missed" "$FAILED" ""
done
[ -z "${KEEP:-}" ] || cp "$IT_TMP/counts" "$KEEP/counts"
finish
