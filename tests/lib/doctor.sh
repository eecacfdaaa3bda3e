# doctor.sh: what the server tests of doctor share; bash, to be sourced after tests/it/lib.sh,
# tests/lib/gate.sh and tests/lib/gate_breaks.sh.
#
#   doctor_pair mariadb|mysql      a healthy primary GP and its read-only replica GR
#   run_doctor ARGS…               doctor --json; $RC, lines in $OUT, log in $ERR
#   finds DESCRIPTION NAME:STATE…  of servers $ON: exactly these, and the exit code of them
#   silent DESCRIPTION             nothing, exit 0
#   tells DESCRIPTION NAME REGEX   in message or hint of that finding

ON=GP
DOCTOR_ARGS=()
DOCTOR_USER=root

# Whatever the doctor would have a note about.
doctor_calm() { # NAME
    mr_sql "$1" -e "SET GLOBAL innodb_flush_log_at_trx_commit = 1"
    mr_sql "$1" -D mysql -e "SET sql_log_bin = 0; INSERT INTO time_zone VALUES (7, 'N');
        INSERT INTO time_zone_name VALUES ('Europe/Berlin', 7);
        INSERT INTO time_zone_transition_type VALUES (7, 0, 3600, 0, 'CET')" ||
        bail "no time zone"
}

doctor_pair() { # mariadb|mysql
    gate_pair "$1" || return 1
    mr_sql GP <<'SQL'
CREATE DATABASE club CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE club;
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
  points INT NOT NULL DEFAULT 0);
INSERT INTO members (mobile) WITH RECURSIVE n AS
  (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT CONCAT('138', i) FROM n;
CREATE TABLE codes (code VARCHAR(20) PRIMARY KEY, v INT);
INSERT INTO codes VALUES ('a', 1), ('b', 2);
CREATE VIEW rich AS SELECT id, points FROM members WHERE points > 100;
SQL
    catch_up
}

run_doctor() {
    CMD=("$MYRECON" doctor --json "$@")
    timeout -k 5 "${LIMIT:-60}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

doctor_of() { # the servers of $ON
    local name uris=()
    for name in $ON; do
        uris+=("$(gate_uri "$name" "$DOCTOR_USER")")
    done
    run_doctor "${DOCTOR_ARGS[@]}" "${uris[@]}"
}

what_is_found() { # "name:state", sorted, each once
    jq -r 'select(.type == "finding" and .state != "ok") | "\(.name):\(.state)"' "$OUT" |
        LC_ALL=C sort -u | tr '\n' ' ' | sed 's/ $//'
}

doctor_exit() { # the exit status that these states make
    case " $* " in
    *:problem*) echo 1 ;;
    *:unknown*) echo 4 ;;
    *) echo 0 ;;
    esac
}

