/* check_changed.c: see check_changed.h. */
#include "recon/check/check_changed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/binlog/binlog_gtid_set.h"
#include "core/db/cluster.h"
#include "core/db/replica_status.h"
#include "core/source/went_back.h"
#include "core/schema/engine.h"
#include "recon/check/changed_how.h"
#include "recon/check/check_marks.h"
#include "recon/check/check_options.h"
#include "recon/check/check_rolling.h"
#include "recon/check/check_servers.h"
#include "recon/check/check_sides.h"

#define FINDINGS_AT_ONCE 2000
/* A row that is looked up costs about three that a scan meets. */
#define MANY_KEYS 10000U
#define UNLOGGED " (log_slave_updates is off)"
#define CRASHED                                                                                    \
    "the server left a file of it without an end, as in a crash, and may have lost the last of "   \
    "that (sync_binlog is not 1)"
#define MUCH_CHANGED "so many of its rows changed that to read all is less work"

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading what changed");
}

/* ---- places ---- */

static enum mr_code read_places(struct mr_check_run *check, struct mr_log_place *places,
                                size_t count, struct mr_err *err)
{
    for (size_t at = 0; at < count; at++) {
        struct mr_db *db;
        places[at] = (struct mr_log_place){.gtids = "", .applied = "", .why = "it is no server"};
        MR_TRY(mr_check_servers_db(check, at, &db, err));
        if (db == NULL)
            continue;
        MR_TRY(mr_log_place_read(db, &check->arena, &places[at], err));
        if (places[at].log == NULL)
            mr_log_detail("where the log of the %s stands is not kept: %s",
                          mr_side_name(at == MR_TARGET ? MR_TARGET : MR_SOURCE), places[at].why);
    }
    return MR_OK;
}

enum mr_code mr_check_places_keep(struct mr_check_run *check, struct mr_err *err)
{
    const size_t count = mr_check_servers_count(check);
    if (check->opts->case_path == NULL)
        return MR_OK;
    struct mr_log_place *places = mr_arena_calloc(&check->arena, count, sizeof *places);
    if (places == NULL)
        return nomem(err);
    MR_TRY(mr_run_places(check->fd, MR_RUN_BEGAN, &check->arena, places, count, err));
    const bool has_both = (places[MR_SOURCE].log != NULL || places[MR_SOURCE].why != NULL) &&
                          (places[MR_TARGET].log != NULL || places[MR_TARGET].why != NULL);
    if (!has_both && check->is_resumed)
        /* an earlier version began it: of rows that it has read a place of now says nothing */
        for (size_t at = 0; at < count; at++)
            places[at].why = "the last run was begun by a version that did not keep where it stood";
    else if (!has_both)
        MR_TRY(read_places(check, places, count, err));
    if (!has_both)
        MR_TRY(mr_run_places_save(check->fd, MR_RUN_BEGAN, places, count, err));
    if (check->changed != NULL)
        memcpy(check->changed->places, places, sizeof check->changed->places);
    return MR_OK;
}

/* A server that is gone by now takes nothing from what was read of it. */
enum mr_code mr_check_places_end(struct mr_check_run *check, struct mr_err *err)
{
    const size_t count = mr_check_servers_count(check);
    struct mr_err why = {0};
    if (check->opts->case_path == NULL || atomic_load(&check->lost))
        return MR_OK;
    struct mr_log_place *places = mr_arena_calloc(&check->arena, count, sizeof *places);
    if (places == NULL)
        return nomem(err);
    const enum mr_code code = read_places(check, places, count, &why);
    if (code == MR_OK)
        return mr_run_places_save(check->fd, MR_RUN_ENDED, places, count, err);
    if (mr_check_is_fatal(code)) {
        if (err != NULL)
            *err = why;
        return code;
    }
    mr_log_detail("where the logs stand at the end is not kept: %s", why.message);
    return MR_OK;
}

/* ---- the run before ---- */

static enum mr_code refuse_no_run(const struct mr_check_run *check, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_NO_SUCH,
                     "option \"--changed\": the case file \"%s\" holds no finished run, and what "
                     "changed is read since one",
                     check->opts->case_path);
    mr_err_hint(err,
                "Run the same command once without --changed: that run reads everything, and is "
                "the start.");
    return MR_E_NO_SUCH;
}

