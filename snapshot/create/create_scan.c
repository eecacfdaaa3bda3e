/*
 * create_scan.c: all rows of all tables, into chunks; see create.h.
 *
 * A table is cut into segments (core/source/source.h), a segment is read by statements of limited
 * length, between which load is looked at, and what it holds is written into one file after
 * the other, each of about the wanted size.  The ranges of a table's chunks tile its key
 * space: a chunk begins above the last key of the one before.
 *
 * What an earlier run has finished is kept where nothing at all was written since its view,
 * or where the same rows are read again in this view; else it is read anew.  Positions of
 * the log do not count: there are writes that it does not have.
 */
#include <string.h>

#include "core/base/pool.h"
#include "snapshot/create/create_case.h"
#include "snapshot/create/create_delta.h"
#include "snapshot/create/create_scan.h"
#include "snapshot/create/create_unlock.h"
#include "snapshot/read/snap_keys.h"

#define STATEMENT_BYTES ((uint64_t)8 << 20)
#define STORED_BYTES ((uint64_t)1 << 20) /* of a statement whose result is stored */
#define ROWS_MIN 16
#define ROWS_MAX 50000
#define SEGMENTS_A_THREAD 4
#define STATEMENT_WAIT_S 10.0 /* of a table that is read by one */

struct task {
    struct mr_create_table *table;
    size_t segment, part;
    struct mr_range range;
    const struct mr_journal_chunk *kept; /* read before; to be looked at again */
};

struct scan {
    struct mr_create *create;
    struct mr_pool *pool;
};

/* ---- one range ---- */

static uint64_t rows_a_statement(const struct mr_create_scan *s)
{
    const struct mr_create_table *t = s->table;
    uint64_t bytes = t->spec.store ? STORED_BYTES : STATEMENT_BYTES;
    uint64_t width =
        s->seen_rows > 0 ? s->seen_bytes / s->seen_rows + 1 : t->table->avg_row_bytes + 1;
    uint64_t rows = bytes / width;
    if (t->spec.nkey == 0)
        return 0;
    return rows < ROWS_MIN ? ROWS_MIN : rows > ROWS_MAX ? ROWS_MAX : rows;
}

/* Every statement of a range; the callback keeps the last key. */
static enum mr_code scan_range(struct mr_create_scan *s, struct mr_range range, mr_raw_row_fn *fn,
                               struct mr_err *err)
{
    for (;;) {
        uint64_t limit = rows_a_statement(s), before = s->seen_rows;
        enum mr_code code = mr_create_wait(s, err);
        s->wait_left_s = STATEMENT_WAIT_S;
        if (code == MR_OK)
            code = mr_create_hold(s, s->table, err);
        if (code == MR_OK)
            code = mr_reader_scan_raw(s->reader, &s->table->spec, range, limit, fn, s, err);
        if (code != MR_OK || limit == 0 || s->seen_rows - before < limit)
            return code;
        mr_strbuf_reset(&s->from);
        mr_strbuf_add(&s->from, s->key.ptr, s->key.len);
        code = mr_strbuf_check(&s->from, "reading rows", err);
        if (code != MR_OK)
            return code;
        range.lo = (struct mr_key){s->from.ptr, s->from.len};
    }
}

/* Adds the row to the sum, and keeps its key. */
static enum mr_code digest_row(struct mr_create_scan *s, const struct mr_value *values,
                               struct mr_snap_sum *sum, struct mr_err *err)
{
    const struct mr_readspec *spec = &s->table->spec;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < spec->ncols; i++)
        code = mr_hasher_add(s->hasher, &values[i], err);
    mr_snap_sum_add(sum, mr_hasher_finish(s->hasher));
    mr_strbuf_reset(&s->key);
    for (size_t k = 0; code == MR_OK && k < spec->nkey; k++)
        code = mr_row_encode(&s->key, &values[spec->key[k]], err);
    s->seen_rows++;
    return code == MR_OK ? mr_strbuf_check(&s->key, "reading rows", err) : code;
}

