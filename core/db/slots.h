/*
 * slots: how many connections read of a server at a time, over all machines.
 *
 *   mr_slots_parse "NAME=N" → mr_slots_try, or mr_slots_wait, on the connection that is to read
 *
 * A slot is a lock "NAME 1" … "NAME N" of the server itself (GET_LOCK): whoever dies loses its
 * connection, and with it the slot.  A connection takes one, before its first read, and has it until
 * it is closed.
 *
 * Ownership: texts are the caller's.  Errors: those of the server, which name it; MR_E_CANCELLED.
 * Threads: no state.
 */
#ifndef MR_SLOTS_H
#define MR_SLOTS_H

#include "core/base/arena.h"
#include "core/db/db.h"

#define MR_SLOTS_MAX 64

struct mr_slots {
    const char *name; /* NULL: none are asked for */
    unsigned count;
};

/* false: no such text.  The name, of at most 56 bytes, is copied. */
bool mr_slots_parse(const char *text, struct mr_arena *arena, struct mr_slots *out);
/* The first that is free; *slot 0: none. */
enum mr_code mr_slots_try(struct mr_db *db, const struct mr_slots *slots, unsigned *slot,
                          struct mr_err *err);
enum mr_code mr_slots_release(struct mr_db *db, const struct mr_slots *slots, unsigned slot,
                              struct mr_err *err);
/* Before the next try, and longer each time.  Says once that it waits, and, once that has taken five
 * seconds, whose connections have the slots.  Begins as zeroes. */
struct mr_slots_pauses {
    unsigned tries;
    double begun_s;
    bool named;
};
enum mr_code mr_slots_pause(struct mr_db *db, const struct mr_slots *slots,
                            struct mr_slots_pauses *pauses, struct mr_err *err);
/* Tries and pauses, as long as it takes. */
enum mr_code mr_slots_wait(struct mr_db *db, const struct mr_slots *slots, struct mr_err *err);

#endif
