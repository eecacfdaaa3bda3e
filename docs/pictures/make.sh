#!/bin/bash
# make.sh: the pictures of the README, from a run of the demo: check.svg, what the terminal shows
# (shortened at its …); report.png, the page of what was done, and decide.png, the page on which people
# decide, where there is a browser.
# Wants MYRECON in the environment.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
MR_DEMO_REPORT=$work/incident.html tests/demo/demo.sh >"$work/demo.txt"

# the command with the names that the text uses, in place of ports and passwords of this run
sed -n '/^\$ myrecon check /,/^diverged: /p' "$work/demo.txt" |
    sed -E 's,127\.0\.0\.1:[0-9]+/club \\,lost-replica/club \\,; s,^      mysql://auditor@127\.0\.0\.1:[0-9]+/club --config,    mysql://auditor@live/club --config,
        s,^source .*,source  mysql://auditor@lost-replica/club,; s,^target .*,target  mysql://auditor@live/club,' |
    awk '/^Diverged keys/ { skip = 1 } /^  club.members  collision/ && !seen { seen = 1; skip = 0; print "  …" }
        seen == 1 && /^  … and/ { skip = 1; print } /^  club.members  moved/ { if (moved++ < 1) print; next }
        /^diverged: / { skip = 0; print "" } !skip { if (!(/^  … and/)) print }' |
    awk '/^  club.members  collision/ && ++n > 1 { skip = 1 } /^  … and|^  club.members  moved|^$|^diverged/ { skip = 0 } !skip' \
        >"$work/check.txt"
[ "$(grep -c '^diverged: ' "$work/check.txt")" = 1 ]
docs/pictures/terminal.py <"$work/check.txt" >docs/pictures/check.svg

# the same of the pages: no port and no directory of this run
lost=$(sed -n 's/^\$ myrecon check .*@\([0-9.]*:[0-9]*\).*/\1/p' "$work/demo.txt" | head -n 1)
live=$(sed -n 's/^ *mysql:.*@\([0-9.]*:[0-9]*\).*/\1/p' "$work/demo.txt" | head -n 1)
sed -E -i "s,[^ <>\"]*/myrecon\.[A-Za-z0-9]+/,,g; s,$lost,lost-replica,g; s,$live,live,g" "$work"/incident*.html
if [ -x /usr/bin/chromium ]; then
    for picture in report:done decide:decide; do
        timeout 300 /usr/bin/chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
            --window-size=1000,760 --screenshot="$work/picture.png" "file://$work/incident-${picture#*:}.html" >/dev/null 2>&1
        mv "$work/picture.png" "docs/pictures/${picture%:*}.png"
    done
fi
