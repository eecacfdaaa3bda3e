# Limits that no file or function passes: 800 lines a file; 100 lines and a cyclomatic
# complexity of 25 a function.
. tests/lint/lib.sh

c_files | while read -r file; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 800 ] || echo "$file: $lines lines; the limit is 800"
done
# pmccabe: modified complexity, complexity, statements, first line, lines, FILE(LINE): NAME
# shellcheck disable=SC2046
pmccabe $(files '*.c') | awk '
    $2 > 25 { print $6 " " $7 ": complexity " $2 "; the limit is 25" }
    $5 > 100 { print $6 " " $7 ": " $5 " lines; the limit is 100" }'
exit 0
