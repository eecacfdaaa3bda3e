/* conflict_words.c: see conflict_words.h. */
#include "repair/decide/conflict_words.h"

#include <stddef.h>
#include <string.h>

static const struct {
    enum mr_conflict conflict;
    const char *title, *says;
} kinds[] = {
#define MR_CONFLICT_WORDS(symbol, title, says) {MR_CONFLICT_##symbol, title, says},
#define MR_CHOICE_WORDS(symbol, choice, says)
#include "repair/decide/conflict_words.def"
#undef MR_CONFLICT_WORDS
#undef MR_CHOICE_WORDS
};

static const struct {
    enum mr_conflict conflict; /* none: of any other kind */
    const char *choice,
        *says; /* "": a value that a person wrote; with ':' at its end: a beginning */
} choices[] = {
#define MR_CONFLICT_WORDS(symbol, title, says)
#define MR_CHOICE_WORDS(symbol, choice, says) {MR_CONFLICT_##symbol, choice, says},
#include "repair/decide/conflict_words.def"
#undef MR_CONFLICT_WORDS
#undef MR_CHOICE_WORDS
};

#define KINDS (sizeof kinds / sizeof kinds[0])
#define CHOICES (sizeof choices / sizeof choices[0])

unsigned mr_conflict_rank(enum mr_conflict conflict)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].conflict == conflict)
            return (unsigned)i + 1;
    return 0;
}

const char *mr_conflict_title(enum mr_conflict conflict)
{
    const unsigned rank = mr_conflict_rank(conflict);
    return rank > 0 ? kinds[rank - 1].title : "";
}

const char *mr_conflict_says(enum mr_conflict conflict)
{
    const unsigned rank = mr_conflict_rank(conflict);
    return rank > 0 ? kinds[rank - 1].says : "";
}

/* A value is told from a word as the planner tells it: a column stands in front of it, or it is an
 * object.  newest: is a word, whatever the name of the column. */
static bool fits(const char *word, const char *choice)
{
    const size_t len = strlen(word);
    if (len == 0)
        return choice[0] == '{' || strchr(choice, '=') != NULL;
    return word[len - 1] == ':' ? strncmp(word, choice, len) == 0 : strcmp(word, choice) == 0;
}

const char *mr_choice_says(enum mr_conflict conflict, const char *choice)
{
    for (size_t i = 0; i < CHOICES; i++)
        if ((choices[i].conflict == conflict || choices[i].conflict == MR_CONFLICT_NONE) &&
            fits(choices[i].choice, choice))
            return choices[i].says;
    return "";
}
