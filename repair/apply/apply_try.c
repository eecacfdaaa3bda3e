/* apply_try.c: tries of a unit, until it is done or refused; see apply_internal.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/backoff.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/db/db_error.h"
#include "repair/apply/apply_checks.h"
#include "repair/apply/apply_internal.h"
#include "repair/apply/apply_sums.h"
#include "repair/apply/dropped.h"
#include "repair/script/script_text.h"

#define RECONNECTS 8
#define GUARD_TRIES 4

/* Of a server: how a script's SET tells something; what a server says that may not be written
 * to. */
enum {
    CHECK_FAILED = 3819,
    CHECK_FAILED_MARIADB = 4025,
    UNKNOWN_TIME_ZONE = 1298,
    READ_ONLY = 1290,
    READ_ONLY_MODE = 1836
};

/* ---- one statement ---- */

static const char *keep(struct mr_attempt *a, struct mr_cell cell)
{
    return mr_arena_dup(&a->arena, cell.ptr != NULL ? cell.ptr : "", cell.len);
}

/* The list is bounded, as a unit may have any number of rows; a refusal of the unit itself is always
 * told. */
enum mr_code mr_attempt_add_refusal(struct mr_attempt *a, const char *table, const char *key,
                                    const char *reason, struct mr_err *err)
{
    const bool full = a->refusals.count >= MR_REFUSALS_MAX;
    if (full && table != NULL && *table != '\0') {
        a->unlisted++;
        return MR_OK;
    }
    struct mr_refusal *refusal = mr_vec_push(&a->refusals);
    if (refusal == NULL || table == NULL || key == NULL || reason == NULL)
        return mr_err_nomem(err, "listing what was refused");
    *refusal = (struct mr_refusal){
        .unit = a->unit->number, .table = table, .key = key, .reason = reason, .unsure = a->unsure};
    return MR_OK;
}

static bool is_listing(const struct mr_result *res)
{
    static const char *const names[] = {"table", "key", "reason"};
    if (mr_result_columns(res) != sizeof names / sizeof *names)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(mr_result_column_name(res, i), names[i]) != 0)
            return false;
    return true;
}

static enum mr_code take_listing(struct mr_attempt *a, struct mr_result *res, struct mr_err *err)
{
    const struct mr_cell *cells = NULL;
    while ((cells = mr_result_next(res)) != NULL)
        MR_TRY(mr_attempt_add_refusal(a, keep(a, cells[0]), keep(a, cells[1]), keep(a, cells[2]),
                                      err));
    return MR_OK;
}

/* Does it give rows? */
static bool is_select(const struct mr_script_read_item *item)
{
    return item->len > 7 && strncasecmp(item->sql, "SELECT", 6) == 0 &&
           (item->sql[6] == ' ' || item->sql[6] == '\n') &&
           memmem(item->sql, item->len, " INTO @", 7) == NULL;
}

static enum mr_code send(struct mr_attempt *a, const struct mr_script_read_item *item,
                         struct mr_err *err)
{
    struct mr_db *db = a->run->target->db;
    struct mr_result *res = NULL;
    if (item->section != MR_SCRIPT_READ_END || !is_select(item))
        return mr_db_exec(db, item->sql, item->len, err);
    enum mr_code code = mr_db_query(db, "*", item->sql, item->len, &res, err);
    if (code == MR_OK && is_listing(res))
        code = take_listing(a, res, err);
    mr_result_free(res);
    return code;
}

static bool is_word(const struct mr_script_read_item *item, const char *word)
{
    return item->len >= strlen(word) && strncmp(item->sql, word, strlen(word)) == 0;
}

/* A script counts the statements that have run by another one behind each, since a plain
 * client may go on after an error.  This one ends at the first, so it counts by itself, and
 * tells the server before it is asked: half of the round trips. */
