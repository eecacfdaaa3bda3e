#!/bin/bash
# suspect_schemas.sh: what check suspects of schemas that people know (schemas/*.sql), whose
# foreign keys are taken away and whose ids changed hands: at most one false suspicion in 20
# columns, and most of the true references.

. "$(dirname "$0")/lib.sh"
begin
cd "$IT_TMP" || exit 1

data() { # data SCHEMA WHO: its rows of the past (base), or of one side
    awk -v who="$2" '/^-- data/ {on = 1; next} !on {next}
        {
            while (match($0, /(ROWS|REF)\([0-9]+\)/)) {
                what = substr($0, RSTART, RLENGTH)
                n = what; gsub(/[^0-9]/, "", n)
                last = who == "base" ? n : int(n * 1.1)
                text = "seq_" (who == "base" ? 1 : n + 1) "_to_" last
                hash = "(seq * 7919 + seq DIV 7" (who == "live" ? " + 13" : "") ")"
                if (what ~ /^REF/ && who == "base")
                    text = "(1 + " hash " % " n ")"
                else if (what ~ /^REF/) # half of what is new is about who is new
                    text = "(1 + IF(seq % 2, " n " + " hash " % " (last - n) ", " hash " % " n "))"
                $0 = substr($0, 1, RSTART - 1) text substr($0, RSTART + RLENGTH)
            }
            gsub(/WHO/, who)
            print
        }' "$1"
}
for file in "$IT_DIR"/schemas/*.sql; do
    schema=$(basename "$file" .sql)
    fresh ab "$DB"
    at ab "$(sed '/^-- data/,$d' "$file"); $(data "$file" base)"
    at a "$(data "$file" lost)"
    at b "$(data "$file" live)"
    check_is 1 "$schema: checked"
    sed -n 's/^-- ref: //p' "$file" | tr ' ' '\n' | sort -u >true
    jq -r --arg db "$DB" 'select(.type == "advice" and .column != null) | "\(.table | ltrimstr($db + ".")).\(.column)"' "$OUT" | sort -u >found
    columns=$(client a -D "$DB" <<<"SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()")
    false=$(comm -13 true found | wc -l) hits=$(comm -12 true found | wc -l) all=$(wc -l <true)
    echo "# $schema: $columns columns, $all references, $hits found, $false false suspicions: $(comm -13 true found | xargs)"
    echo "#   not found: $(comm -23 true found | xargs)"
    ok "$schema: at most one false suspicion in 20 columns" test $((false * 20)) -le "$columns"
    ok "$schema: nine of ten references are found" test $((hits * 10)) -ge $((all * 9))
done
finish
