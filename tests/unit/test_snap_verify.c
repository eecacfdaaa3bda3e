/* test_snap_verify.c: a snapshot of format 1 is whole, and whatever is changed in it is
 * found, and named: as it is, and encrypted and signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/pool.h"
#include "core/file/cms.h"
#include "core/file/compress.h"
#include "core/file/io.h"
#include "core/file/sign.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/read/snap_catalogue.h"
#include "snapshot/read/snap_keys.h"
#include "snapshot/read/snap_places.h"
#include "snapshot/read/snap_rows.h"
#include "snapshot/verify.h"
#include "tests/unit/certificates.h"

#define GOLDEN "tests/golden/snapshot-v1"
#define MAX_FILES 64

static char place[64];
static char keys[] = "/tmp/myrecon-test-XXXXXX"; /* reader, other, signer: .key, .pem */
static bool sealed;                              /* encrypted to reader, signed by signer */
static char names[MAX_FILES][128];               /* "data/x" */
static size_t nnames;

static struct mr_progress *progress;

/* ---- a copy of the golden snapshot ---- */

static int copy_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    char to[512];
    const char *name = path + sizeof GOLDEN - 1;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)st;
    (void)ftw;
    (void)snprintf(to, sizeof to, "%s%s", place, name);
    if (type == FTW_D)
        return *name == '\0' ? 0 : mkdir(to, 0700);
    assert_int_equal(mr_io_read_file(path, 1 << 20, &text, NULL), MR_OK);
    assert_int_equal(mr_io_write_file(to, 0600, text.ptr, text.len, NULL), MR_OK);
    assert_true(nnames < MAX_FILES);
    (void)snprintf(names[nnames++], sizeof names[0], "%s", name + 1);
    mr_strbuf_release(&text);
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int begin(void **state)
{
    (void)state;
    (void)snprintf(place, sizeof place, "/tmp/myrecon-test-XXXXXX");
    nnames = 0;
    sealed = false;
    if (mkdtemp(place) == NULL)
        return -1;
    return nftw(GOLDEN, copy_entry, 8, FTW_PHYS);
}

static int end(void **state)
{
    (void)state;
    return nftw(place, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
    static char path[2][PATH_MAX];
    static int which;
    which = !which;
    (void)snprintf(path[which], sizeof path[0], "%s/%.500s", place, name);
    return path[which];
}

static void read_name(const char *name, struct mr_strbuf *out)
{
    assert_int_equal(mr_io_read_file(path_of(name), 1 << 20, out, NULL), MR_OK);
}

static void write_name(const char *name, const void *ptr, size_t len)
{
    int fd = open(path_of(name), O_WRONLY | O_TRUNC | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, ptr, len), len);
    (void)close(fd);
}

/* ---- the same, encrypted and signed ---- */

static const char *key_file(const char *stem, const char *suffix)
{
    static char path[4][128];
    static size_t which;
    which = (which + 1) % 4;
    (void)snprintf(path[which], sizeof path[0], "%s/%s%s", keys, stem, suffix);
    return path[which];
}

static int make_keys(void)
{
    static const char *const stems[] = {"reader", "other", "signer"};
    if (mkdtemp(keys) == NULL)
        return -1;
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
        EVP_PKEY *key = make_key("EC", 0, "P-256");
        make_certificate(key_file(stems[i], ""), key, -DAY, DAY, NULL);
        EVP_PKEY_free(key);
    }
    return 0;
}

static enum mr_code append(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add(arg, ptr, len);
    return MR_OK;
}

static void encrypt(const char *stem, const struct mr_strbuf *in, struct mr_strbuf *out)
{
    const struct mr_sink sink = {.write = append, .arg = out};
    struct mr_recipient *recipient = NULL;
    struct mr_cms *cms = NULL;
    assert_int_equal(mr_recipient_load(key_file(stem, ".pem"), &recipient, NULL), MR_OK);
    assert_int_equal(mr_cms_new(recipient, sink, &cms, NULL), MR_OK);
    assert_int_equal(mr_cms_write(cms, in->ptr, in->len, NULL), MR_OK);
    assert_int_equal(mr_cms_finish(cms, NULL), MR_OK);
    mr_cms_free(cms);
    mr_recipient_free(recipient);
}

