/*
 * db_watch: no statement without an end, and no wait without a word.
 *
 *   mr_watch_new → (mr_watch_connected → mr_watch_prepare → mr_watch_begin/_end …) →
 *   mr_watch_free
 *
 * Each connection has a thread beside it that looks ten times a second at how long the call
 * at hand has been under way.  After MR_WATCH_FIRST_S seconds it asks the server over a
 * connection of its own what our session waits for and who holds that, and logs it with
 * what the statement is for; and again every MR_WATCH_AGAIN_S seconds while it lasts.
 * Most runs never wait, so that connection is opened when it is first needed; it has a watch
 * that asks nobody, so that a server that drips its answer does not hold up this one.
 *
 * It shuts the connection's socket down, so that the call fails, where
 *  - the statement's limit is over, of one call or of all its calls together, and the server has
 *    not ended it by itself;
 *  - the server answers neither the call nor a new connection (stopped, or cut off), for
 *    MR_WATCH_SILENCE times the connect-timeout;
 *  - it waits for a lock for longer than any session of ours is set to wait (the server
 *    itself waits for the tables of its catalogue for ever);
 *  - the run has been interrupted, or what was read is for nobody any longer, and the call does not
 *    end by itself.
 * Where a limit or an interruption ends what a connection reads, the server is told so, too
 * (KILL), if it answers at once and shows that session with a statement of this run.
 * mr_watch_tell() then has the reason for the error.
 *
 * Errors: MR_E_NOMEM.  Threads: all but the thread itself belongs to the connection's
 * owner.  A watch whose thread hangs in a server that does not answer outlives its owner:
 * it holds nothing of the connection but its own copies.
 */
#ifndef MR_DB_WATCH_H
#define MR_DB_WATCH_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/db/endpoint.h"

#define MR_WATCH_FIRST_S 3
#define MR_WATCH_AGAIN_S 30
#define MR_WATCH_SILENCE 3
#define MR_WATCH_GRACE_S 2 /* for the server, to end a statement by itself */

struct mr_watch;

/* lock_wait_s: how long sessions of this connection are set to wait for a lock; 0: the
 * server's word is all that holds.  asks: false of a connection over which another watch
 * asks: limits and interruptions hold for it, too. */
enum mr_code mr_watch_new(const struct mr_endpoint *ep, const char *label, const char *run_tag,
                          unsigned lock_wait_s, bool asks, struct mr_watch **out,
                          struct mr_err *err);
void mr_watch_free(struct mr_watch *watch); /* NULL is fine everywhere */

/* Ends a line for whoever reads or writes on it; when it is closed the server is told by a reset, and waits
 * for nobody to take rows that it still has. */
void mr_watch_cut(int fd);
/* The socket of the connection and its number on the server; -1: there is none. */
void mr_watch_connected(struct mr_watch *watch, int fd, uint64_t connection);
/* Calls end as by an interruption while it is set, too; NULL: they do not.  It outlives the watch's
 * owner. */
void mr_watch_heed(struct mr_watch *watch, const atomic_bool *abandoned);
/* How long a statement may last on the client's side; 0: as long as the server answers. */
void mr_watch_limit(struct mr_watch *watch, unsigned limit_s);
/* What is being done; until then it is read from the statement.  "": from the statement. */
void mr_watch_say(struct mr_watch *watch, const char *fmt, va_list args) MR_PRINTF(2, 0);

/* The statement that is going to be sent. */
void mr_watch_prepare(struct mr_watch *watch, const char *sql, size_t len);
/* A call that may wait for the server: sends it, or reads more of its result.  Cheap enough
 * for each row. */
void mr_watch_begin(struct mr_watch *watch);
/* It has come back. */
void mr_watch_end(struct mr_watch *watch);

/*
 * Completes the error of a call that the watch has ended, or of one that waited until the
 * server ended it: what it was for, and what it waited for.  Returns its code: that of err,
 * MR_E_CANCELLED after an interruption, MR_E_LOST where the server does not answer, and
 * `given_up` where the watch has ended it for another reason.
 */
enum mr_code mr_watch_tell(struct mr_watch *watch, const char *sql, size_t len,
                           enum mr_code given_up, struct mr_err *err);

#endif
