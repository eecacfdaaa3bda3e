/* report_order.c: see report_order.h. */
#include "recon/report/report_order.h"

#include "core/case/case_args.h"
#include "core/case/case_fields.h"

#define CHUNKS(and_paged, and_pages)                                                               \
    "SELECT c.segment AS segment, c.no AS no, c.equal AS equal, c.hi AS hi,"                       \
    " (SELECT count(*) FROM finding f WHERE f.tbl = c.tbl AND f.segment = c.segment"               \
    " AND f.chunk = c.no)" and_paged " AS findings FROM chunk c" and_pages                         \
    " WHERE c.tbl = :tbl ORDER BY c.segment, c.no"

/* Of a case that has no pages of suspects, and of one that has the table for them: a run that has not
 * come to its end may have left thousands of its findings in them. */
static const char plain_sql[] = CHUNKS("", ""),
                  paged_sql[] = CHUNKS(" + ifnull(p.suspects, 0)",
                                       " LEFT JOIN (SELECT segment, chunk, sum(last - first + 1) AS"
                                       " suspects FROM suspect_page WHERE tbl = :tbl"
                                       " GROUP BY segment, chunk) p"
                                       " ON p.segment = c.segment AND p.chunk = c.no");

struct counted {
    int64_t segment, no, equal, findings;
    struct mr_key hi;
};

#define COUNTED(member) MR_CASE_FIELD(struct counted, member, MR_CASE_INT)
static const struct mr_case_field counted_fields[] =
    MR_CASE_LIST(COUNTED(segment), COUNTED(no), COUNTED(equal), COUNTED(findings),
                 MR_CASE_FIELD(struct counted, hi, MR_CASE_BYTES));

/* The case keeps no equal rows, only how many a chunk has: summed up in key order, they give each
 * finding its place among all rows. */
static enum mr_code add_chunk(struct mr_report_order *order, const struct counted *c,
                              struct mr_err *err)
{
    struct mr_order_chunk *chunk = mr_vec_push(&order->chunks);
    if (chunk == NULL)
        return mr_err_nomem(err, "reading the chunks of a table");
    chunk->segment = c->segment;
    chunk->no = c->no;
    chunk->equal_before = order->equal;
    chunk->rank = order->rows;
    chunk->has_hi = mr_axis_key_number(c->hi, &chunk->hi);
    order->equal += (uint64_t)c->equal;
    order->rows += (uint64_t)(c->equal + c->findings);
    return MR_OK;
}

enum mr_code mr_order_load(struct mr_report_order *order, struct mr_findings *fd, int64_t table,
                           struct mr_err *err)
{
    struct mr_case *cf = mr_findings_case(fd);
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct counted counted;
    bool row = false, has_pages = false;
    *order = (struct mr_report_order){.chunks = MR_VEC_INIT(struct mr_order_chunk)};
    mr_case_lock(cf);
    enum mr_code code = mr_case_has_table(cf, "suspect_page", &has_pages, err);
    if (code == MR_OK)
        code = MR_CASE_PREPARE(cf, has_pages ? paged_sql : plain_sql, &stmt, err,
                               MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(counted_fields), err);
    while (code == MR_OK &&
           (code = mr_case_fields_next(&map, NULL, &counted, &row, err)) == MR_OK && row)
        code = add_chunk(order, &counted, err);
    mr_case_free(stmt);
    mr_case_unlock(cf);
    if (code != MR_OK)
        mr_order_release(order);
    return code;
}

void mr_order_release(struct mr_report_order *order)
{
    mr_vec_release(&order->chunks);
}

bool mr_order_is_known(const struct mr_report_order *order)
{
    return order->chunks.count > 0;
}

static bool is_before(const struct mr_order_chunk *chunk, const struct mr_finding *f)
{
    return chunk->segment != f->segment ? chunk->segment < f->segment : chunk->no < f->chunk;
}

/* By halves, since chunks are in the order of segment and number: a table may have many thousands
 * of them, and this is asked for every finding. */
const struct mr_order_chunk *mr_order_find(const struct mr_report_order *order,
                                           const struct mr_finding *finding)
{
    size_t low = 0, high = order->chunks.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before(mr_vec_at(&order->chunks, middle), finding))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == order->chunks.count)
        return NULL;
    const struct mr_order_chunk *chunk = mr_vec_at(&order->chunks, low);
    return chunk->segment == finding->segment && chunk->no == finding->chunk ? chunk : NULL;
}

uint64_t mr_order_rank(const struct mr_report_order *order, const struct mr_finding *finding)
{
    const struct mr_order_chunk *chunk = mr_order_find(order, finding);
    return chunk != NULL ? chunk->rank + finding->equal + finding->pos : 0;
}
