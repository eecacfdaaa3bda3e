#!/bin/bash
# tools.sh: what the documentation gives to other tools is what these take: unit files,
# alert rules, a configuration, manual pages, shell scripts.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
MYRECON=${MYRECON:-$PWD/build/myrecon}
build=${MYRECON%/*}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

. tests/lib/tap.sh
skip() { # DESCRIPTION REASON
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}

# The units name installed programs; these stand in for them.
for unit in gate snapshot check changed; do
    units="docs/examples/myrecon-$unit.service and .timer"
    if command -v systemd-analyze >/dev/null; then
        sed "s,/usr/bin/myrecon,$MYRECON,; s,/usr/local/bin/,$PWD/docs/examples/," \
            docs/examples/myrecon-$unit.service >"$scratch/myrecon-$unit.service"
        cp docs/examples/myrecon-$unit.timer "$scratch/"
        systemd-analyze verify --man=no --recursive-errors=no "$scratch"/myrecon-$unit.* >"$scratch/log" 2>&1 &&
            ! grep -q myrecon "$scratch/log"
        result $? "$units: systemd-analyze verify" "$(cat "$scratch/log")"
    else
        skip "$units" 'no systemd-analyze'
    fi
done

if promtool=$(tests/lib/promtool.sh 2>"$scratch/log"); then
    cp docs/examples/gate-alerts.yml tests/docs/alerts.yml "$scratch/"
    "$promtool" check rules "$scratch/gate-alerts.yml" >"$scratch/log" 2>&1
    result $? 'docs/examples/gate-alerts.yml: promtool check rules' "$(cat "$scratch/log")"
    "$promtool" test rules "$scratch/alerts.yml" >"$scratch/log" 2>&1
    result $? 'docs/examples/gate-alerts.yml: each alert fires when it should' "$(cat "$scratch/log")"
else
    skip 'docs/examples/gate-alerts.yml' "$(tail -n 1 "$scratch/log")"
fi

env -i HOME="$scratch" "$MYRECON" config --config docs/examples/gate.ini >"$scratch/log" 2>&1
result $? 'docs/examples/gate.ini: myrecon config' "$(cat "$scratch/log")"
for script in docs/examples/*.sh; do
    sh -n "$script" 2>"$scratch/log"
    result $? "$script: parses" "$(cat "$scratch/log")"
done

for source in docs/man/*.scd; do
    page=${source##*/} page=${page%.scd}
    "$build/docgen/docgen" man <"$source" 2>"$scratch/log" >"$scratch/$page.scd" &&
        scdoc <"$scratch/$page.scd" >"$scratch/$page" 2>"$scratch/log"
    result $? "$page: scdoc" "$(cat "$scratch/log")"
    if command -v man >/dev/null; then
        LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings=mac,number,syntax -E UTF-8 -l -Tutf8 -Z \
            "$scratch/$page" 2>"$scratch/log" >"$scratch/page.out" && [ -s "$scratch/page.out" ] && [ ! -s "$scratch/log" ]
        result $? "$page: man warns of nothing" "$(cat "$scratch/log")"
    else
        skip "$page: man warns of nothing" 'no man'
    fi
    # Lines that begin with a tab are one paragraph, which is filled: of two commands it makes one.
    grep -nP '^\t.*( \\\\?$|^\t(myrecon|openssl|GRANT|mysql) )' "$source" >"$scratch/log"
    result $(($? == 0)) "$page: its commands stand in literal blocks" "$(cat "$scratch/log")"
    if command -v man >/dev/null && command -v col >/dev/null; then
        LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man -E UTF-8 -l "$scratch/$page" 2>/dev/null |
            col -bx | LC_ALL=C.UTF-8 grep -E '.{81}' >"$scratch/log"
        result $(($(wc -l <"$scratch/log") > 0)) "$page: 80 columns hold it" "$(cat "$scratch/log")"
    else
        skip "$page: 80 columns hold it" 'no man or col'
    fi
done

# What make takes its folder for, and whether warnings are errors there.
ask_make() { # WORDS OF MAKE, VARIABLE=VALUE…
    local words=$1
    shift
    env -u MAKEFLAGS -u MFLAGS -u DEV make -s --no-print-directory -f Makefile -f - "$@" say <<<"say: ; @echo '$words'"
}
is_said() { # DESCRIPTION WANTED WORDS VARIABLE=VALUE…
    local said
    said=$(ask_make "${@:3}" 2>&1)
    [ "$said" = "$2" ]
    result $? "$1" "$said"
}
is_said 'a folder of this tree is one as seen from here, however it is called' 'build/x build/x/man/myrecon.1' \
    '$(BUILD) $(filter %/myrecon.1,$(MAN_PAGES))' BUILD="$PWD/build/x"
is_said 'and another one is where it is' "$scratch/x" '$(BUILD)' BUILD="$scratch/x"
mkdir "$scratch/x"
is_said 'a build begins without -Werror' '' '$(filter -Werror,$(ALL_CFLAGS))' BUILD="$scratch/x"
echo 'gcc -Wall -Werror -O2' >"$scratch/x/flags"
is_said 'one that was begun with DEV=1 stays so, and nothing is compiled again' '-Werror' '$(filter -Werror,$(ALL_CFLAGS))' BUILD="$scratch/x"
is_said 'until DEV=0' '' '$(filter -Werror,$(ALL_CFLAGS))' BUILD="$scratch/x" DEV=0

# Nothing is built: the program that is tested is what is installed.
rebuild_nothing=(make -s -o all -o "$build/docgen/docgen" BUILD="$build" DESTDIR="$scratch/a root")
"${rebuild_nothing[@]}" install >"$scratch/log" 2>&1 && [ -x "$scratch/a root/usr/local/bin/myrecon" ]
result $? 'make install DESTDIR=' "$(cat "$scratch/log")"
touch "$scratch/a root/usr/local/bin/another"
"${rebuild_nothing[@]}" uninstall >"$scratch/log" 2>&1
find "$scratch/a root" -type f >>"$scratch/log"
[ "$(cat "$scratch/log")" = "$scratch/a root/usr/local/bin/another" ]
result $? 'make uninstall removes what install has put there, and nothing else' "$(cat "$scratch/log")"

echo "1..$n"
[ $failures -eq 0 ]
