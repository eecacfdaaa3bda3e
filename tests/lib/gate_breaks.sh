# gate_breaks.sh: one thing at a time, for every check; bash, to be sourced after gate.sh.

BG=
FILLERS=()

replica_word() { # START or STOP, and the thread or nothing
    if [ "$GATE_KIND" = mariadb ]; then
        mr_sql GR -e "$1 SLAVE ${2:-}"
    else
        mr_sql GR -e "$1 REPLICA ${2:-}"
    fi
}

in_background() { # NAME SQL: a session that stays; its number in $BG
    mr_sql "$1" -D club -e "$2" >/dev/null 2>&1 &
    BG=$!
}

end_background() { # NAME: and its statement on the server
    local id
    for id in $(mr_sql "$1" -e "SELECT ID FROM information_schema.PROCESSLIST WHERE
        INFO LIKE '%SLEEP(%' AND ID <> CONNECTION_ID()"); do
        mr_sql "$1" -e "KILL $id" 2>/dev/null
    done
    [ -z "$BG" ] || kill "$BG" 2>/dev/null
    [ -z "$BG" ] || wait "$BG" 2>/dev/null
    BG=
}

await_sql() { # NAME QUERY: until it gives 1
    local try
    for try in {1..150}; do
        [ "$(mr_sql "$1" -e "$2")" != 1 ] || return 0
        sleep 0.1
    done
    bail "in vain: $2"
}

reader_account() { # one that has no connection in reserve
    mr_sql GP -e "SET sql_log_bin = 0; CREATE USER IF NOT EXISTS reader@'127.0.0.1' IDENTIFIED BY 'r'; GRANT SELECT ON club.* TO reader@'127.0.0.1'"
}

as_reader() { # SQL
    mariadb --no-defaults -h127.0.0.1 -P"$(mr_get_server GP PORT)" -ureader -pr -e "$1"
}

fill_connections() { # N: N more sessions that sleep
    local i
    for ((i = 0; i < $1; i++)); do
        as_reader "SELECT SLEEP(100)" >/dev/null 2>&1 &
        FILLERS+=($!)
    done
}

# One that was refused may have been so by a probe that is gone again: so more, until three
# probes in a row are refused.
await_no_connection() {
    local try refused=0
    for try in {1..150}; do
        if as_reader "SELECT 1" >/dev/null 2>&1; then
            refused=0
            fill_connections 1
        else
            refused=$((refused + 1))
        fi
        [ $refused -lt 3 ] || return 0
        sleep 0.1
    done
    mr_sql GP -e "SHOW PROCESSLIST" | note
    bail "there is still a connection"
}

free_connections() {
    kill "${FILLERS[@]}" 2>/dev/null
    wait "${FILLERS[@]}" 2>/dev/null
    FILLERS=()
    end_background GP
}

breaks_replication() {
    replica_word STOP SQL_THREAD
    fires "the SQL thread is stopped" replication_threads:critical
    says "the SQL thread is named" replication_threads 'SQL thread is stopped, without an error'
    ON=GR PEER='' fires "the SQL thread is stopped, seen from the replica" replication_threads:critical
    mr_sql GP -D club -e "INSERT INTO plain VALUES (3, 'y')"
    fires "the SQL thread is stopped, and the primary writes" replication_threads:critical
    says "what is pending is counted" replication_lag '1 transactions behind'
    replica_word START SQL_THREAD
    mr_await_replica GR && catch_up
    mr_sql GP -D club -e "DELETE FROM plain WHERE a = 3"
    catch_up
    well "the SQL thread is started again"

    replica_word STOP IO_THREAD
    fires "the I/O thread is stopped" replication_threads:critical
    says "the I/O thread is named" replication_threads 'I/O thread is stopped'
    replica_word START IO_THREAD
    mr_await_replica GR && catch_up
    well "the I/O thread is started again"

    # a row that is there already stops the SQL thread
    mr_sql GR -D club -e "SET sql_log_bin = 0; INSERT INTO small VALUES (4, 9)"
    mr_sql GP -D club -e "INSERT INTO small VALUES (4, 4)"
    await_sql GR "SELECT COUNT(*) = 0 FROM information_schema.PROCESSLIST WHERE
        STATE LIKE '%waiting for%more updates%' OR STATE LIKE '%read all relay log%'"
    sleep 0.5
    fires "a duplicate key stops it" replication_errors:critical replication_threads:critical
    says "the error is named" replication_errors '1062.*4'
    mr_sql GR -D club -e "SET sql_log_bin = 0; DELETE FROM small WHERE id = 4"
    replica_word START
    mr_await_replica GR && catch_up
    mr_sql GP -D club -e "DELETE FROM small WHERE id = 4"
    catch_up
    well "the row is removed"
}

breaks_lag() {
    in_background GR "LOCK TABLES plain READ; SELECT SLEEP(100)"
    await_sql GR "SELECT COUNT(*) = 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(100)%' AND ID <> CONNECTION_ID()"
    mr_sql GP -D club -e "INSERT INTO plain VALUES (3, 'y')"
    await_sql GR "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE TIME >= 3 AND STATE LIKE 'Waiting for table metadata lock'"
    printf '[gate]\nreplication-lag = 2, 300\nmetadata-lock-wait = 1000, 2000\n' >"$IT_TMP/lag.ini"
    GATE_ARGS=(--config "$IT_TMP/lag.ini")
    fires "the replica lags" replication_lag:warning
    GATE_ARGS=()
    end_background GR
    await_sql GR "SELECT COUNT(*) = 3 FROM club.plain"
    mr_sql GP -D club -e "DELETE FROM plain WHERE a = 3"
    catch_up
    well "the replica has caught up"
}

breaks_gtid() {
    local set
    if [ "$GATE_KIND" = mariadb ]; then
        set=$(mr_sql GR -e "SELECT @@gtid_slave_pos")
    fi
    mr_sql GR -e "SET GLOBAL read_only = 0; CREATE DATABASE errant; SET GLOBAL read_only = 1"
    fires "an errant transaction on the replica" errant_transactions:critical
    says "the errant transaction is named" errant_transactions 'has 1 transaction that'
    ON=GR PEER=GP fires "the errant transaction, seen from the replica" errant_transactions:critical
    mr_sql GR -e "SET GLOBAL read_only = 0; SET sql_log_bin = 0; DROP DATABASE errant"
    if [ "$GATE_KIND" = mariadb ]; then
        # the proof is in the binary log: begin it anew, where replication stands
        mr_sql GR -e "STOP SLAVE; RESET MASTER; SET GLOBAL gtid_binlog_state = '$(mr_sql GP -e 'SELECT @@gtid_binlog_state')';
            SET GLOBAL gtid_slave_pos = '$set'; START SLAVE; SET GLOBAL read_only = 1"
    else
        set=$(mr_sql GP -e "SELECT @@GLOBAL.gtid_executed" | tr -d '\n')
        mr_sql GR -e "STOP REPLICA; RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged = '$set';
            START REPLICA; SET GLOBAL read_only = 1"
    fi
    mr_await_replica GR && catch_up
    well "the errant transaction is undone"
}

breaks_roles() {
    mr_sql GR -e "SET GLOBAL read_only = 0"
    fires "two writable servers" split_brain:critical
    says "both are named" split_brain '2 servers accept writes'
    ON=GR PEER='' fires "the replica accepts writes" read_only:critical
    FACTS_SAVED=$FACTS FACTS=
    ON=GR PEER='' fires "the replica accepts writes, without a baseline" read_only:warning
    FACTS=$FACTS_SAVED
    mr_sql GR -e "SET GLOBAL read_only = 1"
    well "the replica is read-only again"
    ON=GR PEER=GP well "and seen from the replica"

    mr_sql GP -e "SET GLOBAL read_only = 1"
    fires "no writable server" read_only:critical split_brain:critical
    says "nobody accepts writes" split_brain 'no server accepts writes'
    mr_sql GP -e "SET GLOBAL read_only = 0"
    well "the primary accepts writes again"
}

breaks_data() {
    mr_sql GP -D club -e "CREATE TABLE kept LIKE small; INSERT INTO kept SELECT * FROM small; DROP TABLE small"
    catch_up
    fires "a table is gone" tables:critical
    says "the table is named" tables 'table club.small is gone'
    mr_sql GP -D club -e "RENAME TABLE kept TO small"
    catch_up
    well "the table is back"

    mr_sql GP -D club -e "ALTER TABLE plain ADD COLUMN c INT"
    catch_up
    fires "a column more" schema:warning
    says "the column is named" schema 'club.plain: now column c int'
    mr_sql GP -D club -e "ALTER TABLE plain DROP COLUMN c"
    catch_up
    well "the column is gone again"

    mr_sql GP -D club -e "DELETE FROM plain WHERE a = 2"
    catch_up
    fires "half of a table's rows are gone" row_counts:critical
    mr_sql GP -D club -e "INSERT INTO plain VALUES (2, NULL)"
    catch_up
    well "the rows are back"

    mr_sql GP -D club -e "UPDATE members SET points = 7 WHERE id = 5"
    catch_up
    fires "an old row was changed" sample_digest:warning
    says "its table is named" sample_digest 'club.members: old rows differ'
    mr_sql GP -D club -e "UPDATE members SET points = 0 WHERE id = 5"
    mr_sql GP -D club -e "UPDATE orders SET note = 'paid' WHERE id = 5"
    catch_up
    well "a change that has its own time stamp is none of the past"

    mr_sql GP -D club -e "ALTER TABLE members AUTO_INCREMENT = 5000"
    catch_up
    "$MYRECON" gate record --output "$IT_TMP/high.facts" --peer "$(gate_uri GR)" "$(gate_uri GP)" >/dev/null 2>&1
    mr_sql GP -D club -e "ALTER TABLE members AUTO_INCREMENT = 1024"
    catch_up
    FACTS_SAVED=$FACTS FACTS=$IT_TMP/high.facts
    fires "AUTO_INCREMENT went back" auto_increment_position:warning
    FACTS=$FACTS_SAVED
    well "above every key it is fine for the older baseline"

    mr_sql GP -D club -e "INSERT INTO small VALUES (240, 1)"
    catch_up
    fires "a counter is near its end" auto_increment_headroom:warning
    mr_sql GP -D club -e "INSERT INTO small VALUES (250, 1)"
    catch_up
    fires "a counter is at its end" auto_increment_headroom:critical
    mr_sql GP -D club -e "DELETE FROM small WHERE id > 100; ALTER TABLE small AUTO_INCREMENT = 4"
    catch_up
    well "the counter is set back"
}

breaks_sequences() {
    local config=$IT_TMP/sequence.ini
    printf '[table club.periods]\nsequence = period\n' >"$config"
    GATE_ARGS=(--config "$config")
    well "a sequence without gaps"
    mr_sql GP -D club -e "CREATE TABLE gone AS SELECT * FROM periods WHERE period BETWEEN 3342788 AND 3342806;
        DELETE FROM periods WHERE period BETWEEN 3342788 AND 3342806"
    catch_up
    GATE_ARGS=(--config "$config" --only sequence_gaps,completeness)
    fires "19 numbers of 216 are missing" sequence_gaps:critical completeness:critical
    says "the gap is printed" sequence_gaps '19 of 216 .*3342788–3342806'
    says "the share is printed" completeness '91.2 %'
    GATE_ARGS=(--config "$config")
    mr_sql GP -D club -e "INSERT INTO periods SELECT * FROM gone; DROP TABLE gone"
    catch_up
    well "the gap is filled"

    printf '[table club.members]\nfreshness = created_at\n' >"$config"
    fires "the newest row is old" freshness:critical
    mr_sql GP -D club -e "SET time_zone = @@GLOBAL.time_zone; INSERT INTO members (mobile, created_at) VALUES ('1999', NOW() - INTERVAL 6 MINUTE)"
    catch_up
    fires "the newest row is six minutes old" freshness:warning
    mr_sql GP -D club -e "SET time_zone = @@GLOBAL.time_zone; UPDATE members SET created_at = NOW() WHERE mobile = '1999'"
    catch_up
    well "the newest row is fresh"
    GATE_ARGS=()

    mr_sql GP -D club -e "CREATE TABLE heartbeat (ts VARCHAR(26) NOT NULL, server_id INT UNSIGNED NOT NULL PRIMARY KEY);
        SET time_zone = @@GLOBAL.time_zone; INSERT INTO heartbeat VALUES (DATE_FORMAT(NOW() - INTERVAL 2 MINUTE, '%Y-%m-%dT%H:%i:%s.000000'), 1)"
    catch_up
    fires "the heartbeat is old" heartbeat:warning
    mr_sql GP -D club -e "SET time_zone = @@GLOBAL.time_zone; UPDATE heartbeat SET ts = DATE_FORMAT(NOW(), '%Y-%m-%dT%H:%i:%s.000000')"
    catch_up
    well "the heart beats"
    mr_sql GP -D club -e "DROP TABLE heartbeat"
    catch_up
}

breaks_traffic() {
    local config=$IT_TMP/traffic.ini most
    most=$(mr_sql GP -e "SELECT @@GLOBAL.max_connections")
    mr_sql GP -e "SET GLOBAL max_connections = 150"
    fires "max_connections is lower than it was" connections:warning
    mr_sql GP -e "SET GLOBAL max_connections = 10"
    reader_account
    fill_connections 5
    await_sql GP "SELECT COUNT(*) >= 5 FROM information_schema.PROCESSLIST WHERE USER = 'reader'"
    fires "few connections are left" connections:critical
    fill_connections 8
    await_no_connection
    run_gate --only connections,tables "$FACTS" "$(gate_uri GP reader:r)"
    is "$GATE_KIND: no connection is left: critical, the rest unknown" \
        "$(what_fires) -> $RC" "connections:critical tables:unknown -> 2"
    free_connections
    mr_sql GP -e "SET GLOBAL max_connections = $most"
    well "max_connections is as it was"

    printf '[gate]\nlong-transactions = 1, 600\n' >"$config"
    in_background GP "BEGIN; UPDATE members SET points = points WHERE id = 1; SELECT COUNT(*) FROM members; SELECT SLEEP(100)"
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.INNODB_TRX WHERE trx_started < NOW() - INTERVAL 1 SECOND"
    GATE_ARGS=(--config "$config")
    fires "a long transaction" long_transactions:warning
    GATE_ARGS=()

    mr_sql GP -D club -e "SET lock_wait_timeout = 60; ALTER TABLE members ADD COLUMN x INT" >/dev/null 2>&1 &
    ALTER=$!
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE STATE = 'Waiting for table metadata lock' AND TIME >= 1"
    GATE_ARGS=(--only metadata_locks)
    fires "an ALTER waits, and readers behind it" metadata_locks:critical
    says "the blocker is named" metadata_locks 'they (may )?wait for session [0-9]+ of root'
    GATE_ARGS=(--only running_backup)
    fires "an ALTER runs" running_backup:warning
    GATE_ARGS=()
    kill $ALTER 2>/dev/null
    mr_sql GP -e "KILL $(mr_sql GP -e "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'ALTER%'")"
    wait $ALTER 2>/dev/null
    end_background GP
    well "the transaction is over"

    in_background GP "SELECT /*!40001 SQL_NO_CACHE */ SLEEP(100) FROM plain"
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT /*!40001 SQL_NO_CACHE */ SLEEP%'"
    fires "a dump runs" running_backup:warning
    end_background GP
    well "the dump is over"

    if [ "$GATE_KIND" = mysql ]; then
        in_background GP "FLUSH TABLES WITH READ LOCK; SELECT SLEEP(100)"
        await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(100)%' AND ID <> CONNECTION_ID()"
        fires "FLUSH TABLES WITH READ LOCK" running_backup:critical
        end_background GP
        well "the lock is released"
    fi

    printf '[gate]\nprobe-latency = 0, 0\n' >"$config"
    GATE_ARGS=(--config "$config")
    fires "a lookup that takes longer than it may" probe_latency:critical
    printf '[gate]\nhistory-list = 0, 100000000\n' >"$config"
    fires "a history list that is longer than it may be" history_list:warning
    GATE_ARGS=()

    mr_sql GP -e "SET GLOBAL sync_binlog = 7, GLOBAL sql_mode = ''"
    fires "settings changed" variables:warning
    says "both are named" variables 'sql_mode is "".*sync_binlog is "7"'
    mr_sql GP -e "SET GLOBAL sync_binlog = 0, GLOBAL sql_mode = DEFAULT"
    well "settings are as they were"
}

gate_breaks() {
    healthy
    well "a healthy pair"
    ON=GR PEER=GP well "a healthy pair, seen from the replica"
    FACTS_SAVED=$FACTS FACTS=
    well "a healthy pair, without a baseline"
    FACTS=$FACTS_SAVED
    breaks_roles
    breaks_replication
    breaks_lag
    breaks_gtid
    breaks_data
    breaks_sequences
    breaks_traffic
}
