/* gate_rules_data.c: has the server all the data that it had? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "recon/gate/gate_deleted.h"
#include "recon/gate/gate_fate.h"
#include "recon/gate/gate_rules.h"
#include "recon/gate/gate_shape.h"

/* A baseline of other tables than those that are looked at says nothing of these, nor does one of
 * none: its account saw none. */
static void found_other_tables(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    if ((past->ntables == 0 && j->now->ntables == 0) || j->now->nabsent > 0)
        return;
    for (size_t i = 0; i < past->ntables; i++)
        if (mr_gate_table_now(j, &past->tables[i]) != NULL)
            return;
    mr_gate_found(j, MR_GATE_UNKNOWN, "the baseline has none of the tables that are looked at");
    mr_gate_hint(j, "Name the databases and tables that it was recorded with, or record "
                    "a new baseline.");
}

/* What a walk over the baseline's tables comes to. */
struct walk {
    size_t tables, compared;
    bool of_rows; /* queues are passed over, */
    size_t queues;
};

/* The next table of the baseline that can be compared; unread ones are reported. */
static const struct mr_gate_table *next_pair(struct mr_gate_judge *j, size_t *at, struct walk *w,
                                             const struct mr_gate_table **now)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    while (*at < past->ntables) {
        const struct mr_gate_table *then = &past->tables[(*at)++];
        *now = mr_gate_table_now(j, then);
        if (*now == NULL)
            continue;
        if (w->of_rows && (*now)->is_queue) { /* what they hold comes and goes */
            w->queues++;
            continue;
        }
        w->tables++;
        if (then->view.seen != MR_GATE_SEEN) {
            mr_gate_found(j, MR_GATE_UNKNOWN, "%s could not be read for the baseline: %s",
                          mr_gate_table_name(j, *now),
                          then->view.why != NULL ? then->view.why : "?");
            continue;
        }
        if ((*now)->view.seen != MR_GATE_SEEN) {
            mr_gate_found_hidden(j, mr_gate_table_name(j, *now), &(*now)->view);
            continue;
        }
        return then;
    }
    mr_gate_found_hidden_tables(j);
    found_other_tables(j);
    if (w->queues > 0)
        mr_gate_note(j, "%zu queue%s passed over", w->queues, w->queues > 1 ? "s are" : " is");
    return NULL;
}

/* ---- tables, schema ---- */

static bool has_db(const struct mr_gate_facts *facts, const char *db)
{
    for (size_t i = 0; i < facts->ndbs; i++)
        if (strcmp(facts->dbs[i], db) == 0)
            return true;
    return false;
}

/* Of a database that is gone its tables are not told one by one. */
static void found_absent_tables(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *now = j->now;
    const char *gone_db = NULL;
    for (size_t i = 0; i < now->nabsent; i++) {
        const struct mr_gate_absent *a = &now->absent[i];
        char name[300];
        (void)snprintf(name, sizeof name, "table %.120s.%.120s", a->db, a->name);
        if (a->view.seen != MR_GATE_SEEN) {
            mr_gate_found_hidden(j, name, &a->view);
        } else if (has_db(now, a->db)) {
            mr_gate_found(j, MR_GATE_CRITICAL, "%s is gone", name);
        } else if (gone_db == NULL || strcmp(gone_db, a->db) != 0) {
            gone_db = a->db;
            mr_gate_found(j, MR_GATE_CRITICAL, "database %s is gone", a->db);
        }
    }
}

/* Databases without a table, and sequences. */
static void found_absent_others(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *now = j->now;
    for (size_t i = 0; i < now->nabsent_dbs; i++) {
        const struct mr_gate_absent *a = &now->absent_dbs[i];
        char name[300];
        (void)snprintf(name, sizeof name, "database %.140s", a->db);
        if (a->view.seen != MR_GATE_SEEN)
            mr_gate_found_hidden(j, name, &a->view);
        else
            mr_gate_found(j, MR_GATE_CRITICAL, "%s is gone", name);
    }
    for (size_t i = 0; i < now->nabsent_sequences; i++) {
        const struct mr_gate_absent *a = &now->absent_sequences[i];
        char name[300];
        (void)snprintf(name, sizeof name, "sequence %.120s.%.120s", a->db, a->name);
        if (a->view.seen != MR_GATE_SEEN)
            mr_gate_found_hidden(j, name, &a->view);
        else if (has_db(now, a->db))
            mr_gate_found(j, MR_GATE_CRITICAL, "%s is gone: what draws from it fails", name);
    }
}

