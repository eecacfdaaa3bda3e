/* apply_units.c: see apply_units.h. */
#include "repair/apply/apply_units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/signals.h"
#include "repair/apply/apply_aside.h"
#include "repair/apply/apply_checks.h"

#define RECONNECTS 8
#define FIRST_PAUSE_MS 100
#define MAX_PAUSE_MS 5000
#define PAUSE_STEP_MS 20
#define REFUSALS_MAX 100000
#define GUARD_TRIES 4
#define GUARD_FAILED "its guards did not hold, and it was rolled back"

/* Of a server: deadlock; how a script's SET tells something; what a server says that may not
 * be written to. */
enum {
    DEADLOCK = 1213,
    CHECK_FAILED = 3819,
    CHECK_FAILED_MARIADB = 4025,
    NO_PARENT = 1452,
    UNKNOWN_TIME_ZONE = 1298,
    READ_ONLY = 1290,
    READ_ONLY_MODE = 1836
};

/* One try of a unit. */
struct attempt {
    struct mr_apply_units *run;
    const struct mr_script_read_unit *unit;
    struct mr_arena arena;
    struct mr_vec refusals; /* struct mr_refusal, texts in arena */
    bool dry;               /* only compared, and rolled back */
    bool chained;           /* a rehearsal among others, in one transaction */
    bool held;              /* dry: no guard spoke against it */
    bool unheld;            /* a guard spoke against the last try */
    struct mr_aside aside;
    uint64_t last; /* a probe: the first rows up to this one, rolled back; else 0 */
    enum mr_script_read_section section; /* of the last statement sent */
    bool staged;                         /* the session has the unit's rows */
    bool committed;
    uint64_t written, there;
};

enum outcome {
    OUTCOME_DONE = 1,
    OUTCOME_AGAIN,
    OUTCOME_GUARD, /* again, but not as often */
    OUTCOME_LOST,
    OUTCOME_REFUSED
};

/* ---- one statement ---- */

static const char *keep(struct attempt *a, struct mr_cell cell)
{
    return mr_arena_dup(&a->arena, cell.ptr != NULL ? cell.ptr : "", cell.len);
}

