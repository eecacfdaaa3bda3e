/* gate_rules_complete.c: counters, sequences, completeness and freshness. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "recon/gate/gate_rules.h"

/* ---- AUTO_INCREMENT ---- */

/* SHOW CREATE TABLE says nothing of a counter that stands at its begin. */
static uint64_t next_of(const struct mr_gate_table *t)
{
    return t->next > 0 ? t->next : 1;
}

static bool has_counter(const struct mr_gate_table *t)
{
    return t->counter_column != NULL && t->view.seen == MR_GATE_SEEN && !t->counter_grouped;
}

static void position_alone(struct mr_gate_judge *j, const struct mr_gate_table *t)
{
    /* a full type is reported by the headroom */
    if (next_of(t) > t->counter_greatest ||
        (t->counter_max > 0 && t->counter_greatest >= t->counter_max))
        return;
    mr_gate_found(j, MR_GATE_CRITICAL,
                  "%s: the next %s is %" PRIu64 ", but %" PRIu64 " is there already",
                  mr_gate_table_name(j, t), t->counter_column, next_of(t), t->counter_greatest);
    mr_gate_value(j, "%s %" PRIu64, mr_gate_table_name(j, t), next_of(t));
}

/* InnoDB reserves ids for an INSERT … SELECT before it knows how many it needs; those that
 * no row got are nobody's, and a restart forgets them. */
#define RESERVED_MAX 65535
static bool only_reserved(const struct mr_gate_judge *j, const struct mr_gate_table *then)
{
    return mr_gate_was_restarted(mr_gate_past(j), j->now) &&
           next_of(then) - then->counter_greatest <= RESERVED_MAX + 1;
}

static void position_then(struct mr_gate_judge *j, const struct mr_gate_table *then)
{
    const struct mr_gate_table *now = mr_gate_table_now(j, then);
    if (now == NULL || !has_counter(now) || !has_counter(then) || next_of(now) >= next_of(then))
        return;
    const bool given = next_of(now) <= then->counter_greatest;
    /* a replica's counter misses what was burned on the primary */
    if (!given && (j->expect_new_instance || only_reserved(j, then))) {
        mr_gate_note(j,
                     "%s: the next %s went back from %" PRIu64 " to %" PRIu64
                     ", as ids are forgotten that no row got",
                     mr_gate_table_name(j, now), now->counter_column, next_of(then), next_of(now));
        return;
    }
    mr_gate_found(j, given ? MR_GATE_CRITICAL : MR_GATE_WARNING,
                  "%s: the next %s went back from %" PRIu64 " to %" PRIu64 "%s",
                  mr_gate_table_name(j, now), now->counter_column, next_of(then), next_of(now),
                  given ? ": ids are given a second time" : "");
    mr_gate_value(j, "%s %" PRIu64, mr_gate_table_name(j, now), next_of(now));
    mr_gate_base(j, "%s %" PRIu64, mr_gate_table_name(j, now), next_of(then));
}

/* Ids that the other side has given and this one will give again: of a history of its own only, for
 * a replica has the same ids by right. */
static void position_peer(struct mr_gate_judge *j, const struct mr_gate_peer *peer)
{
    for (size_t i = 0; i < peer->facts->ntables; i++) {
        const struct mr_gate_table *theirs = &peer->facts->tables[i];
        const struct mr_gate_table *ours =
            mr_gate_facts_twin(peer->facts, j->now, theirs->db, theirs->name);
        if (theirs->view.seen != MR_GATE_SEEN) {
            mr_gate_found_unread_side(j, peer, NULL, theirs);
            continue;
        }
        if (ours == NULL || !has_counter(ours) || !has_counter(theirs) ||
            theirs->counter_greatest < next_of(ours))
            continue;
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "%s: the next %s is %" PRIu64 ", but %s has given ids up to %" PRIu64,
                      mr_gate_table_name(j, ours), ours->counter_column, next_of(ours), peer->uri,
                      theirs->counter_greatest);
        mr_gate_value(j, "%s %" PRIu64, mr_gate_table_name(j, ours), next_of(ours));
    }
}

