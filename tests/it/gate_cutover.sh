#!/bin/bash
# gate_cutover.sh: a healthy replica is ready to take its source's place; break one thing, and that is
# found by its name; mended, it is ready again.  What is hidden or away is unknown.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"

cutover() { # ARGS…
    CMD=("$MYRECON" gate cutover --json "$@" "$old" "$new")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
# What is not well, and the exit status.
found() {
    echo "$(what_fires) -> $RC"
}
message() { # NAME
    jq -r --arg n "$1" 'select(.type == "check" and .name == $n) | .message + " / " + (.hint // "")' "$OUT"
}
is_ready() { # DESCRIPTION
    cutover
    is "$GATE_KIND: $1: ready" "$(found)" " -> 0"
}
# On NEW alone, and not in its log.
quietly() { # SQL
    mr_sql GR -e "SET sql_log_bin = 0; $1"
}
as_replica() { # STOP|START
    mr_sql GR -e "$1 $([ "$GATE_KIND" = mariadb ] && echo SLAVE || echo REPLICA)"
}

rows_and_definitions() {
    quietly "UPDATE club.members SET points = 9 WHERE id = 850; DELETE FROM club.orders WHERE id = 900"
    cutover
    is "$GATE_KIND: newest rows differ" "$(found)" "rows:critical -> 2"
    like "$GATE_KIND: which rows" "$(message rows)" "club.members: 1 of its last 100 rows differs: id 850 differs"
    like "$GATE_KIND: and which is not there" "$(message rows)" "club.orders: .*id 900 is not on NEW"
    like "$GATE_KIND: one check shows both" "$(message rows)" "/ What differs, .*myrecon check .*--tables club.members --tables club.orders mysql:"
    cutover --rows 20
    like "$GATE_KIND: a shorter look sees less" "$(message rows)" "^club.orders: 1 of its last 20 rows"
    cutover --tables club.periods
    is "$GATE_KIND: other tables are alike" "$(found)" " -> 0"
    quietly "UPDATE club.members SET points = 0 WHERE id = 850;
        INSERT INTO club.orders (id, member_id, note) VALUES (900, 900, '')"
    quietly "CREATE INDEX extra ON club.members (points); INSERT INTO club.plain VALUES (3, 'z')"
    cutover
    is "$GATE_KIND: an index more, a row more" "$(found)" "rows:critical schema:warning -> 2"
    like "$GATE_KIND: the index" "$(message schema)" "^index club.members.extra is on NEW alone"
    like "$GATE_KIND: of a table without a key" "$(message rows)" "^club.plain, which has no key, differs: 2 rows on OLD, 3"
    quietly "DROP INDEX extra ON club.members; DELETE FROM club.plain WHERE a = 3;
        ALTER TABLE club.small MODIFY v BIGINT"
    cutover
    is "$GATE_KIND: another type" "$(found)" "schema:critical -> 2"
    like "$GATE_KIND: both are shown" "$(message schema)" "column club.small.v: OLD 'int.*', NEW 'bigint"
    quietly "ALTER TABLE club.small MODIFY v INT; RENAME TABLE club.plain TO club.plainer"
    cutover --only rows
    is "$GATE_KIND: a table less, by rows alone" "$(found)" "rows:critical -> 2"
    like "$GATE_KIND: which" "$(message rows)" "^table club.plain is not on NEW"
    cutover --skip schema,rows
    like "$GATE_KIND: by counters alone" "$(message counters)" "^table club.plain is not on NEW"
    quietly "RENAME TABLE club.plainer TO club.plain"
    is_ready "mended"
}

# A table without a key is read to a limit, and its estimate may have promised less.
more_than_estimated() {
    local s
    mr_sql GP -e "CREATE TABLE club.grown (a INT) STATS_PERSISTENT = 1 STATS_AUTO_RECALC = 0;
        INSERT INTO club.grown WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 900)
        SELECT x.i * 25 + y.i FROM n x JOIN n y ON y.i <= 25"
    catch_up
    quietly "UPDATE club.grown SET a = 0 WHERE a = 900 * 25 + 25"
    for s in GP GR; do # what a server has after a restart
        mr_sql $s -e "SET sql_log_bin = 0; RENAME TABLE club.grown TO club.put_by;
            UPDATE mysql.innodb_table_stats SET n_rows = 10 WHERE table_name = 'put_by'; FLUSH TABLES;
            RENAME TABLE club.put_by TO club.grown"
    done
    cutover
    like "$GATE_KIND: more rows than it is said to have are not taken for all" "$(message rows)" "^club.grown: its newest rows cannot be told"
    mr_sql GP -e "DROP TABLE club.grown"
    catch_up
}

