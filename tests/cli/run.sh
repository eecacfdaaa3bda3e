#!/bin/bash
# run.sh [--update] [NAME…]: golden tests of the command line, as TAP.
#
# A test is a folder: `cmd` is a shell script that calls "$MYRECON" in a scratch folder of
# its own, with nothing in the environment but PATH, HOME (the scratch folder), ROOT (the tree),
# and that no configuration of the machine is read.  What must come of it: `exit` (a number; without it 0), `stdout` and `stderr`
# (exact; without them nothing), or `stdout.glob` and `stderr.glob` (a pattern a line).
# --update writes what came out into the files that are compared exactly.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
MYRECON=${MYRECON:-$root/build/myrecon}
update=
[ "${1:-}" = --update ] && update=1 && shift

if [ ! -x "$MYRECON" ]; then
    echo "Bail out! no binary: $MYRECON"
    exit 1
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# matches_glob FILE PATTERNS: line by line, and as many lines.
matches_glob() {
    local -a got want
    mapfile -t got <"$1"
    mapfile -t want <"$2"
    [ ${#got[@]} -eq ${#want[@]} ] || return 1
    local i
    for i in "${!want[@]}"; do
        # shellcheck disable=SC2053 # the right side is a pattern
        [[ ${got[i]} == ${want[i]} ]] || return 1
    done
}

# check_stream TEST NAME OUT: the stream's file in OUT against its golden.
check_stream() {
    local want=$1/$2 got=$3/$2
    if [ -e "$want.glob" ]; then
        matches_glob "$got" "$want.glob" && return 0
        want=$want.glob
    elif [ -n "$update" ]; then
        rm -f "$want"
        [ ! -s "$got" ] || cp "$got" "$want"
        return 0
    elif [ -e "$want" ]; then
        cmp -s "$got" "$want" && return 0
    else
        [ -s "$got" ] || return 0
        want=/dev/null
    fi
    echo "# $2 differs (- expected, + got):"
    diff -u "$want" "$got" | tail -n +3 | sed 's/^/# /'
    return 1
}

check_exit() {
    local want=0
    [ ! -e "$1/exit" ] || want=$(cat "$1/exit")
    [ "$2" = "$want" ] && return 0
    if [ -n "$update" ]; then
        rm -f "$1/exit"
        [ "$2" = 0 ] || echo "$2" >"$1/exit"
        return 0
    fi
    echo "# exit status $2, expected $want"
    return 1
}

run_test() {
    local test=$1 out=$scratch/out home=$scratch/home status good=1
    rm -rf "$out" "$home"
    mkdir -p "$out" "$home"
    (cd "$home" && exec env -i PATH="$PATH" HOME="$home" MYRECON_SYSTEM_CONFIG=/dev/null \
        ROOT="$root" MYRECON="$MYRECON" \
        ${ASAN_OPTIONS:+ASAN_OPTIONS="$ASAN_OPTIONS"} \
        ${UBSAN_OPTIONS:+UBSAN_OPTIONS="$UBSAN_OPTIONS"} \
        ${LSAN_OPTIONS:+LSAN_OPTIONS="$LSAN_OPTIONS"} \
        ${TSAN_OPTIONS:+TSAN_OPTIONS="$TSAN_OPTIONS"} \
        timeout "${MR_CASE_TIMEOUT:-180}" bash "$test/cmd") >"$out/stdout" 2>"$out/stderr" </dev/null
    status=$?
    check_exit "$test" "$status" || good=
    check_stream "$test" stdout "$out" || good=
    check_stream "$test" stderr "$out" || good=
    [ -n "$good" ]
}

tests=()
if [ $# -gt 0 ]; then
    for name in "$@"; do tests+=("$here/$name/cmd"); done
else
    tests=("$here"/*/cmd)
fi
failed=0
number=0
echo "1..${#tests[@]}"
for cmd in "${tests[@]}"; do
    number=$((number + 1))
    name=$(basename "$(dirname "$cmd")")
    if [ -e "$cmd" ] && diagnostics=$(run_test "$(dirname "$cmd")"); then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        echo "${diagnostics:-# no such test}"
        failed=1
    fi
    diagnostics=
done
exit $failed
