#!/bin/bash
# copy_policies.sh: mirror, backfill and newest: what they decide, that the steps can be carried
# out, and that a check afterwards is equal or names exactly what was listed.

. "$(dirname "$0")/lib.sh"
begin ab
DRIVER=${BUILD:-$IT_DIR/../../build}/tests/it/merge_driver
CASE=$IT_TMP/case INI=$IT_TMP/ini PLAN=$IT_TMP/plan

again() { # again TABLES-SQL [INI]: the databases anew, on both sides
    fresh ab "$DB"
    at ab "$1"
    printf '%s\n' "${2:-}" >"$INI"
}
plan() { # plan POLICY [ARGS…]: checks and plans
    rm -f "$CASE"*
    "$MYRECON" check "$SRC" "$DST" --settle 0 --case "$CASE" --config "$INI" -q \
        "${CHECK[@]}" >"$OUT" 2>"$ERR" </dev/null
    CMD=("$DRIVER" "$SRC" "$DST" "$CASE" "$INI" --policy "$@")
    "${CMD[@]}" >"$PLAN" 2>"$ERR" </dev/null
    RC=$?
}
CHECK=()
entities() { # "TABLE KEY DECISION KIND DETAIL", sorted; keys are SOURCE's, else TARGET's
    jq -r 'select(.type == "entity") | [(.table | sub(".*\\."; "")),
        ((.source_key // .target_key // ["-"]) | join(",")), .decision, .kind // "-",
        .detail // "-"] | join(" ")' "$PLAN" | sort
}
steps() { # "OP TABLE [VALUES…]" in the order in which they are carried out
    jq -sr 'map(select(.type == "step")) | sort_by(.unit, .level)[] |
        "\(.op) \(.table | sub(".*\\."; "")) \([(.after // .before)[]] | tojson)"' "$PLAN"
}
result_of() { jq -r "select(.type == \"result\") | .$1" "$PLAN"; }
carry_out() { # the steps, on TARGET
    local sql
    sql=$(python3 "$IT_DIR/copy_steps.py" "$PLAN" 2>&1) || {
        echo "$sql"
        return 1
    }
    client b -D "$DB" <<<"$sql" >"$IT_TMP/rows" 2>&1 || cat "$IT_TMP/rows"
    grep -vx 1 "$IT_TMP/rows"
}
left() { # "TABLE KIND KEY" of what a check afterwards finds
    run_check "$SRC" "$DST" --settle 0 --config "$INI" "${CHECK[@]}"
    jq -r 'select(.type == "row") | [(.table | sub(".*\\."; "")), .kind,
        (.key // {"":"-"} | [.[]] | join(","))] | join(" ")' "$OUT" | sort
}
converges() { # converges DESCRIPTION [LEFT]: carried out, only LEFT is found
    is "$1: every step is carried out" "$(carry_out)" ""
    is "$1: a check names what is left" "$(left)" "${2:-}"
}

PEOPLE="CREATE TABLE people (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20) NULL, seen DATETIME NULL);
    INSERT INTO people VALUES (1, 'm1', 'a', '2026-01-01'), (2, 'm2', 'b', '2026-01-01'),
    (3, 'm3', 'c', '2026-01-01');"

SUBJECT="[table $DB.people]
subject = yes"
ORDERS="CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, person INT NOT NULL,
    no VARCHAR(20) NOT NULL UNIQUE, FOREIGN KEY (person) REFERENCES people (id) ON DELETE CASCADE);
    INSERT INTO orders VALUES (1, 1, 'o1'), (2, 2, 'o2'), (3, 3, 'o3');"

# --- mirror
again "$PEOPLE" "$SUBJECT"
at a "INSERT INTO people VALUES (4, 'm4', 'd', NULL); UPDATE people SET name = 'x' WHERE id = 2"
at b "DELETE FROM people WHERE id = 1"
plan mirror
is "mirror inserts and updates" "$RC $(entities)" "0 people 1 insert - -
people 2 update - -
people 4 insert - -"
is "and counts" "$(result_of inserts) $(result_of updates) $(result_of deletes)" "2 1 0"
converges mirror

at b "INSERT INTO people VALUES (9, 'm9', 'z', NULL), (10, 'm10', 'z', NULL)"
plan mirror
is "deleting people is refused" "$RC" 5
like "with their number" "$(cat "$ERR")" "deletes 2 rows of people"
plan mirror --allow-deletes 1
is "also with another number" "$RC" 5
like "naming both" "$(cat "$ERR")" "deletes 2 rows of people, not the 1 that"
plan mirror --allow-deletes 2
is "and done with the right one" "$RC $(entities)" "0 people 10 delete - -
people 9 delete - -"
converges "deletes"

again "$PEOPLE CREATE TABLE t (id INT PRIMARY KEY, v INT)" "$SUBJECT"
at b "INSERT INTO t VALUES (1, 1)"
plan mirror
is "rows that are no people go without a question" "$RC $(entities)" "0 t 1 delete - -"

# --- unique values that change hands
again "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, u VARCHAR(10) NULL UNIQUE, v TINYINT UNSIGNED
    NOT NULL UNIQUE); INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, 'd', 4)"
