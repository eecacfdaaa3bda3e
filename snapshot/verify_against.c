/* verify_against.c: see verify_against.h. */
#include "snapshot/verify_against.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* As it stands in a URI. */
static void add_encoded(struct mr_strbuf *out, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
        if (isalnum(*at) || strchr("-_./", *at) != NULL)
            mr_strbuf_add_char(out, (char)*at);
        else
            mr_strbuf_add_fmt(out, "%%%02X", *at);
}

static void add_endpoint(struct mr_strbuf *out, const char *dir, const char *key)
{
    mr_strbuf_add_str(out, "snapshot:");
    add_encoded(out, dir);
    if (key != NULL) {
        mr_strbuf_add_str(out, "?key=");
        add_encoded(out, key);
    }
}

struct args {
    struct mr_vec items; /* char * */
    struct mr_arena arena;
    bool failed;
};

static void add(struct args *a, const char *arg)
{
    char *copy = mr_arena_strdup(&a->arena, arg), **slot = mr_vec_push(&a->items);
    if (copy == NULL || slot == NULL)
        a->failed = true;
    else
        *slot = copy;
}

static void add_value(struct args *a, const char *option, const char *value)
{
    if (value != NULL) {
        add(a, option);
        add(a, value);
    }
}

static void add_number(struct args *a, const char *option, unsigned value)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%u", value);
    add_value(a, option, text);
}

static void add_general(struct args *a, const struct mr_general_options *general)
{
    static const char *const colors[] = {
        [MR_COLOR_AUTO] = "auto", [MR_COLOR_ALWAYS] = "always", [MR_COLOR_NEVER] = "never"};
    add_value(a, "--config", general->config_path);
    add_value(a, "--color", colors[general->color]);
    if (general->brief)
        add(a, "--brief");
    if (general->quiet)
        add(a, "--quiet");
    for (unsigned i = 0; i < general->verbose; i++)
        add(a, "--verbose");
    if (general->progress != MR_PROGRESS_AUTO)
        add(a, general->progress == MR_PROGRESS_NEVER ? "--no-progress" : "--progress");
}

/* The line of a check is built as a user would type it, so that both read the same options,
 * configuration and defaults. */
static enum mr_code fill(struct args *a, const struct mr_snap_options *opts, const char *dir,
                         struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    add(a, "myrecon");
    add(a, "check");
    add_general(a, &opts->general);
    add_number(a, "--threads", opts->threads);
    add_number(a, "--statement-timeout", opts->statement_timeout_s);
    add_value(a, "--case", opts->case_path);
    if (opts->json)
        add(a, "--json");
    add_value(a, "--password-command", opts->login.password_command);
    if (opts->login.ask_password)
        add(a, "--ask-password");
    add(a, "--");
    mr_strbuf_reset(&text);
    add_endpoint(&text, dir, opts->decrypt_with);
    enum mr_code code = mr_strbuf_check(&text, "starting a check", err);
    if (code == MR_OK) {
        add(a, text.ptr);
        add(a, opts->against);
    }
    mr_strbuf_release(&text);
    return code == MR_OK && a->failed ? mr_err_nomem(err, "starting a check") : code;
}

enum mr_code mr_verify_against(const struct mr_invocation *invocation,
                               const struct mr_snap_options *opts, const char *dir, int *exit_code,
                               struct mr_err *err)
{
    struct args a = {.items = MR_VEC_INIT(char *), .arena = MR_ARENA_INIT};
    struct mr_invocation check = {0};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(fill(&a, opts, dir, err));
    MR_TRY_OUT(mr_cli_parse(&check, invocation->commands, (int)a.items.count, a.items.items, err));
    MR_TRY_OUT(mr_cli_configure(&check, err));
    MR_TRY_OUT(check.command->run(&check, exit_code, err));
out:
    if (code == MR_E_CANCELLED) /* of options that verify does not have */
        mr_err_hint(err, "The snapshot is whole. Run it again to compare it.");
    mr_cli_release(&check);
    mr_vec_release(&a.items);
    mr_arena_release(&a.arena);
    return code;
}
