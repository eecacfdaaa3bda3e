/*
 * plan_options: the options of `repair plan`, as a struct and a table.
 *
 * What is written as text (times, KIND=CHOICE, DB.TABLE=N) is parsed when the options are
 * finished, so that bad usage is said before anything is opened.  Texts live as long as
 * the invocation.
 */
#ifndef MR_PLAN_OPTIONS_H
#define MR_PLAN_OPTIONS_H

#include "core/cli/cli.h"
#include "core/cli/general_options.h"
#include "core/row/when.h"
#include "repair/merge/merge.h"

struct mr_plan_options {
    bool reseed_only;
    const char *policy;
    const char *case_path, *output; /* or NULL */
    const char *run;                /* of the case, or NULL: the last finished one */
    const char *source, *target;    /* NULL: the case's */
    uint64_t margin;
    struct mr_string_list tables, exclude;
    unsigned statement_timeout_s;
    bool json;
    struct mr_login_opts login;

    /* --policy rewind */
    const char *transactions, *from, *to, *kinds; /* or NULL */

    /* --policy rejoin */
    bool discard_lost;
    struct mr_string_list merged; /* directories of merges */
    const char *replication_user; /* or NULL */

    /* --policy */
    const char *split_at_text;              /* or NULL */
    struct mr_string_list split_keys_text;  /* DB.TABLE=N */
    struct mr_string_list on_conflict_text; /* KIND=CHOICE */
    const char *decisions, *idmap;          /* files, or NULL */
    const char *allow_triggers;             /* "fire", or NULL */
    uint64_t allow_deletes;
    bool partial, forget_decisions;
    const char *again;     /* directory of a plan, or NULL */
    unsigned clock_skew_s; /* within which `newest` tells nothing of two sides */

    const char *sign_with; /* or NULL */
    struct mr_general_options general;

    /* of --again (plan_again.h) */
    const char *again_of;       /* uuid of that plan */
    const char *again_asked;    /* digest of what it asks; NULL: nothing, or not known */
    const char *again_page_key; /* of digests on its pages (asked.h); NULL: none */
    bool is_over;               /* this one takes its name */
    bool decisions_are_kept;    /* `decisions` is that plan's own conflicts.csv */
    struct mr_string_list again_rules_text; /* its --on-conflict */

    /* computed when finishing */
    bool has_margin;         /* it was asked for */
    struct mr_when split_at; /* where there is a text */
    const struct mr_merge_split_key *split_keys;
    size_t nsplit_keys;
    const struct mr_conflict_rule *on_conflict;
    size_t non_conflict;
    const struct mr_conflict_rule *again_rules; /* choices that its conflicts.csv has of rules */
    size_t nagain_rules;
};

extern const struct mr_option_set mr_plan_option_set;

#endif
