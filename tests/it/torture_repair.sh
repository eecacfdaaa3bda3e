#!/bin/bash
# torture_repair.sh: each call of the C library that repair plan, apply, verify and undo make fails once
# (tests/fault/torture.py): a clean end, and the same command again gives the right result.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
torture repair
