# clang-format has nothing to change.  White space is clean in every text.
. tests/lint/lib.sh

# shellcheck disable=SC2046
clang-format --dry-run --Werror --style=file $(c_files) 2>&1 |
    sed -n 's/^\([^:]*\):\([0-9]*\):.*error: code should.*/\1:\2: not clang-formatted/p' |
    sort -t: -k1,1 -su
# shellcheck disable=SC2046
grep -nE '[[:space:]]+$' $(files '*.[ch]' '*.sh' '*.awk' '*.mk' '*.md' '*.scd' '*.def' Makefile) \
    /dev/null | sed 's/:.*$//; s/$/: white space at the end of a line/' | sort -u
exit 0