static enum mr_code send_counted(struct mr_attempt *a, const struct mr_script_read_item *item,
                                 struct mr_err *err)
{
    char sql[64];
    if (strcmp(item->sql, MR_SCRIPT_RAN) == 0) {
        a->ran++;
        return MR_OK;
    }
    if (is_word(item, "SET @myrecon_ran = 0"))
        a->ran = 0;
    else if (memmem(item->sql, item->len, "@myrecon_ran", 12) != NULL) {
        (void)snprintf(sql, sizeof sql, "SET @myrecon_ran = %u", a->ran);
        MR_TRY(mr_attempt_exec(a, sql, err));
    }
    return send(a, item, err);
}

/* ---- one try ---- */

enum mr_code mr_attempt_exec(struct mr_attempt *a, const char *sql, struct mr_err *err)
{
    return mr_db_exec(a->run->target->db, sql, strlen(sql), err);
}

/* What an earlier unit of the session has left must not be taken for this one's. */
static enum mr_code begin(struct mr_attempt *a, struct mr_err *err)
{
    MR_TRY(mr_attempt_exec(
        a, "SET @myrecon_end = NULL, @myrecon_written = NULL, @myrecon_done = NULL", err));
    char last[64] = "SET @myrecon_last = NULL";
    if (a->last > 0)
        (void)snprintf(last, sizeof last, "SET @myrecon_last = %" PRIu64, a->last);
    MR_TRY(mr_attempt_exec(a, last, err));
    return mr_attempt_exec(a, a->dry ? "SET @myrecon_dry = 1" : "SET @myrecon_dry = NULL", err);
}

static uint64_t number_of(struct mr_cell cell)
{
    return cell.ptr != NULL ? strtoull(cell.ptr, NULL, 10) : 0;
}

/* Whether it was committed is what the script chose, which set this behind its last guard: that
 * COMMIT was sent says nothing. */
static enum mr_code read_end(struct mr_attempt *a, struct mr_err *err)
{
    static const char sql[] = "SELECT @myrecon_end, @myrecon_written, @myrecon_done";
    struct mr_result *res = NULL;
    enum mr_code code = mr_db_query(a->run->target->db, "nnn", sql, sizeof sql - 1, &res, err);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    const char *end = cells != NULL && cells[0].ptr != NULL ? cells[0].ptr : "";
    a->committed = strcmp(end, "COMMIT") == 0;
    a->untold = code == MR_OK && !a->committed && strcmp(end, "ROLLBACK") != 0;
    if (cells != NULL) {
        a->written = a->committed || a->dry ? number_of(cells[1]) : 0;
        a->there = number_of(cells[2]);
        a->there -= a->passed < a->there ? a->passed : a->there;
    }
    mr_result_free(res);
    return code;
}

/* Is it how a unit tells a plain client what has become of it?  We ask for that. */
static bool reports_outcome(const struct mr_script_read_item *item, const struct mr_err *why)
{
    return item->section == MR_SCRIPT_READ_END && why->sql_errno == UNKNOWN_TIME_ZONE;
}

/* A guard that asks a table which nobody has any more: none of its rows refers to ours. */
static bool asks_dropped(const struct mr_attempt *a, const struct mr_script_read_item *item,
                         const struct mr_err *why)
{
    return item->section == MR_SCRIPT_READ_GUARDS &&
           mr_dropped_explains(a->run->dropped, item->sql, item->len, why);
}

/* Is the statement sent in this run?  Of the end a dry run asks only what is refused. */
static bool is_sent(const struct mr_attempt *a, const struct mr_script_read_item *item)
{
    if (a->chained && is_word(item, "START TRANSACTION"))
        return false; /* it would commit the units before */
    if (a->staged && item->section <= MR_SCRIPT_READ_STAGE)
        return false;
    if (item->section == MR_SCRIPT_READ_ASIDE)
        return !mr_aside_is_empty(&a->aside) && !(a->staged && a->last > 0);
    if (a->last > 0)
        return item->section <= MR_SCRIPT_READ_WRITE;
    if (a->run->rehearse && !a->dry)
        return item->section != MR_SCRIPT_READ_END || is_select(item) ||
               is_word(item, "SET @myrecon_end");
    if (!a->dry || item->section <= MR_SCRIPT_READ_GUARDS)
        return true;
    return item->section == MR_SCRIPT_READ_END && is_select(item);
}

