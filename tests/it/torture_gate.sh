#!/bin/bash
# torture_gate.sh: each call of the C library that gate record and gate check make fails once
# (tests/fault/torture.py): a clean end, and the same command again gives the right result.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
torture gate
