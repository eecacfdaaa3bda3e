# Every command that a test calls comes with a bare Debian, or with a package that `make test`
# or `make lint` installs (tests/deps.sh), or the test asks `command -v` for it.  Only of
# commands that this machine has is it known whose they are; `make test-bare` finds the others.
. tests/lint/lib.sh
command -v dpkg-query >/dev/null || exit 0

# COMMAND FILE of every word where the shell looks for a command, without here-documents, and
# of the first word that a Python script has another process run.
commands_called() {
    # shellcheck disable=SC2046
    awk '
        BEGIN { # what another command may stand behind
            before = "^(!|if|then|else|elif|while|until|do|exec|command|env|sudo|setsid|" \
                "[A-Za-z_]+=[^ ]*|-[A-Za-z0-9]+|nice( -n [0-9]+)?|xargs|timeout( -k [0-9]+| -[^ ]+)* [^ ]+|" \
                "chroot [^ ]+)[ \t]+"
        }
        function called(text,   word) {
            if (match(text, /^(\/usr)?(\/s?bin\/)?[A-Za-z][A-Za-z0-9_.-]*([ \t]|$)/)) {
                word = substr(text, 1, RLENGTH)
                sub(/[ \t]$/, "", word)
                sub(/^.*\//, "", word)
                print word, FILENAME
            }
        }
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
            gsub(/\$\(|`|\||&&|;|\{ |\(| -exec /, "\n", line)
            n = split(line, part, "\n")
            for (i = 1; i <= n; i++) {
                sub(/^[ \t!]+/, "", part[i])
                while (match(part[i], before)) {
                    length_of = RLENGTH
                    called(substr(part[i], 1, length_of))
                    part[i] = substr(part[i], length_of + 1)
                }
                called(part[i])
            }
        }' $(files '*.sh' cmd | grep -E '^tests/' | grep -vE '^tests/(bench|fuzz|deb)/') .ci/run
    # shellcheck disable=SC2046
    sed -nE "s/.*(run|Popen|check_output|call)\\(\\[?['\"]([a-z][a-z0-9.-]*)['\"].*/\\2/p; t name; d; :name F" \
        $(files '*.py' | grep -E '^tests/') /dev/null | paste -d' ' - -
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

calls=$(commands_called | LC_ALL=C sort -u)
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
