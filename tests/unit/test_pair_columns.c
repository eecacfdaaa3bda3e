/* test_pair_columns.c: what is read of a pair of tables, by which key, and what names a
 * row; the catalogues' tables are built by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/pair/pair_columns.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

enum { MOST = 6 };

static const struct mr_column id = {
    .name = "id", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT};
static const struct mr_column uid = {.name = "id",
                                     .type = "bigint(20) unsigned",
                                     .data_type = "bigint",
                                     .cls = MR_CLASS_UINT,
                                     .is_unsigned = true};
static const struct mr_column name = {.name = "name",
                                      .type = "varchar(20)",
                                      .data_type = "varchar",
                                      .cls = MR_CLASS_TEXT,
                                      .charset = "utf8mb4",
                                      .collation = "utf8mb4_general_ci"};
static const struct mr_column name_bin = {.name = "NAME",
                                          .type = "varchar(20)",
                                          .data_type = "varchar",
                                          .cls = MR_CLASS_TEXT,
                                          .charset = "utf8mb4",
                                          .collation = "utf8mb4_bin"};
static const struct mr_column name_latin = {.name = "name",
                                            .type = "varchar(20)",
                                            .data_type = "varchar",
                                            .cls = MR_CLASS_TEXT,
                                            .charset = "latin1",
                                            .collation = "latin1_swedish_ci"};
static const struct mr_column name_blob = {
    .name = "name", .type = "varbinary(20)", .data_type = "varbinary", .cls = MR_CLASS_BINARY};
static const struct mr_column name_int = {
    .name = "name", .type = "int", .data_type = "int", .cls = MR_CLASS_INT};
static const struct mr_column note = {.name = "note",
                                      .type = "text",
                                      .data_type = "text",
                                      .cls = MR_CLASS_TEXT,
                                      .charset = "utf8mb4",
                                      .collation = "utf8mb4_general_ci",
                                      .nullable = true};
static const struct mr_column note_json = {
    .name = "note", .type = "json", .data_type = "json", .cls = MR_CLASS_JSON};
static const struct mr_column kind = {.name = "kind",
                                      .type = "enum('','x')",
                                      .data_type = "enum",
                                      .cls = MR_CLASS_ENUM,
                                      .charset = "latin1",
                                      .collation = "latin1_swedish_ci",
                                      .empty_member = true};
static const struct mr_column kind_more = {.name = "kind",
                                           .type = "enum('','y','x')",
                                           .data_type = "enum",
                                           .cls = MR_CLASS_ENUM,
                                           .charset = "latin1",
                                           .collation = "latin1_swedish_ci",
                                           .empty_member = true};
static const struct mr_column ratio = {
    .name = "ratio", .type = "float", .data_type = "float", .cls = MR_CLASS_FLOAT};
static const struct mr_column ratio_wide = {
    .name = "ratio", .type = "double", .data_type = "double", .cls = MR_CLASS_DOUBLE};
static const struct mr_column row_start = {.name = "row_start",
                                           .type = "timestamp(6)",
                                           .data_type = "timestamp",
                                           .cls = MR_CLASS_DATETIME,
                                           .system_time = true};

/* A table of those columns with one or two unique keys, each of up to two columns. */
struct plan {
    const struct mr_column *columns[MOST]; /* ends at NULL */
    const char *primary[3], *second[3];
};

struct built {
    struct mr_table table;
    struct mr_column columns[MOST];
    struct mr_index indexes[2];
    struct mr_index_part parts[2][2];
};

static void build(struct built *b, const struct plan *plan)
{
    const char *const *keys[2] = {plan->primary, plan->second};
    static const char *const names[2] = {"PRIMARY", "second"};
    memset(b, 0, sizeof *b);
    while (b->table.ncolumns < MOST && plan->columns[b->table.ncolumns] != NULL) {
        b->columns[b->table.ncolumns] = *plan->columns[b->table.ncolumns];
        b->table.ncolumns++;
    }
    for (size_t i = 0; i < 2; i++) {
        struct mr_index *index = &b->indexes[b->table.nindexes];
        while (keys[i][index->nparts] != NULL) {
            b->parts[i][index->nparts].column = keys[i][index->nparts];
            index->nparts++;
        }
        index->name = names[i];
        index->unique = index->usable = true;
        index->parts = b->parts[i];
        b->table.nindexes += index->nparts > 0;
    }
    b->table.db = "d";
    b->table.name = "t";
    b->table.engine = "InnoDB";
    b->table.transactional = true;
    b->table.columns = b->columns;
    b->table.indexes = b->indexes;
}

