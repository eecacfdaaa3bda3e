/* merge_multiset.c: rows that are counted, not known by an identity; see merge_match.h. */
#include "core/pair/pair_identity.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/pair/rowhash.h"
#include "repair/merge/merge_match_internal.h"
#include "repair/merge/merge_named.h"
#include "repair/merge/merge_row.h"
#include "repair/side/counted.h"

enum mr_code mr_merge_match_name(struct mr_merge_matching *x, struct mr_key image,
                                 struct mr_digest *out, struct mr_err *err)
{
    return mr_plan_digester_part(&x->digester, image, x->names, out, err);
}

/* ---- TARGET's rows ---- */

struct live {
    int64_t id;
    struct mr_key tkey, image;
};

#define LIVE(member, type) MR_CASE_FIELD(struct live, member, MR_CASE_##type)
static const struct mr_case_field live_fields[] =
    MR_CASE_LIST(LIVE(id, INT), LIVE(tkey, BYTES), LIVE(image, BYTES));

struct loading {
    struct mr_merge_matching *x;
    struct mr_case_stmt *add;
    struct mr_strbuf name;
    struct mr_rowhash hash;
};

/* Rows get their names once, however often the component is matched. */
static enum mr_code name_live(struct loading *l, struct mr_err *err)
{
    const struct mr_plan_table *t = l->x->table->plan;
    struct mr_case_stmt *rows = NULL;
    struct mr_case_fields map;
    struct live row;
    bool more = false;
    enum mr_code code =
        MR_CASE_PREPARE(l->x->m->cf, "SELECT id, image FROM live WHERE tbl=:tbl AND ident IS NULL",
                        &rows, err, MR_ARG_INT("tbl", t->at));
    if (code == MR_OK)
        code = mr_case_prepare(l->x->m->cf, "UPDATE live SET ident=:ident, tkey=:key WHERE id=:id",
                               &l->add, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, rows, MR_CASE_FIELDS(live_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &row, &more, err)) == MR_OK &&
           more) {
        bool null = false;
        struct mr_digest name;
        code = mr_merge_match_name(l->x, row.image, &name, err);
        if (code == MR_OK)
            code = mr_pair_values_of(row.image.ptr, row.image.len, t->key.at, t->key.count,
                                     &l->x->bytes, &null, err);
        if (code != MR_OK)
            break;
        const struct mr_key key = {l->x->bytes.ptr, l->x->bytes.len};
        code = MR_CASE_RUN(l->add, err, MR_ARG_INT("id", row.id),
                           MR_ARG_BLOB("ident", &name, sizeof name),
                           MR_ARG_BYTES("key", t->key.count > 0 ? key : row.image));
    }
    mr_case_free(rows);
    mr_case_free(l->add);
    l->add = NULL;
    return code;
}

static enum mr_code add_live(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct loading *l = ctx;
    mr_strbuf_reset(&l->name);
    MR_TRY(mr_rowhash_image(&l->hash, values, &l->name, err));
    MR_TRY(mr_strbuf_check(&l->name, "reading a row", err));
    return MR_CASE_RUN(l->add, err, MR_ARG_INT("tbl", l->x->table->plan->at),
                       MR_ARG_BLOB("image", l->name.ptr, l->name.len));
}

/* TARGET's rows above the past. */
static enum mr_code load_above(struct loading *l, struct mr_err *err)
{
    const struct mr_plan_table *t = l->x->table->plan;
    struct mr_readspec spec = t->pair->full[MR_TARGET];
    struct mr_strbuf base = MR_STRBUF_INIT;
    struct mr_value number = mr_counted_value(l->x->table->bound.base, t->counts_unsigned);
    spec.key = &t->counter;
    spec.nkey = 1;
    spec.index = NULL;
    spec.store = false;
    enum mr_code code = mr_row_encode(&base, &number, err);
    if (code == MR_OK)
        code = mr_rowhash_init(&l->hash, t->pair, &spec, err);
    if (code == MR_OK)
        code = mr_case_prepare(l->x->m->cf, MR_MERGE_ADD_LIVE, &l->add, err);
    const struct mr_range range = {.lo = {base.ptr, base.len}};
    if (code == MR_OK)
        code = mr_reader_scan(l->x->m->reader[MR_TARGET], &spec, range, 0, add_live, l, err);
    mr_rowhash_release(&l->hash);
    mr_case_free(l->add);
    l->add = NULL;
    mr_strbuf_release(&base);
    return code;
}

