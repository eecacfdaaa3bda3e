/* test_plan_files.c: entities.csv.zst and idmap.csv, as they are written from the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/file/io.h"
#include "place.h"
#include "repair/plan/entity_file.h"
#include "repair/plan/plan_files.h"
#include "script_world.h"

/* "table source→target decision kind digest? references? new waits" a line. */
static enum mr_code take(void *ctx, const struct mr_entity_line *line, struct mr_err *err)
{
    struct mr_strbuf *out = ctx;
    (void)err;
    mr_strbuf_add_fmt(out, "%s ", line->table);
    mr_strbuf_add_hex(out, line->source_key.ptr, line->source_key.len);
    mr_strbuf_add_str(out, ">");
    mr_strbuf_add_hex(out, line->target_key.ptr, line->target_key.len);
    mr_strbuf_add_fmt(out, " %s %s%s%s%s%s%s\n", mr_decision_name(line->decision),
                      line->kind != NULL ? line->kind : "-", line->has_digest ? " digest" : "",
                      line->has_references ? " references" : "", line->is_new ? " new" : "",
                      line->waits_table != NULL ? " waits for " : "",
                      line->waits_table != NULL ? line->waits_table : "");
    return MR_OK;
}

static int64_t save(struct world *w, struct mr_entity e)
{
    assert_int_equal(mr_plan_store_save(w->store, &e, NULL), MR_OK);
    return e.id;
}

static struct mr_key key(const char *bytes, size_t len)
{
    return (struct mr_key){bytes, len};
}
#define ONE key("i\1\0\0\0\0\0\0\0\1", 10)
#define TWO key("i\1\0\0\0\0\0\0\0\2", 10)

static void begin(struct world *w)
{
    static const struct mr_planned_column people[] = {{"id", "int", NULL, false},
                                                      {"na,me", "text/utf8mb4", NULL, false}},
                                          log[] = {{"a", "text/utf8mb4", NULL, false}};
    world_begin(w);
    struct mr_plan_table *p = world_table(w, "people", "id:int# na,me:text?");
    world_named(w, p, "na,me");
    world_table(w, "log", "a:text");
    world_reference(w, 0, "id", 0, "id", false);
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < w->own[t].live.ncolumns; i++) {
            w->own[t].found[i].style.cls = w->own[t].columns[i].cls;
            w->own[t].found[i].show_at = i;
        }
    w->planned[0].columns = people;
    w->planned[0].ncolumns = 2;
    w->planned[1].columns = log;
    w->planned[1].ncolumns = 1;
    w->manifest.planned.ntables = 2;
}

/* Writes one file into a plan, and gives it back. */
static void written(struct world *w,
                    enum mr_code (*fn)(const struct mr_plan_files_task *, struct mr_err *))
{
    struct mr_plan_writer *writer = NULL;
    assert_int_equal(mr_plan_writer_begin("out", &writer, NULL), MR_OK);
    const struct mr_plan_files_task task = {.tables = &w->plan,
                                            .store = w->store,
                                            .fd = w->fd,
                                            .writer = writer,
                                            .planned = &w->manifest.planned};
    assert_int_equal(fn(&task, NULL), MR_OK);
    mr_strbuf_reset(&w->shown);
    if (fn == mr_plan_files_entities)
        assert_int_equal(
            mr_entity_file_read(mr_plan_writer_path(writer, MR_ENTITY_FILE), take, &w->shown, NULL),
            MR_OK);
    else
        assert_int_equal(
            mr_io_read_part(mr_plan_writer_path(writer, "idmap.csv"), 100000, &w->shown, NULL),
            MR_OK);
    mr_plan_writer_free(writer);
}

