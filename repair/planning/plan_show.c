/* plan_show.c: see plan_show.h. */
#include "repair/planning/plan_show.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/case/run_command.h"
#include "core/json/json_reader.h"
#include "core/json/jsonw.h"
#include "repair/plan/plan_next.h"
#include "repair/reseed/reseed_show.h"

/* ---- what happens to rows ---- */

struct phrase {
    enum mr_decision decision;
    const char *one, *many; /* of rows */
    const char *person, *people;
};

static const struct phrase phrases[] = {
    {MR_DECIDE_RENUMBER, "row gets a new id", "rows get a new id", "person gets a new id",
     "people get a new id"},
    {MR_DECIDE_INSERT, "row comes back as it was", "rows come back as they were",
     "person comes back under the old id", "people come back under their old ids"},
    {MR_DECIDE_MATCHED, "is there already", "are there already",
     "is merged with the same person on the target",
     "are merged with the same people on the target"},
    {MR_DECIDE_UPDATE, "row is updated", "rows are updated", "person is updated",
     "people are updated"},
    {MR_DECIDE_DELETE, "row is deleted", "rows are deleted", "person is deleted",
     "people are deleted"},
    {MR_DECIDE_SKIP, "row is left out by decision", "rows are left out by decision",
     "person is left out by decision", "people are left out by decision"},
    {MR_DECIDE_LEFT, "row stays deleted", "rows stay deleted", "person stays deleted",
     "people stay deleted"},
};

static uint64_t open_of(const struct mr_planned_table *t)
{
    uint64_t open = 0;
    for (size_t i = 0; i < t->nkinds; i++)
        open += t->kinds[i].open;
    return open;
}

static uint64_t sum(const struct mr_planned *p, const struct mr_planned_table *table,
                    enum mr_decision decision)
{
    return table != NULL ? table->decisions[decision] : mr_planned_count(p, decision, true);
}

static void add_part(struct mr_strbuf *out, size_t *parts, uint64_t count, const char *text)
{
    mr_strbuf_add_str(out, (*parts)++ > 0 ? ", " : "");
    mr_strbuf_add_grouped(out, count);
    mr_strbuf_add_fmt(out, " %s", text);
}

/* table NULL: the people of all tables. */
static void add_phrases(struct mr_strbuf *out, const struct mr_planned *p,
                        const struct mr_planned_table *table, uint64_t open)
{
    bool people = table == NULL || table->subject;
    size_t parts = 0;
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        const struct phrase *ph = &phrases[i];
        uint64_t n = sum(p, table, ph->decision);
        if (n > 0)
            add_part(out, &parts, n,
                     people   ? n == 1 ? ph->person : ph->people
                     : n == 1 ? ph->one
                              : ph->many);
    }
    if (open > 0)
        add_part(out, &parts, open, open == 1 ? "needs a decision" : "need a decision");
    if (parts == 0)
        mr_strbuf_add_str(out, "nothing to do");
    mr_strbuf_add_char(out, '\n');
}

static void add_people(struct mr_strbuf *out, const struct mr_planned *p)
{
    uint64_t open = 0;
    size_t tables = 0;
    for (size_t i = 0; i < p->ntables; i++) {
        tables += p->tables[i].subject;
        open += p->tables[i].subject ? open_of(&p->tables[i]) : 0;
    }
    if (tables == 0)
        return;
    mr_strbuf_add_str(out, "people: ");
    add_phrases(out, p, NULL, open);
    mr_strbuf_add_char(out, '\n');
}

/* ---- tables ---- */

static const char *origin_text(const char *origin, const struct mr_planned *p)
{
    if (strcmp(origin, "equal rows") == 0)
        return "the last key whose rows are equal on both sides";
    if (strcmp(origin, "logs") == 0)
        return "the last key below all that the binary logs show as inserted since the split";
    if (strcmp(origin, "counter") == 0)
        return "the target's AUTO_INCREMENT when the case first saw it";
    if (strcmp(origin, "collision") == 0)
        return "the first key that two different rows hold";
    if (strcmp(origin, "split-at") == 0)
        return p->split_at != NULL ? "the last row created before --split-at"
                                   : "the last row created before the --split-at of an "
                                     "earlier plan of the case";
    return origin;
}

static void add_bound(struct mr_strbuf *out, const char *what, const char *key, const char *glue,
                      const char *origin)
{
    mr_strbuf_add_str(out, what);
    mr_utf8_show_str(out, key);
    mr_strbuf_add_str(out, glue);
    mr_utf8_show_str(out, origin);
    mr_strbuf_add_str(out, ")\n");
}

