/* digest_choice.c: see digest_choice.h. */
#include "recon/check/digest_choice.h"

#include "core/db/line.h"

#define WINS 0.8         /* of the other's cost */
#define HOPELESS 4.0     /* times the other's cost: the next trial can wait longer */
#define ROW_BYTES 64     /* that a row costs beside its values, either way */
#define LEAST_BYTES 8192 /* a chunk of fewer tells nothing */
#define STEPS 3          /* of a trial of rows */
#define WANTED 2         /* chunks of a trial of digests, and one a segment */
#define CAREFUL 4        /* of a chunk: where all is slow or nothing known, and to try */
#define LASTING_S 3.0
#define AT_ONCE_S 0.02
#define FIRST_PAUSE_S 0.5
#define LONGEST_PAUSE_S 30.0
#define PAUSE_TIMES 10 /* what a trial took … */
#define PAUSE_MOST_S 120.0
/* Each statement is prepared by its first: */
#define ROWS_TRIPS 2
#define DIGEST_TRIPS 3 /* the bound of the chunk, its digest */

/* How much of a chunk is a step's of rows. */
static const unsigned step_part[STEPS] = {32, 8, 2};

void mr_digest_choice_begin(struct mr_digest_choice *choice, bool digests, bool adapts,
                            double trip_s)
{
    *choice = (struct mr_digest_choice){
        .digests = digests, .adapts = adapts, .trip_s = trip_s, .pause_s = FIRST_PAUSE_S};
    if (adapts)
        (void)pthread_mutex_init(&choice->lock, NULL);
}

void mr_digest_choice_end(struct mr_digest_choice *choice)
{
    if (choice->adapts)
        (void)pthread_mutex_destroy(&choice->lock);
}

static void end_trial(struct mr_digest_choice *c, bool hopeless, double now_s)
{
    const double took_s = now_s - c->begun_s;
    c->pause_s *= hopeless ? 4 : 2;
    if (c->pause_s > LONGEST_PAUSE_S)
        c->pause_s = LONGEST_PAUSE_S;
    double pause_s = took_s * PAUSE_TIMES > c->pause_s ? took_s * PAUSE_TIMES : c->pause_s;
    c->next_s = now_s + (pause_s < PAUSE_MOST_S ? pause_s : PAUSE_MOST_S);
    c->step = 0;
}

void mr_digest_choice_join(struct mr_digest_choice *choice)
{
    if (!choice->adapts)
        return;
    (void)pthread_mutex_lock(&choice->lock);
    choice->segments++;
    (void)pthread_mutex_unlock(&choice->lock);
}

void mr_digest_choice_leave(struct mr_digest_choice *choice, bool failed)
{
    if (!choice->adapts)
        return;
    (void)pthread_mutex_lock(&choice->lock);
    choice->segments--;
    if (failed)
        choice->step = 0;
    (void)pthread_mutex_unlock(&choice->lock);
}

static double best(const struct mr_digest_choice *c)
{
    double least = c->cost[0];
    for (unsigned i = 1; i < c->known; i++)
        least = c->cost[i] < least ? c->cost[i] : least;
    return least;
}

/* Costs are those of one segment, while the others were at it, too. */
static bool is_slow(const struct mr_digest_choice *c, double cost)
{
    return c->segments / cost < MR_LINE_SLOW_BYTES_S;
}

static bool is_time(const struct mr_digest_choice *c, double now_s)
{
    return c->step == 0 && c->known == MR_CHOICE_KEPT && now_s >= c->next_s &&
           (c->digests || is_slow(c, best(c)));
}

static void begin_step(struct mr_digest_choice *c, unsigned step)
{
    c->step = step;
    c->granted = c->done = 0;
    c->worst = 0;
}

/* One a segment; one more where a segment has ended since. */
static bool grants(const struct mr_digest_choice *c)
{
    return c->granted < c->segments || c->done >= c->granted;
}

static uint64_t part_of(uint64_t rows, unsigned parts)
{
    return rows / parts > 0 ? rows / parts : 1;
}

static void choose(struct mr_digest_choice *c, struct mr_choice_chunk *chunk, double now_s)
{
    const uint64_t rows = chunk->rows;
    chunk->digests = c->digests;
    if (is_time(c, now_s)) {
        begin_step(c, 1);
        c->begun_s = now_s;
    }
    if (c->step > 0 && !c->digests) { /* rows are what takes long: no more of them meanwhile */
        chunk->digests = chunk->trial = true;
        chunk->rows = c->done == 0 ? part_of(rows, CAREFUL) : rows;
    } else if (c->step > 0 && grants(c)) {
        c->granted++;
        chunk->digests = false;
        chunk->trial = true;
        chunk->rows = part_of(rows, step_part[c->step - 1]);
    } else if (c->known == 0 || (!c->digests && is_slow(c, c->line_cost))) {
        chunk->rows = part_of(rows, CAREFUL);
    }
    chunk->step = c->step;
}

struct mr_choice_chunk mr_digest_choice_next(struct mr_digest_choice *choice, uint64_t rows,
                                             double now_s)
{
    struct mr_choice_chunk chunk = {.rows = rows};
    if (!choice->adapts) {
        chunk.digests = choice->digests;
        return chunk;
    }
    (void)pthread_mutex_lock(&choice->lock);
    choose(choice, &chunk, now_s);
    (void)pthread_mutex_unlock(&choice->lock);
    return chunk;
}

