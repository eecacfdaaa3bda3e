/* apply_report.c: see apply_report.h. */
#include "repair/apply/apply_report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "repair/apply/rehearse.h"
#include "repair/apply/reseed_report.h"
#include "repair/reseed/reseed_show.h"

int mr_apply_report_exit(const struct mr_apply_report *r, const struct mr_apply_counts *counts)
{
    int of_counters = r->reseed != NULL ? mr_reseed_report_exit(r->reseed) : 0;
    if (of_counters != 0)
        return of_counters;
    if (r->unlooked)
        return 4;
    if (counts == NULL || counts->partial + counts->failed + r->doubled + r->altered > 0)
        return 1;
    return !r->undo && r->manifest->planned.open > 0 ? 1 : 0;
}

/* ---- JSON ---- */

static void end_line(struct mr_jsonw *w)
{
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void json_begin(struct mr_apply_report *r)
{
    struct mr_jsonw *w = &r->w;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "plan");
    mr_jsonw_add_str(w, "schema", MR_REPAIR_SCHEMA);
    mr_jsonw_add_str(w, "plan", r->manifest->uuid);
    mr_jsonw_add_str(w, "policy", r->manifest->policy);
    mr_jsonw_add_str(w, "target", r->manifest->target);
    mr_jsonw_add_bool(w, "dry_run", r->dry_run);
    if (r->rehearse)
        mr_jsonw_add_bool(w, "rehearsal", true);
    end_line(w);
    if (r->reseed != NULL)
        mr_reseed_report_lines(r->reseed, w);
}

static void json_refusal(struct mr_apply_report *r, const struct mr_refusal *refusal)
{
    struct mr_jsonw *w = &r->w;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "refused");
    mr_jsonw_add_uint(w, "unit", refusal->unit);
    mr_jsonw_add_str(w, "table", *refusal->table != '\0' ? refusal->table : NULL);
    mr_jsonw_add_str(w, "key", *refusal->table != '\0' ? refusal->key : NULL);
    mr_jsonw_add_str(w, "reason", refusal->reason);
    if (refusal->unsure)
        mr_jsonw_add_bool(w, "unsure", true);
    end_line(w);
}

static void json_nontransactional(struct mr_apply_report *r)
{
    struct mr_jsonw *w = &r->w;
    for (size_t i = 0; r->nontransactional != NULL && i < r->nontransactional->count; i++) {
        const struct mr_rehearse_nontransactional *l = mr_vec_at(r->nontransactional, i);
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "type", "skipped");
        mr_jsonw_add_str(w, "table", l->table->table);
        mr_jsonw_add_str(w, "engine", l->engine);
        mr_jsonw_add_uint(w, "rows", l->rows);
        end_line(w);
    }
}

static void json_end(struct mr_apply_report *r, const struct mr_apply_counts *c)
{
    struct mr_jsonw *w = &r->w;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "summary");
    if (r->reseed != NULL)
        mr_reseed_report_sums(r->reseed, w);
    mr_jsonw_add_uint(w, "units", c->units);
    mr_jsonw_add_uint(w, "units_done", c->done);
    mr_jsonw_add_uint(w, "units_done_before", c->passed);
    mr_jsonw_add_uint(w, "units_partial", c->partial);
    mr_jsonw_add_uint(w, "units_failed", c->failed);
    mr_jsonw_add_uint(w, "rows", r->manifest->planned.rows);
    mr_jsonw_add_uint(w, "rows_written", c->written);
    mr_jsonw_add_uint(w, "rows_there", c->there);
    mr_jsonw_add_uint(w, "rows_refused", c->refused);
    if (r->undo)
        mr_jsonw_add_uint(w, "rows_stood", c->stood);
    if (!r->undo && !r->dry_run)
        mr_jsonw_add_uint(w, "rows_doubled", r->doubled);
    if (!r->undo && !r->dry_run && r->manifest->planned.fire_triggers)
        mr_jsonw_add_uint(w, "rows_altered", r->altered);
    mr_jsonw_add_uint(w, "retries", c->retries);
    mr_jsonw_add_uint(w, "conflicts_open", r->manifest->planned.open);
    if (r->rehearse) {
        mr_jsonw_add_uint(w, "units_skipped", c->skipped);
        mr_jsonw_add_uint(w, "rows_skipped", c->skipped_rows);
    }
    if (r->undo && r->dry_run)
        mr_jsonw_add_bool(w, "each_alone", true);
    end_line(w);
}

