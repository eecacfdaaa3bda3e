#!/bin/bash
# repair_packets.sh: rows near max_allowed_packet of the target (1 MiB), from a server that takes
# longer ones.  What can be sent, in pieces, is written, proved and undone to the byte; what
# cannot is a conflict, which names the limit; a limit that was lowered since the plan refuses
# it.  $1: mysql

. "$(dirname "$0")/lib.sh"
[ "${1:-}" != mysql ] || IT_NAME+=_mysql
KIND=${1:-mariadb}
if ! use_pair "$KIND"; then
    echo "1..0 # SKIP no pair of $KIND servers"
    exit 0
fi
S=a
[ "$KIND" = mariadb ] || [ -z "$MR_O_URI" ] || S=o
T=p
begin $S$T
cd "$IT_TMP" || exit 1
SRC=$(uri $S "$DB") DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
BEFORE_PACKET=$(client $T <<<"SELECT @@GLOBAL.max_allowed_packet")
packet() { client $T <<<"SET GLOBAL max_allowed_packet = $1"; }
at_exit "packet $BEFORE_PACKET"

# Texts of two and four bytes a character, so that a piece ends within one; all bytes; JSON.
texts() { # texts SIDE: every row, by its bytes
    client "$1" -D "$DB" <<<"SELECT id, note, LENGTH(b), SHA2(b, 256), LENGTH(t), SHA2(t, 256), LENGTH(u), SHA2(u, 256), SHA2(l, 256),
        JSON_LENGTH(j), SHA2(CAST(j AS CHAR), 256), SHA2(ST_AsWKB(g), 256) FROM docs ORDER BY id;
        SELECT id, doc, SHA2(what, 256) FROM parts ORDER BY id"
}
ids() { client $T -D "$DB" <<<"SELECT GROUP_CONCAT(id ORDER BY id) FROM docs"; }
ALL="REPEAT(UNHEX(CONCAT('00', '27', '5C', '0A', '0D', '1A', 'FF', 'FE', 'C3', '28')),"
TABLES="CREATE TABLE docs (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, note VARCHAR(20) NOT NULL, b LONGBLOB NULL,
        t LONGTEXT CHARACTER SET utf8mb4 NULL, u LONGTEXT CHARACTER SET utf16 NULL, l MEDIUMTEXT CHARACTER SET latin1 NULL, j JSON NULL, g GEOMETRY NULL);
    CREATE TABLE parts (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, doc INT NOT NULL, what TEXT NOT NULL, FOREIGN KEY (doc) REFERENCES docs (id))"
# lost rows: 400 KB, 600 KB, three values that are 1.7 MB together, a limit to the byte, one more
LOST="INSERT INTO docs (id, note, b) VALUES (101, 'small', $ALL 40000)), (102, 'half', $ALL 60000)), (105, 'limit', REPEAT('x', 1048576)),
        (106, 'above', REPEAT('x', 1048577)), (107, 'far above', $ALL 120000));
    INSERT INTO docs (id, note, b, t, u, l) VALUES (103, 'three', $ALL 50000), REPEAT('aé😀', 80000), REPEAT('ß😀', 70000), REPEAT(_latin1 X'e9', 300000));
    INSERT INTO docs (id, note, j, g) VALUES (104, 'json', CONCAT('[\"', REPEAT('é', 250000), '\"]'), ST_GeomFromText(CONCAT('LINESTRING(0 0', REPEAT(', 1 1', 40000), ')')));
    INSERT INTO parts VALUES (101, 101, REPEAT('a', 60000)), (102, 103, 'of three'), (103, 106, 'of what is too long'), (104, 105, 'of the limit')"
