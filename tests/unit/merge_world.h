/*
 * merge_world: two histories in memory and a case, for unit tests of the merge planner.
 *
 *   world_begin(&w) → world_table, world_reference… → world_open(&w) →
 *   world_row, world_link, world_sql, world_source, world_target … → world_expect → world_end(&w)
 *
 * A table is written "id:int# phone:text! name:text?": a type (plan_types of plan_values.h)
 * and marks, `*` a column of the key, `#` one that a counter makes, `!` of the identity, `?` may
 * be NULL, `=` generated, `~` ignored, `@` tells creation, `^` the last update, `%` a hidden
 * value behind the columns, `-` whose images keep the sign of -0.  Without `!` a table with a
 * counter is known by none, another by its key.  A row is written "7|ann|NULL": NULL is NULL,
 * nothing is an empty value, and `\0` a byte of zero.
 *
 * What servers do with rows, and how they fail: merge_sides.h.
 */
#ifndef MR_TESTS_MERGE_WORLD_H
#define MR_TESTS_MERGE_WORLD_H

#include "merge_sides.h"

/* ---- making it ---- */

static inline void world_begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    mr_arena_init(&w->arena);
    w->m.arena = (struct mr_arena)MR_ARENA_INIT;
    w->text = (struct mr_strbuf)MR_STRBUF_INIT;
    w->plan = (struct mr_plan_tables){.tables = w->planned, .references = w->references};
    w->plan.pairing.side = w->servers;
    w->plan.pairing.arena = &w->arena;
    w->plan.pairing.tables = w->pairs;
    w->m.plan = &w->plan;
    w->m.tables = w->merged;
    w->m.options = &w->options;
    w->m.result = &w->result;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        w->readers[side] = w->mains[side] = (struct world_reader){
            {.source = &w->sources[side].source}, w, (enum mr_side)side, NULL};
        w->sources[side] = (struct world_source){{&world_ops}, w, (enum mr_side)side};
        w->m.reader[side] = &w->readers[side].reader;
        w->servers[side].main = &w->mains[side].reader;
        w->servers[side].cat = &w->cat[side];
        w->servers[side].ep = &w->ep[side];
        w->servers[side].source = w->servers[side].view = &w->sources[side].source;
    }
    world_fail_case = 0;
    world_failed = false;
}

/* What the marks behind a column's type say. */
static inline void world_mark(struct world *w, struct mr_plan_table *p, struct world_table *t,
                              size_t at, char mark)
{
    (void)w;
    if (mark == '*' || mark == '#')
        t->key[p->key.count++] = at;
    if (mark == '#') {
        p->counter = at;
        p->counts_unsigned = t->cols[at].cls == MR_CLASS_UINT;
        t->columns[MR_TARGET][at].auto_increment = t->columns[MR_SOURCE][at].auto_increment = true;
    }
    if (mark == '!')
        t->named[p->named_by.count++] = at;
    t->nullable[at] = t->nullable[at] || mark == '?';
    t->generated[at] = t->generated[at] || mark == '=';
    t->ignored[at] = t->ignored[at] || mark == '~';
    t->signs[at] = t->signs[at] || mark == '-';
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        t->columns[side][at].nullable = t->nullable[at];
        t->columns[side][at].generated = t->generated[at];
    }
    if (mark == '@')
        p->time_at = p->created_at = at;
    if (mark == '^')
        p->update_at = at;
}

/* A word "phone:text!"; false: a hidden value. */
static inline bool world_column(struct world *w, struct mr_plan_table *p, struct world_table *t,
                                char *word)
{
    const size_t at = t->pair.full[MR_SOURCE].ncols++;
    char *type = strchr(word, ':');
    size_t len = 0;
    *type++ = '\0';
    const struct mr_column *column = plan_type(type, &len);
    t->cols[at] = (struct mr_readcol){
        .name = word, .expr = MR_EXPR_COLUMN, .cls = column->cls, .charset = column->charset};
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        t->columns[side][at] = *column;
        t->columns[side][at].name = word;
        t->at[side][at] = &t->columns[side][at];
    }
    t->find[at] = (struct mr_find_column){.name = word,
                                          .type = column->type,
                                          .style = {column->cls, 0},
                                          .show_at = at,
                                          .charset = column->charset,
                                          .key_at = -1,
                                          .identity_at = -1,
                                          .flag_at = -1};
    t->found_at[at] = at;
    for (const char *mark = type + len; *mark != '\0'; mark++)
        world_mark(w, p, t, at, *mark);
    return strchr(type + len, '%') == NULL;
}

