#!/bin/bash
# repair_plan.sh: `repair plan --policy merge`: what it writes, what it refuses and why, what
# people decide row by row, and that a refused plan leaves nothing behind.

. "$(dirname "$0")/lib.sh"
begin ab
cd "$IT_TMP" || exit 1

plan() { # plan DIR [ARGS…]: of $DB, a and b; $RC, lines in $OUT, log in $ERR
    local dir=$1
    shift
    rm -rf "$dir"
    CMD=("$MYRECON" repair plan --policy merge --json --case c.case --config c.ini
        --output "$dir" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    case $RC in 0 | 1 | 4) [ ! -e "$dir" ] || TRACES=$(traces) ;; esac
}
plan_is() { # plan_is RC DESCRIPTION DIR [ARGS…]
    local want=$1 desc=$2
    shift 2
    plan "$@"
    is "$desc" "$RC" "$want"
}
refused() { # refused RC DESCRIPTION REGEX [ARGS…]: and nothing is left of it
    local want=$1 desc=$2 regex=$3
    shift 3
    plan refused "$@"
    if [ "$RC" != "$want" ] || ! grep -Eq -- "$regex" "$ERR"; then
        result 1 "$desc" "exit $RC: $(cat "$ERR")"
    elif [ -e refused ] || [ -e refused.partial ]; then
        result 1 "$desc" "a directory is left: $(ls -d refused*)"
    elif [ "$(traces)" != "$TRACES" ]; then
        result 1 "$desc" "the case keeps $(traces), was $TRACES"
    else
        result 0 "$desc"
    fi
}
traces() { # what the case keeps of plans
    sqlite3 c.case "SELECT (SELECT count(*) FROM plan), (SELECT count(*) FROM plan_block)"
}
check() { # a run into the case
    "$MYRECON" check "$SRC" "$DST" --case c.case --config c.ini --settle 0 -q "$@" >/dev/null 2>"$ERR"
}
kinds() { # open conflicts of the last plan: "table kind n", sorted
    jq -r 'select(.type == "table") | .table as $t | .conflicts[] | select(.open > 0)
        | "\($t | sub(".*[.]"; "")) \(.kind) \(.open)"' "$OUT" | sort
}
decide() { # decide DIR KEY DECISION: in its conflicts.csv, into decided.csv
    python3 - "$@" <<'PY'
import csv, sys
folder, key, choice = sys.argv[1:4]
with open(folder + '/conflicts.csv', newline='') as f:
    lines = list(csv.reader(f))
for line in lines[1:]:
    if line[0] + ' ' + line[1] == key:
        line[8] = choice
with open('decided.csv', 'w', newline='') as f:
    csv.writer(f).writerows(lines)
PY
}

cat >c.ini <<INI
[table $DB.members]
subject = yes
identity = mobile
time-column = at
[table $DB.wallet]
reference = member_id -> $DB.members.id
[table $DB.news]
reference = member_id -> $DB.members.id
INI
at ab "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
        name VARCHAR(20), at DATETIME NOT NULL);
    CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, no VARCHAR(9) NOT NULL UNIQUE,
        member_id INT NOT NULL, total INT, FOREIGN KEY (member_id) REFERENCES members (id));
    CREATE TABLE wallet (id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, cents INT);
    CREATE TABLE news (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(20) UNIQUE,
        member_id INT);
    CREATE TABLE lone (id INT PRIMARY KEY);
    INSERT INTO lone VALUES (1);
    INSERT INTO members VALUES (1, 'm1', 'ann', '2026-01-01'), (2, 'm2', 'bob', '2026-01-02'),
        (3, 'm6', 'zoe', '2026-01-03');
    INSERT INTO orders VALUES (1, 'o1', 1, 10);
    INSERT INTO wallet VALUES (1, 1, 5);
    INSERT INTO news VALUES (1, 'hello', NULL)"
