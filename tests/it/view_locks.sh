#!/bin/bash
# view_locks.sh: a table that a view has read is free again: an ALTER of it goes through while
# others are still read, and the writers behind it feel nothing; what was read stays of one moment.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/snapshot/lib.sh"
begin ""

# The one whose rows take long is read last; its condition makes it so.
slow_read() { printf '%s.zz_slow=SLEEP(0.3) = 0' "$DB"; }

prepare() {
    fresh "$1" "$DB"
    at "$1" "
CREATE TABLE early (id INT PRIMARY KEY, v INT); INSERT INTO early VALUES (1, 1), (2, 2), (3, 3);
CREATE TABLE early_two (id INT PRIMARY KEY, v INT); INSERT INTO early_two VALUES (1, 10);
CREATE TABLE early_three (id INT PRIMARY KEY, v INT); INSERT INTO early_three VALUES (1, 100);
CREATE TABLE zz_slow (id INT PRIMARY KEY, v INT); INSERT INTO zz_slow
    VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8), (9, 9), (10, 10), (11, 11), (12, 12),
        (13, 13), (14, 14), (15, 15), (16, 16), (17, 17), (18, 18), (19, 19), (20, 20)"
}

reads_slow() { # reads_slow SIDE: is the slow one being read, in a view?
    [ "$(client "$1" <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST JOIN information_schema.INNODB_TRX ON trx_mysql_thread_id = ID
        WHERE INFO LIKE '%zz_slow%SLEEP%' AND INFO NOT LIKE '%PROCESSLIST%' AND COMMAND <> 'Sleep'")" -gt 0 ]
}

when_slow() { # when_slow SIDE: waits until it is, ten seconds at most
    local i
    for i in $(seq 100); do
        reads_slow "$1" && return 0
        sleep 0.1
    done
    return 1
}

# What happens to tables that were read, each with the seconds that it took.
meanwhile() { # meanwhile SIDE
    local begin=$EPOCHREALTIME
    client "$1" -D "$DB" <<<"SET lock_wait_timeout = 3; ALTER TABLE early ADD COLUMN w INT NOT NULL DEFAULT 7, FORCE" ||
        return 1
    client "$1" -D "$DB" <<<"SET lock_wait_timeout = 3; INSERT INTO early VALUES (4, 4, 4);
        RENAME TABLE early_two TO gone, early_three TO early_two, gone TO early_three; UPDATE early_two SET v = 5" ||
        return 1
    awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }' >"$IT_TMP/took"
}

rows_of() { # rows_of TABLE: as the snapshot has them, by the stock tools
    cat "$IT_TMP/snap/data/$DB.$1".*.zst | zstd -dc
}

locks() { # locks NAME SIDE THREADS
    local pid rc
    prepare "$2"
    rm -rf "$IT_TMP/snap"*
    "$MYRECON" snapshot create --no-progress "$(uri "$2" "$DB")" "$IT_TMP/snap" --threads "$3" \
        --where "$(slow_read)" >"$OUT" 2>"$ERR" &
    pid=$!
    ok "$1, $3 threads: the slow table is being read" when_slow "$2"
    ok "$1, $3 threads: tables that were read can be altered, exchanged and written" meanwhile "$2"
    ok "$1, $3 threads: and the slow one still is" reads_slow "$2"
    rc=0
    wait "$pid" || rc=$?
    RC=$rc
    is "$1, $3 threads: exits 0" "$RC" 0
    is "$1, $3 threads: rows of the moment" "$(rows_of early)" "$(printf '1\t1\n2\t2\n3\t3')"
    is "$1, $3 threads: under their own names" "$(rows_of early_two):$(rows_of early_three)" \
        "$(printf '1\t10:1\t100')"
    snap verify "$IT_TMP/snap"
    is "$1, $3 threads: whole" "$RC" 0
    is "$1, $3 threads: none was read again" \
        "$(jq '[.tables[] | select(.consistent | not)] | length' "$IT_TMP/snap/manifest.json")" 0
}

# While a table is read, an ALTER of it waits; the snapshot waits neither for that nor for what
# stands behind it.
waited() { # waited NAME SIDE
    local pid alter begin=$SECONDS
    prepare "$2"
    rm -rf "$IT_TMP/snap"*
    "$MYRECON" snapshot create --no-progress "$(uri "$2" "$DB")" "$IT_TMP/snap" --threads 2 \
        --where "$(slow_read)" >"$OUT" 2>"$ERR" &
    pid=$!
    ok "$1: the slow table is being read" when_slow "$2"
    client "$2" -D "$DB" <<<"SET lock_wait_timeout = 60; ALTER TABLE zz_slow ADD COLUMN w INT, FORCE" &
    alter=$!
    sleep 0.5
    client "$2" -D "$DB" <<<"SET lock_wait_timeout = 60; INSERT INTO zz_slow (id, v) VALUES (99, 1)" &
    RC=0
    wait "$pid" || RC=$?
    is "$1: an ALTER waits for the table: exits 0" "$RC" 0
    wait "$alter"
    wait
    ok "$1: nobody waited for another's end" test $((SECONDS - begin)) -lt 60
    is "$1: rows of the moment" "$(rows_of zz_slow | wc -l)" 20
    is "$1: none was read again" \
        "$(jq '[.tables[] | select(.consistent | not)] | length' "$IT_TMP/snap/manifest.json")" 0
}

# MariaDB's account without BINLOG ADMIN keeps its locks, and says so.
kept() {
    prepare a
    at a "CREATE USER IF NOT EXISTS vl@'127.0.0.1'; GRANT SELECT, PROCESS, TRIGGER, SHOW VIEW, EVENT ON *.* TO vl@'127.0.0.1'"
    rm -rf "$IT_TMP/snap"*
    take "$(uri a "$DB" vl)" "$IT_TMP/snap"
    is "no BINLOG ADMIN: exits 0" "$RC" 0
    like "no BINLOG ADMIN: is said" "$(cat "$ERR")" 'ALTER of a table that is read waits.*BINLOG ADMIN'
    at a "GRANT BINLOG ADMIN ON *.* TO vl@'127.0.0.1'"
    rm -rf "$IT_TMP/snap"*
    take "$(uri a "$DB" vl)" "$IT_TMP/snap"
    unlike "with BINLOG ADMIN: nothing is" "$RC $(cat "$ERR")" 'ALTER|^[^0]'
    at a "DROP USER vl@'127.0.0.1'"
}

for side in a o; do
    kind=$([ $side = a ] && echo MariaDB || echo "MySQL 9")
    if [ $side = o ] && [ -z "$MR_O_URI" ]; then
        skip "$kind" "no MySQL 9"
        continue
    fi
    locks "$kind" $side 1
    locks "$kind" $side 3
    waited "$kind" $side
done
kept
finish
