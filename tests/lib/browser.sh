#!/bin/bash
# browser.sh: is there a browser to test with?  Debian's chromium, its driver, and python3.
#
# Exit: 0; 77 and the reason on stderr where it cannot be had; 1 where it should have worked:
# the mirror has it and this account may install it, yet it is not there.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)

have() {
    command -v python3 >/dev/null && [ -x /usr/bin/chromium ] &&
        [ -x /usr/bin/chromedriver ]
}

have && exit 0
if ! command -v apt-get >/dev/null; then
    echo 'no chromium with chromedriver, and this is not Debian' >&2
    exit 77
fi
if [ "$(id -u)" != 0 ]; then
    echo 'chromium and chromium-driver are not installed, and only root can install them' >&2
    exit 77
fi
offered=$(apt-cache policy chromium-driver 2>/dev/null | awk '/Candidate:/ { print $2 }')
if "$here/../deps.sh" browser >/dev/null 2>&1 && have; then
    exit 0
fi
echo 'chromium and chromium-driver could not be installed' >&2
case $offered in
'' | '(none)') exit 77 ;;
*) exit 1 ;;
esac
