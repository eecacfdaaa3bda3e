/*
 * config: the configuration file, read once and checked to the last value.
 *
 *   [options]         long options of the commands, without their dashes
 *   [table PATTERN]   what is known about tables (table_config.h); PATTERN as in
 *                     --tables
 *   [WORD]            what a room of its own says there: struct mr_config_room
 *
 * Calling sequence: mr_config_load, then mr_config_table() for each table,
 * mr_config_free. The values of [options] are text here; settings.h gives them their
 * meaning.
 *
 * Ownership: everything lives until mr_config_free.  Read-only after loading, so
 * threads may share it.  Errors: MR_E_CONFIG, the message starting with "file:line: "
 * where a line is to blame.  Limits: the file may have 16 MiB.
 */
#ifndef MR_CONFIG_H
#define MR_CONFIG_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/vec.h"
#include "core/cli/ini.h"
#include "core/cli/table_config.h"

struct mr_config {
    struct mr_arena arena;
    const char *file;                      /* NULL: there is none, everything is unset */
    const struct mr_ini_entry *options;    /* of [options] */
    const struct mr_ini_section *sections; /* all, in the order of the file */
};

/* A section that some room reads: it stands once, and by itself. */
struct mr_config_room {
    const char *word, *hint; /* "gate"; what to write in place of [gate NAME] */
    /* Refuses a line as MR_E_CONFIG, with file and line in front. */
    enum mr_code (*check)(const struct mr_config *config, const struct mr_ini_section *section,
                          struct mr_arena *arena, struct mr_err *err);
    bool (*is_repeatable)(const char *key);
};
struct mr_config_rooms {
    const struct mr_config_room *const *items;
    size_t count;
};
#define MR_CONFIG_NO_ROOMS ((struct mr_config_rooms){0})

/*
 * path NULL: ~/.config/myrecon.ini, if it is there.  ($MYRECON_CONFIG is the --config
 * option's environment variable, see settings.h.)  A path that was named must exist.
 */
enum mr_code mr_config_load(const char *path, struct mr_config_rooms rooms, struct mr_config **out,
                            struct mr_err *err);
/* The same from memory; name stands for the file in messages. */
enum mr_code mr_config_parse(const char *text, size_t len, const char *name,
                             struct mr_config_rooms rooms, struct mr_config **out,
                             struct mr_err *err);
void mr_config_free(struct mr_config *config);

/*
 * What all sections that match db.table say together: of several the later wins per
 * key, references add up.  Lists are allocated in arena, texts belong to it too.
 */
enum mr_code mr_config_table(const struct mr_config *config, const char *db, const char *table,
                             struct mr_arena *arena, struct mr_table_config *out,
                             struct mr_err *err);

/* A line of a [table …] section. */
struct mr_config_line {
    const char *key, *value;
};
/* Pushes the lines that say which rows of db.table are compared, and who they are (not what
 * becomes of conflicts, and what is shown), in the order of the file; of a key that stands
 * once only the last.  Texts are the configuration's. */
enum mr_code mr_config_lines(const struct mr_config *config, const char *db, const char *table,
                             struct mr_vec *lines, struct mr_err *err);
/* Is there such a line?  Blanks are none of its value. */
bool mr_config_has_line(const struct mr_vec *lines, const char *key, const char *value);

/* For a server that takes names in any letters: MR_E_CONFIG where a [table …] section would
 * match db.table in other letters only, and so says nothing of it. */
enum mr_code mr_config_require_letters(const struct mr_config *config, const char *db,
                                       const char *table, struct mr_err *err);

#endif
