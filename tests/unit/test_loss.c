/* test_loss.c: what a definition says that another server cannot express, as SHOW CREATE TABLE of
 * both families prints it, and what is left of the definition without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/strbuf.h"
#include "snapshot/format/loss.h"

#define MARIADB_10_11                                                                              \
    {                                                                                              \
        MR_FLAVOUR_MARIADB, 101119, has, NULL                                                      \
    }
#define MARIADB_10_1                                                                               \
    {                                                                                              \
        MR_FLAVOUR_MARIADB, 100148, has, NULL                                                      \
    }
#define MYSQL_9                                                                                    \
    {                                                                                              \
        MR_FLAVOUR_MYSQL, 90704, has, NULL                                                         \
    }
#define MYSQL_56                                                                                   \
    {                                                                                              \
        MR_FLAVOUR_MYSQL, 50624, has, NULL                                                         \
    }

/* Everything but what is called so. */
static bool has(const void *ctx, enum mr_loss_names what, const char *name)
{
    (void)ctx, (void)what;
    return strcasecmp(name, "utf8mb4_0900_ai_ci") != 0 && strcasecmp(name, "ngram") != 0 &&
           strcasecmp(name, "Aria") != 0 && strcasecmp(name, "gb18030") != 0;
}

struct one {
    struct mr_loss_target target;
    const char *inner, *behind; /* of "CREATE TABLE `t` (\n  `id` int NOT NULL" … "\n)" */
    const char *losses;         /* "kind part name; …" */
    const char *left;           /* of inner, then of behind; NULL: all */
};

