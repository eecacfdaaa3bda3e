#!/bin/bash
# fleet_plan.sh: the work of a fleet is dealt out whole: every table once, ranges that tile and are
# alike, pairs that cannot be looked at by name, and nothing of a password.

. "$(dirname "$0")/lib.sh"
begin ab
DIR=$IT_TMP/fleet INI=$IT_TMP/fleet.ini
EMPTY=${DB}_empty GONE=${DB}_gone
fresh ab "$EMPTY"

# 280 MiB by a key of which nine tenths lie close together
at ab "CREATE TABLE big (id BIGINT PRIMARY KEY, pad VARBINARY(8000));
    INSERT INTO big SELECT IF(seq <= 36000, seq, seq * 100000), REPEAT(CHAR(seq % 256), 7200) FROM seq_1_to_40000;
    CREATE TABLE small (id INT PRIMARY KEY, v INT); INSERT INTO small VALUES (1, 1), (2, 2);
    CREATE TABLE keyless (v INT); INSERT INTO keyless VALUES (1), (1);
    CREATE TABLE \`odd \"name\" é\` (id INT PRIMARY KEY)"
at ab "ANALYZE TABLE big" >/dev/null # sizes are what the servers estimate

fleet() { # fleet ARGS…: $RC, $OUT, $ERR
    CMD=("$MYRECON" fleet plan --inventory "$INI" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
cat >"$INI" <<END
[fleet]
readers-per-server = 3
[pair whole]
source = $SRC
target = $DST
[pair empty]
source = $(uri a "$EMPTY")
target = $(uri b "$EMPTY")
config = own.ini
[pair gone]
source = $(uri a "$GONE")
target = $(uri b "$GONE")
END
printf '[table *.t]\nwhere = id > 1\n' >"$IT_TMP/own.ini"

fleet --parts 3 --output "$DIR" --json --record-sizes "$IT_TMP/sizes"
is "planned, but for a pair that is not there" "$RC" 4
like "which is named" "$(cat "$ERR")" "warning: pair \"gone\" is in no part: .*$GONE"
is "each pair" "$(jq -r 'select(.type == "pair") | "\(.pair) \(.state) \(.tables)"' "$OUT" | xargs)" \
    "whole planned 4 empty planned 0 gone failed 0"
is "nobody else reads it" "$(cd "$DIR" && stat -c %a . fleet.json config work work/0.jsonl "$IT_TMP/sizes" | xargs)" \
    "700 600 700 700 600 600"
is "what lies there" "$(cd "$DIR" && find . -type f -printf '%P\n' | sort | xargs)" \
    "README.txt config/0.ini config/1.ini fleet-job.yaml fleet.json fleet.sbatch work/0.jsonl work/1.jsonl work/2.jsonl"
is "a configuration is kept as it is, and an empty one" "$(cd "$DIR" && cat config/0.ini config/1.ini)" "$(cat "$IT_TMP/own.ini")"
is "whose it is" "$(jq -r '.pairs[] | "\(.name) \(.config)"' "$DIR/fleet.json" | xargs)" \
    "whole config/0.ini empty config/1.ini gone config/0.ini"
is "digests" "$(jq -r '.parts[] | "\(.sha256)  \(.file)"' "$DIR/fleet.json" | (cd "$DIR" && sha256sum -c --quiet) && echo good)" good

# Every table of a pair once, whole or by ranges that tile; one scope of a pair has its objects.
all() { cat "$DIR"/work/*.jsonl; }
tables() { # PAIR: TABLE RANGES "tiles" where they do
    all | jq -rs --arg p "$1" '[.[] | select(.pair == $p) | .tables[] | .table as $t | .ranges[] | {t: $t, at, lo, hi}]
        | group_by(.t)[] | sort_by(.at) | . as $r | "\(.[0].t) \(length) " + (if .[0].lo == null and .[-1].hi == null
        and ([.[].at] == [range(length)]) and all(range(length - 1); $r[.].hi == $r[. + 1].lo and $r[.].hi != null)
        then "tiles" else "gapes" end)'
}
is "small tables are whole" "$(tables whole | grep -v '\.big')" "$DB.keyless 1 tiles
$DB.odd \"name\" é 1 tiles
$DB.small 1 tiles"
like "a big one is cut" "$(tables whole | grep '\.big')" "^$DB\.big [4-9] tiles$"
is "objects once a pair" "$(all | jq -r 'select(.objects) | .pair' | sort | xargs)" "empty whole"
is "no part has what cannot be looked at" "$(all | jq -r 'select(.pair == "gone")')" ""
is "slots" "$(all | jq -c '.slots.count' | sort -u)" 3

# By counting: what each range has of the rows.
n=0
all | jq -c 'select(.pair == "whole")' | while read -r line; do
    jq -c '. as $s | .tables[] | . as $t | .ranges[] | . as $r | $s | .objects = false | .tables = [$t | .ranges = [$r]]' <<<"$line"
done >"$IT_TMP/ranges"
while read -r line; do
    n=$((n + 1))
    echo "$line" >"$IT_TMP/one.scope"
    "$MYRECON" check --json --settle 0 --scope "$IT_TMP/one.scope" "$SRC" "$DST" </dev/null 2>"$ERR" |
        jq -r 'select(.type == "table" and .source_rows > 0) | "\(.table) \(.source_rows)"'
done <"$IT_TMP/ranges" >"$IT_TMP/counts"
is "all rows are somebody's" "$(awk '{n[$1] += $2} END {for (t in n) print t, n[t]}' "$IT_TMP/counts" | sort | xargs)" \
    "$DB.big 40000 $DB.keyless 2 $DB.small 2"
read -r least most < <(awk '$1 ~ /big$/ {print $2}' "$IT_TMP/counts" | sort -n | sed -n '1h;$G;$s/\(.*\)\n\(.*\)/\2 \1/p')
ok "ranges are alike, though keys are not: $least to $most rows" test "$most" -le $((least * 2))

# The same from what was recorded, without a server, and with other parts.
sed 's/127\.0\.0\.1:[0-9]*/192.0.2.1:1/' "$INI" >"$IT_TMP/other.ini"
same() { jq -cS 'del(.run, .slots.name)' "$1"/work/*.jsonl; }
fleet --parts 3 --output "$IT_TMP/again" --sizes "$IT_TMP/sizes"
is "from sizes: the same work" "$RC $(same "$IT_TMP/again" | md5sum)" "4 $(same "$DIR" | md5sum)"
fleet --parts 7 --output "$IT_TMP/wider" --sizes "$IT_TMP/sizes"
is "more parts" "$RC $(jq '.parts | length' "$IT_TMP/wider/fleet.json")" "4 7"
INI=$IT_TMP/other.ini
fleet --parts 3 --output "$IT_TMP/no" --sizes "$IT_TMP/sizes"
like "not of other servers" "$RC $(cat "$ERR")" '^3 .*the recorded sizes are of other servers'
fleet --parts 3 --output "$IT_TMP/no" --time-limit 5
like "no pair at all is an error" "$RC $(grep error: "$ERR")" '^3 .*no pair can be planned; pair "whole": '
INI=$IT_TMP/fleet.ini
ok "nothing is left of them" test ! -e "$IT_TMP/no" -a ! -e "$IT_TMP/no.partial"
sed -i 's/"bytes":[0-9]*/"bytes":1/' "$IT_TMP/sizes"
fleet --parts 3 --output "$IT_TMP/no" --sizes "$IT_TMP/sizes"
like "sizes that were edited are none" "$RC $(cat "$ERR")" '^5 .*holds no sizes, or was changed since'

# A copied section whose number was forgotten, and many pairs of one server that is not there.
{
    printf '[pair %s]\nsource = '"$SRC"'\ntarget = '"$DST"'\n' one two
    printf '[pair gone-{0..9}]\nsource = mysql://127.0.0.1:1/gone_{}\ntarget = %s\n' "$DST"
} >"$IT_TMP/slips.ini"
INI=$IT_TMP/slips.ini
fleet --parts 1 --output "$IT_TMP/slips"
is "what slips are told" "$RC $(grep -c 'warning: pair "two" compares what pair "one" does: source "mysql:' "$ERR") $(grep -c 'warning: pair "gone-[0-3]" is in no part: ' "$ERR") \
$(grep -c 'warning: 6 more pairs are in no part: source: could not connect' "$ERR") $(grep -c warning: "$ERR") $(grep -c '^NOT PLANNED: gone-' "$OUT")" "4 1 4 1 6 10"
INI=$IT_TMP/fleet.ini

# What stands there, stays.
fleet --parts 3 --output "$DIR"
like "a directory that is there is refused" "$RC $(grep error: "$ERR")" '^5 .*output ".*fleet" exists'
ok "the batch file is one" bash -n "$DIR/fleet.sbatch"
like "its array" "$(cat "$DIR/fleet.sbatch")" '^#SBATCH --array=0-2$'
like "where it goes" "$(cat "$DIR/fleet.sbatch")" "^exec myrecon fleet run --no-verdict $DIR\$"

# A configuration that chooses tables would be refused by each part.
printf '[options]\nexclude = small\n' >"$IT_TMP/own.ini"
fleet --parts 1 --output "$IT_TMP/chosen"
like "tables are not chosen by [options]" "$RC $(cat "$ERR")" '^4 .*pair "empty" is in no part: "exclude" in \[options\]'
printf '[pair a]\nsource = mysql://u:hunter2@127.0.0.1:1/s\ntarget = %s\n' "$DST" >"$IT_TMP/secret.ini"
INI=$IT_TMP/secret.ini
fleet --parts 1 --output "$IT_TMP/no"
like "a password is refused" "$RC $(cat "$ERR")" '^3 .*pair "a" has a password in its URI'
unlike "and not shown" "$(cat "$OUT" "$ERR")" hunter2

# MySQL names the keys, where it has more to read, by estimates of its own.
if [ -z "$MR_O_URI" ]; then
    skip "by MySQL" "MySQL 9 cannot be had"
else
    fresh o "$DB"
    at ao "CREATE TABLE wide (a INT, b BIGINT, pad VARBINARY(8000), PRIMARY KEY (a, b))"
    at o "SET cte_max_recursion_depth = 40000; INSERT INTO wide WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
        SELECT IF(i <= 36000, 7, i % 50), i, REPEAT('x', 7200) FROM n"
    at o "ANALYZE TABLE wide" >/dev/null
    printf '[pair p]\nsource = %s\ntarget = %s\n' "$SRC" "$(uri o "$DB")" >"$IT_TMP/mysql.ini"
    INI=$IT_TMP/mysql.ini DIR=$IT_TMP/mysql
    fleet --parts 2 --output "$DIR"
    is "by MySQL: planned" "$RC" 0
    like "by MySQL: cut" "$(tables p | grep wide)" 'wide [4-9] tiles$'
    all | jq -c '. as $s | .tables[] | select(.table | endswith("wide")) | . as $t | .ranges[] | . as $r | $s | .objects = false | .tables = [$t | .ranges = [$r]]' |
        while read -r line; do
            echo "$line" >"$IT_TMP/one.scope"
            "$MYRECON" check --json --settle 0 --max-rows 0 --scope "$IT_TMP/one.scope" "$SRC" "$(uri o "$DB")" </dev/null 2>"$ERR" |
                jq -r 'select(.type == "table" and .target_rows > 0) | .target_rows'
        done | sort -n >"$IT_TMP/counts"
    is "by MySQL: all rows" "$(awk '{n += $1} END {print n}' "$IT_TMP/counts")" 40000
    least=$(head -n 1 "$IT_TMP/counts") most=$(tail -n 1 "$IT_TMP/counts")
    ok "by MySQL: ranges are alike, of one tenant's: $least to $most rows" test "$most" -le $((least * 2))
fi

for name in "$EMPTY"; do for side in a b; do client $side <<<"DROP DATABASE IF EXISTS \`$name\`"; done; done
finish
