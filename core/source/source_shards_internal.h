/* source_shards_internal.h: what the parts of source_shards share. */
#ifndef MR_SOURCE_SHARDS_INTERNAL_H
#define MR_SOURCE_SHARDS_INTERNAL_H

#include "core/source/source_shards.h"

/* A table of the logical source. */
struct mr_shards_view {
    const char *name;
    struct mr_vec places; /* struct mr_shards_place; at least one */
    const char *unfit;    /* or NULL */
};

/* One server, whichever databases of it are sources. */
struct mr_shards_server {
    const struct mr_endpoint *ep; /* of the first of them */
    struct mr_source *source;
    struct mr_vec dbs; /* const char *, each once */
    struct mr_catalogue *cat;
};

struct mr_source_shards {
    struct mr_source base;
    const struct mr_shards *map;
    struct mr_shards_server *servers;
    size_t nservers;
    size_t *server_of;  /* by place in map->servers */
    struct mr_vec kept; /* struct mr_catalogue *: those of servers that were read, since tables of
                           catalogues that are still in use point into them */
    struct mr_arena arena;
    struct mr_vec views; /* struct mr_shards_view, of the last catalogue, by name */
};

/* NULL: there is none. */
const struct mr_shards_view *mr_shards_view(const struct mr_source_shards *src, const char *name);

/* mr_source_ops.catalogue */
enum mr_code mr_shards_catalogue(struct mr_source *src, const char *const *dbs, size_t ndbs,
                                 const struct mr_catalogue_opts *opts, struct mr_catalogue **out,
                                 struct mr_err *err);

#endif
