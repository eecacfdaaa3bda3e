# Each header compiles by itself, and its guard is its own name.
. tests/lint/lib.sh

files '*.h' | while read -r header; do
    # shellcheck disable=SC2086
    ${CC:-gcc} ${LINT_CFLAGS:--std=c17 -D_GNU_SOURCE -I.} -x c -fsyntax-only \
        -Wno-unused-macros "$header" 2>&1 | grep -E 'error|warning' | head -n 3
    guard="$(basename "$header" .h | tr '[:lower:]' '[:upper:]')_H"
    grep -qE "^#ifndef MR_(TESTS?_)?$guard\$" "$header" ||
        echo "$header: its include guard is not MR_$guard"
done
exit 0
