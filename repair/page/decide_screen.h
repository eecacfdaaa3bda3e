/*
 * decide_screen: one conflict as a terminal shows it: both rows side by side, what has happened, and
 * what each choice would do.  In the words of the page (conflict_words.h, conflict_story.h).
 *
 * Nothing that comes from a database reaches the terminal as it is: controls, invalid bytes and what
 * turns the reading direction are escaped (utf8.h).  No line is wider than the terminal.
 *
 * Errors: MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_DECIDE_SCREEN_H
#define MR_DECIDE_SCREEN_H

#include "repair/page/answers.h"

/* How it is looked at. */
struct mr_decide_view {
    unsigned width, height; /* of the terminal; height 0: not known, all is shown */
    bool color;
    bool all;         /* columns that are equal, too */
    unsigned scroll;  /* lines of the rows that are passed over; made less where there are fewer */
    bool of_group;    /* what is chosen is for the open ones of the group */
    const char *said; /* what became of the last key; "" nothing */
};

/* Appends the screen, without moving the cursor; lines end with LF. */
enum mr_code mr_decide_screen(const struct mr_answers *answers, size_t at,
                              struct mr_decide_view *view, struct mr_strbuf *out,
                              struct mr_err *err);
/* Appends the row's table, key and identity: "members 7 (+4915)". */
void mr_decide_screen_name(const struct mr_answers *answers, const struct mr_answer *answer,
                           struct mr_strbuf *out);

#endif
