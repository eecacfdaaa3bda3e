/* cms_form.c: see cms_form.h. */
#include "core/file/cms_form.h"

#include <limits.h>
#include <openssl/asn1.h>
#include <string.h>

#define TAG_BYTES 16
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

/* At a primitive element of that many bytes. */
static bool is_primitive(struct cursor *c, int tag, size_t len)
{
    struct header h;
    return next(c, &h) && h.class == V_ASN1_UNIVERSAL && h.tag == tag && !h.constructed &&
           h.len == len;
}

/* AuthEncryptedContentInfo: its type, and the cipher with its parameters. */
static bool is_gcm(struct cursor info)
{
    static const unsigned char gcm[] = {0x60, 0x86, 0x48, 0x01, 0x65,
                                        0x03, 0x04, 0x01, 0x2e};
    return enter(&info, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE) && skip(&info) &&
           enter(&info, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE) &&
           is_primitive(&info, V_ASN1_OBJECT, sizeof gcm) &&
           memcmp(info.at, gcm, sizeof gcm) == 0;
}

/* Without originatorInfo and attributes, which we do not write. */
bool mr_cms_has_our_form(const void *ptr, size_t len)
{
    struct cursor c = {ptr, (const unsigned char *)ptr + len};
    if (len > LONG_MAX)
        return false;
    return enter(&c, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE) && skip(&c) &&
           enter(&c, V_ASN1_CONTEXT_SPECIFIC, 0) &&
           enter(&c, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE) && skip(&c) && skip(&c) &&
           is_gcm(c) && skip(&c) && is_primitive(&c, V_ASN1_OCTET_STRING, TAG_BYTES);
}
