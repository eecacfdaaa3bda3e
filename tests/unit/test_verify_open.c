/* test_verify_open.c: the tables of a plan on TARGET: where their columns stand, what of them
 * cannot be read, and whose view it is. */
#include "no_memory.h"
#include "repair/side/fingerprint.h"
#include "verify_world.h"

#define PEOPLE "id:int* name:text! up:int note:text"
#define MARK "ab12"

/* ---- what it is made of ---- */

static char connection[2], handle[3]; /* nobody looks into them: who would is replaced */
#define CHECKED ((struct mr_db *)(void *)&connection[0])
#define VIEWED ((struct mr_db *)(void *)&connection[1])
#define CATALOGUE ((struct mr_catalogue *)(void *)&handle[0])
#define VIEW ((struct mr_source *)(void *)&handle[1])
#define READER ((struct mr_reader *)(void *)&handle[2])

static struct {
    struct mr_strbuf steps;
    const char *fails; /* the step that does; NULL: none */
    enum mr_code code;
    struct mr_server checked, viewed;
    const char *mark; /* of the columns as they are */
    struct mr_source_opts opts;
    struct mr_plan_image_task tasks[WORLD_TABLES];
    size_t ntasks;
} made;

static enum mr_code step(const char *name, const char *table, struct mr_err *err)
{
    char full[40];
    (void)snprintf(full, sizeof full, "%s%s%s", name, table != NULL ? ":" : "",
                   table != NULL ? table : "");
    mr_strbuf_add_fmt(&made.steps, "%s ", full);
    return made.fails != NULL && strcmp(made.fails, full) == 0
               ? mr_err_set(err, made.code, "%s fails", full)
               : MR_OK;
}

enum mr_code __wrap_mr_catalogue_load(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                      struct mr_catalogue **out, struct mr_err *err);
enum mr_code __wrap_mr_catalogue_load(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                      struct mr_catalogue **out, struct mr_err *err)
{
    assert_ptr_equal(db, CHECKED);
    assert_int_equal(ndbs, 2);
    assert_string_equal(dbs[1], "e");
    MR_TRY(step("catalogue", NULL, err));
    *out = CATALOGUE;
    return MR_OK;
}

void __wrap_mr_catalogue_free(struct mr_catalogue *cat);
void __wrap_mr_catalogue_free(struct mr_catalogue *cat)
{
    (void)step(cat == CATALOGUE ? "-catalogue" : "-", NULL, NULL);
}

enum mr_code __wrap_mr_source_live_new(const struct mr_endpoint *ep,
                                       const struct mr_source_opts *opts, struct mr_source **out,
                                       struct mr_err *err);
enum mr_code __wrap_mr_source_live_new(const struct mr_endpoint *ep,
                                       const struct mr_source_opts *opts, struct mr_source **out,
                                       struct mr_err *err)
{
    assert_ptr_equal(ep, &world_now->target.ep);
    made.opts = *opts;
    MR_TRY(step("view", NULL, err));
    *out = VIEW;
    return MR_OK;
}

void __wrap_mr_source_free(struct mr_source *src);
void __wrap_mr_source_free(struct mr_source *src)
{
    (void)step(src == VIEW ? "-view" : "-", NULL, NULL);
}

enum mr_code __wrap_mr_source_reader_new(struct mr_source *src, struct mr_reader **out,
                                         struct mr_err *err);
enum mr_code __wrap_mr_source_reader_new(struct mr_source *src, struct mr_reader **out,
                                         struct mr_err *err)
{
    assert_ptr_equal(src, VIEW);
    MR_TRY(step("reader", NULL, err));
    *out = READER;
    return MR_OK;
}

void __wrap_mr_reader_free(struct mr_reader *reader);
void __wrap_mr_reader_free(struct mr_reader *reader)
{
    (void)step(reader == READER ? "-reader" : "-", NULL, NULL);
}

struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader);
struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader)
{
    assert_ptr_equal(reader, READER);
    return VIEWED;
}

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    return db == VIEWED ? &made.viewed : &made.checked;
}

