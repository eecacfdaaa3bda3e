/*
 * plan_store: what a plan has decided, kept in the case file: one row an entity, one row a
 * step.  Who decides (merge, mirror, backfill, newest) fills it; show and the files of the
 * plan directory are written from it alone.
 *
 * ENTITY: one row of SOURCE that the plan looked at (for mirror also one that is only on
 * TARGET), and what was decided about it.
 * STEP: one change of one row of TARGET: what has to be there before, what is there after.
 * UNIT: steps that are sent together; a number from 1.
 * TREE: steps of a unit that are applied together or not at all, such as a person's rows;
 * a number, which goes on in the next unit where a tree does not fit into one.
 * LEVEL: in what order a unit's steps are carried out, lowest first; steps of one level,
 * table and kind may be one statement.  Levels of two steps on rows of which one refers
 * to the other always differ.
 *
 * Images are encodings (row.h) of a plan table's columns, in their order (plan_tables.h); keys
 * are encodings of its key columns in index order, as `pair` reads them.
 *
 * Calling sequence: open (creates the tables where the case has none), begin, then
 * entities and steps, end.  Ownership: bytes that are handed out live in the arena
 * that is handed in.  Threads: one.  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_PLAN_STORE_H
#define MR_PLAN_STORE_H

#include "core/case/findings.h"
#include "repair/decide/fact.h"

enum mr_decision {
    MR_DECIDE_UNDECIDED = 0, /* surviving, it is a bug */
    MR_DECIDE_SAME,          /* base row, or one fact on both sides: nothing to do */
    MR_DECIDE_MATCHED,       /* the same entity stands on TARGET under target_key */
    MR_DECIDE_INSERT,        /* will stand under the key it has, references mapped */
    MR_DECIDE_RENUMBER,      /* will stand under a new id */
    MR_DECIDE_UPDATE,        /* TARGET's row gets SOURCE's values */
    MR_DECIDE_DELETE,        /* mirror: TARGET's row goes */
    MR_DECIDE_CONFLICT,      /* existence: `kind` says which; nothing is written */
    MR_DECIDE_WAITS,         /* for an ancestor in an existence conflict */
    MR_DECIDE_SKIP,          /* somebody decided that it is not restored */
    MR_DECIDE_PARENT,        /* none of the plan's rows: they refer to it (script.h) */
    MR_DECIDE_LEFT           /* the live side deleted it, and SOURCE had left it as it was */
};
#define MR_DECISIONS (MR_DECIDE_LEFT + 1)

/* "insert", "renumber", …: as in entities.csv. */
const char *mr_decision_name(enum mr_decision decision);

/*
 * A value conflict leaves the map as it is: its entity is SAME or MATCHED, or UPDATE where
 * SOURCE's values were chosen, and `kind` names the conflict.  A conflict is open where
 * `kind` is set and `choice` is NULL.  A conflict that was decided away keeps both.
 */

struct mr_entity {
    int64_t id;
    size_t table;             /* position in the plan's tables */
    struct mr_key source_key; /* ptr NULL: not on SOURCE */
    struct mr_key target_key; /* ptr NULL: nowhere on TARGET after the plan; of a conflict
                                 about a unique value: whoever has it, as is target */
    struct mr_key identity;   /* canonical, references mapped; ptr NULL: nobody */
    enum mr_decision decision;
    const char *kind;    /* of a conflict, as in conflicts.csv; else NULL */
    const char *detail;  /* for people: which index, which parent; or NULL */
    const char *choices; /* of a conflict, joined by ';' */
    const char *choice;  /* what an option or a person chose; NULL: open */
    bool
        is_derived; /* no person has, nor an earlier plan: a rule, what is above the row, or what is usual.
                            Known while the plan is made, and false of a plan that is read again */
    int64_t waits_for; /* entity, or 0 */
    /* images: SOURCE's row as it is, TARGET's row as it is, TARGET's row as it will be;
     * ptr NULL: there is none */
    struct mr_key source, target, after;
};

#define MR_DECIDE_MERGED "merge-into" /* of conflicts.csv, and as idmap.csv says it */

