/* history_collect.c: see history_collect.h. */
#include "recon/history/history_collect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/run_id.h"
#include "core/binlog/binlog_gtid_text.h"
#include "core/case/run_command.h"
#include "core/db/replication.h"
#include "core/logs/server_logs.h"
#include "recon/history/history_close.h"
#include "recon/history/history_keys.h"
#include "recon/history/history_left_out.h"
#include "recon/history/history_reuse.h"

/* Of so many bytes that are read on the images of all keys are kept. */
#define KEPT_WHOLE ((uint64_t)64 * 1024 * 1024)

struct mr_history_collecting {
    struct mr_sides sides;
    struct mr_pairing pairing;
    struct mr_db_opts db_opts;
    struct mr_throttle *throttle;
    struct mr_history_keys keys;
    struct mr_evidence_writer *writer;
    struct mr_history_executed executed[MR_SIDES];
    struct mr_history_own own[MR_SIDES];
    struct mr_shared_gtids shared[MR_SIDES];
    struct mr_endpoint log_ep[MR_SIDES]; /* of logs that are read from another server */
    struct mr_history_logs logs[MR_SIDES];
    struct mr_history_scan scan[MR_SIDES];
    int64_t last_tx;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "collecting what logs say");
}

void mr_history_collect_init(struct mr_history_collect *c)
{
    *c = (struct mr_history_collect){0};
}

void mr_history_collect_release(struct mr_history_collect *c)
{
    struct mr_history_collecting *w = c->work;
    if (w == NULL)
        return;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_history_scan_release(&w->scan[side]);
        mr_history_logs_close(&w->logs[side]);
        mr_history_own_release(&w->own[side]);
        mr_shared_gtids_release(&w->shared[side]);
        mr_endpoint_release(&w->log_ep[side]);
    }
    mr_evidence_writer_free(w->writer);
    mr_history_keys_release(&w->keys);
    mr_throttle_free(w->throttle);
    mr_sides_close(&w->sides);
    free(w);
    c->work = NULL;
}

/* ---- servers and tables ---- */

/* Rows are read where they are: a snapshot has no log that leads to it. */
static enum mr_code open_servers(struct mr_history_collect *c, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    const struct mr_sides_opts opts = {
        .run_tag = c->run_tag, .statement_timeout_s = c->statement_timeout_s, .login = c->login};
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (strncmp(c->uris[side], "snapshot:", 9) == 0 ||
            strncmp(c->uris[side], "shards:", 7) == 0) {
            (void)mr_err_set(err, MR_E_UNSUPPORTED, "the %s is no server: \"%.200s\"",
                             mr_side_name((enum mr_side)side), c->uris[side]);
            mr_err_hint(err,
                        "The rows that its logs lead to are read from a server: name it with "
                        "--%s URI.",
                        mr_side_name((enum mr_side)side));
            return MR_E_UNSUPPORTED;
        }
    MR_TRY(mr_sides_open(&w->sides, c->uris, &opts, c->arena, err));
    const struct mr_endpoint *const eps[MR_SIDES] = {&w->sides.ep[MR_SOURCE],
                                                     &w->sides.ep[MR_TARGET]};
    w->db_opts =
        (struct mr_db_opts){.run_tag = c->run_tag, .statement_timeout_s = c->statement_timeout_s};
    w->pairing = (struct mr_pairing){.side = w->sides.side, .config = c->config, .arena = c->arena};
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(mr_history_executed_read(mr_reader_db(w->sides.side[side].main), c->arena,
                                        &w->executed[side], err));
    return mr_throttle_new(&c->load, eps, MR_SIDES, &w->db_opts, &w->throttle, err);
}

/* Its connection was stopped, and its applier was not. */
static enum mr_code refuse_draining(enum mr_side side, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the %s still applies what it has fetched from the %s: until then that is no "
                     "history of the %s alone",
                     mr_side_name(side), mr_side_name(mr_other_side(side)),
                     mr_side_name(mr_other_side(side)));
    mr_err_hint(err, "Wait for it, then STOP REPLICA (STOP SLAVE) on the %s.", mr_side_name(side));
    return MR_E_REFUSED;
}

