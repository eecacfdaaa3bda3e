#!/bin/bash
# fault_stopped.sh: a server that is stopped (SIGSTOP) in each phase of each command: nothing
# waits without an end, and the message names the server and what the statement was for.  And
# a server that lets us wait for a lock: who holds it is told, the wait has an end, and an
# interruption ends it at once.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
QUICK='--statement-timeout 1'
. "$IT_DIR/../fault/stopped.sh"

phase() { # phase NAME STOP: sets RC, TOOK (seconds) and what is said, in ./said
    local from=$SECONDS command
    serve "$2"
    command=$(command_of "$1" "?connect-timeout=1")
    # A server that nobody stops may take its time, on a busy machine.
    [ "$2" != 0 ] || command=${command/"$QUICK"/--statement-timeout 50}
    # shellcheck disable=SC2086 # several words
    timeout -k 1 60 "$MYRECON" $command >said 2>&1 </dev/null
    RC=$?
    TOOK=$((SECONDS - from))
}

# One command, at one phase after the other: what is wrong.
lane() { # lane NAME [BYTES]
    local total n
    mkdir "lane_$1" && cd "lane_$1" && cp -a ../my.ini ../case ../snap ../facts . || return
    case $1 in apply | undo) ln -s ../plan . ;; *) cp -a ../plan . ;; esac
    total=${2:-}
    if [ -z "$total" ]; then
        undisturbed_bytes "$1"
        total=$BYTES
    fi
    for n in $(spread "$((total * 4 / 5))" "$PHASES"); do
        phase "$1" "$n"
        if stopped; then
            case $1:$RC in
            *:3 | *:4 | doctor:1) ;;
            *:124 | *:137) echo "stopped at byte $n of $total: it hangs" ;;
            *) echo "stopped at byte $n of $total: exit code $RC" ;;
            esac
            grep -Eq "$ADDRESS.*(: reading \"|: running [A-Z]|: setting up the session)|could not connect to server \"$ADDRESS" said ||
                echo "stopped at byte $n of $total (exit code $RC): the server or the purpose is not named: $(head -n 5 said)"
            [ $TOOK -le 50 ] || echo "stopped at byte $n of $total: $TOOK s"
            echo "$1 at $n of $total: $TOOK s" >>../times
        fi
        ends_server
        again "$1"
    done
}

changing() { # apply, then undo: they change the target, so one after the other
    local name
    local -A bytes
    for name in apply undo; do
        undisturbed_bytes $name
        bytes[$name]=$BYTES
    done
    for name in apply undo; do
        (lane $name "${bytes[$name]}") | sed "s/^/$name: /"
        rep $name --yes plan "$DST" --json
        [ "$RC" = 0 ] || echo "$name, when the server is back: exit code $RC: $(head -n 3 "$ERR")"
        [ $name = undo ] || [ "$(people | grep -c lost)" = 4 ] || echo "apply, when the server is back: $(people)"
    done
    [ "$(people)" = "$BEFORE" ] || echo "undo, when the server is back: $(people)"
}

BEGUN=$SECONDS
for name in "${!COMMANDS[@]}"; do
    case $name in apply | undo) continue ;; esac
    (lane "$name") >"wrong_$name" 2>&1 &
done
changing >wrong_changing 2>&1
wait
for name in "${!COMMANDS[@]}" changing; do
    case $name in apply | undo) continue ;; esac
    is "$name: an end, and its reason, wherever the server is stopped" "$(cat "wrong_$name")" ""
done
note <<<"$((SECONDS - BEGUN)) s for all of them"
sort times | note

# ---- a server that says a byte now and then ----------------------------------------------
proxy b rate=3
FROM=$SECONDS
run_check "$SRC" "$VIA?connect-timeout=2" --settle 0
is "connect-timeout bounds the whole login" "$RC $((SECONDS - FROM <= 6))" "3 1"
like "and the server is named" "$(cat "$ERR")" "could not connect to server \"127.0.0.1:$PORT\""
proxy_ends

