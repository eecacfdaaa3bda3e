/* report_story_block.c: see report_story_block.h. */
#include "recon/report/report_story_block.h"

static void end_table(struct mr_teller *t)
{
    if (t->ncolumns > 0)
        mr_doc_say(t->doc, "</rows></table>");
    t->ncolumns = 0;
}

static void begin_block(struct mr_teller *t)
{
    end_table(t);
    if (t->stage != NULL)
        mr_doc_say(t->doc, "<h3>%s</h3>", t->stage);
    t->stage = NULL;
}

void mr_block_words(struct mr_teller *t, enum mr_doc_tone tone)
{
    begin_block(t);
    if (tone == MR_TONE_PLAIN)
        mr_doc_say(t->doc, "<p>");
    else
        mr_doc_say(t->doc, "<says %s>", mr_doc_tone(tone));
    mr_doc_words(t->doc, NULL, &t->words);
    mr_doc_say(t->doc, "</p>");
}

void mr_block_table(struct mr_teller *t, const char *const *head, size_t ncolumns,
                    unsigned numbers)
{
    begin_block(t);
    t->ncolumns = ncolumns;
    t->numbers = numbers;
    t->column = 0;
    mr_doc_say(t->doc, numbers == 0 ? "<texts>" : "<table>");
    mr_doc_head(t->doc, head, ncolumns, numbers);
    mr_doc_say(t->doc, "<rows>");
}

void mr_block_cell(struct mr_teller *t, const char *text)
{
    bool is_number = (t->numbers >> t->column & 1U) != 0;
    if (t->column == 0)
        mr_doc_say(t->doc, "<row>");
    mr_doc_say(t->doc, is_number ? "<number>%s</number>" : "<cell>%s</cell>",
               text != NULL ? text : "");
    t->column = (t->column + 1) % t->ncolumns;
    if (t->column == 0)
        mr_doc_say(t->doc, "</row>");
}

void mr_block_cell_words(struct mr_teller *t)
{
    mr_block_cell(t, t->words.ptr);
    t->doc->out->failed |= t->words.failed;
    mr_strbuf_reset(&t->words);
}

void mr_block_number(struct mr_teller *t, uint64_t number)
{
    mr_strbuf_add_grouped(&t->words, number);
    mr_block_cell_words(t);
}

void mr_block_end(struct mr_teller *t)
{
    end_table(t);
    mr_strbuf_release(&t->words);
}

void mr_block_some(struct mr_strbuf *words, uint64_t number, const char *one,
                   const char *many)
{
    if (number == 0)
        return;
    bool is_first = words->len > 0 && words->ptr[words->len - 1] == ':';
    mr_strbuf_add_str(words, is_first ? " " : ", ");
    mr_report_count(words, number, one, many);
}
