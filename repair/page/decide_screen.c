/* decide_screen.c: see decide_screen.h. */
#include "repair/page/decide_screen.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "repair/decide/conflict_words.h"
#include "repair/plan/conflict_story.h"

#define NARROW 60    /* columns below which rows stand one below the other */
#define CELL_LINES 6 /* of a value, at most */
#define INDENT 2

struct screen {
    const struct mr_answers *answers;
    const struct mr_answer *answer;
    const struct mr_decide_view *view;
    struct mr_strbuf *out, text, cell[MR_IMAGES];
};

/* ---- texts ---- */

static void style(struct screen *s, enum mr_style how)
{
    mr_strbuf_add_str(s->out, mr_term_style(how, s->view->color));
}

static void add_blanks(struct mr_strbuf *out, size_t n)
{
    while (n-- > 0)
        mr_strbuf_add_char(out, ' ');
}

/* Bytes of what goes onto a line: up to a blank, or where there is none as much as fits. */
static size_t line_of(const char *ptr, size_t len, size_t width)
{
    const size_t fits = mr_utf8_fit(ptr, len, width);
    size_t at = fits;
    if (fits == len)
        return len;
    while (at > 0 && ptr[at] != ' ')
        at--;
    if (at > 0)
        return at;
    /* a terminal of one column and a wide letter: it has to go on */
    uint32_t c;
    return fits > 0 ? fits : mr_utf8_decode(ptr, len, &c);
}

/* A text that is shown already, in lines of the terminal's width. */
static void add_wrapped(struct screen *s, const char *ptr, size_t len, size_t indent,
                        enum mr_style how)
{
    const size_t width = s->view->width > indent + 1 ? s->view->width - indent : 1;
    while (len > 0) {
        const size_t n = line_of(ptr, len, width);
        add_blanks(s->out, indent);
        style(s, how);
        mr_strbuf_add(s->out, ptr, n);
        style(s, MR_STYLE_RESET);
        mr_strbuf_add_char(s->out, '\n');
        ptr += n;
        len -= n;
        while (len > 0 && *ptr == ' ') {
            ptr++;
            len--;
        }
    }
}

static void add_text(struct screen *s, size_t indent, enum mr_style how)
{
    if (s->text.len > 0)
        add_wrapped(s, s->text.ptr, s->text.len, indent, how);
    s->out->failed |= s->text.failed;
    mr_strbuf_reset(&s->text);
}

static const char *field(const struct screen *s, enum mr_decide_column column)
{
    return mr_answers_field(s->answers, s->answer, column);
}

/* Where all tables are of one database, its name says nothing. */
static const char *table_name(const struct mr_answers *a, size_t table)
{
    const struct mr_planned *p = &a->rows.plan->manifest.planned;
    const char *name = p->tables[table].table, *dot = strchr(name, '.');
    for (size_t i = 0; dot != NULL && i < p->ntables; i++)
        if (strncmp(p->tables[i].table, name, (size_t)(dot - name) + 1) != 0)
            return name;
    return dot != NULL ? dot + 1 : name;
}

void mr_decide_screen_name(const struct mr_answers *a, const struct mr_answer *answer,
                           struct mr_strbuf *out)
{
    const char *key = mr_answers_field(a, answer, MR_ASKS_SOURCE_KEY);
    const char *identity = mr_answers_field(a, answer, MR_ASKS_IDENTITY);
    if (key[0] == '\0')
        key = mr_answers_field(a, answer, MR_ASKS_TARGET_KEY);
    mr_utf8_show_str(out, table_name(a, answer->table));
    mr_strbuf_add_char(out, ' ');
    mr_utf8_show_str(out, key);
    if (identity[0] == '\0' || strcmp(identity, key) == 0)
        return;
    mr_strbuf_add_str(out, " (");
    mr_utf8_show_str(out, identity);
    mr_strbuf_add_char(out, ')');
}

/* ---- values ---- */

static const enum mr_decide_column sides[MR_IMAGES] = {MR_ASKS_SOURCE, MR_ASKS_BASE, MR_ASKS_TARGET,
                                                       MR_ASKS_MERGED};

