/*
 * man_page: the source of a manual page with its placeholders filled in.
 *
 * Lines that are only these are replaced, everything else is copied:
 *
 *   @options gate record, gate check    the options of these commands, up to a line @end;
 *                                       between the two stand notes: *--name* on a line,
 *                                       then what the page adds to that option
 *   @settings                           the keys of section [options]
 *   @settings-excluded                  the options that may not stand there
 *
 * A page with its placeholders is scdoc's markup, too.
 *
 * Errors: MR_E_CONFIG with the line.  Ownership: text is the caller's, out is appended to.
 * Threads: one.
 */
#ifndef MR_MAN_PAGE_H
#define MR_MAN_PAGE_H

#include "core/base/strbuf.h"
#include "core/cli/cli.h"

/* text: NUL-terminated. */
enum mr_code mr_man_page_expand(struct mr_command_list commands, const char *text,
                                struct mr_strbuf *out, struct mr_err *err);

#endif
