/*
 * affected_template.c: the list by a template, one line a key; see affected_format.h.
 *
 * A person with several keys gives a line for each: {id} stands for every key that it has
 * on either side, {source_key} and {target_key} for every one of that side, {new_key} for every one
 * that a plan gives.  A line for
 * which the person has no value is not printed, and who has no line is counted; no line is
 * printed twice.  A value with a control character in it could pass for the end of a line:
 * such a line is left out, and counted.
 */
#include "recon/affected/affected_format.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/suggest.h"
#include "core/base/utf8.h"
#include "core/case/case_args.h"
#include "recon/affected/affected_plan.h"

enum piece_kind {
    PIECE_TEXT = 1,
    PIECE_ID,
    PIECE_SOURCE_KEY,
    PIECE_TARGET_KEY,
    PIECE_REASONS,
    PIECE_TABLES,
    PIECE_NEW_KEY,
    PIECE_FIELD
};

struct piece {
    enum piece_kind kind;
    const char *text; /* of PIECE_TEXT */
    size_t len;
    size_t field; /* of PIECE_FIELD */
};

struct template
{
    struct mr_vec pieces;       /* struct piece */
    bool uses[PIECE_FIELD + 1]; /* by kind */
    struct mr_case_stmt *once;  /* returns a row for a line that is new */
    struct mr_vec ids;          /* struct mr_key, of one person */
    struct mr_strbuf line, value;
};

static const struct {
    const char *name;
    enum piece_kind kind;
} fixed_names[] = {
    {"id", PIECE_ID},           {"source_key", PIECE_SOURCE_KEY}, {"target_key", PIECE_TARGET_KEY},
    {"reasons", PIECE_REASONS}, {"tables", PIECE_TABLES},         {"new_key", PIECE_NEW_KEY}};
#define NFIXED (sizeof fixed_names / sizeof fixed_names[0])

/* ---- parsing ---- */

/* Is there such a thing in this list? */
static bool is_offered(const struct mr_affected *list, size_t fixed)
{
    return fixed_names[fixed].kind != PIECE_NEW_KEY || list->plan != NULL;
}

static enum mr_code refuse_name(const struct mr_affected *list, const char *name,
                                struct mr_err *err)
{
    struct mr_suggest suggest = {.typed = name};
    struct mr_strbuf names = MR_STRBUF_INIT;
    for (size_t i = 0; i < NFIXED; i++) {
        if (!is_offered(list, i))
            continue;
        mr_suggest_offer(&suggest, fixed_names[i].name);
        mr_strbuf_add_fmt(&names, "%s%s", i > 0 ? ", " : "", fixed_names[i].name);
    }
    for (size_t i = 0; i < list->nfields; i++) {
        if (list->fields[i].repeated)
            continue;
        mr_suggest_offer(&suggest, list->fields[i].label);
        mr_strbuf_add_fmt(&names, ", %s", list->fields[i].label);
    }
    (void)mr_err_set(err, MR_E_NO_SUCH, "the template has an unknown name \"%s\"", name);
    mr_err_detail(err, "names that it may have: %s", names.ptr);
    if (suggest.best != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", suggest.best);
    else
        mr_err_hint(err, "Ask for other columns with --columns; {{ is a brace.");
    mr_strbuf_release(&names);
    return MR_E_NO_SUCH;
}

static enum mr_code refuse_brace(const char *text, size_t at, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE,
                     "the template has a \"%c\" without its other half at character %zu", text[at],
                     mr_utf8_width(text, at) + 1);
    mr_err_hint(err, "Write {{ and }} for braces that are meant as they stand.");
    return MR_E_USAGE;
}

static enum mr_code push_piece(struct template *t, const struct piece *piece, struct mr_err *err)
{
    struct piece *slot = mr_vec_push(&t->pieces);
    if (slot == NULL)
        return mr_err_nomem(err, "reading the template");
    *slot = *piece;
    t->uses[piece->kind] = true;
    return MR_OK;
}

