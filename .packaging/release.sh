#!/bin/bash
# release.sh FOLDER: what is published of a version, made from the commit that is checked out.
#
#   myrecon-VERSION.tar.gz          the tree of that commit, no more and no less
#   myrecon_VERSION_ARCH.deb        built from that tarball, not from what lies around here
#   myrecon-VERSION.spdx.json       what the packaged program is made of (.packaging/sbom.py)
#   SHA256SUMS                      of the three; sha256sum -c reads it
#
# The same commit with the same build packages gives the same bytes.  A tree with changes that are not
# committed is refused: nobody could make those files again.  Signing is the publisher's: SHA256SUMS is
# the file to sign.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1
fail() { # REASON HINT
    echo "error: $1" >&2
    echo "hint: $2" >&2
    exit 3
}
git rev-parse --verify -q HEAD >/dev/null 2>&1 || fail 'a release is made from a commit, and this is no clone' 'Run it in a clone of the repository.'
changed=$(git status --porcelain --untracked-files=no)
[ -z "$changed" ] || fail "files are changed and not committed: $(cut -c4- <<<"$changed" | head -n 3 | xargs)" 'Commit them, or put them back.'
version=$(sed -n 's/^#define MR_VERSION "\(.*\)"$/\1/p' core/base/version.h)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(dpkg-parsechangelog -l .packaging/debian/changelog -S Timestamp)}

rm -rf "$folder"
mkdir -p "$folder/work"
umask 022
# Files are as old as the commit; gzip's head has neither name nor time with -n.
git -c tar.umask=0022 archive --format=tar --prefix="myrecon-$version/" HEAD |
    gzip -9n >"$folder/myrecon-$version.tar.gz"
work=$(cd "$folder/work" && pwd)
tar -xzf "$folder/myrecon-$version.tar.gz" -C "$work"
deb=$("$work/myrecon-$version/.packaging/deb.sh" "$work/deb" | tail -n 1)
mv "$deb" "$folder/"
deb=$folder/${deb##*/}
dpkg-deb -x "$deb" "$work/unpacked"
.packaging/sbom.py "$work/unpacked/usr/bin/myrecon" "$deb" >"$folder/myrecon-$version.spdx.json"
rm -rf "$folder/work"
(cd "$folder" && sha256sum -- *.tar.gz *.deb *.spdx.json >SHA256SUMS)
cat "$folder/SHA256SUMS"
