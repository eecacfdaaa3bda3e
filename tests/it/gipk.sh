#!/bin/bash
# gipk.sh: keys that MySQL makes up (sql_generate_invisible_primary_key) are no data and nobody's
# name: on both sides with other numbers, on one side only, shown and hidden.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin a
if [ -z "$MR_O_URI" ]; then
    skip "keys that MySQL makes up" "no MySQL server"
    finish
fi
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"
CASE=$IT_TMP/case
GIVE='SET SESSION sql_generate_invisible_primary_key = 1; '
HIDE='SET SESSION show_gipk_in_create_table_and_information_schema = 0'
TABLES='CREATE TABLE log (who INT, what VARCHAR(20)); CREATE TABLE person (mail VARCHAR(40) NOT NULL, name VARCHAR(20), born DATE);'
LOG="INSERT INTO log VALUES (1, 'in'), (2, 'in'), (2, 'in'), (3, 'out')"
OTHER="INSERT INTO log VALUES (3, 'out'), (2, 'in'), (1, 'in'), (2, 'in')" # in another order: other numbers
PERSON="INSERT INTO person VALUES ('a@x', 'Ann', NULL), ('b@x', 'Bob', NULL)"

make() { # make SIDE NAME SQL…: a database with these tables
    fresh "$1" "$2"
    client "$1" -D "$2" <<<"${*:3}" || bail "SQL failed: ${*:3}"
}
sorted() { client "$1" -D "$2" <<<"SELECT who, what FROM log ORDER BY 1, 2; SELECT * FROM person ORDER BY 1"; }
numbers() { client "$1" -D "$2" <<<"SELECT my_row_id FROM log ORDER BY 1" 2>&1 | xargs; }

make o "$DB" "$GIVE$TABLES$LOG; $PERSON"
make o "${DB}_twin" "$GIVE$TABLES$OTHER; $PERSON"
make o "${DB}_bare" "$TABLES$OTHER; $PERSON"
make a "$DB" "$TABLES$OTHER; $PERSON"
SRC=$(uri o "$DB") TWIN=$(uri o "${DB}_twin")
is "the servers made keys" "$(numbers o "$DB")/$(numbers o "${DB}_twin")" "1 2 3 4/1 2 3 4"

# --- check ---------------------------------------------------------------------------------------

OBJECTS=(--objects table,column,index,auto_increment)
for target in "o ${DB}_twin" "o ${DB}_bare" "a $DB"; do
    read -r side db <<<"$target"
    DST=$(uri "$side" "$db")
    for digest in client server; do
        check_is 0 "other numbers, or none, are no difference: $target, $digest" --digest $digest "${OBJECTS[@]}"
        table_is "rows are counted, and have no key" log '.key == [] and .source_rows == 4 and .schema == "equal"'
    done
    SRC=$DST DST=$(uri o "$DB") check_is 0 "and the other way round" "${OBJECTS[@]}"
done

# What people have built on is theirs: an index and a foreign key over the column.
make o "${DB}_known" "${GIVE}CREATE TABLE t (v INT); CREATE TABLE c (r BIGINT UNSIGNED, FOREIGN KEY (r) REFERENCES t (my_row_id));
    CREATE TABLE i (v INT); CREATE INDEX k ON i (v, my_row_id); INSERT INTO t VALUES (1); INSERT INTO i VALUES (1)"
make o "${DB}_known2" "${GIVE}CREATE TABLE t (v INT); CREATE TABLE c (r BIGINT UNSIGNED, FOREIGN KEY (r) REFERENCES t (my_row_id));
    CREATE TABLE i (v INT); CREATE INDEX k ON i (v, my_row_id); INSERT INTO t (my_row_id, v) VALUES (7, 1); INSERT INTO i (my_row_id, v) VALUES (7, 1)"
SRC=$(uri o "${DB}_known") DST=$(uri o "${DB}_known2") check_is 1 "a key that something refers to is compared"
is "by it, then" "$(jq -r 'select(.type == "row" and .kind == "missing") | "\(.table) \(.key.my_row_id)"' "$OUT" | xargs)" "${DB}_known.i 1 ${DB}_known.t 1"

# --- repair: by the tool, and by stock clients to which the key is shown or hidden --------------------

