#!/bin/bash
# snapshot_restore_aside.sh: a table that the server does not take is set aside and named, never
# left looking whole; the rest is restored, and the same command tries that table again.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
settings change
begin a
COPY=${DB}_copy
SNAP=$IT_TMP/snap

# restored DESCRIPTION "RC VERDICT SET-ASIDE RESUMED" ARGS…
restored() {
    snap restore --json --no-progress "${@:3}"
    is "$1" "$RC $(jq -r 'select(.type == "summary") | "\(.verdict) \(.set_aside) \(.resumed)"' "$OUT" 2>/dev/null)" "$2"
}
aside() { jq -r 'select(.verdict == "set-aside") | "\(.table) \(.state): \(.reason)"' "$OUT"; }
tables() { client "$1" -D "$COPY" <<<"SHOW FULL TABLES" | awk '{ print $1 }' | xargs; }
snapshot_of() { # SIDE
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
}

# --- by its engine's limit, and what depends on it ------------------------------------------

full() { # SIDE: a MEMORY table that the target has no room for; one that another one refers to
    local was target
    target=$(uri "$1" "$COPY")
    fresh "$1" "$DB"
    fresh "$1" "$COPY"
    at "$1" "CREATE TABLE a_first (id INT PRIMARY KEY, v VARCHAR(9)); INSERT INTO a_first VALUES (1, 'a'), (2, 'b');
        CREATE TABLE big (id INT PRIMARY KEY, pad CHAR(250)) ENGINE=MEMORY; CREATE TABLE n (i INT); INSERT INTO n VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
        INSERT INTO big SELECT a.i * 100 + b.i * 10 + c.i, REPEAT('x', 250) FROM n a, n b, n c;
        CREATE TABLE mi (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO mi VALUES (1), (2);
        CREATE TRIGGER tr BEFORE INSERT ON big FOR EACH ROW SET NEW.pad = 'y'; CREATE VIEW w AS SELECT id FROM big;
        CREATE VIEW w2 AS SELECT id FROM a_first"
    snapshot_of "$1"
    was=$(client "$1" <<<"SELECT @@GLOBAL.max_heap_table_size")
    client "$1" <<<"SET GLOBAL max_heap_table_size = 65536"
    restored "$1: a table is full: exit 4" "4 incomplete 1 false" "$SNAP" "$target"
    like "$1: it is named, with the server's message" "$(aside)" "^$COPY.big could not be loaded, and was dropped again: .*The table .big. is full"
    is "$1: it does not look whole, the rest is there" "$(tables "$1")" "a_first mi myrecon_restore n w2"
    is "$1: the rest is proved" "$(jq -r 'select(.type == "table" and .verdict == "equal") | .table' "$OUT" | xargs)" "$COPY.a_first $COPY.mi $COPY.n"
    is "$1: what stands on it is named" "$(jq -r 'select(.type == "note") | .text' "$OUT" | grep -c 'big.*view\|w.view.sql\|tr.trigger.sql')" 2
    client "$1" -D "$COPY" <<<"INSERT INTO mi VALUES (3)" # what was loaded is not loaded again
    snap restore --no-progress "$SNAP" "$target"
    is "$1: the same again" "$RC $(tables "$1")" "4 a_first mi myrecon_restore n w2"
    like "$1: as text" "$(cat "$OUT")" "$COPY.big: set aside: it could not be loaded, and was dropped again: "
    like "$1: what to do next" "$(cat "$OUT")" "^next: the same command tries again what was set aside; table myrecon_restore stays in \"$COPY\" until then"
    client "$1" <<<"SET GLOBAL max_heap_table_size = $was"
    is "$1: a row of somebody else is still there" "$(client "$1" -D "$COPY" <<<"SELECT COUNT(*) FROM mi")" 3
    client "$1" -D "$COPY" <<<"DELETE FROM mi WHERE id = 3"
    restored "$1: with room the same command ends it" "0 equal 0 true" "$SNAP" "$target"
    is "$1: nothing of the restore is left" "$(tables "$1")" "a_first big mi n w w2"
    SRC=$(uri "$1" "$DB") DST=$target
    check_is 0 "$1: equal, trigger, views and all"
}
full a
if [ -n "$MR_O_URI" ]; then full o; else skip "MySQL: full" "no MySQL 9"; fi

# --- of a table with transactions, that another one refers to -------------------------------

refused() { # SIDE: somebody's trigger turns the rows away
    local pid i target
    target=$(uri "$1" "$COPY")
    fresh "$1" "$DB"
    client "$1" <<<"DROP DATABASE IF EXISTS $COPY"
    at "$1" "CREATE TABLE p (id INT PRIMARY KEY); INSERT INTO p VALUES (1), (2), (3);
        CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id)); INSERT INTO c VALUES (1, 1), (2, 3)"
    snapshot_of "$1"
    touch "$IT_TMP/pause"
    "$MYRECON" snapshot restore --json --no-progress --pause-file "$IT_TMP/pause" "$SNAP" "$target" >"$OUT" 2>"$ERR" </dev/null &
    pid=$!
    for ((i = 0; i < 300; i++)); do
        client "$1" -D "$COPY" 2>/dev/null <<<"CREATE TRIGGER no BEFORE INSERT ON p FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not here'" && break
        sleep 0.05
    done
    rm "$IT_TMP/pause"
    wait $pid
    is "$1: rows are turned away: exit 4" "$?" 4
    like "$1: for that reason" "$(aside)" "^$COPY.p could not be loaded, and was dropped again: .*not here"
    is "$1: who refers to it is there" "$(tables "$1")" "c myrecon_restore"
    is "$1: with its reference" "$(client "$1" -D "$COPY" <<<"SHOW CREATE TABLE c" | grep -c 'REFERENCES `p`')" 1
    client "$1" -D "$COPY" <<<"CREATE TABLE p (id INT PRIMARY KEY, mine INT); INSERT INTO p VALUES (9, 9)"
    snap restore --no-progress "$SNAP" "$target"
    is "$1: somebody made it meanwhile: refused" "$RC $(grep -c "is there, and not by the restore" "$ERR")" "5 1"
    is "$1: and is as it was" "$(client "$1" -D "$COPY" <<<"SELECT id + mine FROM p; SET foreign_key_checks = 0; DROP TABLE p")" 18
    restored "$1: the same command ends it" "0 equal 0 true" "$SNAP" "$target"
    SRC=$(uri "$1" "$DB") DST=$target
    check_is 0 "$1: equal, reference and all"
}
refused a
if [ -n "$MR_O_URI" ]; then refused o; else skip "MySQL: turned away" "no MySQL 9"; fi

