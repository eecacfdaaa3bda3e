/* report_story_acts.c: what is said of plans, and of how they were carried out; see
 * report_story_block.h. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/row/when.h"
#include "recon/report/report_story_block.h"

#define COUNTERS_MAX 30

static const char *const decision_words[MR_STORY_DECISIONS] = {
    [MR_STORY_SAME] = "As it was",       [MR_STORY_MATCHED] = "Found on the target",
    [MR_STORY_INSERT] = "Restored",      [MR_STORY_RENUMBER] = "Restored, new id",
    [MR_STORY_UPDATE] = "Updated",       [MR_STORY_DELETE] = "Deleted",
    [MR_STORY_CONFLICT] = "In conflict", [MR_STORY_WAITS] = "Waiting for one",
    [MR_STORY_SKIP] = "Left out",        [MR_STORY_LEFT] = "Left deleted"};

/* ---- what was planned ---- */

/* What the plan means for people, whose rows are one a person. */
static void add_people(struct mr_teller *t, const struct mr_story_plan *plan)
{
    static const struct {
        enum mr_story_decision decision;
        const char *words;
    } said[] = {{MR_STORY_INSERT, "restored under the old id"},
                {MR_STORY_RENUMBER, "restored under a new id"},
                {MR_STORY_UPDATE, "updated"},
                {MR_STORY_DELETE, "deleted"},
                {MR_STORY_MATCHED, "found on the target"},
                {MR_STORY_SAME, "as they were"},
                {MR_STORY_CONFLICT, "in conflict"},
                {MR_STORY_WAITS, "waiting for a decision"},
                {MR_STORY_SKIP, "left out"},
                {MR_STORY_LEFT, "left deleted, as the target had it"}};
    bool any = false;
    for (size_t d = 0; d < sizeof said / sizeof *said; d++) {
        uint64_t people = 0;
        for (size_t i = 0; i < plan->tables.count; i++) {
            const struct mr_story_table *table = mr_vec_at(&plan->tables, i);
            people += table->people ? table->decided[said[d].decision] : 0;
        }
        if (people > 0 && !any)
            mr_strbuf_add_str(&t->words, " People:");
        any = any || people > 0;
        mr_block_some(&t->words, people, said[d].words, said[d].words);
    }
    mr_strbuf_add_str(&t->words, any ? "." : "");
}

/* A counter that an earlier plan has raised is none to raise. */
static void add_counts(struct mr_teller *t, const struct mr_story_plan *plan)
{
    uint64_t low = 0;
    for (size_t i = 0; i < plan->counters.count; i++) {
        const struct mr_story_counter *counter = mr_vec_at(&plan->counters, i);
        low += counter->next < counter->reseed_to;
    }
    mr_block_some(&t->words, low, "counter to raise", "counters to raise");
    mr_block_some(&t->words, plan->counters.count - low, "counter that stood high enough",
                  "counters that stood high enough");
}

static void add_plan(struct mr_teller *t, const struct mr_story_plan *plan)
{
    mr_strbuf_add_fmt(&t->words, "Plan %s (%s) was made at %s for %s", plan->uuid, plan->policy,
                      mr_text_time(&t->texts, plan->created), plan->target);
    mr_block_some(&t->words, plan->rows, "row", "rows");
    if (plan->units > 0)
        mr_strbuf_add_fmt(&t->words, " in %s",
                          mr_text_count(&t->texts, plan->units, "unit", "units"));
    add_counts(t, plan);
    mr_block_some(&t->words, plan->decided, "conflict decided", "conflicts decided");
    mr_block_some(&t->words, plan->open, "conflict open", "conflicts open");
    mr_block_some(&t->words, plan->notes, "note in it", "notes in it");
    mr_strbuf_add_str(&t->words, ".");
    add_people(t, plan);
    mr_block_words(t, plan->open > 0 ? MR_TONE_WARN : MR_TONE_PLAIN);
}

