#!/bin/bash
# repair_verify.sh: `repair verify` proves what a merge has made of the target, and finds and
# names each way in which somebody may spoil it.
. "$(dirname "$0")/lib.sh"

begin ab
HAVE_MYSQL=
if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    HAVE_MYSQL=1
fi

# --- the two histories -------------------------------------------------------------------

# Members have a unique mobile; orders are known by a number that no index keeps unique;
# wallet refers by a foreign key, log by a declaration; tags have no key of their own.
SCHEMA="
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL,
    name VARCHAR(40), inviter_id INT, profile JSON, created_at DATETIME NOT NULL,
    by_whom VARCHAR(60) AS (CONCAT(inviter_id, name)), UNIQUE KEY (mobile),
    FOREIGN KEY (inviter_id) REFERENCES members (id));
CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL,
    member_id INT NOT NULL, amount DECIMAL(10,2), KEY (no),
    FOREIGN KEY (member_id) REFERENCES members (id));
CREATE TABLE log (id BIGINT AUTO_INCREMENT PRIMARY KEY, member_id BIGINT, what VARCHAR(40));
CREATE TABLE tags (member_id INT, tag VARCHAR(20));"

PAST="
INSERT INTO members (id, mobile, name, inviter_id, profile, created_at) VALUES
    (1, '+491', 'Anna', NULL, '{\"a\": 1}', '2026-01-01'),
    (2, '+492', 'Bert', 1, NULL, '2026-01-02'),
    (3, '+493', 'Carl', 1, '[1,2]', '2026-01-03');
INSERT INTO orders VALUES (1, 'o-1', 1, 10.50), (2, 'o-2', 2, 20);
INSERT INTO log VALUES (1, 1, 'came'), (2, 2, 'came');
INSERT INTO tags VALUES (1, 'early');"

# Both sides went on with the same ids: 4, 5, 6 are other people.
LOST="
INSERT INTO members (id, mobile, name, inviter_id, profile, created_at) VALUES
    (4, '+494', 'Lost Dora', 2, '{\"bb\": 1,  \"a\": [1.50]}', '2026-02-01'),
    (5, '+495', 'Lost Emil', 4, NULL, '2026-02-02'),
    (6, '+497', 'Both Gina', 1, NULL, '2026-02-03'),
    (7, '+498', 'Lost Hans', 6, NULL, '2026-02-04');
INSERT INTO orders VALUES (3, 'o-3', 4, 30), (4, 'o-4', 5, 40), (5, 'o-5', 6, 50);
INSERT INTO log VALUES (3, 4, 'came'), (4, 5, 'came'), (5, 2, 'left');
INSERT INTO tags VALUES (4, 'lost'), (4, 'lost'), (2, 'left');"
LIVE="
INSERT INTO members (id, mobile, name, inviter_id, profile, created_at) VALUES
    (4, '+496', 'Live Fritz', 3, NULL, '2026-02-01'),
    (5, '+497', 'Both Gina', 1, NULL, '2026-02-03');
INSERT INTO orders VALUES (3, 'o-9', 4, 90);
INSERT INTO log VALUES (3, 4, 'came');
INSERT INTO tags VALUES (4, 'live');"

cat >"$IT_TMP/config.ini" <<INI
[table *.members]
split-key = 3
subject = yes
[table *.orders]
identity = no
split-key = 2
[table *.log]
identity = none
split-key = 2
reference = member_id -> $DB.members.id
[table *.tags]
reference = member_id -> $DB.members.id
INI
export MYRECON_CONFIG=$IT_TMP/config.ini

# --- what is done to them ----------------------------------------------------------------

stock() { # stock SIDE FILE: as a person would run it
    client "$1" -D "$DB" --comments <"$PLAN/$2" >"$IT_TMP/stock.out" 2>"$IT_TMP/stock.err" ||
        { note <"$IT_TMP/stock.err"; bail "$2 fails on side $1"; }
}

