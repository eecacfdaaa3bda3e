/* report_left.c: what is left to do, by whom; see report_parts.h.  Commands are whole: whoever copies one
 * needs nothing else but the account that the words name. */
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/run_command.h"
#include "recon/report/report_parts.h"

static void begin_step(struct mr_doc *doc, const char *who)
{
    mr_doc_say(doc, "<step><text><strong>%s:</strong> ", who);
}

/* command NULL or empty: there is none. */
static void end_step(struct mr_doc *doc, struct mr_strbuf *command)
{
    mr_doc_say(doc, "</text>");
    if (command != NULL && command->len > 0)
        mr_doc_words(doc, "command", command);
    doc->out->failed |= command != NULL && command->failed;
    mr_doc_say(doc, "</step>");
}

/* ---- what the check advises ---- */

static const char *who_of(enum mr_next_kind kind)
{
    switch (kind) {
    case MR_NEXT_TWO_HISTORIES: return "DBA, with who runs the applications";
    case MR_NEXT_IDENTITY: return "Who knows the data";
    case MR_NEXT_NOTHING: return "Nobody";
    case MR_NEXT_RESEED:
    case MR_NEXT_ONE_SIDED:
    case MR_NEXT_NOT_CHECKED:
    case MR_NEXT_RESUME:
    case MR_NEXT_UNSETTLED:
    case MR_NEXT_KEEP:
    case MR_NEXT_AFFECTED:
    case MR_NEXT_HISTORY:
    case MR_NEXT_WHOLE:
    case MR_NEXT_PLAN: break;
    }
    return "DBA";
}

static void add_advice(struct mr_edition *e, const struct mr_next_step *step)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    begin_step(&e->doc, who_of(step->kind));
    mr_doc_say(&e->doc, "%s", step->text);
    if (step->kind == MR_NEXT_ONE_SIDED)
        mr_doc_say(&e->doc, " <a schema>The list</a>.");
    if (step->kind == MR_NEXT_RESEED)
        mr_doc_say(&e->doc, " <a counters>The positions</a>.");
    if (step->kind == MR_NEXT_NOT_CHECKED)
        mr_doc_say(&e->doc, " <a tables>The list</a>.");
    mr_strbuf_add_str(&command, step->command != NULL ? step->command : "");
    end_step(&e->doc, &command);
    mr_strbuf_release(&command);
}

/* The plan in force whose ids people have now, or NULL: there is none, or there are several.  One that was
 * made from another run tells nothing of whom this one found, and `affected` refuses it beside the case. */
static const struct mr_story_plan *plan_of_people(const struct mr_report *report)
{
    const struct mr_story *story = report->story;
    const struct mr_story_plan *found = NULL;
    for (size_t i = 0; story != NULL && i < story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&story->plans, i);
        if (!mr_story_is_in_force(story, plan) || plan->run == NULL ||
            strcmp(plan->run, report->result->run->uuid) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = plan;
    }
    return found;
}

/* Whether the plan is about all that differs: what only inserts leaves other rows as they are, and a table that was
 * not planned is as it was. */
static bool is_about_all(const struct mr_report *report, const struct mr_story_plan *plan)
{
    const struct mr_check_result *r = report->result;
    bool is = strcmp(plan->policy, "backfill") != 0;
    for (size_t i = 0; i < r->ntables; i++)
        is = is && ((r->tables[i].verdict != MR_VERDICT_DIVERGED &&
                     !mr_check_result_is_in_part(&r->tables[i])) ||
                    mr_story_plan_has(plan, r->tables[i].name));
    return is;
}

/* Whether the check itself found all of it as plans of the case have made it, and none is told here that was
 * taken back, maybe since, unless it is planned anew. */
static bool was_found_done(const struct mr_report *report)
{
    const struct mr_story *story = report->story;
    bool done = mr_check_result_all_explained(report->result);
    for (size_t i = 0; story != NULL && i < story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&story->plans, i);
        done = done && (!plan->is_undone || mr_story_is_replaced(story, plan));
    }
    return done;
}

/* Whether all of it stands, as a proof says, or a check: only then somebody may be told which id is theirs. */
static bool is_over(const struct mr_report *report, const struct mr_story_plan *plan)
{
    if (was_found_done(report))
        return true;
    const struct mr_story_verify *verify =
        plan != NULL ? mr_story_verify_of(report->story, plan) : NULL;
    return verify != NULL && mr_story_verify_is_clean(verify) &&
           mr_story_waiting_of(report->story, plan) + plan->rows_refused == 0 &&
           is_about_all(report, plan);
}

/* The list has everybody whose rows differ: also those whose rows a plan has made so. */
static void add_made(struct mr_doc *doc, uint64_t rows)
{
    mr_doc_say(doc,
               " %s as a plan of the case has made %s: whoever is listed for %s alone has been "
               "seen to.",
               mr_doc_count(doc, rows, "row is", "rows are"), rows == 1 ? "it" : "them",
               rows == 1 ? "that" : "those");
}

