/* config_cmd.c: see config_cmd.h. */
#include "recon/config/config_cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/base/version.h"
#include "core/cli/general_options.h"
#include "core/json/jsonw.h"

struct config_options {
    struct mr_general_options general;
    bool json;
};

#define AT(field) offsetof(struct config_options, field)

static const struct mr_option options[] = {
    {.name = "json",
     .type = MR_OPTION_FLAG,
     .offset = AT(json),
     .group = "Result",
     .help = "one JSON object a line",
     .not_in_file = true},
    MR_GENERAL_OPTIONS(struct config_options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct config_options *values = settings->values;
    return mr_general_options_finish(settings, &values->general, err);
}

static const struct mr_option_set option_set = {
    .options = options,
    .count = sizeof options / sizeof options[0],
    .values_size = sizeof(struct config_options),
    .finish = finish,
};

static const struct mr_command_doc doc = {
    .summary = "show every effective setting and where it came from",
    .operands = "",
    .description = "Shows every setting that the commands would use now, and where its value came "
                   "from: a default, an environment variable, or a line of the configuration "
                   "file; "
                   "then what that file says about tables and the gate. Nothing is connected to, "
                   "and no "
                   "password "
                   "is shown.\n"
                   "\n"
                   "Exit status: 0 shown; 3 the configuration has an error, named by file and "
                   "line.\n",
    .examples = "  myrecon config\n"
                "  myrecon config --config incident.ini --json\n",
};

/* Read by endpoint.c, not through an option; those with a secret are only named. */
static const struct variable {
    const char *name;
    bool secret;
} variables[] = {
    {"MYRECON_SOURCE_USER", false},    {"MYRECON_TARGET_USER", false},
    {"MYRECON_USER", false},           {"MYRECON_SOURCE_PASSWORD", true},
    {"MYRECON_TARGET_PASSWORD", true}, {"MYRECON_PASSWORD", true},
};
static const size_t nvariables = sizeof variables / sizeof variables[0];

/* One way to print, text or JSON. */
struct printer {
    const struct mr_invocation *invocation;
    struct mr_strbuf text; /* also marked failed where JSON lacked memory */
    struct mr_jsonw json;
    bool as_json;
    bool brief; /* text: only what is not by default */
};

static const char *origin_name(enum mr_origin_kind kind)
{
    static const char *const names[] = {[MR_ORIGIN_DEFAULT] = "default",
                                        [MR_ORIGIN_ENVIRONMENT] = "environment",
                                        [MR_ORIGIN_FILE] = "file",
                                        [MR_ORIGIN_COMMAND_LINE] = "command line"};
    return names[kind];
}

/* Why this file is one of the configuration. */
static const char *file_origin(const struct mr_invocation *invocation,
                               const struct mr_config_file *file)
{
    const struct mr_settings *settings = &invocation->settings;
    const struct mr_option *option = mr_settings_find(settings->set, "config");
    switch (file->place) {
    case MR_CONFIG_SYSTEM: return "system";
    case MR_CONFIG_USUAL: return "usual place";
    case MR_CONFIG_NAMED: break;
    }
    return origin_name(mr_settings_origin(settings, option)->kind);
}

static void text_files(struct printer *p)
{
    const struct mr_config *config = p->invocation->config;
    if (config->nfiles == 0)
        mr_strbuf_add_str(&p->text, "configuration file: none\n");
    for (size_t i = 0; i < config->nfiles; i++)
        mr_strbuf_add_fmt(&p->text, "configuration file: %s (%s)\n", config->files[i].path,
                          file_origin(p->invocation, &config->files[i]));
}

/* file and origin are those of the strongest. */
static void print_header(struct printer *p)
{
    const struct mr_config *config = p->invocation->config;
    if (!p->as_json) {
        text_files(p);
        return;
    }
    struct mr_jsonw *w = &p->json;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "config");
    mr_jsonw_add_str(w, "schema", "myrecon/config/1");
    mr_jsonw_add_str(w, "version", MR_VERSION);
    mr_jsonw_add_str(w, "file", config->file);
    mr_jsonw_add_str(w, "origin",
                     config->nfiles > 0
                         ? file_origin(p->invocation, &config->files[config->nfiles - 1])
                         : "none");
    mr_jsonw_key(w, "files");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < config->nfiles; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "file", config->files[i].path);
        mr_jsonw_add_str(w, "origin", file_origin(p->invocation, &config->files[i]));
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void json_place(struct mr_jsonw *w, const char *file, unsigned line)
{
    mr_jsonw_add_str(w, "file", file);
    mr_jsonw_key(w, "line");
    if (file != NULL)
        mr_jsonw_uint(w, line);
    else
        mr_jsonw_null(w);
}

