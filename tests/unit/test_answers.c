/* test_answers.c: what is decided about a plan's conflicts: order, steps, the file; and how a terminal
 * shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/file/io.h"
#include "place.h"
#include "repair/page/answers.h"
#include "repair/page/decide_screen.h"
#include "repair/plan/conflict_story.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define HEAD                                                                                       \
    "table,source_key,target_key,identity,kind,choices,source,target,decision,differs,base,"       \
    "columns\r\n"
#define IMAGE(id, city) "\"{\"\"id\"\":\"\"" id "\"\",\"\"city\"\":" city "}\""
#define CHANGED(id, lost, live)                                                                    \
    "club.members," id "," id ",+49" id                                                            \
    ",changed,target;source;newest:COLUMN," IMAGE(id, lost) "," IMAGE(id, live) ",,city: a,,\r\n"
#define ANN CHANGED("1", "\"\"Kiel\"\"", "\"\"Bremen\"\"")
#define BOB CHANGED("2", "\"\"\\u001b[2J\\u0007\xc2\x9b\\\\\\\\\"\"", "null")
#define LOG(decision) "club.log,3..9,,,deleted-or-lost,restore;skip,,," decision ",,,\r\n"
#define RUN LOG("")
#define EVE "club.log,4,4,,does-not-fit,\"skip;city=VALUE\"," IMAGE("4", "\"\"long\"\"") ",,,,,\r\n"
#define FOE                                                                                        \
    "club.log,5,5,,does-not-fit,\"skip;{\"\"id\"\":\"\"VALUE\"\",\"\"city\"\":\"\"VALUE\"\"}"      \
    "\"," IMAGE("5", "\"\"long\"\"") ",,,,,\r\n"
#define KID "club.log,6,,,parent-absent,skip," IMAGE("6", "null") ",,,,,\r\n"
#define MARK "#plan,u,%s,,,,,,,,,\r\n"

static const char *const words[] = {"id", "city"};
static struct mr_planned_column columns[] = {{"id", "int", NULL, false},
                                             {"city", "text", NULL, false}};
static struct mr_planned_table tables[2];

static void make_plan(struct mr_plan_dir *plan, const char *csv)
{
    tables[0] = (struct mr_planned_table){.table = "club.log", .columns = columns, .ncolumns = 2};
    tables[1] = (struct mr_planned_table){.table = "club.members",
                                          .subject = true,
                                          .key = {words, 1},
                                          .columns = columns,
                                          .ncolumns = 2};
    *plan = (struct mr_plan_dir){.path = ".", .arena = MR_ARENA_INIT};
    plan->manifest = (struct mr_manifest){.uuid = "u", .page_key = "key"};
    plan->manifest.planned = (struct mr_planned){.tables = tables, .ntables = 2, .open = 1};
    FILE *file = fopen("conflicts.csv", "w");
    assert_true(file != NULL && fputs(csv, file) >= 0 && fclose(file) == 0);
}

static void begin(struct mr_plan_dir *plan, struct mr_answers *a, const char *csv)
{
    make_plan(plan, csv);
    assert_int_equal(mr_answers_open(plan, NULL, false, a, NULL), MR_OK);
}

static void end(struct mr_plan_dir *plan, struct mr_answers *a)
{
    mr_answers_close(a);
    mr_arena_release(&plan->arena);
    columns[1].masked = false;
}

static const char *key_at(const struct mr_answers *a, size_t at)
{
    return mr_answers_field(a, mr_answers_at(a, at), MR_ASKS_SOURCE_KEY);
}

/* What may give somebody another's things first; of a kind, people first. */
static void test_order(void **state)
{
    struct mr_plan_dir plan;
    struct mr_answers a;
    size_t from = 9, to = 9;
    (void)state;
    begin(&plan, &a, HEAD ANN EVE BOB RUN FOE);
    static const char *const keys[] = {"3..9", "4", "5", "1", "2"};
    for (size_t i = 0; i < LEN(keys); i++)
        assert_string_equal(key_at(&a, i), keys[i]);
    mr_answers_group(&a, 4, &from, &to);
    assert_int_equal(from, 3);
    assert_int_equal(to, 5);
    end(&plan, &a);
}

