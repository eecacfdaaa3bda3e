/* fleet_word.c: see fleet_word.h. */
#include "recon/fleet/fleet_word.h"

#include <string.h>

#include "core/base/err.h"

static const char *const texts[] = {
    [MR_FLEET_UNSAID] = NULL,
#define MR_FLEET_WORD(id, word) [MR_FLEET_##id] = (word),
#include "recon/fleet/fleet_word.def"
#undef MR_FLEET_WORD
};

const struct mr_json_words mr_fleet_words = {texts, sizeof texts / sizeof *texts};

const char *mr_fleet_word_text(enum mr_fleet_word word)
{
    return texts[word];
}

enum mr_fleet_word mr_fleet_word_of(const char *text)
{
    for (size_t i = 1; text != NULL && i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i], text) == 0)
            return (enum mr_fleet_word)i;
    return MR_FLEET_UNSAID;
}

enum mr_fleet_word mr_fleet_verdict_of_exit(int exit_code)
{
    return exit_code == 0   ? MR_FLEET_EQUAL
           : exit_code == 1 ? MR_FLEET_DIVERGED
                            : MR_FLEET_INCOMPLETE;
}

int mr_fleet_verdict_exit(enum mr_fleet_word verdict)
{
    return verdict == MR_FLEET_EQUAL      ? 0
           : verdict == MR_FLEET_DIVERGED ? 1
                                          : mr_code_exit(MR_E_CHANGED);
}