void mr_gate_rule_tables(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j), *now = j->now;
    size_t there = 0;
    mr_gate_found_no_db(j);
    for (size_t i = 0; i < past->ntables; i++)
        there += mr_gate_table_now(j, &past->tables[i]) != NULL ? 1 : 0;
    found_absent_tables(j);
    found_absent_others(j);
    found_other_tables(j);
    mr_gate_value(j, "%zu tables", there);
    mr_gate_base(j, "%zu tables", there + now->nabsent);
    mr_gate_note(j, "all %zu tables are there", there);
    mr_gate_hint(j, "Restore them from a replica or a backup; \"myrecon check\" compares "
                    "what is left.");
}

/* The first line that only one of the two has. */
static const char *odd_text(const char *const *has, size_t nhas, const char *const *lacks,
                            size_t nlacks)
{
    for (size_t i = 0; i < nhas; i++) {
        bool found = false;
        for (size_t k = 0; k < nlacks && !found; k++)
            found = strcmp(has[i], lacks[k]) == 0;
        if (!found)
            return has[i];
    }
    return NULL;
}

static const char *odd_line(const struct mr_gate_table *has, const struct mr_gate_table *lacks)
{
    return odd_text(has->shape, has->nshape, lacks->shape, lacks->nshape);
}

/* False: they are others.  Those that the baseline did not see cannot be compared. */
static bool compare_triggers(struct mr_gate_judge *j, const struct mr_gate_table *then,
                             const struct mr_gate_table *now)
{
    const struct mr_gate_view hidden = {.seen = MR_GATE_HIDDEN, .grant = now->triggers_grant};
    char what[300];
    if (!then->triggers_seen || (!now->triggers_seen && then->ntriggers == 0))
        return true;
    if (!now->triggers_seen) {
        (void)snprintf(what, sizeof what, "the triggers of %.200s", mr_gate_table_name(j, now));
        mr_gate_found_hidden(j, what, &hidden);
        return true;
    }
    const char *after = odd_text(now->triggers, now->ntriggers, then->triggers, then->ntriggers);
    const char *before = odd_text(then->triggers, then->ntriggers, now->triggers, now->ntriggers);
    if (after == NULL && before == NULL)
        return true;
    mr_gate_found(j, MR_GATE_WARNING, "%s: %s %.200s%s%.200s", mr_gate_table_name(j, now),
                  after != NULL ? "now" : "no longer", after != NULL ? after : before,
                  after != NULL && before != NULL ? ", was " : "",
                  after != NULL && before != NULL ? before : "");
    return false;
}

void mr_gate_rule_schema(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    size_t compared = 0, changed = 0;
    for (size_t i = 0; i < past->ntables; i++) {
        const struct mr_gate_table *then = &past->tables[i];
        const struct mr_gate_table *now = mr_gate_table_now(j, then);
        if (now == NULL)
            continue;
        compared++;
        if (now->view.seen == MR_GATE_HIDDEN) {
            mr_gate_found_hidden(j, mr_gate_table_name(j, now), &now->view);
            continue;
        }
        if (!compare_triggers(j, then, now))
            changed++;
        if (strcmp(then->fingerprint, now->fingerprint) == 0)
            continue;
        if (then->view.seen != MR_GATE_SEEN) { /* columns may have been hidden */
            mr_gate_found(j, MR_GATE_UNKNOWN, "%s could not be read for the baseline: %s",
                          mr_gate_table_name(j, now),
                          then->view.why != NULL ? then->view.why : "?");
            continue;
        }
        const char *before = odd_line(then, now), *after = odd_line(now, then);
        const char *name = mr_gate_table_name(j, then);
        changed++;
        if (after != NULL && before != NULL)
            mr_gate_found(j, MR_GATE_WARNING, "%s: now %.200s, was %.200s", name, after, before);
        else if (after != NULL || before != NULL)
            mr_gate_found(j, MR_GATE_WARNING, "%s: %s %.200s", name,
                          after != NULL ? "now" : "no longer", after != NULL ? after : before);
        else
            mr_gate_found(j, MR_GATE_WARNING, "%s: its columns are in another order", name);
    }
    mr_gate_found_hidden_tables(j);
    found_other_tables(j);
    mr_gate_value(j, "%zu of %zu tables changed", changed, compared);
    mr_gate_note(j, "the structure of %zu tables is as it was", compared);
    mr_gate_hint(j, "If a migration was planned, record a new baseline after it.");
}

