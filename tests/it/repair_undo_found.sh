#!/bin/bash
# repair_undo_found.sh: what the live side itself has written, changed or deleted as planned
# before apply came is none of the plan's: undo passes over it, says so, and takes back the rest.
# Every row is compared with what stood in front of apply.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

plan() { # plan DIR ARGS…
    local dir=$1
    shift
    rm -rf "$dir" "$CASE"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --config ini --case "$CASE" --output "$dir" "$@"
}
undo() { # undo DIR WANTED: exit 0, so many rows written, there, passed over
    rep undo --yes --json --case "$CASE" "$1" "$DST"
    is "undo takes back its own, and passes over the others" "$RC $(sum '"\(.rows_written) \(.rows_there) \(.rows_stood) \(.rows_refused)"')" "0 $2"
}
warned() { grep -oE '[0-9]+ rows? stood already as planned|of [0-9]+ rows? that stood' "$ERR" | tr '\n' ';'; }

# ---- mirror: by key and without one; to be inserted, changed, deleted
printf '[table %s.bag]\nsubject = no\n' "$DB" >ini
rows() { on "SELECT 'p', HEX(code), id, v, HEX(f) FROM pairs UNION ALL SELECT 'b', v, n, f + 0e0, COUNT(*) FROM bag GROUP BY 2, 3, 4 ORDER BY 1, 2, 3, 4"; }
fresh a$T "$DB"
at a$T "CREATE TABLE pairs (code VARBINARY(9) NOT NULL, id INT NOT NULL, v VARCHAR(9), f VARBINARY(9), PRIMARY KEY (code, id));
    CREATE TABLE bag (v VARCHAR(9), n INT, f FLOAT)"
at a "INSERT INTO pairs VALUES (x'00ff', 1, 'same', ''), (x'00ff', 2, 'new', NULL), (x'00ff', 3, 'new', ''), (x'00ff', 4, 'lost', ''), (x'00ff', 5, 'lost', ''), ('x,1', 6, 'lost', '');
    INSERT INTO bag VALUES ('in', 1, 0.1), ('in', 1, 0.1), ('in', 1, 0.1), ('in', NULL, 0.1)"
at $T "INSERT INTO pairs VALUES (x'00ff', 1, 'same', ''), (x'00ff', 2, 'old', NULL), (x'00ff', 3, 'old', ''), (x'00ff', 7, 'live', ''), (x'00ff', 8, 'live', ''), ('x,1', 9, 'live', '');
    INSERT INTO bag VALUES ('out', 2, 0.2), ('out', 2, 0.2), ('out', 2, 0.2), ('out', NULL, 0.2)"
PLANNED=$(rows)
plan one --policy mirror
is "planned" "$RC $(planned_rows one)" "0 16"
on "UPDATE pairs SET v = 'new' WHERE id = 2; INSERT INTO pairs VALUES (x'00ff', 4, 'lost', ''); DELETE FROM pairs WHERE id = 7;
    INSERT INTO bag VALUES ('in', 1, 0.1); DELETE FROM bag WHERE v = 'out' AND n = 2 LIMIT 1; DELETE FROM bag WHERE n IS NULL"
BEFORE=$(rows) WANTED=$(client a -D "$DB" <<<"SELECT 'p', HEX(code), id, v, HEX(f) FROM pairs UNION ALL SELECT 'b', v, n, f + 0e0, COUNT(*) FROM bag GROUP BY 2, 3, 4 ORDER BY 1, 2, 3, 4")
for time in first second; do
    rep apply --yes --json --case "$CASE" one "$DST"
    is "the $time time: it writes the others" "$RC $(sum '"\(.rows_written) \(.rows_there)"') $(rows)" "0 10 6 $WANTED"
    rep_is 0 "again" apply --yes --case "$CASE" one "$DST"
    rep_is 0 "with --recheck" apply --yes --recheck --case "$CASE" one "$DST"
    rep undo --dry-run --json --case "$CASE" one "$DST"
    is "a dry run of undo says the same" "$RC $(sum '"\(.rows_written) \(.rows_stood)"') $(warned)" "0 10 6 6 rows stood already as planned;"
    undo one "10 0 6 0"
    is "all is as it was in front of apply" "$(rows)" "$BEFORE"
    undo one "0 10 6 0"
    is "and stays so" "$(rows)" "$BEFORE"