static void add_bounds(struct mr_strbuf *out, const struct mr_planned *p,
                       const struct mr_planned_table *t)
{
    if (t->base_origin != NULL)
        add_bound(out, "    common past up to key ", t->base,
                  " (L: ", origin_text(t->base_origin, p));
    if (t->fresh_origin != NULL)
        add_bound(out, "    lost history for certain from key ", t->fresh,
                  " on (U: ", origin_text(t->fresh_origin, p));
    if (t->nids > 0)
        mr_strbuf_add_fmt(out, "    new ids: %" PRIu64 " to %" PRIu64 "\n", t->first_id,
                          t->first_id + (t->nids - 1) * t->id_step);
}

static void add_kinds(struct mr_strbuf *out, const struct mr_planned_table *t, bool color)
{
    for (size_t i = 0; i < t->nkinds; i++) {
        const struct mr_planned_kind *k = &t->kinds[i];
        mr_strbuf_add_str(out, "    conflict ");
        mr_utf8_show_str(out, k->kind);
        mr_strbuf_add_str(out, ": ");
        if (k->open > 0)
            mr_strbuf_add_fmt(out, "%s%" PRIu64 " open%s", mr_term_style(MR_STYLE_WARN, color),
                              k->open, mr_term_style(MR_STYLE_RESET, color));
        if (k->decided > 0)
            mr_strbuf_add_fmt(out, "%s%" PRIu64 " decided", k->open > 0 ? ", " : "", k->decided);
        mr_strbuf_add_char(out, '\n');
    }
}

static void add_logs(struct mr_strbuf *out, const struct mr_planned_table *t)
{
    for (size_t i = 0; i < t->nlogs; i++) {
        mr_strbuf_add_str(out, i == 0 ? "    by the binary logs: " : ", ");
        mr_strbuf_add_grouped(out, t->logs[i].count);
        mr_strbuf_add_char(out, ' ');
        mr_utf8_show_str(out, t->logs[i].outcome);
    }
    if (t->nlogs > 0)
        mr_strbuf_add_char(out, '\n');
}

static bool is_of_interest(const struct mr_planned_table *t)
{
    uint64_t any = t->nkinds;
    for (int d = MR_DECIDE_MATCHED; d < MR_DECISIONS; d++)
        any += d != MR_DECIDE_PARENT ? t->decisions[d] : 0;
    return any > 0;
}

static void add_table(struct mr_strbuf *out, const struct mr_planned *p,
                      const struct mr_planned_table *t, bool color)
{
    mr_strbuf_add_fmt(out, "%s", mr_term_style(MR_STYLE_HEAD, color));
    mr_utf8_show_str(out, t->table);
    mr_strbuf_add_str(out, mr_term_style(MR_STYLE_RESET, color));
    if (strcmp(t->table, t->target_table) != 0) {
        mr_strbuf_add_str(out, ", on the target ");
        mr_utf8_show_str(out, t->target_table);
    }
    mr_strbuf_add_str(out, ": ");
    add_phrases(out, p, t, open_of(t));
    add_bounds(out, p, t);
    add_logs(out, t);
    add_kinds(out, t, color);
    for (size_t i = 0; i < t->ntriggers; i++) {
        mr_strbuf_add_str(out, "    trigger that fires (");
        mr_utf8_show_str(out, t->triggers[i].timing);
        mr_strbuf_add_char(out, ' ');
        mr_utf8_show_str(out, t->triggers[i].event);
        mr_strbuf_add_str(out, "): ");
        mr_utf8_show_str(out, t->triggers[i].name);
        mr_strbuf_add_char(out, '\n');
    }
}

static void add_rows_head(struct mr_strbuf *out, const struct mr_manifest *m)
{
    const struct mr_planned *p = &m->planned;
    mr_strbuf_add_str(out, "  run     ");
    mr_utf8_show_str(out, m->run != NULL ? m->run : "none");
    mr_strbuf_add_char(out, '\n');
    if (p->split_at != NULL) {
        mr_strbuf_add_str(out, "  split   ");
        mr_utf8_show_str(out, p->split_at);
        mr_strbuf_add_char(out, '\n');
    }
    if (p->partial != NULL) {
        mr_strbuf_add_str(out, "  not compared: ");
        mr_utf8_show_str(out, p->partial);
        mr_strbuf_add_char(out, '\n');
    }
    mr_strbuf_add_char(out, '\n');
}

