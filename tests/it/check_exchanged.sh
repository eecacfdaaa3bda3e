#!/bin/bash
# check_exchanged.sh: tables that others change places with while they are read, as online
# schema changes end: never one verdict on two tables.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
begin
VIA= # in place of b
USER=it_exchanged
for side in a b; do
    client $side <<<"CREATE OR REPLACE USER '$USER'@'127.0.0.1'; GRANT ALL ON \`$DB\`.* TO '$USER'@'127.0.0.1'" || bail "no account"
    at_exit "client $side <<<\"DROP USER IF EXISTS '$USER'@'127.0.0.1'\""
done
ROWS=300000
FILL="INSERT INTO t SELECT seq, seq % 97, REPEAT('p', 60) FROM seq_1_to_$ROWS"
TABLE="CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, v INT, pad VARCHAR(80))"
COPY="DROP TABLE IF EXISTS t_old, t_new; CREATE TABLE t_new LIKE t; INSERT INTO t_new SELECT * FROM t"
SWAP="RENAME TABLE t TO t_old, t_new TO t"
LATER="DO SLEEP(1.1)" # times of creation are whole seconds

# The server itself waits for the moment when myrecon reads t, a minute at most; what changes
# the table then waits for the end of the statement, and those after it for that.
when_read() { # when_read SIDE USER SQL: prints 1 when it was done
    client "$1" -D "$DB" <<END
DELIMITER //
BEGIN NOT ATOMIC
    DECLARE seen INT DEFAULT 0;
    DECLARE started TIMESTAMP DEFAULT NOW();
    WHILE seen = 0 AND NOW() < started + INTERVAL 60 SECOND DO
        SET seen = (SELECT COUNT(*) FROM information_schema.processlist WHERE user = '$2'
            AND command = 'Execute' AND info LIKE '%/* myrecon%' AND info LIKE '%\`t\`%');
    END WHILE;
    IF seen > 0 THEN
        $3;
    END IF;
    SELECT seen > 0;
END//
DELIMITER ;
END
}
while_read() { # while_read SIDES USER SQL [OPTIONS…]: a check, and SQL on those sides meanwhile
    local sides=$1 user=$2 sql=$3 i pids=()
    shift 3
    for ((i = 0; i < ${#sides}; i++)); do
        when_read "${sides:i:1}" "$user" "$sql" >"$IT_TMP/done.$i" 2>&1 &
        pids+=($!)
    done
    run_check "$(uri a "$DB" "$user")" "${VIA:-$(uri b "$DB" "$user")}" --settle 0 --threads 1 --tables t --digest client "$@"
    wait "${pids[@]}"
    is "it was done while the table was read" "$(tail -qn 1 "$IT_TMP"/done.* | sort -u)" 1
    rm "$IT_TMP"/done.*
}
mixed() { # mixed DESCRIPTION SIDE
    is "$1: exits 4" "$RC" 4
    is "$1: not checked" "$(table_field t verdict)" not-checked
    like "$1: why" "$(table_field t reason)" "another table has taken its place on the $2 while it was read"
    is "$1: no row is called different" "$(lines '.type == "row"')" ""
}

at ab "$TABLE; $FILL"
for user in root $USER; do
    # A migration that has lost what was read already.
    at ab "$COPY; $LATER"
    at b "UPDATE t_new SET v = -1 WHERE id <= 2000"
    while_read b $user "$SWAP"
    mixed "$user: exchanged on the target" target
    check_is 1 "$user: read again it is told: exits 1" --tables t --threads 1
    at b "RENAME TABLE t TO t_new, t_old TO t"

    # Sound ones, on both sides: not different.
    at ab "$COPY; $LATER"
    while_read ab $user "$SWAP"
    mixed "$user: exchanged on both sides" 'source and the target'
    check_is 0 "$user: read again they are equal" --tables t --threads 1

    # What is no exchange.
    at ab "$LATER"
    while_read b $user "ANALYZE TABLE t"
    is "$user: statistics: exits 0" "$RC" 0
    is "$user: statistics: equal" "$(table_field t verdict)" equal
    while_read ab $user "INSERT INTO t VALUES ($ROWS + 1000, 1, 'x')"
    is "$user: new rows: exits 0" "$RC" 0
    at ab "DELETE FROM t WHERE id > $ROWS"
done

# Away and back while it is read, as a migration that is taken back: rows of the other one.
# What was suspected is read again then, and looks equal.
proxy b rate=10000000 # slow enough for both
at ab "$LATER; $COPY; $LATER"
at b "UPDATE t SET v = -1 WHERE id > 20000"
while_read b root "$SWAP; DO SLEEP(0.5); RENAME TABLE t TO t_new, t_old TO t" --consistent
mixed "away and back" target
at b "RENAME TABLE t TO t_old, t_new TO t"
proxy_ends
VIA=

# InnoDB's numbers know that an altered table has stayed in its place.
at ab "$LATER"
while_read ab root "ALTER TABLE t AUTO_INCREMENT = 5000000"
is "only the counter: exits 0" "$RC" 0

# Made anew when all of it had been read: as it was read.
at ab "CREATE OR REPLACE TABLE small (id INT PRIMARY KEY); INSERT INTO small VALUES (1), (2); $LATER"
while_read ab root "TRUNCATE TABLE small" --tables small
is "a small one, emptied later: exits 0" "$RC" 0

# By partitions.
PARTED="(id INT PRIMARY KEY, v INT, pad VARCHAR(80)) PARTITION BY RANGE (id)
    (PARTITION p0 VALUES LESS THAN (100000), PARTITION p1 VALUES LESS THAN (200000), PARTITION p2 VALUES LESS THAN MAXVALUE)"
at ab "CREATE OR REPLACE TABLE t $PARTED; $FILL; CREATE OR REPLACE TABLE t_new (id INT PRIMARY KEY, v INT, pad VARCHAR(80)); $LATER"
while_read b root "ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE t_new"
mixed "a partition" target

# MySQL leaves the time of a table as it is whose partition is exchanged.
read_on() { # the second chunk of TARGET
    [ "$(client o <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST
        WHERE INFO LIKE '%${DB}_t\`.\`t\`%BETWEEN%' AND INFO NOT LIKE '%PROCESSLIST%'")" -gt 0 ]
}
exchanged_on_mysql() {
    local db pid rc=0
    for db in "$DB" "${DB}_t"; do
        fresh o "$db"
        client o -D "$db" <<<"SET cte_max_recursion_depth = 100000;
            CREATE TABLE t (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id)
                (PARTITION p0 VALUES LESS THAN (10000), PARTITION p1 VALUES LESS THAN MAXVALUE);
            INSERT INTO t WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 80000) SELECT i, 1 FROM n;
            CREATE TABLE other (id INT PRIMARY KEY, v INT); INSERT INTO other SELECT id, -1 FROM t WHERE id < 10000" ||
            bail "not filled"
    done
    "$MYRECON" check "$(uri o "$DB")" "$(uri o "${DB}_t")" --settle 0 --json --no-progress --threads 1 --tables t --digest client \
        --where "$DB.t=SLEEP(IF(id % 100 = 0, 0.01, 0)) = 0" >"$OUT" 2>"$ERR" </dev/null &
    pid=$!
    ok "MySQL: the second chunk is being read" wait_for 30 read_on
    client o -D "${DB}_t" <<<"SET lock_wait_timeout = 30; ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE other"
    ok "MySQL: a partition that was read is exchanged meanwhile" kill -0 $pid
    wait $pid || rc=$?
    RC=$rc
    mixed "MySQL: a partition" target
    # who sees no numbers is told so
    client o <<<"CREATE USER $USER IDENTIFIED BY 'pw'; GRANT SELECT ON $DB.* TO $USER; GRANT SELECT ON ${DB}_t.* TO $USER"
    run_check --settle 0 --tables t "$(uri o "$DB" "$USER:pw")" "$(uri o "${DB}_t" "$USER:pw")"
    like "MySQL: without PROCESS" "$(cat "$ERR")" "warning: an EXCHANGE PARTITION of a table of the source .\"$DB.t\". while it is read would not be seen: GRANT PROCESS"
    client o <<<"DROP USER $USER"
}
if [ -n "$MR_O_URI" ]; then exchanged_on_mysql; else skip "MySQL: a partition" "no MySQL 9"; fi
finish
