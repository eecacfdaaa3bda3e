#!/bin/bash
# snapshot_resume.sh: `snapshot create` that is killed, or whose disk is full, leaves nothing
# that looks whole, and the same command goes on: of one moment all the same.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin ab
SNAP=$IT_TMP/snap
at a "CREATE TABLE n (id INT PRIMARY KEY, pad VARCHAR(200)); INSERT INTO n SELECT seq, REPEAT(CHAR(65 + seq % 26), 200) FROM seq_1_to_60000;
    CREATE TABLE c (k VARCHAR(40), i INT, v VARCHAR(200), PRIMARY KEY (k, i)); INSERT INTO c SELECT MD5(seq % 97), seq, REPEAT('x', 150) FROM seq_1_to_30000;
    CREATE TABLE k (id INT, pad VARCHAR(200)); INSERT INTO k SELECT seq % 100, REPEAT('k', 150) FROM seq_1_to_20000"
SRC=$(uri a "$DB")

whole() { # the rows of $SNAP: TABLE COUNT SUM, from its text
    local t
    for t in n c k; do
        zstd -qdc "$SNAP/data/$DB.$t".*.zst | LC_ALL=C sort | sha256sum | sed "s/-/$t/"
    done
}
take --chunk-size 1 "$SRC" "$SNAP"
WHOLE=$(whole)
is "an undisturbed run" "$RC" 0

# --- killed -------------------------------------------------------------------------------

WRONG= WENT_ON=0
for delay in 0.05 0.1 0.15 0.2 0.3 0.4 0.6 0.8; do
    rm -rf "$SNAP" "$SNAP.partial"
    killed_after "$delay" "$MYRECON" snapshot create -q --chunk-size 1 --rate 10 "$SRC" "$SNAP"
    [ ! -e "$SNAP" ] || WRONG+="killed after $delay s: it looks whole
"
    take --chunk-size 1 "$SRC" "$SNAP"
    [ "$RC" = 0 ] || WRONG+="killed after $delay s: exit code $RC: $(cat "$ERR")
"
    snap verify "$SNAP"
    [ "$RC $(whole)" = "0 $WHOLE" ] || WRONG+="killed after $delay s: verify: exit code $RC, other rows: $(cat "$OUT" "$ERR")
"
    [ ! -e "$SNAP.partial" ] || WRONG+="killed after $delay s: something is left
"
done
is "killed while writing: the same command ends it" "$WRONG" ""

# --- rows that move between the runs ------------------------------------------------------

half() { # a run that is killed when some chunks are done
    local i killed
    rm -rf "$SNAP" "$SNAP.partial"
    "$MYRECON" snapshot create -q --chunk-size 1 --rate 8 --threads 1 "$SRC" "$SNAP" >/dev/null 2>&1 &
    killed=$!
    for ((i = 0; i < 200; i++)); do
        [ "$(grep -c '"type":"chunk"' "$SNAP.partial/journal.jsonl" 2>/dev/null)" -ge "$1" ] 2>/dev/null && break
        sleep 0.05
    done
    kill -9 $killed
    wait $killed 2>/dev/null
}
half 8
# by the journal: one that was being written has its name, too
kept=$(cd "$SNAP.partial" && jq -rR 'fromjson? | select(.type == "chunk").file' journal.jsonl | xargs sha256sum |
    sed 's,data/,,' | sort)
take --chunk-size 1 "$SRC" "$SNAP"
like "it says that it goes on" "$(cat "$ERR")" "going on"
is "what was finished is kept where nothing moved" \
    "$(cd "$SNAP/data" && sha256sum *.zst | sort | comm -12 - <(echo "$kept") | wc -l)" "$(grep -c . <<<"$kept")"
half 8
at a "UPDATE n SET pad = 'moved' WHERE id IN (1, 30000); DELETE FROM c WHERE i = 17; INSERT INTO c VALUES ('zz', 1, 'new')"
take --chunk-size 1 "$SRC" "$SNAP"
snap verify "$SNAP"
is "rows that moved are read again" \
    "$RC $(zstd -qdc "$SNAP"/data/*.n.*.zst | grep -c moved) $(zstd -qdc "$SNAP"/data/*.c.*.zst | grep -c '	17	')" "0 2 0"
fresh b "$DB"
client b <<<"DROP DATABASE $DB"
snap restore --no-progress "$SNAP" "$(side_uri b)"
DST=$(uri b "$DB")
check_is 0 "and the whole is of one moment"

half 4
take --chunk-size 1 --tables n "$SRC" "$SNAP"
is "other options: refused, and nothing lost" "$RC $(test -e "$SNAP.partial/journal.jsonl" && echo kept)" "5 kept"
at a "ALTER TABLE n ADD COLUMN more INT"
take --chunk-size 1 "$SRC" "$SNAP"
snap verify "$SNAP"
is "a table that was altered in between is read anew" "$RC $(jq -c '[.tables[] | select(.name == "n") | .columns | length]' "$SNAP/manifest.json")" "0 [3]"

# --- a full disk --------------------------------------------------------------------------

