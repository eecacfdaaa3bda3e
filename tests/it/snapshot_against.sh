#!/bin/bash
# snapshot_against.sh: `snapshot verify --against`: a snapshot that is proved, then compared
# with a server, with the exit code of that check; one that is damaged is not compared.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin ab
SNAP=$IT_TMP/snap
at ab "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO t SELECT seq, CONCAT('v', seq) FROM seq_1_to_5000"
openssl req -x509 -nodes -days 2 -subj /CN=e -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout "$IT_TMP/my key.pem" -out "$IT_TMP/e.pem" 2>/dev/null
DST=$(uri b "$DB")
take "$(uri a "$DB")" "$SNAP"
take --encrypt-to "$IT_TMP/e.pem" --sign-with "$IT_TMP/my key.pem" "$(uri a "$DB")" "$IT_TMP/sealed?100%"

against() { # against ARGS…: "exit code, verdicts"
    snap verify --no-progress --json "$@" --against "$DST"
    echo "$RC $(jq -r 'select(.type == "summary") | .verdict' "$OUT" | paste -sd' ')"
}
is "whole, and equal" "$(against "$SNAP")" "0 whole equal"
is "an encrypted one too, with its key" "$(against --decrypt-with "$IT_TMP/my key.pem" --signer "$IT_TMP/e.pem" "$IT_TMP/sealed?100%")" "0 whole equal"
is "but not without it" "$(against "$IT_TMP/sealed?100%")" "3 "
at b "UPDATE t SET v = 'other' WHERE id = 17; DELETE FROM t WHERE id = 4000"
is "whole, and the server differs" "$(against --quick --case "$IT_TMP/found.case" "$SNAP")" "1 whole diverged"
is "by these rows" "$(jq -r 'select(.type == "row") | "\(.kind) \(.key.id)"' "$OUT" | sort)" "changed 17
missing 4000"
"$MYRECON" report --case "$IT_TMP/found.case" --format json >"$IT_TMP/report" 2>/dev/null
is "which the case has kept" "$(grep -c '"type":"row"' "$IT_TMP/report")" 2
snap verify --no-progress --against "$DST" "$SNAP"
like "as text: first that it is whole" "$(cat "$OUT")" "whole: 1 table, "
like "then what differs" "$(cat "$OUT")" "diverged"
is "a server that cannot be reached" "$(DST=mysql://root@127.0.0.1:1/x against "$SNAP")" "3 whole"
snap verify --case "$IT_TMP/found.case" "$SNAP"
is "a case and nothing to compare with" "$RC" 3

# Servers print both types as enum('?a','?b'), and keys are kept by their numbers.
for side in a b; do
    [ $side = a ] && first=😀 second=😁 || first=😁 second=😀
    client $side --default-character-set=utf8mb4 -D "$DB" <<<"CREATE TABLE kinds (kind ENUM('${first}a', '${second}b') CHARACTER SET utf8mb4 PRIMARY KEY);
        CREATE TABLE marks (mark SET('${first}a', '${second}b') CHARACTER SET utf8mb4 PRIMARY KEY); INSERT INTO kinds VALUES (1), (2); INSERT INTO marks VALUES (3)"
done
take --tables kinds --tables marks "$(uri a "$DB")" "$IT_TMP/kinds"
is "members that print alike are kept as they are" "$RC" 0
is "and are not equal" "$(against "$IT_TMP/kinds")" "1 whole diverged"
DST=$(uri a "$DB")
is "they are to themselves" "$(against "$IT_TMP/kinds")" "0 whole equal"
DST=$(uri b "$DB")
take --tables kinds --tables marks "$DST" "$IT_TMP/other"
"$MYRECON" check --settle 0 --no-progress "snapshot:$IT_TMP/kinds" "snapshot:$IT_TMP/other" >"$OUT" 2>"$ERR"
is "nor are two snapshots" $? 1

printf x >>"$(ls "$SNAP"/data/*)"
is "what is damaged is not compared" "$(against "$SNAP")" "1 damaged"
like "and that is said" "$(cat "$ERR")" "not compared"
finish
