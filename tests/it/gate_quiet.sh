#!/bin/bash
# gate_quiet.sh: twelve things that honest people do with a server between a baseline and the
# gate, while an application writes: none is critical, and a warning only where nothing could
# tell it from a loss, which is said. On MariaDB and on MySQL 9.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"

quiet_tables() {
    mr_sql GP <<'SQL'
CREATE DATABASE club CHARACTER SET utf8mb4;
USE club;
CREATE TABLE n (i INT PRIMARY KEY);
INSERT INTO n WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 600) SELECT i FROM n;
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
  points INT NOT NULL DEFAULT 0, created_at DATETIME NOT NULL, KEY (created_at));
CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, placed_at DATETIME NOT NULL,
  state VARCHAR(10), updated_at TIMESTAMP NOT NULL DEFAULT '2026-04-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP);
CREATE TABLE log (id BIGINT AUTO_INCREMENT PRIMARY KEY, created_at DATETIME NOT NULL, KEY (created_at));
CREATE TABLE jobs (id INT AUTO_INCREMENT PRIMARY KEY, created_at DATETIME NOT NULL);
CREATE TABLE sessions (id CHAR(36) PRIMARY KEY, created_at DATETIME NOT NULL, KEY (created_at));
CREATE TABLE countries (code CHAR(3) PRIMARY KEY, name VARCHAR(20));
CREATE TABLE stock (id INT PRIMARY KEY, v INT);
CREATE TABLE upcoming (id INT AUTO_INCREMENT PRIMARY KEY, created_at DATETIME NOT NULL);
CREATE TABLE traffic (id INT AUTO_INCREMENT PRIMARY KEY, v INT, created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, KEY (created_at));
INSERT INTO members (mobile, created_at) SELECT CONCAT('138', i), '2026-04-01' + INTERVAL i * 10 MINUTE FROM n ORDER BY i;
INSERT INTO orders (member_id, placed_at) SELECT i, '2026-04-01' + INTERVAL i * 10 MINUTE FROM n ORDER BY i;
INSERT INTO log (created_at) SELECT '2026-04-01' + INTERVAL i * 10 MINUTE FROM n ORDER BY i;
INSERT INTO jobs (created_at) SELECT '2026-04-01' + INTERVAL i * 10 MINUTE FROM n WHERE i <= 100 ORDER BY i;
INSERT INTO sessions SELECT LEFT(SHA2(i, 256), 36), '2026-04-01' + INTERVAL i * 10 MINUTE FROM n WHERE i <= 300;
INSERT INTO countries SELECT i, CONCAT('country ', i) FROM n WHERE i <= 150;
INSERT INTO stock SELECT i, 0 FROM n;
INSERT INTO traffic (v) SELECT i FROM n;
SQL
}

traffic_on() { # NAME: an application that inserts, edits and deletes, until traffic_off
    : >"$IT_TMP/traffic"
    while [ -e "$IT_TMP/traffic" ]; do
        echo "INSERT INTO traffic (v) VALUES (1), (2); UPDATE members SET points = points + 1 WHERE id > 550 ORDER BY RAND() LIMIT 1;
            UPDATE orders SET state = 'paid' ORDER BY RAND() LIMIT 1; INSERT INTO jobs (created_at) VALUES ('2026-04-20');
            DELETE FROM jobs ORDER BY id LIMIT 1;"
        sleep 0.1
    done | mr_sql "$1" -D club --force >/dev/null 2>&1 &
    TRAFFIC=$!
}
traffic_off() {
    rm -f "$IT_TMP/traffic"
    wait "$TRAFFIC"
}

honest() { # DESCRIPTION SQL
    mr_sql GP -D club -e "$2" || bail "$2"
    well "$1"
}

