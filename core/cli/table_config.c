/* table_config.c: see table_config.h. */
#include "core/cli/table_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/suggest.h"
#include "core/db/sqlscan.h"

enum kind {
    KIND_IDENTITY = 1,
    KIND_COLUMN,  /* const char * */
    KIND_COLUMNS, /* struct mr_string_list */
    KIND_COUNT,   /* uint64_t, and the bool that says it is there */
    KIND_CONFLICT,
    KIND_YES_NO,
    KIND_SQL,
    KIND_REFERENCE,
    KIND_RENAMED,
    KIND_MERGE
};

#define FIELD(name) offsetof(struct mr_table_config, name)

static const struct key {
    const char *name;
    enum kind kind;
    size_t offset;
    size_t has_offset; /* KIND_COUNT only */
} keys[] = {
    {"identity", KIND_IDENTITY, FIELD(identity), 0},
    {"time-column", KIND_COLUMN, FIELD(time_column), 0},
    {"update-column", KIND_COLUMN, FIELD(update_column), 0},
    {"split-key", KIND_COUNT, FIELD(split_key), FIELD(has_split_key)},
    {"margin", KIND_COUNT, FIELD(margin), FIELD(has_margin)},
    {"on-conflict", KIND_CONFLICT, FIELD(on_conflict), 0},
    {"freshness", KIND_COLUMN, FIELD(freshness), 0},
    {"sequence", KIND_COLUMN, FIELD(sequence), 0},
    {"mask", KIND_COLUMNS, FIELD(mask), 0},
    {"subject", KIND_YES_NO, FIELD(subject), 0},
    {"static", KIND_YES_NO, FIELD(is_static), 0},
    {"queue", KIND_YES_NO, FIELD(is_queue), 0},
    {"where", KIND_SQL, FIELD(where), 0},
    {"ignore-columns", KIND_COLUMNS, FIELD(ignore_columns), 0},
    {"reference", KIND_REFERENCE, FIELD(references), 0},
    {"column", KIND_RENAMED, FIELD(renamed), 0},
    {"merge", KIND_MERGE, FIELD(merge), 0},
};
static const size_t nkeys = sizeof keys / sizeof keys[0];

/* Which conflicts there are, and which choices make sense for them. */
enum {
    VALUE = 1,
    EXISTENCE = 2,
    UNIQUE = 4,
    FIT = 8,
    COLUMNS = 16,
    SIDES = 32,
    ERASED = 64,
    SOURCE_HAS = 63, /* the row */
    ANY = 127,
    TREE = 0,
    REPORTED = 0,
    ALONE = 0
};

struct word {
    const char *text;
    unsigned classes; /* 0: nobody can say it */
};

static const struct word conflict_kinds[] = {
#define MR_CONFLICT_KIND(symbol, name, classes) {name, classes},
#include "core/cli/conflict_kinds.def"
#undef MR_CONFLICT_KIND
    {NULL, 0},
};

static const struct word conflict_choices[] = {
    {"target", SOURCE_HAS},
    {"source", VALUE | COLUMNS | SIDES},
    {"newest", VALUE},
    {"restore", EXISTENCE},
    {"skip", EXISTENCE | FIT},
    {"merge-into", UNIQUE},
    {"without-value", UNIQUE | FIT},
    {"columns", COLUMNS},
    {"keep", ERASED},
    {"delete", ERASED},
    {"stop", ANY},
    {NULL, 0},
};

static const struct word column_rules[] = {
#define MR_COLUMN_RULE(symbol, name) {name, ANY},
#define MR_RULE_ANSWER(symbol, words)
#include "core/source/column_rule.def"
#undef MR_COLUMN_RULE
#undef MR_RULE_ANSWER
    {NULL, 0},
};

struct parse {
    const struct key *key;
    const char *value; /* the whole text, for messages */
    const char *at;    /* what is left of it */
    struct mr_table_config *config;
    struct mr_arena *arena;
    struct mr_err *err;
};

