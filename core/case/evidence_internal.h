/* evidence_internal: what the evidence*.c files share; nobody else includes it. */
#ifndef MR_EVIDENCE_INTERNAL_H
#define MR_EVIDENCE_INTERNAL_H

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/evidence.h"

#define MR_EVIDENCE_SIDE_COLUMNS                                                                   \
    "SELECT side, own_by, server, split, own, is_complete, gap, first_log, first_position,"        \
    " end_log, end_position, executed, collected, transactions, changes, bytes, is_read, has_own"  \
    " FROM history_side WHERE collection=:collection"
struct mr_evidence_side_row {
    int side;
    struct mr_evidence_side known;
};
extern const struct mr_case_field mr_evidence_side_fields[];
extern const size_t mr_evidence_nside_fields;

/* What is known of a table on a side. */
#define MR_EVIDENCE_OF_COLUMNS                                                                     \
    "SELECT side, witness, reason, keys, changes, moving, since FROM history_witness"              \
    " WHERE tbl=:tbl"
enum mr_code mr_evidence_of_read(struct mr_case *cf, struct mr_arena *arena,
                                 struct mr_evidence_table *table, struct mr_err *err);

#define MR_EVIDENCE_MARK_COLUMNS                                                                   \
    "SELECT key, flags, changes, first_tx, last_tx, first, last, has_images, digest, came, went"   \
    " FROM history_mark WHERE tbl=:tbl AND side=:side"
/* A mark as its table has it. */
struct mr_evidence_mark_row {
    struct mr_evidence_mark mark;
    struct mr_key digest; /* 16 bytes; ptr NULL: none */
};
extern const struct mr_case_field mr_evidence_mark_fields[];
extern const size_t mr_evidence_nmark_fields;
enum mr_code mr_evidence_mark_finish(struct mr_evidence_mark_row *row, struct mr_err *err);
/* The same of a mark without the images that its digest stands for: they are most of its bytes. */
#define MR_EVIDENCE_MARK_ENDS                                                                      \
    "SELECT key, flags, changes, first_tx, last_tx, NULL AS first,"                                \
    " CASE WHEN digest IS NULL THEN last END AS last, has_images, digest, came, went"              \
    " FROM history_mark WHERE tbl=:tbl AND side=:side"
/* Those of a table and side behind a key, in the order of their bytes: the end of either statement. */
#define MR_EVIDENCE_BEHIND " AND key > coalesce(:after, x'') ORDER BY key LIMIT :most"
/* What such a statement finds, without the case's lock. */
enum mr_code mr_evidence_marks_read(struct mr_case_stmt *stmt, struct mr_arena *arena,
                                    struct mr_vec *marks, struct mr_err *err);

#endif
