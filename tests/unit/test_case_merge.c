/* test_case_merge.c: hand-made cases of parts become one; what cannot be is not-checked, or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "check_case.h"

#include "core/case/case_args.h"
#include "core/case/case_merge.h"
#include "core/case/lineage.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define UUID "20260102T030405Z-8f3a.one"
#define PARTS 2

/* Two parts of one pair: table "db.t" cut at KEY, each half a part's. */
struct world {
    char dir[32];
    char path[PARTS][64], into[64];
    struct check_case part[PARTS];
    struct mr_case_merge_range ranges[PARTS];
    struct mr_case_merge_table tables[PARTS];
    struct mr_case_merge_part parts[PARTS];
    struct mr_case_merge merge;
    char key[10];
    /* the result */
    struct mr_findings *out;
    struct mr_find_run run;
    struct mr_arena arena;
    struct mr_find_table *found;
    size_t nfound, damaged;
    struct mr_err err;
};

static void encode_key(const char *row, char key[10])
{
    struct mr_strbuf image = MR_STRBUF_INIT;
    case_encode(&image, row);
    memcpy(key, image.ptr, 10);
    mr_strbuf_release(&image);
}

static struct mr_range range_of(const struct world *w, size_t part)
{
    const struct mr_key cut = {w->key, sizeof w->key};
    return part == 0 ? (struct mr_range){.hi = cut} : (struct mr_range){.lo = cut};
}

static void table_begin(struct world *w, size_t part, const char *name)
{
    struct check_case *c = &w->part[part];
    const struct mr_find_made made[2] = {{"int(11)", "=7", "then"}, {"int(11)", "=9", "then"}};
    case_table(c, name, MR_VERDICT_UNDECIDED, true);
    case_require(mr_findings_made_save(c->fd, c->table.id, made, NULL));
}

/* All of its range is read, in one chunk. */
static void table_end(struct world *w, size_t part, struct mr_range range, uint64_t rows)
{
    struct check_case *c = &w->part[part];
    const struct mr_find_chunk chunk = {.table = c->table.id,
                                        .hi = range.hi,
                                        .last = true,
                                        .source_rows = rows,
                                        .target_rows = rows,
                                        .bytes = 10 * rows,
                                        .equal = rows};
    case_require(mr_findings_segments_add(c->fd, c->table.id, &range, 1, NULL));
    case_require(mr_findings_chunk_done(c->fd, &chunk, NULL, 0, NULL));
    case_require(mr_findings_chunk_sums(c->fd, c->table.id, &c->table.counts, NULL));
    case_summarise(c);
    c->table.verdict = MR_VERDICT_EQUAL;
    c->table.scanned = c->table.settled = true;
    case_require(mr_findings_table_save(c->fd, &c->table, NULL));
}

static void part_begin(struct world *w, size_t part)
{
    struct check_case *c = &w->part[part];
    case_begin_at(c, w->path[part]);
    c->run.uuid = UUID;
    c->run.options =
        part == 0 ? "since=\nscope=11\nobjects=all\n" : "since=\nscope=22\nobjects=all\n";
    c->run.started = part == 0 ? "2026-01-02T03:04:06Z" : "2026-01-02T03:04:05Z";
    case_require(mr_findings_run_begin(c->fd, &c->run, NULL));
    c->run.finished = true;
    c->run.seconds = 1.5;
    table_begin(w, part, "db.t");
}

static void part_end(struct world *w, size_t part)
{
    case_require(mr_findings_run_end(w->part[part].fd, &w->part[part].run, NULL));
    case_require(mr_findings_close(w->part[part].fd, NULL));
    w->part[part].fd = NULL;
}

