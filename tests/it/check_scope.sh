#!/bin/bash
# check_scope.sh: what is compared: databases by position, patterns, windows, ignored
# columns, odd names.

. "$(dirname "$0")/lib.sh"
begin
tables() { jq -r 'select(.type == "table") | .table' "$OUT" | sort | xargs; }
keys_of() { # keys_of TABLE: "KIND ID" of its rows
    jq -r --arg t "$(full "$1")" 'select(.type == "row" and .table == $t) | "\(.kind) \(.key.id)"' "$OUT" | sort | xargs
}

# Databases pair by position; lines carry the source's names.
fresh a "${DB}_one"
fresh a "${DB}_two"
fresh b "${DB}_restored"
fresh b "${DB}_other"
for pair in "a ${DB}_one 1" "b ${DB}_restored 1" "a ${DB}_two 2" "b ${DB}_other 2"; do
    read -r side db n <<<"$pair"
    client "$side" -D "$db" <<<"CREATE TABLE parent (id INT PRIMARY KEY, v INT); INSERT INTO parent VALUES (1, $n), (2, $n);
        CREATE TABLE child (id INT PRIMARY KEY, pid INT, CONSTRAINT fk FOREIGN KEY (pid) REFERENCES parent (id));
        CREATE TABLE other_one (id INT PRIMARY KEY);
        CREATE VIEW vw AS SELECT id FROM parent; CREATE PROCEDURE p () SELECT COUNT(*) FROM parent;
        CREATE TRIGGER tr BEFORE INSERT ON child FOR EACH ROW SET NEW.pid = NEW.pid"
done
SRC=$(uri a "${DB}_one,${DB}_two") DST=$(uri b "${DB}_restored,${DB}_other")
check_is 0 "two databases by position"
is "the source's names" "$(tables)" "$(printf "${DB}_%s " one.child one.other_one one.parent two.child two.other_one two.parent | xargs)"
client b -D "${DB}_restored" <<<"UPDATE parent SET v = 9 WHERE id = 2"
check_is 1 "a difference in one of them"
rows_are "by the source's name" "${DB}_one.parent" 'changed {"id":"2"} ["v"]'
check_is 0 "--where takes the source's name" --where "${DB}_one.parent=id < 2"
table_is "--where: rows read are those of the window" "${DB}_one.parent" '.source_rows == 1 and .target_rows == 1'
DST=$(uri b "${DB}_other,${DB}_restored")
check_is 1 "by position, not by name or luck"
is "by position: both differ" "$(jq -r 'select(.type == "row") | .table' "$OUT" | sort | uniq -c | xargs)" \
    "2 ${DB}_one.parent 2 ${DB}_two.parent"

# Patterns.
DST=$(uri b "${DB}_restored,${DB}_other")
scope() { # scope DESCRIPTION "TABLES" ARGS…
    local desc=$1 want=$2
    shift 2
    run_check "$SRC" "$DST" --settle 0 "$@"
    is "$desc" "$(tables)" "$(printf "${DB}_%s " $want | xargs)"
}
scope "a bare name means any database" "one.parent two.parent" --tables parent
scope "db.table" "one.child" --tables "${DB}_one.child"
scope "db.*" "two.child two.other_one two.parent" --tables "${DB}_two.*"
scope "* crosses the dot" "one.parent" --tables "*one.p*"
scope "? is one character" "one.child two.child" --tables 'chil?'
scope "? is not two" "one.child two.child" --tables 'chil?' --tables 'par?'
scope "repeated" "one.child one.parent two.child two.parent" --tables parent --tables child
scope "excluded" "one.child two.child" --exclude parent --exclude '*.other_one'
scope "both" "two.parent" --tables parent --exclude "${DB}_one.*"
is "repeated: of one that is nobody's" "$(sed -n 's/.*warning: //p' "$ERR")" ""
run_check "$SRC" "$DST" --settle 0 --tables child --tables parnt --exclude othr_one --exclude "${DB}_restored.*"
is "names that nothing has are told" "$(sed -n 's/.*warning: //p' "$ERR")" "--tables \"parnt\" matches no table: is \"${DB}_one.parent\" meant?
--exclude \"othr_one\" matches no table: is \"${DB}_one.other_one\" meant?
--exclude \"${DB}_restored.*\" matches no table"
printf '[options]\nexclude = parnt\n[table *.parent]\nignore-columns = vv\n' >"$IT_TMP/slips"
run_check "$SRC" "$DST" --settle 0 --config "$IT_TMP/slips"
like "and those of the configuration" "$(cat "$ERR")" 'exclude "parnt" matches no table'
like "and columns" "$(cat "$ERR")" 'slips:4: ignore-columns of \[table \*\.parent\] names "vv", which no table has'
check_is 0 "what is excluded does not count" --exclude "${DB}_one.parent"