/* What a script has before its end, and what of that commits nothing.  A statement that is
 * none of these would make a rehearsal or a dry run change something. */
static bool may_stay(const struct mr_attempt *a, const struct mr_script_read_item *item)
{
    static const char *const harmless[] = {
        "START TRANSACTION",       "SAVEPOINT ", "USE ",    "SET ",
        "CREATE TEMPORARY TABLE ", "SELECT ",    "INSERT ", "UPDATE ",
        "DROP TEMPORARY TABLE ",   "DELETE "};
    if (!a->dry && !a->run->rehearse)
        return false;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (is_word(item, harmless[i]))
            return false;
    return true;
}

static enum mr_code look_before(struct mr_attempt *a, struct mr_err *err)
{
    if (a->fired != NULL)
        MR_TRY(mr_fired_before(a->fired, a->lost, err));
    return a->beside != NULL ? mr_fired_beside_before(a->beside, a->lost, err) : MR_OK;
}

static enum mr_code look_after(struct mr_attempt *a, struct mr_err *err)
{
    if (a->fired != NULL)
        MR_TRY(mr_fired_after(a->fired, err));
    return a->beside != NULL ? mr_fired_beside_after(a->beside, err) : MR_OK;
}

/* apply: what triggers write is looked for in front of the write and of COMMIT.  undo: what
 * they wrote goes in front of the guards, and comes back with what it refers to. */
static enum mr_code look_at_fired(struct mr_attempt *a, const struct mr_script_read_item *item,
                                  struct mr_err *err)
{
    const bool writes = !a->dry && a->last == 0, begins = a->section != item->section;
    bool again = false;
    enum mr_code code = MR_OK;
    if (writes && begins && item->section == MR_SCRIPT_READ_WRITE)
        return look_before(a, err);
    if (writes && begins && item->section == MR_SCRIPT_READ_END)
        MR_TRY(look_after(a, err));
    if (a->back != NULL && begins && item->section == MR_SCRIPT_READ_GUARDS)
        return mr_fired_back_take(a->back, err);
    if (a->back != NULL && writes && begins && item->section == MR_SCRIPT_READ_END)
        code = mr_fired_back_check(a->back, &again, err);
    if (!again)
        return code;
    (void)mr_err_set(err, MR_E_LOST, "what triggers wrote stays with what it refers to");
    err->sql_errno = MR_ER_DEADLOCK; /* rolled back and tried again, as after one */
    return MR_E_LOST;
}

static enum mr_code look_at_stage(struct mr_attempt *a, const struct mr_script_read_item *item,
                                  struct mr_err *err)
{
    if (item->section != MR_SCRIPT_READ_STAGE || a->staged)
        return MR_OK;
    if (a->section != item->section)
        mr_staged_clear(&a->tables);
    return mr_staged_see(&a->tables, item->sql, err);
}

static enum mr_code look_at_found(struct mr_attempt *a, const struct mr_script_read_item *item,
                                  struct mr_err *err)
{
    if (item->section != MR_SCRIPT_READ_END || a->section == item->section)
        return MR_OK;
    if (a->run->which == MR_JOURNAL_UNDO)
        return mr_attempt_count_passed(a, err);
    return a->dry || a->last > 0 ? MR_OK : mr_attempt_note_found(a, err);
}

static enum mr_code look_at_sums(struct mr_attempt *a, const struct mr_script_read_item *item,
                                 struct mr_err *err)
{
    if (a->section == item->section)
        return MR_OK;
    if (item->section == MR_SCRIPT_READ_GUARDS)
        return mr_attempt_tell_sums(a, err);
    return item->section == MR_SCRIPT_READ_END ? mr_attempt_announce_sums(a, err) : MR_OK;
}

