/* verify_report.c: see verify_report.h. */
#include "repair/verify/verify_report.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "core/row/value_text.h"
#include "repair/apply/reseed_report.h"
#include "repair/reseed/reseed_show.h"

/* ---- one finding ---- */

static void add_shown(struct mr_strbuf *out, const char *text, size_t len)
{
    mr_utf8_show(out, text, len, false);
}

static const char *sentence(enum mr_proof proof)
{
    switch (proof) {
    case MR_PROOF_CHANGED: return "was changed since";
    case MR_PROOF_MISSING: return "is missing";
    case MR_PROOF_SOMEONE_ELSE: return "is someone else than planned";
    case MR_PROOF_REHUNG: return "refers to someone else than planned";
    case MR_PROOF_TWICE: return "shares its identity with another row";
    case MR_PROOF_NOT_DELETED: return "was to be deleted, and is there";
    case MR_PROOF_UNPLANNED: return "has an id that the plan keeps for its own rows";
    case MR_PROOF_DANGLING: return "refers to nobody";
    case MR_PROOF_SOURCE_GONE: return "is gone from the source";
    case MR_PROOF_SOURCE_DIFFERS:
        return "is not what the source holds under the key that it was made from";
    case MR_PROOF_UNDECIDED:
    case MR_PROOF_STANDS:
    case MR_PROOFS: break;
    }
    return "was not looked at";
}

static void add_key(struct mr_strbuf *out, const struct mr_proof_finding *f, struct mr_key key)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_proof_key_text(&text, f->image, key);
    add_shown(out, text.ptr, text.len);
    mr_strbuf_release(&text);
}

static void add_line(struct mr_strbuf *out, const struct mr_proof_finding *f)
{
    mr_strbuf_add_str(out, "  ");
    add_shown(out, f->table->target_table, strlen(f->table->target_table));
    if (f->key.ptr != NULL || f->source_key.ptr != NULL) {
        mr_strbuf_add_char(out, ' ');
        add_key(out, f, f->key.ptr != NULL ? f->key : f->source_key);
    } else {
        mr_strbuf_add_str(out, " (no key)");
    }
    if (f->source_key.ptr != NULL && f->key.ptr != NULL &&
        mr_key_compare(f->source_key, f->key) != 0) {
        mr_strbuf_add_str(out, " (on the source ");
        add_key(out, f, f->source_key);
        mr_strbuf_add_char(out, ')');
    }
    mr_strbuf_add_fmt(out, "%s %s", f->is_parent ? ", which others refer to," : "",
                      sentence(f->proof));
    if (f->detail != NULL) {
        mr_strbuf_add_str(out, ": ");
        add_shown(out, f->detail, strlen(f->detail));
    }
    mr_strbuf_add_char(out, '\n');
}

static void put_key(struct mr_jsonw *w, const char *name, const struct mr_pair *image,
                    struct mr_key key)
{
    size_t pos = 0;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_jsonw_key(w, name);
    if (key.ptr == NULL || image->nkey_columns == 0) {
        mr_jsonw_null(w);
        return;
    }
    mr_jsonw_object_begin(w);
    for (size_t i = 0; i < image->nkey_columns; i++) {
        const struct mr_find_column *col = &image->find.columns[image->key_columns[i]];
        struct mr_value value;
        if (mr_row_decode(key.ptr, key.len, &pos, &value, NULL) != MR_OK)
            break;
        mr_strbuf_reset(&text);
        mr_value_to_json(&text, &value, col->style);
        mr_jsonw_key(w, col->name);
        mr_jsonw_raw(w, text.ptr, text.len);
    }
    mr_jsonw_object_end(w);
    mr_strbuf_release(&text);
}

static void put_finding(struct mr_jsonw *w, const struct mr_proof_finding *f)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "row");
    mr_jsonw_add_str(w, "table", f->table->table);
    mr_jsonw_add_str(w, "target_table", f->table->target_table);
    mr_jsonw_add_str(w, "result", mr_proof_name(f->proof));
    mr_jsonw_add_bool(w, "parent", f->is_parent);
    put_key(w, "source_key", f->image, f->source_key);
    put_key(w, "target_key", f->image, f->key);
    mr_jsonw_add_str(w, "detail", f->detail);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

enum mr_code mr_verify_report_found(void *ctx, const struct mr_proof_finding *finding,
                                    struct mr_err *err)
{
    struct mr_verify_report *r = ctx;
    (void)err;
    if (r->table != finding->table) {
        r->table = finding->table;
        r->printed = 0;
    }
    if (r->printed++ >= r->max_findings)
        r->left_out++;
    else if (r->json)
        put_finding(&r->w, finding);
    else
        add_line(&r->lines, finding);
    return MR_OK;
}

