/* condition.c: see condition.h.  A parser by recursive descent; its nodes lie in one list,
 * operands before what joins them. */
#include "core/source/condition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/vec.h"
#include "core/db/sqlscan.h"
#include "core/row/row_class.h"
#include "core/row/when.h"
#include "core/source/canon.h"

#define DEPTH_MAX 32 /* of parentheses and NOT */

enum op {
    OP_AND = 1,
    OP_OR,
    OP_NOT,
    OP_TRUE, /* an integer that is not 0 */
    OP_IS_NULL,
    OP_EQUAL, /* to any of the literals */
    OP_SAME,  /* <=> */
    OP_LESS,
    OP_MORE
};

struct literal {
    bool is_null, is_number, is_time;
    int64_t number;
    struct mr_strbuf text; /* as it is compared */
};

struct node {
    enum op op;
    size_t left, right;  /* nodes */
    size_t column;       /* in columns */
    size_t first, count; /* literals */
};

/* What SQL knows of a row, and what only a server knows. */
enum truth { NO = 0, YES, UNKNOWN, UNDECIDED };

struct mr_condition {
    struct mr_vec nodes, literals, columns; /* struct node, struct literal, const struct
                                               mr_column * */
    size_t root;
    struct mr_strbuf text; /* of the value at hand, as it is compared */
};

struct parser {
    struct mr_condition *c;
    const struct mr_table *table;
    struct mr_sqlscan scan;
    struct mr_token token; /* at hand */
    unsigned depth;
    struct mr_err *err;
};

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a condition");
}

/* ---- tokens ---- */

static enum mr_code refuse(struct parser *p, const char *what)
{
    return mr_err_set(p->err, MR_E_UNSUPPORTED,
                      "only a server can judge a condition with %s%s\"%.*s\"", what,
                      *what != '\0' ? " " : "", (int)(p->token.len < 60 ? p->token.len : 60),
                      p->token.ptr != NULL ? p->token.ptr : "");
}

static void next(struct parser *p)
{
    (void)mr_sqlscan_next_code(&p->scan, &p->token);
}

static bool take(struct parser *p, const char *word)
{
    if (!mr_token_is(&p->token, word))
        return false;
    next(p);
    return true;
}

static enum mr_code expect(struct parser *p, const char *word)
{
    return take(p, word) ? MR_OK : refuse(p, "");
}

/* ---- nodes ---- */

static enum mr_code push(struct parser *p, const struct node *node, size_t *at)
{
    struct node *slot = mr_vec_push(&p->c->nodes);
    if (slot == NULL)
        return no_memory(p->err);
    *slot = *node;
    *at = p->c->nodes.count - 1;
    return MR_OK;
}

static enum mr_code negate(struct parser *p, size_t *at)
{
    return push(p, &(struct node){.op = OP_NOT, .left = *at}, at);
}

/* The names that the server takes: columns are the same whatever their letters. Each column that is
 * used is kept once, since its value is asked for by its place. */
static enum mr_code find_column(struct parser *p, size_t *at)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct mr_vec *columns = &p->c->columns;
    bool named = p->token.kind == MR_TOKEN_WORD || p->token.kind == MR_TOKEN_IDENT;
    mr_token_unquote(&name, &p->token);
    const struct mr_column *col = NULL;
    for (size_t i = 0; named && !name.failed && i < p->table->ncolumns; i++)
        if (strcasecmp(p->table->columns[i].name, name.ptr) == 0)
            col = &p->table->columns[i];
    mr_strbuf_release(&name);
    if (col == NULL)
        return refuse(p, "");
    for (*at = 0; *at < columns->count; (*at)++)
        if (*(const struct mr_column **)mr_vec_at(columns, *at) == col)
            break;
    if (*at == columns->count) {
        const struct mr_column **slot = mr_vec_push(columns);
        if (slot == NULL)
            return no_memory(p->err);
        *slot = col;
    }
    next(p);
    return MR_OK;
}

static const struct mr_column *column_at(const struct mr_condition *c, size_t at)
{
    return *(const struct mr_column *const *)mr_vec_at(&c->columns, at);
}

/* ---- literals ---- */

