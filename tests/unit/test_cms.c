/* test_cms.c: what is encrypted here, the stock openssl opens, and only if unharmed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>

#include "core/file/cms.h"
#include "core/file/cms_form.h"
#include "core/file/io.h"
#include "tests/unit/certificates.h"
#include "tests/unit/place.h"
#include "tests/unit/random.h"

static EVP_PKEY *rsa, *ec;

static int make_keys(void **state)
{
    (void)state;
    rsa = make_key("RSA", 3072, NULL);
    ec = make_key("EC", 0, "P-256");
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    return 0;
}

/* The certificates of both kinds, as rsa.pem and ec.pem. */
static int begin(void **state)
{
    if (place_begin(state) != 0)
        return -1;
    make_certificate("rsa", rsa, -DAY, DAY, NULL);
    make_certificate("ec", ec, -DAY, DAY, NULL);
    return 0;
}

static const char *const stems[] = {"rsa", "ec"};

static struct mr_recipient *load(const char *stem)
{
    char path[64];
    struct mr_recipient *recipient;
    struct mr_err err;
    (void)snprintf(path, sizeof path, "%s.pem", stem);
    if (mr_recipient_load(path, &recipient, &err) != MR_OK)
        fail_msg("%s", err.message);
    return recipient;
}

static enum mr_code append(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add(arg, ptr, len);
    return MR_OK;
}

static void encrypt(const char *stem, const struct mr_strbuf *in, size_t piece,
                    struct mr_strbuf *out)
{
    const struct mr_sink sink = {.write = append, .arg = out};
    struct mr_recipient *recipient = load(stem);
    struct mr_cms *cms;
    struct mr_err err;
    assert_int_equal(mr_cms_new(recipient, sink, &cms, &err), MR_OK);
    for (size_t at = 0; at < in->len; at += piece) {
        size_t now = in->len - at < piece ? in->len - at : piece;
        if (mr_cms_write(cms, in->ptr + at, now, &err) != MR_OK)
            fail_msg("%s", err.message);
    }
    if (mr_cms_finish(cms, &err) != MR_OK)
        fail_msg("%s", err.message);
    mr_cms_free(cms);
    mr_recipient_free(recipient);
    assert_int_equal(ERR_peek_error(), 0);
}

static void store(const char *path, const struct mr_strbuf *text)
{
    struct mr_err err;
    assert_int_equal(mr_io_write_file(path, 0600, text->ptr, text->len, &err), MR_OK);
}

/* Every byte value, and what text tools like to change. */
static void fill(struct mr_strbuf *text, size_t size)
{
    while (text->len < size) {
        mr_strbuf_add_str(text, "a\r\nb\nc\r");
        for (int c = 0; c < 256; c++)
            mr_strbuf_add_char(text, (char)c);
        uint64_t bits = random_bits();
        mr_strbuf_add(text, &bits, sizeof bits);
    }
    text->len = size;
}

static void test_openssl_opens_it(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 4096, 65536, 65537, 1000001};
    static const size_t pieces[] = {999, 65536, 2000000};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        const char *stem = stems[i % 2];
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
            struct mr_strbuf back = MR_STRBUF_INIT;
            struct mr_err err;
            fill(&in, sizes[i / 2]);
            encrypt(stem, &in, pieces[p], &out);
            assert_true(mr_cms_is_message(out.ptr, out.len));
            if (in.len > 100) /* no 100 bytes of the content are in the message */
                assert_null(memmem(out.ptr, out.len, in.ptr, 100));
            store("message", &out);
            assert_int_equal(decrypt(stem, "message", "plain"), 0);
            assert_int_equal(mr_io_read_file("plain", 1 << 21, &back, &err), MR_OK);
            assert_int_equal(back.len, in.len);
            assert_memory_equal(back.ptr, in.ptr, in.len);
            mr_strbuf_release(&in);
            mr_strbuf_release(&out);
            mr_strbuf_release(&back);
        }
    }
}

