/* cms_form.c: see cms_form.h. */
#include "core/file/cms_form.h"

#include <limits.h>
#include <openssl/asn1.h>
#include <string.h>

#define TAG_BYTES 16
#define NONCE_BYTES 12
#define WRAPPED_BYTES 40 /* a key of 32 bytes */
#define DEPTH 32

struct cursor {
    const unsigned char *at, *end;
};

struct header {
    int tag, class;
    bool constructed, indefinite;
    size_t len; /* of the content, which the cursor is at; 0 where indefinite */
};

static bool next(struct cursor *c, struct header *h)
{
    long len = 0;
    if (c->end - c->at < 2)
        return false;
    int bits = ASN1_get_object(&c->at, &len, &h->tag, &h->class, (long)(c->end - c->at));
    if ((bits & 0x80) != 0 || len < 0 || len > c->end - c->at)
        return false;
    h->constructed = (bits & V_ASN1_CONSTRUCTED) != 0;
    h->indefinite = (bits & 1) != 0;
    h->len = h->indefinite ? 0 : (size_t)len;
    return true;
}

static bool is_end(const struct cursor *c)
{
    return c->end - c->at >= 2 && c->at[0] == 0 && c->at[1] == 0;
}

/* Past the next element, whatever it is. */
static bool skip(struct cursor *c)
{
    struct header h;
    unsigned open = 0;
    do {
        if (open > 0 && is_end(c)) {
            c->at += 2;
            open--;
            continue;
        }
        if (!next(c, &h) || (h.indefinite && ++open > DEPTH))
            return false;
        c->at += h.len;
    } while (open > 0);
    return true;
}

/* Into a constructed element. */
static bool enter(struct cursor *c, int class, int tag)
{
    struct header h;
    if (!next(c, &h) || h.class != class || h.tag != tag || !h.constructed)
        return false;
    if (!h.indefinite)
        c->end = c->at + h.len;
    return true;
}

static bool is_done(const struct cursor *c)
{
    return c->at == c->end;
}

/* Past an element of known length; content: what is in it. */
static bool take(struct cursor *c, int class, int tag, bool constructed, struct cursor *content)
{
    struct header h;
    if (!next(c, &h) || h.class != class || h.tag != tag || h.constructed != constructed ||
        h.indefinite)
        return false;
    *content = (struct cursor){c->at, c->at + h.len};
    c->at += h.len;
    return true;
}

static bool take_sequence(struct cursor *c, struct cursor *content)
{
    return take(c, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE, true, content);
}

/* [tag] with elements in it. */
static bool take_tagged(struct cursor *c, int tag, struct cursor *content)
{
    return take(c, V_ASN1_CONTEXT_SPECIFIC, tag, true, content);
}

static bool take_primitive(struct cursor *c, int tag, struct cursor *content)
{
    return take(c, V_ASN1_UNIVERSAL, tag, false, content);
}

static bool take_octets(struct cursor *c, size_t len)
{
    struct cursor octets;
    return take_primitive(c, V_ASN1_OCTET_STRING, &octets) &&
           (size_t)(octets.end - octets.at) == len;
}

/* ---- algorithms ---- */

/* The content of an OBJECT IDENTIFIER. */
struct object {
    size_t len;
    unsigned char bytes[9];
};

static const struct object aes256_gcm = {9, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e}};
static const struct object aes256_wrap = {9,
                                          {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2d}};
static const struct object sha256 = {9, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01}};
static const struct object oaep = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07}};
static const struct object mgf1 = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08}};
static const struct object ecdh_sha256 = {6, {0x2b, 0x81, 0x04, 0x01, 0x0b, 0x01}};
static const struct object ec_key = {7, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01}};

static bool take_object(struct cursor *c, const struct object *wanted)
{
    struct cursor name;
    return take_primitive(c, V_ASN1_OBJECT, &name) && (size_t)(name.end - name.at) == wanted->len &&
           memcmp(name.at, wanted->bytes, wanted->len) == 0;
}

/* An algorithm without parameters, or with NULL for them. */
static bool take_plain(struct cursor *c, const struct object *wanted)
{
    struct cursor algorithm, null;
    return take_sequence(c, &algorithm) && take_object(&algorithm, wanted) &&
           (is_done(&algorithm) || (take_primitive(&algorithm, V_ASN1_NULL, &null) &&
                                    is_done(&null) && is_done(&algorithm)));
}

