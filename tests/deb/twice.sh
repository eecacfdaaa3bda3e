#!/bin/bash
# twice.sh: the package, and what it is of, are the same bytes when they are made again in another place,
# on another day, by somebody with other settings, from files that were written at another time.
#
# Wants PACKAGE, the path of the .deb that .packaging/deb.sh has made of this tree.  It takes as long as that did.
# The other day comes from faketime, where that is installed; else the second build is merely later.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/tap.sh
scratch=$(mktemp -d "${TMPDIR:-/tmp}/myrecon-twice.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
again=$scratch/somewhere/else/altogether
mkdir -p "$again"
tar --exclude=./build --exclude=./.git -cf - . | tar -xf - -C "$again"
find "$again" -type f -exec touch -d '1999-12-31 23:59:59' {} +
later=()
if command -v faketime >/dev/null; then
    later=(faketime -f '+400d')
else
    echo '# no faketime: the second build is later by no more than it takes'
fi
(umask 077 && cd "$again" && env -u SOURCE_DATE_EPOCH -u MAKEFLAGS -u MFLAGS TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 HOME="$scratch" \
    "${later[@]}" .packaging/deb.sh "$scratch/deb") >"$scratch/log" 2>&1
result $? 'the package is made again' "$(tail -n 20 "$scratch/log")"
made=$(tail -n 1 "$scratch/log")
cmp "$PACKAGE" "$made" >"$scratch/log" 2>&1
same=$?
if [ $same -ne 0 ]; then # which of its files are to blame
    dpkg-deb -R "$PACKAGE" "$scratch/a" && dpkg-deb -R "$made" "$scratch/b" && diff -rq "$scratch/a" "$scratch/b" >>"$scratch/log" 2>&1
    diff <(dpkg-deb -c "$PACKAGE") <(dpkg-deb -c "$made") | head -n 10 >>"$scratch/log"
fi
result $same "the same bytes: ${made##*/}" "$(cat "$scratch/log")"
for debug in "${PACKAGE%/*}"/myrecon-dbgsym_*.deb; do
    [ ! -e "$debug" ] || cmp "$debug" "$scratch/deb/${debug##*/}" >"$scratch/log" 2>&1
    result $? "the same bytes: ${debug##*/}" "$(cat "$scratch/log")"
done
dpkg-deb -x "$PACKAGE" "$scratch/unpacked"
for round in 1 2; do
    SOURCE_DATE_EPOCH=1795176000 .packaging/sbom.py "$scratch/unpacked/usr/bin/myrecon" "$PACKAGE" >"$scratch/sbom.$round"
done
[ -s "$scratch/sbom.1" ] && cmp "$scratch/sbom.1" "$scratch/sbom.2" >"$scratch/log" 2>&1 &&
    grep -q "$(sha256sum "$PACKAGE" | cut -d ' ' -f 1)" "$scratch/sbom.1"
result $? 'the SPDX document names that package, and is the same twice' "$(cat "$scratch/log")"
! grep -q -a -F -e "$again" -e "$PWD/build" "$scratch/unpacked/usr/bin/myrecon"
result $? 'the program does not say where it was built'

echo "1..$n"
[ $failures -eq 0 ]
