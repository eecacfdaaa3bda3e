/*
 * sqlscan: SQL text as tokens, for reading what servers print: expressions, bodies,
 * SHOW CREATE, SHOW GRANTS.
 *
 * Calling sequence: init, then next until it returns false.  Tokens point into the
 * text, which must outlive them; nothing allocates.  Text is UTF-8 and is read under
 * the session's empty sql_mode: "…" is a string, a backslash escapes inside strings; text
 * that is run under another one, under what mr_sqlscan_set_mode says.  A literal or comment
 * without an end reaches to the end of the text and sets `broken`.
 * Threads: a scanner belongs to one.
 */
#ifndef MR_SQLSCAN_H
#define MR_SQLSCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/strbuf.h"

enum mr_token_kind {
    MR_TOKEN_END = 0,
    MR_TOKEN_WORD,    /* identifier or keyword without quotes, also @x and @@x */
    MR_TOKEN_IDENT,   /* `quoted`, or "quoted" under ANSI_QUOTES */
    MR_TOKEN_STRING,  /* 'x' or "x" */
    MR_TOKEN_NUMBER,  /* digits, fraction, exponent; no sign */
    MR_TOKEN_LITERAL, /* x'41', b'01', 0x41 */
    MR_TOKEN_PUNCT,   /* operator or punctuation, up to three characters */
    MR_TOKEN_COMMENT  /* not the executable ones: those are one PUNCT each */
};

struct mr_token {
    enum mr_token_kind kind;
    const char *ptr;
    size_t len;
    bool no_backslash; /* nothing is escaped within its quotes */
};

struct mr_sqlscan {
    const char *ptr, *end;
    const char *word_end; /* of the last word: behind it, a full stop begins no number */
    bool broken;
    bool ansi_quotes, no_backslash;
};

void mr_sqlscan_init(struct mr_sqlscan *scan, const char *text, size_t len);
/* Before the first token: the sql_mode that the text is run under, "A,B"; NULL: none.  Modes
 * that bring others with them do so here, too. */
void mr_sqlscan_set_mode(struct mr_sqlscan *scan, const char *sql_mode);
/* False at the end (token->kind is MR_TOKEN_END then). */
bool mr_sqlscan_next(struct mr_sqlscan *scan, struct mr_token *token);
/* The same without comments. */
bool mr_sqlscan_next_code(struct mr_sqlscan *scan, struct mr_token *token);

/* Why a condition would not be one expression between two parentheses: a literal, a comment or
 * a parenthesis without its end, an end too many, a semicolon, a comment that servers run.
 * NULL: it stands by itself. */
const char *mr_sqlscan_why_open(const char *condition);

/* Is the token this word or punctuation?  Case does not matter; quoted never matches.
 */
bool mr_token_is(const struct mr_token *token, const char *word);
/* Appends what a quoted token stands for (quotes and escapes undone), others as is. */
void mr_token_unquote(struct mr_strbuf *out, const struct mr_token *token);
/* Do bytes hold the name, with nothing around it that could be a part of a name?  Case does not
 * matter. */
bool mr_sqlscan_holds_name(const char *text, size_t len, const char *name);
/* Appends bytes as 'literal', quotes and backslashes doubled. */
void mr_sqlscan_quote(struct mr_strbuf *out, const char *ptr, size_t len);

#endif
