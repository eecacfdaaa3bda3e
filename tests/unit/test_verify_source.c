/* test_verify_source.c: is the lost history still what a plan was made from: how SOURCE is opened,
 * and what of its rows is compared. */
#include "verify_source_world.h"

/* ---- opening it ---- */

#define CLOSED "-reader -source -catalogue "

static void test_open(void **state)
{
    struct world w;
    (void)state;
    begin(&w, LIVE ",e");
    people(&w, "t", PEOPLE);
    w.run.run_tag = "RUN";
    w.run.statement_timeout_s = 7;
    if (mr_verify_source_open(&w.v, &w.err) != MR_OK)
        fail_msg("%s", w.err.message);
    const struct mr_verify_table *t = &w.tables[0];
    const struct mr_source_opts *opts = &w.v.source_side.opts;
    assert_string_equal(made.steps.ptr, "source reader catalogue:d,e, image:t hash:of SOURCE ");
    assert_true(opts->consistent && opts->frees_tables);
    assert_false(opts->db.writable);
    assert_string_equal(opts->db.run_tag, "RUN");
    assert_int_equal(opts->db.statement_timeout_s, 7);
    assert_ptr_equal(t->source_image, &source_pair);
    assert_string_equal(t->source_spec.index, "of SOURCE");
    assert_ptr_equal(t->source_hash.spec, &t->source_spec);
    assert_ptr_equal(t->source_hash.table, &source_pair);
    assert_true(mr_verify_reads_source(t));
    assert_ptr_equal(t->image, &w.of[0].pair); /* TARGET's stays */
    mr_strbuf_reset(&made.steps);
    struct mr_verify_source *s = &w.v.source_side;
    struct mr_vec *const lists[] = {&s->keys, &s->image[0].starts, &s->image[1].starts,
                                    &s->set.rows};
    for (size_t i = 0; i < LEN(lists); i++)
        assert_non_null(mr_vec_push(lists[i]));
    mr_verify_source_close(&w.v);
    assert_string_equal(made.steps.ptr, CLOSED);
    assert_null(t->source_hash.hasher);
    for (size_t i = 0; i < LEN(lists); i++)
        assert_int_equal(lists[i]->cap, 0);
    assert_null(w.v.source_side.ep.host);
    memset(&w.v.source_side, 0, sizeof w.v.source_side);
    end(&w);
}

/* Without --source nobody is asked anything. */
static void test_no_source(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    people(&w, "t", PEOPLE);
    assert_int_equal(mr_verify_source_open(&w.v, &w.err), MR_OK);
    assert_string_equal(made.steps.ptr, "");
    assert_false(mr_verify_reads_source(&w.tables[0]));
    w.tables[0].source_image = &source_pair;
    w.tables[0].image = NULL;
    assert_false(mr_verify_reads_source(&w.tables[0])); /* there is nothing to compare with */
    mr_verify_source_close(&w.v);
    assert_string_equal(made.steps.ptr, "- - - ");
    memset(&w.v.source_side, 0, sizeof w.v.source_side);
    end(&w);
}

static enum mr_code no_snapshot(const struct mr_endpoint *ep, struct mr_source **out,
                                struct mr_err *err)
{
    (void)ep, (void)out;
    return mr_err_set(err, MR_E_BUG, "nobody opens it");
}