/* A column whose DEFAULT draws from a sequence: it must be there, above every key. */
static void drawn_alone(struct mr_gate_judge *j, const struct mr_gate_table *t)
{
    if (t->drawn_column == NULL || t->view.seen != MR_GATE_SEEN)
        return;
    const struct mr_gate_sequence *s = mr_gate_facts_sequence(j->now, t->drawn_db, t->drawn_name);
    if (t->drawn_view.seen != MR_GATE_SEEN && s == NULL) {
        char what[300];
        (void)snprintf(what, sizeof what, "sequence %.120s.%.120s", t->drawn_db, t->drawn_name);
        mr_gate_found_hidden(j, what, &t->drawn_view);
    } else if (t->drawn_gone)
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "%s: %s draws from sequence %s.%s, which is gone: every insert fails",
                      mr_gate_table_name(j, t), t->drawn_column, t->drawn_db, t->drawn_name);
    else if (s != NULL && s->view.seen == MR_GATE_SEEN && !s->descends && !s->cycles &&
             s->next != 0 && s->next <= t->drawn_greatest) /* 0: it stands at 0, or below */
        mr_gate_found(
            j, MR_GATE_CRITICAL,
            "%s: the next of sequence %s.%s is %" PRIu64 ", but %s %" PRIu64 " is there already",
            mr_gate_table_name(j, t), s->db, s->name, s->next, t->drawn_column, t->drawn_greatest);
}

/* One that descends or begins anew goes back by itself. */
static void sequences_then(struct mr_gate_judge *j, const struct mr_gate_facts *past)
{
    for (size_t i = 0; i < past->nsequences; i++) {
        const struct mr_gate_sequence *then = &past->sequences[i];
        const struct mr_gate_sequence *now =
            mr_gate_facts_sequence(j->now, mr_gate_facts_pair(past, j->now, then->db), then->name);
        if (now != NULL && then->view.seen == MR_GATE_SEEN && now->view.seen == MR_GATE_SEEN &&
            !now->descends && !now->cycles && now->next < then->next)
            mr_gate_found(j, MR_GATE_CRITICAL,
                          "sequence %s.%s went back from %" PRIu64 " to %" PRIu64
                          ": ids are given a second time",
                          now->db, now->name, then->next, now->next);
    }
}

static void see_sequences(struct mr_gate_judge *j)
{
    for (size_t i = 0; i < j->now->nsequences; i++) {
        const struct mr_gate_sequence *s = &j->now->sequences[i];
        char name[300];
        (void)snprintf(name, sizeof name, "sequence %.120s.%.120s", s->db, s->name);
        if (s->view.seen != MR_GATE_SEEN)
            mr_gate_found_hidden(j, name, &s->view);
    }
}

void mr_gate_rule_auto_increment_position(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    size_t counters = 0;
    mr_gate_found_hidden_tables(j);
    see_sequences(j);
    if (past != NULL)
        sequences_then(j, past);
    for (size_t i = 0; i < j->now->ntables; i++) {
        const struct mr_gate_table *t = &j->now->tables[i];
        if (t->view.seen != MR_GATE_SEEN)
            mr_gate_found_hidden(j, mr_gate_table_name(j, t), &t->view);
        drawn_alone(j, t);
        if (!has_counter(t))
            continue;
        counters++;
        position_alone(j, t);
    }
    for (size_t i = 0; past != NULL && i < past->ntables; i++)
        position_then(j, &past->tables[i]);
    for (size_t i = 0; i < j->npeers; i++)
        if (j->peers[i].facts == NULL)
            mr_gate_found_away(j, &j->peers[i]);
        else if (mr_gate_is_other_history(j, j->peers[i].facts))
            position_peer(j, &j->peers[i]);
    mr_gate_note(j, "%zu counters stand above every key", counters);
    mr_gate_hint(j, "Stop inserts, and raise the counters above both histories: myrecon "
                    "repair plan --reseed-only.");
}

/* Used is what lies below the counter or the greatest key, whichever is higher: ids up to there
 * cannot be had any more. */
