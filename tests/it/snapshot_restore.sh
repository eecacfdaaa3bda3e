#!/bin/bash
# snapshot_restore.sh: what was kept is there again, to the last bit; nothing that is there is
# touched without being told to; a kill at any moment loses nothing.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
settings change
begin ab
# That others plan on b meanwhile forbids statements in its log.
own_begin && mr_spawn_mariadb MX --binlog-format=MIXED && mr_await MX || bail "no server of mixed logs"
COPY=${DB}_copy
SNAP=$IT_TMP/snap

restored_is() { # restored_is DESCRIPTION WANTED ARGS…: "RC VERDICT MODE" of a restore
    snap restore --json --no-progress "${@:3}"
    is "$1" "$RC $(jq -r 'select(.type == "summary") | "\(.verdict) \(.mode)"' "$OUT" 2>/dev/null)" "$2"
}

both_ways() { # both_ways SIDE TARGET
    local was to=$2
    fresh "$1$2" "$DB"
    fresh "$2" "$COPY"
    client "$2" <<<"DROP DATABASE $COPY"
    every_type "$1"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    snap verify "$SNAP"
    is "$1: made and proved" "$RC" 0
    [ "$2" = b ] && BEST=bulk || BEST=load # of MariaDB
    restored_is "$1: restored ($BEST)" "0 equal $BEST" --rename-db "$DB=$COPY" "$SNAP" "$(side_uri "$2")"
    SRC=$(uri "$1" "$DB") DST=$(uri "$2" "$COPY")
    check_is 0 "$1: check calls it equal, objects and all"
    is "$1: nothing of the restore is left" "$(client "$2" -D "$COPY" <<<"SHOW TABLES LIKE 'myrecon%'")" ""
    is "$1: the counter is as it was" \
        "$(client "$2" -D "$COPY" <<<"INSERT INTO child (pid) VALUES (1); SELECT MAX(id) FROM child")" 1000
    client "$2" <<<"DROP DATABASE $COPY"
    # bulk is for a binary log of rows alone, or for none
    [ "$2" != b ] || to=$MR_MX_URI
    DST=$(uri "$to" "$COPY")
    if [ "$2" = b ]; then
        restored_is "$1: restored by LOAD DATA" "0 equal load" --rename-db "$DB=$COPY" "$SNAP" "$to"
        check_is 0 "$1: equal, too"
        client "$to" <<<"DROP DATABASE $COPY"
    fi
    was=$(client "$to" <<<"SELECT @@GLOBAL.local_infile")
    client "$to" <<<"SET GLOBAL local_infile = 0"
    restored_is "$1: restored by INSERT" "0 equal insert" "$SNAP" "$(uri "$to" "$COPY")"
    client "$to" <<<"SET GLOBAL local_infile = $was"
    check_is 0 "$1: equal, too"
    client "$to" <<<"DROP DATABASE $COPY"
}
both_ways a b
if [ -n "$MR_O_URI" ]; then both_ways o o; else skip "MySQL: there and back" "no MySQL 9"; fi

if [ -n "$MR_O_URI" ]; then
    fresh ao "$DB"
    fresh o "$COPY"
    at a "CREATE TABLE j (id INT AUTO_INCREMENT PRIMARY KEY, j JSON, t VARCHAR(50), f FLOAT, b BLOB, d DATETIME(3));
        INSERT INTO j VALUES (1, '{\"b\": 1.10, \"a\": [1, 2]}', 'é😀', 0.1, 0x00095C, '0000-00-00'), (2, NULL, '', -0.5, '', '2020-02-30')"
    rm -rf "$SNAP"
    take "$(uri a "$DB")" "$SNAP"
    restored_is "MariaDB to MySQL" "0 equal load" "$SNAP" "$(uri o "$COPY")"
else
    skip "MariaDB to MySQL" "no MySQL 9"
fi

# --- what is there ------------------------------------------------------------------------

