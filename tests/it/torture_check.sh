#!/bin/bash
# torture_check.sh: each call of the C library that check makes fails once (tests/fault/torture.py):
# a clean end, and the same command again finds what there is.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
torture check
