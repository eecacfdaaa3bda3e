/*
 * verify_source_world: a SOURCE that `repair verify --source` opens and reads again, over the
 * tables of verify_world.h, for unit tests of verify_source.c.
 *
 *   begin(&w, URI) → people(&w, …) → made.… → the function under test → made.steps, w.told →
 *   end(&w)
 *
 * Each step of opening and reading is a word of made.steps; made.fails names the one that fails
 * with made.code.  Findings are told as "PROOF SOURCE_KEY>TARGET_KEY: DETAIL".  Link with the wraps
 * of test_verify_source in module.mk.
 */
#ifndef MR_TESTS_VERIFY_SOURCE_WORLD_H
#define MR_TESTS_VERIFY_SOURCE_WORLD_H

#include "no_memory.h"
#include "verify_world.h"

enum { ID, NAME, UP, NOTE };
#define PEOPLE "id:int* name:text! up:int note:text"
#define LIVE "mysql://s@old/d"

/* ---- SOURCE ---- */

static char connection[2], handle[2]; /* nobody looks into them: who would is replaced */
#define TARGETS ((struct mr_db *)(void *)&connection[0])
#define SOURCES ((struct mr_db *)(void *)&connection[1])
#define VIEW ((struct mr_source *)(void *)&handle[0])
#define READER ((struct mr_reader *)(void *)&handle[1])

static struct {
    struct mr_strbuf steps;
    const char *fails; /* the step that does; NULL: none */
    enum mr_code code;
    char said[200]; /* the warning */
    struct mr_catalogue cat;
    bool is_snapshot; /* nobody's connection */
    struct mr_server target, source;
    struct mr_plan_image_task task;
    const char *const *rows; /* of SOURCE, up to NULL */
    size_t cut;              /* bytes of each image that are not there */
    size_t narrow;           /* so many of the first by key are not kept */
    size_t fits;             /* so many images are kept of several keys; 0: all */
    size_t bytes[16], nfetched;
} made;

static inline enum mr_code step(const char *name, const char *of, struct mr_err *err)
{
    char full[80];
    (void)snprintf(full, sizeof full, "%s%s%s", name, of != NULL ? ":" : "", of != NULL ? of : "");
    mr_strbuf_add_fmt(&made.steps, "%s ", full);
    return made.fails != NULL && strcmp(made.fails, full) == 0
               ? mr_err_set(err, made.code, "%s fails", full)
               : MR_OK;
}

void __wrap_mr_log_warning(const char *fmt, ...) MR_PRINTF(1, 2);
void __wrap_mr_log_warning(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(made.said, sizeof made.said, fmt, args);
    va_end(args);
}

enum mr_code __wrap_mr_endpoint_ask_password(struct mr_endpoint *ep, const char *label,
                                             struct mr_err *err);
enum mr_code __wrap_mr_endpoint_ask_password(struct mr_endpoint *ep, const char *label,
                                             struct mr_err *err)
{
    ep->password = strdup("typed");
    return step("ask", label, err);
}

enum mr_code __wrap_mr_source_new(const struct mr_endpoint *ep, const struct mr_source_opts *opts,
                                  struct mr_source **out, struct mr_err *err);
enum mr_code __wrap_mr_source_new(const struct mr_endpoint *ep, const struct mr_source_opts *opts,
                                  struct mr_source **out, struct mr_err *err)
{
    assert_ptr_equal(ep, &world_now->v.source_side.ep);
    assert_ptr_equal(opts, &world_now->v.source_side.opts); /* both outlive it */
    MR_TRY(step("source", ep->password, err));
    *out = VIEW;
    return MR_OK;
}

void __wrap_mr_source_free(struct mr_source *src);
void __wrap_mr_source_free(struct mr_source *src)
{
    (void)step(src == VIEW ? "-source" : "-", NULL, NULL);
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

enum mr_code __wrap_mr_source_catalogue(struct mr_source *src, const char *const *dbs, size_t ndbs,
                                        struct mr_catalogue **out, struct mr_err *err);
enum mr_code __wrap_mr_source_catalogue(struct mr_source *src, const char *const *dbs, size_t ndbs,
                                        struct mr_catalogue **out, struct mr_err *err)
{
    char names[40] = "";
    assert_ptr_equal(src, VIEW);
    for (size_t i = 0; i < ndbs; i++)
        (void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s,", dbs[i]);
    MR_TRY(step("catalogue", names, err));
    *out = &made.cat;
    return MR_OK;
}

void __wrap_mr_catalogue_free(struct mr_catalogue *cat);
void __wrap_mr_catalogue_free(struct mr_catalogue *cat)
{
    (void)step(cat == &made.cat ? "-catalogue" : "-", NULL, NULL);
}

struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader);
struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader)
{
    assert_ptr_equal(reader, READER);
    return made.is_snapshot ? NULL : SOURCES;
}

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    return db == TARGETS ? &made.target : &made.source;
}