finds() { # DESCRIPTION NAME:STATE…
    local desc=$1 want
    shift
    want=$(printf '%s\n' "$@" | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')
    doctor_of
    is "$GATE_KIND: $desc" "$(what_is_found) -> $RC" "$want -> $(doctor_exit "$@")"
}

silent() { # DESCRIPTION
    doctor_of
    is "$GATE_KIND: $1: silent" "$(what_is_found) -> $RC, $(jq -r 'select(.type == "summary").verdict' "$OUT")" \
        " -> 0, ok"
}

of_finding() { # NAME: its messages and hints
    jq -r --arg n "$1" 'select(.name == $n and .state != "ok") | .message + " -> " + (.hint // "")' "$OUT"
}

tells() { # DESCRIPTION NAME REGEX
    like "$GATE_KIND: $1" "$(of_finding "$2")" "$3"
}

doctor_account() { # GRANT…
    local grant
    mr_sql GP -e "SET sql_log_bin = 0; DROP USER IF EXISTS recon@'127.0.0.1'; CREATE USER recon@'127.0.0.1' IDENTIFIED BY 'r'"
    for grant; do
        mr_sql GP -e "SET sql_log_bin = 0; GRANT $grant TO recon@'127.0.0.1'" || bail "cannot grant $grant"
    done
}

# --- the way in --------------------------------------------------------------------------

reaches() { # DESCRIPTION URI NAME: nobody is reached, and this is why
    run_doctor "$2"
    is "$GATE_KIND: $1" "$(what_is_found) -> $RC" "$3:problem -> 3"
}

breaks_reaching() {
    local port=$(mr_get_server GP PORT)
    reaches "no such host" mysql://root@nowhere.invalid dns
    reaches "nobody listens" mysql://root@127.0.0.1:1 tcp
    tells "nobody listens: what to do" tcp 'Nothing listens there'
    reaches "no such socket" "mysql://root@localhost/?socket=$IT_TMP/none" socket
    run_doctor "mysql://root@localhost/club?socket=$(mr_get_server GP SOCK)"
    is "$GATE_KIND: by the socket: silent" "$(what_is_found) -> $RC" " -> 0"
    reaches "a wrong password" "mysql://root:wrong@127.0.0.1:$port" access_denied
    tells "a wrong password: the account as the server sees it" access_denied "1045.*'root'@'127.0.0.1'"
    reaches "no such account" "mysql://nobody:x@127.0.0.1:$port" access_denied
    doctor_account "SELECT ON club.*"
    mr_sql GP -e "SET sql_log_bin = 0; ALTER USER recon@'127.0.0.1' ACCOUNT LOCK"
    reaches "a locked account" "mysql://recon:r@127.0.0.1:$port" access_denied
    tells "a locked account: what to do" access_denied 'ACCOUNT UNLOCK'
    mr_sql GP -e "SET sql_log_bin = 0; ALTER USER recon@'127.0.0.1' ACCOUNT UNLOCK"
    mr_sql GP -e "SET sql_log_bin = 0; ALTER USER recon@'127.0.0.1' PASSWORD EXPIRE"
    reaches "a password that has expired" "mysql://recon:r@127.0.0.1:$port" access_denied
    tells "a password that has expired: what to do" access_denied 'expired: ALTER USER'
    doctor_account "SELECT ON club.*"
    mr_sql GP -e "SET sql_log_bin = 0; ALTER USER recon@'127.0.0.1' WITH MAX_QUERIES_PER_HOUR 3"
    reaches "an account of three questions an hour" "mysql://recon:r@127.0.0.1:$port" account_limits
    [ "$GATE_KIND" = mysql ] ||
        reaches "TLS is demanded, and there is none" "mysql://root@127.0.0.1:$port/?ssl-mode=required" tls
    # one of two is away: a problem, and the other is looked at
    run_doctor mysql://root@127.0.0.1:1 "$(gate_uri GP)"
    is "$GATE_KIND: one of two is away" "$(what_is_found) -> $RC $(jq -r 'select(.type == "summary").servers' "$OUT")" \
        "tcp:problem -> 1 1"
    silent "root again"
}

breaks_connections() {
    local most
    most=$(mr_sql GP -e "SELECT @@GLOBAL.max_connections")
    mr_sql GP -e "SET GLOBAL max_connections = 10"
    reader_account
    fill_connections 5
    await_sql GP "SELECT COUNT(*) >= 5 FROM information_schema.PROCESSLIST WHERE USER = 'reader'"
    finds "few connections are left" connections:problem
    tells "few connections are left: who has them" connections 'reader [0-9]'
    fill_connections 8
    while_full run_doctor "$(gate_uri GP reader:r)"
    is "$GATE_KIND: no connection is left" "$(what_is_found) -> $RC" "connections:problem -> 3"
    tells "no connection is left: what to do" connections 'SHOW PROCESSLIST'
    free_connections
    mr_sql GP -e "SET GLOBAL max_connections = $most"
    silent "the connections are free again"
}

# --- what is there -----------------------------------------------------------------------

breaks_objects() {
    local uri
    uri=$(mr_get_server GP URI)
    run_doctor "$uri/clubs"
    is "$GATE_KIND: no such database" "$(what_is_found) -> $RC" "database:problem -> 1"
    run_doctor "$uri/CLUB"
    is "$GATE_KIND: a database in capitals" "$(what_is_found) -> $RC" "database:problem -> 1"
    tells "a database in capitals: its name" database 'there is "club"'
    DOCTOR_ARGS=(--tables club.members --tables 'c*.cod?s' --tables members)
    silent "the tables are there"
    DOCTOR_ARGS=(--tables club.member)
    finds "no such table" table:problem
    tells "no such table: it is named" table 'table "club.member" does not exist ->'
    DOCTOR_ARGS=(--tables club.Members)
    finds "a table in capitals" table:problem
    tells "a table in capitals: its name" table 'there is club.members'
    DOCTOR_ARGS=(--tables shop.members)
    finds "a table in another database" table:problem
    tells "a table in another database: where" table 'there is club.members'
    DOCTOR_ARGS=(--tables rich)
    finds "a view is no table" table:problem
    tells "a view is no table: it says so" table 'club.rich \(a view\)'
    DOCTOR_ARGS=(--tables 'x*')
    finds "a pattern that matches nothing" table:problem
    DOCTOR_ARGS=()

    doctor_account "SELECT ON club.codes" "PROCESS ON *.*" "SELECT ON performance_schema.*"
    DOCTOR_ARGS=(--tables club.members)
    DOCTOR_USER=recon:r doctor_of
    tells "a hidden table: nobody can know" table 'does not exist, or is not visible'
    tells "a hidden table: the GRANT" table 'GRANT SELECT ON club.members TO .recon'
    DOCTOR_ARGS=()

    mr_sql GP -D club -e "CREATE TABLE loose (a INT)"
    finds "a table without a key" keys:note
    tells "it is named" keys '1 \(club\.loose\)'
    mr_sql GP -D club -e "DROP TABLE loose"

    mr_sql GP -D club -e "CREATE TABLE gone (id INT PRIMARY KEY); CREATE VIEW orphan AS SELECT * FROM gone; DROP TABLE gone"
    finds "a view over a table that is gone" view:problem
    tells "the view is named" view 'view "club.orphan"'
    mr_sql GP -D club -e "DROP VIEW orphan"
    mr_sql GP -D club -e "CREATE TABLE hollow (id INT PRIMARY KEY); ALTER TABLE hollow DISCARD TABLESPACE" 2>/dev/null
    finds "a tablespace that was discarded" table:problem
    tells "its table is named" table 'table "club.hollow" cannot be opened: .*1814'
    mr_sql GP -D club -e "DROP TABLE hollow"
    catch_up
    silent "both are gone"
}

# The file of a table is lost while the server is down.
breaks_table() {
    mr_sql GR -e "SET GLOBAL read_only = 0; SET sql_log_bin = 0; CREATE TABLE club.lost (id INT PRIMARY KEY); FLUSH TABLES"
    mr_stop_server GR
    rm "$(mr_get_server GR DIR)/data/club/lost.ibd" || bail "no file of a table"
    if [ "$GATE_KIND" = mysql ]; then mr_spawn_mysql GR; else mr_spawn_mariadb GR; fi
    mr_await GR
    mr_await_replica GR
    doctor_calm_again GR
    ON=GR finds "the file of a table is lost" table:problem
    tells "the table is named" table 'table "club.lost" cannot be opened'
    mr_sql GR -e "SET sql_log_bin = 0; DROP TABLE club.lost" || bail "the broken table stays"
    ON=GR silent "the broken table is dropped"
    if [ "$GATE_KIND" = mariadb ]; then breaks_letters; else breaks_view_of_rows; fi
    mr_sql GR -e "SET GLOBAL read_only = 1"
}

# A name is listed, and found by no statement.
breaks_letters() {
    mr_sql GR -e "SET sql_log_bin = 0; CREATE TABLE club.Upper (id INT PRIMARY KEY)"
    mr_stop_server GR
    mr_spawn_mariadb GR --lower-case-table-names=1
    mr_await GR
    mr_await_replica GR
    ON=GR doctor_of
    tells "a table that is listed and not found" table 'table "club.Upper" cannot be opened: .*1146'
    mr_stop_server GR
    mr_spawn_mariadb GR
    mr_await GR
    mr_await_replica GR
    doctor_calm_again GR
    mr_sql GR -e "SET sql_log_bin = 0; DROP TABLE club.Upper"
    ON=GR silent "the letters are told apart again"
}

# performance_schema is off: that a row is waited for shows elsewhere.
breaks_view_of_rows() {
    mr_stop_server GR
    mr_spawn_mysql GR --performance-schema=OFF
    mr_await GR
    in_background GR "BEGIN; SELECT COUNT(*) FROM club.members FOR UPDATE; SELECT SLEEP(100)"
    await_sql GR "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(100)%' AND ID <> CONNECTION_ID()"
    mr_sql GR -D club -e "SET innodb_lock_wait_timeout = 60; SELECT COUNT(*) FROM members FOR UPDATE" >/dev/null 2>&1 &
    ALTER=$!
    printf '[gate]\nmetadata-lock-wait = 1, 60\n' >"$IT_TMP/lock.ini"
    await_sql GR "SELECT COUNT(*) > 0 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT' AND trx_wait_started < CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM') - INTERVAL 2 SECOND"
    DOCTOR_ARGS=(--slow 600 --config "$IT_TMP/lock.ini")
    ON=GR doctor_of
    DOCTOR_ARGS=()
    tells "a row's lock without performance_schema" row_lock 'waits for [0-9]+ s for a row.*performance_schema is off'
    kill $ALTER 2>/dev/null
    wait $ALTER 2>/dev/null
    end_background GR
    mr_stop_server GR
    mr_spawn_mysql GR
    mr_await GR
    mr_await_replica GR
    doctor_calm_again GR
    ON=GR silent "performance_schema is on again"
}

doctor_calm_again() { # NAME: after a restart
    mr_sql "$1" -e "SET GLOBAL innodb_flush_log_at_trx_commit = 1"
}

# --- rights ------------------------------------------------------------------------------

# What the hints say is run, until nothing is missing.
run_grants() {
    local round statement
    for round in 1 2 3; do
        while read -r statement; do
            [ -z "$statement" ] || mr_sql GP -e "SET sql_log_bin = 0; $statement" || bail "not to be run: $statement"
        done < <(jq -r 'select(.name == "rights" and .state != "ok").hint' "$OUT" | sed 's/; /\n/g')
        doctor_of
        [ -n "$(of_finding rights)" ] || return 0
    done
}

breaks_rights() {
    local status='REPLICATION CLIENT'
    [ "$GATE_KIND" = mysql ] || status='SLAVE MONITOR'
    DOCTOR_USER=recon:r
    doctor_account "SELECT ON club.*"
    doctor_of
    is "$GATE_KIND: SELECT alone: exit 1" "$RC" 1
    tells "SELECT alone: triggers" rights 'triggers are hidden.*GRANT TRIGGER ON `club`\.\* TO .recon.@.127.0.0.1'
    tells "SELECT alone: PROCESS" rights "GRANT PROCESS, $status ON \*\.\*"
    like "$GATE_KIND: SELECT alone: unknown" "$(what_is_found)" 'replication:unknown .*sessions:unknown'
    run_grants
    silent "the GRANTs of the hints are run"
    DOCTOR_ARGS=(--for repair,restore)
    doctor_of
    is "$GATE_KIND: --for repair: a reader" "$(what_is_found) -> $RC" "rights:problem -> 1"
    tells "--for repair: the GRANT" rights 'repair apply: .*GRANT INSERT, UPDATE, DELETE, ALTER, CREATE TEMPORARY TABLES ON `club`'
    tells "--for restore: the GRANT" rights 'snapshot restore: .*GRANT CREATE, ALTER, INSERT, DROP, REFERENCES, INDEX, CREATE VIEW, CREATE ROUTINE ON `club`'
    tells "--for restore: triggers" rights 'snapshot restore: .*triggers and functions .*SET GLOBAL log_bin_trust_function_creators = 1'
    run_grants
    silent "--for repair: the GRANTs of the hints are run"
    mr_sql GP -e "SET GLOBAL log_bin_trust_function_creators = 0"
    doctor_of
    is "$GATE_KIND: --for restore: triggers alone are a note" "$(what_is_found) -> $RC" "rights:note -> 0"
    mr_sql GP -e "SET GLOBAL log_bin_trust_function_creators = 1"
    DOCTOR_ARGS=(--for restore)
    mr_sql GP -e "SET sql_log_bin = 0; GRANT ALL ON spare.* TO recon@'127.0.0.1'"
    run_doctor --for restore "$(gate_uri GP "$DOCTOR_USER" | sed 's,/club,/spare,')"
    is "$GATE_KIND: --for restore: the database is made by it" "$(what_is_found) -> $RC" " -> 0"
    run_doctor --for repair "$(gate_uri GP "$DOCTOR_USER" | sed 's,/club,/spare,')"
    is "$GATE_KIND: --for repair: it has to be there" "$(what_is_found) -> $RC" "database:problem -> 1"
    if [ "$GATE_KIND" = mysql ]; then
        mr_sql GP -e "SET sql_log_bin = 0; REVOKE SELECT ON performance_schema.* FROM recon@'127.0.0.1'"
        DOCTOR_ARGS=(--for repair)
        finds "who has a row is hidden" row_lock:unknown
        tells "who has a row is hidden: the GRANT" row_lock 'GRANT SELECT ON performance_schema'
    fi
    DOCTOR_ARGS=(--for gate)
    doctor_account "SELECT ON club.*" "PROCESS ON *.*" "$status ON *.*" "SELECT ON performance_schema.*"
    silent "--for gate: the account of the guide"
    DOCTOR_ARGS=(--for check)
    doctor_account "SELECT, SHOW VIEW, TRIGGER, EVENT ON club.*" "$status ON *.*"
    doctor_of
    unlike "$GATE_KIND: --for check: nothing of gate" "$(of_finding rights)" PROCESS
    DOCTOR_ARGS=()
    doctor_account "USAGE ON *.*"
    doctor_of
    tells "no right at all" database 'does not exist, or is not visible'
    doctor_account "INSERT ON club.*"
    doctor_of
    tells "rows that cannot be read" rights 'check: the rows cannot be read.*GRANT SELECT ON `club`\.\*'
    tells "rows that cannot be read: by each command" rights 'gate: the rows cannot be read.*GRANT SELECT ON `club`\.\*'
    DOCTOR_USER=root
}

# --- settings ----------------------------------------------------------------------------

setting() { # DESCRIPTION VARIABLE VALUE NAME:STATE…
    local was desc=$1 name=$2 value=$3
    shift 3
    was=$(mr_sql GP -e "SELECT @@GLOBAL.$name")
    mr_sql GP -e "SET GLOBAL $name = $value" || bail "$name cannot be set"
    finds "$desc" "$@"
    case $was in *[!0-9.]*) was="'$was'" ;; esac
    mr_sql GP -e "SET GLOBAL $name = $was"
}

