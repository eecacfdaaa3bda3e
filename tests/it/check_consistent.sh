#!/bin/bash
# check_consistent.sh: --consistent: each connection reads as of one moment, also on a pair
# under writes and with tables that refer to each other: no false alarm, no miss.

. "$(dirname "$0")/lib.sh"
begin ""

prepare() {
    fresh p "$DB"
    at p "
CREATE TABLE digits (d INT PRIMARY KEY); INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE, n INT, at TIMESTAMP(6) NULL);
INSERT INTO parent (code, n) SELECT CONCAT('c', a.d, b.d, c.d, e.d), 0 FROM digits a, digits b, digits c, digits e;
CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, parent_id INT NOT NULL, seq INT NOT NULL, v VARCHAR(20),
    UNIQUE KEY (parent_id, seq), CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE);
INSERT INTO child (parent_id, seq, v) SELECT id, 1, 'x' FROM parent;
CREATE TABLE self (id INT PRIMARY KEY, up INT, CONSTRAINT self_up FOREIGN KEY (up) REFERENCES self (id));
INSERT INTO self SELECT d, NULL FROM digits; UPDATE self SET up = id - 1 WHERE id > 0;
CREATE TABLE sums (id INT PRIMARY KEY, parents INT, children INT); INSERT INTO sums SELECT 1, (SELECT COUNT(*) FROM parent), (SELECT COUNT(*) FROM child);
CREATE TABLE bag (a INT, b INT); INSERT INTO bag SELECT d, d FROM digits"
    caught_up
}
# Families come and go, each in one transaction; ids stay above those of the start.
writer() {
    local i=0
    while [ -e "$IT_TMP/writing" ]; do
        i=$((i + 1))
        echo "START TRANSACTION; INSERT INTO parent (code, n) VALUES ('w$i', $i); SET @p = LAST_INSERT_ID();
            INSERT INTO child (parent_id, seq, v) VALUES (@p, 1, 'a'), (@p, 2, 'b'), (@p, 3, 'c');
            UPDATE parent SET n = n + 1, at = NOW(6) WHERE id BETWEEN $((1000 + i % 7000)) AND $((1010 + i % 7000)); COMMIT;
            START TRANSACTION; DELETE FROM parent WHERE code = 'w$((i - 20))';
            UPDATE child SET v = 'y' WHERE parent_id = $((1000 + i % 7000)); COMMIT;"
        sleep 0.02
    done | client p -D "$DB" >"$IT_TMP/writer.out" 2>&1
}
at_exit 'rm -f "$IT_TMP/writing"'

at_one_moment() { # each family has three children
    jq -s '[.[] | select(.type == "table")] |
        (map(select(.table | endswith(".parent")))[0].source_rows - 10000) * 3 ==
        (map(select(.table | endswith(".child")))[0].source_rows - 10000)' "$OUT"
}

