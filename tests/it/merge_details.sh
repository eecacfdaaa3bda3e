#!/bin/bash
# merge_details.sh: what the oracle of merge does not model: sequences, reserved ids, columns
# that check ignores, time zones, generated columns, circles closed by an update, plans of a
# case one after the other.

. "$(dirname "$0")/lib.sh"
begin ab
DRIVER=${BUILD:-$IT_DIR/../../build}/tests/it/merge_driver
CASE=$IT_TMP/case INI=$IT_TMP/ini

again() { # again TABLES-SQL INI: a fresh pair of databases and configuration, a new case
    rm -f "$CASE"*
    fresh ab "$DB"
    at ab "$1"
    printf '%s\n' "$2" >"$INI"
}
check() {
    "$MYRECON" check "$SRC" "$DST" --settle 0 --case "$CASE" --config "$INI" -q \
        >"$OUT" 2>"$ERR" </dev/null
}
plan() { # plan ARGS…: checks and plans
    check
    CMD=("$DRIVER" "$SRC" "$DST" "$CASE" "$INI" "$@")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
entities() { # "TABLE KEY DECISION TARGET_KEY KIND", sorted
    jq -r 'select(.type == "entity") | [(.table | sub(".*\\."; "")), (.source_key | join(",")),
        .decision, ((.target_key // ["-"]) | join(",")), .kind // "-"] | join(" ")' "$OUT" | sort
}
steps() { # "OP TABLE AFTER…"
    jq -rc 'select(.type == "step") | "\(.op) \(.table | sub(".*\\."; "")) \([.after[]])"' "$OUT"
}
field() { jq -r --arg t "$DB.$1" 'select(.type == "table" and .table == $t) | .'"$2" "$OUT"; }
apply_steps() { # inserts of the last plan, as SQL on b
    jq -r 'select(.type == "step" and .op == "insert") | "INSERT INTO \(.table) (" +
        (.after | keys_unsorted | join(", ")) + ") VALUES (" + ([.after[] | if . == null
        then "NULL" else "\u0027\(.)\u0027" end] | join(", ")) + ");"' "$OUT" |
        client b -D "$DB" || bail "steps failed"
}

PEOPLE="CREATE TABLE people (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile VARCHAR(20) NOT NULL UNIQUE, seen VARCHAR(20) NOT NULL);
    INSERT INTO people VALUES (1, 'm1', 'a'), (2, 'm2', 'b');"
LOG="CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, who INT NOT NULL,
    n INT NOT NULL); INSERT INTO log VALUES (1, 1, 10);"
WHO="[table $DB.log]
reference = who -> $DB.people.id"

# --- sequences
again "CREATE SEQUENCE seq START WITH 1 INCREMENT BY 10;
    CREATE TABLE t (id INT NOT NULL DEFAULT NEXTVAL(seq) PRIMARY KEY, name VARCHAR(20) NOT NULL
    UNIQUE); INSERT INTO t (name) VALUES ('a'), ('b')" ""
at a "INSERT INTO t (name) VALUES ('c')"
at b "INSERT INTO t (name) VALUES ('d')"
plan --margin 100000
is "a sequence is a counter" "$(entities)" "t 21 renumber $(field t start) -"
is "new ids are on its steps" "$(($(field t start) % 10)) $(field t step)" "1 10"

again "CREATE SEQUENCE seq START WITH 1 INCREMENT BY 10 NOCACHE;
    CREATE TABLE t (id INT NOT NULL DEFAULT NEXTVAL(seq) PRIMARY KEY, name VARCHAR(20) NOT NULL
    UNIQUE); INSERT INTO t (name) VALUES ('a'), ('b')" ""
at a "INSERT INTO t (name) SELECT CONCAT('c', seq) FROM seq_1_to_40"
at b "INSERT INTO t (name) VALUES ('d')"
plan --margin 100
is "new ids of a sequence are above what the source's has given out" \
    "$(field t start) $(entities | grep -c insert)" "521 39"

# --- columns that check does not look at
again "$PEOPLE" "[table $DB.people]
ignore-columns = seen"
at a "INSERT INTO people VALUES (3, 'm3', 'lost')"
at b "INSERT INTO people VALUES (3, 'm4', 'live'); UPDATE people SET seen = 'x' WHERE id = 2"
plan --margin 100
is "a column that check ignores is copied" "$(steps)" 'insert people ["104","m3","lost"]'

# --- generated columns
again "$PEOPLE CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, who INT NOT NULL,
    n INT NOT NULL, code VARCHAR(40) AS (CONCAT(who, '-', n)) STORED, UNIQUE (code));
    INSERT INTO log (id, who, n) VALUES (1, 1, 1)" "$WHO
identity = code"
at a "INSERT INTO log (id, who, n) VALUES (2, 2, 2)"
plan
is "an identity that is computed from a mapped column is refused" "$RC" 5
like "and named" "$(cat "$ERR")" 'table "[^"]*log" contains column "code".*"who"'
again "$PEOPLE ALTER TABLE people ADD COLUMN label VARCHAR(40) AS (CONCAT(id, '-', mobile))" \
    "[table $DB.people]
split-key = 2"
at a "INSERT INTO people (id, mobile, seen) VALUES (3, 'm3', 'a'), (4, 'm4', 'b')"
at b "INSERT INTO people (id, mobile, seen) VALUES (3, 'm4', 'b')"
plan
is "what a server computes from another id is no difference" \
    "$(entities | grep ' 4 ')" "people 4 matched 3 -"

# --- closure
again "$PEOPLE" ""
fresh b "${DB}_other"
client b <<<"CREATE TABLE ${DB}_other.notes (id INT PRIMARY KEY, who INT,
    FOREIGN KEY (who) REFERENCES $DB.people (id))"
