/*
 * planning_world: a run of `repair plan` in the working directory, with a case and endpoints, and
 * without servers, for unit tests of what it is made of.
 *
 *   planning_case(…)? → planning_begin(&w) → w.opts → mr_planning_open(&w.p, &w.err) … →
 *   planning_end(&w)
 *
 * Sides are opened as far as their URIs are read (asked.uris), and closed (asked.closed).  Link
 * with PLANNING_WRAP of module.mk; place.h makes the directory.
 */
#ifndef MR_TESTS_PLANNING_WORLD_H
#define MR_TESTS_PLANNING_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "place.h"
#include "repair/planning/planning.h"
#include "repair_sample.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

struct planning_world {
    struct mr_plan_options opts;
    struct mr_config config;
    struct mr_planning p;
    struct mr_err err;
};

static struct {
    char uris[MR_SIDES][100];
    struct mr_sides_opts opts;
    size_t closed;
    enum mr_code fails; /* of opening them */
} asked;

enum mr_code __wrap_mr_sides_open(struct mr_sides *sides, const char *const uris[MR_SIDES],
                                  const struct mr_sides_opts *opts, struct mr_arena *arena,
                                  struct mr_err *err);
enum mr_code __wrap_mr_sides_open(struct mr_sides *sides, const char *const uris[MR_SIDES],
                                  const struct mr_sides_opts *opts, struct mr_arena *arena,
                                  struct mr_err *err)
{
    (void)arena;
    asked.opts = *opts;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        (void)snprintf(asked.uris[side], sizeof asked.uris[side], "%s", uris[side]);
        MR_TRY(mr_endpoint_parse(&sides->ep[side], uris[side], err));
    }
    return asked.fails != MR_OK ? mr_err_set(err, asked.fails, "nobody answers") : MR_OK;
}

void __wrap_mr_sides_close(struct mr_sides *sides);
void __wrap_mr_sides_close(struct mr_sides *sides)
{
    asked.closed++;
    mr_endpoint_release(&sides->ep[MR_SOURCE]);
    mr_endpoint_release(&sides->ep[MR_TARGET]);
}

static inline void planning_begin(struct planning_world *w)
{
    memset(w, 0, sizeof *w);
    memset(&asked, 0, sizeof asked);
    w->opts.output = "out";
    w->p = (struct mr_planning){
        .opts = &w->opts,
        .config = &w->config,
        .id = {.id = "20261120T110000Z-abcdef", .started = "2026-11-20T11:00:00Z"},
        .arena = MR_ARENA_INIT};
}

static inline void planning_end(struct planning_world *w)
{
    (void)mr_planning_close(&w->p, MR_OK, &w->err);
}

/* c.case has a run of these endpoints; uuid NULL: none. */
static inline void planning_case(const char *uuid, const char *source, const char *target,
                                 bool finished)
{
    struct mr_findings *fd = NULL;
    struct mr_find_run run = {.uuid = uuid,
                              .source = source,
                              .target = target,
                              .options = "chunk=9",
                              .started = "2026-01-02T03:04:05Z"};
    assert_int_equal(mr_findings_open("c.case", MR_CASE_WRITE, &fd, NULL), MR_OK);
    if (uuid != NULL)
        assert_int_equal(mr_findings_run_begin(fd, &run, NULL), MR_OK);
    run.finished = finished;
    if (uuid != NULL && finished)
        assert_int_equal(mr_findings_run_end(fd, &run, NULL), MR_OK);
    assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
}

#endif
