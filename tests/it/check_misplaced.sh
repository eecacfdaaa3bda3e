#!/bin/bash
# check_misplaced.sh: rows that stand in a partition which is not theirs (MySQL 9: EXCHANGE
# PARTITION … WITHOUT VALIDATION) are met by a scan and not found by their key.  A side that has
# them is not equal to one that has not.

. "$(dirname "$0")/lib.sh"
if [ -z "$MR_O_URI" ]; then
    echo "1..0 # SKIP no MySQL 9"
    exit 0
fi
begin a
fresh o "$DB"
LIVE=1 # a row that is met is counted
SRC=$(uri a "$DB") DST=$(uri o "$DB")
WHY='a scan meets rows that their keys do not find'

tables() { # tables PARTITIONED-BY: alike on both sides
    at ao "DROP TABLE IF EXISTS t, x; CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9)) $1;
        CREATE TABLE x (id INT PRIMARY KEY, v VARCHAR(9)); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (13, 'c')"
}
found() { # found DESCRIPTION
    check_is 4 "$1" --tables t
    table_is "$1: is unsettled" t '.verdict == "unsettled"'
    like "$1: says why" "$(table_field t note)" "unsettled: $WHY"
}

RANGES="PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)"
tables "$RANGES"
check_is 0 "each row in its place" --tables t

# p0 gets a row of p1 that TARGET alone has.
at o "INSERT INTO x VALUES (1, 'a'), (2, 'b'), (20, 'd'); ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE x WITHOUT VALIDATION"
found "by ranges"
check_is 4 "by ranges, summed by the server" --tables t --digest server

# A second row of a key that stands where it belongs, too.
tables "PARTITION BY HASH (id) PARTITIONS 2"
at o "INSERT INTO x VALUES (2, 'b'), (13, 'z'); ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE x WITHOUT VALIDATION"
found "one key, two rows"

# A true difference beside them stays one.
at a "UPDATE t SET v = 'other' WHERE id = 1"
check_is 4 "a difference beside them" --tables t
rows_are "a difference beside them" t 'changed {"id":"1"} ["v"]'

# A row that goes between the scan and the second look is settled.
tables "PARTITION BY HASH (id) PARTITIONS 2"
at o "INSERT INTO t VALUES (5, 'soon')"
(sleep 1 && at o "DELETE FROM t WHERE id = 5") &
SETTLE=3
check_is 0 "a row that goes" --tables t
wait

# Rows that come and go all the time stand where they belong.
tables "PARTITION BY HASH (id) PARTITIONS 2"
at o "INSERT INTO t WITH RECURSIVE n AS (SELECT 100 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i, 'w' FROM n"
touch "$IT_TMP/moving"
while [ -e "$IT_TMP/moving" ]; do
    echo "DELETE FROM t WHERE id > 99 AND id % 3 = 0; INSERT INTO t SELECT id + 1, 'w' FROM t WHERE id > 99 AND id % 3 = 2;
        DELETE FROM t WHERE id > 1000"
done | client o -D "$DB" >/dev/null 2>&1 &
SETTLE=1
for try in 1 2 3; do
    run_check "$SRC" "$DST" --settle 1 --tables t
    unlike "rows that come and go, $try: none is misplaced" "$(table_field t note)" "$WHY"
done
rm "$IT_TMP/moving"
wait
finish
