/*
 * place: an empty directory to work in, for unit tests that write files.
 *
 * place_begin() and place_end() are a test's setup and teardown: the working directory
 * is the place in between, and what the test has left there is removed, one level deep.
 */
#ifndef MR_TESTS_PLACE_H
#define MR_TESTS_PLACE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct place {
    char dir[64];
    int cwd;
};

static inline int place_begin(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    (void)snprintf(place->dir, sizeof place->dir, "/tmp/myrecon-test-XXXXXX");
    if (mkdtemp(place->dir) == NULL)
        return -1;
    place->cwd = open(".", O_RDONLY | O_DIRECTORY);
    *state = place;
    return chdir(place->dir);
}

static inline int place_end(void **state)
{
    struct place *place = *state;
    DIR *dir = opendir(place->dir);
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL)
        if (unlinkat(dirfd(dir), entry->d_name, 0) != 0)
            (void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    (void)closedir(dir);
    int rc = fchdir(place->cwd) | rmdir(place->dir);
    (void)close(place->cwd);
    free(place);
    return rc;
}

/* Files in the working directory, hidden ones too. */
static inline size_t count_files(void)
{
    size_t count = 0;
    DIR *dir = opendir(".");
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count - 2;
}

#endif
