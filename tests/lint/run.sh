#!/bin/bash
# run.sh: every check of this folder; prints what is wrong, as FILE:LINE: REASON, and
# exits 1 if anything is.  Each check is a script that prints its complaints, and is clean
# if it prints none and exits 0.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3

passed=0 failed=0
for check in tests/lint/check_*.sh; do
    name=${check##*/check_}
    if output=$(bash "$check" 2>&1) && [ -z "$output" ]; then
        printf 'ok   lint/%s\n' "${name%.sh}"
        passed=$((passed + 1))
    else
        {
            printf 'FAIL lint/%s\n' "${name%.sh}"
            printf '%s\n' "${output:-(it failed without a word)}" | sed 's/^/     /'
        } | tee -a "${MR_FAILURES:-/dev/null}"
        failed=$((failed + 1))
    fi
done
[ -z "${MR_TALLY:-}" ] || echo "$passed $failed 0" >>"$MR_TALLY"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
