# gate_shapes.sh: what is healthy, and looks unlike the plain pair; and faults that show
# only there; bash, to be sourced after gate.sh and gate_breaks.sh.

record_anew() { # SERVER PEER: a baseline of it in $FACTS
    local file=$IT_TMP/shape.facts
    FACTS=$file ON=$1 PEER=$2
    [ "$1" != GR ] || file+=.replica
    "$MYRECON" gate record --force --output "$file" --peer "$(gate_uri "$2")" "$(gate_uri "$1")" \
        >"$OUT" 2>"$ERR" || bail "no baseline: $(cat "$ERR")"
}

judged() { # DESCRIPTION WANTED ARGS…: what fires, of any server and peers
    local desc=$1 want=$2
    shift 2
    run_gate "$@"
    is "$GATE_KIND: $desc" "$(what_fires)" "$want"
}

# Keys that do not ascend, rows that come back under old and under new ids.
shape_rows() {
    mr_sql GP -D club <<'SQL'
CREATE TABLE tokens (id CHAR(36) PRIMARY KEY, v INT NOT NULL);
INSERT INTO tokens WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 200)
  SELECT LEFT(SHA2(i, 256), 36), i FROM n;
CREATE TABLE holes (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
INSERT INTO holes SELECT id, id FROM members WHERE id NOT IN (3, 5);
CREATE TABLE large (id INT AUTO_INCREMENT PRIMARY KEY, created_at DATETIME NOT NULL);
INSERT INTO large (created_at) SELECT m.created_at FROM members m JOIN (SELECT id FROM members LIMIT 15) x;
INSERT INTO large (created_at) VALUES ('2026-05-01');
CREATE TABLE narrow (a INT PRIMARY KEY, b INT, KEY b (b));
SQL
    mr_sql GP -e "ANALYZE TABLE club.large" >/dev/null
    catch_up
    record_anew GP GR
    mr_sql GP -D club -e "INSERT INTO tokens WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 50)
        SELECT LEFT(SHA2(i + 1000, 256), 36), i FROM n"
    catch_up
    well "new rows among those with random keys"
    mr_sql GP -D club -e "INSERT INTO holes VALUES (3, 3), (5, 5)"
    catch_up
    well "lost rows that came back"
    mr_sql GP -D club -e "INSERT INTO large (created_at) SELECT '2026-03-01' FROM members LIMIT 150"
    catch_up
    well "lost rows that came back under new ids"
    mr_sql GP -D club -e "DELETE FROM large WHERE created_at = '2026-05-01'"
    catch_up
    fires "and yet the newest row is gone" newest_row:critical
    mr_sql GP -D club -e "INSERT INTO large (created_at) VALUES ('2026-05-01'); UPDATE tokens SET v = -1 WHERE v = (SELECT v FROM (SELECT v FROM tokens WHERE LEFT(SHA2(v, 256), 36) = id ORDER BY id LIMIT 1) x)"
    catch_up
    fires "an old row changed among new ones" sample_digest:warning
    record_anew GP GR
    mr_sql GP -D club -e "ALTER TABLE narrow DROP KEY b"
    catch_up
    fires "an index is dropped" schema:warning
    says "it is named" schema 'club.narrow: no longer index b BTREE'
    mr_sql GP -D club -e "ALTER TABLE narrow ADD KEY b (b), MODIFY b INT FIRST"
    catch_up
    fires "the columns are in another order" schema:warning
    says "that is said" schema 'club.narrow: its columns are in another order'
    record_anew GP GR
    well "recorded anew"
}

# A session is gone, what it has prepared is not.
shape_sessions() {
    printf '[gate]\nlong-transactions = 1, 600\n' >"$IT_TMP/xa.ini"
    mr_sql GP -D club -e "XA START 'x'; UPDATE members SET points = 1 WHERE id = 3; XA END 'x'; XA PREPARE 'x'"
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = 0 AND
        trx_started < CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM') - INTERVAL 1 SECOND"
    GATE_ARGS=(--config "$IT_TMP/xa.ini")
    fires "a prepared transaction without a session" long_transactions:warning
    says "what to do with it" long_transactions 'XA RECOVER'
    GATE_ARGS=()
    mr_sql GP -e "XA ROLLBACK 'x'"
    well "it is rolled back"

    in_background GP "BEGIN; SELECT COUNT(*) FROM members; SELECT SLEEP(100)"
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE INFO = 'SELECT SLEEP(100)'"
    mr_sql GP -D club --comments -e "/* client 1 */ /* of a * kind **/ ALTER TABLE members ADD COLUMN x INT" >/dev/null 2>&1 &
    ALTER=$!
    await_sql GP "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE STATE = 'Waiting for table metadata lock'"
    GATE_ARGS=(--only running_backup)
    fires "an ALTER behind a comment" running_backup:warning
    GATE_ARGS=()
    kill $ALTER 2>/dev/null
    mr_sql GP -e "KILL $(mr_sql GP -e "SELECT ID FROM information_schema.PROCESSLIST WHERE STATE = 'Waiting for table metadata lock'")"
    wait $ALTER 2>/dev/null
    end_background GP

    CMD=("$MYRECON" gate record --output "$IT_TMP/none.facts" "$(mr_get_server GP URI)/nobody")
    "${CMD[@]}" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: record of a database that is not there" $? 3
    judged "a database that is not there, without a baseline" '' "$(mr_get_server GP URI)/nobody"
    is "$GATE_KIND: it could not run" $RC 3
}