static double trips_of(const struct mr_digest_choice *c, bool digests)
{
    return c->trip_s * (digests ? DIGEST_TRIPS : ROWS_TRIPS);
}

/* Seconds a byte, without the trips: what a chunk of any size takes. */
static double line_cost_of(const struct mr_digest_choice *c, bool digests,
                           const struct mr_choice_taken *taken)
{
    return mr_line_without_trips(taken->seconds, trips_of(c, digests)) /
           ((double)taken->rows * (taken->row_bytes + ROW_BYTES));
}

/* The same as if the chunk had been a whole one: each way takes its trips once a chunk. */
static double cost_of(const struct mr_digest_choice *c, bool digests,
                      const struct mr_choice_taken *taken)
{
    const double full =
        taken->full_rows > (double)taken->rows ? taken->full_rows : (double)taken->rows;
    return line_cost_of(c, digests, taken) +
           trips_of(c, digests) / (full * (taken->row_bytes + ROW_BYTES));
}

static void keep_one(struct mr_digest_choice *c, double cost, double now_s)
{
    c->last = c->known == 0 ? 0 : (c->last + 1) % MR_CHOICE_KEPT;
    c->cost[c->last] = cost;
    c->kept_s = now_s;
    c->known += c->known < MR_CHOICE_KEPT;
}

/* What happens to several segments at one time is one hiccup: the best of them counts.  What lasts
 * is none, and counts for two. */
static void keep(struct mr_digest_choice *c, double cost, double seconds, double now_s)
{
    if (c->known > 0 && now_s - seconds < c->kept_s) {
        if (cost < c->cost[c->last])
            c->cost[c->last] = cost;
        return;
    }
    keep_one(c, cost, now_s);
    if (seconds > LASTING_S)
        keep_one(c, cost, now_s);
}

static void change_way(struct mr_digest_choice *c, double row_bytes, double now_s,
                       struct mr_choice_change *change)
{
    const double rows_cost = c->digests ? c->worst : best(c);
    const double digests_cost = c->digests ? best(c) : c->worst;
    const double of_all = c->segments / (row_bytes + ROW_BYTES);
    c->digests = !c->digests;
    *change = (struct mr_choice_change){.changed = true,
                                        .digests = c->digests,
                                        .rows_s = of_all / rows_cost,
                                        .digests_s = of_all / digests_cost};
    c->known = 0;
    end_trial(c, false, now_s);
    c->next_s = now_s + c->pause_s; /* what it took tells nothing of the next one */
}

/* The first chunk that does not win ends the trial. */
static void took_in_trial(struct mr_digest_choice *c, double cost, double row_bytes, double now_s,
                          struct mr_choice_change *change)
{
    const double other = best(c);
    c->done++;
    if (cost > c->worst)
        c->worst = cost;
    if (c->worst >= WINS * other)
        end_trial(c, c->worst > HOPELESS * other, now_s);
    else if (!c->digests && c->done >= WANTED + c->segments)
        change_way(c, row_bytes, now_s, change);
    else if (c->digests && c->done >= c->granted && c->granted >= c->segments && c->step < STEPS)
        begin_step(c, c->step + 1);
    else if (c->digests && c->done >= c->granted && c->granted >= c->segments)
        change_way(c, row_bytes, now_s, change);
}

/* A table of next to no rows tells nothing of either way: another chunk is to. */
static void forget(struct mr_digest_choice *c, const struct mr_choice_chunk *chunk)
{
    if (!chunk->digests && chunk->step == c->step && c->granted > 0)
        c->granted--;
}

/* Of few rows that came at once, or over a long line, next to nothing is known but the way and what
 * a chunk takes besides: the next step tells. */
static bool is_too_few(const struct mr_digest_choice *c, const struct mr_choice_chunk *chunk,
                       const struct mr_choice_taken *taken)
{
    return chunk->trial && !chunk->digests && chunk->step < STEPS &&
           taken->seconds < AT_ONCE_S + 2 * c->trip_s;
}

struct mr_choice_change mr_digest_choice_took(struct mr_digest_choice *choice,
                                              const struct mr_choice_chunk *chunk,
                                              const struct mr_choice_taken *taken, double now_s)
{
    struct mr_choice_change change = {0};
    struct mr_digest_choice *c = choice;
    if (!c->adapts)
        return change;
    (void)pthread_mutex_lock(&c->lock);
    const double bytes = (double)taken->rows * (taken->row_bytes + ROW_BYTES);
    double cost = taken->rows > 0 ? cost_of(c, chunk->digests, taken) : 0;
    if (is_too_few(c, chunk, taken))
        cost = 0;
    if (chunk->trial && bytes < LEAST_BYTES)
        forget(c, chunk);
    else if (chunk->trial && chunk->step == c->step)
        took_in_trial(c, cost, taken->row_bytes, now_s, &change);
    else if (!chunk->trial && chunk->digests == c->digests && bytes >= LEAST_BYTES) {
        keep(c, cost, taken->seconds, now_s);
        c->line_cost = line_cost_of(c, chunk->digests, taken);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return change;
}