static enum mr_code refuse_no_log(const struct mr_check_run *check, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        if (mr_side_is_server(&check->pairing.side[side]))
            continue;
        (void)mr_err_set(
            err, MR_E_UNSUPPORTED, "option \"--changed\": the %s is %s, which has no log",
            mr_side_name((enum mr_side)side),
            mr_side_is_snapshot(&check->pairing.side[side]) ? "a snapshot" : "many servers as one");
        mr_err_hint(err, "Leave out --changed: all rows are read then.");
        return MR_E_UNSUPPORTED;
    }
    return MR_OK;
}

static enum mr_code refuse_other_server(const struct mr_check_run *check, enum mr_side side,
                                        const struct mr_server *was, struct mr_err *err)
{
    struct mr_strbuf then = MR_STRBUF_INIT, here = MR_STRBUF_INIT;
    mr_server_add_text(was, &then);
    mr_server_add_text(&check->pairing.side[side].cat->server, &here);
    (void)mr_err_set(
        err, MR_E_CASE_OTHER,
        "the last finished run %s of the case file had another server as its %s: the log "
        "of this one says nothing of what that run read",
        check->changed->base.uuid, mr_side_name(side));
    if (!then.failed && !here.failed)
        mr_err_detail(err, "the run's: %s\nnow: %s", then.ptr, here.ptr);
    mr_err_hint(err, "Leave out --changed once: that run reads everything, and is the new start.");
    mr_strbuf_release(&then);
    mr_strbuf_release(&here);
    return MR_E_CASE_OTHER;
}

static enum mr_code check_servers(struct mr_check_run *check, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_server was;
        bool known = false;
        MR_TRY(mr_findings_server(check->fd, side, &was, &known, err));
        if (known && !mr_server_is_same(&was, &check->pairing.side[side].cat->server))
            return refuse_other_server(check, (enum mr_side)side, &was, err);
        if (!known) /* by an earlier version; it kept no place either */
            check->changed->changes.from[side] = (struct mr_log_place){.gtids = "", .applied = ""};
    }
    return MR_OK;
}

static int compare_name(const void *name, const void *table)
{
    return strcmp(name, ((const struct mr_find_table *)table)->name);
}

/* What the run before says of its tables: they stand in the order of their names. */
static enum mr_code take_tables(struct mr_check_run *check, bool has_proofs, struct mr_err *err)
{
    struct mr_check_changed *c = check->changed;
    struct mr_find_table *tables = NULL;
    size_t count = 0;
    MR_TRY(mr_findings_tables(check->fd, &check->arena, &tables, &count, err));
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        const struct mr_pair *pair = check->pairing.tables[i];
        struct mr_changed_table *t = &c->tables[pair->at];
        struct mr_table_proof proof;
        bool found = false;
        const struct mr_find_table *base =
            count > 0 ? bsearch(pair->find.name, tables, count, sizeof *tables, compare_name)
                      : NULL;
        if (base == NULL || strcmp(base->target_name, pair->find.target_name) != 0)
            continue;
        t->base = base;
        t->proved = c->base.started;
        if (has_proofs)
            MR_TRY(mr_table_proof(check->fd, base->id, &check->arena, &proof, &found, err));
        if (found)
            t->proved = proof.proved;
    }
    return MR_OK;
}

enum mr_code mr_check_changed_begin(struct mr_check_run *check, struct mr_err *err)
{
    bool has_change;
    struct mr_err why = {0};
    if (!check->opts->changed)
        return MR_OK;
    struct mr_check_changed *c = mr_arena_calloc(&check->arena, 1, sizeof *c);
    if (c == NULL)
        return nomem(err);
    check->changed = c;
    c->settings = (struct mr_vec)MR_VEC_INIT(struct mr_find_setting);
    MR_TRY(mr_changes_init(&c->changes, &check->pairing, &check->arena, err));
    c->tables = mr_arena_calloc(&check->arena, check->pairing.ntables + 1, sizeof *c->tables);
    if (c->tables == NULL)
        return nomem(err);
    MR_TRY(refuse_no_log(check, err));
    const enum mr_code code =
        mr_findings_run_choose(check->fd, NULL, &check->arena, &c->base, &why);
    if (code == MR_E_NO_SUCH || (code == MR_OK && !c->base.finished))
        return refuse_no_run(check, err);
    if (code != MR_OK) {
        *err = why;
        return code;
    }
    MR_TRY(mr_run_places(check->fd, MR_RUN_BEGAN, &check->arena, c->changes.from, MR_SIDES, err));
    MR_TRY(mr_run_places(check->fd, MR_RUN_ENDED, &check->arena, c->ended, MR_SIDES, err));
    MR_TRY(check_servers(check, err));
    MR_TRY(mr_run_change(check->fd, &check->arena, &c->before, &has_change, err));
    MR_TRY(mr_findings_settings(check->fd, &check->arena, &c->settings, err));
    c->now = (struct mr_run_change){.base = c->base.id, .since = c->base.started};
    return take_tables(check, has_change, err);
}

