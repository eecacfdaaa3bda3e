#!/bin/bash
# run.sh [-j N] [-n SUITE] [-f JOBS] [-t SECONDS] [PROGRAM…]: runs programs that print TAP, and counts.
#
# JOBS has lines of LABEL<TAB>SHELL COMMAND; a PROGRAM is its own command.  A program has
# failed as a whole (one failure more) if it printed no plan, or another number of results
# than its plan says, or died, or exited with a status that none of its results explains,
# or ran longer than MR_TEST_TIMEOUT seconds (600).  A skipped test counts as skipped,
# never as passed: cmocka 1.1.5 prints it as "not ok 3 # SKIP".
#
# -t: when so many seconds are over no program is begun any more; those left are named, and count as skipped.
#
# The last line is "N passed, N failed", with ", N skipped" where there are any.  Where
# MR_TALLY names a file, the three numbers are appended to it for whoever adds them up; where
# MR_FAILURES does, what failed is appended to that one, to be shown again at the end.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
parallel=1
suite=tests
jobs_file=
limit_s=
while getopts 'j:n:f:t:' option; do
    case $option in
    j) parallel=$OPTARG ;;
    n) suite=$OPTARG ;;
    f) jobs_file=$OPTARG ;;
    t) limit_s=$OPTARG ;;
    *) exit 3 ;;
    esac
done
shift $((OPTIND - 1))

labels=()
commands=()
if [ -n "$jobs_file" ]; then
    while IFS=$'\t' read -r label command; do
        [ -n "$label" ] || continue
        labels+=("$label")
        commands+=("$command")
    done <"$jobs_file"
fi
for program in "$@"; do
    labels+=("$(basename "$program" .sh)")
    commands+=("exec $(printf '%q' "$program")")
done

work=$(mktemp -d "${TMPDIR:-/tmp}/myrecon-run.XXXXXX")
running=()
stop() {
    trap - INT TERM
    [ ${#running[@]} -eq 0 ] || kill "${running[@]}" 2>/dev/null
    wait
    rm -rf "$work"
    exit 130
}
trap stop INT TERM
trap 'rm -rf "$work"' EXIT

# no configuration of the machine is read
export CMOCKA_MESSAGE_OUTPUT=TAP MYRECON_SYSTEM_CONFIG=/dev/null

# The child writes its status last, so that a status means that all of it is there.
start_job() { # INDEX
    local n=$1
    (
        begin=$EPOCHREALTIME
        timeout -k 10 "${MR_TEST_TIMEOUT:-600}" bash -c "${commands[n]}" \
            >"$work/$n.out" 2>"$work/$n.err" </dev/null &
        child=$!
        trap 'kill $child 2>/dev/null; wait $child; exit 130' INT TERM
        { wait $child; } 2>/dev/null
        status=$?
        elapsed=$(((${EPOCHREALTIME/./} - ${begin/./}) / 100000))
        printf '%d %d.%d\n' $status $((elapsed / 10)) $((elapsed % 10)) >"$work/$n.rc"
    ) &
    running+=($!)
}

passed=0 failed=0 skipped=0
print_result() { # INDEX PASSED FAILED SKIPPED SECONDS
    local n=$1 verdict='ok  '
    [ "$3" -eq 0 ] || verdict='FAIL'
    printf '%s %-34s %4d passed' "$verdict" "$suite/${labels[n]}" "$2"
    [ "$3" -eq 0 ] || printf ', %d failed' "$3"
    [ "$4" -eq 0 ] || printf ', %d skipped' "$4"
    printf '  (%s s)\n' "$5"
    if [ -s "$work/$n.shown" ]; then
        sed 's/^/     /' "$work/$n.shown"
    fi
    if [ "$3" -gt 0 ] && [ -s "$work/$n.err" ]; then
        echo '     -- stderr, the last 60 lines:'
        tail -n 60 "$work/$n.err" | sed 's/^/     | /'
    fi
}

report_job() { # INDEX
    local n=$1 status=130 seconds='?' p f s
    [ ! -s "$work/$n.rc" ] || read -r status seconds <"$work/$n.rc"
    read -r p f s < <(awk -v status="$status" -v shown="$work/$n.shown" \
        -f "$here/lib/tap.awk" "$work/$n.out")
    print_result "$n" "$p" "$f" "$s" "$seconds"
    if [ "$f" -gt 0 ] && [ -n "${MR_FAILURES:-}" ]; then
        print_result "$n" "$p" "$f" "$s" "$seconds" >>"$MR_FAILURES"
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

next=0 reported=0
declare -A done_jobs=()
total=${#labels[@]}
begun=$SECONDS
stop_at_limit() {
    [ -n "$limit_s" ] && [ "$next" -lt "$total" ] && [ $((SECONDS - begun)) -ge "$limit_s" ] || return
    echo "$((total - next)) of $total programs are left out, as $limit_s s are over: ${labels[*]:next}"
    skipped=$((skipped + total - next)) total=$next
}
while [ "$reported" -lt "$total" ]; do
    stop_at_limit
    while [ "$next" -lt "$total" ] && [ $((next - reported)) -lt "$parallel" ]; do
        start_job "$next"
        next=$((next + 1))
    done
    wait -n 2>/dev/null
    for ((n = 0; n < next; n++)); do
        if [ -z "${done_jobs[$n]:-}" ] && ! kill -0 "${running[n]}" 2>/dev/null; then
            done_jobs[$n]=1
            report_job "$n"
            reported=$((reported + 1))
        fi
    done
done

if [ "$total" -eq 0 ]; then # also where nothing was begun in time
    echo "FAIL $suite: there is no test to run"
    failed=1
fi
[ -z "${MR_TALLY:-}" ] || echo "$passed $failed $skipped" >>"$MR_TALLY"
printf '%d passed, %d failed' "$passed" "$failed"
[ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped"
printf '\n'
[ "$failed" -eq 0 ]
