/*
 * log_names: what a binary log is called, by its server, as a file and in an archive, and which files a
 * directory has of them.
 *
 * Threads: no state.
 */
#ifndef MR_LOG_NAMES_H
#define MR_LOG_NAMES_H

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/vec.h"

/* Bytes of the name or path of a file that are a log's: without .gz or .zst; archived: without the number,
 * either, that history archive writes behind the name of one that was not complete. */
size_t mr_history_log_len(const char *name, bool archived);

/* Is a log's name, or the path of its file, packed or archived or not, that of the log as the server calls
 * it? */
bool mr_history_log_is(const char *place, const char *log);
/* Has it the number of a log before which its server had none, or had begun them anew (RESET)? */
bool mr_history_log_is_first(const char *log);

/* Is the file `name` of the log behind that of `before`, by their names? */
bool mr_history_log_follows(const char *before, const char *name);

/* Pushes the paths (const char *, in the arena or of `given`) of files, and of the logs in directories, in
 * the order in which their server wrote them, whatever order they were given in. */
enum mr_code mr_history_log_files(const char *const *given, size_t ngiven, struct mr_arena *arena,
                                  struct mr_vec *paths, struct mr_err *err);

#endif
