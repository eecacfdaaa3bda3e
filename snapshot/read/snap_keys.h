/*
 * snap_keys: who can read a snapshot, and who signed it.
 *
 *   mr_snap_open (snap_open.h) → mr_snap_unlock, where rows are to be read
 *     → mr_snap_require_signer, where somebody is named → mr_snap_require_whole …
 *
 * A signature that is there is checked when the manifest is read, by the public key that the
 * manifest names: then neither of the two was changed alone.  Whose key that is, only
 * mr_snap_require_signer tells.
 *
 * Errors: MR_E_CERT for a file that is no key or certificate, no key where one is needed,
 * and one that does not open the snapshot.  A signature that does not fit, or is missing, is
 * damage (snap_open.h).  Threads: one; what is unlocked may then be read by all.
 */
#ifndef MR_SNAP_KEYS_H
#define MR_SNAP_KEYS_H

#include "snapshot/read/snap_open.h"

/* Text that makes a message of at most 64 MiB, even where it cannot be compressed: a file
 * of several rows has no more.  One that is a single row may be larger, but is not opened
 * above MR_SNAP_MESSAGE_MAX, since it is held in memory. */
#define MR_SNAP_MESSAGE_TEXT ((uint64_t)62 << 20)
#define MR_SNAP_MESSAGE_MAX (((uint64_t)1 << 30) + ((uint64_t)16 << 20))

/* For somebody (its rows, not its manifest). */
bool mr_snap_is_encrypted(const struct mr_snap *snap);
/*
 * Encrypted files are opened with this private key (PEM) from here on; key_path is NULL
 * where there is none, which is an error if one is needed.  The smallest of the files is
 * opened, once it is proved, so that another key is found before anything is begun.
 */
enum mr_code mr_snap_unlock(struct mr_snap *snap, const char *key_path, struct mr_err *err);
/* Is it signed by the key of this certificate (PEM)?  Else that is damage. */
enum mr_code mr_snap_require_signer(struct mr_snap *snap, const char *cert_path,
                                    struct mr_err *err);

/* For those that read the manifest and the files.  MR_E_CERT, with what is to be done. */
enum mr_code mr_snap_no_key(const struct mr_snap *snap, struct mr_err *err);
enum mr_code mr_snap_check_signature(struct mr_snap *snap, const struct mr_strbuf *text,
                                     struct mr_err *err);

#endif