fresh ab "$DB"
fresh b "$COPY"
at a "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 2); CREATE TABLE u LIKE t; CREATE VIEW w AS SELECT id FROM t"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
state() { client b -D "$COPY" <<<"SELECT * FROM t; SHOW TABLES" 2>&1; }
client b -D "$COPY" <<<"CREATE TABLE t (id INT, mine INT); INSERT INTO t VALUES (9, 9); CREATE TABLE other (id INT)"
before=$(state)
restored_is "a database that is not empty is refused" "5 " "$SNAP" "$(uri b "$COPY")"
restored_is "so it is where a name is taken" "5 " --into-existing add --yes "$SNAP" "$(uri b "$COPY")"
restored_is "and where nobody can be asked" "5 " --into-existing replace "$SNAP" "$(uri b "$COPY")"
is "nothing was changed" "$(state)" "$before"
restored_is "--tables into what is there" "0 equal bulk" --tables u --tables nobody --into-existing add --yes "$SNAP" "$(uri b "$COPY")"
like "a pattern that matches nothing is told" "$(cat "$ERR")" '[-]-tables "nobody" matches no table'
is "others stay" "$(client b -D "$COPY" <<<"SELECT mine FROM t; SELECT COUNT(*) FROM u; SHOW TABLES" | xargs)" "9 0 other t u"
restored_is "--into-existing replace --yes" "0 equal bulk" --into-existing replace --yes "$SNAP" "$(uri b "$COPY")"
is "others stay, its own are there" "$(client b -D "$COPY" <<<"SELECT SUM(v) FROM t; SHOW TABLES" | xargs)" "3 other t u w"

# the parent's name sorts first, and its child goes, too; then a child that stays
at a "CREATE TABLE a_parent (id INT PRIMARY KEY); INSERT INTO a_parent VALUES (1); CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES a_parent (id)); INSERT INTO child VALUES (1, 1)"
rm -rf "$SNAP"
client b <<<"DROP DATABASE $COPY"
take "$(uri a "$DB")" "$SNAP"
restored_is "tables that refer to each other" "0 equal bulk" "$SNAP" "$(uri b "$COPY")"
restored_is "they are replaced together" "0 equal bulk" --into-existing replace --yes "$SNAP" "$(uri b "$COPY")"
is "the reference is there" "$(client b <<<"SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '$COPY'")" 1
client b -D "$COPY" <<<"CREATE TABLE stays (p INT, FOREIGN KEY (p) REFERENCES a_parent (id))"
before=$(state)
restored_is "a table that stays and refers to one that goes" "5 " --into-existing replace --yes "$SNAP" "$(uri b "$COPY")"
like "it is named" "$(cat "$ERR")" "table \"$COPY.stays\" stays, and refers to \"$COPY.a_parent\""
is "nothing was dropped" "$(state)" "$before"

printf x >>"$(ls "$SNAP"/data/*.zst | head -n 1)"
client b <<<"DROP DATABASE $COPY"
restored_is "a damaged snapshot is refused" "5 " "$SNAP" "$(uri b "$COPY")"
is "before anything is done" "$(client b <<<"SHOW DATABASES LIKE '$COPY'")" ""

# --- a kill at any moment -----------------------------------------------------------------

fresh a "$DB"
at a "CREATE TABLE p (id INT PRIMARY KEY); INSERT INTO p VALUES (1);
    CREATE TABLE n (id INT PRIMARY KEY, p INT, pad VARCHAR(200), FOREIGN KEY (p) REFERENCES p (id));
    INSERT INTO n SELECT seq, 1, REPEAT(CHAR(65 + seq % 26), 200) FROM seq_1_to_50000;
    CREATE TABLE k (id INT, pad VARCHAR(200)); INSERT INTO k SELECT seq % 100, REPEAT('k', 150) FROM seq_1_to_20000;
    CREATE TABLE m (id INT PRIMARY KEY, pad VARCHAR(200)) ENGINE=MyISAM; INSERT INTO m SELECT seq, REPEAT('m', 150) FROM seq_1_to_20000;
    CREATE VIEW w AS SELECT id FROM n; CREATE TRIGGER tr BEFORE INSERT ON n FOR EACH ROW SET NEW.pad = TRIM(NEW.pad)"
