/*
 * script_internal: what the files of the script writer share; see script.h.
 *
 * Temporary tables of a unit (all in one database of TARGET; N is a plan table):
 *   myrecon_guard        one row a guard that held; its number is read by every change
 *   myrecon_tree         trees of the unit, and their rows
 *   myrecon_there        rows that stand already as planned
 *   myrecon_done         trees of which all rows do
 *   myrecon_refused      trees that cannot be applied: row and reason
 *   myrecon_link         from a tree to another that is left out with it, and how far
 *   myrecon_skip         trees that are not written: done, refused, left out
 *   myrecon_locked       staged rows that led to a live row, which is locked since
 *   myrecon_aside        rows that the server refused, or had refused, from `repair apply`
 *   myrecon_hang         which row of the unit refers to which
 *   myrecon_apart        rows that are aside, and what hangs on them
 *   myrecon_found        undo: rows that apply never wrote, from `repair undo`: they stood so
 *                        before, or were left out
 *   myrecon_sums         rows that are added to, and what the journal says of each (enum
 *                        mr_script_sum), from `repair apply` and `repair undo`
 *   myrecon_added        what stands there, once it is locked, and what will
 *   myrecon_iN           rows to be inserted, as they will be
 *   myrecon_uN, _bN      rows to be updated: as they will be, as they have to be; the second in the
 *                        columns that change (script_before.c)
 *   myrecon_dN           rows to be deleted, as they have to be
 *   myrecon_kR           by reference R: the values by which rows of iN, uN, dN of its
 *                        parent are referred to; references to the same columns share it
 *   myrecon_eR           by reference R: rows outside of the unit that rows refer to,
 *                        with what names them; where there are any
 *   myrecon_vR           by reference R: rows of uN of its parent that let go of what they
 *                        are referred to by, with what that was and their key
 *   myrecon_fN           rows of uN as later units leave them
 *   myrecon_xN           keys of uN and dN
 *   myrecon_lN           keys of rows that rows of the unit refer to, by no index
 * A statement of MySQL may name a temporary table once only; hence the copies.
 */
#ifndef MR_SCRIPT_INTERNAL_H
#define MR_SCRIPT_INTERNAL_H

#include "repair/merge/merge_internal.h"
#include "repair/script/script.h"

/* What a column holds from older days passes: '2023-02-30' of a DATE.  The second is for what
 * has no strict form: making a column or storing number 0 of an ENUM. */
#define MR_SCRIPT_STRICT                                                                           \
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,"                             \
    "NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES'"
#define MR_SCRIPT_LOOSE                                                                            \
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,"                        \
    "ALLOW_INVALID_DATES'"

/* Why a row waits of which nobody knows whether it was added to it. */
#define MR_SCRIPT_UNCERTAIN                                                                        \
    "uncertain: whether it was added to it already neither the journal, nor the log of the "       \
    "server, "                                                                                     \
    "nor the row tells"

/* Variables in which values are put together, by column. */
#define MR_SCRIPT_PIECED "@myrecon_value_"

/* Marks of a row to be updated, in myrecon_open: it is updated again, it was before. */
#define MR_SCRIPT_PASSING ((uint64_t)1)
#define MR_SCRIPT_CHAINED ((uint64_t)2)

enum mr_script_kind { MR_SCRIPT_APPLY = 1, MR_SCRIPT_UNDO, MR_SCRIPT_VERIFY };

/* A step of the plan, or of what takes it back; its images stand elsewhere. */
struct mr_script_step {
    int64_t id, entity, tree;
    uint64_t level;
    uint32_t table;
    enum mr_step_op op;
};

/* Units, one behind the other. */
struct mr_script_span {
    uint64_t first, last;
};