at b "UPDATE t SET u = NULL WHERE id < 3; UPDATE t SET u = 'b' WHERE id = 1;
    UPDATE t SET u = 'a' WHERE id = 2"
plan mirror
is "a swap parks NULL where it may" "$(steps)" 'update t ["2",null,"2"]
update t ["1","a","1"]
update t ["2","b","2"]'
is "as one tree" "$(jq -r 'select(.type == "step") | .tree' "$PLAN" | uniq -c | tr -s ' ')" " 3 1"
converges "a swap"

at b "UPDATE t SET v = 100 + id; UPDATE t SET v = id - 100 + 1 WHERE FALSE;
    UPDATE t SET v = 2 WHERE id = 1; UPDATE t SET v = 3 WHERE id = 2; UPDATE t SET v = 1 WHERE id = 3;
    UPDATE t SET v = 255 WHERE id = 4"
plan mirror
is "a circle of three parks a value that nobody has, in the range" "$(steps | head -n 1)" \
    'update t ["3","c","254"]'
converges "a circle"

again "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, u UUID NOT NULL UNIQUE, a INET6 NOT NULL UNIQUE);
    INSERT INTO t VALUES (1, '00000000-0000-4000-8000-000000000001', '::1'),
    (2, '00000000-0000-4000-8000-000000000002', '::2')"
at b "UPDATE t SET u = '00000000-0000-4000-8000-000000000003', a = '::3' WHERE id = 1;
    UPDATE t SET u = '00000000-0000-4000-8000-000000000001', a = '::1' WHERE id = 2;
    UPDATE t SET u = '00000000-0000-4000-8000-000000000002', a = '::2' WHERE id = 1"
plan mirror
converges "a swap of values that are read as text"

again "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, u INT NOT NULL UNIQUE);
    INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)"
at b "DELETE FROM t; INSERT INTO t VALUES (1, 2), (2, 3), (9, 1)"
plan mirror
is "a chain frees a value before it is taken" "$(steps)" 'delete t ["9","1"]
update t ["1","1"]
update t ["2","2"]
insert t ["3","3"]'
converges "a chain"

again "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, u ENUM('a', 'b') NOT NULL UNIQUE);
    INSERT INTO t VALUES (1, 'a'), (2, 'b')"
at b "DELETE FROM t; INSERT INTO t VALUES (1, 'b'), (2, 'a')"
plan mirror
is "a circle that cannot make way is a conflict" "$RC $(entities)" "1 t 1 conflict not-null-cycle -
t 2 conflict unique u"
converges "no way" "t collision 1
t collision 2"