rm -rf "$SNAP"
take --chunk-size 1 "$(uri a "$DB")" "$SNAP"
await_rollback() { # the server takes back what the dead connections had begun; between two
    local i quiet=0 # statements of theirs the list shows nothing of them
    for ((i = 0; i < 100 && quiet < 5; i++)); do
        quiet=$((quiet + 1))
        [ "$(client b <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%$COPY%' AND ID <> CONNECTION_ID()")" = 0 ] || quiet=0
        sleep 0.1
    done
}
ended_already() { # the kill came behind the last statement: nothing is left to go on with
    [ "$RC" = 5 ] && [ -z "$(client b -D "$COPY" <<<"SHOW TABLES LIKE 'myrecon%'")" ] &&
        run_check "$(uri a "$DB")" "$(uri b "$COPY")" --settle "$SETTLE" && [ "$RC" = 0 ]
}
WRONG= RESUMED=0
for delay in 0.02 0.05 0.1 0.15 0.2 0.3 0.4 0.6; do
    client b <<<"DROP DATABASE IF EXISTS $COPY"
    killed_after "$delay" "$MYRECON" snapshot restore -q --threads 2 "$SNAP" "$(uri b "$COPY")" || continue
    await_rollback
    snap restore --json --no-progress "$SNAP" "$(uri b "$COPY")"
    RESUMED=$((RESUMED + $(grep -c '"resumed":true' "$OUT")))
    [ "$RC" = 0 ] || was="exit code $RC: $(tail -n 2 "$ERR")"
    [ "$RC" = 0 ] || ended_already || WRONG+="killed after $delay s: $was
"
done
is "killed while restoring: the same command ends it" "$WRONG" ""
ok "some of them went on ($RESUMED of 8)" test "$RESUMED" -gt 0
SRC=$(uri a "$DB") DST=$(uri b "$COPY")
check_is 0 "equal"

# --- another one beside it -----------------------------------------------------------------

client b <<<"DROP DATABASE IF EXISTS $COPY"
touch "$IT_TMP/pause"
"$MYRECON" snapshot restore -q --pause-file "$IT_TMP/pause" "$SNAP" "$(uri b "$COPY")" >"$IT_TMP/first" 2>&1 </dev/null &
FIRST=$!
for ((i = 0; i < 300; i++)); do
    client b -D "$COPY" 2>/dev/null <<<"SELECT 1 FROM myrecon_restore WHERE file LIKE 'begun%'" | grep -q 1 && break
    sleep 0.05
done
snap restore --no-progress "$SNAP" "$(uri b "$COPY")"
is "a restore beside another one is refused" "$RC" 5
like "which is said" "$(cat "$ERR")" "another restore into database \"$COPY\" is at work"
snap restore --no-progress --yes --into-existing replace "$SNAP" "$(uri b "$COPY")"
is "also one that would make room" "$RC" 5
rm "$IT_TMP/pause"
wait $FIRST
is "the first comes to its end" "$? $(cat "$IT_TMP/first")" "0 $(cat "$IT_TMP/first")"
check_is 0 "and is equal"

# --- rows that somebody touches meanwhile -------------------------------------------------

begin_and_kill() { # until the first rows of n are there, and some are not
    local i try pid
    for try in {1..10}; do
        client b <<<"DROP DATABASE IF EXISTS $COPY"
        "$MYRECON" snapshot restore -q --threads 1 "$SNAP" "$(uri b "$COPY")" >/dev/null 2>&1 </dev/null &
        pid=$!
        for ((i = 0; i < 300; i++)); do
            [ "$(client b 2>/dev/null <<<"SELECT COUNT(*) FROM $COPY.n")" -gt 0 ] 2>/dev/null && break
            sleep 0.01
        done
        kill -9 $pid 2>/dev/null
        wait $pid 2>/dev/null
        [ $? != 137 ] || break
    done
    await_rollback
}

