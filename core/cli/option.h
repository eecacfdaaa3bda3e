/*
 * option: one option of a command, as data.  The table of a command drives the parser,
 * --help, the configuration file, `config` and the checks of the man pages.
 *
 * A table is a static array; each entry says where in the command's struct of values
 * its value lands (offset) and of which type that field is:
 *
 *   MR_OPTION_FLAG     bool
 *   MR_OPTION_SWITCH   enum mr_switch; gives --name and --no-name; `initial` must be
 * set MR_OPTION_STRING   const char *, NULL where not given MR_OPTION_UINT unsigned,
 * within min … max MR_OPTION_UINT64   uint64_t, within min … max MR_OPTION_MILLIS
 * unsigned milliseconds; given in seconds with up to three decimals, min and max in
 * milliseconds MR_OPTION_CHOICE   an enum (of the size of unsigned), one of `choices`
 *   MR_OPTION_LIST     struct mr_string_list; the option may be repeated
 *   MR_OPTION_COUNTER  unsigned; -v -v is 2
 *   MR_OPTION_HELP, MR_OPTION_VERSION  no field
 *
 * Ownership: texts are copied into the arena handed in.  Threads: plain data.
 */
#ifndef MR_OPTION_H
#define MR_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/strbuf.h"

enum mr_option_type {
    MR_OPTION_FLAG = 1,
    MR_OPTION_SWITCH,
    MR_OPTION_STRING,
    MR_OPTION_UINT,
    MR_OPTION_UINT64,
    MR_OPTION_MILLIS,
    MR_OPTION_CHOICE,
    MR_OPTION_LIST,
    MR_OPTION_COUNTER,
    MR_OPTION_HELP,
    MR_OPTION_VERSION
};

/* The order is that of enum mr_progress_mode, so that a field may be either. */
enum mr_switch { MR_SWITCH_AUTO = 1, MR_SWITCH_ON, MR_SWITCH_OFF };

struct mr_string_list {
    const char *const *items;
    size_t count;
};
/* Is the name, in letters of either case, among them? */
bool mr_string_list_has(const struct mr_string_list *list, const char *name);

struct mr_choice {
    const char *word; /* NULL ends the array */
    unsigned value;
};

struct mr_option {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum mr_option_type type;
    size_t offset;                   /* of the field in the command's struct of values */
    const char *arg;                 /* "FILE"; NULL where the option takes no value */
    const char *help;                /* one sentence, lower case, no full stop */
    const char *group;               /* heading in --help; options of a group stand together */
    const char *initial;             /* default, written as on the command line; NULL: zero */
    const char *initial_note;        /* what --help says of a default that is computed */
    const char *env;                 /* variable that sets it, or NULL */
    const char *env_value;           /* the value it sets; NULL: the variable's own */
    uint64_t min, max;               /* of numbers */
    const struct mr_choice *choices; /* STRING and LIST: only what a shell offers */
    bool not_in_file;                /* may not stand in [options] of the configuration file */
};

/*
 * Sets the field from text (FLAG: yes or no; SWITCH: yes, no or auto; COUNTER: a small
 * number; LIST: appends one item).  MR_E_USAGE with what is wrong with the value; the
 * caller puts in front where it stood.
 */
enum mr_code mr_option_set(const struct mr_option *option, void *values, const char *text,
                           struct mr_arena *arena, struct mr_err *err);
/* COUNTER: one more. */
void mr_option_bump(const struct mr_option *option, void *values);
/* LIST: forgets the items. */
void mr_option_clear(const struct mr_option *option, void *values);

/* Does a value follow the option on the command line? */
bool mr_option_has_value(const struct mr_option *option);
/* May it be given more than once? */
bool mr_option_is_repeatable(const struct mr_option *option);
/* Has it a field at all (not --help, --version)? */
bool mr_option_is_setting(const struct mr_option *option);

/*
 * The value as text, the way mr_option_set() reads it.  index is 0, or that of a LIST's
 * item.  False where there is nothing to show: a NULL string, a LIST without such an
 * item.
 */
bool mr_option_show(const struct mr_option *option, const void *values, size_t index,
                    struct mr_strbuf *out);

#endif
