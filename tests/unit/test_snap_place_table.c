/* test_snap_place_table.c: which texts of tables are run: what servers print, and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "snapshot/format/snap_place.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define COLUMNS "CREATE TABLE `t` (\n  `id` int(11) NOT NULL\n)"

/* What becomes of the text of table `t` of `live`; NULL: it is refused. */
static const char *placed(const char *what, const char *sql, size_t len, struct mr_strbuf *out,
                          struct mr_err *err)
{
    const struct mr_snap_place place = {.what = what, .name = "t", .db = "live"};
    mr_strbuf_reset(out);
    return mr_snap_place(&place, sql, len, out, err) == MR_OK ? out->ptr : NULL;
}

/* Behind the definitions. */
static const char *const tails[] = {
    "",
    " ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci",
    " ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin ROW_FORMAT=COMPRESSED "
    "KEY_BLOCK_SIZE=8 COMMENT='it''s; \\'/*!50000 SELECT */ UNION=(a) -- '",
    " ENGINE=MyISAM DEFAULT CHARSET=latin1 MIN_ROWS=1 MAX_ROWS=9 AVG_ROW_LENGTH=50 "
    "PACK_KEYS=1 CHECKSUM=1 DELAY_KEY_WRITE=1 ROW_FORMAT=FIXED",
    " ENGINE=InnoDB DEFAULT CHARSET=utf8 STATS_PERSISTENT=0 STATS_AUTO_RECALC=1 "
    "STATS_SAMPLE_PAGES=10",
    " ENGINE=Aria DEFAULT CHARSET=latin1 PAGE_CHECKSUM=1 TRANSACTIONAL=1",
    " ENGINE=InnoDB `ENCRYPTED`=YES `ENCRYPTION_KEY_ID`=4 `PAGE_COMPRESSED`='ON'",
    " ENGINE=CSV DEFAULT CHARSET=latin1 `IETF_QUOTES`=YES",
    " ENGINE=InnoDB DEFAULT CHARSET=latin1 /* `compression`='x' */",
    " ENGINE=InnoDB DEFAULT CHARSET=latin1 WITH SYSTEM VERSIONING",
    " /*!50100 TABLESPACE `innodb_file_per_table` */ ENGINE=InnoDB",
    " /*!50100 TABLESPACE `ts` STORAGE DISK */ ENGINE=ndbcluster COMMENT='NDB_TABLE=X=1'",
    " /*!80023 AUTOEXTEND_SIZE=4194304 */ ENGINE=InnoDB /*!80016 ENCRYPTION='Y' */",
    " ENGINE=InnoDB COMPRESSION='zlib' /*!80013 SECONDARY_ENGINE=rapid */ "
    "/*!80021 ENGINE_ATTRIBUTE='{\"a\": 1}' */ "
    "/*!80021 SECONDARY_ENGINE_ATTRIBUTE='{\"a\": 1}' */",
    " ENGINE=InnoDB DATA DIRECTORY='/ssd/' INDEX DIRECTORY='/ssd/'",
    " ENGINE=MRG_MyISAM DEFAULT CHARSET=latin1 INSERT_METHOD=LAST UNION=(`a`,`b`)",
    "\n/*!50100 PARTITION BY HASH (`id`)\nPARTITIONS 4 */",
    "\n/*!50100 PARTITION BY RANGE (year(`d`) + 1)\nSUBPARTITION BY HASH (to_days(`d`))"
    "\n(PARTITION p0 VALUES LESS THAN (1990)\n (SUBPARTITION s0 DATA DIRECTORY = '/x' "
    "ENGINE = InnoDB,\n  SUBPARTITION connection COMMENT = 'a' ENGINE = InnoDB),\n "
    "PARTITION "
    "directory VALUES LESS THAN MAXVALUE MAX_ROWS = 3 TABLESPACE = `x` ENGINE = InnoDB) "
    "*/",
    "\n/*!50500 PARTITION BY LIST  COLUMNS(a,b)\n(PARTITION p VALUES IN ((1,'x;'),"
    "(NULL,_utf8mb4'y')) ENGINE = MyISAM) */",
    "\n/*!50100 PARTITION BY KEY */ /*!50611 ALGORITHM = 1 */ /*!50100 (id)\nPARTITIONS "
    "3 */",
    "\n PARTITION BY LINEAR KEY (`id`)\nPARTITIONS 3",
    "\n PARTITION BY SYSTEM_TIME INTERVAL 1 WEEK STARTS TIMESTAMP'2000-01-01 00:00:00' "
    "AUTO PARTITIONS 3",
    "\n PARTITION BY SYSTEM_TIME LIMIT 100\n(PARTITION `p0` HISTORY ENGINE = InnoDB,\n "
    "PARTITION `pn` CURRENT ENGINE = InnoDB)",
};