# --- parents and children
again "$PEOPLE $ORDERS" "$SUBJECT"
at b "INSERT INTO people VALUES (4, 'm4', 'd', NULL); INSERT INTO orders VALUES (4, 4, 'o4');
    UPDATE orders SET person = 4 WHERE id = 1; DELETE FROM people WHERE id = 2"
plan mirror --allow-deletes 1
is "children go or are led elsewhere before their parent goes" "$(steps | grep -v 'm2\|o2')" \
    'update orders ["1","1","o1"]
delete orders ["4","4","o4"]
delete people ["4","m4","d",null]'
is "parents come before their children" "$(steps | grep 'm2\|o2')" \
    'insert people ["2","m2","b","2026-01-01 00:00:00"]
insert orders ["2","2","o2"]'
converges "parents and children"

again "$PEOPLE $ORDERS" "$SUBJECT"
at b "INSERT INTO people VALUES (4, 'm4', 'd', NULL); INSERT INTO orders VALUES (4, 4, 'o4')"
plan mirror --allow-deletes 1 --only "$DB.people"
is "who is referred to by rows that stay does not go" "$RC $(entities)" \
    "1 people 4 conflict referenced $DB.orders"
converges "referenced" "orders extra 4
people extra 4"

again "CREATE TABLE heads (id INT NOT NULL PRIMARY KEY, team INT NULL); CREATE TABLE teams (id INT
    NOT NULL PRIMARY KEY, head INT NOT NULL, FOREIGN KEY (head) REFERENCES heads (id));
    ALTER TABLE heads ADD FOREIGN KEY (team) REFERENCES teams (id)"
CIRCLE="INSERT INTO heads VALUES (1, NULL); INSERT INTO teams VALUES (1, 1);
    UPDATE heads SET team = 1"
at a "$CIRCLE"
plan mirror
is "a circle of foreign keys is closed by an update" "$(steps)" 'insert heads ["1",null]
insert teams ["1","1"]
update heads ["1","1"]'
converges "a circle of foreign keys"
at a "UPDATE heads SET team = NULL; DELETE FROM teams; DELETE FROM heads"
plan mirror
is "and opened by one" "$(steps)" 'update heads ["1",null]
delete teams ["1","1"]
delete heads ["1",null]'
converges "a circle that goes"

again "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, up INT NULL, FOREIGN KEY (up) REFERENCES t (id))"
at b "INSERT INTO t VALUES (1, 1), (2, 1)"
plan mirror
is "a row lets go of itself before it goes" "$(steps)" 'update t ["1",null]
delete t ["2","1"]
delete t ["1",null]'
converges "a row of its own"

# --- some tables only
again "$PEOPLE $ORDERS" "$SUBJECT
identity = mobile"
at a "UPDATE people SET mobile = 'lost' WHERE id = 3; INSERT INTO people VALUES (4, 'm4', 'd', NULL);
    INSERT INTO orders VALUES (4, 3, 'o4'), (5, 4, 'o5'), (6, 1, 'o6')"
at b "UPDATE people SET mobile = 'live' WHERE id = 3; UPDATE orders SET no = 'x' WHERE id = 3"
plan mirror --only "$DB.orders"
is "a row whose parent is another on the other side is a conflict" "$(entities)" \
    "orders 3 conflict parent-differs orders_ibfk_1
orders 4 conflict parent-differs orders_ibfk_1
orders 5 conflict parent-absent orders_ibfk_1
orders 6 insert - -"
converges "some tables" "orders collision 3
orders missing 4
orders missing 5
people collision 3
people missing 4"

# --- tables beyond the plan
again "$PEOPLE $ORDERS" "$SUBJECT
identity = mobile"
at a "UPDATE people SET mobile = 'lost' WHERE id = 3; INSERT INTO people VALUES (4, 'm4', 'd', NULL);
    INSERT INTO orders VALUES (4, 3, 'o4'), (5, 4, 'o5'), (6, 1, 'o6')"
