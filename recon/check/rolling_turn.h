/*
 * rolling_turn: which part of a table is read in which turn of --rolling N.
 *
 * Turns are counted from 1 on, and turn t reads the ranges of slot (t - 1) % N: whatever slot a range is
 * put into behind its reading, its next turn is at most N runs away.  So a range that has grown may be
 * divided, and its pieces dealt out anew, just when it was read, and no row waits longer than N runs.
 *
 * Pure functions.
 */
#ifndef MR_ROLLING_TURN_H
#define MR_ROLLING_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fewer rows are not worth a part of their own. */
#define MR_ROLLING_MIN_ROWS 5000U

/* The slot that a turn reads. */
unsigned mr_rolling_slot(uint64_t turn, unsigned parts);
/* The turn of a run, behind the last one that had one: it begins anew where N is another. */
uint64_t mr_rolling_next(unsigned last_parts, uint64_t last_turn, unsigned parts);
/* Into how many ranges a table of about so many rows is divided: 1 to parts. */
size_t mr_rolling_pieces(uint64_t rows, unsigned parts);
/* The slot of a table's i-th range of so many; spread: a number of the table, so that those with few
 * ranges do not all have the same turn. */
unsigned mr_rolling_deal(size_t i, size_t pieces, unsigned parts, uint64_t spread);
/* A range of about so many rows, of a table of about so many: how many it is divided into, behind its
 * reading; 1: it stays as it is. */
size_t mr_rolling_divide(uint64_t rows, uint64_t of_rows, unsigned parts);
/* Was all of a table that was divided in turn `first` read by the end of turn `turn`? */
bool mr_rolling_is_round(uint64_t first, uint64_t turn, unsigned parts);

#endif
