/* report_story_plan.c: a plan directory: plan.json, and what its journal tells; see
 * report_story_get.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/case/plan_manifest.h"
#include "core/json/json_lines.h"
#include "recon/report/report_story_get.h"

const char *const mr_story_decision_names[MR_STORY_DECISIONS] = {
    [MR_STORY_SAME] = "same",         [MR_STORY_MATCHED] = "matched", [MR_STORY_INSERT] = "insert",
    [MR_STORY_RENUMBER] = "renumber", [MR_STORY_UPDATE] = "update",   [MR_STORY_DELETE] = "delete",
    [MR_STORY_CONFLICT] = "conflict", [MR_STORY_WAITS] = "waits",     [MR_STORY_SKIP] = "skip",
    [MR_STORY_LEFT] = "left"};

/* ---- plan.json ---- */

static void take_counter(struct mr_story_reader *r, const struct json_t *item,
                         struct mr_story_plan *plan)
{
    struct mr_story_counter *c = mr_story_push(r, &plan->counters);
    if (c == NULL)
        return;
    const struct json_t *block = mr_story_get_object(item, "block");
    c->table = mr_story_get_text(r, item, "target_table");
    c->column = mr_story_get_text(r, item, "column");
    c->next = mr_story_get_count(mr_story_get_object(item, "next"), "target");
    c->reseed_to = mr_story_get_count(item, "reseed_to");
    c->from = mr_story_get_count(block, "from");
    c->to = mr_story_get_count(block, "to");
}

static void take_decisions(struct mr_story_reader *r, const struct json_t *item,
                           struct mr_story_table *table)
{
    size_t count;
    const struct json_t *array = mr_story_get_array(item, "decisions", &count);
    for (size_t i = 0; i < count; i++) {
        const struct json_t *one = NULL;
        (void)mr_json_item(array, i, &one, NULL);
        const char *name = mr_story_get_text(r, one, "decision");
        for (size_t d = 0; name != NULL && d < MR_STORY_DECISIONS; d++)
            if (strcmp(name, mr_story_decision_names[d]) == 0)
                table->decided[d] = mr_story_get_count(one, "count");
    }
}

static void take_rows(struct mr_story_reader *r, const struct json_t *rows,
                      struct mr_story_plan *plan)
{
    size_t count, notes;
    const struct json_t *array = mr_story_get_array(rows, "tables", &count);
    plan->units = mr_story_get_count(rows, "units");
    plan->rows = mr_story_get_count(rows, "rows");
    plan->open = mr_story_get_count(rows, "open");
    plan->decided = mr_story_get_count(rows, "decided");
    (void)mr_story_get_array(rows, "notes", &notes);
    plan->notes = notes;
    for (size_t i = 0; i < count; i++) {
        const struct json_t *item = NULL;
        struct mr_story_table *table = mr_story_push(r, &plan->tables);
        if (table == NULL || mr_json_item(array, i, &item, NULL) != MR_OK)
            return;
        table->name = mr_story_get_text(r, item, "table");
        table->people = mr_story_get_bool(item, "subject");
        take_decisions(r, item, table);
    }
}

/* The seal holds by now, so that what is there was planned; a plan without these members is
 * refused, for nothing could be said of it. */
static enum mr_code take_manifest(struct mr_story_reader *r, const struct json_t *root,
                                  struct mr_story_plan *plan)
{
    size_t count;
    plan->uuid = mr_story_get_text(r, root, "uuid");
    plan->created = mr_story_get_text(r, root, "created");
    plan->policy = mr_story_get_text(r, root, "policy");
    plan->source = mr_story_get_text(r, root, "source");
    plan->target = mr_story_get_text(r, root, "target");
    plan->run = mr_story_get_text(r, root, "run");
    plan->apply_to = mr_story_get_text(r, root, "apply_to");
    const struct json_t *array = mr_story_get_array(root, "tables", &count);
    for (size_t i = 0; i < count; i++) {
        const struct json_t *item = NULL;
        if (mr_json_item(array, i, &item, NULL) == MR_OK)
            take_counter(r, item, plan);
    }
    take_rows(r, mr_story_get_object(root, "rows"), plan);
    if (r->code != MR_OK)
        return r->code;
    if (plan->uuid == NULL || plan->created == NULL || plan->policy == NULL || plan->target == NULL)
        return mr_err_set(r->err, MR_E_REFUSED, "plan \"%s\": plan.json lacks a member", plan->dir);
    return MR_OK;
}

