/* test_evidence.c: what the logs say, written into a case and read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "core/case/case_args.h"
#include "evidence_case.h"

static int64_t count(struct check_case *c, const char *sql)
{
    int64_t n = 0;
    case_require(mr_case_number_with(mr_findings_case(c->fd), sql, NULL, 0, &n, NULL));
    return n;
}

static void assert_key(struct mr_key a, struct mr_key b)
{
    assert_int_equal(a.ptr == NULL, b.ptr == NULL);
    assert_int_equal(a.len, b.len);
    if (a.len > 0)
        assert_memory_equal(a.ptr, b.ptr, a.len);
}

/* A case without any says so, also one whose tables an earlier version made. */
static void test_none(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_evidence_side sides[2];
    struct mr_evidence_table of;
    struct mr_vec tables = MR_VEC_INIT(struct mr_evidence_table);
    bool has = true;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (int old = 0; old < 2; old++) {
        bool found = true;
        assert_int_equal(mr_evidence_has(c.fd, &has, NULL), MR_OK);
        assert_false(has);
        assert_int_equal(mr_evidence_sides(c.fd, &arena, sides, NULL), MR_OK);
        assert_int_equal(sides[0].own_by, MR_OWN_BY_NONE);
        assert_int_equal(mr_evidence_tables(c.fd, &arena, &tables, NULL), MR_OK);
        assert_int_equal(tables.count, 0);
        assert_int_equal(mr_evidence_match(c.fd, &c.table, &arena, &of, &found, NULL), MR_OK);
        assert_false(found);
        case_require(
            mr_case_exec(mr_findings_case(c.fd),
                         "DROP TABLE IF EXISTS history_change; DROP TABLE IF EXISTS history_mark;"
                         "DROP TABLE IF EXISTS history_witness; DROP TABLE IF EXISTS history_table;"
                         "DROP TABLE IF EXISTS history_tx; DROP TABLE IF EXISTS history_log;"
                         "DROP TABLE IF EXISTS history_side;"
                         "DROP TABLE IF EXISTS history_collection",
                         NULL));
    }
    mr_arena_release(&arena);
    case_end(&c);
}

/* A table with a good side and a blind one, and key 7 with two of its three changes. */
static void fill(struct check_case *c, struct logs *l)
{
    case_begin(c);
    case_table(c, "d.t", MR_VERDICT_DIVERGED, true);
    logs_begin(l, c);
    logs_side(l, 0, NULL);
    logs_side(l, 1, "bin.000002 is lacking");
    logs_table(l);
    logs_witness(l, 0, MR_WITNESS_GOOD, NULL);
    logs_witness(l, 1, MR_WITNESS_BLIND, "TRUNCATE");
    logs_tx(l, 0, "0-1-101", 1000001, "bin.000001", 77);
    const int64_t first = l->tx;
    logs_tx(l, 0, "0-1-102", 2000002, "bin.000002", 88);
    logs_mark(l, (struct logs_mark){.side = 0,
                                    .id = 7,
                                    .flags = MR_MARK_PARTIAL | MR_MARK_AGAIN,
                                    .changes = 3,
                                    .first_tx = first,
                                    .last_tx = l->tx,
                                    .first = "7/ann/?",
                                    .last = "7/?/NULL",
                                    .came = 5,
                                    .went = 6});
    logs_change(l, 0, 7, 1, MR_CHANGE_UPDATE, "?/?/x");
    logs_change(l, 0, 7, 3, MR_CHANGE_DELETE, NULL);
}

