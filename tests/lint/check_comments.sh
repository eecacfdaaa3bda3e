# Every source says in its first line what it is.
. tests/lint/lib.sh

files '*.c' | while read -r file; do
    name=${file##*/}
    head -n 2 "$file" | tr '\n' ' ' | grep -qE "^/\*[ *]*${name%.c}(\.c)?:" ||
        echo "$file:1: the first comment does not say what it is (\"/* $name: …\")"
done
exit 0
