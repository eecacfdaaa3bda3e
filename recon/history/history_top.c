/* history_top.c: see history_top.h. */
#include "recon/history/history_top.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/pattern.h"
#include "core/logs/statement_reach.h"

#define BUCKETS 256
#define NO_TABLE SIZE_MAX

/* A table that the transaction under way has changed. */
struct met {
    const char *db, *name;
    uint64_t rows[MR_TOP_KINDS], all;
    size_t next; /* in its bucket */
};

struct mr_top_work {
    struct mr_binlog_rows rows;
    struct mr_arena arena; /* of the transaction under way */
    struct mr_vec met;     /* struct met */
    size_t buckets[BUCKETS];
    uint64_t more_rows; /* of tables beyond those */
    uint64_t all, number;
    uint64_t by_kind[MR_TOP_KINDS];
    bool is_torn, is_uncounted;
    int64_t committed_us;
    struct mr_strbuf gtid, log, user;
    uint64_t position;
    /* its statements, where the log has them: the one under way, and the one of most rows */
    struct mr_strbuf now, best;
    uint64_t now_rows, now_bytes, best_rows, best_bytes, statements;
    bool is_within; /* a statement, whose first rows were met */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a binary log");
}

/* ---- what is kept ---- */

static void free_tx(struct mr_top_tx *tx)
{
    if (tx == NULL)
        return;
    for (size_t i = 0; i < tx->tables.count; i++) {
        struct mr_top_table *t = mr_vec_at(&tx->tables, i);
        free(t->db);
        free(t->name);
    }
    mr_vec_release(&tx->tables);
    free(tx->gtid);
    free(tx->log);
    free(tx->user);
    free(tx->statement);
    free(tx);
}

static struct mr_top_tx *tx_at(const struct mr_vec *list, size_t at)
{
    return *(struct mr_top_tx **)mr_vec_at(list, at);
}

enum mr_code mr_history_top_init(struct mr_history_top *top, struct mr_err *err)
{
    *top = (struct mr_history_top){.top = MR_VEC_INIT(struct mr_top_tx *),
                                   .statements = MR_VEC_INIT(struct mr_top_tx *),
                                   .work = calloc(1, sizeof(struct mr_top_work))};
    struct mr_top_work *w = top->work;
    if (w == NULL)
        return nomem(err);
    mr_arena_init(&w->arena);
    w->met = (struct mr_vec)MR_VEC_INIT(struct met);
    mr_strbuf_init(&w->gtid);
    mr_strbuf_init(&w->log);
    mr_strbuf_init(&w->user);
    mr_strbuf_init(&w->now);
    mr_strbuf_init(&w->best);
    return MR_OK;
}

void mr_history_top_release(struct mr_history_top *top)
{
    struct mr_top_work *w = top->work;
    for (size_t i = 0; i < top->top.count; i++)
        free_tx(tx_at(&top->top, i));
    for (size_t i = 0; i < top->statements.count; i++)
        free_tx(tx_at(&top->statements, i));
    mr_vec_release(&top->top);
    mr_vec_release(&top->statements);
    if (w == NULL)
        return;
    mr_binlog_rows_release(&w->rows);
    mr_arena_release(&w->arena);
    mr_vec_release(&w->met);
    mr_strbuf_release(&w->gtid);
    mr_strbuf_release(&w->log);
    mr_strbuf_release(&w->user);
    mr_strbuf_release(&w->now);
    mr_strbuf_release(&w->best);
    free(w);
    top->work = NULL;
}

/* ---- the heap: its first is the least ---- */

/* Fewer rows, or as many and earlier. */
static bool is_less(const struct mr_top_tx *a, const struct mr_top_tx *b)
{
    return a->rows != b->rows ? a->rows < b->rows : a->number < b->number;
}

static void swap(struct mr_top_tx **items, size_t a, size_t b)
{
    struct mr_top_tx *tx = items[a];
    items[a] = items[b];
    items[b] = tx;
}

