#!/bin/bash
# snapshot_places.sh: a restore writes into its own database and into no other, whatever the
# texts of triggers name and whatever a file holds.  Beside the copy the live database stands,
# with objects of the same names; catalogue and rows of both are compared afterwards.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin a
COPY=${DB}_copy
SNAP=$IT_TMP/snap

# All objects of a database, without its name; whatever counts by itself is left out.
catalogue() { # catalogue SIDE DB
    client "$1" <<<"SELECT 'table', TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$2'
        UNION ALL SELECT 'trigger', TRIGGER_NAME, EVENT_OBJECT_SCHEMA = '$2', CONCAT_WS(' ', EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT, SQL_MODE) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$2'
        UNION ALL SELECT 'routine', ROUTINE_NAME, ROUTINE_TYPE, ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '$2'
        UNION ALL SELECT 'event', EVENT_NAME, STATUS, EVENT_DEFINITION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '$2'
        UNION ALL SELECT 'view', TABLE_NAME, CHECK_OPTION, REPLACE(VIEW_DEFINITION, '$2', 'DB') FROM information_schema.VIEWS WHERE TABLE_SCHEMA = '$2' ORDER BY 1, 2"
    client "$1" <<<"SELECT * FROM $2.t; SELECT * FROM $2.\`o\`\`dd\`"
}

