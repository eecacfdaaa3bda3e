/* canon.c: see canon.h. */
#include "core/source/canon.h"

#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"

#define TEXTS_A_STATEMENT 500
#define STATEMENT_BYTES ((size_t)256 * 1024)
/* errors of both servers */
#define UNKNOWN_CHARSET 1115
#define COLLATION_MISMATCH 1253
#define UNKNOWN_COLLATION 1273

bool mr_canon_pads(const char *collation)
{
    return strcmp(collation, "binary") != 0 && strstr(collation, "_0900_") == NULL &&
           strstr(collation, "_nopad_") == NULL;
}

static bool has_suffix(const char *text, const char *suffix)
{
    size_t len = strlen(text), own = strlen(suffix);
    return len >= own && strcmp(text + len - own, suffix) == 0;
}

bool mr_canon_is_wider(const char *collation)
{
    return collation != NULL && !has_suffix(collation, "_bin");
}

/* Letters of ASCII without their case?  Turkish has other ideas of i. */
static bool folds(const char *collation)
{
    if (collation == NULL)
        return true;
    return !has_suffix(collation, "_bin") && !has_suffix(collation, "_cs") &&
           strstr(collation, "turkish") == NULL && strstr(collation, "_tr_") == NULL;
}

/* A character may have bytes that look like ASCII. */
static bool is_wide(const char *charset)
{
    return charset != NULL && (strncmp(charset, "utf16", 5) == 0 || strcmp(charset, "ucs2") == 0 ||
                               strcmp(charset, "utf32") == 0);
}

/* No server is there to say what its collation takes for equal: only what holds for every collation
 * of that kind is done, so that two texts that come out equal are equal. */
void mr_canon_local(struct mr_strbuf *out, const char *charset, const char *collation,
                    const void *ptr, size_t len)
{
    const char *text = ptr;
    bool wide = is_wide(charset);
    if (!wide && (collation == NULL || mr_canon_pads(collation)))
        while (len > 0 && text[len - 1] == ' ')
            len--;
    size_t from = out->len;
    mr_strbuf_add(out, text, len);
    if (out->failed || wide || !folds(collation))
        return;
    for (size_t i = from; i < out->len; i++)
        if (out->ptr[i] >= 'A' && out->ptr[i] <= 'Z')
            out->ptr[i] = (char)(out->ptr[i] - 'A' + 'a');
}

/* Characters of ASCII (letters small) that a collation takes for others: in a language, alone
 * or in the pairs that Hungarian doubles by their first letter, or in an old character set.
 * One of two is enough. */
static const char *odd_letters(const char *collation)
{
    static const char *const names[][3] = {
        {"swedish", "_sv_", "vw"},          {"lithuanian", "_lt_", "iy"},
        {"latvian", "_lv_", "iy"},          {"roman_", "_la_", "jv"},
        {"hungarian", "_hu_", "cdglnstyz"}, {"turkish", "_tr_", "i"},
        {"macce_general", "", "n"},         {"koi8u_general", "cp1251_ukrainian", "`"},
        {"geostd8_general", "", "`"},       {"gbk_chinese", "gb2312_chinese", "~"},
        {"big5_chinese", "", "`~"},         {"latin2_czech", "", "\t "}};
    if (strncmp(collation, "swe7_", 5) == 0)
        return "@`^~[\\]vw";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (size_t k = 0; k < 2; k++)
            if (names[i][k][0] != '\0' && strstr(collation, names[i][k]) != NULL)
                return names[i][2];
    return "";
}

/* Two texts whose equality is in question. */
struct question {
    const struct mr_strbuf *a, *b;
    const char *odd;
};

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Does the byte, where it is a character, stand for itself alone? */
static bool is_plain(const struct question *q, char c)
{
    unsigned char byte = (unsigned char)c;
    return byte < 0x7f && (byte >= 0x20 || (byte >= '\t' && byte <= '\r')) &&
           strchr(q->odd, small(c)) == NULL;
}

/* Do charset's characters of several bytes have all of them beyond ASCII? */
static bool is_read_backwards(const char *charset)
{
    static const char *const others[] = {"sjis", "cp932", "gbk", "big5", "gb18030"};
    for (size_t i = 0; charset != NULL && i < sizeof others / sizeof others[0]; i++)
        if (strcmp(charset, others[i]) == 0)
            return false;
    return true;
}

/* Do the plain characters at the ends differ, up to where one of them has another?  Their case
 * is left to is_settled(). */
