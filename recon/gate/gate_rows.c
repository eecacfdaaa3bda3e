/*
 * gate_rows.c: the newest rows of a table and a sample that doubles its distance going back,
 * recorded, and looked for again; see gate_work.h.
 *
 * Ranges of old rows say nothing of an older copy of the data: it holds them, too.  What it
 * lacks are the newest rows, and where ids are given anew, others stand under their keys.  So
 * three digests are kept of each row: of who it is (identity), of when it came, and of all it
 * holds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/row/row.h"
#include "core/row/row_class.h"
#include "recon/gate/gate_fate.h"
#include "recon/gate/gate_newest.h"
#include "recon/gate/gate_shape.h"
#include "recon/gate/gate_spec.h"
#include "recon/gate/gate_work.h"

#define LAST_ROWS 200
#define LEAST_ROWS 32                /* of a table with wide rows */
#define SPREAD_ROWS 64               /* and so many of all those behind the newest */
#define LAST_BYTES (4 * 1024 * 1024) /* of rows, by the server's estimate */
#define MINUTES_BACK_BITS 24         /* 2^24 minutes are 32 years */
#define IDENTITY_MAX 16
#define NO_COLUMN SIZE_MAX
#define DIGITS 9 /* of a digest that is kept, and the end */

struct probe {
    struct mr_key key;
    struct mr_gate_row *row;
};

struct reading {
    struct mr_gate_work *work;
    struct mr_gate_item *item;
    struct mr_gate_spec spec;
    size_t columns; /* of the table; behind them: was the row updated since? */
    size_t who[IDENTITY_MAX], nwho, born;
    bool holds;           /* what rows hold can be compared: the structure is the same */
    struct mr_vec probes; /* struct probe, sorted by key before rows are fetched */
    struct mr_hasher *hasher;
    struct mr_strbuf key;                 /* of the row that is being read */
    bool again;                           /* rows of the past are looked for */
    const struct mr_gate_seen_rows *seen; /* of the table, by who read before */
};

/* ---- which columns ---- */

static bool add_who(struct reading *r, const char *name)
{
    const size_t at = mr_gate_spec_position(&r->spec, name);
    if (at == r->columns || r->nwho == IDENTITY_MAX)
        return false;
    r->who[r->nwho++] = at;
    return true;
}

/* A unique index, other than the key, of columns that are never NULL. */
static const struct mr_index *natural_key(const struct mr_table *table)
{
    for (size_t i = 0; i < table->nindexes; i++) {
        const struct mr_index *index = &table->indexes[i];
        bool fits = index->unique && strcmp(index->name, "PRIMARY") != 0;
        for (size_t p = 0; fits && p < index->nparts; p++) {
            const struct mr_column *c = index->parts[p].column != NULL
                                            ? mr_table_column(table, index->parts[p].column)
                                            : NULL;
            fits = c != NULL && !c->nullable && index->parts[p].prefix_len == 0;
        }
        if (fits)
            return index;
    }
    return NULL;
}

/* As for check; where it is the key or the whole row, it tells nothing beside them. */
static void choose_who(struct reading *r)
{
    const struct mr_table_config *config = &r->item->config;
    bool all = true;
    if (config->identity == MR_IDENTITY_COLUMNS) {
        for (size_t i = 0; i < config->identity_columns.count; i++)
            all = add_who(r, config->identity_columns.items[i]) && all;
    } else if (config->identity == MR_IDENTITY_DEFAULT) {
        const struct mr_index *index = natural_key(r->item->table);
        for (size_t i = 0; index != NULL && i < index->nparts; i++)
            all = add_who(r, index->parts[i].column) && all;
    }
    if (!all)
        r->nwho = 0;
}

