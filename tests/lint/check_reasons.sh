# Of a function of more than 10 lines its name does not say all: of all such functions 60 %, and in
# each folder 40 %, have a comment, right above or inside, that says why.  SHOW=1 lists the folders.
. tests/lint/lib.sh

# shellcheck disable=SC2046
awk -v show="${SHOW:-}" '
    function judge(share, least, name) {
        if (show)
            printf "%3d %%  %4d of %4d  %s\n", share, said[name], long[name], name
        else if (share < least)
            printf "%s: %d %% of its functions of more than 10 lines say why; %d %% is the least\n",
                name, share, least
    }
    function share_of(name) {
        return long[name] ? int(100 * said[name] / long[name]) : 100
    }
    FNR == 1 {
        folder = FILENAME
        if (!sub(/\/[^\/]*$/, "", folder))
            folder = "."
        folders[folder]
        inside = 0
    }
    $0 == "{" && before ~ /\)$/ {
        inside = 1
        lines = 0
        is_said = is_said_above
        next
    }
    $0 == "}" && inside {
        if (lines > 10) {
            long[folder]++
            long["the tree"]++
            said[folder] += is_said
            said["the tree"] += is_said
        }
        inside = 0
    }
    inside {
        lines++
        is_said = is_said || /\/\*/
        next
    }
    { # the head of a function begins at the margin; its further lines do not
        if (/^[A-Za-z_]/)
            is_said_above = before ~ /\*\/$/
        before = $0
    }
    END {
        judge(share_of("the tree"), 60, "the tree")
        for (folder in folders)
            judge(share_of(folder), 40, folder)
    }' $(files '*.c' | grep -vE '^tests/') | LC_ALL=C sort -k6
exit 0
