/* page_frame.c: see page_frame.h. */
#include "core/page/page_frame.h"

#include <openssl/evp.h>

#include "core/page/page_escape.h"

/* 'sha256-…' of what stands between the tags. */
static enum mr_code add_source(struct mr_strbuf *out, struct mr_page_asset asset,
                               struct mr_err *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(asset.ptr, asset.len, digest, &size, EVP_sha256(), NULL) != 1)
        return mr_err_set(err, MR_E_BUG, "OpenSSL could not compute a SHA-256 digest");
    (void)EVP_EncodeBlock(base64, digest, (int)size);
    mr_strbuf_add_fmt(out, "'sha256-%s'", (const char *)base64);
    return MR_OK;
}

/* The page forbids itself to load or run anything but this style and this script, by their
 * digests. */
enum mr_code mr_page_begin(const struct mr_page_frame *frame, struct mr_strbuf *out,
                           struct mr_err *err)
{
    mr_strbuf_add_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
                           "\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                           "'none'; base-uri 'none'; form-action 'none'; img-src data:; "
                           "style-src ");
    MR_TRY(add_source(out, frame->style, err));
    mr_strbuf_add_str(out, "; script-src ");
    MR_TRY(add_source(out, frame->script, err));
    mr_strbuf_add_str(out, "\">\n<meta name=\"viewport\" content=\"width=device-width, "
                           "initial-scale=1\">\n<meta name=\"referrer\" content=\"no-"
                           "referrer\">\n<meta name=\"color-scheme\" content=\"light "
                           "dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    mr_page_escape_html_str(out, frame->title);
    mr_strbuf_add_str(out, "</title>\n<style>");
    mr_strbuf_add(out, frame->style.ptr, frame->style.len);
    mr_strbuf_add_fmt(out, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">%s</a>\n",
                      frame->skip_to);
    return MR_OK;
}

void mr_page_end(const struct mr_page_frame *frame, struct mr_strbuf *out)
{
    mr_strbuf_add_str(out, "<script>");
    mr_strbuf_add(out, frame->script.ptr, frame->script.len);
    mr_strbuf_add_str(out, "</script>\n</body>\n</html>\n");
}
