/* column_rule.c: see column_rule.h. */
#include "core/source/column_rule.h"

#include <stdlib.h>
#include <string.h>

#include "core/row/exact_sum.h"
#include "core/row/row_class.h"
#include "core/schema/column_fit.h"
#include "core/schema/type_member.h"
#include "core/source/key_order.h"

static const char *const names[MR_COLUMN_RULES] = {
#define MR_COLUMN_RULE(symbol, name) [MR_RULE_##symbol] = name,
#define MR_RULE_ANSWER(symbol, words)
#include "core/source/column_rule.def"
#undef MR_COLUMN_RULE
#undef MR_RULE_ANSWER
};

static const char *const answers[MR_RULE_ANSWERS] = {
#define MR_COLUMN_RULE(symbol, name)
#define MR_RULE_ANSWER(symbol, words) [MR_RULE_##symbol] = words,
#include "core/source/column_rule.def"
#undef MR_COLUMN_RULE
#undef MR_RULE_ANSWER
};

const char *mr_column_rule_name(enum mr_column_rule rule)
{
    return names[rule];
}

enum mr_column_rule mr_column_rule_named(const char *name)
{
    for (size_t i = MR_RULE_NONE + 1; i < MR_COLUMN_RULES; i++)
        if (strcmp(names[i], name) == 0)
            return (enum mr_column_rule)i;
    return MR_RULE_NONE;
}

const char *mr_rule_answer_words(enum mr_rule_answer answer)
{
    return answers[answer];
}

/* ---- which columns a rule is for ---- */

/* YEAR and BIT are integers, too, but nobody adds them up. */
static bool is_exact_number(const struct mr_column *c)
{
    return (mr_class_is_integer(c->cls) && strstr(c->data_type, "int") != NULL) ||
           c->cls == MR_CLASS_DECIMAL;
}

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Is a letter of ASCII one byte of its own?  Else commas and blanks are none either. */
static bool has_ascii(const struct mr_column *c)
{
    return c->charset != NULL && !begins(c->charset, "utf16") && !begins(c->charset, "utf32") &&
           strcmp(c->charset, "ucs2") != 0;
}