static void add_notes(struct mr_strbuf *out, const struct mr_planned *p)
{
    for (size_t i = 0; i < p->nnotes; i++) {
        mr_strbuf_add_str(out, "note: ");
        if (p->notes[i].table != NULL) {
            mr_utf8_show_str(out, p->notes[i].table);
            mr_strbuf_add_str(out, ": ");
        }
        mr_utf8_show_str(out, p->notes[i].text);
        mr_strbuf_add_char(out, '\n');
    }
}

/* May any of the open conflicts be decided?  Of the policies that copy only values that do not fit; of a
 * rewind what was changed since, too. */
static bool is_open_to_choice(const struct mr_manifest *m)
{
    const struct mr_planned *p = &m->planned;
    if (strcmp(m->policy, "merge") == 0)
        return true;
    for (size_t i = 0; i < p->ntables; i++)
        for (size_t k = 0; k < p->tables[i].nkinds; k++)
            if (p->tables[i].kinds[k].open > 0 &&
                (strcmp(p->tables[i].kinds[k].kind, "does-not-fit") == 0 ||
                 strcmp(p->tables[i].kinds[k].kind, "changed-since") == 0))
                return true;
    return false;
}

static void add_open(struct mr_strbuf *out, const struct mr_manifest *m, const char *dir)
{
    struct mr_strbuf path = MR_STRBUF_INIT, option = MR_STRBUF_INIT;
    bool choice = is_open_to_choice(m);
    mr_strbuf_add_fmt(&path, "%s/conflicts.csv", dir);
    const bool keeps = m->noptions > 0; /* a plan of an older version knows not how it was made */
    mr_command_add_option(&option, keeps ? "--again" : "--decisions", keeps ? dir : path.ptr);
    mr_strbuf_add_str(out, choice ? "decide in " : "");
    mr_utf8_show_str(out, path.ptr);
    if (choice) {
        mr_strbuf_add_str(out, keeps ? ", then myrecon repair plan"
                                     : ", then the same repair plan again, with another --output "
                                       "and");
        mr_utf8_show_str(out, option.ptr);
        mr_strbuf_add_char(out, '\n');
        mr_plan_next_decide(m, dir, out);
    }
    out->failed = out->failed || path.failed || option.failed;
    mr_strbuf_release(&path);
    mr_strbuf_release(&option);
    if (choice)
        return;
    mr_strbuf_add_str(out, " lists what ");
    mr_utf8_show_str(out, m->policy);
    mr_strbuf_add_str(out,
                      mr_policy_rewinds(m->policy)
                          ? " leaves as it is, and why: settle it on the server, and plan again\n"
                          : " leaves as it is, and why: settle it on the servers and check "
                            "again, or plan with --policy merge\n");
}

static void add_sum(struct mr_strbuf *out, const struct mr_planned *p)
{
    mr_strbuf_add_grouped(out, p->rows);
    mr_strbuf_add_fmt(out, " change%s of rows in %" PRIu64 " unit%s; conflicts: ",
                      p->rows == 1 ? "" : "s", p->units, p->units == 1 ? "" : "s");
    mr_strbuf_add_grouped(out, p->open);
    mr_strbuf_add_str(out, " open, ");
    mr_strbuf_add_grouped(out, p->decided);
    mr_strbuf_add_str(out, " decided\n");
}

static void add_what_next(struct mr_strbuf *out, const struct mr_manifest *m, const char *dir)
{
    const struct mr_planned *p = &m->planned;
    add_sum(out, p);
    if (p->open > 0)
        add_open(out, m, dir);
    mr_plan_next_apply(m, dir, out);
}

static void add_rows(struct mr_strbuf *out, const struct mr_manifest *m, const char *dir,
                     const struct mr_plan_signers *signers, bool color)
{
    const struct mr_planned *p = &m->planned;
    size_t quiet = 0;
    mr_reseed_show_head(out, m, signers, color);
    add_rows_head(out, m);
    add_people(out, p);
    for (size_t i = 0; i < p->ntables; i++) {
        if (is_of_interest(&p->tables[i]))
            add_table(out, p, &p->tables[i], color);
        else
            quiet++;
    }
    if (quiet > 0)
        mr_strbuf_add_fmt(out, "%zu other table%s: nothing to do\n", quiet, quiet == 1 ? "" : "s");
    if (m->ncounters > 0)
        mr_strbuf_add_str(out, "\ncounters to be raised first:\n");
    for (size_t i = 0; i < m->ncounters; i++)
        mr_reseed_show_counter(out, &m->counters[i]);
    mr_reseed_show_skipped(out, m, color);
    mr_strbuf_add_char(out, '\n');
    add_notes(out, p);
    add_what_next(out, m, dir);
}