struct mr_script_row {
    struct mr_script_step step;
    int64_t before, after; /* where its images are: script_image.c */
    size_t number;         /* in the unit, from 1, in the order of writing */
    uint64_t open;         /* columns that are inserted empty and filled later: bit i is column
                         opens[i] of its table */
    bool passing;          /* a later step of the unit updates the same row again */
    bool chained;          /* an earlier one does */
    size_t extent;         /* of an update: which columns it writes; 0: the row as a whole */
    uint64_t nth;          /* without a key: so many equal rows will be there */
    int64_t of;            /* undo: the planned tree of a row that is one by itself, or 0 */
    struct mr_script_span units; /* of the store: that any step of the row belongs to */
};

/* Rows that one statement changes: their numbers are first..last. */
struct mr_script_batch {
    enum mr_step_op op;
    size_t table, first, last;
    size_t extent; /* of an update, as of its rows */
};

/* Columns of a restored change, each by column of the table (script_extent.c). */
struct mr_script_extent {
    size_t table;
    bool *writes;   /* the images differ there */
    bool *stands;   /* these, and the identity: a row that has them is as planned */
    bool *compares; /* these, and what else it leans on: they have to be as the plan saw them */
    bool *sums;     /* of `writes`: it adds to them (script_sums.c) */
    bool any_sum;
};

/* What myrecon_sums says of a row to which is added, from `repair apply` and `repair undo`: it may be
 * added to whatever stands there; it has been; nobody knows; no journal names it, so that it may be
 * added to what does not stand as planned: that a stock client may have written. */
enum mr_script_sum {
    MR_SCRIPT_SUM_FREE = 1,
    MR_SCRIPT_SUM_DONE,
    MR_SCRIPT_SUM_UNKNOWN,
    MR_SCRIPT_SUM_FIRST
};

/* Columns of a table that mean something together: all of these. */
struct mr_script_group {
    struct mr_plan_columns columns;
    const bool *reads;            /* per column; or NULL */
    const struct mr_index *index; /* what it is made of; or NULL */
};

/* Who wrote a row that rows of the unit refer to, as myrecon_eR has it.  OF_PLAN: another
 * unit does; the image is as that leaves it, or, for undo, as it was before the plan.  Of undo
 * alone, as the plan leaves a row where somebody else was before: AS_WRITTEN: until its unit
 * is undone, later; WHEN_DRY: its unit has been undone before, but for a dry run; NOBODY: the
 * same, and before the plan nobody stood there.  Of apply NOBODY is a row that a unit before
 * takes away, but for a dry run, and nobody comes in its place; GOES: this unit does. */
enum mr_script_origin {
    MR_SCRIPT_OF_TARGET,
    MR_SCRIPT_OF_PLAN,
    MR_SCRIPT_AS_WRITTEN,
    MR_SCRIPT_WHEN_DRY,
    MR_SCRIPT_NOBODY,
    MR_SCRIPT_GOES
};

/* A row that rows of the unit refer to and that the unit does not write. */
struct mr_script_parent {
    size_t reference;
    struct mr_key image;
    enum mr_script_origin origin;
};

/* A row to be updated as a unit to come leaves it. */
struct mr_script_later {
    size_t table, row; /* row: its number in this unit */
    struct mr_key image;
};

/* A row to be updated that lets go of what others refer to it by. */
struct mr_script_leaving {
    size_t reference, row; /* row: its place in rows */
};

/* A foreign key that the plan does not know, to one of its tables: of a table, or over a
 * column, that only TARGET has. */
struct mr_script_outer {
    const struct mr_table *child;
    const struct mr_foreign_key *fk;
    size_t parent;
    struct mr_plan_columns to;    /* none: one of them is not written */
    struct mr_plan_columns image; /* none: only TARGET has one of them */
    bool is_computed;             /* one of them changes with others of its row */
};

/* A row to be updated that lets go of what one of those may refer to it by. */
struct mr_script_outer_leaving {
    size_t outer, number; /* number: of the row */
};

/* Per plan table: columns that may be inserted empty. */
struct mr_script_table {
    size_t *opens;
    size_t nopens;
    bool *numbered; /* per column: an ENUM or SET whose texts do not tell its members */
    bool has_numbered;
    bool *differs; /* per column, of this unit: an update changes it, to the byte */
    bool *befores; /* the same: myrecon_bN has it, as it has to be found */
    bool planned;  /* some unit writes to it */
    bool steps[4]; /* of apply, by mr_step_op */
    bool used[4];  /* in this unit, by mr_step_op */
};

