/* history_text.c: see history_text.h. */
#include "recon/history/history_text.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "core/base/utf8.h"
#include "core/case/evidence_reason.h"

#define VALUE_WIDTH 40 /* columns of a terminal that a value takes at most */

static const char *const side_names[2] = {"source", "target"};

enum mr_mask *mr_history_masks(const struct mr_find_table *table, bool unmask,
                               struct mr_arena *arena)
{
    enum mr_mask *masks = mr_arena_calloc(arena, table->ncolumns + 1, sizeof *masks);
    for (size_t i = 0; masks != NULL && i < table->ncolumns; i++)
        masks[i] = table->columns[i].masked && !unmask ? MR_MASK_VALUE : MR_MASK_OFF;
    return masks;
}

/* ---- values ---- */

/* Letters of these are no bytes of ASCII, though they may look like them. */
static bool is_wide(const char *charset)
{
    return charset != NULL &&
           (strncasecmp(charset, "utf16", 5) == 0 || strncasecmp(charset, "utf32", 5) == 0 ||
            strncasecmp(charset, "ucs2", 4) == 0);
}

static bool is_ascii(const struct mr_value *value)
{
    const unsigned char *bytes = value->ptr;
    for (size_t i = 0; i < value->len; i++)
        if (bytes[i] >= 0x80)
            return false;
    return true;
}

/* An image of a log has the bytes of the column's own character set: where these are not UTF-8, what is
 * beyond ASCII is shown as bytes rather than as other letters. */
static enum mr_code decode(struct mr_key encoded, const struct mr_find_column *column,
                           struct mr_value *value, struct mr_value_style *style, struct mr_err *err)
{
    size_t at = 0;
    *style = column->style;
    MR_TRY(mr_row_decode(encoded.ptr, encoded.len, &at, value, err));
    const bool is_foreign = column->charset != NULL &&
                            strncasecmp(column->charset, "utf8", 4) != 0 &&
                            (is_wide(column->charset) || !is_ascii(value));
    if (value->cls == MR_CLASS_TEXT && is_foreign)
        value->cls = style->cls = MR_CLASS_BINARY;
    return MR_OK;
}

/* Of bytes nothing is shown: the ends of a digest only give away part of it. */
static void add_masked(struct mr_strbuf *out, const struct mr_value *value,
                       struct mr_value_style style, enum mr_mask mask)
{
    struct mr_strbuf plain = MR_STRBUF_INIT, masked = MR_STRBUF_INIT;
    const bool is_binary = value->cls == MR_CLASS_BINARY || value->cls == MR_CLASS_GEOMETRY;
    mr_value_to_text(&plain, value, style);
    mr_mask_text(is_binary && mask == MR_MASK_VALUE ? MR_MASK_SECRET : mask,
                 value->cls == MR_CLASS_TEXT || value->cls == MR_CLASS_JSON, plain.ptr, plain.len,
                 &masked);
    mr_utf8_show(out, masked.ptr, masked.len, false);
    out->failed = out->failed || plain.failed || masked.failed;
    mr_strbuf_release(&plain);
    mr_strbuf_release(&masked);
}

/* As wide as a value is that is not masked. */
static void add_short(struct mr_strbuf *out, const struct mr_value *value,
                      struct mr_value_style style, enum mr_mask mask)
{
    struct mr_strbuf whole = MR_STRBUF_INIT;
    add_masked(&whole, value, style, mask);
    const size_t fits = mr_utf8_fit(whole.ptr, whole.len, VALUE_WIDTH);
    mr_strbuf_add(out, whole.ptr, fits);
    if (fits < whole.len)
        mr_strbuf_add_str(out, "…");
    out->failed = out->failed || whole.failed;
    mr_strbuf_release(&whole);
}

enum mr_code mr_history_add_value(struct mr_strbuf *out, struct mr_key encoded,
                                  const struct mr_find_column *column, enum mr_mask mask,
                                  struct mr_err *err)
{
    struct mr_value value;
    struct mr_value_style style;
    if (encoded.ptr == NULL) {
        mr_strbuf_add_char(out, '?');
        return MR_OK;
    }
    MR_TRY(decode(encoded, column, &value, &style, err));
    if (mask == MR_MASK_OFF || value.cls == MR_CLASS_NULL)
        mr_value_to_screen(out, &value, style, VALUE_WIDTH);
    else
        add_short(out, &value, style, mask);
    return MR_OK;
}

