#!/bin/bash
# partial_revokes.sh: rights that MySQL gives on all databases and takes back from one.  That one is
# then hidden: whoever compares, exports or changes all that there is must not pass over it.

. "$(dirname "$0")/lib.sh"
begin ''
cd "$IT_TMP" || exit 1
. "$IT_DIR/../lib/servers.sh"
if ! mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>mysql9.err); then
    echo "1..0 # SKIP $(tail -n 1 mysql9.err)"
    exit 0
fi
RIGHTS='SELECT, INSERT, UPDATE, DELETE, SHOW VIEW, TRIGGER, EVENT, CREATE TEMPORARY TABLES'

run() { # COMMAND…
    CMD=("$MYRECON" "$@")
    timeout 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

prepare() { # NAME: people, and what they are paid, which the account does not see
    mr_sql "$1" <<SQL || bail "no account"
CREATE DATABASE club; CREATE DATABASE hr;
CREATE TABLE club.members (id INT PRIMARY KEY, name VARCHAR(20));
INSERT INTO club.members VALUES (1, 'a'), (2, 'b');
CREATE TABLE hr.pay (id INT PRIMARY KEY, member INT,
    FOREIGN KEY (member) REFERENCES club.members (id) ON DELETE CASCADE);
INSERT INTO hr.pay VALUES (1, 1);
CREATE USER joe@127.0.0.1 IDENTIFIED BY 'pw';
GRANT $RIGHTS, PROCESS, REPLICATION CLIENT, SHOW_ROUTINE ON *.* TO joe@127.0.0.1;
REVOKE $RIGHTS ON hr.* FROM joe@127.0.0.1;
SQL
}

mr_servers_begin || bail "no place"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_spawn_mysql S --partial-revokes=ON && mr_spawn_mysql T --partial-revokes=ON && mr_await S T ||
    bail "no server"
prepare S
prepare T
S=mysql://joe:pw@127.0.0.1:$MR_S_PORT T=mysql://joe:pw@127.0.0.1:$MR_T_PORT

run check --settle 0 --case all.case "$S" "$T"
is "check of all databases: one is hidden" "$RC" 4
like "and the right to see it is named" "$(cat "$ERR")" 'other databases on the target: GRANT SHOW DATABASES'
run snapshot create "$S" snap
is "snapshot of all databases: one is hidden" "$RC" 4
like "and the right to see it is named" "$(cat "$OUT")" 'GRANT SHOW DATABASES'
run check --settle 0 --case club.case "$S/club" "$T/club"
is "check of the other database: equal" "$RC" 0

# what the server keeps for itself is compared by nobody
for name in S T; do
    mr_sql $name -e "GRANT $RIGHTS ON hr.* TO joe@127.0.0.1; REVOKE SELECT ON mysql.* FROM joe@127.0.0.1" ||
        bail "no right"
done
run check --settle 0 --case own.case "$S" "$T"
is "only the server's own database is taken back: nothing is hidden" "$RC" 0
for name in S T; do
    mr_sql $name -e "REVOKE $RIGHTS ON hr.* FROM joe@127.0.0.1" || bail "no right"
done

# rows that cascade to one that is not seen
mr_sql T -e "INSERT INTO club.members VALUES (3, 'c'); INSERT INTO hr.pay VALUES (2, 3)"
run check --settle 0 --case club.case "$S/club" "$T/club"
is "one row more: found" "$RC" 1
run repair plan --policy mirror --allow-deletes 1 --case club.case --output plan --source "$S/club" \
    --target "$T/club"
is "a row that goes takes along what is not seen: refused" "$RC" 5
like "and the table is named" "$(cat "$ERR")" 'table "hr/pay", which the account may not see, refers to "club.members"'
finish