struct mr_script {
    const struct mr_script_task *task;
    const struct mr_plan_tables *plan;
    const struct mr_manifest *manifest;
    const char *db; /* of the temporary tables */
    struct mr_script_table *tables;
    struct mr_merge lookup; /* as merge_lookup wants it */
    struct mr_arena arena;  /* of all units */
    struct mr_strbuf sql;
    struct mr_case_stmt *equals; /* of rows without a key: how many are equal */
    struct mr_vec spans;         /* struct mr_script_span: units that are undone as one */
    struct mr_vec outers;        /* struct mr_script_outer */
    bool goes_on;                /* some rows are written by several units */
    /* of the unit at hand */
    enum mr_script_kind kind;
    uint64_t unit, last_unit; /* of the store; several are undone as one */
    uint64_t number, count;   /* as the script counts them */
    uint64_t units;           /* of the store */
    struct mr_arena unit_arena;
    struct mr_vec images;                 /* struct mr_key: before and after, of each step */
    size_t keeps_bytes;                   /* so many of them at most … */
    bool leaves_images;                   /* … or none */
    struct mr_case_stmt *image[2];        /* one of those */
    struct mr_arena image_arena[2];       /* and the last two that were read */
    size_t image_turn;                    /* whose is the next one */
    struct mr_vec rows, batches, parents; /* struct mr_script_row, _batch, _parent */
    struct mr_vec extents;                /* struct mr_script_extent; numbered from 1 */
    struct mr_vec later;                  /* struct mr_script_later */
    struct mr_vec leaving;                /* struct mr_script_leaving */
    struct mr_vec outer_leaving;          /* struct mr_script_outer_leaving */
    bool *nameless;          /* per reference: of some parent of another unit all is compared */
    unsigned guards;         /* rows of myrecon_guard so far */
    unsigned ran;            /* statements that mr_script_ran has ended */
    struct mr_strbuf staged; /* " AND" each staged table has its rows */
    size_t pieces;           /* long values that are put together, so far */
    bool again;              /* what is written is judged once more, before COMMIT */
    bool pieced;             /* long values of the row at hand stand in variables */
    enum mr_code late;       /* of a text that was written within a unit: told at its end */
    struct mr_err late_err;
};

/* script.c: between two statements: hands on what has become long, since units that are undone as
 * one may be as many as the plan has. */
void mr_script_drain(struct mr_script *s);

/* script_image.c: images of the unit's rows.  read: the steps of the unit into rows.  before,
 * after: as the row has to be, as it will be; ptr NULL: there is none, or it could not be read,
 * which the end of the unit tells; it lives until the next but one is asked for. */
enum mr_code mr_script_images_open(struct mr_script *s, struct mr_err *err);
void mr_script_images_close(struct mr_script *s);
enum mr_code mr_script_images_read(struct mr_script *s, struct mr_err *err);
struct mr_key mr_script_before(struct mr_script *s, const struct mr_script_row *row);
struct mr_key mr_script_after(struct mr_script *s, const struct mr_script_row *row);

/* script_unit.c: reads the unit's steps; undo: inverted. */
enum mr_code mr_script_load(struct mr_script *s, struct mr_err *err);
/* Is the column of an image NULL? */
enum mr_code mr_script_is_null(struct mr_key image, size_t column, bool *null, struct mr_err *err);

/* script_parents.c: finds what the unit's rows refer to (apply, undo); apply notes what the
 * unit writes, for units to come and for undo. */
enum mr_code mr_script_parents_open(struct mr_script *s, struct mr_err *err);
enum mr_code mr_script_parents_find(struct mr_script *s, struct mr_err *err);