/* Puts a file in the place of a chunk's, with all that the manifest says of it. */
static void put_chunk(struct mr_snap *snap, struct mr_snap_chunk *chunk, const char *name,
                      const struct mr_strbuf *text)
{
    char hex[MR_SHA256_HEX];
    assert_int_equal(unlink(path_of(chunk->file)), 0);
    write_name(name, text->ptr, text->len);
    assert_int_equal(mr_sha256_bytes(text->ptr, text->len, hex, NULL), MR_OK);
    chunk->file = mr_arena_strdup(&snap->arena, name);
    chunk->sha256 = mr_arena_strdup(&snap->arena, hex);
    chunk->stored_bytes = text->len;
}

/* A copy of a table's chunks that may be changed. */
static struct mr_snap_chunk *own_chunks(struct mr_snap *snap, size_t table)
{
    struct mr_snap_table *t = &snap->manifest.tables[table];
    struct mr_snap_chunk *own = mr_arena_calloc(&snap->arena, t->nchunks, sizeof *own);
    assert_non_null(own);
    memcpy(own, t->chunks, t->nchunks * sizeof *own);
    t->chunks = own;
    return own;
}

/* As whoever has these means would write it: stem NULL signs nothing. */
static void put_manifest(struct mr_snap *snap, const char *stem)
{
    struct mr_strbuf text = MR_STRBUF_INIT, der = MR_STRBUF_INIT, signature = MR_STRBUF_INIT,
                     line = MR_STRBUF_INIT;
    struct mr_sign_key *key = NULL;
    char hex[MR_SHA256_HEX];
    snap->manifest.signer = (struct mr_key){NULL, 0};
    if (stem != NULL) {
        assert_int_equal(mr_sign_key_load(key_file(stem, ".key"), &key, NULL), MR_OK);
        assert_int_equal(mr_sign_key_public(key, &der, NULL), MR_OK);
        snap->manifest.signer = (struct mr_key){der.ptr, der.len};
    }
    assert_int_equal(mr_snap_manifest_write(&snap->manifest, mr_sink_to_strbuf(&text), NULL),
                     MR_OK);
    write_name(MR_SNAP_MANIFEST, text.ptr, text.len);
    assert_int_equal(mr_sha256_bytes(text.ptr, text.len, hex, NULL), MR_OK);
    mr_strbuf_add_fmt(&line, "%s  " MR_SNAP_MANIFEST "\n", hex);
    write_name(MR_SNAP_MANIFEST_SUM, line.ptr, line.len);
    (void)unlink(path_of(MR_SNAP_SIGNATURE));
    if (stem != NULL) {
        assert_int_equal(mr_sign_key_bytes(key, text.ptr, text.len, &signature, NULL), MR_OK);
        write_name(MR_SNAP_SIGNATURE, signature.ptr, signature.len);
    }
    mr_sign_key_free(key);
    mr_strbuf_release(&text);
    mr_strbuf_release(&der);
    mr_strbuf_release(&signature);
    mr_strbuf_release(&line);
}

static void seal_table(struct mr_snap *snap, size_t table)
{
    struct mr_snap_table *t = &snap->manifest.tables[table];
    struct mr_snap_chunk *chunks = own_chunks(snap, table);
    t->stored_bytes = 0;
    for (size_t i = 0; i < t->nchunks; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT, message = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
        read_name(chunks[i].file, &text);
        encrypt("reader", &text, &message);
        mr_strbuf_add_fmt(&name, "%s" MR_SNAP_ENCRYPTED, chunks[i].file);
        put_chunk(snap, &chunks[i], name.ptr, &message);
        t->stored_bytes += chunks[i].stored_bytes;
        mr_strbuf_release(&text);
        mr_strbuf_release(&message);
        mr_strbuf_release(&name);
    }
}

