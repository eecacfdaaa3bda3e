/*
 * affected_people: who is affected, why, and under which keys, in TEMP tables of the case.
 *
 * Calling sequence: begin, own, then children (affected_reach.h) and, for a window, add;
 * then lines (affected_line.h); release.  One person has one row in temp.person, however
 * many of its rows are findings, on whichever side.
 *
 *   person        id, tbl, name (what makes it one person: see _add), reasons
 *   person_table  tables whose findings lead to the person
 *   person_row    rows of the person: its keys and listed values, each side by itself
 *   node          which person a node of the case is (lineage.h)
 *
 * Memory does not grow with the number of people.  Threads: one.  Errors: MR_E_CASE,
 * MR_E_NOMEM, MR_E_CANCELLED.
 */
#ifndef MR_AFFECTED_PEOPLE_H
#define MR_AFFECTED_PEOPLE_H

#include "recon/affected/affected_row.h"

struct mr_affected_people {
    struct mr_affected *list;
    struct mr_case *cf;
    struct mr_case_stmt *add_person, *find_person, *find_row, *add_reason, *add_row, *add_node;
    struct mr_affected_row row;
    struct mr_strbuf name;
};

/* Where a row of a person is known from. */
enum mr_affected_origin {
    MR_AFFECTED_FINDING = 1,
    MR_AFFECTED_EQUAL, /* an ancestor or duplicate that is the same row on both sides */
    MR_AFFECTED_ONE_SIDE,
    MR_AFFECTED_INFERRED, /* the other side's row of an equal one */
    MR_AFFECTED_READ      /* on the server */
};

/* A row of a subject table. */
struct mr_affected_seen {
    const struct mr_affected_subject *subject;
    int side;             /* 0 source, 1 target */
    int64_t node;         /* 0: none */
    const void *identity; /* canonical; NULL: nobody, or named by its key */
    size_t identity_len;
    struct mr_key key; /* as scanned; ptr NULL: none */
    const void *image;
    size_t image_len;
    unsigned reasons; /* 0: only a row of somebody who may be listed for other reasons */
    enum mr_affected_origin origin;
};

/* The list and its case must outlive it; subjects and fields are chosen. */
enum mr_code mr_affected_people_begin(struct mr_affected_people *people, struct mr_affected *list,
                                      struct mr_err *err);
void mr_affected_people_release(struct mr_affected_people *people);

/* Everybody whose own row is a finding or has moved, and their other keys. */
enum mr_code mr_affected_people_own(struct mr_affected_people *people, struct mr_err *err);

/* Adds the row, and the person if it is new: named by its identity, else by the row's
 * key, else (no key) by what is seen of the identity, else by the whole row. */
enum mr_code mr_affected_people_add(struct mr_affected_people *people,
                                    const struct mr_affected_seen *seen, struct mr_err *err);

/* Adds the row if it is one of somebody who is in the list, else nothing. */
enum mr_code mr_affected_people_add_known(struct mr_affected_people *people,
                                          const struct mr_affected_seen *seen, struct mr_err *err);

/* Adds a row that was read on a server, node 0.  Where it does not say who it is, it is the
 * person of whom the list has a row under that key. */
enum mr_code mr_affected_people_add_read(struct mr_affected_people *people,
                                         const struct mr_affected_seen *seen, struct mr_err *err);

/* Is a row of the table that is no finding known to be equal on both sides? */
bool mr_affected_was_compared_whole(const struct mr_find_table *table);

#endif
