/*
 * json_mutants: a JSON text spoilt in every place, for readers of files that somebody may have
 * edited: each member and item in turn is taken away, doubled, exchanged with its neighbour, and
 * replaced by a value of another type or size.
 *
 *   static void use(const char *text, size_t len) { … read it, and write what was read … }
 *   json_mutants(text, use)
 *
 * A text that ends with its own digest ("sha256", as plan.json and the gate's facts) is sealed anew.
 * Half-read structs are what it is after: readers are to give all, or nothing.
 */
#ifndef MR_TESTS_JSON_MUTANTS_H
#define MR_TESTS_JSON_MUTANTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/base/strbuf.h"
#include "core/file/sha256.h"

struct json_mutants {
    json_t *root;
    bool sealed;
    void (*use)(const char *text, size_t len);
    size_t count;
};

static inline void mutants_try(struct json_mutants *m)
{
    char *body = json_dumps(m->root, JSON_COMPACT);
    struct mr_strbuf text = MR_STRBUF_INIT;
    assert_non_null(body);
    if (m->sealed) {
        char hex[MR_SHA256_HEX];
        const size_t len = strlen(body) - 1; /* the brace stands behind the digest */
        assert_int_equal(mr_sha256_bytes(body, len, hex, NULL), MR_OK);
        mr_strbuf_add(&text, body, len);
        mr_strbuf_add_fmt(&text, ",\"sha256\":\"%s\"}\n", hex);
    } else {
        mr_strbuf_add_fmt(&text, "%s\n", body);
    }
    m->use(text.ptr, text.len);
    m->count++;
    mr_strbuf_release(&text);
    free(body);
}

/* NULL: there are no more of them. */
static inline json_t *mutants_value(size_t at)
{
    char wide[3001];
    memset(wide, 'x', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    switch (at) {
    case 0: return json_null();
    case 1: return json_true();
    case 2: return json_integer(5);
    case 3: return json_integer(-1);
    case 4: return json_real(1e308);
    case 5: return json_string("");
    case 6: return json_string(wide);
    case 7: return json_stringn("a\0b", 3);
    case 8: return json_string("99999999999999999999");
    case 9: return json_array();
    case 10: return json_object();
    case 11: return json_pack("[[]]");
    case 12: return json_pack("{s:n}", "");
    default: return NULL;
    }
}

static inline void mutants_below(struct json_mutants *m, json_t *node);

static inline void mutants_of_item(struct json_mutants *m, json_t *array, size_t at)
{
    json_t *was = json_incref(json_array_get(array, at)), *value;
    for (size_t i = 0; (value = mutants_value(i)) != NULL; i++) {
        assert_int_equal(json_array_set_new(array, at, value), 0);
        mutants_try(m);
    }
    assert_int_equal(json_array_remove(array, at), 0);
    mutants_try(m);
    assert_int_equal(json_array_insert(array, at, was), 0);
    assert_int_equal(json_array_insert_new(array, at, json_deep_copy(was)), 0);
    mutants_try(m);
    assert_int_equal(json_array_remove(array, at), 0);
    mutants_below(m, was);
    json_decref(was);
}

static inline void mutants_of_member(struct json_mutants *m, json_t *object, const char *key,
                                     const char *next)
{
    json_t *was = json_incref(json_object_get(object, key)), *value;
    for (size_t i = 0; (value = mutants_value(i)) != NULL; i++) {
        assert_int_equal(json_object_set_new(object, key, value), 0);
        mutants_try(m);
    }
    assert_int_equal(json_object_del(object, key), 0);
    mutants_try(m);
    if (next != NULL) {
        json_t *other = json_incref(json_object_get(object, next));
        assert_int_equal(json_object_set(object, key, other), 0);
        assert_int_equal(json_object_set(object, next, was), 0);
        mutants_try(m);
        assert_int_equal(json_object_set_new(object, next, other), 0);
    }
    assert_int_equal(json_object_set(object, key, was), 0);
    mutants_below(m, was);
    json_decref(was);
}

static inline void mutants_below(struct json_mutants *m, json_t *node)
{
    const char *key, **keys = NULL;
    json_t *value;
    size_t count = json_object_size(node), at = 0;
    for (size_t i = 0; i < json_array_size(node); i++)
        mutants_of_item(m, node, i);
    if (count == 0)
        return;
    keys = calloc(count, sizeof *keys);
    assert_non_null(keys);
    json_object_foreach(node, key, value) keys[at++] = strdup(key);
    for (at = 0; at < count; at++)
        mutants_of_member(m, node, keys[at], count > 1 ? keys[(at + 1) % count] : NULL);
    for (at = 0; at < count; at++)
        free((char *)(uintptr_t)keys[at]);
    free(keys);
}

/* How many there were. */
static inline size_t json_mutants(const struct mr_strbuf *text,
                                  void (*use)(const char *text, size_t len))
{
    struct json_mutants m = {.root = json_loadb(text->ptr, text->len, 0, NULL), .use = use};
    assert_non_null(m.root);
    m.sealed = json_object_del(m.root, "sha256") == 0;
    mutants_below(&m, m.root);
    json_decref(m.root);
    return m.count;
}

#endif
