/* apply_units.c: see apply_units.h. */
#include "repair/apply/apply_units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "repair/apply/apply_checks.h"
#include "repair/apply/apply_internal.h"

/* ---- the result of a unit ---- */

static enum mr_code tell_unlisted(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (a->unlisted == 0)
        return MR_OK;
    mr_strbuf_add_str(&text, "and ");
    mr_strbuf_add_grouped(&text, a->unlisted);
    mr_strbuf_add_fmt(&text, " more row%s of it: only the first ", a->unlisted == 1 ? "" : "s");
    mr_strbuf_add_grouped(&text, MR_REFUSALS_MAX);
    mr_strbuf_add_str(&text, " are listed");
    enum mr_code code = mr_strbuf_check(&text, "listing what was refused", err);
    if (code == MR_OK)
        code = a->run->on_refusal(
            a->run->ctx,
            &(struct mr_refusal){
                .unit = a->unit->number, .table = "", .key = "", .reason = text.ptr},
            err);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code hand_on(struct mr_attempt *a, struct mr_err *err)
{
    if (a->restarted)
        return MR_OK; /* for want of rows that are lost, maybe: the unit comes again */
    for (size_t i = 0; i < a->refusals.count; i++)
        MR_TRY(a->run->on_refusal(a->run->ctx, mr_vec_at(&a->refusals, i), err));
    return tell_unlisted(a, err);
}

/* Nothing of the unit was written. */
enum mr_code mr_attempt_take_failed(struct mr_attempt *a, const char *reason, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    struct mr_journal_unit unit = {
        .script = run->which, .number = a->unit->number, .lost = a->lost};
    run->counts.failed++;
    run->counts.refused += a->unit->rows;
    mr_vec_clear(&a->refusals);
    a->unlisted = 0;
    if (run->journal != NULL)
        MR_TRY(mr_journal_write_unit(run->journal, MR_JOURNAL_FAILED, &unit, reason, err));
    MR_TRY(mr_attempt_add_refusal(a, "", "", mr_arena_strdup(&a->arena, reason), err));
    return hand_on(a, err);
}

/* Beside the rows that were refused: they are not why the others are not written. */
enum mr_code mr_attempt_take_rolled_back(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    struct mr_journal_unit unit = {
        .script = run->which, .number = a->unit->number, .lost = a->lost};
    run->counts.failed++;
    run->counts.refused += a->unit->rows;
    if (run->journal != NULL)
        MR_TRY(mr_journal_write_unit(run->journal, MR_JOURNAL_FAILED, &unit, MR_GUARD_FAILED, err));
    MR_TRY(mr_attempt_add_refusal(a, "", "", MR_GUARD_FAILED, err));
    return hand_on(a, err);
}

static int compare_rows(const void *a, const void *b)
{
    const struct mr_refusal *x = *(const struct mr_refusal *const *)a;
    const struct mr_refusal *y = *(const struct mr_refusal *const *)b;
    int order = strcmp(x->table, y->table);
    return order != 0 ? order : strcmp(x->key, y->key);
}

/* A row may have several reasons.  Rows without a key are not told apart. */
static uint64_t refused_rows(const struct mr_attempt *a)
{
    const struct mr_refusal **rows =
        calloc(a->refusals.count + 1, sizeof(const struct mr_refusal *));
    uint64_t count = 0;
    if (rows == NULL)
        return a->refusals.count;
    for (size_t i = 0; i < a->refusals.count; i++)
        rows[i] = mr_vec_at(&a->refusals, i);
    qsort(rows, a->refusals.count, sizeof(const struct mr_refusal *), compare_rows);
    for (size_t i = 0; i < a->refusals.count; i++)
        count += i == 0 || *rows[i]->key == '\0' || compare_rows(&rows[i - 1], &rows[i]) != 0;
    free(rows);
    return count;
}

/* With a row that is refused goes all that belongs to it. */
static uint64_t left_out(const struct mr_attempt *a)
{
    uint64_t known = a->written + a->there + a->passed + a->images, rows = a->unit->rows;
    uint64_t rest = rows > known ? rows - known : 0, refused = refused_rows(a);
    if (refused == 0)
        return 0;
    return rest > refused ? rest : refused;
}

static void say_passed(const struct mr_attempt *a)
{
    if (a->never > 0)
        mr_log_info("unit %" PRIu64 ": passed over %" PRIu64
                    " row%s that apply had left out: who stands there is not the plan's",
                    a->unit->number, a->never, a->never == 1 ? "" : "s");
}

/* For undo: which rows were not written. */
static void list_left_out(const struct mr_attempt *a, struct mr_strbuf *out)
{
    for (size_t i = 0; !a->lost && a->run->which == MR_JOURNAL_APPLY && i < a->refusals.count;
         i++) {
        const struct mr_refusal *r = mr_vec_at(&a->refusals, i);
        if (*r->table != '\0')
            mr_journal_add_left_out(out, r->table, r->key);
    }
}

/* What is committed is reported all the same. */
static void list_along(struct mr_attempt *a)
{
    struct mr_err why = {0};
    if (a->committed && !a->run->rehearse && mr_attempt_list_along(a, &why) != MR_OK)
        mr_log_warning("unit %" PRIu64 ": which rows go along with those that are left "
                       "out is not known: %s",
                       a->unit->number, why.message);
}

/* Committed or not, this is the only place where a unit becomes done: the journal has it before
 * anybody is told, so that a run that is killed in between takes it up as done. */
enum mr_code mr_attempt_take_done(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    enum mr_code code = MR_OK;
    list_along(a);
    say_passed(a);
    struct mr_journal_unit unit = {.script = run->which,
                                   .number = a->unit->number,
                                   .written = a->written,
                                   .there = a->there,
                                   .refused = left_out(a)};
    if (a->committed && a->marker[0] != '\0')
        unit.marker = a->marker;
    struct mr_strbuf aside = MR_STRBUF_INIT, rows = MR_STRBUF_INIT, fired = MR_STRBUF_INIT;
    struct mr_strbuf beside = MR_STRBUF_INIT;
    if (a->fired != NULL)
        mr_fired_list(a->fired, &fired);
    if (a->beside != NULL)
        mr_fired_beside_list(a->beside, &beside);
    if (a->back != NULL && a->committed)
        mr_fired_back_committed(a->back);
    mr_aside_text(&a->aside, &aside);
    list_left_out(a, &rows);
    if (rows.len > 0 && !rows.failed)
        unit.left_out = rows.ptr;
    if (a->found.len > 0 && !a->found.failed)
        unit.found = a->found.ptr;
    if (fired.len > 0 && !fired.failed)
        unit.fired = fired.ptr;
    if (beside.len > 0 && !beside.failed)
        unit.beside = beside.ptr;
    if (a->refusals.count > 0 && aside.len > 0)
        unit.aside = aside.ptr;
    run->counts.done += a->refusals.count == 0;
    run->counts.partial += a->refusals.count > 0;
    run->counts.written += a->written;
    run->counts.there += a->there;
    run->counts.stood += a->passed;
    run->counts.refused += unit.refused;
    if (run->journal != NULL && run->which == MR_JOURNAL_UNDO)
        unit.of = run->units->count;
    if (run->journal != NULL)
        code = mr_journal_write_unit(run->journal, MR_JOURNAL_DONE, &unit, NULL, err);
    mr_strbuf_release(&aside);
    mr_strbuf_release(&rows);
    mr_strbuf_release(&fired);
    mr_strbuf_release(&beside);
    return code == MR_OK ? hand_on(a, err) : code;
}

/* Rows that an earlier run has set aside. */
enum mr_code mr_attempt_recall(struct mr_attempt *a, struct mr_err *err)
{
    const struct mr_apply_units *run = a->run;
    mr_aside_reset(&a->aside);
    if (run->journal == NULL)
        return MR_OK;
    return mr_aside_add(&a->aside, mr_journal_unit_aside(run->journal, run->which, a->unit->number),
                        err);
}

/* The journal announces it before the first statement: after a kill nobody knows whether the COMMIT
 * came through, and the next run looks. */
static enum mr_code run_unit(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    struct mr_journal_unit unit = {.script = run->which, .number = a->unit->number};
    enum mr_outcome outcome = 0;
    struct mr_err why = {0};
    MR_TRY(mr_attempt_recall(a, err));
    if (run->journal != NULL)
        MR_TRY(mr_journal_write_unit(run->journal, MR_JOURNAL_TRY, &unit, NULL, err));
    MR_TRY(mr_attempt_carry_out(a, &outcome, &why, err));
    MR_TRY(mr_attempt_write_rest(a, &outcome, &why, err));
    if (outcome == MR_OUTCOME_REFUSED)
        return a->unheld ? mr_attempt_take_rolled_back(a, err)
                         : mr_attempt_take_failed(a, why.message, err);
    if (run->dry_run && !a->held)
        return mr_attempt_take_rolled_back(a, err);
    return mr_attempt_take_done(a, err);
}

/* ---- what the journal says ---- */

bool mr_attempt_is_journaled(const struct mr_attempt *a)
{
    const struct mr_apply_units *run = a->run;
    return run->journal != NULL && !run->recheck &&
           mr_journal_unit_is_done(run->journal, run->which, a->unit->number);
}

/* Rows that were written and are gone, beside others that stand: a unit is taken back, or
 * lost with a restored copy, as a whole; so somebody has deleted them. */
static enum mr_code take_gone(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text,
                      "%" PRIu64 " of its %" PRIu64 " rows were written before and are "
                      "gone since: --recheck writes them again",
                      a->written, a->unit->rows);
    enum mr_code code = mr_strbuf_check(&text, "listing what was refused", err);
    if (code == MR_OK)
        code = mr_attempt_add_refusal(a, "", "", mr_arena_strdup(&a->arena, text.ptr), err);
    mr_strbuf_release(&text);
    a->written = 0;
    return code;
}

