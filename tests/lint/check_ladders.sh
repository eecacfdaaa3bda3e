# No ladders: three times in a row "if (code == MR_OK) code = f();" is what MR_TRY says, or
# MR_TRY_OUT where something is to be released (core/base/err.h): what stands on no path of failure
# is then read straight down, and what does stands below one label.
. tests/lint/lib.sh

# shellcheck disable=SC2046
awk '
    function end_row() {
        if (rungs > 2)
            print path ":" first ": " rungs " times \"if (" name " == MR_OK) " name \
                " = …\" in a row; MR_TRY or MR_TRY_OUT says it"
        rungs = 0
    }
    FNR == 1 {
        end_row()
        path = FILENAME
        statement = ""
    }
    statement == "" {
        if (match($0, /^[ \t]+if \([A-Za-z_.>-]+ == MR_OK\)/)) {
            said = substr($0, RSTART, RLENGTH)
            gsub(/^[ \t]+if \(| == MR_OK\)$/, "", said)
            if (said != name)
                end_row()
            name = said
            statement = $0
            begun = FNR
        } else {
            end_row()
            next
        }
    }
    begun != FNR { statement = statement " " $0 }
    /[;{}][ \t]*$/ {
        sub(/^[ \t]+if \([^)]*\)[ \t]*/, "", statement)
        if (index(statement, name " =") == 1 && statement ~ /;[ \t]*$/) {
            if (rungs++ == 0)
                first = begun
        } else {
            end_row()
        }
        statement = ""
    }
    END { end_row() }' $(files '*.c' | grep -vE '^tests/')
exit 0