# cat and dan registered before the failover; dan once more behind it, and eve got cat's id
at a "INSERT INTO members VALUES (4, 'm3', 'cat', '2026-04-01'), (5, 'm4', 'dan, \"d\"', '2026-04-02');
    INSERT INTO orders VALUES (2, 'o2', 4, 20), (3, 'o3', 5, 30);
    INSERT INTO wallet VALUES (2, 4, 7), (3, 5, 9);
    UPDATE members SET name = 'bert' WHERE id = 2"
at b "INSERT INTO members VALUES (4, 'm5', 'eve', '2026-05-01'), (5, 'm4', 'dan', '2026-05-02');
    INSERT INTO wallet VALUES (2, 4, 1)"

# --- without a finished comparison

TRACES='0|0'
"$MYRECON" check "$SRC" "$DST" --case c.case --config c.ini --settle 0 -q >/dev/full 2>"$ERR"
like "a result that did not arrive" "$(cat "$ERR")" 'counts as unfinished .* --resume'
refused 4 "and its run" 'hint: Run the same check again into the same case, with --resume'
check --where "$DB.lone=id > 0"
refused 4 "a table that was compared only in part" 'lone.*only in part'
plan_is 4 "the rest may be planned" part --partial
like "and the plan says what is missing" "$(jq -r .rows.partial part/plan.json)" lone
check

# --- what is written

plan_is 1 "a plan with open conflicts" one
is "its files" "$(find one -type f -printf '%f\n' | sort | tr '\n' ' ')" \
    "apply.sql conflicts.csv entities.csv.zst idmap.csv plan.json reseed.sql undo.sql verify.sql "
is "who is who" "$(tr -d '\r' <one/idmap.csv | grep members | cut -d, -f1-5)" "$DB.members,4,1000006,m3,renumber
$DB.members,5,5,m4,matched"
is "orders and payments go along" "$(grep -c "$DB.[ow]" one/idmap.csv)" 4
is "conflicts" "$(kinds)" "members changed 1
members differs 1"
is "show says the same as plan" "$("$MYRECON" repair show --json one | jq -cS .)" "$(jq -cS . "$OUT")"
like "show in people" "$("$MYRECON" repair show one)" \
    '1 person gets a new id, 1 is merged .*, 2 need a decision'
like "show tells where the past ends" "$("$MYRECON" repair show one)" 'common past up to key 3 \(L: '
is "plan.json keeps bounds" "$(jq -r '.rows.tables[] | select(.counter) | .base_origin' one/plan.json | sort -u)" \
    "equal rows"
is "the case knows the plan" "$(sqlite3 c.case "SELECT state FROM plan ORDER BY id DESC LIMIT 1")" written

"$MYRECON" repair plan --policy merge --case c.case --config c.ini --output one >/dev/null 2>"$ERR"
is "a directory that is not empty" $? 5

said_of_config() { # said_of_config [ARGS…]: by a plan of a copy of the case, to $ERR
    cp c.case copy.case
    rm -rf bare
    "$MYRECON" repair plan --policy merge --case copy.case "$@" --output bare >/dev/null 2>"$ERR"
    grep "made with" "$ERR"
}
like "a plan without the configuration of its check is told what it lacks" "$(said_of_config)" \
    "made with a configuration file, this plan with none: .*--config FILE.* it lacks \[table $DB\.[a-z]+\] "
is "with it there is nothing to tell" "$(said_of_config --config c.ini)" ""
sqlite3 c.case "ALTER TABLE run_setting RENAME TO other"
is "nor of a run that an earlier version has made" "$(said_of_config)" ""
sqlite3 c.case "ALTER TABLE other RENAME TO run_setting"

"$MYRECON" repair show one >/dev/null
is "to show open conflicts is no finding" $? 0
show() { "$MYRECON" repair show "$@" one 2>"$ERR"; }
is "one row of a plan" "$(show --row "$DB.members=4")" \
    "$DB.members: 4 on the source, 1000006 on the target: renumber"
is "by its new key" "$(show --row "$DB.members=1000006")" "$(show --row "$DB.members=4")"
like "a row in conflict, with both sides" "$(show --row "$DB.members=2" | tr '\n' ' ')" \
    'conflict changed: open .*source .*bert.*target .*bob'
