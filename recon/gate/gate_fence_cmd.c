/* gate_fence_cmd.c: `myrecon gate fence`; see gate_cmd.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/run_id.h"
#include "core/base/signals.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/cli/general_options.h"
#include "core/cli/load_options.h"

#include "core/json/jsonw.h"
#include "recon/gate/fence.h"
#include "recon/gate/gate_cluster.h"
#include "recon/gate/gate_cmd.h"
#include "recon/gate/gate_output.h"

#define SERVERS_MAX 16
#define NAP_MS 50

struct options {
    const char *live; /* or NULL */
    unsigned for_ms, statement_timeout_s;
    struct mr_login_opts login;
    bool json;
    struct mr_general_options general;
};
#define AT(field) offsetof(struct options, field)

static const struct mr_option options[] = {
    {.name = "live",
     .type = MR_OPTION_STRING,
     .offset = AT(live),
     .arg = "NEW",
     .group = "What is looked at",
     .help = "the live server: none of OLD may be it, and it must take writes",
     .not_in_file = true},
    {.name = "for",
     .type = MR_OPTION_MILLIS,
     .offset = AT(for_ms),
     .arg = "SECONDS",
     .group = "What is looked at",
     .help = "how long the log of OLD must stand still",
     .initial = "10",
     .min = 100,
     .max = 86400000,
     .not_in_file = true},
    MR_STATEMENT_TIMEOUT_OPTION(struct options, statement_timeout_s, "What is looked at"),
    MR_JSON_OPTION(struct options, json, "one JSON object a line"),
    MR_LOGIN_OPTIONS(struct options, login),
    MR_GENERAL_OPTIONS(struct options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct options *values = settings->values;
    return mr_general_options_finish(settings, &values->general, err);
}

static const struct mr_option_set option_set = {.options = options,
                                                .count = sizeof options / sizeof *options,
                                                .values_size = sizeof(struct options),
                                                .finish = finish};

static const struct mr_command_doc doc = {
    .summary = "prove that nobody can write to an old primary any more",
    .operands = "OLD...",
    .description =
        "Looks at each OLD: read_only and super_read_only; sessions that may write in spite of "
        "it; open transactions that have changed rows; whether its own part of the log moves "
        "within --for (by GTIDs of its own, so that what it applies of the live server does not "
        "count); who is still connected; the event scheduler; whom it replicates from. With "
        "--live none of them may be the live server. Nothing is written to any server.\n"
        "\n"
        "A server that cannot be reached is unknown, not fenced: who is nearer may reach it. So is "
        "what a missing right hides, and the GRANT is named.\n"
        "\n"
        "Exit status: 0 all are fenced; 1 they are, with a warning; 2 one takes writes; 3 could "
        "not run; 4 unknown of one; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon gate fence --live mysql://gate@db2 mysql://gate@db1\n"
                "  myrecon gate fence --for 60 --json mysql://gate@db1 mysql://gate@db3\n",
};

/* One OLD. */
struct subject {
    struct mr_gate_link link;
    bool is_open;
    char uri[512];
    struct mr_fence_facts facts;
    struct mr_vec findings; /* struct mr_fence_finding */
    enum mr_gate_severity worst;
};

struct fence {
    const struct options *opts;
    struct mr_run_id id;
    struct mr_arena arena;
    struct mr_gate_link live;
    bool has_live, live_reads_only;
    struct subject subjects[SERVERS_MAX];
    size_t count;
    double seconds; /* between the two readings */
};

/* ---- looking ---- */

/* What keeps one from being looked at says nothing of the others. */
static enum mr_code set_away(struct fence *f, struct subject *s, enum mr_code code,
                             const struct mr_err *why, struct mr_err *err)
{
    if (code == MR_OK)
        return MR_OK;
    if (mr_gate_link_ends_run(code)) {
        *err = *why;
        return code;
    }
    s->facts.away = mr_arena_strdup(&f->arena, why->message);
    s->facts.away_hint = mr_fence_refusal_hint(&f->arena, why);
    return s->facts.away != NULL ? MR_OK : mr_err_nomem(err, "examining a server");
}

static enum mr_code read_cluster(struct fence *f, struct subject *s, struct mr_err *why)
{
    struct mr_fence_facts *facts = &s->facts;
    if (f->has_live) {
        MR_TRY(mr_gate_share_cluster(&s->link, &f->live, &facts->shares_cluster, why));
        MR_TRY(mr_gate_share_group(&s->link, &f->live, &facts->shares_group, why));
    }
    MR_TRY(mr_gate_cluster_nodes(&s->link, &facts->nodes, why));
    MR_TRY(mr_gate_group_of(&s->link, &f->arena, &facts->group, why));
    if (facts->nodes == 0 && strcasecmp(facts->group.state, "OFFLINE") != 0)
        facts->nodes = (unsigned)facts->group.members;
    return MR_OK;
}

static enum mr_code open_one(struct fence *f, struct subject *s, const char *uri,
                             struct mr_err *err)
{
    const struct mr_gate_link_opts how = {.run_tag = f->id.id,
                                          .statement_timeout_s = f->opts->statement_timeout_s,
                                          .login = f->opts->login};
    struct mr_err why = {0};
    mr_gate_link_display(uri, s->uri, sizeof s->uri);
    s->facts.uri = s->uri;
    s->findings = (struct mr_vec)MR_VEC_INIT(struct mr_fence_finding);
    s->is_open = true; /* to be closed also after a failure */
    enum mr_code code = mr_gate_link_open(&s->link, uri, &how, &why);
    if (code == MR_OK && f->has_live)
        s->facts.is_live = mr_server_is_one(mr_db_server(s->link.db), mr_db_server(f->live.db));
    if (code == MR_OK && f->has_live)
        s->facts.is_twin = !s->facts.is_live &&
                           mr_server_is_same(mr_db_server(s->link.db), mr_db_server(f->live.db));
    if (code == MR_OK)
        code = mr_fence_read(&s->link, &f->arena, &s->facts, &why);
    if (code == MR_OK)
        code = read_cluster(f, s, &why);
    return set_away(f, s, code, &why, err);
}

static enum mr_code open_live(struct fence *f, struct mr_err *err)
{
    const struct mr_gate_link_opts how = {.run_tag = f->id.id,
                                          .statement_timeout_s = f->opts->statement_timeout_s,
                                          .login = f->opts->login};
    struct mr_strbuf text = MR_STRBUF_INIT;
    f->has_live = true;
    enum mr_code code = mr_gate_link_open(&f->live, f->opts->live, &how, err);
    if (code == MR_OK)
        code = mr_db_query_text(f->live.db, "SELECT @@GLOBAL.read_only", &text, err);
    f->live_reads_only = code == MR_OK && text.len > 0 && strcmp(text.ptr, "0") != 0 &&
                         strcasecmp(text.ptr, "OFF") != 0; /* the word of MariaDB 12 */
    mr_strbuf_release(&text);
    return code;
}

/* How many of its cluster are looked at, itself among them; one that is named twice is one. */
static enum mr_code count_named(struct fence *f, struct subject *s, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    s->facts.named = 1;
    for (size_t i = 0; code == MR_OK && s->facts.nodes > 1 && i < f->count; i++) {
        const struct subject *other = &f->subjects[i];
        bool shares = false, is_known = other == s || other->facts.away != NULL;
        for (size_t k = 0; k < i && !is_known; k++)
            is_known = f->subjects[k].facts.away == NULL &&
                       mr_server_is_one(mr_db_server(f->subjects[k].link.db),
                                        mr_db_server(other->link.db));
        is_known =
            is_known || mr_server_is_one(mr_db_server(s->link.db), mr_db_server(other->link.db));
        if (!is_known)
            code = mr_gate_share_cluster(&s->link, &other->link, &shares, &why);
        if (!is_known && code == MR_OK && !shares)
            code = mr_gate_share_group(&s->link, &other->link, &shares, &why);
        s->facts.named += shares;
    }
    return set_away(f, s, code, &why, err);
}

static enum mr_code wait_between(const struct fence *f, double begun_s, struct mr_err *err)
{
    const struct timespec nap = {.tv_nsec = NAP_MS * 1000000L};
    while (mr_clock_now_s() - begun_s < f->opts->for_ms / 1000.0) {
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        (void)nanosleep(&nap, NULL);
    }
    return MR_OK;
}

static enum mr_code look(struct fence *f, const struct mr_invocation *invocation,
                         struct mr_err *err)
{
    if (f->opts->live != NULL)
        MR_TRY(open_live(f, err));
    for (; f->count < invocation->noperands; f->count++)
        MR_TRY(open_one(f, &f->subjects[f->count], invocation->operands[f->count], err));
    for (size_t i = 0; i < f->count; i++)
        if (f->subjects[i].facts.away == NULL)
            MR_TRY(count_named(f, &f->subjects[i], err));
    const double begun_s = mr_clock_now_s();
    MR_TRY(wait_between(f, begun_s, err));
    f->seconds = mr_clock_now_s() - begun_s;
    for (size_t i = 0; i < f->count; i++) {
        struct subject *s = &f->subjects[i];
        struct mr_err why = {0};
        if (s->facts.away == NULL)
            MR_TRY(set_away(f, s, mr_fence_read_again(&s->link, &f->arena, &s->facts, &why), &why,
                            err));
        MR_TRY(mr_fence_judge(&s->facts, f->seconds, &f->arena, &s->findings, &s->worst, err));
    }
    return MR_OK;
}

/* ---- telling ---- */

static bool is_fenced(const struct subject *s)
{
    return s->worst == MR_GATE_OK || s->worst == MR_GATE_WARNING;
}

static const char *verdict_of(const struct subject *s)
{
    return is_fenced(s) ? "fenced" : s->worst == MR_GATE_UNKNOWN ? "unknown" : "not fenced";
}

static enum mr_gate_severity worst_of(const struct fence *f)
{
    enum mr_gate_severity worst = f->live_reads_only ? MR_GATE_WARNING : MR_GATE_OK;
    for (size_t i = 0; i < f->count; i++)
        if (f->subjects[i].worst > worst)
            worst = f->subjects[i].worst;
    return worst;
}

static size_t count_fenced(const struct fence *f)
{
    size_t fenced = 0;
    for (size_t i = 0; i < f->count; i++)
        fenced += is_fenced(&f->subjects[i]);
    return fenced;
}

static void add_subject(struct mr_strbuf *out, const struct subject *s, bool verbose, bool color)
{
    mr_strbuf_add_fmt(out, "%s%s%s  ", mr_term_style(mr_gate_output_style(s->worst), color),
                      verdict_of(s), mr_term_style(MR_STYLE_RESET, color));
    mr_utf8_show_str(out, s->uri);
    mr_strbuf_add_char(out, '\n');
    for (size_t i = 0; i < s->findings.count; i++) {
        const struct mr_fence_finding *finding = mr_vec_at(&s->findings, i);
        if (finding->severity == MR_GATE_OK && !verbose)
            continue;
        mr_strbuf_add_fmt(
            out, "  %s%s%s %s: ", mr_term_style(mr_gate_output_style(finding->severity), color),
            mr_gate_severity_text(finding->severity), mr_term_style(MR_STYLE_RESET, color),
            finding->name);
        mr_utf8_show_str(out, finding->message);
        mr_strbuf_add_char(out, '\n');
        if (finding->hint != NULL) {
            mr_strbuf_add_str(out, "    ");
            mr_utf8_show_str(out, finding->hint);
            mr_strbuf_add_char(out, '\n');
        }
    }
}

static enum mr_code print_text(const struct fence *f, struct mr_err *err)
{
    const bool color = mr_term_use_color(f->opts->general.color, 1);
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < f->count; i++)
        add_subject(&out, &f->subjects[i], f->opts->general.verbose > 0, color);
    if (f->live_reads_only)
        mr_strbuf_add_str(&out,
                          "warning live: the live server is read-only\n"
                          "    SET GLOBAL read_only = OFF there, once all of OLD are fenced.\n");
    mr_strbuf_add_fmt(&out, "%zu of %zu fenced\n", count_fenced(f), f->count);
    enum mr_code code = mr_term_print(&out, stdout, "printing", err);
    mr_strbuf_release(&out);
    return code;
}