plan
is "a table of another database that refers to a planned one is refused" "$RC" 5
like "and named" "$(cat "$ERR")" "table \"${DB}_other.notes\" refers to \"$DB.people\""
client b <<<"DROP DATABASE ${DB}_other"

# --- a log without an index
again "$PEOPLE $LOG INSERT INTO log SELECT seq, 1, seq FROM seq_10_to_3000" "$WHO"
at ab "INSERT INTO log SELECT seq, seq - 2997, 1 FROM seq_3001_to_5500"
at a "INSERT INTO people SELECT seq, CONCAT('s', seq), '' FROM seq_3_to_2503"
at b "INSERT INTO people SELECT seq, CONCAT('t', seq), '' FROM seq_3_to_2503"
plan --margin 100
is "equal rows of a log are two facts, of all 2500 people" \
    "$(steps | grep -c '^insert log') $(steps | grep -c '^insert people')" "2500 2501"
is "and the past ends below the first of them" "$(field log base)" 3000
is "units hold whole people, and at most 500 rows" \
    "$(jq -r 'select(.type == "step") | .unit' "$OUT" | sort -n | uniq -c |
        awk '$1 > 500 { print "too many in", $2 } END { print (NR > 9 && NR < 13) }')" 1

# --- equal rows that are wide
again "$PEOPLE CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, who INT NOT NULL,
    n MEDIUMTEXT NOT NULL); INSERT INTO log SELECT seq, 1, REPEAT('x', 1200000)
    FROM seq_1_to_5" "$WHO"
at ab "INSERT INTO log SELECT seq, IF(seq < 23, 2, 3), REPEAT('x', 1200000) FROM seq_6_to_40"
at a "INSERT INTO people VALUES (3, 'm3', 'lost')"
at b "INSERT INTO people VALUES (3, 'm4', 'live')"
plan --margin 100
is "the past ends at the greatest equal row that leads to base rows" "$(field log base)" 22
is "and so many rows are lost" \
    "$(jq -r 'select(.type == "step") | .table' "$OUT" | grep -c 'log$')" 18

# --- a target that somebody has reseeded, and one that was merged
again "$PEOPLE $LOG" "$WHO"
at a "INSERT INTO log VALUES (2, 1, 11), (3, 1, 12), (4, 2, 13), (5, 2, 13)"
at b "INSERT INTO log VALUES (2, 2, 20), (3, 2, 21), (4, 2, 22), (5, 2, 23), (1000, 1, 11),
    (1001, 2, 30)"
