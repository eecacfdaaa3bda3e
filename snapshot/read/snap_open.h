/*
 * snap_open: a snapshot that is read: its manifest, and what is wrong with the directory.
 *
 *   mr_snap_open → (mr_snap_unlock, snap_keys.h) → use .manifest (if there is no damage)
 *     → mr_snap_close
 *
 * What is not as it was written is a finding, not an error: mr_snap_open returns MR_OK and
 * pushes to .damage.  An error is what keeps it from being looked at: no such directory,
 * no right, another format (MR_E_SNAPSHOT).
 *
 * Ownership: texts live in .arena.  Threads: one; the manifest may be read by all.
 */
#ifndef MR_SNAP_OPEN_H
#define MR_SNAP_OPEN_H

#include "core/base/vec.h"
#include "core/file/sha256.h"
#include "snapshot/format/snap_manifest.h"

struct mr_snap_damage {
    const char *file, *reason;
};

struct mr_snap {
    const char *path; /* as given */
    struct mr_arena arena;
    struct mr_snap_manifest manifest; /* empty where it is damaged itself */
    const struct mr_snap_file *files; /* its files, by name */
    struct mr_vec damage;             /* struct mr_snap_damage */
    bool has_manifest;
    char manifest_sha256[MR_SHA256_HEX]; /* where it has one */
    struct mr_cms_key *key;              /* that opens encrypted files, or NULL */
    int lock_fd;                         /* until it is closed nobody removes it; 0: none */
};

/* Reads manifest.json and proves it by its sum.  To be closed also after a failure.  MR_E_IO while
 * another run removes it. */
enum mr_code mr_snap_open(const char *path, struct mr_snap *snap, struct mr_err *err);
/* Of one that could not be opened: has the directory nothing of a snapshot? */
bool mr_snap_is_absent(const struct mr_snap *snap);
void mr_snap_close(struct mr_snap *snap);

/* Of one whose manifest is damaged, or not proved: what it says all the same, for who must not rely on
 * it.  Sets manifest_sha256; texts live in .arena.  *known is false where it cannot be read. */
enum mr_code mr_snap_read_unproved(struct mr_snap *snap, struct mr_snap_manifest *out, bool *known,
                                   struct mr_err *err);

/* Compares the names in the directory with the manifest's: what is missing, and what is
 * there besides. */
enum mr_code mr_snap_check_names(struct mr_snap *snap, struct mr_err *err);
/* Size and, with `whole`, SHA-256 of a file.  *reason: what is wrong, or NULL; a constant. */
enum mr_code mr_snap_check_file(const struct mr_snap *snap, const struct mr_snap_file *file,
                                bool whole, const char **reason, struct mr_err *err);

/* NULL: the manifest has no such file (of a chunk it has none here). */
const struct mr_snap_file *mr_snap_find_file(const struct mr_snap *snap, const char *name);
/* Appends what it holds, proved as it is read: MR_E_REFUSED where it is not the file that the
 * manifest has, whoever proved it earlier. */
enum mr_code mr_snap_read_file(const struct mr_snap *snap, const struct mr_snap_file *file,
                               size_t max_bytes, struct mr_strbuf *out, struct mr_err *err);

/* Texts are copied. */
enum mr_code mr_snap_add_damage(struct mr_snap *snap, const char *file, const char *reason,
                                struct mr_err *err);
/* MR_OK, or MR_E_REFUSED with the first damage. */
enum mr_code mr_snap_require_whole(const struct mr_snap *snap, struct mr_err *err);
/* path/name */
void mr_snap_path(struct mr_strbuf *out, const struct mr_snap *snap, const char *name);

#endif