done

# What was taken back, and the live side writes itself since, is its own; what it deletes is not.
on "INSERT INTO pairs VALUES (x'00ff', 5, 'lost', ''); DELETE FROM pairs WHERE id = 4"
BEFORE=$(rows)
rep_is 0 "apply, where other rows stand" apply --yes --case "$CASE" one "$DST"
undo one "10 0 6 0"
is "all is as it was in front of that" "$(rows)" "$BEFORE"

# The stock client knows no journal.
rep_is 0 "apply" apply --yes --case "$CASE" one "$DST"
client $T --force <one/undo.sql >"$OUT" 2>"$ERR"
is "undo.sql takes back all that stands as planned" "$(rows)" "$PLANNED"

# Nor does the journal know who wrote, behind the client's back, what stands as planned.
rm one/journal.jsonl
rep_is 0 "apply" apply --yes --case "$CASE" one "$DST"
client $T --force <one/undo.sql >"$OUT" 2>"$ERR"
on "INSERT INTO pairs VALUES (x'00ff', 5, 'lost', '')"
rep_is 0 "apply, with --recheck" apply --yes --recheck --case "$CASE" one "$DST"
rep_is 0 "a dry run of undo" undo --dry-run --case "$CASE" one "$DST"
is "it says that it cannot tell" "$(warned)" "of 1 row that stood;"
unlike "and nothing of counters, since it raised none" "$(cat "$OUT")" "stays raised"
rep_is 0 "with --recheck, where nothing is gone" apply --yes --recheck --case "$CASE" one "$DST"
rep_is 0 "a dry run of undo" undo --dry-run --case "$CASE" one "$DST"
is "says so still" "$(warned)" "of 1 row that stood;"
undo one "16 0 0 0"
is "and takes back what it has written" "$(rows)" "$PLANNED"

# Killed between COMMIT and its report: what stands by then may be the plan's.
on "INSERT INTO pairs VALUES (x'00ff', 5, 'lost', '')"
rm one/journal.jsonl
rep_is 0 "apply" apply --yes --case "$CASE" one "$DST"
jq -c 'select(.event == "done" | not)' one/journal.jsonl >cut && mv cut one/journal.jsonl
rep_is 0 "undo at once" undo --dry-run --case "$CASE" one "$DST"
like "says that it cannot tell" "$(cat "$ERR")" "warning: apply was cut short in 1 unit: "
rep_is 0 "again, after a kill" apply --yes --json --case "$CASE" one "$DST"
is "all is there" "$(sum .rows_there)" 16
undo one "16 0 0 0"
is "it says that it cannot tell" "$(warned)" "of 16 rows that stood;"
is "and takes back what it has written" "$(rows)" "$PLANNED"

# A connection that is lost before COMMIT has written nothing: the next try knows as much.
on "INSERT INTO pairs VALUES (x'00ff', 5, 'lost', '')"
BEFORE=$(rows)
rm one/journal.jsonl
asked() { on "SELECT COALESCE(MIN(ID), 0) FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND INFO LIKE '$1'"; }
client $T -D "$DB" <<<"BEGIN; SELECT 1 FROM pairs WHERE id = 8 FOR UPDATE; DO SLEEP(60)" >held 2>&1 &
until [ "$(asked 'DO SLEEP%')" != 0 ]; do sleep 0.1; done
"$MYRECON" repair apply --yes --json --case "$CASE" one "$DST" >"$OUT" 2>"$ERR" &
APPLY=$!
until [ "$(asked '%myrecon_locked%FOR UPDATE%')" != 0 ]; do sleep 0.1; done
on "KILL $(asked '%myrecon_locked%FOR UPDATE%')"
on "KILL $(asked 'DO SLEEP%')"
wait $APPLY
is "applied over a second connection" "$? $(sum '"\(.rows_written) \(.rows_there)"') $(grep -c 'was lost, connecting again' "$ERR")" "0 15 1 1"
undo one "15 0 1 0"
is "undo knows what stood before" "$(warned) $(rows)" "1 row stood already as planned; $BEFORE"

