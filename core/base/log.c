/* log.c: see log.h. */
#include "core/base/log.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log_relay.h"
#include "core/base/secret.h"
#include "core/base/stdpipe.h"
#include "core/base/term.h"
#include "core/base/utf8.h"

#define LINE_MAX_BYTES 4096
#define ARG_MAX_BYTES LINE_MAX_BYTES
#define ARGS_MAX 32
#define HOLD_MAX_BYTES ((size_t)64 * 1024)
#define CLEAR_LINE "\r\033[K"
#define PROGRAM "myrecon: "

static _Atomic int log_level = MR_LOG_INFO;
/* Of the file; 0: there is none. */
static _Atomic int file_level = 0;
static const char *file_name = "";

/* stderr as a device: who writes holds the lock, and knows whether the cursor stands
 * behind a status line. */
static struct {
    pthread_mutex_t lock;
    bool color;
    bool status_shown;
} device = {.lock = PTHREAD_MUTEX_INITIALIZER};

void mr_log_set_level(enum mr_log_level level)
{
    atomic_store(&log_level, (int)level);
}

void mr_log_set_color(bool on)
{
    pthread_mutex_lock(&device.lock);
    device.color = on;
    pthread_mutex_unlock(&device.lock);
}

void mr_log_set_file(int fd, const char *name, enum mr_log_format format, enum mr_log_level level)
{
    mr_log_file_set(fd, format);
    file_name = name;
    atomic_store(&file_level, fd >= 0 ? (int)level : 0);
}

static bool is_shown(enum mr_log_level level)
{
    return (int)level <= atomic_load_explicit(&log_level, memory_order_relaxed);
}

static bool is_filed(enum mr_log_level level)
{
    return (int)level <= atomic_load_explicit(&file_level, memory_order_relaxed);
}

bool mr_log_is_on(enum mr_log_level level)
{
    return is_shown(level) || is_filed(level);
}

/* What is kept of stderr until it is known whether anybody wants it; the device's lock is held. */
static struct {
    bool is_on;
    size_t len;
    char text[HOLD_MAX_BYTES];
} held;

static void write_out(const char *ptr, size_t len)
{
    if (held.is_on && len <= sizeof held.text - held.len) {
        memcpy(held.text + held.len, ptr, len);
        held.len += len;
        return;
    }
    held.is_on = false;
    if (held.len > 0)
        (void)mr_stdpipe_write(STDERR_FILENO, held.text, held.len);
    held.len = 0;
    (void)mr_stdpipe_write(STDERR_FILENO, ptr, len);
}

void mr_log_hold(void)
{
    pthread_mutex_lock(&device.lock);
    held.is_on = true;
    pthread_mutex_unlock(&device.lock);
}

void mr_log_unhold(bool print)
{
    pthread_mutex_lock(&device.lock);
    held.is_on = false;
    if (!print)
        held.len = 0;
    write_out("", 0);
    pthread_mutex_unlock(&device.lock);
}

void mr_log_begin_anew(void)
{
    pthread_mutex_lock(&device.lock);
    held.is_on = false;
    held.len = 0;
    device.color = false;
    device.status_shown = false;
    pthread_mutex_unlock(&device.lock);
    mr_log_set_file(-1, "", MR_LOG_TEXT, MR_LOG_ERROR);
    mr_log_set_level(MR_LOG_INFO);
}

/* A line under construction: room is kept for "..." and the newline. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static void line_add(struct line *line, const char *str)
{
    size_t len = strlen(str);
    if (len > sizeof line->text - 1 - line->len)
        return;
    memcpy(line->text + line->len, str, len);
    line->len += len;
}

/* Room is left for the end of the line: a text that does not fit ends in "...", never within a
 * character. */
static void line_add_shown(struct line *line, const char *text)
{
    const size_t limit = sizeof line->text - 16;
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        char shown[MR_UTF8_SHOWN_MAX];
        size_t shown_len;
        i += mr_utf8_show_one(text + i, len - i, false, shown, &shown_len);
        if (line->len + shown_len > limit) {
            line_add(line, "...");
            return;
        }
        line_add(line, shown);
    }
}

/* A password in an endpoint stands for itself nowhere, also where an endpoint was given as
 * something else and is told to be none. */
static void hide_passwords(char *text)
{
    static const char scheme[] = "mysql://";
    for (char *at = text; (at = strcasestr(at, scheme)) != NULL;) {
        char *user = at + sizeof scheme - 1, *host = NULL;
        size_t len = strcspn(user, " ");
        char *colon = memchr(user, ':', len);
        for (char *p = user; p < user + len; p++)
            if (*p == '@')
                host = p;
        for (char *p = colon; p != NULL && host != NULL && ++p < host;)
            *p = 'x';
        at = user + len;
    }
}