static const struct one cases[] = {
    /* in silence: MariaDB skips what is for MySQL 5.7 and later */
    {MARIADB_10_11, ",\n  `x` int DEFAULT NULL /*!80023 INVISIBLE */", "",
     "invisible-column column x", NULL},
    /* but for the key that MySQL makes up, which it can have, too */
    {MARIADB_10_11,
     ",\n  `my_row_id` bigint unsigned NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */", "", "",
     ",\n  `my_row_id` bigint unsigned NOT NULL AUTO_INCREMENT INVISIBLE"},
    {MARIADB_10_11, ",\n  `my_row_id` bigint unsigned NOT NULL /*!80023 INVISIBLE */", "",
     "invisible-column column my_row_id", NULL},
    {MARIADB_10_11, ",\n  `x` bigint unsigned NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */", "",
     "invisible-column column x", NULL},
    {MARIADB_10_1, ",\n  `my_row_id` bigint unsigned NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */",
     "", "invisible-column column my_row_id", NULL},
    {MYSQL_9, ",\n  `my_row_id` bigint unsigned NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */", "",
     "", NULL},
    {MARIADB_10_11, ",\n  KEY `a` (`x`) /*!80000 INVISIBLE */", "", "invisible-index index a",
     NULL},
    {MARIADB_10_11, ",\n  `p` point NOT NULL /*!80003 SRID 4326 */", "", "srid column p", NULL},
    {MARIADB_10_11, "", " /*!80023 AUTOEXTEND_SIZE=4194304 */ ENGINE=InnoDB",
     "storage-option table ", NULL},
    {MARIADB_10_11, "", " /*!50100 TABLESPACE `compression` */ ENGINE=InnoDB", "tablespace table ",
     NULL},
    {MARIADB_10_11, ",\n  `x` int /*!99999 NEWER */", "", "other column x", NULL},
    {MARIADB_10_11,
     ",\n  CONSTRAINT `c` CHECK ((`x` > 0)) /*!80016 NOT ENFORCED */,\n  KEY `k` (`x`)", "",
     "not-enforced constraint c", ",\n  KEY `k` (`x`)"},
    {MARIADB_10_11, ",\n  CONSTRAINT `c` CHECK ((`x` > 0)) /*!80016 NOT ENFORCED */", "",
     "not-enforced constraint c", ""},
    /* not taken: left out where it can be */
    {MARIADB_10_11, ",\n  UNIQUE KEY `g` ((lower(`y`))) /*!80000 INVISIBLE */,\n  KEY `a` (`x`)",
     "", "functional-index index g; invisible-index index g", ",\n  KEY `a` (`x`)"},
    {MARIADB_10_11, ",\n  KEY `f` (`x`,((`x` + 1)))", "", "functional-index index f", ""},
    {MARIADB_10_11, ",\n  FULLTEXT KEY `f` (`t`) /*!50100 WITH PARSER `ngram` */ ", "",
     "parser index f", ",\n  FULLTEXT KEY `f` (`t`)  "},
    {MARIADB_10_11, ",\n  `h` int GENERATED ALWAYS AS ((`id` + 1)) STORED NOT NULL", "",
     "generated-not-null column h", ",\n  `h` int GENERATED ALWAYS AS ((`id` + 1)) STORED "},
    {MARIADB_10_11, ",\n  `c` int /*!50606 COLUMN_FORMAT FIXED */ DEFAULT NULL", "",
     "storage-option column c", ",\n  `c` int  DEFAULT NULL"},
    {MARIADB_10_11, ",\n  `x` int NOT SECONDARY DEFAULT NULL",
     " ENGINE=InnoDB SECONDARY_ENGINE=rapid COMMENT='c'",
     "storage-option column x; storage-option table ",
     ",\n  `x` int  DEFAULT NULL\n) ENGINE=InnoDB  COMMENT='c'"},
    {MARIADB_10_11, "", " ENGINE=InnoDB COMPRESSION='zlib' ENCRYPTION='Y'",
     "compression table ; encryption table ", "\n) ENGINE=InnoDB  "},
    {MARIADB_10_11, ",\n  `v` vector(3) DEFAULT NULL,\n  `g` geomcollection", "",
     "type column v; type column g", NULL},
    {MARIADB_10_11,
     ",\n  `c` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci DEFAULT NULL",
     " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci",
     "collation column c; collation table ",
     ",\n  `c` varchar(9) CHARACTER SET utf8mb4  DEFAULT NULL\n) ENGINE=InnoDB DEFAULT "
     "CHARSET=utf8mb4 "},
    {MARIADB_10_11, ",\n  `c` char(9) CHARACTER SET gb18030 DEFAULT NULL", "", "charset column c",
     NULL},
    {MARIADB_10_11, ",\n  `x` int DEFAULT SEL/*!50606 STORAGE DISK */ECT", "",
     "storage-option column x", ",\n  `x` int DEFAULT SEL ECT"},
    /* what it has */
    {MARIADB_10_11,
     ",\n  `x` int INVISIBLE DEFAULT NULL,\n  `u` uuid DEFAULT uuid(),\n  `z` int DEFAULT "
     "nextval(`l`.`sq`),\n"
     "  `j` json DEFAULT (json_object()),\n  `k` int CHECK (`k` > 1),\n  KEY `b` (`k` DESC) "
     "IGNORED",
     " ENGINE=InnoDB WITH SYSTEM VERSIONING\n PARTITION BY SYSTEM_TIME INTERVAL 7 DAY", "", NULL},
    {MARIADB_10_11, ",\n  `x` int DEFAULT NULL COMMENT '/*!80023 INVISIBLE */ SRID'",
     " COMMENT='TABLESPACE COMPRESSION=1'", "", NULL},
    {MARIADB_10_11, ",\n  `SRID` int,\n  KEY `INVISIBLE` (`CHECK`)",
     "\n/*!50100 PARTITION BY LINEAR KEY */ /*!50611 ALGORITHM = 1 */ /*!50100 (id)\nPARTITIONS 3 "
     "*/",
     "", NULL},
    /* MySQL has what is its own */
    {MYSQL_9,
     ",\n  `x` int DEFAULT NULL /*!80023 INVISIBLE */,\n  `p` point NOT NULL /*!80003 SRID 4326 "
     "*/,\n"
     "  `u` char(36) DEFAULT (uuid()),\n  `h` int GENERATED ALWAYS AS ((`id` + 1)) STORED NOT "
     "NULL,\n  `v` vector(3),\n"
     "  KEY `f` (((`x` + 1)) DESC) /*!80000 INVISIBLE */,\n  CONSTRAINT `c` CHECK ((`x` > 0)) "
     "/*!80016 NOT ENFORCED */",
     " /*!50100 TABLESPACE `ts1` */ ENGINE=InnoDB COMPRESSION='zlib' STATS_PERSISTENT=1", "", NULL},
    /* and not what is MariaDB's */
    {MYSQL_9, ",\n  `c` varchar(20) /*M!100301 COMPRESSED*/ DEFAULT NULL", "",
     "compression column c", NULL},
    {MYSQL_9, ",\n  `u` uuid DEFAULT uuid(),\n  `i` inet6 DEFAULT NULL", "",
     "type column u; expression-default column u; type column i",
     ",\n  `u` uuid ,\n  `i` inet6 DEFAULT NULL"},
    {MYSQL_9,
     ",\n  `t` text DEFAULT 'x' COMMENT 'c',\n  `l` longtext DEFAULT _utf8mb4'y',\n  `b` blob "
     "DEFAULT NULL",
     "", "expression-default column t; expression-default column l",
     ",\n  `t` text  COMMENT 'c',\n  `l` longtext ,\n  `b` blob DEFAULT NULL"},
    {MYSQL_9,
     ",\n  `e` varchar(9) DEFAULT concat('a',lcase('b')) COMMENT 'c',\n  `n` datetime DEFAULT "
     "current_timestamp()",
     "", "expression-default column e",
     ",\n  `e` varchar(9)  COMMENT 'c',\n  `n` datetime DEFAULT current_timestamp()"},
    {MYSQL_9, ",\n  `z` int NOT NULL DEFAULT nextval(`l`.`sq`)", "", "sequence column z",
     ",\n  `z` int NOT NULL "},
    {MYSQL_9, ",\n  KEY `a` (`x`) IGNORED,\n  KEY `b` (`y` DESC)", "", "invisible-index index a",
     ",\n  KEY `a` (`x`) ,\n  KEY `b` (`y` DESC)"},
    {MYSQL_9, "",
     " ENGINE=InnoDB `page_compressed`='1' `encrypted`='no' `page_compression_level`='3'",
     "compression table ; encryption table ", "\n) ENGINE=InnoDB   "},
    {MYSQL_9, "", " ENGINE=Aria PAGE_CHECKSUM=1 TRANSACTIONAL=1",
     "engine table ; storage-option table ", "\n) ENGINE=Aria  "},
    {MYSQL_9, ",\n  `x` int DEFAULT NULL WITHOUT SYSTEM VERSIONING", " WITH SYSTEM VERSIONING",
     "system-versioning column x; system-versioning table ", NULL},
    {MYSQL_9, ",\n  PERIOD FOR `app` (`a`, `b`),\n  PRIMARY KEY (`id`)", "", "period period app",
     ",\n  PRIMARY KEY (`id`)"},
    {MYSQL_9,
     ",\n  `s` timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE,\n  PERIOD FOR SYSTEM_TIME "
     "(`s`, `e`)",
     "", "system-versioning column s; system-versioning period ", NULL},
    {MYSQL_9, "",
     "\n PARTITION BY LIST (`id`)\n(PARTITION `a` VALUES IN (1) ENGINE = InnoDB,\n PARTITION `d` "
     "DEFAULT ENGINE = InnoDB)",
     "partition table ", NULL},
    {MYSQL_9, ",\n  VECTOR KEY `k` (`v`)", "", "vector-index index k", ""},
    /* older servers read and do not keep, or do not take */
    {MYSQL_56,
     ",\n  `w` int DEFAULT NULL CHECK (`w` > 1),\n  CONSTRAINT `c` CHECK ((`w` < 9)),\n  KEY `b` "
     "(`w` DESC)",
     "", "check column w; check constraint c; descending-index index b", NULL},
    {MYSQL_56,
     ",\n  `j` json,\n  `u` char(36) DEFAULT (uuid()),\n  `g` int GENERATED ALWAYS AS (1) VIRTUAL",
     "", "type column j; expression-default column u; generated-column column g",
     ",\n  `j` json,\n  `u` char(36) ,\n  `g` int GENERATED ALWAYS AS (1) VIRTUAL"},
    {MYSQL_56, ",\n  `x` int /*!80023 INVISIBLE */,\n  `c` int /*!50606 STORAGE DISK */", "",
     "invisible-column column x", NULL},
    {MARIADB_10_1, ",\n  KEY `b` (`w` DESC),\n  CONSTRAINT `c` CHECK ((`w` < 9))", "",
     "descending-index index b; check constraint c", NULL},
};

