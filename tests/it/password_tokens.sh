#!/bin/bash
# password_tokens.sh: a password that lives for a while: the command that prints it is run again
# for each connection, also for one that is lost, and neither is kept anywhere.

. "$(dirname "$0")/lib.sh"
begin ab
cd "$IT_TMP" || exit 1

renew() { # renew TOKEN: the accounts have another password, and the command prints it
    local side
    for side in a b; do
        client $side <<<"CREATE USER IF NOT EXISTS $DB@127.0.0.1; ALTER USER $DB@127.0.0.1 IDENTIFIED BY '$1';
            GRANT ALL ON *.* TO $DB@127.0.0.1" || bail "no account"
    done
    echo "$1" >token
}
at_exit 'for side in a b; do client $side <<<"DROP USER IF EXISTS $DB@127.0.0.1"; done'
cat >print-token <<'SH'
#!/bin/sh
echo run >>runs
cat token
SH
chmod +x print-token
FROM=$(uri a "$DB" "$DB") TO=$(uri b "$DB" "$DB")
own() { # own SIDE: connections of the account there
    client "$1" <<<"SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '$DB'"
}

at ab "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, seq FROM seq_1_to_60000;
    CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1)"
at b "DELETE FROM t WHERE id = 4711"
renew first-token
touch pause
CMD=("$MYRECON" check -vv --settle 0 --threads 1 --case case --pause-file pause --password-command ./print-token "$FROM" "$TO")
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
PID=$!
ok "it waits" wait_for 30 grep -q 'pause' "$ERR"
before=$(wc -l <runs)
ok "a connection each has asked for a token" test "$before" -ge 2
# the old one is worth nothing any more, and the connections are gone
renew second-token
for side in a b; do
    for id in $(own $side); do client $side <<<"KILL $id" 2>/dev/null; done
done
rm pause
ended 60
is "it goes on by the new one" "$RC" 1
ok "for which it has asked again" test "$(wc -l <runs)" -gt "$before"
like "and has compared all" "$(cat "$OUT")" '[^0-9]1 missing'

CMD=("$MYRECON" repair plan --policy backfill --case case --output plan --password-command ./print-token)
"${CMD[@]}" >"$OUT" 2>>"$ERR" </dev/null
is "the case does not know the command: it is given again" "$?" 0
! grep -raqE 'first-token|second-token|print-token' case plan "$OUT" "$ERR"
is "neither it nor a token is kept or shown" "$?" 0

CMD=("$MYRECON" repair apply --yes --case case plan "$TO?password-command=.%2Fprint-token")
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
is "an endpoint names it" "$?" 0
printf '[myrecon]\npassword-command = ./print-token\n' >my.cnf
CMD=("$MYRECON" check --settle 0 "$FROM?defaults-file=$PWD/my.cnf" "$TO?defaults-file=$PWD/my.cnf")
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
is "an option file names it" "$?" 0
chmod g+w my.cnf
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
is "not one that others may write" "$?" 3
like "which is said" "$(cat "$ERR")" 'my\.cnf", line 2: password-command in a file that others'
finish