void mr_check_changed_end(struct mr_check_run *check)
{
    if (check->changed == NULL)
        return;
    mr_changes_release(&check->changed->changes);
    mr_vec_release(&check->changed->settings);
}

/* ---- what logs cannot tell of a side ---- */

static enum mr_code ask_set(struct mr_db *db, const char *sql, struct mr_gtid_set *set,
                            struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(db, sql, &text, err);
    if (code == MR_OK)
        code = mr_gtid_set_parse(set, text.ptr, text.len, err);
    mr_strbuf_release(&text);
    return code;
}

/*
 * MySQL lists as purged what it has executed and what is in none of its logs.  While the place is still in
 * one, nothing behind it was removed: what is listed and was not seen by the last run came without a log
 * (gtid_purged was set, the data is another server's by now, or it was applied unlogged).  `other`, or NULL:
 * the server that the side applies from unlogged, whose log stands for its own.
 */
static enum mr_code came_unlogged(struct mr_db *db, struct mr_db *other,
                                  const struct mr_log_place *was, bool *unlogged,
                                  struct mr_err *err)
{
    struct mr_gtid_set seen, lost;
    enum mr_code code = MR_OK;
    if (mr_db_server(db)->flavour != MR_FLAVOUR_MYSQL || mr_db_server(db)->version < 50600)
        return MR_OK;
    mr_gtid_set_init(&seen);
    mr_gtid_set_init(&lost);
    MR_TRY_OUT(mr_gtid_set_parse(&seen, was->gtids, strlen(was->gtids), err));
    MR_TRY_OUT(ask_set(db, "SELECT @@GLOBAL.gtid_purged", &lost, err));
    if (other != NULL) /* behind the other question: it is ahead of what comes from it */
        MR_TRY_OUT(ask_set(other, "SELECT @@GLOBAL.gtid_executed", &seen, err));
    *unlogged = !mr_gtid_set_contains(&seen, &lost);
out:
    mr_gtid_set_release(&seen);
    mr_gtid_set_release(&lost);
    return code;
}

/* As mr_replication_sources writes them: "host:port" (…), "host:port" (…). */
static unsigned count_sources(const char *sources)
{
    unsigned count = 0;
    for (const char *at = sources; (at = strstr(at, "\" (")) != NULL; at++)
        count++;
    return count;
}

/* Who feeds a side that logs nothing of what it applies. */
struct fed {
    enum mr_side side;
    const char *cluster; /* it is a node of one; or NULL */
    bool seen;           /* the account may see its channels */
    enum mr_relation relation;
    struct mr_strbuf sources, note;
};

/* *why: the log of the other side does not stand for the side's own; NULL: it does, or nothing feeds
 * the side. */
static enum mr_code judge_fed(struct mr_check_run *check, const struct fed *fed, const char **why,
                              struct mr_err *err)
{
    const char *other = mr_side_name(mr_other_side(fed->side));
    const char *applied = check->changed->places[fed->side].applied;
    const bool by_other =
        fed->relation == MR_RELATION_FOLLOWS || fed->relation == MR_RELATION_STOPPED;
    if (fed->cluster != NULL)
        *why = mr_arena_fmt(&check->arena,
                            "it is %s, and logs nothing of what the others write" UNLOGGED,
                            fed->cluster);
    else if (!fed->seen)
        *why = mr_arena_fmt(&check->arena,
                            "it logs nothing of what it applies of others" UNLOGGED
                            ", and whether it applies anything is hidden from the account: %s",
                            fed->note.ptr);
    else if (!by_other && (fed->sources.len > 0 || applied[0] != '\0'))
        *why = mr_arena_fmt(
            &check->arena,
            "it applied what others than the %s wrote, and logs nothing of it" UNLOGGED, other);
    else if (count_sources(fed->sources.ptr) > 1)
        *why = mr_arena_fmt(&check->arena,
                            "it applies what several servers write, and logs nothing of "
                            "it" UNLOGGED);
    else
        return MR_OK;
    return *why != NULL ? MR_OK : nomem(err);
}

