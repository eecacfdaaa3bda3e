/* doctor_cmd.c: `myrecon doctor`: options, output, exit code; see doctor_cmd.h. */
#include "recon/doctor/doctor_cmd.h"

#include <stdio.h>
#include <string.h>

#include "core/base/run_id.h"
#include "core/base/term.h"
#include "core/cli/general_options.h"
#include "core/cli/load_options.h"
#include "recon/doctor/doctor.h"
#include "recon/doctor/doctor_bundle.h"
#include "recon/doctor/doctor_output.h"
#include "recon/doctor/doctor_works.h"

struct doctor_options {
    bool json;
    struct mr_login_opts login;
    struct mr_string_list works;
    unsigned work; /* of works */
    unsigned slow_s, statement_timeout_s;
    struct mr_string_list tables;
    const char *bundle, *split_at;
    struct mr_when split; /* of split_at */
    bool all_tables, force;
    struct mr_general_options general;
};

#define AT(field) offsetof(struct doctor_options, field)

static const struct mr_option options[] = {
    {.name = "tables",
     .type = MR_OPTION_LIST,
     .offset = AT(tables),
     .arg = "PATTERN",
     .group = "What is examined",
     .help = "tables that must be there: db.table, wildcards * and ?; a bare name means "
             "any database; repeatable",
     .not_in_file = true},
    {.name = "all-tables",
     .type = MR_OPTION_FLAG,
     .offset = AT(all_tables),
     .group = "What is examined",
     .help = "open each table, however many: of more than 2,000 some are left out else",
     .not_in_file = true},
    MR_DOCTOR_FOR_OPTION(struct doctor_options, works),
    {.name = "split-at",
     .type = MR_OPTION_STRING,
     .offset = AT(split_at),
     .arg = "TIME",
     .group = "What is examined",
     .help = "for history: binary logs must reach back to TIME, when the histories parted; "
             "YYYY-MM-DD[ HH:MM:SS[.f]][Z|+HH:MM], UTC without a zone",
     .not_in_file = true},
    {.name = "slow",
     .type = MR_OPTION_UINT,
     .offset = AT(slow_s),
     .arg = "SECONDS",
     .group = "What is examined",
     .help = "a statement that runs as long is slow",
     .initial = "10",
     .max = 86400,
     .not_in_file = true},
    MR_STATEMENT_TIMEOUT_OPTION_OF(struct doctor_options, statement_timeout_s, "What is examined",
                                   "30"),
    MR_JSON_OPTION(struct doctor_options, json, "one JSON object a line"),
    {.name = "bundle",
     .type = MR_OPTION_STRING,
     .offset = AT(bundle),
     .arg = "FILE.tar.zst",
     .group = "Result",
     .help = "also all that support needs, without secrets and rows, into one archive",
     .not_in_file = true},
    {.name = "force",
     .type = MR_OPTION_FLAG,
     .offset = AT(force),
     .group = "Result",
     .help = "replace the bundle's FILE if it is there",
     .not_in_file = true},
    MR_LOGIN_OPTIONS(struct doctor_options, login),
    MR_GENERAL_OPTIONS(struct doctor_options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct doctor_options *values = settings->values;
    enum mr_code code = mr_general_options_finish(settings, &values->general, err);
    if (code == MR_OK)
        code = mr_doctor_works(settings, &values->works, &values->work, err);
    if (code == MR_OK && values->split_at != NULL) {
        values->work |= MR_DOCTOR_FOR_HISTORY;
        code = mr_when_parse(&values->split, values->split_at, err);
        if (code != MR_OK)
            mr_settings_context(settings, "split-at", err);
    }
    if (values->work == 0)
        values->work = MR_DOCTOR_FOR_READING;
    return code;
}

static const struct mr_option_set option_set = {
    .options = options,
    .count = sizeof options / sizeof *options,
    .values_size = sizeof(struct doctor_options),
    .finish = finish,
};

static const struct mr_command_doc doc = {
    .summary = "what is wrong with a server or account, and what to do",
    .operands = "SERVER...",
    .description =
        "Goes step by step from the name of the host to a session: address, port, TLS "
        "and "
        "its certificate, account. Then it looks at the account's rights, with the GRANT "
        "for what is missing; at databases, tables and views that cannot be used; at "
        "settings that hurt, the clock and time zones; at replication that is stopped or "
        "late, and why; at slow statements, with their plan; at locks, connections and "
        "disks. Of several servers it tells whether each can be compared with the first, "
        "and where their schemas are out of step. Nothing is written to any server.\n"
        "\n"
        "What is wrong comes first, with what to do. What a missing right hides is "
        "unknown. With -v it says, too, what is well.\n"
        "\n"
        "Exit status: 0 no problem; 1 a problem was found; 3 no server could be reached; "
        "4 no problem, but something is unknown; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon doctor mysql://recon@db1/club\n"
                "  myrecon doctor mysql://recon@lost-replica mysql://recon@live\n"
                "  myrecon doctor --for repair mysql://dba@live/club\n"
                "  myrecon doctor --for history mysql://dba@lost-replica mysql://dba@live\n"
                "  myrecon doctor --bundle support.tar.zst mysql://recon@db1\n",
};

/* ---- the command ---- */

/* A URI that makes no sense is told before any server is asked. */
static enum mr_code check_uris(const struct mr_invocation *invocation, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < invocation->noperands; i++) {
        struct mr_endpoint ep = {0};
        code = mr_endpoint_parse(&ep, invocation->operands[i], err);
        if (code == MR_OK && ep.kind != MR_ENDPOINT_MYSQL) {
            code = mr_err_set(err, MR_E_USAGE, "a snapshot is no server to be examined");
            mr_err_hint(err, "\"snapshot verify\" examines it.");
        }
        if (code != MR_OK)
            mr_err_context(err, "server %zu", i + 1);
        mr_endpoint_release(&ep);
    }
    return code;
}