breaks_settings() {
    setting "small packets" max_allowed_packet 1048576 packet:note
    setting "an impatient server" wait_timeout 30 timeouts:problem
    setting "an impatient reader" net_read_timeout 5 timeouts:note
    setting "a crash loses rows" innodb_flush_log_at_trx_commit 2 durability:note
    setting "statements in the log" binlog_format MIXED binlog_format:note witness:note
    setting "a log that is soon gone" binlog_expire_logs_seconds 3600 witness:note
    setting "parts of rows in the log" binlog_row_image MINIMAL witness:note
    if [ "$GATE_KIND" = mysql ]; then
        setting "SELECTs are ended" max_execution_time 5000 statement_limit:problem
        setting "offline" offline_mode 1 recovery_mode:problem
        mr_await_replica GR # offline_mode ended its session, too
    else
        setting "statements are ended" max_statement_time 5 statement_limit:problem
    fi
    DOCTOR_ARGS=(--for repair)
    setting "--for repair: a server that takes none" read_only 1 read_only:problem
    if [ "$GATE_KIND" = mysql ]; then
        mr_sql GP -e "SET GLOBAL super_read_only = 1"
        finds "--for repair: a server that takes none of anybody" read_only:problem
        tells "it is called by its name" read_only 'super_read_only is 1: nothing can be .*SET GLOBAL read_only = OFF'
        mr_sql GP -e "SET GLOBAL read_only = 0"
    fi
    DOCTOR_ARGS=()

    doctor_account "ALL ON club.*" "PROCESS ON *.*" "SELECT ON *.*" "REPLICATION CLIENT ON *.*"
    [ "$GATE_KIND" = mysql ] || mr_sql GP -e "SET sql_log_bin = 0; GRANT SLAVE MONITOR ON *.* TO recon@'127.0.0.1'"
    [ "$GATE_KIND" = mariadb ] || mr_sql GP -e "SET sql_log_bin = 0; GRANT SHOW_ROUTINE ON *.* TO recon@'127.0.0.1'"
    DOCTOR_USER=recon:r
    silent "an account of all rights"
    mr_sql GP -e "SET sql_log_bin = 0; ALTER USER recon@'127.0.0.1' WITH MAX_USER_CONNECTIONS 3"
    finds "an account of three connections" account_limits:note
    mr_sql GP -e "SET sql_log_bin = 0; ALTER USER recon@'127.0.0.1' WITH MAX_USER_CONNECTIONS 0"
    mr_sql GP -e "SET GLOBAL init_connect = 'SET SESSION timestamp = UNIX_TIMESTAMP() - 3600'"
    finds "a clock that is late" clock:problem
    tells "a clock that is late: by how much" clock '3[56][0-9][0-9]\.. s behind'
    ON='GP GR' DOCTOR_USER=root silent "who does not run init_connect"
    mr_sql GP -e "SET GLOBAL init_connect = ''"
    silent "the clock is right again"
    DOCTOR_USER=root
}

