/*
 * merge_match_internal: what the files of the matcher share; see merge_match.h.
 */
#ifndef MR_MERGE_MATCH_INTERNAL_H
#define MR_MERGE_MATCH_INTERNAL_H

#include "repair/merge/merge_lookup.h"
#include "repair/merge/merge_map.h"
#include "repair/plan/plan_image.h"

/* A row of a batch, while its place is sought. */
struct mr_merge_candidate {
    const struct mr_merge_work_row *row;
    bool unsame;                    /* byte-equal, yet it means somebody else */
    struct mr_key into;             /* key on TARGET that a person chose; ptr NULL: none */
    struct mr_key edits;            /* see mr_merge_map_row */
    struct mr_key after;            /* mapped */
    struct mr_key key;              /* of it */
    struct mr_key canon;            /* that, as TARGET compares it */
    struct mr_key taken_key, taken; /* TARGET's row under that key */
    struct mr_key ident;            /* canonical; ptr NULL: nobody */
    struct mr_key taken_ident;
    struct mr_key there, there_image;
    bool same, disagrees;
    bool settled;     /* it was in doubt (merge_past.h), and is lost history */
    bool past, doubt; /* see there */
    int64_t lone;     /* -1: none */
};

struct mr_merge_matching {
    struct mr_merge *m;
    struct mr_merge_table *table;
    size_t first, count; /* the component */
    enum mr_merge_map_mode mode;
    int64_t wave;
    struct mr_merge_map map;
    struct mr_arena arena;
    struct mr_vec rows, candidates,
        asks; /* struct mr_merge_work_row, mr_merge_candidate, mr_merge_ask */
    struct mr_strbuf bytes;
    /* of a table whose rows are counted: what a row is there */
    struct mr_plan_digester digester;
    bool *names;                     /* per column: it counts */
    bool has_marks;                  /* some row has */
    struct mr_case_fields marks_map; /* of marks: struct mr_merge_candidate */
    struct mr_case_stmt *marks, *insert, *image, *traced, *disagrees, *past, *ends, *lost, *newid,
        *apart;
};

/* Copies bytes to the batch's arena. */
struct mr_key mr_merge_matching_keep(struct mr_merge_matching *x, struct mr_key bytes,
                                     enum mr_code *code, struct mr_err *err);

/* Looks the identities of the rows of this wave up on TARGET (merge_identity.c). */
enum mr_code mr_merge_match_identities(struct mr_merge_matching *x, struct mr_err *err);
/* The same for a table whose rows are counted as a multiset (merge_multiset.c). */
enum mr_code mr_merge_match_multiset(struct mr_merge_matching *x, struct mr_err *err);
/* What a row is in a multiset: a digest of the columns that count.  Columns that the server computes
 * do not, since they follow ids that change, nor does the spelling of JSON (plan_image.h): a row that
 * an earlier plan wrote is known again. */
enum mr_code mr_merge_match_name(struct mr_merge_matching *x, struct mr_key image,
                                 struct mr_digest *out, struct mr_err *err);

#endif
