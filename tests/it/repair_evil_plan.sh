#!/bin/bash
# repair_evil_plan.sh: a plan whose SQL somebody has edited, with all digests renewed.  What is no
# statement of plan's, on a table that plan.json names, is refused before anything is done.
# $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"
DST=$(uri $T "$DB") CASE=case
OTHER=${DB}_other
fresh $T "$OTHER"
histories
on "CREATE TABLE \`$OTHER\`.t (id INT PRIMARY KEY); INSERT INTO \`$OTHER\`.t VALUES (1), (2);
    CREATE TABLE secrets (id INT PRIMARY KEY); INSERT INTO secrets VALUES (7)"
client $T -D "$DB" <<'SQL' || bail "no routines"
DELIMITER //
CREATE PROCEDURE p() BEGIN DELETE FROM secrets; END //
CREATE FUNCTION evil(x INT) RETURNS INT DETERMINISTIC MODIFIES SQL DATA BEGIN DELETE FROM secrets; RETURN x; END //
SQL
checked
plan_is 0 "a plan" clean

all() { # of the server, but what servers count by themselves
    people
    on "SELECT id FROM \`$OTHER\`.t; SELECT id FROM secrets; SELECT @@GLOBAL.max_connections, @@GLOBAL.read_only;
        SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE();
        SELECT COUNT(*) FROM mysql.user WHERE User = 'mallory'; SHOW TABLES; SELECT AUTO_INCREMENT FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME"
}
BEFORE=$(all)

evil() { # evil DESCRIPTION FILE MARK SQL [COMMAND…]
    local what=$1 file=$2 mark=$3 sql=$4
    shift 4
    rm -rf plan
    cp -r clean plan
    python3 "$IT_DIR/rows/plan_evil.py" plan "$file" "$mark" <<<"$sql" || bail "not edited: $what"
    rep_is 5 "$what: refused" "${@:-apply}" --yes plan "$DST"
    like "$what: says where" "$(cat "$ERR")" 'error: (script ".*(apply|undo).sql", line [0-9]+|plan ".*": the condition of table)'
    is "$what: nothing was done" "$(all)" "$BEFORE"
}
for sql in "DELETE FROM \`$OTHER\`.\`t\` WHERE 1 = 1" "DELETE FROM \`$DB\`.\`secrets\` WHERE 1 = 1" \
    "GRANT ALL ON *.* TO mallory@localhost" "CALL \`$DB\`.p()" "SET GLOBAL max_connections = 77" \
    "SELECT id INTO OUTFILE '$IT_TMP/secret' FROM \`$DB\`.secrets" "/*!DROP TABLE \`$DB\`.secrets */" \
    "CREATE TRIGGER tr BEFORE INSERT ON \`$DB\`.members FOR EACH ROW DELETE FROM secrets" \
    "DELETE FROM \`$DB\`.\`members\` WHERE evil(1) = 1" "DELETE FROM \`$DB\`.\`members\` WHERE \`$DB\`.evil(1) = 1" \
    "DELETE FROM \`$DB\`.\`members\` WHERE id IN (SELECT id FROM secrets)" \
    "INSERT INTO \`$DB\`.myrecon_guard SELECT 99, LOAD_FILE('/etc/passwd')"; do
    evil "${sql:0:44}" apply.sql "-- write" "$sql"
done
evil "a statement more in the head" apply.sql "-- Run reseed.sql first." "DROP TABLE \`$DB\`.secrets"
evil "what is prepared" apply.sql "s/'COMMIT'/'DROP TABLE secrets'/" ""
evil "a command of the client" apply.sql "-- guards" '\! touch pwned'
evil "a dry run" apply.sql "-- locks" "CALL \`$DB\`.p()" apply --dry-run
evil "rehearse" apply.sql "-- aside" "CALL \`$DB\`.p()" rehearse
evil "undo" undo.sql "-- write" "DELETE FROM \`$OTHER\`.\`t\` WHERE 1 = 1" undo
evil "a plan that could not be undone" undo.sql "-- write" "DELETE FROM \`$OTHER\`.\`t\` WHERE 1 = 1"
AT=$(jq -r '.rows.tables | to_entries[] | select(.value.references | length > 0) | .key' clean/plan.json | head -n 1)
evil "a condition" plan.json "rows.tables.$AT.references.0.condition" "evil(1) = 1"
rm -rf plan
cp -r clean plan
python3 "$IT_DIR/rows/plan_evil.py" plan plan.json "rows.tables.$AT.references.0.condition" <<<"evil(1) = 1"
rep_is 5 "verify asks no such condition" verify plan "$DST"
is "and nothing was done" "$(all)" "$BEFORE"

