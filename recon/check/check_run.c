/* check_run.c: see check_run.h. */
#include "recon/check/check_run.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/pool.h"
#include "core/pair/pair_references.h"
#include "recon/check/check_classify.h"
#include "recon/check/check_confirm.h"
#include "recon/check/check_alike.h"
#include "recon/check/check_altered.h"
#include "recon/check/check_changed.h"
#include "recon/check/check_keys.h"
#include "recon/check/check_lineage.h"
#include "recon/check/check_known.h"
#include "recon/check/check_objects.h"
#include "recon/check/check_marks.h"
#include "recon/check/check_moves.h"
#include "recon/check/check_options.h"
#include "recon/check/check_rekeyed.h"
#include "recon/check/check_rolling.h"
#include "recon/check/check_scan.h"
#include "recon/check/check_scope.h"
#include "recon/check/check_segments.h"
#include "recon/check/check_settle.h"
#include "recon/check/check_slots.h"
#include "recon/check/check_spill.h"
#include "recon/check/check_suspects.h"
#include "recon/check/check_trail.h"
#include "recon/check/check_wait.h"

#define CONFIRM_ROWS 4000 /* fewer suspects are one worker's */
#define CONFIRMS_A_THREAD 4
#define MANY_JOBS 1000     /* more tables than a server may keep open */
#define SPILLS_AT_ONCE 200 /* each may keep a file open from its first pass to its last */

/* What a worker does with a table. */
enum job {
    JOB_SCAN = 1,
    JOB_KEYS,
    JOB_SPILL,
    JOB_SPILL_AGAIN,
    JOB_SPILL_END,
    JOB_CONFIRM,
    JOB_CLASSIFY,
    JOB_KIN
};

struct job_item {
    enum job job;
    struct mr_pair *table;
    struct mr_scan_task scan;       /* JOB_SCAN */
    struct mr_keys_task keys;       /* JOB_KEYS */
    struct mr_confirm_task confirm; /* JOB_CONFIRM */
    enum mr_side side;              /* JOB_KIN, which has no table */
};

struct run {
    struct mr_check_run *check;
    const struct mr_vec *pairs;
    struct mr_check_worker *workers;
    struct mr_vec jobs; /* struct job_item * in check->arena */
    bool in_views;      /* readers are opened on the consistent views */
    bool rests;         /* the last round's rows had to rest */
};

/* ---- the pool's hooks ---- */

static void tell_locks(const struct mr_check_worker *w)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const char *why = mr_reader_keeps_locks(w->reader[side]);
        if (why != NULL)
            mr_log_info("%s: an ALTER of a table that was read waits until all are read, "
                        "and writers wait behind it: %s",
                        mr_side_name((enum mr_side)side), why);
    }
}

/* Connections of an earlier phase are used again: a server may have no others left. */
static enum mr_code open_readers(struct run *run, unsigned worker, struct mr_err *err)
{
    struct mr_check_worker *w = &run->workers[worker];
    enum mr_code code = MR_OK;
    w->check = run->check;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        const struct mr_server_side *s = &run->check->pairing.side[side];
        if (w->reader[side] == NULL)
            code = mr_source_reader_new(run->in_views && s->view != NULL ? s->view : s->source,
                                        &w->reader[side], err);
    }
    mr_check_hint_connections(code, err);
    return code;
}

static enum mr_code setup(void *ctx, unsigned worker, void **state, struct mr_err *err)
{
    struct run *run = ctx;
    enum mr_code code = open_readers(run, worker, err);
    if (code == MR_OK && worker == 0 && run->in_views)
        tell_locks(&run->workers[worker]);
    *state = &run->workers[worker];
    return code;
}

static enum mr_code confirm_table(struct mr_check_worker *w, struct job_item *item,
                                  struct mr_err *err)
{
    enum mr_code code = mr_check_confirm(w, &item->confirm, err);
    if (code != MR_OK && !mr_check_is_fatal(code)) {
        mr_check_give_up(w->check, item->table, err);
        code = MR_OK;
    }
    return code;
}

static enum mr_code classify_table(struct mr_check_worker *w, struct job_item *item,
                                   struct mr_err *err)
{
    enum mr_code code = mr_check_classify(w, item->table, err);
    if (code != MR_OK && !mr_check_is_fatal(code)) {
        mr_check_give_up(w->check, item->table, err);
        code = MR_OK;
    }
    return code;
}

