/* decide_walk.c: see decide_walk.h. */
#include "repair/page/decide_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/term.h"
#include "core/json/jsonw.h"
#include "repair/page/answers.h"
#include "repair/page/decide_screen.h"
#include "repair/page/decide_tty.h"

#define ESC 27
#define SLOW_S 0.2  /* a file that takes longer is not written after each step, */
#define RARELY_S 10 /* but when so much time has passed, nobody types, and at the end */
#define IDLE_MS 500

struct walk {
    const struct mr_decide_walk_task *task;
    struct mr_answers answers;
    struct mr_decide_tty tty;
    struct mr_decide_view view;
    size_t at;
    struct mr_strbuf said, text;
    bool is_unsaved;
    double saved_at, took; /* when the file was written, and how long that was */
};

/* ---- the file ---- */

static enum mr_code save(struct walk *w, struct mr_err *err)
{
    const double begun = mr_clock_now_s();
    if (!w->is_unsaved)
        return MR_OK;
    const enum mr_code code = mr_answers_keep(&w->answers, w->task->path, err);
    if (code == MR_E_REFUSED)
        w->is_unsaved = false; /* beside it */
    MR_TRY(code);
    w->saved_at = mr_clock_now_s();
    w->took = w->saved_at - begun;
    w->is_unsaved = false;
    return MR_OK;
}

static enum mr_code save_soon(struct walk *w, struct mr_err *err)
{
    w->is_unsaved = true;
    return w->took > SLOW_S && mr_clock_now_s() - w->saved_at < RARELY_S ? MR_OK : save(w, err);
}

/* ---- what is chosen ---- */

static void say_decided(struct walk *w, size_t at, const char *what)
{
    mr_strbuf_reset(&w->said);
    mr_decide_screen_name(&w->answers, mr_answers_at(&w->answers, at), &w->said);
    mr_strbuf_add_fmt(&w->said, ": %s", what);
}

static enum mr_code ask(struct walk *w, const char *prompt, const char *given, bool *taken,
                        struct mr_err *err)
{
    mr_strbuf_reset(&w->text);
    mr_strbuf_add_str(&w->text, given);
    return mr_decide_tty_line(&w->tty, prompt, &w->text, taken, err);
}

/* The column that is likely to say which row is the newer one; "" where none looks like it. */
static const char *likely_column(const struct mr_planned_table *t)
{
    static const char *const parts[] = {"upd", "modif", "chang", "_at", "time", "date"};
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
        for (size_t i = 0; i < t->ncolumns; i++)
            if (strcasestr(mr_decide_rows_name(&t->columns[i]), parts[p]) != NULL)
                return mr_decide_rows_name(&t->columns[i]);
    return "";
}

static bool has_column(const struct mr_planned_table *t, const char *name)
{
    for (size_t i = 0; i < t->ncolumns; i++)
        if (strcasecmp(mr_decide_rows_name(&t->columns[i]), name) == 0)
            return true;
    return false;
}

/* newest:COLUMN, completed into `decision`. */
static enum mr_code ask_column(struct walk *w, struct mr_strbuf *decision, bool *taken,
                               struct mr_err *err)
{
    const struct mr_planned_table *t =
        mr_answers_table(&w->answers, mr_answers_at(&w->answers, w->at));
    MR_TRY(ask(w, "Column that says which row is newer: ", likely_column(t), taken, err));
    if (*taken && !has_column(t, w->text.ptr)) {
        *taken = false;
        mr_strbuf_reset(&w->said);
        mr_strbuf_add_str(&w->said, "The table has no such column.");
    }
    mr_strbuf_reset(decision);
    mr_strbuf_add_fmt(decision, "newest:%s", w->text.ptr);
    return MR_OK;
}

static enum mr_code ask_value(struct walk *w, const char *name, size_t len, bool *taken,
                              struct mr_err *err)
{
    struct mr_strbuf prompt = MR_STRBUF_INIT;
    mr_strbuf_add(&prompt, "Value of ", 9);
    mr_strbuf_add(&prompt, name, len);
    mr_strbuf_add(&prompt, ": ", 2);
    enum mr_code code = mr_strbuf_check(&prompt, "asking", err);
    if (code == MR_OK)
        code = ask(w, prompt.ptr, "", taken, err);
    mr_strbuf_release(&prompt);
    return code;
}