static enum mr_code add_refusal(struct attempt *a, const char *table, const char *key,
                                const char *reason, struct mr_err *err)
{
    struct mr_refusal *refusal =
        a->refusals.count < REFUSALS_MAX ? mr_vec_push(&a->refusals) : NULL;
    if (refusal == NULL || table == NULL || key == NULL || reason == NULL)
        return mr_err_nomem(err, "listing what was refused");
    *refusal = (struct mr_refusal){a->unit->number, table, key, reason};
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

static enum mr_code take_listing(struct attempt *a, struct mr_result *res,
                                 struct mr_err *err)
{
    const struct mr_cell *cells = NULL;
    enum mr_code code = MR_OK;
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        code =
            add_refusal(a, keep(a, cells[0]), keep(a, cells[1]), keep(a, cells[2]), err);
    return code;
}

/* Does it give rows? */
static bool is_select(const struct mr_script_read_item *item)
{
    return item->len > 7 && strncasecmp(item->sql, "SELECT", 6) == 0 &&
           (item->sql[6] == ' ' || item->sql[6] == '\n') &&
           memmem(item->sql, item->len, " INTO @", 7) == NULL;
}

static enum mr_code send(struct attempt *a, const struct mr_script_read_item *item,
                         struct mr_err *err)
{
    struct mr_db *db = a->run->target->db;
    struct mr_result *res = NULL;
    if (item->section != MR_SCRIPT_READ_END || !is_select(item))
        return mr_db_exec(db, item->sql, item->len, err);
    enum mr_code code = mr_db_query(db, item->sql, item->len, &res, err);
    if (code == MR_OK && is_listing(res))
        code = take_listing(a, res, err);
    mr_result_free(res);
    return code;
}

/* ---- one try ---- */

static enum mr_code exec(struct attempt *a, const char *sql, struct mr_err *err)
{
    return mr_db_exec(a->run->target->db, sql, strlen(sql), err);
}

/* What an earlier unit of the session has left must not be taken for this one's. */
static enum mr_code begin(struct attempt *a, struct mr_err *err)
{
    enum mr_code code = exec(
        a, "SET @myrecon_end = NULL, @myrecon_written = NULL, @myrecon_done = NULL", err);
    if (code == MR_OK) {
        char last[64] = "SET @myrecon_last = NULL";
        if (a->last > 0)
            (void)snprintf(last, sizeof last, "SET @myrecon_last = %" PRIu64, a->last);
        code = exec(a, last, err);
    }
    if (code == MR_OK)
        code = exec(a, a->dry ? "SET @myrecon_dry = 1" : "SET @myrecon_dry = NULL", err);
    return code;
}

static uint64_t number_of(struct mr_cell cell)
{
    return cell.ptr != NULL ? strtoull(cell.ptr, NULL, 10) : 0;
}

static enum mr_code read_end(struct attempt *a, struct mr_err *err)
{
    static const char sql[] = "SELECT @myrecon_end, @myrecon_written, @myrecon_done";
    struct mr_result *res = NULL;
    enum mr_code code = mr_db_query(a->run->target->db, sql, sizeof sql - 1, &res, err);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    if (cells != NULL) {
        a->committed = cells[0].ptr != NULL && strcmp(cells[0].ptr, "COMMIT") == 0;
        a->written = a->committed || a->dry ? number_of(cells[1]) : 0;
        a->there = number_of(cells[2]);
    }
    mr_result_free(res);
    return code;
}

/* Is it how a unit tells a plain client what has become of it?  We ask for that. */
static bool is_told(const struct mr_script_read_item *item, const struct mr_err *why)
{
    return item->section == MR_SCRIPT_READ_END && why->sql_errno == UNKNOWN_TIME_ZONE;
}

static bool is_word(const struct mr_script_read_item *item, const char *word)
{
    return item->len >= strlen(word) && strncmp(item->sql, word, strlen(word)) == 0;
}

/* Is the statement sent in this run?  Of the end a dry run asks only what is refused. */
static bool is_sent(const struct attempt *a, const struct mr_script_read_item *item)
{
    if (a->staged && item->section <= MR_SCRIPT_READ_STAGE)
        return false;
    if (item->section == MR_SCRIPT_READ_ASIDE)
        return !mr_aside_is_empty(&a->aside) && !(a->staged && a->last > 0);
    if (a->last > 0)
        return item->section <= MR_SCRIPT_READ_WRITE;
    if (a->run->rehearse && !a->dry)
        return item->section != MR_SCRIPT_READ_END
                   ? !a->chained || !is_word(item, "START TRANSACTION")
                   : is_select(item) || is_word(item, "SET @myrecon_end");
    if (!a->dry || item->section <= MR_SCRIPT_READ_GUARDS)
        return true;
    return item->section == MR_SCRIPT_READ_END && is_select(item);
}

/* Up to the last guard nothing is changed, and any failure leaves the server as it was.
 * THE POINT OF NO RETURN is the COMMIT among the statements of the end, which the script
 * chooses only where every guard held; the journal has announced the unit by then. */
static enum mr_code send_unit(struct attempt *a, struct mr_err *err)
{
    struct mr_script_read_item item;
    enum mr_code code = mr_script_read_seek(a->run->script, a->unit, err);
    if (code == MR_OK)
        code = mr_script_read_next(a->run->script, &item, err);
    while (code == MR_OK &&
           (code = mr_script_read_next(a->run->script, &item, err)) == MR_OK &&
           item.kind == MR_SCRIPT_READ_STATEMENT) {
        struct mr_err why = {0};
        if (item.section == MR_SCRIPT_READ_ASIDE && a->section != item.section &&
            is_sent(a, &item))
            code = mr_aside_fill(&a->aside, a->run->target->db, &why);
        a->section = item.section;
        if (code == MR_OK && is_sent(a, &item))
            code = send(a, &item, &why);
        if (code != MR_OK && is_told(&item, &why))
            code = MR_OK;
        else if (code != MR_OK)
            *err = why;
    }
    return code;
}

/* What apply would find out by its first guard at the latest when it commits. */
static enum mr_code read_guards(struct attempt *a, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(a->run->target->db,
                                         "SELECT MIN(ok) FROM myrecon_guard", &text, err);
    a->held = code == MR_OK && strcmp(text.ptr, "1") == 0;
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code try_unit(struct attempt *a, struct mr_err *err)
{
    mr_arena_reset(&a->arena);
    mr_vec_clear(&a->refusals);
    a->section = 0;
    a->committed = false;
    a->written = a->there = 0;
    enum mr_code code = begin(a, err);
    if (code == MR_OK)
        code = send_unit(a, err);
    if (code == MR_OK && a->dry)
        code = read_guards(a, err);
    if (code == MR_OK && (a->dry || a->last > 0 || (a->run->rehearse && !a->chained)))
        code = exec(a, "ROLLBACK", err);
    return code == MR_OK && a->last == 0 ? read_end(a, err) : code;
}

/* ---- what a failure means ---- */

/* A guard of the script: somebody has come in between, whom the next try finds. */
static bool is_guard(const struct mr_err *why)
{
    return (why->sql_errno == CHECK_FAILED || why->sql_errno == CHECK_FAILED_MARIADB) &&
           strstr(why->message, "myrecon_guard") != NULL;
}

static enum outcome judge(const struct attempt *a, enum mr_code code,
                          const struct mr_err *why)
{
    if (code == MR_OK)
        return a->dry || a->committed || a->last > 0 ? OUTCOME_DONE : OUTCOME_GUARD;
    if (is_guard(why))
        return OUTCOME_GUARD;
    if (code == MR_E_LOST && mr_db_is_lost(a->run->target->db))
        return OUTCOME_LOST;
    if (code == MR_E_LOST || code == MR_E_TIMEOUT || why->sql_errno == DEADLOCK)
        return OUTCOME_AGAIN;
    return OUTCOME_REFUSED;
}

/* Not of the unit but of the run. */
static bool is_fatal(enum mr_code code, const struct mr_err *why)
{
    return why->sql_errno == 0 && code != MR_E_LOST;
}

/* False: the connection is lost, and with it the transaction. */
static bool roll_back(struct attempt *a)
{
    struct mr_err ignored = {0};
    return exec(a, "ROLLBACK", &ignored) == MR_OK || !mr_db_is_lost(a->run->target->db);
}

/* A server that was good at the start, and is not any more: not the unit is refused but the
 * run has ended, with units done or not. */
static enum mr_code check_target(struct attempt *a, struct mr_err *err)
{
    enum mr_code code = mr_target_check(a->run->target, a->run->manifest, true, err);
    if (code != MR_E_REFUSED)
        return code;
    err->code = MR_E_CHANGED;
    mr_err_hint(err,
                "What is done stays done. Run it again when the planned server can be "
                "written to.");
    return MR_E_CHANGED;
}

static enum mr_code reconnect(struct attempt *a, struct mr_err *err)
{
    mr_log_warning("unit %" PRIu64 ": the target was lost, connecting again",
                   a->unit->number);
    a->staged = false;
    enum mr_code code = mr_db_reconnect(a->run->target->db, RECONNECTS, err);
    if (code == MR_OK)
        code = check_target(a, err);
    return code == MR_OK ? mr_apply_session(a->run->target, a->run->no_binlog, err)
                         : code;
}

/* May the unit have been refused because of the server that it was sent to? */
static bool blames_server(const struct mr_err *why)
{
    return why->sql_errno == UNKNOWN_TIME_ZONE || why->sql_errno == READ_ONLY ||
           why->sql_errno == READ_ONLY_MODE;
}

/* Half of it for certain, the rest by chance, so that those who waited for each other do not
 * meet again. */
static enum mr_code pause_before(struct attempt *a, unsigned tries, struct mr_err *err)
{
    unsigned ms = a->run->pause_ms > 0 ? a->run->pause_ms : FIRST_PAUSE_MS;
    unsigned chance = 0;
    for (unsigned i = 1; i < tries && ms < MAX_PAUSE_MS; i++)
        ms *= 2;
    ms = ms < MAX_PAUSE_MS ? ms : MAX_PAUSE_MS;
    if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != (ssize_t)sizeof chance)
        chance = (unsigned)getpid();
    ms = ms / 2 + chance % (ms / 2 + 1);
    for (unsigned waited = 0; waited < ms && !mr_is_cancelled(); waited += PAUSE_STEP_MS)
        (void)usleep(PAUSE_STEP_MS * 1000);
    return mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK;
}

/* Tries until it is done or refused; *why is the reason of a unit that failed. */
static enum mr_code carry_out(struct attempt *a, enum outcome *outcome,
                              struct mr_err *why, struct mr_err *err)
{
    for (unsigned tries = 1;; tries++) {
        bool lost = false;
        *why = (struct mr_err){0};
        enum mr_code code = try_unit(a, why);
        *outcome = judge(a, code, why);
        if (*outcome == OUTCOME_DONE)
            return MR_OK;
        a->unheld = *outcome == OUTCOME_GUARD;
        if (a->unheld)
            (void)mr_err_set(why, MR_E_REFUSED, "%s", GUARD_FAILED);
        else if (is_fatal(code, why)) {
            *err = *why;
            return code;
        }
        if (*outcome != OUTCOME_LOST)
            lost = !roll_back(a);
        if (*outcome == OUTCOME_REFUSED && !lost)
            return blames_server(why) ? check_target(a, err) : MR_OK;
        if ((*outcome == OUTCOME_LOST || lost) && (code = reconnect(a, err)) != MR_OK)
            return code;
        if (*outcome == OUTCOME_REFUSED || tries == MR_APPLY_TRIES ||
            (*outcome == OUTCOME_GUARD && tries >= GUARD_TRIES))
            break;
        a->run->counts.retries++;
        mr_log_detail("unit %" PRIu64 ": trying again: %s", a->unit->number,
                      why->message);
        code = pause_before(a, tries, err);
        if (code != MR_OK)
            return code;
    }
    *outcome = OUTCOME_REFUSED;
    return MR_OK;
}

/* ---- rows that the server refuses ---- */

static bool is_of_row(const struct attempt *a, enum outcome outcome,
                      const struct mr_err *why)
{
    return outcome == OUTCOME_REFUSED && a->section == MR_SCRIPT_READ_WRITE &&
           mr_aside_is_of_row(why);
}

static enum mr_code probe(void *ctx, uint64_t last, bool *refused, struct mr_err *why,
                          struct mr_err *err)
{
    struct attempt *a = ctx;
    enum outcome outcome = 0;
    a->last = last;
    enum mr_code code =
        mr_is_cancelled() ? mr_cancelled_err(err) : carry_out(a, &outcome, why, err);
    a->last = 0;
    *refused = code == MR_OK && is_of_row(a, outcome, why);
    if (code == MR_OK && outcome == OUTCOME_REFUSED && !*refused) {
        *err = *why;
        code = why->code;
    }
    return code;
}

/* Sets aside one row after the other, until the rest of the unit is written. */
static enum mr_code write_rest(struct attempt *a, enum outcome *outcome,
                               struct mr_err *why, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (is_of_row(a, *outcome, why))
        mr_log_info("unit %" PRIu64 ": the server refuses a row, searching: %s",
                    a->unit->number, why->message);
    a->staged = is_of_row(a, *outcome, why); /* a rollback leaves them as they were */
    for (uint64_t i = 0;
         code == MR_OK && i < a->unit->rows && is_of_row(a, *outcome, why); i++) {
        struct mr_err ended = {0};
        code = mr_aside_search(&a->aside, a->unit->rows, why, probe, a, &ended);
        if (code != MR_OK && ended.sql_errno != 0 && code != MR_E_LOST) {
            *why = ended; /* of the unit, not of the run */
            return MR_OK;
        }
        if (code == MR_OK)
            code = carry_out(a, outcome, why, &ended);
        if (code != MR_OK)
            *err = ended;
    }
    return code;
}

/* ---- the result of a unit ---- */

static enum mr_code hand_on(struct attempt *a, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < a->refusals.count; i++)
        code = a->run->on_refusal(a->run->ctx, mr_vec_at(&a->refusals, i), err);
    return code;
}

