/* gate_run.c: see gate_run.h. */
#include "recon/gate/gate_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/signals.h"
#include "core/cli/pattern_names.h"
#include "core/schema/near_db.h"
#include "recon/gate/gate_channels.h"
#include "recon/gate/gate_gtid.h"
#include "recon/gate/gate_rules.h"
#include "recon/gate/gate_twin.h"

#define SETTLE_TRIES 10
#define SETTLE_MS 100

/* The servers of one round; links must not move. */
struct servers {
    struct mr_gate_run *run;
    struct mr_gate_link server;
    struct mr_gate_link *links; /* of the peers; those not reached are zero */
    struct mr_gate_peer *peers;
    struct mr_gate_facts *facts; /* SERVER's, then each peer's */
};

enum mr_code mr_gate_run_init(struct mr_gate_run *run, const struct mr_gate_options *opts,
                              const struct mr_config *config, const char *server,
                              struct mr_err *err)
{
    *run = (struct mr_gate_run){.opts = opts,
                                .config = config,
                                .server = server,
                                .id = mr_run_id_now(),
                                .arena = MR_ARENA_INIT,
                                .round = MR_ARENA_INIT};
    mr_gate_judge_init(&run->judge);
    mr_gate_link_display(server, run->display, sizeof run->display);
    mr_gate_link_label(server, run->label, sizeof run->label);
    MR_TRY(mr_gate_options_wanted(opts, run->wanted, err));
    MR_TRY(mr_gate_config_load(config, &run->arena, &run->gate, err));
    if (opts->witness_hours > 0)
        run->gate.witness_hours = opts->witness_hours;
    return mr_db_global_init(err);
}

void mr_gate_run_release(struct mr_gate_run *run)
{
    mr_gate_judge_release(&run->judge);
    mr_arena_release(&run->round);
    mr_arena_release(&run->arena);
}

static bool wants_any(const struct mr_gate_run *run, const enum mr_gate_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (run->wanted[names[i]])
            return true;
    return false;
}

/* Reading tables takes the longest: only where a check looks at them. */
static bool wants_tables(const struct mr_gate_run *run, bool of_peer)
{
    static const enum mr_gate_name server[] = {
        MR_GATE_tables,        MR_GATE_row_counts,
        MR_GATE_max_keys,      MR_GATE_newest_row,
        MR_GATE_schema,        MR_GATE_sample_digest,
        MR_GATE_sequence_gaps, MR_GATE_auto_increment_position,
        MR_GATE_completeness,  MR_GATE_auto_increment_headroom,
        MR_GATE_freshness,     MR_GATE_heartbeat,
        MR_GATE_probe_latency, MR_GATE_metadata_locks,
    };
    static const enum mr_gate_name peer[] = {MR_GATE_newest_row, MR_GATE_auto_increment_position,
                                             MR_GATE_completeness, MR_GATE_sequence_gaps};
    return of_peer ? wants_any(run, peer, sizeof peer / sizeof *peer)
                   : wants_any(run, server, sizeof server / sizeof *server);
}

static struct mr_gate_task task_of(struct mr_gate_run *run, struct mr_gate_link *link, bool is_peer)
{
    return (struct mr_gate_task){.link = link,
                                 .scope = run->scope,
                                 .config = run->config,
                                 .gate = &run->gate,
                                 .tables = &run->opts->tables,
                                 .exclude = &run->opts->exclude,
                                 .budget_s = run->opts->budget_ms / 1000.0,
                                 .full = run->opts->full,
                                 .digests = !is_peer && run->wanted[MR_GATE_sample_digest],
                                 .past =
                                     run->has_baseline && !is_peer ? &run->baseline.server : NULL,
                                 .arena = &run->round};
}

/* ---- peers ---- */

static enum mr_code refuse_itself(const char *peer, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "peer \"%s\" is SERVER itself", peer);
    mr_err_hint(err, "Name a replica, the source, or the other side.");
    return MR_E_USAGE;
}