/* ---- rows, keys, newest ---- */

/* How many of its rows are not there; a baseline of an older version knows no keys, and so
 * cannot tell where others came in between. */
static uint64_t gone_of(const struct mr_gate_range *then, const struct mr_gate_range *now)
{
    if (now->judged)
        return now->deleted;
    return now->rows < then->rows ? then->rows - now->rows : 0;
}

/* Of ranges in the order of keys: how many at the begin have lost rows, of four. */
static size_t purged_ranges(const struct mr_gate_table *then, const struct mr_gate_table *now)
{
    size_t count = 0;
    while (count < then->nranges && count < now->nranges &&
           gone_of(&then->ranges[count], &now->ranges[count]) > 0)
        count++;
    return count;
}

/* Are there fewer rows because the oldest were purged, or some deleted by a rule?  Then the
 * newest are there, and most of what is older. */
static bool is_deleted(const struct mr_gate_judge *j, const struct mr_gate_table *then,
                       const struct mr_gate_table *now, double lost_percent)
{
    const struct mr_gate_fate fate = mr_gate_fate_of(now);
    if (fate.asked == 0 || fate.there == 0 || fate.newest_lost > 0 ||
        fate.loss != MR_GATE_LOSS_NONE || now->is_static)
        return false;
    if (mr_gate_weigh(j, MR_GATE_T_ROWS_LOST, lost_percent) != MR_GATE_CRITICAL)
        return true;
    return then->nranges >= 4 && fate.gone > 0 && fate.from_begin &&
           lost_percent <= 25.0 * (double)purged_ranges(then, now);
}

/* The server's estimate may say anything, 0 too, of a table that was just filled: not where
 * hardly one of the baseline's rows that were looked for is gone. */
static bool is_bad_estimate(const struct mr_gate_table *now)
{
    const struct mr_gate_fate fate = mr_gate_fate_of(now);
    return !now->rows_exact && fate.asked > 0 && fate.loss == MR_GATE_LOSS_NONE &&
           fate.newest_lost == 0 && (fate.asked - fate.there) * 20 <= fate.asked;
}

void mr_gate_rule_row_counts(struct mr_gate_judge *j)
{
    struct walk w = {.of_rows = true};
    const struct mr_gate_table *then, *now = NULL;
    size_t at = 0, estimated = 0, deleted = 0;
    uint64_t rows_then = 0, rows_now = 0;
    while ((then = next_pair(j, &at, &w, &now)) != NULL) {
        const bool exact = then->rows_exact && now->rows_exact;
        rows_then += then->rows;
        rows_now += now->rows;
        estimated += exact ? 0 : 1;
        if (now->rows >= then->rows)
            continue;
        const double lost = 100.0 * (double)(then->rows - now->rows) / (double)then->rows;
        if (is_deleted(j, then, now, lost)) {
            deleted++;
            continue;
        }
        /* an estimate may be off by half and still be a good one */
        if (!exact && (lost <= 50 || is_bad_estimate(now)))
            continue;
        mr_gate_found(j, exact ? mr_gate_weigh(j, MR_GATE_T_ROWS_LOST, lost) : MR_GATE_WARNING,
                      "%s has %" PRIu64 " rows%s, had %" PRIu64 " (%.1f %% fewer)",
                      mr_gate_table_name(j, now), now->rows, now->rows_exact ? "" : " by estimate",
                      then->rows, lost);
    }
    mr_gate_value(j, "%" PRIu64 " rows", rows_now);
    mr_gate_base(j, "%" PRIu64 " rows", rows_then);
    if (estimated > 0)
        mr_gate_note(j, "no table has lost rows; %zu of %zu are known by estimate only", estimated,
                     w.tables);
    else
        mr_gate_note(j, "no table has lost rows, of %zu", w.tables);
    if (deleted > 0)
        mr_gate_note(j, "rows of %zu were deleted, but not the newest", deleted);
    mr_gate_hint(j, "If its rows come and go on purpose, say queue = yes in the table's "
                    "section. Otherwise compare with another copy: myrecon check.");
}