/* Nothing of the unit was written. */
static enum mr_code take_failed(struct attempt *a, const char *reason, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    struct mr_journal_unit unit = {.script = run->which, .number = a->unit->number};
    enum mr_code code = MR_OK;
    run->counts.failed++;
    run->counts.refused += a->unit->rows;
    mr_vec_clear(&a->refusals);
    if (run->journal != NULL)
        code = mr_journal_write_unit(run->journal, MR_JOURNAL_FAILED, &unit, reason, err);
    if (code == MR_OK)
        code = add_refusal(a, "", "", mr_arena_strdup(&a->arena, reason), err);
    return code == MR_OK ? hand_on(a, err) : code;
}

/* Beside the rows that were refused: they are not why the others are not written. */
static enum mr_code take_rolled_back(struct attempt *a, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    struct mr_journal_unit unit = {.script = run->which, .number = a->unit->number};
    enum mr_code code = MR_OK;
    run->counts.failed++;
    run->counts.refused += a->unit->rows;
    if (run->journal != NULL)
        code = mr_journal_write_unit(run->journal, MR_JOURNAL_FAILED, &unit, GUARD_FAILED,
                                     err);
    if (code == MR_OK)
        code = add_refusal(a, "", "", GUARD_FAILED, err);
    return code == MR_OK ? hand_on(a, err) : code;
}

