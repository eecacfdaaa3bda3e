/*
 * objects_text: definitions as text for people, and when two of them mean the same; for
 * recon/check/objects.c and its tests.
 *
 * Texts that describe columns, indexes and foreign keys are normal forms: equal texts,
 * equal definitions.  Errors: only memory, kept in the buffers.  Threads: any.
 */
#ifndef MR_OBJECTS_TEXT_H
#define MR_OBJECTS_TEXT_H

#include <stdbool.h>

#include "core/base/strbuf.h"
#include "core/schema/schema.h"

/* "int unsigned not null default 5" */
void mr_objects_add_column(struct mr_strbuf *out, const struct mr_column *col);
/* "utf8mb4 utf8mb4_general_ci" */
void mr_objects_add_charset(struct mr_strbuf *out, const char *charset, const char *collation);
/* "unique (a, b(10), c desc)" */
void mr_objects_add_index(struct mr_strbuf *out, const struct mr_index *index);
/* "(a) references parent (id) on delete cascade on update restrict"; ref_db is named
 * where it is not own_db, as `shown_db` (SOURCE's name for it). */
void mr_objects_add_fk(struct mr_strbuf *out, const struct mr_foreign_key *fk, const char *own_db,
                       const char *shown_db);
/* "before insert\n<body>" */
void mr_objects_add_trigger(struct mr_strbuf *out, const struct mr_trigger *trigger);

/* A text, the database that it belongs to, and of a body the sql_mode that is stored with it
 * (NULL: not known).  is_exact: its literals cannot be told from the rest, so that another one
 * of the flavour is equal as it stands, or not at all. */
struct mr_objects_text {
    const char *text, *db, *sql_mode;
    bool is_exact;
};
/* cross: the two come from servers of different flavour. */
bool mr_objects_same_body(struct mr_objects_text a, struct mr_objects_text b, bool cross);
/* As bodies, behind a line with the types of parameters and result; their collations are equal
 * by name, or where each is what its catalogue takes for the character set. */
bool mr_objects_same_routine(struct mr_objects_text a, const struct mr_catalogue *cat_a,
                             struct mr_objects_text b, const struct mr_catalogue *cat_b,
                             bool cross);
bool mr_objects_same_view(struct mr_objects_text a, struct mr_objects_text b);
/* As bodies; the start of a recurring event counts only where both name one, since a copy names the
 * moment at which its original was made; or where it is still to come.  Where a replica has switched it
 * off nobody knows whether its source has, so that this does not count. */
bool mr_objects_same_event(struct mr_objects_text a, struct mr_objects_text b, bool cross);

/* Of a character set or collation: utf8 is utf8mb3. */
bool mr_objects_same_charset_name(const char *a, const char *b);

/* A character set and collation, and the catalogue whose defaults they may be. */
struct mr_objects_charset {
    const struct mr_catalogue *cat;
    const char *charset, *collation;
};
/* Equal names (utf8 is utf8mb3), or on two flavours each side's default of one charset.
 * A side without character data: true (its type differs, which is said elsewhere). */
bool mr_objects_same_charset(struct mr_objects_charset a, struct mr_objects_charset b);

#endif
