/* test_copy_vague.c: who makes way for whom under unique indexes whose values plain comparing does
 * not tell: slots and an index in, gates and hints out. */
#include "copy_world.h"

enum mr_code __wrap_mr_pair_canonise_parts(const struct mr_pair *table, const size_t *positions,
                                           const size_t *prefixes, size_t npositions,
                                           struct mr_db *db, struct mr_vec *items,
                                           struct mr_arena *arena, struct mr_err *err);

/* The first so many characters. */
static size_t cut(const struct mr_value *v, size_t prefix)
{
    const char *text = v->ptr;
    size_t len = 0, characters = 0;
    while (len < v->len && (prefix == 0 || characters < prefix)) {
        do
            len++;
        while (len < v->len && ((unsigned char)text[len] & 0xc0) == 0x80);
        characters++;
    }
    return len;
}

/* What TARGET says of the first characters, since without a server they are not known. */
enum mr_code __wrap_mr_pair_canonise_parts(const struct mr_pair *table, const size_t *positions,
                                           const size_t *prefixes, size_t npositions,
                                           struct mr_db *db, struct mr_vec *items,
                                           struct mr_arena *arena, struct mr_err *err)
{
    assert_null(db);
    for (size_t i = 0; i < items->count; i++) {
        struct mr_canon_item *item = mr_vec_at(items, i);
        struct mr_strbuf out = MR_STRBUF_INIT;
        bool null = false;
        size_t pos = 0;
        for (size_t k = 0; k < npositions; k++) {
            struct mr_value v;
            MR_TRY(mr_row_decode(item->in, item->in_len, &pos, &v, err));
            null = null || v.cls == MR_CLASS_NULL;
            if (v.cls == MR_CLASS_TEXT)
                mr_canon_local(&out, "utf8mb4",
                               mr_pair_column(table, MR_TARGET, positions[k])->collation, v.ptr,
                               cut(&v, prefixes[k]));
            else
                world_require(mr_row_encode(&out, &v, NULL));
            mr_strbuf_add_char(&out, '|');
        }
        item->out = null ? NULL : mr_arena_dup(arena, out.ptr, out.len);
        item->out_len = out.len;
        mr_strbuf_release(&out);
    }
    return MR_OK;
}

static struct copy_world *build(const struct mr_index *index)
{
    struct copy_world *cw = copy_new();
    world_table(&cw->w, "stays", "id:int# name:text? shop:int? begins:date? ends:date? code:text?");
    cw->w.tables[0].side[MR_TARGET].indexes = index;
    cw->w.tables[0].side[MR_TARGET].nindexes = 1;
    copy_open(cw);
    return cw;
}

static const struct mr_index_part prefix[] = {{.column = "NAME", .prefix_len = 3}};
static const struct mr_index_part plain[] = {{.column = "name"}, {.column = "shop"}};
static const struct mr_index_part period[] = {
    {.column = "shop"}, {.column = "ends"}, {.column = "begins"}};
static const struct mr_index_part bare_period[] = {{.column = "ends"}, {.column = "begins"}};
static const struct mr_index_part computed[] = {{.expression = "lower(`name`)"}};
static const struct mr_index_part in_shop[] = {{.expression = "lower(`name`)"}, {.column = "shop"}};
static const struct mr_index_part unplanned[] = {{.column = "gone"}, {.column = "shop"}};

#define INDEX(p)                                                                                   \
    {                                                                                              \
        .name = "u", .unique = true, .clause = "", .parts = p, .nparts = LEN(p)                    \
    }
#define OVERLAPS(p)                                                                                \
    {                                                                                              \
        .name = "u", .unique = true, .clause = "without overlaps", .parts = p, .nparts = LEN(p)    \
    }
static const struct mr_index of_prefix = INDEX(prefix), of_values = INDEX(plain);
static const struct mr_index of_period = OVERLAPS(period), of_all = OVERLAPS(bare_period);
static const struct mr_index of_computed = INDEX(computed), of_shop = INDEX(in_shop);
static const struct mr_index of_gone = INDEX(unplanned);
static const struct mr_index not_unique = {
    .name = "k", .clause = "", .parts = prefix, .nparts = LEN(prefix)};

#define JAN "|1|2026-01-01|2026-02-01"
#define MID "|1|2026-01-15|2026-03-01"
#define FEB "|1|2026-02-01|2026-03-01"
#define NONE "|1|NULL|NULL"

