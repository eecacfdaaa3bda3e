#!/bin/bash
# check_suspects.sh: references that nothing declares are advised with the lines that
# declare them, and only where name, type, index and every sampled value agree.

. "$(dirname "$0")/lib.sh"
begin
advice() { # "TABLE.COLUMN -> DB.TABLE.COLUMN" of each advice on a reference, sorted
    jq -r 'select(.type == "advice" and .column != null) |
        "\(.table).\(.column) -> " + (.config | split(" -> ")[1])' "$OUT" | sort
}
advised() { # advised DESCRIPTION LINES: exactly these, without the database's name
    [ -n "$(lines '.type == "summary"')" ] || {
        result 1 "$1" "no summary"
        return
    }
    is "$1" "$(advice | sed "s/\\b$DB\\.//g")" "$(sort <<<"$2" | sed '/^$/d')"
}
afresh() { # afresh SIDES SQL: the same tables on all sides, and nothing else
    fresh "$1" "$DB"
    at "$1" "$2"
}

MEMBERS="CREATE TABLE members (id INT UNSIGNED NOT NULL PRIMARY KEY, mobile VARCHAR(20));
INSERT INTO members VALUES (1, 'a'), (2, 'b'), (3, 'c'), (50, 'd'), (99, 'e');"
LOG="CREATE TABLE wallet_log (id INT PRIMARY KEY, member_id INT UNSIGNED, v INT, KEY by_member (member_id));
INSERT INTO wallet_log VALUES (1, 1, 0), (2, NULL, 0), (3, 99, 0), (4, 3, 0), (5, 3, 0);"

one_reference() { # one_reference WHERE SIDES
    afresh "$2" "$MEMBERS $LOG"
    check_is 0 "$1: advice on equal data exits 0"
    advised "$1: the reference that is missing" "wallet_log.member_id -> members.id"
    is "$1: what it says" "$(jq -c 'select(.type == "advice") | [.table, .column, .config]' "$OUT")" \
        "[\"$DB.wallet_log\",\"member_id\",\"[table $DB.wallet_log]\\nreference = member_id -> $DB.members.id\"]"
    is "$1: before the summary" "$(jq -r .type "$OUT" | tail -n 2 | xargs)" "advice summary"
    jq -r 'select(.type == "advice") | .config' "$OUT" >"$IT_TMP/pasted"
    check_is 0 "$1: pasted: exits 0" --config "$IT_TMP/pasted"
    none "$1: pasted: no advice any more" '.type == "advice"'
    printf '[table wallet_log]\nreference = none: MEMBER_ID\n' >"$IT_TMP/ini"
    check_is 0 "$1: dismissed: exits 0" --config "$IT_TMP/ini"
    none "$1: dismissed: no advice" '.type == "advice"'

    # One side is enough for values, none has to be there twice; no value at all is none.
    at "${2:1:1}" "DELETE FROM wallet_log"
    check_is 1 "$1: no row on one side: exits 1"
    advised "$1: no row on one side" "wallet_log.member_id -> members.id"
    at "$2" "UPDATE wallet_log SET member_id = NULL"
    check_is 1 "$1: nothing but NULL: exits 1"
    advised "$1: nothing but NULL" ""
    at "$2" "DELETE FROM wallet_log"
    check_is 0 "$1: no row: exits 0"
    advised "$1: no row" ""
}
one_reference MariaDB ab

# A value that no parent has, on either side, at either end, or in the middle.
orphan() { # orphan DESCRIPTION SIDE VALUE
    afresh ab "$MEMBERS $LOG"
    at "$2" "UPDATE wallet_log SET member_id = $3 WHERE id = 5"
    check_is 1 "$1: exits 1"
    advised "$1" ""
}
orphan "an orphan on the source" a 100
orphan "an orphan on the target" b 100
orphan "an orphan at the low end" a 0
afresh ab "$MEMBERS $LOG
INSERT INTO members SELECT seq, seq FROM seq_100_to_20000;
INSERT INTO wallet_log SELECT seq, seq, 0 FROM seq_100_to_20000;"
check_is 0 "a big table: exits 0"
advised "a big table" "wallet_log.member_id -> members.id"
at ab "DELETE FROM members WHERE id BETWEEN 6000 AND 16000"
check_is 0 "orphans in the middle: exits 0"
advised "orphans in the middle" ""

