/* test_plan_decisions.c: what a person says of a row now, and what the case keeps of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "capture.h"
#include "pair_graph.h"
#include "repair/planning/decision_proof.h"
#include "repair/planning/plan_decisions.h"

#define SEVEN "{\"\"id\"\":\"\"7\"\",\"\"nick\"\":\"\"1\"\"}" /* a row, as a file has it */
#define LEN(array) (sizeof(array) / sizeof *(array))

struct world {
    struct graph g;
    struct mr_plan_table table;
    struct mr_plan_tables tables;
    struct mr_findings *fd;
    struct mr_plan_decided *decided;
    struct mr_strbuf key, image[2]; /* of the row as it was, and as it is now */
};

static void encode(struct mr_strbuf *out, int64_t id, int64_t nick)
{
    const struct mr_value values[] = {{.cls = MR_CLASS_INT, .i = id},
                                      {.cls = MR_CLASS_INT, .i = nick}};
    for (size_t i = 0; i < LEN(values) - (nick == 0); i++)
        assert_int_equal(mr_row_encode(out, &values[i], NULL), MR_OK);
}

static void begin(struct world *w)
{
    static const size_t key = 0;
    memset(w, 0, sizeof *w);
    graph_begin(&w->g);
    graph_table(&w->g, "members", "id nick", NULL);
    assert_int_equal(graph_plan(&w->g, "", NULL), MR_OK);
    w->table =
        (struct mr_plan_table){.pair = w->g.list[0], .key = {&key, 1}, .counter = MR_NO_COLUMN};
    w->tables = (struct mr_plan_tables){.tables = &w->table, .ntables = 1};
    w->key = w->image[0] = w->image[1] = (struct mr_strbuf)MR_STRBUF_INIT;
    encode(&w->key, 7, 0);
    encode(&w->image[0], 7, 1);
    encode(&w->image[1], 7, 2);
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &w->fd, NULL), MR_OK);
    assert_int_equal(mr_plan_decided_open(mr_findings_case(w->fd), 1, false, &w->decided, NULL),
                     MR_OK);
}

static void end(struct world *w)
{
    mr_plan_decided_close(w->decided);
    assert_int_equal(mr_findings_close(w->fd, NULL), MR_OK);
    mr_strbuf_release(&w->key);
    mr_strbuf_release(&w->image[0]);
    mr_strbuf_release(&w->image[1]);
    graph_end(&w->g);
}

/* What an earlier plan knew of the row as it was. */
static void keep(struct world *w, const char *kind, const char *choice)
{
    const struct mr_entity e = {.source_key = {w->key.ptr, w->key.len},
                                .kind = kind,
                                .choice = choice,
                                .source = {w->image[0].ptr, w->image[0].len}};
    assert_int_equal(mr_plan_decided_keep(w->decided, &w->table, &e, choice, NULL), MR_OK);
}

static struct mr_decision_ask ask_of(const struct world *w, const char *kind, int image)
{
    return (struct mr_decision_ask){.table = "club.members",
                                    .source_key = {w->key.ptr, w->key.len},
                                    .kind = kind,
                                    .source = {w->image[image].ptr, w->image[image].len}};
}

/* A file of one line, or none; its path. */
static const char *write_file(const char *kind, const char *choice, char *path)
{
    if (choice == NULL)
        return NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(
        dprintf(fd, "table,source_key,kind,decision\nclub.members,7,%s,%s\n", kind, choice) > 0);
    assert_int_equal(close(fd), 0);
    return path;
}

