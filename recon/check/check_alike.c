/* check_alike.c: see check_alike.h. */
#include "recon/check/check_alike.h"

#include <stdlib.h>

#include "core/base/log.h"
#include "core/pair/rowset.h"
#include "recon/check/check_changed.h"
#include "recon/check/check_options.h"
#include "recon/check/alike.h"

#define LOOK_SUSPECTS 1000 /* of a chunk, before it is looked at */
#define LOOK_ROWS 200
#define LOOK_KEY_BYTES ((size_t)64 * 1024)
#define LOOK_IMAGE_BYTES ((size_t)1024 * 1024)
#define PAGE_ROWS 500
#define PAGE_BYTES ((size_t)4 * 1024 * 1024)
#define MOVED_ROWS 1000

/* Of a table that has findings; most tables have none. */
struct mr_check_alike {
    pthread_mutex_t lock;
    struct mr_alike counted; /* under lock; no columns: none yet */
    atomic_bool looked;
};

struct mr_check_alikes {
    size_t count;
    _Atomic(struct mr_check_alike *) at[]; /* by mr_pair.at; NULL: nothing was found yet */
};

enum mr_code mr_check_alikes_begin(struct mr_check_run *check, struct mr_err *err)
{
    size_t count = check->pairing.ntables;
    struct mr_check_alikes *all =
        mr_arena_calloc(&check->arena, 1, sizeof *all + count * sizeof all->at[0]);
    if (all == NULL)
        return mr_err_nomem(err, "planning the work");
    all->count = count;
    check->alikes = all;
    return MR_OK;
}

static void drop_one(struct mr_check_alike *p)
{
    if (p == NULL)
        return;
    mr_alike_release(&p->counted);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void mr_check_alikes_drop(struct mr_check_run *check)
{
    for (size_t i = 0; check->alikes != NULL && i < check->alikes->count; i++)
        drop_one(atomic_exchange(&check->alikes->at[i], NULL));
    check->alikes = NULL;
}

/* That of a table, made by whichever worker comes first; NULL: no memory. */
static struct mr_check_alike *alike_of(struct mr_check_run *check, const struct mr_pair *table)
{
    struct mr_check_alike *there = atomic_load(&check->alikes->at[table->at]);
    if (there != NULL)
        return there;
    struct mr_check_alike *own = calloc(1, sizeof *own);
    if (own == NULL)
        return NULL;
    pthread_mutex_init(&own->lock, NULL);
    if (atomic_compare_exchange_strong(&check->alikes->at[table->at], &there, own))
        return own;
    drop_one(own);
    return there;
}

/* ---- while a table is scanned ---- */

struct look {
    struct mr_check_worker *worker;
    struct mr_pair *table;
    struct mr_vec keys; /* struct mr_key */
    struct mr_rowhash hash[MR_SIDES];
    struct mr_rowset rows[MR_SIDES];
    struct mr_alike alike;
};

/* Spread over the chunk: its first rows may be the old ones, which differ in another way. */
static enum mr_code choose_keys(struct look *l, const struct mr_vec *suspects, struct mr_err *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < LOOK_ROWS && bytes < LOOK_KEY_BYTES; i++) {
        const struct mr_find_suspect *s = mr_vec_at(suspects, suspects->count / LOOK_ROWS * i);
        struct mr_key *key = mr_vec_push(&l->keys);
        if (key == NULL)
            return mr_err_nomem(err, "looking for what rows have in common");
        *key = s->key;
        bytes += s->key.len;
    }
    return MR_OK;
}

static enum mr_code read_side(struct look *l, enum mr_side side, struct mr_reader *reader,
                              struct mr_err *err)
{
    MR_TRY(mr_rowhash_init(&l->hash[side], l->table, &l->table->full[side], err));
    return mr_rowset_fetch(&l->rows[side], reader, &l->hash[side], l->keys.items, l->keys.count,
                           LOOK_IMAGE_BYTES, err);
}

/* The companion of a scan has the worker's connection to SOURCE, and one more may be one too
 * many: the main one is lent. */
static enum mr_code read_source(struct look *l, struct mr_err *err)
{
    struct mr_check_run *check = l->worker->check;
    pthread_mutex_lock(&check->asking);
    enum mr_code code = read_side(l, MR_SOURCE, check->pairing.side[MR_SOURCE].main, err);
    pthread_mutex_unlock(&check->asking);
    return code;
}

/* Rows that are equal by now, or on one side only, tell nothing of a pattern: the second count
 * among those that differ. */
