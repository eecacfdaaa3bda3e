#!/bin/bash
# check_resume.sh: a run that is killed, interrupted or cut off from a server ends with the
# right code, and goes on from its case to the result of an undisturbed run.

. "$(dirname "$0")/lib.sh"
begin
USER=it_resume
ROWS=400000
BUILD_SQL="
CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(40) NOT NULL UNIQUE, v INT, pad VARCHAR(100));
INSERT INTO big SELECT seq, CONCAT('user', seq), seq, REPEAT('p', 90) FROM seq_1_to_$ROWS;
CREATE TABLE little (id INT PRIMARY KEY, v INT); INSERT INTO little VALUES (1, 1), (2, 2);
CREATE TABLE keyless (a INT, b INT); INSERT INTO keyless VALUES (1, 1), (1, 1), (2, 2);"
DAMAGE="UPDATE big SET v = -1 WHERE id % 9973 = 0; DELETE FROM big WHERE id IN (1, 200000);
UPDATE big SET email = 'new' WHERE id = 399999; UPDATE little SET v = 3 WHERE id = 2;
DELETE FROM keyless WHERE a = 1 LIMIT 1;"
at ab "$BUILD_SQL"
at b "$DAMAGE"
for side in a b; do
    client $side <<<"CREATE OR REPLACE USER '$USER'@'127.0.0.1'; GRANT ALL ON *.* TO '$USER'@'127.0.0.1'" || bail "no account"
    at_exit "client $side <<<\"DROP USER IF EXISTS '$USER'@'127.0.0.1'\""
done
SRC=$(uri a "$DB" $USER) DST=$(uri b "$DB" $USER)
CASE=$IT_TMP/case

whole() { # the result without what belongs to one run only; row by row
    jq -Sc 'select(.type != "run") | del(.seconds, .bytes, .waited)' "$OUT" | sort
}
check_is 1 "undisturbed: exits 1" --threads 1
table_is "undisturbed: the damage" big '.missing == 2 and .changed == 40 and .collision == 1'
WHOLE=$(whole)
SECONDS_TAKEN=$(jq -r 'select(.type == "summary") | .seconds' "$OUT")

start() { # start ARGS…: check in the background; $PID
    CMD=("$MYRECON" check --json --no-progress "$SRC" "$DST" --settle 0 --threads 1 "$@")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
}
midway() { # midway SIGNAL RC: a run with a fresh case, signalled before it ends
    local part
    for part in 0.6 0.4 0.25 0.8 0.1; do
        rm -f "$CASE"*
        start --case "$CASE"
        sleep "$(awk "BEGIN {print ${SECONDS_TAKEN:-1} * $part}")"
        kill "-$1" $PID 2>/dev/null
        ended
        [ "$RC" != "$2" ] || return 0
    done
    return 1
}
resumed() { # resumed DESCRIPTION: goes on, to the whole result, and leaves one file
    check_is 1 "$1: resumed: exits 1" --threads 1 --case "$CASE" --resume
    is "$1: resumed: the whole result" "$(diff <(echo "$WHOLE") <(whole) | head -n 10)" ""
    is "$1: resumed: one file is left" "$(cd "$IT_TMP" && ls case*)" case
}

# kill -9.
ok "killed midway" midway KILL 137
is "killed: no summary was written" "$(lines '.type == "summary"' 2>/dev/null)" ""
cp -r "$IT_TMP" "$IT_TMP.copy"
cp -r "$IT_TMP" "$IT_TMP.whole"
at_exit 'rm -rf "$IT_TMP.copy" "$IT_TMP.whole"'
run_check "$SRC" "$DST" --settle 0 --threads 1 --case "$CASE" --resume --where "$DB.big=id > 5"
is "killed: resumed with another --where: exits 3" "$RC" 3
run_check "$SRC" "$DST" --settle 0 --threads 1 --case "$CASE" --resume --tables little
is "killed: resumed with other tables: exits 3" "$RC" 3
run_check "$DST" "$SRC" --settle 0 --threads 1 --case "$CASE" --resume
is "killed: resumed with endpoints swapped: exits 3" "$RC" 3
like "killed: resumed with endpoints swapped: hint" "$(cat "$ERR")" 'hint: .*(endpoint|option|resume)'
is "killed: the run knows its servers" "$(sqlite3 "$CASE" 'SELECT side, port > 0 FROM run_server')" $'0|1\n1|1'
is "killed: its options do not" "$(sqlite3 "$CASE" 'SELECT options FROM run' | grep -c server)" 0
# as a version left it that did not know them
sqlite3 "$IT_TMP.copy/case" 'DROP TABLE run_server'
rm -f "$CASE"*
cp "$IT_TMP.copy"/case* "$IT_TMP"
resumed "killed, servers unknown"
is "killed, servers unknown: says so" "$(grep -c 'still the server that run .* has read cannot be told' "$ERR")" 2
rm -f "$CASE"*
cp "$IT_TMP.whole"/case* "$IT_TMP"
resumed "killed"
unlike "killed: nothing is to be said of the servers" "$(cat "$ERR")" 'cannot be told'