/* Said in the result, too: one log is the witness of both sides. */
static enum mr_code note_fed(struct mr_check_run *check, enum mr_side side, struct mr_err *err)
{
    struct mr_run_change *now = &check->changed->now;
    now->note =
        mr_arena_fmt(&check->arena,
                     "Attested by the log of the %s alone: what the %s applies is in no log of "
                     "its own" UNLOGGED,
                     mr_side_name(mr_other_side(side)), mr_side_name(side));
    if (now->note == NULL)
        return nomem(err);
    mr_log_info("%s", now->note);
    return MR_OK;
}

/* Nothing was: of a MariaDB its position says so, but for what a MySQL, or a source without GTIDs, has written. */
static enum mr_code applied_nothing(const struct mr_check_run *check, const struct fed *fed,
                                    struct mr_db *db, bool *yes, struct mr_err *err)
{
    const struct mr_check_changed *c = check->changed;
    *yes = fed->cluster == NULL && mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB &&
           strcmp(c->changes.from[fed->side].applied, c->places[fed->side].applied) == 0;
    return *yes && fed->sources.len > 0 ? mr_replica_goes_by_gtid(db, yes, err) : MR_OK;
}

/*
 * A side that logs nothing of what it applies: where that comes from the other side alone, its log names
 * the rows: *by, where that is a MySQL.  *why: it does not.
 */
static enum mr_code applied_unlogged(struct mr_check_run *check, enum mr_side side,
                                     struct mr_db *db, struct mr_db **by, const char **why,
                                     struct mr_err *err)
{
    struct fed fed = {.side = side, .sources = MR_STRBUF_INIT, .note = MR_STRBUF_INIT};
    struct mr_db *other;
    bool nothing;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_cluster_of(db, &fed.cluster, err));
    MR_TRY_OUT(mr_replication_sources(db, &fed.seen, &fed.sources, err));
    MR_TRY_OUT(applied_nothing(check, &fed, db, &nothing, err));
    if (nothing)
        goto out;
    MR_TRY_OUT(mr_check_main(check, mr_other_side(side), &other, err));
    MR_TRY_OUT(mr_replication_relation(other, db, &fed.relation, &fed.note, err));
    MR_TRY_OUT(judge_fed(check, &fed, why, err));
    if (*why != NULL || fed.sources.len == 0)
        goto out;
    MR_TRY_OUT(note_fed(check, side, err));
    *by = mr_db_server(other)->flavour == MR_FLAVOUR_MYSQL ? other : NULL;
out:
    mr_strbuf_release(&fed.sources);
    mr_strbuf_release(&fed.note);
    return code;
}

/* The first reason stays. */
static enum mr_code say_whole(struct mr_check_run *check, enum mr_side side, const char *why,
                              struct mr_err *err)
{
    struct mr_changes *changes = &check->changed->changes;
    if (changes->whole_why == NULL)
        changes->whole_why =
            mr_arena_fmt(&check->arena, "log of the %s: %s", mr_side_name(side), why);
    return changes->whole_why != NULL ? MR_OK : nomem(err);
}

/* Since the base began, or since it ended. */
static enum mr_code went_back(const struct mr_check_run *check, enum mr_side side, bool is_mariadb,
                              bool *back, struct mr_err *err)
{
    const struct mr_check_changed *c = check->changed;
    MR_TRY(mr_went_back_since(is_mariadb, &c->changes.from[side], &c->places[side], back, err));
    if (!*back)
        MR_TRY(mr_went_back_since(is_mariadb, &c->ended[side], &c->places[side], back, err));
    return MR_OK;
}