# ---- a lock ------------------------------------------------------------------------------
# Of the catalogue's own tables, for which MariaDB waits for ever: on a server of this
# script's own, since all that lists events waits for it.
own_begin W || bail "no server"
W=mysql://root@127.0.0.1:$(sed 's/.*://; s,/.*,,' <<<"$MR_W_URI") AT=${MR_W_URI##*@}
AT=${AT%%[/?]*}
client "$MR_W_URI" <<<"CREATE DATABASE \`$DB\` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; CREATE TABLE \`$DB\`.t (id INT PRIMARY KEY); INSERT INTO \`$DB\`.t VALUES (1)"
at a "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)"
client "$MR_W_URI" <<<"INSTALL SONAME 'metadata_lock_info'" 2>/dev/null
LISTED=$(client "$MR_W_URI" <<<"SELECT COUNT(*) FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'METADATA_LOCK_INFO'")
lock() { # lock "SQL;" SIDE: a session of its own holds it
    : >held
    exec {LOCK_IN}> >(client "$2" -n >held 2>&1)
    LOCK_PID=$!
    echo "$1 SELECT 'held';" >&"$LOCK_IN"
    wait_for 20 grep -q held held || bail "no lock: $(cat held)"
}
unlock() {
    printf 'UNLOCK TABLES;\n\\q\n' >&"$LOCK_IN"
    exec {LOCK_IN}>&-
    wait "$LOCK_PID" 2>/dev/null
}
compare() { # compare TARGET ARGS…: check in the background
    CMD=("$MYRECON" check --json --no-progress --settle 0 --tables t "$(uri a "$DB")" "$@")
    : >"$ERR"
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
}
HELD=
[ "$LISTED" = 0 ] || HELD=': held by session [0-9]+ of root@[^ ]* \([A-Za-z]+, [0-9]+ s\)|perhaps held by session'
EVENTS="reading \"information_schema.EVENTS\""
WAITS="Waiting for table metadata lock.*$HELD"
lock "LOCK TABLES mysql.event WRITE;" "$MR_W_URI"
FROM=$SECONDS
compare "$W/$DB" --statement-timeout 5
ended 20
is "a lock on the catalogue's table: the time-out ends the check" "$RC $((SECONDS - FROM <= 15))" "4 1"
like "the server, the purpose and who holds it are told" "$(cat "$ERR")" "error: .*\"$AT\".*$EVENTS.*$WAITS"
compare "$W/$DB"
wait_for 15 grep -q "^myrecon: waiting for server" "$ERR"
like "without one it is said while it lasts" "$(cat "$ERR")" "waiting for server \"$AT\", $EVENTS: $WAITS"
kill -INT "$PID"
FROM=$SECONDS
ended 10
is "an interruption ends it" "$RC $((SECONDS - FROM <= 3))" "6 1"
compare "$W/$DB"
wait_for 15 grep -q "^myrecon: waiting for server" "$ERR"
unlock
ended 20
is "and it goes on when the lock is gone" "$RC" 0

# Nor is it lost where the statement that waits is one that can be done without.
lock "LOCK TABLES \`$DB\`.t WRITE;" "$MR_W_URI"
CMD=("$MYRECON" snapshot create --no-progress "$W/$DB" waits)
: >"$ERR"
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
PID=$!
wait_for 15 grep -q "^myrecon: waiting for server" "$ERR"
kill -INT "$PID"
FROM=$SECONDS
ended 10
is "snapshot create: an interruption of such a wait ends it" "$RC $((SECONDS - FROM <= 3))" "6 1"
like "and it is no lost server" "$(cat "$ERR")" "interrupted by SIGINT"
unlock

# ---- a commit that waits for a replica to have it ------------------------------------------
client "$MR_W_URI" <<<"SET GLOBAL rpl_semi_sync_master_timeout = 100000, GLOBAL rpl_semi_sync_master_enabled = 1"
CMD=("$MYRECON" snapshot restore --rename-db "$DB=${DB}_semi" snap "$W")
: >"$ERR"
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
PID=$!
wait_for 15 grep -q "^myrecon: waiting for server" "$ERR"
like "it is said what it waits for, where" "$(cat "$ERR")" "waiting for server \"$AT\", .*: Waiting for semi-sync ACK"
client "$MR_W_URI" <<<"SET GLOBAL rpl_semi_sync_master_enabled = 0"
ended 20
is "and it goes on without the replica" "$RC" 0

# ---- the limit that was asked for is the server's, too -----------------------------------
client "$MR_W_URI" <<<"SET GLOBAL log_output = 'TABLE', general_log = 1"
for name in 'gate record --force --output limit.facts' 'gate check limit.facts' doctor; do
    # shellcheck disable=SC2086 # several words
    "$MYRECON" $name --statement-timeout 1 "$W/$DB" >"$OUT" 2>"$ERR" </dev/null
    is "$name: --statement-timeout 1: no statement has longer" "$(client "$MR_W_URI" <<<"SELECT COUNT(*) > 0,
        SUM(SUBSTRING_INDEX(argument, 'max_statement_time = ', -1) + 0 >= 2) FROM mysql.general_log
        WHERE argument LIKE '%max_statement_time = %' AND argument LIKE '%myrecon%' AND argument NOT LIKE '%general_log%'" | xargs)" "1 0"
    client "$MR_W_URI" <<<"SET GLOBAL general_log = 0; TRUNCATE mysql.general_log; SET GLOBAL general_log = 1"
done

# The rows of a table, on MySQL, which tells who holds it.
if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    at o "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)"
    lock "LOCK TABLES \`$DB\`.t WRITE;" o
    compare "$(uri o "$DB")" --objects table --statement-timeout 12
    ended 60
    is "a locked table: not checked" "$RC $(table_field t verdict)" "4 not-checked"
    like "the server, the purpose and who holds it are told, on MySQL" "$(table_field t reason)" \
        "${MR_O_URI##*@}.*reading \"$DB.t\".*held by session [0-9]+ of root@"
    unlock
else
    skip "a locked table: who holds it, on MySQL" "no MySQL server"
fi
finish
