#!/bin/bash
# repair_merge_scenarios.sh: as repair_merge.sh, for the histories written by hand.
SEEDS=0 PATTERN="${PATTERN:-section*}" exec bash "$(dirname "$0")/repair_merge.sh"