static bool ends(const char *text, const char *end)
{
    const size_t n = text != NULL ? strlen(text) : 0, m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Is the order of texts that of their bytes?  Of the character sets of East Asia it need not be. */
static bool is_by_bytes(const struct mr_column *c)
{
    return ends(c->collation, "_bin") &&
           (begins(c->charset, "utf8") || begins(c->charset, "latin") ||
            strcmp(c->charset, "ascii") == 0);
}

/* A type that is not known has the class BINARY, too. */
static bool is_bytes(const struct mr_column *c)
{
    return c->cls == MR_CLASS_BINARY &&
           (ends(c->data_type, "binary") || ends(c->data_type, "blob"));
}

static bool has_order(const struct mr_column *c)
{
    return mr_class_is_number(c->cls) || mr_class_is_moment(c->cls) || c->cls == MR_CLASS_TIME ||
           is_bytes(c) || (c->cls == MR_CLASS_TEXT && !c->is_json && is_by_bytes(c));
}

const char *mr_rule_misfit(enum mr_column_rule rule, const struct mr_column *source,
                           const struct mr_column *target)
{
    if (!mr_column_fit_is_same(target, source))
        return "the column is of two types on SOURCE and TARGET";
    switch (rule) {
    case MR_RULE_ADD: return is_exact_number(target) ? NULL : "the column holds no exact numbers";
    case MR_RULE_MAX:
    case MR_RULE_MIN:
        return has_order(target) && has_order(source)
                   ? NULL
                   : "the column has no order that is known here: numbers, times and bytes have "
                     "one, "
                     "and texts in UTF-8, latin or ascii whose collation ends in _bin";
    case MR_RULE_UNION:
        return target->cls == MR_CLASS_ENUM && target->is_set && !target->empty_member &&
                       has_ascii(target)
                   ? NULL
                   : "the column is no SET whose members can be told apart";
    case MR_RULE_NONE:
    case MR_RULE_NEWEST:
    case MR_RULE_SOURCE:
    case MR_RULE_TARGET:
    case MR_COLUMN_RULES: break;
    }
    return NULL;
}

static bool is_null(const struct mr_rule_values *v)
{
    return v->source->cls == MR_CLASS_NULL || v->target->cls == MR_CLASS_NULL ||
           (v->base != NULL && v->base->cls == MR_CLASS_NULL);
}

/* ---- add ---- */

/* As the column has it; whoever calls has seen that it fits. */
static struct mr_value number_of(const struct mr_column *c, const char *text)
{
    if (c->cls == MR_CLASS_INT)
        return (struct mr_value){.cls = c->cls, .i = strtoll(text, NULL, 10)};
    if (c->cls == MR_CLASS_UINT)
        return (struct mr_value){.cls = c->cls, .u = strtoull(text, NULL, 10)};
    return (struct mr_value){.cls = MR_CLASS_DECIMAL, .ptr = text, .len = strlen(text)};
}

static bool is_held(const struct mr_column *c, const char *text)
{
    const struct mr_value sum = {.cls = MR_CLASS_DECIMAL, .ptr = text, .len = strlen(text)};
    struct mr_strbuf why = MR_STRBUF_INIT;
    const bool held = mr_column_fit(c, &(struct mr_fit_value){.value = &sum}, &why) == MR_FIT_YES;
    mr_strbuf_release(&why);
    return held;
}

enum mr_rule_answer mr_rule_add(const struct mr_rule_values *v, struct mr_strbuf *out)
{
    char text[MR_EXACT_TEXT];
    if (v->base == NULL)
        return MR_RULE_NO_BASE;
    if (is_null(v))
        return MR_RULE_IS_NULL;
    if (!mr_exact_sum(v->target, v->source, v->base, text))
        return MR_RULE_NO_NUMBER;
    if (v->column->is_unsigned && *text == '-')
        return MR_RULE_NEGATIVE;
    if (!is_held(v->column, text))
        return MR_RULE_OVERFLOWS;
    const struct mr_value sum = number_of(v->column, text);
    (void)mr_row_encode(out, &sum, NULL); /* no long value */
    return MR_RULE_TAKES_VALUE;
}

/* ---- max and min ---- */

/* Most collations take a short text as if blanks stood behind it. */
static bool is_padded(const struct mr_column *c)
{
    return !ends(c->collation, "_nopad_bin") && !ends(c->collation, "_0900_bin");
}

static int compare_texts(const struct mr_column *col, const struct mr_value *a,
                         const struct mr_value *b)
{
    const unsigned char *x = a->ptr, *y = b->ptr;
    const size_t most = a->len > b->len ? a->len : b->len;
    const int behind = is_padded(col) ? ' ' : -1;
    for (size_t i = 0; i < most; i++) {
        const int c = i < a->len ? x[i] : behind, d = i < b->len ? y[i] : behind;
        if (c != d)
            return c < d ? -1 : 1;
    }
    return 0;
}

static int compare_keys(const struct mr_value *a, const struct mr_value *b)
{
    struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
    (void)mr_row_encode(&x, a, NULL);
    (void)mr_row_encode(&y, b, NULL);
    const int order = x.failed || y.failed ? 0
                                           : mr_key_order_compare(1, (struct mr_key){x.ptr, x.len},
                                                                  (struct mr_key){y.ptr, y.len});
    mr_strbuf_release(&x);
    mr_strbuf_release(&y);
    return order;
}

static bool same_kind(const struct mr_value *a, const struct mr_value *b)
{
    return a->cls == b->cls || (mr_class_is_integer(a->cls) && mr_class_is_integer(b->cls));
}

/* 0: they are alike, or no order tells. */
static int compare(const struct mr_column *col, const struct mr_value *a, const struct mr_value *b)
{
    if (!same_kind(a, b))
        return 0;
    if (a->cls == MR_CLASS_FLOAT || a->cls == MR_CLASS_DOUBLE)
        return (a->d > b->d) - (a->d < b->d);
    return a->cls == MR_CLASS_TEXT ? compare_texts(col, a, b) : compare_keys(a, b);
}

enum mr_rule_answer mr_rule_extreme(const struct mr_rule_values *v, bool greatest)
{
    if (v->source->cls == MR_CLASS_NULL || v->target->cls == MR_CLASS_NULL)
        return MR_RULE_IS_NULL;
    const int order = compare(v->column, v->source, v->target);
    if (order == 0)
        return MR_RULE_NO_ORDER;
    return (order > 0) == greatest ? MR_RULE_TAKES_SOURCE : MR_RULE_TAKES_TARGET;
}

/* ---- union ---- */

/* The member's bytes are those of the definition if both are ASCII, or both are UTF-8. */
static bool is_readable(const struct mr_column *c, const struct mr_value *v)
{
    const unsigned char *at = v->ptr;
    for (size_t i = 0; !begins(c->charset, "utf8") && i < v->len; i++)
        if (at[i] > 0x7f)
            return false;
    return true;
}

/* Has the value, "a,b,c", the member? */
static bool has_member(const struct mr_value *v, const struct mr_strbuf *member)
{
    const char *at = v->ptr, *end = at + v->len;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const size_t len = (size_t)((comma != NULL ? comma : end) - at);
        if (len == member->len && memcmp(at, member->ptr, len) == 0)
            return true;
        at += len + 1;
    }
    return false;
}

