#!/bin/bash
# repair_verify_random.sh: random histories (merge/README.md), planned, applied and verified by the
# program: what was promised stands, and no longer when a restored row is gone or was changed.
#
# SEEDS=N: so many histories (4), half of them with a live side on MySQL 9.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
MYRECON=${MYRECON:-$here/../../build/myrecon}
source=${MR_A_URI-mysql://root@127.0.0.1:33061}
target=${MR_B_URI-mysql://root@127.0.0.1:33062}
mysql=${MR_O_URI-mysql://root@127.0.0.1:33071}
SEEDS=${SEEDS:-4}
[ "$SEEDS" -le 100 ] || SEEDS=100

exec python3 "$here/merge/proved.py" "$MYRECON" "$source" "$target,$mysql" "$SEEDS"