static bool is_ascii(const struct mr_strbuf *text)
{
    for (size_t i = 0; i < text->len; i++)
        if ((unsigned char)text->ptr[i] >= 0x80)
            return false;
    return true;
}

/* Does the character set write the text in the bytes of UTF-8? */
static bool is_written_so(const char *charset, const struct mr_strbuf *text)
{
    static const char *const others[] = {"ucs2", "utf16", "utf16le", "utf32"};
    if (charset == NULL || strncmp(charset, "utf8", 4) == 0)
        return true;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(charset, others[i]) == 0)
            return false;
    return is_ascii(text);
}

static enum mr_code read_number(struct parser *p, bool negative, struct literal *out)
{
    char text[24];
    char *end = NULL;
    if (p->token.kind != MR_TOKEN_NUMBER || p->token.len >= sizeof text - 1)
        return refuse(p, "");
    text[0] = '-';
    memcpy(text + 1, p->token.ptr, p->token.len);
    text[p->token.len + 1] = '\0';
    errno = 0;
    out->number = strtoll(negative ? text : text + 1, &end, 10);
    out->is_number = true;
    return errno == 0 && *end == '\0' ? MR_OK : refuse(p, "");
}

/* Bytes in the order of times. */
static void add_time(struct mr_strbuf *out, const struct mr_time *time)
{
    const struct mr_value value = {.cls = MR_CLASS_DATETIME, .t = *time};
    if (mr_row_encode(out, &value, NULL) != MR_OK)
        out->failed = true;
}

/* "2026-04-02", "2026-04-02 12:00:00", "2026-04-02 12:00:00.5", and nothing else. */
static bool read_time(const struct mr_strbuf *text, struct literal *out)
{
    static const char form[] = "9999-99-99 99:99:99.999999";
    struct mr_time t = {.year = 0};
    uint32_t *const parts[] = {&t.year, &t.month, &t.day, &t.hour, &t.minute, &t.second, &t.micros};
    size_t part = 0, len = text->len;
    if (len < 10 || len > sizeof form - 1 || (len > 10 && len < 19) || len == 20)
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        char c = i < len ? text->ptr[i] : form[i] == '9' ? '0' : form[i];
        bool digit = c >= '0' && c <= '9';
        if (digit != (form[i] == '9') || (!digit && c != form[i]))
            return false;
        part += !digit;
        if (digit)
            *parts[part] = *parts[part] * 10 + (uint32_t)(c - '0');
    }
    out->is_time = true;
    add_time(&out->text, &t);
    bool zero = t.month == 0 || t.day == 0; /* '0000-00-00', '2026-04-00' */
    return (zero ? t.month <= 12 && t.day <= 31 : mr_when_is_day(&t)) && t.hour < 24 &&
           t.minute < 60 && t.second < 60;
}

/* A string for a text; the digits of an integer may stand in quotes. */
static enum mr_code read_string(struct parser *p, const struct mr_column *col, struct literal *out)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_token_unquote(&text, &p->token);
    if (mr_class_is_integer(col->cls)) {
        char *end = NULL;
        errno = 0;
        out->number = strtoll(text.ptr != NULL ? text.ptr : "", &end, 10);
        out->is_number = true;
        if (text.len == 0 || errno != 0 || *end != '\0' || text.ptr[0] == ' ')
            MR_TRY_OUT(refuse(p, ""));
    } else if (mr_class_is_moment(col->cls)) {
        if (!read_time(&text, out))
            MR_TRY_OUT(refuse(p, ""));
    } else if (col->cls == MR_CLASS_BINARY) {
        mr_strbuf_add(&out->text, text.ptr, text.len);
    } else if (mr_class_has_charset(col->cls) && is_written_so(col->charset, &text)) {
        mr_canon_local(&out->text, col->charset, col->collation, text.ptr, text.len);
    } else {
        MR_TRY_OUT(refuse(p, ""));
    }
    if (text.failed || out->text.failed)
        MR_TRY_OUT(no_memory(p->err));
out:
    mr_strbuf_release(&text);
    return code;
}

/* A server would turn a text into a number, or a number into a text, by rules of its own: what is
 * compared across types is refused here instead of being judged otherwise. */
