/* merged.c: see merged.h. */
#include "repair/rejoin/merged.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

static bool is_text(const char *text)
{
    return text != NULL && *text != '\0';
}

static bool holds(const struct mr_merged_facts *f, enum mr_merged_bar bar)
{
    switch (bar) {
    case MR_MERGED_BAR_POLICY: return !f->is_merge;
    case MR_MERGED_BAR_LEFT_OUT: return f->left_out != NULL;
    case MR_MERGED_BAR_OPEN: return f->open > 0;
    case MR_MERGED_BAR_UNDONE: return f->rows.undone > 0;
    case MR_MERGED_BAR_UNREADABLE: return f->rows.unreadable != NULL;
    case MR_MERGED_BAR_WRONG: return f->rows.wrong > 0;
    /* the live application edits rows, also those that came back; but what was never written looks
     * the same */
    case MR_MERGED_BAR_UNAPPLIED: return !f->rows.is_carried_out && f->rows.changed > 0;
    case MR_MERGED_BAR_PLACE: return f->place != NULL;
    case MR_MERGED_BAR_SINCE: return is_text(f->since);
    case MR_MERGED_BAR_UNCOVERED: return f->uncovered != NULL;
    case MR_MERGED_FREE:
    case MR_MERGED_BARS: break;
    }
    return false;
}

enum mr_merged_bar mr_merged_decide(const struct mr_merged_facts *facts)
{
    for (enum mr_merged_bar bar = MR_MERGED_FREE + 1; bar < MR_MERGED_BARS; bar++)
        if (holds(facts, bar))
            return bar;
    return MR_MERGED_FREE;
}

#define AGAIN                                                                                      \
    "Check again, plan the merge again, carry it out, and name that plan; or --discard-lost "      \
    "where it is not wanted."

static const char *const ways_out[MR_MERGED_BARS] = {
    [MR_MERGED_BAR_POLICY] = "--merged names the directory of a plan of --policy merge.",
    [MR_MERGED_BAR_LEFT_OUT] = AGAIN,
    [MR_MERGED_BAR_OPEN] =
        "Decide them (repair decide, or conflicts.csv), plan with --again, and carry it out.",
    [MR_MERGED_BAR_UNDONE] = "Carry it out again, and verify it; or --discard-lost where it is not "
                             "wanted.",
    [MR_MERGED_BAR_UNREADABLE] = "Let the account read the table on the source.",
    [MR_MERGED_BAR_WRONG] = "repair verify lists them. Where it was not carried out, do that; else "
                            "check again, plan the merge again, and name that plan.",
    [MR_MERGED_BAR_UNAPPLIED] = "repair verify lists them. Carry it out by repair apply: it passes "
                                "over what is there.",
    [MR_MERGED_BAR_PLACE] = AGAIN,
    [MR_MERGED_BAR_SINCE] = AGAIN,
    [MR_MERGED_BAR_UNCOVERED] = AGAIN,
};

static void say(enum mr_merged_bar bar, const struct mr_merged_facts *f, char *out, size_t size)
{
    const char *first = f->rows.first != NULL ? f->rows.first : "";
    const char *comma = f->rows.first != NULL ? ", such as " : "";
    switch (bar) {
    case MR_MERGED_BAR_POLICY: (void)snprintf(out, size, "is no merge"); break;
    case MR_MERGED_BAR_LEFT_OUT:
        (void)snprintf(out, size, "does not have everything: %.300s", f->left_out);
        break;
    case MR_MERGED_BAR_OPEN:
        (void)snprintf(out, size, "has %" PRIu64 " conflicts that nobody has decided", f->open);
        break;
    case MR_MERGED_BAR_UNDONE: (void)snprintf(out, size, "was undone, as its journal says"); break;
    case MR_MERGED_BAR_UNREADABLE:
        (void)snprintf(out, size, "cannot be verified on the source: %.300s", f->rows.unreadable);
        break;
    case MR_MERGED_BAR_WRONG:
        (void)snprintf(out, size,
                       "does not stand on the source: %" PRIu64 " rows are not as planned%s%.300s",
                       f->rows.wrong, comma, first);
        break;
    case MR_MERGED_BAR_UNAPPLIED:
        (void)snprintf(out, size,
                       "has %" PRIu64 " rows that differ on the source%s%.300s, and its journal "
                       "does not know of an apply to its end",
                       f->rows.changed, comma, first);
        break;
    case MR_MERGED_BAR_PLACE:
        (void)snprintf(out, size,
                       "came of a comparison of which it is not known what it saw: %.300s",
                       f->place);
        break;
    case MR_MERGED_BAR_SINCE:
        (void)snprintf(out, size,
                       "came of a comparison that began before transactions of the target's own: "
                       "%.300s",
                       f->since);
        break;
    case MR_MERGED_BAR_UNCOVERED:
        (void)snprintf(out, size, "does not account for all that the target did alone: %.300s",
                       f->uncovered);
        break;
    case MR_MERGED_FREE:
    case MR_MERGED_BARS: (void)snprintf(out, size, "is proved"); break;
    }
}

enum mr_code mr_merged_refuse(enum mr_merged_bar bar, const struct mr_merged_facts *facts,
                              const char *dir, struct mr_err *err)
{
    char what[512];
    if (bar == MR_MERGED_FREE)
        return MR_OK;
    say(bar, facts, what, sizeof what);
    (void)mr_err_set(err, MR_E_REFUSED, "plan \"%.200s\" %s", dir, what);
    mr_err_hint(err, "Nothing was changed. %s", ways_out[bar]);
    return MR_E_REFUSED;
}
