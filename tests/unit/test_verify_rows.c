/* test_verify_rows.c: in what order a plan is proved, what is counted, and what the command ends
 * with. */
#include "verify_world.h"

/* ---- what it is made of ---- */

static struct {
    struct mr_strbuf steps;
    const char *fails; /* the step that does; NULL: none */
    enum mr_code code;
    bool has_twice;
    uint64_t total; /* of the progress */
} made;

static enum mr_code step(const char *name, struct mr_err *err)
{
    mr_strbuf_add_fmt(&made.steps, "%s ", name);
    return made.fails != NULL && strcmp(made.fails, name) == 0
               ? mr_err_set(err, made.code, "%s fails", name)
               : MR_OK;
}

#define STEP(function, name)                                                                       \
    enum mr_code __wrap_##function(struct mr_verify *v, struct mr_err *err);                       \
    enum mr_code __wrap_##function(struct mr_verify *v, struct mr_err *err)                        \
    {                                                                                              \
        assert_ptr_equal(v->run, &world_now->run);                                                 \
        return step(name, err);                                                                    \
    }
STEP(mr_verify_find_twice, "twice")
STEP(mr_verify_lines, "lines")
STEP(mr_verify_orphans, "orphans")
STEP(mr_verify_keyless, "keyless")
STEP(mr_verify_blocks, "blocks")

enum mr_code __wrap_mr_verify_open(struct mr_verify *v, struct mr_verify_rows *run,
                                   struct mr_err *err);
enum mr_code __wrap_mr_verify_open(struct mr_verify *v, struct mr_verify_rows *run,
                                   struct mr_err *err)
{
    *v = (struct mr_verify){.run = run};
    return step("open", err);
}

bool __wrap_mr_verify_has_twice(const struct mr_verify *v);
bool __wrap_mr_verify_has_twice(const struct mr_verify *v)
{
    assert_ptr_equal(v->run, &world_now->run);
    return made.has_twice;
}

void __wrap_mr_verify_close(struct mr_verify *v);
void __wrap_mr_verify_close(struct mr_verify *v)
{
    assert_ptr_equal(v->run, &world_now->run);
    (void)step("close", NULL);
}

void __wrap_mr_progress_add_total(struct mr_progress *progress, uint64_t units);
void __wrap_mr_progress_add_total(struct mr_progress *progress, uint64_t units)
{
    assert_ptr_equal(progress, world_now->run.progress);
    made.total += units;
}

/* A plan of so many tables. */
static void begin(struct world *w, size_t tables)
{
    static const char *const names[WORLD_TABLES] = {"a", "b", "c"};
    world_begin(w);
    memset(&made, 0, sizeof made);
    mr_strbuf_init(&made.steps);
    for (size_t i = 0; i < tables; i++)
        world_table(w, names[i], "id:int*");
    w->plan.manifest.planned = (struct mr_planned){.tables = w->planned, .ntables = tables};
}

static void end(struct world *w)
{
    mr_strbuf_release(&made.steps);
    world_end(w);
}

/* ---- the order ---- */

#define ALL "open twice lines orphans keyless blocks close "

static void test_order(void **state)
{
    static const struct {
        bool only_twice, has_twice;
        const char *steps;
    } cases[] = {
        {false, false, ALL},
        {false, true, ALL},
        /* lines say whose the identities are; where none is there twice, no line is read */
        {true, true, "open twice lines close "},
        {true, false, "open twice close "},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, 1);
        w.run.only_twice = cases[i].only_twice;
        made.has_twice = cases[i].has_twice;
        assert_int_equal(mr_verify_rows(&w.run, &w.err), MR_OK);
        assert_string_equal(made.steps.ptr, cases[i].steps);
        end(&w);
    }
}

/* What fails ends it, is what is said, and leaves nothing open. */
static void test_failures(void **state)
{
    static const struct {
        const char *fails, *steps;
        bool only_twice;
    } cases[] = {
        {"open", "open close ", false},
        {"twice", "open twice close ", false},
        {"lines", "open twice lines close ", false},
        {"orphans", "open twice lines orphans close ", false},
        {"keyless", "open twice lines orphans keyless close ", false},
        {"blocks", ALL, false},
        {"open", "open close ", true},
        {"twice", "open twice close ", true},
        {"lines", "open twice lines close ", true},
    };
    static const enum mr_code codes[] = {MR_E_LOST, MR_E_NOMEM, MR_E_CANCELLED, MR_E_REFUSED};
    (void)state;
    for (size_t i = 0; i < LEN(cases) * LEN(codes); i++) {
        struct world w;
        begin(&w, 1);
        made.fails = cases[i / LEN(codes)].fails;
        made.code = codes[i % LEN(codes)];
        made.has_twice = true;
        w.run.only_twice = cases[i / LEN(codes)].only_twice;
        assert_int_equal(mr_verify_rows(&w.run, &w.err), made.code);
        assert_string_equal(made.steps.ptr, cases[i / LEN(codes)].steps);
        assert_memory_equal(w.err.message, made.fails, strlen(made.fails));
        end(&w);
    }
}