/* What was planned, as text. */
static void add_spec(struct mr_strbuf *out, const struct mr_readspec *spec)
{
    static const char *const exprs[] = {
        [MR_EXPR_COLUMN] = "",    [MR_EXPR_NUMBER] = "+number", [MR_EXPR_INDEX_ZERO] = "+zero",
        [MR_EXPR_UTF8] = "+utf8", [MR_EXPR_TEXT] = "+text",     [MR_EXPR_BINARY] = "+binary",
        [MR_EXPR_LOST] = "+lost"};
    for (size_t i = 0; i < spec->ncols; i++)
        mr_strbuf_add_fmt(out, "%s%s%s", i > 0 ? " " : "", spec->cols[i].name,
                          exprs[spec->cols[i].expr]);
    mr_strbuf_add_str(out, " |");
    for (size_t i = 0; i < spec->nkey; i++)
        mr_strbuf_add_fmt(out, " %zu", spec->key[i]);
}

struct column_case {
    struct plan source, target;
    bool two_flavours;
    const char *scan; /* "columns | key positions", of the source */
    const char *full; /* NULL: the same */
    size_t ncompared;
    enum mr_join join;
    const char *index;    /* of the source */
    const char *identity; /* names, or "" */
    bool by_identity, text_key;
};

static void check_case(const struct column_case *c)
{
    struct built s, t;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf scan = MR_STRBUF_INIT, full = MR_STRBUF_INIT;
    struct mr_strbuf identity = MR_STRBUF_INIT;
    struct mr_table_config config = {0};
    struct mr_err err = {0};
    build(&s, &c->source);
    build(&t, &c->target);
    struct mr_pair table = {.side = {&s.table, &t.table}, .find = {.name = "d.t"}};
    struct mr_column_task task = {
        .config = &config,
        .flavour = {MR_FLAVOUR_MARIADB, c->two_flavours ? MR_FLAVOUR_MYSQL : MR_FLAVOUR_MARIADB},
        .arena = &arena};
    assert_int_equal(mr_pair_columns(&table, &task, &err), MR_OK);
    add_spec(&scan, &table.scan[MR_SOURCE]);
    add_spec(&full, &table.full[MR_SOURCE]);
    for (size_t i = 0; i < table.nidentity; i++) {
        const struct mr_find_column *col = &table.find.columns[table.identity[i]];
        assert_int_equal(col->identity_at, i);
        mr_strbuf_add_fmt(&identity, "%s%s", i > 0 ? " " : "", col->name);
    }
    assert_string_equal(scan.ptr, c->scan);
    assert_string_equal(full.ptr, c->full != NULL ? c->full : c->scan);
    assert_string_equal(identity.ptr, c->identity);
    assert_int_equal(table.ncompared, c->ncompared);
    assert_int_equal(table.join, c->join);
    assert_int_equal(table.by_identity, c->by_identity);
    assert_int_equal(table.text_key, c->text_key);
    assert_int_equal(table.find.keyless, c->index == NULL);
    assert_int_equal(table.scan[MR_TARGET].ncols, table.scan[MR_SOURCE].ncols);
    if (c->index != NULL)
        assert_string_equal(table.scan[MR_SOURCE].index, c->index);
    mr_strbuf_release(&identity);
    mr_strbuf_release(&full);
    mr_strbuf_release(&scan);
    mr_arena_release(&arena);
}