/* What a side that still follows the other has not applied yet would be taken for the other's own. */
static enum mr_code refuse_following(struct mr_history_collect *c, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const enum mr_side other = mr_other_side((enum mr_side)side);
        struct mr_db *const a = mr_reader_db(w->sides.side[other].main);
        struct mr_db *const b = mr_reader_db(w->sides.side[side].main);
        struct mr_strbuf note = MR_STRBUF_INIT;
        enum mr_relation relation;
        enum mr_behind behind = MR_BEHIND_NEVER;
        enum mr_code code = mr_replication_relation(a, b, &relation, &note, err);
        if (code == MR_OK)
            code = mr_replication_behind(a, b, relation, &behind, &note, err);
        mr_strbuf_release(&note);
        MR_TRY(code);
        if (behind == MR_BEHIND_DRAINING)
            return refuse_draining((enum mr_side)side, err);
        if (relation != MR_RELATION_FOLLOWS)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "the %s replicates from the %s: what it has not applied yet is no history "
                         "of the %s alone",
                         mr_side_name((enum mr_side)side), mr_side_name(other),
                         mr_side_name(other));
        mr_err_hint(err,
                    "The histories part where replication ends: STOP REPLICA (STOP SLAVE) on "
                    "the %s first.",
                    mr_side_name((enum mr_side)side));
        return MR_E_REFUSED;
    }
    return MR_OK;
}

/* Addresses and options are easily exchanged: one server told as both sides, or as the other one, makes
 * evidence that nothing happened. */
static enum mr_code refuse_one_server(const struct mr_history_collect *c, enum mr_side side,
                                      struct mr_err *err)
{
    const struct mr_history_collecting *w = c->work;
    const enum mr_side other = mr_other_side(side);
    const struct mr_server *theirs = mr_db_server(mr_reader_db(w->sides.side[other].main));
    const char *which = NULL;
    if (mr_server_is_one(theirs, mr_db_server(mr_reader_db(w->sides.side[side].main))))
        which = "source and target are one server";
    else if (w->logs[side].db != NULL && mr_server_is_one(theirs, mr_db_server(w->logs[side].db)))
        which = side == MR_SOURCE ? "--source-log names the server of the target"
                                  : "--target-log names the server of the source";
    if (which == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "%s: its log is not that of the %s", which,
                     mr_side_name(side));
    mr_err_hint(err, "Name the server that wrote them, or files of it: --%s-log FILE|DIR|URI.",
                mr_side_name(side));
    return MR_E_REFUSED;
}

static bool is_selected(const struct mr_history_collect *c, const char *name)
{
    const char *dot = strchr(name, '.');
    char db[256];
    if (dot == NULL || (size_t)(dot - name) >= sizeof db)
        return false;
    memcpy(db, name, (size_t)(dot - name));
    db[dot - name] = '\0';
    return mr_pattern_selects(c->tables.items, c->tables.count, c->exclude.items, c->exclude.count,
                              db, dot + 1);
}

/* In the order of the run, which is that of their numbers from here on. */
static enum mr_code take_tables(struct mr_history_collect *c, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    struct mr_find_table *found = NULL;
    size_t count = 0;
    MR_TRY(mr_findings_tables(c->fd, c->arena, &found, &count, err));
    c->of = mr_arena_calloc(c->arena, count + 1, sizeof *c->of);
    if (c->of == NULL)
        return nomem(err);
    for (size_t i = 0; i < count; i++) {
        if (!is_selected(c, found[i].name))
            continue;
        MR_TRY(mr_history_table_make(&w->pairing, &found[i], &c->of[c->ntables], err));
        MR_TRY(mr_history_keys_add_table(&w->keys, c->fd, &found[i], c->ntables, err));
        c->ntables++;
    }
    MR_TRY(mr_findings_begin(c->fd, err));
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < c->ntables; i++)
        code = mr_evidence_table_add(w->writer, c->arena, &c->of[i].evidence, err);
    MR_TRY(mr_findings_end(c->fd, code, err));
    if (c->ntables > 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_NO_SUCH, "run %s has no table that is chosen", c->run.uuid);
    return MR_E_NO_SUCH;
}

