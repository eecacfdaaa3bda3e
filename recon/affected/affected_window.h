/*
 * affected_window: the people who registered in a window of time, on either side.
 *
 * The rows of the subject tables whose time-column is in the window are read from both
 * servers, in the order of the key, chunk by chunk, throttled as a check is; nothing is
 * written to them.  A row that is no finding of the case gives a key on the side where it
 * was read.
 *
 * The tables must have the key, the identity and the listed columns that they had when the
 * run saw them: else it could not be said who is who.
 */
#ifndef MR_AFFECTED_WINDOW_H
#define MR_AFFECTED_WINDOW_H

#include "core/cli/config.h"
#include "core/cli/progress.h"
#include "core/db/throttle.h"
#include "core/row/when.h"
#include "core/source/sides.h"
#include "recon/affected/affected_people.h"

struct mr_affected_window {
    const struct mr_when *since, *until; /* NULL: open; one of them is set */
    const char *uris[MR_SIDES];          /* NULL: the run's */
    mr_source_open_fn *open_snapshot;
    struct mr_login_opts login;
    unsigned statement_timeout_s;
    struct mr_throttle_opts load;
    enum mr_progress_mode progress;
    const struct mr_config *config;
};

/* After mr_affected_reach().  Rows that the configuration's where leaves out are in no
 * window.  Sets *incomplete where rows have no time, which is warned of.  Errors: those of sides.h; MR_E_CONFIG where no time-column
 * is known; MR_E_NO_SUCH where a table is not what the run saw; MR_E_CANCELLED. */
enum mr_code mr_affected_window(struct mr_affected_people *people,
                                const struct mr_affected_window *window, bool *incomplete,
                                struct mr_err *err);

#endif
