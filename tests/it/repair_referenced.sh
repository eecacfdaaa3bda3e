#!/bin/bash
# repair_referenced.sh: an UPDATE that takes away what others refer to.  Nothing that the live side
# refers to by a column that changes (a foreign key with ON UPDATE, or a reference that is declared
# to us only) is led elsewhere, emptied or left dangling: not by what stands there when the plan is
# made, nor by what comes until COMMIT, nor by what comes until undo.  Every row is compared with
# what there was and what is to be.  By the program and by the stock client.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"
port=${DST##*:} port=${port%%/*}
CLIENT="mariadb --no-defaults -h 127.0.0.1 -P $port -u root -D $DB"

declare -A KINDS=(
    [set-null]="FOREIGN KEY (code) REFERENCES m (code) ON UPDATE SET NULL"
    [cascade]="FOREIGN KEY (code) REFERENCES m (code) ON UPDATE CASCADE"
    [delete]="FOREIGN KEY (code) REFERENCES m (code) ON DELETE CASCADE"
    [declared]="KEY (code)"
)
declare -A POLICIES=(
    [merge]="--policy merge --split-at 2026-02-01 --on-conflict changed=source"
    [newest]="--policy newest:updated_at"
    [mirror]="--policy mirror --allow-deletes 0"
)
cat >ini <<INI
[table *]
margin = 50
[table $DB.m]
identity = key
time-column = created_at
[table $DB.d]
reference = code -> $DB.m.code
INI
world() { # world KIND [LOST SQL [LIVE SQL]]: 1 has got another code on the lost side, 2 another name
    local old="'2026-01-01'"
    fresh a$T "$DB"
    at a$T "CREATE TABLE m (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, code VARCHAR(9) UNIQUE, name VARCHAR(9), created_at DATETIME,
            updated_at DATETIME);
        CREATE TABLE d (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, code VARCHAR(9), n VARCHAR(9) NOT NULL UNIQUE, updated_at DATETIME,
            ${KINDS[$1]});
        INSERT INTO m VALUES (1, 'A', 'a', $old, $old), (2, 'B', 'b', $old, $old);
        INSERT INTO d VALUES (1, 'B', 'd1', $old)"
    at a "${2:-UPDATE m SET code = 'AA', updated_at = '2026-04-01' WHERE id = 1}; UPDATE m SET name = 'bb', updated_at = '2026-04-01' WHERE id = 2"
    [ -z "${3:-}" ] || at $T "$3"
    BEFORE=$(rows)
    rm -f "$CASE"
}
rows() { on "SELECT 'm', id, code, name FROM m UNION ALL SELECT 'd', id, code, n FROM d ORDER BY 1, 2"; }
lost_rows() { client a -D "$DB" <<<"SELECT 'm', id, code, name FROM m UNION ALL SELECT 'd', id, code, n FROM d ORDER BY 1, 2"; }
with() { sort <<<"$1${2:+
${2// /	}}"; } # with ROWS "d ID CODE N": and one more
renamed() { sed 's/^m	2	B	b$/m	2	B	bb/' <<<"$BEFORE"; }
recoded() { renamed | sed 's/^m	1	A	/m	1	AA	/'; }
plan() { # plan POLICY ARGS…
    rm -rf dir
    "$MYRECON" check "$(uri a "$DB")" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan ${POLICIES[$1]} --exclude "$DB.ext" --config ini --case "$CASE" --output dir "${@:2}"
    [ "$RC" -le 1 ] || bail "no plan: $(cat "$ERR")"
}
conflicts() { # those that are not decided
    python3 -c 'import csv; [print(r["table"].split(".")[1], r["source_key"], r["kind"], r["choices"]) for r in csv.DictReader(open("dir/conflicts.csv")) if not r["decision"]]'
}
run() { # run program|client apply|undo
    if [ "$1" = program ]; then
        rep "$2" --yes --json --case "$CASE" dir "$DST"
        return
    fi
    $CLIENT --force -N <"dir/$2.sql" >"$OUT" 2>"$ERR"
    RC=-
}
named() { grep -cE "(\"key\": *\"1\".*|m	1	)a row of $DB.d refers to it" "$OUT"; }
there() { # there DESCRIPTION ROWS
    is "$1" "$(rows | sort)" "$(sort <<<"$2")"
}

# ---- who refers to it when the plan is made
LIVE="INSERT INTO d VALUES (5, 'A', 'live5', '2026-05-01')"
for both in "merge set-null" "merge declared" "newest cascade"; do
    read -r policy kind <<<"$both"
    world "$kind" "" "$LIVE"
    plan "$policy"
    is "$policy, $kind: who is referred to is a conflict, the other is not" "$RC $(conflicts) $(planned_rows dir)" \
        "1 m 1 referenced $([ $policy != merge ] || echo target) 1"
    run program apply
    there "$policy, $kind: the other alone is written" "$(renamed)"
    run program undo
    there "$policy, $kind: and taken back" "$BEFORE"
done
world set-null "" "$LIVE"
plan mirror
run program apply
there "mirror: who refers goes with it" "$(lost_rows)"
run program undo
there "mirror: and comes back with it" "$BEFORE"

# a lost row that refers to it is led to the code that the live side has
world cascade "UPDATE m SET code = 'AA', updated_at = '2026-04-01' WHERE id = 1; INSERT INTO d VALUES (9, 'AA', 'lost9', '2026-03-01')"
plan merge
is "a lost row that comes below it keeps it as it is" "$(conflicts)" "m 1 referenced target"
run program apply
is "and is not led astray" "$(on "SELECT d.n, m.name FROM d LEFT JOIN m USING (code) WHERE d.n = 'lost9'" | xargs) $(on "SELECT code FROM m WHERE id = 1")" "lost9 a A"
run program undo
there "all is as it was" "$BEFORE"

# of a table that only the live side has
for policy in merge newest mirror; do
    world set-null "" "CREATE TABLE ext (code VARCHAR(9), FOREIGN KEY (code) REFERENCES m (code) ON UPDATE CASCADE); INSERT INTO ext VALUES ('A')"
    plan "$policy"
    like "$policy: a table that only the live side has keeps it, too" "$(conflicts)" "^m 1 referenced"
    run program apply
    there "$policy: the other is written" "$(renamed)"
    is "$policy: and nothing cascades" "$(on "SELECT code FROM ext")" A
done

# ---- what may be chosen
world declared "" "$LIVE"
plan merge --on-conflict changed=stop --on-conflict changed=target
is "the live one may be chosen" "$RC $(conflicts)" "0 "
is "and is all that could be" "$(grep -cE ',changed,target,' dir/conflicts.csv)" 1
POLICIES[ask]="--policy merge --split-at 2026-02-01"
plan ask
is "asked: no choice that cannot be carried out" "$(conflicts)" "m 1 changed target
m 2 changed target;source;newest:COLUMN"
sed -E 's/,,([^,]*),\r$/,source,\1,\r/' dir/conflicts.csv >said.csv
plan ask --decisions said.csv
is "and said all the same: it stays open" "$RC $(conflicts) $(planned_rows dir)" "1 m 1 referenced target 1"
sed -E 's/,,([^,]*),\r$/,target,\1,\r/' dir/conflicts.csv >said.csv
plan ask --decisions said.csv
is "until it is decided" "$RC $(conflicts) $(planned_rows dir)" "0  1"
world declared "UPDATE m SET code = 'AA', updated_at = '2026-04-01' WHERE id = 1" "$LIVE; UPDATE m SET name = 'aa', updated_at = '2026-05-01' WHERE id = 1"
plan ask --on-conflict changed=newest:updated_at
is "newest keeps what is newer" "$RC $(conflicts) $(planned_rows dir)" "0  1"

# ---- who comes to refer to it between plan and apply, and before undo
for both in "merge cascade program" "newest set-null client" "mirror declared program" "merge declared client"; do
    read -r policy kind by <<<"$both"
    world "$kind"
    plan "$policy"
    is "$policy, $kind: nobody refers to it" "$RC $(planned_rows dir)" "0 2"
    on "INSERT INTO d VALUES (6, 'A', 'live6', '2026-05-01')"
    run $by apply
    there "$policy, $kind: whom somebody refers to since is left as he is" "$(with "$(renamed)" "d 6 A live6")"
    is "$policy, $kind: and named" "$RC $(named)" "$([ $by = program ] && echo 1 || echo -) 1"
    on "DELETE FROM d WHERE id = 6"
    run $by apply
    there "$policy, $kind: when that is gone he is written" "$(recoded)"
    on "INSERT INTO d VALUES (7, 'AA', 'live7', '2026-05-01')"
    run $by undo
    there "$policy, $kind: undo leaves him, too" "$(with "$(sed 's/	A	/	AA	/' <<<"$BEFORE")" "d 7 AA live7")"
    is "$policy, $kind: and names him" "$RC $(named)" "$([ $by = program ] && echo 1 || echo -) 1"
    on "DELETE FROM d WHERE id = 7"
    run $by undo
    there "$policy, $kind: when that is gone all is as it was" "$BEFORE"
done
world declared "SELECT 1"
plan newest
is "what does not change is not asked about" "$(planned_rows dir) $(cat dir/apply.sql dir/undo.sql | grep -c 'myrecon_v')" "1 0"

# ---- who comes at any moment until COMMIT
step() { # step SCRIPT MARK SQL
    python3 "$IT_DIR/rows/step_unit.py" "dir/$1" 1 "$CLIENT" --at "$2" "$3" >steps || bail "no step: $(cat steps)"
    SAID="$(grep -cE '^waited' steps) $(grep -c "^says end .*row of .*d refers to it" steps) $(grep '^end ' steps)"
}
COMES="INSERT INTO d VALUES (6, 'A', 'live6', '2026-05-01')"
for kind in set-null declared; do
    for mark in "-- locks" "-- guards" "-- write" "-- again"; do
        world "$kind"
        plan mirror
        step apply.sql "$mark" "$COMES"
        case $kind,$mark in
        declared,"-- write" | declared,"-- again")
            is "$kind, in front of $mark: noticed, all is rolled back" "$SAID" "0 1 end ROLLBACK"
            there "$kind, in front of $mark: nothing is written" "$(with "$BEFORE" "d 6 A live6")"
            run client apply
            there "$kind, in front of $mark: the next time he alone is left" "$(with "$(renamed)" "d 6 A live6")"
            ;;
        declared,* | *,"-- locks")
            is "$kind, in front of $mark: noticed" "$SAID" "0 1 end COMMIT"
            there "$kind, in front of $mark: he alone is left" "$(with "$(renamed)" "d 6 A live6")"
            ;;
        *)
            is "$kind, in front of $mark: waits" "$SAID" "1 0 end COMMIT"
            there "$kind, in front of $mark: and then refers to nobody, which the server refuses" "$(recoded)"
            ;;
        esac
    done
done
world delete "INSERT INTO m VALUES (9, 'X', 'lost9', '2026-03-01', '2026-03-01')"
plan merge
run program apply
step undo.sql "-- write" "INSERT INTO d VALUES (6, 'X', 'live6', '2026-05-01')"
is "so does who comes to refer to a row that is deleted, by another column than its key" "$SAID" "1 0 end COMMIT"

# ---- the plan's own: a code changes hands, and who refers to it, and who comes to
for kind in cascade declared; do
    world "$kind" "UPDATE m SET code = 'C' WHERE id = 1; UPDATE m SET code = 'A' WHERE id = 2; UPDATE d SET code = 'A' WHERE id = 1;
        INSERT INTO d VALUES (2, 'C', 'd2', '2026-04-01'), (3, 'A', 'd3', '2026-04-01')"
    plan mirror
    is "$kind: a code that changes hands" "$RC $(conflicts)" "0 "
    run program apply
    there "$kind: all is as on the lost side" "$(lost_rows)"
    run program undo
    there "$kind: and as it was" "$BEFORE"
done
finish
