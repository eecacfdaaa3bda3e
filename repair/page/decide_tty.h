/*
 * decide_tty: keys and lines from the terminal on which people decide.
 *
 *   mr_decide_tty_open → mr_decide_tty_key, mr_decide_tty_line, mr_decide_tty_put … → mr_decide_tty_close
 *
 * While it is open keys come one by one and are not echoed; the close, which comes however it ends,
 * gives the terminal back as it was, and so does the second Ctrl-C.  Signals keep their meaning, but for
 * Ctrl-\, which would leave it as it is; a run that was stopped takes it again when it goes on.
 *
 * What is pasted is no key: it counts where a line is asked for, and is passed over elsewhere.
 *
 * Errors: MR_E_USAGE where there is no terminal, MR_E_IO, MR_E_CANCELLED as soon as a signal asks for
 * the end.  Threads: one; one terminal at a time.
 */
#ifndef MR_DECIDE_TTY_H
#define MR_DECIDE_TTY_H

#include <stdbool.h>
#include <termios.h>

#include "core/base/strbuf.h"

enum mr_decide_key {                  /* beside those that stand for themselves */
                     MR_KEY_END = -1, /* the terminal is gone */
                     MR_KEY_UP = 256,
                     MR_KEY_DOWN,
                     MR_KEY_OTHER /* one that means nothing */
};

struct mr_decide_tty {
    int in, out;
    bool moves; /* it can clear and place */
    bool is_open;
    bool after_esc, pasting; /* behind an Esc that stood alone; within what is pasted */
    struct termios before;
};

enum mr_code mr_decide_tty_open(struct mr_decide_tty *tty, struct mr_err *err);
void mr_decide_tty_close(struct mr_decide_tty *tty);
/* Rows of the terminal; 0: not known. */
unsigned mr_decide_tty_height(const struct mr_decide_tty *tty);
/* Writes the text; clear: on an empty screen. */
enum mr_code mr_decide_tty_put(const struct mr_decide_tty *tty, const struct mr_strbuf *text,
                               bool clear, struct mr_err *err);
/* Does nothing come for so long?  It is waited for. */
bool mr_decide_tty_is_idle(const struct mr_decide_tty *tty, int ms);
enum mr_code mr_decide_tty_key(struct mr_decide_tty *tty, int *key, struct mr_err *err);
/* A line, behind the prompt, which is escaped; `line` has what is there to begin with.  Only text in UTF-8
 * of up to 64 KiB is taken; line ends in it were pasted.  *taken false: given up (Esc). */
enum mr_code mr_decide_tty_line(struct mr_decide_tty *tty, const char *prompt,
                                struct mr_strbuf *line, bool *taken, struct mr_err *err);

#endif
