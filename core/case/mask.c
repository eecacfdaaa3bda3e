/* mask.c: see mask.h. */
#include "core/case/mask.h"

#include <ctype.h>
#include <string.h>

#include "core/base/utf8.h"

#define PHONE_DIGITS_MIN 7
#define PHONE_DIGITS_MAX 15 /* E.164 */
#define NAME_MAX 128

/* ---- names of columns ---- */

static const char *const secret_parts[] = {"passw",  "secret",     "token",
                                           "apikey", "privatekey", NULL};
static const char *const secret_words[] = {"pwd", "pass", "hash", "salt", "otp",
                                           "pin", "cvv",  "cvc",  NULL};
/* Anywhere in a name: these letters mean nothing else. */
static const char *const personal_parts[] = {
    "mail",     "phone",    "mobile",  "telefon",  "msisdn",    "address",    "anschrift",
    "street",   "strasse",  "postal",  "postcode", "zipcode",   "birth",      "geburt",
    "iban",     "passport", "surname", "lastname", "firstname", "forename",   "fullname",
    "nickname", "username", "vorname", "nachname", "taxid",     "creditcard", NULL};
/* Only as a word of their own. */
static const char *const personal_words[] = {
    "name", "tel", "fax",   "cell", "addr", "city",   "town", "ort",  "zip",
    "plz",  "dob", "ssn",   "nino", "card", "ip",     "ipv4", "ipv6", "lat",
    "lon",  "lng", "login", "imei", "bic",  "gender", NULL};
/* "name" behind one of these is not somebody's. */
static const char *const things[] = {"file",   "table",    "column",   "host",  "product", "event",
                                     "type",   "tag",      "role",     "group", "field",   "job",
                                     "class",  "category", "queue",    "index", "app",     "code",
                                     "status", "unit",     "currency", NULL};

/* A name as lower-case words joined by '_': "eMail", "E-Mail" and "e_mail" all alike. */
static size_t normal_name(const char *name, char words[NAME_MAX])
{
    size_t len = 0;
    for (size_t i = 0; name[i] != '\0' && len + 2 < NAME_MAX; i++) {
        unsigned char c = (unsigned char)name[i];
        bool begins = i > 0 && isupper(c) && islower((unsigned char)name[i - 1]);
        bool between = c < 0x80 && !isalnum(c);
        if ((begins || between) && len > 0 && words[len - 1] != '_')
            words[len++] = '_';
        if (!between)
            words[len++] = (char)tolower(c);
    }
    words[len] = '\0';
    return len;
}

/* The words without what joins them: "birth_date" is "birthdate". */
static void join_words(const char *words, char joined[NAME_MAX])
{
    size_t len = 0;
    for (; *words != '\0'; words++)
        if (*words != '_')
            joined[len++] = *words;
    joined[len] = '\0';
}

static bool holds_part(const char *joined, const char *const *parts)
{
    for (; *parts != NULL; parts++)
        if (strstr(joined, *parts) != NULL)
            return true;
    return false;
}

static bool is_one_of(const char *word, size_t len, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strlen(*list) == len && memcmp(*list, word, len) == 0)
            return true;
    return false;
}

/* Short words mean somebody only when they stand alone: "ip" is in "description", too; and a
 * "file_name" is nobody's. */
static bool holds_word(const char *words, const char *const *list)
{
    const char *before = NULL;
    size_t before_len = 0;
    while (*words != '\0') {
        size_t len = strcspn(words, "_");
        bool name_of_thing = len == 4 && memcmp(words, "name", 4) == 0 && before != NULL &&
                             is_one_of(before, before_len, things);
        if (!name_of_thing && is_one_of(words, len, list))
            return true;
        before = words;
        before_len = len;
        words += len + (words[len] != '\0');
    }
    return false;
}

static enum mr_mask mask_of_name(const char *name)
{
    char words[NAME_MAX], joined[NAME_MAX];
    (void)normal_name(name, words);
    join_words(words, joined);
    if (holds_part(joined, secret_parts) || holds_word(words, secret_words))
        return MR_MASK_SECRET;
    if (holds_part(joined, personal_parts) || holds_word(words, personal_words))
        return MR_MASK_VALUE;
    return MR_MASK_FOUND;
}

enum mr_mask mr_mask_of_column(const struct mr_find_table *table, size_t column)
{
    const struct mr_find_column *col = &table->columns[column];
    enum mr_mask mask = mask_of_name(col->name);
    if (mask == MR_MASK_FOUND && col->masked)
        mask = MR_MASK_VALUE;
    if (mask == MR_MASK_FOUND && table->subject != MR_SUBJECT_NO && col->identity_at >= 0 &&
        col->key_at < 0)
        mask = MR_MASK_VALUE;
    return mask;
}

/* ---- values ---- */

static size_t first_char(const char *ptr, size_t len)
{
    uint32_t cp;
    return len > 0 ? mr_utf8_decode(ptr, len, &cp) : 0;
}