/* {"a":"VALUE","b":"VALUE"}: each is asked for. */
static enum mr_code ask_values(struct walk *w, const char *choice, struct mr_strbuf *decision,
                               bool *taken, struct mr_err *err)
{
    const char *at = choice, *end = choice + strlen(choice);
    struct mr_image_member m;
    struct mr_jsonw json;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(decision);
    mr_jsonw_init_buf(&json, decision);
    mr_jsonw_object_begin(&json);
    *taken = true;
    while (code == MR_OK && *taken && mr_image_text_next(&at, end, &m)) {
        struct mr_strbuf name = MR_STRBUF_INIT;
        mr_image_text_unquote(&name, m.name);
        code = mr_strbuf_check(&name, "asking", err);
        if (code == MR_OK)
            code = ask_value(w, name.ptr, name.len, taken, err);
        if (code == MR_OK) {
            mr_jsonw_key(&json, name.ptr);
            mr_jsonw_string(&json, w->text.ptr, w->text.len);
        }
        mr_strbuf_release(&name);
    }
    mr_jsonw_object_end(&json);
    mr_jsonw_release(&json);
    return code;
}

/* name=VALUE; a value that ends with a blank, which a reader of the file would take off, in JSON. */
static enum mr_code add_value(struct mr_strbuf *decision, const char *name, size_t len,
                              const struct mr_strbuf *value, struct mr_err *err)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    struct mr_jsonw json;
    const char last = value->len > 0 ? value->ptr[value->len - 1] : '\0';
    if (last != ' ' && last != '\t') {
        mr_strbuf_add(decision, name, len);
        mr_strbuf_add_char(decision, '=');
        mr_strbuf_add(decision, value->ptr, value->len);
        return MR_OK;
    }
    mr_strbuf_add(&key, name, len);
    const enum mr_code code = mr_strbuf_check(&key, "asking", err);
    mr_jsonw_init_buf(&json, decision);
    mr_jsonw_object_begin(&json);
    mr_jsonw_key(&json, key.ptr);
    mr_jsonw_string(&json, value->ptr, value->len);
    mr_jsonw_object_end(&json);
    mr_jsonw_release(&json);
    mr_strbuf_release(&key);
    return code;
}

/* A word that somebody has to complete, completed. */
static enum mr_code complete(struct walk *w, const char *choice, struct mr_strbuf *decision,
                             bool *taken, struct mr_err *err)
{
    const char *equals = strrchr(choice, '=');
    *taken = true;
    if (strncmp(choice, "newest:", 7) == 0)
        return ask_column(w, decision, taken, err);
    if (choice[0] == '{')
        return ask_values(w, choice, decision, taken, err);
    mr_strbuf_reset(decision);
    if (equals == NULL) {
        mr_strbuf_add_str(decision, choice);
        return MR_OK;
    }
    MR_TRY(ask_value(w, choice, (size_t)(equals - choice), taken, err));
    return add_value(decision, choice, (size_t)(equals - choice), &w->text, err);
}

/* ---- keys ---- */

static enum mr_code next_open(struct walk *w)
{
    const size_t next = mr_answers_next_open(&w->answers, w->at);
    if (next < mr_answers_count(&w->answers))
        w->at = next;
    else
        mr_strbuf_add_str(&w->said, w->said.len > 0 ? ". All are decided: q saves and leaves"
                                                    : "All are decided: q saves and leaves");
    return MR_OK;
}

static enum mr_code decide(struct walk *w, const char *choice, const char *decision,
                           struct mr_err *err)
{
    size_t changed = 1;
    if (w->view.of_group) {
        MR_TRY(mr_answers_decide_group(&w->answers, w->at, choice, decision, &changed, err));
        mr_strbuf_reset(&w->said);
        mr_strbuf_add_fmt(&w->said, "%zu decided: %s", changed, decision);
    } else {
        MR_TRY(mr_answers_decide(&w->answers, w->at, decision, NULL, err));
        say_decided(w, w->at, decision);
    }
    w->view.of_group = false;
    if (changed > 0)
        MR_TRY(save_soon(w, err));
    return next_open(w);
}

