/* test_merge_suspects.c: which ids change hands, and which rows are shown to who looks for
 * undeclared references (core/pair/suspect_look.h, which is replaced). */
#include "merge_world.h"

#include "repair/merge/merge_suspects.h"
#include "repair/plan/plan_suspects.h"

enum { MEMBERS, TAGS, BILLS };

static struct {
    struct world *w;
    struct mr_suspect_parent parents[WORLD_TABLES];
    struct mr_strbuf log;
    const char *named; /* a column whose name says so */
} seen;

#define SEEN(...) mr_strbuf_add_fmt(&seen.log, __VA_ARGS__)

enum mr_code __wrap_mr_suspect_look_open(struct mr_suspect_look *look,
                                         const struct mr_pairing *pairing, struct mr_reader *source,
                                         struct mr_err *err);
void __wrap_mr_suspect_look_release(struct mr_suspect_look *look);
enum mr_code __wrap_mr_suspect_look_begin(struct mr_suspect_look *look, const struct mr_pair *table,
                                          struct mr_err *err);
enum mr_code __wrap_mr_suspect_look_row(struct mr_suspect_look *look, const void *image, size_t len,
                                        struct mr_err *err);
enum mr_code __wrap_mr_suspect_look_tail(struct mr_suspect_look *look, struct mr_err *err);
enum mr_code __wrap_mr_suspect_look_end(struct mr_suspect_look *look, struct mr_err *err);
enum mr_code __wrap_mr_plan_suspects_by_name(const struct mr_plan_tables *plan,
                                             const bool *is_mapped, struct mr_vec *suspects,
                                             struct mr_err *err);
enum mr_code __wrap_mr_plan_suspects_refuse(struct mr_vec *suspects, struct mr_err *err);

enum mr_code __wrap_mr_suspect_look_open(struct mr_suspect_look *look,
                                         const struct mr_pairing *pairing, struct mr_reader *source,
                                         struct mr_err *err)
{
    *look = (struct mr_suspect_look){.pairing = pairing,
                                     .source = source,
                                     .parents = seen.parents,
                                     .suspects = MR_VEC_INIT(struct mr_suspect)};
    memset(seen.parents, 0, sizeof seen.parents);
    assert_ptr_equal(source, seen.w->m.reader[MR_SOURCE]);
    return world_read(&seen.w->readers[MR_SOURCE], err);
}

void __wrap_mr_suspect_look_release(struct mr_suspect_look *look)
{
    mr_vec_release(&look->suspects);
}

enum mr_code __wrap_mr_suspect_look_begin(struct mr_suspect_look *look, const struct mr_pair *table,
                                          struct mr_err *err)
{
    (void)look;
    SEEN("%s(", table->find.name);
    return world_read(&seen.w->readers[MR_SOURCE], err);
}

enum mr_code __wrap_mr_suspect_look_row(struct mr_suspect_look *look, const void *image, size_t len,
                                        struct mr_err *err)
{
    (void)look;
    assert_true(world_show(&seen.log, image, len));
    SEEN(" ");
    return world_read(&seen.w->readers[MR_SOURCE], err);
}

enum mr_code __wrap_mr_suspect_look_tail(struct mr_suspect_look *look, struct mr_err *err)
{
    (void)look;
    SEEN("tail");
    return world_read(&seen.w->readers[MR_SOURCE], err);
}

enum mr_code __wrap_mr_suspect_look_end(struct mr_suspect_look *look, struct mr_err *err)
{
    (void)look;
    SEEN(") ");
    return world_read(&seen.w->readers[MR_SOURCE], err);
}

enum mr_code __wrap_mr_plan_suspects_by_name(const struct mr_plan_tables *plan,
                                             const bool *is_mapped, struct mr_vec *suspects,
                                             struct mr_err *err)
{
    SEEN("named:");
    for (size_t i = 0; i < plan->ntables; i++)
        SEEN("%d", is_mapped[i]);
    SEEN(" ");
    if (seen.named != NULL)
        *(struct mr_suspect *)mr_vec_push(suspects) = (struct mr_suspect){.column = seen.named};
    return world_read(&seen.w->readers[MR_SOURCE], err);
}

enum mr_code __wrap_mr_plan_suspects_refuse(struct mr_vec *suspects, struct mr_err *err)
{
    MR_TRY(world_read(&seen.w->readers[MR_SOURCE], err));
    return suspects->count == 0 ? MR_OK : mr_err_set(err, MR_E_REFUSED, "declare it");
}

/* members by a number, tags by a word, bills by a shop and a number. */
static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:uint# mobile:text!");
    world_table(w, "tags", "word:text* n:int?");
    world_table(w, "bills", "shop:int* no:int#");
    world_open(w);
    seen.w = w;
    seen.named = NULL;
    mr_strbuf_reset(&seen.log);
    SEEN("%s", "");
}