/* With a row that is refused goes all that belongs to it. */
static uint64_t left_out(const struct attempt *a)
{
    uint64_t known = a->written + a->there, rows = a->unit->rows;
    uint64_t rest = rows > known ? rows - known : 0;
    if (a->refusals.count == 0)
        return 0;
    return rest > a->refusals.count ? rest : a->refusals.count;
}

static enum mr_code take_done(struct attempt *a, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    struct mr_journal_unit unit = {.script = run->which,
                                   .number = a->unit->number,
                                   .written = a->written,
                                   .there = a->there,
                                   .refused = left_out(a)};
    struct mr_strbuf aside = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_aside_text(&a->aside, &aside);
    if (a->refusals.count > 0 && aside.len > 0)
        unit.aside = aside.ptr;
    run->counts.done += a->refusals.count == 0;
    run->counts.partial += a->refusals.count > 0;
    run->counts.written += a->written;
    run->counts.there += a->there;
    run->counts.refused += unit.refused;
    if (run->journal != NULL)
        code = mr_journal_write_unit(run->journal, MR_JOURNAL_DONE, &unit, NULL, err);
    mr_strbuf_release(&aside);
    return code == MR_OK ? hand_on(a, err) : code;
}

static enum mr_code run_unit(struct attempt *a, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    struct mr_journal_unit unit = {.script = run->which, .number = a->unit->number};
    enum outcome outcome = 0;
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    if (run->journal != NULL)
        code = mr_aside_add(
            &a->aside, mr_journal_unit_aside(run->journal, run->which, unit.number), err);
    if (code == MR_OK && run->journal != NULL)
        code = mr_journal_write_unit(run->journal, MR_JOURNAL_TRY, &unit, NULL, err);
    if (code == MR_OK)
        code = carry_out(a, &outcome, &why, err);
    if (code == MR_OK)
        code = write_rest(a, &outcome, &why, err);
    if (code != MR_OK)
        return code;
    if (outcome == OUTCOME_REFUSED)
        return a->unheld ? take_rolled_back(a, err) : take_failed(a, why.message, err);
    if (run->dry_run && !a->held)
        return take_rolled_back(a, err);
    return take_done(a, err);
}

