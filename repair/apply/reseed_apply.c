/* reseed_apply.c: see reseed_apply.h. */
#include "repair/apply/reseed_apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/db/db_error.h"
#include "core/db/sqltext.h"
#include "repair/apply/apply_checks.h"
#include "repair/apply/reseed_insert.h"
#include "repair/reseed/counter_read.h"
#include "repair/reseed/reseed_value.h"
#include "repair/script/reseed_sql.h"

#define RECONNECTS 6
#define MAX_PAUSE_S 8
#define PAUSE_STEP_MS 50

/* Of a server: lock wait; an algorithm or lock that this table cannot have. */
enum { LOCK_WAIT = 1205, NO_ALGORITHM = 1845, NO_ALGORITHM_WHY = 1846 };

const char *mr_raise_name(enum mr_raise raise)
{
    switch (raise) {
    case MR_RAISE_ALREADY: return "already-high";
    case MR_RAISE_WOULD: return "would-raise";
    case MR_RAISE_DONE: return "high-enough";
    case MR_RAISE_FAILED: return "too-low";
    case MR_RAISE_UNPROVEN: return "unproven";
    case MR_RAISE_UNDECIDED: break;
    }
    return "undecided";
}

size_t mr_reseed_count(const struct mr_reseed_run *run, enum mr_raise raise)
{
    size_t count = 0;
    for (size_t i = 0; i < run->manifest->ncounters; i++)
        count += run->results[i].raise == raise;
    return count;
}

static const char *keep(struct mr_reseed_run *run, const char *text)
{
    const char *copy = mr_arena_strdup(run->arena, text);
    return copy != NULL ? copy : "out of memory";
}

/* ---- reading ---- */

/* Of each connection anew. */
static enum mr_code keep_unlogged(const struct mr_reseed_run *run, struct mr_err *err)
{
    return run->unlogged ? mr_apply_session(run->target, true, err) : MR_OK;
}

static enum mr_code reconnect(struct mr_reseed_run *run, struct mr_err *err)
{
    mr_log_warning("the target \"%s\" was lost, connecting again, up to %d times",
                   mr_db_label(run->target->db), RECONNECTS);
    MR_TRY(mr_db_reconnect(run->target->db, RECONNECTS, err));
    MR_TRY(mr_target_check_again(run->target, run->manifest, run->journal != NULL, err));
    return keep_unlogged(run, err);
}

/* After a lost connection once more.  A counter that cannot be read is a failure of its
 * own. */
static enum mr_code read_next(struct mr_reseed_run *run, struct mr_raise_result *r, uint64_t *next,
                              struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = mr_counter_read(run->target->db, r->counter, next, &why);
    if (code == MR_E_LOST) {
        code = mr_db_is_lost(run->target->db) ? reconnect(run, err) : MR_OK;
        if (code != MR_OK)
            return code;
        code = mr_counter_read(run->target->db, r->counter, next, &why);
    }
    if (code == MR_OK && *next > 0)
        return MR_OK;
    if (code == MR_E_LOST || code == MR_E_NOMEM || code == MR_E_CANCELLED) {
        *err = why;
        return code;
    }
    *next = 0;
    r->raise = MR_RAISE_FAILED;
    r->reason = code == MR_OK ? "the column is no counter any more" : keep(run, why.message);
    return MR_OK;
}

/* COLUMN_TYPE, or "" where there is none. */
static enum mr_code read_type(struct mr_reseed_run *run, const struct mr_counter *c,
                              struct mr_strbuf *type, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err why = {0};
    mr_strbuf_add_str(&sql, "SELECT COALESCE(MIN(COLUMN_TYPE), '') FROM "
                            "information_schema.COLUMNS WHERE TABLE_SCHEMA = ");
    mr_sql_string(&sql, c->db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, c->name);
    mr_strbuf_add_str(&sql, " AND COLUMN_NAME = ");
    mr_sql_string(&sql, c->column);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query_text(run->target->db, sql.ptr, type, &why);
    if (code == MR_E_LOST && mr_db_is_lost(run->target->db)) {
        code = reconnect(run, &why);
        mr_strbuf_reset(type);
        if (code == MR_OK)
            code = mr_db_query_text(run->target->db, sql.ptr, type, &why);
    }
    if (code != MR_OK)
        *err = why;
    mr_strbuf_release(&sql);
    return code;
}

