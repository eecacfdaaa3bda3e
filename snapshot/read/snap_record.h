/*
 * snap_record: what was proved of a snapshot, and when: a small file beside it.
 *
 *   mr_snap_record_write, after `snapshot verify` or `rehearse`; mr_snap_record_read, for `list`
 *
 * DIR.verified.json and DIR.rehearsed.json, mode 0600, lie beside DIR and not in it, whose
 * files the manifest has by name.  A record holds the digest of the manifest that it is of: of any
 * other it says nothing, and is not there for who reads it.  So is one of another account, root
 * aside, one that everybody may write, and what is none.
 *
 * Ownership: texts live in the arena.  Errors: MR_E_IO with the path.  Threads: no state.
 */
#ifndef MR_SNAP_RECORD_H
#define MR_SNAP_RECORD_H

#include "snapshot/read/snap_open.h"

#define MR_SNAP_RECORD_SCHEMA "myrecon/snapshot-record/1"

enum mr_record_kind { MR_RECORD_VERIFIED = 1, MR_RECORD_REHEARSED };

struct mr_snap_record {
    const char *schema, *kind, *uuid, *manifest_sha256;
    const char *at;      /* UTC, ISO 8601 */
    const char *version; /* of myrecon */
    const char *verdict; /* whole, damaged; equal, different, incomplete */
    bool all;            /* of all tables */
    uint64_t tables, rows;
    const char *server; /* that it was restored into: "mariadb 10.11.19-MariaDB", or NULL */
    uint64_t seconds;   /* that it took; 0 where nobody measured */
};

/* Is it the proof that its kind stands for: whole, or equal, of all tables? */
bool mr_snap_record_is_good(const struct mr_snap_record *record);

/* Beside the directory, links to it followed. */
enum mr_code mr_snap_record_path(enum mr_record_kind kind, const char *dir, struct mr_strbuf *out,
                                 struct mr_err *err);
/* MR_E_IO where it could not be written, before anything is done for it. */
enum mr_code mr_snap_record_require_place(const char *dir, struct mr_err *err);
/* Of an open snapshot; what the record has of the manifest and the moment is filled in. */
enum mr_code mr_snap_record_write(enum mr_record_kind kind, const struct mr_snap *snap,
                                  const struct mr_snap_record *record, struct mr_err *err);
/* *found: there is one of the snapshot in that directory, whose manifest has that digest. */
enum mr_code mr_snap_record_read(enum mr_record_kind kind, const char *dir,
                                 const char *manifest_sha256, struct mr_arena *arena,
                                 struct mr_snap_record *out, bool *found, struct mr_err *err);
/* Both kinds, of the arena; NULL for one that there is not. */
enum mr_code mr_snap_record_read_both(const struct mr_snap *snap, struct mr_arena *arena,
                                      const struct mr_snap_record **verified,
                                      const struct mr_snap_record **rehearsed, struct mr_err *err);
/* Both, when the snapshot goes; that there is none is fine. */
enum mr_code mr_snap_record_remove(const char *dir, struct mr_err *err);

/* "verified 2026-11-27, rehearsed 2026-11-27", or what else they say; nothing for NULL. */
void mr_snap_record_add_text(struct mr_strbuf *out, const struct mr_snap_record *verified,
                             const struct mr_snap_record *rehearsed);
/* The members `verified` and `rehearsed` of an object that is begun: objects, or null. */
struct mr_jsonw;
void mr_snap_record_put(struct mr_jsonw *w, const struct mr_snap_record *verified,
                        const struct mr_snap_record *rehearsed);

#endif
