/* check_trail.c: see check_trail.h. */
#include "recon/check/check_trail.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "recon/check/check_options.h"
#include "recon/check/check_shards.h"

#define MOST_BYTES ((uint64_t)1 << 30) /* of all tables: what they are now is told within seconds */
#define AHEAD_SLICES 2 /* a slice that is listed, and rows in front of it: 2/3 of the cache */
#define LOOK_MS 200    /* at an interruption */
#define WAITS 5        /* so often at most: a catalogue may wait for a lock itself */

/* A table by its name on a side. */
struct named {
    const char *db, *name;
    size_t at; /* mr_pair.at */
};

struct follower {
    struct mr_check_trail *trail;
    enum mr_side side;
    const char **dbs;
    size_t ndbs;
    struct named *named; /* sorted */
    pthread_t thread;
    bool runs;
    /* the thread's, then the coordinator's */
    struct mr_catalogue *cat;
    enum mr_code code;
    struct mr_err err;
    /* under the trail's lock */
    bool *awaited;  /* by mr_pair.at */
    size_t pending; /* awaited tables that are not read */
    size_t slice;   /* tables of the slice that is read now */
    size_t covered; /* tables of the slices before it */
    bool reads;     /* else it waits for rows, or has ended */
};

struct mr_check_trail {
    struct mr_check_run *check;
    size_t ntables, most_ahead;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under lock */
    unsigned *left; /* segments, by mr_pair.at */
    size_t read;    /* tables */
    bool over;      /* no more rows: spoilt, or failed */
    struct follower follower[MR_SIDES];
};

static int compare_named(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    const int order = strcmp(x->db, y->db);
    return order != 0 ? order : strcmp(x->name, y->name);
}

/* ---- a side's thread ---- */

static void await_table(struct follower *f, size_t at)
{
    f->slice++;
    f->awaited[at] = f->trail->left[at] > 0;
    f->pending += f->awaited[at];
}

/* The tables of these databases, or those of them that have these names; what is not compared is not
 * waited for. */
static void await_slice(struct follower *f, const char *const *dbs, size_t ndbs,
                        const char *const *names, size_t count)
{
    const size_t n = f->trail->ntables;
    for (size_t i = 0; i < count && ndbs == 1; i++) {
        const struct named key = {.db = dbs[0], .name = names[i]};
        const struct named *found = bsearch(&key, f->named, n, sizeof key, compare_named);
        if (found != NULL)
            await_table(f, found->at);
    }
    for (size_t i = 0; names == NULL && i < n; i++) {
        bool wanted = ndbs == 0;
        for (size_t k = 0; !wanted && k < ndbs; k++)
            wanted = strcmp(f->named[i].db, dbs[k]) == 0;
        if (wanted)
            await_table(f, f->named[i].at);
    }
}

/* MR_E_CHANGED: nobody wants the catalogue any more. */
static enum mr_code before_slice(void *ctx, const char *const *dbs, size_t ndbs,
                                 const char *const *names, size_t count, struct mr_err *err)
{
    struct follower *f = ctx;
    struct mr_check_trail *trail = f->trail;
    pthread_mutex_lock(&trail->lock);
    f->covered += f->slice;
    f->slice = 0;
    f->reads = false;
    await_slice(f, dbs, ndbs, names, count);
    pthread_cond_broadcast(&trail->changed);
    while (f->pending > 0 && !trail->over)
        pthread_cond_wait(&trail->changed, &trail->lock);
    f->reads = true;
    const bool over = trail->over;
    pthread_mutex_unlock(&trail->lock);
    return over ? mr_err_set(err, MR_E_CHANGED, "rows differ") : MR_OK;
}

/* The connection is made when all workers have theirs: it is one more, which may be refused. */
static bool wait_for_workers(struct mr_check_trail *trail)
{
    const size_t some = trail->most_ahead / AHEAD_SLICES / 2;
    pthread_mutex_lock(&trail->lock);
    while (trail->read < some && !trail->over)
        pthread_cond_wait(&trail->changed, &trail->lock);
    const bool over = trail->over;
    pthread_mutex_unlock(&trail->lock);
    return !over;
}

