/* cutover_follow.c: how NEW follows OLD, and whether it has caught up; see cutover.h. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/db/monitor_right.h"
#include "core/db/replica_status.h"
#include "recon/gate/cutover.h"
#include "recon/gate/gate_channels.h"
#include "recon/gate/gate_rules.h"

#define SAY_AFTER_S 5
#define SLICE_S 1
#define NAP_MS 50
#define SHOWN 300 /* of a set of GTIDs */

/* ---- how it follows ---- */

/* By identity, not by the name that a channel has for its source. */
static enum mr_code take_channels(struct mr_cutover *c, const struct mr_gate_facts *new,
                                  const struct mr_gate_facts *old, struct mr_err *err)
{
    struct mr_cutover_link *link = &c->facts.link;
    struct mr_strbuf others = MR_STRBUF_INIT;
    const char *filters = "";
    unsigned long delay_s = 0;
    for (size_t i = 0; i < new->nchannels; i++) {
        const struct mr_gate_channel *ch = &new->channels[i];
        if (!mr_gate_channel_leads_to(ch, new, old)) {
            mr_strbuf_add_fmt(&others, "%s%s:%u", others.len > 0 ? ", " : "", ch->host, ch->port);
            if (ch->filters != NULL && ch->filters[0] != '\0')
                filters = ch->filters;
            if (ch->delay_s > (long)delay_s)
                delay_s = (unsigned long)ch->delay_s;
            continue;
        }
        link->is_direct = true;
        link->channel = ch->name != NULL ? ch->name : "";
        link->delay_s = ch->delay_s > 0 ? (unsigned long)ch->delay_s : 0;
        link->filters = ch->filters != NULL ? ch->filters : "";
        link->error = ch->worker_error[0] != '\0' ? ch->worker_error
                      : ch->sql_error[0] != '\0'  ? ch->sql_error
                                                  : ch->io_error;
    }
    if (!link->is_direct) { /* through whom it gets OLD's */
        link->filters = filters;
        link->delay_s = delay_s;
        if (new->nchannels == 1 && new->channels[0].name != NULL)
            link->channel = new->channels[0].name;
    }
    enum mr_code code = mr_gate_link_keep(&c->arena, &others, &link->others, err);
    mr_strbuf_release(&others);
    return code;
}

enum mr_code mr_cutover_read_link(struct mr_cutover *c, struct mr_err *err)
{
    struct mr_cutover_link *link = &c->facts.link;
    struct mr_gate_facts of[MR_SIDES] = {{0}, {0}};
    struct mr_strbuf note = MR_STRBUF_INIT;
    for (int side = MR_OLD; side <= MR_NEW; side++)
        of[side].server = *mr_db_server(c->link[side].db);
    enum mr_code code = mr_replication_relation(c->link[MR_OLD].db, c->link[MR_NEW].db,
                                                &link->relation, &note, err);
    MR_TRY_OUT(code);
    MR_TRY_OUT(mr_gate_link_keep(&c->arena, &note, &link->note, err));
    MR_TRY_OUT(mr_gate_read_channels(&c->link[MR_NEW], &c->arena, &of[MR_NEW], err));
    link->view = of[MR_NEW].replication;
    MR_TRY_OUT(take_channels(c, &of[MR_NEW], &of[MR_OLD], err));
out:
    mr_strbuf_release(&note);
    return code;
}

/* ---- has it caught up? ---- */

static bool has_gtids(const char *position)
{
    return strncmp(position, "file ", 5) != 0;
}

/* The first line, without its kind. */
static void add_place(struct mr_strbuf *out, const char *position)
{
    const char *space = strchr(position, ' ');
    const size_t len = strcspn(position, "\n");
    if (space == NULL)
        return;
    const size_t kind = (size_t)(space - position) + 1;
    const size_t rest = len > kind ? len - kind : 0;
    mr_strbuf_add(out, position + kind, rest < SHOWN ? rest : SHOWN);
    mr_strbuf_add_str(out, rest > SHOWN ? "…" : "");
}

static bool is_mariadb(const struct mr_cutover *c, int side)
{
    return mr_gate_link_is_mariadb(&c->link[side]);
}

/* Where NEW is in the log of OLD. */
static enum mr_code add_file_of_new(struct mr_cutover *c, struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_replica_status status;
    MR_TRY(mr_replica_status_open(c->link[MR_NEW].db, &status, err));
    while (mr_replica_status_next(&status))
        if (mr_replica_status_is_source(&status, mr_db_server(c->link[MR_OLD].db),
                                        mr_db_server(c->link[MR_NEW].db)))
            mr_strbuf_add_fmt(out, "%s %s", mr_replica_status_text(&status, MR_REPLICA_DONE_FILE),
                              mr_replica_status_text(&status, MR_REPLICA_DONE_POS));
    mr_replica_status_close(&status);
    return MR_OK;
}

