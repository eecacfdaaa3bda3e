/* check_proof.c: see check_proof.h. */
#include "recon/check/check_proof.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/cli/progress.h"

#define REASONS_SHOWN 20

/* Times are UTC in one form: their bytes are in their order. */
static void take(struct mr_check_proof *p, const struct mr_find_table *table,
                 const struct mr_table_proof *of)
{
    if (table->verdict == MR_VERDICT_NOT_CHECKED || table->verdict == MR_VERDICT_UNDECIDED)
        return;
    p->keys += of->keys;
    p->whole += of->how == MR_READ_WHOLE;
    p->by_keys += of->how != MR_READ_WHOLE;
    if (p->until == NULL || strcmp(of->proved, p->until) < 0)
        p->until = of->proved;
}

enum mr_code mr_check_proof_load(struct mr_check_proof *p, struct mr_findings *fd,
                                 const struct mr_find_table *tables, size_t ntables,
                                 struct mr_arena *arena, struct mr_err *err)
{
    *p = (struct mr_check_proof){0};
    MR_TRY(mr_run_change(fd, arena, &p->change, &p->is_partial, err));
    if (!p->is_partial)
        return MR_OK;
    struct mr_table_proof *of = mr_arena_calloc(arena, ntables + 1, sizeof *of);
    if (of == NULL)
        return mr_err_nomem(err, "reading the case");
    for (size_t i = 0; i < ntables; i++) {
        bool found;
        MR_TRY(mr_table_proof(fd, tables[i].id, arena, &of[i], &found, err));
        if (found)
            take(p, &tables[i], &of[i]);
    }
    p->of = of;
    return MR_OK;
}

/* ---- JSON ---- */

static const char *word(enum mr_read_how how)
{
    return how == MR_READ_WHOLE ? "whole" : how == MR_READ_TURN ? "rolling" : "changed";
}

void mr_check_proof_put_table(const struct mr_check_proof *p, size_t table, struct mr_jsonw *w)
{
    if (!p->is_partial || p->of[table].how == 0)
        return;
    const struct mr_table_proof *of = &p->of[table];
    mr_jsonw_add_str(w, "read", word(of->how));
    if (of->why != NULL)
        mr_jsonw_add_str(w, "read_reason", of->why);
    mr_jsonw_add_uint(w, "keys_read", of->keys);
    mr_jsonw_add_str(w, "proved_since", of->proved);
}

void mr_check_proof_put_summary(const struct mr_check_proof *p, struct mr_jsonw *w)
{
    if (!p->is_partial)
        return;
    mr_jsonw_add_str(w, "proved_changed_since", p->change.since);
    mr_jsonw_add_str(w, "proved_rolling_until", p->until);
    if (p->change.note != NULL)
        mr_jsonw_add_str(w, "attested_by", p->change.note);
    mr_jsonw_add_uint(w, "tables_read_whole", p->whole);
    mr_jsonw_add_uint(w, "keys_read", p->keys);
    if (p->change.parts > 0) {
        mr_jsonw_add_uint(w, "rolling", p->change.parts);
        mr_jsonw_add_uint(w, "turn", (p->change.turn - 1) % p->change.parts + 1);
    }
}

/* ---- text ---- */

static void print_read(const struct mr_check_proof *p, FILE *out)
{
    struct mr_strbuf keys = MR_STRBUF_INIT;
    mr_strbuf_add_grouped(&keys, p->keys);
    (void)fprintf(out, "Read: %s key%s of %zu table%s that logs or the last run name",
                  keys.failed ? "?" : keys.ptr, p->keys == 1 ? "" : "s", p->by_keys,
                  p->by_keys == 1 ? "" : "s");
    if (p->change.parts > 0)
        (void)fprintf(out, ", part %" PRIu64 " of %u of their other rows",
                      (p->change.turn - 1) % p->change.parts + 1, p->change.parts);
    (void)fprintf(out, "; %zu table%s whole.\n", p->whole, p->whole == 1 ? "" : "s");
    mr_strbuf_release(&keys);
}

/* The tables that share a reason in one line, with the first of them. */
static void print_whole(const struct mr_check_proof *p, const struct mr_find_table *tables,
                        size_t ntables, FILE *out)
{
    size_t lines = 0;
    for (size_t i = 0; i < ntables; i++) {
        const char *why = p->of[i].why;
        size_t before = 0, same = 0;
        for (size_t k = 0; why != NULL && k < ntables; k++)
            if (p->of[k].why != NULL && strcmp(p->of[k].why, why) == 0)
                *(k < i ? &before : &same) += 1;
        if (why == NULL || before > 0)
            continue;
        if (++lines > REASONS_SHOWN) {
            (void)fputs("Read whole: others, for other reasons (--json has all).\n", out);
            return;
        }
        (void)fputs("Read whole: ", out);
        mr_utf8_print(out, tables[i].name);
        if (same > 1)
            (void)fprintf(out, " and %zu more", same - 1);
        (void)fputs(": ", out);
        mr_utf8_print(out, why);
        (void)fputs(".\n", out);
    }
}

void mr_check_proof_print(const struct mr_check_proof *p, const struct mr_find_table *tables,
                          size_t ntables, bool brief, FILE *out)
{
    if (!p->is_partial)
        return;
    print_read(p, out);
    (void)fprintf(out, "Proved: what changed since %s", p->change.since);
    if (p->until != NULL)
        (void)fprintf(out, "; each row at least once since %s", p->until);
    (void)fprintf(out, ".\n");
    if (p->by_keys > 0)
        (void)fprintf(out,
                      "Attested: the logs of both sides name no other change of these tables "
                      "since %s.\n",
                      p->change.since);
    if (p->change.note != NULL)
        (void)fprintf(out, "%s.\n", p->change.note);
    if (!brief)
        print_whole(p, tables, ntables, out);
}
