/* test_copy_outside.c: tables that the plan does not hold and that its rows are tied to: catalogues and
 * what the run compared in; parents, and who of them cannot be read, out; children that only TARGET
 * has keep the rows that they refer to. */
#include "copy_world.h"
#include "pair_graph.h"

/* Why a pair cannot be read, what a snapshot kept of it, and whether it has a key. */
static const char *unreadable;
static bool is_partial, is_keyless, is_broken;

const struct mr_kept *__wrap_mr_source_kept(const struct mr_source *src, const char *db,
                                            const char *table);
const struct mr_kept *__wrap_mr_source_kept(const struct mr_source *src, const char *db,
                                            const char *table)
{
    static const struct mr_kept partial = {.spec = {.where = "id < 9"}}, whole;
    (void)src, (void)db, (void)table;
    return is_partial ? &partial : &whole;
}

enum mr_code __wrap_mr_pair_plan(const struct mr_pairing *pairing, const struct mr_table *source,
                                 const struct mr_table *target, struct mr_pair **out,
                                 struct mr_err *reason, struct mr_err *err);
enum mr_code __wrap_mr_pair_plan(const struct mr_pairing *pairing, const struct mr_table *source,
                                 const struct mr_table *target, struct mr_pair **out,
                                 struct mr_err *reason, struct mr_err *err)
{
    struct mr_pair *pair = mr_arena_calloc(pairing->arena, 1, sizeof *pair);
    struct mr_table_config *config = mr_arena_calloc(pairing->arena, 1, sizeof *config);
    struct mr_column_task task = {.arena = pairing->arena, .config = config};
    char *name = mr_arena_alloc(pairing->arena, 40);
    if (is_broken)
        return mr_err_set(err, MR_E_LOST, "the server is gone");
    (void)snprintf(name, 40, "%s.%s", source->db, source->name);
    *pair = (struct mr_pair){.side = {source, target}, .arena = pairing->arena, .config = config};
    pair->find.name = pair->find.target_name = name;
    MR_TRY(mr_config_table(pairing->config, source->db, source->name, pairing->arena, config, err));
    MR_TRY(mr_pair_columns(pair, &task, err));
    if (unreadable != NULL)
        (void)mr_err_set(reason, MR_E_UNSUPPORTED, "%s", unreadable);
    if (is_keyless)
        pair->nkey_columns = 0;
    *out = pair;
    return MR_OK;
}

/* ---- parents ---- */

struct run {
    struct graph g;
    struct mr_plan_tables plan;
    struct mr_plan_table tables[GRAPH_TABLES];
    struct mr_plan_reference references[GRAPH_TABLES];
    struct mr_copy_task task;
    struct mr_copy c;
    bool planned[GRAPH_TABLES];
    struct mr_strbuf text;
    struct mr_err err;
};

/* cities ← members ← orders ← lines; members invite members.  In the order of a catalogue; more:
 * accounts, which have the key of their member, and logins, too. */
static struct run *run_of(bool more)
{
    struct run *r = calloc(1, sizeof *r);
    struct graph *g = &r->g;
    unreadable = NULL;
    is_partial = is_keyless = is_broken = false;
    graph_begin(g);
    if (more)
        graph_table(g, "accounts", "member_id nick:text", NULL);
    graph_table(g, "cities", "id name:text!", NULL);
    graph_table(g, "lines", "id order_id:int? owner:int?", NULL);
    if (more)
        graph_table(g, "logins", "id nick:text?", NULL);
    graph_table(g, "members", "id mobile:text! inviter:int? city:int?", NULL);
    graph_table(g, "orders", "id member_id:int? mobile:text?", NULL);
    for (size_t i = 0; i < GRAPH_TABLES; i++)
        r->planned[i] = true;
    return r;
}

static struct run *run_new(void)
{
    return run_of(false);
}

static void fks(struct run *r)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        graph_fk(&r->g, (enum mr_side)side, "f_city", "members", "city", "cities", "id");
        graph_fk(&r->g, (enum mr_side)side, "f_inviter", "members", "inviter", "members", "id");
        graph_fk(&r->g, (enum mr_side)side, "f_member", "orders", "member_id", "members", "id");
        graph_fk(&r->g, (enum mr_side)side, "f_order", "lines", "order_id", "orders", "id");
    }
}