/* Sides and tables come back as they were given, once the collection is finished. */
static void test_sides(void **state)
{
    struct check_case c;
    struct logs l;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_evidence_side sides[2];
    struct mr_evidence_table of;
    bool found = false, has = false;
    (void)state;
    fill(&c, &l);
    assert_int_equal(mr_evidence_has(c.fd, &has, NULL), MR_OK);
    assert_false(has);
    logs_end(&l);
    assert_int_equal(mr_evidence_has(c.fd, &has, NULL), MR_OK);
    assert_true(has);
    assert_int_equal(mr_evidence_sides(c.fd, &arena, sides, NULL), MR_OK);
    assert_int_equal(sides[0].own_by, MR_OWN_BY_GTID);
    assert_true(sides[0].is_complete && sides[0].is_read && sides[0].has_own);
    assert_null(sides[0].gap);
    assert_string_equal(sides[0].server, "old");
    assert_string_equal(sides[0].split, "0-1-100");
    assert_string_equal(sides[0].own, "0-1-101");
    assert_string_equal(sides[0].first_log, "bin.000001");
    assert_int_equal(sides[0].first_position, 4);
    assert_string_equal(sides[0].end_log, "bin.000003");
    assert_int_equal(sides[0].end_position, 900);
    assert_string_equal(sides[0].executed, "0-1-109");
    assert_string_equal(sides[0].collected, "2026-01-02T03:05:00Z");
    assert_int_equal(sides[0].transactions, 9);
    assert_int_equal(sides[0].changes, 20);
    assert_int_equal(sides[0].bytes, 4096);
    assert_false(sides[1].is_complete);
    assert_string_equal(sides[1].gap, "bin.000002 is lacking");

    assert_int_equal(mr_evidence_match(c.fd, &c.table, &arena, &of, &found, NULL), MR_OK);
    assert_true(found);
    assert_string_equal(of.name, "d.t");
    assert_int_equal(of.of[0].witness, MR_WITNESS_GOOD);
    assert_null(of.of[0].reason);
    assert_int_equal(of.of[0].keys, 2);
    assert_int_equal(of.of[0].changes, 5);
    assert_int_equal(of.of[1].witness, MR_WITNESS_BLIND);
    assert_string_equal(of.of[1].reason, "TRUNCATE");
    mr_arena_release(&arena);
    case_end(&c);
}

/* A mark, its changes and their transactions likewise. */
static void test_mark(void **state)
{
    struct check_case c;
    struct logs l;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_evidence_mark mark;
    struct mr_vec changes = MR_VEC_INIT(struct mr_evidence_change);
    bool found = false;
    (void)state;
    fill(&c, &l);
    const int64_t table = l.table.id;
    const struct mr_key key = logs_key(&arena, 7);
    logs_end(&l);
    assert_int_equal(mr_evidence_mark(c.fd, table, 1, key, &arena, &mark, &found, NULL), MR_OK);
    assert_false(found);
    assert_int_equal(mr_evidence_mark(c.fd, table, 0, key, &arena, &mark, &found, NULL), MR_OK);
    assert_true(found);
    assert_key(mark.key, key);
    assert_int_equal(mark.flags, MR_MARK_PARTIAL | MR_MARK_AGAIN);
    assert_int_equal(mark.changes, 3);
    assert_true(mark.last_tx > mark.first_tx);
    assert_key(mark.first, logs_image(&arena, "7/ann/?"));
    assert_key(mark.last, logs_image(&arena, "7/?/NULL"));
    assert_true(mark.has_images);
    assert_false(mark.has_digest);
    assert_key(mark.came, logs_key(&arena, 5));
    assert_key(mark.went, logs_key(&arena, 6));

    assert_int_equal(mr_evidence_changes(c.fd, table, 0, key, &arena, &changes, NULL), MR_OK);
    assert_int_equal(changes.count, 2);
    const struct mr_evidence_change *change = mr_vec_at(&changes, 0);
    assert_int_equal(change->n, 1);
    assert_int_equal(change->kind, MR_CHANGE_UPDATE);
    assert_key(change->image, logs_image(&arena, "?/?/x"));
    assert_null(((const struct mr_evidence_change *)mr_vec_at(&changes, 1))->image.ptr);
    mr_vec_release(&changes);
    mr_arena_release(&arena);
    case_end(&c);
}

