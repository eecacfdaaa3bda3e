#!/bin/bash
# repair_apply_units.sh: `repair apply` and `repair undo` of a plan with rows: each unit once,
# nothing twice, whatever comes between; refused rows are listed and the others written; what
# does not fit the target is refused before anything is done.  The scripts are those of
# plan_rows.py, so that units can be made to fail in every way.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB")

. "$IT_DIR/rows/lib.sh"

# ---- as it should go -------------------------------------------------------------------
afresh
BEFORE=$(state)
make_plan
rep_is 5 "without a terminal it needs --yes" apply plan "$DST"
like "and asks with the numbers" "$(cat "$ERR")" "write up to 7 rows in 3 units on"
is "nothing is changed by asking" "$(state)" "$BEFORE"
rep_is 0 "a dry run" apply --dry-run --json plan "$DST"
is "would write all of it" "$(sum '"\(.units_done) \(.rows_written) \(.rows_refused)"')" "3 7 0"
is "nothing is changed by a dry run" "$(state)" "$BEFORE"
is "and nothing is in the journal" "$(grep -c unit plan/journal.jsonl)" 0
rep_is 0 "apply" apply --yes --json plan "$DST"
is "what it has done" "$(sum '"\(.units) \(.units_done) \(.rows) \(.rows_written) \(.rows_there) \(.rows_refused)"')" "3 3 7 7 0 0"
is "every row is there" "$(state)" "$DONE"
is "counters come first" "$(on "INSERT INTO members (mobile) VALUES ('x'); SELECT MAX(id) FROM members; DELETE FROM members WHERE mobile = 'x'")" 1000004
is "the journal announces and reports each unit" "$(jq -rc 'select(.unit) | [.event, .script, .unit, .written // 0]' plan/journal.jsonl | xargs)" \
    "[try,apply,1,0] [done,apply,1,2] [try,apply,2,0] [done,apply,2,3] [try,apply,3,0] [done,apply,3,2]"
rep_is 0 "apply again" apply --yes --json plan "$DST"
is "passes over what is done" "$(sum '"\(.units_done_before) \(.rows_written)"')" "3 0"
rep_is 0 "apply --recheck" apply --yes --json --recheck plan "$DST"
is "finds every row there" "$(sum '"\(.units_done) \(.rows_written) \(.rows_there)"')" "3 0 7"
rm -f plan/journal.jsonl
rep_is 0 "apply without its journal" apply --yes --json plan "$DST"
is "does nothing twice" "$(sum '"\(.units_done) \(.rows_written) \(.rows_there)"') $(state | md5sum)" "3 0 7 $(md5sum <<<"$DONE")"

# ---- undo ------------------------------------------------------------------------------
rep_is 5 "undo needs --yes" undo plan "$DST"
like "and asks with the numbers" "$(cat "$ERR")" "take back up to 7 rows in 3 units"
rep_is 0 "undo --dry-run" undo --dry-run --json plan "$DST"
is "changes nothing" "$(state)" "$DONE"
rep_is 0 "undo" undo --yes plan "$DST"
is "takes everything back" "$(state)" "$BEFORE"
like "and says that counters stay" "$(cat "$OUT")" "AUTO_INCREMENT stays raised"
rep_is 0 "undo again" undo --yes --json plan "$DST"
is "passes over what is done" "$(sum '"\(.units_done_before) \(.rows_written)"')" "3 0"
rep_is 0 "apply after undo" apply --yes --json plan "$DST"
is "restores everybody again" "$(sum .rows_written) $(state | md5sum)" "7 $(md5sum <<<"$DONE")"
on "UPDATE members SET name = 'changed' WHERE id = 10; INSERT INTO orders VALUES (99, 11, 'new')"
rep_is 1 "undo of rows that have changed, or are referred to" undo --yes --json plan "$DST"
is "they are kept, and listed" "$(refused | xargs -d'\n')" \
    "2 $DB.members 10: it was changed since 2 $DB.members 11: a row refers to it"
is "the others are gone" "$(on "SELECT GROUP_CONCAT(id ORDER BY id) FROM members")" "1,2,3,10,11"
on "DELETE FROM orders WHERE id = 99; UPDATE members SET name = NULL WHERE id = 10"
rep_is 0 "undo again, without the obstacles" undo --yes --json plan "$DST"
is "takes up the units that were done in part" "$(sum '"\(.units_done_before) \(.units_done) \(.rows_written)"')" "2 1 2"
is "everything is taken back" "$(state)" "$BEFORE"

