#!/bin/bash
# repair_undo_triggers.sh: triggers that only undo fires: the plan is not refused for them and
# names them; undo is refused before it writes, the stock client's, too, unless they may fire or
# are gone.  What a trigger does is seen by what is left in the tables it writes: every row of
# TARGET is compared.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# Lost: member 4, and 5, who invited himself; log 4 to 6; tags b (other text), c.  Live: member 3, tag d.
world() { # world TRIGGER…: on TARGET, before the plan
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, inviter INT NULL,
            at DATETIME NOT NULL, FOREIGN KEY (inviter) REFERENCES members (id));
        CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20), at DATETIME NOT NULL);
        CREATE TABLE tags (tag VARCHAR(9) PRIMARY KEY, text VARCHAR(20));
        INSERT INTO members VALUES (1, 'm1', NULL, '2026-01-01'); INSERT INTO tags VALUES ('a', 'A'), ('b', 'B')"
    at a "INSERT INTO members VALUES (4, 'lost4', NULL, '2026-03-01'), (5, 'lost5', 5, '2026-03-01');
        INSERT INTO log VALUES (4, 'l4', '2026-03-01'), (5, 'l5', '2026-03-01'), (6, 'l6', '2026-03-01');
        INSERT INTO tags VALUES ('c', 'C'); UPDATE tags SET text = 'B2' WHERE tag = 'b'"
    at $T "INSERT INTO members VALUES (3, 'live3', 1, '2026-03-02'); INSERT INTO tags VALUES ('d', 'D')"
    on "CREATE TABLE other (id INT PRIMARY KEY); INSERT INTO other VALUES (1), (2), (3);
        CREATE TABLE arch (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20))"
    local sql
    for sql; do on "$sql"; done
    printf '[table %s.members]\nsubject = yes\nidentity = mobile\ntime-column = at\n[table %s.log]\nidentity = none\ntime-column = at\n[table %s.*]\nmargin = 1000\n' \
        "$DB" "$DB" "$DB" >ini
    rm -f "$CASE"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    [ $? -le 1 ] || bail "check: $(cat "$ERR")"
    BEFORE=$(rows)
}
plan_is() { # plan_is RC DESCRIPTION POLICY ARGS…
    local want=$1 desc=$2 policy=$3
    shift 3
    case $policy in merge) set -- --split-at 2026-02-01 "$@" ;; esac
    rm -rf plan
    rep_is "$want" "$desc" plan --policy "$policy" "$@" --config ini --case "$CASE" --output plan
}
rows() {
    local t
    for t in members log tags other arch; do on "SELECT '$t', $t.* FROM $t ORDER BY 2"; done
}
notes() { jq -r '.rows.notes[] | select(.kind == "undo-fires") | "\(.table | sub(".*[.]"; "")): \(.text)"' plan/plan.json; }
applied() {
    rep_is "${1:-0}" "apply" apply --yes --case "$CASE" plan "$DST"
    DONE=$(rows)
    isnt "which writes" "$DONE" "$BEFORE"
}
isnt() { if [ "$2" = "$3" ]; then result 1 "$1" "it is: $2"; else result 0 "$1"; fi; }
undo() { rep undo --yes --case "$CASE" "$@" plan "$DST"; }
refused_by_all() { # refused_by_all DESCRIPTION TRIGGERS: by undo, dry and not, and by the stock client
    local how
    for how in "" --dry-run; do
        undo $how
        is "$1: undo $how is refused" "$RC" 5
        like "$1: by name" "$(cat "$ERR")" "error: triggers of the target would fire for the rows that are taken back: $2"
        like "$1: with what to do" "$(cat "$ERR")" "hint: Nothing was changed\. .*undo with --allow-triggers fire; else drop them"
    done
    client $T <plan/undo.sql >"$OUT" 2>"$ERR"
    like "$1: undo.sql ends in its head" "$(cat "$ERR")" "myrecon: triggers would fire: $DB\."
    like "$1: and says beforehand what to do" "$(head -n 60 plan/undo.sql)" "^-- or run repair undo --allow-triggers fire"
    is "$1: nothing was written" "$(rows)" "$DONE"
}
ON_LOG="CREATE TRIGGER gone AFTER DELETE ON log FOR EACH ROW DELETE FROM other"

# ---- a trigger of DELETE, for rows that come off again
world "$ON_LOG" "CREATE TRIGGER kept BEFORE DELETE ON log FOR EACH ROW INSERT INTO arch (what) VALUES (OLD.what)"
plan_is 0 "a merge is planned where only undo fires triggers" merge --on-conflict changed=target --exclude "$DB.tags"
is "and names them" "$(notes)" "log: undo fires trigger \"gone\" (AFTER DELETE) and \"kept\" (BEFORE DELETE) for rows of it, and takes nothing back that these do: repair undo is refused while they are there, but with --allow-triggers fire"
like "where people read it" "$(cat "$OUT")" "note: $DB\.log: undo fires trigger \"gone\""
is "plan.json has them by name" "$(jq -c '.rows.tables[] | select(.table | endswith(".log")) | [.triggers, [.undo_triggers[] | .name]]' plan/plan.json)" '[[],["gone","kept"]]'
applied
refused_by_all "DELETE" "\"(gone|kept)\" \((AFTER|BEFORE) DELETE ON $DB\.log\), \"(gone|kept)\""
on "DROP TRIGGER kept"
refused_by_all "one of them left" "\"gone\" \(AFTER DELETE ON $DB\.log\)$"
on "DROP TRIGGER gone"
client $T <plan/undo.sql >"$OUT" 2>"$ERR"
is "without them undo.sql takes all back" "$(rows)" "$BEFORE"
rep_is 0 "apply again" apply --yes --case "$CASE" plan "$DST"
undo
is "and so does undo" "$RC" 0
is "to the row" "$(rows)" "$BEFORE"
rep_is 0 "apply once more" apply --yes --case "$CASE" plan "$DST"
on "$ON_LOG"
undo --allow-triggers fire
is "undo with --allow-triggers fire" "$RC" 0
like "says what fires" "$(cat "$ERR")" "warning: triggers of the target fire for the rows that are taken back: \"gone\""
is "the trigger has fired, all else is as it was" "$(rows)" "$(grep -v '^other' <<<"$BEFORE")"

