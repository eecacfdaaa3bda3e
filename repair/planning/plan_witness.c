/* plan_witness.c: see plan_witness.h. */
#include "repair/planning/plan_witness.h"

#include <string.h>

/* Of a row that is the same on both sides nobody asks the logs. */
static bool is_decided(const struct mr_planned_table *t)
{
    uint64_t any = t->nkinds;
    for (int d = MR_DECIDE_SAME; d < MR_DECISIONS; d++)
        any += t->decisions[d];
    return any > 0;
}

/* Logs that were not read, or not far enough, have a reason and no other name.  Gaps have a line each, of
 * which the first stands for all. */
static void add_why(struct mr_strbuf *text, const struct mr_planned_evidence *e)
{
    const bool is_read = strcmp(e->evidence, mr_witness_name(MR_WITNESS_NONE)) != 0;
    mr_strbuf_add_str(text, " (");
    if (is_read)
        mr_strbuf_add_str(text, e->evidence);
    if (e->reason != NULL) {
        const size_t line = strcspn(e->reason, "\n");
        mr_strbuf_add_str(text, is_read ? ": " : "");
        mr_strbuf_add(text, e->reason, line);
        mr_strbuf_add_str(text, e->reason[line] != '\0' ? "; and more" : "");
    }
    if (e->reason == NULL && !is_read)
        mr_strbuf_add_str(text, "not collected for it");
    mr_strbuf_add_char(text, ')');
}

static const char *consequence(const struct mr_plan_witness *witness)
{
    return witness->is_used   ? "its rows are decided by those of the other side"
           : witness->is_good ? "what stood at the split is not taken from them"
                              : "its rows are decided as without logs";
}

static void add_text(struct mr_strbuf *text, const struct mr_planned_table *t,
                     const struct mr_plan_witness *witness)
{
    for (size_t i = 0; i < t->nevidence; i++) {
        mr_strbuf_add_fmt(
            text, i == 0 ? "the %s's binary logs do not tell all of it" : ", nor do the %s's",
            t->evidence[i].side);
        add_why(text, &t->evidence[i]);
    }
    mr_strbuf_add_fmt(text, ": %s", consequence(witness));
}

enum mr_code mr_plan_witness(const struct mr_plan_tables *tables, const struct mr_planned *planned,
                             mr_plan_witness_fn *note, void *ctx, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    size_t named = 0, others = 0;
    for (size_t i = 0; i < planned->ntables; i++) {
        const struct mr_planned_table *t = &planned->tables[i];
        if (t->nevidence == 0 || !is_decided(t))
            continue;
        if (named == MR_PLAN_WITNESS_NAMED) {
            others++;
            continue;
        }
        named++;
        mr_strbuf_reset(&text);
        add_text(&text, t, &tables->tables[i].witness);
        MR_TRY_OUT(mr_strbuf_check(&text, "planning", err));
        MR_TRY_OUT(note(ctx, t->table, text.ptr, err));
    }
    if (others > 0) {
        mr_strbuf_reset(&text);
        mr_strbuf_add_fmt(&text,
                          "binary logs do not tell all of %zu more table%s, which plan.json names",
                          others, others == 1 ? "" : "s");
        MR_TRY_OUT(mr_strbuf_check(&text, "planning", err));
        MR_TRY_OUT(note(ctx, NULL, text.ptr, err));
    }
out:
    mr_strbuf_release(&text);
    return code;
}
