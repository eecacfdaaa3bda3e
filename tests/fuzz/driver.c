/*
 * driver.c: runs a fuzz target over the files named on its command line, without
 * libFuzzer: so the stored corpus is a test under any compiler.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "fuzz.h"

#define INPUT_S 20 /* of processor time: one that takes more hangs */

/* In a block of exactly that size, so that a sanitizer sees a byte read beyond it. */
static uint8_t *read_file(const char *path, size_t *size)
{
    uint8_t *data = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    *size = 0;
    for (;;) {
        uint8_t chunk[4096];
        size_t got = fread(chunk, 1, sizeof chunk, file);
        uint8_t *grown = realloc(data, *size + got + (got == 0 && *size == 0));
        if (grown == NULL)
            goto fail;
        data = grown;
        if (got == 0)
            break;
        memcpy(data + *size, chunk, got);
        *size += got;
    }
    if (ferror(file))
        goto fail;
    (void)fclose(file);
    return data;
fail:
    free(data);
    (void)fclose(file);
    return NULL;
}

/* SIGPROF ends the program then; 0: never. */
static void limit(time_t seconds)
{
    const struct itimerval timer = {.it_value = {.tv_sec = seconds}};
    (void)setitimer(ITIMER_PROF, &timer, NULL);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s FILE...\n", argv[0]);
        return 3;
    }
    for (int i = 1; i < argc; i++) {
        size_t size;
        uint8_t *data = read_file(argv[i], &size);
        if (data == NULL) {
            (void)fprintf(stderr, "cannot read \"%s\": %s\n", argv[i], strerror(errno));
            return 3;
        }
        (void)printf("%s\n", argv[i]);
        (void)fflush(stdout); /* the last name printed is the one that crashed */
        limit(INPUT_S);
        (void)LLVMFuzzerTestOneInput(data, size);
        limit(0);
        free(data);
    }
    return 0;
}