void mr_gate_rule_auto_increment_headroom(struct mr_gate_judge *j)
{
    double least = 100;
    size_t counters = 0;
    const struct mr_gate_table *fullest = NULL;
    mr_gate_found_hidden_tables(j);
    for (size_t i = 0; i < j->now->ntables; i++) {
        const struct mr_gate_table *t = &j->now->tables[i];
        if (t->view.seen != MR_GATE_SEEN)
            mr_gate_found_hidden(j, mr_gate_table_name(j, t), &t->view);
        if (t->view.seen != MR_GATE_SEEN || t->counter_column == NULL || t->counter_max == 0)
            continue;
        uint64_t used = next_of(t) - 1;
        if (t->counter_greatest > used)
            used = t->counter_greatest;
        if (used > t->counter_max)
            used = t->counter_max;
        const double left = 100.0 * (double)(t->counter_max - used) / (double)t->counter_max;
        const enum mr_gate_severity severity = mr_gate_weigh(j, MR_GATE_T_COUNTER_SHARE, left);
        counters++;
        if (fullest == NULL || left < least) {
            least = left;
            fullest = t;
        }
        if (severity != MR_GATE_OK)
            mr_gate_found(j, severity,
                          "%s: %s stands at %" PRIu64 " of %" PRIu64 ", %.1f %% are left",
                          mr_gate_table_name(j, t), t->counter_column, used, t->counter_max, left);
    }
    if (fullest == NULL) {
        mr_gate_note(j, "no table has a counter");
        return;
    }
    mr_gate_value(j, "%.1f %% left in %s", least, mr_gate_table_name(j, fullest));
    mr_gate_note(j, "at least %.1f %% are left of %zu counters", least, counters);
    mr_gate_hint(j, "Make the column a BIGINT UNSIGNED, and those that refer to it.");
    mr_gate_metric(
        j, &(struct mr_gate_metric){.name = "auto_increment_free_ratio",
                                    .help = "Least share of ids left in an AUTO_INCREMENT column.",
                                    .value = least / 100});
}

/* ---- sequences ---- */

struct sequence {
    const struct mr_gate_table *table;
    uint64_t lo, hi; /* expected */
    uint64_t present, missing;
    bool tail_missing; /* own.hi + 1 to hi */
};

/* The other sides know numbers that are missing at the end; peer NULL: the baseline does. */
static void widen(struct mr_gate_judge *j, struct sequence *s, const struct mr_gate_table *other,
                  const struct mr_gate_peer *peer)
{
    char name[600];
    if (other == NULL || other->sequence_column == NULL ||
        strcmp(other->sequence_column, s->table->sequence_column) != 0)
        return;
    if (other->sequence_view.seen != MR_GATE_SEEN) {
        (void)snprintf(name, sizeof name, "%.260s %s %.300s", mr_gate_table_name(j, s->table),
                       peer != NULL ? "on" : "of", peer != NULL ? peer->uri : "the baseline");
        mr_gate_found_hidden(j, name, &other->sequence_view);
        return;
    }
    if (other->sequence_present == 0)
        return;
    if (s->present == 0 && s->hi < s->lo) {
        s->lo = other->sequence_lo;
        s->hi = other->sequence_hi;
        s->tail_missing = true;
    } else if (other->sequence_hi > s->hi) {
        s->hi = other->sequence_hi;
        s->tail_missing = true;
    }
}

static const struct mr_gate_table *twin(const struct mr_gate_judge *j,
                                        const struct mr_gate_facts *other,
                                        const struct mr_gate_table *t)
{
    return mr_gate_facts_twin(j->now, other, t->db, t->name);
}

static void expect(struct mr_gate_judge *j, const struct mr_gate_table *t, struct sequence *s)
{
    *s = (struct sequence){
        .table = t, .lo = t->sequence_lo, .hi = t->sequence_hi, .present = t->sequence_present};
    if (t->sequence_present == 0) /* an empty range */
        s->lo = 1, s->hi = 0;
    if (j->baseline != NULL)
        widen(j, s, twin(j, mr_gate_past(j), t), NULL);
    for (size_t i = 0; i < j->npeers; i++)
        if (j->peers[i].facts != NULL && mr_gate_is_other_history(j, j->peers[i].facts))
            widen(j, s, twin(j, j->peers[i].facts, t), &j->peers[i]);
    if (s->hi >= s->lo)
        s->missing = s->hi - s->lo + 1 - s->present;
}