static void json_doubled(struct mr_apply_report *r, const char *table, const char *key,
                         const char *others)
{
    struct mr_jsonw *w = &r->w;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "doubled");
    mr_jsonw_add_str(w, "table", table);
    mr_jsonw_add_str(w, "key", key);
    mr_jsonw_add_str(w, "others", others);
    end_line(w);
}

/* ---- text ---- */

static void text_refusal(struct mr_strbuf *out, const struct mr_refusal *refusal, bool color)
{
    mr_strbuf_add_fmt(out, "  %s", mr_term_style(MR_STYLE_BAD, color));
    if (*refusal->table == '\0') {
        mr_strbuf_add_fmt(out, "unit %" PRIu64, refusal->unit);
    } else {
        mr_utf8_show_str(out, refusal->table);
        mr_strbuf_add_str(out, *refusal->key != '\0' ? " " : " (no key)");
        mr_utf8_show_str(out, refusal->key);
    }
    mr_strbuf_add_fmt(out, "%s: ", mr_term_style(MR_STYLE_RESET, color));
    mr_utf8_show_str(out, refusal->reason);
    if (refusal->unsure)
        mr_strbuf_add_str(out, " (perhaps only since a unit before it was skipped)");
    mr_strbuf_add_char(out, '\n');
}

static void add_sum(struct mr_strbuf *out, const char **glue, uint64_t count, const char *what)
{
    if (count == 0)
        return;
    mr_strbuf_add_str(out, *glue);
    mr_strbuf_add_grouped(out, count);
    mr_strbuf_add_fmt(out, " %s", what);
    *glue = ", ";
}

static void text_nontransactional(struct mr_strbuf *out, const struct mr_apply_report *r)
{
    for (size_t i = 0; r->nontransactional != NULL && i < r->nontransactional->count; i++) {
        const struct mr_rehearse_nontransactional *l = mr_vec_at(r->nontransactional, i);
        mr_strbuf_add_str(out, "  ");
        mr_utf8_show_str(out, l->table->table);
        mr_strbuf_add_str(out, ": skipped, ");
        mr_utf8_show_str(out, l->engine);
        mr_strbuf_add_str(out, " could not roll ");
        mr_strbuf_add_grouped(out, l->rows);
        mr_strbuf_add_fmt(out, " row%s back\n", l->rows == 1 ? "" : "s");
    }
}

static void text_skipped(struct mr_strbuf *out, const struct mr_apply_counts *c)
{
    if (c->skipped == 0)
        return;
    mr_strbuf_add_str(out, "\nnot sent, since they write tables without transactions: ");
    mr_strbuf_add_grouped(out, c->skipped);
    mr_strbuf_add_str(out, c->skipped == 1 ? " unit with " : " units with ");
    mr_strbuf_add_grouped(out, c->skipped_rows);
    mr_strbuf_add_str(out, c->skipped_rows == 1 ? " row" : " rows");
}

/* What is none is not printed; a dry run says "would", so that its last lines are not taken for those
 * of an apply. */