/* What is known of SERVER is told all the same, and that of this peer nothing is. */
static enum mr_code give_up(struct servers *s, size_t i, const struct mr_err *why,
                            struct mr_err *err)
{
    s->peers[i].facts = NULL;
    s->peers[i].why = mr_arena_strdup(&s->run->round, why->message);
    return s->peers[i].why != NULL ? MR_OK : mr_err_nomem(err, "connecting to a peer");
}

static enum mr_code collect_peer(struct servers *s, size_t i, struct mr_err *err)
{
    struct mr_gate_run *run = s->run;
    const struct mr_gate_link_opts opts = {.run_tag = run->id.id,
                                           .statement_timeout_s = run->opts->statement_timeout_s,
                                           .login = run->opts->login};
    struct mr_gate_task task = task_of(run, &s->links[i], true);
    struct mr_gate_facts *facts = &s->facts[i + 1];
    struct mr_err why = {0};
    char display[512];
    mr_gate_link_display(run->opts->peers.items[i], display, sizeof display);
    s->peers[i].uri = mr_arena_strdup(&run->round, display);
    if (s->peers[i].uri == NULL)
        return mr_err_nomem(err, "connecting to a peer");
    enum mr_code code = mr_gate_link_open(&s->links[i], run->opts->peers.items[i], &opts, &why);
    if (code == MR_OK && mr_server_is_one(mr_db_server(s->links[i].db), mr_db_server(s->server.db)))
        return refuse_itself(display, err);
    if (code == MR_OK)
        code = mr_gate_collect_status(&task, facts, &why);
    /* what a running replica holds, SERVER holds */
    if (code == MR_OK && wants_tables(run, true) &&
        (run->records || !mr_gate_is_running_replica(&s->facts[0], facts)))
        code = mr_gate_collect_tables(&task, facts, &why);
    if (code == MR_OK) {
        s->peers[i].facts = facts;
        return MR_OK;
    }
    if (code == MR_E_USAGE || code == MR_E_CONFIG || code == MR_E_NOMEM || code == MR_E_CANCELLED) {
        *err = why;
        if (code == MR_E_USAGE || code == MR_E_CONFIG)
            mr_err_context(err, "peer %zu", i + 1);
        return code;
    }
    return give_up(s, i, &why, err);
}

static bool is_behind(const struct mr_gate_facts *source, const struct mr_gate_facts *replica)
{
    struct mr_strbuf applied = MR_STRBUF_INIT, pending = MR_STRBUF_INIT;
    uint64_t count = 0;
    mr_strbuf_add_str(&applied, replica->gtid_executed);
    if (replica->gtid_position[0] != '\0')
        mr_strbuf_add_fmt(&applied, "%s%s", applied.len > 0 ? "," : "", replica->gtid_position);
    (void)mr_gate_gtid_subtract(source->server.flavour, source->gtid_executed, applied.ptr,
                                &pending, &count, NULL);
    mr_strbuf_release(&applied);
    mr_strbuf_release(&pending);
    return count > 0;
}

static void wait_a_step(void)
{
    const struct timespec ms = {.tv_nsec = SETTLE_MS * 1000000L};
    (void)nanosleep(&ms, NULL);
}

static bool is_reached(const struct servers *s, size_t i)
{
    return i == 0 || s->peers[i - 1].facts != NULL;
}

/* Is the replica to be given a moment?  Not where it is late on purpose. */
static bool is_worth_waiting(const struct mr_gate_facts *replica,
                             const struct mr_gate_facts *source)
{
    if (!mr_gate_is_running_replica(source, replica) ||
        source->server.flavour != replica->server.flavour)
        return false;
    for (size_t i = 0; i < replica->nchannels; i++)
        if (replica->channels[i].delay_s > 0)
            return false;
    return true;
}

/* A replica that runs is given a moment to apply what its source had executed: then what
 * is still missing is no mere moment.  *late: it was not enough. */
