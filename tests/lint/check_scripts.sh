# Shell scripts parse, say what they are, and can be run if they claim to be programs.
# Manual pages parse.
. tests/lint/lib.sh

# shellcheck disable=SC2046
for script in $(files '*.sh') .ci/run; do
    bash -n "$script" || echo "$script: does not parse"
    if head -n 1 "$script" | grep -q '^#!' && [ ! -x "$script" ]; then
        echo "$script: has a #! line and is not executable"
    fi
    [ -n "$(sed -n '1,2{/^# /p}' "$script")" ] ||
        echo "$script: its first comment does not say what it is"
done
for page in docs/man/*.scd; do
    [ -e "$page" ] || continue
    scdoc <"$page" >/dev/null || echo "$page: scdoc refuses it"
done
exit 0