static void test_choices(void **state)
{
    static const char *const of[][4] = {
        {"restore", "skip", NULL, NULL},
        {"skip", "city=VALUE", NULL, NULL},
        {"skip", "{\"id\":\"VALUE\",\"city\":\"VALUE\"}", NULL, NULL},
        {"target", "source", "newest:COLUMN", NULL},
    };
    struct mr_plan_dir plan;
    struct mr_answers a;
    struct mr_strbuf word = MR_STRBUF_INIT;
    (void)state;
    begin(&plan, &a, HEAD RUN EVE FOE ANN);
    for (size_t i = 0; i < LEN(of); i++)
        for (size_t n = 0; n < LEN(of[i]); n++) {
            const bool is = mr_answers_choice(&a, mr_answers_at(&a, i), n, &word);
            assert_int_equal(is, of[i][n] != NULL);
            if (is)
                assert_string_equal(word.ptr, of[i][n]);
            else
                break;
        }
    mr_strbuf_release(&word);
    end(&plan, &a);
}

static void test_steps(void **state)
{
    struct mr_plan_dir plan;
    struct mr_answers a;
    size_t changed = 9;
    (void)state;
    begin(&plan, &a, HEAD ANN BOB RUN EVE FOE);
    assert_int_equal(mr_answers_undo(&a), 5);
    assert_int_equal(mr_answers_next_open(&a, 4), 4);
    assert_int_equal(mr_answers_decide(&a, 4, "source", "why", NULL), MR_OK);
    assert_int_equal(a.decided, 1);
    assert_int_equal(mr_answers_next_open(&a, 4), 0);
    /* who is decided already stays; a choice that not all have is for those that do */
    assert_int_equal(mr_answers_decide_group(&a, 3, "target", "target", &changed, NULL), MR_OK);
    assert_int_equal(changed, 1);
    assert_int_equal(mr_answers_decide_group(&a, 1, "city=VALUE", "city=x", &changed, NULL), MR_OK);
    assert_int_equal(changed, 1);
    assert_string_equal(mr_answers_at(&a, 1)->decision, "city=x");
    assert_string_equal(mr_answers_at(&a, 2)->decision, "");
    assert_int_equal(mr_answers_decide_group(&a, 1, "restore", "restore", &changed, NULL), MR_OK);
    assert_int_equal(changed, 0);
    assert_int_equal(a.decided, 3);
    assert_int_equal(mr_answers_decide(&a, 4, "", NULL, NULL), MR_OK);
    assert_string_equal(mr_answers_at(&a, 4)->note, "why");
    /* back again, step by step */
    assert_int_equal(mr_answers_undo(&a), 4);
    assert_string_equal(mr_answers_at(&a, 4)->decision, "source");
    assert_int_equal(mr_answers_undo(&a), 1);
    assert_int_equal(mr_answers_undo(&a), 3);
    assert_int_equal(mr_answers_undo(&a), 4);
    assert_string_equal(mr_answers_at(&a, 4)->note, "");
    assert_int_equal(a.decided, 0);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(mr_answers_decide(&a, i, "skip", NULL, NULL), MR_OK);
    assert_int_equal(mr_answers_next_open(&a, 2), 5);
    end(&plan, &a);
}

/* What only waits for another row is looked at when nothing else is open. */
static void test_waits(void **state)
{
    struct mr_plan_dir plan;
    struct mr_answers a;
    (void)state;
    begin(&plan, &a, HEAD KID ANN);
    assert_string_equal(key_at(&a, 0), "6");
    assert_int_equal(mr_answers_next_open(&a, 0), 1);
    assert_int_equal(mr_answers_decide(&a, 1, "target", NULL, NULL), MR_OK);
    assert_int_equal(mr_answers_next_open(&a, 1), 0);
    end(&plan, &a);
}

static void expect_file(const char *name, const char *wanted)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    assert_int_equal(mr_io_read_part(name, 1 << 20, &text, NULL), MR_OK);
    assert_string_equal(text.ptr, wanted);
    mr_strbuf_release(&text);
}

