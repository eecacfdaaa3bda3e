/*
 * completion: what a shell offers for myrecon's command line, from the option tables.
 *
 * The scripts are templates (myrecon.bash, myrecon.zsh, myrecon.fish): lines that are only
 * "# @NAME" are replaced by what the tables say, everything else is copied.  So a template
 * is a valid script by itself.
 *
 * Ownership: text is the caller's, out is appended to.  Errors: MR_E_CONFIG for an unknown
 * placeholder.  Threads: one.
 */
#ifndef MR_COMPLETION_H
#define MR_COMPLETION_H

#include "core/base/strbuf.h"
#include "core/cli/cli.h"

enum mr_completion_kind {
    MR_COMPLETION_ANY = 1, /* nothing can be offered */
    MR_COMPLETION_FILE,
    MR_COMPLETION_CASE,    /* a file, most likely *.case */
    MR_COMPLETION_COLUMNS, /* of the case on the command line, joined by commas */
    MR_COMPLETION_DIR,
    MR_COMPLETION_ENDPOINT,
    MR_COMPLETION_SERVER, /* an endpoint that is no snapshot */
    MR_COMPLETION_WORDS   /* the option's choices */
};

/* Of an option that takes a value. */
enum mr_completion_kind mr_completion_of_option(const struct mr_option *option);

/* Of MR_COMPLETION_WORDS: appends the words, a blank between them. */
void mr_completion_add_words(const struct mr_option *option, struct mr_strbuf *out);
/* May several of them be given, joined by commas? */
bool mr_completion_is_list(const struct mr_option *option);

/* An operand of a command, as its documentation writes it: "SOURCE TARGET", "[FILE]
 * SERVER", "SERVER...". */
struct mr_completion_operand {
    enum mr_completion_kind kind;
    const char *name;
    size_t name_len;
    bool is_optional, is_repeated;
};
/* The next operand of *at, which moves on; false behind the last one. */
bool mr_completion_next_operand(const char **at, struct mr_completion_operand *operand);

/* A placeholder, and what appends its replacement. */
struct mr_completion_part {
    const char *name;
    void (*fill)(struct mr_command_list commands, struct mr_strbuf *out);
};
/* Of each shell, up to one without a name. */
extern const struct mr_completion_part mr_completion_bash[], mr_completion_zsh[],
    mr_completion_fish[];

/* text: NUL-terminated. */
enum mr_code mr_completion_expand(struct mr_command_list commands, const char *text,
                                  const struct mr_completion_part *parts, struct mr_strbuf *out,
                                  struct mr_err *err);

#endif