/* What the run compared is known; the plan is made of it. */
static void run_open(struct run *r, const char *ini)
{
    struct graph *g = &r->g;
    if (graph_plan(g, ini, &r->err) != MR_OK)
        fail_msg("%s", r->err.message);
    r->c = (struct mr_copy){
        .m = {.plan = &r->plan, .arena = MR_ARENA_INIT}, .task = &r->task, .planned = r->planned};
    r->plan = (struct mr_plan_tables){
        .pairing = g->pairing, .tables = r->tables, .references = r->references};
    r->task.tables = &r->plan;
    for (size_t i = 0; i < g->pairing.ntables; i++)
        world_require(mr_plan_table_outside(&r->tables[r->plan.ntables++], g->pairing.tables[i], i,
                                            &g->arena, &r->err));
    for (size_t i = 0; i < g->pairing.nreferences; i++) {
        const struct mr_pair_reference *e = &g->pairing.references[i];
        if (e->parent != NULL)
            r->references[r->plan.nreferences++] = (struct mr_plan_reference){
                .pair = e, .child = e->child->at, .parent = e->parent->at};
    }
}

static void run_free(struct run *r)
{
    mr_arena_release(&r->c.m.arena);
    mr_strbuf_release(&r->text);
    graph_end(&r->g);
    free(r);
}

static const char *shown(const struct mr_plan_table *t, const struct mr_plan_columns *of)
{
    return of->count == 1 ? mr_plan_column_name(t, of->at[0]) : "several";
}

/* Tables beyond the run, then references that the plan did not have, `!` hard, `?` blind. */
static const char *beyond(struct run *r)
{
    const struct mr_plan_tables *plan = r->c.m.plan;
    mr_strbuf_reset(&r->text);
    for (size_t i = plan->ntables; i < r->c.ntables; i++)
        mr_strbuf_add_fmt(&r->text, "%s ", plan->tables[i].pair->side[MR_SOURCE]->name);
    for (size_t i = r->plan.nreferences; i < plan->nreferences; i++) {
        const struct mr_plan_reference *f = &plan->references[i];
        const struct mr_plan_table *child = &plan->tables[f->child];
        const struct mr_plan_table *parent = &plan->tables[f->parent];
        mr_strbuf_add_fmt(&r->text, "| %s.%s=%s.%s%s ", child->pair->side[MR_SOURCE]->name,
                          shown(child, &f->from), parent->pair->side[MR_SOURCE]->name,
                          shown(parent, &f->to), f->hard ? "!" : "");
    }
    for (size_t i = 0; i < r->c.nblind; i++) {
        const struct mr_copy_blind *b = &r->c.blind[i];
        mr_strbuf_add_fmt(&r->text, "| ?%s.%s: %s ", b->pair->child->side[MR_SOURCE]->name,
                          shown(&plan->tables[b->by.child], &b->by.from), b->why);
    }
    return r->text.ptr != NULL ? r->text.ptr : "";
}

static void beyond_is(struct run *r, const char *expected)
{
    const enum mr_code code = mr_copy_outside_parents(&r->c, &r->err);
    if (code != MR_OK)
        fail_msg("%s", r->err.message);
    assert_string_equal(beyond(r), expected);
    assert_int_equal(r->c.m.plan->ntables, r->plan.ntables);
    for (size_t i = r->plan.ntables; i < r->c.ntables; i++)
        assert_false(r->c.planned[i]); /* never written */
}

static void refused(struct run *r, const char *why)
{
    assert_int_equal(mr_copy_outside_parents(&r->c, &r->err), MR_E_REFUSED);
    assert_non_null(strstr(r->err.message, "which the run did not compare, and which cannot be"));
    if (strstr(r->err.message, why) == NULL)
        fail_msg("%s", r->err.message);
    assert_non_null(strstr(r->err.hint, "run a check that compares it"));
}

