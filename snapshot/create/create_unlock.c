/* create_unlock.c: see create_unlock.h. */
#include "snapshot/create/create_unlock.h"

#include "core/base/clock.h"
#include "snapshot/create/create_identity.h"

#define HOLD_S 0.1
#define HOLD_LOOKS 10 /* times as long as looking takes */
#define SMALL_BYTES ((uint64_t)1 << 20)

static struct mr_create_table *held_at(const struct mr_create_scan *s, size_t i)
{
    return *(struct mr_create_table *const *)mr_vec_at(&s->held, i);
}

/* Read at once, as far as can be said beforehand. */
static bool is_small(const struct mr_create_table *t)
{
    return t->table->data_bytes < SMALL_BYTES && t->snap.nkey > 0 && t->snap.where == NULL &&
           t->found == NULL;
}

static bool is_due(const struct mr_create_scan *s, const struct mr_create_table *next)
{
    size_t others = s->held.count;
    if (others > 0 && held_at(s, others - 1) == next)
        others--;
    return others > 0 && (!is_small(next) || mr_clock_now_s() - s->held_since_s > s->hold_s);
}

enum mr_code mr_create_hold(struct mr_create_scan *s, struct mr_create_table *t, struct mr_err *err)
{
    enum mr_code code = is_due(s, t) ? mr_create_unlock(s, err) : MR_OK;
    if (code != MR_OK || (s->held.count > 0 && held_at(s, s->held.count - 1) == t))
        return code;
    struct mr_create_table **slot = mr_vec_push(&s->held);
    if (slot == NULL)
        return mr_err_nomem(err, "reading rows");
    *slot = t;
    if (s->held.count == 1)
        s->held_since_s = mr_clock_now_s();
    return MR_OK;
}

/* Of the view, which has the same for every worker; where it cannot be had, it is asked for in
 * the end. */
static enum mr_code read_greatest(struct mr_create_scan *s, struct mr_create_table *t,
                                  struct mr_err *err)
{
    if (!t->snap.transactional || t->has_greatest)
        return MR_OK;
    struct mr_err why = {0};
    enum mr_code code =
        mr_schema_auto_increment(mr_reader_db(s->reader), t->table, NULL, &t->snap.greatest, &why);
    t->has_greatest = code == MR_OK;
    if (!mr_create_is_fatal(code))
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

/* While the view holds the table nobody can exchange it: what is the same now was the same for
 * all rows that were read. */
static enum mr_code look_at(struct mr_create_scan *s, struct mr_create_table *t, struct mr_err *err)
{
    struct mr_err why = {0};
    bool same = false;
    if (atomic_load(&t->failed))
        return MR_OK;
    enum mr_code code = mr_create_is_unchanged(s->create, t, &same, &why);
    if (code == MR_OK && !same)
        code = mr_err_set(&why, MR_E_CHANGED, "it was altered");
    if (code == MR_OK)
        code = read_greatest(s, t, &why);
    if (code == MR_OK)
        return MR_OK;
    if (!mr_create_is_fatal(code)) {
        t->has_greatest = false; /* may be another table's */
        mr_create_give_up(s->create, t, &why);
        return MR_OK;
    }
    if (err != NULL)
        *err = why;
    return code;
}

/* The greatest keys of those that were held together, by few statements; what these fail at is
 * asked of each. */
static enum mr_code read_greatest_of(struct mr_create_scan *s, struct mr_create_table *const *held,
                                     size_t count, struct mr_err *err)
{
    const struct mr_table *tables[MR_GREATEST_AT_ONCE];
    uint64_t greatest[MR_GREATEST_AT_ONCE];
    bool known[MR_GREATEST_AT_ONCE];
    struct mr_err why = {0};
    for (size_t i = 0; i < count; i++)
        tables[i] = held[i]->table;
    enum mr_code code =
        mr_schema_greatest_of(mr_reader_db(s->reader), tables, count, greatest, known, &why);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        held[i]->has_greatest |= known[i];
        if (known[i])
            held[i]->snap.greatest = greatest[i];
    }
    if (!mr_create_is_fatal(code))
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

static enum mr_code read_all_greatest(struct mr_create_scan *s, struct mr_err *err)
{
    struct mr_create_table *asked[MR_GREATEST_AT_ONCE];
    size_t count = 0;
    for (size_t i = 0; i < s->held.count; i++) {
        struct mr_create_table *t = held_at(s, i);
        if (t->snap.transactional && !t->has_greatest && !atomic_load(&t->failed) &&
            mr_table_counter(t->table) != NULL)
            asked[count++] = t;
        if (count == MR_GREATEST_AT_ONCE || (i + 1 == s->held.count && count > 1)) {
            MR_TRY(read_greatest_of(s, asked, count, err));
            count = 0;
        }
    }
    return MR_OK;
}

static enum mr_code look(struct mr_create_scan *s, struct mr_err *err)
{
    double begun_s = mr_clock_now_s();
    enum mr_code code = mr_create_numbers_read(s->create, err);
    double took_s = mr_clock_now_s() - begun_s;
    s->hold_s = took_s * HOLD_LOOKS > HOLD_S ? took_s * HOLD_LOOKS : HOLD_S;
    if (code == MR_OK)
        code = read_all_greatest(s, err);
    for (size_t i = 0; code == MR_OK && i < s->held.count; i++)
        code = look_at(s, held_at(s, i), err);
    return code;
}

enum mr_code mr_create_unlock(struct mr_create_scan *s, struct mr_err *err)
{
    if (s->held.count == 0)
        return MR_OK;
    pthread_mutex_lock(&s->create->asking);
    enum mr_code code = look(s, err);
    pthread_mutex_unlock(&s->create->asking);
    mr_vec_clear(&s->held);
    return code == MR_OK ? mr_reader_unlock(s->reader, err) : code;
}

static enum mr_code let_go(void *ctx, struct mr_err *err)
{
    return mr_create_unlock(ctx, err);
}

enum mr_code mr_create_wait(struct mr_create_scan *s, struct mr_err *err)
{
    const struct mr_throttle_held held = {.let_go = let_go, .ctx = s};
    return mr_throttle_wait_holding(s->create->throttle, &held, err);
}