/* Every byte of a value may become two. */
static uint64_t text_bytes_at_most(const struct mr_create_scan *s, const struct mr_value *values)
{
    const uint64_t number_bytes = 32;
    uint64_t sum = 0;
    for (size_t i = 0; i < s->table->spec.ncols; i++)
        sum += 2 * (uint64_t)values[i].len + number_bytes;
    return sum;
}

/* The row would make a message longer than whoever opens it should have to hold. */
static bool is_full(const struct mr_create_scan *s, const struct mr_value *values)
{
    return s->create->opts->encrypt_to.count > 0 && s->out != NULL && s->rows > 0 &&
           s->tsv.bytes + s->tsv.text.len + text_bytes_at_most(s, values) > MR_SNAP_MESSAGE_TEXT;
}

enum mr_code mr_create_scan_row(struct mr_create_scan *s, const struct mr_value *values,
                                struct mr_err *err)
{
    if (is_full(s, values))
        MR_TRY(mr_create_chunk_end(s, (struct mr_key){s->key.ptr, s->key.len}, err));
    if (s->out == NULL)
        MR_TRY(mr_create_chunk_begin(s, err));
    uint64_t before = s->tsv.bytes + s->tsv.text.len;
    MR_TRY(digest_row(s, values, &s->sum, err));
    if (s->rows++ == 0) {
        mr_strbuf_reset(&s->first);
        mr_strbuf_add(&s->first, s->key.ptr, s->key.len);
        MR_TRY(mr_strbuf_check(&s->first, "reading rows", err));
    }
    MR_TRY(mr_tsv_add_row(&s->tsv, &s->table->snap, values, err));
    const struct mr_throttle_held held = {.left_s = &s->wait_left_s};
    uint64_t plain = s->tsv.bytes + s->tsv.text.len;
    s->seen_bytes += plain - before;
    s->unpaced_bytes += plain - before;
    mr_progress_add(s->create->progress, 1, plain - before);
    mr_progress_add_done(s->create->progress, 1);
    if (s->unpaced_bytes >= MR_CREATE_PACE_BYTES) {
        uint64_t bytes = s->unpaced_bytes;
        s->unpaced_bytes = 0;
        if (s->table->spec.nkey == 0) /* one statement for all of it */
            MR_TRY(mr_throttle_wait_holding(s->create->throttle, &held, err));
        MR_TRY(mr_pace_add(&s->create->pace, bytes, err));
    }
    if (plain < (uint64_t)s->create->opts->chunk_mib << 20)
        return MR_OK;
    return mr_create_chunk_end(s, (struct mr_key){s->key.ptr, s->key.len}, err);
}

static enum mr_code write_row(void *ctx, const struct mr_raw_row *row, struct mr_err *err)
{
    return mr_create_scan_row(ctx, row->values, err);
}

static enum mr_code look_at_row(void *ctx, const struct mr_raw_row *row, struct mr_err *err)
{
    struct mr_create_scan *s = ctx;
    s->rows++;
    mr_progress_add(s->create->progress, 1, 0);
    return digest_row(s, row->values, &s->sum, err);
}

/* ---- tasks ---- */

void mr_create_give_up(struct mr_create *c, struct mr_create_table *t, const struct mr_err *why)
{
    pthread_mutex_lock(&c->lock);
    if (!atomic_exchange(&t->failed, true)) {
        struct mr_err *kept = mr_arena_alloc(&c->arena, sizeof *kept); /* 3 KiB: few need it */
        if (kept != NULL)
            *kept = *why;
        t->why = kept;
    }
    pthread_mutex_unlock(&c->lock);
}

void mr_create_scan_begin(struct mr_create_scan *s, size_t segment, size_t part)
{
    s->segment = segment;
    s->part = part;
    s->sequence = 0;
    s->last_chunk = SIZE_MAX;
    mr_strbuf_reset(&s->lo);
    s->has_lo = false;
}

/* A range that fails leaves no open file behind: what it has closed stays, and the next run
 * reads on from there. */