/* A row of TARGET whose key a row of SOURCE has that is not in w is that row. */
static enum mr_code take_twin(void *ctx, const struct mr_merge_ask *ask,
                              const struct mr_merge_answer *row, struct mr_err *err)
{
    struct loading *l = ctx;
    (void)row;
    return MR_CASE_ONCE(l->x->m->cf, "UPDATE live SET taken=2 WHERE id=:id", err,
                        MR_ARG_INT("id", ask->tag));
}

/* Rows that are equal on both sides are not in w; without this TARGET's would be free for another
 * row of SOURCE, and one event would be lost. */
static enum mr_code take_twins(struct loading *l, struct mr_err *err)
{
    static const char sql[] =
        "SELECT l.id, l.tkey AS key FROM live l WHERE l.tbl=:tbl"
        " AND l.id>:after AND NOT EXISTS (SELECT 1 FROM w WHERE w.tbl=:tbl AND w.skey=l.tkey)"
        " ORDER BY l.id LIMIT 1000";
    struct mr_merge_matching *x = l->x;
    const struct mr_merge_lookup what = {MR_SOURCE, x->table->plan, x->table->plan->key};
    int64_t after = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK && what.columns.count > 0) {
        mr_arena_reset(&x->arena);
        mr_vec_clear(&x->asks);
        code = MR_MERGE_PAGE(x->m, sql, after, &x->arena, &x->rows, err,
                             MR_ARG_INT("tbl", x->table->plan->at));
        if (code != MR_OK || x->rows.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < x->rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&x->rows, i);
            struct mr_merge_ask *ask = mr_vec_push(&x->asks);
            if (ask == NULL)
                return mr_merge_nomem(err);
            *ask = (struct mr_merge_ask){.tag = row->id, .value = row->key};
            after = row->id;
        }
        code = mr_merge_lookup_ask(x->m, &what, &x->asks, take_twin, l, err);
    }
    return code;
}

static enum mr_code load(struct mr_merge_matching *x, struct mr_err *err)
{
    struct loading l = {.x = x, .name = MR_STRBUF_INIT};
    int64_t known = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_NUMBER(x->m->cf,
                              "SELECT count(*) FROM live WHERE tbl=:tbl AND ident IS NOT NULL",
                              &known, err, MR_ARG_INT("tbl", x->table->plan->at)));
    if (known == 0 && x->table->plan->key.count > 0)
        MR_TRY_OUT(load_above(&l, err));
    if (known == 0)
        MR_TRY_OUT(name_live(&l, err));
    if (known == 0)
        MR_TRY_OUT(take_twins(&l, err));
out:
    mr_strbuf_release(&l.name);
    return code;
}

/* ---- pairs ---- */

struct pairing {
    struct mr_case_stmt *find, *take, *match, *image;
    struct mr_case_fields find_map; /* struct live */
};

/* The row becomes that row of TARGET. */
static enum mr_code pair_up(struct pairing *p, const struct mr_merge_work_row *row,
                            const struct live *live, struct mr_err *err)
{
    MR_TRY(
        MR_CASE_RUN(p->match, err, MR_ARG_INT("id", row->id), MR_ARG_BYTES("there", live->tkey)));
    MR_TRY(
        MR_CASE_RUN(p->image, err, MR_ARG_INT("id", row->id), MR_ARG_BYTES("there", live->image)));
    return MR_CASE_RUN(p->take, err, MR_ARG_INT("id", live->id));
}

/* Rows of the wave that have no place yet; what a lost parent made is nobody's twin where
 * every row is its own event, but for the twins that came with him by an earlier plan. */
