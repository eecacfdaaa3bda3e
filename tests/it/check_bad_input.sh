#!/bin/bash
# check_bad_input.sh: what cannot work ends with one clear line, a hint, the right exit code,
# and never with a partial "equal".

. "$(dirname "$0")/lib.sh"
begin
at ab "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 2);
    CREATE TABLE u (id INT PRIMARY KEY, v INT); INSERT INTO u VALUES (1, 1)"
A=$SRC B=$DST
HOST=${MR_A_URI#*@}

said() { # said DESCRIPTION RC REGEX: of the last run
    local errors hints
    errors=$(grep -ci 'error: ' "$ERR")
    hints=$(grep -ci 'hint: ' "$ERR")
    if [ "$RC" != "$2" ]; then
        result 1 "$1" "exit code $RC, wanted $2"
    elif [ "$errors" -ne 1 ] || [ "$hints" -ne 1 ]; then
        result 1 "$1" "$errors error lines and $hints hints, wanted one of each"
    elif ! grep -Eiq -- "$3" "$ERR"; then
        result 1 "$1" "stderr does not match /$3/"
    elif grep -Eq '"equal"|"type": *"summary"' "$OUT"; then
        result 1 "$1" "it wrote a verdict"
    else
        result 0 "$1"
    fi
}
refused() { # refused DESCRIPTION REGEX ARGS…: exit 3 before anything is compared
    local desc=$1 regex=$2
    shift 2
    run_check "$@"
    said "$desc" 3 "$regex"
}

# Usage.
refused "unknown option" 'treads' "$A" "$B" --treads 2
refused "no operand" 'SOURCE|TARGET|operand|argument'
refused "one operand" 'TARGET|operand|argument' "$A"
refused "three operands" "operand|argument|unexpected" "$A" "$B" "$B"
refused "option without value" 'threads' "$A" "$B" --threads
refused "--threads 0" 'threads' "$A" "$B" --threads 0
refused "--threads many" 'threads' "$A" "$B" --threads many
refused "--max-rows -1" 'max-rows' "$A" "$B" --max-rows -1
refused "--max-rows 1e9x" 'max-rows' "$A" "$B" --max-rows 12x
refused "--settle soon" 'settle' "$A" "$B" --settle soon
refused "--digest md5" 'md5' "$A" "$B" --digest md5
refused "--color sometimes" 'sometimes' "$A" "$B" --color sometimes
refused "--objects tribbles" 'tribbles' "$A" "$B" --objects table,tribbles
refused "--since yesterday" 'since' "$A" "$B" --since yesterdayish
refused "--since 30 February" 'since' "$A" "$B" --since 2024-02-30
refused "--where without table" 'where' "$A" "$B" --where "id > 1"
refused "--resume without case" 'case' "$A" "$B" --resume

# Endpoints.
refused "another scheme" 'mysql://' "postgres://root@$HOST/x" "$B"
refused "no scheme" 'URI|endpoint|mysql://' "127.0.0.1" "$B"
refused "port too great" 'port' "$A" "mysql://root@127.0.0.1:99999/$DB"
refused "port of letters" 'port' "mysql://root@127.0.0.1:abc/$DB" "$B"
refused "bad percent-encoding" '%|encod|escape' "mysql://root@$HOST/a%zzb" "$B"
refused "a misspelt database: there is none" 'database "'"${DB}x"'" does not exist on the target' "$A" "${B%"$DB"}${DB}x"
like "a misspelt database: the one that is meant" "$(cat "$ERR")" "Did you mean \"$DB\"\?"
refused "empty name in the list" 'database|empty' "mysql://root@$HOST/a,,b" "$B"
refused "unknown key" 'ssl-mode' "mysql://root@$HOST/$DB?ssl-mood=required" "$B"
refused "unknown ssl-mode" 'verify-identity' "mysql://root@$HOST/$DB?ssl-mode=strict" "$B"
refused "ssl-ca that is not there" 'no-such.pem' "mysql://root@$HOST/$DB?ssl-mode=verify-ca&ssl-ca=$IT_TMP/no-such.pem" "$B"
refused "option file that is not there" 'no-such.cnf' "mysql://root@$HOST/$DB?defaults-file=$IT_TMP/no-such.cnf" "$B"
refused "socket that is not there" 'no-such.sock' "mysql://root@localhost/$DB?socket=$IT_TMP/no-such.sock" "$B"
refused "nobody listens on the port" '127.0.0.1:1\b' "mysql://root@127.0.0.1:1/$DB" "$B"
refused "target out of reach" '127.0.0.1:1\b' "$A" "mysql://root@127.0.0.1:1/$DB?connect-timeout=2"
refused "unknown host" 'no-such-host.invalid' "mysql://root@no-such-host.invalid/$DB" "$B"
refused "lists of different length" 'database' "mysql://root@$HOST/$DB,${DB}_2" "$B"
refused "no such database on the source" 'no_such_db' "mysql://root@$HOST/no_such_db" "$B"
refused "no such database on the target" 'no_such_db' "$A" "$(uri b no_such_db)"
refused "no matching table" 'nothing_like_it' "$A" "$B" --tables 'nothing_like_it*'
refused "everything excluded" 'exclude|no table' "$A" "$B" --exclude '*'
refused "snapshot that is not there" 'no-such-dir' "snapshot:$IT_TMP/no-such-dir" "$B"

# TLS that cannot be honoured is an error, never a plain connection.
if [ "$(client a <<<"SELECT @@have_ssl")" != YES ]; then
    refused "ssl-mode=required without TLS" 'TLS|SSL' "$(uri a "$DB")?ssl-mode=required" "$B"
else
    skip "ssl-mode=required without TLS" "the server has TLS"
fi

# Accounts.  The error number is asserted, so that it is refused for the right reason.
client a <<<"CREATE OR REPLACE USER 'it_bad'@'127.0.0.1' IDENTIFIED BY 'right'; GRANT ALL ON $DB.* TO 'it_bad'@'127.0.0.1'"
at_exit "client a <<<\"DROP USER IF EXISTS 'it_bad'@'127.0.0.1'\""
refused "wrong password" '1045' "$(uri a "$DB" it_bad:wr0ng-pass)" "$B"
unlike "wrong password: it is not shown" "$(cat "$OUT" "$ERR")" 'wr0ng-pass'
refused "no password" '1045' "$(uri a "$DB" it_bad)" "$B"
refused "unknown user" '1045' "$(uri a "$DB" it_nobody:x)" "$B"
MYRECON_SOURCE_PASSWORD=wr0ng-pass refused "wrong password from the environment" '1045' "$(uri a "$DB" it_bad)" "$B"
client a <<<"ALTER USER 'it_bad'@'127.0.0.1' ACCOUNT LOCK"
refused "a locked account: not its password is to be looked at" '4151' "$(uri a "$DB" it_bad:right)" "$B"
like "the hint says what to do" "$(cat "$ERR")" "hint: The account is locked: ALTER USER"
client a <<<"ALTER USER 'it_bad'@'127.0.0.1' ACCOUNT UNLOCK"
export MYRECON_SOURCE_PASSWORD=right
SRC=$(uri a "$DB" it_bad)
check_is 0 "right password from the environment"
unset MYRECON_SOURCE_PASSWORD
printf '[client]\nuser=it_bad\npassword=right\n' >"$IT_TMP/my.cnf"
SRC="mysql://$HOST/$DB?defaults-file=$IT_TMP/my.cnf"
check_is 0 "right password from an option file"
SRC=$(uri a "$DB" it_bad:right)
check_is 0 "right password in the URI"
unlike "the URI's password is not shown" "$(cat "$OUT" "$ERR")" 'it_bad:right'
# The socket is asked for by name because a tester may sit beside a server of another one.
if [ -S "${MR_A_SOCK:-}" ]; then
    SRC="mysql://root@localhost/$DB?socket=$MR_A_SOCK"
    check_is 0 "over the socket"
else
    skip "over the socket" "MR_A_SOCK is not set"
fi
SRC=$A

# Configuration.
printf '[table %s.t]\nidentity = v\nidentitty = v\n' "$DB" >"$IT_TMP/bad.ini"
refused "unknown key of the configuration" 'bad.ini:3' "$A" "$B" --config "$IT_TMP/bad.ini"
printf '\n[tabel x]\n' >"$IT_TMP/bad.ini"
refused "unknown section" 'bad.ini:2' "$A" "$B" --config "$IT_TMP/bad.ini"
refused "configuration that is not there" 'no-such.ini' "$A" "$B" --config "$IT_TMP/no-such.ini"
MYRECON_CONFIG=$IT_TMP/no-such.ini refused "configuration of the environment that is not there" \
    'no-such.ini' "$A" "$B"
printf '[table %s.t]\nidentity = no_such_column\n' "$DB" >"$IT_TMP/bad.ini"
run_check "$A" "$B" --config "$IT_TMP/bad.ini"
like "identity names no column: exits 3 or 4" "$RC" '^[34]$'
like "identity names no column: which" "$(cat "$OUT" "$ERR")" 'no_such_column'

# A condition the server refuses: that table is not checked.
run_check "$A" "$B" --settle 0 --where "$DB.t=no_such_column > 1"
like "--where with an unknown column: exits 3 or 4" "$RC" '^[34]$'
like "--where with an unknown column: the server's words" "$(cat "$OUT" "$ERR")" 'no_such_column'
run_check "$A" "$B" --settle 0 --where "$DB.t=1) OR (1"
like "--where that closes a parenthesis: exits 3 or 4, or is taken as one condition" "$RC" '^[034]$'

# The case file.
refused "case in a directory that is not there" 'no-such-dir' "$A" "$B" --case "$IT_TMP/no-such-dir/c"
refused "case is a directory" "$IT_TMP" "$A" "$B" --case "$IT_TMP"
echo "this is no case, but more than a hundred bytes of text: $(seq -s ' ' 100)" >"$IT_TMP/text"
refused "case is a text file" 'text' "$A" "$B" --case "$IT_TMP/text"
is "case is a text file: it is untouched" "$(cut -c1-15 "$IT_TMP/text")" "this is no case"
refused "case on a full device" 'full' "$A" "$B" --case /dev/full
if command -v sqlite3 >/dev/null; then
    sqlite3 "$IT_TMP/other.db" 'CREATE TABLE mine (x); INSERT INTO mine VALUES (1)'
    refused "case is a database of somebody else" 'other.db' "$A" "$B" --case "$IT_TMP/other.db"
    is "it is untouched" "$(sqlite3 "$IT_TMP/other.db" 'SELECT COUNT(*) FROM sqlite_master')" 1
else
    skip "case is a database of somebody else" "sqlite3 is not installed"
    skip "it is untouched" "sqlite3 is not installed"
fi
check_is 0 "a case" --case "$IT_TMP/good"
is "a case: nobody else may read it" "$(stat -c %a "$IT_TMP/good")" 600
is "a case: a finished run leaves one file" "$(ls "$IT_TMP" | grep -c '^good')" 1
head -c 3000 "$IT_TMP/good" >"$IT_TMP/cut"
refused "case cut short" 'cut' "$A" "$B" --case "$IT_TMP/cut"
if [ "$(id -u)" = 0 ] && mkdir "$IT_TMP/small" && mount -t tmpfs -o size=64k none "$IT_TMP/small" 2>/dev/null; then
    at_exit 'umount "$IT_TMP/small"'
    at a "INSERT INTO u SELECT seq + 10, seq FROM seq_1_to_20000"
    run_check "$A" "$B" --settle 0 --case "$IT_TMP/small/c"
    said "disk full while the case is written" 3 'full|space'
else
    skip "disk full while the case is written" "no right to mount"
fi
# Two databases without a table: the wrong ones, most often.
fresh ab "${DB}_none"
run_check "$(uri a "${DB}_none")" "$(uri b "${DB}_none")"
is "nothing to compare is equal" "$RC" 0
like "and said to be nothing" "$(cat "$ERR")" 'warning: neither side has a table .* nothing was compared'

finish
