/*
 * findings: what a check found, kept in a case file.
 *
 * One case holds runs; a run holds tables; a table holds segments, finished chunks and
 * findings.  A finding is born as a suspicion (a key and its place in the key order) in
 * the same transaction as its chunk, gets both row images when it is confirmed, and its
 * kind when it is classified.  Readers after the run (text, JSON, later affected, report
 * and repair) need nothing but the case.
 *
 * Keys, images and identities are encodings of row.h.  A row image is the encoding of all
 * values of the table's "full" read: the columns in the order of mr_find_column, then
 * hidden values; mr_find_column.show_at is the position of the value that people see.
 *
 * Threads: every function takes the case's lock itself.  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_FINDINGS_H
#define MR_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/case/casefile.h"
#include "core/db/db.h"
#include "core/row/row.h"
#include "core/row/value_text.h"
#include "core/source/keyrange.h"

/* Of a case that may hold suspects in pages, and of any other; 1: without packed images. */
#define MR_FINDINGS_VERSION 3
#define MR_FINDINGS_PLAIN 2

enum mr_find_state {
    MR_FIND_SUSPECT = 0,
    MR_FIND_SEEN_ONCE = 1, /* differed while its source row stood still, once */
    MR_FIND_DIVERGED = 2,  /* twice: true */
    MR_FIND_SETTLED = 3,   /* equal when read again */
    MR_FIND_UNSETTLED = 4, /* still moving at the last try */
    MR_FIND_PAIRED = 5     /* the row of another finding, under a key that the collation
                              takes for the same */
};

enum mr_find_kind {
    MR_KIND_UNDECIDED = 0,
    MR_KIND_MISSING,
    MR_KIND_EXTRA,
    MR_KIND_CHANGED,
    MR_KIND_COLLISION
};

enum mr_verdict {
    MR_VERDICT_UNDECIDED = 0,
    MR_VERDICT_EQUAL,
    MR_VERDICT_DIVERGED,
    MR_VERDICT_UNSETTLED,
    MR_VERDICT_NOT_CHECKED
};

/* "missing", "extra" …, "equal", "diverged" …: as outputs have them; never NULL. */
const char *mr_kind_name(enum mr_find_kind kind);
const char *mr_verdict_name(enum mr_verdict verdict);

/* What makes two runs comparable for --resume, and what `run` lines show. */
struct mr_find_run {
    int64_t id;
    const char *uuid;            /* run_id of every output, "20261120T033301Z-8f3a" */
    const char *source, *target; /* display form, no password */
    const char *uri[2];          /* the same with all options; NULL: not known */
    const char *options;         /* normal form of all options that change the result */
    const char *started;         /* UTC, ISO 8601 */
    bool finished;
    double seconds;
    const char *replication; /* note for people, or NULL */
    const char *hidden;      /* object kinds that could not be seen; lines; or NULL */
    bool objects_done;       /* object findings are recorded */
    bool kin_done;           /* whom the findings belong to is recorded (lineage.h) */
};

struct mr_findings;

/* Opens a case, or makes one, as mode says (casefile.h).  Closed by mr_findings_close, which
 * frees it also where it fails; NULL is fine. */
enum mr_code mr_findings_open(const char *path, enum mr_case_mode mode, struct mr_findings **out,
                              struct mr_err *err);
enum mr_code mr_findings_close(struct mr_findings *fd, struct mr_err *err);

/* The case of a file as it is at this moment, whoever writes to it, in a new file (mr_case_copy).  A
 * signal does not end it: it is how work that was interrupted is kept. */
enum mr_code mr_findings_copy(const char *path, const char *copy, struct mr_err *err);

/* The options with which a URI in display form was last used; cases of earlier versions
 * know none, and *whole is what was shown then.  Texts live in arena. */
enum mr_code mr_findings_uri_save(struct mr_findings *fd, const char *shown, const char *whole,
                                  struct mr_err *err);
enum mr_code mr_findings_uri_whole(struct mr_findings *fd, struct mr_arena *arena,
                                   const char *shown, const char **whole, struct mr_err *err);

