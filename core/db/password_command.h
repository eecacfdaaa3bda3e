/*
 * password_command: a password that a program prints: a token of a cloud, which lives some
 * minutes, or the answer of a store of secrets.
 *
 * The command is run at each login.  Without a character that means something to a shell its
 * words are the program, looked for in PATH, and its arguments; else /bin/sh -c runs it.
 * It finds in its environment whom the password is for (MYRECON_HOST, MYRECON_PORT,
 * MYRECON_USER) and none of our own passwords; its standard input is empty, and it has no
 * descriptor of ours.  The first line that it prints is the password, without the line's end;
 * it has to end by itself, and well.
 *
 * Errors: MR_E_CONFIG where it cannot be run; MR_E_CONNECT where it fails or does not end in time,
 * which a next attempt may mend; MR_E_AUTH where what it prints is no password; MR_E_CANCELLED.
 * No error shows what it has printed, but for the last line on standard error of one that failed.
 *
 * Threads: any.  Limits: a line of MR_PASSWORD_LINE_MAX bytes, an output of MR_PASSWORD_OUTPUT_MAX.
 * A command that is ended takes its process group with it.
 */
#ifndef MR_PASSWORD_COMMAND_H
#define MR_PASSWORD_COMMAND_H

#include "core/db/endpoint.h"

#define MR_PASSWORD_LINE_MAX 16384
#define MR_PASSWORD_OUTPUT_MAX 65536

/* Runs ep's command until until_s (core/base/clock.h) at the latest.  *password is the caller's,
 * to wipe and free; NULL after an error.  label names the server. */
enum mr_code mr_password_command_run(const struct mr_endpoint *ep, const char *label,
                                     double until_s, char **password, struct mr_err *err);

#endif