static void test_entities(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    const struct mr_plan_table *p = &w.tables[0];
    const struct mr_key row = world_row(&w, p, "1|x"), gone = world_row(&w, &w.tables[1], "x");
    const int64_t parent = save(&w, (struct mr_entity){.source_key = ONE,
                                                       .decision = MR_DECIDE_CONFLICT,
                                                       .kind = "unique",
                                                       .target_key = TWO,
                                                       .target = row});
    save(&w,
         (struct mr_entity){.source_key = TWO, .decision = MR_DECIDE_WAITS, .waits_for = parent});
    save(&w,
         (struct mr_entity){
             .source_key = ONE, .target_key = TWO, .decision = MR_DECIDE_RENUMBER, .after = row});
    save(&w, (struct mr_entity){
                 .source_key = ONE, .target_key = ONE, .decision = MR_DECIDE_SAME, .target = row});
    save(&w, (struct mr_entity){.target_key = ONE, .decision = MR_DECIDE_DELETE, .target = row});
    save(&w, (struct mr_entity){.table = 1, .decision = MR_DECIDE_DELETE, .target = gone});
    written(&w, mr_plan_files_entities);
    assert_string_equal(
        w.shown.ptr,
        /* who is in the way of a conflict is nothing to prove */
        "o`dd.people 69010000000000000001> conflict unique\n"
        "o`dd.people 69010000000000000002> waits - waits for o`dd.people\n"
        "o`dd.people 69010000000000000001>69010000000000000002 renumber - digest references new\n"
        "o`dd.people 69010000000000000001>69010000000000000001 same - digest references\n"
        /* with a key it is gone, without one its digest is all that it is known by */
        "o`dd.people >69010000000000000001 delete -\n"
        "o`dd.log > delete - digest\n");
    world_end(&w);
}

/* A row that nobody has decided about is written by nobody. */
static void test_undecided(void **state)
{
    struct world w;
    struct mr_plan_writer *writer = NULL;
    (void)state;
    begin(&w);
    save(&w, (struct mr_entity){.source_key = ONE});
    assert_int_equal(mr_plan_writer_begin("out", &writer, NULL), MR_OK);
    const struct mr_plan_files_task task = {.tables = &w.plan,
                                            .store = w.store,
                                            .fd = w.fd,
                                            .writer = writer,
                                            .planned = &w.manifest.planned};
    assert_int_equal(mr_plan_files_entities(&task, NULL), MR_E_BUG);
    mr_plan_writer_free(writer);
    world_end(&w);
}

/* Whoever was restored, or is there already, under both keys; quoted as CSV. */
static void test_idmap(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    const struct mr_key row = world_row(&w, &w.tables[0], "2|o\"dd, \n");
    save(&w, (struct mr_entity){.source_key = ONE,
                                .target_key = TWO,
                                .identity = key("t\0\0\0\1x", 6),
                                .decision = MR_DECIDE_RENUMBER,
                                .after = row});
    save(&w, (struct mr_entity){.source_key = ONE,
                                .target_key = TWO,
                                .decision = MR_DECIDE_MATCHED,
                                .choice = "merge-into",
                                .target = row});
    save(&w, (struct mr_entity){.source_key = ONE,
                                .target_key = ONE,
                                .decision = MR_DECIDE_UPDATE,
                                .kind = "differs",
                                .after = row});
    save(&w, (struct mr_entity){
                 .source_key = ONE, .target_key = ONE, .decision = MR_DECIDE_UPDATE, .after = row});
    save(&w, (struct mr_entity){
                 .source_key = ONE, .target_key = ONE, .decision = MR_DECIDE_SAME, .target = row});
    save(&w, (struct mr_entity){.table = 1,
                                .decision = MR_DECIDE_INSERT,
                                .after = world_row(&w, &w.tables[1], "x")});
    written(&w, mr_plan_files_idmap);
    const char *at = strchr(w.shown.ptr, '\n') + 1;
    assert_memory_equal(w.shown.ptr,
                        "table,source_key,target_key,identity,decision,identity_key,"
                        "digest,source_bytes,target_bytes\r\n",
                        92);
    static const char *const wanted[] = {
        "o`dd.people,1,2,\"o\"\"dd, \n\",renumber,740000000178,",
        "o`dd.people,1,2,\"o\"\"dd, \n\",merge-into,,",
        "o`dd.people,1,1,\"o\"\"dd, \n\",matched,,",
    };
    for (size_t i = 0; i < LEN(wanted); i++) {
        assert_memory_equal(at, wanted[i], strlen(wanted[i]));
        at = strstr(at, "\r\n") + 2;
    }
    assert_string_equal(at, "");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_entities, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_undecided, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_idmap, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
