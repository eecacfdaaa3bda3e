# debian.sh: where this machine's apt gets its packages from, for roots of the tests' own.
#
#   debian_mirror [RELEASE]   the address of the mirror, or nothing
#   use_apt_proxies           debootstrap and chroots go the way that apt goes
#   lend_network ROOT         names resolve in that root as they do here, and its apt goes that way

debian_mirror() { # whatever form apt's configuration has
    apt-get indextargets --format '$(ORIGIN) $(LABEL) $(RELEASE) $(REPO_URI)' \
        'Created-By: Packages' 2>/dev/null |
        awk -v release="${1:-}" '$1 == "Debian" && $2 == "Debian" &&
            (release == "" || $3 == release) { print $4; exit }'
}

use_apt_proxies() {
    local scheme proxy
    for scheme in http https; do
        proxy=$(apt-config dump --format '%v%n' "Acquire::$scheme::Proxy" 2>/dev/null |
            head -n 1)
        [ -z "$proxy" ] || export "${scheme}_proxy=$proxy"
    done
}

lend_network() { # ROOT
    cp -L /etc/resolv.conf "$1/etc/" 2>/dev/null
    apt-config dump --format '%F "%v";%n' Acquire 2>/dev/null | grep -E 'Proxy|Check-' \
        >"$1/etc/apt/apt.conf.d/99here"
    return 0
}