DISK=$IT_TMP/disk
mkdir "$DISK"
if mount -t tmpfs -o size=3m tmpfs "$DISK" 2>/dev/null; then
    at_exit "umount -l '$DISK' 2>/dev/null"
    at a "CREATE TABLE r (id INT PRIMARY KEY, b BLOB); INSERT INTO r SELECT seq, RANDOM_BYTES(1000) FROM seq_1_to_6000"
    take --chunk-size 1 --level 1 "$SRC" "$DISK/snap"
    is "a full disk: no snapshot, no doubt" "$RC $(ls "$DISK")" "3 snap.partial"
    like "the reason and what to do" "$(cat "$ERR")" "space|full"
    mount -o remount,size=60m "$DISK"
    take --chunk-size 1 --level 1 "$SRC" "$DISK/snap"
    made=$RC
    snap verify "$DISK/snap"
    is "with room, the same command ends it" "$made $RC $(ls "$DISK" | xargs)" "0 0 snap snap.verified.json"
    # what is not gone on with, because its keys are hidden, makes room for itself
    rm -rf "$DISK/snap"
    mount -o remount,size=12m "$DISK"
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -days 3 -keyout "$IT_TMP/x.key" -out "$IT_TMP/x.pem" 2>/dev/null
    fresh a "$DB"
    at a "CREATE TABLE h (k VARCHAR(40) PRIMARY KEY, b VARCHAR(2000)); INSERT INTO h SELECT CONCAT('k', seq), CONCAT(HEX(RANDOM_BYTES(160)), REPEAT('abcdefgh', 200)) FROM seq_1_to_33000;
        ANALYZE TABLE h"
    dd if=/dev/zero of="$DISK/fill" bs=1k count=7200 2>/dev/null
    take --chunk-size 1 --threads 1 --encrypt-to "$IT_TMP/x.pem" "$SRC" "$DISK/snap"
    full=$RC
    truncate -s 5600k "$DISK/fill"
    take --chunk-size 1 --threads 1 --encrypt-to "$IT_TMP/x.pem" "$SRC" "$DISK/snap"
    is "files that are written anew take no room from themselves" "$full $RC $(ls "$DISK" | xargs)" "3 0 fill snap snap.verified.json"
    umount "$DISK"
else
    skip "a full disk" "no right to mount a small one"
fi
# --- cut off again and again, while rows move ----------------------------------------------------

more() { # more N: the same command goes on, and is killed N chunks later
    local i killed from
    from=$(grep -c '"type":"chunk"' "$SNAP.partial/journal.jsonl")
    "$MYRECON" snapshot create -q --chunk-size 1 --rate 8 --threads 1 "$SRC" "$SNAP" >/dev/null 2>&1 &
    killed=$!
    for ((i = 0; i < 200; i++)); do
        [ "$(grep -c '"type":"chunk"' "$SNAP.partial/journal.jsonl")" -ge $((from + $1)) ] && break
        sleep 0.05
    done
    kill -9 $killed
    wait $killed 2>/dev/null
}
fresh a "$DB"
at a "CREATE TABLE n (id INT PRIMARY KEY, pad VARCHAR(200)); INSERT INTO n SELECT seq, REPEAT(CHAR(65 + seq % 26), 200) FROM seq_1_to_60000;
    CREATE TABLE c (k VARCHAR(40), i INT, v VARCHAR(200), PRIMARY KEY (k, i)); INSERT INTO c SELECT MD5(seq % 97), seq, REPEAT('x', 150) FROM seq_1_to_30000;
    CREATE TABLE k (id INT, pad VARCHAR(200)); INSERT INTO k SELECT seq % 100, REPEAT('k', 150) FROM seq_1_to_20000"
WRONG=
for try in 1 2; do
    half 10
    for id in 3 20000 7; do
        at a "UPDATE n SET pad = CONCAT('moved $try ', id) WHERE id = $id; DELETE FROM n WHERE id = $id + 5 + $try"
        more $((try + 1))
    done
    take --chunk-size 1 "$SRC" "$SNAP"
    [ "$RC" = 0 ] || WRONG+="exit code $RC: $(cat "$ERR")
"
    KEPT=$(whole)
    snap verify "$SNAP"
    [ "$RC" = 0 ] || WRONG+="verify: exit code $RC: $(cat "$OUT" "$ERR")
"
    rm -rf "$SNAP"
    take --chunk-size 1 "$SRC" "$SNAP"
    [ "$KEPT" = "$(whole)" ] || WRONG+="other rows
"
done
is "cut off again and again: every row once" "$WRONG" ""

# --- names that are too long for a file, and a table that came between the runs ---------------

LONG=$(printf '日%.0s' {1..40})
fresh a "$DB"
at a "CREATE TABLE \`${LONG}1\` (id INT PRIMARY KEY, pad VARCHAR(200)) CHARACTER SET utf8mb4; INSERT INTO \`${LONG}1\` VALUES (1, 'a'), (2, 'b');
    CREATE TABLE \`${LONG}2\` (id INT PRIMARY KEY, pad VARCHAR(200)) CHARACTER SET utf8mb4; INSERT INTO \`${LONG}2\` SELECT seq, REPEAT('y', 200) FROM seq_1_to_60000"
half 5
at a "CREATE TABLE aaa (id INT PRIMARY KEY); UPDATE \`${LONG}1\` SET pad = 'c' WHERE id = 2"
take --chunk-size 1 "$SRC" "$SNAP"
is "long names: it goes on" "$RC" 0
snap verify "$SNAP"
is "long names: and no table has written over another one's rows" "$RC $(cat "$ERR")" "0 "

finish
