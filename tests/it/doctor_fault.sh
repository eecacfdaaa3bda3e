#!/bin/bash
# doctor_fault.sh: memory runs out, the network is cut, a disk is full, all over a run: the
# doctor finds what is wrong or says what it could not see, never "well", and never leaves half
# a bundle.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
[ -e "$LIBRARY" ] && [ -x "$PROXY" ] || bail "no library at $LIBRARY"
begin a
at a "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) UNIQUE);
    INSERT INTO members (mobile) SELECT seq FROM seq_1_to_50;
    CREATE TABLE gone (id INT PRIMARY KEY); CREATE VIEW orphan AS SELECT * FROM gone; DROP TABLE gone"
URI=$(uri a "$DB")
BUNDLE=$IT_TMP/b.tar.zst
SEEDS=$((SEEDS < 100 ? SEEDS : 100))

doctor() { # URI [ENV…]: of the database with the broken view
    rm -f "$BUNDLE"
    timeout -k 5 60 env "${@:2}" "$MYRECON" doctor --json --bundle "$BUNDLE" "$1" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

has() { # FILTER: a line of the result
    [ -n "$(jq -c "select($1)" "$OUT" 2>/dev/null)" ]
}

# What is wrong is found, or it is said that not all was seen; a bundle is whole or not there.
complaint() {
    case $RC in
    1)
        has '.name == "view" and .state == "problem"' || has '.name == "connection_lost"' ||
            echo "the view is not found"
        [ -s "$BUNDLE" ] || echo "no bundle"
        ;;
    4) has '.state == "unknown"' || echo "nothing is unknown" ;;
    3)
        [ "$(grep -c '^myrecon: error: ' "$ERR")" = 1 ] ||
            has '.type == "summary" and .servers == 0' || echo "no reason"
        ;;
    124 | 137) echo "it hangs" ;;
    *) echo "exit code $RC" ;;
    esac
    [ ! -e "$BUNDLE" ] || zstd -dcq "$BUNDLE" 2>/dev/null | tar -t >/dev/null 2>&1 ||
        echo "half a bundle"
}

doctor "$URI"
is "undisturbed: exit 1, the view is found" "$RC $(complaint)" "1 "

memory doctor "$URI" 1 $((SEEDS * 2))
network doctor a "$SEEDS"

# --- output
"$MYRECON" doctor "$URI" >/dev/full 2>"$ERR"
is "standard output is full: exit 3" "$? $(grep -c 'No space left' "$ERR")" "3 1"
doctor "$URI"
before=$(stat -c %i "$BUNDLE")
(ulimit -f 1 && trap '' XFSZ && "$MYRECON" doctor --json --force --bundle "$BUNDLE" "$URI" >/dev/null 2>"$ERR")
is "no room for the bundle: exit 3, the old one is still there" "$? $(stat -c %i "$BUNDLE")" "3 $before"
ok "nothing is left beside it" [ "$(ls "$IT_TMP" | grep -c zst)" = 1 ]
finish
