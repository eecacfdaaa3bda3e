#!/bin/bash
# repair_waits.sh: apply and undo say what they wait for, on which server, who holds
# it and for how long at most: rows, the metadata of a table, a replica that is late, a pause;
# a replica that is delayed on purpose is named and not waited for.

. "$(dirname "$0")/lib.sh"
KIND=mariadb T=p
if [ "${1:-}" = mysql ]; then
    IT_NAME+=_mysql KIND=mysql
fi
if ! use_pair $KIND; then
    echo "1..0 # SKIP no replicating pair of $KIND"
    exit 0
fi
begin ap
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"
DST=$(uri p "$DB") PEER=$(uri r "$DB") SERVER=$(side_uri p | sed 's/.*@//')
delay() { # delay SECONDS: of the replica, on purpose
    if [ $KIND = mysql ]; then
        client r <<<"STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = $1; START REPLICA"
    else
        client r <<<"STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = $1; START SLAVE"
    fi || bail "no delay"
}
at_exit 'delay 0'
meets() { # meets DESCRIPTION WHAT ARGS…: repair ARGS… in the background says what it waits for, soon
    local from=$SECONDS
    CMD=("$MYRECON" repair "${@:3}")
    : >"$ERR" # what the run before has said is not to be taken for what this one says
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
    wait_for 15 grep -Eq "$2" "$ERR"
    SAID=$((SECONDS - from))
    like "$1" "$(cat "$ERR")" "$2"
}
ends() { # ends RC DESCRIPTION
    wait $PID
    RC=$?
    is "$2" "$RC" "$1"
}
anew() { # as if nothing had been applied
    at $T "DROP TABLE IF EXISTS orders, members"
    afresh
    rm -f plan/journal.jsonl
}
afresh
LOCK_WAIT=5 make_plan
client p -D "$DB" <plan/reseed.sql >/dev/null || bail "reseed.sql"

# ---- rows ------------------------------------------------------------------------------
UNIT="waiting for server \"$SERVER\", unit [0-9] of 3, for a lock at most 5 s in each of 10 tries"
HELD="held by session [0-9]+ of root@[^ ]* \\([A-Za-z]+, [0-9]+ s\\)"
hold "INSERT INTO members VALUES (10, 'm10', 'not yet');" || bail "nobody holds it"
meets "apply says that it waits for a row, and who holds it" "$UNIT.*: $HELD" apply --yes --json plan "$DST"
is "within some seconds" "$((SAID <= 6))" 1
unlike "it is not apply itself" "$(cat "$ERR")" 'held by [^:]*: /\* myrecon'
let_go
ends 0 "and goes on"
hold "UPDATE members SET name = 'x' WHERE id = 11;" || bail "nobody holds it"
meets "undo, too" "$UNIT.*: $HELD" undo --yes --json plan "$DST"
let_go
ends 0 "and goes on, too"
on "XA START 'waits'; INSERT INTO members VALUES (10, 'm10', 'not yet'); XA END 'waits'; XA PREPARE 'waits'"
meets "a transaction that was prepared and left is no session's" \
    "$UNIT: Waiting for a row lock: no session holds it: see XA RECOVER" apply --yes --json plan "$DST"
on "XA ROLLBACK 'waits'"
ends 0 "and goes on without it"
rep_is 0 "and back" undo --yes plan "$DST"

# ---- by an account to which the server does not say who ------------------------------------
STATUS='SLAVE MONITOR' SHOWS="who holds it the server does not tell: INSTALL SONAME 'metadata_lock_info'"
[ $KIND != mysql ] || STATUS='REPLICATION CLIENT' SHOWS="who holds it is hidden: GRANT SELECT ON performance_schema\\.\\* TO 'wtmender'"
client p <<<"CREATE USER wtmender@'%' IDENTIFIED BY 'w'; GRANT PROCESS, $STATUS ON *.* TO wtmender@'%';
    GRANT SELECT, INSERT, UPDATE, DELETE, ALTER, TRIGGER, CREATE TEMPORARY TABLES ON $DB.* TO wtmender@'%'" || bail "no account"
at_exit "client p <<<\"DROP USER IF EXISTS wtmender@'%'\""
MENDER=$(uri p "$DB" wtmender:w)
hold "SELECT * FROM members WHERE id = 10 FOR UPDATE;" || bail "nobody holds it"
meets "a row: the open transaction" "$UNIT: Waiting for a row lock: (perhaps )?$HELD" apply --yes --json plan "$MENDER"
let_go
ends 0 "and goes on"
anew
hold "LOCK TABLES members WRITE;" || bail "nobody holds it"
meets "a table that is locked: what would show who" \
    "waiting for server \"$SERVER\", [^:]*: Waiting for table metadata lock: $SHOWS" \
    apply --yes --json --lock-timeout 30 plan "$MENDER"
let_go
ends 0 "and goes on"

# ---- a table ---------------------------------------------------------------------------
anew
hold "SELECT COUNT(*) FROM members;" || bail "nobody holds it"
meets "apply says that it waits for a table" \
    "waiting for server \"$SERVER\", the counter of \"$DB.members\", for its lock at most 30 s in each of 4 tries: Waiting for table metadata lock: (perhaps )?$HELD" \
    apply --yes --json --lock-timeout 30 plan "$DST"
let_go
ends 0 "and goes on"

# ---- a file, and a replica that is late --------------------------------------------------
rep undo --yes plan "$DST"
touch pause
meets "a pause is named" "waiting: file \"pause\" exists" apply --yes --json --pause-file pause plan "$DST"
rm pause
ends 0 "and ends"
caught_up
rep undo --yes plan "$DST"
caught_up
hold "SELECT 1 FROM members WHERE id = 1 FOR UPDATE;" r || bail "nobody holds it"
on "UPDATE members SET name = 'late' WHERE id = 1"
meets "a replica that is late is named" \
    "waiting for [0-9]+ s now for peer \"[^\"]*\".*, to apply what the target has written: at most 60 s" \
    apply --yes --json --peer "$PEER" plan "$DST"
let_go
ends 0 "and is waited for"
is "all is there" "$(on "SELECT COUNT(*) FROM members WHERE id > 3")" 3

# ---- a replica that is delayed on purpose ------------------------------------------------
rep undo --yes plan "$DST"
delay 3600
on "UPDATE members SET name = 'much later' WHERE id = 1"
LIMIT=30
rep_is 0 "a delayed replica below the target is not waited for" apply --yes --json --max-lag 1 plan "$DST"
like "it is named" "$(cat "$ERR")" "is delayed on purpose, by 3600 s: its lag is not waited for"
rep_is 0 "undo" undo --yes --json --max-lag 1 plan "$DST"
delay 0
caught_up
at $T "DROP TABLE IF EXISTS orders, members"
afresh
caught_up
delay 3600
rm -f plan/journal.jsonl
rep_is 4 "as a peer its counters are not proved" apply --yes --json --peer "$PEER" plan "$DST"
like "it is named, too" "$(cat "$ERR")" "peer \"[^\"]*\" is delayed on purpose, by 3600 s: it is not waited for"
is "they are raised here" "$(jq -r 'select(.type == "counter") | .result' "$OUT" | sort -u)" unproven
is "and every row is there" "$(on "SELECT COUNT(*) FROM members WHERE id > 3")" 3

finish
