/*
 * fleet_units: the work of a fleet, cut into units of about equal size, and dealt out to parts.
 *
 *   mr_fleet_units_begin → per pair mr_fleet_units_pair → mr_fleet_units_deal → read units, parts
 *
 * A unit belongs to one pair and is either a range of keys of one big table, or whole tables: as
 * many as make MR_UNIT_BYTES, MR_UNIT_TABLES at most.  The ranges of a table tile: the first has no
 * lower end, the last no upper one.  Each table of a pair is in exactly one unit, or all of its
 * ranges are.  One unit of a pair, its first, is the one that compares its objects, too.
 *
 * Parts: the largest unit first, each to the part that has least so far (Graham 1969, LPT: at most
 * 4/3 of the best); but to the one that got the pair's last unit as long as that stays below the
 * mean, since each part reads the whole catalogue of every pair that it has.  Parts are then within
 * two units of each other: one that is filled above the mean was the lightest, and so were all.
 * What a unit weighs is its bytes and a fixed cost for each of its tables, since
 * thousands of empty ones take their time, too.
 *
 * Ownership: units, pieces and keys live in the arena, texts are the caller's.  Errors: MR_E_NOMEM.
 * Threads: one.
 */
#ifndef MR_FLEET_UNITS_H
#define MR_FLEET_UNITS_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/source/keyrange.h"
#include "core/source/sides.h"

#define MR_UNIT_BYTES ((uint64_t)64 << 20)
#define MR_UNIT_TABLES 200
#define MR_UNIT_TABLE_COST ((uint64_t)64 << 10) /* bytes that take as long as a table's own costs */
#define MR_UNITS_A_PART 40 /* at least, where the work suffices: parts differ by less than one */

/* A table as it was found on the source. */
struct mr_fleet_table {
    const char *name;            /* "db.t" */
    uint64_t bytes, rows;        /* of the larger side, as the servers estimate them */
    const char *order[MR_SIDES]; /* what the keys' order rests on (mr_check_key_order); NULL where
                                  nothing is cut */
    const struct mr_key *cuts;   /* ascending; ranges between two of them are about equal */
    size_t ncuts;                /* 0: it is never cut */
    bool rough;                  /* there was no time for ranges of about equal size */
};

struct mr_fleet_piece {
    const struct mr_fleet_table *table;
    size_t at; /* among the ranges of the table, in the order of its key */
    struct mr_range range;
};

struct mr_fleet_unit {
    size_t pair;
    size_t part; /* set by deal */
    uint64_t weight;
    bool has_objects;
    const struct mr_fleet_piece *pieces;
    size_t npieces;
};

struct mr_fleet_units {
    struct mr_arena *arena;
    uint64_t aim;        /* weight of a unit */
    struct mr_vec units; /* struct mr_fleet_unit */
    uint64_t *parts;     /* weights, after deal */
    size_t nparts;
    /* After deal: part i has dealt[first[i]] … dealt[first[i + 1] - 1], in the order of units. */
    const struct mr_fleet_unit **dealt;
    size_t *first;
};

/* What a table weighs. */
uint64_t mr_fleet_table_weight(const struct mr_fleet_table *table);

/* total: the weight of all tables of all pairs. */
void mr_fleet_units_begin(struct mr_fleet_units *units, struct mr_arena *arena, uint64_t total,
                          size_t nparts);
/* Also of a pair without a table there is a unit: its objects. */
enum mr_code mr_fleet_units_pair(struct mr_fleet_units *units, size_t pair,
                                 const struct mr_fleet_table *tables, size_t count,
                                 struct mr_err *err);
enum mr_code mr_fleet_units_deal(struct mr_fleet_units *units, struct mr_err *err);
void mr_fleet_units_release(struct mr_fleet_units *units);

#endif