/* Of tables that differ by capitals alone, a name in others is none: its line is a fault. */
static void test_letters(void **state)
{
    static const struct {
        const char *name;
        bool is_first; /* table "club.members" */
    } cases[] = {{"club.members", true}, {"club.Members", false}, {"club.MEMBERS", false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_decisions *d = NULL;
        char path[] = "/tmp/test_plan_decisions.XXXXXX";
        const char *choice = NULL;
        struct mr_err err = {0};
        begin(&w);
        struct mr_pair other = *w.table.pair;
        other.find.name = "club.Members";
        struct mr_plan_table both[] = {w.table, w.table};
        both[1].pair = &other;
        w.tables = (struct mr_plan_tables){.tables = both, .ntables = LEN(both)};
        int fd = mkstemp(path);
        assert_true(
            dprintf(fd, "table,source_key,kind,decision\n%s,7,unique,skip\n", cases[i].name) > 0);
        assert_int_equal(close(fd), 0);
        assert_int_equal(mr_plan_decisions_open(&(struct mr_decision_file){.path = path}, w.fd,
                                                w.decided, &w.tables, &d, &err),
                         MR_OK);
        const struct mr_decision_ask ask = ask_of(&w, "unique", 0);
        assert_int_equal(mr_plan_decisions_find(d, &ask, &choice, NULL), MR_OK);
        if ((choice != NULL) != cases[i].is_first)
            fail_msg("%s: %s", cases[i].name, choice != NULL ? choice : "nobody decides");
        mr_plan_decisions_close(d);
        assert_int_equal(unlink(path), 0);
        end(&w);
    }
}

static void test_who_wins(void **state)
{
    static const struct {
        const char *kept_kind, *kept, *file_kind, *file, *asked, *said;
    } cases[] = {
        /* who was left out stays out, whatever comes up */
        {"unique", "skip", NULL, NULL, "unique", "skip"},
        {"unique", "skip", NULL, NULL, "key-taken", "skip"},
        {"unique", "skip", NULL, NULL, NULL, "skip"},
        /* what is said now holds for its kind, and ends that for all of them */
        {"unique", "skip", "key-taken", "restore", "key-taken", "restore"},
        {"unique", "skip", "key-taken", "restore", "unique", NULL},
        {"key-taken", "skip", "unique", "without-value", "key-taken", NULL},
        {"unique", "skip", "key-taken", "restore", NULL, "restore"},
        /* another conflict of the row keeps its answer */
        {"key-taken", "restore", "unique", "without-value", "key-taken", "restore"},
        {"key-taken", "restore", "unique", "without-value", "unique", "without-value"},
        {"key-taken", "restore", "key-taken", "skip", "key-taken", "skip"},
        {"key-taken", "restore", NULL, NULL, "unique", NULL},
        /* that it is to be there says nothing of whose it would be by now */
        {"unique", "without-value", "deleted-or-lost", "restore", "orphan-would-attach", NULL},
        {"unique", "without-value", "deleted-or-lost", "restore", "past-or-lost", "restore"},
        {"unique", "without-value", "deleted-or-lost", "skip", "orphan-would-attach", "skip"},
        {"unique", "without-value", "orphan-would-attach", "restore", "deleted-or-lost", "restore"},
        {"unique", "without-value", "", "restore", "orphan-would-attach", "restore"},
        /* withdrawn: in that conflict, and who was left out is not left out any more */
        {"unique", "without-value", "unique", "open", "unique", "open"},
        {"unique", "without-value", "", "OPEN", "unique", "open"},
        {"unique", "without-value", "unique", "", "unique", "without-value"},
        {"unique", "skip", "unique", "open", "unique", "open"},
        {"unique", "skip", "unique", "open", NULL, "open"},
        {"key-taken", "skip", "unique", "open", "key-taken", NULL},
        {"key-taken", "restore", "unique", "open", "key-taken", "restore"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_decisions *d = NULL;
        char path[] = "/tmp/test_plan_decisions.XXXXXX";
        const char *choice = NULL;
        begin(&w);
        keep(&w, cases[i].kept_kind, cases[i].kept);
        const char *file = write_file(cases[i].file_kind, cases[i].file, path);
        assert_int_equal(mr_plan_decisions_open(&(struct mr_decision_file){.path = file}, w.fd,
                                                w.decided, &w.tables, &d, NULL),
                         MR_OK);
        const struct mr_decision_ask ask = ask_of(&w, cases[i].asked, 0);
        assert_int_equal(mr_plan_decisions_find(d, &ask, &choice, NULL), MR_OK);
        if (cases[i].said != NULL && choice != NULL)
            assert_string_equal(choice, cases[i].said);
        else if (choice != cases[i].said)
            fail_msg("case %zu: %s", i, choice != NULL ? choice : "nobody decides");
        mr_plan_decisions_close(d);
        if (file != NULL)
            assert_int_equal(unlink(file), 0);
        end(&w);
    }
}

/* What a plan says of a file: NULL, nothing. */
static const char *refusal_of(struct world *w, const char *text)
{
    static struct mr_err err;
    char path[] = "/tmp/test_plan_decisions.XXXXXX";
    struct mr_plan_decisions *d = NULL;
    struct mr_plan_store *store = NULL;
    int fd = mkstemp(path);
    err = (struct mr_err){0};
    assert_true(fd >= 0);
    assert_true(dprintf(fd, "%s", text) > 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(mr_plan_store_open(w->fd, &store, NULL), MR_OK);
    assert_int_equal(mr_plan_store_begin(store, 1, NULL), MR_OK);
    enum mr_code code = mr_plan_decisions_open(&(struct mr_decision_file){.path = path}, w->fd,
                                               w->decided, &w->tables, &d, &err);
    if (code == MR_OK)
        code = mr_plan_decisions_check(d, store, &err);
    assert_true(code == MR_OK || code == MR_E_REFUSED);
    mr_plan_decisions_close(d);
    mr_plan_store_close(store);
    assert_int_equal(unlink(path), 0);
    return code == MR_OK ? NULL : err.message;
}

#define HEAD "table,source_key,kind,source,decision\n"

/* Lines that say two things, of which nobody knows what is meant. */
static void test_two_answers(void **state)
{
    static const struct {
        const char *text, *refusal;
        size_t nkey; /* columns of the key, which a counter makes; 0: there is none */
    } cases[] = {
        {"table,source_key,decision, Decision\nclub.members,7,skip,\n",
         "column \"decision\" stands twice", 1},
        {HEAD "club.members,3..9,,,restore\nclub.members,7..12,,,skip\n",
         "line 2 decides about the same row: \"restore\"", 1},
        {HEAD "club.members,3..9,,,restore\nclub.members,1..20,,,skip\n",
         "line 2 decides about the same row: \"restore\"", 1},
        {HEAD "club.members,3..9,,,restore\nclub.members,3..9,,,skip\n",
         "line 2 decides about the same row: \"restore\"", 1},
        {HEAD "club.members,3..9,,,restore\nclub.members,10..12,,,skip\n", NULL, 1},
        {HEAD "club.members,,,{a},restore\nclub.members,,,{a},skip\n",
         "line 2 is about an equal row, and decides \"restore\"", 0},
        {HEAD "club.members,,,{a},\nclub.members,,,{a},skip\n",
         "line 2 is about an equal row, and decides nothing", 0},
        {HEAD "club.members,,,{a},skip\nclub.members,,,{a},\n",
         "line 2 is about an equal row, and decides \"skip\"", 0},
        {HEAD "club.members,,,{a},SKIP\nclub.members,,,{b},\nclub.members,,,{a},skip\n", NULL, 0},
        {HEAD "club.members,3..9,,,skip\nclub.members,7..12,,,skip\n", NULL, 1},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w);
        w.table.counter = 0;
        w.table.key.count = cases[i].nkey;
        const char *said = refusal_of(&w, cases[i].text);
        if (cases[i].refusal == NULL ? said != NULL
                                     : said == NULL || strstr(said, cases[i].refusal) == NULL)
            fail_msg("case %zu: %s", i, said != NULL ? said : "nothing is refused");
        end(&w);
    }
}

/* Behind a NUL a key goes on: what is in front of it is another one. */
static void test_nul(void **state)
{
    static const char text[] = "table,source_key,kind,decision\nclub.members,7\0x,unique,skip\n"
                               "club.members,8\0x,unique,\n";
    char path[] = "/tmp/test_plan_decisions.XXXXXX";
    struct mr_plan_decisions *d = NULL;
    struct mr_plan_store *store = NULL;
    struct mr_err err = {0};
    struct world w;
    (void)state;
    begin(&w);
    int fd = mkstemp(path);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(mr_plan_store_open(w.fd, &store, NULL), MR_OK);
    assert_int_equal(mr_plan_store_begin(store, 1, NULL), MR_OK);
    assert_int_equal(mr_plan_decisions_open(&(struct mr_decision_file){.path = path}, w.fd,
                                            w.decided, &w.tables, &d, &err),
                     MR_OK);
    assert_int_equal(mr_plan_decisions_check(d, store, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "line 2, table \"club.members\", key \"7\": field 2 has a "
                                        "byte of value 0 in it"));
    mr_plan_decisions_close(d);
    mr_plan_store_close(store);
    assert_int_equal(unlink(path), 0);
    end(&w);
}

/* Blanks that somebody has left behind a field are no NUL, though the reader ends the text there. */
static void test_blanks(void **state)
{
    static const char *const texts[] = {
        "club.members,7,unique,skip ", "club.members,7,unique\t,skip",
        "club.members,7 ,unique,skip", " club.members ,7,unique,skip"};
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        char path[] = "/tmp/test_plan_decisions.XXXXXX";
        struct mr_plan_decisions *d = NULL;
        struct mr_err err = {0};
        const char *choice = NULL;
        struct world w;
        begin(&w);
        int fd = mkstemp(path);
        assert_true(dprintf(fd, "table,source_key,kind,decision\n%s\n", texts[i]) > 0);
        assert_int_equal(close(fd), 0);
        assert_int_equal(mr_plan_decisions_open(&(struct mr_decision_file){.path = path}, w.fd,
                                                w.decided, &w.tables, &d, &err),
                         MR_OK);
        const struct mr_decision_ask ask = ask_of(&w, "unique", 0);
        assert_int_equal(mr_plan_decisions_find(d, &ask, &choice, NULL), MR_OK);
        if (choice == NULL || strcmp(choice, "skip") != 0)
            fail_msg("case %zu: it is asked about", i);
        mr_plan_decisions_close(d);
        assert_int_equal(unlink(path), 0);
        end(&w);
    }
}

/* A text that is empty is a key like another; without one a row is named by itself. */
static void test_empty_key(void **state)
{
    static const char text[] = "table,source_key,kind,source,decision\n"
                               "club.members,,unique,\"{\"\"id\"\":\"\"\"\"}\",skip\n";
    static const struct mr_value value = {.cls = MR_CLASS_TEXT, .ptr = "", .len = 0};
    (void)state;
    for (int twice = 0; twice < 2; twice++) {
        char path[] = "/tmp/test_plan_decisions.XXXXXX";
        struct mr_plan_decisions *d = NULL;
        struct mr_plan_store *store = NULL;
        struct mr_err err = {0};
        const char *choice = NULL;
        struct world w;
        begin(&w);
        mr_strbuf_reset(&w.key);
        assert_int_equal(mr_row_encode(&w.key, &value, NULL), MR_OK);
        int fd = mkstemp(path);
        assert_true(
            dprintf(fd, "%s%s", text, twice ? "club.members,,unique,{},without-value\n" : "") > 0);
        assert_int_equal(close(fd), 0);
        assert_int_equal(mr_plan_store_open(w.fd, &store, NULL), MR_OK);
        assert_int_equal(mr_plan_store_begin(store, 1, NULL), MR_OK);
        assert_int_equal(mr_plan_decisions_open(&(struct mr_decision_file){.path = path}, w.fd,
                                                w.decided, &w.tables, &d, &err),
                         MR_OK);
        const struct mr_decision_ask ask = ask_of(&w, "unique", 0);
        assert_int_equal(mr_plan_decisions_find(d, &ask, &choice, NULL), MR_OK);
        assert_non_null(choice);
        assert_string_equal(choice, "skip");
        if (twice) {
            assert_int_equal(mr_plan_decisions_check(d, store, &err), MR_E_REFUSED);
            assert_non_null(strstr(err.message, "line 2 decides about the same row: \"skip\""));
        }
        mr_plan_decisions_close(d);
        mr_plan_store_close(store);
        assert_int_equal(unlink(path), 0);
        end(&w);
    }
}

/* Of a plan's own file: a line holds for the row as it was; what a rule said then is nobody's word. */
static void test_own_file(void **state)
{
    static const struct mr_conflict_rule rules[] = {{"differs", "target", NULL},
                                                    {"changed", "newest", "nick"}};
    static const struct {
        const char *kind, *source, *choice;
        bool is_own;
        const char *said;    /* NULL: it is asked about */
        const char *derived; /* NULL: nothing is */
    } cases[] = {
        {"unique", "{\"\"id\"\":\"\"7\"\",\"\"nick\"\":\"\"1\"\"}", "without-value", true,
         "without-value", NULL},
        {"unique", "{\"\"id\"\":\"\"7\"\",\"\"nick\"\":\"\"2\"\"}", "without-value", true, NULL,
         NULL},
        {"unique", "{\"\"id\"\":\"\"7\"\",\"\"nick\"\":\"\"2\"\"}", "without-value", false,
         "without-value", NULL},
        {"unique", "{\"\"id\"\":\"\"7\"\",\"\"nick\"\":\"\"2\"\"}", "skip", true, "skip", NULL},
        {"unique", "", "without-value", true, "without-value", NULL},
        {"unique", "{\"\"id\"\":\"\"7\"\",\"\"nick\"\":\"\"2\"\"}", "open", true, "open", NULL},
        {"unique", "{\"\"id\"\":\"\"7\"\",\"\"nick\"\":\"\"1\"\"}", "merge-into", true, NULL, NULL},
        {"unique", "{\"\"id\"\":\"\"7\"\",\"\"nick\"\":\"\"1\"\"}", "merge-into", false,
         "merge-into", NULL},
        {"differs", "", "target", true, NULL, NULL},
        {"differs", "", "target", false, "target", NULL},
        {"differs", "", "source", true, "source", NULL},
        {"changed", "", "newest:nick", true, NULL, NULL},
        {"changed", "", "newest:id", true, "newest:id", NULL},
        /* what the plan itself has filled in says nothing, of whichever file */
        {"parent-absent", "", "skip", true, NULL, "skip"},
        {"parent-absent", "", "Skip", false, NULL, "skip"},
        {"parent-absent", "", "restore", false, "restore", "skip"},
        {"parent-absent", "", "open", true, "open", "skip"},
        {"differs", "", "newest:nick", false, NULL, "newest:nick"},
        {"deleted-in-source", "", "keep", false, NULL, "keep"},
        {"deleted-in-source", "", "delete", false, "delete", "keep"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_plan_decisions *d = NULL;
        char path[] = "/tmp/test_plan_decisions.XXXXXX";
        const char *choice = NULL;
        begin(&w);
        int fd = mkstemp(path);
        assert_true(dprintf(fd,
                            "table,source_key,kind,source,target,decision,derived\nclub.members,7,%"
                            "s,\"%s\",\"" SEVEN "\",%s,%s\nclub.gone,7,%s,,,%s,\n",
                            cases[i].kind, cases[i].source, cases[i].choice,
                            cases[i].derived != NULL ? cases[i].derived : "", cases[i].kind,
                            cases[i].is_own ? cases[i].choice : "") > 0);
        assert_int_equal(close(fd), 0);
        const struct mr_decision_file file = {
            .path = path, .is_plans_own = cases[i].is_own, .rules = rules, .nrules = LEN(rules)};
        assert_int_equal(mr_plan_decisions_open(&file, w.fd, w.decided, &w.tables, &d, NULL),
                         MR_OK);
        struct mr_decision_ask ask = ask_of(&w, cases[i].kind, 0);
        if (strcmp(cases[i].kind, "unique") == 0) /* whoever holds the value is not who held it */
            ask.target = (struct mr_key){w.image[1].ptr, w.image[1].len};
        assert_int_equal(mr_plan_decisions_find(d, &ask, &choice, NULL), MR_OK);
        if ((choice == NULL) != (cases[i].said == NULL) ||
            (choice != NULL && strcmp(choice, cases[i].said) != 0))
            fail_msg("case %zu: %s", i, choice != NULL ? choice : "it is asked about");
        mr_plan_decisions_close(d);
        assert_int_equal(unlink(path), 0);
        end(&w);
    }
}

/* A row that has changed is asked about again, and named once. */
static void test_changed(void **state)
{
    static struct capture c;
    struct world w;
    struct mr_plan_decisions *d = NULL;
    (void)state;
    begin(&w);
    mr_log_set_level(MR_LOG_WARNING);
    keep(&w, "unique", "without-value");
    assert_int_equal(mr_plan_decisions_open(&(struct mr_decision_file){.path = NULL}, w.fd,
                                            w.decided, &w.tables, &d, NULL),
                     MR_OK);
    capture_begin(&c, CAPTURE_FILE, 0);
    for (int i = 0; i < 3; i++) {
        const char *choice = NULL;
        const struct mr_decision_ask ask = ask_of(&w, "unique", 1);
        assert_int_equal(mr_plan_decisions_find(d, &ask, &choice, NULL), MR_OK);
        assert_null(choice);
    }
    capture_end(&c);
    assert_int_equal(capture_count(&c, "it is asked again"), 1);
    assert_int_equal(capture_count(&c, "table \"club.members\": row 7 is not as it was when "
                                       "\"without-value\" was decided about it (unique)"),
                     1);
    mr_plan_decisions_close(d);
    end(&w);
}

/* ---- lines without the row's image ---- */

#define BARE "table,source_key,kind,identity,differs,decision\n"
#define WHOLE "table,source_key,kind,identity,source,differs,decision\n"
#define NO_TARGET "table,source_key,target_key,kind,source,differs,decision\n"
#define BOTH "table,source_key,target_key,kind,source,target,differs,decision\n"
#define SEVEN_LIVE "{\"\"id\"\":\"\"7\"\",\"\"nick\"\":\"\"2\"\"}"

static const struct {
    const char *text, *asked; /* in which conflict the row is asked about; NULL: it is not */
    const char *kind;         /* in which it ends */
    const char *refusal;      /* NULL: the line is taken */
} proofs[] = {
    {BARE "club.members,7,unique,1,,skip\n", "unique", "unique", NULL},
    {BARE "club.members,7,unique,,,skip\n", "unique", "unique", NULL},
    /* nothing is decided, so that it may have changed; but it is that row */
    {WHOLE "club.members,7,unique,1,\"" SEVEN_LIVE "\",,open\n", "unique", "unique", NULL},
    {BARE "club.members,7,unique,2,,open\n", "unique", "unique",
     "its identity is \"2\", and the row that has this key has \"1\""},
    {HEAD "club.none,7,unique,,open\n", "unique", "unique", "is not planned"},
    {BARE "club.members,7,unique,2,,skip\n", "unique", "unique",
     "its identity is \"2\", and the row that has this key has \"1\""},
    /* as a spreadsheet leaves 01 */
    {BARE "club.members,7,unique,01,,skip\n", "unique", "unique",
     "its identity is \"01\", and the row that has this key has \"1\""},
    {BARE "club.members,7,unique,1,nick: 1 → 2,skip\n", "unique", "unique", NULL},
    {BARE "club.members,7,unique,1,nick: 4 → 2,skip\n", "unique", "unique",
     "differs is \"nick: 4 → 2\", and the row that has this key has \"nick: 1 → 2\""},
    {BARE "club.members,7,changed,1,,target\n", "unique", "unique",
     "kind is \"changed\", and the row that has this key has \"unique\""},
    /* it has led to another conflict of the row */
    {BARE "club.members,7,key-taken,1,,restore\n", "key-taken", "unique", NULL},
    /* it is settled otherwise */
    {BARE "club.members,7,key-taken,1,,restore\n", NULL, NULL, NULL},
    {BARE "club.members,7,key-taken,2,,restore\n", NULL, NULL,
     "its identity is \"2\", and the row that has this key has \"1\""},
    /* the image proves it: what a spreadsheet makes of the rest changes nothing */
    {WHOLE "club.members,7,unique,01,\"" SEVEN "\",x,skip\n", "unique", "unique", NULL},
    {WHOLE "club.members,8,unique,1,\"" SEVEN "\",,skip\n", "unique", "unique",
     "the key is \"8\", and the row that stands beside it has \"7\""},
    /* into whom it is merged is another one by now, who holds that value */
    {NO_TARGET "club.members,7,20,unique,\"" SEVEN "\",,merge-into\n", "unique", "differs",
     "target_key is \"20\", and the row that has this key has \"9\""},
    {NO_TARGET "club.members,7,9,unique,\"" SEVEN "\",,merge-into\n", "unique", "differs", NULL},
    {NO_TARGET "club.members,7,,unique,\"" SEVEN "\",,merge-into\n", "unique", "differs", NULL},
    {NO_TARGET "club.members,7,9,unique,\"" SEVEN "\",nick: 1 → 3,merge-into\n", "unique",
     "differs", "differs is \"nick: 1 → 3\", and the row that has this key has \"nick: 1 → 2\""},
    {NO_TARGET "club.members,7,20,changed,\"" SEVEN "\",,source\n", "changed", "changed",
     "target_key is \"20\", and the row that has this key has \"9\""},
    /* nobody is written to */
    {NO_TARGET "club.members,7,20,unique,\"" SEVEN "\",,skip\n", "unique", "unique", NULL},
    {NO_TARGET "club.members,7,20,unique,\"" SEVEN "\",,merge-into\n", NULL, NULL, NULL},
    /* the image proves it */
    {BOTH "club.members,7,9.0,unique,\"" SEVEN "\",\"" SEVEN_LIVE "\",x,merge-into\n", "unique",
     "differs", NULL},
};

static const char *open_detail; /* set: no choice was taken, and that is why */

/* What becomes of the file where a plan asks about row 7, and ends with it in that conflict. */
static const char *proof_of(struct world *w, size_t i, struct mr_err *err)
{
    static const size_t nick = 1;
    char path[] = "/tmp/test_plan_decisions.XXXXXX";
    struct mr_plan_decisions *d = NULL;
    struct mr_plan_store *store = NULL;
    const char *choice = NULL;
    int fd = mkstemp(path);
    assert_true(dprintf(fd, "%s", proofs[i].text) > 0);
    assert_int_equal(close(fd), 0);
    w->table.identity = MR_PLAN_BY_COLUMNS;
    w->table.named_by = (struct mr_plan_columns){&nick, 1};
    assert_int_equal(mr_plan_store_open(w->fd, &store, NULL), MR_OK);
    assert_int_equal(mr_plan_store_begin(store, 1, NULL), MR_OK);
    enum mr_code code = mr_plan_decisions_open(&(struct mr_decision_file){.path = path}, w->fd,
                                               w->decided, &w->tables, &d, err);
    const struct mr_decision_ask ask = ask_of(w, proofs[i].asked, 0);
    if (code == MR_OK && proofs[i].asked != NULL)
        code = mr_plan_decisions_find(d, &ask, &choice, err);
    struct mr_strbuf other = MR_STRBUF_INIT;
    encode(&other, 9, 0);
    struct mr_entity e = {.source_key = {w->key.ptr, w->key.len},
                          .target_key = {other.ptr, other.len},
                          .decision = MR_DECIDE_CONFLICT,
                          .kind = proofs[i].kind,
                          .choice = open_detail == NULL ? choice : NULL,
                          .detail = open_detail,
                          .source = {w->image[0].ptr, w->image[0].len},
                          .target = {w->image[1].ptr, w->image[1].len}};
    assert_int_equal(mr_plan_store_save(store, &e, NULL), MR_OK);
    if (code == MR_OK)
        code = mr_plan_decisions_check(d, store, err);
    assert_true(code == MR_OK || code == MR_E_REFUSED);
    mr_plan_decisions_close(d);
    mr_plan_store_close(store);
    mr_strbuf_release(&other);
    assert_int_equal(unlink(path), 0);
    return code == MR_OK ? NULL : err->message;
}

static void test_proofs(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(proofs); i++) {
        struct mr_err err = {0};
        struct world w;
        begin(&w);
        const char *said = proof_of(&w, i, &err);
        if (proofs[i].refusal == NULL ? said != NULL
                                      : said == NULL || strstr(said, proofs[i].refusal) == NULL)
            fail_msg("case %zu: %s", i, said != NULL ? said : "nothing is refused");
        end(&w);
    }
}

/* Each of two rows whose keys make one text has the line beside which it stands, and a third one has none. */
static void test_alike(void **state)
{
    static const size_t both[] = {0, 1};
    static const struct {
        const char *id, *nick, *said;
    } rows[] = {{"a,b", "c", "skip"}, {"a", "b,c", "without-value"}, {"a,b,c", "", NULL}};
    static const char text[] =
        "table,source_key,kind,source,decision\n"
        "club.members,\"a,b,c\",unique,\"{\"\"id\"\":\"\"a,b\"\",\"\"nick\"\":\"\"c\"\"}\",skip\n"
        "club.members,\"a,b,c\",unique,\"{\"\"id\"\":\"\"a\"\",\"\"nick\"\":\"\"b,c\"\"}\",without-"
        "value\n";
    char path[] = "/tmp/test_plan_decisions.XXXXXX";
    struct mr_plan_decisions *d = NULL;
    struct world w;
    (void)state;
    begin(&w);
    w.table.key = (struct mr_plan_columns){both, 2};
    int fd = mkstemp(path);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(mr_plan_decisions_open(&(struct mr_decision_file){.path = path}, w.fd,
                                            w.decided, &w.tables, &d, NULL),
                     MR_OK);
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct mr_value values[] = {
            {.cls = MR_CLASS_TEXT, .ptr = rows[i].id, .len = strlen(rows[i].id)},
            {.cls = MR_CLASS_TEXT, .ptr = rows[i].nick, .len = strlen(rows[i].nick)}};
        const char *choice = NULL;
        mr_strbuf_reset(&w.key);
        for (size_t n = 0; n < LEN(values); n++)
            assert_int_equal(mr_row_encode(&w.key, &values[n], NULL), MR_OK);
        struct mr_decision_ask ask = ask_of(&w, "unique", 0);
        ask.source = ask.source_key;
        assert_int_equal(mr_plan_decisions_find(d, &ask, &choice, NULL), MR_OK);
        if ((choice == NULL) != (rows[i].said == NULL) ||
            (choice != NULL && strcmp(choice, rows[i].said) != 0))
            fail_msg("row %zu: %s", i, choice != NULL ? choice : "it is asked about");
    }
    mr_plan_decisions_close(d);
    assert_int_equal(unlink(path), 0);
    end(&w);
}

