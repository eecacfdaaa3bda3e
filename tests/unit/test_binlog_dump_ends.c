/* test_binlog_dump_ends.c: which logs of a dump their server has ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/binlog/binlog_dump.h"
#include "core/binlog/binlog_event.h"
#include "tests/unit/binlog_made.h"

enum mr_code __wrap_mr_db_binlog_open(struct mr_db *db, const char *file, uint64_t position,
                                      uint32_t server_id, struct mr_db_binlog **out,
                                      struct mr_err *err);
enum mr_code __wrap_mr_db_binlog_next(struct mr_db_binlog *dump, const uint8_t **raw, size_t *len,
                                      struct mr_err *err);
void __wrap_mr_db_binlog_close(struct mr_db_binlog *dump);

/* What the server sends. */
static const struct made *sent;
static size_t sent_to;

enum mr_code __wrap_mr_db_binlog_open(struct mr_db *db, const char *file, uint64_t position,
                                      uint32_t server_id, struct mr_db_binlog **out,
                                      struct mr_err *err)
{
    (void)db, (void)file, (void)position, (void)server_id, (void)out, (void)err;
    sent_to = 0;
    return MR_OK;
}

enum mr_code __wrap_mr_db_binlog_next(struct mr_db_binlog *dump, const uint8_t **raw, size_t *len,
                                      struct mr_err *err)
{
    (void)dump, (void)err;
    uint32_t size = 0;
    *raw = (const uint8_t *)sent->log.ptr + sent_to;
    if (sent_to < sent->log.len)
        memcpy(&size, *raw + 9, sizeof size);
    *len = size;
    sent_to += size;
    return MR_OK;
}

void __wrap_mr_db_binlog_close(struct mr_db_binlog *dump)
{
    (void)dump;
}

/* As a server names the log that it is about to send. */
static void name_log(struct made *m, const char *name)
{
    char body[64] = {MR_DB_BINLOG_FIRST};
    (void)snprintf(body + 8, sizeof body - 8, "%s", name);
    add_event(m, MR_BINLOG_ROTATE, body, 8 + strlen(name), MR_BINLOG_ARTIFICIAL);
}

static void test_unended(void **state)
{
    static const struct {
        unsigned events[3]; /* of the first log, behind its head; 0: none */
        bool is_unended;
    } rows[] = {{{0}, true},
                {{MR_BINLOG_XID}, true},
                {{MR_BINLOG_STOP}, false},
                {{MR_BINLOG_XID, MR_BINLOG_STOP}, false},
                {{MR_BINLOG_XID, MR_BINLOG_ROTATE}, false},
                {{MR_BINLOG_STOP, MR_BINLOG_XID}, true}};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        const bool is_alone = i % 2 == 1; /* nothing is said of a log that is still written */
        struct made m = {.log = MR_STRBUF_INIT};
        struct mr_binlog_dump *dump = NULL;
        struct mr_err err = {0};
        uint64_t position, at = 100;
        const uint8_t *raw;
        size_t len;
        name_log(&m, "bin.000001");
        add_event(&m, MR_BINLOG_FORMAT_DESCRIPTION, "head", 4, 0);
        for (size_t k = 0; k < 3 && rows[i / 2].events[k] != 0; k++) {
            add_event(&m, rows[i / 2].events[k], "\4\0\0\0\0\0\0\0bin.000002", 18, 0);
            at += 19 + 18;
        }
        if (!is_alone) {
            name_log(&m, "bin.000002");
            add_event(&m, MR_BINLOG_FORMAT_DESCRIPTION, "head", 4, 0);
        }
        sent = &m;
        const struct mr_binlog_span span = {"bin.000001", 100,
                                            is_alone ? "bin.000001" : "bin.000002",
                                            is_alone ? at : MR_DB_BINLOG_FIRST + 19 + 4};
        assert_int_equal(mr_binlog_dump_open(NULL, &span, &dump, &err), MR_OK);
        const struct mr_binlog_input input = mr_binlog_dump_input(dump);
        do {
            assert_int_equal(input.next(input.arg, &raw, &len, &position, &err), MR_OK);
        } while (len > 0);
        const char *unended = mr_binlog_dump_unended(dump);
        assert_int_equal(unended != NULL, !is_alone && rows[i / 2].is_unended);
        assert_true(unended == NULL || strcmp(unended, "bin.000001") == 0);
        mr_binlog_dump_close(dump);
        mr_strbuf_release(&m.log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unended)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
