/* cutover_sequences.c: will a sequence of NEW give numbers that OLD's has given? see cutover_tables.h.
 *
 * Whoever draws from it, a column's default or an application: what OLD has handed out, or keeps in a
 * cache, is not NEW's to give.  OLD's are read first, NEW passes OLD's position, then NEW's: one that is
 * behind then stays so, unless somebody moves it.  Where numbers come round none is given once only. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/schema/sequence.h"
#include "recon/gate/cutover_tables.h"

/* One that both have, or OLD. */
struct one {
    const char *db[MR_SIDES], *name;
    struct mr_sequence at[MR_SIDES];
    bool is_read;
};

static enum mr_code list_all(struct mr_cutover *c, struct mr_vec *list, struct mr_err *err)
{
    const struct mr_catalogue *old = c->side[MR_OLD].cat;
    for (size_t d = 0; d < c->dbs.count; d++) {
        const struct mr_db_pair *dbs = mr_vec_at(&c->dbs, d);
        for (size_t i = 0; i < old->nobjects; i++) {
            const struct mr_object *o = &old->objects[i];
            if (o->kind != MR_OBJECT_SEQUENCE || strcmp(o->db, dbs->name[MR_OLD]) != 0 ||
                !mr_cutover_selects(c, o->db, o->name))
                continue;
            struct one *slot = mr_vec_push(list);
            if (slot == NULL)
                return mr_err_nomem(err, "comparing sequences");
            *slot = (struct one){.db = {o->db, dbs->name[MR_NEW]}, .name = o->name};
        }
    }
    return MR_OK;
}

/* That it is not on NEW is a difference of definitions, where these are looked at. */
static enum mr_code tell_unread(struct mr_cutover *c, const struct one *s, int side,
                                const struct mr_err *why, struct mr_err *err)
{
    if (side == MR_NEW && why->code == MR_E_NO_SUCH)
        return c->wanted[MR_CUTOVER_schema]
                   ? MR_OK
                   : mr_cutover_found(c, &c->counters, MR_GATE_CRITICAL, NULL, err,
                                      "sequence %s.%s is not on NEW", s->db[MR_OLD], s->name);
    return mr_cutover_found(c, &c->counters, MR_GATE_UNKNOWN, mr_err_get_hint(why), err,
                            "sequence %s.%s: not read of %s: %s", s->db[side], s->name,
                            side == MR_OLD ? "OLD" : "NEW", why->message);
}

static enum mr_code read_one(struct mr_cutover *c, struct one *s, int side, struct mr_err *err)
{
    struct mr_err why = {0};
    const enum mr_code code =
        mr_sequence_read(c->link[side].db, s->db[side], s->name, &s->at[side], &why);
    s->is_read = code == MR_OK;
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    return code == MR_OK ? MR_OK : tell_unread(c, s, side, &why, err);
}

static void add_number(struct mr_strbuf *out, const struct mr_sequence *s)
{
    mr_strbuf_add_fmt(out, "%s%" PRIu64, s->below > 0 ? "-" : "",
                      s->below > 0 ? s->below : s->next);
}

static enum mr_code judge(struct mr_cutover *c, const struct one *s, struct mr_err *err)
{
    const struct mr_sequence *old = &s->at[MR_OLD], *new = &s->at[MR_NEW];
    struct mr_strbuf hint = MR_STRBUF_INIT, was = MR_STRBUF_INIT, is = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (old->cycles || !mr_sequence_is_behind(new, old))
        return MR_OK;
    add_number(&was, old);
    add_number(&is, new);
    mr_strbuf_add_str(&hint, "On NEW, before it takes writes: ALTER SEQUENCE ");
    mr_sql_table(&hint, s->db[MR_NEW], s->name);
    mr_strbuf_add_fmt(&hint, " RESTART %s;", was.ptr);
    MR_TRY_OUT(mr_strbuf_check(&was, "comparing sequences", err));
    MR_TRY_OUT(mr_strbuf_check(&is, "comparing sequences", err));
    MR_TRY_OUT(mr_strbuf_check(&hint, "comparing sequences", err));
    code = mr_cutover_found(c, &c->counters, MR_GATE_CRITICAL, hint.ptr, err,
                            "sequence %s.%s: NEW's next number is %s, and OLD has given all before "
                            "%s",
                            s->db[MR_OLD], s->name, is.ptr, was.ptr);
out:
    mr_strbuf_release(&hint);
    mr_strbuf_release(&was);
    mr_strbuf_release(&is);
    return code;
}

enum mr_code mr_cutover_read_sequences(struct mr_cutover *c, size_t *count, struct mr_err *err)
{
    struct mr_vec list = MR_VEC_INIT(struct one);
    bool reached = true;
    enum mr_code code = list_all(c, &list, err);
    for (size_t i = 0; code == MR_OK && i < list.count; i++)
        code = read_one(c, mr_vec_at(&list, i), MR_OLD, err);
    if (code == MR_OK && list.count > 0)
        code = mr_cutover_catch_up(c, MR_CUTOVER_AGAIN_S(c), &reached, err);
    if (code == MR_OK && !reached)
        code = mr_cutover_found(c, &c->counters, MR_GATE_UNKNOWN, NULL, err,
                                "NEW fell behind while sequences were read");
    for (size_t i = 0; code == MR_OK && reached && i < list.count; i++) {
        struct one *s = mr_vec_at(&list, i);
        if (s->is_read)
            code = read_one(c, s, MR_NEW, err);
        if (code == MR_OK && s->is_read)
            code = judge(c, s, err);
    }
    *count = list.count;
    mr_vec_release(&list);
    return code;
}