/* script_spans.c: which units are undone as one.  A tree may go on in further units, and a
 * row may hang below people of several units: who is kept keeps all of it, so it must be
 * judged at once.  add: while the units of apply.sql are written; close: makes of them
 * spans in ascending order, which hold every unit once. */
enum mr_code mr_script_spans_add(struct mr_script *s, uint64_t first, uint64_t last,
                                 struct mr_err *err);
enum mr_code mr_script_spans_close(struct mr_script *s, struct mr_err *err);
/* Of undo, when the unit is loaded: which units of apply.sql its rows are of (script_origin.h). */
enum mr_code mr_script_origins(struct mr_script *s, struct mr_err *err);

/* script_later.c: rows of the unit that units to come write again.  find: after load; stands:
 * TARGET's row t is the updated row s, as this unit leaves it or a later one. */
enum mr_code mr_script_later_open(struct mr_script *s, struct mr_err *err);
enum mr_code mr_script_later_find(struct mr_script *s, struct mr_err *err);
/* A step of the plan, until the unit ends. */
enum mr_code mr_script_step(struct mr_script *s, int64_t id, struct mr_step *step,
                            struct mr_err *err);
bool mr_script_has_later(const struct mr_script *s, size_t table);
void mr_script_stands(struct mr_script *s, const struct mr_plan_table *t, size_t extent);

/* script_before.c: what myrecon_bN holds: of a row to be updated, the columns that differ from
 * what it will be, and what else is asked of it.  Where the two images are the same to the byte, what
 * TARGET's row is compared with is myrecon_uN's.  open: the arrays; find: of the unit's rows; has: is
 * the column there, of the staged row b? */
enum mr_code mr_script_befores_open(struct mr_script *s, struct mr_err *err);
enum mr_code mr_script_befores_find(struct mr_script *s, struct mr_err *err);
bool mr_script_has_before(const struct mr_script *s, const struct mr_plan_table *t, size_t column);
/* Does an update of the whole row set the column?  Where a trigger may have changed the row within
 * the unit, all are set. */
bool mr_script_sets(const struct mr_script *s, const struct mr_plan_table *t, size_t column);

/* script_extent.c: updates that write some columns of a row.  find: of the unit's rows, when steps
 * of one row are joined; the extent of that number, NULL: the row as a whole. */
enum mr_code mr_script_extents_find(struct mr_script *s, struct mr_err *err);
const struct mr_script_extent *mr_script_extent(const struct mr_script *s, size_t number);
bool mr_script_group_has(const struct mr_plan_table *t, const struct mr_script_group *group,
                         size_t column);
/* Does an update of the unit write a column of the group?  where: " AND" the staged row s does,
 * unless all do. */
bool mr_script_writes(const struct mr_script *s, const struct mr_plan_table *t,
                      const struct mr_script_group *group);
void mr_script_where_writes(struct mr_script *s, const struct mr_plan_table *t,
                            const struct mr_script_group *group);
/* The same of what a reference is read from. */
bool mr_script_leads(const struct mr_script *s, const struct mr_plan_reference *r);
void mr_script_where_refers(struct mr_script *s, const struct mr_plan_reference *r);
/* Does an update of that extent write what the reference is read from?  One of the whole row does. */
bool mr_script_extent_leads(const struct mr_script *s, size_t extent,
                            const struct mr_plan_reference *r);
/* Is any update of the table of that extent?  where: " AND" the staged row s is, unless all are. */
bool mr_script_has_extent(const struct mr_script *s, const struct mr_plan_table *t, size_t extent);
void mr_script_where_extent(struct mr_script *s, const struct mr_plan_table *t, size_t extent);
/* TARGET's row t is what the change leans on, as the plan saw it: b; of a sum, what may be added to. */
void mr_script_is_unmoved(struct mr_script *s, const struct mr_plan_table *t,
                          const struct mr_script_extent *e);
/* Refuses rows of restored changes that are not what those lean on, and names the columns; and where one
 * would come to be whom another row of TARGET is by now. */
void mr_script_refuse_moved(struct mr_script *s, const struct mr_plan_table *t);