static void world_begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    (void)snprintf(w->dir, sizeof w->dir, "/tmp/test_case_merge.XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    encode_key("100/x/x", w->key);
    for (size_t i = 0; i < PARTS; i++) {
        (void)snprintf(w->path[i], sizeof w->path[i], "%s/%zu.case", w->dir, i);
        w->ranges[i] = (struct mr_case_merge_range){i, range_of(w, i)};
        w->tables[i] = (struct mr_case_merge_table){"db.t", &w->ranges[i], 1};
        w->parts[i] = (struct mr_case_merge_part){.name = i == 0 ? "part 0" : "part 1",
                                                  .path = w->path[i],
                                                  .scope = i == 0 ? "scope=11\n" : "scope=22\n",
                                                  .has_objects = i == 1,
                                                  .tables = &w->tables[i],
                                                  .ntables = 1};
        part_begin(w, i);
    }
    (void)snprintf(w->into, sizeof w->into, "%s/into.case", w->dir);
    w->merge = (struct mr_case_merge){.pair = "one",
                                      .run = {.uuid = UUID,
                                              .started = "2026-01-01T00:00:00Z",
                                              .source = "mysql://s/",
                                              .target = "mysql://t/",
                                              .uri = {"mysql://s/", "mysql://t/"}},
                                      .parts = w->parts,
                                      .nparts = PARTS};
}

/* Both parts end as they are: read, finished. */
static void world_ends(struct world *w)
{
    for (size_t i = 0; i < PARTS; i++) {
        if (w->part[i].fd == NULL)
            continue;
        table_end(w, i, range_of(w, i), 10);
        part_end(w, i);
    }
}

static enum mr_code merge(struct world *w)
{
    case_require(mr_findings_open(w->into, MR_CASE_WRITE, &w->out, NULL));
    enum mr_code code = mr_case_merge(&w->merge, w->out, &w->damaged, &w->err);
    if (code != MR_OK)
        return code;
    assert_int_equal(w->damaged, w->merge.nparts);
    assert_int_equal(mr_findings_run_last(w->out, &w->arena, &w->run, NULL), MR_OK);
    assert_int_equal(mr_findings_tables(w->out, &w->arena, &w->found, &w->nfound, NULL), MR_OK);
    return code;
}

static void world_end(struct world *w)
{
    (void)mr_findings_close(w->out, NULL);
    for (size_t i = 0; i < PARTS; i++) {
        (void)mr_findings_close(w->part[i].fd, NULL);
        assert_int_equal(unlink(w->path[i]), 0);
    }
    (void)unlink(w->into);
    mr_arena_release(&w->arena);
    assert_int_equal(rmdir(w->dir), 0);
}

static int64_t ask(struct mr_findings *fd, const char *sql)
{
    int64_t number = -1;
    case_require(mr_case_number_with(mr_findings_case(fd), sql, NULL, 0, &number, NULL));
    return number;
}

static void row(struct world *w, size_t part, enum mr_find_kind kind, const char *source,
                const char *target, const char *source_id, const char *target_id)
{
    case_row(&w->part[part], (struct case_row){.state = MR_FIND_DIVERGED,
                                               .kind = kind,
                                               .source = source,
                                               .target = target,
                                               .source_id = source_id,
                                               .target_id = target_id});
}

/* ---- ranges */

