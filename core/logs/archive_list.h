/*
 * archive_list: what a directory of archived binary logs holds: DIR/archive.json, sealed
 * (docs/formats/binlog-archive-v1.md).
 *
 *   mr_archive_list_read → change → mr_archive_list_write
 *
 * Names of logs come from a server, or from a file that anybody may have written: one that is no
 * plain name of a file is refused.
 *
 * Ownership: texts live in the arena.  Errors: MR_E_REFUSED for a list that myrecon did not
 * write, or that was changed; MR_E_IO, MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_ARCHIVE_LIST_H
#define MR_ARCHIVE_LIST_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/db/db.h"
#include "core/file/sha256.h"

#define MR_ARCHIVE_FILE "archive.json"
#define MR_ARCHIVE_SCHEMA "myrecon/binlog-archive/1"
#define MR_ARCHIVE_NAME_MAX 200 /* bytes of a log's name */

struct mr_archived_log {
    const char *name; /* "bin.000001", as the server has it */
    const char
        *file; /* "bin.000001.zst"; of one that was not closed "bin.000001.4711.zst", so that a
                         later copy of it does not take its place before it is listed */
    uint64_t bytes, stored_bytes;
    uint64_t server_bytes; /* that the server said it had; of one that was not closed: at least */
    char content[MR_SHA256_HEX], stored[MR_SHA256_HEX]; /* of the log, of the file */
    uint64_t began;                                     /* seconds of UTC since 1970 */
    const char *before; /* transactions of the logs before it: GTIDs of either family; "": none */
    bool is_whole;      /* the server had closed it; else it was archived up to `bytes` */
    uint64_t shift; /* bytes that the server left out behind the head, since only its own file holds
                           them (encryption): events stand by so many further to the front */
    const char *fault; /* what is wrong with it on the server already; or NULL */
};

struct mr_archive_list {
    const char *made;    /* UTC, when the last log was added */
    const char *server;  /* how it was reached, for people */
    struct mr_server of; /* flavour, version, uuid, server_id, hostname, port, data directory */
    struct mr_vec logs;  /* struct mr_archived_log, as the server orders them */
};

/* An empty list, to be released. */
void mr_archive_list_init(struct mr_archive_list *list);
/* Texts stay: they are the arena's. */
void mr_archive_list_release(struct mr_archive_list *list);
/* *found false: the directory has none. */
enum mr_code mr_archive_list_read(const char *dir, struct mr_arena *arena,
                                  struct mr_archive_list *list, bool *found, struct mr_err *err);
enum mr_code mr_archive_list_write(const char *dir, const struct mr_archive_list *list,
                                   struct mr_err *err);

/* NULL: there is none. */
struct mr_archived_log *mr_archive_list_find(const struct mr_archive_list *list, const char *name);
/* May a log be called that? */
bool mr_archive_is_name(const char *name);
/* DIR/FILE, in the arena. */
const char *mr_archive_path(const char *dir, const char *file, struct mr_arena *arena);
/* In the place of one of that name, else in the order of their numbers.  NULL: out of memory. */
struct mr_archived_log *mr_archive_list_put(struct mr_archive_list *list,
                                            const struct mr_archived_log *log);
/* Does `next` come right behind `log` by their names, "bin.000009" and "bin.000010"? */
bool mr_archive_is_next(const char *name, const char *next);
/* Was a file of that name left in the directory by a run that was killed?  If so it may go. */
bool mr_archive_list_is_left(const struct mr_archive_list *list, const char *file);
/* What is lacking between the logs of a list, a clause for each, lines; "": nothing. */
void mr_archive_list_add_gaps(const struct mr_archive_list *list, struct mr_strbuf *out);

#endif
