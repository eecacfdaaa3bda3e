/* plan_idmap.c: see plan_idmap.h. */
#include "repair/planning/plan_idmap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/file/csv_in.h"
#include "core/row/row_class.h"
#include "repair/merge/merge_earlier.h"
#include "repair/plan/plan_text.h"
#include "repair/plan/plan_written.h"

enum column {
    TABLE,
    SOURCE_KEY,
    TARGET_KEY,
    DECISION,
    IDENTITY_KEY,
    DIGEST,
    SOURCE_BYTES,
    TARGET_BYTES,
    COLUMNS
};
static const char *const column_names[COLUMNS] = {[TABLE] = "table",
                                                  [SOURCE_KEY] = "source_key",
                                                  [TARGET_KEY] = "target_key",
                                                  [DECISION] = "decision",
                                                  [IDENTITY_KEY] = "identity_key",
                                                  [DIGEST] = "digest",
                                                  [SOURCE_BYTES] = "source_bytes",
                                                  [TARGET_BYTES] = "target_bytes"};
/* Columns that earlier versions did not write, all of a group or none. */
static const struct {
    enum column from, to;
} groups[] = {{DECISION, SOURCE_BYTES}, {SOURCE_BYTES, COLUMNS}};
#define NEEDED DECISION /* those before it */

struct reading {
    const char *path;
    const struct mr_plan_tables *tables;
    struct mr_case *cf;
    struct mr_case_stmt *once; /* keys that were reported */
    struct mr_strbuf part, bytes, keys[2], identity;
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
    if (digit(text[text[0] == '-']) < 0 || digit(text[text[0] == '-']) > 9)
        return false; /* no blank, no sign that no server prints */
    if (text[0] == '-') {
        value->cls = MR_CLASS_INT;
        value->i = strtoll(text, &end, 10);
    } else {
        value->cls = MR_CLASS_UINT;
        value->u = strtoull(text, &end, 10);
    }
    return errno == 0 && end != text && *end == '\0';
}

static bool add_bytes(struct mr_strbuf *out, const char *hex, size_t len)
{
    mr_strbuf_reset(out);
    for (size_t i = 0; i + 1 < len; i += 2) {
        int high = digit(hex[i]), low = digit(hex[i + 1]);
        if (high < 0 || low < 0)
            return false;
        mr_strbuf_add_char(out, (char)(high << 4 | low));
    }
    return len % 2 == 0;
}

static bool take_hex(struct reading *r, struct mr_value *value)
{
    bool is_hex = add_bytes(&r->bytes, r->part.ptr, r->part.len);
    value->cls = MR_CLASS_BINARY;
    value->ptr = r->bytes.ptr;
    value->len = r->bytes.len;
    return is_hex;
}

/* The part that r->part holds, as a value of that column. */
static bool take_value(struct reading *r, enum mr_class cls, struct mr_value *value)
{
    *value = (struct mr_value){.cls = cls, .ptr = r->part.ptr, .len = r->part.len};
    if (mr_class_is_integer(cls))
        return take_number(r->part.ptr, value);
    if (cls == MR_CLASS_BINARY)
        return take_hex(r, value);
    return mr_class_has_charset(cls) || cls == MR_CLASS_DECIMAL;
}

static enum mr_code encode_key(struct reading *r, const struct mr_plan_table *t, const char *text,
                               struct mr_strbuf *out, struct mr_err *err)
{
    const char *at = text;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(out);
    for (size_t i = 0; code == MR_OK && i < t->key.count; i++) {
        const char *comma = i + 1 < t->key.count ? strchr(at, ',') : NULL;
        struct mr_value value;
        mr_strbuf_reset(&r->part);
        mr_strbuf_add(&r->part, at, comma != NULL ? (size_t)(comma - at) : strlen(at));
        /* of a comma too many nobody knows which parts it stands between */
        const bool is_last = i + 1 == t->key.count;
        const bool is_cut = is_last ? i > 0 && strchr(at, ',') != NULL : comma == NULL;
        if (is_cut || !take_value(r, t->pair->find.columns[t->key.at[i]].style.cls, &value))
            return mr_err_set(err, MR_E_REFUSED, "\"%.200s\" is no key of table \"%s\"", text,
                              mr_plan_table_name(t));
        code = mr_row_encode(out, &value, err);
        at = comma != NULL ? comma + 1 : at;
    }
    return code == MR_OK ? mr_strbuf_check(out, "reading an id map", err) : code;
}

/* The key that the bytes are, if it is the one that the text says: a person may have changed
 * that. */
