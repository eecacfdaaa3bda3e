/*
 * copy_world: two histories in memory (merge_world.h), and of them the tables of the policies
 * that copy (copy_internal.h), for unit tests of their phases.
 *
 *   copy_new → world_table, world_reference, world_both … on &cw->w → copy_open →
 *   copy_slot, copy_sql … → a phase on &cw->c → copy_expect → copy_free
 *
 * copy_each_failure lets the n-th statement of the case fail, the n-th read of a server, and
 * has a person press Ctrl-C when the work looks for that the n-th time.  Link with COPY_WRAP of
 * module.mk.
 */
#ifndef MR_TESTS_COPY_WORLD_H
#define MR_TESTS_COPY_WORLD_H

#include "merge_world.h"

#include "core/base/signals.h"
#include "repair/copy/copy_internal.h"

struct copy_world {
    struct world w;
    struct mr_copy c;
    struct mr_copy_task task;
    struct mr_copy_result result;
    bool planned[WORLD_TABLES], subject[WORLD_TABLES];
    bool is_open;
};

static size_t copy_cancel; /* who looks the n-th time is told to stop; 0: nobody is */
bool __wrap_mr_is_cancelled(void);

bool __wrap_mr_is_cancelled(void)
{
    if (copy_cancel == 0 || --copy_cancel > 0)
        return false;
    copy_cancel = 1;
    world_failed = true;
    return true;
}

/* All tables are to be written, in a mirror. */
static inline struct copy_world *copy_new(void)
{
    struct copy_world *cw = calloc(1, sizeof *cw);
    world_begin(&cw->w);
    copy_cancel = 0;
    cw->task.tables = &cw->w.plan;
    cw->task.policy = MR_COPY_MIRROR;
    for (size_t i = 0; i < WORLD_TABLES; i++)
        cw->planned[i] = true;
    return cw;
}

/* The case is open already (world_open_case). */
static inline void copy_open_plan(struct copy_world *cw)
{
    struct world *w = &cw->w;
    world_open_plan(w);
    cw->task.fd = w->fd;
    cw->task.store = w->m.store;
    cw->c = (struct mr_copy){.m = {.plan = &w->plan,
                                   .fd = w->fd,
                                   .cf = w->m.cf,
                                   .store = w->m.store,
                                   .reader = {w->m.reader[0], w->m.reader[1]},
                                   .arena = MR_ARENA_INIT},
                             .task = &cw->task,
                             .result = &cw->result,
                             .ntables = w->plan.ntables,
                             .planned = cw->planned,
                             .subject = cw->subject};
    mr_image_init(&cw->c.m.image[0]);
    mr_image_init(&cw->c.m.image[1]);
    mr_plan_fit_open(&cw->c.m.fit, &w->plan, w->m.reader[MR_TARGET]);
    world_require(mr_copy_work_open(&cw->c, &w->err));
    cw->is_open = true;
}

/* Tables are known, rows may still come. */
static inline void copy_open(struct copy_world *cw)
{
    world_open_case(&cw->w);
    copy_open_plan(cw);
}

static inline void copy_free(struct copy_world *cw)
{
    if (cw->is_open) {
        mr_plan_fit_close(&cw->c.m.fit);
        mr_copy_pools_release(&cw->c);
        mr_image_release(&cw->c.m.image[0]);
        mr_image_release(&cw->c.m.image[1]);
        mr_arena_release(&cw->c.m.arena);
    }
    world_free(&cw->w);
}

static inline void copy_sql(struct copy_world *cw, const char *sql)
{
    world_sql(&cw->w, sql);
}

/* A key as TARGET compares it; of a table without one the slot's number. */
static inline struct mr_key copy_canon(struct copy_world *cw, size_t table, int64_t id,
                                       struct mr_key key)
{
    const struct mr_plan_table *t = &cw->w.planned[table];
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    char *number = mr_arena_alloc(&cw->w.arena, 24);
    (void)snprintf(number, 24, "%" PRId64, id);
    if (t->key.count == 0)
        return (struct mr_key){number, strlen(number)};
    *(struct mr_merge_ask *)mr_vec_push(&asks) = (struct mr_merge_ask){.value = key};
    world_require(mr_merge_lookup_canonise(&cw->c.m, t, t->key, &asks, &cw->w.arena, &cw->w.err));
    const struct mr_key canon = ((struct mr_merge_ask *)mr_vec_at(&asks, 0))->canon;
    mr_vec_release(&asks);
    return canon;
}