static void found_wanted(struct mr_gate_judge *j, const struct mr_gate_wanted *w)
{
    char name[300];
    (void)snprintf(name, sizeof name, "%.140s.%.140s", w->db, w->name);
    mr_gate_found_hidden(j, name, &w->view);
}

static void found_missing(struct mr_gate_judge *j, const struct mr_gate_wanted *w)
{
    mr_gate_found(j, MR_GATE_UNKNOWN,
                  "%.140s.%.140s, which the configuration names, is no table here", w->db, w->name);
    mr_gate_hint(j, "If it was dropped or renamed on purpose, correct its section of the "
                    "configuration.");
}

/* The next one that can be judged; hidden ones are reported. */
static bool next_sequence(struct mr_gate_judge *j, size_t *at, struct sequence *s)
{
    while (*at < j->now->ntables) {
        const struct mr_gate_table *t = &j->now->tables[(*at)++];
        if (t->sequence_column == NULL)
            continue;
        if (t->view.seen != MR_GATE_SEEN) {
            mr_gate_found_hidden(j, mr_gate_table_name(j, t), &t->view);
            continue;
        }
        if (t->sequence_view.seen != MR_GATE_SEEN) {
            mr_gate_found_hidden(j, mr_gate_table_name(j, t), &t->sequence_view);
            continue;
        }
        expect(j, t, s);
        return true;
    }
    for (size_t i = 0; i < j->now->nwanted; i++)
        if (j->now->wanted[i].sequence)
            found_wanted(j, &j->now->wanted[i]);
    for (size_t i = 0; i < j->now->nmissing; i++)
        if (j->now->missing[i].sequence)
            found_missing(j, &j->now->missing[i]);
    return false;
}

static void add_tail(const struct sequence *s, struct mr_strbuf *gaps)
{
    const uint64_t from = s->present > 0 ? s->table->sequence_hi + 1 : s->lo;
    if (!s->tail_missing)
        return;
    if (gaps->len > 0)
        mr_strbuf_add_str(gaps, ", ");
    mr_strbuf_add_fmt(gaps, "%" PRIu64, from);
    if (s->hi > from)
        mr_strbuf_add_fmt(gaps, "–%" PRIu64, s->hi);
}

/* What came before the first is purged, or was never fetched from there. */
static void other_begin(struct mr_gate_judge *j, const struct sequence *s,
                        const struct mr_gate_facts *facts, const struct mr_gate_peer *peer)
{
    const struct mr_gate_table *t = s->table, *other = twin(j, facts, t);
    if (other == NULL || other->sequence_column == NULL || other->sequence_present == 0 ||
        s->present == 0 || strcmp(other->sequence_column, t->sequence_column) != 0 ||
        other->sequence_lo >= t->sequence_lo)
        return;
    if (peer == NULL)
        mr_gate_note(j, "%s begins at %" PRIu64 ", at %" PRIu64 " in the baseline",
                     mr_gate_table_name(j, t), t->sequence_lo, other->sequence_lo);
    else
        mr_gate_found(j, MR_GATE_WARNING, "%s: %s begins at %" PRIu64 ", at %" PRIu64 " on %s",
                      mr_gate_table_name(j, t), t->sequence_column, t->sequence_lo,
                      other->sequence_lo, peer->uri);
}

static void other_begins(struct mr_gate_judge *j, const struct sequence *s)
{
    if (j->baseline != NULL)
        other_begin(j, s, mr_gate_past(j), NULL);
    for (size_t i = 0; i < j->npeers; i++)
        if (j->peers[i].facts != NULL && mr_gate_is_other_history(j, j->peers[i].facts))
            other_begin(j, s, j->peers[i].facts, &j->peers[i]);
}