/* Where the last character begins. */
static size_t last_char(const char *ptr, size_t len)
{
    size_t at = len;
    while (at > 0 && len - at < 4) {
        at--;
        if (((unsigned char)ptr[at] & 0xc0) != 0x80)
            break;
    }
    return at;
}

static bool is_local_char(char c)
{
    return isalnum((unsigned char)c) || (c & 0x80) != 0 ||
           (c != '\0' && strchr("._%+-", c) != NULL);
}

static bool is_domain_char(char c)
{
    return isalnum((unsigned char)c) || (c & 0x80) != 0 || c == '.' || c == '-';
}

/* A mail address within a text: [from, to), with its @. */
struct address {
    size_t from, at, to;
};

/* Length of a host name at ptr that has a dot and a top-level domain; 0: none. */
static size_t domain_len(const char *ptr, size_t len)
{
    size_t end = 0;
    while (end < len && is_domain_char(ptr[end]))
        end++;
    while (end > 0 && (ptr[end - 1] == '.' || ptr[end - 1] == '-'))
        end--; /* the end of a sentence */
    size_t dot = end;
    while (dot > 0 && ptr[dot - 1] != '.')
        dot--;
    bool has_top = dot > 1 && end - dot >= 2 && !isdigit((unsigned char)ptr[dot]);
    return has_top ? end : 0;
}

/* The first address at or behind `from`. */
static bool find_address(const char *ptr, size_t len, size_t from, struct address *found)
{
    size_t begin = from;
    while (begin < len) {
        const char *at = memchr(ptr + begin, '@', len - begin);
        if (at == NULL)
            return false;
        size_t pos = (size_t)(at - ptr), start = pos;
        while (start > begin && is_local_char(ptr[start - 1]))
            start--;
        size_t domain = domain_len(at + 1, len - pos - 1);
        if (start < pos && domain > 0) {
            *found = (struct address){start, pos, pos + 1 + domain};
            return true;
        }
        begin = pos + 1;
    }
    return false;
}

/* The ends stay, so that whoever knows the address recognises it; of a short local part only the
 * first is shown, for both ends would be nearly all of it. */
static void add_address(const char *ptr, const struct address *a, struct mr_strbuf *out)
{
    const char *local = ptr + a->from, *domain = ptr + a->at + 1;
    size_t local_len = a->at - a->from, domain_size = a->to - a->at - 1;
    size_t top = domain_size;
    do
        top--;
    while (top > 0 && domain[top] != '.');
    size_t last = last_char(local, local_len);
    mr_strbuf_add(out, local, first_char(local, local_len));
    mr_strbuf_add_str(out, MR_MASK_DOTS);
    if (local_len > 3)
        mr_strbuf_add(out, local + last, local_len - last);
    mr_strbuf_add_char(out, '@');
    mr_strbuf_add(out, domain, first_char(domain, domain_size));
    mr_strbuf_add_str(out, MR_MASK_DOTS);
    mr_strbuf_add(out, domain + top, domain_size - top);
}

/* Length of what may be a telephone number at ptr, and its number of digits. */
static size_t number_len(const char *ptr, size_t len, unsigned *digits)
{
    size_t end = 0, i = len > 0 && ptr[0] == '+' ? 1 : 0;
    *digits = 0;
    for (; i < len &&
           (isdigit((unsigned char)ptr[i]) || (ptr[i] != '\0' && strchr(" -()./", ptr[i]) != NULL));
         i++)
        if (isdigit((unsigned char)ptr[i])) {
            (*digits)++;
            end = i + 1;
        }
    return end;
}

static bool is_phone(const char *ptr, size_t len, bool any_begin)
{
    unsigned digits;
    bool begins = len > 0 && (any_begin || ptr[0] == '+' || ptr[0] == '0' || ptr[0] == '(');
    return begins && number_len(ptr, len, &digits) == len && digits >= PHONE_DIGITS_MIN &&
           digits <= PHONE_DIGITS_MAX;
}

static void add_phone(const char *ptr, size_t len, struct mr_strbuf *out)
{
    mr_strbuf_add(out, ptr, ptr[0] == '+' ? 3 : 2);
    mr_strbuf_add_str(out, MR_MASK_DOTS);
    mr_strbuf_add(out, ptr + len - 2, 2);
}

/* The text with every +49… number in it masked. */
static void add_numbers(const char *ptr, size_t len, struct mr_strbuf *out)
{
    for (size_t i = 0; i < len;) {
        unsigned digits = 0;
        size_t size = ptr[i] == '+' && (i == 0 || !isalnum((unsigned char)ptr[i - 1]))
                          ? number_len(ptr + i, len - i, &digits)
                          : 0;
        if (digits >= PHONE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX) {
            add_phone(ptr + i, size, out);
            i += size;
        } else {
            mr_strbuf_add_char(out, ptr[i++]);
        }
    }
}

/* A text that looks like a telephone number as a whole is masked as one; within other text a + must
 * be in front, as any figures would pass for one otherwise. */
