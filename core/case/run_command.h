/*
 * run_command: commands that can be pasted, about a run of a case.
 *
 * Words are quoted for a POSIX shell where they need it; they may still hold what a terminal
 * obeys: whoever prints them shows them by core/base/utf8.h or core/base/log.h.  URIs stand in
 * them with their options, as they were given, and without a password.
 *
 * Errors: only those of the strbuf.  Threads: any.
 */
#ifndef MR_RUN_COMMAND_H
#define MR_RUN_COMMAND_H

#include "core/base/strbuf.h"
#include "core/case/findings.h"

/* Appends a blank and the word. */
void mr_command_add_word(struct mr_strbuf *out, const char *word);
/* Appends a blank, the option and its value; nothing where value is NULL or empty. */
void mr_command_add_option(struct mr_strbuf *out, const char *option, const char *value);

/* How a side of the run is connected to. */
const char *mr_run_uri(const struct mr_find_run *run, int side);

/* Appends "myrecon check …", which compares what the run has compared once more, by that
 * configuration (NULL: none), into that case (NULL: none). */
void mr_run_check_command(const struct mr_find_run *run, const char *config, const char *case_path,
                          struct mr_strbuf *out);
/* The same without --where and --since: what compares the tables whole, unless the configuration
 * chooses rows of them (where =). */
void mr_run_whole_command(const struct mr_find_run *run, const char *config, const char *case_path,
                          struct mr_strbuf *out);

/* Appends "SOURCE (lost history, db1:3306)" or "TARGET (live, db2:3306)", by side: by what
 * the run was told, since nobody else knows the roles. */
void mr_run_add_side(const struct mr_find_run *run, int side, struct mr_strbuf *out);

#endif