/* What a full read of either side has, and who plans it. */
static inline void world_finish(struct world *w, struct mr_plan_table *p, struct world_table *t,
                                size_t ncolumns)
{
    struct mr_pair *pair = &t->pair;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        t->side[side].columns = t->columns[side];
        t->side[side].ncolumns = ncolumns;
        pair->side[side] = &t->side[side];
        pair->column[side] = t->at[side];
        pair->full[side] = (struct mr_readspec){.db = t->side[side].db,
                                                .table = t->side[side].name,
                                                .cols = t->cols,
                                                .ncols = pair->full[MR_SOURCE].ncols,
                                                .key = t->key,
                                                .nkey = p->key.count};
    }
    pair->find.columns = t->find;
    pair->find.ncolumns = pair->ncompared = ncolumns;
    pair->at = p->at;
    pair->key_columns = t->key;
    pair->nkey_columns = p->key.count;
    pair->normalise = t->normalise;
    pair->ignored = t->ignored;
    pair->config = &t->config;
    pair->arena = &w->arena;
    p->pair = pair;
    p->found = &t->found;
    p->found_at = t->found_at;
    p->gone = &t->gone;
    p->nullable = t->nullable;
    p->generated = t->generated;
    p->signs = t->signs;
    p->uniques = t->uniques;
    p->sets = t->sets;
    p->key.at = t->key;
}

/* How the rows are known again: by '!', by the key, or by nothing. */
static inline void world_identify(struct mr_plan_table *p, struct world_table *t)
{
    p->identity = MR_PLAN_BY_COLUMNS;
    p->named_by.at = t->named;
    if (p->named_by.count > 0)
        return;
    if (p->key.count > 0 && p->counter == MR_NO_COLUMN) {
        p->named_by = p->key;
        return;
    }
    p->identity = p->key.count == 0 ? MR_PLAN_BY_ROW : MR_PLAN_BY_NONE;
    for (size_t i = 0; p->key.count == 0 && i < t->pair.find.ncolumns; i++)
        t->named[p->named_by.count++] = i;
}

/* Its place. */
static inline size_t world_table(struct world *w, const char *name, const char *columns)
{
    const size_t at = w->plan.ntables++;
    struct mr_plan_table *p = &w->planned[at];
    struct world_table *t = &w->tables[at];
    char *words = mr_arena_strdup(&w->arena, columns), *shown = mr_arena_alloc(&w->arena, 80);
    size_t ncolumns = 0;
    (void)snprintf(shown, 80, "d.%s", name);
    *p = (struct mr_plan_table){.at = at,
                                .component = at,
                                .counter = MR_NO_COLUMN,
                                .time_at = MR_NO_COLUMN,
                                .update_at = MR_NO_COLUMN,
                                .created_at = MR_NO_COLUMN};
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        t->side[side] = (struct mr_table){
            .db = side == MR_SOURCE ? "d" : "live", .name = name, .kind = MR_TABLE_BASE};
    t->pair.find.name = t->pair.find.target_name = shown;
    while (*words != '\0') {
        const size_t len = strcspn(words, " ");
        char *next = words + len + (words[len] == ' ');
        words[len] = '\0';
        ncolumns += world_column(w, p, t, words);
        words = next;
    }
    world_finish(w, p, t, ncolumns);
    world_identify(p, t);
    w->pairs[at] = &t->pair;
    w->merged[at] = (struct mr_merge_table){.plan = p, .bound = {.base_origin = "equal rows"}};
    return at;
}

static inline size_t world_find(const struct world *w, size_t table, const char *name, size_t len)
{
    const struct world_table *t = &w->tables[table];
    size_t at = 0;
    while (strlen(t->find[at].name) != len || memcmp(t->find[at].name, name, len) != 0)
        at++;
    return at;
}

static inline struct mr_plan_columns world_places(struct world *w, size_t *at, size_t table,
                                                  const char *names)
{
    struct mr_plan_columns columns = {at, 0};
    while (*names != '\0') {
        const size_t len = strcspn(names, "+");
        at[columns.count++] = world_find(w, table, names, len);
        names += len + (names[len] == '+');
    }
    return columns;
}

static inline size_t world_set(struct mr_plan_table *p, struct world_table *t,
                               struct mr_plan_columns to)
{
    size_t at = 0;
    while (at < p->nsets && (t->sets[at].count != to.count ||
                             memcmp(t->sets[at].at, to.at, to.count * sizeof *to.at) != 0))
        at++;
    t->sets[at] = to;
    p->nsets = at == p->nsets ? at + 1 : p->nsets;
    return at;
}