/* Who alters a table that was read, with --consistent, need not wait for all the others. */
static enum mr_code scan_table(struct mr_check_worker *w, struct job_item *item, struct mr_err *err)
{
    MR_TRY(mr_check_known_scan(w, &item->scan, err));
    mr_check_marks_seen(w, &item->scan);
    return mr_check_let_go_all(w, err);
}

/* That the table stood still is looked at as behind a segment of several chunks. */
static enum mr_code look_up(struct mr_check_worker *w, struct job_item *item, struct mr_err *err)
{
    const struct mr_scan_task as_scanned = {.table = item->table, .next_chunk = 2};
    MR_TRY(mr_check_keys(w, &item->keys, err));
    mr_check_marks_seen(w, &as_scanned);
    return MR_OK;
}

/* Once a server is lost, what was not begun is not checked, rather than tried one by one. */
static enum mr_code do_job(struct mr_check_worker *w, struct job_item *item, struct mr_err *err)
{
    if (item->job == JOB_KIN)
        return mr_check_lineage(w, item->side, err);
    if (atomic_load(&item->table->failed))
        return MR_OK;
    if (atomic_load(&w->check->lost)) {
        struct mr_err why = {0};
        (void)mr_err_set(&why, MR_E_LOST, "a server was lost before the table was read");
        mr_check_give_up(w->check, item->table, &why);
        return MR_OK;
    }
    switch (item->job) {
    case JOB_SCAN: return scan_table(w, item, err);
    case JOB_KEYS: return look_up(w, item, err);
    case JOB_SPILL: return mr_check_spill(w, item->table, err);
    case JOB_SPILL_AGAIN: return mr_check_spill_again(w, item->table, item->confirm.round, err);
    case JOB_SPILL_END: return mr_check_spill_end(w, item->table, err);
    case JOB_CONFIRM: return confirm_table(w, item, err);
    case JOB_CLASSIFY: return classify_table(w, item, err);
    case JOB_KIN: break;
    }
    return mr_err_set(err, MR_E_BUG, "a job of unknown kind");
}

static enum mr_code work(void *ctx, void *state, void *arg, struct mr_err *err)
{
    struct mr_check_worker *w = state;
    struct job_item *item = arg;
    (void)ctx;
    enum mr_code code = do_job(w, item, err);
    if (item->job == JOB_SCAN)
        mr_check_trail_done(w->check, item->table);
    return code;
}

static void close_readers(struct run *run, unsigned first)
{
    for (unsigned i = first; i < run->check->opts->threads; i++) {
        struct mr_check_worker *w = &run->workers[i];
        mr_reader_free(w->reader[MR_SOURCE]);
        mr_reader_free(w->reader[MR_TARGET]);
        mr_reader_free(w->again);
        w->reader[MR_SOURCE] = w->reader[MR_TARGET] = w->again = NULL;
        w->has_slots = false;
    }
}

/* Whoever got the connections of both sides comes first: the next phase may have fewer
 * workers, for whom no other connection is left. */
static void gather_readers(struct run *run)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < run->check->opts->threads; i++) {
        struct mr_check_worker *w = &run->workers[i];
        if (w->reader[MR_SOURCE] == NULL || w->reader[MR_TARGET] == NULL)
            continue;
        struct mr_check_worker first = run->workers[kept];
        run->workers[kept++] = *w;
        if (kept - 1 != i)
            *w = first;
    }
    close_readers(run, kept);
}

/* Before any worker starts, one after the other: the first waits for its slots, the others have what is
 * free then; nobody waits for one that a worker of its own run keeps.  Whoever has none has no
 * connections either. */
static enum mr_code take_slots(struct run *run, unsigned *threads, struct mr_err *err)
{
    if (!mr_check_has_slots(run->check))
        return MR_OK;
    close_readers(run, *threads);
    for (unsigned i = 0; i < *threads; i++) {
        struct mr_err why = {0};
        enum mr_code code = open_readers(run, i, &why);
        if (code == MR_OK)
            code = mr_check_slots_take(&run->workers[i], i == 0, &why);
        if (code == MR_OK)
            continue;
        close_readers(run, i);
        if (i == 0 || mr_check_is_fatal(code)) {
            *err = why;
            return code;
        }
        mr_log_info("going on with %u of %u workers: %s", i, *threads, why.message);
        *threads = i;
    }
    return MR_OK;
}