/* ---- what tells own transactions ---- */

static enum mr_code by_place(struct mr_history_collect *c, enum mr_side side, struct mr_err *err)
{
    const char *text = c->split[side];
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    const uint64_t at = colon != NULL ? strtoull(colon + 1, &end, 10) : 0;
    if (colon == NULL || colon == text || end == colon + 1 || *end != '\0') {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--split\": \"%.200s\" is no FILE:POS", text);
        mr_err_hint(
            err,
            "Write it as SHOW MASTER STATUS (SHOW BINARY LOG STATUS) does: %s=bin.000041:1207.",
            mr_side_name(side));
        return MR_E_USAGE;
    }
    const char *log = mr_arena_dup(c->arena, text, (size_t)(colon - text));
    if (log == NULL)
        return nomem(err);
    mr_history_own_by_place(&c->work->own[side], log, at, text);
    return MR_OK;
}

static enum mr_code breathe(void *ctx, uint64_t bytes, struct mr_err *err)
{
    const struct mr_history_collect *c = ctx;
    mr_progress_add(c->progress, 0, bytes);
    mr_progress_add_done(c->progress, bytes);
    mr_progress_tick(c->progress);
    return mr_throttle_wait(c->work->throttle, err);
}

static enum mr_code take_own(struct mr_history_collect *c, enum mr_side side, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    if (c->split[side] != NULL)
        return by_place(c, side, err);
    if (c->split_at != NULL) {
        mr_history_own_by_time(&w->own[side], mr_when_us(c->split_at), c->split_at_text);
        return MR_OK;
    }
    const struct mr_history_executed *const other = &w->executed[mr_other_side(side)];
    MR_TRY(mr_history_own_by_gtid(&w->own[side], &w->executed[side], other, c->arena, err));
    w->shared[side].breathe = breathe;
    w->shared[side].ctx = c;
    return mr_shared_gtids_find(&w->shared[side], &w->executed[side], other, err);
}

/* ---- one side ---- */

static bool matters(void *ctx, size_t table, struct mr_key key)
{
    const struct mr_history_collect *c = ctx;
    return mr_history_keys_has(&c->work->keys, table, key);
}

static bool is_uri(const char *text)
{
    return strstr(text, "://") != NULL;
}

/* Whose logs: those of files, of a server that is named, of the side's own. */
static enum mr_code open_logs(struct mr_history_collect *c, enum mr_side side, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    struct mr_history_logs *logs = &w->logs[side];
    const struct mr_string_list *given = &c->logs[side];
    struct mr_evidence_side *known = &c->sides[side];
    struct mr_strbuf shown = MR_STRBUF_INIT;
    logs->opts = &w->db_opts;
    logs->arena = c->arena;
    logs->progress = c->progress;
    logs->of = &w->sides.ep[side];
    known->server = side == MR_SOURCE ? c->run.source : c->run.target;
    if (given->count == 0) {
        logs->ep = &w->sides.ep[side];
    } else if (is_uri(given->items[0])) {
        if (given->count > 1)
            return mr_err_set(err, MR_E_USAGE, "a side has the logs of one server, not of several");
        MR_TRY(mr_endpoint_parse(&w->log_ep[side], given->items[0], err));
        mr_endpoint_display(&w->log_ep[side], &shown);
        known->server = mr_arena_strdup(c->arena, shown.ptr);
        mr_strbuf_release(&shown);
        MR_TRY(
            mr_login_complete(&w->log_ep[side], mr_side_name(side), known->server, &c->login, err));
        logs->ep = &w->log_ep[side];
    } else {
        logs->given = given->items;
        logs->ngiven = given->count;
        known->server = given->items[0];
    }
    const enum mr_code code = mr_history_logs_open(logs, err);
    if (code != MR_OK)
        mr_err_context(err, "logs of the %s", mr_side_name(side));
    return code;
}

