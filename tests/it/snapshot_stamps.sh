#!/bin/bash
# snapshot_stamps.sh: TIMESTAMP columns without a default, and tables without a primary key, restored
# where the server gives them one.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
settings change
begin a
COPY=${DB}_copy
SNAP=$IT_TMP/snap

implied() { # implied SIDE: sessions get defaults for TIMESTAMP columns until the end
    client "$1" <<<"SET GLOBAL explicit_defaults_for_timestamp = 0"
    at_exit "client $1 <<<'SET GLOBAL explicit_defaults_for_timestamp = 1'"
}

columns() { # columns SIDE DB
    client "$1" <<<"SELECT COLUMN_NAME, IS_NULLABLE, COLUMN_DEFAULT, EXTRA FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = '$2' ORDER BY TABLE_NAME, ORDINAL_POSITION"
}

ROWS="CREATE TABLE t (id INT PRIMARY KEY, a TIMESTAMP NOT NULL, b TIMESTAMP(3) NOT NULL, c TIMESTAMP NULL,
        d TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00'); INSERT INTO t VALUES (1, '2020-01-02 03:04:05', '2020-01-02 03:04:05.678', NULL, '2021-01-01')"
at a "$ROWS"
take "$(uri a "$DB")" "$SNAP"
is "made" "$RC" 0
implied b
fresh b "$COPY"
snap restore --no-progress "$SNAP" "$(uri b "$COPY")"
is "restored, nothing to say" "$RC $(cat "$ERR")" "0 "
is "no default but their own" "$(columns b "$COPY")" "$(columns a "$DB")"
client b <<<"DROP DATABASE $COPY"
ok "stock tools load it" stock_restore "$SNAP" b "$DB" "$COPY"
is "which give them none, either" "$(columns b "$COPY")" "$(columns a "$DB")"

if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    fresh o "$COPY"
    at o "$ROWS"
    rm -rf "$SNAP"
    take "$(uri o "$DB")" "$SNAP"
    implied o
    snap restore --no-progress --rename-db "$DB=$COPY" "$SNAP" "$(side_uri o)"
    is "MySQL: no default but their own" "$RC $(columns o "$COPY")" "0 $(columns o "$DB")"
else
    skip "MySQL: no default but their own" "no MySQL 9"
fi

# --- a server that gives a primary key to tables that have none ---------------------------------

if [ -n "$MR_O_URI" ]; then
    keys() { client o <<<"SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '$COPY' ORDER BY 1, ORDINAL_POSITION" | xargs; }
    fresh o "$DB"
    fresh o "$COPY"
    at o "CREATE TABLE bare (a INT, \`PRIMARY\` INT); INSERT INTO bare VALUES (1, 1), (1, 1); CREATE TABLE keyed (id INT PRIMARY KEY)"
    rm -rf "$SNAP"
    take "$(uri o "$DB")" "$SNAP"
    client o <<<"CREATE USER 'few'@'127.0.0.1'; GRANT REPLICATION CLIENT ON *.* TO 'few'@'127.0.0.1'; GRANT ALL ON $COPY.* TO 'few'@'127.0.0.1'; SET GLOBAL sql_generate_invisible_primary_key = 1"
    at_exit "client o <<<\"SET GLOBAL sql_generate_invisible_primary_key = 0; DROP USER 'few'@'127.0.0.1'\""
    snap restore --no-progress --rename-db "$DB=$COPY" "$SNAP" "$(side_uri o)"
    is "MySQL: no primary key but their own" "$RC $(keys)" "0 bare a bare PRIMARY keyed id"
    client o <<<"DROP DATABASE $COPY"
    ok "MySQL: stock tools load it" stock_restore "$SNAP" o "$DB" "$COPY"
    is "MySQL: which give them none, either" "$(keys)" "bare a bare PRIMARY keyed id"
    fresh o "$COPY"
    snap restore --no-progress --rename-db "$DB=$COPY" "$SNAP" "mysql://few@${MR_O_URI##*@}"
    is "MySQL: where that cannot be set, it is said" "$RC $(grep -c my_row_id "$OUT") $(grep -c 'bare.*my_row_id' "$OUT")" "4 1 1"
    client o <<<"SET GLOBAL sql_generate_invisible_primary_key = 0; DROP DATABASE $COPY"
