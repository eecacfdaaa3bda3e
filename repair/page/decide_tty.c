/* decide_tty.c: see decide_tty.h. */
#include "repair/page/decide_tty.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/file/io.h"

#define ESC 27
#define SEQUENCE_MS 50 /* within which the rest of an escape sequence comes */
#define LINE_MAX_BYTES ((size_t)64 * 1024)
#define PARAMS 8 /* of an escape sequence that are looked at, with NUL */

/* Asks for marks around what is pasted, and for none. */
static const char brackets_on[] = "\033[?"
                                  "2004h",
                  brackets_off[] = "\033[?"
                                   "2004l";

/* ---- the terminal ---- */

/* Of the one that is open, for handlers: they have nothing else to know it by. */
static struct termios keys_of, before_of;
static struct sigaction continue_before;
static int fd_of = -1, out_of = -1; /* out_of -1: no brackets */

static void give_back(void)
{
    const ssize_t written = out_of >= 0 ? write(out_of, brackets_off, sizeof brackets_off - 1) : 0;
    (void)written;
    (void)tcsetattr(fd_of, TCSANOW, &before_of);
}

/* Shells set the terminal as they need it when they stop a run, and some leave it so. */
static void take_again(int signo)
{
    const int saved = errno;
    (void)signo;
    (void)tcsetattr(fd_of, TCSANOW, &keys_of);
    errno = saved;
}

static void install_handlers(const struct mr_decide_tty *tty, const struct termios *keys)
{
    struct sigaction action;
    keys_of = *keys;
    before_of = tty->before;
    fd_of = tty->in;
    out_of = tty->moves ? tty->out : -1;
    memset(&action, 0, sizeof action);
    action.sa_handler = take_again;
    action.sa_flags = SA_RESTART;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGCONT, &action, &continue_before);
    mr_signals_before_end(give_back);
}

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
    keys.c_cc[VQUIT] = _POSIX_VDISABLE;
    if (tcsetattr(tty->in, TCSADRAIN, &keys) != 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not read keys from the terminal");
    tty->is_open = true;
    install_handlers(tty, &keys);
    return tty->moves
               ? mr_io_write_all(tty->out, "the terminal", brackets_on, sizeof brackets_on - 1, err)
               : MR_OK;
}