/* Raised beyond what the column holds a counter hands out nothing any more. */
static enum mr_code check_holds(struct mr_reseed_run *run, struct mr_raise_result *r,
                                struct mr_err *err)
{
    const struct mr_counter *c = r->counter;
    struct mr_strbuf type = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    char name[16] = "";
    if (c->sequence != NULL)
        return MR_OK;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(read_type(run, c, &type, err));
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(type.ptr, "( "), type.ptr);
    const struct mr_column column = {.data_type = name,
                                     .is_unsigned = strstr(type.ptr, "unsigned") != NULL};
    if (c->reseed_to > mr_reseed_column_limit(&column)) {
        mr_strbuf_add_fmt(&text,
                          "the column is %s now, which does not hold %" PRIu64 ": plan again",
                          type.ptr, c->reseed_to);
        r->raise = MR_RAISE_FAILED;
        r->reason = keep(run, text.ptr);
    }
out:
    mr_strbuf_release(&type);
    mr_strbuf_release(&text);
    return code;
}

/* What stands high here may still have to be raised: a step that was cut short, or a replica that
 * never got it. */
static enum mr_code survey_one(struct mr_reseed_run *run, struct mr_raise_result *r,
                               struct mr_err *err)
{
    const char *low = NULL;
    uint64_t there = 0;
    enum mr_code code = read_next(run, r, &r->before, err);
    r->after = r->before;
    if (code != MR_OK || r->raise == MR_RAISE_FAILED)
        return code;
    bool interrupted = run->journal != NULL && mr_journal_is_open(run->journal, r->counter);
    if (r->before < r->counter->reseed_to || interrupted) {
        r->raise = MR_RAISE_WOULD;
        return check_holds(run, r, err);
    }
    code = mr_peers_lowest(run->peers, r->counter, &low, &there, err);
    r->raise = low != NULL ? MR_RAISE_WOULD : MR_RAISE_ALREADY;
    return code;
}

enum mr_code mr_reseed_survey(struct mr_reseed_run *run, struct mr_err *err)
{
    const char *behind = NULL;
    run->results = mr_arena_calloc(run->arena, run->manifest->ncounters + 1, sizeof *run->results);
    if (run->results == NULL)
        return mr_err_nomem(err, "reading counters");
    /* a replica that only lags is not one that never got it */
    enum mr_code code =
        mr_peers_wait(run->peers, run->target->db, run->peer_timeout_s, &behind, err);
    for (size_t i = 0; code == MR_OK && i < run->manifest->ncounters; i++) {
        run->results[i].counter = &run->manifest->counters[i];
        code = mr_is_cancelled() ? mr_cancelled_err(err) : survey_one(run, &run->results[i], err);
    }
    return code;
}

/* ---- one try ---- */

/* Never below where the counter stands. */
static uint64_t wanted(const struct mr_raise_result *r, uint64_t next)
{
    return next > r->counter->reseed_to ? next : r->counter->reseed_to;
}

static enum mr_code set_lock_wait(struct mr_reseed_run *run, struct mr_err *err)
{
    char sql[64];
    int len = snprintf(sql, sizeof sql, "SET SESSION lock_wait_timeout = %u", run->lock_timeout_s);
    return mr_db_exec(run->target->db, sql, (size_t)len, err);
}

static void say_wait(struct mr_reseed_run *run, const struct mr_raise_result *r)
{
    mr_db_say(run->target->db,
              "the counter of \"%s\", for its lock at most %u s in each of %u tries",
              r->counter->target_table, run->lock_timeout_s, run->retries + 1);
}