/* ---- the journal ---- */

/* How a unit stands. */
struct state {
    enum { UNTOUCHED, DONE, PARTIAL, FAILED } is;
    uint64_t refused;
};

struct telling {
    struct mr_story_reader r;
    struct mr_story_plan *plan;
};

/* All lines of one run are one act: apply may be stopped and started again, and each start has an
 * id of its own. */
static struct mr_story_act *act_of(struct telling *t, const struct mr_journal_line *line)
{
    struct mr_vec *acts = &t->plan->acts;
    struct mr_story_act *act = acts->count > 0 ? mr_vec_at(acts, acts->count - 1) : NULL;
    if (act == NULL || strcmp(act->run, line->run) != 0) {
        act = mr_story_push(&t->r, acts);
        if (act == NULL)
            return NULL;
        act->run = mr_story_keep(&t->r, line->run);
        act->from = mr_story_keep(&t->r, line->at);
    }
    act->to = mr_story_keep(&t->r, line->at);
    act->begun += line->event == MR_JOURNAL_TRY;
    act->ended += line->event == MR_JOURNAL_DONE || line->event == MR_JOURNAL_FAILED;
    return t->r.code == MR_OK ? act : NULL;
}

/* The other script takes back what one has done. */
static void turn(struct mr_story_plan *plan, bool is_undo)
{
    if (plan->is_undone != is_undo)
        mr_by_number_clear(&plan->states);
    plan->is_undone = is_undo;
}

static void set_state(struct telling *t, const struct mr_journal_line *line)
{
    const struct mr_journal_unit *unit = &line->unit;
    struct state *state = mr_by_number_put(&t->plan->states, unit->number);
    if (state == NULL) {
        t->r.code = mr_err_nomem(t->r.err, "reading a journal");
        return;
    }
    *state = line->event == MR_JOURNAL_DONE
                 ? (struct state){unit->refused > 0 ? PARTIAL : DONE, unit->refused}
                 : (struct state){line->event == MR_JOURNAL_FAILED ? FAILED : UNTOUCHED, 0};
}

/* A unit may be tried several times; how it stands in the end is kept by its number, what each run
 * did in the act.  What the other script has done stands until this one has ended a unit. */
static void take_unit(struct telling *t, const struct mr_journal_line *line,
                      struct mr_story_act *act)
{
    act->is_undo = line->unit.script == MR_JOURNAL_UNDO;
    if (t->plan->is_undone != act->is_undo && line->event != MR_JOURNAL_DONE) {
        act->failed += line->event == MR_JOURNAL_FAILED;
        return;
    }
    turn(t->plan, act->is_undo);
    if (line->unit.of > 0)
        t->plan->units_left = line->unit.of;
    if (line->event == MR_JOURNAL_DONE) {
        act->units++;
        act->partial += line->unit.refused > 0;
        act->written += line->unit.written;
        act->there += line->unit.there;
        act->refused += line->unit.refused;
    }
    act->failed += line->event == MR_JOURNAL_FAILED;
    set_state(t, line);
}

/* Only a raise that is done is told as one; that one was tried says nothing of the counter. */
static void take_raise(struct telling *t, const struct mr_journal_line *line,
                       struct mr_story_act *act)
{
    act->failed += line->event == MR_JOURNAL_FAILED;
    if (line->event != MR_JOURNAL_DONE)
        return;
    struct mr_story_raise *raise = mr_story_push(&t->r, &t->plan->raises);
    if (raise == NULL)
        return;
    act->raised++;
    raise->act = t->plan->acts.count - 1;
    raise->table = mr_story_keep(&t->r, line->table);
    raise->column = mr_story_keep(&t->r, line->column);
    raise->to = mr_story_keep(&t->r, line->to);
    raise->how = mr_story_keep(&t->r, line->how);
}

