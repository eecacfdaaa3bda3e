/* test_config.c: the sections of the configuration, above all those about tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cli/config.h"

static struct mr_arena arena;

static int setup(void **state)
{
    (void)state;
    mr_arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mr_arena_release(&arena);
    return 0;
}

/* A section that some room reads: it knows the keys `lag`, once, and `silence`. */
static enum mr_code check_room(const struct mr_ini_section *section, struct mr_arena *room_arena,
                               struct mr_err *err)
{
    (void)room_arena;
    for (const struct mr_ini_entry *entry = section->entries; entry != NULL; entry = entry->next)
        if (strcmp(entry->key, "lag") != 0 && strcmp(entry->key, "silence") != 0)
            return mr_err_set(err, MR_E_CONFIG, "%s:%u: no such key", entry->file, entry->line);
    return MR_OK;
}

static bool is_repeatable(const char *key)
{
    return strcmp(key, "silence") == 0;
}

static const struct mr_config_room gate = {.word = "gate",
                                           .hint = "Write [gate]; it holds for every check.",
                                           .check = check_room,
                                           .is_repeatable = is_repeatable};
static const struct mr_config_room *const gate_room[] = {&gate};
static const struct mr_config_rooms rooms = {gate_room, 1};

static struct mr_config *parse(const char *text)
{
    struct mr_err err = {.code = MR_OK};
    struct mr_config *config = NULL;
    enum mr_code code = mr_config_parse(text, strlen(text), "my.ini", rooms, &config, &err);
    if (code != MR_OK)
        print_error("%s\n", err.message);
    assert_int_equal(code, MR_OK);
    return config;
}

static struct mr_table_config table_of(const struct mr_config *config, const char *db,
                                       const char *name)
{
    struct mr_table_config out;
    struct mr_err err;
    assert_int_equal(mr_config_table(config, db, name, &arena, &out, &err), MR_OK);
    return out;
}

static void assert_list(const struct mr_string_list *list, const char *joined)
{
    char text[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < list->count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? "|" : "",
                                 list->items[i]);
    assert_string_equal(text, joined);
}

/* The example of the documentation, comments and all. */
static void test_example(void **state)
{
    (void)state;
    struct mr_config *config =
        parse("[table club.members]        ; patterns allowed: *.members\n"
              "identity   = mobile         ; natural key: one or more columns; key = the "
              "key\n"
              "time-column = created_at    ; creation time\n"
              "update-column = updated_at  ; last edit\n"
              "split-key  = 3000           ; the last key that both histories share\n"
              "margin     = 500000\n"
              "on-conflict = differs=newest:updated_at\n"
              "freshness  = created_at     ; gate: age of the newest row\n"
              "sequence   = period         ; gate: numbered without gaps\n"
              "mask       = mobile         ; report: hidden unless --unmask\n"
              "subject    = yes            ; rows are the people that `affected` lists\n"
              "where      = created_at >= '2026-04-02'\n"
              "ignore-columns = updated_at\n"
              "[table club.wallet_log]\n"
              "reference  = member_id -> club.members.id    ; a reference; repeatable\n"
              "; reference = owner_id -> club.members.id when owner_type = 'member'\n"
              "; reference = none: legacy_id                ; looks like one, is none\n");
    struct mr_table_config t = table_of(config, "club", "members");
    assert_int_equal(t.identity, MR_IDENTITY_COLUMNS);
    assert_list(&t.identity_columns, "mobile");
    assert_string_equal(t.time_column, "created_at");
    assert_string_equal(t.update_column, "updated_at");
    assert_true(t.has_split_key && t.split_key == 3000);
    assert_true(t.has_margin && t.margin == 500000);
    assert_int_equal(t.non_conflict, 1);
    assert_string_equal(t.on_conflict[0].kind, "differs");
    assert_string_equal(t.on_conflict[0].choice, "newest");
    assert_string_equal(t.on_conflict[0].column, "updated_at");
    assert_string_equal(t.freshness, "created_at");
    assert_string_equal(t.sequence, "period");
    assert_list(&t.mask, "mobile");
    assert_true(t.subject);
    assert_string_equal(t.where, "created_at >= '2026-04-02'");
    assert_list(&t.ignore_columns, "updated_at");
    assert_int_equal(t.nreferences, 0);

    t = table_of(config, "club", "wallet_log");
    assert_int_equal(t.identity, MR_IDENTITY_DEFAULT);
    assert_int_equal(t.nreferences, 1);
    assert_list(&t.references[0].columns, "member_id");
    assert_string_equal(t.references[0].ref_db, "club");
    assert_string_equal(t.references[0].ref_table, "members");
    assert_list(&t.references[0].ref_columns, "id");
    assert_null(t.references[0].condition);

    t = table_of(config, "club", "orders");
    assert_int_equal(t.nreferences, 0);
    assert_false(t.subject || t.has_margin || t.has_split_key);
    mr_config_free(config);
}

