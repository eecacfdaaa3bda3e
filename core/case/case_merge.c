/* case_merge.c: see case_merge.h. */
#include "core/case/case_merge.h"

#include <string.h>

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_merge_internal.h"
#include "core/case/findings_internal.h"

/* Objects, counters and advice are one part's. */
static enum mr_code require_objects(const struct mr_case_merge *merge, struct mr_err *err)
{
    size_t parts = 0;
    for (size_t i = 0; i < merge->nparts; i++)
        parts += merge->parts[i].has_objects ? 1 : 0;
    if (parts == 1 || merge->why != NULL)
        return MR_OK;
    return mr_err_set(err, MR_E_REFUSED, "pair \"%s\": its objects are compared by %s", merge->pair,
                      parts == 0 ? "no part" : "more than one part");
}

static void hide(struct mr_case_merging *m, const char *line)
{
    if (line != NULL)
        mr_case_merge_add_line(&m->hidden, line, strlen(line));
    else
        m->hidden.failed = true;
}

/* Parts that do not belong together prove nothing of any table. */
static enum mr_code give_all_up(struct mr_case_merging *m, struct mr_err *err)
{
    struct mr_case_merged_table *all = m->tables.items;
    for (size_t i = 0; i < m->tables.count; i++)
        all[i].reason = m->refused;
    for (size_t i = 0; i < m->of->nparts; i++)
        m->parts[i].is_read = false;
    m->run.finished = m->run.kin_done = m->run.objects_done = false;
    hide(m, mr_case_merge_say(m, "schema objects, which were not compared: %s", m->refused));
    return mr_strbuf_check(&m->hidden, "merging the parts of a pair", err);
}

/* ---- what one part alone has ---- */

static enum mr_code copy_counters(struct mr_case_merging *m, struct mr_err *err)
{
    struct mr_vec counters = MR_VEC_INIT(struct mr_find_counter);
    struct mr_find_table *tables = NULL;
    size_t count = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_findings_counters(m->part, &m->arena, &counters, err));
    if (counters.count > 0)
        MR_TRY_OUT(mr_findings_tables(m->part, &m->arena, &tables, &count, err));
    for (size_t i = 0; i < counters.count; i++) {
        struct mr_find_counter *c = mr_vec_at(&counters, i);
        size_t at = 0;
        while (at < count && tables[at].id != c->table)
            at++;
        const struct mr_case_merged_table *t =
            at < count ? mr_case_merge_table_of(m, tables[at].name) : NULL;
        if (t == NULL)
            continue;
        c->table = t->find.id;
        MR_TRY_OUT(mr_findings_counter_save(m->out, c, err));
    }
out:
    mr_vec_release(&counters);
    return code;
}

static enum mr_code copy_advice(struct mr_case_merging *m, struct mr_err *err)
{
    struct mr_vec advice = MR_VEC_INIT(struct mr_find_advice);
    enum mr_code code = mr_findings_advice(m->part, &m->arena, &advice, err);
    if (code == MR_OK && advice.count > 0)
        code = mr_findings_advice_save(m->out, advice.items, advice.count, err);
    mr_vec_release(&advice);
    return code;
}

/* How the pair was reached, who answered there, and with what configuration. */
static enum mr_code copy_ways(struct mr_case_merging *m, struct mr_err *err)
{
    struct mr_vec settings = MR_VEC_INIT(struct mr_find_setting);
    struct mr_server *known = mr_arena_calloc(&m->arena, m->nservers, sizeof *known);
    const struct mr_server **servers = mr_arena_calloc(&m->arena, m->nservers, sizeof *servers);
    enum mr_code code = MR_OK;
    if (known == NULL || servers == NULL)
        return mr_case_merge_nomem(err);
    for (size_t at = 0; at < m->nservers; at++) {
        bool is_known = false;
        MR_TRY_OUT(mr_findings_server(m->part, (int)at, &known[at], &is_known, err));
        servers[at] = is_known ? &known[at] : NULL;
    }
    MR_TRY_OUT(mr_findings_servers_save(m->out, servers, m->nservers, err));
    MR_TRY_OUT(mr_findings_settings(m->part, &m->arena, &settings, err));
    MR_TRY_OUT(mr_findings_settings_save(m->out, settings.items, settings.count, err));
out:
    mr_vec_release(&settings);
    return code;
}

