/*
 * text_form: texts whose bytes order as what they say.
 *
 * Text orders as people mean it only where all of it has one FORM: digits, as many of them
 * ("0009", "0010"), or a date or a date and a time of one shape ("2026-04-02",
 * "2026-04-02T10:00:00Z"), biggest unit first.  Times of several zones have none in common.
 * Threads: no state.
 */
#ifndef MR_TEXT_FORM_H
#define MR_TEXT_FORM_H

#include <stdbool.h>
#include <stddef.h>

#define MR_TEXT_FORM_MAX 48 /* with its end */

/* Writes the form of a text in ASCII; false: it has none. */
bool mr_text_form(const char *text, size_t len, char form[MR_TEXT_FORM_MAX]);

/* As what both texts would have to be read to be compared: a type of CAST; NULL: none. */
const char *mr_text_cast(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
