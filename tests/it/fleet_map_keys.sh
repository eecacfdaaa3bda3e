#!/bin/bash
# fleet_map_keys.sh: many sources as one, by each kind of key and identity; and what cannot be read as one.

. "$(dirname "$0")/lib.sh"
begin ab
for n in 0 1 2; do fresh a "${DB}_$n"; done
TEMPLATE=$(uri a "${DB}_{0..2}")
PLACE=${TEMPLATE#*@} PLACE=${PLACE%%/*}

on() { # on SIDE NS SQL: in the sources of these numbers
    local i
    for ((i = 0; i < ${#2}; i++)); do
        client "$1" -D "${DB}_${2:i:1}" <<<"$3" || bail "SQL failed on source ${2:i:1}: ${3:0:200}"
    done
}
map() { # map MAP [OPTION…]: a check of the sources by that map; $RC, $OUT, $ERR
    CMD=("$MYRECON" check -q --json --settle 0 "${@:2}" "shards:$TEMPLATE#$1" "$DST")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
lines() { jq -cr "select(.type == \"$1\") | $2" "$OUT" | xargs; }
counts() { lines table '"\(.table | sub(".*[.]"; "")) \(.verdict) \(.source_rows)/\(.target_rows) \(.missing)-\(.extra)-\(.changed)-\(.collision)-\(.moved)"'; }
rows() { lines row '"\(.kind) \(.key | [.[]] | join("."))"'; }
places() { lines duplicate '"\(.keys | map([.[]] | join(".")) | join("+")) \((.places // []) | map(sub(".*_(?<n>.)[.].*"; "\(.n)")) | join(""))"'; }

# --- keys of many kinds, spread by a hash, with 100 rows of each difference at the end of none
each_key() { # each_key NAME TYPES KEY-EXPRESSIONS [COLUMNS]
    local name=$1 types=$2 values=$3 i
    on a 012 "CREATE TABLE $name ($types, v INT)"
    at b "CREATE TABLE $name ($types, v INT); INSERT INTO $name SELECT $values, seq FROM seq_1_to_6000"
    for i in 0 1 2; do on a $i "INSERT INTO $name SELECT $values, seq FROM seq_1_to_6000 WHERE seq % 3 = $i"; done
}
each_key k_big "a BIGINT, PRIMARY KEY (a)" "(CAST(seq AS SIGNED) - 3000) * 3037000500"
each_key k_two "a INT, b VARBINARY(8), PRIMARY KEY (a, b)" "CAST(seq % 7 AS SIGNED) - 3, LEFT(UNHEX(MD5(seq)), 8)"
each_key k_time "a DATETIME(3), b TIME, PRIMARY KEY (b, a)" "'2020-01-01' + INTERVAL seq * 7919 SECOND, SEC_TO_TIME((CAST(seq % 500 AS SIGNED) - 250) * 60)"
each_key k_dec "a DECIMAL(20,5), PRIMARY KEY (a)" "(CAST(seq AS SIGNED) - 3000) * 1234567.00001"
each_key k_enum "a ENUM('z','y','x'), b INT, PRIMARY KEY (a, b)" "seq % 3 + 1, seq"
each_key k_text "a VARCHAR(30), PRIMARY KEY (a)" "CONCAT('Key', seq * 7919 % 6007, 'ä')"
each_key k_uuid "a CHAR(36) CHARACTER SET ascii, PRIMARY KEY (a)" "UUID()"
on a 012 "DELETE FROM k_uuid"
for n in 0 1 2; do # the same on both sides
    client b -D "$DB" <<<"SELECT CONCAT('INSERT INTO k_uuid VALUES (''', a, ''',', v, ');') FROM k_uuid WHERE v % 3 = $n" | client a -D "${DB}_$n"
done
on a 012 "CREATE TABLE k_none (a INT, b VARCHAR(20))"
at b "CREATE TABLE k_none (a INT, b VARCHAR(20)); INSERT INTO k_none SELECT seq % 100, 'x' FROM seq_1_to_3000"
on a 012 "INSERT INTO k_none SELECT seq % 100, 'x' FROM seq_1_to_1000"
ALL=k_big,k_two,k_time,k_dec,k_enum,k_text,k_uuid,k_none
MAP=$(sed 's/[a-z_]*/&->&/g' <<<"$ALL")
map "$MAP"
is "equal, by each kind of key" "$RC $(counts | tr -d '\n')" \
    "0 k_big equal 6000/6000 0-0-0-0-0 k_dec equal 6000/6000 0-0-0-0-0 k_enum equal 6000/6000 0-0-0-0-0 k_none equal 3000/3000 0-0-0-0-0 k_text equal 6000/6000 0-0-0-0-0 k_time equal 6000/6000 0-0-0-0-0 k_two equal 6000/6000 0-0-0-0-0 k_uuid equal 6000/6000 0-0-0-0-0"

at b "UPDATE k_big SET v = 0 WHERE v = 17; DELETE FROM k_two WHERE v = 18; UPDATE k_time SET v = 0 WHERE v = 19; DELETE FROM k_dec WHERE v = 20;
    UPDATE k_enum SET v = 0 WHERE v = 21; UPDATE k_text SET v = 0 WHERE v = 22; DELETE FROM k_uuid WHERE v = 23; DELETE FROM k_none LIMIT 2"
map "$MAP" --threads 1
is "one difference of each" "$RC $(lines table '"\(.table | sub(".*_"; "")):\(.missing).\(.extra).\(.changed)"')" \
    "1 big:0.0.1 dec:1.0.0 enum:0.0.1 none:2.0.0 text:0.0.1 time:0.0.1 two:1.0.0 uuid:1.0.0"

# --- a key in several sources
twice() { # twice NAME V FROM TO: the row of v is copied, another row has its key in a third
    on a "$4" "INSERT INTO $1 SELECT * FROM ${DB}_$3.$1 WHERE v = $2"
}
for name in big two time dec enum text uuid; do twice "k_$name" 3001 1 2; done
on a 0 "INSERT INTO k_text SELECT UPPER(a), 9 FROM ${DB}_1.k_text WHERE v = 3001" # the same by the collation
on a 0 "INSERT INTO k_enum SELECT a, b, 9 FROM ${DB}_1.k_enum WHERE v = 3001"
map "$MAP"
is "copies are missing rows" "$RC $(lines table '"\(.table | sub(".*_"; "")):\(.missing).\(.extra).\(.changed)"')" \
    "1 big:1.0.1 dec:2.0.0 enum:2.0.1 none:2.0.0 text:2.0.1 time:1.0.1 two:2.0.0 uuid:2.0.0"
is "each with its places" "$(lines duplicate '"\(.table | sub(".*_"; "")):\(.places | map(sub(".*_(?<n>.)[.].*"; "\(.n)")) | join(""))"')" \
    "big:12 dec:12 enum:012 text:012 time:12 two:12 uuid:12"

# --- a key of two sources where a reading of 20,000 rows ends, and a target whose keys are of another type
for n in 0 1; do fresh a "${DB}_l_$n"; done
TEMPLATE=$(uri a "${DB}_l_{0..1}")
client a -D "${DB}_l_0" <<<"CREATE TABLE ${DB}_l_0.ends (id INT PRIMARY KEY, v INT); CREATE TABLE ${DB}_l_1.ends LIKE ${DB}_l_0.ends;
    INSERT INTO ${DB}_l_0.ends SELECT seq, 1 FROM seq_1_to_20005; INSERT INTO ${DB}_l_1.ends SELECT seq, 1 FROM seq_30001_to_40000;
    INSERT INTO ${DB}_l_1.ends VALUES (20000, 1); ANALYZE TABLE ${DB}_l_0.ends, ${DB}_l_1.ends" >"$IT_TMP/null" || bail "no tables"
at b "CREATE TABLE ends (id VARCHAR(20) PRIMARY KEY, v INT); INSERT INTO ends SELECT seq, 1 FROM seq_1_to_20005; INSERT INTO ends SELECT seq, 1 FROM seq_30001_to_40000"
map "ends->ends"
is "a reading that ends within a key" "$RC $(counts)" "1 ends diverged 30006/30005 1-0-0-0-0"

# --- and a snapshot that has what the first readings of each source give
client a -D "${DB}_l_0" <<<"DROP TABLE ${DB}_l_0.ends, ${DB}_l_1.ends; CREATE TABLE ${DB}_l_0.kept (id VARCHAR(20) PRIMARY KEY, v INT); CREATE TABLE ${DB}_l_1.kept LIKE ${DB}_l_0.kept;
    INSERT INTO ${DB}_l_0.kept SELECT CONCAT('a', LPAD(seq, 5, '0')), 1 FROM seq_1_to_6000; INSERT INTO ${DB}_l_1.kept SELECT CONCAT('b', LPAD(seq, 5, '0')), 1 FROM seq_1_to_5000" || bail "no tables"
at b "CREATE TABLE kept (id VARCHAR(20) PRIMARY KEY, v INT); INSERT INTO kept SELECT CONCAT(IF(seq > 5000, 'b', 'a'), LPAD((seq - 1) % 5000 + 1, 5, '0')), 1 FROM seq_1_to_10000"
"$MYRECON" snapshot create -q --tables kept "$DST" "$IT_TMP/kept" >"$OUT" 2>"$ERR" || bail "no snapshot: $(cat "$ERR")"
LIVE=$DST DST=snapshot:$IT_TMP/kept
map "kept->kept"
is "a snapshot that lacks rows" "$RC $(counts)" "1 kept diverged 11000/10000 1000-0-0-0-0"
client a <<<"DELETE FROM ${DB}_l_0.kept WHERE id > 'a05000'"
map "kept->kept"
is "and one that has them all" "$RC $(counts)" "0 kept equal 10000/10000 0-0-0-0-0"
DST=$LIVE
at b "DROP TABLE ends, kept"
client a <<<"DROP DATABASE ${DB}_l_0; DROP DATABASE ${DB}_l_1"

# --- identities over sources
TEMPLATE=$(uri a "${DB}_{0..2}")
on a 012 "CREATE TABLE people (id INT PRIMARY KEY, mail VARCHAR(20) NOT NULL UNIQUE, v INT)"
at b "CREATE TABLE people (id INT PRIMARY KEY, mail VARCHAR(20) NOT NULL UNIQUE, v INT); INSERT INTO people VALUES (1, 'ann', 1), (2, 'bob', 1), (13, 'cid', 1), (4, 'dan', 1)"
on a 0 "INSERT INTO people VALUES (1, 'ann', 1), (3, 'cid', 1)"
on a 1 "INSERT INTO people VALUES (2, 'bob', 1), (4, 'eve', 1), (5, 'dan', 1)"
on a 2 "INSERT INTO people VALUES (12, 'ann', 2)"
MAP2="$MAP,people->people"
map "$MAP2" --tables people
is "moved from one source to another's key, and collisions" "$RC $(counts)" "1 people diverged 6/4 3-1-0-1-2"
is "who has moved" "$(lines moved '"\(.identity.mail) \(.source_key.id)-\(.target_key.id)"')" "cid 3-13 dan 5-4"
is "one identity under keys of two sources" "$(lines duplicate '"\(.identity.mail) \(.keys | map(.id) | join(" ")) \(.places)"')" "ann 1 12 null"

# --- what some sources do not have, and what they have otherwise
on a 1 "DROP TABLE people"
map "$MAP2" --tables people
is "a table that one source lacks" "$RC $(lines table .source_rows)" "1 3"
on a 1 "CREATE TABLE people (id INT PRIMARY KEY, mail VARCHAR(21) NOT NULL UNIQUE, v INT)"
map "$MAP2" --tables people
is "columns of another type" "$RC $(lines table '"\(.verdict): \(.reason)"')" \
    "4 not-checked: the sources $PLACE/${DB}_0.people and $PLACE/${DB}_1.people differ in column mail (type), and cannot be read as one table"
on a 1 "DROP TABLE people; CREATE TABLE people (id INT PRIMARY KEY, mail VARCHAR(20) COLLATE utf8mb4_bin NOT NULL UNIQUE, v INT)"
map "$MAP2" --tables people
like "of another collation" "$RC $(lines table .reason)" "^4 .* differ in column mail .collation."
on a 1 "DROP TABLE people; CREATE TABLE people (id INT UNIQUE NOT NULL, mail VARCHAR(20) PRIMARY KEY, v INT)"
map "$MAP2" --tables people
like "another key" "$RC $(lines table .reason)" "^4 .* differ in unique key PRIMARY"
on a 1 "DROP TABLE people; CREATE TABLE people (id INT PRIMARY KEY, mail VARCHAR(20) NOT NULL UNIQUE, v INT, w INT)"
map "$MAP2" --tables people
like "another column" "$RC $(lines table .reason)" "^4 .* differ in column w .which only one has."
on a 1 "DROP TABLE people; CREATE TABLE people LIKE ${DB}_0.people"
at b "ALTER TABLE people ADD x INT"
map "$MAP2" --tables people
is "a column that the target alone has" "$RC $(lines object '"\(.object) \(.name)"')" "1 column x"

refused() { # refused DESCRIPTION MAP PATTERN
    map "$2"
    like "$1" "$RC $(grep -o 'error: .*' "$ERR")" "$3"
}
refused "a table of the sources that no line names" "$MAP" "^3 .*1* table.* of the sources stand.* in no line of the map"
refused "one that no source has" "$MAP2,k_two_->k_two" "^3 .*no source has the table \"k_two_\""
refused "one that is mapped twice" "$MAP2,k_two->k_big" "^3 .*\"k_two\" of the map: it is mapped twice"
on a 0 "CREATE TABLE audit (id INT PRIMARY KEY)"
map "$MAP2,audit->none" --tables k_big
is "one that is not meant" "$RC $(lines table .table)" "1 $DB.k_big"
on a 0 "DROP TABLE audit"
MAP=$MAP2

# --- tables that are in one source each: a server is asked over one connection which of them it lacks
on a 0 "$(for n in {0..39}; do echo "CREATE TABLE lone_$n (id INT PRIMARY KEY);"; done)"
at b "CREATE TABLE lone (id INT PRIMARY KEY)"
client a <<<"DROP USER IF EXISTS fleet_map_lone; CREATE USER fleet_map_lone IDENTIFIED BY 'x' WITH MAX_CONNECTIONS_PER_HOUR 30; GRANT SELECT ON *.* TO fleet_map_lone" || bail "no account"
TEMPLATE=$(uri a "${DB}_{0..2}" fleet_map_lone)
MYRECON_SOURCE_PASSWORD=x map "$MAP,lone_{0..39}->lone" --tables lone --threads 1
is "few connections, however many tables" "$RC $(counts) $(grep -o 'error: .*' "$ERR")" "0 lone equal 0/0 0-0-0-0-0 "
client a <<<"DROP USER fleet_map_lone"
on a 0 "$(for n in {0..39}; do echo "DROP TABLE lone_$n;"; done)"
at b "DROP TABLE lone"

# --- servers and accounts
TEMPLATE=$(uri a "${DB}_{0..3}")
refused "a source that is not there" "$MAP" "^3 .*${DB}_3.*no such database"
TEMPLATE="mysql://root@127.0.0.1:{1..2}/$DB"
refused "one that cannot be reached" "$MAP" "^3 .*127.0.0.1:1"
TEMPLATE=$(uri b "$DB")
refused "the target itself" k_big-\>k_big,k_two-\>none,k_time-\>none,k_dec-\>none,k_enum-\>none,k_text-\>none,k_uuid-\>none,k_none-\>none,people-\>none "^3 .*is the target.s own database"
client a <<<"DROP USER IF EXISTS fleet_map_few; CREATE USER fleet_map_few IDENTIFIED BY 'x'; GRANT SELECT ON \`${DB}_0\`.* TO fleet_map_few; GRANT SELECT ON \`${DB}_1\`.k_big TO fleet_map_few;
    GRANT SELECT (a) ON \`${DB}_2\`.k_big TO fleet_map_few" || bail "no account"
TEMPLATE=$(uri a "${DB}_{0..2}" fleet_map_few)
MYRECON_SOURCE_PASSWORD=x map "$MAP" --tables k_big
like "columns that the account does not see" "$RC $(lines table .reason)" "^4 .*k_big"
MYRECON_SOURCE_PASSWORD=x map "$MAP" --tables k_two
like "a table that it does not see" "$RC $(lines table .reason)" "^4 the account may not see source $PLACE/${DB}_1.k_two"
client a <<<"DROP USER fleet_map_few"
TEMPLATE=$(uri a "${DB}_{0..2}")
CMD=("$MYRECON" check -q --consistent "shards:$TEMPLATE#$MAP" "$DST")
timeout 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
like "no view of many servers" "$? $(cat "$ERR")" "^3 .*no moment"

# --- an Oracle MySQL among them, and as the target
if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    for n in 0 1 2; do fresh o "${DB}_$n"; done
    DST=$(uri o "$DB")
    client o -D "$DB" <<<"CREATE TABLE k_big (a BIGINT PRIMARY KEY, v INT); CREATE TABLE j (id INT PRIMARY KEY, d JSON)"
    client a -D "${DB}_0" <<<"SELECT CONCAT('INSERT INTO k_big VALUES (', a, ',', v, ');') FROM k_big" | client o -D "$DB"
    OTHERS=$(tr ',' '\n' <<<"$MAP" | grep -v '^k_big' | sed 's/->.*/->none/' | paste -sd,)
    map "k_big->k_big,$OTHERS"
    is "MariaDB's sources, a MySQL target" "$RC $(lines table '"\(.source_rows)/\(.target_rows) \(.missing)"')" "1 6001/2000 4001"
    for n in 0 1 2; do client o -D "${DB}_$n" <<<"CREATE TABLE j (id INT PRIMARY KEY, d JSON); INSERT INTO j VALUES ($n, '{\"a\": 1, \"b\": [1,2]}')"; done
    client o -D "$DB" <<<"DELETE FROM k_big; INSERT INTO j VALUES (0, '{\"b\":[1,2],\"a\":1}'), (1, '{\"a\":1,\"b\":[1,2]}'), (2, '{\"a\":1,\"b\":[2]}')"
    TEMPLATE=$(uri o "${DB}_{0..2}")
    map "j->j"
    is "sources of MySQL 9" "$RC $(rows)" "1 changed 2"
else
    skip "MariaDB's sources, a MySQL target" "no MySQL 9"
    skip "sources of MySQL 9" "no MySQL 9"
fi

# --- a target that applies what a source writes
if use_pair mariadb; then
    for db in "$DB" "${DB}_0" "${DB}_1"; do fresh p "$db"; done
    for db in "$DB" "${DB}_0" "${DB}_1"; do client p -D "$db" <<<"CREATE TABLE t (id INT PRIMARY KEY)"; done
    client p <<<"INSERT INTO \`${DB}_0\`.t VALUES (1), (2); INSERT INTO \`$DB\`.t VALUES (1), (2)"
    caught_up
    TEMPLATE=$(uri p "${DB}_{0..1}") DST=$(uri r "$DB")
    map "t->t"
    is "what is equal needs no wait" "$RC $(counts)" "0 t equal 2/2 0-0-0-0-0"
    client p <<<"INSERT INTO \`${DB}_1\`.t VALUES (3)"
    map "t->t"
    is "what differs may be on its way" "$RC $(lines table .verdict)" "4 unsettled"
    like "which is said" "$(jq -r 'select(.type == "table") | .note' "$OUT")" "the target applies what "
else
    for n in "what is equal needs no wait" "what differs may be on its way" "which is said"; do skip "$n" "no replica"; done
fi

finish