/* A choice said that the row of TARGET is he, whatever its identity. */
bool mr_entity_is_merged(const struct mr_entity *entity);

enum mr_step_op { MR_STEP_INSERT = 1, MR_STEP_UPDATE, MR_STEP_DELETE };

/* The event of the triggers that it fires: "INSERT", "UPDATE", "DELETE". */
const char *mr_step_event(enum mr_step_op op);
/* What takes it back. */
enum mr_step_op mr_step_undone_by(enum mr_step_op op);

struct mr_step {
    int64_t id;
    int64_t entity;
    uint64_t unit, level;
    int64_t tree;
    enum mr_step_op op;
    size_t table;
    struct mr_key before, after; /* images; ptr NULL where there is no row */
};

/* What a person is asked about a row of SOURCE. */
struct mr_decision_ask {
    const char *table; /* "db.t", SOURCE's name */
    struct mr_key source_key;
    const char *kind;             /* of the conflict; NULL: there is none */
    struct mr_key source, target; /* the rows as they are; ptr NULL: none */
};
/* *choice stays NULL where nobody decided, and is MR_CHOICE_OPEN where somebody wants to be asked whatever
 * rules say. */
typedef enum mr_code mr_decision_fn(void *ctx, const struct mr_decision_ask *ask,
                                    const char **choice, struct mr_err *err);

struct mr_plan_store;

enum mr_code mr_plan_store_open(struct mr_findings *fd, struct mr_plan_store **out,
                                struct mr_err *err);
void mr_plan_store_close(struct mr_plan_store *store); /* NULL is fine */

/* Entities and steps that follow are those of this plan (its id in the case); what it had
 * is forgotten.  One transaction spans until _end, or until _close forgets it all. */
enum mr_code mr_plan_store_begin(struct mr_plan_store *store, int64_t plan, struct mr_err *err);
enum mr_code mr_plan_store_end(struct mr_plan_store *store, struct mr_err *err);
int64_t mr_plan_store_id(const struct mr_plan_store *store); /* of the plan */

/* Adds it (id is set), or with id != 0 writes it anew. */
enum mr_code mr_plan_store_save(struct mr_plan_store *store, struct mr_entity *entity,
                                struct mr_err *err);

/* The entity of that table with this key on TARGET after the plan; id 0: there is none. */
enum mr_code mr_plan_store_find(struct mr_plan_store *store, size_t table, struct mr_key target,
                                struct mr_arena *arena, struct mr_entity *entity,
                                struct mr_err *err);
enum mr_code mr_plan_store_get(struct mr_plan_store *store, int64_t id, struct mr_arena *arena,
                               struct mr_entity *entity, struct mr_err *err);

/* Entities of a table by id from after_id on, at most limit (struct mr_entity); decision 0:
 * all. */
enum mr_code mr_plan_store_entities(struct mr_plan_store *store, size_t table,
                                    enum mr_decision decision, int64_t after_id, size_t limit,
                                    struct mr_arena *arena, struct mr_vec *entities,
                                    struct mr_err *err);
/* All of them, in pages; an entity lives until fn returns. */
typedef enum mr_code mr_entity_fn(void *ctx, const struct mr_entity *entity, struct mr_err *err);
enum mr_code mr_plan_store_each(struct mr_plan_store *store, size_t table,
                                enum mr_decision decision, mr_entity_fn *fn, void *ctx,
                                struct mr_err *err);
/* The same as mr_plan_store_entities for entities with a kind of conflict, decided or not. */
enum mr_code mr_plan_store_conflicts(struct mr_plan_store *store, size_t table, int64_t after_id,
                                     size_t limit, struct mr_arena *arena, struct mr_vec *entities,
                                     struct mr_err *err);
/* Entities of a kind by their keys on SOURCE, from above `after` on (ptr NULL: from the
 * first); those without such a key are passed over. */
enum mr_code mr_plan_store_by_key(struct mr_plan_store *store, size_t table, const char *kind,
                                  struct mr_key after, size_t limit, struct mr_arena *arena,
                                  struct mr_vec *entities, struct mr_err *err);
