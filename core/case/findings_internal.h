/* findings_internal: what the findings*.c files share; nobody else includes it. */
#ifndef MR_FINDINGS_INTERNAL_H
#define MR_FINDINGS_INTERNAL_H

#include "core/case/case_fields.h"
#include "core/case/findings.h"

/* Tables of lineage.c. */
#define MR_LINEAGE_SCHEMA                                                                          \
    "CREATE TABLE reference (id INTEGER PRIMARY KEY, run INT NOT NULL, tbl INT NOT "               \
    "NULL,"                                                                                        \
    " parent INT, parent_name TEXT NOT NULL, name TEXT NOT NULL, declared INT NOT NULL,"           \
    " condition TEXT, condition_at INT NOT NULL) STRICT;"                                          \
    "CREATE TABLE reference_column (reference INT NOT NULL, at INT NOT NULL,"                      \
    " col INT NOT NULL, parent_col INT NOT NULL, PRIMARY KEY (reference, at))"                     \
    " STRICT, WITHOUT ROWID;"                                                                      \
    "CREATE TABLE ancestor (id INTEGER PRIMARY KEY, tbl INT NOT NULL, side INT NOT "               \
    "NULL,"                                                                                        \
    " key BLOB NOT NULL, identity BLOB, image BLOB NOT NULL,"                                      \
    " UNIQUE (tbl, side, key)) STRICT;"                                                            \
    "CREATE INDEX ancestor_order ON ancestor (tbl, side);"                                         \
    "CREATE TABLE link (side INT NOT NULL, child INT NOT NULL, reference INT NOT NULL,"            \
    " parent INT NOT NULL, PRIMARY KEY (side, child, reference, parent))"                          \
    " STRICT, WITHOUT ROWID;"

/* Tables of the plans that were made of a case (repair/plan/planbook.c). */
#define MR_PLANBOOK_SCHEMA                                                                         \
    "CREATE TABLE plan (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, run INT,"               \
    " policy TEXT NOT NULL, created TEXT NOT NULL, source TEXT NOT NULL,"                          \
    " target TEXT NOT NULL, dir TEXT NOT NULL, state TEXT NOT NULL) STRICT;"                       \
    "CREATE TABLE plan_block (plan INT NOT NULL, tbl TEXT NOT NULL,"                               \
    " target_tbl TEXT NOT NULL, col TEXT NOT NULL, sequence TEXT,"                                 \
    " source_next TEXT NOT NULL, source_greatest TEXT NOT NULL,"                                   \
    " target_next TEXT NOT NULL, target_greatest TEXT NOT NULL, lo TEXT NOT NULL,"                 \
    " hi TEXT NOT NULL, reseed_to TEXT NOT NULL, PRIMARY KEY (plan, tbl, col))"                    \
    " STRICT, WITHOUT ROWID;"

struct mr_findings {
    struct mr_case *cf;
    int64_t run;
    bool hides_explained; /* the table `explained` is there */
    /* prepared once, because every chunk uses them */
    struct mr_case_stmt *add_chunk, *add_suspect;
};

/* Forgets what mr_findings_made_save() has kept of the table. */
enum mr_code mr_findings_made_forget(struct mr_findings *fd, int64_t table, struct mr_err *err);

/* What mr_findings_alike_save() has kept: forgets it; reads it into tables of the current run,
 * texts in arena.  Earlier versions have kept nothing. */
enum mr_code mr_findings_alike_forget(struct mr_findings *fd, int64_t table, struct mr_err *err);
enum mr_code mr_findings_alike_read(struct mr_findings *fd, struct mr_arena *arena,
                                    struct mr_find_table *tables, size_t count, struct mr_err *err);

/* The columns of a finding that a query calls `f`; images only on request. */
#define MR_FINDING_COLUMNS(f)                                                                      \
    f ".id AS id, " f ".segment AS segment, " f ".chunk AS chunk, " f ".pos AS pos, " f            \
      ".equal AS equal, " f ".state AS state, " f ".kind AS kind, " f ".count AS count, " f        \
      ".key AS key, " f ".source_id AS source_id, " f ".target_id AS target_id"
#define MR_FINDING_IMAGES(f) ", " f ".source AS source, " f ".target AS target"

/* Opens what reads struct mr_finding of them: of a row of `findings` alike, that one. */
enum mr_code mr_findings_map(struct mr_case_fields *map, struct mr_case_stmt *stmt, size_t at,
                             size_t findings, struct mr_err *err);

#endif
