/*
 * spelling: how a column of a reference writes the key of another type.
 *
 * A key may be a number and what refers to it a text ('17'), a DECIMAL, or a UUID once in
 * BINARY(16) and once in text.  A value of the child's column is READ as the key that it
 * means, in the type of the parent's column; a key is WRITTEN as the child's column has it.
 * Both are exact: no value goes through a floating point number, so that ids beyond 2^53
 * stay apart.
 *
 *   number   text, DECIMAL or an integer → an integer or a DECIMAL
 *   UUID     text of 32 digits or 36 characters ↔ BINARY(16), bytes in the order of the text
 *
 * A text is read as servers read it: blanks around it, a sign, zeros in front, a fraction of
 * zeros and an exponent of one digit are passed over ('017', '17.0', '1e1').  Such a text
 * means a key, but is not how the key is written: if the key changes, nobody can say how the
 * new one is to be spelled.  A text that is no such number as a whole ('17a') means nobody.
 *
 * Ownership: everything is the caller's.  Errors: MR_E_CASE, MR_E_NOMEM.  Threads: any.
 */
#ifndef MR_SPELLING_H
#define MR_SPELLING_H

#include "core/pair/pair.h"

enum mr_spelling_kind {
    MR_SPELL_SAME = 1, /* both columns write a key in the same bytes */
    MR_SPELL_NUMBER,
    MR_SPELL_UUID
};

struct mr_spelling {
    enum mr_spelling_kind kind;
    enum mr_class child, parent;
    bool dashed;         /* the parent's text has dashes */
    const char *charset; /* of the text, on TARGET; NULL: its column is no text there */
    const char *collation;
};

/* How the child's column writes the parent's; MR_SPELL_SAME without a look at the rest.
 * Returns why it does not, for people, or NULL. */
const char *mr_spelling_plan(const struct mr_pair *child, size_t column,
                             const struct mr_pair *parent, size_t parent_column,
                             struct mr_spelling *spelling);

enum mr_spelt {
    MR_SPELT_NOT = 0,  /* NULL, or no key at all */
    MR_SPELT_AS_KEY,   /* as the key is written */
    MR_SPELT_OTHERWISE /* it means a key, but spells it in a way of its own */
};

/* Appends the key that an encoded value of the child means, encoded as the parent's. */
enum mr_code mr_spelling_read(const struct mr_spelling *s, struct mr_key value,
                              struct mr_strbuf *out, enum mr_spelt *how, struct mr_err *err);

/* Ways in which the child may write a key, by number. */
#define MR_SPELLING_WAYS 4
unsigned mr_spelling_ways(const struct mr_spelling *s);

/* Appends an encoded key of the parent as the child writes it.  way: one of them; or, where
 * `like` (an encoded value of the child) spells a UUID, in that way.  *can false: the
 * child's type has no way to write it. */
enum mr_code mr_spelling_write(const struct mr_spelling *s, struct mr_key key, unsigned way,
                               struct mr_key like, struct mr_strbuf *out, bool *can,
                               struct mr_err *err);

/* The same for a key of several columns, one spelling each. */
unsigned mr_spelling_key_ways(const struct mr_spelling *s, size_t ncolumns);
enum mr_code mr_spelling_key_write(const struct mr_spelling *s, size_t ncolumns, struct mr_key key,
                                   unsigned way, struct mr_strbuf *out, bool *can,
                                   struct mr_err *err);

/* ---- in SQL ---- */

/* The key that a child's expression means, to be compared with the parent's column, whose
 * index can be used.  NULL: no key. */
void mr_spelling_sql_read(struct mr_strbuf *sql, const struct mr_spelling *s, const char *child);
/* The other way round: a parent's expression as the child writes it, to be compared with the
 * child's column, whose index can be used.  false: there is more than one way. */
bool mr_spelling_sql_write(struct mr_strbuf *sql, const struct mr_spelling *s, const char *parent);
/* May the child have texts that are MR_SPELT_OTHERWISE? */
bool mr_spelling_may_be_otherwise(const struct mr_spelling *s);
/* Holds for every text that means a key and is MR_SPELT_OTHERWISE, and for a few more; nothing
 * is appended and false returned where there is none. */
bool mr_spelling_sql_otherwise(struct mr_strbuf *sql, const struct mr_spelling *s,
                               const char *child);

#endif