/* What comes in front of a statement, by the section in which it stands and the one before. */
static enum mr_code look_at(struct mr_attempt *a, const struct mr_script_read_item *item,
                            struct mr_err *err)
{
    const bool sets_aside = item->section == MR_SCRIPT_READ_ASIDE && a->section != item->section;
    if (sets_aside && !a->staged)
        MR_TRY(mr_attempt_pass_found(a, err));
    if (sets_aside && is_sent(a, item))
        MR_TRY(mr_aside_fill(&a->aside, a->run->target->db, err));
    MR_TRY(look_at_stage(a, item, err));
    MR_TRY(look_at_fired(a, item, err));
    MR_TRY(look_at_sums(a, item, err));
    return look_at_found(a, item, err);
}

/* Up to the last guard nothing is changed, and any failure leaves the server as it was.
 * THE POINT OF NO RETURN is the COMMIT among the statements of the end, which the script
 * chooses only where every guard held; the journal has announced the unit by then. */
static enum mr_code send_unit(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_script_read_item item;
    enum mr_code code = mr_script_read_seek(a->run->script, a->unit, err);
    if (code == MR_OK)
        code = mr_script_read_next(a->run->script, &item, err);
    while (code == MR_OK && (code = mr_script_read_next(a->run->script, &item, err)) == MR_OK &&
           item.kind == MR_SCRIPT_READ_STATEMENT) {
        struct mr_err why = {0};
        code = look_at(a, &item, &why);
        a->section = item.section;
        if (code == MR_OK && is_sent(a, &item))
            code = may_stay(a, &item)
                       ? mr_err_set(&why, MR_E_REFUSED,
                                    "the plan has a statement that could not be rolled "
                                    "back: %.*s",
                                    item.len < 60 ? (int)item.len : 60, item.sql)
                       : send_counted(a, &item, &why);
        if (code != MR_OK && (reports_outcome(&item, &why) || asks_dropped(a, &item, &why)))
            code = MR_OK;
        else if (code != MR_OK)
            *err = why;
    }
    return code;
}

/* What apply would find out by its first guard at the latest when it commits. */
static enum mr_code read_guards(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code =
        mr_db_query_text(a->run->target->db, "SELECT MIN(ok) FROM myrecon_guard", &text, err);
    a->held = code == MR_OK && strcmp(text.ptr, "1") == 0;
    mr_strbuf_release(&text);
    return code;
}

/* In a chain what stands before the unit stays. */
static enum mr_code take_back(struct mr_attempt *a, struct mr_err *err)
{
    return mr_attempt_exec(a, a->chained ? "ROLLBACK TO SAVEPOINT " MR_CHAIN_SAVEPOINT : "ROLLBACK",
                           err);
}

/* Rows that go along are listed before a rollback takes away what they are read from; how it ended
 * is read behind everything, and not of a probe, which only asks whether the server refuses. */
static enum mr_code try_unit(struct mr_attempt *a, struct mr_err *err)
{
    mr_arena_reset(&a->arena);
    mr_vec_clear(&a->refusals);
    a->unlisted = 0;
    a->section = 0;
    a->committed = a->untold = false;
    a->marker[0] = '\0'; /* of another try: what became of it is none of this one's */
    a->written = a->there = a->images = 0;
    MR_TRY(begin(a, err));
    MR_TRY(send_unit(a, err));
    if (a->dry)
        MR_TRY(read_guards(a, err));
    if (a->last == 0 && (a->dry || a->run->rehearse))
        MR_TRY(mr_attempt_list_along(a, err));
    if (a->dry || a->last > 0 || (a->run->rehearse && !a->chained))
        MR_TRY(take_back(a, err));
    return a->last == 0 ? read_end(a, err) : MR_OK;
}

/* ---- what a failure means ---- */

