/*
 * test_snap_chain.c: what goes on from what, and that the rows of a chain are those of its last moment, and behind it
 * those of a later one: links, and a log, of random changes against a table in memory.  SEEDS sets how many chains.
 */
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snap_build.h"
#include "random.h"
#include "snapshot/merge/merge_rows.h"
#include "snapshot/merge/snap_merge.h"
#include "snapshot/until/until_take.h"

#define KEYS 40 /* that a table may have */
#define LINKS 5
#define LEN(array) (sizeof(array) / sizeof *(array))

static char place[] = "/tmp/test_snap_chain.XXXXXX";

static const struct mr_column known[] = {
    {.name = "k", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 1},
    {.name = "v", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 2}};
static const struct mr_column known_texts[] = {
    {.name = "k",
     .type = "varchar(9)",
     .data_type = "varchar",
     .cls = MR_CLASS_TEXT,
     .charset = "latin1",
     .collation = "latin1_swedish_ci",
     .ordinal = 1},
    {.name = "v", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 2}};
static const struct mr_snap_column columns[] = {
    {.name = "k", .type = "int(11)", .cls = MR_CLASS_INT, .load = MR_SNAP_LOAD_PLAIN},
    {.name = "v", .type = "int(11)", .cls = MR_CLASS_INT, .load = MR_SNAP_LOAD_PLAIN}};
static const struct mr_snap_column text_columns[] = {
    {.name = "k",
     .type = "varchar(9)",
     .cls = MR_CLASS_TEXT,
     .charset = "latin1",
     .load = MR_SNAP_LOAD_PLAIN},
    {.name = "v", .type = "int(11)", .cls = MR_CLASS_INT, .load = MR_SNAP_LOAD_PLAIN}};
static const size_t key[] = {0};

/* ---- a link ---- */

struct world {
    bool texts;
    int v[KEYS]; /* of each key; 0: there is no such row */
    struct mr_arena arena;
    char sha256[MR_SHA256_HEX]; /* of the last link's manifest */
    unsigned links;
};

/* Keys that differ in their letters alone are two. */
static struct mr_value key_value(struct world *w, size_t k)
{
    if (!w->texts)
        return (struct mr_value){.cls = MR_CLASS_INT, .i = (int64_t)k - KEYS / 2};
    const char *text = mr_arena_fmt(&w->arena, k % 2 == 0 ? "k%zu" : "K%zu", k / 2);
    return (struct mr_value){.cls = MR_CLASS_TEXT, .ptr = text, .len = strlen(text)};
}

static struct snap_build_row row_of(struct world *w, size_t k)
{
    struct mr_value *values = mr_arena_calloc(&w->arena, 2, sizeof *values);
    struct mr_strbuf text = MR_STRBUF_INIT;
    assert_non_null(values);
    values[0] = key_value(w, k);
    values[1] = (struct mr_value){.cls = MR_CLASS_INT, .i = w->v[k]};
    assert_int_equal(mr_row_encode(&text, &values[0], NULL), MR_OK);
    const struct mr_key encoded = {mr_arena_dup(&w->arena, text.ptr, text.len), text.len};
    mr_strbuf_release(&text);
    return (struct snap_build_row){values, encoded};
}

static const char *path_of(struct world *w, unsigned link)
{
    return mr_arena_fmt(&w->arena, "%s/n%u", place, link);
}

/* changed: keys that it names; NULL: it has all rows. */
static void add_link(struct world *w, const bool *changed, bool has_base)
{
    struct snap_build_row rows[KEYS], gone[KEYS];
    struct snap_build b = {.table = {.db = "d",
                                     .name = "t",
                                     .columns = w->texts ? text_columns : columns,
                                     .ncolumns = LEN(columns),
                                     .key = key,
                                     .nkey = 1},
                           .known = w->texts ? known_texts : known,
                           .nknown = LEN(known),
                           .rows = rows,
                           .gone = gone,
                           .a_chunk = 1 + random_below(20),
                           .source = "mysql://u@h/d"};
    struct mr_snap snap;
    for (size_t k = 0; k < KEYS; k++) {
        if (changed != NULL && !changed[k])
            continue;
        if (w->v[k] != 0)
            rows[b.nrows++] = row_of(w, k);
        else if (changed != NULL)
            gone[b.ngone++] = row_of(w, k);
    }
    b.table.keys_hidden = changed != NULL || w->texts;
    if (has_base) {
        b.base = (struct mr_snap_base){
            .uuid = "u", .created = "c", .sha256 = w->sha256, .from_file = "f", .until_file = "f"};
        b.table.kept_rows = changed != NULL ? MR_SNAP_ROWS_CHANGED : MR_SNAP_ROWS_COPIED;
        b.table.why_copied = changed != NULL ? NULL : "why";
    }
    snap_build(&b, path_of(w, w->links));
    assert_int_equal(mr_snap_open(path_of(w, w->links++), &snap, NULL), MR_OK);
    (void)snprintf(w->sha256, sizeof w->sha256, "%s", snap.manifest_sha256);
    mr_snap_close(&snap);
    mr_arena_release(&b.arena);
}

