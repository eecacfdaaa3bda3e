/*
 * fuzz_journal.c: a plan's journal, which may be torn and may lie.
 *
 * Whatever the bytes are, it is read; what it says of a unit and of its rows agrees with what
 * it says of all.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "repair/apply/journal.h"

#define UNITS 8

static enum mr_code count_fired(void *ctx, const struct mr_journal_fired *row, struct mr_err *err)
{
    size_t *bytes = ctx;
    (void)err;
    *bytes += row->table.len + row->key.len + row->digest.len;
    return MR_OK;
}

static void check_list(const char *list)
{
    struct mr_strbuf same = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    mr_journal_rows_common(&same, list, list);
    FUZZ_CHECK(!same.failed && same.len <= strlen(list));
    if (same.len > 0) {
        FUZZ_CHECK(mr_journal_rows_count(same.ptr) == mr_journal_rows_count(list));
        mr_journal_rows_common(&again, same.ptr, same.ptr);
        FUZZ_CHECK(again.len == same.len && memcmp(again.ptr, same.ptr, same.len) == 0);
    }
    mr_strbuf_release(&same);
    mr_strbuf_release(&again);
}

static void check(struct mr_journal *j, size_t size)
{
    static const struct mr_counter counter = {.target_table = "club.members", .column = "id"};
    size_t bytes = 0;
    bool is = false;
    (void)mr_journal_is_open(j, &counter);
    for (int s = MR_JOURNAL_APPLY; s <= MR_JOURNAL_UNDO; s++) {
        uint64_t done = 0;
        for (uint64_t n = 0; n < UNITS; n++) {
            const char *aside = mr_journal_unit_aside(j, (enum mr_journal_script)s, n);
            FUZZ_CHECK(aside == NULL || strlen(aside) < size);
            done += mr_journal_unit_is_done(j, (enum mr_journal_script)s, n);
        }
        FUZZ_CHECK(done <= mr_journal_units_done(j, (enum mr_journal_script)s));
    }
    FUZZ_CHECK(mr_journal_is_left_out(j, "db.t2", "17", &is, NULL) == MR_OK);
    FUZZ_CHECK(!is || mr_journal_has_left_out(j));
    FUZZ_CHECK(mr_journal_is_found(j, "db.t4", 'i', "17", &is, NULL) == MR_OK);
    FUZZ_CHECK(!is || mr_journal_has_found(j));
    FUZZ_CHECK(mr_journal_has_found(j) == (mr_journal_rows_found(j) > 0));
    FUZZ_CHECK(mr_journal_has_applied(j) || mr_journal_units_open(j) == 0);
    (void)mr_journal_may_be_found(j, 1, "db.t4", 'i', "17");
    FUZZ_CHECK(mr_journal_each_fired(j, count_fired, &bytes, NULL) == MR_OK);
    FUZZ_CHECK(bytes <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char place[] = "/tmp/fuzz_journal.XXXXXX", path[64];
    char *text = malloc(size + 1);
    struct mr_journal *j = NULL;
    FUZZ_CHECK(text != NULL && mkdtemp(place) != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    (void)snprintf(path, sizeof path, "%s/" MR_JOURNAL_NAME, place);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
    FUZZ_CHECK(mr_journal_read(place, &j, NULL) == MR_OK);
    check(j, size);
    check_list(text);
    mr_journal_close(j);
    FUZZ_CHECK(unlink(path) == 0 && rmdir(place) == 0);
    free(text);
    return 0;
}
