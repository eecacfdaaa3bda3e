#!/bin/bash
# reports.sh: one result: no sanitizer has written a report into the directory MR_REPORTS.
. "$(dirname "$0")/tap.sh"

reports=("$MR_REPORTS"/report*)
[ -e "${reports[0]}" ] || reports=()
[ ${#reports[@]} -eq 0 ]
result $? "no sanitizer reports anything" "${#reports[@]} programs; the first of them:
$(cat "${reports[@]}" /dev/null 2>/dev/null | head -n 400)"
echo 1..1
exit $failures
