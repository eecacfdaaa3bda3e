/*
 * snap_show_restore: what came of a restore, told to people and to programs: `snapshot restore` and
 * `snapshot rehearse` say the same of it.
 *
 * Errors: MR_E_IO, MR_E_NOMEM; what is appended is checked by whoever prints it.  Threads: no state.
 */
#ifndef MR_SNAP_SHOW_RESTORE_H
#define MR_SNAP_SHOW_RESTORE_H

#include "core/base/term.h"
#include "core/json/jsonw.h"
#include "snapshot/restore/restore.h"

/* "equal", "different" or "incomplete"; and the exit status that goes with all of it. */
const char *mr_restore_verdict(const struct mr_restore *restore);
int mr_restore_exit(const struct mr_restore *restore);

/* A line a table, and behind them the notes; with `brief` only tables that are not clean. */
void mr_restore_add_result(struct mr_strbuf *out, const struct mr_restore *restore,
                           struct mr_look look);
/* What the snapshot never had, and what was kept, lost, or not made as it was. */
void mr_restore_add_notes(struct mr_strbuf *out, const struct mr_restore *restore, bool color);
/* "equal: 3 tables, 12 rows read back", without the end of the line. */
void mr_restore_add_verdict(struct mr_strbuf *out, const struct mr_restore *restore);

/* The same as JSON lines; there is no summary yet. */
void mr_restore_put_result(struct mr_jsonw *w, const struct mr_restore *restore);
void mr_restore_put_notes(struct mr_jsonw *w, const struct mr_restore *restore);
/* What a refusal is about, on standard output: for a script that decides.  MR_E_REFUSED where it is
 * printed. */
enum mr_code mr_restore_print_refused(const struct mr_restore *restore, struct mr_err *err);

#endif