# KILL QUERY that comes too late, behind COMMIT, or an answer that tells nothing of how it ended:
# what the next try finds is the plan's own.
mkfifo end
for how in killed null; do
    rm -f one/journal.jsonl report
    python3 "$IT_DIR/../fault/answers.py" "$(side_uri $T | sed 's,.*@,,; s,[/?].*,,')" "=SELECT @myrecon_end, @myrecon_written" $how report <end &
    exec 8>end
    wait_for 10 test -e report
    rep apply --yes --json -v --case "$CASE" one "mysql://root@127.0.0.1:$(sed -n 's/^port //p' report)/$DB?ssl-mode=disabled"
    exec 8>&-
    wait $!
    is "$how behind COMMIT: tried again" "$RC $(sum '"\(.rows_written) \(.rows_there)"') $(grep -c 'trying again' "$ERR")" "0 0 16 1"
    undo one "15 0 1 0"
    is "$how: undo knows what stood before the first try" "$(warned) $(rows)" "1 row stood already as planned;of 15 rows that stood; $BEFORE"
done
on "DELETE FROM pairs WHERE id = 5"

# Keys of several parts, of which one has a comma, and rows that make way for each other: each
# row is told from the others, and counted once.
rows() { on "SELECT 't', a, b, v FROM tags UNION ALL SELECT 'c', id, code, v FROM codes ORDER BY 1, 2, 3"; }
fresh a$T "$DB"
at a$T "CREATE TABLE tags (a VARCHAR(9), b VARCHAR(9), v VARCHAR(9), PRIMARY KEY (a, b)); INSERT INTO tags VALUES ('q', 'q', 'q');
    CREATE TABLE codes (id INT PRIMARY KEY, code INT NULL UNIQUE, v VARCHAR(9))"
at a "INSERT INTO tags VALUES ('x,y', 'z', 'lost'), ('x', 'y,z', 'lost'), ('g\\\\', 'h', 'lost'), ('g\\\\,h', '', 'lost'), ('g', '\\\\,h', 'lost');
    INSERT INTO codes VALUES (1, 2, ''), (2, 1, ''), (3, 3, 'new'), (4, 5, ''), (5, 4, '')"
at $T "INSERT INTO codes VALUES (1, 1, ''), (2, 2, ''), (3, 3, ''), (4, 4, ''), (5, 5, '')"
plan keys --policy mirror
is "planned" "$RC" 0
on "INSERT INTO tags VALUES ('x,y', 'z', 'live'), ('g\\\\', 'h', 'lost'); UPDATE codes SET v = 'live' WHERE id IN (3, 4)"
BEFORE=$(rows)
for time in first second; do
    rep apply --yes --json --case "$CASE" keys "$DST"
    is "the $time time: what goes along with others is named, once, and nobody else" "$RC $(sum .rows_refused) $(refused | cut -d ' ' -f 3 | sort | paste -sd' ')" '1 4 3: 4: 5: x\,y,z:'
done
undo keys "5 1 4 0"
is "undo takes back what apply has written, and no more" "$(rows)" "$BEFORE"

# ---- merge: people, and what refers to them
people() { for t in members orders tags notes; do on "SELECT '$t', $t.* FROM $t ORDER BY 2, 3"; done; }
fresh a$T "$DB"
at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20), created_at DATETIME NOT NULL);
    CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, member_id INT NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id));
    CREATE TABLE tags (member_id INT NOT NULL, tag VARCHAR(9) NOT NULL, PRIMARY KEY (member_id, tag), FOREIGN KEY (member_id) REFERENCES members (id));
    CREATE TABLE notes (order_id INT NOT NULL, text VARCHAR(9) NOT NULL, PRIMARY KEY (order_id, text));
    INSERT INTO members VALUES (1, 'm1', 'x', '2026-01-01')"
at a "INSERT INTO members VALUES (11, 'm11', 'x', '2026-03-01'), (12, 'm12', 'x', '2026-03-01'), (13, 'm13', 'x', '2026-03-01');
    INSERT INTO orders VALUES (11, 'o11', 11), (12, 'o12', 12), (13, 'o13', 13);
    INSERT INTO tags VALUES (1, 'blue'), (1, 'red'), (11, 'red'), (12, 'red'); INSERT INTO notes VALUES (11, 'n'), (12, 'n'), (13, 'n')"
printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = created_at\n[table %s.orders]\nidentity = no\n[table %s.notes]\nreference = order_id -> %s.orders.id\n[table %s.*]\nmargin = 1000\n' \
    "$DB" "$DB" "$DB" "$DB" "$DB" >ini
plan two --policy merge --split-at 2026-02-01 --on-conflict deleted-or-lost=restore
is "planned" "$RC $(planned_rows two)" "0 13"
on "INSERT INTO tags VALUES (1, 'red')"
BEFORE=$(people)
rep apply --yes --json --case "$CASE" two "$DST"
is "applied" "$RC $(sum '"\(.rows_written) \(.rows_there)"')" "0 12 1"
DONE=$(people)
on "INSERT INTO notes VALUES (13, 'new')"
rep undo --yes --json --case "$CASE" two "$DST"
is "the live side's own stays, and whom something new refers to" "$RC $(sum .rows_stood) $(on "SELECT GROUP_CONCAT(CONCAT(member_id, tag) ORDER BY tag) FROM tags") $(on "SELECT GROUP_CONCAT(id ORDER BY id) FROM members")" \
    "1 1 1red 1,13"
is "it alone is not listed" "$(refused | cut -d ' ' -f 2- | sed "s/$DB.//" | sort)" "members 13: it stays with what it belongs to
notes 13,n: it stays with what it belongs to
orders 13: a row of $DB.notes refers to it"
on "DELETE FROM notes WHERE text = 'new'"
undo two "3 9 1 0"
is "then all is as it was in front of apply" "$(people)" "$BEFORE"

# Several units in one session, of which the last in the script alone has such rows: undo
# begins with it, and what it has staged is none of the units behind it.
fresh a$T "$DB"
at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20), created_at DATETIME NOT NULL);
    CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, member_id INT NOT NULL, FOREIGN KEY (member_id) REFERENCES members (id));
    CREATE TABLE tags (member_id INT NOT NULL, tag VARCHAR(9) NOT NULL, PRIMARY KEY (member_id, tag), FOREIGN KEY (member_id) REFERENCES members (id));
    CREATE TABLE notes (order_id INT NOT NULL, text VARCHAR(9) NOT NULL, PRIMARY KEY (order_id, text));
    INSERT INTO members VALUES (1, 'm1', 'x', '2026-01-01')"
at a "INSERT INTO members SELECT seq, CONCAT('m', seq), 'x', '2026-03-01' FROM seq_11_to_610; INSERT INTO orders SELECT seq, CONCAT('o', seq), seq FROM seq_11_to_610;
    INSERT INTO notes SELECT seq, 'n' FROM seq_411_to_610"
plan three --policy merge --split-at 2026-02-01 --on-conflict deleted-or-lost=restore
is "units planned" "$RC $(planned_rows three) $(($(jq .rows.units three/plan.json) > 1))" "0 1400 1"
for ((i = 411; i <= 610; i += 50)); do on "INSERT INTO notes VALUES $(for ((k = i; k < i + 50; k++)); do echo "($k, 'n')"; done | paste -sd,)"; done
BEFORE=$(people | md5sum)
rep apply --yes --json --case "$CASE" three "$DST"
is "applied: whose notes are there are left out" "$RC $(sum '"\(.rows_written) \(.rows_refused)"')" "1 800 600"
undo three "800 400 200 0"
is "all is as it was in front of apply" "$(people | md5sum)" "$BEFORE"

# ---- rows of one tree, since each has the next one's number: half of them stand already
fresh a$T "$DB"
SEATS=$(for ((i = 1; i <= 520; i++)); do printf '(%d, %d),' $i $i; done)
at a$T "CREATE TABLE seats (id INT NOT NULL PRIMARY KEY, no INT NOT NULL UNIQUE);
    INSERT INTO seats VALUES ${SEATS%,}"
