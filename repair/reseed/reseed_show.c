/* reseed_show.c: see reseed_show.h. */
#include "repair/reseed/reseed_show.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "repair/plan/plan_next.h"

/* ---- text ---- */

static const char *signer_at(const struct mr_plan_signers *signers, size_t i)
{
    return *(const char *const *)mr_vec_at(&signers->ids, i);
}

static void add_signers(struct mr_strbuf *out, const struct mr_plan_signers *signers)
{
    for (size_t i = 0; i < signers->ids.count; i++) {
        const char *id = signer_at(signers, i);
        mr_strbuf_add_fmt(out, "  signed  by the key %s%s\n", id,
                          strcmp(id, signers->proved) == 0
                              ? ""
                              : ", as its file says: --signer CERT.pem proves it");
    }
}

/* Which server, down to its id: a plan that is applied to another one is the incident anew. */
void mr_reseed_show_head(struct mr_strbuf *out, const struct mr_manifest *m,
                         const struct mr_plan_signers *signers, bool color)
{
    mr_strbuf_add_fmt(out, "%splan ", mr_term_style(MR_STYLE_HEAD, color));
    mr_utf8_show_str(out, m->uuid);
    mr_strbuf_add_fmt(out, "%s (", mr_term_style(MR_STYLE_RESET, color));
    mr_utf8_show_str(out, m->policy);
    mr_strbuf_add_str(out, "), made ");
    mr_utf8_show_str(out, m->created);
    mr_strbuf_add_str(out, "\n  source  ");
    mr_utf8_show_str(out, m->source);
    mr_strbuf_add_str(out, "\n  target  ");
    mr_utf8_show_str(out, m->target);
    mr_strbuf_add_str(out, "  (");
    mr_utf8_show_str(out, m->server.version);
    mr_strbuf_add_str(out, ", host ");
    mr_utf8_show_str(out, m->server.hostname);
    mr_strbuf_add_fmt(out, ", port %u, server_id %" PRIu32 ")\n", m->server.port,
                      m->server.server_id);
    if (m->server.replicates_from != NULL) {
        mr_strbuf_add_str(out, "          replicates from ");
        mr_utf8_show_str(out, m->server.replicates_from);
        mr_strbuf_add_str(out, ": apply and undo refuse it without --allow-replica; with "
                               "--no-binlog, too, its log gets nothing that its source lacks\n");
    }
    add_signers(out, signers);
}

static void add_next(struct mr_strbuf *out, uint64_t next)
{
    if (next > 0)
        mr_strbuf_add_fmt(out, "%" PRIu64, next);
    else
        mr_strbuf_add_str(out, "none");
}

/* The last id of the block is shown, not the end behind it: people look for it in their data. */
void mr_reseed_show_counter(struct mr_strbuf *out, const struct mr_counter *c)
{
    mr_strbuf_add_str(out, "  ");
    mr_utf8_show_str(out, c->table);
    mr_strbuf_add_char(out, '.');
    mr_utf8_show_str(out, c->column);
    if (strcmp(c->table, c->target_table) != 0) {
        mr_strbuf_add_str(out, ", on the target ");
        mr_utf8_show_str(out, c->target_table);
    }
    if (c->sequence != NULL) {
        mr_strbuf_add_str(out, ", by sequence ");
        mr_utf8_show_str(out, c->sequence_db);
        mr_strbuf_add_char(out, '.');
        mr_utf8_show_str(out, c->sequence);
    }
    mr_strbuf_add_str(out, "\n    next id: source ");
    add_next(out, c->next[MR_SOURCE]);
    mr_strbuf_add_str(out, ", target ");
    add_next(out, c->next[MR_TARGET]);
    mr_strbuf_add_fmt(out, "; greatest: source %" PRIu64 ", target %" PRIu64 "\n",
                      c->greatest[MR_SOURCE], c->greatest[MR_TARGET]);
    if (c->to > c->from)
        mr_strbuf_add_fmt(out,
                          "    reserved: %" PRIu64 " to %" PRIu64 " (margin %" PRIu64 "); then",
                          c->from, c->to - 1, c->margin);
    else
        mr_strbuf_add_str(out, "    no new ids;");
    mr_strbuf_add_fmt(out, " the target goes on at %" PRIu64, c->reseed_to);
    if (c->increment > 1)
        mr_strbuf_add_fmt(out, " (increment %" PRIu64 ", offset %" PRIu64 ")", c->increment,
                          c->offset);
    mr_strbuf_add_char(out, '\n');
    if (c->margin_note != NULL) {
        mr_strbuf_add_str(out, "    margin: ");
        mr_utf8_show_str(out, c->margin_note);
        mr_strbuf_add_char(out, '\n');
    }
    if (c->rebuild)
        mr_strbuf_add_str(out, "    its engine copies the table to raise the counter\n");
}

