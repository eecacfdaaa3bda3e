/* affected_gaps.c: see affected_gaps.h. */
#include "recon/affected/affected_gaps.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/lineage.h"
#include "core/cli/config.h"
#include "core/pair/pair_identity.h"
#include "recon/check/check_result.h"

#define NAMED 5 /* tables of one side that are named */

struct gaps {
    struct mr_affected_people *people;
    const struct mr_affected *list;
    struct mr_case *cf;
    struct mr_vec references; /* struct mr_lineage_reference */
    struct mr_strbuf bytes;
    bool any;
};

/* ---- tables of one side ---- */

/* Whether the list is of such a table, too. */
static bool is_meant(const struct gaps *g, const struct mr_find_object *object)
{
    const struct mr_affected *list = g->list;
    return object->database == NULL || object->name == NULL ||
           mr_pattern_selects(list->only.items, list->only.count, list->without.items,
                              list->without.count, object->database, object->name);
}

/* What one side alone has is not compared, so that none of its rows is a finding: whoever stands in
 * it, or is led to from there, is not listed. */
static void look_at_one_sided(struct gaps *g, const struct mr_check_result *result)
{
    size_t count = 0;
    for (size_t i = 0; i < result->objects.count; i++) {
        const struct mr_find_object *object = mr_vec_at(&result->objects, i);
        if (!mr_check_result_is_one_sided(result, object) || !is_meant(g, object) ||
            count++ >= NAMED)
            continue;
        mr_log_warning(
            "table \"%s\" is on the %s alone: whoever is in it, or is led to by its rows, "
            "is not listed",
            object->table, object->source != NULL ? "source" : "target");
    }
    if (count > NAMED)
        mr_log_warning("so are %zu others", count - NAMED);
    g->any = g->any || count > 0;
}

/* ---- the run itself ---- */

/* A list from an unfinished or incomplete run is written all the same, but nobody shall take it
 * for everybody. */
static enum mr_code look_at_run(struct gaps *g, struct mr_err *err)
{
    const struct mr_find_run *run = &g->list->run;
    struct mr_check_result result;
    if (!run->finished) {
        g->any = true;
        mr_log_warning("run %s is not finished: it was interrupted, or it is still going "
                       "on; the list may lack people",
                       run->uuid);
    }
    enum mr_code code = mr_check_result_load(&result, g->list->fd, run, 0, err);
    if (code == MR_OK && mr_check_result_exit(&result) == 4) {
        g->any = true;
        if (result.not_checked + result.unsettled_rows > 0)
            mr_log_warning("run %s is incomplete: %" PRIu64 " table%s not checked, %" PRIu64
                           " row%s unsettled; the list may lack people",
                           run->uuid, result.not_checked, result.not_checked == 1 ? "" : "s",
                           result.unsettled_rows, result.unsettled_rows == 1 ? "" : "s");
        else if (run->hidden != NULL || !run->objects_done)
            mr_log_warning("run %s is incomplete: schema objects could not be seen", run->uuid);
    }
    if (code == MR_OK)
        look_at_one_sided(g, &result);
    mr_check_result_release(&result);
    return code;
}

/* ---- references that the run did not follow ---- */

static const struct mr_find_table *table_of(const struct gaps *g, int64_t id)
{
    for (size_t i = 0; i < g->list->ntables; i++)
        if (g->list->tables[i].id == id)
            return &g->list->tables[i];
    return NULL;
}

static const struct mr_find_table *table_called(const struct gaps *g, const char *name)
{
    for (size_t i = 0; i < g->list->ntables; i++)
        if (strcmp(g->list->tables[i].name, name) == 0)
            return &g->list->tables[i];
    return NULL;
}

/* Of a foreign key without columns, those were not compared: any row may refer so. */
static bool is_blind(const struct mr_lineage_reference *r)
{
    return r->ncolumns == 0;
}

static const struct mr_find_table *parent_of(const struct gaps *g,
                                             const struct mr_lineage_reference *r)
{
    return is_blind(r) ? table_called(g, r->parent_name) : table_of(g, r->parent);
}

static bool is_chosen(const struct gaps *g, int64_t table)
{
    return mr_affected_subject_of(g->list, table) != NULL;
}

static void look_at_lineage(struct gaps *g)
{
    if (g->list->run.kin_done)
        return;
    g->any = true;
    mr_log_warning("run %s did not come to follow references: people of whom only rows of "
                   "other tables differ are not listed",
                   g->list->run.uuid);
}

