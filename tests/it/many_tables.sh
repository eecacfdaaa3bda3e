#!/bin/bash
# many_tables.sh: a catalogue of more tables than are read at once has each of them once, whatever
# order and spelling the names have, with all that belongs to it; and no table is opened anew for
# each thing that is asked of it.

. "$(dirname "$0")/lib.sh"
begin
TABLES=1130
OTHER=${DB}_2

# Names that the server's collation has for one, or that stand at either end of its order.
make_tables() { # make_tables SIDE
    fresh "$1" "$DB" && fresh "$1" "$OTHER" || bail "no databases"
    {
        for ((i = 1; i <= TABLES; i++)); do
            echo "CREATE TABLE t$i (id INT PRIMARY KEY, v INT, KEY k (v));"
        done
        # shellcheck disable=SC2016
        echo 'CREATE TABLE T500 (id INT PRIMARY KEY, w INT, CONSTRAINT low CHECK (w > 0)); CREATE TABLE `t500 ` LIKE t1; CREATE TABLE `o``dd''t` LIKE t1;
            CREATE TABLE `ünï` LIKE t1; CREATE TABLE `unì` LIKE t1; CREATE TABLE `_` LIKE t1; CREATE TABLE `日本` LIKE t1;
            CREATE TABLE zchild (id INT PRIMARY KEY, p INT, CONSTRAINT fk_1 FOREIGN KEY (p) REFERENCES t1 (id) ON DELETE CASCADE);
            CREATE TABLE achild (id INT PRIMARY KEY, p INT, CONSTRAINT fk_2 FOREIGN KEY (p) REFERENCES t1130 (id));
            CREATE TRIGGER tr BEFORE INSERT ON t1129 FOR EACH ROW SET NEW.v = 1; CREATE VIEW v AS SELECT id FROM t77;'
    } | sed "s/\`t500 \`/\`t 500\`/" | client "$1" -D "$DB" || bail "no tables"
    client "$1" -D "$OTHER" <<<"CREATE TABLE t1 (id INT PRIMARY KEY, v INT); INSERT INTO t1 VALUES (1, 1)" || bail "no other tables"
}
make_tables a
make_tables b
# what was made, and the one of the other database
client a <<<"SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables
    WHERE table_schema IN ('$DB', '$OTHER') AND table_type = 'BASE TABLE'" | sort >"$IT_TMP/made"
tables() { jq -r 'select(.type == "table") | .table' "$OUT" | sort; }
both() { SRC=$(uri a "$DB,$OTHER") DST=$(uri b "$DB,$OTHER"); }
both

check_is 0 "as many tables on both sides: equal"
is "each of them once" "$(tables)" "$(cat "$IT_TMP/made")"

at b "ALTER TABLE t1 DROP KEY k; ALTER TABLE t1130 MODIFY v BIGINT; ALTER TABLE T500 DROP CONSTRAINT low;
    ALTER TABLE zchild DROP FOREIGN KEY fk_1; DROP TRIGGER tr; CREATE TABLE zz (id INT PRIMARY KEY); DROP TABLE \`_\`"
check_is 1 "what differs is found wherever it stands"
is "all of it, and no more" "$(jq -r 'select(.type == "object") | "\(.object) \(.table // .name) \(.name)"' "$OUT" | sort)" \
    "$(printf '%s\n' "table $DB.T500 low" "column $DB.t1130 v" "foreign key $DB.zchild fk_1" "index $DB.t1 k" \
        "table $DB._ _" "table $DB.zz zz" "trigger $DB.t1129 tr" | sort)"

# A server keeps so many tables open; each of four views opened all of them anew.
opened() { client a <<<"SHOW GLOBAL STATUS LIKE 'Opened_tables'" | cut -f2; }
opens_less() { # opens_less N COMMAND…: in one of three runs, others open tables, too
    local before try
    for try in 1 2 3; do
        before=$(opened)
        "${@:2}" >"$OUT" 2>"$ERR" </dev/null
        [ $(($(opened) - before)) -ge "$1" ] || return 0
    done
    return 1
}
CACHE=$(client a <<<"SELECT @@GLOBAL.table_open_cache")
settings change
client a <<<"SET GLOBAL table_open_cache = 1100"
ok "a catalogue opens no table for each of its views" opens_less $((2 * TABLES)) "$MYRECON" doctor "$(uri a "$DB")" "$(uri b "$DB")"

# Of thousands the doctor opens some, and those that InnoDB has no file of, wherever they stand.
found_table() { jq -r 'select(.name == "table") | "\(.state): \(.message) \(.hint)"' "$OUT"; }
for ((i = 1; i <= 900; i++)); do echo "CREATE TABLE m$i (id INT PRIMARY KEY);"; done | client a -D "$DB"
client a -D "$DB" <<<"CREATE TABLE \`z-last\` (id INT PRIMARY KEY); ALTER TABLE \`z-last\` DISCARD TABLESPACE;
    CREATE TABLE zparts (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2; CREATE TABLE zz_aria (id INT) ENGINE = Aria;
    CREATE USER small@127.0.0.1; GRANT SELECT ON \`$DB\`.* TO small@127.0.0.1; FLUSH TABLES"
ALL=$(client a <<<"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$DB' AND TABLE_TYPE = 'BASE TABLE'")
ok "the doctor opens few of more than 2,000 tables" opens_less 600 "$MYRECON" doctor --json "$(uri a "$DB")"
like "one without a file is named" "$(found_table)" 'problem: table "'"$DB"'.z-last" cannot be opened: .*1814'
# 500, those whose names are not told, Aria's, and the one without a file
like "the others are told" "$(found_table)" "note: $((ALL - 505)) of $ALL tables were not opened InnoDB has the files of all of them. --all-tables opens them, too."
"$MYRECON" doctor --json --all-tables "$(uri a "$DB")" >"$OUT" 2>"$ERR"
is "--all-tables: all but it" "$(found_table | grep -c .) $(found_table | grep -c 'z-last" cannot be opened')" "1 1"
"$MYRECON" doctor --json "$(uri a "$DB" | sed 's/root@/small@/')" >"$OUT" 2>"$ERR"
like "without PROCESS 2,000 are opened" "$(found_table)" "note: $((ALL - 2000)) of $ALL tables were not opened --all-tables opens"
client a <<<"DROP USER small@127.0.0.1"
client a <<<"SET GLOBAL table_open_cache = $CACHE"
finish