static enum mr_code push_name(struct template *t, const struct mr_affected *list, const char *name,
                              struct mr_err *err)
{
    struct piece piece = {.kind = PIECE_FIELD};
    for (size_t i = 0; i < NFIXED; i++)
        if (is_offered(list, i) && strcasecmp(name, fixed_names[i].name) == 0) {
            piece.kind = fixed_names[i].kind;
            return push_piece(t, &piece, err);
        }
    for (size_t i = 0; i < list->nfields; i++)
        if (strcasecmp(name, list->fields[i].label) == 0) {
            piece.field = i;
            return push_piece(t, &piece, err);
        }
    return refuse_name(list, name, err);
}

static enum mr_code push_text(struct template *t, const char *text, size_t len, struct mr_err *err)
{
    struct piece piece = {.kind = PIECE_TEXT, .text = text, .len = len};
    return len > 0 ? push_piece(t, &piece, err) : MR_OK;
}

/* A doubled brace is one brace; a single one that closes nothing is refused, since it is a slip
 * in almost every template. */
static enum mr_code parse(struct template *t, struct mr_affected_writer *w, struct mr_arena *arena,
                          struct mr_err *err)
{
    const char *text = w->opts->template;
    size_t at = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK && text[at] != '\0') {
        size_t len = strcspn(text + at, "{}");
        char brace = text[at + len];
        bool doubled = brace != '\0' && text[at + len + 1] == brace;
        code = push_text(t, text + at, len + doubled, err);
        at += len + (doubled ? 2 : 0);
        if (code != MR_OK || doubled || brace == '\0')
            continue;
        size_t name_len = strcspn(text + at + 1, "{}");
        if (brace == '}' || text[at + 1 + name_len] != '}')
            return refuse_brace(text, at, err);
        const char *name = mr_arena_dup(arena, text + at + 1, name_len);
        code = name != NULL ? push_name(t, w->list, name, err)
                            : mr_err_nomem(err, "reading the template");
        at += name_len + 2;
    }
    return code;
}

/* A template that names nothing would write one line, the same for everybody. */
enum mr_code mr_affected_template_parse(struct mr_affected_writer *w, struct mr_err *err)
{
    struct template *t = calloc(1, sizeof *t);
    struct mr_arena names = MR_ARENA_INIT;
    w->state = t;
    if (t == NULL)
        return mr_err_nomem(err, "reading the template");
    t->pieces = (struct mr_vec)MR_VEC_INIT(struct piece);
    t->ids = (struct mr_vec)MR_VEC_INIT(struct mr_key);
    mr_strbuf_init(&t->line);
    mr_strbuf_init(&t->value);
    enum mr_code code = parse(t, w, &names, err);
    size_t used = 0;
    for (int kind = PIECE_ID; kind <= PIECE_FIELD; kind++)
        used += t->uses[kind];
    if (code == MR_OK && used == 0) {
        code = mr_err_set(err, MR_E_USAGE, "the template \"%s\" names nothing", w->opts->template);
        mr_err_hint(err, "Write it like 'user:{id}'.");
    }
    mr_arena_release(&names);
    return code;
}

/* ---- one line ---- */

/* Characters that end a line, or that a terminal or a cache's protocol obeys. */
static bool has_control(const char *ptr, size_t len)
{
    for (size_t at = 0; at < len;) {
        uint32_t c = 0;
        at += mr_utf8_decode(ptr + at, len - at, &c);
        if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
            return true;
    }
    return false;
}

/* The keys that one line is made for. */
struct choice {
    struct mr_key id, source, target, new_key;
};