static enum mr_code fail(const struct parse *p, const char *why, const char *hint)
{
    (void)mr_err_set(p->err, MR_E_CONFIG, "key \"%s\": %s in \"%s\"", p->key->name, why, p->value);
    mr_err_hint(p->err, "%s", hint);
    return MR_E_CONFIG;
}

static enum mr_code nomem(const struct parse *p)
{
    return mr_err_nomem(p->err, "reading the configuration");
}

static void *field(const struct parse *p)
{
    return (char *)p->config + p->key->offset;
}

static void skip_blanks(struct parse *p)
{
    while (*p->at == ' ' || *p->at == '\t')
        p->at++;
}

/* Moves behind c if it is next. */
static bool accept(struct parse *p, const char *text)
{
    skip_blanks(p);
    size_t len = strlen(text);
    if (strncmp(p->at, text, len) != 0)
        return false;
    p->at += len;
    skip_blanks(p);
    return true;
}

static enum mr_code expect_end(struct parse *p)
{
    static const char hint[] = "Names with blanks, commas or dots are put in backticks.";
    skip_blanks(p);
    return *p->at == '\0' ? MR_OK : fail(p, "unexpected text behind the last name", hint);
}

/* The quote within a name is doubled, as in SQL, so that a name can be pasted from SHOW CREATE
 * TABLE. */
static enum mr_code parse_quoted(struct parse *p, const char **name)
{
    char quote = *p->at++;
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool closed = false;
    while (*p->at != '\0' && !closed) {
        if (*p->at == quote && p->at[1] != quote) {
            closed = true;
        } else {
            p->at += *p->at == quote ? 1 : 0;
            mr_strbuf_add_char(&text, *p->at);
        }
        p->at++;
    }
    enum mr_code code = MR_OK;
    if (!text.failed && (!closed || text.len == 0))
        code = fail(p, "a quoted name that is empty or never closed",
                    "Close the name with the quote that opens it.");
    else if (text.failed || (*name = mr_arena_dup(p->arena, text.ptr, text.len)) == NULL)
        code = nomem(p);
    mr_strbuf_release(&text);
    return code;
}

static bool ends_bare_name(const char *at)
{
    return *at == '\0' || strchr(" \t,.()=:", *at) != NULL || (at[0] == '-' && at[1] == '>');
}

/* One identifier, bare or in quotes. */
static enum mr_code parse_name(struct parse *p, const char **name)
{
    skip_blanks(p);
    if (*p->at == '`' || *p->at == '"')
        return parse_quoted(p, name);
    const char *start = p->at;
    while (!ends_bare_name(p->at))
        p->at++;
    if (p->at == start)
        return fail(p, "a name is missing", "Name columns like mobile or `odd name`.");
    *name = mr_arena_dup(p->arena, start, (size_t)(p->at - start));
    return *name != NULL ? MR_OK : nomem(p);
}

/* An identity with a column twice is a slip for another column: two people would be one. */
static enum mr_code add_name(struct parse *p, struct mr_string_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], name) == 0)
            return fail(p, "a column is named twice", "Name each column once.");
    }
    const char **items = mr_arena_calloc(p->arena, list->count + 1, sizeof *items);
    if (items == NULL)
        return nomem(p);
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
    items[list->count++] = name;
    list->items = items;
    return MR_OK;
}

/* name[, name…] */
static enum mr_code parse_names(struct parse *p, struct mr_string_list *list)
{
    *list = (struct mr_string_list){0};
    do {
        const char *name = NULL;
        enum mr_code code = parse_name(p, &name);
        if (code == MR_OK)
            code = add_name(p, list, name);
        if (code != MR_OK)
            return code;
    } while (accept(p, ","));
    return MR_OK;
}

