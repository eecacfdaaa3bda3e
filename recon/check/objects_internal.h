/*
 * objects_internal: what recon/check/objects.c (the walk over two catalogues) and
 * recon/check/objects_table.c, objects_table_whole.c (two tables) share.
 */
#ifndef MR_OBJECTS_INTERNAL_H
#define MR_OBJECTS_INTERNAL_H

#include "recon/check/objects.h"
#include "recon/check/objects_text.h"

/* Two databases under comparison, and in them one table that both have, or NULL. */
struct mr_objects_both {
    const struct mr_catalogue *source, *target;
    const struct mr_objects_opts *opts;
    const char *source_db, *target_db;
    const struct mr_table *st, *tt;
    bool cross;      /* different flavours */
    bool fold_names; /* a side compares names of tables without case */
};

/* Hands a difference on, if its kind is asked for; fills in the databases and `table`.
 */
enum mr_code mr_objects_report(const struct mr_objects_both *p, const struct mr_object_diff *what,
                               struct mr_err *err);
/* The same for two texts, if they differ; an empty one is absence. */
enum mr_code mr_objects_report_texts(const struct mr_objects_both *p, struct mr_object_diff diff,
                                     const struct mr_strbuf *source, const struct mr_strbuf *target,
                                     struct mr_err *err);
/* A table difference; an absent side's text is NULL. */
enum mr_code mr_objects_report_table(const struct mr_objects_both *p, const char *name,
                                     const char *source, const char *target, struct mr_err *err);
enum mr_code mr_objects_compare_charsets(const struct mr_objects_both *p, enum mr_objects_kind kind,
                                         const char *name, struct mr_objects_charset s,
                                         struct mr_objects_charset t, struct mr_err *err);
bool mr_objects_is_same_name(const struct mr_objects_both *p, const char *a, const char *b);
/* What stands for a table as a whole: its engine. */
const char *mr_objects_engine(const struct mr_table *table);
/* What p->st and p->tt are as a whole; what only describes them (objects_table_whole.c). */
enum mr_code mr_objects_compare_whole(const struct mr_objects_both *p, struct mr_err *err);
enum mr_code mr_objects_compare_attributes(const struct mr_objects_both *p, struct mr_err *err);
/* One attribute of what has that name in the database; a side that does not tell (NULL) is
 * equal. */
enum mr_code mr_objects_compare_attribute(const struct mr_objects_both *p, const char *name,
                                          const char *what, const char *source, const char *target,
                                          struct mr_err *err);
/* Everything of p->st and p->tt. */
enum mr_code mr_objects_walk_table(const struct mr_objects_both *p, struct mr_err *err);

#endif
