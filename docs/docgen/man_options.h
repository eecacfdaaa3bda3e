/*
 * man_options: the options of commands as they stand in a manual page, in scdoc's markup.
 *
 * The commands of one page are described together: an option stands once, under its
 * heading of --help, with what --help says of it; where only some of the commands have
 * it, or say other things of it, the page says which.  What a page adds by hand to an
 * option is a note, which follows.
 *
 * Ownership: nothing is kept; notes point into the caller's text.  Errors: a note about
 * an option that no command has is MR_E_CONFIG, so that a page cannot go stale.
 * Threads: one.  Limits: MR_MAN_COMMANDS commands a page.
 */
#ifndef MR_MAN_OPTIONS_H
#define MR_MAN_OPTIONS_H

#include "core/base/strbuf.h"
#include "core/base/vec.h"
#include "core/cli/cli.h"

#define MR_MAN_COMMANDS ((size_t)32)

struct mr_man_note {
    const char *name; /* of the option, without the dashes */
    size_t name_len;
    const char *text; /* markup, as it stands in the page */
    size_t text_len;
};

/* notes: of struct mr_man_note. */
enum mr_code mr_man_options_add(const struct mr_command *const *commands, size_t ncommands,
                                const struct mr_vec *notes, struct mr_strbuf *out,
                                struct mr_err *err);

/* The keys that [options] of the configuration file may have, and who uses them. */
void mr_man_settings_add(struct mr_command_list commands, struct mr_strbuf *out);
/* A sentence with the options that may not stand there. */
void mr_man_settings_add_excluded(struct mr_command_list commands, struct mr_strbuf *out);

#endif
