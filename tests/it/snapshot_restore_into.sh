#!/bin/bash
# snapshot_restore_into.sh: --into-existing drops what the snapshot puts there, of its kind and
# by its name as the server tells names apart, and nothing else.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin a
COPY=${DB}_copy OTHER=${DB}_other
SNAP=$IT_TMP/snap

restored() { # restored DESCRIPTION "RC VERDICT" ARGS…
    snap restore --json --no-progress "${@:3}"
    is "$1" "$RC $(jq -r 'select(.type == "summary") | .verdict' "$OUT" 2>/dev/null)" "$2"
}
killed_at() { # killed_at QUERY ANSWER ARGS…: a restore into the copy on a that loads nothing
    local pid
    touch "$IT_TMP/pause"
    "$MYRECON" snapshot restore -q --pause-file "$IT_TMP/pause" "${@:3}" "$SNAP" "$(uri a "$COPY")" >/dev/null 2>&1 </dev/null &
    pid=$!
    until [ "$(client a <<<"$1")" = "$2" ]; do sleep 0.1; done
    kill -9 $pid
    wait $pid 2>/dev/null
    rm "$IT_TMP/pause"
}
objects() { # of the copy
    client "$1" <<<"SELECT TABLE_TYPE, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY'
        UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '$COPY'
        UNION ALL SELECT 'TRIGGER', CONCAT(TRIGGER_NAME, ' ', EVENT_OBJECT_TABLE) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$COPY'
        UNION ALL SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '$COPY'" | LC_ALL=C sort
}

