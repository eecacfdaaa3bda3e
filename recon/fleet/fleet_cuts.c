/* fleet_cuts.c: see fleet_cuts.h. */
#include "recon/fleet/fleet_cuts.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/signals.h"

#define PIECES_A_RANGE 2 /* so that an end is off by less than half a range */
#define AT_ONCE 32       /* pieces that one is cut into: what bounds cost grows with them */

/* A range up to `hi` (open: the last one), from where the one before it ends. */
struct piece {
    struct mr_key hi;
    uint64_t rows;
    bool whole; /* cannot be cut */
};

struct cutter {
    struct mr_reader *reader;
    const struct mr_readspec *spec;
    struct mr_arena *arena;
    struct mr_vec pieces; /* struct piece, in key order */
    struct mr_err *err;
};

static struct piece *piece_at(const struct cutter *c, size_t at)
{
    return mr_vec_at(&c->pieces, at);
}

static struct mr_range range_of(const struct cutter *c, size_t at)
{
    const struct mr_key open = {NULL, 0};
    return (struct mr_range){.lo = at > 0 ? piece_at(c, at - 1)->hi : open,
                             .hi = piece_at(c, at)->hi};
}

static uint64_t rows_of_all(const struct cutter *c)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < c->pieces.count; i++)
        rows += piece_at(c, i)->rows;
    return rows;
}

/* Room for `count` more pieces in front of that one. */
static enum mr_code make_room(struct cutter *c, size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mr_vec_push(&c->pieces) == NULL)
            return mr_err_nomem(c->err, "cutting a table");
    struct piece *pieces = c->pieces.items;
    memmove(&pieces[at + count], &pieces[at], (c->pieces.count - count - at) * sizeof *pieces);
    return MR_OK;
}

static enum mr_code weigh(struct cutter *c, size_t at)
{
    uint64_t rows = 0;
    MR_TRY(mr_reader_estimate(c->reader, c->spec, range_of(c, at), &rows, c->err));
    piece_at(c, at)->rows =
        rows > 0 ? rows : 1; /* also where nothing is known: then all are alike */
    return MR_OK;
}

/* Cuts a piece into about as many; one that no key divides is whole. */
static enum mr_code cut_piece(struct cutter *c, size_t at, size_t wanted)
{
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    enum mr_code code = MR_OK;
    piece_at(c, at)->whole = true;
    MR_TRY_OUT(mr_reader_bounds_within(c->reader, c->spec, range_of(c, at), wanted - 1, c->arena,
                                       &keys, c->err));
    if (keys.count == 0)
        goto out;
    MR_TRY_OUT(make_room(c, at, keys.count));
    for (size_t i = 0; i <= keys.count; i++) {
        if (i < keys.count)
            piece_at(c, at + i)->hi = *(const struct mr_key *)mr_vec_at(&keys, i);
        piece_at(c, at + i)->whole = false;
    }
    for (size_t i = 0; i <= keys.count; i++)
        MR_TRY_OUT(weigh(c, at + i));
out:
    mr_vec_release(&keys);
    return code;
}

/* The heaviest that can be cut; SIZE_MAX: none is above the aim. */
static size_t heaviest(const struct cutter *c, uint64_t aim)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < c->pieces.count; i++)
        if (!piece_at(c, i)->whole && piece_at(c, i)->rows > aim &&
            (best == SIZE_MAX || piece_at(c, i)->rows > piece_at(c, best)->rows))
            best = i;
    return best;
}

/* What the table has in all is known the better the finer it is cut, and the aim with it. */
static enum mr_code cut_all(struct cutter *c, size_t wanted, double limit_s, bool *rough)
{
    const double until_s = mr_clock_now_s() + limit_s;
    const size_t most = (wanted + 1) * PIECES_A_RANGE;
    struct piece *whole = mr_vec_push(&c->pieces);
    if (whole == NULL)
        return mr_err_nomem(c->err, "cutting a table");
    MR_TRY(weigh(c, 0));
    MR_TRY(cut_piece(c, 0, most < AT_ONCE ? most : AT_ONCE)); /* whatever the first estimate is */
    while (c->pieces.count < 4 * most) {
        const uint64_t aim = rows_of_all(c) / most + 1;
        const size_t at = heaviest(c, aim);
        *rough = at != SIZE_MAX && mr_clock_now_s() >= until_s;
        if (at == SIZE_MAX || *rough)
            break;
        if (mr_is_cancelled())
            return mr_cancelled_err(c->err);
        const uint64_t parts = piece_at(c, at)->rows / aim + 1;
        MR_TRY(cut_piece(c, at, parts < AT_ONCE ? (size_t)parts : AT_ONCE));
    }
    return MR_OK;
}

/* The ends that come nearest to equal sums. */
static enum mr_code pick(const struct cutter *c, size_t wanted, struct mr_vec *keys)
{
    const double each = (double)rows_of_all(c) / (double)(wanted + 1);
    double sum = 0;
    size_t done = 0;
    for (size_t i = 0; i + 1 < c->pieces.count && done < wanted; i++) {
        const double next = (double)piece_at(c, i + 1)->rows;
        sum += (double)piece_at(c, i)->rows;
        const size_t reached = (size_t)((sum + next / 2) / each); /* or is the next end nearer? */
        if (reached <= done)
            continue;
        struct mr_key *key = mr_vec_push(keys);
        if (key == NULL)
            return mr_err_nomem(c->err, "cutting a table");
        *key = piece_at(c, i)->hi;
        done = reached;
    }
    return MR_OK;
}

enum mr_code mr_fleet_cuts(struct mr_reader *reader, const struct mr_readspec *spec, size_t wanted,
                           double limit_s, struct mr_arena *arena, struct mr_vec *keys, bool *rough,
                           struct mr_err *err)
{
    struct cutter c = {.reader = reader,
                       .spec = spec,
                       .arena = arena,
                       .pieces = MR_VEC_INIT(struct piece),
                       .err = err};
    *rough = false;
    if (wanted == 0 || spec->nkey == 0)
        return MR_OK;
    wanted = wanted < MR_FLEET_CUTS_MAX ? wanted : MR_FLEET_CUTS_MAX;
    enum mr_code code = cut_all(&c, wanted, limit_s, rough);
    if (code == MR_OK)
        code = pick(&c, wanted, keys);
    mr_vec_release(&c.pieces);
    return code;
}

double mr_fleet_cuts_limit(double left_s, size_t wanted, size_t all)
{
    const double share_s = all > 0 ? left_s * ((double)wanted / (double)all) : left_s;
    return share_s < 0 ? 0 : share_s < MR_FLEET_CUTS_S ? share_s : MR_FLEET_CUTS_S;
}