# --- replication -------------------------------------------------------------------------

breaks_doctor_replication() {
    ON=GR
    replica_word STOP SQL_THREAD
    finds "the SQL thread is stopped" replication_stopped:problem
    tells "the SQL thread is named" replication_stopped 'SQL thread .*stopped, without an error.*START REPLICA'
    replica_word START SQL_THREAD
    mr_await_replica GR
    replica_word STOP IO_THREAD
    finds "the I/O thread is stopped" replication_stopped:problem
    tells "the I/O thread is named" replication_stopped 'I/O thread .*stopped, without an error'
    replica_word START IO_THREAD
    mr_await_replica GR
    silent "both run again"

    mr_sql GR -e "SET sql_log_bin = 0; INSERT INTO club.codes VALUES ('c', 9)"
    mr_sql GP -e "INSERT INTO club.codes VALUES ('c', 3)"
    await_stopped
    finds "a duplicate key" replication_stopped:problem
    tells "a duplicate key: why" replication_stopped 'has a row under that key already.*1062.*Do not skip it'
    mr_sql GR -e "SET sql_log_bin = 0; DELETE FROM club.codes WHERE code = 'c'"
    replica_word START
    mr_await_replica GR && catch_up

    mr_sql GR -e "SET sql_log_bin = 0; DELETE FROM club.codes WHERE code = 'c'"
    mr_sql GP -e "DELETE FROM club.codes WHERE code = 'c'"
    await_stopped
    finds "a row that is not there" replication_stopped:problem
    tells "a row that is not there: why" replication_stopped 'is not on the replica.*1032'
    mr_sql GR -e "SET sql_log_bin = 0; INSERT INTO club.codes VALUES ('c', 3)"
    replica_word START
    mr_await_replica GR && catch_up

    mr_sql GR -e "SET sql_log_bin = 0; ALTER TABLE club.codes RENAME club.moved"
    mr_sql GP -e "UPDATE club.codes SET v = 7 WHERE code = 'a'"
    await_stopped
    finds "a table that is not there" replication_stopped:problem
    tells "a table that is not there: why" replication_stopped '1146'
    ON='GP GR' doctor_of
    like "$GATE_KIND: a table that is not there: the schemas" "$(of_finding schema)" 'club.codes \(missing on the second\)'
    mr_sql GR -e "SET sql_log_bin = 0; ALTER TABLE club.moved RENAME club.codes"
    replica_word START
    mr_await_replica GR && catch_up

    # the account of the replication
    mr_sql GP -e "SET sql_log_bin = 0; ALTER USER repl@127.0.0.1 IDENTIFIED BY 'other'"
    replica_word STOP IO_THREAD
    replica_word START IO_THREAD
    await_io_error 1045
    finds "the replication account's password" replication_stopped:problem
    tells "the replication account's password: why" replication_stopped 'password is wrong.*1045'
    mr_sql GP -e "SET sql_log_bin = 0; ALTER USER repl@127.0.0.1 IDENTIFIED BY 'repl'"
    replica_word STOP
    replica_word START
    mr_await_replica GR && catch_up
    silent "replication runs again"

    in_background GR "LOCK TABLES codes READ; SELECT SLEEP(100)"
    await_sql GR "SELECT COUNT(*) = 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(100)%' AND ID <> CONNECTION_ID()"
    mr_sql GP -e "INSERT INTO club.codes VALUES ('d', 1)"
    await_sql GR "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE TIME >= 3 AND STATE LIKE 'Waiting for table metadata lock'"
    printf '[gate]\nreplication-lag = 2, 300\n' >"$IT_TMP/lag.ini"
    DOCTOR_ARGS=(--config "$IT_TMP/lag.ini" --slow 600)
    finds "a late replica" replication_lag:problem table_lock:problem
    tells "a late replica: it waits for a lock" replication_lag 'waits for a lock \(Waiting for table metadata lock\)'
    [ "$GATE_KIND" = mariadb ] ||
        tells "a late replica: for whom" replication_lag 'held by session [0-9]+ of root'
    DOCTOR_ARGS=()
    end_background GR
    catch_up
    mr_sql GP -e "DELETE FROM club.codes WHERE code IN ('c', 'd'); UPDATE club.codes SET v = 1 WHERE code = 'a'"
    catch_up
    silent "the replica has caught up"
    ON=GP
}

