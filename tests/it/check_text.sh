#!/bin/bash
# check_text.sh: what people read: a line a table, ranges, samples side by side, a summary
# with what to do next; colours only where wanted; no value or name breaks the screen.

. "$(dirname "$0")/lib.sh"
begin

at ab "
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile CHAR(8) NOT NULL UNIQUE, name VARCHAR(40), n INT);
INSERT INTO members SELECT seq, 20000000 + seq, CONCAT('name', seq), seq FROM seq_1_to_100;
CREATE TABLE orders (id INT PRIMARY KEY, v VARCHAR(200), w INT); INSERT INTO orders SELECT seq, CONCAT('v', seq), 1 FROM seq_1_to_1200;
CREATE TABLE same (id INT PRIMARY KEY); INSERT INTO same VALUES (1);
CREATE TABLE keyless (a INT, b VARCHAR(10)); INSERT INTO keyless VALUES (1, 'a'), (1, 'a'), (2, 'b');
CREATE TABLE odd (id INT PRIMARY KEY, v VARCHAR(200), b VARBINARY(50)); INSERT INTO odd SELECT seq, 'x', 'x' FROM seq_1_to_4"
text() { # text ARGS…: the text of a run in $OUT
    CMD=("$MYRECON" check "$SRC" "$DST" --settle 0 "$@")
    timeout 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
has() { # has DESCRIPTION LINE…: these lines, in this order and with nothing between them
    local desc=$1 want
    shift
    want=$(printf '%s\n' "$@" | sed 's/ *$//')
    case $'\n'$(sed 's/ *$//' "$OUT")$'\n' in
    *$'\n'"$want"$'\n'*) result 0 "$desc" ;;
    *) result 1 "$desc" "no such lines:
$want
in:
$(cat "$OUT")" ;;
    esac
}
section() { awk -v s="$1" 'index($0, s) == 1 { on = 1; next } /^$/ { on = 0 } on' "$OUT" | sed 's/ *$//'; }
last_part() { awk '/^(equal|diverged|incomplete): / { on = 1 } on' "$OUT"; }

# An equal pair: lines, summary, nothing else.
text
is "equal: exits 0" "$RC" 0
is "equal: a line a table" "$(section Tables | grep -c ' equal  ')" 5
has "equal: rows, with separators for people" "  $DB.orders   equal        1,200 rows"
has "equal: one row" "  $DB.same     equal        1 row"
like "equal: summary" "$(last_part)" '^equal: 5 tables, 2,616 rows read in [0-9.]+ s$'
unlike "equal: no section of differences, no advice" "$(cat "$OUT")" 'Diverged|Samples|Objects|read_only|--case'
unlike "equal: the password is nowhere" "$(cat "$OUT")" 'password'

# One history: edits and missing rows alone are no second history.
at b "UPDATE orders SET v = CONCAT(v, '!') WHERE id IN (10, 11, 12, 13, 500); DELETE FROM orders WHERE id > 1190;
    DELETE FROM keyless WHERE a = 1"
text --tables orders --tables keyless
is "edits: exits 1" "$RC" 1
has "edits: rows of both sides and kinds" "  $DB.keyless  diverged     3 / 1 rows              2 missing" \
    "  $DB.orders   diverged     1,200 / 1,190 rows      5 changed, 10 missing"
has "edits: ranges are joined" "  $DB.orders  id 10 .. 13  (4 rows)" "  $DB.orders  id 500  (1 row)" "  $DB.orders  id 1191 .. 1200  (10 rows)"
has "edits: the columns that differ, side by side" "  $DB.orders  changed  id 10" "      v                'v10'                       | 'v10!'" \
    "  $DB.orders  changed  id 11"
has "edits: rows without a key have counts" "  $DB.keyless  missing  2 equal rows" \
    "      a                1                           | -" "      b                'a'                         | -"
like "edits: what is not shown is said" "$(section Samples)" '… and 9 more rows of '"$DB"'\.orders'
like "edits: summary" "$(last_part)" '^diverged: 2 tables, 2,394 rows read in [0-9.]+ s; 5 changed, 12 missing$'
like "edits: what to do next" "$(last_part)" '^  myrecon check --case incident\.case '
unlike "edits: one history" "$(last_part)" 'read.only|binary log'
text --tables orders --case "$IT_TMP/case"
like "edits: with a case it is named" "$(last_part)" "kept in $IT_TMP/case"

