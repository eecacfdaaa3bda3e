/* decision_line.c: see decision_line.h. */
#include "repair/planning/decision_line.h"

#include <string.h>

#include "core/file/csv_in.h"
#include "core/json/json_in.h"
#include "core/row/row_class.h"
#include "repair/plan/asked.h"

#define DIGITS 15 /* that a spreadsheet keeps of a number */

/* Texts stand as they are, bytes as {"hex":"…"}, NULL as null.  False: there is no such member, or it
 * is none of these. */
static bool add_value(struct mr_strbuf *out, const struct json_t *row, const char *name)
{
    const struct json_t *bytes = NULL;
    const char *text = NULL;
    if (!mr_json_has(row, name))
        return false;
    if (mr_json_get_text_or_null(row, name, &text, NULL) == MR_OK) {
        mr_strbuf_add_str(out, text != NULL ? text : "");
        return true;
    }
    if (mr_json_get_object(row, name, &bytes, NULL) != MR_OK ||
        mr_json_get_text(bytes, "hex", &text, NULL) != MR_OK)
        return false;
    mr_strbuf_add_str(out, text);
    return true;
}

/* As a plan prints keys; false where the row does not tell all of it. */
static bool add_key(struct mr_strbuf *out, const struct mr_plan_table *t, const struct json_t *row)
{
    for (size_t i = 0; i < t->key.count; i++) {
        if (i > 0)
            mr_strbuf_add_char(out, ',');
        if (!add_value(out, row, mr_plan_column_name(t, t->key.at[i])))
            return false;
    }
    return true;
}

static enum mr_code refuse(struct mr_csv_field key, const struct mr_strbuf *told,
                           struct mr_err *err)
{
    const int len = key.len < 200 ? (int)key.len : 200;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the key is \"%.*s\", and the row that stands beside it has \"%.200s\"", len,
                     key.ptr, told->ptr);
    mr_err_hint(err,
                "A spreadsheet makes other values of what it takes for numbers or dates: import "
                "the column of the key as text, and decide again.");
    return MR_E_REFUSED;
}

/* The key of the row that stands beside the field's; *is false: it does not tell one. */
static enum mr_code read_image(const struct mr_plan_table *table, const char *image,
                               struct mr_strbuf *told, bool *is, struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    *is = false;
    mr_strbuf_reset(told);
    if (image[0] == '\0' || mr_asked_is_digest(image))
        return MR_OK;
    enum mr_code code = mr_json_parse(image, strlen(image), "a row", &doc, NULL);
    if (code != MR_OK)
        return code == MR_E_NOMEM ? mr_err_nomem(err, "reading decisions") : MR_OK;
    *is = add_key(told, table, mr_json_root(doc));
    mr_json_free(doc);
    return mr_strbuf_check(told, "reading decisions", err);
}

/* A text may begin or end with blanks, and another row's be the same without them. */
static bool has_text(const struct mr_plan_table *table)
{
    for (size_t i = 0; i < table->key.count; i++)
        if (mr_class_is_text(table->pair->find.columns[table->key.at[i]].style.cls))
            return true;
    return false;
}

/* Blanks around a field may be left out by whoever writes the file, and the row beside it still has them. */
enum mr_code mr_decision_line_key(const struct mr_plan_table *table, struct mr_csv_field field,
                                  const char *image, struct mr_strbuf *key, struct mr_err *err)
{
    const struct mr_csv_field written = mr_csv_trimmed(field);
    bool is_told = false;
    if (table->key.count > 0)
        MR_TRY(read_image(table, image, key, &is_told, err));
    if (is_told) {
        const struct mr_csv_field told = mr_csv_trimmed((struct mr_csv_field){key->ptr, key->len});
        if (written.len == told.len && memcmp(written.ptr, told.ptr, told.len) == 0)
            return MR_OK;
        if (written.len > 0)
            return refuse(written, key, err);
    }
    const struct mr_csv_field taken = has_text(table) ? field : written;
    mr_strbuf_reset(key);
    mr_strbuf_add(key, taken.ptr, taken.len);
    return mr_strbuf_check(key, "reading decisions", err);
}

bool mr_decision_line_is_rounded(const char *key)
{
    const char *digits = key[0] == '-' ? key + 1 : key;
    const size_t len = strspn(digits, "0123456789");
    return digits[len] == '\0' && len > DIGITS && strspn(digits + DIGITS, "0") == len - DIGITS;
}

bool mr_decision_line_is_vague(const struct mr_plan_columns *columns, const char *text)
{
    size_t commas = 0;
    for (const char *at = text; (at = strchr(at, ',')) != NULL; at++)
        commas++;
    return columns->count >= 2 && commas >= columns->count;
}