enum mr_code mr_create_scan_range(struct mr_create_scan *s, size_t segment, size_t part,
                                  struct mr_range range, struct mr_err *err)
{
    mr_create_scan_begin(s, segment, part);
    s->has_lo = range.lo.ptr != NULL;
    if (s->has_lo)
        mr_strbuf_add(&s->lo, range.lo.ptr, range.lo.len);
    enum mr_code code = mr_strbuf_check(&s->lo, "reading rows", err);
    if (code == MR_OK)
        code = scan_range(s, range, write_row, err);
    if (code == MR_OK)
        code = mr_create_range_end(s, range.hi, err);
    if (code != MR_OK)
        mr_create_chunk_abandon(s);
    return code;
}

/* Has the engine committed nothing since the view that the chunk was read in? */
static bool same_view(const struct mr_create *c, const struct mr_create_table *table,
                      const struct mr_journal_chunk *kept)
{
    const struct mr_journal_view *was = mr_vec_at(&c->journal->views, kept->view);
    return was != NULL && was->mark != NULL && c->views.mark != NULL &&
           mr_create_is_marked(table) && strcmp(was->mark, c->views.mark) == 0;
}

/* A file is kept where it is whole and nothing was written since its view, or where the same
 * rows are found again; else it is forgotten in the journal first and removed then, so that a
 * kill in between leaves no line without a file. */
static enum mr_code run_kept(struct mr_create_scan *s, const struct task *task, struct mr_err *err)
{
    const struct mr_snap_chunk *old = &task->kept->chunk;
    struct mr_create *c = s->create;
    bool whole = mr_create_chunk_is_whole(c, old);
    if (whole && same_view(c, s->table, task->kept)) {
        mr_progress_add_done(c->progress, old->rows);
        return mr_create_chunk_keep(s, task->kept, err);
    }
    s->sum = (struct mr_snap_sum){0};
    s->rows = 0;
    enum mr_code code = whole ? scan_range(s, old->range, look_at_row, err) : MR_OK;
    bool same = whole && s->rows == old->rows && mr_snap_sum_equal(s->sum, old->sum);
    s->rows = 0;
    if (code != MR_OK)
        return code;
    if (same) {
        mr_progress_add_done(c->progress, old->rows);
        return mr_create_chunk_keep(s, task->kept, err);
    }
    pthread_mutex_lock(&c->lock);
    code = mr_journal_file_drop(c->journal, &s->table->snap, old->file, err);
    pthread_mutex_unlock(&c->lock);
    if (code == MR_OK)
        code = mr_snap_dir_remove(c->dir, old->file, err);
    return code == MR_OK ? mr_create_scan_range(s, task->segment, task->part, old->range, err)
                         : code;
}

/* The worker reads on where a table fails for a reason of its own: that table is read again in
 * the end, in a view of its own. */
static enum mr_code work(void *ctx, void *state, void *item, struct mr_err *err)
{
    struct mr_create_scan *s = state;
    const struct task *task = item;
    struct mr_err why = {0};
    (void)ctx;
    if (atomic_load(&task->table->failed))
        return MR_OK;
    mr_create_scan_take(s, task->table);
    enum mr_code code = MR_OK;
    if (task->table->found != NULL)
        code = mr_create_case_read(s, &why);
    else if (task->table->delta != NULL)
        code = mr_create_delta_read(s, &why);
    else if (task->kept != NULL)
        code = run_kept(s, task, &why);
    else
        code = mr_create_scan_range(s, task->segment, task->part, task->range, &why);
    if (code == MR_OK)
        return MR_OK;
    if (!mr_create_is_fatal(code)) {
        mr_create_give_up(s->create, task->table, &why);
        return MR_OK;
    }
    if (err != NULL)
        *err = why;
    return code;
}

/* A worker without a task keeps nothing locked while others read. */
static enum mr_code idle(void *ctx, void *state, struct mr_err *err)
{
    (void)ctx;
    return mr_create_unlock(state, err);
}

static enum mr_code setup(void *ctx, unsigned worker, void **state, struct mr_err *err)
{
    struct scan *scan = ctx;
    struct mr_create *c = scan->create;
    struct mr_create_scan *s = NULL;
    enum mr_code code = mr_create_scan_new(c, c->views.readers[worker], &s, err);
    *state = s;
    return code;
}