/* RSA-OAEP: [0] the digest, [1] MGF1 with its own; no label. */
static bool take_oaep(struct cursor *c)
{
    struct cursor algorithm, options, digest, mask, mask_algorithm;
    return take_sequence(c, &algorithm) && take_object(&algorithm, &oaep) &&
           take_sequence(&algorithm, &options) && is_done(&algorithm) &&
           take_tagged(&options, 0, &digest) && take_plain(&digest, &sha256) && is_done(&digest) &&
           take_tagged(&options, 1, &mask) && is_done(&options) &&
           take_sequence(&mask, &mask_algorithm) && is_done(&mask) &&
           take_object(&mask_algorithm, &mgf1) && take_plain(&mask_algorithm, &sha256) &&
           is_done(&mask_algorithm);
}

/* ECDH, whose secret opens AES key wrap. */
static bool take_ecdh(struct cursor *c)
{
    struct cursor algorithm;
    return take_sequence(c, &algorithm) && take_object(&algorithm, &ecdh_sha256) &&
           take_plain(&algorithm, &aes256_wrap) && is_done(&algorithm);
}

/* ---- recipients ---- */

/* KeyTransRecipientInfo: version, whose certificate, how, the key. */
static bool is_transport(struct cursor c)
{
    struct cursor version, key;
    return take_primitive(&c, V_ASN1_INTEGER, &version) && skip(&c) && take_oaep(&c) &&
           take_primitive(&c, V_ASN1_OCTET_STRING, &key) && is_done(&c);
}

/* OriginatorPublicKey, on the recipient's curve. */
static bool is_originator(struct cursor c)
{
    struct cursor key, bits;
    return take_tagged(&c, 1, &key) && is_done(&c) && take_plain(&key, &ec_key) &&
           take_primitive(&key, V_ASN1_BIT_STRING, &bits) && is_done(&key);
}

/* RecipientEncryptedKeys: whose certificate, the key. */
static bool are_keys(struct cursor c)
{
    struct cursor one;
    while (!is_done(&c))
        if (!take_sequence(&c, &one) || !skip(&one) || !take_octets(&one, WRAPPED_BYTES) ||
            !is_done(&one))
            return false;
    return true;
}

/* KeyAgreeRecipientInfo: version, from whom, how, the keys. */
static bool is_agreement(struct cursor c)
{
    struct cursor version, originator, keys;
    return take_primitive(&c, V_ASN1_INTEGER, &version) && take_tagged(&c, 0, &originator) &&
           is_originator(originator) && take_ecdh(&c) && take_sequence(&c, &keys) &&
           are_keys(keys) && is_done(&c);
}

static bool are_recipients(struct cursor c)
{
    struct cursor one;
    while (!is_done(&c)) {
        struct cursor rest = c;
        if (take_sequence(&rest, &one) && is_transport(one))
            c = rest;
        else if (!take_tagged(&c, 1, &one) || !is_agreement(one))
            return false;
    }
    return true;
}

/* ---- the content ---- */

/* AuthEncryptedContentInfo: its type, and the cipher with its nonce and the tag's length. */
static bool is_gcm(struct cursor info)
{
    struct cursor cipher, parameters, tag;
    return enter(&info, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE) && skip(&info) &&
           take_sequence(&info, &cipher) && take_object(&cipher, &aes256_gcm) &&
           take_sequence(&cipher, &parameters) && is_done(&cipher) &&
           take_octets(&parameters, NONCE_BYTES) &&
           take_primitive(&parameters, V_ASN1_INTEGER, &tag) && is_done(&parameters) &&
           tag.end - tag.at == 1 && *tag.at == TAG_BYTES;
}

/* Without originatorInfo and attributes, which we do not write. */
bool mr_cms_has_our_form(const void *ptr, size_t len)
{
    struct cursor c = {ptr, (const unsigned char *)ptr + len}, version, recipients;
    if (len > LONG_MAX)
        return false;
    return enter(&c, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE) && skip(&c) &&
           enter(&c, V_ASN1_CONTEXT_SPECIFIC, 0) && enter(&c, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE) &&
           take_primitive(&c, V_ASN1_INTEGER, &version) &&
           take(&c, V_ASN1_UNIVERSAL, V_ASN1_SET, true, &recipients) &&
           are_recipients(recipients) && is_gcm(c) && skip(&c) && take_octets(&c, TAG_BYTES) &&
           (is_done(&c) || is_end(&c));
}
