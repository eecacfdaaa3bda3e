/*
 * fuzz_catalogue.c: the reader of a catalogue.
 *
 * Whatever the bytes are: they are refused, or they make a catalogue whose tables are found
 * by name, and which, written and read again, is written the same way.
 */
#include "fuzz.h"

#include <string.h>

#include "core/schema/catalogue_json.h"

static void check(const struct mr_catalogue *cat)
{
    for (size_t i = 0; i < cat->ndbs; i++)
        FUZZ_CHECK(mr_catalogue_db(cat, cat->dbs[i].name) == &cat->dbs[i]);
    for (size_t i = 0; i < cat->ntables; i++) {
        const struct mr_table *t = &cat->tables[i];
        FUZZ_CHECK(mr_catalogue_table(cat, t->db, t->name) == t);
        for (size_t k = 0; k < t->ncolumns; k++)
            FUZZ_CHECK(mr_table_column(t, t->columns[k].name) != NULL);
        for (size_t k = 0; k < t->nfks; k++)
            for (size_t c = 0; c < t->fks[k].ncolumns; c++)
                FUZZ_CHECK(t->fks[k].columns[c] != NULL && t->fks[k].ref_columns[c] != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_strbuf text = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    struct mr_catalogue *cat = NULL, *back = NULL;
    if (mr_catalogue_json_read((const char *)data, size, "c", &cat, NULL) == MR_OK) {
        check(cat);
        FUZZ_CHECK(mr_catalogue_json_write(cat, &text, NULL) == MR_OK);
        FUZZ_CHECK(mr_catalogue_json_read(text.ptr, text.len, "c", &back, NULL) == MR_OK);
        FUZZ_CHECK(mr_catalogue_json_write(back, &again, NULL) == MR_OK);
        FUZZ_CHECK(text.len == again.len && memcmp(text.ptr, again.ptr, text.len) == 0);
    }
    mr_catalogue_free(cat);
    mr_catalogue_free(back);
    mr_strbuf_release(&text);
    mr_strbuf_release(&again);
    return 0;
}