static enum mr_code add(void *ctx, const struct mr_loss *loss, struct mr_err *err)
{
    struct mr_strbuf *out = ctx;
    (void)err;
    mr_strbuf_add_fmt(out, "%s%s %s %s", out->len > 0 ? "; " : "", mr_loss_word(loss->kind),
                      loss->part, loss->name);
    return MR_OK;
}

#define HEAD "CREATE TABLE `t` (\n  `id` int NOT NULL"

static void test_definitions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct one *c = &cases[i];
        struct mr_strbuf sql = MR_STRBUF_INIT, found = MR_STRBUF_INIT, without = MR_STRBUF_INIT,
                         left = MR_STRBUF_INIT;
        struct mr_err err = {0};
        mr_strbuf_add_fmt(&sql, HEAD "%s\n)%s", c->inner, c->behind);
        if (c->left == NULL)
            mr_strbuf_add_str(&left, sql.ptr);
        else if (strstr(c->left, "\n)") != NULL)
            mr_strbuf_add_fmt(&left, HEAD "%s", c->left);
        else
            mr_strbuf_add_fmt(&left, HEAD "%s\n)%s", c->left, c->behind);
        assert_int_equal(mr_loss_find(&c->target, sql.ptr, sql.len, add, &found, &without, &err),
                         MR_OK);
        if (strcmp(found.ptr, c->losses) != 0)
            fail_msg("%zu: \"%s\" instead of \"%s\" in %s", i, found.ptr, c->losses, sql.ptr);
        if (strcmp(without.ptr, left.ptr) != 0)
            fail_msg("%zu: left is %s", i, without.ptr);
        mr_strbuf_release(&sql);
        mr_strbuf_release(&found);
        mr_strbuf_release(&without);
        mr_strbuf_release(&left);
    }
}