/* A guard of the script: somebody has come in between, whom the next try finds. */
static bool is_guard(const struct mr_err *why)
{
    return (why->sql_errno == CHECK_FAILED || why->sql_errno == CHECK_FAILED_MARIADB) &&
           strstr(why->message, "myrecon_guard") != NULL;
}

static enum mr_outcome judge(const struct mr_attempt *a, enum mr_code code,
                             const struct mr_err *why)
{
    if (code == MR_OK)
        return a->dry || a->committed || a->last > 0 ? MR_OUTCOME_DONE : MR_OUTCOME_GUARD;
    if (is_guard(why))
        return MR_OUTCOME_GUARD;
    if (code == MR_E_LOST && mr_db_is_lost(a->run->target->db))
        return MR_OUTCOME_LOST;
    if (code == MR_E_LOST || code == MR_E_TIMEOUT || mr_db_error_is_passing(why->sql_errno))
        return MR_OUTCOME_AGAIN;
    return MR_OUTCOME_REFUSED;
}

/* COMMIT is among the statements of the end: whatever stopped one of them, a connection that
 * is lost, a limit of time, KILL QUERY, may have come behind it.  And so may an answer that says
 * nothing of how it ended: the script has set that, and a server that speaks knows it. */
static bool may_be_committed(const struct mr_attempt *a, enum mr_code code)
{
    return (code != MR_OK || a->untold) && a->section == MR_SCRIPT_READ_END && !a->dry &&
           a->last == 0;
}

/* The script has chosen ROLLBACK, and the server has said so. */
static bool is_rolled_back(const struct mr_attempt *a, enum mr_code code)
{
    return code == MR_OK && !a->committed && !a->untold && !a->dry && a->last == 0;
}

/* Not of the unit but of the run. */
static bool is_fatal(enum mr_code code, const struct mr_err *why)
{
    return why->sql_errno == 0 && code != MR_E_LOST;
}

/* False: the connection is lost, and with it the transaction. */
bool mr_attempt_roll_back(struct mr_attempt *a)
{
    struct mr_err ignored = {0};
    return mr_attempt_exec(a, "ROLLBACK", &ignored) == MR_OK || !mr_db_is_lost(a->run->target->db);
}

/* In a crash a server may lose what it had committed last (innodb_flush_log_at_trx_commit,
 * sync_binlog).  Whole seconds: in doubt it was restarted. */
static bool is_restarted(const struct mr_attempt *a)
{
    static const char sql[] = "SHOW GLOBAL STATUS LIKE 'Uptime'";
    const double ran_s = mr_clock_now_s() - a->since_s;
    struct mr_result *res = NULL;
    struct mr_err ignored = {0};
    const struct mr_cell *cells = NULL;
    if (mr_db_query(a->run->target->db, "vv", sql, strlen(sql), &res, &ignored) == MR_OK)
        cells = mr_result_next(res);
    const bool restarted = cells == NULL || (double)strtoull(cells[1].ptr, NULL, 10) <= ran_s + 2;
    mr_result_free(res);
    return restarted;
}

enum mr_code mr_attempt_reconnect(struct mr_attempt *a, struct mr_err *err)
{
    mr_log_warning("unit %" PRIu64 ": the target \"%s\" was lost, connecting again, up to "
                   "%d times",
                   a->unit->number, mr_db_label(a->run->target->db), RECONNECTS);
    a->staged = false;
    MR_TRY(mr_db_reconnect(a->run->target->db, RECONNECTS, err));
    MR_TRY(mr_target_check_again(a->run->target, a->run->manifest, true, err));
    MR_TRY(mr_apply_session(a->run->target, a->run->no_binlog, err));
    if (!a->run->dry_run && !a->run->rehearse)
        a->restarted = a->restarted || is_restarted(a);
    return MR_OK;
}

/* May the unit have been refused because of the server that it was sent to? */
static bool blames_server(const struct mr_err *why)
{
    return why->sql_errno == UNKNOWN_TIME_ZONE || why->sql_errno == READ_ONLY ||
           why->sql_errno == READ_ONLY_MODE || why->sql_errno == MR_ER_NODE_NOT_READY;
}

