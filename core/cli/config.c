/* config.c: see config.h. */
#include "core/cli/config.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/pattern.h"
#include "core/base/strbuf.h"
#include "core/base/suggest.h"

static const char word_options[] = "options", word_table[] = "table";

typedef bool repeatable_fn(const char *key);

static enum mr_code check_repeats(const struct mr_ini_section *section,
                                  repeatable_fn *is_repeatable, struct mr_err *err)
{
    for (const struct mr_ini_entry *entry = section->entries; entry != NULL; entry = entry->next) {
        if (is_repeatable(entry->key))
            continue;
        for (const struct mr_ini_entry *other = section->entries; other != entry;
             other = other->next) {
            if (strcmp(other->key, entry->key) != 0)
                continue;
            (void)mr_err_set(err, MR_E_CONFIG, "%s:%u: key \"%s\" given twice in section",
                             entry->file, entry->line, entry->key);
            mr_err_hint(err, "It stands in line %u already; keep one of them.", other->line);
            return MR_E_CONFIG;
        }
    }
    return MR_OK;
}

/* Every value is parsed once, to be refused here rather than in the middle of a run. */
static enum mr_code check_table(struct mr_config *config, const struct mr_ini_section *section,
                                struct mr_err *err)
{
    struct mr_table_config scratch = {0};
    if (section->argument[0] == '\0') {
        (void)mr_err_set(err, MR_E_CONFIG, "%s:%u: section [table] names no table", section->file,
                         section->line);
        mr_err_hint(err, "Write it like [table club.members] or [table *.members].");
        return MR_E_CONFIG;
    }
    for (const struct mr_ini_entry *entry = section->entries; entry != NULL; entry = entry->next) {
        enum mr_code code =
            mr_table_config_set(&scratch, entry->key, entry->value, &config->arena, err);
        if (code != MR_OK) {
            mr_err_context(err, "%s:%u", entry->file, entry->line);
            return code;
        }
    }
    return check_repeats(section, mr_table_config_is_repeatable, err);
}

/* A section that stands for itself, once. */
static enum mr_code check_single(const struct mr_config *config,
                                 const struct mr_ini_section *section, const char *hint,
                                 struct mr_err *err)
{
    if (section->argument[0] != '\0') {
        (void)mr_err_set(err, MR_E_CONFIG, "%s:%u: section [%s] takes no name", section->file,
                         section->line, section->word);
        mr_err_hint(err, "%s", hint);
        return MR_E_CONFIG;
    }
    for (const struct mr_ini_section *other = config->sections; other != section;
         other = other->next) {
        if (other->file != section->file || strcmp(other->word, section->word) != 0)
            continue;
        (void)mr_err_set(err, MR_E_CONFIG, "%s:%u: section [%s] given twice", section->file,
                         section->line, section->word);
        mr_err_hint(err, "It begins in line %u already; put its keys together.", other->line);
        return MR_E_CONFIG;
    }
    return MR_OK;
}

static enum mr_code check_options(const struct mr_config *config,
                                  const struct mr_ini_section *section, struct mr_err *err)
{
    return check_single(config, section, "Write [options]; they hold for every table.", err);
}

static enum mr_code check_room(struct mr_config *config, const struct mr_config_room *room,
                               const struct mr_ini_section *section, struct mr_err *err)
{
    MR_TRY(check_single(config, section, room->hint, err));
    MR_TRY(room->check(section, &config->arena, err));
    return check_repeats(section, room->is_repeatable, err);
}

/* "There are [options], [table PATTERN] and [gate]." */
static void hint_sections(struct mr_config_rooms rooms, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, rooms.count > 0 ? "There are [options], [table PATTERN]"
                                             : "There are [options] and [table PATTERN]");
    for (size_t i = 0; i < rooms.count; i++)
        mr_strbuf_add_fmt(&text, "%s[%s]", i + 1 == rooms.count ? " and " : ", ",
                          rooms.items[i]->word);
    if (mr_strbuf_check(&text, "naming sections", NULL) == MR_OK)
        mr_err_hint(err, "%s.", text.ptr);
    mr_strbuf_release(&text);
}

/* A misspelled section would leave its tables without their identity, in silence: so it is an
 * error, and not passed over. */
