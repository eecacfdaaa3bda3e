/* affected_json.c: the list as JSON, one object a line; see affected_format.h. */
#include "recon/affected/affected_format.h"

#include "core/json/jsonw.h"

static enum mr_code begin(struct mr_affected_writer *w, struct mr_strbuf *out, struct mr_err *err)
{
    (void)w;
    (void)out;
    (void)err;
    return MR_OK;
}

/* Of a column that was asked for twice the first stands: an object with one name twice is read
 * in different ways. */
static enum mr_code put_fields(const struct mr_affected *list,
                               const struct mr_affected_line *person, size_t from, size_t to,
                               struct mr_jsonw *w, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = from; code == MR_OK && i < to; i++) {
        if (list->fields[i].repeated)
            continue;
        mr_strbuf_reset(&text);
        mr_value_to_json(&text, &person->values[i], mr_affected_style(person->subject, i));
        code = mr_strbuf_check(&text, "writing JSON", err);
        mr_jsonw_key(w, list->fields[i].label);
        mr_jsonw_raw(w, text.ptr, text.len);
    }
    mr_strbuf_release(&text);
    return code;
}

static void put_text(struct mr_jsonw *w, const char *name, const struct mr_strbuf *text)
{
    mr_jsonw_key(w, name);
    mr_jsonw_string(w, text->ptr, text->len);
}

static enum mr_code line(struct mr_affected_writer *writer, const struct mr_affected_line *person,
                         struct mr_strbuf *out, struct mr_err *err)
{
    const struct mr_affected *list = writer->list;
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, out);
    mr_jsonw_object_begin(&w);
    enum mr_code code = put_fields(list, person, 0, list->nidentity, &w, err);
    put_text(&w, "source_key", &person->key_text[0]);
    put_text(&w, "target_key", &person->key_text[1]);
    put_text(&w, "reasons", &person->reasons);
    put_text(&w, "tables", &person->tables);
    if (code == MR_OK)
        code = put_fields(list, person, list->nidentity, list->nfields, &w, err);
    if (list->plan != NULL)
        put_text(&w, "new_key", &person->new_key);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    if (code == MR_OK)
        code = mr_jsonw_finish(&w, "the list", err);
    mr_jsonw_release(&w);
    writer->written++;
    return code;
}

const struct mr_affected_writer_ops mr_affected_json = {.begin = begin, .line = line, .end = begin};
