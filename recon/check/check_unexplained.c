/* check_unexplained.c: see check_unexplained.h. */
#include "recon/check/check_unexplained.h"

#include "core/base/signals.h"
#include "core/base/utf8.h"
#include "core/case/case_args.h"
#include "core/case/image.h"
#include "core/row/value_text.h"
#include "recon/check/check_explained.h"

#define NAMED_MAX 3
#define VALUE_WIDTH 40
#define PAGE_ROWS 1000
#define PAGE_BYTES ((size_t)4 * 1024 * 1024)

enum mr_code mr_check_unexplained_run(struct mr_findings *fd, const struct mr_find_run *run,
                                      struct mr_unexplained_run *out, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_evidence_side sides[2];
    enum mr_code code = MR_OK;
    *out = (struct mr_unexplained_run){false, false};
    MR_TRY_OUT(mr_evidence_has(fd, &out->has_evidence, err));
    if (!out->has_evidence)
        goto out;
    MR_TRY_OUT(mr_evidence_sides(fd, &arena, sides, err));
    out->is_later = mr_evidence_is_before(&sides[0], run) || mr_evidence_is_before(&sides[1], run);
out:
    mr_arena_release(&arena);
    return code;
}

struct walk {
    struct mr_findings *fd;
    const struct mr_find_table *table;
    struct mr_evidence_table of;
    bool has_plans; /* that the run has been held against (check_explained.h) */
    mr_unexplained_fn *fn;
    void *ctx;
    uint64_t count;
    struct mr_arena arena; /* of one row */
    struct mr_explain explain;
};

/* What a plan of the case wrote came behind the logs that it went by. */
static enum mr_code is_planned(const struct walk *w, const struct mr_finding *f, bool *is,
                               struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(w->fd);
    *is = false;
    if (!w->has_plans)
        return MR_OK;
    mr_case_lock(cf);
    enum mr_code code =
        MR_CASE_HAS(cf, "SELECT 1 FROM explained WHERE tbl=:tbl AND finding=:finding", is, err,
                    MR_ARG_INT("tbl", w->table->id), MR_ARG_INT("finding", f->id));
    mr_case_unlock(cf);
    return code;
}

static enum mr_code explain_row(struct walk *w, const struct mr_finding *f, struct mr_err *err)
{
    const struct mr_key rows[2] = {{f->source, f->source_len}, {f->target, f->target_len}};
    struct mr_evidence_mark marks[2];
    struct mr_explain_side sides[2];
    bool planned = false;
    mr_arena_reset(&w->arena);
    for (int side = 0; side < 2; side++) {
        bool found = false;
        MR_TRY(
            mr_evidence_mark(w->fd, w->of.id, side, f->key, &w->arena, &marks[side], &found, err));
        sides[side] = (struct mr_explain_side){.row = rows[side],
                                               .witness = w->of.of[side].witness,
                                               .mark = found ? &marks[side] : NULL};
    }
    MR_TRY(mr_explain(&w->explain, w->table, sides, err));
    if (w->explain.explained != MR_EXPLAINED_NOT)
        return mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK;
    MR_TRY(is_planned(w, f, &planned, err));
    if (planned)
        return MR_OK;
    w->count++;
    return w->fn != NULL ? w->fn(w->ctx, f, &w->explain, err) : MR_OK;
}

/* Page by page, since a walk holds the case, and marks are looked up in it, too. */
static enum mr_code walk_pages(struct walk *w, struct mr_err *err)
{
    struct mr_arena page = MR_ARENA_INIT;
    struct mr_vec findings = MR_VEC_INIT(struct mr_finding);
    struct mr_find_page which = {.table = w->table->id,
                                 .state = MR_FIND_DIVERGED,
                                 .limit = PAGE_ROWS,
                                 .max_bytes = PAGE_BYTES,
                                 .with_images = true};
    enum mr_code code = MR_OK;
    do {
        mr_vec_clear(&findings);
        mr_arena_reset(&page);
        MR_TRY_OUT(mr_findings_page(w->fd, &which, &page, &findings, err));
        for (size_t i = 0; i < findings.count; i++) {
            const struct mr_finding *f = mr_vec_at(&findings, i);
            MR_TRY_OUT(explain_row(w, f, err));
            which.after_id = f->id;
        }
    } while (findings.count > 0);
out:
    mr_vec_release(&findings);
    mr_arena_release(&page);
    return code;
}