static const struct column_case plans[] = {
    {{{&id, &name}, {"id"}, {NULL}},
     {{&id, &name}, {"id"}, {NULL}},
     false,
     "id name | 0",
     NULL,
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "id",
     false,
     false},
    /* the order of columns and keys is the source's; types of numbers may differ */
    {{{&name, &id}, {"id"}, {NULL}},
     {{&uid, &name}, {"id"}, {NULL}},
     false,
     "name id | 1",
     NULL,
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "id",
     false,
     false},
    {{{&id, &name}, {"name", "id"}, {NULL}},
     {{&id, &name}, {"name", "id"}, {NULL}},
     false,
     "id name | 1 0",
     NULL,
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "name id",
     false,
     true},
    /* no key that both have: a multiset */
    {{{&id, &name}, {NULL}, {NULL}},
     {{&id, &name}, {"id"}, {NULL}},
     false,
     "id name |",
     NULL,
     2,
     MR_JOIN_DIGEST,
     NULL,
     "",
     false,
     false},
    {{{&id, &note}, {"note"}, {NULL}},
     {{&id, &note}, {"note"}, {NULL}},
     false,
     "id note |",
     NULL,
     2,
     MR_JOIN_DIGEST,
     NULL,
     "",
     false,
     false},
    {{{&id, &name}, {"name", "id"}, {"id"}},
     {{&id, &name}, {"id"}, {NULL}},
     false,
     "id name | 0",
     NULL,
     2,
     MR_JOIN_SHARED,
     "second",
     "name id",
     true,
     false},
    /* a unique index besides the key names a row */
    {{{&id, &name}, {"id"}, {"name"}},
     {{&id, &name}, {"id"}, {"name"}},
     false,
     "id name | 0",
     NULL,
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "name",
     true,
     false},
    /* orders that differ are joined on disk */
    {{{&id, &name}, {"name"}, {NULL}},
     {{&id, &name_bin}, {"NAME"}, {NULL}},
     false,
     "id name | 1",
     NULL,
     2,
     MR_JOIN_SPILL,
     "PRIMARY",
     "name",
     false,
     true},
    {{{&id, &name}, {"name"}, {NULL}},
     {{&id, &name}, {"name"}, {NULL}},
     true,
     "id name | 1",
     NULL,
     2,
     MR_JOIN_SPILL,
     "PRIMARY",
     "name",
     false,
     true},
    {{{&id, &name_bin}, {"NAME"}, {NULL}},
     {{&id, &name_bin}, {"NAME"}, {NULL}},
     true,
     "id NAME | 1",
     NULL,
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "NAME",
     false,
     true},
    /* two charsets: compared and shown as UTF-8, with what that loses; ranged by the raw bytes */
    {{{&id, &name_latin}, {"name"}, {NULL}},
     {{&id, &name}, {"name"}, {NULL}},
     false,
     "id name+utf8 name+lost name | 3",
     NULL,
     3,
     MR_JOIN_SPILL,
     "PRIMARY",
     "name",
     false,
     true},
    {{{&id, &name_latin}, {"id"}, {NULL}},
     {{&id, &name_latin}, {"id"}, {NULL}},
     false,
     "id name | 0",
     "id name name+utf8 | 0",
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "id",
     false,
     false},
    /* types that differ */
    {{{&id, &name_int}, {"id"}, {NULL}},
     {{&id, &name}, {"id"}, {NULL}},
     false,
     "id name+text | 0",
     NULL,
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "id",
     false,
     false},
    {{{&id, &name_blob}, {"id"}, {NULL}},
     {{&id, &name}, {"id"}, {NULL}},
     false,
     "id name | 0",
     NULL,
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "id",
     false,
     false},
    {{{&id, &ratio}, {"id"}, {NULL}},
     {{&id, &ratio_wide}, {"id"}, {NULL}},
     false,
     "id ratio | 0",
     NULL,
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "id",
     false,
     false},
    {{{&id, &note_json}, {"id"}, {NULL}},
     {{&id, &note_json}, {"id"}, {NULL}},
     false,
     "id note | 0",
     NULL,
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "id",
     false,
     false},
    {{{&id, &note_json}, {"id"}, {NULL}},
     {{&id, &note_json}, {"id"}, {NULL}},
     true,
     "id note+utf8 | 0",
     NULL,
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "id",
     false,
     false},
    /* an ENUM with a '' member: flagged; as a key by number */
    {{{&id, &kind}, {"id"}, {NULL}},
     {{&id, &kind}, {"id"}, {NULL}},
     false,
     "id kind kind+zero | 0",
     "id kind kind+zero kind+utf8 | 0",
     3,
     MR_JOIN_SHARED,
     "PRIMARY",
     "id",
     false,
     false},
    {{{&id, &kind}, {"kind"}, {NULL}},
     {{&id, &kind}, {"kind"}, {NULL}},
     false,
     "id kind kind+zero kind+number | 3",
     "id kind kind+zero kind+number kind+utf8 | 3",
     3,
     MR_JOIN_SHARED,
     "PRIMARY",
     "kind",
     false,
     false},
    {{{&id, &kind}, {"kind"}, {NULL}},
     {{&id, &kind_more}, {"kind"}, {NULL}},
     false,
     "id kind kind+zero kind+number | 3",
     "id kind kind+zero kind+number kind+utf8 | 3",
     3,
     MR_JOIN_SPILL,
     "PRIMARY",
     "kind",
     false,
     false},
    /* columns of one side, and of the server's own history, are left out */
    {{{&id, &name, &row_start}, {"id"}, {NULL}},
     {{&id, &note, &row_start, &name}, {"id"}, {NULL}},
     false,
     "id name | 0",
     NULL,
     2,
     MR_JOIN_SHARED,
     "PRIMARY",
     "id",
     false,
     false},
};