/* What was typed where no endpoint belongs comes back in messages, as it was. */
static struct {
    char typed[ARG_MAX_BYTES], masked[ARG_MAX_BYTES];
    size_t from, len; /* where the password begins, and where it ends */
} hidden[ARGS_MAX];
static size_t nhidden;

/* Nothing is kept of what is behind the password: a message may be cut short there. */
static void keep_hidden(const char *arg, const char *masked)
{
    size_t from = 0, len = strlen(arg);
    while (arg[from] == masked[from])
        from++;
    while (arg[len - 1] == masked[len - 1])
        len--;
    if (len >= ARG_MAX_BYTES)
        len = ARG_MAX_BYTES - 1;
    memcpy(hidden[nhidden].typed, arg, len);
    memcpy(hidden[nhidden].masked, masked, len);
    hidden[nhidden].from = from;
    hidden[nhidden].len = len;
    nhidden++;
}

void mr_log_hide(const char *arg)
{
    arg = mr_secret_value(arg);
    char *masked = nhidden < ARGS_MAX ? strdup(arg) : NULL;
    if (masked != NULL && mr_secret_mask(masked))
        keep_hidden(arg, masked);
    free(masked);
}

/* Also where the text was cut short within the password. */
static void hide_args(char *text)
{
    const size_t ntext = strlen(text);
    for (size_t i = 0; i < nhidden; i++)
        for (size_t at = 0; at + hidden[i].from < ntext; at++) {
            const size_t len = hidden[i].len < ntext - at ? hidden[i].len : ntext - at;
            if (memcmp(text + at, hidden[i].typed, len) == 0)
                memcpy(text + at, hidden[i].masked, len);
        }
}

/* Cut to a line, and without passwords. */
static void make_safe(char safe[LINE_MAX_BYTES], const char *text)
{
    (void)snprintf(safe, LINE_MAX_BYTES, "%s", text);
    hide_args(safe);
    hide_passwords(safe);
}

/* label: "warning: " or ""; style: the label's; safe: without passwords. */
static void show_line(const char *label, enum mr_style style, const char *safe)
{
    struct line line = {.len = 0};
    pthread_mutex_lock(&device.lock);
    if (device.status_shown)
        line_add(&line, CLEAR_LINE);
    device.status_shown = false;
    bool color = device.color && label[0] != '\0';
    line_add(&line, PROGRAM);
    line_add(&line, mr_term_style(style, color));
    line_add(&line, label);
    line_add(&line, mr_term_style(MR_STYLE_RESET, color));
    line_add_shown(&line, safe);
    line_add(&line, "\n");
    write_out(line.text, line.len);
    pthread_mutex_unlock(&device.lock);
}

/* word: "warning".  The file's failure is told where there are people, whatever the level. */
static void file_line(const char *word, const char *safe)
{
    struct line line = {.len = 0};
    char told[LINE_MAX_BYTES];
    line_add_shown(&line, safe);
    line.text[line.len] = '\0';
    if (mr_log_file_put(word, line.text))
        return;
    (void)snprintf(told, sizeof told,
                   "could not write to log file \"%s\": %s; going on, and what it lacks is not "
                   "said again",
                   file_name, strerror(errno));
    show_line("warning: ", MR_STYLE_WARN, told);
}

/* One kind of line. */
struct kind {
    enum mr_log_level level;
    const char *label, *word; /* on stderr, and in the file */
    enum mr_style style;      /* the label's */
};
static const struct kind kind_warning = {MR_LOG_WARNING, "warning: ", "warning", MR_STYLE_WARN};
static const struct kind kind_info = {MR_LOG_INFO, "", "info", MR_STYLE_DIM};
static const struct kind kind_verbose = {MR_LOG_DETAIL, "", "verbose", MR_STYLE_DIM};
static const struct kind kind_debug = {MR_LOG_DEBUG, "debug: ", "debug", MR_STYLE_DIM};

static void put_line(const struct kind *kind, const char *text)
{
    char safe[LINE_MAX_BYTES];
    make_safe(safe, text);
    if (is_shown(kind->level))
        show_line(kind->label, kind->style, safe);
    if (is_filed(kind->level))
        file_line(kind->word, safe);
}

MR_PRINTF(2, 0)
static void put_fmt(const struct kind *kind, const char *fmt, va_list args)
{
    if (!mr_log_is_on(kind->level))
        return;
    char text[LINE_MAX_BYTES];
    (void)vsnprintf(text, sizeof text, fmt, args);
    put_line(kind, text);
}

void mr_log_warning(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put_fmt(&kind_warning, fmt, args);
    va_end(args);
}

void mr_log_info(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put_fmt(&kind_info, fmt, args);
    va_end(args);
}

void mr_log_detail(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put_fmt(&kind_verbose, fmt, args);
    va_end(args);
}

void mr_log_debug(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put_fmt(&kind_debug, fmt, args);
    va_end(args);
}