/* Slot 1 goes, or changes; slot 2 comes; gates stand behind slot 3.  Hints: who before whom. */
static const struct {
    const char *what;
    const struct mr_index *index;
    const char *own, *live; /* of slot 1 */
    const char *comes, *hints;
} cases[] = {
    {"values are told by themselves", &of_values, NULL, "1|abc" NONE, "2|abc" NONE, ""},
    {"an index that keeps nothing apart", &not_unique, NULL, "1|abc" NONE, "2|abcx" NONE, ""},

    {"the same in front", &of_prefix, NULL, "1|abcd" NONE, "2|abcx" NONE, "1 2"},
    {"by TARGET's collation", &of_prefix, NULL, "1|ABCD" NONE, "2|abcx" NONE, "1 2"},
    {"another in front", &of_prefix, NULL, "1|abd" NONE, "2|abc" NONE, ""},
    {"characters, not bytes", &of_prefix, NULL, "1|\xc3\xa4\xc3\xa4x1" NONE,
     "2|\xc3\xa4\xc3\xa4y2" NONE, ""},
    {"NULL is never the same", &of_prefix, NULL, "1|NULL" NONE, "2|NULL" NONE, ""},
    {"'' is", &of_prefix, NULL, "1|" NONE, "2| " NONE, "1 2"},
    {"who changes lets go, too", &of_prefix, "1|xyz" NONE, "1|abcd" NONE, "2|abcx" NONE, "1 2"},
    {"and is in nobody's way with what he keeps", &of_prefix, "1|abcy" NONE, "1|xyz" NONE,
     "2|abcx" NONE, ""},

    {"periods overlap", &of_period, NULL, "1|a" JAN, "2|a" MID, "1 2"},
    {"one ends when the other begins", &of_period, NULL, "1|a" JAN, "2|a" FEB, ""},
    {"of another shop", &of_period, NULL, "1|a|2|2026-01-01|2026-02-01", "2|a" MID, ""},
    {"nothing but the period", &of_all, NULL, "1|a" JAN, "2|b" MID, "1 2"},
    {"and none", &of_all, NULL, "1|a" JAN, "2|b" FEB, ""},

    {"only the server knows", &of_computed, NULL, "1|a" NONE, "2|b" NONE, "1 4; 4 2"},
    {"within what is told apart", &of_shop, NULL, "1|a" NONE, "2|b" NONE, "1 4; 4 2"},
    {"of another shop only the server need not be asked", &of_shop, NULL, "1|a|2|NULL|NULL",
     "2|b" NONE, ""},
    {"a column that is not planned", &of_gone, NULL, "1|a" NONE, "2|b" NONE, "1 4; 4 2"},
    {"who changes takes, and need not pass the gate", &of_computed, "1|b" NONE, "1|a" NONE,
     "2|b" NONE, "4 1; 4 2"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct copy_world *cw = build(cases[i].index);
        copy_slot(cw, 1, 0, cases[i].own, cases[i].live,
                  cases[i].own != NULL ? MR_STEP_UPDATE : MR_STEP_DELETE);
        copy_slot(cw, 2, 0, cases[i].comes, NULL, MR_STEP_INSERT);
        copy_slot(cw, 3, 0, "3|abc" NONE, "3|abc" NONE, 0);
        copy_run(cw, mr_copy_vague(&cw->c, &cw->w.err));
        const char *got =
            world_ask(&cw->w, "SELECT before, after FROM hint ORDER BY before, after");
        if (strcmp(got, cases[i].hints) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        copy_expect(cw, "SELECT count(*) FROM vague", "0");
        copy_free(cw);
    }
}

/* A row that keeps its place is in its own way, and in nobody else's. */
static void test_itself(void **state)
{
    struct copy_world *cw = build(&of_prefix);
    (void)state;
    copy_slot(cw, 1, 0, "1|abcx" NONE, "1|abcy" NONE, MR_STEP_UPDATE);
    copy_run(cw, mr_copy_vague(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT count(*) FROM hint", "0");
    copy_free(cw);
}

/* Where nobody comes, or nobody goes, there is no gate; nor over tables that are not written. */
static void test_no_gate(void **state)
{
    for (int kind = 0; kind < 3; kind++) {
        struct copy_world *cw = build(&of_computed);
        (void)state;
        cw->planned[0] = kind != 2;
        if (kind != 0)
            copy_slot(cw, 1, 0, NULL, "1|a" NONE, MR_STEP_DELETE);
        if (kind != 1)
            copy_slot(cw, 2, 0, "2|b" NONE, NULL, MR_STEP_INSERT);
        copy_run(cw, mr_copy_vague(&cw->c, &cw->w.err));
        copy_expect(cw, "SELECT (SELECT count(*) FROM gate)+(SELECT count(*) FROM hint)", "0");
        copy_free(cw);
    }
}

/* One index says nothing of another's rows, though their values are the same. */
static void test_two_indexes(void **state)
{
    static const struct mr_index_part code[] = {{.column = "code", .prefix_len = 3}};
    struct mr_index both[2] = {of_prefix, of_prefix};
    struct copy_world *cw = build(both);
    (void)state;
    both[1].parts = code;
    cw->w.tables[0].side[MR_TARGET].nindexes = 2;
    copy_slot(cw, 1, 0, NULL, "1|abc" NONE "|x", MR_STEP_DELETE);
    copy_slot(cw, 2, 0, "2|y" NONE "|abc", NULL, MR_STEP_INSERT);
    copy_slot(cw, 3, 0, "3|z" NONE "|xyz", NULL, MR_STEP_INSERT);
    copy_slot(cw, 4, 0, "4|t" NONE "|x", NULL, MR_STEP_INSERT);
    copy_run(cw, mr_copy_vague(&cw->c, &cw->w.err));
    copy_expect(cw, "SELECT before, after FROM hint", "1 4");
    copy_free(cw);
}

static struct copy_world *build_few(void)
{
    struct copy_world *cw = build(&of_period);
    copy_slot(cw, 1, 0, NULL, "1|a" JAN, MR_STEP_DELETE);
    copy_slot(cw, 2, 0, "2|a" MID, NULL, MR_STEP_INSERT);
    return cw;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_vague);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),    cmocka_unit_test(test_itself),
        cmocka_unit_test(test_no_gate),  cmocka_unit_test(test_two_indexes),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
