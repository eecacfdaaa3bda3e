#!/bin/bash
# binlog_events.sh: the logs of real servers, event by event: type, place, end, server and ids are
# those of SHOW BINLOG EVENTS and of the servers' own mysqlbinlog and mariadb-binlog; plain, packed,
# compressed by the servers, with and without checksums, of replicas, while they are written, cut off.

. "$(dirname "$0")/lib.sh"
[ -n "${mr_run_dir:-}" ] || . "$IT_DIR/../lib/servers.sh"
DRIVER=$BUILD/tests/it/binlog_driver
case $DRIVER in /*) ;; *) DRIVER=$IT_DIR/../../$DRIVER ;; esac
begin ''
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_mysql56_root=
[ "${SEEDS:-20}" -le 20 ] || mr_mysql56_root=$("$IT_DIR/../lib/mysql56.sh" 2>"$IT_TMP/mysql56.err")
start() {
    mr_servers_begin && mr_spawn_mariadb BM --binlog-annotate-row-events=ON \
        --binlog-row-metadata=FULL && mr_spawn_mariadb BR --relay-log=relay --relay-log-purge=0 || return 1
    if [ -n "$mr_mysql_root" ]; then
        mr_spawn_mysql BO --binlog-rows-query-log-events=ON --binlog-row-metadata=FULL &&
            mr_spawn_mysql BQ --relay-log=relay --relay-log-purge=0 || return 1
    fi
    [ -z "$mr_mysql56_root" ] || mr_spawn_mysql56 BV || return 1
    mr_await BM BR && mr_replicate BM BR || return 1
    [ -z "$mr_mysql_root" ] || { mr_await BO BQ && mr_replicate BO BQ; } || return 1
    [ -z "$mr_mysql56_root" ] || mr_await BV
}
start || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
cd "$IT_TMP" || exit 1

# ---- what both say, one line an event: POSITION TYPE SERVER END [GTID]; events of a payload have
# its end and no position, since the servers show that of the event behind it
ours() { # FILE
    "$DRIVER" events "$1" | awk '
        $1 == "cut" { print; next }
        {
            inner = $1 == "payload"
            at = inner ? "-" : $1
            end = inner ? $3 : $2
            type = tolower(inner ? $4 : $3)
            server = inner ? $5 : $4
            gtid = type ~ /^(mariadb_|anonymous_)?gtid(_tagged)?$/ ? " " $6 : ""
            if (inner && $2 != before) {
                print $2, "transaction_payload", server, $3
                before = $2
            }
            print at, type, server, end gtid
        }'
}
theirs() { # SERVER LOG [RELAYLOG]
    mr_sql "$1" -e "SHOW ${3:-BINLOG} EVENTS IN '$2'" | awk -F'\t' 'BEGIN { payload = -1 } {
        type = tolower($3)
        sub(/_compressed/, "", type)
        sub(/^gtid_list$/, "mariadb_gtid_list", type)
        sub(/^gtid_tagged_log_event$/, "gtid_tagged", type)
        sub(/^format_desc$/, "format_description", type)
        sub(/^update_rows_partial$/, "partial_update_rows", type)
        sub(/^heartbeat$/, "x", type)
        gtid = ""
        if (type == "gtid" && match($6, /[0-9]+-[0-9]+-[0-9]+$/) && $6 ~ /GTID [0-9]/) {
            type = "mariadb_gtid"
            gtid = " " substr($6, RSTART)
        } else if (type ~ /^(anonymous_)?gtid/ && match($6, /\047.*\047/)) {
            gtid = " " substr($6, RSTART + 1, RLENGTH - 2)
        }
        if (type ~ /^mariadb_gtid$/) # also before an XA transaction
            sub(/ cid=.*/, "", gtid)
        if (type ~ /^(write|update|delete)_rows$/)
            type = type "_v2"
        if (type == "transaction_payload")
            payload = $5
        print type != "transaction_payload" && $5 == payload ? "-" : $2, type, $4, $5 gtid
    }'
}
logs_of() { # SERVER: those that are closed, and the one that is written
    mr_sql "$1" -e "SHOW BINARY LOGS" | cut -f1
}
path_of() { # SERVER LOG
    echo "$(mr_get_server "$1" DIR)/data/$2"
}
all_alike() { # SERVER
    local log got wanted
    for log in $(logs_of "$1"); do
        got=$(ours "$(path_of "$1" "$log")") wanted=$(theirs "$1" "$log")
        [ "$got" = "$wanted" ] || {
            diff <(echo "$got") <(echo "$wanted") | head -n 20
            return 1
        }
        grep -q . <<<"$got" || return 1
    done
}
changes() { # SERVER DB: every kind of event that a DBA's day makes
    mr_sql "$1" <<SQL
DROP DATABASE IF EXISTS $2; CREATE DATABASE $2; USE $2;
CREATE TABLE t (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), e ENUM('x','y'), body TEXT);
INSERT INTO t (name, e) VALUES ('one', 'x'), ('two', 'y'), ('three', NULL);
UPDATE t SET name = 'uno' WHERE id = 1;
DELETE FROM t WHERE id = 2;
BEGIN; INSERT INTO t (body) VALUES (REPEAT('abc', 3000)); UPDATE t SET body = 'q'; DELETE FROM t WHERE id > 3; COMMIT;
XA START 'x1', 'y1', 5; INSERT INTO t (name) VALUES ('xa'); XA END 'x1', 'y1', 5; XA PREPARE 'x1', 'y1', 5; XA COMMIT 'x1', 'y1', 5;
XA START 'x2'; INSERT INTO t (name) VALUES ('xa'); XA END 'x2'; XA COMMIT 'x2' ONE PHASE;
ALTER TABLE t ADD COLUMN n INT; TRUNCATE t; RENAME TABLE t TO u; DROP TABLE u;
CREATE TABLE k (id INT PRIMARY KEY) ENGINE = MyISAM; INSERT INTO k VALUES (1), (2); DROP TABLE k;
SQL
}