static int list_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    if (type == FTW_D)
        return 0;
    assert_true(nnames < MAX_FILES);
    (void)snprintf(names[nnames++], sizeof names[0], "%s", path + strlen(place) + 1);
    return 0;
}

static int begin_sealed(void **state)
{
    static const struct mr_snap_recipient reader = {
        .subject = "CN=reader",
        .sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
    struct mr_snap snap;
    if (begin(state) != 0 || mr_snap_open(place, &snap, NULL) != MR_OK)
        return -1;
    for (size_t i = 0; i < snap.manifest.ntables; i++)
        seal_table(&snap, i);
    snap.manifest.recipients = &reader;
    snap.manifest.nrecipients = 1;
    put_manifest(&snap, "signer");
    mr_snap_close(&snap);
    nnames = 0;
    sealed = true;
    return nftw(place, list_entry, 8, FTW_PHYS);
}

/* ---- questions ---- */

static bool is_of_manifest(const char *name)
{
    return strncmp(name, "manifest.json", 13) == 0;
}

/* How much is damaged; *named: is that file among it?  A changed manifest, sum and
 * signature cannot be told apart: either name will do. */
static size_t damage(const char *file, bool *named, bool quick)
{
    struct mr_snap snap;
    struct mr_err err = {0};
    const struct mr_verify_opts opts = {.threads = 1, .quick = quick, .progress = progress};
    assert_int_equal(mr_snap_open(place, &snap, &err), MR_OK);
    if (sealed) {
        assert_int_equal(mr_snap_unlock(&snap, key_file("reader", ".key"), &err), MR_OK);
        assert_int_equal(mr_snap_require_signer(&snap, key_file("signer", ".pem"), &err), MR_OK);
    }
    assert_int_equal(mr_verify(&snap, &opts, &err), MR_OK);
    size_t count = snap.damage.count;
    *named = false;
    for (size_t i = 0; i < count; i++) {
        const struct mr_snap_damage *item = mr_vec_at(&snap.damage, i);
        *named |=
            strcmp(item->file, file) == 0 || (is_of_manifest(file) && is_of_manifest(item->file));
    }
    mr_snap_close(&snap);
    return count;
}

static void assert_found(const char *name, const char *what, bool quick)
{
    bool named = false;
    size_t count = damage(name, &named, quick);
    if (count == 0 || !named)
        fail_msg("%s: %s is not found", name, what);
}

static void assert_whole(void)
{
    bool named;
    assert_int_equal(damage("", &named, false), 0);
    assert_int_equal(damage("", &named, true), 0);
}

/* ---- tests ---- */

static void test_golden(void **state)
{
    (void)state;
    assert_true(nnames > 8);
    assert_whole();
}

/* A bit of every byte of the data, and of some bytes elsewhere, or of every one in a long
 * run. */
static size_t step_of(const char *name, size_t len)
{
    bool is_long = strlen(getenv("SEEDS") != NULL ? getenv("SEEDS") : "") > 3;
    bool is_data = strncmp(name, "data/", 5) == 0;
    return is_long || is_data || len < 300 ? 1 : sealed ? len / 150 : 4;
}

static void test_flipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < nnames; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        read_name(names[i], &text);
        for (size_t at = 0; at < text.len; at += step_of(names[i], text.len)) {
            text.ptr[at] = (char)(text.ptr[at] ^ (1 << at % 8));
            write_name(names[i], text.ptr, text.len);
            assert_found(names[i], "a flipped bit", false);
            text.ptr[at] = (char)(text.ptr[at] ^ (1 << at % 8));
        }
        write_name(names[i], text.ptr, text.len);
        mr_strbuf_release(&text);
    }
    assert_whole();
}

