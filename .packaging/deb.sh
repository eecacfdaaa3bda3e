#!/bin/bash
# deb.sh FOLDER: builds the Debian package of this tree into FOLDER, and prints its path.
#
# It works on a copy, so that nothing is written into the tree; it needs no git.  lintian
# looks at the package where it is installed: what it finds is an error.  The same tree gives the same
# bytes: files are as old as SOURCE_DATE_EPOCH says, for dpkg-deb keeps times that lie before it.
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

export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(dpkg-parsechangelog -l .packaging/debian/changelog -S Timestamp)}
umask 022
rm -rf "$folder"
mkdir -p "$folder/myrecon-$version"
tar --exclude=./build --exclude=./.git -cf - . | tar -xf - -C "$folder/myrecon-$version"
cp -a "$folder/myrecon-$version/.packaging/debian" "$folder/myrecon-$version/debian"
find "$folder/myrecon-$version" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
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
