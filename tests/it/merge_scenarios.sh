#!/bin/bash
# merge_scenarios.sh: what the oracle of merge (merge/README.md) expects of hand-written and
# random histories, asked of the program's planner on two real servers; the random ones also
# with a live side on MySQL 9.
#
# SEEDS=N: so many random histories (10; of up to 20 half, at most 200, which takes a quarter of an hour).
# PATTERN: only tests of that name.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
MYRECON=${MYRECON:-$here/../../build/myrecon}
driver=${BUILD:-$here/../../build}/tests/it/merge_driver
source=${MR_A_URI-mysql://root@127.0.0.1:33061}
target=${MR_B_URI-mysql://root@127.0.0.1:33062}

SEEDS=${SEEDS:-10}
[ "$SEEDS" -le 100 ] || SEEDS=100
[ "$SEEDS" -gt 20 ] || SEEDS=$(((SEEDS + 1) / 2))

exec python3 "$here/merge/driver.py" "$MYRECON" "$driver" "$source" "$target" \
    "$SEEDS" "${PATTERN:-*}"