static void test_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < nnames; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        read_name(names[i], &text);
        for (size_t len = 0; len < text.len; len += 1 + text.len / 7) {
            write_name(names[i], text.ptr, len);
            assert_found(names[i], "a shorter file", true);
        }
        mr_strbuf_add_char(&text, '\n');
        write_name(names[i], text.ptr, text.len);
        assert_found(names[i], "a longer file", true);
        write_name(names[i], text.ptr, text.len - 1);
        mr_strbuf_release(&text);
    }
    assert_whole();
}

static void test_missing_and_extra(void **state)
{
    (void)state;
    static const char *const extra[] = {"x", "data/x", "schema/.hidden", "journal.jsonl",
                                        "data/snapshot_club.members.1.tsv.zst"};
    for (size_t i = 0; i < nnames; i++) {
        assert_int_equal(rename(path_of(names[i]), path_of("../myrecon-test-aside")), 0);
        assert_found(names[i], "a missing file", true);
        assert_int_equal(symlink("../myrecon-test-aside", path_of(names[i])), 0);
        if (!is_of_manifest(names[i]))
            assert_found(names[i], "a link instead of the file", true);
        assert_int_equal(rename(path_of("../myrecon-test-aside"), path_of(names[i])), 0);
    }
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        write_name(extra[i], "x", 1);
        assert_found(extra[i], "an extra file", true);
        assert_int_equal(unlink(path_of(extra[i])), 0);
    }
    assert_whole();
}

static void test_swapped(void **state)
{
    (void)state;
    for (size_t i = 0; i < nnames; i++)
        for (size_t k = 0; k < i; k++) {
            struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
            read_name(names[i], &a);
            read_name(names[k], &b);
            write_name(names[i], b.ptr, b.len);
            write_name(names[k], a.ptr, a.len);
            if (!is_of_manifest(names[i]) && !is_of_manifest(names[k])) {
                assert_found(names[i], "a swapped file", false);
                assert_found(names[k], "a swapped file", false);
            } else {
                assert_found("manifest.json", "a swapped manifest", false);
            }
            write_name(names[i], a.ptr, a.len);
            write_name(names[k], b.ptr, b.len);
            mr_strbuf_release(&a);
            mr_strbuf_release(&b);
        }
    assert_whole();
}

/* What is loaded is what the manifest proves, and fits it. */
static void test_catalogue(void **state)
{
    (void)state;
    struct mr_snap snap;
    struct mr_catalogue *cat = NULL;
    struct mr_err err = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    assert_int_equal(mr_snap_open(place, &snap, &err), MR_OK);
    assert_int_equal(mr_snap_catalogue_load(&snap, &cat, &err), MR_OK);
    const struct mr_table *log = mr_catalogue_table(cat, "snapshot_club", "log");
    assert_non_null(log);
    assert_string_equal(log->fks[0].ref_table, "members");
    assert_string_equal(log->triggers[0].name, "t1");
    assert_string_equal(mr_catalogue_db(cat, "snapshot_club")->charset, "utf8mb4");
    assert_int_equal(cat->nobjects, 1);
    assert_int_equal(snap.manifest.tables[1].auto_increment, 8);
    assert_int_equal(snap.manifest.tables[1].greatest, 7);
    mr_catalogue_free(cat);

    read_name("catalogue.json", &text);
    for (size_t at = 0; at < text.len; at += 97) {
        text.ptr[at] = (char)(text.ptr[at] ^ 1);
        write_name("catalogue.json", text.ptr, text.len);
        assert_int_equal(mr_snap_catalogue_load(&snap, &cat, &err), MR_E_REFUSED);
        assert_null(cat);
        assert_non_null(strstr(err.message, "catalogue.json"));
        text.ptr[at] = (char)(text.ptr[at] ^ 1);
    }
    write_name("catalogue.json", text.ptr, text.len);
    mr_strbuf_release(&text);

    snap.manifest.tables[0].name = "later";
    assert_int_equal(mr_snap_catalogue_load(&snap, &cat, &err), MR_E_SNAPSHOT);
    assert_non_null(strstr(err.message, "snapshot_club.later"));
    mr_snap_close(&snap);
}