/* Starts a run; run->id is set and becomes the current one. */
enum mr_code mr_findings_run_begin(struct mr_findings *fd, struct mr_find_run *run,
                                   struct mr_err *err);
/* The last run (finished or not): makes it the current one.  run->id 0: there is none.
 * Strings live in arena. */
enum mr_code mr_findings_run_last(struct mr_findings *fd, struct mr_arena *arena,
                                  struct mr_find_run *run, struct mr_err *err);
/* The run that readers of a case use, made the current one: that of this uuid (or a part
 * of it that only one run has); NULL: the last finished run, else the last one.
 * MR_E_NO_SUCH where there is none, with the runs of the case in the hint. */
enum mr_code mr_findings_run_choose(struct mr_findings *fd, const char *uuid,
                                    struct mr_arena *arena, struct mr_find_run *run,
                                    struct mr_err *err);
/* Is it the one that readers use who name none? */
enum mr_code mr_findings_run_is_usual(struct mr_findings *fd, const struct mr_find_run *run,
                                      bool *is, struct mr_err *err);
enum mr_code mr_findings_run_end(struct mr_findings *fd, const struct mr_find_run *run,
                                 struct mr_err *err);

/* A column as outputs need it. */
struct mr_find_column {
    const char *name;
    const char *type; /* as SOURCE's catalogue writes it: "varchar(20)" */
    struct mr_value_style style;
    size_t show_at; /* position in the image of the value that people see */
    const char *charset;
    int key_at;      /* 0-based place in the key, or -1 */
    int identity_at; /* 0-based place in the identity, or -1 */
    int flag_at;     /* position of its flag (an ENUM's number 0 or a member ''; bytes that a
                        text's charset has no character for), or -1 */
    bool normalise;  /* JSON of two flavours: equal if the normal forms are */
    bool masked;     /* the configuration's mask names it */
};

/* Are the rows of a table the people that `affected` lists? */
enum mr_find_subject {
    MR_SUBJECT_NO = 0,
    MR_SUBJECT_CONFIGURED, /* subject = yes */
    MR_SUBJECT_INFERRED    /* none is configured, and no other table can be meant */
};

struct mr_find_counts {
    uint64_t source_rows, target_rows, bytes;
    uint64_t missing, extra, changed, collision, moved, null_identities;
};

/* Every count of `more` on top of that of `sum`. */
void mr_find_counts_add(struct mr_find_counts *sum, const struct mr_find_counts *more);
/* Rows that differ; those that moved are among them. */
uint64_t mr_find_counts_differing(const struct mr_find_counts *counts);
/* Of which kinds they are: a set of 1 << enum mr_find_kind. */
unsigned mr_find_counts_kinds(const struct mr_find_counts *counts);
/* Of a table that was read to its end, with so many rows unsettled. */
enum mr_verdict mr_find_counts_verdict(const struct mr_find_counts *counts, uint64_t unsettled);

struct mr_find_table {
    int64_t id;
    const char *name; /* "db.t", SOURCE's names */
    const char *target_name;
    const struct mr_find_column *columns;
    size_t ncolumns;
    bool keyless;
    enum mr_verdict verdict;
    const char *reason; /* of not-checked, else NULL */
    bool schema_differs;
    bool identity_known; /* configured, or a natural key: not only the key for want of one */
    bool scanned;        /* every chunk of every segment is recorded */
    bool settled;        /* confirmed and classified; never while suspects of it are in pages */
    struct mr_find_counts counts;
    const char *note; /* for people: MyISAM, window, no time column …; or NULL */
    enum mr_find_subject subject;
    int time_at;       /* column that tells when a row was created, or -1 */
    bool windowed;     /* only some of its rows were compared (--where, --since) */
    const char *alike; /* what nearly all of its rows have in common that differ: a sentence, or
                            NULL; read with the tables, written by mr_findings_alike_save */
};

/* Adds the table to the current run (table->id is set), or finds it there by name and
 * compares its columns: *known is then true and verdict, counts, scanned and settled are
 * loaded; with other columns its old findings are dropped and it starts anew. */