# ---- the plan lets them fire
world "$ON_LOG"
plan_is 0 "a plan that lets triggers fire" merge --allow-triggers fire --exclude "$DB.tags"
like "names them, too" "$(notes)" 'undo fires trigger "gone" \(AFTER DELETE\) for rows of it, and takes nothing back that these do$'
applied
client $T <plan/undo.sql >"$OUT" 2>"$ERR"
is "undo.sql lets them fire" "$(rows)" "$(grep -v '^other' <<<"$BEFORE")"
on "INSERT INTO other VALUES (1), (2), (3)"
rep_is 0 "apply again" apply --yes --case "$CASE" plan "$DST"
undo
is "undo, without another word" "$RC $(rows)" "0 $(grep -v '^other' <<<"$BEFORE")"
on "CREATE TRIGGER late BEFORE DELETE ON members FOR EACH ROW DELETE FROM tags"
undo --allow-triggers fire
is "what came since the plan is refused whatever is said" "$RC" 5
like "by name" "$(cat "$ERR")" 'something that it had not when it was planned.*trigger "late"'
client $T <plan/undo.sql >"$OUT" 2>"$ERR"
like "by the stock client, too" "$(cat "$ERR")" "myrecon: triggers would fire: $DB\.members"

# ---- a trigger of UPDATE, for the row that refers to itself: its reference is emptied first
world "CREATE TRIGGER edited AFTER UPDATE ON members FOR EACH ROW INSERT INTO arch (what) VALUES (OLD.mobile)"
plan_is 0 "a merge is planned" merge --exclude "$DB.tags"
like "with a trigger of UPDATE noted" "$(notes)" 'members: undo fires trigger "edited" \(AFTER UPDATE\)'
applied
refused_by_all "UPDATE" "\"edited\" \(AFTER UPDATE ON $DB\.members\)$"

# ---- mirror: INSERT for rows that come back; UPDATE fires both ways
world "CREATE TRIGGER back BEFORE INSERT ON log FOR EACH ROW DELETE FROM other" \
    "CREATE TRIGGER tagged AFTER INSERT ON tags FOR EACH ROW INSERT INTO arch (what) VALUES (NEW.tag)"
at a "DELETE FROM tags WHERE tag = 'c'; UPDATE tags SET text = 'B' WHERE tag = 'b'"
plan_is 0 "a mirror that deletes" mirror --tables "$DB.tags"
is "notes the triggers of INSERT of its table" "$(notes | cut -d, -f1)" "tags: undo fires trigger \"tagged\" (AFTER INSERT) for rows of it"
applied
refused_by_all "INSERT" "\"tagged\" \(AFTER INSERT ON $DB\.tags\)$"
undo --allow-triggers fire
is "let to fire: the row is back, and what it wrote" "$RC $(rows)" "0 $BEFORE
arch	1	d"
on "DROP TRIGGER tagged; CREATE TRIGGER changed AFTER UPDATE ON members FOR EACH ROW INSERT INTO arch (what) VALUES ('changed');
    INSERT INTO members VALUES (7, 'live7', 7, '2026-03-02')"
"$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
plan_is 5 "a mirror that deletes who refers to himself fires UPDATE by apply" mirror --allow-deletes 2 --tables "$DB.members"
like "which is asked" "$(cat "$ERR")" 'would fire for the rows of the plan: "changed" \(AFTER UPDATE'

# ---- a plan of an older version: known by what it does
afresh
on "DROP TRIGGER IF EXISTS changed; CREATE TABLE IF NOT EXISTS arch (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20));
    CREATE TRIGGER old BEFORE DELETE ON orders FOR EACH ROW INSERT INTO arch (what) VALUES (OLD.what);
    CREATE TRIGGER quiet BEFORE UPDATE ON orders FOR EACH ROW INSERT INTO arch (what) VALUES (OLD.what)"
CASE=
make_plan
is "a plan that knows nothing of it" "$(jq '[.rows.tables[] | has("undo_triggers")] | any' plan/plan.json)" false
rep_is 0 "apply" apply --yes plan "$DST"
DONE=$(state)
rep_is 5 "undo is refused" undo --yes plan "$DST"
like "by name" "$(cat "$ERR")" "taken back: \"old\" \(BEFORE DELETE ON $DB\.orders\)$"
is "nothing was written" "$(state)" "$DONE"
finish
