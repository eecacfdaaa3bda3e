#!/bin/bash
# three.sh: repair/decide against the rules of three ways by column as three.py has them, in every
# world of facts.
set -o pipefail
exec python3 -B tests/decide/three.py < <("$BUILD/tests/decide/worlds_three")
