/* snap_table.c: see snap_table.h. */
#include "snapshot/format/snap_table.h"

#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/json/jsonw.h"
#include "core/row/value_text.h"

void mr_snap_sum_add(struct mr_snap_sum *sum, struct mr_digest digest)
{
    sum->hi += digest.hi;
    sum->lo += digest.lo;
}

void mr_snap_sum_join(struct mr_snap_sum *sum, struct mr_snap_sum other)
{
    sum->hi += other.hi;
    sum->lo += other.lo;
}

bool mr_snap_sum_equal(struct mr_snap_sum a, struct mr_snap_sum b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

bool mr_snap_is_merge(const struct mr_snap_table *table)
{
    return strcasecmp(table->engine, "MRG_MyISAM") == 0;
}

bool mr_snap_is_ascending(const struct mr_snap_table *table)
{
    return strcasecmp(table->engine, "ARCHIVE") == 0;
}

/* ---- words ---- */

static const struct {
    enum mr_snap_load load;
    const char *word;
} load_words[] = {
    {MR_SNAP_LOAD_PLAIN, "plain"},
    {MR_SNAP_LOAD_UTF8, "utf8mb4"},
    {MR_SNAP_LOAD_ASCII, "ascii"},
    {MR_SNAP_LOAD_NUMBER, "number"},
};

const char *mr_snap_load_word(enum mr_snap_load load)
{
    for (size_t i = 0; i < sizeof load_words / sizeof *load_words; i++)
        if (load_words[i].load == load)
            return load_words[i].word;
    return "";
}

enum mr_snap_load mr_snap_load_of_word(const char *word)
{
    for (size_t i = 0; i < sizeof load_words / sizeof *load_words; i++)
        if (strcmp(load_words[i].word, word) == 0)
            return load_words[i].load;
    return 0;
}

bool mr_snap_key_is_plain(const struct mr_snap_table *table)
{
    for (size_t k = 0; k < table->nkey; k++) {
        enum mr_class cls = table->columns[table->key[k]].cls;
        if (cls != MR_CLASS_INT && cls != MR_CLASS_UINT && cls != MR_CLASS_DATE &&
            cls != MR_CLASS_DATETIME)
            return false;
    }
    return table->nkey > 0;
}

/* ---- planning ---- */

static bool is_type(const struct mr_column *col, const char *data_type)
{
    return strcmp(col->data_type, data_type) == 0;
}

/* Members of "enum('a','b')" or a SET; counting too many is harmless (no such number). */
static uint64_t greatest_number(const struct mr_column *col)
{
    unsigned members = 1;
    for (const char *at = col->type; *at != '\0'; at++)
        members += *at == '\'' && at[1] == ',' && at[2] == '\'';
    if (!col->is_set)
        return members;
    return members >= 63 ? 0 : ((uint64_t)1 << members) - 1;
}

static void by_number(struct mr_snap_column *to, const struct mr_column *col)
{
    to->cls = MR_CLASS_UINT;
    to->charset = NULL;
    to->load = MR_SNAP_LOAD_NUMBER;
    to->by_number = true;
    to->numbers = greatest_number(col);
}

static void plan_column(struct mr_snap_column *to, const struct mr_column *col)
{
    *to = (struct mr_snap_column){.name = col->name,
                                  .type = col->type,
                                  .cls = col->cls,
                                  .charset = col->charset,
                                  .load = MR_SNAP_LOAD_PLAIN};
    if (col->cls == MR_CLASS_DATETIME || col->cls == MR_CLASS_TIME)
        to->decimals = col->decimals;
    if (is_type(col, "year"))
        to->decimals = 4;
    if (col->is_json || col->cls == MR_CLASS_JSON)
        to->load = MR_SNAP_LOAD_UTF8;
    else if (is_type(col, "uuid") || is_type(col, "inet6") || is_type(col, "inet4"))
        to->load = MR_SNAP_LOAD_ASCII;
    else if (is_type(col, "bit"))
        to->load = MR_SNAP_LOAD_NUMBER;
    else if (col->empty_member) /* as text it looks like the number 0 */
        by_number(to, col);
}

static const struct mr_column *find_column(const struct mr_table *table, const char *name)
{
    for (size_t i = 0; i < table->ncolumns; i++)
        if (strcasecmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

/* Its position among the kept columns; ncolumns if it is not kept. */
static size_t kept_at(const struct mr_snap_table *t, const char *name)
{
    size_t i = 0;
    while (i < t->ncolumns && strcasecmp(t->columns[i].name, name) != 0)
        i++;
    return i;
}

/* Every row has a value in all of its parts, and whole ones: else rows of a range could be
 * missed or given twice. */
static bool is_row_key(const struct mr_table *table, const struct mr_index *index,
                       const struct mr_snap_table *t)
{
    if (!index->unique || !index->usable || !mr_index_leads(table, index) || index->nparts == 0 ||
        index->nparts > MR_KEY_PARTS_MAX)
        return false;
    for (size_t i = 0; i < index->nparts; i++) {
        const struct mr_index_part *part = &index->parts[i];
        if (part->column == NULL || part->prefix_len != 0 || part->descending)
            return false;
        const struct mr_column *col = find_column(table, part->column);
        if (col == NULL || col->nullable || kept_at(t, part->column) == t->ncolumns)
            return false;
    }
    return true;
}

static enum mr_code plan_key(const struct mr_table *table, struct mr_arena *arena,
                             struct mr_snap_column *columns, struct mr_snap_table *out,
                             struct mr_err *err)
{
    size_t i = 0;
    while (i < table->nindexes && !is_row_key(table, &table->indexes[i], out))
        i++;
    if (i == table->nindexes)
        return MR_OK;
    const struct mr_index *index = &table->indexes[i];
    size_t *key = mr_arena_calloc(arena, index->nparts, sizeof *key);
    if (key == NULL)
        return mr_err_nomem(err, "planning a table");
    for (size_t k = 0; k < index->nparts; k++) {
        key[k] = kept_at(out, index->parts[k].column);
        const struct mr_column *col = find_column(table, index->parts[k].column);
        if (col != NULL &&
            col->cls == MR_CLASS_ENUM) /* the order of an ENUM is that of its numbers */
            by_number(&columns[key[k]], col);
    }
    out->key = key;
    out->nkey = index->nparts;
    out->index = index->name;
    return MR_OK;
}

/* What the server computes itself is not kept: a restore could not write it. */
enum mr_code mr_snap_plan(const struct mr_table *table, struct mr_arena *arena,
                          struct mr_snap_table *out, struct mr_err *err)
{
    *out = (struct mr_snap_table){.db = table->db,
                                  .name = table->name,
                                  .engine = table->engine,
                                  .transactional = table->transactional,
                                  .consistent = table->transactional};
    if (table->engine == NULL)
        return mr_err_set(err, MR_E_UNSUPPORTED, "the server cannot open it: %s",
                          table->open_error != NULL ? table->open_error : "no engine");
    struct mr_snap_column *columns = mr_arena_calloc(arena, table->ncolumns + 1, sizeof *columns);
    if (columns == NULL)
        return mr_err_nomem(err, "planning a table");
    for (size_t i = 0; i < table->ncolumns; i++)
        if (!table->columns[i].generated && !table->columns[i].system_time)
            plan_column(&columns[out->ncolumns++], &table->columns[i]);
    out->columns = columns;
    if (out->ncolumns == 0)
        return mr_err_set(err, MR_E_UNSUPPORTED, "it has no column that is not generated");
    return plan_key(table, arena, columns, out, err);
}

/* ---- reading and loading ---- */

enum mr_code mr_snap_readspec(const struct mr_snap_table *table, const char *db,
                              struct mr_arena *arena, struct mr_readspec *out, struct mr_err *err)
{
    struct mr_readcol *cols = mr_arena_calloc(arena, table->ncolumns, sizeof *cols);
    if (cols == NULL)
        return mr_err_nomem(err, "planning a table");
    for (size_t i = 0; i < table->ncolumns; i++) {
        const struct mr_snap_column *col = &table->columns[i];
        cols[i] = (struct mr_readcol){.name = col->name,
                                      .expr = col->by_number ? MR_EXPR_NUMBER : MR_EXPR_COLUMN,
                                      .cls = col->cls,
                                      .charset = col->charset,
                                      .numbers = col->numbers};
    }
    *out = (struct mr_readspec){.db = db,
                                .table = table->name,
                                .cols = cols,
                                .ncols = table->ncolumns,
                                .key = table->key,
                                .nkey = table->nkey,
                                .index = table->index,
                                .where = table->where,
                                .whole_rows = true};
    return MR_OK;
}

/* Is the column set from a variable?  Where one is, numbers are, too: with SET a server takes
 * an AUTO_INCREMENT column for one that was not given, and makes a new id of 0. */
static bool is_assigned(const struct mr_snap_table *table, size_t i)
{
    const enum mr_class cls = table->columns[i].cls;
    bool any = table->columns[i].load != MR_SNAP_LOAD_PLAIN;
    if (any || (cls != MR_CLASS_INT && cls != MR_CLASS_UINT && cls != MR_CLASS_FLOAT &&
                cls != MR_CLASS_DOUBLE))
        return any;
    for (size_t k = 0; !any && k < table->ncolumns; k++)
        any = table->columns[k].load != MR_SNAP_LOAD_PLAIN;
    return any;
}

static void add_field(struct mr_strbuf *sql, const struct mr_snap_table *table, size_t i)
{
    if (!is_assigned(table, i))
        mr_sql_ident(sql, table->columns[i].name);
    else
        mr_strbuf_add_fmt(sql, "@v%zu", i + 1);
}

static void add_assignment(struct mr_strbuf *sql, const struct mr_snap_column *col, size_t i)
{
    mr_sql_ident(sql, col->name);
    switch (col->load) {
    case MR_SNAP_LOAD_UTF8:
        mr_strbuf_add_fmt(sql, " = CONVERT(@v%zu USING utf8mb4)", i + 1);
        return;
    case MR_SNAP_LOAD_ASCII: mr_strbuf_add_fmt(sql, " = CONVERT(@v%zu USING ascii)", i + 1); return;
    case MR_SNAP_LOAD_NUMBER: mr_strbuf_add_fmt(sql, " = CAST(@v%zu AS UNSIGNED)", i + 1); return;
    case MR_SNAP_LOAD_PLAIN: mr_strbuf_add_fmt(sql, " = @v%zu", i + 1); return;
    }
    sql->failed = true;
}

/* CHARACTER SET binary, so that no byte is converted on its way; what the server refuses as
 * binary is converted by an expression behind. */
void mr_snap_load_sql(struct mr_strbuf *sql, const struct mr_snap_table *table, const char *db,
                      const char *file)
{
    const char *between = " SET ";
    mr_strbuf_add_str(sql, "LOAD DATA LOCAL INFILE ");
    mr_sql_string(sql, file);
    mr_strbuf_add_str(sql, " INTO TABLE ");
    mr_sql_table(sql, db, table->name);
    mr_strbuf_add_str(sql, " CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY "
                           "'\\\\' LINES TERMINATED BY '\\n' (");
    for (size_t i = 0; i < table->ncolumns; i++) {
        if (i > 0)
            mr_strbuf_add_str(sql, ", ");
        add_field(sql, table, i);
    }
    mr_strbuf_add_char(sql, ')');
    for (size_t i = 0; i < table->ncolumns; i++) {
        if (!is_assigned(table, i))
            continue;
        mr_strbuf_add_str(sql, between);
        add_assignment(sql, &table->columns[i], i);
        between = ", ";
    }
}

/* For people only; a key that cannot be decoded ends there, and is not an error. */
void mr_snap_key_json(struct mr_strbuf *out, const struct mr_snap_table *table, struct mr_key key)
{
    size_t pos = 0;
    if (key.ptr == NULL || table->nkey == 0) {
        mr_strbuf_add_str(out, "null");
        return;
    }
    struct mr_jsonw w;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_jsonw_init_buf(&w, out);
    mr_jsonw_object_begin(&w);
    for (size_t k = 0; k < table->nkey; k++) {
        const struct mr_snap_column *col = &table->columns[table->key[k]];
        struct mr_value value;
        if (mr_row_decode(key.ptr, key.len, &pos, &value, NULL) != MR_OK)
            break;
        if (col->cls == MR_CLASS_BINARY)
            value.cls = MR_CLASS_BINARY;
        mr_strbuf_reset(&text);
        mr_value_to_json(&text, &value,
                         (struct mr_value_style){.cls = col->cls, .decimals = col->decimals});
        mr_jsonw_key(&w, col->name);
        mr_jsonw_raw(&w, text.ptr, text.len);
    }
    mr_jsonw_object_end(&w);
    out->failed |= text.failed;
    mr_strbuf_release(&text);
    mr_jsonw_release(&w);
}