static void test_another_key_does_not(void **state)
{
    (void)state;
    struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    EVP_PKEY *other[] = {make_key("RSA", 3072, NULL), make_key("EC", 0, "P-256")};
    fill(&in, 10000);
    for (size_t i = 0; i < 2; i++) {
        mr_strbuf_reset(&out);
        encrypt(stems[i], &in, in.len, &out);
        store("message", &out);
        make_certificate("other", other[i], -DAY, DAY, NULL);
        assert_int_not_equal(decrypt("other", "message", "plain"), 0);
        assert_int_equal(decrypt(stems[i], "message", "plain"), 0);
        EVP_PKEY_free(other[i]);
    }
    mr_strbuf_release(&in);
    mr_strbuf_release(&out);
}

static void test_tampering_is_noticed(void **state)
{
    (void)state;
    struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    fill(&in, 20000);
    for (size_t i = 0; i < 2; i++) {
        mr_strbuf_reset(&out);
        encrypt(stems[i], &in, in.len, &out);
        /* the last bytes are the tag and the ends of what is open */
        for (size_t at = out.len - 40; at > out.len / 2; at -= 1999) {
            out.ptr[at] ^= 0x10;
            store("message", &out);
            assert_int_not_equal(decrypt(stems[i], "message", "plain"), 0);
            out.ptr[at] ^= 0x10;
        }
        out.len -= 100;
        store("message", &out);
        assert_int_not_equal(decrypt(stems[i], "message", "plain"), 0);
    }
    mr_strbuf_release(&in);
    mr_strbuf_release(&out);
}

/* How often the algorithm is named. */
static size_t count_object(const struct mr_strbuf *message, const char *name)
{
    ASN1_OBJECT *object = OBJ_txt2obj(name, 0);
    assert_non_null(object);
    const unsigned char *ptr = OBJ_get0_data(object);
    const char *at = message->ptr, *end = message->ptr + message->len;
    size_t count = 0;
    while ((at = memmem(at, (size_t)(end - at), ptr, OBJ_length(object))) != NULL) {
        count++;
        at++;
    }
    ASN1_OBJECT_free(object);
    return count;
}

/* The algorithms are ours, not those that the library would have chosen. */
static void test_algorithms(void **state)
{
    (void)state;
    struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    fill(&in, 1000);
    encrypt("rsa", &in, in.len, &out);
    assert_int_equal(count_object(&out, "id-aes256-GCM"), 1);
    assert_int_equal(count_object(&out, "rsaesOaep"), 1);
    assert_int_equal(count_object(&out, "mgf1"), 1);
    assert_int_equal(count_object(&out, "SHA256"), 2); /* of OAEP, and of mgf1 */
    mr_strbuf_reset(&out);
    encrypt("ec", &in, in.len, &out);
    assert_int_equal(count_object(&out, "id-aes256-GCM"), 1);
    assert_int_equal(count_object(&out, "dhSinglePass-stdDH-sha256kdf-scheme"), 1);
    assert_int_equal(count_object(&out, "id-aes256-wrap"), 1);
    mr_strbuf_release(&in);
    mr_strbuf_release(&out);
}

/* Two messages of one content share neither key nor nonce. */
static void test_messages_differ(void **state)
{
    (void)state;
    struct mr_strbuf in = MR_STRBUF_INIT, one = MR_STRBUF_INIT, two = MR_STRBUF_INIT;
    fill(&in, 5000);
    encrypt("ec", &in, in.len, &one);
    encrypt("ec", &in, in.len, &two);
    assert_null(memmem(two.ptr, two.len, one.ptr + one.len - 200, 16));
    assert_null(memmem(two.ptr, two.len, one.ptr + one.len / 2, 16));
    mr_strbuf_release(&in);
    mr_strbuf_release(&one);
    mr_strbuf_release(&two);
}

static void test_is_message(void **state)
{
    (void)state;
    struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    for (size_t size = 0; size < 2; size++) { /* lengths that are known, and that are not */
        mr_strbuf_reset(&out);
        fill(&in, size);
        encrypt("rsa", &in, 1, &out);
        assert_int_equal((unsigned char)out.ptr[1], size == 0 ? 0x82 : 0x80);
        assert_true(mr_cms_is_message(out.ptr, 64));
        for (size_t len = 0; len < 15; len++)
            assert_false(mr_cms_is_message(out.ptr, len));
        out.ptr[14]++;
        assert_false(mr_cms_is_message(out.ptr, 64));
    }
    assert_false(mr_cms_is_message("0\xff", 2));
    mr_strbuf_release(&in);
    mr_strbuf_release(&out);
}