# ---- refused rows ----------------------------------------------------------------------
make_plan
on "INSERT INTO members VALUES (10, 'other', 'took the key')"
rep_is 1 "a key that somebody has taken" apply --yes --json plan "$DST"
is "is refused, with its reason; what hangs on it by this script is not" "$(refused)" "2 $DB.members 10: its key is taken"
is "the others are written" "$(sum '"\(.units_done) \(.units_partial) \(.units_failed) \(.rows_written) \(.rows_refused)"')" "2 1 0 6 1"
rep_is 1 "in words" apply --yes plan "$DST"
like "the row" "$(cat "$OUT")" "$DB.members 10: its key is taken"
like "and the sum" "$(cat "$OUT")" "3 units: 2 done before, 1 in part"
afresh
make_plan "${UNITS/\"m10\"/null}"
rep_is 1 "a unit that ends in an error" apply --yes --json plan "$DST"
is "is refused as a whole" "$(sum '"\(.units_done) \(.units_failed) \(.rows_written)"')" "1 1 2"
like "with the server's words" "$(refused)" "^2 null null: .*cannot be null"
like "units that build on it have a reason of their own" "$(refused)" "3 $DB.orders 12: what it refers to in members is not who was planned"
is "nothing of it is written" "$(on "SELECT COUNT(*) FROM members WHERE id IN (10, 11)")" 0
like "and the journal says so" "$(jq -rc 'select(.event == "failed") | .detail' plan/journal.jsonl)" "cannot be null"
on "INSERT INTO members VALUES (11, 'm99', 'took the key')"
make_plan
rep_is 1 "a dry run that finds something" apply --dry-run --json plan "$DST"
is "lists what would be refused" "$(refused)" "2 $DB.members 11: its key is taken"
make_plan '[[["orders", {"id": 20, "member_id": 77, "what": "x"}]]]'
rep_is 1 "a parent that nobody plans" apply --yes --json plan "$DST"

# ---- the plan does not fit -------------------------------------------------------------
fits_not() { # fits_not DESCRIPTION WHAT-IT-SAYS [ARGS…]
    local before
    before=$(state)
    rep apply --yes "${@:3}" plan "$DST"
    is "$1: refused" "$RC" 5
    like "$1: why" "$(cat "$ERR")" "$2"
    is "$1: nothing is changed" "$(state)" "$before"
    is "$1: nothing is in the journal" "$(cat plan/journal.jsonl 2>/dev/null | wc -l)" 0
}
afresh
make_plan
on "ALTER TABLE orders MODIFY what VARCHAR(30)"
fits_not "other columns" "table \"$DB.orders\" has got other columns"
on "ALTER TABLE orders MODIFY what VARCHAR(20); ALTER TABLE orders ADD KEY (what), ALTER what SET DEFAULT 'x'"
rep_is 0 "an index and a default are no other columns" apply --yes plan "$DST"
afresh
make_plan
on "RENAME TABLE orders TO orders2"
rep_is 5 "a table that is gone" apply --yes plan "$DST"
like "is named" "$(cat "$ERR")" "table \"$DB.orders\" is gone"
afresh
make_plan
on "INSERT INTO members VALUES (500003, 'a', 'live')"
fits_not "a counter among the new ids" "counter of column \"$DB.members.id\" has come to 500004"
afresh
make_plan
on "ALTER TABLE members AUTO_INCREMENT = 700000"
on "INSERT INTO members VALUES (500004, 'm30', 'x')"
rep_is 0 "behind the new ids it was reseeded; a row of the plan is its own" apply --yes plan "$DST"
afresh
make_plan
on "SET foreign_key_checks = 0; INSERT INTO orders VALUES (5, 600000, 'trace')"
fits_not "a reference above the new ids" "reference \"$DB.orders.member_id\" has come to 600000"
on "ALTER TABLE members AUTO_INCREMENT = 700000"
rep_is 0 "is nobody's concern after the reseed" apply --dry-run plan "$DST"
on "SET foreign_key_checks = 0; UPDATE orders SET member_id = 500004 WHERE id = 5"
fits_not "one to a new id is, while nobody is there" "has come to 500004"
afresh
CREATED=2026-01-02T03:04:05Z make_plan
fits_not "an old plan" "made at 2026-01-02T03:04:05Z, more than 600 s ago" --max-age 600
CREATED=once make_plan
fits_not "a plan of no known age" "age of the plan is not known" --max-age 600
rep_is 0 "any age will do" apply --dry-run plan "$DST"
make_plan
rep_is 0 "a plan that is young enough" apply --dry-run --max-age 600 plan "$DST"
echo >>plan/apply.sql
fits_not "an edited script" "apply.sql\" was changed"