/* Definitions. */
static const char *const lists[] = {
    "`id` int(10) unsigned zerofill NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`id`)",
    "`sel``ect` varchar(10) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'a;\\'' "
    "COMMENT "
    "'CONNECTION, (SELECT'",
    "`e` enum('a','/*!50000 ','''','\\\\') DEFAULT NULL,\n  `s` set('x') DEFAULT ''",
    "`ts` timestamp NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3)",
    "`d` datetime /* mariadb-5.3 */ DEFAULT NULL",
    "`i` bigint unsigned NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */,\n  PRIMARY KEY "
    "(`i`)",
    "`g` point NOT NULL /*!80003 SRID 4326 */,\n  SPATIAL KEY `g` (`g`)",
    "`g` geometry NOT NULL REF_SYSTEM_ID=4326 DEFAULT st_geomfromtext('POINT(1 1)')",
    "`h` blob /*!100301 COMPRESSED*/ DEFAULT NULL",
    "`h` varchar(9) /*M!100301 COMPRESSED*/ DEFAULT NULL",
    "`n` int /*!50606 STORAGE DISK */ /*!50606 COLUMN_FORMAT DYNAMIC */ DEFAULT NULL",
    "`v` int GENERATED ALWAYS AS (`a` + coalesce(`b`,0)) STORED NOT NULL",
    "`v` varchar(20) GENERATED ALWAYS AS (json_unquote(json_extract(`j`,_utf8mb4'$.a'))) "
    "VIRTUAL",
    "`v` int(11) AS (t.a MOD 10) PERSISTENT",
    "`u` uuid NOT NULL DEFAULT (uuid()),\n  `j` json DEFAULT (json_array(1,2.5,1e3))",
    "`j` longtext CHECK (json_valid(`j`)),\n  CONSTRAINT `c` CHECK (`a` > 0 and "
    "regexp_like(`b`,'x\\\\.y')) /*!80016 NOT ENFORCED */",
    "`x` int DEFAULT nextval(`s`),\n  `y` int DEFAULT nextval(`other`.`s`)",
    "`x` varchar(9) DEFAULT (@@hostname)",
    "`a` int,\n  UNIQUE KEY `k` (`a` DESC,(lower(`b`))) USING BTREE COMMENT 'x' /*!80000 "
    "INVISIBLE */,\n  KEY `l` (`a`) IGNORED",
    "`a` text,\n  FULLTEXT KEY `k` (`a`) /*!50100 WITH PARSER `ngram` */ ",
    "`a` text,\n  FULLTEXT KEY `k` (`a`) WITH PARSER `ngram`,\n  KEY `b` (`a`(10)) "
    "KEY_BLOCK_SIZE=8 `clustering`=YES",
    "`s` timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE,\n  `e` timestamp(6) "
    "GENERATED ALWAYS AS ROW END,\n  PERIOD FOR SYSTEM_TIME (`s`, `e`),\n  PERIOD FOR "
    "`p` "
    "(`b`, `c`),\n  UNIQUE KEY `u` (`id`,`p` WITHOUT OVERLAPS)",
    "`v` vector(3) NOT NULL,\n  VECTOR KEY `v` (`v`) `M`=6 `DISTANCE`=cosine",
    "`a` int WITHOUT SYSTEM VERSIONING,\n  `b` int /*T![auto_rand] AUTO_RANDOM(5) */",
    "`a` int,\n  CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `x`.`p` (`b`) ON DELETE SET "
    "NULL",
};