/* The table as SOURCE reads it: with a pair of its own. */
static struct mr_pair source_pair;

enum mr_code __wrap_mr_plan_image_open(const struct mr_catalogue *catalogue,
                                       const struct mr_plan_image_task *task,
                                       struct mr_arena *arena, struct mr_pair **out,
                                       struct mr_err *err);
enum mr_code __wrap_mr_plan_image_open(const struct mr_catalogue *catalogue,
                                       const struct mr_plan_image_task *task,
                                       struct mr_arena *arena, struct mr_pair **out,
                                       struct mr_err *err)
{
    assert_ptr_equal(catalogue, &made.cat);
    assert_ptr_equal(arena, &world_now->arena);
    made.task = *task;
    MR_TRY(step("image", task->table, err));
    source_pair = world_now->of[0].pair;
    source_pair.full[MR_SOURCE] = world_now->tables[0].spec;
    source_pair.full[MR_SOURCE].index = "of SOURCE";
    *out = &source_pair;
    return MR_OK;
}

enum mr_code __real_mr_rowhash_init(struct mr_rowhash *rh, const struct mr_pair *table,
                                    const struct mr_readspec *spec, struct mr_err *err);
enum mr_code __wrap_mr_rowhash_init(struct mr_rowhash *rh, const struct mr_pair *table,
                                    const struct mr_readspec *spec, struct mr_err *err);
enum mr_code __wrap_mr_rowhash_init(struct mr_rowhash *rh, const struct mr_pair *table,
                                    const struct mr_readspec *spec, struct mr_err *err)
{
    MR_TRY(__real_mr_rowhash_init(rh, table, spec, err));
    return step("hash", spec->index, err);
}

/* ---- a run of verify ---- */

static inline enum mr_code found(void *ctx, const struct mr_proof_finding *f, struct mr_err *err)
{
    struct world *w = ctx;
    assert_ptr_equal(f->table, &w->planned[0]);
    mr_strbuf_add_fmt(&w->told, "%s ", mr_proof_name(f->proof));
    mr_proof_key_text(&w->told, f->image, f->source_key);
    mr_strbuf_add_str(&w->told, ">");
    if (f->key.ptr != NULL)
        mr_proof_key_text(&w->told, f->image, f->key);
    mr_strbuf_add_fmt(&w->told, "%s%s\n", f->detail != NULL ? ": " : "",
                      f->detail != NULL ? f->detail : "");
    return step("found", NULL, err);
}

static inline void people(struct world *w, const char *name, const char *columns)
{
    const size_t at = world_table(w, name, columns);
    struct mr_verify_table *t = &w->tables[at];
    struct mr_planned_column *list = mr_arena_calloc(&w->arena, WORLD_COLUMNS, sizeof *list);
    for (size_t i = 0; i < w->of[at].ncolumns; i++) {
        list[i] = (struct mr_planned_column){w->of[at].find[i].name, "int", NULL, false};
        w->of[at].find[i].flag_at = -1;
    }
    w->planned[at].columns = list;
    w->planned[at].ncolumns = w->of[at].ncolumns;
    w->planned[at].target_db = "d";
    w->planned[at].target_name = w->of[at].side.name;
    t->digester.ncolumns = w->of[at].ncolumns;
    t->digester.generated = mr_arena_calloc(&w->arena, WORLD_COLUMNS, sizeof(bool));
}

/* SOURCE has the table, behind others. */
static struct mr_table source_tables[] = {
    {.db = "d", .name = "other"}, {.db = "dd", .name = "t"}, {.db = "d", .name = "t"}};

static inline void begin(struct world *w, const char *source)
{
    world_begin(w);
    memset(&made, 0, sizeof made);
    mr_strbuf_init(&made.steps);
    mr_strbuf_add_str(&made.steps, "");
    made.cat = (struct mr_catalogue){.tables = source_tables, .ntables = LEN(source_tables)};
    made.source.server_id = 1; /* TARGET's is 0 */
    w->target.db = TARGETS;
    w->run.source = source;
    w->run.found = found;
    (void)unsetenv("MYRECON_SOURCE_PASSWORD");
    (void)unsetenv("MYRECON_PASSWORD");
}

static inline enum mr_code open_and_close(void *ctx, struct mr_err *err)
{
    struct world *w = ctx;
    mr_strbuf_reset(&made.steps);
    w->tables[0].image = &w->of[0].pair;
    const enum mr_code code = mr_verify_source_open(&w->v, err);
    mr_verify_source_close(&w->v);
    memset(&w->v.source_side, 0, sizeof w->v.source_side);
    return code;
}

static inline void end(struct world *w)
{
    mr_verify_source_close(&w->v);
    mr_strbuf_release(&made.steps);
    world_end(w);
}

#endif
