/* rejoin_merged.c: see rejoin_merged.h. */
#include "repair/planning/rejoin_merged.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/log.h"
#include "repair/planning/rejoin_rows.h"
#include "repair/rejoin/merged_rows.h"

struct proving {
    struct mr_planning *p;
    struct mr_merged_book book;
    struct mr_merged_facts facts;
    struct mr_strbuf uuids;
};

/* What the plan itself says of what it does not have. */
static const char *left_out(const struct mr_manifest *m)
{
    for (size_t i = 0; i < m->nskipped; i++)
        if (m->skipped[i].incomplete)
            return m->skipped[i].table;
    if (m->planned.partial != NULL)
        return m->planned.partial;
    return mr_manifest_is_incomplete(m) ? "rows that the check found on its source were not there "
                                          "any more"
                                        : NULL;
}

/* OLD's own transactions behind the moment in which the comparison began; those in front of it are in the
 * rows that it read. */
static enum mr_code find_since(struct proving *w, const struct mr_log_place *place,
                               struct mr_err *err)
{
    struct mr_strbuf since = MR_STRBUF_INIT;
    w->facts.place = place->why;
    if (place->why != NULL)
        return MR_OK;
    enum mr_code code =
        mr_history_own_behind(&w->p->rejoin->own, place->gtids,
                              place->applied != NULL ? place->applied : "", &since, err);
    if (code == MR_OK && since.len > 0 &&
        (w->facts.since = mr_arena_strdup(&w->p->arena, since.ptr)) == NULL)
        code = mr_err_nomem(err, "planning");
    mr_strbuf_release(&since);
    return code;
}

static enum mr_code look_at_rows(struct proving *w, const struct mr_plan_dir *merge,
                                 struct mr_err *err)
{
    const struct mr_plan_options *o = w->p->opts;
    const struct mr_merged_look look = {.plan = merge,
                                        .uri = o->source,
                                        .run_tag = w->p->id.id,
                                        .login = o->login,
                                        .statement_timeout_s = o->statement_timeout_s,
                                        .arena = &w->p->arena};
    const enum mr_code code = w->p->look(&look, &w->facts.rows, err);
    if (code != MR_OK)
        mr_err_context(err, "merge \"%s\"", merge->path);
    return code;
}

/* All but its rows, of which each may be another merge's. */
static enum mr_code prove_one(struct proving *w, const struct mr_plan_dir *merge,
                              struct mr_err *err)
{
    const struct mr_manifest *m = &merge->manifest;
    struct mr_log_place place;
    w->facts = (struct mr_merged_facts){.is_merge = strcmp(m->policy, MR_POLICY_MERGE) == 0,
                                        .left_out = left_out(m),
                                        .open = m->planned.open};
    MR_TRY(mr_merged_refuse(mr_merged_decide(&w->facts), &w->facts, merge->path, err));
    MR_TRY(look_at_rows(w, merge, err));
    MR_TRY(mr_merged_refuse(mr_merged_decide(&w->facts), &w->facts, merge->path, err));
    MR_TRY(mr_merged_book_load(&w->book, merge, w->p->opts->case_path, &place, err));
    MR_TRY(find_since(w, &place, err));
    MR_TRY(mr_merged_refuse(mr_merged_decide(&w->facts), &w->facts, merge->path, err));
    if (w->facts.rows.changed > 0)
        mr_log_warning("merge \"%s\": %" PRIu64
                       " rows have other values on the source by now, such "
                       "as %s: the live application has edited them",
                       merge->path, w->facts.rows.changed, w->facts.rows.first);
    mr_strbuf_add_fmt(&w->uuids, "%s%s", w->uuids.len > 0 ? ", " : "", m->uuid);
    return mr_strbuf_check(&w->uuids, "planning", err);
}

static enum mr_code prove_each(struct proving *w, struct mr_err *err)
{
    const struct mr_string_list *dirs = &w->p->opts->merged;
    for (size_t i = 0; i < dirs->count; i++) {
        struct mr_plan_dir merge;
        enum mr_code code = mr_plan_open(dirs->items[i], &merge, err);
        if (code == MR_OK)
            code = prove_one(w, &merge, err);
        mr_plan_close(&merge);
        MR_TRY(code);
    }
    return MR_OK;
}

static enum mr_code take_key(void *ctx, size_t table, struct mr_key key, bool is,
                             struct mr_err *err)
{
    struct proving *w = ctx;
    return mr_merged_book_judge(&w->book, table, key, is, err);
}

static void tell(const struct proving *w)
{
    const uint64_t *n = w->book.counts;
    if (w->book.dismissed != NULL)
        mr_log_warning("ignore-columns: %s: what the target changed in these alone was not merged, "
                       "and goes",
                       w->book.dismissed);
    if (w->book.unseen != NULL)
        mr_log_warning(
            "column %s was not compared, as the source has none: what the target changed in "
            "it alone was not merged, and goes",
            w->book.unseen);
    if (w->book.kept > 0)
        mr_log_warning(
            "rows that the target had deleted, and no merge has deleted on the source: %" PRIu64
            "; they stay there, and come back on the target",
            w->book.kept);
    mr_log_info("merged: of the rows that the target changed alone %" PRIu64
                " stand on the source, %" PRIu64 " were equal on both sides, %" PRIu64
                " were decided away, %" PRIu64 " the target had deleted",
                n[MR_MERGED_STANDS], n[MR_MERGED_EQUAL], n[MR_MERGED_DISMISSED],
                n[MR_MERGED_DELETED]);
}

enum mr_code mr_rejoin_prove_merged(struct mr_planning *p, const struct mr_plan_tables *tables,
                                    struct mr_rewind *rewind, struct mr_err *err)
{
    struct proving w = {.p = p,
                        .book = {.tables = tables,
                                 .fd = p->fd,
                                 .old = mr_db_server(p->rejoin->db[MR_TARGET]),
                                 .arena = &p->arena},
                        .uuids = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_merged_book_open(&w.book, err));
    MR_TRY_OUT(prove_each(&w, err));
    MR_TRY_OUT(mr_rewind_each(rewind, take_key, &w, err));
    w.facts.uncovered = w.book.uncovered;
    MR_TRY_OUT(mr_merged_refuse(mr_merged_decide(&w.facts), &w.facts,
                                p->opts->merged.items[p->opts->merged.count - 1], err));
    tell(&w);
    p->rejoin->plan.merged = mr_arena_strdup(&p->arena, w.uuids.ptr);
    if (p->rejoin->plan.merged == NULL)
        code = mr_err_nomem(err, "planning");
out:
    mr_merged_book_close(&w.book);
    mr_strbuf_release(&w.uuids);
    return code;
}