world() { # world SIDE; the key has a name: MariaDB up to 10.11.18 writes wrongly the one that it makes
    fresh "$1" "$DB"
    at "$1" "CREATE TABLE t (id INT PRIMARY KEY, v INT); CREATE TABLE \`o\`\`dd\` (id INT PRIMARY KEY, v INT, CONSTRAINT odd_t FOREIGN KEY (id) REFERENCES $DB.t (id));
        INSERT INTO t VALUES (1, 1), (2, 2); INSERT INTO \`o\`\`dd\` VALUES (1, 1);
        CREATE TRIGGER $DB.tr BEFORE INSERT ON $DB.t FOR EACH ROW SET NEW.v = NEW.v + 1;
        CREATE TRIGGER \`$DB\` . tr2 AFTER UPDATE /* on nothing */ ON  $DB . \`o\`\`dd\` FOR EACH ROW SET @x = 1;
        CREATE TRIGGER tr3 BEFORE UPDATE ON t FOR EACH ROW SET NEW.v = 3;
        SET sql_mode = 'ANSI_QUOTES'; CREATE TRIGGER \"$DB\".\"tr4\" AFTER DELETE ON \"$DB\".\"t\" FOR EACH ROW SET @y = 1; SET sql_mode = '';
        CREATE PROCEDURE $DB.p() SELECT 1; CREATE FUNCTION $DB.f() RETURNS INT DETERMINISTIC RETURN 1;
        CREATE EVENT $DB.e ON SCHEDULE EVERY 1 YEAR DISABLE DO SET @z = 1;
        CREATE VIEW $DB.w AS SELECT id FROM $DB.t"
    [ "$1" = o ] || at "$1" "CREATE SEQUENCE sq"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    is "made" "$RC" 0
    snap verify "$SNAP"
    is "proved" "$RC" 0
}

beside() { # beside SIDE
    world "$1"
    fresh "$1" "$COPY"
    client "$1" <<<"DROP DATABASE $COPY"
    local before
    before=$(catalogue "$1" "$DB")
    snap restore --no-progress "$SNAP" "$(uri "$1" "$COPY")"
    is "$1: restored beside it" "$RC $(cat "$ERR")" "0 "
    is "$1: nothing outside was changed" "$(catalogue "$1" "$DB")" "$before"
    is "$1: and everything is where it belongs" "$(catalogue "$1" "$COPY" | sed "s/$COPY/$DB/g")" "$before"
    client "$1" <<<"DROP DATABASE $COPY"
    ok "$1: stock tools load it" stock_restore "$SNAP" "$1" "$DB" "$COPY"
    is "$1: nothing outside was changed by them" "$(catalogue "$1" "$DB")" "$before"
    is "$1: and everything is where it belongs" "$(catalogue "$1" "$COPY" | sed "s/$COPY/$DB/g")" "$before"
    client "$1" <<<"DROP DATABASE $COPY"
    # bodies are not rewritten: whoever restores them is told
    at "$1" "CREATE TRIGGER tr5 AFTER INSERT ON t FOR EACH ROW INSERT INTO $DB.\`o\`\`dd\` VALUES (NEW.id, 0);
        CREATE EVENT e2 ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO DELETE FROM $DB.t;
        CREATE EVENT e3 ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO DELETE FROM t"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    before=$(catalogue "$1" "$DB")
    snap restore --no-progress "$SNAP" "$(uri "$1" "$COPY")"
    is "$1: a body that names the live database is named" "$RC $(grep -c "tr5.trigger.sql\": its text names \"$DB\"" "$ERR")" "4 1"
    is "$1: an event that would run by itself on the live database is not made, nor one that may fire the trigger" \
        "$(grep -c "e2.event.sql\": not made: it would run by itself, and its text names \"$DB\"" "$ERR") $(client "$1" <<<"SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '$COPY' ORDER BY 1" | xargs)" "1 e"
    is "$1: nothing outside was changed" "$(catalogue "$1" "$DB")" "$before"
    client "$1" <<<"DROP DATABASE $COPY"
    by_itself "$1"
}

# What the server would run by itself beside the live database, and how it may come to it.
by_itself() { # SIDE
    world "$1"
    local every="ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01'"
    at "$1" "CREATE EVENT x1 $every DO DROP DATABASE $DB; CREATE EVENT x3 $every DO DELETE FROM t"
    client "$1" -D "$DB" <<<"DELIMITER ;;
        CREATE EVENT x2 $every DO BEGIN PREPARE x FROM 'DELETE FROM $DB.t'; EXECUTE x; END;;"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    snap restore --no-progress "$SNAP" "$(uri "$1" "$COPY")"
    is "$1: neither by another statement nor by text that it makes" \
        "$RC $(client "$1" <<<"SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '$COPY' ORDER BY 1" | xargs)" "4 e x3"
    client "$1" <<<"DROP DATABASE $COPY"
    at "$1" "CREATE PROCEDURE q() DELETE FROM $DB.t; CREATE EVENT x4 $every DO CALL q()"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    snap restore --no-progress "$SNAP" "$(uri "$1" "$COPY")"
    is "$1: nor by a routine that it may call" \
        "$RC $(client "$1" <<<"SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '$COPY' ORDER BY 1" | xargs)" "4 e"
    like "$1: which is named" "$(cat "$ERR")" "x4.event.sql\": not made: it would run by itself, and may come to \"schema/$DB.procedure%20q"
    client "$1" <<<"DROP DATABASE $COPY"
}
beside a
if [ -n "$MR_O_URI" ]; then beside o; else skip "the same on MySQL" "no MySQL 9"; fi

# Of several databases that are renamed, none is left tied to what they were taken of.
tied() { # SIDE
    local names before
    fresh "$1" "$DB"
    fresh "$1" "${DB}_two"
    for names in "$COPY" "${COPY}_two"; do
        fresh "$1" "$names"
        client "$1" <<<"DROP DATABASE $names"
    done
    client "$1" <<<"CREATE TABLE ${DB}_two.p (id INT PRIMARY KEY); INSERT INTO ${DB}_two.p VALUES (1);
        CREATE TABLE $DB.c (id INT PRIMARY KEY, CONSTRAINT up FOREIGN KEY (id) REFERENCES ${DB}_two.p (id)); INSERT INTO $DB.c VALUES (1);
        CREATE VIEW $DB.w AS SELECT id FROM ${DB}_two.p; CREATE PROCEDURE $DB.p() SELECT id FROM ${DB}_two.p"
    [ "$1" = o ] || client "$1" <<<"CREATE SEQUENCE ${DB}_two.sq; CREATE TABLE $DB.d (id INT DEFAULT NEXTVAL(${DB}_two.sq))"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB,${DB}_two")" "$SNAP"
    snap restore --no-progress --rename-db "$DB=$COPY" --rename-db "${DB}_two=${COPY}_two" "$SNAP" "$(side_uri "$1")"
    is "$1: parents and sequences are those of the copy" \
        "$(client "$1" <<<"SELECT UNIQUE_CONSTRAINT_SCHEMA FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '$COPY'") $(
            [ "$1" = o ] || client "$1" <<<"SHOW CREATE TABLE $COPY.d" | grep -o 'nextval(`[^`]*`')" \
        "${COPY}_two $([ "$1" = o ] || echo "nextval(\`${COPY}_two\`")"
    is "$1: what names another one that was renamed is named" \
        "$RC $(grep -c "[wp]\.\(view\|routine\)\.sql\": its text names \"${DB}_two\", which is not where it is now (\"${COPY}_two\")" "$ERR")" "4 2"
}
tied a
if [ -n "$MR_O_URI" ]; then tied o; else skip "the same on MySQL" "no MySQL 9"; fi