static void sift_up(struct mr_top_tx **items, size_t at)
{
    for (; at > 0 && is_less(items[at], items[(at - 1) / 2]); at = (at - 1) / 2)
        swap(items, at, (at - 1) / 2);
}

static void sift_down(struct mr_top_tx **items, size_t count)
{
    for (size_t at = 0, least; 2 * at + 1 < count; at = least) {
        least = 2 * at + 1;
        if (least + 1 < count && is_less(items[least + 1], items[least]))
            least++;
        if (!is_less(items[least], items[at]))
            return;
        swap(items, at, least);
    }
}

static int by_size(const void *a, const void *b)
{
    const struct mr_top_tx *x = *(struct mr_top_tx *const *)a, *y = *(struct mr_top_tx *const *)b;
    return is_less(x, y) ? 1 : is_less(y, x) ? -1 : 0;
}

void mr_history_top_order(struct mr_history_top *top)
{
    if (top->top.count > 1)
        qsort(top->top.items, top->top.count, sizeof(struct mr_top_tx *), by_size);
}

/* ---- a transaction ---- */

static void begin_tx(struct mr_top_work *w, const struct mr_binlog_step *step)
{
    mr_arena_reset(&w->arena);
    mr_vec_clear(&w->met);
    for (size_t i = 0; i < BUCKETS; i++)
        w->buckets[i] = NO_TABLE;
    w->more_rows = w->all = w->best_rows = w->now_rows = w->statements = 0;
    memset(w->by_kind, 0, sizeof w->by_kind);
    w->is_torn = w->is_uncounted = w->is_within = false;
    w->number++;
    w->committed_us = mr_binlog_committed_us(step);
    w->position = step->begun.position;
    mr_strbuf_reset(&w->user);
    mr_strbuf_reset(&w->log);
    mr_strbuf_add_str(&w->log, step->begun.log);
    mr_strbuf_reset(&w->gtid);
    if (step->gtid->family != MR_GTID_NONE)
        mr_gtid_add_text(&w->gtid, step->gtid);
}

static bool is_meant(const struct mr_history_top *top, const char *db, const char *name)
{
    return mr_pattern_selects(top->tables, top->ntables, top->excluded, top->nexcluded, db, name);
}

static size_t hash_of(const char *db, const char *name)
{
    size_t hash = 5381;
    for (const char *at = db; *at != '\0'; at++)
        hash = hash * 33 + (unsigned char)*at;
    for (const char *at = name; *at != '\0'; at++)
        hash = hash * 33 + (unsigned char)*at;
    return hash % BUCKETS;
}

/* *out NULL: it is one beyond those that are counted by name. */
static enum mr_code meet(struct mr_top_work *w, const struct mr_binlog_table *table,
                         struct met **out, struct mr_err *err)
{
    size_t *bucket = &w->buckets[hash_of(table->db, table->name)];
    *out = NULL;
    for (size_t at = *bucket; at != NO_TABLE;) {
        struct met *m = mr_vec_at(&w->met, at);
        if (strcmp(m->db, table->db) == 0 && strcmp(m->name, table->name) == 0) {
            *out = m;
            return MR_OK;
        }
        at = m->next;
    }
    if (w->met.count >= MR_TOP_TABLES_MET)
        return MR_OK;
    struct met *m = mr_vec_push(&w->met);
    if (m == NULL)
        return nomem(err);
    *m = (struct met){.db = mr_arena_strdup(&w->arena, table->db),
                      .name = mr_arena_strdup(&w->arena, table->name),
                      .next = *bucket};
    *bucket = w->met.count - 1;
    *out = m;
    return m->db != NULL && m->name != NULL ? MR_OK : nomem(err);
}

/* ---- statements that made rows ---- */