/* Sets whole_why where the side's log cannot tell. */
static enum mr_code look_at_side(struct mr_check_run *check, enum mr_side side, struct mr_err *err)
{
    struct mr_changes *changes = &check->changed->changes;
    const struct mr_log_place *was = &changes->from[side], *now = &check->changed->places[side];
    const char *why = NULL;
    struct mr_db *db, *by = NULL;
    bool back = false, unlogged = false;
    MR_TRY(mr_check_main(check, side, &db, err));
    MR_TRY(mr_log_habits_read(db, &check->arena, &changes->habits[side], err));
    if (was->log == NULL)
        why = was->why != NULL ? was->why : "the last run did not keep where it stood";
    else if (now->log == NULL)
        why = now->why;
    else
        MR_TRY(went_back(check, side, mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB, &back, err));
    if (back)
        why = "the server has executed less than the last run saw: it was restored, or its log was "
              "begun anew";
    check->changed->restarted[side] = changes->habits[side].up_since >= was->at;
    if (why == NULL && changes->habits[side].hides_triggers)
        why = "triggers that the server runs for what it applies change rows that are not in it "
              "(slave_run_triggers_for_rbr = YES; LOGGING logs them)";
    if (why == NULL && !changes->habits[side].logs_applied)
        MR_TRY(applied_unlogged(check, side, db, &by, &why, err));
    if (why == NULL)
        MR_TRY(came_unlogged(db, by, was, &unlogged, err));
    check->changed->lacks[side] = unlogged;
    return why == NULL ? MR_OK : say_whole(check, side, why, err);
}

enum mr_code mr_check_changed_breathe(void *run, struct mr_err *err)
{
    const struct mr_check_run *check = run;
    mr_progress_tick(check->progress);
    return mr_throttle_wait(check->throttle, err);
}

static enum mr_code read_logs(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_changes *changes = &check->changed->changes;
    changes->opts = (struct mr_db_opts){.run_tag = check->run.uuid,
                                        .statement_timeout_s = check->opts->statement_timeout_s};
    changes->breathe = mr_check_changed_breathe;
    changes->ctx = check;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(look_at_side(check, (enum mr_side)side, err));
    for (int side = MR_SOURCE; side < MR_SIDES && changes->whole_why == NULL; side++) {
        mr_log_info("reading what changed on the %s since run %s", mr_side_name((enum mr_side)side),
                    check->changed->base.uuid);
        MR_TRY(check->read_changes(changes, (enum mr_side)side, err));
        mr_log_detail("log of the %s: %" PRIu64 " bytes, %" PRIu64 " transactions",
                      mr_side_name((enum mr_side)side), changes->log_bytes[side],
                      changes->transactions[side]);
        /* in a crash of the machine: the rows of what is gone may be there all the same */
        if (changes->unended[side] && !changes->habits[side].syncs)
            MR_TRY(say_whole(check, (enum mr_side)side, CRASHED, err));
    }
    /* where the place itself was removed, that is the reason */
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (check->changed->lacks[side])
            MR_TRY(say_whole(check, (enum mr_side)side,
                             "the server has executed transactions since the last run that are in "
                             "none of its logs (gtid_purged)",
                             err));
    return MR_OK;
}

/* ---- tables ---- */

/* Lines of the configuration that choose rows and columns, the same then and now. */
static bool matters(const char *key)
{
    return strcmp(key, "where") == 0 || strcmp(key, "ignore-columns") == 0 ||
           strcmp(key, "column") == 0;
}

static const char *setting_of(const struct mr_vec *settings, const char *table, const char *key)
{
    for (size_t i = 0; i < settings->count; i++) {
        const struct mr_find_setting *s = mr_vec_at(settings, i);
        if (strcmp(s->table, table) == 0 && strcmp(s->key, key) == 0)
            return s->value;
    }
    return NULL;
}