plan --margin 100
is "one event that is like a lost one does not tell of a merge" "$RC" 0
at b "INSERT INTO log VALUES (1002, 2, 13)"
rm -f "$CASE"*
plan --margin 100
is "half of them do" "$RC" 5
like "and the table is named" "$(cat "$ERR")" \
    "\"$DB.log\" of the target was merged before: 2 of 4 rows .* from 1000 on"
at b "UPDATE log SET id = id - 990 WHERE id >= 1000"
rm -f "$CASE"*
plan --margin 100
is "unless no margin lies before them" "$RC" 0

# --- rows that are wide, read and written in pages
peak_of() { # peak_of ARGS…: MiB that a plan takes at most
    python3 - "$MYRECON" repair plan --case "$CASE" --config "$INI" -q "$@" <<'PY'
import resource, subprocess, sys
run = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(peak if run.returncode in (0, 1) else f'exit {run.returncode}')
PY
}
again "$PEOPLE ALTER TABLE people ADD COLUMN doc LONGTEXT" ""
at a "INSERT INTO people SELECT seq, CONCAT('s', seq), '', REPEAT('x', 2000000) FROM seq_3_to_32"
at b "INSERT INTO people SELECT seq, CONCAT('t', seq), '', 'y' FROM seq_3_to_32"
check
peak=$(peak_of --policy merge --output "$IT_TMP/wide1")
[ "$peak" -lt 110 ] 2>/dev/null || { # pages that the allocator holds back differ from run to run
    rm -rf "$IT_TMP/wide1"
    peak=$(peak_of --policy merge --output "$IT_TMP/wide1")
}
is "30 rows of 2 MB are merged in less than 110 MiB" "$((peak < 110)) $peak" "1 $peak"
peak=$(peak_of --policy mirror --output "$IT_TMP/wide2")
is "and mirrored" "$((peak < 100)) $peak" "1 $peak"

# --- circles
again "CREATE TABLE heads (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL
    UNIQUE, team INT NULL); CREATE TABLE teams (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(20) NOT NULL UNIQUE, head INT NOT NULL, FOREIGN KEY (head) REFERENCES
    heads (id)); ALTER TABLE heads ADD FOREIGN KEY (team) REFERENCES teams (id);
    INSERT INTO heads VALUES (1, 'h1', NULL); INSERT INTO teams VALUES (1, 't1', 1);
    UPDATE heads SET team = 1" ""
at a "INSERT INTO heads VALUES (2, 'h2', NULL); INSERT INTO teams VALUES (2, 't2', 2);
    UPDATE heads SET team = 2 WHERE id = 2"
at b "INSERT INTO heads VALUES (2, 'h9', NULL); INSERT INTO teams VALUES (2, 't9', 1)"
plan --margin 10
is "a circle of foreign keys is closed by an update" "$(steps)" 'insert heads ["13","h2",null]
insert teams ["13","t2","13"]
update heads ["13","h2","13"]'

# --- time zones
again "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL
    UNIQUE, at TIMESTAMP NOT NULL); INSERT INTO t VALUES (1, 'a', '2026-04-01 10:00:00'),
    (2, 'b', '2026-04-01 12:00:00')" "[table $DB.t]
time-column = at"
at a "INSERT INTO t VALUES (3, 'c', '2026-04-01 14:00:00')"
plan --split-at '2026-04-01 13:00:00+02:00'
is "a time with a zone is that instant of a TIMESTAMP" "$(field t base)" 1
rm -f "$CASE"*
plan --split-at '2026-04-01 13:00:00Z'
is "and another zone another one" "$(field t base)" 2

# --- one plan after the other
again "$PEOPLE $LOG" "$WHO"
at a "INSERT INTO people VALUES (3, 'm3', 'c'); INSERT INTO log VALUES (2, 3, 20), (3, 1, 30)"
at b "INSERT INTO people VALUES (3, 'm4', 'd'); INSERT INTO log VALUES (2, 3, 25)"
plan --margin 100
is "what a log has lost is planned" "$(steps)" 'insert people ["104","m3","c"]
insert log ["104","104","20"]
insert log ["3","1","30"]'
FIRST=$(field log base)
apply_steps
plan --margin 100
is "a second plan has nothing to do" "$(steps)" ""
is "and moves no bound" "$(field log base)" "$FIRST"
at b "DELETE FROM log WHERE id = 104"
plan --margin 100
is "what was deleted since is not inserted again" "$(steps)" ""
is "and is listed" "$(entities | grep '^log 2 ')" "log 2 skip - deleted-since"

