/*
 * make_case.c: writes a case file as a check of two clubs would, without servers.
 *
 *   make_case FILE [finished|interrupted|nobody]
 *
 * Members (subject, by phone) and their orders: ann lost her row 3 to bob and came back as
 * 5; cat lost an order; NULL is somebody without a phone.  interrupted: the run is not
 * finished.  nobody: no table is a subject.
 */
#include "tests/unit/affected_case.h"

int main(int argc, char **argv)
{
    struct club club;
    const char *kind = argc > 2 ? argv[2] : "finished";
    bool nobody = strcmp(kind, "nobody") == 0;
    if (argc < 2) {
        (void)fputs("usage: make_case FILE [finished|interrupted|nobody]\n", stderr);
        return 2;
    }
    club_begin_at(&club, argv[1]);
    int64_t m =
        club_table(&club, "club.members", true, nobody ? MR_SUBJECT_NO : MR_SUBJECT_CONFIGURED);
    int64_t o = club_table(&club, "club.orders", false, MR_SUBJECT_NO);
    int64_t fk = club_reference(&club, o, m);
    int64_t three = club_row(&club, m, MR_KIND_COLLISION, "3/+1 ann/it's", "3/+2 bob/x", "a", "b");
    int64_t five = club_row(&club, m, MR_KIND_EXTRA, NULL, "5/+1 ann/y", NULL, "a");
    club_moved(&club, m, three, five);
    club_row(&club, m, MR_KIND_CHANGED, "7/NULL/one\ntwo", "7/NULL/x", NULL, NULL);
    int64_t order = club_row(&club, o, MR_KIND_MISSING, "70/x/x", NULL, NULL, NULL);
    club_link(&club, 0, order, fk, m, "9/cat/NULL", "c");
    club.c.run.finished = strcmp(kind, "interrupted") != 0;
    case_require(mr_findings_run_end(club.c.fd, &club.c.run, NULL));
    club_end(&club);
    return 0;
}
