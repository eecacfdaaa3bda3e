/*
 * inventory_map: the section [map NAME] of an inventory, many sources to one target.
 *
 *   source = mysql://recon@db{00..15}/shop_{}     one range: as many sources; {}: the number of each
 *   target = mysql://recon@db/shop                one database
 *   tables = orders_{0..9} -> orders              repeatable, and lists: a, b -> t is two entries
 *   tables = items -> items, audit -> none
 *
 * It becomes a pair whose source is one endpoint of all of that (core/source/shards.h).  Who looks at
 * servers one by one spreads it into pairs again.
 *
 * Ownership: the arena.  Errors: MR_E_CONFIG with file:line in front, MR_E_NOMEM.
 */
#ifndef MR_INVENTORY_MAP_H
#define MR_INVENTORY_MAP_H

#include "core/cli/ini.h"
#include "recon/fleet/inventory.h"

/* The endpoint of the section's source and tables. */
enum mr_code mr_inventory_map_uri(const struct mr_ini_section *section, const char *path,
                                  struct mr_arena *arena, const char **uri, struct mr_err *err);

/* How a map is spread. */
enum mr_inventory_spread {
    MR_SPREAD_PAIRS = 1, /* NAME.00, NAME.01 …: a source each, and the target */
    MR_SPREAD_SERVERS /* the same, of which the target is none (only_source), and NAME, the target alone */
};
/* Puts those in the place of each map; other pairs stay. */
enum mr_code mr_inventory_spread(struct mr_inventory *inventory, enum mr_inventory_spread how,
                                 struct mr_arena *arena, struct mr_err *err);

#endif