const char *__wrap_mr_db_label(const struct mr_db *db);
const char *__wrap_mr_db_label(const struct mr_db *db)
{
    return db == VIEWED ? "u@live:3306" : "nobody";
}

enum mr_code __wrap_mr_fingerprint_columns(struct mr_db *db, const char *dbname, const char *table,
                                           char hex[MR_SHA256_HEX], struct mr_err *err);
enum mr_code __wrap_mr_fingerprint_columns(struct mr_db *db, const char *dbname, const char *table,
                                           char hex[MR_SHA256_HEX], struct mr_err *err)
{
    assert_ptr_equal(db, VIEWED);
    assert_string_equal(dbname, "d");
    (void)snprintf(hex, MR_SHA256_HEX, "%s", made.mark);
    return step("columns", table, err);
}

enum mr_code __wrap_mr_plan_image_open(const struct mr_catalogue *catalogue,
                                       const struct mr_plan_image_task *task,
                                       struct mr_arena *arena, struct mr_pair **out,
                                       struct mr_err *err);
enum mr_code __wrap_mr_plan_image_open(const struct mr_catalogue *catalogue,
                                       const struct mr_plan_image_task *task,
                                       struct mr_arena *arena, struct mr_pair **out,
                                       struct mr_err *err)
{
    size_t at = 0;
    assert_ptr_equal(catalogue, CATALOGUE);
    assert_ptr_equal(arena, &world_now->arena);
    made.tasks[made.ntasks++] = *task;
    MR_TRY(step("image", task->table, err));
    while (strcmp(world_now->of[at].side.name, task->table) != 0)
        at++;
    *out = &world_now->of[at].pair;
    return MR_OK;
}

enum mr_code __real_mr_rowhash_init(struct mr_rowhash *rh, const struct mr_pair *table,
                                    const struct mr_readspec *spec, struct mr_err *err);
enum mr_code __wrap_mr_rowhash_init(struct mr_rowhash *rh, const struct mr_pair *table,
                                    const struct mr_readspec *spec, struct mr_err *err);
enum mr_code __wrap_mr_rowhash_init(struct mr_rowhash *rh, const struct mr_pair *table,
                                    const struct mr_readspec *spec, struct mr_err *err)
{
    assert_string_equal(spec->table, table->side[MR_TARGET]->name);
    MR_TRY(__real_mr_rowhash_init(rh, table, spec, err));
    return step("hash", spec->table, err);
}

enum mr_code __wrap_mr_verify_source_open(struct mr_verify *v, struct mr_err *err);
enum mr_code __wrap_mr_verify_source_open(struct mr_verify *v, struct mr_err *err)
{
    (void)v;
    return step("source", NULL, err);
}

void __wrap_mr_verify_source_close(struct mr_verify *v);
void __wrap_mr_verify_source_close(struct mr_verify *v)
{
    (void)v;
    (void)step("-source", NULL, NULL);
}

/* ---- plans ---- */

/* A table with all its columns, as plan.json has it. */
static void plan(struct world *w, const char *name, const char *columns)
{
    const size_t at = world_table(w, name, columns);
    struct mr_planned_table *t = &w->planned[at];
    struct mr_planned_column *list = mr_arena_calloc(&w->arena, WORLD_COLUMNS, sizeof *list);
    const char **named = mr_arena_calloc(&w->arena, WORLD_COLUMNS, sizeof *named);
    for (size_t i = 0; i < w->of[at].ncolumns; i++)
        list[i] = (struct mr_planned_column){w->of[at].find[i].name, "int", NULL, false};
    for (size_t i = 0; i < w->tables[at].identity.count; i++)
        named[i] = w->of[at].find[w->of[at].named[i]].name;
    t->columns = list;
    t->ncolumns = w->of[at].ncolumns;
    t->identity = MR_PLAN_BY_COLUMNS;
    t->identity_columns = (struct mr_planned_names){named, w->tables[at].identity.count};
    t->target_db = "d";
    t->target_name = w->of[at].side.name;
    t->fingerprint = MARK;
    w->of[at].pair.full[MR_TARGET] = w->tables[at].spec;
    w->of[at].pair.full[MR_TARGET].index = "of TARGET";
}