static enum mr_code parse_columns(struct parse *p)
{
    struct mr_string_list list;
    MR_TRY(parse_names(p, &list));
    MR_TRY(expect_end(p));
    memcpy(field(p), &list, sizeof list);
    return MR_OK;
}

static enum mr_code parse_column(struct parse *p)
{
    const char *name = NULL;
    MR_TRY(parse_name(p, &name));
    MR_TRY(expect_end(p));
    memcpy(field(p), &name, sizeof name);
    if (p->key->offset == offsetof(struct mr_table_config, time_column))
        p->config->time_by_pattern = p->config->place.by_pattern;
    if (p->key->offset == offsetof(struct mr_table_config, update_column))
        p->config->update_by_pattern = p->config->place.by_pattern;
    return MR_OK;
}

/* The three words are taken before names are read: a column called "key" has to be quoted. */
static enum mr_code parse_identity(struct parse *p)
{
    static const struct {
        const char *word;
        enum mr_identity identity;
    } special[] = {{"key", MR_IDENTITY_KEY}, {"row", MR_IDENTITY_ROW}, {"none", MR_IDENTITY_NONE}};
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (strcmp(p->value, special[i].word) == 0) {
            p->config->identity = special[i].identity;
            p->config->identity_columns = (struct mr_string_list){0};
            return MR_OK;
        }
    }
    struct mr_string_list list;
    MR_TRY(parse_names(p, &list));
    MR_TRY(expect_end(p));
    p->config->identity = MR_IDENTITY_COLUMNS;
    p->config->identity_columns = list;
    return MR_OK;
}

static enum mr_code parse_count(struct parse *p)
{
    const bool there = true;
    char *end = NULL;
    errno = 0;
    uint64_t value = strtoull(p->value, &end, 10);
    if (p->value[0] < '0' || p->value[0] > '9' || *end != '\0' || errno == ERANGE)
        return fail(p, "no whole number", "Give a whole number from 0 to 18446744073709551615.");
    memcpy(field(p), &value, sizeof value);
    memcpy((char *)p->config + p->key->has_offset, &there, sizeof there);
    return MR_OK;
}

static enum mr_code parse_yes_no(struct parse *p)
{
    bool yes = strcmp(p->value, "yes") == 0;
    if (!yes && strcmp(p->value, "no") != 0)
        return fail(p, "neither yes nor no", "Write yes or no.");
    memcpy(field(p), &yes, sizeof yes);
    return MR_OK;
}

/* What is put into parentheses must not get out of them. */
static enum mr_code check_condition(struct parse *p, const char *sql)
{
    const char *open = mr_sqlscan_why_open(sql);
    return open == NULL ? MR_OK
                        : fail(p, open,
                               "A condition is put into parentheses: write one expression, as "
                               "behind WHERE.");
}

static enum mr_code parse_sql(struct parse *p)
{
    MR_TRY(check_condition(p, p->value));
    char *copy = mr_arena_strdup(p->arena, p->value);
    if (copy == NULL)
        return nomem(p);
    memcpy(field(p), &copy, sizeof copy);
    return MR_OK;
}

/* "Choose one of: …", those that are for one of the classes. */
static void hint_words(struct parse *p, const struct word *words, unsigned classes)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (const struct word *word = words; word->text != NULL; word++)
        if ((word->classes & classes) != 0)
            mr_strbuf_add_fmt(
                &text, "%s%s%s", text.len > 0 ? ", " : "", word->text,
                words == conflict_choices && strcmp(word->text, "newest") == 0 ? ":COLUMN" : "");
    mr_err_hint(p->err, "Choose one of: %s.", text.ptr);
    mr_strbuf_release(&text);
}

