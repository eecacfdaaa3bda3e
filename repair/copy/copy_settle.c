/* copy_settle.c: which rows cannot be written, and what hangs on them; see
 * copy_internal.h.
 *
 * A slot that becomes a conflict keeps TARGET's row as it is: its values are not free, it
 * goes on referring, it is no parent of what was to come.  So conflicts spread in waves,
 * each looking only at what hangs on the wave before, until one finds nothing. */
#include "core/case/case_args.h"
#include "repair/copy/copy_internal.h"

#define ACTIVE(x) "(" x ".op>0 AND " x ".kind IS NULL)"

/* Slots whose values a holder does not let go. */
#define TAKEN                                                                                      \
    "SELECT t.taker AS slot, 'unique' AS kind, t.u AS what, t.holder AS other FROM take"           \
    " t LEFT JOIN c h ON h.id=t.holder WHERE t.holder<>t.taker AND (h.id IS NULL OR NOT"           \
    " " ACTIVE("h") " OR (h.op=2 AND EXISTS (SELECT 1 FROM take k WHERE k.taker=h.id AND"          \
                    " k.u=t.u AND k.holder=h.id)))"

/* TARGET's present parent is there afterwards, too. */
#define STAYS "(l.tfound AND (p.id IS NULL OR NOT " ACTIVE("p") " OR (p.op=2 AND l.pt=l.ps)))"

#define MISLED                                                                                     \
    "SELECT l.child AS slot, CASE WHEN NOT l.sfound AND l.tfound THEN 'orphan-would-attach'"       \
    " WHEN " STAYS " THEN 'parent-differs' ELSE 'parent-absent' END AS kind, l.ref AS"             \
    " what, l.ps AS other FROM link l LEFT JOIN c s ON s.id=l.ps LEFT JOIN c p ON"                 \
    " p.id=l.pt WHERE CASE WHEN NOT l.sfound THEN (l.must AND NOT l.tfound) OR " STAYS             \
    " WHEN coalesce(" ACTIVE(                                                                      \
        "s") ", 0) AND s.op<3 THEN 0 WHEN " STAYS                                                  \
             " THEN NOT l.same OR (l.ps=l.pt AND coalesce(s.taint, 0)>0) ELSE 1 END"

/* Somebody who stays refers to what goes. */
#define NEEDED                                                                                     \
    "SELECT d.parent AS slot, 'referenced' AS kind, d.ref AS what, d.child AS other "              \
    "FROM"                                                                                         \
    " dep d LEFT JOIN c k ON k.id=d.child WHERE d.child<>d.parent AND (k.id IS NULL OR"            \
    " NOT " ACTIVE("k") " OR (k.op=2 AND EXISTS (SELECT 1 FROM link l WHERE"                       \
                        " l.child=k.id AND l.ref=d.ref AND l.pt=d.parent)))"

/* A row goes, and what was to have its value does not come. */
#define ALONE                                                                                      \
    "SELECT t.holder AS slot, 'unique' AS kind, t.u AS what, t.taker AS other FROM take"           \
    " t JOIN c k ON k.id=t.taker JOIN c h ON h.id=t.holder WHERE h.op=3 AND k.op>0 AND"            \
    " k.kind IS NOT NULL"

#define MARK(found)                                                                                \
    "UPDATE c SET kind=f.kind, detail=f.what, waits=CASE WHEN f.kind='referenced' THEN "           \
    "0"                                                                                            \
    " ELSE f.other END, wave=:wave+1 FROM (" found ") f WHERE c.id=f.slot AND c.op>0 AND"          \
    " c.kind IS NULL"

/* What does not go back under one key does not go under the other one: the row would stand twice, or nowhere. */
#define TIED                                                                                       \
    "UPDATE c SET kind='changed-since', why='" MR_COPY_TIED_WHY                                    \
    "', choices='', skey=coalesce(skey, tkey), waits=f.other, wave=:wave+1 FROM"                   \
    " (SELECT t.other AS slot, t.slot AS other FROM tie t JOIN c o ON o.id=t.slot WHERE"           \
    " o.kind IS NOT NULL"
#define TIED_END ") f WHERE c.id=f.slot AND c.op>0 AND c.kind IS NULL"

static const char *const first_wave[] = {MARK(TAKEN), MARK(MISLED), MARK(NEEDED), MARK(ALONE),
                                         TIED TIED_END};
static const char *const next_wave[] = {
    MARK(TAKEN " AND t.holder IN (SELECT id FROM c WHERE wave=:wave)"),
    MARK(MISLED " AND l.ps IN (SELECT id FROM c WHERE wave=:wave)"),
    MARK(MISLED " AND l.pt IN (SELECT id FROM c WHERE wave=:wave)"),
    MARK(NEEDED " AND d.child IN (SELECT id FROM c WHERE wave=:wave)"),
    MARK(ALONE " AND t.taker IN (SELECT id FROM c WHERE wave=:wave)"),
    TIED " AND o.wave=:wave" TIED_END};

static enum mr_code run_wave(struct mr_copy *c, const char *const *list, size_t count,
                             int64_t *changed, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *changed = 0;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        int64_t n = 0;
        code = MR_CASE_CHANGE(c->m.cf, list[i], &n, err, MR_ARG_INT("wave", c->wave));
        *changed += n;
    }
    c->wave++;
    return code;
}

enum mr_code mr_copy_spread(struct mr_copy *c, struct mr_err *err)
{
    int64_t changed = 1;
    enum mr_code code = MR_OK;
    c->wave++; /* what the caller has marked */
    while (code == MR_OK && changed > 0)
        code = run_wave(c, next_wave, sizeof next_wave / sizeof next_wave[0], &changed, err);
    return code;
}

/* All of the first wave has one number, and spread begins behind what its caller has marked. */
enum mr_code mr_copy_settle(struct mr_copy *c, struct mr_err *err)
{
    int64_t changed = 0;
    enum mr_code code =
        run_wave(c, first_wave, sizeof first_wave / sizeof first_wave[0], &changed, err);
    c->wave--;
    return code == MR_OK ? mr_copy_spread(c, err) : code;
}
