/* test_trigger_writes.c: what a trigger writes, and to which tables. */
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
        {"INSERT INTO audit (m) VALUES (NEW.id)", "+audit"},
        {"insert audit set m = new.id", "+audit"},
        {"INSERT LOW_PRIORITY IGNORE INTO `au``dit` VALUES (1)", "+au`dit"},
        {"REPLACE INTO shop . audit VALUES (1)", "rshop.audit"},
        {"INSERT INTO `shop`.`audit`(m) VALUES (1)", "+shop.audit"},
        {"BEGIN\n INSERT INTO a VALUES (1);\n IF NEW.x THEN REPLACE b VALUES (1); END "
         "IF;\n"
         "END",
         "+a rb"},
        {"BEGIN /* INSERT INTO no */ -- INSERT INTO no\n # INSERT INTO no\n"
         " INSERT /* x */ INTO yes VALUES ('INSERT INTO no', \"INSERT INTO no\"); END",
         "+yes"},
        {"SET NEW.name = REPLACE(NEW.name, 'a', 'b')", ""},
        {"SET NEW.name = INSERT(NEW.name, 1, 1, 'x')", ""},
        {"SET NEW.a = 'it''s \\' INSERT INTO no'", ""},
        {"UPDATE audit SET n = n + 1", "!audit"},
        {"update low_priority ignore `shop`.stat as s set n = n + 1", "!shop.stat"},
        {"INSERT INTO stat VALUES (1, 1) ON DUPLICATE KEY UPDATE n = n + 1; DELETE FROM "
         "a",
         "+stat !stat -a"},
        {"SELECT n INTO x FROM stat WHERE id = 1 FOR UPDATE; UPDATE stat SET n = x", "!stat"},
        {"DELETE QUICK FROM shop.stat WHERE id = OLD.id", "-shop.stat"},
        {"DELETE s, `x` FROM stat s JOIN x ON s.id = x.id", "-stat"},
        {"DELETE FROM stat USING stat JOIN x", "-stat"},
        {"DELETE s; DELETE FROM t", "-s -t"},
        {"CALL shop.count_up(1); CALL `p`", "(shop.count_up (p"},
        {"INSERT INTO `into` VALUES (1)", "+into"},
        {"INSERT INTO", ""},
        {"INSERT INTO `", ""},
        {"UPDATE", ""},
        {"DELETE", ""},
        {"DELETE FROM", ""},
        {"KEY UPDATE a", ""},
        {"/* INSERT INTO no", ""},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        static const char signs[] = {[MR_TRIGGER_INSERTS] = '+',
                                     [MR_TRIGGER_REPLACES] = 'r',
                                     [MR_TRIGGER_UPDATES] = '!',
                                     [MR_TRIGGER_DELETES] = '-',
                                     [MR_TRIGGER_CALLS] = '('};
        struct mr_strbuf found = MR_STRBUF_INIT;
        struct mr_trigger_writes w;
        mr_trigger_writes_init(&w, cases[i].body);
        while (mr_trigger_writes_next(&w))
            mr_strbuf_add_fmt(&found, "%s%c%s%s%s", found.len > 0 ? " " : "", signs[w.verb],
                              w.db.len > 0 ? w.db.ptr : "", w.db.len > 0 ? "." : "", w.table.ptr);
        if (strcmp(found.len > 0 ? found.ptr : "", cases[i].writes) != 0)
            fail_msg("%s: %s", cases[i].body, found.len > 0 ? found.ptr : "none");
        mr_trigger_writes_release(&w);
        mr_strbuf_release(&found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_writes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