/* Do references lead from the table to a subject, over whatever tables? */
static bool leads_to_subject(const struct gaps *g, int64_t table, bool *seen)
{
    bool grown = true;
    memset(seen, 0, g->list->ntables * sizeof *seen);
    seen[table_of(g, table) - g->list->tables] = true;
    while (grown) {
        grown = false;
        for (size_t i = 0; i < g->references.count; i++) {
            const struct mr_lineage_reference *r = mr_vec_at(&g->references, i);
            const struct mr_find_table *child = table_of(g, r->table);
            const struct mr_find_table *parent = parent_of(g, r);
            if (child == NULL || !seen[child - g->list->tables] || parent == NULL ||
                seen[parent - g->list->tables])
                continue;
            if (is_chosen(g, parent->id))
                return true;
            seen[parent - g->list->tables] = true;
            grown = true;
        }
    }
    return false;
}

/* A walk ends at subjects of the run: where one of them is none here, its own references
 * would have to be followed, and were not. */
static enum mr_code look_at_subjects(struct gaps *g, struct mr_err *err)
{
    bool *seen = mr_arena_calloc(&g->people->list->arena, g->list->ntables + 1, sizeof *seen);
    enum mr_code code = seen != NULL ? MR_OK : mr_err_nomem(err, "listing people");
    for (size_t i = 0; code == MR_OK && i < g->list->ntables; i++) {
        const struct mr_find_table *table = &g->list->tables[i];
        const struct mr_case_arg tbl = MR_ARG_INT("tbl", table->id);
        int64_t differs = 0, reached = 0;
        if (table->subject == MR_SUBJECT_NO || is_chosen(g, table->id) ||
            !leads_to_subject(g, table->id, seen))
            continue;
        code = MR_CASE_NUMBER(g->cf, "SELECT 1 FROM finding WHERE tbl = :tbl AND state = 2 LIMIT 1",
                              &differs, err, tbl);
        if (code == MR_OK)
            code = MR_CASE_NUMBER(
                g->cf,
                "SELECT 1 FROM temp.reach WHERE (CASE WHEN node > 0"
                " THEN (SELECT tbl FROM finding WHERE id = node)"
                " ELSE (SELECT tbl FROM ancestor WHERE id = -node) END) = :tbl LIMIT 1",
                &reached, err, tbl);
        if (code != MR_OK || (differs == 0 && reached == 0))
            continue;
        g->any = true;
        mr_log_warning("table \"%s\" was a subject when run %s followed references: whom "
                       "its rows lead to is not known; run check again with this "
                       "configuration",
                       table->name, g->list->run.uuid);
    }
    return code;
}

/* ---- references to tables that were not compared ---- */

/* A row with NULL in the reference, or whose condition does not hold, has no parent: it is no
 * gap that none was found. */
static enum mr_code refers(struct gaps *g, const struct mr_lineage_reference *r, const void *image,
                           size_t len, bool *yes, struct mr_err *err)
{
    bool null = true;
    enum mr_code code =
        mr_pair_values_of(image, len, r->columns, r->ncolumns, &g->bytes, &null, err);
    if (code != MR_OK || null || r->condition_at < 0) {
        *yes = code == MR_OK && !null;
        return code;
    }
    struct mr_value value;
    size_t at = (size_t)r->condition_at, pos = 0;
    code = mr_pair_values_of(image, len, &at, 1, &g->bytes, &null, err);
    if (code == MR_OK)
        code = mr_row_decode(g->bytes.ptr, g->bytes.len, &pos, &value, err);
    *yes = code == MR_OK && !null && value.u != 0;
    return code;
}

/* Any of the rows of a finding.  An ancestor's row is given as a source's. */
static enum mr_code any_refers(struct gaps *g, const struct mr_lineage_reference *r,
                               const struct mr_finding *f, bool *yes, struct mr_err *err)
{
    *yes = false;
    if (f->source != NULL)
        MR_TRY(refers(g, r, f->source, f->source_len, yes, err));
    return *yes || f->target == NULL ? MR_OK : refers(g, r, f->target, f->target_len, yes, err);
}

static const struct mr_case_field referring_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD(struct mr_finding, id, MR_CASE_INT),
                 MR_CASE_SPAN(struct mr_finding, source), MR_CASE_SPAN(struct mr_finding, target));

/* Is there a row among the findings and on the ways up from them that refers so? */
static enum mr_code find_referring(struct gaps *g, const struct mr_lineage_reference *r, bool *yes,
                                   struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    bool row = false;
    enum mr_code code = MR_CASE_PREPARE(
        g->cf,
        "SELECT id, source, target FROM finding WHERE tbl=:tbl AND state=2 UNION ALL"
        " SELECT -id, image, NULL FROM ancestor WHERE tbl=:tbl",
        &stmt, err, MR_ARG_INT("tbl", r->table));
    *yes = false;
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(referring_fields), err);
    while (code == MR_OK && !*yes) {
        struct mr_finding f = {0};
        code = mr_case_fields_next(&map, NULL, &f, &row, err);
        if (code != MR_OK || !row)
            break;
        code = mr_findings_images(g->people->list->fd, &f, err);
        if (code == MR_OK)
            code = any_refers(g, r, &f, yes, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
    }
    mr_case_free(stmt);
    return code;
}

