/* test_scratch_file.c: what is added to a file without a name is read from anywhere, and nothing of it stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/scratch_file.h"

#define PIECE ((size_t)1000)
#define PIECES ((size_t)1000) /* more than the buffer holds */

static char dir[] = "/tmp/myrecon-scratch.XXXXXX";

static size_t count_files(void)
{
    DIR *listing = opendir(dir);
    size_t count = 0;
    assert_non_null(listing);
    for (const struct dirent *e; (e = readdir(listing)) != NULL;)
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    (void)closedir(listing);
    return count;
}

static void check_file(const char *beside, size_t files)
{
    struct mr_scratch_file file;
    struct mr_err err = {0};
    char piece[PIECE];
    mr_scratch_file_init(&file);
    assert_int_equal(mr_scratch_file_open(&file, beside, &err), MR_OK);
    assert_int_equal(count_files(), files);
    for (size_t i = 0; i < PIECES; i++) {
        memset(piece, (int)(i % 251), PIECE);
        assert_int_equal(mr_scratch_file_add(&file, piece, PIECE, &err), MR_OK);
    }
    assert_int_equal(file.bytes, PIECE * PIECES);
    assert_int_equal(mr_scratch_file_flush(&file, &err), MR_OK);
    for (size_t i = PIECES; i-- > 0;) {
        char wanted[PIECE];
        memset(wanted, (int)(i % 251), PIECE);
        assert_int_equal(mr_scratch_file_read(&file, i * PIECE, piece, PIECE, &err), MR_OK);
        assert_memory_equal(piece, wanted, PIECE);
    }
    assert_int_equal(mr_scratch_file_read(&file, PIECE * PIECES - 1, piece, 2, &err), MR_E_IO);
    mr_scratch_file_release(&file);
    mr_scratch_file_release(&file);
    assert_int_equal(count_files(), files);
}

static void test_beside(void **state)
{
    char path[256];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/case", dir);
    FILE *made = fopen(path, "w");
    assert_non_null(made);
    (void)fclose(made);
    check_file(path, 1);
    assert_int_equal(unlink(path), 0);
}

static void test_tmpdir(void **state)
{
    (void)state;
    assert_int_equal(setenv("TMPDIR", dir, 1), 0);
    check_file("", 0);
    (void)unsetenv("TMPDIR");
}

static void test_no_directory(void **state)
{
    struct mr_scratch_file file;
    struct mr_err err = {0};
    (void)state;
    mr_scratch_file_init(&file);
    assert_int_equal(mr_scratch_file_open(&file, "/nonexistent/case", &err), MR_E_IO);
    assert_non_null(strstr(err.message, "/nonexistent/case"));
    mr_scratch_file_release(&file);
    assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
    assert_int_equal(mr_scratch_file_open(&file, "", &err), MR_E_IO);
    assert_non_null(strstr(err.message, "/nonexistent"));
    mr_scratch_file_release(&file);
    (void)unsetenv("TMPDIR");
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_beside), cmocka_unit_test(test_tmpdir),
                                       cmocka_unit_test(test_no_directory)};
    return cmocka_run_group_tests_name("scratch_file", tests, begin, end);
}