/* A list as an array, yes and no as booleans, whole numbers as numbers. */
static void json_value(struct printer *p, const struct mr_option *option, const void *values)
{
    struct mr_jsonw *w = &p->json;
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool there = mr_option_show(option, values, 0, &text);
    mr_jsonw_key(w, "value");
    if (option->type == MR_OPTION_LIST) {
        mr_jsonw_array_begin(w);
        for (size_t i = 0; there; there = mr_option_show(option, values, ++i, &text)) {
            mr_jsonw_string(w, text.ptr, text.len);
            p->text.failed = p->text.failed || text.failed;
            mr_strbuf_reset(&text);
        }
        mr_jsonw_array_end(w);
    } else if (!there) {
        mr_jsonw_null(w);
    } else if (option->type == MR_OPTION_FLAG) {
        mr_jsonw_bool(w, strcmp(text.ptr, "yes") == 0);
    } else if (option->type == MR_OPTION_UINT || option->type == MR_OPTION_UINT64 ||
               option->type == MR_OPTION_MILLIS || option->type == MR_OPTION_COUNTER) {
        mr_jsonw_raw(w, text.ptr, text.len);
    } else {
        mr_jsonw_string(w, text.ptr, text.len);
    }
    p->text.failed = p->text.failed || text.failed;
    mr_strbuf_release(&text);
}

static void json_setting(struct printer *p, const char *command, const struct mr_settings *settings,
                         const struct mr_option *option)
{
    struct mr_jsonw *w = &p->json;
    const struct mr_origin *origin = mr_settings_origin(settings, option);
    bool in_file = origin->kind == MR_ORIGIN_FILE;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "setting");
    mr_jsonw_add_str(w, "command", command);
    mr_jsonw_add_str(w, "name", option->name);
    json_value(p, option, settings->values);
    mr_jsonw_add_str(w, "origin", origin_name(origin->kind));
    json_place(w, in_file ? origin->where : NULL, origin->line);
    mr_jsonw_add_str(w, "variable", in_file ? NULL : origin->where);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

/* Where a value came from stands beside it: that is what people ask for. */
static void text_setting(struct printer *p, const struct mr_settings *settings,
                         const struct mr_option *option)
{
    const struct mr_origin *origin = mr_settings_origin(settings, option);
    struct mr_strbuf value = MR_STRBUF_INIT;
    size_t count = 0;
    while (mr_option_show(option, settings->values, count, &value)) {
        count++;
        if (!mr_option_is_repeatable(option))
            break;
        mr_strbuf_add_str(&value, ", ");
    }
    if (count == 0)
        mr_strbuf_add_str(&value, "-");
    else if (mr_option_is_repeatable(option) && value.len >= 2)
        value.ptr[value.len -= 2] = '\0';
    mr_strbuf_add_fmt(&p->text, "  %-18s %-24s ", option->name, value.ptr);
    if (origin->kind == MR_ORIGIN_FILE)
        mr_strbuf_add_fmt(&p->text, "%s:%u\n", origin->where, origin->line);
    else if (origin->kind == MR_ORIGIN_ENVIRONMENT)
        mr_strbuf_add_fmt(&p->text, "environment %s\n", origin->where);
    else
        mr_strbuf_add_fmt(&p->text, "%s\n", origin_name(origin->kind));
    p->text.failed = p->text.failed || value.failed;
    mr_strbuf_release(&value);
}

static bool is_default(const struct mr_settings *settings, const struct mr_option *option)
{
    return mr_settings_origin(settings, option)->kind == MR_ORIGIN_DEFAULT;
}

static void name_command(struct printer *p, const struct mr_command *command, bool *is_named)
{
    if (!p->as_json && !*is_named)
        mr_strbuf_add_fmt(&p->text, "\n%s:\n", command->name);
    *is_named = true;
}

/* What the command would use if it were started now without options. */
static enum mr_code print_command(struct printer *p, const struct mr_command *command,
                                  struct mr_arena *arena, struct mr_err *err)
{
    struct mr_settings settings;
    MR_TRY(mr_settings_init(&settings, command->options, arena, err));
    MR_TRY(mr_settings_apply_file(&settings, p->invocation->config, err));
    MR_TRY(mr_settings_finish(&settings, err));
    bool is_named = false;
    if (!p->brief)
        name_command(p, command, &is_named);
    for (size_t i = 0; i < command->options->count; i++) {
        const struct mr_option *option = &command->options->options[i];
        if (option->not_in_file || (p->brief && is_default(&settings, option)))
            continue;
        name_command(p, command, &is_named);
        if (p->as_json)
            json_setting(p, command->name, &settings, option);
        else
            text_setting(p, &settings, option);
    }
    return MR_OK;
}