/* May it lead to somebody?  Not a blind one to a table from which nothing leads to people. */
static bool matters(const struct gaps *g, const struct mr_lineage_reference *r, bool *seen)
{
    const struct mr_find_table *parent = parent_of(g, r);
    return parent == NULL || is_chosen(g, parent->id) || leads_to_subject(g, parent->id, seen);
}

static void tell_reference(const struct gaps *g, const struct mr_lineage_reference *r,
                           const struct mr_find_table *child)
{
    const char *run = g->list->run.uuid;
    if (is_blind(r))
        mr_log_warning("rows of \"%s\" refer to table \"%s\" (foreign key \"%s\") by a "
                       "column that run %s did not compare: whom they lead to is not known",
                       child->name, r->parent_name, r->name, run);
    else
        mr_log_warning("rows of \"%s\" refer to table \"%s\", which run %s did not "
                       "compare: whom they lead to is not known",
                       child->name, r->parent_name, run);
}

/* References that check could not follow: only where rows do refer so, and may lead to people,
 * is somebody perhaps missing. Nothing is warned of in vain. */
static enum mr_code look_at_references(struct gaps *g, struct mr_err *err)
{
    bool *seen = mr_arena_calloc(&g->people->list->arena, g->list->ntables + 1, sizeof *seen);
    enum mr_code code = seen != NULL ? MR_OK : mr_err_nomem(err, "listing people");
    for (size_t i = 0; code == MR_OK && i < g->references.count; i++) {
        const struct mr_lineage_reference *r = mr_vec_at(&g->references, i);
        const struct mr_find_table *child = table_of(g, r->table);
        bool yes = false;
        if (r->parent != 0 || child == NULL || is_chosen(g, r->table) ||
            child->subject != MR_SUBJECT_NO || !matters(g, r, seen))
            continue;
        code = find_referring(g, r, &yes, err);
        if (code != MR_OK || !yes)
            continue;
        g->any = true;
        tell_reference(g, r, child);
    }
    return code;
}

/* ---- references that nothing declares ---- */

/* The lines of an advice, with those that are to be chosen from. */
static enum mr_code read_advice(const struct mr_find_advice *advice, struct mr_config **config,
                                struct mr_err *err)
{
    static const char choice[] = "\n; reference = ";
    struct mr_strbuf lines = MR_STRBUF_INIT;
    const char *from = advice->config;
    for (const char *at; (at = strstr(from, choice)) != NULL; from = at + strlen("\n; "))
        mr_strbuf_add_fmt(&lines, "%.*s\n", (int)(at - from), from);
    mr_strbuf_add_str(&lines, from);
    enum mr_code code = mr_strbuf_check(&lines, "listing people", err);
    *config = NULL;
    if (code == MR_OK &&
        mr_config_parse(lines.ptr, lines.len, "advice", MR_CONFIG_NO_ROOMS, config, NULL) != MR_OK)
        *config = NULL; /* it says nothing of references, then */
    mr_strbuf_release(&lines);
    return code;
}

static bool leads_to_people(const struct gaps *g, const struct mr_reference *r, bool *seen)
{
    const struct mr_find_table *parent = NULL;
    for (size_t i = 0; parent == NULL && i < g->list->ntables; i++) {
        const char *name = g->list->tables[i].name;
        const size_t len = strlen(r->ref_db);
        if (strncmp(name, r->ref_db, len) == 0 && name[len] == '.' &&
            strcmp(name + len + 1, r->ref_table) == 0)
            parent = &g->list->tables[i];
    }
    return parent != NULL && (is_chosen(g, parent->id) || leads_to_subject(g, parent->id, seen));
}

/* Is it about a reference that would lead to people? */
static enum mr_code would_lead(struct gaps *g, const struct mr_find_advice *advice, bool *seen,
                               bool *yes, struct mr_err *err)
{
    struct mr_config *config = NULL;
    enum mr_code code = MR_OK;
    *yes = false;
    MR_TRY(read_advice(advice, &config, err));
    for (const char *dot = strchr(advice->table, '.'); config != NULL && !*yes && dot != NULL;
         dot = strchr(dot + 1, '.')) {
        struct mr_table_config table = {0};
        const char *db = mr_arena_dup(&config->arena, advice->table, (size_t)(dot - advice->table));
        MR_TRY_OUT(db != NULL ? mr_config_table(config, db, dot + 1, &config->arena, &table, err)
                              : mr_err_nomem(err, "listing people"));
        for (size_t i = 0; !*yes && i < table.nreferences; i++)
            *yes = leads_to_people(g, &table.references[i], seen);
    }
out:
    mr_config_free(config);
    return code;
}