enum mr_code mr_plan_store_count(struct mr_plan_store *store, size_t table,
                                 enum mr_decision decision, uint64_t *count, struct mr_err *err);

/* Keeps it, and sets its id.  entity is the id of one that was added before. */
enum mr_code mr_plan_store_add_step(struct mr_plan_store *store, struct mr_step *step,
                                    struct mr_err *err);
/* What was known of a row of SOURCE when it was decided (repair/decide/fact.h), and which kind
 * of row it is: kept while the plan is written.  MR_GROUP_UNDECIDED: nobody said. */
enum mr_code mr_plan_store_add_facts(struct mr_plan_store *store, int64_t entity, uint64_t facts,
                                     enum mr_group group, struct mr_err *err);
enum mr_code mr_plan_store_facts(struct mr_plan_store *store, int64_t entity, uint64_t *facts,
                                 enum mr_group *group, struct mr_err *err);
/* By that: is it a row of lost history, whatever is decided about it? */
enum mr_code mr_plan_store_is_lost(struct mr_plan_store *store, int64_t entity, bool *is,
                                   struct mr_err *err);
/* What the binary logs say of a row, and what that comes to: kept while the plan is written. */
struct mr_plan_logs {
    const char *outcome; /* mr_three_outcome_name(); NULL: they say nothing */
    const char *columns; /* for people: what became of which column; or NULL */
    const char *sums;    /* columns that are added to, as entity_file.h writes them; or NULL */
    struct mr_key
        base; /* the row at the split (seen_image.h); ptr NULL: not known, or there was none */
    struct mr_key merged; /* image: TARGET's row with what SOURCE changed; ptr NULL: nothing */
};
enum mr_code mr_plan_store_add_logs(struct mr_plan_store *store, int64_t entity,
                                    const struct mr_plan_logs *logs, struct mr_err *err);
enum mr_code mr_plan_store_logs(struct mr_plan_store *store, int64_t entity, struct mr_arena *arena,
                                struct mr_plan_logs *logs, struct mr_err *err);
/* Is it a restored change: columns of a row that stood on both sides at the split, written into TARGET's?
 * True of entities that are not written, too. */
enum mr_code mr_plan_store_is_restored(struct mr_plan_store *store, int64_t entity, bool *is,
                                       struct mr_err *err);
/* Its columns that are added to (struct mr_plan_logs); NULL: none. */
enum mr_code mr_plan_store_sums(struct mr_plan_store *store, int64_t entity, struct mr_arena *arena,
                                const char **sums, struct mr_err *err);
/* Is anything added to? */
enum mr_code mr_plan_store_has_sums(struct mr_plan_store *store, bool *has, struct mr_err *err);
/* Do they say anything of any row? */
enum mr_code mr_plan_store_has_logs(struct mr_plan_store *store, bool *has, struct mr_err *err);
/* By this reference the row that an entity becomes does not refer: its `when` does not hold,
 * which the images do not tell.  Known until the case is closed. */
enum mr_code mr_plan_store_add_unmeant(struct mr_plan_store *store, int64_t entity,
                                       size_t reference, struct mr_err *err);
enum mr_code mr_plan_store_is_unmeant(struct mr_plan_store *store, int64_t entity, size_t reference,
                                      bool *yes, struct mr_err *err);

/* Steps in the order in which they were added, from after_id on, at most limit (struct
 * mr_step). */
enum mr_code mr_plan_store_steps(struct mr_plan_store *store, int64_t after_id, size_t limit,
                                 struct mr_arena *arena, struct mr_vec *steps, struct mr_err *err);
/* The steps of one unit, in the order in which they were added. */
enum mr_code mr_plan_store_unit(struct mr_plan_store *store, uint64_t unit, struct mr_arena *arena,
                                struct mr_vec *steps, struct mr_err *err);
/* The greatest unit; 0: the plan has no step. */
enum mr_code mr_plan_store_units(struct mr_plan_store *store, uint64_t *units, struct mr_err *err);

#endif
