/* report_course.c: what happened when, as far as a case and what was given beside it tell; see
 * report_parts.h.  What is not known stands in its place as unknown, with what would tell: an incident
 * whose beginning nobody has looked for must not read as one that had none. */
#include <string.h>

#include "core/source/sides.h"
#include "recon/report/report_parts.h"

/* when NULL: it is not known; the note says why. */
static void add_moment(struct mr_doc *doc, const char *what, const char *when, const char *note)
{
    mr_doc_say(doc, when != NULL ? "<fact>" : "<none>");
    mr_doc_say(doc, "<term>%s</term><said>%s<small>%s</small></said>", what,
               when != NULL ? when : "unknown", note);
    mr_doc_say(doc, when != NULL ? "</fact>" : "</none>");
}

/* Something that is known not to have happened. */
static void add_not_yet(struct mr_doc *doc, const char *what, const char *note)
{
    mr_doc_say(doc, "<none><term>%s</term><said>not yet<small>%s</small></said></none>", what,
               note);
}

/* ---- what the logs tell ---- */

static void add_moment_us(struct mr_doc *doc, const char *what, int64_t us, const char *note)
{
    struct mr_strbuf when = MR_STRBUF_INIT;
    mr_times_add_moment(&when, us / 1000000);
    mr_strbuf_add_str(&when, " UTC");
    add_moment(doc, what, when.failed ? "" : when.ptr, note);
    doc->out->failed |= when.failed;
    mr_strbuf_release(&when);
}

/* Two logs do not say when their servers parted, but each has writes that the other never got: the
 * first of them is the latest moment at which it can have been. */
static void add_split(struct mr_doc *doc, const struct mr_report *report)
{
    const struct mr_evidence_side *logs = report->logs;
    const int64_t *since = report->own_since_us;
    const int first = since[0] == 0 || (since[1] != 0 && since[1] < since[0]) ? 1 : 0;
    if (logs[0].own_by == MR_OWN_BY_NONE && logs[1].own_by == MR_OWN_BY_NONE)
        add_moment(doc, "Split", NULL, "no logs were read: see history collect");
    else if (logs[0].own_by == MR_OWN_BY_TIME)
        add_moment(doc, "Split", logs[0].split, "as history collect was told");
    else if (since[first] == 0)
        add_moment(doc, "Split", NULL, "the logs that were read have no write of one side alone");
    else
        add_moment_us(doc, "Split, at the latest", since[first],
                      first == 0 ? "the source’s first write that the target never got"
                                 : "the target’s first write that the source never got");
}

/* TARGET is what is being judged: what it took after the two had parted is what ids collide by. */
static void add_first_wrong(struct mr_doc *doc, const struct mr_report *report)
{
    static const char what[] = "First wrong write";
    const struct mr_evidence_side *log = &report->logs[MR_TARGET];
    if (log->own_by == MR_OWN_BY_NONE)
        add_moment(doc, what, NULL, "the target’s logs were not read");
    else if (report->own_since_us[MR_TARGET] == 0)
        add_moment(doc, what, NULL, "the target’s logs that were read have none");
    else
        add_moment_us(doc, log->is_complete ? what : "First wrong write, at the latest",
                      report->own_since_us[MR_TARGET],
                      log->is_complete ? "the target’s, after the split"
                                       : "the target’s; its logs do not reach back to the split");
}

/* ---- what was given beside the case ---- */

/* An alarm of the gate is the only witness of it that a report can be given. */
static void add_noticed(struct mr_doc *doc, const struct mr_report *report)
{
    const struct mr_story *story = report->story;
    for (size_t i = 0; story != NULL && i < story->gates.count; i++) {
        const struct mr_story_gate *gate = mr_vec_at(&story->gates, i);
        if (gate->verdict == NULL || strcmp(gate->verdict, "ok") == 0 ||
            strcmp(gate->started, report->result->run->started) > 0)
            continue;
        struct mr_strbuf note = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&note, "the gate of %s said %s", gate->server, gate->verdict);
        add_moment(doc, "Noticed", mr_text_time(&doc->texts, gate->started),
                   note.failed ? "" : note.ptr);
        doc->out->failed |= note.failed;
        mr_strbuf_release(&note);
        return;
    }
    add_moment(doc, "Noticed", NULL,
               story != NULL && story->gates.count > 0
                   ? "no gate that is told here said so before"
                   : "by the check, or before it: no alarm was given");
}

struct done {
    const char *reseeded, *repaired, *verified, *undone; /* the last time of each, or NULL */
    uint64_t raised, written;
    size_t proofs;
    bool is_clean;
    bool stays;                 /* of what was taken back a part */
    bool in_force, wants_raise; /* a plan that was applied, and one that has a counter to raise */
    bool stood, low;            /* of all plans: one has counters; one stood too low for it */
};

