/*
 * script_words: the words that scripts of a plan are made of, beside names.
 *
 * The functions are pure ones of both server families: their value comes from their arguments, or
 * from the clock.  None waits, locks, reads a file or a table, or leaves anything behind.  Case
 * does not matter.  Threads: no state.
 */
#ifndef MR_SCRIPT_WORDS_H
#define MR_SCRIPT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum mr_word {
    MR_WORD_NONE = 0,      /* a name, or what no script has */
    MR_WORD_KEYWORD = 1,   /* of queries and expressions */
    MR_WORD_PAREN = 2,     /* … which a parenthesis may follow */
    MR_WORD_VALUE = 4,     /* … that ends a value or a clause: no name follows */
    MR_WORD_FUNCTION = 8,  /* where "(" follows at once */
    MR_WORD_FORBIDDEN = 16 /* not even as a name without quotes */
};

/* A set of enum mr_word. */
unsigned mr_script_word(const char *ptr, size_t len);
/* Does the stock client take it for a command at the beginning of a line? */
bool mr_script_word_is_command(const char *ptr, size_t len);
/* @@NAME that a script may read, as the writer spells it. */
bool mr_script_word_is_setting(const char *ptr, size_t len);

#endif
