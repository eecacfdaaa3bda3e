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
    is "$1: no key lies" "$(made "$1")" ""
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
    restored "$1: what is missing is added" "4 equal 0" --into-existing add "$SNAP" "$target"
    is "$1: with its rows, and what was there is as it was" "$(held "$1")" "11,22,33 2 70"
    is "$1: that is named" "$(kept)" "table $COPY.people view $COPY.w2 routine $COPY.procedure pr trigger $COPY.tp"
    is "$1: so is the trigger that its table does not have" "$(jq -r 'select(.type == "note") | .text' "$OUT" | grep -c "tp.trigger.sql.*not made: its table \"people\" was there, without it")" 1
    is "$1: only missing tables are proved" "$(jq -r 'select(.type == "table") | "\(.table) \(.verdict)"' "$OUT" | xargs)" "$COPY.orders equal $COPY.shops equal $COPY.tags equal"
    is "$1: what was there works as it did" "$(client "$1" -D "$COPY" <<<"CALL pr(); SELECT five FROM w2; SELECT fu(); SELECT COUNT(*) FROM w; SELECT id FROM mine" | xargs)" "2 5 1 2 5"
    is "$1: the key to it holds" "$(made "$1")" "orders o_p"
    is "$1: triggers" "$(client "$1" -D "$COPY" <<<"SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$COPY'" | xargs)" "ts"
    client "$1" -D "$COPY" <<<"CREATE TRIGGER tp BEFORE INSERT ON people FOR EACH ROW SET NEW.v = 9"
    restored "$1: once more: nothing is missing" "0 equal 0" --into-existing add "$SNAP" "$target"
    is "$1: nothing was touched" "$(held "$1")" "11,22,33 2 70"
    snap restore --no-progress --into-existing add "$SNAP" "$target"
    like "$1: as text" "$(cat "$OUT")" "$COPY.people: kept: it was there, and was not compared"
    like "$1: and in its last line" "$(tail -n 1 "$OUT")" "equal: 0 tables, 4 more kept, 0 rows read back"

    # killed amid it, the next run knows what was there before, also by another command
    lose "$1"
    touch "$IT_TMP/pause"
    "$MYRECON" snapshot restore -q --pause-file "$IT_TMP/pause" --into-existing add "$SNAP" "$target" >/dev/null 2>&1 </dev/null &
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
    restored "$1: a parent is added to its children" "0 equal 0" --tables people --tables orders --into-existing add "$SNAP" "$target"
    client "$1" -D "$COPY" <<<"SET foreign_key_checks = 0; INSERT INTO orders VALUES (3, 9); DROP TABLE people"
    restored "$1: one that lacks a row of theirs" "4 equal 0" --tables people --tables orders --into-existing add "$SNAP" "$target"
    like "$1: is named" "$(jq -r 'select(.type == "note") | .text' "$OUT")" "table \"$COPY.orders\" was there, and refers to \"$COPY.people\" .*: rows of it lead to none"

    # a name that is another thing's
    fresh "$1" "$COPY"
    client "$1" -D "$COPY" <<<"CREATE VIEW people AS SELECT 1 AS id"
    restored "$1: a view by a table's name" "5 " --into-existing add "$SNAP" "$target"
    like "$1: is named" "$(cat "$ERR")" "has view \"people\", which is a table in the snapshot"
    restored "$1: without add it is refused as ever" "5 " "$SNAP" "$target"
    like "$1: and the hint tells of it" "$(cat "$ERR")" "beside what is there, with --into-existing add"
}
beside a
if [ -n "$MR_O_URI" ]; then beside o; else skip "MySQL: beside what is there" "no MySQL 9"; fi
finish
