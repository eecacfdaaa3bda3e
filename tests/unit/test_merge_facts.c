/* test_merge_facts.c: what is known of rows, page by page. */
#include "merge_world.h"

#include "repair/merge/merge_bounds.h"
#include "repair/merge/merge_facts.h"

/* What is known of a table, by its counter, key, identity and bound. */
static void test_about(void **state)
{
    const struct {
        const char *columns, *origin;
        bool is_stated, is_early, guarded;
        struct mr_fact fact;
    } cases[] = {
        {"id:int#", MR_BOUND_EQUAL, false, false, false, {.counted = true}},
        {"id:int#", MR_BOUND_SPLIT_KEY, true, false, false, {.counted = true, .believed = true}},
        {"id:int#",
         MR_BOUND_AT,
         true,
         false,
         false,
         {.counted = true, .believed = true, .split = true}},
        /* a time after which rows were created that both sides have is not believed */
        {"id:int#",
         MR_BOUND_AT,
         true,
         true,
         true,
         {.counted = true, .split = true, .guarded = true}},
        {"code:text*", NULL, false, false, false, {.counted = false}},
        {"note:text?", NULL, false, false, false, {.keyless = true}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = world_new();
        world_table(w, "t", cases[i].columns);
        world_open(w);
        if (cases[i].guarded)
            world_unique(w, 0, "u", "id")->is_identity = true;
        w->merged[0].bound = (struct mr_merge_bound){.base_origin = cases[i].origin,
                                                     .is_stated = cases[i].is_stated,
                                                     .is_early = cases[i].is_early};
        const struct mr_fact got = mr_merge_facts_about(&w->merged[0]);
        if (mr_fact_bits(&got) != mr_fact_bits(&cases[i].fact))
            fail_msg("case %zu", i);
        world_free(w);
    }
}

#define WITH_IMAGE(with)                                                                           \
    ((struct mr_merge_facts_query){known_sql, MR_CASE_ARGS(MR_ARG_INT("with_image", with))})

struct seen {
    struct world *w;
    struct mr_strbuf log;
    int64_t fails_at;
    size_t count;
};

static enum mr_code see(void *ctx, struct mr_merge_known *row, struct mr_err *err)
{
    struct seen *s = ctx;
    s->count++;
    if (row->id == s->fails_at)
        return mr_err_set(err, MR_E_REFUSED, "not that one");
    mr_strbuf_add_fmt(&s->log, "%d:%s:%s%s%s%s ", (int)row->id, row->grp != NULL ? row->grp : "-",
                      row->fact.counted ? "c" : "", row->fact.there ? "t" : "",
                      row->fact.taken ? "k" : "", row->image.ptr != NULL ? "i" : "");
    /* what a callback writes is not read again: pages go by id */
    return mr_case_exec(s->w->m.cf, "UPDATE m SET grp='lost'", err);
}

static const char known_sql[] =
    "SELECT m.id AS id, m.grp AS grp, m.there IS NOT NULL AS there, m.taken IS NOT NULL AS taken,"
    " CASE WHEN :with_image THEN img.after END AS image FROM m JOIN img ON img.id=m.id"
    " WHERE m.tbl=:tbl AND m.id>:after ORDER BY m.id LIMIT 2";

static void build(struct world *w)
{
    world_begin(w);
    const size_t t = world_table(w, "t", "id:int# name:text?");
    const size_t other = world_table(w, "u", "id:int#");
    world_open(w);
    world_row(w, 1, t, "1|NULL", "1|", "grp='base'");
    world_row(w, 2, t, "2|x", NULL, "grp=NULL");
    world_row(w, 4, other, "3", NULL, "grp='gone'");
    world_row(w, 3, t, "-4|x", NULL, "grp='maybe', taken=x'00'");
}

static void test_each(void **state)
{
    const struct {
        int64_t with_image;
        const char *log;
    } cases[] = {{0, "1:base:ct 2:-:c 3:lost:ck "}, {1, "1:base:cti 2:-:ci 3:lost:cki "}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct seen s = {.w = w, .log = MR_STRBUF_INIT};
        build(w);
        world_run(w, mr_merge_facts_each(&w->m, &w->merged[0], WITH_IMAGE(cases[i].with_image), see,
                                         &s, &w->err));
        assert_string_equal(s.log.ptr, cases[i].log);
        mr_strbuf_release(&s.log);
        world_free(w);
    }
}

static void test_refusal(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct seen s = {.w = w, .log = MR_STRBUF_INIT, .fails_at = 2};
    (void)state;
    build(w);
    assert_int_equal(mr_merge_facts_each(&w->m, &w->merged[0], WITH_IMAGE(0), see, &s, &w->err),
                     MR_E_REFUSED);
    assert_int_equal(s.count, 2); /* nobody is asked about after it */
    mr_strbuf_release(&s.log);
    world_free(w);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct seen s = {.w = w, .log = MR_STRBUF_INIT};
    enum mr_code code = mr_merge_facts_each(&w->m, &w->merged[0], WITH_IMAGE(0), see, &s, err);
    mr_strbuf_release(&s.log);
    return code;
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_about),
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
