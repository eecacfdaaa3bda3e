# What the case file holds is read by the columns' names (core/case/case_fields.h) and asked by
# the parameters' (core/case/case_args.h): places in a row and in a statement drift apart in
# silence.  A query of one column may be read as column 0.
. tests/lint/lib.sh

# shellcheck disable=SC2046
awk '
    # What stands behind the first argument of a call, wherever its line ends.
    function second(text,   depth, i, c) {
        depth = 0
        for (i = 1; i <= length(text); i++) {
            c = substr(text, i, 1)
            if (c ~ /[(\[]/)
                depth++
            else if (c ~ /[)\]]/ && --depth < 0)
                return ""
            else if (c == "," && depth == 0)
                return substr(text, i + 1, 100)
        }
        return ""
    }
    function look(   text, before, call, line) {
        text = all
        line = 1
        while (match(text, /mr_case_(int|text|blob|is_null|bind_(int|text|blob|borrowed|null))[ \n]*\(/)) {
            call = substr(text, RSTART, RLENGTH)
            before = substr(text, 1, RSTART)
            line += gsub(/\n/, "", before)
            text = substr(text, RSTART + RLENGTH)
            if (call ~ /_bind_/)
                print path ":" line ": binds a parameter by its number"
            else if (second(substr(text, 1, 400)) !~ /^[ \n]*0[ \n]*[,)]/)
                print path ":" line ": reads a column by its place"
        }
    }
    FNR == 1 {
        look()
        path = FILENAME
        all = ""
    }
    { all = all $0 "\n" }
    END { look() }' $(files '*.c' | grep -E "^(${folders// /|})/" | grep -v '^core/case/') /dev/null
exit 0