/* By a dry try.  All there: passed over.  Nothing there: a restored copy, or undone by hand, so it
 * is carried out again.  In between, rows were deleted since, which apply does not bring back. */
enum mr_code mr_attempt_look_again(struct mr_attempt *a, bool *left, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    enum mr_outcome outcome = 0;
    struct mr_err why = {0};
    a->dry = true;
    enum mr_code code = mr_attempt_carry_out(a, &outcome, &why, err);
    a->dry = run->dry_run;
    *left = false;
    if (code != MR_OK)
        return code;
    if (outcome == MR_OUTCOME_REFUSED)
        return mr_attempt_take_failed(a, why.message, err);
    if (!a->held)
        return mr_attempt_take_rolled_back(a, err);
    say_passed(a);
    if (a->refusals.count == 0 && a->written == 0) {
        run->counts.passed++;
        run->counts.there += a->there;
        run->counts.stood += a->passed;
        return MR_OK;
    }
    *left = run->which == MR_JOURNAL_UNDO || (a->there == 0 && a->refusals.count == 0);
    if (*left) {
        mr_log_warning("unit %" PRIu64 ": the journal has it as done, the target does "
                       "not: it is carried out again",
                       a->unit->number);
        return MR_OK;
    }
    if (a->written > 0)
        code = take_gone(a, err);
    run->counts.partial++;
    run->counts.there += a->there;
    run->counts.refused += left_out(a);
    return code == MR_OK ? hand_on(a, err) : code;
}