differs() { # DESCRIPTION SQL ROWS: done to what a killed restore has loaded; the next names it
    begin_and_kill
    client b -D "$COPY" <<<"$2"
    restored_is "$1: found" "1 different bulk" "$SNAP" "$(uri b "$COPY")"
    is "$1: it is this table" \
        "$(jq -r 'select(.type == "table" and .verdict != "equal") | "\(.table) \(.rows)"' "$OUT")" "$COPY.n $3"
}
begin_and_kill
client b -D "$COPY" <<<"DELETE FROM n ORDER BY id LIMIT 1"
restored_is "a restore that differs has come to its end" "1 different bulk" "$SNAP" "$(uri b "$COPY")"
restored_is "and no other goes on with what stands there" "5 " "$SNAP" "$(uri b "$COPY")"
client b <<<"DROP DATABASE $COPY"
differs "a row changed" "UPDATE n SET pad = 'x' ORDER BY id LIMIT 1" 50000
differs "a row gone" "DELETE FROM n ORDER BY id LIMIT 1" 49999
differs "a row more, below all" "INSERT INTO n VALUES (-7, 1, 'x')" 50001
differs "a row more, above all" "INSERT INTO n VALUES (99999999, 1, 'x')" 50001

# --- an unfinished restore of another scope, or of another snapshot -------------------------

