/*
 * table_config: what the configuration says about one table: the keys of a
 * [table PATTERN] section, each parsed and checked.
 *
 * Column names are written as they are in SOURCE; a name with a blank, comma, dot,
 * parenthesis or quote, or one that equals a special word, is put in backticks or
 * double quotes (the quote doubled inside).
 *
 * Ownership: everything parsed lives in the arena handed in.  Errors: MR_E_CONFIG
 * without file and line, which the caller puts in front.
 */
#ifndef MR_TABLE_CONFIG_H
#define MR_TABLE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/strbuf.h"
#include "core/cli/option.h"
#include "core/source/column_rule.h"

enum mr_identity {
    MR_IDENTITY_DEFAULT = 0, /* not configured: inferred */
    MR_IDENTITY_COLUMNS,     /* those named */
    MR_IDENTITY_KEY,         /* the primary key */
    MR_IDENTITY_ROW,         /* all other columns */
    MR_IDENTITY_NONE         /* every row is its own event */
};

/* on-conflict: what to do with a kind of conflict. */
struct mr_conflict_rule {
    const char *kind;   /* "differs", "deleted-or-lost", … */
    const char *choice; /* "target", "source", "newest", "restore", "skip", … */
    const char *column; /* of newest:COLUMN, else NULL */
};

struct mr_reference {
    struct mr_string_list columns;
    bool dismissed; /* "none: column": looks like a reference, is none; the rest is
                       unset */
    const char *ref_db, *ref_table;
    struct mr_string_list ref_columns; /* as many as columns */
    const char *condition;             /* SQL after `when`, or NULL */
    bool by_pattern;                   /* of a section with wildcards: the columns may be missing */
};

/* column = OLD -> NEW: SOURCE's column OLD is TARGET's column NEW. */
struct mr_renamed {
    const char *from, *to;
    bool by_pattern; /* of a section with wildcards: the columns may be missing */
};

/* merge = COLUMN RULE: what decides a column that both sides of a split changed. */
struct mr_merge_rule {
    const char *column;
    enum mr_column_rule rule;
};

/* Where a line stands; file NULL: in no file. */
struct mr_table_place {
    const char *file, *section; /* "club.members", "*.members" */
    unsigned line;
    bool by_pattern; /* the section has wildcards: the columns may be missing */
};

/* The line `merge`, as a whole. */
struct mr_table_merge {
    const struct mr_merge_rule *rules;
    size_t nrules;
    bool by_columns; /* `columns`: of a row that both sides changed each keeps its own */
    struct mr_table_place place;
};

struct mr_table_config {
    enum mr_identity identity;
    struct mr_string_list identity_columns; /* of MR_IDENTITY_COLUMNS */
    const char *time_column, *update_column;
    /* they are of a section with wildcards: the columns may be missing */
    bool time_by_pattern, update_by_pattern;
    bool has_split_key, has_margin;
    uint64_t split_key, margin;
    const struct mr_conflict_rule *on_conflict;
    size_t non_conflict;
    const char *freshness, *sequence; /* columns */
    struct mr_string_list mask, ignore_columns;
    bool subject;
    bool is_static;    /* what its rows hold does not change */
    bool is_queue;     /* its rows come and go; of no account where is_static */
    const char *where; /* SQL */
    const struct mr_reference *references;
    size_t nreferences;
    const struct mr_renamed *renamed;
    size_t nrenamed;
    struct mr_table_merge merge;
    struct mr_table_place place; /* of what is set next */
};

/* Sets one key; reference and column add, every other key replaces. */
enum mr_code mr_table_config_set(struct mr_table_config *config, const char *key, const char *value,
                                 struct mr_arena *arena, struct mr_err *err);
/* Appends a column, database or table as values take it: bare if that is no more than
 * letters, digits and _, else in backticks.  A name with a line break is beyond them. */
void mr_table_config_add_name(struct mr_strbuf *out, const char *name);
/* Appends the line "[table db.t]" without its end.  What a section's name cannot hold, or
 * means something else there, is written as `?`: other tables may match, too. */
void mr_table_config_add_section(struct mr_strbuf *out, const char *db, const char *table);
/* Is the reference at that place none: "none: columns", or one of a section with wildcards
 * that such a line of the table stands against? */
bool mr_table_config_is_dismissed(const struct mr_table_config *config, size_t at);
/* May the key stand more than once in a section? */
bool mr_table_config_is_repeatable(const char *key);

#endif