void mr_gate_rule_sequence_gaps(struct mr_gate_judge *j)
{
    struct sequence s;
    size_t at = 0, count = 0;
    while (next_sequence(j, &at, &s)) {
        struct mr_strbuf gaps = MR_STRBUF_INIT;
        count++;
        mr_strbuf_add_str(&gaps, s.table->sequence_gaps);
        add_tail(&s, &gaps);
        if (s.missing > 0) {
            mr_gate_found(j, MR_GATE_CRITICAL,
                          "%s: %" PRIu64 " of %" PRIu64 " numbers of %s are missing: %s",
                          mr_gate_table_name(j, s.table), s.missing, s.hi - s.lo + 1,
                          s.table->sequence_column, gaps.ptr);
            mr_gate_value(j, "%s", gaps.ptr);
        } else if (s.table->sequence_null) {
            mr_gate_found(j, MR_GATE_UNKNOWN, "%s: %s is NULL in every row",
                          mr_gate_table_name(j, s.table), s.table->sequence_column);
        }
        other_begins(j, &s);
        mr_strbuf_release(&gaps);
    }
    /* it may know more numbers */
    for (size_t i = 0; count > 0 && i < j->npeers; i++)
        if (j->peers[i].facts == NULL)
            mr_gate_found_away(j, &j->peers[i]);
    if (count == 0)
        mr_gate_note(j, "no table is configured with sequence =");
    else
        mr_gate_note(j, "%zu sequence%s without gaps", count, count > 1 ? "s" : "");
    mr_gate_hint(j, "Fetch the missing numbers from where they come from: myrecon repair "
                    "plan --policy backfill.");
}

/* ---- completeness ---- */

static void weigh_share(struct mr_gate_judge *j, const struct mr_gate_table *t, double percent,
                        const char *of, double *least)
{
    const enum mr_gate_severity severity = mr_gate_weigh(j, MR_GATE_T_COMPLETENESS, percent);
    if (percent < *least)
        *least = percent;
    if (severity != MR_GATE_OK)
        mr_gate_found(j, severity, "%s holds %.1f %% of %s", mr_gate_table_name(j, t), percent, of);
    mr_gate_metric(j, &(struct mr_gate_metric){.name = "completeness_ratio",
                                               .help = "Share of the expected rows that is there.",
                                               .label_names = {"schema", "table"},
                                               .labels = {t->db, t->name},
                                               .value = percent / 100});
}

/* Tables whose rows were counted on both sides, and those that were not. */
struct counted {
    size_t compared, left;
    double least;
};

/* Only exact counts are compared: an estimate may be wrong by half. A queue empties itself, so that
 * fewer rows are no loss. */
static void complete_against(struct mr_gate_judge *j, const struct mr_gate_peer *peer,
                             struct counted *c)
{
    for (size_t i = 0; i < j->now->ntables; i++) {
        const struct mr_gate_table *t = &j->now->tables[i];
        const struct mr_gate_table *theirs = twin(j, peer->facts, t);
        if (theirs == NULL || t->is_queue)
            continue;
        if (t->view.seen != MR_GATE_SEEN || theirs->view.seen != MR_GATE_SEEN) {
            mr_gate_found_unread_side(j, peer, t, theirs);
            continue;
        }
        if (!t->rows_exact || !theirs->rows_exact) {
            c->left++;
            continue;
        }
        c->compared++;
        if (t->rows >= theirs->rows)
            continue;
        const double percent = 100.0 * (double)t->rows / (double)theirs->rows;
        const enum mr_gate_severity severity = mr_gate_weigh(j, MR_GATE_T_COMPLETENESS, percent);
        if (percent < c->least)
            c->least = percent;
        if (severity != MR_GATE_OK)
            mr_gate_found(j, severity, "%s has %" PRIu64 " rows, %s has %" PRIu64,
                          mr_gate_table_name(j, t), t->rows, peer->uri, theirs->rows);
    }
}

/* What the other side has and SERVER does not show is gone, or hidden. */
static void not_shown(struct mr_gate_judge *j, const struct mr_gate_peer *peer)
{
    for (size_t i = 0; i < peer->facts->ntables; i++) {
        const struct mr_gate_table *theirs = &peer->facts->tables[i];
        if (mr_gate_facts_twin(peer->facts, j->now, theirs->db, theirs->name) == NULL)
            mr_gate_found(j, MR_GATE_UNKNOWN,
                          "%s is on %s; here it is gone, or hidden from this account",
                          mr_gate_table_name(j, theirs), peer->uri);
    }
}