into() { # into SIDE
    local before target
    target=$(uri "$1" "$COPY")
    fresh "$1" "$DB"
    at "$1" "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1);
        CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1; CREATE PROCEDURE p() SELECT 1;
        CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DISABLE DO SET @z = 1; CREATE VIEW w AS SELECT 1 AS x"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"

    # an account that may not make the database
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY; CREATE USER 'it_into'@'%' IDENTIFIED BY 'pw'; GRANT SELECT ON *.* TO 'it_into'@'%'"
    restored "$1: without rights" "5 " --allow-replica "$SNAP" "$(uri "$1" "$COPY" it_into:pw)"
    like "$1: what to do is said" "$(cat "$ERR")" "hint: Nothing was changed.*doctor --for restore.*--rename-db"
    client "$1" <<<"CREATE DATABASE $COPY"
    restored "$1: nor there" "5 " --allow-replica --into-existing add --yes "$SNAP" "$(uri "$1" "$COPY" it_into:pw)"
    like "$1: that is said, too" "$(cat "$ERR")" "hint: Nothing was changed.*doctor --for restore"

    # one that has all rights there, and may make no trigger while there is a binary log
    client "$1" <<<"GRANT ALL ON $COPY.* TO 'it_into'@'%'"
    restored "$1: without SUPER" "4 equal" --allow-replica "$SNAP" "$(uri "$1" "$COPY" it_into:pw)"
    like "$1: how the trigger is made after all" "$(cat "$ERR")" \
        "tr.trigger.sql.*1419.*SET GLOBAL log_bin_trust_function_creators = 1, and give the file"
    # nor a view: the rest is made, and proved
    client "$1" <<<"DROP DATABASE $COPY; CREATE DATABASE $COPY; REVOKE CREATE VIEW ON $COPY.* FROM 'it_into'@'%'"
    restored "$1: without CREATE VIEW" "4 equal" --allow-replica "$SNAP" "$(uri "$1" "$COPY" it_into:pw)"
    like "$1: the view is named" "$(jq -r 'select(.type == "note") | .text' "$OUT")" "w.view.sql.*CREATE VIEW command denied"
    is "$1: what follows it is made" "$(objects "$1" | xargs)" "BASE TABLE t EVENT e PROCEDURE p"
    client "$1" <<<"DROP USER 'it_into'@'%'"

    # tables by the names of a trigger, an event and a procedure, and by t in another letter
    fresh "$1" "$COPY"
    client "$1" -D "$COPY" <<<"CREATE TABLE tr (id INT); CREATE TABLE e (id INT); CREATE TABLE \`procedure p\` (id INT); CREATE TABLE T (id INT);
        INSERT INTO tr VALUES (7); INSERT INTO T VALUES (7); CREATE FUNCTION p() RETURNS INT DETERMINISTIC RETURN 1; CREATE FUNCTION w() RETURNS INT DETERMINISTIC RETURN 1;
        CREATE PROCEDURE P() SELECT 2; CREATE VIEW w AS SELECT 2 AS x; CREATE TABLE t (id INT)"
    before=$(objects "$1")
    restored "$1: replaced" "0 equal" --into-existing replace --yes "$SNAP" "$target"
    is "$1: what the snapshot does not hold is there" "$(objects "$1" | grep -vx 'EVENT.e\|TRIGGER.tr t\|PROCEDURE.p')" "$(grep -v 'PROCEDURE' <<<"$before")"
    is "$1: with its rows" "$(client "$1" -D "$COPY" <<<"SELECT * FROM tr; SELECT * FROM T; SELECT x FROM w" | xargs)" "7 7 1"

    fresh "$1" "$COPY"
    client "$1" -D "$COPY" <<<"CREATE TABLE w (id INT); INSERT INTO w VALUES (7)"
    restored "$1: a table where the snapshot has a view" "5 " --into-existing replace --yes "$SNAP" "$target"
    like "$1: is named" "$(cat "$ERR")" "has table \"w\", which is a view in the snapshot"
    is "$1: and stays" "$(client "$1" -D "$COPY" <<<"SELECT * FROM w")" 7

    fresh "$1" "$COPY"
    client "$1" -D "$COPY" <<<"CREATE TABLE mine (v INT); CREATE TRIGGER tr BEFORE INSERT ON mine FOR EACH ROW SET NEW.v = 2"
    before=$(objects "$1")
    for how in add replace; do
        restored "$1: $how where a trigger's name is taken" "5 " --into-existing $how --yes "$SNAP" "$target"
        like "$1: it is named" "$(cat "$ERR")" "table \"$COPY.mine\" stays, and has trigger \"tr\""
        is "$1: nothing was changed" "$(objects "$1")" "$before"
    done

    fresh "$1" "$COPY"
    fresh "$1" "$OTHER"
    client "$1" -D "$COPY" <<<"CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE $OTHER.stays (id INT, FOREIGN KEY (id) REFERENCES $COPY.t (id)); CREATE VIEW w AS SELECT 3 AS x"
    restored "$1: another database refers to what would go" "5 " --into-existing replace --yes "$SNAP" "$target"
    like "$1: it is named" "$(cat "$ERR")" "table \"$OTHER.stays\" stays, and refers to \"$COPY.t\""
    is "$1: nothing was dropped" "$(client "$1" -D "$COPY" <<<"SELECT x FROM w")" 3

    # which the account does not see: InnoDB tells who has PROCESS
    client "$1" <<<"CREATE USER 'it_into'@'%' IDENTIFIED BY 'pw'; GRANT ALL ON $COPY.* TO 'it_into'@'%'; GRANT PROCESS ON *.* TO 'it_into'@'%'"
    restored "$1: another database, which the account does not see" "5 " --allow-replica --into-existing replace --yes "$SNAP" "$(uri "$1" "$COPY" it_into:pw)"
    like "$1: it is named, too" "$(cat "$ERR")" "$OTHER/stays\", which the account may not see, refers to \"t\""
    is "$1: nothing was dropped, either" "$(client "$1" -D "$COPY" <<<"SELECT x FROM w")" 3
    client "$1" <<<"REVOKE PROCESS ON *.* FROM 'it_into'@'%'"
    snap restore --json --no-progress --allow-replica --into-existing replace --yes "$SNAP" "$(uri "$1" "$COPY" it_into:pw)"
    like "$1: nor may it ask: that is said" "$(cat "$ERR")" "warning: whether tables that the account may not see refer to one that is replaced is not known.*GRANT PROCESS"
    client "$1" <<<"DROP DATABASE $OTHER; DROP DATABASE $COPY; DROP USER 'it_into'@'%'"
}
into a
if [ -n "$MR_O_URI" ]; then into o; else skip "MySQL: into what exists" "no MySQL 9"; fi

# --- an unfinished restore, its triggers and events ---------------------------------------