at a "UPDATE seats SET no = no + 1 ORDER BY id DESC"
seats() { on "SELECT COUNT(*), GROUP_CONCAT(IF(id IN (1, 20, 21, 520), no - id, NULL) ORDER BY id), SUM(no - id), SUM(id * (no - id)) FROM seats" | xargs; }
: >ini
plan three --policy mirror
is "planned in two units" "$RC $(jq -r '"\(.rows.units) \(.rows.rows)"' three/plan.json)" "0 2 520"
on "UPDATE seats SET no = no + 1 WHERE id > 20 ORDER BY id DESC"
BEFORE=$(seats)
rep apply --yes --json --case "$CASE" three "$DST"
is "applied" "$RC $(sum '"\(.rows_written) \(.rows_there)"') $(seats)" "0 20 500 520 1,1,1,1 520 135460"
undo three "20 0 500 0"
is "those stay, the others go back" "$(seats)" "$BEFORE"
undo three "0 20 500 0"

# ---- rows of one tree, some of which the live side has deleted itself
printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = at\n[table %s.orders]\nreference = member -> %s.members.id\n' "$DB" "$DB" "$DB" >ini
orders() { on "SELECT CONCAT('m', id, mobile) FROM members UNION ALL SELECT CONCAT('o', id, no, member) FROM orders ORDER BY 1" | xargs; }
tree() { # tree SQL: planned; then what the live side does in front of apply
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(9) NOT NULL UNIQUE, at DATETIME NOT NULL);
        CREATE TABLE orders (id INT PRIMARY KEY, no VARCHAR(9) NOT NULL UNIQUE, member INT NOT NULL)"
    at $T "INSERT INTO members VALUES (5, 'a', '2026-01-01'); INSERT INTO orders VALUES (50, 'x', 5), (51, 'y', 5)"
    plan five --policy mirror --allow-deletes 1
    on "$1"
    BEFORE=$(orders)
    rep apply --yes --case "$CASE" five "$DST"
    is "the others are deleted" "$RC $(orders)" "0 "
}
tree "DELETE FROM orders WHERE id = 50"
undo five "2 0 1 0"
is "what was deleted before is not put back" "$(orders)" "$BEFORE"
tree "DELETE FROM members"
on "INSERT INTO members VALUES (5, 'b', '2026-05-05')"
rep undo --yes --json --case "$CASE" five "$DST"
is "nor what is left of his put below somebody else" "$RC $(orders)" "1 m5b"
on "DELETE FROM members"
undo five "2 0 1 0"
is "when he is gone, it is as it was" "$(orders)" "$BEFORE"

# ---- an update that gives a key other letters
fresh a$T "$DB"
at a$T "CREATE TABLE words (word VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY, n INT)"
at a "INSERT INTO words VALUES ('ABC', 1), ('DEF', 1)"
at $T "INSERT INTO words VALUES ('abc', 1), ('def', 1)"
plan six --policy mirror
on "UPDATE words SET word = 'ABC' WHERE word = 'abc'"
rep_is 0 "applied" apply --yes --case "$CASE" six "$DST"
undo six "1 0 1 0"
is "the live side's own stays" "$(on "SELECT GROUP_CONCAT(word ORDER BY word) FROM words")" "ABC,def"

