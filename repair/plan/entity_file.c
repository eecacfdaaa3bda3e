/* entity_file.c: see entity_file.h. */
#include "repair/plan/entity_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/csv_in.h"
#include "core/file/decompress.h"

/* Keys and an identity in hexadecimal are far less; a frame of some kilobytes may be more. */
#define LINE_MAX_BYTES ((size_t)64 * 1024 * 1024)

enum column {
    TABLE,
    SOURCE_KEY,
    TARGET_KEY,
    IDENTITY,
    DECISION,
    KIND,
    CHOICE,
    DIGEST,
    REFERENCES,
    NEW,
    GROUP,
    FACTS,
    WAITS_TABLE,
    WAITS_KEY,
    EQUAL_THERE,
    REFERRED,
    LOGS,
    LOGS_COLUMNS,
    WRITTEN,
    PART,
    SUMS,
    REST,
    COLUMNS
};

static const struct {
    const char *name;
    bool may_miss;
} columns[COLUMNS] = {
    [TABLE] = {"table", false},
    [SOURCE_KEY] = {"source_key", false},
    [TARGET_KEY] = {"target_key", false},
    [IDENTITY] = {"identity", false},
    [DECISION] = {"decision", false},
    [KIND] = {"kind", false},
    [CHOICE] = {"choice", false},
    [DIGEST] = {"digest", false},
    [REFERENCES] = {"references", true},
    [NEW] = {"new", false},
    [GROUP] = {"group", true},
    [FACTS] = {"facts", true},
    [WAITS_TABLE] = {"waits_table", true},
    [WAITS_KEY] = {"waits_key", true},
    [EQUAL_THERE] = {"equal_there", true},
    [REFERRED] = {"referred", true},
    [LOGS] = {"logs", true},
    [LOGS_COLUMNS] = {"logs_columns", true},
    [WRITTEN] = {"written", true},
    [PART] = {"part", true},
    [SUMS] = {"sums", true},
    [REST] = {"rest", true},
};

/* ---- writing ---- */

void mr_entity_file_header(struct mr_strbuf *out)
{
    for (size_t i = 0; i < COLUMNS; i++)
        mr_strbuf_add_fmt(out, "%s%s", i > 0 ? "," : "", columns[i].name);
    mr_strbuf_add_str(out, "\r\n");
}

static void add_text(struct mr_strbuf *out, const char *text)
{
    if (text == NULL || strpbrk(text, ",\"\r\n") == NULL) {
        mr_strbuf_add_str(out, text != NULL ? text : "");
        return;
    }
    mr_strbuf_add_char(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            mr_strbuf_add_char(out, '"');
        mr_strbuf_add_char(out, *text);
    }
    mr_strbuf_add_char(out, '"');
}

static void add_digest(struct mr_strbuf *out, bool is_set, struct mr_digest digest)
{
    if (is_set)
        mr_strbuf_add_fmt(out, "%016" PRIx64 "%016" PRIx64, digest.hi, digest.lo);
}

static void add_hex(struct mr_strbuf *out, struct mr_key bytes)
{
    mr_strbuf_add_hex(out, bytes.ptr, bytes.ptr != NULL ? bytes.len : 0);
}

/* "counted above taken" */
static void add_facts(struct mr_strbuf *out, const struct mr_fact *facts)
{
    const uint64_t bits = mr_fact_bits(facts);
    const char *before = "";
    for (size_t i = 0; i < MR_FACTS; i++) {
        if ((bits >> i & 1) == 0)
            continue;
        mr_strbuf_add_fmt(out, "%s%s", before, mr_fact_name(i));
        before = " ";
    }
}

void mr_entity_written_add(struct mr_strbuf *out, const bool *of, size_t ncolumns)
{
    const char *before = "";
    for (size_t i = 0; i < ncolumns; i++) {
        if (!of[i])
            continue;
        mr_strbuf_add_fmt(out, "%s%zu", before, i);
        before = " ";
    }
}

bool mr_entity_written_get(const char *written, bool *of, size_t ncolumns)
{
    memset(of, 0, ncolumns * sizeof *of);
    for (size_t next = 0; *written >= '0' && *written <= '9';) {
        char *end = NULL;
        const unsigned long long at = strtoull(written, &end, 10);
        if (at < next || at >= ncolumns)
            return false;
        of[at] = true;
        next = (size_t)at + 1;
        if (*end == '\0')
            return true;
        written = end + (*end == ' ');
        if (*end != ' ')
            return false;
    }
    return false;
}