static enum mr_code alter(struct mr_reseed_run *run, const struct mr_raise_result *r, uint64_t to,
                          struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    say_wait(run, r);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(set_lock_wait(run, err));
    mr_reseed_raise_sql(r->counter, to, &sql);
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a statement", err));
    MR_TRY_OUT(mr_db_exec(run->target->db, sql.ptr, sql.len, err));
out:
    mr_strbuf_release(&sql);
    return code;
}

static const char *way_of(const struct mr_counter *c)
{
    return c->sequence != NULL ? "setval" : "alter";
}

/* What a failed step means for the counter.  MR_OK: it is recorded; the run goes on. */
static enum mr_code take_failure(struct mr_reseed_run *run, struct mr_raise_result *r,
                                 const struct mr_journal_step *step, const struct mr_err *why,
                                 struct mr_err *err)
{
    r->reason = keep(run, why->message);
    if (why->code == MR_E_LOST) /* whether it was done is not known: it stays open */
        return mr_db_is_lost(run->target->db) ? reconnect(run, err) : MR_OK;
    if (why->code == MR_E_NOMEM || why->code == MR_E_IO || why->code == MR_E_CANCELLED) {
        *err = *why;
        return why->code;
    }
    return mr_journal_write(run->journal, MR_JOURNAL_FAILED, step, why->message, err);
}

static enum mr_code take_success(struct mr_reseed_run *run, struct mr_raise_result *r,
                                 const struct mr_journal_step *step, struct mr_err *err)
{
    r->raise = MR_RAISE_DONE;
    r->how = step->how;
    r->reason = NULL;
    r->blockers = (struct mr_blockers){0};
    mr_log_detail("table \"%s\": the next id is %" PRIu64 " (%s)", r->counter->target_table,
                  step->to, step->how);
    return mr_journal_write(run->journal, MR_JOURNAL_DONE, step, NULL, err);
}

/* Who holds the lock is gone in a moment, so it is asked at once, and said before the next try. */
static enum mr_code name_blockers(struct mr_reseed_run *run, struct mr_raise_result *r,
                                  struct mr_err *err)
{
    const struct mr_counter *c = r->counter;
    const char *db = c->sequence != NULL ? c->sequence_db : c->db;
    const char *name = c->sequence != NULL ? c->sequence : c->name;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_blockers_find(run->target->db, run->target->grants, db, name, run->arena,
                                         &r->blockers, err);
    if (code == MR_OK) {
        mr_blockers_to_text(&r->blockers, "; ", &text);
        for (size_t i = 0; i < text.len; i++)
            if (text.ptr[i] == '\n')
                text.ptr[i] = ' ';
        mr_log_warning("table \"%s\" is in use, waited %u s%s", c->target_table,
                       run->lock_timeout_s, text.ptr);
    }
    mr_strbuf_release(&text);
    return code;
}

/* One ALTER or SETVAL.  *blocked: it is worth another try. */
static enum mr_code try_alter(struct mr_reseed_run *run, struct mr_raise_result *r, bool *blocked,
                              struct mr_err *err)
{
    uint64_t next = 0;
    struct mr_err why = {0};
    *blocked = false;
    enum mr_code code = read_next(run, r, &next, err);
    if (code != MR_OK || r->raise == MR_RAISE_FAILED)
        return code;
    struct mr_journal_step step = {r->counter, way_of(r->counter), wanted(r, next)};
    code = mr_journal_write(run->journal, MR_JOURNAL_TRY, &step, NULL, err);
    if (code != MR_OK)
        return code;
    enum mr_code tried = alter(run, r, step.to, &why);
    if (tried == MR_OK)
        return take_success(run, r, &step, err);
    *blocked =
        tried == MR_E_LOST || why.sql_errno == LOCK_WAIT || mr_db_error_is_passing(why.sql_errno);
    code = take_failure(run, r, &step, &why, err);
    if (code == MR_OK && why.sql_errno == LOCK_WAIT)
        code = name_blockers(run, r, err);
    /* copying the table is no way out: it would hold up every writer */
    bool other_way = *blocked || why.sql_errno == NO_ALGORITHM || why.sql_errno == NO_ALGORITHM_WHY;
    if (!other_way)
        r->raise = MR_RAISE_FAILED;
    return code;
}

