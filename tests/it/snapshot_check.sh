#!/bin/bash
# snapshot_check.sh: a snapshot stands wherever a read-only server may in `check`: equal to
# what it was made of, and the same findings as between two servers.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin ab
A=$IT_TMP/a B=$IT_TMP/b

# --- every type ---------------------------------------------------------------------------

types_on() { # types_on SIDE
    fresh "$1" "$DB"
    every_type "$1"
    rm -rf "$A"
    take "$(uri "$1" "$DB")" "$A"
    SRC=snapshot:$A DST=$(uri "$1" "$DB")
    check_is 0 "$1: equal to what it was made of"
    table_is "$1: generated columns are said to be left out" types \
        '.note | test("generated columns: gen, gv")'
    none "$1: no object differs" '.type == "object"'
    SRC=$(uri "$1" "$DB") DST=snapshot:$A
    check_is 0 "$1: and the other way round"
    SRC=snapshot:$A
    check_is 0 "$1: and to itself"
}
types_on a
types_on b
if [ -n "$MR_O_URI" ]; then types_on o; else skip "MySQL: every type" "no MySQL 9"; fi

# --- the same findings as between servers -------------------------------------------------

findings() { # what the last run found, in order, without what differs by design
    jq -c 'select(.type == "row" or .type == "moved" or .type == "duplicate" or
        (.type == "table" and .verdict != "equal")) |
        if .type == "table" then {table, verdict, key, identity, source_rows, target_rows, missing,
            extra, changed, collision, moved, null_identities, schema} else . end' "$OUT" | sort
}

