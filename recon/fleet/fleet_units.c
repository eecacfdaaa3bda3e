/* fleet_units.c: see fleet_units.h. */
#include "recon/fleet/fleet_units.h"

#include <stdlib.h>
#include <string.h>

uint64_t mr_fleet_table_weight(const struct mr_fleet_table *table)
{
    return table->bytes + MR_UNIT_TABLE_COST;
}

void mr_fleet_units_begin(struct mr_fleet_units *units, struct mr_arena *arena, uint64_t total,
                          size_t nparts)
{
    *units = (struct mr_fleet_units){.arena = arena,
                                     .aim = total / (nparts * MR_UNITS_A_PART),
                                     .units = MR_VEC_INIT(struct mr_fleet_unit),
                                     .nparts = nparts};
    if (units->aim < MR_UNIT_BYTES)
        units->aim = MR_UNIT_BYTES;
}

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "cutting the work of a fleet");
}

static enum mr_code add_unit(struct mr_fleet_units *units, struct mr_fleet_unit unit,
                             const struct mr_vec *pieces, struct mr_err *err)
{
    struct mr_fleet_unit *slot = mr_vec_push(&units->units);
    unit.npieces = pieces->count;
    unit.pieces = (const struct mr_fleet_piece *)(const void *)mr_arena_dup(
        units->arena, pieces->items, pieces->count * sizeof(struct mr_fleet_piece));
    if (slot == NULL || unit.pieces == NULL)
        return no_memory(err);
    *slot = unit;
    return MR_OK;
}

/* As many ranges of equal many cuts as make the aim each. */
static enum mr_code cut_table(struct mr_fleet_units *units, size_t pair,
                              const struct mr_fleet_table *table, struct mr_err *err)
{
    const size_t most = table->ncuts + 1;
    const uint64_t weight = mr_fleet_table_weight(table);
    size_t wanted = (size_t)(weight / units->aim) + (weight % units->aim > units->aim / 2 ? 1 : 0);
    struct mr_vec piece = MR_VEC_INIT(struct mr_fleet_piece);
    struct mr_fleet_piece *p = mr_vec_push(&piece);
    enum mr_code code = p != NULL ? MR_OK : no_memory(err);
    wanted = wanted > most ? most : wanted > 0 ? wanted : 1;
    for (size_t i = 0; code == MR_OK && i < wanted; i++) {
        const size_t from = most * i / wanted, to = most * (i + 1) / wanted;
        *p = (struct mr_fleet_piece){.table = table, .at = i};
        if (from > 0)
            p->range.lo = table->cuts[from - 1];
        if (to < most)
            p->range.hi = table->cuts[to - 1];
        code = add_unit(units,
                        (struct mr_fleet_unit){.pair = pair, .weight = weight / most * (to - from)},
                        &piece, err);
    }
    mr_vec_release(&piece);
    return code;
}

/* Largest first, so that the small ones fill what is left. */
static int by_weight(const void *a, const void *b)
{
    const struct mr_fleet_table *x = *(const struct mr_fleet_table *const *)a;
    const struct mr_fleet_table *y = *(const struct mr_fleet_table *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x < y ? -1 : x > y;
}

static bool is_cut(const struct mr_fleet_units *units, const struct mr_fleet_table *table)
{
    return table->ncuts > 0 && mr_fleet_table_weight(table) > units->aim + units->aim / 2;
}

/* Whole tables, until a unit is full. */
static enum mr_code pack_tables(struct mr_fleet_units *units, size_t pair,
                                const struct mr_fleet_table *const *tables, size_t count,
                                struct mr_err *err)
{
    struct mr_vec pieces = MR_VEC_INIT(struct mr_fleet_piece);
    struct mr_fleet_unit unit = {.pair = pair};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        if (is_cut(units, tables[i]))
            continue;
        struct mr_fleet_piece *p = mr_vec_push(&pieces);
        if (p == NULL) {
            code = no_memory(err);
            break;
        }
        p->table = tables[i];
        unit.weight += mr_fleet_table_weight(tables[i]);
        if (unit.weight < units->aim && pieces.count < MR_UNIT_TABLES)
            continue;
        code = add_unit(units, unit, &pieces, err);
        unit.weight = 0;
        mr_vec_clear(&pieces);
    }
    if (code == MR_OK && pieces.count > 0)
        code = add_unit(units, unit, &pieces, err);
    mr_vec_release(&pieces);
    return code;
}

enum mr_code mr_fleet_units_pair(struct mr_fleet_units *units, size_t pair,
                                 const struct mr_fleet_table *tables, size_t count,
                                 struct mr_err *err)
{
    static const struct mr_vec nothing = MR_VEC_INIT(struct mr_fleet_piece);
    const size_t first = units->units.count;
    const struct mr_fleet_table **sorted = calloc(count + 1, sizeof *sorted);
    enum mr_code code = sorted != NULL ? MR_OK : no_memory(err);
    for (size_t i = 0; code == MR_OK && i < count; i++)
        sorted[i] = &tables[i];
    if (code == MR_OK && count > 1)
        qsort(sorted, count, sizeof *sorted, by_weight);
    for (size_t i = 0; code == MR_OK && i < count; i++)
        if (is_cut(units, sorted[i]))
            code = cut_table(units, pair, sorted[i], err);
    if (code == MR_OK)
        code = pack_tables(units, pair, sorted, count, err);
    if (code == MR_OK && units->units.count == first)
        code = add_unit(units, (struct mr_fleet_unit){.pair = pair, .weight = MR_UNIT_TABLE_COST},
                        &nothing, err);
    if (code == MR_OK)
        ((struct mr_fleet_unit *)mr_vec_at(&units->units, first))->has_objects = true;
    free(sorted);
    return code;
}