/* ---- one after the other ---- */

/* What is known of a unit must not outlive it: its rows have the same numbers as the next one's. */
static enum mr_code do_unit(struct mr_attempt *a, struct mr_err *err)
{
    bool left = true;
    enum mr_code code = MR_OK;
    a->staged = a->lost = false;
    a->passed = a->never = 0;
    a->marker[0] = '\0';
    mr_strbuf_reset(&a->found);
    mr_aside_reset(&a->aside);
    if (a->fired != NULL)
        mr_fired_begin(a->fired);
    if (a->beside != NULL)
        mr_fired_beside_begin(a->beside);
    if (a->back != NULL)
        mr_fired_back_begin(a->back);
    if (mr_attempt_is_journaled(a))
        code = mr_attempt_look_again(a, &left, err);
    return code == MR_OK && left ? run_unit(a, err) : code;
}

enum mr_code mr_attempt_wait(const struct mr_apply_units *run, struct mr_err *err)
{
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    return run->throttle != NULL ? mr_throttle_wait(run->throttle, err) : MR_OK;
}

/* Triggers fire, or have fired, where the plan lets them. */
static enum mr_code open_fired(struct mr_attempt *a, struct mr_err *err)
{
    const struct mr_apply_units *run = a->run;
    const struct mr_planned *planned = &run->manifest->planned;
    if (!planned->fire_triggers || run->journal == NULL || run->rehearse)
        return MR_OK;
    if (run->which == MR_JOURNAL_UNDO)
        return mr_fired_back_new(run->target, planned, run->journal, &a->tables, &a->back, err);
    if (run->dry_run)
        return MR_OK;
    MR_TRY(mr_fired_beside_new(run->target, planned, &a->tables, &a->beside, err));
    return mr_fired_new(run->target, run->run_tag, planned, &a->tables, &a->fired, err);
}