# --- plans of which another one was applied: ids shift, since bob's row waits in the second
three() { # three N2 N3 N4: what a log has lost, bob's row first
    again "$PEOPLE $LOG INSERT INTO people VALUES (3, 'm3', 'c')" "$WHO"
    at a "INSERT INTO log VALUES (2, 2, $1), (3, 1, $2), (4, 1, $3)"
    at b "DELETE FROM people WHERE id = 2;
        INSERT INTO log VALUES (2, 1, 25), (3, 1, 35), (4, 1, 45)"
}
all() { plan --margin 100 --on-conflict deleted-on-live=restore; }
some() { plan --margin 100; }
keep() { cp "$OUT" "$IT_TMP/kept"; }
apply_kept() { # the plan that was kept
    cp "$IT_TMP/kept" "$OUT"
    apply_steps
}
lost() { # what is there of the rows that were lost
    client b -D "$DB" <<<"SELECT GROUP_CONCAT(who, ' ', n ORDER BY n, who) FROM log
        WHERE n % 10 = 0 AND id > 1"
}
rows() { steps | sed -E 's/^([a-z]+ [a-z]+) .*"([0-9]+)",("[^"]*","[^"]*")\]$/\1 \3/'; }

three 20 30 40
all
is "a plan hands out ids" "$(steps)" 'insert people ["2","m2","b"]
insert log ["105","2","20"]
insert log ["106","1","30"]
insert log ["107","1","40"]'
some
is "another one hands them to others" "$(steps)" 'insert log ["105","1","30"]
insert log ["106","1","40"]'
apply_steps
all
is "whoever has not got the id is still lost" "$(rows)" 'insert people "m2","b"
insert log "2","20"'
apply_steps
is "each row is there once" "$(lost)" "2 20,1 30,1 40"
all
is "and that is all" "$(steps)" ""

three 20 30 40
all
keep
some
apply_kept
some
is "the first plan may be applied after the second was made" "$(steps)" ""
all
is "with nothing left to do" "$(steps)" ""
is "and each row there once" "$(lost)" "2 20,1 30,1 40"

# equal rows: which of them it was does not matter, how many there are does
three 20 30 30
some
keep
all
apply_kept
all
is "no row takes the place of an equal one beside its own" "$(rows)" 'insert people "m2","b"
insert log "2","20"'
three 20 30 30
some
all
keep
grep -v '"107"' "$IT_TMP/kept" >"$OUT"
apply_steps
all
is "and no two take one place" "$(rows)" 'insert log "1","30"'
apply_steps
is "each is there once" "$(lost)" "2 20,1 30,1 30"

# what only another plan's map told has no digest
three 20 30 40
all
apply_steps
sqlite3 "$CASE" "UPDATE plan_map SET digest = x'';
    INSERT INTO plan_map SELECT tbl, x'69010000000000000003', target_key, NULL, x'00', 1, 'proposed',
        plan FROM plan_map WHERE tbl = '$DB.log' AND source_key = x'69010000000000000002'"
all
is "a row that was told of is there, where the other one is not" "$(steps)" ""
three 20 30 40
all
grep -v '"107"' "$OUT" >"$IT_TMP/kept"
apply_kept
sqlite3 "$CASE" "UPDATE plan_map SET digest = x'';
    UPDATE plan_map SET target_key = x'6901000000000000006a' WHERE tbl = '$DB.log' AND
        source_key = x'69010000000000000004'"
all
is "and of two that were told of the first" "$(rows)" 'insert log "1","40"'