/* Without GTIDs the split has to be met. */
static enum mr_code check_begin(struct mr_history_collect *c, enum mr_side side, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    const char *missed = mr_history_own_missed(&w->own[side]);
    return missed != NULL ? mr_history_scan_gap(&w->scan[side], missed, err) : MR_OK;
}

static enum mr_code begin_side(struct mr_history_collect *c, enum mr_side side, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    struct mr_history_scan *scan = &w->scan[side];
    *scan = (struct mr_history_scan){.side = side,
                                     .tables = c->of,
                                     .ntables = c->ntables,
                                     .server = mr_db_server(mr_reader_db(w->sides.side[side].main)),
                                     .own = &w->own[side],
                                     .shared = &w->shared[side],
                                     .known = &c->sides[side],
                                     .writer = w->writer,
                                     .fd = c->fd,
                                     .matters = matters,
                                     .breathe = breathe,
                                     .ctx = c,
                                     .arena = c->arena,
                                     .last_tx = &w->last_tx};
    MR_TRY(mr_history_left_out(mr_reader_db(w->sides.side[side].main), side, c->of, c->ntables,
                               c->arena, err));
    return mr_history_scan_begin(scan, err);
}

static enum mr_code check_way(struct mr_history_collect *c, enum mr_side side, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    const struct mr_history_way way = {
        .own = mr_reader_db(w->sides.side[side].main),
        .executed = &w->executed[side],
        .other = mr_db_server(mr_reader_db(w->sides.side[mr_other_side(side)].main)),
        .logs = w->logs[side].ep == &w->log_ep[side] ? w->logs[side].ep : NULL,
        .opts = &w->db_opts};
    return mr_history_left_out_on_way(&w->scan[side], &way, err);
}

static enum mr_code read_side(struct mr_history_collect *c, enum mr_side side, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    struct mr_history_scan *scan = &w->scan[side];
    struct mr_evidence_side *known = &c->sides[side];
    known->own_by = w->own[side].by;
    known->split = w->own[side].split;
    known->is_complete = true;
    MR_TRY(begin_side(c, side, err));
    mr_log_info("reading the binary logs of the %s", mr_side_name(side));
    enum mr_code code = check_way(c, side, err);
    if (code == MR_OK)
        code = mr_history_logs_read(&w->logs[side], scan, err);
    if (code == MR_OK)
        code = check_begin(c, side, err);
    /* logs that were named may be those of another server; MariaDB's own state may be set by hand */
    if (code == MR_OK && (c->logs[side].count > 0 || !w->own[side].is_mariadb))
        code = mr_history_scan_reaches(scan, w->executed[side].executed, err);
    if (code == MR_OK)
        code = mr_history_scan_end(scan, err);
    if (code != MR_OK)
        mr_err_context(err, "logs of the %s", mr_side_name(side));
    return code;
}

static enum mr_code close_side(struct mr_history_collect *c, enum mr_side side, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    struct mr_history_close close = {.scan = &w->scan[side],
                                     .logs = &w->logs[side],
                                     .reader = w->sides.side[side].main,
                                     .throttle = w->throttle,
                                     .progress = c->progress};
    const enum mr_code code = mr_history_close_side(&close, err);
    if (code != MR_OK)
        mr_err_context(err, "comparing rows of the %s with its logs", mr_side_name(side));
    return code;
}

/* ---- the end ---- */

/* What is blind stays so; broken is worse than incomplete, whose reason is the side's. */
static void judge_table(struct mr_evidence_of *of, const struct mr_evidence_side *side)
{
    if (of->witness == MR_WITNESS_BLIND || of->witness == MR_WITNESS_BROKEN)
        return;
    of->witness = side->is_complete ? MR_WITNESS_GOOD : MR_WITNESS_INCOMPLETE;
    of->reason = side->is_complete ? NULL : side->gap;
}