# A database of the same letters in another case is another one.
cased() { # SIDE
    local other=${DB^}
    fresh "$1" "$DB"
    fresh "$1" "$other"
    client "$1" <<<"SET foreign_key_checks = 0; DROP DATABASE IF EXISTS $COPY; CREATE TABLE $other.p (id INT PRIMARY KEY); CREATE TABLE $DB.p (id INT PRIMARY KEY);
        CREATE TABLE $DB.c (id INT PRIMARY KEY, CONSTRAINT up FOREIGN KEY (id) REFERENCES $other.p (id))"
    [ "$1" = o ] || client "$1" <<<"CREATE SEQUENCE $other.sq; CREATE TABLE $DB.d (id INT DEFAULT NEXTVAL($other.sq))"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    snap restore --no-progress "$SNAP" "$(uri "$1" "$COPY")"
    is "$1: parents and sequences of a database in other letters are its own" \
        "$RC $(client "$1" <<<"SELECT UNIQUE_CONSTRAINT_SCHEMA FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '$COPY'") $(
            [ "$1" = o ] || client "$1" <<<"SHOW CREATE TABLE $COPY.d" | grep -o 'nextval(`[^`]*`')" \
        "0 $other $([ "$1" = o ] || echo "nextval(\`$other\`")"
    client "$1" <<<"DROP DATABASE $COPY; DROP DATABASE $DB; DROP DATABASE $other"
}
cased a
if [ -n "$MR_O_URI" ]; then cased o; else skip "the same on MySQL" "no MySQL 9"; fi

