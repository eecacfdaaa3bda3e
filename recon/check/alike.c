/* alike.c: counting; see alike.h.  The sentence is made by alike_words.c. */
#include "recon/check/alike.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/row/row_class.h"
#include "core/row/when.h"

enum mr_code mr_alike_init(struct mr_alike *p, size_t ncolumns, struct mr_err *err)
{
    *p = (struct mr_alike){.columns = calloc(ncolumns + 1, sizeof *p->columns),
                           .ncolumns = ncolumns};
    mr_image_init(&p->source);
    mr_image_init(&p->target);
    return p->columns != NULL ? MR_OK : mr_err_nomem(err, "looking for what rows have in common");
}

void mr_alike_release(struct mr_alike *p)
{
    free(p->columns);
    mr_image_release(&p->source);
    mr_image_release(&p->target);
    *p = (struct mr_alike){0};
}

void mr_alike_reset(struct mr_alike *p)
{
    memset(p->columns, 0, (p->ncolumns + 1) * sizeof *p->columns);
    memset(p->sets, 0, sizeof p->sets);
    p->rows = p->wide = 0;
}

/* ---- offsets ---- */

/* A number, or microseconds; false where there is none to calculate with, as of a zero date. */
static bool number_of(const struct mr_value *value, int64_t *number)
{
    if (value->cls == MR_CLASS_INT) {
        *number = value->i;
        return true;
    }
    if (value->cls != MR_CLASS_DATE && value->cls != MR_CLASS_DATETIME &&
        value->cls != MR_CLASS_TIME)
        return false;
    const struct mr_time *t = &value->t;
    int64_t seconds = (int64_t)t->hour * 3600 + (int64_t)t->minute * 60 + t->second;
    if (value->cls == MR_CLASS_DATE)
        seconds = 0;
    if (value->cls != MR_CLASS_TIME) {
        if (t->month == 0 || t->day == 0 || t->year == 0)
            return false;
        seconds += mr_when_day_number(t) * 86400;
    }
    *number = seconds * 1000000 + (value->cls == MR_CLASS_DATE ? 0 : t->micros);
    if (value->cls == MR_CLASS_TIME && t->negative)
        *number = -*number;
    return true;
}

/* The first few are kept: where a constant is the cause it is met at once. */
static void count_offset(struct mr_alike_column *column, int64_t by)
{
    for (size_t i = 0; i < MR_ALIKE_OFFSETS; i++) {
        struct mr_alike_offset *o = &column->offsets[i];
        if (o->rows > 0 && o->by != by)
            continue;
        o->by = by;
        o->rows++;
        return;
    }
}

/* ---- texts ---- */

struct bytes {
    const unsigned char *ptr;
    size_t len;
};

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

