#!/bin/bash
# deb.sh FOLDER: builds the Debian package of this tree into FOLDER, and prints its path.
#
# It works on a copy, so that nothing is written into the tree; it needs no git.  lintian
# looks at the package where it is installed: what it finds is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1
version=$(sed -n 's/^#define MR_VERSION "\(.*\)"$/\1/p' core/base/version.h)
packaged=$(dpkg-parsechangelog -l .packaging/debian/changelog -S Version)
if [ "$version" != "$packaged" ]; then
    echo "error: core/base/version.h says $version, .packaging/debian/changelog $packaged" >&2
    echo 'hint: Add an entry to .packaging/debian/changelog.' >&2
    exit 3
fi

rm -rf "$folder"
mkdir -p "$folder/myrecon-$version"
tar --exclude=./build --exclude=./.git -cf - . | tar -xf - -C "$folder/myrecon-$version"
mv "$folder/myrecon-$version/.packaging/debian" "$folder/myrecon-$version/debian"
if ! (cd "$folder/myrecon-$version" && dpkg-buildpackage -b -us -uc -j"$(nproc)") >"$folder/log" 2>&1; then
    tail -n 30 "$folder/log" >&2
    echo "error: the package could not be built; all of it is in $folder/log" >&2
    exit 3
fi
rm -rf "$folder/myrecon-$version"
package=$(ls "$folder"/myrecon_"${version}"_*.deb)
if command -v lintian >/dev/null; then
    lintian --fail-on error,warning --allow-root "$package" >&2
fi
echo "$package"
