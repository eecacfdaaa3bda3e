/* findings_internal: what the findings*.c files share; nobody else includes it. */
#ifndef MR_FINDINGS_INTERNAL_H
#define MR_FINDINGS_INTERNAL_H

#include "core/case/case_fields.h"
#include "core/case/findings.h"
#include "core/case/image_pack.h"

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

/* What packed images need to be read (findings_images.c). */
#define MR_DICTIONARY_SCHEMA                                                                       \
    "CREATE TABLE IF NOT EXISTS dictionary (id INTEGER PRIMARY KEY, tbl INT NOT NULL,"             \
    " bytes BLOB NOT NULL) STRICT;"

/* Suspects by the hundred (findings_pages.c). */
#define MR_PAGES_SCHEMA                                                                            \
    "CREATE TABLE IF NOT EXISTS suspect_page (first INTEGER PRIMARY KEY, last INT NOT NULL,"       \
    " tbl INT NOT NULL, segment INT NOT NULL, chunk INT NOT NULL, state INT NOT NULL,"             \
    " suspects BLOB NOT NULL) STRICT;"

/* Rows of a key that stands in several of many sources, each with where it stands. */
#define MR_DOUBLED_SCHEMA                                                                          \
    "CREATE TABLE IF NOT EXISTS doubled (tbl INT NOT NULL, key BLOB NOT NULL,"                     \
    " place TEXT NOT NULL, image BLOB NOT NULL, PRIMARY KEY (tbl, key, place, image))"             \
    " STRICT, WITHOUT ROWID;"

/* What the binary logs say (evidence.h); a case of an earlier version gets them with its first
 * collection. */
#define MR_EVIDENCE_SCHEMA                                                                         \
    "CREATE TABLE IF NOT EXISTS history_collection (id INTEGER PRIMARY KEY,"                       \
    " options TEXT NOT NULL, finished INT NOT NULL) STRICT;"                                       \
    "CREATE TABLE IF NOT EXISTS history_side (collection INT NOT NULL, side INT NOT NULL,"         \
    " own_by INT NOT NULL, server TEXT, split TEXT, own TEXT, is_complete INT NOT NULL,"           \
    " gap TEXT, first_log TEXT, first_position INT NOT NULL, end_log TEXT,"                        \
    " end_position INT NOT NULL, executed TEXT, collected TEXT, transactions INT NOT NULL,"        \
    " changes INT NOT NULL, bytes INT NOT NULL, is_read INT NOT NULL, has_own INT NOT NULL,"       \
    " PRIMARY KEY (collection, side)) STRICT, WITHOUT ROWID;"                                      \
    "CREATE TABLE IF NOT EXISTS history_log (id INTEGER PRIMARY KEY, collection INT NOT NULL,"     \
    " side INT NOT NULL, name TEXT NOT NULL, UNIQUE (collection, side, name)) STRICT;"             \
    "CREATE TABLE IF NOT EXISTS history_tx (id INTEGER PRIMARY KEY, collection INT NOT NULL,"      \
    " side INT NOT NULL, gtid TEXT NOT NULL, committed_us INT NOT NULL, log INT NOT NULL,"         \
    " position INT NOT NULL) STRICT;"                                                              \
    "CREATE TABLE IF NOT EXISTS history_table (id INTEGER PRIMARY KEY, collection INT NOT NULL,"   \
    " name TEXT NOT NULL, target_name TEXT NOT NULL, columns TEXT NOT NULL,"                       \
    " UNIQUE (collection, name, columns)) STRICT;"                                                 \
    "CREATE TABLE IF NOT EXISTS history_witness (tbl INT NOT NULL, side INT NOT NULL,"             \
    " witness INT NOT NULL, reason TEXT, keys INT NOT NULL, changes INT NOT NULL,"                 \
    " moving INT NOT NULL, since INT NOT NULL, PRIMARY KEY (tbl, side)) STRICT, WITHOUT ROWID;"    \
    "CREATE TABLE IF NOT EXISTS history_mark (tbl INT NOT NULL, side INT NOT NULL,"                \
    " key BLOB NOT NULL, flags INT NOT NULL, changes INT NOT NULL, first_tx INT NOT NULL,"         \
    " last_tx INT NOT NULL, first BLOB, last BLOB, has_images INT NOT NULL, digest BLOB,"          \
    " came BLOB, went BLOB, PRIMARY KEY (tbl, side, key)) STRICT, WITHOUT ROWID;"                  \
    "CREATE TABLE IF NOT EXISTS history_change (tbl INT NOT NULL, side INT NOT NULL,"              \
    " key BLOB NOT NULL, n INT NOT NULL, kind INT NOT NULL, tx INT NOT NULL, image BLOB,"          \
    " PRIMARY KEY (tbl, side, key, n)) STRICT, WITHOUT ROWID;"

/* By transaction changes are looked up only of a collection that is finished: the index is made then, at
 * once, since to put each change into its place there takes as long as the change itself. */
#define MR_EVIDENCE_INDEX "CREATE INDEX IF NOT EXISTS history_change_tx ON history_change (tx);"
#define MR_EVIDENCE_NO_INDEX "DROP INDEX IF EXISTS history_change_tx;"