void mr_decide_tty_close(struct mr_decide_tty *tty)
{
    if (!tty->is_open)
        return;
    mr_signals_before_end(NULL);
    (void)sigaction(SIGCONT, &continue_before, NULL);
    if (tty->moves)
        (void)mr_io_write_all(tty->out, "the terminal", brackets_off, sizeof brackets_off - 1,
                              NULL);
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

static bool comes_more(const struct mr_decide_tty *tty, int within_ms)
{
    struct pollfd ready = {.fd = tty->in, .events = POLLIN};
    return poll(&ready, 1, within_ms) > 0 && (ready.revents & POLLIN) != 0;
}

/* Behind `[` or `O`: of an arrow key the direction.  All of it is taken away, so that none of its
 * digits chooses something. */
static enum mr_code read_rest(struct mr_decide_tty *tty, int *key, struct mr_err *err)
{
    char params[PARAMS] = "";
    size_t len = 0;
    int byte = 0;
    for (;;) {
        MR_TRY(read_byte(tty, &byte, err));
        if (byte < ' ' || byte >= '@')
            break;
        if (len + 1 < sizeof params)
            params[len++] = (char)byte;
    }
    *key = byte == 'A'          ? MR_KEY_UP
           : byte == 'B'        ? MR_KEY_DOWN
           : byte == MR_KEY_END ? MR_KEY_END
                                : MR_KEY_OTHER;
    if (byte == '~' && strcmp(params, "200") == 0)
        tty->pasting = true;
    if (byte == '~' && strcmp(params, "201") == 0)
        tty->pasting = false;
    return MR_OK;
}

/* With Alt some terminals send a second Esc in front. */
static enum mr_code read_sequence(struct mr_decide_tty *tty, int *key, struct mr_err *err)
{
    int byte = ESC;
    while (byte == ESC) {
        if (!comes_more(tty, SEQUENCE_MS)) {
            tty->after_esc = true;
            *key = ESC;
            return MR_OK;
        }
        MR_TRY(read_byte(tty, &byte, err));
    }
    *key = byte == MR_KEY_END ? MR_KEY_END : MR_KEY_OTHER;
    return byte == '[' || byte == 'O' ? read_rest(tty, key, err) : MR_OK;
}

/* On a slow line the rest of a sequence comes so late that its Esc stood alone; no key that means
 * anything begins so. */
static enum mr_code next_key(struct mr_decide_tty *tty, int *key, struct mr_err *err)
{
    const bool after_esc = tty->after_esc;
    tty->after_esc = false;
    MR_TRY(read_byte(tty, key, err));
    if (after_esc && (*key == '[' || *key == 'O'))
        return read_rest(tty, key, err);
    return *key == ESC ? read_sequence(tty, key, err) : MR_OK;
}

bool mr_decide_tty_is_idle(const struct mr_decide_tty *tty, int ms)
{
    return !comes_more(tty, ms);
}

enum mr_code mr_decide_tty_key(struct mr_decide_tty *tty, int *key, struct mr_err *err)
{
    do
        MR_TRY(next_key(tty, key, err));
    while (tty->pasting && *key != MR_KEY_END);
    return MR_OK;
}

/* ---- lines ---- */

/* The end of it, where it is longer than the terminal is wide. */
static enum mr_code show_line(const struct mr_decide_tty *tty, const char *prompt,
                              const struct mr_strbuf *line, struct mr_err *err)
{
    struct mr_strbuf shown = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, tty->moves ? "\r\033[K" : "\n");
    const size_t begun = text.len;
    mr_utf8_show_str(&text, prompt);
    mr_utf8_show(&shown, line->ptr, line->len, false);
    const char *at = shown.ptr, *end = shown.ptr + shown.len;
    const size_t room = mr_term_width(tty->out) - 1;
    size_t used = mr_utf8_width(text.ptr + begun, text.len - begun) + mr_utf8_width(at, shown.len);
    while (at < end && used > room) {
        uint32_t c;
        at += mr_utf8_decode(at, (size_t)(end - at), &c);
        used -= mr_utf8_char_width(c);
    }
    mr_strbuf_add(&text, at, (size_t)(end - at));
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

/* Whoever copies a whole line copies its end, too. */
static void rub_line_ends_out(struct mr_strbuf *line)
{
    while (line->len > 0 && line->ptr[line->len - 1] == '\n')
        rub_out(line);
}

/* A line that is being typed. */
struct typing {
    struct mr_strbuf *line;
    bool is_whole;   /* all of it had room */
    bool is_refused; /* it was to be taken, and is no text, or not whole */
};

static void take_text(const struct mr_decide_tty *tty, struct typing *t, int key)
{
    const bool is_control = tty->pasting && (key == '\n' || key == '\r' || key == '\t');
    if (!is_control && (key < ' ' || key >= MR_KEY_UP || key == 0x7f))
        return;
    if (t->line->len < LINE_MAX_BYTES)
        mr_strbuf_add_char(t->line, key == '\r' ? '\n' : (char)key);
    else
        t->is_whole = false;
}

static void edit(const struct mr_decide_tty *tty, struct typing *t, int key, bool was_pasting)
{
    if (was_pasting && !tty->pasting)
        rub_line_ends_out(t->line);
    else if (!tty->pasting && (key == 0x7f || key == '\b'))
        rub_out(t->line);
    else if (!tty->pasting && key == 0x15) { /* Ctrl-U */
        mr_strbuf_reset(t->line);
        t->is_whole = true;
    } else
        take_text(tty, t, key);
}

/* What is no text would be another one to whoever reads it, and a part is not what was meant. */
static bool is_taken(struct typing *t)
{
    t->is_refused = !t->is_whole || !mr_utf8_is_valid(t->line->ptr, t->line->len);
    return !t->is_refused;
}

/* While more comes it is not shown: what is pasted comes at once. */
enum mr_code mr_decide_tty_line(struct mr_decide_tty *tty, const char *prompt,
                                struct mr_strbuf *line, bool *taken, struct mr_err *err)
{
    struct typing t = {.line = line, .is_whole = true};
    int key = 0;
    for (*taken = false; !*taken;) {
        const bool was_pasting = tty->pasting;
        if (!comes_more(tty, 0))
            MR_TRY(show_line(
                tty, t.is_refused ? "Not taken: no UTF-8, or too long (Ctrl-U clears): " : prompt,
                line, err));
        MR_TRY(next_key(tty, &key, err));
        edit(tty, &t, key, was_pasting);
        if (key == MR_KEY_END || (key == ESC && !tty->pasting))
            break;
        *taken = !tty->pasting && (key == '\n' || key == '\r') && is_taken(&t);
    }
    return mr_strbuf_check(line, "asking", err);
}
