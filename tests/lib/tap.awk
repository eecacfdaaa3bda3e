# tap.awk: judges one program's TAP.  Prints "PASSED FAILED SKIPPED"; what a person should
# see (failed tests with their diagnostics, reasons of skips) goes to the file `shown`.
# Variables: status (the program's exit status), shown.

function show(text)
{
    print text > shown
}

/^[ \t]*$/ { next }

/^1\.\.[0-9]+/ {
    plans++
    planned = substr($1, 4) + 0
    if (planned == 0 && toupper($0) ~ /# *SKIP/) { # all of it is skipped
        skipped++
        show($0)
    }
    next
}

/^(not )?ok([ \t]|$)/ {
    results++
    failing = 0
    directive = toupper($0)
    if (directive ~ /# *SKIP/) {
        skipped++
        show($0)
    } else if ($0 ~ /^not ok/) {
        failed++
        failing = 1
        show($0)
    } else {
        passed++
    }
    next
}

/^Bail out!/ {
    bailed = 1
    show($0)
    next
}

# Diagnostics stand in front of a failure (cmocka) or behind it (scripts): those behind
# it are shown at once, those in front of it only if the program failed.
/^#/ {
    if (failing)
        show("  " $0)
    else if (kept < 200)
        before[kept++] = $0
    next
}

{ if (failing) show("  " $0) }

END {
    problem = ""
    if (bailed)
        problem = "bailed out"
    else if (plans == 0)
        problem = "printed no plan"
    else if (plans > 1)
        problem = "printed more than one plan"
    else if (status == 124 || status == 137)
        problem = "was stopped: it ran too long, or was killed"
    else if (planned != results || planned == 0 && !skipped)
        problem = "planned " planned " tests and ran " results + 0
    else if (status != 0 && failed == 0)
        problem = "exited with status " status " although no test failed"
    if (problem != "") {
        failed++
        show("not ok - the program " problem " (exit status " status ")")
    }
    if (failed)
        for (i = 0; i < kept; i++)
            show("  " before[i])
    print passed + 0, failed + 0, skipped + 0
}