static void test_transactions(void **state)
{
    struct check_case c;
    struct logs l;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_evidence_tx tx;
    struct mr_vec txs = MR_VEC_INIT(struct mr_evidence_tx);
    struct mr_vec deeds = MR_VEC_INIT(struct mr_evidence_deed);
    bool found = false;
    (void)state;
    fill(&c, &l);
    const int64_t table = l.table.id, last = l.tx;
    const struct mr_key key = logs_key(&arena, 7);
    logs_end(&l);
    assert_int_equal(mr_evidence_tx(c.fd, last - 1, &arena, &tx, &found, NULL), MR_OK);
    assert_true(found);
    assert_int_equal(tx.side, 0);
    assert_string_equal(tx.gtid, "0-1-101");
    assert_int_equal(tx.committed_us, 1000001);
    assert_string_equal(tx.log, "bin.000001");
    assert_int_equal(tx.position, 77);
    assert_int_equal(mr_evidence_tx(c.fd, 999, &arena, &tx, &found, NULL), MR_OK);
    assert_false(found);
    assert_int_equal(mr_evidence_tx_named(c.fd, "0-1-102", &arena, &txs, NULL), MR_OK);
    assert_int_equal(txs.count, 1);
    const struct mr_evidence_tx *named = mr_vec_at(&txs, 0);
    assert_int_equal(mr_evidence_deeds(c.fd, named->id, 1, &arena, &deeds, NULL), MR_OK);
    assert_int_equal(deeds.count, 1); /* of two: the limit */
    const struct mr_evidence_deed *deed = mr_vec_at(&deeds, 0);
    assert_int_equal(deed->table, table);
    assert_int_equal(deed->side, 0);
    assert_key(deed->key, key);
    assert_int_equal(deed->change.n, 1);
    mr_vec_release(&txs);
    mr_vec_release(&deeds);
    mr_arena_release(&arena);
    case_end(&c);
}

/* A digest of the last row is kept whole, and one of another length is damage. */
static void test_digest(void **state)
{
    struct check_case c;
    struct logs l;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_evidence_mark mark = {0};
    bool found = false;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    logs_begin(&l, &c);
    logs_table(&l);
    const struct mr_evidence_mark put = {.key = logs_key(&arena, 7),
                                         .changes = 1,
                                         .has_digest = true,
                                         .digest = {UINT64_MAX, 0x0123456789abcdef}};
    LOGS_DO(&l, mr_evidence_mark_put(l.writer, l.table.id, 0, &put, NULL));
    const int64_t table = l.table.id;
    logs_end(&l);
    assert_int_equal(mr_evidence_mark(c.fd, table, 0, put.key, &arena, &mark, &found, NULL), MR_OK);
    assert_true(found && mark.has_digest && !mark.has_images);
    assert_true(mr_digest_equal(mark.digest, put.digest));
    case_require(
        mr_case_exec(mr_findings_case(c.fd), "UPDATE history_mark SET digest = x'00'", NULL));
    assert_int_equal(mr_evidence_mark(c.fd, table, 0, put.key, &arena, &mark, &found, NULL),
                     MR_E_CASE);
    mr_arena_release(&arena);
    case_end(&c);
}

/* Reads all that fill() has written: the first code that is no MR_OK. */
static enum mr_code read_all(struct check_case *c, int64_t table)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec tables = MR_VEC_INIT(struct mr_evidence_table);
    struct mr_vec changes = MR_VEC_INIT(struct mr_evidence_change);
    struct mr_vec deeds = MR_VEC_INIT(struct mr_evidence_deed);
    struct mr_evidence_side sides[2];
    struct mr_evidence_mark mark;
    bool found = false;
    const struct mr_key key = logs_key(&arena, 7);
    enum mr_code code = mr_evidence_sides(c->fd, &arena, sides, NULL);
    if (code == MR_OK)
        code = mr_evidence_tables(c->fd, &arena, &tables, NULL);
    if (code == MR_OK)
        code = mr_evidence_mark(c->fd, table, 0, key, &arena, &mark, &found, NULL);
    if (code == MR_OK)
        code = mr_evidence_changes(c->fd, table, 0, key, &arena, &changes, NULL);
    for (int64_t tx = 1; code == MR_OK && tx <= 2; tx++)
        code = mr_evidence_deeds(c->fd, tx, 10, &arena, &deeds, NULL);
    mr_vec_release(&tables);
    mr_vec_release(&changes);
    mr_vec_release(&deeds);
    mr_arena_release(&arena);
    return code;
}

