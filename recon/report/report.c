/* report.c: see report.h. */
#include "recon/report/report.h"

#include <string.h>

/* People are counted only where rows differ: of an equal run nobody is touched. After a failure
 * nothing is left to be released. */
void mr_report_release(struct mr_report *report)
{
    mr_next_steps_release(&report->steps);
    mr_vec_release(&report->counters);
    mr_vec_release(&report->references);
    mr_arena_release(&report->arena);
}

const struct mr_find_counter *mr_report_counter(const struct mr_report *report, int64_t table)
{
    for (size_t i = 0; i < report->counters.count; i++) {
        const struct mr_find_counter *counter = mr_vec_at(&report->counters, i);
        if (counter->table == table)
            return counter;
    }
    return NULL;
}

const struct mr_find_table *mr_report_counter_table(const struct mr_report *report,
                                                    const struct mr_find_counter *counter)
{
    for (size_t i = 0; i < report->result->ntables; i++)
        if (report->result->tables[i].id == counter->table)
            return &report->result->tables[i];
    return NULL;
}

bool mr_report_counter_collides(const struct mr_find_counter *counter, int side)
{
    uint64_t next = counter->next[side];
    return next <= counter->greatest[0] || next <= counter->greatest[1];
}

/* What the configuration hides now.  Of a name with several dots every reading counts. */
static enum mr_code mask_configured(const struct mr_report *report,
                                    const struct mr_find_table *table, struct mr_arena *arena,
                                    enum mr_mask *masks)
{
    for (const char *dot = strchr(table->name, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        const char *db = mr_arena_dup(arena, table->name, (size_t)(dot - table->name));
        struct mr_table_config config;
        MR_TRY(db == NULL ? MR_E_NOMEM
                          : mr_config_table(report->config, db, dot + 1, arena, &config, NULL));
        for (size_t i = 0; i < table->ncolumns; i++)
            if (masks[i] == MR_MASK_FOUND &&
                mr_string_list_has(&config.mask, table->columns[i].name))
                masks[i] = MR_MASK_VALUE;
    }
    return MR_OK;
}

static enum mr_mask *own_masks(const struct mr_report *report, const struct mr_find_table *table,
                               struct mr_arena *arena)
{
    enum mr_mask *masks = mr_arena_calloc(arena, table->ncolumns + 1, sizeof *masks);
    for (size_t i = 0; masks != NULL && i < table->ncolumns; i++)
        masks[i] = mr_mask_of_column(table, i);
    if (masks != NULL && mask_configured(report, table, arena, masks) != MR_OK)
        return NULL;
    return masks;
}

static const struct mr_find_table *table_of(const struct mr_report *report, int64_t id)
{
    for (size_t i = 0; i < report->result->ntables; i++)
        if (report->result->tables[i].id == id)
            return &report->result->tables[i];
    return NULL;
}

#define STEPS_MAX 2 /* of references that are followed to what a column's values are */

/* A column that refers to one that is masked has the same values.  NULL: memory is out. */
static enum mr_mask *masks_of(const struct mr_report *report, const struct mr_find_table *table,
                              const struct mr_vec *references, int steps, struct mr_arena *arena)
{
    enum mr_mask *masks = own_masks(report, table, arena);
    for (size_t i = 0; masks != NULL && steps > 0 && i < references->count; i++) {
        const struct mr_lineage_reference *r = mr_vec_at(references, i);
        const struct mr_find_table *parent =
            r->table == table->id && r->parent != 0 ? table_of(report, r->parent) : NULL;
        if (parent == NULL)
            continue;
        const enum mr_mask *theirs = masks_of(report, parent, references, steps - 1, arena);
        if (theirs == NULL)
            return NULL;
        for (size_t k = 0; k < r->ncolumns; k++)
            if (r->columns[k] < table->ncolumns && r->parent_columns[k] < parent->ncolumns &&
                theirs[r->parent_columns[k]] > masks[r->columns[k]])
                masks[r->columns[k]] = theirs[r->parent_columns[k]];
    }
    return masks;
}

enum mr_mask *mr_report_masks(const struct mr_report *report, const struct mr_find_table *table,
                              struct mr_arena *arena)
{
    enum mr_mask *masks = NULL;
    if (!report->unmask)
        return masks_of(report, table, &report->references, STEPS_MAX, arena);
    masks = mr_arena_calloc(arena, table->ncolumns + 1, sizeof *masks);
    for (size_t i = 0; masks != NULL && i < table->ncolumns; i++)
        masks[i] = MR_MASK_OFF;
    return masks;
}

static enum mr_code mask_counters(struct mr_report *report, struct mr_err *err)
{
    const size_t n = report->counters.count;
    report->is_masked = mr_arena_calloc(&report->arena, n + 1, sizeof *report->is_masked);
    if (report->is_masked == NULL)
        return mr_err_nomem(err, "masking counters");
    for (size_t i = 0; i < n; i++) {
        const struct mr_find_counter *counter = mr_vec_at(&report->counters, i);
        const struct mr_find_table *table = mr_report_counter_table(report, counter);
        struct mr_arena arena = MR_ARENA_INIT;
        const enum mr_mask *masks = table != NULL ? mr_report_masks(report, table, &arena) : NULL;
        const bool is_out = table != NULL && masks == NULL;
        for (size_t k = 0; masks != NULL && k < table->ncolumns; k++)
            if (strcmp(table->columns[k].name, counter->column) == 0)
                report->is_masked[i] = masks[k] == MR_MASK_VALUE || masks[k] == MR_MASK_SECRET;
        mr_arena_release(&arena);
        if (is_out)
            return mr_err_nomem(err, "masking counters");
    }
    return MR_OK;
}

bool mr_report_counter_is_masked(const struct mr_report *report,
                                 const struct mr_find_counter *counter)
{
    const struct mr_find_counter *first = report->counters.items;
    return report->is_masked[counter - first];
}

static enum mr_code load(struct mr_report *report, struct mr_err *err)
{
    struct mr_next_opts opts = {.has_case = true,
                                .commands = true,
                                .case_path = report->case_path,
                                .config = report->config->file};
    struct mr_findings *fd = report->result->fd;
    bool is_usual = true;
    MR_TRY(mr_findings_counters(fd, &report->arena, &report->counters, err));
    MR_TRY(mr_findings_run_is_usual(fd, report->result->run, &is_usual, err));
    report->run = opts.run = is_usual ? NULL : report->result->run->uuid;
    MR_TRY(mr_lineage_references(fd, &report->arena, &report->references, err));
    MR_TRY(mask_counters(report, err));
    MR_TRY(mr_next_steps(&report->steps, report->result, &opts, err));
    MR_TRY(mr_evidence_sides(fd, &report->arena, report->logs, err));
    for (int side = 0; side < 2; side++)
        MR_TRY(mr_evidence_own_since(fd, side, &report->own_since_us[side], err));
    return report->result->differing == 0
               ? MR_OK
               : mr_report_people_count(&report->people, report->result, report->config,
                                        report->case_path, &report->arena, err);
}

enum mr_code mr_report_load(struct mr_report *report, struct mr_err *err)
{
    report->counters = (struct mr_vec)MR_VEC_INIT(struct mr_find_counter);
    report->arena = (struct mr_arena)MR_ARENA_INIT;
    report->references = (struct mr_vec)MR_VEC_INIT(struct mr_lineage_reference);
    report->steps = (struct mr_next_steps){.items = MR_VEC_INIT(struct mr_next_step)};
    const enum mr_code code = load(report, err);
    if (code != MR_OK)
        mr_report_release(report);
    return code;
}

const char *mr_report_verdict(const struct mr_report *report)
{
    const struct mr_check_result *r = report->result;
    if (r->interrupted)
        return "Unfinished";
    return r->incomplete ? "Incomplete" : r->differs ? "Diverged" : "Equal";
}

void mr_report_count(struct mr_strbuf *out, uint64_t number, const char *one, const char *many)
{
    mr_strbuf_add_grouped(out, number);
    mr_strbuf_add_fmt(out, " %s", number == 1 ? one : many);
}

/* What keeps the result from being whole. */
static void add_gaps(const struct mr_check_result *r, struct mr_strbuf *out)
{
    if (r->not_checked > 0) {
        mr_report_count(out, r->not_checked, "table was", "tables were");
        mr_strbuf_add_str(out, r->interrupted ? " not reached" : " not checked");
    } else if (r->unsettled_rows > 0) {
        mr_report_count(out, r->unsettled_rows, "row kept moving", "rows kept moving");
    } else {
        mr_strbuf_add_str(out, r->run->hidden != NULL ? "the account may not see everything"
                                                      : "the run has not come to its end");
    }
}

/* After a merge the two differ for good: who reads of rows that differ is told which are its work. */
static void add_explained(const struct mr_check_result *r, uint64_t rows, struct mr_strbuf *out)
{
    const uint64_t explained = r->all_explained.rows;
    if (explained == 0)
        return;
    mr_strbuf_add_str(out, ", ");
    if (explained < rows)
        mr_strbuf_add_grouped(out, explained);
    else
        mr_strbuf_add_str(out, "all");
    mr_strbuf_add_str(out, " as a plan of the case has made ");
    mr_strbuf_add_str(out, explained < rows && explained == 1 ? "it" : "them");
}

/* One is named: on a page that is read no further it is what somebody has to know. */
static void add_one_sided(const struct mr_check_result *r, struct mr_strbuf *out)
{
    size_t at = 0;
    const struct mr_find_object *one = mr_check_result_one_sided(r, &at);
    if (r->one_sided == 1)
        mr_strbuf_add_fmt(out, "table %s is on the %s only", one->table,
                          one->source != NULL ? "source" : "target");
    else
        mr_report_count(out, r->one_sided, "table is on one side only",
                        "tables are on one side only");
    mr_strbuf_add_fmt(out, ", and no row of %s was compared", r->one_sided == 1 ? "it" : "them");
}

/* Where nothing else differs: of what that is said. */
static void add_same_rows(const struct mr_check_result *r, struct mr_strbuf *out)
{
    struct mr_texts t = {.made = 0};
    if (r->one_sided == 0)
        mr_strbuf_add_fmt(out, "both sides hold the same rows in %s",
                          mr_text_count(&t, r->ntables, "table", "tables"));
    else if (r->ntables > 0)
        mr_strbuf_add_fmt(out, "; %s the same rows on both sides",
                          r->ntables == 1
                              ? "the other table has"
                              : mr_text_count(&t, r->ntables, "other has", "others have"));
}

/* Gaps come first, and what was found is then said to be "so far": a run with gaps must never read
 * as if both sides were the same. */
void mr_report_headline(const struct mr_report *report, struct mr_strbuf *out)
{
    const struct mr_check_result *r = report->result;
    const uint64_t rows = mr_find_counts_differing(&r->sums);
    const size_t objects = r->objects.count - r->one_sided;
    const bool gaps = r->interrupted || r->incomplete;
    struct mr_texts t = {.made = 0};
    if (gaps) {
        add_gaps(r, out);
        mr_strbuf_add_str(out, rows > 0 || r->objects.count > 0 ? "; so far " : "");
    }
    if (r->one_sided > 0)
        add_one_sided(r, out);
    if (r->one_sided > 0 && rows + objects > 0)
        mr_strbuf_add_str(out, "; ");
    if (rows > 0) {
        mr_strbuf_add_fmt(
            out, "%s in %s of %s", mr_text_count(&t, rows, "row differs", "rows differ"),
            mr_text_number(&t, r->differing), mr_text_count(&t, r->ntables, "table", "tables"));
        add_explained(r, rows, out);
    }
    if (objects > 0 && rows > 0)
        mr_strbuf_add_fmt(out, ", and %s",
                          mr_text_count(&t, objects, "schema object", "schema objects"));
    else if (objects > 0)
        mr_strbuf_add_fmt(
            out, "%s, %s",
            mr_text_count(&t, objects, "schema object differs", "schema objects differ"),
            gaps || r->one_sided > 0 ? "no row that was compared does" : "the rows do not");
    if (rows + objects == 0 && !gaps)
        add_same_rows(r, out);
}

/* Where no step of the check fits, it names the side that lacks rows, but never which one is right:
 * that is for somebody to decide. */
const char *mr_report_lead(const struct mr_report *report, bool *taken)
{
    const struct mr_check_result *r = report->result;
    const struct mr_find_counts *c = &r->sums;
    const struct mr_next_step *step =
        report->steps.items.count > 0 ? mr_vec_at(&report->steps.items, 0) : NULL;
    *taken = step != NULL && step->kind != MR_NEXT_IDENTITY && step->kind < MR_NEXT_KEEP;
    if (*taken)
        return step->text;
    if (!r->differs && (r->incomplete || r->interrupted))
        return "What was not seen may still differ: put right what is named below, and "
               "run the check again.";
    if (!r->differs)
        return "There is nothing to do.";
    if (c->missing > 0 && c->extra + c->changed + c->collision == 0)
        return "The target lacks rows that the source has: see below which, and since "
               "when.";
    if (c->extra > 0 && c->missing + c->changed + c->collision == 0)
        return "The target has rows that the source lacks: see below which, and since "
               "when.";
    return "See below where they differ, and decide which side is right before anything "
           "is written.";
}