static const char *names_of(struct reading *r, const size_t *columns, size_t count)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < count; i++)
        mr_strbuf_add_fmt(&text, "%s%s", i > 0 ? "," : "", r->spec.read.cols[columns[i]].name);
    r->work->nomem |= text.failed;
    const char *kept = mr_gate_work_keep(r->work, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

/* One column more: is the row younger than the baseline by its own word? */
static enum mr_code add_touched(struct reading *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_readcol *cols = mr_arena_calloc(&r->work->scratch, r->columns + 1, sizeof *cols);
    if (cols == NULL)
        return mr_err_nomem(err, "looking for rows");
    memcpy(cols, r->spec.read.cols, r->columns * sizeof *cols);
    if (!mr_gate_touched_sql(&sql, r->item->table, &r->item->config, r->work->task->past->recorded))
        mr_strbuf_add_str(&sql, "FALSE");
    else
        r->item->out->tells_updates = true;
    cols[r->columns] = (struct mr_readcol){.name = mr_gate_work_keep(r->work, sql.ptr),
                                           .expr = MR_EXPR_CONDITION,
                                           .cls = MR_CLASS_UINT};
    r->spec.read.cols = cols;
    r->spec.read.ncols = r->columns + 1;
    r->work->nomem |= sql.failed;
    mr_strbuf_release(&sql);
    return MR_OK;
}

static enum mr_code begin(struct reading *r, struct mr_gate_work *work, struct mr_gate_item *item,
                          struct mr_err *err)
{
    struct mr_gate_table *out = item->out;
    *r = (struct reading){.work = work,
                          .item = item,
                          .born = NO_COLUMN,
                          .probes = MR_VEC_INIT(struct probe),
                          .hasher = mr_hasher_new(),
                          .key = MR_STRBUF_INIT,
                          .again = work->task->past != NULL};
    if (r->hasher == NULL)
        return mr_err_nomem(err, "looking for rows");
    MR_TRY(mr_gate_spec_init(&r->spec, item->table, &work->scratch, err));
    r->columns = r->spec.read.ncols;
    choose_who(r);
    const struct mr_column *born = mr_gate_born_column(item->table, &item->config);
    if (born != NULL)
        r->born = mr_gate_spec_position(&r->spec, born->name);
    if (r->born == r->columns)
        r->born = NO_COLUMN;
    out->rows_key = names_of(r, r->spec.read.key, r->spec.read.nkey);
    out->rows_identity = names_of(r, r->who, r->nwho);
    out->rows_born = r->born != NO_COLUMN ? names_of(r, &r->born, 1) : "";
    out->is_static = item->config.is_static;
    return r->again ? add_touched(r, err) : MR_OK;
}

static void end(struct reading *r)
{
    mr_hasher_free(r->hasher);
    mr_strbuf_release(&r->key);
    mr_vec_release(&r->probes);
}

/* ---- which rows ---- */

/* Keys as they come from the server, newest first, one behind the other. */
struct listing {
    struct mr_strbuf bytes;
    struct mr_vec ends; /* size_t: where each of them ends */
};

static void add_key_sql(struct mr_strbuf *sql, const struct reading *r)
{
    for (size_t i = 0; i < r->spec.read.nkey; i++) {
        const struct mr_readcol *col = &r->spec.read.cols[r->spec.read.key[i]];
        mr_strbuf_add_str(sql, i == 0 ? "SELECT " : ", ");
        if (col->expr == MR_EXPR_BINARY)
            mr_strbuf_add_str(sql, "CAST(");
        mr_sql_ident(sql, col->name);
        if (col->expr == MR_EXPR_BINARY)
            mr_strbuf_add_str(sql, " AS BINARY)");
    }
    mr_strbuf_add_str(sql, " FROM ");
    mr_sql_table(sql, r->spec.read.db, r->spec.read.table);
}

static enum mr_code read_keys(struct reading *r, const struct mr_strbuf *sql, struct listing *l,
                              struct mr_err *err)
{
    enum mr_class classes[MR_KEY_PARTS_MAX];
    struct mr_stream *stream = NULL;
    const struct mr_value *values = NULL;
    enum mr_code code = mr_strbuf_check(sql, "building a query", err);
    for (size_t i = 0; i < r->spec.read.nkey; i++)
        classes[i] = r->spec.read.cols[r->spec.read.key[i]].cls;
    if (code == MR_OK)
        code = mr_stream_open(r->work->task->link->db, sql->ptr, sql->len, classes,
                              r->spec.read.nkey, r->spec.read.store, &stream, err);
    while (code == MR_OK && (code = mr_stream_next(stream, &values, err)) == MR_OK &&
           values != NULL) {
        size_t *end_of = mr_vec_push(&l->ends);
        for (size_t i = 0; code == MR_OK && i < r->spec.read.nkey; i++)
            code = mr_row_encode(&l->bytes, &values[i], err);
        if (end_of == NULL)
            code = mr_err_nomem(err, "reading keys");
        else
            *end_of = l->bytes.len;
    }
    if (stream != NULL)
        mr_stream_close(stream);
    return code == MR_OK ? mr_strbuf_check(&l->bytes, "reading keys", err) : code;
}

static struct mr_key key_at(const struct listing *l, size_t i)
{
    const size_t begins = i > 0 ? *(size_t *)mr_vec_at(&l->ends, i - 1) : 0;
    return (struct mr_key){l->bytes.ptr + begins, *(size_t *)mr_vec_at(&l->ends, i) - begins};
}

static size_t rows_wanted(const struct mr_table *table)
{
    if (table->avg_row_bytes == 0)
        return LAST_ROWS;
    const uint64_t fit = LAST_BYTES / table->avg_row_bytes;
    if (fit >= LAST_ROWS)
        return LAST_ROWS;
    return fit > LEAST_ROWS ? (size_t)fit : LEAST_ROWS;
}

/* One row at each distance that doubles, by an index: of keys counted, of times in
 * minutes; and the oldest. */
static void add_far_back_sql(struct mr_strbuf *sql, const struct reading *r,
                             const struct mr_column *column)
{
    const struct mr_gate_table *out = r->item->out;
    const bool counts = mr_class_is_integer(column->cls);
    const uint64_t greatest =
        counts && out->greatest[0] != '-' ? strtoull(out->greatest, NULL, 10) : 0;
    for (unsigned k = 0; k < 63; k++) {
        const uint64_t back = UINT64_C(1) << k;
        if (counts ? back >= greatest : k >= MINUTES_BACK_BITS)
            break;
        if (counts && back < rows_wanted(r->item->table))
            continue;
        mr_strbuf_add_char(sql, '(');
        add_key_sql(sql, r);
        mr_strbuf_add_str(sql, " WHERE ");
        mr_sql_ident(sql, column->name);
        if (counts) {
            mr_strbuf_add_fmt(sql, " <= %" PRIu64, greatest - back);
        } else {
            mr_strbuf_add_str(sql, " <= ");
            mr_sql_string(sql, out->newest);
            mr_strbuf_add_fmt(sql, " - INTERVAL %" PRIu64 " MINUTE", back);
        }
        mr_gate_newest_order_sql(sql, r->item->table, column, true, 1);
        mr_strbuf_add_str(sql, ") UNION ALL ");
    }
    mr_strbuf_add_char(sql, '(');
    add_key_sql(sql, r);
    mr_gate_newest_order_sql(sql, r->item->table, column, false, 1);
    mr_strbuf_add_char(sql, ')');
}

/* Without asking the server: all rows were seen. */
static enum mr_code list_seen(struct reading *r, const struct mr_column *column, struct listing *l,
                              struct mr_err *err)
{
    const size_t count = r->seen->ends.count;
    size_t *order = mr_arena_calloc(&r->work->scratch, count + 1, sizeof *order);
    struct mr_value *values = mr_arena_calloc(&r->work->scratch, r->columns, sizeof *values);
    if (order == NULL || values == NULL)
        return mr_err_nomem(err, "looking for rows");
    MR_TRY(mr_gate_seen_newest(r->seen, mr_gate_spec_position(&r->spec, column->name), order, err));
    for (size_t i = 0; i < count; i++) {
        MR_TRY(mr_gate_seen_row(r->seen, order[i], values, r->columns, err));
        for (size_t k = 0; k < r->spec.read.nkey; k++)
            MR_TRY(mr_row_encode(&l->bytes, &values[r->spec.read.key[k]], err));
        size_t *end_of = mr_vec_push(&l->ends);
        if (end_of == NULL)
            return mr_err_nomem(err, "reading keys");
        *end_of = l->bytes.len;
    }
    return mr_strbuf_check(&l->bytes, "reading keys", err);
}

/* Of a small table all keys are read, so that rows far back are told by their rank. */
static enum mr_code list_by(struct reading *r, const struct mr_column *column, struct listing *l,
                            struct mr_err *err)
{
    const bool small = r->item->table->est_rows <= MR_GATE_SMALL_ROWS;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    /* a time that the server computes is none of what is read of a row */
    if (r->seen->all && mr_gate_spec_position(&r->spec, column->name) < r->columns)
        return list_seen(r, column, l, err);
    add_key_sql(&sql, r);
    mr_gate_newest_order_sql(&sql, r->item->table, column, true,
                             small ? 2 * MR_GATE_SMALL_ROWS : rows_wanted(r->item->table));
    enum mr_code code = read_keys(r, &sql, l, err);
    if (code == MR_OK && !small && l->ends.count > 0) {
        mr_strbuf_reset(&sql);
        add_far_back_sql(&sql, r, column);
        code = read_keys(r, &sql, l, err);
    }
    mr_strbuf_release(&sql);
    return code;
}

/* Is the i-th of so many keys to be kept?  Those behind the newest are far back already
 * where not all were read. */
static bool is_wanted(const struct listing *l, size_t i, size_t newest, bool all_read)
{
    if (i < newest || !all_read || i + 1 == l->ends.count)
        return i == 0 || mr_key_compare(key_at(l, i), key_at(l, i - 1)) != 0;
    return ((i + 1) & i) == 0 || i % (l->ends.count / SPREAD_ROWS + 1) == 0;
}

static const char *hex_of(struct reading *r, struct mr_key key)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_hex(&text, key.ptr, key.len);
    r->work->nomem |= text.failed;
    const char *kept = mr_gate_work_keep(r->work, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

static enum mr_code add_probe(struct reading *r, struct mr_key key, struct mr_gate_row *row,
                              struct mr_err *err)
{
    struct probe *probe = mr_vec_push(&r->probes);
    char *bytes = mr_arena_dup(&r->work->scratch, key.ptr, key.len);
    if (probe == NULL || bytes == NULL)
        return mr_err_nomem(err, "looking for rows");
    *probe = (struct probe){{bytes, key.len}, row};
    return MR_OK;
}

/* The newest rows are those that an old copy lacks; older ones, spread over the table, tell whether
 * the table is the same at all. */
static enum mr_code keep_list(struct reading *r, const struct listing *l, struct mr_gate_rows *out,
                              struct mr_err *err)
{
    const bool all_read = r->item->table->est_rows <= MR_GATE_SMALL_ROWS;
    const size_t newest = rows_wanted(r->item->table);
    struct mr_gate_row *rows =
        mr_arena_calloc(r->work->task->arena, l->ends.count + 1, sizeof *rows);
    enum mr_code code = rows != NULL ? MR_OK : mr_err_nomem(err, "looking for rows");
    out->rows = rows;
    for (size_t i = 0; code == MR_OK && i < l->ends.count; i++) {
        if (!is_wanted(l, i, newest, all_read))
            continue;
        struct mr_gate_row *row = &rows[out->count++];
        *row = (struct mr_gate_row){hex_of(r, key_at(l, i)), "", "", "", MR_GATE_ROW_GONE, false};
        code = add_probe(r, key_at(l, i), row, err);
    }
    return code;
}

static enum mr_code list_rows(struct reading *r, const struct mr_column *column,
                              struct mr_gate_rows *out, struct mr_err *err)
{
    struct listing l = {MR_STRBUF_INIT, MR_VEC_INIT(size_t)};
    enum mr_code code = list_by(r, column, &l, err);
    if (code == MR_OK)
        code = keep_list(r, &l, out, err);
    mr_strbuf_release(&l.bytes);
    mr_vec_release(&l.ends);
    return code;
}

/* By the counter, or a key that is one integer; and by the time, where that can be read
 * without reading the table. */
static enum mr_code choose_rows(struct reading *r, struct mr_gate_rows *by_key,
                                struct mr_gate_rows *by_time, struct mr_err *err)
{
    const struct mr_table *table = r->item->table;
    const struct mr_column *counter = mr_gate_work_counter(table);
    const struct mr_column *time = mr_gate_newest_column(table, &r->item->config);
    if (counter == NULL || (counter->cls != MR_CLASS_INT && counter->cls != MR_CLASS_UINT))
        counter = mr_gate_key_column(table);
    if (time != NULL && mr_class_is_moment(time->cls) && r->item->out->newest[0] != '\0') {
        const enum mr_gate_newest_by by = mr_gate_newest_by(table, time);
        if (by == MR_GATE_BY_INDEX || by == MR_GATE_BY_ALL_ROWS)
            MR_TRY(list_rows(r, time, by_time, err));
    }
    if (counter != NULL)
        MR_TRY(list_rows(r, counter, by_key, err));
    return MR_OK;
}

/* ---- what they hold ---- */

static int compare_probes(const void *left, const void *right)
{
    const struct probe *a = left, *b = right;
    return mr_key_compare(a->key, b->key);
}

/* The first probe of that key; their number: none. */
static size_t find_probe(const struct reading *r, struct mr_key key)
{
    size_t lo = 0, hi = r->probes.count;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const struct probe *probe = mr_vec_at(&r->probes, mid);
        if (mr_key_compare(probe->key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < r->probes.count) {
        const struct probe *probe = mr_vec_at(&r->probes, lo);
        if (mr_key_compare(probe->key, key) == 0)
            return lo;
    }
    return r->probes.count;
}

/* "" where one of the columns is NULL: that is nobody. */
static enum mr_code digest_of(struct reading *r, const struct mr_value *values,
                              const size_t *columns, size_t count, char out[DIGITS],
                              struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool null = count == 0;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        null |= values[columns[i]].cls == MR_CLASS_NULL;
        code = mr_hasher_add(r->hasher, &values[columns[i]], err);
    }
    const struct mr_digest digest = mr_hasher_finish(r->hasher);
    (void)snprintf(out, DIGITS, "%08" PRIx32, (uint32_t)digest.lo);
    if (null)
        out[0] = '\0';
    return code;
}

static enum mr_code digest_all(struct reading *r, const struct mr_value *values, char out[DIGITS],
                               struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < r->columns; i++)
        code = mr_hasher_add(r->hasher, &values[i], err);
    const struct mr_digest digest = mr_hasher_finish(r->hasher);
    (void)snprintf(out, DIGITS, "%08" PRIx32, (uint32_t)digest.lo);
    return code;
}

/* As read now. */
struct found {
    char who[DIGITS], born[DIGITS], held[DIGITS];
    bool touched;
};

/* Another identity and another time of birth: another row.  Where only one of the two is
 * known, it may have been edited. */
static enum mr_gate_row_state state_of(const struct reading *r, const struct mr_gate_row *past,
                                       const struct found *now)
{
    const bool knows_who = past->who[0] != '\0' && now->who[0] != '\0';
    const bool knows_born = past->born[0] != '\0' && now->born[0] != '\0';
    const bool other_who = knows_who && strcmp(past->who, now->who) != 0;
    const bool other_born = knows_born && strcmp(past->born, now->born) != 0;
    if (other_who && other_born)
        return MR_GATE_ROW_REPLACED;
    if ((other_who && !knows_born) || (other_born && !knows_who))
        return MR_GATE_ROW_DOUBTFUL;
    if (!r->holds || strcmp(past->held, now->held) == 0)
        return MR_GATE_ROW_SAME;
    return now->touched ? MR_GATE_ROW_TOUCHED : MR_GATE_ROW_CHANGED;
}

static void keep_found(struct reading *r, struct mr_gate_row *row, const struct found *found)
{
    if (r->again) {
        row->state = state_of(r, row, found);
        return;
    }
    row->who = mr_gate_work_keep(r->work, found->who);
    row->born = mr_gate_work_keep(r->work, found->born);
    row->held = mr_gate_work_keep(r->work, found->held);
    row->state = MR_GATE_ROW_SAME;
}

/* One key may have been asked for several times (as a newest row and as an older one): each of them
 * gets what was found. */
static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct reading *r = ctx;
    struct found found;
    mr_strbuf_reset(&r->key);
    for (size_t i = 0; i < r->spec.read.nkey; i++)
        MR_TRY(mr_row_encode(&r->key, &values[r->spec.read.key[i]], err));
    MR_TRY(mr_strbuf_check(&r->key, "looking for rows", err));
    MR_TRY(digest_of(r, values, r->who, r->nwho, found.who, err));
    MR_TRY(digest_of(r, values, &r->born, r->born != NO_COLUMN ? 1 : 0, found.born, err));
    MR_TRY(digest_all(r, values, found.held, err));
    found.touched =
        r->again && values[r->columns].cls != MR_CLASS_NULL && values[r->columns].u != 0;
    const struct mr_key key = {r->key.ptr, r->key.len};
    for (size_t i = find_probe(r, key); i < r->probes.count; i++) {
        const struct probe *probe = mr_vec_at(&r->probes, i);
        if (mr_key_compare(probe->key, key) != 0)
            break;
        keep_found(r, probe->row, &found);
    }
    return MR_OK;
}

