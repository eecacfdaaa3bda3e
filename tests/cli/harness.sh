#!/bin/bash
# harness.sh: the tools that judge the code are judged: the runner, the banned calls, lint.
set -u
cd "$(dirname "$0")/../.." || exit 3
root=$PWD
unset MR_TALLY MR_FAILURES MR_TEST_TIMEOUT
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

. tests/lib/tap.sh

# What a program prints, how it exits, and what the runner must make of it.
runner_says() { # DESCRIPTION SHELL-COMMAND EXPECTED-LAST-LINE EXPECTED-EXIT
    local seen status
    printf 'it\t%s\n' "$2" >"$scratch/jobs"
    seen=$(tests/run.sh -f "$scratch/jobs" 2>&1)
    status=$?
    [ "$(tail -n 1 <<<"$seen")" = "$3" ] && [ $status -eq "$4" ]
    result $? "runner: $1" "$seen"
}

runner_says 'two passed' 'echo 1..2; echo ok 1; echo ok 2' '2 passed, 0 failed' 0
runner_says 'one failed' 'echo 1..2; echo ok 1; echo not ok 2; exit 1' '1 passed, 1 failed' 1
runner_says 'a failure is one although the status is 0' 'echo 1..1; echo not ok 1' \
    '0 passed, 1 failed' 1
runner_says 'no plan' 'echo ok 1' '1 passed, 1 failed' 1
runner_says 'two plans' 'echo 1..1; echo ok 1; echo 1..1' '1 passed, 1 failed' 1
runner_says 'too few results' 'echo 1..3; echo ok 1' '1 passed, 1 failed' 1
runner_says 'too many results' 'echo 1..1; echo ok 1; echo ok 2' '2 passed, 1 failed' 1
runner_says 'an empty plan' 'echo 1..0' '0 passed, 1 failed' 1
runner_says 'silence' 'true' '0 passed, 1 failed' 1
runner_says 'a program that cannot be run' 'exec /nowhere/at/all' '0 passed, 1 failed' 1
runner_says 'a status that nothing explains' 'echo 1..1; echo ok 1; exit 7' \
    '1 passed, 1 failed' 1
runner_says 'a crash after the last result' 'echo 1..1; echo ok 1; kill -SEGV $$' \
    '1 passed, 1 failed' 1
runner_says 'bailing out' 'echo 1..1; echo ok 1; echo "Bail out! tired"' \
    '1 passed, 1 failed' 1
runner_says 'a skipped test' 'echo 1..1; echo "ok 1 # SKIP no server"' \
    '0 passed, 0 failed, 1 skipped' 0
runner_says "a skipped test as cmocka prints it" 'echo 1..1; echo "not ok 1 # SKIP x"' \
    '0 passed, 0 failed, 1 skipped' 0
runner_says 'all skipped' 'echo "1..0 # SKIP no server"' '0 passed, 0 failed, 1 skipped' 0
MR_TEST_TIMEOUT=1
export MR_TEST_TIMEOUT
runner_says 'too slow' 'echo 1..1; sleep 20; echo ok 1' '0 passed, 1 failed' 1
unset MR_TEST_TIMEOUT

seen=$(tests/run.sh 2>&1)
[ $? -eq 1 ] && [ "$(tail -n 1 <<<"$seen")" = '0 passed, 1 failed' ]
result $? 'runner: no test at all is a failure' "$seen"

printf 'right\techo 1..1; echo ok 1\nwrong\techo 1..1; echo "not ok 1 - seven"; exit 1\n' >"$scratch/jobs"
MR_FAILURES=$scratch/failures tests/run.sh -f "$scratch/jobs" >"$scratch/log" 2>&1
[ "$(sed 's/ *(.*//; s/  */ /g' "$scratch/failures")" = $'FAIL tests/wrong 0 passed, 1 failed\n not ok 1 - seven' ]
result $? 'runner: what failed, and it alone, is kept to be shown again' "$(cat "$scratch/failures")"

