# tap.sh: results as TAP, for scripts that source it; bash.  The script prints its plan itself.
# shellcheck shell=bash

n=0 failures=0
result() { # STATUS DESCRIPTION [what was seen]
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $2"
        return
    fi
    failures=$((failures + 1))
    echo "not ok $n - $2"
    printf '%s\n' "${3:-}" | sed 's/^/# /'
}