static void test_printed(void **state)
{
    (void)state;
    struct mr_strbuf sql = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    struct mr_err err;
    for (size_t i = 0; i < COUNT(tails) + COUNT(lists); i++) {
        mr_strbuf_reset(&sql);
        if (i < COUNT(tails))
            mr_strbuf_add_fmt(&sql, COLUMNS "%s", tails[i]);
        else
            mr_strbuf_add_fmt(&sql, "CREATE TABLE `t` (\n  %s\n) ENGINE=InnoDB",
                              lists[i - COUNT(tails)]);
        const char *run = placed("TABLE", sql.ptr, sql.len, &out, &err);
        if (run == NULL)
            fail_msg("%s: %s", sql.ptr, err.message);
        assert_string_equal(run, sql.ptr);
    }
    mr_strbuf_release(&sql);
    mr_strbuf_release(&out);
}

/* Its own database is left out, wherever it is named. */
static void test_rewritten(void **state)
{
    (void)state;
    static const struct {
        const char *what, *sql, *run;
    } cases[] = {
        {"TABLE", "CREATE TABLE `live`.`t` (`a` int DEFAULT nextval(`live` . `s`))",
         "CREATE TABLE `t` (`a` int DEFAULT nextval(`s`))"},
        {"TABLE", "CREATE TABLE `t` (`a` int, CHECK (live.t.a > `live`.`t`.`b`))",
         "CREATE TABLE `t` (`a` int, CHECK (t.a > `t`.`b`))"},
        {"TABLE", "CREATE TABLE `t` (`a` int) UNION=(`live`.`x`,`y`)",
         "CREATE TABLE `t` (`a` int) UNION=(`x`,`y`)"},
        {"TABLE", "CREATE TABLE `t` (`a` int DEFAULT (SEL`live`.ECT))",
         "CREATE TABLE `t` (`a` int DEFAULT (SEL ECT))"},
        {"ALTER",
         "ALTER TABLE `t` ADD CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `live`.`p` "
         "(`a`)",
         "ALTER TABLE `t` ADD CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `p` (`a`)"},
        {"ALTER", /* of another database, where letters count */
         "ALTER TABLE `t` ADD CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `Live`.`p` (`a`)",
         "ALTER TABLE `t` ADD CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `Live`.`p` (`a`)"},
        {"TABLE", "CREATE TABLE `t` (`a` int DEFAULT nextval(`Live`.`s`))",
         "CREATE TABLE `t` (`a` int DEFAULT nextval(`Live`.`s`))"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_err err = {0};
        const char *run = placed(cases[i].what, cases[i].sql, strlen(cases[i].sql), &out, &err);
        if (run == NULL)
            fail_msg("%s: %s", cases[i].sql, err.message);
        assert_string_equal(run, cases[i].run);
        mr_strbuf_release(&out);
    }
}

static const struct {
    const char *sql, *why; /* why: in the message; NULL: any */
} hostile[] = {
    /* behind comments that servers run, or may not */
    {COLUMNS " /*!50000 , RENAME TO other.x */", NULL},
    {COLUMNS " /*!50100 COMMENT='*/' TABLE mysql.user -- ' */", NULL},
    {COLUMNS " /*!99999 COMMENT=' */ TABLE mysql.user /* ' */", NULL},
    {COLUMNS " /*! /* */ TABLE mysql.user /* */ */", NULL},
    {COLUMNS " /*!99999 COMMENT='/*' */ COMMENT='*/ TABLE mysql.user'", NULL},
    {COLUMNS " /*!50100 COMMENT='a' # */ TABLE mysql.user\n */", NULL},
    {COLUMNS " /*!50100 COMMENT='a' -- */ TABLE mysql.user\n */", NULL},
    {COLUMNS " /*!50100 COMMENT= */ 'a'", NULL},
    {COLUMNS " ENGINE=/*!50100 InnoDB */", NULL},
    {COLUMNS " /*!501 COMMENT='a' */", NULL},
    {COLUMNS " /*!5010012 COMMENT='b' */", NULL},
    {COLUMNS " /*!50100COMMENT='a' */", NULL},
    {COLUMNS " /*!50100 COMMENT='a'", NULL},
    {COLUMNS " /* open", NULL},
    {"CREATE TABLE `t` (`a` int /*!50100 ) TABLE mysql.user -- */)", NULL},
    {"CREATE TABLE `t` (`a` int /*!50100 , `b` int */)", NULL},
    {"CREATE TABLE `t` /*!50100 (`a` int) */", NULL},
    {"CREATE /*!50100 TEMPORARY */ TABLE `t` (`a` int)", NULL},
    {"CREATE TABLE /*!50100 other. */ `t` (`a` int)", NULL},
    {"CREATE TABLE --\x01 `t` (`a` int)\n`other`.`t` (`a` int)", NULL},
    /* other rows */
    {COLUMNS " AS SELECT * FROM mysql.user", NULL},
    {COLUMNS " SELECT * FROM mysql.user", NULL},
    {COLUMNS " TABLE mysql.user", NULL},
    {COLUMNS " IGNORE TABLE mysql.user", NULL},
    {COLUMNS " VALUES ROW(1)", NULL},
    {COLUMNS " WITH x AS (TABLE mysql.user) TABLE x", NULL},
    {COLUMNS " (TABLE mysql.user)", NULL},
    {COLUMNS " PARTITION BY HASH (`id`) PARTITIONS 2 TABLE mysql.user", NULL},
    {COLUMNS " PARTITION BY HASH (`id`) PARTITIONS 2 AS TABLE mysql.user", NULL},
    {COLUMNS " PARTITION BY HASH (`id`) (TABLE mysql.user)", NULL},
    {COLUMNS " PARTITION BY HASH (`id`) (SELECT 1)", NULL},
    {"CREATE TABLE `t` (SELECT 1)", NULL},
    {"CREATE TABLE `t` ((SELECT 1))", NULL},
    {"CREATE TABLE `t` (TABLE mysql.user)", NULL},
    {"CREATE TABLE `t` TABLE mysql.user", NULL},
    {"CREATE TABLE `t` LIKE other.t", NULL},
    {"CREATE TABLE `t` (LIKE other.t)", NULL},
    {"CREATE TABLE `t` (`a` int DEFAULT (SELECT 1))", NULL},
    /* other places */
    {COLUMNS " ENGINE=MERGE UNION=(other.m)", "another database"},
    {COLUMNS " ENGINE=MERGE UNION=(`a`,`other`.`m`)", "another database"},
    {COLUMNS " ENGINE=FEDERATED CONNECTION='mysql://h/d/t'", "--exclude"},
    {COLUMNS " ENGINE='federated'", "elsewhere"},
    {COLUMNS " ENGINE=S3", "elsewhere"},
    {COLUMNS " ENGINE=`SPIDER` COMMENT='wrapper \"mysql\"'", "elsewhere"},
    {COLUMNS " ENGINE=CONNECT `table_type`='CSV' `file_name`='/etc/passwd'", "elsewhere"},
    {COLUMNS " CONNECTION='x'", "elsewhere"},
    {COLUMNS " /*!50100 CONNECTION='x' */", "elsewhere"},
    {COLUMNS " PARTITION BY HASH (`id`) (PARTITION a ENGINE = SPIDER)", "elsewhere"},
    {COLUMNS " PARTITION BY HASH (`id`) (PARTITION a CONNECTION = 'x')", NULL},
    {"CREATE TABLE `t` (`a` int DEFAULT (other.f()))", "another database"},
    {"CREATE TABLE other.1t (`a` int)", NULL},
    {"CREATE TABLE t.1t (`a` int)", NULL},
    /* other statements */
    {COLUMNS "; DROP TABLE t", NULL},
    {COLUMNS " START TRANSACTION", NULL},
    {COLUMNS ") ENGINE=InnoDB", NULL},
    {COLUMNS ", RENAME TO other.x", NULL},
    {COLUMNS " UNKNOWN_OPTION=1", NULL},
    {COLUMNS " ENGINE", NULL},
    {COLUMNS " COMMENT=(1)", NULL},
    {COLUMNS " COMMENT=$$x$$", NULL},
    {COLUMNS " PARTITION BY HASH (`id`", NULL},
    {COLUMNS " PARTITION BY HASH `id`)", NULL},
    {"CREATE TABLE `t` ()", NULL},
    {"CREATE TABLE `t` (`a` int", NULL},
    {"CREATE TABLE `t` (`a` int,)", NULL},
    {"CREATE TABLE `t` (a int)", NULL},
};

static void test_hostile(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hostile); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_err err = {0};
        const char *sql = hostile[i].sql, *why = hostile[i].why;
        if (placed("TABLE", sql, strlen(sql), &out, &err) != NULL)
            fail_msg("taken: %s", sql);
        assert_int_equal(err.code, MR_E_SNAPSHOT);
        if (why != NULL && strstr(err.message, why) == NULL && strstr(err.hint, why) == NULL)
            fail_msg("%s: %s", sql, err.message);
        mr_strbuf_release(&out);
    }
}

