#!/bin/bash
# decide_coverage.sh: unit tests run every line of repair/decide, and take each branch.  Needs no
# server.

set -u
cd "$(dirname "$0")/../decide" || exit 1
exec python3 -B coverage.py