days() {
    honest "1 edits of rows that tell when" "UPDATE orders SET state = 'sent' WHERE id % 3 = 0"
    honest "2 deletes by a rule" "DELETE FROM members WHERE id % 40 = 3; DELETE FROM orders WHERE id % 50 = 7"
    honest "3 retention: old rows are purged" "DELETE FROM log WHERE id <= 250"
    honest "4 a queue consumed, sessions that ended" "INSERT INTO jobs (created_at) SELECT '2026-04-20' FROM n;
        DELETE FROM jobs WHERE id <= 100; INSERT INTO sessions SELECT LEFT(SHA2(i + 900, 256), 36), '2026-04-20' FROM n;
        DELETE FROM sessions WHERE created_at < '2026-04-20'"
    honest "5 a bulk load" "INSERT INTO log (created_at) SELECT '2026-04-20' FROM n a, n b WHERE b.i <= 20"
    honest "6 a new table" "CREATE TABLE extra (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO extra (v) SELECT i FROM n"
    honest "7 an empty table is filled" "INSERT INTO upcoming (created_at) SELECT '2026-04-20' FROM n"
    honest "8 a table of fixed rows is emptied and loaded again" "TRUNCATE countries;
        INSERT INTO countries SELECT i, CONCAT('country ', i) FROM n WHERE i <= 151"
    honest "9 ids that nobody got" "BEGIN; INSERT INTO members (mobile, created_at) SELECT CONCAT('r', i), '2026-04-20' FROM n; ROLLBACK;
        INSERT INTO members (mobile, created_at) VALUES ('1390001', '2026-04-20')"
    # nothing tells when such rows were edited: a warning, in old ranges
    mr_sql GP -D club -e "UPDATE stock SET v = v + 1 WHERE id <= 40"
    fires "10 edits of old rows, of which nothing tells" sample_digest:warning
    mr_sql GP -D club -e "UPDATE stock SET v = v - 1 WHERE id <= 40"
}

promote() { # GR, which has all that GP has written, takes the writes
    traffic_off
    mr_sql GP -e "SET GLOBAL read_only = 1"
    catch_up
    replica_word STOP
    mr_sql GR -e "$([ "$GATE_KIND" = mariadb ] && echo RESET SLAVE ALL || echo RESET REPLICA ALL); SET GLOBAL read_only = 0"
    traffic_on GR
}

old_primary_follows() {
    local port
    port=$(mr_get_server GR PORT)
    mr_sql GR -e "SET sql_log_bin = 0; CREATE USER IF NOT EXISTS repl@127.0.0.1 IDENTIFIED BY 'repl';
        GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1"
    if [ "$GATE_KIND" = mariadb ]; then
        mr_sql GP -e "SET GLOBAL gtid_slave_pos = @@gtid_binlog_pos; CHANGE MASTER TO master_host = '127.0.0.1', master_port = $port,
            master_user = 'repl', master_password = 'repl', master_connect_retry = 1, master_use_gtid = slave_pos; START SLAVE"
    else
        mr_sql GP -e "CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = $port, source_user = 'repl',
            source_password = 'repl', source_connect_retry = 1, get_source_public_key = 1, source_auto_position = 1; START REPLICA"
    fi
    mr_await_replica GP || bail "the old primary does not follow"
}

quiet() { # mariadb|mysql
    gate_pair "$1" || return 1
    FACTS=$IT_TMP/quiet.facts ON=GP PEER=''
    quiet_tables
    catch_up
    "$MYRECON" gate record --force --output "$FACTS" "$(gate_uri GP)" >"$OUT" 2>"$ERR" || bail "no baseline: $(cat "$ERR")"
    traffic_on GP
    days
    promote
    cp "$FACTS" "$FACTS.replica" # by which the new primary is judged, too
    ON=GR GATE_ARGS=(--expect-new-instance)
    well "11 a planned failover, under traffic"
    old_primary_follows
    PEER=GP well "12 the old primary was pointed to the new one"
    GATE_ARGS=()
    traffic_off
}

quiet mariadb || bail "no servers"
mr_servers_end
mr_run_dir=
quiet mysql || skip "honest days on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
finish