/* ---- what somebody writes who has the certificate, and may write to the directory ---- */

static struct mr_snap forged;

static struct mr_snap_chunk *forge(size_t table)
{
    assert_int_equal(mr_snap_open(place, &forged, NULL), MR_OK);
    return own_chunks(&forged, table);
}

/* The manifest is put right; is the damage there?  Then all is as it was. */
static void forged_is_found(const char *file, const char *stem)
{
    bool named = false;
    put_manifest(&forged, stem);
    if (damage(file, &named, false) == 0 || !named)
        fail_msg("%s: not found", file);
    mr_snap_close(&forged);
    assert_int_equal(nftw(place, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    assert_int_equal(begin_sealed(NULL), 0);
}

/* Text with a content checksum, as zstd makes it, encrypted to somebody. */
static void forge_chunk(struct mr_snap_chunk *chunk, const char *stem,
                        const struct mr_strbuf *frame)
{
    struct mr_strbuf message = MR_STRBUF_INIT;
    char name[128];
    (void)snprintf(name, sizeof name, "%s", chunk->file);
    encrypt(stem, frame, &message);
    put_chunk(&forged, chunk, name, &message);
    mr_strbuf_release(&message);
}

static void read_golden(const char *name, struct mr_strbuf *out)
{
    char path[256];
    (void)snprintf(path, sizeof path, GOLDEN "/%.*s",
                   (int)(strlen(name) - sizeof MR_SNAP_ENCRYPTED + 1), name);
    assert_int_equal(mr_io_read_file(path, 1 << 20, out, NULL), MR_OK);
}

static void test_forged(void **state)
{
    (void)state;
    struct mr_strbuf frame = MR_STRBUF_INIT;
    /* a manifest that somebody else has signed, or nobody */
    (void)forge(0);
    forged_is_found("manifest.json", "other");
    (void)forge(0);
    forged_is_found("manifest.json", NULL);
    /* rows of one table as those of another, encrypted anew */
    struct mr_snap_chunk *chunk = forge(0);
    read_golden(forged.manifest.tables[1].chunks[0].file, &frame);
    forge_chunk(chunk, "reader", &frame);
    forged_is_found("data/snapshot_club.log.0.tsv.zst.cms", "signer");
    /* no text at all */
    chunk = forge(1);
    frame.len = 0;
    mr_strbuf_add_str(&frame, "no frame");
    forge_chunk(chunk, "reader", &frame);
    forged_is_found("data/snapshot_club.members.0.tsv.zst.cms", "signer");
    /* one file of several for somebody else: the larger, since the key is tried on the
     * smallest */
    chunk = forge(1);
    mr_strbuf_reset(&frame);
    read_golden(chunk->file, &frame);
    forge_chunk(chunk, "other", &frame);
    forged_is_found("data/snapshot_club.members.0.tsv.zst.cms", "signer");
    /* a chunk in clear where all the others are encrypted */
    chunk = forge(1);
    put_chunk(&forged, chunk, "data/snapshot_club.members.0.tsv.zst.cms", &frame);
    forged_is_found("data/snapshot_club.members.0.tsv.zst.cms", "signer");
    mr_strbuf_release(&frame);
}

/* What each of them says of itself is true elsewhere: the seal fits, the files too. */
static void test_contradicts(void **state)
{
    struct mr_snap_object objects[8];
    struct mr_snap_column columns[8];
    (void)state;
    for (int which = 0; which < 11; which++) {
        struct mr_snap_chunk *chunk = forge(1);
        struct mr_snap_table *t = &forged.manifest.tables[1];
        assert_true(forged.manifest.nobjects < 8 && t->ncolumns <= 8);
        memcpy(objects, forged.manifest.objects, forged.manifest.nobjects * sizeof *objects);
        memcpy(columns, t->columns, t->ncolumns * sizeof *columns);
        forged.manifest.objects = objects;
        t->columns = columns;
        switch (which) {
        case 0: t->rows++; break;
        case 1: t->stored_bytes--; break;
        case 2: t->plain_bytes += 5; break;
        case 3: t->sum.lo ^= 1; break;
        case 4: chunk->first = (struct mr_key){NULL, 0}; break;
        case 5: t->index = "elsewhere"; break;
        case 6: columns[t->ncolumns - 1].name = "elsewhere"; break;
        case 7: t->db = "elsewhere"; break;
        case 8: objects[forged.manifest.nobjects - 1].db = "elsewhere"; break;
        case 9: objects[forged.manifest.nobjects++] = objects[0]; break;
        default: t->db = forged.manifest.tables[0].db, t->name = forged.manifest.tables[0].name;
        }
        forged_is_found("manifest.json", "signer");
    }
}

static void test_totals(void **state)
{
    static const char *const members[] = {
        "\"tables\":", "\"rows\":", "\"chunks\":", "\"plain_bytes\":", "\"bytes\":"};
    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT, line = MR_STRBUF_INIT;
        char hex[MR_SHA256_HEX];
        bool named = false;
        read_name(MR_SNAP_MANIFEST, &text);
        char *at = strstr(strstr(text.ptr, "\"totals\":"), members[i]) + strlen(members[i]);
        char was = *at;
        *at = was == '1' ? '2' : '1';
        write_name(MR_SNAP_MANIFEST, text.ptr, text.len);
        assert_int_equal(mr_sha256_bytes(text.ptr, text.len, hex, NULL), MR_OK);
        mr_strbuf_add_fmt(&line, "%s  " MR_SNAP_MANIFEST "\n", hex);
        write_name(MR_SNAP_MANIFEST_SUM, line.ptr, line.len);
        assert_int_equal(damage(MR_SNAP_MANIFEST, &named, false), 1);
        assert_true(named);
        *at = was;
        write_name(MR_SNAP_MANIFEST, text.ptr, text.len);
        mr_strbuf_release(&text);
        mr_strbuf_release(&line);
    }
}

/* Three files of a table with the key id, of one to eight. */
static const char *wrong_with(size_t which)
{
    static const size_t key = 0;
    static const struct mr_snap_column column = {.name = "id", .cls = MR_CLASS_UINT};
    const struct mr_key none = {NULL, 0}, k1 = {"1", 1}, k4 = {"4", 1}, k5 = {"5", 1},
                        k8 = {"8", 1};
    struct mr_snap_chunk chunks[] = {
        {.range = {none, k4}, .first = k1, .last = k4, .rows = 4, .plain_bytes = 8},
        {.range = {k4, k5}, .first = k5, .last = k5, .rows = 1, .plain_bytes = 2},
        {.range = {k5, none}, .first = k8, .last = k8, .rows = 1, .plain_bytes = 2}};
    const struct mr_snap_table t = {.columns = &column,
                                    .ncolumns = 1,
                                    .key = &key,
                                    .nkey = 1,
                                    .chunks = chunks,
                                    .nchunks = 3,
                                    .rows = 6,
                                    .plain_bytes = 12};
    const char *reason = NULL;
    switch (which) {
    case 1: /* it goes back */
        chunks[1].range.hi = chunks[2].range.lo = k1;
        chunks[1].first = chunks[1].last = k1;
        break;
    case 2: chunks[1].first = k4; break;
    case 3: chunks[1].last = k8; break;
    case 4: chunks[0].first = k5; break;
    case 5: chunks[2].first = none; break;
    case 6: chunks[2].range.lo = k8; break;
    case 7: chunks[2].range.hi = k8; break;
    default: break;
    }
    mr_snap_check_table(&t, &reason);
    return reason;
}

static void test_ranges(void **state)
{
    static const char *const reasons[] = {"has files whose keys overlap",
                                          "has a file whose keys are not those of its range",
                                          "has a file whose keys are not those of its range",
                                          "has a file whose keys are not those of its range",
                                          "has a file whose keys are not those of its range",
                                          "has a gap between the keys of its files",
                                          "lacks its last keys"};
    (void)state;
    assert_null(wrong_with(0));
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        assert_string_equal(wrong_with(i + 1), reasons[i]);
}

/* 64 MiB of a message of some KiB: no more of it is taken than the manifest says, and a
 * manifest that says more meets the rows. */
static void test_bomb(void **state)
{
    (void)state;
    static const uint64_t claims[] = {105, (uint64_t)64 << 20, (uint64_t)1 << 50};
    char block[65536];
    memset(block, 'x', sizeof block);
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        struct mr_strbuf frame = MR_STRBUF_INIT;
        const struct mr_sink sink = {.write = append, .arg = &frame};
        struct mr_compress *compress = NULL;
        assert_int_equal(mr_compress_new_level(sink, 3, &compress, NULL), MR_OK);
        for (size_t k = 0; k < 1024; k++)
            assert_int_equal(mr_compress_write(compress, block, sizeof block, NULL), MR_OK);
        assert_int_equal(mr_compress_finish(compress, NULL), MR_OK);
        mr_compress_free(compress);
        struct mr_snap_chunk *chunk = forge(1);
        forge_chunk(chunk, "reader", &frame);
        chunk->plain_bytes = claims[i];
        forged.manifest.tables[1].plain_bytes = claims[i];
        forged_is_found("data/snapshot_club.members.0.tsv.zst.cms", "signer");
        mr_strbuf_release(&frame);
    }
}

