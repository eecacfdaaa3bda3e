#!/bin/bash
# check_unlock.sh: with --consistent a table that was read is free again: an ALTER of it goes
# through while others are still read.

. "$(dirname "$0")/lib.sh"
begin ""

prepare() { # prepare SIDE
    SRC=$(uri "$1" "$DB") DST=$(uri "$1" "${DB}_t") SETTLE=0
    fresh "$1" "$DB"
    fresh "$1" "${DB}_t"
    local db
    for db in "$DB" "${DB}_t"; do
        client "$1" -D "$db" <<<"
CREATE TABLE early (id INT PRIMARY KEY, v INT); INSERT INTO early VALUES (1, 1), (2, 2), (3, 3);
CREATE TABLE zz_slow (id INT PRIMARY KEY, v INT); INSERT INTO zz_slow
    VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8), (9, 9), (10, 10)" || bail "not prepared"
    done
}

reads_slow() { # reads_slow SIDE: in its view
    [ "$(client "$1" <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST JOIN information_schema.INNODB_TRX ON trx_mysql_thread_id = ID
        WHERE INFO LIKE '%zz_slow%SLEEP%' AND INFO NOT LIKE '%PROCESSLIST%' AND COMMAND <> 'Sleep'")" -gt 0 ]
}

when_slow() { # when_slow SIDE: waits until it is read, ten seconds at most
    local i
    for i in $(seq 100); do
        reads_slow "$1" && return 0
        sleep 0.1
    done
    return 1
}

in_background() { # in_background ARGS…: a check whose last table takes three seconds
    "$MYRECON" check "$SRC" "$DST" --settle 0 --json --no-progress --consistent \
        --where "$DB.zz_slow=SLEEP(0.3) = 0" "$@" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
}

free() { # free NAME SIDE ALTER VERDICT EXIT-CODE
    local rc=0
    prepare "$2"
    in_background --threads 1
    ok "$1: the slow table is being read" when_slow "$2"
    ok "$1: one that was read can be altered, and written" client "$2" -D "$DB" <<<"
        SET lock_wait_timeout = 1; ALTER TABLE early $3; INSERT INTO early (id, v) VALUES (4, 4)"
    ok "$1: and the slow one still is" reads_slow "$2"
    wait $PID || rc=$?
    is "$1: what was read stays read" "$(jq -r 'select(.type == "table") | "\(.table | sub(".*\\.";"")) \(.verdict)"' "$OUT" | sort | xargs) $rc" \
        "early $4 zz_slow equal $5"
}

for side in a o; do
    kind=$([ $side = a ] && echo MariaDB || echo "MySQL 9")
    if [ $side = o ] && [ -z "$MR_O_URI" ]; then
        skip "$kind" "no MySQL 9"
        continue
    fi
    free "$kind, made anew" $side FORCE equal 0
    free "$kind, a column more" $side "ADD COLUMN w INT NOT NULL DEFAULT 7" not-checked 4
done

# Nor does a check wait for a table that it does not read, and that somebody alters.
others() { # others NAME SIDE
    local begin
    prepare "$2"
    # what its index is, SHOW CREATE alone tells
    client "$2" -D "$DB" <<<"ALTER TABLE early ADD COLUMN w TEXT, ADD FULLTEXT f (w)"
    client "$2" -D "$DB" <<<"BEGIN; SELECT * FROM early; DO SLEEP(8); COMMIT" >/dev/null &
    sleep 0.5
    client "$2" -D "$DB" <<<"SET lock_wait_timeout = 20; ALTER TABLE early FORCE" &
    sleep 0.5
    begin=$SECONDS
    check_is 0 "$1: another table is to be altered" --tables zz_slow
    ok "$1: which is not waited for" test $((SECONDS - begin)) -lt 5
    wait
}
for side in a o; do
    if [ $side = a ]; then others MariaDB a; elif [ -n "$MR_O_URI" ]; then others "MySQL 9" o; else skip "MySQL 9" "no MySQL 9"; fi
done

# A check that waits holds no table, not even the one that it is in the midst of.
PAUSE=$IT_TMP/pause
pauses() { # pauses NAME SIDE
    local db rc=0
    prepare "$2"
    for db in "$DB" "${DB}_t"; do
        client "$2" -D "$db" <<<"CREATE TABLE wide (id INT PRIMARY KEY, pad VARCHAR(800))"
        {
            echo "INSERT INTO wide VALUES $(seq -s ', ' -f "(%.0f, REPEAT('x', 800))" 0 1249);"
            for i in 1250 2500 5000 10000 20000; do
                echo "INSERT INTO wide SELECT id + $i, pad FROM wide;"
            done
        } | client "$2" -D "$db" || bail "not filled"
    done
    "$MYRECON" check "$SRC" "$DST" --settle 0 --json --no-progress --consistent --threads 1 --tables wide \
        --pause-file "$PAUSE" --where "$DB.wide=SLEEP(IF(id % 100 = 0, 0.02, 0)) = 0" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
    wait_for 20 reads "$2" || bail "it was not read"
    touch "$PAUSE"
    ok "$1: waits in the midst of a table" wait_for 30 grep -q 'waiting: file' "$ERR"
    for db in "$DB" "${DB}_t"; do
        ok "$1: which can be altered meanwhile" client "$2" -D "$db" <<<"SET lock_wait_timeout = 6; ALTER TABLE wide FORCE"
    done
    ok "$1: and it still waits" kill -0 $PID
    rm -f "$PAUSE"
    wait $PID || rc=$?
    is "$1: of a view, such a table has no rows" "$(jq -r 'select(.type == "table") | .verdict' "$OUT") $rc" "not-checked 4"
}
reads() { [ "$(client "$1" <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%wide%SLEEP%' AND INFO NOT LIKE '%PROCESSLIST%'")" -gt 0 ]; }
for side in a o; do
    if [ $side = a ]; then pauses MariaDB a; elif [ -n "$MR_O_URI" ]; then pauses "MySQL 9" o; else skip "MySQL 9" "no MySQL 9"; fi
done

# MariaDB's account without BINLOG ADMIN keeps its locks, and says so.
prepare a
at a "CREATE USER IF NOT EXISTS cu@'127.0.0.1'; GRANT SELECT, PROCESS, TRIGGER, SHOW VIEW, EVENT ON *.* TO cu@'127.0.0.1'"
run_check "$(uri a "$DB" cu)" "$(uri a "${DB}_t" cu)" --settle 0 --consistent
is "no BINLOG ADMIN: exits 0" "$RC" 0
like "no BINLOG ADMIN: is said" "$(cat "$ERR")" 'source: an ALTER of a table that was read waits.*BINLOG ADMIN'
at a "DROP USER cu@'127.0.0.1'"
finish