static void add_found(const char *ptr, size_t len, struct mr_strbuf *out)
{
    struct address a;
    size_t pos = 0;
    if (is_phone(ptr, len, false)) {
        add_phone(ptr, len, out);
        return;
    }
    while (find_address(ptr, len, pos, &a)) {
        add_numbers(ptr + pos, a.from - pos, out);
        add_address(ptr, &a, out);
        pos = a.to;
    }
    add_numbers(ptr + pos, len - pos, out);
}

static bool is_digits(const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isdigit((unsigned char)ptr[i]))
            return false;
    return true;
}

static void add_ends(bool is_text, const char *ptr, size_t len, struct mr_strbuf *out)
{
    struct address a;
    if (find_address(ptr, len, 0, &a) && a.from == 0 && a.to == len) {
        add_address(ptr, &a, out);
    } else if (is_phone(ptr, len, true) && (is_text || is_digits(ptr, len))) {
        add_phone(ptr, len, out);
    } else if (len > 0) { /* "m" would be all of it */
        const size_t first = first_char(ptr, len);
        mr_strbuf_add(out, ptr, first < len ? first : 0);
        mr_strbuf_add_str(out, MR_MASK_DOTS);
    }
}

/* A secret shows nothing but that it is there. Values that are no text are left as they are unless
 * their column is masked: nothing is looked for in a number. */
void mr_mask_text(enum mr_mask mask, bool is_text, const char *ptr, size_t len,
                  struct mr_strbuf *out)
{
    switch (mask) {
    case MR_MASK_OFF: mr_strbuf_add(out, ptr, len); break;
    case MR_MASK_FOUND:
        if (is_text)
            add_found(ptr, len, out);
        else
            mr_strbuf_add(out, ptr, len);
        break;
    case MR_MASK_VALUE: add_ends(is_text, ptr, len, out); break;
    case MR_MASK_SECRET:
        if (len > 0)
            mr_strbuf_add_str(out, MR_MASK_DOTS);
        break;
    }
}

/* ---- what was said ---- */

/* Of the servers, in English: what follows is a name. */
static const char *const name_words[] = {"column", "key",      "index", "table",
                                         "field",  "database", "user",  NULL};
/* What follows the value in messages that go on behind it with a name. */
static const char *const value_ends[] = {"' for key ", "' for column ", NULL};

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("_$.-", c) != NULL);
}

/* Does the quote at that place open one? */
static bool opens(const char *ptr, size_t at)
{
    return ptr[at] == '\'' &&
           (at == 0 || !(isalnum((unsigned char)ptr[at - 1]) || (ptr[at - 1] & 0x80) != 0));
}

/* Behind the name that is quoted at that place; 0: it may be anything. */
static size_t end_of_name(const char *ptr, size_t len, size_t at)
{
    char word[NAME_MAX];
    size_t from = at > 0 ? at - 1 : 0, end = at + 1, n = 0;
    while (from > 0 && isalpha((unsigned char)ptr[from - 1]))
        from--;
    for (size_t i = from; i + 1 < at && n + 1 < NAME_MAX; i++)
        word[n++] = (char)tolower((unsigned char)ptr[i]);
    while (end < len && is_name_char(ptr[end]))
        end++;
    bool is_name = at > 0 && ptr[at - 1] == ' ' && is_one_of(word, n, name_words) && end > at + 1 &&
                   end < len && ptr[end] == '\'' &&
                   (end + 1 == len || !isalnum((unsigned char)ptr[end + 1]));
    return is_name ? end + 1 : 0;
}

/* The last place behind `from` where the text stands; 0: nowhere. */
static size_t find_last(const char *ptr, size_t len, size_t from, const char *text)
{
    size_t size = strlen(text);
    for (size_t at = len; at-- > from;)
        if (len - at >= size && memcmp(ptr + at, text, size) == 0)
            return at;
    return 0;
}

/* Where the value that begins behind the quote at that place may end; len: it was cut. */
static size_t end_of_value(const char *ptr, size_t len, size_t at)
{
    size_t end = 0;
    for (size_t i = 0; value_ends[i] != NULL; i++) {
        size_t found = find_last(ptr, len, at + 1, value_ends[i]);
        end = found > end ? found : end;
    }
    if (end == 0)
        end = find_last(ptr, len, at + 1, "'");
    return end > 0 ? end : len;
}

/* An error message quotes the very values that the columns' masks hide. Where it is not sure what a
 * quote holds it is hidden: too much rather than too little. */
void mr_mask_said(const char *ptr, size_t len, struct mr_strbuf *out)
{
    size_t shown = 0, at = 0;
    while (at < len) {
        size_t name = opens(ptr, at) ? end_of_name(ptr, len, at) : 0;
        if (name > 0 || !opens(ptr, at)) {
            at = name > 0 ? name : at + 1;
            continue;
        }
        add_found(ptr + shown, at + 1 - shown, out);
        mr_strbuf_add_str(out, MR_MASK_DOTS);
        shown = end_of_value(ptr, len, at);
        at = shown + (shown < len);
    }
    add_found(ptr + shown, len - shown, out);
}