static void test_keys(void **state)
{
    (void)state;
    struct mr_snap snap;
    struct mr_err err = {0};
    assert_int_equal(mr_snap_open(place, &snap, &err), MR_OK);
    assert_true(mr_snap_is_encrypted(&snap));
    assert_int_equal(mr_snap_unlock(&snap, NULL, &err), MR_E_CERT);
    assert_non_null(strstr(err.message, "are encrypted"));
    assert_int_equal(mr_snap_unlock(&snap, key_file("other", ".key"), &err), MR_E_CERT);
    assert_non_null(strstr(err.message, "other.key"));
    assert_int_equal(mr_snap_unlock(&snap, key_file("reader", ".pem"), &err), MR_E_CERT);
    assert_int_equal(mr_snap_unlock(&snap, "tests/nowhere", &err), MR_E_IO);
    assert_int_equal(mr_snap_require_signer(&snap, key_file("reader", ".key"), &err), MR_E_CERT);
    assert_int_equal(snap.damage.count, 0);
    mr_snap_close(&snap);
}

/* ---- files that are written again behind the proof ---- */

static enum mr_code read_all(const struct mr_snap *snap, const struct mr_snap_table *table,
                             const struct mr_snap_chunk *chunk, struct mr_err *err)
{
    struct mr_snap_rows *rows = NULL;
    const struct mr_value *values = NULL;
    enum mr_code code = mr_snap_rows_open(snap, table, chunk, &rows, err);
    do
        code = code == MR_OK ? mr_snap_rows_next(rows, &values, err) : code;
    while (code == MR_OK && values != NULL);
    mr_snap_rows_close(rows);
    return code;
}