/* What somebody has to look at, and the sum: the plan has the rest. */
static void add_brief(struct mr_strbuf *out, const struct mr_manifest *m, bool color)
{
    const struct mr_planned *p = &m->planned;
    for (size_t i = 0; i < p->ntables; i++) {
        if (p->tables[i].nkinds == 0)
            continue;
        mr_utf8_show_str(out, p->tables[i].table);
        mr_strbuf_add_str(out, ":\n");
        add_kinds(out, &p->tables[i], color);
    }
    mr_reseed_show_skipped(out, m, color);
    add_notes(out, p);
    add_sum(out, p);
}

enum mr_code mr_plan_show_text(const struct mr_manifest *m, const char *dir,
                               const struct mr_plan_signers *signers, struct mr_look look,
                               FILE *out, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (!mr_manifest_writes_rows(m))
        return mr_reseed_show_text(m, dir, signers, look, out, err);
    if (look.brief)
        add_brief(&text, m, look.color);
    else
        add_rows(&text, m, dir, signers, look.color);
    enum mr_code code = mr_term_print(&text, out, "printing a plan", err);
    mr_strbuf_release(&text);
    return code;
}

/* ---- JSON ---- */

static void put_table(struct mr_jsonw *w, const struct mr_planned_table *t)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "table");
    mr_jsonw_add_str(w, "table", t->table);
    mr_jsonw_add_str(w, "target_table", t->target_table);
    mr_jsonw_add_bool(w, "subject", t->subject);
    mr_planned_put_bound(w, "base", "base_origin", t->base, t->base_origin);
    mr_planned_put_bound(w, "fresh", "fresh_origin", t->fresh, t->fresh_origin);
    for (int d = MR_DECIDE_SAME; d < MR_DECISIONS; d++)
        mr_jsonw_add_uint(w, mr_decision_name((enum mr_decision)d), t->decisions[d]);
    mr_jsonw_add_uint(w, "open", open_of(t));
    mr_jsonw_key(w, "conflicts");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < t->nkinds; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "kind", t->kinds[i].kind);
        mr_jsonw_add_uint(w, "open", t->kinds[i].open);
        mr_jsonw_add_uint(w, "decided", t->kinds[i].decided);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "logs");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < t->nlogs; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "outcome", t->logs[i].outcome);
        mr_jsonw_add_uint(w, "count", t->logs[i].count);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "evidence");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < t->nevidence; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "side", t->evidence[i].side);
        mr_jsonw_add_str(w, "evidence", t->evidence[i].evidence);
        mr_jsonw_add_str(w, "reason", t->evidence[i].reason);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "triggers");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < t->ntriggers; i++)
        mr_jsonw_str(w, t->triggers[i].name);
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_notes(struct mr_jsonw *w, const struct mr_planned *p)
{
    for (size_t i = 0; i < p->nnotes; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "type", "note");
        mr_jsonw_add_str(w, "kind", p->notes[i].kind);
        mr_jsonw_add_str(w, "table", p->notes[i].table);
        mr_jsonw_add_str(w, "text", p->notes[i].text);
        mr_jsonw_object_end(w);
        mr_jsonw_end_line(w);
    }
}

static void put_summary(struct mr_jsonw *w, const struct mr_manifest *m)
{
    const struct mr_planned *p = &m->planned;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "summary");
    mr_jsonw_add_uint(w, "tables", p->ntables);
    mr_jsonw_add_uint(w, "units", p->units);
    mr_jsonw_add_uint(w, "rows", p->rows);
    mr_jsonw_add_uint(w, "open", p->open);
    mr_jsonw_add_uint(w, "decided", p->decided);
    mr_jsonw_add_uint(w, "counters", m->ncounters);
    mr_jsonw_add_uint(w, "skipped", m->nskipped);
    mr_jsonw_add_bool(w, "incomplete", mr_manifest_is_incomplete(m));
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

enum mr_code mr_plan_show_json(const struct mr_manifest *m, const struct mr_plan_signers *signers,
                               FILE *out, struct mr_err *err)
{
    struct mr_jsonw w;
    if (!mr_manifest_writes_rows(m))
        return mr_reseed_show_json(m, signers, out, err);
    mr_jsonw_init_file(&w, out);
    mr_reseed_put_plan(&w, m, signers);
    for (size_t i = 0; i < m->planned.ntables; i++)
        put_table(&w, &m->planned.tables[i]);
    mr_reseed_put_lists(&w, m);
    put_notes(&w, &m->planned);
    put_summary(&w, m);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}