fresh a "$DB"
at a "CREATE TABLE m (id INT PRIMARY KEY, v INT) ENGINE=MyISAM; INSERT INTO m VALUES (1, 1), (2, 2);
    CREATE TABLE log (id INT PRIMARY KEY AUTO_INCREMENT); CREATE TRIGGER tr BEFORE INSERT ON m FOR EACH ROW SET NEW.v = 9;
    CREATE EVENT e ON SCHEDULE EVERY 1 SECOND STARTS '2020-01-01' DO DELETE FROM log"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
client a <<<"CREATE DATABASE $COPY"
restored "restored" "0 equal" "$SNAP" "$(uri a "$COPY")"
# as a kill leaves it that comes behind the last trigger
client a <<<"DROP DATABASE $COPY"
killed_at "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY' AND TABLE_NAME IN ('m', 'log')" 2
client a -D "$COPY" <<<"INSERT INTO m VALUES (1, 1); CREATE TRIGGER tr BEFORE INSERT ON m FOR EACH ROW SET NEW.v = 9"
restored "a trigger of that name that it has not made is somebody's" "5 " "$SNAP" "$(uri a "$COPY")"
like "it is named" "$(cat "$ERR")" "trigger \"$COPY.tr\" is there, and not by the restore"
is "nothing was changed" "$(client a -D "$COPY" <<<"SELECT COUNT(*) FROM m; SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$COPY'" | xargs)" "1 1"
client a -D "$COPY" <<<"INSERT INTO myrecon_restore SELECT DISTINCT uuid, 'making object $(jq '[.objects[].kind] | index("trigger")' "$SNAP/manifest.json")' FROM myrecon_restore"
restored "a restore that had made its triggers is gone on with, and they do not fire" "0 equal" "$SNAP" "$(uri a "$COPY")"
is "they are there" "$(client a <<<"SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$COPY'")" 1

# --- what the application makes before the run comes to it, or comes back to it ---------------

fresh a "$DB"
at a "CREATE TABLE m (id INT PRIMARY KEY, v INT); INSERT INTO m VALUES (1, 1), (2, 2); CREATE TABLE tags (id INT PRIMARY KEY, v INT); INSERT INTO tags VALUES (1, 1), (2, 2);
    CREATE VIEW w AS SELECT id FROM m; CREATE PROCEDURE p() SELECT 1; CREATE SEQUENCE sq"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
MINE="CREATE TABLE tags (id INT PRIMARY KEY, v INT); INSERT INTO tags VALUES (1, 77), (3, 77)"
number() { jq "[.tables[].name] | index(\"$1\") + 1" "$SNAP/manifest.json"; }
theirs() { client a -D "$COPY" <<<"SELECT GROUP_CONCAT(id, ' ', v ORDER BY id) FROM tags" 2>&1; }
# as a kill leaves it that comes just before CREATE TABLE tags
fresh a "$COPY"
client a -D "$COPY" <<<"CREATE TABLE live (id INT PRIMARY KEY)"
killed_at "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY' AND TABLE_NAME IN ('m', 'tags')" 2 --into-existing add --yes
is "a line tells what it has made" "$(client a -D "$COPY" <<<"SELECT COUNT(*) FROM myrecon_restore WHERE file = 'making table $(number tags)'")" 1
client a -D "$COPY" <<<"DROP TABLE tags; DELETE FROM myrecon_restore WHERE file = 'making table $(number tags)'; $MINE"
restored "a table that was made since is not this restore's" "5 " --into-existing add --yes "$SNAP" "$(uri a "$COPY")"
like "it is named" "$(cat "$ERR")" "table \"$COPY.tags\" is there, and not by the restore that is gone on with"
is "and is as it was" "$(theirs)" "1 77,3 77"
client a -D "$COPY" <<<"DROP TABLE tags"
restored "when it is gone the same command ends it" "0 equal" --into-existing add --yes "$SNAP" "$(uri a "$COPY")"