static enum mr_code same_settings(struct mr_check_run *check, const struct mr_pair *pair,
                                  bool *same, struct mr_err *err)
{
    const struct mr_table *t = pair->side[MR_SOURCE];
    const struct mr_vec *then = &check->changed->settings;
    struct mr_vec lines = MR_VEC_INIT(struct mr_config_line);
    size_t now = 0, was = 0;
    enum mr_code code = mr_config_lines(check->pairing.config, t->db, t->name, &lines, err);
    *same = true;
    for (size_t i = 0; code == MR_OK && i < lines.count; i++) {
        const struct mr_config_line *line = mr_vec_at(&lines, i);
        if (!matters(line->key))
            continue;
        const char *value = setting_of(then, pair->find.name, line->key);
        *same = *same && value != NULL && strcmp(value, line->value) == 0;
        now++;
    }
    for (size_t i = 0; i < then->count; i++) {
        const struct mr_find_setting *s = mr_vec_at(then, i);
        was += strcmp(s->table, pair->find.name) == 0 && matters(s->key);
    }
    *same = *same && now == was;
    mr_vec_release(&lines);
    return code;
}

static bool same_columns(const struct mr_find_table *a, const struct mr_find_table *b)
{
    if (a->ncolumns != b->ncolumns || a->keyless != b->keyless)
        return false;
    for (size_t i = 0; i < a->ncolumns; i++)
        if (strcasecmp(a->columns[i].name, b->columns[i].name) != 0 ||
            strcmp(a->columns[i].type, b->columns[i].type) != 0 ||
            a->columns[i].key_at != b->columns[i].key_at)
            return false;
    return true;
}

/* What a crash interrupts has changed rows of it already, and is in no log yet. */
static bool may_have_torn(const struct mr_check_run *check, const struct mr_pair *pair)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (check->changed->restarted[side] &&
            !mr_engine_is_transactional(pair->side[side]->engine))
            return true;
    return false;
}

static enum mr_code decide(struct mr_check_run *check, struct mr_pair *pair, struct mr_err *err)
{
    struct mr_check_changed *c = check->changed;
    struct mr_changed_table *t = &c->tables[pair->at];
    const struct mr_changes_of *of = &c->changes.of[pair->at];
    const struct mr_find_table *base = t->base;
    struct mr_changed_facts facts = {
        .was_there = base != NULL,
        .was_read = base != NULL && base->settled && base->verdict != MR_VERDICT_NOT_CHECKED &&
                    base->verdict != MR_VERDICT_UNDECIDED,
        .same_columns = base != NULL && same_columns(base, &pair->find),
        .was_windowed = base != NULL && base->windowed,
        .is_windowed = pair->find.windowed || pair->scan[MR_SOURCE].where != NULL ||
                       pair->scan[MR_TARGET].where != NULL,
        .shares_rows = mr_engine_shares_rows(pair->side[MR_SOURCE]->engine) ||
                       mr_engine_shares_rows(pair->side[MR_TARGET]->engine),
        .may_have_torn = may_have_torn(check, pair),
        .log = c->changes.whole_why != NULL ? c->changes.whole_why : of->why,
        .has_order = pair->join == MR_JOIN_SHARED,
        .was_equal = base != NULL && base->verdict == MR_VERDICT_EQUAL,
        .is_misplaced = base != NULL && base->verdict == MR_VERDICT_UNSETTLED &&
                        (pair->side[MR_SOURCE]->partitioned || pair->side[MR_TARGET]->partitioned),
        .rolls = check->opts->rolling > 0};
    facts.same_table = base != NULL;
    if (base != NULL) {
        MR_TRY(same_settings(check, pair, &facts.same_settings, err));
        MR_TRY(mr_check_marks_are_of(check, pair, base->id, &facts.same_table, err));
    }
    t->proof = (struct mr_table_proof){
        .how = MR_READ_WHOLE, .why = mr_changed_whole(&facts), .proved = check->run.started};
    if (t->proof.why == NULL) {
        t->proof.how = MR_READ_KEYS;
        t->proof.proved = t->proved;
    } else {
        mr_changes_whole(&c->changes, pair->at, t->proof.why);
    }
    return MR_OK;
}