/* Every line of the entities, whatever was decided about it. */
static void test_progress(void **state)
{
    static char progress; /* nobody looks into it: who would is replaced */
    static const struct mr_planned_kind kind = {"changed", 3, 1};
    (void)state;
    for (int shown = 0; shown < 2; shown++) {
        struct world w;
        begin(&w, 3);
        w.plan.manifest.planned.ntables = 2;
        w.planned[2].decisions[MR_DECIDE_INSERT] = 1;
        w.planned[1].kinds = &kind; /* which stands behind the decisions */
        for (int d = 0; d < MR_DECISIONS; d++) {
            w.planned[0].decisions[d] = UINT64_C(1) << d;
            w.planned[1].decisions[d] = UINT64_C(1) << (20 + d);
        }
        w.run.progress = shown ? (struct mr_progress *)(void *)&progress : NULL;
        assert_int_equal(mr_verify_rows(&w.run, &w.err), MR_OK);
        const uint64_t lines = (UINT64_C(1) << MR_DECISIONS) - 1;
        assert_int_equal(made.total, shown ? lines + (lines << 20) : 0);
        end(&w);
    }
}

/* ---- findings ---- */

/* As docs/formats says them: programs read these words. */
static void test_names(void **state)
{
    static const struct {
        enum mr_proof proof;
        const char *name;
    } cases[] = {
        {MR_PROOF_UNDECIDED, "undecided"},
        {MR_PROOF_STANDS, "stands"},
        {MR_PROOF_CHANGED, "changed-since"},
        {MR_PROOF_MISSING, "missing"},
        {MR_PROOF_SOMEONE_ELSE, "someone-else"},
        {MR_PROOF_REHUNG, "refers-elsewhere"},
        {MR_PROOF_TWICE, "twice"},
        {MR_PROOF_NOT_DELETED, "not-deleted"},
        {MR_PROOF_UNPLANNED, "unplanned"},
        {MR_PROOF_DANGLING, "refers-to-nobody"},
        {MR_PROOF_SOURCE_GONE, "source-missing"},
        {MR_PROOF_SOURCE_DIFFERS, "source-differs"},
        {MR_PROOFS, "undecided"},
    };
    (void)state;
    assert_int_equal(LEN(cases), MR_PROOFS + 1);
    for (size_t i = 0; i < LEN(cases); i++)
        assert_string_equal(mr_proof_name(cases[i].proof), cases[i].name);
}

static void test_key_text(void **state)
{
    static const struct {
        const char *columns, *row, *text;
        size_t cut; /* bytes of the key that are not there */
        unsigned decimals;
    } cases[] = {
        {"id:int* name:text", "7|ann", "7", 0, 0},
        {"id:uint*", "18446744073709551615", "18446744073709551615", 0, 0},
        {"a:text* n:int b:text*", "x,y|3|z", "x,y,z", 0, 0},
        {"a:text* b:int*", "|5", ",5", 0, 0},
        {"id:bytes*", "\\0a\xff", "0061ff", 0, 0},
        {"at:datetime* n:int*", "2026-04-02 12:11:00|1", "2026-04-02 12:11:00,1", 0, 0},
        /* as the column is declared */
        {"n:money id:money*", "3|1.5", "1.500", 0, 3},
        /* bytes that no encoder wrote end it: what can be read is shown */
        {"a:text* b:int*", "x|5", "x", 1, 0},
        {"id:int*", "7", "", 1, 0},
        {"note:text", "hi", "", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_strbuf out = MR_STRBUF_INIT;
        world_begin(&w);
        const size_t t = world_table(&w, "t", cases[i].columns);
        struct mr_key key = world_key(&w, t, cases[i].row);
        key.len -= cases[i].cut;
        for (size_t k = 0; k < w.tables[t].key.count; k++)
            w.of[t].find[w.of[t].key[k]].style.decimals = cases[i].decimals;
        mr_strbuf_add_str(&out, "");
        mr_proof_key_text(&out, &w.of[t].pair, key);
        if (strcmp(out.ptr, cases[i].text) != 0)
            fail_msg("case %zu: %s", i, out.ptr);
        mr_strbuf_release(&out);
        world_end(&w);
    }
}

/* A key of more values than the table's shows no more than its columns. */
static void test_key_of_more(void **state)
{
    struct world w;
    struct mr_strbuf out = MR_STRBUF_INIT;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "a:int* b:int*");
    const struct mr_key key = world_key(&w, 0, "7|8");
    w.of[0].pair.nkey_columns = 1;
    mr_proof_key_text(&out, &w.of[0].pair, key);
    assert_string_equal(out.ptr, "7");
    mr_strbuf_release(&out);
    world_end(&w);
}