/* Keys of live tables only grow: one that went back is an old copy, or rows were lost at the
 * end. */
void mr_gate_rule_max_keys(struct mr_gate_judge *j)
{
    struct walk w = {.of_rows = true};
    const struct mr_gate_table *then, *now = NULL;
    size_t at = 0, back = 0;
    while ((then = next_pair(j, &at, &w, &now)) != NULL) {
        if (!then->has_greatest || !now->has_greatest ||
            strcmp(then->key_column, now->key_column) != 0)
            continue;
        w.compared++;
        if (mr_gate_compare_numbers(now->greatest, then->greatest) >= 0)
            continue;
        if (back++ < 5) {
            mr_gate_value(j, "%s %s", mr_gate_table_name(j, now),
                          now->greatest[0] != '\0' ? now->greatest : "none");
            mr_gate_base(j, "%s %s", mr_gate_table_name(j, now), then->greatest);
        }
        mr_gate_found(j, MR_GATE_CRITICAL, "%s: greatest %s is %s, was %s",
                      mr_gate_table_name(j, now), now->key_column,
                      now->greatest[0] != '\0' ? now->greatest : "gone", then->greatest);
    }
    mr_gate_note(j, "no greatest key went back, of %zu tables", w.compared);
    mr_gate_hint(j, MR_GATE_OLD_COPY_HINT);
}

/* Both as the server writes them: DATETIME text sorts as it runs. */
static int compare_newest(const struct mr_gate_table *a, const struct mr_gate_table *b)
{
    if (a->time_is_number)
        return mr_gate_compare_numbers(a->newest, b->newest);
    return strcmp(a->newest, b->newest);
}

static const char *span(double seconds, char *out, size_t size)
{
    if (seconds >= 2 * 86400)
        (void)snprintf(out, size, "%.1f days", seconds / 86400);
    else if (seconds >= 2 * 3600)
        (void)snprintf(out, size, "%.1f hours", seconds / 3600);
    else if (seconds >= 120)
        (void)snprintf(out, size, "%.0f minutes", seconds / 60);
    else
        (void)snprintf(out, size, "%.0f seconds", seconds);
    return out;
}

static void newest_against_past(struct mr_gate_judge *j, size_t *compared)
{
    struct walk w = {.of_rows = true};
    const struct mr_gate_table *then, *now = NULL;
    size_t at = 0, back = 0, changed = 0, unread = 0;
    char ago[32];
    while ((then = next_pair(j, &at, &w, &now)) != NULL) {
        unread += then->time_column != NULL && now->time_column == NULL ? 1 : 0;
        if (then->time_column == NULL || now->time_column == NULL ||
            strcmp(then->time_column, now->time_column) != 0)
            continue;
        if (!mr_gate_shape_is_alike(then, now, then->time_column)) {
            changed++;
            continue;
        }
        (*compared)++;
        if (compare_newest(now, then) >= 0)
            continue;
        const double seconds = mr_gate_seconds_between(now->newest, then->newest);
        if (back++ < 5) {
            mr_gate_value(j, "%s %s", mr_gate_table_name(j, now),
                          now->newest[0] != '\0' ? now->newest : "none");
            mr_gate_base(j, "%s %s", mr_gate_table_name(j, now), then->newest);
        }
        mr_gate_found(j, MR_GATE_CRITICAL, "%s: newest %s went back from %s to %s%s%s%s",
                      mr_gate_table_name(j, now), now->time_column, then->newest,
                      now->newest[0] != '\0' ? now->newest : "nothing", seconds > 0 ? " (" : "",
                      seconds > 0 ? span(seconds, ago, sizeof ago) : "", seconds > 0 ? ")" : "");
    }
    if (unread > 0)
        mr_gate_note(
            j, "of %zu the time column is gone, or too many rows would have to be read for it",
            unread);
    if (changed > 0)
        mr_gate_note(j, "of %zu the time column has another type now, and cannot be compared",
                     changed);
}