printf '%s\tsleep 1; echo 1..1; echo ok 1\n' one two >"$scratch/jobs"
seen=$(tests/run.sh -t 1 -f "$scratch/jobs" 2>&1)
[ $? -eq 0 ] && grep -qx '1 of 2 programs are left out, as 1 s are over: two' <<<"$seen" &&
    [ "$(tail -n 1 <<<"$seen")" = '1 passed, 0 failed, 1 skipped' ]
result $? 'runner: what is not begun in time is named, and skipped' "$seen"

# --- banned calls are compile errors
compiles() { # STATEMENT
    printf 'void f(char *a, const char *b);\nvoid f(char *a, const char *b) { %s; (void)a; (void)b; }\n' \
        "$1" >"$scratch/call.c"
    gcc -std=c17 -D_GNU_SOURCE -include core/base/banned.h -fsyntax-only "$scratch/call.c" \
        >"$scratch/log" 2>&1
}
compiles 'snprintf(a, 2, "%s", b)'
result $? 'banned.h: snprintf compiles' "$(cat "$scratch/log")"
for call in 'strcpy(a, b)' 'strcat(a, b)' 'strncpy(a, b, 1)' 'sprintf(a, b)' 'strtok(a, b)' \
    'gets(a)' '(void)atoi(b)' '(void)atol(b)' 'system(b)' 'mktemp(a)' 'tmpnam(a)' \
    '(void)ctime(0)' '(void)localtime(0)' '(void)gmtime(0)'; do
    ! compiles "$call"
    result $? "banned.h: $call does not compile"
done

# --- lint finds what is planted
tree=$scratch/tree
mkdir -p "$tree/core" "$tree/recon" "$tree/repair" "$tree/tests" "$tree/docs/man" "$tree/.ci"
cp -r tests/lint "$tree/tests/"
cp .ci/run "$tree/.ci/"
cp Makefile "$tree/"
cd "$tree" || exit 3

lint_finds() { # CHECK FILE TEXT: with that text in that file, the check names the file
    printf '%b\n' "$3" >"$2"
    seen=$(bash "tests/lint/check_$1.sh" 2>&1)
    grep -qF "$2" <<<"$seen"
    result $? "lint $1: $2 with ${3:0:44}" "$seen"
    rm -f "$2"
}
for check in layers banned names columns parameters; do
    printf '/* a.c: harmless. */\n#include "err.h"\n' >core/a.c
    seen=$(bash "tests/lint/check_$check.sh" 2>&1)
    [ -z "$seen" ]
    result $? "lint $check: a clean tree is clean" "$seen"