enum mr_code mr_history_put_value(struct mr_jsonw *w, struct mr_key encoded,
                                  const struct mr_find_column *column, enum mr_mask mask,
                                  struct mr_err *err)
{
    struct mr_value value;
    struct mr_value_style style;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    MR_TRY(decode(encoded, column, &value, &style, err));
    const bool is_plain = mask == MR_MASK_OFF || value.cls == MR_CLASS_NULL;
    if (is_plain)
        mr_value_to_json(&text, &value, style);
    else
        add_masked(&text, &value, style, mask);
    MR_TRY_OUT(mr_strbuf_check(&text, "writing JSON", err));
    if (is_plain)
        mr_jsonw_raw(w, text.ptr, text.len);
    else
        mr_jsonw_string(w, text.ptr, text.len);
out:
    mr_strbuf_release(&text);
    return code;
}

/* ---- keys, times, places ---- */

const struct mr_key *mr_history_key_values(const struct mr_find_table *table, struct mr_key key,
                                           struct mr_arena *arena)
{
    struct mr_key *values = mr_arena_calloc(arena, table->ncolumns + 1, sizeof *values);
    size_t at = 0;
    for (size_t n = 0; values != NULL && at < key.len; n++) {
        const size_t column = mr_image_part_column(table, MR_IMAGE_KEY, n), begin = at;
        if (column == table->ncolumns || mr_row_skip(key.ptr, key.len, &at, NULL) != MR_OK)
            return NULL;
        values[column] = (struct mr_key){(const char *)key.ptr + begin, at - begin};
    }
    return values;
}

enum mr_code mr_history_add_key(struct mr_strbuf *out, const struct mr_find_table *table,
                                struct mr_key key, const enum mr_mask *masks, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    const struct mr_key *values = mr_history_key_values(table, key, &arena);
    enum mr_code code = MR_OK;
    if (values == NULL)
        MR_TRY_OUT(mr_err_set(err, MR_E_CASE, "a key of the case file is damaged"));
    for (size_t n = 0; mr_image_part_column(table, MR_IMAGE_KEY, n) < table->ncolumns; n++) {
        const size_t i = mr_image_part_column(table, MR_IMAGE_KEY, n);
        mr_strbuf_add_str(out, n > 0 ? ", " : "");
        mr_utf8_show_str(out, table->columns[i].name);
        mr_strbuf_add_char(out, ' ');
        MR_TRY_OUT(mr_history_add_value(out, values[i], &table->columns[i], masks[i], err));
    }
out:
    mr_arena_release(&arena);
    return code;
}

void mr_history_add_place(struct mr_strbuf *out, const struct mr_evidence_tx *tx)
{
    if (tx->gtid[0] != '\0') {
        mr_utf8_show_str(out, tx->gtid);
        mr_strbuf_add_str(out, "  ");
    }
    mr_utf8_show_str(out, tx->log);
    mr_strbuf_add_fmt(out, ":%" PRIu64, tx->position);
}

/* ---- rows ---- */

/* "phone 'a', note 'x'": what is known of a row, but for its key; in front of it `between`. */
static enum mr_code add_row(struct mr_strbuf *out, const struct mr_find_table *table,
                            const struct mr_key *values, const enum mr_mask *masks,
                            const char *between, struct mr_err *err)
{
    for (size_t i = 0; i < table->ncolumns; i++) {
        if (values[i].ptr == NULL || table->columns[i].key_at >= 0)
            continue;
        mr_strbuf_add_str(out, between);
        mr_utf8_show_str(out, table->columns[i].name);
        mr_strbuf_add_char(out, ' ');
        MR_TRY(mr_history_add_value(out, values[i], &table->columns[i], masks[i], err));
        between = ", ";
    }
    return MR_OK;
}

static enum mr_code add_update(struct mr_strbuf *out, const struct mr_key_history *h,
                               const struct mr_key_change *change, const enum mr_mask *masks,
                               struct mr_err *err)
{
    const char *between = " ";
    for (size_t i = 0; i < h->table->ncolumns; i++) {
        const struct mr_find_column *column = &h->table->columns[i];
        const struct mr_key was = change->was[i], is = change->is[i];
        if (is.ptr == NULL || (was.ptr != NULL && mr_row_same(was.ptr, was.len, is.ptr, is.len)))
            continue;
        mr_strbuf_add_str(out, between);
        mr_utf8_show_str(out, column->name);
        mr_strbuf_add_str(out, ": ");
        MR_TRY(mr_history_add_value(out, was, column, masks[i], err));
        mr_strbuf_add_str(out, " → ");
        MR_TRY(mr_history_add_value(out, is, column, masks[i], err));
        between = ", ";
    }
    return MR_OK;
}