/* Each kind has a word of its own, which is read back. */
static void test_words(void **state)
{
    (void)state;
    for (unsigned k = MR_LOSS_NONE + 1; k < MR_LOSS_KINDS; k++)
        assert_int_equal(mr_loss_named(mr_loss_word((enum mr_loss_kind)k)), k);
    assert_int_equal(mr_loss_named("all"), MR_LOSS_NONE);
}

static enum mr_code fail_at_first(void *ctx, const struct mr_loss *loss, struct mr_err *err)
{
    unsigned *calls = ctx;
    (void)loss;
    ++*calls;
    return mr_err_nomem(err, "testing");
}

/* What whoever is told says ends it. */
static void test_stop(void **state)
{
    static const char sql[] =
        HEAD ",\n  `a` int /*!80023 INVISIBLE */,\n  `b` int /*!80023 INVISIBLE */\n)";
    const struct mr_loss_target target = {MR_FLAVOUR_MARIADB, 101119, NULL, NULL};
    struct mr_err err = {0};
    unsigned calls = 0;
    (void)state;
    assert_int_equal(mr_loss_find(&target, sql, sizeof sql - 1, fail_at_first, &calls, NULL, &err),
                     MR_E_NOMEM);
    assert_int_equal(calls, 1);
}

/* Broken and hostile text is no reason to read beyond it. */
static void test_broken(void **state)
{
    static const char *const texts[] = {"",
                                        "(",
                                        "()",
                                        ")",
                                        "((",
                                        "(,",
                                        "(`",
                                        "(`a",
                                        "(`a` int /*!",
                                        "(`a` int /*!80023 INVISIBLE",
                                        "(`a` /*!*/",
                                        "(`a` /*M!*/ /*!9999999999 x*/)",
                                        "(`a` int default (",
                                        ") ENGINE=",
                                        "(CONSTRAINT",
                                        "(a) COMPRESSION",
                                        "(a) COMPRESSION=",
                                        "(`a` int DEFAULT)",
                                        "(/*!80016 NOT ENFORCED */)"};
    const struct mr_loss_target targets[] = {MARIADB_10_11, MYSQL_9, MYSQL_56};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t k = 0; k < 3; k++) {
            struct mr_strbuf found = MR_STRBUF_INIT, without = MR_STRBUF_INIT;
            struct mr_err err = {0};
            char *exact = strdup(texts[i]); /* so that a sanitizer sees its end */
            assert_non_null(exact);
            assert_int_equal(
                mr_loss_find(&targets[k], exact, strlen(texts[i]), add, &found, &without, &err),
                MR_OK);
            free(exact);
            mr_strbuf_release(&found);
            mr_strbuf_release(&without);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_definitions),
                                       cmocka_unit_test(test_words), cmocka_unit_test(test_stop),
                                       cmocka_unit_test(test_broken)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