/* Rows of such a table lead to people by what only looks like a reference: names and values are no
 * proof, so that the list counts as whole; but who reads it is told. */
static enum mr_code look_at_advice(struct gaps *g, struct mr_err *err)
{
    struct mr_vec list = MR_VEC_INIT(struct mr_find_advice);
    bool *seen = mr_arena_calloc(&g->people->list->arena, g->list->ntables + 1, sizeof *seen);
    size_t count = 0;
    enum mr_code code = seen != NULL ? MR_OK : mr_err_nomem(err, "listing people");
    if (code == MR_OK)
        code = mr_findings_advice(g->list->fd, &g->people->list->arena, &list, err);
    for (size_t i = 0; code == MR_OK && i < list.count; i++) {
        const struct mr_find_advice *advice = mr_vec_at(&list, i);
        const struct mr_find_table *child = table_called(g, advice->table);
        int64_t met = 0;
        bool yes = false;
        if (child == NULL || advice->column == NULL || child->subject != MR_SUBJECT_NO ||
            is_chosen(g, child->id))
            continue;
        MR_TRY_OUT(MR_CASE_NUMBER(g->cf,
                                  "SELECT 1 FROM finding f WHERE tbl = :tbl AND state = 2"
                                  " AND EXISTS (SELECT 1 FROM temp.start WHERE tbl = :tbl)"
                                  " UNION ALL SELECT 1 FROM ancestor WHERE tbl = :tbl LIMIT 1",
                                  &met, err, MR_ARG_INT("tbl", child->id)));
        if (met != 0)
            MR_TRY_OUT(would_lead(g, advice, seen, &yes, err));
        if (!yes || count++ >= NAMED)
            continue;
        mr_log_warning(
            "column \"%s\" of table \"%s\" looks like a reference that nothing declares: "
            "whoever is led to by its rows alone is not listed; check says how to "
            "declare it, or that it is none",
            advice->column, advice->table);
    }
    if (count > NAMED)
        mr_log_warning("so do %zu others", count - NAMED);
out:
    mr_vec_release(&list);
    return code;
}

struct orphans {
    const char *child, *parent; /* tables */
    int64_t rows;
};

#define ORPHANS(member, type) MR_CASE_FIELD(struct orphans, member, MR_CASE_##type)
static const struct mr_case_field orphan_fields[] =
    MR_CASE_LIST(ORPHANS(child, TEXT), ORPHANS(parent, TEXT), ORPHANS(rows, INT));

/* Rows that refer to nobody make nobody affected; that is worth a word, no more. */
static enum mr_code look_at_orphans(struct gaps *g, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct orphans x;
    bool row = false;
    if (!mr_log_is_on(MR_LOG_DETAIL))
        return MR_OK;
    enum mr_code code = MR_CASE_PREPARE(
        g->cf,
        "SELECT t.name AS child, r.parent_name AS parent, count(*) AS rows FROM link l"
        " JOIN reference r ON r.id = l.reference JOIN tbl t ON t.id = r.tbl"
        " WHERE r.run = :run AND l.parent = 0 GROUP BY t.name, r.parent_name",
        &stmt, err, MR_ARG_INT("run", g->list->run.id));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(orphan_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &x, &row, err)) == MR_OK && row)
        mr_log_detail("%" PRId64 " row%s of \"%s\" refer%s to a row of \"%s\" that is not "
                      "there",
                      x.rows, x.rows == 1 ? "" : "s", x.child, x.rows == 1 ? "s" : "", x.parent);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_affected_gaps(struct mr_affected_people *people, bool *incomplete,
                              struct mr_err *err)
{
    struct gaps g = {.people = people,
                     .list = people->list,
                     .cf = people->cf,
                     .references = MR_VEC_INIT(struct mr_lineage_reference),
                     .bytes = MR_STRBUF_INIT};
    enum mr_code code = look_at_run(&g, err);
    if (code == MR_OK)
        code = mr_lineage_references(people->list->fd, &people->list->arena, &g.references, err);
    look_at_lineage(&g);
    if (code != MR_OK)
        goto out;
    MR_TRY_OUT(look_at_subjects(&g, err));
    MR_TRY_OUT(look_at_references(&g, err));
    MR_TRY_OUT(look_at_advice(&g, err));
    MR_TRY_OUT(look_at_orphans(&g, err));
out:
    *incomplete = g.any;
    mr_strbuf_release(&g.bytes);
    mr_vec_release(&g.references);
    return code;
}