/* Connections stay for the next phase; they are closed by the coordinator. */
static void teardown(void *ctx, void *state)
{
    (void)ctx;
    (void)state;
    mr_db_thread_end();
}

static void tick(void *ctx)
{
    mr_progress_tick(((struct run *)ctx)->check->progress);
}

/* The list is empty afterwards, also on an error: the next phase must not do these jobs. */
static enum mr_code run_jobs(struct run *run, struct mr_err *err)
{
    struct mr_pool_hooks hooks = {
        .setup = setup, .task = work, .teardown = teardown, .tick = tick, .ctx = run};
    struct mr_pool *pool = NULL;
    unsigned threads = run->check->opts->threads;
    if (run->jobs.count == 0)
        return MR_OK;
    gather_readers(run);
    if (run->jobs.count < threads)
        threads = (unsigned)run->jobs.count;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(take_slots(run, &threads, err));
    MR_TRY_OUT(mr_pool_new(&hooks, threads, &pool, err));
    for (size_t i = 0; i < run->jobs.count; i++)
        MR_TRY_OUT(mr_pool_add(pool, *(struct job_item **)mr_vec_at(&run->jobs, i), err));
    MR_TRY_OUT(mr_pool_run(pool, err));
out:
    mr_pool_free(pool);
    mr_vec_clear(&run->jobs);
    return code;
}

static struct job_item *add_job(struct run *run, enum job job, struct mr_pair *table,
                                struct mr_err *err)
{
    struct job_item *item = mr_arena_calloc(&run->check->arena, 1, sizeof *item);
    struct job_item **slot = mr_vec_push(&run->jobs);
    if (item == NULL || slot == NULL) {
        (void)mr_err_nomem(err, "planning the work");
        return NULL;
    }
    item->job = job;
    item->table = table;
    *slot = item;
    return item;
}

static bool is_active(const struct run *run, const struct mr_pair *table)
{
    return !table->find.settled && !atomic_load(&table->failed) &&
           mr_check_in_scope(run->check, table);
}

/* ---- scan ---- */

/* Of a table that has no segments yet.  One of which keys are looked up has those of its turn alone. */
static enum mr_code add_segments(struct mr_check_run *check, struct mr_pair *table,
                                 struct mr_err *err)
{
    if (mr_check_changed_keys(check, table) == NULL)
        return mr_check_segments_cut(check, table, err);
    return check->opts->rolling > 0 ? mr_check_rolling_add(check, table, err) : MR_OK;
}

/* A segment goes on behind its last finished chunk; finished ones are not read again. */
static enum mr_code add_scan_jobs(struct run *run, struct mr_pair *table, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    struct mr_find_segment *segments = NULL;
    size_t count = 0;
    MR_TRY(mr_findings_segments(check->fd, table->find.id, &check->arena, &segments, &count, err));
    if (count == 0) {
        MR_TRY(add_segments(check, table, err));
        MR_TRY(
            mr_findings_segments(check->fd, table->find.id, &check->arena, &segments, &count, err));
    }
    for (size_t i = 0; i < count; i++) {
        const struct mr_find_segment *seg = &segments[i];
        if (seg->done)
            continue;
        struct job_item *item = add_job(run, JOB_SCAN, table, err);
        if (item == NULL)
            return MR_E_NOMEM;
        item->scan = (struct mr_scan_task){.table = table,
                                           .segment = i,
                                           .lo = seg->done_to.ptr != NULL ? seg->done_to : seg->lo,
                                           .hi = seg->hi,
                                           .next_chunk = seg->next_chunk};
        mr_check_trail_expect(check, table);
    }
    return MR_OK;
}

/* What an earlier try has read of another table of that name, or in another order, says
 * nothing. */
static enum mr_code forget_other(struct mr_check_run *check, struct mr_pair *table, bool known,
                                 struct mr_err *err)
{
    bool same = true;
    enum mr_code code = mr_check_marks_resume(check, table, known, &same, err);
    if (code != MR_OK || same)
        return code;
    mr_log_info("table \"%s\" is not the one that the run began to read: from the start",
                table->find.name);
    table->find.scanned = false;
    table->find.counts = (struct mr_find_counts){0};
    return mr_findings_table_clear(check->fd, table->find.id, err);
}

