/* plan_idmap.c: see plan_idmap.h. */
#include "repair/planning/plan_idmap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/csv_in.h"
#include "repair/merge/merge_again.h"

enum column { TABLE, SOURCE_KEY, TARGET_KEY, COLUMNS };
static const char *const column_names[COLUMNS] = {
    [TABLE] = "table", [SOURCE_KEY] = "source_key", [TARGET_KEY] = "target_key"};

struct reading {
    const char *path;
    const struct mr_plan_tables *tables;
    struct mr_case *cf;
    int64_t plan;
    struct mr_strbuf part, bytes, keys[2];
    size_t at[COLUMNS];
    size_t width; /* 0: no header yet */
};

/* ---- keys ---- */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_number(const char *text, struct mr_value *value)
{
    char *end = NULL;
    errno = 0;
    if (text[0] == '-') {
        value->cls = MR_CLASS_INT;
        value->i = strtoll(text, &end, 10);
    } else {
        value->cls = MR_CLASS_UINT;
        value->u = strtoull(text, &end, 10);
    }
    return errno == 0 && end != text && *end == '\0';
}

static bool take_hex(struct reading *r, struct mr_value *value)
{
    mr_strbuf_reset(&r->bytes);
    for (size_t i = 0; i + 1 < r->part.len; i += 2) {
        int high = digit(r->part.ptr[i]), low = digit(r->part.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        mr_strbuf_add_char(&r->bytes, (char)(high << 4 | low));
    }
    value->cls = MR_CLASS_BINARY;
    value->ptr = r->bytes.ptr;
    value->len = r->bytes.len;
    return r->part.len % 2 == 0;
}

/* The part that r->part holds, as a value of that column. */
static bool take_value(struct reading *r, enum mr_class cls, struct mr_value *value)
{
    *value = (struct mr_value){.cls = cls, .ptr = r->part.ptr, .len = r->part.len};
    if (cls == MR_CLASS_INT || cls == MR_CLASS_UINT)
        return take_number(r->part.ptr, value);
    if (cls == MR_CLASS_BINARY)
        return take_hex(r, value);
    return cls == MR_CLASS_TEXT || cls == MR_CLASS_ENUM || cls == MR_CLASS_DECIMAL;
}

static enum mr_code encode_key(struct reading *r, const struct mr_plan_table *t,
                               const char *text, struct mr_strbuf *out,
                               struct mr_err *err)
{
    const char *at = text;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(out);
    for (size_t i = 0; code == MR_OK && i < t->key.count; i++) {
        const char *comma = i + 1 < t->key.count ? strchr(at, ',') : NULL;
        struct mr_value value;
        mr_strbuf_reset(&r->part);
        mr_strbuf_add(&r->part, at, comma != NULL ? (size_t)(comma - at) : strlen(at));
        bool is_missing = i + 1 < t->key.count && comma == NULL;
        if (is_missing ||
            !take_value(r, t->pair->find.columns[t->key.at[i]].style.cls, &value))
            return mr_err_set(err, MR_E_REFUSED, "\"%.200s\" is no key of table \"%s\"",
                              text, mr_plan_table_name(t));
        code = mr_row_encode(out, &value, err);
        at = comma != NULL ? comma + 1 : at;
    }
    return code == MR_OK ? mr_strbuf_check(out, "reading an id map", err) : code;
}

/* ---- lines ---- */

static enum mr_code read_header(struct reading *r, const struct mr_csv_field *fields,
                                size_t count, struct mr_err *err)
{
    r->width = count;
    for (size_t c = 0; c < COLUMNS; c++) {
        r->at[c] = SIZE_MAX;
        for (size_t i = 0; i < count; i++)
            if (strcmp(fields[i].ptr, column_names[c]) == 0)
                r->at[c] = i;
        if (r->at[c] == SIZE_MAX)
            return mr_err_set(err, MR_E_REFUSED, "there is no column \"%s\"",
                              column_names[c]);
    }
    return MR_OK;
}

static enum mr_code read_line(struct reading *r, const struct mr_csv_field *fields,
                              struct mr_err *err)
{
    const char *name = fields[r->at[TABLE]].ptr;
    const struct mr_plan_table *t = NULL;
    for (size_t i = 0; t == NULL && i < r->tables->ntables; i++)
        if (strcmp(mr_plan_table_name(&r->tables->tables[i]), name) == 0)
            t = &r->tables->tables[i];
    if (t == NULL || t->key.count == 0)
        return mr_err_set(err, MR_E_REFUSED, "table \"%s\" is not planned", name);
    enum mr_code code = encode_key(r, t, fields[r->at[SOURCE_KEY]].ptr, &r->keys[0], err);
    if (code == MR_OK)
        code = encode_key(r, t, fields[r->at[TARGET_KEY]].ptr, &r->keys[1], err);
    return code == MR_OK
               ? mr_merge_remember(r->cf, r->plan, name,
                                   (struct mr_key){r->keys[0].ptr, r->keys[0].len},
                                   (struct mr_key){r->keys[1].ptr, r->keys[1].len}, err)
               : code;
}

static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields,
                                size_t count, uint64_t line, struct mr_err *err)
{
    struct reading *r = ctx;
    enum mr_code code = MR_OK;
    if (r->width == 0)
        code = read_header(r, fields, count, err);
    else if (count == 1 && fields[0].len == 0)
        return MR_OK; /* an empty line, as editors leave one */
    else if (count != r->width)
        code = mr_err_set(err, MR_E_REFUSED, "%zu fields where the header has %zu", count,
                          r->width);
    else
        code = read_line(r, fields, err);
    if (code != MR_OK)
        mr_err_context(err, "id map \"%s\", line %" PRIu64, r->path, line);
    return code;
}

static enum mr_code read_file(struct reading *r, struct mr_err *err)
{
    char buffer[65536];
    struct mr_csv_in csv;
    FILE *in = fopen(r->path, "re");
    size_t got;
    if (in == NULL)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not open id map \"%s\"",
                              r->path);
    mr_csv_in_init(&csv, take_record, r);
    enum mr_code code = MR_OK;
    while (code == MR_OK && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
        code = mr_csv_in_feed(&csv, buffer, got, err);
    if (code == MR_OK && ferror(in))
        code =
            mr_err_set_sys(err, MR_E_IO, errno, "could not read id map \"%s\"", r->path);
    if (code == MR_OK)
        code = mr_csv_in_finish(&csv, err);
    mr_csv_in_release(&csv);
    (void)fclose(in);
    return code;
}

enum mr_code mr_plan_idmap_read(const char *path, struct mr_findings *fd,
                                const struct mr_plan_store *store,
                                const struct mr_plan_tables *tables, struct mr_err *err)
{
    struct reading r = {.path = path,
                        .tables = tables,
                        .cf = mr_findings_case(fd),
                        .plan = mr_plan_store_id(store),
                        .part = MR_STRBUF_INIT,
                        .bytes = MR_STRBUF_INIT,
                        .keys = {MR_STRBUF_INIT, MR_STRBUF_INIT}};
    enum mr_code code = read_file(&r, err);
    mr_strbuf_release(&r.part);
    mr_strbuf_release(&r.bytes);
    mr_strbuf_release(&r.keys[0]);
    mr_strbuf_release(&r.keys[1]);
    return code;
}