static void *follow(void *arg)
{
    struct follower *f = arg;
    struct mr_check_trail *trail = f->trail;
    const struct mr_catalogue_opts opts = {
        .counters = true, .before = before_slice, .before_ctx = f};
    f->code = MR_E_CHANGED;
    if (wait_for_workers(trail))
        f->code = mr_source_catalogue_as(trail->check->pairing.side[f->side].source, f->dbs,
                                         f->ndbs, &opts, &f->cat, &f->err);
    pthread_mutex_lock(&trail->lock);
    f->reads = false;
    /* one without the other is of no use */
    trail->over = trail->over || f->code != MR_OK;
    pthread_cond_broadcast(&trail->changed);
    pthread_mutex_unlock(&trail->lock);
    mr_db_thread_end();
    return NULL;
}

/* ---- the run ---- */

/* Tables that are joined on disk are read when all others are. */
static bool is_small(const struct mr_check_run *check)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < check->pairing.ntables; i++)
        if (check->pairing.tables[i]->join != MR_JOIN_SHARED)
            return false;
    for (size_t i = 0; i < check->pairing.ntables; i++)
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            bytes += check->pairing.tables[i]->side[side]->data_bytes;
    return bytes <= MOST_BYTES;
}

/* Objects are the whole run's: a part of a fleet's pair, and a run that goes on, keep to the end. */
static bool pays(const struct mr_check_run *check, size_t least)
{
    if (check->pairing.ntables < least || check->opts->consistent || check->opts->threads < 2 ||
        check->scope != NULL || check->changed != NULL || check->is_resumed ||
        mr_check_has_shards(check))
        return false;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_server_side *s = &check->pairing.side[side];
        if (!mr_side_is_server(s) || !mr_schema_opens_tables(&s->cat->server))
            return false;
    }
    return is_small(check);
}

static enum mr_code prepare(struct mr_check_trail *trail, enum mr_side side,
                            const struct mr_vec *pairs, struct mr_err *err)
{
    struct mr_check_run *check = trail->check;
    struct follower *f = &trail->follower[side];
    f->trail = trail;
    f->side = side;
    f->ndbs = pairs->count;
    f->dbs = mr_arena_calloc(&check->arena, pairs->count + 1, sizeof *f->dbs);
    f->named = calloc(trail->ntables, sizeof *f->named);
    f->awaited = calloc(trail->ntables, sizeof *f->awaited);
    if (f->dbs == NULL || f->named == NULL || f->awaited == NULL)
        return mr_err_nomem(err, "comparing objects");
    for (size_t i = 0; i < pairs->count; i++)
        f->dbs[i] = ((const struct mr_db_pair *)mr_vec_at(pairs, i))->name[side];
    for (size_t i = 0; i < trail->ntables; i++) {
        const struct mr_table *t = check->pairing.tables[i]->side[side];
        f->named[i] = (struct named){t->db, t->name, i};
    }
    qsort(f->named, trail->ntables, sizeof *f->named, compare_named);
    const size_t ahead =
        AHEAD_SLICES * mr_schema_slice_tables(&check->pairing.side[side].cat->server);
    if (trail->most_ahead == 0 || ahead < trail->most_ahead)
        trail->most_ahead = ahead;
    return MR_OK;
}

static void trail_free(struct mr_check_run *check)
{
    struct mr_check_trail *trail = check->trail;
    check->trail = NULL;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_catalogue_free(trail->follower[side].cat);
        free(trail->follower[side].named);
        free(trail->follower[side].awaited);
    }
    free(trail->left);
    pthread_cond_destroy(&trail->changed);
    pthread_mutex_destroy(&trail->lock);
    free(trail);
}

enum mr_code mr_check_trail_begin(struct mr_check_run *check, const struct mr_vec *pairs,
                                  size_t least, struct mr_err *err)
{
    if (!pays(check, least))
        return MR_OK;
    struct mr_check_trail *trail = calloc(1, sizeof *trail);
    if (trail == NULL)
        return mr_err_nomem(err, "comparing objects");
    check->trail = trail;
    trail->check = check;
    trail->ntables = check->pairing.ntables;
    pthread_mutex_init(&trail->lock, NULL);
    pthread_cond_init(&trail->changed, NULL);
    trail->left = calloc(trail->ntables, sizeof *trail->left);
    enum mr_code code = trail->left != NULL ? MR_OK : mr_err_nomem(err, "comparing objects");
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++)
        code = prepare(trail, (enum mr_side)side, pairs, err);
    if (code != MR_OK)
        trail_free(check);
    return code;
}