/* Registers a table in the case, and queues what is still to be read of it. */
static enum mr_code begin_table(struct run *run, struct mr_pair *table, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    bool known = false;
    bool failed = atomic_load(&table->failed);
    enum mr_code code = mr_findings_table_add(check->fd, &table->find, &known, err);
    if (code != MR_OK || failed || !mr_check_in_scope(check, table))
        return code != MR_OK || failed ? code : mr_check_marks_shown(check, table, err);
    if (known && table->find.settled && table->find.verdict != MR_VERDICT_NOT_CHECKED)
        return MR_OK;
    code = forget_other(check, table, known, err);
    if (code != MR_OK)
        return code;
    table->find.verdict = MR_VERDICT_UNDECIDED;
    table->find.settled = false;
    table->find.scanned = table->find.scanned && table->join == MR_JOIN_SHARED;
    MR_TRY(mr_check_changed_table(check, table, err));
    const struct mr_key_set *keys = mr_check_changed_keys(check, table);
    if (keys != NULL && table->join != MR_JOIN_SHARED)
        table->find.scanned = true; /* nothing of it changed */
    mr_progress_add_total(check->progress,
                          keys != NULL ? 2 * mr_key_set_count(keys) : table->est_rows);
    if (table->join == MR_JOIN_SHARED) {
        struct mr_err why = {0};
        code = table->find.scanned ? MR_OK : add_scan_jobs(run, table, &why);
        code = mr_check_leave(check, table, code, &why, err);
    }
    return code;
}

/* The next tables without a common key order.  They are read over and over, so never in a
 * view that stands still. */
static enum mr_code add_spill_jobs(struct run *run, bool *more, struct mr_err *err)
{
    const struct mr_check_run *check = run->check;
    size_t count = 0;
    *more = false;
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        struct mr_pair *table = check->pairing.tables[i];
        if (table->join == MR_JOIN_SHARED || !is_active(run, table) || table->find.scanned)
            continue;
        *more = count++ == SPILLS_AT_ONCE;
        if (*more)
            break;
        if (add_job(run, JOB_SPILL, table, err) == NULL)
            return MR_E_NOMEM;
    }
    return MR_OK;
}

static void reverse(struct job_item **items, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct job_item *other = items[count - 1 - i];
        items[count - 1 - i] = items[i];
        items[i] = other;
    }
}

/* A server keeps so many tables open, those that were used last.  A catalogue ends with the last names:
 * where there are many tables these are read first, so that they need not be opened for it, and the
 * first names last, with which the catalogue of the end begins.  Segments of a table stay in order. */
static void turn_jobs(struct mr_vec *jobs)
{
    struct job_item **items = jobs->items;
    if (jobs->count < MANY_JOBS)
        return;
    reverse(items, jobs->count);
    for (size_t i = 0, end; i < jobs->count; i = end) {
        for (end = i + 1; end < jobs->count && items[end]->table == items[i]->table;)
            end++;
        reverse(items + i, end - i);
    }
}

/* No worker got its connections: the tables are not checked, the run can be resumed. */
static enum mr_code run_scan_jobs(struct run *run, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    struct mr_err why = {0};
    turn_jobs(&run->jobs);
    enum mr_code code = run_jobs(run, &why);
    if (code == MR_OK || mr_check_is_fatal(code)) {
        if (code != MR_OK && err != NULL)
            *err = why;
        return code;
    }
    for (size_t i = 0; i < check->pairing.ntables; i++)
        if (!check->pairing.tables[i]->find.settled &&
            mr_check_in_scope(check, check->pairing.tables[i]))
            mr_check_give_up(check, check->pairing.tables[i], &why);
    return MR_OK;
}

/* Keys of a table, in parts where they are many.  Ranges of the table were read before. */
static enum mr_code add_keys_jobs(struct run *run, struct mr_pair *table, bool late,
                                  struct mr_err *err)
{
    const struct mr_key_set *keys =
        late ? mr_check_rekeyed_keys(run->check, table) : mr_check_changed_keys(run->check, table);
    if (keys == NULL || !is_active(run, table) || table->join != MR_JOIN_SHARED)
        return MR_OK;
    const size_t count = mr_key_set_count(keys);
    size_t parts = run->check->opts->threads * CONFIRMS_A_THREAD;
    if (count / CONFIRM_ROWS < parts)
        parts = count / CONFIRM_ROWS + 1;
    for (size_t i = 0; count > 0 && i < parts; i++) {
        struct job_item *item = add_job(run, JOB_KEYS, table, err);
        if (item == NULL)
            return MR_E_NOMEM;
        const size_t from = count * i / parts;
        item->keys = (struct mr_keys_task){.table = table,
                                           .keys = keys,
                                           .from = from,
                                           .count = count * (i + 1) / parts - from,
                                           .segment = (late ? MR_KEYS_LATE : 0) + i,
                                           .has_ranges = late || run->check->opts->rolling > 0};
    }
    return MR_OK;
}

