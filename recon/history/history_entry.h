/*
 * history_entry: what changes have made of one key, and how that is laid out in a file.
 *
 * history_fold.c makes entries, history_runs.c keeps sorted runs of them where they outgrow memory.
 * Entries of one key stand in the order of the log, the older before the younger; those of a file have
 * the layout of the process that wrote them and are read by nobody else.
 *
 * Ownership: bytes are of the arena that the entry is in.  Errors: MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_HISTORY_ENTRY_H
#define MR_HISTORY_ENTRY_H

#include "core/base/arena.h"
#include "recon/history/history_fold.h"

/* What a key has after, or had before, a change. */
struct mr_history_state {
    bool is_row;
    struct mr_history_image image; /* of a row; bytes kept where it matters, or is not whole */
};

struct mr_history_step {
    struct mr_history_step *next;
    enum mr_change_kind kind;
    int64_t tx;
    struct mr_key image;
};

/* What an entry has only if its key matters, if it moved, or if its images are not whole. */
struct mr_history_more {
    struct mr_key head, first, last; /* bytes of the images */
    struct mr_key came, went;
    struct mr_history_step *steps, **steps_end; /* own ones */
    size_t nsteps;
};

/* There is one for each key that has changed: what most have is all that it holds, and its key is a part of
 * it. */
struct mr_history_entry {
    struct mr_history_entry *next; /* of its slot */
    struct mr_history_more *more;  /* NULL: nothing of that */
    struct mr_digest head;         /* of the row before the first change of all, if that is whole */
    struct mr_digest last;
    uint64_t changes; /* own ones */
    int64_t first_tx, last_tx;
    uint32_t hash;
    uint32_t table;
    uint16_t flags;        /* of enum mr_mark_flag */
    uint16_t shared_flags; /* before the first own change: they count behind a mark that is there */
    bool has_head : 1;     /* there was a row before the first change of all */
    bool is_head_whole : 1;
    bool has_first : 1; /* … before the first own one */
    bool has_last : 1;
    bool is_last_whole : 1;
    bool has_shared : 1, matters : 1;
    bool forgets : 1; /* what was seen of the row before the entry may not hold any more */
    uint32_t key_len;
    char key[]; /* its bytes */
};

static inline struct mr_key mr_history_entry_key(const struct mr_history_entry *entry)
{
    return (struct mr_key){entry->key, entry->key_len};
}

/* Which key an entry is of. */
struct mr_history_name {
    size_t table;
    struct mr_key key;
};

/* By table, then by the bytes of the key, as the case has them. */
int mr_history_name_compare(struct mr_history_name a, struct mr_history_name b);
/* One list, in that order. */
enum mr_code mr_history_entry_sort(struct mr_history_entry **list, size_t count,
                                   struct mr_err *err);
/* Appends it to out, at a multiple of 16. */
enum mr_code mr_history_entry_pack(const struct mr_history_entry *entry, struct mr_strbuf *out,
                                   struct mr_err *err);
/* Of a packed one: how many bytes there are of it, a multiple of 16. */
size_t mr_history_entry_packed_bytes(const void *at);
/* At least so many are enough to ask that. */
#define MR_HISTORY_ENTRY_HEAD_BYTES ((size_t)16)
/* Which key a packed one is of, in its bytes; at: aligned as malloc aligns. */
struct mr_history_name mr_history_entry_name(const void *at);
/* A packed one whole again, in arena. */
enum mr_code mr_history_entry_unpack(const void *at, struct mr_arena *arena,
                                     struct mr_history_entry **out, struct mr_err *err);

#endif
