#!/bin/bash
# torture_affected.sh: each call of the C library that affected and report make from a case fails once
# (tests/fault/torture.py): a clean end, and the same command again gives the right result.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
torture affected
