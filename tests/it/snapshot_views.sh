#!/bin/bash
# snapshot_views.sh: a snapshot is of one moment where the position of the log stands still
# while rows change (a replica that does not log what it applies, sql_log_bin = 0, filters), in
# a first run and in one that goes on; every row is compared.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
. "$IT_DIR/../lib/servers.sh"
KIND=mariadb
if [ "${1:-}" = mysql ]; then
    KIND=mysql IT_NAME+=_mysql
    mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>/dev/null) || {
        echo "1..0 # SKIP no MySQL 9"
        exit 0
    }
fi
begin ""
mr_servers_begin || bail "no directory"
case $KIND in
mariadb) mr_spawn_mariadb V --binlog-ignore-db=unlogged && mr_spawn_mariadb W --skip-log-slave-updates ;;
mysql) mr_spawn_mysql V --binlog-ignore-db=unlogged && mr_spawn_mysql W --skip-log-replica-updates ;;
esac && mr_await V W && mr_replicate V W || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
PAIR_P=$MR_V_URI PAIR_R=$MR_W_URI
SNAP=$IT_TMP/snap

fill() { # fill DB: 20,000 rows that all say the same
    client p <<<"DROP DATABASE IF EXISTS $1; CREATE DATABASE $1; USE $1;
        CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL, pad VARCHAR(250)) CHARACTER SET latin1;
        INSERT INTO t VALUES (0, 0, REPEAT('x', 250));
        $(for ((n = 1; n < 20000; n *= 2)); do echo "INSERT INTO t SELECT id + $n, 0, pad FROM t WHERE id + $n < 20000;"; done)
        ANALYZE TABLE t" >/dev/null || bail "no rows"
}
rows_on() { # rows_on SIDE DB
    client "$1" -D "$2" <<<"SELECT * FROM t" | LC_ALL=C sort | sha256sum
}
rows_of_snap() { # whatever its chunks are called
    zstd -qdc "$SNAP"/data/*.zst | LC_ALL=C sort | sha256sum
}
whole() { # whole DESCRIPTION SIDE DB: as SIDE is now, where nothing has changed since the view
    local made=$RC
    snap verify "$SNAP"
    is "$1: exits 0, whole, every row as on the server" "$made $RC $(rows_of_snap)" "0 0 $(rows_on "$2" "$3")"
}
change() { # change WORLD: the command that changes all rows
    case $1 in
    applied) echo "client p -D club <<<'UPDATE t SET v = v + 1'; caught_up" ;;
    unlogged) echo "client p -D club <<<'SET sql_log_bin = 0; UPDATE t SET v = v + 1'" ;;
    filtered) echo "client p -D unlogged <<<'UPDATE t SET v = v + 1'" ;;
    esac
}
half() { # half URI: a run that is killed when two files are done
    local i killed
    rm -rf "$SNAP" "$SNAP.partial"
    "$MYRECON" snapshot create -q --chunk-size 1 --rate 4 --threads 1 "$1" "$SNAP" >/dev/null 2>&1 &
    killed=$!
    for ((i = 0; i < 400; i++)); do
        [ "$(grep -c '"type":"chunk"' "$SNAP.partial/journal.jsonl" 2>/dev/null)" -ge 2 ] 2>/dev/null && break
        sleep 0.02
    done
    kill -9 $killed
    wait $killed 2>/dev/null
}
world() { # world DESCRIPTION WORLD SIDE DB
    local uri proxy from
    uri=$(uri "$3" "$4")
    half "$uri"
    eval "$(change "$2")"
    take --chunk-size 1 "$uri" "$SNAP"
    whole "$1, a run that goes on" "$3" "$4"

    rm -rf "$SNAP" "$IT_TMP/port"
    from=$(side_uri "$3")
    python3 "$IT_DIR/snapshot/between_views.py" "${from##*@}" "$IT_TMP/port" \
        "$(declare -f client side_uri caught_up bail); PAIR_P=$PAIR_P PAIR_R=$PAIR_R; { $(change "$2"); } >&2" 2>"$IT_TMP/proxy.err" &
    proxy=$!
    wait_for 10 test -s "$IT_TMP/port" || bail "no proxy"
    take --chunk-size 1 --threads 2 "mysql://root@127.0.0.1:$(cat "$IT_TMP/port")/$4?ssl-mode=disabled&compress=0" "$SNAP"
    kill $proxy
    wait $proxy 2>/dev/null
    like "$1: the rows changed between two views" "$(cat "$IT_TMP/port" "$IT_TMP/proxy.err")" "ran"
    whole "$1, a first run" "$3" "$4"
    is "$1: still over two connections" "$(jq -c '.consistency | [.kind, .connections]' "$SNAP/manifest.json")" '["views",2]'
}

fill club
fill unlogged
caught_up
world "a replica that does not log what it applies" applied r club
like "what the log does not say is said" "$(jq -r .consistency.note "$SNAP/manifest.json")" "log_slave_updates is off"
world "sql_log_bin = 0" unlogged p club
world "a filter on the log" filtered p unlogged
like "what the log does not say is said" "$(jq -r .consistency.note "$SNAP/manifest.json")" "filters keep databases out"

# A transaction that was prepared by XA is in the log, and in no view until it is committed.
client p -D club <<<"XA START 'q'; UPDATE t SET v = v + 1 WHERE id < 100; XA END 'q'; XA PREPARE 'q'" || bail "no XA"
rm -rf "$SNAP"
take "$(uri p club)" "$SNAP"
is "prepared by XA: no position is the view's" \
    "$RC $(jq -c '.consistency | [.position, .gtid, .binlog_file]' "$SNAP/manifest.json")" '0 [null,null,null]'
like "prepared by XA: and that is said, with where the log stood" "$(jq -r .consistency.note "$SNAP/manifest.json")" 'prepared by XA \(1;.*the log stood at [^ ]+:[0-9]+, GTID'
client p <<<"XA COMMIT 'q'"
rm -rf "$SNAP"
take "$(uri p club)" "$SNAP"
is "committed: the position is exact" "$RC $(jq -r .consistency.position "$SNAP/manifest.json")" "0 exact"

# Of a replica one mostly backs up: no right that exempts from read_only, nor one to leave the log.
client p <<<"CREATE USER reader@'127.0.0.1'; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON club.* TO reader@'127.0.0.1';
    SET GLOBAL read_only = 1" || bail "no account"
rm -rf "$SNAP"
take --threads 2 "mysql://reader:@${MR_V_URI#*@}/club" "$SNAP"
is "a read-only server, by an account that only reads, but not routines" "$RC $(jq '.tables | length' "$SNAP/manifest.json")" "4 1"
client p <<<"SET GLOBAL read_only = 0; DROP USER reader@'127.0.0.1'"
finish
