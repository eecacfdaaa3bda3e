/*
 * schema_words: the words of SQL that the normal form of expressions knows
 * (schema_expr.c). Case does not matter where a length is given; names are in lower
 * case.  Threads: any.
 */
#ifndef MR_SCHEMA_WORDS_H
#define MR_SCHEMA_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Ends an expression: select, from, as, when … */
bool mr_word_is_clause(const char *ptr, size_t len);
/* Does so unless a parenthesis follows: left, right, all … */
bool mr_word_is_clause_or_function(const char *ptr, size_t len);
/* A function that may stand without parentheses: current_timestamp … */
bool mr_word_is_niladic(const char *name);
/* Of INTERVAL: day, hour_minute … */
bool mr_word_is_unit(const char *ptr, size_t len);
/* The one name of a function that has several, else name itself. */
const char *mr_word_alias(const char *name);
/* An introducer that makes the bytes of a literal something else than they look like: _binary,
 * _ucs2 …  Others tell in what a session wrote, and one of the two families prints them. */
bool mr_word_is_telling(const char *ptr, size_t len);
/* May an identifier stand without backticks and not be taken for any of these? */
bool mr_word_is_plain(const char *ptr, size_t len);

#endif