static void test_plans(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(plans); i++)
        check_case(&plans[i]);
}

/* ---- indexes that name no row */

static void test_unusable_indexes(void **state)
{
    static const struct plan plan = {{&id, &name}, {"id"}, {NULL}};
    (void)state;
    for (int flaw = 0; flaw < 5; flaw++) {
        struct built s, t;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_table_config config = {0};
        build(&s, &plan);
        build(&t, &plan);
        struct built *b = flaw % 2 == 0 ? &s : &t;
        struct mr_pair table = {.side = {&s.table, &t.table}};
        struct mr_column_task task = {.config = &config, .arena = &arena};
        if (flaw == 0)
            b->indexes[0].unique = false;
        else if (flaw == 1)
            b->indexes[0].usable = false;
        else if (flaw == 2)
            b->parts[0][0].prefix_len = 3;
        else if (flaw == 3)
            b->columns[0].nullable = true;
        else
            b->parts[0][0].column = NULL;
        assert_int_equal(mr_pair_columns(&table, &task, NULL), MR_OK);
        assert_int_equal(table.join, MR_JOIN_DIGEST);
        assert_int_equal(table.scan[MR_SOURCE].nkey, 0);
        mr_arena_release(&arena);
    }
}

/* ---- what the configuration says */

static const char *const by_name[] = {"name"}, *const by_nobody[] = {"nobody"};
static const char *const by_one[] = {"name", "id", "NAME", "Id", "Name", "ID", "nAme"};
static const char *const without_id[] = {"id"}, *const all[] = {"ID", "name"};

static void test_configuration(void **state)
{
    static const struct plan plan = {{&id, &name}, {"id"}, {NULL}};
    static const struct {
        enum mr_identity identity;
        struct mr_string_list identity_columns, ignored;
        enum mr_code code;
        size_t nidentity, first;
        bool by_identity, row_is_identity;
        enum mr_join join;
    } cases[] = {
        {MR_IDENTITY_COLUMNS, {by_name, 1}, {NULL, 0}, MR_OK, 1, 1, true, false, MR_JOIN_SHARED},
        {MR_IDENTITY_COLUMNS,
         {by_nobody, 1},
         {NULL, 0},
         MR_E_CONFIG,
         0,
         0,
         false,
         false,
         MR_JOIN_SHARED},
        {MR_IDENTITY_KEY, {NULL, 0}, {NULL, 0}, MR_OK, 1, 0, false, false, MR_JOIN_SHARED},
        {MR_IDENTITY_ROW, {NULL, 0}, {NULL, 0}, MR_OK, 1, 1, true, false, MR_JOIN_SHARED},
        {MR_IDENTITY_NONE, {NULL, 0}, {NULL, 0}, MR_OK, 0, 0, false, true, MR_JOIN_SHARED},
        /* without its key a table is a multiset */
        {MR_IDENTITY_DEFAULT,
         {NULL, 0},
         {without_id, 1},
         MR_OK,
         0,
         0,
         false,
         false,
         MR_JOIN_DIGEST},
        {MR_IDENTITY_DEFAULT,
         {NULL, 0},
         {all, 2},
         MR_E_UNSUPPORTED,
         0,
         0,
         false,
         false,
         MR_JOIN_UNDECIDED},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct built s, t;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_table_config config = {.identity = cases[i].identity,
                                         .identity_columns = cases[i].identity_columns,
                                         .ignore_columns = cases[i].ignored};
        struct mr_err err = {0};
        build(&s, &plan);
        build(&t, &plan);
        struct mr_pair table = {.side = {&s.table, &t.table}, .find = {.name = "d.t"}};
        struct mr_column_task task = {.config = &config, .arena = &arena};
        assert_int_equal(mr_pair_columns(&table, &task, &err), cases[i].code);
        if (cases[i].code == MR_OK) {
            assert_int_equal(table.nidentity, cases[i].nidentity);
            assert_int_equal(table.by_identity, cases[i].by_identity);
            assert_int_equal(table.row_is_identity, cases[i].row_is_identity);
            assert_int_equal(table.join, cases[i].join);
            if (table.nidentity > 0)
                assert_int_equal(table.identity[0], cases[i].first);
        }
        mr_arena_release(&arena);
    }
}