await_stopped() {
    local try
    for try in {1..150}; do
        ! mariadb --no-defaults -uroot -S "$(mr_get_server GR SOCK)" -e 'SHOW REPLICA STATUS\G' |
            grep -qE '(Slave|Replica)_SQL_Running: No' || return 0
        sleep 0.1
    done
    bail "the replica does not stop"
}

await_io_error() { # NUMBER
    local try
    for try in {1..150}; do
        ! mariadb --no-defaults -uroot -S "$(mr_get_server GR SOCK)" -e 'SHOW REPLICA STATUS\G' |
            grep -qE "Last_IO_Errno: $1" || return 0
        sleep 0.1
    done
    bail "no such error: $1"
}

# --- load --------------------------------------------------------------------------------

breaks_load() {
    DOCTOR_ARGS=(--slow 2)
    in_background GP "SELECT COUNT(*) FROM members WHERE points = 4711 OR SLEEP(0.1) = 7"
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(0.1)%' AND TIME >= 2 AND ID <> CONNECTION_ID()"
    finds "a slow query" slow_query:problem
    tells "a slow query: its plan" slow_query 'EXPLAIN: it reads all of "members", about [0-9]+ rows.*KILL QUERY [0-9]+'
    tells "a slow query: the statement" slow_query 'SELECT COUNT\(\*\) FROM members WHERE points = \? OR'
    unlike "$GATE_KIND: a slow query: no value of it" "$(cat "$OUT")" 4711
    DOCTOR_ARGS=()
    silent "it is not slow yet for ten seconds"
    end_background GP

    DOCTOR_ARGS=(--slow 600)
    in_background GP "BEGIN; UPDATE members SET points = points + 1 WHERE id = 1; SELECT COUNT(*) FROM members; SELECT SLEEP(100)"
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(100)%' AND ID <> CONNECTION_ID()"
    mr_sql GP -D club -e "SET innodb_lock_wait_timeout = 60; UPDATE members SET points = points + 1 WHERE id = 1" >/dev/null 2>&1 &
    ALTER=$!
    printf '[gate]\nmetadata-lock-wait = 1, 60\n' >"$IT_TMP/lock.ini"
    DOCTOR_ARGS=(--slow 600 --config "$IT_TMP/lock.ini")
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT' AND trx_wait_started < CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM') - INTERVAL 2 SECOND"
    finds "a row's lock" row_lock:problem
    tells "a row's lock: who has it" row_lock 'The transaction of session [0-9]+ of root@.*KILL [0-9]+'
    kill $ALTER 2>/dev/null
    mr_sql GP -e "KILL $(mr_sql GP -e "SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'")"
    wait $ALTER 2>/dev/null

    mr_sql GP -D club -e "SET lock_wait_timeout = 60; ALTER TABLE members ADD COLUMN x INT" >/dev/null 2>&1 &
    ALTER=$!
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE STATE = 'Waiting for table metadata lock'"
    finds "a table's lock" running_backup:note table:unknown table_lock:problem view:unknown
    tells "a table's lock: who has it" table_lock '(For|Perhaps for) session [0-9]+ of root@.*KILL [0-9]+'
    kill $ALTER 2>/dev/null
    mr_sql GP -e "KILL $(mr_sql GP -e "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'ALTER%'")"
    wait $ALTER 2>/dev/null
    end_background GP
    DOCTOR_ARGS=()
    silent "the locks are released"
}

