/*
 * plan_server: what TARGET is recognised by when a plan is carried out.
 *
 * Ownership: lives in the arena and the catalogue.  Errors: those of pairing databases
 * (sides.h), MR_E_NOMEM.
 */
#ifndef MR_PLAN_SERVER_H
#define MR_PLAN_SERVER_H

#include "repair/plan/manifest.h"

/* Fills *server from what was read when TARGET was opened: asks nothing. */
enum mr_code mr_plan_server_describe(const struct mr_server_side side[MR_SIDES],
                                     struct mr_arena *arena, struct mr_plan_server *server,
                                     struct mr_err *err);

#endif