enum mr_code mr_findings_table_add(struct mr_findings *fd, struct mr_find_table *table, bool *known,
                                   struct mr_err *err);
/* Writes verdict, reason, counts, flags and note. */
enum mr_code mr_findings_table_save(struct mr_findings *fd, const struct mr_find_table *table,
                                    struct mr_err *err);
/* Forgets chunks, segments and findings of a table. */
enum mr_code mr_findings_table_clear(struct mr_findings *fd, int64_t table, struct mr_err *err);
/* And that it was a table of the run. */
enum mr_code mr_findings_table_drop(struct mr_findings *fd, int64_t table, struct mr_err *err);
/* All tables of the current run, by name; everything in arena. */
enum mr_code mr_findings_tables(struct mr_findings *fd, struct mr_arena *arena,
                                struct mr_find_table **tables, size_t *count, struct mr_err *err);

/* One table of the current run, with its columns, in arena; *found false: there is none of that
 * name.  What nearly all of its rows have in common is not read. */
enum mr_code mr_findings_table_find(struct mr_findings *fd, const char *name,
                                    struct mr_arena *arena, struct mr_find_table *table,
                                    bool *found, struct mr_err *err);

/* Segments and chunks. */
struct mr_find_segment {
    struct mr_key lo, hi;
    struct mr_key done_to; /* hi of the last finished chunk; ptr NULL: none yet */
    int64_t next_chunk;
    bool done;
};
enum mr_code mr_findings_segments_add(struct mr_findings *fd, int64_t table,
                                      const struct mr_range *ranges, size_t count,
                                      struct mr_err *err);
enum mr_code mr_findings_segments(struct mr_findings *fd, int64_t table, struct mr_arena *arena,
                                  struct mr_find_segment **segments, size_t *count,
                                  struct mr_err *err);

struct mr_find_suspect {
    struct mr_key key;
    uint64_t pos;   /* order within the chunk */
    uint64_t equal; /* rows of the chunk before it that are equal */
};
struct mr_find_chunk {
    int64_t table;
    size_t segment;
    int64_t no;
    struct mr_key hi; /* ptr NULL with last: end of the key space */
    bool last;        /* of its segment */
    uint64_t source_rows, target_rows, bytes, equal;
};
/* One transaction: the chunk is done and these are its suspects. */
enum mr_code mr_findings_chunk_done(struct mr_findings *fd, const struct mr_find_chunk *chunk,
                                    const struct mr_find_suspect *suspects, size_t count,
                                    struct mr_err *err);
/* The keys of a finished chunk, bytes in arena. */
enum mr_code mr_findings_chunk_range(struct mr_findings *fd, int64_t table, int64_t segment,
                                     int64_t no, struct mr_arena *arena, struct mr_range *range,
                                     struct mr_err *err);
/* Rows and bytes of all chunks done, of all runs of the case. */
enum mr_code mr_findings_read_so_far(struct mr_findings *fd, uint64_t *rows, uint64_t *bytes,
                                     struct mr_err *err);
/* Rows and bytes of the chunks done, over the table. */
enum mr_code mr_findings_chunk_sums(struct mr_findings *fd, int64_t table,
                                    struct mr_find_counts *counts, struct mr_err *err);

/* A finding as confirm, classify and outputs see it. */
struct mr_finding {
    int64_t id;
    int64_t segment, chunk;
    uint64_t pos, equal;
    enum mr_find_state state;
    enum mr_find_kind kind;
    struct mr_key key;           /* as scanned */
    const void *source, *target; /* row images, NULL: no row */
    size_t source_len, target_len;
    const void *source_id,
        *target_id; /* canonical identities; NULL: nobody, or a table without one */
    size_t source_id_len, target_id_len;
    uint64_t count; /* keyless: rows it stands for; else 1 */
};

