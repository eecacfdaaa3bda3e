#!/bin/bash
# fault_interrupted.sh: SIGTERM in each phase of each command while the server stands still
# (SIGSTOP): it ends within two seconds, by itself, and says that it was interrupted.  No
# time-out is given: none but the signal ends the wait.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
QUICK=
. "$IT_DIR/../fault/stopped.sh"
PROMPT_MS=2500 # two seconds, and what a busy machine takes to see the end

now_ms() { date +%s%3N; }
gone() { [ ! -e "/proc/$1" ] || [ "$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null)" = Z ]; }

interrupted_when() { # interrupted_when NAME QUESTION: sets RC, and TOOK (ms from the signal to
    # the end; none: it ended before the question was answered with yes)
    local run i from
    # shellcheck disable=SC2046 # several words
    "$MYRECON" $(command_of "$1") >said 2>&1 </dev/null &
    run=$!
    TOOK=
    for ((i = 0; i < 1200; i++)); do
        if gone $run; then break; fi
        if "$2"; then
            sleep 0.3 # until it waits
            from=$(now_ms)
            kill -TERM $run
            for ((i = 0; i < 400; i++)); do gone $run && break; sleep 0.05; done
            TOOK=$(($(now_ms) - from))
            break
        fi
        sleep 0.05
    done
    gone $run || { kill -KILL $run; echo "it did not end" >>said; }
    wait $run 2>/dev/null
    RC=$?
}
phase() { # phase NAME STOP
    serve "$2"
    interrupted_when "$1" stopped
}
is_prompt() { # is_prompt WHERE: complaints of the last run
    [ "$RC" = 6 ] || echo "$1: exit code $RC: $(tail -n 3 said)"
    [ "$TOOK" -le $PROMPT_MS ] || echo "$1: $TOOK ms until the end"
    [ "$(grep -c '^myrecon: error: .*interrupted' said)" = 1 ] ||
        echo "$1: the interruption is not said: $(tail -n 3 said)"
}

lane() { # lane NAME [BYTES]: what is wrong
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
        if [ -n "$TOOK" ]; then
            is_prompt "stopped at byte $n of $total"
            echo "$1 at $n of $total: $TOOK ms" >>../times
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

# One after the other: what is measured is the command, not the machine.
for name in $(printf '%s\n' "${!COMMANDS[@]}" | sort); do
    case $name in apply | undo) continue ;; esac
    is "$name: a signal ends it, wherever the server stands still" "$( (lane "$name") 2>&1)" ""
done
is "apply, undo: a signal ends them, and nothing is lost" "$(changing 2>&1)" ""
sort times | note

# ---- both servers stand still ------------------------------------------------------------
# While the rows rest nothing but the load is asked for, of one server after the other.
serve 0 a
STILL=$PID FROM=$ADDRESS
serve 0
"$MYRECON" check --config my.ini --settle 30 "mysql://root@$FROM/$DB" "mysql://root@$ADDRESS/$DB" >said 2>&1 </dev/null &
RUN=$!
sleep 1.5
kill -STOP $STILL "$PID"
sleep 2 # until it waits
FROM=$(now_ms)
kill -TERM $RUN
wait_for 10 gone $RUN || kill -KILL $RUN
TOOK=$(($(now_ms) - FROM))
wait $RUN 2>/dev/null
RC=$?
is "both servers stand still: a signal ends it" "$(is_prompt "both")" ""
ends_server
PID=$STILL
ends_server

# ---- in the midst of a login with TLS -----------------------------------------------------
# Whoever guards it cuts the line, also in the moment in which it succeeds.
early() { # SIDE: what is wrong with a signal 20 to 100 ms from the start
    local i run
    for ((i = 0; i < 45; i++)); do
        "$MYRECON" gate record --force --output early "$(uri "$1" "$DB")" >said 2>&1 </dev/null &
        run=$!
        sleep "0.$(printf '%03d' $((20 + i % 9 * 10)))"
        kill -TERM $run 2>/dev/null
        wait $run 2>/dev/null
        RC=$?
        case $RC in 0 | 6 | 143) ;; *) echo "exit code $RC: $(head -n 1 said)" ;; esac # 143: before main()
    done
}
if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    at o "CREATE TABLE t (id INT PRIMARY KEY)"
    is "a signal while it logs in is told as one" "$(early o 2>&1)" ""
else
    skip "a signal while it logs in is told as one" "no MySQL server"
fi

# ---- tables that another session has locked ----------------------------------------------
TABLES=$(client b <<<"SELECT GROUP_CONCAT(CONCAT('$DB.', TABLE_NAME, ' WRITE')) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$DB' AND TABLE_TYPE = 'BASE TABLE'")
exec {LOCK_IN}> >(client b -n >held 2>&1)
LOCK_PID=$!
echo "LOCK TABLES $TABLES; SELECT 'held';" >&"$LOCK_IN"
wait_for 20 grep -q held held || bail "no lock: $(cat held)"
waiting() { # a statement of ours, for a table
    [ "$(client b <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%' AND INFO LIKE '%myrecon%'")" -gt 0 ]
}
locked() { # locked NAME: what is wrong
    local i
    mkdir "locked_$1" && cd "locked_$1" && cp -a ../my.ini ../case ../snap ../facts ../plan . || return
    ADDRESS=$(side_uri b | sed 's,.*@,,; s,[/?].*,,')
    interrupted_when "$1" waiting
    if [ -z "$TOOK" ]; then echo "it did not wait: exit code $RC: $(tail -n 3 said)"; return; fi
    is_prompt "waiting"
    for ((i = 0; i < 40; i++)); do waiting || return; sleep 0.05; done
    echo "its statement still waits"
}
for name in affected against apply check create plan record undo verify; do
    is "$name: a signal ends it while it waits for a lock, and its statement" "$( (locked $name) 2>&1)" ""
done
printf 'UNLOCK TABLES;\n\\q\n' >&"$LOCK_IN"
exec {LOCK_IN}>&-
wait "$LOCK_PID" 2>/dev/null
is "nothing was changed" "$(people)" "$BEFORE"
ok "signals met a server that stood still ($(wc -l <times))" [ "$(wc -l <times)" -ge $((PHASES * 8)) ]
finish