static void teardown(void *ctx, void *state)
{
    (void)ctx;
    mr_create_scan_free(state);
    mr_db_thread_end();
}

static void tick(void *ctx)
{
    mr_progress_tick(((struct scan *)ctx)->create->progress);
}

/* ---- planning the tasks ---- */

static enum mr_code add_task(struct scan *scan, const struct task *task, struct mr_err *err)
{
    struct task *kept = mr_arena_alloc(&scan->create->arena, sizeof *kept);
    if (kept == NULL)
        return mr_err_nomem(err, "planning the work");
    *kept = *task;
    return mr_pool_add(scan->pool, kept, err);
}

/* As many for each connection, none below a quarter of a file, and while there are few of
 * them, each a file that is nearly full. */
static uint64_t segments_of(uint64_t bytes, uint64_t file_bytes, uint64_t connections)
{
    uint64_t rounds = bytes / file_bytes / connections + 1;
    uint64_t wanted = connections * (rounds < SEGMENTS_A_THREAD ? rounds : SEGMENTS_A_THREAD);
    uint64_t most = bytes / (file_bytes / 4);
    return wanted < most ? wanted : most;
}

static enum mr_code cut(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    uint64_t wanted =
        segments_of(t->table->data_bytes, (uint64_t)c->opts->chunk_mib << 20, c->views.count);
    if (t->snap.nkey == 0 || t->found != NULL || t->delta != NULL || wanted < 2 ||
        c->views.count < 2)
        return MR_OK;
    enum mr_code code = mr_reader_bounds(c->views.readers[0], &t->spec, (size_t)wanted - 1,
                                         &c->arena, &t->bounds, err);
    struct mr_err ignored = {0};
    (void)mr_reader_unlock(c->views.readers[0], &ignored); /* the next read tells of it */
    return code;
}

static struct mr_range segment_range(const struct mr_create_table *t, size_t segment)
{
    const struct mr_key *bounds = t->bounds.items;
    struct mr_range range = {{NULL, 0}, {NULL, 0}};
    if (segment > 0)
        range.lo = bounds[segment - 1];
    if (segment < t->bounds.count)
        range.hi = bounds[segment];
    return range;
}

static enum mr_code add_new(struct scan *scan, struct mr_create_table *t, struct mr_err *err)
{
    struct mr_create *c = scan->create;
    MR_TRY(cut(c, t, err));
    MR_TRY(mr_journal_file_table(c->journal, &t->snap, t->create, &t->bounds, err));
    for (size_t i = 0; i <= t->bounds.count; i++) {
        const struct task task = {.table = t, .segment = i, .range = segment_range(t, i)};
        MR_TRY(add_task(scan, &task, err));
    }
    return MR_OK;
}

/* One segment: what is kept of it, and the gaps in between and behind. */
static enum mr_code add_segment(struct scan *scan, struct mr_create_table *t,
                                const struct mr_journal_table *old, size_t segment, size_t *at,
                                struct mr_err *err)
{
    const struct mr_journal_chunk *chunks = old->chunks.items;
    struct task task = {.table = t, .segment = segment, .range = segment_range(t, segment)};
    struct mr_key end = task.range.hi;
    enum mr_code code = MR_OK;
    for (; code == MR_OK && *at < old->chunks.count && chunks[*at].segment == segment; (*at)++) {
        const struct mr_journal_chunk *chunk = &chunks[*at];
        if (mr_key_compare(chunk->chunk.range.lo, task.range.lo) != 0) {
            task.range.hi = chunk->chunk.range.lo;
            task.part = chunk->part - 1;
            code = add_task(scan, &task, err);
        }
        task.kept = chunk;
        task.part = chunk->part;
        if (code == MR_OK)
            code = add_task(scan, &task, err);
        task.part = chunk->part + 1;
        task.kept = NULL;
        task.range.lo = chunk->chunk.range.hi;
    }
    task.range.hi = end;
    bool whole = task.part > 0 && mr_key_compare(task.range.lo, end) == 0;
    return code == MR_OK && !whole ? add_task(scan, &task, err) : code;
}