/* A replica that has applied all has what SERVER has. */
static void complete_below(struct mr_gate_judge *j, const struct mr_gate_peer *peer,
                           struct counted *c)
{
    for (size_t i = 0; i < peer->facts->ntwins; i++) {
        const struct mr_gate_twin *t = &peer->facts->twins[i];
        char name[600];
        (void)snprintf(name, sizeof name, "%.120s.%.120s on %.300s", t->db, t->name, peer->uri);
        if (t->view.seen != MR_GATE_SEEN) {
            mr_gate_found_hidden(j, name, &t->view);
            continue;
        }
        c->compared++;
        if (t->differs)
            mr_gate_found(j, MR_GATE_CRITICAL,
                          "%s has %" PRIu64 " rows, %s has %" PRIu64
                          " of the same keys, though all is applied",
                          name, t->theirs, j->now->uri, t->ours);
    }
    for (size_t i = 0; peer->facts->twins != NULL && i < j->now->ntables; i++)
        if (j->now->tables[i].view.seen != MR_GATE_SEEN)
            mr_gate_found_hidden(j, mr_gate_table_name(j, &j->now->tables[i]),
                                 &j->now->tables[i].view);
    c->left += peer->facts->twins_left;
}

/* One peer; of one whose tables no count could be had of, nothing is known. */
static void complete_with(struct mr_gate_judge *j, const struct mr_gate_peer *peer,
                          struct counted *all)
{
    struct counted c = {.least = all->least};
    if (peer->facts == NULL) {
        mr_gate_found_away(j, peer);
        return;
    }
    if (mr_gate_is_other_history(j, peer->facts) || mr_gate_is_one_cluster(j->now, peer->facts)) {
        complete_against(j, peer, &c);
        not_shown(j, peer);
    } else {
        complete_below(j, peer, &c);
        if (peer->facts->twins == NULL)
            mr_gate_note(j, "rows are not counted on %s: it does not follow, or is late",
                         peer->uri);
    }
    if (c.compared == 0 && c.left > 0) {
        mr_gate_found(j, MR_GATE_UNKNOWN,
                      "no table could be counted on %s and here while --budget lasted", peer->uri);
        mr_gate_hint(j, "Give it more time: --budget.");
    }
    all->compared += c.compared;
    all->left += c.left;
    all->least = c.least;
}

void mr_gate_rule_completeness(struct mr_gate_judge *j)
{
    struct sequence s;
    struct counted c = {.least = 100};
    size_t at = 0, sequences = 0;
    while (next_sequence(j, &at, &s)) {
        if (s.hi < s.lo)
            continue;
        sequences++;
        weigh_share(j, s.table, 100.0 * (double)s.present / ((double)(s.hi - s.lo) + 1),
                    "its numbers", &c.least);
    }
    for (size_t i = 0; i < j->npeers; i++)
        complete_with(j, &j->peers[i], &c);
    if (sequences + c.compared > 0) {
        mr_gate_value(j, "%.2f %%", c.least);
        mr_gate_note(j,
                     "at least %.2f %% is there of %zu sequences, and of %zu tables "
                     "by count: \"myrecon check\" compares rows",
                     c.least, sequences, c.compared);
    } else if (j->npeers == 0) {
        mr_gate_note(j, "there is no sequence and no other side to compare with");
    }
    if (c.left > 0)
        mr_gate_note(j, "%zu table%s not counted while --budget lasted", c.left,
                     c.left > 1 ? "s were" : " was");
    mr_gate_hint(j, "Compare the two, before anything is fetched: myrecon check says "
                    "which repair there is.");
}

/* ---- freshness ---- */

/* An age below zero is a clock that is wrong, or times of another zone: beyond the threshold it is
 * told as such, and not as fresh. */