# --- ARCHIVE counts up from its counter, and takes no row below it --------------------------

if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    client o <<<"DROP DATABASE $COPY"
    at o "CREATE TABLE ar (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(200)) ENGINE=ARCHIVE;
        INSERT INTO ar (v) VALUES ('a'), ('b'), ('c'); INSERT INTO ar VALUES (9, 'i'); CREATE TABLE z (id INT PRIMARY KEY); INSERT INTO z VALUES (1);
        SET SESSION cte_max_recursion_depth = 40000;
        INSERT INTO ar (v) WITH RECURSIVE s AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM s WHERE i < 30000) SELECT REPEAT('r', 150) FROM s"
    rm -rf "$SNAP"
    take --chunk-size 1 "$(uri o "$DB")" "$SNAP"
    ok "ARCHIVE: several files" test "$(ls "$SNAP"/data/*.ar.* | wc -l)" -gt 2
    restored "ARCHIVE with AUTO_INCREMENT is restored" "0 equal 0 false" --threads 4 "$SNAP" "$(uri o "$COPY")"
    SRC=$(uri o "$DB") DST=$(uri o "$COPY")
    check_is 0 "ARCHIVE: equal"
    client o <<<"DROP DATABASE $COPY"
    "$MYRECON" snapshot restore -q --threads 1 "$SNAP" "$(uri o "$COPY")" >/dev/null 2>&1 </dev/null & # killed amid its rows
    KILL=$!
    for ((i = 0; i < 500; i++)); do
        [ "$(client o 2>/dev/null <<<"SELECT COUNT(*) FROM $COPY.myrecon_restore WHERE file LIKE 'data/%'")" -gt 0 ] 2>/dev/null && break
        sleep 0.01
    done
    kill -9 $KILL
    wait $KILL 2>/dev/null
    snap restore --json --no-progress "$SNAP" "$(uri o "$COPY")"
    check_is 0 "ARCHIVE: and after a kill"

    # what the other family does not have, and does not take
    fresh a "$DB"
    client o <<<"DROP DATABASE $COPY"
    at a "CREATE TABLE u (id UUID PRIMARY KEY); INSERT INTO u VALUES (UUID());
        CREATE TABLE ck (id INT PRIMARY KEY, v INT, CHECK (v > 0)); INSERT INTO ck VALUES (1, 1);
        SET check_constraint_checks = 0; INSERT INTO ck VALUES (2, -1); CREATE TABLE z (id INT PRIMARY KEY); INSERT INTO z VALUES (1)"
    snapshot_of a
    restored "MariaDB to MySQL: a type that it does not have is refused" "5 " "$SNAP" "$(uri o "$COPY")"
    restored "allowed, two tables are set aside" "4 incomplete 2 false" --allow-lossy type "$SNAP" "$(uri o "$COPY")"
    like "a row that breaks a CHECK" "$(aside)" "^$COPY.ck could not be loaded, and was dropped again: .*the server took 1 of 2 rows: Check constraint '.*' is violated"
    like "a type that it does not have" "$(aside)" "^$COPY.u could not be made: "
    is "the rest is there" "$(tables o)" "myrecon_restore z"
    client o <<<"SET GLOBAL local_infile = 0"
    restored "so it is where rows are inserted" "4 incomplete 2 true" --allow-lossy type "$SNAP" "$(uri o "$COPY")"
    client o <<<"SET GLOBAL local_infile = 1"
    like "for the same reason" "$(aside)" "^$COPY.ck could not be loaded, and was dropped again: .*Check constraint '.*' is violated"

    # a database of a collation that MariaDB does not have, empty or to be made
    fresh o "$DB"
    client o <<<"ALTER DATABASE $DB COLLATE utf8mb4_0900_ai_ci"
    at o "CREATE TABLE k (id INT PRIMARY KEY, v VARCHAR(9)) COLLATE utf8mb4_0900_ai_ci; INSERT INTO k VALUES (1, 'a');
        CREATE TABLE l (id INT PRIMARY KEY, v VARCHAR(9)) COLLATE utf8mb4_bin; INSERT INTO l VALUES (1, 'b')"
    snapshot_of o
    client a <<<"DROP DATABASE $COPY"
    restored "MySQL to MariaDB, which lacks the database's collation: refused" "5 " "$SNAP" "$(uri a "$COPY")"
    is "before anything is done" "$(client a <<<"SHOW DATABASES LIKE '$COPY'")" ""
    restored "allowed, all is restored" "4 equal 0 false" --allow-lossy collation "$SNAP" "$(uri a "$COPY")"
    is "the table of that collation has the one of its character set" "$(client a -D "$COPY" <<<"SELECT TABLE_NAME, TABLE_COLLATION FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY'" | xargs)" "k utf8mb4_general_ci l utf8mb4_bin"
    like "of the database it is said" "$(jq -r 'select(.type == "note") | .text' "$OUT")" "database \"$COPY\" has the collation .*Unknown collation"
    client a <<<"DROP DATABASE $COPY; CREATE DATABASE $COPY CHARACTER SET latin1"
    restored "the same where it was there, and empty" "4 equal 0 false" --allow-lossy collation "$SNAP" "$(uri a "$COPY")"
    is "in its character set" "$(client a <<<"SELECT DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '$COPY'")" utf8mb4

    # an engine that the target does not have is not replaced by another one
    engine=$(client o <<<"SELECT ENGINE FROM information_schema.ENGINES WHERE SUPPORT = 'YES' AND ENGINE IN ('ARCHIVE', 'BLACKHOLE')" |
        grep -vixf <(client a <<<"SELECT ENGINE FROM information_schema.ENGINES") | head -n 1)
    if [ -n "$engine" ]; then
        fresh o "$DB"
        client a <<<"DROP DATABASE IF EXISTS $COPY"
        at o "CREATE TABLE e (id INT PRIMARY KEY AUTO_INCREMENT) ENGINE=$engine; INSERT INTO e VALUES (1);
            CREATE TABLE z (id INT PRIMARY KEY); INSERT INTO z VALUES (1)"
        snapshot_of o
        restored "MySQL to MariaDB: an engine that it does not have" "4 incomplete 1 false" --allow-lossy engine "$SNAP" "$(uri a "$COPY")"
        like "it is named" "$(aside)" "^$COPY.e could not be made: .*Unknown storage engine"
        is "no table of another engine stands for it" "$(tables a)" "myrecon_restore z"
        client a <<<"DROP DATABASE $COPY"
    else
        skip "an engine that the target does not have" "MariaDB has what MySQL has"
    fi
else
    skip "MySQL: ARCHIVE" "no MySQL 9"
fi
finish