static enum mr_code look_up_all(struct run *run, bool late, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    for (size_t i = 0; i < check->pairing.ntables; i++)
        MR_TRY(add_keys_jobs(run, check->pairing.tables[i], late, err));
    return run_scan_jobs(run, err);
}

/* In views the first call has done all jobs, and the second finds none. */
static enum mr_code scan_all(struct run *run, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    enum mr_code code = mr_check_trail_begin(check, run->pairs, MANY_JOBS, err);
    for (size_t i = 0; code == MR_OK && i < check->pairing.ntables; i++)
        code = begin_table(run, check->pairing.tables[i], err);
    if (code == MR_OK && check->opts->resume)
        code = mr_check_marks_forget_gone(check, err);
    if (code == MR_OK)
        code = mr_check_scope_gone(check, err);
    if (code == MR_OK && check->opts->consistent) {
        run->in_views = true;
        code = run_scan_jobs(run, err);
        close_readers(run, 0);
        run->in_views = false;
    }
    if (code == MR_OK) {
        mr_check_trail_start(check);
        code = run_scan_jobs(run, err);
        mr_check_trail_end(check, code != MR_OK);
    }
    if (code == MR_OK)
        code = look_up_all(run, false, err);
    for (size_t i = 0; code == MR_OK && i < check->pairing.ntables; i++) {
        struct mr_pair *table = check->pairing.tables[i];
        if (table->find.settled || table->join != MR_JOIN_SHARED ||
            !mr_check_in_scope(check, table))
            continue;
        code = mr_findings_chunk_sums(check->fd, table->find.id, &table->find.counts, err);
        if (!atomic_load(&table->failed))
            table->find.scanned = true;
        if (code == MR_OK)
            code = mr_findings_table_save(check->fd, &table->find, err);
    }
    return code;
}

/* ---- confirm and classify ---- */

/* Between rounds: --settle where nothing can be waited for, else short waits that grow. */
static enum mr_code pause_before(struct run *run, unsigned round, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    double seconds = mr_check_settle_follows(check) ? 0.1 * (round > 2 ? round - 2 : 0)
                                                    : mr_check_settle_s(check);
    return mr_check_sleep(seconds, check->progress, err);
}

/* Queues a table's open suspects; those of a big one in parts, so that all workers have
 * work.  Parts are id ranges that tile all ids, whatever the cuts are worth. */
static enum mr_code add_confirm_jobs(struct run *run, struct mr_pair *table, unsigned round,
                                     struct mr_err *err)
{
    struct mr_findings *fd = run->check->fd;
    struct mr_vec cuts = MR_VEC_INIT(int64_t);
    enum mr_find_state most = MR_FIND_SUSPECT;
    uint64_t suspects = 0, once = 0;
    int64_t after = 0;
    enum mr_code code = mr_findings_count(fd, table->find.id, MR_FIND_SUSPECT, &suspects, err);
    if (code == MR_OK)
        code = mr_findings_count(fd, table->find.id, MR_FIND_SEEN_ONCE, &once, err);
    if (code != MR_OK || suspects + once == 0)
        return code;
    if (once > suspects) {
        most = MR_FIND_SEEN_ONCE;
        suspects = once;
    }
    size_t parts = run->check->opts->threads * CONFIRMS_A_THREAD;
    if (suspects / CONFIRM_ROWS < parts)
        parts = (size_t)(suspects / CONFIRM_ROWS);
    if (parts > 1)
        code = mr_findings_cut(fd, table->find.id, most, parts, &cuts, err);
    for (size_t i = 0; code == MR_OK && i <= cuts.count; i++) {
        struct job_item *item = add_job(run, JOB_CONFIRM, table, err);
        int64_t last = i < cuts.count ? *(int64_t *)mr_vec_at(&cuts, i) : 0;
        if (item == NULL) {
            code = MR_E_NOMEM;
            break;
        }
        item->confirm = (struct mr_confirm_task){
            .table = table, .round = round, .after_id = after, .last_id = last};
        after = last;
    }
    mr_vec_release(&cuts);
    return code;
}