static enum mr_code save_read(struct mr_history_collect *c, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    char now[MR_RUN_TIME_SIZE];
    mr_run_id_time(now);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_evidence_side *known = &c->sides[side];
        known->own = mr_history_own_text(&w->own[side], c->arena);
        known->executed = w->executed[side].executed;
        known->collected = mr_arena_strdup(c->arena, now);
        known->is_read = true;
        if (known->own == NULL || known->collected == NULL)
            return nomem(err);
        MR_TRY(mr_evidence_side_save(w->writer, side, known, err));
    }
    return MR_OK;
}

/* Logs that were named end where they did: what the side has executed since is not in them. */
static bool is_up_to_date(const struct mr_history_collect *c, int side)
{
    return !c->resumed || c->logs[side].count == 0;
}

static enum mr_code save(struct mr_history_collect *c, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    char now[MR_RUN_TIME_SIZE];
    mr_run_id_time(now);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_evidence_side *known = &c->sides[side];
        /* with what was read on since; of a run that went on, finish_on has both */
        if (!c->resumed && (known->own = mr_history_own_text(&w->own[side], c->arena)) == NULL)
            return nomem(err);
        if (is_up_to_date(c, side) || known->collected == NULL)
            known->collected = mr_arena_strdup(c->arena, now);
        if (known->collected == NULL)
            return nomem(err);
        for (size_t i = 0; i < c->ntables; i++) {
            judge_table(&c->of[i].evidence.of[side], known);
            MR_TRY(mr_evidence_table_save(w->writer, &c->of[i].evidence, side, err));
        }
        MR_TRY(mr_evidence_side_save(w->writer, side, known, err));
    }
    return MR_OK;
}

/* Evidence that is there is not given up for less: logs are removed as time goes on. */
static enum mr_code refuse_less(struct mr_history_collect *c, struct mr_err *err)
{
    struct mr_evidence_side old[MR_SIDES];
    MR_TRY(mr_evidence_sides(c->fd, c->arena, old, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        if (!old[side].is_complete || c->sides[side].is_complete)
            continue;
        const char *gap = c->sides[side].gap != NULL ? c->sides[side].gap : "";
        (void)mr_err_set(err, MR_E_REFUSED,
                         "the logs of the %s were complete when they were collected (%s), and are "
                         "not any more: %.*s",
                         mr_side_name((enum mr_side)side), old[side].collected,
                         (int)strcspn(gap, "\n"), gap);
        mr_err_hint(err,
                    "Nothing was changed: what the case has is kept. Logs that were archived "
                    "can be given with --%s-log DIR.",
                    mr_side_name((enum mr_side)side));
        return MR_E_REFUSED;
    }
    return MR_OK;
}

static enum mr_code finish(struct mr_history_collect *c, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(c->fd, err));
    MR_TRY(mr_findings_end(c->fd, save(c, err), err));
    return mr_evidence_finish(c->work->writer, err);
}

/* One that goes on has read the logs; before that all begins anew, since what reading knows of the logs
 * is not in the case. */
static enum mr_code open_collection(struct mr_history_collect *c, const char *options,
                                    struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    bool is_read = false;
    MR_TRY(mr_evidence_writer_new(c->fd, options, c->resume, &w->writer, &c->resumed, err));
    if (c->resumed) {
        struct mr_evidence_side known[MR_SIDES];
        is_read = true;
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            MR_TRY(mr_evidence_side_resume(w->writer, side, c->arena, &known[side], err));
            /* options do not say which server's logs were named */
            is_read = is_read && known[side].is_read && known[side].server != NULL &&
                      strcmp(known[side].server, c->sides[side].server) == 0;
        }
        if (is_read)
            memcpy(c->sides, known, sizeof known);
    }
    if (c->resumed && !is_read) {
        mr_evidence_writer_free(w->writer);
        w->writer = NULL;
        MR_TRY(mr_evidence_writer_new(c->fd, options, false, &w->writer, &c->resumed, err));
    }
    return mr_evidence_last_tx(w->writer, &w->last_tx, err);
}

