/*
 * config: the configuration files, read once and checked to the last value.
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
 * where a line is to blame.  Limits: a file may have 16 MiB.
 */
#ifndef MR_CONFIG_H
#define MR_CONFIG_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/vec.h"
#include "core/cli/ini.h"
#include "core/cli/table_config.h"

/* Why a file is one of the configuration. */
enum mr_config_place {
    MR_CONFIG_SYSTEM = 1, /* /etc/myrecon.ini */
    MR_CONFIG_USUAL,      /* the user's own */
    MR_CONFIG_NAMED       /* --config, MYRECON_CONFIG */
};
struct mr_config_file {
    const char *path;
    enum mr_config_place place;
};
/* The system's, and one that is named or the user's own. */
#define MR_CONFIG_FILES_MAX 2

struct mr_config {
    struct mr_arena arena;
    struct mr_config_file files[MR_CONFIG_FILES_MAX]; /* in the order in which they count */
    size_t nfiles;
    const char *file;                      /* the last of them; NULL: none, everything is unset */
    const struct mr_ini_section *sections; /* all, of one file behind those of the one before */
};

/* A section that some room reads: it stands once in a file, and by itself. */
struct mr_config_room {
    const char *word, *hint; /* "gate"; what to write in place of [gate NAME] */
    /* Refuses a line as MR_E_CONFIG, with file and line in front. */
    enum mr_code (*check)(const struct mr_ini_section *section, struct mr_arena *arena,
                          struct mr_err *err);
    bool (*is_repeatable)(const char *key);
};
struct mr_config_rooms {
    const struct mr_config_room *const *items;
    size_t count;
};
#define MR_CONFIG_NO_ROOMS ((struct mr_config_rooms){0})

/*
 * /etc/myrecon.ini, if it is there (or $MYRECON_SYSTEM_CONFIG; none for /dev/null), and the file that was named,
 * which must be there.  path NULL: $XDG_CONFIG_HOME/myrecon.ini, else ~/.config/myrecon.ini, if one
 * is there.  ($MYRECON_CONFIG is the --config option's environment variable, see settings.h.)
 * Where both say something, the latter wins.  A file that nobody named is refused (MR_E_CONFIG)
 * where it is another user's, but root's, or everybody may write it.
 */
enum mr_code mr_config_load(const char *path, struct mr_config_rooms rooms, struct mr_config **out,
                            struct mr_err *err);
/* From memory, alone; name stands for the file in messages.  NULL: as if there were no file. */
enum mr_code mr_config_parse(const char *text, size_t len, const char *name,
                             struct mr_config_rooms rooms, struct mr_config **out,
                             struct mr_err *err);
/* The same in front of what the configuration has; name is copied. */
enum mr_code mr_config_add(struct mr_config *config, const char *text, size_t len,
                           const struct mr_config_file *file, struct mr_config_rooms rooms,
                           struct mr_err *err);
/* One without files, or NULL: out of memory. */
struct mr_config *mr_config_new(void);
void mr_config_free(struct mr_config *config);

/* The [options] section behind that one; NULL: the first, and none.  A file has one at most. */
const struct mr_ini_section *mr_config_options(const struct mr_config *config,
                                               const struct mr_ini_section *before);

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
