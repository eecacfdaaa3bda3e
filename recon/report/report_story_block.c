/* report_story_block.c: see report_story_block.h. */
#include "recon/report/report_story_block.h"

#include <string.h>

static const char *keep(struct mr_teller *t, const char *text)
{
    const char *copy = mr_arena_strdup(t->telling->arena, text);
    t->nomem = t->nomem || copy == NULL;
    return copy;
}

static struct mr_story_block *add(struct mr_teller *t)
{
    struct mr_story_block *block = mr_vec_push(&t->telling->blocks);
    if (block == NULL) {
        t->nomem = true;
        return NULL;
    }
    block->stage = t->stage;
    block->cells = (struct mr_vec)MR_VEC_INIT(const char *);
    return block;
}

void mr_block_words(struct mr_teller *t, enum mr_story_tone tone)
{
    struct mr_story_block *block = add(t);
    if (block != NULL) {
        block->tone = tone;
        block->text = keep(t, t->words.ptr);
    }
    t->nomem = t->nomem || t->words.failed;
    mr_strbuf_reset(&t->words);
}

void mr_block_table(struct mr_teller *t, const char *const *head, size_t ncolumns,
                    unsigned numbers)
{
    struct mr_story_block *block = add(t);
    if (block == NULL)
        return;
    block->ncolumns = ncolumns;
    block->numbers = numbers;
    for (size_t i = 0; i < ncolumns; i++)
        mr_block_cell(t, head[i]);
}

void mr_block_cell(struct mr_teller *t, const char *text)
{
    struct mr_vec *blocks = &t->telling->blocks;
    struct mr_story_block *block =
        blocks->count > 0 ? mr_vec_at(blocks, blocks->count - 1) : NULL;
    const char **cell = block != NULL ? mr_vec_push(&block->cells) : NULL;
    if (cell == NULL)
        t->nomem = true;
    else
        *cell = keep(t, text != NULL ? text : "");
}

void mr_block_cell_words(struct mr_teller *t)
{
    mr_block_cell(t, t->words.ptr);
    t->nomem = t->nomem || t->words.failed;
    mr_strbuf_reset(&t->words);
}

void mr_block_number(struct mr_teller *t, uint64_t number)
{
    mr_strbuf_add_grouped(&t->words, number);
    mr_block_cell_words(t);
}

void mr_block_some(struct mr_teller *t, uint64_t number, const char *one,
                   const char *many)
{
    if (number == 0)
        return;
    bool is_first = t->words.len > 0 && t->words.ptr[t->words.len - 1] == ':';
    mr_strbuf_add_str(&t->words, is_first ? " " : ", ");
    mr_report_count(&t->words, number, one, many);
}

void mr_block_time(struct mr_teller *t, const char *time)
{
    size_t date = strcspn(time, "T");
    mr_strbuf_add(&t->words, time, date);
    if (time[date] != 'T')
        return;
    mr_strbuf_add_char(&t->words, ' ');
    mr_strbuf_add(&t->words, time + date + 1, strcspn(time + date + 1, "Z"));
    mr_strbuf_add_str(&t->words, " UTC");
}