static enum mr_code take_seen(struct reading *r, struct mr_err *err)
{
    struct mr_value *values =
        mr_arena_calloc(&r->work->scratch, r->spec.read.ncols, sizeof *values);
    if (values == NULL)
        return mr_err_nomem(err, "looking for rows");
    if (r->again) /* whether it was updated since */
        values[r->columns].cls = MR_CLASS_NULL;
    for (size_t i = 0; i < r->seen->ends.count; i++) {
        MR_TRY(mr_gate_seen_row(r->seen, i, values, r->columns, err));
        MR_TRY(take_row(r, values, err));
    }
    return MR_OK;
}

/* May the server be spared?  Of the past that is so where every row stands as it was: about any other
 * one more is asked than what was seen. */
static bool is_answered(struct reading *r)
{
    struct probe *probes = r->probes.items;
    bool all = r->seen->all || r->again;
    for (size_t i = 0; r->again && all && i < r->probes.count; i++)
        all = probes[i].row->state == MR_GATE_ROW_SAME;
    for (size_t i = 0; !all && i < r->probes.count; i++)
        probes[i].row->state = MR_GATE_ROW_GONE;
    return all;
}

/* Each key once, in order: the server reads them along the index, and take_row() finds whom a row
 * is for by halving. */
static enum mr_code fetch(struct reading *r, struct mr_err *err)
{
    struct probe *probes = r->probes.items;
    size_t count = 0;
    if (r->probes.count == 0)
        return MR_OK;
    qsort(probes, r->probes.count, sizeof *probes, compare_probes);
    MR_TRY(take_seen(r, err));
    if (is_answered(r))
        return MR_OK;
    struct mr_key *keys = mr_arena_calloc(&r->work->scratch, r->probes.count, sizeof *keys);
    if (keys == NULL)
        return mr_err_nomem(err, "looking for rows");
    for (size_t i = 0; i < r->probes.count; i++)
        if (i == 0 || mr_key_compare(probes[i].key, probes[i - 1].key) != 0)
            keys[count++] = probes[i].key;
    return mr_reader_fetch(r->work->task->link->reader, &r->spec.read, keys, count, take_row, r,
                           err);
}

