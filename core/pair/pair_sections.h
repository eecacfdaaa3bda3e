/*
 * pair_sections: names that nothing has, in the configuration and in patterns: a slip in one,
 * or other letters, leaves all as if nothing had been said.
 *
 * Sections with wildcards are only looked at for columns (ignore-columns, mask, merge) that none of
 * their tables has, and those of databases that the run does not have not at all, unless
 * what they seem to mean has no section of its own.
 *
 * Threads: any.  Errors: MR_E_NOMEM.
 */
#ifndef MR_PAIR_SECTIONS_H
#define MR_PAIR_SECTIONS_H

#include "core/pair/pair.h"

/* Appends what is to be said of the section, or nothing. */
void mr_pair_section_text(const struct mr_pairing *pairing, const struct mr_ini_section *section,
                          struct mr_strbuf *out);
/* The same of the columns of one of its lines. */
void mr_pair_section_columns(const struct mr_pairing *pairing, const struct mr_ini_section *section,
                             const struct mr_ini_entry *entry, struct mr_strbuf *out);
/* The same of a pattern of tables, in SOURCE's names; option: "--exclude". */
void mr_pair_pattern_text(const struct mr_pairing *pairing, const char *option, const char *pattern,
                          struct mr_strbuf *out);
enum mr_code mr_pair_patterns_warn(const struct mr_pairing *pairing, const char *option,
                                   const struct mr_string_list *patterns, struct mr_err *err);
/* Warns of all of them; side and config of the pairing are set. */
enum mr_code mr_pair_sections_warn(const struct mr_pairing *pairing, struct mr_err *err);

#endif