struct mr_find_images;

struct mr_findings {
    struct mr_case *cf;
    struct mr_find_images *images;
    int64_t run;
    bool hides_explained; /* the table `explained` is there */
    bool has_doubled;     /* else no run of the case had many sources */
    bool has_pages;       /* the table `suspect_page` is; always in a case to write */
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

/* The end of a page's ids. */
int64_t mr_findings_last_of(const struct mr_find_page *page);

/* Findings that are written together: with their packed images, or NULL; done[at] is set of those
 * that need no more. */
struct mr_find_batch {
    const struct mr_finding *findings;
    const struct mr_image_pair *images;
    bool *done;
    size_t count;
};
/* A statement that adds findings, each under its id, or under one that SQLite chooses. */
enum mr_code mr_findings_prepare_insert(struct mr_findings *fd, struct mr_case_stmt **insert,
                                        struct mr_err *err);
enum mr_code mr_findings_insert(struct mr_case_stmt *insert, int64_t table,
                                const struct mr_finding *finding,
                                const struct mr_image_pair *images, struct mr_err *err);

/*
 * Pages: suspects of a chunk that are kept together, as findings of states SUSPECT and SEEN_ONCE
 * without images, until one of them is written.  All of these with the case's lock, what writes in
 * a transaction; a case without the table has none.
 */
/* Are they enough for pages? */
bool mr_findings_pages_suit(const struct mr_find_suspect *suspects, size_t count);
/* Under the ids from first on. */
enum mr_code mr_findings_pages_add(struct mr_findings *fd, const struct mr_find_chunk *chunk,
                                   const struct mr_find_suspect *suspects, size_t count,
                                   int64_t first, struct mr_err *err);
/* The first id of the first page that has one of what is asked for; 0: there is none. */
enum mr_code mr_findings_pages_first(struct mr_findings *fd, const struct mr_find_page *page,
                                     int64_t *first, struct mr_err *err);
/* Pushes what is asked for of that page; bytes in arena. */
enum mr_code mr_findings_pages_read(struct mr_findings *fd, const struct mr_find_page *page,
                                    struct mr_arena *arena, struct mr_vec *out, struct mr_err *err);
enum mr_code mr_findings_pages_count(struct mr_findings *fd, int64_t table,
                                     enum mr_find_state state, int64_t *count, struct mr_err *err);
enum mr_code mr_findings_has_pages(struct mr_findings *fd, int64_t table, bool *has,
                                   struct mr_err *err);
/* As mr_findings_cut, of those in pages. */
enum mr_code mr_findings_pages_cut(struct mr_findings *fd, int64_t table, enum mr_find_state state,
                                   size_t parts, struct mr_vec *ids, struct mr_err *err);
/* Makes findings of all of a table; of those that hold one of the batch, which is written then. */
enum mr_code mr_findings_pages_open(struct mr_findings *fd, int64_t table, struct mr_err *err);
enum mr_code mr_findings_pages_write(struct mr_findings *fd, int64_t table,
                                     const struct mr_find_batch *batch, struct mr_err *err);
/* As mr_findings_restate_page: what cannot stay in a page is left to it as findings. */
enum mr_code mr_findings_pages_restate(struct mr_findings *fd, const struct mr_find_page *page,
                                       enum mr_find_state to, struct mr_err *err);
/* A case without pages is one that earlier versions may read. */
enum mr_code mr_findings_pages_end(struct mr_findings *fd, struct mr_err *err);
/* At least that version; with `lower`, exactly. */
enum mr_code mr_findings_version_set(struct mr_findings *fd, int version, bool lower,
                                     struct mr_err *err);

/* What an open case needs for its row images; freed after the case is closed. */
enum mr_code mr_findings_images_new(struct mr_find_images **out, struct mr_err *err);
void mr_findings_images_free(struct mr_find_images *images); /* NULL is fine */
/* The two images of a finding, or its two columns. */
struct mr_image_pair mr_findings_pair(const struct mr_finding *finding);
/* What the columns of each finding are to hold; in columns[count], living in the packer's arena
 * and in the findings.  Takes the case's lock, and releases it. */
enum mr_code mr_findings_pack(struct mr_findings *fd, int64_t table,
                              const struct mr_finding *findings, size_t count,
                              struct mr_image_packer *packer, struct mr_image_pair *columns,
                              struct mr_err *err);
/* source and target of a finding as the columns have them become row images: in arena, or, without
 * one, in a slot (0 or 1) of fd, until the slot's next use.  Under the case's lock. */
enum mr_code mr_findings_unpack(struct mr_findings *fd, size_t slot, struct mr_arena *arena,
                                struct mr_finding *finding, struct mr_err *err);

/* The diverged finding of the row's table that has exactly its image on that side; 0: none.  In a
 * transaction; until what it keeps for that is forgotten, no finding may change. */
struct mr_lineage_row;
enum mr_code mr_lineage_find_image(struct mr_findings *fd, int side,
                                   const struct mr_lineage_row *row, int64_t *node,
                                   struct mr_err *err);
enum mr_code mr_lineage_forget_images(struct mr_findings *fd, struct mr_err *err);

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