/* What differed, or was not to be told, is looked at again. */
static enum mr_code add_findings(struct mr_check_run *check, const struct mr_pair *pair,
                                 enum mr_find_state state, struct mr_err *err)
{
    struct mr_changes *changes = &check->changed->changes;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec found = MR_VEC_INIT(struct mr_finding);
    int64_t after = 0;
    enum mr_code code = MR_OK;
    do {
        mr_arena_reset(&arena);
        mr_vec_clear(&found);
        MR_TRY_OUT(mr_findings_in_state(check->fd, check->changed->tables[pair->at].base->id, state,
                                        after, FINDINGS_AT_ONCE, false, &arena, &found, err));
        for (size_t i = 0; i < found.count; i++) {
            const struct mr_finding *f = mr_vec_at(&found, i);
            MR_TRY_OUT(mr_changes_add(changes, pair->at, f->key, err));
            after = f->id;
        }
    } while (found.count > 0 && changes->of[pair->at].why == NULL);
out:
    mr_vec_release(&found);
    mr_arena_release(&arena);
    return code;
}

/* Keys of one table may have had no room beside those of another: what is whole by then says so. */
static enum mr_code settle(struct mr_check_run *check, struct mr_pair *pair, struct mr_err *err)
{
    struct mr_check_changed *c = check->changed;
    struct mr_table_proof *proof = &c->tables[pair->at].proof;
    struct mr_changes_of *of = &c->changes.of[pair->at];
    if (proof->how != MR_READ_WHOLE && of->why != NULL)
        *proof = (struct mr_table_proof){
            .how = MR_READ_WHOLE, .why = of->why, .proved = check->run.started};
    if (proof->how == MR_READ_WHOLE || atomic_load(&pair->failed))
        return MR_OK;
    MR_TRY(mr_key_set_unite(&of->keys, err));
    proof->keys = mr_key_set_count(&of->keys);
    if (proof->keys > MANY_KEYS && proof->keys > pair->est_rows / 6) {
        *proof = (struct mr_table_proof){
            .how = MR_READ_WHOLE, .why = MUCH_CHANGED, .proved = check->run.started};
        mr_changes_whole(&c->changes, pair->at, MUCH_CHANGED);
        return MR_OK;
    }
    struct mr_err why = {0};
    return mr_check_leave(check, pair, mr_check_rolling_table(check, pair, &why), &why, err);
}

enum mr_code mr_check_changed_read(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_check_changed *c = check->changed;
    if (c == NULL)
        return MR_OK;
    MR_TRY(mr_check_rolling_begin(check, err));
    MR_TRY(read_logs(check, err));
    for (size_t i = 0; i < check->pairing.ntables; i++)
        MR_TRY(decide(check, check->pairing.tables[i], err));
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        const struct mr_pair *pair = check->pairing.tables[i];
        if (c->tables[pair->at].proof.how == MR_READ_WHOLE || pair->join != MR_JOIN_SHARED)
            continue;
        MR_TRY(add_findings(check, pair, MR_FIND_DIVERGED, err));
        MR_TRY(add_findings(check, pair, MR_FIND_UNSETTLED, err));
    }
    for (size_t i = 0; i < check->pairing.ntables; i++)
        MR_TRY(settle(check, check->pairing.tables[i], err));
    return mr_run_change_save(check->fd, &c->now, err);
}

const struct mr_key_set *mr_check_changed_keys(const struct mr_check_run *check,
                                               const struct mr_pair *table)
{
    if (check->changed == NULL || check->changed->tables[table->at].proof.how == MR_READ_WHOLE)
        return NULL;
    return &check->changed->changes.of[table->at].keys;
}

enum mr_code mr_check_changed_table(struct mr_check_run *check, struct mr_pair *table,
                                    struct mr_err *err)
{
    struct mr_table_proof was;
    bool found;
    if (check->changed == NULL)
        return MR_OK;
    const struct mr_table_proof *now = &check->changed->tables[table->at].proof;
    MR_TRY(mr_table_proof(check->fd, table->find.id, &check->arena, &was, &found, err));
    /* of keys nothing tells which were looked at */
    if (check->opts->resume && !table->find.settled &&
        (!found || was.how != MR_READ_WHOLE || now->how != MR_READ_WHOLE)) {
        table->find.scanned = false;
        table->find.counts = (struct mr_find_counts){0};
        MR_TRY(mr_findings_table_clear(check->fd, table->find.id, err));
    }
    if (now->how == MR_READ_WHOLE && now->why != NULL)
        mr_log_detail("table \"%s\" is read whole: %s", table->find.name, now->why);
    return mr_table_proof_save(check->fd, table->find.id, now, err);
}