static enum mr_code take_key(const struct mr_plan_table *t, const struct mr_csv_field *text,
                             const struct mr_csv_field *hex, struct mr_strbuf *out,
                             struct mr_err *err)
{
    struct mr_strbuf again = MR_STRBUF_INIT;
    struct mr_value value;
    size_t pos = 0;
    bool is_key = add_bytes(out, hex->ptr, hex->len);
    for (size_t i = 0; is_key && i < t->key.count; i++)
        is_key = mr_row_decode(out->ptr, out->len, &pos, &value, NULL) == MR_OK;
    is_key =
        is_key && pos == out->len &&
        mr_plan_text_values(&again, t, &t->key, (struct mr_key){out->ptr, out->len}, NULL) == MR_OK;
    enum mr_code code = mr_strbuf_check(&again, "reading an id map", err);
    is_key = is_key && again.len == text->len &&
             (again.len == 0 || memcmp(again.ptr, text->ptr, again.len) == 0);
    mr_strbuf_release(&again);
    return code != MR_OK || is_key
               ? code
               : mr_err_set(err, MR_E_REFUSED,
                            "key \"%.200s\" of table \"%s\" is not what its bytes say", text->ptr,
                            mr_plan_table_name(t));
}

/* ---- lines ---- */

static enum mr_code no_column(const char *name, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "there is no column \"%s\"", name);
    mr_err_hint(err, "Give idmap.csv as the plan wrote it, not as a spreadsheet saved it.");
    return MR_E_REFUSED;
}

static enum mr_code check_group(const struct reading *r, enum column from, enum column to,
                                struct mr_err *err)
{
    size_t found = 0;
    for (size_t c = from; c < to; c++)
        found += r->at[c] != SIZE_MAX;
    for (size_t c = from; found > 0 && c < to; c++)
        if (r->at[c] == SIZE_MAX)
            return no_column(column_names[c], err);
    return MR_OK;
}

/* By names, not places: an older version wrote fewer columns; half of a group is what a
 * spreadsheet left over, and would be believed in part. */
static enum mr_code read_header(struct reading *r, const struct mr_csv_field *fields, size_t count,
                                struct mr_err *err)
{
    r->width = count;
    for (size_t c = 0; c < COLUMNS; c++) {
        r->at[c] = SIZE_MAX;
        for (size_t i = 0; i < count; i++) {
            if (strcmp(fields[i].ptr, column_names[c]) != 0)
                continue;
            if (r->at[c] != SIZE_MAX)
                return mr_err_set(err, MR_E_REFUSED, "column \"%s\" stands twice", column_names[c]);
            r->at[c] = i;
        }
        if (c < NEEDED && r->at[c] == SIZE_MAX)
            return no_column(column_names[c], err);
    }
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
        MR_TRY(check_group(r, groups[g].from, groups[g].to, err));
    return MR_OK;
}

/* Two people of SOURCE can be one of TARGET where somebody said so. */
static bool is_shared(const struct reading *r, const struct mr_csv_field *fields)
{
    return r->at[DECISION] != SIZE_MAX &&
           strcmp(fields[r->at[DECISION]].ptr, MR_DECIDE_MERGED) == 0;
}

/* Each row of SOURCE, and each key of TARGET, is one line's. */
static enum mr_code check_once(struct reading *r, const char *table, const char *text, int side,
                               struct mr_err *err)
{
    bool is_first = false;
    enum mr_code code =
        MR_CASE_ASK(r->once, &is_first, err, MR_ARG_TEXT("tbl", table), MR_ARG_INT("side", side),
                    MR_ARG_BLOB("key", r->keys[side].ptr, r->keys[side].len));
    mr_case_reset(r->once);
    return code == MR_OK && !is_first
               ? mr_err_set(err, MR_E_REFUSED,
                            "key \"%.200s\" of table \"%s\" of the %s stands twice", text, table,
                            side == MR_SOURCE ? "source" : "target")
               : code;
}

/* What only plans of this version tell. */
static enum mr_code read_proof(struct reading *r, const struct mr_csv_field *fields,
                               struct mr_merge_mapping *mapping, struct mr_digest *digest,
                               struct mr_err *err)
{
    const struct mr_csv_field *hex = &fields[r->at[IDENTITY_KEY]];
    const char *text = fields[r->at[DIGEST]].ptr;
    const char *decision = fields[r->at[DECISION]].ptr;
    unsigned char bytes[sizeof *digest];
    mapping->is_merged = strcmp(decision, MR_DECIDE_MERGED) == 0;
    mapping->is_matched =
        mapping->is_merged || strcmp(decision, mr_decision_name(MR_DECIDE_MATCHED)) == 0;
    if (!mapping->is_matched && strcmp(decision, mr_decision_name(MR_DECIDE_INSERT)) != 0 &&
        strcmp(decision, mr_decision_name(MR_DECIDE_RENUMBER)) != 0)
        return mr_err_set(err, MR_E_REFUSED, "\"%.40s\" is no decision of an id map", decision);
    if (!add_bytes(&r->identity, text, fields[r->at[DIGEST]].len) ||
        r->identity.len != sizeof bytes)
        return mr_err_set(err, MR_E_REFUSED, "\"%.60s\" is no digest", text);
    memcpy(bytes, r->identity.ptr, sizeof bytes);
    *digest = (struct mr_digest){0};
    for (size_t i = 0; i < sizeof bytes; i++) {
        uint64_t *half = i < sizeof bytes / 2 ? &digest->hi : &digest->lo;
        *half = *half << 8 | bytes[i];
    }
    mapping->digest = (struct mr_key){digest, sizeof *digest};
    if (!add_bytes(&r->identity, hex->ptr, hex->len))
        return mr_err_set(err, MR_E_REFUSED, "\"%.60s\" is no identity key", hex->ptr);
    if (r->identity.len > 0)
        mapping->identity = (struct mr_key){r->identity.ptr, r->identity.len};
    return mr_strbuf_check(&r->identity, "reading an id map", err);
}