is "by who it is" "$(show --identity m4 --json | jq -rc '[.table, .decision, .source.name]')" \
    '["'"$DB"'.members","matched","dan, \"d\""]'
show --row "$DB.members=99"
is "a row that it does not know" $? 3
show --row "$DB.nowhere=1"
like "a table that it does not know" "$(cat "$ERR")" 'names no row of a planned table'

cp -r one edited
echo "$DB.members,5,skip" >>edited/conflicts.csv
"$MYRECON" repair show edited >/dev/null 2>"$ERR"
is "a plan with a line more in its conflicts" $? 5
like "what may be changed is said" "$(cat "$ERR")" 'hint: .*More than its column decision was changed'

# --- who gets which id

affected() { "$MYRECON" affected --case c.case --config c.ini -q "$@" 2>"$ERR" | tr -d '\r'; }
is "affected lists the new key" "$(affected --plan one | cut -d, -f1-3,6)" "mobile,source_key,target_key,new_key
m2,2,2,2
m3,4,,1000006
m4,5,5,5
m5,,4,4"
is "as JSON" "$(affected --plan one --json | jq -rc 'select(.mobile == "m3") | .new_key')" 1000006
is "in a template" "$(affected --plan one --format template --template '{source_key}>{new_key}' | sort)" "2>2
4>1000006
5>5"
affected --plan one --format sql --sql-table people >people.sql
like "as SQL" "$(cat people.sql)" '`new_key` varchar'
client b -D "$DB" <people.sql || bail "the SQL does not run"
is "the SQL runs" "$(client b -D "$DB" <<<"SELECT new_key FROM people WHERE mobile = 'm3'; DROP TABLE people")" 1000006
affected --format template --template '{new_key}' >/dev/null
like "without a plan there is no new key" "$(cat "$ERR")" 'unknown name "new_key"'
told() { "$MYRECON" affected --case c.case --config c.ini "$@" 2>&1 >/dev/null | grep -c 'what would become of them shows'; }
is "who names a plan is not told to make one" "$(told) $(told --plan one)" "1 0"
cp -r one changed && echo >>changed/idmap.csv
affected --plan changed >/dev/null
like "a map that was changed is refused" "$(cat "$ERR")" 'idmap.csv" was changed'
affected --plan nowhere >/dev/null
like "as is no plan" "$(cat "$ERR")" '"nowhere" is no directory of a plan'

# --- decisions

decide one "$DB.members 2" source
plan_is 1 "a decision about a row" three --decisions decided.csv
is "what is still open" "$(kinds)" "members differs 1"
like "its row is written" "$(cat three/apply.sql)" "62657274|bert"
decide one "$DB.members 5" newest:at
plan_is 0 "what was decided before holds beside it" both --decisions decided.csv
is "nothing is open" "$(kinds)" ""
plan_is 1 "a value with quotes and commas stays the same" four --decisions decided.csv --forget-decisions
is "and is decided, alone" "$(kinds)" "members changed 1"
decide one "$DB.members 2" restore
refused 5 "a choice that the kind does not have" 'decided.csv", line [0-9]+, table "[^"]*", key "2": unknown decision "restore" for changed' \
    --decisions decided.csv
decide one "$DB.members 2" source
sed -i "s/^$DB.members,2,/$DB.members,77,/" decided.csv
refused 5 "another key than that of the row beside it" \
    'line 2, table "[^"]*", key "77": the key is "77", and the row that stands beside it has "2"' --decisions decided.csv
typed() { # typed KEY: a line that somebody has written, without the row
    printf 'table,source_key,kind,decision\n%s,%s,changed,source\n' "$DB.members" "$1" >decided.csv
}
typed 77
refused 5 "a row that nobody knows" 'line 2, table "[^"]*", key "77": the source has no row "77"' --decisions decided.csv
typed 2x
refused 5 "a number with something behind it" 'key "2x": the source has no row "2x"' --decisions decided.csv
typed 02
refused 5 "a number in another spelling, which the server takes for the row" \
    'line 2, table "[^"]*", key "02": the key "02" of table "[^"]*" is spelled otherwise' --decisions decided.csv
