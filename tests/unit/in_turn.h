/*
 * in_turn.h: what reads two sides at once (core/source/abreast) reads one after the other, `own`
 * first, so that a server of a test, which has no locks, sees one caller at a time and always the
 * same order.  The test is linked with --wrap=mr_abreast.
 */
#ifndef MR_TESTS_IN_TURN_H
#define MR_TESTS_IN_TURN_H

#include <stdatomic.h>

#include "core/source/abreast.h"

static unsigned in_turn_calls;         /* how often two were read at once */
static atomic_bool *in_turn_abandoned; /* of the last of them */

enum mr_code __wrap_mr_abreast(mr_abreast_fn *own, void *own_ctx, mr_abreast_fn *aside,
                               void *aside_ctx, atomic_bool *abandoned, struct mr_err *err);
enum mr_code __wrap_mr_abreast(mr_abreast_fn *own, void *own_ctx, mr_abreast_fn *aside,
                               void *aside_ctx, atomic_bool *abandoned, struct mr_err *err)
{
    struct mr_err other = {0};
    in_turn_abandoned = abandoned;
    in_turn_calls++;
    enum mr_code code = own(own_ctx, err), second = aside(aside_ctx, &other);
    if (code == MR_OK && second != MR_OK && err != NULL)
        *err = other;
    return code == MR_OK ? second : code;
}

#endif