# Nothing to resume: a new run, and it says so.  Without --resume: one more run.
first=$(jq -r 'select(.type == "run") | .run_id' "$OUT")
check_is 1 "nothing to resume: exits 1" --threads 1 --case "$CASE" --resume --tables little
like "nothing to resume: says so" "$(cat "$ERR")" 'no unfinished|nothing to resume|new run|starting'
second=$(jq -r 'select(.type == "run") | .run_id' "$OUT")
check_is 1 "another run into the case: exits 1" --case "$CASE" --tables little
third=$(jq -r 'select(.type == "run") | .run_id' "$OUT")
is "three runs, three ids" "$(printf '%s\n' "$first" "$second" "$third" | sort -u | wc -l)" 3

# An unfinished run that is not resumed is left alone; a second kill is no worse than one.
rm -f "$CASE"*
cp "$IT_TMP.copy"/case* "$IT_TMP"
start --case "$CASE" --resume
sleep "$(awk "BEGIN {print ${SECONDS_TAKEN:-1} * 0.2}")"
kill -9 $PID 2>/dev/null
ended
resumed "killed twice"

# Ctrl-C.
ok "interrupted midway: exits 6" midway INT 6
is "interrupted: says it can be resumed" "$(grep -c -- --resume "$ERR")" 1
is "interrupted: calls nothing complete" "$(lines '.type == "summary" and .verdict != "incomplete"')" ""
resumed "interrupted"

# The server itself waits for the moment when myrecon reads, ten seconds at most: from here a
# statement of a few milliseconds would be missed.
when_read() { # when_read SIDE TABLE TIMES VERB [SQL]: VERB and the connection's id, so many
    # times; then SQL; prints how often it was done
    client "$1" -D "$DB" <<END
DELIMITER //
BEGIN NOT ATOMIC
    DECLARE n INT DEFAULT 0;
    DECLARE victim BIGINT;
    DECLARE started TIMESTAMP DEFAULT NOW();
    DECLARE CONTINUE HANDLER FOR 1094 SET n = n - 1;
    WHILE n < $3 AND NOW() < started + INTERVAL 10 SECOND DO
        SET victim = (SELECT MIN(id) FROM information_schema.processlist WHERE user = '$USER'
            AND command = 'Execute' AND info LIKE '%/* myrecon%' AND info LIKE '%$2%');
        IF victim IS NOT NULL THEN
            SET n = n + 1;
            EXECUTE IMMEDIATE CONCAT('$4 ', victim);
        END IF;
    END WHILE;
    SELECT n;
END//
DELIMITER ;
${5-DO 0};
END
}
for how in "KILL QUERY" KILL; do
    for side in a b; do
        when_read $side big 2 "$how" >"$IT_TMP/killed" 2>&1 &
        WAITER=$!
        start
        ended
        wait $WAITER
        is "$how on $side: twice" "$(cat "$IT_TMP/killed")" 2
        is "$how on $side: exits 1" "$RC" 1
        is "$how on $side: the whole result" "$(diff <(echo "$WHOLE") <(whole) | head -n 10)" ""
    done
done

# The connections that are idle while rows are read.
for side in a b; do
    {
        when_read $side big 1 "KILL QUERY"
        IDLE=$(client $side <<<"SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE user = '$USER' AND command = 'Sleep'")
        client $side --force <<<"$IDLE" 2>/dev/null # on a busy machine some end by themselves
        grep -c KILL <<<"$IDLE"
    } >"$IT_TMP/killed" 2>&1 &
    WAITER=$!
    start
    ended
    wait $WAITER
    like "an idle connection is killed on $side" "$(tr "\n" " " <"$IT_TMP/killed")" "^1 [1-9][0-9]* $"
    is "an idle connection is killed on $side: exits 1" "$RC" 1
    is "an idle connection is killed on $side: the whole result" "$(diff <(echo "$WHOLE") <(whole) | head -n 10)" ""
done

