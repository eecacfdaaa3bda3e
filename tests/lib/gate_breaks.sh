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

fill_connections() { # N: N more sessions that sleep
    local i
    for ((i = 0; i < $1; i++)); do
        mariadb --no-defaults -h127.0.0.1 -P"$(mr_get_server GP PORT)" -ureader -pr \
            -e "SELECT SLEEP(100)" >/dev/null 2>&1 &
        FILLERS+=($!)
    done
}

count_fillers() { # that still wait to be let in, or are in
    local pid n=0
    for pid in "${FILLERS[@]}"; do
        kill -0 "$pid" 2>/dev/null && n=$((n + 1))
    done
    echo $n
}

# Nobody gets in who has no connection in reserve when every one is taken by a session that
# stays: ours, and the replica's.  Looking takes one, too: whoever was refused because of
# that is sent anew.
of_full() { # SQL: one answer, of a server that may refuse whoever asks for a moment
    local try answer
    for try in {1..100}; do
        answer=$(mr_sql GP -e "$1" 2>/dev/null)
        [ -z "$answer" ] || break
        sleep 0.1
    done
    echo "${answer:-0}"
}
is_full() {
    [ "$(of_full "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE
        COMMAND LIKE 'Binlog Dump%' OR USER = 'reader' AND INFO = 'SELECT SLEEP(100)'")" -ge "$MOST" ]
}
await_no_connection() {
    local try
    for try in {1..300}; do
        is_full && return 0
        [ "$(count_fillers)" -ge "$MOST" ] || fill_connections 1
        sleep 0.1
    done
    mr_sql GP -e "SHOW PROCESSLIST" | note
    bail "there is still a connection"
}
# A session of the replica's that is over may be counted for a while: what was run while one
# ended, and so left its place, is run again.
while_full() { # COMMAND…
    local try MOST
    MOST=$(of_full "SELECT @@GLOBAL.max_connections")
    for try in 1 2 3 4 5; do
        await_no_connection
        "$@"
        is_full && return 0
    done
    bail "connections do not stay taken"
}

free_connections() {
    kill "${FILLERS[@]}" 2>/dev/null
    wait "${FILLERS[@]}" 2>/dev/null
    FILLERS=()
    end_background GP
}

# An edited baseline is refused; one that is sealed anew says what a file of that day would.
resealed() { # SED-EXPRESSION: $FACTS as it would have been, in $RESEALED
    local body
    RESEALED=$IT_TMP/resealed.facts
    body=$(sed 's/,"sha256":"[0-9a-f]*"}$//' "$FACTS" | sed -E "$1")
    printf '%s,"sha256":"%s"}\n' "$body" "$(printf %s "$body" | sha256sum | cut -d ' ' -f 1)" >"$RESEALED"
}

breaks_identity() {
    local id
    id=$(mr_sql GP -e "SELECT @@server_id")
    mr_sql GP -e "SET GLOBAL server_id = 4711"
    fires "another server_id" server_identity:critical
    says "both are named" server_identity "server_id is 4711, was $id"
    GATE_ARGS=(--expect-new-instance)
    well "another server_id, as planned"
    GATE_ARGS=()
    mr_sql GP -e "SET GLOBAL server_id = $id"
    well "the server_id is as it was"

    resealed 's/"version":"[0-9]+\.[0-9]+\.[0-9]+/"version":"99.9.9/;s/"version_number":"?[0-9]+/"version_number":"999999/'
    FACTS_SAVED=$FACTS FACTS=$RESEALED
    PEER='' fires "a newer server was there" version:critical
    says "both versions are named" version 'is older than 99\.9\.9'
    FACTS=$FACTS_SAVED
    resealed 's/"version":"[0-9]+\.[0-9]+\.[0-9]+/"version":"5.7.1/;s/"version_number":"?[0-9]+/"version_number":"50701/'
    FACTS_SAVED=$FACTS FACTS=$RESEALED
    PEER='' well "an upgrade"
    says "an upgrade is told" version 'upgraded from 5\.7\.1'
    FACTS=$FACTS_SAVED
}

