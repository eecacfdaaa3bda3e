/*
 * digest_choice: are rows read, or do the servers digest them?  By what both have cost, measured
 * chunk by chunk while the run goes on.
 *
 *   mr_digest_choice_begin
 *   each segment:  _join → { _next → read or digest → _took }… → _leave
 *   mr_digest_choice_end
 *
 * A run begins with rows where both lines are fast, else with digests.  From then on
 *
 * - where rows are read, and their last three chunks came more slowly than a fast line carries,
 *   digests are tried;
 * - where the servers digest, rows are tried from time to time: the line may be fast again.
 *
 * Digests are tried by chunk after chunk of all segments, rows by three steps, each a chunk of every
 * segment and greater than the one before: what segments share (a line, the server's cores) they
 * share in the trial, too.  The first chunk that does not win by a fifth ends it.  So what an idle
 * line saves up, or a hiccup of a good one, changes nothing: three chunks in a row have to be slow,
 * and three of the other way quick.  After each trial the next one waits longer, and never less
 * than ten times what the last one took.
 *
 * Neighbouring chunks stand for each other: nothing is read twice for a measurement.  Both sides go
 * the same way, whatever their lines: digests of a server and of what is read of one cannot be
 * compared (docs/design/check.md).
 *
 * No clock, no server, no log in here.  Threads: each function locks; any.
 */
#ifndef MR_DIGEST_CHOICE_H
#define MR_DIGEST_CHOICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define MR_CHOICE_KEPT 3 /* costs */

struct mr_digest_choice {
    bool digests; /* the servers compute: set before it begins, then under lock */
    bool adapts;  /* false: it stays as it is */

    pthread_mutex_t lock;
    /* under lock */
    double trip_s;                   /* of the longer line */
    unsigned segments;               /* under way */
    double cost[MR_CHOICE_KEPT];     /* of the last chunks, s a byte; as `digests` says */
    unsigned known, last;            /* of cost: how many, the latest */
    double kept_s;                   /* … when that was found */
    double line_cost;                /* of the latest chunk, s a byte, without its trips */
    unsigned step;                   /* of a trial, from 1; 0: none */
    unsigned granted, done;          /* chunks of the step */
    double worst;                    /* of the step, s a byte */
    double begun_s, next_s, pause_s; /* of this trial, the next one, between two */
};

/* A chunk to be read. */
struct mr_choice_chunk {
    bool digests;
    bool trial;
    unsigned step;
    uint64_t rows; /* at most */
};

/* What came of it. */
struct mr_choice_taken {
    uint64_t rows;
    double row_bytes; /* of the table, by the same measure for both ways */
    double seconds;   /* of the slower side */
    double full_rows; /* of a chunk that is no trial */
};

/* Is the way another one from now on?  Then what both were found to do. */
struct mr_choice_change {
    bool changed, digests;
    double rows_s, digests_s; /* rows a second of all segments together */
};

/* digests: how it begins; without adapts that is how it stays, and nothing is measured.  trip_s: of
 * the longer line, there and back. */
void mr_digest_choice_begin(struct mr_digest_choice *choice, bool digests, bool adapts,
                            double trip_s);
/* Also of one that was never begun, which is zeroes. */
void mr_digest_choice_end(struct mr_digest_choice *choice);

/* A segment begins to be read, and ends: what the run's threads are at together is measured.
 * failed: chunks that were begun may never be told of, and a trial is given up. */
void mr_digest_choice_join(struct mr_digest_choice *choice);
void mr_digest_choice_leave(struct mr_digest_choice *choice, bool failed);

/* How the next chunk is to be read, and its rows at most; rows: of one that is no trial. */
struct mr_choice_chunk mr_digest_choice_next(struct mr_digest_choice *choice, uint64_t rows,
                                             double now_s);
/* To be called for each chunk that was compared, by the clock of _next. */
struct mr_choice_change mr_digest_choice_took(struct mr_digest_choice *choice,
                                              const struct mr_choice_chunk *chunk,
                                              const struct mr_choice_taken *taken, double now_s);

#endif