void mr_reseed_show_skipped(struct mr_strbuf *out, const struct mr_manifest *m, bool color)
{
    for (size_t i = 0; i < m->nskipped; i++) {
        const struct mr_plan_skipped *s = &m->skipped[i];
        mr_strbuf_add_str(out, "  ");
        mr_utf8_show_str(out, s->table);
        mr_strbuf_add_fmt(out, ": %s%s%s", mr_term_style(MR_STYLE_WARN, color && s->incomplete),
                          s->incomplete ? "could not be planned: " : "left alone: ",
                          mr_term_style(MR_STYLE_RESET, color && s->incomplete));
        mr_utf8_show_str(out, s->reason);
        mr_strbuf_add_char(out, '\n');
    }
}

enum mr_code mr_reseed_show_text(const struct mr_manifest *m, const char *dir,
                                 const struct mr_plan_signers *signers, struct mr_look look,
                                 FILE *out, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (!look.brief) {
        mr_reseed_show_head(&text, m, signers, look.color);
        mr_strbuf_add_char(&text, '\n');
    }
    for (size_t i = 0; i < m->ncounters && !look.brief; i++)
        mr_reseed_show_counter(&text, &m->counters[i]);
    mr_reseed_show_skipped(&text, m, look.color);
    mr_strbuf_add_fmt(&text, "%s%zu counter%s planned, %zu table%s left out\n",
                      m->ncounters + m->nskipped > 0 && !look.brief ? "\n" : "", m->ncounters,
                      m->ncounters == 1 ? "" : "s", m->nskipped, m->nskipped == 1 ? "" : "s");
    if (!look.brief)
        mr_plan_next_apply(m, dir, &text);
    enum mr_code code = mr_term_print(&text, out, "printing a plan", err);
    mr_strbuf_release(&text);
    return code;
}

/* ---- JSON ---- */

/* What a certificate did not prove is null, whoever signed. */
void mr_reseed_put_plan(struct mr_jsonw *w, const struct mr_manifest *m,
                        const struct mr_plan_signers *signers)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "plan");
    mr_jsonw_add_str(w, "schema", MR_REPAIR_SCHEMA);
    mr_jsonw_add_str(w, "plan", m->uuid);
    mr_jsonw_add_str(w, "policy", m->policy);
    mr_jsonw_add_str(w, "created", m->created);
    mr_jsonw_add_str(w, "source", m->source);
    mr_jsonw_add_str(w, "target", m->target);
    mr_jsonw_add_str(w, "replicates_from", m->server.replicates_from);
    mr_jsonw_key(w, "signed_by");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < signers->ids.count; i++)
        mr_jsonw_str(w, signer_at(signers, i));
    mr_jsonw_array_end(w);
    mr_jsonw_add_str(w, "signature_proved", signers->proved[0] != '\0' ? signers->proved : NULL);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

/* Numbers go out as strings: who reads JSON into doubles would round ids beyond 2^53. */
static void put_counter(struct mr_jsonw *w, const struct mr_counter *c)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "counter");
    mr_jsonw_add_str(w, "table", c->table);
    mr_jsonw_add_str(w, "target_table", c->target_table);
    mr_jsonw_add_str(w, "column", c->column);
    mr_jsonw_add_str(w, "sequence", c->sequence);
    mr_jsonw_add_number(w, "source_next", c->next[MR_SOURCE]);
    mr_jsonw_add_number(w, "target_next", c->next[MR_TARGET]);
    mr_jsonw_add_number(w, "source_greatest", c->greatest[MR_SOURCE]);
    mr_jsonw_add_number(w, "target_greatest", c->greatest[MR_TARGET]);
    mr_jsonw_add_number(w, "margin", c->margin);
    mr_jsonw_add_str(w, "margin_note", c->margin_note);
    mr_jsonw_add_number(w, "from", c->from);
    mr_jsonw_add_number(w, "to", c->to);
    mr_jsonw_add_number(w, "reseed_to", c->reseed_to);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_skipped(struct mr_jsonw *w, const struct mr_plan_skipped *s)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "skipped");
    mr_jsonw_add_str(w, "table", s->table);
    mr_jsonw_add_str(w, "reason", s->reason);
    mr_jsonw_add_bool(w, "incomplete", s->incomplete);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

void mr_reseed_put_lists(struct mr_jsonw *w, const struct mr_manifest *m)
{
    for (size_t i = 0; i < m->ncounters; i++)
        put_counter(w, &m->counters[i]);
    for (size_t i = 0; i < m->nskipped; i++)
        put_skipped(w, &m->skipped[i]);
}

enum mr_code mr_reseed_show_json(const struct mr_manifest *m, const struct mr_plan_signers *signers,
                                 FILE *out, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, out);
    mr_reseed_put_plan(&w, m, signers);
    mr_reseed_put_lists(&w, m);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_uint(&w, "counters", m->ncounters);
    mr_jsonw_add_uint(&w, "skipped", m->nskipped);
    mr_jsonw_add_bool(&w, "incomplete", mr_manifest_is_incomplete(m));
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}
