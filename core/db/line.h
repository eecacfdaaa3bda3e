/*
 * line: what the way to a server carries, and how long it is, measured by statements that read no
 * table.
 *
 * Of a connection that is compressed only the length is to be had: what the probe sends would come
 * as nearly nothing.  Threads: the connection's.  Errors: as db.h.
 */
#ifndef MR_LINE_H
#define MR_LINE_H

#include "core/db/db.h"

/* A line that carries less is slow: compressing what crosses it, or having the servers digest it,
 * may pay. */
#define MR_LINE_SLOW_BYTES_S (25.0 * 1024 * 1024)

#define MR_LINE_TEXT 32

struct mr_line {
    double bytes_s; /* from the server */
    double trip_s;  /* there and back */
};

/* The better of two tries. */
enum mr_code mr_line_trip(struct mr_db *db, double *trip_s, struct mr_err *err);
/* Both.  The best of four tries, since one slow answer says nothing of the line; a fast one ends
 * it, and so do two that are very slow.  At most 1 MB is sent.  An answer that does not come in the
 * time of a statement is a slow one, and the connection is made anew; where the server refuses to be
 * asked the line is taken for a fast one. */
enum mr_code mr_line_measure(struct mr_db *db, struct mr_line *line, struct mr_err *err);
/* What an answer took without its trips; some is always left, as a trip may have been slow itself. */
double mr_line_without_trips(double took_s, double trips_s);
bool mr_line_is_slow(const struct mr_line *line);
/* What it carries, with a unit: "2.4 MiB/s". */
void mr_line_text(const struct mr_line *line, char text[MR_LINE_TEXT]);

#endif