follow_also() { # REPLICA SOURCE: one channel more, called "more"
    local port
    port=$(mr_get_server "$2" PORT)
    if [ "$GATE_KIND" = mariadb ]; then
        mr_sql "$1" -e "CHANGE MASTER 'more' TO master_host = '127.0.0.1', master_port = $port,
            master_user = 'repl', master_password = 'repl', master_use_gtid = no; START SLAVE 'more'"
    else
        mr_sql "$1" -e "CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = $port,
            source_user = 'repl', source_password = 'repl', get_source_public_key = 1,
            source_auto_position = 1 FOR CHANNEL 'more'; START REPLICA FOR CHANNEL 'more'"
    fi
}

# GX follows GR, then stands beside it; then it is a source of its own.
shape_topology() {
    local try writer
    "mr_spawn_$GATE_KIND" GX && mr_await GX || bail "no third server"
    mr_replicate GR GX && catch_up GX && mr_sql GX -e "SET GLOBAL read_only = 1"
    FACTS=
    for ((try = 0; try < 2500; try++)); do
        echo "INSERT INTO members (mobile, created_at) VALUES ('busy$try', NOW());"
    done | mr_sql GP -D club &
    writer=$!
    for try in 1 2; do
        judged "a busy chain, from its begin" '' --budget 20 --peer "$(gate_uri GX)" --peer "$(gate_uri GR)" "$(gate_uri GP)"
        judged "a busy chain, from its end" '' --budget 20 --peer "$(gate_uri GP)" --peer "$(gate_uri GR)" "$(gate_uri GX)"
    done
    kill $writer 2>/dev/null
    wait $writer
    mr_stop_server GX

    "mr_spawn_$GATE_KIND" GY "$([ "$GATE_KIND" = mariadb ] && echo --gtid-domain-id=7 || echo --mysqlx=OFF)" &&
        mr_await GY || bail "no other source"
    mr_sql GY -e "SET sql_log_bin = 0; CREATE USER repl@127.0.0.1 IDENTIFIED BY 'repl';
        GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1"
    mr_sql GY -e "CREATE DATABASE shop; CREATE TABLE shop.items (id INT PRIMARY KEY); INSERT INTO shop.items VALUES (1), (2)"
    follow_also GR GY
    await_sql GR "SELECT COUNT(*) = 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop'"
    await_sql GR "SELECT COUNT(*) = 2 FROM shop.items"
    catch_up
    record_anew GP GR
    well "a replica of two sources"
    record_anew GR GP
    well "a replica of two sources, from there"
}

delay() { # SECONDS
    if [ "$GATE_KIND" = mariadb ]; then
        mr_sql GR -e "STOP SLAVE; CHANGE MASTER TO master_delay = $1; START SLAVE"
    else
        mr_sql GR -e "STOP REPLICA; CHANGE REPLICATION SOURCE TO source_delay = $1; START REPLICA"
    fi
    mr_await_replica GR
}

shape_delay() {
    delay 3600
    record_anew GR GP
    record_anew GP GR
    for _ in {1..1100}; do echo "INSERT INTO orders (member_id) VALUES (1);"; done | mr_sql GP -D club
    mr_sql GP -D club -e "INSERT INTO members (mobile, created_at) SELECT 'late', MAX(created_at) + INTERVAL 50 MINUTE FROM members"
    well "a replica that is late on purpose"
    ON=GR PEER=GP well "a replica that is late on purpose, from there"
    delay 0
    catch_up
}

gate_shapes() {
    healthy
    shape_rows
    shape_sessions
    shape_delay
    shape_topology
}