/* Whose password, and whether anybody is asked for it. */
static void test_password(void **state)
{
    static const struct {
        const char *uri, *own, *all; /* MYRECON_SOURCE_PASSWORD, MYRECON_PASSWORD */
        bool ask;
        enum mr_code code;
        const char *steps; /* up to the reader */
    } cases[] = {
        {LIVE, NULL, NULL, false, MR_OK, "source reader"},
        {LIVE, NULL, NULL, true, MR_OK, "ask:source source:typed reader"},
        {LIVE, "own", "all", true, MR_OK, "source:own reader"},
        {LIVE, NULL, "all", false, MR_OK, "source:all reader"},
        {"mysql://s:uri@old/d", "own", NULL, true, MR_OK, "source:uri reader"},
        /* it has none, and nobody is asked for one */
        {"snapshot:dir", "own", NULL, true, MR_OK, "source reader"},
        {"mysql://s@old:port/d", NULL, NULL, true, MR_E_USAGE, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, cases[i].uri);
        w.run.login.ask_password = cases[i].ask;
        w.run.open_snapshot = no_snapshot;
        if (cases[i].own != NULL)
            (void)setenv("MYRECON_SOURCE_PASSWORD", cases[i].own, 1);
        if (cases[i].all != NULL)
            (void)setenv("MYRECON_PASSWORD", cases[i].all, 1);
        const enum mr_code code = mr_verify_source_open(&w.v, &w.err);
        if (code != cases[i].code ||
            strncmp(made.steps.ptr, cases[i].steps, strlen(cases[i].steps)) != 0 ||
            (code != MR_OK && made.steps.len > 0))
            fail_msg("case %zu: %d: %s", i, (int)code, made.steps.ptr);
        assert_true(w.v.source_side.opts.open_snapshot == no_snapshot);
        end(&w);
    }
    (void)unsetenv("MYRECON_SOURCE_PASSWORD");
    (void)unsetenv("MYRECON_PASSWORD");
}

/* Whatever fails is what is said, and all that was opened is closed. */
static void test_failures(void **state)
{
    static const struct {
        const char *fails, *steps;
    } cases[] = {
        {"ask:source", "ask:source - - - "},
        {"source:typed", "ask:source source:typed - - - "},
        {"reader", "ask:source source:typed reader - -source - "},
        {"catalogue:d,", "ask:source source:typed reader catalogue:d, -reader -source - "},
        {"image:t", "ask:source source:typed reader catalogue:d, image:t " CLOSED},
        {"hash:of SOURCE",
         "ask:source source:typed reader catalogue:d, image:t hash:of SOURCE " CLOSED},
    };
    static const enum mr_code codes[] = {MR_E_LOST, MR_E_CANCELLED, MR_E_NOMEM, MR_E_REFUSED};
    (void)state;
    for (size_t i = 0; i < LEN(cases) * LEN(codes); i++) {
        struct world w;
        begin(&w, LIVE);
        people(&w, "t", PEOPLE);
        w.run.login.ask_password = true;
        made.fails = cases[i / LEN(codes)].fails;
        made.code = codes[i % LEN(codes)];
        assert_int_equal(open_and_close(&w, &w.err), made.code);
        assert_string_equal(made.steps.ptr, cases[i / LEN(codes)].steps);
        assert_memory_equal(w.err.message, made.fails, strlen(made.fails));
        assert_null(w.results[0].unreadable);
        end(&w);
    }
}

/* ---- tables ---- */