/* Whom it touches; where nobody knows who the people are, what would tell. */
static void add_affected(struct mr_doc *doc, const struct mr_report *report)
{
    const struct mr_report_people *people = &report->people;
    const struct mr_story_plan *done = plan_of_people(report);
    struct mr_strbuf words = MR_STRBUF_INIT;
    begin_step(doc, "Support");
    const bool is_done = is_over(report, done);
    if (people->known) {
        mr_report_people_words(people, &words);
        mr_doc_say(doc,
                   is_done ? "tell whoever was touched, drop their caches, and lift what was "
                             "blocked: %s of %s, each with the id that is theirs now."
                           : "block whoever is touched, drop their caches, and hand the list "
                             "on: %s of %s, each with old and new key.",
                   words.ptr, people->subjects);
        if (!is_done && report->result->all_explained.rows > 0)
            add_made(doc, report->result->all_explained.rows);
    } else {
        mr_doc_say(doc,
                   "list everyone touched, with old and new key, to block them, drop their caches "
                   "and hand them on. First say which table holds the people, by subject = yes: "
                   "%s.",
                   people->why != NULL ? people->why : "");
    }
    doc->out->failed |= words.failed;
    mr_strbuf_reset(&words);
    mr_strbuf_add_str(&words, "myrecon affected");
    mr_command_add_option(&words, "--config", report->config->file);
    mr_command_add_option(&words, "--case", report->case_path);
    if (done != NULL)
        mr_command_add_option(&words, "--plan", done->dir); /* which names its run */
    else
        mr_command_add_option(&words, "--run", report->run);
    end_step(doc, &words);
    mr_strbuf_release(&words);
}

static bool has_people(const struct mr_story_plan *plan)
{
    bool has = false;
    for (size_t i = 0; i < plan->tables.count; i++)
        has = has || ((const struct mr_story_table *)mr_vec_at(&plan->tables, i))->people;
    return has;
}

static bool is_in_case(const struct mr_report *report, const char *run)
{
    int64_t found = 0;
    return MR_CASE_NUMBER(mr_findings_case(report->result->fd),
                          "SELECT count(*) FROM run WHERE uuid = :uuid", &found, NULL,
                          MR_ARG_TEXT("uuid", run)) == MR_OK &&
           found > 0;
}

/* The one plan in force that all stands of, made from another run of the case; or NULL.  Where nothing has proved
 * it, the check does that has found all of it so. */
static const struct mr_story_plan *plan_of_before(const struct mr_report *report)
{
    const struct mr_story *story = report->story;
    const struct mr_story_plan *found = NULL;
    for (size_t i = 0; story != NULL && i < story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&story->plans, i);
        const struct mr_story_verify *verify = mr_story_verify_of(story, plan);
        if (!mr_story_is_in_force(story, plan))
            continue;
        if (found != NULL || plan->run == NULL || !has_people(plan) ||
            !(verify != NULL ? mr_story_verify_is_clean(verify) : was_found_done(report)) ||
            mr_story_waiting_of(story, plan) + plan->rows_refused > 0 ||
            !is_in_case(report, plan->run))
            return NULL;
        found = plan;
    }
    return found;
}

/* A check that finds nothing any more knows nobody, and one that finds what a plan has made knows nobody whose rows
 * are as they were: whom it was about, the run of before knows. */
static bool knows_less(const struct mr_report *report)
{
    return report->result->differing == 0 ||
           (was_found_done(report) && plan_of_people(report) == NULL);
}

static bool add_affected_before(struct mr_doc *doc, const struct mr_report *report)
{
    const struct mr_story_plan *plan = plan_of_before(report);
    struct mr_strbuf command = MR_STRBUF_INIT;
    if (plan == NULL || report->result->incomplete || report->result->interrupted)
        return false;
    begin_step(doc, "Support");
    mr_doc_say(doc,
               "tell whoever was touched, drop their caches, and lift what was blocked: those whom "
               "run %s had found, each with the id that is theirs now.",
               plan->run);
    mr_strbuf_add_str(&command, "myrecon affected");
    mr_command_add_option(&command, "--config", report->config->file);
    mr_command_add_option(&command, "--case", report->case_path);
    mr_command_add_option(&command, "--plan", plan->dir);
    end_step(doc, &command);
    mr_strbuf_release(&command);
    return true;
}

/* What a plan has done is not advised again: of the check's advice what it could not see stays. Who is
 * who is asked before something is written by the answer, not behind it. */
