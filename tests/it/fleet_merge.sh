#!/bin/bash
# fleet_merge.sh: what the parts of a pair come to is what one check of that pair would have left: cut in the middle
# of collisions, of identities that have moved, of rows that stand twice, and of families.

. "$(dirname "$0")/lib.sh"
begin ab
DIR=$IT_TMP/fleet WORK=$IT_TMP/fleet/work INTO=$IT_TMP/merged INI=$IT_TMP/fleet.ini
: >"$INI"

run_parts() { # run_parts PARTS: each by itself
    local i
    for ((i = 0; i < $1; i++)); do
        timeout -k 5 120 "$MYRECON" fleet run -q "$DIR" --part "$i" >"$OUT" 2>"$ERR" </dev/null ||
            [ $? = 1 ] || { note <"$ERR"; return 1; }
    done
}
merge() { # merge ARGS…: $RC, $OUT, $ERR
    rm -rf "$INTO"
    timeout -k 5 120 "$MYRECON" fleet merge "$DIR" --output "$INTO" "$@" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
# Without what differs between any two runs of a check: names, times, and what they took.
plain() { jq -cS 'del(.run_id, .started, .seconds, .case, .run)' "$1" | sed "s|$IT_TMP/[a-z]*/*[a-z]*\.case|CASE|g"; }
# What is made of the one case, and of the other, by the same command.
made() { # made FILE CASE COMMAND…: the output of the command, which has CASE for FILE
    local file=$1 case=$2
    shift 2
    timeout -k 5 120 "$MYRECON" "${@/CASE/$case}" >"$file" 2>"$ERR" </dev/null
    echo "exit $?" >>"$file"
}
both() { # both DESCRIPTION FILTER COMMAND…
    local desc=$1 filter=$2
    shift 2
    made "$IT_TMP/from_one" "$IT_TMP/one.case" "$@"
    made "$IT_TMP/from_parts" "$INTO/one.case" "$@"
    like "$desc: is there" "$(wc -l <"$IT_TMP/from_one") $(tail -n 1 "$IT_TMP/from_one")" '^([2-9]|[0-9]{2,}) exit 0$'
    is "$desc" "$(eval "$filter" <"$IT_TMP/from_parts")" "$(eval "$filter" <"$IT_TMP/from_one")"
}
# files of a plan, but for what names it
plan_files() { # plan_files CASE DIR
    rm -rf "$2"
    timeout -k 5 120 "$MYRECON" repair plan -q --config "$INI" --case "$1" --policy "$POLICY" "${PARTED[@]}" --output "$2" \
        >"$OUT" 2>"$ERR" </dev/null
    echo "exit $?"
    local file
    for file in "$2"/*; do
        echo "== ${file##*/}"
        case $file in
            *.zst) zstd -dc "$file" ;;
            *.json) jq -S 'del(.plan_id, .uuid, .created, .run, .run_id, .case, .files, .sha256, .seal, .page_key)' "$file" ;;
            *) cat "$file" ;;
        esac
    done | sed -E 's/[0-9]{8}T[0-9]{6}Z-[0-9a-f]+(\.one)?/RUN/g; s|'"$IT_TMP"'/[a-z_]*/?[a-z_]*|PATH|g; s/[0-9-]{10}T[0-9:]{8}Z/TIME/g'
}
same_as_one() { same_lines "$@"; same_rest "$1"; }
same_rest() { # same_rest DESCRIPTION
    both "$1: people" cat affected --config "$INI" --case CASE --exclude "*.only_here"
    both "$1: the report" "sed -E 's/[0-9]{8}T[0-9]{6}Z-[0-9a-f]+(\\.one)?|[0-9-]{10}T[0-9:]{8}Z|\"seconds\":[0-9.]+/X/g; s|$IT_TMP/[a-z/.]*|CASE|g'" \
        report --config "$INI" --case CASE --format json
    local POLICY PARTED
    for POLICY in mirror merge backfill; do
        PARTED=()
        [ "$POLICY" != merge ] || PARTED=(--split-key "$DB.members=20")
        plan_files "$IT_TMP/one.case" "$IT_TMP/plan_one" >"$IT_TMP/of_one"
        plan_files "$INTO/one.case" "$IT_TMP/plan_parts" >"$IT_TMP/of_parts"
        like "$1: a plan is made, $POLICY" "$(head -n 1 "$IT_TMP/of_one"; tail -n 3 "$ERR")" '^exit [014]$'
        ok "$1: the plan, $POLICY" diff "$IT_TMP/of_one" "$IT_TMP/of_parts"
    done
}
# same_lines DESCRIPTION PARTS SEED [RC]: one check of $SRC, $DST and $INI, and the same in parts
same_lines() {
    local desc=$1 parts=$2 seed=$3 wanted=${4:-1} rc
    rm -rf "$IT_TMP"/one.* "$DIR"
    timeout -k 5 120 "$MYRECON" check -q --config "$INI" --case "$IT_TMP/one.case" --json "$SRC" "$DST" \
        >"$IT_TMP/one.jsonl" 2>"$ERR" </dev/null
    rc=$?
    [ "$rc" = "$wanted" ] || note <"$ERR"
    is "$desc: one check" "$rc" "$wanted"
    python3 "$IT_DIR/fleet_cut.py" "$IT_TMP/one.case" "$parts" "$seed" "$SRC" "$DST" >"$IT_TMP/cut.json" || bail "no cut"
    jq --rawfile config "$INI" '.config = $config' "$IT_TMP/cut.json" |
        python3 "$IT_DIR/fleet_dir.py" "$DIR" 20261128T000000Z-0000 || bail "no fleet"
    ok "$desc: its parts" run_parts "$parts"
    merge
    is "$desc: merged" "$RC" "$wanted"
    is "$desc: every line is that of one check" "$(plain "$INTO/one.jsonl")" "$(plain "$IT_TMP/one.jsonl")"
}