static enum mr_code settle(struct servers *s, size_t replica, size_t source, bool *late,
                           struct mr_err *err)
{
    struct mr_err why = {0};
    struct mr_gate_facts *facts = &s->facts[replica];
    const struct mr_gate_link *link = replica == 0 ? &s->server : &s->links[replica - 1];
    if (!is_worth_waiting(facts, &s->facts[source]))
        return MR_OK;
    struct mr_gate_facts next = *facts;
    for (int t = 0; is_behind(&s->facts[source], &next); t++) {
        *late = t == SETTLE_TRIES;
        if (*late)
            break;
        wait_a_step();
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        const enum mr_code code =
            mr_gate_read_gtid(link, &s->run->round, &next.gtid_executed, &next.gtid_position, &why);
        if (code != MR_OK && replica > 0 && !mr_gate_link_ends_run(code))
            return give_up(s, replica - 1, &why, err);
        if (code != MR_OK) {
            *err = why;
            return code;
        }
    }
    /* what SERVER had executed first is kept: it is compared with what peers had later */
    if (replica > 0) {
        facts->gtid_executed = next.gtid_executed;
        facts->gtid_position = next.gtid_position;
    }
    return MR_OK;
}

/* A replica whose source was given a moment has more to apply: once more for each server
 * between the first and the last of a chain. */
static enum mr_code settle_all(struct servers *s, struct mr_err *err)
{
    const size_t count = s->run->opts->peers.count + 1;
    bool *late = mr_arena_calloc(&s->run->round, count, sizeof *late);
    if (late == NULL)
        return mr_err_nomem(err, "waiting for a replica");
    for (size_t round = 1; round < count; round++)
        for (size_t i = 0; i < count * count; i++) {
            const size_t replica = i / count, source = i % count;
            if (replica != source && !late[replica] && is_reached(s, replica) &&
                is_reached(s, source))
                MR_TRY(settle(s, replica, source, &late[replica], err));
        }
    return MR_OK;
}

/* Of a replica that runs, is not behind, and leaves nothing out. */
static bool is_twin(const struct mr_gate_facts *server, const struct mr_gate_facts *peer)
{
    if (!mr_gate_is_running_replica(server, peer))
        return false;
    for (size_t i = 0; i < peer->nchannels; i++)
        if (peer->channels[i].lag_s != 0 || peer->channels[i].delay_s != 0 ||
            peer->channels[i].filters[0] != '\0')
            return false;
    return true;
}

static enum mr_code read_twins(struct servers *s, struct mr_err *err)
{
    struct mr_gate_run *run = s->run;
    if (!run->wanted[MR_GATE_completeness] || !s->facts[0].tables_read)
        return MR_OK;
    for (size_t i = 0; i < run->opts->peers.count; i++) {
        const struct mr_gate_twin_task task = {.server = &s->server,
                                               .replica = &s->links[i],
                                               .facts = &s->facts[0],
                                               .budget_s = run->opts->budget_ms / 1000.0,
                                               .arena = &run->round};
        struct mr_err why = {0};
        enum mr_code code = MR_OK;
        if (is_reached(s, i + 1) && is_twin(&s->facts[0], &s->facts[i + 1]))
            code = mr_gate_read_twins(&task, &s->facts[i + 1], &why);
        if (code == MR_E_LOST) /* the table says so; what was read of the peer before stands */
            code = MR_OK;
        if (code != MR_OK) {
            *err = why;
            return code;
        }
    }
    return MR_OK;
}

/* ---- one round ---- */

static enum mr_code begin_servers(struct servers *s, struct mr_gate_run *run, struct mr_err *err)
{
    const size_t npeers = run->opts->peers.count;
    *s = (struct servers){.run = run};
    s->links = mr_arena_calloc(&run->round, npeers + 1, sizeof *s->links);
    s->peers = mr_arena_calloc(&run->round, npeers + 1, sizeof *s->peers);
    s->facts = mr_arena_calloc(&run->round, npeers + 1, sizeof *s->facts);
    return s->links != NULL && s->peers != NULL && s->facts != NULL
               ? MR_OK
               : mr_err_nomem(err, "connecting");
}

