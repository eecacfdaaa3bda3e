/* fleet_work.c: see fleet_work.h. */
#include "recon/fleet/fleet_work.h"

#include <stdlib.h>
#include <string.h>

#include "core/file/sha256.h"
#include "recon/check/check_scope.h"

/* What a part has of one pair. */
struct share {
    struct mr_arena arena;
    struct mr_vec pieces; /* struct mr_fleet_piece */
    bool has_objects;
};

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "writing the work of a fleet");
}

static int by_table(const void *a, const void *b)
{
    const struct mr_fleet_piece *x = a, *y = b;
    const int order = strcmp(x->table->name, y->table->name);
    if (order != 0)
        return order;
    return (x->at > y->at) - (x->at < y->at);
}

/* Pieces `from` … `end` are of one table. */
static enum mr_code fill_table(struct share *share, size_t from, size_t end,
                               struct mr_scope_table *out, struct mr_err *err)
{
    const struct mr_fleet_piece *pieces = share->pieces.items;
    struct mr_scope_range *ranges = mr_arena_calloc(&share->arena, end - from, sizeof *ranges);
    if (ranges == NULL)
        return no_memory(err);
    *out = (struct mr_scope_table){
        .name = pieces[from].table->name, .ranges = ranges, .nranges = end - from};
    for (size_t i = from; i < end; i++) {
        const struct mr_range *range = &pieces[i].range;
        ranges[i - from] = (struct mr_scope_range){pieces[i].at, *range};
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            if (range->lo.ptr != NULL || range->hi.ptr != NULL)
                out->order[side] = pieces[i].table->order[side];
    }
    return MR_OK;
}

static enum mr_code fill_tables(struct share *share, struct mr_scope *scope, struct mr_err *err)
{
    const struct mr_fleet_piece *pieces = share->pieces.items;
    const size_t count = share->pieces.count;
    struct mr_scope_table *tables = mr_arena_calloc(&share->arena, count + 1, sizeof *tables);
    if (tables == NULL)
        return no_memory(err);
    if (count > 1)
        qsort(share->pieces.items, count, sizeof *pieces, by_table);
    for (size_t from = 0, end = 0; from < count; from = end) {
        while (end < count && pieces[end].table == pieces[from].table)
            end++;
        MR_TRY(fill_table(share, from, end, &tables[scope->ntables++], err));
    }
    scope->tables = tables;
    return MR_OK;
}

static enum mr_code write_pair(const struct mr_fleet_file *file, size_t pair, struct share *share,
                               struct mr_fleet_file_part *part, struct mr_strbuf *out,
                               struct mr_err *err)
{
    struct mr_strbuf run = MR_STRBUF_INIT, slots = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_fmt(&run, "%s.%s", file->id, file->pairs[pair].name);
    mr_strbuf_add_fmt(&slots, "myrecon %s", file->id);
    struct mr_scope scope = {.run = run.ptr,
                             .pair = file->pairs[pair].name,
                             .has_objects = share->has_objects,
                             .slots = {slots.ptr, file->readers_per_server}};
    MR_TRY_OUT(run.failed || slots.failed ? no_memory(err) : MR_OK);
    MR_TRY_OUT(fill_tables(share, &scope, err));
    mr_scope_write(&scope, out);
    part->pairs++;
    file->pairs[pair].parts++;
    part->tables += scope.ntables;
out:
    mr_strbuf_release(&run);
    mr_strbuf_release(&slots);
    return code;
}

static enum mr_code add_unit(struct share *share, const struct mr_fleet_unit *unit,
                             struct mr_err *err)
{
    share->has_objects |= unit->has_objects;
    for (size_t i = 0; i < unit->npieces; i++) {
        struct mr_fleet_piece *piece = mr_vec_push(&share->pieces);
        if (piece == NULL)
            return no_memory(err);
        *piece = unit->pieces[i];
    }
    return MR_OK;
}

/* Units stand in the order of their pairs. */
enum mr_code mr_fleet_work_text(const struct mr_fleet_file *file,
                                const struct mr_fleet_units *units, size_t part,
                                struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_fleet_file_part *counted = &file->parts[part];
    struct share share = {.arena = MR_ARENA_INIT, .pieces = MR_VEC_INIT(struct mr_fleet_piece)};
    const struct mr_fleet_unit *last = NULL;
    enum mr_code code = MR_OK;
    *counted = (struct mr_fleet_file_part){.path = counted->path, .weight = units->parts[part]};
    for (size_t i = units->first[part]; i <= units->first[part + 1]; i++) {
        const struct mr_fleet_unit *unit = i < units->first[part + 1] ? units->dealt[i] : NULL;
        if (last != NULL && (unit == NULL || unit->pair != last->pair)) {
            MR_TRY_OUT(write_pair(file, last->pair, &share, counted, out, err));
            mr_vec_clear(&share.pieces);
            mr_arena_reset(&share.arena);
            share.has_objects = false;
        }
        if (unit != NULL)
            MR_TRY_OUT(add_unit(&share, unit, err));
        counted->units += unit != NULL ? 1 : 0;
        last = unit;
    }
    MR_TRY_OUT(mr_strbuf_check(out, "writing the work of a fleet", err));
    MR_TRY_OUT(mr_sha256_bytes(out->ptr, out->len, counted->sha256, err));
out:
    mr_vec_release(&share.pieces);
    mr_arena_release(&share.arena);
    return code;
}