# Windows and ignored columns.
SRC=$(uri a "$DB") DST=$(uri b "$DB")
at ab "CREATE TABLE log (id INT PRIMARY KEY, created_at DATETIME, updated_at TIMESTAMP NULL, v INT, KEY (created_at));
    INSERT INTO log VALUES (1, '2024-01-01', '2024-01-01', 1), (2, '2024-05-31 23:59:59', '2024-06-02', 1),
        (3, '2024-06-01', '2024-06-01', 1), (4, '2024-07-01', '2024-07-01', 1), (5, NULL, NULL, 1)"
at b "UPDATE log SET v = 2 WHERE id IN (1, 2, 3); DELETE FROM log WHERE id = 4"
check_is 1 "no window: exits 1"
is "no window: all" "$(keys_of log)" "changed 1 changed 2 changed 3 missing 4"
check_is 1 "--where: exits 1" --where "$DB.log=id > 1 OR id = -1"
is "--where: one condition, also with OR" "$(keys_of log)" "changed 2 changed 3 missing 4"
check_is 0 "--where: an empty window" --where "$DB.log=id > 100"
table_is "--where: an empty window has no rows" log '.source_rows == 0 and .target_rows == 0'
printf '[table %s.log]\nwhere = id <> 3\nignore-columns = updated_at\ntime-column = created_at\n' "$DB" >"$IT_TMP/ini"
check_is 1 "where of the configuration: exits 1" --config "$IT_TMP/ini"
is "where of the configuration" "$(keys_of log)" "changed 1 changed 2 missing 4"
printf '[table %s.log]\ntime-column = created_at\n' "$DB" >"$IT_TMP/ini"
check_is 1 "--since by time-column: exits 1" --config "$IT_TMP/ini" --since 2024-06-01
is "--since by time-column: from that moment on" "$(keys_of log)" "changed 3 missing 4"
at ab "CREATE TABLE days (id INT PRIMARY KEY, created_on DATE NOT NULL, v INT, KEY (created_on));
    INSERT INTO days VALUES (1, '2024-05-31', 1), (2, '2024-06-01', 1), (3, '2024-06-02', 1)"
at b "UPDATE days SET v = 2"
check_is 1 "--since within a day, by a DATE: exits 1" --tables "$DB.days" --since '2024-06-01 12:11:00'
is "--since within a day, by a DATE: the rows of that day may be younger" "$(keys_of days)" "changed 2 changed 3"
at ab "DROP TABLE days"
printf '[table %s.log]\nignore-columns = v, updated_at\n' "$DB" >"$IT_TMP/ini"
at b "UPDATE log SET updated_at = NOW()"
check_is 1 "ignore-columns: exits 1" --config "$IT_TMP/ini"
is "ignore-columns: what is left" "$(keys_of log)" "missing 4"
at a "DELETE FROM log WHERE id = 4"
check_is 0 "ignore-columns: nothing is left" --config "$IT_TMP/ini"