/* Only decisions that were taken have a column. */
static void add_decisions(struct mr_teller *t, const struct mr_story_plan *plan)
{
    bool taken[MR_STORY_DECISIONS] = {false}, any = false;
    for (size_t d = 0; d < MR_STORY_DECISIONS; d++)
        for (size_t i = 0; i < plan->tables.count; i++) {
            const struct mr_story_table *table = mr_vec_at(&plan->tables, i);
            taken[d] = taken[d] || table->decided[d] > 0;
            any = any || taken[d];
        }
    if (!any)
        return;
    mr_doc_say(t->doc, "<table><head><col>Table</col>");
    for (size_t d = 0; d < MR_STORY_DECISIONS; d++)
        if (taken[d])
            mr_doc_say(t->doc, "<ncol>%s</ncol>", decision_words[d]);
    mr_doc_say(t->doc, "</head><rows>");
    for (size_t i = 0; i < plan->tables.count; i++) {
        const struct mr_story_table *table = mr_vec_at(&plan->tables, i);
        mr_doc_say(t->doc, "<row><cell>%s%s</cell>", table->name, table->people ? " (people)" : "");
        for (size_t d = 0; d < MR_STORY_DECISIONS; d++)
            if (taken[d])
                mr_doc_say(t->doc, "<number>%s</number>",
                           mr_text_number(&t->texts, table->decided[d]));
        mr_doc_say(t->doc, "</row>");
    }
    mr_doc_say(t->doc, "</rows></table>");
}

/* The end of a list, and what it leaves out. */
static void end_counters(struct mr_teller *t, size_t count)
{
    if (count > 0)
        mr_doc_say(t->doc, "</rows></table>");
    if (count > COUNTERS_MAX)
        mr_doc_say(t->doc, "<p>%s beyond these: report --format json lists all.</p>",
                   mr_text_count(&t->texts, count - COUNTERS_MAX, "more counter", "more counters"));
}

/* What is meant to happen to counters, while nothing was raised; once something was, the list of
 * what happened takes its place. */
static void add_counters(struct mr_teller *t, const struct mr_story_plan *plan)
{
    for (size_t i = 0; i < plan->counters.count && i < COUNTERS_MAX; i++) {
        const struct mr_story_counter *c = mr_vec_at(&plan->counters, i);
        if (i == 0)
            mr_doc_say(t->doc, "<table><head><col>Counter</col><ncol>Stood at</ncol><ncol>"
                               "To be raised to</ncol><col>Ids kept for restored rows"
                               "</col></head><rows>");
        mr_doc_say(t->doc,
                   "<row><cell>%s.%s</cell><number>%s</number><number>%s</number><cell>%s "
                   "to %s</cell></row>",
                   c->table, c->column, mr_text_number(&t->texts, c->next),
                   mr_text_number(&t->texts, c->reseed_to), mr_text_number(&t->texts, c->from),
                   mr_text_number(&t->texts, c->to > c->from ? c->to - 1 : c->to));
    }
    end_counters(t, plan->counters.count);
}

/* ---- what was done ---- */

/* Times of files, which may be anything: one that cannot be read has no duration, and the report is
 * written all the same. */
static bool moment(const char *text, time_t *out)
{
    struct mr_when when;
    if (mr_when_parse(&when, text, NULL) != MR_OK)
        return false;
    struct tm tm = {.tm_year = (int)when.time.year - 1900,
                    .tm_mon = (int)when.time.month - 1,
                    .tm_mday = (int)when.time.day,
                    .tm_hour = (int)when.time.hour,
                    .tm_min = (int)when.time.minute,
                    .tm_sec = (int)when.time.second};
    *out = timegm(&tm);
    return true;
}

bool mr_story_seconds(const char *from, const char *to, double *seconds)
{
    time_t begin, end;
    *seconds = 0;
    if (!moment(from, &begin) || !moment(to, &end) || end < begin)
        return false;
    *seconds = difftime(end, begin);
    return true;
}

static void add_lasted(struct mr_teller *t, const struct mr_story_act *act)
{
    double seconds;
    if (mr_story_seconds(act->from, act->to, &seconds))
        mr_strbuf_add_fmt(&t->words, ", in %s",
                          seconds < 1 ? "less than a second"
                                      : mr_text_duration(&t->texts, seconds));
}