static enum mr_code copy_base(struct mr_case_merging *m, const struct mr_vec *objects,
                              struct mr_err *err)
{
    MR_TRY(copy_ways(m, err));
    if (!m->of->parts[m->at].has_objects)
        return MR_OK;
    for (size_t i = 0; i < objects->count; i++)
        MR_TRY(mr_findings_object_add(m->out, mr_vec_at(objects, i), err));
    MR_TRY(copy_counters(m, err));
    return copy_advice(m, err);
}

/* ---- the run and its tables ---- */

static enum mr_code read_objects(struct mr_case_merging *m, struct mr_vec *objects,
                                 struct mr_err *err)
{
    struct mr_find_run run;
    bool found = false;
    if (m->base == m->of->nparts || !m->of->parts[m->base].has_objects || m->refused != NULL)
        return MR_OK;
    enum mr_code code = mr_case_merge_open(m, m->base, &run, &found, err);
    if (code == MR_OK)
        code = mr_findings_objects(m->part, &m->arena, objects, err);
    return mr_case_merge_close(m, code, err);
}

static enum mr_code add_tables(struct mr_case_merging *m, struct mr_err *err)
{
    struct mr_case_merged_table *all = m->tables.items;
    for (size_t i = 0; i < m->tables.count; i++) {
        bool known = false;
        MR_TRY(mr_findings_table_add(m->out, &all[i].find, &known, err));
        if (all[i].reason == NULL && all[i].is_made)
            MR_TRY(mr_findings_made_save(m->out, all[i].find.id, all[i].made, err));
    }
    return MR_OK;
}

static enum mr_code begin(struct mr_case_merging *m, struct mr_err *err)
{
    MR_TRY(mr_findings_run_begin(m->out, &m->run, err));
    MR_TRY(mr_findings_uri_save(m->out, m->run.source, m->run.uri[0], err));
    MR_TRY(mr_findings_uri_save(m->out, m->run.target, m->run.uri[1], err));
    return add_tables(m, err);
}

/* As a check judges a table when all of its rows are classified. */
static enum mr_code end_table(struct mr_case_merging *m, struct mr_case_merged_table *t,
                              struct mr_err *err)
{
    struct mr_find_counts *c = &t->find.counts;
    uint64_t unsettled = 0;
    const uint64_t nobody = c->null_identities; /* which a part counts only where there are any */
    if (t->reason == NULL || mr_case_merge_is_in_part(t))
        MR_TRY(mr_findings_summarise(m->out, t->find.id, c, err));
    c->null_identities = nobody;
    if (mr_case_merge_is_in_part(t) && mr_find_counts_differing(c) == 0) /* by which it is known */
        MR_TRY(mr_findings_table_clear(m->out, t->find.id, err));
    if (t->reason != NULL) {
        t->find.verdict = MR_VERDICT_NOT_CHECKED;
        t->find.reason = t->reason;
        return mr_findings_table_save(m->out, &t->find, err);
    }
    MR_TRY(mr_findings_count(m->out, t->find.id, MR_FIND_UNSETTLED, &unsettled, err));
    t->find.verdict = mr_find_counts_verdict(c, unsettled);
    t->find.scanned = t->find.settled = true;
    return mr_findings_table_save(m->out, &t->find, err);
}

static const char *text_of(struct mr_case_merging *m, const struct mr_strbuf *lines)
{
    return lines->len > 0 ? mr_arena_strdup(&m->arena, lines->ptr) : NULL;
}

static enum mr_code end(struct mr_case_merging *m, struct mr_err *err)
{
    struct mr_case_merged_table *all = m->tables.items;
    for (size_t i = 0; i < m->tables.count; i++)
        MR_TRY(end_table(m, &all[i], err));
    if (m->other_references != NULL) {
        m->run.kin_done = m->run.finished = false;
        hide(m, mr_case_merge_say(m,
                                  "whom the differing rows belong to: %s knows other references "
                                  "between tables than the parts before it",
                                  m->other_references));
    }
    MR_TRY(mr_strbuf_check(&m->hidden, "merging the parts of a pair", err));
    MR_TRY(mr_strbuf_check(&m->follows, "merging the parts of a pair", err));
    m->run.hidden = text_of(m, &m->hidden);
    m->run.replication = text_of(m, &m->follows);
    if ((m->hidden.len > 0 && m->run.hidden == NULL) ||
        (m->follows.len > 0 && m->run.replication == NULL))
        return mr_case_merge_nomem(err);
    MR_TRY(mr_lineage_finish(m->out, err));
    return mr_findings_run_end(m->out, &m->run, err);
}

/* ---- all parts ---- */

typedef enum mr_code part_fn(struct mr_case_merging *m, struct mr_err *err);

