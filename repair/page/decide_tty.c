/* decide_tty.c: see decide_tty.h. */
#include "repair/page/decide_tty.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/file/io.h"

#define ESC 27
#define SEQUENCE_MS 50 /* within which the rest of an escape sequence comes */
#define LINE_MAX_BYTES ((size_t)4096)

/* ISIG stays: Ctrl-C raises the flag that every command heeds. */
enum mr_code mr_decide_tty_open(struct mr_decide_tty *tty, struct mr_err *err)
{
    const char *term = getenv("TERM");
    *tty = (struct mr_decide_tty){.in = STDIN_FILENO, .out = STDOUT_FILENO};
    tty->moves = term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
    if (!mr_term_is_terminal(tty->in) || !mr_term_is_terminal(tty->out) ||
        tcgetattr(tty->in, &tty->before) != 0)
        return mr_err_set(err, MR_E_USAGE, "there is no terminal to decide on");
    struct termios keys = tty->before;
    keys.c_lflag &= (tcflag_t) ~(tcflag_t)(ICANON | ECHO);
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    if (tcsetattr(tty->in, TCSADRAIN, &keys) != 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not read keys from the terminal");
    tty->is_open = true;
    return MR_OK;
}

void mr_decide_tty_close(struct mr_decide_tty *tty)
{
    if (tty->is_open)
        (void)tcsetattr(tty->in, TCSADRAIN, &tty->before);
    tty->is_open = false;
}

unsigned mr_decide_tty_height(const struct mr_decide_tty *tty)
{
    struct winsize size;
    return ioctl(tty->out, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

enum mr_code mr_decide_tty_put(const struct mr_decide_tty *tty, const struct mr_strbuf *text,
                               bool clear, struct mr_err *err)
{
    static const char home[] = "\033[H\033[2J";
    MR_TRY(mr_strbuf_check(text, "showing a conflict", err));
    if (clear && tty->moves)
        MR_TRY(mr_io_write_all(tty->out, "the terminal", home, sizeof home - 1, err));
    return mr_io_write_all(tty->out, "the terminal", text->ptr, text->len, err);
}

/* ---- keys ---- */

static enum mr_code read_byte(const struct mr_decide_tty *tty, int *byte, struct mr_err *err)
{
    unsigned char c;
    ssize_t got;
    do {
        MR_TRY(mr_term_await_line(tty->in, err));
        got = read(tty->in, &c, 1);
    } while (got < 0 && errno == EINTR);
    *byte = got == 1 ? c : MR_KEY_END; /* a terminal that was hung up gives an error */
    return MR_OK;
}

static bool comes_more(const struct mr_decide_tty *tty)
{
    struct pollfd ready = {.fd = tty->in, .events = POLLIN};
    return poll(&ready, 1, SEQUENCE_MS) > 0;
}

/* Of an arrow key the direction; the rest of any other sequence is taken away with it, so that none of
 * its letters chooses something. */
static enum mr_code read_sequence(const struct mr_decide_tty *tty, int *key, struct mr_err *err)
{
    int byte = 0;
    *key = ESC;
    if (!comes_more(tty))
        return MR_OK;
    *key = MR_KEY_OTHER;
    MR_TRY(read_byte(tty, &byte, err));
    if (byte != '[' && byte != 'O')
        return MR_OK;
    do
        MR_TRY(read_byte(tty, &byte, err));
    while (byte >= ' ' && byte < '@');
    if (byte == 'A')
        *key = MR_KEY_UP;
    if (byte == 'B')
        *key = MR_KEY_DOWN;
    return MR_OK;
}

enum mr_code mr_decide_tty_key(const struct mr_decide_tty *tty, int *key, struct mr_err *err)
{
    MR_TRY(read_byte(tty, key, err));
    return *key == ESC ? read_sequence(tty, key, err) : MR_OK;
}

/* ---- lines ---- */

/* The end of it, where it is longer than the terminal is wide. */
static enum mr_code show_line(const struct mr_decide_tty *tty, const char *prompt,
                              const struct mr_strbuf *line, struct mr_err *err)
{
    struct mr_strbuf shown = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_utf8_show(&shown, line->ptr, line->len, false);
    const char *at = shown.ptr;
    const size_t room = mr_term_width(tty->out) - 1, used = mr_utf8_width(prompt, strlen(prompt));
    while (used < room && mr_utf8_width(at, strlen(at)) > room - used) {
        uint32_t c;
        at += mr_utf8_decode(at, strlen(at), &c);
    }
    mr_strbuf_add_fmt(&text, "%s%s%s", tty->moves ? "\r\033[K" : "\n", prompt, at);
    enum mr_code code = mr_strbuf_check(&shown, "asking", err);
    if (code == MR_OK)
        code = mr_decide_tty_put(tty, &text, false, err);
    mr_strbuf_release(&shown);
    mr_strbuf_release(&text);
    return code;
}

/* Takes a whole character off. */
static void rub_out(struct mr_strbuf *line)
{
    while (line->len > 0 && ((unsigned char)line->ptr[line->len - 1] & 0xc0) == 0x80)
        line->len--;
    if (line->len > 0)
        line->len--;
    if (line->cap > 0)
        line->ptr[line->len] = '\0';
}

enum mr_code mr_decide_tty_line(const struct mr_decide_tty *tty, const char *prompt,
                                struct mr_strbuf *line, bool *taken, struct mr_err *err)
{
    int key = 0;
    *taken = false;
    do {
        MR_TRY(show_line(tty, prompt, line, err));
        MR_TRY(mr_decide_tty_key(tty, &key, err));
        if (key == 0x7f || key == '\b')
            rub_out(line);
        else if (key == 0x15) /* Ctrl-U */
            mr_strbuf_reset(line);
        else if (key >= ' ' && key < MR_KEY_UP && line->len < LINE_MAX_BYTES)
            mr_strbuf_add_char(line, (char)key);
    } while (key != ESC && key != '\n' && key != '\r' && key != MR_KEY_END);
    *taken = key == '\n' || key == '\r';
    return mr_strbuf_check(line, "asking", err);
}