both_sides() {
    packet 67108864
    fresh $S$T "$DB"
    at $S$T "$TABLES; INSERT INTO docs (id, note, b) VALUES (1, 'past', 'x'), (2, 'past', $ALL 30000)), (3, 'past', NULL); INSERT INTO parts VALUES (1, 1, 'p')"
    at $S "$LOST"
}
printf '[table %s.docs]\nidentity = none\n[table %s.parts]\nidentity = none\n' "$DB" "$DB" >ini
plan() { # plan POLICY ARGS…
    rm -rf plan "$CASE"
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --config ini --case "$CASE" --output plan --policy "$@"
}
why() { python3 -c '
import csv, sys
csv.field_size_limit(1 << 30)
for row in csv.DictReader(open("plan/conflicts.csv", newline="")):
    print(row["table"].split(".")[1], row["source_key"] or row["target_key"], row["kind"], row["choices"] if row["kind"] == "does-not-fit" else "")'; }
longest() { # longest FILE: of its statements, in bytes
    LC_ALL=C awk '{ n += length($0) + 1 } /;$/ { if (n > most) most = n; n = 0 } /^-- / { n = 0 } END { print most }' "$1"
}
goes() { # goes DESCRIPTION: ./plan is applied, verified and undone
    is "$1: no statement is longer than the target takes" "$([ "$(longest plan/apply.sql)" -lt 1048576 ] && [ "$(longest plan/undo.sql)" -lt 1048576 ] &&
        [ "$(longest plan/verify.sql)" -lt 1048576 ] && echo yes)" yes
    rep apply --yes --json plan "$DST"
    is "$1: applied, nothing is left out" "$(refused)$(sum '"\(.units_partial) \(.units_failed)"')" "0 0"
    is "$1: every value is as it was" "$(texts $T)" "$WANTED"
    rep_is 0 "$1: verify" verify plan "$DST"
    rep_is 0 "$1: undone" undo --yes plan "$DST"
    is "$1: to the byte" "$(texts $T)" "$BEFORE"
    client $T <plan/apply.sql >"$OUT" 2>"$ERR"
    is "$1: the stock client writes the same" "$(texts $T)" "$WANTED"
    client $T <plan/verify.sql >"$OUT" 2>"$ERR"
    is "$1: and proves it" "$?" 0
    client $T <plan/undo.sql >"$OUT" 2>"$ERR"
    is "$1: and takes it back" "$(texts $T)" "$BEFORE"
}

both_sides
packet 1048576
BEFORE=$(texts $T) WANTED=$(texts $S | grep -vP '^(106|107)\t(?!of)|^103\t106\t')
plan merge
is "merge: what cannot be sent is a conflict, and its child waits" "$RC $(why)" "1 docs 106 does-not-fit skip;without-value;b=VALUE
docs 107 does-not-fit skip;without-value;b=VALUE
parts 103 parent-absent "
rep show plan
like "show names column, bytes and limit" "$(cat "$OUT")" "b: 1048577 bytes, max_allowed_packet of the target is 1048576"
goes merge

# ---- mirror: rows of the target that are too long change, and go -----------------------------
packet 67108864
at $T "INSERT INTO docs (id, note, b) VALUES (201, 'goes', $ALL 70000)), (202, 'cannot', REPEAT('y', 1048577)), (203, 'goes', NULL);
    UPDATE docs SET b = REPEAT('z', 900000), t = REPEAT('é', 400000) WHERE id = 1; UPDATE docs SET b = REPEAT('y', 1048600) WHERE id = 2"
packet 1048576
BEFORE=$(texts $T)
WANTED=$( (texts $S | grep -vP '^(2|106|107)\t(?!of)|^103\t106\t'; texts $T | grep -P '^(2|202)\t') | sort -n | sed 's/^/row /')
plan mirror
is "mirror: a row of the target that cannot be sent stays" "$RC $(why)" "1 docs 2 does-not-fit skip
docs 106 does-not-fit skip;without-value;b=VALUE
docs 107 does-not-fit skip;without-value;b=VALUE
docs 202 does-not-fit skip
parts 103 parent-absent "
rep apply --yes --json plan "$DST"
is "mirror: applied, nothing is left out" "$(refused)$(sum '"\(.units_partial) \(.units_failed)"')" "0 0"
is "mirror: every value is as it was" "$(texts $T | sort -n | sed 's/^/row /')" "$WANTED"
rep_is 0 "mirror: undone" undo --yes plan "$DST"
is "mirror: to the byte" "$(texts $T)" "$BEFORE"

# ---- the limit is lowered after the plan -----------------------------------------------------
packet 524288
for how in "apply --yes" "undo --yes"; do
    # shellcheck disable=SC2086
    rep $how plan "$DST"
    is "a lower limit refuses ${how%% *}" "$RC $(texts $T | cksum)" "5 $(cksum <<<"$BEFORE")"
    like "${how%% *}: it is named" "$(cat "$ERR")" "max_allowed_packet of server .* is 524288, and the plan needs"
done
client $T <plan/apply.sql >"$OUT" 2>"$ERR"
is "and the stock client stops before it writes" "$? $(texts $T | cksum)" "1 $(cksum <<<"$BEFORE")"
like "with the reason" "$(cat "$ERR")" "myrecon: max_allowed_packet is below"
finish