/* What went while it was read is none of the past. */
static void drop_gone(struct mr_gate_rows *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].state != MR_GATE_ROW_GONE)
            list->rows[kept++] = list->rows[i];
    list->count = kept;
}

/* ---- rows of the past ---- */

/* Every row of the baseline begins as gone: one that is read again is marked so, and what is not
 * was not found. */
static enum mr_code look_for(struct reading *r, const struct mr_gate_rows *past,
                             struct mr_gate_rows *out, struct mr_err *err)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    struct mr_gate_row *rows = mr_arena_calloc(r->work->task->arena, past->count + 1, sizeof *rows);
    enum mr_code code = rows != NULL ? MR_OK : mr_err_nomem(err, "looking for rows");
    out->rows = rows;
    for (size_t i = 0; code == MR_OK && i < past->count; i++) {
        rows[i] = past->rows[i];
        rows[i].state = MR_GATE_ROW_GONE;
        mr_strbuf_reset(&key);
        if (!mr_gate_unhex(past->rows[i].key, &key))
            code = mr_err_set(err, MR_E_CHANGED, "the baseline's rows cannot be read");
        if (code == MR_OK)
            code = mr_strbuf_check(&key, "looking for rows", err);
        if (code == MR_OK)
            code = add_probe(r, (struct mr_key){key.ptr, key.len}, &rows[i], err);
    }
    out->count = code == MR_OK ? past->count : 0;
    mr_strbuf_release(&key);
    return code;
}