static void text_end(struct mr_strbuf *out, const struct mr_apply_report *r,
                     const struct mr_apply_counts *c)
{
    const char *glue = ": ";
    mr_strbuf_add_grouped(out, c->units);
    mr_strbuf_add_str(out, c->units == 1 ? " unit" : " units");
    add_sum(out, &glue, c->done, r->dry_run ? "would be done" : "done");
    add_sum(out, &glue, c->passed, "done before");
    add_sum(out, &glue, c->partial, "in part");
    add_sum(out, &glue, c->failed, "not at all");
    add_sum(out, &glue, c->skipped, "skipped");
    glue = "\nrows: ";
    add_sum(out, &glue, c->written,
            r->dry_run ? "would be changed"
            : r->undo  ? "taken back"
                       : "written");
    add_sum(out, &glue, c->there, r->undo ? "were so already" : "were there already");
    add_sum(out, &glue, c->stood, "not the plan's");
    add_sum(out, &glue, c->refused, r->undo ? "kept" : "left out");
    add_sum(out, &glue, r->doubled, "there twice by now");
    glue = "\n";
    add_sum(out, &glue, r->altered,
            r->altered == 1 ? "row does not stand as planned, by a trigger or by what "
                              "others wrote since: repair verify names it"
                            : "rows do not stand as planned, by triggers or by what "
                              "others wrote since: repair verify names them");
    glue = "\n";
    if (!r->undo)
        add_sum(out, &glue, r->manifest->planned.open,
                r->manifest->planned.open == 1 ? "conflict is open: see conflicts.csv"
                                               : "conflicts are open: see conflicts.csv");
    if (r->undo && r->dry_run && c->refused > 0)
        mr_strbuf_add_str(out, "\neach unit was looked at as if it were the only one: "
                               "rows are kept here, too, if only rows that another unit "
                               "takes back refer to them");
    text_skipped(out, c);
    if (r->rehearse && c->done + c->partial + c->failed == 0)
        mr_strbuf_add_str(out, "\nnothing was written: there was nothing to rehearse");
    else if (r->rehearse)
        mr_strbuf_add_fmt(out,
                          "\n%s was written and rolled back. Not shown: raising "
                          "AUTO_INCREMENT, the COMMIT itself, and replicas",
                          c->skipped > 0 ? "the rest" : "all of it");
    if (r->undo && r->manifest->ncounters > 0)
        mr_strbuf_add_str(out, "\nAUTO_INCREMENT stays raised");
    mr_strbuf_add_char(out, '\n');
}

static enum mr_code print(const struct mr_apply_report *r, struct mr_strbuf *text,
                          struct mr_err *err)
{
    enum mr_code code = mr_strbuf_check(text, "printing the result", err);
    errno = 0;
    if (code == MR_OK &&
        (fwrite(text->ptr, 1, text->len, r->out) != text->len || fflush(r->out) != 0))
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not write to standard output");
    mr_strbuf_release(text);
    return code;
}

/* ---- what undo keeps, and what is left out along with others ---- */

#define KEYS_SHOWN 5

/* Rows of a table that are kept for one reason: listed once. */
struct mr_apply_kept {
    const char *table, *reason;
    const char *keys[KEYS_SHOWN];
    uint64_t count;
};

/* Undo may keep a great many rows for one reason, such as those of one busy customer: the reason is
 * said once, with the first keys. */
static enum mr_code keep(struct mr_apply_report *r, const struct mr_refusal *refusal,
                         struct mr_err *err)
{
    struct mr_apply_kept *found = NULL;
    for (size_t i = 0; found == NULL && i < r->kept.count; i++) {
        struct mr_apply_kept *kept = mr_vec_at(&r->kept, i);
        if (strcmp(kept->table, refusal->table) == 0 && strcmp(kept->reason, refusal->reason) == 0)
            found = kept;
    }
    if (found == NULL && (found = mr_vec_push(&r->kept)) != NULL)
        *found = (struct mr_apply_kept){.table = mr_arena_strdup(&r->arena, refusal->table),
                                        .reason = mr_arena_strdup(&r->arena, refusal->reason)};
    if (found == NULL || found->table == NULL || found->reason == NULL)
        return mr_err_nomem(err, "listing what is kept");
    if (found->count < KEYS_SHOWN &&
        (found->keys[found->count] = mr_arena_strdup(&r->arena, refusal->key)) == NULL)
        return mr_err_nomem(err, "listing what is kept");
    found->count++;
    return MR_OK;
}

static void text_kept(struct mr_strbuf *out, struct mr_apply_report *r)
{
    for (size_t i = 0; i < r->kept.count; i++) {
        const struct mr_apply_kept *kept = mr_vec_at(&r->kept, i);
        mr_strbuf_add_fmt(out, "  %s", mr_term_style(MR_STYLE_BAD, r->look.color));
        mr_utf8_show_str(out, kept->table);
        for (uint64_t k = 0; k < kept->count && k < KEYS_SHOWN; k++) {
            mr_strbuf_add_str(out, k > 0 ? ", " : " ");
            mr_utf8_show_str(out, *kept->keys[k] != '\0' ? kept->keys[k] : "(no key)");
        }
        if (kept->count > KEYS_SHOWN) {
            mr_strbuf_add_str(out, " and ");
            mr_strbuf_add_grouped(out, kept->count - KEYS_SHOWN);
            mr_strbuf_add_str(out, " more");
        }
        mr_strbuf_add_fmt(out, "%s: ", mr_term_style(MR_STYLE_RESET, r->look.color));
        mr_utf8_show_str(out, kept->reason);
        mr_strbuf_add_char(out, '\n');
    }
    mr_vec_clear(&r->kept);
}