/* The one that has made most rows is told; which these are is known when it has ended. */
static enum mr_code count_statement(struct mr_top_work *w, const struct mr_binlog_step *step,
                                    uint64_t rows, bool ends, struct mr_err *err)
{
    if (!w->is_within) {
        w->is_within = true;
        w->now_rows = 0;
        w->now_bytes = step->made_by_bytes;
        mr_strbuf_reset(&w->now);
        mr_strbuf_add(&w->now, step->made_by.ptr, step->made_by.len);
        w->statements += step->made_by.ptr != NULL;
    }
    w->now_rows += rows;
    if (!ends)
        return mr_strbuf_check(&w->now, "reading a binary log", err);
    w->is_within = false;
    if (w->now_rows > w->best_rows) {
        const struct mr_strbuf best = w->best;
        w->best = w->now;
        w->now = best;
        w->best_rows = w->now_rows;
        w->best_bytes = w->now_bytes;
    }
    return mr_strbuf_check(&w->best, "reading a binary log", err);
}

/* ---- rows ---- */

/* How many the event holds; they are not decoded. */
static enum mr_code count_rows(struct mr_history_top *top, const struct mr_binlog_step *step,
                               uint64_t *count, struct mr_err *err)
{
    struct mr_top_work *w = top->work;
    struct mr_err why = {0};
    struct mr_binlog_row row = {.kind = 0};
    *count = 0;
    enum mr_code code = mr_binlog_rows_open(&w->rows, step->event, &step->map->table, &why);
    const bool counts = code == MR_OK && top->kinds[w->rows.kind] &&
                        is_meant(top, step->map->table.db, step->map->table.name);
    while (code == MR_OK && counts) {
        code = mr_binlog_rows_next(&w->rows, &row, &why);
        if (code != MR_OK || row.kind == 0)
            break;
        ++*count;
    }
    if (code == MR_E_UNSUPPORTED) {
        w->is_uncounted = true;
        return MR_OK;
    }
    if (code != MR_OK)
        *err = why;
    return code;
}

static enum mr_code take_rows(struct mr_history_top *top, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    struct mr_top_work *w = top->work;
    struct met *table = NULL;
    uint64_t count = 0;
    if (step->map == NULL) /* it only says that a statement ends */
        return count_statement(w, step, 0, true, err);
    w->rows.statement_end = false;
    MR_TRY(count_rows(top, step, &count, err));
    if (count > 0)
        MR_TRY(meet(w, &step->map->table, &table, err));
    w->all += count;
    if (table != NULL) {
        table->rows[w->rows.kind] += count;
        table->all += count;
    } else {
        w->more_rows += count;
    }
    w->by_kind[w->rows.kind] += count;
    return count_statement(w, step, count, w->rows.statement_end, err);
}

/* ---- into the lists ---- */

static char *dup_of(const struct mr_strbuf *text)
{
    return text->failed ? NULL : strndup(text->ptr, text->len);
}

static struct mr_top_tx *make_tx(const struct mr_top_work *w, uint32_t thread)
{
    struct mr_top_tx *tx = calloc(1, sizeof *tx);
    if (tx == NULL)
        return NULL;
    *tx = (struct mr_top_tx){.committed_us = w->committed_us,
                             .gtid = dup_of(&w->gtid),
                             .log = dup_of(&w->log),
                             .position = w->position,
                             .thread = thread,
                             .user = dup_of(&w->user),
                             .rows = w->all,
                             .tables = MR_VEC_INIT(struct mr_top_table),
                             .number = w->number,
                             .is_torn = w->is_torn,
                             .is_uncounted = w->is_uncounted};
    if (tx->gtid != NULL && tx->log != NULL && tx->user != NULL)
        return tx;
    free_tx(tx);
    return NULL;
}

static int by_rows(const void *a, const void *b)
{
    const struct met *x = a, *y = b;
    if (x->all != y->all)
        return x->all > y->all ? -1 : 1;
    const int order = strcmp(x->db, y->db);
    return order != 0 ? order : strcmp(x->name, y->name);
}