static void test_foreign_keys(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "ALTER TABLE `t` ADD KEY (v) /*!50000 , RENAME TO other.x */",
        "ALTER TABLE `t` ADD CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `p` (`a`) "
        "/*!50000 "
        ", RENAME TO other.x */",
        "ALTER TABLE `t` ADD CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `p` (`a`), "
        "RENAME "
        "TO x",
        "ALTER TABLE `t` ADD PARTITION (PARTITION a DATA DIRECTORY = '/x')",
        "ALTER TABLE `t` ADD `x` int",
        "ALTER TABLE `t` ADD KEY (`v`)",
        "ALTER TABLE `t` EXCHANGE PARTITION p WITH TABLE other.x",
        "ALTER TABLE `t` ADD CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `p` (`a`); DROP "
        "x",
    };
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct mr_err err = {0};
        if (placed("ALTER", refused[i], strlen(refused[i]), &out, &err) != NULL)
            fail_msg("taken: %s", refused[i]);
    }
    mr_strbuf_release(&out);
}

/* Servers stop reading at one. */
static void test_nul(void **state)
{
    (void)state;
    static const char sql[] = "CREATE TABLE `t` (`a` int) COMMENT='a\0b'";
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_err err = {0};
    assert_null(placed("TABLE", sql, sizeof sql - 1, &out, &err));
    mr_strbuf_release(&out);
}

static void test_directories(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        bool names;
    } cases[] = {
        {COLUMNS " DATA DIRECTORY='/x'", true},
        {COLUMNS " /*!50100 PARTITION BY KEY () (PARTITION a INDEX DIRECTORY = '/x') */", true},
        {COLUMNS " COMMENT='DATA DIRECTORY'", false},
        {COLUMNS, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(mr_snap_names_directory(cases[i].sql, strlen(cases[i].sql)),
                         cases[i].names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printed), cmocka_unit_test(test_rewritten),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_foreign_keys),
        cmocka_unit_test(test_nul),     cmocka_unit_test(test_directories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
