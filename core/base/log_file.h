/*
 * log_file: the log's second place, a file with the time of each line; log.c writes to both.
 *
 *   2026-11-27T09:02:52.123Z 4711 warning: table "club.log" has no key
 *   {"time":"2026-11-27T09:02:52.123Z","pid":4711,"level":"warning","message":"table …"}
 *
 * Times are UTC.  Each record is one line, written by one write(2) to the end of the file, so that
 * several runs may share it, and a file that is cut to nothing (copytruncate) goes on.  A write
 * that fails is said once, on stderr by the caller; later records are tried all the same, so that
 * a disk with room again has the rest.  No call allocates.
 *
 * Ownership: the descriptor is the module's until the process ends.  Threads: any; _set once,
 * before there are others.
 */
#ifndef MR_LOG_FILE_H
#define MR_LOG_FILE_H

#include <stdbool.h>

enum mr_log_format { MR_LOG_TEXT = 1, MR_LOG_JSON };

/* fd: open for appending.  -1: no file any more. */
void mr_log_file_set(int fd, enum mr_log_format format);
/* level: "warning".  text has no control characters, and is UTF-8; what is too long is cut.
 * False, with errno, for the first record that could not be written; else true. */
bool mr_log_file_put(const char *level, const char *text);

#endif