bool mr_entity_written_has(const char *written, size_t column)
{
    for (char *end = NULL; *written >= '0' && *written <= '9';
         written = *end == ' ' ? end + 1 : end)
        if (strtoull(written, &end, 10) == column)
            return true;
    return false;
}

/* A row about which nobody has decided is a bug of whoever decides: written down, it would be
 * one that apply passes over in silence. */
enum mr_code mr_entity_file_line(struct mr_strbuf *out, const struct mr_entity_line *line,
                                 struct mr_err *err)
{
    if (line->decision == MR_DECIDE_UNDECIDED)
        return mr_err_set(err, MR_E_BUG, "nothing is decided about a row of table \"%s\"",
                          line->table);
    add_text(out, line->table);
    mr_strbuf_add_char(out, ',');
    add_hex(out, line->source_key);
    mr_strbuf_add_char(out, ',');
    add_hex(out, line->target_key);
    mr_strbuf_add_char(out, ',');
    add_hex(out, line->identity);
    mr_strbuf_add_fmt(out, ",%s,", mr_decision_name(line->decision));
    add_text(out, line->kind);
    mr_strbuf_add_char(out, ',');
    add_text(out, line->choice);
    mr_strbuf_add_char(out, ',');
    add_digest(out, line->has_digest, line->digest);
    mr_strbuf_add_char(out, ',');
    add_digest(out, line->has_references, line->references);
    mr_strbuf_add_str(out, line->is_new ? ",1," : ",0,");
    add_text(out, mr_group_name(line->group));
    mr_strbuf_add_char(out, ',');
    add_facts(out, &line->facts);
    mr_strbuf_add_char(out, ',');
    add_text(out, line->waits_table);
    mr_strbuf_add_char(out, ',');
    add_hex(out, line->waits_key);
    mr_strbuf_add_char(out, ',');
    if (line->has_equal)
        mr_strbuf_add_fmt(out, "%" PRIu64, line->equal_there);
    mr_strbuf_add_char(out, ',');
    add_digest(out, line->has_referred, line->referred);
    mr_strbuf_add_char(out, ',');
    add_text(out, line->logs);
    mr_strbuf_add_char(out, ',');
    add_text(out, line->columns);
    mr_strbuf_add_char(out, ',');
    add_text(out, line->written);
    mr_strbuf_add_char(out, ',');
    add_digest(out, line->written != NULL, line->part);
    mr_strbuf_add_char(out, ',');
    add_text(out, line->sums);
    mr_strbuf_add_char(out, ',');
    add_digest(out, line->sums != NULL, line->rest);
    mr_strbuf_add_str(out, "\r\n");
    return mr_strbuf_check(out, "writing a plan", err);
}

/* ---- reading ---- */

struct reading {
    mr_entity_line_fn *fn;
    void *ctx;
    const char *path;
    bool is_callbacks; /* the error is the callback's */
    struct mr_csv_in csv;
    size_t at[COLUMNS]; /* field of each column; SIZE_MAX: the file has none */
    size_t width;       /* 0: the header is still to come */
    bool is_header;     /* the record at hand is */
    struct mr_strbuf bytes;
};

static enum mr_code bad(const char *what, struct mr_err *err)
{
    return mr_err_set(err, MR_E_REFUSED, "%s", what);
}

