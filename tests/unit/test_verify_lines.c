/* test_verify_lines.c: what is proved of each line of a plan's entities. */
#include <unistd.h>

#include "core/base/signals.h"
#include "core/pair/pair_identity.h"
#include "verify_world.h"

enum { ID, NAME, UP, TAG };

/* As a collation without case does it; NULL is nobody. */
enum mr_code __wrap_mr_pair_canonise(const struct mr_pair *table, const size_t *positions,
                                     size_t npositions, struct mr_db *db, struct mr_vec *items,
                                     struct mr_arena *arena, struct mr_err *err);
enum mr_code __wrap_mr_pair_canonise(const struct mr_pair *table, const size_t *positions,
                                     size_t npositions, struct mr_db *db, struct mr_vec *items,
                                     struct mr_arena *arena, struct mr_err *err)
{
    (void)table, (void)positions, (void)npositions, (void)db;
    for (size_t i = 0; i < items->count; i++) {
        struct mr_canon_item *item = mr_vec_at(items, i);
        char *out = mr_arena_dup(arena, item->in, item->in_len);
        for (size_t k = 0; k < item->in_len; k++)
            out[k] = (char)(out[k] >= 'A' && out[k] <= 'Z' ? out[k] - 'A' + 'a' : out[k]);
        item->out = out;
        item->out_len = item->in_len;
    }
    return world_ask(NULL, err);
}

enum mr_code __wrap_mr_rowhash_digest(struct mr_rowhash *rh, const struct mr_value *values,
                                      struct mr_digest *digest, uint64_t *bytes,
                                      struct mr_err *err);
enum mr_code __wrap_mr_rowhash_digest(struct mr_rowhash *rh, const struct mr_value *values,
                                      struct mr_digest *digest, uint64_t *bytes, struct mr_err *err)
{
    (void)rh, (void)values, (void)bytes, (void)err;
    *digest = (struct mr_digest){0};
    return MR_OK;
}

enum mr_code __wrap_mr_verify_name_twins(struct mr_verify *v, struct mr_verify_table *table,
                                         struct mr_key image, struct mr_key own,
                                         struct mr_strbuf *out, struct mr_err *err);
enum mr_code __wrap_mr_verify_name_twins(struct mr_verify *v, struct mr_verify_table *table,
                                         struct mr_key image, struct mr_key own,
                                         struct mr_strbuf *out, struct mr_err *err)
{
    (void)v, (void)table, (void)image, (void)own;
    mr_strbuf_reset(out);
    mr_strbuf_add_str(out, "9");
    return world_ask(NULL, err);
}

static const char *beside; /* what a trigger changed; NULL: nobody knows */
const char *__wrap_mr_verify_beside(const struct mr_verify *v, const struct mr_verify_table *table,
                                    struct mr_key key);
const char *__wrap_mr_verify_beside(const struct mr_verify *v, const struct mr_verify_table *table,
                                    struct mr_key key)
{
    (void)v, (void)table, (void)key;
    return beside;
}

static bool pressed;
bool __wrap_mr_is_cancelled(void);
bool __wrap_mr_is_cancelled(void)
{
    return pressed;
}

/* Rows of SOURCE that are asked for, "source>target" and what of them is compared. */
enum mr_code __wrap_mr_verify_source_rows(struct mr_verify *v, struct mr_verify_table *table,
                                          const struct mr_verify_ask *asks, size_t n,
                                          struct mr_err *err);
enum mr_code __wrap_mr_verify_source_rows(struct mr_verify *v, struct mr_verify_table *table,
                                          const struct mr_verify_ask *asks, size_t n,
                                          struct mr_err *err)
{
    (void)v;
    for (size_t i = 0; i < n; i++) {
        mr_proof_key_text(&world_now->asked, table->image, asks[i].source_key);
        mr_strbuf_add_str(&world_now->asked, ">");
        mr_proof_key_text(&world_now->asked, table->image, asks[i].target_key);
        mr_strbuf_add_fmt(&world_now->asked, "%s%s;", asks[i].image.ptr != NULL ? " all" : "",
                          asks[i].is_new ? " new" : "");
    }
    return world_ask(NULL, err);
}

