/* test_fleet_file.c: fleet.json is read as it was written, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/io.h"
#include "core/json/json_sealed.h"
#include "recon/check/check_scope.h"
#include "recon/fleet/fleet_file.h"
#include "recon/fleet/fleet_snap_part.h"
#include "snapshot/read/fleet_list.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHA_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct mr_arena arena;

static int setup(void **state)
{
    (void)state;
    mr_arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mr_arena_release(&arena);
    return 0;
}

static enum mr_code parse(const char *text, size_t len, struct mr_fleet_file *out,
                          struct mr_err *err)
{
    return mr_fleet_file_parse(text, len, "fleet.json", "some/dir", &arena, out, err);
}

static void write_well(const struct mr_fleet_file *file, struct mr_strbuf *text)
{
    struct mr_err err = {0};
    if (mr_fleet_file_text(file, text, &err) != MR_OK)
        fail_msg("%s", err.message);
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    struct mr_fleet_file_pair pairs[] = {
        {.name = "shop-00",
         .uri = {"mysql://r@a:3306/x?ssl-mode=required", "snapshot:/b"},
         .config_at = 1},
        {.name = "shop-01",
         .uri = {"mysql://r@c/x", "mysql://r@d/x"},
         .failed = "source: \"no\" such host"}};
    struct mr_fleet_file_config configs[] = {{.sha256 = HEX_A}, {.sha256 = HEX_B}};
    struct mr_fleet_file_part parts[] = {
        {.weight = (uint64_t)1 << 50, .units = 3, .tables = 7, .pairs = 1, .sha256 = HEX_B},
        {.sha256 = HEX_A}};
    const struct mr_fleet_file file = {.id = "20261120T033301Z-8f3a12",
                                       .created = "2026-11-20T03:33:01Z",
                                       .readers_per_server = 4,
                                       .pairs = pairs,
                                       .npairs = 2,
                                       .configs = configs,
                                       .nconfigs = 2,
                                       .parts = parts,
                                       .nparts = 2};
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_fleet_file got;
    struct mr_err err = {0};
    write_well(&file, &text);
    if (parse(text.ptr, text.len, &got, &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_string_equal(got.dir, "some/dir");
    assert_string_equal(got.id, file.id);
    assert_string_equal(got.created, file.created);
    assert_int_equal(got.readers_per_server, 4);
    assert_int_equal(got.npairs, 2);
    assert_string_equal(got.pairs[0].name, "shop-00");
    assert_string_equal(got.pairs[0].uri[MR_SOURCE], pairs[0].uri[MR_SOURCE]);
    assert_string_equal(got.pairs[0].uri[MR_TARGET], pairs[0].uri[MR_TARGET]);
    assert_string_equal(got.pairs[0].config, "some/dir/config/1.ini");
    assert_int_equal(got.pairs[0].config_at, 1);
    assert_null(got.pairs[0].failed);
    assert_string_equal(got.pairs[1].failed, pairs[1].failed);
    assert_string_equal(got.pairs[1].config, "some/dir/config/0.ini");
    assert_int_equal(got.nconfigs, 2);
    assert_string_equal(got.configs[1].sha256, HEX_B);
    assert_int_equal(got.nparts, 2);
    assert_string_equal(got.parts[1].path, mr_fleet_file_work_path("some/dir", 1, &arena));
    assert_string_equal(got.parts[1].path + strlen("some/dir/"), "work/1.jsonl");
    assert_int_equal(got.parts[0].weight, (uint64_t)1 << 50);
    assert_int_equal(got.parts[0].units, 3);
    assert_int_equal(got.parts[0].tables, 7);
    assert_int_equal(got.parts[0].pairs, 1);
    assert_string_equal(got.parts[0].sha256, HEX_B);
    /* whatever is changed of it is seen */
    for (size_t i = 0; i < text.len; i += 7) {
        text.ptr[i] ^= 1;
        assert_int_equal(parse(text.ptr, text.len, &got, &err), MR_E_REFUSED);
        text.ptr[i] ^= 1;
    }
    for (size_t i = 0; i < text.len; i += 11)
        assert_int_equal(parse(text.ptr, i, &got, &err), MR_E_REFUSED);
    mr_strbuf_release(&text);
}

#define HEAD "\"schema\":\"myrecon-fleet-plan/1\",\"fleet\":\"1-a\",\"created\":\"c\","
#define READERS "\"readers_per_server\":4,"
#define CONFIGS "\"configs\":[{\"file\":\"config/0.ini\",\"sha256\":\"" HEX_A "\"}],"
#define PAIR(name, source, config)                                                                 \
    "{\"name\":\"" name "\",\"source\":\"" source                                                  \
    "\",\"target\":\"mysql://b/x\",\"parts\":1,\"config\":\"" config "\"}"