static const char rows_sql[] =
    "SELECT w.id, m.ident AS key, w.n, w.above, w.equal, img.after AS image FROM m INDEXED "
    "BY m_tbl"
    " JOIN w ON w.id=m.id JOIN img ON img.id=m.id WHERE m.tbl=:tbl AND w.wave=:wave AND "
    "m.id>:after"
    " AND m.there IS NULL AND NOT m.doubt AND (:keyed=0 OR w.above)"
    " AND (:events=0 OR NOT EXISTS (SELECT 1 FROM link l JOIN m p ON p.id=l.parent"
    " LEFT JOIN mark k ON k.id=p.id WHERE l.child=w.id AND p.grp='lost' AND NOT"
    " " MR_MERGE_CAME("k") "))"
                           " ORDER BY m.id LIMIT 1000";

static enum mr_code pair_rows(struct mr_merge_matching *x, struct pairing *p, struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    int64_t after = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        mr_arena_reset(&x->arena);
        code =
            MR_MERGE_PAGE(x->m, rows_sql, after, &x->arena, &x->rows, err, MR_ARG_INT("tbl", t->at),
                          MR_ARG_INT("wave", x->wave), MR_ARG_INT("keyed", t->key.count > 0),
                          MR_ARG_INT("events", t->identity == MR_PLAN_BY_NONE),
                          MR_ARG_TEXT("name", mr_plan_table_name(t)));
        if (code != MR_OK || x->rows.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < x->rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&x->rows, i);
            struct mr_key name = row->key;
            struct mr_digest digest;
            struct live live;
            bool found = false;
            after = row->id;
            if (name.ptr == NULL) { /* its own event: by its content all the same */
                code = mr_merge_match_name(x, (struct mr_key){row->image, row->len}, &digest, err);
                name = (struct mr_key){&digest, sizeof digest};
            }
            MR_CASE_BIND(p->find, MR_ARG_INT("tbl", t->at), MR_ARG_BYTES("ident", name));
            if (code == MR_OK)
                code = mr_case_fields_next(&p->find_map, NULL, &live, &found, err);
            if (code == MR_OK && found)
                code = pair_up(p, row, &live, err);
            mr_case_reset(p->find);
        }
    }
    return code;
}

enum mr_code mr_merge_match_multiset(struct mr_merge_matching *x, struct mr_err *err)
{
    struct pairing p = {0};
    const struct mr_case_sql list[] = {
        {&p.find, "SELECT id, tkey, image FROM live WHERE tbl=:tbl AND ident=:ident"
                  " AND taken=0 ORDER BY tkey LIMIT 1"},
        {&p.take, "UPDATE live SET taken=1 WHERE id=:id"},
        {&p.match, "UPDATE m SET there=:there WHERE id=:id"},
        {&p.image, "UPDATE img SET there=:there WHERE id=:id"},
    };
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_merge_named_make(x->m, err));
    MR_TRY_OUT(load(x, err));
    /* rows of TARGET that are the same as SOURCE's, or known to be */
    MR_TRY_OUT(
        MR_CASE_ONCE(x->m->cf,
                     "UPDATE live SET taken=1 WHERE tbl=:tbl AND tkey IN (SELECT there FROM m"
                     " WHERE tbl=:tbl AND same UNION ALL SELECT k.into_key FROM mark k JOIN w ON"
                     " w.id=k.id WHERE w.tbl=:tbl AND k.into_key IS NOT NULL)",
                     err, MR_ARG_INT("tbl", x->table->plan->at)));
    MR_TRY_OUT(mr_case_prepare_all(x->m->cf, list, sizeof list / sizeof list[0], err));
    MR_TRY_OUT(mr_case_fields_open(&p.find_map, p.find, MR_CASE_FIELDS(live_fields), err));
    MR_TRY_OUT(pair_rows(x, &p, err));
out:
    mr_case_free(p.find);
    mr_case_free(p.take);
    mr_case_free(p.match);
    mr_case_free(p.image);
    return code;
}
