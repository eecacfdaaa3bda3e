#!/bin/bash
# snapshot_nightly.sh: the script of the examples that makes a snapshot every night: silent where all
# is well, it goes on with what was begun, expires what is old, and nothing where the new one fails.

. "$(dirname "$0")/lib.sh"
begin a
at a "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, seq FROM seq_1_to_1000"
SHELF=$IT_TMP/shelf
mkdir "$SHELF" "$IT_TMP/bin"
ln -s "$MYRECON" "$IT_TMP/bin/myrecon"
TODAY=$(date -u +%Y-%m-%d)
dirs() { find "$SHELF" -mindepth 1 -maxdepth 1 -type d -printf "%f\n" | sort; } # records lie beside them

nightly() { # ARGS…
    CMD=(env PATH="$IT_TMP/bin:$PATH" "$IT_DIR/../../docs/examples/nightly-snapshot.sh" "$@")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
aged() { # DAYS: a copy of today's, so much older
    local to=$SHELF/club.$1 day
    day=$(date -u -d "-$1 days" +%Y-%m-%dT02:00:00Z)
    cp -r "$SHELF/club.$TODAY" "$to"
    sed -i "s/\"created\":\"[^\"]*\"/\"created\":\"$day\"/" "$to/manifest.json"
    (cd "$to" && sha256sum manifest.json >manifest.json.sha256)
}

nightly "$(uri a "$DB")" "$SHELF" club
is "it makes one and says nothing" "$RC $(cat "$OUT" "$ERR")" "0 "
is "which is whole" "$("$MYRECON" snapshot verify "$SHELF/club.$TODAY")" "whole: 1 table, 1,000 rows read"
nightly "$(uri a "$DB")" "$SHELF" club
is "a second one of the day is refused, and nothing expires" "$RC $(dirs)" "5 club.$TODAY"

for days in 1 2 3 4 5 6 7 500; do aged $days; done
mv "$SHELF/club.$TODAY" "$IT_TMP/today"
nightly mysql://127.0.0.1:1/x "$SHELF" club
is "where none can be made, none expires" "$RC $(dirs | wc -l)" "3 8"
nightly "$(uri a "$DB")" "$SHELF" club
is "what no rule keeps is gone" "$RC $(dirs | wc -l)" "0 $(("$("$MYRECON" snapshot list --json "$SHELF" |
    jq -s 'map(select(.state == "whole")) | length')"))"
is "the last seven days are there" "$(for d in "$TODAY" 1 2 3 4 5 6 500; do [ -d "$SHELF/club.$d" ] || echo $d; done)" ""

printf x >>"$SHELF/club.3/RESTORE.txt"
rm -r "$SHELF/club.$TODAY"
nightly "$(uri a "$DB")" "$SHELF" club
is "one that is damaged is left, and the unit fails" "$RC $(ls -d "$SHELF/club.3")" "4 $SHELF/club.3"
finish
