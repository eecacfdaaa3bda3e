/* gate_rules_data.c: has the server all the data that it had? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/row/when.h"
#include "recon/gate/gate_rules.h"

/* What a walk over the baseline's tables comes to. */
struct walk {
    size_t tables, compared;
};

/* The next table of the baseline that can be compared; unread ones are told of. */
static const struct mr_gate_table *next_pair(struct mr_gate_judge *j, size_t *at,
                                             struct walk *w,
                                             const struct mr_gate_table **now)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    while (*at < past->ntables) {
        const struct mr_gate_table *then = &past->tables[(*at)++];
        *now = mr_gate_table_now(j, then);
        if (*now == NULL)
            continue;
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

void mr_gate_rule_tables(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j), *now = j->now;
    const char *gone_db = NULL;
    size_t there = 0;
    for (size_t i = 0; i < past->ntables; i++)
        there += mr_gate_table_now(j, &past->tables[i]) != NULL ? 1 : 0;
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
    mr_gate_value(j, "%zu tables", there);
    mr_gate_base(j, "%zu tables", there + now->nabsent);
    mr_gate_note(j, "all %zu tables are there", there);
    mr_gate_hint(j, "Restore them from a replica or a backup; \"myrecon check\" compares "
                    "what is left.");
}

/* The first line that only one of the two has. */
static const char *odd_line(const struct mr_gate_table *has,
                            const struct mr_gate_table *lacks)
{
    for (size_t i = 0; i < has->nshape; i++) {
        bool found = false;
        for (size_t k = 0; k < lacks->nshape && !found; k++)
            found = strcmp(has->shape[i], lacks->shape[k]) == 0;
        if (!found)
            return has->shape[i];
    }
    return NULL;
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
        if (strcmp(then->fingerprint, now->fingerprint) == 0)
            continue;
        const char *before = odd_line(then, now), *after = odd_line(now, then);
        const char *name = mr_gate_table_name(j, then);
        changed++;
        if (after != NULL && before != NULL)
            mr_gate_found(j, MR_GATE_WARNING, "%s: now %.200s, was %.200s", name, after,
                          before);
        else if (after != NULL || before != NULL)
            mr_gate_found(j, MR_GATE_WARNING, "%s: %s %.200s", name,
                          after != NULL ? "now" : "no longer",
                          after != NULL ? after : before);
        else
            mr_gate_found(j, MR_GATE_WARNING, "%s: its columns are in another order",
                          name);
    }
    mr_gate_value(j, "%zu of %zu tables changed", changed, compared);
    mr_gate_note(j, "the structure of %zu tables is as it was", compared);
    mr_gate_hint(j, "If a migration was planned, record a new baseline after it.");
}

/* ---- rows, keys, newest ---- */

void mr_gate_rule_row_counts(struct mr_gate_judge *j)
{
    struct walk w = {0};
    const struct mr_gate_table *then, *now = NULL;
    size_t at = 0, estimated = 0;
    uint64_t rows_then = 0, rows_now = 0;
    while ((then = next_pair(j, &at, &w, &now)) != NULL) {
        const bool exact = then->rows_exact && now->rows_exact;
        rows_then += then->rows;
        rows_now += now->rows;
        estimated += exact ? 0 : 1;
        if (now->rows >= then->rows)
            continue;
        const double lost = 100.0 * (double)(then->rows - now->rows) / (double)then->rows;
        /* an estimate may be off by half and still be a good one */
        if (!exact && lost <= 50)
            continue;
        mr_gate_found(
            j, exact ? mr_gate_weigh(j, MR_GATE_T_ROWS_LOST, lost) : MR_GATE_WARNING,
            "%s has %" PRIu64 " rows%s, had %" PRIu64 " (%.1f %% fewer)",
            mr_gate_table_name(j, now), now->rows, now->rows_exact ? "" : " by estimate",
            then->rows, lost);
    }
    mr_gate_value(j, "%" PRIu64 " rows", rows_now);
    mr_gate_base(j, "%" PRIu64 " rows", rows_then);
    if (estimated > 0)
        mr_gate_note(j, "no table has lost rows; %zu of %zu are known by estimate only",
                     estimated, w.tables);
    else
        mr_gate_note(j, "no table has fewer rows, of %zu", w.tables);
    mr_gate_hint(j, "If rows are deleted on purpose, leave the table out: exclude = in "
                    "[gate]. Otherwise compare with another copy: myrecon check.");
}

