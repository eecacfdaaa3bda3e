/*
 * gate_spec: how the gate reads whole rows of a table: its columns and its key.
 *
 * Ownership: everything lives in the arena.  Errors: out of memory.
 */
#ifndef MR_GATE_SPEC_H
#define MR_GATE_SPEC_H

#include "core/base/arena.h"
#include "core/source/source.h"

struct mr_gate_spec {
    struct mr_readspec read; /* all columns but virtual ones */
    struct mr_key_part parts[MR_KEY_PARTS_MAX];
    bool has_key; /* a primary key by which rows and ranges can be told */
};

/* table must outlive it. */
enum mr_code mr_gate_spec_init(struct mr_gate_spec *spec, const struct mr_table *table,
                               struct mr_arena *arena, struct mr_err *err);
/* The position of that column among those that are read; their number: it is not. */
size_t mr_gate_spec_position(const struct mr_gate_spec *spec, const char *name);
/* Appends the bytes that hex digits stand for; false for other text. */
bool mr_gate_unhex(const char *text, struct mr_strbuf *out);

#endif