static void begin(struct world *w)
{
    static const char *const dbs[] = {"d", "e"};
    world_begin(w);
    memset(&made, 0, sizeof made);
    mr_strbuf_init(&made.steps);
    made.mark = MARK;
    w->plan.path = "plan";
    w->plan.manifest.server.dbs = dbs;
    w->plan.manifest.server.ndbs = 2;
    w->target.db = CHECKED;
    w->run.tables = NULL;
    w->run.run_tag = "RUN";
    w->run.statement_timeout_s = 7;
}

static enum mr_code open_all(struct world *w, struct mr_verify *v, struct mr_err *err)
{
    w->plan.manifest.planned.tables = w->planned;
    w->plan.manifest.planned.ntables = w->v.ntables;
    made.ntasks = 0;
    mr_strbuf_reset(&made.steps);
    return mr_verify_open(v, &w->run, err);
}

static void end(struct world *w)
{
    mr_strbuf_release(&made.steps);
    world_end(w);
}

static void expect_columns(const struct mr_plan_columns *columns, const char *places)
{
    char text[40] = "";
    for (size_t i = 0; i < columns->count; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%zu", columns->at[i]);
    assert_string_equal(text, places);
}

/* ---- what is opened ---- */

#define OPENED "catalogue view reader columns:a image:a hash:a columns:b image:b hash:b source "

static void test_open(void **state)
{
    struct world w;
    struct mr_verify v;
    (void)state;
    begin(&w);
    plan(&w, "a", PEOPLE);
    plan(&w, "b", "x:text* id:int*");
    if (open_all(&w, &v, &w.err) != MR_OK)
        fail_msg("%s", w.err.message);
    assert_string_equal(made.steps.ptr, OPENED);
    assert_ptr_equal(v.run, &w.run);
    assert_ptr_equal(v.cat, CATALOGUE);
    assert_ptr_equal(v.reader, READER);
    assert_ptr_equal(v.db, VIEWED);
    assert_string_equal(v.path, "plan/entities.csv.zst");
    assert_int_equal(v.ntables, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct mr_verify_table *t = &v.tables[i];
        assert_ptr_equal(t->planned, &w.planned[i]);
        assert_ptr_equal(t->result, &w.run.tables[i]);
        assert_ptr_equal(w.run.tables[i].planned, &w.planned[i]);
        assert_null(w.run.tables[i].unreadable);
        assert_ptr_equal(t->image, &w.of[i].pair);
        assert_string_equal(t->spec.index, "of TARGET");
        assert_ptr_equal(t->hash.spec, &t->spec);
        assert_ptr_equal(t->hash.table, t->image);
        assert_int_equal(t->digester.ncolumns, w.planned[i].ncolumns);
        assert_int_equal(t->twice.item_size, sizeof(struct mr_digest));
        assert_int_equal(t->expected.item_size, sizeof(struct mr_verify_expected));
        assert_int_equal(t->gone.item_size, w.tables[i].gone.item_size);
        assert_ptr_equal(mr_verify_find(&v, w.planned[i].table), t);
    }
    assert_null(mr_verify_find(&v, "d.c"));
    assert_null(mr_verify_find(&v, "D.a"));
    mr_verify_close(&v);
    assert_string_equal(made.steps.ptr, OPENED "-source -reader -view -catalogue ");
    end(&w);
}

/* One view of TARGET, which holds no table between two readings. */
static void test_view(void **state)
{
    struct world w;
    struct mr_verify v;
    (void)state;
    begin(&w);
    assert_int_equal(open_all(&w, &v, &w.err), MR_OK);
    assert_true(made.opts.consistent && made.opts.frees_tables);
    assert_false(made.opts.db.writable);
    assert_string_equal(made.opts.db.run_tag, "RUN");
    assert_int_equal(made.opts.db.statement_timeout_s, 7);
    assert_int_equal(v.ntables, 0);
    assert_non_null(w.run.tables);
    mr_verify_close(&v);
    end(&w);
}

/* A row is read as the plan says, and is known by what the plan says. */
static void test_image(void **state)
{
    struct world w;
    struct mr_verify v;
    (void)state;
    begin(&w);
    plan(&w, "a", PEOPLE);
    struct mr_planned_column columns[] = {{"id", "int", "old_id", false},
                                          {"name", "json normal", NULL, false},
                                          {"up", "int generated", NULL, false},
                                          {"note", "int", NULL, false}};
    w.planned[0].columns = columns;
    w.planned[0].table = "old.a";
    assert_int_equal(open_all(&w, &v, &w.err), MR_OK);
    const struct mr_plan_image_task *task = &made.tasks[0];
    assert_int_equal(made.ntasks, 1);
    assert_int_equal(task->side, MR_TARGET);
    assert_string_equal(task->name, "old.a");
    assert_string_equal(task->db, "d");
    assert_string_equal(task->table, "a");
    assert_int_equal(task->ncolumns, LEN(columns));
    for (size_t i = 0; i < LEN(columns); i++) {
        assert_string_equal(task->columns[i].name, columns[i].name);
        assert_string_equal(task->columns[i].reading, columns[i].reading);
        assert_int_equal(v.tables[0].digester.normal[i], i == 1);
        assert_int_equal(v.tables[0].digester.generated[i], i == 2);
    }
    expect_columns(&task->key, "0");
    expect_columns(&task->identity, "1");
    mr_verify_close(&v);
    end(&w);
}

/* Names of columns, with "+" between them; references with blanks. */
static const struct {
    const char *key, *identity, *references;
    enum mr_plan_identity by;
    const char *at[4]; /* key, identity, references, referred; or what is said */
    bool refused;
} places[] = {
    {"id", "name", "up", MR_PLAN_BY_COLUMNS, {"0", "1", "2", "3"}, false},
    {"note+id", "up+name", "", MR_PLAN_BY_COLUMNS, {"30", "21", "", ""}, false},
    {"", "", "", MR_PLAN_BY_ROW, {"", "", "", "3"}, false},
    /* only where a row is known by columns do they name one */
    {"id", "name", "", MR_PLAN_BY_ROW, {"0", "", "", "3"}, false},
    {"id", "none", "", MR_PLAN_BY_NONE, {"0", "", "", "3"}, false},
    /* of all references, one after the other */
    {"id", "name", "up note+up id", MR_PLAN_BY_COLUMNS, {"0", "1", "2320", "3"}, false},
    {"id", "name", "note+up+name+id note", MR_PLAN_BY_COLUMNS, {"0", "1", "32103", "3"}, false},
    /* column names have no case */
    {"ID", "NAME", "Up", MR_PLAN_BY_COLUMNS, {"0", "1", "2", "3"}, false},
    {"no", "name", "up", MR_PLAN_BY_COLUMNS, {"\"d.a\" has no column \"no\""}, true},
    {"id+x", "name", "up", MR_PLAN_BY_COLUMNS, {"\"d.a\" has no column \"x\""}, true},
    {"id", "nam", "up", MR_PLAN_BY_COLUMNS, {"\"d.a\" has no column \"nam\""}, true},
    {"id", "name", "up note+upper", MR_PLAN_BY_COLUMNS, {"\"d.a\" has no column \"upper\""}, true},
};

static struct mr_planned_names split(struct world *w, const char *text, const char *glue)
{
    const char **items = mr_arena_calloc(&w->arena, WORLD_COLUMNS, sizeof *items);
    struct mr_planned_names names = {items, 0};
    char *copy = mr_arena_strdup(&w->arena, text), *rest = NULL;
    for (char *word = strtok_r(copy, glue, &rest); word != NULL; word = strtok_r(NULL, glue, &rest))
        items[names.count++] = word;
    return names;
}

/* `b` refers to a's note, and is what a's references lead to. */
static void refer(struct world *w, const char *references)
{
    static const char *const note[] = {"note"};
    static const struct mr_planned_reference to_a = {
        .parent = "d.a", .columns = {note, 1}, .parent_columns = {note, 1}};
    const struct mr_planned_names each = split(w, references, " ");
    struct mr_planned_reference *list = mr_arena_calloc(&w->arena, each.count + 1, sizeof *list);
    for (size_t i = 0; i < each.count; i++)
        list[i] =
            (struct mr_planned_reference){.parent = "d.b", .columns = split(w, each.items[i], "+")};
    w->planned[0].references = list;
    w->planned[0].nreferences = each.count;
    w->planned[1].references = &to_a;
    w->planned[1].nreferences = 1;
}

static void test_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(places); i++) {
        struct world w;
        struct mr_verify v;
        begin(&w);
        plan(&w, "a", PEOPLE);
        plan(&w, "b", "id:int* note:text");
        w.planned[0].key = split(&w, places[i].key, "+");
        w.planned[0].identity_columns = split(&w, places[i].identity, "+");
        w.planned[0].identity = places[i].by;
        refer(&w, places[i].references);
        const enum mr_code code = open_all(&w, &v, &w.err);
        if (code != (places[i].refused ? MR_E_REFUSED : MR_OK))
            fail_msg("case %zu: %d: %s", i, (int)code, w.err.message);
        if (places[i].refused) {
            assert_non_null(strstr(w.err.message, places[i].at[0]));
        } else {
            expect_columns(&v.tables[0].key, places[i].at[0]);
            expect_columns(&v.tables[0].identity, places[i].at[1]);
            expect_columns(&v.tables[0].references, places[i].at[2]);
            expect_columns(&v.tables[0].referred, places[i].at[3]);
            expect_columns(&v.tables[1].references, "1");
            expect_columns(&v.tables[1].referred, "");
        }
        mr_verify_close(&v);
        end(&w);
    }
}

