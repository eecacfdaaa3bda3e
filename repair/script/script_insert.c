/* script_insert.c: rows of values into temporary tables, by statements that TARGET takes; see
 * script_internal.h.
 *
 * A statement is kept below 1 MiB, and below TARGET's max_allowed_packet.  A row that is
 * longer is sent in pieces: its long values are put together in user variables, as bytes,
 * which then stand in the INSERT.  So a value passes that max_allowed_packet lets CONCAT
 * return; plan_fit.h judges that beforehand.  The bytes are cut anywhere, and only the
 * whole gets its charset.
 *
 * A client may go on after an error (--force), and a row that was not staged nobody would
 * miss.  So how many rows each table has to have, how many of them have number 0 in an
 * ENUM, and how many long values came out as long as they are, stand as numbers in the
 * script, and the first guard compares them (s->staged, s->pieces). */
#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"
#include "repair/plan/plan_packet.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_text.h"

#define SLACK_BYTES ((size_t)4096) /* names, and what the client adds */
#define COLUMN_BYTES ((size_t)64)  /* of a literal, beside its bytes */
#define PIECED_BYTES ((size_t)64)  /* longer values of a long row are sent in pieces */
#define MOST_PIECES ((size_t)64)   /* each copies what is there before it */

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

/* ---- how much passes ---- */

static size_t most_bytes(const struct mr_script *s)
{
    uint64_t packet = mr_plan_packet(s->plan);
    if (packet == 0 || packet > MR_PLAN_STATEMENT_BYTES)
        packet = MR_PLAN_STATEMENT_BYTES;
    return packet > 2 * SLACK_BYTES ? (size_t)packet - SLACK_BYTES : (size_t)packet / 2;
}

/* At least as long as what the values of the row take in an INSERT. */
static size_t values_bytes(struct mr_script *s, const struct mr_script_insert *in,
                           struct mr_key image)
{
    size_t pos = 0, sum = 0;
    for (size_t c = 0; c < in->table->pair->find.ncolumns; c++) {
        size_t from = pos;
        if (mr_row_skip(image.ptr, image.len, &pos, NULL) != MR_OK) {
            s->sql.failed = true;
            break;
        }
        if (in->has(s, in, c))
            sum += 2 * (pos - from) + COLUMN_BYTES;
    }
    return sum + COLUMN_BYTES;
}

/* ---- pieces ---- */

static bool may_be_long(enum mr_class cls)
{
    return cls == MR_CLASS_TEXT || cls == MR_CLASS_JSON || mr_class_is_bytes(cls);
}

bool mr_script_is_pieced(const struct mr_script *s, const struct mr_plan_table *t, size_t column,
                         const struct mr_value *value)
{
    return s->pieced && value->len > PIECED_BYTES && value->ptr != NULL &&
           may_be_long(value->cls) && may_be_long(t->pair->full[MR_TARGET].cols[column].cls);
}

static bool get_pieced(struct mr_script *s, const struct mr_script_insert *in, struct mr_key image,
                       size_t column, struct mr_value *value)
{
    return in->has(s, in, column) && mr_script_value(image, column, value) &&
           mr_script_is_pieced(s, in->table, column, value);
}

static void add_piece(struct mr_script *s, size_t column, const char *ptr, size_t len, bool first)
{
    const struct mr_value bytes = {.cls = MR_CLASS_BINARY, .ptr = ptr, .len = len};
    mr_strbuf_add_fmt(&s->sql, "SET " MR_SCRIPT_PIECED "%zu = ", column);
    if (!first)
        mr_strbuf_add_fmt(&s->sql, "CONCAT(" MR_SCRIPT_PIECED "%zu, ", column);
    mr_sql_value(&s->sql, &bytes, NULL);
    add(s, first ? ";\n" : ");\n");
}

/* Each CONCAT copies what is there, so that a very long value has longer pieces rather than more
 * of them. How long the whole came out is counted, since CONCAT gives NULL beyond
 * max_allowed_packet. */
static void add_pieces(struct mr_script *s, const struct mr_script_insert *in, struct mr_key image)
{
    for (size_t c = 0; c < in->table->pair->find.ncolumns; c++) {
        struct mr_value value;
        if (!get_pieced(s, in, image, c, &value))
            continue;
        size_t piece = most_bytes(s) / 2 - COLUMN_BYTES, done = 0;
        if (piece < value.len / MOST_PIECES)
            piece = value.len / MOST_PIECES;
        while (done < value.len) {
            size_t len = value.len - done < piece ? value.len - done : piece;
            add_piece(s, c, (const char *)value.ptr + done, len, done == 0);
            done += len;
        }
        mr_strbuf_add_fmt(
            &s->sql, "SET @myrecon_pieces = %s (OCTET_LENGTH(" MR_SCRIPT_PIECED "%zu) <=> %zu);\n",
            s->pieces++ > 0 ? "@myrecon_pieces +" : "", c, value.len);
    }
}

static void forget_pieces(struct mr_script *s, const struct mr_script_insert *in)
{
    bool any = false;
    for (size_t c = 0; c < in->table->pair->find.ncolumns; c++) {
        struct mr_value value;
        if (!get_pieced(s, in, in->image, c, &value))
            continue;
        mr_strbuf_add_fmt(&s->sql, "%s" MR_SCRIPT_PIECED "%zu = NULL", any ? ", " : "SET ", c);
        any = true;
    }
    add(s, any ? ";\n" : "");
    s->pieced = false;
}

/* ---- error values ---- */

