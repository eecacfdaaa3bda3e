/* plan_next.c: see plan_next.h. */
#include "repair/plan/plan_next.h"

#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/utf8.h"
#include "core/case/run_command.h"
#include "core/db/endpoint.h"

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

/* The account is left out, and what is only its own among the options. */
static const char *without_account(const char *uri, struct mr_arena *arena)
{
    struct mr_endpoint ep = {0};
    struct mr_strbuf out = MR_STRBUF_INIT;
    const char *text = NULL;
    if (mr_endpoint_parse(&ep, uri, NULL) == MR_OK) {
        mr_endpoint_drop_account(&ep, NULL);
        mr_endpoint_uri(&ep, &out);
        text = out.failed ? NULL : mr_arena_strdup(arena, out.ptr);
    }
    mr_endpoint_release(&ep);
    mr_strbuf_release(&out);
    return text;
}

const char *mr_plan_next_target(const char *target, const struct mr_grants *grants,
                                const struct mr_plan_server *server, struct mr_arena *arena)
{
    return may_write(grants, server) ? target : without_account(target, arena);
}

/* Does it name an account?  What a file calls a URI need be none.  options: those of the
 * account that it has. */
static bool has_account(const char *uri, struct mr_strbuf *options)
{
    struct mr_endpoint ep = {0};
    enum mr_code code = mr_endpoint_parse(&ep, uri, NULL);
    bool has = code == MR_OK ? ep.user != NULL : strchr(uri, '@') != NULL;
    if (code == MR_OK)
        mr_endpoint_drop_account(&ep, options);
    options->failed = options->failed || code == MR_E_NOMEM;
    mr_endpoint_release(&ep);
    return has;
}

static const char *uri_of(const struct mr_manifest *m, int side)
{
    if (m->uri[side] != NULL)
        return m->uri[side];
    return side == MR_SOURCE ? m->source : m->target;
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

void mr_plan_next_decide(const struct mr_manifest *m, const char *dir, struct mr_strbuf *out)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    mr_strbuf_add_str(&command, "myrecon repair decide");
    mr_command_add_option(&command, "--config", m->config);
    mr_command_add_word(&command, dir);
    mr_strbuf_add_str(out, "decide one by one with: ");
    mr_utf8_show_str(out, command.ptr);
    mr_strbuf_add_char(out, '\n');
    out->failed = out->failed || command.failed;
    mr_strbuf_release(&command);
}

/* The reading account's own options are not those of another. */
static void add_by_whom(const struct mr_manifest *m, const char *target, struct mr_strbuf *out)
{
    struct mr_strbuf own = MR_STRBUF_INIT, ignored = MR_STRBUF_INIT;
    bool named = has_account(target, &ignored);
    if (!named && m->apply_to != NULL)
        (void)has_account(uri_of(m, MR_TARGET), &own);
    mr_strbuf_add_str(out, named ? "apply it"
                                 : "apply it by an account that may write (MYRECON_USER, "
                                   "MYRECON_PASSWORD or an option file say which");
    if (own.len > 0)
        mr_strbuf_add_fmt(out, "; add its own %s to the URI where it needs them", own.ptr);
    mr_strbuf_add_str(out, named ? " with: " : "), with: ");
    out->failed = out->failed || own.failed || ignored.failed;
    mr_strbuf_release(&own);
    mr_strbuf_release(&ignored);
}

void mr_plan_next_apply(const struct mr_manifest *m, const char *dir, struct mr_strbuf *out)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    const char *target = m->apply_to != NULL ? m->apply_to : uri_of(m, MR_TARGET);
    if (m->planned.rows + m->ncounters == 0)
        return;
    add_command(m, "apply", dir, target, &command);
    add_by_whom(m, target, out);
    mr_utf8_show_str(out, command.ptr);
    mr_strbuf_add_char(out, '\n');
    out->failed = out->failed || command.failed;
    mr_strbuf_release(&command);
}

void mr_plan_next_verify(const struct mr_manifest *m, const char *dir)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    add_command(m, "verify", dir, uri_of(m, MR_TARGET), &command); /* it reads */
    (void)fflush(stdout);                                          /* whose text comes before */
    if (!command.failed)
        mr_log_info("prove it with: %s", command.ptr);
    mr_strbuf_release(&command);
}

void mr_plan_next_check(const struct mr_manifest *m)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    const struct mr_find_run run = {.source = m->source,
                                    .target = m->target,
                                    .uri = {m->uri[MR_SOURCE], m->uri[MR_TARGET]},
                                    .options = m->check_options != NULL ? m->check_options : ""};
    if (m->case_path == NULL)
        return;
    mr_run_check_command(&run, m->config, m->case_path, &command);
    (void)fflush(stdout);
    if (!command.failed)
        mr_log_info("what is left of the differences shows: %s", command.ptr);
    mr_strbuf_release(&command);
}