/* ---- lost rows under other keys ---- */

#define ELSEWHERE_ROWS 20000 /* that are looked at */

static int compare_who(const void *left, const void *right)
{
    const struct mr_gate_row *const *a = left, *const *b = right;
    return strcmp((*a)->who, (*b)->who);
}

static enum mr_code add_lost(struct mr_vec *lost, const struct mr_gate_rows *list,
                             struct mr_err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->rows[i].who[0] == '\0' || !mr_gate_row_is_lost(&list->rows[i]))
            continue;
        struct mr_gate_row **slot = mr_vec_push(lost);
        if (slot == NULL)
            return mr_err_nomem(err, "looking for rows");
        *slot = &list->rows[i];
    }
    return MR_OK;
}

struct elsewhere {
    struct reading *r;
    struct mr_vec lost; /* struct mr_gate_row *, by identity */
};

/* Same identity under another key: where both sides know when the row was born, that must agree, or
 * it is a namesake. */
static enum mr_code take_elsewhere(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct elsewhere *e = ctx;
    struct reading *r = e->r;
    struct mr_gate_row *const *lost = e->lost.items;
    char who[DIGITS], born[DIGITS];
    size_t lo = 0, hi = e->lost.count;
    enum mr_code code = digest_of(r, values, r->who, r->nwho, who, err);
    if (code == MR_OK)
        code = digest_of(r, values, &r->born, r->born != NO_COLUMN ? 1 : 0, born, err);
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (strcmp(lost[mid]->who, who) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; code == MR_OK && lo < e->lost.count && strcmp(lost[lo]->who, who) == 0; lo++)
        lost[lo]->elsewhere |=
            lost[lo]->born[0] == '\0' || born[0] == '\0' || strcmp(lost[lo]->born, born) == 0;
    return code;
}

