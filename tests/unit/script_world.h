/*
 * script_world: a plan's tables, steps and TARGET's rows, from which the modules of
 * repair/script write SQL; no server.
 *
 *   world_begin(&w) → world_table, world_reference, world_index… → world_open(&w)
 *   → world_live, world_step… → world_unit(&w, kind, first, last) → a function of the module
 *   on &w.s → world_sql_is(&w, "…") → world_end(&w)
 *
 * A table is written "id:int#+ mobile:text!? sum:int*": see plan_types and world_flag.  It is
 * called the same on both sides, in database "o`dd" unless its name has a dot.  A row is written
 * "7|o'dd|NULL": values in the order of the columns, escapes \0 \n \\ \p (a bar), then hidden ones
 * (the flag of an ENUM with a member '').
 *
 * What asks TARGET is replaced (module.mk, SCRIPT_WRAPS): rows are those of world_live, texts are
 * equal without regard to case; a count of information_schema is w.counts, what else is asked
 * w.answer.  The fail_at-th such call (from 1) is MR_E_LOST.
 *
 * In SQL as tests have it "#" stands for "`o``dd`.myrecon_", and "--ran" for MR_SCRIPT_RAN.
 */
#ifndef MR_TESTS_SCRIPT_WORLD_H
#define MR_TESTS_SCRIPT_WORLD_H

#include "script_world_tables.h"

/* ---- TARGET ---- */

static inline void world_live(struct world *w, const struct mr_plan_table *t, const char *row)
{
    w->live[w->nlive++] = (struct world_row){t, world_row(w, t, row)};
}

static inline enum mr_code world_asked(struct mr_err *err)
{
    return ++world_now->asks == world_now->fail_at
               ? mr_err_set(err, MR_E_LOST, "the world lost its target")
               : MR_OK;
}

/* Values of columns of an image, texts in lower case; false: one is NULL. */
static inline bool world_canon(struct mr_key image, struct mr_plan_columns columns,
                               struct mr_strbuf *out)
{
    for (size_t i = 0; i < columns.count; i++) {
        struct mr_value v;
        if (!mr_script_value(image, columns.at[i], &v))
            abort();
        if (v.cls == MR_CLASS_NULL)
            return false;
        size_t mark = out->len;
        if (mr_row_encode(out, &v, NULL) != MR_OK)
            abort();
        for (size_t k = mark + 5; v.cls == MR_CLASS_TEXT && k < out->len; k++)
            if (out->ptr[k] >= 'A' && out->ptr[k] <= 'Z')
                out->ptr[k] = (char)(out->ptr[k] - 'A' + 'a');
    }
    return true;
}

static inline bool world_canon_key(struct mr_key value, struct mr_strbuf *out)
{
    size_t at[WORLD_COLUMNS], n = 0;
    for (size_t pos = 0; pos < value.len; n++) {
        at[n] = n;
        if (mr_row_skip(value.ptr, value.len, &pos, NULL) != MR_OK)
            abort();
    }
    return world_canon(value, (struct mr_plan_columns){at, n}, out);
}

enum mr_code __wrap_mr_merge_lookup_canonise(struct mr_merge *m, const struct mr_plan_table *table,
                                             struct mr_plan_columns columns, struct mr_vec *asks,
                                             struct mr_arena *arena, struct mr_err *err);
enum mr_code __wrap_mr_merge_lookup_canonise(struct mr_merge *m, const struct mr_plan_table *table,
                                             struct mr_plan_columns columns, struct mr_vec *asks,
                                             struct mr_arena *arena, struct mr_err *err)
{
    (void)m, (void)table, (void)columns;
    for (size_t i = 0; i < asks->count; i++) {
        struct mr_merge_ask *ask = mr_vec_at(asks, i);
        struct mr_strbuf canon = MR_STRBUF_INIT;
        ask->canon = (struct mr_key){0};
        if (world_canon_key(ask->value, &canon))
            ask->canon = (struct mr_key){mr_arena_dup(arena, canon.ptr, canon.len), canon.len};
        mr_strbuf_release(&canon);
    }
    return world_asked(err);
}

enum mr_code __wrap_mr_merge_lookup_ask(struct mr_merge *m, const struct mr_merge_lookup *what,
                                        struct mr_vec *asks, mr_merge_answer_fn *fn, void *ctx,
                                        struct mr_err *err);