/* A foreign key of columns "a+b" to as many of the parent. */
static inline struct mr_plan_reference *
world_reference(struct world *w, size_t child, const char *from, size_t parent, const char *to)
{
    const size_t at = w->plan.nreferences++;
    struct mr_plan_reference *r = &w->references[at];
    struct mr_pair_reference *edge = &w->edges[at];
    *edge = (struct mr_pair_reference){.child = w->pairs[child], .parent = w->pairs[parent]};
    edge->edge = (struct mr_lineage_reference){
        .parent_name = w->pairs[parent]->find.name, .declared = true, .condition_at = -1};
    *r = (struct mr_plan_reference){.pair = edge,
                                    .from = world_places(w, w->columns[2 * at], child, from),
                                    .to = world_places(w, w->columns[2 * at + 1], parent, to),
                                    .child = child,
                                    .parent = parent};
    r->to_set = world_set(&w->planned[parent], &w->tables[parent], r->to);
    for (size_t i = 0; i < r->from.count; i++) {
        r->of_key = r->of_key || mr_plan_columns_has(&w->planned[child].key, r->from.at[i]);
        r->hard =
            r->hard || r->of_key || mr_plan_columns_has(&w->planned[child].named_by, r->from.at[i]);
        r->nullable = r->nullable || w->tables[child].nullable[r->from.at[i]];
    }
    return r;
}

static inline struct mr_plan_unique *world_unique(struct world *w, size_t table, const char *name,
                                                  const char *columns)
{
    struct mr_plan_unique *u = &w->tables[table].uniques[w->planned[table].nuniques++];
    size_t *at = mr_arena_calloc(&w->arena, WORLD_COLUMNS, sizeof *at);
    *u = (struct mr_plan_unique){.name = name, .columns = world_places(w, at, table, columns)};
    return u;
}

/* A row that a side has. */
static inline void world_has(struct world *w, enum mr_side side, size_t table, const char *row)
{
    struct world_table *t = &w->tables[table];
    t->rows[side][t->nrows[side]++] = row;
}

static inline void world_source(struct world *w, size_t table, const char *row)
{
    world_has(w, MR_SOURCE, table, row);
}

static inline void world_target(struct world *w, size_t table, const char *row)
{
    world_has(w, MR_TARGET, table, row);
}

static inline void world_both(struct world *w, size_t table, const char *row)
{
    world_source(w, table, row);
    world_target(w, table, row);
}

/* The case, with a run; then world_run_table, world_finding, world_open_plan. */
static inline void world_open_case(struct world *w)
{
    w->run = (struct mr_find_run){.uuid = "20260102T030405Z-8f3a",
                                  .source = "mysql://a@old/",
                                  .target = "mysql://a@new/",
                                  .options = "",
                                  .started = "2026-01-02T03:04:05Z"};
    world_require(mr_findings_open(NULL, MR_CASE_WRITE, &w->fd, NULL));
    world_require(mr_findings_run_begin(w->fd, &w->run, NULL));
    w->m.fd = w->fd;
    w->m.cf = mr_findings_case(w->fd);
}

/* The run has compared that table. */
static inline void world_run_table(struct world *w, size_t table)
{
    struct world_table *t = &w->tables[table];
    bool known = false;
    t->found = t->pair.find;
    t->found.keyless = w->planned[table].key.count == 0;
    world_require(mr_findings_table_add(w->fd, &t->found, &known, NULL));
    const struct mr_find_chunk chunk = {.table = t->found.id, .no = 1, .last = true};
    world_require(mr_findings_chunk_done(w->fd, &chunk, NULL, 0, NULL));
}

/* And found a row to differ; NULL: a side lacks it. */
static inline void world_finding(struct world *w, size_t table, const char *source,
                                 const char *target, uint64_t count, enum mr_find_state state)
{
    static uint64_t pos;
    const struct mr_key s = world_image(w, table, source), t = world_image(w, table, target);
    const struct mr_finding f = {.chunk = 1,
                                 .pos = ++pos,
                                 .key = world_key(w, table, source != NULL ? source : target),
                                 .state = state,
                                 .kind = source == NULL   ? MR_KIND_EXTRA
                                         : target == NULL ? MR_KIND_MISSING
                                                          : MR_KIND_CHANGED,
                                 .count = count,
                                 .source = s.ptr,
                                 .source_len = s.len,
                                 .target = t.ptr,
                                 .target_len = t.len};
    world_require(mr_findings_save(w->fd, w->tables[table].found.id, &f, 1, true, NULL));
}