# Two histories: ids that changed owner, rows of its own on both sides.
at b "UPDATE members SET mobile = 'x' WHERE id = 50; UPDATE members SET mobile = 20000050 WHERE id = 51;
    UPDATE members SET mobile = 20000051 WHERE id = 50; DELETE FROM members WHERE id = 99; INSERT INTO members VALUES (120, '30000001', 'new', 1)"
text --tables members --objects none
is "two histories: exits 1" "$RC" 1
has "two histories: kinds" "  $DB.members  diverged     100 rows                2 collision, 1 missing, 1 extra, 2 moved"
has "two histories: who stands where" "  $DB.members  collision  id 50" "      mobile           '20000050'                  | '20000051'"
has "two histories: who moved" "  $DB.members  moved  mobile '20000050': id 50 -> 51" "  $DB.members  moved  mobile '20000051': id 51 -> 50"
like "two histories: which is which" "$(last_part | tr '\n' ' ')" 'SOURCE \(lost history, [^ ]*\) and TARGET *\(live, [^ ]*\)'
like "two histories: archive the binary logs" "$(last_part | tr '\n' ' ')" 'archive the binary *logs of each'
unlike "two histories: nothing that stops the live server" "$(last_part)" 'read.only|primary'
like "two histories: before anything else" "$(last_part | sed -n 2,4p | tr '\n' ' ')" 'Before anything else'

# The width of the screen, for what is side by side.
columns() { wc -L | xargs; }
at b "UPDATE odd SET v = REPEAT('日本', 90), b = REPEAT('b', 50) WHERE id = 3; UPDATE odd SET v = '😀😁👩‍👩‍👧 日本語' WHERE id = 2"
for width in "" 60 100; do
    COLUMNS=$width text --tables members --tables orders --tables odd --objects none
    ok "samples fit in ${width:-80} columns" test "$(section Samples | grep -F ' | ' | columns)" -le "${width:-80}"
done
like "emoji are shown" "$(section Samples)" "'😀😁"
like "long values are cut in the middle" "$(section Samples)" "'(日本)+…(日本)*本?'|'(日本)+…本?(日本)*'"
is "the bars stand in one column" "$(section Samples | grep -F ' | ' | grep -v '[^ -~]' | sed 's/ | .*//' | awk '{print length($0)}' | sort -u | wc -l)" 1

# Values and names with control characters: shown, never sent to the terminal.
ESC=$(printf '\033')
at b "UPDATE odd SET v = CONCAT(CHAR(27), '[31mred') WHERE id = 1; UPDATE odd SET v = CONCAT('a\tb\nc\r', CHAR(7), CHAR(8)), b = 0x001B5B33316D WHERE id = 4;
    UPDATE odd SET v = CONCAT(_utf8mb4 0xC29B, '31m', _utf8mb4 0xE280AE, 'rtl') WHERE id = 2"