static enum mr_code choose(struct walk *w, size_t n, struct mr_err *err)
{
    struct mr_strbuf choice = MR_STRBUF_INIT, decision = MR_STRBUF_INIT;
    bool taken = false;
    enum mr_code code = MR_OK;
    if (mr_answers_choice(&w->answers, mr_answers_at(&w->answers, w->at), n, &choice)) {
        code = mr_strbuf_check(&choice, "deciding", err);
        if (code == MR_OK)
            code = complete(w, choice.ptr, &decision, &taken, err);
    } else {
        mr_strbuf_add_fmt(&w->said, "There is no choice %zu.", n + 1);
    }
    if (code == MR_OK && taken) {
        code = mr_strbuf_check(&decision, "deciding", err);
        if (code == MR_OK)
            code = decide(w, choice.ptr, decision.ptr, err);
    }
    mr_strbuf_release(&choice);
    mr_strbuf_release(&decision);
    return code;
}

static enum mr_code undo(struct walk *w, struct mr_err *err)
{
    const size_t at = mr_answers_undo(&w->answers);
    if (at == mr_answers_count(&w->answers)) {
        mr_strbuf_add_str(&w->said, "There is nothing to take back.");
        return MR_OK;
    }
    w->at = at;
    mr_strbuf_add_str(&w->said, "Taken back.");
    return save_soon(w, err);
}

static enum mr_code leave_open(struct walk *w, struct mr_err *err)
{
    if (mr_answers_at(&w->answers, w->at)->decision[0] == '\0')
        return MR_OK;
    MR_TRY(mr_answers_decide(&w->answers, w->at, MR_CHOICE_OPEN, NULL, err));
    say_decided(w, w->at, "open again");
    return save_soon(w, err);
}

static enum mr_code take_note(struct walk *w, struct mr_err *err)
{
    const struct mr_answer *answer = mr_answers_at(&w->answers, w->at);
    bool taken = false;
    MR_TRY(ask(w, "Note: ", answer->note, &taken, err));
    if (!taken)
        return MR_OK;
    MR_TRY(mr_answers_decide(
        &w->answers, w->at, answer->is_left ? MR_CHOICE_OPEN : answer->decision, w->text.ptr, err));
    return save_soon(w, err);
}

static void move(struct walk *w, int by)
{
    w->view.scroll = 0;
    if (by < 0 && w->at > 0)
        w->at--;
    if (by > 0 && w->at + 1 < mr_answers_count(&w->answers))
        w->at++;
}

static enum mr_code on_group_key(struct walk *w, int key, struct mr_err *err)
{
    if (key >= '1' && key <= '9')
        return choose(w, (size_t)(key - '1'), err);
    if (key == ESC || key == 'g')
        w->view.of_group = false;
    return MR_OK;
}

/* *leaves: nothing more is to be shown. */
static enum mr_code on_key(struct walk *w, int key, bool *leaves, struct mr_err *err)
{
    mr_strbuf_reset(&w->said);
    *leaves = key == MR_KEY_END || (key == 'q' && !w->view.of_group);
    if (w->view.of_group)
        return on_group_key(w, key, err);
    if (key >= '1' && key <= '9') {
        w->view.scroll = 0;
        return choose(w, (size_t)(key - '1'), err);
    }
    switch (key) {
    case 'n':
    case 'j':
    case MR_KEY_DOWN: move(w, 1); break;
    case 'p':
    case 'k':
    case MR_KEY_UP: move(w, -1); break;
    case 'o': w->view.scroll = 0; return next_open(w);
    case 'u': return undo(w, err);
    case 'g': w->view.of_group = true; break;
    case 't': return take_note(w, err);
    case '0': return leave_open(w, err);
    case 'e': w->view.all = !w->view.all; break;
    case ' ': w->view.scroll += w->view.height > 12 ? w->view.height / 2 : 6; break;
    default: break;
    }
    return MR_OK;
}