/* Those of a spill that has been left open. */
static enum mr_code add_spill_again(struct run *run, struct mr_pair *table, enum job job,
                                    unsigned round, struct mr_err *err)
{
    if (run->check->spills[table->at] == NULL)
        return MR_OK;
    struct job_item *item = add_job(run, job, table, err);
    if (item != NULL)
        item->confirm.round = round;
    return item != NULL ? MR_OK : MR_E_NOMEM;
}

/* Spilled tables have fewer rounds: each of them reads the whole table again. */
static enum mr_code add_round_jobs(struct run *run, unsigned round, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        struct mr_pair *table = check->pairing.tables[i];
        if (!is_active(run, table))
            continue;
        if (table->join == MR_JOIN_SHARED)
            MR_TRY(add_confirm_jobs(run, table, round, err));
        else if (round <= MR_SPILL_ROUNDS)
            MR_TRY(add_spill_again(run, table, JOB_SPILL_AGAIN, round, err));
    }
    return MR_OK;
}

/* Rows have to rest from this round on: of those seen before, no upstream row was kept. */
static enum mr_code begin_rest(struct run *run, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    for (size_t i = 0; i < check->pairing.ntables; i++)
        if (is_active(run, check->pairing.tables[i]))
            MR_TRY(mr_findings_restate(check->fd, check->pairing.tables[i]->find.id,
                                       MR_FIND_SEEN_ONCE, MR_FIND_SUSPECT, err));
    return MR_OK;
}

/* *open: there was something to read, and it could be. */
static enum mr_code confirm_round(struct run *run, unsigned round, bool *open, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    enum mr_code code = add_round_jobs(run, round, err);
    *open = code == MR_OK && run->jobs.count > 0;
    if (!*open)
        return code;
    code = pause_before(run, round, err);
    if (code == MR_OK)
        code = mr_check_settle(check, open, err);
    bool rests = mr_check_settle_rests(check);
    if (code == MR_OK && *open && rests && !run->rests)
        code = begin_rest(run, err);
    run->rests = rests;
    for (size_t i = 0; i < run->jobs.count; i++)
        (*(struct job_item **)mr_vec_at(&run->jobs, i))->confirm.rests = rests;
    if (code == MR_OK && *open)
        code = run_jobs(run, err);
    mr_vec_clear(&run->jobs);
    return code;
}

/* What is still open stays so. */
static enum mr_code end_rounds(struct run *run, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        struct mr_pair *table = check->pairing.tables[i];
        if (!is_active(run, table))
            continue;
        MR_TRY(mr_findings_restate(check->fd, table->find.id, MR_FIND_SUSPECT, MR_FIND_UNSETTLED,
                                   err));
        MR_TRY(mr_findings_restate(check->fd, table->find.id, MR_FIND_SEEN_ONCE, MR_FIND_UNSETTLED,
                                   err));
        MR_TRY(add_spill_again(run, table, JOB_SPILL_END, 0, err));
    }
    return run_jobs(run, err);
}

static enum mr_code confirm_all(struct run *run, struct mr_err *err)
{
    bool open = true;
    for (unsigned round = 1; open && round <= MR_CONFIRM_ROUNDS; round++)
        MR_TRY(confirm_round(run, round, &open, err));
    return end_rounds(run, err);
}

/* All others have been scanned; what differs of them is confirmed with the first of these. */
static enum mr_code spill_all(struct run *run, struct mr_err *err)
{
    bool more = true;
    while (more) {
        MR_TRY(add_spill_jobs(run, &more, err));
        MR_TRY(run_scan_jobs(run, err));
        MR_TRY(confirm_all(run, err));
    }
    return MR_OK;
}

/* Rows that no chunk has met, since their keys were changed meanwhile. */
static enum mr_code look_up_rekeyed(struct run *run, struct mr_err *err)
{
    MR_TRY(mr_check_rekeyed_find(run->check, err));
    if (run->check->rekeyed == NULL)
        return MR_OK;
    MR_TRY(look_up_all(run, true, err));
    return confirm_all(run, err);
}