static enum mr_code read_literal(struct parser *p, size_t column, struct node *node)
{
    const struct mr_column *col = column_at(p->c, column);
    struct literal *out = mr_vec_push(&p->c->literals);
    if (out == NULL)
        return no_memory(p->err);
    mr_strbuf_init(&out->text);
    node->count++;
    bool negative = take(p, "-");
    bool boolean = mr_token_is(&p->token, "TRUE");
    if (!negative && mr_token_is(&p->token, "NULL")) {
        out->is_null = true;
    } else if (!negative && (boolean || mr_token_is(&p->token, "FALSE"))) {
        out->is_number = true;
        out->number = boolean;
    } else if (!negative && p->token.kind == MR_TOKEN_STRING) {
        MR_TRY(read_string(p, col, out));
    } else {
        MR_TRY(read_number(p, negative, out));
    }
    if (out->is_number && !mr_class_is_integer(col->cls))
        MR_TRY(refuse(p, "a text and the number"));
    next(p);
    return MR_OK;
}

/* ---- what is compared ---- */

static bool has_order(const struct mr_column *col)
{
    return mr_class_is_integer(col->cls) || mr_class_is_moment(col->cls);
}

static enum mr_code read_list(struct parser *p, struct node *node)
{
    enum mr_code code = expect(p, "(");
    do {
        if (code == MR_OK)
            code = read_literal(p, node->column, node);
    } while (code == MR_OK && take(p, ","));
    return code == MR_OK ? expect(p, ")") : code;
}

static enum mr_code read_is(struct parser *p, struct node *node, bool *inverted)
{
    *inverted = take(p, "NOT");
    node->op = OP_IS_NULL;
    return expect(p, "NULL");
}

/* Half of them are NOT of another. NOT of what is unknown is unknown, as SQL has it, so that
 * turning the answer round is right for NULL, too. */
static bool take_operator(struct parser *p, enum op *op, bool *inverted)
{
    static const struct {
        const char *word;
        enum op op;
        bool inverted;
    } operators[] = {{"=", OP_EQUAL, false},  {"<>", OP_EQUAL, true}, {"!=", OP_EQUAL, true},
                     {"<=>", OP_SAME, false}, {"<", OP_LESS, false},  {">=", OP_LESS, true},
                     {">", OP_MORE, false},   {"<=", OP_MORE, true}};
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (take(p, operators[i].word)) {
            *op = operators[i].op;
            *inverted = operators[i].inverted;
            return true;
        }
    return false;
}

/* NOT (column < a) AND NOT (column > b) */
static enum mr_code read_between(struct parser *p, size_t column, size_t *at)
{
    struct node below = {.op = OP_LESS, .column = column, .first = p->c->literals.count};
    size_t above_at = 0;
    MR_TRY(read_literal(p, column, &below));
    MR_TRY(push(p, &below, at));
    MR_TRY(negate(p, at));
    MR_TRY(expect(p, "AND"));
    struct node above = {.op = OP_MORE, .column = column, .first = p->c->literals.count};
    MR_TRY(read_literal(p, column, &above));
    MR_TRY(push(p, &above, &above_at));
    MR_TRY(negate(p, &above_at));
    return push(p, &(struct node){.op = OP_AND, .left = *at, .right = above_at}, at);
}

static enum mr_code read_comparison(struct parser *p, size_t *at)
{
    struct node node = {.op = OP_TRUE, .first = p->c->literals.count};
    bool inverted = false;
    enum mr_code code = find_column(p, &node.column);
    if (code != MR_OK)
        return code;
    const struct mr_column *col = column_at(p->c, node.column);
    if (take(p, "IS")) {
        code = read_is(p, &node, &inverted);
    } else if (take_operator(p, &node.op, &inverted)) {
        if ((node.op == OP_LESS || node.op == OP_MORE) && !has_order(col))
            return refuse(p, "an order of texts and");
        code = read_literal(p, node.column, &node);
    } else if (mr_token_is(&p->token, "IN") || mr_token_is(&p->token, "NOT") ||
               mr_token_is(&p->token, "BETWEEN")) {
        inverted = take(p, "NOT");
        if (has_order(col) && take(p, "BETWEEN")) {
            code = read_between(p, node.column, at);
            return code == MR_OK && inverted ? negate(p, at) : code;
        }
        node.op = OP_EQUAL;
        code = expect(p, "IN");
        if (code == MR_OK)
            code = read_list(p, &node);
    } else if (!mr_class_is_integer(col->cls)) {
        return refuse(p, "");
    }
    if (code == MR_OK)
        code = push(p, &node, at);
    return code == MR_OK && inverted ? negate(p, at) : code;
}