static void test_identity(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum mr_identity identity;
        const char *columns;
    } table[] = {
        {"mobile", MR_IDENTITY_COLUMNS, "mobile"},
        {"area, mobile", MR_IDENTITY_COLUMNS, "area|mobile"},
        {"area,mobile ,name", MR_IDENTITY_COLUMNS, "area|mobile|name"},
        {"key", MR_IDENTITY_KEY, ""},
        {"row", MR_IDENTITY_ROW, ""},
        {"none", MR_IDENTITY_NONE, ""},
        {"`none`", MR_IDENTITY_COLUMNS, "none"},
        {"\"key\"", MR_IDENTITY_COLUMNS, "key"},
        {"keys", MR_IDENTITY_COLUMNS, "keys"},
        {"`a,b`, `c d`, `e``f`, \"g\"\"h\"", MR_IDENTITY_COLUMNS, "a,b|c d|e`f|g\"h"},
        {"`a ; b` ; comment", MR_IDENTITY_COLUMNS, "a ; b"},
        {"\xe6\x89\x8b\xe6\x9c\xba", MR_IDENTITY_COLUMNS, "\xe6\x89\x8b\xe6\x9c\xba"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[160];
        (void)snprintf(text, sizeof text, "[table t]\nidentity = %s\n", table[i].value);
        struct mr_config *config = parse(text);
        struct mr_table_config t = table_of(config, "any", "t");
        assert_int_equal(t.identity, table[i].identity);
        assert_list(&t.identity_columns, table[i].columns);
        mr_config_free(config);
    }
}