at b "UPDATE people SET mobile = 'live' WHERE id = 3"
CHECK=(--tables orders)
for policy in mirror backfill; do
    plan $policy
    is "a parent that was not compared is looked at: $policy" "$(entities)" \
        "orders 4 conflict parent-differs orders_ibfk_1
orders 5 conflict parent-absent orders_ibfk_1
orders 6 insert - -"
done
converges "beyond the plan" "orders missing 4
orders missing 5"
again "$PEOPLE CREATE TABLE log (id INT NOT NULL PRIMARY KEY, who INT NOT NULL)" "$SUBJECT
identity = mobile
[table $DB.log]
reference = who -> $DB.people.id"
at a "UPDATE people SET mobile = 'lost' WHERE id = 3; INSERT INTO log VALUES (1, 3), (2, 2)"
at b "UPDATE people SET mobile = 'live' WHERE id = 3"
CHECK=(--tables log)
plan mirror
is "also by a declared reference" "$(entities)" "log 1 conflict parent-differs who -> $DB.people.id
log 2 insert - -"
CHECK=()

again "$PEOPLE" "$SUBJECT"
at b "CREATE TABLE notes (id INT NOT NULL PRIMARY KEY, who INT, FOREIGN KEY (who) REFERENCES people (id)
    ON DELETE CASCADE); INSERT INTO people VALUES (8, 'm8', 'd', NULL), (9, 'm9', 'd', NULL);
    INSERT INTO notes VALUES (1, 8), (2, NULL)"
plan mirror --allow-deletes 1
is "rows of a table that only TARGET has keep whom they refer to" "$RC $(entities)" \
    "1 people 8 conflict referenced a table that only the target has
people 9 delete - -"

# --- backfill
again "$PEOPLE $ORDERS CREATE TABLE items (order_id INT NOT NULL, n INT NOT NULL, what VARCHAR(9),
    PRIMARY KEY (order_id, n), FOREIGN KEY (order_id) REFERENCES orders (id));
    INSERT INTO items VALUES (1, 1, 'x')" "$SUBJECT
identity = mobile"
at a "INSERT INTO people VALUES (4, 'lost', 'd', NULL), (5, 'm5', 'e', NULL), (6, 'm6', 'f', NULL);
    UPDATE people SET name = 'x' WHERE id = 1; INSERT INTO orders VALUES (4, 4, 'o4'), (5, 5, 'o5'),
    (6, 1, 'o6'), (7, 4, 'o7'); INSERT INTO items VALUES (4, 1, 'x'), (5, 1, 'y'), (7, 1, 'z')"
at b "INSERT INTO people VALUES (4, 'live', 'd', NULL), (7, 'm6', 'f', NULL);
    INSERT INTO orders VALUES (6, 1, 'o7'), (7, 4, 'o8')"
plan backfill
is "backfill inserts what is missing, and nothing below somebody else" "$RC $(entities)" \
    "1 items 4,1 conflict parent-absent items_ibfk_1
items 5,1 insert - -
items 7,1 conflict parent-differs items_ibfk_1
orders 4 conflict parent-differs orders_ibfk_1
orders 5 insert - -
orders 6 conflict key-taken -
orders 7 conflict key-taken -
people 1 same changed -
people 4 conflict key-taken -
people 5 insert - -
people 6 conflict unique mobile"
is "what it keeps is counted" "$(result_of kept) $(result_of extra) $(result_of open)" "1 1 7"
converges "backfill" "items missing 4,1
items missing 7,1
orders collision 6
orders collision 7
orders missing 4
people changed 1
people collision 4
people extra 7
people missing 6"

# a row that both sides have under one key, each below another person
again "$PEOPLE $ORDERS CREATE TABLE items (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id INT
    NOT NULL, what VARCHAR(9) NOT NULL UNIQUE, FOREIGN KEY (order_id) REFERENCES orders (id))" \
    "$SUBJECT