controls() { # control characters of the output but newlines: C0, DEL, C1, overrides of direction
    LC_ALL=C.UTF-8 grep -cP '[\x00-\x09\x0b-\x1f\x7f\x{80}-\x9f\x{202a}-\x{202e}\x{2066}-\x{2069}]' "$OUT"
}
text --tables odd
is "control characters in values: none in the output" "$(controls)" 0
like "control characters in values: tab and newline" "$(section Samples)" "\| 'a\\\\tb\\\\nc\\\\r"
like "control characters in values: binary is hexadecimal" "$(section Samples)" '^ +b +0x78 +\| 0x001b5b33316d$'
is "control characters in values: a line a value" "$(section Samples | grep -c 'changed')" 4
NAME=e${ESC}[31mx$'\n'y
at ab "CREATE TABLE $(ident "$NAME") (id INT PRIMARY KEY, $(ident "c${ESC}[32m") INT)"
at b "INSERT INTO $(ident "$NAME") VALUES (1, 1)"
text --tables 'e*'
is "control characters in names: exits 1" "$RC" 1
is "control characters in names: none in the output" "$(controls)" 0
is "control characters in names: one line a table" "$(section Tables | wc -l)" 1

# Colours.
escapes() { grep -c "$ESC\[" "$OUT"; }
NO_COLOR=1 text --tables members --color always
ok "--color always: has escapes, NO_COLOR or not" test "$(escapes)" -gt 3
plain=$(sed "s/$ESC\[[0-9;]*m//g; s/read in .*//" "$OUT")
text --tables members --color never
is "--color never: no escapes" "$(escapes)" 0
is "--color never: else the same" "$(sed 's/read in .*//' "$OUT")" "$plain"
NO_COLOR='' text --tables members
is "--color auto into a file: no escapes" "$(escapes)" 0
on_terminal() { # on_terminal VARIABLES…: the run as on a terminal
    CMD=("$MYRECON" check "$SRC" "$DST" --settle 0 --no-progress --tables members)
    env "$@" TERM=xterm script -qec "$(printf '%q ' "${CMD[@]}")" /dev/null </dev/null >"$OUT" 2>"$ERR"
}
if command -v script >/dev/null; then
    on_terminal -u NO_COLOR
    ok "--color auto on a terminal: has escapes" test "$(escapes)" -gt 3
    on_terminal NO_COLOR=1
    is "NO_COLOR on a terminal: no escapes" "$(escapes)" 0
    CMD=()
else
    skip "--color auto on a terminal" "no program script"
fi

# --max-rows and -q.
text --tables orders --max-rows 2
is "--max-rows 2: two rows" "$(section Samples | grep -c '  changed  ')" 2
like "--max-rows 2: the rest is said" "$(section Samples)" '… and 13 more rows'
like "--max-rows 2: all are counted" "$(last_part)" '; 5 changed, 10 missing$'
check_is 1 "--max-rows 3 --json: exits 1" --tables orders --max-rows 3
count_is "--max-rows 3 --json: three rows" 3 '.type == "row"'
like "--max-rows 3 --json: says what is not printed" "$(cat "$ERR")" '12 more rows are not printed \(--max-rows 3\)'
one "--max-rows 3 --json: the summary has the number, too" '.type == "summary" and .rows_not_printed == 12 and .changed == 5 and .missing == 10'
text --tables members --tables orders
mv "$OUT" "$IT_TMP/loud"
ok "without -q: there is a log" test -s "$ERR"
text --tables members --tables orders -q
is "-q: nothing on stderr" "$(cat "$ERR")" ""
is "-q: the whole result on stdout" "$(sed 's/read in [0-9.]* s//' "$OUT")" "$(sed 's/read in [0-9.]* s//' "$IT_TMP/loud")"

# A table that could not be checked, with the reason and the GRANT.
for side in a b; do
    client $side <<<"CREATE OR REPLACE USER it_text@127.0.0.1 IDENTIFIED BY 'geheim'; GRANT SELECT ON $DB.orders TO it_text@127.0.0.1;
        GRANT INSERT ON $DB.same TO it_text@127.0.0.1" || bail "no account"
    at_exit "client $side <<<'DROP USER IF EXISTS it_text@127.0.0.1'"
done
SRC=$(uri a "$DB" it_text:geheim) DST=$(uri b "$DB" it_text:geheim)
text --tables orders --tables same
is "not checked: exits 4" "$RC" 4
like "not checked: the table's line" "$(section Tables)" "^  $DB\.same +not-checked"
like "not checked: the reason below it" "$(section Tables | grep -A 1 -F "$DB.same ")" '^      .*may not see all columns of .*; GRANT SELECT ON'
like "not checked: the GRANT to run" "$(section Tables | grep -A 2 -F "$DB.same ")" 'GRANT SELECT ON .*same'
like "not checked: others are checked" "$(section Tables)" "^  $DB\.orders +diverged +1,200 / 1,190 rows"
like "not checked: summary" "$(last_part)" '^incomplete: 2 tables, .*5 changed, 10 missing, .*1 table not checked'
like "not checked: what it means" "$(last_part)" 'could not be checked'
unlike "not checked: no password" "$(cat "$OUT" "$ERR")" geheim
finish