void mr_gate_rule_freshness(struct mr_gate_judge *j)
{
    size_t count = 0;
    double oldest = 0;
    for (size_t i = 0; i < j->now->ntables; i++) {
        const struct mr_gate_table *t = &j->now->tables[i];
        if (t->fresh_column == NULL)
            continue;
        count++;
        if (t->view.seen != MR_GATE_SEEN) {
            mr_gate_found_hidden(j, mr_gate_table_name(j, t), &t->view);
            continue;
        }
        if (!t->fresh_known) {
            mr_gate_found(j, t->rows_exact && t->rows == 0 ? MR_GATE_CRITICAL : MR_GATE_UNKNOWN,
                          "%s: no age can be told from %s", mr_gate_table_name(j, t),
                          t->fresh_column);
            continue;
        }
        const double age = t->fresh_age_s > 0 ? t->fresh_age_s : 0;
        const enum mr_gate_severity severity = mr_gate_weigh(j, MR_GATE_T_FRESHNESS, age);
        if (age > oldest)
            oldest = age;
        if (severity != MR_GATE_OK)
            mr_gate_found(j, severity, "%s: the newest %s is %.0f s old", mr_gate_table_name(j, t),
                          t->fresh_column, age);
        else if (t->fresh_age_s <= -j->config->limits[MR_GATE_T_FRESHNESS].warning)
            mr_gate_found(j, MR_GATE_WARNING, "%s: the newest %s lies %.0f s ahead",
                          mr_gate_table_name(j, t), t->fresh_column, -t->fresh_age_s);
        mr_gate_metric(
            j, &(struct mr_gate_metric){.name = "newest_row_age_seconds",
                                        .help = "Age of the newest row of a table with freshness.",
                                        .label_names = {"schema", "table"},
                                        .labels = {t->db, t->name},
                                        .value = t->fresh_age_s,
                                        .has_limits = true,
                                        .limits = j->config->limits[MR_GATE_T_FRESHNESS],
                                        .in_perfdata = true});
    }
    for (size_t i = 0; i < j->now->nwanted; i++)
        if (j->now->wanted[i].fresh)
            found_wanted(j, &j->now->wanted[i]);
    for (size_t i = 0; i < j->now->nmissing; i++)
        if (j->now->missing[i].fresh)
            found_missing(j, &j->now->missing[i]);
    if (count == 0) {
        mr_gate_note(j, "no table is configured with freshness =");
        return;
    }
    mr_gate_value(j, "%.0f s", oldest);
    mr_gate_note(j, "%zu table%s fresh: the oldest newest row is %.0f s old", count,
                 count > 1 ? "s are" : " is", oldest);
    mr_gate_hint(j, "See whether what writes the table still runs, and writes here.");
}

void mr_gate_rule_heartbeat(struct mr_gate_judge *j)
{
    const struct mr_gate_heartbeat *beat = &j->now->heartbeat;
    if (beat->table == NULL) {
        mr_gate_note(j, "there is no heartbeat table");
        return;
    }
    if (beat->view.seen != MR_GATE_SEEN) {
        mr_gate_found_hidden(j, beat->table, &beat->view);
        return;
    }
    const enum mr_gate_severity severity = mr_gate_weigh(j, MR_GATE_T_HEARTBEAT, beat->age_s);
    mr_gate_value(j, "%.1f s", beat->age_s);
    if (severity != MR_GATE_OK)
        mr_gate_found(j, severity, "the newest beat of %s is %.0f s old", beat->table, beat->age_s);
    else if (beat->age_s <= -j->config->limits[MR_GATE_T_HEARTBEAT].warning)
        /* by a clock or a time zone that is off: then it says nothing of its age */
        mr_gate_found(j, MR_GATE_WARNING, "the newest beat of %s lies %.0f s ahead", beat->table,
                      -beat->age_s);
    mr_gate_note(j, "the newest beat of %s is %.1f s old", beat->table, beat->age_s);
    mr_gate_hint(j, "See whether pt-heartbeat runs on the primary, and replication "
                    "from it.");
    mr_gate_metric(j,
                   &(struct mr_gate_metric){.name = "heartbeat_age_seconds",
                                            .help = "Age of the newest row of the heartbeat table.",
                                            .value = beat->age_s,
                                            .has_limits = true,
                                            .limits = j->config->limits[MR_GATE_T_HEARTBEAT],
                                            .in_perfdata = true});
}