/* "db.t" may be split at any point. */
static void test_find(void **state)
{
    static const struct {
        const char *table, *db, *name; /* of the plan; of SOURCE */
        bool is;
    } cases[] = {
        {"d.t", "d", "t", true},   {"d.x.t", "d", "x.t", true}, {"d.x.t", "d.x", "t", true},
        {"d.t", "d", "tt", false}, {"d.tt", "d", "t", false},   {"d.t", "e", "t", false},
        {"dd.t", "d", "t", false}, {"d.t", "d", "T", false},    {"d.t", "D", "t", false},
        {"d.t", "d.t", "", false}, {"d", "d", "", false},       {".t", "", "t", true},
        {"d_t", "d", "t", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_table table = {.db = cases[i].db, .name = cases[i].name};
        begin(&w, LIVE);
        people(&w, "t", PEOPLE);
        made.cat = (struct mr_catalogue){.tables = &table, .ntables = 1};
        w.planned[0].table = cases[i].table;
        assert_int_equal(mr_verify_source_open(&w.v, &w.err), MR_OK);
        if ((w.results[0].unreadable == NULL) != cases[i].is)
            fail_msg("case %zu: %s", i, w.err.message);
        if (cases[i].is) {
            assert_string_equal(made.task.db, cases[i].db);
            assert_string_equal(made.task.table, cases[i].name);
        } else {
            char said[60];
            (void)snprintf(said, sizeof said, "table \"%s\" is not on the source", cases[i].table);
            assert_string_equal(w.results[0].unreadable, said);
            assert_null(w.tables[0].image);
            assert_false(mr_verify_reads_source(&w.tables[0]));
        }
        end(&w);
    }
}

/* Where the name is that of two, nobody guesses. */
static void test_namesakes(void **state)
{
    struct mr_table tables[] = {
        {.db = "d", .name = "x.t"}, {.db = "d", .name = "t"}, {.db = "d.x", .name = "t"}};
    (void)state;
    for (size_t n = 2; n <= LEN(tables); n++) {
        struct world w;
        begin(&w, LIVE ",d.x");
        people(&w, "t", PEOPLE);
        made.cat = (struct mr_catalogue){.tables = tables, .ntables = n};
        w.planned[0].table = "d.x.t";
        assert_int_equal(mr_verify_source_open(&w.v, &w.err), n == 3 ? MR_E_USAGE : MR_OK);
        if (n == 3) {
            assert_string_equal(w.err.message,
                                "table \"x.t\" of database \"d\" and table \"t\" of database "
                                "\"d.x\" cannot be told apart on the source: both are written "
                                "\"d.x.t\"");
            assert_non_null(strstr(w.err.hint, "--source"));
        }
        end(&w);
    }
}

/* Rows of it are read under SOURCE's names, by the plan's key. */
static void test_image(void **state)
{
    struct world w;
    (void)state;
    begin(&w, LIVE);
    people(&w, "t", PEOPLE);
    const struct mr_planned_column columns[] = {{"id", "int", "old_id", false},
                                                {"name", "text/latin1", NULL, false},
                                                {"up", "int", NULL, false},
                                                {"note", "json normal", NULL, false}};
    w.planned[0].columns = columns;
    assert_int_equal(mr_verify_source_open(&w.v, &w.err), MR_OK);
    assert_int_equal(made.task.side, MR_SOURCE);
    assert_string_equal(made.task.name, "d.t");
    assert_int_equal(made.task.ncolumns, LEN(columns));
    for (size_t i = 0; i < LEN(columns); i++) {
        assert_string_equal(made.task.columns[i].name, i == 0 ? "old_id" : columns[i].name);
        assert_string_equal(made.task.columns[i].reading, columns[i].reading);
    }
    assert_int_equal(made.task.key.count, 1);
    assert_int_equal(made.task.key.at[0], ID);
    assert_int_equal(made.task.identity.count, 0); /* who it is was proved on TARGET */
    end(&w);
}

/* What is unreadable on TARGET is not looked for on SOURCE; nor is what has no key to ask by, which
 * is said where the plan has rows of it. */
static void test_passed_over(void **state)
{
    static const struct {
        enum mr_decision decision;
        const char *said;
    } cases[] = {
#define UNSEEN                                                                                     \
    "table \"d.log\" has no key: whether the source still holds its rows is not looked at"
        {MR_DECIDE_INSERT, UNSEEN}, {MR_DECIDE_SAME, UNSEEN},  {MR_DECIDE_SKIP, UNSEEN},
        {MR_DECIDE_PARENT, ""},     {MR_DECIDE_UNDECIDED, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, LIVE);
        people(&w, "t", PEOPLE);
        people(&w, "log", "note:text");
        people(&w, "logged", "note:text");
        w.tables[0].image = w.tables[2].image = NULL;
        for (size_t k = 0; k < 3; k++)
            w.planned[k].decisions[cases[i].decision] = 1;
        assert_int_equal(mr_verify_source_open(&w.v, &w.err), MR_OK);
        assert_string_equal(made.steps.ptr, "source reader catalogue:d, ");
        assert_string_equal(made.said, cases[i].said);
        for (size_t k = 0; k < 3; k++) {
            assert_null(w.results[k].unreadable);
            assert_false(mr_verify_reads_source(&w.tables[k]));
        }
        end(&w);
    }
}

/* A table that SOURCE has otherwise by now is told of alone. */
static void test_excuses(void **state)
{
    struct world w;
    (void)state;
    begin(&w, LIVE);
    people(&w, "t", PEOPLE);
    people(&w, "other", PEOPLE);
    made.fails = "image:t";
    made.code = MR_E_CHANGED;
    assert_int_equal(mr_verify_source_open(&w.v, &w.err), MR_OK);
    assert_string_equal(w.results[0].unreadable, "image:t fails");
    assert_null(w.tables[0].image);
    assert_null(w.results[1].unreadable);
    assert_true(mr_verify_reads_source(&w.tables[1]));
    end(&w);
}

/* Rows that stand as planned would be compared with themselves. */
static void test_itself(void **state)
{
    static const struct {
        bool is_snapshot, other_server;
        const char *target_db, *target_name;
        bool refused;
    } cases[] = {
        {false, false, "d", "t", true},  {false, true, "d", "t", false},
        {true, false, "d", "t", false},  {false, false, "e", "t", false},
        {false, false, "d", "u", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, LIVE);
        people(&w, "t", PEOPLE);
        made.is_snapshot = cases[i].is_snapshot;
        made.target = made.source;
        made.target.server_id += cases[i].other_server;
        w.planned[0].target_db = cases[i].target_db;
        w.planned[0].target_name = cases[i].target_name;
        w.planned[0].target_table = "live.t";
        const enum mr_code code = mr_verify_source_open(&w.v, &w.err);
        if (code != (cases[i].refused ? MR_E_REFUSED : MR_OK))
            fail_msg("case %zu: %d: %s", i, (int)code, w.err.message);
        if (cases[i].refused) {
            assert_non_null(strstr(w.err.message, "the same: table \"live.t\" of one server"));
            assert_non_null(strstr(w.err.hint, "--source"));
        }
        end(&w);
    }
}

/* ---- rows ---- */

/* As many images are kept as fit, and the first. */
static void keep(struct mr_rowset *set, const char *row, bool any_width)
{
    struct world *w = world_now;
    const struct mr_key key = world_key(w, 0, row), image = world_image(w, 0, row);
    struct mr_rowset_row *to = mr_vec_push(&set->rows);
    const bool kept = any_width || (set->rows.count > made.narrow &&
                                    (made.fits == 0 || set->rows.count <= made.fits));
    *to = (struct mr_rowset_row){.key_at = set->bytes.len,
                                 .key_len = key.len,
                                 .image_at = set->bytes.len + key.len,
                                 .image_len = kept ? image.len - made.cut : 0};
    mr_strbuf_add(&set->bytes, key.ptr, key.len);
    mr_strbuf_add(&set->bytes, image.ptr, to->image_len);
}

enum mr_code __wrap_mr_rowset_fetch(struct mr_rowset *set, struct mr_reader *reader,
                                    struct mr_rowhash *hash, const struct mr_key *keys,
                                    size_t nkeys, size_t image_bytes, struct mr_err *err);
enum mr_code __wrap_mr_rowset_fetch(struct mr_rowset *set, struct mr_reader *reader,
                                    struct mr_rowhash *hash, const struct mr_key *keys,
                                    size_t nkeys, size_t image_bytes, struct mr_err *err)
{
    struct world *w = world_now;
    char asked[24];
    assert_ptr_equal(reader, READER);
    assert_ptr_equal(hash, &w->tables[0].source_hash);
    made.bytes[made.nfetched++ % LEN(made.bytes)] = image_bytes;
    no_memory_stop();
    mr_strbuf_reset(&set->bytes);
    mr_vec_clear(&set->rows);
    for (const char *const *row = made.rows; row != NULL && *row != NULL; row++)
        for (size_t i = 0; i < nkeys; i++)
            if (mr_key_compare(world_key(w, 0, *row), keys[i]) == 0)
                keep(set, *row, image_bytes == SIZE_MAX);
    no_memory_go_on();
    (void)snprintf(asked, sizeof asked, "%zu", nkeys);
    return step("fetch", asked, err);
}

/* Of people: `up` refers, `note` may be computed. */
static void open_rows(struct world *w, const char *columns)
{
    begin(w, LIVE);
    people(w, "t", columns);
    w->of[0].referring[0] = UP;
    w->tables[0].references.count = w->of[0].ncolumns > NOTE;
    if (mr_verify_source_open(&w->v, &w->err) != MR_OK)
        fail_msg("%s", w->err.message);
    mr_strbuf_reset(&made.steps);
}

static struct mr_verify_ask ask(struct world *w, const char *source, const char *target,
                                bool has_image, bool is_new)
{
    return (struct mr_verify_ask){.source_key = world_key(w, 0, source),
                                  .target_key = world_key(w, 0, target),
                                  .image =
                                      has_image ? world_image(w, 0, target) : (struct mr_key){0},
                                  .is_new = is_new};
}

/* What was planned from, as it is, and what was made of it. */
static const struct {
    const char *columns, *planned, *source, *target; /* source NULL: it is gone */
    bool no_image, is_new;
    size_t generated; /* so many columns, from behind */
    const char *told;
} rows[] = {
    {PEOPLE, "1|ann|5|hi", "1|ann|5|hi", "1|ann|5|hi", false, false, 0, ""},
    {PEOPLE, "1|ann|5|hi", NULL, "1|ann|5|hi", false, false, 0, "source-missing 1>1\n"},
    {PEOPLE, "1|ann|5|hi", NULL, "8|ann|5|hi", true, true, 0, "source-missing 1>8\n"},
    {PEOPLE, "1|ann|5|hi", "1|ann|5|ho", "1|ann|5|hi", false, false, 0,
     "source-differs 1>1: note\n"},
    {PEOPLE, "1|ann|5|hi", "1|bob|6|ho", "1|ann|5|hi", false, false, 0,
     "source-differs 1>1: name, note\n"},
    {PEOPLE, "1|ann|5|hi", "1|ann|5|NULL", "1|ann|5|", false, false, 0,
     "source-differs 1>1: note\n"},
    /* what a plan maps need not be what SOURCE has: references, new ids, what is computed */
    {PEOPLE, "1|ann|5|hi", "1|ann|6|hi", "1|ann|5|hi", false, false, 0, ""},
    {PEOPLE, "1|ann|5|hi", "1|ann|5|hi", "8|ann|5|hi", false, true, 0, ""},
    {PEOPLE, "1|ann|5|hi", "1|ann|5|hi", "8|ann|5|hi", false, false, 0, "source-differs 1>8: id\n"},
    {PEOPLE, "1|ann|5|hi", "1|ann|5|ho", "1|ann|5|hi", false, false, 1, ""},
    {PEOPLE, "1|ann|5|hi", "1|bob|5|ho", "8|ann|5|hi", false, true, 1,
     "source-differs 1>8: name\n"},
    {"a:int id:int* b:int", "2|1|3", "4|1|5", "6|1|7", false, false, 3, ""},
    {"a:int id:int* b:int", "2|1|3", "4|1|5", "6|1|7", false, false, 2, "source-differs 1>1: a\n"},
    /* who was edited since: that it is there */
    {PEOPLE, "1|ann|5|hi", "1|bob|6|ho", "1|ann|5|hi", true, false, 0, ""},
    /* every column of the key is a new id's */
    {"a:int* b:int*", "1|2", "1|2", "8|9", false, true, 0, ""},
    {"a:int* b:int*", "1|2", "1|2", "8|9", false, false, 0, "source-differs 1,2>8,9: a, b\n"},
    {"a:int b:int*", "1|2", "3|2", "1|9", false, true, 0, "source-differs 2>9: a\n"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct world w;
        const char *const has[] = {"0|eve|5|hi", rows[i].source, NULL};
        begin(&w, LIVE);
        people(&w, "t", rows[i].columns);
        w.of[0].referring[0] = UP;
        w.tables[0].references.count = w.of[0].ncolumns > NOTE;
        for (size_t k = 0; k < rows[i].generated; k++)
            w.tables[0].digester.generated[w.of[0].ncolumns - 1 - k] = true;
        assert_int_equal(mr_verify_source_open(&w.v, &w.err), MR_OK);
        made.rows = has;
        const struct mr_verify_ask a =
            ask(&w, rows[i].planned, rows[i].target, !rows[i].no_image, rows[i].is_new);
        assert_int_equal(mr_verify_source_rows(&w.v, &w.tables[0], &a, 1, &w.err), MR_OK);
        if (strcmp(w.told.ptr, rows[i].told) != 0)
            fail_msg("case %zu: %s", i, w.told.ptr);
        assert_int_equal(w.results[0].counts[MR_PROOF_SOURCE_GONE] +
                             w.results[0].counts[MR_PROOF_SOURCE_DIFFERS],
                         rows[i].told[0] != '\0');
        end(&w);
    }
}

#define SOME 5

/* Rows 1 to 5, of which 2 is gone and 4 another one. */
static enum mr_code read_some(void *ctx, struct mr_err *err)
{
    static const char *const has[] = {"1|ann|5|hi", "3|cat|5|hi", "4|dan|5|hi", "5|eve|5|hi", NULL};
    static const char *const planned[SOME] = {"1|ann|5|hi", "2|bob|5|hi", "3|cat|5|hi",
                                              "4|Dan|5|hi", "5|eve|5|hi"};
    struct world *w = ctx;
    struct mr_verify_ask asks[SOME];
    made.rows = has;
    no_memory_stop();
    for (size_t i = 0; i < SOME; i++)
        asks[i] = ask(w, planned[i], planned[i], true, false);
    no_memory_go_on();
    mr_strbuf_reset(&made.steps);
    mr_strbuf_reset(&w->told);
    return mr_verify_source_rows(&w->v, &w->tables[0], asks, SOME, err);
}

#define TOLD "source-missing 2>2\nsource-differs 4>4: name\n"

/* Wide rows may not fit at once: each is told of once, however often it is read. */
static void test_wide(void **state)
{
    static const struct {
        size_t fits;
        const char *steps;
    } cases[] = {
        {0, "fetch:5 found found "},
        {4, "fetch:5 found found "},
        {3, "fetch:5 fetch:2 found fetch:3 found "},
        {2, "fetch:5 fetch:2 found fetch:3 fetch:1 fetch:2 found "},
        {1, "fetch:5 fetch:2 found fetch:3 fetch:1 fetch:2 fetch:1 found fetch:1 "},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        open_rows(&w, PEOPLE);
        made.fits = cases[i].fits;
        assert_int_equal(read_some(&w, &w.err), MR_OK);
        assert_string_equal(made.steps.ptr, cases[i].steps);
        assert_string_equal(w.told.ptr, TOLD);
        assert_int_equal(made.bytes[0], MR_VERIFY_IMAGE_BYTES);
        assert_int_equal(w.results[0].counts[MR_PROOF_SOURCE_GONE], 1);
        end(&w);
    }
    struct world w;
    open_rows(&w, PEOPLE); /* the first that is read need not be the first by key */
    made.narrow = 1;
    assert_int_equal(read_some(&w, &w.err), MR_OK);
    assert_string_equal(w.told.ptr, TOLD);
    end(&w);
    open_rows(&w, PEOPLE); /* a single row of any width */
    const struct mr_verify_ask one = ask(&w, "1|ann|5|hi", "1|ann|5|hi", true, false);
    assert_int_equal(mr_verify_source_rows(&w.v, &w.tables[0], &one, 1, &w.err), MR_OK);
    assert_int_equal(made.bytes[0], SIZE_MAX);
    mr_strbuf_reset(&made.steps);
    assert_int_equal(mr_verify_source_rows(&w.v, &w.tables[0], &one, 0, &w.err), MR_OK);
    assert_string_equal(made.steps.ptr, ""); /* nobody is asked for nobody */
    end(&w);
}

/* What fails while rows are read ends it there. */
static void test_rows_fail(void **state)
{
    static const struct {
        const char *fails, *steps;
        size_t fits;
    } cases[] = {
        {"fetch:5", "fetch:5 ", 0},
        {"fetch:5", "fetch:5 ", 3},
        {"found", "fetch:5 found ", 0},
        {"fetch:2", "fetch:5 fetch:2 ", 3},
        {"fetch:3", "fetch:5 fetch:2 found fetch:3 ", 3},
        {"found", "fetch:5 fetch:2 found ", 3},
    };
    static const enum mr_code codes[] = {MR_E_LOST, MR_E_CANCELLED, MR_E_NOMEM};
    (void)state;
    for (size_t i = 0; i < LEN(cases) * LEN(codes); i++) {
        struct world w;
        open_rows(&w, PEOPLE);
        made.fits = cases[i / LEN(codes)].fits;
        made.fails = cases[i / LEN(codes)].fails;
        made.code = codes[i % LEN(codes)];
        assert_int_equal(read_some(&w, &w.err), made.code);
        assert_string_equal(made.steps.ptr, cases[i / LEN(codes)].steps);
        end(&w);
    }
}

/* Bytes that no encoder wrote, of either side, are an error, and no difference. */
static void test_damage(void **state)
{
    (void)state;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct world w;
        const char *const has[] = {"1|ann|5|hi", NULL};
        open_rows(&w, PEOPLE);
        made.rows = has;
        struct mr_verify_ask a = ask(&w, "1|ann|5|hi", "1|ann|5|hi", true, false);
        a.image.len -= side == MR_TARGET;
        made.cut = side == MR_SOURCE;
        assert_int_equal(mr_verify_source_rows(&w.v, &w.tables[0], &a, 1, &w.err), MR_E_CASE);
        assert_string_equal(w.told.ptr, "");
        end(&w);
    }
}