/* *unfit: the value cannot stand in a line. */
static void add_piece(struct mr_affected_writer *w, const struct mr_affected_line *person,
                      const struct piece *piece, const struct choice *choice, bool *unfit)
{
    struct template *t = w->state;
    struct mr_key value = {t->value.ptr, 0};
    switch (piece->kind) {
    case PIECE_TEXT: mr_strbuf_add(&t->line, piece->text, piece->len); return;
    case PIECE_ID: value = choice->id; break;
    case PIECE_SOURCE_KEY: value = choice->source; break;
    case PIECE_TARGET_KEY: value = choice->target; break;
    case PIECE_REASONS: value = (struct mr_key){person->reasons.ptr, person->reasons.len}; break;
    case PIECE_TABLES: value = (struct mr_key){person->tables.ptr, person->tables.len}; break;
    case PIECE_NEW_KEY: value = choice->new_key; break;
    case PIECE_FIELD:
        mr_strbuf_reset(&t->value);
        mr_affected_add_text(&t->value, &person->values[piece->field],
                             mr_affected_style(person->subject, piece->field));
        value = (struct mr_key){t->value.ptr, t->value.len};
        break;
    }
    *unfit = *unfit || has_control(value.ptr, value.len);
    if (w->opts->shell_safe)
        mr_strbuf_add_shell_word(&t->line, value.ptr, value.len);
    else
        mr_strbuf_add(&t->line, value.ptr, value.len);
}

/* Is the line printed for the first time? */
static enum mr_code is_new(struct template *t, bool *yes, struct mr_err *err)
{
    enum mr_code code = mr_strbuf_check(&t->line, "writing a template", err);
    if (code == MR_OK)
        code = mr_strbuf_check(&t->value, "writing a template", err);
    if (code != MR_OK)
        return code;
    bool again = false;
    code = MR_CASE_ASK(t->once, yes, err, MR_ARG_BLOB("line", t->line.ptr, t->line.len));
    if (code == MR_OK && *yes)
        code = mr_case_step(t->once, &again, err);
    mr_case_reset(t->once);
    return code;
}

/* A value with a control character is neither mended nor cut: what reads the lines might obey
 * it, or act upon somebody else. The line is left out and counted. */
static enum mr_code add_line(struct mr_affected_writer *w, const struct mr_affected_line *person,
                             const struct choice *choice, struct mr_strbuf *out, struct mr_err *err)
{
    struct template *t = w->state;
    bool unfit = false, fresh = false;
    mr_strbuf_reset(&t->line);
    for (size_t i = 0; i < t->pieces.count; i++)
        add_piece(w, person, mr_vec_at(&t->pieces, i), choice, &unfit);
    if (unfit) {
        w->left_out++;
        return MR_OK;
    }
    enum mr_code code = is_new(t, &fresh, err);
    if (code != MR_OK || !fresh)
        return code;
    w->written++;
    mr_strbuf_add(out, t->line.ptr, t->line.len);
    mr_strbuf_add_char(out, '\n');
    return mr_strbuf_check(out, "writing a template", err);
}

/* ---- one person ---- */

/* Every key of the person on either side, each once. */
static enum mr_code collect_ids(struct template *t, const struct mr_affected_line *person,
                                struct mr_err *err)
{
    mr_vec_clear(&t->ids);
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < person->keys[side].count; i++) {
            const struct mr_key *key = mr_vec_at(&person->keys[side], i);
            size_t k = 0;
            for (; k < t->ids.count; k++) {
                const struct mr_key *known = mr_vec_at(&t->ids, k);
                if (known->len == key->len && memcmp(known->ptr, key->ptr, key->len) == 0)
                    break;
            }
            if (k < t->ids.count)
                continue;
            struct mr_key *slot = mr_vec_push(&t->ids);
            if (slot == NULL)
                return mr_err_nomem(err, "writing a template");
            *slot = *key;
        }
    return MR_OK;
}

static struct mr_key key_at(const struct mr_vec *keys, size_t i)
{
    static const struct mr_key none = {"", 0};
    return i < keys->count ? *(const struct mr_key *)mr_vec_at(keys, i) : none;
}

static size_t count_new(const struct template *t, const struct mr_affected *list)
{
    return t->uses[PIECE_NEW_KEY] ? list->plan->ends.count : 1;
}

