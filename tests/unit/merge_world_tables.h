/* merge_world_tables: the planner's tables of merge_world.h, which includes it. */
#ifndef MR_TESTS_MERGE_WORLD_TABLES_H
#define MR_TESTS_MERGE_WORLD_TABLES_H

#include "merge_world.h"

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
    world_require(MR_CASE_ONCE(
        w->m.cf,
        "INSERT INTO w (id, tbl, skey, n, above, equal, image, live_key, live)"
        " VALUES (:id, :tbl, :key, :n, :above, :equal, :image, :live_key, :live)",
        NULL, MR_ARG_INT("id", id), MR_ARG_INT("tbl", table),
        MR_ARG_BYTES("key", world_key(w, table, row)), MR_ARG_INT("n", n),
        MR_ARG_INT("above",
                   mr_plan_has_counter(&w->planned[table]) && n > w->merged[table].bound.base),
        MR_ARG_INT("equal", live != NULL && strcmp(row, live) == 0), MR_ARG_BYTES("image", image),
        MR_ARG_BYTES("live_key", world_key(w, table, live)),
        MR_ARG_BYTES("live", world_image(w, table, live))));
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