/* An identity that is the key was rounded with it, and proves nothing. */
static void test_rounded(void **state)
{
    static const struct {
        const char *key, *identity, *source;
        bool is_taken;
    } cases[] = {{"9007199254740990", NULL, NULL, false},
                 {"9007199254740990", "9007199254740990", NULL, false},
                 {"9007199254740990", "anna", NULL, true},
                 {"9007199254740990", "9007199254740990", "{}", true},
                 {"9007199254740993", "9007199254740993", NULL, true}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_decision_line line = {.identity = cases[i].identity,
                                              .source = cases[i].source};
        struct mr_err err = {0};
        assert_int_equal(mr_decision_proof_key(&line, cases[i].key, &err),
                         cases[i].is_taken ? MR_OK : MR_E_REFUSED);
    }
}

/* What the configuration masks stands in no message. */
static void test_masked(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(proofs); i++) {
        struct mr_err err = {0};
        struct world w;
        const bool is_value =
            proofs[i].refusal != NULL && (strncmp(proofs[i].refusal, "its identity", 12) == 0 ||
                                          strncmp(proofs[i].refusal, "differs", 7) == 0);
        if (!is_value)
            continue;
        begin(&w);
        ((struct mr_find_column *)(uintptr_t)w.table.pair->find.columns)[1].masked = true;
        const char *said = proof_of(&w, i, &err);
        if (said == NULL || strstr(said, " is not that of the row that has this key") == NULL ||
            strchr(strstr(said, "key \"7\": "), '1') != NULL)
            fail_msg("case %zu: %s", i, said != NULL ? said : "nothing is refused");
        assert_non_null(strstr(err.hint, "import all columns as text"));
        end(&w);
    }
    for (int masked = 0; masked < 2; masked++) {
        struct mr_err err = {0};
        struct world w;
        begin(&w);
        ((struct mr_find_column *)(uintptr_t)w.table.pair->find.columns)[1].masked = masked == 1;
        open_detail = "nick: \"anna\" is no member of ENUM('x')";
        const char *said = proof_of(&w, 0, &err);
        open_detail = NULL;
        assert_non_null(said);
        assert_non_null(strstr(said, "\"skip\" cannot be carried out: unique: nick: "));
        assert_int_equal(strstr(said, "anna") == NULL, masked);
        const struct mr_plan_decisions d = {.tables = &w.tables};
        assert_string_equal(mr_decision_proof_shown(&d, "nick=anna"),
                            masked == 1 ? "a value" : "nick=anna");
        assert_string_equal(mr_decision_proof_shown(&d, "skip"), "skip");
        end(&w);
    }
}

