#!/bin/bash
# repair_reseed.sh: `repair plan --reseed-only`, apply, verify: counters are raised above both
# histories, on the planned server only, never lowered, on its replica too, busy tables or
# not; by myrecon and by the stock client.  On MariaDB; on MySQL 9 as repair_reseed_mysql.sh.

. "$(dirname "$0")/lib.sh"
[ "${1:-}" != mysql ] || IT_NAME+=_mysql
begin a
S=$IT_TMP/work
mkdir "$S"
cd "$S" || exit 1

rep() { # rep ARGS…: repair ARGS…
    CMD=("$MYRECON" repair "$@")
    timeout -k 5 "${LIMIT:-120}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
rep_is() { # rep_is RC DESCRIPTION ARGS…
    local want=$1 desc=$2
    shift 2
    rep "$@"
    is "$desc" "$RC" "$want"
}
plan_is() { # plan_is RC DESCRIPTION DIR [ARGS…]: of $DB, a and p
    local want=$1 desc=$2 dir=$3
    shift 3
    rm -rf "$dir"
    rep_is "$want" "$desc" plan --reseed-only --json --source "$(uri a "$DB")" \
        --target "$(uri p "$DB")" --output "$dir" "$@"
}
planned() { # planned TABLE FIELD
    jq -r --arg t "$DB.$1" 'select(.type == "counter" and .table == $t) | .'"$2" "$OUT"
}
outcome() { # outcome TABLE FIELD: of the last apply or verify
    jq -r --arg t "$DB.$1" 'select(.type == "counter" and .table == $t) | .'"$2" "$OUT"
}
next_on() { # next_on SIDE TABLE: as SHOW CREATE TABLE has it
    client "$1" -D "$DB" <<<"SHOW CREATE TABLE $(ident "$2")" |
        grep -o 'AUTO_INCREMENT=[0-9]*' | cut -d= -f2
}
rows_on() { client "$1" -D "$DB" <<<"SELECT COUNT(*) FROM $(ident "$2")"; }
two() { # two SQL: on a and p
    client a -D "$DB" <<<"$1" && client p -D "$DB" <<<"$1" || bail "SQL failed: ${1:0:300}"
}
on_a() { client a -D "$DB" <<<"$1" || bail "SQL failed on a: ${1:0:300}"; }
on_p() { client p -D "$DB" <<<"$1" || bail "SQL failed on p: ${1:0:300}"; }
afresh() { # the database empty on a, p and so r
    fresh ap "$DB"
    caught_up
}

trap '' PIPE # a session that is held may be gone before it is told to end

# A session that holds a table's metadata lock until it is told to end.
hold() { # hold "SQL;": in a transaction of the session $HOLD
    : >"$IT_TMP/hold" # what the session before this one has said
    exec {HOLD_IN}> >(exec "${STOCK[@]}" -D "$DB" -n -N -B >"$IT_TMP/hold" 2>&1)
    HOLD_PID=$!
    echo "SELECT CONNECTION_ID(); BEGIN; $1 SELECT 'held';" >&"$HOLD_IN"
    local try
    for ((try = 0; try < 200; try++)); do
        grep -q held "$IT_TMP/hold" && break
        sleep 0.05
    done
    HOLD=$(head -n 1 "$IT_TMP/hold")
}
let_go() { # a process started meanwhile may have the session's input open as well
    printf 'ROLLBACK;\n\\q\n' >&"$HOLD_IN" 2>/dev/null
    exec {HOLD_IN}>&-
    wait "$HOLD_PID" 2>/dev/null
}

stock_args() { # URI: the stock client's way to it
    local u=${1#mysql://}
    u=${u%%[/?]*}
    u=${u##*@}
    STOCK=(mariadb --no-defaults -h "${u%:*}" -P "${u##*:}" -u root)
}

MEMBERS="CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE);
    INSERT INTO members (mobile) VALUES ('a'), ('b'), ('c');"

# ---- a whole database ------------------------------------------------------------------
healthy() { # healthy LABEL
    afresh
    two "$MEMBERS
        CREATE TABLE empty_one (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, v INT);
        CREATE TABLE tiny (id TINYINT AUTO_INCREMENT PRIMARY KEY); INSERT INTO tiny VALUES (100);
        CREATE TABLE huge (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 18446744073708551615;
        CREATE TABLE isam (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE = MyISAM; INSERT INTO isam VALUES (7);
        CREATE TABLE parts (id INT AUTO_INCREMENT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3;
        CREATE TABLE ranges (\`i\`\`d\` INT AUTO_INCREMENT PRIMARY KEY) PARTITION BY RANGE (\`i\`\`d\`)
            (PARTITION p0 VALUES LESS THAN (50), PARTITION p1 VALUES LESS THAN (201));
        INSERT INTO ranges VALUES (1);
        CREATE TABLE \`o'dd \"t\`\`.x\` (\`the id\` INT AUTO_INCREMENT PRIMARY KEY); INSERT INTO \`o'dd \"t\`\`.x\` VALUES (3);
        CREATE TABLE below_zero (id INT AUTO_INCREMENT PRIMARY KEY); INSERT INTO below_zero VALUES (-5);
        CREATE TABLE second_part (a INT, id INT AUTO_INCREMENT, PRIMARY KEY (a, id)) ENGINE = MyISAM;
        CREATE TABLE plain (id INT PRIMARY KEY); CREATE VIEW seen AS SELECT * FROM members"
    on_a "INSERT INTO members (mobile) VALUES ('d'), ('e');
        CREATE TABLE only_a (id INT AUTO_INCREMENT PRIMARY KEY);
        CREATE TABLE was_counter (id INT AUTO_INCREMENT PRIMARY KEY)"
    on_p "CREATE TABLE only_p (id INT AUTO_INCREMENT PRIMARY KEY); CREATE TABLE was_counter (id INT PRIMARY KEY)"
    plan_is 0 "$1: plan" plan --case case
    is "$1: next is the greatest of both sides" "$(planned members from)" 6
    is "$1: and the counter goes on behind the margin" "$(planned members reseed_to)" 1000006
    is "$1: an empty table counts from 1" "$(planned empty_one from) $(planned empty_one reseed_to)" "1 1000001"
    is "$1: a quarter of what is left in a TINYINT" \
        "$(planned tiny from) $(planned tiny margin) $(planned tiny reseed_to)" "101 6 107"
    like "$1: and it says why" "$(planned tiny margin_note)" "quarter.*tiny.id.*127"
    is "$1: near the end of BIGINT UNSIGNED" "$(planned huge reseed_to)" 18446744073708801615
    is "$1: below zero there is no counter" "$(planned below_zero from)" 1
    is "$1: the last partition is an end, too" \
        "$(planned ranges margin) $(planned ranges reseed_to)" "49 51"
    is "$1: what is left alone" "$(jq -r 'select(.type == "skipped") | .table' "$OUT" | sort | xargs)" \
        "$DB.only_a $DB.only_p $DB.second_part $DB.was_counter"
    is "$1: and nothing of it makes the plan incomplete" "$(jq -r 'select(.type == "summary") | .incomplete' "$OUT")" false
    is "$1: the plan's modes" "$(stat -c %a plan plan/* | xargs)" "700 600 600 600"
    is "$1: files of the plan" "$(ls plan | xargs)" "plan.json reseed.sql verify.sql"
    rep_is 0 "$1: show" show plan
    like "$1: show names the counter" "$(cat "$OUT")" "$DB.members.id"
    rep_is 1 "$1: verify before" verify plan "$(uri p '')"
    rep_is 0 "$1: dry run" apply --dry-run --json plan "$(uri p '')"
    is "$1: a dry run changes nothing" "$(next_on p members)" 4
    rep_is 5 "$1: without a terminal it needs --yes" apply plan "$(uri p '')"
    is "$1: and changes nothing" "$(next_on p members)" 4
    rep_is 0 "$1: apply" apply --yes --json --peer "$(uri r '')" plan "$(uri p '')"
    is "$1: how" "$(outcome members how)" alter
    is "$1: on the target" "$(next_on p members)" 1000006
    is "$1: on the replica" "$(next_on r members)" 1000006
    is "$1: an odd name" "$(next_on p "o'dd \"t\`.x")" 1000004
    is "$1: MyISAM" "$(next_on p isam)" 1000008
    is "$1: partitions" "$(next_on p parts)" 1000001
    rep_is 0 "$1: verify" verify --peer "$(uri r '')" plan "$(uri p '')"
    is "$1: a new row gets an id above" "$(on_p "INSERT INTO members (mobile) VALUES ('new'); SELECT MAX(id) FROM members")" 1000006
    is "$1: also in the TINYINT" "$(on_p "INSERT INTO tiny VALUES (NULL); SELECT MAX(id) FROM tiny")" 107
    is "$1: also in the partitions" "$(on_p "INSERT INTO ranges VALUES (NULL); SELECT MAX(\`i\`\`d\`) FROM ranges")" 51
    is "$1: also near 2^64" "$(on_p "INSERT INTO huge VALUES (NULL); SELECT MAX(id) FROM huge")" 18446744073708801615
    is "$1: also in MyISAM" "$(on_p "INSERT INTO isam VALUES (NULL); SELECT MAX(id) FROM isam")" 1000008
    rep_is 0 "$1: apply again" apply --yes --json plan "$(uri p '')"
    is "$1: does nothing" "$(jq -r 'select(.type == "counter") | .result' "$OUT" | sort -u)" already-high
    rep_is 0 "$1: undo" undo --yes plan "$(uri p '')"
    like "$1: undo says that counters stay raised" "$(cat "$OUT")" "stays raised"
    rm -rf again
    rep_is 0 "$1: a second plan of the case" plan --reseed-only --json --output again --case case
    is "$1: keeps the reserved ids" "$(planned members from) $(planned members to) $(planned members reseed_to)" \
        "6 1000006 1000006"
    on_p "INSERT INTO members VALUES (500000, 'thief')"
    rm -rf again
    rep_is 0 "$1: a third plan" plan --reseed-only --json --output again --case case
    is "$1: reserves anew where somebody took an id of them" "$(planned members from)" 1000007
}

answers() { # answers WORD URI: to apply, on a terminal
    CMD=(script -qec "$MYRECON repair apply plan $2" /dev/null)
    { sleep 1; echo "$1"; sleep 1; } | timeout -k 5 60 "${CMD[@]}" >"$OUT" 2>"$ERR"
    RC=${PIPESTATUS[1]}
}

# ---- guards ----------------------------------------------------------------------------
guards() { # guards LABEL: the plan of `healthy` is still there, its target stands high
    afresh
    two "$MEMBERS"
    plan_is 0 "$1: plan" plan
    rep_is 5 "$1: another server" apply --yes plan "$(uri a '')"
    like "$1: says so" "$(cat "$ERR")" "not the server that the plan is for"
    rep_is 5 "$1: the replica is another server" apply --yes plan "$(uri r '')"
    rep_is 5 "$1: another database" apply --yes plan "$(uri p mysql)"
    rep_is 5 "$1: verify on another server" verify plan "$(uri a '')"
    rep_is 5 "$1: undo on another server" undo --yes plan "$(uri a '')"
    rep_is 5 "$1: a peer that does not follow" apply --yes --peer "$(uri a '')" plan "$(uri p '')"
    is "$1: nothing was changed" "$(next_on a members) $(next_on p members)" "4 4"
    client p <<<"SET GLOBAL read_only = 1"
    rep_is 5 "$1: a read-only server" apply --yes plan "$(uri p '')"
    like "$1: says so" "$(cat "$ERR")" "is read-only"
    "${STOCK[@]}" --force <plan/reseed.sql >"$IT_TMP/stock" 2>&1
    is "$1: nor does the script" "$(next_on p members)" 4
    client p <<<"SET GLOBAL read_only = 0"
    client p <<<"DROP USER IF EXISTS it_reseed@'127.0.0.1'; CREATE USER it_reseed@'127.0.0.1' IDENTIFIED BY 'x';
        GRANT SELECT, INSERT ON $DB.* TO it_reseed@'127.0.0.1'"
    client p <<<"GRANT $(client p <<<"SELECT IF(@@version LIKE '%MariaDB%', 'SLAVE MONITOR', 'REPLICATION CLIENT')") ON *.* TO it_reseed@'127.0.0.1'"
    rep_is 5 "$1: without the right to alter" apply --yes plan "$(uri p '' it_reseed:x)"
    like "$1: the GRANT is named" "$(cat "$ERR")" 'GRANT ALTER ON `'"$DB"'`.`members` TO'
    client p <<<"GRANT ALTER ON $DB.members TO it_reseed@'127.0.0.1'"
    answers no "$(uri p '' it_reseed:x)"
    is "$1: a person is asked, and says no" "$RC $(next_on p members)" "5 4"
    like "$1: and sees what for" "$(cat "$OUT")" "members.id: would be raised, next id 4 -> 1000004"
    like "$1: and where" "$(cat "$OUT")" "raise 1 counter on .*\\[y/N\\]"
    answers y "$(uri p '' it_reseed:x)"
    is "$1: or yes" "$RC $(next_on p members)" "0 1000004"
    rep_is 0 "$1: with it" apply --yes plan "$(uri p '' it_reseed:x)"
    client p <<<"DROP USER it_reseed@'127.0.0.1'"
    on_p "DROP TABLE members"
    rep_is 1 "$1: a dropped table is named" apply --yes --json plan "$(uri p '')"
    like "$1: with the reason" "$(outcome members reason)" "exist"
}

# ---- never lower -----------------------------------------------------------------------
never_lower() {
    afresh
    two "$MEMBERS"
    plan_is 0 "$1: plan" plan
    on_p "ALTER TABLE members AUTO_INCREMENT = 9000000"
    rep_is 0 "$1: a counter that stands higher" apply --yes --json plan "$(uri p '')"
    is "$1: is left" "$(outcome members result) $(next_on p members)" "already-high 9000000"
    ok "$1: the script leaves it, too" stock_run plan/reseed.sql
    is "$1: really" "$(next_on p members)" 9000000
}

# ---- the stock client ------------------------------------------------------------------
stock_run() { "${STOCK[@]}" "${@:2}" <"$1" >"$IT_TMP/stock" 2>&1; }

stock_client() { # stock_client LABEL
    local lines n wrong
    afresh
    two "$MEMBERS CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO log (v) VALUES (1)"
    plan_is 0 "$1: plan" plan --margin 5000
    stock_args "$(uri a '')"
    stock_run plan/reseed.sql
    is "$1: wrong server: the client stops" $? 1
    like "$1: wrong server: it says why" "$(cat "$IT_TMP/stock")" "not the planned server"
    stock_run plan/reseed.sql --force
    "${STOCK[@]}" -e "source plan/reseed.sql" >"$IT_TMP/stock" 2>&1
    is "$1: wrong server: --force and source change nothing" "$(next_on a members) $(next_on a log)" "4 2"
    like "$1: wrong server: the list says so" "$(cat "$IT_TMP/stock")" "NOT THE PLANNED SERVER"
    stock_run plan/verify.sql
    is "$1: wrong server: verify.sql stops" $? 1

    # A client that connects anew in the middle, at any place, on the wrong and the right server.
    lines=$(sed '/^-- How they stand/,$d' plan/reseed.sql | grep -n ';$' | cut -d: -f1)
    wrong=
    for n in $lines; do
        { sed "${n}q" plan/reseed.sql; echo 'KILL CONNECTION_ID();'
          sed "1,${n}d" plan/reseed.sql; } >killed.sql
        stock_args "$(uri a '')"
        stock_run killed.sql --force --reconnect
    done
    is "$1: wrong server: reconnecting changes nothing" "$(next_on a members) $(next_on a log)" "4 2"
    stock_args "$(uri p '')"
    for n in $lines; do
        on_p "ALTER TABLE members AUTO_INCREMENT = 1; ALTER TABLE log AUTO_INCREMENT = 1"
        { sed "${n}q" plan/reseed.sql; echo 'KILL CONNECTION_ID();'
          sed "1,${n}d" plan/reseed.sql; } >killed.sql
        stock_run killed.sql --force --reconnect
        case "$(next_on p members) $(next_on p log)" in
        "4 2" | "5004 2" | "4 5002" | "5004 5002") ;;
        *) wrong+="killed behind line $n: $(next_on p members) $(next_on p log)
" ;;
        esac
        stock_run plan/reseed.sql || wrong+="killed behind line $n, then whole: failed
"
        [ "$(next_on p members) $(next_on p log)" = "5004 5002" ] || wrong+="killed behind line $n, then whole: not raised
"
    done
    is "$1: reconnecting anywhere: raised or not, and then by a second run" "$wrong" ""
    ok "$1: the right server: again" stock_run plan/reseed.sql
    like "$1: the list" "$(cat "$IT_TMP/stock")" "$DB.members.*5004.*5004.*high enough"
    ok "$1: verify.sql" stock_run plan/verify.sql
    if [ -n "${OWN_CLIENT:-}" ]; then
        on_p "DROP TABLE members; $MEMBERS"
        $OWN_CLIENT --no-defaults -h 127.0.0.1 -P "${STOCK[5]}" -u root <plan/reseed.sql >"$IT_TMP/stock" 2>&1
        is "$1: by its own client" "$? $(next_on p members)" "0 5004"
    fi
    on_p "ALTER TABLE members AUTO_INCREMENT = 1; DROP TABLE log"
    stock_run plan/verify.sql
    is "$1: verify.sql finds a counter that is too low" $? 1

    # A table that stays in use makes the client stop, at once and for a short time.
    on_p "DROP TABLE members; $MEMBERS"
    hold "SELECT COUNT(*) FROM members;"
    SECONDS=0
    stock_run plan/reseed.sql
    is "$1: a table in use stops the client" "$? $((SECONDS < 10))" "1 1"
    like "$1: by a lock wait" "$(cat "$IT_TMP/stock")" 1205
    let_go
    stock_run plan/reseed.sql
    is "$1: a table that is gone holds up no other" "$? $(next_on p members)" "1 5004"
}

# ---- busy tables -----------------------------------------------------------------------
busy() { # busy LABEL
    local before
    afresh
    two "CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY); INSERT INTO parent VALUES (9);
        CREATE TABLE busy (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, doc JSON NOT NULL,
            at DATETIME NOT NULL, kind ENUM('x', 'y') NOT NULL, parent_id INT NOT NULL, boss INT,
            twice INT GENERATED ALWAYS AS (parent_id * 2) STORED,
            FOREIGN KEY (parent_id) REFERENCES parent (id), FOREIGN KEY (boss) REFERENCES busy (id));
        INSERT INTO busy (mobile, doc, at, kind, parent_id) VALUES ('m', '{}', NOW(), 'y', 9);
        CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, busy_id INT, FOREIGN KEY (busy_id) REFERENCES busy (id) ON DELETE CASCADE);
        INSERT INTO child (busy_id) VALUES (1)"
    plan_is 0 "$1: plan" plan --tables '*.busy'
    hold "SELECT COUNT(*) FROM busy;"
    before=$(on_p "SELECT * FROM busy; SELECT * FROM child")
    rep_is 0 "$1: a reader holds the table" apply --yes --json --lock-timeout 1 --retries 1 --peer "$(uri r '')" plan "$(uri p '')"
    is "$1: a row raises it instead" "$(outcome busy how) $(next_on p busy)" "insert 1000002"
    like "$1: who holds it is named" "$(cat "$ERR")" "session $HOLD of root@"
    is "$1: the rows are as they were" "$(on_p "SELECT * FROM busy; SELECT * FROM child")" "$before"
    is "$1: on the replica, too" "$(next_on r busy) $(rows_on r busy)" "1000002 1"
    let_go
    is "$1: a new row gets an id above" "$(on_p "INSERT INTO busy (mobile, doc, at, kind, parent_id)
        VALUES ('n', '{}', NOW(), 'y', 9); SELECT MAX(id) FROM busy")" 1000002

    # Where no row may be inserted the counter stays, and the reason and the holder are named.
    afresh
    two "$MEMBERS CREATE TRIGGER fires BEFORE INSERT ON members FOR EACH ROW SET NEW.mobile = 'fired'"
    plan_is 0 "$1: plan" plan
    hold "SELECT * FROM members;"
    rep_is 1 "$1: a table with a trigger stays blocked" apply --yes --json --lock-timeout 1 --retries 0 plan "$(uri p '')"
    is "$1: its counter is as it was" "$(outcome members result) $(next_on p members) $(rows_on p members)" "too-low 4 3"
    like "$1: why" "$(outcome members reason)" "lock wait timeout.*triggers"
    is "$1: by whom" "$(outcome members 'blockers[] | .id')" "$HOLD"
    [ "$2" = mariadb ] ||
        is "$1: with the statement" "$(outcome members 'blockers[] | "\(.certain) \(.statement)"')" "true SELECT 'held'"
    (sleep 2.5; let_go_now) & rep_is 0 "$1: let go between two tries" apply --yes --json --lock-timeout 1 --retries 6 plan "$(uri p '')"
    is "$1: then it is altered" "$(outcome members how) $(next_on p members)" "alter 1000004"
    wait %% 2>/dev/null
    let_go

    afresh
    two "CREATE TABLE parent (id INT PRIMARY KEY);
        CREATE TABLE orphanage (id INT AUTO_INCREMENT PRIMARY KEY, parent_id INT NOT NULL, FOREIGN KEY (parent_id) REFERENCES parent (id))"
    plan_is 0 "$1: plan" plan
    hold "SELECT * FROM orphanage;"
    rep_is 1 "$1: no parent to refer to" apply --yes --json --lock-timeout 1 --retries 0 plan "$(uri p '')"
    like "$1: says so" "$(outcome orphanage reason)" "must refer to has no row"
    let_go
    on_p "SET foreign_key_checks = 0; INSERT INTO parent VALUES (1); CREATE TABLE stray (id INT PRIMARY KEY, o INT,
        FOREIGN KEY (o) REFERENCES orphanage (id) ON DELETE CASCADE); INSERT INTO stray VALUES (1, 1000000)"
    hold "SELECT * FROM orphanage;"
    rep_is 1 "$1: rows refer to the id already" apply --yes --json --lock-timeout 1 --retries 0 plan "$(uri p '')"
    is "$1: none of them is taken along" "$(rows_on p stray)" 1
    let_go
}
let_go_now() { client p <<<"KILL $HOLD" 2>/dev/null; }

# ---- kills and lost connections --------------------------------------------------------
kills() { # kills LABEL
    local pid
    afresh
    two "$MEMBERS CREATE TABLE aaa (id INT AUTO_INCREMENT PRIMARY KEY)"
    plan_is 0 "$1: plan" plan
    hold "SELECT * FROM members;"
    "$MYRECON" repair apply --yes --lock-timeout 30 plan "$(uri p '')" >/dev/null 2>&1 </dev/null &
    pid=$!
    waits_for "ALTER TABLE \`$DB\`.\`members\`"
    rep_is 5 "$1: a second apply at the same time" apply --yes plan "$(uri p '')"
    like "$1: says so" "$(cat "$ERR")" "being applied by another run"
    kill -KILL $pid
    wait $pid 2>/dev/null
    let_go
    for ((pid = 0; pid < 100; pid++)); do
        [ "$(client p <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%myrecon%ALTER%' AND ID <> CONNECTION_ID()")" = 0 ] && break
        sleep 0.1
    done
    rep_is 0 "$1: after kill -9, again" apply --yes --json --peer "$(uri r '')" plan "$(uri p '')"
    is "$1: both are raised" "$(next_on p aaa) $(next_on p members) $(next_on r members)" "1000001 1000004 1000004"

    # What a killed insert leaves: raised here by what was rolled back, and on no replica.
    afresh
    two "$MEMBERS"
    plan_is 0 "$1: plan" plan
    client p -D "$DB" <<<"BEGIN; INSERT INTO members VALUES (1000003, 'x'); ROLLBACK"
    is "$1: raised here only" "$(next_on p members) $(caught_up; next_on r members)" "1000004 4"
    echo "{\"event\":\"try\",\"table\":\"$DB.members\",\"column\":\"id\"}" >plan/journal.jsonl
    printf '{"event":"tr' >>plan/journal.jsonl
    rep_is 0 "$1: a step that was cut short is taken up" apply --yes --json plan "$(uri p '')"
    caught_up
    is "$1: and arrives" "$(next_on r members)" 1000004
    afresh
    two "$MEMBERS"
    plan_is 0 "$1: plan" plan
    client p -D "$DB" <<<"BEGIN; INSERT INTO members VALUES (1000003, 'x'); ROLLBACK"
    rep_is 1 "$1: verify finds the replica that lacks it" verify --json --peer "$(uri r '')" plan "$(uri p '')"
    rep_is 0 "$1: apply with --peer" apply --yes --json --peer "$(uri r '')" plan "$(uri p '')"
    is "$1: takes it there" "$(next_on r members)" 1000004

    # The connection is killed while it waits.
    afresh
    two "$MEMBERS"
    plan_is 0 "$1: plan" plan
    hold "SELECT * FROM members;"
    "$MYRECON" repair apply --yes --json --lock-timeout 30 plan "$(uri p '')" >"$OUT" 2>"$ERR" </dev/null &
    pid=$!
    waits_for "ALTER TABLE \`$DB\`.\`members\`"
    client p <<<"KILL $WAITER"
    let_go
    wait $pid
    is "$1: a killed connection is made anew" "$? $(next_on p members)" "0 1000004"

    afresh
    two "$MEMBERS"
    plan_is 0 "$1: plan" plan
    hold "SELECT * FROM members;"
    "$MYRECON" repair apply --yes --json --lock-timeout 2 --retries 100 plan "$(uri p '')" >"$OUT" 2>"$ERR" </dev/null &
    pid=$!
    waits_for "ALTER TABLE \`$DB\`.\`members\`"
    kill -INT $pid
    wait $pid
    is "$1: interrupted" $? 6
    let_go
}
waits_for() { # waits_for TEXT: until a session of p runs it; sets WAITER
    local try
    for ((try = 0; try < 200; try++)); do
        WAITER=$(client p <<<"SELECT ID FROM information_schema.PROCESSLIST WHERE INSTR(INFO, '$1') > 0 AND ID <> CONNECTION_ID() LIMIT 1")
        [ -z "$WAITER" ] || return 0
        sleep 0.05
    done
    let_go # or nobody could drop the database
    bail "nothing waits for $1"
}

# ---- steps, ranges, references ---------------------------------------------------------
steps() { # steps LABEL
    local got
    afresh
    two "$MEMBERS"
    client p <<<"SET GLOBAL auto_increment_increment = 10, GLOBAL auto_increment_offset = 3"
    plan_is 0 "$1: plan" plan
    is "$1: increment 10, offset 3" "$(planned members reseed_to)" 1000013
    rep_is 0 "$1: apply" apply --yes plan "$(uri p '')"
    got=$(client p -D "$DB" <<<"INSERT INTO members (mobile) VALUES ('new'); SELECT MAX(id) FROM members")
    is "$1: the next row" "$got" 1000013
    afresh
    two "$MEMBERS"
    plan_is 0 "$1: plan" plan
    hold "SELECT * FROM members;"
    rep_is 0 "$1: and around a lock" apply --yes --lock-timeout 1 --retries 0 plan "$(uri p '')"
    let_go
    got=$(client p -D "$DB" <<<"INSERT INTO members (mobile) VALUES ('new'); SELECT MAX(id) FROM members")
    is "$1: the next row behind it" "$got" 1000033
    client p <<<"SET GLOBAL auto_increment_increment = 1, GLOBAL auto_increment_offset = 1"
}

narrow() { # narrow LABEL
    afresh
    two "$MEMBERS
        CREATE TABLE card (member_id INT PRIMARY KEY, v INT, FOREIGN KEY (member_id) REFERENCES members (id));
        CREATE TABLE scan (id BIGINT AUTO_INCREMENT PRIMARY KEY, card_id SMALLINT UNSIGNED)"
    on_p "CREATE TABLE extra_scan (id INT PRIMARY KEY, card_id TINYINT)"
    cat >ini <<INI
[table $DB.scan]
reference = card_id -> $DB.card.member_id
INI
    plan_is 0 "$1: a reference to a reference" plan --config ini
    is "$1: limits the margin" "$(planned members margin) $(planned members reseed_to)" "16383 16387"
    like "$1: by name" "$(planned members margin_note)" "$DB.scan.card_id"
    printf '[table %s.*scan]\nreference = card_id -> %s.card.member_id\n' "$DB" "$DB" >ini
    plan_is 0 "$1: a table that only the target has" plan --config ini
    is "$1: counts, too" "$(planned members margin)" 31
    printf '[table members]\nmargin = 20\n' >ini
    plan_is 0 "$1: a margin of its own" plan --config ini
    is "$1: holds" "$(planned members reseed_to) $(planned scan reseed_to)" "24 1000001"
    two "CREATE TABLE tiny (id TINYINT AUTO_INCREMENT PRIMARY KEY); INSERT INTO tiny VALUES (125)"
    plan_is 5 "$1: nothing fits" plan
    like "$1: the column and what would fit" "$(cat "$ERR")" "$DB.tiny.id.*greatest margin that fits is 1$"
    is "$1: nothing is left of it" "$(ls -d plan* 2>/dev/null)" ""
    plan_is 0 "$1: what fits is taken" plan --margin 1
    is "$1: as it was named" "$(planned tiny reseed_to)" 127
    plan_is 0 "$1: or the table is left out" plan --exclude tiny
    on_p "INSERT INTO tiny VALUES (127)"
    plan_is 5 "$1: a full table" plan --tables tiny
    plan_is 3 "$1: no such table" plan --tables nobody
    printf '[table scan]\nreference = nowhere -> %s.card.member_id\n' "$DB" >ini
    plan_is 3 "$1: a reference from no column" plan --config ini
}

writers() { # writers LABEL: rows come in while it is applied
    local pid
    afresh
    two "$MEMBERS"
    on_a "INSERT INTO members (mobile) SELECT CONCAT('lost', seq) FROM seq_1_to_500"
    plan_is 0 "$1: plan" plan
    (
        for ((n = 0; n < 400; n++)); do echo "INSERT INTO members (mobile) VALUES ('live$n');"; done |
            "${STOCK[@]}" -D "$DB"
    ) >"$IT_TMP/writer" 2>&1 &
    pid=$!
    rep_is 0 "$1: apply" apply --yes plan "$(uri p '')"
    wait $pid
    is "$1: every row came in" "$? $(on_p "SELECT COUNT(*) FROM members WHERE mobile LIKE 'live%'")" "0 400"
    is "$1: none of them behind the reseed has an id below" \
        "$(on_p "INSERT INTO members (mobile) VALUES ('after'); SELECT MIN(id) >= 1000504 FROM members WHERE mobile = 'after'")" 1
}

sequences() {
    afresh
    two "CREATE SEQUENCE numbers START WITH 5 INCREMENT BY 5 CACHE 10;
        CREATE TABLE bills (id BIGINT DEFAULT NEXTVAL(numbers) PRIMARY KEY, v INT); INSERT INTO bills (v) VALUES (1), (2);
        CREATE TABLE more_bills (id BIGINT DEFAULT (NEXT VALUE FOR numbers) PRIMARY KEY, v INT);
        CREATE SEQUENCE falling INCREMENT BY -1; CREATE TABLE f (id INT DEFAULT NEXTVAL(falling) PRIMARY KEY)"
    on_a "INSERT INTO bills VALUES (777, 3)"
    plan_is 0 "sequence: plan" plan
    is "sequence: next is above the greatest key" "$(planned bills from)$(planned more_bills from)" 778
    is "sequence: and its step is kept" "$(planned bills reseed_to)$(planned more_bills reseed_to)" 1000780
    rep_is 0 "sequence: apply" apply --yes --json --peer "$(uri r '')" plan "$(uri p '')"
    is "sequence: the next row" "$(on_p "INSERT INTO bills (v) VALUES (9); SELECT MAX(id) FROM bills")" 1000780
    caught_up
    is "sequence: on the replica" "$(client r -D "$DB" <<<"SELECT next_not_cached_value >= 1000780 FROM numbers")" 1
    rep_is 0 "sequence: verify" verify --peer "$(uri r '')" plan "$(uri p '')"
    ok "sequence: the script" stock_run plan/reseed.sql
    is "sequence: does not lower it" "$(client p -D "$DB" <<<"SELECT next_not_cached_value >= 1000780 FROM numbers")" 1
}

plan_directory() { # of the last plan's kind; the servers do not matter
    afresh
    two "$MEMBERS"
    plan_is 0 "directory: plan" good
    edited() { # edited DESCRIPTION COMMAND…: in a copy of the plan
        rm -rf plan
        cp -a good plan
        "${@:3}"
        rep_is 5 "directory: $1" show plan
        like "directory: $1, by name" "$(cat "$ERR")" "$2"
        rep_is 5 "directory: $1, applied" apply --yes plan "$(uri p '')"
    }
    edited "a changed script" 'reseed.sql.*changed' sed -i s/1000004/1000005/ plan/reseed.sql
    edited "a changed manifest" 'plan.json.*changed' sed -i s/1000004/1000005/g plan/plan.json
    edited "a cut manifest" 'plan.json.*changed' truncate -s -1 plan/plan.json
    edited "a missing script" 'verify.sql.*missing' rm plan/verify.sql
    edited "a missing manifest" 'plan.json.*missing' rm plan/plan.json
    edited "a file too many" 'apply.sql.*no part' touch plan/apply.sql
    is "directory: nothing was changed" "$(next_on p members)" 4
    rep_is 5 "directory: an output that is not empty" plan --reseed-only --source "$(uri a "$DB")" \
        --target "$(uri p "$DB")" --output good
    mkdir -p void good.partial
    echo mine >good.partial/note
    rep_is 0 "directory: an empty one is taken" plan --reseed-only --source "$(uri a "$DB")" \
        --target "$(uri p "$DB")" --output void/
    rm -rf good
    rep_is 5 "directory: somebody's files in the way" plan --reseed-only --source "$(uri a "$DB")" \
        --target "$(uri p "$DB")" --output good
    is "directory: are left" "$(cat good.partial/note)" mine
    rm -f good.partial/note
    echo half >good.partial/reseed.sql
    rep_is 0 "directory: what a killed run left is cleared away" plan --reseed-only --source "$(uri a "$DB")" \
        --target "$(uri p "$DB")" --output good
    is "directory: all of it" "$(ls good.partial good 2>&1 | grep -v ^good: | grep -v partial | xargs)" "plan.json reseed.sql verify.sql"
}

# ---- rows that are hard to make up, or to take back --------------------------------------
shapes() { # shapes LABEL
    local before pid t
    afresh
    two "CREATE TABLE same (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE); INSERT INTO same (mobile) VALUES ('');
        CREATE TABLE checked (id INT AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL CHECK (v > 0)); INSERT INTO checked (v) VALUES (1);
        CREATE TABLE areas (id INT AUTO_INCREMENT, area INT NOT NULL, PRIMARY KEY (id, area)) PARTITION BY LIST (area)
            (PARTITION p0 VALUES IN (1, 2)); INSERT INTO areas (area) VALUES (1);
        CREATE TABLE tiny (id TINYINT AUTO_INCREMENT PRIMARY KEY, a INT); INSERT INTO tiny VALUES (125, 1);
        CREATE TABLE narrow (id INT AUTO_INCREMENT PRIMARY KEY, a INT); INSERT INTO narrow VALUES (125, 1);
        CREATE TABLE names (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE); INSERT INTO names (name) VALUES ('x');
        CREATE TABLE nicks (n INT PRIMARY KEY, name VARCHAR(20), FOREIGN KEY (name) REFERENCES names (name) ON DELETE CASCADE);
        INSERT INTO nicks VALUES (1, 'x')"
    two "SET foreign_key_checks = 0; INSERT INTO nicks VALUES (2, '')"
    printf '[table narrow]\nmargin = 100\n' >ini
    plan_is 0 "$1: odd rows: plan" plan --margin 1 --exclude '*.nicks' --config ini
    on_p "ALTER TABLE narrow MODIFY id TINYINT AUTO_INCREMENT"
    caught_up
    before=$(shapes_rows p)
    hold "SELECT * FROM same, checked, areas, tiny, narrow, names LIMIT 1;"
    rep_is 1 "$1: odd rows" apply --yes --json --lock-timeout 1 --retries 0 plan "$(uri p '')"
    is "$1: no row has changed, nor by a cascade" "$(shapes_rows p)" "$before"
    caught_up
    is "$1: on the replica neither" "$(shapes_rows r)" "$before"
    like "$1: defaults that somebody has" "$(outcome same reason)" "Duplicate entry.*on this server alone"
    like "$1: that a CHECK refuses" "$(outcome checked reason)" "error (3819|4025)"
    like "$1: that are in no partition" "$(outcome areas reason)" "no partition"
    is "$1: the last of a TINYINT" "$(outcome tiny how) $(next_on p tiny) $(next_on r tiny)" "insert 127 127"
    like "$1: an id that the column cannot hold any more" "$(outcome narrow reason)" "column is tinyint.* does not hold 226"
    is "$1: its counter is where it was" "$(next_on p narrow)" 126
    let_go
    rep_is 1 "$1: odd rows, and nobody holds them" apply --yes --json plan "$(uri p '')"
    caught_up
    for t in same checked areas names; do
        is "$1: $t is raised, on the replica, too" "$(next_on p $t) $(next_on r $t)" "3 3"
    done
    is "$1: and never what cannot be" "$(outcome narrow result) $(next_on p narrow)" "too-low 126"

    # An id that need not be unique: somebody else's row has it, too, when it is to be deleted.
    afresh
    two "CREATE TABLE second (part INT NOT NULL, id INT AUTO_INCREMENT, PRIMARY KEY (part, id), KEY (id)); INSERT INTO second (part) VALUES (1)"
    plan_is 0 "$1: a counter behind another key: plan" plan --margin 2
    hold "INSERT INTO second VALUES (5, 1);"
    "$MYRECON" repair apply --yes --json --lock-timeout 3 --retries 0 plan "$(uri p '')" >"$OUT" 2>"$ERR" </dev/null &
    pid=$!
    waits_for "ALTER TABLE \`$DB\`.\`second\`"
    printf 'INSERT INTO second VALUES (5, 3);\n' >&"$HOLD_IN"
    waits_for "DELETE FROM \`$DB\`.\`second\`"
    printf 'COMMIT;\n' >&"$HOLD_IN"
    wait $pid
    is "$1: somebody inserts the same id meanwhile" "$? $(rows_on p second)" "1 3"
    like "$1: and is named" "$(outcome second reason)" "somebody else has taken the id"
    let_go
    rep_is 0 "$1: then it is altered" apply --yes --json plan "$(uri p '')"
    caught_up
    is "$1: here and there" "$(next_on p second) $(next_on r second) $(rows_on r second)" "4 4 3"
}
shapes_rows() { # SIDE
    local t
    for t in same checked areas tiny narrow names nicks; do client "$1" -D "$DB" <<<"SELECT * FROM $t ORDER BY 1, 2"; done
}

all_of() { # all_of LABEL KIND
    stock_args "$(uri p '')"
    healthy "$1"
    guards "$1"
    never_lower "$1"
    stock_client "$1"
    busy "$1" "$2"
    kills "$1"
    steps "$1"
    narrow "$1"
    writers "$1"
    shapes "$1"
}

if [ "${1:-}" != mysql ]; then
    use_pair mariadb || bail "no MariaDB pair"
    all_of MariaDB mariadb
    sequences
    plan_directory
elif use_pair mysql; then
    root=$(bash "$IT_DIR/../lib/mysql9.sh" 2>/dev/null) && OWN_CLIENT="chroot $root mysql"
    all_of MySQL mysql
else
    skip "the same on MySQL 9" "no MySQL 9 pair"
fi
finish