enum mr_code __wrap_mr_merge_lookup_ask(struct mr_merge *m, const struct mr_merge_lookup *what,
                                        struct mr_vec *asks, mr_merge_answer_fn *fn, void *ctx,
                                        struct mr_err *err)
{
    (void)m;
    MR_TRY(world_asked(err));
    for (size_t i = 0; i < asks->count; i++)
        for (size_t k = 0; k < world_now->nlive; k++) {
            const struct mr_merge_ask *ask = mr_vec_at(asks, i);
            const struct world_row *row = &world_now->live[k];
            struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
            bool equal = row->table == what->table && world_canon_key(ask->value, &a) &&
                         world_canon(row->image, what->columns, &b) && a.len == b.len &&
                         memcmp(a.ptr, b.ptr, a.len) == 0;
            mr_strbuf_release(&a);
            mr_strbuf_release(&b);
            const struct mr_merge_answer answer = {row->image.ptr, row->image.len};
            if (equal)
                MR_TRY(fn(ctx, ask, &answer, err));
        }
    return MR_OK;
}

enum mr_code __wrap_mr_merge_lookup_stream(struct mr_merge *m, const struct mr_merge_lookup *what,
                                           const struct mr_key *keys, size_t nkeys,
                                           mr_merge_answer_fn *fn, void *ctx, struct mr_err *err);
enum mr_code __wrap_mr_merge_lookup_stream(struct mr_merge *m, const struct mr_merge_lookup *what,
                                           const struct mr_key *keys, size_t nkeys,
                                           mr_merge_answer_fn *fn, void *ctx, struct mr_err *err)
{
    (void)m, (void)keys;
    if (nkeys != 0)
        abort();
    MR_TRY(world_asked(err));
    for (size_t k = 0; k < world_now->nlive; k++) {
        const struct world_row *row = &world_now->live[k];
        const struct mr_merge_answer answer = {row->image.ptr, row->image.len};
        if (row->table == what->table)
            MR_TRY(fn(ctx, NULL, &answer, err));
    }
    return MR_OK;
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err)
{
    (void)db;
    const bool counts = strncmp(sql, "SELECT (SELECT COUNT(*) FROM information_schema.", 48) == 0;
    mr_strbuf_reset(&world_now->asked);
    mr_strbuf_add_str(&world_now->asked, sql);
    mr_strbuf_reset(out);
    mr_strbuf_add_str(out, counts                      ? world_now->counts
                           : world_now->answer != NULL ? world_now->answer
                                                       : "no answer");
    return world_asked(err);
}

static inline enum mr_code world_reader_new(struct mr_source *src, struct mr_reader **out,
                                            struct mr_err *err)
{
    (void)src;
    *out = &world_now->reader;
    return world_asked(err);
}

static inline void world_reader_free(struct mr_reader *reader)
{
    (void)reader;
}

static inline struct mr_db *world_reader_db(struct mr_reader *reader)
{
    return (struct mr_db *)(void *)reader; /* nobody looks into it */
}

static const struct mr_source_ops world_ops = {
    .reader_new = world_reader_new, .reader_free = world_reader_free, .reader_db = world_reader_db};

/* ---- the plan ---- */

static inline enum mr_code world_write(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    if (++world_now->writes == world_now->fail_write)
        return mr_err_set(err, MR_E_IO, "the world is full");
    mr_strbuf_add(arg, ptr, len);
    return MR_OK;
}

static inline void world_begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    world_now = w;
    mr_arena_init(&w->arena);
    w->counts = "3";
    w->source.ops = &world_ops;
    w->reader.source = &w->source;
    w->cat.server.max_packet_bytes = 16 * 1024 * 1024;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        w->servers[side] = (struct mr_server_side){
            .source = &w->source, .view = &w->source, .cat = &w->cat, .main = &w->reader};
    w->cat.tables = w->catalogued;
    w->plan.pairing.side = w->servers;
    w->plan.tables = w->tables;
    w->plan.references = w->references;
    w->manifest = (struct mr_manifest){.uuid = "20261120T110000Z-abcdef",
                                       .policy = MR_POLICY_MERGE,
                                       .source = "mysql://dba@lost/o`dd",
                                       .target = "mysql://dba@live/o`dd",
                                       .server = {.flavour = MR_FLAVOUR_MARIADB,
                                                  .version = "10.11.19-MariaDB",
                                                  .hostname = "db's host",
                                                  .datadir = "/var/lib/mysql/",
                                                  .uuid = "",
                                                  .port = 3306,
                                                  .server_id = 4294967295},
                                       .planned = {.tables = w->planned}};
    if (mr_findings_open(NULL, MR_CASE_WRITE, &w->fd, NULL) != MR_OK ||
        mr_plan_store_open(w->fd, &w->store, NULL) != MR_OK ||
        mr_plan_store_begin(w->store, 1, NULL) != MR_OK)
        abort();
    for (size_t i = 0; i < LEN(w->out); i++)
        w->out[i] = (struct mr_strbuf)MR_STRBUF_INIT;
    w->shown = w->asked = (struct mr_strbuf)MR_STRBUF_INIT;
    w->task = (struct mr_script_task){.tables = &w->plan,
                                      .fd = w->fd,
                                      .store = w->store,
                                      .manifest = &w->manifest,
                                      .apply = {world_write, &w->out[0]},
                                      .undo = {world_write, &w->out[1]},
                                      .verify = {world_write, &w->out[2]}};
}