/* For people, behind the wait; that it is hidden is told elsewhere. */
static enum mr_code read_new(struct mr_cutover *c, const char *position, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT, raw = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    if (!has_gtids(position)) {
        code = add_file_of_new(c, &text, &why);
    } else {
        mr_strbuf_add_str(&raw, "gtids ");
        code = mr_db_query_text(c->link[MR_NEW].db,
                                is_mariadb(c, MR_NEW)
                                    ? "SELECT @@GLOBAL.gtid_slave_pos"
                                    : "SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', '')",
                                &text, &why);
        mr_strbuf_add(&raw, text.ptr, text.len);
        mr_strbuf_reset(&text);
        add_place(&text, raw.ptr);
    }
    if (mr_gate_is_fatal(code))
        *err = why;
    else
        code = mr_gate_link_keep(&c->arena, &text, &c->facts.place.new, err);
    mr_strbuf_release(&raw);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code wait_for(struct mr_cutover *c, const char *position, double timeout_s,
                             bool *reached, struct mr_err *err)
{
    const bool follows = c->facts.link.relation == MR_RELATION_FOLLOWS && c->facts.link.is_direct;
    const struct timespec nap = {.tv_nsec = NAP_MS * 1000000L};
    const double begun_s = mr_clock_now_s();
    bool said = false;
    *reached = false;
    for (;;) {
        MR_TRY(mr_replication_wait(c->link[MR_NEW].db, position, SLICE_S, reached, err));
        MR_TRY(mr_replication_confirm(c->link[MR_OLD].db, c->link[MR_NEW].db, follows, position,
                                      reached, err));
        const double spent_s = mr_clock_now_s() - begun_s;
        if (*reached || spent_s >= timeout_s)
            return MR_OK;
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        (void)nanosleep(&nap, NULL); /* the wait itself may end at once, where nothing applies */
        if (spent_s >= SAY_AFTER_S && !said)
            mr_log_info("waiting until %s has applied what %s has written", c->display[MR_NEW],
                        c->display[MR_OLD]);
        said |= spent_s >= SAY_AFTER_S;
    }
}

enum mr_code mr_cutover_catch_up(struct mr_cutover *c, double timeout_s, bool *reached,
                                 struct mr_err *err)
{
    struct mr_strbuf position = MR_STRBUF_INIT;
    *reached = false;
    enum mr_code code = mr_replication_position(c->link[MR_OLD].db, &position, err);
    if (code == MR_OK && position.len > 0)
        code = wait_for(c, position.ptr, timeout_s, reached, err);
    mr_strbuf_release(&position);
    return code;
}

/* Nothing to wait for: OLD has no log, or hides where it stands. */
static enum mr_code set_no_position(struct mr_cutover *c, struct mr_err *err)
{
    struct mr_cutover_place *place = &c->facts.place;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code =
        mr_db_query_text(c->link[MR_OLD].db, "SELECT @@GLOBAL.log_bin", &text, &why);
    if (mr_gate_is_fatal(code)) {
        *err = why;
    } else if (code == MR_OK && strcmp(text.ptr, "0") == 0) {
        place->why = "OLD has no binary log: there is no position to wait for";
    } else {
        place->why = "the position of OLD's log is not visible to this account";
        mr_strbuf_reset(&text);
        mr_strbuf_add_fmt(&text, "GRANT %s ON *.* TO %s",
                          mr_monitor_right_log(mr_db_server(c->link[MR_OLD].db)),
                          mr_grants_account(c->link[MR_OLD].grants));
        code = mr_gate_link_keep(&c->arena, &text, &place->hint, err);
    }
    mr_strbuf_release(&text);
    return code;
}

/* A file and an offset mean something in OLD's own log alone. */
enum mr_code mr_cutover_read_place(struct mr_cutover *c, struct mr_err *err)
{
    const struct mr_cutover_link *link = &c->facts.link;
    struct mr_cutover_place *place = &c->facts.place;
    struct mr_strbuf position = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    const double begun_s = mr_clock_now_s();
    /* what nobody applies comes no sooner for being waited for */
    const bool runs = link->relation == MR_RELATION_FOLLOWS;
    enum mr_code code = MR_OK;
    if (link->relation == MR_RELATION_NONE) {
        place->why = "NEW does not replicate from OLD";
        return MR_OK;
    }
    MR_TRY_OUT(mr_replication_position(c->link[MR_OLD].db, &position, err));
    if (position.len == 0) {
        code = set_no_position(c, err);
        goto out;
    }
    add_place(&text, position.ptr);
    MR_TRY_OUT(mr_gate_link_keep(&c->arena, &text, &place->old, err));
    if (!has_gtids(position.ptr) && !link->is_direct) {
        place->why = "there are no GTIDs, and NEW does not apply OLD's own log";
        goto out;
    }
    MR_TRY_OUT(wait_for(c, position.ptr, runs ? c->opts->wait_s : 0, &place->reached, err));
    place->waited_s = mr_clock_now_s() - begun_s;
    MR_TRY_OUT(read_new(c, position.ptr, err));
out:
    mr_strbuf_release(&position);
    mr_strbuf_release(&text);
    return code;
}