static enum mr_code fill_tables(struct mr_top_work *w, struct mr_top_tx *tx, struct mr_err *err)
{
    struct met *met = w->met.items;
    if (w->met.count > 1)
        qsort(met, w->met.count, sizeof *met, by_rows);
    tx->more_rows = w->more_rows;
    for (size_t i = 0; i < w->met.count; i++) {
        if (i >= MR_TOP_TABLES) {
            tx->more_tables++;
            tx->more_rows += met[i].all;
            continue;
        }
        struct mr_top_table *t = mr_vec_push(&tx->tables);
        if (t == NULL)
            return nomem(err);
        t->db = strdup(met[i].db);
        t->name = strdup(met[i].name);
        memcpy(t->rows, met[i].rows, sizeof t->rows);
        if (t->db == NULL || t->name == NULL)
            return nomem(err);
    }
    return MR_OK;
}

/* What is hidden in it is hidden before it is cut. */
static enum mr_code fill_statement(const struct mr_history_top *top, struct mr_top_tx *tx,
                                   const char *text, size_t len, struct mr_err *err)
{
    struct mr_strbuf shown = MR_STRBUF_INIT;
    top->say(top->ctx, text, len, &shown);
    size_t keep = shown.len < MR_TOP_STATEMENT_BYTES ? shown.len : MR_TOP_STATEMENT_BYTES;
    while (keep < shown.len && keep > 0 && ((unsigned char)shown.ptr[keep] & 0xc0) == 0x80)
        keep--;
    tx->statement = shown.failed ? NULL : strndup(shown.ptr, keep);
    const bool is_cut = keep < shown.len || len < tx->statement_bytes;
    mr_strbuf_release(&shown);
    if (tx->statement == NULL)
        return nomem(err);
    tx->statement_bytes = is_cut ? tx->statement_bytes : 0;
    return MR_OK;
}

static enum mr_code fill(const struct mr_history_top *top, struct mr_top_tx *tx, struct mr_err *err)
{
    struct mr_top_work *w = top->work;
    MR_TRY(fill_tables(w, tx, err));
    tx->statements = w->statements;
    if (w->best.len == 0 || w->best_rows == 0)
        return MR_OK;
    tx->statement_bytes = w->best_bytes;
    return fill_statement(top, tx, w->best.ptr, w->best.len, err);
}

/* The least of those that are kept gives way to one that counts more. */
static enum mr_code keep_tx(struct mr_history_top *top, const struct mr_binlog_step *step,
                            struct mr_err *err)
{
    struct mr_top_work *w = top->work;
    struct mr_vec *heap = &top->top;
    if (heap->count >= top->keep && w->all < tx_at(heap, 0)->rows)
        return MR_OK;
    struct mr_top_tx *tx = make_tx(w, step->thread);
    enum mr_code code = tx != NULL ? fill(top, tx, err) : nomem(err);
    if (code == MR_OK && heap->count < top->keep) {
        struct mr_top_tx **slot = mr_vec_push(heap);
        if (slot != NULL) {
            *slot = tx;
            tx->is_prepared = step->kind == MR_STEP_PREPARED;
            sift_up(heap->items, heap->count - 1);
            return MR_OK;
        }
        code = nomem(err);
    }
    if (code != MR_OK) {
        free_tx(tx);
        return code;
    }
    tx->is_prepared = step->kind == MR_STEP_PREPARED;
    struct mr_top_tx **items = heap->items;
    free_tx(items[0]);
    items[0] = tx;
    sift_down(items, heap->count);
    return MR_OK;
}

static enum mr_code end_tx(struct mr_history_top *top, const struct mr_binlog_step *step,
                           struct mr_err *err)
{
    struct mr_top_work *w = top->work;
    if (w->is_within)
        MR_TRY(count_statement(w, step, 0, true, err));
    w->is_torn = w->is_torn || step->kind == MR_STEP_ROLLBACK;
    top->nuncounted += w->is_uncounted;
    if (w->all == 0 && !w->is_uncounted)
        return MR_OK;
    top->transactions++;
    for (size_t i = 0; i < MR_TOP_KINDS; i++)
        top->rows[i] += w->by_kind[i];
    return keep_tx(top, step, err);
}

/* ---- statements without rows ---- */