/* ---- its course ---- */

static enum mr_code show(struct walk *w, struct mr_err *err)
{
    struct mr_strbuf screen = MR_STRBUF_INIT;
    w->view.width = mr_term_width(w->tty.out);
    w->view.height = mr_decide_tty_height(&w->tty);
    w->view.said = w->said.ptr;
    enum mr_code code = mr_strbuf_check(&w->said, "deciding", err);
    if (code == MR_OK)
        code = mr_decide_screen(&w->answers, w->at, &w->view, &screen, err);
    if (code == MR_OK)
        code = mr_decide_tty_put(&w->tty, &screen, true, err);
    mr_strbuf_release(&screen);
    return code;
}

/* Whatever ends it, what was decided is saved. */
static enum mr_code go(struct walk *w, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool leaves = false;
    while (code == MR_OK && !leaves) {
        int key = 0;
        code = show(w, err);
        if (code == MR_OK && w->is_unsaved && mr_decide_tty_is_idle(&w->tty, IDLE_MS))
            code = save(w, err);
        if (code == MR_OK)
            code = mr_decide_tty_key(&w->tty, &key, err);
        if (code == MR_OK)
            code = on_key(w, key, &leaves, err);
    }
    struct mr_err trouble = {0};
    const enum mr_code saved = save(w, &trouble);
    if (code == MR_OK && err != NULL)
        *err = trouble;
    if (code == MR_E_CANCELLED && saved == MR_OK)
        mr_err_hint(err, "What was decided is saved in \"%s\".", w->task->path);
    else if (code == MR_E_CANCELLED) /* it names the file beside it, where there is one */
        mr_err_hint(err, "The last decisions: %s.", trouble.message);
    return code == MR_OK ? saved : code;
}

/* Two people would write over each other's decisions. */
static enum mr_code lock(const struct mr_decide_walk_task *task, int *fd, struct mr_err *err)
{
    *fd = open(task->plan->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* where directories cannot be locked, as those of NFS, nobody can be kept out */
    if (*fd < 0 || flock(*fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "somebody else decides about plan \"%s\" at the moment",
                     task->plan->path);
    mr_err_hint(err, "Share the work by pages, or by copies of the plan, and join the files: "
                     "repair decide --join.");
    return MR_E_REFUSED;
}

static enum mr_code begin(struct walk *w, struct mr_err *err)
{
    const struct mr_decide_walk_task *task = w->task;
    MR_TRY(mr_answers_open(task->plan, task->config, task->unmask, &w->answers, err));
    if (access(task->path, F_OK) == 0)
        MR_TRY(mr_answers_resume(&w->answers, task->path, err));
    if (mr_answers_count(&w->answers) == 0)
        return mr_err_set(err, MR_E_REFUSED, "plan \"%s\" asks nothing", task->plan->path);
    const size_t first = mr_answers_next_open(&w->answers, 0);
    w->at = first < mr_answers_count(&w->answers) ? first : 0;
    return MR_OK;
}

enum mr_code mr_decide_walk(const struct mr_decide_walk_task *task, size_t *open, size_t *decided,
                            struct mr_err *err)
{
    struct walk w = {.task = task,
                     .view = {.color = task->color, .said = ""},
                     .said = MR_STRBUF_INIT,
                     .text = MR_STRBUF_INIT};
    int fd = -1;
    *open = *decided = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_decide_tty_open(&w.tty, err));
    MR_TRY_OUT(lock(task, &fd, err));
    MR_TRY_OUT(begin(&w, err));
    MR_TRY_OUT(go(&w, err));
out:
    mr_decide_tty_close(&w.tty);
    if (w.answers.rows.plan != NULL) {
        *decided = w.answers.decided;
        *open = mr_answers_count(&w.answers) - w.answers.decided;
        mr_answers_close(&w.answers);
    }
    if (fd >= 0)
        (void)close(fd);
    mr_strbuf_release(&w.said);
    mr_strbuf_release(&w.text);
    return code;
}