/* From or to which key an UPDATE of the key has taken the row. */
static enum mr_code add_other_key(struct mr_strbuf *out, const struct mr_key_history *h,
                                  const struct mr_key_change *change, const enum mr_mask *masks,
                                  struct mr_err *err)
{
    const struct mr_evidence_mark *mark = &h->marks[change->side];
    if ((!change->from_key || mark->came.ptr == NULL) &&
        (!change->to_key || mark->went.ptr == NULL))
        return MR_OK;
    mr_strbuf_add_str(out, change->from_key ? " (its key was changed from " : " (its key became ");
    MR_TRY(
        mr_history_add_key(out, h->table, change->from_key ? mark->came : mark->went, masks, err));
    mr_strbuf_add_char(out, ')');
    return MR_OK;
}

enum mr_code mr_history_add_deed(struct mr_strbuf *out, const struct mr_key_history *h,
                                 const struct mr_key_change *change, const enum mr_mask *masks,
                                 struct mr_err *err)
{
    switch (change->kind) {
    case MR_CHANGE_UPDATE: mr_strbuf_add_str(out, "changed"); break;
    case MR_CHANGE_INSERT: mr_strbuf_add_str(out, "inserted"); break;
    case MR_CHANGE_DELETE: mr_strbuf_add_str(out, "deleted"); break;
    }
    MR_TRY(add_other_key(out, h, change, masks, err));
    if (change->kind == MR_CHANGE_UPDATE)
        return add_update(out, h, change, masks, err);
    return add_row(out, h->table, change->kind == MR_CHANGE_INSERT ? change->is : change->was,
                   masks, " ", err);
}

/* ---- both sides together ---- */

/* Of columns that only one side's log has seen, the base is that; of no row at all, words. */
static enum mr_code add_base_row(struct mr_strbuf *out, const struct mr_key_history *h,
                                 const enum mr_mask *masks, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_key *values = mr_arena_calloc(&arena, h->table->ncolumns + 1, sizeof *values);
    enum mr_code code = MR_OK;
    if (values == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "showing a row"));
    for (size_t i = 0; i < h->table->ncolumns; i++)
        values[i] = mr_explain_column(&h->explain, i)->base;
    MR_TRY_OUT(add_row(out, h->table, values, masks, "", err));
    if (h->explain.bases_differ)
        mr_strbuf_add_str(out, "; where the two sides had different values, no value stands here");
out:
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_history_add_base(struct mr_strbuf *out, const struct mr_key_history *h,
                                 const enum mr_mask *masks, struct mr_err *err)
{
    if (h->known == MR_ROWS_UNKNOWN) {
        mr_strbuf_add_str(out, "not known: the run has kept no row of this key");
        return MR_OK;
    }
    switch (h->explain.base) {
    case MR_BASE_ROW: return add_base_row(out, h, masks, err);
    case MR_BASE_ABSENT: mr_strbuf_add_str(out, "no such row"); break;
    case MR_BASE_CONTRADICTED:
        mr_strbuf_add_str(out, "one side had the row, and the other had not");
        break;
    case MR_BASE_UNKNOWN: mr_strbuf_add_str(out, "not known: neither log tells"); break;
    }
    return MR_OK;
}

static const char *changed_words(enum mr_changed changed)
{
    switch (changed) {
    case MR_CHANGED_NOBODY: return "changed by nobody";
    case MR_CHANGED_BY_SOURCE: return "changed by source";
    case MR_CHANGED_BY_TARGET: return "changed by target";
    case MR_CHANGED_ALIKE: return "changed by both alike";
    case MR_CHANGED_BY_BOTH: return "changed by both";
    case MR_CHANGED_UNSEEN: return "not seen in the logs";
    case MR_CHANGED_NOT_TOLD: return "the logs do not tell by whom";
    case MR_CHANGED_BY_CASCADE: return "changed by a cascade of source";
    case MR_CHANGED_UNEXPLAINED: break;
    }
    return "no logged change explains it";
}

