#!/bin/bash
# gate_fence.sh: an old primary is fenced only where nobody can write to it: what it applies of the
# live server does not count, whatever else may write is named, what is hidden or away is unknown.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"

fence() { # ARGS…
    CMD=("$MYRECON" gate fence --json --for 0.6 "$@")
    timeout -k 5 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
found() { # "name:severity …" of all that is not well
    jq -r 'select(.type == "check" and .severity != "ok") | "\(.name):\(.severity)"' "$OUT" | sort | xargs
}
verdict() { # of the first server
    jq -rs 'map(select(.type == "server"))[0].verdict' "$OUT"
}
says() { # NAME: its message
    jq -r --arg n "$1" 'select(.type == "check" and .name == $n) | .message' "$OUT"
}
writes() { # NAME: a writer, until stop_writing
    : >"$IT_TMP/writing"
    while [ -e "$IT_TMP/writing" ]; do
        echo "INSERT INTO club.t VALUES (NULL);"
        sleep 0.05
    done | mr_sql "$1" --force >/dev/null 2>&1 &
    WRITER=$!
}
stop_writing() {
    rm -f "$IT_TMP/writing"
    wait "$WRITER"
}

# What no privilege of a session's own account tells.
by_rights_of_others() { # mariadb|mysql; events run
    local right="READ ONLY ADMIN" default="SET DEFAULT ROLE writers FOR chief@'%'"
    [ "$1" = mariadb ] || right=CONNECTION_ADMIN default="SET DEFAULT ROLE writers TO chief@'%'"
    quietly() { mr_sql GR -e "SET GLOBAL read_only = 0; SET sql_log_bin = 0; $1; SET GLOBAL read_only = 1"; }
    quietly "CREATE EVENT club.mine ON SCHEDULE EVERY 1 HOUR DO INSERT INTO t VALUES (NULL)"
    fence "$old"
    is "$1: an event writes as its definer" "$RC $(found)" "2 events:critical"
    like "$1: who is named" "$(says events)" "as their definers: root@"
    quietly "DROP EVENT club.mine; DROP EVENT club.e;
        CREATE PROCEDURE club.p() INSERT INTO club.t VALUES (NULL); GRANT EXECUTE ON club.* TO app@'%'"
    as app -e "CALL p()" # read-only though it is
    fence "$old"
    is "$1: a routine writes as its definer" "$RC $(found)" "1 routines:warning"
    as app -e 'SELECT SLEEP(60)' >/dev/null 2>&1 &
    APP=$!
    await_user app
    fence "$old"
    is "$1: and somebody is there to call it" "$RC $(verdict) $(found)" "4 unknown routines:unknown sessions:warning"
    end_user app
    quietly "DROP PROCEDURE club.p; CREATE ROLE writers; GRANT $right ON *.* TO writers;
        CREATE USER chief@'%' IDENTIFIED BY 'x'; GRANT SELECT ON club.* TO chief@'%'; GRANT writers TO chief@'%'; $default"
    fence "$old"
    is "$1: an account may by its role" "$RC $(found)" "1 accounts:warning"
    like "$1: which is named" "$(says accounts)" "not connected: chief@%"
    as chief -e 'SELECT SLEEP(60)' >/dev/null 2>&1 &
    APP=$!
    await_user chief
    fence "$old"
    is "$1: and is connected" "$RC $(found)" "2 exempt:critical sessions:warning"
    end_user chief
    mr_sql GR -e "SET sql_log_bin = 0; ALTER USER chief@'%' ACCOUNT LOCK"
    fence "$old"
    is "$1: one that is locked may not" "$RC $(found)" "0 "
    if [ "$1" = mariadb ]; then
        mr_sql GR -e "SET sql_log_bin = 0; GRANT READ ONLY ADMIN ON *.* TO PUBLIC"
        fence "$old"
        is "$1: everybody may, by PUBLIC" "$RC $(found)" "1 accounts:warning"
        mr_sql GR -e "SET sql_log_bin = 0; REVOKE READ ONLY ADMIN ON *.* FROM PUBLIC"
    else
        quietly "CREATE ROLE writers_not; SET GLOBAL mandatory_roles = 'writers_not'"
        fence "$old"
        is "$1: a role whose name begins so is another one" "$RC $(found)" "0 "
        mr_sql GR -e "SET GLOBAL mandatory_roles = '\`writers\`@\`%\`'"
        fence "$old"
        is "$1: everybody may, by a role that all have" "$RC $(found)" "1 accounts:warning"
        mr_sql GR -e "SET GLOBAL mandatory_roles = ''"
    fi
}
# The set of before stays, and grows no more.
without_gtids() {
    mr_sql GR -e "STOP REPLICA; SET GLOBAL gtid_mode = ON_PERMISSIVE; SET GLOBAL gtid_mode = OFF_PERMISSIVE"
    writes GR
    fence "$old"
    like "mysql: without GTIDs its log tells" "$RC $(found)" "^2 .*log:critical"
    like "mysql: by its position" "$(says log)" "^its log moved in"
    stop_writing
    fence "$old"
    is "mysql: and stands still" "$RC $(found)" "0 "
    mr_sql GR -e "SET GLOBAL gtid_mode = ON_PERMISSIVE; SET GLOBAL gtid_mode = ON; START REPLICA"
}
# Each connection is gone before anybody sees it.
unlogged() { # mariadb|mysql
    mr_sql GR -e "STOP REPLICA"
    for i in {1..20}; do
        mr_sql GR -e "SET sql_log_bin = 0; INSERT INTO club.t VALUES (NULL)"
        sleep 0.05
    done &
    WRITER=$!
    fence "$old"
    like "$1: what its log does not have" "$RC $(found)" "^[24] .*rows:unknown"
    wait $WRITER
    fence "$old"
    is "$1: it stands still" "$RC $(found)" "0 "
    mr_sql GR -e "START REPLICA"
}
as() { # USER ARGS…: in club
    mariadb --no-defaults --skip-ssl -h 127.0.0.1 -P "$(mr_get_server GR PORT)" -u "$1" -px "${@:2}" club
}
await_user() { # NAME
    for i in {1..100}; do
        [ "$(mr_sql GR -e "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = '$1'")" = 1 ] && break
        sleep 0.1
    done
}
end_user() { # NAME, and the client $APP
    mr_sql GR -e "KILL $(mr_sql GR -e "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '$1'")"
    wait "$APP" 2>/dev/null
}

# The old one, GR, is a replica of the live one, GP, by now.
walk() { # mariadb|mysql
    local old live
    gate_pair "$1" || { skip "$1" "no servers"; return; }
    mr_sql GP -e "CREATE DATABASE club; CREATE TABLE club.t (id INT AUTO_INCREMENT PRIMARY KEY);
        CREATE USER little@'%' IDENTIFIED BY 'x'"
    catch_up
    old=$(gate_uri GR) live=$(gate_uri GP)
    old=${old%/club} live=${live%/club}

    mr_sql GR -e "SET GLOBAL read_only = 0"
    fence --live "$live" "$old"
    is "$1: it takes writes" "$RC $(verdict) $(found)" "2 not fenced read_only:critical"
    mr_sql GR -e "SET GLOBAL read_only = 1"
    [ "$1" = mariadb ] || mr_sql GR -e "SET GLOBAL super_read_only = 1"
    fence --live "$live" "$old"
    is "$1: it takes none" "$RC $(verdict) $(found)" "0 fenced "
    writes GP
    fence --live "$live" "$old"
    is "$1: what it applies of the live one does not count" "$RC $(verdict) $(found)" "0 fenced "
    like "$1: whom it follows is said" "$(says replication)" "^it applies what .*$(mr_get_server GP PORT) writes"
    stop_writing
    catch_up

    # somebody who may write all the same
    if [ "$1" = mysql ]; then
        mr_sql GR -e "SET GLOBAL super_read_only = 0"
    fi
    mr_sql GR -e "SET GLOBAL read_only = 0; SET sql_log_bin = 0; CREATE USER app@'%' IDENTIFIED BY 'x';
        GRANT INSERT ON club.* TO app@'%'; SET GLOBAL read_only = 1"
    # sleeps as an application's pool does
    as app -e 'SELECT SLEEP(60)' >/dev/null 2>&1 &
    APP=$!
    await_user app
    fence --live "$live" "$old"
    is "$1: an application is connected" "$RC $(verdict) $(found)" "1 fenced sessions:warning"
    like "$1: which is named" "$(says sessions)" "^1 session is still connected: app \(1\)"
    end_user app
    writes GR # root, who may
    fence --live "$live" "$old"
    like "$1: one who may write in spite of it" "$RC $(verdict) $(found)" "^2 not fenced exempt:critical.* log:critical"
    like "$1: it has written" "$(says log)" "^it has written [0-9]+ transactions? in 0\.[0-9] s"
    stop_writing
    mr_sql GR -e "SET GLOBAL event_scheduler = 1; SET GLOBAL read_only = 0; SET sql_log_bin = 0;
        CREATE DEFINER = app@'%' EVENT club.e ON SCHEDULE EVERY 1 HOUR DO INSERT INTO t VALUES (NULL);
        SET GLOBAL read_only = 1"
    fence "$old"
    is "$1: events run" "$RC $(found)" "1 events:warning"
    by_rights_of_others "$@"
    mr_sql GR -e "SET GLOBAL event_scheduler = 0"

    [ "$1" = mariadb ] || without_gtids
    unlogged "$1"

    # a transaction that was begun before
    mr_sql GR -e "SET GLOBAL read_only = 0"
    open_transaction "INSERT INTO club.t VALUES (1000000)"
    fence "$old"
    like "$1: rows are changed, and not committed" "$(found)" "transactions:critical"
    end_transaction
    mr_sql GR -e "SET GLOBAL read_only = 1"

    # what is not known
    fence "$(gate_uri GR little:x | sed 's,/club,,')"
    is "$1: what is hidden is unknown" "$RC $(verdict)" "4 unknown"
    like "$1: with the reason" "$(says sessions)" "no PROCESS"
    fence "$old" mysql://127.0.0.1:1
    is "$1: one that is away is unknown, and the others are looked at" \
        "$RC $(jq -rs 'map(select(.type == "server").verdict) | join(" ")' "$OUT")" "4 fenced unknown"
    fence --live "$live" "$live"
    is "$1: the live server is none" "$RC $(found)" "2 identity:critical"
    fence --live mysql://127.0.0.1:1 "$old"
    is "$1: the live server is away" "$RC $(grep -c 'error: ' "$ERR")" "3 1"
    "$MYRECON" gate fence --for 0.2 -v --live "$live" "$old" >"$OUT" 2>"$ERR"
    like "$1: text" "$(cat "$OUT")" "^fenced .*"$'\n'".*1 of 1 fenced"
    timeout -s INT 4 "$MYRECON" gate fence --for 60 "$old" >"$OUT" 2>"$ERR"
    is "$1: Ctrl-C" "$? $(grep -c 'Nothing is known' "$ERR")" "124 1"
    mr_stop_server GP
    mr_stop_server GR
}

walk mariadb
walk mysql
finish
