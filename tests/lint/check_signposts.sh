# What comments, documents and manual pages point to is there: files and folders; functions,
# types and constants, by their whole name or its end (a header says init for mr_sha256_init);
# options; targets and variables of make.  (That whole command lines are right, and links, is
# for tests/docs.)  Names from elsewhere stand in the lists below.
. tests/lint/lib.sh

# Of servers, SQL, the C library and other programs.
foreign_names='BIT_XOR ER_UNKNOWN_COLLATION JSON_VALID LC_NUMERIC LOAD_FILE SET_ANY_DEFINER
    SET_USER_ID SLAVESIDE_DISABLED SQLITE_TMPDIR SQL_DELAY UUID_TO_BIN dlsym f_bfree
    in_predicate_conversion_threshold pg_rewind rsa_padding_mode rsa_pss_saltlen
    secure_timestamp slave_checkpoint_group stmt_errno
    wcwidth'
# Words of an example, of an output, of a parameter that only a caller has a name for.
foreign_names+=' CPU_SECONDS EXIT_STATUS LDFLAGS_test_x MEDIAN_MS P99_MS PEAK_KIB
    TEST_NAME WORST_MS cached_total e_mail fk_1 mr_report_NAME scratch_directory worker_no'
foreign_options='chunk-time execute foo hostname name no-name now opt query resource-type tread username utc wrap'
foreign_files='a.b.c myrecon.ini'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts=$(files '*.sh' '*.py' '*.awk' '*.mk' Makefile; ls .ci/run)
documents=$(files '*.md' '*.scd')
find . \( -path ./build -o -path ./.git \) -prune -o -print | sed 's,^\./,,' >"$work/paths"