/* ---- what cannot be opened ---- */

/* Its columns are looked at before they are read: rows of others would seem to be edited. */
static void test_fingerprint(void **state)
{
    static const struct {
        const char *planned, *now;
        const char *said; /* NULL: it is read */
        bool asked;
    } cases[] = {
        {MARK, MARK, NULL, true},
        {MARK, "ab13", "its columns are not those that were planned with", true},
        {MARK, "", "its columns are not those that were planned with", true},
        /* an older plan does not know */
        {"", "ab13", NULL, false},
        {NULL, "ab13", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_verify v;
        begin(&w);
        plan(&w, "a", PEOPLE);
        w.planned[0].fingerprint = cases[i].planned;
        made.mark = cases[i].now;
        assert_int_equal(open_all(&w, &v, &w.err), MR_OK);
        assert_int_equal(strstr(made.steps.ptr, "columns:a") != NULL, cases[i].asked);
        assert_int_equal(v.tables[0].image != NULL, cases[i].said == NULL);
        assert_int_equal(made.ntasks, cases[i].said == NULL);
        if (cases[i].said != NULL)
            assert_string_equal(w.run.tables[0].unreadable, cases[i].said);
        mr_verify_close(&v);
        end(&w);
    }
}

/* A table that cannot be read is that table's; the others are proved. */
static bool is_excused(enum mr_code code)
{
    return code == MR_E_NO_SUCH || code == MR_E_CHANGED || code == MR_E_DENIED ||
           code == MR_E_SQL || code == MR_E_UNSUPPORTED || code == MR_E_TIMEOUT;
}

static void test_excuses(void **state)
{
    static const char *const steps[] = {"columns:a", "image:a", "hash:a"};
    (void)state;
    for (size_t i = 0; i < LEN(steps); i++) {
        for (int code = MR_OK + 1; code < MR_CODE_COUNT; code++) {
            struct world w;
            struct mr_verify v;
            char said[40];
            begin(&w);
            plan(&w, "a", PEOPLE);
            plan(&w, "b", PEOPLE);
            made.fails = steps[i];
            made.code = (enum mr_code)code;
            (void)snprintf(said, sizeof said, "%s fails", steps[i]);
            const bool excused = is_excused((enum mr_code)code);
            assert_int_equal(open_all(&w, &v, &w.err), excused ? MR_OK : code);
            assert_int_equal(strstr(made.steps.ptr, "hash:b source") != NULL, excused);
            if (excused) {
                assert_string_equal(w.run.tables[0].unreadable, said);
                assert_null(v.tables[0].image);
                assert_non_null(v.tables[1].image);
                assert_null(w.run.tables[1].unreadable);
            } else {
                assert_string_equal(w.err.message, said);
                assert_int_equal(w.err.code, code);
                assert_null(w.run.tables[0].unreadable);
            }
            mr_verify_close(&v);
            end(&w);
        }
    }
}

/* Nobody need ask what was wrong. */
static void test_excuse_alone(void **state)
{
    struct world w;
    struct mr_err why = {.code = MR_E_LOST, .message = "gone"};
    (void)state;
    begin(&w);
    w.run.tables = w.results;
    plan(&w, "a", PEOPLE);
    assert_int_equal(mr_verify_excuse(&w.v, &w.tables[0], MR_OK, &why, &w.err), MR_OK);
    assert_int_equal(mr_verify_excuse(&w.v, &w.tables[0], MR_E_LOST, &why, NULL), MR_E_LOST);
    assert_non_null(w.tables[0].image);
    assert_null(w.results[0].unreadable);
    end(&w);
}

/* What no planner writes is refused, whatever TARGET is. */
static void test_reading(void **state)
{
    struct world w;
    struct mr_verify v;
    (void)state;
    begin(&w);
    plan(&w, "a", PEOPLE);
    const struct mr_planned_column columns[] = {{"id", "number", NULL, false},
                                                {"name", "int", NULL, false},
                                                {"up", "int", NULL, false},
                                                {"note", "int", NULL, false}};
    w.planned[0].columns = columns;
    made.mark = "of another"; /* which would be said of the table alone */
    assert_int_equal(open_all(&w, &v, &w.err), MR_E_REFUSED);
    assert_non_null(strstr(w.err.message, "number"));
    mr_verify_close(&v);
    end(&w);
}

/* What ends it: nothing behind it is opened, and all that was is closed. */
static void test_failures(void **state)
{
    static const struct {
        const char *fails, *steps;
    } cases[] = {
        {"catalogue", "catalogue -source - - - "},
        {"view", "catalogue view -source - - -catalogue "},
        {"reader", "catalogue view reader -source - -view -catalogue "},
        {"image:b", "catalogue view reader columns:a image:a hash:a columns:b image:b "
                    "-source -reader -view -catalogue "},
        {"source", OPENED "-source -reader -view -catalogue "},
    };
    static const enum mr_code codes[] = {MR_E_LOST, MR_E_CANCELLED, MR_E_NOMEM};
    (void)state;
    for (size_t i = 0; i < LEN(cases) * LEN(codes); i++) {
        struct world w;
        struct mr_verify v;
        begin(&w);
        plan(&w, "a", PEOPLE);
        plan(&w, "b", PEOPLE);
        made.fails = cases[i / LEN(codes)].fails;
        made.code = codes[i % LEN(codes)];
        assert_int_equal(open_all(&w, &v, &w.err), made.code);
        mr_verify_close(&v);
        assert_string_equal(made.steps.ptr, cases[i / LEN(codes)].steps);
        end(&w);
    }
}

/* ---- whose view it is ---- */

/* Where it was checked, another instance may answer by now: by the same account, from the same
 * address.  MySQL's uuid tells it whatever else is set. */
static const struct {
    enum mr_flavour flavour;
    struct mr_server viewed;
    bool other;
} servers[] = {
    {MR_FLAVOUR_MARIADB, {.uuid = "7c", .server_id = 5, .port = 1, .datadir = "/a/"}, false},
    {MR_FLAVOUR_MARIADB, {.uuid = "8c", .server_id = 5, .port = 1, .datadir = "/a/"}, true},
    {MR_FLAVOUR_MARIADB, {.uuid = "7c", .server_id = 6, .port = 1, .datadir = "/a/"}, true},
    {MR_FLAVOUR_MARIADB, {.uuid = "7c", .server_id = 5, .port = 2, .datadir = "/a/"}, true},
    {MR_FLAVOUR_MARIADB, {.uuid = "7c", .server_id = 5, .port = 1, .datadir = "/b/"}, true},
    {MR_FLAVOUR_MYSQL,
     {.uuid = "7c", .server_id = 6, .port = 1, .datadir = "/a/"},
     true}, /* a copy */
    {MR_FLAVOUR_MYSQL, {.uuid = "7c", .server_id = 5, .port = 2, .datadir = "/b/"}, false},
    {MR_FLAVOUR_MYSQL, {.uuid = "8c", .server_id = 5, .port = 1, .datadir = "/a/"}, true},
};

static void test_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(servers); i++) {
        struct world w;
        struct mr_verify v;
        begin(&w);
        plan(&w, "a", PEOPLE);
        made.checked = servers[0].viewed;
        made.viewed = servers[i].viewed;
        made.checked.flavour = made.viewed.flavour = servers[i].flavour;
        const enum mr_code code = open_all(&w, &v, &w.err);
        if (code != (servers[i].other ? MR_E_CHANGED : MR_OK))
            fail_msg("case %zu: %d: %s", i, (int)code, w.err.message);
        if (servers[i].other)
            assert_string_equal(w.err.message,
                                "\"u@live:3306\" is another server than a moment ago");
        assert_int_equal(strstr(made.steps.ptr, "image") == NULL, servers[i].other);
        mr_verify_close(&v);
        end(&w);
    }
}

