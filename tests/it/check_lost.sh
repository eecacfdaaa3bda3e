#!/bin/bash
# check_lost.sh: bytes that are no character of their charset become "?" when a table is converted.
# Such a value is changed, never equal to the "?" that a lossy migration has left, nor to one that is
# lost on both sides; a "?" that was typed is equal.  And no repair writes one for the other.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin ab
SNAP=$IT_TMP/snap

# charset, bytes that are no character of it, and bytes that are
BYTES="sjis 8540 82A0
cp932 8540 FA54
cp1250 81 8A
greek AE C1
hebrew A1 E0
euckr A8E7C9A1 B0A1
gbk A140 B0A1"
WORDS="ucs2 003FD800 003F0041" # MariaDB keeps such a half of a pair

world() { # world SIDE CONVERTED: a table a charset; rows 1 and 5 have what is lost
    local charset bad good
    while read -r charset bad good; do
        at "$1" "SET sql_mode = ''; CREATE TABLE t_$charset (id INT PRIMARY KEY, v VARCHAR(40) CHARACTER SET $charset);
            INSERT INTO t_$charset VALUES (1, _$charset x'$bad'), (2, '?'), (3, _$charset x'$good'), (4, 'a?b'), (5, CONCAT(CONVERT('?' USING $charset), _$charset x'$bad')), (6, NULL), (7, '')"
        [ -z "$2" ] || at "$1" "SET sql_mode = ''; ALTER TABLE t_$charset CONVERT TO CHARACTER SET $2"
    done <<<"$BYTES"
}
differ() { # "TABLE IDS" of the rows that are changed
    jq -r 'select(.type == "row") | "\(.table | sub(".*[.]t_"; "")) \(.kind) \(.key // .source_key | if type == "object" then .[] else . end)"' "$OUT" | sort | awk '{ r[$1 " " $2] = r[$1 " " $2] " " $3 } END { for (k in r) print k r[k] }' | sort
}
wanted() { while read -r charset _; do echo "$charset changed 1 5"; done <<<"$BYTES" | sort; }

both() { # both SOURCE TARGET
    fresh "$1$2" "$DB"
    world "$1" ''
    world "$2" utf8mb4
    SRC=$(uri "$1" "$DB") DST=$(uri "$2" "$DB")
    check_is 1 "$1 $2: a lossy migration is found" --objects view
    is "$1 $2: the rows that have lost something, and no others" "$(differ)" "$(wanted)"
    SRC=$(uri "$2" "$DB") DST=$(uri "$1" "$DB")
    check_is 1 "$2 $1: the other way round, too" --objects view
    is "$2 $1: the same rows" "$(differ)" "$(wanted)"
    rm -rf "$SNAP"
    take "$(uri "$1" "$DB")" "$SNAP"
    SRC=snapshot:$SNAP DST=$(uri "$2" "$DB")
    check_is 1 "$1 $2: from a snapshot" --objects view --exclude '*.t_euckr' --exclude '*.t_gbk'
    is "$1 $2: the same rows, where the C library has the server's charset" "$(differ)" "$(wanted | grep -v 'euckr\|gbk')"
}
both a b
if [ -n "$MR_O_URI" ]; then
    both a o
    BYTES+=$'\n'$WORDS
    both o a
else
    skip "MySQL: a lossy migration" "no MySQL 9"
fi
finish