/* "a,b" and "c", or "a" and "b,c": of the key alone nobody knows. */
static void test_two_keys(void **state)
{
    static const size_t both[] = {0, 1};
    static const struct {
        const char *identity;
        const char *part[2];
        bool is_taken, is_vague; /* is_vague: the identity, too */
    } cases[] = {
        {"", {"a,b", "c"}, false, false},
        {"1", {"a", "b,c"}, true, false},
        {"1,1,1", {"a", "b,c"}, false, true},
        {"", {"a", "b"}, true, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        static const size_t nick = 1;
        struct world w;
        struct mr_decision_line line = {.line = 2, .choice = "skip", .kind = "unique"};
        struct mr_err err = {0};
        struct mr_plan_decisions d = {.text = MR_STRBUF_INIT};
        struct mr_strbuf key = MR_STRBUF_INIT;
        begin(&w);
        w.table.key = (struct mr_plan_columns){both, 2};
        w.table.identity = MR_PLAN_BY_COLUMNS;
        w.table.named_by = (struct mr_plan_columns){&nick, 1};
        if (cases[i].is_vague) {
            w.table.named_by = (struct mr_plan_columns){both, 2};
            w.image[0].len = 0;
            const struct mr_value values[] = {{.cls = MR_CLASS_TEXT, .ptr = "1,1", .len = 3},
                                              {.cls = MR_CLASS_TEXT, .ptr = "1", .len = 1}};
            for (size_t n = 0; n < 2; n++)
                assert_int_equal(mr_row_encode(&w.image[0], &values[n], NULL), MR_OK);
        }
        mr_strbuf_add_fmt(&key, "%s,%s", cases[i].part[0], cases[i].part[1]);
        line.identity = cases[i].identity[0] != '\0' ? cases[i].identity : NULL;
        line.differs = i == 0 ? "nick: 1 → 2" : NULL;
        const struct mr_entity e = {.kind = "unique", .source = {w.image[0].ptr, w.image[0].len}};
        const enum mr_code code = mr_decision_proof_check(&d, &w.table, &line, key.ptr, &e, &err);
        assert_int_equal(code, cases[i].is_taken ? MR_OK : MR_E_REFUSED);
        if (!cases[i].is_taken)
            assert_non_null(strstr(err.message, "\"a,b,c\" may be the key of several rows"));
        mr_strbuf_release(&key);
        mr_strbuf_release(&d.text);
        end(&w);
    }
}

static void encode_texts(struct mr_strbuf *out, const char *id, const char *nick)
{
    const struct mr_value values[] = {{.cls = MR_CLASS_TEXT, .ptr = id, .len = strlen(id)},
                                      {.cls = MR_CLASS_TEXT, .ptr = nick, .len = strlen(nick)}};
    mr_strbuf_reset(out);
    for (size_t i = 0; i < LEN(values); i++)
        assert_int_equal(mr_row_encode(out, &values[i], NULL), MR_OK);
}

#define ALIKE                                                                                      \
    "club.members,\"x,y,z\",unique,"                                                               \
    "\"{\"\"id\"\":\"\"x,y\"\",\"\"nick\"\":\"\"z\"\"}\",skip\n"

/* What was said of one of them is not said of the other, whether or not it is in a conflict. */
static void test_spelled_alike(void **state)
{
    static const size_t both[] = {0, 1};
    static const struct {
        const char *kind;
        int image; /* -1: it is asked about without one */
        bool is_found;
    } cases[] = {{"unique", 0, true}, {NULL, 0, true},   {"unique", 1, false},
                 {NULL, 1, false},    {NULL, -1, false}, {"unique", -1, false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char path[] = "/tmp/test_plan_decisions.XXXXXX";
        struct mr_plan_decisions *d = NULL;
        const char *choice = NULL;
        struct world w;
        begin(&w);
        w.table.key = (struct mr_plan_columns){both, 2};
        encode_texts(&w.image[0], "x,y", "z");
        encode_texts(&w.image[1], "x", "y,z");
        int fd = mkstemp(path);
        assert_true(dprintf(fd, "table,source_key,kind,source,decision\n" ALIKE) > 0);
        assert_int_equal(close(fd), 0);
        assert_int_equal(mr_plan_decisions_open(&(struct mr_decision_file){.path = path}, w.fd,
                                                w.decided, &w.tables, &d, NULL),
                         MR_OK);
        const struct mr_strbuf *row = &w.image[cases[i].image == 0 ? 0 : 1];
        const struct mr_decision_ask ask = {
            .table = "club.members",
            .source_key = {row->ptr, row->len},
            .kind = cases[i].kind,
            .source = {cases[i].image >= 0 ? row->ptr : NULL, row->len}};
        assert_int_equal(mr_plan_decisions_find(d, &ask, &choice, NULL), MR_OK);
        if ((choice != NULL) != cases[i].is_found)
            fail_msg("case %zu: %s", i, choice != NULL ? choice : "nothing is said of it");
        mr_plan_decisions_close(d);
        assert_int_equal(unlink(path), 0);
        end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proofs),      cmocka_unit_test(test_nul),
        cmocka_unit_test(test_two_keys),    cmocka_unit_test(test_empty_key),
        cmocka_unit_test(test_letters),     cmocka_unit_test(test_who_wins),
        cmocka_unit_test(test_own_file),    cmocka_unit_test(test_changed),
        cmocka_unit_test(test_two_answers), cmocka_unit_test(test_blanks),
        cmocka_unit_test(test_masked),      cmocka_unit_test(test_rounded),
        cmocka_unit_test(test_alike),       cmocka_unit_test(test_spelled_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
