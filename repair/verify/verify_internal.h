/*
 * verify_internal: what the files of verify share; see verify_rows.h.
 */
#ifndef MR_VERIFY_INTERNAL_H
#define MR_VERIFY_INTERNAL_H

#include "core/case/image.h"
#include "core/pair/rowset.h"
#include "repair/plan/entity_file.h"
#include "repair/plan/plan_image.h"
#include "repair/verify/verify_rows.h"

#define MR_VERIFY_BATCH 1000
/* Of images that are kept at a time; rows may be wider than the average. */
#define MR_VERIFY_IMAGE_BYTES ((size_t)32 * 1024 * 1024)

/* What is expected of a table without a key: so many rows of that digest, `come` of them
 * beside the `there` that stood there before; or fewer than `below` (0: any number) after
 * `gone` of them were deleted. */
struct mr_verify_expected {
    struct mr_digest digest;
    uint64_t rows, come, there, gone, below;
    uint64_t seen;
};

/* A planned table on TARGET. */
struct mr_verify_table {
    struct mr_verified_table *result;
    const struct mr_planned_table *planned;
    struct mr_pair *image; /* NULL: it cannot be read */
    struct mr_plan_columns key, identity;
    struct mr_plan_columns references; /* of all of them, one after the other */
    struct mr_plan_columns referred;   /* by others, beside the key */
    struct mr_readspec spec;
    struct mr_rowhash hash;
    struct mr_plan_digester digester;
    struct mr_vec twice;         /* struct mr_digest of identities that two rows have; sorted */
    struct mr_vec expected;      /* struct mr_verify_expected; without a key */
    uint64_t new_found;          /* rows under new ids */
    struct mr_vec gone, orphans; /* keys that are missing; of verify_gone.c */
    struct mr_vec moved_on; /* struct mr_digest of keys: rows of restored changes that stand, with
                                    other values in columns that those did not write */
    bool *written, *sums;   /* per column: of the line at hand */
    /* with --source; NULL: it is not read */
    struct mr_pair *source_image;
    struct mr_readspec source_spec;
    struct mr_rowhash source_hash;
    bool *mapped; /* per column: SOURCE's value need not be TARGET's */
};

/* SOURCE, with --source. */
struct mr_verify_source {
    struct mr_endpoint ep;
    struct mr_source_opts opts;
    struct mr_source *source; /* one view; NULL: SOURCE is not read */
    struct mr_reader *reader;
    struct mr_catalogue *cat;
    struct mr_rowset set;
    struct mr_vec keys;       /* struct mr_key */
    struct mr_image image[2]; /* SOURCE's row, TARGET's */
};

/* A row of SOURCE that was planned. */
struct mr_verify_ask {
    struct mr_key source_key, target_key;
    struct mr_key image; /* of TARGET's row that was made from it; ptr NULL: there is none
                            that holds its values still */
    bool is_new;
};

struct mr_verify {
    struct mr_verify_rows *run;
    struct mr_verify_table *tables;
    size_t ntables;
    struct mr_catalogue *cat;
    struct mr_source *source; /* of TARGET, one view */
    struct mr_reader *reader;
    struct mr_db *db;     /* the reader's */
    const char *path;     /* of the entities */
    struct mr_vec summed; /* of verify_sums.c */
    struct mr_vec beside; /* of verify_beside.c, and the next */
    bool fires;           /* triggers did, or may have */
    struct mr_verify_source source_side;
};

/* The plan's table of that name, or NULL. */
struct mr_verify_table *mr_verify_find(const struct mr_verify *v, const char *name);

/* Opens tables and the view (verify_open.c). */
enum mr_code mr_verify_open(struct mr_verify *v, struct mr_verify_rows *run, struct mr_err *err);
void mr_verify_close(struct mr_verify *v);

/* Hands a finding on, and counts it. */
enum mr_code mr_verify_tell(const struct mr_verify *v, struct mr_verify_table *table,
                            const struct mr_proof_finding *finding, struct mr_err *err);

/* What goes wrong with one table only is the table's; anything else is returned. */
enum mr_code mr_verify_excuse(const struct mr_verify *v, struct mr_verify_table *table,
                              enum mr_code code, struct mr_err *why, struct mr_err *err);