/* Begins the plan. */
static inline void world_open_plan(struct world *w)
{
    world_require(mr_plan_store_open(w->fd, &w->m.store, NULL));
    world_require(mr_plan_store_begin(w->m.store, 1, NULL));
    mr_image_init(&w->m.image[0]);
    mr_image_init(&w->m.image[1]);
    mr_plan_fit_open(&w->m.fit, &w->plan, w->m.reader[MR_TARGET]);
    w->m.fit.is_placeholder = mr_merge_provisional_within;
    world_require(mr_merge_work_open(&w->m, NULL));
    w->plan.pairing.ntables = w->plan.ntables;
}

/* Both: tables are known, rows may still come. */
static inline void world_open(struct world *w)
{
    world_open_case(w);
    world_open_plan(w);
}

static inline void world_end(struct world *w)
{
    mr_plan_fit_close(&w->m.fit);
    mr_image_release(&w->m.image[0]);
    mr_image_release(&w->m.image[1]);
    mr_plan_store_close(w->m.store);
    world_require(mr_findings_close(w->fd, NULL));
    mr_arena_release(&w->m.arena);
    mr_arena_release(&w->arena);
    mr_strbuf_release(&w->text);
}

/* ---- the planner's tables ---- */

static inline void world_sql(struct world *w, const char *sql)
{
    if (mr_case_exec(w->m.cf, sql, &w->err) != MR_OK)
        fail_msg("%s: %s", sql, w->err.message);
}

/* A row of SOURCE that is looked at, and TARGET's under its key; live NULL: none. */
static inline void world_look(struct world *w, int64_t id, size_t table, const char *row,
                              const char *live)
{
    const struct mr_key image = world_image(w, table, row);
    int64_t n = 0;
    world_require(mr_merge_row_count(&w->planned[table], image, &n, NULL));
    world_require(MR_CASE_ONCE(w->m.cf,
                               "INSERT INTO w (id, tbl, skey, n, above, equal, live_key)"
                               " VALUES (:id, :tbl, :key, :n, :above, :equal, :live_key)",
                               NULL, MR_ARG_INT("id", id), MR_ARG_INT("tbl", table),
                               MR_ARG_BYTES("key", world_key(w, table, row)), MR_ARG_INT("n", n),
                               MR_ARG_INT("above", mr_plan_has_counter(&w->planned[table]) &&
                                                       n > w->merged[table].bound.base),
                               MR_ARG_INT("equal", live != NULL && strcmp(row, live) == 0),
                               MR_ARG_BYTES("live_key", world_key(w, table, live))));
    world_require(MR_CASE_ONCE(w->m.cf, "INSERT INTO source (id, image) VALUES (:id, :image)", NULL,
                               MR_ARG_INT("id", id), MR_ARG_BYTES("image", image)));
    if (live != NULL)
        world_require(MR_CASE_ONCE(w->m.cf, "INSERT INTO target (id, image) VALUES (:id, :image)",
                                   NULL, MR_ARG_INT("id", id),
                                   MR_ARG_BYTES("image", world_image(w, table, live))));
}

/* The same with what was decided of it so far: `set` for m ("grp='lost'"), and the row of
 * TARGET that it is; there NULL: it has none. */
static inline void world_row(struct world *w, int64_t id, size_t table, const char *row,
                             const char *there, const char *set)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    const struct mr_key image = world_image(w, table, row);
    world_look(w, id, table, row, there);
    world_require(MR_CASE_ONCE(w->m.cf,
                               "INSERT INTO m (id, tbl, mkey, there) VALUES (:id, :tbl, :key,"
                               " :there)",
                               NULL, MR_ARG_INT("id", id), MR_ARG_INT("tbl", table),
                               MR_ARG_BYTES("key", world_key(w, table, row)),
                               MR_ARG_BYTES("there", world_key(w, table, there))));
    world_require(MR_CASE_ONCE(w->m.cf,
                               "INSERT INTO img (id, after, there) VALUES (:id, :after, :there)",
                               NULL, MR_ARG_INT("id", id), MR_ARG_BYTES("after", image),
                               MR_ARG_BYTES("there", world_image(w, table, there))));
    if (set != NULL) {
        mr_strbuf_add_fmt(&sql, "UPDATE m SET %s WHERE id=%" PRId64, set, id);
        world_sql(w, sql.ptr);
    }
    mr_strbuf_release(&sql);
}

static inline void world_link(struct world *w, int64_t child, size_t reference, int64_t parent)
{
    world_require(MR_CASE_ONCE(w->m.cf,
                               "INSERT INTO link (child, ref, parent, above) VALUES (:child, :ref,"
                               " :parent, 0)",
                               NULL, MR_ARG_INT("child", child), MR_ARG_INT("ref", reference),
                               MR_ARG_INT("parent", parent)));
}

