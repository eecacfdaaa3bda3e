/*
 * rehearse_place: the directory of a rehearsal: a server's data, its socket and its log.
 *
 *   mr_rehearse_sweep → mr_rehearse_require_room → mr_rehearse_place_make → …
 *     → mr_rehearse_place_remove
 *
 * It lies in a directory that the user chooses, is called MR_REHEARSE_PREFIX and six letters,
 * has mode 0700, is the account's that the server runs as, and locked as long as we live.
 * Whatever happens it is removed; of a run that was killed it stays, unlocked, and the next run that
 * uses the same directory removes it and says so.
 *
 * Ownership: texts live in the arena.  Errors: MR_E_IO with the path; MR_E_REFUSED where there is no
 * room, or the path is too long for a socket.  Threads: one.
 */
#ifndef MR_REHEARSE_PLACE_H
#define MR_REHEARSE_PLACE_H

#include <stdint.h>

#include "core/base/arena.h"
#include "snapshot/rehearse/rehearse_child.h"

#define MR_REHEARSE_PREFIX "myrecon-rehearse."
/* In it, from when it is locked: what has the name alone is somebody's own. */
#define MR_REHEARSE_MARK ".myrecon-rehearsal"

struct mr_rehearse_place {
    const char *path, *data, *tmp, *files, *socket, *log; /* NULL: there is none */
    int fd;                                               /* of path, locked; -1: none */
};

/* The directory that rehearsals lie in, absolute; asked NULL: $TMPDIR, else /var/tmp. */
enum mr_code mr_rehearse_work_dir(const char *asked, struct mr_arena *arena, const char **out,
                                  struct mr_err *err);
/* Removes what killed runs of this account, or of that one, have left there. */
enum mr_code mr_rehearse_sweep(const char *work_dir, const struct mr_child_account *account,
                               struct mr_err *err);
/* needed: bytes that may be written there. */
enum mr_code mr_rehearse_require_room(const char *work_dir, uint64_t needed, struct mr_err *err);
/* Is there nothing left to write with, for an account that the server runs as? */
bool mr_rehearse_is_full(const char *dir, const struct mr_child_account *account);
/* *place is filled anew; to be removed also after a failure. */
enum mr_code mr_rehearse_place_make(const char *work_dir, const struct mr_child_account *account,
                                    struct mr_arena *arena, struct mr_rehearse_place *place,
                                    struct mr_err *err);
/* The last lines of the server's log, to people. */
void mr_rehearse_show_log(const struct mr_rehearse_place *place);
enum mr_code mr_rehearse_place_remove(struct mr_rehearse_place *place, struct mr_err *err);

#endif
