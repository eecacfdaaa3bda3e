# Every command that a test calls comes with a bare Debian, or with a package that `make test`
# or `make lint` installs (tests/deps.sh), or the test asks `command -v` for it.  Only of
# commands that this machine has is it known whose they are; `make test-bare` finds the others.
. tests/lint/lib.sh
command -v dpkg-query >/dev/null || exit 0

# COMMAND FILE of every word where the shell looks for a command, without here-documents.
commands_called() {
    # shellcheck disable=SC2046
    awk '
        FNR == 1 { ending = "" }
        ending != "" {
            line = $0
            sub(/^\t+/, "", line)
            if (line == ending)
                ending = ""
            next
        }
        /^[ \t]*#/ { next }
        {
            line = $0
            if (match(line, /<<-?[ ]*[\\'\''"]?[A-Za-z_]+/)) {
                ending = substr(line, RSTART, RLENGTH)
                gsub(/[<\\'\''" -]/, "", ending)
            }
            gsub(/\\\$/, "", line)
            gsub(/'\''[^'\'']*'\''/, " q ", line)
            gsub(/[A-Za-z0-9_.]+\(/, " (", line) # the call of another language
            gsub(/\$\(|`|\||&&|;|\{ |\(|\<(if|then|else|elif|while|until|do|exec|nice|command|env|sudo)\>/, "\n", line)
            n = split(line, part, "\n")
            for (i = 1; i <= n; i++) {
                sub(/^[ \t!]+/, "", part[i])
                while (match(part[i], /^([A-Za-z_]+=[^ ]*|timeout( -[^ ]+)* [^ ]+|chroot [^ ]+) +/))
                    part[i] = substr(part[i], RLENGTH + 1)
                if (match(part[i], /^(\/usr)?(\/s?bin\/)?[A-Za-z][A-Za-z0-9_.-]*( |$)/)) {
                    word = substr(part[i], 1, RLENGTH)
                    sub(/ $/, "", word)
                    sub(/^.*\//, "", word)
                    print word, FILENAME
                }
            }
        }' $(files '*.sh' | grep -E '^tests/' | grep -vE '^tests/(bench|fuzz|deb)/') .ci/run | LC_ALL=C sort -u
}

# Packages of a bare system and of those groups, with what they depend on.
allowed_packages() {
    {
        dpkg-query -W -f '${Package}|${Essential}|${Priority}|${Pre-Depends}, ${Depends}|${Provides}\n'
        sed -n "s/^\(build\|docs\|demo\|test\|browser\|lint\)=['\"]\([^'\"]*\)['\"].*/group|\2/p" tests/deps.sh
    } | awk -F '|' '
        function want(name) {
            if (!(name in wanted)) {
                wanted[name] = 1
                queue[++queued] = name
            }
        }
        $1 == "group" {
            n = split($2, names, " ")
            for (i = 1; i <= n; i++)
                want(names[i])
            next
        }
        {
            needs[$1] = needs[$1] "," $4
            n = split($5, names, / *, */)
            for (i = 1; i <= n; i++) {
                sub(/[ :].*/, "", names[i])
                provides[names[i]] = provides[names[i]] " " $1
            }
            if ($2 == "yes" || $3 == "required" || $1 == "apt")
                want($1)
        }
        END {
            for (at = 1; at <= queued; at++) {
                n = split(needs[queue[at]], names, / *[,|] */)
                for (i = 1; i <= n; i++) {
                    sub(/[ :].*/, "", names[i])
                    if (names[i] != "")
                        want(names[i])
                }
                n = split(provides[queue[at]], names, " ")
                for (i = 1; i <= n; i++)
                    want(names[i])
            }
            for (name in wanted)
                print name
        }'
}

calls=$(commands_called)
allowed=$(allowed_packages)
owners=$(cut -d' ' -f1 <<<"$calls" | sort -u | while read -r name; do
    if path=$(type -P "$name"); then
        printf '%s %s\n%s %s\n' "$path" "$name" "$(readlink -f "$path")" "$name"
    fi
done | sort -u)
# PACKAGE NAME: dpkg knows a file by the path under which its package brings it
packages=$(cut -d' ' -f1 <<<"$owners" | xargs dpkg-query -S 2>/dev/null |
    awk 'NR == FNR { name[$1] = $2; next }
         { path = $NF; sub(/[:,].*/, "", $1); if (path in name) print $1, name[path] }' \
        <(printf '%s\n' "$owners") - | sort -u)
foreign=$(while read -r package name; do
    grep -qxF "$package" <<<"$allowed" || echo "$name $package"
done <<<"$packages")
awk 'NR == FNR { package[$1] = $2; next }
     $1 in package && system("grep -q \"command -v " $1 "\\>\" " $2) != 0 {
         printf "%s: calls %s of %s, which tests/deps.sh does not install for it\n",
             $2, $1, package[$1]
     }' <(printf '%s\n' "$foreign") <(printf '%s\n' "$calls")
exit 0