else
    skip "MySQL: no primary key but their own" "no MySQL 9"
fi

# --- what is generated of them, in the time zone of who wrote the rows ------------------------

for side in a o; do
    if [ $side = o ] && [ -z "$MR_O_URI" ]; then
        skip "MySQL: generated of a TIMESTAMP" "no MySQL 9"
        continue
    fi
    fresh $side "$DB"
    at $side "CREATE TABLE g (id INT PRIMARY KEY, ts TIMESTAMP NULL, y INT, day DATE AS (DATE(ts)) STORED, twice INT AS (y * 2) STORED);
        CREATE TABLE v (id INT PRIMARY KEY, ts TIMESTAMP NULL, hour INT AS (HOUR(ts)) VIRTUAL, next INT AS (hour + 1) VIRTUAL, KEY (next));
        INSERT INTO g (id, ts, y) VALUES (1, '2020-01-02 01:00:00', 1); INSERT INTO v (id, ts) VALUES (1, '2020-01-02 01:00:00')"
    rm -rf "$SNAP"
    take "$(uri $side "$DB")" "$SNAP"
    is "$side: generated in UTC" "$RC $(grep -c 'left out' "$OUT")" "0 0"
    at $side "SET time_zone = '+03:30'; INSERT INTO g (id, ts, y) VALUES (2, '2020-01-02 01:00:00', 1)"
    rm -rf "$SNAP"
    take "$(uri $side "$DB")" "$SNAP"
    is "$side: generated elsewhere: made, and said" "$RC $(grep -c 'left out' "$OUT")" "4 1"
    like "$side: of which column" "$(cat "$OUT")" "column $DB.g.day: rows hold other values of it than it has in UTC"
    at $side "SET time_zone = '+03:30'; INSERT INTO v (id, ts) VALUES (2, '2020-01-02 01:00:00')"
    rm -rf "$SNAP"
    take "$(uri $side "$DB")" "$SNAP"
    like "$side: an index with rows of elsewhere" "$(cat "$OUT")" "column $DB.v.next: its index holds what it is in the time zones"
    at $side "DELETE FROM v WHERE id = 2; UPDATE g SET ts = NULL; ALTER TABLE v DROP PRIMARY KEY"
    rm -rf "$SNAP"
    take "$(uri $side "$DB")" "$SNAP"
    like "$side: an index that cannot be read" "$(cat "$OUT")" "column $DB.v.next: its index holds what it is in the time zones"
    at $side "DELETE FROM v"
    rm -rf "$SNAP"
    take "$(uri $side "$DB")" "$SNAP"
    is "$side: one without rows" "$RC $(grep -c 'left out' "$OUT")" "0 0"
    client $side <<<"DROP DATABASE IF EXISTS $COPY"
    [ $side = o ] || continue
    at o "CREATE TABLE f (id INT PRIMARY KEY, ts TIMESTAMP NULL, y DATETIME, KEY day ((DATE(ts))), KEY other ((DATE(y))))"
    rm -rf "$SNAP"
    take "$(uri o "$DB")" "$SNAP"
    is "o: an index over an expression, without rows" "$RC $(grep -c 'left out' "$OUT")" "0 0"
    at o "INSERT INTO f (id) VALUES (1)"
    rm -rf "$SNAP"
    take "$(uri o "$DB")" "$SNAP"
    is "o: and with some" "$RC $(grep 'left out' "$OUT" | cut -d: -f1,2)" "4   left out: index $DB.f.day"
done
finish