# Whoever ends each statement on one table has not ended the server.
when_read b big 40 "KILL QUERY" >"$IT_TMP/killed" 2>&1 &
WAITER=$!
start --digest client --tables big --tables little
ended
wait $WAITER
is "KILL QUERY again and again: exits 4" "$RC" 4
is "KILL QUERY again and again: that table is not checked" "$(table_field big verdict)" not-checked
rows_are "KILL QUERY again and again: the other table is checked" little 'changed {"id":"2"} ["v"]'

# Statement time-outs: never a verdict on half a table.
run_check "$SRC" "$DST" --settle 0 --threads 1 --statement-timeout 1
case $RC in
1) is "--statement-timeout: the whole result" "$(diff <(echo "$WHOLE") <(whole) | head -n 10)" "" ;;
4) unlike "--statement-timeout: not equal" "$(table_field big verdict)" equal ;;
*) result 1 "--statement-timeout: exits 1 or 4" "exit code $RC" ;;
esac

# A table that goes, or loses a column, while it is read.
for what in "DROP TABLE gone" "ALTER TABLE gone DROP COLUMN v"; do
    at ab "CREATE OR REPLACE TABLE gone LIKE big; INSERT INTO gone SELECT * FROM big WHERE id <= 250000 AND v > 0"
    at a "DELETE FROM gone WHERE id % 9973 = 0 OR id IN (1, 200000)"
    when_read b gone 1 DO "$what" >"$IT_TMP/seen" 2>&1 &
    WAITER=$!
    start --digest client --tables gone --tables little # a busy link would leave it to the servers
    ended
    wait $WAITER
    is "$what: while it is read" "$(cat "$IT_TMP/seen")" 1
    is "$what: exits 4" "$RC" 4
    is "$what: shape of the result" "$(shape)" ""
    unlike "$what: the table is not called equal" "$(table_field gone verdict)" '^equal$'
    rows_are "$what: the other table is checked" little 'changed {"id":"2"} ["v"]'
done
at ab "DROP TABLE IF EXISTS gone"

# The server itself gone: a private one is killed, and started again on its port.
if own_begin X; then
    PORT=$MR_X_PORT X=$MR_X_URI
    client "$X" <<<"SET GLOBAL innodb_flush_log_at_trx_commit = 1;
        CREATE USER '$USER'@'127.0.0.1'; GRANT ALL ON *.* TO '$USER'@'127.0.0.1';
        CREATE DATABASE $DB CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; USE $DB; $BUILD_SQL $DAMAGE" ||
        bail "no data on the private server"
    DST=mysql://$USER@${X#*@}/$DB
    check_is 1 "private server: exits 1" --threads 1
    WHOLE=$(whole)
    rm -f "$CASE"*
    ID=$(client "$X" <<<'SELECT @@server_id')
    start --case "$CASE"
    is "private server: it is read" "$(when_read "$X" big 1 DO)" 1
    kill -9 "$MR_X_PID"
    ended
    is "server gone: exits 4" "$RC" 4
    unlike "server gone: the table is not called equal" "$(table_field big verdict)" '^equal$'
    like "server gone: does not wait for it in silence" "$(cat "$ERR")" 'server ".*" is lost, and is connected to again for a while: .'
    like "server gone: says which and how to go on" "$(cat "$ERR")" "$PORT|--resume"
    # its address has moved on to another server, which has its id, too
    mkdir -p "$mr_run_dir/tmp.Y"
    mr_spawn_mariadb Y --tmpdir="$mr_run_dir/tmp.Y" --port="$PORT" --server-id="$ID" && mr_await Y || bail "no other server on the port"
    client "mysql://root@127.0.0.1:$PORT" <<<"CREATE USER '$USER'@'127.0.0.1'; GRANT ALL ON *.* TO '$USER'@'127.0.0.1';
        CREATE DATABASE $DB CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; USE $DB; $BUILD_SQL" || bail "no data on the other server"
    run_check "$SRC" "$DST" --settle 0 --threads 1 --case "$CASE" --resume
    is "another server answers: exits 3" "$RC" 3
    like "another server answers: says so" "$(cat "$ERR")" 'has another server as its target'
    like "another server answers: by what it is told" "$(cat "$ERR")" "data directory \".*/X/data/\".*"
    like "another server answers: and how to go on" "$(cat "$ERR")" 'hint: Name the server that the run has read.*leave out --resume'
    mr_stop_server Y
    mr_spawn_mariadb X --tmpdir="$mr_run_dir/tmp.X" --port="$PORT" --server-id="$ID" && mr_await X || bail "the private server does not come back"
    resumed "server gone"
    unlike "server gone: it is the same one" "$(cat "$ERR")" 'cannot be told'
else
    skip "server gone" "no private server"
fi
finish
