#!/bin/bash
# snapshot_restore_indexes.sh: MySQL gets the secondary indexes of big tables behind their rows, and the
# tables end as they were, to the byte of SHOW CREATE TABLE; whenever a run is killed, the next one goes
# on with what is missing.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
if [ -z "$MR_O_URI" ]; then
    skip "indexes behind the rows" "no MySQL 9"
    finish
fi
begin o
COPY=${DB}_copy
SNAP=$IT_TMP/snap
TARGET=$(uri o "$COPY")
TABLES="wide counted parts child"

# More than 16 MiB of text each, but for the child.
at o "CREATE TABLE wide (id INT NOT NULL AUTO_INCREMENT, a VARCHAR(40) NOT NULL, b VARCHAR(1200) COLLATE utf8mb4_bin, c DATETIME(3) NOT NULL, j JSON,
        g INT AS (LENGTH(b)) VIRTUAL, s INT AS (LENGTH(a)) STORED, p POINT NOT NULL SRID 0, w TEXT,
        PRIMARY KEY (id), KEY kc (c), UNIQUE KEY un (a, id), UNIQUE KEY u (b(60), a DESC, id) USING BTREE COMMENT 'it''s, (a) \`key\`', KEY kid (id, a),
        KEY kg (g), KEY ki (b(10) DESC, c) INVISIBLE, KEY ks (s) KEY_BLOCK_SIZE=4, KEY ke ((LOWER(a))), KEY kj ((CAST(j->'\$.t' AS UNSIGNED ARRAY))),
        FULLTEXT KEY kf (w), SPATIAL KEY kp (p), KEY behind (a(3)), CHECK (s > 0)) COMMENT 'KEY \`x\` (\`a\`)';
    INSERT INTO wide (id, a, b, c, j, p) VALUES (1, UUID(), REPEAT('x', 1150), NOW(3), '{\"t\": [1, 2]}', POINT(1, 2));
    CREATE TABLE counted (n INT NOT NULL, id INT NOT NULL AUTO_INCREMENT, v VARCHAR(1300), PRIMARY KEY (n), KEY first (v(20)), UNIQUE KEY counter (id, n), KEY kv (v(5), id));
    CREATE TABLE parts (id INT NOT NULL, v VARCHAR(1300), PRIMARY KEY (id), KEY kv (v(9)), UNIQUE KEY u (id, v(3))) PARTITION BY RANGE (id)
        (PARTITION low VALUES LESS THAN (9000), PARTITION high VALUES LESS THAN MAXVALUE);
    CREATE TABLE child (id INT NOT NULL PRIMARY KEY, wide INT, KEY kw (wide), CONSTRAINT c_w FOREIGN KEY (wide) REFERENCES wide (id));
    INSERT INTO child VALUES (1, 1), (2, NULL)"
for _ in {1..14}; do
    at o "INSERT INTO wide (a, b, c, j, p) SELECT UUID(), CONCAT(UUID(), LEFT(b, 1100)), c + INTERVAL id SECOND, JSON_OBJECT('t', JSON_ARRAY(id % 7, id % 11)), POINT(id, id) FROM wide"
done
at o "INSERT INTO counted SELECT id, id + 5, CONCAT(a, b) FROM wide; INSERT INTO parts SELECT id, CONCAT(a, b) FROM wide; ALTER TABLE wide AUTO_INCREMENT = 5000000"
take --threads 2 --chunk-size 4 "$(uri o "$DB")" "$SNAP"
is "a snapshot" "$RC" 0

definitions() { # DATABASE
    local t
    for t in $TABLES; do
        client o -D "$1" <<<"SHOW CREATE TABLE $t"
    done
}
# What the server prints of them in place of another's letters is its own (it names a charset twice).
snap restore --no-progress --schema-only "$SNAP" "$TARGET"
is "the definitions alone" "$RC" 0
WANTED=$(definitions "$COPY")

fresh() { client o <<<"DROP DATABASE IF EXISTS $COPY"; }

whole() { # WHAT: the same command ends it, and all is as it was
    snap restore --no-progress --threads 2 "$SNAP" "$TARGET"
    [ "$RC" = 0 ] || WRONG+="$1: exit code $RC: $(cat "$ERR")
"
    [ "$(definitions "$COPY" 2>&1)" = "$WANTED" ] || WRONG+="$1: $(diff <(echo "$WANTED") <(definitions "$COPY" 2>&1))
"
}