/* The n-th of the keys that the plan gives. */
static struct mr_key new_key_at(const struct template *t, const struct mr_affected *list,
                                const struct mr_affected_line *person, size_t n)
{
    if (!t->uses[PIECE_NEW_KEY])
        return (struct mr_key){"", 0};
    const struct mr_vec *ends = &list->plan->ends;
    const size_t from = n > 0 ? *(const size_t *)mr_vec_at(ends, n - 1) + 1 : 0;
    return (struct mr_key){person->new_key.ptr + from, *(const size_t *)mr_vec_at(ends, n) - from};
}

/* Lines a person gives for a list of keys: one a key where the template asks for it. */
static size_t times(const struct template *t, enum piece_kind kind, const struct mr_vec *keys)
{
    return t->uses[kind] ? keys->count : 1;
}

/* Has the person all that the template inserts beside keys? */
static bool has_values(const struct template *t, const struct mr_affected_line *person)
{
    for (size_t i = 0; i < t->pieces.count; i++) {
        const struct piece *piece = mr_vec_at(&t->pieces, i);
        if ((piece->kind == PIECE_NEW_KEY && person->no_new_key) ||
            (piece->kind == PIECE_FIELD && person->values[piece->field].cls == MR_CLASS_NULL))
            return false;
    }
    return true;
}

static enum mr_code line(struct mr_affected_writer *w, const struct mr_affected_line *person,
                         struct mr_strbuf *out, struct mr_err *err)
{
    struct template *t = w->state;
    enum mr_code code = collect_ids(t, person, err);
    size_t nid = times(t, PIECE_ID, &t->ids);
    size_t nsource = times(t, PIECE_SOURCE_KEY, &person->keys[0]);
    size_t ntarget = times(t, PIECE_TARGET_KEY, &person->keys[1]);
    if (nid == 0 || !has_values(t, person)) {
        w->no_value++;
        return code;
    }
    w->no_key += nsource * ntarget == 0;
    const size_t nnew = count_new(t, w->list), keys = nid * nsource * ntarget;
    for (size_t i = 0; code == MR_OK && i < keys * nnew; i++) {
        const size_t k = i / nnew;
        struct choice choice = {.id = key_at(&t->ids, k / (nsource * ntarget)),
                                .source = key_at(&person->keys[0], k / ntarget % nsource),
                                .target = key_at(&person->keys[1], k % ntarget),
                                .new_key = new_key_at(t, w->list, person, i % nnew)};
        code = add_line(w, person, &choice, out, err);
    }
    return code;
}

/* ---- the list ---- */

static enum mr_code begin(struct mr_affected_writer *w, struct mr_strbuf *out, struct mr_err *err)
{
    struct template *t = w->state;
    struct mr_case *cf = mr_findings_case(w->list->fd);
    (void)out;
    MR_TRY(mr_case_exec(
        cf, "CREATE TEMP TABLE printed (line BLOB PRIMARY KEY) STRICT, WITHOUT ROWID", err));
    return mr_case_prepare(cf,
                           "INSERT INTO temp.printed (line) VALUES (:line)"
                           " ON CONFLICT DO NOTHING RETURNING 1",
                           &t->once, err);
}

static enum mr_code end(struct mr_affected_writer *w, struct mr_strbuf *out, struct mr_err *err)
{
    (void)w;
    (void)out;
    (void)err;
    return MR_OK;
}

static void release(struct mr_affected_writer *w)
{
    struct template *t = w->state;
    if (t == NULL)
        return;
    mr_case_free(t->once);
    mr_vec_release(&t->pieces);
    mr_vec_release(&t->ids);
    mr_strbuf_release(&t->line);
    mr_strbuf_release(&t->value);
    free(t);
}

const struct mr_affected_writer_ops mr_affected_template = {
    .begin = begin, .line = line, .end = end, .release = release};
