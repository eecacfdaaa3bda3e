#!/bin/bash
# doctor_disk.sh: disks that are really full, of a server and of this machine, as small file
# systems in memory that only this script sees.

[ -n "${MR_OWN_MOUNTS:-}" ] || {
    MR_OWN_MOUNTS=no unshare --mount --propagation private true 2>/dev/null &&
        MR_OWN_MOUNTS=yes exec unshare --mount --propagation private bash "$0"
}
. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"
. "$IT_DIR/../lib/doctor.sh"
. "$IT_DIR/../lib/servers.sh"
[ "${MR_OWN_MOUNTS:-}" = yes ] || {
    skip "full disks" "no file system can be mounted here"
    finish
}

small_disk() { # DIRECTORY MIB
    mkdir -p "$1" && mount -t tmpfs -o "size=$2m" tmpfs "$1" || bail "no small disk"
    at_exit "umount -l '$1' 2>/dev/null"
}

fill() { # DIRECTORY: but for a little
    dd if=/dev/zero of="$1/filler" bs=64k 2>/dev/null
    [ -s "$1/filler" ]
}

mr_servers_begin || bail "no place"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)

# --- this machine
GATE_KIND=machine
small_disk "$IT_TMP/small" 4
TMPDIR=$IT_TMP/small run_doctor "$MR_A_URI"
like "no room for temporary files" "$(of_finding room)" 'are left in the temporary directory ".*small" -> Make room'
is "no room for temporary files: exit 1" "$RC" 1
TMPDIR=$IT_TMP/none run_doctor "$MR_A_URI"
like "no directory for temporary files" "$(of_finding room)" '"/.*none" cannot be used'

# --- MariaDB: its disk can be looked at from here
GATE_KIND=mariadb
small_disk "$mr_run_dir/GP" 400
mr_spawn_mariadb GP --innodb-log-file-size=8M && mr_await GP || bail "no server"
doctor_calm GP
mr_sql GP -e "CREATE DATABASE club; CREATE TABLE club.t (id INT PRIMARY KEY)"
silent "a disk with room"
fill "$mr_run_dir/GP"
finds "a full disk" disk:problem
tells "a full disk: what to do" disk '(0\.0 GiB .* are free|has no room left).*PURGE BINARY LOGS'
rm "$mr_run_dir/GP/filler"
silent "there is room again"
umount -l "$mr_run_dir/GP"

# --- MySQL: its disk is out of sight, as on another machine; its log tells
GATE_KIND=mysql
if mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err"); then
    mr_mysql_template || bail "no server"
    small_disk "$mr_chroot_dir/GP" 500
    mr_spawn_mysql GP && mr_await GP || bail "no server"
    doctor_calm GP
    mr_sql GP -e "CREATE DATABASE club; CREATE TABLE club.t (id INT PRIMARY KEY, v LONGBLOB)"
    silent "a disk with room"
    fill "$mr_chroot_dir/GP"
    for i in {1..8}; do
        timeout 5 mariadb --no-defaults -uroot -S "$(mr_get_server GP SOCK)" \
            -e "INSERT INTO club.t VALUES ($i, REPEAT('x', 8000000))" >/dev/null 2>&1
    done
    finds "a full disk" disk:problem
    tells "a full disk: what to do" disk 'has no room left.*PURGE BINARY LOGS'
    rm "$mr_chroot_dir/GP/filler"
    finds "there is room again: its log has it a while" disk:problem
    tells "its log has it a while: the server's own words" disk "error log, .*(No space left|is full|28).*PURGE BINARY LOGS"
else
    skip "a full disk on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
fi
finish