/* In a chain there is one try: what would end its transaction would end the units before. */
static enum mr_code try_chained(struct mr_attempt *a, enum mr_outcome *outcome, struct mr_err *why,
                                struct mr_err *err)
{
    struct mr_err ignored = {0};
    *why = (struct mr_err){0};
    enum mr_code code = try_unit(a, why);
    *outcome = judge(a, code, why);
    a->unheld = *outcome == MR_OUTCOME_GUARD;
    if (*outcome == MR_OUTCOME_DONE)
        return MR_OK;
    a->broken = *outcome == MR_OUTCOME_AGAIN || *outcome == MR_OUTCOME_LOST;
    if (a->unheld)
        (void)mr_err_set(why, MR_E_REFUSED, "%s", MR_GUARD_FAILED);
    else if (is_fatal(code, why)) {
        *err = *why;
        return code;
    }
    if (!a->broken)
        a->broken = take_back(a, &ignored) != MR_OK;
    *outcome = MR_OUTCOME_REFUSED;
    if (a->broken)
        *err = *why;
    return a->broken ? why->code : MR_OK;
}

static enum mr_code wait_again(struct mr_attempt *a, unsigned tries, enum mr_outcome outcome,
                               const struct mr_err *why, struct mr_err *err)
{
    a->run->counts.retries++;
    if (tries == 1 && outcome == MR_OUTCOME_AGAIN &&
        a->last == 0) /* who waits for long is told why */
        mr_log_info("unit %" PRIu64 ": trying again, up to %d times: %s", a->unit->number,
                    MR_APPLY_TRIES - 1, why->message);
    else
        mr_log_detail("unit %" PRIu64 ": trying again: %s", a->unit->number, why->message);
    return mr_backoff_wait(a->run->pause_ms, tries, err);
}

/* Tries until it is done or refused; *why is the reason of a unit that failed. */
enum mr_code mr_attempt_carry_out(struct mr_attempt *a, enum mr_outcome *outcome,
                                  struct mr_err *why, struct mr_err *err)
{
    mr_db_say(a->run->target->db,
              "unit %" PRIu64 " of %zu, for a lock at most %d s in each of %d tries",
              a->unit->number, a->run->units->count, MR_SCRIPT_LOCK_WAIT_S,
              a->chained ? 1 : MR_APPLY_TRIES);
    if (a->chained)
        return try_chained(a, outcome, why, err);
    for (unsigned tries = 1;; tries++) {
        bool lost = false;
        *why = (struct mr_err){0};
        enum mr_code code = try_unit(a, why);
        *outcome = judge(a, code, why);
        a->unheld = *outcome == MR_OUTCOME_GUARD;
        if (*outcome == MR_OUTCOME_DONE)
            return MR_OK;
        a->lost = a->lost || may_be_committed(a, code);
        if (is_rolled_back(a, code) && mr_attempt_forget_sums(a, err) != MR_OK)
            return err->code;
        if (a->unheld)
            (void)mr_err_set(why, MR_E_REFUSED, "%s", MR_GUARD_FAILED);
        else if (is_fatal(code, why)) {
            *err = *why;
            return code;
        }
        if (*outcome != MR_OUTCOME_LOST)
            lost = !mr_attempt_roll_back(a);
        if (*outcome == MR_OUTCOME_REFUSED && !lost)
            return blames_server(why)
                       ? mr_target_check_again(a->run->target, a->run->manifest, true, err)
                       : MR_OK;
        if ((*outcome == MR_OUTCOME_LOST || lost) && (code = mr_attempt_reconnect(a, err)) != MR_OK)
            return code;
        if (*outcome == MR_OUTCOME_REFUSED || tries == MR_APPLY_TRIES ||
            (*outcome == MR_OUTCOME_GUARD && tries >= GUARD_TRIES))
            break;
        MR_TRY(wait_again(a, tries, *outcome, why, err));
    }
    *outcome = MR_OUTCOME_REFUSED;
    return blames_server(why) ? mr_target_check_again(a->run->target, a->run->manifest, true, err)
                              : MR_OK;
}

