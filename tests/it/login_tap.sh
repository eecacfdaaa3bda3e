#!/bin/bash
# login_tap.sh: what crosses the line at a login, seen by a tap before real servers: with and
# without TLS, and where MySQL knows the password's hash already (a warm cache) or wants all of
# it (a cold one).

. "$(dirname "$0")/lib.sh"
begin ''
cd "$IT_TMP" || exit 1
. "$IT_DIR/../lib/servers.sh"
PASSWORD='PW-Secret-123'
WHO=joe

tap() { # NAME: sets TAPPED, the port before it
    rm -f port
    python3 "$IT_DIR/../fault/tap.py" "$(mr_get_server "$1" PORT)" "$IT_TMP/sent" "$IT_TMP/port" <end 9>&- &
    for ((i = 0; i < 200; i++)); do
        [ ! -e port ] || break
        sleep 0.05
    done
    TAPPED=$(cat port) || bail "no tap"
}

log_in() { # MODE, as $WHO
    local uri="mysql://$WHO:$PASSWORD@127.0.0.1:$TAPPED"
    rm -f sent x.case
    CMD=("$MYRECON" check --same-server --threads 1 --case "$IT_TMP/x.case"
        "$uri/club?ssl-mode=$1" "$uri/club2?ssl-mode=$1")
    timeout 60 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

shows_nothing() { # DESCRIPTION
    [ -s sent ] && ! grep -aq "$PASSWORD" sent
    result $? "$1: the password does not cross the line" "$(wc -c sent)"
}

# Where the server has no TLS the account's name may cross the line, and nothing where it is
# demanded.
plain() { # NAME WHAT
    local mode
    for mode in disabled preferred; do
        [ "$2" = native ] || mr_sql "$1" -e 'FLUSH PRIVILEGES'
        log_in $mode
        is "$2, no TLS, $mode: logs in" "$RC" 0
        shows_nothing "$2, no TLS, $mode"
        log_in $mode
        is "$2, no TLS, $mode, again: logs in" "$RC" 0
        shows_nothing "$2, no TLS, $mode, again"
    done
    log_in required
    is "$2, no TLS, required: refused" "$RC" 3
    is "$2, no TLS, required: nothing was sent" "$(cat sent 2>/dev/null | wc -c)" 0
    like "$2, no TLS, required: why" "$(cat "$ERR")" 'TLS|SSL'
}

encrypted() { # NAME WHAT
    local mode
    for mode in preferred required; do
        mr_sql "$1" -e 'FLUSH PRIVILEGES'
        log_in $mode
        is "$2, TLS, $mode: logs in" "$RC" 0
        shows_nothing "$2, TLS, $mode"
        ! grep -aq 'joe\|club' sent
        result $? "$2, TLS, $mode: nor does anything else"
        log_in $mode
        is "$2, TLS, $mode, again: logs in" "$RC" 0
    done
    mr_sql "$1" -e 'FLUSH PRIVILEGES'
    log_in disabled
    is "$2, TLS, disabled: logs in" "$RC" 0
    shows_nothing "$2, TLS, disabled"
}

prepare() { # NAME WAY
    mr_sql "$1" <<SQL || bail "no account"
CREATE USER joe@127.0.0.1 IDENTIFIED $2;
GRANT ALL ON *.* TO joe@127.0.0.1;
CREATE DATABASE club; CREATE TABLE club.t (id INT PRIMARY KEY); INSERT INTO club.t VALUES (1), (2);
CREATE DATABASE club2; CREATE TABLE club2.t (id INT PRIMARY KEY); INSERT INTO club2.t VALUES (1), (2);
SQL
}

mkfifo end && exec 9<>end || bail "no pipe"
mr_servers_begin || bail "no place"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end 'exec 9>&-')

mr_spawn_mariadb PLAIN && mr_await PLAIN || bail "no server"
prepare PLAIN "BY '$PASSWORD'"
tap PLAIN
plain PLAIN native
# its hash is as good as the password
mr_sql PLAIN -e "SET SESSION old_passwords = 1; SET GLOBAL secure_auth = OFF;
    CREATE USER eve@127.0.0.1 IDENTIFIED VIA mysql_old_password USING '5d2e19393cc5ef67';
    GRANT ALL ON *.* TO eve@127.0.0.1" || bail "no account"
WHO=eve
log_in preferred
is "an old password: refused" "$RC" 3
like "an old password: why" "$(cat "$ERR")" 'in a way that shows it'
WHO=joe

if mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>mysql9.err); then
    mr_spawn_mysql BARE --tls-version= && mr_spawn_mysql SAFE && mr_await BARE SAFE || bail "no server"
    for name in BARE SAFE; do
        prepare $name "WITH caching_sha2_password BY '$PASSWORD'"
    done
    tap BARE
    plain BARE caching_sha2
    tap SAFE
    encrypted SAFE caching_sha2
    mr_sql BARE -e "CREATE USER ann@127.0.0.1 IDENTIFIED WITH sha256_password BY '$PASSWORD';
        GRANT ALL ON *.* TO ann@127.0.0.1" || bail "no account"
    tap BARE
    WHO=ann
    plain BARE sha256
else
    skip "MySQL 9" "$(tail -n 1 mysql9.err)"
fi
finish
