#!/bin/bash
# repair_unlock.sh: while plan and verify wait for one table, those that they have read are free:
# an ALTER of one goes through.  And a plan is of the tables that were there when it was begun.

. "$(dirname "$0")/lib.sh"
begin ""
cd "$IT_TMP" || exit 1

world() { # world SIDE: people, and orders of theirs, of which the source alone has some
    SRC=$(uri "$1" "$DB") DST=$(uri "$1" "${DB}_t") CASE=$IT_TMP/case-$1
    local db
    for db in "$DB" "${DB}_t"; do
        fresh "$1" "$db"
        client "$1" -D "$db" <<<"
CREATE TABLE early (id INT PRIMARY KEY AUTO_INCREMENT, mobile VARCHAR(20) NOT NULL UNIQUE);
CREATE TABLE zz_late (id INT PRIMARY KEY AUTO_INCREMENT, no VARCHAR(20) NOT NULL UNIQUE, early_id INT NOT NULL);
INSERT INTO early VALUES (1, 'one'), (2, 'two'); INSERT INTO zz_late VALUES (1, 'a', 1), (2, 'b', 2)" || bail "not prepared"
    done
    client "$1" -D "$DB" <<<"INSERT INTO early VALUES (3, 'lost'), (4, 'gone'); INSERT INTO zz_late VALUES (3, 'c', 3), (4, 'd', 4)"
    client "$1" -D "${DB}_t" <<<"INSERT INTO early VALUES (3, 'live'); INSERT INTO zz_late VALUES (3, 'e', 3)"
    rm -rf "$CASE" plan
    "$MYRECON" check "$SRC" "$DST" --settle 0 --case "$CASE" -q >"$OUT" 2>"$ERR"
}
cat >ini <<INI
[table $DB.early]
subject = yes
identity = mobile
[table $DB.zz_late]
identity = no
reference = early_id -> $DB.early.id
INI

held() { # held SIDE: zz_late of the target is locked, until 7 is closed
    exec 7> >(client "$1" -D "${DB}_t" >/dev/null 2>&1)
    echo "LOCK TABLES zz_late WRITE; SELECT 1;" >&7
    sleep 0.5
}

waits() { # waits SIDE: for zz_late, ten seconds at most
    local i
    for i in $(seq 100); do
        [ "$(client "$1" <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST
            WHERE STATE LIKE '%metadata lock%' AND INFO LIKE '%zz_late%' AND INFO NOT LIKE '%PROCESSLIST%'")" -gt 0 ] && return 0
        sleep 0.1
    done
    return 1
}

alter() { # alter SIDE SQL
    client "$1" -D "${DB}_t" <<<"SET lock_wait_timeout = 2; $2"
}

background() { # background ARGS…
    "$MYRECON" "$@" >"$OUT" 2>"$ERR" </dev/null 7>&- &
    PID=$!
}

plan() { # plan: in the background
    background repair plan --case "$CASE" --config ini --policy merge --output plan --source "$SRC" --target "$DST" "$@"
}

ends() { # ends NAME CODE
    local rc=0
    exec 7>&-
    wait $PID || rc=$?
    is "$1" "$rc" "$2"
    [ $rc = "$2" ] || tail -5 "$ERR" | note
}

for side in a o; do
    kind=$([ $side = a ] && echo MariaDB || echo "MySQL 9")
    if [ $side = o ] && [ -z "$MR_O_URI" ]; then
        skip "$kind" "no MySQL 9"
        continue
    fi
    world $side
    held $side
    plan
    ok "$kind: plan waits for a table" waits $side
    ok "$kind: another one can be altered" alter $side "ALTER TABLE early FORCE"
    ends "$kind: no plan of a table that was altered meanwhile" 4
    like "$kind: which is said" "$(cat "$ERR")" 'early'
    is "$kind: nothing is written" "$(ls -d plan* 2>/dev/null)" ""

    world $side
    client $side -D "${DB}_t" <<<"CREATE TABLE early_new LIKE early; INSERT INTO early_new SELECT * FROM early WHERE id < 3"
    held $side
    plan
    ok "$kind: plan waits again" waits $side
    ok "$kind: another takes its place" alter $side "SET foreign_key_checks = 0; RENAME TABLE early TO early_old, early_new TO early"
    ends "$kind: no plan of two tables" 4
    like "$kind: and that is said" "$(cat "$ERR")" 'early'

    world $side
    held $side
    plan
    ok "$kind: plan waits once more" waits $side
    ok "$kind: what it has read can be altered" alter $side "ALTER TABLE early COMMENT = 'x'"
    ends "$kind: and goes on, where rows are as they were" 0
    "$MYRECON" repair apply plan "$DST" --yes -q >"$OUT" 2>"$ERR" || note <"$ERR"
    held $side
    background repair verify plan --source "$SRC" "$DST"
    ok "$kind: verify waits" waits $side
    ok "$kind: what that has read can be altered" alter $side "ALTER TABLE early COMMENT = 'y'"
    ends "$kind: and all is proved" 0
    at $side "DROP DATABASE ${DB}_t" 2>/dev/null
done

if [ "$(client a <<<"SELECT @@GLOBAL.log_bin")" = 1 ]; then
    world a
    U=it_unlock
    at_exit "client a <<<\"DROP USER IF EXISTS '$U'@'127.0.0.1'\""
    client a <<<"CREATE OR REPLACE USER '$U'@'127.0.0.1'; GRANT SELECT, TRIGGER, PROCESS ON *.* TO '$U'@'127.0.0.1'"
    SRC=$(uri a "$DB" $U) DST=$(uri a "${DB}_t" $U)
    "$MYRECON" repair plan --case "$CASE" --config ini --policy merge --output kept --source "$SRC" --target "$DST" >"$OUT" 2>"$ERR"
    is "MariaDB, an account that may free no table: a plan" "$?" 0 || note <"$ERR"
    is "of each server it is said once" "$(grep -c 'waits until all are read, and writers wait behind it: .* BINLOG ADMIN' "$ERR")" 2
else
    skip "an account that may free no table" "no binary log"
fi
finish
