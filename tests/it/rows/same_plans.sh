# same_plans.sh: are two plans of one incident the same, made from different endpoints?

names_out() { # what two plans differ in by design: runs, times, endpoints, digests of files (and the case)
    sed -E 's/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}/RUN/g; s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/TIME/g;
        s,mysql://[^"` ]*|snapshot:[^"` ]*,URI,g; s/("[a-z0-9]*sha256"): "[0-9a-f]*"/\1: ""/;
        s/"(size|bytes|size_bytes)": "?[0-9]+"?/"\1": 0/'
}
plans_differ() { # plans_differ DIR DIR: in what, if in anything
    local f
    diff <(ls "$1") <(ls "$2")
    local same='del(.case, .page_key) | if .options then .options |= map(select(startswith("case=") | not)) else . end'
    diff <(jq -S "$same" "$1/plan.json" | names_out) <(jq -S "$same" "$2/plan.json" | names_out) | cut -c1-200
    for f in "$1"/*; do
        f=${f##*/}
        case $f in
        journal* | plan.json) ;;
        # decisions are a set: rows that stay come in the order in which a side gave them
        *.zst) cmp <(zstd -qdc "$1/$f" | sort) <(zstd -qdc "$2/$f" | sort) ;;
        *) diff <(names_out <"$1/$f") <(names_out <"$2/$f") >/dev/null || {
            echo "$f"
            diff <(names_out <"$1/$f") <(names_out <"$2/$f") | cut -c1-300 | head -n 10
        } ;;
        esac
    done
}