/* ---- rounds ---- */

static enum mr_code pause_for(unsigned seconds, struct mr_err *err)
{
    for (unsigned ms = 0; ms < seconds * 1000 && !mr_is_cancelled(); ms += PAUSE_STEP_MS)
        (void)usleep(PAUSE_STEP_MS * 1000);
    return mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK;
}

/* *left: how many are worth another round. */
static enum mr_code run_round(struct mr_reseed_run *run, size_t *left, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *left = 0;
    for (size_t i = 0; code == MR_OK && i < run->manifest->ncounters; i++) {
        struct mr_raise_result *r = &run->results[i];
        bool blocked = false;
        if (r->raise != MR_RAISE_WOULD)
            continue;
        code = mr_is_cancelled() ? mr_cancelled_err(err) : try_alter(run, r, &blocked, err);
        *left += blocked;
    }
    return code;
}

/* An ALTER that waits holds up everybody behind it, so each try is short, and the pauses between
 * them grow. */
static enum mr_code run_rounds(struct mr_reseed_run *run, struct mr_err *err)
{
    unsigned pause_s = 1;
    size_t left = 0;
    MR_TRY(run_round(run, &left, err));
    for (unsigned i = 0; left > 0 && i < run->retries; i++) {
        mr_log_info("%zu table%s in use: trying again in %u s", left, left == 1 ? " is" : "s are",
                    pause_s);
        MR_TRY(pause_for(pause_s, err));
        pause_s = pause_s * 2 < MAX_PAUSE_S ? pause_s * 2 : MAX_PAUSE_S;
        MR_TRY(run_round(run, &left, err));
    }
    return MR_OK;
}

/* ---- the way around a lock ---- */

static void fail_result(struct mr_reseed_run *run, struct mr_raise_result *r, const char *what,
                        const char *why)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "%s; %s: %s",
                      r->reason != NULL ? r->reason : "ALTER TABLE was not possible", what, why);
    r->raise = MR_RAISE_FAILED;
    r->reason = keep(run, text.ptr);
    mr_strbuf_release(&text);
}

/* The last way, where ALTER stays blocked: what blocked it is kept as the reason, since that is what
 * somebody can do something about. */
static enum mr_code try_insert(struct mr_reseed_run *run, struct mr_raise_result *r,
                               struct mr_err *err)
{
    const char *why_not = NULL;
    uint64_t next = 0;
    struct mr_err why = {0};
    enum mr_code code = read_next(run, r, &next, err);
    if (code != MR_OK || r->raise == MR_RAISE_FAILED)
        return code;
    struct mr_insert_task task = {.db = run->target->db,
                                  .grants = run->target->grants,
                                  .counter = r->counter,
                                  .to = wanted(r, next),
                                  .lock_timeout_s = run->lock_timeout_s,
                                  .arena = run->arena};
    enum mr_code tried = mr_reseed_insert_check(&task, &why_not, &why);
    if (tried == MR_OK && why_not != NULL) {
        fail_result(run, r, "a row cannot raise it instead", why_not);
        return MR_OK;
    }
    struct mr_journal_step step = {r->counter, "insert", task.to};
    if (tried == MR_OK) {
        mr_log_info("table \"%s\" stays in use: raising its counter by a row that is "
                    "inserted and deleted",
                    r->counter->target_table);
        say_wait(run, r);
        code = mr_journal_write(run->journal, MR_JOURNAL_TRY, &step, NULL, err);
        if (code != MR_OK)
            return code;
        tried = mr_reseed_insert(&task, &why);
    }
    if (tried == MR_OK)
        return take_success(run, r, &step, err);
    const char *blocked_by = r->reason;
    code = take_failure(run, r, &step, &why, err);
    r->reason = blocked_by;
    fail_result(run, r, "a row could not raise it instead", why.message);
    return code;
}