/* A number that stands for nothing is damage, and shown as nothing else. */
static void test_damaged(void **state)
{
    static const char *const wrong[] = {
        "UPDATE history_side SET side = side + 2",   "UPDATE history_side SET own_by = 4",
        "UPDATE history_side SET own_by = -1",       "UPDATE history_side SET end_position = -1",
        "UPDATE history_side SET transactions = -1", "UPDATE history_witness SET side = side + 2",
        "UPDATE history_witness SET witness = 5",    "UPDATE history_witness SET witness = -1",
        "UPDATE history_witness SET moving = -1",    "UPDATE history_mark SET flags = 512",
        "UPDATE history_mark SET flags = -1",        "UPDATE history_mark SET changes = -1",
        "UPDATE history_change SET kind = 0",        "UPDATE history_change SET kind = -1",
        "UPDATE history_change SET kind = 4",        "UPDATE history_change SET n = -n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct check_case c;
        struct logs l;
        fill(&c, &l);
        const int64_t table = l.table.id;
        logs_end(&l);
        assert_int_equal(read_all(&c, table), MR_OK);
        case_require(mr_case_exec(mr_findings_case(c.fd), wrong[i], NULL));
        if (read_all(&c, table) != MR_E_CASE)
            fail_msg("not refused: %s", wrong[i]);
        case_end(&c);
    }
}

/* Marks come in the order of their keys, page by page, each once. */
static void test_pages(void **state)
{
    struct check_case c;
    struct logs l;
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    logs_begin(&l, &c);
    logs_table(&l);
    for (int64_t id = 9; id >= -1; id--)
        logs_mark(&l, (struct logs_mark){.side = (int)(id & 1), .id = id, .changes = 1});
    const int64_t table = l.table.id;
    logs_end(&l);
    for (size_t limit = 1; limit < 8; limit++) {
        struct mr_key after = {NULL, 0};
        int64_t expected = 0;
        for (;;) {
            struct mr_vec marks = MR_VEC_INIT(struct mr_evidence_mark);
            assert_int_equal(mr_evidence_marks(c.fd, table, 0, after, limit, &arena, &marks, NULL),
                             MR_OK);
            assert_true(marks.count <= limit);
            for (size_t i = 0; i < marks.count; i++, expected += 2) {
                after = ((const struct mr_evidence_mark *)mr_vec_at(&marks, i))->key;
                assert_key(after, logs_key(&arena, expected));
            }
            const bool end = marks.count < limit;
            mr_vec_release(&marks);
            if (end)
                break;
        }
        assert_int_equal(expected, 10);
    }
    mr_arena_release(&arena);
    case_end(&c);
}

/* Evidence has places by the columns of then: of other columns nothing is told. */
static void test_other_columns(void **state)
{
    struct check_case c;
    struct logs l;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_evidence_table of;
    bool found = false;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    logs_begin(&l, &c);
    logs_table(&l);
    logs_witness(&l, 0, MR_WITNESS_GOOD, NULL);
    logs_end(&l);
    c.columns[2].name = "memo";
    assert_int_equal(mr_evidence_match(c.fd, &c.table, &arena, &of, &found, NULL), MR_OK);
    assert_true(found);
    for (int side = 0; side < 2; side++) {
        assert_int_equal(of.of[side].witness, MR_WITNESS_BLIND);
        assert_string_equal(of.of[side].reason,
                            "its columns have changed since the logs were collected");
    }
    /* names with anything in them: lengths keep them apart */
    struct mr_find_table one = c.table, other = c.table;
    struct mr_find_column a[2] = {{.name = "a 7 0\n1:b", .key_at = 0}, {.name = "c", .key_at = -1}};
    struct mr_find_column b[2] = {{.name = "a", .key_at = 0}, {.name = "b", .key_at = -1}};
    one.columns = a;
    other.columns = b;
    one.ncolumns = 1;
    other.ncolumns = 2;
    assert_string_not_equal(mr_evidence_columns(&one, &arena), mr_evidence_columns(&other, &arena));
    mr_arena_release(&arena);
    case_end(&c);
}