static enum mr_code unknown_section(struct mr_config_rooms rooms,
                                    const struct mr_ini_section *section, struct mr_err *err)
{
    struct mr_suggest suggest = {.typed = section->word};
    mr_suggest_offer(&suggest, word_options);
    mr_suggest_offer(&suggest, word_table);
    for (size_t i = 0; i < rooms.count; i++)
        mr_suggest_offer(&suggest, rooms.items[i]->word);
    bool named = section->argument[0] != '\0';
    (void)mr_err_set(err, MR_E_CONFIG, "%s:%u: unknown section [%s%s%s]", section->file,
                     section->line, section->word, named ? " " : "", section->argument);
    if (suggest.best != NULL && named)
        mr_err_hint(err, "Did you mean [%s %s]?", suggest.best, section->argument);
    else if (suggest.best != NULL)
        mr_err_hint(err, "Did you mean [%s]?", suggest.best);
    else
        hint_sections(rooms, err);
    return MR_E_CONFIG;
}

static const struct mr_config_room *find_room(struct mr_config_rooms rooms, const char *word)
{
    for (size_t i = 0; i < rooms.count; i++)
        if (strcmp(rooms.items[i]->word, word) == 0)
            return rooms.items[i];
    return NULL;
}

/* Those of the last text: up to what was there before. */
static enum mr_code check_sections(struct mr_config *config, const struct mr_ini_section *behind,
                                   struct mr_config_rooms rooms, struct mr_err *err)
{
    for (const struct mr_ini_section *section = config->sections; section != behind;
         section = section->next) {
        const struct mr_config_room *room = find_room(rooms, section->word);
        if (strcmp(section->word, word_table) == 0)
            MR_TRY(check_table(config, section, err));
        else if (strcmp(section->word, word_options) == 0)
            MR_TRY(check_options(config, section, err));
        else if (room != NULL)
            MR_TRY(check_room(config, room, section, err));
        else
            MR_TRY(unknown_section(rooms, section, err));
    }
    return MR_OK;
}

struct mr_config *mr_config_new(void)
{
    struct mr_config *config = calloc(1, sizeof *config);
    if (config != NULL)
        mr_arena_init(&config->arena);
    return config;
}

/* In front of the others in the list, as the text is in front of theirs. */
static enum mr_code add_file(struct mr_config *config, const struct mr_config_file *file,
                             const char **name, struct mr_err *err)
{
    *name = "";
    if (file->path == NULL) /* as if there were none */
        return MR_OK;
    if (config->nfiles == MR_CONFIG_FILES_MAX)
        return mr_err_set(err, MR_E_BUG, "too many configuration files");
    *name = mr_arena_strdup(&config->arena, file->path);
    if (*name == NULL)
        return mr_err_nomem(err, "reading the configuration file");
    memmove(config->files + 1, config->files, config->nfiles * sizeof *file);
    config->files[0] = (struct mr_config_file){.path = *name, .place = file->place};
    config->file = config->files[config->nfiles++].path;
    return MR_OK;
}

enum mr_code mr_config_add(struct mr_config *config, const char *text, size_t len,
                           const struct mr_config_file *file, struct mr_config_rooms rooms,
                           struct mr_err *err)
{
    const struct mr_ini_section *behind = config->sections;
    const char *name = NULL;
    MR_TRY(add_file(config, file, &name, err));
    MR_TRY(mr_ini_parse(text, len, name, &config->arena, &config->sections, err));
    return check_sections(config, behind, rooms, err);
}

enum mr_code mr_config_parse(const char *text, size_t len, const char *name,
                             struct mr_config_rooms rooms, struct mr_config **out,
                             struct mr_err *err)
{
    const struct mr_config_file file = {.path = name, .place = MR_CONFIG_NAMED};
    *out = NULL;
    struct mr_config *config = mr_config_new();
    if (config == NULL)
        return mr_err_nomem(err, "reading the configuration file");
    enum mr_code code = mr_config_add(config, text, len, &file, rooms, err);
    if (code != MR_OK) {
        mr_config_free(config);
        return code;
    }
    *out = config;
    return MR_OK;
}

void mr_config_free(struct mr_config *config)
{
    if (config == NULL)
        return;
    mr_arena_release(&config->arena);
    free(config);
}

const struct mr_ini_section *mr_config_options(const struct mr_config *config,
                                               const struct mr_ini_section *before)
{
    const struct mr_ini_section *section = before == NULL ? config->sections : before->next;
    while (section != NULL && strcmp(section->word, word_options) != 0)
        section = section->next;
    return section;
}

/* Of several sections that match, the later adds to the earlier key by key: so a pattern can say
 * what holds for all, and a section behind it what is different for one. */