/* ---- closing ---- */

static void test_close(void **state)
{
    struct world w;
    struct mr_verify v;
    (void)state;
    begin(&w);
    plan(&w, "a", PEOPLE);
    plan(&w, "b", PEOPLE);
    assert_int_equal(open_all(&w, &v, &w.err), MR_OK);
    for (size_t i = 0; i < 2; i++) {
        struct mr_verify_table *t = &v.tables[i];
        struct mr_vec *const lists[] = {&t->twice, &t->expected, &t->gone, &t->orphans};
        for (size_t k = 0; k < LEN(lists); k++)
            assert_non_null(mr_vec_push(lists[k]));
        mr_strbuf_add_str(&t->digester.row, "row");
    }
    mr_verify_close(&v);
    for (size_t i = 0; i < 2; i++) {
        const struct mr_verify_table *t = &v.tables[i];
        assert_int_equal(t->twice.cap + t->expected.cap + t->gone.cap + t->orphans.cap, 0);
        assert_int_equal(t->digester.row.cap, 0);
        assert_null(t->hash.hasher);
    }
    end(&w);
}

static enum mr_code open_and_close(void *ctx, struct mr_err *err)
{
    struct world *w = ctx;
    struct mr_verify v;
    const enum mr_code code = open_all(w, &v, err);
    mr_verify_close(&v);
    return code;
}

static void test_no_memory(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    plan(&w, "a", PEOPLE);
    plan(&w, "b", PEOPLE);
    refer(&w, "up");
    mr_strbuf_add_str(&made.steps,
                      "grown once for all: what is asked for here is none of verify's");
    for (int i = 0; i < 4; i++)
        mr_strbuf_add_fmt(&made.steps, "%100s", "");
    assert_true(no_memory_each(open_and_close, &w) >= 12);
    made.fails = "image:a"; /* and of what is said of a table */
    made.code = MR_E_DENIED;
    assert_true(no_memory_each(open_and_close, &w) >= 12);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),         cmocka_unit_test(test_view),
        cmocka_unit_test(test_image),        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_fingerprint),  cmocka_unit_test(test_excuses),
        cmocka_unit_test(test_excuse_alone), cmocka_unit_test(test_reading),
        cmocka_unit_test(test_failures),     cmocka_unit_test(test_server),
        cmocka_unit_test(test_close),        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