# made while the run works, which is killed then: the lock holds it up until the table is there
fresh a "$COPY"
client a -D "$COPY" <<<"CREATE TABLE live (id INT PRIMARY KEY); CREATE TABLE myrecon_restore (uuid VARCHAR(40), file VARCHAR(250) PRIMARY KEY)"
client a -D "$COPY" <<<"LOCK TABLES myrecon_restore READ; SELECT SLEEP(100)" >/dev/null 2>&1 &
LOCKER=$!
until [ -n "$(client a <<<"SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(100)%'")" ]; do sleep 0.1; done
touch "$IT_TMP/pause"
"$MYRECON" snapshot restore --no-progress --pause-file "$IT_TMP/pause" --into-existing add --yes "$SNAP" "$(uri a "$COPY")" >/dev/null 2>"$IT_TMP/first" </dev/null &
PID=$!
until [ "$(client a <<<"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table metadata lock' AND INFO LIKE '%DROP TABLE IF EXISTS%' AND INFO NOT LIKE '%PROCESSLIST%'")" = 1 ] || ! kill -0 $PID 2>/dev/null; do sleep 0.1; done
client a -D "$COPY" <<<"$MINE"
client a <<<"KILL $(client a <<<"SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(100)%'")"
wait $LOCKER
until grep -q "table \"$COPY.tags\" is set aside" "$IT_TMP/first" || ! kill -0 $PID 2>/dev/null; do sleep 0.1; done
like "one that is made while it works is set aside" "$(cat "$IT_TMP/first")" "table \"$COPY.tags\" is set aside: .*already exists"
kill -9 $PID
wait $PID 2>/dev/null
rm "$IT_TMP/pause"
restored "and not the next run's, either" "5 " --into-existing add --yes "$SNAP" "$(uri a "$COPY")"
like "it is named" "$(cat "$ERR")" "table \"$COPY.tags\" is there, and not by the restore that is gone on with"
is "and is as it was" "$(theirs)" "1 77,3 77"
client a -D "$COPY" <<<"DROP TABLE tags"

# so are views, routines and sequences
for made in "CREATE VIEW w AS SELECT 5 AS id" "CREATE PROCEDURE p() SELECT 5"; do
    client a -D "$COPY" <<<"DROP PROCEDURE IF EXISTS p; DROP VIEW IF EXISTS w; DELETE FROM myrecon_restore WHERE file LIKE 'making object %'; DROP SEQUENCE IF EXISTS sq; $made"
    restored "so it is with: $made" "5 " --into-existing add --yes "$SNAP" "$(uri a "$COPY")"
    like "it is named" "$(cat "$ERR")" "is there, and not by the restore"
done
client a -D "$COPY" <<<"DROP PROCEDURE IF EXISTS p"
restored "when they are gone the same command ends it" "0 equal" --into-existing add --yes "$SNAP" "$(uri a "$COPY")"

# --- packages, which MariaDB before 11.4 knows under ORACLE's sql_mode alone -----------------

fresh a "$DB"
at a "CREATE TABLE m (id INT PRIMARY KEY); INSERT INTO m VALUES (1); SET sql_mode = 'ORACLE';
DELIMITER ;;
CREATE PACKAGE pk AS FUNCTION f RETURN INT; END;;
CREATE PACKAGE BODY pk AS FUNCTION f RETURN INT AS BEGIN RETURN 7; END; END;;"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
client a <<<"DROP DATABASE $COPY"
restored "a package is restored" "0 equal" "$SNAP" "$(uri a "$COPY")"
restored "replaced" "0 equal" --into-existing replace --yes "$SNAP" "$(uri a "$COPY")"
is "it is there" "$(client a <<<"SELECT ROUTINE_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '$COPY'" | sort | xargs)" "PACKAGE PACKAGE BODY"
client a <<<"DROP DATABASE $COPY"
killed_at "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY' AND TABLE_NAME = 'm'" 1
restored "a restore that had made it is gone on with" "0 equal" "$SNAP" "$(uri a "$COPY")"
is "it is there again" "$(client a <<<"SELECT ROUTINE_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '$COPY'" | sort | xargs)" "PACKAGE PACKAGE BODY"

# --- whose database it is, an unfinished restore has written down ---------------------------

at a "ALTER DATABASE $DB CHARACTER SET latin2; CREATE FUNCTION old(a VARCHAR(9)) RETURNS INT DETERMINISTIC RETURN 1;
    ALTER DATABASE $DB CHARACTER SET utf8mb4"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
charset() { client a <<<"SELECT DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '$COPY'"; }
MADE="SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY' AND TABLE_NAME = 'm'"
client a <<<"DROP DATABASE $COPY"
killed_at "$MADE" 1 --into-existing add --yes
client a <<<"ALTER DATABASE $COPY CHARACTER SET latin2" # as a kill leaves it amid the routines
restored "one that it has made is its own to the next run" "0 equal" --into-existing add --yes "$SNAP" "$(uri a "$COPY")"
is "and is given back its character set" "$(charset)" utf8mb4
client a <<<"DROP DATABASE $COPY; CREATE DATABASE $COPY CHARACTER SET greek; CREATE TABLE $COPY.mine (id INT)"
killed_at "$MADE" 1 --into-existing add --yes
restored "one that was there is not, however the next run is called" "4 equal" "$SNAP" "$(uri a "$COPY")"
is "and keeps its own" "$(charset)" greek

# --- names that differ in an accent alone are one to the server, but not to people -----------

fresh a "$DB"
at a "CREATE TABLE m (id INT PRIMARY KEY); INSERT INTO m VALUES (1); CREATE PROCEDURE tïdy() SELECT 1; CREATE EVENT ëv ON SCHEDULE EVERY 1 YEAR DISABLE DO SET @x = 1"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
client a <<<"DROP DATABASE $COPY; CREATE DATABASE $COPY; CREATE PROCEDURE $COPY.tidy() SELECT 2; CREATE EVENT $COPY.ev ON SCHEDULE EVERY 1 YEAR DISABLE DO SET @x = 2"
killed_at "$MADE" 1 --into-existing add --yes
restored "a restore that is gone on with beside them" "4 equal" --into-existing add --yes "$SNAP" "$(uri a "$COPY")"
is "drops nothing of somebody else" "$(objects a | xargs)" "BASE TABLE m EVENT ev PROCEDURE tidy"

# --- a snapshot of what was half restored -------------------------------------------------

at a "CREATE TABLE myrecon_restore (uuid VARCHAR(40), file VARCHAR(250) PRIMARY KEY)"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
is "its table of progress is left out" "$RC" 4
like "with the reason" "$(cat "$ERR" "$OUT")" "a restore into \"$DB\" that has not come to its end"
client a <<<"DROP DATABASE $COPY"
restored "what is kept can be restored" "0 equal" "$SNAP" "$(uri a "$COPY")"
# as snapshots of earlier versions hold it
at a "CREATE TABLE myrecon_restor_ (uuid VARCHAR(40), file VARCHAR(250) PRIMARY KEY)"
rm -rf "$SNAP"
take --exclude "$DB.myrecon_restore" "$(uri a "$DB")" "$SNAP"
FILE=schema/$DB.myrecon_restore.table.sql
mv "$SNAP/schema/$DB.myrecon_restor_.table.sql" "$SNAP/$FILE"
sed -i 's/myrecon_restor_/myrecon_restore/g' "$SNAP/$FILE" "$SNAP/manifest.json"
jq --arg f "$FILE" --arg s "$(sha256sum <"$SNAP/$FILE" | cut -d ' ' -f 1)" '(.files[] | select(.name == $f)) |= (.sha256 = $s)' "$SNAP/manifest.json" >"$IT_TMP/manifest"
cp "$IT_TMP/manifest" "$SNAP/manifest.json"
(cd "$SNAP" && sha256sum manifest.json >manifest.json.sha256)
client a <<<"DROP DATABASE $COPY"
restored "a snapshot with it is refused" "5 " "$SNAP" "$(uri a "$COPY")"
like "with the way round" "$(cat "$ERR")" "--exclude '$DB.myrecon_restore'"
is "before anything is done" "$(client a <<<"SHOW DATABASES LIKE '$COPY'")" ""
restored "which works" "0 equal" --exclude "$DB.myrecon_restore" "$SNAP" "$(uri a "$COPY")"

# --- two databases, one name --------------------------------------------------------------

fresh a "$OTHER"
rm -rf "$SNAP"
take "$(uri a "$DB,$OTHER")" "$SNAP"
client a <<<"DROP DATABASE $COPY"
restored "two databases do not become one" "3 " --rename-db "$DB=$COPY" --rename-db "$OTHER=$COPY" "$SNAP" "$(side_uri a)"
like "they are named" "$(cat "$ERR")" "would both be \"$COPY\" on the target"
client a <<<"DROP DATABASE $OTHER"
finish
