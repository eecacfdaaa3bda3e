/*
 * inventory: which pairs of servers a fleet is made of, as an INI file says.
 *
 *   [fleet]
 *   config = incident.ini            for every pair that names none of its own
 *   readers-per-server = 4
 *   [pair shop-{01..63}]             63 pairs; {} in a value is the number of each
 *   source = mysql://recon@db{}-old/shop_{}
 *   target = mysql://recon@db{}-new/shop_{}
 *   [map orders]                     many sources to one target (inventory_map.h): a pair, too
 *   source = mysql://recon@db{00..15}-old/shop_{}
 *   target = mysql://recon@db-new/shop
 *   tables = orders_{0..9} -> orders
 *
 * A number keeps the width of the range's first one.  A path that is not absolute is taken from
 * the inventory's directory, wherever the command runs.  Names of pairs become names of files:
 * letters, digits, `.`, `_`, `-`, and they differ also where a file system folds letters.
 *
 * Ownership: everything lives in the arena.  Errors: MR_E_CONFIG with file:line in front, MR_E_IO.
 * No message shows a password.  Limits: a file of 16 MiB, MR_INVENTORY_PAIRS pairs.
 */
#ifndef MR_INVENTORY_H
#define MR_INVENTORY_H

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/vec.h"
#include "core/source/sides.h"

#define MR_INVENTORY_PAIRS 100000
#define MR_INVENTORY_NAME 100 /* bytes of a pair's name */

struct mr_inventory_pair {
    const char *name;
    const char
        *uri[MR_SIDES]; /* as written, with a password where one is; of a map's source shards:… */
    const char *config; /* path, or NULL: where any command looks for it */
    unsigned line;      /* of the section */
    bool only_source;   /* of a map that is spread: the target is another one's */
    bool of_map;        /* so is each of these: tables of the two have other names */
};

struct mr_inventory {
    const char *path;
    unsigned readers_per_server;
    struct mr_vec pairs; /* struct mr_inventory_pair, in the order of the file */
};

/* The file at path, copied into the arena: MR_E_IO where it cannot be read, else as parse. */
enum mr_code mr_inventory_load(const char *path, struct mr_arena *arena, struct mr_inventory *out,
                               struct mr_err *err);
/* From memory; path stands for the file, in messages and for paths. */
enum mr_code mr_inventory_parse(const char *text, size_t len, const char *path,
                                struct mr_arena *arena, struct mr_inventory *out,
                                struct mr_err *err);
void mr_inventory_release(struct mr_inventory *inventory);
/* Why a pair cannot be named so, since the name becomes that of files; NULL: it can. */
const char *mr_inventory_strange_name(const char *name);

#endif