static void note_errors(struct mr_script *s, struct mr_script_insert *in, struct mr_key image,
                        size_t row)
{
    for (size_t c = 0; c < in->table->pair->find.ncolumns; c++) {
        if (!in->has(s, in, c) || !mr_script_is_error(in->table, image, c))
            continue;
        struct mr_script_error *error = mr_vec_push(&in->errors);
        if (error == NULL)
            s->sql.failed = true;
        else
            *error = (struct mr_script_error){row, c};
    }
}

/* In one SELECT: MySQL opens a temporary table once a statement. */
void mr_script_expect(struct mr_script *s, char prefix, size_t number, size_t rows,
                      const struct mr_strbuf *more)
{
    mr_strbuf_add_fmt(&s->staged, "\n    AND (SELECT COUNT(*) = %zu%s FROM ", rows,
                      more != NULL && more->len > 0 ? more->ptr : "");
    mr_sql_ident(&s->staged, s->db);
    mr_strbuf_add_fmt(&s->staged, ".myrecon_%c%zu)", prefix, number);
    s->staged.failed |= more != NULL && more->failed;
}

void mr_script_keep_times(struct mr_script *s, const struct mr_script_insert *in)
{
    for (size_t c = 0; c < in->table->pair->find.ncolumns; c++) {
        if (mr_pair_column(in->table->pair, MR_TARGET, c)->on_update == NULL || !in->has(s, in, c))
            continue;
        add(s, ", ");
        mr_script_column(s, in->table, NULL, c);
        add(s, " = ");
        mr_script_column(s, in->table, NULL, c);
    }
}

/* Number 0 of an ENUM is stored without strict mode only: a statement that sets nothing
 * else, so that nothing else is cut off by it. */
static void set_errors(struct mr_script *s, const struct mr_script_insert *in)
{
    const struct mr_plan_table *t = in->table;
    struct mr_strbuf zeros = MR_STRBUF_INIT;
    for (size_t c = 0; in->errors.count > 0 && c < t->pair->find.ncolumns; c++) {
        size_t n = 0;
        for (size_t i = 0; i < in->errors.count; i++) {
            const struct mr_script_error *error = mr_vec_at(&in->errors, i);
            if (error->column != c)
                continue;
            if (n == 0) {
                add(s, MR_SCRIPT_LOOSE ";\nUPDATE ");
                mr_script_temp_n(s, in->prefix, in->number);
                add(s, " SET ");
                mr_script_column(s, t, NULL, c);
                add(s, " = 0");
                mr_script_keep_times(s, in);
            }
            mr_strbuf_add_fmt(&s->sql, "%s%zu", n > 0 ? "," : " WHERE myrecon_row IN (",
                              error->row);
            n++;
        }
        if (n == 0)
            continue;
        add(s, ");\n" MR_SCRIPT_STRICT ";\n");
        mr_strbuf_add_str(&zeros, " AND SUM(");
        mr_sql_ident(&zeros, t->pair->full[MR_TARGET].cols[c].name);
        mr_strbuf_add_fmt(&zeros, " + 0 = 0) = %zu", n);
    }
    mr_script_expect(s, in->prefix, in->number, in->rows, &zeros);
    mr_strbuf_release(&zeros);
}

/* ---- rows ---- */

static void begin(struct mr_script *s, struct mr_script_insert *in)
{
    in->begun = s->sql.len;
    in->open = true;
    add(s, "INSERT INTO ");
    mr_script_temp_n(s, in->prefix, in->number);
    mr_strbuf_add_fmt(&s->sql, " (myrecon_row%s", in->more);
    for (size_t c = 0; c < in->table->pair->find.ncolumns; c++)
        if (in->has(s, in, c)) {
            add(s, ", ");
            mr_script_column(s, in->table, NULL, c);
        }
    add(s, ") VALUES\n");
}

static void end(struct mr_script *s, struct mr_script_insert *in)
{
    if (in->open)
        add(s, ";\n");
    in->open = false;
    if (s->pieced)
        forget_pieces(s, in);
    mr_script_drain(s);
}

void mr_script_insert_row(struct mr_script *s, struct mr_script_insert *in, struct mr_key image,
                          size_t row)
{
    size_t bytes = values_bytes(s, in, image), most = most_bytes(s);
    if (s->pieced || (in->open && s->sql.len - in->begun + bytes > most))
        end(s, in);
    if (!in->open) {
        begin(s, in); /* how long is that? */
        if (s->sql.len - in->begun + bytes > most) {
            s->sql.ptr[s->sql.len = in->begun] = '\0';
            in->image = image;
            s->pieced = true;
            add_pieces(s, in, image);
            begin(s, in);
        }
    } else {
        add(s, ",\n");
    }
    note_errors(s, in, image, row);
    in->rows++;
    add(s, "(");
    mr_strbuf_add_uint(&s->sql, row);
}

void mr_script_insert_values(struct mr_script *s, const struct mr_script_insert *in,
                             struct mr_key image)
{
    for (size_t c = 0; c < in->table->pair->find.ncolumns; c++)
        if (in->has(s, in, c)) {
            add(s, ",");
            mr_script_literal(s, in->table, image, c);
        }
    add(s, ")");
}

void mr_script_insert_end(struct mr_script *s, struct mr_script_insert *in)
{
    end(s, in);
    set_errors(s, in);
    mr_vec_release(&in->errors);
}

bool mr_script_insert_written(const struct mr_script *s, const struct mr_script_insert *in,
                              size_t column)
{
    (void)s;
    return mr_script_is_written(in->table, column);
}
