#!/bin/bash
# log_statements.sh: -vv and the log file: each statement with its time, rows and connection,
# whatever the terminal shows; long values shortened, no password in it.

. "$(dirname "$0")/lib.sh"
begin
at ab "CREATE TABLE t (id INT PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'x'), (2, REPEAT('y', 500))"
log=$IT_TMP/run.log
statements() { grep -c ' debug: .* #[0-9]\+ [0-9]\+\.[0-9]\{3\} s, [0-9]\+ rows\?\(, [a-z ]*\)\?: [A-Z]' "$1"; }

check_is 0 "quiet, with a log file" -q --log-file "$log"
is "nothing on stderr" "$(cat "$ERR")" ""
is "without -vv the log has no statements" "$(grep -c ' debug: ' "$log")" 0
like "how it began" "$(sed -n 1p "$log")" "^[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z [0-9]+ info: myrecon [0-9.]+ begins: check .*-q --log-file"
like "how it ended" "$(tail -n 1 "$log")" ' info: myrecon ends with exit code 0$'
is "nobody else may read it" "$(stat -c %a "$log")" 600

check_is 0 "every statement" -vv --log-file "$log"
[ "$(statements "$log")" -gt 10 ] && [ "$(statements "$log")" -eq "$(statements <(sed 's/^/ /' "$ERR"))" ]
result $? "in the log as on stderr" "$(grep -v ' debug: ' "$log")"
like "rows of a stream" "$(cat "$log")" ' s, 2 rows: SELECT `id`, `v` FROM'
is "two runs in one log" "$(grep -c 'begins:' "$log")" 2

at b "UPDATE t SET v = REPEAT('z', 500) WHERE id = 2"
MYRECON_PASSWORD=hush "$MYRECON" check -vv --log-format json --log-file "$log.json" --settle 0 \
    "mysql://nobody:sesame@${SRC#*@}" "$DST" >/dev/null 2>"$ERR"
is "a log in JSON" "$(jq -r 'select(.level == "error") | .message' "$log.json" | grep -c 'Access denied')" 1
is "its last line" "$(jq -r '.message' "$log.json" | tail -n 1)" 'myrecon ends with exit code 3'
unlike "no password" "$(cat "$log" "$log.json" "$ERR")" 'hush|sesame'
check_is 1 "a run in JSON" -vv --log-format json --log-file "$log.json"
like "each line has its time" "$(jq -r .time "$log.json" | sort | tail -n 1)" '^[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z$'
unlike "long values are shortened" "$(cat "$log.json")" 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz'
echo 'SQLite format 3' >"$IT_TMP/other"
check_is 3 "a file that is no log" --log-file "$IT_TMP/other"
is "it is as it was" "$(cat "$IT_TMP/other")" 'SQLite format 3'
finish
