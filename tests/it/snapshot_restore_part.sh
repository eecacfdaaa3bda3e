#!/bin/bash
# snapshot_restore_part.sh: a part of a snapshot: tables whose parents stay away, tables beside others
# that are there, and all of it after a kill.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin a
COPY=${DB}_copy
SNAP=$IT_TMP/snap

# restored DESCRIPTION "RC VERDICT SET-ASIDE" ARGS…
restored() {
    snap restore --json --no-progress "${@:3}"
    is "$1" "$RC $(jq -r 'select(.type == "summary") | "\(.verdict) \(.set_aside)"' "$OUT" 2>/dev/null)" "$2"
}
keys() { jq -r 'select(.type == "foreign-key") | "\(.state) \(.table) \(.name) \(.parent)"' "$OUT"; }
made() { client "$1" -D "$COPY" <<<"SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = '$COPY' AND CONSTRAINT_TYPE = 'FOREIGN KEY' ORDER BY 1, 2" | xargs; }

# --- foreign keys into nothing ----------------------------------------------------------------

parents() { # SIDE
    local target
    target=$(uri "$1" "$COPY")
    IT_DROP+=("$1 $COPY")
    fresh "$1" "$DB"
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY"
    at "$1" "CREATE TABLE people (id INT PRIMARY KEY); INSERT INTO people VALUES (1), (2);
        CREATE TABLE shops (id INT PRIMARY KEY); INSERT INTO shops VALUES (7);
        CREATE TABLE orders (id INT PRIMARY KEY, person INT, shop INT, prior INT, CONSTRAINT o_p FOREIGN KEY (person) REFERENCES people (id) ON DELETE CASCADE,
            CONSTRAINT o_s FOREIGN KEY (shop) REFERENCES shops (id), CONSTRAINT o_o FOREIGN KEY (prior) REFERENCES orders (id)); INSERT INTO orders VALUES (1, 1, 7, NULL), (2, 2, 7, 1)"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    restored "$1: a parent was left out" "4 equal 0" --tables orders --tables shops "$SNAP" "$target"
    is "$1: it is named, with its key" "$(keys)" "into-nothing $COPY.orders o_p $COPY.people"
    like "$1: beforehand, too" "$(cat "$ERR")" "foreign key \"o_p\" of table \"$COPY.orders\": \"$COPY.people\", to which it refers, is not there; until it is, the server takes no new row"
    is "$1: the keys are there" "$(made "$1")" "orders o_o orders o_p orders o_s"
    client "$1" <<<"DROP DATABASE $COPY"
    restored "$1: its key can be left out" "0 equal 0" --tables orders --tables shops --drop-foreign-keys "$SNAP" "$target"
    is "$1: that is said" "$(keys)" "left-out $COPY.orders o_p $COPY.people"
    is "$1: the others are there" "$(made "$1")" "orders o_o orders o_s"
    client "$1" <<<"DROP DATABASE $COPY"
    restored "$1: so can all of them" "0 equal 0" --tables people --tables orders --exclude people --drop-foreign-keys "$SNAP" "$target"
    is "$1: but for those to itself" "$(made "$1")" "orders o_o"
    client "$1" <<<"DROP DATABASE $COPY"
    snap restore --no-progress --tables orders --tables shops "$SNAP" "$target"
    like "$1: as text" "$(cat "$OUT")" "into nothing: foreign key \"o_p\" of table \"$COPY.orders\""
    client "$1" <<<"DROP DATABASE $COPY"
    restored "$1: with all tables there is nothing to say" "0 equal 0" "$SNAP" "$target"

    # a parent that was there before has other rows
    client "$1" <<<"DROP DATABASE $COPY; CREATE DATABASE $COPY"
    client "$1" -D "$COPY" <<<"CREATE TABLE people (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO people VALUES (1)"
    restored "$1: a parent that was there lacks a row" "4 equal 0" --tables orders --tables shops --into-existing add --yes "$SNAP" "$target"
    like "$1: the server says so" "$(jq -r 'select(.type == "note") | .text' "$OUT")" "orders.keys.sql.*foreign key constraint fails"
    is "$1: the key that would lie is not made, the others are" "$(made "$1")" "orders o_o orders o_s"
    client "$1" -D "$COPY" <<<"DROP TABLE orders; DROP TABLE shops; INSERT INTO people VALUES (2)"
    restored "$1: one that has them all" "0 equal 0" --tables orders --tables shops --into-existing add --yes "$SNAP" "$target"
    is "$1: the keys are there" "$(made "$1")" "orders o_o orders o_p orders o_s"
}
parents a
if [ -n "$MR_O_URI" ]; then parents o; else skip "MySQL: parents" "no MySQL 9"; fi

