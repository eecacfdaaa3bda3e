/* test_lineage_reader.c: which rows other rows name, in slices that fit, each pair once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "recon/check/lineage_reader.h"

enum { CHILD, PARENT };

struct reading {
    struct world w;
    struct mr_lineage_reader reader;
    struct mr_vec nodes; /* struct mr_lineage_node */
    struct mr_strbuf text;
    size_t rounds; /* calls of next that gave pairs */
};

static void begin(struct reading *r, const char *child, const char *parent)
{
    memset(r, 0, sizeof *r);
    world_begin(&r->w);
    graph_table(&r->w.g, "a_child", child, NULL);
    graph_table(&r->w.g, "b_parent", parent, NULL);
    world_plan(&r->w, "");
    r->nodes = (struct mr_vec)MR_VEC_INIT(struct mr_lineage_node);
    r->text = (struct mr_strbuf)MR_STRBUF_INIT;
    mr_lineage_reader_init(&r->reader, &r->w.worker);
}

static void end(struct reading *r)
{
    mr_lineage_reader_release(&r->reader);
    mr_vec_release(&r->nodes);
    mr_strbuf_release(&r->text);
    world_end(&r->w);
}

static void node(struct reading *r, const char *row)
{
    struct mr_pair *pair = world_pair(&r->w, CHILD);
    struct mr_key image = world_bytes(&r->w, MR_SOURCE, CHILD, &pair->full[MR_SOURCE], false, row);
    struct mr_lineage_node *n = mr_vec_push(&r->nodes);
    *n = (struct mr_lineage_node){(int64_t)r->nodes.count, image.ptr, image.len};
}

/* "0 > 7|ann, 1 > nobody, 2 > finding": a pair each, in the order in which they are given;
 * identities in brackets. */
static enum mr_code read_all(struct reading *r, const struct mr_lineage_lookup *lookup,
                             struct mr_err *err)
{
    const struct mr_vec *pairs = NULL;
    mr_strbuf_reset(&r->text);
    r->rounds = 0;
    MR_TRY(mr_lineage_reader_begin(&r->reader, lookup, r->nodes.items, r->nodes.count, err));
    do {
        MR_TRY(mr_lineage_reader_next(&r->reader, &pairs, err));
        r->rounds += pairs->count > 0;
        for (size_t i = 0; i < pairs->count; i++) {
            const struct mr_lineage_pair *p = mr_vec_at(pairs, i);
            mr_strbuf_add_fmt(&r->text, "%s%zu > ", r->text.len > 0 ? ", " : "", p->node);
            if (p->known != 0)
                mr_strbuf_add_fmt(&r->text, "%s", p->known > 0 ? "finding" : "ancestor");
            else if (p->row == NULL)
                mr_strbuf_add_str(&r->text, "nobody");
            else
                world_show(&r->text, p->row->image, p->row->image_len);
            if (p->row != NULL && p->row->identity != NULL) {
                mr_strbuf_add_str(&r->text, " [");
                world_show(&r->text, p->row->identity, p->row->identity_len);
                mr_strbuf_add_str(&r->text, "]");
            }
        }
    } while (pairs->count > 0);
    return MR_OK;
}

/* By the child's second column. */
static const size_t second[] = {1}, key[] = {0};

static struct mr_lineage_lookup by(struct reading *r, const size_t *named)
{
    return (struct mr_lineage_lookup){.table = world_pair(&r->w, PARENT),
                                      .side = MR_SOURCE,
                                      .columns = second,
                                      .named_columns = named,
                                      .ncolumns = 1,
                                      .condition_at = -1};
}

static void expect(struct reading *r, const struct mr_lineage_lookup *lookup, const char *what,
                   const char *text)
{
    struct mr_err err = {0};
    enum mr_code code = read_all(r, lookup, &err);
    if (code != MR_OK || strcmp(r->text.ptr, text) != 0)
        fail_msg("%s: %s\n%s", what, err.message, r->text.ptr);
}