static void newest_against_peer(struct mr_gate_judge *j, const struct mr_gate_peer *peer,
                                size_t *compared)
{
    char behind[32];
    const double delay_s =
        mr_gate_is_below(j, j->now, peer->facts, false) ? (double)mr_gate_wanted_delay_s(j) : 0;
    for (size_t i = 0; i < peer->facts->ntables; i++) {
        const struct mr_gate_table *theirs = &peer->facts->tables[i];
        const struct mr_gate_table *ours =
            mr_gate_facts_twin(peer->facts, j->now, theirs->db, theirs->name);
        if (ours == NULL || ours->is_queue)
            continue;
        if (theirs->view.seen != MR_GATE_SEEN ||
            (j->baseline == NULL && ours->view.seen != MR_GATE_SEEN)) {
            mr_gate_found_unread_side(j, peer, ours, theirs);
            continue;
        }
        if (ours->view.seen != MR_GATE_SEEN || ours->time_column == NULL ||
            theirs->time_column == NULL || theirs->newest[0] == '\0' ||
            strcmp(ours->time_column, theirs->time_column) != 0)
            continue;
        (*compared)++;
        if (compare_newest(ours, theirs) >= 0)
            continue;
        double seconds = mr_gate_seconds_between(ours->newest, theirs->newest) - delay_s;
        if (ours->newest[0] == '\0')
            seconds = 1e9; /* nothing where the other side has rows */
        const enum mr_gate_severity severity = mr_gate_weigh(j, MR_GATE_T_NEWEST, seconds);
        if (severity == MR_GATE_OK)
            continue;
        mr_gate_value(j, "%s %s", mr_gate_table_name(j, ours), ours->newest);
        mr_gate_found(j, severity, "%s: newest %s is %s, %s before that of %s",
                      mr_gate_table_name(j, ours), ours->time_column,
                      ours->newest[0] != '\0' ? ours->newest : "nothing",
                      span(seconds, behind, sizeof behind), peer->uri);
    }
}

/* A peer that replicates from this server lags behind it by nature: it is not compared with. */
void mr_gate_rule_newest_row(struct mr_gate_judge *j)
{
    size_t compared = 0;
    if (j->baseline != NULL)
        newest_against_past(j, &compared);
    for (size_t i = 0; i < j->npeers; i++) {
        const struct mr_gate_facts *peer = j->peers[i].facts;
        if (peer != NULL && !mr_gate_is_below(j, peer, j->now, true))
            newest_against_peer(j, &j->peers[i], &compared);
        else if (peer == NULL)
            mr_gate_found_away(j, &j->peers[i]);
    }
    if (compared > 0)
        mr_gate_note(j, "the newest rows of %zu tables did not go back", compared);
    else
        mr_gate_note(j, "no table has a time column that could be compared");
    mr_gate_hint(j, MR_GATE_OLD_COPY_HINT);
}

/* ---- the past ---- */

#define NAMED 3       /* so many tables are named in a note */
#define ALL_CHANGED 8 /* so many newest rows are not edited by chance, and no older one */

/* Rows that are there under other keys are what a repair leaves, and not lost; told only where it
 * is so of nine in ten, for a few may be there by chance. */
static void found_loss(struct mr_gate_judge *j, const struct mr_gate_table *now,
                       const struct mr_gate_fate *fate)
{
    const char *name = mr_gate_table_name(j, now);
    const size_t others = fate->replaced + fate->doubtful, lost = others + fate->gone;
    char elsewhere[128] = "";
    const enum mr_gate_severity severity =
        fate->loss == MR_GATE_LOSS_SURE ? MR_GATE_CRITICAL : MR_GATE_WARNING;
    if (fate->elsewhere * 10 >= lost * 9)
        (void)snprintf(elsewhere, sizeof elsewhere,
                       "; %zu of these %zu are there under other keys, as a repair leaves "
                       "them",
                       fate->elsewhere, lost);
    else if (fate->elsewhere > 0)
        (void)snprintf(elsewhere, sizeof elsewhere,
                       "; only %zu of these %zu are there under other keys", fate->elsewhere, lost);
    if (others > 0)
        mr_gate_found(j, severity,
                      "%s: of %zu rows of the baseline, %zu stand under keys that belong "
                      "to other rows now, and %zu are gone: the newest %zu%s",
                      name, fate->asked, others, fate->gone, fate->newest_lost, elsewhere);
    else
        mr_gate_found(j, severity,
                      "%s: the newest %zu rows of the baseline are gone; %zu of %zu that "
                      "are older are there%s",
                      name, fate->newest_lost, fate->there, fate->asked - fate->newest_lost,
                      elsewhere);
    mr_gate_hint(j, MR_GATE_OLD_COPY_HINT);
}