static bool ends_differ(const struct question *q, bool back)
{
    size_t n = q->a->len < q->b->len ? q->a->len : q->b->len;
    for (size_t i = 0; i < n; i++) {
        char x = q->a->ptr[back ? q->a->len - 1 - i : i];
        char y = q->b->ptr[back ? q->b->len - 1 - i : i];
        if (!is_plain(q, x) || !is_plain(q, y))
            return false;
        if (small(x) != small(y))
            return true;
    }
    return false;
}

static bool is_all_plain(const struct question *q, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_plain(q, text[i]))
            return false;
    return true;
}

/* Of plain characters alone, whose ends do not differ: that leaves their number, and their case
 * where it counts (mr_canon_local() has not folded that of Turkish, where it does not). */
static bool is_settled(const struct question *q, const char *collation)
{
    return is_all_plain(q, q->a->ptr, q->a->len) && is_all_plain(q, q->b->ptr, q->b->len) &&
           (q->a->len != q->b->len || folds(collation) || has_suffix(collation, "_cs"));
}

bool mr_canon_may_equal(const char *charset, const char *collation, const struct mr_strbuf *a,
                        const struct mr_strbuf *b)
{
    if (!mr_canon_is_wider(collation))
        return false;
    const struct question q = {a, b, odd_letters(collation)};
    if (is_wide(charset))
        return true;
    return !ends_differ(&q, false) && !(is_read_backwards(charset) && ends_differ(&q, true)) &&
           !is_settled(&q, collation);
}

/*
 * Is the text's own bytes, without the blanks that the collation ignores, what it compares
 * by?  So a _bin collation does, in the charsets whose blank is the byte 0x20 and nothing
 * else: two texts are equal if and only if these bytes are.
 */
static bool is_own_weight(const struct mr_canon_column *col)
{
    static const char *const charsets[] = {"utf8mb4", "utf8mb3", "utf8", "latin1", "ascii"};
    if (col->prefix != 0 || !has_suffix(col->target->collation, "_bin") ||
        strcmp(col->charset, col->target->charset) != 0)
        return false;
    for (size_t i = 0; i < sizeof charsets / sizeof charsets[0]; i++)
        if (strcmp(col->charset, charsets[i]) == 0)
            return true;
    return false;
}

static bool is_text(const struct mr_canon_column *col, const struct mr_value *value)
{
    return col->charset != NULL && col->target->collation != NULL && value->cls == MR_CLASS_TEXT;
}

static bool is_asked(const struct mr_db *db, const struct mr_canon_column *col,
                     const struct mr_value *value)
{
    return db != NULL && is_text(col, value) && !is_own_weight(col);
}

/* scrap: where the bytes are. */
static struct mr_value own_weight(const struct mr_canon_column *col, const struct mr_value *value,
                                  struct mr_strbuf *scrap)
{
    mr_strbuf_reset(scrap);
    mr_canon_local(scrap, col->charset, col->target->collation, value->ptr, value->len);
    return (struct mr_value){.cls = MR_CLASS_BINARY, .ptr = scrap->ptr, .len = scrap->len};
}

/* The weight of one text. */
struct asked {
    const void *weight;
    size_t weight_len;
};

/* What comes out has to be what the server's = compares: of the prefix that an index has, without
 * the trailing blanks that a collation which pads does not count. */
static void add_weight(struct mr_strbuf *sql, const struct mr_canon_column *col,
                       const struct mr_value *value)
{
    bool pads = mr_canon_pads(col->target->collation);
    bool convert = strcmp(col->charset, col->target->charset) != 0;
    mr_strbuf_add_str(sql, "WEIGHT_STRING(");
    if (pads)
        mr_strbuf_add_str(sql, "TRIM(TRAILING ' ' FROM ");
    if (col->prefix != 0)
        mr_strbuf_add_str(sql, "LEFT(");
    if (convert)
        mr_strbuf_add_str(sql, "CONVERT(");
    mr_sql_value(sql, value, col->charset);
    if (convert)
        mr_strbuf_add_fmt(sql, " USING %s)", col->target->charset);
    if (col->prefix != 0)
        mr_strbuf_add_fmt(sql, ", %zu)", col->prefix);
    mr_strbuf_add_str(sql, " COLLATE ");
    mr_strbuf_add_str(sql, col->target->collation);
    mr_strbuf_add_str(sql, pads ? ")) w" : ") w");
}