/* script_referred.c: rows that let go of what others refer to them by.  find: after load;
 * leaves: are there any, by that reference?  stage: fills myrecon_vR. */
enum mr_code mr_script_leaves_find(struct mr_script *s, struct mr_err *err);
bool mr_script_leaves(const struct mr_script *s, size_t reference);
void mr_script_stage_leaving(struct mr_script *s, size_t reference);
/* Refuses rows of myrecon_dN ('d') or myrecon_vR ('v') of the parent to which rows refer that
 * are none of the unit's; rows to be deleted that refer to themselves. */
void mr_script_refuse_referred(struct mr_script *s, size_t reference, char prefix);
void mr_script_refuse_own_parents(struct mr_script *s, const struct mr_plan_reference *r);
/* " AND" the condition of a reference, of a live row c of the child that has a key. */
void mr_script_live_condition(struct mr_script *s, const struct mr_plan_reference *r);

/* script_outside.c: tables and columns that the plan does not hold, such as those that only
 * TARGET has: what their foreign keys refer to stays.  open: sets outers; find: after load;
 * leaves: is there such a row?  refuse: rows that go, or let go, to which theirs refer. */
enum mr_code mr_script_outside_open(struct mr_script *s, struct mr_err *err);
enum mr_code mr_script_outside_find(struct mr_script *s, struct mr_err *err);
bool mr_script_outside_leaves(const struct mr_script *s, size_t outer);
void mr_script_refuse_outside(struct mr_script *s);

/* script_sums.c: columns that a restored change adds to.  stage: makes myrecon_sums and
 * myrecon_added, where the unit has any; note: fills the second, once rows are locked. */
bool mr_script_has_sums(const struct mr_script *s);
void mr_script_stage_sums(struct mr_script *s);
void mr_script_note_sums(struct mr_script *s);
/* " LEFT JOIN" myrecon_sums AS m, by the staged row s. */
void mr_script_join_sums(struct mr_script *s);
/* TARGET's t and what is added: s less b. */
void mr_script_sum(struct mr_script *s, const struct mr_plan_table *t, size_t column);
/* Of TARGET's row t: it may be added to it; the row stands, as far as the journal, or the row alone,
 * tells; nothing speaks against that. */
void mr_script_may_add(struct mr_script *s, const struct mr_plan_table *t, size_t column);
/* Nobody knows whether it was added to the row. */
void mr_script_sum_unknown(struct mr_script *s, const struct mr_plan_table *t,
                           const struct mr_script_extent *e);
void mr_script_sums_stand(struct mr_script *s, const struct mr_plan_table *t,
                          const struct mr_script_extent *e);
void mr_script_sums_proved(struct mr_script *s, const struct mr_plan_table *t,
                           const struct mr_script_extent *e);

/* script_equals.c: sets s->equals. */
enum mr_code mr_script_equals_open(struct mr_script *s, struct mr_err *err);

/* script_literal.c: a value of an image.  open: sets numbered.  is_error: it is number 0 of
 * an ENUM, which no literal can be under strict mode; the literal is that of number 1. */
enum mr_code mr_script_literal_open(struct mr_script *s, struct mr_err *err);
void mr_script_literal(struct mr_script *s, const struct mr_plan_table *t, struct mr_key image,
                       size_t column);
bool mr_script_is_error(const struct mr_plan_table *t, struct mr_key image, size_t column);

/* False where the image has no such value.  Its bytes are those of the image. */
bool mr_script_value(struct mr_key image, size_t column, struct mr_value *value);

/* script_insert.c: rows of values of a table into a temporary one, prefix and number, by as
 * many statements as it takes.  more: columns of ours behind myrecon_row, ", a, b"; has: is
 * the column among them?  For each row: row, the values of `more`, each after a comma, values;
 * at last end. */