# ---- the server is not the planned one, by any one fact ------------------------------------
planned_for() { # planned_for FACT: plan.json names another server, in that alone
    python3 - "$1" <<'PYTHON'
import hashlib, json, sys
plan = json.load(open("plan/plan.json", encoding="utf-8"))
server, fact = plan["server"], sys.argv[1]
others = {"port": 1, "server_id": 4711, "flavour": {"mariadb": "mysql", "mysql": "mariadb"}[server["flavour"]]}
server[fact] = type(server[fact])(others.get(fact, "another"))
del plan["sha256"]
body = json.dumps(plan, separators=(",", ":"), ensure_ascii=False)[:-1]
digest = hashlib.sha256(body.encode()).hexdigest()
open("plan/plan.json", "w", encoding="utf-8").write(body + ',"sha256":"' + digest + '"}\n')
PYTHON
}
for fact in hostname port server_id datadir uuid flavour; do
    make_plan
    planned_for $fact
    fits_not "another $fact" "is not the server that the plan is for: its ($fact|server_uu?id|kind) is"
    rep_is 5 "another $fact: undo, too" undo --yes plan "$DST"
    rep_is 5 "another $fact: verify, too" verify plan "$DST"
done

# ---- approval --------------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=lead -days 2 \
    -keyout key.pem -out cert.pem 2>/dev/null || bail "openssl cannot make keys"
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=other -days 2 -keyout key2.pem -out cert2.pem 2>/dev/null
make_plan
fits_not "a plan that nobody approved" "is not approved by the key of certificate \"cert.pem\"" --require-approval cert.pem
rep_is 0 "it is approved" show --approve-with key2.pem plan
fits_not "by somebody else" "is not approved by the key" --require-approval cert.pem
rep_is 0 "it is approved" show --approve-with key.pem plan
is "beside the plan" "$(ls plan | grep -c approval-)" 2
rep_is 0 "then it is applied" apply --dry-run --require-approval cert.pem plan "$DST"
rep_is 0 "by either key" apply --dry-run --require-approval cert2.pem plan "$DST"
sig=$(ls -t plan/approval-* | head -n 1)
openssl x509 -in cert.pem -pubkey -noout >pub.pem
ok "stock openssl agrees" openssl dgst -sha256 -verify pub.pem -signature "$sig" plan/plan.json
cp plan/approval-* .
make_plan
cp approval-* plan/
fits_not "an approval of another plan" "has an approval that is not of this plan" --require-approval cert.pem