# Files that hold something else, and say so nowhere: every sum is right.
world a
fresh a "$COPY"
client a <<<"DROP DATABASE $COPY"
cp -r "$SNAP" "$SNAP.good"
forged() { # forged FILE SED: changed, and sealed again
    rm -rf "$SNAP"
    cp -r "$SNAP.good" "$SNAP"
    sed -i "$2" "$SNAP/schema/$1" && ! cmp -s "$SNAP/schema/$1" "$SNAP.good/schema/$1" || bail "$1 is not changed"
    local sum size
    sum=$(sha256sum <"$SNAP/schema/$1" | cut -d ' ' -f 1) size=$(stat -c %s "$SNAP/schema/$1")
    jq -c --arg f "schema/$1" --arg s "$sum" --argjson n "$size" \
        '(.files[] | select(.name == $f)) |= (.sha256 = $s | .bytes = $n)' "$SNAP.good/manifest.json" >"$SNAP/manifest.json"
    (cd "$SNAP" && sha256sum manifest.json >manifest.json.sha256)
    local before
    before=$(catalogue a "$DB")
    snap verify "$SNAP"
    is "$1 $2: damage" "$RC $(grep -c "schema/${1//\`/.}" "$OUT")" "1 1"
    snap restore --no-progress "$SNAP" "$(uri a "$COPY")"
    is "$1 $2: refused" "$RC" 5
    is "in front of the first write" "$(client a <<<"SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '$COPY'")" 0
    is "nothing outside was changed" "$(catalogue a "$DB")" "$before"
}
# The same of what the manifest itself lends to statements.
forged_manifest() { # forged_manifest JQ
    rm -rf "$SNAP"
    cp -r "$SNAP.good" "$SNAP"
    jq -c "$1" "$SNAP.good/manifest.json" >"$SNAP/manifest.json"
    ! cmp -s "$SNAP/manifest.json" "$SNAP.good/manifest.json" || bail "$1 changes nothing"
    (cd "$SNAP" && sha256sum manifest.json >manifest.json.sha256)
    local before
    before=$(client a <<<"SELECT @@GLOBAL.long_query_time")
    snap verify "$SNAP"
    is "$1: no snapshot of ours" "$RC" 3
    snap restore --no-progress "$SNAP" "$(uri a "$COPY")"
    is "$1: refused" "$RC" 3
    is "in front of the first write" "$(client a <<<"SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '$COPY'")" 0
    is "no variable was set" "$(client a <<<"SELECT @@GLOBAL.long_query_time")" "$before"
}
forged_manifest '(.objects[] | select(.kind == "view").collation_connection) |= "utf8mb4_bin, GLOBAL long_query_time = 77"'
forged_manifest '(.objects[] | select(.kind == "sequence").value) |= "1, 0), SLEEP(1"'
forged_manifest '(.tables[0].columns[0].charset) |= "utf8mb4 x"'
forged_manifest '(.objects[] | select(.kind == "trigger").sql_mode) |= "ANSI_QUOTES "'
forged_manifest '.tables[0].where |= "1=0) OR (1=1"'
forged "$DB.t.table.sql" "s/TABLE \`t\`/TABLE $DB.\`u\`/"
forged "$DB.t.table.sql" 's/;$/ AS SELECT * FROM mysql.user;/'
forged "$DB.tr3.trigger.sql" "s/ON t/ON mysql.t/"
forged "$DB.tr3.trigger.sql" 's/CREATE.*/DROP TABLE t/'
forged "$DB.w.view.sql" "s/VIEW \`w\`/VIEW mysql.w/"
forged "$DB.e.event.sql" "s/EVENT \`e\`/EVENT mysql.e/"
forged "$DB.procedure%20p.routine.sql" "s/PROCEDURE \`p\`/PROCEDURE mysql.p/"
forged "$DB.o%60dd.keys.sql" "s/;$/, RENAME TO $DB.z;/"
# What only a server reads as more than that: comments that it runs, its quotes, its libraries.
forged "$DB.o%60dd.keys.sql" "s/;\$/ \/*!50000 , RENAME TO $DB.z *\/;/"
forged "$DB.t.table.sql" 's/;$/ \/*!50000 TABLE mysql.user *\/;/'
forged "$DB.t.table.sql" "s/;\$/ \/*!99999 COMMENT=' *\/ TABLE mysql.user \/* ' *\/;/"
forged "$DB.t.table.sql" "s/ENGINE=.*;/ENGINE=MERGE INSERT_METHOD=LAST UNION=($DB.t);/;s/UNION=($DB/UNION=(mysql/"
forged "$DB.t.table.sql" "s/ENGINE=.*;/ENGINE=FEDERATED CONNECTION='mysql:\/\/h\/d\/t';/"
forged "$DB.function%20f.routine.sql" "s/CREATE.*/CREATE FUNCTION \`f\` RETURNS STRING SONAME 'x.so'/"
forged "$DB.w.view.sql" 's/;$/ \/*!50000 ; DROP TABLE t *\/;/'
forged "$DB.e.event.sql" "s/EVENT \`e\`/EVENT e.1e/"
forged "$DB.e.event.sql" 's/EVERY 1 YEAR/EVERY f() YEAR/'
forged "$DB.$DB.database.sql" 's/;$/ COMMENT "x";/'

# A table that a snapshot of earlier versions holds, and no restore makes: the others can be had.
forged "$DB.o%60dd.table.sql" "s/ENGINE=.*;/ENGINE=FEDERATED CONNECTION='mysql:\/\/h\/d\/t';/"
snap restore --no-progress --exclude "$DB.o*" "$SNAP" "$(uri a "$COPY")"
is "without it the rest is restored" "$RC $(client a -D "$COPY" <<<"SELECT COUNT(*) FROM t")" "0 2"
client a <<<"DROP DATABASE $COPY"

# What a restore would refuse is named when the snapshot is made; a directory is left out.
elsewhere() { # elsewhere SIDE
    fresh "$1" "$COPY"
    client "$1" <<<"CREATE TABLE $COPY.m1 (id INT) ENGINE=MyISAM"
    fresh "$1" "$DB"
    at "$1" "CREATE TABLE m2 (id INT) ENGINE=MyISAM; CREATE TABLE t (id INT PRIMARY KEY);
        CREATE TABLE own (id INT) ENGINE=MERGE UNION=(m2); CREATE TABLE others (id INT) ENGINE=MERGE UNION=(m2, $COPY.m1)"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    is "$1: made but for one" "$RC $(jq -r '.left_out[] | .name + ": " + .reason' "$SNAP/manifest.json")" \
        "4 $DB.others: table \"others\" cannot be restored: its rows are those of another database"
    client "$1" <<<"DROP DATABASE $COPY"
    snap restore --no-progress "$SNAP" "$(uri "$1" "$COPY")"
    is "$1: the rest is restored" "$RC $(client "$1" <<<"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY' ORDER BY 1" | tr '\n' ' ')" "0 m2 own t "
    client "$1" <<<"DROP DATABASE $COPY"
}
elsewhere a
if [ -n "$MR_O_URI" ]; then elsewhere o; else skip "the same on MySQL" "no MySQL 9"; fi
mkdir -m 0777 "$IT_TMP/dir"
chmod 0711 "$IT_TMP"
fresh a "$DB"
at a "CREATE TABLE t (id INT PRIMARY KEY) DATA DIRECTORY='$IT_TMP/dir'; INSERT INTO t VALUES (1)"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
is "a directory: made" "$RC $(grep -c 'DATA DIRECTORY=' "$SNAP/schema/$DB.t.table.sql")" "0 1"
snap restore --no-progress "$SNAP" "$(uri a "$COPY")"
is "a directory: restored beside it, and named" "$RC $(grep -c 'without its DATA DIRECTORY' "$ERR") $(client a <<<"SELECT COUNT(*) FROM $COPY.t; SHOW CREATE TABLE $COPY.t" | grep -c DIRECTORY)" "4 1 0"
client a <<<"DROP DATABASE $COPY"
finish
