/*
 * script_words: the words that scripts of a plan are made of, beside names.
 *
 * The functions are pure ones of either server family: their value comes from their arguments, or
 * from the clock.  None waits, locks, reads a file or a table, or leaves anything behind.  Case
 * does not matter.  Where a server lacks one of them, a stored function of that name is what is
 * called: which of them a script calls is noted, so that the server can be asked (native.h).
 * Threads: no state.
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

#define MR_SCRIPT_WORDS_MAX 512

/* Which of the functions are called; begins as {0}. */
struct mr_script_calls {
    bool of[MR_SCRIPT_WORDS_MAX];
};

/* A set of enum mr_word. */
unsigned mr_script_word(const char *ptr, size_t len);
/* What is no word of the list is not noted.  calls NULL is fine. */
void mr_script_calls_note(struct mr_script_calls *calls, const char *ptr, size_t len);
/* The first one from *at on, in capital letters, and *at behind it; NULL: no more. */
const char *mr_script_calls_next(const struct mr_script_calls *calls, size_t *at);
/* Does the stock client take it for a command at the beginning of a line? */
bool mr_script_word_is_command(const char *ptr, size_t len);
/* @@NAME that a script may read, as the writer spells it. */
bool mr_script_word_is_setting(const char *ptr, size_t len);

#endif
