/*
 * new_dir: a directory that comes into being whole or not at all.
 *
 *   mr_new_dir_begin → write files into .partial, each synced → mr_new_dir_publish
 *     → mr_new_dir_close
 *
 * It is built as PATH.partial (0700), locked as long as a run works on it, and takes the
 * name PATH by one rename: at any point of a crash PATH is whole, or is not there.  What a
 * killed run left in PATH.partial is found by the next one, whose caller goes on with it or
 * clears it away; files that are nobody's own are never touched.
 *
 * PATH must not exist, or be an empty directory: else MR_E_REFUSED, as for a PATH.partial
 * that another run works on or that holds foreign files.  MR_E_USAGE: no name.  MR_E_IO
 * otherwise, with a hint where the disk is full.  Where a file system knows no locks a PATH.partial that is
 * there is refused, too: only who has made it is known to be alone.
 *
 * Ownership: texts live in the caller's arena.  Threads: one.
 */
#ifndef MR_NEW_DIR_H
#define MR_NEW_DIR_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/err.h"

/* What is built, constants of its kind. */
struct mr_new_dir_kind {
    const char *noun;  /* of the path, as its option is called: "output" */
    const char *thing; /* "plan" */
    /* Has a thing under construction a file or folder of that name? */
    bool (*is_own)(const char *name);
};

struct mr_new_dir {
    const struct mr_new_dir_kind *kind;
    const char *path;    /* of the directory to be, links followed */
    const char *partial; /* PATH.partial */
    int fd;              /* of partial, locked; -1: none */
    bool is_synced;      /* names in partial are on disk, and none is added any more */
};

/* To be closed also after a failure. */
enum mr_code mr_new_dir_begin(struct mr_new_dir *dir, const char *path,
                              const struct mr_new_dir_kind *kind, struct mr_arena *arena,
                              struct mr_err *err);
/* The same beside a directory PATH, which has to be there and stays as it is until
 * mr_new_dir_publish_over: else MR_E_REFUSED. */
enum mr_code mr_new_dir_begin_over(struct mr_new_dir *dir, const char *path,
                                   const struct mr_new_dir_kind *kind, struct mr_arena *arena,
                                   struct mr_err *err);
/* No file is added any more: brings the names of those that are there to the disk, which publish
 * does where it was not done.  What is left to fail is that the directory gets its name. */
enum mr_code mr_new_dir_sync(struct mr_new_dir *dir, struct mr_err *err);
/* After it, fd is -1. */
enum mr_code mr_new_dir_publish(struct mr_new_dir *dir, struct mr_err *err);
/* Of one that was begun over another: the two change names at once, and what was PATH takes the name
 * `old`, which nothing has.  A crash in between leaves what was PATH as PATH.partial.  Where the file
 * system cannot exchange names, PATH is missing for a moment, and a crash then leaves `old` and
 * PATH.partial, both whole.  After a failure PATH is what it was. */
enum mr_code mr_new_dir_publish_over(struct mr_new_dir *dir, const char *old, struct mr_err *err);
/* Lets the lock go, and leaves what lies there. */
void mr_new_dir_close(struct mr_new_dir *dir);

/* Calls fn for each entry of a folder of partial (".": itself); no such folder is fine. */
typedef enum mr_code mr_new_dir_entry_fn(void *ctx, int folder_fd, const char *name,
                                         struct mr_err *err);
enum mr_code mr_new_dir_each(const struct mr_new_dir *dir, const char *folder,
                             mr_new_dir_entry_fn *fn, void *ctx, struct mr_err *err);

/* MR_E_IO from errno: could not DID "PATH". */
enum mr_code mr_new_dir_fail(const char *did, const char *path, struct mr_err *err);

#endif