/* What a queue has consumed does not come back under another key, as old as it was. */
static bool is_rekeyed(const struct mr_gate_table *now, const struct mr_gate_fate *fate)
{
    return now->rows_born != NULL && now->rows_born[0] != '\0' &&
           fate->elsewhere * 2 > fate->asked - fate->there;
}

/* Newest and older rows are gone: as from a queue, if they were deleted here. */
static void judge_unclear(struct mr_gate_judge *j, const struct mr_gate_table *then,
                          const struct mr_gate_table *now, const struct mr_gate_fate *fate,
                          size_t *consumed)
{
    const char *why = mr_gate_why_not_deleted(j, then, now);
    if (is_rekeyed(now, fate)) {
        mr_gate_found(j, MR_GATE_WARNING,
                      "%s: of %zu rows of the baseline %zu are gone, the newest among "
                      "them, and %zu of these are there under other keys",
                      mr_gate_table_name(j, now), fate->asked, fate->asked - fate->there,
                      fate->elsewhere);
        mr_gate_hint(j, "What refers to them by their old keys leads nowhere, or to "
                        "others: compare with another copy, myrecon check. If they were "
                        "given new keys on purpose, record a new baseline.");
        return;
    }
    if (why == NULL) {
        (*consumed)++;
        return;
    }
    mr_gate_found(j, MR_GATE_WARNING,
                  "%s: %zu of %zu rows of the baseline are gone, the newest among them: "
                  "consumed as from a queue, or lost; %s",
                  mr_gate_table_name(j, now), fate->asked - fate->there, fate->asked, why);
    mr_gate_hint(j,
                 "If its rows come and go, write queue = yes under [table %s] of the "
                 "configuration, or record a new baseline. If not, an older copy may have "
                 "been put back: compare with another one, myrecon check.",
                 mr_gate_table_name(j, now));
}

/* Where nothing but its key tells who a row is: have the newest ones, and no older one,
 * become others? */
static bool is_newest_changed(const struct mr_gate_table *now, const struct mr_gate_fate *fate)
{
    return now->rows_identity[0] == '\0' && now->rows_born[0] == '\0' &&
           fate->newest_changed >= ALL_CHANGED && fate->newest_changed < fate->asked;
}

/* An UPDATE would have moved the time stamp of each. */
static bool says_replaced(const struct mr_gate_table *now, const struct mr_gate_fate *fate)
{
    return is_newest_changed(now, fate) && fate->changed * 10 >= fate->newest_changed * 9;
}

/* The newest rows, and a sample of all behind them. */
static void compare_rows(struct mr_gate_judge *j, const struct mr_gate_table *then,
                         const struct mr_gate_table *now, size_t *consumed)
{
    const struct mr_gate_fate fate = mr_gate_fate_of(now);
    const size_t unlike = fate.asked - fate.there + fate.changed + fate.touched;
    if (then->by_key.count + then->by_time.count > 0 && now->rows_key != NULL &&
        strcasecmp(then->rows_key, now->rows_key) != 0)
        mr_gate_found(j, MR_GATE_UNKNOWN,
                      "%s has the key (%s), had (%s): the baseline's rows cannot be "
                      "looked for",
                      mr_gate_table_name(j, now), now->rows_key, then->rows_key);
    if (fate.asked == 0)
        return;
    if (fate.loss == MR_GATE_LOSS_SURE || fate.loss == MR_GATE_LOSS_LIKELY)
        found_loss(j, now, &fate);
    else if (now->is_static && unlike > 0)
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "%s is static, but of %zu rows %zu hold something else and %zu are "
                      "gone",
                      mr_gate_table_name(j, now), fate.asked,
                      fate.changed + fate.touched + fate.doubtful, fate.gone);
    else if (fate.loss == MR_GATE_LOSS_UNCLEAR)
        judge_unclear(j, then, now, &fate, consumed);
    else if (now->tells_updates && fate.changed > 0)
        mr_gate_found(j, says_replaced(now, &fate) ? MR_GATE_CRITICAL : MR_GATE_WARNING,
                      "%s: %zu of %zu rows hold something else, and were not updated since "
                      "by their own time stamps",
                      mr_gate_table_name(j, now), fate.changed, fate.asked);
    else if (is_newest_changed(now, &fate))
        mr_gate_found(j, MR_GATE_WARNING,
                      "%s: the newest %zu rows of the baseline hold something else, older "
                      "ones do not; nothing tells whether they are the same rows",
                      mr_gate_table_name(j, now), fate.newest_changed);
}