same_findings() { # same_findings WHAT RC [ARGS…]: of $LIVE_S and $LIVE_T and their snapshots
    local what=$1 rc=$2 want pair
    shift 2
    rm -rf "$A" "$B"
    take "$LIVE_S" "$A"
    [ "$RC" = 0 ] || bail "no snapshot: $(cat "$ERR")"
    take "$LIVE_T" "$B"
    [ "$RC" = 0 ] || bail "no snapshot: $(cat "$ERR")"
    SRC=$LIVE_S DST=$LIVE_T
    check_is "$rc" "$what: two servers" "$@"
    want=$(findings)
    [ "$rc" = 0 ] || unlike "$what: something is found" "${want:-nothing}" '^nothing$'
    for pair in "snapshot:$A $LIVE_T" "$LIVE_S snapshot:$B" "snapshot:$A snapshot:$B"; do
        SRC=${pair% *} DST=${pair#* }
        check_is "$rc" "$what: ${pair//$IT_TMP\//}" "$@"
        is "$what: the same is found by ${pair//$IT_TMP\//}" "$(diff <(echo "$want") <(echo "$(findings)"))" ""
    done
}

fresh ab "$DB"
at ab "
CREATE TABLE n (id INT PRIMARY KEY, v VARCHAR(20), d DECIMAL(9,3), f FLOAT, db DOUBLE, dt DATETIME(3),
    tm TIME(2), y YEAR, b BIT(9), bl BLOB, j JSON, l VARCHAR(20) CHARACTER SET latin1,
    g INT AS (id * 2) VIRTUAL, e ENUM('a','','c'), e2 ENUM('p','q'), s SET('x','y'));
CREATE TABLE \`o\`\`d'd\` (\`i d\` INT PRIMARY KEY, \`v'\` INT);
CREATE TABLE pairs (a SMALLINT, b BIGINT UNSIGNED, v INT, PRIMARY KEY (a, b));
CREATE TABLE dec_key (k DECIMAL(7,2) PRIMARY KEY, v INT);
CREATE TABLE time_key (k TIME(1), d DATE, v INT, PRIMARY KEY (k, d));
CREATE TABLE bin_key (k VARBINARY(8) PRIMARY KEY, v INT);
CREATE TABLE enum_key (e ENUM('z','','m','a'), s SET('q','r'), v INT, PRIMARY KEY (e, s));
CREATE TABLE bit_key (b BIT(12) PRIMARY KEY, v INT);
CREATE TABLE text_key (k VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY, v INT);
CREATE TABLE mixed_key (k VARCHAR(20), i INT, v INT, PRIMARY KEY (k, i));
CREATE TABLE float_key (k DOUBLE PRIMARY KEY, v INT);
CREATE TABLE keyless (a INT, b VARCHAR(9), e ENUM('a','b'));
CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(20));
CREATE TABLE twice (id INT PRIMARY KEY, badge VARCHAR(9), v INT);
CREATE TABLE empty_one (id INT PRIMARY KEY);
CREATE TABLE same (id INT PRIMARY KEY, v VARCHAR(9));
INSERT INTO n (id, v, d, f, db, dt, tm, y, b, bl, j, l, e, e2, s)
    SELECT seq, CONCAT('v', seq), seq / 7, seq / 3, seq / 9, '2020-01-01' + INTERVAL seq SECOND,
        SEC_TO_TIME(seq * 7), 1990 + seq % 50, seq % 512, CHAR(seq % 256, 0, 9, 10, 92),
        CONCAT('{\"n\": ', seq, '}'), CHAR(200 + seq % 50 USING latin1), 1 + seq % 3,
        IF(seq % 5, 1 + seq % 2, NULL), seq % 4 FROM seq_1_to_3000;
INSERT INTO \`o\`\`d'd\` VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO pairs SELECT CAST(seq AS SIGNED) % 7 - 3, seq * 6148914691236517, seq FROM seq_1_to_3000;
INSERT INTO dec_key SELECT (CAST(seq AS SIGNED) - 500) / 4, seq FROM seq_1_to_1000;
INSERT INTO time_key SELECT SEC_TO_TIME(CAST(seq AS SIGNED) - 300), '2020-01-01' + INTERVAL seq % 3 DAY, seq FROM seq_1_to_600;
INSERT INTO bin_key SELECT UNHEX(LPAD(HEX(seq * 77), 6, '0')), seq FROM seq_1_to_500;
INSERT INTO enum_key SELECT 1 + seq % 4, seq DIV 4, seq FROM seq_1_to_15;
INSERT INTO bit_key SELECT seq, seq FROM seq_1_to_4000;
INSERT INTO text_key SELECT CONCAT(CHAR(64 + seq % 26 USING latin1), 'k', seq, CHAR(228 USING latin1)), seq FROM seq_1_to_800;
INSERT INTO mixed_key SELECT CONCAT('Key', seq % 9), seq, seq FROM seq_1_to_400;
INSERT INTO float_key SELECT (CAST(seq AS SIGNED) - 50) / 3, seq FROM seq_1_to_100;
INSERT INTO keyless SELECT seq % 10, 'x', 1 + seq % 2 FROM seq_1_to_100;
INSERT INTO members SELECT seq, CONCAT('m', seq), 'n' FROM seq_1_to_50;
INSERT INTO twice SELECT seq, CONCAT('b', seq), 1 FROM seq_1_to_20;
INSERT INTO same SELECT seq, 'same' FROM seq_1_to_2000"
cat >"$IT_TMP/ini" <<END
[table *.twice]
identity = badge
[table *.n]
ignore-columns = g
END
LIVE_S=$(uri a "$DB") LIVE_T=$(uri b "$DB")
same_findings "equal servers" 0

at b "
UPDATE n SET v = 'x' WHERE id = 1; UPDATE n SET d = d + 0.001 WHERE id = 2; UPDATE n SET f = f * 1.0000001 WHERE id = 3;
UPDATE n SET db = db + 1e-12 WHERE id = 4; UPDATE n SET dt = dt + INTERVAL 1000 MICROSECOND WHERE id = 5;
UPDATE n SET tm = -tm WHERE id = 6; UPDATE n SET y = 2000 WHERE id = 7; UPDATE n SET b = b ^ 1 WHERE id = 8;
UPDATE n SET bl = CONCAT(bl, '') , bl = NULL WHERE id = 9; UPDATE n SET j = '{\"n\": 11 }' WHERE id = 11;
UPDATE n SET l = 'e' WHERE id = 12; UPDATE n SET e = 0 WHERE id = 13; UPDATE n SET e = '' WHERE id = 14;
UPDATE n SET e2 = 0 WHERE id = 15; UPDATE n SET s = '' WHERE id = 16; UPDATE n SET s = 'x,y' WHERE id = 17;
DELETE FROM n WHERE id IN (1000, 3000); INSERT INTO n (id, v) VALUES (0, 'new'), (-5, NULL), (9000, 'end');
UPDATE \`o\`\`d'd\` SET \`v'\` = 9 WHERE \`i d\` = 2; DELETE FROM \`o\`\`d'd\` WHERE \`i d\` = 3;
UPDATE pairs SET v = 0 WHERE v IN (3, 900, 2999); DELETE FROM pairs WHERE v = 1500; INSERT INTO pairs VALUES (-32768, 0, 1), (32767, 18446744073709551615, 1);
UPDATE dec_key SET v = -v WHERE k IN (-1.25, 0, 0.25); INSERT INTO dec_key VALUES (-99999.99, 1), (99999.99, 1); DELETE FROM dec_key WHERE k = -124.75;
UPDATE time_key SET v = 0 WHERE k IN ('-00:00:01', '00:00:00', '00:00:01'); INSERT INTO time_key VALUES ('-838:59:59', '0000-00-00', 1);
UPDATE bin_key SET v = 0 WHERE k = UNHEX('00004D'); INSERT INTO bin_key VALUES ('', 1), (UNHEX('00'), 1), (UNHEX('FFFFFFFF'), 1);
UPDATE enum_key SET v = 0 WHERE e = 'a'; DELETE FROM enum_key WHERE e = '' AND s = ''; INSERT INTO enum_key VALUES ('z', '', 99);
UPDATE bit_key SET v = 0 WHERE v = 4000; DELETE FROM bit_key WHERE v = 1;
UPDATE text_key SET v = 0 WHERE v IN (1, 30); UPDATE text_key SET k = REPLACE(k, 'k40', 'K40') WHERE v = 40; UPDATE text_key SET k = LOWER(k), v = 1041 WHERE v = 41; DELETE FROM text_key WHERE v = 77;
UPDATE mixed_key SET v = 0 WHERE i = 5; UPDATE mixed_key SET k = LOWER(k) WHERE i = 9; INSERT INTO mixed_key VALUES ('', 0, 0);
UPDATE float_key SET v = 0 WHERE v = 50; UPDATE float_key SET k = k + 1e-9 WHERE v = 60;
INSERT INTO keyless VALUES (1, 'x', 1), (NULL, NULL, NULL), (NULL, NULL, NULL); DELETE FROM keyless WHERE a = 4 LIMIT 3; UPDATE keyless SET b = 'X' WHERE a = 5;
UPDATE members SET mobile = 'tmp' WHERE id = 3; UPDATE members SET mobile = 'm3' WHERE id = 4; UPDATE members SET mobile = 'M4' WHERE id = 3;
UPDATE members SET id = 60 WHERE id = 6; UPDATE members SET name = 'N' WHERE id = 7; UPDATE members SET mobile = 'M8' WHERE id = 8;
UPDATE twice SET badge = 'B1' WHERE id IN (2, 5); DELETE FROM twice WHERE id = 20;
INSERT INTO empty_one VALUES (1)"
same_findings "every kind of difference" 1 --config "$IT_TMP/ini"

# Where no server is asked, only letters of ASCII lose their case.
at b "UPDATE text_key SET k = UPPER(k) WHERE v = 60"
rm -rf "$B"
take "$LIVE_T" "$B"
SRC=snapshot:$A DST=$LIVE_T
check_is 1 "a letter beyond ASCII: TARGET says" --tables text_key
one "one key in two spellings" '.type == "row" and .kind == "changed" and .source.v == "60" and .target.v == "60"'
SRC=$LIVE_S DST=snapshot:$B
check_is 1 "a letter beyond ASCII: SOURCE says, where TARGET is a snapshot" --tables text_key
one "one key in two spellings, too" '.type == "row" and .kind == "changed" and .source.v == "60" and .target.v == "60"'
SRC=snapshot:$A
check_is 1 "a letter beyond ASCII: nobody says" --tables text_key
is "two keys" "$(lines '.type == "row" and (.source.v == "60" or .target.v == "60")' | jq -r .kind | sort | xargs)" "extra missing"
table_is "and that is said" text_key '.note | test("texts beyond ASCII are compared by their bytes")'

# --- names of databases -------------------------------------------------------------------

fresh b "${DB}_copy"
client b -D "${DB}_copy" <<<"CREATE TABLE same (id INT PRIMARY KEY, v VARCHAR(9));
    INSERT INTO same SELECT seq, 'same' FROM $DB.seq_1_to_2000" 2>/dev/null ||
    client b -D "${DB}_copy" <<<"INSERT INTO same SELECT seq, 'same' FROM seq_1_to_2000" || bail "no copy"
SRC=snapshot:$A DST=$(uri b "${DB}_copy")
check_is 0 "a database of another name pairs by position" --tables same
table_is "with SOURCE's name" same '.verdict == "equal" and .source_rows == 2000'
SRC=snapshot:$A DST=$(uri b "$DB,${DB}_copy")
run_check "$SRC" "$DST"
is "two databases for one: exit code" "$RC" 3
like "and why" "$(cat "$ERR")" "source names 1 database, the target 2"

# --- what is no snapshot ------------------------------------------------------------------

refused() { # refused WHAT DIR REGEX
    run_check "snapshot:$2" "$LIVE_T"
    is "$1: exit code" "$RC" 3
    like "$1: why" "$(cat "$ERR")" "$3"
}
mkdir "$IT_TMP/empty"
refused "no such directory" "$IT_TMP/nowhere" "nowhere"
refused "an empty directory" "$IT_TMP/empty" "is no snapshot"
refused "a file" "$IT_TMP/ini" "ini"
cp -r "$A" "$IT_TMP/other"
sed -i 's|myrecon/snapshot/1|myrecon/snapshot/9|' "$IT_TMP/other/manifest.json"
refused "a manifest that was changed" "$IT_TMP/other" "damaged.*manifest.json"
(cd "$IT_TMP/other" && sha256sum manifest.json >manifest.json.sha256)
refused "another version" "$IT_TMP/other" "snapshot/9"
rm -rf "$IT_TMP/other"
cp -r "$A" "$IT_TMP/other"
sed -i 's|utf8mb4|utf8mb3|' "$IT_TMP/other/catalogue.json"
refused "a catalogue that was changed" "$IT_TMP/other" "catalogue.json"
rm "$IT_TMP/other/catalogue.json"
refused "a catalogue that is missing" "$IT_TMP/other" "catalogue.json"

# --- a damaged file is its table's matter -------------------------------------------------

rm -rf "$IT_TMP/other"
cp -r "$A" "$IT_TMP/other"
printf '\377' | dd of="$IT_TMP/other/data/$DB.n.0.tsv.zst" bs=1 seek=200 conv=notrunc 2>/dev/null
SRC=snapshot:$IT_TMP/other DST=$LIVE_T
check_is 4 "a damaged file" --tables n --tables same
table_is "names the file" n '.verdict == "not-checked" and (.reason | test("data/.*n.0.tsv.zst.*was changed"))'
table_is "and leaves the others alone" same '.verdict == "equal"'

# --- what is equal is proved, and not unpacked ------------------------------------------------------------

fresh ab "$DB"
at ab "CREATE TABLE big (id INT PRIMARY KEY, e ENUM('a','b'), pad VARCHAR(200));
    INSERT INTO big SELECT seq * 2, 1 + seq % 2, REPEAT(CHAR(65 + seq % 26), 180) FROM seq_1_to_40000;
    CREATE TABLE words (w VARCHAR(20) PRIMARY KEY, v INT); INSERT INTO words SELECT CONCAT('w', seq), seq FROM seq_1_to_5000;
    CREATE TABLE loose (a INT, b VARCHAR(9)); INSERT INTO loose SELECT seq % 100, 'x' FROM seq_1_to_5000"
rm -rf "$A" "$B"
take --chunk-size 1 "$LIVE_S" "$A"
take --chunk-size 2 "$LIVE_T" "$B"
cp -r "$A" "$IT_TMP/hollow"
rm "$IT_TMP/hollow/data/"*
is "a snapshot of several files" "$(jq -c '[.tables[].chunks | length > 3]' "$A/manifest.json")" "[true,false,false]"
for SRC in "snapshot:$IT_TMP/hollow $LIVE_T" "$LIVE_T snapshot:$IT_TMP/hollow" "snapshot:$IT_TMP/hollow snapshot:$B"; do
    DST=${SRC#* } SRC=${SRC% *}
    check_is 4 "without its data: ${SRC//$IT_TMP\//} ${DST//$IT_TMP\//}" --threads 2
    is "no table is equal" "$(table_field big verdict) $(table_field words verdict) $(table_field loose verdict)" "not-checked not-checked not-checked"
    like "the file is named" "$(table_field loose reason)" "data/.*loose.*is missing"
    check_is 0 "equal by the manifest: ${SRC//$IT_TMP\//} ${DST//$IT_TMP\//}" --threads 2 --trust-manifest
    is "the summary says so" "$(jq -c 'select(.type == "summary").trust_manifest' "$OUT")" true
    is "all rows are counted" "$(table_field big source_rows) $(table_field words target_rows) $(table_field loose source_rows)" "40000 5000 5000"
done
at b "UPDATE big SET pad = 'other' WHERE id = 40002"
file=$(jq -r '.tables[] | select(.name == "big") | .chunks[] |
    select((.from.id | tonumber) <= 40002 and (.to.id | tonumber) >= 40002) | .file' "$A/manifest.json")
cp "$A/$file" "$IT_TMP/hollow/$file"
SRC=snapshot:$IT_TMP/hollow DST=$LIVE_T
check_is 1 "one row differs: one file is read" --threads 2 --trust-manifest
rows_are "and the row is found" big 'changed {"id":"40002"} ["pad"]'
SRC=$LIVE_T DST=snapshot:$IT_TMP/hollow
check_is 1 "and the other way round" --threads 2 --trust-manifest
rows_are "and the row is found there" big 'changed {"id":"40002"} ["pad"]'
at b "UPDATE words SET v = 0 WHERE w = 'w77'; DELETE FROM loose LIMIT 1"
run_check --trust-manifest "snapshot:$IT_TMP/hollow" "$LIVE_T"
is "tables that differ need their files" "$RC $(table_field words verdict) $(table_field loose verdict) $(table_field big verdict)" \
    "4 not-checked not-checked diverged"
like "which are named" "$(table_field words reason)" "data/.*words.*is missing"
same_findings "tables of several files" 1

# Counters that stand at their start, of many tables: nothing differs.
fresh a "${DB}_start"
for n in {1..12}; do echo "CREATE TABLE t$n (id INT AUTO_INCREMENT PRIMARY KEY);"; done | client a -D "${DB}_start"
rm -rf "$IT_TMP/start"
take "$(uri a "${DB}_start")" "$IT_TMP/start"
for SRC in "snapshot:$IT_TMP/start $(uri a "${DB}_start")" "$(uri a "${DB}_start") snapshot:$IT_TMP/start"; do
    DST=${SRC#* } SRC=${SRC% *}
    check_is 0 "counters at their start: ${SRC//$IT_TMP\//} ${DST//$IT_TMP\//}"
done

# One file of several, of which a sum says enough: its table is not equal by hearsay.
rm -rf "$A" "$IT_TMP/hollow"
take --chunk-size 1 "$LIVE_S" "$A"
cp -r "$A" "$IT_TMP/hollow"
file=$(jq -r '.tables[] | select(.name == "big") | .chunks[1].file' "$A/manifest.json")
printf '\377' | dd of="$IT_TMP/hollow/$file" bs=1 seek=200 conv=notrunc 2>/dev/null
at b "UPDATE big SET pad = REPEAT(CHAR(65 + 20001 % 26), 180) WHERE id = 40002"
for SRC in "snapshot:$IT_TMP/hollow $LIVE_T" "$LIVE_T snapshot:$IT_TMP/hollow" "snapshot:$A snapshot:$IT_TMP/hollow"; do
    DST=${SRC#* } SRC=${SRC% *}
    check_is 4 "a file that was changed: ${SRC//$IT_TMP\//} ${DST//$IT_TMP\//}" --tables big
    is "it is named" "$(table_field big verdict) $(table_field big reason | grep -c "$file. was changed")" "not-checked 1"
done

# A column that has another name on the live side, which has the old one, too: sums are of names.
for side in a b; do fresh $side "${DB}_ren"; done
client a -D "${DB}_ren" <<<"CREATE TABLE m (id INT PRIMARY KEY, nick VARCHAR(9)); INSERT INTO m VALUES (1, 'ann'), (2, 'bob')"
client b -D "${DB}_ren" <<<"CREATE TABLE m (id INT PRIMARY KEY, nick VARCHAR(9), handle VARCHAR(9)); INSERT INTO m VALUES (1, 'ann', 'ann'), (2, 'bob', 'eve')"
rm -rf "$IT_TMP/ren"
take "$(uri a "${DB}_ren")" "$IT_TMP/ren"
printf '[table %s_ren.m]\ncolumn = nick -> handle\n' "$DB" >"$IT_TMP/ren.ini"
SRC=snapshot:$IT_TMP/ren DST=$(uri b "${DB}_ren")
check_is 1 "a renamed column is compared with what it is called now" --config "$IT_TMP/ren.ini"
is "and not with what bears its name" "$(jq -c 'select(.type == "row") | [.kind, .key.id, .columns]' "$OUT")" '["changed","2",["nick"]]'

finish