# FILE:LINE:TEXT of comments into "comments"; what is no comment into "code".
# shellcheck disable=SC2046
awk -v comments="$work/comments" -v code="$work/code" '
    FNR == 1 { inside = 0 }
    {
        line = $0
        said = rest = ""
        while (line != "") {
            if (inside) {
                at = index(line, "*/")
                said = said (at ? substr(line, 1, at - 1) " " : line)
                line = at ? substr(line, at + 2) : ""
                inside = !at
            } else if (match(line, /"|'\''|\/\*|\/\//)) {
                rest = rest substr(line, 1, RSTART - 1)
                what = substr(line, RSTART, RLENGTH)
                line = substr(line, RSTART + RLENGTH)
                if (what == "/*") {
                    inside = 1
                } else if (what == "//") {
                    said = said line
                    line = ""
                } else if (what == "\"" ? match(line, /^([^"\\]|\\.)*"/) \
                                       : match(line, /^([^'\''\\]|\\.)*'\''/)) {
                    rest = rest what substr(line, 1, RLENGTH)
                    line = substr(line, RLENGTH + 1)
                }
            } else {
                rest = rest line
                line = ""
            }
        }
        if (said != "")
            print FILENAME ":" FNR ":" said >comments
        print rest >code
    }' $(files '*.[ch]' '*.def') /dev/null
# shellcheck disable=SC2086
awk -v comments="$work/comments" -v code="$work/code" '
    FNR == 1 { inside = 0 }
    FILENAME ~ /\.py$/ { # what stands in """ is said, too
        quotes = gsub(/"""/, "&")
        if (quotes || inside) {
            print FILENAME ":" FNR ":" $0 >>comments
            if (quotes == 1)
                inside = !inside
            next
        }
    }
    match($0, /(^|[ \t])#([ \t]|$)/) {
        print FILENAME ":" FNR ":" substr($0, RSTART + RLENGTH) >>comments
        $0 = substr($0, 1, RSTART - 1)
    }
    { print >>code }' $scripts /dev/null
# shellcheck disable=SC2046
cat $(files '*.js' '*.sql' '*.jq' '*.css' '*.ini' '*.bash' '*.zsh') $(files cmd) /dev/null >>"$work/code"
# shellcheck disable=SC2086
grep -Hn '' $documents /dev/null | sed 's/\\//g' >"$work/documents"

# ---- names: words with an underscore, or with () behind them
# shellcheck disable=SC2016
names='
    function know(word,   at) {
        whole[word]
        at = 0
        while (match(substr(word, at + 1), /_+/)) {
            at += RSTART + RLENGTH - 1
            begins[substr(word, 1, at)]
            if (at < length(word))
                whole[substr(word, at + 1)]
        }
    }
    FILENAME != here {
        while (match($0, /[A-Za-z_][A-Za-z0-9_]*/)) {
            word = substr($0, RSTART, RLENGTH)
            $0 = substr($0, RSTART + RLENGTH)
            if (!(word in whole))
                know(word)
        }
        next
    }
    {
        split($0, part, ":")
        text = substr($0, length(part[1] part[2]) + 3)
        while (match(text, /[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]*|[a-z][a-z0-9]*\(\)/)) {
            word = substr(text, RSTART, RLENGTH)
            sub(/\(\)/, "", word)
            before = RSTART > 1 ? substr(text, RSTART - 1, 1) : " "
            text = substr(text, RSTART + RLENGTH)
            if (word !~ only || word ~ runtime || part[1] ~ /\.py$/ && word !~ /[a-z]|^MR_/ || before ~ /[A-Za-z0-9_%$\/.-]/)
                continue
            if (!(word in whole || word in begins))
                print part[1] ":" part[2] ": names " word ", which nothing here is called"
        }
    }'
sed 's,.*/,,; s,\.[a-z]*$,,' "$work/paths" >"$work/modules"
printf '%s\n' $foreign_names >"$work/foreign"
grep -E '^docs/design/' "$work/documents" >"$work/designs"
# Names that a script or a plan puts together; in Python capitals are parameters.
runtime='^myrecon_|^MR_[A-Z]+_(PORT|SOCK|URI|DIR|PID|KIND)$'
for where in comments designs documents; do
    only=.
    [ $where != documents ] || only='^(mr|MR|MYRECON)_'
    awk -v here="$work/$where" -v only="$only" -v runtime="$runtime" "$names" "$work/code" "$work/modules" \
        "$work/foreign" "$work/$where"
done | sort -u

# ---- files and folders
awk -v paths="$work/paths" -v foreign="$foreign_files" '
    BEGIN {
        while ((getline path <paths) > 0) {
            all = all "\n" path
            n = split(path, part, "/")
            end = ""
            for (i = n; i > 0; i--) {
                end = part[i] (end == "" ? "" : "/" end)
                there[end]
                module = end
                if (i < n && sub(/\.[a-z]+$/, "", module))
                    there[module] # its .c and .h
            }
            if (n == 1)
                top[path]
        }
        all = all "\n"
        n = split(foreign, part, " ")
        for (i = 1; i <= n; i++)
            there[part[i]]
    }
    function is_there(name,   end) {
        sub(/^(\.\.?\/)+/, "", name)
        if (name in there)
            return 1
        if (name ~ /\*/) { # of some files
            gsub(/[.+]/, "\\\\&", name)
            gsub(/\*/, "[^\n]*", name)
            return all ~ ("[\n/]" name)
        }
        return 0
    }
    {
        split($0, part, ":")
        text = substr($0, length(part[1] part[2]) + 3)
        while (match(text, /[A-Za-z0-9_.*\/-]+/)) {
            name = substr(text, RSTART, RLENGTH)
            before = RSTART > 1 ? substr(text, RSTART - 1, 1) : " "
            after = substr(text, RSTART + RLENGTH, 1)
            text = substr(text, RSTART + RLENGTH)
            sub(/[.\/]+$/, "", name)
            folder = name
            sub(/\/.*/, "", folder)
            is_path = name ~ /^(core|recon|repair|snapshot|tests|docs)\/[a-z*]/
            is_file = name ~ /[A-Za-z0-9_*]\.([ch]|sh|py|mk|awk|scd|jq|def)$/
            if ((!is_path && !is_file) || name ~ /^\// || before ~ /[<$%{}:~]/ || after ~ /[{$%<…]/)
                continue
            # NAME.scd and x.c stand for any; so does the user'\''s own folder of that name
            if (name ~ /[A-Z][A-Z]|(^|\/)[a-z]\.[a-z]+$|\/[0-9]+$|^[^a-z]*$/)
                continue
            if (!is_there(name))
                print part[1] ":" part[2] ": names " name ", which is not there"
        }
    }' "$work/comments" "$work/documents" | sort -u

# ---- options
# shellcheck disable=SC2046
{
    sed -nE 's/.*\.name = "([a-z0-9-]+)".*/\1/p' $(files '*.[ch]') /dev/null
    grep -ohE -- '--[a-z][a-z0-9-]*' "$work/code" | sed 's/^--//'
    printf '%s\n' $foreign_options
} | sort -u >"$work/options"
awk -v options="$work/options" '
    BEGIN {
        while ((getline name <options) > 0) {
            there[name]
            there["no-" name]
        }
    }
    {
        split($0, part, ":")
        text = substr($0, length(part[1] part[2]) + 3)
        while (match(text, /--[a-z][a-z0-9-]*/)) {
            before = RSTART > 1 ? substr(text, RSTART - 1, 1) : " "
            name = substr(text, RSTART + 2, RLENGTH - 2)
            text = substr(text, RSTART + RLENGTH)
            if (before ~ /[A-Za-z0-9-]/ || name ~ /-$/)
                continue
            if (!(name in there))
                print part[1] ":" part[2] ": names --" name ", which is no option"
        }
    }' "$work/comments" "$work/documents"

# ---- make
# shellcheck disable=SC2046
awk '
    FILENAME !~ /\/(comments|documents)$/ {
        if ($0 ~ /^(\.PHONY|[a-z][a-z0-9 -]*):/ || $0 ~ /^        [a-z][a-z -]*$/) {
            n = split($0, words, /[ :]+/)
            for (i = 1; i <= n; i++)
                targets[words[i]]
        }
        while (match($0, /[A-Z][A-Z_]+/)) {
            variables[substr($0, RSTART, RLENGTH)]
            $0 = substr($0, RSTART + RLENGTH)
        }
        next
    }
    {
        split($0, part, ":")
        text = substr($0, length(part[1] part[2]) + 3)
        if (text !~ /^make[A-Za-z0-9_= .\/-]*( *#.*)?$/)
            sub(/^make/, "", text) # a sentence
        while (match(text, /(["`]|^)make( [A-Z][A-Z_]*=[^ "`]*| [a-z][a-z0-9-]*)+/)) {
            n = split(substr(text, RSTART, RLENGTH), words, " ")
            text = substr(text, RSTART + RLENGTH)
            for (i = 2; i <= n; i++) {
                what = words[i]
                is_variable = sub(/=.*/, "", what)
                if (is_variable ? !(what in variables) : !(what in targets))
                    print part[1] ":" part[2] ": names make " what ", of which make knows nothing"
            }
        }
    }' Makefile $(files module.mk) "$work/comments" "$work/documents"
exit 0
