/*
 * make_history.c: writes a case file as a check of two clubs and a collection of both sides' logs
 * would, without servers.
 *
 *   make_history FILE [good|lacking|none]
 *
 * Members (subject, by phone, which the configuration masks) and their orders.  ann signed up as 3 on the
 * old side, where she wrote a note; the live side gave 3 to bob; there she came back as 5.  Of 7 each
 * side has changed another column; 8 differs, and nobody has changed it; 9 (cat) is equal, and an order
 * of hers is lost.  4 became 6 on the live side.  lacking: the live side's logs have a gap, and those
 * of orders are blind.  none: no logs were collected.
 */
#include "tests/unit/affected_case.h"
#include "tests/unit/evidence_case.h"

#define SECOND INT64_C(1000000)
#define SPLIT (INT64_C(1775099400) * SECOND) /* 2026-04-02 03:10:00 */

static void members(struct logs *l)
{
    logs_tx(l, 0, "0-1-101", SPLIT + 5 * SECOND, "bin.000001", 400);
    const int64_t joined = l->tx;
    logs_change(l, 0, 3, 1, MR_CHANGE_INSERT, "3/+1 ann/NULL");
    logs_tx(l, 0, "0-1-102", SPLIT + 9 * SECOND + 500, "bin.000001", 700);
    logs_change(l, 0, 3, 2, MR_CHANGE_UPDATE, "?/?/it's");
    logs_change(l, 0, 7, 1, MR_CHANGE_UPDATE, "?/?/one\ntwo");
    logs_mark(l, (struct logs_mark){.side = 0,
                                    .id = 3,
                                    .flags = MR_MARK_ABSENT_BEFORE,
                                    .changes = 2,
                                    .first_tx = joined,
                                    .last_tx = l->tx,
                                    .last = "3/+1 ann/it's"});
    logs_mark(l, (struct logs_mark){.side = 0,
                                    .id = 7,
                                    .changes = 1,
                                    .first_tx = l->tx,
                                    .last_tx = l->tx,
                                    .first = "7/+7 gil/x",
                                    .last = "7/+7 gil/one\ntwo"});
    logs_tx(l, 1, "0-2-101", SPLIT + 7 * SECOND, "live.000009", 120);
    logs_change(l, 1, 3, 1, MR_CHANGE_INSERT, "3/+2 bob/x");
    logs_mark(l, (struct logs_mark){.side = 1,
                                    .id = 3,
                                    .flags = MR_MARK_ABSENT_BEFORE,
                                    .changes = 1,
                                    .first_tx = l->tx,
                                    .last_tx = l->tx,
                                    .last = "3/+2 bob/x"});
    logs_tx(l, 1, "0-2-102", SPLIT + 3600 * SECOND, "live.000009", 900);
    logs_change(l, 1, 5, 1, MR_CHANGE_INSERT, "5/+1 ann/y");
    logs_change(l, 1, 7, 1, MR_CHANGE_UPDATE, "?/+8 gil/?");
    logs_change(l, 1, 7, 400, MR_CHANGE_UPDATE, "?/+9 gil/?");
    logs_change(l, 1, 4, 1, MR_CHANGE_DELETE, NULL);
    logs_change(l, 1, 6, 1, MR_CHANGE_INSERT, "6/+4 dan/z");
    logs_mark(l, (struct logs_mark){.side = 1,
                                    .id = 5,
                                    .flags = MR_MARK_ABSENT_BEFORE,
                                    .changes = 1,
                                    .first_tx = l->tx,
                                    .last_tx = l->tx,
                                    .last = "5/+1 ann/y"});
    logs_mark(l, (struct logs_mark){.side = 1,
                                    .id = 7,
                                    .changes = 400,
                                    .first_tx = l->tx,
                                    .last_tx = l->tx,
                                    .first = "7/+7 gil/x",
                                    .last = "7/+9 gil/x"});
    logs_mark(l, (struct logs_mark){.side = 1,
                                    .id = 4,
                                    .flags = MR_MARK_DELETED | MR_MARK_WENT,
                                    .changes = 1,
                                    .first_tx = l->tx,
                                    .last_tx = l->tx,
                                    .first = "4/+4 dan/z",
                                    .went = 6});
    logs_mark(l, (struct logs_mark){.side = 1,
                                    .id = 6,
                                    .flags = MR_MARK_ABSENT_BEFORE | MR_MARK_CAME,
                                    .changes = 1,
                                    .first_tx = l->tx,
                                    .last_tx = l->tx,
                                    .last = "6/+4 dan/z",
                                    .came = 4});
}