static bool is_still_so(const struct mr_report *report, enum mr_next_kind kind)
{
    const bool has_plans = report->story != NULL && report->story->plans.count > 0;
    return kind != MR_NEXT_AFFECTED &&
           (!has_plans || (kind == MR_NEXT_IDENTITY && plan_of_people(report) == NULL) ||
            kind == MR_NEXT_ONE_SIDED || kind == MR_NEXT_NOT_CHECKED || kind == MR_NEXT_RESUME ||
            kind == MR_NEXT_UNSETTLED);
}

/* What must not be done, and ids that are given twice at this moment, cannot wait for a list of people. */
static size_t add_steps(struct mr_edition *e, bool is_urgent)
{
    const struct mr_vec *steps = &e->report->steps.items;
    size_t told = 0;
    for (size_t i = 0; i < steps->count; i++) {
        const struct mr_next_step *step = mr_vec_at(steps, i);
        if ((step->kind <= MR_NEXT_RESEED) != is_urgent || !is_still_so(e->report, step->kind))
            continue;
        add_advice(e, step);
        told++;
    }
    return told;
}

void mr_parts_left(struct mr_edition *e)
{
    struct mr_doc *doc = &e->doc;
    size_t told = 0;
    mr_doc_say(doc, "<part left>What is left to do, and by whom</part><steps>");
    told += mr_parts_left_of_story(e);
    told += add_steps(e, true);
    if (knows_less(e->report) && add_affected_before(doc, e->report)) {
        told++;
    } else if (e->report->result->differing > 0) {
        add_affected(doc, e->report);
        told++;
    }
    told += add_steps(e, false);
    if (told == 0)
        mr_doc_say(doc, "<step><text>Nothing, as far as this report knows.</text></step>");
    mr_doc_say(doc, "</steps>");
}

/* ---- what plans leave ---- */

/* "myrecon repair WHAT --config FILE --case FILE DIR TARGET"; case_path and target may be NULL. */
static void add_repair(struct mr_strbuf *out, const struct mr_report *report, const char *what,
                       const char *case_path, const struct mr_story_plan *plan, const char *target)
{
    mr_strbuf_add_fmt(out, "myrecon repair %s", what);
    mr_command_add_option(out, "--config", report->config->file);
    mr_command_add_option(out, "--case", case_path);
    mr_command_add_word(out, plan->dir);
    if (target != NULL)
        mr_command_add_word(out, target);
}

/* The option --output with what stands beside the plan, whose own directory is sealed. */
static void add_output(struct mr_strbuf *command, const struct mr_story_plan *plan,
                       const char *suffix)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    size_t len = strlen(plan->dir);
    while (len > 1 && plan->dir[len - 1] == '/')
        len--;
    mr_strbuf_add_fmt(&path, "%.*s%s", (int)len, plan->dir, suffix);
    mr_command_add_option(command, "--output", path.failed ? "" : path.ptr);
    command->failed |= path.failed;
    mr_strbuf_release(&path);
}

/* The page beside the plan: conflicts are decided by whoever knows the people, not by who runs it. */
static void add_open(struct mr_edition *e, const struct mr_story_plan *plan)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    begin_step(&e->doc, "Who knows these people and rows");
    mr_doc_say(&e->doc,
               "decide %s of plan %s; this makes the page for it. What it saves is given to "
               "repair plan --decisions, which plans the rest.",
               mr_doc_count(&e->doc, plan->open, "conflict", "conflicts"), plan->uuid);
    add_repair(&command, e->report, "decide", NULL, plan, NULL);
    add_output(&command, plan, ".html");
    end_step(&e->doc, &command);
    mr_strbuf_release(&command);
}

/* Who reads may not write: where the planning account could not, the command does not name it. */
static const char *write_to(const struct mr_story_plan *plan)
{
    return plan->apply_to != NULL ? plan->apply_to : plan->target;
}

static void add_plan_step(struct mr_edition *e, const struct mr_story_plan *plan, const char *what,
                          const char *case_path, const char *target, const char *words)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    begin_step(&e->doc, "DBA");
    mr_doc_say(&e->doc, "%s (plan %s).", words, plan->uuid);
    add_repair(&command, e->report, what, case_path, plan, target);
    end_step(&e->doc, &command);
    mr_strbuf_release(&command);
}

/* "myrecon repair plan --config FILE --again DIR --output DIR.again": a plan that was carried out stays
 * as it is, with its journal. */
static void add_again(struct mr_edition *e, const struct mr_story_plan *plan)
{
    const uint64_t kept = plan->rows_refused; /* something refers to them by now */
    struct mr_strbuf command = MR_STRBUF_INIT;
    begin_step(&e->doc, "DBA");
    mr_doc_say(&e->doc,
               "what plan %s had written is taken back%s%s%s, and what it was made for is so "
               "again. This plans anew, with what was decided; a plan writes to no server.",
               plan->uuid, kept > 0 ? ", but for " : "",
               kept > 0 ? mr_doc_count(&e->doc, kept, "row", "rows") : "",
               kept > 0 ? " that undo kept" : "");
    mr_strbuf_add_str(&command, "myrecon repair plan");
    mr_command_add_option(&command, "--config", e->report->config->file);
    mr_command_add_option(&command, "--again", plan->dir);
    add_output(&command, plan, ".again");
    end_step(&e->doc, &command);
    mr_strbuf_release(&command);
}

