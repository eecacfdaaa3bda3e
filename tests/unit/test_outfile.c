/* test_outfile.c: exports as files: what is in them, what they are called, and what they
 * leave alone.  What happens when system calls fail: test_outfile_fault.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/file/outfile.h"
#include "tests/unit/exports.h"
#include "tests/unit/place.h"
#include "tests/unit/random.h"
#include "tests/unit/unzstd.h"

#define PATH "out.csv"
#define PART_BYTES ((size_t)1000)

static void put(const char *path, const char *text)
{
    struct mr_err err;
    if (mr_io_write_file(path, 0644, text, strlen(text), &err) != MR_OK)
        fail_msg("%s", err.message);
}

/* PATH, encrypted, of so many parts; what was there is replaced. */
static void put_parts(size_t parts)
{
    const struct mr_outfile_opts opts = {
        .path = PATH, .force = true, .encrypt_to = keys.ec_pem, .part_bytes = PART_BYTES};
    char *text = calloc(parts, PART_BYTES);
    struct mr_err err;
    if (export_file(&opts, text, parts * PART_BYTES, &err) != MR_OK)
        fail_msg("%s", err.message);
    free(text);
}

static void fill(struct mr_strbuf *text, size_t size)
{
    while (text->len < size) {
        mr_strbuf_add_fmt(text, "%zu,missing;child,\"a\r\nb\"\n", text->len);
        uint64_t bits = random_bits();
        mr_strbuf_add(text, &bits, sizeof bits);
    }
    text->len = size;
}

static void assert_same(const struct mr_strbuf *got, const struct mr_strbuf *want)
{
    assert_int_equal(got->len, want->len);
    assert_memory_equal(got->ptr, want->ptr, want->len);
}