static enum mr_code ask(struct mr_db *db, struct mr_strbuf *sql, struct mr_vec *asked, size_t from,
                        struct mr_arena *arena, struct mr_err *err)
{
    struct mr_result *res = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(sql, "asking for weights", err));
    MR_TRY_OUT(mr_db_query(db, "*", sql->ptr, sql->len, &res, err));
    const struct mr_cell *row = mr_result_next(res);
    if (row == NULL || mr_result_columns(res) != asked->count - from)
        MR_TRY_OUT(
            mr_err_set(err, MR_E_SQL, "server \"%s\" gave no weights for texts", mr_db_label(db)));
    for (size_t i = from; i < asked->count; i++) {
        struct asked *a = mr_vec_at(asked, i);
        const struct mr_cell *cell = &row[i - from];
        a->weight_len = cell->len;
        a->weight = mr_arena_dup(arena, cell->ptr, cell->ptr != NULL ? cell->len : 0);
        if (a->weight == NULL)
            MR_TRY_OUT(mr_err_nomem(err, "comparing texts"));
    }
out:
    mr_result_free(res);
    mr_strbuf_reset(sql);
    return code;
}

/* By their bytes, so that those of the same bytes stand together. */
static int compare_items(const void *a, const void *b)
{
    const struct mr_canon_item *x = *(struct mr_canon_item *const *)a;
    const struct mr_canon_item *y = *(struct mr_canon_item *const *)b;
    if (x->in_len != y->in_len)
        return x->in_len < y->in_len ? -1 : 1;
    return x->in_len > 0 ? memcmp(x->in, y->in, x->in_len) : 0;
}

static bool is_twin(struct mr_canon_item *const *sorted, size_t i)
{
    return i > 0 && compare_items(&sorted[i - 1], &sorted[i]) == 0;
}

/* Asks for the weights of all texts, in the order of items and columns; twins are one. */
static enum mr_code ask_all(struct mr_db *db, const struct mr_canon_column *columns,
                            size_t ncolumns, struct mr_canon_item *const *sorted, size_t count,
                            struct mr_vec *asked, struct mr_arena *arena, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    size_t from = 0;
    uint64_t packet = db != NULL ? mr_db_server(db)->max_packet_bytes : 0;
    size_t room = packet > 0 && packet / 4 < STATEMENT_BYTES ? (size_t)packet / 4 : STATEMENT_BYTES;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        size_t pos = 0;
        for (size_t c = 0; code == MR_OK && c < ncolumns && !is_twin(sorted, i); c++) {
            struct mr_value value;
            code = mr_row_decode(sorted[i]->in, sorted[i]->in_len, &pos, &value, err);
            if (code != MR_OK || !is_asked(db, &columns[c], &value))
                continue;
            if (mr_vec_push(asked) == NULL) {
                code = mr_err_nomem(err, "comparing texts");
                break;
            }
            mr_strbuf_add_str(&sql, asked->count - from > 1 ? "," : "SELECT ");
            add_weight(&sql, &columns[c], &value);
            if (asked->count - from == TEXTS_A_STATEMENT || sql.len > room) {
                code = ask(db, &sql, asked, from, arena, err);
                from = asked->count;
            }
        }
    }
    if (code == MR_OK && asked->count > from)
        code = ask(db, &sql, asked, from, arena, err);
    mr_strbuf_release(&sql);
    return code;
}

/* What items are put together from. */
struct assembly {
    struct mr_db *db;
    const struct mr_canon_column *columns;
    size_t ncolumns;
    struct mr_vec asked; /* struct asked */
    size_t next;         /* in asked */
    struct mr_strbuf out, scrap;
};

/* Puts one item together: weights as binary values, other values as they are. */
static enum mr_code assemble(struct assembly *as, const struct mr_canon_item *item, bool *null,
                             struct mr_err *err)
{
    size_t pos = 0;
    enum mr_code code = MR_OK;
    *null = false;
    mr_strbuf_reset(&as->out);
    for (size_t c = 0; code == MR_OK && c < as->ncolumns; c++) {
        const struct mr_canon_column *col = &as->columns[c];
        struct mr_value value;
        code = mr_row_decode(item->in, item->in_len, &pos, &value, err);
        if (code != MR_OK)
            break;
        *null = *null || value.cls == MR_CLASS_NULL;
        if (is_asked(as->db, col, &value)) {
            const struct asked *a = mr_vec_at(&as->asked, as->next++);
            value =
                (struct mr_value){.cls = MR_CLASS_BINARY, .ptr = a->weight, .len = a->weight_len};
        } else if (is_text(col, &value)) {
            value = own_weight(col, &value, &as->scrap);
            code = mr_strbuf_check(&as->scrap, "comparing texts", err);
        } else if (value.cls == MR_CLASS_BINARY && col->prefix != 0 && value.len > col->prefix) {
            value.len = col->prefix;
        }
        if (code == MR_OK)
            code = mr_row_encode(&as->out, &value, err);
    }
    return code;
}