# A counter whose index lets several rows have one number: which of them a look finds first is chance.
one_number_twice() {
    local v
    mr_sql GP -e "CREATE TABLE club.twice (id INT NOT NULL AUTO_INCREMENT, v INT, KEY (id));
        INSERT INTO club.twice VALUES (1, 1), (1, 2), (1, 3), (2, 1)"
    catch_up
    is_ready "a number that several rows have"
    for v in 1 2 3; do
        quietly "UPDATE club.twice SET v = 9 WHERE id = 1 AND v = $v"
        cutover
        is "$GATE_KIND: one of them differs ($v)" "$(found)" "rows:critical -> 2"
        like "$GATE_KIND: once ($v)" "$(message rows)" "^club.twice: 1 of its last 4 rows differs: id 1 differs /"
        quietly "UPDATE club.twice SET v = $v WHERE id = 1 AND v = 9"
    done
    mr_sql GP -e "DROP TABLE club.twice"
    catch_up
}

# A sequence that an application draws from, and one that a column does; down, and round.
sequences() {
    mr_sql GP -e "CREATE SEQUENCE club.loose; CREATE SEQUENCE club.drawn;
        CREATE SEQUENCE club.down INCREMENT BY -1 START WITH -1 MINVALUE -90000 MAXVALUE -1;
        CREATE SEQUENCE club.round CACHE 10 MAXVALUE 50 CYCLE;
        CREATE TABLE club.draws (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(club.drawn), v INT);
        INSERT INTO club.draws (v) VALUES (1), (2);
        DO NEXTVAL(club.loose), NEXTVAL(club.down), NEXTVAL(club.round);
        BEGIN; DO SETVAL(club.loose, 1500), NEXTVAL(club.loose); ROLLBACK"
    catch_up
    is_ready "sequences"
    quietly "ALTER SEQUENCE club.loose RESTART 1000; ALTER SEQUENCE club.down RESTART -500;
        ALTER SEQUENCE club.round RESTART 1"
    cutover
    is "$GATE_KIND: numbers that OLD has given" "$(found)" "counters:critical -> 2"
    like "$GATE_KIND: to an application" "$(message counters)" "sequence club.loose: NEW's next number is 1000, and OLD has given all before [0-9]+"
    like "$GATE_KIND: downwards" "$(message counters)" "sequence club.down: NEW's next number is -500, and OLD has given all before -1001"
    unlike "$GATE_KIND: what comes round has no such number" "$(message counters)" "club.round"
    like "$GATE_KIND: with the statement" "$(message counters)" 'ALTER SEQUENCE .club.\..(down|loose). RESTART -?[0-9]+;'
    quietly "ALTER SEQUENCE club.loose RESTART 9000; ALTER SEQUENCE club.down RESTART -1001; ALTER SEQUENCE club.drawn RESTART 1"
    cutover
    is "$GATE_KIND: one that a column draws from" "$(found) $(message counters | grep -o 'club.drawn:' | wc -l)" "counters:critical -> 2 1"
    quietly "ALTER SEQUENCE club.drawn RESTART 1001"
    is_ready "sequences mended"
    mr_sql GP -e "DROP TABLE club.draws; DROP SEQUENCE club.loose, club.down, club.round, club.drawn"
    catch_up
}

# A MariaDB that was started so shows its events to nobody, and answers with an error to who asks.
disabled() {
    quietly "CREATE EVENT club.hidden ON SCHEDULE EVERY 1 DAY DO DO 1"
    gate_stop
    gate_start --event-scheduler=DISABLED
    as_replica STOP
    as_replica START
    cutover --wait 60
    is "$GATE_KIND: events that are hidden" "$(found)" "schema:unknown -> 4"
    like "$GATE_KIND: why" "$(message schema)" "^events of database club are not visible on OLD / .*event_scheduler = DISABLED"
    "$MYRECON" check --settle 0 "$old" "$new" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: check of such a server" "$? $(grep -c 'events of database "club" on the source' "$OUT")" "4 1"
    "$MYRECON" check --settle 0 --objects table "$old" "$new" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: and without events" "$?" 0
    quietly "DROP EVENT club.hidden"
}

