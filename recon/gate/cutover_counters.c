/* cutover_counters.c: will NEW give ids that were given before? see cutover_tables.h.
 *
 * OLD's greatest keys are read first, NEW passes OLD's position, then NEW's next values are read: a
 * next value that is not above them then never will be, unless somebody raises it. */
#include <inttypes.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "recon/check/objects_counters.h"
#include "recon/gate/cutover_tables.h"

/* 0 stands for what is no number: negative, or not known. */
static bool is_low(const struct mr_objects_counter *old, const struct mr_objects_counter *new)
{
    return new->next != 0 && (new->next <= old->greatest || new->next <= new->greatest);
}

static uint64_t greatest_of(const struct mr_objects_counter *old,
                            const struct mr_objects_counter *new)
{
    return old->greatest > new->greatest ? old->greatest : new->greatest;
}

static enum mr_code tell(struct mr_cutover *c, const struct mr_pair *table,
                         const struct mr_objects_counter *old, const struct mr_objects_counter *new,
                         struct mr_err *err)
{
    struct mr_strbuf hint = MR_STRBUF_INIT;
    mr_strbuf_add_str(&hint, "On NEW, before it takes writes: ALTER TABLE ");
    mr_sql_table(&hint, table->side[MR_NEW]->db, table->side[MR_NEW]->name);
    mr_strbuf_add_fmt(&hint, " AUTO_INCREMENT = %" PRIu64 ";", greatest_of(old, new) + 1);
    enum mr_code code = mr_strbuf_check(&hint, "comparing counters", err);
    if (code == MR_OK)
        code = mr_cutover_found(c, &c->counters, MR_GATE_CRITICAL, hint.ptr, err,
                                "%s: NEW's next id is %" PRIu64 ", the greatest is %" PRIu64
                                " on OLD, %" PRIu64 " on NEW",
                                table->find.name, new->next, old->greatest, new->greatest);
    mr_strbuf_release(&hint);
    return code;
}

static enum mr_code tell_unread(struct mr_cutover *c, const char *what, const struct mr_err *why,
                                struct mr_err *err)
{
    return mr_cutover_found(c, &c->counters, MR_GATE_UNKNOWN, mr_err_get_hint(why), err,
                            "%s: not read: %s", what, why->message);
}

/* Read in the order that makes it true: what was low may only have been late. */
static enum mr_code read_again(struct mr_cutover *c, struct mr_objects_counter n[MR_SIDES],
                               bool *reached, struct mr_err *err)
{
    MR_TRY(mr_objects_counter_keys(&n[MR_OLD], &n[MR_NEW], err));
    MR_TRY(mr_cutover_catch_up(c, MR_CUTOVER_AGAIN_S(c), reached, err));
    MR_TRY(mr_objects_counter_next(&n[MR_OLD], &n[MR_NEW], err));
    for (int side = MR_OLD; side <= MR_NEW; side++)
        mr_objects_counter_begin_at_one(&n[side]);
    return MR_OK;
}

static enum mr_code judge(struct mr_cutover *c, const struct mr_pair *table,
                          const struct mr_objects_counters *all, size_t nth, struct mr_err *err)
{
    struct mr_objects_counter n[MR_SIDES];
    struct mr_err why = {0};
    bool reached = true;
    enum mr_code code = mr_objects_counters_of(all, nth, n, &why);
    if (code == MR_OK && is_low(&n[MR_OLD], &n[MR_NEW]))
        code = read_again(c, n, &reached, &why);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    if (code != MR_OK)
        return tell_unread(c, table->find.name, &why, err);
    if (!is_low(&n[MR_OLD], &n[MR_NEW]))
        return MR_OK;
    if (!reached && n[MR_NEW].next > n[MR_NEW].greatest)
        return mr_cutover_found(c, &c->counters, MR_GATE_UNKNOWN, NULL, err,
                                "%s: NEW fell behind while its counter was read", table->find.name);
    return tell(c, table, &n[MR_OLD], &n[MR_NEW], err);
}

/* As a sequence that is behind OLD's. */
static bool is_told(const struct mr_cutover *c, const struct mr_strbuf *name)
{
    for (size_t i = 0; i < c->counters.items.count; i++) {
        const struct mr_cutover_finding *f = mr_vec_at(&c->counters.items, i);
        if (strncmp(f->text, name->ptr, name->len) == 0 && f->text[name->len] == ':')
            return true;
    }
    return false;
}

/* A sequence that a column of the table draws from: it may be no further than a key that OLD's never
 * gave. */