/* ---- tables, for people ---- */

static uint64_t wrong(const struct mr_verified_table *t)
{
    return t->counts[MR_PROOF_SOMEONE_ELSE] + t->counts[MR_PROOF_REHUNG] +
           t->counts[MR_PROOF_TWICE] + t->counts[MR_PROOF_NOT_DELETED];
}

static uint64_t unplanned(const struct mr_verified_table *t)
{
    return t->counts[MR_PROOF_UNPLANNED] + t->counts[MR_PROOF_DANGLING];
}

static uint64_t source(const struct mr_verified_table *t)
{
    return t->counts[MR_PROOF_SOURCE_GONE] + t->counts[MR_PROOF_SOURCE_DIFFERS];
}

static enum mr_style style_of(const struct mr_verified_table *t)
{
    if (t->unreadable != NULL)
        return MR_STYLE_WARN;
    return wrong(t) + unplanned(t) + source(t) + t->counts[MR_PROOF_MISSING] > 0 ? MR_STYLE_BAD
           : t->counts[MR_PROOF_CHANGED] > 0                                     ? MR_STYLE_WARN
                                                                                 : MR_STYLE_GOOD;
}

static void add_some(struct mr_strbuf *out, uint64_t count, const char *what)
{
    if (count == 0)
        return;
    mr_strbuf_add_str(out, ", ");
    mr_strbuf_add_grouped(out, count);
    mr_strbuf_add_fmt(out, " %s", what);
}

static void add_table(struct mr_strbuf *out, const struct mr_verified_table *t, bool color)
{
    const char *name = t->planned->target_table;
    mr_strbuf_add_str(out, "  ");
    add_shown(out, name, strlen(name));
    mr_strbuf_add_fmt(out, ": %s", mr_term_style(style_of(t), color));
    if (t->unreadable != NULL) {
        mr_strbuf_add_str(out, "NOT PROVEN, ");
        add_shown(out, t->unreadable, strlen(t->unreadable));
    } else {
        mr_strbuf_add_grouped(out, t->counts[MR_PROOF_STANDS]);
        mr_strbuf_add_str(out, t->counts[MR_PROOF_STANDS] == 1 ? " stands" : " stand");
        add_some(out, t->counts[MR_PROOF_CHANGED], "changed since");
        add_some(out, t->counts[MR_PROOF_MISSING], "missing");
        add_some(out, wrong(t), "wrong");
        add_some(out, unplanned(t), "unplanned");
        add_some(out, source(t), "not as on the source");
        add_some(out, t->open, t->open == 1 ? "open conflict" : "open conflicts");
    }
    mr_strbuf_add_fmt(out, "%s\n", mr_term_style(MR_STYLE_RESET, color));
}

/* The plan writes nothing of it, and asks nothing about it. */
static bool is_untouched(const struct mr_verified_table *t)
{
    uint64_t rows = t->open;
    for (int proof = 0; proof < MR_PROOFS; proof++)
        rows += t->counts[proof];
    return rows == 0 && t->unreadable == NULL;
}

static void add_verdict(struct mr_strbuf *out, const struct mr_verify_rows *rows)
{
    uint64_t stand = mr_verify_count(rows, MR_PROOF_STANDS), other = 0;
    size_t unread = 0;
    for (int proof = MR_PROOF_CHANGED; proof < MR_PROOFS; proof++)
        other += mr_verify_count(rows, (enum mr_proof)proof);
    for (size_t i = 0; i < rows->plan->manifest.planned.ntables; i++)
        unread += rows->tables[i].unreadable != NULL;
    mr_strbuf_add_grouped(out, stand);
    mr_strbuf_add_fmt(out, " row%s as planned", stand == 1 ? " stands" : "s stand");
    add_some(out, other, other == 1 ? "does not" : "do not");
    if (unread > 0)
        mr_strbuf_add_fmt(out, "; %zu table%s could not be proven", unread, unread == 1 ? "" : "s");
    mr_strbuf_add_char(out, '\n');
}

static enum mr_code print_text(struct mr_verify_report *r, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < r->rows->plan->manifest.planned.ntables; i++)
        if (!is_untouched(&r->rows->tables[i]) &&
            (!r->look.brief || style_of(&r->rows->tables[i]) != MR_STYLE_GOOD))
            add_table(&text, &r->rows->tables[i], r->look.color);
    if (r->lines.len > 0)
        mr_strbuf_add_char(&text, '\n');
    mr_strbuf_add(&text, r->lines.ptr, r->lines.len);
    if (r->left_out > 0)
        mr_strbuf_add_fmt(&text, "  and %" PRIu64 " more (--max-findings)\n", r->left_out);
    if (r->lines.len > 0 && !r->look.brief)
        mr_strbuf_add_char(&text, '\n');
    add_verdict(&text, r->rows);
    text.failed = text.failed || r->lines.failed;
    enum mr_code code = mr_term_print(&text, r->out, "printing the result", err);
    mr_strbuf_release(&text);
    return code;
}

