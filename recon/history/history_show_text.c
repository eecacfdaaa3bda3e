/* history_show_text.c: what the logs say, for people; see history_show.h. */
#include <inttypes.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/case/run_command.h"
#include "core/row/when.h"
#include "recon/history/history_show.h"
#include "recon/history/key_find.h"

struct text {
    const struct mr_history_show *show;
    bool color;
    struct mr_strbuf out;
    struct mr_arena arena;
};

static const char *const side_names[2] = {"source", "target"};

static const char *style(const struct text *t, enum mr_style s)
{
    return mr_term_style(s, t->color);
}

static const struct mr_key_history *key_at(const struct text *t, size_t i)
{
    return *(struct mr_key_history *const *)mr_vec_at(&t->show->keys, i);
}

static const enum mr_mask *masks_of(struct text *t, const struct mr_find_table *table)
{
    return mr_history_masks(table, t->show->unmask, &t->arena);
}

/* ---- sides ---- */

static void add_lines_of(struct text *t, const char *lines)
{
    for (const char *at = lines; at != NULL && *at != '\0';) {
        const size_t len = strcspn(at, "\n");
        mr_strbuf_add_fmt(&t->out, "    %sincomplete%s: ", style(t, MR_STYLE_WARN),
                          style(t, MR_STYLE_RESET));
        mr_utf8_show(&t->out, at, len, false);
        mr_strbuf_add_char(&t->out, '\n');
        at += len + (at[len] == '\n');
    }
}

/* "bin.000001:4 to bin.000003:900, complete; 9 own transactions" */
static void add_side(struct text *t, int side)
{
    const struct mr_evidence_side *s = &t->show->sides[side];
    mr_run_add_side(&t->show->run, side, &t->out);
    mr_strbuf_add_str(&t->out, "\n    ");
    if (s->own_by == MR_OWN_BY_NONE) {
        mr_strbuf_add_fmt(&t->out, "%sits logs were not read%s\n", style(t, MR_STYLE_WARN),
                          style(t, MR_STYLE_RESET));
        return;
    }
    if (s->first_log != NULL) {
        mr_strbuf_add_str(&t->out, "logs ");
        mr_utf8_show_str(&t->out, s->first_log);
        mr_strbuf_add_fmt(&t->out, ":%" PRIu64 " to ", s->first_position);
        mr_utf8_show_str(&t->out, s->end_log != NULL ? s->end_log : "?");
        mr_strbuf_add_fmt(&t->out, ":%" PRIu64, s->end_position);
    } else {
        mr_strbuf_add_str(&t->out, "no log was read");
    }
    mr_strbuf_add_fmt(&t->out, ", %s; ", s->is_complete ? "complete" : "not complete");
    mr_strbuf_add_grouped(&t->out, s->transactions);
    mr_strbuf_add_str(&t->out, " own transactions, ");
    mr_strbuf_add_grouped(&t->out, s->changes);
    mr_strbuf_add_str(&t->out, " changes");
    if (s->own_by == MR_OWN_BY_TIME)
        mr_strbuf_add_str(&t->out, "; told by time, which is inexact");
    mr_strbuf_add_char(&t->out, '\n');
    if (!s->is_complete)
        add_lines_of(t, s->gap != NULL ? s->gap : "the logs do not reach from the split to now");
}

/* What was changed behind the logs' end, and before the rows were read, looks as if nobody had. */
static void add_later(struct text *t)
{
    for (int side = 0; side < 2; side++)
        if (mr_evidence_is_before(&t->show->sides[side], &t->show->run))
            mr_strbuf_add_fmt(&t->out,
                              "%sThe rows were read after the logs of %s: changes since are not in "
                              "these.%s\n",
                              style(t, MR_STYLE_WARN), side_names[side], style(t, MR_STYLE_RESET));
}

/* ---- overview ---- */