static enum mr_code count_keys(struct look *l, uint64_t *differing, struct mr_err *err)
{
    for (size_t i = 0; i < l->keys.count; i++) {
        const struct mr_key *key = mr_vec_at(&l->keys, i);
        const struct mr_rowset_row *s = mr_rowset_find(&l->rows[MR_SOURCE], *key);
        const struct mr_rowset_row *t = mr_rowset_find(&l->rows[MR_TARGET], *key);
        if ((s == NULL && t == NULL) ||
            (s != NULL && t != NULL && mr_digest_equal(s->digest, t->digest)))
            continue;
        ++*differing;
        if (s == NULL || t == NULL || s->image_len == 0 || t->image_len == 0)
            continue;
        const struct mr_finding f = {.source = mr_rowset_image(&l->rows[MR_SOURCE], s),
                                     .source_len = s->image_len,
                                     .target = mr_rowset_image(&l->rows[MR_TARGET], t),
                                     .target_len = t->image_len};
        MR_TRY(mr_alike_add(&l->alike, l->table->find.columns, &f, err));
    }
    return MR_OK;
}

static enum mr_code look(struct look *l, const struct mr_vec *suspects, struct mr_err *err)
{
    struct mr_alike_of of = {.noun = "rows looked at"};
    struct mr_strbuf text = MR_STRBUF_INIT;
    MR_TRY(mr_alike_init(&l->alike, l->table->find.ncolumns, err));
    MR_TRY(choose_keys(l, suspects, err));
    MR_TRY(read_source(l, err));
    MR_TRY(read_side(l, MR_TARGET, l->worker->reader[MR_TARGET], err));
    MR_TRY(count_keys(l, &of.differing, err));
    of.rows = of.differing;
    if (mr_alike_say(&l->alike, l->table->find.columns, &of, &text) && !text.failed)
        mr_log_info("table \"%s\": most of its rows differ so far; %s", l->table->find.name,
                    text.ptr);
    mr_strbuf_release(&text);
    return MR_OK;
}

/* With --consistent the main connection has not the view of the others. */
void mr_check_alike_look(struct mr_check_worker *worker, struct mr_pair *table,
                         const struct mr_vec *suspects, uint64_t rows)
{
    struct mr_check_run *check = worker->check;
    struct mr_err why = {0};
    if (check->alikes == NULL || suspects->count < LOOK_SUSPECTS || suspects->count < rows / 2 ||
        check->opts->consistent)
        return;
    struct mr_check_alike *p = alike_of(check, table);
    if (p == NULL || atomic_exchange(&p->looked, true))
        return;
    struct look l = {.worker = worker, .table = table, .keys = MR_VEC_INIT(struct mr_key)};
    mr_rowset_init(&l.rows[MR_SOURCE]);
    mr_rowset_init(&l.rows[MR_TARGET]);
    if (look(&l, suspects, &why) != MR_OK)
        mr_log_detail("table \"%s\": most of its rows differ; why was not seen: %s",
                      table->find.name, why.message);
    mr_vec_release(&l.keys);
    mr_alike_release(&l.alike);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_rowhash_release(&l.hash[side]);
        mr_rowset_release(&l.rows[side]);
    }
}

/* ---- as rows become true ---- */

static enum mr_code add_all(struct mr_alike *p, const struct mr_find_table *table,
                            const struct mr_finding *findings, size_t count, struct mr_err *err)
{
    if (p->columns == NULL)
        MR_TRY(mr_alike_init(p, table->ncolumns, err));
    for (size_t i = 0; i < count; i++)
        MR_TRY(mr_alike_add(p, table->columns, &findings[i], err));
    return MR_OK;
}

enum mr_code mr_check_alike_add(struct mr_check_run *check, const struct mr_pair *table,
                                const struct mr_finding *findings, size_t count, struct mr_err *err)
{
    if (check->alikes == NULL || count == 0)
        return MR_OK;
    struct mr_check_alike *p = alike_of(check, table);
    if (p == NULL)
        return mr_err_nomem(err, "looking for what rows have in common");
    pthread_mutex_lock(&p->lock);
    enum mr_code code = add_all(&p->counted, &table->find, findings, count, err);
    pthread_mutex_unlock(&p->lock);
    return code;
}