# --- what is only counted
again "CREATE TABLE people (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20)
    NOT NULL UNIQUE, edited DATETIME NOT NULL, at DATETIME NOT NULL);
    INSERT INTO people VALUES (1, 'm1', '2026-04-01', '2026-04-01'),
    (2, 'm2', '2026-04-01', '2026-04-01'), (3, 'm3', '2026-04-01', '2026-04-01')" \
    "[table $DB.people]
time-column = at
update-column = edited"
at a "DELETE FROM people WHERE id = 2"
at b "UPDATE people SET edited = '2026-04-09' WHERE id = 1;
    INSERT INTO people VALUES (4, 'm4', '2026-04-09', '2026-04-09')"
plan --split-at 2026-04-02
is "deleted on the lost side, and edited on the live one, is no conflict" \
    "$(lines '.type == "result"')" \
    '{"type":"result","open":0,"live_only":1,"deleted_in_source":1}'

# --- ids that are reserved
again "$PEOPLE" ""
at a "INSERT INTO people VALUES (3, 'm3', 'c'), (4, 'm5', 'e')"
at b "INSERT INTO people VALUES (3, 'm4', 'd'), (4, 'm6', 'f')"
check
"$MYRECON" repair plan --reseed-only --case "$CASE" --source "$SRC" --target "$DST" \
    --margin 50 --output "$IT_TMP/reseed" -q >"$OUT" 2>"$ERR"
is "ids are reserved" "$?" 0
at b "ALTER TABLE people AUTO_INCREMENT = 55; INSERT INTO people VALUES (0, 'm7', 'g')"
plan --margin 1000
is "new ids come from the reserved block" "$(entities)" "people 3 renumber 5 -
people 4 renumber 6 -"
is "and nothing is reseeded" "$(field people counter)" 56

# --- new ids that rows refer to though nobody holds them would make those rows somebody's
again "$PEOPLE $LOG" "$WHO"
at a "INSERT INTO people VALUES (3, 'm3', 'c'), (4, 'm5', 'e'); INSERT INTO log VALUES (2, 6, 20), (3, 9, 30), (4, 12, 40)"
at b "INSERT INTO people VALUES (3, 'm4', 'd'), (4, 'm6', 'f')"
plan --margin 1
is "new ids are passed that a lost row refers to" "$RC $(entities | grep people)" "0 people 3 renumber 13 -
people 4 renumber 14 -"
is "and the counter goes behind them" "$(field people counter)" 15
like "which is said" "$(cat "$ERR")" 'new ids of table "'"$DB"'.people" begin behind 12, which nobody holds'
at b "INSERT INTO log VALUES (9, 14, 90), (10, 40, 90)"
plan --margin 1
is "and those that a live row refers to" "$RC $(entities | grep people)" "0 people 3 renumber 15 -
people 4 renumber 16 -"
at ab "ALTER TABLE log MODIFY who VARCHAR(9) NOT NULL"
at a "UPDATE log SET who = CONCAT('0', who) WHERE id = 4; INSERT INTO log VALUES (5, '17', 50), (6, '99x', 60)"
"$MYRECON" snapshot create "$SRC" "$IT_TMP/snap" -q >"$OUT" 2>"$ERR" || bail "no snapshot: $(cat "$ERR")"
for from in "$SRC" "snapshot:$IT_TMP/snap"; do
    rm -rf "$CASE"* "$IT_TMP/texts"
    SRC=$from check
    "$MYRECON" repair plan --policy merge --case "$CASE" --config "$INI" --margin 1 --output "$IT_TMP/texts" -q >"$OUT" 2>"$ERR"
    is "those in texts, too, of ${from%%:*}" "$(grep people "$IT_TMP/texts/idmap.csv" | cut -d, -f2,3 | xargs)" "3,18 4,19"
done

