# lib.sh: what the lint checks share.  Works in a clone and in a tarball's tree.

folders='core recon snapshot repair'

# Files of the project: NAME PATTERN…, as find's -name takes them.
files() {
    local patterns=() name
    for name in "$@"; do
        patterns+=(-o -name "$name")
    done
    find . \( -path ./build -o -path ./.git \) -prune -o -type f \
        \( "${patterns[@]:1}" \) -print | sed 's,^\./,,' | LC_ALL=C sort
}

c_files() {
    files '*.c' '*.h'
}