/* That a password is set is reported, and nothing of it. */
static void print_variable(struct printer *p, const struct variable *variable, const char *value,
                           bool first)
{
    struct mr_jsonw *w = &p->json;
    if (!p->as_json) {
        mr_strbuf_add_fmt(&p->text, "%s  %-24s ", first ? "\nenvironment:\n" : "", variable->name);
        mr_utf8_show_str(&p->text, variable->secret ? "(set, not shown)" : value);
        mr_strbuf_add_char(&p->text, '\n');
        return;
    }
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "environment");
    mr_jsonw_add_str(w, "name", variable->name);
    mr_jsonw_add_str(w, "value", variable->secret ? NULL : value);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void print_environment(struct printer *p)
{
    bool first = true;
    for (size_t i = 0; i < nvariables; i++) {
        const char *value = getenv(variables[i].name);
        if (value == NULL || value[0] == '\0')
            continue;
        print_variable(p, &variables[i], value, first);
        first = false;
    }
}

/* As the file has them, with file and line; what a key means is for the commands. */
static void print_key(struct printer *p, const struct mr_ini_section *section,
                      const struct mr_ini_entry *entry)
{
    struct mr_jsonw *w = &p->json;
    if (!p->as_json) {
        mr_strbuf_add_fmt(&p->text, "  %-18s %-24s %s:%u\n", entry->key, entry->value, entry->file,
                          entry->line);
        return;
    }
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", section->word);
    if (section->argument[0] != '\0') {
        mr_jsonw_add_str(w, "pattern", section->argument);
    }
    mr_jsonw_add_str(w, "key", entry->key);
    mr_jsonw_add_str(w, "value", entry->value);
    json_place(w, entry->file, entry->line);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

/* All but [options], whose values stand with the commands. */
static void print_sections(struct printer *p)
{
    for (const struct mr_ini_section *section = p->invocation->config->sections; section != NULL;
         section = section->next) {
        if (strcmp(section->word, "options") == 0)
            continue;
        if (!p->as_json)
            mr_strbuf_add_fmt(&p->text, "\n[%s%s%s]\n", section->word,
                              section->argument[0] != '\0' ? " " : "", section->argument);
        for (const struct mr_ini_entry *entry = section->entries; entry != NULL;
             entry = entry->next)
            print_key(p, section, entry);
    }
}

static enum mr_code finish_output(struct printer *p, struct mr_err *err)
{
    static const char name[] = "standard output";
    MR_TRY(mr_strbuf_check(&p->text, "printing the settings", err));
    if (p->as_json)
        return mr_jsonw_finish(&p->json, name, err);
    struct mr_strbuf shown = MR_STRBUF_INIT;
    for (size_t i = 0; i < p->text.len;) { /* line by line, whatever stands in them */
        size_t len = strcspn(p->text.ptr + i, "\n");
        mr_utf8_show(&shown, p->text.ptr + i, len, false);
        mr_strbuf_add_char(&shown, '\n');
        i += len + 1;
    }
    enum mr_code code = mr_strbuf_check(&shown, "printing the settings", err);
    if (code == MR_OK && fwrite(shown.ptr, 1, shown.len, stdout) != shown.len)
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not write to %s", name);
    mr_strbuf_release(&shown);
    return code;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct config_options *values = invocation->settings.values;
    struct printer p = {.invocation = invocation,
                        .text = MR_STRBUF_INIT,
                        .as_json = values->json,
                        .brief = values->general.brief && !values->json};
    struct mr_arena arena = MR_ARENA_INIT;
    enum mr_code code = MR_OK;
    mr_general_options_apply(&values->general);
    mr_jsonw_init_file(&p.json, stdout);
    print_header(&p);
    for (size_t i = 0; i < invocation->commands.count; i++) {
        const struct mr_command *command = invocation->commands.items[i];
        if (command == &mr_config_command)
            continue;
        code = print_command(&p, command, &arena, err);
        if (code != MR_OK)
            goto out;
    }
    print_environment(&p);
    print_sections(&p);
    code = finish_output(&p, err);
    *exit_code = 0;
out:
    mr_jsonw_release(&p.json);
    mr_strbuf_release(&p.text);
    mr_arena_release(&arena);
    return code;
}

const struct mr_command mr_config_command = {
    .name = "config",
    .is_to_show = true,
    .doc = &doc,
    .options = &option_set,
    .run = run,
};