/* What a walk over ranges comes to. */
struct ranges {
    size_t compared, changed, touched, grown, deleted;
    size_t restructured, keyless; /* tables that could not be compared */
};

/* All rows of a table, or as many as there were. */
static void compare_full(struct mr_gate_judge *j, const struct mr_gate_table *then,
                         const struct mr_gate_table *now, struct ranges *r, uint64_t *lost)
{
    const struct mr_gate_range *a = &then->full, *b = &now->full;
    if (j->full && a->digest != NULL && b->digest == NULL)
        mr_gate_found(j, MR_GATE_UNKNOWN,
                      "%s has another structure: digests of all rows cannot be compared",
                      mr_gate_table_name(j, now));
    if (a->digest == NULL || b->digest == NULL)
        return;
    if (b->hi[0] == '\0' && a->rows != b->rows) { /* no key tells which are new */
        r->keyless++;
        return;
    }
    r->compared++;
    if (b->rows < a->rows && *lost == 0)
        *lost = a->rows - b->rows;
    else if (strcmp(a->digest, b->digest) == 0 || r->changed > 0 || *lost > 0)
        return;
    else if (b->touched)
        r->touched++;
    else if (b->rows == a->rows)
        r->changed++;
    else
        mr_gate_found(j, MR_GATE_UNKNOWN,
                      "%s: %" PRIu64 " rows came among the old ones; a digest of all "
                      "cannot tell whether those are as they were",
                      mr_gate_table_name(j, now), b->rows - a->rows);
}

/* Of ranges that lost rows, is this one of those at the table's begin?  They are in the
 * order of keys. */
static bool is_purged(const struct mr_gate_table *then, const struct mr_gate_table *now, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (gone_of(&then->ranges[i], &now->ranges[i]) < then->ranges[i].rows)
            return false;
    return then->nranges == now->nranges;
}

/* Rows are deleted by rules, or purged from the old end; but not a whole range between
 * others that are there. */
static void compare_range(const struct mr_gate_table *then, const struct mr_gate_table *now,
                          size_t at, struct ranges *r, uint64_t *lost)
{
    const struct mr_gate_range *a = &then->ranges[at], *b = &now->ranges[at];
    r->compared++;
    if (strcmp(a->digest, b->digest) == 0)
        return;
    const uint64_t gone = gone_of(a, b);
    if (gone > 0 && (now->is_static || (gone * 2 > a->rows && !is_purged(then, now, at))))
        *lost += gone;
    else if (b->touched && !now->is_static)
        r->touched++;
    else if (b->judged ? b->changed > 0 : gone == 0 && !b->grown)
        r->changed++;
    else if (gone > 0)
        r->deleted++;
    else
        r->grown++;
}

static void compare_ranges(struct mr_gate_judge *j, const struct mr_gate_table *then,
                           const struct mr_gate_table *now, struct ranges *all)
{
    struct ranges r = {0};
    uint64_t lost = 0;
    for (size_t i = 0; i < then->nranges && i < now->nranges; i++)
        compare_range(then, now, i, &r, &lost);
    compare_full(j, then, now, &r, &lost);
    if (lost > 0)
        mr_gate_found(j, MR_GATE_CRITICAL, "%s: %" PRIu64 " old rows are gone",
                      mr_gate_table_name(j, now), lost);
    else if (r.changed > 0)
        mr_gate_found(j, now->is_static ? MR_GATE_CRITICAL : MR_GATE_WARNING,
                      "%s: old rows differ in %zu of %zu ranges", mr_gate_table_name(j, now),
                      r.changed, r.compared);
    if (then->nranges > 0 && strcmp(then->fingerprint, now->fingerprint) != 0)
        all->restructured++;
    all->keyless += r.keyless;
    all->compared += r.compared;
    all->changed += r.changed;
    all->touched += r.touched;
    all->grown += r.grown;
    all->deleted += r.deleted;
}

