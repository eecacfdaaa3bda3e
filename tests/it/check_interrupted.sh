#!/bin/bash
# check_interrupted.sh: a signal during a statement that has nothing to send: the command ends as
# interrupted, and so does the statement on the server, which cannot see that nobody listens.

. "$(dirname "$0")/lib.sh"
begin
at ab "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 2)"

ours() { # ours SIDE: how many statements of runs are under way in our database
    client "$1" -N <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '/* myrecon %$DB%'"
}
under_way() { [ "$(ours "$1")" != 0 ]; }
over() { [ "$(ours "$1")" = 0 ]; }

interrupted() { # interrupted NAME SOURCE TARGET SIGNAL CONDITION
    local run
    "$MYRECON" check "$(uri "$2" "$DB")" "$(uri "$3" "$DB")" --where "$DB.t=$5" >"$OUT" 2>"$ERR" </dev/null &
    run=$!
    ok "$1: it is under way" wait_for 60 under_way "$2"
    sleep 1
    kill -"$4" $run
    wait $run
    is "$1: interrupted" "$?" 6
    like "$1: which is said" "$(cat "$ERR")" "error: .*interrupted by SIG$4"
    ok "$1: nothing goes on on the server" wait_for 20 over "$2"
}
LONG="benchmark(2000000000, sha2('a', 512)) = 1"
interrupted "a long condition, while it is tried" a b TERM "$LONG"
interrupted "a long condition, while rows are read" a b INT "id + sleep(60) = 0"
if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    at o "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 2)"
    interrupted "MySQL" o b HUP "id + sleep(60) = 0"
fi
finish
