/*
 * doctor_bundle: everything that support needs in one file, a tar archive in zstd, without
 * secrets and without rows.
 *
 *   mr_doctor_bundle_begin → (the doctor examines) → mr_doctor_bundle_write → free
 *
 * In it: what the doctor found, versions, settings and status of each server, its sessions
 * and transactions with statements whose values are masked, the state of replication
 * without the texts of errors, grants without hashes, a fingerprint a table, and the
 * configuration without passwords.  What may quote a row is left out (doctor_scrub.h).
 *
 * The file has mode 0600 and its name only when it is complete.  Errors: MR_E_EXISTS,
 * MR_E_IO, MR_E_NOMEM; what a server does not tell is no error, its file says so.
 * Threads: one.
 */
#ifndef MR_DOCTOR_BUNDLE_H
#define MR_DOCTOR_BUNDLE_H

#include "core/base/run_id.h"
#include "recon/doctor/doctor.h"

struct mr_doctor_bundle;

/* A name that cannot be written to is told before anybody is asked anything. */
enum mr_code mr_doctor_bundle_begin(const char *path, bool force, const struct mr_run_id *id,
                                    struct mr_doctor_bundle **out, struct mr_err *err);
/* Once, after mr_doctor_conclude. */
enum mr_code mr_doctor_bundle_write(struct mr_doctor_bundle *bundle, const struct mr_doctor *doctor,
                                    struct mr_err *err);
void mr_doctor_bundle_free(struct mr_doctor_bundle *bundle); /* NULL is fine */

/* ---- for the parts ---- */

/* A file of the archive, under the archive's own folder. */
enum mr_code mr_doctor_bundle_add(struct mr_doctor_bundle *bundle, const char *name,
                                  const struct mr_strbuf *content, struct mr_err *err);
/* All files of one server, in the folder `dir`. */
enum mr_code mr_doctor_bundle_server(struct mr_doctor_bundle *bundle, const char *dir,
                                     const struct mr_doctor_server *server, struct mr_err *err);

#endif
