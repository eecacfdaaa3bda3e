#!/bin/bash
# decide_mutants.sh: each comparison of repair/decide, turned round, makes a test of it fail.  Needs
# no server.

set -u
cd "$(dirname "$0")/../decide" || exit 1
exec python3 -B mutants.py
