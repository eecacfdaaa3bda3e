/* copy_multiset.c: tables without a key, whose rows can only be counted; see
 * copy_internal.h. */
#include "repair/copy/copy_internal.h"

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/row/json_norm.h"

struct bagging {
    struct mr_copy *c;
    const struct mr_plan_table *table;
    struct mr_case_stmt *count, *exact;
    enum mr_side side;
    struct mr_strbuf bytes, json;
};

/* JSON of two flavours has one spelling here. */
static void add_value(struct bagging *w, size_t at, struct mr_key bytes,
                      const struct mr_value *value)
{
    const struct mr_pair *pair = w->table->pair;
    mr_strbuf_reset(&w->json);
    if (pair->normalise != NULL && pair->normalise[at] && value->ptr != NULL &&
        mr_json_norm(value->ptr, value->len, &w->json)) {
        mr_strbuf_add_char(&w->bytes, 'j');
        mr_strbuf_add_fmt(&w->bytes, "%zu:", w->json.len);
        mr_strbuf_add(&w->bytes, w->json.ptr, w->json.len);
    } else {
        mr_strbuf_add(&w->bytes, bytes.ptr, bytes.len);
    }
}

/* Only what is compared makes two rows the same; encodings say where each value ends, so that
 * none runs into the next. */
static enum mr_code compared(struct bagging *w, const struct mr_merge_answer *row,
                             struct mr_err *err)
{
    const struct mr_pair *pair = w->table->pair;
    size_t pos = 0;
    mr_strbuf_reset(&w->bytes);
    for (size_t i = 0; i < pair->ncompared; i++) {
        size_t from = pos;
        struct mr_value value;
        MR_TRY(mr_row_decode(row->image, row->len, &pos, &value, err));
        if (i >= pair->find.ncolumns || pair->ignored == NULL || !pair->ignored[i])
            add_value(w, i, (struct mr_key){(const char *)row->image + from, pos - from}, &value);
    }
    return mr_strbuf_check(&w->bytes, "counting rows", err);
}

/* Counted twice: by what is compared, which says how many; to the byte, which says which. */
static enum mr_code count_row(void *ctx, const struct mr_merge_ask *ask,
                              const struct mr_merge_answer *row, struct mr_err *err)
{
    struct bagging *w = ctx;
    (void)ask;
    MR_TRY(compared(w, row, err));
    struct mr_digest digest = mr_digest_bytes(w->bytes.ptr, w->bytes.len);
    struct mr_digest whole = mr_digest_bytes(row->image, row->len);
    enum mr_code code = MR_CASE_RUN(w->count, err, MR_ARG_BLOB("digest", &digest, sizeof digest),
                                    MR_ARG_INT("n", w->side == MR_SOURCE ? 1 : -1),
                                    MR_ARG_BLOB("image", row->image, row->len));
    return code == MR_OK ? MR_CASE_RUN(w->exact, err, MR_ARG_BLOB("digest", &digest, sizeof digest),
                                       MR_ARG_BLOB("whole", &whole, sizeof whole),
                                       MR_ARG_INT("lost", w->side == MR_SOURCE),
                                       MR_ARG_INT("live", w->side == MR_TARGET),
                                       MR_ARG_BLOB("image", row->image, row->len))
                         : code;
}

static enum mr_code count_side(struct bagging *w, enum mr_side side, struct mr_err *err)
{
    const struct mr_merge_lookup what = {side, w->table, {NULL, 0}};
    w->side = side;
    return mr_merge_lookup_stream(&w->c->m, &what, NULL, 0, count_row, w, err);
}

/* ---- slots ---- */

enum mr_code mr_copy_multiset_key(struct mr_strbuf *out, struct mr_key image, int64_t number,
                                  struct mr_err *err)
{
    const struct mr_value value = {.cls = MR_CLASS_INT, .i = number};
    mr_strbuf_reset(out);
    mr_strbuf_add(out, image.ptr, image.len);
    return mr_row_encode(out, &value, err);
}

static enum mr_code add_slot(struct bagging *w, struct mr_case_stmt *add, struct mr_key image,
                             int64_t n, struct mr_err *err)
{
    const bool comes = w->side == MR_SOURCE;
    MR_TRY(mr_copy_multiset_key(&w->bytes, image, n, err));
    const struct mr_key key = {w->bytes.ptr, w->bytes.len}, none = {0};
    return MR_CASE_RUN(
        add, err, MR_ARG_INT("tbl", w->table->at), MR_ARG_BYTES("canon", key),
        MR_ARG_BYTES("skey", comes ? key : none), MR_ARG_BYTES("source", comes ? image : none),
        MR_ARG_BYTES("tkey", comes ? none : key), MR_ARG_BYTES("target", comes ? none : image));
}

