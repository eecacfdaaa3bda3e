/* cutover_steps.c: commands and statements that people paste; see cutover.h. */
#include "core/case/run_command.h"
#include "core/db/replica_status.h"
#include "core/db/sqltext.h"
#include "recon/gate/cutover.h"

/* A server with all that is said of the connection: what is pasted is to connect as this run did. */
static void add_server(const struct mr_cutover *c, enum mr_side side, struct mr_strbuf *out)
{
    struct mr_endpoint ep = {0};
    struct mr_strbuf uri = MR_STRBUF_INIT;
    if (mr_endpoint_parse(&ep, c->uris[side], NULL) == MR_OK)
        mr_endpoint_uri(&ep, &uri);
    out->failed = out->failed || uri.failed || uri.len == 0;
    if (!out->failed)
        mr_command_add_word(out, uri.ptr);
    mr_strbuf_release(&uri);
    mr_endpoint_release(&ep);
}

static void begin_command(const struct mr_cutover *c, const char *command, struct mr_strbuf *out)
{
    mr_strbuf_add_str(out, command);
    mr_command_add_option(out, "--config", c->config != NULL ? c->config->file : NULL);
}

static void add_command(const struct mr_cutover *c, const char *command, const char *option,
                        const char *const *values, size_t count, struct mr_strbuf *out)
{
    begin_command(c, command, out);
    for (size_t i = 0; i < count; i++)
        mr_command_add_option(out, option, values[i]);
    add_server(c, MR_OLD, out);
    add_server(c, MR_NEW, out);
}

void mr_cutover_add_check(const struct mr_cutover *c, const char *const *tables, size_t count,
                          struct mr_strbuf *out)
{
    add_command(c, "myrecon check", "--tables", tables, count, out);
}

/* ---- steps ---- */

/* Takes the text, which is empty then. */
static enum mr_code add_step(struct mr_cutover *c, const char *server, struct mr_strbuf *text,
                             struct mr_err *err)
{
    struct mr_gate_step *step = mr_vec_push(&c->steps);
    enum mr_code code = mr_strbuf_check(text, "listing steps", err);
    const char *kept = code == MR_OK ? mr_arena_strdup(&c->arena, text->ptr) : NULL;
    mr_strbuf_reset(text);
    if (code != MR_OK)
        return code;
    if (step == NULL || kept == NULL)
        return mr_err_nomem(err, "listing steps");
    *step = (struct mr_gate_step){server, kept};
    return MR_OK;
}

static void add_read_only(struct mr_strbuf *text, const struct mr_server *server, bool on)
{
    const bool super = server->flavour == MR_FLAVOUR_MYSQL && server->version >= 50708;
    mr_strbuf_add_fmt(text, "SET GLOBAL %sread_only = %s;", super ? "super_" : "",
                      on ? "ON" : "OFF");
    if (!on && super)
        mr_strbuf_add_str(text, " SET GLOBAL read_only = OFF;");
}

/* The channel from OLD alone: others go on. */
static void add_end_of_channel(struct mr_strbuf *text, const char *word, const char *channel,
                               bool mariadb)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_sql_string(&name, channel);
    text->failed = text->failed || name.failed;
    if (channel[0] == '\0' && mariadb)
        mr_strbuf_add_fmt(text, "STOP %s; RESET %s ALL;", word, word);
    else if (mariadb)
        mr_strbuf_add_fmt(text, "STOP %s %s; RESET %s %s ALL;", word, name.ptr, word, name.ptr);
    else
        mr_strbuf_add_fmt(text, "STOP %s FOR CHANNEL %s; RESET %s ALL FOR CHANNEL %s;", word,
                          name.ptr, word, name.ptr);
    mr_strbuf_release(&name);
}

static void add_end_of_replication(struct mr_strbuf *text, const struct mr_cutover_facts *f)
{
    const struct mr_server *new = &f->server[MR_NEW];
    const bool mariadb = new->flavour == MR_FLAVOUR_MARIADB;
    const char *word = mr_has_replica_words(new) ? "REPLICA" : "SLAVE", *channel = f->link.channel;
    if (channel[0] != '\0' || (f->link.is_direct && f->link.others[0] != '\0'))
        add_end_of_channel(text, word, channel, mariadb);
    else
        mr_strbuf_add_fmt(text, mariadb ? "STOP ALL %sS; RESET %s ALL;" : "STOP %s; RESET %s ALL;",
                          word, word);
}

static enum mr_code add_events(struct mr_cutover *c, struct mr_strbuf *text, struct mr_err *err)
{
    const struct mr_cutover_events *ev = &c->facts.events;
    if (ev->enable.count > 0 && ev->scheduler[MR_OLD] && !ev->scheduler[MR_NEW]) {
        mr_strbuf_add_str(text, "SET GLOBAL event_scheduler = ON;");
        MR_TRY(add_step(c, "NEW", text, err));
    }
    for (size_t i = 0; i < ev->enable.count; i++) {
        mr_strbuf_add_str(text, *(const char *const *)mr_vec_at(&ev->enable, i));
        MR_TRY(add_step(c, "NEW", text, err));
    }
    return MR_OK;
}

enum mr_code mr_cutover_add_steps(struct mr_cutover *c, struct mr_err *err)
{
    static const char *const again = "caught_up,errant_transactions";
    const struct mr_cutover_facts *f = &c->facts;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    add_read_only(&text, &f->server[MR_OLD], true);
    if (f->events.scheduler[MR_OLD])
        mr_strbuf_add_str(&text, " SET GLOBAL event_scheduler = OFF;");
    MR_TRY_OUT(add_step(c, "OLD", &text, err));
    begin_command(c, "myrecon gate fence", &text);
    mr_strbuf_add_str(&text, " --live");
    add_server(c, MR_NEW, &text);
    add_server(c, MR_OLD, &text);
    MR_TRY_OUT(add_step(c, NULL, &text, err));
    add_command(c, "myrecon gate cutover", "--only", &again, 1, &text);
    MR_TRY_OUT(add_step(c, NULL, &text, err));
    add_end_of_replication(&text, f);
    MR_TRY_OUT(add_step(c, "NEW", &text, err));
    add_read_only(&text, &f->server[MR_NEW], false);
    MR_TRY_OUT(add_step(c, "NEW", &text, err));
    MR_TRY_OUT(add_events(c, &text, err));
out:
    mr_strbuf_release(&text);
    return code;
}