/* A row of members: whose is its id on TARGET? */
static void test_changes_hands(void **state)
{
    const struct {
        const char *row, *there, *set;
        bool changes;
    } cases[] = {
        {"7|a", "7|a", NULL, false},    {"7|a", "8|a", NULL, true},
        {"7|a", NULL, NULL, false},     {"7|a", NULL, "newid=1", true},
        {"7|a", NULL, "waits=1", true}, {"7|a", "7|a", "newid=1", true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_row(w, 1, MEMBERS, cases[i].row, cases[i].there, cases[i].set);
        world_run(w, mr_merge_suspects(&w->m, &w->err));
        if ((seen.parents[MEMBERS].nids == 1) != cases[i].changes ||
            (strstr(seen.log.ptr, "named:100") != NULL) != cases[i].changes)
            fail_msg("case %zu: %zu ids, %s", i, seen.parents[MEMBERS].nids, seen.log.ptr);
        world_free(w);
    }
}

/* Ids in their order, up to the end of an unsigned key; the greatest key is SOURCE's, or an id
 * that it has lost since. */
static void test_ids(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_source(w, MEMBERS, "12|z");
    world_row(w, 1, MEMBERS, "9|a", NULL, "newid=1");
    world_row(w, 2, MEMBERS, "18446744073709551615|b", NULL, "waits=1");
    world_row(w, 3, MEMBERS, "7|c", "8|c", NULL);
    world_row(w, 4, MEMBERS, "6|d", "6|d", NULL);
    world_run(w, mr_merge_suspects(&w->m, &w->err));
    const struct mr_suspect_parent *p = &seen.parents[MEMBERS];
    assert_int_equal(p->nids, 3);
    assert_true(p->ids[0] == 7 && p->ids[1] == 9 && p->ids[2] == UINT64_MAX);
    assert_true(p->greatest == UINT64_MAX);
    world_sql(w, "UPDATE m SET waits=0 WHERE id=2");
    world_run(w, mr_merge_suspects(&w->m, &w->err));
    assert_true(p->nids == 2 && p->greatest == 12);
    world_free(w);
}

/* Every planned table is looked at, as soon as one key changes hands: all its rows that are
 * looked at, and its last ones.  Without, nothing is read. */
static void test_rows(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, TAGS, "o`dd|NULL", "o`dd|NULL", NULL);
    world_row(w, 2, BILLS, "1|2", NULL, NULL);
    world_run(w, mr_merge_suspects(&w->m, &w->err));
    assert_string_equal(seen.log.ptr, "");
    world_sql(w, "UPDATE m SET newid=1 WHERE id=2");
    world_run(w, mr_merge_suspects(&w->m, &w->err));
    assert_string_equal(seen.log.ptr, "named:001 d.members(tail) d.tags(o`dd,NULL tail)"
                                      " d.bills(1,2 tail) ");
    assert_true(seen.parents[BILLS].nids == 1 && seen.parents[BILLS].ids[0] == 2);
    world_free(w);
}

/* Of a key that is more than the counter, the counter's value changes hands where another row
 * of TARGET has it, or where the row gets a new one. */
static void test_parts(void **state)
{
    const struct {
        const char *row, *there, *target, *set;
        bool changes;
    } cases[] = {
        {"1|2", NULL, NULL, NULL, false},        {"1|2", NULL, "9|2", NULL, true},
        {"1|2", NULL, "9|3", NULL, false},       {"1|2", NULL, NULL, "newid=5", true},
        {"1|2", "1|2", "1|2", "newid=5", false}, {"1|2", NULL, NULL, "waits=1", true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        if (cases[i].target != NULL)
            world_target(w, BILLS, cases[i].target);
        world_row(w, 1, BILLS, cases[i].row, cases[i].there, cases[i].set);
        world_run(w, mr_merge_suspects(&w->m, &w->err));
        if ((seen.parents[BILLS].nids == 1) != cases[i].changes ||
            (strstr(seen.log.ptr, "named:001") != NULL) != cases[i].changes)
            fail_msg("case %zu: %zu ids, %s", i, seen.parents[BILLS].nids, seen.log.ptr);
        world_free(w);
    }
}

static void test_refused(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    seen.named = "member_id";
    world_run(w, mr_merge_suspects(&w->m, &w->err)); /* no key changes hands */
    world_row(w, 1, MEMBERS, "7|a", NULL, "newid=1");
    world_refuse(w, mr_merge_suspects(&w->m, &w->err), MR_E_REFUSED, "declare it");
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    world_row(w, 1, MEMBERS, "7|a", NULL, "newid=1");
    world_row(w, 2, TAGS, "w|NULL", "w|NULL", NULL);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_suspects(&w->m, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
    mr_strbuf_release(&seen.log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_hands), cmocka_unit_test(test_ids),
        cmocka_unit_test(test_rows),          cmocka_unit_test(test_refused),
        cmocka_unit_test(test_failures),      cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
