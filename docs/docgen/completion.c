/* completion.c: see completion.h. */
#include "docs/docgen/completion.h"

#include <stdio.h>
#include <string.h>

#include "core/cli/table_config.h"
#include "repair/decide/conflict.h"

/* By the word that stands for it in the help, so that a new option is completed without a line
 * here, as long as it is called as others are. */
static enum mr_completion_kind of_name(const char *name, size_t len)
{
    static const struct {
        const char *name;
        enum mr_completion_kind kind;
    } known[] = {
        {"FILE", MR_COMPLETION_FILE},       {"FILE.html", MR_COMPLETION_FILE},
        {"CERT.pem", MR_COMPLETION_FILE},   {"KEY.pem", MR_COMPLETION_FILE},
        {"DIR", MR_COMPLETION_DIR},         {"URI", MR_COMPLETION_ENDPOINT},
        {"SOURCE", MR_COMPLETION_ENDPOINT}, {"TARGET", MR_COMPLETION_ENDPOINT},
        {"SERVER", MR_COMPLETION_SERVER},   {"PROGRAM", MR_COMPLETION_FILE},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i].name) == len && memcmp(name, known[i].name, len) == 0)
            return known[i].kind;
    }
    return MR_COMPLETION_ANY;
}

static bool is_conflict_choice(const struct mr_option *option)
{
    return option->choices == NULL && strcmp(option->arg, "KIND=CHOICE") == 0;
}

enum mr_completion_kind mr_completion_of_option(const struct mr_option *option)
{
    if (option->choices != NULL || is_conflict_choice(option))
        return MR_COMPLETION_WORDS;
    if (strcmp(option->name, "case") == 0)
        return MR_COMPLETION_CASE;
    if (strcmp(option->name, "columns") == 0)
        return MR_COMPLETION_COLUMNS;
    return of_name(option->arg, strlen(option->arg));
}

/* Asked of the configuration's reader: nobody can choose for a kind that is only reported. */
static bool is_taken(const char *kind, int len, const char *choice)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_table_config config = {0};
    char text[128];
    (void)snprintf(text, sizeof text, "%s=%.*s", kind, len, choice);
    const bool is = mr_table_config_set(&config, "on-conflict", text, &arena, NULL) == MR_OK;
    mr_arena_release(&arena);
    return is;
}

/* "source;newest:COLUMN", up to what somebody has to write. */
static void add_conflict(struct mr_strbuf *out, const char *kind, const char *choices)
{
    while (*choices != '\0') {
        const size_t len = strcspn(choices, ";");
        size_t fixed = 0;
        while (fixed < len && (choices[fixed] < 'A' || choices[fixed] > 'Z'))
            fixed++;
        if (is_taken(kind, (int)len, choices))
            mr_strbuf_add_fmt(out, "%s%s=%.*s", out->len > 0 ? " " : "", kind, (int)fixed, choices);
        choices += len;
        choices += *choices == ';' ? 1 : 0;
    }
}

void mr_completion_add_words(const struct mr_option *option, struct mr_strbuf *out)
{
    struct mr_strbuf words = MR_STRBUF_INIT;
    for (size_t i = 0; option->choices != NULL && option->choices[i].word != NULL; i++)
        mr_strbuf_add_fmt(&words, "%s%s", i > 0 ? " " : "", option->choices[i].word);
    for (int i = MR_CONFLICT_NONE + 1; is_conflict_choice(option) && i < MR_CONFLICTS; i++)
        add_conflict(&words, mr_conflict_name((enum mr_conflict)i),
                     mr_conflict_choices((enum mr_conflict)i));
    mr_strbuf_add(out, words.ptr, words.len);
    out->failed = out->failed || words.failed;
    mr_strbuf_release(&words);
}

bool mr_completion_is_list(const struct mr_option *option)
{
    return option->choices != NULL && option->type != MR_OPTION_CHOICE;
}

bool mr_completion_next_operand(const char **at, struct mr_completion_operand *operand)
{
    static const char dots[] = "...";
    const size_t dots_len = sizeof dots - 1;
    *at += strspn(*at, " ");
    size_t len = strcspn(*at, " ");
    if (len == 0)
        return false;
    *operand = (struct mr_completion_operand){.name = *at, .name_len = len};
    *at += len;
    if (len > dots_len && memcmp(*at - dots_len, dots, dots_len) == 0) {
        operand->is_repeated = true;
        operand->name_len -= dots_len;
    }
    if (operand->name[0] == '[' && operand->name_len > 2) {
        operand->is_optional = true;
        operand->name++;
        operand->name_len -= 2;
    }
    operand->kind = of_name(operand->name, operand->name_len);
    return true;
}

/* NULL where there is no such placeholder. */
static const struct mr_completion_part *find_part(const struct mr_completion_part *parts,
                                                  const char *name, size_t len)
{
    for (; parts->name != NULL; parts++)
        if (strlen(parts->name) == len && memcmp(parts->name, name, len) == 0)
            return parts;
    return NULL;
}

/* A placeholder that nobody fills would leave a completion that silently offers less. */
enum mr_code mr_completion_expand(struct mr_command_list commands, const char *text,
                                  const struct mr_completion_part *parts, struct mr_strbuf *out,
                                  struct mr_err *err)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        const char *name = text + strspn(text, " ");
        size_t indent = (size_t)(name - text);
        bool is_part = len >= indent + 3 && memcmp(name, "# @", 3) == 0;
        const struct mr_completion_part *part =
            is_part ? find_part(parts, name + 3, len - indent - 3) : NULL;
        if (!is_part) {
            mr_strbuf_add(out, text, len);
            mr_strbuf_add_char(out, '\n');
        } else if (part != NULL) {
            part->fill(commands, out);
        } else {
            (void)mr_err_set(err, MR_E_CONFIG, "unknown placeholder \"%.*s\"", (int)(len - indent),
                             name);
            mr_err_hint(err, "completion.h has the names.");
            return MR_E_CONFIG;
        }
        text += len + (text[len] == '\n' ? 1 : 0);
    }
    return mr_strbuf_check(out, "filling in a completion", err);
}
