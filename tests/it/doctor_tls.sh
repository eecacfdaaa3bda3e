#!/bin/bash
# doctor_tls.sh: certificates that are good, end soon, have ended, or are another's.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/gate.sh"
. "$IT_DIR/../lib/gate_breaks.sh"
. "$IT_DIR/../lib/doctor.sh"
. "$IT_DIR/../lib/servers.sh"

authority() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -days 2 \
        -keyout "$IT_TMP/$1.key" -out "$IT_TMP/$1.pem" 2>/dev/null || bail "no authority"
}

# As "openssl x509 -days", to the second.
certificate() { # END as date(1) reads it, into $CERTS
    printf '[ca]\ndefault_ca = d\n[d]\ndatabase = %s/index\nnew_certs_dir = %s\nrand_serial = yes\ndefault_md = sha256\npolicy = p\nunique_subject = no\n[p]\ncommonName = supplied\n' \
        "$IT_TMP" "$IT_TMP" >"$IT_TMP/ca.cnf"
    : >"$IT_TMP/index"
    openssl ca -batch -notext -config "$IT_TMP/ca.cnf" -in "$IT_TMP/db.csr" -cert "$IT_TMP/ours.pem" \
        -keyfile "$IT_TMP/ours.key" -startdate "$(date -u -d '-3 days' +%Y%m%d%H%M%SZ)" \
        -enddate "$(date -u -d "$1" +%Y%m%d%H%M%SZ)" -out "$CERTS/db.pem" >"$IT_TMP/ca.log" 2>&1 ||
        bail "no certificate: $(cat "$IT_TMP/ca.log")"
}

reload() {
    if [ "$GATE_KIND" = mysql ]; then
        mr_sql GP -e "ALTER INSTANCE RELOAD TLS" || bail "no reload"
    else
        mr_sql GP -e "FLUSH SSL" || bail "no reload"
    fi
}

tls() { # mariadb|mysql
    local inside uri
    GATE_KIND=$1
    if [ "$1" = mysql ]; then
        mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || return 1
        mr_mysql_template || bail "no server"
        CERTS=$mr_chroot_dir/certs
        inside=${CERTS#"$mr_mysql_root"}
    else
        CERTS=$mr_run_dir/certs inside=$CERTS
    fi
    mkdir -p "$CERTS" && cp "$IT_TMP/db.key" "$IT_TMP/ours.pem" "$CERTS" || bail "no place"
    certificate "+300 days"
    mr_spawn_"$1" GP --ssl-ca="$inside/ours.pem" --ssl-cert="$inside/db.pem" --ssl-key="$inside/db.key" &&
        mr_await GP || bail "no server"
    doctor_calm GP
    mr_sql GP -e "CREATE DATABASE club; CREATE TABLE club.t (id INT PRIMARY KEY)"
    uri=$(gate_uri GP)

    silent "a good certificate"
    like "$1: encrypted, with what" "$(jq -r 'select(.name == "tls").message' "$OUT")" 'TLSv1\.[23], '
    like "$1: until when" "$(jq -r 'select(.name == "certificate").message' "$OUT")" 'is valid until .* GMT'
    run_doctor "$uri?ssl-mode=verify-ca&ssl-ca=$IT_TMP/ours.pem"
    is "$1: a good certificate, verified" "$(what_is_found) -> $RC" " -> 0"
    run_doctor "$uri?ssl-mode=verify-ca&ssl-ca=$IT_TMP/theirs.pem"
    is "$1: another's authority" "$(what_is_found) -> $RC" "tls:problem -> 3"
    run_doctor "$uri?ssl-mode=verify-identity&ssl-ca=$IT_TMP/ours.pem"
    is "$1: a certificate of another host" "$(what_is_found) -> $RC" "tls:problem -> 3"

    certificate "+20 days"
    reload
    finds "a certificate that ends soon" certificate:note
    # MySQL takes none that has ended, so it ends while the server runs
    certificate "+5 seconds"
    reload
    await_sql GP "SELECT UTC_TIMESTAMP() > '$(date -u -d '+5 seconds' '+%F %T')'"
    finds "a certificate that has ended" certificate:problem
    tells "a certificate that has ended: when, and what to do" certificate 'ended on .*Renew it'
    run_doctor "$uri?ssl-mode=verify-ca&ssl-ca=$IT_TMP/ours.pem"
    is "$1: a certificate that has ended, verified" "$(what_is_found) -> $RC" "certificate:problem -> 3"
    certificate "+300 days"
    reload
    silent "it is renewed"
    mr_sql GP -e "SET GLOBAL require_secure_transport = ON"
    run_doctor "$uri?ssl-mode=disabled"
    if [ "$1" = mysql ]; then
        is "$1: TLS is wanted by the server" "$(what_is_found) -> $RC" "tls:problem -> 3"
        tells "TLS is wanted by the server: what to do" tls 'ssl-mode=required'
    else
        is "$1: TLS is wanted by the server" "$(what_is_found) -> $RC" "access_denied:problem -> 3"
        tells "TLS is wanted by the server: what to do" access_denied 'ssl-mode=required'
    fi
}

authority ours
authority theirs
openssl req -newkey rsa:2048 -nodes -subj /CN=db -keyout "$IT_TMP/db.key" -out "$IT_TMP/db.csr" 2>/dev/null ||
    bail "no key"
mr_servers_begin || bail "no place"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
tls mariadb
tls mysql || skip "TLS on MySQL 9" "$(tail -n 1 "$IT_TMP/mysql9.err")"
finish
