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

# Both servers are asked at once: that one is lost is told, whatever the other waits for.
lost() { # lost SIDE OTHER NAME: the connection of SIDE is ended while both wait for a lock
    local run side
    for side in a b; do
        client $side <<<"CREATE TABLE $DB.made AS SELECT SLEEP(60) s" >/dev/null 2>&1 &
        ok "$1: $side makes a table" wait_for 60 made_by "$side"
    done
    "$MYRECON" check "$(uri a "$DB")" "$(uri b "$DB")" >"$OUT" 2>"$ERR" </dev/null &
    run=$!
    ok "$1: they are under way" wait_for 60 eval "under_way a && under_way b"
    sleep 1
    end_all "$1" "INFO LIKE '/* myrecon %$DB%'"
    ok "$1: it ends" wait_for 10 eval "! kill -0 $run 2>/dev/null"
    kill -INT $run 2>/dev/null
    wait $run
    is "$1: incomplete" "$?" 4
    like "$1: which is lost is said" "$(cat "$ERR")" "error: could not read the catalogue of the $3: .*[Ll]ost"
    ok "$1: nothing goes on on the other server" wait_for 20 over "$2"
    for side in a b; do
        end_all $side "INFO LIKE 'CREATE TABLE $DB.made%'"
    done
    wait
}
made_by() { [ -n "$(client "$1" -N <<<"SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'CREATE TABLE $DB.made%'")" ]; }
end_all() { # end_all SIDE CONDITION: of PROCESSLIST
    client "$1" -N <<<"SELECT CONCAT('KILL ', ID, ';') FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND $2" |
        client "$1"
}
lost a b source
lost b a target
finish