enum mr_code mr_config_table(const struct mr_config *config, const char *db, const char *table,
                             struct mr_arena *arena, struct mr_table_config *out,
                             struct mr_err *err)
{
    *out = (struct mr_table_config){0};
    for (const struct mr_ini_section *section = config->sections; section != NULL;
         section = section->next) {
        if (strcmp(section->word, word_table) != 0 ||
            !mr_pattern_match(section->argument, db, table))
            continue;
        out->place.section = section->argument;
        out->place.by_pattern = strpbrk(section->argument, "*?") != NULL;
        for (const struct mr_ini_entry *entry = section->entries; entry != NULL;
             entry = entry->next) {
            out->place.file = entry->file;
            out->place.line = entry->line;
            enum mr_code code = mr_table_config_set(out, entry->key, entry->value, arena, err);
            if (code != MR_OK) {
                mr_err_context(err, "%s:%u", entry->file, entry->line);
                return code;
            }
        }
    }
    return MR_OK;
}

static bool says_who_rows_are(const char *key)
{
    static const char *const others[] = {"mask",   "freshness", "sequence", "on-conflict",
                                         "margin", "static",    "queue",    "merge"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(key, others[i]) == 0)
            return false;
    return true;
}

static struct mr_config_line *line_of_key(struct mr_vec *lines, const char *key)
{
    for (size_t i = 0; !mr_table_config_is_repeatable(key) && i < lines->count; i++) {
        struct mr_config_line *line = mr_vec_at(lines, i);
        if (strcmp(line->key, key) == 0)
            return line;
    }
    return mr_vec_push(lines);
}

enum mr_code mr_config_lines(const struct mr_config *config, const char *db, const char *table,
                             struct mr_vec *lines, struct mr_err *err)
{
    for (const struct mr_ini_section *section = config->sections; section != NULL;
         section = section->next) {
        if (strcmp(section->word, word_table) != 0 ||
            !mr_pattern_match(section->argument, db, table))
            continue;
        for (const struct mr_ini_entry *entry = section->entries; entry != NULL;
             entry = entry->next) {
            if (!says_who_rows_are(entry->key))
                continue;
            struct mr_config_line *line = line_of_key(lines, entry->key);
            if (line == NULL)
                return mr_err_nomem(err, "reading the configuration");
            *line = (struct mr_config_line){entry->key, entry->value};
        }
    }
    return MR_OK;
}

static bool same_but_blanks(const char *a, const char *b)
{
    for (;;) {
        a += strspn(a, " \t");
        b += strspn(b, " \t");
        if (*a != *b || *a == '\0')
            return *a == *b;
        a++;
        b++;
    }
}

bool mr_config_has_line(const struct mr_vec *lines, const char *key, const char *value)
{
    for (size_t i = 0; i < lines->count; i++) {
        const struct mr_config_line *line = mr_vec_at(lines, i);
        if (strcmp(line->key, key) == 0 && same_but_blanks(line->value, value))
            return true;
    }
    return false;
}

static enum mr_code refuse_letters(const struct mr_ini_section *section, const char *db,
                                   const char *table, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CONFIG,
                     "section [table %s] says nothing of table \"%s.%s\", which the "
                     "server writes in other letters",
                     section->argument, db, table);
    mr_err_hint(err, "The server takes names in any letters (lower_case_table_names), "
                     "patterns do not: write the section's name as the server does.");
    if (section->entries != NULL)
        mr_err_context(err, "%s:%u", section->file, section->entries->line);
    return MR_E_CONFIG;
}

/* A section that would match but for upper and lower case was meant for this table, and says
 * nothing of it: its identity would be left out without a word. */
enum mr_code mr_config_require_letters(const struct mr_config *config, const char *db,
                                       const char *table, struct mr_err *err)
{
    struct mr_strbuf pattern = MR_STRBUF_INIT, low[2] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
    mr_strbuf_add_lower(&low[0], db, strlen(db));
    mr_strbuf_add_lower(&low[1], table, strlen(table));
    enum mr_code code = MR_OK;
    for (const struct mr_ini_section *s = config->sections; code == MR_OK && s != NULL;
         s = s->next) {
        if (strcmp(s->word, word_table) != 0 || mr_pattern_match(s->argument, db, table))
            continue;
        mr_strbuf_reset(&pattern);
        mr_strbuf_add_lower(&pattern, s->argument, strlen(s->argument));
        if (pattern.failed || low[0].failed || low[1].failed)
            code = mr_err_nomem(err, "reading the configuration");
        else if (mr_pattern_match(pattern.ptr, low[0].ptr, low[1].ptr))
            code = refuse_letters(s, db, table, err);
    }
    mr_strbuf_release(&pattern);
    mr_strbuf_release(&low[0]);
    mr_strbuf_release(&low[1]);
    return code;
}