/* What was collected before stays until the new collection is finished, and goes with it. */
static void test_collections(void **state)
{
    struct check_case c;
    struct logs l;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec tables = MR_VEC_INIT(struct mr_evidence_table);
    struct mr_vec txs = MR_VEC_INIT(struct mr_evidence_tx);
    bool resumed = true;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.old", MR_VERDICT_DIVERGED, true);
    logs_begin_as(&l, &c, "a", true, &resumed);
    assert_false(resumed);
    logs_side(&l, 0, NULL);
    logs_table(&l);
    logs_tx(&l, 0, "g:1", 1, "bin.000001", 4);
    logs_end(&l);

    case_table(&c, "d.new", MR_VERDICT_DIVERGED, true);
    logs_begin_as(&l, &c, "a", true, &resumed);
    assert_false(resumed); /* the finished one is none to go on with */
    logs_table(&l);
    logs_tx(&l, 0, "g:2", 2, "bin.000001", 5);
    assert_int_equal(mr_evidence_tables(c.fd, &arena, &tables, NULL), MR_OK);
    assert_int_equal(tables.count, 1);
    assert_string_equal(((const struct mr_evidence_table *)mr_vec_at(&tables, 0))->name, "d.old");
    assert_int_equal(mr_evidence_tx_named(c.fd, "g:2", &arena, &txs, NULL), MR_OK);
    assert_int_equal(txs.count, 0);
    logs_end(&l);
    mr_vec_clear(&tables);
    assert_int_equal(mr_evidence_tables(c.fd, &arena, &tables, NULL), MR_OK);
    assert_int_equal(tables.count, 1);
    assert_string_equal(((const struct mr_evidence_table *)mr_vec_at(&tables, 0))->name, "d.new");
    assert_int_equal(count(&c, "SELECT count(*) FROM history_collection"), 1);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_side"), 0);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_tx"), 1);
    mr_vec_release(&tables);
    mr_vec_release(&txs);
    mr_arena_release(&arena);
    case_end(&c);
}

static void found_is(struct check_case *c, const char *options, bool finished)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_evidence_collection found;
    bool is = options == NULL;
    assert_int_equal(mr_evidence_collection_find(c->fd, &arena, &found, &is, NULL), MR_OK);
    assert_int_equal(is, options != NULL);
    if (is) {
        assert_string_equal(found.options, options);
        assert_int_equal(found.finished, finished);
        assert_string_equal(found.sides[0].own, "0-1-101");
        assert_int_equal(found.sides[1].end_position, 900);
    }
    mr_arena_release(&arena);
}

/* What counts is read on, and counts for nothing until that is done; a run that was ended in between is gone
 * on with. */