struct mr_script_insert {
    const struct mr_plan_table *table;
    char prefix;
    size_t number;
    const char *more;
    bool (*has)(const struct mr_script *s, const struct mr_script_insert *in, size_t column);
    /* its own */
    bool open;
    size_t begun, rows;
    struct mr_key image; /* of the row in pieces */
    struct mr_vec errors;
};
#define MR_SCRIPT_INSERT(of, at_prefix, at_number, ours)                                           \
    {                                                                                              \
        .table = (of), .prefix = (at_prefix), .number = (at_number), .more = (ours),               \
        .has = mr_script_insert_written, .errors = MR_VEC_INIT(struct mr_script_error)             \
    }
struct mr_script_error { /* number 0 of an ENUM */
    size_t row, column;
};
void mr_script_insert_row(struct mr_script *s, struct mr_script_insert *in, struct mr_key image,
                          size_t row);
void mr_script_insert_values(struct mr_script *s, const struct mr_script_insert *in,
                             struct mr_key image);
void mr_script_insert_end(struct mr_script *s, struct mr_script_insert *in);
/* The first guard asks whether that temporary table has so many rows; more: " AND" what of
 * them, or NULL. */
void mr_script_expect(struct mr_script *s, char prefix, size_t number, size_t rows,
                      const struct mr_strbuf *more);
/* Every column that is written. */
bool mr_script_insert_written(const struct mr_script *s, const struct mr_script_insert *in,
                              size_t column);
/* For an UPDATE of such rows: ", c = c" of each column that the server would set to now;
 * what is staged has TARGET's ON UPDATE, too. */
void mr_script_keep_times(struct mr_script *s, const struct mr_script_insert *in);
/* Does the value stand in a variable, as bytes? */
bool mr_script_is_pieced(const struct mr_script *s, const struct mr_plan_table *t, size_t column,
                         const struct mr_value *value);

/* What a staged row s writes into a column; must the batch be written without strict mode? */
void mr_script_written(struct mr_script *s, const struct mr_plan_table *t, size_t column);
bool mr_script_is_loose(struct mr_script *s, const struct mr_script_batch *b);

/* script_names.c: pieces of SQL.  alias: of the table, without a dot. */
void mr_script_temp(struct mr_script *s, const char *name); /* db.myrecon_name */
void mr_script_temp_n(struct mr_script *s, char prefix, size_t number);
void mr_script_live(struct mr_script *s, const struct mr_plan_table *t);
void mr_script_column(struct mr_script *s, const struct mr_plan_table *t, const char *alias,
                      size_t column);
/* Every column that is written, joined by ", ". */
void mr_script_columns(struct mr_script *s, const struct mr_plan_table *t, const char *alias);
/* Two rows have the same values in these columns, as TARGET's collation takes it; safe:
 * NULLs are the same. */
void mr_script_same(struct mr_script *s, const struct mr_plan_table *t,
                    struct mr_plan_columns columns, const char *a, const char *b, bool safe);
/* Two rows are equal to the byte in every column that is written. */
void mr_script_exact(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                     const char *b);
/* In those of them that `of` says, per column; in one of them. */
void mr_script_exact_of(struct mr_script *s, const struct mr_plan_table *t, const bool *of,
                        const char *a, const char *b);
void mr_script_exact_pair(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                          const char *b, size_t column);
/* " AND" each column that only TARGET has holds what an INSERT has given it: live values are
 * in no image.  Left out are those that `ignore-columns` dismisses, and those whose value
 * nobody knows: a default that is an expression, AUTO_INCREMENT, ON UPDATE, a trigger. */
void mr_script_untouched(struct mr_script *s, const struct mr_plan_table *t, const char *alias);
/* Does that say anything? */
bool mr_script_is_touchable(const struct mr_script *s, const struct mr_plan_table *t);
/* The same but for columns that are filled later. */
void mr_script_alike(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                     const char *b);
/* The same, but a's columns that are filled later are empty where b's mark says so. */
void mr_script_emptied(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                       const char *b);
bool mr_script_is_opened(const struct mr_script *s, const struct mr_plan_table *t, size_t column);
/* No row was joined as a, of which the column is never NULL: not "IS NULL", which a DATE NOT
 * NULL of 0000-00-00 is, too, also of a LEFT JOIN. */