static inline int64_t world_entity(struct world *w, size_t table, enum mr_decision decision,
                                   const char *after)
{
    struct mr_entity e = {.table = table, .decision = decision};
    e.after = world_row(w, &w->tables[table], after);
    if (mr_plan_store_save(w->store, &e, NULL) != MR_OK)
        abort();
    return e.id;
}

/* A row that goes; without a key its number stands behind it, as copy_multiset.c writes it. */
static inline int64_t world_goes(struct world *w, size_t table, const char *row, int64_t number)
{
    const struct mr_key image = world_row(w, &w->tables[table], row);
    const struct mr_value n = {.cls = MR_CLASS_INT, .i = number};
    struct mr_strbuf key = MR_STRBUF_INIT;
    mr_strbuf_add(&key, image.ptr, image.len);
    if (mr_row_encode(&key, &n, NULL) != MR_OK)
        abort();
    struct mr_entity e = {.table = table,
                          .decision = MR_DECIDE_DELETE,
                          .target_key = {key.ptr, key.len},
                          .target = image};
    if (mr_plan_store_save(w->store, &e, NULL) != MR_OK)
        abort();
    mr_strbuf_release(&key);
    return e.id;
}

/* A step of a row of its own, or (entity) of one that has others. */
struct world_step {
    uint64_t unit;
    int64_t tree;
    uint64_t level;
    enum mr_step_op op;
    size_t table;
    const char *before, *after;
    int64_t entity;
};

static inline int64_t world_step(struct world *w, struct world_step step)
{
    struct mr_plan_table *t = &w->tables[step.table];
    struct mr_step s = {.entity = step.entity,
                        .unit = step.unit,
                        .level = step.level,
                        .tree = step.tree,
                        .op = step.op,
                        .table = step.table,
                        .before = world_row(w, t, step.before),
                        .after = world_row(w, t, step.after)};
    if (s.entity == 0 && step.op == MR_STEP_DELETE)
        s.entity = world_goes(w, step.table, step.before, 1);
    else if (s.entity == 0)
        s.entity = world_entity(w, step.table,
                                step.op == MR_STEP_INSERT ? MR_DECIDE_INSERT : MR_DECIDE_UPDATE,
                                step.after);
    if (mr_plan_store_add_step(w->store, &s, NULL) != MR_OK)
        abort();
    return s.entity;
}

/* Its step is a restored change, which adds to columns ("2 5"), or none. */
static inline void world_summed(struct world *w, int64_t entity, const char *sums)
{
    const struct mr_plan_logs logs = {
        .outcome = "restored-change", .sums = sums, .base = {"s", 1}, .merged = {"s", 1}};
    if (mr_plan_store_add_logs(w->store, entity, &logs, NULL) != MR_OK)
        abort();
}

static inline void world_restored(struct world *w, int64_t entity)
{
    world_summed(w, entity, NULL);
}

/* ---- a script ---- */

/* As mr_script_write() begins, but that its modules are opened by their tests. */
static inline void world_open(struct world *w)
{
    struct mr_script *s = &w->s;
    *s = (struct mr_script){.task = &w->task,
                            .plan = &w->plan,
                            .manifest = &w->manifest,
                            .db = w->tables[0].pair->side[MR_TARGET]->db,
                            .lookup = {.plan = &w->plan,
                                       .fd = w->fd,
                                       .cf = mr_findings_case(w->fd),
                                       .store = w->store,
                                       .arena = MR_ARENA_INIT},
                            .arena = MR_ARENA_INIT,
                            .unit_arena = MR_ARENA_INIT,
                            .sql = MR_STRBUF_INIT,
                            .staged = MR_STRBUF_INIT,
                            .images = MR_VEC_INIT(struct mr_key),
                            .rows = MR_VEC_INIT(struct mr_script_row),
                            .batches = MR_VEC_INIT(struct mr_script_batch),
                            .extents = MR_VEC_INIT(struct mr_script_extent),
                            .parents = MR_VEC_INIT(struct mr_script_parent),
                            .later = MR_VEC_INIT(struct mr_script_later),
                            .leaving = MR_VEC_INIT(struct mr_script_leaving),
                            .outers = MR_VEC_INIT(struct mr_script_outer),
                            .outer_leaving = MR_VEC_INIT(struct mr_script_outer_leaving),
                            .spans = MR_VEC_INIT(struct mr_script_span),
                            .kind = MR_SCRIPT_APPLY};
    s->tables = mr_arena_calloc(&s->arena, w->plan.ntables + 1, sizeof *s->tables);
    s->nameless = mr_arena_calloc(&s->arena, w->plan.nreferences + 1, sizeof *s->nameless);
    if (mr_script_literal_open(s, NULL) != MR_OK || mr_script_equals_open(s, NULL) != MR_OK ||
        mr_script_images_open(s, NULL) != MR_OK || mr_script_parents_open(s, NULL) != MR_OK ||
        mr_script_later_open(s, NULL) != MR_OK || mr_script_outside_open(s, NULL) != MR_OK ||
        mr_script_befores_open(s, NULL) != MR_OK ||
        mr_plan_store_units(w->store, &s->units, NULL) != MR_OK)
        abort();
}

