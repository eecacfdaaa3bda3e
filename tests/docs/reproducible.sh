#!/bin/bash
# reproducible.sh: the same source gives the same bytes in another place, in another order, for somebody
# with other settings.  Here it is a few rooms of the library, what is generated, manual pages and
# completions; tests/deb/twice.sh has the program and the package.
#
# Two copies of the tree lie at paths of different lengths; their files were written in another order
# and at another time.  The program that makes the pages is the one that is tested.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
MYRECON=${MYRECON:-$PWD/build/myrecon}
docgen=${MYRECON%/*}/docgen/docgen
. tests/lib/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
one=$scratch/1 two=$scratch/another/place/with-a-longer-name
sources='core/base/err.c core/row/row.c main.c build/gen/report_assets.c'

copy() { # PLACE
    mkdir -p "$1"
    tar --exclude=./build --exclude=./.git --exclude=./tests -cf - . | tar -xf - -C "$1"
    mkdir -p "$1/build/docgen"
    cp "$docgen" "$1/build/docgen/"
}
build() { # PLACE SETTING…
    local place=$1
    shift
    # What is asked of make by name is not remade where it is old (-o): only the program of the pages is.
    (cd "$place" && env -u MAKEFLAGS -u MFLAGS -u SOURCE_DATE_EPOCH "$@" make -s -o build/docgen/docgen LIB_SRC="$sources" \
        build/libmyrecon.a docs build/completions/myrecon.bash build/completions/_myrecon build/completions/myrecon.fish)
}
files() { (cd "$1/build" && find . -name '*.[oac]' -o -path './man/*.[0-9]' -o -path './completions/*' -type f | LC_ALL=C sort); }

copy "$one"
copy "$two"
find "$two" -type f -exec touch -d '1999-12-31 23:59:59' {} +
{ umask 022 && build "$one" TZ=UTC LC_ALL=C HOME=/one; } >"$scratch/log" 2>&1
result $? 'one' "$(tail -n 5 "$scratch/log")"
{ umask 077 && build "$two" TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 HOME=/two USER=other; } >"$scratch/log" 2>&1
result $? 'and once more' "$(tail -n 5 "$scratch/log")"
umask 022

files "$one" >"$scratch/one"
files "$two" | cmp - "$scratch/one" >"$scratch/log" 2>&1
result $? 'the same files are made' "$(cat "$scratch/log")"
[ "$(grep -c '\.o$' "$scratch/one")" -ge 4 ] && grep -q 'libmyrecon.a' "$scratch/one" && grep -q 'man/myrecon.1$' "$scratch/one" &&
    grep -q 'completions/_myrecon' "$scratch/one"
result $? 'among them all that was asked for' "$(cat "$scratch/one")"
differs=
while read -r file; do
    cmp -s "$one/build/$file" "$two/build/$file" || differs+="$file "
done <"$scratch/one"
[ -z "$differs" ]
result $? 'and each is the same' "$differs"

# What would betray where and when, whoever builds: the path, and today's date.
betrayed=$(cd "$one/build" && grep -l -a -F -e "$scratch" $(cat "$scratch/one"))
[ -z "$betrayed" ]
result $? 'none holds the path' "$betrayed"
day=$(sed -n 's/^ -- .*>  //p' .packaging/debian/changelog | head -n 1)
[ "$(sed -n 's/^\.TH "[^"]*" "[^"]*" "\([^"]*\)".*/\1/p' "$one/build/man/myrecon.1")" = "$(date -u -d "$day" +%Y-%m-%d)" ]
result $? "pages bear the date of the version" "$(grep '^\.TH' "$one/build/man/myrecon.1")"
when=$(grep -lE '__(DATE|TIME|TIMESTAMP)__' -r --include='*.[ch]' core recon repair snapshot docs main.c commands.[ch])
[ -z "$when" ]
result $? 'no source asks for the time of its compilation' "$when"

echo "1..$n"
[ $failures -eq 0 ]
