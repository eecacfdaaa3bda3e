/* settings.c: see settings.h. */
#include "core/cli/settings.h"

#include <stdlib.h>
#include <string.h>

static enum mr_code apply_defaults(struct mr_settings *settings, struct mr_err *err)
{
    for (size_t i = 0; i < settings->set->count; i++) {
        const struct mr_option *option = &settings->set->options[i];
        if (option->initial == NULL)
            continue;
        enum mr_code code =
            mr_option_set(option, settings->values, option->initial, settings->arena, err);
        if (code != MR_OK) {
            mr_err_context(err, "default of option \"--%s\"", option->name);
            return code;
        }
    }
    return MR_OK;
}

/* An empty variable counts as none: that is how scripts unset one. */
static enum mr_code apply_environment(struct mr_settings *settings, struct mr_err *err)
{
    for (size_t i = 0; i < settings->set->count; i++) {
        const struct mr_option *option = &settings->set->options[i];
        const char *text = option->env != NULL ? getenv(option->env) : NULL;
        if (text == NULL || text[0] == '\0')
            continue;
        if (option->env_value != NULL)
            text = option->env_value;
        struct mr_origin origin = {.kind = MR_ORIGIN_ENVIRONMENT, .where = option->env};
        enum mr_code code = mr_settings_set(settings, option, text, origin, err);
        if (code != MR_OK) {
            mr_err_context(err, "environment variable %s", option->env);
            return code;
        }
    }
    return MR_OK;
}

enum mr_code mr_settings_init(struct mr_settings *settings, const struct mr_option_set *set,
                              struct mr_arena *arena, struct mr_err *err)
{
    *settings = (struct mr_settings){.set = set, .arena = arena};
    settings->values = mr_arena_calloc(arena, 1, set->values_size);
    settings->origins = mr_arena_calloc(arena, set->count, sizeof *settings->origins);
    if (settings->values == NULL || settings->origins == NULL)
        return mr_err_nomem(err, "reading options");
    MR_TRY(apply_defaults(settings, err));
    return apply_environment(settings, err);
}

const struct mr_option *mr_settings_find(const struct mr_option_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->options[i].name, name) == 0)
            return &set->options[i];
    }
    return NULL;
}

static struct mr_origin *origin_of(const struct mr_settings *settings,
                                   const struct mr_option *option)
{
    return &settings->origins[option - settings->set->options];
}

const struct mr_origin *mr_settings_origin(const struct mr_settings *settings,
                                           const struct mr_option *option)
{
    return origin_of(settings, option);
}

enum mr_code mr_settings_set(struct mr_settings *settings, const struct mr_option *option,
                             const char *text, struct mr_origin origin, struct mr_err *err)
{
    struct mr_origin *have = origin_of(settings, option);
    if (have->kind > origin.kind)
        return MR_OK;
    if (mr_option_is_repeatable(option) &&
        (have->kind < origin.kind ||
         (origin.kind == MR_ORIGIN_FILE && have->where != origin.where)))
        mr_option_clear(option, settings->values);
    enum mr_code code = mr_option_set(option, settings->values, text, settings->arena, err);
    if (code == MR_OK)
        *have = origin;
    return code;
}

void mr_settings_bump(struct mr_settings *settings, const struct mr_option *option)
{
    const unsigned none = 0;
    struct mr_origin *have = origin_of(settings, option);
    if (have->kind != MR_ORIGIN_COMMAND_LINE)
        memcpy((char *)settings->values + option->offset, &none, sizeof none);
    mr_option_bump(option, settings->values);
    *have = (struct mr_origin){.kind = MR_ORIGIN_COMMAND_LINE};
}

/* The same failure, blamed on the file. */
static enum mr_code as_config_error(const struct mr_ini_entry *entry, enum mr_code code,
                                    struct mr_err *err)
{
    mr_err_context(err, "%s:%u: key \"%s\"", entry->file, entry->line, entry->key);
    if (code != MR_E_USAGE)
        return code;
    if (err != NULL)
        err->code = MR_E_CONFIG;
    return MR_E_CONFIG;
}

/* file: the copy that the settings keep; the same for all entries of a file, and so it is known
 * where the next one begins. */
static enum mr_code apply_entry(struct mr_settings *settings, const struct mr_ini_entry *entry,
                                const char *file, struct mr_err *err)
{
    const struct mr_option *option = mr_settings_find(settings->set, entry->key);
    if (option == NULL || option->not_in_file)
        return MR_OK;
    struct mr_origin origin = {.kind = MR_ORIGIN_FILE, .where = file, .line = entry->line};
    enum mr_code code = mr_settings_set(settings, option, entry->value, origin, err);
    return code == MR_OK ? MR_OK : as_config_error(entry, code, err);
}

/* The section serves all commands: keys of the others are passed over, and those that nobody knows
 * have been refused before (mr_cli_check_file). */
enum mr_code mr_settings_apply_file(struct mr_settings *settings, const struct mr_config *config,
                                    struct mr_err *err)
{
    for (const struct mr_ini_section *section = NULL;
         (section = mr_config_options(config, section)) != NULL;) {
        const char *file = mr_arena_strdup(settings->arena, section->file);
        if (file == NULL)
            return mr_err_nomem(err, "reading options");
        for (const struct mr_ini_entry *entry = section->entries; entry != NULL;
             entry = entry->next)
            MR_TRY(apply_entry(settings, entry, file, err));
    }
    return MR_OK;
}

enum mr_code mr_settings_finish(struct mr_settings *settings, struct mr_err *err)
{
    return settings->set->finish != NULL ? settings->set->finish(settings, err) : MR_OK;
}

/* The error names the place where the value was written, which need not be the command line. */
void mr_settings_context(const struct mr_settings *settings, const char *name, struct mr_err *err)
{
    const struct mr_option *option = mr_settings_find(settings->set, name);
    if (option == NULL)
        return;
    const struct mr_origin *origin = origin_of(settings, option);
    switch (origin->kind) {
    case MR_ORIGIN_FILE:
        mr_err_context(err, "%s:%u: key \"%s\"", origin->where, origin->line, name);
        break;
    case MR_ORIGIN_ENVIRONMENT:
        mr_err_context(err, "environment variable %s", origin->where);
        break;
    case MR_ORIGIN_DEFAULT:
    case MR_ORIGIN_COMMAND_LINE: mr_err_context(err, "option \"--%s\"", name); break;
    }
}