# --- beside what is there ---------------------------------------------------------------------

kept() { jq -r 'select(.type == "kept") | "\(.kind) \(.name)"' "$OUT" | xargs; }
held() { client "$1" -D "$COPY" <<<"SELECT GROUP_CONCAT(v ORDER BY id) FROM people; SELECT COUNT(*) FROM orders; SELECT v FROM shops" | xargs; }

beside() { # SIDE
    local target pid
    target=$(uri "$1" "$COPY")
    fresh "$1" "$DB"
    fresh "$1" "$COPY"
    at "$1" "CREATE TABLE people (id INT PRIMARY KEY, v INT); INSERT INTO people VALUES (1, 10), (2, 20);
        CREATE TABLE shops (id INT PRIMARY KEY, v INT); INSERT INTO shops VALUES (7, 70); CREATE TABLE tags (id INT PRIMARY KEY);
        CREATE TABLE orders (id INT PRIMARY KEY, person INT, CONSTRAINT o_p FOREIGN KEY (person) REFERENCES people (id)); INSERT INTO orders VALUES (1, 1), (2, 2);
        CREATE TRIGGER tp BEFORE INSERT ON people FOR EACH ROW SET NEW.v = 1; CREATE TRIGGER ts BEFORE INSERT ON shops FOR EACH ROW SET NEW.v = 2;
        CREATE PROCEDURE pr() SELECT 1; CREATE FUNCTION fu() RETURNS INT DETERMINISTIC RETURN 1; CREATE VIEW w AS SELECT id FROM orders; CREATE VIEW w2 AS SELECT id FROM people"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    lose() { # some of it is gone, the rest is live, and other than it was
        fresh "$1" "$COPY"
        client "$1" -D "$COPY" <<<"CREATE TABLE people (id INT PRIMARY KEY, v INT, more INT) ENGINE=InnoDB; INSERT INTO people (id, v) VALUES (1, 11), (2, 22), (3, 33);
            CREATE TABLE mine (id INT); INSERT INTO mine VALUES (5); CREATE PROCEDURE pr() SELECT 2; CREATE VIEW w2 AS SELECT 5 AS five"
    }
    lose "$1"
    restored "$1: nobody said yes" "5 " --into-existing add "$SNAP" "$target"
    like "$1: and is asked about it" "$(cat "$ERR")" "what it lacks of the . tables of the snapshot, beside what database"
    restored "$1: what is missing is added" "4 equal 0" --into-existing add --yes "$SNAP" "$target"
    is "$1: with its rows, and what was there is as it was" "$(held "$1")" "11,22,33 2 70"
    is "$1: that is named" "$(kept)" "table $COPY.people view $COPY.w2 routine $COPY.procedure pr trigger $COPY.tp"
    is "$1: so is the trigger that its table does not have" "$(jq -r 'select(.type == "note") | .text' "$OUT" | grep -c "tp.trigger.sql.*not made: its table \"people\" was there, without it")" 1
    is "$1: only missing tables are proved" "$(jq -r 'select(.type == "table") | "\(.table) \(.verdict)"' "$OUT" | xargs)" "$COPY.orders equal $COPY.shops equal $COPY.tags equal"
    is "$1: what was there works as it did" "$(client "$1" -D "$COPY" <<<"CALL pr(); SELECT five FROM w2; SELECT fu(); SELECT COUNT(*) FROM w; SELECT id FROM mine" | xargs)" "2 5 1 2 5"
    is "$1: the key to it holds" "$(made "$1")" "orders o_p"
    is "$1: triggers" "$(client "$1" -D "$COPY" <<<"SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$COPY'" | xargs)" "ts"
    client "$1" -D "$COPY" <<<"CREATE TRIGGER tp BEFORE INSERT ON people FOR EACH ROW SET NEW.v = 9"
    restored "$1: once more: nothing is missing" "0 equal 0" --into-existing add --yes "$SNAP" "$target"
    is "$1: nothing was touched" "$(held "$1")" "11,22,33 2 70"
    snap restore --no-progress --into-existing add --yes "$SNAP" "$target"
    like "$1: as text" "$(cat "$OUT")" "$COPY.people: kept: it was there, and was not compared"
    like "$1: and in its last line" "$(tail -n 1 "$OUT")" "equal: 0 tables, 4 more kept, 0 rows read back"

    # killed amid it, the next run knows what was there before, also by another command
    lose "$1"
    touch "$IT_TMP/pause"
    "$MYRECON" snapshot restore -q --pause-file "$IT_TMP/pause" --into-existing add --yes "$SNAP" "$target" >/dev/null 2>&1 </dev/null &
    pid=$!
    until [ "$(client "$1" <<<"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY' AND TABLE_NAME IN ('shops', 'orders', 'tags')")" = 3 ]; do sleep 0.1; done
    kill -9 $pid
    wait $pid 2>/dev/null
    rm "$IT_TMP/pause"
    restored "$1: killed, and gone on with" "4 equal 0" "$SNAP" "$target"
    is "$1: what was there is as it was" "$(held "$1")" "11,22,33 2 70"
    is "$1: and named" "$(kept)" "table $COPY.people view $COPY.w2 routine $COPY.procedure pr trigger $COPY.tp"
    is "$1: nothing of the restore is left" "$(client "$1" -D "$COPY" <<<"SHOW TABLES LIKE 'myrecon%'")" ""

    # a parent that is gone comes back to children that have gone on
    fresh "$1" "$COPY"
    client "$1" -D "$COPY" <<<"CREATE TABLE people (id INT PRIMARY KEY, v INT) ENGINE=InnoDB; INSERT INTO people VALUES (1, 1), (2, 2), (9, 9);
        CREATE TABLE orders (id INT PRIMARY KEY, person INT, CONSTRAINT o_p FOREIGN KEY (person) REFERENCES people (id)) ENGINE=InnoDB;
        INSERT INTO orders VALUES (1, 1), (2, NULL); SET foreign_key_checks = 0; DROP TABLE people"
    restored "$1: a parent is added to its children" "0 equal 0" --tables people --tables orders --into-existing add --yes "$SNAP" "$target"
    client "$1" -D "$COPY" <<<"SET foreign_key_checks = 0; INSERT INTO orders VALUES (3, 9); DROP TABLE people"
    restored "$1: one that lacks a row of theirs" "4 equal 0" --tables people --tables orders --into-existing add --yes "$SNAP" "$target"
    like "$1: is named" "$(jq -r 'select(.type == "note") | .text' "$OUT")" "table \"$COPY.orders\" was there, and refers to \"$COPY.people\" .*: rows of it lead to none"

    # a name that is another thing's
    fresh "$1" "$COPY"
    client "$1" -D "$COPY" <<<"CREATE TABLE people (id INT PRIMARY KEY, name INT)"
    restored "$1: another table by that name" "5 " --into-existing add --yes "$SNAP" "$target"
    like "$1: is named" "$(cat "$ERR")" "people\" is there, and is another one than the snapshot's: it has no column \"v\""
    fresh "$1" "$COPY"
    client "$1" -D "$COPY" <<<"CREATE VIEW people AS SELECT 1 AS id"
    restored "$1: a view by a table's name" "5 " --into-existing add --yes "$SNAP" "$target"
    like "$1: is named" "$(cat "$ERR")" "has view \"people\", which is a table in the snapshot"
    restored "$1: without add it is refused as ever" "5 " "$SNAP" "$target"
    like "$1: and the hint tells of it" "$(cat "$ERR")" "beside what is there, with --into-existing add"
}
beside a
if [ -n "$MR_O_URI" ]; then beside o; else skip "MySQL: beside what is there" "no MySQL 9"; fi