static void orders(struct logs *l)
{
    logs_tx(l, 0, "0-1-103", SPLIT + 60 * SECOND, "bin.000002", 4);
    logs_change(l, 0, 70, 1, MR_CHANGE_INSERT, "70/x/x");
    logs_mark(l, (struct logs_mark){.side = 0,
                                    .id = 70,
                                    .flags = MR_MARK_ABSENT_BEFORE,
                                    .changes = 1,
                                    .first_tx = l->tx,
                                    .last_tx = l->tx,
                                    .last = "70/x/x"});
}

/* The case's own table of that id: its columns decide where values stand. */
static void take_table(struct club *club, struct logs *l, int64_t id)
{
    bool found = false;
    struct mr_arena *arena = &club->list.arena;
    const char *name = NULL;
    struct mr_find_table *tables = NULL;
    size_t count = 0;
    case_require(mr_findings_tables(club->c.fd, arena, &tables, &count, NULL));
    for (size_t i = 0; i < count; i++)
        if (tables[i].id == id)
            name = tables[i].name;
    case_require(mr_findings_table_find(club->c.fd, name, arena, &club->c.table, &found, NULL));
    logs_table(l);
}

static void logs_of(struct club *club, int64_t m, int64_t o, bool lacking)
{
    struct logs l;
    logs_begin(&l, &club->c);
    logs_side(&l, 0, NULL);
    logs_side(&l, 1, lacking ? "live.000008 is lacking" : NULL);
    take_table(club, &l, m);
    logs_witness(&l, 0, MR_WITNESS_GOOD, NULL);
    logs_witness(&l, 1, lacking ? MR_WITNESS_INCOMPLETE : MR_WITNESS_GOOD,
                 lacking ? "live.000008 is lacking" : NULL);
    members(&l);
    take_table(club, &l, o);
    logs_witness(&l, 0, lacking ? MR_WITNESS_BLIND : MR_WITNESS_GOOD,
                 lacking ? "TRUNCATE at bin.000002:4" : NULL);
    logs_witness(&l, 1, MR_WITNESS_GOOD, NULL);
    orders(&l);
    logs_end(&l);
}

static void mask_phone(struct club *club, int64_t table)
{
    club_change(club, "UPDATE col SET masked = 1 WHERE tbl = :tbl AND name = 'phone'", table);
}

int main(int argc, char **argv)
{
    struct club club;
    const char *kind = argc > 2 ? argv[2] : "good";
    if (argc < 2) {
        (void)fputs("usage: make_history FILE [good|lacking|none]\n", stderr);
        return 2;
    }
    club_begin_at(&club, argv[1]);
    const int64_t m = club_table(&club, "club.members", true, MR_SUBJECT_CONFIGURED);
    const int64_t o = club_table(&club, "club.orders", false, MR_SUBJECT_NO);
    const int64_t fk = club_reference(&club, o, m);
    const int64_t three =
        club_row(&club, m, MR_KIND_COLLISION, "3/+1 ann/it's", "3/+2 bob/x", "a", "b");
    club_row(&club, m, MR_KIND_MISSING, "4/+4 dan/z", NULL, "d", NULL);
    const int64_t five = club_row(&club, m, MR_KIND_EXTRA, NULL, "5/+1 ann/y", NULL, "a");
    club_moved(&club, m, three, five);
    club_row(&club, m, MR_KIND_CHANGED, "7/+7 gil/one\ntwo", "7/+9 gil/x", "g", "h");
    club_row(&club, m, MR_KIND_CHANGED, "8/+8 hal/a", "8/+8 hal/b", "i", "i");
    const int64_t order = club_row(&club, o, MR_KIND_MISSING, "70/x/x", NULL, NULL, NULL);
    club_link(&club, 0, order, fk, m, "9/cat/NULL", "c");
    if (strcmp(kind, "none") != 0)
        logs_of(&club, m, o, strcmp(kind, "lacking") == 0);
    mask_phone(&club, m);
    case_require(mr_findings_run_end(club.c.fd, &club.c.run, NULL));
    club_end(&club);
    return 0;
}
