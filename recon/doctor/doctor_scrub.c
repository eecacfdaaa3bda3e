/* doctor_scrub.c: see doctor_scrub.h. */
#include "recon/doctor/doctor_scrub.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/utf8.h"
#include "core/db/sqlmask.h"
#include "recon/doctor/doctor.h"
#include "recon/gate/gate_link.h"

static void show(struct mr_strbuf *out, const char *text, size_t len)
{
    mr_utf8_show(out, text, len, true);
}

static void mask(struct mr_strbuf *out, const char *sql)
{
    struct mr_strbuf masked = MR_STRBUF_INIT;
    mr_sqlmask(&masked, sql, strlen(sql));
    show(out, masked.ptr, masked.len);
    out->failed |= masked.failed;
    mr_strbuf_release(&masked);
}

static bool holds_any(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasestr(text, *words) != NULL)
            return true;
    return false;
}

/* "ON", "8", "" and the like tell of a policy, not of a password. */
static bool is_plain(const char *value)
{
    static const char *const words[] = {"ON", "OFF", "YES", "NO", NULL};
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

static bool is_policy(const char *name)
{
    static const char *const policies[] = {"validate_password",       "password_history",
                                           "password_reuse",          "password_lifetime",
                                           "password_errors",         "password_digest_rounds",
                                           "random_password_length",  "_key_path",
                                           "password_storage_format", NULL};
    return holds_any(name, policies);
}

void mr_scrub_variable(struct mr_strbuf *out, const char *name, const char *value)
{
    static const char *const secret_names[] = {
        "password", "passwd", "pwd", "secret", "credential", "sst_auth", "_token",
        "provider_options", "apikey", "api_key",
        /* what opens the file of keys that data are encrypted with, or that of TLS */
        "filekey", "passphrase",
        /* of telemetry: "api-key=…" */
        "_headers", NULL};
    static const char *const secret_values[] = {"password", "passwd", "pwd=", "secret", NULL};
    static const char *const statements[] = {"init_connect", "init_slave", "init_replica", NULL};
    const char *scheme = strstr(value, "://");
    if (value[0] == '\0')
        return;
    if (holds_any(name, statements))
        mask(out, value);
    else if (scheme != NULL && strchr(scheme, '@') != NULL)
        mr_strbuf_add_str(out, MR_SCRUB_HIDDEN);
    else if (holds_any(name, secret_names) && !is_plain(value) && !is_policy(name))
        mr_strbuf_add_str(out, MR_SCRUB_HIDDEN);
    else if (holds_any(value, secret_values))
        mr_strbuf_add_str(out, MR_SCRUB_HIDDEN);
    else
        show(out, value, strlen(value));
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Behind the first "error N: "; else `end`. */
static size_t behind_error(const char *message, size_t end)
{
    static const char lead[] = "error ";
    for (const char *at = message; (at = strstr(at, lead)) != NULL;) {
        at += sizeof lead - 1;
        const size_t digits = strspn(at, "0123456789");
        if (digits == 0)
            continue;
        at += digits;
        at += strncmp(at, ": ", 2) == 0 ? 2 : 0;
        return least((size_t)(at - message), end);
    }
    return end;
}

/* What may be told: up to what a server said, or to what leads to a definition, whose
 * default may hold anything. */
static size_t harmless(const char *message)
{
    static const char *const leads[] = {"UTC: ", MR_DOCTOR_ONLY_FIRST, MR_DOCTOR_ONLY_SECOND};
    size_t end = behind_error(message, strlen(message));
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        const char *at = strstr(message, leads[i]);
        if (at != NULL)
            end = least((size_t)(at - message) + strlen(leads[i]), end);
    }
    return end;
}

void mr_scrub_message(struct mr_strbuf *out, const char *message)
{
    const size_t len = harmless(message);
    show(out, message, len);
    if (message[len] != '\0')
        mr_strbuf_add_str(out, MR_SCRUB_HIDDEN);
}

void mr_scrub_setting(struct mr_strbuf *out, const char *key, const char *value)
{
    static const char *const statements[] = {"where", "reference", "split", "since", NULL};
    if (strstr(value, "://") != NULL) {
        char shown[512];
        mr_gate_link_display(value, shown, sizeof shown);
        mr_strbuf_add_str(out, shown[0] != '\0' ? shown : MR_SCRUB_HIDDEN);
    } else if (holds_any(key, statements)) {
        mask(out, value);
    } else {
        show(out, value, strlen(value));
    }
}