/* More names than there are columns. */
static void test_identity_named_twice(void **state)
{
    static const struct plan plan = {{&id, &name}, {"id"}, {NULL}};
    (void)state;
    struct built s, t;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_table_config config = {.identity = MR_IDENTITY_COLUMNS,
                                     .identity_columns = {by_one, LEN(by_one)}};
    struct mr_err err = {0};
    build(&s, &plan);
    build(&t, &plan);
    struct mr_pair table = {.side = {&s.table, &t.table}, .find = {.name = "d.t"}};
    struct mr_column_task task = {.config = &config, .arena = &arena};
    assert_int_equal(mr_pair_columns(&table, &task, &err), MR_E_CONFIG);
    assert_non_null(strstr(err.message, "\"NAME\" of table \"d.t\" is named twice"));
    mr_arena_release(&arena);
}

/* An identity whose values are of other types on the two sides would make everybody
 * somebody else, or the other way round. */
static void test_identity_of_two_types(void **state)
{
    static const struct {
        const struct mr_column *target;
        enum mr_code code;
    } cases[] = {{&name, MR_OK},
                 {&name_bin, MR_OK},
                 {&name_latin, MR_OK},
                 {&name_blob, MR_OK},
                 {&name_int, MR_E_CONFIG}};
    static const struct plan source = {{&id, &name}, {"id"}, {NULL}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct plan target = {{&id, cases[i].target}, {"id"}, {NULL}};
        struct built s, t;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_table_config config = {.identity = MR_IDENTITY_COLUMNS,
                                         .identity_columns = {by_name, 1}};
        struct mr_err err = {0};
        build(&s, &source);
        build(&t, &target);
        struct mr_pair table = {.side = {&s.table, &t.table}, .find = {.name = "d.t"}};
        struct mr_column_task task = {.config = &config, .arena = &arena};
        assert_int_equal(mr_pair_columns(&table, &task, &err), cases[i].code);
        if (cases[i].code != MR_OK) {
            assert_non_null(strstr(err.message, "\"name\" of table \"d.t\""));
            assert_non_null(strstr(err.message, "varchar(20)"));
            assert_non_null(strstr(err.message, "int"));
            assert_non_null(strstr(mr_err_get_hint(&err), "identity"));
        }
        mr_arena_release(&arena);
    }
}

/* Of a FLOAT beside another type six digits are compared, which is said. */
static void test_rounded(void **state)
{
    static const struct mr_column money = {
        .name = "ratio", .type = "decimal(10,2)", .data_type = "decimal", .cls = MR_CLASS_DECIMAL};
    const struct mr_column *const columns[] = {&ratio, &ratio_wide, &money};
    (void)state;
    for (size_t i = 0; i < LEN(columns) * 2; i++) {
        struct built b[2];
        struct mr_arena arena = MR_ARENA_INIT;
        const struct mr_table_config config = {0};
        build(&b[i % 2], &(struct plan){{&id, &ratio}, {"id"}, {NULL}});
        build(&b[1 - i % 2], &(struct plan){{&id, columns[i / 2]}, {"id"}, {NULL}});
        struct mr_pair t = {.side = {&b[0].table, &b[1].table}, .arena = &arena};
        struct mr_column_task task = {.config = &config, .arena = &arena};
        assert_int_equal(mr_pair_columns(&t, &task, NULL), MR_OK);
        assert_int_equal(t.find.note != NULL, columns[i / 2] == &money);
        assert_true(t.find.note == NULL || strstr(t.find.note, "seen: ratio") != NULL);
        mr_arena_release(&arena);
    }
}

