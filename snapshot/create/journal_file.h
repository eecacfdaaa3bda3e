/*
 * journal_file: what a run has finished, in DIR.partial/journal.jsonl, so that the next one
 * can go on after a kill.
 *
 *   mr_journal_file_open → (mr_journal_file_find …) → mr_journal_file_view
 *     → mr_journal_file_table, _resumed, _chunk, _drop … → mr_journal_file_close
 *
 * Each line is written before the call returns, or is taken back where it cannot be; now and then
 * they are brought to the disk: a run that is killed loses none, a machine without power the last
 * ones.  From a line on that was cut off, or that zeros stand for, it is as if nothing had been
 * written.  A chunk belongs to the view in which it was read, or found equal: that of the last view
 * line in front of its line.  Of tables whose keys are hidden (snap_table.h) nothing is written: the
 * next run reads them from the start.
 *
 * ORDER of a table's chunks is by segment, part and sequence; nothing here can order keys.  A run that
 * goes on numbers anew what is kept, by a line of its own: part 1, 3, 5 …, so that what is read
 * between them has a number, too.  Older versions gave kept chunks new numbers one by one: where two
 * such runs were cut off, no order is known, and the table is not gone on with.
 *
 * Ownership: what is read lives in the arena given to open.  Errors: MR_E_REFUSED where the
 * journal is of another source or other options; MR_E_IO.  Threads: one at a time.
 */
#ifndef MR_JOURNAL_FILE_H
#define MR_JOURNAL_FILE_H

#include "core/base/vec.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/format/snap_manifest.h"

/* A chunk on disk, and where it stands among those of its table. */
struct mr_journal_chunk {
    struct mr_snap_chunk chunk;
    size_t segment, part, sequence;
    size_t view; /* of one that was read from a journal: index into views */
};

/* For qsort: in their order. */
int mr_journal_chunk_compare(const void *a, const void *b);

struct mr_journal_view {
    const char *mark; /* struct mr_snap_views; or NULL */
};

struct mr_journal_table {
    const char *db, *name, *create;
    struct mr_vec bounds; /* struct mr_key */
    struct mr_vec chunks; /* struct mr_journal_chunk */
    uint64_t files;       /* numbers from here on are free for its files */
    size_t ordered;       /* views when its chunks were numbered */
    bool unordered;       /* some were numbered otherwise */
};

struct mr_journal_file {
    int fd;
    struct mr_arena *arena;
    struct mr_vec views;  /* struct mr_journal_view */
    struct mr_vec tables; /* struct mr_journal_table; released by close */
    bool resumed;         /* there was one */
    double synced_s;      /* core/base/clock.h; when what was written last went to the disk */
};

/* fingerprint: of the source and all options that decide what is kept. */
enum mr_code mr_journal_file_open(const struct mr_snap_dir *dir, const char *fingerprint,
                                  struct mr_arena *arena, struct mr_journal_file **out,
                                  struct mr_err *err);
void mr_journal_file_close(struct mr_journal_file *journal); /* NULL is fine */

/* What an earlier run has of the table, or NULL. */
const struct mr_journal_table *mr_journal_file_find(const struct mr_journal_file *journal,
                                                    const char *db, const char *name);

enum mr_code mr_journal_file_view(struct mr_journal_file *journal,
                                  const struct mr_snap_consistency *view, const char *mark,
                                  struct mr_err *err);
/* Forgets what was known of the table before. */
enum mr_code mr_journal_file_table(struct mr_journal_file *journal,
                                   const struct mr_snap_table *table, const char *create,
                                   const struct mr_vec *bounds, struct mr_err *err);
/* Goes on with what is known of it, and numbers that anew. */
enum mr_code mr_journal_file_resumed(struct mr_journal_file *journal,
                                     const struct mr_snap_table *table, struct mr_err *err);
enum mr_code mr_journal_file_chunk(struct mr_journal_file *journal,
                                   const struct mr_snap_table *table,
                                   const struct mr_journal_chunk *chunk, struct mr_err *err);
enum mr_code mr_journal_file_drop(struct mr_journal_file *journal,
                                  const struct mr_snap_table *table, const char *file,
                                  struct mr_err *err);

#endif
