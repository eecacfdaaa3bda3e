/*
 * json_record: a struct as the members of a JSON object, said once for reading and writing.
 *
 *     static const struct mr_json_member members[] = {
 *         MR_JSON_MEMBER("kind", MR_JSON_TEXT, struct mr_planned_kind, kind), …};
 *     static const struct mr_json_record record = MR_JSON_RECORD(struct mr_planned_kind, members);
 *     mr_json_put_record(w, &record, &kind)        within an object that is begun
 *     mr_json_get_record(&r, object, &record, &kind)
 *
 * Members are written in the order of the list.  What needs more than its own value stands
 * between two records.  Ownership, errors: those of json_reader.h and jsonw.h.  Threads: any.
 */
#ifndef MR_JSON_RECORD_H
#define MR_JSON_RECORD_H

#include "core/json/json_reader.h"
#include "core/json/jsonw.h"

enum mr_json_type {
    MR_JSON_TEXT = 1,     /* const char * */
    MR_JSON_TEXT_OR_NULL, /* const char *; read as NULL where it is missing */
    MR_JSON_WORD,         /* an enum, whose values have words; none: null, or missing */
    MR_JSON_NUMBER,       /* uint64_t of a database, which is a string */
    MR_JSON_UNSIGNED,     /* unsigned, the same */
    MR_JSON_COUNT,        /* uint64_t, a number */
    MR_JSON_BOOL,         /* bool */
    MR_JSON_TEXTS,        /* const char *const *, and how many */
    MR_JSON_OBJECT,       /* a record, from there on */
    MR_JSON_LIST          /* a pointer to records, and how many */
};

/* texts[i] is the word of the value i; 0 has none, and is NULL. */
struct mr_json_words {
    const char *const *texts;
    size_t count;
};

struct mr_json_record;
struct mr_json_member {
    const char *name;
    enum mr_json_type type;
    size_t at;                       /* where in the struct */
    size_t count_at;                 /* of texts and a list: their size_t */
    const struct mr_json_record *of; /* of a list, an object */
    bool may_lack; /* written only where it is not empty, and read only where it is there */
    const struct mr_json_words *words;
};

struct mr_json_record {
    size_t size; /* of the struct */
    const struct mr_json_member *members;
    size_t count;
};

#define MR_JSON_MEMBER(name, type, of, member)                                                     \
    {                                                                                              \
        name, type, offsetof(of, member), 0, NULL, false, NULL                                     \
    }
#define MR_JSON_MAY_LACK(name, type, of, member)                                                   \
    {                                                                                              \
        name, type, offsetof(of, member), 0, NULL, true, NULL                                      \
    }
#define MR_JSON_INNER(name, record, from)                                                          \
    {                                                                                              \
        name, MR_JSON_OBJECT, from, 0, record, false, NULL                                         \
    }
#define MR_JSON_MEMBERS(name, record, of, member, number)                                          \
    {                                                                                              \
        name, MR_JSON_LIST, offsetof(of, member), offsetof(of, number), record, false, NULL        \
    }
#define MR_JSON_STRINGS(name, of, member, number, lacks)                                           \
    {                                                                                              \
        name, MR_JSON_TEXTS, offsetof(of, member), offsetof(of, number), NULL, lacks, NULL         \
    }
#define MR_JSON_WORD_OF(name, kinds, of, member)                                                   \
    {                                                                                              \
        name, MR_JSON_WORD, offsetof(of, member), 0, NULL, false, kinds                            \
    }
#define MR_JSON_RECORD(of, members)                                                                \
    {                                                                                              \
        sizeof(of), members, sizeof(members) / sizeof((members)[0])                                \
    }

void mr_json_put_record(struct mr_jsonw *w, const struct mr_json_record *record, const void *from);
/* A member that is an array of them. */
void mr_json_put_list(struct mr_jsonw *w, const char *name, const struct mr_json_record *record,
                      const void *items, size_t count);

/* out is zeroed by the caller. */
void mr_json_get_record(struct mr_json_reader *r, const struct json_t *object,
                        const struct mr_json_record *record, void *out);
/* The items, in the arena; NULL only after a failure. */
void *mr_json_get_list(struct mr_json_reader *r, const struct json_t *object, const char *name,
                       const struct mr_json_record *record, size_t *count);

#endif