void mr_check_trail_expect(struct mr_check_run *check, const struct mr_pair *table)
{
    if (check->trail != NULL)
        check->trail->left[table->at]++;
}

void mr_check_trail_start(struct mr_check_run *check)
{
    struct mr_check_trail *trail = check->trail;
    if (trail == NULL)
        return;
    for (size_t i = 0; i < trail->ntables; i++)
        trail->read += trail->left[i] == 0;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct follower *f = &trail->follower[side];
        f->code = MR_E_CHANGED;
        f->runs = pthread_create(&f->thread, NULL, follow, f) == 0;
    }
}

/* Rows that are far ahead of a catalogue which is being read close the tables that it comes to next.
 * Nobody waits for one that waits itself: it is these rows that it waits for. */
static bool is_far_ahead(const struct mr_check_trail *trail)
{
    for (int side = MR_SOURCE; !trail->over && side < MR_SIDES; side++) {
        const struct follower *f = &trail->follower[side];
        if (f->reads && trail->read > f->covered + trail->most_ahead)
            return true;
    }
    return false;
}

static void wait_a_moment(struct mr_check_trail *trail)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&trail->changed, &trail->lock, &until);
}

/* Under the lock.  True: somebody waits for no more. */
static bool note_read(struct mr_check_trail *trail, size_t at)
{
    bool wakes = ++trail->read == trail->most_ahead / AHEAD_SLICES / 2;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct follower *f = &trail->follower[side];
        if (f->awaited[at])
            wakes |= --f->pending == 0;
        f->awaited[at] = false;
    }
    return wakes;
}

void mr_check_trail_done(struct mr_check_run *check, const struct mr_pair *table)
{
    struct mr_check_trail *trail = check->trail;
    if (trail == NULL)
        return;
    pthread_mutex_lock(&trail->lock);
    if (--trail->left[table->at] == 0 && note_read(trail, table->at))
        pthread_cond_broadcast(&trail->changed);
    for (int i = 0; i < WAITS && is_far_ahead(trail) && !mr_is_cancelled(); i++)
        wait_a_moment(trail);
    pthread_mutex_unlock(&trail->lock);
}

static void stop(struct mr_check_trail *trail)
{
    pthread_mutex_lock(&trail->lock);
    trail->over = true;
    pthread_cond_broadcast(&trail->changed);
    pthread_mutex_unlock(&trail->lock);
}

void mr_check_trail_spoil(struct mr_check_run *check)
{
    if (check->trail != NULL)
        stop(check->trail);
}

void mr_check_trail_end(struct mr_check_run *check, bool failed)
{
    struct mr_check_trail *trail = check->trail;
    bool complete = true;
    if (trail == NULL)
        return;
    /* workers that got no connection have read nothing, and nobody will */
    if (failed || trail->read < trail->ntables)
        stop(trail);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct follower *f = &trail->follower[side];
        if (f->runs)
            (void)pthread_join(f->thread, NULL);
        f->runs = false;
        complete &= f->code == MR_OK && !trail->over;
        if (f->err.code != MR_OK)
            mr_log_detail("the catalogue of the %s is read in the end: %s",
                          mr_side_name((enum mr_side)side), f->err.message);
    }
    if (!complete)
        trail_free(check);
}

bool mr_check_trail_take(struct mr_check_run *check, struct mr_catalogue *cat[MR_SIDES])
{
    struct mr_check_trail *trail = check->trail;
    if (trail == NULL || trail->over)
        return false;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_catalogue_free(cat[side]);
        cat[side] = trail->follower[side].cat;
        trail->follower[side].cat = NULL;
    }
    trail_free(check);
    return true;
}

void mr_check_trail_drop(struct mr_check_run *check)
{
    mr_check_trail_end(check, true);
    if (check->trail != NULL)
        trail_free(check);
}