# ---- MariaDB
changes BM m1
mr_sql BM -e "FLUSH BINARY LOGS; SET GLOBAL log_bin_compress = ON, log_bin_compress_min_len = 10"
changes BM m2
mr_sql BM -e "SET GLOBAL log_bin_compress = OFF; SET GLOBAL binlog_checksum = NONE; SET GLOBAL binlog_row_metadata = NO_LOG"
changes BM m3
mr_sql BM -e "SET GLOBAL binlog_checksum = CRC32; SET binlog_format = STATEMENT; CREATE TABLE m3.s (a INT);
    INSERT INTO m3.s VALUES (RAND() * 9), (@x := 3), (LAST_INSERT_ID()); SET gtid_domain_id = 7; INSERT INTO m3.s VALUES (1)"
ok "MariaDB: every event has the type, place and id that the server shows" all_alike BM
is "and compressed ones are there" "$(theirs BM bin.000002 | wc -l)" "$(mr_sql BM -e "SHOW BINLOG EVENTS IN 'bin.000002'" | wc -l)"
like "and were compressed" "$(mr_sql BM -e "SHOW BINLOG EVENTS IN 'bin.000002'")" "Write_rows_compressed_v1"

first=$(path_of BM bin.000001)
marks() { # of mariadb-binlog's output: "# at" and what GTID it names
    grep -oE '^# at [0-9]+|GTID [0-9]+-[0-9]+-[0-9]+( cid=[0-9]+)?' | sed 's/^# at //; s/^GTID //'
}
mariadb-binlog --no-defaults --base64-output=decode-rows -v "$first" | marks | sed 's/ cid=/ /' >theirs.txt
"$DRIVER" events "$first" | awk '{
    print $1
    if ($3 == "MARIADB_GTID") { sub(/cid=/, "", $8); print $6 ($8 == "0" ? "" : " " $8) }
}' >ours.txt
is "mariadb-binlog finds the same places, ids and group commits" "$(sort -u ours.txt)" "$(sort -u theirs.txt)"

statements=$("$DRIVER" events "$(path_of BM bin.000002)" | grep -E ' QUERY | ANNOTATE_ROWS ')
like "a compressed statement is read" "$statements" "QUERY .*CREATE TABLE t \(id INT UNSIGNED"
like "so is the text of one that changed rows" "$statements" "ANNOTATE_ROWS .*UPDATE t SET name = 'uno'"
like "names, signs, members and key stand in the table map" "$("$DRIVER" events "$first" | grep TABLE_MAP | head -n 1)" \
    ' m1.t id/3/0!\+\*/0 name/15/[0-9]+/[0-9]+ e/247/1/[0-9]+=x\|y body/252/2/'

unlike "of no session something is not known" "$(for log in $(logs_of BM); do "$DRIVER" events "$(path_of BM "$log")"; done)" " QUERY .* unread "