# A table elsewhere, which no URI and no grant of plan's would let in.
elsewhere() { # elsewhere TABLES DB REASON [COMMAND…]
    local tables=$1 db=$2 reason=$3
    shift 3
    rm -rf plan
    cp -r clean plan
    python3 "$IT_DIR/rows/plan_evil.py" plan plan.json "$tables.0.target_db" <<<"$db"
    rep_is 5 "$tables of $db, ${1:-apply}: refused" "${@:-apply}" --yes plan "$DST"
    like "$tables of $db, ${1:-apply}: why" "$(cat "$ERR")" "error: table .* of the plan is $reason"
    is "$tables of $db, ${1:-apply}: nothing was done" "$(all)" "$BEFORE"
}
for tables in rows.tables tables; do
    elsewhere $tables mysql "one of the server's own"
    elsewhere $tables "$OTHER" 'in none of its databases'
    elsewhere $tables "$OTHER" 'in none of its databases' undo
done

# A function of the closed list that this server does not have is whoever made one of that name.
LACKED=$([ "$T" = b ] && echo REGEXP_LIKE || echo NATURAL_SORT_KEY)
client $T -D "$DB" <<SQL || bail "no function"
DELIMITER //
CREATE FUNCTION $LACKED(x INT) RETURNS INT DETERMINISTIC MODIFIES SQL DATA SQL SECURITY INVOKER BEGIN DELETE FROM secrets; RETURN x; END //
SQL
lacks() { # lacks DESCRIPTION [COMMAND…]
    local what=$1
    shift
    rep_is 5 "a function that the server lacks, $what: refused" "${@:-apply}" --yes plan "$DST"
    like "a function that the server lacks, $what: by its name" "$(cat "$ERR")" "error: plan .* calls the function $LACKED, which is none of server"
    is "a function that the server lacks, $what: nothing was done" "$(all)" "$BEFORE"
}
for what in apply.sql undo.sql; do
    rm -rf plan
    cp -r clean plan
    python3 "$IT_DIR/rows/plan_evil.py" plan $what "-- write" <<<"DELETE FROM \`$DB\`.\`members\` WHERE ${LACKED,,}(1) = 1"
    lacks $what
done
lacks "undone" undo
rm -rf plan
cp -r clean plan
python3 "$IT_DIR/rows/plan_evil.py" plan plan.json "rows.tables.$AT.references.0.condition" <<<"$LACKED(1) = 1"
lacks "in a condition"
RC=0
rep verify plan "$DST"
is "a function that the server lacks, verified: refused" "$RC" 5
is "a function that the server lacks, verified: nothing was done" "$(all)" "$BEFORE"

# Who writes into a script that was looked through, while it waits for its turn.
rm -rf plan
cp -r clean plan
PEOPLE=$(people)
hold "SELECT * FROM members FOR UPDATE;"
"$MYRECON" repair apply --yes plan "$DST" >"$OUT" 2>"$ERR" </dev/null &
PID=$!
ok "apply waits for a table" wait_for 30 grep -q 'trying again' "$ERR"
grep -q "'carl'" plan/apply.sql || bail "no such value"
sed "s/'carl'/'evil'/" plan/apply.sql >edited && cat edited >plan/apply.sql
let_go
RC=0
wait $PID || RC=$?
is "a script that is edited while it is carried out: exits 5" "$RC" 5
like "a script that is edited while it is carried out: says so" "$(cat "$ERR")" 'error: script ".*apply.sql", unit 1: the script was changed while it was run'
is "a script that is edited while it is carried out: nothing was written" "$(people)" "$PEOPLE"

rep_is 0 "the plan itself is carried out" apply --yes clean "$DST"
is "nobody else was touched" "$(on "SELECT COUNT(*) FROM \`$OTHER\`.t; SELECT COUNT(*) FROM secrets" | xargs)" "2 1"
rep_is 0 "and taken back" undo --yes clean "$DST"

# A condition of the configuration's own that apply would refuse is no plan.
sed -i 's/^reference = inviter.*/& when SLEEP(0) = 0/' my.ini
rep plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 --output other
is "a condition that apply would refuse is not planned" "$RC" 5
like "and named" "$(cat "$ERR")" 'condition of table ".*members".*"SLEEP"'
ok "no directory" test ! -e other
finish