static enum mr_code run_inserts(struct mr_reseed_run *run, struct mr_err *err)
{
    for (size_t i = 0; i < run->manifest->ncounters; i++) {
        if (run->results[i].raise != MR_RAISE_WOULD)
            continue;
        MR_TRY(mr_is_cancelled() ? mr_cancelled_err(err) : try_insert(run, &run->results[i], err));
    }
    return MR_OK;
}

/* ---- proof ---- */

static void say_low(struct mr_reseed_run *run, struct mr_raise_result *r, const char *where,
                    uint64_t next)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "the next id %s%s is %" PRIu64 ", not %" PRIu64 " or more",
                      where != NULL ? "on " : "here", where != NULL ? where : "", next,
                      r->counter->reseed_to);
    r->raise = MR_RAISE_FAILED;
    r->reason = keep(run, text.ptr);
    mr_strbuf_release(&text);
}

/* What was rolled back has raised it, and no replica has heard of that. */
static void say_here_only(struct mr_reseed_run *run, struct mr_raise_result *r)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text,
                      "%s; it stands high enough on this server alone, apply again takes "
                      "it to the replicas",
                      r->reason);
    r->reason = keep(run, text.ptr);
    mr_strbuf_release(&text);
}

/* Nothing that was sent proves anything: the counter is read back, here and on the replicas.  One
 * that is low on a replica is a failure only where the replicas have caught up. */
static enum mr_code prove(struct mr_reseed_run *run, struct mr_raise_result *r, const char *behind,
                          struct mr_err *err)
{
    const char *low = NULL;
    uint64_t there = 0;
    bool failed = r->raise == MR_RAISE_FAILED;
    mr_db_say(run->target->db, "reading the counter of \"%s\"", r->counter->target_table);
    MR_TRY(read_next(run, r, &r->after, err));
    if (!failed && r->raise != MR_RAISE_FAILED && r->after < r->counter->reseed_to)
        say_low(run, r, NULL, r->after);
    else if (failed && run->journal != NULL && mr_journal_is_open(run->journal, r->counter) &&
             r->after >= r->counter->reseed_to)
        say_here_only(run, r);
    if (r->raise == MR_RAISE_FAILED)
        return MR_OK;
    enum mr_code code = mr_peers_lowest(run->peers, r->counter, &low, &there, err);
    if (code == MR_OK && low != NULL && behind != NULL) {
        r->raise = MR_RAISE_UNPROVEN;
        r->reason = "a replica has not caught up";
    } else if (code == MR_OK && low != NULL) {
        say_low(run, r, low, there);
    }
    return code;
}

static enum mr_code prove_all(struct mr_reseed_run *run, struct mr_err *err)
{
    const char *behind = NULL;
    enum mr_code code =
        mr_peers_wait(run->peers, run->target->db, run->peer_timeout_s, &behind, err);
    for (size_t i = 0; code == MR_OK && i < run->manifest->ncounters; i++)
        code = prove(run, &run->results[i], behind, err);
    return code;
}

enum mr_code mr_reseed_apply(struct mr_reseed_run *run, struct mr_err *err)
{
    MR_TRY(keep_unlogged(run, err));
    MR_TRY(run_rounds(run, err));
    MR_TRY(run_inserts(run, err));
    return prove_all(run, err);
}

enum mr_code mr_reseed_verify(struct mr_reseed_run *run, struct mr_err *err)
{
    run->results = mr_arena_calloc(run->arena, run->manifest->ncounters + 1, sizeof *run->results);
    if (run->results == NULL)
        return mr_err_nomem(err, "reading counters");
    for (size_t i = 0; i < run->manifest->ncounters; i++) {
        run->results[i].counter = &run->manifest->counters[i];
        run->results[i].raise = MR_RAISE_DONE;
    }
    return prove_all(run, err);
}