static size_t count_members(const struct mr_value *v)
{
    size_t n = v->len > 0;
    for (size_t i = 0; i < v->len; i++)
        n += ((const char *)v->ptr)[i] == ',';
    return n;
}

enum mr_rule_answer mr_rule_union(const struct mr_rule_values *v, struct mr_strbuf *out)
{
    if (v->source->cls == MR_CLASS_NULL || v->target->cls == MR_CLASS_NULL)
        return MR_RULE_IS_NULL;
    const char *at = mr_type_members(v->column->type);
    struct mr_strbuf member = MR_STRBUF_INIT, all = MR_STRBUF_INIT;
    size_t of_source = 0, of_target = 0, of_both = 0;
    while (mr_type_next_member(&at, &member)) {
        const bool ours = has_member(v->source, &member), theirs = has_member(v->target, &member);
        of_source += ours;
        of_target += theirs;
        of_both += ours && theirs;
        if (!ours && !theirs)
            continue;
        if (all.len > 0)
            mr_strbuf_add_char(&all, ',');
        mr_strbuf_add(&all, member.ptr, member.len);
    }
    const bool told = is_readable(v->column, v->source) && is_readable(v->column, v->target) &&
                      of_source == count_members(v->source) &&
                      of_target == count_members(v->target);
    const bool is_targets = of_both == of_source; /* as after a merge: nothing is written */
    const struct mr_value value = {.cls = MR_CLASS_ENUM, .ptr = all.ptr, .len = all.len};
    if (told && !is_targets)
        (void)mr_row_encode(out, &value, NULL);
    out->failed = out->failed || member.failed || all.failed;
    mr_strbuf_release(&member);
    mr_strbuf_release(&all);
    if (!told)
        return MR_RULE_NO_MEMBERS;
    return is_targets ? MR_RULE_TAKES_TARGET : MR_RULE_TAKES_VALUE;
}

/* ---- newest ---- */

/* Is a later than b, whatever of what is possible is so? */
static bool is_later(struct mr_rule_times a, struct mr_rule_times b, uint64_t skew_us)
{
    return a.from_us > b.to_us && a.from_us - b.to_us > skew_us;
}

enum mr_rule_answer mr_rule_newest(struct mr_rule_times source, struct mr_rule_times target,
                                   uint64_t skew_us)
{
    if (!source.is_known || !target.is_known)
        return MR_RULE_NO_TIME;
    if (is_later(source, target, skew_us))
        return MR_RULE_TAKES_SOURCE;
    return is_later(target, source, skew_us) ? MR_RULE_TAKES_TARGET : MR_RULE_TOO_CLOSE;
}
