/*
 * explain_lines.h: what the logs say of a row of three columns, a line each: what each side has, and has shown
 * (logs_image of evidence_case.h: "1/a/x", NULL, and ? where a column is not shown), and what that comes to.
 */
#ifndef MR_TESTS_EXPLAIN_LINES_H
#define MR_TESTS_EXPLAIN_LINES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/case/explain.h"
#include "evidence_case.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* What a side's log has shown of the key; `is` 0: it is good. */
struct side {
    const char *row; /* as it is now; NULL: none */
    enum mr_witness is;
    bool touched;
    int flags;
    const char *first, *last;
};

#define GOOD .is = MR_WITNESS_GOOD
#define NO_LOG .is = MR_WITNESS_NONE
#define UPDATED(a, b) GOOD, .touched = true, .first = (a), .last = (b)
#define INSERTED(b) GOOD, .touched = true, .flags = MR_MARK_ABSENT_BEFORE, .last = (b)
#define DELETED(a) GOOD, .touched = true, .flags = MR_MARK_DELETED, .first = (a)

/* Of each of the three columns: . nobody, s source, t target, a alike, b both, ? unseen, - not
 * told, c a cascade of source, ! unexplained; in capitals: inferred. */
struct line {
    const char *what;
    struct side of[2];
    const char *columns;
    enum mr_base base;
    enum mr_become become[2];
    enum mr_explained explained;
    bool bases_differ;
    enum mr_told told[2]; /* 0: told */
};

#define UNKNOWN MR_BECOME_UNKNOWN
#define SAME MR_BECOME_SAME
#define INS MR_BECOME_INSERTED
#define CHG MR_BECOME_CHANGED
#define DEL MR_BECOME_DELETED

static inline char letter_of(const struct mr_explain_column *column)
{
    static const char letters[] = "?.stab?-c!";
    const char letter = letters[column->changed];
    return column->inferred && letter >= 'a' ? (char)(letter - 'a' + 'A') : letter;
}

struct given {
    struct mr_explain_side sides[2];
    struct mr_evidence_mark marks[2];
};

static inline void give(struct given *g, const struct side sides[2], struct mr_arena *arena)
{
    for (int i = 0; i < 2; i++) {
        const struct side *s = &sides[i];
        g->marks[i] = (struct mr_evidence_mark){.flags = s->flags,
                                                .first = logs_image(arena, s->first),
                                                .last = logs_image(arena, s->last),
                                                .has_images = true};
        g->sides[i] = (struct mr_explain_side){.row = logs_image(arena, s->row),
                                               .witness = s->is,
                                               .mark = s->touched ? &g->marks[i] : NULL};
    }
}

static inline void assert_line(const struct line *line, const struct mr_explain *x)
{
    char columns[4] = "";
    for (size_t i = 0; i < 3; i++)
        columns[i] = letter_of(mr_explain_column(x, i));
    if (strcmp(columns, line->columns) != 0 || x->base != line->base ||
        x->become[0] != line->become[0] || x->become[1] != line->become[1] ||
        x->explained != line->explained || x->bases_differ != line->bases_differ)
        fail_msg("%s: columns %s, base %d, become %d %d, explained %d, bases differ %d", line->what,
                 columns, x->base, x->become[0], x->become[1], x->explained, x->bases_differ);
    for (int i = 0; i < 2; i++)
        if (x->told[i] != (line->told[i] != 0 ? line->told[i] : MR_TOLD))
            fail_msg("%s: side %d told %d", line->what, i, x->told[i]);
}

#endif