verify() { # verify SIDE [OPTIONS]: $RC, JSON lines in $OUT
    local side=$1
    shift
    CMD=("$MYRECON" repair verify --json "$@" "$PLAN" "$(uri "$side" "$DB")")
    timeout -k 5 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

findings() { # "TABLE RESULT KEY DETAIL" of each finding, sorted
    jq -r --arg d "$DB." 'select(.type == "row") |
        "\(.target_table | ltrimstr($d)) \(.result)\(if .parent then " parent" else "" end) " +
        "\(if .target_key == null then "-" else .target_key | tojson end)" +
        (if .detail == null then "" else " " + .detail end)' "$OUT" | sort
}

finds() { # finds RC DESCRIPTION LINES [SIDE]: what verify says, and its exit code
    verify "${4:-$SIDE}"
    local got
    got=$(findings)
    if [ "$RC" != "$1" ]; then
        result 1 "$2" "exit code $RC, wanted $1; findings:
$got"
    else
        is "$2" "$got" "$(sort <<<"$3" | sed '/^$/d')"
    fi
}

id() { # id MOBILE: under which the target has that member
    client "$SIDE" -D "$DB" <<<"SELECT id FROM members WHERE mobile = '$1'"
}

log_of() { client "$SIDE" -D "$DB" <<<"SELECT id FROM log WHERE member_id = $1"; }

order() { client "$SIDE" -D "$DB" <<<"SELECT id FROM orders WHERE no = '$1'"; }

# A plan that hands out N ids more in each table, as if they were for rows of its own.
widen() {
    python3 - "$PLAN/plan.json" "$1" <<'PYTHON'
import hashlib, json, sys
path, more = sys.argv[1], int(sys.argv[2])
text = open(path, encoding="utf-8").read()
plan = json.loads(text)
for table in plan["rows"]["tables"]:
    if int(table["ids"]) > 0:
        table["ids"] = str(int(table["ids"]) + more)
del plan["sha256"]
body = json.dumps(plan, separators=(",", ":"), ensure_ascii=False)[:-1]
digest = hashlib.sha256(body.encode()).hexdigest()
open(path, "w", encoding="utf-8").write(body + ',"sha256":"' + digest + '"}\n')
PYTHON
}

# spoil DESCRIPTION SQL BACK LINES: SQL spoils, verify says LINES, BACK mends it
spoil() {
    at "$SIDE" "SET foreign_key_checks = 0; $2"
    finds 1 "$FLAVOUR: $1" "$4"
    at "$SIDE" "SET foreign_key_checks = 0; $3"
}

build() { # build SIDE: a plan of the merge into that side
    SIDE=$1 PLAN=$IT_TMP/plan.$1
    CASE=$IT_TMP/$1.case
    at "a$1" "SET foreign_key_checks = 0; DROP TABLE IF EXISTS tags, log, orders, members"
    at "a$1" "$SCHEMA $PAST"
    at a "$LOST"
    at "$1" "$LIVE"
    "$MYRECON" check -q --case "$CASE" --settle 0 "$(uri a "$DB")" "$(uri "$1" "$DB")" \
        >"$OUT" 2>"$ERR"
    [ $? -eq 1 ] || { note <"$ERR"; bail "check fails"; }
    "$MYRECON" repair plan -q --policy merge --case "$CASE" --output "$PLAN" \
        >"$OUT" 2>"$ERR"
    RC=$?
    [ $RC -le 1 ] || { note <"$ERR"; bail "plan fails"; }
}

says() { # says SIDE DESCRIPTION REGEX: what is printed for people
    CMD=("$MYRECON" repair verify "$PLAN" "$(uri "$1" "$DB")")
    timeout -k 5 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    like "$2" "$(cat "$OUT")" "$3"
}

# --- the tests ---------------------------------------------------------------------------

proves() { # proves SIDE FLAVOUR
    FLAVOUR=$2
    build "$1"
    verify "$1"
    is "$2: nothing is there before it is applied" \
        "$RC $(jq -c 'select(.type == "summary") | [.missing, .someone_else]' "$OUT")" "1 [11,0]"
    if [ "$1" = b ]; then
        stock "$1" reseed.sql
        stock "$1" apply.sql
    else
        "$MYRECON" repair apply -q --yes "$PLAN" "$(uri "$1" "$DB")" >"$OUT" 2>"$ERR"
        [ $? -le 1 ] || { note <"$ERR"; bail "apply fails"; }
    fi
    finds 0 "$2: a plan that was carried out stands" ""
    is "$2: every row is counted" \
        "$(jq -r 'select(.type == "table") | "\(.table) \(.stands)"' "$OUT" | sort)" \
        "$DB.log 3
$DB.members 4
$DB.orders 3
$DB.tags 2"

    local dora emil o3 o4 last fritz=4
    dora=$(id +494) emil=$(id +495) o3=$(order o-3) o4=$(order o-4)
    last=$(client "$1" -D "$DB" <<<"SELECT MAX(id) FROM log")

    spoil "a changed value is seen" \
        "UPDATE members SET name = 'Dora II' WHERE id = $dora" \
        "UPDATE members SET name = 'Lost Dora' WHERE id = $dora" \
        "members changed-since {\"id\":\"$dora\"}"
    spoil "so is one inside of JSON" \
        "UPDATE members SET profile = '{\"a\": [1.5], \"bb\": 2}' WHERE id = $dora" \
        "UPDATE members SET profile = '{\"bb\": 1,  \"a\": [1.50]}' WHERE id = $dora" \
        "members changed-since {\"id\":\"$dora\"}"
    spoil "a row that is gone is missed" \
        "DELETE FROM orders WHERE no = 'o-3'" \
        "INSERT INTO orders VALUES ($o3, 'o-3', $dora, 30)" \
        "orders missing {\"id\":\"$o3\"}"
    spoil "two people who swapped their mobiles are someone else" \
        "UPDATE members SET mobile = 'x' WHERE id = $dora;
         UPDATE members SET mobile = '+494' WHERE id = $emil;
         UPDATE members SET mobile = '+495' WHERE id = $dora" \
        "UPDATE members SET mobile = 'x' WHERE id = $dora;
         UPDATE members SET mobile = '+495' WHERE id = $emil;
         UPDATE members SET mobile = '+494' WHERE id = $dora" \
        "members someone-else {\"id\":\"$dora\"}
members someone-else {\"id\":\"$emil\"}"
    spoil "a child that was hung to somebody else" \
        "UPDATE orders SET member_id = $fritz WHERE id = $o3" \
        "UPDATE orders SET member_id = $dora WHERE id = $o3" \
        "orders refers-elsewhere {\"id\":\"$o3\"}"
    spoil "also where only the configuration says that it refers" \
        "UPDATE log SET member_id = $fritz WHERE what = 'left'" \
        "UPDATE log SET member_id = 2 WHERE what = 'left'" \
        "log refers-elsewhere {\"id\":\"$(log_of 2 | tail -n 1)\"}"
    spoil "the same identity under a second key" \
        "INSERT INTO orders VALUES (3000000, 'O-4', $emil, 40)" \
        "DELETE FROM orders WHERE BINARY no = 'O-4'" \
        "orders twice {\"id\":\"$o4\"} 3000000"
    spoil "a person to whom rows refer became somebody else" \
        "UPDATE members SET mobile = '+4992' WHERE id = 2" \
        "UPDATE members SET mobile = '+492' WHERE id = 2" \
        "members someone-else parent {\"id\":\"2\"}"
    spoil "a person to whom rows refer is gone" \
        "DELETE FROM members WHERE id = 2" \
        "INSERT INTO members (id, mobile, name, inviter_id, profile, created_at)
         VALUES (2, '+492', 'Bert', 1, NULL, '2026-01-02')" \
        "members missing parent {\"id\":\"2\"}
members refers-to-nobody {\"id\":\"$dora\"} inviter_id -> $DB.members
log refers-to-nobody {\"id\":\"5\"} member_id -> $DB.members"
    spoil "a live row into which a lost one was merged was edited" \
        "UPDATE members SET name = 'Gina II' WHERE id = 5" \
        "UPDATE members SET name = 'Both Gina' WHERE id = 5" \
        "members changed-since {\"id\":\"5\"}"
    spoil "a row without a key is missed" \
        "DELETE FROM tags WHERE tag = 'lost' LIMIT 1" \
        "INSERT INTO tags VALUES ($dora, 'lost')" \
        "tags missing -"
    spoil "references to a new id that is nobody's" \
        "DELETE FROM members WHERE id = $emil" \
        "INSERT INTO members (id, mobile, name, inviter_id, created_at)
         VALUES ($emil, '+495', 'Lost Emil', $dora, '2026-02-02')" \
        "members missing {\"id\":\"$emil\"}
orders refers-to-nobody {\"id\":\"$o4\"} member_id -> $DB.members
log refers-to-nobody {\"id\":\"$(log_of "$emil")\"} member_id -> $DB.members"
    spoil "somebody else under a new id" \
        "DELETE FROM members WHERE id = $emil;
         INSERT INTO members (id, mobile, name, created_at) VALUES ($emil, '+4900', 'X', NOW())" \
        "DELETE FROM members WHERE id = $emil;
         INSERT INTO members (id, mobile, name, inviter_id, created_at)
         VALUES ($emil, '+495', 'Lost Emil', $dora, '2026-02-02')" \
        "members someone-else {\"id\":\"$emil\"}"
    spoil "a counter that was lowered" \
        "DELETE FROM log WHERE id > 1000; ALTER TABLE log AUTO_INCREMENT = 10" \
        "INSERT INTO log VALUES ($last, $dora, 'came'); ALTER TABLE log AUTO_INCREMENT = $((last + 1))" \
        "log missing {\"id\":\"$last\"}"
    is "$2: which is told, too" \
        "$(jq -r 'select(.type == "counter" and .result == "too-low") | .table' "$OUT")" "$DB.log"
    finds 0 "$2: mended, it stands again" ""

    verify "$1" --source "$SRC"
    is "$2: the lost history is what was planned from" "$RC $(findings)" "0 "
    verify "$1" --source "$(uri "$1" "$DB")"
    is "$2: which the target itself is not" "$RC" 5
    like "$2: and is not taken for" "$(cat "$ERR")" "source and target are the same: table \"$DB\\.[a-z]+\" of one server"
    at a "UPDATE members SET name = 'Lost D.' WHERE id = 4;
        UPDATE members SET inviter_id = 1 WHERE id = 5; DELETE FROM log WHERE id = 5"
    verify "$1" --source "$SRC"
    is "$2: a lost history that goes on is noticed, row by row" "$RC
$(findings)" "1
log source-missing {\"id\":\"5\"}
members source-differs {\"id\":\"$dora\"} name"
    at a "UPDATE members SET name = 'Lost Dora' WHERE id = 4;
        UPDATE members SET inviter_id = 4 WHERE id = 5; INSERT INTO log VALUES (5, 2, 'left')"

    widen 5
    spoil "a row that is not the plan's among its new ids" \
        "INSERT INTO orders (id, no, member_id) VALUES ($o3 + 2, 'o-77', 1)" \
        "DELETE FROM orders WHERE no = 'o-77'" \
        "orders unplanned {\"id\":\"$((o3 + 2))\"}"

    says "$1" "$2: people read what stands" "^  $DB.orders: 3 stand$"
    like "$2: and that nothing else does" "$(cat "$OUT")" "^12 rows stand as planned$"
    at "$1" "UPDATE orders SET member_id = 1 WHERE id = $o3"
    says "$1" "$2: and what does not" \
        "^  $DB.orders $o3 \(on the source 3\) refers to someone else than planned$"
    at "$1" "UPDATE orders SET member_id = $dora WHERE id = $o3"

    at "$1" "ALTER TABLE orders ADD COLUMN note TEXT"
    finds 4 "$2: of an altered table nothing is said" ""
    like "$2: but that it was altered" \
        "$(jq -r 'select(.type == "table" and .reason != null) | .table + " " + .reason' "$OUT")" \
        "orders.*columns"
    at "$1" "ALTER TABLE orders DROP COLUMN note"
    finds 0 "$2: without the column it stands again" ""
}

proves b MariaDB
[ -z "$HAVE_MYSQL" ] || proves o "MySQL 9"

# --- mirror: somebody is there as often as on SOURCE ---------------------------------------

printf '[table *.names]\nidentity = no\n' >"$MYRECON_CONFIG"
SIDE=b PLAN=$IT_TMP/plan.mirror
at ab "CREATE TABLE names (id INT PRIMARY KEY, no VARCHAR(20) NOT NULL)"
at a "INSERT INTO names VALUES (1, 'n-1'), (2, 'n-1')"
"$MYRECON" check -q --case "$IT_TMP/mirror.case" --settle 0 --tables names "$SRC" "$DST" >"$OUT" 2>"$ERR"
"$MYRECON" repair plan -q --policy mirror --case "$IT_TMP/mirror.case" --output "$PLAN" >"$OUT" 2>"$ERR"
"$MYRECON" repair apply -q --yes "$PLAN" "$DST" >"$OUT" 2>"$ERR"
is "mirror brings two rows of one identity" "$?" 0
finds 0 "and proves them" ""

# --- who is referred to by another column than the key -----------------------------------------

printf '[table *.clients]\nsubject = yes\nidentity = mobile\n[table *.deals]\nidentity = no\nsplit-key = 1\nreference = code -> %s.clients.code\n' \
    "$DB" >"$MYRECON_CONFIG"
PLAN=$IT_TMP/plan.deals
at ab "CREATE TABLE clients (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, code VARCHAR(9) NOT NULL UNIQUE, name VARCHAR(9));
    CREATE TABLE deals (id INT AUTO_INCREMENT PRIMARY KEY, no VARCHAR(9) NOT NULL UNIQUE, code VARCHAR(9));
    INSERT INTO clients VALUES (1, 'm1', 'c1', 'a'), (2, 'm2', 'c2', 'b'); INSERT INTO deals VALUES (1, 'd1', 'c1')"
at a "INSERT INTO deals VALUES (2, 'd2', 'c2')"
at b "INSERT INTO deals VALUES (2, 'd9', 'c1')"
"$MYRECON" check -q --case "$IT_TMP/deals.case" --settle 0 --tables clients --tables deals "$SRC" "$DST" >"$OUT" 2>"$ERR"
"$MYRECON" repair plan -q --policy merge --case "$IT_TMP/deals.case" --output "$PLAN" >"$OUT" 2>"$ERR"
"$MYRECON" repair apply -q --yes "$PLAN" "$DST" >"$OUT" 2>"$ERR"
is "a deal comes below a client of the past" "$?" 0
at b "UPDATE clients SET name = 'bb' WHERE id = 2"
finds 0 "who may be edited" ""
at b "UPDATE clients SET code = 'zz' WHERE id = 2; UPDATE clients SET code = 'c2' WHERE id = 1"
finds 1 "but the deal is another's where the code is" "clients changed-since parent {\"id\":\"2\"} what they refer to it by"

# --- rows without a key, equal to some that stood there before -------------------------------

printf '[table *.bag]\nidentity = row\n' >"$MYRECON_CONFIG"
equal_rows() { # equal_rows POLICY [OPTIONS]
    PLAN=$IT_TMP/plan.bag.$1 CASE=$IT_TMP/bag.$1.case
    at ab "DROP TABLE IF EXISTS bag; CREATE TABLE bag (v INT, w VARCHAR(9)); INSERT INTO bag VALUES (1, 'a'), (2, 'b'), (2, 'b')"
    at a "INSERT INTO bag VALUES (1, 'a'), (1, 'a'), (2, 'b'), (3, 'c')"
    "$MYRECON" check -q --case "$CASE" --settle 0 --tables bag "$SRC" "$DST" >"$OUT" 2>"$ERR"
    "$MYRECON" repair plan -q --case "$CASE" --output "$PLAN" --policy "$@" >"$OUT" 2>"$ERR"
    finds 1 "$1: what was not applied is missing" "$LACKING"
    is "$1: and none of it stands" "$(jq -r 'select(.type == "summary") | .stands' "$OUT")" 0
    "$MYRECON" repair apply -q --yes "$PLAN" "$DST" >"$OUT" 2>"$ERR"
    is "$1: applied" "$? $(client b -D "$DB" <<<"SELECT GROUP_CONCAT(w ORDER BY w SEPARATOR '') FROM bag")" "0 aaabbbc"
    finds 0 "$1: stands" ""
    is "$1: row by row" "$(jq -r 'select(.type == "summary") | .stands' "$OUT")" 4
    at b "DELETE FROM bag WHERE v = 1 LIMIT 1"
    finds 1 "$1: one less is seen" "bag missing -"
    at b "INSERT INTO bag VALUES (1, 'a'), (1, 'a')"
    finds 0 "$1: one more is the live side's" ""
    at b "DELETE FROM bag WHERE v = 1 LIMIT 1"
    "$MYRECON" repair undo -q --yes "$PLAN" "$DST" >"$OUT" 2>"$ERR"
    finds 1 "$1: what was undone is missing" "$LACKING"
}
LACKING="bag missing -
bag missing -
bag missing -
bag missing -"
equal_rows mirror
equal_rows backfill
equal_rows merge --on-conflict deleted-or-lost=restore

# --- who had lived on, and got the values of the lost history --------------------------------

printf '[table *.heads]\nidentity = no\nsplit-key = 0\n' >"$MYRECON_CONFIG"
PLAN=$IT_TMP/plan.heads
at ab "CREATE TABLE heads (id INT AUTO_INCREMENT PRIMARY KEY, no VARCHAR(20) NOT NULL, v INT)"
at a "INSERT INTO heads VALUES (1, 'n-1', 1)"
at b "INSERT INTO heads VALUES (1, 'n-9', 9), (2, 'n-1', 2)"
"$MYRECON" check -q --case "$IT_TMP/heads.case" --settle 0 --tables heads "$SRC" "$DST" >"$OUT" 2>"$ERR"
"$MYRECON" repair plan -q --policy merge --on-conflict differs=source --case "$IT_TMP/heads.case" \
    --output "$PLAN" >"$OUT" 2>"$ERR"
"$MYRECON" repair apply -q --yes "$PLAN" "$DST" >"$OUT" 2>"$ERR"
is "a row of the live side gets the values of the lost one" \
    "$? $(client b -D "$DB" <<<"SELECT v FROM heads WHERE id = 2")" "0 1"
finds 0 "and stands" ""
at b "INSERT INTO heads VALUES (7, 'N-1', 3)"
finds 1 "somebody who is there twice by now is seen" "heads twice {\"id\":\"2\"} 7"
at b "DELETE FROM heads WHERE id = 7"

# --- a table that is not to be read for now ---------------------------------------------------

. "$IT_DIR/rows/lib.sh"
hold "LOCK TABLES heads WRITE;" b || bail "nobody holds it"
LIMIT=20
rep_is 4 "a locked table is waited for no longer than --statement-timeout" \
    verify --json --statement-timeout 2 "$PLAN" "$DST"
is "and is not proved" "$(jq -r 'select(.type == "table" and .reason != null) | .table' "$OUT")" "$DB.heads"
let_go
finish