/* Canonical bytes of all items, whose weights are known. */
static enum mr_code assemble_all(struct assembly *as, struct mr_canon_item *const *sorted,
                                 size_t count, struct mr_arena *arena, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        struct mr_canon_item *item = sorted[i];
        bool null = false;
        if (is_twin(sorted, i)) {
            item->out = sorted[i - 1]->out;
            item->out_len = sorted[i - 1]->out_len;
            continue;
        }
        code = assemble(as, item, &null, err);
        if (code != MR_OK || null)
            continue;
        item->out_len = as->out.len;
        item->out = mr_arena_dup(arena, as->out.ptr, as->out.len);
        if (item->out == NULL)
            code = mr_err_nomem(err, "comparing texts");
    }
    return code;
}

/* Turkish equates i with neither I nor what others do, and mr_canon_local() folds none of its letters. */
static bool is_told_here(const struct mr_canon_column *col, const struct mr_value *value)
{
    const char *collation = col->target->collation;
    const struct question q = {.odd = odd_letters(collation)};
    if (is_own_weight(col))
        return true;
    return col->prefix == 0 && !is_wide(col->charset) && is_read_backwards(col->charset) &&
           strcmp(col->charset, "swe7") != 0 && is_all_plain(&q, value->ptr, value->len) &&
           (folds(collation) || has_suffix(collation, "_cs"));
}

static enum mr_code all_told_here(const struct mr_canon_column *columns, size_t ncolumns,
                                  const struct mr_canon_item *item, bool *told, struct mr_err *err)
{
    size_t pos = 0;
    for (size_t c = 0; *told && c < ncolumns; c++) {
        struct mr_value value;
        MR_TRY(mr_row_decode(item->in, item->in_len, &pos, &value, err));
        *told = !is_text(&columns[c], &value) || is_told_here(&columns[c], &value);
    }
    return MR_OK;
}

/* Does this server not know the collation, or the character set? */
static bool is_unknown_there(enum mr_code code, const struct mr_err *err)
{
    return code != MR_OK &&
           (err->sql_errno == UNKNOWN_COLLATION || err->sql_errno == UNKNOWN_CHARSET ||
            err->sql_errno == COLLATION_MISMATCH);
}

enum mr_code mr_canon(struct mr_db *db, const struct mr_canon_column *columns, size_t ncolumns,
                      struct mr_canon_item *items, size_t count, struct mr_arena *arena,
                      struct mr_err *err)
{
    struct assembly as = {.db = db,
                          .columns = columns,
                          .ncolumns = ncolumns,
                          .asked = MR_VEC_INIT(struct asked),
                          .out = MR_STRBUF_INIT,
                          .scrap = MR_STRBUF_INIT};
    struct mr_err why = {0};
    struct mr_canon_item **sorted = mr_arena_calloc(arena, count + 1, sizeof *sorted);
    if (sorted == NULL)
        return mr_err_nomem(err, "comparing texts");
    for (size_t i = 0; i < count; i++)
        sorted[i] = &items[i];
    if (count > 1)
        qsort(sorted, count, sizeof *sorted, compare_items);
    enum mr_code code = ask_all(db, columns, ncolumns, sorted, count, &as.asked, arena, &why);
    if (is_unknown_there(code, &why)) {
        as.db = NULL;
        code = MR_OK;
    }
    if (code == MR_OK)
        code = assemble_all(&as, sorted, count, arena, &why);
    if (code != MR_OK && err != NULL)
        *err = why;
    mr_vec_release(&as.asked);
    mr_strbuf_release(&as.out);
    mr_strbuf_release(&as.scrap);
    return code;
}

enum mr_code mr_canon_plain(const struct mr_canon_column *columns, size_t ncolumns,
                            struct mr_canon_item *items, size_t count, struct mr_arena *arena,
                            bool *exact, struct mr_err *err)
{
    *exact = true;
    for (size_t i = 0; *exact && i < count; i++)
        MR_TRY(all_told_here(columns, ncolumns, &items[i], exact, err));
    return *exact ? mr_canon(NULL, columns, ncolumns, items, count, arena, err) : MR_OK;
}