/* The names in the directory, each with a space behind it. */
static void assert_names(const char *want)
{
    struct dirent **entries;
    struct mr_strbuf got = MR_STRBUF_INIT;
    int count = scandir(".", &entries, is_no_dot, alphasort);
    for (int i = 0; i < count; i++) {
        mr_strbuf_add_fmt(&got, "%s ", entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_string_equal(got.ptr, want);
    mr_strbuf_release(&got);
}

static void test_wants_zstd(void **state)
{
    (void)state;
    assert_true(mr_outfile_wants_zstd("a.csv.zst"));
    assert_true(mr_outfile_wants_zstd(".zst"));
    assert_false(mr_outfile_wants_zstd("a.csv"));
    assert_false(mr_outfile_wants_zstd("a.zst/a.csv"));
    assert_false(mr_outfile_wants_zstd("zst"));
    assert_false(mr_outfile_wants_zstd(""));
    assert_false(mr_outfile_wants_zstd(NULL));
}

static void test_plain(void **state)
{
    (void)state;
    const struct mr_outfile_opts opts = {.path = "./" PATH, .part_bytes = 3};
    struct mr_outfile *out;
    struct mr_err err;
    struct stat st;
    mode_t before = umask(0);
    assert_int_equal(mr_outfile_begin(&opts, &out, &err), MR_OK);
    assert_int_equal(mr_outfile_write(out, "id\n", 3, &err), MR_OK);
    assert_int_equal(mr_outfile_write(out, NULL, 0, &err), MR_OK);
    assert_int_equal(mr_outfile_write(out, "12345678\n", 9, &err), MR_OK);
    assert_int_equal(access(PATH, F_OK), -1);
    assert_int_equal(mr_outfile_commit(out, &err), MR_OK);
    (void)umask(before);
    assert_int_equal(mr_outfile_files(out), 1);
    assert_string_equal(mr_outfile_name(out, 0), "./" PATH);
    assert_int_equal(mr_outfile_content_bytes(out), 12);
    assert_int_equal(mr_outfile_stored_bytes(out), 12);
    mr_outfile_free(out);
    mr_outfile_free(NULL);
    assert_int_equal(stat(PATH, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 12);
    assert_names(PATH " ");
}

/* Content around the size of a part, in every combination of layers. */
static void test_round_trips(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 999, 1000, 1001, 2000, 2001, 5500};
    for (unsigned i = 0; i < 6 * sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i / 6];
        const char *stem = i % 3 == 0 ? NULL : i % 3 == 1 ? keys.rsa : keys.ec;
        bool compress = i % 6 >= 3;
        const struct mr_outfile_opts opts = {.path = PATH,
                                             .compress = compress,
                                             .encrypt_to = i % 3 == 0   ? NULL
                                                           : i % 3 == 1 ? keys.rsa_pem
                                                                        : keys.ec_pem,
                                             .part_bytes = PART_BYTES};
        struct mr_strbuf in = MR_STRBUF_INIT, back = MR_STRBUF_INIT, plain = MR_STRBUF_INIT;
        struct mr_outfile *out;
        struct mr_err err;
        uint64_t stored = 0;
        fill(&in, size);
        assert_int_equal(mr_outfile_begin(&opts, &out, &err), MR_OK);
        for (size_t at = 0; at < size; at += 7)
            assert_int_equal(
                mr_outfile_write(out, in.ptr + at, size - at < 7 ? size - at : 7, &err), MR_OK);
        assert_int_equal(mr_outfile_commit(out, &err), MR_OK);
        unsigned files = read_export(PATH, stem, &back);
        assert_int_equal(mr_outfile_files(out), files);
        assert_int_equal(mr_outfile_content_bytes(out), size);
        size_t content = back.len;
        assert_int_equal(files, stem == NULL || content <= PART_BYTES
                                    ? 1
                                    : (content + PART_BYTES - 1) / PART_BYTES);
        for (size_t n = 0; n < files; n++) {
            struct stat st;
            assert_int_equal(stat(mr_outfile_name(out, n), &st), 0);
            assert_int_equal(st.st_mode & 07777, 0600);
            stored += (uint64_t)st.st_size;
        }
        assert_int_equal(mr_outfile_stored_bytes(out), stored);
        mr_outfile_free(out);
        if (compress)
            assert_true(unzstd(back.ptr, back.len, &plain));
        assert_same(compress ? &plain : &back, &in);
        assert_int_equal(count_files(), files);
        for (size_t n = 0; n <= files; n++) {
            char name[32];
            (void)snprintf(name, sizeof name, n == 0 ? PATH : PATH ".%03zu", n);
            assert_int_equal(unlink(name) == 0, files == 1 ? n == 0 : n > 0);
        }
        mr_strbuf_release(&in);
        mr_strbuf_release(&back);
        mr_strbuf_release(&plain);
    }
}

static void test_part_names(void **state)
{
    (void)state;
    const struct mr_outfile_opts opts = {.path = PATH, .encrypt_to = keys.ec_pem, .part_bytes = 10};
    struct mr_outfile *out;
    struct mr_err err;
    assert_int_equal(mr_outfile_begin(&opts, &out, &err), MR_OK);
    for (int i = 0; i < 30; i++)
        assert_int_equal(mr_outfile_write(out, "x", 1, &err), MR_OK);
    assert_int_equal(mr_outfile_commit(out, &err), MR_OK);
    assert_int_equal(mr_outfile_files(out), 3);
    assert_string_equal(mr_outfile_name(out, 0), PATH ".001");
    assert_string_equal(mr_outfile_name(out, 2), PATH ".003");
    mr_outfile_free(out);
    assert_names(PATH ".001 " PATH ".002 " PATH ".003 ");
}

static void test_too_many_parts(void **state)
{
    (void)state;
    const struct mr_outfile_opts opts = {.path = PATH, .encrypt_to = keys.ec_pem, .part_bytes = 1};
    char text[999] = {0};
    struct mr_outfile *out;
    struct mr_err err;
    assert_int_equal(mr_outfile_begin(&opts, &out, &err), MR_OK);
    if (mr_outfile_write(out, text, sizeof text, &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(mr_outfile_write(out, "x", 1, &err), MR_E_IO);
    assert_string_equal(err.message, "output \"" PATH "\" needs more than 999 parts");
    mr_outfile_free(out);
    assert_names("");
}

/* Nothing of the content can be read from the disk, before the commit either. */
static void test_nothing_plain_on_disk(void **state)
{
    (void)state;
    static const char secret[] = "mobile,09121234567\n";
    const struct mr_outfile_opts opts = {
        .path = PATH, .encrypt_to = keys.rsa_pem, .part_bytes = 300000};
    struct mr_strbuf disk = MR_STRBUF_INIT;
    struct mr_outfile *out;
    struct mr_err err;
    assert_int_equal(mr_outfile_begin(&opts, &out, &err), MR_OK);
    for (int i = 0; i < 50000; i++)
        assert_int_equal(mr_outfile_write(out, secret, sizeof secret - 1, &err), MR_OK);
    for (int committed = 0; committed < 2; committed++) {
        mr_strbuf_reset(&disk);
        add_state(&disk);
        assert_true(disk.len > 600000);
        assert_null(memmem(disk.ptr, disk.len, "09121234567", 11));
        if (!committed)
            assert_int_equal(mr_outfile_commit(out, &err), MR_OK);
    }
    mr_outfile_free(out);
    mr_strbuf_release(&disk);
}

static void assert_begin_refused(const struct mr_outfile_opts *opts, enum mr_code code,
                                 const char *message, const char *hint)
{
    struct mr_strbuf before = MR_STRBUF_INIT, after = MR_STRBUF_INIT;
    struct mr_outfile *out = (struct mr_outfile *)-1;
    struct mr_err err;
    add_state(&before);
    assert_int_equal(mr_outfile_begin(opts, &out, &err), code);
    assert_null(out);
    assert_non_null(strstr(err.message, message));
    assert_non_null(strstr(mr_err_get_hint(&err), hint));
    assert_int_equal(mr_code_exit(err.code), 3);
    add_state(&after);
    assert_same(&after, &before);
    mr_strbuf_release(&before);
    mr_strbuf_release(&after);
}

static void test_bad_options(void **state)
{
    (void)state;
    struct mr_outfile_opts opts = {.encrypt_to = keys.rsa_pem};
    assert_begin_refused(&opts, MR_E_USAGE, "encrypted output", "--output");
    opts = (struct mr_outfile_opts){.path = PATH, .encrypt_to = keys.dir};
    assert_begin_refused(&opts, MR_E_IO, keys.dir, "certificate");
    opts = (struct mr_outfile_opts){.path = "absent/" PATH};
    assert_begin_refused(&opts, MR_E_IO, "could not create file \"absent/", "path");
    opts = (struct mr_outfile_opts){.path = "/dev/null", .force = true};
    assert_begin_refused(&opts, MR_E_IO, "is no regular file", "path");
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    opts = (struct mr_outfile_opts){.path = name, .encrypt_to = keys.rsa_pem};
    assert_begin_refused(&opts, MR_E_IO, "File name too long", "path");
    opts.encrypt_to = NULL;
    struct mr_err err;
    assert_int_equal(export_file(&opts, "x", 1, &err), MR_OK);
}

static void test_existing_files(void **state)
{
    (void)state;
    struct mr_outfile_opts opts = {.path = PATH};
    put(PATH, "old");
    assert_begin_refused(&opts, MR_E_EXISTS, "file \"" PATH "\" exists", "--force");
    opts.encrypt_to = keys.ec_pem;
    assert_begin_refused(&opts, MR_E_EXISTS, "file \"" PATH "\" exists", "--force");
    opts = (struct mr_outfile_opts){.path = PATH, .force = true};
    const char head[] = "SQLite format 3\0and more";
    FILE *file = fopen(PATH, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, sizeof head, file), sizeof head);
    assert_int_equal(fclose(file), 0);
    assert_begin_refused(&opts, MR_E_EXISTS, "file \"" PATH "\" is a database", "name of its");
    assert_int_equal(unlink(PATH), 0);
    opts = (struct mr_outfile_opts){.path = PATH, .encrypt_to = keys.ec_pem};

    put(PATH ".017", "old");
    assert_begin_refused(&opts, MR_E_EXISTS, "file \"" PATH ".017\" exists", "--force");
    struct mr_err err;
    opts.encrypt_to = NULL; /* then it is a file like any other */
    assert_int_equal(export_file(&opts, "new", 3, &err), MR_OK);
    assert_names(PATH " " PATH ".017 ");
    assert_int_equal(unlink(PATH ".017"), 0);

    assert_int_equal(mkdir(PATH ".002", 0700), 0);
    opts = (struct mr_outfile_opts){.path = PATH, .encrypt_to = keys.ec_pem, .force = true};
    assert_begin_refused(&opts, MR_E_IO, PATH ".002\": it is a directory", "path");
    assert_int_equal(rmdir(PATH ".002"), 0);
    assert_int_equal(symlink(PATH, PATH ".002"), 0);
    assert_begin_refused(&opts, MR_E_IO, PATH ".002\": it is no regular file", "path");
}

/* Names that only look a little like parts: nobody's business. */
static const char *const strangers[] = {PATH ".01",   PATH ".0001", PATH ".2024", PATH ".00a",
                                        PATH ".001x", PATH "x.001", PATH ".000",  PATH "x",
                                        "xout.csv",   "out.cs",     PATH ".-01"};

/* Somebody makes the file while the export runs. */
static void test_files_that_come_meanwhile(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool encrypt;
    } table[] = {
        {PATH, false}, {PATH, true}, {PATH ".001", true}, {PATH ".002", true}, {PATH ".444", true}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct mr_outfile_opts opts = {
            .path = PATH, .encrypt_to = table[i].encrypt ? keys.ec_pem : NULL, .part_bytes = 1};
        struct mr_strbuf content = MR_STRBUF_INIT;
        struct mr_outfile *out;
        struct mr_err err;
        assert_int_equal(mr_outfile_begin(&opts, &out, &err), MR_OK);
        assert_int_equal(mr_outfile_write(out, "new", 3, &err), MR_OK);
        put(table[i].name, "theirs");
        assert_int_equal(mr_outfile_commit(out, &err), MR_E_EXISTS);
        assert_non_null(strstr(err.message, table[i].name));
        mr_outfile_free(out);
        assert_int_equal(count_files(), 1);
        add_file(table[i].name, &content);
        assert_string_equal(content.ptr, "theirs");
        assert_int_equal(unlink(table[i].name), 0);
        mr_strbuf_release(&content);
    }
}

static void test_force(void **state)
{
    (void)state;
    static const struct {
        size_t old, now;
    } table[] = {{1, 1}, {3, 1}, {1, 3}, {5, 2}, {2, 5}, {3, 3}, {0, 2}, {0, 1}};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        put(strangers[i], "stranger");
    const size_t others = count_files();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct mr_outfile_opts opts = {
            .path = PATH, .force = true, .encrypt_to = keys.ec_pem, .part_bytes = PART_BYTES};
        struct mr_strbuf in = MR_STRBUF_INIT, back = MR_STRBUF_INIT;
        struct mr_err err;
        if (table[i].old > 0)
            put_parts(table[i].old);
        fill(&in, table[i].now * PART_BYTES);
        if (export_file(&opts, in.ptr, in.len, &err) != MR_OK)
            fail_msg("%s", err.message);
        assert_int_equal(count_files(), others + table[i].now);
        assert_int_equal(read_export(PATH, keys.ec, &back), table[i].now);
        assert_same(&back, &in);
        mr_strbuf_release(&in);
        mr_strbuf_release(&back);
        for (unsigned n = 0; n <= 5; n++) {
            char name[32];
            (void)snprintf(name, sizeof name, n == 0 ? PATH : PATH ".%03u", n);
            (void)unlink(name);
        }
    }
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        struct mr_strbuf content = MR_STRBUF_INIT;
        add_file(strangers[i], &content);
        assert_string_equal(content.ptr, "stranger");
        mr_strbuf_release(&content);
    }
}