# Declared, or not fit to be one.
declared() { # declared DESCRIPTION CHILD-COLUMNS: no advice
    afresh ab "$MEMBERS CREATE TABLE child (id INT PRIMARY KEY, $2); INSERT INTO child (id, member_id) VALUES (1, 1), (2, 3)"
    check_is 0 "$1: exits 0"
    advised "$1" ""
}
declared "a foreign key" "member_id INT UNSIGNED, FOREIGN KEY (member_id) REFERENCES members (id)"
declared "no index" "member_id INT UNSIGNED"
declared "an index that begins with another column" "member_id INT UNSIGNED, v INT, KEY (v, member_id)"
declared "signed" "member_id INT, KEY (member_id)"
declared "wider" "member_id BIGINT UNSIGNED, KEY (member_id)"
declared "text" "member_id VARCHAR(20), KEY (member_id)"

afresh ab "$MEMBERS CREATE TABLE child (id INT PRIMARY KEY, x INT UNSIGNED, member_id INT UNSIGNED AS (x) STORED, KEY (member_id));
INSERT INTO child (id, x) VALUES (1, 1), (2, 3)"
check_is 0 "generated: exits 0"
advised "generated" ""

# A foreign key of one side, an index of one side.
afresh ab "$MEMBERS $LOG"
at b "ALTER TABLE wallet_log ADD FOREIGN KEY (member_id) REFERENCES members (id)"
check_is 1 "a foreign key of one side: exits 1"
advised "a foreign key of one side" ""
afresh ab "$MEMBERS $LOG"
at b "ALTER TABLE wallet_log DROP KEY by_member"
check_is 1 "an index of one side: exits 1"
advised "an index of one side" ""