/* ---- parts ---- */

/* Parts as a heap: the lightest stands first, below entry i are 2i+1 and 2i+2. */
struct loads {
    size_t *heap;  /* parts */
    size_t *place; /* of a part in the heap */
    uint64_t *weight;
    size_t count;
};

static bool is_lighter(const struct loads *l, size_t a, size_t b)
{
    return l->weight[a] != l->weight[b] ? l->weight[a] < l->weight[b] : a < b;
}

static void put(struct loads *l, size_t at, size_t part)
{
    l->heap[at] = part;
    l->place[part] = at;
}

/* The part has become heavier. */
static void sink(struct loads *l, size_t part)
{
    for (size_t at = l->place[part];;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < l->count; child++)
            if (is_lighter(l, l->heap[child], l->heap[least]))
                least = child;
        if (least == at)
            return;
        put(l, at, l->heap[least]);
        put(l, least, part);
        at = least;
    }
}

static int heaviest_first(const void *a, const void *b)
{
    const struct mr_fleet_unit *x = *(const struct mr_fleet_unit *const *)a;
    const struct mr_fleet_unit *y = *(const struct mr_fleet_unit *const *)b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* last: of each pair the part that got its last unit, plus one; 0: none has. */
static void deal(struct loads *loads, struct mr_fleet_unit **order, size_t count, size_t *last)
{
    uint64_t mean = 0;
    for (size_t i = 0; i < count; i++)
        mean += order[i]->weight;
    mean /= loads->count;
    for (size_t i = 0; i < count; i++) {
        struct mr_fleet_unit *unit = order[i];
        const size_t had = last[unit->pair];
        const bool fits = had > 0 && loads->weight[had - 1] + unit->weight <= mean;
        unit->part = fits ? had - 1 : loads->heap[0];
        last[unit->pair] = unit->part + 1;
        loads->weight[unit->part] += unit->weight;
        sink(loads, unit->part);
    }
}

static enum mr_code list_parts(struct mr_fleet_units *units, struct mr_err *err)
{
    const size_t count = units->units.count;
    size_t *next = mr_arena_calloc(units->arena, units->nparts + 2, sizeof *next);
    units->dealt = mr_arena_calloc(units->arena, count + 1, sizeof(struct mr_fleet_unit *));
    if (next == NULL || units->dealt == NULL)
        return no_memory(err);
    units->first = next;
    next++; /* runs from the beginning of a part to its end, where the next one begins */
    for (size_t i = 0; i < count; i++)
        next[((struct mr_fleet_unit *)mr_vec_at(&units->units, i))->part + 1]++;
    for (size_t i = 1; i < units->nparts; i++)
        next[i] += next[i - 1];
    for (size_t i = 0; i < count; i++) {
        const struct mr_fleet_unit *unit = mr_vec_at(&units->units, i);
        units->dealt[next[unit->part]++] = unit;
    }
    return MR_OK;
}

enum mr_code mr_fleet_units_deal(struct mr_fleet_units *units, struct mr_err *err)
{
    const size_t count = units->units.count, nparts = units->nparts;
    struct mr_fleet_unit **order = calloc(count + 1, sizeof *order);
    struct loads loads = {.heap = calloc(nparts, sizeof(size_t)),
                          .place = calloc(nparts, sizeof(size_t)),
                          .count = nparts};
    size_t npairs = 0, *last = NULL;
    for (size_t i = 0; order != NULL && i < count; i++) {
        order[i] = mr_vec_at(&units->units, i);
        npairs = order[i]->pair >= npairs ? order[i]->pair + 1 : npairs;
    }
    last = calloc(npairs + 1, sizeof *last);
    units->parts = loads.weight = mr_arena_calloc(units->arena, nparts, sizeof *units->parts);
    enum mr_code code = order != NULL && loads.heap != NULL && loads.place != NULL &&
                                last != NULL && units->parts != NULL
                            ? MR_OK
                            : no_memory(err);
    for (size_t i = 0; code == MR_OK && i < nparts; i++)
        put(&loads, i, i);
    if (code == MR_OK && count > 1)
        qsort(order, count, sizeof *order, heaviest_first);
    if (code == MR_OK) {
        deal(&loads, order, count, last);
        code = list_parts(units, err);
    }
    free(order);
    free(loads.heap);
    free(loads.place);
    free(last);
    return code;
}

void mr_fleet_units_release(struct mr_fleet_units *units)
{
    mr_vec_release(&units->units);
}
