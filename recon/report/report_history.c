/* report_history.c: see report_history.h; and the part of a document that tells it (report_parts.h). */
#include "recon/report/report_history.h"

#include <inttypes.h>

#include "core/base/signals.h"
#include "core/row/when.h"
#include "recon/check/check_unexplained.h"
#include "recon/history/history_text.h"
#include "recon/report/report_parts.h"

#define PAGE_ROWS 100

struct walk {
    const struct mr_report *report;
    struct mr_report_columns columns;
    mr_row_history_fn *fn;
    void *ctx;
    struct mr_arena arena; /* of one row */
    struct mr_key_history history;
};

/* The text becomes the arena's, and the buffer is empty again. */
static enum mr_code keep(struct walk *w, struct mr_strbuf *text, const char **out,
                         struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(text, "telling what the logs say", err));
    *out = mr_arena_dup(&w->arena, text->ptr, text->len);
    mr_strbuf_reset(text);
    return *out != NULL ? MR_OK : mr_err_nomem(err, "telling what the logs say");
}

static enum mr_code add_change(struct walk *w, const struct mr_key_change *change,
                               struct mr_strbuf *text, struct mr_err *err)
{
    mr_when_format_us(change->tx.committed_us, text);
    mr_strbuf_add_fmt(text, " UTC, %s, ", change->side == 0 ? "source" : "target");
    mr_history_add_place(text, &change->tx);
    if (change->skipped > 0)
        mr_strbuf_add_fmt(text, " (%" PRIu64 " in front of it were not kept)", change->skipped);
    mr_strbuf_add_str(text, ": ");
    return mr_history_add_deed(text, &w->history, change, w->columns.masks, err);
}

static enum mr_code tell(struct walk *w, struct mr_err *err)
{
    const struct mr_key_history *h = &w->history;
    const enum mr_mask *masks = w->columns.masks;
    const char **changes = mr_arena_calloc(&w->arena, h->changes.count + 1, sizeof *changes);
    struct mr_row_history row = {.changes = changes, .nchanges = h->changes.count};
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (changes == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "telling what the logs say"));
    MR_TRY_OUT(mr_history_add_key(&text, h->table, h->key, masks, err));
    MR_TRY_OUT(keep(w, &text, &row.key, err));
    for (int side = 0; side < 2; side++) {
        mr_history_add_untold(&text, h, side, masks);
        MR_TRY_OUT(keep(w, &text, &row.untold[side], err));
    }
    MR_TRY_OUT(mr_history_add_base(&text, h, masks, err));
    MR_TRY_OUT(keep(w, &text, &row.split, err));
    mr_history_add_explained(&text, h);
    MR_TRY_OUT(keep(w, &text, &row.explained, err));
    for (size_t i = 0; i < h->changes.count; i++) {
        MR_TRY_OUT(add_change(w, mr_vec_at(&h->changes, i), &text, err));
        MR_TRY_OUT(keep(w, &text, &changes[i], err));
    }
    MR_TRY_OUT(w->fn(w->ctx, &row, err));
out:
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code walk_rows(struct walk *w, uint64_t limit, struct mr_err *err)
{
    struct mr_findings *fd = w->report->result->fd;
    const struct mr_find_table *table = w->columns.table;
    struct mr_arena page = MR_ARENA_INIT;
    struct mr_vec findings = MR_VEC_INIT(struct mr_finding);
    struct mr_find_page which = {.table = table->id, .state = MR_FIND_DIVERGED};
    enum mr_code code = MR_OK;
    do {
        mr_vec_clear(&findings);
        mr_arena_reset(&page);
        which.limit = limit < PAGE_ROWS ? (size_t)limit : PAGE_ROWS;
        MR_TRY_OUT(mr_findings_page(fd, &which, &page, &findings, err));
        for (size_t i = 0; i < findings.count; i++, limit--) {
            const struct mr_finding *f = mr_vec_at(&findings, i);
            bool found = false;
            mr_arena_reset(&w->arena);
            MR_TRY_OUT(mr_key_history_read(&w->history, fd, table, f->key, &w->arena, &found, err));
            MR_TRY_OUT(tell(w, err));
            which.after_id = f->id;
        }
        if (mr_is_cancelled())
            MR_TRY_OUT(mr_cancelled_err(err));
    } while (findings.count > 0 && limit > 0);
out:
    mr_vec_release(&findings);
    mr_arena_release(&page);
    return code;
}

enum mr_code mr_report_history(const struct mr_report *report, struct mr_report_columns columns,
                               uint64_t limit, mr_row_history_fn *fn, void *ctx, struct mr_err *err)
{
    struct walk w = {
        .report = report, .columns = columns, .fn = fn, .ctx = ctx, .arena = MR_ARENA_INIT};
    bool has = false;
    enum mr_code code = MR_OK;
    mr_key_history_init(&w.history);
    MR_TRY_OUT(mr_evidence_has(report->result->fd, &has, err));
    if (has && limit > 0 && !columns.table->keyless)
        MR_TRY_OUT(walk_rows(&w, limit, err));
out:
    mr_key_history_release(&w.history);
    mr_arena_release(&w.arena);
    return code;
}

/* ---- as a part of a document ---- */

struct part {
    struct mr_doc *doc;
    bool has_begun;
};

static enum mr_code say_row(void *ctx, const struct mr_row_history *row, struct mr_err *err)
{
    static const char *const names[2] = {"source", "target"};
    struct part *part = ctx;
    struct mr_doc *doc = part->doc;
    (void)err;
    if (!part->has_begun)
        mr_doc_say(doc, "<h4>What the binary logs say</h4><list>");
    part->has_begun = true;
    mr_doc_say(doc, "<item><strong>%s</strong>: at the split %s.", row->key, row->split);
    for (int side = 0; side < 2; side++)
        if (row->untold[side][0] != '\0')
            mr_doc_say(doc, " The %s’s log does not tell of it: %s.", names[side],
                       row->untold[side]);
    for (size_t i = 0; i < row->nchanges; i++)
        mr_doc_say(doc, " %s.", row->changes[i]);
    mr_doc_say(doc, " So %s.</item>", row->explained);
    return MR_OK;
}

enum mr_code mr_parts_history(struct mr_edition *e, struct mr_report_columns columns,
                              struct mr_err *err)
{
    const struct mr_check_result *r = e->report->result;
    struct part part = {.doc = &e->doc};
    struct mr_unexplained_run logs;
    MR_TRY(mr_check_unexplained_run(r->fd, r->run, &logs, err));
    MR_TRY(mr_report_history(e->report, columns, e->report->max_rows, say_row, &part, err));
    if (part.has_begun)
        mr_doc_say(&e->doc, "</list>");
    if (part.has_begun && logs.is_later)
        mr_doc_say(&e->doc, "<p>The rows were read after the logs: changes since are not in these."
                            "</p>");
    return MR_OK;
}