done
lint_finds layers core/b.c '#include "recon/check/check.h"'
lint_finds layers core/b.c '  #  include "recon/check/check.h"'
lint_finds layers recon/b.c '#include "repair/plan.h"'
lint_finds layers repair/b.c '#include "../recon/check.h"'
lint_finds layers recon/b.c '#include "commands.h"'
lint_finds layers core/b.c '#include "docs/docgen/man_page.h"'
mkdir -p core/base core/schema recon/check recon/odd
lint_finds layers core/base/b.c '#include "core/db/db.h"'
lint_finds layers recon/check/b.c '#include "recon/report/report.h"'
lint_finds layers recon/check/b.c '#include "recon/above_all.h"'
seen=$(bash tests/lint/check_layers.sh 2>&1)
grep -q 'recon/odd: a folder that' <<<"$seen"
result $? 'lint layers: a folder of no known floor' "$seen"
rmdir recon/odd
lint_finds layers core/b.c '#include <mysql.h>'
lint_finds layers recon/b.c '#include <mysql/mysql.h>'
lint_finds layers core/schema/schema.c '#include <sqlite3.h>'
lint_finds banned core/b.c 'void f(void) { exit(1); }'
lint_finds banned recon/b.c '\t_exit(1);'
lint_finds banned core/b.c 'typedef struct x y;'
lint_finds banned core/b.c "/* TO""DO: later */"
lint_finds banned core/b.c '#undef strcpy'
lint_finds columns recon/b.c 'n = mr_case_int(stmt, 1);'
lint_finds columns recon/b.c 'x = mr_case_blob(of(s, 0)->rows[0],\n    2, &len);'
lint_finds columns repair/b.c 't = mr_case_text(stmt, COLUMN);'
lint_finds columns repair/b.c 'mr_case_bind_text(stmt, 1, text);'
printf '%s\n' 'n = mr_case_int(of(s, 1), 0);' 'x = mr_case_blob(stmt, 0, &len);' >recon/b.c
seen=$(bash tests/lint/check_columns.sh 2>&1)
[ -z "$seen" ]
result $? 'lint columns: a query of one column' "$seen"
rm -f recon/b.c
lint_finds parameters repair/b.c '    " WHERE tbl=?1 AND id>:after"'
lint_finds parameters core/b.h '#define OF "?2 AND wave"'
lint_finds parameters tests/b.c 'f("UPDATE c SET n= ?1");'
printf '%s\n' 'is = a[0] == x ?1 : 2;' 'f("SELECT 1 FROM w WHERE tbl=:tbl", "?");' >recon/b.c
printf '%s\n' '{"?1", "?:?1/?2*1"},' >tests/b.c
seen=$(bash tests/lint/check_parameters.sh 2>&1)
[ -z "$seen" ]
result $? 'lint parameters: names, and other question marks' "$seen"
rm -f recon/b.c tests/b.c
lint_finds names core/Bad-Name.c 'x'
lint_finds names core/b.c "const char *path = \"/ho""me/someone/x\";"
lint_finds names tests/b.sh "curl https://deb.deb""ian.org/x"
lint_finds scripts tests/b.sh 'if true; then'
lint_finds comments core/b.c 'int x;'
lint_finds comments core/b.h '/* a: of another file. */'
lint_finds signposts core/b.c '/* As core/base/gone.h says. */'
lint_finds signposts core/b.c '/* As gone.c says. */'
lint_finds signposts core/b.c '/* As core/gone*.c say. */'
lint_finds signposts core/b.c '/* After mr_gone_open. */'
lint_finds signposts core/b.c '/* After gone(). */'
lint_finds signposts core/b.c '"/*"; int a; /* the caller'"'"'s no_such_thing */'
lint_finds signposts core/b.c '// with --no-such-option'
lint_finds signposts docs/b.md 'It is `make nothing`.'
lint_finds signposts docs/b.md '```sh\nmake NOTHING=1\n```'
lint_finds signposts docs/b.md 'See recon/gone.'
lint_finds signposts docs/man/b.1.scd 'As *MYRECON\\_GONE* says.'
lint_finds signposts tests/b.sh '# as tests/gone/some.sh does'
lint_finds signposts tests/b.py '"""As gone.py does."""'
# what is there is not complained of
printf '%s\n' '/* b: as core/a.c; mr_b_init(), init and --good-thing; some of core/*.c. */' \
    'void mr_b_init(void) { f("--good-thing"); }' >core/b.c
seen=$(bash tests/lint/check_signposts.sh 2>&1)
! grep -qF core/b.c <<<"$seen"
result $? 'lint signposts: what is there' "$seen"
rm -f core/b.c
# A package that no group installs any more: its command is found wherever it is called.
sed 's/ zstd / /' "$root/tests/deps.sh" >tests/deps.sh
if command -v dpkg-query >/dev/null; then
    for call in 'zstd -q x' 'if zstd -q x; then' 'for a; do nice -n 5 zstd -q x' 'X=1 timeout -k 5 60 zstd x' \
        'echo x | xargs -r zstd' 'find . -exec zstd {} +' '/usr/bin/zstd x'; do
        lint_finds deps tests/b.sh "$call"
    done
    lint_finds deps tests/b.py 'subprocess.run(["zstd", "x"])'
fi
rm -f tests/deps.sh
touch recon/a.c
seen=$(bash tests/lint/check_names.sh)
grep -qF 'a.c: more than one file' <<<"$seen"
result $? 'lint names: one name twice' "$seen"

echo "1..$n"
[ $failures -eq 0 ]