/* People with a name by which they are known, who refer to others by `up`, and are referred to
 * by `tag`. */
static size_t people(struct world *w, const char *name)
{
    static const size_t referred = TAG;
    const size_t at = world_table(w, name, "id:int* name:text! up:int tag:int");
    struct mr_verify_table *t = &w->tables[at];
    w->of[at].referring[0] = UP;
    t->references.count = 1;
    t->referred = (struct mr_plan_columns){&referred, 1};
    w->of[at].pair.full[MR_TARGET] = t->spec;
    t->hash = (struct mr_rowhash){.table = &w->of[at].pair, .spec = &t->spec};
    return at;
}

static struct mr_digest of_columns(struct world *w, const char *row, size_t column)
{
    const struct mr_key bytes = world_bytes(w, 0, row, &column, 1);
    return mr_digest_bytes(bytes.ptr, bytes.len);
}

/* A line as a plan writes it, of the row that is to stand. */
static struct mr_entity_line *line(struct world *w, size_t table, enum mr_decision decision,
                                   const char *row)
{
    struct mr_entity_line *l = world_line(w, table, decision, row);
    l->source_key = l->target_key;
    l->identity = world_bytes(w, table, row, w->of[table].named, 1);
    l->has_references = l->has_referred = true;
    l->references = of_columns(w, row, UP);
    l->referred = of_columns(w, row, TAG);
    if (decision == MR_DECIDE_PARENT || decision == MR_DECIDE_DELETE)
        l->has_digest = false;
    return l;
}

static void end(struct world *w)
{
    for (size_t i = 0; i < w->v.ntables; i++)
        mr_plan_digester_release(&w->tables[i].digester);
    world_end(w);
}