static void end_servers(struct servers *s)
{
    for (size_t i = 0; s->links != NULL && i < s->run->opts->peers.count; i++)
        mr_gate_link_close(&s->links[i]);
    mr_gate_link_close(&s->server);
}

static enum mr_code open_server(struct servers *s, struct mr_err *err)
{
    struct mr_gate_run *run = s->run;
    const struct mr_gate_link_opts opts = {.run_tag = run->id.id,
                                           .statement_timeout_s = run->opts->statement_timeout_s,
                                           .login = run->opts->login};
    run->scope = &s->server.ep;
    enum mr_code code = mr_gate_link_open(&s->server, run->server, &opts, err);
    if (code == MR_E_USAGE || code == MR_E_CONFIG)
        mr_err_context(err, "server");
    return code;
}

/* Was there a database that would have this name now? */
static bool was_there(const struct servers *s, const char *db)
{
    const struct mr_gate_facts *past = &s->run->baseline.server, *now = &s->facts[0];
    for (size_t i = 0; s->run->has_baseline && i < past->ndbs; i++)
        if (mr_server_same_name(&now->server, mr_gate_facts_pair(past, now, past->dbs[i]), db))
            return true;
    return false;
}

/* A baseline tells a lost database from a misspelt one; without it nothing does, and a gate
 * that found no table to look at would say that all is well. */
static enum mr_code require_named(const struct servers *s, struct mr_err *err)
{
    const struct mr_endpoint *ep = &s->server.ep;
    for (size_t i = 0; i < ep->ndbs; i++) {
        if (mr_gate_facts_db(&s->facts[0], ep->dbs[i]) != NULL || was_there(s, ep->dbs[i]))
            continue;
        (void)mr_err_set(err, MR_E_NO_SUCH,
                         "database \"%s\" does not exist on the server, or the account "
                         "may not see it",
                         ep->dbs[i]);
        mr_near_db_hint(s->server.db, ep->dbs[i], err);
        return MR_E_NO_SUCH;
    }
    return MR_OK;
}

static bool nth_name(const void *ctx, size_t index, const char **db, const char **name)
{
    const struct mr_gate_facts *f = ctx;
    if (index < f->ntables) {
        *db = f->tables[index].db;
        *name = f->tables[index].name;
        return true;
    }
    index -= f->ntables;
    if (index < f->nabsent + f->nabsent_sequences) {
        const struct mr_gate_absent *absent =
            index < f->nabsent ? &f->absent[index] : &f->absent_sequences[index - f->nabsent];
        *db = absent->db;
        *name = absent->name;
        return true;
    }
    index -= f->nabsent + f->nabsent_sequences;
    if (index < f->nwanted) {
        *db = f->wanted[index].db;
        *name = f->wanted[index].name;
        return true;
    }
    index -= f->nwanted;
    if (index >= f->nsequences)
        return false;
    *db = f->sequences[index].db;
    *name = f->sequences[index].name;
    return true;
}

/* Does the section ask for a check of one table of a database that is looked at? */
static bool is_asking(const struct servers *s, const struct mr_ini_section *section)
{
    const struct mr_gate_options *o = s->run->opts;
    const char *name = section->argument;
    bool asks = false;
    for (const struct mr_ini_entry *e = section->entries; e != NULL; e = e->next)
        asks |= strcmp(e->key, "freshness") == 0 || strcmp(e->key, "sequence") == 0;
    if (strcmp(section->word, "table") != 0 || !asks || strpbrk(name, "*?") != NULL)
        return false;
    for (size_t i = 0; i < s->facts[0].ndbs; i++) {
        const char *db = s->facts[0].dbs[i];
        size_t len = strlen(db);
        if (strncmp(name, db, len) == 0 && name[len] == '.')
            return mr_pattern_selects(o->tables.items, o->tables.count, o->exclude.items,
                                      o->exclude.count, db, name + len + 1);
    }
    return false;
}