/* Beyond the new parts only parts are removed: a file of another kind is somebody's. */
static void test_force_spares_other_files(void **state)
{
    (void)state;
    struct mr_strbuf content = MR_STRBUF_INIT;
    put_parts(4);
    put(PATH ".003", "notes");
    put(PATH ".777", "notes");
    put_parts(2);
    assert_names(PATH ".001 " PATH ".002 " PATH ".003 " PATH ".777 ");
    add_file(PATH ".003", &content);
    assert_string_equal(content.ptr, "notes");
    put_parts(3);
    assert_names(PATH ".001 " PATH ".002 " PATH ".003 " PATH ".777 ");
    mr_strbuf_reset(&content);
    add_file(PATH ".003", &content);
    assert_true(content.len > PART_BYTES);
    mr_strbuf_release(&content);

    /* and an export that is not encrypted has no parts to replace */
    const struct mr_outfile_opts opts = {.path = PATH, .force = true};
    struct mr_err err;
    assert_int_equal(export_file(&opts, "new", 3, &err), MR_OK);
    assert_names(PATH " " PATH ".001 " PATH ".002 " PATH ".003 " PATH ".777 ");
}

static void test_free_without_commit(void **state)
{
    (void)state;
    for (size_t old = 0; old < 4; old++) {
        const struct mr_outfile_opts opts = {.path = PATH,
                                             .force = true,
                                             .compress = old % 2 == 0,
                                             .encrypt_to = keys.ec_pem,
                                             .part_bytes = PART_BYTES};
        struct mr_strbuf before = MR_STRBUF_INIT, after = MR_STRBUF_INIT;
        struct mr_strbuf in = MR_STRBUF_INIT;
        struct mr_outfile *out;
        struct mr_err err;
        if (old > 0)
            put_parts(old);
        add_state(&before);
        fill(&in, 2500);
        assert_int_equal(mr_outfile_begin(&opts, &out, &err), MR_OK);
        assert_int_equal(mr_outfile_write(out, in.ptr, in.len, &err), MR_OK);
        mr_outfile_free(out);
        add_state(&after);
        assert_same(&after, &before);
        mr_strbuf_release(&before);
        mr_strbuf_release(&after);
        mr_strbuf_release(&in);
    }
}

