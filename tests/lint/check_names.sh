# File names are snake_case and unique in the tree, so that one can be said without its
# folder.  Nothing names a path or a host of the machine that it was written on.
. tests/lint/lib.sh

c_files | sed 's,.*/,,' | LC_ALL=C sort | uniq -d | sed 's/$/: more than one file has this name/'
c_files | grep -vE '(^|/)[a-z0-9_]+\.[ch]$' | sed 's/$/: not snake_case/'

homes='/(home|root|Users|work)/[[:alnum:]_]'
hosts='(deb|security|snapshot|ftp[.a-z]*)\.debian\.org|registry\.[a-z]+\.[a-z]+|pypi\.org|npmjs'
# shellcheck disable=SC2046
grep -nE "$homes|$hosts" $(files '*.[ch]' '*.sh' '*.awk' '*.mk' '*.scd' '*.def' Makefile) \
    /dev/null | grep -v '^tests/lint/check_names.sh:'
exit 0
