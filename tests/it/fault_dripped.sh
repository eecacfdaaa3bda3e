#!/bin/bash
# fault_dripped.sh: a server that lets a statement wait, and of what we ask meanwhile answers one
# byte a second: no limit and no signal waits for that.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
begin ab
at ab "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)"

waiting() { # waiting ARGS…: a check that waits for a lock, and whose question is dripped; sets PID
    proxy b drip=1000
    exec 7> >(client b -D "$DB" >/dev/null 2>&1)
    echo "LOCK TABLES t WRITE; SELECT 1;" >&7
    sleep 0.5
    "$MYRECON" check "$(uri a "$DB")?ssl-mode=disabled" "$VIA?ssl-mode=disabled" --threads 1 --settle 0 --no-progress "$@" \
        >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
    sleep 1.5
    kill -USR2 "$PROXY_PID"
}

ended() { # ended SECONDS: it does within them; sets RC
    local i
    for ((i = 0; i < $1 * 20; i++)); do
        kill -0 $PID 2>/dev/null || break
        sleep 0.05
    done
    kill -0 $PID 2>/dev/null && { kill -9 $PID; wait $PID 2>/dev/null; RC=hangs; return; }
    wait $PID
    RC=$?
}

waiting
sleep 4 # the question has been begun
kill -TERM $PID
ended 2
is "a signal: ends within 2 s" "$RC" 6
exec 7>&-

waiting --statement-timeout 6
ended 25
is "a limit: holds" "$RC" 4
exec 7>&-
finish