void mr_gate_rule_max_keys(struct mr_gate_judge *j)
{
    struct walk w = {0};
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

static int64_t day_number(const struct mr_time *t)
{
    /* days since 0000-03-01 of the proleptic Gregorian calendar */
    int64_t y = (int64_t)t->year - (t->month <= 2 ? 1 : 0);
    int64_t m = ((int64_t)t->month + 9) % 12;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + (int64_t)t->day - 1;
}

/* Seconds by which a is before b; 0 where either is no time. */
static double seconds_between(const char *a, const char *b)
{
    struct mr_when x, y;
    if (mr_when_parse(&x, a, NULL) != MR_OK || mr_when_parse(&y, b, NULL) != MR_OK)
        return 0;
    const struct mr_time *s = &x.time, *e = &y.time;
    return 86400.0 * (double)(day_number(e) - day_number(s)) +
           3600.0 * ((double)e->hour - (double)s->hour) +
           60.0 * ((double)e->minute - (double)s->minute) +
           ((double)e->second - (double)s->second) +
           ((double)e->micros - (double)s->micros) / 1e6;
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
    struct walk w = {0};
    const struct mr_gate_table *then, *now = NULL;
    size_t at = 0, back = 0;
    char ago[32];
    while ((then = next_pair(j, &at, &w, &now)) != NULL) {
        if (then->time_column == NULL || now->time_column == NULL ||
            strcmp(then->time_column, now->time_column) != 0)
            continue;
        (*compared)++;
        if (compare_newest(now, then) >= 0)
            continue;
        const double seconds = seconds_between(now->newest, then->newest);
        if (back++ < 5) {
            mr_gate_value(j, "%s %s", mr_gate_table_name(j, now),
                          now->newest[0] != '\0' ? now->newest : "none");
            mr_gate_base(j, "%s %s", mr_gate_table_name(j, now), then->newest);
        }
        mr_gate_found(
            j, MR_GATE_CRITICAL, "%s: newest %s went back from %s to %s%s%s%s",
            mr_gate_table_name(j, now), now->time_column, then->newest,
            now->newest[0] != '\0' ? now->newest : "nothing", seconds > 0 ? " (" : "",
            seconds > 0 ? span(seconds, ago, sizeof ago) : "", seconds > 0 ? ")" : "");
    }
}

static void newest_against_peer(struct mr_gate_judge *j, const struct mr_gate_peer *peer,
                                size_t *compared)
{
    char behind[32];
    const double delay_s = mr_gate_is_below(j, j->now, peer->facts, false)
                               ? (double)mr_gate_wanted_delay_s(j)
                               : 0;
    for (size_t i = 0; i < peer->facts->ntables; i++) {
        const struct mr_gate_table *theirs = &peer->facts->tables[i];
        const struct mr_gate_table *ours = mr_gate_facts_table(
            j->now, mr_gate_facts_pair(peer->facts, j->now, theirs->db), theirs->name);
        if (ours == NULL || ours->view.seen != MR_GATE_SEEN ||
            theirs->view.seen != MR_GATE_SEEN || ours->time_column == NULL ||
            theirs->time_column == NULL || theirs->newest[0] == '\0' ||
            strcmp(ours->time_column, theirs->time_column) != 0)
            continue;
        (*compared)++;
        if (compare_newest(ours, theirs) >= 0)
            continue;
        double seconds = seconds_between(ours->newest, theirs->newest) - delay_s;
        if (ours->newest[0] == '\0')
            seconds = 1e9; /* nothing where the other side has rows */
        const enum mr_gate_severity severity =
            mr_gate_weigh(j, MR_GATE_T_NEWEST, seconds);
        if (severity == MR_GATE_OK)
            continue;
        mr_gate_value(j, "%s %s", mr_gate_table_name(j, ours), ours->newest);
        mr_gate_found(j, severity, "%s: newest %s is %s, %s before that of %s",
                      mr_gate_table_name(j, ours), ours->time_column,
                      ours->newest[0] != '\0' ? ours->newest : "nothing",
                      span(seconds, behind, sizeof behind), peer->uri);
    }
}

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

/* What a walk over ranges comes to. */
struct ranges {
    size_t compared, changed, touched, grown;
};

/* All rows of a table, or as many as there were. */
static void compare_full(struct mr_gate_judge *j, const struct mr_gate_table *then,
                         const struct mr_gate_table *now, struct ranges *r,
                         uint64_t *lost)
{
    const struct mr_gate_range *a = &then->full, *b = &now->full;
    if (a->digest == NULL || b->digest == NULL ||
        (b->hi[0] == '\0' && a->rows != b->rows))
        return;
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

static void compare_ranges(struct mr_gate_judge *j, const struct mr_gate_table *then,
                           const struct mr_gate_table *now, struct ranges *all)
{
    struct ranges r = {0};
    uint64_t lost = 0;
    for (size_t i = 0; i < then->nranges && i < now->nranges; i++) {
        const struct mr_gate_range *a = &then->ranges[i], *b = &now->ranges[i];
        r.compared++;
        if (strcmp(a->digest, b->digest) == 0)
            continue;
        if (b->rows < a->rows)
            lost += a->rows - b->rows;
        else if (b->touched)
            r.touched++;
        else if (b->grown)
            r.grown++;
        else
            r.changed++;
    }
    compare_full(j, then, now, &r, &lost);
    if (lost > 0)
        mr_gate_found(j, MR_GATE_CRITICAL, "%s: %" PRIu64 " old rows are gone",
                      mr_gate_table_name(j, now), lost);
    else if (r.changed > 0)
        mr_gate_found(j, MR_GATE_WARNING, "%s: old rows differ in %zu of %zu ranges",
                      mr_gate_table_name(j, now), r.changed, r.compared);
    all->compared += r.compared;
    all->changed += r.changed;
    all->touched += r.touched;
    all->grown += r.grown;
}

static size_t count_full(const struct mr_gate_facts *facts)
{
    size_t count = 0;
    for (size_t i = 0; i < facts->ntables; i++)
        count += facts->tables[i].full.digest != NULL ? 1 : 0;
    return count;
}

void mr_gate_rule_sample_digest(struct mr_gate_judge *j)
{
    struct walk w = {0};
    const struct mr_gate_table *then, *now = NULL;
    struct ranges r = {0};
    size_t at = 0;
    if (mr_gate_past(j)->server.flavour != j->now->server.flavour) {
        mr_gate_found(j, MR_GATE_UNKNOWN,
                      "digests of MySQL and MariaDB are not comparable");
        mr_gate_hint(j, "Compare the two servers row by row: myrecon check.");
        return;
    }
    if (j->full && count_full(mr_gate_past(j)) == 0) {
        mr_gate_found(j, MR_GATE_UNKNOWN, "the baseline holds no digests of all rows");
        mr_gate_hint(j, "Record it with --full.");
    }
    while ((then = next_pair(j, &at, &w, &now)) != NULL)
        compare_ranges(j, then, now, &r);
    if (r.changed * 4 > r.compared && r.compared >= 4 && j->severity == MR_GATE_WARNING)
        j->severity = MR_GATE_CRITICAL; /* not one row, but another history */
    mr_gate_value(j, "%zu of %zu ranges differ", r.changed, r.compared);
    mr_gate_note(j, "%zu ranges of old rows are as they were", r.compared - r.touched);
    if (r.touched > 0)
        mr_gate_note(j, "%zu were updated since, by their own time stamps", r.touched);
    if (r.grown > 0)
        mr_gate_note(j, "rows came in between in %zu", r.grown);
    mr_gate_hint(j, "Compare with another copy of the data: myrecon check.");
}
