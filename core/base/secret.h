/*
 * secret: what of an argument could be a password.
 *
 * An endpoint carries one, also one that was mistyped, or given where none belongs: in
 * front of the last @, behind a colon where a port should be a number of at most five
 * digits, as the value of ?password=, of password=, or of p= in a list, and behind -p.  Where there
 * is no ://, nothing with a blank has one (a condition), nor a path (it begins with / or .),
 * nor what is in front of the ? of a snapshot.
 *
 * Threads: any.
 */
#ifndef MR_SECRET_H
#define MR_SECRET_H

#include <stdbool.h>

/* Overwrites it by x, in place; false: there is none. */
bool mr_secret_mask(char *arg);
/* The same of what should be a number or one of some words, and so no path: "u/PW@h", "PW@h". */
bool mr_secret_mask_word(char *arg);
/* Overwrites all of it. */
void mr_secret_wipe(char *arg);
/* What of the argument it may be in: of an option, what is behind =. */
const char *mr_secret_value(const char *arg);

#endif