void mr_script_is_absent(struct mr_script *s, const struct mr_plan_table *t, const char *alias,
                         size_t column);
/* "a.x IS NOT NULL AND …": of the columns that may be NULL; writes nothing, and is false,
 * where there are none. */
bool mr_script_not_null(struct mr_script *s, const struct mr_plan_table *t,
                        struct mr_plan_columns columns, const char *alias);
void mr_script_key_text(struct mr_script *s, const struct mr_plan_table *t, const char *alias);
bool mr_script_is_written(const struct mr_plan_table *t, size_t column);
/* " AND" the row of that alias does not stand as planned. */
void mr_script_not_there(struct mr_script *s, const char *alias);
/* Undo: " AND" apply wrote the row of that alias, as far as is known; else nothing. */
void mr_script_not_found(struct mr_script *s, const char *alias);
/* Does TARGET let at most one row have these values? */
bool mr_script_tells_one(const struct mr_plan_table *t, struct mr_plan_columns columns);
/* The kind of the rows that myrecon_iN, _uN, _dN hold. */
enum mr_step_op mr_script_op(char prefix);
/* Does the unit write to the table? */
bool mr_script_is_used(const struct mr_script *s, size_t table);
/* The reference N whose myrecon_kN has what one that leads into the unit is compared with:
 * all that lead to the same columns share one. */
size_t mr_script_copy_of(const struct mr_script *s, size_t reference);

/* script_links.c: fills myrecon_link, where something is refused.  part_trees: undo, after
 * load; rows of trees that it only deletes become trees of their own. */
void mr_script_links(struct mr_script *s);
enum mr_code mr_script_part_trees(struct mr_script *s, struct mr_err *err);

/* script_lock.c: ends a statement that locks or judges.  A client may go on after an error
 * (--force), so each is counted; count_ran: a guard that all have run. */
void mr_script_ran(struct mr_script *s);
void mr_script_count_ran(struct mr_script *s);

/* script_guards.c: "INSERT INTO refused … SELECT" what names the row s of t, and why; begin: why is
 * an expression that comes next; a condition that the tree of the row of that alias is at
 * stake: not done; once it is written, not left out. */
void mr_script_refuse(struct mr_script *s, const struct mr_plan_table *t, const char *why);
void mr_script_refuse_begin(struct mr_script *s, const struct mr_plan_table *t);
void mr_script_at_stake(struct mr_script *s, const char *alias);
/* Does the unit take away rows of t, or values of them?  join: " LEFT JOIN" them AS x, by
 * TARGET's row AS t. */
bool mr_script_has_leaving(const struct mr_script *s, const struct mr_plan_table *t);
void mr_script_join_leaving(struct mr_script *s, const struct mr_plan_table *t);
/* " AND" the condition under which a row refers by r, its columns named plainly. */
void mr_script_condition(struct mr_script *s, const struct mr_plan_reference *r);
/* Is a row told from others by columns that are staged, and by no unique index of TARGET? */
bool mr_script_is_loosely_named(const struct mr_script *s, const struct mr_plan_table *t);
/* Is a row told from others by columns that are staged? */
bool mr_script_has_name(const struct mr_plan_table *t);

/* script_strangers.c: undo: may it tell that somebody else stands where a row of the table
 * stood?  is: TARGET's row a is not the staged row b.  refuse_orphans: rows that are put
 * back, or led back, by that reference below nobody, or below somebody else. */
bool mr_script_may_be_stranger(const struct mr_script *s, const struct mr_plan_table *t);
void mr_script_is_stranger(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                           const char *b);
void mr_script_refuse_orphans(struct mr_script *s, size_t reference, char prefix);

/* Rows of a staged table that refer by r at all, AS s; the columns of c refer to those of
 * p. */
void mr_script_referring(struct mr_script *s, const struct mr_plan_reference *r, char prefix);
/* " LEFT JOIN" whom a row s refers to: the unit's row k, the row e outside of it, where there
 * are such, and TARGET's p. */