/* A plan that undoes transactions has one server, and no side is lost. */
static const char *title_of(const struct screen *s, size_t image)
{
    static const char *const titles[2][MR_IMAGES] = {
        {"lost side", "at the split", "live side", "by columns"},
        {"as it was", "at the split", "as it is now", "by columns"}};
    const char *policy = s->answers->rows.plan->manifest.policy;
    return titles[policy != NULL && mr_policy_rewinds(policy) ? 1 : 0][image];
}

static struct mr_csv_field quoted(struct mr_csv_field value)
{
    const bool is = value.len >= 2 && value.ptr[0] == '"';
    return is ? (struct mr_csv_field){value.ptr + 1, value.len - 2} : value;
}

static struct mr_csv_field named(const char *name)
{
    return (struct mr_csv_field){name, strlen(name)};
}

/* Of {"hex":…}, {"mask":…} and {"start":…} the text; ptr NULL: it is none of them. */
static struct mr_csv_field of_object(struct mr_csv_field value, const char *member)
{
    const char *at = value.ptr;
    struct mr_image_member m;
    const struct mr_csv_field name = named(member), none = {NULL, 0};
    while (mr_image_text_next(&at, value.ptr + value.len, &m))
        if (m.name.len == name.len && memcmp(m.name.ptr, name.ptr, name.len) == 0)
            return quoted(m.value);
    return none;
}