/* Finds the identities that two rows of TARGET have (verify_twice.c). */
enum mr_code mr_verify_find_twice(struct mr_verify *v, struct mr_err *err);
/* Are there any?  Is this one of them? */
bool mr_verify_has_twice(const struct mr_verify *v);
bool mr_verify_is_twice(const struct mr_verify_table *table, struct mr_key identity);
/* Replaces out by the keys of the rows that have the identity of this one, as people read
 * them, without its own. */
enum mr_code mr_verify_name_twins(struct mr_verify *v, struct mr_verify_table *table,
                                  struct mr_key image, struct mr_key own, struct mr_strbuf *out,
                                  struct mr_err *err);

/* What the journal says of a row (verify_named.c). */
struct mr_verify_named {
    const char *name;    /* table and key, each with its length in front */
    size_t at;           /* in the order of the journal */
    const char *columns; /* of v->beside */
    bool in_place;       /* of v->summed */
};
/* Puts rows (struct mr_verify_named) in the order of their names, then of the journal. */
void mr_verify_named_sort(struct mr_vec *rows);
/* Appends the key of a row as scripts and journal call it (mr_script_key_text); mr_proof_key_text() is what
 * people read. */
void mr_verify_named_key(struct mr_strbuf *out, const struct mr_verify_table *table,
                         struct mr_key key);
/* What the journal says last of that row of TARGET, in sorted rows; NULL: nothing. */
const struct mr_verify_named *mr_verify_named_last(const struct mr_vec *rows,
                                                   const struct mr_verify_table *table,
                                                   struct mr_key key);

/* Does the journal say that the plan has added to the row, and not taken it back (verify_sums.c)?
 * open sets v->summed, to be released by mr_verify_close. */
enum mr_code mr_verify_sums_open(struct mr_verify *v, struct mr_err *err);
bool mr_verify_is_summed(const struct mr_verify *v, const struct mr_verify_table *table,
                         struct mr_key key);
/* Does the journal say that apply has left the row out, whenever it came to it?  Then what stands there is not
 * the plan's sum, though it be the same number. */
enum mr_code mr_verify_is_left_out(const struct mr_verify *v, const struct mr_verify_table *table,
                                   struct mr_key key, bool *is, struct mr_err *err);

/* Of a row whose written columns stand, and others do not (verify_beside.c): the names of those that a
 * trigger changed when the plan was applied, "" where none did, NULL where nobody knows.  Asked only where
 * v->fires.  open sets that, and v->beside, to be released by mr_verify_close. */
enum mr_code mr_verify_beside_open(struct mr_verify *v, struct mr_err *err);
const char *mr_verify_beside(const struct mr_verify *v, const struct mr_verify_table *table,
                             struct mr_key key);

/* Proves every line of the entities (verify_lines.c). */
enum mr_code mr_verify_lines(struct mr_verify *v, struct mr_err *err);

/* A row that planned ones may refer to is missing.  Then, when all lines are reported: rows
 * that the plan wrote and that stand to the byte, but refer to such a one, do not stand
 * (verify_gone.c). */
void mr_verify_gone_init(struct mr_verify_table *table);
enum mr_code mr_verify_note_gone(const struct mr_verify *v, struct mr_verify_table *table,
                                 struct mr_key key, struct mr_err *err);
enum mr_code mr_verify_orphans(struct mr_verify *v, struct mr_err *err);
bool mr_verify_is_orphan(const struct mr_verify_table *table, struct mr_key key);

/* Proves tables without a key, whose lines were gone through (verify_keyless.c). */
enum mr_code mr_verify_expect(struct mr_verify_table *table, const struct mr_entity_line *line,
                              struct mr_err *err);
enum mr_code mr_verify_keyless(struct mr_verify *v, struct mr_err *err);

/* Proves the blocks of new ids (verify_block.c). */
enum mr_code mr_verify_blocks(struct mr_verify *v, struct mr_err *err);

/* Reads SOURCE's rows again (verify_source.c). */
enum mr_code mr_verify_source_open(struct mr_verify *v, struct mr_err *err);
void mr_verify_source_close(struct mr_verify *v);
bool mr_verify_reads_source(const struct mr_verify_table *table);
enum mr_code mr_verify_source_rows(struct mr_verify *v, struct mr_verify_table *table,
                                   const struct mr_verify_ask *asks, size_t n, struct mr_err *err);

#endif