static enum mr_code tell_sections(const struct servers *s, struct mr_err *err)
{
    struct mr_strbuf where = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (const struct mr_ini_section *section = s->run->config->sections;
         code == MR_OK && section != NULL; section = section->next) {
        const struct mr_string_list one = {.items = &section->argument, .count = 1};
        if (!is_asking(s, section))
            continue;
        mr_strbuf_reset(&where);
        mr_strbuf_add_fmt(&where, "%s:%u: section of", section->file, section->line);
        code = mr_strbuf_check(&where, "looking for tables", err);
        if (code == MR_OK)
            code = mr_pattern_names_warn(where.ptr, &one, nth_name, &s->facts[0], err);
    }
    mr_strbuf_release(&where);
    return code;
}

/* One of several patterns that has nothing would leave its table unwatched, and so would a
 * section for a table that there is not.  Told once, not in each round. */
static enum mr_code tell_patterns(const struct servers *s, struct mr_err *err)
{
    struct mr_gate_run *run = s->run;
    if (run->patterns_warned)
        return MR_OK;
    run->patterns_warned = true;
    MR_TRY(mr_pattern_names_warn("--tables", &run->opts->tables, nth_name, &s->facts[0], err));
    return tell_sections(s, err);
}

/* So it would with patterns that nothing has, nor had. */
static enum mr_code require_tables(const struct servers *s, struct mr_err *err)
{
    const struct mr_string_list *wanted = &s->run->opts->tables;
    const struct mr_gate_facts *f = &s->facts[0];
    if (wanted->count == 0 ||
        f->ntables + f->nabsent + f->nwanted + f->nsequences + f->nabsent_sequences > 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_NO_SUCH, "no table matches --tables %s%s", wanted->items[0],
                     wanted->count > 1 ? " …" : "");
    mr_err_hint(err, "A pattern is db.table with * and ?; a bare name means any database. "
                     "Or it is hidden from the account: see SHOW GRANTS.");
    return MR_E_NO_SUCH;
}

static enum mr_code collect_all(struct servers *s, struct mr_err *err)
{
    struct mr_gate_run *run = s->run;
    struct mr_gate_task task = task_of(run, &s->server, false);
    MR_TRY(mr_gate_collect_status(&task, &s->facts[0], err));
    if (wants_tables(run, false))
        MR_TRY(mr_gate_collect_tables(&task, &s->facts[0], err));
    if (s->facts[0].tables_read)
        MR_TRY(require_named(s, err));
    if (s->facts[0].tables_read)
        MR_TRY(require_tables(s, err));
    if (s->facts[0].tables_read)
        MR_TRY(tell_patterns(s, err));
    for (size_t i = 0; i < run->opts->peers.count; i++)
        MR_TRY(collect_peer(s, i, err));
    return MR_OK;
}

static enum mr_code judge(struct servers *s, struct mr_err *err)
{
    struct mr_gate_run *run = s->run;
    struct mr_gate_judge *j = &run->judge;
    struct mr_gate_activity *activity = mr_arena_calloc(&run->round, 1, sizeof *activity);
    char *now = mr_arena_alloc(&run->round, MR_RUN_TIME_SIZE);
    if (activity == NULL || now == NULL)
        return mr_err_nomem(err, "judging a server");
    MR_TRY(mr_gate_read_activity(&s->server, &s->facts[0], &run->round, activity, err));
    MR_TRY(settle_all(s, err));
    MR_TRY(read_twins(s, err));
    MR_TRY(
        mr_gate_read_gtid(&s->server, &run->round, &j->gtid_last, &s->facts[0].gtid_position, err));
    mr_run_id_time(now);
    j->now = &s->facts[0];
    j->activity = activity;
    j->peers = s->peers;
    j->npeers = run->opts->peers.count;
    j->expect_new_instance = run->opts->expect_new_instance;
    j->full = run->opts->full;
    j->time = now;
    return mr_gate_judge_run(j, run->wanted, err);
}

