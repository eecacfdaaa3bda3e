#!/bin/bash
# binlog_values.sh: what is decoded out of a log is, byte by byte, what the source reads of the server:
# every type with its extremes (binlog/*.sql) and random tables (binlog/random_rows.py), written, changed
# and deleted, under each row image, row metadata and way of compression, on MariaDB, MySQL 9 and
# MySQL 5.6.  What cannot be decoded is blind, by name.  SEEDS random databases a server (20; at most
# 350, which are 105,000 rows).  Up to 20 only a third of the ways of logging are tried, and a quarter of the databases.

. "$(dirname "$0")/lib.sh"
[ -n "${mr_run_dir:-}" ] || . "$IT_DIR/../lib/servers.sh"
begin ''
DRIVER=${BUILD:-$IT_DIR/../../build}/tests/it/binlog_player
SEEDS=${SEEDS:-20}
[ "$SEEDS" -le 350 ] || SEEDS=350
QUICK=
[ "$SEEDS" -gt 20 ] || { QUICK=yes && SEEDS=$(((SEEDS + 3) / 4)); }
# is_left_out NUMBERS: of the next way, where it is to be quick, and it is none of these.
is_left_out() {
    WAY=$((WAY + 1))
    [ -n "$QUICK" ] && case " $1 " in *" $WAY "*) return 1 ;; esac
}
ROWS=100
export PYTHONDONTWRITEBYTECODE=1
mr_servers_begin || bail "no place for servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_mysql56_root=$("$IT_DIR/../lib/mysql56.sh" 2>"$IT_TMP/mysql56.err") || mr_mysql56_root=

sql() { mr_sql "$SERVER" --default-character-set=utf8mb4 "$@"; }
log_now() { # the file that is written to
    sql -e 'SHOW BINARY LOGS' | tail -n 1 | cut -f1
}
# play SETTINGS FILE…: the statements, in a database of their own, and what the driver says of the log.
# --force: a server refuses a value, or has no such type; the log is what counts.
play() {
    local settings=$1 first
    shift
    sql -e 'DROP DATABASE IF EXISTS v; CREATE DATABASE v CHARACTER SET utf8mb4; FLUSH BINARY LOGS' || return
    first=$(log_now)
    { echo "$settings;" && cat "$@"; } | sql --force v >"$IT_TMP/sql.out" 2>"$IT_TMP/sql.err"
    sql -e 'FLUSH BINARY LOGS'
    "$DRIVER" "$(mr_get_server "$SERVER" URI)" v "$(mr_get_server "$SERVER" DIR)/data/$first" 2>&1
}
# all_equal WHAT SETTINGS BLIND FILE…: every table is equal, but for BLIND ("name: why" lines), each of which
# has to be; and each has images.
all_equal() {
    local what=$1 settings=$2 blind=$3 got
    shift 3
    blind=$(sed '/^$/d' <<<"$blind")
    got=$(play "$settings" "$@")
    is "$SERVER, $what" "$(grep -vE ' equal: [1-9][0-9]* rows, [1-9][0-9]* images, ' <<<"$got" |
        sed -E 's/ blind: /: /; s/: binary log .*: rows /: rows /')" "$blind"
    is "$SERVER, $what: and no table is missing" "$(grep -c ' equal: ' <<<"$got")" \
        "$(($(cat "$@" | grep -c '^CREATE TABLE') - $(grep -c . <<<"$blind")))"
}
# Errors of statements that a server refuses are known; others would leave the test without its subject.
known_errors() { # known_errors PATTERN
    is "$SERVER: statements that it refused" "$(grep '^ERROR' "$IT_TMP/sql.err" | grep -vE "$1")" ''
}
random_tables() { # random_tables KIND SETTINGS…: one of the settings for each seed, in turn
    local kind=$1 seed bad=
    shift
    local settings=("$@")
    LOOP_FROM=$SECONDS LOOP_SHARE=3 # servers
    for ((seed = 1; seed <= SEEDS; seed++)); do
        in_time $((seed - 1)) "$SEEDS" "$SERVER: random databases" || break
        python3 "$IT_DIR/binlog/random_rows.py" "$seed" "$kind" "$ROWS" >"$IT_TMP/random.sql"
        got=$(play "${settings[seed % ${#settings[@]}]}" "$IT_TMP/random.sql")
        [ "$(grep -cE '^r[123] equal: [1-9][0-9]* rows' <<<"$got")" = 3 ] && continue
        bad+="seed $seed: $(grep -v ' equal: [1-9]' <<<"$got" | head -n 3)
"
    done
    is "$SERVER: $((seed - 1)) random databases" "$bad" ''
}
charsets() {
    like "$SERVER: character sets of all collations" \
        "$("$DRIVER" --charsets "$(mr_get_server "$SERVER" URI)" 2>&1)" '^[1-9][0-9]+ collations are known$'
}
# The driver has to see a row that the log does not know.
tampered() {
    play '' "$IT_DIR/binlog/every_type.sql" >/dev/null
    sql v -e 'SET sql_log_bin = 0; UPDATE ints SET a = 77 WHERE id = 1; DELETE FROM bits WHERE id = 1;
        UPDATE texts SET l = CONCAT(l, "x") WHERE id = 2' 2>/dev/null
    local log
    log=$(sql -e 'SHOW BINARY LOGS' | tail -n 2 | head -n 1 | cut -f1)
    is "$SERVER: rows that were changed without the log are seen" \
        "$("$DRIVER" "$(mr_get_server "$SERVER" URI)" v "$(mr_get_server "$SERVER" DIR)/data/$log" |
            grep -E '^(ints|bits|texts) ' | cut -d, -f1 | sed 's/equal.*/equal/')" \
        'bits differs: 4 rows by the log
