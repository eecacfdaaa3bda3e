#!/bin/bash
# doctor_strangers.sh: two servers that both take writes and have never replicated are told of as
# such, and what hides it is unknown; each command gets a verdict of its own on the account.

. "$(dirname "$0")/lib.sh"
begin ab
at ab "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1)"
diagnose() { # diagnose ARGS…
    CMD=("$MYRECON" doctor --json "$@")
    timeout -k 5 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
found() { # found NAME: "state: message -> hint" of each
    jq -r --arg n "$1" 'select(.name == $n) | "\(.state): \(.message) -> \(.hint)"' "$OUT"
}
strangers() { # strangers WHAT URI URI
    diagnose "$2" "$3"
    is "$1: one line" "$(found pair_writers | wc -l)" 1
    like "$1: they do not replicate" "$(found pair_writers)" '^note: .* both take writes, and do not replicate from each other -> .*write to one of them only'
    unlike "$1: nothing is said to be stopped" "$(cat "$OUT")" 'stopped'
}
account() { # account SIDE RIGHTS…: nxdoctor has exactly these
    local side=$1 right
    shift
    client "$side" <<<"DROP USER IF EXISTS nxdoctor@'%'; CREATE USER nxdoctor@'%' IDENTIFIED BY 'x'" || bail "no account"
    for right; do client "$side" <<<"GRANT $right TO nxdoctor@'%'" || bail "cannot grant $right"; done
}
verdicts() { # "command:state …" of the rights
    jq -r 'select(.name == "rights") | "\(.message | split(":")[0]):\(.state)"' "$OUT" | xargs
}
# judged SIDE STATUS ROUTINES: what each command lacks is said for it alone
judged() {
    local side=$1 status=$2 uri
    uri=$(uri "$side" "$DB" nxdoctor:x)
    at_exit "client $side <<<\"DROP USER IF EXISTS nxdoctor@'%'\""
    account "$side" "SELECT, SHOW VIEW, TRIGGER, EVENT ON $DB.*" "$status ON *.*" "$3"
    diagnose --for check,snapshot,repair,gate "$uri"
    is "$side: a reader: each command apart" "$(verdicts)" "check:ok snapshot create:ok gate:problem repair apply:problem"
    "$MYRECON" doctor --for check,repair "$uri" >"$OUT" 2>"$ERR"
    like "$side: who asks is answered" "$(cat "$OUT")" '^ok rights: check: the account has all rights'
    unlike "$side: and of nothing else" "$(cat "$OUT")" 'snapshot|gate|^ok [^r]'
    diagnose --for check,snapshot,gate "$(uri "$side" '' nxdoctor:x)"
    is "$side: without a database: others may be hidden" "$(verdicts)" "check:note snapshot create:note gate:problem"
    like "$side: the GRANT" "$(found rights)" "^note: check: .*ends with 4.* -> GRANT SHOW DATABASES ON"
    account "$side" "SELECT, SHOW VIEW, TRIGGER, EVENT ON $DB.*" "$3"
    diagnose --for check,snapshot "$uri"
    like "$side: hidden: check may leave rows open" "$(found rights)" "^note: check: .*may stay unsettled -> GRANT $status ON"
    unlike "$side: hidden: gate is not asked about" "$(found rights)" 'PROCESS|gate'
    account "$side" "SELECT ON $DB.*" "$status ON *.*" "$3"
    diagnose --for check,snapshot,gate "$uri"
    is "$side: rows alone: gate needs no more of them" "$(verdicts)" "check:problem snapshot create:problem gate:problem"
    unlike "$side: rows alone: gate needs no triggers" "$(found rights | grep 'problem: gate')" TRIGGER
    like "$side: rows alone: check does" "$(found rights | grep 'problem: check:')" 'triggers are hidden.*-> .*GRANT TRIGGER'
    account "$side" "$status ON *.*"
    diagnose --for check,snapshot "$uri"
    is "$side: a database that is hidden: no command is fit" "$(verdicts)" "check:problem snapshot create:problem"
    diagnose --for check,repair "${uri%/*}"
    is "$side: all that are: nor then" "$(verdicts)" "check:problem repair apply:problem"
    like "$side: that is said" "$(found rights)" 'problem: repair apply: .*no database is visible to the account'
    account "$side" "INSERT ON $DB.*" "$status ON *.*"
    diagnose --for check "$uri"
    like "$side: tables that cannot be read are not called well" "$(found table)" '^unknown: 0 of 1 tables can be opened; whether the others can is not known'
    account "$side" "SELECT ON $DB.*" "$status ON *.*" "$3"
    diagnose --for check,snapshot,gate "$uri"
    like "$side: tables that can are" "$(found table)" '^ok: all 1 tables can be opened'
    like "$side: rows alone: so does snapshot" "$(found rights | grep 'problem: snapshot create:')" 'triggers are hidden.*-> .*GRANT TRIGGER'
}

# many SIDE: of forty tables one cannot be read and one is broken; the others are opened together
many() {
    local side=$1 i
    for ((i = 1; i <= 40; i++)); do echo "CREATE TABLE many$i (id INT PRIMARY KEY) ENGINE=InnoDB;"; done |
        client "$side" "$DB" || bail "no tables"
    client "$side" "$DB" <<<"ALTER TABLE many7 DISCARD TABLESPACE"
    client "$side" <<<"DROP USER IF EXISTS nxdoctor@'%'; CREATE USER nxdoctor@'%' IDENTIFIED BY 'x'"
    for ((i = 1; i <= 40; i++)); do
        [ $i -eq 33 ] || echo "GRANT SELECT ON $DB.many$i TO nxdoctor@'%';"
    done | client "$side"
    client "$side" <<<"GRANT INSERT ON $DB.many33 TO nxdoctor@'%'"
    diagnose --for check "$(uri "$side" "$DB" nxdoctor:x)"
    like "$side: of many the one that is broken is named" "$(found table)" '^problem: table "[^"]*many7" cannot be opened'
    like "$side: and the one that is hidden counted" "$(found table)" '^unknown: 38 of 40 tables can be opened'
    client "$side" "$DB" <<<"DROP TABLE many7"
    diagnose "$(uri "$side" "$DB" nxdoctor:x)"
    like "$side: without it" "$(found table)" '^unknown: 38 of 39 tables can be opened'
    client "$side" <<<"DROP USER nxdoctor@'%'"
    for ((i = 1; i <= 40; i++)); do echo "DROP TABLE IF EXISTS many$i;"; done | client "$side" "$DB"
}

strangers "MariaDB" "$(uri a "$DB")" "$(uri b "$DB")"
judged b 'SLAVE MONITOR' 'SELECT ON mysql.proc'
account b "SELECT ON $DB.*"
account a "SELECT ON $DB.*"
diagnose "$(uri a "$DB" nxdoctor:x)" "$(uri b "$DB" nxdoctor:x)"
like "hidden: it is not known" "$(found pair_writers)" '^unknown: .* both take writes, and whether they replicate is hidden'
client a <<<"DROP USER nxdoctor@'%'"
many a
# Two servers with one port, as in two containers: MariaDB's server_uid is the same for both.
. "$IT_DIR/../lib/servers.sh"
mr_servers_begin || bail "no place"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_spawn_mariadb TWIN && mr_spawn_mariadb OTHER --port="$MR_TWIN_PORT" --bind-address=127.0.0.2 &&
    mr_await TWIN OTHER || bail "no server"
for name in TWIN OTHER; do
    mr_sql $name -e "CREATE DATABASE club; CREATE USER twin@'127.%'; GRANT ALL ON *.* TO twin@'127.%'" || bail "no account"
done
is "two servers have one server_uid" "$(mr_sql TWIN -e 'SELECT @@server_uid')" "$(mr_sql OTHER -e 'SELECT @@server_uid')"
diagnose "mysql://twin@127.0.0.1:$MR_TWIN_PORT/club" "mysql://twin@127.0.0.2:$MR_TWIN_PORT/club"
is "and are two all the same" "$(jq -r 'select(.name == "same_server").state' "$OUT")" ok
like "that both take writes" "$(found pair_writers)" '^note: .* both take writes'

if [ -n "$MR_O_URI" ]; then
    fresh o "$DB"
    at o "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)"
    strangers "MariaDB and MySQL" "$(uri a "$DB")" "$(uri o "$DB")"
    [ -z "${MR_OP_URI:-}" ] || strangers "MySQL" "$(uri o "")" "$(uri "$MR_OP_URI" "")"
    many o
    judged o 'REPLICATION CLIENT' 'SHOW_ROUTINE ON *.*'
else
    skip "MySQL 9" "no MySQL 9"
fi
finish
