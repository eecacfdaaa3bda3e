/* decision_line.c: see decision_line.h. */
#include "repair/planning/decision_line.h"

#include <string.h>

#include "core/file/csv_in.h"
#include "core/json/json_in.h"
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

/* Blanks at the ends of the file's key are gone. */
static bool is_same(const struct mr_strbuf *told, const char *key)
{
    const struct mr_csv_field is = mr_csv_trimmed((struct mr_csv_field){told->ptr, told->len});
    return strlen(key) == is.len && memcmp(key, is.ptr, is.len) == 0;
}

static enum mr_code compare(const struct mr_strbuf *told, const char *key, struct mr_err *err)
{
    if (is_same(told, key))
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the key is \"%.200s\", and the row that stands beside it has \"%.200s\"", key,
                     told->ptr);
    mr_err_hint(err,
                "A spreadsheet makes other values of what it takes for numbers or dates: import "
                "the column of the key as text, and decide again.");
    return MR_E_REFUSED;
}

enum mr_code mr_decision_line_check(const struct mr_plan_table *table, const char *key,
                                    const char *image, struct mr_err *err)
{
    struct mr_strbuf told = MR_STRBUF_INIT;
    struct mr_json_doc *doc = NULL;
    if (table->key.count == 0 || key[0] == '\0' || image[0] == '\0' || mr_asked_is_digest(image))
        return MR_OK;
    enum mr_code code = mr_json_parse(image, strlen(image), "a row", &doc, NULL);
    if (code != MR_OK)
        return code == MR_E_NOMEM ? mr_err_nomem(err, "reading decisions") : MR_OK;
    if (add_key(&told, table, mr_json_root(doc))) {
        code = mr_strbuf_check(&told, "reading decisions", err);
        if (code == MR_OK)
            code = compare(&told, key, err);
    }
    mr_strbuf_release(&told);
    mr_json_free(doc);
    return code;
}

bool mr_decision_line_is_rounded(const char *key)
{
    const char *digits = key[0] == '-' ? key + 1 : key;
    const size_t len = strspn(digits, "0123456789");
    return digits[len] == '\0' && len > DIGITS && strspn(digits + DIGITS, "0") == len - DIGITS;
}
