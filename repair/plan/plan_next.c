/* plan_next.c: see plan_next.h. */
#include "repair/plan/plan_next.h"

#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/utf8.h"
#include "core/case/run_command.h"

static bool may_write(const struct mr_grants *grants, const struct mr_plan_server *server)
{
    static const char *const rights[] = {"INSERT", "UPDATE", "DELETE", "ALTER"};
    if (grants == NULL || server->ndbs == 0)
        return false;
    for (size_t i = 0; i < server->ndbs; i++)
        for (size_t k = 0; k < sizeof rights / sizeof rights[0]; k++)
            if (!mr_grants_on_db(grants, rights[k], server->dbs[i]))
                return false;
    return true;
}

/* Behind the scheme of a URI; what a file calls one need be none. */
static const char *behind_scheme(const char *uri)
{
    const char *from = strstr(uri, "://");
    return from != NULL ? from + 3 : uri;
}

/* Behind its account; its host where it names none. */
static const char *behind_account(const char *uri)
{
    const char *from = behind_scheme(uri);
    size_t user = strcspn(from, "@/?");
    return from[user] == '@' ? from + user + 1 : from;
}

const char *mr_plan_next_target(const char *target, const struct mr_grants *grants,
                                const struct mr_plan_server *server,
                                struct mr_arena *arena)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    const char *rest = behind_account(target);
    if (may_write(grants, server) || rest == target)
        return target;
    mr_strbuf_add_fmt(&out, "mysql://%s", rest);
    const char *text = out.failed ? NULL : mr_arena_strdup(arena, out.ptr);
    mr_strbuf_release(&out);
    return text;
}

static const char *target_of(const struct mr_manifest *m)
{
    return m->apply_to != NULL ? m->apply_to : m->target;
}

/* "myrecon repair apply --config C --case F DIR URI" */
static void add_command(const struct mr_manifest *m, const char *words, const char *dir,
                        const char *target, struct mr_strbuf *out)
{
    bool takes_case = strcmp(words, "apply") == 0;
    mr_strbuf_add_fmt(out, "myrecon repair %s", words);
    mr_command_add_option(out, "--config", m->config);
    mr_command_add_option(out, "--case", takes_case ? m->case_path : NULL);
    mr_command_add_word(out, dir);
    mr_command_add_word(out, target);
}

void mr_plan_next_apply(const struct mr_manifest *m, const char *dir,
                        struct mr_strbuf *out)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    const char *target = target_of(m);
    if (m->planned.rows + m->ncounters == 0)
        return;
    add_command(m, "apply", dir, target, &command);
    if (behind_account(target) == behind_scheme(target))
        mr_strbuf_add_str(out, "apply it by an account that may write (MYRECON_USER, "
                               "MYRECON_PASSWORD or an option file say which), with: ");
    else
        mr_strbuf_add_str(out, "apply it with: ");
    mr_utf8_show_str(out, command.ptr);
    mr_strbuf_add_char(out, '\n');
    out->failed = out->failed || command.failed;
    mr_strbuf_release(&command);
}

void mr_plan_next_verify(const struct mr_manifest *m, const char *dir)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    add_command(m, "verify", dir, m->target, &command); /* it reads */
    (void)fflush(stdout);                               /* whose text comes before */
    if (!command.failed)
        mr_log_info("prove it with: %s", command.ptr);
    mr_strbuf_release(&command);
}

void mr_plan_next_check(const struct mr_manifest *m)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    const struct mr_find_run run = {
        .source = m->source, .target = m->target, .options = ""};
    if (m->case_path == NULL)
        return;
    mr_run_check_command(&run, m->config, m->case_path, &command);
    (void)fflush(stdout);
    if (!command.failed)
        mr_log_info("what is left of the differences shows: %s", command.ptr);
    mr_strbuf_release(&command);
}
