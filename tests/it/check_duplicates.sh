#!/bin/bash
# check_duplicates.sh: an identity on several rows of a side is told also where there are more
# rows, or wider ones, than are kept; what is not looked for is said.

. "$(dirname "$0")/lib.sh"
begin

cat >"$IT_TMP/ini" <<'END'
[table *]
identity = badge
END
duplicates() { # "SIDE IDENTITY rows", sorted
    lines '.type == "duplicate"' | jq -r '"\(.side) \(.identity.badge) \(.keys | length)"' | sort
}

at ab "CREATE TABLE many (id INT PRIMARY KEY, badge VARCHAR(9), v INT);
INSERT INTO many SELECT seq, 'all', 1 FROM seq_1_to_40100;
INSERT INTO many VALUES (50001, 'z', 1), (50002, 'z', 1), (50003, 'one', 1)"
at b "UPDATE many SET v = 2 WHERE id IN (1, 50001, 50003)"
check_is 1 "one identity on very many rows: exits 1" --config "$IT_TMP/ini"
is "one identity on very many rows hides no other" "$(duplicates)" 'source all 40000
source z 2
target all 40000
target z 2'
table_is "one identity on very many rows: not all are listed, which is said" many \
    '.note == "duplicates on the source: of an identity with very many rows not all are listed; duplicates on the target: of an identity with very many rows not all are listed"'

fresh ab "$DB"
at ab "CREATE TABLE wide (id INT PRIMARY KEY, badge VARCHAR(9), doc LONGBLOB)"
at a "INSERT INTO wide VALUES (1, 'x', REPEAT('a', 9000000)), (2, 'y', 1)"
at b "INSERT INTO wide VALUES (1, 'x', REPEAT('b', 9000000)), (2, 'x', REPEAT('b', 9000000))"
check_is 1 "wide rows: exits 1" --config "$IT_TMP/ini" --max-rows 0
is "wide rows: one identity on two" "$(duplicates)" 'target x 2'
table_is "wide rows: all are listed" wide '.note == null'

fresh ab "$DB"
at ab "CREATE TABLE large (id INT PRIMARY KEY, badge VARCHAR(9), v INT);
INSERT INTO large SELECT seq, 'all', 1 FROM seq_1_to_230000; ANALYZE TABLE large"
check_is 0 "a large table without an index, equal: exits 0" --config "$IT_TMP/ini"
table_is "a large table without an index, equal: nothing is left out" large '.note == null'
at b "UPDATE large SET v = 2 WHERE id = 1"
check_is 1 "a large table without an index: exits 1" --config "$IT_TMP/ini"
table_is "a large table without an index: that nobody looked is said" large \
    '.note | test("duplicates on the source: not looked for, no index .*duplicates on the target: not looked for")'
finish
