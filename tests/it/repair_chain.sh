#!/bin/bash
# repair_chain.sh: rows that refer to rows in long chains, each to the one that came after it, are
# planned in the time that a crowd takes: thousands that wait for one, that follow its decision,
# that are lost history because the last one is, and that stand in circles.

. "$(dirname "$0")/lib.sh"

begin
cd "$IT_TMP" || exit 1
LEN=6000 LAST=6100 # of lost rows, 101 to LAST
ENDS=300           # seconds; some are enough, where each row does not cost a walk over all

world() { # world COLUMNS OLD LOST: a table that refers to itself, rows of both sides, and lost ones
    fresh ab "$DB"
    at ab "CREATE TABLE members (id INT NOT NULL $1); INSERT INTO members $2"
    at a "SET foreign_key_checks = 0; INSERT INTO members $3"
}
owned() { # by somebody whose id another person has on TARGET
    at ab "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(40) NOT NULL UNIQUE)"
    at a "INSERT INTO people VALUES (1, 'lost')"
    at b "INSERT INTO people VALUES (1, 'live')"
    at ab "SET foreign_key_checks = 0; ALTER TABLE members ADD FOREIGN KEY (owner) REFERENCES people (id)"
}
checked() {
    rm -rf case*
    "$MYRECON" check -q --settle 0 --case case --config my.ini "$(uri a "$DB")" "$(uri b "$DB")" >"$OUT" 2>"$ERR"
}
plan_is() { # plan_is RC DESCRIPTION DIR [OPTIONS…]
    local rc=$1 desc=$2 dir=$3
    shift 3
    rm -rf "$dir"
    timeout $ENDS "$MYRECON" repair plan -q --policy merge --config my.ini --case case --output "$dir" "$@" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    is "$desc" "$RC $(tail -n 1 "$ERR")" "$rc "
}
kinds() { # kinds DIR: how many conflicts of each kind, and whether they were decided
    python3 -c '
import collections, csv, sys
n = collections.Counter((r["kind"], r["decision"] or "-") for r in csv.DictReader(open(sys.argv[1], newline="")))
for (kind, decision), count in sorted(n.items()):
    print(kind, decision, count)' "$1/conflicts.csv"
}

# Each names who came after; the last one has a number that somebody live has.
printf '[table %s.members]\nidentity = email\n' "$DB" >my.ini
world 'AUTO_INCREMENT PRIMARY KEY, email VARCHAR(40) NOT NULL UNIQUE, code INT NULL UNIQUE, next_id INT NULL,
    FOREIGN KEY (next_id) REFERENCES members (id)' \
    "SELECT seq, CONCAT('old', seq), NULL, NULL FROM seq_1_to_100" \
    "SELECT seq, CONCAT('lost', seq), IF(seq=$LAST, 7, NULL), IF(seq=$LAST, NULL, seq+1) FROM seq_101_to_$LAST"
at b "INSERT INTO members VALUES (101, 'live', 7, NULL)"
checked
plan_is 1 "a chain whose end is asked about is planned" asked
is "all of it waits" "$(kinds asked)" "parent-absent - $((LEN - 1))
unique - 1"
plan_is 0 "what is chosen for the end is for all" skipped --on-conflict unique=skip
is "each has it" "$(kinds skipped)" "parent-absent skip $((LEN - 1))
unique skip 1"
"$MYRECON" repair decide -q skipped --output skipped.html >"$OUT" 2>"$ERR"
is "and a page can be made of them" "$? $(cat "$ERR")" "0 "
plan_is 0 "and restores all" without --on-conflict unique=without-value
is "nobody is asked about" "$(kinds without)" "unique without-value 1"
is "all are in it" "$(grep -c ',renumber,\|,insert,' without/idmap.csv)" "$LEN"

# No counter makes their keys: the last one is lost history for whom it refers to, and so are all.
printf '[table %s.people]\nidentity = email\n' "$DB" >my.ini
world 'PRIMARY KEY, next_id INT NULL, owner INT NULL, FOREIGN KEY (next_id) REFERENCES members (id)' \
    "SELECT seq, NULL, NULL FROM seq_1_to_100" \
    "SELECT seq, IF(seq=$LAST, NULL, seq+1), IF(seq=$LAST, 1, NULL) FROM seq_101_to_$LAST"
owned
checked
plan_is 0 "a chain is lost history for its end" history
is "all are in it" "$(grep -c "members.*,insert," history/idmap.csv)" "$LEN"

# Two by two they refer to each other.
world 'PRIMARY KEY, next_id INT NULL, owner INT NULL, FOREIGN KEY (next_id) REFERENCES members (id)' \
    "SELECT seq, NULL, NULL FROM seq_1_to_100" \
    "SELECT seq, IF(seq%2, seq+1, seq-1), 1 FROM seq_101_to_$LAST"
owned
checked
plan_is 0 "thousands of circles are planned" circles
is "all are in it" "$(grep -c "members.*,insert," circles/idmap.csv)" "$LEN"
is "and applied" "$("$MYRECON" repair apply -q --yes circles "$(uri b "$DB")" >"$OUT" 2>"$ERR"; echo $?)
$(client b -D "$DB" <<<'SELECT COUNT(*), SUM(next_id = IF(id%2, id+1, id-1)) FROM members')" "0
$((LEN + 100))	$LEN"

finish