static void add_rows(struct mr_teller *t, const struct mr_story_act *act)
{
    if (act->is_undo) {
        mr_block_some(&t->words, act->written, "row taken back", "rows taken back");
        mr_block_some(&t->words, act->there, "row was so already", "rows were so already");
        mr_block_some(&t->words, act->refused, "row kept", "rows kept");
        return;
    }
    mr_block_some(&t->words, act->written, "row written", "rows written");
    mr_block_some(&t->words, act->there, "row stood already", "rows stood already");
    mr_block_some(&t->words, act->refused, "row refused", "rows refused");
}

/* A step that was begun and has no end in the journal was cut short: what it did is not known from
 * here, and verify is what tells. */
static void add_act(struct mr_teller *t, const struct mr_story_act *act)
{
    bool is_whole = act->begun <= act->ended;
    const char *what = !act->is_undo    ? "Applied"
                       : act->units > 0 ? "Taken back"
                                        : "Tried to take it back";
    mr_strbuf_add_fmt(&t->words, "%s at %s by run %s", what, mr_text_time(&t->texts, act->from),
                      act->run);
    add_lasted(t, act);
    mr_strbuf_add_char(&t->words, ':');
    size_t from = t->words.len;
    mr_block_some(&t->words, act->raised, "counter raised", "counters raised");
    add_rows(t, act);
    mr_block_some(&t->words, act->units, "unit done", "units done");
    mr_block_some(&t->words, act->failed, "try failed", "tries failed");
    mr_strbuf_add_str(&t->words, t->words.len == from ? " nothing was left to do." : ".");
    if (!is_whole)
        mr_strbuf_add_str(&t->words, " Its last step was cut short.");
    if (act->reason != NULL)
        mr_strbuf_add_fmt(&t->words, " The last failure: %s.", act->reason);
    mr_block_words(t,
                   act->refused > 0 || act->failed > 0 || !is_whole ? MR_TONE_WARN : MR_TONE_PLAIN);
}

/* As the journal has it, in words; what is none of its words stands as it is. */
static const char *how_raised(const char *how)
{
    return how == NULL                  ? NULL
           : strcmp(how, "alter") == 0  ? "ALTER TABLE"
           : strcmp(how, "insert") == 0 ? "a row, inserted and deleted"
           : strcmp(how, "setval") == 0 ? "SETVAL"
                                        : how;
}

/* Of a file, which may say anything. */
static const char *grouped(struct mr_teller *t, const char *number)
{
    const size_t len = number != NULL ? strlen(number) : 0;
    if (len == 0 || len > 19 || strspn(number, "0123456789") != len)
        return number;
    return mr_text_number(&t->texts, strtoull(number, NULL, 10));
}

static void add_raises(struct mr_teller *t, const struct mr_story_plan *plan)
{
    for (size_t i = 0; i < plan->raises.count && i < COUNTERS_MAX; i++) {
        const struct mr_story_raise *raise = mr_vec_at(&plan->raises, i);
        if (i == 0)
            mr_doc_say(t->doc, "<table><head><col>Counter raised</col><ncol>To</ncol><col>"
                               "By</col></head><rows>");
        mr_doc_say(t->doc, "<row><cell>%s.%s</cell><number>%s</number><cell>%s</cell></row>",
                   raise->table, raise->column, grouped(t, raise->to), how_raised(raise->how));
    }
    end_counters(t, plan->raises.count);
}

/* A plan that was not applied is told as well, and said to be: otherwise it would read as if all of
 * it were done. */
void mr_block_plans(struct mr_teller *t)
{
    for (size_t i = 0; i < t->story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&t->story->plans, i);
        add_plan(t, plan);
        add_decisions(t, plan);
        if (plan->raises.count == 0)
            add_counters(t, plan);
        for (size_t j = 0; j < plan->acts.count; j++)
            add_act(t, mr_vec_at(&plan->acts, j));
        add_raises(t, plan);
        if (plan->acts.count == 0)
            mr_doc_say(t->doc, "<warn>It was not applied.</warn>");
    }
}