# The same data under another directory, and then as another server: what stays at its address.
breaks_directory() {
    local dir inside
    dir=$(mr_get_server GP DIR)
    inside=${dir#"$mr_mysql_root"}
    [ "$GATE_KIND" = mysql ] || inside=$dir
    gate_stop
    mv "$dir/data" "$dir/moved"
    ln -s moved "$dir/data"
    gate_start --datadir="$inside/moved"
    mr_await_replica GR && catch_up
    fires "another data directory" data_directory:critical
    says "both directories are named" data_directory "moved/ *, was .*$inside/data/"
    gate_stop
    rm "$dir/data"
    mv "$dir/moved" "$dir/data"
    if [ "$GATE_KIND" = mysql ]; then
        mv "$dir/data/auto.cnf" "$dir/auto.cnf"
        gate_start
        await_sql GP "SELECT COUNT(*) = 1 FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'"
        PEER='' fires "a copy that made up its own uuid" server_identity:critical
        says "both uuids are named" server_identity 'server_uuid is [0-9a-f-]*, was '
        gate_stop
        mv "$dir/auto.cnf" "$dir/data/auto.cnf"
    fi
    gate_start
    mr_await_replica GR && catch_up
    well "the directory is where it was"
}

follow() { # SOURCE: GR follows it
    local port
    port=$(mr_get_server "$1" PORT)
    if [ "$GATE_KIND" = mariadb ]; then
        mr_sql GR -e "STOP SLAVE; CHANGE MASTER TO master_port = $port; START SLAVE"
    else
        mr_sql GR -e "STOP REPLICA; CHANGE REPLICATION SOURCE TO source_port = $port; START REPLICA"
    fi
    mr_await_replica GR || bail "the replica does not follow $1"
}

# A thread that sent to a replica that is gone sees it when there is something to send.
one_replica_fetches() {
    local try
    for try in {1..150}; do
        mr_sql GP -D club -e "INSERT INTO plain VALUES (3, 'y'); DELETE FROM plain WHERE a = 3"
        [ "$(mr_sql GP -e "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'")" != 1 ] || return 0
        sleep 0.1
    done
    bail "more than one replica fetches"
}

third_server() { # GX follows the primary, and may be followed
    local gp
    gp=$(mr_get_server GP PORT)
    "mr_spawn_$GATE_KIND" GX && mr_await GX || bail "no third server"
    mr_sql GX -e "SET sql_log_bin = 0; CREATE USER repl@127.0.0.1 IDENTIFIED BY 'repl';
        GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1"
    if [ "$GATE_KIND" = mariadb ]; then
        mr_sql GX -e "CHANGE MASTER TO master_host = '127.0.0.1', master_port = $gp,
            master_user = 'repl', master_password = 'repl', master_use_gtid = slave_pos; START SLAVE"
    else
        mr_sql GX -e "CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = $gp,
            source_user = 'repl', source_password = 'repl', get_source_public_key = 1,
            source_auto_position = 1; START REPLICA"
    fi
    mr_await_replica GX || bail "the third server does not follow"
    catch_up GX
}

# The replica is pointed at a third server.
breaks_source() {
    local gp
    gp=$(mr_get_server GP PORT)
    third_server
    follow GX
    catch_up
    fires "the replica follows another source" replication_source:critical
    says "both sources are named" replication_source \
        "follows 127.0.0.1:$(mr_get_server GX PORT) .*it followed 127.0.0.1:$gp"
    FACTS_SAVED=$FACTS FACTS=
    fires "the same, without a baseline" replication_source:critical
    FACTS=$FACTS_SAVED
    follow GP
    mr_stop_server GX
    one_replica_fetches
    catch_up
    well "the replica follows the primary again"
}

semi_sync() { # SIDE 0 or 1: GP waits for its replica, or GR tells what it has
    local name
    if [ "$GATE_KIND" = mariadb ]; then
        [ "$1" = GP ] && name=rpl_semi_sync_master_enabled || name=rpl_semi_sync_slave_enabled
    else
        [ "$1" = GP ] && name=rpl_semi_sync_source_enabled || name=rpl_semi_sync_replica_enabled
    fi
    mr_sql "$1" -e "SET GLOBAL $name = $2" || bail "no semi-synchronous replication"
    [ "$1" = GR ] || return 0
    replica_word STOP IO_THREAD
    replica_word START IO_THREAD
    mr_await_replica GR || bail "the replica does not come back"
}

semi_sync_timeout() { # MILLISECONDS: until the primary goes on without its replica
    mr_sql GP -e "SET GLOBAL rpl_semi_sync_$([ "$GATE_KIND" = mariadb ] && echo master || echo source)_timeout = $1"
}

semi_sync_works() { # until the primary waits for its replica again
    await_sql GP "SELECT VARIABLE_VALUE = 'ON' FROM $([ "$GATE_KIND" = mariadb ] && echo information_schema || echo performance_schema).global_status
        WHERE VARIABLE_NAME IN ('Rpl_semi_sync_master_status', 'Rpl_semi_sync_source_status')"
}

semi_sync_clients() { # N: until so many replicas tell the primary
    await_sql GP "SELECT VARIABLE_VALUE = $1 FROM $([ "$GATE_KIND" = mariadb ] && echo information_schema || echo performance_schema).global_status
        WHERE VARIABLE_NAME IN ('Rpl_semi_sync_master_clients', 'Rpl_semi_sync_source_clients')"
}

breaks_semi_sync() {
    if [ "$GATE_KIND" = mysql ]; then
        mr_sql GP -e "SET sql_log_bin = 0; INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'"
        mr_sql GR -e "SET sql_log_bin = 0; INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'"
    fi
    semi_sync GP 1
    semi_sync GR 1
    semi_sync_clients 1
    one_replica_fetches
    catch_up
    FACTS_SAVED=$FACTS FACTS=$IT_TMP/semi.facts
    "$MYRECON" gate record --force --output "$FACTS" --peer "$(gate_uri GR)" "$(gate_uri GP)" >"$OUT" 2>"$ERR"
    well "semi-synchronous"
    semi_sync GR 0
    semi_sync_clients 0
    fires "no semi-synchronous replica" semi_sync:warning
    says "it says what it waits for" semi_sync 'no semi-synchronous replica is connected|fell back'
    semi_sync_timeout 10
    mr_sql GP -D club -e "INSERT INTO plain VALUES (3, 'y'); DELETE FROM plain WHERE a = 3"
    catch_up
    fires "the primary has waited in vain" semi_sync:warning
    says "it fell back" semi_sync 'fell back to asynchronous'
    semi_sync_timeout 10000
    semi_sync GR 1
    semi_sync_clients 1
    one_replica_fetches
    catch_up
    semi_sync_works
    well "the replica tells again"
    semi_sync GP 0
    fires "semi-synchronous no longer" semi_sync:warning
    says "it was on" semi_sync 'is off, was on'
    FACTS=$FACTS_SAVED
    semi_sync GR 0
    if [ "$GATE_KIND" = mysql ]; then
        mr_sql GP -e "SET sql_log_bin = 0; UNINSTALL PLUGIN rpl_semi_sync_source"
        mr_sql GR -e "STOP REPLICA; SET sql_log_bin = 0; UNINSTALL PLUGIN rpl_semi_sync_replica; START REPLICA"
        mr_await_replica GR
    fi
    catch_up
    well "for the older baseline it never was"
}

breaks_disk() {
    local inside config=$IT_TMP/disk.ini
    if [ "$GATE_KIND" = mysql ]; then
        # its directory lies below another root, and MySQL does not tell
        well "a disk that nobody can see"
        says "it says so" disk 'not visible through this server'
        # the server is in a container, and here is an empty directory of that path
        inside=$(mr_sql GP -e "SELECT @@datadir")
        mkdir -p "$inside" || bail "no directory at $inside"
        GATE_ARGS=(--only disk)
        well "a directory of that name that is another one"
        says "it is not taken for the server's" disk 'not visible through this server'
        GATE_ARGS=()
        rmdir "$inside" "${inside%/*/}" "${inside%/*/*/}"
        return
    fi
    GATE_ARGS=(--config "$config")
    printf '[gate]\ndisk-free-percent = 100, 0\n' >"$config"
    fires "less of the disk is free than should be" disk:warning
    says "the share is named" disk '[0-9.]+ % of the data directory'
    printf '[gate]\ndisk-free-percent = 100, 100\n' >"$config"
    fires "less of the disk is free than must be" disk:critical
    printf '[gate]\ndisk-free-percent = 0, 0\n' >"$config"
    well "enough of the disk is free"
    GATE_ARGS=()
}

# The session that holds it does nothing: no statement shows.
breaks_idle_lock() {
    local config=$IT_TMP/lock.ini shows=yes try
    [ "$GATE_KIND" = mysql ] ||
        mr_sql GP -e "SET sql_log_bin = 0; INSTALL SONAME 'metadata_lock_info'" 2>/dev/null || shows=no
    mkfifo "$IT_TMP/idle"
    mr_sql GP --unbuffered <"$IT_TMP/idle" >"$IT_TMP/idle.out" 2>&1 &
    BG=$!
    exec 7>"$IT_TMP/idle"
    echo "FLUSH TABLES WITH READ LOCK; SELECT 'held';" >&7
    for try in {1..150}; do
        grep -q held "$IT_TMP/idle.out" && break
        sleep 0.1
    done
    grep -q held "$IT_TMP/idle.out" || bail "the lock is not held after $try tries"
    if [ $shows = yes ]; then
        fires "an idle session holds FLUSH TABLES WITH READ LOCK" running_backup:critical
    else
        well "an idle session holds FLUSH TABLES WITH READ LOCK, and no plugin shows it"
        says "it says what would show it" running_backup 'would show only through the plugin metadata_lock_info'
    fi
    # who writes waits, which anybody can see
    mr_sql GP -D club -e "INSERT INTO plain VALUES (3, 'y')" >/dev/null 2>&1 7>&- &
    WRITER=$!
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for % lock'"
    printf '[gate]\nmetadata-lock-wait = 1000, 2000\n' >"$config"
    GATE_ARGS=(--config "$config")
    fires "writes wait for it" running_backup:critical
    GATE_ARGS=()
    exec 7>&-
    wait $BG $WRITER
    BG=
    mr_sql GP -D club -e "DELETE FROM plain WHERE a = 3"
    [ "$GATE_KIND" = mysql ] || mr_sql GP -e "SET sql_log_bin = 0; UNINSTALL SONAME 'metadata_lock_info'" 2>/dev/null
    catch_up
    well "the idle session has ended"
}

breaks_replication() {
    replica_word STOP SQL_THREAD
    fires "the SQL thread is stopped" replication_threads:critical
    says "the SQL thread is named" replication_threads 'SQL thread is stopped, without an error'
    ON=GR PEER='' fires "the SQL thread is stopped, seen from the replica" replication_threads:critical
    mr_sql GP -D club -e "INSERT INTO plain VALUES (3, 'y')"
    fires "the SQL thread is stopped, and the primary writes" replication_threads:critical replication_lag:warning
    says "what is pending is counted" replication_lag '1 transactions behind'
    replica_word START SQL_THREAD
    mr_await_replica GR && catch_up
    mr_sql GP -D club -e "DELETE FROM plain WHERE a = 3"
    catch_up
    well "the SQL thread is started again"

    replica_word STOP IO_THREAD
    fires "the I/O thread is stopped" replication_threads:critical
    says "the I/O thread is named" replication_threads 'I/O thread is stopped'
    run_gate --only replication_lag "$(gate_uri GR)"
    is "$GATE_KIND: of what is not fetched a replica by itself does not know" "$(what_fires) -> $RC" \
        "replication_lag:unknown -> 4"
    replica_word START IO_THREAD
    mr_await_replica GR && catch_up
    well "the I/O thread is started again"

    # a row that is there already stops the SQL thread
    mr_sql GR -D club -e "SET sql_log_bin = 0; INSERT INTO small VALUES (4, 9)"
    mr_sql GP -D club -e "INSERT INTO small VALUES (4, 4)"
    await_sql GR "SELECT COUNT(*) = 0 FROM information_schema.PROCESSLIST WHERE
        STATE LIKE '%waiting for%more updates%' OR STATE LIKE '%read all relay log%'"
    sleep 0.5
    fires "a duplicate key stops it" replication_errors:critical replication_threads:critical replication_lag:warning
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
    "$MYRECON" gate record --force --output "$IT_TMP/high.facts" --peer "$(gate_uri GR)" "$(gate_uri GP)" >/dev/null 2>&1
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
    mr_sql GP -D club -e "CREATE TABLE drafts (id INT AUTO_INCREMENT PRIMARY KEY, number INT); INSERT INTO drafts (number) VALUES (NULL), (NULL)"
    catch_up
    printf '[table club.drafts]\nsequence = number\n' >>"$config"
    fires "a sequence that is NULL in every row" sequence_gaps:unknown
    says "that is said" sequence_gaps '^club.drafts: number is NULL in every row'
    mr_sql GP -D club -e "TRUNCATE drafts"
    catch_up
    well "a sequence of a table without rows"
    mr_sql GP -D club -e "DROP TABLE drafts"
    catch_up

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
    while_full run_gate --only connections,tables "$FACTS" "$(gate_uri GP reader:r)"
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
    breaks_identity
    breaks_directory
    breaks_roles
    breaks_replication
    breaks_source
    breaks_semi_sync
    breaks_lag
    breaks_gtid
    breaks_data
    breaks_sequences
    breaks_traffic
    breaks_idle_lock
    breaks_disk
}