static void file_lines(const char *text)
{
    while (*text != '\0' && is_filed(MR_LOG_INFO)) {
        char part[LINE_MAX_BYTES];
        size_t len = strcspn(text, "\n");
        (void)snprintf(part, sizeof part, "%.*s", len < INT_MAX ? (int)len : INT_MAX, text);
        file_line("info", part);
        text += len + (text[len] == '\n');
    }
}

/* Nothing in front of them. */
static void show_lines(const char *text)
{
    struct line line = {.len = 0};
    pthread_mutex_lock(&device.lock);
    if (device.status_shown)
        line_add(&line, CLEAR_LINE);
    device.status_shown = false;
    while (*text != '\0') {
        char part[LINE_MAX_BYTES];
        size_t len = strcspn(text, "\n");
        (void)snprintf(part, sizeof part, "%.*s", len < INT_MAX ? (int)len : INT_MAX, text);
        line_add_shown(&line, part);
        line_add(&line, "\n");
        write_out(line.text, line.len);
        line.len = 0;
        text += len + (text[len] == '\n');
    }
    pthread_mutex_unlock(&device.lock);
}

void mr_log_lines(const char *text)
{
    file_lines(text);
    show_lines(text);
}

/* level: of all its lines. */
static void put_err(const struct mr_err *err, const struct kind *kind)
{
    const char *hint = mr_err_get_hint(err);
    put_line(kind, err->message);
    if (err->detail[0] != '\0')
        put_line(&(struct kind){kind->level, "detail: ", "detail", MR_STYLE_DIM}, err->detail);
    if (hint != NULL)
        put_line(&(struct kind){kind->level, "hint: ", "hint", MR_STYLE_WARN}, hint);
}

void mr_log_err(const struct mr_err *err)
{
    put_err(err, &(struct kind){MR_LOG_ERROR, "error: ", "error", MR_STYLE_BAD});
}

void mr_log_err_as_warning(const struct mr_err *err)
{
    put_err(err, &kind_warning);
}

void mr_log_status(const char *text)
{
    struct line line = {.len = 0};
    /* one column less: a full last column makes some terminals wrap */
    size_t columns = mr_term_width(STDERR_FILENO) - 1;
    char cut[LINE_MAX_BYTES / 2];
    size_t len = mr_utf8_fit(text, strnlen(text, sizeof cut - 1), columns);
    memcpy(cut, text, len);
    cut[len] = '\0';

    pthread_mutex_lock(&device.lock);
    line_add(&line, CLEAR_LINE);
    line_add(&line, mr_term_style(MR_STYLE_DIM, device.color));
    line_add_shown(&line, cut);
    line_add(&line, mr_term_style(MR_STYLE_RESET, device.color));
    device.status_shown = true;
    write_out(line.text, line.len);
    pthread_mutex_unlock(&device.lock);
}

void mr_log_status_clear(void)
{
    pthread_mutex_lock(&device.lock);
    if (device.status_shown)
        write_out(CLEAR_LINE, strlen(CLEAR_LINE));
    device.status_shown = false;
    pthread_mutex_unlock(&device.lock);
}

void mr_log_plain(const char *text)
{
    char safe[LINE_MAX_BYTES];
    make_safe(safe, text);
    show_line("", MR_STYLE_DIM, safe);
}

void mr_log_file_only(const char *text)
{
    char safe[LINE_MAX_BYTES];
    if (!is_filed(MR_LOG_INFO))
        return;
    make_safe(safe, text);
    file_line("info", safe);
}

/* By what stands in front of it on stderr; else it is an info. */
static const struct kind relayed[] = {
    {MR_LOG_ERROR, "error: ", "error", MR_STYLE_BAD},
    {MR_LOG_WARNING, "warning: ", "warning", MR_STYLE_WARN},
    {MR_LOG_WARNING, "detail: ", "detail", MR_STYLE_DIM},
    {MR_LOG_WARNING, "hint: ", "hint", MR_STYLE_WARN},
    {MR_LOG_DEBUG, "debug: ", "debug", MR_STYLE_DIM},
};

void mr_log_relay(const char *line, const char *label)
{
    const struct kind *kind = &kind_info;
    char text[LINE_MAX_BYTES], safe[LINE_MAX_BYTES];
    if (strncmp(line, PROGRAM, sizeof PROGRAM - 1) != 0) {
        show_lines(line[0] != '\0' ? line : "\n");
        return;
    }
    line += sizeof PROGRAM - 1;
    for (size_t i = 0; i < sizeof relayed / sizeof *relayed; i++)
        if (strncmp(line, relayed[i].label, strlen(relayed[i].label)) == 0)
            kind = &relayed[i];
    if (!is_shown(kind->level))
        return;
    line += strlen(kind->label);
    (void)snprintf(text, sizeof text, "%s%s%s", label != NULL ? label : "",
                   label != NULL ? ": " : "", line);
    make_safe(safe, text);
    show_line(kind->label, kind->style, safe);
}