/* ---- what the journal says ---- */

static bool is_journaled(const struct mr_apply_units *run, uint64_t number)
{
    return run->journal != NULL && !run->recheck &&
           mr_journal_unit_is_done(run->journal, run->which, number);
}

/* Rows that were written and are gone, beside others that stand: a unit is taken back, or
 * lost with a restored copy, as a whole; so somebody has deleted them. */
static enum mr_code take_gone(struct attempt *a, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text,
                      "%" PRIu64 " of its %" PRIu64 " rows were written before and are "
                      "gone since: --recheck writes them again",
                      a->written, a->unit->rows);
    enum mr_code code = mr_strbuf_check(&text, "listing what was refused", err);
    if (code == MR_OK)
        code = add_refusal(a, "", "", mr_arena_strdup(&a->arena, text.ptr), err);
    mr_strbuf_release(&text);
    a->written = 0;
    return code;
}

/* A unit is done when the target shows it, whatever the journal says.  *left: it is to be
 * carried out, the target shows nothing of it. */
static enum mr_code look_again(struct attempt *a, bool *left, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    enum outcome outcome = 0;
    struct mr_err why = {0};
    a->dry = true;
    enum mr_code code = carry_out(a, &outcome, &why, err);
    a->dry = run->dry_run;
    *left = false;
    if (code != MR_OK)
        return code;
    if (outcome == OUTCOME_REFUSED)
        return take_failed(a, why.message, err);
    if (!a->held)
        return take_rolled_back(a, err);
    if (a->refusals.count == 0 && a->written == 0) {
        run->counts.passed++;
        run->counts.there += a->there;
        return MR_OK;
    }
    *left = run->which == MR_JOURNAL_UNDO || (a->there == 0 && a->refusals.count == 0);
    if (*left) {
        mr_log_warning("unit %" PRIu64 ": the journal has it as done, the target does "
                       "not: it is carried out again",
                       a->unit->number);
        return MR_OK;
    }
    if (a->written > 0)
        code = take_gone(a, err);
    run->counts.partial++;
    run->counts.there += a->there;
    run->counts.refused += left_out(a);
    return code == MR_OK ? hand_on(a, err) : code;
}