static bool same_letters(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

static bool same_but_blanks(struct bytes a, struct bytes b)
{
    size_t least = a.len < b.len ? a.len : b.len;
    const struct bytes longer = a.len > b.len ? a : b;
    if (memcmp(a.ptr, b.ptr, least) != 0)
        return false;
    for (size_t i = least; i < longer.len; i++)
        if (longer.ptr[i] != ' ')
            return false;
    return true;
}

/* Is `twice` what comes out where the bytes of `once` are taken for the servers' latin1 and made
 * UTF-8?  Of its bytes 0x80 to 0x9f, which are cp1252's, any character is believed. */
static bool is_twice(struct bytes once, struct bytes twice)
{
    size_t at = 0;
    bool any = false;
    for (size_t i = 0; i < once.len; i++) {
        uint32_t c;
        if (at >= twice.len)
            return false;
        size_t n = mr_utf8_decode((const char *)twice.ptr + at, twice.len - at, &c);
        bool is_cp1252 = once.ptr[i] >= 0x80 && once.ptr[i] < 0xa0;
        if (n == 0 || (is_cp1252 ? c < 0x80 : c != once.ptr[i]))
            return false;
        any = any || once.ptr[i] >= 0x80;
        at += n;
    }
    return any && at == twice.len;
}

/* Has `marks` a question mark for each character of `whole` that is not ASCII? */
static bool has_marks(struct bytes whole, struct bytes marks)
{
    size_t at = 0;
    for (size_t i = 0; i < marks.len; i++) {
        uint32_t c;
        if (at >= whole.len)
            return false;
        size_t n = mr_utf8_decode((const char *)whole.ptr + at, whole.len - at, &c);
        if (n == 0 || (c < 0x80 ? c != marks.ptr[i] : marks.ptr[i] != '?'))
            return false;
        at += n;
    }
    return at == whole.len;
}

static enum mr_alike_way way_of_texts(struct bytes source, struct bytes target)
{
    if (same_letters(source, target))
        return MR_ALIKE_LETTER_CASE;
    if (same_but_blanks(source, target))
        return MR_ALIKE_BLANKS;
    if (is_twice(source, target))
        return MR_ALIKE_TWICE;
    if (is_twice(target, source))
        return MR_ALIKE_TWICE_BACK;
    if (has_marks(source, target))
        return MR_ALIKE_MARKS;
    return has_marks(target, source) ? MR_ALIKE_MARKS_BACK : MR_ALIKE_OTHERWISE;
}

/* ---- rows ---- */

static enum mr_alike_way way_of(const struct mr_value *source, const struct mr_value *target)
{
    if (target->cls == MR_CLASS_NULL)
        return MR_ALIKE_NULL_ON_TARGET;
    if (source->cls == MR_CLASS_NULL)
        return MR_ALIKE_NULL_ON_SOURCE;
    if (source->cls != MR_CLASS_TEXT || target->cls != MR_CLASS_TEXT)
        return MR_ALIKE_OTHERWISE;
    return way_of_texts((struct bytes){source->ptr, source->len},
                        (struct bytes){target->ptr, target->len});
}

static enum mr_code count_column(struct mr_alike *p, size_t at, bool masked, struct mr_err *err)
{
    struct mr_alike_column *column = &p->columns[at];
    struct mr_value source, target;
    int64_t from, to, by;
    MR_TRY(mr_image_value(&p->source, at, &source, err));
    MR_TRY(mr_image_value(&p->target, at, &target, err));
    column->rows++;
    column->ways[way_of(&source, &target)]++;
    if (!masked && source.cls == target.cls && number_of(&source, &from) &&
        number_of(&target, &to) && !__builtin_sub_overflow(to, from, &by))
        count_offset(column, by);
    return MR_OK;
}

static void count_set(struct mr_alike *p, const struct mr_alike_set *set)
{
    for (size_t i = 0; i < MR_ALIKE_SETS; i++) {
        struct mr_alike_set *kept = &p->sets[i];
        if (kept->count > 0 && (kept->count != set->count ||
                                memcmp(kept->columns, set->columns, sizeof set->columns) != 0))
            continue;
        kept->count = set->count;
        memcpy(kept->columns, set->columns, sizeof set->columns);
        kept->rows++;
        return;
    }
}

enum mr_code mr_alike_add(struct mr_alike *p, const struct mr_find_column *columns,
                          const struct mr_finding *finding, struct mr_err *err)
{
    struct mr_alike_set set = {0};
    size_t count = 0;
    if (finding->source == NULL || finding->target == NULL)
        return MR_OK;
    MR_TRY(mr_image_open(&p->source, finding->source, finding->source_len, err));
    MR_TRY(mr_image_open(&p->target, finding->target, finding->target_len, err));
    for (size_t i = 0; i < p->ncolumns; i++) {
        if (!mr_image_differs(&p->source, &p->target, i, &columns[i]))
            continue;
        MR_TRY(count_column(p, i, columns[i].masked, err));
        if (count < MR_ALIKE_COLUMNS)
            set.columns[count] = i;
        count++;
    }
    p->rows++;
    set.count = count;
    if (count > MR_ALIKE_COLUMNS)
        p->wide++;
    else if (count > 0)
        count_set(p, &set);
    return MR_OK;
}