/* ---- what joins them ---- */

static enum mr_code read_any(struct parser *p, size_t *at);

/* The depth is bounded: the text is read, and judged for each row, by functions that call
 * themselves. */
static enum mr_code read_operand(struct parser *p, size_t *at)
{
    enum mr_code code;
    if (++p->depth > DEPTH_MAX)
        return refuse(p, "so many parentheses,");
    if (take(p, "NOT")) {
        code = read_operand(p, at);
        if (code == MR_OK)
            code = negate(p, at);
    } else if (take(p, "(")) {
        code = read_any(p, at);
        if (code == MR_OK)
            code = expect(p, ")");
    } else {
        code = read_comparison(p, at);
    }
    p->depth--;
    return code;
}

static enum mr_code read_all(struct parser *p, size_t *at)
{
    MR_TRY(read_operand(p, at));
    while ((take(p, "AND") || take(p, "&&"))) {
        struct node node = {.op = OP_AND, .left = *at};
        MR_TRY(read_operand(p, &node.right));
        MR_TRY(push(p, &node, at));
    }
    return MR_OK;
}

static enum mr_code read_any(struct parser *p, size_t *at)
{
    MR_TRY(read_all(p, at));
    while (take(p, "OR")) {
        struct node node = {.op = OP_OR, .left = *at};
        MR_TRY(read_all(p, &node.right));
        MR_TRY(push(p, &node, at));
    }
    return MR_OK;
}

enum mr_code mr_condition_parse(const char *text, const struct mr_table *table,
                                struct mr_condition **out, struct mr_err *err)
{
    struct mr_condition *c = calloc(1, sizeof *c);
    struct parser p = {.c = c, .table = table, .err = err};
    *out = NULL;
    if (c == NULL)
        return no_memory(err);
    c->nodes = (struct mr_vec)MR_VEC_INIT(struct node);
    c->literals = (struct mr_vec)MR_VEC_INIT(struct literal);
    c->columns = (struct mr_vec)MR_VEC_INIT(const struct mr_column *);
    mr_strbuf_init(&c->text);
    mr_sqlscan_init(&p.scan, text, strlen(text));
    next(&p);
    enum mr_code code = read_any(&p, &c->root);
    if (code == MR_OK && p.token.kind != MR_TOKEN_END)
        code = refuse(&p, "");
    if (code == MR_OK && p.scan.broken)
        code = refuse(&p, "");
    if (code == MR_OK)
        *out = c;
    else
        mr_condition_free(c);
    return code;
}

void mr_condition_free(struct mr_condition *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->literals.count; i++)
        mr_strbuf_release(&((struct literal *)mr_vec_at(&c->literals, i))->text);
    mr_vec_release(&c->nodes);
    mr_vec_release(&c->literals);
    mr_vec_release(&c->columns);
    mr_strbuf_release(&c->text);
    free(c);
}

const struct mr_column *const *mr_condition_columns(const struct mr_condition *condition,
                                                    size_t *count)
{
    *count = condition->columns.count;
    return condition->columns.items;
}

/* ---- rows ---- */

/* As strcmp(); of texts only whether they are equal. */
static int compare(const struct mr_condition *c, const struct mr_value *value,
                   const struct literal *literal)
{
    if (literal->is_time)
        return c->text.len == literal->text.len
                   ? memcmp(c->text.ptr, literal->text.ptr, literal->text.len)
                   : 1;
    if (!literal->is_number)
        return c->text.len != literal->text.len ||
               (c->text.len > 0 && memcmp(c->text.ptr, literal->text.ptr, c->text.len) != 0);
    if (value->cls == MR_CLASS_UINT && value->u > INT64_MAX)
        return 1;
    int64_t number = value->cls == MR_CLASS_UINT ? (int64_t)value->u : value->i;
    return (number > literal->number) - (number < literal->number);
}

