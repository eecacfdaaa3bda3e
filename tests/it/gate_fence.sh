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

connects() { # USER: sleeps as an application's pool does, until it is killed
    mariadb --no-defaults -h 127.0.0.1 -P "$(mr_get_server GR PORT)" -u "$1" -px -e 'SELECT SLEEP(60)' >/dev/null 2>&1 &
    APP=$!
    for _ in {1..100}; do
        [ "$(mr_sql GR -e "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = '$1'")" = 1 ] && break
        sleep 0.1
    done
}
leaves() { # USER
    mr_sql GR -e "KILL $(mr_sql GR -e "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '$1'")"
    wait $APP 2>/dev/null
}
inside() { # SQL on the old one, past read_only and its log
    mr_sql GR -e "SET GLOBAL read_only = 0; SET sql_log_bin = 0; $1; SET GLOBAL read_only = 1"
}

# The old one, GR, is a replica of the live one, GP, by now.
walk() { # mariadb|mysql
    local old live right='READ_ONLY ADMIN'
    [ "$1" = mariadb ] || right=CONNECTION_ADMIN
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
    inside "CREATE ROLE plain, inside, around; GRANT SELECT ON *.* TO plain; GRANT $right ON *.* TO inside;
        GRANT inside TO around; CREATE USER app@'%' IDENTIFIED BY 'x', 'ops@home'@'%' IDENTIFIED BY 'x';
        GRANT plain TO app@'%'; GRANT INSERT ON club.* TO app@'%'; GRANT $right ON *.* TO 'ops@home'@'%'"
    connects app
    fence --live "$live" "$old"
    is "$1: an application is connected" "$RC $(verdict) $(found)" "1 fenced sessions:warning"
    like "$1: which is named" "$(says sessions)" "^1 session is still connected: app \(1\)"
    inside "GRANT around TO app@'%'"
    fence --live "$live" "$old"
    is "$1: one that may write by a role of a role" "$RC $(verdict) $(found)" "2 not fenced exempt:critical sessions:warning"
    like "$1: who it is" "$(says exempt)" ": app \(1\)$"
    leaves app
    connects ops@home
    fence --live "$live" "$old"
    is "$1: one whose name holds @" "$RC $(verdict) $(found)" "2 not fenced exempt:critical sessions:warning"
    leaves ops@home
    writes GR # root, who may
    fence --live "$live" "$old"
    like "$1: one who may write in spite of it" "$RC $(verdict) $(found)" "^2 not fenced exempt:critical.* log:critical"
    like "$1: it has written" "$(says log)" "^it has written [0-9]+ transactions? in 0\.[0-9] s"
    stop_writing
    mr_sql GR -e "SET GLOBAL event_scheduler = 1; SET GLOBAL read_only = 0; SET sql_log_bin = 0;
        CREATE EVENT club.e ON SCHEDULE EVERY 1 HOUR DO INSERT INTO t VALUES (NULL); SET GLOBAL read_only = 1"
    fence "$old"
    is "$1: events run" "$RC $(found)" "1 events:warning"
    mr_sql GR -e "SET GLOBAL event_scheduler = 0"

    # a transaction that was begun before
    mr_sql GR -e "SET GLOBAL read_only = 0"
    { echo "BEGIN; INSERT INTO club.t VALUES (1000000); SELECT 'begun';"; sleep 30; } |
        mr_sql GR -n >"$IT_TMP/begun" 2>/dev/null &
    OPEN=$!
    for i in {1..100}; do [ -s "$IT_TMP/begun" ] && break; sleep 0.1; done
    fence "$old"
    like "$1: rows are changed, and not committed" "$(found)" "transactions:critical"
    kill $OPEN
    wait $OPEN 2>/dev/null
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
    if [ "$1" = mysql ]; then
        mr_sql GR -e "STOP REPLICA; RESET REPLICA ALL; SET GLOBAL gtid_mode = ON_PERMISSIVE;
            SET GLOBAL gtid_mode = OFF_PERMISSIVE"
        writes GR
        fence "$old"
        like "$1: what has no GTID moves the log, too" "$(found)" "log:critical"
        like "$1: as is said" "$(says log)" "^its log moved in "
        stop_writing
    fi
    mr_stop_server GP
    mr_stop_server GR
}

walk mariadb
walk mysql
finish
