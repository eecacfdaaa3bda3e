/*
 * fleet_word: how far a part or a pair of a fleet is, and its verdict, as fleet_word.def names them.
 *
 * Errors: none.  Threads: no state.
 */
#ifndef MR_FLEET_WORD_H
#define MR_FLEET_WORD_H

#include "core/json/json_record.h"

enum mr_fleet_word {
    MR_FLEET_UNSAID,
#define MR_FLEET_WORD(id, word) MR_FLEET_##id,
#include "recon/fleet/fleet_word.def"
#undef MR_FLEET_WORD
};

/* For members of that type. */
extern const struct mr_json_words mr_fleet_words;

/* NULL of MR_FLEET_UNSAID. */
const char *mr_fleet_word_text(enum mr_fleet_word word);
/* MR_FLEET_UNSAID: it is none; NULL is fine. */
enum mr_fleet_word mr_fleet_word_of(const char *text);

/* The verdict that the exit code of a check, or of several, stands for; and the other way round: any
 * but equal and diverged is incomplete. */
enum mr_fleet_word mr_fleet_verdict_of_exit(int exit_code);
int mr_fleet_verdict_exit(enum mr_fleet_word verdict);

#endif