/* Bytes as their values, "7,ann"; an id that no counter gave as "new3". */
static inline bool world_show(struct mr_strbuf *out, const char *ptr, size_t len)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    size_t pos = 0;
    bool is = ptr != NULL && len > 0;
    while (is && pos < len) {
        struct mr_value v = {0};
        const size_t from = pos;
        is = mr_row_decode(ptr, len, &pos, &v, NULL) == MR_OK;
        if (!is)
            break;
        const int64_t row = mr_merge_provisional_row((struct mr_key){ptr + from, pos - from});
        if (from > 0)
            mr_strbuf_add_str(&text, ",");
        if (row != 0)
            mr_strbuf_add_fmt(&text, "new%" PRId64, row);
        else if (v.cls == MR_CLASS_NULL)
            mr_strbuf_add_str(&text, "NULL");
        else
            mr_value_to_text(&text, &v, (struct mr_value_style){.cls = v.cls});
    }
    if (is)
        mr_strbuf_add(out, text.ptr, text.len);
    mr_strbuf_release(&text);
    return is;
}

/* The rows of a query: columns with blanks between them, rows with "; ", NULL as "-". */
static inline const char *world_ask(struct world *w, const char *sql)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_strbuf_reset(&w->text);
    mr_strbuf_add_str(&w->text, "");
    if (mr_case_prepare(w->m.cf, sql, &stmt, &w->err) != MR_OK)
        fail_msg("%s: %s", sql, w->err.message);
    while (mr_case_step(stmt, &row, &w->err) == MR_OK && row) {
        for (size_t i = 0; i < mr_case_columns(stmt); i++) {
            size_t len = 0;
            const char *bytes = mr_case_blob(stmt, (int)i, &len);
            mr_strbuf_add_str(&w->text, i > 0 ? " " : w->text.len > 0 ? "; " : "");
            if (bytes == NULL)
                mr_strbuf_add_str(&w->text, "-");
            else if (!world_show(&w->text, bytes, len))
                mr_strbuf_add(&w->text, bytes, len);
        }
    }
    mr_case_free(stmt);
    return w->text.ptr;
}

#define world_expect(w, sql, expected)                                                             \
    do {                                                                                           \
        const char *world_got = world_ask(w, sql);                                                 \
        if (strcmp(world_got, expected) != 0)                                                      \
            fail_msg("line %d: %s\n  expected %s\n  got      %s", __LINE__, sql, expected,         \
                     world_got);                                                                   \
    } while (0)

#define world_run(w, call)                                                                         \
    do {                                                                                           \
        const enum mr_code world_code = (call);                                                    \
        if (world_code != MR_OK)                                                                   \
            fail_msg("line %d: %d: %s", __LINE__, (int)world_code, (w)->err.message);              \
    } while (0)

/* Refused, with these words in message or hint. */
#define world_refuse(w, call, code, words)                                                         \
    do {                                                                                           \
        const enum mr_code world_code = (call);                                                    \
        if (world_code != (code) ||                                                                \
            (strstr((w)->err.message, words) == NULL && strstr((w)->err.hint, words) == NULL))     \
            fail_msg("line %d: %d: %s (%s)", __LINE__, (int)world_code, (w)->err.message,          \
                     (w)->err.hint);                                                               \
    } while (0)

/* Whichever statement of the case fails first, and whichever read of a server, the work says
 * so: nothing is decided upon what was not read. */
static inline void world_each_failure(void (*build)(struct world *),
                                      enum mr_code (*work)(struct world *, struct mr_err *))
{
    for (int of_server = 0; of_server < 2; of_server++) {
        enum mr_code code = MR_E_CASE;
        for (size_t n = 1; code != MR_OK; n++) {
            struct world *w = calloc(1, sizeof *w);
            struct mr_err err = {0};
            build(w);
            w->fail_read = of_server != 0 ? n : 0;
            world_fail_case = of_server != 0 ? 0 : n;
            code = work(w, &err);
            if (code == MR_OK && world_failed)
                fail_msg("failure %zu of %s is not told", n,
                         of_server != 0 ? "a server" : "the case");
            if (code != MR_OK && (!world_failed || err.message[0] == '\0'))
                fail_msg("failure %zu: %d: %s", n, (int)code, err.message);
            world_fail_case = 0;
            world_end(w);
            free(w);
        }
    }
}

static inline struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);
    world_begin(w);
    return w;
}

static inline void world_free(struct world *w)
{
    world_end(w);
    free(w);
}

#endif
