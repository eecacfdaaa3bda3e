/* test_trigger_writes.c: into which tables a trigger writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/plan/trigger_writes.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static void test_writes(void **state)
{
    static const struct {
        const char *body, *writes;
    } cases[] = {
        {"INSERT INTO audit (m) VALUES (NEW.id)", "audit"},
        {"insert audit set m = new.id", "audit"},
        {"INSERT LOW_PRIORITY IGNORE INTO `au``dit` VALUES (1)", "au`dit"},
        {"REPLACE INTO shop . audit VALUES (1)", "shop.audit"},
        {"INSERT INTO `shop`.`audit`(m) VALUES (1)", "shop.audit"},
        {"BEGIN\n INSERT INTO a VALUES (1);\n IF NEW.x THEN REPLACE b VALUES (1); END "
         "IF;\n"
         "END",
         "a b"},
        {"BEGIN /* INSERT INTO no */ -- INSERT INTO no\n # INSERT INTO no\n"
         " INSERT /* x */ INTO yes VALUES ('INSERT INTO no', \"INSERT INTO no\"); END",
         "yes"},
        {"SET NEW.name = REPLACE(NEW.name, 'a', 'b')", ""},
        {"SET NEW.name = INSERT(NEW.name, 1, 1, 'x')", ""},
        {"SET NEW.a = 'it''s \\' INSERT INTO no'", ""},
        {"UPDATE audit SET n = n + 1", ""},
        {"INSERT INTO `into` VALUES (1)", "into"},
        {"INSERT INTO", ""},
        {"INSERT INTO `", ""},
        {"/* INSERT INTO no", ""},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf db = MR_STRBUF_INIT, table = MR_STRBUF_INIT,
                         found = MR_STRBUF_INIT;
        const char *at = cases[i].body;
        while (mr_trigger_next_write(&at, &db, &table))
            mr_strbuf_add_fmt(&found, "%s%s%s%s", found.len > 0 ? " " : "",
                              db.len > 0 ? db.ptr : "", db.len > 0 ? "." : "", table.ptr);
        if (strcmp(found.len > 0 ? found.ptr : "", cases[i].writes) != 0)
            fail_msg("%s: %s", cases[i].body, found.len > 0 ? found.ptr : "none");
        mr_strbuf_release(&db);
        mr_strbuf_release(&table);
        mr_strbuf_release(&found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_writes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