static enum mr_code read_line(struct reading *r, const struct mr_csv_field *fields,
                              struct mr_err *err)
{
    const char *name = fields[r->at[TABLE]].ptr;
    const struct mr_plan_table *t = NULL;
    struct mr_merge_mapping mapping = {.table = name};
    struct mr_digest digest;
    enum mr_code code = MR_OK;
    for (size_t i = 0; t == NULL && i < r->tables->ntables; i++)
        if (strcmp(mr_plan_table_name(&r->tables->tables[i]), name) == 0)
            t = &r->tables->tables[i];
    if (t == NULL || t->key.count == 0)
        return mr_err_set(err, MR_E_REFUSED, "table \"%s\" is not planned", name);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        const struct mr_csv_field *text = &fields[r->at[SOURCE_KEY + side]];
        code = r->at[SOURCE_BYTES] != SIZE_MAX
                   ? take_key(t, text, &fields[r->at[SOURCE_BYTES + side]], &r->keys[side], err)
                   : encode_key(r, t, text->ptr, &r->keys[side], err);
        if (code == MR_OK && (side == MR_SOURCE || !is_shared(r, fields)))
            code = check_once(r, name, text->ptr, side, err);
    }
    mapping.source_key = (struct mr_key){r->keys[0].ptr, r->keys[0].len};
    mapping.target_key = (struct mr_key){r->keys[1].ptr, r->keys[1].len};
    if (code == MR_OK && r->at[DIGEST] != SIZE_MAX)
        code = read_proof(r, fields, &mapping, &digest, err);
    if (code == MR_OK)
        code = mr_merge_remember(r->cf, &mapping, err);
    return code == MR_OK ? mr_plan_written_add(r->cf, t, mapping.source_key, err) : code;
}

static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t line, struct mr_err *err)
{
    struct reading *r = ctx;
    enum mr_code code = MR_OK;
    if (r->width == 0)
        code = read_header(r, fields, count, err);
    else if (count == 1 && fields[0].len == 0)
        return MR_OK; /* an empty line, as editors leave one */
    else if (count != r->width)
        code =
            mr_err_set(err, MR_E_REFUSED, "%zu fields where the header has %zu", count, r->width);
    else
        code = read_line(r, fields, err);
    if (code != MR_OK)
        mr_err_context(err, "id map \"%s\", line %" PRIu64, r->path, line);
    return code;
}

static enum mr_code read_file(struct reading *r, struct mr_err *err)
{
    struct mr_csv_in csv;
    mr_csv_in_init(&csv, take_record, r);
    enum mr_code code = mr_csv_in_file(&csv, r->path, MR_IN_NAMED, err);
    if (code == MR_OK && r->width == 0)
        code = mr_err_set(err, MR_E_REFUSED, "id map \"%s\" is empty", r->path);
    mr_csv_in_release(&csv);
    return code;
}

enum mr_code mr_plan_idmap_read(const char *path, struct mr_findings *fd,
                                const struct mr_plan_tables *tables, struct mr_err *err)
{
    struct reading r = {.path = path,
                        .tables = tables,
                        .cf = mr_findings_case(fd),
                        .part = MR_STRBUF_INIT,
                        .bytes = MR_STRBUF_INIT,
                        .keys = {MR_STRBUF_INIT, MR_STRBUF_INIT},
                        .identity = MR_STRBUF_INIT};
    enum mr_code code =
        mr_case_exec(r.cf,
                     "DROP TABLE IF EXISTS temp.idmap; CREATE TEMP TABLE idmap (tbl TEXT,"
                     " side INT, key BLOB, PRIMARY KEY (tbl, side, key)) WITHOUT ROWID",
                     err);
    if (code == MR_OK)
        code = mr_case_prepare(r.cf,
                               "INSERT OR IGNORE INTO idmap (tbl, side, key)"
                               " VALUES (:tbl, :side, :key) RETURNING 1",
                               &r.once, err);
    if (code == MR_OK)
        code = read_file(&r, err);
    mr_case_free(r.once);
    mr_strbuf_release(&r.part);
    mr_strbuf_release(&r.bytes);
    mr_strbuf_release(&r.keys[0]);
    mr_strbuf_release(&r.keys[1]);
    mr_strbuf_release(&r.identity);
    return code;
}