/* Only where both logs are good: else no difference can be said to have no cause in them. */
enum mr_code mr_check_unexplained(struct mr_findings *fd, const struct mr_find_table *table,
                                  mr_unexplained_fn *fn, void *ctx, uint64_t *count,
                                  struct mr_err *err)
{
    struct walk w = {.fd = fd, .table = table, .fn = fn, .ctx = ctx, .arena = MR_ARENA_INIT};
    struct mr_arena arena = MR_ARENA_INIT;
    bool found = false;
    enum mr_code code = MR_OK;
    mr_explain_init(&w.explain);
    *count = 0;
    if (table->keyless || table->verdict != MR_VERDICT_DIVERGED)
        goto out;
    MR_TRY_OUT(mr_check_is_explained(fd, &w.has_plans, err));
    MR_TRY_OUT(mr_evidence_match(fd, table, &arena, &w.of, &found, err));
    if (found && w.of.of[0].witness == MR_WITNESS_GOOD && w.of.of[1].witness == MR_WITNESS_GOOD)
        MR_TRY_OUT(walk_pages(&w, err));
    *count = w.count;
out:
    mr_explain_release(&w.explain);
    mr_arena_release(&w.arena);
    mr_arena_release(&arena);
    return code;
}

/* Of what a foreign key of the table does to its rows logs have no event. */
static enum mr_code has_foreign_key(struct mr_findings *fd, int64_t table, bool *has,
                                    struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    mr_case_lock(cf);
    enum mr_code code = MR_CASE_HAS(cf, "SELECT 1 FROM reference WHERE tbl=:tbl AND declared", has,
                                    err, MR_ARG_INT("tbl", table));
    mr_case_unlock(cf);
    return code;
}

/* The first of them, as all of check's text names rows. */
struct naming {
    const struct mr_find_table *table;
    struct mr_image row;
    struct mr_strbuf names;
    size_t count;
};

static enum mr_code name_row(void *ctx, const struct mr_finding *f,
                             const struct mr_explain *explain, struct mr_err *err)
{
    struct naming *n = ctx;
    const bool from_source = f->source != NULL;
    (void)explain;
    if (n->count >= NAMED_MAX)
        return MR_OK;
    MR_TRY(mr_image_open(&n->row, from_source ? f->source : f->target,
                         from_source ? f->source_len : f->target_len, err));
    mr_strbuf_add_str(&n->names, n->count++ > 0 ? "; " : "");
    mr_utf8_show_str(&n->names, n->table->name);
    for (size_t k = 0;; k++) {
        const size_t i = mr_image_part_column(n->table, MR_IMAGE_KEY, k);
        struct mr_value value;
        if (i == n->table->ncolumns)
            break;
        MR_TRY(mr_image_value(&n->row, n->table->columns[i].show_at, &value, err));
        mr_strbuf_add_str(&n->names, k > 0 ? ", " : " ");
        mr_utf8_show_str(&n->names, n->table->columns[i].name);
        mr_strbuf_add_char(&n->names, ' ');
        mr_value_to_screen(&n->names, &value, n->table->columns[i].style, VALUE_WIDTH);
    }
    return mr_strbuf_check(&n->names, "writing the result", err);
}

enum mr_code mr_check_unexplained_say(struct mr_findings *fd, const struct mr_find_run *run,
                                      const struct mr_find_table *tables, size_t ntables,
                                      struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_unexplained_run logs;
    struct naming n = {.names = MR_STRBUF_INIT};
    uint64_t all = 0;
    bool may_go_along = false;
    mr_image_init(&n.row);
    enum mr_code code = mr_check_unexplained_run(fd, run, &logs, err);
    for (size_t i = 0; code == MR_OK && logs.has_evidence && i < ntables; i++) {
        uint64_t count = 0;
        n.table = &tables[i];
        code = mr_check_unexplained(fd, &tables[i], name_row, &n, &count, err);
        all += count;
        if (code == MR_OK && count > 0 && !may_go_along)
            code = has_foreign_key(fd, tables[i].id, &may_go_along, err);
    }
    if (code == MR_OK && all > 0) {
        mr_strbuf_add_grouped(out, all);
        mr_strbuf_add_fmt(out,
                          " of the differing rows %s explained by no logged change: older than the "
                          "split, or made without the log%s%s.",
                          all == 1 ? "is" : "are",
                          may_go_along ? ", as what a foreign key takes along with a parent is"
                                       : "",
                          logs.is_later ? ", or since the logs were collected and before the rows "
                                          "were read"
                                        : "");
        if (n.count > 0)
            mr_strbuf_add_fmt(out, " %s %s.",
                              all > n.count  ? "Such are"
                              : n.count == 1 ? "It is"
                                             : "They are",
                              n.names.ptr);
    }
    mr_image_release(&n.row);
    mr_strbuf_release(&n.names);
    return code;
}
