#!/bin/bash
# check_stored.sh: tables whose engine makes writers wait for readers are fetched at once, but not
# more of them than memory is meant for.

. "$(dirname "$0")/lib.sh"
begin
# Keyless: one statement.  With a key: rows of which the first say nothing of the last.
at ab "CREATE TABLE keyless (n INT, t LONGBLOB) ENGINE=MyISAM;
INSERT INTO keyless SELECT seq, REPEAT(CHAR(65 + seq MOD 26), 4000000) FROM seq_1_to_50;
CREATE TABLE keyed (n INT PRIMARY KEY, t LONGBLOB) ENGINE=MyISAM;
INSERT INTO keyed SELECT seq, 'little' FROM seq_1_to_40000;
UPDATE keyed SET t = REPEAT('x', 4000000) WHERE n > 39960"
at b "UPDATE keyless SET t = CONCAT('y', SUBSTR(t, 2)) WHERE n = 49;
UPDATE keyed SET t = CONCAT('y', SUBSTR(t, 2)) WHERE n = 39999; DELETE FROM keyed WHERE n = 17"

for digest in client server; do
    CMD=("$MYRECON" check --json --no-progress --settle 0 --threads 1 --digest $digest "$SRC" "$DST")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
    PEAK=0
    while peak=$(awk '/^VmHWM/ { print $2 }' /proc/$PID/status 2>/dev/null) && [ -n "$peak" ]; do
        PEAK=$peak
        sleep 0.05
    done
    ended
    is "$digest digests: exits 1" "$RC" 1
    table_is "$digest digests: of the keyless table, one row" keyless '.missing == 1 and .extra == 1'
    table_is "$digest digests: of the other, two" keyed '.missing == 1 and .changed == 1'
    echo "# peak memory with $digest digests: $PEAK KiB"
    ok "$digest digests: peak memory" test "$PEAK" -le $(((64 + 64) * 1024))
done
finish