static void test_pairs(void **state)
{
    static const struct {
        const char *what, *child, *parent;
        const size_t *named;
        const char *nodes[4], *rows[4], *pairs;
    } cases[] = {
        {"one each",
         "id up:int?",
         "id note:text?",
         key,
         {"1|7", "2|8"},
         {"8|b", "7|a", "9|c"},
         "0 > 7|a, 1 > 8|b"},
        {"nobody is there", "id up:int?", "id note:text?", key, {"1|7"}, {"8|b"}, "0 > nobody"},
        {"an empty table", "id up:int?", "id note:text?", key, {"1|7"}, {NULL}, "0 > nobody"},
        {"NULL names nothing",
         "id up:int?",
         "id note:text?",
         key,
         {"1|NULL", "2|7"},
         {"7|a"},
         "1 > 7|a"},
        {"no nodes", "id up:int?", "id note:text?", key, {NULL}, {"7|a"}, ""},
        {"two of one",
         "id up:int?",
         "id note:text?",
         key,
         {"1|7", "2|7"},
         {"7|a"},
         "0 > 7|a, 1 > 7|a"},
        {"texts as the server compares them",
         "id up:text?",
         "id name:text?",
         second,
         {"1|Ann", "2|aNN"},
         {"7|ANN"},
         "0 > 7|ANN, 1 > 7|ANN"},
        {"an empty text and a NUL byte",
         "id up:text?",
         "id name:text?",
         second,
         {"1|", "2|\\0"},
         {"7|", "8|\\0"},
         "0 > 7|, 1 > 8|\\0"},
        {"a parent's NULL is nobody's",
         "id up:text?",
         "id name:text?",
         second,
         {"1|x"},
         {"7|NULL"},
         "0 > nobody"},
        {"with who they are",
         "id up:int?",
         "id phone:text! note:text?",
         key,
         {"1|7", "2|8"},
         {"7|Ann|x", "8|bob|y"},
         "0 > 7|Ann|x [ann], 1 > 8|bob|y [bob]"},
        {"the greatest and the least",
         "id up:uint",
         "id:uint note:text?",
         key,
         {"1|18446744073709551615", "2|0"},
         {"0|b", "18446744073709551615|a"},
         "1 > 0|b, 0 > 18446744073709551615|a"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct reading r;
        begin(&r, cases[i].child, cases[i].parent);
        for (size_t k = 0; k < 4 && cases[i].nodes[k] != NULL; k++)
            node(&r, cases[i].nodes[k]);
        for (size_t k = 0; k < 4 && cases[i].rows[k] != NULL; k++)
            world_put(&r.w, MR_SOURCE, PARENT, cases[i].rows[k]);
        const struct mr_lineage_lookup lookup = by(&r, cases[i].named);
        expect(&r, &lookup, cases[i].what, cases[i].pairs);
        end(&r);
    }
}

/* All rows of a value, in whatever order. */
static void test_several_rows(void **state)
{
    struct reading r;
    (void)state;
    begin(&r, "id up:text?", "id name:text?");
    node(&r, "1|ann");
    world_put(&r.w, MR_SOURCE, PARENT, "7|ann");
    world_put(&r.w, MR_SOURCE, PARENT, "8|bob");
    world_put(&r.w, MR_SOURCE, PARENT, "9|ANN");
    const struct mr_lineage_lookup lookup = by(&r, second);
    assert_int_equal(read_all(&r, &lookup, NULL), MR_OK);
    assert_non_null(strstr(r.text.ptr, "0 > 7|ann"));
    assert_non_null(strstr(r.text.ptr, "0 > 9|ANN"));
    assert_int_equal(r.text.len, strlen("0 > 7|ann, 0 > 9|ANN"));

    /* a value that several nodes have is asked for once */
    node(&r, "2|ann");
    node(&r, "3|Ann");
    r.w.side[MR_SOURCE].fetched = 0;
    assert_int_equal(read_all(&r, &lookup, NULL), MR_OK);
    assert_int_equal(r.w.side[MR_SOURCE].fetched, 1);
    end(&r);
}

/* What the case knows by its key is not read: neither a finding's row nor an ancestor's. */
static void test_known(void **state)
{
    struct reading r;
    (void)state;
    begin(&r, "id up:int?", "id note:text?");
    node(&r, "1|7");
    node(&r, "2|8");
    node(&r, "3|9");
    world_put(&r.w, MR_SOURCE, PARENT, "8|b");
    world_finding(&r.w, PARENT, "7|a", NULL);
    struct mr_pair *parent = world_pair(&r.w, PARENT);
    struct mr_key image =
        world_bytes(&r.w, MR_SOURCE, PARENT, &parent->full[MR_SOURCE], false, "9|c");
    const struct mr_lineage_row row = {
        .table = parent->find.id,
        .key = world_bytes(&r.w, MR_SOURCE, PARENT, &parent->full[MR_SOURCE], true, "9|c"),
        .image = image.ptr,
        .image_len = image.len};
    const struct mr_lineage_row *const rows[] = {&row};
    world_require(mr_lineage_ancestors_add(r.w.check.fd, MR_SOURCE, rows, 1, NULL));
    struct mr_lineage_lookup lookup = by(&r, key);
    expect(&r, &lookup, "known", "0 > finding, 2 > ancestor, 1 > 8|b");
    assert_int_equal(r.w.side[MR_SOURCE].fetched, 1);

    /* the finding has no row on TARGET, and the ancestor is SOURCE's */
    lookup.side = MR_TARGET;
    expect(&r, &lookup, "of the other side", "0 > nobody, 1 > nobody, 2 > nobody");

    /* all are known: nothing is read at all */
    lookup.side = MR_SOURCE;
    mr_vec_clear(&r.nodes);
    node(&r, "1|7");
    r.w.side[MR_SOURCE].fetched = 0;
    expect(&r, &lookup, "all known", "0 > finding");
    assert_int_equal(r.w.side[MR_SOURCE].fetched, 0);
    end(&r);
}

/* A node whose condition does not hold, or is not known, names nothing. */
static void test_condition(void **state)
{
    static const size_t up[] = {1};
    struct reading r;
    (void)state;
    begin(&r, "id up:int? holds:uint?", "id note:text?");
    node(&r, "1|7|1");
    node(&r, "2|7|0");
    node(&r, "3|7|NULL");
    world_put(&r.w, MR_SOURCE, PARENT, "7|a");
    struct mr_lineage_lookup lookup = by(&r, key);
    lookup.columns = up;
    lookup.condition_at = 2;
    expect(&r, &lookup, "a condition", "0 > 7|a");
    end(&r);
}

/* Both columns, or it is another row; one NULL of them names nothing. */
static void test_two_columns(void **state)
{
    static const size_t two[] = {1, 2};
    struct reading r;
    (void)state;
    begin(&r, "id club:int? no:int?", "id club:int? no:int?");
    node(&r, "1|5|1");
    node(&r, "2|5|NULL");
    node(&r, "3|1|5");
    world_put(&r.w, MR_SOURCE, PARENT, "8|5|1");
    world_put(&r.w, MR_SOURCE, PARENT, "9|5|2");
    struct mr_lineage_lookup lookup = by(&r, two);
    lookup.columns = two;
    lookup.ncolumns = 2;
    expect(&r, &lookup, "two columns", "2 > nobody, 0 > 8|5|1");
    end(&r);
}

/* ---- slices */

/* A statement stays below half a packet; every value is asked for in just one of them. */
static void test_packets(void **state)
{
    enum { NODES = 100 };
    struct reading r;
    size_t pairs = 0;
    (void)state;
    begin(&r, "id up:int?", "id note:text?");
    for (int i = 1; i <= NODES; i++) {
        char row[40];
        (void)snprintf(row, sizeof row, "%d|%d", i, i);
        node(&r, row);
        world_put(&r.w, MR_SOURCE, PARENT, row);
    }
    world_server.server.max_packet_bytes = 1024;
    const struct mr_lineage_lookup lookup = by(&r, key);
    assert_int_equal(read_all(&r, &lookup, NULL), MR_OK);
    for (const char *at = r.text.ptr; (at = strstr(at, " > ")) != NULL; at++)
        pairs++;
    assert_int_equal(pairs, NODES);
    assert_int_equal(r.w.side[MR_SOURCE].fetched, NODES);
    assert_true(r.rounds > NODES / 10); /* 20 bytes in hex and 48 beside them: 7 a statement */

    /* a packet that holds no value at all: one a statement */
    world_server.server.max_packet_bytes = 10;
    assert_int_equal(read_all(&r, &lookup, NULL), MR_OK);
    assert_int_equal(r.rounds, NODES);
    end(&r);
}

/* Rows so wide that not all fit: the slice is halved until they do, and each comes whole. */
static void test_wide_rows(void **state)
{
    enum { WIDE = 3 * 1024 * 1024, ROWS = 5 };
    struct reading r;
    const struct mr_vec *pairs = NULL;
    size_t seen = 0;
    (void)state;
    begin(&r, "id up:int?", "id note:text?");
    char *row = malloc(WIDE + 8);
    assert_non_null(row);
    for (int i = 1; i <= ROWS; i++) {
        char child[32];
        (void)snprintf(child, sizeof child, "%d|%d", i, i);
        node(&r, child);
        row[0] = (char)('0' + i);
        row[1] = '|';
        memset(row + 2, 'a' + i, WIDE);
        row[2 + WIDE] = '\0';
        world_put(&r.w, MR_SOURCE, PARENT, row);
    }
    free(row);
    const struct mr_lineage_lookup lookup = by(&r, key);
    assert_int_equal(
        mr_lineage_reader_begin(&r.reader, &lookup, r.nodes.items, r.nodes.count, NULL), MR_OK);
    do {
        assert_int_equal(mr_lineage_reader_next(&r.reader, &pairs, NULL), MR_OK);
        for (size_t i = 0; i < pairs->count; i++) {
            const struct mr_lineage_pair *p = mr_vec_at(pairs, i);
            const char *image = p->row->image;
            assert_int_equal(p->node, seen);
            assert_true(p->row->image_len > WIDE);
            assert_int_equal(image[p->row->image_len - 1], 'a' + (int)++seen);
        }
    } while (pairs->count > 0);
    assert_int_equal(seen, ROWS);
    end(&r);
}

static void test_breaks(void **state)
{
    struct reading r;
    struct mr_err err = {0};
    (void)state;
    begin(&r, "id up:text?", "id name:text?");
    node(&r, "1|ann");
    world_put(&r.w, MR_SOURCE, PARENT, "7|ann");
    const struct mr_lineage_lookup lookup = by(&r, second);
    r.w.side[MR_SOURCE].fail_at = 1;
    r.w.side[MR_SOURCE].fail_times = 1;
    r.w.side[MR_SOURCE].fail_code = MR_E_LOST;
    assert_int_equal(read_all(&r, &lookup, &err), MR_E_LOST);
    /* … and begins anew */
    expect(&r, &lookup, "again", "0 > 7|ann");
    world_server.canon_code = MR_E_LOST;
    assert_int_equal(read_all(&r, &lookup, &err), MR_E_LOST);
    world_server.canon_code = MR_OK;
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),       cmocka_unit_test(test_several_rows),
        cmocka_unit_test(test_known),       cmocka_unit_test(test_condition),
        cmocka_unit_test(test_two_columns), cmocka_unit_test(test_packets),
        cmocka_unit_test(test_wide_rows),   cmocka_unit_test(test_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
