#!/bin/bash
# snapshot_restore_fast.sh: --unsafe-fast: InnoDB's redo log is off while rows are loaded, and on again
# whatever ends the run; a killed one leaves it off, which the next one and doctor see; a server with
# anything else, or an account without the right, is refused before the first write.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin a
side_uri() { # f: a server of our own
    case $1 in a) echo "$MR_A_URI" ;; f) echo "$MR_F_URI" ;; mysql://*) echo "$1" ;; *) bail "no side $1" ;; esac
}
SNAP=$IT_TMP/snap
at a "CREATE TABLE people (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200), KEY kv (v)); INSERT INTO people SELECT seq, CONCAT(seq, REPEAT('p', 150)) FROM seq_1_to_120000"
take --chunk-size 1 "$(uri a "$DB")" "$SNAP"
snap restore --no-progress --unsafe-fast "$SNAP" "$(uri a "${DB}_copy")"
is "MariaDB has no such switch" "$RC" 5
like "which is said" "$(cat "$ERR")" "has no switch for InnoDB's redo log: MySQL 8.0.21"

. "$IT_DIR/../lib/servers.sh"
mr_servers_begin || bail "no place for a server"
if ! mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err"); then
    skip "--unsafe-fast" "no MySQL server"
    finish
fi
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_spawn_mysql F && mr_await F || bail "no server"
TARGET=$(uri f club)

redo() { client f <<<"SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'" | cut -f 2; }
fresh() { client f <<<"DROP DATABASE IF EXISTS club"; }

# --- refused -------------------------------------------------------------------------------

client f <<<"CREATE DATABASE shop; CREATE USER u@'%' IDENTIFIED BY 'pw'; GRANT ALL ON club.* TO u@'%'; GRANT REPLICATION CLIENT, REPLICATION SLAVE, SET_ANY_DEFINER, SHOW DATABASES ON *.* TO u@'%'"
snap restore --no-progress --unsafe-fast "$SNAP" "$TARGET"
is "another database is there" "$RC" 5
like "it is named" "$(cat "$ERR")" 'has other databases, which a crash would cost: "shop"'
client f <<<"DROP DATABASE shop"
for dry in '' --dry-run; do
    # shellcheck disable=SC2086
    snap restore --no-progress --unsafe-fast $dry "$SNAP" "$(uri f club u:pw)"
    is "without the right ${dry:-at all}" "$RC" 5
    like "the GRANT is named ${dry}" "$(cat "$OUT" "$ERR")" "GRANT INNODB_REDO_LOG_ENABLE ON"
done
is "nothing was changed" "$(client f <<<"SHOW DATABASES LIKE 'club'")$(redo)" ON
snap restore --no-progress --unsafe-fast --into-existing add --yes "$SNAP" "$TARGET"
is "not beside what is there" "$RC" 3

# --- off and on ----------------------------------------------------------------------------

client f <<<"GRANT INNODB_REDO_LOG_ENABLE ON *.* TO u@'%'"
snap restore --no-progress -vv --unsafe-fast "$SNAP" "$(uri f club u:pw)"
is "restored, and equal" "$RC" 0
like "it is said before" "$(grep -vE debug "$ERR")" "warning: --unsafe-fast: InnoDB's redo log of .* is off while rows are loaded.*all of its data is lost"
like "on again before rows are read back" "$(grep -oE "ALTER INSTANCE [A-Z]+|SHA|is on again|SELECT .*FROM .club.\..people. .*ORDER" "$ERR" | grep -oE "ENABLE|DISABLE|is on|ORDER" | uniq | xargs)" "^DISABLE ENABLE is on"
is "it is on" "$(redo)" ON

killed_amid() { # SIGNAL: when some files are loaded
    local pid i
    fresh
    "$MYRECON" snapshot restore -q --threads 1 --unsafe-fast "$SNAP" "$TARGET" >/dev/null 2>"$ERR" </dev/null &
    pid=$!
    for ((i = 0; i < 1000; i++)); do
        [ "$(client f 2>/dev/null <<<"SELECT COUNT(*) FROM club.myrecon_restore WHERE file LIKE 'data/%'")" -gt 1 ] 2>/dev/null && break
        sleep 0.005
    done
    kill "-$1" $pid
    wait $pid
    RC=$?
}

killed_amid INT
is "interrupted" "$RC" 6
is "it is on" "$(redo)" ON
snap restore --no-progress --unsafe-fast "$SNAP" "$TARGET"
is "gone on with" "$RC" 0
is "it is on again" "$(redo)" ON

killed_amid KILL
is "killed: it is off" "$(redo)" OFF
CMD=("$MYRECON" doctor "$(uri f '')")
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
like "doctor finds it" "$(cat "$OUT")" "Innodb_redo_log_enabled is 0: a crash costs all of the server's data"
like "and says how it ends" "$(cat "$OUT")" "ALTER INSTANCE ENABLE INNODB REDO_LOG"
snap restore --no-progress --dry-run "$SNAP" "$TARGET"
like "a dry run says so" "$(cat "$ERR")" "warning: InnoDB's redo log of .* is off"
is "and leaves it" "$(redo)" OFF
snap restore --no-progress "$SNAP" "$TARGET"
is "the next run ends it without the option" "$RC" 0
like "it says so" "$(cat "$ERR")" "InnoDB's redo log of .* is off"
is "and has switched it on" "$(redo)" ON

killed_amid KILL
snap restore --no-progress --unsafe-fast "$SNAP" "$TARGET"
is "the next one with it" "$RC" 0
is "switches it on in the end" "$(redo)" ON

# --- an error ------------------------------------------------------------------------------

fresh
client f <<<"CREATE DATABASE club; CREATE TABLE club.mine (id INT)"
snap restore --no-progress --unsafe-fast "$SNAP" "$TARGET"
is "a database that is not empty" "$RC" 5
is "it is on" "$(redo)" ON
finish