# --- under other names ------------------------------------------------------------------------

# killed_with SIDE COUNT ARGS…: a restore that is killed when COUNT tables are there, and nothing is loaded
killed_with() {
    local pid
    touch "$IT_TMP/pause"
    "$MYRECON" snapshot restore -q --pause-file "$IT_TMP/pause" "${@:3}" >/dev/null 2>&1 </dev/null &
    pid=$!
    until [ "$(client "$1" <<<"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY' AND TABLE_TYPE = 'BASE TABLE'")" = "$2" ]; do sleep 0.1; done
    kill -9 $pid
    wait $pid 2>/dev/null
    rm "$IT_TMP/pause"
}

renamed() { # SIDE
    local server
    server=$(side_uri "$1")
    fresh "$1" "$DB"
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY"
    at "$1" "CREATE TABLE people (id INT PRIMARY KEY, v INT, CONSTRAINT pc CHECK (v > 0)); INSERT INTO people VALUES (1, 10), (2, 20);
        CREATE TABLE orders (id INT PRIMARY KEY, person INT, prior INT, CONSTRAINT o_p FOREIGN KEY (person) REFERENCES people (id), CONSTRAINT o_o FOREIGN KEY (prior) REFERENCES orders (id));
        INSERT INTO orders VALUES (1, 1, NULL), (2, 2, 1); CREATE TABLE m1 (id INT) ENGINE=MyISAM; CREATE TABLE mm (id INT) ENGINE=MERGE UNION=(m1); INSERT INTO m1 VALUES (4);
        CREATE TRIGGER tp BEFORE INSERT ON people FOR EACH ROW SET NEW.v = 1; CREATE VIEW w AS SELECT id FROM orders; CREATE VIEW w2 AS SELECT id FROM people;
        CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO DELETE FROM people"
    rm -rf "$SNAP"
    take "$server/$DB" "$SNAP"
    restored "$1: a table under another name" "4 equal 0" --rename "$DB=$COPY" --rename "$DB.people=$DB.folk" --rename "$DB.m1=$COPY.m2" "$SNAP" "$server"
    is "$1: all is there, and once" "$(client "$1" -D "$COPY" <<<"SHOW FULL TABLES" | xargs)" "folk BASE TABLE m2 BASE TABLE mm BASE TABLE orders BASE TABLE w VIEW"
    is "$1: rows" "$(client "$1" -D "$COPY" <<<"SELECT v FROM folk; SELECT id FROM mm; SELECT COUNT(*) FROM orders" | xargs)" "10 20 4 2"
    is "$1: its keys lead where it is now" "$(client "$1" -D "$COPY" <<<"SHOW CREATE TABLE orders" | grep -o 'REFERENCES .[a-z]*' | tr -d '\`' | sort | xargs)" "REFERENCES folk REFERENCES orders"
    is "$1: its trigger is its own" "$(client "$1" <<<"SELECT EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$COPY'")" folk
    is "$1: what names it is said" "$(jq -r 'select(.type == "note") | .text' "$OUT" | grep -c "w2.view.sql\|e.event.sql.*not made: .*names \"people\"")" 2
    is "$1: as the table is" "$(jq -r 'select(.type == "table") | .table' "$OUT" | xargs)" "$COPY.m2 $COPY.mm $COPY.orders $COPY.folk"
    # beside the live one, whose constraints and triggers have the names
    restored "$1: beside the live one" "4 equal 0" --rename "$DB.people=$DB.people_lost" --rename "$DB.orders=$DB.orders_lost" --into-existing add --yes "$SNAP" "$server"
    is "$1: with its rows" "$(client "$1" -D "$DB" <<<"SELECT v FROM people_lost; SELECT COUNT(*) FROM orders_lost" | xargs)" "10 20 2"
    is "$1: its keys are among themselves" "$(client "$1" -D "$DB" <<<"SHOW CREATE TABLE orders_lost" | grep -o 'REFERENCES .[a-z_]*' | tr -d '\`' | sort | xargs)" "REFERENCES orders_lost REFERENCES people_lost"
    like "$1: its trigger is not made, which is said" "$(jq -r 'select(.type == "note") | .text' "$OUT")" "tp.trigger.sql.*not made: another table has a trigger of that name"
    is "$1: the live one is as it was" "$(client "$1" -D "$DB" <<<"SELECT v FROM people; SELECT EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$DB'; SELECT CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = '$DB' AND TABLE_NAME = 'orders' ORDER BY 1" | xargs)" "10 20 people o_o o_p PRIMARY"
    client "$1" <<<"DROP DATABASE $COPY"
    at "$1" "SET foreign_key_checks = 0; DROP TABLE people_lost, orders_lost"

    killed_with "$1" 5 --rename "$DB=$COPY" --rename "$DB.people=$DB.folk" "$SNAP" "$server"
    restored "$1: killed; without the name it is another restore" "5 " --rename "$DB=$COPY" "$SNAP" "$server"
    restored "$1: with it, it is gone on with" "4 equal 0" --rename "$DB=$COPY" --rename "$DB.people=$DB.folk" "$SNAP" "$server"
    is "$1: nothing is left of it" "$(client "$1" -D "$COPY" <<<"SHOW FULL TABLES" | xargs)" "folk BASE TABLE m1 BASE TABLE mm BASE TABLE orders BASE TABLE w VIEW"
}
renamed a
if [ -n "$MR_O_URI" ]; then renamed o; else skip "MySQL: under other names" "no MySQL 9"; fi