/* What has become of the rows that triggers wrote. */
static enum mr_code tell_fired(struct mr_attempt *a, struct mr_err *err)
{
    const struct mr_apply_units *run = a->run;
    struct mr_vec sums = MR_VEC_INIT(struct mr_fired_sum);
    if (a->back == NULL || run->dry_run || run->on_fired == NULL)
        return MR_OK;
    enum mr_code code = mr_fired_back_sums(a->back, &sums, err);
    for (size_t i = 0; code == MR_OK && i < sums.count; i++)
        code = run->on_fired(run->ctx, mr_vec_at(&sums, i), err);
    mr_vec_release(&sums);
    return code;
}

/* Up to the end, or until the server was restarted. */
static enum mr_code do_units(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    a->restarted = false;
    a->since_s = mr_clock_now_s();
    for (size_t i = 0; !a->restarted && i < run->units->count; i++) {
        a->unit = mr_vec_at(run->units, i);
        MR_TRY(mr_attempt_wait(run, err));
        MR_TRY(do_unit(a, err));
        if (run->progress != NULL) {
            mr_progress_add(run->progress, a->unit->rows, 0);
            mr_progress_add_done(run->progress, 1);
            mr_progress_tick(run->progress);
        }
    }
    return MR_OK;
}

/* What a restarted server has lost of units that were done is written again, as by the next
 * run: a unit is done when the target shows it. */
static enum mr_code do_all(struct mr_attempt *a, struct mr_err *err)
{
    MR_TRY(do_units(a, err));
    while (a->restarted) {
        struct mr_apply_counts *counts = &a->run->counts;
        mr_log_warning("the target \"%s\" was restarted, and may have lost what was "
                       "committed last: all units are looked at again",
                       mr_db_label(a->run->target->db));
        *counts = (struct mr_apply_counts){.units = counts->units, .retries = counts->retries};
        a->looks_again = true;
        if (a->run->progress != NULL)
            mr_progress_add_total(a->run->progress, counts->units);
        MR_TRY(do_units(a, err));
    }
    return MR_OK;
}

enum mr_code mr_apply_units_run(struct mr_apply_units *run, struct mr_err *err)
{
    struct mr_attempt a = {.run = run,
                           .arena = MR_ARENA_INIT,
                           .refusals = MR_VEC_INIT(struct mr_refusal),
                           .found = MR_STRBUF_INIT,
                           .dry = run->dry_run};
    enum mr_code code = MR_OK;
    mr_aside_init(&a.aside);
    mr_staged_init(&a.tables);
    run->counts = (struct mr_apply_counts){.units = run->units->count};
    MR_TRY_OUT(mr_apply_session(run->target, run->no_binlog, err));
    MR_TRY_OUT(open_fired(&a, err));
    MR_TRY_OUT(run->rehearse ? mr_attempt_rehearse(&a, err) : do_all(&a, err));
    MR_TRY_OUT(tell_fired(&a, err));
out:
    mr_fired_free(a.fired);
    mr_fired_beside_free(a.beside);
    mr_fired_back_free(a.back);
    mr_aside_release(&a.aside);
    mr_staged_release(&a.tables);
    mr_vec_release(&a.refusals);
    mr_strbuf_release(&a.found);
    mr_arena_release(&a.arena);
    return code;
}
