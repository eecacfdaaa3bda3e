#!/bin/bash
# logins.sh: whatever a server asks for, nothing that shows the password crosses a line without
# TLS, and where TLS is demanded nothing at all, as TAP.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
MYRECON=${MYRECON:-$root/build/myrecon}
dir=$(mktemp -d) || exit 1
cd "$dir" || exit 1
trap 'exec 9>&-; rm -rf "$dir"' EXIT
unset "${!MYRECON_@}"
export LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN=1 # as where people log in by LDAP: over TLS

. "$root/tests/lib/tap.sh"

password='PW-Secret-123'
openssl genrsa -out key.private 2048 2>/dev/null && openssl rsa -in key.private -pubout -out key.pem 2>/dev/null &&
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ours -days 2 \
        -keyout ca.key -out ca.pem 2>/dev/null || exit 1
mkfifo end
python3 "$root/tests/fault/listeners.py" "$dir" <end &
exec 9>end
for ((i = 0; i < 200; i++)); do
    [ ! -e ports ] || break
    sleep 0.05
done
[ -e ports ] || { echo "Bail out! nobody listens"; exit 1; }

seconds=1 # for the whole login
more=     # options
log_in() { # KIND PORT MODE [INPUT]: to RC and out
    rm -f ./*.sent ./*.after ./*.reply
    timeout -s KILL 10 "$MYRECON" check --threads 1 --case x.case \
        "mysql://joe:$password@127.0.0.1:$2/club?ssl-mode=$3&ssl-ca=$dir/ca.pem&connect-timeout=$seconds$more" \
        mysql://u@127.0.0.1:1/club >out 2>&1 <"${4:-/dev/null}"
    RC=$?
}

size() { # FILE: in bytes; 0: there is none
    stat -c %s "$1" 2>/dev/null || echo 0
}

"$MYRECON" --version | grep -qi mariadb && is_mariadb=yes || is_mariadb=no
while read -r kind port; do
    case $kind in asking | within-*) continue ;; esac # within TLS: below
    # Oracle's library lets nobody look at what it reads: servers before MySQL 5.5.7 make it
    # crash, and it begins TLS whatever stands behind the greeting
    if [ $is_mariadb = no ]; then
        case $kind in at-once | too-old* | older | oldest) continue ;; esac
    fi
    for mode in required verify-ca verify-identity; do
        log_in "$kind" "$port" $mode
        seen="exit $RC, $(size "$kind.sent") bytes"
        if [[ $kind = *-tls ]]; then # a first packet says that TLS is to begin
            [ $RC -eq 3 ] && ! grep -asq "$password\|joe" ./*.sent
        else
            [ "$seen" = "exit 3, 0 bytes" ]
        fi
        result $? "$mode: nothing of the account is sent to $kind" "$seen $(cat out)"
    done
    for mode in disabled preferred; do
        log_in "$kind" "$port" $mode
        # four bytes are a packet with nothing in it
        seen="exit $RC, $(size "$kind.after") bytes behind the question"
        [ $RC -eq 3 ] && [ "$(size "$kind.after")" -le 4 ] && ! grep -asq "$password" ./*.sent out &&
            ! grep -q $'\e' out
        result $? "$mode: the password is not shown to $kind" "$seen $(cat out)"
    done
done <ports

port_of() { awk -v kind="$1" '$1 == kind { print $2 }' ports; }

if [ $is_mariadb = yes ]; then # Oracle's library has lost this way
    log_in native "$(port_of native)" preferred
    grep -q 'could not log in .* error 1045' out && [ "$(size native.reply)" -eq 24 ]
    result $? "a challenge is answered" "$(cat out)"
fi
for mode in disabled required; do
    log_in gone "$(port_of gone)" $mode
    grep -q 'could not connect to server .*: it closed the connection without a greeting$' out
    result $? "$mode: whoever hangs up is told so" "$(cat out)"
done
log_in sha2 "$(port_of sha2)" preferred
tail -c 256 sha2.reply >sent
openssl pkeyutl -decrypt -inkey key.private -in sent -pkeyopt rsa_padding_mode:oaep -out plain 2>/dev/null
[ "$(python3 -c 'import sys
plain = open("plain", "rb").read()
print(bytes(a ^ b for a, b in zip(plain, b"abcdefghijklmnopqrst")).rstrip(b"\0").decode())')" = "$password" ]
result $? "the full exchange is encrypted with the server's key" "$(cat out)"
for kind in clear dialog; do
    log_in $kind "$(port_of $kind)" preferred
    if [ $is_mariadb = yes ]; then
        grep -q "asks for the password in a way that shows it, .*not encrypted" out && grep -q 'hint: .*TLS' out
    else
        grep -q 'error: ' out
    fi
    result $? "$kind: the reason, and what to do" "$(cat out)"
done

# Within TLS: the password itself, to who was verified, and where that was asked for.
unset LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN # which asks for it, too
seconds=5
for kind in within-clear within-then-clear within-clear-first; do
    # Oracle's library has lost the way that it begins with
    [ "$is_mariadb $kind" != 'no within-then-clear' ] || continue
    port=$(port_of $kind)
    for mode in preferred required verify-ca; do
        log_in $kind "$port" $mode
        [ $RC -eq 3 ] && ! grep -asq "$password" ./*.sent out &&
            grep -q 'asks for the password itself.*enable-cleartext-plugin does not allow it' out &&
            grep -q 'hint: .*enable-cleartext-plugin=1' out
        result $? "$mode: $kind does not get the password unless that is allowed" "exit $RC $(cat out)"
    done
    more='&enable-cleartext-plugin=1'
    for mode in preferred required; do
        log_in $kind "$port" $mode
        [ $RC -eq 3 ] && ! grep -asq "$password" ./*.sent out &&
            grep -q 'the password itself.*does not verify' out
        result $? "$mode: nor where it was not verified" "exit $RC $(cat out)"
    done
    log_in $kind "$port" verify-identity # its certificate names another
    [ $RC -eq 3 ] && ! grep -asq "$password" ./*.sent out
    result $? "verify-identity: nor a server of another name" "exit $RC $(cat out)"
    log_in $kind "$port" verify-ca
    [ $RC -eq 3 ] && grep -asq "$password" $kind.after && grep -q 'error 1045' out && ! grep -q "$password" out
    result $? "verify-ca: it does where that is allowed" "exit $RC $(cat out)"
    more=
done
log_in within-unheard "$(port_of within-unheard)" required
[ $RC -eq 3 ] && grep -q of_which_nobody_heard out && grep -q 'hint: .*lacks the way to log in' out
result $? "a way that the library lacks is told by its name" "exit $RC $(cat out)"

seconds=2 begun=$(date +%s%N)
log_in dripping-tls "$(port_of dripping-tls)" preferred
took=$((($(date +%s%N) - begun) / 1000000))
[ $RC -eq 3 ] && [ $took -lt 3900 ] && grep -q "within $seconds s" out
result $? "with TLS and without, a login ends in its time" "exit $RC after $took ms: $(cat out)"

if [ $is_mariadb = yes ]; then # Oracle's library has no such way
    mkfifo terminal && exec 8<>terminal # nobody answers
    seconds=5 # TLS takes its time on a busy machine
    log_in asking "$(port_of asking)" required terminal
    ! grep -q mother out && grep -q 'error: .*could not log in' out && [ $RC -eq 3 ] && [ -s asking.sent ]
    result $? "no server asks the person at the terminal" "exit $RC $(cat out)"
fi

echo "1..$n"
[ $failures -eq 0 ]