/* What the case is told about a column beside its values. */
static void test_type_and_mask(void **state)
{
    static const char *const masked[] = {"NAME", "no_such"};
    static const struct plan source = {{&id, &name}, {"id"}, {NULL}};
    static const struct plan target = {{&uid, &name_bin}, {"id"}, {NULL}};
    struct built s, t;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_table_config config = {.mask = {masked, 2}};
    (void)state;
    build(&s, &source);
    build(&t, &target);
    struct mr_pair table = {.side = {&s.table, &t.table}, .find = {.name = "d.t"}};
    struct mr_column_task task = {.config = &config, .arena = &arena};
    assert_int_equal(mr_pair_columns(&table, &task, NULL), MR_OK);
    assert_string_equal(table.find.columns[0].type, "int(11)");
    assert_string_equal(table.find.columns[1].type, "varchar(20)");
    assert_false(table.find.columns[0].masked);
    assert_true(table.find.columns[1].masked);
    mr_arena_release(&arena);
}

/* Conditions of references are the last values of a full read, in the order of the lines,
 * and of no scan. */
static void test_conditions(void **state)
{
    static const struct plan plan = {{&id, &name_latin}, {"id"}, {NULL}};
    static const char *const no_such[] = {"nobody"}, *const the_id[] = {"ID"};
    static const struct mr_reference references[] = {
        {.condition = NULL},
        {.condition = "a"},
        {.columns = {the_id, 1}, .dismissed = true},
        {.columns = {by_name, 1}, .by_pattern = true, .condition = "b"},
        /* those of a pattern that this table has nothing to do with */
        {.columns = {no_such, 1}, .by_pattern = true, .condition = "c"},
        {.columns = {the_id, 1}, .by_pattern = true, .condition = "d"}};
    struct built s, t;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_table_config config = {.references = references, .nreferences = LEN(references)};
    (void)state;
    build(&s, &plan);
    build(&t, &plan);
    struct mr_pair table = {.side = {&s.table, &t.table}, .find = {.name = "d.t"}};
    struct mr_column_task task = {.config = &config, .arena = &arena};
    assert_int_equal(mr_pair_columns(&table, &task, NULL), MR_OK);
    assert_ptr_equal(table.config, &config);
    assert_int_equal(table.ncompared, 2);
    assert_int_equal(table.scan[MR_SOURCE].ncols, 2);
    assert_true(table.condition_at[0] == SIZE_MAX && table.condition_at[2] == SIZE_MAX);
    assert_true(table.condition_at[4] == SIZE_MAX && table.condition_at[5] == SIZE_MAX);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_readspec *full = &table.full[side];
        assert_int_equal(full->ncols, 5); /* behind the latin1 text for people */
        assert_int_equal(table.condition_at[1], 3);
        assert_int_equal(table.condition_at[3], 4);
        assert_string_equal(full->cols[3].name, "a");
        assert_string_equal(full->cols[4].name, "b");
        assert_int_equal(full->cols[4].expr, MR_EXPR_CONDITION);
        assert_int_equal(full->cols[4].cls, MR_CLASS_UINT);
    }
    mr_arena_release(&arena);
}

