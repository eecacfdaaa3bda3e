/* test_journal_file.c: what `snapshot create` has written down is there for the next run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/create/journal_file.h"

static char path[64];
static struct mr_arena arena;

static struct mr_snap_dir *begin(void)
{
    struct mr_snap_dir *dir = NULL;
    struct mr_err err = {0};
    assert_int_equal(mr_snap_dir_begin(path, &dir, &err), MR_OK);
    return dir;
}

static struct mr_journal_file *reopen(struct mr_journal_file *j, const struct mr_snap_dir *dir)
{
    struct mr_err err = {0};
    mr_journal_file_close(j);
    j = NULL;
    assert_int_equal(mr_journal_file_open(dir, "print", &arena, &j, &err), MR_OK);
    return j;
}

static enum mr_code write_numbered(struct mr_journal_file *j, const struct mr_snap_table *table,
                                   const char *file, size_t part, size_t sequence,
                                   struct mr_err *err)
{
    char sha256[MR_SHA256_HEX];
    const struct mr_journal_chunk chunk = {
        .chunk = {.file = file, .rows = 1, .sha256 = sha256}, .part = part, .sequence = sequence};
    memset(sha256, 'a', sizeof sha256 - 1);
    sha256[sizeof sha256 - 1] = '\0';
    return mr_journal_file_chunk(j, table, &chunk, err);
}

static enum mr_code write_chunk(struct mr_journal_file *j, const struct mr_snap_table *table,
                                const char *file, struct mr_err *err)
{
    return write_numbered(j, table, file, 0, 0, err);
}

/* The disk is full amid one worker's line, and has room again for another's. */
static void test_full(void **state)
{
    const struct mr_snap_column column = {.name = "id", .cls = MR_CLASS_INT};
    const struct mr_snap_table table = {
        .db = "club", .name = "members", .columns = &column, .ncolumns = 1};
    const struct mr_snap_consistency view = {.gtid = NULL};
    struct mr_vec none = MR_VEC_INIT(struct mr_key);
    struct mr_err err = {0};
    struct rlimit was, limit;
    struct stat st;
    (void)state;
    struct mr_snap_dir *dir = begin();
    struct mr_journal_file *j = reopen(NULL, dir);
    assert_int_equal(mr_journal_file_view(j, &view, NULL, &err), MR_OK);
    assert_int_equal(mr_journal_file_table(j, &table, "CREATE", &none, &err), MR_OK);
    assert_int_equal(write_chunk(j, &table, "data/club.members.0.tsv.zst", &err), MR_OK);
    assert_int_equal(fstat(j->fd, &st), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    limit = was;
    limit.rlim_cur = (rlim_t)st.st_size + 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(write_chunk(j, &table, "data/club.members.1.tsv.zst", &err), MR_E_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(write_chunk(j, &table, "data/club.members.2.tsv.zst", &err), MR_OK);
    j = reopen(j, dir);
    assert_true(j->resumed);
    const struct mr_journal_table *found = mr_journal_file_find(j, "club", "members");
    assert_non_null(found);
    assert_int_equal(found->chunks.count, 2);
    assert_int_equal(found->files, 3);
    mr_journal_file_close(j);
    assert_int_equal(mr_snap_dir_remove(dir, MR_SNAP_JOURNAL, &err), MR_OK);
    mr_snap_dir_free(dir);
}

/* A machine that loses its power leaves zeros where lines were, on some file systems: what is
 * behind them is read again, and what is in front of them kept. */
static void test_zeros(void **state)
{
    const struct mr_snap_column column = {.name = "id", .cls = MR_CLASS_INT};
    const struct mr_snap_table table = {.db = "c", .name = "m", .columns = &column, .ncolumns = 1};
    const struct mr_snap_consistency view = {.gtid = NULL};
    struct mr_vec none = MR_VEC_INIT(struct mr_key);
    static const char zeros[64];
    struct mr_err err = {0};
    struct stat st;
    (void)state;
    struct mr_snap_dir *dir = begin();
    struct mr_journal_file *j = reopen(NULL, dir);
    assert_int_equal(mr_journal_file_view(j, &view, NULL, &err), MR_OK);
    assert_int_equal(mr_journal_file_table(j, &table, "CREATE", &none, &err), MR_OK);
    assert_int_equal(write_chunk(j, &table, "data/c.m.0.tsv.zst", &err), MR_OK);
    assert_int_equal(fstat(j->fd, &st), 0);
    assert_int_equal(write_chunk(j, &table, "data/c.m.1.tsv.zst", &err), MR_OK);
    assert_int_equal(write_chunk(j, &table, "data/c.m.2.tsv.zst", &err), MR_OK);
    assert_int_equal(pwrite(j->fd, zeros, sizeof zeros, st.st_size + 9), sizeof zeros);
    for (int i = 0; i < 2; i++) {
        j = reopen(j, dir);
        const struct mr_journal_table *found = mr_journal_file_find(j, "c", "m");
        assert_non_null(found);
        assert_int_equal(found->chunks.count, 1 + (size_t)i);
        if (i == 0)
            assert_int_equal(write_chunk(j, &table, "data/c.m.3.tsv.zst", &err), MR_OK);
    }
    mr_journal_file_close(j);
    assert_int_equal(mr_snap_dir_remove(dir, MR_SNAP_JOURNAL, &err), MR_OK);
    mr_snap_dir_free(dir);
}

/* What three runs have found, the second of which has found again two of four chunks only, and
 * read one between them; numbered: by a version that numbers them by a line of its own. */
static void write_runs(struct mr_journal_file **j, const struct mr_snap_dir *dir,
                       const struct mr_snap_table *table, bool numbered)
{
    static const char *const files[] = {"data/c.m.0.tsv", "data/c.m.1.tsv", "data/c.m.2.tsv",
                                        "data/c.m.3.tsv"};
    const struct mr_snap_consistency view = {.gtid = NULL};
    struct mr_vec none = MR_VEC_INIT(struct mr_key);
    struct mr_err err = {0};
    assert_int_equal(mr_journal_file_view(*j, &view, NULL, &err), MR_OK);
    assert_int_equal(mr_journal_file_table(*j, table, "CREATE", &none, &err), MR_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(write_numbered(*j, table, files[i], 0, i, &err), MR_OK);
    *j = reopen(*j, dir);
    assert_int_equal(mr_journal_file_view(*j, &view, NULL, &err), MR_OK);
    if (numbered)
        assert_int_equal(mr_journal_file_resumed(*j, table, &err), MR_OK);
    assert_int_equal(write_numbered(*j, table, files[0], 1, 0, &err), MR_OK);
    assert_int_equal(write_numbered(*j, table, "data/c.m.4.tsv", 2, 0, &err), MR_OK);
    assert_int_equal(write_numbered(*j, table, files[1], 3, 0, &err), MR_OK);
    *j = reopen(*j, dir);
}

static void test_order(void **state)
{
    const struct mr_snap_column column = {.name = "id", .cls = MR_CLASS_INT};
    const struct mr_snap_table table = {.db = "c", .name = "m", .columns = &column, .ncolumns = 1};
    struct mr_err err = {0};
    (void)state;
    for (int numbered = 0; numbered < 2; numbered++) {
        struct mr_snap_dir *dir = begin();
        struct mr_journal_file *j = reopen(NULL, dir);
        write_runs(&j, dir, &table, numbered != 0);
        const struct mr_journal_table *found = mr_journal_file_find(j, "c", "m");
        assert_int_equal(found->unordered, numbered == 0);
        assert_int_equal(mr_journal_file_resumed(j, &table, &err), MR_OK);
        const struct mr_journal_chunk *chunks = found->chunks.items;
        char order[8] = "";
        for (size_t i = 0; i < found->chunks.count; i++)
            order[i] = chunks[i].chunk.file[sizeof "data/c.m." - 1];
        if (numbered != 0)
            assert_string_equal(order, "04123");
        assert_int_equal(chunks[4].part, 9);
        mr_journal_file_close(j);
        assert_int_equal(mr_snap_dir_remove(dir, MR_SNAP_JOURNAL, &err), MR_OK);
        mr_snap_dir_free(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_zeros),
        cmocka_unit_test(test_order),
    };
    (void)signal(SIGXFSZ, SIG_IGN);
    mr_arena_init(&arena);
    (void)snprintf(path, sizeof path, "test_journal_file.%ld", (long)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mr_arena_release(&arena);
    return failed;
}
