/* gate_spec.c: see gate_spec.h. */
#include "recon/gate/gate_spec.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/row/row_class.h"

static bool is_plain_binary(const struct mr_column *c)
{
    return strstr(c->data_type, "blob") != NULL || strstr(c->data_type, "binary") != NULL;
}

/* Classes that order and compare alike whoever reads. */
static bool is_key_class(enum mr_class cls)
{
    return mr_class_is_integer(cls) || cls == MR_CLASS_TEXT || cls == MR_CLASS_BINARY ||
           mr_class_is_moment(cls) || cls == MR_CLASS_DECIMAL;
}

static enum mr_code add_columns(struct mr_gate_spec *spec, const struct mr_table *table,
                                struct mr_arena *arena, struct mr_err *err)
{
    struct mr_readcol *cols = mr_arena_calloc(arena, table->ncolumns + 1, sizeof *cols);
    if (cols == NULL)
        return mr_err_nomem(err, "sampling rows");
    for (size_t i = 0; i < table->ncolumns; i++) {
        const struct mr_column *c = &table->columns[i];
        if (c->system_time || (c->generated && !c->generated_stored))
            continue;
        cols[spec->read.ncols++] = (struct mr_readcol){
            .name = c->name,
            .expr =
                c->cls == MR_CLASS_BINARY && !is_plain_binary(c) ? MR_EXPR_BINARY : MR_EXPR_COLUMN,
            .cls = c->cls,
            .charset = mr_class_has_charset(c->cls) ? c->charset : NULL};
    }
    spec->read.cols = cols;
    return MR_OK;
}

size_t mr_gate_spec_position(const struct mr_gate_spec *spec, const char *name)
{
    size_t i = 0;
    while (i < spec->read.ncols && strcasecmp(spec->read.cols[i].name, name) != 0)
        i++;
    return i;
}

/* The primary key, unless it has a part by which ranges cannot be told. */
static enum mr_code add_key(struct mr_gate_spec *spec, const struct mr_table *table,
                            struct mr_arena *arena, struct mr_err *err)
{
    const struct mr_index *index = table->nindexes > 0 ? &table->indexes[0] : NULL;
    if (index == NULL || strcmp(index->name, "PRIMARY") != 0 || index->nparts > MR_KEY_PARTS_MAX)
        return MR_OK;
    size_t *key = mr_arena_calloc(arena, index->nparts, sizeof *key);
    if (key == NULL)
        return mr_err_nomem(err, "sampling rows");
    for (size_t i = 0; i < index->nparts; i++) {
        const struct mr_index_part *part = &index->parts[i];
        key[i] =
            part->column != NULL ? mr_gate_spec_position(spec, part->column) : spec->read.ncols;
        if (key[i] == spec->read.ncols || part->prefix_len > 0 || part->descending ||
            !is_key_class(spec->read.cols[key[i]].cls))
            return MR_OK;
        spec->parts[i] = (struct mr_key_part){.column = spec->read.cols[key[i]].name,
                                              .cls = spec->read.cols[key[i]].cls,
                                              .charset = spec->read.cols[key[i]].charset};
    }
    spec->read.key = key;
    spec->read.nkey = index->nparts;
    spec->read.index = index->name;
    spec->has_key = true;
    return MR_OK;
}

enum mr_code mr_gate_spec_init(struct mr_gate_spec *spec, const struct mr_table *table,
                               struct mr_arena *arena, struct mr_err *err)
{
    *spec = (struct mr_gate_spec){
        .read = {.db = table->db, .table = table->name, .store = !table->transactional}};
    MR_TRY(add_columns(spec, table, arena, err));
    return add_key(spec, table, arena, err);
}

bool mr_gate_unhex(const char *text, struct mr_strbuf *out)
{
    size_t len = strlen(text);
    if (len % 2 != 0)
        return false;
    for (size_t i = 0; i < len; i += 2) {
        unsigned byte;
        char pair[3] = {text[i], text[i + 1], '\0'};
        if (sscanf(pair, "%2x", &byte) != 1)
            return false;
        mr_strbuf_add_char(out, (char)(unsigned char)byte);
    }
    return true;
}