like "how it is spelled" "$(cat "$ERR")" 'hint: Write it as conflicts.csv of a plan does: 2\.'
decide one "$DB.members 2" source
sed -i "s/bert/bart/" decided.csv
refused 5 "a row that has changed since" 'line 2, .*: the row of table .*changed on the source' \
    --decisions decided.csv
printf 'a,b\n1,2\n' >wrong.csv
refused 5 "another file" 'no column "table"' --decisions wrong.csv
refused 3 "no file" 'could not open file' --decisions none.csv
printf 'table,source_key,decision\n%s.nowhere,1,skip\n' "$DB" >wrong.csv
refused 5 "another table" 'line 2, .*: table .*nowhere" is not planned' --decisions wrong.csv
printf 'table,source_key,decision\n%s.members,"2\n' "$DB" >wrong.csv
refused 5 "a line cut short" 'line 3: the last line is cut off' --decisions wrong.csv
printf 'table,source_key,decision\n%s.members,2\n' "$DB" >wrong.csv
plan_is 1 "a line without its last cells, as spreadsheets leave it, decides nothing" short --decisions wrong.csv --forget-decisions
rm -rf short
printf 'table,source_key,decision\r\n%s.members,2,source\r\n\r\n%s.members,1,skip\r\n' "$DB" "$DB" >few.csv
plan_is 1 "few columns, and rows that are equal by now" five --decisions few.csv --forget-decisions
is "the one is decided" "$(kinds)" "members differs 1"
plan_is 0 "a choice for each kind" six --on-conflict changed=target --on-conflict differs=source
is "nothing is open" "$(kinds)" ""

# --- a run of keys

at a "INSERT INTO news VALUES (2, 'two', NULL), (3, 'three', NULL), (4, 'four', NULL),
    (7, 'seven', NULL)"
at b "ALTER TABLE news AUTO_INCREMENT = 20"
rm c.case
check
plan seven
is "keys of which nobody can tell, as a run" "$(tr -d '\r' <seven/conflicts.csv | grep "$DB.news")" \
    "$DB.news,2..7,,,deleted-or-lost,restore;skip,,,,,"
sed "/^$DB.news,/s/,,\r/restore,,\r/" seven/conflicts.csv >decided.csv
plan_is 1 "one decision for all" eight --decisions decided.csv
is "all of them come back" "$(grep -c "$DB.news" eight/idmap.csv)" 4
at a "INSERT INTO news VALUES (5, 'about cat', 4)"
rm c.case
check
plan nine
is "a row in between ends the run" "$(grep "$DB.news" nine/conflicts.csv | cut -d, -f2)" "2..4
7"

# --- what stands in the way

TRACES=$(traces)
refused 5 "one database with itself" 'same: database' --target "$SRC"
at b "CREATE TRIGGER welcome AFTER INSERT ON members FOR EACH ROW SET @x = 1;
    CREATE TRIGGER edited BEFORE UPDATE ON wallet FOR EACH ROW SET @x = 1"
refused 5 "a trigger that would fire" '"welcome" .AFTER INSERT'
unlike "and only that" "$(cat "$ERR")" edited
plan_is 1 "it may fire" ten --allow-triggers fire
is "plan.json names it" "$(jq -rc '[.rows.tables[].triggers[].name]' ten/plan.json)" '["welcome"]'
client b <<<"DROP USER IF EXISTS '$DB'@'%'; CREATE USER '$DB'@'%' IDENTIFIED BY 'x';
    GRANT SELECT ON $DB.* TO '$DB'@'%'"