static void test_link_is_followed(void **state)
{
    (void)state;
    const struct mr_outfile_opts opts = {.path = "link", .force = true};
    struct mr_strbuf content = MR_STRBUF_INIT;
    struct mr_err err;
    struct stat st;
    put("real", "old");
    assert_int_equal(symlink("real", "link"), 0);
    assert_int_equal(export_file(&opts, "new", 3, &err), MR_OK);
    add_file("real", &content);
    assert_string_equal(content.ptr, "new");
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    mr_strbuf_release(&content);
}

/* Runs an export to standard output, which leads to path meanwhile. */
static enum mr_code export_to(const char *path, bool compress, const struct mr_strbuf *in,
                              struct mr_err *err)
{
    const struct mr_outfile_opts opts = {.compress = compress};
    (void)fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0 && saved >= 0);
    (void)dup2(fd, STDOUT_FILENO);
    enum mr_code rc = export_file(&opts, in->ptr, in->len, err);
    (void)fflush(stdout);
    clearerr(stdout);
    (void)dup2(saved, STDOUT_FILENO);
    (void)close(fd);
    (void)close(saved);
    return rc;
}

static void test_standard_output(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 20, 100000};
    for (unsigned i = 0; i < 6; i++) {
        struct mr_strbuf in = MR_STRBUF_INIT, back = MR_STRBUF_INIT, plain = MR_STRBUF_INIT;
        struct mr_err err;
        bool compress = i >= 3;
        fill(&in, sizes[i % 3]);
        assert_int_equal(export_to("stdout", compress, &in, &err), MR_OK);
        add_file("stdout", &back);
        if (compress)
            assert_true(unzstd(back.ptr, back.len, &plain));
        assert_same(compress ? &plain : &back, &in);
        if (in.len > 0 && access("/dev/full", W_OK) == 0) {
            assert_int_equal(export_to("/dev/full", compress, &in, &err), MR_E_IO);
            assert_string_equal(err.message, "could not write to standard output: No "
                                             "space left on device");
        }
        mr_strbuf_release(&in);
        mr_strbuf_release(&back);
        mr_strbuf_release(&plain);
    }
}

