#!/bin/bash
# decide.sh: repair/decide against the rules as rules.py has them, in every world of facts.
set -o pipefail
exec python3 -B tests/decide/rules.py < <("$BUILD/tests/decide/worlds")
