/*
 * progress: how far a run is, how fast, and how long it will take.
 *
 *   mr_progress_new → add … (workers) / tick … (coordinator) → mr_progress_finish →
 * free
 *
 * On a terminal one line is redrawn at most once a second, the first time one second
 * after the start; elsewhere, and only when asked for (MR_PROGRESS_ALWAYS), a plain
 * line is written every ten seconds.  Totals are estimates: the percentage stops at 99
 * until mr_progress_finish(), and there is no ETA before a rate is known.
 *
 * Threads: add and add_total from any; phase, begin, tick and finish from one.  Counters
 * are atomic: an add costs a few nanoseconds, call it per chunk or per row as it suits.
 */
#ifndef MR_PROGRESS_H
#define MR_PROGRESS_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"

enum mr_progress_mode {
    MR_PROGRESS_AUTO = 1, /* if stderr is a terminal */
    MR_PROGRESS_ALWAYS,
    MR_PROGRESS_NEVER
};

struct mr_progress;

enum mr_code mr_progress_new(enum mr_progress_mode mode, struct mr_progress **out,
                             struct mr_err *err);
void mr_progress_free(struct mr_progress *progress); /* NULL is fine */

/* What was read, on whichever side: for the rates. */
void mr_progress_add(struct mr_progress *progress, uint64_t rows, uint64_t bytes);
/* Done and total are in one unit of the caller's choice (rows by the catalogue's
 * estimate): for the percentage and the ETA.  Both may grow at any time.  A resumed run
 * counts only what is left, or its rate would start with what another run did. */
void mr_progress_add_done(struct mr_progress *progress, uint64_t units);
void mr_progress_add_total(struct mr_progress *progress, uint64_t units);
/* What comes where there is nothing to count ("reading the catalogues"): on a terminal it is
 * shown at once, since whoever looks at an empty one thinks that nothing happens. */
void mr_progress_phase(struct mr_progress *progress, const char *what);
/* And here it ends.  `what` (static: "loading") is counted from now on, and its lines begin with it:
 * rates are new, and of a second one the counters, too, which nobody else may touch meanwhile. */
void mr_progress_begin(struct mr_progress *progress, const char *what);

/* Shows the line if it is time to.  Cheap: call it as often as you like. */
void mr_progress_tick(struct mr_progress *progress);
/* The same by another clock (seconds; must not run backwards).  Seam for tests. */
void mr_progress_tick_at(struct mr_progress *progress, double now_s);
/* Takes the line away; nothing is shown any more.  NULL is fine. */
void mr_progress_finish(struct mr_progress *progress);

/* "1.2 M", "310 k", "999": three significant digits, for people. */
void mr_progress_add_count(struct mr_strbuf *out, double count);
/* "0:07", "12:30", "3:05:09". */
void mr_progress_add_duration(struct mr_strbuf *out, double seconds);

#endif