wrong() { # DESCRIPTION MESSAGE ARGS…
    snap restore --no-progress "${@:3}" "$SNAP" "$(side_uri a)"
    is "$1: refused" "$RC" 3
    like "$1: and named" "$(cat "$ERR")" "$2"
}
client a <<<"DROP DATABASE $COPY"
fresh a "$DB"
at a "CREATE TABLE people (id INT PRIMARY KEY); CREATE TABLE orders (id INT PRIMARY KEY); CREATE VIEW w AS SELECT 1 AS x"
rm -rf "$SNAP"
take "$(uri a "$DB")" "$SNAP"
wrong "a table that is none" "names no database of the snapshot, nor a table" --rename "$DB.nobody=$DB.x"
wrong "a table that is left out" "nor a table that is restored" --rename "$DB.people=$DB.x" --exclude people
wrong "into another database" "would put a table in another database" --rename "$DB.people=other.x"
wrong "without a database" "would put a table in another database" --rename "$DB.people=x"
wrong "without a name" "has no new name" --rename "$DB.people=$DB."
wrong "two that become one" "table \"people\" and table \"orders\" of the snapshot would both be \"$DB.orders\"" --rename "$DB.people=$DB.orders"
wrong "a table and a view" "table \"people\" and view \"w\" of the snapshot would both be" --rename "$DB.people=$DB.w"
wrong "the restore's own name" "a name that the restore itself needs" --rename "$DB.people=$DB.myrecon_restore"
wrong "a database that is none" "names no database" --rename-db "nobody=x"
is "nothing was made" "$(client a <<<"SHOW DATABASES LIKE '$COPY'")" ""
snap restore --no-progress -q --rename "$DB=$COPY" --rename "$DB.people=$DB.orders" --rename "$DB.orders=$DB.people" "$SNAP" "$(side_uri a)"
is "two that change places" "$RC $(client a -D "$COPY" <<<"SHOW TABLES" | xargs)" "0 orders people w"
finish
