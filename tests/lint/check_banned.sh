# Calls that core/base/banned.h cannot forbid by name alone, and words that are not to be left
# behind.  Only main.c ends the process; only tests may abort it.  The child of a fork that does not
# come to its program has no other end: a line that says so is passed over.
. tests/lint/lib.sh

own=$(c_files | grep -E "^(${folders// /|})/")
# shellcheck disable=SC2086
{
    grep -HnE '(^|[^_[:alnum:].>])(exit|_exit|quick_exit|abort)[[:space:]]*\(' $own |
        grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)|[^_]_exit\(.*/\* the child of a fork \*/$' |
        sed 's/$/  (only main.c ends the process)/'
    grep -HnE '__attribute__\(\((__)?cleanup' $own
    grep -HnE '^[[:space:]]*typedef[[:space:]]+(struct|union|enum)[^(]*$' $own |
        sed 's/$/  (structs keep their tag)/'
}
grep -nE '#[[:space:]]*undef[[:space:]]+(strcpy|strcat|sprintf|system|atoi|gets)\b' \
    $(c_files | grep -v '^core/base/banned\.h$')

# Rows are never overwritten or left out in silence: not by a statement of ours either.
# shellcheck disable=SC2046
grep -HnE '"[^"]*(REPLACE INTO|REPLACE %|(INSERT|UPDATE|DELETE) IGNORE|DUPLICATE KEY UPDATE)' \
    $(c_files | grep -E '^(core/db|repair|snapshot)/') |
    grep -v 'INSERT OR REPLACE' | # SQLite's, in the case
    sed 's/$/  (no row is overwritten or passed over)/'

# The words are put together here, so that this file does not find itself.
words="TO""DO|FIX""ME|XX""X:"
# shellcheck disable=SC2046
grep -nwE "$words" $(files '*.[ch]' '*.sh' '*.mk' '*.md' '*.scd' '*.def' Makefile) /dev/null |
    grep -v 'mktemp\|XXXXXX'
exit 0