static enum mr_code judge_drawn(struct mr_cutover *c, struct mr_objects_drawn d[MR_SIDES],
                                struct mr_err *err)
{
    enum mr_side side = MR_OLD;
    struct mr_err why = {0};
    struct mr_strbuf name = MR_STRBUF_INIT;
    bool reached = true;
    enum mr_code code = mr_objects_drawn_read(d, &side, &why);
    if (code == MR_OK && is_low(&d[MR_OLD].counter, &d[MR_NEW].counter)) {
        code = mr_cutover_catch_up(c, MR_CUTOVER_AGAIN_S(c), &reached, &why);
        if (code == MR_OK)
            code = mr_objects_drawn_read(d, &side, &why);
    }
    mr_strbuf_add_fmt(&name, "sequence %s.%s", d[MR_OLD].db, d[MR_OLD].name);
    if (code == MR_OK)
        code = mr_strbuf_check(&name, "comparing sequences", &why);
    if (mr_gate_is_fatal(code))
        *err = why;
    else if (code == MR_E_NO_SUCH)
        code = MR_OK; /* a difference of its own */
    else if (code != MR_OK)
        code = tell_unread(c, name.ptr, &why, err);
    else if (d[MR_OLD].one_way && d[MR_NEW].one_way &&
             is_low(&d[MR_OLD].counter, &d[MR_NEW].counter) && !is_told(c, &name))
        code = mr_cutover_found(
            c, &c->counters, MR_GATE_CRITICAL,
            "On NEW, before it takes writes: ALTER SEQUENCE … RESTART above it.", err,
            "%s: NEW's next number is %" PRIu64 ", the greatest is %" PRIu64 " on OLD, %" PRIu64
            " on NEW",
            name.ptr, d[MR_NEW].counter.next, d[MR_OLD].counter.greatest,
            d[MR_NEW].counter.greatest);
    mr_strbuf_release(&name);
    return code;
}

static enum mr_code look_at_drawn(struct mr_cutover *c, const struct mr_pair *table,
                                  struct mr_err *err)
{
    for (size_t i = 0; i < table->side[MR_OLD]->ncolumns; i++) {
        struct mr_objects_drawn d[MR_SIDES] = {{.db = NULL}, {.db = NULL}};
        for (int side = MR_OLD; side <= MR_NEW; side++)
            d[side].counter = (struct mr_objects_counter){.reader = c->side[side].main,
                                                          .table = table->side[side]};
        if (mr_objects_draws(d, i, &c->arena))
            MR_TRY(judge_drawn(c, d, err));
    }
    return MR_OK;
}

static enum mr_code add_all(struct mr_cutover *c, struct mr_objects_counters *all, size_t *count,
                            struct mr_err *err)
{
    for (size_t i = 0; i < c->pairing.ntables; i++) {
        const struct mr_pair *table = c->pairing.tables[i];
        struct mr_objects_counter n[MR_SIDES];
        for (int side = MR_OLD; side <= MR_NEW; side++)
            n[side] = (struct mr_objects_counter){.reader = c->side[side].main,
                                                  .table = table->side[side]};
        const bool has = mr_objects_has_counter(&n[MR_OLD], &n[MR_NEW]);
        *count += has;
        MR_TRY(mr_objects_counters_add(all, has ? n : NULL, NULL, err));
    }
    return mr_objects_counters_read(all, err);
}

enum mr_code mr_cutover_read_counters(struct mr_cutover *c, struct mr_err *err)
{
    struct mr_objects_counters all;
    struct mr_strbuf note = MR_STRBUF_INIT;
    size_t count = 0, sequences = 0;
    mr_objects_counters_begin(&all, NULL);
    enum mr_code code = mr_cutover_read_sequences(c, &sequences, err);
    if (code == MR_OK)
        code = add_all(c, &all, &count, err);
    for (size_t i = 0; code == MR_OK && i < c->pairing.ntables; i++) {
        if (mr_objects_counters_has(&all, i))
            code = judge(c, c->pairing.tables[i], &all, i, err);
        if (code == MR_OK)
            code = look_at_drawn(c, c->pairing.tables[i], err);
    }
    mr_strbuf_add_fmt(&note, "%zu counter%s of NEW: each is above the keys of both", count,
                      count == 1 ? "" : "s");
    if (sequences > 0)
        mr_strbuf_add_fmt(&note, "; %zu sequence%s: no number is given twice", sequences,
                          sequences == 1 ? "" : "s");
    if (code == MR_OK)
        code = mr_strbuf_check(&note, "comparing counters", err);
    c->counters.note = code == MR_OK ? mr_arena_strdup(&c->arena, note.ptr) : "";
    mr_strbuf_release(&note);
    mr_objects_counters_end(&all);
    return code;
}
