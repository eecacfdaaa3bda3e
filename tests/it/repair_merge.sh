#!/bin/bash
# repair_merge.sh: plans of `repair plan --policy merge` from cradle to grave, judged by the
# oracle (merge/README.md): random databases with two histories are planned, applied, verified,
# spoilt, undone and applied once more, by the program and by the stock client, on MariaDB and
# with a live side on MySQL 9.
#
# SEEDS=N or FIRST-LAST (20; of up to 20 half, at most 200 in a run).  PATTERN: only tests of that name.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
MYRECON=${MYRECON:-$here/../../build/myrecon}
source=${MR_A_URI-mysql://root@127.0.0.1:33061}
target=${MR_B_URI-mysql://root@127.0.0.1:33062}
other=${MR_O_URI-mysql://root@127.0.0.1:33071}

case ${SEEDS:=20} in
*-*) ;;
*)
    [ "$SEEDS" -le 100 ] || SEEDS=100
    [ "$SEEDS" -gt 20 ] || SEEDS=$(((SEEDS + 1) / 2))
    ;;
esac

exec python3 -B "$here/merge/lifetimes.py" "$MYRECON" "$source" "$target" "$SEEDS" \
    "${PATTERN:-random*}" "$other"