static enum mr_code add_full(struct mr_gate_judge *j, const struct mr_err *why, struct mr_err *err)
{
    if (mr_db_is_account_full(why))
        return mr_gate_judge_add(j, MR_GATE_connections, MR_GATE_UNKNOWN, why->message,
                                 "It is this account's own limit (MAX_USER_CONNECTIONS, "
                                 "MAX_CONNECTIONS_PER_HOUR): is an earlier run still there?",
                                 err);
    return mr_gate_judge_add(j, MR_GATE_connections, MR_GATE_CRITICAL, why->message,
                             "Lower the pools, or raise max_connections; an account with "
                             "CONNECTION_ADMIN (SUPER) has one connection in reserve.",
                             err);
}

/* Nobody gets in, the application as little as we; an account that is full is ours alone. */
static enum mr_code judge_full(struct mr_gate_run *run, const struct mr_err *why,
                               struct mr_err *err)
{
    struct mr_gate_judge *j = &run->judge;
    for (int i = MR_GATE_NONE + 1; i < MR_GATE_NAMES_END; i++) {
        const enum mr_gate_name name = (enum mr_gate_name)i;
        if (!run->wanted[i] || !mr_gate_judge_applies(j, name))
            continue;
        MR_TRY(name == MR_GATE_connections
                   ? add_full(j, why, err)
                   : mr_gate_judge_add(j, name, MR_GATE_UNKNOWN, "the server takes no connection",
                                       NULL, err));
    }
    return MR_OK;
}

static void begin_round(struct mr_gate_run *run)
{
    struct mr_gate_judge *j = &run->judge;
    mr_gate_judge_release(j);
    mr_gate_judge_init(j);
    mr_arena_reset(&run->round);
    j->arena = &run->round;
    j->config = &run->gate;
    j->baseline = run->has_baseline ? &run->baseline : NULL;
    j->npeers = 0;
}

enum mr_code mr_gate_run_round(struct mr_gate_run *run, struct mr_err *err)
{
    struct servers s = {.run = run};
    const double began = mr_clock_now_s();
    begin_round(run);
    enum mr_code code = begin_servers(&s, run, err);
    if (code == MR_OK)
        code = open_server(&s, err);
    if (code != MR_OK && mr_db_is_full(err)) {
        struct mr_err why = *err;
        code = judge_full(run, &why, err);
    } else {
        if (code == MR_OK)
            code = collect_all(&s, err);
        if (code == MR_OK)
            code = judge(&s, err);
    }
    end_servers(&s);
    run->seconds = mr_clock_now_s() - began;
    return code;
}

enum mr_code mr_gate_run_record(struct mr_gate_run *run, const struct mr_gate_facts **facts,
                                size_t *count, bool *complete, struct mr_err *err)
{
    struct servers s = {.run = run};
    const double began = mr_clock_now_s();
    *complete = true;
    run->records = true;
    begin_round(run);
    enum mr_code code = begin_servers(&s, run, err);
    if (code == MR_OK)
        code = open_server(&s, err);
    if (code == MR_OK)
        code = collect_all(&s, err);
    *facts = s.facts;
    *count = 1;
    for (size_t i = 0; code == MR_OK && i < run->opts->peers.count; i++) {
        if (s.peers[i].facts != NULL) {
            s.facts[(*count)++] = *s.peers[i].facts;
            continue;
        }
        mr_log_warning("peer \"%s\" is not recorded: %s", s.peers[i].uri, s.peers[i].why);
        *complete = false;
    }
    end_servers(&s);
    run->seconds = mr_clock_now_s() - began;
    return code;
}
