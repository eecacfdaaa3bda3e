/* check.c: see check.h. */
#include "recon/check/check.h"

#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/db/sqltext.h"
#include "recon/check/check_options.h"

bool mr_check_is_fatal(enum mr_code code)
{
    return code == MR_E_CANCELLED || code == MR_E_NOMEM || code == MR_E_CASE ||
           code == MR_E_CASE_OTHER || code == MR_E_IO || code == MR_E_BUG;
}

void mr_check_hint_connections(enum mr_code code, struct mr_err *err)
{
    if (code != MR_OK && mr_db_is_full(err))
        mr_err_hint(err, "A check needs two connections to each server even with --threads 1, "
                         "and one more for each further thread: run it again with fewer "
                         "--threads, or when there are free connections.");
}

/* The right that is missing, where the catalogue shows a table that cannot be read. */
static void add_grants(const struct mr_check_run *check, const struct mr_pair *table,
                       struct mr_strbuf *reason)
{
    for (int i = MR_SOURCE; i < MR_SIDES; i++) {
        const struct mr_grants *grants = check->pairing.side[i].grants;
        const struct mr_table *t = table->side[i];
        if (grants == NULL || t == NULL || mr_grants_on_table(grants, "SELECT", t->db, t->name))
            continue;
        mr_strbuf_add_fmt(reason, "; on the %s run: GRANT SELECT ON ",
                          mr_side_name((enum mr_side)i));
        mr_sql_table(reason, t->db, t->name);
        mr_strbuf_add_fmt(reason, " TO %s", mr_grants_account(grants));
    }
}

#define QUERY_KILLED 1317

/* Whoever ends statements, of one table perhaps, has not ended the server.  Where another answers
 * by now, the one that was read is as good as lost. */
static bool is_gone(const struct mr_err *err)
{
    return err->code == MR_E_CONNECT || err->code == MR_E_MOVED ||
           (err->code == MR_E_LOST && err->sql_errno != QUERY_KILLED);
}

/* A reader says of which table it is the error. */
static const char *without_name(const char *message, const char *name)
{
    const size_t len = strlen(name);
    if (strncmp(message, "table \"", 7) == 0 && strncmp(message + 7, name, len) == 0 &&
        strncmp(message + 7 + len, "\": ", 3) == 0)
        return message + 7 + len + 3;
    return message;
}

/* Only the first reason is kept: later ones are mostly its consequences.  That a server is lost
 * is noticed whichever failure it was. */
void mr_check_give_up(struct mr_check_run *check, struct mr_pair *table, const struct mr_err *err)
{
    pthread_mutex_lock(&check->lock);
    if (!atomic_load(&table->failed)) {
        struct mr_strbuf reason = MR_STRBUF_INIT;
        const char *hint = mr_err_get_hint(err);
        mr_strbuf_add_str(&reason, without_name(err->message, table->find.name));
        if (err->code == MR_E_DENIED && hint != NULL)
            mr_strbuf_add_fmt(&reason, "; %s", hint);
        else if (err->code == MR_E_DENIED)
            add_grants(check, table, &reason);
        const char *text = mr_arena_strdup(table->arena, reason.ptr);
        table->find.reason = text != NULL ? text : "out of memory";
        table->find.verdict = MR_VERDICT_NOT_CHECKED;
        table->find.settled = false;
        atomic_store(&table->failed, true);
        mr_log_warning("table \"%s\" is not checked: %s", table->find.name, table->find.reason);
        mr_strbuf_release(&reason);
    }
    if (is_gone(err))
        atomic_store(&check->lost, true);
    pthread_mutex_unlock(&check->lock);
}

enum mr_code mr_check_leave(struct mr_check_run *check, struct mr_pair *table, enum mr_code code,
                            const struct mr_err *why, struct mr_err *err)
{
    if (code != MR_OK && !mr_check_is_fatal(code)) {
        mr_check_give_up(check, table, why);
        return MR_OK;
    }
    if (code != MR_OK && err != NULL)
        *err = *why;
    return code;
}

/* What was found in a table that was given up since is not so, or not known to be: perhaps it was compared with
 * another one. */
enum mr_code mr_check_save_tables(struct mr_check_run *check, struct mr_err *err)
{
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        struct mr_find_table *table = &check->pairing.tables[i]->find;
        if (table->verdict == MR_VERDICT_NOT_CHECKED)
            table->counts = (struct mr_find_counts){.source_rows = table->counts.source_rows,
                                                    .target_rows = table->counts.target_rows,
                                                    .bytes = table->counts.bytes};
        MR_TRY(mr_findings_table_save(check->fd, table, err));
    }
    return MR_OK;
}

double mr_check_settle_s(const struct mr_check_run *check)
{
    bool moves = !mr_side_is_snapshot(&check->pairing.side[MR_SOURCE]) ||
                 !mr_side_is_snapshot(&check->pairing.side[MR_TARGET]);
    return moves ? check->opts->settle_ms / 1000.0 : 0;
}

enum mr_code mr_check_sleep(double seconds, struct mr_progress *progress, struct mr_err *err)
{
    const struct timespec step = {0, 20 * 1000 * 1000};
    double end = mr_clock_now_s() + seconds;
    while (mr_clock_now_s() < end) {
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        (void)nanosleep(&step, NULL);
        if (progress != NULL)
            mr_progress_tick(progress);
    }
    return MR_OK;
}

enum mr_code mr_check_keep_unseen(struct mr_check_run *check, const char *what,
                                  const struct mr_err *why, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *hint = mr_err_get_hint(why);
    if (check->run.hidden != NULL)
        mr_strbuf_add_fmt(&text, "%s\n", check->run.hidden);
    mr_strbuf_add_fmt(&text, "%s: %s", what, why->message);
    if (hint != NULL)
        mr_strbuf_add_fmt(&text, " (%s)", hint);
    enum mr_code code = mr_strbuf_check(&text, "describing what was not seen", err);
    if (code == MR_OK) {
        check->run.hidden = mr_arena_strdup(&check->arena, text.ptr);
        if (check->run.hidden == NULL)
            code = mr_err_nomem(err, "describing what was not seen");
    }
    mr_strbuf_release(&text);
    return code;
}
