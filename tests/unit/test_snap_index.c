/* test_snap_index.c: which indexes of CREATE TABLE can be made behind the rows, and in what words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/base/strbuf.h"
#include "snapshot/format/snap_index.h"

#define HEAD                                                                                       \
    "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `a` decimal(9,2) DEFAULT "         \
    "'1.00' COMMENT 'no KEY `x` (`a`), FOREIGN',\n  `g` int GENERATED ALWAYS AS ((`a` + 1)) "      \
    "VIRTUAL,\n  `b` varchar(9) DEFAULT (concat(`a`,_utf8mb4')'))"
#define PRIMARY ",\n  PRIMARY KEY (`id`)"
#define TAIL "\n) ENGINE=InnoDB AUTO_INCREMENT=9 DEFAULT CHARSET=utf8mb4"

static const struct {
    const char *what, *create;
    const char *late; /* the definitions, each with "; " behind it */
} cases[] = {
    {"no index", HEAD PRIMARY TAIL, ""},
    {"one", HEAD PRIMARY ",\n  KEY `ka` (`a`)" TAIL, "KEY `ka` (`a`); "},
    {"all kinds of parts and attributes",
     HEAD PRIMARY ",\n  UNIQUE KEY `u` (`a`,`b`(3) DESC) USING BTREE,\n  KEY `k``,(` (`a`) "
                  "KEY_BLOCK_SIZE=4 COMMENT 'it''s, (a) ) key' /*!80000 INVISIBLE */,\n"
                  "  KEY `last` (`b`)" TAIL,
     "UNIQUE KEY `u` (`a`,`b`(3) DESC) USING BTREE; KEY `k``,(` (`a`) KEY_BLOCK_SIZE=4 COMMENT "
     "'it''s, (a) ) key' /*!80000 INVISIBLE */; KEY `last` (`b`); "},
    {"CHECKs stay", HEAD PRIMARY ",\n  KEY `k` (`a`),\n  CONSTRAINT `c` CHECK ((`a` > 0))" TAIL,
     "KEY `k` (`a`); "},
    {"without a primary key", HEAD ",\n  UNIQUE KEY `u` (`id`),\n  KEY `k` (`a`)" TAIL, ""},
    {"a foreign key asks for an index",
     HEAD PRIMARY ",\n  KEY `k` (`a`),\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` "
                  "(`i`)" TAIL,
     ""},
    {"the counter has the primary key", HEAD PRIMARY ",\n  KEY `k` (`a`),\n  KEY `ki` (`id`)" TAIL,
     "KEY `k` (`a`); KEY `ki` (`id`); "},
    {"the counter's own key stays, and those before it",
     HEAD ",\n  PRIMARY KEY (`a`),\n  UNIQUE KEY `u` (`b`),\n  KEY `k` (`a`),\n  KEY `ki` "
          "(`id`,`a`),\n  KEY `l` (`b`)" TAIL,
     "KEY `l` (`b`); "},
    {"the counter has the second place",
     HEAD ",\n  PRIMARY KEY (`a`,`id`),\n  KEY `ki` (`id`),\n  KEY `l` (`b`,`id`)" TAIL,
     "KEY `l` (`b`,`id`); "},
    {"expressions and FULLTEXT stay, behind all",
     HEAD PRIMARY ",\n  KEY `k` (`a`),\n  KEY `e` ((lower(`b`))),\n  KEY `f` (`a`,(`g` + 1)),\n"
                  "  FULLTEXT KEY `ft` (`b`) /*!50100 WITH PARSER `ngram` */" TAIL,
     "KEY `k` (`a`); "},
    {"so do virtual columns, which are of their class",
     HEAD PRIMARY ",\n  UNIQUE KEY `u` (`b`),\n  UNIQUE KEY `v` (`a`,`g`),\n  KEY `k` (`a`),\n  "
                  "KEY `kg` (`b`,`g`),\n  KEY `l` (`b`)" TAIL,
     "KEY `k` (`a`); KEY `l` (`b`); "},
    {"a unique expression stays where it is",
     HEAD PRIMARY ",\n  UNIQUE KEY `u` (`b`),\n  UNIQUE KEY `e` ((lower(`b`))),\n  KEY `k` "
                  "(`a`)" TAIL,
     "KEY `k` (`a`); "},
    {"so does SPATIAL",
     HEAD PRIMARY ",\n  KEY `k` (`a`),\n  SPATIAL KEY `s` (`g`),\n  KEY `l` (`b`)" TAIL,
     "KEY `l` (`b`); "},
    {"partitions, as MariaDB prints them",
     HEAD PRIMARY ",\n  KEY `k` (`a`)" TAIL "\n PARTITION BY HASH (`id`)\n(PARTITION `p0` "
                  "ENGINE = InnoDB, KEY `no` (`a`))",
     "KEY `k` (`a`); "},
    {"partitions, as MySQL does",
     HEAD PRIMARY ",\n  KEY `k` (`a`)" TAIL "\n/*!50100 PARTITION BY HASH (`id`)\nPARTITIONS 2 */",
     "KEY `k` (`a`); "},
    {"a column called KEY",
     "CREATE TABLE `t` (\n  `KEY` int,\n  PRIMARY KEY (`KEY`),\n  KEY "
     "`UNIQUE` (`KEY`)\n)",
     "KEY `UNIQUE` (`KEY`); "},
    {"without an end", HEAD PRIMARY ",\n  KEY `k` (`a`)", ""},
    {"a text without an end", HEAD PRIMARY ",\n  KEY `k` (`a`) COMMENT 'x" TAIL, ""},
    {"nothing", "", ""},
};

static void test_late(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_vec late = MR_VEC_INIT(struct mr_snap_index);
        struct mr_strbuf text = MR_STRBUF_INIT;
        assert_true(mr_snap_late_indexes(&late, cases[i].create, strlen(cases[i].create)));
        for (size_t k = 0; k < late.count; k++) {
            const struct mr_snap_index *index = mr_vec_at(&late, k);
            const char *name = strchr(index->definition, '`');
            assert_ptr_equal(index->name, name);
            assert_int_equal(index->name[index->name_len - 1], '`');
            assert_int_equal(index->name[index->name_len], ' ');
            mr_strbuf_add(&text, index->definition, index->definition_len);
            mr_strbuf_add_str(&text, "; ");
        }
        if (strcmp(text.ptr != NULL ? text.ptr : "", cases[i].late) != 0)
            fail_msg("%s: %s", cases[i].what, text.ptr);
        mr_strbuf_release(&text);
        mr_vec_release(&late);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