/* Whose transactions were whose is proved before that is kept. */
static enum mr_code read_sides(struct mr_history_collect *c, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    mr_progress_begin(c->progress, "reading logs");
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(read_side(c, (enum mr_side)side, err));
    MR_TRY(mr_history_reuse_check(w->own, NULL, c->arena, err));
    MR_TRY(mr_history_reuse_check_shared(w->shared, w->logs, c->arena, err));
    MR_TRY(refuse_less(c, err));
    MR_TRY(mr_findings_begin(c->fd, err));
    return mr_findings_end(c->fd, save_read(c, err), err);
}

static const char *options_text(const struct mr_history_collect *c)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&out, "run %s\n", c->run.uuid);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        for (size_t i = 0; i < c->logs[side].count; i++)
            mr_strbuf_add_fmt(&out, "log %d %s\n", side,
                              is_uri(c->logs[side].items[i]) ? "uri" : c->logs[side].items[i]);
        mr_strbuf_add_fmt(&out, "split %s\n", c->split[side] != NULL ? c->split[side] : "");
    }
    mr_strbuf_add_fmt(&out, "at %s\n", c->split_at_text != NULL ? c->split_at_text : "");
    for (size_t i = 0; i < c->tables.count; i++)
        mr_strbuf_add_fmt(&out, "tables %s\n", c->tables.items[i]);
    for (size_t i = 0; i < c->exclude.count; i++)
        mr_strbuf_add_fmt(&out, "exclude %s\n", c->exclude.items[i]);
    const char *text = out.failed ? NULL : mr_arena_strdup(c->arena, out.ptr);
    mr_strbuf_release(&out);
    return text;
}

/* What may be refused is asked before anything is read. */
static enum mr_code open_all(struct mr_history_collect *c, struct mr_err *err)
{
    struct mr_history_collecting *w = calloc(1, sizeof *w);
    if (w == NULL)
        return nomem(err);
    c->work = w;
    mr_history_keys_init(&w->keys);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_history_own_init(&w->own[side]);
        mr_shared_gtids_init(&w->shared[side]);
        mr_history_logs_init(&w->logs[side]);
    }
    MR_TRY(mr_db_global_init(err));
    MR_TRY(open_servers(c, err));
    MR_TRY(refuse_following(c, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        MR_TRY(take_own(c, (enum mr_side)side, err));
        MR_TRY(open_logs(c, (enum mr_side)side, err));
        MR_TRY(refuse_one_server(c, (enum mr_side)side, err));
    }
    return MR_OK;
}

/* ---- reading on ---- */

static enum mr_code cannot(enum mr_side side, const char *why, struct mr_err *err)
{
    return mr_err_set(err, MR_E_REFUSED, "the log of the %s %s", mr_side_name(side), why);
}

/* An address may lead to another server by now, such as a replica that was promoted: it has executed all that the
 * one before had, but its logs, which may have the same names, are others. */
static enum mr_code check_server(const struct mr_history_collect *c, enum mr_side side,
                                 struct mr_err *err)
{
    const struct mr_server *now = mr_db_server(mr_reader_db(c->work->sides.side[side].main));
    struct mr_server was;
    bool known = false;
    const char *run = c->known_run;
    /* --source and --target may name another one, such as a copy; what the run has is the server that it read */
    if (run == NULL && strcmp(c->uris[side], mr_run_uri(&c->run, side)) == 0)
        run = c->run.uuid;
    if (run == NULL)
        return MR_OK;
    MR_TRY(mr_findings_server_of(c->fd, run, (int)side, &was, &known, err));
    return !known || mr_server_is_same(&was, now)
               ? MR_OK
               : cannot(side,
                        "is that of another server than the run has read of which logs were "
                        "collected",
                        err);
}

/* Is the log there that was read last, as far as it was read, and of the same server?  *more: bytes that
 * it has more by now.  proves: GTIDs have to say so. */