static enum mr_code do_part(struct mr_case_merging *m, size_t part, part_fn *fn, struct mr_err *err)
{
    struct mr_find_run run;
    bool found = false;
    enum mr_code code = mr_case_merge_open(m, part, &run, &found, err);
    if (code == MR_OK && (!found || !run.finished))
        code = mr_err_set(err, MR_E_CASE, "case file \"%s\" was changed while it was read",
                          m->of->parts[part].path);
    if (code == MR_OK)
        code = fn(m, err);
    if (code == MR_OK && mr_is_cancelled())
        code = mr_cancelled_err(err);
    return mr_case_merge_close(m, code, err);
}

static enum mr_code copy_parts(struct mr_case_merging *m, struct mr_err *err)
{
    for (size_t i = 0; i < m->of->nparts; i++)
        if (m->parts[i].is_read)
            MR_TRY(do_part(m, i, mr_case_merge_rows, err));
    MR_TRY(mr_case_merge_references_save(m, err));
    for (size_t i = 0; i < m->of->nparts; i++)
        if (m->parts[i].is_read && m->parts[i].has_kin && m->other_references == NULL)
            MR_TRY(do_part(m, i, mr_case_merge_kin, err));
    return MR_OK;
}

static enum mr_code copy_one(struct mr_case_merging *m, const struct mr_vec *objects,
                             struct mr_err *err)
{
    struct mr_find_run run;
    bool found = false;
    if (m->base == m->of->nparts || !m->parts[m->base].is_read)
        return MR_OK;
    enum mr_code code = mr_case_merge_open(m, m->base, &run, &found, err);
    if (code == MR_OK)
        code = copy_base(m, objects, err);
    return mr_case_merge_close(m, code, err);
}

static enum mr_code merge_all(struct mr_case_merging *m, struct mr_err *err)
{
    struct mr_vec objects = MR_VEC_INIT(struct mr_find_object);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(require_objects(m->of, err));
    MR_TRY_OUT(mr_case_merge_tile(m, err));
    MR_TRY_OUT(mr_case_merge_look(m, err));
    if (m->of->why != NULL) {
        m->run.finished = m->run.kin_done = false;
        hide(m, mr_case_merge_say(m, "the pair, which could not be planned: %s", m->of->why));
    }
    if (m->refused != NULL)
        MR_TRY_OUT(give_all_up(m, err));
    MR_TRY_OUT(read_objects(m, &objects, err));
    MR_TRY_OUT(mr_case_merge_unseen(m, &objects, err));
    MR_TRY_OUT(begin(m, err));
    MR_TRY_OUT(copy_one(m, &objects, err));
    MR_TRY_OUT(copy_parts(m, err));
    m->at = m->of->nparts; /* what fails from here on is of no part */
    MR_TRY_OUT(end(m, err));
out:
    mr_vec_release(&objects);
    return code;
}

enum mr_code mr_case_merge(const struct mr_case_merge *merge, struct mr_findings *out,
                           size_t *damaged, struct mr_err *err)
{
    struct mr_case_merging m = {.of = merge,
                                .out = out,
                                .run = merge->run,
                                .arena = MR_ARENA_INIT,
                                .tables = MR_VEC_INIT(struct mr_case_merged_table),
                                .strangers = MR_VEC_INIT(struct mr_case_merged_table),
                                .seen = {{.tables = MR_VEC_INIT(struct mr_seen_table)},
                                         {.tables = MR_VEC_INIT(struct mr_seen_table)}},
                                .base = merge->nparts,
                                .references = MR_VEC_INIT(struct mr_lineage_reference),
                                .hidden = MR_STRBUF_INIT,
                                .follows = MR_STRBUF_INIT,
                                .at = merge->nparts};
    m.run.options = m.run.options != NULL ? m.run.options : "";
    m.parts = mr_arena_calloc(&m.arena, merge->nparts + 1, sizeof *m.parts);
    enum mr_code code = m.parts != NULL ? merge_all(&m, err) : mr_case_merge_nomem(err);
    *damaged = code == MR_E_CASE ? m.at : merge->nparts;
    mr_strbuf_release(&m.hidden);
    mr_strbuf_release(&m.follows);
    mr_vec_release(&m.references);
    mr_vec_release(&m.reference_names);
    mr_vec_release(&m.tables);
    mr_vec_release(&m.strangers);
    for (int side = 0; side < 2; side++)
        mr_vec_release(&m.seen[side].tables);
    mr_arena_release(&m.arena);
    return code;
}
