/* progress.c: see progress.h. */
#include "core/cli/progress.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/term.h"

#define FIRST_AFTER_S 1.0
#define LINE_EVERY_S 1.0   /* on a terminal */
#define PLAIN_EVERY_S 10.0 /* elsewhere */
#define MEMORY_S 10.0      /* a rate forgets what is much older */
#define MIB (1024.0 * 1024.0)

/* Units a second, smoothed. */
struct rate {
    double per_s; /* < 0: not known yet */
    uint64_t last;
};

struct mr_progress {
    /* any thread */
    atomic_uint_fast64_t rows, bytes, done, total;

    /* the ticking thread */
    enum { HIDDEN = 1, ON_TERMINAL, PLAIN } place;
    const char *what; /* is counted; NULL: nobody has said */
    double started_s, shown_s, sampled_s;
    struct rate row_rate, byte_rate, done_rate;
};

static void start(struct mr_progress *progress, double now_s)
{
    progress->started_s = progress->shown_s = progress->sampled_s = now_s;
    progress->row_rate.per_s = progress->byte_rate.per_s = -1;
    progress->done_rate.per_s = -1;
}

/* Without a terminal, lines would fill somebody's log: they are written only where they were asked
 * for. */
enum mr_code mr_progress_new(enum mr_progress_mode mode, struct mr_progress **out,
                             struct mr_err *err)
{
    struct mr_progress *progress = calloc(1, sizeof *progress);
    if (progress == NULL)
        return mr_err_nomem(err, "setting up the progress line");
    start(progress, mr_clock_now_s());
    if (mode != MR_PROGRESS_NEVER && mr_term_is_terminal(STDERR_FILENO))
        progress->place = ON_TERMINAL;
    else if (mode == MR_PROGRESS_ALWAYS)
        progress->place = PLAIN;
    else
        progress->place = HIDDEN;
    *out = progress;
    return MR_OK;
}

void mr_progress_free(struct mr_progress *progress)
{
    if (progress == NULL)
        return;
    mr_progress_finish(progress);
    free(progress);
}

void mr_progress_add(struct mr_progress *progress, uint64_t rows, uint64_t bytes)
{
    atomic_fetch_add_explicit(&progress->rows, rows, memory_order_relaxed);
    atomic_fetch_add_explicit(&progress->bytes, bytes, memory_order_relaxed);
}

void mr_progress_add_done(struct mr_progress *progress, uint64_t units)
{
    atomic_fetch_add_explicit(&progress->done, units, memory_order_relaxed);
}

void mr_progress_add_total(struct mr_progress *progress, uint64_t units)
{
    atomic_fetch_add_explicit(&progress->total, units, memory_order_relaxed);
}

void mr_progress_add_count(struct mr_strbuf *out, double count)
{
    static const char *const units[] = {"", " k", " M", " G", " T"};
    size_t unit = 0;
    /* 999.5 would round to "1000" */
    while (count >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        count /= 1000;
        unit++;
    }
    int decimals = unit == 0 || count >= 99.95 ? 0 : count >= 9.995 ? 1 : 2;
    mr_strbuf_add_fmt(out, "%.*f%s", decimals, count, units[unit]);
}

void mr_progress_add_duration(struct mr_strbuf *out, double seconds)
{
    unsigned long s = seconds < 1 ? 0 : (unsigned long)seconds;
    if (s < 3600)
        mr_strbuf_add_fmt(out, "%lu:%02lu", s / 60, s % 60);
    else
        mr_strbuf_add_fmt(out, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
}

/* The newest second counts for more than the one before: a run that was throttled or
 * resumed shows today's pace, not the average since it began. */
static void rate_sample(struct rate *rate, uint64_t now, double passed_s)
{
    double per_s = (double)(now - rate->last) / passed_s;
    double weight = passed_s >= MEMORY_S ? 1.0 : passed_s / MEMORY_S;
    if (rate->per_s < 0)
        rate->per_s = per_s;
    else
        rate->per_s += (weight < 0.3 ? 0.3 : weight) * (per_s - rate->per_s);
    rate->last = now;
}

/* Never 100 % while it runs: what is estimated may be too small, and people take 100 for done. */
static void add_line(struct mr_progress *progress, double now_s, struct mr_strbuf *out)
{
    uint64_t rows = atomic_load(&progress->rows), bytes = atomic_load(&progress->bytes);
    uint64_t done = atomic_load(&progress->done), total = atomic_load(&progress->total);
    double passed_s = now_s - progress->sampled_s;
    if (passed_s > 0) {
        rate_sample(&progress->row_rate, rows, passed_s);
        rate_sample(&progress->byte_rate, bytes, passed_s);
        rate_sample(&progress->done_rate, done, passed_s);
        progress->sampled_s = now_s;
    }

    if (progress->what != NULL)
        mr_strbuf_add_fmt(out, "%s: ", progress->what);
    if (total > 0) {
        double share = 100.0 * (double)done / (double)total;
        mr_strbuf_add_fmt(out, "%2.0f %%  ", share >= 99 ? 99.0 : (double)(int)share);
    }
    mr_progress_add_count(out, (double)rows);
    mr_strbuf_add_str(out, " rows  ");
    mr_progress_add_count(out, progress->row_rate.per_s);
    mr_strbuf_add_fmt(out, " rows/s  %.1f MiB/s", progress->byte_rate.per_s / MIB);
    if (done < total && progress->done_rate.per_s > 0) {
        mr_strbuf_add_str(out, "  ETA ");
        mr_progress_add_duration(out, (double)(total - done) / progress->done_rate.per_s);
    }
}

void mr_progress_phase(struct mr_progress *progress, const char *what)
{
    struct mr_strbuf line = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&line, "%s ...", what);
    if (progress->place == ON_TERMINAL && !line.failed)
        mr_log_status(line.ptr);
    mr_strbuf_release(&line);
}

void mr_progress_begin(struct mr_progress *progress, const char *what)
{
    if (progress->what != NULL) {
        atomic_store(&progress->rows, 0);
        atomic_store(&progress->bytes, 0);
        atomic_store(&progress->done, 0);
        atomic_store(&progress->total, 0);
    }
    progress->what = what;
    progress->row_rate.last = atomic_load(&progress->rows);
    progress->byte_rate.last = atomic_load(&progress->bytes);
    progress->done_rate.last = atomic_load(&progress->done);
    start(progress, mr_clock_now_s());
}

void mr_progress_tick_at(struct mr_progress *progress, double now_s)
{
    if (progress->place == HIDDEN)
        return;
    double every_s = progress->place == PLAIN ? PLAIN_EVERY_S : LINE_EVERY_S;
    if (now_s - progress->started_s < FIRST_AFTER_S || now_s - progress->shown_s < every_s)
        return;
    progress->shown_s = now_s;
    struct mr_strbuf line = MR_STRBUF_INIT;
    add_line(progress, now_s, &line);
    if (line.failed)
        goto out; /* a line that cannot be shown is no reason to stop a run */
    if (progress->place == PLAIN)
        mr_log_plain(line.ptr);
    else
        mr_log_status(line.ptr);
out:
    mr_strbuf_release(&line);
}

void mr_progress_tick(struct mr_progress *progress)
{
    mr_progress_tick_at(progress, mr_clock_now_s());
}

void mr_progress_finish(struct mr_progress *progress)
{
    if (progress == NULL)
        return;
    if (progress->place == ON_TERMINAL)
        mr_log_status_clear();
    progress->place = HIDDEN;
}