# Names that need quoting wherever they go: SQL, URI, JSON.
odd="$DB-ü.x"
fresh ab "$odd"
SRC=$(uri a "${DB}-%C3%BC.x") DST=$(uri b "${DB}-%C3%BC%2Ex")
odd_sql=$(cat <<'END'
CREATE TABLE `o``dd ta"ble` (`i d` INT PRIMARY KEY, `a``b` INT, `c"d` INT, `e\f` INT, `select` INT, `日本` INT);
INSERT INTO `o``dd ta"ble` VALUES (1, 1, 1, 1, 1, 1), (2, 2, 2, 2, 2, 2);
CREATE TABLE `se%l_ect*?` (`k'k` VARCHAR(20) PRIMARY KEY, `#` INT);
INSERT INTO `se%l_ect*?` VALUES ("it's", 1), ("--", 1);
CREATE TABLE `table` (id INT PRIMARY KEY); INSERT INTO `table` VALUES (1);
CREATE TABLE `日本語` (`ключ` INT PRIMARY KEY, `größe` INT); INSERT INTO `日本語` VALUES (1, 1);
END
)
for side in a b; do client $side -D "$odd" <<<"$odd_sql" || bail "odd names"; done
check_is 0 "odd names: equal"
is "odd names: as in the catalogue" "$(jq -r 'select(.type == "table") | .table' "$OUT" | sort)" \
    "$(printf '%s\n' "$odd.o\`dd ta\"ble" "$odd.se%l_ect*?" "$odd.table" "$odd.日本語" | sort)"
client b -D "$odd" <<'END'
UPDATE `o``dd ta"ble` SET `a``b` = 9, `c"d` = 9, `e\f` = 9, `select` = 9, `日本` = 9 WHERE `i d` = 2;
UPDATE `se%l_ect*?` SET `#` = 2 WHERE `k'k` = "it's"; DELETE FROM `table`; UPDATE `日本語` SET `größe` = NULL;
END
for way in client server; do
    check_is 1 "odd names, $way digest: exits 1" --digest $way
    rows_are "odd names, $way digest: backtick and quotes" "$odd.o\`dd ta\"ble" \
        'changed {"i d":"2"} ["a`b","c\"d","e\\f","select","日本"]'
    rows_are "odd names, $way digest: pattern characters" "$odd.se%l_ect*?" "changed {\"k'k\":\"it's\"} [\"#\"]"
    rows_are "odd names, $way digest: a reserved word" "$odd.table" 'missing {"id":"1"} []'
    rows_are "odd names, $way digest: other scripts" "$odd.日本語" 'changed {"ключ":"1"} ["größe"]'
done
printf '[table %s.o`dd ta"ble]\nignore-columns = `a``b`, `c"d`\n' "$odd" >"$IT_TMP/ini"
check_is 1 "odd names in the configuration: exits 1" --config "$IT_TMP/ini" --tables 'o`dd ta"ble'
rows_are "odd names in the configuration" "$odd.o\`dd ta\"ble" 'changed {"i d":"2"} ["e\\f","select","日本"]'

# Two tables that are both written "…dots.a.b" cannot be told apart in lines, patterns and a
# case, not even where only one of them is compared.
fresh ab "${DB}_dots"
fresh a "${DB}_dots.a"
at ab "CREATE TABLE ${DB}_dots.\`a.b\` (id INT AUTO_INCREMENT PRIMARY KEY)"
at a "CREATE TABLE \`${DB}_dots.a\`.b (id INT AUTO_INCREMENT PRIMARY KEY, n INT)"
named() { # named DESCRIPTION: exit 3, and both are named
    is "$1: exits 3" "$RC" 3
    like "$1: both are named" "$(cat "$ERR")" \
        "table \"a.b\" of database \"${DB}_dots\" and table \"b\" of database \"${DB}_dots.a\" cannot be told apart"
}
fresh b "${DB}_dots.a"
SRC=$(uri a "${DB}_dots,${DB}_dots.a") DST=$(uri b "${DB}_dots,${DB}_dots.a")
run_check "$SRC" "$DST"
named "one is on the source only"
at b "CREATE TABLE \`${DB}_dots.a\`.b (id INT AUTO_INCREMENT PRIMARY KEY, n INT)"
run_check "$SRC" "$DST"
named "two of one name"
RC=0
"$MYRECON" repair plan --reseed-only --case "$IT_TMP/dots" --source "$SRC" --target "$DST" --output "$IT_TMP/plan" \
    >"$OUT" 2>"$ERR" || RC=$?
named "counters of two of one name"
SRC=$(uri a "${DB}_dots.a") DST=$(uri b "${DB}_dots.a")
check_is 0 "each by itself: b"
SRC=$(uri a "${DB}_dots") DST=$(uri b "${DB}_dots")
check_is 0 "each by itself: a.b"
finish
