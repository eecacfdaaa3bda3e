/*
 * test_check_run.c: a whole run over tables in memory: what it records, what it outlives, and
 * what a second try does not do again.  Each phase by itself: the test of its name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "in_turn.h"
#include "core/case/run_change.h"
#include "core/pair/changes.h"
#include "core/schema/table_marks.h"
#include "recon/check/check_inflight.h"
#include "recon/check/check_lineage.h"
#include "recon/check/check_run.h"
#include "recon/check/check_suspects.h"
#include "recon/check/objects.h"

enum { ORDERS, PEOPLE };

static struct {
    const char *numbers; /* how those of all tables begin */
    enum mr_code lineage_code, suspects_code;
    unsigned lineages, suspects;
} fake;

enum mr_code __wrap_mr_table_marks_read(struct mr_db *db, const struct mr_table *const *tables,
                                        size_t count, const struct mr_table_mark *was,
                                        struct mr_arena *arena, struct mr_table_mark *marks,
                                        struct mr_err *err);
enum mr_code __wrap_mr_table_marks_read(struct mr_db *db, const struct mr_table *const *tables,
                                        size_t count, const struct mr_table_mark *was,
                                        struct mr_arena *arena, struct mr_table_mark *marks,
                                        struct mr_err *err)
{
    (void)db;
    (void)was;
    (void)err;
    for (size_t i = 0; i < count; i++)
        marks[i] = (struct mr_table_mark){
            mr_arena_fmt(arena, "%s%d\n", fake.numbers, tables[i]->name[0]), NULL};
    return MR_OK;
}

enum mr_code __wrap_mr_inflight_find(struct mr_reader *up, struct mr_rowhash *hash,
                                     struct mr_inflight *rows, size_t count, struct mr_err *err);
enum mr_code __wrap_mr_inflight_find(struct mr_reader *up, struct mr_rowhash *hash,
                                     struct mr_inflight *rows, size_t count, struct mr_err *err)
{
    (void)up;
    (void)hash;
    (void)err;
    for (size_t i = 0; i < count; i++)
        rows[i].is_underway = false;
    return MR_OK;
}

enum mr_code __wrap_mr_catalogue_read_shown(struct mr_db *db, struct mr_catalogue *cat,
                                            struct mr_shown *shown, struct mr_err *err);
