#!/bin/bash
# repair_fired.sh: undo takes back what triggers wrote while `repair apply` ran, and nothing that
# anybody else wrote: neither what was written beside it, nor what was changed since, nor what
# hangs on somebody who stays.  Every row is compared with what there was before.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

# Lost: members 11 to 17, each with an order; triggers note both, the log of the lost side has
# lines of its own.  audit refers by a foreign key, trail by a declared reference, seen by none.
world() { # world [SQL on TARGET, before the plan]
    fresh a$T "$DB"
    at a$T "CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME NOT NULL);
        CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL UNIQUE, member_id INT NOT NULL,
            FOREIGN KEY (member_id) REFERENCES members (id));
        CREATE TABLE audit (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, what VARCHAR(20), rate FLOAT,
            at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE);
        CREATE TABLE trail (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, kind VARCHAR(10), who INT NOT NULL, KEY (who));
        CREATE TABLE seen (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20));
        INSERT INTO members VALUES (1, 'm1', '2026-01-01'), (2, 'm2', '2026-01-01');
        INSERT INTO audit VALUES (1, 1, 'old', 0.5, '2026-01-01')"
    for id in 11 12 13 14 15 16 17; do
        at a "INSERT INTO members VALUES ($id, 'm$id', '2026-03-01'); INSERT INTO orders VALUES ($id, 'o$id', $id);
            INSERT INTO audit VALUES ($id, $id, 'lost', 0.25, '2026-03-01')"
    done
    at $T "CREATE TRIGGER members_ai AFTER INSERT ON members FOR EACH ROW
            INSERT INTO audit (member_id, what, rate) VALUES (NEW.id, 'new', 0.1);
        CREATE TRIGGER orders_ai AFTER INSERT ON orders FOR EACH ROW
            INSERT INTO trail (kind, who) VALUES ('member', NEW.member_id), ('other', NEW.member_id);
        CREATE TRIGGER orders_bi BEFORE INSERT ON orders FOR EACH ROW INSERT INTO seen (word) VALUES ('an order')"
    cat >ini <<INI
[table $DB.members]
subject = yes
identity = mobile
time-column = created_at
[table $DB.*]
margin = 1000
[table $DB.trail]
reference = who -> $DB.members.id when kind = 'member'
INI
    [ -z "${1:-}" ] || at $T "$1"
    BEFORE=$(rows)
    rm -rf "$CASE" one
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep_is 0 "plan" plan --policy merge --split-at 2026-02-01 --allow-triggers fire --config ini --case "$CASE" --output one
}
rows() { # every row of TARGET but what nobody refers to anybody by
    local t
    for t in members orders audit trail; do on "SELECT '$t', $t.* FROM $t ORDER BY id"; done
}
applied() { rep_is 0 "applied" apply --yes --case "$CASE" one "$DST"; }
undone() { rep_is "$1" "$2" undo --yes --json --case "$CASE" one "$DST"; }
fired() { jq -r 'select(.type == "of-triggers") | "\(.table) \(.taken_back) \(.stay)"' "$OUT" | sort | sed "s/^$DB.//" | paste -sd ' '; }
trail_of() { grep -E "^trail	[0-9]+	other	" <<<"$1"; }

# ---- all of it
world
like "what the trigger writes beside restored rows is said" "$(jq -r '.rows.notes[] | .text' one/plan.json)" \
    'writes into ".*audit".*; the plan restores 7 rows of that table, too: both will be there'
is "only there" "$(jq -r '.rows.notes[] | .text' one/plan.json | grep -c 'both will be there')" 1
applied
is "the triggers have written" "$(on "SELECT (SELECT COUNT(*) FROM audit), (SELECT COUNT(*) FROM trail), (SELECT COUNT(*) FROM seen)" | xargs)" "15 14 7"
on "INSERT INTO audit (member_id, what) VALUES (1, 'beside')"
BESIDE=$(on "SELECT 'audit', audit.* FROM audit WHERE what = 'beside'")
rep_is 0 "a dry run of undo knows them" undo --dry-run --json --case "$CASE" one "$DST"
is "and changes nothing" "$(on "SELECT COUNT(*) FROM audit")" 16
undone 0 "undo"
is "nobody of them is left, nor what they were noted by" \
    "$(rows | grep -v '^trail	[0-9]*	other	' | sort)" "$(printf '%s\n%s\n' "$BEFORE" "$BESIDE" | sort)"
is "it is said what stays: what refers to nobody" "$(fired)" "audit 7 0 seen 0 7 trail 7 7"
undone 0 "undo again finds nothing to do"
is "and says it still stands" "$(fired)" "audit 0 0 seen 0 7 trail 0 7"
on "DELETE FROM trail"
applied
undone 0 "applied and undone once more"
is "nobody is left" "$(rows | grep -v '^trail	[0-9]*	other	' | sort)" "$(printf '%s\n%s\n' "$BEFORE" "$BESIDE" | sort)"

# ---- what was changed since stays, and keeps whom it refers to; who stays keeps his
world
applied
DONE=$(rows)
on "UPDATE audit SET what = 'edited' WHERE what = 'new' AND member_id = 12;
    UPDATE audit SET rate = 0.1000001 WHERE what = 'new' AND member_id = 15;
    UPDATE trail SET who = 14 WHERE kind = 'member' AND who = 13;
    INSERT INTO orders (no, member_id) VALUES ('new', 17)"