#define GOOD_PAIR PAIR("p", "mysql://a/x", "config/0.ini")
#define PAIRS(list) "\"pairs\":[" list "],"
#define PART(part, file, sha)                                                                      \
    "{\"part\":" part ",\"file\":\"" file "\",\"sha256\":\"" sha                                   \
    "\",\"weight\":1,\"units\":1,\"tables\":1,\"pairs\":1}"
#define GOOD_PART PART("0", "work/0.jsonl", HEX_A)
#define PARTS(list) "\"parts\":[" list "]"

/* Each is sealed well, as somebody could who computes a digest. */
static void test_hostile_files(void **state)
{
    (void)state;
    static const struct {
        const char *body; /* in braces */
        const char *said; /* NULL: it is good */
    } cases[] = {
        {HEAD READERS CONFIGS PAIRS(GOOD_PAIR) PARTS(GOOD_PART), NULL},
        {"\"schema\":\"myrecon-fleet-plan/2\"", "myrecon-fleet-plan/2"},
        {"\"schema\":\"myrecon-fleet-plan/1\",\"fleet\":\"../x\",\"created\":\"c\"," READERS CONFIGS
             PAIRS(GOOD_PAIR) PARTS(GOOD_PART),
         "fleet"},
        {"\"schema\":\"myrecon-fleet-plan/1\",\"fleet\":\"\",\"created\":\"c\"," READERS CONFIGS
             PAIRS(GOOD_PAIR) PARTS(GOOD_PART),
         "fleet"},
        {HEAD "\"readers_per_server\":0," CONFIGS PAIRS(GOOD_PAIR) PARTS(GOOD_PART),
         "readers_per_server"},
        {HEAD "\"readers_per_server\":4294967300," CONFIGS PAIRS(GOOD_PAIR) PARTS(GOOD_PART),
         "readers_per_server"},
        {HEAD READERS CONFIGS PAIRS("") PARTS(GOOD_PART), "pairs"},
        {HEAD READERS CONFIGS PAIRS(GOOD_PAIR) PARTS(""), "parts"},
        {HEAD READERS CONFIGS PAIRS(PAIR("../p", "mysql://a/x", "config/0.ini")) PARTS(GOOD_PART),
         "../p"},
        {HEAD READERS CONFIGS PAIRS(GOOD_PAIR "," PAIR("P", "mysql://a/x", "config/0.ini"))
             PARTS(GOOD_PART),
         "a second pair"},
        {HEAD READERS CONFIGS PAIRS(PAIR("p", "mysql://u:secret@a/x", "config/0.ini"))
             PARTS(GOOD_PART),
         "the URI of pair \"p\""},
        {HEAD READERS CONFIGS PAIRS(PAIR("p", "mysql://a/x?password-command=id", "config/0.ini"))
             PARTS(GOOD_PART),
         "the URI of pair \"p\""},
        {HEAD READERS CONFIGS PAIRS(PAIR("p", "nonsense", "config/0.ini")) PARTS(GOOD_PART),
         "the URI of pair \"p\""},
        {HEAD READERS CONFIGS PAIRS(PAIR("p", "mysql://a/x", "config/1.ini")) PARTS(GOOD_PART),
         "config/1.ini"},
        {HEAD READERS CONFIGS PAIRS(PAIR("p", "mysql://a/x", "config/00.ini")) PARTS(GOOD_PART),
         "config/00.ini"},
        {HEAD READERS CONFIGS PAIRS(PAIR("p", "mysql://a/x", "")) PARTS(GOOD_PART), "config"},
        {HEAD READERS "\"configs\":[{\"file\":\"/etc/passwd\",\"sha256\":\"" HEX_A
                      "\"}]," PAIRS(GOOD_PAIR) PARTS(GOOD_PART),
         "/etc/passwd"},
        {HEAD READERS CONFIGS PAIRS(GOOD_PAIR) PARTS(PART("1", "work/0.jsonl", HEX_A)), "place"},
        {HEAD READERS CONFIGS PAIRS(GOOD_PAIR) PARTS(PART("0", "work/1.jsonl", HEX_A)),
         "work/1.jsonl"},
        {HEAD READERS CONFIGS PAIRS(GOOD_PAIR) PARTS(PART("0", "work/0.jsonl", "abc")), "sha256"},
        {HEAD READERS CONFIGS PAIRS(GOOD_PAIR) PARTS(GOOD_PART "," GOOD_PART), "place"},
        {HEAD READERS CONFIGS PAIRS(GOOD_PAIR) "\"parts\":[7]", "object"},
        {HEAD READERS CONFIGS PAIRS(GOOD_PAIR) "\"parts\":{}", "parts"},
        {HEAD READERS PAIRS(GOOD_PAIR) PARTS(GOOD_PART), "configs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_strbuf body = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
        struct mr_fleet_file got;
        struct mr_err err = {0};
        mr_strbuf_add_fmt(&body, "{%s}\n", cases[i].body);
        assert_int_equal(mr_json_sealed_add(&body, &text, &err), MR_OK);
        enum mr_code code = parse(text.ptr, text.len, &got, &err);
        if (cases[i].said == NULL
                ? code != MR_OK
                : code != MR_E_REFUSED || strstr(err.message, cases[i].said) == NULL)
            fail_msg("case %zu: %d %s", i, (int)code, err.message);
        mr_strbuf_release(&body);
        mr_strbuf_release(&text);
    }
}

#define SNAPSHOTS HEAD "\"does\":\"snapshots\"," READERS CONFIGS
#define NO_CERTIFICATES "\"certificates\":[],\"sign_with\":null,"
#define SNAP_PAIR(part, manifest)                                                                  \
    "{\"name\":\"p\",\"source\":\"mysql://a/x\",\"target\":\"mysql://b/x\",\"part\":" part         \
    ",\"manifest\":" manifest ",\"config\":\"config/0.ini\"}"
#define SNAP_PART "{\"part\":0,\"pairs\":1}"

static void test_hostile_lists(void **state)
{
    (void)state;
    static const struct {
        const char *body, *said; /* NULL: it is good */
    } cases[] = {
        {SNAPSHOTS NO_CERTIFICATES PAIRS(SNAP_PAIR("0", "null")) PARTS(SNAP_PART), NULL},
        {SNAPSHOTS NO_CERTIFICATES PAIRS(SNAP_PAIR("0", "\"" HEX_A "\"")) PARTS(SNAP_PART), NULL},
        {SNAPSHOTS NO_CERTIFICATES PAIRS(SNAP_PAIR("0", "\"aa\"")) PARTS(SNAP_PART), "manifest"},
        {SNAPSHOTS NO_CERTIFICATES PAIRS(SNAP_PAIR("1", "null")) PARTS(SNAP_PART), "the part of"},
        {SNAPSHOTS PAIRS(SNAP_PAIR("0", "null")) PARTS(SNAP_PART), "certificates"},
        {SNAPSHOTS "\"certificates\":[{\"file\":\"../k.pem\",\"sha256\":\"" HEX_A
                   "\"}]," PAIRS(SNAP_PAIR("0", "null")) PARTS(SNAP_PART),
         "../k.pem"},
        {HEAD "\"does\":\"harm\"," READERS CONFIGS NO_CERTIFICATES PAIRS(SNAP_PAIR("0", "null"))
             PARTS(SNAP_PART),
         "harm"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_strbuf body = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
        struct mr_fleet_file got;
        struct mr_err err = {0};
        mr_strbuf_add_fmt(&body, "{%s}\n", cases[i].body);
        assert_int_equal(mr_json_sealed_add(&body, &text, &err), MR_OK);
        enum mr_code code = parse(text.ptr, text.len, &got, &err);
        if (cases[i].said == NULL
                ? code != MR_OK
                : code != MR_E_REFUSED || strstr(err.message, cases[i].said) == NULL)
            fail_msg("case %zu: %d %s", i, (int)code, err.message);
        mr_strbuf_release(&body);
        mr_strbuf_release(&text);
    }
}

static void test_what_a_snapshot_is_of(void **state)
{
    (void)state;
    static const struct {
        const char *source, *uri; /* of its manifest, of the pair */
        bool same;
    } cases[] = {
        {"mysql://u@h:3306/a", "mysql://h:3306/a?ssl-mode=required", true},
        {"mysql://u@h:3306/a", "mysql://other@h/a", true},
        {"mysql://u@h/a,b", "mysql://h/a,b", true},
        {"mysql://u@h/a,b", "mysql://h/b,a", false},
        {"mysql://u@h/a", "mysql://h", false},
        {"mysql://u@h/a", "mysql://h/b", false},
        {"mysql://u@h/a", "mysql://i/a", false},
        {"mysql://u@h:1/a", "mysql://h:2/a", false},
        {"mysql://u@localhost/a?socket=/x", "mysql:///a?socket=/y", false},
        {"mysql://u@h:3306/a", "mysql:///a", true}, /* an option file named the host */
        {"nonsense", "mysql://h/a", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (mr_fleet_snap_is_of(cases[i].source, cases[i].uri) != cases[i].same)
            fail_msg("case %zu: %s, %s", i, cases[i].source, cases[i].uri);
}

/* ---- on disk ---- */

static char dir[64];

static const char *in_dir(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void put_file(const char *name, const char *text)
{
    assert_int_equal(mr_io_write_file(in_dir(name), 0600, text, strlen(text), NULL), MR_OK);
}

static void make_dir(void)
{
    struct mr_fleet_file_pair pair = {.name = "p", .uri = {"mysql://a/x", "mysql://b/x"}};
    struct mr_fleet_file_config config = {.sha256 = SHA_OF_NOTHING};
    struct mr_fleet_file_part part = {.sha256 = HEX_A};
    const struct mr_fleet_file file = {.id = "1-a",
                                       .created = "c",
                                       .readers_per_server = 4,
                                       .pairs = &pair,
                                       .npairs = 1,
                                       .configs = &config,
                                       .nconfigs = 1,
                                       .parts = &part,
                                       .nparts = 1};
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)snprintf(dir, sizeof dir, "/tmp/mr_fleet_file.XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(mkdir(in_dir("config"), 0700), 0);
    put_file("config/0.ini", "");
    write_well(&file, &text);
    put_file(MR_FLEET_FILE, text.ptr);
    mr_strbuf_release(&text);
}

static void remove_dir(void)
{
    (void)unlink(in_dir("config/0.ini"));
    (void)unlink(in_dir(MR_FLEET_FILE));
    (void)rmdir(in_dir("config"));
    assert_int_equal(rmdir(dir), 0);
}

static void test_directory(void **state)
{
    (void)state;
    struct mr_fleet_file got;
    struct mr_err err = {0};
    make_dir();
    assert_int_equal(mr_fleet_file_read(dir, &arena, &got, &err), MR_OK);
    assert_string_equal(got.pairs[0].config, in_dir("config/0.ini"));
    put_file("config/0.ini", "[options]\n");
    assert_int_equal(mr_fleet_file_read(dir, &arena, &got, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "config/0.ini"));
    assert_int_equal(unlink(in_dir("config/0.ini")), 0);
    assert_int_equal(mr_fleet_file_read(dir, &arena, &got, &err), MR_E_IO);
    assert_int_equal(unlink(in_dir(MR_FLEET_FILE)), 0);
    assert_int_equal(mr_fleet_file_read(dir, &arena, &got, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "is no directory of a fleet"));
    assert_non_null(strstr(err.hint, "fleet plan"));
    remove_dir();
}

/* What fleet run writes is what snapshot verify reads. */
static void test_list_of_snapshots(void **state)
{
    (void)state;
    struct mr_fleet_file_pair pairs[] = {
        {.name = "p", .uri = {"mysql://a/x", "mysql://b/x"}, .part = 1, .manifest = HEX_B},
        {.name = "q", .uri = {"mysql://c/x", "mysql://b/x"}}};
    struct mr_fleet_file_config config = {.sha256 = SHA_OF_NOTHING};
    struct mr_fleet_file_config certificate = {.sha256 = HEX_A};
    struct mr_fleet_file_part parts[] = {{.pairs = 1}, {.pairs = 1}};
    const struct mr_fleet_file file = {.id = "1-a",
                                       .created = "c",
                                       .readers_per_server = 4,
                                       .pairs = pairs,
                                       .npairs = 2,
                                       .configs = &config,
                                       .nconfigs = 1,
                                       .parts = parts,
                                       .nparts = 2,
                                       .is_snapshots = true,
                                       .certificates = &certificate,
                                       .ncertificates = 1,
                                       .sign_with = "/k.pem"};
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_fleet_file got;
    struct mr_fleet_listed *listed;
    size_t count;
    struct mr_err err = {0};
    make_dir();
    assert_int_equal(mr_fleet_list_read(dir, &arena, &listed, &count, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "is the plan of a check"));
    write_well(&file, &text);
    put_file(MR_FLEET_FILE, text.ptr);
    if (parse(text.ptr, text.len, &got, &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_true(got.is_snapshots);
    assert_int_equal(got.pairs[0].part, 1);
    assert_string_equal(got.pairs[0].manifest, HEX_B);
    assert_null(got.pairs[1].manifest);
    assert_string_equal(got.certificates[0].path, "some/dir/certificates/0.pem");
    assert_string_equal(got.certificates[0].sha256, HEX_A);
    assert_string_equal(got.sign_with, "/k.pem");
    assert_int_equal(got.parts[1].pairs, 1);
    assert_int_equal(mr_fleet_file_require_checks(&got, "fleet merge", &err), MR_E_REFUSED);
    assert_true(mr_fleet_list_is_there(dir));
    assert_int_equal(mr_fleet_list_read(dir, &arena, &listed, &count, &err), MR_OK);
    assert_int_equal(count, 2);
    assert_string_equal(listed[0].name, "p");
    assert_string_equal(listed[0].manifest, HEX_B);
    assert_null(listed[1].manifest);
    text.ptr[text.len / 2] ^= 1;
    put_file(MR_FLEET_FILE, text.ptr);
    assert_int_equal(mr_fleet_list_read(dir, &arena, &listed, &count, &err), MR_E_REFUSED);
    mr_strbuf_release(&text);
    remove_dir();
    assert_false(mr_fleet_list_is_there(dir));
}

/* The part's file holds text; *code of reading it. */
static enum mr_code read_work(const char *text, struct mr_vec *scopes, struct mr_err *err)
{
    struct mr_fleet_file_pair pairs[] = {
        {.name = "p"}, {.name = "q"}, {.name = "o", .failed = "no"}};
    struct mr_fleet_file_part part = {.path = mr_fleet_file_work_path(dir, 0, &arena)};
    const struct mr_fleet_file file = {
        .dir = dir, .id = "1-a", .pairs = pairs, .npairs = 3, .parts = &part, .nparts = 1};
    put_file("work/0.jsonl", text);
    assert_int_equal(mr_sha256_bytes(text, strlen(text), part.sha256, err), MR_OK);
    mr_vec_clear(scopes);
    return mr_fleet_file_work(&file, 0, &arena, scopes, err);
}

#define SCOPE(run, pair)                                                                           \
    "{\"schema\":\"myrecon-scope/1\",\"run\":\"" run "\",\"pair\":\"" pair                         \
    "\",\"objects\":true,\"tables\":[{\"table\":\"d.t\",\"ranges\":[{\"at\":0,\"lo\":null,"        \
    "\"hi\":null}]}]}"

static void test_work(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said; /* NULL: it is good */
        size_t count;
    } cases[] = {
        {"", NULL, 0},
        {SCOPE("1-a.q", "q") "\n" SCOPE("1-a.p", "p") "\n", NULL, 2},
        {SCOPE("1-a.q", "q") "\n" SCOPE("1-a.q", "q") "\n", "twice", 0},
        {SCOPE("1-a.z", "z") "\n", "no work", 0},
        {SCOPE("1-a.o", "o") "\n", "no work", 0},
        {SCOPE("2-a.q", "q") "\n", "another fleet", 0},
        {SCOPE("1-a.p", "q") "\n", "another fleet", 0},
        {SCOPE("1-a.q", "q"), "within a line", 0},
        {"\n", "work", 0},
        {"{}\n", "work", 0},
    };
    struct mr_vec scopes = MR_VEC_INIT(struct mr_scope);
    make_dir();
    assert_int_equal(mkdir(in_dir("work"), 0700), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_err err = {0};
        enum mr_code code = read_work(cases[i].text, &scopes, &err);
        if (cases[i].said == NULL
                ? code != MR_OK || scopes.count != cases[i].count
                : code != MR_E_REFUSED || strstr(err.message, cases[i].said) == NULL)
            fail_msg("case %zu: %d %s", i, (int)code, err.message);
    }
    struct mr_fleet_file_part part = {.path = mr_fleet_file_work_path(dir, 0, &arena),
                                      .sha256 = HEX_A};
    const struct mr_fleet_file file = {.dir = dir, .id = "1-a", .parts = &part, .nparts = 1};
    struct mr_err err = {0};
    assert_int_equal(mr_fleet_file_work(&file, 0, &arena, &scopes, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "was changed"));
    mr_vec_release(&scopes);
    assert_int_equal(unlink(in_dir("work/0.jsonl")), 0);
    assert_int_equal(rmdir(in_dir("work")), 0);
    remove_dir();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_written_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_a_snapshot_is_of, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_list_of_snapshots, setup, teardown),
        cmocka_unit_test_setup_teardown(test_work, setup, teardown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