/* Whoever wants to be asked again about what is decided says so: an empty cell leaves it as it is in the case. */
static void test_left_open(void **state)
{
    struct mr_plan_dir plan;
    struct mr_answers a;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    begin(&plan, &a, HEAD LOG("skip"));
    assert_int_equal(a.decided, 1);
    assert_int_equal(mr_answers_decide(&a, 0, "open", "why", NULL), MR_OK);
    assert_int_equal(a.decided, 0);
    assert_string_equal(mr_answers_at(&a, 0)->decision, "");
    assert_int_equal(mr_answers_next_open(&a, 0), 0);
    assert_int_equal(mr_answers_undo(&a), 0);
    assert_string_equal(mr_answers_at(&a, 0)->decision, "skip");
    assert_int_equal(mr_answers_decide(&a, 0, "open", NULL, NULL), MR_OK);
    assert_int_equal(mr_answers_save(&a, "l.csv", false, false, NULL), MR_OK);
    mr_strbuf_add_fmt(&text, HEAD LOG("open") MARK, a.digest);
    expect_file("l.csv", text.ptr);
    /* gone on with; and emptied by hand it is the same, where the plan has decided something */
    for (int emptied = 0; emptied < 2; emptied++) {
        mr_answers_close(&a);
        mr_arena_release(&plan.arena);
        begin(&plan, &a, HEAD LOG("skip"));
        if (emptied == 1) {
            FILE *file = fopen("l.csv", "w");
            assert_true(file != NULL && fprintf(file, HEAD LOG("") MARK, a.digest) > 0 &&
                        fclose(file) == 0);
        }
        assert_int_equal(mr_answers_resume(&a, "l.csv", NULL), MR_OK);
        assert_int_equal(a.decided, 0);
        assert_int_equal(mr_answers_save(&a, "l.csv", true, false, NULL), MR_OK);
        expect_file("l.csv", text.ptr);
    }
    mr_strbuf_release(&text);
    end(&plan, &a);
}

/* Byte for byte what conflicts.csv has, but for what is decided. */
static void test_file(void **state)
{
    struct mr_plan_dir plan;
    struct mr_answers a;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    begin(&plan, &a, HEAD ANN BOB RUN);
    assert_int_equal(mr_answers_save(&a, "a.csv", false, false, NULL), MR_OK);
    mr_strbuf_add_fmt(&text, HEAD ANN BOB RUN MARK, a.digest);
    expect_file("a.csv", text.ptr);
    assert_int_equal(mr_answers_save(&a, "a.csv", false, false, NULL), MR_E_EXISTS);
    assert_int_equal(mr_answers_decide(&a, 0, "skip", "a, \"b\"", NULL), MR_OK);
    assert_int_equal(mr_answers_decide(&a, 2, "source", NULL, NULL), MR_OK);
    assert_int_equal(mr_answers_save(&a, "a.csv", true, false, NULL), MR_OK);
    assert_int_equal(mr_answers_save(&a, "sheet.csv", true, true, NULL), MR_OK);
    end(&plan, &a);
    /* gone on with, from either */
    static const char *const files[] = {"a.csv", "sheet.csv"};
    for (size_t i = 0; i < LEN(files); i++) {
        begin(&plan, &a, HEAD ANN BOB RUN);
        assert_int_equal(mr_answers_resume(&a, files[i], NULL), MR_OK);
        assert_int_equal(a.decided, 2);
        assert_string_equal(mr_answers_at(&a, 0)->decision, "skip");
        assert_string_equal(mr_answers_at(&a, 0)->note, "a, \"b\"");
        assert_string_equal(mr_answers_at(&a, 1)->decision, "");
        assert_string_equal(mr_answers_at(&a, 2)->decision, "source");
        end(&plan, &a);
    }
    mr_strbuf_release(&text);
}