at_exit "client b <<<\"DROP USER IF EXISTS '$DB'@'%'\""
refused 5 "triggers that may not be seen" 'GRANT TRIGGER ON .* TO' --target "$(uri b "$DB" "$DB:x")"
at b "DROP TRIGGER welcome; SET foreign_key_checks = 0; ALTER TABLE wallet ENGINE = MyISAM"
refused 5 "an engine that cannot roll back" 'wallet" is MyISAM'
at b "ALTER TABLE wallet ENGINE = InnoDB"
refused 5 "a table that refers to a planned one is left out" 'orders' --exclude "$DB.orders"
refused 3 "a run that is none" 'run' --run nosuch
plan_is 1 "a margin that does not fit" wide --margin 2147483647
like "is cut, and it says so" "$(cat "$ERR")" 'a quarter of what is left: column "id" of ".*members"'
plan_is 1 "in order again" eleven

# --- a map that the case does not know

plan_is 1 "a plan that is carried out" twelve --split-key "$DB.members=3" --split-key "$DB.wallet=1" \
    --split-key "$DB.news=1" --split-key "$DB.orders=1"
client b <twelve/reseed.sql >/dev/null && client b <twelve/apply.sql >/dev/null || bail "apply failed"
printf 'table,source_key,target_key\n%s.members,x,7\n' "$DB" >wrong.csv
TRACES=$(traces)
refused 5 "an id map with no key" 'line 2: "x" is no key' --idmap wrong.csv
rm c.case
check
TRACES='0|0'
refused 5 "without the map, payments would come again" \
    'wallet" of the target was merged before: 1 of 1 rows .* new ids from [0-9]+ on' \
    --split-key "$DB.members=3" --split-key "$DB.wallet=1" --split-key "$DB.news=1" \
    --split-key "$DB.orders=1"
plan again --idmap twelve/idmap.csv --split-key "$DB.members=3" --split-key "$DB.wallet=1" \
    --split-key "$DB.news=1" --split-key "$DB.orders=1"
is "with it there is nothing to do" "$(jq -r .rows.rows again/plan.json)" 0
is "and everybody is where they were" "$(grep -E 'members|wallet,2' again/idmap.csv | cut -d, -f1-4)" \
    "$(grep -E 'members|wallet,2' twelve/idmap.csv | cut -d, -f1-4)"

# keys whose text says several: commas within their parts, bytes that are no UTF-8
fresh ab "$DB"
at ab "CREATE TABLE visits (town VARCHAR(9) CHARACTER SET latin1, id INT NOT NULL AUTO_INCREMENT, gate VARCHAR(9) NOT NULL,
    n INT NOT NULL, PRIMARY KEY (town, gate, id), KEY (id)); INSERT INTO visits VALUES ('Bern', 1, 'a', 1)"
at a "INSERT INTO visits VALUES ('Zürich', 2, 'a,b', 2), ('x,y', 3, 'z', 3), ('x', 4, 'y,z', 4)"
at b "INSERT INTO visits VALUES ('Zürich', 2, 'a,b', 12), ('x,y', 3, 'z', 13), ('x', 4, 'y,z', 14)"
rm c.case
printf '[table %s.visits]\nidentity = none\nsplit-key = 1\n' "$DB" >c.ini
check
plan_is 0 "rows of keys that need more than their text" odd
client b <odd/reseed.sql >/dev/null && client b <odd/apply.sql >/dev/null || bail "apply failed"
rm c.case
check
plan_is 0 "are told of by their map" odd2 --idmap odd/idmap.csv
is "which knows all of them" "$(jq -r .rows.rows odd/plan.json) $(jq -r .rows.rows odd2/plan.json)" "3 0"
cut -d, -f1-3 odd/idmap.csv | head -n 1 >old.csv
printf '"%s.visits","x,y,z,3","x,y,z,1000005"\n' "$DB" >>old.csv
refused 5 "a map of an earlier version is not guessed at" 'line 2: "x,y,z,3" is no key' --idmap old.csv

# rows that were restored under their old keys are equal by now, and yet not the common past
fresh ab "$DB"
at ab "CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20));
    INSERT INTO members VALUES (1, 'm1', 'Ann'), (2, 'm2', 'Ben')"
