#!/bin/bash
# repair_merge_scenarios.sh: as repair_merge.sh, for the histories written by hand: the common past,
# and one pass over the rows (sections 1 and 2 of the merge).
SEEDS=0 PATTERN="${PATTERN:-section [12]*}" exec bash "$(dirname "$0")/repair_merge.sh"
