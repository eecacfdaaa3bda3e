#!/bin/bash
# sanitized.sh SUITE…: runs test suites with a sanitizer's build, as tests/suites.sh does, and then
# shows what the sanitizer has reported.
#
# Reports go to files of their own: a program may be killed by its test, or nobody looks at what
# it says.  A program with one ends with 66, which is no exit code of ours: 1 would be taken for
# a finding.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 3

MR_REPORTS=$(mktemp -d)
trap 'rm -rf "$MR_REPORTS"' EXIT
export MR_REPORTS
# An instrumented program takes several times as long.
export MR_TEST_TIMEOUT=${MR_TEST_TIMEOUT:-1800} MR_CASE_TIMEOUT=300
common=exitcode=66:log_path=$MR_REPORTS/report
export ASAN_OPTIONS=$common:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export LSAN_OPTIONS=print_suppressions=0
export UBSAN_OPTIONS=$common:print_stacktrace=1
export TSAN_OPTIONS=$common:halt_on_error=0:second_deadlock_stack=1
tests/suites.sh "$@" reports