/* "phone 'a' | 'b', changed by source" */
static enum mr_code add_difference(struct mr_strbuf *out, const struct mr_key_history *h,
                                   const struct mr_seen_image rows[2], size_t i,
                                   const enum mr_mask *masks, struct mr_err *err)
{
    const struct mr_find_column *column = &h->table->columns[i];
    const struct mr_explain_column *known = mr_explain_column(&h->explain, i);
    mr_utf8_show_str(out, column->name);
    mr_strbuf_add_char(out, ' ');
    MR_TRY(mr_history_add_value(out, mr_seen_image_at(&rows[0], i), column, masks[i], err));
    mr_strbuf_add_str(out, " | ");
    MR_TRY(mr_history_add_value(out, mr_seen_image_at(&rows[1], i), column, masks[i], err));
    mr_strbuf_add_fmt(out, " (%s%s)", changed_words(known->changed),
                      known->inferred ? ", as the other side's log shows" : "");
    return MR_OK;
}

static enum mr_code add_differences(struct mr_strbuf *out, const struct mr_key_history *h,
                                    const enum mr_mask *masks, struct mr_err *err)
{
    struct mr_seen_image rows[2];
    const char *between = ": ";
    enum mr_code code = MR_OK;
    mr_seen_image_init(&rows[0]);
    mr_seen_image_init(&rows[1]);
    for (int side = 0; side < 2; side++)
        MR_TRY_OUT(mr_seen_image_open(&rows[side], h->rows[side].ptr, h->rows[side].len, err));
    for (size_t i = 0; i < h->table->ncolumns; i++) {
        if (!mr_explain_column(&h->explain, i)->differs)
            continue;
        mr_strbuf_add_str(out, between);
        MR_TRY_OUT(add_difference(out, h, rows, i, masks, err));
        between = ", ";
    }
out:
    mr_seen_image_release(&rows[0]);
    mr_seen_image_release(&rows[1]);
    return code;
}

enum mr_code mr_history_add_now(struct mr_strbuf *out, const struct mr_key_history *h,
                                const enum mr_mask *masks, struct mr_err *err)
{
    if (h->known != MR_ROWS_OF_FINDING) {
        mr_strbuf_add_str(out, h->standing == MR_STANDING_UNREAD ? "not compared"
                                                                 : "equal on both sides");
        if (h->standing == MR_STANDING_OPEN)
            mr_strbuf_add_str(out, ", unless it is one of the rows that were unsettled");
        return MR_OK;
    }
    mr_strbuf_add_str(out, mr_kind_name(h->kind));
    if (h->rows[0].ptr != NULL && h->rows[1].ptr != NULL)
        return add_differences(out, h, masks, err);
    mr_strbuf_add_fmt(out, ": on %s only", side_names[h->rows[0].ptr != NULL ? 0 : 1]);
    return MR_OK;
}

void mr_history_add_explained(struct mr_strbuf *out, const struct mr_key_history *h)
{
    switch (h->known == MR_ROWS_OF_FINDING ? h->explain.explained : MR_EXPLAINED_EQUAL) {
    case MR_EXPLAINED_EQUAL: mr_strbuf_add_str(out, "there is no difference"); break;
    case MR_EXPLAINED: mr_strbuf_add_str(out, "the logged changes explain the difference"); break;
    case MR_EXPLAINED_INFERRED:
        mr_strbuf_add_str(out,
                          "one side's log shows what the other side has changed, and not when");
        break;
    case MR_EXPLAINED_NOT_TOLD:
        mr_strbuf_add_str(out, "the logs do not tell where the difference comes from");
        break;
    case MR_EXPLAINED_NOT:
        mr_strbuf_add_str(out, "no logged change explains the difference: it is older than the "
                               "split, was made without the log, or by a foreign key, which no "
                               "log shows");
        break;
    }
}

void mr_history_add_reason(struct mr_strbuf *out, const char *reason,
                           const struct mr_find_table *table, const enum mr_mask *masks)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_evidence_add_reason(&text, reason, table, masks);
    mr_utf8_show(out, text.ptr, text.len, false);
    out->failed = out->failed || text.failed;
    mr_strbuf_release(&text);
}

void mr_history_add_untold(struct mr_strbuf *out, const struct mr_key_history *h, int side,
                           const enum mr_mask *masks)
{
    const struct mr_evidence_of *of = &h->of.of[side];
    if (of->witness != MR_WITNESS_GOOD) {
        mr_strbuf_add_str(out, of->witness == MR_WITNESS_NONE ? mr_told_text(MR_TOLD_UNREAD)
                                                              : mr_witness_name(of->witness));
        if (of->reason != NULL) {
            mr_strbuf_add_str(out, ": ");
            mr_history_add_reason(out, of->reason, h->table, masks);
        }
    } else if (h->known != MR_ROWS_UNKNOWN && h->explain.told[side] != MR_TOLD) {
        mr_strbuf_add_str(out, mr_told_text(h->explain.told[side]));
    }
}
