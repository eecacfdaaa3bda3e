/*
 * view_position: where a view stands in the logs of its server.
 *
 * MariaDB tells it of each view, exactly: mr_view_position_within, asked in the view.
 * (What is applied from another server is kept with the rows it applies, so that a view has
 * that, too.)
 *
 * MySQL tells where the server stands: mr_view_position_now.  A transaction is in its log
 * before it is in the engine, with semi-sync replication (which waits then) for as long as its
 * replica takes.  What waits for it (a read lock; on MySQL 9 performance_schema.log_status)
 * waits for that replica, too.  So the position counts where no transaction was
 * on its way from the log into the engine after it was read, which shows in what they hold:
 * the lock of a commit (performance_schema.metadata_locks), or their GTID (gtid_owned).  Where
 * some always are, mr_view_position_step_back goes back over as many transactions of the log
 * (they are committed in its order), or to the beginning of the log's file: MySQL begins one
 * only when all transactions of the one before are in the engine.
 *
 * Ownership: a position's texts are its own.  Threads: no state.
 */
#ifndef MR_VIEW_POSITION_H
#define MR_VIEW_POSITION_H

#include "core/base/vec.h"
#include "core/db/db.h"

struct mr_view_position {
    struct mr_strbuf gtid, file, offset;
    struct mr_strbuf applied; /* MariaDB: GTIDs of what was applied from others */
};

/* Of nowhere; release frees its texts. */
void mr_view_position_init(struct mr_view_position *p);
void mr_view_position_release(struct mr_view_position *p);
/* Equal in every text; and was any position told at all? */
bool mr_view_position_same(const struct mr_view_position *a, const struct mr_view_position *b);
bool mr_view_position_is_known(const struct mr_view_position *p);

enum mr_code mr_view_position_within(struct mr_db *view, bool with_applied,
                                     struct mr_view_position *p, struct mr_err *err);
/* MariaDB: the GTIDs of its file and offset, if the server knows them. */
void mr_view_position_name(struct mr_db *db, struct mr_view_position *p);

/* How transactions that are being committed are seen. */
enum mr_view_commits {
    MR_COMMITS_HIDDEN = 1,
    MR_COMMITS_LOCKS, /* by the lock that each holds until it is in the engine */
    MR_COMMITS_GTIDS  /* by the GTIDs that they own until then */
};
enum mr_code mr_view_commits_look(struct mr_db *db, enum mr_view_commits *out, struct mr_err *err);

/* MySQL.  First where the log ends; *underway: then, how many transactions may be in the log
 * and not in the engine (1 where that is hidden); then the GTIDs that are in the engine. */
enum mr_code mr_view_position_now(struct mr_db *db, enum mr_view_commits how,
                                  struct mr_view_position *p, size_t *underway, struct mr_err *err);

/* MySQL: the GTIDs that no log has any more, or ever had (SET gtid_purged); empty without GTIDs. */
enum mr_code mr_view_position_purged(struct mr_db *db, struct mr_strbuf *gtids, struct mr_err *err);

/* p of mr_view_position_now: back to an offset that all views made since surely hold. */
enum mr_code mr_view_position_step_back(struct mr_db *db, enum mr_view_commits how, size_t underway,
                                        struct mr_view_position *p, struct mr_err *err);
/* The same, of offsets at which the transactions of a file begin, and how far it is known: an
 * offset of the file. */
uint64_t mr_view_offset_back(const struct mr_vec *starts, uint64_t known_to, uint64_t offset,
                             size_t underway);

#endif