at ab "
CREATE TABLE members (id INT PRIMARY KEY AUTO_INCREMENT, mobile VARCHAR(20) NOT NULL, inviter_id INT, v INT,
    KEY (mobile), FOREIGN KEY (inviter_id) REFERENCES members (id));
CREATE TABLE orders (a INT, b VARCHAR(8) COLLATE utf8mb4_general_ci, member_id INT, v INT, PRIMARY KEY (a, b),
    FOREIGN KEY (member_id) REFERENCES members (id));
CREATE TABLE texts (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, member_id INT, v INT,
    FOREIGN KEY (member_id) REFERENCES members (id));
CREATE TABLE bins (k BINARY(4) PRIMARY KEY, v BLOB);
CREATE TABLE bag (x INT, y VARCHAR(9));
CREATE TABLE negative (id BIGINT PRIMARY KEY, u CHAR(6) NOT NULL UNIQUE, at TIMESTAMP DEFAULT '2026-01-01');
CREATE TABLE equal_ones (id INT PRIMARY KEY, v INT);
CREATE TABLE \`odd \"name\` (id INT PRIMARY KEY, v DOUBLE);
INSERT INTO members SELECT seq, CONCAT('m', seq), IF(seq > 20, seq - 20, NULL), 1 FROM seq_1_to_200;
INSERT INTO orders SELECT seq, CONCAT('k', seq), 1 + seq % 180, 1 FROM seq_1_to_300;
INSERT INTO texts SELECT CONCAT('t', seq), 1 + seq % 150, 1 FROM seq_1_to_200;
INSERT INTO bins SELECT LPAD(seq, 4, '0'), REPEAT('x', seq) FROM seq_1_to_100;
INSERT INTO bag SELECT seq % 7, 'y' FROM seq_1_to_50;
INSERT INTO negative (id, u) SELECT CAST(seq AS SIGNED) - 100, CONCAT('u', seq) FROM seq_1_to_200;
INSERT INTO equal_ones SELECT seq, 1 FROM seq_1_to_100;
INSERT INTO \`odd \"name\` SELECT seq, seq / 3 FROM seq_1_to_30"
at a "CREATE TABLE only_here (id INT PRIMARY KEY)"
at ab "CREATE TABLE spilled (k VARCHAR(9) PRIMARY KEY, v INT) COLLATE utf8mb4_general_ci"
at b "ALTER TABLE spilled CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
at ab "INSERT INTO spilled SELECT CONCAT('s', seq), 1 FROM seq_1_to_60"
cat >"$INI" <<'END'
[options]
settle = 0
digest = client
[table *.members]
identity = mobile
subject = yes
END
same_as_one "equal rows, and objects" 3 1
at b "
UPDATE members SET mobile = CONCAT('n', id) WHERE id BETWEEN 50 AND 60;
UPDATE members SET mobile = CONCAT('m', 300 - id) WHERE id BETWEEN 140 AND 160;
UPDATE members SET mobile = 'm7' WHERE id IN (7, 70, 170);
UPDATE members SET v = 2 WHERE id IN (30, 110, 190);
DELETE FROM orders WHERE a IN (3, 4, 5, 250);
UPDATE orders SET v = 2 WHERE a BETWEEN 100 AND 110 OR a = 299;
UPDATE orders SET member_id = 55 WHERE a IN (20, 21, 200);
INSERT INTO orders VALUES (1000, 'new', 155, 1);
UPDATE texts SET v = 3 WHERE k IN ('t1', 't50', 't199', 't52');
UPDATE texts SET k = UPPER(k) WHERE k IN ('t10', 't11');
DELETE FROM bins WHERE k IN ('0001', '0099');
UPDATE bins SET v = REPEAT('y', 20) WHERE k BETWEEN '0040' AND '0050';
INSERT INTO bag VALUES (9, 'z'), (9, 'z');
DELETE FROM bag WHERE x = 3 LIMIT 2;
UPDATE negative SET u = CONCAT('w', id) WHERE id BETWEEN -3 AND 3;
UPDATE negative SET id = id + 5000 WHERE id BETWEEN 20 AND 30;
UPDATE spilled SET v = 2 WHERE k IN ('s1', 's9');
UPDATE \`odd \"name\` SET v = v + 1 WHERE id > 3;
ALTER TABLE bins ADD note INT"
MOST=$(((${SEEDS:-20} + 4) / 5)) LOOP_FROM=$SECONDS
for ((seed = 1; seed <= MOST; seed++)); do
    in_time $((seed - 1)) "$MOST" "seeds of cuts" || break
    same_as_one "all kinds, cut by seed $seed" "$((2 + seed % 4))" "$seed"
done
# The other side on MySQL 9, by a snapshot of what b has.
if [ -n "$MR_O_URI" ]; then
    OF_B=$DST
    "$MYRECON" snapshot create -q "$DST" "$IT_TMP/snap" >"$OUT" 2>"$ERR" || bail "no snapshot: $(cat "$ERR")"
    client o <<<"DROP DATABASE IF EXISTS $DB"
    IT_DROP+=("$(side_uri o) $DB")
    DST=$(uri o "$DB")
    "$MYRECON" snapshot restore -q "$IT_TMP/snap" "$DST" >"$OUT" 2>"$ERR" || bail "not restored: $(cat "$ERR")"
    same_as_one "MySQL 9" 4 3
    DST=$OF_B
    same_as_one "and back" 3 4
else
    skip "the other side on MySQL" "there is none"
fi
# A part is missing: named, and nothing is written; what is left is told with --partial, and never as equal.
mv "$DIR/parts/1.case" "$IT_TMP/away"
merge
is "a missing part" "$RC $([ -e "$INTO" ] && echo there)" "3 "
like "it is named" "$(cat "$ERR")" 'are missing: 1$'
merge --partial --json
is "what is left of it" "$RC $(jq -r 'select(.type == "summary") | .verdict' "$OUT")" "4 incomplete"
is "its tables, and only they, are not checked" \
    "$(jq -r 'select(.type == "table" and .verdict == "not-checked") | "\(.table) \(.reason)"' "$INTO/one.jsonl" | sort)" \
    "$(jq -r '.tables[].table + " part 1: it is missing"' "$WORK/1.jsonl" | sort)"
made "$IT_TMP/from_parts" "$INTO/one.case" affected --config "$INI" --case CASE
is "affected knows that it is incomplete" "$(tail -n 1 "$IT_TMP/from_parts")" "exit 4"
# What a merge of parts does not have yet, one check goes on to read.
timeout -k 5 120 "$MYRECON" check -q --config "$INI" --case "$INTO/one.case" --resume --json "$SRC" "$DST" \
    >"$IT_TMP/resumed.jsonl" 2>"$ERR" </dev/null
is "resumed: every line is that of one check" "$(plain "$IT_TMP/resumed.jsonl")" "$(plain "$IT_TMP/one.jsonl")"
# Half a file, as a full disk leaves it: of whole pages, as an older version has written them, and not.
head -c 20001 "$IT_TMP/away" >"$DIR/parts/1.case"
merge
is "a piece of a part" "$RC $([ -e "$INTO" ] && echo there)" "3 "
like "it is named" "$(cat "$ERR")" '^myrecon: warning: part 1: the bytes of case file .* are others than were written$'
head -c 20480 "$IT_TMP/away" >"$DIR/parts/1.case"
merge
is "half a part" "$RC $([ -e "$INTO" ] && echo there)" "3 "
like "which it is" "$(cat "$ERR")" '^myrecon: error: part 1 of the fleet: case file '
merge --partial
is "half a part is left out" "$RC $(wc -l <"$INTO/fleet.jsonl")" "4 3"
# One bit of it is another, somewhere: a number or a name would be another, too.
RCS=
for tenth in 0 1 2 3 4 5 6 7 8 9; do
    python3 -c 'import sys
data = bytearray(open(sys.argv[1], "rb").read())
used = [at for at, byte in enumerate(data) if byte]
data[used[len(used) * int(sys.argv[3]) // 10]] ^= 4
open(sys.argv[2], "wb").write(data)' "$IT_TMP/away" "$DIR/parts/1.case" $tenth
    merge
    RCS+=$RC
done
is "a bit that fell over" "$RCS" 3333333333
like "which part it is" "$(cat "$ERR")" "^myrecon: error: 1 of [0-9]+ parts of .* are missing or damaged: 1$"
merge --partial
is "it is left out" "$RC $(jq -r 'select(.type == "summary") | .parts_missing' "$INTO/fleet.jsonl")" "4 1"
like "and said" "$(cat "$ERR")" '^myrecon: warning: part 1 is left out: the bytes of case file .* are others than were written$'
timeout -k 5 120 "$MYRECON" fleet run -q "$DIR" --part 1 >"$OUT" 2>"$ERR" </dev/null
like "run again, the part is read anew" "$(cat "$ERR")" 'what was kept of the part cannot be used: the bytes of case file .* are others than were written'
merge
is "and all is there" "$RC" 1
mv "$IT_TMP/away" "$DIR/parts/1.case"
# By which version a part was read is kept with it.
VERSION=$("$MYRECON" --version | sed -n '1s/.* //p')
jq -c '.version = "0.0"' "$DIR/parts/1.json" >"$IT_TMP/told" && cp -p "$DIR/parts/1.json" "$IT_TMP/told.own"
cp "$IT_TMP/told" "$DIR/parts/1.json"
merge
like "two versions of myrecon" "$RC $(cat "$ERR")" \
    "^1 myrecon: warning: part 0 was read by myrecon $VERSION and part 1 by myrecon 0\.0: remove the results"
cp -p "$IT_TMP/told.own" "$DIR/parts/1.json"
merge
is "one version" "$RC $(grep -c 'was read by' "$ERR")" "1 0"
# A table is made anew on a side, and that part is read again: two parts are of two tables.
at b "ALTER TABLE members ENGINE=InnoDB"
rm "$DIR/parts/0.case" "$DIR"/parts/0.json
run_parts 1
merge --json
is "made anew between two parts" "$(jq -r 'select(.table == "'"$DB"'.members" and .type == "table") | .verdict' "$INTO/one.jsonl")" \
    "$(jq -r '.tables[].table' "$WORK"/[1-9].jsonl | grep -q 'members$' &&
        jq -r '.tables[].table' "$WORK/0.jsonl" | grep -q 'members$' && echo not-checked || echo diverged)"
like "every kind was there" "$(jq -r '.kind // .type' "$IT_TMP/one.jsonl" | sort -u | xargs)" \
    "^advice changed collision duplicate extra missing moved object range run summary table$"
finish