/* What was written before an undo is not so any more, and the undo is told; counters stay raised. */
static void take_acts(struct done *done, const struct mr_story_plan *plan)
{
    const char *repaired = NULL;
    uint64_t written = 0;
    for (size_t i = 0; i < plan->acts.count; i++) {
        const struct mr_story_act *act = mr_vec_at(&plan->acts, i);
        if (act->is_undo && act->units == 0)
            continue;
        if (act->is_undo) {
            done->undone = act->to;
            repaired = NULL;
            written = 0;
            continue;
        }
        if (act->raised > 0)
            done->reseeded = act->to;
        if (act->written > 0)
            repaired = act->to;
        done->raised += act->raised;
        written += act->written;
    }
    if (repaired != NULL)
        done->repaired = repaired;
    done->written += written;
    done->stays |= plan->is_undone && plan->units_left + plan->rows_refused > 0;
}

/* Whether a counter stood lower than the plan wants it, when it was made. */
static bool wants_raise(const struct mr_story_plan *plan)
{
    for (size_t i = 0; i < plan->counters.count; i++) {
        const struct mr_story_counter *counter = mr_vec_at(&plan->counters, i);
        if (counter->next < counter->reseed_to)
            return true;
    }
    return false;
}

/* A proof counts where it is of a plan that is in force, and nothing was done behind it. */
static struct done sum_up(const struct mr_story *story)
{
    struct done done = {.is_clean = true};
    for (size_t i = 0; story != NULL && i < story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&story->plans, i);
        const struct mr_story_verify *verify = mr_story_verify_of(story, plan);
        take_acts(&done, plan);
        done.stood = done.stood || plan->counters.count > 0;
        done.low = done.low || wants_raise(plan);
        if (plan->acts.count == 0 || plan->is_undone)
            continue;
        done.in_force = true;
        done.wants_raise = done.wants_raise || wants_raise(plan);
        done.is_clean = done.is_clean && verify != NULL && mr_story_verify_is_clean(verify);
        if (verify != NULL && (done.verified == NULL || strcmp(verify->started, done.verified) > 0))
            done.verified = verify->started;
    }
    return done;
}

static void add_done(struct mr_doc *doc, const char *what, const char *when, const char *note,
                     bool has_plans)
{
    if (when != NULL)
        add_moment(doc, what, mr_text_time(&doc->texts, when), note);
    else if (has_plans)
        add_not_yet(doc, what, "by the plans that are told here");
    else
        add_moment(doc, what, NULL, "no plan was given to this report");
}

void mr_parts_course(struct mr_edition *e)
{
    const struct mr_report *report = e->report;
    struct mr_doc *doc = &e->doc;
    const bool has_plans = report->story != NULL && report->story->plans.count > 0;
    const struct done done = sum_up(report->story);
    mr_doc_say(doc, "<course>");
    add_split(doc, report);
    add_first_wrong(doc, report);
    add_noticed(doc, report);
    add_moment(doc, "Checked", mr_text_time(&doc->texts, report->result->run->started),
               mr_doc_count(doc, mr_find_counts_differing(&report->result->sums), "row differed",
                            "rows differed"));
    if (done.reseeded == NULL && done.in_force && !done.wants_raise)
        mr_doc_say(doc, "<none><term>Reseeded</term><said>not needed<small>no counter stood too "
                        "low for what was applied</small></said></none>");
    else if (done.reseeded == NULL && done.stood && !done.low)
        mr_doc_say(doc, "<none><term>Reseeded</term><said>not needed<small>each counter stood high "
                        "enough when it was planned</small></said></none>");
    else
        add_done(doc, "Reseeded", done.reseeded,
                 mr_doc_count(doc, done.raised, "counter raised", "counters raised"), has_plans);
    if (done.repaired == NULL && done.undone != NULL)
        add_not_yet(doc, "Repaired",
                    done.stays ? "what was written is taken back in part"
                               : "what was written is taken back");
    else
        add_done(doc, "Repaired", done.repaired,
                 mr_doc_count(doc, done.written, "row written", "rows written"), has_plans);
    add_done(doc, "Verified", done.verified,
             done.is_clean ? "all that was applied stands" : "not all that was applied is proved",
             has_plans);
    if (done.undone != NULL)
        add_done(doc, "Taken back", done.undone,
                 done.stays ? "by repair undo, in part" : "by repair undo", has_plans);
    mr_doc_say(doc, "</course>");
}
