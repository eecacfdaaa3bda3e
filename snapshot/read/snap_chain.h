/*
 * snap_chain: an incremental snapshot with all that it goes on from, down to a full one.
 *
 *   mr_snap_chain_open → (mr_snap_chain_require) → links, the full one first → mr_snap_chain_close
 *
 * A link names its base by the SHA-256 of that one's manifest: a base that was changed, or made again, is
 * another one.  It is looked for among the directories that are given, then among those that lie beside the
 * link.  One that is not found is a finding (.missing), not an error.
 *
 * Ownership: texts live in .arena.  Errors: those of snap_open.h; MR_E_USAGE for a given directory that is
 * no link.  Threads: one; links that are open may be read by all.
 */
#ifndef MR_SNAP_CHAIN_H
#define MR_SNAP_CHAIN_H

#include "snapshot/read/snap_open.h"

struct mr_snap_chain {
    struct mr_arena arena;
    struct mr_vec links;                /* struct mr_snap *, the full one first */
    const struct mr_snap_base *missing; /* the base that was not found; NULL: none */
    const char *missing_of;             /* the link that names it */
    const char *other; /* a directory that has its uuid, and another manifest; or NULL */
};

/* bases: directories; NULL: none but those beside it.  To be closed also after a failure. */
enum mr_code mr_snap_chain_open(struct mr_snap_chain *chain, const char *path,
                                const struct mr_string_list *bases, struct mr_err *err);
void mr_snap_chain_close(struct mr_snap_chain *chain);
/* From 0, which is the full one. */
struct mr_snap *mr_snap_chain_link(const struct mr_snap_chain *chain, size_t at);
/* What is missing, in words: "base UUID of CREATED is neither …". */
void mr_snap_chain_add_missing(struct mr_strbuf *out, const struct mr_snap_chain *chain);
/* Nothing is missing, and no link is damaged; else MR_E_REFUSED, with what to do. */
enum mr_code mr_snap_chain_require(const struct mr_snap_chain *chain, struct mr_err *err);

/* For what cannot read a chain: MR_E_REFUSED where the snapshot has a base, with the way out. */
enum mr_code mr_snap_refuse_chained(const struct mr_snap *snap, struct mr_err *err);

#endif