/* All that stands above what was compared, by foreign keys, as far as they lead. */
static void test_parents(void **state)
{
    const struct {
        const char *what, *left_out, *expected; /* tables that the run did not compare */
    } cases[] = {
        {"none", "", ""},
        {"the last one", "cities", "cities | members.city=cities.id "},
        {"two of them", "cities members",
         "members cities | orders.member_id=members.id | members.city=cities.id"
         " | members.inviter=members.id "},
        {"one in the middle", "members",
         "members | orders.member_id=members.id | members.city=cities.id"
         " | members.inviter=members.id "},
        {"nobody refers to it", "lines", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct run *r = run_new();
        fks(r);
        for (size_t k = 0; k < r->g.count; k++)
            r->g.left_out[k] = strstr(cases[i].left_out, r->g.tables[MR_SOURCE][k].name) != NULL;
        run_open(r, "");
        beyond_is(r, cases[i].expected);
        run_free(r);
    }
}

/* A table that several refer to is there once; either side's foreign key leads to it. */
static void test_once(void **state)
{
    struct run *r = run_new();
    (void)state;
    r->g.left_out[graph_at(&r->g, "members")] = true;
    graph_fk(&r->g, MR_SOURCE, "f_member", "orders", "member_id", "members", "id");
    graph_fk(&r->g, MR_TARGET, "f_owner", "lines", "owner", "members", "id");
    graph_fk(&r->g, MR_TARGET, "f_mobile", "orders", "mobile", "members", "mobile");
    run_open(r, "");
    assert_int_equal(mr_copy_outside_parents(&r->c, &r->err), MR_OK);
    const char *got = beyond(r);
    assert_non_null(strstr(got, "members | "));
    assert_int_equal(r->c.ntables, r->plan.ntables + 1);
    assert_non_null(strstr(got, "orders.member_id=members.id"));
    assert_non_null(strstr(got, "lines.owner=members.id"));
    assert_non_null(strstr(got, "orders.mobile=members.mobile"));
    run_free(r);
}

/* A reference that is part of who a row is: of its key, or of what others refer to it by. */
static void test_hard(void **state)
{
    struct run *r = run_of(true);
    (void)state;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        graph_fk(&r->g, (enum mr_side)side, "f_of", "accounts", "member_id", "members", "id");
        graph_fk(&r->g, (enum mr_side)side, "f_nick", "accounts", "nick", "cities", "name");
        graph_fk(&r->g, (enum mr_side)side, "f_login", "logins", "nick", "accounts", "nick");
    }
    r->g.left_out[graph_at(&r->g, "accounts")] = r->g.left_out[graph_at(&r->g, "members")] = true;
    run_open(r, "");
    assert_int_equal(mr_copy_outside_parents(&r->c, &r->err), MR_OK);
    const char *got = beyond(r);
    assert_non_null(strstr(got, "accounts.member_id=members.id! "));
    assert_non_null(strstr(got, "accounts.nick=cities.name! "));
    run_free(r);
}