/* A repair gives ids above all that were given: behind the newest of the baseline, and of a
 * small table anywhere. */
static enum mr_code look_elsewhere(struct reading *r, const struct mr_gate_table *out,
                                   struct mr_err *err)
{
    struct elsewhere e = {r, MR_VEC_INIT(struct mr_gate_row *)};
    struct mr_strbuf lo = MR_STRBUF_INIT;
    struct mr_range range = {0};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(add_lost(&e.lost, &out->by_key, err));
    MR_TRY_OUT(add_lost(&e.lost, &out->by_time, err));
    if (e.lost.count > 0) {
        qsort(e.lost.items, e.lost.count, e.lost.item_size, compare_who);
        if (r->item->table->est_rows > MR_GATE_SMALL_ROWS && out->by_key.count > 0 &&
            mr_gate_unhex(out->by_key.rows[0].key, &lo))
            range.lo = (struct mr_key){lo.ptr, lo.len};
        MR_TRY_OUT(mr_strbuf_check(&lo, "looking for rows", err));
        MR_TRY_OUT(mr_reader_scan(r->work->task->link->reader, &r->spec.read, range, ELSEWHERE_ROWS,
                                  take_elsewhere, &e, err));
    }
out:
    mr_strbuf_release(&lo);
    mr_vec_release(&e.lost);
    return code;
}

