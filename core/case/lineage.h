/*
 * lineage: which rows a finding leads to, kept in the case file.
 *
 * References (foreign keys, and those that the configuration declares) form one graph of
 * tables.  From the row of a finding they lead to a parent row, from there to its parent,
 * up to the row of a person.  Each side is followed by itself: a child of TARGET belongs
 * to the person whom TARGET means.
 *
 * A row on that way is a NODE:
 *    n > 0    the finding n (its row on the side that is followed)
 *    n < 0    the ancestor -n: a row that is no finding, and so, in a table that was
 *             compared whole, equal on both sides
 *    0        nobody: the reference names a row that is not there
 *
 * Calling sequence (check): clear, then reference_add for every edge of the graph, then
 * for batches of rows, level by level: nodes() tells which parents the case knows by their
 * keys, save links the rows to them and to those that had to be read; ancestors() lists
 * the rows whose own references are still to be followed.  At the end finish.  Readers
 * query the tables (docs/formats/case-v2.md) or call references().
 *
 * Keys, images and identities are encodings of row.h; identities in canonical form, as in
 * findings.h.  Threads: every function takes the case's lock itself.  Errors: MR_E_CASE,
 * MR_E_NOMEM.
 */
#ifndef MR_LINEAGE_H
#define MR_LINEAGE_H

#include "core/case/findings.h"

struct mr_lineage_reference {
    int64_t id;
    int64_t table;           /* of the child */
    int64_t parent;          /* table of the run; 0: the run did not compare it */
    const char *parent_name; /* "db.t", SOURCE's names */
    const char *name;        /* the foreign key's, or "member_id -> club.members.id" */
    bool declared;           /* a foreign key of either side */
    const char *condition;   /* SQL: only rows for which it holds refer; or NULL */
    int condition_at;        /* position in the image of its value (1: holds); -1: none */
    /* Positions of columns of the child, and of the parent (as many; of no meaning where
     * parent is 0). */
    const size_t *columns, *parent_columns;
    size_t ncolumns;
};

/* Forgets references, ancestors and links of the current run. */
enum mr_code mr_lineage_clear(struct mr_findings *fd, struct mr_err *err);
/* Adds one to the current run; reference->id is set. */
enum mr_code mr_lineage_reference_add(struct mr_findings *fd,
                                      struct mr_lineage_reference *reference, struct mr_err *err);
/* All references of the current run (struct mr_lineage_reference), by id. */
enum mr_code mr_lineage_references(struct mr_findings *fd, struct mr_arena *arena,
                                   struct mr_vec *references, struct mr_err *err);

/* A row that a reference names. */
struct mr_lineage_row {
    int64_t table;
    struct mr_key key;
    const void *identity; /* canonical; NULL: nobody, or named by its key */
    size_t identity_len;
    const void *image;
    size_t image_len;
    /* A finding may have the row under another key (one that the collation takes for the
     * same), or without a key: it is known by its image, too. */
    bool by_image;
};

/* The nodes of the rows of a side (0 source, 1 target) with exactly these keys; 0 where
 * neither a finding with a row on that side nor an ancestor has the key. */
enum mr_code mr_lineage_nodes(struct mr_findings *fd, int64_t table, int side,
                              const struct mr_key *keys, size_t count, int64_t *nodes,
                              struct mr_err *err);

/* One step up. */
struct mr_lineage_step {
    int64_t child; /* node */
    int64_t reference;
    int64_t node;                        /* the parent's; 0: not known, see `parent` */
    const struct mr_lineage_row *parent; /* NULL: nobody is there */
};

/* Links children to their parents on a side, in one transaction: a parent that has a
 * finding with a row on that side is that finding, any other one an ancestor, added where
 * it is new.  Steps to one parent are best given one after the other. */
enum mr_code mr_lineage_save(struct mr_findings *fd, int side, const struct mr_lineage_step *steps,
                             size_t count, struct mr_err *err);

/* Adds rows of that side that nothing leads to, where they are no findings; in one
 * transaction. */
enum mr_code mr_lineage_ancestors_add(struct mr_findings *fd, int side,
                                      const struct mr_lineage_row *const *rows, size_t count,
                                      struct mr_err *err);

/* The same of any rows of that side, and their nodes. */
enum mr_code mr_lineage_place(struct mr_findings *fd, int side,
                              const struct mr_lineage_row *const *rows, size_t count,
                              int64_t *nodes, struct mr_err *err);

/* Drops what only saving needs (digests of images). */
enum mr_code mr_lineage_finish(struct mr_findings *fd, struct mr_err *err);

struct mr_lineage_ancestor {
    int64_t id;
    struct mr_lineage_row row;
};
/* Which ancestors to read: those of a table and side, by id. */
struct mr_lineage_page {
    int64_t table;
    int side;
    int64_t after_id;
    size_t limit;
    size_t max_bytes; /* of images: ends behind the one that reaches it; 0: none */
};
/* Pushes struct mr_lineage_ancestor, bytes in arena. */
enum mr_code mr_lineage_ancestors(struct mr_findings *fd, const struct mr_lineage_page *page,
                                  struct mr_arena *arena, struct mr_vec *ancestors,
                                  struct mr_err *err);

#endif
