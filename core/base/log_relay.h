/*
 * log_relay: what a process of ours that was begun by this one says on its stderr, passed on as the
 * log's lines are: kept back, coloured, or left out by level as these, and never within the status
 * line.
 *
 * The log file (log_file.h) gets none of it: the other process has one of its own.
 *
 * Errors and threads: as of log.h, whose log.c it lives in.
 */
#ifndef MR_LOG_RELAY_H
#define MR_LOG_RELAY_H

/* line: without its end, "myrecon: warning: table …"; label "part 3": "myrecon: warning: part 3: table …",
 * NULL: as it is.  What does not begin as ours do is written as it is, whatever the level. */
void mr_log_relay(const char *line, const char *label);

#endif