static size_t count_full(const struct mr_gate_facts *facts)
{
    size_t count = 0;
    for (size_t i = 0; i < facts->ntables; i++)
        count += facts->tables[i].full.digest != NULL ? 1 : 0;
    return count;
}

/* Tables without a counting key and a time that can be read: their rows of the baseline are
 * not looked for. */
static void note_unmarked(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    char names[NAMED * 130] = "";
    size_t count = 0, len = 0;
    for (size_t i = 0; i < past->ntables; i++) {
        const struct mr_gate_table *then = &past->tables[i];
        const struct mr_gate_table *now = mr_gate_table_now(j, then);
        if (now == NULL || now->is_queue || then->view.seen != MR_GATE_SEEN || then->rows == 0 ||
            then->by_key.count > 0 || then->by_time.count > 0)
            continue;
        if (count++ < NAMED)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%.120s",
                                    len > 0 ? ", " : "", mr_gate_table_name(j, now));
    }
    if (count > 0)
        mr_gate_note(j,
                     "of %zu table%s nothing tells the newest rows, so that an older copy "
                     "with more rows since would not be seen: %s%s",
                     count, count > 1 ? "s" : "", names, count > NAMED ? ", …" : "");
}

static void note_ranges(struct mr_gate_judge *j, const struct ranges *r)
{
    mr_gate_value(j, "%zu of %zu ranges differ", r->changed, r->compared);
    mr_gate_note(j, "%zu ranges of old rows are as they were", r->compared - r->touched);
    if (r->touched > 0)
        mr_gate_note(j, "%zu were updated since, by their own time stamps", r->touched);
    if (r->grown > 0)
        mr_gate_note(j, "rows came in between in %zu", r->grown);
    if (r->deleted > 0)
        mr_gate_note(j, "rows were deleted in %zu", r->deleted);
    if (r->restructured > 0)
        mr_gate_note(j, "of %zu with another structure no range could be compared",
                     r->restructured);
    if (r->keyless > 0)
        mr_gate_note(j,
                     "of %zu without a key, with other numbers of rows, no digest of "
                     "all could be compared",
                     r->keyless);
}

void mr_gate_rule_sample_digest(struct mr_gate_judge *j)
{
    struct walk w = {.of_rows = true};
    const struct mr_gate_table *then, *now = NULL;
    struct ranges r = {0};
    size_t at = 0, consumed = 0;
    if (mr_gate_past(j)->server.flavour != j->now->server.flavour) {
        mr_gate_found(j, MR_GATE_UNKNOWN, "digests of MySQL and MariaDB are not comparable");
        mr_gate_hint(j, "Compare the two servers row by row: myrecon check.");
        return;
    }
    if (j->full && count_full(mr_gate_past(j)) == 0) {
        mr_gate_found(j, MR_GATE_UNKNOWN, "the baseline holds no digests of all rows");
        mr_gate_hint(j, "Record it with --full.");
    }
    while ((then = next_pair(j, &at, &w, &now)) != NULL) {
        compare_rows(j, then, now, &consumed);
        compare_ranges(j, then, now, &r);
    }
    if (mr_gate_past(j)->is_older) {
        mr_gate_found(j, MR_GATE_UNKNOWN,
                      "the baseline is of an older version (%.40s) and knows no newest "
                      "rows: an older copy with more rows since cannot be told",
                      j->baseline->version);
        mr_gate_hint(j, "Record a new baseline: myrecon gate record.");
    } else {
        note_unmarked(j);
    }
    note_ranges(j, &r);
    if (consumed > 0)
        mr_gate_note(j, "the rows of %zu were deleted, the newest, too: as in a queue", consumed);
    mr_gate_hint(j, "Compare with another copy of the data: myrecon check.");
}
