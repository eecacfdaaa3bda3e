/*
 * planned: what plan.json says of a plan that writes rows: its tables, its counts, and
 * what is only reported (docs/formats/plan-v1.md).
 *
 * The tables are in the order in which they were planned, parents first.  Names of
 * columns are TARGET's as plan_tables.h has them; `table` is SOURCE's "db.t".
 *
 * Ownership: everything read lives in the manifest's arena.  Threads: plain data.
 */
#ifndef MR_PLANNED_H
#define MR_PLANNED_H

#include "core/json/json_reader.h"
#include "core/json/jsonw.h"
#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

struct mr_planned_names {
    const char *const *items;
    size_t count;
};

struct mr_planned_column {
    const char *name;
    const char *reading;     /* how its value is read on TARGET alone (plan_image.h) */
    const char *source_name; /* where it is another one there; else NULL */
    bool masked;             /* the configuration of the plan masks it */
};

#define MR_PLANNED_SAME "same"
#define MR_PLANNED_NUMBER "number"
#define MR_PLANNED_UUID "uuid"

struct mr_planned_reference {
    const char *parent; /* "db.t", SOURCE's names */
    struct mr_planned_names columns, parent_columns;
    bool declared;         /* a foreign key of TARGET */
    const char *condition; /* SQL, on which it holds; or NULL */
    /* Per column: "same", "number" (a text that spells one) or "uuid" (spelling.h); count 0:
     * all are the same. */
    struct mr_planned_names spelling;
};

struct mr_planned_trigger {
    const char *name, *timing, *event;
};

struct mr_planned_kind {
    const char *kind; /* as in conflicts.csv */
    uint64_t open, decided;
};

/* What rows come to by the binary logs. */
struct mr_planned_logs {
    const char *outcome; /* mr_three_outcome_name() */
    uint64_t count;
};

/* A side whose logs do not tell all of a table. */
struct mr_planned_evidence {
    const char *side;     /* "source", "target" */
    const char *evidence; /* mr_witness_name() */
    const char *reason;   /* a clause, or NULL */
};

struct mr_planned_table {
    const char *table, *target_table; /* "db.t" as each side calls it */
    const char *target_db, *target_name;
    bool subject; /* its rows are people */
    struct mr_planned_names key;
    enum mr_plan_identity identity;
    struct mr_planned_names identity_columns;
    const char *counter;              /* column of the key, TARGET's name, or NULL */
    const char *time_column;          /* or NULL */
    const char *base, *fresh;         /* L and U, digits; only where the origin is set */
    const char *base_origin;          /* merge_bounds.h; NULL: there is none */
    const char *fresh_origin;         /* NULL: there is none */
    uint64_t first_id, id_step, nids; /* new ids that are given; nids 0: none */
    const char *fingerprint;          /* SHA-256 of TARGET's column definitions */
    bool knows_around;                /* an older myrecon did not */
    struct mr_planned_names around;   /* surroundings.h, as the planner saw it */
    const struct mr_planned_column *columns;
    size_t ncolumns;
    const struct mr_planned_reference *references;
    size_t nreferences;
    const struct mr_planned_trigger *triggers; /* that fire when the plan is applied */
    size_t ntriggers;
    bool knows_undo;                                /* an older myrecon did not */
    const struct mr_planned_trigger *undo_triggers; /* that fire when it is undone */
    size_t nundo_triggers;
    uint64_t decisions[MR_DECISIONS]; /* entities, by decision */
    const struct mr_planned_kind *kinds;
    size_t nkinds;
    const struct mr_planned_logs *logs; /* none: they told nothing */
    size_t nlogs;
    const struct mr_planned_evidence *evidence; /* none: good on both sides, or not collected */
    size_t nevidence;
};

/* Of a table into which rows are inserted whose identity no unique index keeps. */
#define MR_NOTE_LOOSE "loose-identity"

/* Triggers that undo would fire for rows of the table. */
#define MR_NOTE_UNDO_FIRES "undo-fires"
/* Its kind: rows that are decided about by what earlier plans of the case decided. */
#define MR_NOTE_DECIDED "decided-before"

/* The logs of the case do not tell all of the table. */
#define MR_NOTE_LOGS "logs"

/* Rows that are asked about for nothing but times that the server sets. */
#define MR_NOTE_SET_TIMES "set-times"

/* Rows that the run found on SOURCE are there no more. */
#define MR_NOTE_GONE "gone-in-source"

/* What is reported, and never a conflict. */
struct mr_planned_note {
    const char *kind;  /* "deleted-in-source", "id-in-text", "live-only" */
    const char *table; /* "db.t", or NULL */
    const char *text;  /* a sentence for people */
};

struct mr_planned {
    const char *split_at; /* as given, or NULL */
    const char *partial;  /* what the comparison left out, with --partial; or NULL */
    bool fire_triggers;   /* --allow-triggers fire */
    uint64_t units, rows; /* of apply.sql */
    uint64_t packet;      /* max_allowed_packet that they need; 0: not known */
    uint64_t open, decided;
    const struct mr_planned_table *tables;
    size_t ntables;
    const struct mr_planned_note *notes;
    size_t nnotes;
};

/* Writes the member "rows". */
void mr_planned_put(struct mr_jsonw *w, const struct mr_planned *planned);
/* The member "rows" of root.  What goes wrong is in r->code. */
void mr_planned_get(struct mr_json_reader *r, const struct json_t *root,
                    struct mr_planned *planned);

/* L or U with its origin; both null where origin is NULL. */
void mr_planned_put_bound(struct mr_jsonw *w, const char *key, const char *origin_key,
                          const char *value, const char *origin);

/* Rows of a decision over all tables, or only over those of people. */
uint64_t mr_planned_count(const struct mr_planned *planned, enum mr_decision decision, bool people);

/* Does any trigger fire, which may write other values than the plan's? */
bool mr_planned_fires(const struct mr_planned *planned);

/* How many rows of the table the plan writes or deletes. */
uint64_t mr_planned_writes(const struct mr_planned_table *table);

/* Appends "a.key = b.key AND …"; a and b: with their dot. */
void mr_planned_sql_same(struct mr_strbuf *sql, const struct mr_planned_table *table, const char *a,
                         const char *b);
/* Is the key one AUTO_INCREMENT column? */
bool mr_planned_counts(const struct mr_planned_table *table);
/* Does a table of the plan refer to it? */
bool mr_planned_is_parent(const struct mr_planned *planned, const struct mr_planned_table *table);
/* Columns of its by which tables of the plan refer to it, beside those of its key, in the order of
 * the table: at has room for all.  The plan's record has their digest, and its proof makes it again.
 */
size_t mr_planned_referred(const struct mr_planned *planned, const struct mr_planned_table *table,
                           size_t *at);

/* How a column of the child writes the parent's key; child: its class. */
struct mr_spelling mr_planned_spelling(const struct mr_planned_reference *r, size_t column,
                                       enum mr_class child);
/* Appends that column, to be compared with numbers of the parent; before: in front of its
 * name, "db.t." or "". */
void mr_planned_sql_key(struct mr_strbuf *sql, const struct mr_planned_reference *r, size_t column,
                        const char *before);

#endif