static enum mr_code find_place(const struct mr_history_collect *c, enum mr_side side, bool proves,
                               uint64_t *more, struct mr_err *err)
{
    const struct mr_history_collecting *w = c->work;
    const struct mr_evidence_side *known = &c->sides[side];
    const struct mr_vec *logs = &w->logs[side].logs;
    const struct mr_server_log *found = NULL;
    const bool has_gtids = known->executed != NULL && *known->executed != '\0';
    bool does = true;
    MR_TRY(check_server(c, side, err));
    if (known->end_log == NULL || (proves && !has_gtids))
        return cannot(
            side, "has no GTIDs, so that nothing tells whether it is the one that was read", err);
    if (has_gtids)
        MR_TRY(mr_gtid_text_contains(w->executed[side].is_mariadb, w->executed[side].executed,
                                     known->executed, &does, err));
    if (!does)
        return cannot(side, "is not the one that was read: the server has executed less", err);
    for (size_t i = 0; i < logs->count; i++) {
        const struct mr_server_log *log = mr_vec_at(logs, i);
        if (found != NULL) {
            *more += log->bytes;
        } else if (strcmp(log->name, known->end_log) == 0 && log->bytes >= known->end_position) {
            found = log;
            *more = log->bytes - known->end_position;
        }
    }
    return found != NULL ? MR_OK : cannot(side, "was removed from where on it was not read", err);
}

/* A table of the collection that is not read on would be taken for one that nobody has changed since. */
static enum mr_code take_known_tables(struct mr_history_collect *c, int64_t collection,
                                      struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    struct mr_find_table *found = NULL;
    size_t count = 0;
    int64_t all = 0;
    MR_TRY(mr_findings_tables(c->fd, c->arena, &found, &count, err));
    MR_TRY(mr_evidence_collection_tables(c->fd, collection, NULL, NULL, &all, err));
    c->of = mr_arena_calloc(c->arena, count + 1, sizeof *c->of);
    if (c->of == NULL)
        return nomem(err);
    for (size_t i = 0; i < count; i++) {
        struct mr_history_table *table = &c->of[c->ntables];
        int64_t is = 0;
        MR_TRY(mr_history_table_make(&w->pairing, &found[i], table, err));
        MR_TRY(mr_evidence_collection_tables(c->fd, collection, table->evidence.name,
                                             table->evidence.columns, &is, err));
        if (is == 0) {
            *table = (struct mr_history_table){0};
            continue;
        }
        MR_TRY(mr_history_keys_add_table(&w->keys, c->fd, &found[i], c->ntables, err));
        c->ntables++;
    }
    return (int64_t)c->ntables == all
               ? MR_OK
               : mr_err_set(err, MR_E_REFUSED,
                            "logs were read of tables or columns that the run does not have");
}

/* Whatever a side has executed by now stands in front of where its log ends. */
static enum mr_code read_on(struct mr_history_collect *c, enum mr_side side, struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    struct mr_history_scan *scan = &w->scan[side];
    const uint64_t before = c->sides[side].transactions;
    bool more = false;
    mr_progress_begin(c->progress, "reading logs on");
    MR_TRY(begin_side(c, side, err));
    scan->goes_on = true;
    mr_history_own_go_on(&w->own[side]);
    mr_history_logs_go_on(&w->logs[side], &c->sides[side]);
    if (w->logs[side].ep != NULL)
        mr_log_info("reading on in the binary log of the %s", mr_side_name(side));
    enum mr_code code = mr_history_logs_read_on(&w->logs[side], scan, &more, err);
    if (code == MR_OK && more)
        code = mr_history_scan_flush(scan, err);
    if (code == MR_OK)
        code = close_side(c, side, err);
    if (code != MR_OK)
        mr_err_context(err, "logs of the %s", mr_side_name(side));
    if (is_up_to_date(c, side))
        c->sides[side].executed = w->executed[side].executed;
    c->fresh[side] = c->sides[side].transactions - before;
    return code;
}

