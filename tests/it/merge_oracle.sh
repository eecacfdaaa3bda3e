#!/bin/bash
# merge_oracle.sh: the oracle of `repair plan --policy merge` against histories written by hand,
# and against random ones whose truth is known.  Needs no server; SEEDS=N random histories.

set -u
cd "$(dirname "$0")/merge" || exit 1
exec python3 -B runner.py "${SEEDS:-20}"
