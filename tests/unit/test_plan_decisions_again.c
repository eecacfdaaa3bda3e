/* test_plan_decisions_again.c: digests in a decisions file where the case is of no file: the plan of --again knows what
 * they stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "pair_graph.h"
#include "repair/plan/asked.h"
#include "repair/planning/plan_decisions.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define ROW "{\"id\":\"7\",\"nick\":\"1\"}"

static const struct {
    const char *page_key, *row;   /* of the digest in the file */
    const char *uuid, *asked;     /* of its last line */
    struct mr_decision_file file; /* but for its path */
    const char *refusal;          /* NULL: it is taken */
} cases[] = {
    {"key", ROW, "u", "d", {.uuid = "u", .asked = "d", .page_key = "key"}, NULL},
    {"key",
     "{}",
     "u",
     "d",
     {.uuid = "u", .asked = "d", .page_key = "key"},
     "has changed on the source since it was decided about"},
    {"key",
     ROW,
     "u",
     "e",
     {.uuid = "u", .asked = "d", .page_key = "key"},
     "it answers other questions than those of plan \"u\""},
    {"key",
     ROW,
     "v",
     "d",
     {.uuid = "u", .asked = "d", .page_key = "key"},
     "a digest stands for its row, and nothing tells of which plan"},
    {"key",
     ROW,
     "u",
     "d",
     {.uuid = "u"},
     "a digest stands for its row, and nothing tells of which plan"},
    {"key",
     ROW,
     "u",
     "d",
     {.uuid = NULL},
     "a digest stands for its row, and nothing tells of which plan"},
};

static void encode(struct mr_strbuf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(
            mr_row_encode(out, &(struct mr_value){.cls = MR_CLASS_INT, .i = i == 0 ? 7 : 1}, NULL),
            MR_OK);
}

static void write_file(size_t i, char *path)
{
    char digest[MR_ASKED_BYTES];
    int fd = mkstemp(path);
    assert_int_equal(mr_asked_digest(cases[i].page_key,
                                     (struct mr_csv_field){cases[i].row, strlen(cases[i].row)},
                                     digest, NULL),
                     MR_OK);
    assert_true(dprintf(fd,
                        "table,source_key,target_key,kind,source,decision\n"
                        "club.members,7,7,unique,%s,skip\n#plan,%s,%s,,,\n",
                        digest, cases[i].uuid, cases[i].asked) > 0);
    assert_int_equal(close(fd), 0);
}

static enum mr_code decide(size_t i, struct mr_findings *fd, const struct mr_plan_tables *tables,
                           struct mr_err *err)
{
    char path[] = "/tmp/test_plan_decisions_again.XXXXXX";
    struct mr_decision_file file = cases[i].file;
    struct mr_plan_decided *decided = NULL;
    struct mr_plan_decisions *d = NULL;
    struct mr_plan_store *store = NULL;
    struct mr_strbuf key = MR_STRBUF_INIT, image = MR_STRBUF_INIT;
    const char *choice = NULL;
    encode(&key, 1);
    encode(&image, 2);
    const struct mr_decision_ask ask = {.table = "club.members",
                                        .source_key = {key.ptr, key.len},
                                        .kind = "unique",
                                        .source = {image.ptr, image.len}};
    write_file(i, path);
    file.path = path;
    assert_int_equal(mr_plan_decided_open(mr_findings_case(fd), 1, false, &decided, NULL), MR_OK);
    assert_int_equal(mr_plan_store_open(fd, &store, NULL), MR_OK);
    assert_int_equal(mr_plan_store_begin(store, 1, NULL), MR_OK);
    enum mr_code code = mr_plan_decisions_open(&file, fd, decided, tables, &d, err);
    if (code == MR_OK)
        code = mr_plan_decisions_find(d, &ask, &choice, err);
    struct mr_entity e = {.source_key = ask.source_key,
                          .decision = MR_DECIDE_CONFLICT,
                          .kind = "unique",
                          .choice = choice,
                          .source = ask.source};
    assert_int_equal(mr_plan_store_save(store, &e, NULL), MR_OK);
    if (code == MR_OK)
        code = mr_plan_decisions_check(d, store, err);
    mr_plan_decisions_close(d);
    mr_plan_store_close(store);
    mr_plan_decided_close(decided);
    mr_strbuf_release(&key);
    mr_strbuf_release(&image);
    assert_int_equal(unlink(path), 0);
    return code;
}

static void test_again(void **state)
{
    static const size_t key = 0;
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct graph g;
        struct mr_findings *fd = NULL;
        struct mr_err err = {0};
        memset(&g, 0, sizeof g);
        graph_begin(&g);
        graph_table(&g, "members", "id nick", NULL);
        assert_int_equal(graph_plan(&g, "", NULL), MR_OK);
        const struct mr_plan_table table = {
            .pair = g.list[0], .key = {&key, 1}, .counter = MR_NO_COLUMN};
        const struct mr_plan_tables tables = {.tables = (struct mr_plan_table *)(uintptr_t)&table,
                                              .ntables = 1};
        assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &fd, NULL), MR_OK);
        const enum mr_code code = decide(i, fd, &tables, &err);
        if (code != (cases[i].refusal == NULL ? MR_OK : MR_E_REFUSED) ||
            (cases[i].refusal != NULL && strstr(err.message, cases[i].refusal) == NULL))
            fail_msg("%zu: %d %s", i, code, err.message);
        assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
        graph_end(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