struct failing {
    size_t left; /* bytes that are still taken */
};

static enum mr_code take_some(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct failing *failing = arg;
    (void)ptr;
    if (len > failing->left)
        return mr_err_set(err, MR_E_IO, "the sink is full");
    failing->left -= len;
    return MR_OK;
}

static void test_failing_sink(void **state)
{
    (void)state;
    struct mr_strbuf in = MR_STRBUF_INIT;
    fill(&in, 200000);
    for (size_t i = 0; i < 2; i++) {
        struct mr_recipient *recipient = load(stems[i]);
        for (size_t room = 0; room < 400000; room += 50000) {
            struct failing failing = {.left = room};
            const struct mr_sink sink = {.write = take_some, .arg = &failing};
            struct mr_cms *cms;
            struct mr_err err = {.message = ""};
            assert_int_equal(mr_cms_new(recipient, sink, &cms, &err), MR_OK);
            enum mr_code rc = mr_cms_write(cms, in.ptr, in.len, &err);
            if (rc == MR_OK)
                rc = mr_cms_finish(cms, &err);
            assert_int_equal(rc, room <= in.len ? MR_E_IO : MR_OK);
            if (rc != MR_OK)
                assert_string_equal(err.message, "the sink is full");
            mr_cms_free(cms);
        }
        mr_recipient_free(recipient);
    }
    mr_strbuf_release(&in);
}

/* Freed at any point, it leaves neither memory nor a reason in OpenSSL's queue. */
static void test_free_early(void **state)
{
    (void)state;
    struct mr_strbuf out = MR_STRBUF_INIT;
    const struct mr_sink sink = {.write = append, .arg = &out};
    struct mr_recipient *recipient = load("rsa");
    struct mr_cms *cms;
    struct mr_err err;
    assert_int_equal(mr_cms_new(recipient, sink, &cms, &err), MR_OK);
    mr_cms_free(cms);
    assert_int_equal(mr_cms_new(recipient, sink, &cms, &err), MR_OK);
    assert_int_equal(mr_cms_write(cms, "content", 7, &err), MR_OK);
    mr_cms_free(cms);
    mr_cms_free(NULL);
    mr_recipient_free(recipient);
    mr_strbuf_release(&out);
    assert_int_equal(ERR_peek_error(), 0);
}

/* The key is too short for what it is to encrypt, which nobody has looked at here: the
 * reason is reported. */
static void test_reason_of_openssl(void **state)
{
    (void)state;
    struct mr_recipient *recipient = load("rsa");
    const struct mr_sink sink = {.write = append};
    EVP_PKEY *key = make_key("RSA", 512, NULL);
    struct mr_cms *cms;
    struct mr_err err;
    assert_int_equal(X509_set_pubkey(mr_recipient_x509(recipient), key), 1);
    assert_int_equal(mr_cms_new(recipient, sink, &cms, &err), MR_E_CERT);
    assert_null(cms);
    assert_string_equal(err.message, "could not encrypt to certificate \"rsa.pem\": "
                                     "data too large for key size");
    assert_int_equal(ERR_peek_error(), 0);
    EVP_PKEY_free(key);
    mr_recipient_free(recipient);
}

/* ---- opening ---- */

static void open_is(const char *stem, const struct mr_strbuf *message, enum mr_code want,
                    const struct mr_strbuf *content)
{
    char path[64];
    struct mr_cms_key *key = NULL;
    struct mr_strbuf out = MR_STRBUF_INIT, copy = MR_STRBUF_INIT;
    struct mr_err err = {0};
    (void)snprintf(path, sizeof path, "%s.key", stem);
    assert_int_equal(mr_cms_key_load(path, &key, &err), MR_OK);
    mr_strbuf_add(&copy, message->ptr, message->len);
    assert_int_equal(mr_cms_open(key, &copy, &out, &err), want);
    if (want == MR_OK) {
        assert_int_equal(out.len, content->len);
        assert_memory_equal(out.ptr, content->ptr, out.len);
    } else {
        assert_int_equal(out.len, 0);
        assert_true(err.message[0] != '\0');
    }
    mr_strbuf_release(&out);
    mr_cms_key_free(key);
}