/* Values are kept once where both sides are read alike to the letter, and for each side elsewhere. */
static void test_values_kept_once(void **state)
{
    static const struct {
        const struct mr_column *source, *target;
        bool once;
    } sides[] = {{&name, &name, true},      {&name_latin, &name_latin, true},
                 {&name, &name_bin, false}, {&name, &name_latin, false},
                 {&kind, &kind_more, true}, {&ratio, &ratio_wide, false}};
    (void)state;
    for (size_t i = 0; i < LEN(sides); i++) {
        struct built s, t;
        struct mr_arena arena = MR_ARENA_INIT;
        const struct mr_table_config config = {0};
        build(&s, &(struct plan){{&id, sides[i].source}, {"id"}, {NULL}});
        build(&t, &(struct plan){{&id, sides[i].target}, {"id"}, {NULL}});
        struct mr_pair table = {.side = {&s.table, &t.table}, .find = {.name = "d.t"}};
        struct mr_column_task task = {.config = &config, .arena = &arena};
        assert_int_equal(mr_pair_columns(&table, &task, NULL), MR_OK);
        assert_int_equal(table.full[MR_SOURCE].cols == table.full[MR_TARGET].cols, sides[i].once);
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            assert_ptr_equal(table.scan[side].cols, table.full[side].cols);
            assert_true(table.scan[side].ncols <= table.full[side].ncols);
        }
        mr_arena_release(&arena);
    }
}

/* Only where rows can be read piece by piece is an engine without snapshots stored. */
static void test_store(void **state)
{
    (void)state;
    for (int keyed = 0; keyed < 2; keyed++) {
        struct plan plan = {{&id, &name}, {keyed != 0 ? "id" : NULL}, {NULL}};
        struct built s, t;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_table_config config = {0};
        build(&s, &plan);
        build(&t, &plan);
        t.table.transactional = false;
        struct mr_pair table = {.side = {&s.table, &t.table}};
        struct mr_column_task task = {.config = &config, .arena = &arena};
        assert_int_equal(mr_pair_columns(&table, &task, NULL), MR_OK);
        assert_false(table.scan[MR_SOURCE].store);
        assert_int_equal(table.scan[MR_TARGET].store, keyed);
        assert_int_equal(table.full[MR_TARGET].store, keyed);
        mr_arena_release(&arena);
    }
}

/* Rows that are to be copied are read with the columns that no comparison looks at. */
static void test_whole_rows(void **state)
{
    static const char *const note_only[] = {"NOTE"};
    static const struct plan plan = {{&id, &name, &note}, {"id"}, {NULL}};
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        struct built s, t;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_table_config config = {.identity = MR_IDENTITY_ROW,
                                         .ignore_columns = {note_only, 1}};
        build(&s, &plan);
        build(&t, &plan);
        struct mr_pair table = {.side = {&s.table, &t.table}};
        struct mr_column_task task = {.config = &config, .arena = &arena, .whole_rows = whole != 0};
        assert_int_equal(mr_pair_columns(&table, &task, NULL), MR_OK);
        assert_int_equal(table.find.ncolumns, whole != 0 ? 3 : 2);
        assert_int_equal(table.nidentity, 1);
        assert_true((table.ignored != NULL) == (whole != 0));
        if (whole != 0) {
            assert_false(table.ignored[1]);
            assert_true(table.ignored[2]);
        }
        mr_arena_release(&arena);
    }
}

/* A column that is not compared names no row, whoever reads it. */
static void test_whole_rows_key(void **state)
{
    static const char *const id_only[] = {"id"};
    static const struct plan plan = {{&id, &name}, {"id"}, {NULL}};
    struct built s, t;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_table_config config = {.ignore_columns = {id_only, 1}};
    (void)state;
    build(&s, &plan);
    build(&t, &plan);
    struct mr_pair table = {.side = {&s.table, &t.table}};
    struct mr_column_task task = {.config = &config, .arena = &arena, .whole_rows = true};
    assert_int_equal(mr_pair_columns(&table, &task, NULL), MR_OK);
    assert_int_equal(table.join, MR_JOIN_DIGEST);
    assert_int_equal(table.find.ncolumns, 2);
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_unusable_indexes),
        cmocka_unit_test(test_configuration),
        cmocka_unit_test(test_identity_named_twice),
        cmocka_unit_test(test_identity_of_two_types),
        cmocka_unit_test(test_rounded),
        cmocka_unit_test(test_type_and_mask),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_values_kept_once),
        cmocka_unit_test(test_store),
        cmocka_unit_test(test_whole_rows),
        cmocka_unit_test(test_whole_rows_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