/* From the case, where this process has not seen all of them become true. */
static enum mr_code count_again(struct mr_findings *fd, const struct mr_find_table *table,
                                struct mr_alike *p, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec page = MR_VEC_INIT(struct mr_finding);
    struct mr_find_page wanted = {.table = table->id,
                                  .state = MR_FIND_DIVERGED,
                                  .limit = PAGE_ROWS,
                                  .max_bytes = PAGE_BYTES,
                                  .with_images = true};
    enum mr_code code = MR_OK;
    if (p->columns != NULL)
        mr_alike_reset(p);
    for (;;) {
        mr_arena_reset(&arena);
        mr_vec_clear(&page);
        code = mr_findings_page(fd, &wanted, &arena, &page, err);
        if (code != MR_OK || page.count == 0)
            break;
        wanted.after_id = ((struct mr_finding *)mr_vec_at(&page, page.count - 1))->id;
        code = add_all(p, table, page.items, page.count, err);
        if (code != MR_OK)
            break;
    }
    mr_vec_release(&page);
    mr_arena_release(&arena);
    return code;
}

struct moved {
    struct mr_alike alike;
    const struct mr_find_table *table;
};

static enum mr_code add_moved(void *ctx, const struct mr_finding *source,
                              const struct mr_finding *target, struct mr_err *err)
{
    struct moved *m = ctx;
    const struct mr_finding both = {.source = source->source,
                                    .source_len = source->source_len,
                                    .target = target->target,
                                    .target_len = target->target_len};
    return mr_alike_add(&m->alike, m->table->columns, &both, err);
}

/* The same rows under other keys: of the first of them, by how much? */
static enum mr_code say_moved(struct mr_findings *fd, const struct mr_find_table *table,
                              struct mr_strbuf *text, struct mr_err *err)
{
    struct moved m = {.table = table};
    const struct mr_find_counts *c = &table->counts;
    const uint64_t rows = c->source_rows > c->target_rows ? c->source_rows : c->target_rows;
    enum mr_code code = mr_alike_init(&m.alike, table->ncolumns, err);
    if (code == MR_OK)
        code = mr_findings_walk_moved_first(fd, table->id, MOVED_ROWS, add_moved, &m, err);
    if (code == MR_OK)
        (void)mr_alike_say_moved(&m.alike, table->columns, c->moved, rows, text);
    mr_alike_release(&m.alike);
    return code;
}

static enum mr_code say(struct mr_findings *fd, const struct mr_find_table *table,
                        struct mr_alike *p, struct mr_strbuf *text, struct mr_err *err)
{
    const struct mr_find_counts *c = &table->counts;
    const struct mr_alike_of of = {.differing = mr_find_counts_differing(c),
                                   .rows = c->source_rows > c->target_rows ? c->source_rows
                                                                           : c->target_rows,
                                   .noun = "rows"};
    if (of.differing < MR_ALIKE_LEAST || of.differing < of.rows / 2)
        return MR_OK;
    if (c->moved >= MR_ALIKE_LEAST && c->moved >= of.rows / 2)
        MR_TRY(say_moved(fd, table, text, err));
    if (text->len > 0 || c->changed + c->collision < MR_ALIKE_LEAST)
        return MR_OK;
    if (p->rows != c->changed + c->collision)
        MR_TRY(count_again(fd, table, p, err));
    (void)mr_alike_say(p, table->columns, &of, text);
    return MR_OK;
}

static enum mr_code say_and_save(struct mr_findings *fd, const struct mr_find_table *table,
                                 struct mr_alike *p, struct mr_err *err)
{
    const struct mr_find_counts *c = &table->counts;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = say(fd, table, p, &text, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&text, "looking for what rows have in common", err);
    if (code == MR_OK && mr_find_counts_differing(c) > 0)
        code = mr_findings_alike_save(fd, table->id, text.len > 0 ? text.ptr : NULL, err);
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_check_alike_stored(struct mr_findings *fd, const struct mr_find_table *table,
                                   struct mr_err *err)
{
    struct mr_alike none = {0};
    enum mr_code code = say_and_save(fd, table, &none, err);
    mr_alike_release(&none);
    return code;
}

/* No worker has anything of the table any more. */
enum mr_code mr_check_alike_end(struct mr_check_run *check, const struct mr_pair *table,
                                struct mr_err *err)
{
    if (check->alikes == NULL)
        return MR_OK;
    struct mr_check_alike *p = atomic_exchange(&check->alikes->at[table->at], NULL);
    if (mr_check_changed_keys(check, table) != NULL) { /* few of its rows were read */
        drop_one(p);
        return MR_OK;
    }
    enum mr_code code = p != NULL ? say_and_save(check->fd, &table->find, &p->counted, err)
                                  : mr_check_alike_stored(check->fd, &table->find, err);
    drop_one(p);
    return code;
}