/* ---- rehearsals ---- */

/* Nothing of it stays: what is told is what would have come of it. */
static enum mr_code take_rehearsed(struct attempt *a, enum outcome outcome,
                                   const struct mr_err *why, struct mr_err *err)
{
    if (outcome == OUTCOME_REFUSED && !a->unheld)
        return take_failed(a, why->message, err);
    return a->committed ? take_done(a, err) : take_rolled_back(a, err);
}

/* Rows of other units may be what it lacks. */
static bool needs_others(const struct attempt *a, enum outcome outcome,
                         const struct mr_err *why)
{
    if (outcome == OUTCOME_REFUSED && !a->unheld)
        return why->sql_errno == NO_PARENT;
    for (size_t i = 0; i < a->refusals.count; i++) {
        const struct mr_refusal *refusal = mr_vec_at(&a->refusals, i);
        if (strstr(refusal->reason, "parent") != NULL)
            return true;
    }
    return false;
}

/* Alone, so that its locks are let go at once. */
static enum mr_code rehearse_alone(struct attempt *a, bool *again, struct mr_err *err)
{
    enum outcome outcome = 0;
    struct mr_err why = {0};
    enum mr_code code = carry_out(a, &outcome, &why, err);
    *again = code == MR_OK && needs_others(a, outcome, &why);
    if (code == MR_OK && !*again)
        code = write_rest(a, &outcome, &why, err);
    return code == MR_OK && !*again ? take_rehearsed(a, outcome, &why, err) : code;
}

/* Behind the units before it, in their transaction; what it could not do is taken out. */
static enum mr_code rehearse_behind(struct attempt *a, bool *tell, bool *lost,
                                    struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = exec(a, "SAVEPOINT myrecon_unit", &why);
    if (code == MR_OK)
        code = try_unit(a, &why);
    enum outcome outcome = judge(a, code, &why);
    a->unheld = outcome == OUTCOME_GUARD;
    if (code != MR_OK && !a->unheld && is_fatal(code, &why)) {
        *err = why;
        return code;
    }
    *lost = outcome == OUTCOME_AGAIN || outcome == OUTCOME_LOST;
    if (*lost)
        return MR_OK;
    if (outcome == OUTCOME_REFUSED || !a->committed)
        code = exec(a, "ROLLBACK TO SAVEPOINT myrecon_unit", err);
    else
        code = MR_OK;
    if (code != MR_OK || !*tell)
        return code;
    *tell = false;
    return take_rehearsed(a, outcome, &why, err);
}

static enum mr_code wait_for_turn(const struct mr_apply_units *run, struct mr_err *err);

static enum mr_code rehearse_chain(struct attempt *a, bool *tell, size_t count,
                                   bool *lost, struct mr_err *err)
{
    enum mr_code code = exec(a, "START TRANSACTION", err);
    *lost = false;
    a->chained = true;
    a->staged = false;
    mr_aside_reset(&a->aside);
    for (size_t i = 0; code == MR_OK && !*lost && i < count; i++) {
        a->unit = mr_vec_at(a->run->units, i);
        code = wait_for_turn(a->run, err);
        if (code == MR_OK)
            code = rehearse_behind(a, &tell[i], lost, err);
    }
    a->chained = false;
    if (!roll_back(a) && code == MR_OK)
        code = reconnect(a, err);
    return code;
}