paused() { # paused ARGS…: a restore that is killed when it has made its tables, before any row
    local i pid
    touch "$IT_TMP/pause"
    "$MYRECON" snapshot restore -q --pause-file "$IT_TMP/pause" "$@" "$SNAP" "$(uri b "$COPY")" >/dev/null 2>&1 </dev/null &
    pid=$!
    for ((i = 0; i < 300; i++)); do
        [ "$(client b 2>/dev/null <<<"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY' AND TABLE_NAME = 'p'")" = 1 ] && break
        sleep 0.05
    done
    kill -9 $pid
    wait $pid 2>/dev/null
    rm "$IT_TMP/pause"
    await_rollback
}
mine() {
    client b <<<"DROP DATABASE IF EXISTS $COPY; CREATE DATABASE $COPY"
    client b -D "$COPY" <<<"CREATE TABLE m (id INT PRIMARY KEY, pad VARCHAR(200)) ENGINE=MyISAM; INSERT INTO m VALUES (-1, 'mine'); CREATE VIEW w AS SELECT 'mine' AS x"
}
mine
paused --into-existing add --yes --tables p
restored_is "an unfinished restore of other tables is not gone on with" "5 " "$SNAP" "$(uri b "$COPY")"
like "it is named" "$(cat "$ERR")" "unfinished restore of this snapshot, of other tables"
restored_is "nor with more" "5 " --into-existing add --yes --tables p --tables m "$SNAP" "$(uri b "$COPY")"
is "what is not its own is as it was" "$(client b -D "$COPY" <<<"SELECT pad FROM m; SELECT x FROM w" | xargs)" "mine mine"
restored_is "with its own it is" "0 equal bulk" --tables p "$SNAP" "$(uri b "$COPY")"
client b <<<"DROP DATABASE $COPY"
paused
restored_is "one of which something would stay is not replaced" "5 " --tables p --into-existing replace --yes "$SNAP" "$(uri b "$COPY")"
like "what would stay is named" "$(cat "$ERR")" "unfinished restore of other tables, and table \"$COPY\..*\", which may be half of it, would stay"
client b <<<"DROP DATABASE $COPY"
paused --tables p
restored_is "one that is replaced is begun anew" "0 equal bulk" --into-existing replace --yes "$SNAP" "$(uri b "$COPY")"

client b <<<"DROP DATABASE $COPY; CREATE DATABASE $COPY"
client b -D "$COPY" <<<"CREATE TABLE myrecon_restore (uuid VARCHAR(40) NOT NULL, file VARCHAR(250) NOT NULL PRIMARY KEY);
    INSERT INTO myrecon_restore VALUES ('another', 'begun'), $(jq -r '[.tables[].chunks[].file | "('\''another'\'', '\''\(.)'\'')"] | join(", ")' "$SNAP/manifest.json")"
restored_is "what another snapshot has loaded is loaded again" "0 equal bulk" "$SNAP" "$(uri b "$COPY")"

client b <<<"DROP DATABASE $COPY"
paused
cp -r "$SNAP" "$IT_TMP/other" # the same rows, and another snapshot
sed -i "s/\"uuid\":\"[^\"]*\",\"created\"/\"uuid\":\"20200101T000000Z-000001\",\"created\"/" "$IT_TMP/other/manifest.json"
(cd "$IT_TMP/other" && sha256sum manifest.json >manifest.json.sha256)
restored_is "beside what another snapshot has half restored nothing is added" "5 " --into-existing add --yes "$IT_TMP/other" "$(uri b "$COPY")"
like "it is named" "$(cat "$ERR")" "has an unfinished restore of another snapshot"
restored_is "nor into it" "5 " "$IT_TMP/other" "$(uri b "$COPY")"
restored_is "its own command ends it" "0 equal bulk" "$SNAP" "$(uri b "$COPY")"
client b <<<"DROP DATABASE $COPY"
paused
restored_is "all of it can be replaced" "0 equal bulk" --into-existing replace --yes "$IT_TMP/other" "$(uri b "$COPY")"

# --- events -------------------------------------------------------------------------------

client b <<<"DROP DATABASE $COPY"
fresh a "$DB"
at a "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1);
    CREATE EVENT every ON SCHEDULE EVERY 1 SECOND STARTS '2020-01-01' DO DELETE FROM t;
    CREATE EVENT once ON SCHEDULE AT NOW() + INTERVAL 2 SECOND DO DELETE FROM t"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
is "with the event that is to come" "$(ls "$SNAP"/schema/*.once.event.sql | wc -l)" 1
until [ "$(client a <<<"SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '$DB' AND EXECUTE_AT < NOW() - INTERVAL 1 SECOND")" = 1 ]; do sleep 0.2; done
client b <<<"SET GLOBAL log_output = 'TABLE', general_log = 1"
restored_is "an event whose time has passed is named" "4 equal bulk" "$SNAP" "$(uri b "$COPY")"
client b <<<"SET GLOBAL general_log = 0, log_output = 'FILE'"
is "by its file" "$(jq -r 'select(.type == "note") | .text' "$OUT" | grep -c 'once.event.sql": its time has passed')" 1
is "the other is there" "$(client b <<<"SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '$COPY'")" every
is "it is made behind the last row that is read" "$(client b <<<"SELECT argument FROM mysql.general_log" |
    sed -n "s/.*\(CREATE\) .*EVENT .every.*/\1/p; s/.*\(SELECT\).* FROM .$COPY.\..t.\( .*\)\?$/\1/p" | tail -n 2 | xargs)" "SELECT CREATE"

# A replica switches events off, and so they are in its backup.
client b <<<"DROP DATABASE $COPY"
at a "DROP EVENT IF EXISTS once; ALTER EVENT every DISABLE ON SLAVE"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
restored_is "an event of a replica's backup" "0 equal bulk" "$SNAP" "$(uri b "$COPY")"
like "stays off, which is said, with the statement" "$(cat "$ERR")" "event \"$COPY.every\" is off.*ALTER DEFINER = .root.@.* EVENT .$COPY.\..every. ENABLE;"
finish