static void append_to(const char *name, const char *tail, size_t len)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    read_name(name, &text);
    mr_strbuf_add(&text, tail, len);
    write_name(name, text.ptr, text.len);
    mr_strbuf_release(&text);
}

/* A frame of zstd's that readers pass over: the rows are the same. */
static void test_rows_changed_since(void **state)
{
    (void)state;
    static const char frame[] = "\x50\x2a\x4d\x18\0\0\0";
    struct mr_snap snap;
    struct mr_err err = {0};
    assert_int_equal(mr_snap_open(place, &snap, &err), MR_OK);
    if (sealed)
        assert_int_equal(mr_snap_unlock(&snap, key_file("reader", ".key"), &err), MR_OK);
    for (size_t i = 0; i < snap.manifest.ntables; i++) {
        const struct mr_snap_table *t = &snap.manifest.tables[i];
        for (size_t k = 0; k < t->nchunks; k++) {
            assert_int_equal(read_all(&snap, t, &t->chunks[k], &err), MR_OK);
            append_to(t->chunks[k].file, frame, sizeof frame);
            assert_int_equal(read_all(&snap, t, &t->chunks[k], &err), MR_E_IO);
            err = (struct mr_err){0};
        }
    }
    mr_snap_close(&snap);
}

static void test_statements_changed_since(void **state)
{
    (void)state;
    struct mr_snap snap;
    struct mr_err err = {0};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    assert_int_equal(mr_snap_open(place, &snap, &err), MR_OK);
    assert_int_equal(mr_snap_check_places(&snap, NULL, NULL, &err), MR_OK);
    assert_int_equal(snap.damage.count, 0);
    for (size_t i = 0; i < snap.manifest.ntables; i++) {
        const struct mr_snap_table *t = &snap.manifest.tables[i];
        const struct mr_snap_place at = mr_snap_table_place(t);
        assert_int_equal(mr_snap_read_statement(&snap, t->schema_file, &at, &sql, &err), MR_OK);
        append_to(t->schema_file, "\n", 1);
        assert_int_equal(mr_snap_read_statement(&snap, t->schema_file, &at, &sql, &err),
                         MR_E_REFUSED);
        assert_non_null(strstr(err.message, t->schema_file));
    }
    mr_strbuf_release(&sql);
    mr_snap_close(&snap);
}