void mr_script_join_parents(struct mr_script *s, size_t reference);
void mr_script_refers(struct mr_script *s, const struct mr_plan_reference *r, const char *c,
                      const char *p);
/* The same where the child is TARGET's table, which is looked through by its own index; and
 * of one column: false where no index of the child serves. */
void mr_script_referred(struct mr_script *s, const struct mr_plan_reference *r, const char *c,
                        const char *p);
bool mr_script_refers_by(struct mr_script *s, const struct mr_plan_reference *r, size_t i,
                         const char *c, const char *p);
typedef void mr_script_relate_fn(struct mr_script *s, const struct mr_plan_reference *r,
                                 const char *c, const char *p);
/* What that passes over, since no index leads to it: texts that spell the key otherwise ("017"),
 * if there may be such.  Each row of the child is read. */
bool mr_script_is_spelt_otherwise(const struct mr_plan_reference *r);
void mr_script_refers_otherwise(struct mr_script *s, const struct mr_plan_reference *r,
                                const char *c, const char *p);
/* script_computed.c: refuses rows of myrecon_iN or _uN whose value in a unique index that
 * is not of whole, written columns is held by another row. */
void mr_script_computed(struct mr_script *s, const struct mr_plan_table *t, char prefix);
/* May what the index is made of depend on the column?  Rather too many than too few. */
bool mr_script_index_reads(const struct mr_plan_table *t, const struct mr_index *index,
                           size_t column);

/* script_lock.c: an index of TARGET's table that leads by these columns to rows, or NULL; a
 * reference of rows that the unit writes, so that it leans on their parents; rows that have
 * come to be since the guards looked, and that are waited for where they are not committed. */
const struct mr_index *mr_script_index(const struct mr_plan_table *t,
                                       struct mr_plan_columns columns);
bool mr_script_has_parents(const struct mr_script *s, size_t reference);
/* … and are there any outside of the unit?  Else there is no myrecon_eN. */
bool mr_script_has_outer_parents(const struct mr_script *s, size_t reference);
void mr_script_lock_new_children(struct mr_script *s, size_t reference, char prefix);
void mr_script_lock_named(struct mr_script *s, const struct mr_plan_table *t);

/* script_around.c: a statement that fails where the table has got a trigger, unique index or
 * constraint, or another table a foreign key to it, as far as the account sees. */
enum mr_code mr_script_guard_around(struct mr_script *s, const struct mr_plan_table *t,
                                    struct mr_err *err);

/* script_spread.c: fills myrecon_apart from myrecon_aside and myrecon_hang; myrecon_skip from
 * myrecon_refused, myrecon_link and myrecon_done, as statements that are counted.  session:
 * however far that goes. */
void mr_script_spread_aside(struct mr_script *s);
void mr_script_spread_skip(struct mr_script *s);
void mr_script_spread_session(struct mr_script *s);

/* script_stage.c: an empty temporary table for rows of in->table, with its columns, and the
 * index of a reference where there is one; ours: columns of ours behind myrecon_row. */
void mr_script_create_of(struct mr_script *s, const struct mr_script_insert *in,
                         struct mr_plan_columns index, const char *ours);

/* script_stage.c, script_lock.c, script_guards.c, script_change.c, script_guards.c,
 * script_change.c: the sections of a unit. */
void mr_script_stage(struct mr_script *s);
/* " AND" what mr_script_stage has written has all been done. */
void mr_script_is_staged(struct mr_script *s);
/* Fills myrecon_tree. */
void mr_script_count_trees(struct mr_script *s);
void mr_script_aside(struct mr_script *s); /* script_aside.c */
void mr_script_locks(struct mr_script *s);
void mr_script_guards(struct mr_script *s);
void mr_script_changes(struct mr_script *s);
void mr_script_again(struct mr_script *s);
void mr_script_end(struct mr_script *s);
/* For verify.sql: what does not stand as planned. */
void mr_script_proof(struct mr_script *s);

#endif