/* A bit of the content, of the tag, of what is around them: other content is never handed
 * out.  (Names of what is in the message are not covered by the tag.) */
static void changed_is_refused(const char *stem, const struct mr_strbuf *message,
                               const struct mr_strbuf *content)
{
    char path[64];
    struct mr_cms_key *key = NULL;
    struct mr_err err = {0};
    (void)snprintf(path, sizeof path, "%s.key", stem);
    size_t taken = 0;
    assert_int_equal(mr_cms_key_load(path, &key, &err), MR_OK);
    for (size_t back = 1; back < message->len; back++) {
        struct mr_strbuf copy = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
        mr_strbuf_add(&copy, message->ptr, message->len);
        copy.ptr[copy.len - back] ^= 1;
        if (mr_cms_open(key, &copy, &out, &err) != MR_OK)
            assert_int_equal(out.len, 0);
        else if (out.len != content->len || memcmp(out.ptr, content->ptr, out.len) != 0)
            fail_msg("%s: %zu bytes before the end: not noticed", stem, back);
        else
            taken++;
        mr_strbuf_release(&out);
    }
    assert_true(taken < message->len / 4);
    mr_cms_key_free(key);
}

static void test_open(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 100000};
    for (size_t k = 0; k < 2; k++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
            for (size_t i = 0; i < sizes[s]; i++)
                mr_strbuf_add_char(&in, (char)random_bits());
            encrypt(stems[k], &in, 4096, &out);
            open_is(stems[k], &out, MR_OK, &in);
            open_is(stems[!k], &out, MR_E_CERT, NULL);
            mr_strbuf_add_char(&out, 'x');
            open_is(stems[k], &out, MR_E_IO, NULL);
            out.len /= 2;
            open_is(stems[k], &out, MR_E_IO, NULL);
            mr_strbuf_release(&in);
            mr_strbuf_release(&out);
        }
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, "no message at all, but long enough to be one");
    open_is("rsa", &text, MR_E_IO, NULL);
    mr_strbuf_release(&text);
}

static void test_changed(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
        mr_strbuf_add_str(&in, "the content, short enough for bits of all the rest");
        encrypt(stems[k], &in, 4096, &out);
        changed_is_refused(stems[k], &out, &in);
        mr_strbuf_release(&in);
        mr_strbuf_release(&out);
    }
}

/* The name of the cipher and the length of the tag are not covered by the tag. */
static void test_form(void **state)
{
    (void)state;
    static const unsigned char gcm[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e};
    for (size_t k = 0; k < 2; k++) {
        struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
        fill(&in, 1000);
        encrypt(stems[k], &in, 4096, &out);
        open_is(stems[k], &out, MR_OK, &in);
        char *name = memmem(out.ptr, out.len, gcm, sizeof gcm);
        assert_non_null(name);
        for (int other = 0; other < 256; other++) {
            name[8] = (char)other;
            if (other != 0x2e)
                open_is(stems[k], &out, MR_E_IO, NULL);
        }
        name[8] = 0x2e;
        open_is(stems[k], &out, MR_OK, &in);
        /* …, 04 10 and the tag, and the ends of three lengths that were not known */
        char *tag = out.ptr + out.len - 6 - 16;
        assert_int_equal(tag[-1], 16);
        memmove(tag + 12, tag + 16, 6);
        tag[-1] = 12;
        out.len -= 4;
        open_is(stems[k], &out, MR_E_IO, NULL);
        memmove(tag + 1, tag + 12, 6);
        tag[-1] = 1;
        out.len -= 11;
        open_is(stems[k], &out, MR_E_IO, NULL);
        mr_strbuf_release(&in);
        mr_strbuf_release(&out);
    }
}