# What no position tells.
lossy() {
    local mode=replica_exec_mode
    [ "$GATE_KIND" = mysql ] || mode=slave_exec_mode
    mr_sql GR -e "SET GLOBAL $mode = 'IDEMPOTENT'"
    cutover
    is "$GATE_KIND: it passes over errors" "$(found)" "replication:warning -> 1"
    like "$GATE_KIND: by which setting" "$(message replication)" "passes over what it cannot apply: .*_exec_mode = IDEMPOTENT"
    mr_sql GR -e "SET GLOBAL $mode = 'STRICT'"
    gate_stop
    gate_start --binlog-ignore-db=shop
    as_replica STOP
    as_replica START
    cutover --wait 60
    is "$GATE_KIND: OLD's log lacks something" "$(found)" "replication:warning -> 1"
    like "$GATE_KIND: of which database" "$(message replication)" "OLD does not write all to its log: Binlog_Ignore_DB shop"
    "$MYRECON" doctor --json --for history "$old" >"$OUT" 2>"$ERR"
    is "$GATE_KIND: doctor: the log would be no witness of it" "$(jq -r 'select(.name == "witness" and .state == "problem") | .message' "$OUT")" \
        "after a failover the server could not say what was changed: these databases are left out of its binary log: shop (binlog_ignore_db)"
    "$MYRECON" gate check --json "$old" >"$OUT" 2>"$ERR"
    like "$GATE_KIND: gate check: nor" "$(jq -r 'select(.name == "witness") | "\(.severity // .state) \(.message)"' "$OUT")" "warning.*left out of its binary log: shop"
    [ "$GATE_KIND" != mariadb ] || disabled
    gate_stop
    gate_start
    as_replica STOP
    as_replica START
    cutover --wait 60
    is "$GATE_KIND: all again: ready" "$(found)" " -> 0"
}

# What a server has loaded comes by no log.  A row in mysql.func is all that a look sees of a function.
plugins() {
    mr_sql GP -e "SET sql_log_bin = 0; INSERT INTO mysql.func VALUES ('distance', 0, 'distance.so', 'function')"
    cutover
    is "$GATE_KIND: a loadable function" "$(found)" "plugins:critical -> 2"
    like "$GATE_KIND: which" "$(message plugins)" 'loadable function "distance" .distance.so. is not on NEW / .*CREATE FUNCTION'
    quietly "INSERT INTO mysql.func VALUES ('Distance', 0, 'distance.so', 'function')"
    is_ready "loaded on both"
    mr_sql GP -e "SET sql_log_bin = 0; DELETE FROM mysql.func"
    quietly "DELETE FROM mysql.func"
    [ "$GATE_KIND" = mariadb ] || return 0
    mr_sql GP -e "SET sql_log_bin = 0; INSTALL SONAME 'query_response_time'" 2>/dev/null || return 0
    cutover
    is "$GATE_KIND: a plugin" "$(found)" "plugins:warning -> 1"
    mr_sql GP -e "SET sql_log_bin = 0; UNINSTALL SONAME 'query_response_time'"
}

settings() {
    mr_sql GR -e "SET GLOBAL sql_mode = ''; SET GLOBAL time_zone = '+03:30'"
    cutover
    is "$GATE_KIND: other settings" "$(found)" "sql_mode:critical time_zone:critical -> 2"
    like "$GATE_KIND: with the statement" "$(message sql_mode)" "On NEW: SET GLOBAL sql_mode = '.*STRICT_TRANS_TABLES"
    cutover --skip sql_mode,time_zone
    is "$GATE_KIND: which are known" "$(found)" " -> 0"
    mr_sql GR -e "SET GLOBAL sql_mode = '$(mr_sql GP -e 'SELECT @@GLOBAL.sql_mode')'; SET GLOBAL time_zone = 'SYSTEM'"
}

writers() {
    mr_sql GR -e "SET GLOBAL read_only = 0"
    cutover
    is "$GATE_KIND: it takes writes" "$(found)" "read_only:warning -> 1"
    open_transaction "INSERT INTO club.small (v) VALUES (5)"
    cutover --skip rows,counters
    is "$GATE_KIND: and somebody writes" "$(found)" "read_only:warning split_brain:critical -> 2"
    end_transaction
    mr_sql GR -e "SET GLOBAL read_only = 1"
}

accounts() {
    local right="SET PASSWORD FOR web@'%' = PASSWORD('b')"
    [ "$GATE_KIND" = mariadb ] || right="SET PASSWORD FOR web@'%' = 'b'"
    mr_sql GP -e "CREATE USER web@'%' IDENTIFIED BY 'a'; CREATE ROLE readers; GRANT SELECT ON club.* TO readers;
        GRANT readers TO web@'%'; GRANT INSERT (mobile), UPDATE ON club.members TO web@'%';
        CREATE USER tls@'10.%' IDENTIFIED BY 'a' REQUIRE SSL"
    catch_up
    cutover --accounts
    is "$GATE_KIND: accounts" "$(found | sed 's/accounts:warning -> 1/ -> 0/')" " -> 0"
    quietly "$right; REVOKE readers FROM web@'%'; REVOKE INSERT (mobile) ON club.members FROM web@'%';
        ALTER USER tls@'10.%' REQUIRE X509 ACCOUNT LOCK; CREATE USER stray@'%' IDENTIFIED BY 'a'"
    cutover --only accounts
    is "$GATE_KIND: what NEW lacks" "$(found)" "accounts:critical -> 2"
    like "$GATE_KIND: of web" "$(message accounts)" "'web'@'%': its password .*INSERT on club.members.mobile is not on NEW, role 'readers'@'%' is not on NEW"
    like "$GATE_KIND: of tls" "$(message accounts)" "'tls'@'10.%': its lock is on NEW alone, what TLS it needs is 'ANY' on OLD, 'X509' on NEW"
    like "$GATE_KIND: of one more" "$(message accounts)" "'stray'@'%': the account is on NEW alone"
    is "$GATE_KIND: nothing of a hash is shown" "$(grep -cE '[*$][0-9A-Za-z]{10}|[0-9a-f]{40}' "$OUT")" 0
    cutover
    is "$GATE_KIND: that is looked at where it is asked for" "$(found)" " -> 0"
    quietly "ALTER USER tls@'10.%' REQUIRE SSL ACCOUNT UNLOCK PASSWORD EXPIRE INTERVAL 3 DAY"
    cutover --only accounts
    like "$GATE_KIND: a password that lives shorter" "$(message accounts)" "'tls'@'10.%': its limits: '.* at once' on OLD, '.* at once, passwords for 3 days' on NEW"
    quietly "DROP USER web@'%', tls@'10.%', stray@'%'"
    mr_sql GP -e "SET sql_log_bin = 0; DROP USER web@'%', tls@'10.%'"
}

events() {
    mr_sql GP -e "SET GLOBAL event_scheduler = ON;
        SET collation_connection = latin1_swedish_ci;
        CREATE DEFINER = 'ev@ent'@'10.%' EVENT club.\`e v\` ON SCHEDULE EVERY 1 HOUR STARTS NOW() + INTERVAL 1 HOUR
            DO INSERT INTO small (v) VALUES (9);
        CREATE EVENT club.off ON SCHEDULE EVERY 1 HOUR DISABLE DO INSERT INTO small (v) VALUES (9)"
    catch_up
    mr_sql GR -e "SET GLOBAL event_scheduler = ON"
    cutover
    is "$GATE_KIND: an event of a replica waits" "$(found)" " -> 0"
    is "$GATE_KIND: none is enabled that OLD has disabled" "$(jq -r 'select(.type == "step").statement | select(test("EVENT"))' "$OUT" | wc -l)" 1
    mr_sql GR -e "SET GLOBAL read_only = 0; SET sql_log_bin = 0;
        $(jq -r 'select(.type == "step").statement' "$OUT" | tail -n 1)"
    is "$GATE_KIND: the step that enables it keeps its definer and collation" "$(mr_sql GR -e "SELECT EVENT_NAME, STATUS,
        DEFINER, COLLATION_CONNECTION FROM information_schema.EVENTS WHERE STATUS = 'ENABLED'")" \
        "e v	ENABLED	ev@ent@10.%	latin1_swedish_ci"
    cutover
    is "$GATE_KIND: one that runs on both" "$(found)" "events:critical read_only:warning -> 2"
    mr_sql GP -e "DROP EVENT club.\`e v\`; DROP EVENT club.off; SET GLOBAL event_scheduler = OFF"
    mr_sql GR -e "SET GLOBAL event_scheduler = OFF; SET GLOBAL read_only = 1"
    catch_up
}

# Rows come all the while; then NEW stands still.
lag() {
    while [ ! -e "$IT_TMP/enough" ]; do
        echo "INSERT INTO club.members (mobile, created_at) VALUES (UUID_SHORT(), NOW());
            UPDATE club.members SET points = points + 1 WHERE id = 500;"
        sleep 0.02
    done | mr_sql GP >/dev/null 2>&1 &
    WRITER=$!
    is_ready "while OLD is written"
    as_replica STOP
    mr_sql GP -e "INSERT INTO club.small (v) VALUES (6)" # the writer may be slow
    cutover --wait 1
    is "$GATE_KIND: it follows no more" "$(found)" \
        "caught_up:critical counters:unknown replication:critical rows:unknown schema:unknown -> 2"
    like "$GATE_KIND: what to do" "$(message replication)" "START (SLAVE|REPLICA) on NEW"
    as_replica START
    touch "$IT_TMP/enough"
    wait $WRITER
    catch_up
    mr_sql GR -e "$([ "$GATE_KIND" = mariadb ] && echo 'STOP SLAVE SQL_THREAD' || echo 'STOP REPLICA SQL_THREAD')"
    mr_sql GP -e "INSERT INTO club.small (v) VALUES (7)"
    cutover --wait 1 --only caught_up
    is "$GATE_KIND: it has not applied all" "$(found)" "caught_up:critical -> 2"
    as_replica START
    cutover --wait 60 --only caught_up
    is "$GATE_KIND: it comes" "$(found)" " -> 0"
    is_ready "it has come"
}

unknown() {
    local saved=$old
    old=mysql://127.0.0.1:1
    cutover
    is "$GATE_KIND: OLD is away" "$(found)" "connection:unknown -> 4"
    cutover --nagios
    is "$GATE_KIND: as Nagios counts" "$RC" 3
    old=$new
    cutover
    is "$GATE_KIND: OLD is NEW" "$(found)" "identity:critical -> 2"
    old=$saved
    mr_sql GP -e "CREATE USER little@'%' IDENTIFIED BY 'x'; GRANT SELECT ON club.* TO little@'%'"
    catch_up
    old=$(gate_uri GP little:x) new=$(gate_uri GR little:x)
    cutover
    is "$GATE_KIND: what a right hides" "$RC $(what_fires | tr ' ' '\n' | grep -vc ':unknown')" "4 0"
    like "$GATE_KIND: appliers" "$(message appliers)" "no PROCESS.*GRANT PROCESS"
    old=${old%/*} new=${new%/*}
    cutover --only rows
    is "$GATE_KIND: databases that it may not see" "$(found)" "rows:unknown -> 4"
    like "$GATE_KIND: are said to be" "$(message rows)" "other databases are not visible on OLD"
    cutover --only plugins
    is "$GATE_KIND: functions" "$(found)" "plugins:unknown -> 4"
    like "$GATE_KIND: with their GRANT" "$(message plugins)" "loadable functions of OLD: .*GRANT SELECT ON mysql.func"
    cutover --only accounts
    is "$GATE_KIND: accounts of others" "$(found)" "accounts:unknown -> 4"
    like "$GATE_KIND: and the GRANT" "$(message accounts)" "On OLD: GRANT SELECT ON mysql"
    cutover
    like "$GATE_KIND: events" "$(message events)" "no EVENT on all databases"
    old=$(gate_uri GP) new=$(gate_uri GR)
    cutover --only caught
    is "$GATE_KIND: a slip" "$RC $(grep -c 'unknown check' "$ERR")" "3 1"
    new=mysql://127.0.0.1:1
    cutover
    is "$GATE_KIND: NEW is away" "$RC $(grep -c 'error: NEW' "$ERR")" "3 1"
    new=$(gate_uri GR)
}

# Roles exchanged in the operands, and what NEW alone has.
errant() {
    local saved=$old
    old=$new new=$saved
    cutover
    like "$GATE_KIND: the wrong way round" "$(found)" "replication:critical"
    new=$old old=$saved
    mr_sql GR -e "SET GLOBAL read_only = 0; INSERT INTO club.small (id, v) VALUES (200, 1); SET GLOBAL read_only = 1"
    cutover --skip settings
    is "$GATE_KIND: NEW was written to" "$(found)" "errant_transactions:critical rows:critical -> 2"
    like "$GATE_KIND: by that row" "$(message rows)" "club.small: .*id 200 is on NEW alone"
}

without_gtids() {
    local file pos
    if [ "$GATE_KIND" = mariadb ]; then
        mr_sql GR -e "STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID = no; START SLAVE"
    else
        quietly "SET GLOBAL read_only = 0; DELETE FROM club.small WHERE id = 200; SET GLOBAL read_only = 1"
        mr_sql GR -e "STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 0; START REPLICA"
        for mode in ON_PERMISSIVE OFF_PERMISSIVE OFF; do
            mr_sql GP -e "SET GLOBAL gtid_mode = $mode"
            mr_sql GR -e "SET GLOBAL gtid_mode = $mode"
        done
        mr_sql GR -e "SET GLOBAL super_read_only = 1"
    fi
    mr_sql GP -e "INSERT INTO club.small (v) VALUES (7)"
    cutover --skip errant_transactions
    is "$GATE_KIND: without GTIDs" "$(found)" " -> 0"
    [ "$GATE_KIND" = mysql ] || return 0
    read -r file pos _ <<<"$(mr_sql GP -e 'SHOW BINARY LOG STATUS')"
    mr_sql GR -e "STOP REPLICA; RESET REPLICA ALL; CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1',
        source_port = $(mr_get_server GP PORT), source_user = 'repl', source_password = 'repl',
        get_source_public_key = 1, source_log_file = '$file', source_log_pos = $pos FOR CHANNEL 'eu-1';
        START REPLICA FOR CHANNEL 'eu-1'"
    mr_await_replica GR
    mr_sql GP -e "INSERT INTO club.small (v) VALUES (8)"
    cutover --skip errant_transactions
    is "$GATE_KIND: by a channel with a name" "$(found)" " -> 0"
    like "$GATE_KIND: which the last steps name" "$(jq -r 'select(.type == "step").statement' "$OUT")" "RESET REPLICA ALL FOR CHANNEL 'eu-1'"
}

# Of a server that has written nothing yet all that NEW has is NEW's own.
from_the_start() {
    local old=${old%/*} new=${new%/*}
    mr_sql GP -e "RESET $([ "$GATE_KIND" = mariadb ] && echo MASTER || echo BINARY LOGS AND GTIDS)"
    mr_sql GR -e "SET GLOBAL read_only = 0; CREATE DATABASE own; DROP DATABASE own; SET GLOBAL read_only = 1"
    cutover --only errant_transactions
    is "$GATE_KIND: NEW was written to, and OLD never" "$(found)" "errant_transactions:critical -> 2"
    as_replica STOP
    mr_sql GR -e "RESET $([ "$GATE_KIND" = mariadb ] && echo MASTER || echo BINARY LOGS AND GTIDS)"
    as_replica START
    mr_await_replica GR
    cutover --only errant_transactions
    is "$GATE_KIND: neither was" "$(found)" " -> 0"
}

walk() { # mariadb|mysql
    local old new
    gate_pair "$1" || { skip "$1" "no servers"; return; }
    rm -f "$IT_TMP/enough"
    old=$(gate_uri GP) new=$(gate_uri GR)
    from_the_start
    gate_tables || bail "no tables"
    catch_up
    is_ready "a healthy pair"
    like "$1: the first line" "$("$MYRECON" gate cutover "$old" "$new" | head -n 1)" "^GATE OK - [0-9]+ checks of "
    "$MYRECON" gate cutover -q --prometheus "$IT_TMP/cutover.prom" "$old" "$new" >/dev/null
    is "$1: metrics" "$(grep -c '^myrecon_gate_cutover_state{.*} 0$' "$IT_TMP/cutover.prom")" 1
    rows_and_definitions
    one_number_twice
    [ "$1" = mysql ] || sequences
    [ "$1" = mysql ] || more_than_estimated # MySQL counts anew when it opens a table
    lossy
    plugins
    settings
    writers
    accounts
    events
    is_ready "before it lags"
    lag
    unknown
    # what only NEW has stops a MariaDB in strict mode, and without GTIDs MySQL cannot tell it
    if [ "$1" = mariadb ]; then
        without_gtids
        errant
    else
        errant
        without_gtids
    fi
    mr_stop_server GP
    mr_stop_server GR
}

walk mariadb
walk mysql
finish
