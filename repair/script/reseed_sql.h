/*
 * reseed_sql: the plan's counters as scripts for the stock client.
 *
 * reseed.sql raises, verify.sql only reads; both end in a list of the counters, and with an
 * error where one is too low.  One script is for one flavour.
 *
 * What makes reseed.sql safe with a careless client (mysql --force, source, a reconnect in
 * between): each statement that changes anything is built by the statement before it, which
 * itself looks whether this is the planned server, writable, with a short lock wait, and
 * whether the counter stands lower.  A client that runs on after an error, or in a new
 * session, finds 'DO 0' or nothing there.
 *
 * Errors: MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_RESEED_SQL_H
#define MR_RESEED_SQL_H

#include "repair/plan/manifest.h"

/* Append the whole script to out. */
enum mr_code mr_reseed_sql(const struct mr_manifest *manifest, struct mr_strbuf *out,
                           struct mr_err *err);
enum mr_code mr_reseed_verify_sql(const struct mr_manifest *manifest, struct mr_strbuf *out,
                                  struct mr_err *err);

/* "ALTER TABLE `db`.`t` AUTO_INCREMENT = n, ALGORITHM = INPLACE, LOCK = NONE", or what
 * raises this kind of counter; without a semicolon. */
void mr_reseed_raise_sql(const struct mr_counter *counter, uint64_t to, struct mr_strbuf *out);

/* The last part of both: reads every counter back, and fails where one is too low. */
void mr_reseed_proof(const struct mr_manifest *manifest, struct mr_strbuf *out);

#endif
