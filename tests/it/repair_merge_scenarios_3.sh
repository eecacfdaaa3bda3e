#!/bin/bash
# repair_merge_scenarios_3.sh: as repair_merge_scenarios.sh, from section 3 on (parents, conflicts,
# ids).  Both in one would take most of the time that a script is given, where machines are busy.
SEEDS=0 PATTERN="${PATTERN:-section [3-9]*}" exec bash "$(dirname "$0")/repair_merge.sh"