/* A slot with the rows of both sides, NULL: a side has none; op as enum mr_step_op, 0: nothing. */
static inline void copy_slot(struct copy_world *cw, int64_t id, size_t table, const char *source,
                             const char *target, int op)
{
    struct world *w = &cw->w;
    const struct mr_key skey = world_key(w, table, source), tkey = world_key(w, table, target);
    world_require(MR_CASE_ONCE(
        w->m.cf,
        "INSERT INTO c (id, tbl, canon, skey, source, tkey, target, op) VALUES (:id, :tbl, :canon,"
        " :skey, :source, :tkey, :target, :op)",
        NULL, MR_ARG_INT("id", id), MR_ARG_INT("tbl", table),
        MR_ARG_BYTES("canon", copy_canon(cw, table, id, skey.ptr != NULL ? skey : tkey)),
        MR_ARG_BYTES("skey", skey), MR_ARG_BYTES("source", world_image(w, table, source)),
        MR_ARG_BYTES("tkey", tkey), MR_ARG_BYTES("target", world_image(w, table, target)),
        MR_ARG_INT("op", op)));
}

/* The same, and both sides have these rows. */
static inline void copy_rows(struct copy_world *cw, int64_t id, size_t table, const char *source,
                             const char *target, int op)
{
    if (source != NULL)
        world_source(&cw->w, table, source);
    if (target != NULL)
        world_target(&cw->w, table, target);
    copy_slot(cw, id, table, source, target, op);
}

/* As world_ask; a byte of zero is "\\0". */
static inline const char *copy_ask(struct copy_world *cw, const char *sql)
{
    const char *got = world_ask(&cw->w, sql);
    const size_t len = cw->w.text.len;
    char *text = mr_arena_alloc(&cw->w.arena, 2 * len + 1);
    size_t to = 0;
    for (size_t from = 0; from < len; from++) {
        if (got[from] == '\0')
            text[to++] = '\\';
        text[to++] = got[from] == '\0' ? '0' : got[from];
    }
    text[to] = '\0';
    return text;
}

#define copy_run(cw, call) world_run(&(cw)->w, call)
#define copy_expect(cw, sql, expected) world_expect(&(cw)->w, sql, expected)
#define copy_refuse(cw, call, code, words) world_refuse(&(cw)->w, call, code, words)

/* One failure; false: the work was done before it came to that. */
static inline bool copy_one_failure(struct copy_world *(*build)(void),
                                    enum mr_code (*work)(struct mr_copy *, struct mr_err *),
                                    int kind, size_t n)
{
    struct copy_world *cw = build();
    struct mr_err err = {0};
    world_fail_case = kind == 0 ? n : 0;
    cw->w.fail_read = kind == 1 ? n : 0;
    copy_cancel = kind == 2 ? n : 0;
    const enum mr_code code = work(&cw->c, &err);
    if (code == MR_OK && world_failed)
        fail_msg("failure %zu of kind %d is not told", n, kind);
    if (code != MR_OK && (!world_failed || err.message[0] == '\0'))
        fail_msg("failure %zu of kind %d: %d: %s", n, kind, (int)code, err.message);
    if (code != MR_OK && kind == 2)
        assert_int_equal(code, MR_E_CANCELLED);
    world_fail_case = copy_cancel = 0;
    copy_free(cw);
    return code != MR_OK;
}

/* Whatever fails first, the work says so: nothing is decided upon what was not read.  build
 * opens, too. */
static inline void copy_each_failure(struct copy_world *(*build)(void),
                                     enum mr_code (*work)(struct mr_copy *, struct mr_err *))
{
    for (int kind = 0; kind < 3; kind++)
        for (size_t n = 1; copy_one_failure(build, work, kind, n); n++)
            ;
}

#endif