enum mr_code __wrap_mr_catalogue_read_shown(struct mr_db *db, struct mr_catalogue *cat,
                                            struct mr_shown *shown, struct mr_err *err)
{
    (void)db;
    (void)cat;
    (void)shown;
    (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_check_lineage(struct mr_check_worker *worker, enum mr_side side,
                                     struct mr_err *err);
enum mr_code __wrap_mr_check_lineage(struct mr_check_worker *worker, enum mr_side side,
                                     struct mr_err *err)
{
    (void)worker;
    (void)side;
    fake.lineages++;
    return fake.lineage_code == MR_OK ? MR_OK
                                      : mr_err_set(err, fake.lineage_code, "it cannot be followed");
}

enum mr_code __wrap_mr_check_suspects(struct mr_check_run *check, struct mr_err *err);
enum mr_code __wrap_mr_check_suspects(struct mr_check_run *check, struct mr_err *err)
{
    (void)check;
    fake.suspects++;
    return fake.suspects_code == MR_OK ? MR_OK : mr_err_set(err, fake.suspects_code, "no memory");
}

static struct {
    struct world *w;
    const char *why;
    bool denied;
    unsigned reads;
} logs;

struct running {
    struct world w;
    struct mr_vec pairs; /* struct mr_db_pair */
    struct mr_strbuf text;
    struct mr_err err;
};

/* orders are equal; of people one is missing, one extra and one changed. */
static void begin(struct running *r)
{
    memset(r, 0, sizeof *r);
    memset(&fake, 0, sizeof fake);
    fake.numbers = "=1";
    world_begin(&r->w);
    graph_table(&r->w.g, "orders", "id note:text?", NULL);
    graph_table(&r->w.g, "people", "id name:text?", NULL);
    world_plan(&r->w, "");
    r->pairs = (struct mr_vec)MR_VEC_INIT(struct mr_db_pair);
    r->text = (struct mr_strbuf)MR_STRBUF_INIT;
    *(struct mr_db_pair *)mr_vec_push(&r->pairs) = (struct mr_db_pair){{"club", "club2"}};
    r->w.check.dbs = &r->pairs;
    r->w.check.object_kinds = MR_OBJECTS_COLUMN;
    r->w.check.lag[MR_SOURCE] = r->w.check.lag[MR_TARGET] = MR_LAG_NONE;
    r->w.g.ep[MR_SOURCE].kind = r->w.g.ep[MR_TARGET].kind = MR_ENDPOINT_MYSQL;
    world_put_both(&r->w, ORDERS, "1|a");
    world_put_both(&r->w, ORDERS, "2|NULL");
    world_put_both(&r->w, PEOPLE, "1|ann");
    world_put(&r->w, MR_SOURCE, PEOPLE, "2|bob");
    world_put(&r->w, MR_SOURCE, PEOPLE, "3|eve");
    world_put(&r->w, MR_TARGET, PEOPLE, "3|EVE");
    world_put(&r->w, MR_TARGET, PEOPLE, "4|");
}

static void end(struct running *r)
{
    mr_vec_release(&r->pairs);
    mr_strbuf_release(&r->text);
    world_end(&r->w);
}

/* "orders equal 2/2; people diverged 3/3: missing 1 extra 1 changed 1" as the case has it */
static const char *show(struct running *r)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_table *tables = NULL;
    size_t count = 0;
    mr_strbuf_reset(&r->text);
    world_require(mr_findings_tables(r->w.check.fd, &arena, &tables, &count, NULL));
    for (size_t i = 0; i < count; i++) {
        const struct mr_find_table *t = &tables[i];
        const char *verdict = t->verdict == MR_VERDICT_EQUAL         ? "equal"
                              : t->verdict == MR_VERDICT_DIVERGED    ? "diverged"
                              : t->verdict == MR_VERDICT_NOT_CHECKED ? "not checked"
                                                                     : "undecided";
        mr_strbuf_add_fmt(&r->text, "%s%s %s %llu/%llu", i > 0 ? "; " : "", t->name + 5, verdict,
                          (unsigned long long)t->counts.source_rows,
                          (unsigned long long)t->counts.target_rows);
        if (t->verdict == MR_VERDICT_DIVERGED)
            mr_strbuf_add_fmt(&r->text, ": missing %llu extra %llu changed %llu",
                              (unsigned long long)t->counts.missing,
                              (unsigned long long)t->counts.extra,
                              (unsigned long long)t->counts.changed);
        if (t->verdict == MR_VERDICT_NOT_CHECKED)
            mr_strbuf_add_fmt(&r->text, " (%s)", t->reason);
    }
    mr_arena_release(&arena);
    return r->text.ptr;
}

static const char whole[] = "orders equal 2/2; people diverged 3/3: missing 1 extra 1 changed 1";

static void test_whole(void **state)
{
    struct running r;
    (void)state;
    begin(&r);
    assert_int_equal(mr_check_execute(&r.w.check, &r.pairs, &r.err), MR_OK);
    assert_string_equal(show(&r), whole);
    assert_true(r.w.check.run.finished);
    assert_null(strstr(r.w.check.run.hidden, "could not be compared"));
    /* without a case that is kept nobody can be asked whom the rows belong to */
    assert_true(r.w.check.run.kin_done);
    assert_int_equal(fake.lineages, 0);
    assert_int_equal(fake.suspects, 1);
    end(&r);
}

static void test_empty(void **state)
{
    struct running r;
    (void)state;
    begin(&r);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        for (size_t i = 0; i < 2; i++)
            mr_vec_clear(&r.w.side[side].rows[i]);
    assert_int_equal(mr_check_execute(&r.w.check, &r.pairs, &r.err), MR_OK);
    assert_string_equal(show(&r), "orders equal 0/0; people equal 0/0");
    assert_true(r.w.check.run.finished);
    end(&r);
}

/* ---- what ends a table, and what the run */

static void test_breaks(void **state)
{
    static const struct {
        const char *what;
        unsigned at, times; /* reads of SOURCE */
        enum mr_code fail, code;
        bool lost;
        const char *result; /* NULL: not looked at */
    } cases[] = {
        {"a server is lost for good: what was not begun is not tried", 1, 999, MR_E_LOST, MR_OK,
         true,
         "orders not checked 0/0 (the server has failed); people not checked 0/0 (a server was "
         "lost before the table was read)"},
        {"lost for a moment", 1, 1, MR_E_LOST, MR_OK, false, whole},
        {"one table cannot be read", 1, 1, MR_E_SQL, MR_OK, false,
         "orders not checked 0/0 (the server has failed); people diverged 3/3: missing 1 extra 1 "
         "changed 1"},
        {"no memory while rows are read again", 3, 1, MR_E_NOMEM, MR_E_NOMEM, false, NULL},
        {"rows cannot be read again", 3, 1, MR_E_SQL, MR_OK, false,
         "orders equal 2/2; people not checked 3/3 (the server has failed)"},
        {"no memory", 1, 1, MR_E_NOMEM, MR_E_NOMEM, false, NULL},
        {"the case cannot be written", 1, 1, MR_E_CASE, MR_E_CASE, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct running r;
        begin(&r);
        r.w.side[MR_SOURCE].fail_at = cases[i].at;
        r.w.side[MR_SOURCE].fail_times = cases[i].times;
        r.w.side[MR_SOURCE].fail_code = cases[i].fail;
        enum mr_code code = mr_check_execute(&r.w.check, &r.pairs, &r.err);
        if (code != cases[i].code ||
            (cases[i].result != NULL && strcmp(show(&r), cases[i].result) != 0))
            fail_msg("%s: %s\n%s", cases[i].what, r.err.message, show(&r));
        /* a run that is to be resumed is not finished */
        assert_int_equal(r.w.check.run.finished, code == MR_OK && !cases[i].lost);
        end(&r);
    }
}

/* Behind the rows: the tables' results stand, and what was not seen is said. */
static void test_later_phases(void **state)
{
    static const struct {
        const char *what;
        enum mr_code catalogue, lineage, suspects, code;
        bool finished;
        const char *hidden;
    } cases[] = {
        {"all well", MR_OK, MR_OK, MR_OK, MR_OK, true, NULL},
        {"the catalogue", MR_E_LOST, MR_OK, MR_OK, MR_OK, false,
         "schema objects, which could not be compared: the catalogue cannot be read"},
        {"whom they belong to", MR_OK, MR_E_SQL, MR_OK, MR_OK, false,
         "whom the differing rows belong to: it cannot be followed"},
        {"memory, for objects", MR_E_NOMEM, MR_OK, MR_OK, MR_E_NOMEM, false, NULL},
        {"memory, for people", MR_OK, MR_E_NOMEM, MR_OK, MR_E_NOMEM, false, NULL},
        {"memory, for advice", MR_OK, MR_OK, MR_E_NOMEM, MR_E_NOMEM, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct running r;
        begin(&r);
        r.w.options.case_path = "kept.case";
        r.w.side[MR_SOURCE].catalogue_code = cases[i].catalogue;
        fake.lineage_code = cases[i].lineage;
        fake.suspects_code = cases[i].suspects;
        enum mr_code code = mr_check_execute(&r.w.check, &r.pairs, &r.err);
        if (code != cases[i].code || r.err.code != cases[i].code)
            fail_msg("%s: %s", cases[i].what, r.err.message);
        if (code == MR_OK)
            assert_string_equal(show(&r), whole);
        assert_int_equal(r.w.check.run.finished, cases[i].finished);
        if (cases[i].hidden != NULL)
            assert_non_null(strstr(r.w.check.run.hidden, cases[i].hidden));
        end(&r);
    }
}

/* ---- rows whose key was changed meanwhile */

enum mr_code __wrap_mr_log_place_read(struct mr_db *db, struct mr_arena *arena,
                                      struct mr_log_place *place, struct mr_err *err);
enum mr_code __wrap_mr_log_place_read(struct mr_db *db, struct mr_arena *arena,
                                      struct mr_log_place *place, struct mr_err *err)
{
    (void)db;
    (void)arena;
    (void)err;
    *place = (struct mr_log_place){.log = "bin.2", .position = 900, .gtids = "", .applied = ""};
    return MR_OK;
}

enum mr_code __wrap_mr_log_habits_read(struct mr_db *db, struct mr_arena *arena,
                                       struct mr_log_habits *habits, struct mr_err *err);
enum mr_code __wrap_mr_log_habits_read(struct mr_db *db, struct mr_arena *arena,
                                       struct mr_log_habits *habits, struct mr_err *err)
{
    (void)db;
    (void)arena;
    *habits = (struct mr_log_habits){.only = "", .leaves = ""};
    return logs.denied ? mr_err_set(err, MR_E_DENIED, "no right") : MR_OK;
}

static void name_key(struct mr_changes *changes, int64_t id)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    const struct mr_value value = {.cls = MR_CLASS_INT, .i = id};
    world_require(mr_row_encode(&key, &value, NULL));
    world_require(mr_changes_add(changes, world_pair(logs.w, PEOPLE)->at,
                                 (struct mr_key){key.ptr, key.len}, NULL));
    mr_strbuf_release(&key);
}

/* SOURCE's log names 9, where a row came that no chunk has met, and 5, where one came on both sides. */
static enum mr_code read_log(struct mr_changes *changes, enum mr_side side, struct mr_err *err)
{
    (void)err;
    assert_true(changes->moved_only);
    assert_true(changes->most_log_bytes > 0);
    assert_string_equal(changes->from[side].log, "bin.1");
    logs.reads++;
    if (side == MR_TARGET)
        return MR_OK;
    world_put(logs.w, MR_SOURCE, PEOPLE, "9|bob");
    world_put_both(logs.w, PEOPLE, "5|ann");
    name_key(changes, 2);
    name_key(changes, 9);
    name_key(changes, 1);
    name_key(changes, 5);
    if (logs.why != NULL)
        changes->whole_why = logs.why;
    return MR_OK;
}

/* No chunk has met it, and it is looked up, once, and not counted among what was read. */
static void test_rekeyed(void **state)
{
    static const struct mr_log_place places[MR_SIDES] = {
        {.log = "bin.1", .position = 4, .gtids = "", .applied = ""},
        {.log = "bin.1", .position = 4, .gtids = "", .applied = ""}};
    static const struct {
        const char *why;
        bool kept, denied;
        unsigned reads;
        const char *result;
    } cases[] = {
        {NULL, true, false, 2,
         "orders equal 2/2; people diverged 3/3: missing 2 extra 1 changed 1"},
        {NULL, false, false, 0, whole},
        {NULL, true, true, 0, whole},
        {"a log was removed", true, false, 1, whole},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct running r;
        begin(&r);
        memset(&logs, 0, sizeof logs);
        logs.w = &r.w;
        logs.why = cases[i].why;
        logs.denied = cases[i].denied;
        r.w.check.read_changes = read_log;
        world_require(mr_run_places_save(r.w.check.fd, MR_RUN_BEGAN, places, 2, NULL));
        r.w.options.case_path = cases[i].kept ? "kept.case" : NULL;
        assert_int_equal(mr_check_execute(&r.w.check, &r.pairs, &r.err), MR_OK);
        assert_string_equal(show(&r), cases[i].result);
        assert_int_equal(logs.reads, cases[i].reads);
        end(&r);
    }
}

/* ---- a second try */

/* Tables as a new process plans them, over the same case. */
static void forget(struct running *r)
{
    for (size_t i = 0; i < 2; i++) {
        struct mr_pair *t = world_pair(&r->w, i);
        atomic_store(&t->failed, false);
        t->find.settled = t->find.scanned = false;
        t->find.verdict = MR_VERDICT_UNDECIDED;
        t->find.counts = (struct mr_find_counts){0};
        t->find.reason = NULL;
    }
    atomic_store(&r->w.check.lost, false);
    r->w.check.run.hidden = NULL;
    r->w.check.run.finished = false;
    r->w.options.resume = true;
    r->w.side[MR_SOURCE].reads = 0;
    r->w.side[MR_SOURCE].fail_at = 0;
}

static void test_resume(void **state)
{
    struct running r;
    (void)state;
    begin(&r);
    assert_int_equal(mr_check_execute(&r.w.check, &r.pairs, &r.err), MR_OK);
    forget(&r);
    /* what is settled is not read again, and told as it was */
    assert_int_equal(mr_check_execute(&r.w.check, &r.pairs, &r.err), MR_OK);
    assert_int_equal(r.w.side[MR_SOURCE].reads, 0);
    assert_string_equal(show(&r), whole);
    assert_true(r.w.check.run.finished);
    end(&r);
}

/* A table that could not be checked is tried again; the others stand. */
static void test_resume_after_loss(void **state)
{
    struct running r;
    (void)state;
    begin(&r);
    r.w.side[MR_SOURCE].fail_at = 2; /* behind the scan of orders */
    r.w.side[MR_SOURCE].fail_times = 999;
    r.w.side[MR_SOURCE].fail_code = MR_E_LOST;
    assert_int_equal(mr_check_execute(&r.w.check, &r.pairs, &r.err), MR_OK);
    assert_false(r.w.check.run.finished);
    assert_non_null(strstr(show(&r), "people not checked"));
    forget(&r);
    assert_int_equal(mr_check_execute(&r.w.check, &r.pairs, &r.err), MR_OK);
    assert_string_equal(show(&r), whole);
    assert_true(r.w.check.run.finished);
    end(&r);
}

/* A table of an earlier try that is gone now is no table of the run. */
static void test_resume_without_a_table(void **state)
{
    struct running r;
    (void)state;
    begin(&r);
    assert_int_equal(mr_check_execute(&r.w.check, &r.pairs, &r.err), MR_OK);
    forget(&r);
    r.w.check.pairing.ntables = 1;
    assert_int_equal(mr_check_execute(&r.w.check, &r.pairs, &r.err), MR_OK);
    assert_string_equal(show(&r), "orders equal 2/2");
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_rekeyed),
        cmocka_unit_test(test_later_phases),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_resume_after_loss),
        cmocka_unit_test(test_resume_without_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