# Signed by whoever plans, and asked for by every command that reads a plan.
key_id() { openssl pkey -in "$1" -pubout -outform DER | sha256sum | cut -c1-16; }
make_plan
fits_not "a plan that nobody signed" "is not approved by the key of certificate \"cert.pem\"" --signer cert.pem
RESEED=(--reseed-only --source "$(uri a "$DB")" --target "$DST")
rm -rf plan
rep_is 0 "it is signed when it is planned" plan "${RESEED[@]}" --output plan --sign-with key.pem
like "and says by whom" "$(cat "$OUT")" "signed  by the key $(key_id key.pem)\$"
for command in "show plan" "apply --dry-run plan $DST" "verify plan $DST" "undo --dry-run plan $DST"; do
    # shellcheck disable=SC2086
    rep ${command%% *} --signer cert.pem ${command#* }
    unlike "${command%% *}: by its signer" "$RC" '^5'
    # shellcheck disable=SC2086
    rep_is 5 "${command%% *}: by somebody else" ${command%% *} --signer cert2.pem ${command#* }
    like "${command%% *}: by somebody else: says so" "$(cat "$ERR")" 'is not approved by the key of certificate "cert2.pem"'
done
rep_is 0 "it is shown" show plan
like "who signed is not proved" "$(cat "$OUT")" "signed  by the key $(key_id key.pem), as its file says: --signer"
rep_is 0 "it is shown as JSON" show --json --signer cert.pem plan
is "who signed" "$(jq -r 'select(.type == "plan") | "\(.signed_by | join(",")) \(.signature_proved)"' "$OUT")" "$(key_id key.pem) $(key_id key.pem)"
printf '[options]\nsigner = cert2.pem\n' >signer.ini
rep_is 5 "the configuration requires another signer" apply --dry-run --config signer.ini plan "$DST"
rep_is 5 "nor is it shown" show --config signer.ini plan
is "nothing of it is printed" "$(cat "$OUT")" ""
rep_is 3 "a key that is none" plan "${RESEED[@]}" --output plan_bad --sign-with cert.pem
is "and no plan" "$(compgen -G 'plan_bad*')" ""

# ---- rights ----------------------------------------------------------------------------
U=${DB:0:20}_u
at_exit "client $T <<<\"DROP USER IF EXISTS '$U'@'%'\""
client $T <<<"DROP USER IF EXISTS '$U'@'%'; CREATE USER '$U'@'%' IDENTIFIED BY 'pw'" || bail "no user"
D=$(uri $T "$DB" "$U:pw")
afresh
make_plan
STATUS="SLAVE MONITOR"
[ $T = b ] || STATUS="REPLICATION CLIENT"
WANTED="SELECT ON members|SELECT ON orders|ALTER ON members|ALTER ON orders|INSERT ON members|INSERT ON orders|TRIGGER ON members|TRIGGER ON orders|CREATE TEMPORARY TABLES ON *"
IFS='|' read -ra grants <<<"$WANTED"
for ((i = 0; i < ${#grants[@]}; i++)); do
    client $T <<<"REVOKE ALL PRIVILEGES, GRANT OPTION FROM '$U'@'%'"
    for ((k = 0; k < ${#grants[@]}; k++)); do
        [ $k = $i ] || client $T <<<"GRANT ${grants[k]/ON / ON \`$DB\`.} TO '$U'@'%'"
    done
    client $T <<<"GRANT UPDATE ON \`$DB\`.* TO '$U'@'%'; GRANT $STATUS ON *.* TO '$U'@'%'"
    rep apply --yes plan "$D"
    is "without ${grants[i]}: refused" "$RC" 5
    like "without ${grants[i]}: named" "$(cat "$ERR")" "GRANT ${grants[i]%% ON*} ON"
done
is "nothing is changed without a right" "$(state)" "$BEFORE"
for g in "${grants[@]}"; do client $T <<<"GRANT ${g/ON / ON \`$DB\`.} TO '$U'@'%'"; done
rep_is 0 "with these rights" apply --yes plan "$D"
rep undo --yes plan "$D"
is "undo needs other rights" "$RC" 5
like "and names them" "$(cat "$ERR")" "GRANT DELETE ON"
rep_is 0 "undo by root" undo --yes plan "$DST"

# ---- others are at work ----------------------------------------------------------------
waiting() { # apply waits for a lock; the id of its session in $WAITING
    sleep 0.2 # InnoDB renews what it shows only where nobody has looked for a tenth of a second
    WAITING=$(on "SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'
        AND trx_query LIKE '/* myrecon%$DB%members%'")
    [ -n "$WAITING" ]
}
apply_meets() { # apply_meets "SQL;": apply in the background, until it waits for who has done SQL
    afresh
    rm -f plan/journal.jsonl
    on "ALTER TABLE members AUTO_INCREMENT = 2000000; ALTER TABLE orders AUTO_INCREMENT = 2000000"
    hold "$1"
    "$MYRECON" repair apply --yes --json -v plan "$DST" >"$OUT" 2>"$ERR" </dev/null &
    APPLY_PID=$!
    ok "apply waits" wait_for 20 waiting
    waiting
}
apply_ends() { # apply_ends DESCRIPTION
    let_go
    wait $APPLY_PID
    RC=$?
    is "$1: and then it goes on" "$RC $(state | md5sum)" "0 $(md5sum <<<"$DONE")"
}
afresh
make_plan
on "CREATE TRIGGER no_way_around BEFORE INSERT ON members FOR EACH ROW SET @seen = 1"
hold "SELECT COUNT(*) FROM members;"
rep_is 1 "a counter that cannot be raised" apply --yes --lock-timeout 1 --retries 0 plan "$DST"
let_go
like "is named" "$(cat "$OUT")" "$DB.members.id: TOO LOW"
like "and no row is written" "$(cat "$OUT")" "no row was written: counters come first"
is "none at all" "$(on "SELECT COUNT(*) FROM orders")" 1
on "DROP TRIGGER no_way_around"
apply_meets "INSERT INTO members VALUES (10, 'm10', 'not yet');"
ok "after a lock wait it tries again" wait_for 20 grep -q 'trying again.*Lock wait' "$ERR"
apply_ends "a lock wait"
is "tries are counted" "$(($(sum .retries) > 0))" 1
apply_meets "INSERT INTO members VALUES (10, 'm10', 'not yet');"
client $T <<<"KILL QUERY $WAITING"
ok "after a killed statement it tries again" wait_for 20 grep -q 'trying again.*interrupted' "$ERR"
apply_ends "a killed statement"
apply_meets "INSERT INTO members VALUES (10, 'm10', 'not yet');"
client $T <<<"KILL $WAITING"
ok "after a killed session it connects again" wait_for 20 grep -q 'connecting again' "$ERR"
apply_ends "a killed session"
if [ $T = b ]; then # MySQL looks at other rows in its guards, and waits there
    on "CREATE TABLE weight (id INT)" # who has changed more wins a deadlock
    apply_meets "INSERT INTO weight SELECT 1 FROM information_schema.COLUMNS LIMIT 500; INSERT INTO members VALUES (90, 'm11', 'x');"
    echo "INSERT INTO members VALUES (10, 'm10', 'x');" >&"$HOLD_IN"
    ok "after a deadlock it tries again" wait_for 20 grep -q 'trying again.*Deadlock' "$ERR"
    apply_ends "a deadlock"
    on "DROP TABLE weight"
fi
finish
