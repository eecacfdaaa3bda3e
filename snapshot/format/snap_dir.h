/*
 * snap_dir: the directory of a snapshot under construction.
 *
 *   mr_snap_dir_begin → mr_snap_out_open … mr_snap_out_close … → mr_snap_dir_publish
 *     → mr_snap_dir_free
 *
 * A snapshot is built in DIR.partial (0700, its files 0600) and takes the name DIR when all of them
 * are on disk, and behind them manifest.json: DIR is a whole snapshot, or is not there.  What a run
 * leaves unfinished stays in DIR.partial, for the next one to go on with: the journal
 * (journal_file.h) says which files are whole, the others are swept away.  That of a living run is
 * locked.
 *
 * DIR must not exist, or be an empty directory; else MR_E_REFUSED.  Files that no snapshot
 * has are never cleared away.
 *
 * Threads: outs of one directory may be used by several threads, one each; the rest belongs
 * to one thread.  Errors: MR_E_IO with the path, and a hint where the disk is full.
 */
#ifndef MR_SNAP_DIR_H
#define MR_SNAP_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/strbuf.h"
#include "core/file/sha256.h"
#include "core/file/sink.h"

#define MR_SNAP_MANIFEST "manifest.json"
#define MR_SNAP_MANIFEST_SUM "manifest.json.sha256"
#define MR_SNAP_SIGNATURE "manifest.json.sig"
#define MR_SNAP_CATALOGUE "catalogue.json"
#define MR_SNAP_SUMS "SUMS"
#define MR_SNAP_COUNTS "counts.sql"
#define MR_SNAP_JOURNAL "journal.jsonl"
#define MR_SNAP_ENCRYPTED ".cms" /* how names of encrypted files end */

struct mr_snap_dir;

enum mr_code mr_snap_dir_begin(const char *path, struct mr_snap_dir **out, struct mr_err *err);
/* Where it is built: DIR.partial. */
const char *mr_snap_dir_partial(const struct mr_snap_dir *dir);
/* The directory that a file of that name ("data/x") is to lie in; it stays the struct's. */
int mr_snap_dir_folder(const struct mr_snap_dir *dir, const char *name);
/* Has a run of snapshot create, which may go on, left its journal there? */
bool mr_snap_dir_is_begun(const struct mr_snap_dir *dir);
/* Removes what an earlier run has left. */
enum mr_code mr_snap_dir_clear(struct mr_snap_dir *dir, struct mr_err *err);
/* The same, but for the journal and the files that are to be kept ("data/x"). */
typedef bool mr_snap_keep_fn(const void *ctx, const char *name);
enum mr_code mr_snap_dir_sweep(struct mr_snap_dir *dir, mr_snap_keep_fn *keep, const void *ctx,
                               struct mr_err *err);
/* Removes one file of an earlier run; that it is not there is fine. */
enum mr_code mr_snap_dir_remove(const struct mr_snap_dir *dir, const char *name,
                                struct mr_err *err);
/* Free bytes on the disk that it lies on, for this account. */
enum mr_code mr_snap_dir_free_bytes(const struct mr_snap_dir *dir, uint64_t *free_bytes,
                                    uint64_t *disk_bytes, struct mr_err *err);
/* From here on, files whose names end in MR_SNAP_ENCRYPTED can be opened by these alone;
 * the array must outlive the directory. */
struct mr_recipient;
void mr_snap_dir_encrypt_to(struct mr_snap_dir *dir, const struct mr_recipient *const *recipients,
                            size_t count);
const struct mr_recipient *const *mr_snap_dir_recipients(const struct mr_snap_dir *dir,
                                                         size_t *count);
/* Sees to it that all files are on the disk, writes manifest.json, its signature (NULL: none), and
 * its sum, removes the journal, and gives the directory its name. */
struct mr_snap_manifest;
struct mr_sign_key;
enum mr_code mr_snap_dir_publish(struct mr_snap_dir *dir, const struct mr_snap_manifest *manifest,
                                 const struct mr_sign_key *signer, struct mr_err *err);
void mr_snap_dir_free(struct mr_snap_dir *dir); /* NULL is fine */
/* Has a snapshot, whole or in the making, a file or folder of that name at its top? */
bool mr_snap_dir_is_own(const char *name);

/*
 * One file, which must not be there: hashed on the way, compressed where level is not 0, encrypted
 * where its name says so.  name is relative to the directory ("data/x.tsv.zst").
 */
struct mr_snap_out;
struct mr_snap_stored {
    uint64_t bytes; /* as they lie on disk */
    char sha256[MR_SHA256_HEX];
};
enum mr_code mr_snap_out_open(const struct mr_snap_dir *dir, const char *name, int level,
                              struct mr_snap_out **out, struct mr_err *err);
enum mr_code mr_snap_out_write(struct mr_snap_out *out, const void *ptr, size_t len,
                               struct mr_err *err);
/* The file is whole; frees the struct. */
enum mr_code mr_snap_out_close(struct mr_snap_out *out, struct mr_snap_stored *stored,
                               struct mr_err *err);
/* Frees it without a trace; NULL is fine. */
void mr_snap_out_abandon(struct mr_snap_out *out);

/*
 * Appends a name as it stands in file names: bytes outside [A-Za-z0-9_-] as %XX.
 */
void mr_snap_name_add(struct mr_strbuf *out, const char *name);
/* Does it end so, with something before it? */
bool mr_snap_name_ends(const char *name, const char *suffix);
bool mr_snap_name_is_encrypted(const char *name);
/* "club.members"; where that is longer than 180 bytes, the first 32 digits of its SHA-256: a run
 * that goes on must not give a file the name of another table's. */
void mr_snap_stem_add(struct mr_strbuf *out, const char *db, const char *name);
/* May a file of this name be part of a snapshot?  No way out of the directory. */
bool mr_snap_name_is_safe(const char *name);

#endif