/* MariaDB logs a transaction that was rolled back if temporary tables were made in it. */
static bool keep_out_of_log(struct attempt *a)
{
    struct mr_err ignored = {0};
    return mr_db_server(a->run->target->db)->flavour != MR_FLAVOUR_MARIADB ||
           exec(a, "SET SESSION sql_log_bin = 0", &ignored) == MR_OK;
}

/* Units that build on others, together with all before them. */
static enum mr_code rehearse_together(struct attempt *a, bool *tell, size_t count,
                                      struct mr_err *err)
{
    bool lost = true, quiet = true;
    enum mr_code code = MR_OK;
    for (unsigned tries = 0;
         code == MR_OK && lost && (quiet = keep_out_of_log(a)) && tries < MR_APPLY_TRIES;
         tries++)
        code = rehearse_chain(a, tell, count, &lost, err);
    for (size_t i = 0; code == MR_OK && lost && i < count; i++) {
        a->unit = mr_vec_at(a->run->units, i);
        if (tell[i])
            code =
                take_failed(a,
                            quiet ? "it could not be rehearsed: others held its rows"
                                  : "it builds on other units, and is rehearsed with "
                                    "them only by an account that may keep that out of "
                                    "the binary log (BINLOG ADMIN)",
                            err);
    }
    return code;
}

static enum mr_code rehearse(struct attempt *a, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    bool *tell = calloc(run->units->count + 1, sizeof *tell);
    size_t last = 0;
    enum mr_code code = tell != NULL ? MR_OK : mr_err_nomem(err, "rehearsing units");
    for (size_t i = 0; code == MR_OK && i < run->units->count; i++) {
        a->unit = mr_vec_at(run->units, i);
        a->staged = false;
        mr_aside_reset(&a->aside);
        code = wait_for_turn(run, err);
        if (code == MR_OK)
            code = rehearse_alone(a, &tell[i], err);
        if (code == MR_OK && tell[i])
            last = i + 1;
    }
    if (code == MR_OK && last > 0)
        code = rehearse_together(a, tell, last, err);
    free(tell);
    return code;
}

/* ---- one after the other ---- */

static enum mr_code do_unit(struct attempt *a, struct mr_err *err)
{
    bool left = true;
    enum mr_code code = MR_OK;
    a->staged = false;
    mr_aside_reset(&a->aside);
    if (is_journaled(a->run, a->unit->number))
        code = look_again(a, &left, err);
    return code == MR_OK && left ? run_unit(a, err) : code;
}

static enum mr_code wait_for_turn(const struct mr_apply_units *run, struct mr_err *err)
{
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    return run->throttle != NULL ? mr_throttle_wait(run->throttle, err) : MR_OK;
}

enum mr_code mr_apply_units_run(struct mr_apply_units *run, struct mr_err *err)
{
    struct attempt a = {.run = run,
                        .arena = MR_ARENA_INIT,
                        .refusals = MR_VEC_INIT(struct mr_refusal),
                        .dry = run->dry_run};
    enum mr_code code = mr_apply_session(run->target, run->no_binlog, err);
    mr_aside_init(&a.aside);
    run->counts = (struct mr_apply_counts){.units = run->units->count};
    if (code == MR_OK && run->rehearse)
        code = rehearse(&a, err);
    for (size_t i = 0; code == MR_OK && !run->rehearse && i < run->units->count; i++) {
        a.unit = mr_vec_at(run->units, i);
        code = wait_for_turn(run, err);
        if (code == MR_OK)
            code = do_unit(&a, err);
        if (code == MR_OK && run->progress != NULL) {
            mr_progress_add(run->progress, a.unit->rows, 0);
            mr_progress_add_done(run->progress, 1);
            mr_progress_tick(run->progress);
        }
    }
    mr_aside_release(&a.aside);
    mr_vec_release(&a.refusals);
    mr_arena_release(&a.arena);
    return code;
}