static void test_no_memory(void **state)
{
    struct world w;
    (void)state;
    begin(&w, LIVE);
    people(&w, "t", PEOPLE);
    mr_strbuf_add_fmt(&made.steps, "%400s", "");
    assert_true(no_memory_each(open_and_close, &w) >= 3);
    made.fails = "image:t"; /* and of what is said of a table */
    made.code = MR_E_DENIED;
    assert_true(no_memory_each(open_and_close, &w) >= 3);
    end(&w);
    open_rows(&w, PEOPLE);
    mr_strbuf_add_fmt(&w.told, "%400s", "");
    mr_strbuf_add_fmt(&made.steps, "%400s", "");
    assert_true(no_memory_each(read_some, &w) >= SOME);
    assert_string_equal(w.told.ptr, TOLD);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),      cmocka_unit_test(test_no_source),
        cmocka_unit_test(test_password),  cmocka_unit_test(test_failures),
        cmocka_unit_test(test_find),      cmocka_unit_test(test_namesakes),
        cmocka_unit_test(test_image),     cmocka_unit_test(test_passed_over),
        cmocka_unit_test(test_excuses),   cmocka_unit_test(test_itself),
        cmocka_unit_test(test_rows),      cmocka_unit_test(test_wide),
        cmocka_unit_test(test_rows_fail), cmocka_unit_test(test_damage),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