static enum truth truth_of(bool yes)
{
    return yes ? YES : NO;
}

/* Neither is NULL. */
static enum truth equals(const struct mr_condition *c, const struct mr_column *col,
                         const struct mr_value *value, const struct literal *l)
{
    if (compare(c, value, l) == 0)
        return YES;
    bool may = mr_class_has_charset(col->cls) &&
               mr_canon_may_equal(col->charset, col->collation, &c->text, &l->text);
    return may ? UNDECIDED : NO;
}

static enum truth is_any(const struct mr_condition *c, const struct node *n,
                         const struct mr_value *value)
{
    const struct mr_column *col = column_at(c, n->column);
    enum truth truth = NO;
    if (value->cls == MR_CLASS_NULL)
        return UNKNOWN;
    for (size_t i = 0; i < n->count && truth != YES; i++) {
        const struct literal *l = mr_vec_at(&c->literals, n->first + i);
        enum truth one = l->is_null ? UNKNOWN : equals(c, col, value, l);
        if (one == YES || truth != UNDECIDED)
            truth = one != NO ? one : truth;
    }
    return truth;
}

static enum truth compared(struct mr_condition *c, const struct node *n,
                           const struct mr_value *value)
{
    const struct mr_column *col = column_at(c, n->column);
    const struct literal *l = n->count > 0 ? mr_vec_at(&c->literals, n->first) : NULL;
    bool null = value->cls == MR_CLASS_NULL;
    mr_strbuf_reset(&c->text);
    if (n->op == OP_IS_NULL)
        return truth_of(null);
    if (!null && (mr_class_has_charset(col->cls) || col->cls == MR_CLASS_BINARY) &&
        value->ptr == NULL && value->len > 0)
        return UNDECIDED; /* too long to be at hand */
    if (!null && mr_class_has_charset(col->cls))
        mr_canon_local(&c->text, col->charset, col->collation, value->ptr, value->len);
    else if (!null && mr_class_is_moment(col->cls))
        add_time(&c->text, &value->t);
    else if (!null && !mr_class_is_integer(col->cls))
        mr_strbuf_add(&c->text, value->ptr, value->len);
    if (n->op == OP_EQUAL)
        return is_any(c, n, value);
    if (n->op == OP_TRUE)
        return null ? UNKNOWN : truth_of(value->u != 0);
    if (n->op == OP_SAME)
        return null || l->is_null ? truth_of(null && l->is_null) : equals(c, col, value, l);
    if (null || l->is_null)
        return UNKNOWN;
    int order = compare(c, value, l);
    return truth_of(n->op == OP_LESS ? order < 0 : order > 0);
}

/* One half may settle the whole, whatever the other is. UNDECIDED, what only the server could tell,
 * is more than the unknown of SQL: it is refused, unless it does not matter. */
static enum truth judge(struct mr_condition *c, size_t at, const struct mr_value *values)
{
    const struct node *n = mr_vec_at(&c->nodes, at);
    enum truth left, right;
    if (n->op != OP_AND && n->op != OP_OR && n->op != OP_NOT)
        return compared(c, n, &values[n->column]);
    left = judge(c, n->left, values);
    if (n->op == OP_NOT)
        return left == UNKNOWN || left == UNDECIDED ? left : truth_of(left == NO);
    right = judge(c, n->right, values);
    enum truth settles = n->op == OP_AND ? NO : YES;
    if (left == settles || right == settles)
        return settles;
    if (left == UNDECIDED || right == UNDECIDED)
        return UNDECIDED;
    return left == UNKNOWN || right == UNKNOWN ? UNKNOWN : left;
}

enum mr_code mr_condition_holds(struct mr_condition *condition, const struct mr_value *values,
                                bool *holds, struct mr_err *err)
{
    enum truth truth = judge(condition, condition->root, values);
    enum mr_code code = mr_strbuf_check(&condition->text, "judging a condition", err);
    *holds = truth == YES;
    if (code == MR_OK && truth == UNDECIDED)
        code = mr_err_set(err, MR_E_UNSUPPORTED,
                          "only a server can judge whether a text of more than ASCII, or "
                          "a long one, is equal to what the condition names");
    return code;
}