identity = mobile"
at ab "INSERT INTO people VALUES (4, 'm4', 'd', NULL); INSERT INTO orders VALUES (4, 4, 'o4')"
at a "UPDATE people SET mobile = 'lost' WHERE id = 4; INSERT INTO items VALUES (1, 4, 'x')"
plan backfill
is "an equal row of two people is no parent" "$(entities)" \
    "items 1 conflict parent-differs items_ibfk_1
people 4 conflict key-taken -"

again "$PEOPLE CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, who INT NOT NULL,
    KEY (who))" "$SUBJECT
[table $DB.log]
reference = who -> $DB.people.id"
at a "INSERT INTO log VALUES (1, 9), (2, 8), (3, 1)"
at b "INSERT INTO people VALUES (9, 'm9', 'z', NULL)"
plan backfill
is "an orphan stays one" "$(entities)" \
    "log 1 conflict orphan-would-attach who -> $DB.people.id
log 2 insert - -
log 3 insert - -"

again "CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT)"
at a "INSERT INTO log VALUES (1, 1), (2, 2)"
at b "INSERT INTO log VALUES (1, 5)"
plan backfill
is "another event under the same number is a collision" "$(entities)" "log 1 conflict key-taken -
log 2 insert - -"

# --- newest
again "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(9), at DATETIME NULL);
    INSERT INTO t VALUES (1, 'a', NULL), (2, 'a', '2026-01-10'), (3, 'a', '2026-01-10'),
    (4, 'a', '2026-01-10'), (5, 'a', NULL), (6, 'a', '2026-01-01')"
at a "UPDATE t SET v = 's'; UPDATE t SET at = '2026-01-09' WHERE id = 2; UPDATE t SET at =
    '2026-01-11' WHERE id = 3; UPDATE t SET at = '2026-01-01' WHERE id = 5; UPDATE t SET at = NULL
    WHERE id = 6; INSERT INTO t VALUES (7, 's', NULL)"
plan newest:at
is "newest updates where SOURCE is newer, and NULL is oldest" "$RC $(entities)" "1 t 1 same differs -
t 2 same changed -
t 3 update - -
t 4 same differs -
t 5 update - -
t 6 same changed -
t 7 insert - -"
converges "newest" "t changed 1
t changed 2
t changed 4
t changed 6"

for type in "INT 9 10" "DECIMAL(8,2) 9.50 10.25" "BIGINT -5 -4" "DOUBLE 9e1 1e3" \
    "DATE 2025-12-31 2026-01-01" "TIME -10:00:00 -9:00:00"; do
    read -r name old new <<<"$type"
    again "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, at $name); INSERT INTO t VALUES (1, '$old'), (2, '$new')"
    at a "UPDATE t SET at = CASE id WHEN 1 THEN '$new' ELSE '$old' END"
    plan newest:at
    is "newer by the type: $name" "$(entities)" "t 1 update - -
t 2 same changed -"
done

again "$PEOPLE" "$SUBJECT
identity = mobile"
at a "UPDATE people SET mobile = 'lost', seen = '2027-01-01' WHERE id = 1"
plan newest:seen
is "newest never touches a collision" "$(entities)" "people 1 conflict key-taken -"

again "$PEOPLE $ORDERS CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT);
    INSERT INTO log VALUES (1, 1)"
at a "UPDATE orders SET person = 2; INSERT INTO orders VALUES (4, 1, 'o4'); UPDATE log SET v = 2;
    UPDATE people SET name = 'x', seen = '2026-02-01' WHERE id = 1"
plan newest:seen
is "where there is no such column, newest cannot tell" "$(entities)" "log 1 conflict key-taken -
orders 1 same differs -
orders 3 same differs -
orders 4 insert - -
people 1 update - -"
plan newest:sen
is "a column that no table has is refused" "$RC" 5
like "and named" "$(cat "$ERR")" "newest:sen: no planned table has such a column"
like "the one that is meant, too" "$(cat "$ERR")" 'hint: .*Did you mean "seen"'
again "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, at VARCHAR(20)); INSERT INTO t VALUES (1, '9')"
at a "ALTER TABLE t MODIFY at INT; UPDATE t SET at = 10"
plan newest:at
is "and types that differ" "$RC" 5
like "naming both" "$(cat "$ERR")" "the column is int.* on SOURCE and varchar\(20\) on TARGET"

