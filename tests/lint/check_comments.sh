# Every source and header says in its first line what it is, by its own name.
. tests/lint/lib.sh

c_files | while read -r file; do
    name=${file##*/}
    head -n 2 "$file" | tr '\n' ' ' | grep -qE "^/\*[ *]*${name%.[ch]}(\.[ch])?:" ||
        echo "$file:1: the first comment does not say what it is (\"/* $name: …\")"
done
exit 0
