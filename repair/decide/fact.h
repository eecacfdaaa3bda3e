/*
 * fact: what is known of one row of the lost history (SOURCE) when it is decided, one line
 * a fact.  Who reads servers and case fills it (repair/merge); mr_decide_… (decide.h) reads
 * it, and nothing else.
 *
 * A fact that nobody has looked for is false.  A decision that needs one says so.
 */
#ifndef MR_FACT_H
#define MR_FACT_H

#include <stdbool.h>

/* What kind of row it is. */
enum mr_group {
    MR_GROUP_UNDECIDED = 0,
    MR_GROUP_BASE,  /* the same row on both sides: of the past, or by its key */
    MR_GROUP_GONE,  /* of the past, deleted on the live side */
    MR_GROUP_SAME,  /* above the past, byte-equal, every reference the same */
    MR_GROUP_LOST,  /* lost history */
    MR_GROUP_MAYBE, /* deleted on the live side, or lost */
    MR_GROUP_DOUBT  /* of the past or lost: TARGET has another row under its key */
};

/* "base", "gone", …; NULL where it is undecided. */
const char *mr_group_name(enum mr_group group);
/* The other way; NULL is undecided, and so is what no group is called. */
enum mr_group mr_group_named(const char *name);

struct mr_fact {
    /* its table */
    bool counted;  /* a counter makes the keys */
    bool keyless;  /* it has no key */
    bool believed; /* a person said where the past ends, and no row belies it: */
    bool split;    /* and said it by a time */

    /* its key */
    bool above; /* greater than L, and not known as past otherwise */
    bool fresh; /* at or above U */
    bool late;  /* no counter made it, and the row was created at or after --split-at */

    /* TARGET */
    bool there;  /* has a row that is it */
    bool same;   /* which is equal to the byte, with every reference meaning the same */
    bool taken;  /* has a row under its key */
    bool held;   /* has its identity above L */
    bool doubt;  /* has a row under its key that may be it */
    bool traced; /* has no row under its key, but rows that refer to it */
    bool rival;  /* has another row with one of its unique values */

    /* TARGET's row under its key, or the one that is it */
    bool differs;     /* in a column that counts, references mapped */
    bool same_name;   /* it has the same identity */
    bool alike;       /* it agrees in a column that says something */
    bool dated;       /* both say when they were created, */
    bool same_time;   /* and that at the same moment */
    bool edited;      /* after the split, or nothing says that it was not */
    bool edited_live; /* the same of TARGET's */

    /* its identity, where TARGET cannot be asked by it */
    bool crosses;   /* a row of the past has it */
    bool ambiguous; /* two rows of one side have it */
    bool owned;     /* TARGET has it below another owner */
    bool guarded;   /* a unique index of TARGET keeps two rows from having one */

    /* what it is made of */
    bool unfit;     /* a value does not fit TARGET's column */
    bool disagrees; /* a column of several references would have to hold several values */
    bool twin;      /* another row of SOURCE is mapped to the same key */

    /* what it refers to */
    bool attaches; /* nobody on SOURCE, and somebody on TARGET */
    bool
        differs_above; /* a row, no subject, that TARGET has with other values; or one below */
    bool refers_to_lost;     /* a row of lost history */
    bool refers_to_new;      /* a row that is not of the past, for certain */
    bool key_refers_to_lost; /* a row of lost history, by a column of its key */

    /* what a person chose */
    bool restored; /* it is to be restored */
    bool merged;   /* it is somebody whom TARGET has */
    bool settled;  /* that it is lost history, though it was in doubt */
    bool gone;     /* an earlier plan restored it, and it was deleted since */
};

#endif
