/*
 * replication: who follows whom, how far behind, and waiting until it has caught up.
 *
 * MariaDB (SHOW ALL SLAVES STATUS, gtid_slave_pos, MASTER_GTID_WAIT) and MySQL (SHOW
 * REPLICA STATUS, gtid_executed, WAIT_FOR_EXECUTED_GTID_SET; without GTID, binlog
 * positions and SOURCE_POS_WAIT where the account may read them).  Nothing is written,
 * no thread is started or stopped.
 *
 * Without the right to see the status (REPLICATION CLIENT / SLAVE MONITOR) the relation
 * is UNKNOWN, unless GTID state that needs no right proves that one side has applied
 * transactions of the other (MariaDB: @@gtid_slave_pos holds the other's server_id;
 * MySQL: gtid_executed holds the other's server_uuid, while the other's set does not
 * hold only its own).
 */
#ifndef MR_REPLICATION_H
#define MR_REPLICATION_H

#include <stdbool.h>

#include "core/db/db.h"

enum mr_relation {
    MR_RELATION_NONE = 1, /* neither follows the other */
    MR_RELATION_FOLLOWS,  /* b applies what a writes, its threads run */
    MR_RELATION_STOPPED,  /* b is configured to follow a, but a thread is stopped */
    MR_RELATION_UNKNOWN   /* no right to see */
};

/* How b relates to a.  note: one sentence for people (what was found; for UNKNOWN with
 * the GRANT to run; for STOPPED with which thread and its last error). */
enum mr_code mr_replication_relation(struct mr_db *a, struct mr_db *b, enum mr_relation *relation,
                                     struct mr_strbuf *note, struct mr_err *err);

/* Where a stands now: to be handed to mr_replication_wait on b.  Empty where a has no
 * binary log or no right to read its position. */
enum mr_code mr_replication_position(struct mr_db *a, struct mr_strbuf *position,
                                     struct mr_err *err);
/* All that a has applied, whoever wrote it: for a b that gets it through others.  Empty
 * where GTIDs do not tell. */
enum mr_code mr_replication_history(struct mr_db *a, struct mr_strbuf *position,
                                    struct mr_err *err);
/* Waits on b until it has applied `position` (of a), at most timeout_s.  *reached
 * tells; false also where b cannot wait for it. */
enum mr_code mr_replication_wait(struct mr_db *b, const char *position, unsigned timeout_s,
                                 bool *reached, struct mr_err *err);

/*
 * Is `position` reached for sure, where mr_replication_wait said so?  MariaDB compares the
 * sequence of a domain with the greatest that b has ever seen in it: of an earlier source, or of
 * another one in the same domain.  So b's position must be at it, and, where b follows a, within
 * what a has written by now.  Others: *reached stays.
 */
enum mr_code mr_replication_confirm(struct mr_db *a, struct mr_db *b, bool follows,
                                    const char *position, bool *reached, struct mr_err *err);

/* May b still apply what a wrote before now? */
enum mr_behind {
    MR_BEHIND_NEVER = 1, /* it follows nobody, or no thread of it applies anything */
    MR_BEHIND_DIRECT,    /* it follows a: it has what a wrote once it is at a's position */
    MR_BEHIND_OTHERS,    /* it applies what another server writes, perhaps a's changes */
    MR_BEHIND_DRAINING,  /* it fetches nothing any more, and applies what it has fetched */
    MR_BEHIND_HIDDEN     /* the account may not see it */
};
/* relation: as mr_replication_relation(a, b) has found it.  others: whom it follows, for
 * OTHERS. */
enum mr_code mr_replication_behind(struct mr_db *a, struct mr_db *b, enum mr_relation relation,
                                   enum mr_behind *behind, struct mr_strbuf *others,
                                   struct mr_err *err);

/* Whom db replicates from by a configured channel, running or not, for people; "" nobody.
 * *seen false: the account may not see it. */
enum mr_code mr_replication_sources(struct mr_db *db, bool *seen, struct mr_strbuf *sources,
                                    struct mr_err *err);
/* Before db is written to: MR_E_REFUSED where it replicates from somebody, or where that is
 * hidden (with the GRANT); allowed: by --allow-replica, which is said instead. */
enum mr_code mr_replication_refuse(struct mr_db *db, bool allowed, struct mr_err *err);

/* Seconds db's own applier is behind, of several channels the greatest: -1 not a replica or
 * not visible, -2 all are stopped.  A channel that is delayed on purpose is left out; *delay_s
 * is by how much, or 0. */
enum mr_code mr_replication_lag(struct mr_db *db, long *seconds, unsigned long *delay_s,
                                struct mr_err *err);
/* Replicas registered below db ("host:port" each, NUL-terminated, in vec of char *,
 * malloc'ed); none where the account may not see them. */
struct mr_vec;
enum mr_code mr_replication_below(struct mr_db *db, struct mr_vec *hosts, struct mr_err *err);

#endif