# ---- as files
gzip -c "$first" >packed.bin
zstd -qc "$first" >other.bin
is "a log packed by gzip says the same" "$(ours packed.bin)" "$(ours "$first")"
is "and by zstd" "$(ours other.bin)" "$(ours "$first")"
is "and from a pipe" "$("$DRIVER" events <(cat "$first") | wc -l)" "$("$DRIVER" events "$first" | wc -l)"
size=$(stat -c %s "$first")
head -c $((size - 5)) "$first" >cut.bin
is "a log that the server has closed is not cut off" "$("$DRIVER" events cut.bin 2>&1 >/dev/null | head -n 1)" \
    "binary log: binary log \"cut.bin\", position $("$DRIVER" events "$first" | tail -n 1 | cut -d' ' -f1): \
the log ends within an event, though its server has closed it"
printf '\x01' | dd of=cut.bin bs=1 seek=21 conv=notrunc status=none # in use
is "of a log that is cut off all but the last event is read" "$(ours cut.bin)" "$(ours "$first" | sed '$d'; echo cut)"
cp "$first" wrong.bin
printf '\xff' | dd of=wrong.bin bs=1 seek=$((size / 2)) conv=notrunc status=none
"$DRIVER" events wrong.bin >/dev/null 2>wrong.err
is "a wrong byte is found" "$(sed 's/position [0-9]*/position N/' wrong.err)" \
    'binary log: binary log "wrong.bin", position N: an event whose checksum does not fit'
mapfile -t sorted < <("$DRIVER" sort $(for log in $(logs_of BM | sort -r); do path_of BM "$log"; done))
is "logs given in any order are put in that of the server" "$(printf '%s\n' "${sorted[@]:1}")" \
    "$(for log in $(logs_of BM); do path_of BM "$log"; done)"
like "and it says by what" "${sorted[0]}" '^(gtid|name)$'

# ---- relay logs
await_row() { # SERVER DB
    local try
    for try in {1..100}; do
        [ "$(mr_sql "$1" -e "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = '$2'")" = 0 ] || return 0
        sleep 0.1
    done
    return 1
}
relays_alike() { # SERVER: as SHOW RELAYLOG EVENTS has them
    local path got wanted any=
    for path in "$(mr_get_server "$1" DIR)"/data/relay.[0-9]*; do
        got=$(ours "$path") wanted=$(theirs "$1" "${path##*/}" RELAYLOG)
        [ "$got" = "$wanted" ] || {
            diff <(echo "$got") <(echo "$wanted") | head -n 20
            return 1
        }
        any+=$got
    done
    grep -q table_map <<<"$any"
}
# cut_relay SERVER [BYTE]: a relay log that ends within its first table map, whose length is as it was or
# has that byte as its second.
cut_relay() {
    local path at
    for path in "$(mr_get_server "$1" DIR)"/data/relay.[0-9]*; do
        at=$("$DRIVER" events "$path" | awk '$3 == "TABLE_MAP" { print $1; exit }')
        [ -z "$at" ] || break
    done
    head -c $((at + 30)) "$path" >cut.relay
    [ -z "${2:-}" ] || printf '%b' "\\x$2" | dd of=cut.relay bs=1 seek=$((at + 10)) conv=notrunc status=none
    "$DRIVER" events cut.relay >cut.out 2>cut.err
    cat cut.out cut.err | tail -n 1 | sed 's/position [0-9]*/position N/'
}
LONGER='binary log: binary log "cut.relay", position N: an event that is longer than what is there of the log'
mr_sql BM -e "CREATE DATABASE behind"
ok "the replica has followed" await_row BR behind
mr_sql BR -e "STOP SLAVE"
ok "relay logs of MariaDB are read as the server reads them" relays_alike BR
is "one may be cut off" "$(cut_relay BR)" cut
is "and a length that is wrong is not taken for it" "$(cut_relay BR 40)" "$LONGER"

