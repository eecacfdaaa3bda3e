/*
 * pattern_names: patterns of tables (--tables, --exclude) that none of the names matches: a
 * slip in one of several would leave a table out, or in, without a word.
 *
 * Threads: any.  Errors: MR_E_NOMEM.
 */
#ifndef MR_PATTERN_NAMES_H
#define MR_PATTERN_NAMES_H

#include "core/base/strbuf.h"
#include "core/cli/option.h"

/* The name at that index, which must outlive the call; false: there are no more. */
typedef bool mr_pattern_name_fn(const void *ctx, size_t index, const char **db, const char **name);

/* Appends what is to be said of the pattern, with the name that it seems to mean, or nothing;
 * option: "--exclude". */
void mr_pattern_names_text(const char *option, const char *pattern, mr_pattern_name_fn *nth,
                           const void *ctx, struct mr_strbuf *out);
/* Warns of each such pattern. */
enum mr_code mr_pattern_names_warn(const char *option, const struct mr_string_list *patterns,
                                   mr_pattern_name_fn *nth, const void *ctx, struct mr_err *err);

#endif