/* To and fro: rows come, change, go, come again, and what is named need not have changed. */
static void change(struct world *w, bool *changed)
{
    for (size_t k = 0; k < KEYS; k++) {
        changed[k] = random_below(4) == 0;
        if (changed[k] && random_below(4) != 0)
            w->v[k] = random_below(2) == 0 ? 0 : (int)random_below(1000) + 1;
    }
}

/* ---- what is read ---- */

static void assert_rows(struct world *w, const struct mr_snap *snap,
                        const struct mr_snap_table *table)
{
    struct mr_snap_merge_rows rows;
    int got[KEYS] = {0};
    int64_t last = INT64_MIN;
    uint64_t count = 0;
    mr_snap_merge_rows_open(&rows, snap, table);
    for (;;) {
        struct mr_err err = {0};
        snap_build_ok(mr_snap_merge_rows_next(&rows, &err), &err);
        if (rows.values == NULL)
            break;
        size_t k = 0;
        while (k < KEYS) {
            const struct snap_build_row wanted = row_of(w, k);
            if (wanted.key.len == rows.key.len &&
                memcmp(wanted.key.ptr, rows.key.ptr, rows.key.len) == 0)
                break;
            k++;
        }
        assert_true(k < KEYS && got[k] == 0);
        got[k] = (int)rows.values[1].i;
        if (!w->texts) {
            assert_true(rows.values[0].i > last);
            last = rows.values[0].i;
        }
        count++;
    }
    mr_snap_merge_rows_close(&rows);
    assert_memory_equal(got, w->v, sizeof got);
    assert_int_equal(table->rows, count);
}

/* until: what a log made of the rows since; NULL: nothing. */
static void assert_merged(struct world *w, const struct mr_until *until)
{
    struct mr_snap_merge_opts opts = {.chunk_mib = 1, .level = 1, .until = until};
    struct mr_snap_merge merge = {.opts = &opts, .arena = MR_ARENA_INIT};
    struct mr_snap_chain chain;
    struct mr_snap_table table;
    struct mr_err err = {0};
    const char *reason = NULL;
    snap_build_ok(mr_snap_chain_open(&chain, path_of(w, w->links - 1), NULL, &err), &err);
    snap_build_ok(mr_snap_chain_require(&chain, &err), &err);
    assert_int_equal(chain.links.count, w->links);
    merge.chain = &chain;
    snap_build_ok(mr_progress_new(MR_PROGRESS_NEVER, &opts.progress, &err), &err);
    snap_build_ok(mr_snap_dir_begin(mr_arena_fmt(&w->arena, "%s/merged", place), &merge.dir, &err),
                  &err);
    snap_build_ok(mr_snap_merge_table(&merge, 0, &table, &err), &err);
    const struct mr_snap made = {.path = mr_snap_dir_partial(merge.dir)};
    assert_rows(w, &made, &table);
    mr_snap_check_table(&table, &reason);
    assert_null(reason);
    snap_build_ok(mr_snap_dir_clear(merge.dir, &err), &err);
    mr_snap_dir_free(merge.dir);
    mr_snap_chain_close(&chain);
    mr_progress_free(opts.progress);
    mr_arena_release(&merge.arena);
}

/* ---- a log behind the last link ---- */

/* Of a row: its key, and its value where the image shows it. */
static void make_image(struct world *w, size_t k, bool shows, struct mr_strbuf *out)
{
    const struct mr_value value = {.cls = MR_CLASS_INT, .i = w->v[k]}, of = key_value(w, k);
    mr_strbuf_reset(out);
    assert_int_equal(mr_row_encode_exact(out, &of, NULL), MR_OK);
    if (shows)
        assert_int_equal(mr_row_encode_exact(out, &value, NULL), MR_OK);
    else
        mr_strbuf_add_char(out, MR_UNTIL_UNSEEN);
}

static void put(struct world *w, struct mr_until_rows *rows, size_t k,
                const struct mr_strbuf *before, const struct mr_strbuf *after)
{
    const struct snap_build_row row = row_of(w, k);
    const struct mr_until_change change = {.key = row.key, .before = before, .after = after};
    struct mr_err err = {0};
    snap_build_ok(mr_until_rows_put(rows, &change, &err), &err);
}

/* A row comes, goes, changes, or takes a key that is free; in images of all columns, or of the least. */
static void change_by_log(struct world *w, struct mr_until_rows *rows)
{
    const size_t k = random_below(KEYS), other = random_below(KEYS);
    const bool is_whole = random_below(2) == 0;
    struct mr_strbuf before = MR_STRBUF_INIT, after = MR_STRBUF_INIT;
    if (w->v[k] == 0) {
        w->v[k] = (int)random_below(1000) + 1;
        make_image(w, k, true, &after);
        put(w, rows, k, NULL, &after);
    } else if (random_below(3) == 0) {
        make_image(w, k, is_whole, &before);
        w->v[k] = 0;
        put(w, rows, k, &before, NULL);
    } else if (w->v[other] == 0 && random_below(2) == 0) {
        make_image(w, k, is_whole, &before);
        w->v[other] = w->v[k];
        w->v[k] = 0;
        make_image(w, other, true, &after);
        put(w, rows, k, &before, NULL);
        put(w, rows, other, NULL, &after);
    } else {
        make_image(w, k, is_whole, &before);
        const bool moves = random_below(3) != 0; /* else a column changes that nobody looks at */
        w->v[k] = moves ? (int)random_below(1000) + 1 : w->v[k];
        make_image(w, k, is_whole || moves, &after);
        put(w, rows, k, &before, &after);
    }
    mr_strbuf_release(&before);
    mr_strbuf_release(&after);
}

