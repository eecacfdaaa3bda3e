#!/bin/bash
# repair_plan_histories.sh: what the oracle of merge (merge/README.md) expects of hand-written
# and random histories, asked of `repair plan`: idmap.csv, conflicts.csv, and what stands on the
# live side when reseed.sql and apply.sql were run by the stock client.  On two MariaDB
# servers; on MariaDB and MySQL 9 as repair_plan_histories_mysql.sh, random ones only.
#
# SEEDS=N: so many random histories (10; at most 100).  PATTERN: only tests of that name.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
MYRECON=${MYRECON:-$here/../../build/myrecon}
source=${MR_A_URI-mysql://root@127.0.0.1:33061}
target=${MR_B_URI-mysql://root@127.0.0.1:33062}
PATTERN=${PATTERN:-*}
SEEDS=${SEEDS:-10}
[ "$SEEDS" -le 100 ] || SEEDS=100

if [ "${1:-}" = mysql ]; then
    target=${MR_O_URI-mysql://root@127.0.0.1:33071}
    PATTERN='random histories'
    if [ -z "$target" ]; then
        echo '1..0 # SKIP no MySQL 9'
        exit 0
    fi
fi

exec python3 "$here/merge/planned.py" "$MYRECON" "$source" "$target" "$SEEDS" "$PATTERN"