# --- keys that SOURCE tells apart, and TARGET does not
apart() { # apart [INI]: tags and their uses, which SOURCE compares by their bytes
    again "CREATE TABLE tags (k VARCHAR(9) NOT NULL PRIMARY KEY, v VARCHAR(9) NOT NULL);
        CREATE TABLE uses (id INT NOT NULL PRIMARY KEY, tag VARCHAR(9) NOT NULL);
        INSERT INTO tags VALUES ('a', '1'); INSERT INTO uses VALUES (1, 'a')" "[table $DB.uses]
reference = tag -> $DB.tags.k
[table $DB.tags]
${1-}"
    at a "ALTER TABLE tags CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
        ALTER TABLE uses CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
        INSERT INTO tags VALUES ('g', '3'), ('G', '2'); INSERT INTO uses VALUES (2, 'G'), (3, 'g')"
}
for identity in none k v; do
    apart "identity = $identity"
    at b "INSERT INTO tags VALUES ('G', '2')"
    plan --on-conflict deleted-or-lost=restore --on-conflict duplicate=restore
    is "a row is not another's that TARGET has and takes for it (identity $identity)" \
        "$RC $(entities)" "1 tags G same G -
tags g conflict G duplicate
uses 2 insert 2 deleted-or-lost
uses 3 waits - parent-absent"
done
is "and the row that TARGET has is shown" "$(jq -c 'select(.type == "entity" and
    .kind == "duplicate") | [.target_key, .target]' "$OUT")" '[["G"],{"k":"G","v":"2"}]'
apart
at b "INSERT INTO tags VALUES ('G', '9')"
plan --on-conflict deleted-or-lost=restore
is "nor where TARGET's was edited" "$(entities | head -n 2)" "tags G same G changed
tags g conflict G duplicate"
apart
at b "INSERT INTO tags VALUES ('ĝ', '9')"
plan --on-conflict deleted-or-lost=restore
is "where TARGET spells neither, nobody is" "$(entities)" "tags G conflict ĝ duplicate
tags g conflict ĝ duplicate
uses 2 waits - parent-absent
uses 3 waits - parent-absent"
apart
plan --on-conflict deleted-or-lost=restore
is "and where it has nobody, it cannot have both" "$(entities | cut -d' ' -f2-)" \
    "G conflict - key-taken
g conflict - key-taken
2 waits - parent-absent
3 waits - parent-absent"
apart
at a "DELETE FROM tags WHERE k = 'G'; DELETE FROM uses WHERE id > 1"
at b "INSERT INTO tags VALUES ('G', '3')"
plan
is "one that is only spelled otherwise is still one" "$(entities)" "tags g same G changed"

# --- new ids, and the counter behind them, stay within the last partition by ranges
again "CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL)
    PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (100), PARTITION b VALUES LESS THAN (1000));
    INSERT INTO log VALUES (1, 1)" "[table $DB.log]
identity = none
split-key = 1"
at a "INSERT INTO log VALUES (2, 20), (3, 30)"
at b "INSERT INTO log VALUES (2, 21), (3, 31)"
plan
is "the last partition of the key is an end" \
    "$RC $(field log start) $([ "$(field log counter)" -lt 1000 ] && echo fits)" "0 252 fits"
apply_steps
again "CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL);
    INSERT INTO log VALUES (1, 1)" "[table $DB.log]
identity = none
split-key = 1"
client b "$DB" <<<"ALTER TABLE log PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (4))"
at a "INSERT INTO log VALUES (2, 20), (3, 30), (4, 40), (5, 50)"
plan
is "where nobody gets a new id, none has to fit" "$RC $(field log ids)" "0 0"
like "but that the counter does not is said" "$(cat "$ERR")" \
    'counter of table "'"$DB"'.log" goes behind the last partition .* ends at 3 '
by_who() { # by_who END: the log in partitions of its people
    again "$PEOPLE CREATE TABLE log (id INT NOT NULL AUTO_INCREMENT, who INT NOT NULL, n INT NOT NULL,
        PRIMARY KEY (id, who)) PARTITION BY RANGE (who) (PARTITION a VALUES LESS THAN ($1))" "$WHO"
    at a "INSERT INTO people VALUES (3, 'm3', 'c')"
    at b "INSERT INTO people VALUES (3, 'm4', 'd')"
    plan
}
by_who 1000
is "so is that of a column that refers to it" "$RC $(field people start)" "0 252"
by_who 5
is "where nothing fits, the plan is refused" "$RC" 5
like "and says by which partition" "$(cat "$ERR")" \
    'column "who" of table "'"$DB"'.log", whose last partition ends at 4'

finish