static void test_read_on(void **state)
{
    struct check_case c;
    struct logs l;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_evidence_collection known;
    bool resumed = false, found = false;
    int64_t n = 0;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    found_is(&c, NULL, false);
    logs_begin_as(&l, &c, "a", false, &resumed);
    logs_side(&l, 0, NULL);
    found_is(&c, NULL, false); /* one side's logs were not read to their end */
    logs_side(&l, 1, NULL);
    logs_table(&l);
    const int64_t table = l.table.id;
    logs_tx(&l, 0, "g:1", 1, "bin.000001", 4);
    const int64_t tx = l.tx;
    logs_mark(&l, (struct logs_mark){.side = 0, .id = 7, .last_tx = tx, .first = "7/a/b"});
    logs_tx(&l, 0, "g:2", 2, "bin.000001", 9);
    logs_mark(&l,
              (struct logs_mark){
                  .side = 0, .id = 8, .last_tx = l.tx, .first = "8/a/b", .flags = MR_MARK_MOVING});
    found_is(&c, "a", false);
    logs_end(&l);
    found_is(&c, "a", true);
    assert_int_equal(mr_evidence_newest_tx(c.fd, &n, NULL), MR_OK);
    assert_int_equal(n, tx + 1);
    assert_int_equal(mr_evidence_collection_find(c.fd, &arena, &known, &found, NULL), MR_OK);
    assert_int_equal(mr_evidence_collection_tables(c.fd, known.id, NULL, NULL, &n, NULL), MR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(mr_evidence_collection_tables(c.fd, known.id, "d.t", "no", &n, NULL), MR_OK);
    assert_int_equal(n, 0);

    logs_begin_as(&l, &c, "b", false, &resumed); /* what another run has just begun with */
    mr_evidence_writer_free(l.writer);
    assert_int_equal(mr_evidence_writer_go_on(c.fd, &known, &l.writer, NULL), MR_OK);
    found_is(&c, "a", false);
    assert_int_equal(mr_evidence_has(c.fd, &found, NULL), MR_OK);
    assert_false(found);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_mark WHERE flags & 32"), 0);
    logs_table(&l);
    assert_int_equal(l.table.id, table);
    logs_end(&l);
    found_is(&c, "a", true);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_collection"), 1);
    assert_int_equal(mr_evidence_flag_since(c.fd, 1, 0, NULL), MR_OK);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_mark WHERE flags & 32"), 0);
    assert_int_equal(mr_evidence_flag_since(c.fd, 0, tx, NULL), MR_OK);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_mark WHERE flags & 32"), 1);
    /* the next plan, whose logs have nothing new: what moved then stands still */
    assert_int_equal(mr_evidence_flag_none(c.fd, NULL), MR_OK);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_mark WHERE flags & 32"), 0);
    assert_int_equal(count(&c, "SELECT sum(moving) FROM history_witness"), 0);
    mr_arena_release(&arena);
    case_end(&c);
}

/* Only with the same options does an unfinished collection go on, and then with all that it had. */
static void test_resume(void **state)
{
    struct check_case c;
    struct logs l;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_evidence_side known = {0};
    struct mr_evidence_mark mark = {0};
    struct mr_vec marks = MR_VEC_INIT(struct mr_evidence_mark);
    bool resumed = false, found = false;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    logs_begin_as(&l, &c, "a", false, &resumed);
    logs_side(&l, 1, NULL);
    logs_table(&l);
    logs_witness(&l, 1, MR_WITNESS_BROKEN, "at key 7");
    logs_mark(&l, (struct logs_mark){
                      .side = 1, .id = 7, .changes = 4, .first = "7/a/b", .flags = MR_MARK_MOVING});
    const int64_t table = l.table.id;
    logs_drop(&l);

    logs_begin_as(&l, &c, "a", true, &resumed);
    assert_true(resumed);
    assert_int_equal(mr_evidence_side_resume(l.writer, 1, &arena, &known, NULL), MR_OK);
    assert_string_equal(known.end_log, "bin.000003");
    assert_int_equal(mr_evidence_side_resume(l.writer, 0, &arena, &known, NULL), MR_OK);
    assert_int_equal(known.own_by, MR_OWN_BY_NONE);
    logs_table(&l);
    assert_int_equal(l.table.id, table);
    assert_int_equal(l.table.of[1].witness, MR_WITNESS_BROKEN);
    assert_string_equal(l.table.of[1].reason, "at key 7");
    const struct mr_key key = logs_key(&arena, 7);
    LOGS_DO(&l, mr_evidence_mark_get(l.writer, table, 1, key, &arena, &mark, &found, NULL));
    assert_true(found);
    assert_int_equal(mark.changes, 4);
    assert_int_equal(mark.flags, 0); /* whether it moves is found out anew */
    LOGS_DO(&l, mr_evidence_mark_get(l.writer, table, 0, key, &arena, &mark, &found, NULL));
    assert_false(found);
    assert_int_equal(mr_evidence_ends_so_far(l.writer, table, 1, (struct mr_key){NULL, 0}, 9,
                                             &arena, &marks, NULL),
                     MR_OK);
    assert_int_equal(marks.count, 1);
    logs_drop(&l);

    logs_begin_as(&l, &c, "b", true, &resumed);
    assert_false(resumed);
    logs_end(&l);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_collection"), 1);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_mark"), 0);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_witness"), 0);
    mr_vec_release(&marks);
    mr_arena_release(&arena);
    case_end(&c);
}

