/* check_rolling.c: see check_rolling.h. */
#include "recon/check/check_rolling.h"

#include <string.h>

#include "core/base/log.h"
#include "core/case/rolling.h"
#include "recon/check/check_changed.h"
#include "recon/check/check_marks.h"
#include "recon/check/check_options.h"
#include "recon/check/rolling_turn.h"

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "dividing tables into turns");
}

enum mr_code mr_check_rolling_begin(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_run_change *now = &check->changed->now;
    unsigned parts;
    uint64_t turn;
    if (check->opts->rolling == 0)
        return MR_OK;
    MR_TRY(mr_rolling_last(check->fd, &parts, &turn, err));
    now->parts = check->opts->rolling;
    now->turn = mr_rolling_next(parts, turn, now->parts);
    mr_log_info("turn %u of %u", mr_rolling_slot(now->turn, now->parts) + 1, now->parts);
    return MR_OK;
}

/* ---- dividing ---- */

static uint64_t rows_of(const struct mr_pair *table)
{
    const uint64_t a = table->side[MR_SOURCE]->est_rows, b = table->side[MR_TARGET]->est_rows;
    return a > b ? a : b;
}

/* Ranges between keys, all of a range; slots are the caller's. */
static enum mr_code add_ranges(struct mr_vec *out, struct mr_range all, const struct mr_vec *keys,
                               struct mr_err *err)
{
    struct mr_key lo = all.lo;
    for (size_t i = 0; i <= keys->count; i++) {
        struct mr_rolling_range *range = mr_vec_push(out);
        if (range == NULL)
            return nomem(err);
        range->range.lo = lo;
        range->range.hi = i < keys->count ? *(struct mr_key *)mr_vec_at(keys, i) : all.hi;
        lo = range->range.hi;
    }
    return MR_OK;
}

static enum mr_code cut(struct mr_check_run *check, const struct mr_pair *table,
                        struct mr_vec *ranges, struct mr_err *err)
{
    const struct mr_range all = {{NULL, 0}, {NULL, 0}};
    const unsigned parts = check->changed->now.parts;
    const size_t wanted = mr_rolling_pieces(rows_of(table), parts);
    const uint64_t spread = mr_digest_bytes(table->find.name, strlen(table->find.name)).lo;
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    enum mr_code code = MR_OK;
    if (wanted > 1)
        MR_TRY_OUT(mr_reader_bounds(check->pairing.side[MR_SOURCE].main, &table->scan[MR_SOURCE],
                                    wanted - 1, &check->arena, &keys, err));
    MR_TRY_OUT(add_ranges(ranges, all, &keys, err));
    for (size_t i = 0; i < ranges->count; i++)
        ((struct mr_rolling_range *)mr_vec_at(ranges, i))->slot =
            mr_rolling_deal(i, ranges->count, parts, spread);
out:
    mr_vec_release(&keys);
    return code;
}

/* What the division is kept by.  In another order of keys ranges mean nothing. */
static enum mr_code name_table(struct mr_check_run *check, const struct mr_pair *table,
                               struct mr_rolling_table *out, struct mr_err *err)
{
    struct mr_strbuf order = MR_STRBUF_INIT;
    const char *source = mr_check_key_order(check, table, MR_SOURCE);
    const char *target = mr_check_key_order(check, table, MR_TARGET);
    mr_strbuf_add_fmt(&order, "%s | %s", source != NULL ? source : "",
                      target != NULL ? target : "");
    *out = (struct mr_rolling_table){.name = table->find.name,
                                     .parts = check->changed->now.parts,
                                     .first = check->changed->now.turn};
    if (source != NULL && target != NULL && !order.failed)
        out->order = mr_arena_strdup(&check->arena, order.ptr);
    mr_strbuf_release(&order);
    return out->order != NULL ? MR_OK : nomem(err);
}

/* The division that there is, else a new one, which is kept at once: it says nothing of what was read. */
static enum mr_code divide(struct mr_check_run *check, const struct mr_pair *table,
                           struct mr_rolling_table *as, struct mr_vec *ranges, struct mr_err *err)
{
    MR_TRY(name_table(check, table, as, err));
    MR_TRY(mr_rolling_load(check->fd, as, &check->arena, &as->first, ranges, err));
    /* counted anew, as behind another N */
    if (ranges->count > 0 && as->first <= check->changed->now.turn)
        return MR_OK;
    mr_vec_clear(ranges);
    as->first = check->changed->now.turn;
    MR_TRY(cut(check, table, ranges, err));
    return mr_rolling_save(check->fd, as, ranges->items, ranges->count, err);
}

/* ---- a table ---- */

