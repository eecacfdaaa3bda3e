#!/bin/bash
# soak.sh: check in a loop, all object kinds, on a replicated pair under four writers, of MariaDB
# and then of MySQL 9; a healthy pair has no finding, so each one is a false alarm.
#
#   MINUTES=10     of each pair
#   PAIRS=...      "mariadb mysql"
#   ROWS=20000     rows of each of the larger tables at first
#   KEEP_OUT=DIR   where the lines of runs with findings are kept
#
# The writers: (1) inserts with AUTO_INCREMENT, some rolled back; (2) hot rows and flags that go to
# and fro; (3) bulk updates; (4) deletes, equal rows of a table without a key, and each minute a
# DDL on a table of its own.  The roles change from run to run: the replica is SOURCE in every
# second one.  In the end the writers stop, and the pair must be equal.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

minutes=${MINUTES:-10}
rows=${ROWS:-20000}
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG
mr_servers_begin || exit 3
out=${KEEP_OUT:-$mr_run_dir}
mkdir -p "$out" || exit 3
failed=0

fill() { # of the primary
    mr_sql "$1" <<SQL
CREATE DATABASE soak CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE soak;
CREATE TABLE digits (d INT PRIMARY KEY);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE members (id BIGINT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, n INT NOT NULL DEFAULT 0,
    state TINYINT NOT NULL DEFAULT 0, updated_at TIMESTAMP(3) NULL);
INSERT INTO members (mobile) SELECT CONCAT('m', a.d, b.d, c.d, e.d, f.d) FROM digits a, digits b, digits c, digits e, digits f
    WHERE 10000 * f.d + 1000 * e.d < $rows;
CREATE TABLE orders (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, member_id BIGINT NOT NULL, note VARCHAR(60), KEY (member_id));
CREATE TABLE visits (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, member_id BIGINT NOT NULL, KEY (member_id));
CREATE TABLE bulk (id INT AUTO_INCREMENT PRIMARY KEY, batch INT NOT NULL, v INT NOT NULL DEFAULT 0, KEY (batch));
INSERT INTO bulk (batch) SELECT a.d + 10 * b.d FROM digits a, digits b, digits c, digits e, digits f
    WHERE 10000 * f.d + 1000 * e.d < $rows;
CREATE TABLE hot (id INT PRIMARY KEY, n BIGINT NOT NULL, flag TINYINT NOT NULL);
INSERT INTO hot SELECT d, 0, 0 FROM digits;
CREATE TABLE hits (page VARCHAR(20), at DATE);
INSERT INTO hits SELECT CONCAT('/', a.d), '2026-01-01' FROM digits a, digits b, digits c;
CREATE TABLE words (w VARCHAR(20) NOT NULL PRIMARY KEY, n INT NOT NULL);
INSERT INTO words SELECT CONCAT('w', a.d, b.d, c.d), 0 FROM digits a, digits b, digits c;
CREATE TABLE grows (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
CREATE VIEW busy AS SELECT id, n FROM hot;
CREATE TRIGGER members_bu BEFORE UPDATE ON members FOR EACH ROW SET NEW.updated_at = NOW(3);
CREATE PROCEDURE nothing() SELECT 1;
SQL
}

random() { echo $(((RANDOM * 32768 + RANDOM) % $1)); }

write_1() {
    echo "BEGIN; INSERT INTO members (mobile) VALUES ('a$1'), ('b$1'); INSERT INTO orders (member_id, note) VALUES (LAST_INSERT_ID(), 'x');
        $([ $((RANDOM % 3)) = 0 ] && echo ROLLBACK || echo COMMIT);
        INSERT INTO visits (member_id) VALUES ($(random "$rows")), ($(random "$rows"));"
}
write_2() {
    echo "UPDATE hot SET n = n + 1 WHERE id = $((RANDOM % 5)); UPDATE hot SET flag = 1 - flag WHERE id = $((5 + RANDOM % 5));
        UPDATE words SET n = n + 1 WHERE w = 'w00$((RANDOM % 10))'; UPDATE members SET state = 1 - state WHERE id = $((1 + RANDOM % 20));"
}
write_3() {
    echo "UPDATE bulk SET v = v + 1 WHERE batch = $((RANDOM % 100));"
    [ $((RANDOM % 4)) != 0 ] || echo "UPDATE members SET n = n + 1 WHERE id BETWEEN $(random "$rows") AND $(random "$rows") LIMIT 500;"
}
write_4() {
    echo "DELETE FROM members WHERE id = $(random "$rows"); DELETE FROM orders ORDER BY id LIMIT 1; DELETE FROM words WHERE w = 'w$((RANDOM % 1000))';
        REPLACE INTO words VALUES ('n$((RANDOM % 50))', $1); INSERT INTO hits VALUES ('/$((RANDOM % 10))', '2026-01-02');
        DELETE FROM hits WHERE page = '/$((RANDOM % 10))' LIMIT 1;"
    [ $((SECONDS / 60)) = "$minute" ] && return
    minute=$((SECONDS / 60))
    echo "ALTER TABLE grows ADD COLUMN c$minute INT DEFAULT $minute; INSERT INTO grows (v) VALUES ($minute);"
}
writer() { # N PAUSE: until the flag goes
    local i=0 minute=$((SECONDS / 60))
    while [ -e "$mr_run_dir/writing" ]; do
        i=$((i + 1))
        "write_$1" "$i"
        sleep "$2"
    done
}

caught_up() { # PRIMARY REPLICA
    local pos
    if [ "$(mr_get_server "$1" KIND)" = mariadb ]; then
        pos=$(mr_sql "$1" -e 'SELECT @@gtid_binlog_pos')
        mr_sql "$2" -e "SELECT MASTER_GTID_WAIT('$pos', 120)" >/dev/null
    else
        pos=$(mr_sql "$1" -e "SELECT REPLACE(@@gtid_executed, '\n', '')")
        mr_sql "$2" -e "SELECT WAIT_FOR_EXECUTED_GTID_SET('$pos', 120)" >/dev/null
    fi
}
commits() { # PRIMARY
    mr_sql "$1" -e "SHOW GLOBAL STATUS LIKE 'Handler_commit'" | cut -f2
}

checks=0 findings=0 unsettled=0 not_checked=0 exits=
once() { # SOURCE TARGET: one run, judged
    local lines=$mr_run_dir/lines rc n
    "$MYRECON" check --json --no-progress -q "$(mr_get_server "$1" URI)/soak" "$(mr_get_server "$2" URI)/soak" \
        >"$lines" 2>"$mr_run_dir/err" </dev/null
    rc=$?
    checks=$((checks + 1))
    exits="$exits $rc"
    n=$(jq -c 'select(.type | IN("row", "moved", "object"))' "$lines" | grep -c .)
    unsettled=$((unsettled + $(jq -s 'map(select(.type == "summary") | .unsettled_rows // 0) | add // 0' "$lines")))
    not_checked=$((not_checked + $(jq -c 'select(.verdict == "not-checked")' "$lines" | grep -c .)))
    case $rc in 0 | 4) ;; *) [ "$n" -gt 0 ] || n=1 ;; esac
    [ "$n" -gt 0 ] || return 0
    findings=$((findings + n))
    cp "$lines" "$out/finding.$checks.json"
    echo "run $checks, $1 to $2: exit $rc, findings:"
    jq -c 'select(.type | IN("row", "moved", "object"))' "$lines" | head -n 5
    head -n 3 "$mr_run_dir/err"
}