/* A word of the list; NULL with an error, whose hint offers those of the classes. */
static const struct word *parse_word(struct parse *p, const struct word *words, const char *what,
                                     unsigned classes)
{
    char typed[64];
    size_t len = 0;
    skip_blanks(p);
    while (!ends_bare_name(p->at) && len + 1 < sizeof typed)
        typed[len++] = *p->at++;
    typed[len] = '\0';
    struct mr_suggest suggest = {.typed = typed};
    for (const struct word *word = words; word->text != NULL; word++) {
        if (word->classes == 0)
            continue;
        if (strcmp(word->text, typed) == 0)
            return word;
        mr_suggest_offer(&suggest, word->text);
    }
    (void)mr_err_set(p->err, MR_E_CONFIG, "key \"%s\": unknown %s \"%s\" in \"%s\"", p->key->name,
                     what, typed, p->value);
    if (suggest.best != NULL)
        mr_err_hint(p->err, "Did you mean \"%s\"?", suggest.best);
    else
        hint_words(p, words, classes);
    return NULL;
}

static enum mr_code unfit_choice(struct parse *p, unsigned classes)
{
    const enum mr_code code = fail(p, "a choice that this kind of conflict does not have", "");
    hint_words(p, conflict_choices, classes);
    return code;
}

/* KIND=CHOICE, or KIND=newest:COLUMN */
static enum mr_code parse_rule(struct parse *p, struct mr_conflict_rule *rule)
{
    const struct word *kind = parse_word(p, conflict_kinds, "kind of conflict", ~0U);
    if (kind == NULL)
        return MR_E_CONFIG;
    if (!accept(p, "="))
        return fail(p, "no = behind the kind of conflict",
                    "Write KIND=CHOICE, such as differs=newest:updated_at.");
    const struct word *choice = parse_word(p, conflict_choices, "choice", kind->classes);
    if (choice == NULL)
        return MR_E_CONFIG;
    if ((kind->classes & choice->classes) == 0)
        return unfit_choice(p, kind->classes);
    *rule = (struct mr_conflict_rule){.kind = kind->text, .choice = choice->text};
    bool wants_column = strcmp(choice->text, "newest") == 0;
    if (accept(p, ":") != wants_column)
        return fail(p, "newest, and only newest, names a column",
                    "Write newest:COLUMN, such as differs=newest:updated_at.");
    return wants_column ? parse_name(p, &rule->column) : MR_OK;
}

static enum mr_code parse_conflict(struct parse *p)
{
    struct mr_conflict_rule *rules = NULL;
    size_t count = 0;
    do {
        struct mr_conflict_rule *more = mr_arena_calloc(p->arena, count + 1, sizeof *more);
        if (more == NULL)
            return nomem(p);
        if (rules != NULL)
            memcpy(more, rules, count * sizeof *rules);
        rules = more;
        enum mr_code code = parse_rule(p, &rules[count]);
        if (code != MR_OK)
            return code;
        count++;
    } while (accept(p, ","));
    enum mr_code code = expect_end(p);
    if (code != MR_OK)
        return code;
    p->config->on_conflict = rules;
    p->config->non_conflict = count;
    return MR_OK;
}

#define REFERENCE_HINT                                                                             \
    "Write COLUMN[,COLUMN] -> DB.TABLE.COLUMN[,COLUMN] [when CONDITION], or none: "                \
    "COLUMN."

/* db.table.col[,col] [when CONDITION] */
static enum mr_code parse_referenced(struct parse *p, struct mr_reference *ref)
{
    MR_TRY(parse_name(p, &ref->ref_db));
    if (!accept(p, "."))
        MR_TRY(fail(p, "the referenced column lacks its database", REFERENCE_HINT));
    MR_TRY(parse_name(p, &ref->ref_table));
    if (!accept(p, "."))
        MR_TRY(fail(p, "the referenced column lacks its database", REFERENCE_HINT));
    MR_TRY(parse_names(p, &ref->ref_columns));
    if (ref->columns.count != ref->ref_columns.count)
        return fail(p, "the two sides name different numbers of columns", REFERENCE_HINT);
    skip_blanks(p);
    if (*p->at == '\0')
        return MR_OK;
    if (strncmp(p->at, "when", 4) != 0 || (p->at[4] != ' ' && p->at[4] != '\t'))
        return fail(p, "unexpected text behind the reference", REFERENCE_HINT);
    p->at += 4;
    skip_blanks(p);
    enum mr_code open = check_condition(p, p->at);
    if (open != MR_OK)
        return open;
    ref->condition = mr_arena_strdup(p->arena, p->at);
    return ref->condition != NULL ? MR_OK : nomem(p);
}

