# Whoever calls a function reads its header, not its source: every function that a header declares
# has a comment there, right above it, above the group that it stands in (declarations without an
# empty line between them), or by its name in the header's opening comment.
. tests/lint/lib.sh

# shellcheck disable=SC2046
awk '
    FNR == 1 {
        opening = statement = ""
        is_opening = 1
        inside = depth = is_said = is_macro = 0
        module = FILENAME
        gsub(/^.*\/|\.h$/, "", module)
    }
    { # apart what is said and what is declared
        line = $0
        code = ""
        while (line != "") {
            if (inside) {
                at = index(line, "*/")
                if (is_opening)
                    opening = opening " " (at ? substr(line, 1, at - 1) : line)
                is_said = 1
                line = at ? substr(line, at + 2) : ""
                inside = !at
                is_opening = is_opening && inside
            } else if ((at = index(line, "/*")) > 0) {
                code = code substr(line, 1, at - 1)
                line = substr(line, at + 2)
                inside = is_said = 1
            } else {
                code = code line
                line = ""
            }
        }
    }
    /^[ \t]*$/ && depth == 0 && !inside { # the end of a group
        is_said = 0
        statement = ""
    }
    is_macro || code ~ /^[ \t]*#/ {
        is_macro = code ~ /\\$/
        next
    }
    code !~ /[^ \t]/ { next }
    {
        statement = statement " " code
        depth += gsub(/\{/, "{", code) - gsub(/\}/, "}", code)
        if (depth > 0 || code !~ /[;}][ \t]*$/)
            next
        if (statement !~ /^ *(typedef|static|_Static_assert)|[{]/ &&
            match(statement, /[A-Za-z_][A-Za-z0-9_]*\(/)) {
            name = substr(statement, RSTART, RLENGTH - 1)
            short = name # init, for mr_sha256_init in sha256.h
            sub(/^mr_/, "", short)
            sub("^" module "_", "", short)
            if (!is_said && (" " opening " ") !~ ("[^A-Za-z0-9_](" name "|" short ")[^A-Za-z0-9_]"))
                print FILENAME ":" FNR ": nothing says what " name " does, gives back and refuses"
        }
        statement = ""
    }' $(files '*.h' | grep -vE '^tests/')
exit 0