/* Columns that a circle of references may leave empty. */
static inline void world_opens(struct world *w, size_t table, const char *columns)
{
    const struct mr_plan_columns of = world_columns(w, &w->tables[table], columns);
    size_t *at = mr_arena_calloc(&w->arena, WORLD_COLUMNS, sizeof *at);
    memcpy(at, of.at, of.count * sizeof *at);
    w->s.tables[table].opens = at;
    w->s.tables[table].nopens = of.count;
}

/* Loads units of the store, and finds what its rows lean on. */
static inline void world_unit(struct world *w, enum mr_script_kind kind, uint64_t first,
                              uint64_t last)
{
    struct mr_script *s = &w->s;
    s->kind = kind;
    s->unit = s->number = first;
    s->last_unit = last;
    s->count = s->units;
    if (mr_script_load(s, NULL) != MR_OK || mr_script_later_find(s, NULL) != MR_OK ||
        mr_script_leaves_find(s, NULL) != MR_OK || mr_script_outside_find(s, NULL) != MR_OK ||
        mr_script_befores_find(s, NULL) != MR_OK ||
        (kind != MR_SCRIPT_VERIFY && mr_script_parents_find(s, NULL) != MR_OK))
        abort();
}

static inline void world_end(struct world *w)
{
    struct mr_script *s = &w->s;
    mr_case_free(s->equals);
    if (s->rows.item_size != 0) {
        mr_script_images_close(s);
        mr_vec_release(&s->rows);
        mr_vec_release(&s->batches);
        mr_vec_release(&s->extents);
        mr_vec_release(&s->parents);
        mr_vec_release(&s->later);
        mr_vec_release(&s->leaving);
        mr_vec_release(&s->outers);
        mr_vec_release(&s->outer_leaving);
        mr_vec_release(&s->spans);
    }
    mr_strbuf_release(&s->sql);
    mr_strbuf_release(&s->staged);
    mr_arena_release(&s->lookup.arena);
    mr_arena_release(&s->unit_arena);
    mr_arena_release(&s->arena);
    mr_plan_store_close(w->store);
    if (mr_findings_close(w->fd, NULL) != MR_OK)
        abort();
    for (size_t i = 0; i < LEN(w->out); i++)
        mr_strbuf_release(&w->out[i]);
    mr_strbuf_release(&w->shown);
    mr_strbuf_release(&w->asked);
    mr_arena_release(&w->arena);
}

/* ---- what it says ---- */

/* The text with "#" and "--ran". */
static inline const char *world_shown(struct world *w, const struct mr_strbuf *sql)
{
    static const struct {
        const char *text, *shown;
    } words[] = {{"`o``dd`.myrecon_", "#"}, {MR_SCRIPT_RAN ";\n", "--ran\n"}};
    mr_strbuf_reset(&w->shown);
    mr_strbuf_add_str(&w->shown, "");
    for (const char *p = sql->len > 0 ? sql->ptr : ""; *p != '\0';) {
        size_t i = 0;
        while (i < LEN(words) && strncmp(p, words[i].text, strlen(words[i].text)) != 0)
            i++;
        if (i < LEN(words))
            mr_strbuf_add_str(&w->shown, words[i].shown);
        else
            mr_strbuf_add_char(&w->shown, *p);
        p += i < LEN(words) ? strlen(words[i].text) : 1;
    }
    return w->shown.ptr;
}

/* What was written since the last question; line: behind the first line that begins so. */
static inline const char *world_said(struct world *w, const char *line)
{
    const char *at = world_shown(w, &w->s.sql);
    if (w->s.sql.failed)
        return "it failed";
    while (line != NULL && strncmp(at, line, strlen(line)) != 0) {
        at = strchr(at, '\n');
        if (at++ == NULL)
            return "no such line";
    }
    return line != NULL ? strchr(at, '\n') + 1 : at;
}

/* Is it that?  Then it is forgotten. */
#define world_sql_behind(w, line, wanted)                                                          \
    do {                                                                                           \
        assert_string_equal(world_said((w), (line)), (wanted));                                    \
        mr_strbuf_reset(&(w)->s.sql);                                                              \
    } while (0)
#define world_sql_is(w, wanted) world_sql_behind((w), NULL, (wanted))

#endif
