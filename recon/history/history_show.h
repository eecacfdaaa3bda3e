/*
 * history_show: what `history show` is about to tell: the sides, their tables, the rows that are asked
 * for, and their changes in order of time.
 *
 *   mr_history_show_init → mr_history_show_open → one of key, gtid, person → written by
 *   mr_history_show_text() or mr_history_show_json() → mr_history_show_release
 *
 * Without key, gtid and person it is an overview.
 *
 * Ownership: everything lives in the arena of the struct.  Errors: MR_E_NO_SUCH for what the case does
 * not know, by name; MR_E_CASE, MR_E_NOMEM, MR_E_CANCELLED, MR_E_IO.  Threads: one.
 */
#ifndef MR_HISTORY_SHOW_H
#define MR_HISTORY_SHOW_H

#include <stdio.h>

#include "recon/history/history_text.h"

/* A change that is shown. */
struct mr_history_line {
    const struct mr_key_history *of;
    const struct mr_key_change *change;
};

struct mr_history_show {
    struct mr_findings *fd;
    const char *case_path;
    struct mr_find_run run;
    bool unmask;
    bool has_evidence;
    struct mr_evidence_side sides[2];
    struct mr_find_table *tables; /* of the run, by name */
    size_t ntables;
    struct mr_evidence_table *evidence; /* one a table; witness NONE: there is none */
    struct mr_vec keys;                 /* struct mr_key_history *, as they were found */
    struct mr_vec lines;                /* struct mr_history_line, by time */
    const char *gtid, *person;          /* what was asked for, or NULL */
    uint64_t left_out;                  /* rows beyond those that are shown, at least */
    struct mr_arena arena;
};

void mr_history_show_init(struct mr_history_show *show);
void mr_history_show_release(struct mr_history_show *show);
/* fd, case_path and unmask are set; run NULL: the last finished one. */
enum mr_code mr_history_show_open(struct mr_history_show *show, const char *run,
                                  struct mr_err *err);
/* table: a name of the run, or of its target. */
enum mr_code mr_history_show_key(struct mr_history_show *show, const char *table, const char *key,
                                 struct mr_err *err);
enum mr_code mr_history_show_gtid(struct mr_history_show *show, const char *gtid,
                                  struct mr_err *err);
enum mr_code mr_history_show_person(struct mr_history_show *show, const char *identity,
                                    struct mr_err *err);

/* Is some log incomplete or unread, or a table that is shown not to be relied upon? */
bool mr_history_show_is_incomplete(const struct mr_history_show *show);

/* Writes it for people. */
enum mr_code mr_history_show_text(const struct mr_history_show *show, FILE *out, bool color,
                                  struct mr_err *err);
/* Writes it as objects, one a line: myrecon/history-show/1. */
enum mr_code mr_history_show_json(const struct mr_history_show *show, FILE *out,
                                  struct mr_err *err);

#endif