static void test_references(void **state)
{
    (void)state;
    static const struct {
        const char *value, *columns, *db, *table, *ref_columns, *condition;
    } table[] = {
        {"a -> d.t.id", "a", "d", "t", "id", NULL},
        {"a->d.t.id", "a", "d", "t", "id", NULL},
        {"a,b -> d.t.x,y", "a|b", "d", "t", "x|y", NULL},
        {"a , b -> d . t . x , y", "a|b", "d", "t", "x|y", NULL},
        {"`a.b` -> `d-1`.`t.2`.`when`", "a.b", "d-1", "t.2", "when", NULL},
        {"owner-id -> d.t.id", "owner-id", "d", "t", "id", NULL},
        {"a -> d.t.id when kind = 'm ; n' ; c", "a", "d", "t", "id", "kind = 'm ; n'"},
        {"none -> d.t.id", "none", "d", "t", "id", NULL},
        {"none: a", "a", NULL, NULL, "", NULL},
        {"none: a, b", "a|b", NULL, NULL, "", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[160];
        (void)snprintf(text, sizeof text, "[table t]\nreference = %s\n", table[i].value);
        struct mr_config *config = parse(text);
        struct mr_table_config t = table_of(config, "any", "t");
        const struct mr_reference *ref = t.references;
        assert_int_equal(t.nreferences, 1);
        assert_list(&ref->columns, table[i].columns);
        assert_list(&ref->ref_columns, table[i].ref_columns);
        assert_int_equal(ref->dismissed, table[i].db == NULL);
        if (table[i].db != NULL) {
            assert_string_equal(ref->ref_db, table[i].db);
            assert_string_equal(ref->ref_table, table[i].table);
        }
        if (table[i].condition != NULL)
            assert_string_equal(ref->condition, table[i].condition);
        else
            assert_null(ref->condition);
        mr_config_free(config);
    }
}

/* Of several matching sections the later wins per key; references add up. */
static void test_merging(void **state)
{
    (void)state;
    struct mr_config *config = parse("[table *]\n"
                                     "identity = key\n"
                                     "margin = 7\n"
                                     "ignore-columns = a, b\n"
                                     "reference = x -> d.t.id\n"
                                     "[table club.*]\n"
                                     "identity = mobile\n"
                                     "reference = y -> d.t.id\n"
                                     "reference = none: z\n"
                                     "[table other.members]\n"
                                     "margin = 9\n"
                                     "[table members]\n"
                                     "ignore-columns = c\n"
                                     "subject = yes\n"
                                     "[table *.members]\n"
                                     "subject = no\n");
    struct mr_table_config t = table_of(config, "club", "members");
    assert_list(&t.identity_columns, "mobile");
    assert_int_equal(t.identity, MR_IDENTITY_COLUMNS);
    assert_int_equal(t.margin, 7);
    assert_list(&t.ignore_columns, "c");
    assert_false(t.subject);
    assert_int_equal(t.nreferences, 3);
    assert_list(&t.references[0].columns, "x");
    assert_list(&t.references[1].columns, "y");
    assert_true(t.references[2].dismissed);

    t = table_of(config, "other", "members");
    assert_int_equal(t.identity, MR_IDENTITY_KEY);
    assert_int_equal(t.identity_columns.count, 0);
    assert_int_equal(t.margin, 9);
    assert_int_equal(t.nreferences, 1);
    mr_config_free(config);
}

/* A special word takes back the columns of an earlier section. */
static void test_identity_replaced(void **state)
{
    (void)state;
    struct mr_config *config = parse("[table *]\nidentity = a, b\n"
                                     "[table d.t]\nidentity = none\n");
    struct mr_table_config t = table_of(config, "d", "t");
    assert_int_equal(t.identity, MR_IDENTITY_NONE);
    assert_int_equal(t.identity_columns.count, 0);
    mr_config_free(config);
}

static void test_conflicts(void **state)
{
    (void)state;
    struct mr_config *config = parse("[table t]\non-conflict = differs=source, unique=merge-into, "
                                     "changed=newest:`last edit`, deleted-or-lost=restore\n");
    struct mr_table_config t = table_of(config, "d", "t");
    assert_int_equal(t.non_conflict, 4);
    assert_string_equal(t.on_conflict[1].kind, "unique");
    assert_string_equal(t.on_conflict[1].choice, "merge-into");
    assert_null(t.on_conflict[1].column);
    assert_string_equal(t.on_conflict[2].column, "last edit");
    assert_string_equal(t.on_conflict[3].choice, "restore");
    mr_config_free(config);
}

/* Rules of columns; of several sections the later one holds as a whole. */
static void test_column_rules(void **state)
{
    static const struct {
        const char *value, *rules;
        bool by_columns;
    } cases[] = {
        {"columns", "", true},
        {"credits add", "credits=add", false},
        {"a add,b max, c min ,d union", "a=add b=max c=min d=union", false},
        {"a newest, b source, c target", "a=newest b=source c=target", false},
        {"columns, balance add", "balance=add", true},
        {"balance  add ,\tcolumns", "balance=add", true},
        {"`columns` max", "columns=max", false},
        {"columns max", "columns=max", false},
        {"columns max, columns", "columns=max", true},
        {"`a, b` add, \"c d\" max, `e``f` min, `g\"h` source",
         "a, b=add c d=max e`f=min g\"h=source", false},
        {"`add` add, max max", "add=add max=max", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_strbuf ini = MR_STRBUF_INIT, rules = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&ini, "[table *]\nmerge = gone add, columns\n[table t]\nmerge = %s\n",
                          cases[i].value);
        struct mr_config *config = parse(ini.ptr);
        struct mr_table_config t = table_of(config, "d", "t");
        mr_strbuf_add_str(&rules, "");
        for (size_t k = 0; k < t.merge.nrules; k++)
            mr_strbuf_add_fmt(&rules, "%s%s=%s", k > 0 ? " " : "", t.merge.rules[k].column,
                              mr_column_rule_name(t.merge.rules[k].rule));
        assert_string_equal(rules.ptr, cases[i].rules);
        assert_int_equal(t.merge.by_columns, cases[i].by_columns);
        assert_string_equal(t.merge.place.section, "t");
        assert_int_equal(t.merge.place.line, 4);
        assert_false(t.merge.place.by_pattern);
        t = table_of(config, "d", "other");
        assert_int_equal(t.merge.nrules, 1);
        assert_int_equal(t.merge.place.line, 2);
        assert_true(t.merge.place.by_pattern);
        mr_config_free(config);
        mr_strbuf_release(&ini);
        mr_strbuf_release(&rules);
    }
}

static const struct {
    const char *text, *message, *hint; /* hint: "" for any */
} refused[] = {
    {"[table t]\nmerge = a sum\n", "my.ini:2: key \"merge\": unknown rule \"sum\" in \"a sum\"",
     "Choose one of: add, max, min, union, newest, source, target."},
    {"[table t]\nmerge = a maximum\n",
     "my.ini:2: key \"merge\": unknown rule \"maximum\" in \"a maximum\"", ""},
    {"[table t]\nmerge = a nwest\n",
     "my.ini:2: key \"merge\": unknown rule \"nwest\" in \"a nwest\"", "Did you mean \"newest\"?"},
    {"[table t]\nmerge = a ADD\n", "my.ini:2: key \"merge\": unknown rule \"ADD\" in \"a ADD\"",
     ""},
    {"[table t]\nmerge = a\n", "my.ini:2: key \"merge\": no rule behind the column in \"a\"", ""},
    {"[table t]\nmerge = `columns`\n",
     "my.ini:2: key \"merge\": no rule behind the column in \"`columns`\"", ""},
    {"[table t]\nmerge = a add, A max\n",
     "my.ini:2: key \"merge\": a column is named twice in \"a add, A max\"", ""},
    {"[table t]\nmerge = columns, columns\n",
     "my.ini:2: key \"merge\": columns stands twice in \"columns, columns\"", ""},
    {"[table t]\nmerge = a add b\n",
     "my.ini:2: key \"merge\": unexpected text behind the last name in \"a add b\"", ""},
    {"[table t]\nmerge = a add,\n", "my.ini:2: key \"merge\": a name is missing in \"a add,\"", ""},
    {"[table t]\nmerge = a newest:b\n",
     "my.ini:2: key \"merge\": unexpected text behind the last name in \"a newest:b\"", ""},
    {"[table t]\nmerge = a = add\n", "my.ini:2: key \"merge\": unknown rule \"\" in \"a = add\"",
     ""},
    {"[table t]\nmerge = `a add\n",
     "my.ini:2: key \"merge\": a quoted name that is empty or never closed in \"`a add\"", ""},
    {"[table t]\nmerge =\n", "my.ini:2: key \"merge\": no value in \"\"", ""},
    {"[table t]\nwhere = 1=0) or (1=1\n",
     "my.ini:2: key \"where\": a closing parenthesis too many in \"1=0) or (1=1\"", ""},
    {"[table t]\nreference = a -> d.t.b when x = 'y\n",
     "my.ini:2: key \"reference\": a literal or comment without its end in \"a -> d.t.b "
     "when x "
     "= 'y\"",
     ""},
    {"[tabel x]\n", "my.ini:1: unknown section [tabel x]", "Did you mean [table x]?"},
    {"\n[option]\n", "my.ini:2: unknown section [option]", "Did you mean [options]?"},
    {"[zzz]\n", "my.ini:1: unknown section [zzz]",
     "There are [options], [table PATTERN] and [gate]."},
    {"[table]\n", "my.ini:1: section [table] names no table", ""},
    {"[gat]\n", "my.ini:1: unknown section [gat]", "Did you mean [gate]?"},
    {"[gate x]\n", "my.ini:1: section [gate] takes no name",
     "Write [gate]; it holds for every check."},
    {"[gate]\nlag = 1\n[gate]\n", "my.ini:3: section [gate] given twice", ""},
    {"[gate]\nsilence = a\nsilence = b\nlag = 1\nlag = 1\n",
     "my.ini:5: key \"lag\" given twice in section", ""},
    {"[gate]\n\nfoo = 1\n", "my.ini:3: no such key", ""},
    {"[options x]\n", "my.ini:1: section [options] takes no name", ""},
    {"[options]\n[options]\n", "my.ini:2: section [options] given twice", ""},
    {"[table t]\nidentiy = x\n", "my.ini:2: unknown key \"identiy\"", "Did you mean \"identity\"?"},
    {"[table t]\nbogus = x\n", "my.ini:2: unknown key \"bogus\"", ""},
    {"[table t]\nIdentity = x\n", "my.ini:2: unknown key \"Identity\"",
     "Did you mean \"identity\"?"},
    {"[table t]\nmargin = 1\nmargin = 1\n", "my.ini:3: key \"margin\" given twice in section", ""},
    {"[table t]\nidentity =\n", "my.ini:2: key \"identity\": no value in \"\"", ""},
    {"[table t]\nidentity = a b\n",
     "my.ini:2: key \"identity\": unexpected text behind the last name in \"a b\"", ""},
    {"[table t]\nidentity = a,\n", "my.ini:2: key \"identity\": a name is missing in \"a,\"", ""},
    {"[table t]\nidentity = a,a\n",
     "my.ini:2: key \"identity\": a column is named twice in \"a,a\"", ""},
    {"[table t]\nmask = `a\n",
     "my.ini:2: key \"mask\": a quoted name that is empty or never closed in "
     "\"`a\"",
     ""},
    {"[table t]\nmask = ``\n",
     "my.ini:2: key \"mask\": a quoted name that is empty or never closed in "
     "\"``\"",
     ""},
    {"[table t]\ntime-column = a, b\n",
     "my.ini:2: key \"time-column\": unexpected text behind the last name in \"a, "
     "b\"",
     ""},
    {"[table t]\nmargin = -1\n", "my.ini:2: key \"margin\": no whole number in \"-1\"", ""},
    {"[table t]\nmargin = 1k\n", "my.ini:2: key \"margin\": no whole number in \"1k\"", ""},
    {"[table t]\nsplit-key = 18446744073709551616\n",
     "my.ini:2: key \"split-key\": no whole number in \"18446744073709551616\"", ""},
    {"[table t]\nsubject = maybe\n", "my.ini:2: key \"subject\": neither yes nor no in \"maybe\"",
     ""},
    {"[table t]\nreference = a\n", "my.ini:2: key \"reference\": no -> behind the columns in \"a\"",
     ""},
    {"[table t]\nreference = a -> t.id\n",
     "my.ini:2: key \"reference\": the referenced column lacks its database in \"a "
     "-> t.id\"",
     ""},
    {"[table t]\nreference = a,b -> d.t.id\n",
     "my.ini:2: key \"reference\": the two sides name different numbers of columns "
     "in \"a,b -> d.t.id\"",
     ""},
    {"[table t]\nreference = a -> d.t.id whenever x\n",
     "my.ini:2: key \"reference\": unexpected text behind the reference in \"a -> "
     "d.t.id whenever x\"",
     ""},
    {"[table t]\nreference = none: a -> d.t.id\n",
     "my.ini:2: key \"reference\": unexpected text behind the last name in \"none: "
     "a "
     "-> d.t.id\"",
     ""},
    {"[table t]\non-conflict = difers=source\n",
     "my.ini:2: key \"on-conflict\": unknown kind of conflict \"difers\" in "
     "\"difers=source\"",
     "Did you mean \"differs\"?"},
    {"[table t]\non-conflict = differs=xyz\n",
     "my.ini:2: key \"on-conflict\": unknown choice \"xyz\" in \"differs=xyz\"",
     "Choose one of: target, source, newest:COLUMN, stop."},
    {"[table t]\non-conflict = differs\n",
     "my.ini:2: key \"on-conflict\": no = behind the kind of conflict in "
     "\"differs\"",
     ""},
    {"[table t]\non-conflict = differs=skip\n",
     "my.ini:2: key \"on-conflict\": a choice that this kind of conflict does not "
     "have in \"differs=skip\"",
     ""},
    {"[table t]\non-conflict = does-not-fit=restore\n",
     "my.ini:2: key \"on-conflict\": a choice that this kind of conflict does not "
     "have in \"does-not-fit=restore\"",
     ""},
    {"[table t]\ncolumn = a\n", "my.ini:2: key \"column\": no -> behind the column in \"a\"", ""},
    {"[table t]\non-conflict = differs=newest\n",
     "my.ini:2: key \"on-conflict\": newest, and only newest, names a column in "
     "\"differs=newest\"",
     ""},
    {"[table t]\non-conflict = differs=source:a\n",
     "my.ini:2: key \"on-conflict\": newest, and only newest, names a column in "
     "\"differs=source:a\"",
     ""},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct mr_err err = {.code = MR_OK};
        struct mr_config *config = NULL;
        const char *text = refused[i].text;
        assert_int_equal(mr_config_parse(text, strlen(text), "my.ini", rooms, &config, &err),
                         MR_E_CONFIG);
        assert_null(config);
        assert_string_equal(err.message, refused[i].message);
        assert_string_not_equal(mr_err_get_hint(&err), "");
        if (refused[i].hint[0] != '\0')
            assert_string_equal(err.hint, refused[i].hint);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_example, setup, teardown),
        cmocka_unit_test_setup_teardown(test_identity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_references, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merging, setup, teardown),
        cmocka_unit_test_setup_teardown(test_identity_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conflicts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_column_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
