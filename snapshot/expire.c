/* expire.c: see expire.h. */
#include "snapshot/expire.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "snapshot/shelf_chain.h"

#define PERIOD_BYTES 32

/* Of one server: a later file of its log has a greater number, which in time has more digits. */
static int compare_logs(const struct mr_shelf_item *x, const struct mr_shelf_item *y)
{
    const size_t x_len = strlen(x->log_file), y_len = strlen(y->log_file);
    if (x_len == 0 || y_len == 0)
        return 0;
    int order = x_len != y_len ? (x_len < y_len ? -1 : 1) : strcmp(x->log_file, y->log_file);
    if (order == 0 && x->log_position != y->log_position)
        order = x->log_position < y->log_position ? -1 : 1;
    return order;
}

static const char *name_of(const struct mr_shelf_item *item)
{
    const char *slash = strrchr(item->path, '/');
    return slash != NULL ? slash + 1 : item->path;
}

/* Which is the older one of two of one second: by the end of the run, the server's log, the name
 * ("nightly-9" is before "nightly-10"). */
static int compare_within_second(const struct mr_shelf_item *x, const struct mr_shelf_item *y)
{
    int order = strcmp(x->finished, y->finished);
    if (order == 0)
        order = compare_logs(x, y);
    if (order == 0)
        order = strverscmp(name_of(x), name_of(y));
    return order;
}

static int compare_items(const void *a, const void *b)
{
    const struct mr_shelf_item *x = a, *y = b;
    const bool x_whole = x->state == MR_SHELF_WHOLE, y_whole = y->state == MR_SHELF_WHOLE;
    if (x_whole != y_whole)
        return x_whole ? -1 : 1;
    int order = x_whole ? strcmp(x->of, y->of) : 0;
    if (order == 0 && x_whole && x->created_s != y->created_s)
        order = x->created_s > y->created_s ? -1 : 1;
    if (order == 0 && x_whole)
        order = -compare_within_second(x, y);
    return order != 0 ? order : strcmp(x->path, y->path);
}

/* The first of those with the same rows of the same moment, in the order of the items; i itself where
 * it is no copy.  Names may put another one of that second between them. */
static size_t original_of(const struct mr_shelf_item *items, size_t i)
{
    size_t first = i;
    for (size_t j = i; j > 0 && items[j - 1].created_s == items[i].created_s; j--)
        if (strcmp(items[j - 1].id, items[i].id) == 0)
            first = j - 1;
    return first;
}

/* ---- why one is kept ---- */

struct deciding {
    struct mr_arena *arena;
    struct mr_err *err;
    enum mr_code code;
};

static void keep(struct deciding *d, struct mr_shelf_item *item, const char *rule,
                 const char *period)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "%s%s%s%s%s", item->kept_as != NULL ? item->kept_as : "",
                      item->kept_as != NULL ? ", " : "", rule, period[0] != '\0' ? " " : "",
                      period);
    item->is_kept = true;
    item->kept_as = text.failed ? NULL : mr_arena_dup(d->arena, text.ptr, text.len);
    if (item->kept_as == NULL)
        d->code = mr_err_nomem(d->err, "choosing snapshots");
    mr_strbuf_release(&text);
}

enum period { DAY, WEEK, MONTH };

static size_t add_period(char text[PERIOD_BYTES], enum period period, const struct tm *tm)
{
    if (period == DAY)
        return strftime(text, PERIOD_BYTES, "%Y-%m-%d", tm);
    return period == WEEK ? strftime(text, PERIOD_BYTES, "%G-W%V", tm)
                          : strftime(text, PERIOD_BYTES, "%Y-%m", tm);
}

/* The newest of each of the last `count` periods; items are the newest first. */
static void keep_periods(struct deciding *d, struct mr_shelf_item *items, size_t n, unsigned count,
                         enum period period)
{
    static const char *const rules[] = {"daily", "weekly", "monthly"};
    char before[PERIOD_BYTES] = "";
    unsigned periods = 0;
    for (size_t i = 0; i < n && periods < count && d->code == MR_OK; i++) {
        char text[PERIOD_BYTES];
        struct tm tm;
        const time_t at = (time_t)items[i].created_s;
        if (gmtime_r(&at, &tm) == NULL || add_period(text, period, &tm) == 0 ||
            strcmp(text, before) == 0)
            continue;
        memcpy(before, text, sizeof before);
        periods++;
        keep(d, &items[i], rules[period], text);
    }
}

/* Without them there would be none to restore from. */
static void keep_newest(struct deciding *d, struct mr_shelf_item *items, size_t n)
{
    size_t complete = 0;
    while (complete < n && !items[complete].is_complete)
        complete++;
    if (!items[0].is_kept)
        keep(d, &items[0], "newest", "");
    if (complete < n && !items[complete].is_kept)
        keep(d, &items[complete], "newest that is complete", "");
}

static void keep_last(struct deciding *d, struct mr_shelf_item *items, size_t n, unsigned last)
{
    unsigned kept = 0;
    for (size_t i = 0; i < n && kept < last; i++) {
        if (original_of(items, i) != i)
            continue;
        keep(d, &items[i], "last", "");
        kept++;
    }
}

/* They stand and fall together: one may lie where the other's disk does not. */
static void keep_copies(struct mr_shelf_item *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const size_t first = original_of(items, i);
        items[i].is_kept = items[first].is_kept;
        items[i].kept_as = items[first].kept_as;
    }
}

static void decide_group(struct deciding *d, struct mr_shelf_item *items, size_t n,
                         const struct mr_expire_rules *rules)
{
    keep_last(d, items, n, rules->last);
    keep_periods(d, items, n, rules->daily, DAY);
    keep_periods(d, items, n, rules->weekly, WEEK);
    keep_periods(d, items, n, rules->monthly, MONTH);
    keep_newest(d, items, n);
    keep_copies(items, n);
}

enum mr_code mr_expire_decide(struct mr_shelf *shelf, const struct mr_expire_rules *rules,
                              struct mr_err *err)
{
    struct mr_shelf_item *items = shelf->items.items;
    const size_t count = shelf->items.count;
    struct deciding d = {.arena = &shelf->arena, .err = err, .code = MR_OK};
    MR_TRY(mr_shelf_settle_chains(shelf, err));
    if (count > 1)
        qsort(items, count, sizeof *items, compare_items);
    for (size_t i = 0, n = 0; i < count && items[i].state == MR_SHELF_WHOLE && d.code == MR_OK;
         i += n) {
        for (n = 1; i + n < count && items[i + n].state == MR_SHELF_WHOLE &&
                    strcmp(items[i].of, items[i + n].of) == 0;)
            n++;
        decide_group(&d, &items[i], n, rules);
    }
    return d.code == MR_OK ? mr_shelf_keep_bases(shelf, err) : d.code;
}
