/*
 * fuzz.h: what every fuzz target defines.
 *
 * A target is a file fuzz_<name>.c with LLVMFuzzerTestOneInput(), and a folder of
 * inputs corpus/<name>/.  Whatever is read off a wire, or out of a file that others can write,
 * has one.  A property that does not hold calls FUZZ_CHECK, which aborts,
 * so that the fuzzer keeps the input.  An input that once failed is made small (afl-tmin, or
 * libFuzzer's -minimize_crash=1) and added to the corpus, which the unit suite runs.
 *
 * make fuzz FUZZ=wire FUZZ_SECONDS=1200      libFuzzer
 * make fuzz-afl FUZZ=wire AFL_SECONDS=1200   AFL++; without FUZZ= all of them, one by one
 */
#ifndef MR_TESTS_FUZZ_H
#define MR_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Always returns 0: every input is worth keeping. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
