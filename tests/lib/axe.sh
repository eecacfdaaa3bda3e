#!/bin/bash
# axe.sh: prints the path of axe.min.js, axe-core's rules of what people can see, hear and reach on a page.
#
# The one that MR_AXE names, else that of the npm package, of one version whose digest is known, unpacked
# into the cache: nothing is installed, and no other package comes along.  MYRECON_CACHE moves the cache.
#
# Exit: 0 and the path on stdout; 77 and the reason on stderr where it cannot be had.
set -uo pipefail

version=4.14.1
digest=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
cache=${MYRECON_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/myrecon}
file=${MR_AXE:-$cache/axe-$version.min.js}

[ ! -r "$file" ] || { echo "$file" && exit 0; }
if ! command -v npm >/dev/null; then
    echo 'no npm, which axe-core comes by; MR_AXE names an axe.min.js' >&2
    exit 77
fi
mkdir -p "$cache" && scratch=$(mktemp -d "$cache/axe.XXXXXX") || exit 77
trap 'rm -rf "$scratch"' EXIT
package=$scratch/axe-core-$version.tgz
if (cd "$scratch" && timeout 60 npm pack "axe-core@$version") >"$scratch/log" 2>&1 </dev/null &&
    sha256sum --status -c <<<"$digest  $package" &&
    tar -xzf "$package" -C "$scratch" package/axe.min.js; then
    mv "$scratch/package/axe.min.js" "$file" && echo "$file" && exit 0
fi
echo "axe-core $version cannot be had" >&2
exit 77
