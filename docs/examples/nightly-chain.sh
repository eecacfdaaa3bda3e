#!/bin/sh
# nightly-chain.sh SERVER DIR [NAME]: a full snapshot on Sundays, what changed since on other days, for
# cron or systemd: silent where all is well.
#
# Keeps DIR/NAME.DATE for fourteen days and five weeks, and what these go on from; NAME is "chain" if none is
# given.  Where there is nothing to go on from, or the server's logs do not go back so far (exit status 5), a
# full one is made instead.  A full one is read to its last row; of the others the files are looked at, since
# all that they go on from was read before.  Exits with the first status that is not 0: 4 of snapshot create,
# where something was left out, after the rest is done.
set -u
server=$1 dir=$2 name=${3:-chain}
new=$dir/$name.$(date -u +%Y-%m-%d)
full=no made=5
base=
for one in "$dir/$name".????-??-??; do
    [ ! -d "$one" ] || [ "$one" = "$new" ] || base=$one
done

if [ -n "$base" ] && [ "$(date -u +%u)" != 7 ] && [ ! -e "$new" ]; then
    myrecon snapshot create --quiet --no-progress --base "$base" "$server" "$new" >/dev/null
    made=$?
fi
if [ $made -eq 5 ]; then
    full=yes
    myrecon snapshot create --quiet --no-progress "$server" "$new" >/dev/null
    made=$?
fi
[ $made -eq 0 ] || [ $made -eq 4 ] || exit $made
if [ $full = yes ]; then
    myrecon snapshot verify --quiet --no-progress "$new" >/dev/null || exit
else
    myrecon snapshot verify --quiet --no-progress --quick "$new" >/dev/null || exit
fi
myrecon snapshot expire --quiet --keep-daily 14 --keep-weekly 5 "$dir" >/dev/null || exit
exit $made