/* Whether there is something to be planned again: not where another plan that is told was made since, for all of it. */
static bool is_last(const struct mr_report *report, const struct mr_story_plan *plan)
{
    for (size_t i = 0; i < report->story->plans.count; i++) {
        const struct mr_story_plan *other = mr_vec_at(&report->story->plans, i);
        if (other->rows > 0 && strcmp(other->created, plan->created) > 0 &&
            mr_story_covers(other, plan))
            return false;
    }
    return plan->rows > 0;
}

/* Of a plan whose undo has broken off what apply has written still stands. */
static size_t add_undo(struct mr_edition *e, const struct mr_story_plan *plan)
{
    if (plan->units_left == 0 && !is_last(e->report, plan))
        return 0;
    if (plan->units_left == 0) {
        add_again(e, plan);
        return 1;
    }
    add_plan_step(e, plan, "undo", e->report->case_path, write_to(plan),
                  "take it back to its end, with an account that may write");
    return 1;
}

/* The last that was done to the plan was an undo that has taken back nothing. */
static bool is_undo_tried(const struct mr_story_plan *plan)
{
    const struct mr_story_act *last =
        plan->acts.count > 0 ? mr_vec_at(&plan->acts, plan->acts.count - 1) : NULL;
    return last != NULL && last->is_undo && last->units == 0 && !plan->is_undone;
}

static size_t add_plan(struct mr_edition *e, const struct mr_story_plan *plan)
{
    const struct mr_story_verify *verify = mr_story_verify_of(e->report->story, plan);
    const bool applied = plan->acts.count > 0;
    const bool unended = plan->units > plan->units_done + plan->units_partial;
    size_t told = 0;
    if (plan->is_undone)
        return add_undo(e, plan);
    if (is_undo_tried(plan)) {
        const struct mr_story_act *last = mr_vec_at(&plan->acts, plan->acts.count - 1);
        add_plan_step(
            e, plan, "undo", e->report->case_path, write_to(plan),
            last->failed > 0
                ? "taking it back has failed, see below why; where it is still to be, with an "
                  "account that may write"
                : "taking it back was cut off: it goes on, with an account that may write");
        told++;
    }
    if (mr_story_open_of(e->report->story, plan) > 0) {
        add_open(e, plan);
        told++;
    }
    if ((!applied || unended || plan->units_failed > 0) && !plan->is_rejoined) {
        add_plan_step(e, plan, "apply", e->report->case_path, write_to(plan),
                      applied ? "carry it out to its end, with an account that may write"
                              : "carry it out once it was read, with an account that may write");
        told++;
    } else if (verify == NULL || !mr_story_verify_is_clean(verify)) {
        add_plan_step(e, plan, "verify --json", NULL, plan->target,
                      verify == NULL
                          ? "prove that it stands; what it prints is for report --verify"
                          : "it does not stand as it was planned: see below what is amiss, "
                            "mend it, and prove it again");
        told++;
    }
    if (applied && !unended && strcmp(plan->policy, "rejoin") == 0 && !plan->is_rejoined) {
        add_plan_step(e, plan, "apply --point-of-no-return", e->report->case_path, write_to(plan),
                      "its rows are back; what makes a replica of the old primary is left, and "
                      "cannot be undone");
        told++;
    }
    if (plan->rows_refused > 0) {
        add_plan_step(e, plan, "show", NULL, NULL,
                      "a guard refused rows of it: see which, and why");
        told++;
    }
    return told;
}

/* A gate that says something else than ok once all is done is somebody's next task, too. */
bool mr_parts_left_of_story(struct mr_edition *e)
{
    const struct mr_story *story = e->report->story;
    size_t told = 0;
    for (size_t i = 0; story != NULL && i < story->plans.count; i++)
        told += add_plan(e, mr_vec_at(&story->plans, i));
    for (size_t i = 0; story != NULL && i < story->gates.count; i++) {
        const struct mr_story_gate *gate = mr_vec_at(&story->gates, i);
        if (gate != mr_story_gate_of(story, gate->server, MR_STORY_AFTER) ||
            strcmp(gate->verdict, "ok") == 0)
            continue;
        begin_step(&e->doc, "DBA");
        mr_doc_say(&e->doc, "the gate of %s says %s: see below which checks.", gate->server,
                   gate->verdict);
        end_step(&e->doc, NULL);
        told++;
    }
    return told > 0;
}
