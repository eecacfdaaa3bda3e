/*
 * ini: the configuration file as sections of keys and values, without their meaning.
 *
 *   ; a comment, # also          only whole lines start with #
 *   [word argument]
 *   key = value                  ; a comment after white space and a semicolon
 *
 * Inside '…', "…" and `…` of a value a semicolon is text; a quote that is never closed
 * is an ordinary letter.  Quotes stay part of the value.  Lines end in LF or CR LF and
 * may have any length; a UTF-8 byte order mark in front is skipped.
 *
 * Ownership: everything lives in the caller's arena.  Errors: MR_E_CONFIG, "file:line:
 * …".
 */
#ifndef MR_INI_H
#define MR_INI_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/err.h"

struct mr_ini_entry {
    const char *key, *value; /* trimmed; value may be "" */
    const char *file;        /* the name that was given with the text */
    unsigned line;           /* from 1 */
    const struct mr_ini_entry *next;
};

struct mr_ini_section {
    const char *word;     /* "table" */
    const char *argument; /* "club.members", or "" */
    const char *file;     /* the same pointer in all sections and entries of one text */
    unsigned line;
    const struct mr_ini_entry *entries; /* in the order of the file */
    const struct mr_ini_section *next;
};

/* file: the name to use in messages, which must outlive them.  Sections come in front of what
 * *out has: NULL, or those of a text that was read before. */
enum mr_code mr_ini_parse(const char *text, size_t len, const char *file, struct mr_arena *arena,
                          const struct mr_ini_section **out, struct mr_err *err);

#endif