soak() { # NAME PRIMARY REPLICA
    local end begun written n pids=()
    checks=0 findings=0 unsettled=0 not_checked=0 exits=
    mr_await "$2" "$3" && mr_replicate "$2" "$3" && fill "$2" && caught_up "$2" "$3" || exit 3
    : >"$mr_run_dir/writing"
    begun=$(commits "$2")
    for n in 1 2 3 4; do
        writer $n 0.02 2>/dev/null | mr_sql "$2" --force -D soak >/dev/null 2>>"$mr_run_dir/writers.err" &
        pids+=($!)
    done
    end=$((SECONDS + minutes * 60))
    while [ $SECONDS -lt $end ]; do
        if [ $((checks % 2)) = 0 ]; then once "$2" "$3"; else once "$3" "$2"; fi
    done
    rm -f "$mr_run_dir/writing"
    wait "${pids[@]}"
    written=$(($(commits "$2") - begun))
    caught_up "$2" "$3"
    echo "$1: $checks checks in $minutes minutes, $written commits: $findings findings; unsettled rows $unsettled, tables that changed while they were read $not_checked, exits:$(tr ' ' '\n' <<<"$exits" | grep . | sort | uniq -c | awk '{printf " %d times %s", $1, $2}')"
    once "$2" "$3"
    [ "${exits##* }" = 0 ] || echo "$1: at rest the pair is not equal: exit ${exits##* }"
    [ $findings = 0 ] && [ "${exits##* }" = 0 ] || failed=1
}

for pair in ${PAIRS:-mariadb mysql}; do
    case $pair in
    mariadb)
        mr_spawn_mariadb P && mr_spawn_mariadb R || exit 3
        soak MariaDB P R
        ;;
    mysql)
        mr_mysql_root=$(tests/lib/mysql9.sh) || exit 3
        mr_spawn_mysql OP && mr_spawn_mysql OR || exit 3
        soak 'MySQL 9' OP OR
        ;;
    esac
done
exit $failed
