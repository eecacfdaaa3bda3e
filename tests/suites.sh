#!/bin/bash
# suites.sh SUITE…: runs test suites (unit, cli, docs, it; and reports, for sanitized.sh) and ends
# with one line for all.
# Wants BUILD (the build's folder) and MYRECON (the binary) in the environment.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 3

outer=${MR_TALLY:-}
tally=$(mktemp)
trap 'rm -f "$tally"' EXIT
export MR_TALLY=$tally BUILD MYRECON
jobs=$(nproc 2>/dev/null || echo 2)

run_suite() {
    case $1 in
    unit)
        tests/run.sh -n unit -j "$jobs" "$BUILD"/tests/unit/test_* tests/fuzz/corpus.sh \
            tests/decide/decide.sh tests/decide/three.sh
        ;;
    cli) tests/run.sh -n cli -j "$jobs" $(ls tests/cli/*.sh | grep -v '/lib[^/]*$') ;;
    docs) tests/run.sh -n docs -j "$jobs" tests/docs/{examples,situations,tools,reproducible}.sh tests/docs/{command_lines,links_hold,site_works,sbom}.py ;;
    it) tests/it/run.sh ;;
    reports) tests/run.sh -n sanitizer tests/lib/reports.sh ;;
    *)
        echo "suites.sh: unknown suite \"$1\"" >&2
        exit 3
        ;;
    esac
}

status=0
for suite in "$@"; do
    echo "== $suite"
    before=$(wc -l <"$tally")
    run_suite "$suite" || status=1
    # A suite that died before it could count is a failure, not a silence.
    [ "$(wc -l <"$tally")" -gt "$before" ] || echo '0 1 0' >>"$tally"
done

[ -z "$outer" ] || cat "$tally" >>"$outer"
awk -v status=$status '
    { passed += $1; failed += $2; skipped += $3 }
    END {
        if (status && !failed) failed = 1
        printf "%d passed, %d failed", passed, failed
        if (skipped) printf ", %d skipped", skipped
        printf "\n"
        exit failed > 0
    }' "$tally"