static void put_subject(struct mr_jsonw *w, const struct subject *s)
{
    for (size_t i = 0; i < s->findings.count; i++) {
        const struct mr_fence_finding *finding = mr_vec_at(&s->findings, i);
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "type", "check");
        mr_jsonw_add_str(w, "server", s->uri);
        mr_jsonw_add_str(w, "name", finding->name);
        mr_jsonw_add_str(w, "severity", mr_gate_severity_text(finding->severity));
        mr_jsonw_add_str(w, "message", finding->message);
        mr_jsonw_add_str(w, "hint", finding->hint);
        mr_jsonw_object_end(w);
        mr_jsonw_end_line(w);
    }
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "server");
    mr_jsonw_add_str(w, "server", s->uri);
    mr_jsonw_add_str(w, "verdict", verdict_of(s));
    mr_jsonw_add_str(w, "severity", mr_gate_severity_text(s->worst));
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static enum mr_code print_json(const struct fence *f, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    for (size_t i = 0; i < f->count; i++)
        put_subject(&w, &f->subjects[i]);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_str(&w, "schema", "myrecon/gate-fence/1");
    mr_jsonw_add_str(&w, "run_id", f->id.id);
    mr_jsonw_add_str(&w, "verdict", mr_gate_severity_text(worst_of(f)));
    mr_jsonw_add_uint(&w, "servers", f->count);
    mr_jsonw_add_uint(&w, "fenced", count_fenced(f));
    mr_jsonw_add_uint(&w, "watched_ms", (uint64_t)(f->seconds * 1000));
    if (f->has_live)
        mr_jsonw_add_bool(&w, "live_read_only", f->live_reads_only);
    else
        mr_jsonw_add_str(&w, "live_read_only", NULL);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

/* ---- the command ---- */

static void release(struct fence *f)
{
    for (size_t i = 0; i < SERVERS_MAX; i++) {
        if (!f->subjects[i].is_open)
            continue;
        mr_gate_link_close(&f->subjects[i].link);
        mr_vec_release(&f->subjects[i].findings);
    }
    if (f->has_live)
        mr_gate_link_close(&f->live);
    mr_arena_release(&f->arena);
    free(f);
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct options *opts = invocation->settings.values;
    struct fence *f = calloc(1, sizeof *f);
    if (f == NULL)
        return mr_err_nomem(err, "examining a server");
    f->opts = opts;
    f->id = mr_run_id_now();
    mr_arena_init(&f->arena);
    mr_general_options_apply(&opts->general);
    enum mr_code code = look(f, invocation, err);
    if (code == MR_OK)
        code = opts->json ? print_json(f, err) : print_text(f, err);
    else if (code == MR_E_CANCELLED)
        mr_err_hint(err, "Nothing is known about the servers. Run it again.");
    *exit_code = mr_gate_output_exit(worst_of(f), false);
    release(f);
    return code;
}

const struct mr_command mr_gate_fence_command = {.name = "gate fence",
                                                 .doc = &doc,
                                                 .options = &option_set,
                                                 .min_operands = 1,
                                                 .max_operands = SERVERS_MAX,
                                                 .run = run};
