/*
 * pair_sections: sections of the configuration that name a table which is not there: a slip
 * in the name, or other letters, leaves the table as if nothing were configured.
 *
 * Sections with wildcards are not looked at, nor those of databases that the run does not
 * have, unless what they seem to mean has no section of its own.
 *
 * Threads: any.  Errors: MR_E_NOMEM.
 */
#ifndef MR_PAIR_SECTIONS_H
#define MR_PAIR_SECTIONS_H

#include "core/pair/pair.h"

/* Appends what is to be said of the section, or nothing. */
void mr_pair_section_text(const struct mr_pairing *pairing,
                          const struct mr_ini_section *section, struct mr_strbuf *out);
/* Warns of all of them; side and config of the pairing are set. */
enum mr_code mr_pair_sections_warn(const struct mr_pairing *pairing, struct mr_err *err);

#endif