/* Which findings of a table to read: those in a state, by id. */
struct mr_find_page {
    int64_t table;
    enum mr_find_state state;
    int64_t after_id, last_id; /* (after_id, last_id]; last_id 0: to the end */
    size_t limit;
    size_t max_bytes; /* of images: ends behind the finding that reaches it; 0: none */
    bool with_images; /* load the images too */
    unsigned kinds;   /* only these: a set of 1 << enum mr_find_kind; 0: all */
};
/* For a query of one's own that has read the columns source and target (both, or the one that is
 * not NULL): makes row images of them, which live until the next such call.  MR_E_CASE for what
 * is damaged, with the finding->id. */
enum mr_code mr_findings_images(struct mr_findings *fd, struct mr_finding *finding,
                                struct mr_err *err);
/* Pushes struct mr_finding, bytes in arena; none only where there is no more, fewer than the limit
 * also before that. */
enum mr_code mr_findings_page(struct mr_findings *fd, const struct mr_find_page *page,
                              struct mr_arena *arena, struct mr_vec *out, struct mr_err *err);
/* The same for all ids from after_id on, without a limit in bytes. */
enum mr_code mr_findings_in_state(struct mr_findings *fd, int64_t table, enum mr_find_state state,
                                  int64_t after_id, size_t limit, bool with_images,
                                  struct mr_arena *arena, struct mr_vec *out, struct mr_err *err);
/* Ids (int64_t, ascending, fewer than `parts`) that cut the findings of a table in that
 * state into parts of similar size, each the last of its part. */
enum mr_code mr_findings_cut(struct mr_findings *fd, int64_t table, enum mr_find_state state,
                             size_t parts, struct mr_vec *ids, struct mr_err *err);
/* Writes state, kind, images, identities and count of findings, in one transaction; id 0
 * adds one.  Key and place of a finding stay as they were added. */
enum mr_code mr_findings_save(struct mr_findings *fd, int64_t table,
                              const struct mr_finding *findings, size_t count, bool images,
                              struct mr_err *err);
/* Adds a finding, unless the table has a live one (not paired) with exactly its key. */
enum mr_code mr_findings_add_unknown(struct mr_findings *fd, int64_t table,
                                     const struct mr_finding *finding, struct mr_err *err);
/* Number of findings of a table per state. */
enum mr_code mr_findings_count(struct mr_findings *fd, int64_t table, enum mr_find_state state,
                               uint64_t *count, struct mr_err *err);
/* Moves all findings of a table from one state to another. */
enum mr_code mr_findings_restate(struct mr_findings *fd, int64_t table, enum mr_find_state from,
                                 enum mr_find_state to, struct mr_err *err);
/* The same for those of a page's ids and state, whatever its limit. */
enum mr_code mr_findings_restate_page(struct mr_findings *fd, const struct mr_find_page *page,
                                      enum mr_find_state to, struct mr_err *err);

/* Counts by kind over the diverged findings, and of those with a row whose identity is
 * NULL (all, where identities are not set); pairs identities that stand under different
 * keys on the two sides (each held once on a side) as moved. */
enum mr_code mr_findings_summarise(struct mr_findings *fd, int64_t table,
                                   struct mr_find_counts *counts, struct mr_err *err);

/* From now on walks leave out what the case's table `explained` names (check_explained.h),
 * which must be there; moved pairs where it names both findings. */
void mr_findings_hide_explained(struct mr_findings *fd, bool hide);

/* Walks the diverged findings of a table in key order, with images; with `all` also the
 * settled and unsettled ones, because they separate ranges. */
typedef enum mr_code mr_finding_fn(void *ctx, const struct mr_finding *finding, struct mr_err *err);
enum mr_code mr_findings_walk(struct mr_findings *fd, int64_t table, bool all, mr_finding_fn *fn,
                              void *ctx, struct mr_err *err);
/* The same with `all`, for whoever needs the images of a few: source and target are what the
 * columns hold, of which mr_findings_images() makes images. */
enum mr_code mr_findings_walk_packed(struct mr_findings *fd, int64_t table, mr_finding_fn *fn,
                                     void *ctx, struct mr_err *err);
