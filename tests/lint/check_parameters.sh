# A statement names its parameters (core/case/case_args.h), and numbers none: what ?3 is stands only
# in the caller, and one more before it makes it another.  Tests write other things with a question
# mark, so that theirs must look like SQL.
. tests/lint/lib.sh

# shellcheck disable=SC2046
{
    grep -HnE '"[^"]*(\?[0-9]|= \?)' $(c_files | grep -v '^tests/') /dev/null
    grep -HnE '"[^"]*[[:alpha:]=<>(,] ?\?[0-9]' $(c_files | grep '^tests/') /dev/null
} | sed 's/$/  (a parameter has a name)/'
exit 0