static enum mr_code not_now(void *ctx, const struct mr_proof_finding *finding, struct mr_err *err)
{
    (void)ctx, (void)finding;
    return mr_err_set(err, MR_E_IO, "the disk is full");
}

/* Counted where it is found, and handed on; whoever takes it may end the run. */
static void test_tell(void **state)
{
    struct world w;
    (void)state;
    begin(&w, 2);
    const struct mr_proof_finding finding = {.table = &w.planned[1],
                                             .image = &w.of[1].pair,
                                             .proof = MR_PROOF_TWICE,
                                             .key = world_key(&w, 1, "7"),
                                             .detail = "9"};
    assert_int_equal(mr_verify_tell(&w.v, &w.tables[1], &finding, &w.err), MR_OK);
    assert_string_equal(w.told.ptr, "d.b twice 7: 9\n");
    w.run.found = NULL; /* nobody asks */
    assert_int_equal(mr_verify_tell(&w.v, &w.tables[1], &finding, &w.err), MR_OK);
    w.run.found = not_now;
    assert_int_equal(mr_verify_tell(&w.v, &w.tables[1], &finding, &w.err), MR_E_IO);
    assert_string_equal(w.err.message, "the disk is full");
    assert_int_equal(w.results[1].counts[MR_PROOF_TWICE], 3);
    assert_int_equal(w.results[1].counts[MR_PROOF_STANDS], 0);
    assert_int_equal(w.results[0].counts[MR_PROOF_TWICE], 0);
    end(&w);
}

static void test_count(void **state)
{
    struct world w;
    (void)state;
    begin(&w, 3);
    for (int proof = 0; proof < MR_PROOFS; proof++)
        for (size_t t = 0; t < 3; t++)
            w.results[t].counts[proof] = (t + 1) * 100 + (uint64_t)proof;
    for (int proof = 0; proof < MR_PROOFS; proof++)
        assert_int_equal(mr_verify_count(&w.run, (enum mr_proof)proof), 600 + 3 * proof);
    w.plan.manifest.planned.ntables = 2;
    assert_int_equal(mr_verify_count(&w.run, MR_PROOF_STANDS), 302);
    w.plan.manifest.planned.ntables = 0;
    assert_int_equal(mr_verify_count(&w.run, MR_PROOF_STANDS), 0);
    end(&w);
}

/* Whatever is not as planned is 1; what could not be read is 4, whatever else was found. */
static void test_exit(void **state)
{
    (void)state;
    for (int proof = 0; proof < MR_PROOFS; proof++) {
        for (size_t at = 0; at < 3; at++) {
            struct world w;
            begin(&w, 3);
            w.results[0].counts[MR_PROOF_STANDS] = 9;
            w.results[at].counts[proof] = 1;
            w.results[at].open = 5; /* of which the report tells */
            w.results[at].parents = 5;
            assert_int_equal(mr_verify_exit(&w.run), proof > MR_PROOF_STANDS);
            for (size_t k = 0; k < 3; k++) {
                w.results[k].unreadable = "denied";
                assert_int_equal(mr_verify_exit(&w.run), 4);
                w.results[k].unreadable = NULL;
            }
            end(&w);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),    cmocka_unit_test(test_failures),
        cmocka_unit_test(test_progress), cmocka_unit_test(test_names),
        cmocka_unit_test(test_key_text), cmocka_unit_test(test_key_of_more),
        cmocka_unit_test(test_tell),     cmocka_unit_test(test_count),
        cmocka_unit_test(test_exit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