# ---- where it cannot be told: values that the server computes are not staged
fresh a$T "$DB"
at a$T "CREATE TABLE bag (v VARCHAR(9), n INT AS (LENGTH(v)) VIRTUAL)"
at a "INSERT INTO bag (v) VALUES ('lost'), ('lost'), ('more')"
plan four --policy mirror
on "INSERT INTO bag (v) VALUES ('lost')"
rep apply --yes --json --case "$CASE" four "$DST"
is "applied" "$RC $(sum '"\(.rows_written) \(.rows_there)"')" "0 2 1"
rep_is 0 "undo" undo --yes --json --case "$CASE" four "$DST"
is "it says so, and takes all of it back" "$(warned) $(on "SELECT COUNT(*) FROM bag")" "of 1 row that stood; 0"
# ---- units that apply has not carried out: what stands there as planned is the live side's
fresh a$T "$DB"
left() { grep -oE 'has not carried out [0-9]+ units?|undo passes over it' "$ERR" | paste -sd' '; }
ranges() { on "SELECT CONCAT(COUNT(*), ':', COALESCE(MIN(id), 0), '-', COALESCE(MAX(id), 0)) FROM t"; }
at a$T "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))"
at a "INSERT INTO t SELECT seq, 'lost' FROM seq_1_to_1400"
: >ini
plan parts --policy mirror
is "three units, each undone by itself" "$RC $(jq .rows.units parts/plan.json) $(grep -c '^-- unit ' parts/undo.sql) $(grep -c '^-- rows ' parts/undo.sql)" "0 3 3 0"
rep_is 0 "apply" apply --yes --case "$CASE" parts "$DST"
FIRST=$(jq -s 'map(select(.event == "done"))[0].written' parts/journal.jsonl)
SECOND=$(jq -s 'map(select(.event == "done"))[1].written' parts/journal.jsonl)
# As if it was killed in the second, and the live side wrote what the third was to.
jq -c 'select(.unit == 1 or (.unit == 2 and .event == "try"))' parts/journal.jsonl >cut && mv cut parts/journal.jsonl
on "DELETE FROM t WHERE id BETWEEN $((FIRST + 1)) AND $((FIRST + SECOND))"
rep undo --yes --json --case "$CASE" parts "$DST"
is "undo takes back its own" "$RC $(sum '"\(.rows_written) \(.rows_stood)"') $(ranges)" "0 $FIRST $((1400 - FIRST - SECOND)) $((1400 - FIRST - SECOND)):$((FIRST + SECOND + 1))-1400"
is "it says so" "$(left)" "has not carried out 1 unit undo passes over it"

# A unit that failed: nobody let it lock what it leans on.
on "DELETE FROM t"
rep_is 0 "apply" apply --yes --case "$CASE" parts "$DST"
jq -c 'if .script == "apply" and .unit == 2 and .event == "done" then {at, run, event: "failed", script, unit, detail: "Lock wait timeout exceeded"} else . end' \
    parts/journal.jsonl >cut && mv cut parts/journal.jsonl
rep undo --yes --json --case "$CASE" parts "$DST"
is "what stands there as planned stays" "$RC $(sum '"\(.rows_written) \(.rows_stood)"') $(ranges)" "0 $((1400 - SECOND)) $SECOND $SECOND:$((FIRST + 1))-$((FIRST + SECOND))"
client $T --force <parts/undo.sql >"$OUT" 2>"$ERR"
is "undo.sql takes it back" "$(ranges)" 0:0-0

# Units of one tree, which undo.sql takes together, but does not mix up.
printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = at\n[table %s.orders]\nreference = member -> %s.members.id\n' "$DB" "$DB" "$DB" >ini
fresh a$T "$DB"
at a$T "CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(9) NOT NULL UNIQUE, at DATETIME NOT NULL);
    CREATE TABLE orders (id INT PRIMARY KEY, no VARCHAR(9) NOT NULL UNIQUE, member INT NOT NULL)"
at a "INSERT INTO members VALUES (5, 'a', '2026-01-01'); INSERT INTO orders SELECT seq, CONCAT('o', seq), 5 FROM seq_1_to_700"
plan five --policy mirror
is "two units, undone as one" "$RC $(jq .rows.units five/plan.json) $(grep -c '^-- unit ' five/undo.sql)" "0 2 1"
rep_is 0 "apply" apply --yes --case "$CASE" five "$DST"
FIRST=$(jq -s 'map(select(.event == "done" and .unit == 1))[0].written' five/journal.jsonl)
jq -c 'select(.unit != 2)' five/journal.jsonl >cut && mv cut five/journal.jsonl
on "DELETE FROM orders WHERE id BETWEEN $FIRST AND 699" # but for the last, which the live side made
rep undo --yes --json --case "$CASE" five "$DST"
is "an order that the live side made stays, and he whose it is with all of his" "$RC $(sum '"\(.rows_written) \(.rows_stood)"') $(on "SELECT COUNT(*), MAX(id) FROM orders") $(on "SELECT COUNT(*) FROM members")" "1 0 1 $FIRST	700 1"
is "it says so" "$(left)" "has not carried out 1 unit undo passes over it"
on "DELETE FROM orders WHERE id = 700"
undo five "$FIRST $((701 - FIRST)) 0 0"
is "when it is gone, all is taken back" "$(orders)" ""
finish