# --- two servers -------------------------------------------------------------------------

breaks_pair() {
    ON='GP GR'
    silent "a pair"
    ON='GP GP' finds "one server under two addresses" same_server:problem
    mr_sql GR -e "SET sql_log_bin = 0; ALTER TABLE club.members ADD COLUMN extra INT"
    finds "a column more" schema:problem
    tells "a column more: which" schema 'club.members \(only the second has column extra'
    mr_sql GR -e "SET sql_log_bin = 0; ALTER TABLE club.members DROP COLUMN extra; CREATE TABLE club.new (id INT PRIMARY KEY)"
    finds "a table more" schema:problem
    tells "a table more: which" schema 'club.new \(missing on the first\)'
    mr_sql GR -e "SET sql_log_bin = 0; DROP TABLE club.new; ALTER TABLE club.codes MODIFY code VARCHAR(20) COLLATE utf8mb4_bin NOT NULL"
    finds "a key that is sorted differently" pair_collation:note schema:problem
    tells "the key is named" pair_collation 'club.codes.code \(utf8mb4_general_ci and utf8mb4_bin\)'
    mr_sql GR -e "SET sql_log_bin = 0; ALTER TABLE club.codes MODIFY code VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL"
    silent "the schemas are in step again"
    was=$(mr_sql GR -e "SELECT @@GLOBAL.sql_mode")
    mr_sql GR -e "SET GLOBAL sql_mode = '', GLOBAL max_allowed_packet = 33554432"
    finds "other settings" pair_packet:note pair_settings:note
    mr_sql GR -e "SET GLOBAL sql_mode = '$was', GLOBAL max_allowed_packet = 67108864"
    silent "the same settings"
    mr_sql GR -e "SET GLOBAL read_only = 0"
    silent "both take writes, and one follows"
    replica_word STOP
    finds "both take writes, and none follows" pair_writers:note replication_stopped:problem
    tells "which, and what to do" pair_writers 'both take writes, and the replication between them is stopped .*keep both'
    replica_word START
    catch_up
    mr_sql GR -e "SET GLOBAL read_only = 1"
    ON=GP
}