/* References add up over sections, unlike other keys; that one came by a pattern is kept, since it
 * need not fit every table that the pattern matches. */
static enum mr_code add_reference(struct parse *p, const struct mr_reference *ref)
{
    size_t count = p->config->nreferences;
    struct mr_reference *refs = mr_arena_calloc(p->arena, count + 1, sizeof *refs);
    if (refs == NULL)
        return nomem(p);
    if (count > 0)
        memcpy(refs, p->config->references, count * sizeof *refs);
    refs[count] = *ref;
    refs[count].by_pattern = p->config->place.by_pattern;
    p->config->references = refs;
    p->config->nreferences = count + 1;
    return MR_OK;
}

static enum mr_code parse_reference(struct parse *p)
{
    struct mr_reference ref = {0};
    /* a column may be called none: only the colon makes it the special word */
    const char *start = p->at;
    ref.dismissed = accept(p, "none") && accept(p, ":");
    if (!ref.dismissed)
        p->at = start;
    MR_TRY(parse_names(p, &ref.columns));
    if (ref.dismissed)
        MR_TRY(expect_end(p));
    else if (accept(p, "->"))
        MR_TRY(parse_referenced(p, &ref));
    else
        MR_TRY(fail(p, "no -> behind the columns", REFERENCE_HINT));
    return add_reference(p, &ref);
}

static enum mr_code add_renamed(struct parse *p, const struct mr_renamed *renamed)
{
    size_t count = p->config->nrenamed;
    struct mr_renamed *list = mr_arena_calloc(p->arena, count + 1, sizeof *list);
    if (list == NULL)
        return nomem(p);
    if (count > 0)
        memcpy(list, p->config->renamed, count * sizeof *list);
    list[count] = *renamed;
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(list[i].from, renamed->from) == 0) {
            list[i] = *renamed; /* the later one holds */
            p->config->renamed = list;
            return MR_OK;
        }
    p->config->renamed = list;
    p->config->nrenamed = count + 1;
    return MR_OK;
}

/* OLD -> NEW */
static enum mr_code parse_renamed(struct parse *p)
{
    struct mr_renamed renamed = {.by_pattern = p->config->place.by_pattern};
    MR_TRY(parse_name(p, &renamed.from));
    if (!accept(p, "->"))
        MR_TRY(fail(p, "no -> behind the column",
                    "Write SOURCE's name -> TARGET's name, such as nick -> name."));
    MR_TRY(parse_name(p, &renamed.to));
    MR_TRY(expect_end(p));
    return add_renamed(p, &renamed);
}

/* ---- merge ---- */

#define MERGE_HINT                                                                                 \
    "Write COLUMN RULE, such as balance add, or columns: of a row that both sides changed each "   \
    "keeps its own."

static enum mr_code add_merge_rule(struct parse *p, struct mr_table_merge *merge,
                                   const struct mr_merge_rule *rule)
{
    for (size_t i = 0; i < merge->nrules; i++)
        if (strcasecmp(merge->rules[i].column, rule->column) == 0)
            return fail(p, "a column is named twice", "Give each column one rule.");
    struct mr_merge_rule *rules = mr_arena_calloc(p->arena, merge->nrules + 1, sizeof *rules);
    if (rules == NULL)
        return nomem(p);
    if (merge->nrules > 0)
        memcpy(rules, merge->rules, merge->nrules * sizeof *rules);
    rules[merge->nrules++] = *rule;
    merge->rules = rules;
    return MR_OK;
}