/* What the message says of how its key was encrypted is ours, too.  Another wrap makes OpenSSL
 * 3.0 write behind its buffer, which only valgrind tells: the library must not see it. */
static void test_form_of_keys(void **state)
{
    (void)state;
    static const struct {
        const char *stem, *object;
        size_t len;
    } names[] = {
        {"ec", "\x60\x86\x48\x01\x65\x03\x04\x01\x2d", 9},  /* AES key wrap */
        {"ec", "\x2b\x81\x04\x01\x0b\x01", 6},              /* ECDH */
        {"ec", "\x2a\x86\x48\xce\x3d\x02\x01", 7},          /* an EC key */
        {"rsa", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07", 9}, /* OAEP */
        {"rsa", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08", 9}, /* MGF1 */
        {"rsa", "\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9}, /* SHA-256 */
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
        fill(&in, 1000);
        encrypt(names[i].stem, &in, 4096, &out);
        char *name = memmem(out.ptr, out.len, names[i].object, names[i].len);
        assert_non_null(name);
        char *last = name + names[i].len - 1, was = *last;
        for (int other = 0; other < 256; other++) {
            *last = (char)other;
            bool is_same = *last == was;
            assert_int_equal(mr_cms_has_our_form(out.ptr, out.len), is_same);
            open_is(names[i].stem, &out, is_same ? MR_OK : MR_E_IO, &in);
        }
        mr_strbuf_release(&in);
        mr_strbuf_release(&out);
    }
}

/* The library is given nothing that is cut, or whose elements end elsewhere. */
static void test_form_of_lengths(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
        size_t good = 0;
        fill(&in, 100);
        encrypt(stems[k], &in, 4096, &out);
        for (size_t len = 0; len < out.len - 6; len++)
            assert_false(mr_cms_has_our_form(out.ptr, len));
        /* a byte longer or shorter: values pass, headers do not */
        for (size_t at = 0; at < out.len; at++) {
            out.ptr[at]++;
            good += mr_cms_has_our_form(out.ptr, out.len);
            out.ptr[at]--;
        }
        assert_true(good > 0 && good < out.len);
        mr_strbuf_release(&in);
        mr_strbuf_release(&out);
    }
}

/* Each of two can open it alone, with the stock openssl too. */
static void test_two_recipients(void **state)
{
    (void)state;
    struct mr_strbuf out = MR_STRBUF_INIT, in = MR_STRBUF_INIT;
    const struct mr_sink sink = {.write = append, .arg = &out};
    struct mr_recipient *both[] = {load("rsa"), load("ec")};
    struct mr_cms *cms = NULL;
    struct mr_err err = {0};
    mr_strbuf_add_str(&in, "for two");
    assert_int_equal(mr_cms_new_for((const struct mr_recipient *const *)both, 2, sink, &cms, &err),
                     MR_OK);
    assert_int_equal(mr_cms_write(cms, in.ptr, in.len, &err), MR_OK);
    assert_int_equal(mr_cms_finish(cms, &err), MR_OK);
    mr_cms_free(cms);
    assert_int_equal(mr_io_write_file("two.cms", 0600, out.ptr, out.len, &err), MR_OK);
    for (size_t k = 0; k < 2; k++) {
        open_is(stems[k], &out, MR_OK, &in);
        assert_int_equal(decrypt(stems[k], "two.cms", "two.txt"), 0);
        mr_recipient_free(both[k]);
    }
    mr_strbuf_release(&in);
    mr_strbuf_release(&out);
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, begin, place_end)
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_open),
        IN_PLACE(test_changed),
        IN_PLACE(test_form),
        IN_PLACE(test_form_of_keys),
        IN_PLACE(test_form_of_lengths),
        IN_PLACE(test_two_recipients),
        IN_PLACE(test_openssl_opens_it),
        IN_PLACE(test_another_key_does_not),
        IN_PLACE(test_tampering_is_noticed),
        IN_PLACE(test_algorithms),
        IN_PLACE(test_messages_differ),
        IN_PLACE(test_is_message),
        IN_PLACE(test_failing_sink),
        IN_PLACE(test_free_early),
        IN_PLACE(test_reason_of_openssl),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