# The replica is of no more use after that.
breaks_binlog() {
    local last number=1236 try
    [ "$GATE_KIND" = mariadb ] || number=13114
    replica_word STOP
    mr_sql GP -e "INSERT INTO club.codes VALUES ('x', 1); FLUSH BINARY LOGS; INSERT INTO club.codes VALUES ('y', 1)"
    last=$(mr_sql GP -e "SHOW BINARY LOGS" | tail -n 1 | cut -f 1)
    for try in {1..100}; do # MariaDB keeps one until the engine says that it is not needed any more
        mr_sql GP -e "PURGE BINARY LOGS TO '$last'"
        [ "$(mr_sql GP -e "SHOW BINARY LOGS" | head -n 1 | cut -f 1)" != "$last" ] || break
        sleep 0.1
    done
    replica_word START
    await_io_error $number
    ON=GR finds "the source has purged what the replica needs" replication_stopped:problem
    tells "the source has purged it: why" replication_stopped 'its binary log was purged .*Keep the replica as it is'
}

doctor_breaks() { # all of it
    silent "the primary"
    ON=GR silent "the replica"
    breaks_reaching
    breaks_connections
    breaks_objects
    breaks_rights
    breaks_settings
    breaks_load
    breaks_doctor_replication
    breaks_pair
    breaks_table
    breaks_binlog
}