# --- undisturbed ---------------------------------------------------------------------------

fresh
snap restore --no-progress --threads 2 -vv "$SNAP" "$TARGET"
is "restored, and equal" "$RC" 0
is "every definition is as it was" "$(definitions "$COPY")" "$WANTED"
off() { grep -oE "DROP KEY .*" "$ERR" | tr -d '`' | grep "$1"; }
like "of the big table all but what it needs were off while it was loaded" "$(off behind)" "^DROP KEY behind"
like "of the one whose counter has a key of its own, those behind it" "$(off 'kv$\|kv ')" "DROP KEY kv"
unlike "and not the counter's" "$(off .)" counter
like "they came back by one statement" "$(grep -c 'ADD KEY' "$ERR")" "^[1-9]"

# --- killed --------------------------------------------------------------------------------

killed_when() { # CONDITION: as soon as it holds
    local pid i
    "$MYRECON" snapshot restore -q --threads 2 "$SNAP" "$TARGET" >/dev/null 2>&1 </dev/null &
    pid=$!
    for ((i = 0; i < 2000; i++)); do
        [ "$(client o 2>/dev/null <<<"SELECT ($1) > 0")" = 1 ] && break
        kill -0 $pid 2>/dev/null || break
        sleep 0.005
    done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
}

indexed="(SELECT COUNT(DISTINCT TABLE_NAME, INDEX_NAME) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '$COPY' AND"
at_work="SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE"
WRONG=
for step in "$indexed TABLE_NAME = 'wide')" "$at_work '%DROP KEY%COPY%' OR $indexed TABLE_NAME = 'wide' AND INDEX_NAME <> 'behind')" \
    "SELECT COUNT(*) FROM $COPY.myrecon_restore WHERE file LIKE 'data/%'" "SELECT COUNT(*) > 6 FROM $COPY.myrecon_restore WHERE file LIKE 'data/%'" \
    "$at_work '%ALTER TABLE \`$COPY\`.\`wide\`%ADD %'" "$at_work '%ALTER TABLE \`$COPY\`.\`parts\`%ADD %'" \
    "$indexed TABLE_NAME = 'parts' AND INDEX_NAME = 'kv') AND (SELECT COUNT(*) > 3 FROM $COPY.myrecon_restore WHERE file LIKE 'data/%parts%')"; do
    fresh
    killed_when "$step"
    whole "killed when $step"
done
is "killed at every step: the same command ends it" "$WRONG" ""

# Of a restore that was quicker than its end there is nothing to go on with: it is whole already.
is_done() {
    [ "$(client o <<<"SELECT SUM(TABLE_NAME = 'child') > SUM(TABLE_NAME = 'myrecon_restore') FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$COPY'")" = 1 ] &&
        [ "$(definitions "$COPY" 2>&1)" = "$WANTED" ]
}
WRONG=
fresh
BEGUN=$EPOCHREALTIME
snap restore --no-progress --threads 2 "$SNAP" "$TARGET"
LASTS=$(awk -v a="$BEGUN" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
for ((seed = 0; seed < (SEEDS + 4) / 5; seed++)); do
    fresh
    for _ in 1 2; do
        killed_after "$(awk -v r=$RANDOM -v s="$LASTS" 'BEGIN { print r / 32768 * s / 2 }')" "$MYRECON" snapshot restore -q --threads 2 "$SNAP" "$TARGET"
        is_done && continue 2
    done
    whole "killed twice, seed $seed"
done
is "killed twice, at any moment" "$WRONG" ""

# --- what the server does not allow --------------------------------------------------------

fresh
client o <<<"CREATE DATABASE $COPY; SET foreign_key_checks = 0; CREATE TABLE ${DB}.waits (a VARCHAR(40), i INT, CONSTRAINT waits FOREIGN KEY (a, i) REFERENCES $COPY.wide (a, id)) COLLATE utf8mb4_general_ci"
WRONG=
whole "a child waits for an index"
is "an index that a table of another database waits for stays" "$WRONG" ""
at o "DROP TABLE waits"
fresh
finish