static void add_witness(struct text *t, size_t table, int side, const enum mr_mask *masks)
{
    const struct mr_evidence_of *of = &t->show->evidence[table].of[side];
    const bool good = of->witness == MR_WITNESS_GOOD;
    mr_strbuf_add_fmt(&t->out, "    %s  %s%s%s", side_names[side],
                      style(t, good ? MR_STYLE_GOOD : MR_STYLE_WARN),
                      of->witness == MR_WITNESS_NONE ? "not read" : mr_witness_name(of->witness),
                      style(t, MR_STYLE_RESET));
    if (of->reason != NULL) {
        mr_strbuf_add_str(&t->out, ": ");
        mr_history_add_reason(&t->out, of->reason, &t->show->tables[table], masks);
    }
    if (of->witness != MR_WITNESS_NONE) {
        mr_strbuf_add_str(&t->out, "; ");
        mr_strbuf_add_grouped(&t->out, of->keys);
        mr_strbuf_add_str(&t->out, of->keys == 1 ? " key, " : " keys, ");
        mr_strbuf_add_grouped(&t->out, of->changes);
        mr_strbuf_add_str(&t->out, of->changes == 1 ? " change" : " changes");
    }
    if (of->moving > 0)
        mr_strbuf_add_fmt(&t->out, ", %" PRIu64 " still moving", of->moving);
    mr_strbuf_add_char(&t->out, '\n');
}

struct first {
    const struct mr_find_table *table;
    struct mr_strbuf key;
};

static enum mr_code take_first(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct first *first = ctx;
    return f->key.ptr != NULL ? mr_key_spell(f->key, first->table, &first->key, err) : MR_OK;
}

/* The first row that differs, to go on with; "" where there is none. */
static enum mr_code find_first(const struct mr_history_show *show, struct first *first,
                               struct mr_err *err)
{
    for (size_t i = 0; first->key.len == 0 && i < show->ntables; i++) {
        first->table = &show->tables[i];
        if (!first->table->keyless)
            MR_TRY(mr_findings_walk_first(show->fd, first->table->id, 1, take_first, first, err));
    }
    return MR_OK;
}

/* As a command that can be pasted. */
static enum mr_code add_next(struct text *t, struct mr_err *err)
{
    const struct mr_history_show *show = t->show;
    struct first first = {.key = MR_STRBUF_INIT};
    struct mr_strbuf command = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (!show->has_evidence) {
        mr_strbuf_add_str(&command, "myrecon history collect");
        mr_command_add_option(&command, "--case", show->case_path);
        MR_TRY_OUT(mr_strbuf_check(&command, "writing the result", err));
        mr_strbuf_add_str(&t->out, "\nNo logs were collected into this case yet:\n  ");
        mr_utf8_show_str(&t->out, command.ptr);
        mr_strbuf_add_char(&t->out, '\n');
        goto out;
    }
    MR_TRY_OUT(find_first(show, &first, err));
    if (first.key.len == 0)
        goto out;
    mr_strbuf_add_str(&command, "myrecon history show");
    mr_command_add_option(&command, "--case", show->case_path);
    mr_command_add_option(&command, "--table", first.table->name);
    mr_command_add_option(&command, "--key", first.key.ptr);
    MR_TRY_OUT(mr_strbuf_check(&command, "writing the result", err));
    mr_strbuf_add_str(&t->out, "\nWhat happened to a row:\n  ");
    mr_utf8_show_str(&t->out, command.ptr);
    mr_strbuf_add_str(&t->out, "\nTo all of a person, as affected lists it: --person IDENTITY in "
                               "place of --table and --key.\n");
out:
    mr_strbuf_release(&first.key);
    mr_strbuf_release(&command);
    return code;
}

static enum mr_code add_overview(struct text *t, struct mr_err *err)
{
    const struct mr_history_show *show = t->show;
    add_side(t, 0);
    add_side(t, 1);
    add_later(t);
    for (size_t i = 0; show->has_evidence && i < show->ntables; i++) {
        const enum mr_mask *masks = masks_of(t, &show->tables[i]);
        if (masks == NULL)
            return mr_err_nomem(err, "writing the result");
        mr_strbuf_add_str(&t->out, i == 0 ? "\n  " : "  ");
        mr_utf8_show_str(&t->out, show->tables[i].name);
        mr_strbuf_add_char(&t->out, '\n');
        add_witness(t, i, 0, masks);
        add_witness(t, i, 1, masks);
    }
    return add_next(t, err);
}

/* ---- rows ---- */

static enum mr_code add_name(struct text *t, const struct mr_key_history *h,
                             const enum mr_mask *masks, struct mr_err *err)
{
    mr_utf8_show_str(&t->out, h->table->name);
    mr_strbuf_add_char(&t->out, ' ');
    return mr_history_add_key(&t->out, h->table, h->key, masks, err);
}