/* ---- both ---- */

enum mr_code mr_apply_report_begin(struct mr_apply_report *r, struct mr_err *err)
{
    mr_jsonw_init_file(&r->w, r->out);
    r->kept = (struct mr_vec)MR_VEC_INIT(struct mr_apply_kept);
    mr_arena_init(&r->arena);
    if (r->json)
        json_begin(r);
    else if (r->reseed != NULL && r->manifest->ncounters > 0)
        return mr_reseed_report_text(r->reseed, r->look, r->out, err);
    return MR_OK;
}

enum mr_code mr_apply_report_refusal(struct mr_apply_report *r, const struct mr_refusal *refusal,
                                     struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (r->json) {
        json_refusal(r, refusal);
        return MR_OK;
    }
    if ((r->undo || refusal->along) && *refusal->table != '\0')
        return keep(r, refusal, err);
    text_refusal(&text, refusal, r->look.color);
    return print(r, &text, err);
}

enum mr_code mr_apply_report_doubled(struct mr_apply_report *r, const char *table, const char *key,
                                     const char *others, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    r->doubled++;
    if (r->json) {
        json_doubled(r, table, key, others);
        return MR_OK;
    }
    mr_strbuf_add_fmt(&text, "  %s", mr_term_style(MR_STYLE_BAD, r->look.color));
    mr_utf8_show_str(&text, table);
    mr_strbuf_add_char(&text, ' ');
    mr_utf8_show_str(&text, key);
    mr_strbuf_add_fmt(&text, "%s: doubled: it was written, and by now key ",
                      mr_term_style(MR_STYLE_RESET, r->look.color));
    mr_utf8_show_str(&text, others);
    mr_strbuf_add_str(&text, " has the same identity\n");
    return print(r, &text, err);
}

static void json_fired(struct mr_apply_report *r, const struct mr_fired_sum *sum)
{
    struct mr_jsonw *w = &r->w;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "of-triggers");
    mr_jsonw_add_str(w, "table", sum->table);
    mr_jsonw_add_uint(w, "taken_back", sum->taken);
    mr_jsonw_add_uint(w, "stay", sum->stay);
    end_line(w);
}

enum mr_code mr_apply_report_fired(struct mr_apply_report *r, const struct mr_fired_sum *sum,
                                   struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *glue = ": ";
    if (r->json) {
        json_fired(r, sum);
        return MR_OK;
    }
    if (sum->taken == 0 && sum->stay == 0)
        return MR_OK;
    mr_strbuf_add_str(&text, "  ");
    mr_utf8_show_str(&text, sum->table);
    mr_strbuf_add_str(&text, ", what triggers wrote during apply");
    add_sum(&text, &glue, sum->taken, sum->taken == 1 ? "row taken back" : "rows taken back");
    add_sum(&text, &glue, sum->stay, sum->stay == 1 ? "row stays" : "rows stay");
    mr_strbuf_add_char(&text, '\n');
    return print(r, &text, err);
}

enum mr_code mr_apply_report_end(struct mr_apply_report *r, const struct mr_apply_counts *counts,
                                 struct mr_err *err)
{
    const struct mr_apply_counts none = {.units = r->manifest->planned.units};
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (r->json) {
        json_nontransactional(r);
        json_end(r, counts != NULL ? counts : &none);
        return mr_jsonw_finish(&r->w, "standard output", err);
    }
    text_kept(&text, r);
    text_nontransactional(&text, r);
    if (counts == NULL)
        mr_strbuf_add_str(&text, "no row was written: counters come first\n");
    else
        text_end(&text, r, counts);
    return print(r, &text, err);
}

void mr_apply_report_release(struct mr_apply_report *r)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    text_kept(&text, r);
    if (r->json) /* what is done is reported also where the run ends early */
        (void)mr_jsonw_finish(&r->w, "standard output", NULL);
    else if (text.len > 0)
        (void)print(r, &text, NULL);
    mr_strbuf_release(&text);
    mr_jsonw_release(&r->w);
    mr_vec_release(&r->kept);
    mr_arena_release(&r->arena);
}