/* `columns` is the word only where nothing follows it: a column may be called so, too. */
static enum mr_code parse_merge_item(struct parse *p, struct mr_table_merge *merge)
{
    struct mr_merge_rule rule = {0};
    skip_blanks(p);
    const bool bare = *p->at != '`' && *p->at != '"';
    MR_TRY(parse_name(p, &rule.column));
    skip_blanks(p);
    if (*p->at == ',' || *p->at == '\0') {
        if (!bare || strcmp(rule.column, "columns") != 0)
            return fail(p, "no rule behind the column", MERGE_HINT);
        if (merge->by_columns)
            return fail(p, "columns stands twice", "Write it once.");
        merge->by_columns = true;
        return MR_OK;
    }
    const struct word *word = parse_word(p, column_rules, "rule", ANY);
    if (word == NULL)
        return MR_E_CONFIG;
    rule.rule = mr_column_rule_named(word->text);
    return add_merge_rule(p, merge, &rule);
}

/* columns | COLUMN RULE[, …] */
static enum mr_code parse_merge(struct parse *p)
{
    struct mr_table_merge merge = {.place = p->config->place};
    do
        MR_TRY(parse_merge_item(p, &merge));
    while (accept(p, ","));
    MR_TRY(expect_end(p));
    p->config->merge = merge;
    return MR_OK;
}

static enum mr_code unknown_key(const char *name, struct mr_err *err)
{
    struct mr_suggest suggest = {.typed = name};
    for (size_t i = 0; i < nkeys; i++)
        mr_suggest_offer(&suggest, keys[i].name);
    (void)mr_err_set(err, MR_E_CONFIG, "unknown key \"%s\"", name);
    if (suggest.best != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", suggest.best);
    else
        mr_err_hint(err, "The keys are listed in myrecon.ini(5).");
    return MR_E_CONFIG;
}

enum mr_code mr_table_config_set(struct mr_table_config *config, const char *key, const char *value,
                                 struct mr_arena *arena, struct mr_err *err)
{
    struct parse p = {.value = value, .at = value, .config = config, .arena = arena, .err = err};
    for (size_t i = 0; i < nkeys && p.key == NULL; i++) {
        if (strcmp(keys[i].name, key) == 0)
            p.key = &keys[i];
    }
    if (p.key == NULL)
        return unknown_key(key, err);
    if (value[0] == '\0')
        return fail(&p, "no value", "Give a value, or leave the key out.");
    switch (p.key->kind) {
    case KIND_IDENTITY: return parse_identity(&p);
    case KIND_COLUMN: return parse_column(&p);
    case KIND_COLUMNS: return parse_columns(&p);
    case KIND_COUNT: return parse_count(&p);
    case KIND_CONFLICT: return parse_conflict(&p);
    case KIND_YES_NO: return parse_yes_no(&p);
    case KIND_SQL: return parse_sql(&p);
    case KIND_REFERENCE: return parse_reference(&p);
    case KIND_RENAMED: return parse_renamed(&p);
    case KIND_MERGE: return parse_merge(&p);
    }
    return mr_err_set(err, MR_E_BUG, "key \"%s\" has no parser", key);
}

static bool same_columns(const struct mr_string_list *a, const struct mr_string_list *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcasecmp(a->items[i], b->items[i]) == 0;
    return same;
}

bool mr_table_config_is_dismissed(const struct mr_table_config *config, size_t at)
{
    const struct mr_reference *ref = &config->references[at];
    bool dismissed = ref->dismissed;
    for (size_t i = 0; ref->by_pattern && !dismissed && i < config->nreferences; i++)
        dismissed = config->references[i].dismissed &&
                    same_columns(&config->references[i].columns, &ref->columns);
    return dismissed;
}

bool mr_table_config_is_repeatable(const char *key)
{
    return strcmp(key, "reference") == 0 || strcmp(key, "column") == 0;
}
