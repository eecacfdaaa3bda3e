/*
 * affected_plan: the keys that people have when a plan is carried out (--plan DIR), from
 * its idmap.csv, and from what it does row by row (affected_deeds.h).
 *
 *   mr_affected_plan_run; mr_affected_plan_load; mr_affected_plan_spell, then
 *   mr_affected_plan_key for each line → mr_affected_plan_release
 *
 * Who is restored, or is found on TARGET, has the key that the plan gives; anybody else
 * who is on TARGET keeps that key, unless the plan deletes that row or, mirroring SOURCE, makes
 * it another person's; who waits for a decision has none.
 *
 * The map is a temporary table of the case: memory does not grow with it.
 *
 * Errors: MR_E_REFUSED for a map that is not the one that was planned, a plan of another
 * run, or no plan; MR_E_IO, MR_E_CASE.  Threads: one.
 */
#ifndef MR_AFFECTED_PLAN_H
#define MR_AFFECTED_PLAN_H

#include "recon/affected/affected.h"

struct mr_affected_line;

struct mr_affected_plan {
    struct mr_case_stmt *find, *gone;
    size_t chars;       /* of the longest key */
    bool mirrors;       /* TARGET becomes SOURCE: who is on TARGET alone is deleted */
    bool has_deeds;     /* it tells row by row what it does (affected_deeds.h) */
    struct mr_vec ends; /* size_t: of each key in what mr_affected_plan_key() wrote last */
};

/* The run that the plan in dir was made from, in arena; NULL: from none. */
enum mr_code mr_affected_plan_run(const char *dir, struct mr_arena *arena, const char **run,
                                  struct mr_err *err);

/* The case's scratch tables are open; run: that is listed. */
enum mr_code mr_affected_plan_load(struct mr_affected_plan *plan, const char *dir,
                                   const struct mr_find_run *run, struct mr_findings *fd,
                                   struct mr_err *err);
/* Writes keys of the map as the list has them: a text of another charset than UTF-8 stands there
 * as its bytes; and takes what the plan does with rows of people.  The subjects of list are
 * chosen. */
enum mr_code mr_affected_plan_spell(const struct mr_affected *list, struct mr_err *err);
void mr_affected_plan_release(struct mr_affected_plan *plan);

/* Replaces out by the person's key, or keys joined by ';' (see ends); *none: there is none. */
enum mr_code mr_affected_plan_key(struct mr_affected_plan *plan,
                                  const struct mr_affected_line *line, struct mr_strbuf *out,
                                  bool *none, struct mr_err *err);

#endif