# Counters and own keys refer to nothing.
afresh ab "CREATE TABLE member (member_id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO member VALUES (1, 1), (2, 2);
CREATE TABLE members (member_id INT PRIMARY KEY); INSERT INTO members VALUES (1), (2);
CREATE TABLE orders (order_id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO orders VALUES (1, 1);
CREATE TABLE order_archive (order_id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO order_archive VALUES (1, 1);"
check_is 0 "counters: exits 0"
advised "counters, and a table with the same key" "members.member_id -> member.member_id"

# Types, keys, spellings.
afresh ab "CREATE TABLE categories (code CHAR(4) PRIMARY KEY); INSERT INTO categories VALUES ('a'), ('b');
CREATE TABLE addresses (no BIGINT, id BINARY(4) NOT NULL, UNIQUE (id)); INSERT INTO addresses VALUES (1, 0x00000001);
CREATE TABLE big (id BIGINT UNSIGNED PRIMARY KEY); INSERT INTO big VALUES (0), (18446744073709551615);
CREATE TABLE small (id TINYINT PRIMARY KEY); INSERT INTO small VALUES (-128), (0), (127);
CREATE TABLE nullable (id INT, UNIQUE (id)); INSERT INTO nullable VALUES (1);
CREATE TABLE child (id INT PRIMARY KEY, categoryId VARCHAR(9), address_id BINARY(4), bigid BIGINT UNSIGNED, SMALL_ID TINYINT,
    nullable_id INT, KEY (categoryId), KEY (address_id), KEY (bigid), KEY (SMALL_ID), KEY (nullable_id));
INSERT INTO child VALUES (1, 'A', 0x00000001, 18446744073709551615, -128, 1), (2, 'b', NULL, 0, 127, 1), (3, NULL, NULL, 0, 0, 1);"
check_is 0 "types: exits 0"
advised "types" 'child.SMALL_ID -> small.id
child.address_id -> addresses.id
child.bigid -> big.id
child.categoryId -> categories.code'
at ab "UPDATE child SET bigid = 7 WHERE id = 2"
check_is 0 "unsigned beyond 2^63: exits 0"
unlike "unsigned beyond 2^63: an orphan between" "$(advice)" bigid

# A part of a table's name, and the configuration's word for who people are.
afresh ab "CREATE TABLE wp_posts (id INT PRIMARY KEY); INSERT INTO wp_posts VALUES (1), (2);
CREATE TABLE blog_posts (id INT PRIMARY KEY); INSERT INTO blog_posts VALUES (1), (2);
CREATE TABLE short_posts (id INT PRIMARY KEY); INSERT INTO short_posts VALUES (1);
CREATE TABLE comments (id INT PRIMARY KEY, post_id INT, KEY (post_id)); INSERT INTO comments VALUES (1, 1), (2, 2);"
check_is 0 "parts of names: exits 0"
is "parts of names: one suspicion names all that hold" "$(jq -c 'select(.type == "advice") | [.column, .config]' "$OUT" | sed "s/$DB\.//g")" \
    '["post_id","[table comments]\n; one of these is meant: take its ; away\n; reference = post_id -> blog_posts.id\n; reference = post_id -> wp_posts.id"]'
like "parts of names: and says so" "$(jq -r 'select(.type == "advice") | .text' "$OUT" | sed "s/$DB\.//g")" \
    'a reference to blog_posts\.id or to wp_posts\.id that is not declared.*which of them is meant the values do not tell'
printf '[table *.blog_posts]\nsubject = yes\n' >"$IT_TMP/ini"
check_is 0 "a subject: exits 0" --config "$IT_TMP/ini"
advised "a subject comes first" 'comments.post_id -> blog_posts.id'
at ab "CREATE TABLE posts (id INT PRIMARY KEY); INSERT INTO posts VALUES (1), (2)"
check_is 0 "the whole name: exits 0" --config "$IT_TMP/ini"
advised "the whole name before all" 'comments.post_id -> posts.id'
check_is 0 "only tables that are compared: exits 0" --exclude '*posts'
advised "only tables that are compared" ''

# Other databases; the source's names.
fresh a "${DB}_one"
fresh b "${DB}_two"
client a -D "${DB}_one" <<<"$MEMBERS $LOG"
client b -D "${DB}_two" <<<"$MEMBERS $LOG"
afresh ab "CREATE TABLE visits (id INT PRIMARY KEY, member_id INT UNSIGNED, KEY (member_id)); INSERT INTO visits VALUES (1, 1)"
SRC=$(uri a "$DB,${DB}_one") DST=$(uri b "$DB,${DB}_two")
check_is 0 "two databases: exits 0"
is "two databases: the source's names" "$(advice)" "$DB.visits.member_id -> ${DB}_one.members.id
${DB}_one.wallet_log.member_id -> ${DB}_one.members.id"
at ab "CREATE TABLE members (id BIGINT PRIMARY KEY)"
check_is 0 "two databases, one namesake nearer: exits 0"
is "two databases: a namesake nearer that does not fit" "$(advice)" \
    "${DB}_one.wallet_log.member_id -> ${DB}_one.members.id"

# Names that need quoting: what is advised can be pasted.
odd="$DB-ü.x; #"
fresh ab "$odd"
odd_sql=$(cat <<'END'
CREATE TABLE `o``dd ta"ble` (`ke;y` INT PRIMARY KEY); INSERT INTO `o``dd ta"ble` VALUES (1), (2);
CREATE TABLE `x*?] ;y` (id INT PRIMARY KEY, `o``dd ta"ble_id` INT, KEY (`o``dd ta"ble_id`)); INSERT INTO `x*?] ;y` VALUES (1, 2);
CREATE TABLE `none` (`key` INT PRIMARY KEY); INSERT INTO `none` VALUES (1);
CREATE TABLE `größe` (id INT PRIMARY KEY); INSERT INTO `größe` VALUES (1);
CREATE TABLE `row` (id INT PRIMARY KEY, `none_id` INT, `größe_id` INT, KEY (none_id), KEY (`größe_id`)); INSERT INTO `row` VALUES (1, 1, 1);
END
)
for side in a b; do client $side -D "$odd" <<<"$odd_sql" || bail "odd names"; done
SRC=$(uri a "$DB-%C3%BC.x%3B%20%23") DST=$(uri b "$DB-%C3%BC.x%3B%20%23")
check_is 0 "odd names: exits 0"
is "odd names: all are found" "$(jq -r 'select(.type == "advice") | .column' "$OUT" | sort | xargs -d '\n')" \
    'größe_id none_id o`dd ta"ble_id'
jq -r 'select(.type == "advice") | .config' "$OUT" >"$IT_TMP/pasted"
check_is 0 "odd names, pasted: exits 0" --config "$IT_TMP/pasted"
none "odd names, pasted: no advice any more" '.type == "advice"'
SRC=$(uri a "$DB") DST=$(uri b "$DB")

# The text shows the lines, ten at most.
afresh ab "$MEMBERS $LOG"
text() { timeout -k 5 120 "$MYRECON" check --no-progress "$SRC" "$DST" --settle 0 "$@" 2>"$ERR" </dev/null; }
TEXT=$(text)
is "text: exits 0" $? 0
is "text: the lines to paste" "$(grep -A 1 -F "[table $DB" <<<"$TEXT" | sed 's/^ *//')" "[table $DB.wallet_log]
reference = member_id -> $DB.members.id"
is "text: the verdict stands behind them" "$(grep -oE '^equal: 2 tables|reference = ' <<<"$TEXT" | tail -n 1)" \
    "equal: 2 tables"
for i in {1..11}; do
    at ab "CREATE TABLE more_$i (id INT PRIMARY KEY, member_id INT UNSIGNED, KEY (member_id)); INSERT INTO more_$i VALUES (1, 1)"
done
TEXT=$(text)
is "text: ten are shown" "$(grep -c '^ *reference = ' <<<"$TEXT")" 10
like "text: the rest is counted" "$TEXT" 'and 2 more'

# A run that goes on gives its advice once.
if command -v sqlite3 >/dev/null; then
    run_check "$SRC" "$DST" --settle 0 --case "$IT_TMP/case"
    sqlite3 "$IT_TMP/case" "UPDATE run SET finished = 0"
    check_is 0 "--resume: exits 0" --case "$IT_TMP/case" --resume
    is "--resume: every advice once" "$(advice | sort -u | wc -l) $(advice | wc -l)" "12 12"
    is "--resume: in the case" "$(sqlite3 "$IT_TMP/case" "SELECT COUNT(*), COUNT(DISTINCT tbl || col), MIN(col) FROM advice")" \
        "12|12|member_id"
    check_is 0 "another run into the case: exits 0" --case "$IT_TMP/case" --exclude 'more_*'
    advised "another run has its own" "wallet_log.member_id -> members.id"
else
    skip "--resume: every advice once" "sqlite3 is not installed"
fi

# What an account with few rights cannot see is not taken for missing.
few_rights() { # few_rights WHERE SIDES
    local side
    for side in ${2:0:1} ${2:1:1}; do
        client "$side" <<<"DROP USER IF EXISTS 'it_suspects'@'127.0.0.1'; CREATE USER 'it_suspects'@'127.0.0.1';
            GRANT SELECT ON $DB.* TO 'it_suspects'@'127.0.0.1'" || bail "no account"
        at_exit "client $side <<<\"DROP USER IF EXISTS 'it_suspects'@'127.0.0.1'\""
    done
    afresh "$2" "$MEMBERS $LOG ALTER TABLE wallet_log ADD FOREIGN KEY (member_id) REFERENCES members (id)"
    SRC=$(uri "${2:0:1}" "$DB" it_suspects) DST=$(uri "${2:1:1}" "$DB" it_suspects)
    check_is 4 "$1, only SELECT: exits 4"
    advised "$1, only SELECT: the foreign key is seen" ""
    afresh "$2" "$MEMBERS $LOG"
    check_is 4 "$1, only SELECT, no foreign key: exits 4"
    advised "$1, only SELECT, no foreign key" "wallet_log.member_id -> members.id"
}
few_rights MariaDB ab
client b <<<"REVOKE SELECT ON $DB.* FROM 'it_suspects'@'127.0.0.1'; GRANT SELECT ON $DB.wallet_log TO 'it_suspects'@'127.0.0.1'"
check_is 4 "a parent that may not be read: exits 4"
advised "a parent that may not be read" ""

# Oracle MySQL.
if [ -n "$MR_O_URI" ]; then
    few_rights "MySQL and MariaDB" ob
    SRC=$(uri o "$DB") DST=$(uri b "$DB")
    one_reference "MySQL and MariaDB" ob
    fresh o "${DB}_copy"
    client o -D "${DB}_copy" <<<"$MEMBERS $LOG"
    SRC=$(uri o "$DB") DST=$(uri o "${DB}_copy")
    afresh o "$MEMBERS $LOG"
    check_is 0 "MySQL: exits 0"
    advised "MySQL" "wallet_log.member_id -> members.id"
    at o "INSERT INTO wallet_log VALUES (9, 98, 0)"
    check_is 1 "MySQL, an orphan: exits 1"
    advised "MySQL, an orphan" ""
else
    skip "Oracle MySQL" "there is none"
fi
finish