/* Why a side's log is not to be relied upon stands before what it says. */
static void add_untold(struct text *t, const struct mr_key_history *h, const enum mr_mask *masks)
{
    for (int side = 0; side < 2; side++) {
        const size_t before = t->out.len;
        mr_strbuf_add_fmt(&t->out, "  %s%-7s", style(t, MR_STYLE_WARN), side_names[side]);
        const size_t behind = t->out.len;
        mr_history_add_untold(&t->out, h, side, masks);
        if (t->out.failed || t->out.len > behind) {
            mr_strbuf_add_fmt(&t->out, "%s\n", style(t, MR_STYLE_RESET));
        } else {
            t->out.len = before;
            t->out.ptr[before] = '\0';
        }
    }
}

static enum mr_code add_row(struct text *t, const struct mr_key_history *h, struct mr_err *err)
{
    const enum mr_mask *masks = masks_of(t, h->table);
    if (masks == NULL)
        return mr_err_nomem(err, "writing the result");
    mr_strbuf_add_str(&t->out, style(t, MR_STYLE_HEAD));
    MR_TRY(add_name(t, h, masks, err));
    mr_strbuf_add_fmt(&t->out, "%s\n", style(t, MR_STYLE_RESET));
    add_untold(t, h, masks);
    mr_strbuf_add_str(&t->out, "  split  ");
    MR_TRY(mr_history_add_base(&t->out, h, masks, err));
    mr_strbuf_add_str(&t->out, "\n  now    ");
    MR_TRY(mr_history_add_now(&t->out, h, masks, err));
    mr_strbuf_add_char(&t->out, '\n');
    if (h->known == MR_ROWS_OF_FINDING) {
        mr_strbuf_add_str(&t->out, "  so     ");
        mr_history_add_explained(&t->out, h);
        mr_strbuf_add_char(&t->out, '\n');
    }
    return MR_OK;
}

/* "2026-04-02 03:10:05  source  0-1-101  bin.000003:4711  changed note: 'x' → 'y'" */
static enum mr_code add_line(struct text *t, const struct mr_history_line *line, bool names,
                             struct mr_err *err)
{
    const struct mr_key_change *change = line->change;
    const enum mr_mask *masks = masks_of(t, line->of->table);
    if (masks == NULL)
        return mr_err_nomem(err, "writing the result");
    if (change->skipped > 0)
        mr_strbuf_add_fmt(&t->out, "  … %" PRIu64 " changes of %s were not kept\n", change->skipped,
                          side_names[change->side]);
    mr_strbuf_add_str(&t->out, "  ");
    mr_when_format_us(change->tx.committed_us, &t->out);
    mr_strbuf_add_fmt(&t->out, "  %s  ", side_names[change->side]);
    mr_history_add_place(&t->out, &change->tx);
    mr_strbuf_add_str(&t->out, "  ");
    if (names) {
        MR_TRY(add_name(t, line->of, masks, err));
        mr_strbuf_add_str(&t->out, " ");
    }
    MR_TRY(mr_history_add_deed(&t->out, line->of, change, masks, err));
    mr_strbuf_add_char(&t->out, '\n');
    return MR_OK;
}

static enum mr_code add_rows(struct text *t, struct mr_err *err)
{
    const struct mr_history_show *show = t->show;
    for (size_t i = 0; i < show->keys.count; i++)
        MR_TRY(add_row(t, key_at(t, i), err));
    mr_strbuf_add_fmt(&t->out, "%sUTC, as the transactions were committed%s\n",
                      style(t, MR_STYLE_HEAD), style(t, MR_STYLE_RESET));
    for (size_t i = 0; i < show->lines.count; i++)
        MR_TRY(add_line(t, mr_vec_at(&show->lines, i), show->keys.count > 1, err));
    if (show->lines.count == 0)
        mr_strbuf_add_str(&t->out, "  no change is known\n");
    if (show->left_out > 0)
        mr_strbuf_add_str(&t->out, "  … and more rows, which are not shown\n");
    add_later(t);
    return MR_OK;
}

enum mr_code mr_history_show_text(const struct mr_history_show *show, FILE *out, bool color,
                                  struct mr_err *err)
{
    struct text t = {.show = show, .color = color, .out = MR_STRBUF_INIT, .arena = MR_ARENA_INIT};
    const bool is_overview = show->keys.count == 0 && show->gtid == NULL;
    enum mr_code code = is_overview ? add_overview(&t, err) : add_rows(&t, err);
    if (code == MR_OK)
        code = mr_term_print(&t.out, out, "printing", err);
    mr_strbuf_release(&t.out);
    mr_arena_release(&t.arena);
    return code;
}
