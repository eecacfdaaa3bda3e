#!/bin/bash
# check_rights.sh: what the account may not see is never called equal, and the GRANT that
# would help is named.

. "$(dirname "$0")/lib.sh"
begin
USER=it_rights
FLAVOUR=MariaDB

account() { # account SIDES GRANT…: the account anew, with these rights
    local sides=$1 grant i
    shift
    for ((i = 0; i < ${#sides}; i++)); do
        {
            echo "DROP USER IF EXISTS '$USER'@'127.0.0.1'; CREATE USER '$USER'@'127.0.0.1' IDENTIFIED BY 'se cret';"
            for grant; do echo "GRANT $grant TO '$USER'@'127.0.0.1';"; done
        } | client "${sides:i:1}" || bail "cannot grant"
    done
}
all_rights() { # all_rights SIDES: every right on $DB; texts of routines need more than that
    local i
    for ((i = 0; i < ${#1}; i++)); do
        case ${1:i:1} in
        o) account o "ALL ON $DB.*" "SHOW_ROUTINE ON *.*" ;;
        *) account "${1:i:1}" "ALL ON $DB.*" "SELECT ON mysql.proc" ;;
        esac
    done
}
drop_accounts() {
    local side
    for side in a b ${MR_O_URI:+o}; do
        client $side <<<"DROP USER IF EXISTS '$USER'@'127.0.0.1'"
    done
}
at_exit drop_accounts
ROWS_ONLY=table,column,index,charset,auto_increment
TABLES="
CREATE TABLE t1 (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO t1 VALUES (1, 1), (2, 2);
CREATE TABLE t2 (id INT PRIMARY KEY, v INT); INSERT INTO t2 VALUES (1, 1), (2, 2);
CREATE TABLE t3 (id INT PRIMARY KEY, v INT, secret INT); INSERT INTO t3 VALUES (1, 1, 1);
CREATE TRIGGER tr BEFORE INSERT ON t1 FOR EACH ROW SET NEW.v = 1;
CREATE PROCEDURE p () SELECT 1;
CREATE VIEW vw AS SELECT id FROM t1;"
EVENT="CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1"

grants_named() { # grants_named DESCRIPTION: the objects hidden from a SELECT-only account
    like "$1: GRANT TRIGGER is named" "$(cat "$ERR")" "GRANT .*TRIGGER.* ON \`?$DB\`?\.\* TO '?\`?$USER"
    like "$1: GRANT SHOW VIEW is named" "$(cat "$ERR")" "GRANT .*SHOW VIEW"
    like "$1: GRANT EVENT is named" "$(cat "$ERR")" "GRANT .*EVENT"
    like "$1: triggers, routines and events are named" "$(tr '\n' ' ' <"$ERR")" 'trigger.*(routine.*event|event.*routine)|(routine|event).*trigger'
    unlike "$1: the password is not shown" "$(cat "$OUT" "$ERR")" 'se( |%20)cret'
}

both() { # both SIDES: the account reads, and sees no other object
    local sides=$1 s=${1:0:1} t=${1:1:1} what="$FLAVOUR"
    fresh "$sides" "$DB"
    at "$sides" "$TABLES"
    at "$sides" "$EVENT"
    SRC=$(uri "$s" "$DB" "$USER:se%20cret") DST=$(uri "$t" "$DB" "$USER:se%20cret")

    account "$sides" "SELECT ON $DB.*"
    check_is 4 "$what: SELECT only: exits 4"
    count_is "$what: SELECT only: three tables are equal" 3 '.type == "table" and .verdict == "equal"'
    grants_named "$what: SELECT only"
    check_is 0 "$what: SELECT only, hidden kinds left out: exits 0" --objects "$ROWS_ONLY"
    at "$t" "UPDATE t2 SET v = 3 WHERE id = 2"
    check_is 1 "$what: SELECT only, kinds left out, a difference: exits 1" --objects "$ROWS_ONLY" "${KNOWN[@]}"
    check_is 4 "$what: SELECT only, a difference: still 4" "${KNOWN[@]}"
    rows_are "$what: SELECT only: the difference" t2 'changed {"id":"2"} ["v"]'
    if [ ${#KNOWN[@]} -gt 0 ]; then
        check_is 4 "$what: SELECT only, a difference, which may be one of a late replica: exits 4" --objects "$ROWS_ONLY"
        table_is "$what: SELECT only, a difference that may be late: the GRANT" t2 \
            '.verdict == "unsettled" and (.note | test("GRANT REPLICATION CLIENT ON \\*\\.\\* TO"))'
    fi
    at "$t" "UPDATE t2 SET v = 2 WHERE id = 2"

    # A right that is missing on one side is missing.
    all_rights "$t"
    check_is 4 "$what: the source's triggers hidden: exits 4"
    all_rights "$s"
    check_is 0 "$what: all rights on the database: exits 0"
    account "$sides" "SELECT ON *.*"
    check_is 4 "$what: SELECT on everything is not TRIGGER: exits 4"

    # One table that only one side may read.
    account "$s" "ALL ON $DB.*"
    account "$t" "SELECT ON $DB.t1" "SELECT ON $DB.t3"
    check_is 4 "$what: no right on one table: exits 4" --objects "$ROWS_ONLY"
    table_is "$what: no right on one table: not checked, with reason" t2 \
        '.verdict == "not-checked" and (.reason | length > 0)'
    count_is "$what: no right on one table: the others are checked" 2 '.type == "table" and .verdict == "equal"'
    none "$what: no right on one table: it is not called absent" '.type == "object" and .name == "t2"'
    like "$what: no right on one table: the GRANT is named" "$(cat "$OUT" "$ERR")" "GRANT SELECT ON .*t2"
    account "$s" "SELECT ON $DB.t1" "SELECT ON $DB.t3"
    account "$t" "ALL ON $DB.*"
    check_is 4 "$what: no right on one table of the source: exits 4" --objects "$ROWS_ONLY"
    table_is "$what: no right on one table of the source" t2 '.verdict == "not-checked"'

    # What both sides hide, down to the names, nothing else tells.
    account "$sides" "SELECT ON $DB.t1"
    check_is 4 "$what: tables whose names both sides hide: exits 4" --objects none "${KNOWN[@]}"
    for side in source target; do
        like "$what: tables whose names both sides hide: the GRANT, $side" "$(cat "$ERR")" \
            "other tables of database \"$DB\" on the $side: GRANT SELECT ON .$DB.\.\* TO"
    done
    check_is 0 "$what: the one table that is seen, by name: exits 0" --objects none --tables "$DB.t1" "${KNOWN[@]}"
    # The server takes the more exact pattern, and nothing from the other.
    like_db=${DB//_/\\_}
    account "$sides" "ALL ON \`${like_db%??}%\`.*" "EXECUTE ON \`${like_db%?}%\`.*"
    run_check "$SRC" "$DST" --settle 0 --objects none
    is "$what: a pattern that gives all, behind one that gives no rows: exits 4" "$RC" 4
    one "$what: a pattern behind another: not equal" '.type == "summary" and .verdict == "incomplete" and .tables == 0'
    account "$sides"
    run_check "$(uri "$s" '' "$USER:se%20cret")" "$(uri "$t" '' "$USER:se%20cret")" --settle 0 --objects none
    is "$what: no right at all, no database named: exits 4" "$RC" 4
    like "$what: no right at all, no database named: the GRANT" "$(cat "$ERR")" 'other databases on the target: GRANT SHOW DATABASES ON'
    one "$what: no right at all, no database named: not equal" '.type == "summary" and .verdict == "incomplete" and .tables == 0'
    "$MYRECON" repair plan --reseed-only --output "$IT_TMP/reseed.$t" --source "$(uri "$s" '' "$USER:se%20cret")" \
        --target "$(uri "$t" '' "$USER:se%20cret")" >"$IT_TMP/plan" 2>&1
    is "$what: no right at all: no reseed that is called whole" "$? $(grep -c 'GRANT SHOW DATABASES' "$IT_TMP/plan" | sed 's/^[1-9].*/named/')" '4 named'
    "$MYRECON" snapshot create "$(uri "$s" '' "$USER:se%20cret")" "$IT_TMP/snap.$t" >"$IT_TMP/snap" 2>&1
    is "$what: no right at all: no snapshot that is called whole" "$? $(grep -c 'GRANT SHOW DATABASES' "$IT_TMP/snap" | sed 's/^[1-9].*/named/')" '4 named'

    # A column that one side hides.
    account "$s" "ALL ON $DB.*"
    account "$t" "SELECT ON $DB.t1" "SELECT ON $DB.t2" "SELECT (id, v) ON $DB.t3"
    check_is 4 "$what: no right on one column: exits 4" --objects "$ROWS_ONLY"
    table_is "$what: no right on one column: not checked" t3 '.verdict == "not-checked"'
    none "$what: no right on one column: it is not called absent" '.type == "object" and .name == "secret"'

    # A column that both sides hide.
    account "$s" "SELECT ON $DB.t1" "SELECT ON $DB.t2" "SELECT (id, v) ON $DB.t3"
    check_is 4 "$what: a column hidden on both sides: exits 4" --objects "$ROWS_ONLY"
    table_is "$what: a column hidden on both sides: not checked, by name" t3 \
        '.verdict == "not-checked" and (.reason | test("all columns"))'
    like "$what: a column hidden on both sides: the GRANT is named" "$(cat "$OUT" "$ERR")" \
        "GRANT SELECT ON .*t3"

    # An absent table is absent, although the catalogue looks the same.
    all_rights "$sides"
    at "$t" "DROP TABLE t3"
    check_is 1 "$what: an absent table: exits 1" "${KNOWN[@]}"
    one "$what: an absent table is an object" '.type == "object" and .object == "table" and .target == null'

    # A database without any right on one side.
    at "$t" "CREATE TABLE t3 (id INT PRIMARY KEY, v INT, secret INT); INSERT INTO t3 VALUES (1, 1, 1)"
    fresh "$sides" "${DB}_no"
    client "$s" -D "${DB}_no" <<<"CREATE TABLE t (id INT PRIMARY KEY)"
    client "$t" -D "${DB}_no" <<<"CREATE TABLE t (id INT PRIMARY KEY)"
    account "$s" "ALL ON $DB.*" "ALL ON ${DB}_no.*"
    run_check "$(uri "$s" "$DB,${DB}_no" "$USER:se%20cret")" "$(uri "$t" "$DB,${DB}_no" "$USER:se%20cret")" --settle 0
    like "$what: no right on a database: exits 4 or 3" "$RC" '^[34]$'
    like "$what: no right on a database: is named" "$(cat "$ERR" "$OUT")" "${DB}_no"
    unlike "$what: no right on a database: not called equal" \
        "$(lines '.type == "table" and .verdict == "equal"')" "${DB}_no"
    unlike "$what: no right on a database: not called absent" "$(lines '.type == "object"')" "${DB}_no"
    run_check "$(uri "$s" "${DB}_no" "$USER:se%20cret")" "$(uri "$t" "${DB}_no" "$USER:se%20cret")" --settle 0
    like "$what: no right on the only database: exits 4 or 3" "$RC" '^[34]$'
    like "$what: no right on the only database: says why" "$(cat "$ERR" "$OUT")" 'GRANT|denied'
    like "$what: or that the name is wrong" "$(cat "$ERR")" 'is denied on the (source|target), or it does not exist'
    like "$what: the GRANT is for a name that is right" "$(cat "$ERR")" 'If the name is right, run: GRANT SELECT ON'

    # Nothing was written: a read-only account is enough, and the server agrees.
    account "$sides" "SELECT ON $DB.*" "SHOW VIEW ON $DB.*" "TRIGGER ON $DB.*" "EVENT ON $DB.*"
    run_check "$SRC" "$DST" --settle 0
    like "$what: with TRIGGER, SHOW VIEW and EVENT: only routines are left" "$(cat "$ERR")" 'routine'
    unlike "$what: with TRIGGER, SHOW VIEW and EVENT: no GRANT for those" "$(cat "$ERR")" 'GRANT (TRIGGER|SHOW VIEW|EVENT)'
}

# A server that does not tell the grants: then nobody knows what is hidden.
silent() { # silent SIDE: one in front of it; sets PORT
    rm -f "$IT_TMP/report"
    mkfifo "$IT_TMP/end"
    python3 "$IT_DIR/../fault/answers.py" "$(side_uri "$1" | sed 's,.*@,,; s,[/?].*,,')" '=SHOW GRANTS' killed \
        "$IT_TMP/report" <"$IT_TMP/end" >/dev/null &
    exec {END}>"$IT_TMP/end"
    rm "$IT_TMP/end"
    wait_for 10 [ -e "$IT_TMP/report" ]
    PORT=$(sed -n 's/^port //p' "$IT_TMP/report")
}
untold() {
    local at=$USER:se%20cret@127.0.0.1
    fresh ab "$DB"
    at ab "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)"
    at a "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = 7"
    account a "SELECT ON $DB.*"
    silent a
    run_check "mysql://$at:$PORT/$DB?ssl-mode=disabled" "$(uri b "$DB")" --settle 0 --unrelated
    eval "exec $END>&-"
    is "grants that the server does not tell: incomplete" "$RC" 4
    like "and it is said" "$(cat "$ERR")" 'may not see on the source: its grants cannot be read'
}
untold
KNOWN=() # a MariaDB lets everybody see that it applies nothing; of MySQL it must be said
both ab
KNOWN=(--unrelated)
if [ -n "$MR_O_URI" ]; then
    FLAVOUR="MariaDB and MySQL 9"
    both ao
else
    skip "rights on MySQL 9" "no MySQL 9 server"
fi

# Roles allow nothing while none of them is active.
FLAVOUR=MariaDB
ROLE=${DB}_reader
client a <<<"DROP ROLE IF EXISTS $ROLE; CREATE ROLE $ROLE; GRANT SELECT ON \`$DB\`.* TO $ROLE"
at_exit 'client a <<<"DROP ROLE $ROLE"'
account a "$ROLE"
SRC=$(uri a "$DB" "$USER:se%20cret") DST=$(uri b "$DB")
run_check "$SRC" "$DST" "${KNOWN[@]}" --settle 0
is "a role that is not active: nothing can be read" "$RC" 4
like "it is named as such" "$(cat "$ERR")" "warning: user '$USER'@'127.0.0.1' has roles on .*none of them is active.*SET DEFAULT ROLE"
client a <<<"SET DEFAULT ROLE $ROLE FOR '$USER'@'127.0.0.1'"
run_check "$SRC" "$DST" "${KNOWN[@]}" --settle 0
unlike "one that is active is not" "$(jq -r .type "$OUT" | head -n 1) $(cat "$ERR")" "^ |has roles"
finish