/* Of databases, and of all, it is not known which tables: they may be those that are meant. */
static bool may_touch(const struct mr_history_top *top, const struct mr_statement_reach *reach)
{
    if (reach->reach != MR_REACH_TABLES)
        return reach->reach != MR_REACH_NOTHING;
    for (size_t i = 0; i < reach->tables.count; i++) {
        const struct mr_named_table *t = mr_vec_at(&reach->tables, i);
        if (is_meant(top, t->db, t->name))
            return true;
    }
    return false;
}

static void add_user(struct mr_strbuf *out, const struct mr_binlog_query *query)
{
    if (query->user.ptr == NULL || query->user.len == 0)
        return;
    mr_strbuf_reset(out);
    mr_strbuf_add(out, query->user.ptr, query->user.len);
    mr_strbuf_add_char(out, '@');
    mr_strbuf_add(out, query->host.ptr, query->host.len);
}

/* The last ones stay. */
static enum mr_code push_statement(struct mr_history_top *top, struct mr_top_tx *tx,
                                   struct mr_err *err)
{
    struct mr_vec *list = &top->statements;
    if (list->count < top->keep) {
        struct mr_top_tx **slot = mr_vec_push(list);
        if (slot == NULL)
            return nomem(err);
        *slot = tx;
        return MR_OK;
    }
    struct mr_top_tx **items = list->items;
    free_tx(items[0]);
    memmove(items, items + 1, (list->count - 1) * sizeof *items);
    items[list->count - 1] = tx;
    return MR_OK;
}

static enum mr_code keep_statement(struct mr_history_top *top, const struct mr_binlog_step *step,
                                   bool is_definition, struct mr_err *err)
{
    const struct mr_binlog_words *text = &step->query.text;
    struct mr_top_tx *tx = make_tx(top->work, step->query.thread);
    enum mr_code code = tx != NULL ? MR_OK : nomem(err);
    if (code == MR_OK && text->ptr != NULL) {
        const size_t len = text->len < MR_STEP_TEXT_MAX ? text->len : MR_STEP_TEXT_MAX;
        tx->statement_bytes = text->len;
        code = fill_statement(top, tx, text->ptr, len, err);
    }
    if (code == MR_OK) {
        tx->rows = 0;
        tx->is_statement = true;
        tx->is_definition = is_definition;
        code = push_statement(top, tx, err);
    }
    if (code != MR_OK)
        free_tx(tx);
    return code;
}

static enum mr_code take_statement(struct mr_history_top *top, const struct mr_binlog_step *step,
                                   struct mr_err *err)
{
    struct mr_top_work *w = top->work;
    struct mr_statement_reach reach;
    if (step->takes_back) {
        w->is_torn = true;
        return MR_OK;
    }
    add_user(&w->user, &step->query);
    enum mr_code code = mr_statement_reach(&step->query, &w->arena, &reach, err);
    if (code == MR_OK && may_touch(top, &reach)) {
        top->nstatements++;
        top->nchanging += !reach.is_definition;
        code = keep_statement(top, step, reach.is_definition, err);
    }
    mr_statement_reach_release(&reach);
    return code;
}

enum mr_code mr_history_top_take(struct mr_history_top *top, const struct mr_binlog_step *step,
                                 struct mr_err *err)
{
    switch (step->kind) {
    case MR_STEP_BEGIN: begin_tx(top->work, step); return MR_OK;
    case MR_STEP_ROWS: return take_rows(top, step, err);
    case MR_STEP_STATEMENT: return take_statement(top, step, err);
    case MR_STEP_COMMIT:
    case MR_STEP_ROLLBACK:
    case MR_STEP_PREPARED: return end_tx(top, step, err);
    case MR_STEP_XA_COMMIT:
    case MR_STEP_XA_ROLLBACK: /* of another transaction, whose rows stand with that */
    case MR_STEP_UNFINISHED:  /* it has not happened */
    case MR_STEP_END:
    case MR_STEP_LOG:
    case MR_STEP_BEFORE:
    case MR_STEP_LOST: break;
    }
    return MR_OK;
}