undone 1 "undo keeps some"
is "12 and 15 for what was edited, 14 for what refers to him now, 17 for his new order" "$(on "SELECT GROUP_CONCAT(id ORDER BY id) FROM members")" "1,2,12,14,15,17"
is "with all that is theirs" "$(rows | grep -E '^(members|orders|audit)' | grep -v '	new$' | grep -cE '	m?1[2457]	')" \
    "$(grep -E '^(members|orders|audit)' <<<"$DONE" | grep -cE '	m?1[2457]	')"
is "17 keeps what the trigger noted of him" "$(on "SELECT (SELECT COUNT(*) FROM audit WHERE member_id = 17), (SELECT COUNT(*) FROM trail WHERE kind = 'member' AND who = 17)" | xargs)" "2 2"
unlike "nobody else is listed" "$(refused)" "members 1[136]:"
on "UPDATE audit SET what = 'new' WHERE what = 'edited'; UPDATE audit SET rate = 0.1 WHERE rate <> 0.1 AND what = 'new';
    UPDATE trail SET who = 13 WHERE kind = 'member' AND who = 14 AND id = (SELECT * FROM (SELECT MIN(id) FROM trail WHERE kind = 'member' AND who = 14) AS x);
    DELETE FROM orders WHERE no = 'new'; DELETE FROM trail WHERE who = 17 ORDER BY id DESC LIMIT 2"
undone 0 "when that is gone, all is taken back"
is "all is as it was" "$(rows | grep -v '^trail')" "$BEFORE"

# ---- somebody writes beside it, about the very members, before the unit is committed
world "DROP TRIGGER members_ai; CREATE TRIGGER members_ai AFTER INSERT ON members FOR EACH ROW
    INSERT INTO audit (member_id, what, rate) SELECT NEW.id, 'new', 0.1 + 0 * (SELECT SLEEP(0.3))"
(
    for n in $(seq 600); do
        client $T -D "$DB" -e "INSERT INTO trail (kind, who) VALUES ('member', 11 + $n % 2)" 2>/dev/null
        [ -e stop ] && exit
    done
) &
WRITER=$!
applied
touch stop
wait $WRITER
LIVE=$(on "SELECT id, kind, who FROM trail WHERE kind = 'member' AND who IN (11, 12)")
BY_TRIGGER=$(grep -ao "$DB.trail[0-9]*:[0-9]*" one/journal.jsonl | wc -l)
is "14 lines of trail are the triggers', among many" "$BY_TRIGGER $(on "SELECT COUNT(*) > 20 FROM trail")" "14 1"
undone 1 "undo keeps 11 and 12"
is "none of what was written beside is taken back, and nobody else stays" \
    "$(on "SELECT id, kind, who FROM trail WHERE kind = 'member' AND who IN (11, 12)") $(on "SELECT GROUP_CONCAT(id ORDER BY id) FROM members")" "$LIVE 1,2,11,12"

# ---- what other rows refer to, or what would fire a trigger, is left alone
world "CREATE TABLE remarks (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, audit_id BIGINT UNSIGNED NOT NULL, FOREIGN KEY (audit_id) REFERENCES audit (id) ON DELETE CASCADE)"
applied
undone 1 "audit is referred to: undo keeps what it did before"
is "everybody" "$(on "SELECT COUNT(*) FROM members") $(fired)" "9 audit 0 7 seen 0 7 trail 0 14"

# ---- also where the account does not see what refers to it, and came when all was applied
fresh $T "${DB}_hidden"
at_exit "client $T <<<\"DROP USER IF EXISTS ${DB}_m@'127.0.0.1'\""
case $T in b) EYES='SLAVE MONITOR' ;; *) EYES='REPLICATION CLIENT' ;; esac
world
applied
client $T <<<"CREATE TABLE ${DB}_hidden.marks (id INT PRIMARY KEY, trail_id INT NOT NULL,
        FOREIGN KEY (trail_id) REFERENCES $DB.trail (id) ON DELETE CASCADE);
    INSERT INTO ${DB}_hidden.marks SELECT id, id FROM $DB.trail;
    DROP USER IF EXISTS ${DB}_m@'127.0.0.1'; CREATE USER ${DB}_m@'127.0.0.1' IDENTIFIED BY 'x';
    GRANT ALL ON $DB.* TO ${DB}_m@'127.0.0.1'; GRANT PROCESS, $EYES ON *.* TO ${DB}_m@'127.0.0.1'"
DST=$(uri $T "$DB" "${DB}_m:x")
undone 1 "trail is referred to by a hidden table: undo keeps whom it names"
is "all of its rows, and those of the hidden table" "$(on "SELECT (SELECT COUNT(*) FROM members), (SELECT COUNT(*) FROM trail),
    (SELECT COUNT(*) FROM ${DB}_hidden.marks)" | xargs)" "9 14 14"
like "the hidden table is named" "$(cat "$ERR")" "table \"${DB}_hidden/marks\", which the account may not see, refers to \"$DB.trail\""
finish