static enum mr_code read_header(struct reading *r, const struct mr_csv_field *fields, size_t count,
                                struct mr_err *err)
{
    r->width = count;
    for (size_t c = 0; c < COLUMNS; c++) {
        r->at[c] = SIZE_MAX;
        for (size_t i = 0; i < count; i++)
            if (strcmp(fields[i].ptr, columns[c].name) == 0)
                r->at[c] = i;
        if (r->at[c] == SIZE_MAX && !columns[c].may_miss)
            return mr_err_set(err, MR_E_REFUSED, "column \"%s\" is missing", columns[c].name);
    }
    return MR_OK;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Appends the bytes; *from is where they begin. */
static bool take_hex(struct reading *r, const struct mr_csv_field *field, size_t *from)
{
    *from = r->bytes.len;
    if (field->len % 2 != 0)
        return false;
    for (size_t i = 0; i < field->len; i += 2) {
        int high = digit(field->ptr[i]), low = digit(field->ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        mr_strbuf_add_char(&r->bytes, (char)(high << 4 | low));
    }
    return true;
}

/* Is it the encoding of some values? */
static bool is_encoded(struct mr_key bytes)
{
    size_t pos = 0;
    while (pos < bytes.len)
        if (mr_row_skip(bytes.ptr, bytes.len, &pos, NULL) != MR_OK)
            return false;
    return true;
}

static bool take_digest(const struct mr_csv_field *field, bool *is_set, struct mr_digest *digest)
{
    uint64_t words[2] = {0, 0};
    *is_set = field->len > 0;
    if (field->len != 0 && field->len != 32)
        return false;
    for (size_t i = 0; i < field->len; i++) {
        int value = digit(field->ptr[i]);
        if (value < 0)
            return false;
        words[i / 16] = words[i / 16] << 4 | (uint64_t)value;
    }
    *digest = (struct mr_digest){words[0], words[1]};
    return true;
}

static bool take_decision(const char *name, struct mr_entity_line *line)
{
    for (int d = MR_DECIDE_SAME; d < MR_DECISIONS; d++)
        if (strcmp(name, mr_decision_name((enum mr_decision)d)) == 0)
            line->decision = (enum mr_decision)d;
    return line->decision != MR_DECIDE_UNDECIDED;
}

/* A fact that is not known is one of another version. */
static void take_facts(const char *text, struct mr_fact *facts)
{
    uint64_t bits = 0;
    while (*text != '\0') {
        const size_t len = strcspn(text, " ");
        for (size_t i = 0; i < MR_FACTS; i++)
            if (strlen(mr_fact_name(i)) == len && strncmp(text, mr_fact_name(i), len) == 0)
                bits |= (uint64_t)1 << i;
        text += len;
        text += strspn(text, " ");
    }
    *facts = mr_fact_of(bits);
}

static bool take_count(const struct mr_csv_field *field, struct mr_entity_line *line)
{
    char *end = NULL;
    line->has_equal = field->len > 0;
    if (!line->has_equal)
        return true;
    errno = 0;
    line->equal_there = strtoull(field->ptr, &end, 10);
    return digit(field->ptr[0]) >= 0 && errno == 0 && *end == '\0';
}

static enum mr_code take_keys(struct reading *r, const struct mr_csv_field *fields,
                              struct mr_entity_line *line, struct mr_err *err)
{
    static const enum column which[] = {SOURCE_KEY, TARGET_KEY, IDENTITY, WAITS_KEY};
    struct mr_key *const keys[] = {&line->source_key, &line->target_key, &line->identity,
                                   &line->waits_key};
    const size_t count = r->at[WAITS_KEY] != SIZE_MAX ? 4 : 3;
    size_t from[4];
    mr_strbuf_reset(&r->bytes);
    for (size_t i = 0; i < count; i++)
        if (!take_hex(r, &fields[r->at[which[i]]], &from[i]))
            return mr_err_set(err, MR_E_REFUSED, "\"%s\" is not hexadecimal",
                              columns[which[i]].name);
    for (size_t i = 0; i < count; i++) {
        size_t len = fields[r->at[which[i]]].len / 2;
        *keys[i] = (struct mr_key){len > 0 ? r->bytes.ptr + from[i] : NULL, len};
        if (r->bytes.failed || !is_encoded(*keys[i]))
            return mr_err_set(err, MR_E_REFUSED, "\"%s\" holds no values", columns[which[i]].name);
    }
    return MR_OK;
}

static const char *text_or_null(const struct mr_csv_field *field)
{
    return field->len > 0 ? field->ptr : NULL;
}

/* What a line names it has a digest of, and the other way round. */
static bool take_written(const struct reading *r, const struct mr_csv_field *fields,
                         struct mr_entity_line *line)
{
    bool has_part = false, has_rest = false;
    if (r->at[WRITTEN] != SIZE_MAX)
        line->written = text_or_null(&fields[r->at[WRITTEN]]);
    if (r->at[SUMS] != SIZE_MAX)
        line->sums = text_or_null(&fields[r->at[SUMS]]);
    if (r->at[PART] != SIZE_MAX && !take_digest(&fields[r->at[PART]], &has_part, &line->part))
        return false;
    if (r->at[REST] != SIZE_MAX && !take_digest(&fields[r->at[REST]], &has_rest, &line->rest))
        return false;
    return has_part == (line->written != NULL) && has_rest == (line->sums != NULL);
}

/* Every field is judged before the line is handed on; columns that an older version did not
 * write are left as unknown, never guessed. */
static enum mr_code read_line(struct reading *r, const struct mr_csv_field *fields,
                              struct mr_entity_line *line, struct mr_err *err)
{
    const struct mr_csv_field *flag = &fields[r->at[NEW]];
    *line = (struct mr_entity_line){.table = fields[r->at[TABLE]].ptr,
                                    .kind = text_or_null(&fields[r->at[KIND]]),
                                    .choice = text_or_null(&fields[r->at[CHOICE]]),
                                    .is_new = strcmp(flag->ptr, "1") == 0};
    if (!line->is_new && strcmp(flag->ptr, "0") != 0 && flag->len > 0)
        return bad("\"new\" is neither 0 nor 1", err);
    if (!take_decision(fields[r->at[DECISION]].ptr, line))
        return mr_err_set(err, MR_E_REFUSED, "decision \"%.40s\" is not known",
                          fields[r->at[DECISION]].ptr);
    if (!take_digest(&fields[r->at[DIGEST]], &line->has_digest, &line->digest) ||
        (r->at[REFERENCES] != SIZE_MAX &&
         !take_digest(&fields[r->at[REFERENCES]], &line->has_references, &line->references)))
        return bad("a digest is not 32 hexadecimal digits", err);
    if (r->at[REFERRED] != SIZE_MAX &&
        !take_digest(&fields[r->at[REFERRED]], &line->has_referred, &line->referred))
        return bad("a digest is not 32 hexadecimal digits", err);
    if (r->at[GROUP] != SIZE_MAX)
        line->group = mr_group_named(fields[r->at[GROUP]].ptr);
    if (r->at[FACTS] != SIZE_MAX)
        take_facts(fields[r->at[FACTS]].ptr, &line->facts);
    if (r->at[LOGS] != SIZE_MAX)
        line->logs = text_or_null(&fields[r->at[LOGS]]);
    if (r->at[LOGS_COLUMNS] != SIZE_MAX)
        line->columns = text_or_null(&fields[r->at[LOGS_COLUMNS]]);
    if (!take_written(r, fields, line))
        return bad("columns of \"written\" or \"sums\" and their digests do not go together", err);
    if (r->at[WAITS_TABLE] != SIZE_MAX)
        line->waits_table = text_or_null(&fields[r->at[WAITS_TABLE]]);
    if (r->at[EQUAL_THERE] != SIZE_MAX && !take_count(&fields[r->at[EQUAL_THERE]], line))
        return bad("\"equal_there\" is no number", err);
    return take_keys(r, fields, line, err);
}

/* What is wrong with the file gets its line and name; an error of whoever takes the lines is
 * theirs, and stays as it is. */
static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t number, struct mr_err *err)
{
    struct reading *r = ctx;
    struct mr_entity_line line;
    enum mr_code code = MR_OK;
    if (r->width == 0)
        code = read_header(r, fields, count, err);
    else if (count != r->width)
        code = bad("not as many fields as the header has", err);
    else
        code = read_line(r, fields, &line, err);
    if (code != MR_OK)
        mr_err_context(err, "line %" PRIu64, number);
    if (code != MR_OK || r->is_header) {
        r->is_header = false;
        return code;
    }
    code = r->fn(r->ctx, &line, err);
    r->is_callbacks = code != MR_OK;
    return code;
}

static enum mr_code name_file(const struct reading *r, enum mr_code code, struct mr_err *err)
{
    if (code != MR_OK && !r->is_callbacks)
        mr_err_context(err, "file \"%s\"", r->path);
    return code;
}

static enum mr_code feed(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct reading *r = arg;
    return name_file(r, mr_csv_in_feed(&r->csv, ptr, len, err), err);
}

enum mr_code mr_entity_file_read(const char *path, mr_entity_line_fn *fn, void *ctx,
                                 struct mr_err *err)
{
    struct reading r = {
        .fn = fn, .ctx = ctx, .path = path, .is_header = true, .bytes = MR_STRBUF_INIT};
    mr_csv_in_init(&r.csv, take_record, &r);
    r.csv.max_bytes = LINE_MAX_BYTES;
    enum mr_code code = mr_decompress_file(path, (struct mr_sink){.write = feed, .arg = &r}, err);
    if (code == MR_OK)
        code = name_file(&r, mr_csv_in_finish(&r.csv, err), err);
    if (code == MR_OK && r.width == 0)
        code = name_file(&r, bad("there is no header", err), err);
    mr_csv_in_release(&r.csv);
    mr_strbuf_release(&r.bytes);
    return code;
}