consistent() { # consistent KIND
    local kind=$1 digest before after try
    SRC=$(uri p "$DB") DST=$(uri r "$DB") SETTLE=1 LIVE=0
    prepare
    check_is 0 "$kind: at rest: exits 0" --consistent
    table_is "$kind: at rest: every row" child '.source_rows == 10000 and .target_rows == 10000'
    check_is 0 "$kind: at rest, one thread: exits 0" --consistent --threads 1
    LIVE=1
    : >"$IT_TMP/writing"
    writer &
    for digest in client server; do
        before=$(client p -D "$DB" <<<"SELECT MAX(id) FROM child")
        check_is 0 "$kind: under writes, digest $digest: exits 0" --consistent --digest $digest
        none "$kind: under writes, digest $digest: nothing found" '.type | IN("row", "range", "moved", "object")'
        is "$kind: under writes, digest $digest: all equal" "$(jq -r 'select(.type == "table") | .verdict' "$OUT" | sort -u)" equal
        after=$(client p -D "$DB" <<<"SELECT MAX(id) FROM child")
        ok "$kind: under writes, digest $digest: there were some" test "$after" -gt "$before"
    done
    # A view is one per connection: with one thread both tables are of one moment on a side.  Rows
    # of a chunk that the replica did not have yet are read again, and counted, later.
    for try in 1 2 3 4 5; do
        check_is 0 "$kind: under writes, one thread: exits 0 ($try)" --consistent --threads 1
        none "$kind: under writes, one thread: nothing found ($try)" '.type | IN("row", "range", "moved", "object")'
        [ "$(at_one_moment)" != true ] || break
    done
    is "$kind: under writes, one thread: parents and children are of one moment" "$(at_one_moment)" true

    at r "SET SESSION sql_log_bin = 0; UPDATE parent SET n = -1 WHERE id = 50; DELETE FROM child WHERE parent_id = 60;
        UPDATE self SET up = NULL WHERE id = 5; UPDATE bag SET b = 99 WHERE a = 3"
    check_is 1 "$kind: differences under writes: exits 1" --consistent
    rows_are "$kind: differences under writes: parent" parent 'changed {"id":"50"} ["n"]'
    is "$kind: differences under writes: child" "$(jq -r --arg t "$DB.child" 'select(.type == "row" and .table == $t) |
        "\(.kind) \(.source.parent_id)"' "$OUT")" "missing 60"
    rows_are "$kind: differences under writes: self" self 'changed {"id":"5"} ["up"]'
    rows_are "$kind: differences under writes: without key" bag 'missing null [] x1
extra null [] x1'
    rm -f "$IT_TMP/writing"
    wait $!
    is "$kind: the writer met no error" "$(grep -i error "$IT_TMP/writer.out")" ""
    at r "SET SESSION sql_log_bin = 0; UPDATE parent SET n = 0 WHERE id = 50; UPDATE self SET up = 4 WHERE id = 5; UPDATE bag SET b = 3 WHERE a = 3;
        INSERT INTO child (id, parent_id, seq, v) $(client p -D "$DB" <<<"SELECT CONCAT('VALUES (', id, ',', parent_id, ',', seq, ',', QUOTE(v), ')')
        FROM child WHERE parent_id = 60")"
    caught_up
    LIVE=0
    check_is 0 "$kind: put right, at rest: exits 0" --consistent
    unlike "$kind: no transaction of it is left open" "$(client p <<<"SELECT trx_query, trx_started FROM information_schema.innodb_trx")" .
}
set_delay() { # set_delay KIND SECONDS
    case $1 in
    mariadb) client r <<<"STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = $2; START SLAVE" ;;
    mysql) client r <<<"STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = $2; START REPLICA" ;;
    esac || bail "no delay"
    caught_up
}
# What the replica has not applied yet is no difference, whatever moment its view is of.
delayed() { # delayed KIND
    LIVE=1
    set_delay "$1" 2
    at p "UPDATE parent SET n = 5 WHERE id = 70; INSERT INTO child (parent_id, seq, v) VALUES (70, 9, 'late')"
    check_is 0 "$1: a replica two seconds behind: exits 0" --consistent
    none "$1: a replica two seconds behind: nothing found" '.type | IN("row", "range", "moved", "object")'
    set_delay "$1" 0
    LIVE=0
    check_is 0 "$1: the delay is over: exits 0" --consistent
}
no_pair() { # two servers of their own, at rest, MyISAM among the tables
    fresh ab "$DB"
    at ab "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, seq FROM seq_1_to_12000;
        CREATE TABLE isam (id INT PRIMARY KEY, v INT) ENGINE=MyISAM; INSERT INTO isam VALUES (1, 1), (2, 2)"
    SRC=$(uri a "$DB") DST=$(uri b "$DB") SETTLE=0
    check_is 0 "no replicas: exits 0" --consistent
    at b "UPDATE t SET v = 0 WHERE id = 6000; UPDATE isam SET v = 3 WHERE id = 2"
    check_is 1 "no replicas: differences: exits 1" --consistent
    rows_are "no replicas: InnoDB" t 'changed {"id":"6000"} ["v"]'
    rows_are "no replicas: MyISAM" isam 'changed {"id":"2"} ["v"]'
    SRC=$(uri a "$DB") DST=$(uri b "$DB")
    run_check "$SRC" "$DST" --settle 0 --consistent --case "$IT_TMP/case"
    is "with a case: exits 1" "$RC" 1
    run_check "$SRC" "$DST" --settle 0 --case "$IT_TMP/case" --resume
    is "the finished run is not resumed, a new one is started: exits 1" "$RC" 1
    like "the finished run is not resumed: is said" "$(cat "$ERR")" "no unfinished run: starting a new one"
}
no_pair
for kind in mariadb mysql; do
    if use_pair $kind; then
        consistent "$kind"
        delayed "$kind"
    else
        skip "$kind pair" "no replicated pair"
    fi
done
finish
