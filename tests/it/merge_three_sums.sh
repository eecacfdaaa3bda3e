#!/bin/bash
# merge_three_sums.sh: `merge = COLUMN add` on accounts that are in use: what is added is added to what stands
# there when it is added, once, whoever is killed at whatever step; undo takes sums back as sums.  The truth
# is an account's whole life: every movement is booked, and the sum of the bookings is the balance.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb AS && mr_spawn_mariadb AT && mr_await AS AT && mr_replicate AS AT || bail "no MariaDB pair"
PAIRS="AS:AT"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql AO && mr_spawn_mysql AQ && mr_await AO AQ && mr_replicate AO AQ || bail "no MySQL pair"
    PAIRS+=" AO:AQ"
fi
LIBRARY=$IT_DIR/../../build/tests/fault/failing_io.so
[ -e "$LIBRARY" ] || LIBRARY=$BUILD/tests/fault/failing_io.so

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
killed() { # N COMMAND…: killed at its N-th write to the plan's directory; $RC
    CMD=("$MYRECON" "${@:2}")
    {
        timeout -k 5 120 env LD_PRELOAD="$LIBRARY" MR_FAULT_PATH="$PLAN/" MR_FAULT_AT="$1" MR_FAULT_ERROR=KILL \
            MR_FAULT_REPORT="$IT_TMP/report" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    } 2>/dev/null
    RC=$?
}
await_same() { # SOURCE TARGET: the target has the last row that the source wrote
    mr_sql "$1" -e "CREATE DATABASE beat; CREATE TABLE beat.b (id INT PRIMARY KEY); INSERT INTO beat.b VALUES (7)"
    for _ in {1..100}; do
        [ "$(mr_sql "$2" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != 7 ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
balances() { mr_sql "$T" -e "SELECT CONCAT_WS(':', id, IFNULL(balance, 'NULL'), units) FROM bank.accounts ORDER BY id" | paste -sd ' '; }
refused() { jq -r 'select(.type == "refused") | "\(.key): \(.reason)"' "$OUT" | sort | paste -sd ';'; }
reset() { # as when the plan was made
    mr_sql "$T" -e "UPDATE bank.accounts a JOIN bank.before b USING (id) SET a.balance = b.balance, a.units = b.units, a.note = b.note"
    rm -f "$PLAN/journal.jsonl"
}
spend() { mr_sql "$T" -e "UPDATE bank.accounts SET balance = balance - 1, units = units + 1"; }

cat >"$IT_TMP/bank.ini" <<'EOF2'
[table bank.accounts]
identity = code
merge = balance add, units add
EOF2

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:}
    SU=$(mr_get_server $S URI)/bank TU=$(mr_get_server $T URI)/bank CASE=$IT_TMP/$S.case
    mr_sql $S <<'SQL'
CREATE DATABASE bank;
CREATE TABLE bank.accounts (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(9) NOT NULL UNIQUE, balance DECIMAL(12,2), units BIGINT UNSIGNED NOT NULL DEFAULT 0, note VARCHAR(9));
INSERT INTO bank.accounts (code, balance, units) VALUES ('k1', 10, 5), ('k2', 10, 5), ('k3', 10, 5), ('k4', 10, 5), ('k5', 10, 5);
SQL
    await_same $S $T
    mr_sql "$T" -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql "$T" -e "STOP REPLICA; RESET REPLICA ALL"
    mr_sql $S <<'SQL'
UPDATE bank.accounts SET balance = balance + 100.25, units = units - 3 WHERE id = 1;
UPDATE bank.accounts SET balance = balance + 200 WHERE id = 2;            -- alone: TARGET's stands as at the split
UPDATE bank.accounts SET balance = balance - 300.5, note = 's' WHERE id = 3;
UPDATE bank.accounts SET note = 's' WHERE id = 4;                         -- a change like any other
SQL
    mr_sql $T -e "UPDATE bank.accounts SET balance = balance + 1, units = units + 2 WHERE id IN (1, 3)"
    run check --config "$IT_TMP/bank.ini" --case "$CASE" "$SU" "$TU"
    run history collect --config "$IT_TMP/bank.ini" --case "$CASE"
    PLAN=$IT_TMP/$S.plan
    run repair plan --config "$IT_TMP/bank.ini" --case "$CASE" --policy merge --output "$PLAN" --on-conflict both-changed=columns
    is "$S: planned" "$RC" 0
    mr_sql $T -e "CREATE TABLE bank.before AS SELECT * FROM bank.accounts"

    # the balance goes on between plan and apply, and between apply and undo
    spend
    run repair apply --yes --json "$PLAN" "$TU"
    is "$S: added to what stands there" "$RC $(refused) $(balances)" "0  1:110.25:5 2:209.00:6 3:-290.50:8 4:9.00:6 5:9.00:6"
    spend
    run repair apply --yes --json "$PLAN" "$TU"
    is "$S: once" "$RC $(refused) $(balances)" "0  1:109.25:6 2:208.00:7 3:-291.50:9 4:8.00:7 5:8.00:7"
    run repair verify "$PLAN" "$TU"
    is "$S: verify goes by the journal" "$RC" 0
    mr_sql $T <"$PLAN/verify.sql" >/dev/null 2>"$ERR"
    is "$S: verify.sql finds nothing against it" "$? $(cat "$ERR")" "0 "
    run repair undo --yes --json "$PLAN" "$TU"
    is "$S: undone as a sum" "$RC $(refused) $(balances)" "0  1:9.00:9 2:8.00:7 3:9.00:9 4:8.00:7 5:8.00:7"
    run repair undo --yes --json "$PLAN" "$TU"
    is "$S: once, too" "$RC $(refused) $(balances)" "0  1:9.00:9 2:8.00:7 3:9.00:9 4:8.00:7 5:8.00:7"
    run repair apply --yes --json "$PLAN" "$TU"
    is "$S: and may be added again" "$RC $(refused) $(balances)" "0  1:109.25:6 2:208.00:7 3:-291.50:9 4:8.00:7 5:8.00:7"

    # what cannot be added
    reset
    mr_sql $T -e "UPDATE bank.accounts SET units = 2 WHERE id = 1; UPDATE bank.accounts SET balance = NULL WHERE id = 2; UPDATE bank.accounts SET balance = -9999999999 WHERE id = 3"
    run repair apply --yes --json "$PLAN" "$TU"
    like "$S: below zero, of nothing, and beyond what the column holds: by name" "$RC $(refused)" "^1 1: .*units.*;2: changed since the plan was made: balance;3: .*balance"
    is "$S: and nothing of it is written" "$(balances)" "1:11.00:2 2:NULL:5 3:-9999999999.00:7 4:10.00:5 5:10.00:5"

    # killed at each of its writes to the journal, one of which stands between COMMIT and the line that tells it
    for what in apply undo; do
        WRONG='' committed=''
        reset
        [ $what = apply ] || run repair apply --yes "$PLAN" "$TU"
        killed 0 repair $what --yes "$PLAN" "$TU" # at none
        WRITES=$(head -n 1 "$IT_TMP/report")
        for ((n = 1; n <= WRITES; n++)); do
            reset
            [ $what = apply ] || run repair apply --yes "$PLAN" "$TU"
            before=$(balances)
            killed $n repair $what --yes "$PLAN" "$TU"
            [ "$RC" = 137 ] || WRONG+="$n: not killed, $RC;"
            # a write that is killed is half done: behind COMMIT it is that of the line that tells it
            [ "$(balances)" = "$before" ] || committed=${committed:-$n}
            spend
            run repair $what --yes --json "$PLAN" "$TU"
            after=$(balances)
            [ "$RC $(refused)" = "0 " ] || WRONG+="$n: $RC $(refused);"
            reset
            [ $what = apply ] || run repair apply --yes "$PLAN" "$TU"
            spend
            run repair $what --yes --json "$PLAN" "$TU"
            [ "$(balances)" = "$after" ] || WRONG+="$n of $WRITES: $before, then $after, wanted $(balances);"
        done
        is "$S: $what: killed at any of its writes, and run again while the balances move: once" "$WRITES $WRONG" "$WRITES "
        is "$S: $what: one of them behind COMMIT" "$((WRITES >= 3)) $((committed > 0 && committed < WRITES))" "1 1"
    done

    at=$committed # of undo: as many writes come before it
    # killed behind COMMIT, and the log is not to be read: the row tells, or nobody knows
    mr_sql $T -e "CREATE USER app@'%' IDENTIFIED BY 'x'; GRANT ALL ON bank.* TO app@'%'; GRANT PROCESS ON *.* TO app@'%'"
    mr_sql $T -e "GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO app@'%'" 2>/dev/null || mr_sql $T -e "GRANT REPLICATION CLIENT ON *.* TO app@'%'"
    POOR=${TU/root@/app:x@}
    for moved in no yes; do
        reset
        killed "$at" repair apply --yes "$PLAN" "$POOR"
        was=$(balances)
        [ $moved = no ] || spend
        run repair apply --yes --json "$PLAN" "$POOR"
        if [ $moved = no ]; then
            is "$S: without the log: as written is written" "$RC $(refused) $(balances)" "0  $was"
        else
            like "$S: without the log: neither old nor new is uncertain" "$RC $(refused)" "^1 1: uncertain.*;2: uncertain.*;3: uncertain"
            run repair apply --yes --json "$PLAN" "$TU"
            like "$S: and it is added to by nobody" "$(balances)" "^1:110.25:5 2:209.00:6 3:-290.50:8"
        fi
    done

    # announced twice, and rolled back twice, where the log is not to be read: added once
    reset
    run repair apply --yes "$PLAN" "$POOR"
    after=$(balances)
    jq -c 'select(.event != "done")' "$PLAN/journal.jsonl" >"$IT_TMP/journal"
    jq -c 'select(.event == "sums") | .marker += "_2"' "$PLAN/journal.jsonl" >>"$IT_TMP/journal"
    reset
    cat "$IT_TMP/journal" >"$PLAN/journal.jsonl"
    run repair apply --yes --json "$PLAN" "$POOR"
    is "$S: rolled back twice, and the log is not to be read: added once" "$RC $(refused) $(balances)" "0  $after"

    # what a client has added is taken back, also behind an undo that was rolled back
    reset
    mr_sql $T <"$PLAN/apply.sql" >/dev/null 2>"$ERR"
    run repair undo --yes "$PLAN" "$TU"
    after=$(balances)
    jq -c 'select(.event != "done") | if .marker then .marker += "_2" else . end' "$PLAN/journal.jsonl" >"$IT_TMP/journal"
    reset
    mr_sql $T <"$PLAN/apply.sql" >/dev/null 2>"$ERR"
    cat "$IT_TMP/journal" >"$PLAN/journal.jsonl"
    run repair undo --yes --json "$PLAN" "$TU"
    is "$S: by a client, and an undo that was rolled back: taken back" "$RC $(refused) $(balances)" "0  $after"

    # what others add by the same number is not taken for ours
    reset
    killed 2 repair apply --yes "$PLAN" "$TU" # announced, or on its way
    mr_sql $T -e "UPDATE bank.accounts SET balance = balance + 200 WHERE id = 2"
    run repair apply --yes --json "$PLAN" "$TU"
    is "$S: the same sum by somebody else is his, or asked about" "$(balances | cut -d' ' -f2 | sed 's/410.00:5/ok/; s/210.00:5/ok/')" 2:ok

    # killed behind COMMIT, and the logs are begun anew: what they said of it is gone
    reset
    killed "$at" repair apply --yes "$PLAN" "$TU"
    mr_sql $T -e "RESET MASTER" 2>/dev/null || mr_sql $T -e "RESET BINARY LOGS AND GTIDS"
    spend
    run repair apply --yes --json "$PLAN" "$TU"
    like "$S: logs begun anew: uncertain" "$RC $(refused)" "^1 1: uncertain.*;2: uncertain.*;3: uncertain"
    is "$S: and added to by nobody" "$(balances | cut -d' ' -f1-3)" "1:110.25:5 2:209.00:6 3:-290.50:8"

    # by the stock client
    reset
    mr_sql $T <"$PLAN/apply.sql" >/dev/null 2>"$ERR"
    is "$S: by a client, where rows are as the plan saw them" "$? $(balances)" "0 1:111.25:4 2:210.00:5 3:-289.50:7 4:10.00:5 5:10.00:5"
    mr_sql $T <"$PLAN/apply.sql" >/dev/null 2>"$ERR"
    is "$S: again: nothing" "$? $(balances)" "0 1:111.25:4 2:210.00:5 3:-289.50:7 4:10.00:5 5:10.00:5"
    run repair apply --yes --json "$PLAN" "$TU"
    like "$S: repair apply behind it adds nothing it does not know of" "$RC $(refused) $(balances)" "^1 1: uncertain.* 1:111.25:4 2:210.00:5 3:-289.50:7 4:10.00:5 5:10.00:5"
    rm -f "$PLAN/journal.jsonl"
    mr_sql $T <"$PLAN/undo.sql" >/dev/null 2>"$ERR"
    is "$S: undo.sql" "$? $(balances)" "0 1:11.00:7 2:10.00:5 3:11.00:7 4:10.00:5 5:10.00:5"
    reset
    spend
    mr_sql $T <"$PLAN/apply.sql" >/dev/null 2>"$ERR"
    is "$S: and where they have moved, it lists them" "$? $(balances)" "1 1:10.00:8 2:9.00:6 3:10.00:8 4:9.00:6 5:9.00:6"
done
finish
