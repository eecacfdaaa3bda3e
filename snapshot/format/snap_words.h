/*
 * snap_words: a statement of a snapshot word by word, and what of it is passed on.
 *
 *   mr_snap_words_init → mr_snap_words_take … → mr_snap_words_pass
 *
 * What stands in a comment that servers run is read as what it is: its begin and its end are
 * words of their own.  Such a comment has to mean the same to a server that skips it: it is
 * broken where another comment or the half of a literal lies within.
 *
 * Names lose the database that the statement belongs to, as they are taken.
 *
 * Ownership: place, text and out are the caller's.  Threads: one.
 */
#ifndef MR_SNAP_WORDS_H
#define MR_SNAP_WORDS_H

#include "core/db/sqlscan.h"
#include "snapshot/format/snap_place.h"

#define MR_SNAP_WORDS_BEFORE 3

struct mr_snap_words {
    const struct mr_snap_place *place;
    struct mr_token token;                        /* at hand */
    struct mr_token before[MR_SNAP_WORDS_BEFORE]; /* the last one first */
    const char *why;                              /* a refusal's reason, or NULL */
    bool broken;                                  /* it is not to be read with certainty */
    struct mr_sqlscan scan, outer;                /* outer: around the comment that scan is in */
    bool inside;
    const char *from; /* not passed on yet */
    struct mr_strbuf *out;
};

void mr_snap_words_init(struct mr_snap_words *w, const struct mr_snap_place *place, const char *sql,
                        size_t len, struct mr_strbuf *out);
/* Passes over the word at hand; at the end, or where the text is broken, an empty one is at
 * hand. */
void mr_snap_words_next(struct mr_snap_words *w);
/* Is it at hand, and taken?  Several, between single spaces: all of them. */
bool mr_snap_words_take(struct mr_snap_words *w, const char *words);
bool mr_snap_words_is_one_of(const struct mr_snap_words *w, const char *const *words);
bool mr_snap_words_is_end(const struct mr_snap_words *w);
/* Of a comment that servers run. */
bool mr_snap_words_is_open(const struct mr_snap_words *w);
bool mr_snap_words_is_close(const struct mr_snap_words *w);
/* A name, and this one, whatever the case; or as it is spelled. */
bool mr_snap_words_is_name(const struct mr_token *token);
bool mr_snap_words_is_named(const struct mr_token *token, const char *name);
bool mr_snap_words_is_spelled(const struct mr_token *token, const char *name);
/* "name" or "db.name"; NULL: any name. */
bool mr_snap_words_take_name(struct mr_snap_words *w, const char *name);
/* At a full stop, behind its own database: both are left out. */
bool mr_snap_words_drop_db(struct mr_snap_words *w);
/* All the rest. */
void mr_snap_words_pass(struct mr_snap_words *w);

/* Behind the name of a table: is it its definition, and nothing else?  Behind that of ALTER
 * TABLE: are foreign keys added, and nothing else? */
bool mr_snap_words_are_table(struct mr_snap_words *w);
bool mr_snap_words_are_keys(struct mr_snap_words *w);
/* Options of a table or a sequence, up to the end. */
bool mr_snap_words_are_options(struct mr_snap_words *w);

#endif