static enum mr_code add_old(struct scan *scan, struct mr_create_table *t,
                            const struct mr_journal_table *old, struct mr_err *err)
{
    size_t at = 0;
    enum mr_code code = mr_journal_file_resumed(scan->create->journal, &t->snap, err);
    t->bounds = old->bounds;
    t->borrowed = true;
    atomic_store(&t->files, (unsigned)old->files);
    for (size_t i = 0; code == MR_OK && i <= t->bounds.count; i++)
        code = add_segment(scan, t, old, i, &at, err);
    return code;
}

/* Rows without a key cannot be found again. */
const struct mr_journal_table *mr_create_goes_on(const struct mr_create *c,
                                                 const struct mr_create_table *t)
{
    const struct mr_journal_table *old = mr_journal_file_find(c->journal, t->snap.db, t->snap.name);
    return old != NULL && t->delta == NULL && old->create != NULL && !old->unordered &&
                   mr_snap_schema_same(old->create, t->create) && t->snap.nkey > 0
               ? old
               : NULL;
}

static enum mr_code add_table(struct scan *scan, struct mr_create_table *t, struct mr_err *err)
{
    struct mr_create *c = scan->create;
    const struct mr_journal_table *old = mr_create_goes_on(c, t);
    struct mr_err why = {0};
    enum mr_code code = old != NULL ? add_old(scan, t, old, &why) : add_new(scan, t, &why);
    if (code == MR_OK)
        return MR_OK;
    if (!mr_create_is_fatal(code)) {
        mr_create_give_up(c, t, &why);
        return MR_OK;
    }
    if (err != NULL)
        *err = why;
    return code;
}

/* ---- what an earlier run has left ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The files of tables that go on, in order: there may be as many as there are files to be asked
 * about. */
static enum mr_code list_kept(const struct mr_create *c, struct mr_vec *names, struct mr_err *err)
{
    for (size_t i = 0; i < c->tables.count; i++) {
        const struct mr_create_table *t =
            *(struct mr_create_table *const *)mr_vec_at(&c->tables, i);
        const struct mr_journal_table *old = t->left_out ? NULL : mr_create_goes_on(c, t);
        const struct mr_journal_chunk *chunks = old != NULL ? old->chunks.items : NULL;
        for (size_t k = 0; old != NULL && k < old->chunks.count; k++) {
            const char **name = mr_vec_push(names);
            if (name == NULL)
                return mr_err_nomem(err, "clearing away what an earlier run has left");
            *name = chunks[k].chunk.file;
        }
    }
    if (names->count > 1)
        qsort(names->items, names->count, sizeof(const char *), compare_names);
    return MR_OK;
}

static bool is_kept_file(const void *ctx, const char *name)
{
    const struct mr_vec *names = ctx;
    return strcmp(name, MR_SNAP_JOURNAL) == 0 ||
           (names->count > 0 && bsearch(&name, names->items, names->count, sizeof(const char *),
                                        compare_names) != NULL);
}

enum mr_code mr_create_sweep(struct mr_create *c, struct mr_err *err)
{
    struct mr_vec names = MR_VEC_INIT(const char *);
    enum mr_code code = list_kept(c, &names, err);
    if (code == MR_OK)
        code = mr_snap_dir_sweep(c->dir, is_kept_file, &names, err);
    mr_vec_release(&names);
    return code;
}

enum mr_code mr_create_scan(struct mr_create *c, struct mr_err *err)
{
    struct scan scan = {.create = c};
    const struct mr_pool_hooks hooks = {.setup = setup,
                                        .task = work,
                                        .idle = idle,
                                        .teardown = teardown,
                                        .tick = tick,
                                        .ctx = &scan};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_pool_new(&hooks, c->views.count, &scan.pool, err));
    for (size_t i = 0; i < c->tables.count; i++) {
        struct mr_create_table *t = *(struct mr_create_table **)mr_vec_at(&c->tables, i);
        if (!t->left_out)
            MR_TRY_OUT(add_table(&scan, t, err));
    }
    /* the coordinator's connections go to the workers */
    MR_TRY_OUT(mr_pool_run(scan.pool, err));
out:
    mr_pool_free(scan.pool);
    return code;
}
