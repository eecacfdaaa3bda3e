#!/bin/bash
# brief_runs.sh: --brief leaves out what is clean; -q --brief says nothing at all at exit status 0,
# and everything that went wrong otherwise: runs from cron.

. "$(dirname "$0")/lib.sh"
begin
at ab "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 2);
    CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1)"
printf '[table %s.gone]\nidentity = key\n' "$DB" >"$IT_TMP/ini" # warned of: no such table
export MYRECON_CONFIG=$IT_TMP/ini

says() { # says DESCRIPTION RC STDOUT-LINES COMMAND…: exit status, and lines on stdout; nothing: 0
    local desc=$1 want=$2 lines=$3
    shift 3
    CMD=("$MYRECON" "$@")
    "${CMD[@]}" >"$OUT" 2>"$ERR"
    RC=$?
    is "$desc" "exit $RC, $(grep -c . "$OUT") lines" "exit $want, $lines lines"
}

says "equal: the last line" 0 1 check --brief --settle 0 "$SRC" "$DST"
like "it is the verdict" "$(cat "$OUT")" '^equal: 2 tables'
says "equal, quiet: a warning is left" 0 7 check -q --settle 0 "$SRC" "$DST"
like "the warning" "$(cat "$ERR")" 'matches no table'
says "equal, quiet and brief" 0 0 check -q --brief --settle 0 --log-file "$IT_TMP/log" "$SRC" "$DST"
is "nothing on stderr either" "$(cat "$ERR")" ""
like "the log has the warning" "$(cat "$IT_TMP/log")" 'warning: .*matches no table'
for brief in --brief '--brief -q'; do
    says "gate record $brief" 0 "$([ "$brief" = --brief ] && echo 1 || echo 0)" \
        gate record $brief --force --output "$IT_TMP/facts" "$DST"
    says "gate check $brief" 0 "$([ "$brief" = --brief ] && echo 1 || echo 0)" \
        gate check $brief --only version,schema "$IT_TMP/facts" "$DST"
done
says "Nagios has its line" 0 1 gate check -q --brief --nagios --only version "$IT_TMP/facts" "$DST"
says "doctor" 0 1 doctor --brief "$DST"
says "doctor, quiet" 0 0 doctor --brief -q "$DST"
says "snapshot create" 0 0 snapshot create -q --brief "$SRC" "$IT_TMP/snap"
says "snapshot verify --against" 0 0 snapshot verify -q --brief --against "$SRC" "$IT_TMP/snap"
says "snapshot restore" 0 0 snapshot restore -q --brief "$IT_TMP/snap" "$(uri b "${DB}_back")"
IT_DROP+=("$MR_B_URI ${DB}_back")

at b "UPDATE t SET v = 9 WHERE id = 2; CREATE TABLE extra (id INT PRIMARY KEY)"
for brief in --brief '--brief -q'; do
    says "a difference $brief" 1 13 check $brief --settle 0 "$SRC" "$DST"
    unlike "no equal table" "$(cat "$OUT")" "\.u "
    like "the verdict is the last line" "$(tail -n 1 "$OUT")" '^diverged: '
    like "the warning, too" "$(cat "$ERR")" 'matches no table'
done
at b "DROP TABLE u"
says "a table is gone: gate" 2 3 gate check -q --brief --only version,tables "$IT_TMP/facts" "$DST"
unlike "not a word of what is ok" "$(cat "$OUT")" '^ok'
says "a server that is not there" 3 0 check -q --brief "$SRC" "mysql://root@127.0.0.1:1/$DB"
like "is said" "$(cat "$ERR")" '^myrecon: error: '
finish