at a "INSERT INTO members VALUES (3, 'm3', 'Cat'), (4, 'm4', 'Dan')"
at b "INSERT INTO members VALUES (3, 't3', 'Eve')"
rm c.case
: >c.ini
check
plan_is 0 "a plan that leaves a key as it was" kept
client b <kept/reseed.sql >/dev/null && client b <kept/apply.sql >/dev/null || bail "apply failed"
rm c.case
check
plan_is 0 "is told of by its map, without the last common key" kept2 --idmap kept/idmap.csv
is "and nothing is left to do" "$(jq -r .rows.rows kept2/plan.json) $(wc -l <kept2/conflicts.csv)" \
    "0 1"
is "the past ends where it did" "$(jq -r '.rows.tables[].base' kept2/plan.json)" 2

# --- old ids inside texts

fresh ab "$DB"
cat >c.ini <<INI
[table $DB.members]
subject = yes
[table $DB.notes]
identity = code
reference = about -> $DB.members.id
reference = gift -> $DB.gifts.name
INI
at ab "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE);
    CREATE TABLE gifts (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE);
    CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, about INT, gift VARCHAR(20),
        code VARCHAR(20) NOT NULL UNIQUE, text TEXT, doc JSON, same VARCHAR(60) AS (CONCAT(text, '')) VIRTUAL);
    INSERT INTO members VALUES (2000, 'm0'); INSERT INTO gifts VALUES (1, 'one');
    INSERT INTO notes (id, about, code, text) VALUES (1, 2000, 'c', 'was 2001')"
at a "INSERT INTO members VALUES (2001, 'm1'), (2002, 'm2'), (2003, 'm3');
    INSERT INTO gifts VALUES (2, '2001');
    INSERT INTO notes (id, about, gift, code, text, doc) VALUES
        (2, 2001, '2001', 'c-2001', '2 of 2001 see 2003', NULL),
        (3, 2002, NULL, 'c-2002', '2004, a2001', '{\"gift_id\": 2, \"n\": 2}'),
        (4, 2003, NULL, 'c-2003', NULL, '{\"n\": 2, \"text\": \"to 2003\"}'),
        (5, 2000, NULL, 'c-2000', 'for 2001', '[2]')"
at b "INSERT INTO members VALUES (2001, 'm4'), (2004, 'm3');
    INSERT INTO gifts VALUES (2, 'three')"
rm c.case
check
plan texts --split-key "$DB.members=2000" --split-key "$DB.gifts=1" --split-key "$DB.notes=1"
notes() { jq -r 'select(.kind == "id-in-text") | "\(.table | sub(".*[.]"; "")): \(.text)"' "$OUT"; }
is "old ids inside texts are reported, a line a column" "$(notes)" "\
notes: \"text\" of 2 restored rows seems to name old ids, which stay as they are; such as, in row 2, \
2001 of $DB.members, which is 1002005
notes: \"doc\" of 2 restored rows seems to name old ids, which stay as they are; such as, in row 3, \
2 of $DB.gifts, which is 1000003"
is "they stay in the row" "$(grep -c "'for 2001'" texts/apply.sql)" 1
is "plan.json has them" "$(jq -r '.rows.notes[] | select(.kind == "id-in-text") | .table' texts/plan.json)" \
    "$DB.notes
$DB.notes"
like "and show prints them" "$("$MYRECON" repair show texts)" 'note: .*notes: "text" of 2 restored rows'
at a "UPDATE notes SET text = NULL, doc = '{\"n\": 2}' WHERE id > 1"
rm c.case
check
plan texts --split-key "$DB.members=2000" --split-key "$DB.gifts=1" --split-key "$DB.notes=1"
is "without any there is nothing to report" "$(notes)" ""

# --- a key that is one person's on each side

fresh ab "$DB"
cat >c.ini <<INI
[table $DB.members]
subject = yes
identity = mobile
INI
at ab "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20))"
at a "INSERT INTO members VALUES (6, 'm6', 'karin'), (7, 'm7', 'lukas')"
at b "INSERT INTO members VALUES (6, 'm7', 'luke'), (7, 'm6', 'karen')"
rm c.case
check
plan_is 1 "two who changed their ids" swapped --split-key "$DB.members=5"
shown() { "$MYRECON" repair show --json "$@" swapped | jq -rc '[.source_key, .target_key, .source.name, .target.name]'; }
is "each is shown with the own rows" "$(shown --row "$DB.members=7" | sort)" \
    "$(printf '%s\n' '["6","7","karin","karen"]' '["7","6","lukas","luke"]')"