/* Walks the first `limit` diverged findings of a table in key order, with images. */
enum mr_code mr_findings_walk_first(struct mr_findings *fd, int64_t table, size_t limit,
                                    mr_finding_fn *fn, void *ctx, struct mr_err *err);
/* The same, and behind them the first of each kind of `kinds` (a set of 1 << enum mr_find_kind) that is
 * not among them: what is rare is seen, too. */
enum mr_code mr_findings_walk_samples(struct mr_findings *fd, int64_t table, size_t limit,
                                      unsigned kinds, mr_finding_fn *fn, void *ctx,
                                      struct mr_err *err);
/* Walks moved pairs, in key order of the source row: the finding that holds the source row, and the one that holds the
 * target row. */
typedef enum mr_code mr_moved_fn(void *ctx, const struct mr_finding *source,
                                 const struct mr_finding *target, struct mr_err *err);
enum mr_code mr_findings_walk_moved(struct mr_findings *fd, int64_t table, mr_moved_fn *fn,
                                    void *ctx, struct mr_err *err);
/* The same for the first `limit` pairs. */
enum mr_code mr_findings_walk_moved_first(struct mr_findings *fd, int64_t table, size_t limit,
                                          mr_moved_fn *fn, void *ctx, struct mr_err *err);
/* One row of an identity that one side holds under several keys; or of a key that stands in several of
 * the servers that a source is made of. */
struct mr_find_duplicate {
    int side;             /* 0 source, 1 target */
    const void *identity; /* canonical; with a place: the key */
    size_t identity_len;
    const void *image; /* of the row, as in a finding */
    size_t image_len;
    const char *place; /* where the row stands, for people: "db03:3306/shop_03.orders_7"; or NULL */
};
/* Adds one; the same row again is fine. */
enum mr_code mr_findings_duplicate_add(struct mr_findings *fd, int64_t table,
                                       const struct mr_find_duplicate *duplicate,
                                       struct mr_err *err);
/* Walks them, those of one identity together; first: the first of its identity. */
typedef enum mr_code mr_duplicate_fn(void *ctx, const struct mr_find_duplicate *duplicate,
                                     bool first, struct mr_err *err);
enum mr_code mr_findings_walk_duplicates(struct mr_findings *fd, int64_t table, mr_duplicate_fn *fn,
                                         void *ctx, struct mr_err *err);
/* Per chunk equal counts, in key order: tells whether runs touch across chunks. */
typedef enum mr_code mr_chunk_fn(void *ctx, int64_t segment, int64_t chunk, uint64_t equal,
                                 struct mr_err *err);
enum mr_code mr_findings_walk_chunks(struct mr_findings *fd, int64_t table, mr_chunk_fn *fn,
                                     void *ctx, struct mr_err *err);

/* Object findings of the current run. */
struct mr_find_object {
    const char *kind, *table, *name; /* table NULL where there is none */
    const char *source, *target;     /* texts or NULL */
    const char *database;            /* SOURCE's name of the database it is in */
};
/* A table that one side alone has (or all tables of a database): none of its rows is a finding. */
bool mr_find_object_is_one_sided(const struct mr_find_object *object);
enum mr_code mr_findings_object_add(struct mr_findings *fd, const struct mr_find_object *object,
                                    struct mr_err *err);
enum mr_code mr_findings_objects_clear(struct mr_findings *fd, struct mr_err *err);
enum mr_code mr_findings_objects(struct mr_findings *fd, struct mr_arena *arena,
                                 struct mr_vec *objects, struct mr_err *err);

/* Where a table's AUTO_INCREMENT counter stood when the run looked. */
struct mr_find_counter {
    int64_t table;
    const char *column;
    uint64_t next[2], greatest[2]; /* source, target; greatest 0: empty or negative */
};
/* Replaces what the run knows of that table's counter. */
enum mr_code mr_findings_counter_save(struct mr_findings *fd, const struct mr_find_counter *counter,
                                      struct mr_err *err);
/* Counters of the current run (struct mr_find_counter), by table. */
enum mr_code mr_findings_counters(struct mr_findings *fd, struct mr_arena *arena,
                                  struct mr_vec *counters, struct mr_err *err);

