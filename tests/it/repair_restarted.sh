#!/bin/bash
# repair_restarted.sh: the target is killed and started again while apply, then undo, is under way,
# and has lost what it had committed last.  The same run writes, or takes back, that again.

. "$(dirname "$0")/lib.sh"
begin a
cd "$IT_TMP" || exit 1
own_begin || bail "no private server"
CASE=$IT_TMP/case ROWS=10000
lazy() { # starts the target, which writes its log to disk when it likes to
    mkdir -p "$mr_run_dir/tmp.X"
    mr_spawn_mariadb X --tmpdir="$mr_run_dir/tmp.X" --innodb-flush-log-at-timeout=600 "$@" && mr_await X ||
        bail "the target does not start"
}
lazy
PORT=$MR_X_PORT ID=$(client "$MR_X_URI" <<<'SELECT @@server_id')
X=$MR_X_URI DST=$MR_X_URI/$DB
on() { client "$X" -D "$DB" <<<"$1"; }
client "$X" <<<"CREATE DATABASE $DB CHARACTER SET utf8mb4"
TABLES="CREATE TABLE members (id INT PRIMARY KEY, name VARCHAR(100) NOT NULL);
    CREATE TABLE orders (id INT PRIMARY KEY, member_id INT NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id))"
at a "$TABLES; INSERT INTO members SELECT seq, REPEAT('x', 90) FROM seq_1_to_$ROWS; INSERT INTO orders SELECT seq, seq FROM seq_1_to_$ROWS"
on "$TABLES" || bail "no tables"
counted() { on "SELECT CONCAT_WS(' ', (SELECT COUNT(*) FROM members), (SELECT COUNT(*) FROM orders))"; }

crashed() { # crashed COMMAND: repair COMMAND, and the target crashes when some units are done
    "$MYRECON" repair "$1" --yes --case "$CASE" plan "$DST" >"$OUT" 2>"$ERR" </dev/null &
    local run=$! done=0 tries
    for ((tries = 0; tries < 1200 && done < 12; tries++)); do
        sleep 0.05
        done=$(grep -c "\"event\":\"done\",\"script\":\"$1\"" plan/journal.jsonl 2>/dev/null)
    done
    is "$1: some units are done" $((done >= 12)) 1
    kill -9 "$MR_X_PID"
    wait "$MR_X_PID" 2>/dev/null
    lazy --port="$PORT" --server-id="$ID"
    wait $run
    RC=$?
    is "$1: exits 0" "$RC" 0
    like "$1: that it was restarted is said" "$(cat "$ERR")" 'was restarted, and may have lost'
}

"$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --case "$CASE" -q >"$OUT" 2>"$ERR"
"$MYRECON" repair plan --policy backfill --case "$CASE" --output plan >"$OUT" 2>"$ERR"
is "planned" "$?" 0
crashed apply
like "apply: what is lost is done again" "$(cat "$ERR")" 'the journal has it as done, the target does not'
is "apply: every row is there" "$(counted)" "$ROWS $ROWS"
"$MYRECON" repair verify plan "$DST" >"$OUT" 2>"$ERR"
is "verified" "$?" 0
crashed undo
is "undo: none is" "$(counted)" "0 0"
finish