is "by who it is, that one" "$(shown --identity m6)" '["6","7","karin","karen"]'

if own_begin X; then
    client "$MR_X_URI" <<<"SET GLOBAL sql_select_limit = 1; CREATE DATABASE $DB"
    rm -rf limited
    "$MYRECON" repair plan --reseed-only --source "$(uri a "$DB")" --target "$(uri "$MR_X_URI" "$DB")" --output limited >"$OUT" 2>"$ERR"
    is "a server on which a SELECT gives one row is known by all it says" \
        "$(jq -r '.server | "\(.flavour) \(.port) \(.version != "")"' limited/plan.json)" "mariadb $MR_X_PORT true"
    client "$MR_X_URI" <<<"SET GLOBAL sql_select_limit = 18446744073709551615, GLOBAL binlog_format = MIXED"
    if [ "$(client "$MR_X_URI" <<<"SELECT @@log_bin")" = 1 ]; then
        refused 5 "a binary log of statements" 'binary log as MIXED' --target "$(uri "$MR_X_URI" "$DB")"
    else
        skip "a binary log of statements" "the server keeps none"
    fi
else
    skip "a binary log of statements" "no server of its own"
fi

# --- who invited people of another unit

fresh ab "$DB"
cat >c.ini <<INI
[table $DB.members]
subject = yes
identity = mobile
INI
at ab "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
        inviter INT NULL, FOREIGN KEY (inviter) REFERENCES members (id));
    INSERT INTO members VALUES (1, 'm1', NULL)"
at a "INSERT INTO members VALUES (2, 'm2', NULL); INSERT INTO members SELECT seq, CONCAT('m', seq), 2
    FROM seq_3_to_901"
rm c.case
check
plan_is 0 "somebody who invited 899" inviter --split-key "$DB.members=1"
"$MYRECON" repair apply --yes inviter "$DST" >"$OUT" 2>"$ERR"
"$MYRECON" repair undo --dry-run inviter "$DST" >"$OUT" 2>"$ERR"
is "undo --dry-run judges each unit alone" "$? $(grep -c 'refers to it' "$OUT")" "1 1"
like "and says so" "$(cat "$OUT")" "each unit was looked at as if it were the only one"
"$MYRECON" repair undo --dry-run --json inviter "$DST" >"$OUT" 2>"$ERR"
is "in JSON, too" "$(jq -r 'select(.type == "summary").each_alone' "$OUT")" true
"$MYRECON" repair undo --yes inviter "$DST" >"$OUT" 2>"$ERR"
is "undo takes all of it back" "$? $(client b -D "$DB" <<<"SELECT COUNT(*) FROM members")" "0 1"

# --- a key in another charset than UTF-8: the map has its bytes, the list its text

at ab "CREATE TABLE codes (code VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE)"
at a "INSERT INTO codes VALUES ('Zoë', 'c1'), ('Bob', 'c2')"
printf '[table %s.codes]\nsubject = yes\nidentity = mobile\n' "$DB" >codes.ini
"$MYRECON" check "$SRC" "$DST" --case codes.case --config codes.ini --tables codes --settle 0 -q >/dev/null 2>"$ERR"
"$MYRECON" repair plan --policy backfill --case codes.case --config codes.ini --tables codes --output codes \
    >/dev/null 2>"$ERR"
is "affected lists keys that the plan has as bytes" \
    "$("$MYRECON" affected --case codes.case --config codes.ini -q --plan codes 2>"$ERR" | tr -d '\r' | cut -d, -f1-3,6)" \
    "mobile,source_key,target_key,new_key
c1,Zoë,,Zoë
c2,Bob,,Bob"
finish
