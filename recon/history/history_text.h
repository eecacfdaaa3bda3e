/*
 * history_text: what the logs say of a row, in words: for a terminal and for reports.
 *
 * Values are as people see them, masked where the caller says so; what a server has named or stored
 * can neither move a cursor nor disguise itself.  Lines have no end.
 *
 * Errors: MR_E_CASE for an image that no encoder wrote; else those of the strbuf.  Threads: no state.
 */
#ifndef MR_HISTORY_TEXT_H
#define MR_HISTORY_TEXT_H

#include "core/case/mask.h"
#include "core/json/jsonw.h"
#include "recon/history/key_history.h"

/* One a column of the table: what the configuration hides, or nothing.  NULL: out of memory. */
enum mr_mask *mr_history_masks(const struct mr_find_table *table, bool unmask,
                               struct mr_arena *arena);

/* An encoded value of a column; ptr NULL: "?". */
enum mr_code mr_history_add_value(struct mr_strbuf *out, struct mr_key value,
                                  const struct mr_find_column *column, enum mr_mask mask,
                                  struct mr_err *err);
/* The same as one value of JSON; what is masked is a string.  value is not unseen. */
enum mr_code mr_history_put_value(struct mr_jsonw *w, struct mr_key value,
                                  const struct mr_find_column *column, enum mr_mask mask,
                                  struct mr_err *err);

/* "id 3001, line 2", of an encoded key. */
enum mr_code mr_history_add_key(struct mr_strbuf *out, const struct mr_find_table *table,
                                struct mr_key key, const enum mr_mask *masks, struct mr_err *err);
/* The encoded values of a key, in its order, one a column of the table; ptr NULL: no part of it.
 * NULL: out of memory, or no such key. */
const struct mr_key *mr_history_key_values(const struct mr_find_table *table, struct mr_key key,
                                           struct mr_arena *arena);

/* "0-1-101  bin.000003:4711" */
void mr_history_add_place(struct mr_strbuf *out, const struct mr_evidence_tx *tx);
/* "changed phone: 'a' → 'b', note: 'x' → NULL"; "inserted phone 'a' …"; "deleted phone 'a' …". */
enum mr_code mr_history_add_deed(struct mr_strbuf *out, const struct mr_key_history *h,
                                 const struct mr_key_change *change, const enum mr_mask *masks,
                                 struct mr_err *err);
/* How the row was at the split: "phone 'a', note 'x'", "no such row", "not known: …". */
enum mr_code mr_history_add_base(struct mr_strbuf *out, const struct mr_key_history *h,
                                 const enum mr_mask *masks, struct mr_err *err);
/* What stands now: "changed: phone 'a' (source) | 'b' (target), by source". */
enum mr_code mr_history_add_now(struct mr_strbuf *out, const struct mr_key_history *h,
                                const enum mr_mask *masks, struct mr_err *err);
/* What the logs explain of the difference, a sentence without its end. */
void mr_history_add_explained(struct mr_strbuf *out, const struct mr_key_history *h);
/* Why a table's log is not to be relied upon, for a terminal: see mr_evidence_add_reason(). */
void mr_history_add_reason(struct mr_strbuf *out, const char *reason,
                           const struct mr_find_table *table, const enum mr_mask *masks);
/* Why that side's log is not to be relied upon for the row: "blind: TRUNCATE"; nothing where it is. */
void mr_history_add_untold(struct mr_strbuf *out, const struct mr_key_history *h, int side,
                           const enum mr_mask *masks);

#endif