static void assert_until(struct world *w)
{
    const struct mr_snap_table like = {.db = "d",
                                       .name = "t",
                                       .columns = w->texts ? text_columns : columns,
                                       .ncolumns = LEN(columns),
                                       .key = key,
                                       .nkey = 1};
    struct mr_scratch_file scratch;
    struct mr_until_table table = {.is_wanted = true};
    const struct mr_until until = {.tables = &table, .ntables = 1};
    mr_scratch_file_init(&scratch);
    assert_int_equal(mr_scratch_file_open(&scratch, "", NULL), MR_OK);
    mr_until_rows_init(&table.rows, &like, &scratch);
    for (size_t i = random_below(100); i > 0; i--)
        change_by_log(w, &table.rows);
    assert_merged(w, &until);
    mr_until_rows_release(&table.rows);
    mr_scratch_file_release(&scratch);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void end_world(struct world *w)
{
    for (unsigned i = 0; i < w->links; i++)
        assert_int_equal(nftw(path_of(w, i), remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    mr_arena_release(&w->arena);
}

static void test_rows(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < random_seeds(); seed++) {
        struct world w = {.texts = seed % 2 == 1, .arena = MR_ARENA_INIT};
        bool changed[KEYS];
        random_state = seed;
        change(&w, changed);
        add_link(&w, NULL, false);
        for (unsigned link = 1; link < LINKS; link++) {
            change(&w, changed);
            add_link(&w, random_below(6) == 0 ? NULL : changed, true);
            assert_merged(&w, NULL);
        }
        assert_until(&w);
        end_world(&w);
    }
}

/* A link is called by any path that leads to it, and bases lie beside where it is. */
static void test_paths(void **state)
{
    static const char *const paths[] = {".",       "./",       "../n1",  "../n1/",
                                        "../n1/.", "..//n1//", "data/.."};
    struct world w = {.arena = MR_ARENA_INIT};
    bool changed[KEYS];
    char was[4096];
    (void)state;
    random_state = 1;
    change(&w, changed);
    add_link(&w, NULL, false);
    add_link(&w, changed, true);
    assert_non_null(getcwd(was, sizeof was));
    assert_int_equal(chdir(path_of(&w, 1)), 0);
    for (size_t i = 0; i < LEN(paths); i++) {
        struct mr_snap_chain chain;
        assert_int_equal(mr_snap_chain_open(&chain, paths[i], NULL, NULL), MR_OK);
        if (chain.missing != NULL || chain.links.count != 2)
            fail_msg("\"%s\": %zu links", paths[i], chain.links.count);
        mr_snap_chain_close(&chain);
    }
    assert_int_equal(chdir(was), 0);
    end_world(&w);
}

/* What an unfinished snapshot of a server has left, which may be hours of reading, is not cleared away. */
static void test_unfinished(void **state)
{
    struct world w = {.arena = MR_ARENA_INIT};
    struct mr_snap_merge_opts opts = {.chunk_mib = 1, .level = 1};
    struct mr_snap_merge merge;
    struct mr_snap_chain chain;
    struct mr_err err = {0};
    bool changed[KEYS];
    (void)state;
    random_state = 1;
    change(&w, changed);
    add_link(&w, NULL, false);
    add_link(&w, changed, true);
    const char *output = mr_arena_fmt(&w.arena, "%s/merged", place),
               *partial = mr_arena_fmt(&w.arena, "%s.partial", output),
               *journal = mr_arena_fmt(&w.arena, "%s/" MR_SNAP_JOURNAL, partial);
    assert_int_equal(mkdir(partial, 0700), 0);
    FILE *file = fopen(journal, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    snap_build_ok(mr_progress_new(MR_PROGRESS_NEVER, &opts.progress, &err), &err);
    snap_build_ok(mr_snap_chain_open(&chain, path_of(&w, 1), NULL, &err), &err);
    assert_int_equal(mr_snap_merge_run(&merge, &chain, output, &opts, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "unfinished \"snapshot create\""));
    mr_snap_merge_release(&merge);
    assert_int_equal(access(journal, F_OK), 0);
    mr_snap_chain_close(&chain);
    mr_progress_free(opts.progress);
    assert_int_equal(nftw(partial, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    end_world(&w);
}

static int make_place(void **state)
{
    (void)state;
    return mkdtemp(place) == NULL;
}

static int remove_place(void **state)
{
    (void)state;
    return rmdir(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_paths),
                                       cmocka_unit_test(test_unfinished)};
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