/* ---- tables, as JSON ---- */

static void put_counts(struct mr_jsonw *w, const uint64_t *counts)
{
    static const struct {
        enum mr_proof proof;
        const char *key;
    } keys[] = {{MR_PROOF_STANDS, "stands"},
                {MR_PROOF_CHANGED, "changed_since"},
                {MR_PROOF_MISSING, "missing"},
                {MR_PROOF_SOMEONE_ELSE, "someone_else"},
                {MR_PROOF_REHUNG, "refers_elsewhere"},
                {MR_PROOF_TWICE, "twice"},
                {MR_PROOF_NOT_DELETED, "not_deleted"},
                {MR_PROOF_UNPLANNED, "unplanned"},
                {MR_PROOF_DANGLING, "refers_to_nobody"},
                {MR_PROOF_SOURCE_GONE, "source_missing"},
                {MR_PROOF_SOURCE_DIFFERS, "source_differs"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        mr_jsonw_add_uint(w, keys[i].key, counts[keys[i].proof]);
}

static void put_table(struct mr_jsonw *w, const struct mr_verified_table *t)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "table");
    mr_jsonw_add_str(w, "table", t->planned->table);
    mr_jsonw_add_str(w, "target_table", t->planned->target_table);
    put_counts(w, t->counts);
    mr_jsonw_add_uint(w, "parents", t->parents);
    mr_jsonw_add_uint(w, "open", t->open);
    mr_jsonw_add_str(w, "reason", t->unreadable);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_summary(struct mr_verify_report *r)
{
    uint64_t counts[MR_PROOFS], open = 0, unread = 0;
    mr_jsonw_object_begin(&r->w);
    mr_jsonw_add_str(&r->w, "type", "summary");
    mr_reseed_report_sums(r->counters, &r->w);
    if (r->rows != NULL) {
        for (int proof = 0; proof < MR_PROOFS; proof++)
            counts[proof] = mr_verify_count(r->rows, (enum mr_proof)proof);
        for (size_t i = 0; i < r->rows->plan->manifest.planned.ntables; i++) {
            open += r->rows->tables[i].open;
            unread += r->rows->tables[i].unreadable != NULL;
        }
        put_counts(&r->w, counts);
        mr_jsonw_add_uint(&r->w, "open", open);
        mr_jsonw_add_uint(&r->w, "not_proven", unread);
        mr_jsonw_add_uint(&r->w, "left_out", r->left_out);
    }
    mr_jsonw_object_end(&r->w);
    mr_jsonw_end_line(&r->w);
}

/* ---- all ---- */

void mr_verify_report_init(struct mr_verify_report *r)
{
    mr_strbuf_init(&r->lines);
    mr_jsonw_init_file(&r->w, r->out);
    r->table = NULL;
    r->printed = r->left_out = 0;
}

void mr_verify_report_release(struct mr_verify_report *r)
{
    mr_strbuf_release(&r->lines);
    mr_jsonw_release(&r->w);
}

void mr_verify_report_begin(struct mr_verify_report *r)
{
    const struct mr_manifest *manifest = r->counters->manifest;
    if (!r->json)
        return;
    mr_jsonw_object_begin(&r->w);
    mr_jsonw_add_str(&r->w, "type", "plan");
    mr_jsonw_add_str(&r->w, "schema", MR_REPAIR_SCHEMA);
    mr_jsonw_add_str(&r->w, "plan", manifest->uuid);
    mr_jsonw_add_str(&r->w, "policy", manifest->policy);
    mr_jsonw_add_str(&r->w, "target", manifest->target);
    mr_jsonw_add_str(&r->w, "started", r->started);
    mr_jsonw_object_end(&r->w);
    mr_jsonw_end_line(&r->w);
    mr_reseed_report_lines(r->counters, &r->w);
}

enum mr_code mr_verify_report_end(struct mr_verify_report *r, struct mr_err *err)
{
    if (r->json) {
        for (size_t i = 0; r->rows != NULL && i < r->rows->plan->manifest.planned.ntables; i++)
            put_table(&r->w, &r->rows->tables[i]);
        put_summary(r);
        return mr_jsonw_finish(&r->w, "standard output", err);
    }
    enum mr_code code = r->rows != NULL ? print_text(r, err) : MR_OK;
    if (r->rows != NULL && r->counters->manifest->ncounters == 0)
        return code;
    return code == MR_OK ? mr_reseed_report_text(r->counters, r->look, r->out, err) : code;
}