/* The case file itself, for queries that only one command needs. */
struct mr_case *mr_findings_case(struct mr_findings *fd);
/* A transaction on it: begin takes the case's lock; end commits, or rolls back where code is an
 * error, which it keeps, and unlocks. */
enum mr_code mr_findings_begin(struct mr_findings *fd, struct mr_err *err);
enum mr_code mr_findings_end(struct mr_findings *fd, enum mr_code code, struct mr_err *err);
/* Id of the current run. */
int64_t mr_findings_run_id(const struct mr_findings *fd);

/* Advice of the current run: what the configuration could say. */
struct mr_find_advice {
    const char *table;  /* "db.t", SOURCE's names */
    const char *column; /* or NULL */
    const char *text;   /* a sentence for people */
    const char *config; /* lines that the configuration takes as they are */
};
/* Replaces all advice of the run, in one transaction. */
enum mr_code mr_findings_advice_save(struct mr_findings *fd, const struct mr_find_advice *advice,
                                     size_t count, struct mr_err *err);
/* Pushes struct mr_find_advice in the order of the save; texts in arena. */
enum mr_code mr_findings_advice(struct mr_findings *fd, struct mr_arena *arena,
                                struct mr_vec *advice, struct mr_err *err);

/* What the configuration of the current run says of a table. */
struct mr_find_setting {
    const char *table; /* "db.t", SOURCE's names */
    const char *key, *value;
};
/* Replaces all settings of the run, in one transaction. */
enum mr_code mr_findings_settings_save(struct mr_findings *fd,
                                       const struct mr_find_setting *settings, size_t count,
                                       struct mr_err *err);
/* Pushes struct mr_find_setting in the order of the save, texts in arena: none where an
 * earlier version made the run. */
enum mr_code mr_findings_settings(struct mr_findings *fd, struct mr_arena *arena,
                                  struct mr_vec *settings, struct mr_err *err);

/* What a table was on a side when its rows began to be read: texts, to be compared.  NULL:
 * not known. */
struct mr_find_made {
    const char *key;     /* types and collations of its key's columns: the order of chunks; and in a
                        second line, which earlier versions lack, a digest of all columns */
    const char *numbers; /* of the server's engine; a line a partition */
    const char *time;    /* when the server made it */
};
enum mr_code mr_findings_made_save(struct mr_findings *fd, int64_t table,
                                   const struct mr_find_made made[2], struct mr_err *err);
/* *known false: nothing was kept, or an earlier version made the run. */
enum mr_code mr_findings_made(struct mr_findings *fd, int64_t table, struct mr_arena *arena,
                              struct mr_find_made made[2], bool *known, struct mr_err *err);

/* Were both made of one table, of the same columns and in one order of its key?  The numbers
 * decide, and the times where they are not known; what neither tells is taken for the same. */
bool mr_findings_made_is_same(const struct mr_find_made *was, const struct mr_find_made *now);

/* What nearly all differing rows of the table have in common; NULL forgets it. */
enum mr_code mr_findings_alike_save(struct mr_findings *fd, int64_t table, const char *text,
                                    struct mr_err *err);

/* Who has answered at the addresses of the current run, by side; NULL: nobody, a snapshot.  Of many servers that are one
 * source (core/source/source_shards.h) each has a side of its own, from MR_FINDINGS_SHARD on, in their order.
 * Kept is what mr_server_is_same() looks at. */
#define MR_FINDINGS_SHARD 2
enum mr_code mr_findings_servers_save(struct mr_findings *fd,
                                      const struct mr_server *const *servers, size_t count,
                                      struct mr_err *err);
/* *known false: a snapshot, or an earlier version made the run. */
enum mr_code mr_findings_server(struct mr_findings *fd, int side, struct mr_server *server,
                                bool *known, struct mr_err *err);
/* The same of the run with that uuid, whichever is chosen. */
enum mr_code mr_findings_server_of(struct mr_findings *fd, const char *uuid, int side,
                                   struct mr_server *server, bool *known, struct mr_err *err);

#endif
