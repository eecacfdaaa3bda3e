/*
 * doctor_files: the tables of which InnoDB has no file.
 *
 *   init → read → lacks (for each table) … → release
 *
 * MariaDB lists its tablespaces, and looks for the file of each, without opening a table: of thousands
 * that takes a tenth of a second.  A table without one was discarded, its file is gone, or could not be
 * read when the server was started; or somebody makes or drops it right now.  So it is opened to see.
 *
 * Errors: MR_E_NOMEM, and those that mr_gate_is_fatal has.  Threads: one.
 */
#ifndef MR_DOCTOR_FILES_H
#define MR_DOCTOR_FILES_H

#include "core/base/vec.h"
#include "recon/doctor/doctor.h"

struct mr_doctor_files {
    bool known; /* else nothing is known of any table: another server, or no right (PROCESS) */
    bool lower; /* InnoDB has names in lower case */
    struct mr_vec lacking; /* const char *, sorted: as InnoDB spells them, partitions each */
    struct mr_arena arena;
};

void mr_doctor_files_init(struct mr_doctor_files *files);
void mr_doctor_files_release(struct mr_doctor_files *files);
enum mr_code mr_doctor_files_read(struct mr_doctor_files *files,
                                  const struct mr_doctor_server *server, struct mr_err *err);
/* Has the table, of InnoDB, no file, or is that not known? */
bool mr_doctor_files_lack(const struct mr_doctor_files *files, const char *db, const char *table);

#endif
