#!/bin/bash
# snapshot_restore_log.sh: a restore with --no-binlog leaves nothing in the binary log: neither rows nor
# definitions; a right that lacks is named before the first write; and what was begun with it is not
# gone on with without it.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin a
side_uri() { # x: a server of our own
    case $1 in a) echo "$MR_A_URI" ;; o) echo "$MR_O_URI" ;; x) echo "$MR_X_URI" ;; mysql://*) echo "$1" ;; *) bail "no side $1" ;; esac
}
own_begin X || bail "no server"
COPY=${DB}_copy
SNAP=$IT_TMP/snap
U=${DB}_u
at a "CREATE TABLE people (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200), KEY kv (v)); INSERT INTO people SELECT seq, REPEAT('p', 150) FROM seq_1_to_40000;
    CREATE TABLE orders (id INT PRIMARY KEY, person INT, CONSTRAINT o_p FOREIGN KEY (person) REFERENCES people (id)); INSERT INTO orders VALUES (1, 5), (2, NULL);
    CREATE TABLE plain (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO plain VALUES (1); CREATE VIEW w AS SELECT id FROM people;
    CREATE TRIGGER tp BEFORE INSERT ON orders FOR EACH ROW SET NEW.person = NULL; CREATE PROCEDURE pr() SELECT 1;
    CREATE EVENT e ON SCHEDULE EVERY 9 DAY DISABLE DO DO 1"
take --chunk-size 1 "$(uri a "$DB")" "$SNAP"

log_end() { # SIDE
    client "$1" 2>/dev/null <<<"SHOW MASTER STATUS" | cut -f 1,2 | grep . || client "$1" <<<"SHOW BINARY LOG STATUS" | cut -f 1,2
}

quiet() { # SIDE
    local target from
    target=$(uri "$1" "$COPY")
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY"
    from=$(log_end "$1")
    snap restore --no-progress --threads 3 --no-binlog "$SNAP" "$target"
    is "$1: equal" "$RC" 0
    like "$1: that replicas get nothing is said" "$(cat "$ERR")" "warning: --no-binlog: replicas of .* will not get what is restored"
    is "$1: nothing is in the log" "$(log_end "$1")" "$from"
    is "$1: all of it is there" "$(client "$1" -D "$COPY" <<<"SELECT COUNT(*) FROM people; SELECT COUNT(*) FROM orders; SELECT COUNT(*) FROM plain; SELECT COUNT(*) FROM w; CALL pr()" | xargs)" \
        "40000 2 1 40000 1"
    client "$1" <<<"DROP DATABASE $COPY"
    from=$(log_end "$1")
    snap restore --no-progress "$SNAP" "$target"
    is "$1: without it" "$RC" 0
    unlike "$1: all of it is in the log" "$(log_end "$1")" "^$from$"
}

# A right that lacks is named before the first write, also by a dry run.
without_right() { # SIDE RIGHT REPLICATION
    local target
    target=$(uri "$1" "$COPY" "$U:pw")
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY; DROP USER IF EXISTS '$U'@'%'; CREATE USER '$U'@'%' IDENTIFIED BY 'pw';
        GRANT ALL ON $COPY.* TO '$U'@'%'; GRANT $3 ON *.* TO '$U'@'%'"
    snap restore --no-progress --no-binlog "$SNAP" "$target"
    is "$1: without the right" "$RC" 5
    like "$1: which is named" "$(cat "$ERR")" "hint: Nothing was changed. Run: GRANT $2 ON \*.\* TO .*$U.*; or leave --no-binlog out"
    is "$1: nothing was changed" "$(client "$1" <<<"SHOW DATABASES LIKE '$COPY'")" ""
    snap restore --no-progress --dry-run --no-binlog "$SNAP" "$target"
    is "$1: a dry run refuses, too" "$RC" 5
    like "$1: by the same name" "$(cat "$OUT" "$ERR")" "GRANT $2 ON"
    client "$1" <<<"DROP USER '$U'@'%'"
}

# killed_amid SIDE ARGS…: a restore that is killed when some files are loaded
killed_amid() {
    local pid i
    "$MYRECON" snapshot restore -q --threads 1 "${@:2}" >/dev/null 2>&1 </dev/null &
    pid=$!
    for ((i = 0; i < 500; i++)); do
        [ "$(client "$1" 2>/dev/null <<<"SELECT COUNT(*) FROM $COPY.myrecon_restore WHERE file LIKE 'data/%'")" -gt 1 ] 2>/dev/null && break
        sleep 0.01
    done
    kill -9 $pid
    wait $pid 2>/dev/null
}

resumed() { # SIDE
    local target from
    target=$(uri "$1" "$COPY")
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY"
    from=$(log_end "$1")
    killed_amid "$1" --no-binlog "$SNAP" "$target"
    if [ -z "$(client "$1" <<<"SHOW TABLES FROM $COPY LIKE 'myrecon_restore'" 2>/dev/null)" ]; then
        skip "$1: killed" "it was quicker"
        return
    fi
    snap restore --no-progress "$SNAP" "$target"
    is "$1: killed; without it another restore" "$RC" 5
    like "$1: which is named" "$(cat "$ERR")" "or of another --no-binlog"
    snap restore --no-progress --no-binlog "$SNAP" "$target"
    is "$1: with it, gone on with" "$RC" 0
    is "$1: nothing is in the log" "$(log_end "$1")" "$from"
    client "$1" <<<"DROP DATABASE $COPY"
}

quiet x
without_right x "BINLOG ADMIN" "SET USER, SLAVE MONITOR"
resumed x
if [ -n "$MR_O_URI" ]; then
    without_right o "SESSION_VARIABLES_ADMIN" "SET_ANY_DEFINER, REPLICATION CLIENT"
else
    skip "MySQL: without the right" "no MySQL 9"
fi
finish
