#!/bin/bash
# repair_unnamed.sh: a plan that fails at its end leaves the case as it was, with what people
# decided and what plans proposed; and where its directory does not get its name, when all is
# committed, no later plan passes for it.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
LIBRARY=$FAULT_DIR/failing_io.so CASE_SQL=$FAULT_DIR/case_sql
[ -e "$LIBRARY" ] && [ -x "$CASE_SQL" ] || bail "no library at $LIBRARY"
T=b
begin ab
cd "$IT_TMP" || exit 1
CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# Of the lost side notes, which nothing names, and a member of whom both sides know another name.
at ab "CREATE TABLE notes (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, txt VARCHAR(20), created DATETIME NOT NULL);
    CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(9) NOT NULL UNIQUE,
        name VARCHAR(9), created DATETIME NOT NULL);
    INSERT INTO notes SELECT seq, 'base', '2026-01-01' FROM seq_1_to_100;
    INSERT INTO members SELECT seq, CONCAT('m', seq), 'base', '2026-01-01' FROM seq_1_to_100"
at a "INSERT INTO notes VALUES (101, 'lost 1', '2026-03-01'), (102, 'lost 2', '2026-03-01'), (103, 'lost 3', '2026-03-01');
    INSERT INTO members VALUES (101, 'both', 'there', '2026-03-01')"
at b "INSERT INTO notes VALUES (101, 'live 1', '2026-03-05'), (102, 'live 2', '2026-03-05'), (103, 'live 3', '2026-03-05');
    INSERT INTO members VALUES (101, 'both', 'here', '2026-03-05')"
printf '[table %s.notes]\ntime-column = created\nidentity = none\n[table %s.members]\nsubject = yes\ntime-column = created\nidentity = mobile\n' "$DB" "$DB" >ini
checked() { "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"; }
PLAN=(plan --policy merge --split-at 2026-02-01 --config ini --case "$CASE")
failing() { # failing N ARGS…: the plan ./one with its N-th write failing (0: none)
    CMD=("$MYRECON" repair "${PLAN[@]}" --output one "${@:2}")
    rm -rf one
    timeout -k 5 60 env LD_PRELOAD="$LIBRARY" MR_FAULT_PATH=one.partial MR_FAULT_AT="$1" \
        MR_FAULT_ERROR=EIO MR_FAULT_REPORT="$IT_TMP/report" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
ask_case() { cp case copy && "$CASE_SQL" copy "$1"; } # looking into it may change it
kept() { # what the case knows by its plans
    ask_case "SELECT * FROM plan_decision"
    ask_case "SELECT tbl, hex(source_key), hex(target_key), hex(digest), is_new, state, plan FROM plan_map ORDER BY 1, 2, 3"
    ask_case "SELECT uuid, state FROM plan"
    ask_case "SELECT count(*) FROM entity"
}
mapped() { # mapped DIR: whose row each note is taken for
    zstd -dcq "$1/entities.csv.zst" | python3 -c '
import csv, sys
print(*(r["source_key"] + "=" + r["target_key"] + ":" + r["decision"] for r in csv.DictReader(sys.stdin)
        if r["table"].endswith(".notes") and r["decision"] in ("matched", "renumber")))'
}

# ---- the last files ------------------------------------------------------------------------
checked
rep_is 1 "one is asked about" "${PLAN[@]}" --output asked
sed -E 's/,,([^,]*),\r$/,target,\1,\r/' asked/conflicts.csv >d.csv
rep_is 0 "and decided" "${PLAN[@]}" --output told --decisions d.csv
is "which is kept" "$(ask_case "SELECT choice FROM plan_decision")" target
KEPT=$(kept)
cp case case.was
failing 0 --forget-decisions
is "undisturbed, all is forgotten" "$RC $(ask_case "SELECT count(*) FROM plan_decision")" "1 0"
total=$(head -n 1 report) WRONG= FAILED=0 UNNAMED=0
for ((n = total; n > 0; n--)); do
    cp case.was case
    failing "$n" --forget-decisions
    [ "$RC" = 3 ] || continue
    ! grep -q 'give its name' "$ERR" || UNNAMED=$n
    [ -d one ] || grep -q 'give its name' "$ERR" || {
        FAILED=$((FAILED + 1))
        [ "$(kept)" = "$KEPT" ] || WRONG+="at $n of $total: $(grep error: "$ERR")
"
    }
done
is "whatever file fails, the case is as it was" "$WRONG" ""
ok "and files did fail, and the name" [ $((FAILED > 5 && UNNAMED > 0)) = 1 ]

# ---- the name ------------------------------------------------------------------------------
cp case.was case
"$CASE_SQL" case "DELETE FROM plan_map; DELETE FROM plan; DELETE FROM plan_block; DELETE FROM entity" >/dev/null
failing "$UNNAMED"
is "a directory that gets no name" "$RC $(ls -d one* 2>/dev/null)" "3 "
on "INSERT INTO notes (txt, created) VALUES ('live 4', '2026-03-06')"
checked
rep_is 0 "planned again, a live row later" "${PLAN[@]}" --output two
PLANNED=$(mapped two)
rep_is 0 "and applied" apply --yes --case "$CASE" two "$DST"
checked
rep_is 0 "planned once more" "${PLAN[@]}" --output three
is "each is who he became" "$(mapped three)" "${PLANNED//renumber/matched}"
is "three of them" "$(wc -w <<<"$PLANNED")" 3
finish