/* By what the configuration says, too; there a parent that is nowhere is no parent. */
static void test_configured(void **state)
{
    const struct {
        const char *ini, *expected;
    } cases[] = {
        {"[table club.lines]\nreference = owner -> club.members.id\n",
         "members | lines.owner=members.id "},
        {"[table club.lines]\nreference = owner -> club.gone.id\n", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct run *r = run_new();
        r->g.left_out[graph_at(&r->g, "members")] = true;
        if (i == 1)
            r->g.tables[MR_TARGET][graph_at(&r->g, "members")].name = "away";
        run_open(r, i == 1 ? "" : cases[i].ini);
        beyond_is(r, cases[i].expected);
        run_free(r);
    }
}

/* What cannot be followed is refused where rows are written, and remembered where not. */
static void test_blind(void **state)
{
    enum { GONE = 1, FAR, PARTIAL, KEYLESS, UNREADABLE, UNCOMPARED };
    const struct {
        int kind;
        const char *why;
    } cases[] = {
        {GONE, "it is not on both sides"},
        {FAR, "its database is not named by the URI"},
        {PARTIAL, "the source's snapshot has only some of its rows"},
        {KEYLESS, "it has no key"},
        {UNREADABLE, "column \"o`dd\" is of a type that is not known"},
        {UNCOMPARED, "columns that it refers to are not compared"},
    };
    (void)state;
    for (size_t i = 0; i < 2 * LEN(cases); i++) {
        const int kind = cases[i / 2].kind;
        const bool planned = i % 2 == 0;
        struct run *r = run_new();
        const size_t members = graph_at(&r->g, "members");
        r->g.left_out[members] = true;
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            graph_fk(&r->g, (enum mr_side)side, "f_member", "orders", "member_id", "members",
                     kind == UNCOMPARED ? "gone" : "id");
        if (kind == GONE)
            r->g.tables[MR_TARGET][members].name = "away";
        for (int side = MR_SOURCE; kind == FAR && side < MR_SIDES; side++)
            r->g.sides[side][graph_at(&r->g, "orders")].fks[0].ref_db = "far";
        is_partial = kind == PARTIAL;
        is_keyless = kind == KEYLESS;
        unreadable = kind == UNREADABLE ? cases[i / 2].why : NULL;
        run_open(r, "");
        for (size_t k = 0; k < r->plan.ntables; k++)
            r->planned[k] = planned || strcmp(r->tables[k].pair->side[MR_SOURCE]->name, "orders");
        if (planned) {
            refused(r, cases[i / 2].why);
        } else {
            assert_int_equal(mr_copy_outside_parents(&r->c, &r->err), MR_OK);
            assert_int_equal(r->c.nblind, 1);
            assert_string_equal(r->c.blind[0].why, cases[i / 2].why);
            assert_int_equal(r->c.blind[0].by.parent, MR_NO_COLUMN);
            assert_int_equal(r->c.m.plan->nreferences, r->plan.nreferences);
        }
        run_free(r);
    }
}

/* A server that is gone is no table that cannot be read. */
static void test_lost(void **state)
{
    struct run *r = run_new();
    (void)state;
    fks(r);
    r->g.left_out[graph_at(&r->g, "members")] = true;
    is_broken = true;
    run_open(r, "");
    assert_int_equal(mr_copy_outside_parents(&r->c, &r->err), MR_E_LOST);
    run_free(r);
}

/* Where nothing is configured, a table that refers to one beyond the run was taken for people for
 * want of those: its rows may be somebody's. */
static void test_subjects(void **state)
{
    const struct {
        const char *left_out;
        enum mr_find_subject subject; /* of orders */
        bool expected;
    } cases[] = {
        {"", MR_SUBJECT_INFERRED, true},         {"", MR_SUBJECT_NO, false},
        {"members", MR_SUBJECT_INFERRED, false}, {"members", MR_SUBJECT_CONFIGURED, true},
        {"cities", MR_SUBJECT_INFERRED, false}, /* over members, which refer to it */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct run *r = run_new();
        fks(r);
        for (size_t k = 0; k < r->g.count; k++)
            r->g.left_out[k] = strcmp(cases[i].left_out, r->g.tables[MR_SOURCE][k].name) == 0;
        run_open(r, "");
        size_t orders = 0;
        while (strcmp(r->tables[orders].pair->side[MR_SOURCE]->name, "orders") != 0)
            orders++;
        r->tables[orders].pair->find.subject = cases[i].subject;
        assert_int_equal(mr_copy_outside_parents(&r->c, &r->err), MR_OK);
        if (r->c.subject[orders] != cases[i].expected)
            fail_msg("case %zu: %d", i, r->c.subject[orders]);
        run_free(r);
    }
}

/* ---- children ---- */

/* members ← orders, which the plan knows; extras refer to members on TARGET alone. */
static struct copy_world *build(void)
{
    static const char *const column[] = {"member"}, *const id[] = {"id"};
    static const struct mr_foreign_key fk = {.name = "fk",
                                             .columns = column,
                                             .ref_db = "live",
                                             .ref_table = "members",
                                             .ref_columns = id,
                                             .ncolumns = 1};
    struct copy_world *cw = copy_new();
    world_table(&cw->w, "members", "id:int# name:text?");
    const size_t extras = world_table(&cw->w, "extras", "no:int* member:int?");
    static struct mr_table tables[2];
    cw->w.tables[extras].side[MR_TARGET].fks = &fk;
    cw->w.tables[extras].side[MR_TARGET].nfks = 1;
    tables[0] = cw->w.tables[0].side[MR_TARGET];
    tables[1] = cw->w.tables[extras].side[MR_TARGET];
    cw->w.cat[MR_TARGET].tables = tables;
    cw->w.cat[MR_TARGET].ntables = 2;
    copy_open(cw);
    return cw;
}

#define DEPS "SELECT parent, ref, child FROM dep ORDER BY parent"

/* Child 0 stays: whoever it refers to stays, too. */
static void test_children(void **state)
{
    struct copy_world *cw = build();
    (void)state;
    copy_rows(cw, 1, 0, NULL, "1|a", MR_STEP_DELETE);
    copy_rows(cw, 2, 0, NULL, "2|a", MR_STEP_DELETE);
    copy_rows(cw, 3, 0, "3|b", "3|a", MR_STEP_UPDATE); /* keeps what they refer to */
    copy_rows(cw, 4, 0, "4|b", NULL, MR_STEP_INSERT);
    world_target(&cw->w, 1, "10|1");
    world_target(&cw->w, 1, "11|1");
    world_target(&cw->w, 1, "12|3");
    world_target(&cw->w, 1, "13|NULL");
    world_source(&cw->w, 1, "14|2");
    copy_run(cw, mr_copy_outside_children(&cw->c, &cw->w.err));
    copy_expect(cw, DEPS, "1 0 0");
    copy_free(cw);
}

static struct copy_world *build_few(void)
{
    struct copy_world *cw = build();
    copy_rows(cw, 1, 0, NULL, "1|a", MR_STEP_DELETE);
    world_target(&cw->w, 1, "10|1");
    return cw;
}

static void test_failures(void **state)
{
    (void)state;
    copy_each_failure(build_few, mr_copy_outside_children);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parents),    cmocka_unit_test(test_once),
        cmocka_unit_test(test_configured), cmocka_unit_test(test_hard),
        cmocka_unit_test(test_blind),      cmocka_unit_test(test_lost),
        cmocka_unit_test(test_subjects),   cmocka_unit_test(test_children),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