/* ---- rows that the server refuses ---- */

static bool is_of_row(const struct mr_attempt *a, enum mr_outcome outcome, const struct mr_err *why)
{
    return outcome == MR_OUTCOME_REFUSED && a->section == MR_SCRIPT_READ_WRITE &&
           mr_aside_is_of_row(why);
}

static bool is_same_reason(const struct mr_err *one, const struct mr_err *other)
{
    static const unsigned duplicates[] = {1022, 1062, 1169, 1586};
    bool names_value = false;
    for (size_t i = 0; i < sizeof duplicates / sizeof *duplicates; i++)
        names_value = names_value || one->sql_errno == duplicates[i];
    return one->sql_errno == other->sql_errno &&
           (!names_value || strcmp(one->message, other->message) == 0);
}

/* Somebody may have come in between the guards and the write, whom the guards of the next
 * try find.  So a row is to blame where the server says the same twice. */
static enum mr_code believe(struct mr_attempt *a, enum mr_outcome *outcome, struct mr_err *why,
                            struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool again = true;
    for (unsigned tries = 1;
         code == MR_OK && again && tries < MR_APPLY_TRIES && is_of_row(a, *outcome, why); tries++) {
        struct mr_err before = *why;
        mr_log_detail("unit %" PRIu64 ": trying again: %s", a->unit->number, why->message);
        code = mr_attempt_carry_out(a, outcome, why, err);
        again = !is_same_reason(&before, why);
    }
    return code;
}

/* Writes the first rows up to `last` and rolls them back.  Anything that stops it but a refused row
 * ends the search: what is not known of a row must not be taken for its fault. */
static enum mr_code probe(void *ctx, uint64_t last, bool *refused, struct mr_err *why,
                          struct mr_err *err)
{
    struct mr_attempt *a = ctx;
    enum mr_outcome outcome = 0;
    a->last = last;
    enum mr_code code =
        mr_is_cancelled() ? mr_cancelled_err(err) : mr_attempt_carry_out(a, &outcome, why, err);
    if (code == MR_OK)
        code = believe(a, &outcome, why, err);
    a->last = 0;
    *refused = code == MR_OK && is_of_row(a, outcome, why);
    if (code == MR_OK && outcome == MR_OUTCOME_REFUSED && !*refused) {
        *err = *why;
        code = why->code;
    }
    return code;
}

/* Sets aside one row after the other, until the rest of the unit is written. */
enum mr_code mr_attempt_write_rest(struct mr_attempt *a, enum mr_outcome *outcome,
                                   struct mr_err *why, struct mr_err *err)
{
    enum mr_code code = believe(a, outcome, why, err);
    if (code == MR_OK && is_of_row(a, *outcome, why))
        mr_log_info("unit %" PRIu64 ": the server refuses a row, searching: %s", a->unit->number,
                    why->message);
    /* a rollback leaves them as they were, but in a chain */
    a->staged = !a->chained && is_of_row(a, *outcome, why);
    for (uint64_t i = 0; code == MR_OK && i < a->unit->rows && is_of_row(a, *outcome, why); i++) {
        struct mr_err ended = {0};
        code = mr_aside_search(&a->aside, a->unit->rows, why, probe, a, &ended);
        const bool of_unit = ended.sql_errno != 0 || (code == MR_E_REFUSED && a->unheld);
        if (code != MR_OK && of_unit && code != MR_E_LOST) {
            *why = ended;
            return MR_OK;
        }
        if (code == MR_OK)
            code = mr_attempt_carry_out(a, outcome, why, &ended);
        if (code == MR_OK)
            code = believe(a, outcome, why, &ended);
        if (code != MR_OK)
            *err = ended;
    }
    return code;
}
