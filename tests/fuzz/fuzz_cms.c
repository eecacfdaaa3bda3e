/*
 * fuzz_cms.c: opening an encrypted message.
 *
 * Bytes that begin a message (0x30) are one.  Any others say what is changed in a message
 * that is whole: two bytes where, one what is turned over there, and so on.  Whatever is
 * opened then has the content that was encrypted: no change brings out another.
 */
#include "fuzz.h"

#include <openssl/bio.h>
#include <string.h>
#include <unistd.h>

#include "core/file/cms.h"
#include "core/file/io.h"
#include "tests/unit/certificates.h"

static const char content[] = "what was encrypted, and nothing else";
static struct mr_cms_key *key;
static struct mr_strbuf message;

static enum mr_code append(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add(arg, ptr, len);
    return MR_OK;
}

static void make_message(void)
{
    char place[] = "/tmp/myrecon-fuzz-XXXXXX", stem[64], path[80];
    const struct mr_sink sink = {.write = append, .arg = &message};
    struct mr_recipient *recipient = NULL;
    struct mr_cms *cms = NULL;
    EVP_PKEY *pair = make_key("EC", 0, "P-256");
    FUZZ_CHECK(mkdtemp(place) != NULL);
    (void)snprintf(stem, sizeof stem, "%s/a", place);
    make_certificate(stem, pair, -DAY, DAY, NULL);
    EVP_PKEY_free(pair);
    mr_strbuf_init(&message);
    (void)snprintf(path, sizeof path, "%s.pem", stem);
    FUZZ_CHECK(mr_recipient_load(path, &recipient, NULL) == MR_OK);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s.key", stem);
    FUZZ_CHECK(mr_cms_key_load(path, &key, NULL) == MR_OK);
    (void)unlink(path);
    (void)rmdir(place);
    FUZZ_CHECK(mr_cms_new(recipient, sink, &cms, NULL) == MR_OK);
    FUZZ_CHECK(mr_cms_write(cms, content, sizeof content, NULL) == MR_OK);
    FUZZ_CHECK(mr_cms_finish(cms, NULL) == MR_OK);
    mr_cms_free(cms);
    mr_recipient_free(recipient);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_strbuf in = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    struct mr_err err = {0};
    bool raw = size > 0 && data[0] == 0x30;
    if (key == NULL)
        make_message();
    if (raw)
        mr_strbuf_add(&in, data, size);
    else
        mr_strbuf_add(&in, message.ptr, message.len);
    for (size_t i = 0; !raw && i + 2 < size; i += 3) {
        size_t at = ((size_t)data[i] << 8 | data[i + 1]) % in.len;
        in.ptr[at] = (char)(in.ptr[at] ^ data[i + 2]);
    }
    enum mr_code code = mr_cms_open(key, &in, &out, &err);
    if (code == MR_OK && !raw)
        FUZZ_CHECK(out.len == sizeof content && memcmp(out.ptr, content, sizeof content) == 0);
    if (code != MR_OK)
        FUZZ_CHECK(out.len == 0 && err.message[0] != '\0');
    mr_strbuf_release(&in);
    mr_strbuf_release(&out);
    return 0;
}