again "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, u INT NOT NULL UNIQUE, at INT NOT NULL);
    INSERT INTO t VALUES (1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 4, 1)"
at a "UPDATE t SET u = u + 10; UPDATE t SET u = CASE id WHEN 1 THEN 2 WHEN 2 THEN 1 WHEN 3 THEN 4
    ELSE 3 END, at = 2; UPDATE t SET at = 0 WHERE id = 4"
printf '[table %s.t]\nidentity = key\n' "$DB" >"$INI"
plan newest:at
is "a swap needs both to be newer" "$(entities)" "t 1 update - -
t 2 update - -
t 3 same unique u
t 4 same changed -"
converges "half a swap" "t changed 3
t changed 4"

# --- tables without a key
again "CREATE TABLE bag (v VARCHAR(9) NULL, n INT); INSERT INTO bag VALUES ('a', 1), ('a', 1),
    (NULL, 2), ('b', 1)"
at b "DELETE FROM bag WHERE v = 'a' LIMIT 1; DELETE FROM bag WHERE v IS NULL;
    INSERT INTO bag VALUES ('b', 1), ('z', 1)"
plan backfill
is "without a key, what is missing is counted" "$RC $(steps)" '0 insert bag ["a","1"]
insert bag [null,"2"]'
plan mirror
is "surplus rows go, as many as there are" "$RC $(steps)" '0 insert bag ["a","1"]
insert bag [null,"2"]
delete bag ["b","1"]
delete bag ["z","1"]'
is "and are counted" "$(result_of inserts) $(result_of deletes)" "2 2"
converges "bags"

# rows that differ only in what is not compared come as they are, each of them
again "CREATE TABLE bag (v VARCHAR(9), note VARCHAR(9))" "[table $DB.bag]
ignore-columns = note"
at a "INSERT INTO bag VALUES ('x', 'a'), ('x', 'b'), ('x', 'b'), ('x', 'c'), ('y', 'd')"
at b "INSERT INTO bag VALUES ('x', 'b'), ('x', 'z')"
for policy in mirror backfill; do
    plan $policy
    is "$policy: rows of a bag with what is not compared of them" "$RC $(steps | sort)" "0 insert bag [\"x\",\"a\"]