static void write_over(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_true(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* What somebody else has written meanwhile stays, and nothing that was decided is lost. */
static void test_kept(void **state)
{
    struct mr_plan_dir plan;
    struct mr_answers a;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err err = {0};
    (void)state;
    begin(&plan, &a, HEAD RUN);
    mr_strbuf_add_fmt(&text, HEAD "club.log,3..9,,,deleted-or-lost,restore;skip,,,skip,,,\r\n" MARK,
                      a.digest);
    assert_int_equal(mr_answers_keep(&a, "k.csv", NULL), MR_OK);
    assert_int_equal(mr_answers_keep(&a, "k.csv", NULL), MR_OK);
    assert_int_equal(mr_answers_resume(&a, "k.csv", NULL), MR_OK);
    assert_int_equal(mr_answers_decide(&a, 0, "skip", NULL, NULL), MR_OK);
    assert_int_equal(mr_answers_keep(&a, "k.csv", NULL), MR_OK);
    expect_file("k.csv", text.ptr);
    /* whoever takes it away wants it anew */
    assert_int_equal(remove("k.csv"), 0);
    assert_int_equal(mr_answers_keep(&a, "k.csv", NULL), MR_OK);
    expect_file("k.csv", text.ptr);
    write_over("k.csv", "theirs");
    write_over("k.csv.1", "older");
    assert_int_equal(mr_answers_keep(&a, "k.csv", &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "saved in \"k.csv.2\""));
    expect_file("k.csv", "theirs");
    expect_file("k.csv.1", "older");
    expect_file("k.csv.2", text.ptr);
    end(&plan, &a);
    /* it came while nobody had saved yet */
    begin(&plan, &a, HEAD RUN);
    assert_int_equal(mr_answers_keep(&a, "k.csv", &err), MR_E_REFUSED);
    expect_file("k.csv", "theirs");
    end(&plan, &a);
    mr_strbuf_release(&text);
}

/* Files that are none of this plan's. */
static void test_strange_files(void **state)
{
    static const struct {
        const char *csv, *refusal; /* NULL: it is taken */
        bool marked;
    } files[] = {
        {HEAD ANN BOB RUN, NULL, true},
        {HEAD BOB, NULL, true},
        {HEAD ANN "\r\n" RUN, NULL, true},
        {HEAD ANN ",,,,,\t,,,,,,\r\n" RUN, NULL, true},
        {HEAD ANN BOB RUN, "it does not say which plan it answers", false},
        {HEAD ANN BOB RUN "#plan,v,x,,,,,,,,,\r\n", "it answers another plan", false},
        {HEAD ANN BOB RUN "#plan\r\n", "it answers another plan", false},
        {HEAD BOB ANN, "a line is not what the plan asks", true},
        {HEAD CHANGED("7", "null", "null"), "a line is not what the plan asks", true},
        {HEAD "club.members,1\r\n", "a line is not what the plan asks", true},
        {"table,decision\r\n", "it has not the columns of the plan's conflicts.csv", false},
        {"tabel" HEAD ANN, "it has not the columns of the plan's conflicts.csv", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(files); i++) {
        struct mr_plan_dir plan;
        struct mr_answers a;
        struct mr_err err = {0};
        begin(&plan, &a, HEAD ANN BOB RUN);
        FILE *file = fopen("b.csv", "w");
        assert_true(file != NULL && fputs(files[i].csv, file) >= 0);
        if (files[i].marked)
            assert_true(fprintf(file, MARK, a.digest) > 0);
        assert_int_equal(fclose(file), 0);
        const enum mr_code code = mr_answers_resume(&a, "b.csv", &err);
        if (code != (files[i].refusal == NULL ? MR_OK : MR_E_REFUSED) ||
            (files[i].refusal != NULL && strstr(err.message, files[i].refusal) == NULL))
            fail_msg("%zu: %d %s", i, code, err.message);
        end(&plan, &a);
    }
}

/* As the planner reads it: blanks decide nothing. */
static void test_blanks(void **state)
{
    struct mr_plan_dir plan;
    struct mr_answers a;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    begin(&plan, &a, HEAD RUN ANN);
    mr_strbuf_add_fmt(
        &text,
        HEAD "club.log,3..9,,,deleted-or-lost,restore;skip,,, skip\t,,,\r\n"
             "club.members,1,1,+491,changed,target;source;newest:COLUMN," IMAGE(
                 "1", "\"\"Kiel\"\"") "," IMAGE("1", "\"\"Bremen\"\"") ",\"  \",city: a,,\r\n" MARK,
        a.digest);
    write_over("c.csv", text.ptr);
    assert_int_equal(mr_answers_resume(&a, "c.csv", NULL), MR_OK);
    assert_int_equal(a.decided, 1);
    assert_string_equal(mr_answers_at(&a, 0)->decision, "skip");
    assert_string_equal(mr_answers_at(&a, 1)->decision, "");
    mr_strbuf_release(&text);
    end(&plan, &a);
}

/* ---- the screen ---- */

static void show(const struct mr_answers *a, size_t at, struct mr_decide_view view,
                 struct mr_strbuf *text)
{
    view.said = view.said != NULL ? view.said : "";
    assert_int_equal(mr_decide_screen(a, at, &view, text, NULL), MR_OK);
}

static const struct {
    size_t at; /* 0: the run, 1 and 2: members 1 and 2 */
    struct mr_decide_view view;
    const char *wanted, *unwanted; /* in the text */
} screens[] = {
    {0, {.width = 80}, "Of this run of keys the rows are not listed", "at the split"},
    {0, {.width = 80}, "\n  1 restore: The lost row is written to the live side", "\033"},
    {1, {.width = 80}, "2 of 3, 0 decided\nmembers 1 (+491): changed\n", NULL},
    {1, {.width = 80}, "\n* city   Kiel ", NULL},
    {1, {.width = 80}, "\n  id     1 ", NULL},
    {1, {.width = 80}, "lost side ", "at the split"},
    {1, {.width = 80}, "1 target: The live side's values stay", "The live row stays as it is"},
    {1, {.width = 80}, "3 newest: As target or source", "as a whole"},
    {1, {.width = 30}, "\n* city\n    lost side: Kiel\n    live side: Bremen\n", NULL},
    {1, {.width = 80, .color = true}, "\033[1mKiel\033[0m", NULL},
    {1, {.width = 80, .said = "\033[2J"}, "\\x1b[2J", "\033"},
    {1, {.width = 80, .of_group = true}, "For all open ones of \"members: Changed", "q save"},
    /* a value cannot drive the terminal, and shows that it is none */
    {2, {.width = 80}, "\\x1b[2J\\x07\\u{009b}\\\\", "\033"},
    {2, {.width = 80}, "NULL", "\x07"},
    {2, {.width = 80}, "NULL", "\xc2\x9b"},
};

static void test_screen(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(screens); i++) {
        struct mr_plan_dir plan;
        struct mr_answers a;
        struct mr_strbuf text = MR_STRBUF_INIT;
        begin(&plan, &a, HEAD ANN BOB RUN);
        show(&a, screens[i].at, screens[i].view, &text);
        if (strstr(text.ptr, screens[i].wanted) == NULL ||
            (screens[i].unwanted != NULL && strstr(text.ptr, screens[i].unwanted) != NULL))
            fail_msg("%zu: %s", i, text.ptr);
        mr_strbuf_release(&text);
        end(&plan, &a);
    }
}

/* No value is one, NULL, nor empty: a text that says so is told from it. */
static void test_null_text(void **state)
{
    static const struct {
        const char *value, *shown;
    } values[] = {{"null", " NULL "},
                  {"\"\"NULL\"\"", " 'NULL' "},
                  {"\"\"\"\"", " '' "},
                  {"\"\"''\"\"", "  "},
                  {"\"\"(not known)\"\"", " '(not known)' "},
                  {"\"\"null\"\"", " null "},
                  {"\"\"it's\"\"", " it's "}};
    (void)state;
    for (size_t i = 0; i < LEN(values); i++) {
        struct mr_plan_dir plan;
        struct mr_answers a;
        struct mr_strbuf text = MR_STRBUF_INIT, csv = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(
            &csv,
            HEAD "club.members,1,1,,changed,target;source,\"{\"\"id\"\":\"\"1\"\",\"\"city\"\""
                 ":%s}\",\"{\"\"id\"\":\"\"1\"\",\"\"city\"\":\"\"x\"\"}\",,,,\r\n",
            values[i].value);
        begin(&plan, &a, csv.ptr);
        show(&a, 0, (struct mr_decide_view){.width = 80}, &text);
        if (strstr(text.ptr, values[i].shown) == NULL)
            fail_msg("%zu: %s", i, text.ptr);
        mr_strbuf_release(&text);
        mr_strbuf_release(&csv);
        end(&plan, &a);
    }
}

/* Whatever the width, no line is wider; and a low terminal shows the rows in parts. */
static void test_size(void **state)
{
    struct mr_plan_dir plan;
    struct mr_answers a;
    (void)state;
    columns[1].masked = true;
    begin(&plan, &a, HEAD ANN BOB RUN);
    for (unsigned width = 20; width < 130; width += 7)
        for (size_t at = 0; at < 3; at++) {
            struct mr_strbuf text = MR_STRBUF_INIT;
            show(&a, at, (struct mr_decide_view){.width = width, .all = true}, &text);
            assert_null(strstr(text.ptr, "Kiel"));
            for (const char *line = text.ptr, *lf; (lf = strchr(line, '\n')) != NULL; line = lf + 1)
                if (mr_utf8_width(line, (size_t)(lf - line)) > width)
                    fail_msg("%u: %s", width, text.ptr);
            mr_strbuf_release(&text);
        }
    struct mr_strbuf text = MR_STRBUF_INIT;
    show(&a, 1, (struct mr_decide_view){.width = 30, .height = 10, .scroll = 2}, &text);
    assert_non_null(strstr(text.ptr, "-- lines 3 to 4 of "));
    mr_strbuf_reset(&text);
    show(&a, 1, (struct mr_decide_view){.width = 80}, &text);
    assert_non_null(strstr(text.ptr, "(masked)"));
    mr_strbuf_release(&text);
    end(&plan, &a);
}

/* Names are data, too: also those of tables, which may hold any character. */
static void test_names(void **state)
{
    struct mr_plan_dir plan;
    struct mr_answers a;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    make_plan(&plan, HEAD "club.\033[2Jme,3..9,,,deleted-or-lost,restore;skip,,,,,,\r\n");
    tables[0].table = "club.\033[2Jme";
    assert_int_equal(mr_answers_open(&plan, NULL, false, &a, NULL), MR_OK);
    for (int of_group = 0; of_group < 2; of_group++) {
        show(&a, 0, (struct mr_decide_view){.width = 80, .of_group = of_group == 1}, &text);
        assert_null(strchr(text.ptr, '\033'));
        assert_non_null(strstr(text.ptr, "\\x1b[2Jme"));
    }
    mr_strbuf_release(&text);
    end(&plan, &a);
}

/* Of long values both sides are shown from where they part on; what is left out is marked. */
static void test_long(void **state)
{
    static char image[2][4000], csv[9000];
    struct mr_plan_dir plan;
    struct mr_answers a;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    for (int i = 0; i < 2; i++) {
        char fill[1500];
        memset(fill, 'x', sizeof fill - 1);
        fill[sizeof fill - 1] = '\0';
        (void)snprintf(image[i], sizeof image[i],
                       "\"{\"\"id\"\":\"\"1\"\",\"\"city\"\":\"\"%s%s%s\"\"}\"", fill,
                       i == 0 ? "LOST" : "LIVE", fill);
    }
    (void)snprintf(csv, sizeof csv, HEAD "club.members,1,1,,changed,target;source,%s,%s,,,,\r\n",
                   image[0], image[1]);
    begin(&plan, &a, csv);
    for (unsigned width = 40; width <= 100; width += 60) {
        mr_strbuf_reset(&text);
        show(&a, 0, (struct mr_decide_view){.width = width}, &text);
        if (strstr(text.ptr, "LOST") == NULL || strstr(text.ptr, "LIVE") == NULL)
            fail_msg("%u: %s", width, text.ptr);
        if (width == 100 && strstr(text.ptr, "x\xe2\x80\xa6") == NULL)
            fail_msg("%u, the end: %s", width, text.ptr);
    }
    end(&plan, &a);
    /* of one row alone from its beginning */
    image[0][26] = 'B';
    (void)snprintf(csv, sizeof csv,
                   HEAD "club.members,1,,,deleted-on-live,restore;skip,%s,,,,,\r\n", image[0]);
    begin(&plan, &a, csv);
    mr_strbuf_reset(&text);
    show(&a, 0, (struct mr_decide_view){.width = 100}, &text);
    if (strstr(text.ptr, "Bxxx") == NULL)
        fail_msg("%s", text.ptr);
    mr_strbuf_release(&text);
    end(&plan, &a);
}

#define TX(second) "{" TX_OPEN(second)
#define TX_OPEN(second)                                                                            \
    "\"time\":\"2026-04-02 10:00:0" second "\",\"gtid\":\"0-1-7\",\"log\":\"bin.000001\","         \
    "\"position\":\"40\"}"
#define MADE(kind, second) "\"row\":{\"kind\":\"" kind "\"," TX_OPEN(second)
#define AB(a, b) "{\"a\":\"" a "\",\"b\":\"" b "\"}"
#define ATTESTED " Times are UTC, as each side's log attests."

static void test_story(void **state)
{
    static const struct {
        struct mr_conflict_story story;
        const char *text;
    } stories[] = {
        {{"", "{\"a\":\"1\"}", "{\"a\":\"2\"}", NULL, NULL, false}, ""},
        {{"", "{\"a\":\"1\"}", "{\"a\":\"2\"}", "", "", false}, ""},
        {{"{\"a\":\"1\",\"b\":null}", "{\"a\":\"2\",\"b\":null}", "{\"a\":\"1\",\"b\":\"3\"}", NULL,
          NULL, false},
         "Since the split the lost side changed a; the live side changed b."},
        {{"{\"a\":\"1\",\"\\u0062\":null}", "{\"a\":\"2\",\"\\u0062\":\"\"}", "", NULL, NULL,
          false},
         "Since the split the lost side changed a, b; the live side deleted it."},
        {{"{\"a\":\"1\"}", "{\"a\":\"1\"}", "{\"a\":\"1\",\"c\":\"\"}", NULL, NULL, false},
         "Since the split the lost side changed nothing that the logs show; the live side changed "
         "nothing that the logs show."},
        /* columns of one transaction have one time */
        {{AB("1", "1"), AB("2", "2"), AB("3", "3"),
          "{\"columns\":{\"a\":" TX("1") ",\"b\":" TX("1") "}}",
          "{\"columns\":{\"a\":" TX("2") ",\"b\":" TX("3") "}}", false},
         "Since the split the lost side changed a, b (2026-04-02 10:00:01); the live side changed "
         "a "
         "(2026-04-02 10:00:02), b (2026-04-02 10:00:03)." ATTESTED},
        /* what was changed and changed back is no change; the transaction, where it is asked for */
        {{AB("1", "1"), AB("2", "1"), AB("1", "1"),
          "{\"columns\":{\"a\":" TX("1") ",\"b\":" TX("1") "}}",
          "{\"columns\":{\"a\":" TX("2") "}}", true},
         "Since the split the lost side changed a (2026-04-02 10:00:01, 0-1-7 bin.000001:40); the "
         "live side changed nothing that the logs show." ATTESTED},
        /* no log attests it; too many changes to keep them */
        {{AB("1", "1"), AB("2", "1"), AB("1", "2"), "", "{\"columns\":{\"b\":null}}", false},
         "Since the split the lost side changed a (no log attests when); the live side changed b "
         "(the last of very many changes is not kept)."},
        {{AB("1", "1"), AB("2", "1"), "", "", "", false},
         "Since the split the lost side changed a (no log attests when); the live side deleted it "
         "(no log attests when)."},
        {{AB("1", "1"), "", AB("1", "1"), "{" MADE("delete", "4") ",\"columns\":{}}", "", false},
         "Since the split the lost side deleted it (2026-04-02 10:00:04); the live side changed "
         "nothing that the logs show." ATTESTED},
        /* both made it */
        {{"", AB("1", "1"), AB("2", "1"),
          "{" MADE("insert", "1") ",\"columns\":{\"a\":" TX("2") "}}",
          "{" MADE("came", "3") ",\"columns\":{}}", false},
         "Since the split the lost side inserted it (2026-04-02 10:00:01) and changed a "
         "(2026-04-02 "
         "10:00:02); the live side moved it here from another key (2026-04-02 10:00:03)." ATTESTED},
        {{AB("1", "1"), AB("1", "1"), "", "", "{" MADE("went", "3") ",\"columns\":{}}", false},
         "Since the split the lost side changed nothing that the logs show; the live side moved it "
         "to another key (2026-04-02 10:00:03)." ATTESTED},
        /* what no planner wrote is not made a time of */
        {{AB("1", "1"), AB("2", "1"), AB("1", "1"),
          "{\"row\":{\"kind\":\"x\"},\"columns\":{\"a\":{}}}", "x", false},
         "Since the split the lost side changed a (no log attests when); the live side changed "
         "nothing that the logs show."},
    };
    (void)state;
    for (size_t i = 0; i < LEN(stories); i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_conflict_story_add(&text, &stories[i].story);
        if (strcmp(text.ptr, stories[i].text) != 0)
            fail_msg("%zu: %s, not %s", i, text.ptr, stories[i].text);
        mr_strbuf_release(&text);
    }
}

/* The terminal has the times, and with all columns the transactions. */
static void test_story_shown(void **state)
{
    static const char csv[] =
        "table,source_key,target_key,identity,kind,choices,source,target,decision,differs,base,"
        "columns,source_changes,target_changes\r\n"
        "club.members,1,1,+49,changed,target;source," IMAGE("1", "\"\"Kiel\"\"") "," IMAGE(
            "1",
            "\"\"Bremen\"\"") ",,city: a," IMAGE("1",
                                                 "\"\"Jena\"\"") ",,\"{\"\"columns\"\":{"
                                                                 "\"\"city\"\":"
                                                                 "{\"\"time\"\":\"\"2026-04-02 "
                                                                 "10:00:01\"\",\"\"gtid\"\":\"\"0-"
                                                                 "1-7\"\",\"\"log\"\":\"\"b.1\"\","
                                                                 "\"\"position\"\":\"\"40\"\"}}}\","
                                                                 "\r\n";
    (void)state;
    for (int all = 0; all < 2; all++) {
        struct mr_plan_dir plan;
        struct mr_answers a;
        struct mr_strbuf text = MR_STRBUF_INIT;
        begin(&plan, &a, csv);
        show(&a, 0, (struct mr_decide_view){.width = 200, .all = all == 1}, &text);
        if (strstr(text.ptr, all == 1
                                 ? "changed city (2026-04-02 10:00:01, 0-1-7 b.1:40); the live "
                                   "side changed city (no log attests when)."
                                 : "changed city (2026-04-02 10:00:01); the live") == NULL)
            fail_msg("%s", text.ptr);
        mr_strbuf_release(&text);
        end(&plan, &a);
    }
}

static void test_unquote(void **state)
{
    static const struct {
        const char *quoted, *text;
    } cases[] = {{"a", "a"},
                 {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
                 {"\\u0041\\u00fC\\u20ac", "A\xc3\xbc\xe2\x82\xac"},
                 {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
                 {"\\ud83dx", "\xed\xa0\xbdx"},
                 {"\\u00", "00"},
                 {"\\u00g0", "00g0"},
                 {"x\\", "x\\"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_image_text_unquote(&text,
                              (struct mr_csv_field){cases[i].quoted, strlen(cases[i].quoted)});
        assert_string_equal(text.ptr, cases[i].text);
        mr_strbuf_release(&text);
    }
}

/* A rewind has one server: no side of it is lost. */
static void test_screen_of_rewind(void **state)
{
    struct mr_plan_dir plan;
    struct mr_answers a;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    begin(&plan, &a, HEAD ANN BOB RUN);
    plan.manifest.policy = "rewind";
    show(&a, 1, (struct mr_decide_view){.width = 80}, &text);
    assert_non_null(strstr(text.ptr, "as it was"));
    assert_non_null(strstr(text.ptr, "as it is now"));
    assert_null(strstr(text.ptr, "lost side  "));
    mr_strbuf_release(&text);
    end(&plan, &a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_choices, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_steps, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_waits, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_file, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_left_open, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_kept, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_blanks, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_strange_files, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_screen, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_screen_of_rewind, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_size, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_names, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_long, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_null_text, place_begin, place_end),
        cmocka_unit_test(test_story),
        cmocka_unit_test_setup_teardown(test_story_shown, place_begin, place_end),
        cmocka_unit_test(test_unquote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
