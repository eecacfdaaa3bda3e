/* merge_made.c: see merge_made.h. */
#include "repair/merge/merge_made.h"

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/merge/merge_three.h"
#include "repair/merge/merge_three_note.h"
#include "repair/merge/merge_work.h"

struct making {
    struct mr_merge *m;
    const struct mr_merge_table *table;
    struct mr_merge_three *by_logs;
    struct mr_merge_three_note note;
    struct mr_case_stmt *rows;
    struct mr_case_fields map; /* struct made */
    struct mr_arena arena;
    struct mr_vec twins; /* struct mr_merge_twin */
};

struct made {
    int64_t id;
    struct mr_key key, there, image, live, after;
};

#define MADE(member, type) MR_CASE_FIELD(struct made, member, MR_CASE_##type)
static const struct mr_case_field fields[] =
    MR_CASE_LIST(MADE(id, INT), MADE(key, BYTES), MADE(there, BYTES), MADE(image, BYTES),
                 MADE(live, BYTES), MADE(after, BYTES));

/* A page, that ends where its images are many bytes. */
static enum mr_code read_page(struct making *g, int64_t *after, struct mr_err *err)
{
    size_t bytes = 0;
    bool more = true;
    enum mr_code code = MR_OK;
    mr_arena_reset(&g->arena);
    mr_vec_clear(&g->twins);
    MR_CASE_BIND(g->rows, MR_ARG_INT("tbl", g->table->plan->at), MR_ARG_INT("after", *after));
    while (bytes < MR_MERGE_PAGE_BYTES) {
        struct made row = {0};
        MR_TRY_OUT(mr_case_fields_next(&g->map, &g->arena, &row, &more, err));
        if (!more)
            break;
        struct mr_merge_twin *twin = mr_vec_push(&g->twins);
        MR_TRY_OUT(twin != NULL ? MR_OK : mr_merge_nomem(err));
        *twin = (struct mr_merge_twin){.id = row.id,
                                       .key = row.key,
                                       .own = row.image,
                                       .live = row.live,
                                       .mapped = row.after,
                                       .live_key = row.there,
                                       .is_new = true};
        bytes += row.image.len + row.live.len + row.after.len;
        *after = row.id;
    }
out:
    mr_case_reset(g->rows);
    return code;
}

static enum mr_code judge(struct making *g, size_t at, struct mr_err *err)
{
    const struct mr_merge_twin *twin = mr_vec_at(&g->twins, at);
    const struct mr_fact f = {.there = true, .differs = true};
    struct mr_merge_three_result r;
    MR_TRY(mr_merge_three_decide(g->by_logs, at, &r, err));
    return r.is ? mr_merge_three_note(&g->note, twin->id, &r, &f, err) : MR_OK;
}

static enum mr_code open_all(struct making *g, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&g->rows,
         "SELECT m.id AS id, w.skey AS key, m.there AS there, source.image AS image,"
         " img.there AS live, img.after AS after FROM m INDEXED BY m_tbl JOIN w ON w.id=m.id"
         " JOIN source ON source.id=m.id JOIN img ON img.id=m.id WHERE m.tbl=:tbl AND m.id>:after"
         " AND m.differs ORDER BY m.id LIMIT 1000"},
    };
    MR_TRY(mr_case_prepare_all(g->m->cf, list, sizeof list / sizeof list[0], err));
    MR_TRY(mr_case_fields_open(&g->map, g->rows, MR_CASE_FIELDS(fields), err));
    MR_TRY(mr_merge_three_note_open(&g->note, g->m, err));
    return mr_merge_three_open(g->m, &g->by_logs, err);
}

static bool has_rules(const struct mr_merge_table *table)
{
    const struct mr_table_config *config = table->plan->pair->config;
    return table->told != 0 && config != NULL && config->merge.nrules > 0;
}

enum mr_code mr_merge_made(struct mr_merge *m, const struct mr_merge_table *table,
                           struct mr_err *err)
{
    struct making g = {
        .m = m, .table = table, .arena = MR_ARENA_INIT, .twins = MR_VEC_INIT(struct mr_merge_twin)};
    int64_t after = 0;
    enum mr_code code = MR_OK;
    if (!has_rules(table))
        return MR_OK;
    MR_TRY_OUT(open_all(&g, err));
    do {
        MR_TRY_OUT(read_page(&g, &after, err));
        MR_TRY_OUT(mr_merge_three_page(g.by_logs, table, g.twins.items, g.twins.count, err));
        for (size_t i = 0; i < g.twins.count; i++)
            MR_TRY_OUT(judge(&g, i, err));
    } while (g.twins.count > 0);
out:
    mr_merge_three_close(g.by_logs);
    mr_merge_three_note_close(&g.note);
    mr_case_free(g.rows);
    mr_vec_release(&g.twins);
    mr_arena_release(&g.arena);
    return code;
}
