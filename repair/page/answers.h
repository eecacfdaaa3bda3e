/*
 * answers: the conflicts of a plan, and what is decided about them: what stands behind the terminal and
 * every decisions file that is not saved by a page.
 *
 *   mr_answers_open → mr_answers_resume (where there is a file) → mr_answers_decide, mr_answers_undo …
 *     → mr_answers_save … → mr_answers_close
 *
 * The order is that of the page: kinds as conflict_words.def has them, the most consequential first, of
 * each kind the tables with people, then the others.  Conflicts of one kind and table are a GROUP.
 *
 * Ownership: texts live until the close.  Errors: those of decide_rows.h; MR_E_REFUSED for a file that
 * answers another plan, or has lines of none; MR_E_IO, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_ANSWERS_H
#define MR_ANSWERS_H

#include <sys/stat.h>

#include "repair/page/decide_rows.h"

struct mr_answer {
    size_t index; /* place in conflicts.csv */
    size_t table; /* of the plan's tables */
    enum mr_conflict kind;
    const char *const *fields;      /* as they are shown, in the order of the file */
    const char *digests[MR_IMAGES]; /* what is saved in the image's place; NULL: the field itself */
    const char *decision, *note;    /* "": open; none */
    bool is_left; /* open, because somebody wants to be asked again: MR_CHOICE_OPEN is saved */
};

struct mr_answers {
    struct mr_decide_rows rows;
    struct mr_arena arena;
    const char *const *head; /* names of the columns */
    struct mr_vec list;      /* struct mr_answer, in the order in which they are gone through */
    struct mr_vec undo;      /* what was there before, step by step */
    struct mr_vec steps;     /* size_t: how many of these a step has */
    char digest[MR_SHA256_HEX];
    size_t decided;
    bool knows_file; /* it was read, or written, and was then: */
    struct stat file;
};

enum mr_code mr_answers_open(struct mr_plan_dir *plan, const struct mr_config *config, bool unmask,
                             struct mr_answers *answers, struct mr_err *err);
void mr_answers_close(struct mr_answers *answers);

/* Takes what the file has decided; what the plan has decided by itself stays where it has nothing. */
enum mr_code mr_answers_resume(struct mr_answers *answers, const char *path, struct mr_err *err);

/* How many there are, and the one at that place. */
size_t mr_answers_count(const struct mr_answers *answers);
/* at: below the count. */
struct mr_answer *mr_answers_at(const struct mr_answers *answers, size_t at);
/* A field of the record; "" where the file has no such column. */
const char *mr_answers_field(const struct mr_answers *answers, const struct mr_answer *answer,
                             enum mr_decide_column column);
const struct mr_planned_table *mr_answers_table(const struct mr_answers *answers,
                                                const struct mr_answer *answer);
/* The first that is open from `at` on, around the end; the count where none is.  Those that wait for
 * another row (parent-absent) come behind all others: what is decided there holds for them. */
size_t mr_answers_next_open(const struct mr_answers *answers, size_t at);
/* From where to where the group reaches that the one at `at` is of. */
void mr_answers_group(const struct mr_answers *answers, size_t at, size_t *from, size_t *to);

/* One step: decision (MR_CHOICE_OPEN: it is left open) and note (NULL: as it is) of one answer, or of the open ones of its group that
 * have `choice` among theirs (as choices are written there).  *changed: how many are. */
enum mr_code mr_answers_decide(struct mr_answers *answers, size_t at, const char *decision,
                               const char *note, struct mr_err *err);
enum mr_code mr_answers_decide_group(struct mr_answers *answers, size_t at, const char *choice,
                                     const char *decision, size_t *changed, struct mr_err *err);
/* What is decided, MR_CHOICE_OPEN as above; no step.  decision must outlive the answers. */
void mr_answers_set(struct mr_answers *answers, struct mr_answer *answer, const char *decision);
/* Takes the last step back; the place of its first answer, the count where there is none. */
size_t mr_answers_undo(struct mr_answers *answers);

/* Word `n`, from 0, of those that may be chosen, into `word` (reset before); false: there is none. */
bool mr_answers_choice(const struct mr_answers *answers, const struct mr_answer *answer, size_t n,
                       struct mr_strbuf *word);

/* Writes the decisions file, in place of what is there where `force` says so; sheet: for spreadsheets
 * (sheet_cell.h). */
enum mr_code mr_answers_save(const struct mr_answers *answers, const char *path, bool force,
                             bool sheet, struct mr_err *err);
/* The same in place of what mr_answers_resume() has read there, or this has written, and of nothing else:
 * MR_E_REFUSED where somebody else has written the file since.  Theirs stays, and these are saved beside
 * it; the message has the name. */
enum mr_code mr_answers_keep(struct mr_answers *answers, const char *path, struct mr_err *err);

#endif