static void test_tiles(void **state)
{
    static const struct {
        size_t at[2];
        bool first_open, last_open, same_cut, other_objects, no_objects;
        const char *why; /* NULL: fine */
    } rows[] = {
        {{0, 1}, true, true, true, false, false, NULL},
        {{0, 0}, true, true, true, false, false, "a range of its keys is in two parts"},
        {{0, 2}, true, true, true, false, false, "a range of its keys is in no part"},
        {{1, 2}, true, true, true, false, false, "a range of its keys is in no part"},
        {{0, 1}, false, true, true, false, false, "do not reach from the first key to the last"},
        {{0, 1}, true, false, true, false, false, "do not reach from the first key to the last"},
        {{0, 1}, true, true, false, false, false, "does not begin where the one before it ends"},
        {{0, 1}, true, true, true, true, false, "its objects are compared by more than one part"},
        {{0, 1}, true, true, true, false, true, "its objects are compared by no part"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct world w;
        char other[10];
        world_begin(&w);
        world_ends(&w);
        encode_key("101/x/x", other);
        for (size_t k = 0; k < PARTS; k++)
            w.ranges[k].at = rows[i].at[k];
        if (!rows[i].first_open)
            w.ranges[0].range.lo = (struct mr_key){"\x01", 1};
        if (!rows[i].last_open)
            w.ranges[1].range.hi = (struct mr_key){"\xff", 1};
        if (!rows[i].same_cut)
            w.ranges[1].range.lo = (struct mr_key){other, sizeof other};
        w.parts[0].has_objects = rows[i].other_objects;
        w.parts[1].has_objects = !rows[i].no_objects;
        enum mr_code code = merge(&w);
        assert_int_equal(code, rows[i].why == NULL ? MR_OK : MR_E_REFUSED);
        if (rows[i].why != NULL)
            assert_non_null(strstr(w.err.message, rows[i].why));
        world_end(&w);
    }
}

/* ---- what is joined */

static void test_equal(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_ends(&w);
    assert_int_equal(merge(&w), MR_OK);
    assert_true(w.run.finished && w.run.kin_done && w.run.objects_done);
    assert_string_equal(w.run.uuid, UUID);
    assert_string_equal(w.run.started, "2026-01-02T03:04:05Z");
    assert_string_equal(w.run.options, "since=\nobjects=all\n");
    assert_true(w.run.seconds > 2.99 && w.run.seconds < 3.01);
    assert_null(w.run.hidden);
    assert_int_equal(w.nfound, 1);
    assert_int_equal(w.found[0].verdict, MR_VERDICT_EQUAL);
    assert_int_equal(w.found[0].counts.source_rows, 20);
    assert_int_equal(w.found[0].counts.bytes, 200);
    assert_int_equal(ask(w.out, "SELECT count(*) FROM segment WHERE no IN (0,1)"), 2);
    assert_int_equal(ask(w.out, "SELECT count(*) FROM chunk WHERE last=1"), 2);
    assert_int_equal(ask(w.out, "SELECT count(*) FROM tbl_made WHERE numbers IN ('=7','=9')"), 2);
    world_end(&w);
}

/* The part of the upper range is the first: its rows come last all the same. */
static enum mr_code push_key(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    int64_t **next = ctx;
    (void)err;
    *(*next)++ = f->segment;
    return MR_OK;
}

static void test_order(void **state)
{
    struct world w;
    int64_t segments[3] = {0}, *next = segments;
    (void)state;
    world_begin(&w);
    row(&w, 0, MR_KIND_MISSING, "1/a/x", NULL, "a", NULL);
    row(&w, 0, MR_KIND_MISSING, "2/b/x", NULL, "b", NULL);
    row(&w, 1, MR_KIND_EXTRA, NULL, "200/c/x", NULL, "c");
    world_ends(&w);
    const struct mr_case_merge_part first = w.parts[0];
    w.parts[0] = w.parts[1];
    w.parts[1] = first;
    assert_int_equal(merge(&w), MR_OK);
    assert_int_equal(w.found[0].verdict, MR_VERDICT_DIVERGED);
    assert_int_equal(w.found[0].counts.missing, 2);
    assert_int_equal(w.found[0].counts.extra, 1);
    assert_int_equal(mr_findings_walk(w.out, w.found[0].id, false, push_key, &next, NULL), MR_OK);
    assert_true(segments[0] == 0 && segments[1] == 0 && segments[2] == 1);
    world_end(&w);
}

/* A person whose row stands in the other part's range on the other side; and one of two rows. */
static void test_moved_and_twice(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    row(&w, 0, MR_KIND_COLLISION, "1/ann/x", "1/bob/x", "ann", "bob");
    row(&w, 1, MR_KIND_COLLISION, "200/cid/x", "200/ann/x", "cid", "ann");
    row(&w, 0, MR_KIND_MISSING, "3/two/x", NULL, "two", NULL);
    row(&w, 1, MR_KIND_EXTRA, NULL, "203/two/x", NULL, "two");
    for (size_t i = 0; i < PARTS; i++) { /* both have looked for it */
        case_duplicate(&w.part[i], 1, "two", "203/two/x");
        case_duplicate(&w.part[i], 1, "two", "204/two/x");
    }
    world_ends(&w);
    assert_int_equal(merge(&w), MR_OK);
    assert_int_equal(w.found[0].counts.collision, 2);
    assert_int_equal(w.found[0].counts.moved, 1);
    assert_int_equal(ask(w.out, "SELECT count(*) FROM duplicate"), 2);
    assert_int_equal(ask(w.out,
                         "SELECT count(*) FROM moved m JOIN finding s ON s.id=m.source"
                         " JOIN finding t ON t.id=m.target WHERE s.segment=0 AND t.segment=1"),
                     1);
    world_end(&w);
}

/* A row of one part refers to a row that is a finding of the other. */
static void test_kin(void **state)
{
    static const size_t column[] = {0};
    struct world w;
    char key[10];
    struct mr_strbuf image = MR_STRBUF_INIT;
    (void)state;
    world_begin(&w);
    for (size_t i = 0; i < PARTS; i++) {
        struct mr_lineage_reference r = {.table = w.part[i].table.id,
                                         .parent = w.part[i].table.id,
                                         .parent_name = "db.t",
                                         .name = "self",
                                         .declared = true,
                                         .condition_at = -1,
                                         .columns = column,
                                         .parent_columns = column,
                                         .ncolumns = 1};
        case_require(mr_lineage_reference_add(w.part[i].fd, &r, NULL));
    }
    row(&w, 0, MR_KIND_CHANGED, "1/ann/x", "1/ann/y", "ann", "ann");
    row(&w, 0, MR_KIND_CHANGED, "2/bob/x", "2/bob/y", "bob", "bob");
    row(&w, 1, MR_KIND_CHANGED, "200/cid/x", "200/cid/y", "cid", "cid");
    case_encode(&image, "200/cid/x");
    encode_key("200/cid/x", key);
    const struct mr_lineage_row parent = {.table = w.part[0].table.id,
                                          .key = {key, sizeof key},
                                          .image = image.ptr,
                                          .image_len = image.len};
    char far_key[10];
    encode_key("300/dan/x", far_key);
    const struct mr_lineage_row far = {.table = w.part[0].table.id,
                                       .key = {far_key, sizeof far_key},
                                       .image = image.ptr,
                                       .image_len = image.len};
    /* the last is an ancestor's, who has nobody above */
    const struct mr_lineage_step steps[] = {{.child = 1, .reference = 1, .parent = &parent},
                                            {.child = 2, .reference = 1, .parent = &far},
                                            {.child = -2, .reference = 1}};
    case_require(mr_lineage_save(w.part[0].fd, 0, steps, LEN(steps), NULL));
    assert_int_equal(ask(w.part[0].fd, "SELECT count(*) FROM ancestor"), 2);
    world_ends(&w);
    assert_int_equal(merge(&w), MR_OK);
    assert_true(w.run.kin_done);
    assert_int_equal(ask(w.out, "SELECT count(*) FROM link"), 3);
    assert_int_equal(ask(w.out, "SELECT count(*) FROM ancestor"), 1);
    assert_int_equal(ask(w.out, "SELECT count(*) FROM link l JOIN ancestor a ON l.child=-a.id"
                                " WHERE l.parent=0"),
                     1);
    assert_int_equal(ask(w.out,
                         "SELECT count(*) FROM link l JOIN finding c ON c.id=l.child"
                         " JOIN finding p ON p.id=l.parent WHERE c.segment=0 AND p.segment=1"),
                     1);
    mr_strbuf_release(&image);
    world_end(&w);
}

/* ---- packed images */

static enum mr_code count_rows(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    size_t *count = ctx;
    struct mr_strbuf image = MR_STRBUF_INIT;
    char text[64];
    (void)err;
    (void)snprintf(text, sizeof text, "%zu/somebody %zu/a note that is long enough", *count,
                   *count);
    case_encode(&image, text);
    assert_int_equal(f->source_len, image.len);
    assert_memory_equal(f->source, image.ptr, image.len);
    mr_strbuf_release(&image);
    ++*count;
    return MR_OK;
}

#define MANY 2500 /* more than a dictionary is trained after */

static void add_many(struct world *w, size_t part)
{
    struct mr_finding *all = calloc(MANY, sizeof *all);
    struct mr_arena arena = MR_ARENA_INIT;
    assert_non_null(all);
    for (size_t i = 0; i < MANY; i++) {
        struct mr_strbuf image = MR_STRBUF_INIT;
        char text[64];
        (void)snprintf(text, sizeof text, "%zu/somebody %zu/a note that is long enough",
                       part * MANY + i, part * MANY + i);
        case_encode(&image, text);
        all[i] = (struct mr_finding){.state = MR_FIND_DIVERGED,
                                     .kind = MR_KIND_MISSING,
                                     .count = 1,
                                     .pos = i,
                                     .source = mr_arena_dup(&arena, image.ptr, image.len),
                                     .source_len = image.len};
        all[i].key = (struct mr_key){all[i].source, 10};
        mr_strbuf_release(&image);
    }
    case_require(mr_findings_save(w->part[part].fd, w->part[part].table.id, all, MANY, true, NULL));
    mr_arena_release(&arena);
    free(all);
}

/* Of two parts, each with a dictionary: of one number, and of two. */
static void test_dictionaries(void **state)
{
    (void)state;
    for (int apart = 0; apart < 2; apart++) {
        struct world w;
        size_t count = 0;
        world_begin(&w);
        for (size_t i = 0; i < PARTS; i++) {
            struct mr_case *cf = mr_findings_case(w.part[i].fd);
            if (apart == 1)
                case_require(MR_CASE_ONCE(cf,
                                          "INSERT INTO dictionary (id, tbl, bytes)"
                                          " VALUES (:id, 0, x'00')",
                                          NULL, MR_ARG_INT("id", (i + 1) << 16)));
            add_many(&w, i);
            assert_int_equal(ask(w.part[i].fd, "SELECT max(id) FROM dictionary"),
                             apart == 1 ? (int64_t)((i + 1) << 16) + 1 : 1);
        }
        world_ends(&w);
        assert_int_equal(merge(&w), MR_OK);
        assert_int_equal(w.found[0].counts.missing, PARTS * MANY);
        assert_int_equal(mr_findings_walk(w.out, w.found[0].id, false, count_rows, &count, NULL),
                         MR_OK);
        assert_int_equal(count, PARTS * MANY);
        assert_int_equal(ask(w.out, "SELECT count(*) FROM dictionary"), apart == 1 ? 2 : 1);
        world_end(&w);
    }
}

/* ---- what is not checked */

static void miss_path(struct world *w)
{
    w->parts[0].path = NULL;
    w->parts[0].why = "it is missing";
}

static void unfinish(struct world *w)
{
    w->part[0].run.finished = false;
}

static void other_scope(struct world *w)
{
    w->parts[0].scope = w->parts[1].scope;
}

static void say_why(struct world *w)
{
    w->part[0].run.finished = false;
    w->parts[0].why = "access denied";
}

static void other_run(struct world *w)
{
    case_require(
        mr_case_exec(mr_findings_case(w->part[0].fd), "UPDATE run SET uuid=uuid||'x'", NULL));
}

static void other_options(struct world *w)
{
    case_require(mr_case_exec(mr_findings_case(w->part[0].fd),
                              "UPDATE run SET options=replace(options, 'since=', 'since=1')",
                              NULL));
}

static void other_server(struct world *w)
{
    const struct mr_server one = {.flavour = MR_FLAVOUR_MYSQL, .uuid = "u1"},
                           two = {.flavour = MR_FLAVOUR_MYSQL, .uuid = "u2"};
    for (size_t i = 0; i < PARTS; i++) {
        const struct mr_server *const servers[2] = {&one, i == 0 ? &two : &one};
        case_require(mr_findings_servers_save(w->part[i].fd, servers, 2, NULL));
    }
}

static void made_anew(struct world *w)
{
    case_require(mr_case_exec(mr_findings_case(w->part[0].fd),
                              "UPDATE tbl_made SET numbers='=8' WHERE side=0", NULL));
}

/* As an ALTER that is instant: numbers and order stay. Side 1 is by an earlier version in one of the parts. */
static void altered(struct world *w)
{
    case_require(mr_case_exec(mr_findings_case(w->part[1].fd),
                              "UPDATE tbl_made SET key=key || char(10) || 'ff' WHERE side=0",
                              NULL));
    case_require(mr_case_exec(mr_findings_case(w->part[0].fd),
                              "UPDATE tbl_made SET key=key || char(10) || 'fe'", NULL));
}

static void forget_made(struct world *w)
{
    case_require(mr_case_exec(mr_findings_case(w->part[0].fd), "DELETE FROM tbl_made", NULL));
}

static void other_columns(struct world *w)
{
    case_require(mr_case_exec(mr_findings_case(w->part[0].fd),
                              "UPDATE col SET type='bigint' WHERE at=0", NULL));
}

static void no_table(struct world *w)
{
    case_require(mr_findings_table_drop(w->part[0].fd, w->part[0].table.id, NULL));
}

static void no_base_table(struct world *w)
{
    case_require(mr_findings_table_drop(w->part[1].fd, w->part[1].table.id, NULL));
}

/* Applied once the parts have ended, before they are merged. */
static void last_chunk(struct world *w)
{
    case_require(mr_case_exec(mr_findings_case(w->part[0].fd), "UPDATE chunk SET last=0", NULL));
}

static void other_range(struct world *w)
{
    case_require(
        mr_case_exec(mr_findings_case(w->part[0].fd), "UPDATE segment SET hi=x'00'", NULL));
}

static void no_segments(struct world *w)
{
    case_require(mr_case_exec(mr_findings_case(w->part[0].fd), "DELETE FROM segment", NULL));
}

static void undecided(struct world *w)
{
    case_require(mr_case_exec(mr_findings_case(w->part[0].fd), "UPDATE tbl SET verdict=0", NULL));
}

static void unsettled_yet(struct world *w)
{
    case_require(mr_case_exec(mr_findings_case(w->part[0].fd), "UPDATE tbl SET settled=0", NULL));
}

static void given_up(struct world *w)
{
    case_require(mr_case_exec(mr_findings_case(w->part[0].fd),
                              "UPDATE tbl SET verdict=4, reason='no right'", NULL));
}

static void test_not_checked(void **state)
{
    static const struct {
        void (*spoil)(struct world *w);
        const char *reason;
        bool finished;
        int kept; /* findings: what nothing speaks against stands, so far */
    } rows[] = {
        {miss_path, "part 0: it is missing", false, 1},
        {unfinish, "part 0 has not finished this pair", false, 1},
        {other_scope, "part 0 holds what another part was to read", false, 1},
        {say_why, "part 0: access denied", false, 1},
        {other_run, "part 0 has not begun this pair", false, 1},
        {other_options, "part 0 has other options than part 1", false, 0},
        {other_server, "part 0 has read another server as its target than part 1", false, 0},
        {made_anew, "another one has taken its place on the source, before part 1 has read it",
         true, 0},
        {altered, "it was altered on the source, before part 1 has read it", true, 0},
        {forget_made, "part 0 does not say of which table it has read", true, 0},
        {other_columns, "are others in part 0 than in part 1", true, 0},
        {no_table, "it was there when the fleet was planned, and part 0 has not seen it", true, 0},
        {no_base_table, "part 0 has read it, and part 1 has not seen it", true, 0},
        {last_chunk, "part 0 has not read all that it was to read", true, 0},
        {other_range, "part 0 has not read all that it was to read", true, 0},
        {no_segments, "part 0 has not read all that it was to read", true, 0},
        {undecided, "part 0 has not read all that it was to read", true, 0},
        {unsettled_yet, "part 0 has not read all that it was to read", true, 0},
        {given_up, "no right", true, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct world w;
        world_begin(&w);
        for (size_t k = 0; k < PARTS; k++) {
            row(&w, k, MR_KIND_CHANGED, k == 0 ? "1/ann/x" : "200/bob/x",
                k == 0 ? "1/ann/y" : "200/bob/y", "p", "p");
            table_end(&w, k, range_of(&w, k), 10);
        }
        rows[i].spoil(&w);
        for (size_t k = 0; k < PARTS; k++)
            part_end(&w, k);
        assert_int_equal(merge(&w), MR_OK);
        assert_int_equal(w.nfound, 1);
        assert_int_equal(w.found[0].verdict, MR_VERDICT_NOT_CHECKED);
        if (strstr(w.found[0].reason, rows[i].reason) == NULL)
            fail_msg("row %zu: \"%s\" is not in \"%s\"", i, rows[i].reason, w.found[0].reason);
        assert_int_equal(w.run.finished, rows[i].finished);
        assert_int_equal(ask(w.out, "SELECT count(*) FROM finding"), rows[i].kept);
        assert_int_equal(w.found[0].counts.changed, rows[i].kept);
        /* whoever goes on with the case reads the table from the start */
        assert_int_equal(ask(w.out, "SELECT count(*) FROM segment"), 0);
        assert_int_equal(ask(w.out, "SELECT count(*) FROM chunk"), 0);
        world_end(&w);
    }
}

/* Nobody has compared the objects, whatever the runs of files that have changed places say. */
static void test_objects_missing(void **state)
{
    (void)state;
    for (int exchanged = 0; exchanged < 2; exchanged++) {
        struct world w;
        world_begin(&w);
        world_ends(&w);
        w.parts[1].path = exchanged ? w.path[0] : NULL;
        w.parts[0].path = exchanged ? w.path[1] : w.path[0];
        w.parts[1].why = exchanged ? NULL : "it is missing";
        assert_int_equal(merge(&w), MR_OK);
        assert_false(w.run.finished || w.run.objects_done);
        assert_int_equal(w.found[0].verdict, MR_VERDICT_NOT_CHECKED);
        assert_non_null(w.run.hidden);
        assert_string_equal(w.run.hidden,
                            exchanged
                                ? "schema objects, which were not compared: part 1 holds what "
                                  "another part was to read"
                                : "schema objects, which were not compared: part 1: it is missing");
        world_end(&w);
    }
}

/* No part at all can be read, or none was planned. */
static void test_nothing(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_ends(&w);
    for (size_t i = 0; i < PARTS; i++) {
        w.parts[i].path = NULL;
        w.parts[i].why = "it is missing";
    }
    assert_int_equal(merge(&w), MR_OK);
    assert_int_equal(w.found[0].verdict, MR_VERDICT_NOT_CHECKED);
    assert_string_equal(w.run.source, "mysql://s/");
    assert_false(w.run.finished);
    world_end(&w);
    world_begin(&w);
    world_ends(&w);
    w.merge.nparts = 0;
    w.merge.why = "no such host";
    assert_true(merge(&w) == MR_OK && w.nfound == 0);
    assert_string_equal(w.run.hidden, "the pair, which could not be planned: no such host");
    world_end(&w);
}

/* A table of no scope: it was made since. */
static void test_extra_table(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    table_end(&w, 0, range_of(&w, 0), 10);
    table_end(&w, 1, range_of(&w, 1), 10);
    table_begin(&w, 1, "db.s");
    part_end(&w, 0);
    part_end(&w, 1);
    assert_int_equal(merge(&w), MR_OK);
    assert_int_equal(w.nfound, 2);
    assert_string_equal(w.found[0].name, "db.s");
    assert_int_equal(w.found[0].verdict, MR_VERDICT_NOT_CHECKED);
    assert_int_equal(w.found[1].verdict, MR_VERDICT_EQUAL);
    world_end(&w);
}

/* A table that nobody has seen is an object of one side, or not checked. */
static void test_one_side(void **state)
{
    struct world w;
    (void)state;
    for (int known = 0; known < 2; known++) {
        world_begin(&w);
        for (size_t i = 0; i < PARTS; i++)
            case_require(mr_findings_table_drop(w.part[i].fd, w.part[i].table.id, NULL));
        if (known == 1)
            case_require(mr_findings_object_add(
                w.part[1].fd,
                &(struct mr_find_object){
                    .kind = "table", .table = "db.t", .name = "t", .source = "x"},
                NULL));
        for (size_t i = 0; i < PARTS; i++)
            part_end(&w, i);
        assert_int_equal(merge(&w), MR_OK);
        assert_int_equal(w.nfound, known == 1 ? 0 : 1);
        assert_int_equal(ask(w.out, "SELECT count(*) FROM object"), known);
        world_end(&w);
    }
}

static void test_other_references(void **state)
{
    static const size_t column[] = {0};
    struct world w;
    (void)state;
    world_begin(&w);
    struct mr_lineage_reference r = {.table = w.part[0].table.id,
                                     .parent_name = "db.u",
                                     .name = "fk",
                                     .condition_at = -1,
                                     .columns = column,
                                     .ncolumns = 1};
    case_require(mr_lineage_reference_add(w.part[0].fd, &r, NULL));
    world_ends(&w);
    assert_int_equal(merge(&w), MR_OK);
    assert_false(w.run.kin_done);
    assert_non_null(strstr(w.run.hidden, "knows other references between tables"));
    assert_int_equal(w.found[0].verdict, MR_VERDICT_EQUAL);
    world_end(&w);
}

/* ---- damage */

static void cut_file(struct world *w)
{
    assert_int_equal(truncate(w->path[1], 8192), 0);
}

static void put_a_view(struct world *w)
{
    case_begin_at(&w->part[1], w->path[1]);
    case_require(mr_case_exec(mr_findings_case(w->part[1].fd), "CREATE VIEW v AS SELECT 1", NULL));
    case_require(mr_findings_close(w->part[1].fd, NULL));
    w->part[1].fd = NULL;
}

static void number_badly(struct world *w)
{
    case_begin_at(&w->part[1], w->path[1]);
    case_require(mr_case_exec(mr_findings_case(w->part[1].fd), "UPDATE finding SET id=-3", NULL));
    case_require(mr_findings_close(w->part[1].fd, NULL));
    w->part[1].fd = NULL;
}

static void bad_state(struct world *w)
{
    case_begin_at(&w->part[1], w->path[1]);
    case_require(mr_case_exec(mr_findings_case(w->part[1].fd), "UPDATE finding SET state=9", NULL));
    case_require(mr_findings_close(w->part[1].fd, NULL));
    w->part[1].fd = NULL;
}

static void bad_segment(struct world *w)
{
    case_begin_at(&w->part[1], w->path[1]);
    case_require(
        mr_case_exec(mr_findings_case(w->part[1].fd), "UPDATE finding SET segment=5", NULL));
    case_require(mr_findings_close(w->part[1].fd, NULL));
    w->part[1].fd = NULL;
}

static void test_damaged(void **state)
{
    static void (*const spoil[])(struct world *) = {cut_file, put_a_view, number_badly, bad_state,
                                                    bad_segment};
    (void)state;
    for (size_t i = 0; i < LEN(spoil); i++) {
        struct world w;
        world_begin(&w);
        row(&w, 1, MR_KIND_MISSING, "200/ann/x", NULL, "ann", NULL);
        world_ends(&w);
        spoil[i](&w);
        assert_int_equal(merge(&w), MR_E_CASE);
        assert_int_equal(w.damaged, 1);
        assert_non_null(strstr(w.err.message, w.path[1]));
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles),       cmocka_unit_test(test_equal),
        cmocka_unit_test(test_order),       cmocka_unit_test(test_moved_and_twice),
        cmocka_unit_test(test_kin),         cmocka_unit_test(test_dictionaries),
        cmocka_unit_test(test_not_checked), cmocka_unit_test(test_objects_missing),

        cmocka_unit_test(test_nothing),     cmocka_unit_test(test_extra_table),
        cmocka_unit_test(test_one_side),    cmocka_unit_test(test_other_references),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