/* Rows that are equal to the byte, among those that are equal in what is compared. */
struct counted {
    int64_t of;      /* those */
    int64_t left;    /* as many as one side has more of them */
    int64_t more;    /* as many as it has more of these */
    int64_t highest; /* number of these that goes first */
    struct mr_key image;
};

#define COUNTED(member, type) MR_CASE_FIELD(struct counted, member, MR_CASE_##type)
static const struct mr_case_field counted_fields[] =
    MR_CASE_LIST(COUNTED(of, INT), COUNTED(left, INT), COUNTED(more, INT), COUNTED(highest, INT),
                 COUNTED(image, BYTES));

/* Rows that SOURCE has more of, from 1; of those that TARGET has more of the exact ones, from
 * their last: the number of one that goes is how many stand there with it.  Where rows differ
 * only in what is not compared, those come that TARGET has not, and those go that SOURCE has
 * not. */
static enum mr_code add_slots(struct bagging *w, enum mr_side side, struct mr_err *err)
{
    /* as many as the one side has more of to the byte; these are never fewer */
    static const char comes[] =
        "SELECT b.rowid AS of, b.n AS left, e.lost-e.live AS more, e.image AS image"
        " FROM multiset b JOIN exact e ON"
        " e.digest=b.digest WHERE b.n>0 AND e.lost>e.live ORDER BY b.rowid, e.live,"
        " e.rowid";
    static const char goes[] =
        "SELECT b.rowid AS of, -b.n AS left, e.live-e.lost AS more, e.image AS image,"
        " e.live AS highest FROM multiset b JOIN exact e ON"
        " e.digest=b.digest WHERE b.n<0 AND e.live>e.lost ORDER BY b.rowid, e.lost,"
        " e.rowid";
    struct mr_case_stmt *multiset = NULL, *add = NULL;
    struct mr_case_fields map;
    struct counted row = {0};
    bool more = false;
    int64_t of = 0, left = 0;
    w->side = side;
    const struct mr_case_sql list[] = {
        {&multiset, side == MR_SOURCE ? comes : goes},
        {&add, "INSERT INTO c (tbl, canon, skey, source, tkey, target)"
               " VALUES (:tbl, :canon, :skey, :source, :tkey, :target)"},
    };
    enum mr_code code = mr_case_prepare_all(w->c->m.cf, list, sizeof list / sizeof list[0], err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, multiset, MR_CASE_FIELDS(counted_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &row, &more, err)) == MR_OK &&
           more) {
        if (row.of != of)
            left = row.left;
        of = row.of;
        int64_t count = row.more < left ? row.more : left;
        int64_t number = side == MR_SOURCE ? count : row.highest;
        left -= count;
        for (; code == MR_OK && count > 0; count--, number--)
            code = add_slot(w, add, row.image, number, err);
    }
    mr_case_free(multiset);
    mr_case_free(add);
    return code;
}

/* Both sides are read whole: which rows of such a table are equal can only be known when all are
 * counted. */
enum mr_code mr_copy_multiset(struct mr_copy *c, const struct mr_plan_table *table,
                              struct mr_err *err)
{
    struct bagging w = {.c = c, .table = table, .bytes = MR_STRBUF_INIT, .json = MR_STRBUF_INIT};
    const struct mr_case_sql list[] = {
        {&w.count, "INSERT INTO multiset (digest, n, image) VALUES (:digest, :n, :image)"
                   " ON CONFLICT (digest) DO UPDATE SET n=n+excluded.n"},
        {&w.exact, "INSERT INTO exact (digest, whole, lost, live, image)"
                   " VALUES (:digest, :whole, :lost, :live, :image)"
                   " ON CONFLICT (digest, whole) DO UPDATE SET lost=lost+excluded.lost,"
                   " live=live+excluded.live"},
    };
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(c->m.cf, "DELETE FROM temp.multiset; DELETE FROM temp.exact", err));
    MR_TRY_OUT(mr_case_prepare_all(c->m.cf, list, sizeof list / sizeof list[0], err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY_OUT(count_side(&w, (enum mr_side)side, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY_OUT(add_slots(&w, (enum mr_side)side, err));
out:
    mr_case_free(w.count);
    mr_case_free(w.exact);
    mr_strbuf_release(&w.bytes);
    mr_strbuf_release(&w.json);
    return code;
}