/* Is it the table of the baseline, or one that was created since?  By the server's clock
 * alone. */
static enum mr_code read_age(struct reading *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_add_str(&sql, "TIMESTAMPDIFF(SECOND, CREATE_TIME, NOW()) FROM "
                            "information_schema.TABLES WHERE TABLE_SCHEMA = ");
    mr_sql_string(&sql, r->item->table->db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, r->item->table->name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_gate_work_query(r->work, "n", sql.ptr, 2.0, &res, err);
    if (code == MR_OK && (row = mr_result_next(res)) != NULL && row[0].ptr != NULL) {
        r->item->out->age_known = true;
        r->item->out->age_s = strtod(row[0].ptr, NULL);
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* A TIMESTAMP that became a DATETIME holds another time where the server's zone is not UTC: all rows
 * would look like others. */
static bool were_alike(const struct reading *r, const struct mr_gate_table *past,
                       const size_t *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!mr_gate_shape_is_alike(past, r->item->out, r->spec.read.cols[columns[i]].name))
            return false;
    return true;
}

static enum mr_code look_again(struct reading *r, const struct mr_gate_table *past,
                               struct mr_err *err)
{
    struct mr_gate_table *out = r->item->out;
    if (strcasecmp(past->rows_key, out->rows_key) != 0)
        return MR_OK; /* another key: the schema tells */
    if (strcasecmp(past->rows_identity, out->rows_identity) != 0 ||
        !were_alike(r, past, r->who, r->nwho))
        r->nwho = 0;
    if (strcasecmp(past->rows_born, out->rows_born) != 0 ||
        !were_alike(r, past, &r->born, r->born != NO_COLUMN ? 1 : 0))
        r->born = NO_COLUMN;
    r->holds = strcmp(past->fingerprint, out->fingerprint) == 0;
    enum mr_code code = look_for(r, &past->by_key, &out->by_key, err);
    if (code == MR_OK)
        code = look_for(r, &past->by_time, &out->by_time, err);
    if (code == MR_OK)
        code = fetch(r, err);
    if (code != MR_OK)
        return code;
    const enum mr_gate_loss loss = mr_gate_fate_of(out).loss;
    if (loss == MR_GATE_LOSS_UNCLEAR)
        code = read_age(r, err);
    return code == MR_OK && loss >= MR_GATE_LOSS_UNCLEAR ? look_elsewhere(r, out, err) : code;
}

/* Rows that both lists hold are kept once, where the order is that of both. */
static bool is_one_list(const struct mr_gate_rows *a, const struct mr_gate_rows *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->rows[i].key, b->rows[i].key) == 0;
    return same;
}

static enum mr_code record(struct reading *r, struct mr_err *err)
{
    struct mr_gate_table *out = r->item->out;
    enum mr_code code = choose_rows(r, &out->by_key, &out->by_time, err);
    if (code == MR_OK && is_one_list(&out->by_key, &out->by_time))
        out->by_time = (struct mr_gate_rows){0};
    if (code == MR_OK)
        code = fetch(r, err);
    drop_gone(&out->by_key);
    drop_gone(&out->by_time);
    return code;
}

enum mr_code mr_gate_read_rows(struct mr_gate_work *work, struct mr_gate_item *item,
                               const struct mr_gate_table *past,
                               const struct mr_gate_seen_rows *seen, struct mr_err *err)
{
    struct reading r;
    if (work->task->past != NULL && past == NULL)
        return MR_OK;
    enum mr_code code = begin(&r, work, item, err);
    r.seen = seen;
    if (code == MR_OK && r.spec.has_key)
        code = past != NULL ? look_again(&r, past, err) : record(&r, err);
    end(&r);
    return code;
}
