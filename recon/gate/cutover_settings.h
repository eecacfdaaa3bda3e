/*
 * cutover_settings: do two servers answer the same statement alike, as far as their settings say?
 *
 * Each line of cutover_settings.def is a check of its own; a setting that neither server has is none.
 * What only one of the two knows is named by the check `settings`, and is no finding.  Values that
 * mean the same in two families are equal: utf8 and utf8mb3, each side's default collation of one
 * character set, modes that do nothing there, time zones whose clocks go alike.
 *
 * Pure: values in, results out.  Ownership: texts live as long as the caller's arena.  Threads: any.
 */
#ifndef MR_CUTOVER_SETTINGS_H
#define MR_CUTOVER_SETTINGS_H

#include "recon/gate/cutover_names.h"
#include "recon/gate/gate_judge.h"

/* Of one server: SHOW GLOBAL VARIABLES, and what is not among them. */
struct mr_cutover_values {
    const struct mr_server *server;
    const struct mr_gate_variable *items;
    size_t count;
    /* What its clocks show at some moments of UTC, "" where it cannot say. */
    const char *clocks;
    /* The collation that it takes for its character set where none is named, or "". */
    const char *default_collation;
    /* What a named zone's clock shows; "" where it knows no names of zones. */
    const char *named_zone;
};

/* A result for each setting that is wanted, and for `settings`. */
void mr_cutover_judge_settings(struct mr_gate_judge *judge, const struct mr_cutover_values *old,
                               const struct mr_cutover_values *new,
                               const bool wanted[MR_CUTOVER_NAMES_END]);

#endif