static enum mr_code classify_all(struct run *run, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        struct mr_pair *table = check->pairing.tables[i];
        if (!is_active(run, table))
            continue;
        MR_TRY(mr_check_settle_note(check, table, err));
        if (add_job(run, JOB_CLASSIFY, table, err) == NULL)
            MR_TRY(MR_E_NOMEM);
    }
    return run_jobs(run, err);
}

/* A server that is gone by now leaves objects unseen; the tables' results stand. */
static enum mr_code objects(struct run *run, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    const bool has_objects = check->scope == NULL || check->scope->has_objects;
    struct mr_err why = {0};
    /* Objects have connections of their own, of which there may be few. */
    close_readers(run, 0);
    enum mr_code code = has_objects ? mr_check_objects(check, run->pairs, &why)
                                    : mr_check_altered_all(check, run->pairs, &why);
    if (code == MR_OK || mr_check_is_fatal(code)) {
        if (code != MR_OK && err != NULL)
            *err = why;
        return code;
    }
    code = mr_check_keep_unseen(check, "schema objects, which could not be compared", &why, err);
    mr_err_context(&why, "schema objects could not be compared");
    mr_log_err_as_warning(&why);
    return code;
}

/* Whom the findings belong to.  Only a case that is kept can be asked for it. */
static enum mr_code lineage(struct run *run, struct mr_err *err)
{
    struct mr_check_run *check = run->check;
    struct mr_err why = {0};
    check->run.kin_done = check->opts->case_path == NULL;
    if (check->run.kin_done || atomic_load(&check->lost))
        return MR_OK;
    enum mr_code code = mr_pair_references_save(&check->pairing, check->fd, err);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        struct job_item *item = add_job(run, JOB_KIN, NULL, err);
        if (item == NULL)
            return MR_E_NOMEM;
        item->side = (enum mr_side)side;
    }
    if (code != MR_OK)
        return code;
    code = run_jobs(run, &why);
    if (code == MR_OK)
        code = mr_lineage_finish(check->fd, &why);
    check->run.kin_done = code == MR_OK;
    if (code == MR_OK || mr_check_is_fatal(code)) {
        if (code != MR_OK && err != NULL)
            *err = why;
        return code;
    }
    code = mr_check_keep_unseen(check, "whom the differing rows belong to", &why, err);
    mr_err_context(&why, "whom the differing rows belong to could not be found out");
    mr_log_err_as_warning(&why);
    return code;
}

/* Tables are saved before objects are looked at, which may fail: the rows' result stands then. */
enum mr_code mr_check_execute(struct mr_check_run *check, const struct mr_vec *pairs,
                              struct mr_err *err)
{
    struct run run = {.check = check, .pairs = pairs, .jobs = MR_VEC_INIT(struct job_item *)};
    run.workers = calloc(check->opts->threads, sizeof *run.workers);
    check->spills =
        mr_arena_calloc(&check->arena, check->pairing.ntables + 1, sizeof(struct mr_spill *));
    if (run.workers == NULL || check->spills == NULL) {
        free(run.workers);
        return mr_err_nomem(err, "planning the work");
    }
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_check_alikes_begin(check, err));
    MR_TRY_OUT(mr_check_marks_begin(check, err));
    MR_TRY_OUT(mr_check_changed_read(check, err));
    MR_TRY_OUT(mr_check_moves_begin(check, err));
    MR_TRY_OUT(scan_all(&run, err));
    MR_TRY_OUT(spill_all(&run, err));
    MR_TRY_OUT(look_up_rekeyed(&run, err));
    MR_TRY_OUT(classify_all(&run, err));
    MR_TRY_OUT(mr_check_marks_end(check, err));
    MR_TRY_OUT(mr_check_moves_end(check, err));
    MR_TRY_OUT(mr_check_save_tables(check, err));
    MR_TRY_OUT(objects(&run, err));
    MR_TRY_OUT(mr_check_save_tables(check, err));
    MR_TRY_OUT(lineage(&run, err));
    if (check->scope == NULL || check->scope->has_objects)
        MR_TRY_OUT(mr_check_suspects(check, err));
    check->run.finished =
        !atomic_load(&check->lost) && check->run.objects_done && check->run.kin_done;
out:
    mr_check_spill_drop(check);
    mr_check_alikes_drop(check);
    mr_check_trail_drop(check);
    mr_check_rekeyed_end(check);
    close_readers(&run, 0);
    free(run.workers);
    mr_vec_release(&run.jobs);
    return code;
}