/* Of a rejoin what follows its rows, of which the last step is told. */
static void take_step(struct mr_story_plan *plan, const struct json_t *root)
{
    const char *step = NULL, *event = NULL;
    if (mr_json_get_text(root, "step", &step, NULL) == MR_OK && strcmp(step, "start") == 0 &&
        mr_json_get_text(root, "event", &event, NULL) == MR_OK && strcmp(event, "done") == 0)
        plan->is_rejoined = true;
}

/* Lines of other kinds are passed over. A failure's text comes from the server and may hold values,
 * so that it is masked. */
static enum mr_code take_line(void *ctx, const struct json_t *root, struct mr_err *err)
{
    struct telling *t = ctx;
    struct mr_journal_line line;
    (void)err;
    if (!mr_journal_line_get(root, &line)) {
        take_step(t->plan, root);
        return MR_OK;
    }
    if (line.event == MR_JOURNAL_SUMS || line.event == MR_JOURNAL_SETTLED)
        return MR_OK; /* the unit's own lines say what became of it */
    struct mr_story_act *act = act_of(t, &line);
    if (act != NULL && line.event == MR_JOURNAL_FAILED)
        act->reason = mr_story_get_said(&t->r, root, "detail");
    if (act != NULL && line.unit.script != 0)
        take_unit(t, &line, act);
    else if (act != NULL)
        take_raise(t, &line, act);
    return t->r.code;
}

static void sum_up(struct mr_story_plan *plan)
{
    for (size_t i = 0; i < plan->states.items.count; i++) {
        const struct state *state = mr_vec_at(&plan->states.items, i);
        plan->units_done += state->is == DONE;
        plan->units_partial += state->is == PARTIAL;
        plan->units_failed += state->is == FAILED;
        plan->rows_refused += state->refused;
    }
    const uint64_t ended = plan->units_done + plan->units_partial;
    plan->units_left = plan->is_undone && plan->units_left > ended ? plan->units_left - ended : 0;
    mr_by_number_release(&plan->states);
}

/* No journal means not applied. Its last line may be torn where apply was killed: that is a fact to
 * be told, no reason to refuse. */
static enum mr_code read_journal(struct mr_story *story, struct mr_story_plan *plan,
                                 struct mr_err *err)
{
    struct telling t = {.r = {story, err, MR_OK}, .plan = plan};
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct stat st;
    mr_by_number_init(&plan->states, sizeof(struct state));
    mr_strbuf_add_fmt(&path, "%s/" MR_JOURNAL_NAME, plan->dir);
    enum mr_code code = mr_strbuf_check(&path, "reading a plan", err);
    if (code == MR_OK && (lstat(path.ptr, &st) == 0 || errno != ENOENT))
        code = mr_json_lines_read(path.ptr, MR_JOURNAL_MAX_BYTES, MR_JSON_LINES_TORN, take_line, &t,
                                  err);
    mr_strbuf_release(&path);
    sum_up(plan);
    return code;
}

/* What the directory is loaded by checks its seal: a plan that was changed after it was made is
 * refused here, before anything is said of it. */
enum mr_code mr_story_read_plan(struct mr_story *story, const char *dir, struct mr_err *err)
{
    struct mr_story_reader r = {story, err, MR_OK};
    struct mr_json_doc *doc = NULL;
    struct mr_story_plan *plan = mr_story_push(&r, &story->plans);
    if (plan == NULL)
        return r.code;
    plan->dir = dir;
    plan->counters = (struct mr_vec)MR_VEC_INIT(struct mr_story_counter);
    plan->tables = (struct mr_vec)MR_VEC_INIT(struct mr_story_table);
    plan->acts = (struct mr_vec)MR_VEC_INIT(struct mr_story_act);
    plan->raises = (struct mr_vec)MR_VEC_INIT(struct mr_story_raise);
    enum mr_code code = mr_plan_manifest_load(dir, &doc, err);
    if (code == MR_OK)
        code = take_manifest(&r, mr_json_root(doc), plan);
    mr_json_free(doc);
    return code == MR_OK ? read_journal(story, plan, err) : code;
}
