/*
 * rehearse_server: a private server: nobody else reaches it, and nothing of it stays.
 *
 *   mr_rehearse_server_init → mr_rehearse_server_start → .uri → mr_child_kill
 *
 * It reads no option file, listens on a socket in the place alone (0700), writes no binary log, runs
 * no event, and reads and writes no file for a statement.  Its account is root without
 * a password.  Names of tables have the letters that the snapshot's server gave them.
 *
 * Errors: MR_E_IO where it does not come up, with the last lines of its log shown before;
 * MR_E_CANCELLED.  Threads: none while it is started.
 */
#ifndef MR_REHEARSE_SERVER_H
#define MR_REHEARSE_SERVER_H

#include "snapshot/rehearse/rehearse_place.h"
#include "snapshot/rehearse/rehearse_program.h"

struct mr_rehearse_server {
    const struct mr_program *program;
    const struct mr_child_account *account;
    const struct mr_rehearse_place *place;
    unsigned lower_case_table_names; /* of the snapshot's server */
    unsigned within_s;               /* for each of the two steps */
    int log_fd;
    struct mr_child child; /* the server, from its start on */
    const char *uri;       /* in the arena */
};

/* The directory with the server's own tables; what is above the uri is filled in. */
enum mr_code mr_rehearse_server_init(struct mr_rehearse_server *server, struct mr_arena *arena,
                                     struct mr_err *err);
/* Until it takes connections. */
enum mr_code mr_rehearse_server_start(struct mr_rehearse_server *server, struct mr_arena *arena,
                                      struct mr_err *err);
/* Ends it; its data are worth nothing any more. */
void mr_rehearse_server_stop(struct mr_rehearse_server *server);

#endif