static enum mr_code print(const struct mr_doctor *doctor, const struct doctor_options *opts,
                          const struct mr_run_id *id, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    if (opts->json)
        return mr_doctor_output_json(doctor, id, stdout, err);
    mr_doctor_output_text(doctor, mr_general_look(&opts->general), opts->general.verbose > 0, &out);
    enum mr_code code = mr_strbuf_check(&out, "printing the result", err);
    if (code == MR_OK)
        (void)fwrite(out.ptr, 1, out.len, stdout);
    mr_strbuf_release(&out);
    return code;
}

/* Findings are printed before the bundle is written: they are what was asked for, and a full disk
 * must not cost them. */
static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct doctor_options *opts = invocation->settings.values;
    const struct mr_run_id id = mr_run_id_now();
    const struct mr_doctor_options how = {
        .run_tag = id.id,
        .login = opts->login,
        .work = opts->work,
        .guesses = opts->works.count == 0 && opts->split_at == NULL,
        .slow_s = opts->slow_s,
        .statement_timeout_s = opts->statement_timeout_s,
        .tables = opts->tables,
        .split_at = opts->split_at != NULL ? &opts->split : NULL,
        .definitions = invocation->noperands > 1 || opts->bundle != NULL,
        .all_tables = opts->all_tables};
    struct mr_doctor doctor;
    struct mr_doctor_bundle *bundle = NULL;
    mr_general_options_apply(&opts->general);
    MR_TRY(check_uris(invocation, err));
    enum mr_code code = mr_doctor_init(&doctor, invocation->config, &how, err);
    if (code == MR_OK && opts->bundle != NULL)
        code = mr_doctor_bundle_begin(opts->bundle, opts->force, &id, &bundle, err);
    for (size_t i = 0; code == MR_OK && i < invocation->noperands; i++)
        code = mr_doctor_examine(&doctor, invocation->operands[i], err);
    if (code == MR_OK)
        code = mr_doctor_conclude(&doctor, err);
    if (code == MR_OK)
        code = print(&doctor, opts, &id, err);
    if (code == MR_OK && bundle != NULL)
        code = mr_doctor_bundle_write(bundle, &doctor, err);
    *exit_code = mr_doctor_exit(&doctor);
    mr_doctor_bundle_free(bundle);
    mr_doctor_release(&doctor);
    return code;
}

const struct mr_command mr_doctor_command = {.name = "doctor",
                                             .doc = &doc,
                                             .options = &option_set,
                                             .min_operands = 1,
                                             .max_operands = 16,
                                             .run = run};
