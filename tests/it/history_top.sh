#!/bin/bash
# history_top.sh: the largest transactions of a server's log, and the statements whose rows it does not hold; of
# MariaDB and MySQL, of the server and of files, by time and by place.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb HT --log-bin-compress=ON && mr_await HT || bail "no MariaDB"
KINDS=HT
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql HU --binlog-transaction-compression=ON --binlog-rows-query-log-events=ON && mr_await HU || bail "no MySQL"
    KINDS+=" HU"
fi

largest() { # ARGS…: $RC, $OUT, $ERR
    CMD=("$MYRECON" history show --json --top "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
place() { mr_sql "$1" -e "SHOW BINARY LOGS" | tail -n 1 | awk '{print $1 ":" $2}'; }
now() { mr_sql "$1" -e "SELECT UTC_TIMESTAMP()"; }
second() { sleep 1.1; } # times of MariaDB's log are whole seconds
sizes() { jq -r 'select(.type == "transaction") | "\(.rows):\([.tables[] | "\(.table)=\(.inserted)/\(.updated)/\(.deleted)"] | join("+"))"' "$OUT" | paste -sd' '; }
statements() { jq -r 'select(.type == "statement") | .statement' "$OUT" | paste -sd';'; }
field() { jq -r "select(.type == \"summary\") | .$1" "$OUT"; }

for S in $KINDS; do
    URI=$(mr_get_server $S URI)
    mr_sql $S -e "CREATE DATABASE club; CREATE TABLE club.m (id INT PRIMARY KEY AUTO_INCREMENT, mobile VARCHAR(20), n INT);
        CREATE TABLE club.l (id INT PRIMARY KEY AUTO_INCREMENT, m INT); CREATE TABLE club.gone (id INT PRIMARY KEY)"
    mr_sql $S -e "INSERT INTO club.m (mobile, n) VALUES ('+43660-1', 1), ('+43660-2', 2), ('+43660-3', 3), ('+43660-4', 4)"
    mr_sql $S -e "FLUSH BINARY LOGS"
    second
    FROM_TIME=$(now $S) FROM=$(place $S)
    mr_sql $S -e "USE club; BEGIN; INSERT INTO l (m) VALUES (1), (2); UPDATE m SET n = n + 1 WHERE mobile <> '+43660-9'; DELETE FROM l LIMIT 1; COMMIT"
    mr_sql $S -e "UPDATE club.m SET n = 0"
    mr_sql $S -e "TRUNCATE club.gone"
    mr_sql $S -e "DELETE FROM club.m WHERE id > 1"
    second
    TO_TIME=$(now $S) TO=$(place $S)
    mr_sql $S -e "FLUSH BINARY LOGS; INSERT INTO club.m (n) SELECT id FROM (SELECT 1 AS id UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) x"

    largest 10 "$URI"
    is "$S: all of it" "$RC $(sizes)" "0 9:club.m=9/0/0 7:club.m=0/4/0+club.l=2/0/1 4:club.m=0/4/0 4:club.m=4/0/0 3:club.m=0/0/3"
    WANT="7:club.m=0/4/0+club.l=2/0/1 4:club.m=0/4/0 3:club.m=0/0/3"
    largest 10 --from "$FROM_TIME" --to "$TO_TIME" "$URI"
    is "$S: by time" "$RC $(sizes)" "0 $WANT"
    is "$S: the statement of most rows" "$(jq -r 'select(.rows == 7) | "\(.statements) \(.statement)"' "$OUT")" \
        "3 UPDATE m SET n = n + 1 WHERE mobile <> '+43660-9'"
    is "$S: a definition without rows" "$(statements)" "TRUNCATE club.gone"
    is "$S: every one has its id" "$(jq -r 'select(.type == "transaction") | .gtid != null and .position > 4' "$OUT" | sort -u)" true
    [ $S = HT ] || is "$S: whose session" "$(jq -r 'select(.type == "transaction") | .thread > 0' "$OUT" | sort -u)" true
    largest 10 --from "$FROM" --to "$TO" "$URI"
    is "$S: by place" "$RC $(sizes)" "0 $WANT"
    largest 10 --from "$FROM" "$URI"
    is "$S: from a place on" "$RC $(sizes)" "0 9:club.m=9/0/0 $WANT"
    largest 10 --from "$TO" "$URI"
    is "$S: from the end of a log on" "$RC $(sizes)" "0 9:club.m=9/0/0"
    largest 1 --from "$FROM" --to "$TO" --kind delete "$URI"
    is "$S: deletions, the largest" "$RC $(sizes) $(field transactions)" "0 3:club.m=0/0/3 2"
    largest 10 --from "$FROM" --to "$TO" --tables 'club.l' "$URI"
    is "$S: of one table" "$RC $(sizes) $(statements)" "0 3:club.l=2/0/1 "
    # files: what was archived of the server
    "$MYRECON" history archive "$URI" "$IT_TMP/$S.logs" >/dev/null 2>&1
    largest 10 --from "$FROM_TIME" --to "$TO_TIME" "$IT_TMP/$S.logs"
    is "$S: of files, by time" "$RC $(sizes)" "0 $WANT"
    largest 10 --from "$FROM" --to "$TO" "$IT_TMP/$S.logs"
    is "$S: of files, by place" "$RC $(sizes)" "0 $WANT"
    # values are hidden where anything is
    printf '[table club.m]\nmask = mobile\n' >"$IT_TMP/masked.ini"
    largest 10 --config "$IT_TMP/masked.ini" --from "$FROM" --to "$TO" "$URI"
    unlike "$S: no value of a masked column" "$(cat "$OUT")" 43660
    is "$S: nor any other" "$(jq -r 'select(.rows == 7).statement' "$OUT")" "UPDATE m SET n = n + ? WHERE mobile <> ?"
    largest 10 --config "$IT_TMP/masked.ini" --unmask --from "$FROM" --to "$TO" "$URI"
    like "$S: but with --unmask" "$(cat "$OUT")" 43660-9
    # a statement that the server was told not to log is not the one before it
    AT=$(place $S)
    case $S in HT) TEXTS=binlog_annotate_row_events ;; *) TEXTS=binlog_rows_query_log_events ;; esac
    mr_sql $S -e "USE club; SET $TEXTS = 1; BEGIN; INSERT INTO l (m) VALUES (7); SET $TEXTS = 0; UPDATE m SET n = 4711; COMMIT" ||
        mr_sql $S -e "USE club; BEGIN; INSERT INTO l (m) VALUES (7); SET $TEXTS = 0; UPDATE m SET n = 4711; COMMIT"
    largest 1 --from "$AT" "$URI"
    is "$S: no statement of another's rows" "$(jq -c 'select(.type == "transaction") | [.rows, .statements, .statement]' "$OUT")" '[11,1,null]'
    # what comes next is a whole command; of files nothing could be planned
    CMD=("$MYRECON" history show --top 1 "$URI")
    is "$S: the next command" "$("${CMD[@]}" 2>/dev/null | tail -n 1)" \
        "  myrecon repair plan --policy rewind --target $URI --transactions $("$MYRECON" history show --json --top 1 "$URI" 2>/dev/null | jq -r 'select(.type == "transaction") | .gtid') --output rewind.plan"
    # what begins within a transaction, and what is no place, is said
    "$MYRECON" history show --json --top 10 "$URI" >"$OUT" 2>/dev/null
    WITHIN=$(jq -r 'select(.rows == 7) | .log + ":" + (.position | tostring)' "$OUT")
    largest 10 --from "${WITHIN%:*}:$((${WITHIN##*:} + 7))" "$URI"
    is "$S: no place of an event" "$RC $(wc -c <"$OUT")" "3 0"
    largest 10 --from nosuch.000001:4 "$URI"
    is "$S: no such log" "$RC $(grep -c 'no binary log "nosuch.000001"' "$ERR")" "3 1"
    # statements in place of rows
    mr_sql $S -e "SET binlog_format = STATEMENT; DELETE FROM club.l" 2>/dev/null
    AT=$(place $S)
    largest 10 "$URI"
    is "$S: rows that are not in the log" "$RC $(field incomplete) $(field statements_that_may_change_rows)" "4 true 1"
    # logs that are gone
    LAST=$(mr_sql $S -e "SHOW BINARY LOGS" | tail -n 1 | cut -f 1)
    for _ in {1..100}; do
        mr_sql $S -e "PURGE BINARY LOGS TO '$LAST'"
        [ "$(mr_sql $S -e "SHOW BINARY LOGS" | wc -l)" != 1 ] || break
        sleep 0.1
    done
    largest 10 --from "$FROM_TIME" --tables club.m "$URI"
    is "$S: logs that are gone" "$RC $(sizes)" "4 10:club.m=0/10/0 9:club.m=9/0/0"
    like "$S: which" "$(field gap)" '^the first log that is there, ".*", was begun at '
    largest 10 --from "$FROM" "$URI"
    is "$S: a log that is gone" "$RC $(grep -c 'It has ' "$ERR")" "3 1"
    # rights
    mr_sql $S -e "CREATE USER nobody@'%' IDENTIFIED BY 'x'; GRANT SELECT ON *.* TO nobody@'%'"
    MYRECON_PASSWORD=x largest 10 "mysql://nobody@${URI#*@}"
    is "$S: the right that is missing" "$RC $(grep -c 'GRANT REPLICATION SLAVE' "$ERR")" "4 1"
done
finish
