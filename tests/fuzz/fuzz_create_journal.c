/*
 * fuzz_create_journal.c: the journal of a snapshot that was cut off, which may be torn and may
 * lie.
 *
 * It is taken, or refused; what it says of a table names no file outside the snapshot, and no
 * view that it does not have.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "snapshot/create/journal_file.h"

static void check(const struct mr_journal_file *journal)
{
    for (size_t i = 0; i < journal->tables.count; i++) {
        const struct mr_journal_table *table = mr_vec_at(&journal->tables, i);
        FUZZ_CHECK(table->db != NULL && table->name != NULL && table->create != NULL);
        for (size_t k = 0; k < table->chunks.count; k++) {
            const struct mr_journal_chunk *chunk = mr_vec_at(&table->chunks, k);
            const char *file = chunk->chunk.file;
            FUZZ_CHECK(file != NULL && strncmp(file, "data/", 5) == 0);
            FUZZ_CHECK(strchr(file + 5, '/') == NULL);
            FUZZ_CHECK(chunk->view < journal->views.count);
        }
    }
    (void)mr_journal_file_find(journal, "club", "members");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char place[] = "/tmp/fuzz_create.XXXXXX", path[64];
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_snap_dir *dir = NULL;
    struct mr_journal_file *journal = NULL;
    struct mr_err err = {0};
    FUZZ_CHECK(mkdtemp(place) != NULL);
    (void)snprintf(path, sizeof path, "%s/s", place);
    FUZZ_CHECK(mr_snap_dir_begin(path, &dir, &err) == MR_OK);
    (void)snprintf(path, sizeof path, "%s/" MR_SNAP_JOURNAL, mr_snap_dir_partial(dir));
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
    enum mr_code code = mr_journal_file_open(dir, "print", &arena, &journal, &err);
    FUZZ_CHECK(code == MR_OK || err.message[0] != '\0');
    if (code == MR_OK)
        check(journal);
    mr_journal_file_close(journal);
    FUZZ_CHECK(mr_snap_dir_remove(dir, MR_SNAP_JOURNAL, &err) == MR_OK);
    FUZZ_CHECK(mr_snap_dir_clear(dir, &err) == MR_OK);
    (void)snprintf(path, sizeof path, "%s/data", mr_snap_dir_partial(dir));
    (void)rmdir(path);
    (void)snprintf(path, sizeof path, "%s/schema", mr_snap_dir_partial(dir));
    (void)rmdir(path);
    (void)rmdir(mr_snap_dir_partial(dir));
    mr_snap_dir_free(dir);
    FUZZ_CHECK(rmdir(place) == 0);
    mr_arena_release(&arena);
    return 0;
}