SRC=$(uri o "$DB")
for target in "o ${DB}_twin" "a $DB"; do
    read -r side db <<<"$target"
    DST=$(uri "$side" "$db")
    client "$side" -D "$db" <<<"DELETE FROM log WHERE who = 3; INSERT INTO log VALUES (9, 'new'); UPDATE person SET name = 'Q' WHERE mail = 'a@x'"
    before=$(sorted "$side" "$db")
    for policy in backfill mirror; do
        rm -rf "$CASE" dir
        check_is 1 "$side: rows differ" --case "$CASE"
        is "$side: as rows without a key do" "$(jq -r 'select(.type == "row") | "\(.table | sub(".*\\."; "")) \(.kind) \(.key)"' "$OUT" | sort | xargs)" \
            "log extra null log missing null person extra null person missing null"
        rep plan --policy $policy --case "$CASE" --output dir
        is "$side: $policy is planned" "$RC" 0
        rep_is 0 "$side: $policy is applied" apply --yes --case "$CASE" dir "$DST"
        rep_is 0 "$side: it is proved" verify dir "$DST"
        [ $policy != mirror ] || is "$side: TARGET's rows are SOURCE's" "$(sorted "$side" "$db")" "$(sorted o "$DB")"
        rep_is 0 "$side: it is undone" undo --yes --case "$CASE" dir "$DST"
        is "$side: what there was is back" "$(sorted "$side" "$db")" "$before"
    done
    for shown in 1 0; do
        init="SET SESSION sql_mode = ''"
        [ "$shown$side" != 0o ] || init=$HIDE
        client "$side" -D "$db" --init-command="$init" <dir/apply.sql >"$OUT" 2>"$ERR"
        is "$side: apply.sql, shown: $shown" "$? $(cat "$ERR")" "0 "
        is "$side: its rows" "$(sorted "$side" "$db")" "$(sorted o "$DB")"
        client "$side" -D "$db" --init-command="$init" <dir/verify.sql >"$OUT" 2>"$ERR"
        is "$side: verify.sql, shown: $shown" "$? $(cat "$ERR")" "0 "
        client "$side" -D "$db" --init-command="$init" <dir/undo.sql >"$OUT" 2>"$ERR"
        is "$side: undo.sql, shown: $shown" "$? $(cat "$ERR") $(sorted "$side" "$db")" "0  $before"
    done
done
SRC=$(uri o "$DB") DST=$TWIN
rm -rf "$CASE" dir
check_is 1 "rows differ" --case "$CASE"
rep plan --policy merge --case "$CASE" --output dir
is "merge asks, and names nobody by such a key" "$RC $(grep -c . dir/conflicts.csv) $(grep -c my_row_id dir/conflicts.csv)" "1 3 0"

# --- snapshots -------------------------------------------------------------------------------------

COPY=${DB}_copy
take "$SRC" snap
is "a snapshot" "$RC" 0
for target in "o ${DB}_twin" "o ${DB}_bare" "a $DB"; do
    read -r side db <<<"$target"
    DST=$(uri "$side" "$db")
    client "$side" -D "$db" <<<"DELETE FROM log; DELETE FROM person; $OTHER; $PERSON"
    SRC=snapshot:$IT_TMP/snap check_is 0 "a snapshot and $target" "${OBJECTS[@]}"
    SRC=$DST DST=snapshot:$IT_TMP/snap check_is 0 "and the other way round" "${OBJECTS[@]}"
done
SRC=$(uri o "$DB")
for side in o a; do
    IT_DROP+=("$side $COPY")
    client $side <<<"DROP DATABASE IF EXISTS $COPY"
    snap restore snap "$(uri $side "$COPY")"
    is "$side: restored, nothing is lost" "$RC" 0
    is "$side: with the key and its numbers, out of sight" "$(numbers $side "$COPY") $(client $side -D "$COPY" <<<"SELECT * FROM log ORDER BY 1, 2" | head -n 1)" "1 2 3 4 1	in"
    DST=$(uri $side "$COPY") check_is 0 "$side: and equal" "${OBJECTS[@]}"
    client $side <<<"DROP DATABASE $COPY"
    snap restore --schema-only snap "$(uri $side "$COPY")"
    is "$side: the schema alone" "$RC" 0
    snap restore --data-only snap "$(uri $side "$COPY")"
    is "$side: then the rows" "$RC $(numbers $side "$COPY")" "0 1 2 3 4"
done
take "$(uri a "$COPY")" back
client o <<<"DROP DATABASE $COPY"
snap restore back "$(uri o "$COPY")"
is "back on MySQL" "$RC $(numbers o "$COPY")" "0 1 2 3 4"
client o -D "$COPY" <<<"$HIDE; SHOW CREATE TABLE log" >"$OUT"
unlike "the key is what it was: one that can be hidden" "$(cat "$OUT")" my_row_id
take "$(uri a "$DB")" bare
client o -D "$COPY" <<<"DELETE FROM log; DELETE FROM person"
snap restore --data-only bare "$(uri o "$COPY")"
is "rows of a table without a key go where one was made up" "$RC $(numbers o "$COPY" | wc -w)" "0 4"
finish