insert bag [\"x\",\"c\"]
insert bag [\"y\",\"d\"]"
done
converges "rows of a bag"
at a "DELETE FROM bag; INSERT INTO bag VALUES ('x', 'b'), ('x', 'd'), ('y', 'b'), ('y', 'b'), ('y', 'b'), ('y', 'd'), ('y', 'd')"
at b "DELETE FROM bag; INSERT INTO bag VALUES ('x', 'b'), ('x', 'b'), ('x', 'b'), ('x', 'd'), ('x', 'd'), ('y', 'b'), ('y', 'd')"
plan mirror
is "of each as many as one side has more" "$RC $(steps | sort)" '0 delete bag ["x","b"]
delete bag ["x","b"]
delete bag ["x","d"]
insert bag ["y","b"]
insert bag ["y","b"]
insert bag ["y","d"]'

# --- keys that a collation takes for the same
again "CREATE TABLE t (k VARCHAR(9) NOT NULL PRIMARY KEY, v INT); INSERT INTO t VALUES ('a', 1)"
at a "UPDATE t SET k = 'A'"
plan mirror
is "a key takes SOURCE's bytes" "$(steps)" 'update t ["A","1"]'
converges "bytes of a key"
again "CREATE TABLE t (k VARCHAR(9) NOT NULL PRIMARY KEY, u VARCHAR(9) NOT NULL UNIQUE)"
at a "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; INSERT INTO t VALUES
    ('b', 'b'), ('c', 'C'), ('d', 'c'), ('E', 'e'), ('e', 'f'), ('G', 'g'), ('g', 'h')"
at b "INSERT INTO t VALUES ('G', 'g')"
plan mirror
is "rows of SOURCE that are one on TARGET are duplicates" "$(entities)" \
    "t E conflict duplicate -
t b insert - -
t c conflict duplicate -
t d conflict duplicate -
t g conflict duplicate -"
plan backfill
like "also where TARGET has one of them already" "$(entities)" "t g conflict duplicate -"

# --- many rows
again "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, up INT NULL, FOREIGN KEY (up) REFERENCES t (id))"
at a "INSERT INTO t SELECT seq, NULL FROM seq_1_to_1200; INSERT INTO t SELECT seq, 1 FROM
    seq_1201_to_2000"
plan mirror
is "units have at most 500 rows" "$(jq -r 'select(.type == "step") | .unit' "$PLAN" | sort -n |
    uniq -c | awk '$1 > 500 { print "too many" } END { print NR }')" 4
converges "many rows"

# --- by command
again "$PEOPLE $ORDERS" "$SUBJECT"
at b "INSERT INTO people VALUES (9, 'm9', 'z', NULL)"
plan mirror --allow-deletes 1
CMD=("$MYRECON" repair plan --policy mirror --case "$CASE" --config "$INI" --output "$IT_TMP/dir")
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
is "repair plan refuses to delete people" "$?" 5
like "and says what to do" "$(cat "$ERR")" "--allow-deletes 1"
"${CMD[@]}" --allow-deletes 1 >"$OUT" 2>"$ERR" </dev/null
is "unless that many may go" "$?" 0
unlike "nobody is overwritten by it" "$(cat "$OUT")" "become other people's"
client b -D "$DB" <"$IT_TMP/dir/apply.sql" >"$OUT" 2>"$ERR"
is "its script makes both sides equal" "$(cat "$ERR" "$OUT")$(left)" ""

again "$PEOPLE" "$SUBJECT"
at a "INSERT INTO people VALUES (8, 'm7', 'y', NULL), (9, 'm9', 'z', NULL); UPDATE people SET name = 'x' WHERE id = 1"
at b "INSERT INTO people VALUES (8, 'm6', 'y', NULL), (9, 'm8', 'z', NULL)"
plan mirror
"$MYRECON" repair plan --policy mirror --case "$CASE" --config "$INI" --output "$IT_TMP/dir5" \
    >"$OUT" 2>"$ERR" </dev/null
is "people whom mirror makes others are no deletes" "$?" 0
like "but counted" "$(cat "$OUT")" "note: rows of people on the target that become other people's, .*: 2 \(merge"

again "$PEOPLE"
at a "INSERT INTO people VALUES (9, 'm9', 'z', NULL)"
at b "INSERT INTO people VALUES (9, 'm8', 'z', NULL)"
plan backfill
"$MYRECON" repair plan --policy backfill --case "$CASE" --config "$INI" --output "$IT_TMP/dir2" \
    >"$OUT" 2>"$ERR" </dev/null
is "a conflict that nobody can decide offers no choice" \
    "$? $(tail -n 1 "$IT_TMP/dir2/conflicts.csv" | cut -d, -f5,6)" "1 key-taken,"
is "nor asks for one" "$(grep -c -e --decisions "$OUT")" 0
like "but says what is to be done" "$(cat "$OUT")" "conflicts.csv lists what backfill leaves as it is"
sed -E '$s/,,([^,]*),\r$/,skip,\1,\r/' "$IT_TMP/dir2/conflicts.csv" >"$IT_TMP/skip.csv"
"$MYRECON" repair plan --policy backfill --case "$CASE" --config "$INI" --output "$IT_TMP/none" \
    --decisions "$IT_TMP/skip.csv" >"$OUT" 2>"$ERR" </dev/null
is "a choice for it is refused" "$?" 5
like "and why" "$(cat "$ERR")" "There is nothing to choose for this row"

again "CREATE SEQUENCE seq START WITH 1 INCREMENT BY 10 NOCACHE;
    CREATE TABLE t (id INT NOT NULL DEFAULT NEXTVAL(seq) PRIMARY KEY, name VARCHAR(9) NOT NULL
    UNIQUE); INSERT INTO t (name) VALUES ('a'), ('b')"
at a "INSERT INTO t (name) VALUES ('c'), ('d')"
plan backfill
"$MYRECON" repair plan --policy backfill --case "$CASE" --config "$INI" --output "$IT_TMP/dir3" \
    >"$OUT" 2>"$ERR" </dev/null
is "a sequence is raised above the rows that come" \
    "$? $(jq -c '[.tables[] | .sequence, .block.from, .block.to, .reseed_to]' "$IT_TMP/dir3/plan.json")" \
    '0 ["seq","41","41","41"]'
"$MYRECON" repair apply --yes "$IT_TMP/dir3" "$DST" >"$OUT" 2>"$ERR" </dev/null
is "by apply, too" "$? $(client b -D "$DB" <<<"INSERT INTO t (name) VALUES ('e');
    SELECT id FROM t WHERE name = 'e'" 2>&1)" "0 41"
"$MYRECON" repair verify "$IT_TMP/dir3" "$DST" >"$OUT" 2>"$ERR" </dev/null
is "and verify finds all as planned" "$?" 0
at a "INSERT INTO t (name) VALUES ('f')"
at b "DELETE FROM t WHERE name = 'e'"
plan mirror
"$MYRECON" repair plan --policy mirror --case "$CASE" --config "$INI" --output "$IT_TMP/dir4" \
    >"$OUT" 2>"$ERR" </dev/null
is "one that is above all of them is left alone" \
    "$? $(jq -c .tables "$IT_TMP/dir4/plan.json")" "0 []"

again "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, name VARCHAR(9) NOT NULL, KEY (name))" \
    "[table $DB.t]
identity = name"
at a "INSERT INTO t VALUES (1, 'x'), (2, 'x'), (3, 'y')"
at b "INSERT INTO t VALUES (4, 'y')"
plan backfill
is "nobody is let in twice" "$(entities)" "t 1 conflict duplicate -
t 2 conflict duplicate -
t 3 conflict unique identity"
at a "INSERT INTO t SELECT seq, 'x' FROM seq_5_to_700"
plan mirror
rm -rf "$IT_TMP/dir"
CMD=("$MYRECON" repair plan --policy mirror --case "$CASE" --config "$INI" --output "$IT_TMP/dir")
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
client b -D "$DB" <"$IT_TMP/dir/apply.sql" >"$OUT" 2>"$ERR"
is "mirror has an identity as often as SOURCE" "$(cat "$ERR" "$OUT")$(left)" ""

again "CREATE TABLE t (name VARCHAR(9) NULL, v INT); INSERT INTO t VALUES ('a', 1)" "[table $DB.t]
identity = name"
at a "INSERT INTO t VALUES ('a', 2), ('x', 1), ('x', 2), ('y', 1), (NULL, 1), (NULL, 1)"
plan backfill
is "in a table without a key, too" "$(entities)" "t ,1,1 insert - -
t ,1,2 insert - -
t a,2,1 conflict unique identity
t x,1,1 conflict duplicate -
t x,2,1 conflict duplicate -
t y,1,1 insert - -"
rm -rf "$IT_TMP/dir"
CMD=("$MYRECON" repair plan --policy backfill --case "$CASE" --config "$INI" --output "$IT_TMP/dir")
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
client b -D "$DB" <"$IT_TMP/dir/apply.sql" >"$OUT" 2>"$ERR"
is "and none of the others is refused" "$(cat "$ERR" "$OUT")
$(left)" "
t missing -
t missing -
t missing -"

finish
