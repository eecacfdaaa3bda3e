/*
 * route: do the statements of one connection reach one session of one server?
 *
 * Proxies that understand the protocol (ProxySQL, MaxScale) may send what reads to a replica and
 * what writes to its source, or let several connections share a session.  Then a consistent
 * view is none, what was set for the session does not hold, and rows of two servers are taken for
 * those of one: such a connection is refused, by both servers' names.
 *
 * A server greets with the number that CONNECTION_ID() tells (its lower 32 bits); a proxy greets
 * with a number of its own.  So a connection without a proxy costs one statement; behind one, the
 * same question is asked as a reading statement, within a transaction that reads, and within one
 * that may write.  ProxySQL answers the bare SELECT CONNECTION_ID() by itself; none of ours is that.
 *
 * Behind the preparation of the session: what is set in it ties a connection of many a pool (RDS
 * Proxy, ProxySQL) to one session of the server, which before would be another with each statement.
 *
 * Threads: as the connection.
 */
#ifndef MR_ROUTE_H
#define MR_ROUTE_H

#include <stdbool.h>

#include "core/db/db.h"

/* Of a connection whose greeting had the number greeted, and whose facts (by SHOW) are server's.
 * MR_E_MOVED where it is split or shared.  *is_proxied: somebody stands in between. */
enum mr_code mr_route_check(struct mr_db *db, unsigned long greeted, const struct mr_server *server,
                            bool *is_proxied, struct mr_err *err);

#endif