# ---- MySQL 9
if [ -n "$mr_mysql_root" ]; then
    changes BO m1
    mr_sql BO -e "SET gtid_next = 'AUTOMATIC:night_batch'; CREATE DATABASE tagged; SET gtid_next = 'AUTOMATIC'; FLUSH BINARY LOGS"
    mr_sql BO -e "SET GLOBAL binlog_transaction_compression = ON"
    changes BO m2
    mr_sql BO -e "CREATE TABLE m2.j (id INT PRIMARY KEY, d JSON); INSERT INTO m2.j VALUES (1, '{\"a\": 1, \"b\": \"xxxxxxxxxxxxxxxxxxxx\"}');
        SET binlog_row_value_options = PARTIAL_JSON; UPDATE m2.j SET d = JSON_SET(d, '\$.a', 7);
        CREATE TABLE m2.l (id INT PRIMARY KEY, b LONGTEXT); INSERT INTO m2.l SELECT id, REPEAT('pad ', 2000000) FROM m2.j"
    mr_sql BO -e "SET GLOBAL binlog_transaction_compression = OFF; SET GLOBAL binlog_checksum = NONE; SET GLOBAL binlog_row_metadata = MINIMAL"
    changes BO m3
    mr_sql BO -e "SET binlog_row_value_options = PARTIAL_JSON; UPDATE m2.j SET d = JSON_SET(d, '\$.a', 8)"
    mr_sql BO -e "SET GLOBAL binlog_checksum = CRC32; SET gtid_next = 'AUTOMATIC:other'; CREATE TABLE m3.a AS SELECT 1 AS one;
        SET gtid_next = 'AUTOMATIC'; SET binlog_format = STATEMENT, time_zone = '+03:00', lc_time_names = 'de_DE', auto_increment_increment = 3;
        INSERT INTO m3.a VALUES (UNIX_TIMESTAMP(NOW(6)))"
    ok "MySQL: every event has the type, place and id that the server shows" all_alike BO
    all=$(for log in $(logs_of BO); do "$DRIVER" events "$(path_of BO "$log")"; done)
    for type in GTID_TAGGED PARTIAL_UPDATE_ROWS XA_PREPARE PREVIOUS_GTIDS; do
        like "$type is among them" "$all" " $type "
    done
    like "so are payloads" "$all" "^payload .* WRITE_ROWS_V2 "
    like "so is a change that was logged as a statement" "$all" " QUERY .*INSERT INTO m3.a"
    unlike "and of no session something is not known" "$all" " QUERY .* unread "
    ids() { # what mysqlbinlog says of transactions
        local log
        for log in $(logs_of BO); do
            chroot "$mr_mysql_root" mysqlbinlog --no-defaults --base64-output=DECODE-ROWS \
                "$(path_of BO "$log" | sed "s,^$mr_mysql_root,,")"
        done | awk '
            /last_committed=/ {
                for (i = 1; i <= NF; i++) {
                    split($i, pair, "=")
                    said[pair[1]] = pair[2]
                }
            }
            /GTID_NEXT= \047/ && split($0, part, "\047") && part[2] != "AUTOMATIC" {
                print part[2], said["last_committed"], said["sequence_number"],
                    said["immediate_commit_timestamp"], said["original_committed_timestamp"],
                    said["transaction_length"], said["rbr_only"]
            }'
    }
    is "mysqlbinlog says the same ids, clocks, times and lengths" \
        "$(grep -E ' GTID(_TAGGED)? ' <<<"$all" | sed 's/ [a-z_]*=/ /g' | awk '{ print $6, $7, $8, $9, $10, $11, $13 }')" "$(ids)"
    last=$(logs_of BO | tail -n 1)
    is "a log says what those before it hold, tags too" \
        "$("$DRIVER" events "$(path_of BO "$last")" | awk '$3 == "PREVIOUS_GTIDS" { print $6 }')" \
        "$(mr_sql BO -e "SHOW BINLOG EVENTS IN '$last'" | awk -F'\t' '$3 == "Previous_gtids" { gsub(/\\n| /, "", $6); print $6 }')"
    mr_sql BO -e "CREATE DATABASE behind"
    ok "the replica of MySQL has followed" await_row BQ behind
    mr_sql BQ -e "STOP REPLICA"
    ok "relay logs of MySQL are read as the server reads them" relays_alike BQ
    is "one may be cut off" "$(cut_relay BQ)" cut
    is "and a length that is wrong is not taken for it" "$(cut_relay BQ 40)" "$LONGER"
else
    skip "logs of MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
fi

# ---- MySQL 5.6
if [ -n "$mr_mysql56_root" ]; then
    changes BV m1
    mr_sql BV -e "SET GLOBAL binlog_checksum = NONE"
    changes BV m2
    ok "MySQL 5.6: every event has the type, place and id that the server shows" all_alike BV
else
    skip "logs of MySQL 5.6" "SEEDS is not above 20, or it cannot be had"
fi
finish