enum mr_code mr_check_rolling_table(struct mr_check_run *check, struct mr_pair *table,
                                    struct mr_err *err)
{
    const struct mr_run_change *now = &check->changed->now;
    struct mr_table_proof *proof = &check->changed->tables[table->at].proof;
    struct mr_vec ranges = MR_VEC_INIT(struct mr_rolling_range);
    struct mr_rolling_table as;
    const char *began = NULL;
    enum mr_code code = MR_OK;
    if (now->parts == 0 || table->join != MR_JOIN_SHARED)
        return MR_OK;
    MR_TRY_OUT(divide(check, table, &as, &ranges, err));
    proof->how = MR_READ_TURN;
    if (!mr_rolling_is_round(as.first, now->turn, now->parts))
        goto out;
    if (now->parts == 1)
        began = check->run.started;
    else
        MR_TRY_OUT(mr_rolling_began(check->fd, now->parts, now->turn - now->parts + 1,
                                    &check->arena, &began, err));
    if (began != NULL && strcmp(began, proof->proved) > 0)
        proof->proved = began;
out:
    mr_vec_release(&ranges);
    return code;
}

enum mr_code mr_check_rolling_add(struct mr_check_run *check, const struct mr_pair *table,
                                  struct mr_err *err)
{
    const struct mr_run_change *now = &check->changed->now;
    struct mr_vec ranges = MR_VEC_INIT(struct mr_rolling_range);
    struct mr_vec due = MR_VEC_INIT(struct mr_range);
    struct mr_rolling_table as;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(divide(check, table, &as, &ranges, err));
    for (size_t i = 0; i < ranges.count; i++) {
        const struct mr_rolling_range *r = mr_vec_at(&ranges, i);
        if (r->slot != mr_rolling_slot(now->turn, now->parts))
            continue;
        struct mr_range *range = mr_vec_push(&due);
        if (range == NULL)
            MR_TRY_OUT(nomem(err));
        else
            *range = r->range;
    }
    if (due.count > 0)
        MR_TRY_OUT(mr_findings_segments_add(check->fd, table->find.id, due.items, due.count, err));
out:
    mr_vec_release(&ranges);
    mr_vec_release(&due);
    return code;
}

/* ---- growth ---- */

/* A range that this turn has read, in pieces that begin with its own slot. */
static enum mr_code divide_range(struct mr_check_run *check, const struct mr_pair *table,
                                 const struct mr_rolling_range *range, struct mr_vec *out,
                                 struct mr_err *err)
{
    struct mr_reader *reader = check->pairing.side[MR_SOURCE].main;
    const struct mr_readspec *spec = &table->scan[MR_SOURCE];
    const unsigned parts = check->changed->now.parts;
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    const size_t first = out->count;
    uint64_t rows = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_reader_estimate(reader, spec, range->range, &rows, err));
    const size_t pieces = mr_rolling_divide(rows, rows_of(table), parts);
    if (pieces > 1)
        MR_TRY_OUT(mr_reader_bounds_within(reader, spec, range->range, pieces - 1, &check->arena,
                                           &keys, err));
    MR_TRY_OUT(add_ranges(out, range->range, &keys, err));
    for (size_t i = first; i < out->count; i++)
        ((struct mr_rolling_range *)mr_vec_at(out, i))->slot =
            (unsigned)((range->slot + (i - first)) % parts);
out:
    mr_vec_release(&keys);
    return code;
}

static enum mr_code keep_table(struct mr_check_run *check, const struct mr_pair *table,
                               struct mr_err *err)
{
    const struct mr_run_change *now = &check->changed->now;
    struct mr_vec ranges = MR_VEC_INIT(struct mr_rolling_range);
    struct mr_vec divided = MR_VEC_INIT(struct mr_rolling_range);
    struct mr_rolling_table as;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(divide(check, table, &as, &ranges, err));
    for (size_t i = 0; i < ranges.count; i++) {
        const struct mr_rolling_range *range = mr_vec_at(&ranges, i);
        if (range->slot == mr_rolling_slot(now->turn, now->parts)) {
            MR_TRY_OUT(divide_range(check, table, range, &divided, err));
            continue;
        }
        struct mr_rolling_range *same = mr_vec_push(&divided);
        if (same == NULL)
            MR_TRY_OUT(nomem(err));
        else
            *same = *range;
    }
    if (divided.count > ranges.count)
        MR_TRY_OUT(mr_rolling_save(check->fd, &as, divided.items, divided.count, err));
out:
    mr_vec_release(&ranges);
    mr_vec_release(&divided);
    return code;
}

/* A courtesy to later runs: what fails leaves the division as it is, which is right, too. */
enum mr_code mr_check_rolling_keep(struct mr_check_run *check, struct mr_err *err)
{
    if (check->changed == NULL || check->changed->now.parts == 0)
        return MR_OK;
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        const struct mr_pair *table = check->pairing.tables[i];
        struct mr_err why = {0};
        if (check->changed->tables[table->at].proof.how != MR_READ_TURN ||
            atomic_load(&table->failed))
            continue;
        const enum mr_code code = keep_table(check, table, &why);
        if (code != MR_OK && mr_check_is_fatal(code)) {
            *err = why;
            return code;
        }
        if (code != MR_OK)
            mr_log_detail("table \"%s\" stays divided as it was: %s", table->find.name,
                          why.message);
    }
    return MR_OK;
}
