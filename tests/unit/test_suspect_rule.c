/* test_suspect_rule.c: what a column's name says, and when its values make it a suspect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/pair/suspect_rule.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *column;
    enum mr_suspect_name name;
} names[] = {
    {"ref_id", MR_SUSPECT_ID},
    {"refId", MR_SUSPECT_ID},
    {"object_ref", MR_SUSPECT_ID},
    {"author_id", MR_SUSPECT_ROLE},
    {"authorId", MR_SUSPECT_ROLE},
    {"AUTHOR_ID", MR_SUSPECT_ROLE},
    {"payer", MR_SUSPECT_ROLE},
    {"owner", MR_SUSPECT_ROLE},
    {"created_by", MR_SUSPECT_ROLE},
    {"post_parent", MR_SUSPECT_ROLE},
    {"ref", MR_SUSPECT_ID},
    {"id", MR_SUSPECT_PLAIN},
    {"user_login", MR_SUSPECT_PLAIN},
    {"paid", MR_SUSPECT_PLAIN},
    {"void", MR_SUSPECT_PLAIN},
    {"note", MR_SUSPECT_PLAIN},
    {"quantity", MR_SUSPECT_QUANTITY},
    {"release_year", MR_SUSPECT_QUANTITY},
    {"num_pages", MR_SUSPECT_QUANTITY},
    {"num_copies", MR_SUSPECT_QUANTITY},
    {"sortOrder", MR_SUSPECT_QUANTITY},
    {"", MR_SUSPECT_PLAIN},
    {"_", MR_SUSPECT_PLAIN},
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(names); i++)
        if (mr_suspect_name_of(names[i].column) != names[i].name)
            fail_msg("\"%s\" is a %d, not a %d", names[i].column,
                     (int)mr_suspect_name_of(names[i].column), (int)names[i].name);
}

static const struct {
    const char *column, *type;
    bool is;
} pairs[] = {
    {"owner_id", "owner_type", true},    {"commentable_id", "commentable_type", true},
    {"OwnerId", "OwnerType", true},      {"owner", "owner_type", true},
    {"owner_id", "owner_kind", true},    {"object_id", "object_class", true},
    {"owner_id", "user_type", false},    {"owner_id", "type", false},
    {"owner_id", "owner_id", false},     {"id", "type", false},
    {"owner_type", "owner_type", false}, {"entity_id", "entity", true},
    {"EntityId", "Entity", true},        {"entity", "entity_id", false},
    {"entity_id", "entities", false},    {"id", "", false},
};

static void test_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(pairs); i++)
        if (mr_suspect_is_pair(pairs[i].column, pairs[i].type) != pairs[i].is)
            fail_msg("%s beside %s", pairs[i].column, pairs[i].type);
}

#define NUMBERS .only_numbers = true

static const struct {
    const char *what;
    struct mr_suspect_facts facts;
    bool suspect;
} cases[] = {
    {"no hit, whatever the name",
     {.name = MR_SUSPECT_ID,
      .means_parent = true,
      NUMBERS,
      .values = 900,
      .distinct = 300,
      .least = 1,
      .greatest = 2999,
      .above = 0},
     false},
    {"called after the table: one hit, and some point at nobody",
     {.name = MR_SUSPECT_ID,
      .means_parent = true,
      .values = 3,
      .distinct = 3,
      .least = 1,
      .greatest = 9000,
      .above = 3,
      .outside = 2,
      .hits = 1},
     true},
    {"called after another table",
     {.name = MR_SUSPECT_ID,
      .means_other = true,
      NUMBERS,
      .values = 900,
      .distinct = 300,
      .least = 1,
      .greatest = 3010,
      .above = 9,
      .hits = 9},
     false},
    {"ref_id of a small table",
     {.name = MR_SUSPECT_ID,
      NUMBERS,
      .values = 2,
      .distinct = 2,
      .least = 3,
      .greatest = 4,
      .above = 2,
      .hits = 1},
     true},
    {"payer, one of twenty an orphan",
     {.name = MR_SUSPECT_ROLE,
      NUMBERS,
      .values = 40,
      .distinct = 40,
      .least = 1,
      .greatest = 3010,
      .above = 20,
      .outside = 1,
      .hits = 3},
     true},
    {"an id of something else",
     {.name = MR_SUSPECT_ID,
      NUMBERS,
      .values = 40,
      .distinct = 40,
      .least = 1,
      .greatest = 90000,
      .above = 20,
      .outside = 12,
      .hits = 3},
     false},
    {"a text that is no number everywhere",
     {.name = MR_SUSPECT_ROLE,
      .values = 40,
      .distinct = 40,
      .least = 1,
      .greatest = 3010,
      .above = 20,
      .hits = 3},
     false},
    {"plain, many values, all of them keys",
     {.name = MR_SUSPECT_PLAIN,
      NUMBERS,
      .values = 900,
      .distinct = 400,
      .least = 1,
      .greatest = 3010,
      .above = 9,
      .hits = 9},
     true},
    {"plain, few but far apart, in a small table",
     {.name = MR_SUSPECT_PLAIN,
      NUMBERS,
      .values = 9,
      .distinct = 8,
      .least = 12,
      .greatest = 3010,
      .above = 3,
      .hits = 2},
     true},
    {"plain, and one value is no key",
     {.name = MR_SUSPECT_PLAIN,
      NUMBERS,
      .values = 900,
      .distinct = 400,
      .least = 1,
      .greatest = 9999,
      .above = 9,
      .outside = 1,
      .hits = 8},
     false},
    {"a rating",
     {.name = MR_SUSPECT_PLAIN,
      NUMBERS,
      .values = 6,
      .distinct = 5,
      .least = 1,
      .greatest = 5,
      .above = 3,
      .hits = 3},
     false},
    {"states that are codes",
     {.name = MR_SUSPECT_PLAIN,
      NUMBERS,
      .values = 9000,
      .distinct = 12,
      .least = 100,
      .greatest = 5001,
      .above = 2,
      .hits = 2},
     false},
    {"years",
     {.name = MR_SUSPECT_PLAIN,
      NUMBERS,
      .values = 300,
      .distinct = 90,
      .least = 1930,
      .greatest = 2026,
      .above = 9,
      .hits = 9},
     false},
    {"numbers of documents",
     {.name = MR_SUSPECT_PLAIN,
      .unique = true,
      NUMBERS,
      .values = 900,
      .distinct = 512,
      .least = 1,
      .greatest = 3010,
      .above = 9,
      .hits = 9},
     false},
    {"a quantity",
     {.name = MR_SUSPECT_QUANTITY,
      NUMBERS,
      .values = 900,
      .distinct = 99,
      .least = 1,
      .greatest = 1200,
      .above = 9,
      .hits = 9},
     false},
    {"a quantity by name, a reference by value: to be asked",
     {.name = MR_SUSPECT_QUANTITY,
      NUMBERS,
      .values = 900,
      .distinct = 500,
      .least = 1,
      .greatest = 3010,
      .above = 9,
      .hits = 9},
     true},
};

static void test_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        if (mr_suspect_judge(&cases[i].facts) != cases[i].suspect)
            fail_msg("%s: %s", cases[i].what, cases[i].suspect ? "passed" : "suspected");
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_verdicts),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