/* Both sides may call their logs alike. */
static void test_logs_of_one_name(void **state)
{
    struct check_case c;
    struct logs l;
    (void)state;
    case_begin(&c);
    logs_begin(&l, &c);
    logs_tx(&l, 0, "", 1, "bin.000001", 4);
    logs_tx(&l, 1, "", 1, "bin.000001", 4);
    logs_tx(&l, 0, "", 1, "bin.000001", 4);
    logs_end(&l);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_log"), 2);
    assert_int_equal(count(&c, "SELECT count(*) FROM history_tx x JOIN history_log l ON"
                               " l.id = x.log WHERE l.side <> x.side"),
                     0);
    case_end(&c);
}

/* A case that is only read has its evidence, too. */
static void test_read_only(void **state)
{
    struct check_case c;
    struct logs l;
    struct mr_findings *fd = NULL;
    bool has = false;
    char path[] = "/tmp/myrecon-evidence-XXXXXX";
    (void)state;
    const int made = mkstemp(path);
    assert_true(made >= 0);
    (void)close(made);
    assert_int_equal(remove(path), 0);
    case_begin_at(&c, path);
    logs_begin(&l, &c);
    logs_side(&l, 0, NULL);
    logs_end(&l);
    c.run.finished = true;
    case_require(mr_findings_run_end(c.fd, &c.run, NULL));
    case_end(&c);
    assert_int_equal(mr_findings_open(path, MR_CASE_READ, &fd, NULL), MR_OK);
    assert_int_equal(mr_evidence_has(fd, &has, NULL), MR_OK);
    assert_true(has);
    assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
    (void)remove(path);
}

/* Logs that were collected before the rows were read lack what was changed in between. */
static void test_before(void **state)
{
    static const struct {
        enum mr_own_by own_by;
        const char *collected, *started;
        bool before;
    } lines[] = {
        {MR_OWN_BY_GTID, "2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z", true},
        {MR_OWN_BY_GTID, "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", false},
        {MR_OWN_BY_GTID, "2026-01-02T03:04:06Z", "2026-01-02T03:04:05Z", false},
        {MR_OWN_BY_NONE, "2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z", false},
        {MR_OWN_BY_GTID, NULL, "2026-01-02T03:04:06Z", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct mr_evidence_side side = {.own_by = lines[i].own_by,
                                              .collected = lines[i].collected};
        const struct mr_find_run run = {.started = lines[i].started};
        assert_int_equal(mr_evidence_is_before(&side, &run), lines[i].before);
    }
}

static void test_names(void **state)
{
    static const char *const names[] = {"none", "good", "incomplete", "blind", "broken"};
    (void)state;
    for (int i = MR_WITNESS_NONE; i <= MR_WITNESS_BROKEN; i++)
        assert_string_equal(mr_witness_name((enum mr_witness)i), names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),        cmocka_unit_test(test_sides),
        cmocka_unit_test(test_mark),        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_digest),      cmocka_unit_test(test_pages),
        cmocka_unit_test(test_damaged),     cmocka_unit_test(test_other_columns),
        cmocka_unit_test(test_collections), cmocka_unit_test(test_resume),
        cmocka_unit_test(test_read_on),     cmocka_unit_test(test_logs_of_one_name),
        cmocka_unit_test(test_read_only),   cmocka_unit_test(test_before),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
