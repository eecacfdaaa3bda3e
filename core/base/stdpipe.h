/*
 * stdpipe.h: writing to standard output and standard error, whose reader may stand still (a
 * pager, a frozen terminal, a collector of logs): a signal ends that wait, too.
 *
 *   mr_stdpipe_install();       once, at the program's start: stdout ends at signals
 *   mr_stdpipe_write(STDERR_FILENO, line, len);
 *
 * What waits when the signal comes, or begins to wait after it, gets MR_STDPIPE_GRACE_MS in
 * all on each of the two; a reader that is merely slow gets the rest.  Files never wait.
 * Threads: any, for mr_stdpipe_write; the first of one descriptor alone.
 */
#ifndef MR_STDPIPE_H
#define MR_STDPIPE_H

#include <stdbool.h>
#include <stddef.h>

#define MR_STDPIPE_GRACE_MS 500 /* after the signal */

/* All of it, or false and errno: EINTR where a signal has ended the wait. */
bool mr_stdpipe_write(int fd, const char *ptr, size_t len);

/* stdout ends at signals, and takes what it is given also where its reader has closed the pipe: the
 * exit status is the work's.  Where there is no memory for that, stdout stays as it was. */
void mr_stdpipe_install(void);

/* From here on what is printed on stdout is kept, up to 1 MiB: more is printed after all, and so is
 * everything where stdout was not installed. */
void mr_stdpipe_hold(void);
/* Prints what is kept, or forgets it. */
void mr_stdpipe_unhold(bool print);

#endif
