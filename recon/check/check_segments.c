/* check_segments.c: see check_segments.h. */
#include "recon/check/check_segments.h"

#include "recon/check/check_known.h"
#include "recon/check/check_options.h"
#include "recon/check/check_scope.h"

#define SEGMENT_ROWS 100000 /* a table with fewer is one segment */
#define SEGMENTS_A_THREAD 2

/* By the bigger side: its rows are what takes the time. Few a thread, to end together. */
static size_t wanted_segments(const struct mr_check_run *check, const struct mr_pair *table)
{
    uint64_t rows = table->side[MR_SOURCE]->est_rows;
    uint64_t other = table->side[MR_TARGET]->est_rows;
    uint64_t most = check->opts->threads * SEGMENTS_A_THREAD;
    if (other > rows)
        rows = other;
    if (check->opts->threads == 1 || rows < 2 * SEGMENT_ROWS)
        return 1;
    return rows / SEGMENT_ROWS < most ? (size_t)(rows / SEGMENT_ROWS) : (size_t)most;
}

/* Who names the keys at which a table is cut: a snapshot whose sums are to be used, else
 * the source. */
static struct mr_server_side *cutter(const struct mr_check_run *check, const struct mr_pair *table,
                                     enum mr_side *side)
{
    if (!mr_check_known_is_possible(check, table, side))
        *side = MR_SOURCE;
    return &check->pairing.side[*side];
}

/* Cuts a new table into segments, at keys that an index or a snapshot has. */
static enum mr_code cut_table(struct mr_check_run *check, struct mr_pair *table, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    size_t wanted = wanted_segments(check, table);
    enum mr_side side;
    const struct mr_server_side *by = cutter(check, table, &side);
    enum mr_code code = MR_OK;
    if (wanted > 1)
        code = mr_reader_bounds(by->main, &table->scan[side], wanted - 1, &arena, &keys, err);
    struct mr_range *ranges = mr_arena_calloc(&arena, keys.count + 1, sizeof *ranges);
    if (code == MR_OK && ranges == NULL)
        code = mr_err_nomem(err, "planning the work");
    for (size_t i = 0; code == MR_OK && i < keys.count; i++) {
        struct mr_key key = *(struct mr_key *)mr_vec_at(&keys, i);
        ranges[i].hi = key;
        ranges[i + 1].lo = key;
    }
    if (code == MR_OK)
        code = mr_findings_segments_add(check->fd, table->find.id, ranges, keys.count + 1, err);
    mr_vec_release(&keys);
    mr_arena_release(&arena);
    return code;
}

/* Those that a fleet's plan has cut are its segments, in the same order. */
static enum mr_code take_ranges(struct mr_check_run *check, struct mr_pair *table,
                                const struct mr_scope_table *part, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_range *ranges = mr_arena_calloc(&arena, part->nranges, sizeof *ranges);
    enum mr_code code = ranges != NULL ? MR_OK : mr_err_nomem(err, "planning the work");
    for (size_t i = 0; code == MR_OK && i < part->nranges; i++)
        ranges[i] = part->ranges[i].range;
    if (code == MR_OK)
        code = mr_findings_segments_add(check->fd, table->find.id, ranges, part->nranges, err);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_check_segments_cut(struct mr_check_run *check, struct mr_pair *table,
                                   struct mr_err *err)
{
    const struct mr_scope_table *part =
        check->scope != NULL ? mr_scope_find(check->scope, table->find.name) : NULL;
    return part != NULL && part->order[MR_SOURCE] != NULL ? take_ranges(check, table, part, err)
                                                          : cut_table(check, table, err);
}
