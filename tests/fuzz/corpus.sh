#!/bin/bash
# corpus.sh: runs every fuzz target over its stored corpus; prints TAP.
set -u
targets=("$BUILD"/tests/fuzz/fuzz_*)
[ -x "${targets[0]}" ] || { echo '1..0 # SKIP no fuzz target is built'; exit 0; }
echo "1..${#targets[@]}"
n=0
for target in "${targets[@]}"; do
    n=$((n + 1))
    name=${target##*/fuzz_}
    files=(tests/fuzz/corpus/"$name"/*)
    if [ ! -e "${files[0]}" ]; then
        echo "not ok $n - $name: it has no corpus"
    elif output=$("$target" "${files[@]}" 2>&1); then
        echo "ok $n - $name, ${#files[@]} inputs"
    else
        echo "not ok $n - $name"
        printf '%s\n' "$output" | tail -n 20 | sed 's/^/# /'
    fi
done