/* What stands is found by its key; what does not is named by what is worst. */
static void test_proofs(void **state)
{
    static const struct {
        enum mr_decision decision;
        const char *planned, *found; /* found NULL: nobody is there */
        const char *told;            /* "": it stands */
        uint64_t stands, parents;
    } cases[] = {
        {MR_DECIDE_INSERT, "1|ann|5|7", "1|ann|5|7", "", 1, 0},
        {MR_DECIDE_INSERT, "1|ann|5|7", NULL, "d.t missing 1\n", 0, 0},
        {MR_DECIDE_INSERT, "1|ann|5|7", "1|ann|5|8", "d.t changed-since 1\n", 0, 0},
        {MR_DECIDE_INSERT, "1|ann|5|7", "1|ANN|5|7", "d.t changed-since 1\n", 0, 0},
        {MR_DECIDE_RENUMBER, "1|ann|5|7", "1|bob|5|7", "d.t someone-else 1\n", 0, 0},
        {MR_DECIDE_INSERT, "1|ann|5|7", "1|bob|6|7", "d.t someone-else 1\n", 0, 0},
        {MR_DECIDE_INSERT, "1|ann|5|7", "1|ann|6|7", "d.t refers-elsewhere 1\n", 0, 0},
        /* of the past: it may change who it is, and is known by its key */
        {MR_DECIDE_SAME, "1|ann|5|7", "1|bob|5|7", "d.t changed-since 1: its identity, too\n", 0,
         0},
        {MR_DECIDE_SAME, "1|ann|5|7", "1|ann|5|8", "d.t changed-since 1\n", 0, 0},
        {MR_DECIDE_MATCHED, "1|ann|5|7", "1|bob|5|7", "d.t someone-else 1\n", 0, 0},
        {MR_DECIDE_DELETE, "1|ann|5|7", NULL, "", 0, 0},
        {MR_DECIDE_DELETE, "1|ann|5|7", "1|ann|5|7", "d.t not-deleted 1\n", 0, 0},
        /* parents may be edited, but for what they are and are referred to by */
        {MR_DECIDE_PARENT, "1|ann|5|7", "1|ann|5|7", "", 0, 1},
        {MR_DECIDE_PARENT, "1|ann|5|7", "1|Ann|6|7", "", 0, 1},
        {MR_DECIDE_PARENT, "1|ann|5|7", "1|bob|5|7", "d.t someone-else 1\n", 0, 0},
        {MR_DECIDE_PARENT, "1|ann|5|7", "1|bob|5|8", "d.t someone-else 1\n", 0, 0},
        {MR_DECIDE_PARENT, "1|ann|5|7", "1|ann|5|8",
         "d.t changed-since 1: what they refer to it by\n", 0, 0},
        {MR_DECIDE_PARENT, "1|ann|5|7", NULL, "d.t missing 1\n", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        const char *const rows[] = {"8|eve|5|7", cases[i].found, NULL};
        world_begin(&w);
        people(&w, "t");
        w.of[0].rows = rows;
        line(&w, 0, cases[i].decision, cases[i].planned);
        assert_int_equal(mr_verify_lines(&w.v, &w.err), MR_OK);
        const uint64_t stands = w.results[0].counts[MR_PROOF_STANDS];
        const bool is_none = cases[i].decision == MR_DECIDE_DELETE && cases[i].told[0] == '\0';
        if (strcmp(w.told.ptr, cases[i].told) != 0 || stands != (is_none ? 1 : cases[i].stands) ||
            w.results[0].parents != cases[i].parents)
            fail_msg("case %zu: %s, %d stand", i, w.told.ptr, (int)stands);
        end(&w);
    }
}

/* Lines without a row: nothing is read for them. */
static void test_not_written(void **state)
{
    static const enum mr_decision decisions[] = {MR_DECIDE_CONFLICT, MR_DECIDE_WAITS,
                                                 MR_DECIDE_SKIP};
    struct world w;
    (void)state;
    world_begin(&w);
    people(&w, "t");
    for (size_t i = 0; i < LEN(decisions); i++) {
        struct mr_entity_line *l = line(&w, 0, decisions[i], "1|ann|5|7");
        l->has_digest = false;
        l->kind = i == 2 ? NULL : "unique";
        l->choice = i == 1 ? "skip" : NULL;
    }
    const size_t asked = w.questions;
    assert_int_equal(mr_verify_lines(&w.v, &w.err), MR_OK);
    assert_string_equal(w.told.ptr, "");
    assert_int_equal(w.questions, asked + 1); /* the file */
    assert_int_equal(w.results[0].open, 1);
    end(&w);
}

/* Somebody has the identity of a row that was lost history. */
static void test_twice(void **state)
{
    static const struct {
        enum mr_decision decision;
        const char *kind, *found, *told;
        bool only; /* nothing else is proved */
        const char *written;
    } cases[] = {
        {MR_DECIDE_INSERT, NULL, "1|ann|5|7", "d.t twice 1: 9\n", false, NULL},
        {MR_DECIDE_RENUMBER, NULL, "1|ann|5|7", "d.t twice 1: 9\n", false, NULL},
        {MR_DECIDE_MATCHED, NULL, "1|ann|5|7", "d.t twice 1: 9\n", false, NULL},
        {MR_DECIDE_UPDATE, "differs", "1|ann|5|7", "d.t twice 1: 9\n", false, NULL},
        {MR_DECIDE_UPDATE, "changed", "1|ann|5|7", "", false, NULL},
        {MR_DECIDE_SAME, NULL, "1|ann|5|7", "", false, NULL},
        /* a restored change that gives it that name */
        {MR_DECIDE_UPDATE, NULL, "1|ann|5|7", "d.t twice 1: 9\n", false, "1"},
        {MR_DECIDE_UPDATE, NULL, "1|ann|5|7", "d.t twice 1: 9\n", true, "1 3"},
        {MR_DECIDE_UPDATE, NULL, "1|ann|5|7", "", false, "3"},
        /* worse than edited, and not as bad as another one */
        {MR_DECIDE_INSERT, NULL, "1|ann|5|8", "d.t twice 1: 9\n", false, NULL},
        {MR_DECIDE_INSERT, NULL, "1|bob|5|7", "d.t someone-else 1\n", false, NULL},
        {MR_DECIDE_INSERT, NULL, NULL, "d.t missing 1\n", false, NULL},
        {MR_DECIDE_INSERT, NULL, "1|ann|5|7", "d.t twice 1: 9\n", true, NULL},
        {MR_DECIDE_INSERT, NULL, "1|bob|5|7", "", true, NULL},
        {MR_DECIDE_INSERT, NULL, NULL, "", true, NULL},
        {MR_DECIDE_MATCHED, NULL, "1|ann|6|7", "d.t twice 1: 9\n", true, NULL},
        {MR_DECIDE_SAME, NULL, "1|ann|5|8", "", true, NULL},
        {MR_DECIDE_DELETE, NULL, "1|ann|5|7", "", true, NULL},
        {MR_DECIDE_PARENT, NULL, "1|bob|5|7", "", true, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        const char *const rows[] = {cases[i].found, NULL};
        world_begin(&w);
        people(&w, "t");
        w.of[0].rows = rows;
        w.run.only_twice = cases[i].only;
        struct mr_entity_line *l = line(&w, 0, cases[i].decision, "1|ann|5|7");
        l->kind = cases[i].kind;
        l->written = cases[i].written;
        struct mr_digest *twin = mr_vec_push(&w.tables[0].twice);
        *twin = mr_digest_bytes(w.lines[0].identity.ptr, w.lines[0].identity.len);
        assert_int_equal(mr_verify_lines(&w.v, &w.err), MR_OK);
        if (strcmp(w.told.ptr, cases[i].told) != 0)
            fail_msg("case %zu: %s", i, w.told.ptr);
        /* what was never lost history is not read for it */
        if (cases[i].only &&
            (cases[i].decision == MR_DECIDE_SAME || cases[i].decision == MR_DECIDE_DELETE ||
             cases[i].decision == MR_DECIDE_PARENT))
            assert_int_equal(w.questions, 1); /* the file */
        end(&w);
    }
}

/* Keys that the collation takes for the same are one row's: the server is asked only where some
 * are left over.  New ids are counted, whatever their rows are by now. */
static void test_keys(void **state)
{
    static const struct {
        const char *first, *told;
        size_t questions; /* the file, the rows, the collation */
    } cases[] = {{"a|1", "d.t changed-since b\nd.t missing c\n", 2},
                 {"A|1", "d.t changed-since a\nd.t changed-since b\nd.t missing c\n", 3}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        const char *const rows[] = {"b|1", cases[i].first, NULL};
        world_begin(&w);
        const size_t t = world_table(&w, "t", "code:text* n:int");
        w.folds = true;
        w.of[t].pair.full[MR_TARGET] = w.tables[t].spec;
        w.tables[t].hash = (struct mr_rowhash){.table = &w.of[t].pair, .spec = &w.tables[t].spec};
        w.of[t].rows = rows;
        world_line(&w, t, MR_DECIDE_RENUMBER, "a|1")->is_new = true;
        world_line(&w, t, MR_DECIDE_RENUMBER, "b|2")->is_new = true;
        world_line(&w, t, MR_DECIDE_RENUMBER, "c|2")->is_new = true;
        assert_int_equal(mr_verify_lines(&w.v, &w.err), MR_OK);
        assert_string_equal(w.told.ptr, cases[i].told);
        assert_int_equal(w.questions, cases[i].questions);
        assert_int_equal(w.tables[t].new_found, 2);
        assert_int_equal(w.tables[t].gone.count, 1);
        end(&w);
    }
}

/* What cannot be read is not read, and nothing is said of it. */
static void test_unreadable(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    people(&w, "t");
    w.tables[0].image = NULL;
    line(&w, 0, MR_DECIDE_INSERT, "1|ann|5|7");
    assert_int_equal(mr_verify_lines(&w.v, &w.err), MR_OK);
    assert_string_equal(w.told.ptr, "");
    assert_int_equal(w.questions, 1);
    end(&w);
}

/* With a source: those that were restored, and nobody has edited, are compared whole. */
static void test_source(void **state)
{
    static const struct {
        enum mr_decision decision;
        const char *found, *choice;
        bool is_new, no_source;
        const char *asked;
    } cases[] = {
        {MR_DECIDE_INSERT, "1|ann|5|7", NULL, false, false, "1>1 all;"},
        {MR_DECIDE_RENUMBER, "1|ann|5|7", NULL, true, false, "1>1 all new;"},
        {MR_DECIDE_INSERT, "1|ann|5|8", NULL, false, false, "1>1;"},
        {MR_DECIDE_INSERT, NULL, NULL, false, false, "1>1;"},
        {MR_DECIDE_INSERT, "1|ann|5|7", "restore", false, false, "1>1 all;"},
        {MR_DECIDE_INSERT, "1|ann|5|7", "without-value", false, false, "1>1;"},
        {MR_DECIDE_INSERT, "1|ann|5|7", "name=Zoe", false, false, "1>1;"},
        {MR_DECIDE_INSERT, "1|ann|5|7", "{\"name\":\"Zoe\"}", false, false, "1>1;"},
        {MR_DECIDE_SAME, "1|ann|5|7", NULL, false, false, "1>1;"},
        {MR_DECIDE_UPDATE, "1|ann|5|7", NULL, false, false, "1>1;"},
        {MR_DECIDE_DELETE, NULL, NULL, false, true, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        const char *const rows[] = {cases[i].found, NULL};
        world_begin(&w);
        people(&w, "t");
        w.of[0].rows = rows;
        w.tables[0].source_image = &w.of[0].pair;
        struct mr_entity_line *l = line(&w, 0, cases[i].decision, "1|ann|5|7");
        l->choice = cases[i].choice;
        l->is_new = cases[i].is_new;
        if (cases[i].no_source)
            l->source_key = (struct mr_key){0};
        assert_int_equal(mr_verify_lines(&w.v, &w.err), MR_OK);
        if (strcmp(w.asked.ptr, cases[i].asked) != 0)
            fail_msg("case %zu: %s", i, w.asked.ptr);
        end(&w);
    }
}

/* A table that cannot be read is reported alone; what the server as a whole does ends the run. */
static void test_failures(void **state)
{
    static const struct {
        size_t fail_at;
        enum mr_code fails, code;
        const char *told;
    } cases[] = {
        {0, MR_OK, MR_OK, "d.a missing 1\nd.b missing 1\n"}, {1, MR_E_REFUSED, MR_E_REFUSED, ""},
        {2, MR_E_DENIED, MR_OK, "d.b missing 1\n"},          {2, MR_E_LOST, MR_E_LOST, ""},
        {3, MR_E_TIMEOUT, MR_OK, "d.a missing 1\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        for (size_t t = 0; t < 2; t++) {
            people(&w, t == 0 ? "a" : "b");
            line(&w, t, MR_DECIDE_INSERT, "1|ann|5|7");
        }
        w.fail_at = cases[i].fail_at;
        w.fail_code = cases[i].fails;
        const enum mr_code code = mr_verify_lines(&w.v, &w.err);
        if (code != cases[i].code || strcmp(w.told.ptr, cases[i].told) != 0)
            fail_msg("case %zu: %d: %s", i, (int)code, w.told.ptr);
        assert_int_equal(w.results[0].unreadable != NULL, i == 2);
        end(&w);
    }
}

/* A restored change of `up`, or of `tag`: the columns beside it are TARGET's own. */
static void test_restored(void **state)
{
    static const struct {
        const char *written, *found, *told;
        size_t moved_on;
    } cases[] = {
        {"3", "1|ann|5|7", "", 0},
        {"3", "1|ann|6|7", "", 1}, /* whom it refers to, too */
        {"3", "1|ann|5|8", "d.t changed-since 1\n", 0},
        {"3", "1|bob|5|7", "d.t someone-else 1\n", 0},
        {"3", NULL, "d.t missing 1\n", 0},
        {"2", "1|ann|5|8", "", 1},
        {"2", "1|ann|6|7", "d.t changed-since 1\n", 0},
        {"2 3", "1|ann|5|8", "d.t changed-since 1\n", 0},
    };
    static const char *const readings[] = {"int", "text/utf8mb4", "int", "int"};
    static const char *const bad[] = {"4", "3 2", "x", "2 ", "2,3", "-1", "99999999999999999999"};
    (void)state;
    for (size_t i = 0; i < LEN(cases) + LEN(bad); i++) {
        const bool is_bad = i >= LEN(cases);
        struct world w;
        const char *const rows[] = {is_bad ? "1|ann|5|8" : cases[i].found, NULL};
        world_begin(&w);
        people(&w, "t");
        struct mr_verify_table *t = &w.tables[0];
        bool of[4];
        w.of[0].rows = rows;
        t->written = of;
        assert_int_equal(mr_plan_digester_init(&t->digester, readings, 4, &w.arena, NULL), MR_OK);
        struct mr_entity_line *l = line(&w, 0, MR_DECIDE_UPDATE, "1|ann|5|7");
        l->written = is_bad ? bad[i - LEN(cases)] : cases[i].written;
        if (!is_bad)
            assert_true(mr_entity_written_get(l->written, of, 4));
        assert_int_equal(mr_plan_digester_part(&t->digester, world_image(&w, 0, "1|ann|5|7"), of,
                                               &l->part, NULL),
                         MR_OK);
        assert_int_equal(mr_verify_lines(&w.v, &w.err), is_bad ? MR_E_REFUSED : MR_OK);
        if (!is_bad && (strcmp(w.told.ptr, cases[i].told) != 0 ||
                        w.results[0].counts[MR_PROOF_STANDS] != (cases[i].told[0] == '\0') ||
                        t->moved_on.count != cases[i].moved_on))
            fail_msg("case %zu: %s, %zu moved on", i, w.told.ptr, t->moved_on.count);
        end(&w);
    }
}

#define LEFT "d.t changed-since 1: apply left it out, and added nothing to it that it knows of\n"

/* What apply has left out it did not add to, whatever number stands there. */
static void test_left_out(void **state)
{
    static const struct {
        const char *left_out, *found, *told;
    } cases[] = {
        {NULL, "1|ann|5|7", ""},
        {"3:d.t1:2", "1|ann|5|7", ""},
        {"3:d.t1:1", "1|ann|5|7", LEFT},
        {"3:d.t1:1", "1|ann|6|7", LEFT}, /* beside it */
    };
    static const char *const readings[] = {"int", "text/utf8mb4", "int", "int"};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        char dir[] = "/tmp/myrecon_left.XXXXXX", path[64];
        const char *const rows[] = {cases[i].found, NULL};
        const struct mr_journal_unit unit = {
            .script = MR_JOURNAL_APPLY, .number = 1, .refused = 1, .left_out = cases[i].left_out};
        world_begin(&w);
        people(&w, "t");
        struct mr_verify_table *t = &w.tables[0];
        bool of[4], sums[4];
        w.of[0].rows = rows;
        t->written = of;
        t->sums = sums;
        assert_non_null(mkdtemp(dir));
        assert_int_equal(mr_journal_open(dir, "run", &w.run.journal, NULL), MR_OK);
        assert_int_equal(mr_journal_write_unit(w.run.journal, MR_JOURNAL_DONE, &unit, NULL, NULL),
                         MR_OK);
        assert_int_equal(mr_plan_digester_init(&t->digester, readings, 4, &w.arena, NULL), MR_OK);
        struct mr_entity_line *l = line(&w, 0, MR_DECIDE_UPDATE, "1|ann|5|7");
        l->written = l->sums = "3";
        assert_true(mr_entity_written_get("3", of, 4));
        assert_int_equal(mr_plan_digester_part(&t->digester, world_image(&w, 0, "1|ann|5|7"), of,
                                               &l->part, NULL),
                         MR_OK);
        assert_int_equal(mr_verify_lines(&w.v, &w.err), MR_OK);
        if (strcmp(w.told.ptr, cases[i].told) != 0)
            fail_msg("case %zu: %s", i, w.told.ptr);
        mr_journal_close(w.run.journal);
        (void)snprintf(path, sizeof path, "%s/journal.jsonl", dir);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(dir), 0);
        end(&w);
    }
}

/* Where triggers fire, a column beside the written ones may be one's doing, or a live write later: by
 * what apply has seen. */
static void test_fired(void **state)
{
    static const struct {
        const char *found, *columns, *told;
    } cases[] = {
        {"1|ann|5|7", NULL, ""},
        {"1|ann|6|7", "", ""},
        {"1|ann|6|7", "mate", "d.t changed-since 1: by a trigger: mate\n"},
        {"1|ann|6|7", NULL, "d.t changed-since 1: by a trigger, or by others later\n"},
        {"1|ann|6|8", "", "d.t changed-since 1\n"},
    };
    static const char *const readings[] = {"int", "text/utf8mb4", "int", "int"};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        const char *const rows[] = {cases[i].found, NULL};
        bool of[4];
        world_begin(&w);
        people(&w, "t");
        w.of[0].rows = rows;
        w.v.fires = true;
        w.tables[0].written = of;
        assert_int_equal(mr_plan_digester_init(&w.tables[0].digester, readings, 4, &w.arena, NULL),
                         MR_OK);
        struct mr_entity_line *l = line(&w, 0, MR_DECIDE_UPDATE, "1|ann|5|7");
        l->written = "3";
        assert_true(mr_entity_written_get(l->written, of, 4));
        assert_int_equal(mr_plan_digester_part(&w.tables[0].digester,
                                               world_image(&w, 0, "1|ann|5|7"), of, &l->part, NULL),
                         MR_OK);
        beside = cases[i].columns;
        assert_int_equal(mr_verify_lines(&w.v, &w.err), MR_OK);
        if (strcmp(w.told.ptr, cases[i].told) != 0)
            fail_msg("case %zu: %s", i, w.told.ptr);
        end(&w);
    }
}

static void test_refused(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    people(&w, "t");
    line(&w, 0, MR_DECIDE_INSERT, "1|ann|5|7")->table = "d.other";
    assert_int_equal(mr_verify_lines(&w.v, &w.err), MR_E_REFUSED);
    assert_non_null(strstr(w.err.message, "d.other"));
    w.lines[0].table = w.planned[0].table;
    pressed = true;
    assert_int_equal(mr_verify_lines(&w.v, &w.err), MR_E_CANCELLED);
    pressed = false;
    end(&w);
}

/* Without a key a line is one of as many as are equal, and is counted later. */
static void test_keyless(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    const size_t t = world_table(&w, "t", "note:text");
    world_line(&w, t, MR_DECIDE_INSERT, "hi");
    assert_int_equal(mr_verify_lines(&w.v, &w.err), MR_OK);
    assert_int_equal(w.tables[t].expected.count, 1);
    assert_int_equal(w.questions, 1);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_left_out),    cmocka_unit_test(test_proofs),
        cmocka_unit_test(test_not_written), cmocka_unit_test(test_twice),
        cmocka_unit_test(test_keys),        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_source),      cmocka_unit_test(test_failures),
        cmocka_unit_test(test_restored),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_keyless),     cmocka_unit_test(test_fired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
