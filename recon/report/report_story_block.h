/*
 * report_story_block: a story while it is told (report_story_text.h).
 *
 *   words into teller->words → mr_block_words, a paragraph of them
 *   mr_block_begin → any other block, said to teller->doc
 *
 * Errors: the document's buffer.  Threads: no state.
 */
#ifndef MR_REPORT_STORY_BLOCK_H
#define MR_REPORT_STORY_BLOCK_H

#include "recon/report/report.h"
#include "recon/report/report_doc.h"

struct mr_teller {
    struct mr_doc *doc;
    const struct mr_report *report;
    const struct mr_story *story;
    const char *stage; /* its heading, until a block follows */
    struct mr_strbuf words;
    struct mr_texts texts;
};

void mr_block_begin(struct mr_teller *t);
/* The words become a paragraph; the buffer is empty then. */
void mr_block_words(struct mr_teller *t, enum mr_doc_tone tone);
/* ", 3 rows" and the like, behind a colon without the comma; nothing for none. */
void mr_block_some(struct mr_strbuf *words, uint64_t number, const char *one, const char *many);

/* ---- stages ---- */

/* What plans did; what the gate said, and what facts were recorded, before or after; what has
 * changed of both in between.  Each says nothing where the story has nothing of it. */
void mr_block_plans(struct mr_teller *t);
void mr_block_gates(struct mr_teller *t, enum mr_story_when when);
void mr_block_facts(struct mr_teller *t, enum mr_story_when when);
void mr_block_facts_changed(struct mr_teller *t);
void mr_block_changes(struct mr_teller *t);

#endif