/* A file that may not grow stands for a disk that is full. */
static void test_full_disk(void **state)
{
    (void)state;
    static const size_t limits[] = {0, 100, 66000, 100000};
    struct rlimit before;
    struct mr_strbuf in = MR_STRBUF_INIT;
    while (in.len < 300000) { /* nothing that could be made smaller */
        uint64_t bits = random_bits();
        mr_strbuf_add(&in, &bits, sizeof bits);
    }
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (unsigned i = 0; i < 16; i++) {
        const struct mr_outfile_opts opts = {.path = PATH,
                                             .force = true,
                                             .compress = i / 4 % 2 == 1,
                                             .encrypt_to = i >= 8 ? keys.ec_pem : NULL};
        struct rlimit small = {.rlim_cur = limits[i % 4], .rlim_max = before.rlim_max};
        struct mr_outfile *out;
        struct mr_err err;
        put(PATH, "old");
        assert_int_equal(mr_outfile_begin(&opts, &out, &err), MR_OK);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        for (size_t at = 0; at < in.len; at += 1000)
            (void)mr_outfile_write(out, in.ptr + at, 1000, NULL);
        enum mr_code rc = mr_outfile_commit(out, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        mr_outfile_free(out);
        assert_int_equal(rc, MR_E_IO);
        assert_int_equal(err.sys_errno, EFBIG);
        assert_non_null(strstr(err.message, "\"" PATH "\": File too large"));
        assert_names(PATH " ");
    }
    (void)signal(SIGXFSZ, handler);
    mr_strbuf_release(&in);
}

static void test_errors_are_sticky(void **state)
{
    (void)state;
    const struct mr_outfile_opts opts = {.path = PATH, .encrypt_to = keys.ec_pem, .part_bytes = 1};
    char text[1000] = {0};
    struct mr_outfile *out;
    struct mr_err first, later;
    assert_int_equal(mr_outfile_begin(&opts, &out, &first), MR_OK);
    assert_int_equal(mr_outfile_write(out, text, sizeof text, &first), MR_E_IO);
    assert_int_equal(mr_outfile_write(out, text, 0, &later), MR_E_IO);
    assert_string_equal(later.message, first.message);
    assert_int_equal(mr_outfile_write(out, text, 1, NULL), MR_E_IO);
    assert_int_equal(mr_outfile_commit(out, &later), MR_E_IO);
    assert_string_equal(later.message, first.message);
    mr_outfile_free(out);
    assert_names("");
}

static long peak_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* A sanitizer keeps what is freed. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_MEASURED false
#else
#define MEMORY_IS_MEASURED true
#endif

/* 200 MB through all layers, in many parts: no more than the layers themselves. */
static void test_constant_memory(void **state)
{
    (void)state;
    enum { PIECE = 1 << 16, PIECES = 3200 };
    char *zeros = calloc(1, PIECE);
    for (int compress = 0; compress < 2; compress++) {
        const struct mr_outfile_opts opts = {.path = PATH,
                                             .force = true,
                                             .compress = compress == 1,
                                             .encrypt_to = keys.rsa_pem,
                                             .part_bytes = (size_t)4 << 20};
        struct mr_outfile *out;
        struct mr_err err;
        long before = peak_kib();
        assert_int_equal(mr_outfile_begin(&opts, &out, &err), MR_OK);
        for (int i = 0; i < PIECES; i++)
            assert_int_equal(mr_outfile_write(out, zeros, PIECE, &err), MR_OK);
        assert_int_equal(mr_outfile_commit(out, &err), MR_OK);
        assert_int_equal(mr_outfile_content_bytes(out), (uint64_t)PIECE * PIECES);
        assert_int_equal(mr_outfile_files(out), compress == 1 ? 1 : 50);
        mr_outfile_free(out);
        if (MEMORY_IS_MEASURED && peak_kib() - before > 6 * 1024)
            fail_msg("%ld KiB more", peak_kib() - before);
    }
    free(zeros);
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_begin, place_end)
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_constant_memory),
        IN_PLACE(test_wants_zstd),
        IN_PLACE(test_plain),
        IN_PLACE(test_round_trips),
        IN_PLACE(test_part_names),
        IN_PLACE(test_too_many_parts),
        IN_PLACE(test_nothing_plain_on_disk),
        IN_PLACE(test_bad_options),
        IN_PLACE(test_existing_files),
        IN_PLACE(test_files_that_come_meanwhile),
        IN_PLACE(test_force),
        IN_PLACE(test_force_spares_other_files),
        IN_PLACE(test_free_without_commit),
        IN_PLACE(test_link_is_followed),
        IN_PLACE(test_standard_output),
        IN_PLACE(test_full_disk),
        IN_PLACE(test_errors_are_sticky),
    };
    return cmocka_run_group_tests(tests, keys_begin, keys_end);
}