/* GTIDs that were of its own already, and those that were met now. */
static enum mr_code join_own(struct mr_history_collect *c, enum mr_side side, struct mr_err *err)
{
    struct mr_evidence_side *known = &c->sides[side];
    const char *fresh = mr_history_own_text(&c->work->own[side], c->arena);
    if (fresh == NULL)
        return nomem(err);
    if (*fresh == '\0')
        return MR_OK;
    if (known->own == NULL || *known->own == '\0')
        known->own = fresh;
    else if ((known->own = mr_arena_fmt(c->arena, "%s,%s", known->own, fresh)) == NULL)
        return nomem(err);
    return MR_OK;
}

/* Of both sides, whose own transactions those are that were met. */
static enum mr_code finish_on(struct mr_history_collect *c, const char *const then[MR_SIDES],
                              struct mr_err *err)
{
    struct mr_history_collecting *w = c->work;
    MR_TRY(mr_history_reuse_check(w->own, then, c->arena, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (then[MR_SOURCE] != NULL && then[MR_TARGET] != NULL)
            MR_TRY(mr_shared_gtids_know(&w->shared[side], w->executed[side].is_mariadb, then, err));
    MR_TRY(mr_history_reuse_check_shared(w->shared, w->logs, c->arena, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(join_own(c, (enum mr_side)side, err));
    return finish(c, err);
}

enum mr_code mr_history_collect_on(struct mr_history_collect *c,
                                   const struct mr_evidence_collection *known, struct mr_err *err)
{
    uint64_t more[MR_SIDES] = {0, 0};
    const char *const then[MR_SIDES] = {known->sides[MR_SOURCE].executed,
                                        known->sides[MR_TARGET].executed};
    memcpy(c->sides, known->sides, sizeof known->sides);
    MR_TRY(open_all(c, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(find_place(c, (enum mr_side)side, true, &more[side], err));
    if (known->finished && more[MR_SOURCE] == 0 && more[MR_TARGET] == 0)
        return MR_OK;
    MR_TRY(take_known_tables(c, known->id, err));
    struct mr_history_collecting *w = c->work;
    /* what was changed since the run is what the next one will find */
    w->keys.all = w->keys.all || more[MR_SOURCE] + more[MR_TARGET] <= KEPT_WHOLE;
    c->has_begun = c->resumed = true;
    MR_TRY(mr_evidence_writer_go_on(c->fd, known, &w->writer, err));
    MR_TRY(mr_evidence_last_tx(w->writer, &w->last_tx, err));
    MR_TRY(mr_findings_begin(c->fd, err));
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < c->ntables; i++)
        code = mr_evidence_table_add(w->writer, c->arena, &c->of[i].evidence, err);
    MR_TRY(mr_findings_end(c->fd, code, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (more[side] > 0 || !known->finished)
            MR_TRY(read_on(c, (enum mr_side)side, err));
    return finish_on(c, then, err);
}

/* ---- from the beginning, or where an earlier run was ended ---- */

/* Its logs were read to their end.  What was written since is read first: rows are compared with all of it, and
 * the collection says that it knows it. */
static enum mr_code resume(struct mr_history_collect *c, struct mr_err *err)
{
    const char *const then[MR_SIDES] = {c->sides[MR_SOURCE].executed, c->sides[MR_TARGET].executed};
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        uint64_t more = 0;
        if (c->work->logs[side].ep == NULL)
            continue;
        const enum mr_code code = find_place(c, (enum mr_side)side, false, &more, err);
        if (code == MR_E_REFUSED)
            mr_err_hint(err,
                        "Nothing was changed. Run it without --resume: all logs are read anew.");
        MR_TRY(code);
    }
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(read_on(c, (enum mr_side)side, err));
    return finish_on(c, then, err);
}

enum mr_code mr_history_collect(struct mr_history_collect *c, struct mr_err *err)
{
    const char *options = options_text(c);
    if (options == NULL)
        return nomem(err);
    MR_TRY(open_all(c, err));
    MR_TRY(open_collection(c, options, err));
    MR_TRY(take_tables(c, err));
    if (c->resumed)
        return resume(c, err);
    MR_TRY(read_sides(c, err));
    mr_progress_begin(c->progress, "comparing rows with the logs");
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(close_side(c, (enum mr_side)side, err));
    return finish(c, err);
}