ints differs: key 1
texts differs: key 2'
}

COMMON=$IT_DIR/binlog/every_type.sql
NO_MEMBERS='the log does not say its members, and'

SERVER=MARIADB WAY=0
mr_spawn_mariadb MARIADB --gtid-strict-mode=0 && mr_await MARIADB || bail "no MariaDB"
VERSIONED='a table with system versioning: its log has rows of the past, too'
OLD='a time of the old format in the log,'
for metadata in NO_LOG MINIMAL FULL; do
    for image in FULL MINIMAL NOBLOB; do
        packed=$((1 - ${packed:-0}))
        ! is_left_out '1 5 9' || continue # each image once, and each metadata
        with="SET GLOBAL binlog_row_metadata = $metadata; SET SESSION binlog_row_image = $image;
            SET GLOBAL log_bin_compress = $packed; SET GLOBAL log_bin_compress_min_len = 10"
        blind="comp: column \"a\": a compressed column in the log, text /*M!100301 COMPRESSED*/ in the table"
        [ $metadata = FULL ] || blind+="
emo: column \"e\": $NO_MEMBERS a \"?\" in the catalogue's may be any character"
        [ $image != MINIMAL ] || blind+="
emptyins: rows of table \"v.emptyins\" without any of their columns"
        blind+="
old6: column \"a\": $OLD time(6) /* mariadb-5.3 */ in the table
old6b: column \"b\": $OLD datetime(3) /* mariadb-5.3 */ in the table
old6c: column \"c\": $OLD timestamp(1) /* mariadb-5.3 */ in the table
ver: $VERSIONED
ver2: $VERSIONED"
        all_equal "image $image, metadata $metadata, compressed $packed" "$with" '' "$COMMON"
        known_errors '^$'
        all_equal "image $image, metadata $metadata, its own types" "$with" "$blind" \
            "$IT_DIR/binlog/mariadb_types.sql"
        known_errors '^$'
    done
done
all_equal "rows of 16 MB" '' '' "$IT_DIR/binlog/big_rows.sql"
random_tables mariadb "SET GLOBAL binlog_row_metadata = NO_LOG" "SET GLOBAL binlog_row_metadata = FULL" \
    "SET SESSION binlog_row_image = NOBLOB" "SET GLOBAL binlog_row_metadata = MINIMAL, log_bin_compress = 1"
charsets
tampered
mr_stop_server MARIADB

SERVER=MYSQL WAY=0
if [ -n "$mr_mysql_root" ] && mr_spawn_mysql MYSQL && mr_await MYSQL; then
    for metadata in MINIMAL FULL; do
        for image in FULL MINIMAL NOBLOB; do
            for partial in '' PARTIAL_JSON; do
                [ "$partial" ] || packed=$((1 - packed))
                ! is_left_out '1 4 8 11' || continue
                with="SET GLOBAL binlog_row_metadata = $metadata; SET SESSION binlog_row_image = $image;
                    SET SESSION binlog_transaction_compression = $packed;
                    SET SESSION binlog_row_value_options = '$partial'"
                what="image $image, metadata $metadata, options '$partial', compressed $packed" blind=
                [ $image$partial != MINIMALPARTIAL_JSON ] ||
                    blind='diffs: column "a": the log has changes to a document that it does not hold'
                [ $image != MINIMAL ] || blind+="
emptyins: rows of table \"v.emptyins\" without any of their columns"
                [ $metadata = FULL ] || blind+="
gb: column \"b\": $NO_MEMBERS what they are in its character set is not known"
                [ "$partial" ] || all_equal "$what" "$with" '' "$COMMON"
                all_equal "$what, its own types" "$with" "$blind" "$IT_DIR/binlog/mysql_types.sql"
                known_errors '^$'
            done
        done
    done
    all_equal "a key that the server made up" '' '' "$IT_DIR/binlog/mysql_made_key.sql"
    like "$SERVER: diffs are among them" "$(play "SET SESSION binlog_row_value_options = 'PARTIAL_JSON'" \
        "$IT_DIR/binlog/mysql_types.sql")" 'diffs equal: .*, [1-9][0-9]* diffs'
    all_equal "rows of 16 MB" '' '' "$IT_DIR/binlog/big_rows.sql"
    random_tables mysql "SET GLOBAL binlog_row_metadata = MINIMAL" "SET GLOBAL binlog_row_metadata = FULL" \
        "SET SESSION binlog_row_image = NOBLOB" \
        "SET SESSION binlog_transaction_compression = 1; SET SESSION binlog_row_value_options = 'PARTIAL_JSON'"
    charsets
    tampered
    mr_stop_server MYSQL
else
    skip "values of MySQL 9" "no MySQL server: $(tail -n 1 "$IT_TMP/mysql9.err")"
fi

SERVER=MYSQL56
if [ -n "$mr_mysql56_root" ] && mr_spawn_mysql56 MYSQL56 --innodb-log-file-size=256M && mr_await MYSQL56; then
    for image in FULL MINIMAL NOBLOB; do
        all_equal "image $image" "SET SESSION binlog_row_image = $image" '' "$COMMON"
        known_errors '^$'
    done
    all_equal "rows of 16 MB" '' '' "$IT_DIR/binlog/big_rows.sql"
    random_tables mysql56 '' "SET SESSION binlog_row_image = NOBLOB"
    charsets
    tampered
else
    skip "values of MySQL 5.6" "no MySQL 5.6: $(tail -n 1 "$IT_TMP/mysql56.err")"
fi
finish