static bool is_same(struct mr_csv_field a, struct mr_csv_field b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static void show(struct mr_strbuf *out, struct mr_csv_field text)
{
    struct mr_strbuf plain = MR_STRBUF_INIT;
    mr_image_text_unquote(&plain, text);
    mr_utf8_show(out, plain.ptr, plain.len, false);
    out->failed |= plain.failed;
    mr_strbuf_release(&plain);
}

/* A text that reads as what is said of a value where there is none stands between quotes. */
static void show_text(struct mr_strbuf *out, struct mr_csv_field text)
{
    static const char *const said[] = {"", "NULL", "(not known)"};
    bool quote = text.len > 0 && text.ptr[0] == '\'';
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        quote |= is_same(text, named(said[i]));
    mr_strbuf_add_str(out, quote ? "'" : "");
    show(out, text);
    mr_strbuf_add_str(out, quote ? "'" : "");
}

/* What stands in a cell: a value, or what can be said of it. */
static void show_value(struct mr_strbuf *out, struct mr_csv_field value)
{
    if (value.ptr == NULL) {
        mr_strbuf_add_str(out, "(not known)");
        return;
    }
    if (value.ptr[0] == '"') {
        show_text(out, quoted(value));
        return;
    }
    if (value.ptr[0] != '{') {
        mr_strbuf_add_str(out, value.len == 4 && memcmp(value.ptr, "null", 4) == 0 ? "NULL" : "");
        if (value.len != 4 || value.ptr[0] != 'n')
            mr_utf8_show(out, value.ptr, value.len, false);
        return;
    }
    const struct mr_csv_field hex = of_object(value, "hex"), mask = of_object(value, "mask"),
                              start = of_object(value, "start"), bytes = of_object(value, "bytes");
    if (of_object(value, "skipped").ptr != NULL)
        mr_strbuf_add_str(out, "…");
    if (hex.ptr != NULL)
        mr_strbuf_add_str(out, "0x");
    show(out, hex.ptr != NULL ? hex : mask.ptr != NULL ? mask : start.ptr != NULL ? start : value);
    if (mask.ptr != NULL)
        mr_strbuf_add_str(out, " (masked)");
    if (bytes.ptr != NULL) {
        mr_strbuf_add_str(out, "… (");
        mr_utf8_show(out, bytes.ptr, bytes.len, false);
        mr_strbuf_add_str(out, " bytes)");
    }
}

/* Is it a column that tells the two rows apart?  Of one row alone none does. */
static bool differs(const struct screen *s, struct mr_csv_field name)
{
    const char *source = field(s, MR_ASKS_SOURCE), *target = field(s, MR_ASKS_TARGET);
    return source[0] != '\0' && target[0] != '\0' &&
           !is_same(mr_image_text_value(source, name), mr_image_text_value(target, name));
}

static bool is_key(const struct screen *s, struct mr_csv_field name)
{
    const struct mr_planned_table *t = mr_answers_table(s->answers, s->answer);
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool is = false;
    mr_image_text_unquote(&text, name);
    for (size_t i = 0; i < t->key.count && !text.failed; i++)
        is |= text.len > 0 && strcmp(mr_decide_rows_own(t, t->key.items[i]), text.ptr) == 0;
    mr_strbuf_release(&text);
    return is;
}

/* ---- both rows ---- */

/* A long text is shown from where it begins to differ on; where it does not, from its beginning. */
static size_t window(const struct mr_strbuf *mine, const struct mr_strbuf *other, size_t room)
{
    size_t at = 0;
    if (mr_utf8_width(mine->ptr, mine->len) <= room)
        return 0;
    while (at < mine->len && at < other->len && mine->ptr[at] == other->ptr[at])
        at++;
    if (at == mine->len && at == other->len)
        return 0;
    at = at > room / 4 ? at - room / 4 : 0;
    while (at > 0 && ((unsigned char)mine->ptr[at] & 0xc0) == 0x80)
        at--;
    return at;
}

/* Cells of one column below each other in their places, as many lines as the longest has. */
static void add_cells(struct screen *s, const size_t *shown, size_t count, size_t first,
                      size_t width, enum mr_style how)
{
    size_t at[MR_IMAGES] = {0};
    for (size_t line = 0; line < CELL_LINES; line++) {
        bool any = line == 0;
        for (size_t i = 0; i < count; i++)
            any |= at[i] < s->cell[shown[i]].len;
        if (!any)
            return;
        if (line > 0)
            add_blanks(s->out, first);
        for (size_t i = 0; i < count; i++) {
            const struct mr_strbuf *cell = &s->cell[shown[i]];
            size_t n = mr_utf8_fit(cell->ptr + at[i], cell->len - at[i], width - 1);
            /* nobody shall take the part that fits for the whole */
            const bool is_cut = line + 1 == CELL_LINES && at[i] + n < cell->len;
            if (is_cut)
                n = mr_utf8_fit(cell->ptr + at[i], cell->len - at[i], width - 2);
            const size_t used = mr_utf8_width(cell->ptr + at[i], n) + is_cut;
            style(s, how);
            mr_strbuf_add(s->out, cell->ptr + at[i], n);
            mr_strbuf_add_str(s->out, is_cut ? "…" : "");
            style(s, MR_STYLE_RESET);
            at[i] += n;
            if (i + 1 < count)
                add_blanks(s->out, width - used);
        }
        mr_strbuf_add_char(s->out, '\n');
    }
}

static void cut_before(struct screen *s, struct mr_strbuf *cell, size_t from)
{
    struct mr_strbuf cut = MR_STRBUF_INIT;
    mr_strbuf_add_str(&cut, "…");
    mr_strbuf_add(&cut, cell->ptr + from, cell->len - from);
    s->out->failed |= cut.failed;
    mr_strbuf_reset(cell);
    mr_strbuf_add(cell, cut.ptr, cut.len);
    mr_strbuf_release(&cut);
}

static void fill_cells(struct screen *s, const size_t *shown, size_t count,
                       struct mr_csv_field name, size_t room)
{
    for (size_t i = 0; i < count; i++) {
        struct mr_strbuf *cell = &s->cell[shown[i]];
        mr_strbuf_reset(cell);
        show_value(cell, mr_image_text_value(field(s, sides[shown[i]]), name));
        s->out->failed |= cell->failed;
    }
    /* all before any is cut: what is left of one would differ from the whole of another at once */
    size_t from[MR_IMAGES] = {0};
    for (size_t i = 0; i < count; i++)
        from[i] = window(&s->cell[shown[i]], &s->cell[shown[i == 0 ? count - 1 : 0]], room);
    for (size_t i = 0; i < count && !s->out->failed; i++)
        if (from[i] > 0)
            cut_before(s, &s->cell[shown[i]], from[i]);
}

/* Which images there are, in the order in which they are shown. */
static size_t shown_sides(const struct screen *s, size_t *shown)
{
    size_t count = 0;
    for (size_t i = 0; i < MR_IMAGES; i++)
        if (field(s, sides[i])[0] != '\0')
            shown[count++] = i;
    return count;
}

static size_t name_width(const struct screen *s, const char *image)
{
    const char *at = image;
    size_t width = 6;
    struct mr_image_member m;
    while (mr_image_text_next(&at, image + strlen(image), &m))
        width = m.name.len > width ? m.name.len : width;
    return width < s->view->width / 4 ? width : s->view->width / 4;
}

static void add_name(struct screen *s, struct mr_csv_field name, bool marked)
{
    mr_strbuf_add_str(s->out, marked ? "* " : "  ");
    mr_strbuf_reset(&s->text);
    show(&s->text, name);
    s->out->failed |= s->text.failed;
}

static void add_side_by_side(struct screen *s, const size_t *shown, size_t count,
                             struct mr_csv_field name, bool marked)
{
    const size_t names = name_width(s, field(s, sides[shown[0]]));
    const size_t first = INDENT + names + 1;
    const size_t width = (s->view->width - first) / count;
    add_name(s, name, marked);
    const size_t n = mr_utf8_fit(s->text.ptr, s->text.len, names);
    mr_strbuf_add(s->out, s->text.ptr, n);
    add_blanks(s->out, names + 1 - mr_utf8_width(s->text.ptr, n));
    mr_strbuf_reset(&s->text);
    fill_cells(s, shown, count, name, (width - 1) * CELL_LINES);
    add_cells(s, shown, count, first, width, marked ? MR_STYLE_HEAD : MR_STYLE_RESET);
}

/* A narrow terminal has no room for two rows beside each other. */
static void add_stacked(struct screen *s, const size_t *shown, size_t count,
                        struct mr_csv_field name, bool marked)
{
    add_name(s, name, marked);
    mr_strbuf_add(s->out, s->text.ptr, mr_utf8_fit(s->text.ptr, s->text.len, s->view->width - 2));
    mr_strbuf_add_char(s->out, '\n');
    mr_strbuf_reset(&s->text);
    fill_cells(s, shown, count, name, (size_t)s->view->width * 3);
    for (size_t i = 0; i < count; i++) {
        mr_strbuf_add_fmt(&s->text, "%s: ", title_of(s, shown[i]));
        mr_strbuf_add(&s->text, s->cell[shown[i]].ptr, s->cell[shown[i]].len);
        add_text(s, INDENT + 2, marked ? MR_STYLE_HEAD : MR_STYLE_RESET);
    }
}

static void add_titles(struct screen *s, const size_t *shown, size_t count)
{
    const size_t first = INDENT + name_width(s, field(s, sides[shown[0]])) + 1;
    const size_t width = (s->view->width - first) / count;
    add_blanks(s->out, first);
    for (size_t i = 0; i < count; i++) {
        const char *title = title_of(s, shown[i]);
        const size_t n = mr_utf8_fit(title, strlen(title), width - 1);
        style(s, MR_STYLE_DIM);
        mr_strbuf_add(s->out, title, n);
        style(s, MR_STYLE_RESET);
        if (i + 1 < count)
            add_blanks(s->out, width - n);
    }
    mr_strbuf_add_char(s->out, '\n');
}

/* Columns that tell the rows apart, and the key; the others where they are asked for, or where there is
 * one row alone. */
static void add_rows(struct screen *s)
{
    size_t shown[MR_IMAGES], hidden = 0;
    const size_t count = shown_sides(s, shown);
    if (count == 0) {
        mr_strbuf_add_str(&s->text,
                          "Of this run of keys the rows are not listed: one decision is for "
                          "all of them.");
        add_text(s, 0, MR_STYLE_DIM);
        return;
    }
    const char *image = field(s, sides[shown[0]]), *at = image;
    const bool both = field(s, MR_ASKS_SOURCE)[0] != '\0' && field(s, MR_ASKS_TARGET)[0] != '\0';
    struct mr_image_member m;
    if (s->view->width >= NARROW)
        add_titles(s, shown, count);
    while (mr_image_text_next(&at, image + strlen(image), &m)) {
        const bool marked = differs(s, m.name);
        if (both && !marked && !s->view->all && !is_key(s, m.name)) {
            hidden++;
            continue;
        }
        if (s->view->width >= NARROW)
            add_side_by_side(s, shown, count, m.name, marked);
        else
            add_stacked(s, shown, count, m.name, marked);
    }
    if (hidden > 0) {
        mr_strbuf_add_fmt(&s->text, "%zu column%s equal (e shows %s)", hidden,
                          hidden == 1 ? " is" : "s are", hidden == 1 ? "it" : "them");
        add_text(s, INDENT, MR_STYLE_DIM);
    }
}

/* ---- what stands around them ---- */

static void add_head(struct screen *s, size_t at)
{
    const size_t count = mr_answers_count(s->answers);
    mr_strbuf_add_fmt(&s->text, "%zu of %zu, %zu decided", at + 1, count, s->answers->decided);
    add_text(s, 0, MR_STYLE_DIM);
    mr_decide_screen_name(s->answers, s->answer, &s->text);
    mr_strbuf_add_fmt(&s->text, ": %s", mr_conflict_name(s->answer->kind));
    add_text(s, 0, MR_STYLE_HEAD);
    mr_strbuf_add_fmt(&s->text, "%s. %s", mr_conflict_title(s->answer->kind),
                      mr_conflict_says(s->answer->kind));
    add_text(s, 0, MR_STYLE_RESET);
    mr_strbuf_add_char(s->out, '\n');
}

static void add_story(struct screen *s)
{
    const size_t *at = s->answers->rows.at;
    const struct mr_conflict_story story = {
        .base = field(s, MR_ASKS_BASE),
        .source = field(s, MR_ASKS_SOURCE),
        .target = field(s, MR_ASKS_TARGET),
        .source_changes = at[MR_ASKS_SOURCE_CHANGES] > 0 ? field(s, MR_ASKS_SOURCE_CHANGES) : NULL,
        .target_changes = at[MR_ASKS_TARGET_CHANGES] > 0 ? field(s, MR_ASKS_TARGET_CHANGES) : NULL,
        .whole = s->view->all};
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_conflict_story_add(&text, &story);
    if (text.len > 0) {
        mr_strbuf_add_char(s->out, '\n');
        mr_utf8_show(&s->text, text.ptr, text.len, false);
        add_text(s, 0, MR_STYLE_RESET);
    }
    s->out->failed |= text.failed;
    mr_strbuf_release(&text);
}

/* How a choice is called where somebody has to complete it. */
static const char *label(const char *choice)
{
    if (strncmp(choice, "newest:", 7) == 0)
        return "newest";
    return choice[0] == '{' || strchr(choice, '=') != NULL ? "another value" : choice;
}

static void add_choices(struct screen *s)
{
    struct mr_strbuf word = MR_STRBUF_INIT;
    size_t n = 0, from = 0, to = 0;
    if (s->view->of_group) {
        size_t at = (size_t)(s->answer - (const struct mr_answer *)s->answers->list.items);
        mr_answers_group(s->answers, at, &from, &to);
        mr_strbuf_add_str(&s->text, "For all open ones of \"");
        mr_utf8_show_str(&s->text, table_name(s->answers, s->answer->table));
        mr_strbuf_add_fmt(&s->text, ": %s\" (%zu in all):", mr_conflict_title(s->answer->kind),
                          to - from);
        add_text(s, 0, MR_STYLE_WARN);
    }
    for (; mr_answers_choice(s->answers, s->answer, n, &word); n++) {
        mr_strbuf_add_fmt(&s->text, "%zu %s: %s", n + 1, label(word.ptr),
                          mr_choice_says(s->answer->kind, word.ptr));
        add_text(s, INDENT, MR_STYLE_RESET);
    }
    if (n == 0) {
        mr_strbuf_add_str(&s->text,
                          "Nothing can be chosen for this row: it stays as it is until what it "
                          "waits for is decided, or what is in its way has gone.");
        add_text(s, 0, MR_STYLE_DIM);
    }
    s->out->failed |= word.failed;
    mr_strbuf_release(&word);
}

static void add_state(struct screen *s)
{
    mr_strbuf_add_str(&s->text, s->answer->decision[0] != '\0' ? "Decided: " : "Open.");
    mr_utf8_show_str(&s->text, s->answer->decision);
    if (s->answer->decision[0] != '\0' &&
        strcmp(field(s, MR_ASKS_DERIVED), s->answer->decision) == 0)
        mr_strbuf_add_str(&s->text, ", by a rule, or by what is above it: nobody has said so");
    if (s->answer->note[0] != '\0') {
        mr_strbuf_add_str(&s->text, s->answer->decision[0] != '\0' ? "  Note: " : " Note: ");
        mr_utf8_show_str(&s->text, s->answer->note);
    }
    add_text(s, 0, s->answer->decision[0] != '\0' ? MR_STYLE_GOOD : MR_STYLE_WARN);
    mr_utf8_show_str(&s->text, s->view->said);
    add_text(s, 0, MR_STYLE_HEAD);
    mr_strbuf_add_str(&s->text,
                      s->view->of_group
                          ? "number chooses for all, Esc goes back"
                          : "number chooses, n next, p before, o next open, u undo, g all "
                            "of the kind, t note, 0 leave open, e all columns, space scrolls, "
                            "q save and leave");
    add_text(s, 0, MR_STYLE_DIM);
}

/* ---- the screen ---- */

static size_t lines_of(const struct mr_strbuf *text)
{
    size_t n = 0;
    for (size_t i = 0; i < text->len; i++)
        n += text->ptr[i] == '\n';
    return n;
}

static const char *behind_lines(const char *at, size_t n)
{
    while (n-- > 0 && at != NULL)
        at = strchr(at, '\n') != NULL ? strchr(at, '\n') + 1 : NULL;
    return at;
}

/* The rows have what the rest leaves; where they are longer, a part of them. */
static void add_body(const struct mr_strbuf *body, struct mr_decide_view *view, size_t others,
                     struct mr_strbuf *out)
{
    const size_t lines = lines_of(body);
    const size_t room = view->height > others + 3 ? view->height - others - 1 : 3;
    if (view->height == 0 || lines <= room || body->failed) {
        view->scroll = 0;
        mr_strbuf_add(out, body->ptr, body->len);
        return;
    }
    if (view->scroll >= lines)
        view->scroll = 0;
    const size_t shown = lines - view->scroll < room - 1 ? lines - view->scroll : room - 1;
    const char *from = behind_lines(body->ptr, view->scroll);
    const char *to = from != NULL ? behind_lines(from, shown) : NULL;
    if (from != NULL && to != NULL)
        mr_strbuf_add(out, from, (size_t)(to - from));
    mr_strbuf_add_fmt(out, "  -- lines %u to %zu of %zu\n", view->scroll + 1, view->scroll + shown,
                      lines);
}

enum mr_code mr_decide_screen(const struct mr_answers *answers, size_t at,
                              struct mr_decide_view *view, struct mr_strbuf *out,
                              struct mr_err *err)
{
    struct mr_strbuf head = MR_STRBUF_INIT, body = MR_STRBUF_INIT, foot = MR_STRBUF_INIT;
    struct screen s = {.answers = answers,
                       .answer = mr_answers_at(answers, at),
                       .view = view,
                       .out = &head,
                       .text = MR_STRBUF_INIT};
    for (size_t i = 0; i < MR_IMAGES; i++)
        mr_strbuf_init(&s.cell[i]);
    add_head(&s, at);
    s.out = &body;
    add_rows(&s);
    add_story(&s);
    s.out = &foot;
    mr_strbuf_add_char(&foot, '\n');
    add_choices(&s);
    add_state(&s);
    mr_strbuf_add(out, head.ptr, head.len);
    add_body(&body, view, lines_of(&head) + lines_of(&foot), out);
    mr_strbuf_add(out, foot.ptr, foot.len);
    out->failed |= head.failed || body.failed || foot.failed;
    for (size_t i = 0; i < MR_IMAGES; i++)
        mr_strbuf_release(&s.cell[i]);
    mr_strbuf_release(&s.text);
    mr_strbuf_release(&head);
    mr_strbuf_release(&body);
    mr_strbuf_release(&foot);
    return mr_strbuf_check(out, "showing a conflict", err);
}