static void test_no_snapshot(void **state)
{
    (void)state;
    struct mr_snap snap;
    struct mr_err err = {0};
    assert_int_equal(mr_snap_open("tests/golden", &snap, &err), MR_E_SNAPSHOT);
    mr_snap_close(&snap);
    assert_int_equal(mr_snap_open("tests/nowhere", &snap, &err), MR_E_IO);
    mr_snap_close(&snap);
    assert_int_equal(mr_snap_open("Makefile", &snap, &err), MR_E_SNAPSHOT);
    mr_snap_close(&snap);
}

#define PLAIN(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define SEALED(test)                                                                               \
    {                                                                                              \
        .name = #test ", encrypted", .test_func = (test), .setup_func = begin_sealed,              \
        .teardown_func = end                                                                       \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAIN(test_golden),
        PLAIN(test_flipped),
        PLAIN(test_length),
        PLAIN(test_missing_and_extra),
        PLAIN(test_swapped),
        PLAIN(test_no_snapshot),
        PLAIN(test_catalogue),
        PLAIN(test_rows_changed_since),
        PLAIN(test_statements_changed_since),
        PLAIN(test_totals),
        cmocka_unit_test(test_ranges),
        SEALED(test_golden),
        SEALED(test_flipped),
        SEALED(test_length),
        SEALED(test_missing_and_extra),
        SEALED(test_swapped),
        SEALED(test_keys),
        SEALED(test_forged),
        SEALED(test_bomb),
        SEALED(test_contradicts),
        SEALED(test_rows_changed_since),
    };
    if (mr_progress_new(MR_PROGRESS_NEVER, &progress, NULL) != MR_OK || make_keys() != 0)
        return 1;
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    mr_progress_free(progress);
    return nftw(keys, remove_entry, 8, FTW_DEPTH | FTW_PHYS) == 0 ? rc : 1;
}
