#!/bin/bash
# repair_newest.sh: newest:COLUMN compares as the column's type orders, in every policy that has
# it, and refuses what has no order that says anything.  Which row is the newer one is known,
# since it was made so.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

table() { # table NAME TYPE OLD NEW: rows 1 (newer on SOURCE), 2 (newer on TARGET), 3 (NULL there), 4 (both the same)
    at a$T "SET sql_mode = ''; CREATE TABLE $1 (id INT NOT NULL PRIMARY KEY, v VARCHAR(9), at $2)"
    at a "SET sql_mode = ''; INSERT INTO $1 VALUES (1, 'lost', '$4'), (2, 'lost', '$3'), (3, 'lost', '$3'), (4, 'lost', '$3')"
    at $T "SET sql_mode = ''; INSERT INTO $1 VALUES (1, 'live', '$3'), (2, 'live', '$4'), (3, 'live', NULL), (4, 'live', '$3')"
}
check() {
    rm -f "$CASE"
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
}
plan() { # plan ARGS…: of what was checked
    rm -rf dir
    rep plan --config ini --case "$CASE" --output dir "$@"
}
values() { on "SELECT GROUP_CONCAT(v ORDER BY id) FROM ${1:-t}"; }
refused() { # refused DESCRIPTION REGEX [TABLE]
    is "$1: refused" "$RC $(values "${3:-t}")" "5 live,live,live,live"
    like "and why" "$(cat "$ERR")" "$2"
}

# ---- what orders
: >ini
readarray -t TYPES <<'LIST'
ENUM('z', 'm', 'a')|z|a
VARCHAR(30)|2026-04-02T09:00:00Z|2026-04-02T10:00:00Z
VARCHAR(30)|0009|0010
TEXT|20260402|20261001
DATE|0000-00-00|1970-01-01
DATETIME(3)|2026-04-02 10:00:00.009|2026-04-02 10:00:00.010
TIMESTAMP NULL|2026-04-02 09:59:59|2026-04-02 10:00:00
BIGINT UNSIGNED|9223372036854775807|9223372036854775808
DECIMAL(20,2)|-1.50|-1.25
BIT(9)|1|9
LIST
for i in "${!TYPES[@]}"; do
    IFS='|' read -r type old new <<<"${TYPES[i]}"
    table "t$i" "$type" "$old" "$new"
done
check
plan --policy newest:at
rep apply --yes --case "$CASE" dir "$DST"
for i in "${!TYPES[@]}"; do
    is "newer: ${TYPES[i]##*|} than $(cut -d'|' -f2 <<<"${TYPES[i]}"), ${TYPES[i]%%|*}" "$(values "t$i")" "lost,live,lost,live"
done

# ---- what does not
fresh a$T "$DB"
readarray -t TYPES <<'LIST'
VARCHAR(30)|9|10|the column is text in table .*t0".* such as '10' and '9'.*CAST\(`at` AS UNSIGNED\)
VARCHAR(30)|2026-04-02|2026-04-02 10:00:00|CAST\(`at` AS DATETIME\(6\)\)
VARCHAR(30)|v9|v10|No CAST orders them
SET('a', 'b')|a|b|the column is set\('a','b'\)
VARBINARY(9)|a|b|the column is varbinary\(9\)
BLOB|a|b|the column is blob
JSON|1|2|the column is json
LIST
for i in "${!TYPES[@]}"; do
    IFS='|' read -r type old new why <<<"${TYPES[i]}"
    table "t$i" "$type" "$old" "$new"
done
table forms "VARCHAR(30)" 10 11
at a "INSERT INTO forms VALUES (5, 'lost', '100')"
at $T "INSERT INTO forms VALUES (5, 'live', '101')"
# the CAST that is named
table texts "VARCHAR(30)" 9 10
at a$T "ALTER TABLE texts ADD at_number BIGINT UNSIGNED AS (CAST(at AS UNSIGNED)) STORED"
n=0
for types in "DATETIME|TIMESTAMP NULL" "ENUM('a', 'b')|ENUM('b', 'a')" "INT|VARCHAR(9)"; do
    table "types$((++n))" "${types%|*}" "" ""
    at $T "SET sql_mode = ''; ALTER TABLE types$n MODIFY at ${types#*|}"
    at a "UPDATE types$n SET at = '2'"
done
check
for i in "${!TYPES[@]}"; do
    plan --policy newest:at --tables "$DB.t$i"
    printf '%s\n' "$(tr '\n' ' ' <"$ERR")" >"$ERR"
    refused "${TYPES[i]%%|*}" "$(cut -d'|' -f4- <<<"${TYPES[i]}")" "t$i"
done
plan --policy newest:at --tables "$DB.forms"
is "a row of another form: refused" "$RC" 5
plan --policy newest:at --tables "$DB.forms" --tables "$DB.from"
like "a slip among tables is named" "$(cat "$ERR")" "no table of the run is \"$DB.from\"; did you mean \"$DB.forms\"?"
for n in 1 2 3; do
    plan --policy newest:at --tables "$DB.types$n"
    refused "types that differ" "on SOURCE and .* on TARGET" types$n
done
plan --policy newest:at_number --tables "$DB.texts"
rep apply --yes --case "$CASE" dir "$DST"
is "the CAST that is named, as a generated column, does" "$(values texts)" "lost,live,lost,live"

# ---- merge: by the option and by the configuration
members() { # members TYPE OLD NEW
    fresh a$T "$DB"
    at a$T "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(9) NOT NULL UNIQUE, v VARCHAR(9),
            at $1 NULL, created_at DATETIME);
        INSERT INTO t VALUES (1, 'm1', 'base', NULL, '2026-01-01'), (2, 'm2', 'base', NULL, '2026-01-01'),
            (3, 'm3', 'base', NULL, '2026-01-01'), (4, 'm4', 'base', NULL, '2026-01-01')"
    at a "UPDATE t SET v = 'lost', at = ELT(id, '$3', '$2', '$2', '$2')"
    at $T "UPDATE t SET v = 'live', at = ELT(id, '$2', '$3', NULL, '$2')"
    printf '[table %s.t]\nidentity = mobile\ntime-column = created_at\n%s\n' "$DB" "${4:-}" >ini
    check
}
members "ENUM('9', '10')" 9 10
plan --policy merge --split-at 2026-02-01 --on-conflict changed=newest:at
rep apply --yes --case "$CASE" dir "$DST"
is "merge: an ENUM by its number" "$(values)" "lost,live,lost,live"
members "VARCHAR(9)" 9 10
plan --policy merge --split-at 2026-02-01 --on-conflict changed=newest:at
refused "merge: text" "CAST\(.at. AS UNSIGNED\)"
members "VARCHAR(9)" 9 10 "on-conflict = changed=newest:at"
plan --policy merge --split-at 2026-02-01
refused "merge, as configured" "CAST\(.at. AS UNSIGNED\)"
members "VARCHAR(9)" 09 10 "on-conflict = changed=newest:at"
plan --policy merge --split-at 2026-02-01
rep apply --yes --case "$CASE" dir "$DST"
is "digits of one length do" "$(values)" "lost,live,lost,live"
finish
