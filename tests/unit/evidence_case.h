/*
 * evidence_case.h: what the logs say of the rows of a check_case, written by hand.
 *
 *   case_begin, case_table… → logs_begin(&l, &c) → logs_side, logs_table, logs_tx,
 *   logs_change… → logs_end(&l)
 *
 * A row is written as there, "7/ann/x"; "?" is a column that the log does not show.
 */
#ifndef MR_TESTS_EVIDENCE_CASE_H
#define MR_TESTS_EVIDENCE_CASE_H

#include "check_case.h"
#include "core/case/evidence.h"
#include "core/case/seen_image.h"

struct logs {
    struct check_case *c;
    struct mr_arena arena;
    struct mr_evidence_writer *writer;
    struct mr_evidence_table table; /* the last one added */
    int64_t tx;                     /* likewise */
};

static inline void logs_begin_as(struct logs *l, struct check_case *c, const char *options,
                                 bool resume, bool *resumed)
{
    *l = (struct logs){.c = c, .arena = MR_ARENA_INIT};
    case_require(mr_evidence_writer_new(c->fd, options, resume, &l->writer, resumed, NULL));
}

static inline void logs_begin(struct logs *l, struct check_case *c)
{
    bool resumed = false;
    logs_begin_as(l, c, "", false, &resumed);
}

/* Without a finish: as a run that was killed leaves it. */
static inline void logs_drop(struct logs *l)
{
    mr_evidence_writer_free(l->writer);
    mr_arena_release(&l->arena);
}

static inline void logs_end(struct logs *l)
{
    case_require(mr_evidence_finish(l->writer, NULL));
    logs_drop(l);
}

/* Runs one call of the writer in a transaction of its own. */
#define LOGS_DO(l, call)                                                                           \
    do {                                                                                           \
        case_require(mr_findings_begin((l)->c->fd, NULL));                                         \
        case_require(mr_findings_end((l)->c->fd, (call), NULL));                                   \
    } while (0)

/* A side whose logs were read from bin.000001 to bin.000003, after the rows of the run; where there is
 * a gap, before. */
static inline void logs_side(struct logs *l, int side, const char *gap)
{
    const struct mr_evidence_side known = {.own_by = MR_OWN_BY_GTID,
                                           .server = side == 0 ? "old" : "live",
                                           .split = "0-1-100",
                                           .own = side == 0 ? "0-1-101" : "0-2-101",
                                           .is_complete = gap == NULL,
                                           .gap = gap,
                                           .first_log = "bin.000001",
                                           .first_position = 4,
                                           .end_log = "bin.000003",
                                           .end_position = 900,
                                           .executed = "0-1-109",
                                           .collected = gap == NULL ? "2026-01-02T03:05:00Z"
                                                                    : "2026-01-02T03:00:00Z",
                                           .transactions = 9,
                                           .changes = 20,
                                           .bytes = 4096,
                                           .is_read = true,
                                           .has_own = true};
    LOGS_DO(l, mr_evidence_side_save(l->writer, side, &known, NULL));
}

/* Of the table that the case has added last. */
static inline void logs_table(struct logs *l)
{
    l->table = (struct mr_evidence_table){.name = l->c->table.name,
                                          .target_name = l->c->table.target_name,
                                          .columns = mr_evidence_columns(&l->c->table, &l->arena)};
    case_require(mr_evidence_table_add(l->writer, &l->arena, &l->table, NULL));
}

static inline void logs_witness(struct logs *l, int side, enum mr_witness witness,
                                const char *reason)
{
    l->table.of[side] =
        (struct mr_evidence_of){.witness = witness, .reason = reason, .keys = 2, .changes = 5};
    LOGS_DO(l, mr_evidence_table_save(l->writer, &l->table, side, NULL));
}

static inline void logs_tx(struct logs *l, int side, const char *gtid, int64_t committed_us,
                           const char *log, uint64_t position)
{
    struct mr_evidence_tx tx = {
        .side = side, .gtid = gtid, .committed_us = committed_us, .log = log, .position = position};
    case_require(mr_evidence_last_tx(l->writer, &tx.id, NULL));
    tx.id++;
    LOGS_DO(l, mr_evidence_tx_add(l->writer, &tx, NULL));
    l->tx = tx.id;
}

/* "7/?/x" as an image; NULL: no row. */
static inline struct mr_key logs_image(struct mr_arena *arena, const char *row)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    const char *at = row;
    for (size_t i = 0; row != NULL && i < 3; i++) {
        const size_t len = strcspn(at, "/");
        struct mr_strbuf value = MR_STRBUF_INIT;
        struct mr_value v = {.cls = MR_CLASS_TEXT, .ptr = at, .len = len};
        if (i == 0)
            v = (struct mr_value){.cls = MR_CLASS_INT, .i = strtoll(at, NULL, 10)};
        else if (len == 4 && memcmp(at, "NULL", 4) == 0)
            v = (struct mr_value){.cls = MR_CLASS_NULL};
        case_require(mr_row_encode_exact(&value, &v, NULL));
        const bool unseen = len == 1 && *at == '?';
        mr_seen_image_add(&out, unseen ? (struct mr_key){NULL, 0}
                                       : (struct mr_key){value.ptr, value.len});
        mr_strbuf_release(&value);
        at += len + (at[len] == '/');
    }
    struct mr_key image = {NULL, 0};
    if (row != NULL)
        image = (struct mr_key){mr_arena_dup(arena, out.ptr, out.len), out.len};
    mr_strbuf_release(&out);
    return image;
}

static inline struct mr_key logs_key(struct mr_arena *arena, int64_t id)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    case_require(mr_row_encode(&out, &(struct mr_value){.cls = MR_CLASS_INT, .i = id}, NULL));
    const struct mr_key key = {mr_arena_dup(arena, out.ptr, out.len), out.len};
    mr_strbuf_release(&out);
    return key;
}

/* A mark of key `id`; changes, flags and transactions as given. */
struct logs_mark {
    int side;
    int64_t id;
    int flags;
    uint64_t changes;
    int64_t first_tx, last_tx;
    const char *first, *last;
    int64_t came, went; /* 0: none */
    bool without_images;
};

static inline void logs_mark(struct logs *l, struct logs_mark m)
{
    const struct mr_key none = {NULL, 0};
    const struct mr_evidence_mark mark = {.key = logs_key(&l->arena, m.id),
                                          .flags = m.flags,
                                          .changes = m.changes,
                                          .first_tx = m.first_tx,
                                          .last_tx = m.last_tx,
                                          .first = logs_image(&l->arena, m.first),
                                          .last = logs_image(&l->arena, m.last),
                                          .has_images = !m.without_images,
                                          .came = m.came != 0 ? logs_key(&l->arena, m.came) : none,
                                          .went = m.went != 0 ? logs_key(&l->arena, m.went) : none};
    LOGS_DO(l, mr_evidence_mark_put(l->writer, l->table.id, m.side, &mark, NULL));
}

/* The n-th change of key `id`, of the last transaction. */
static inline void logs_change(struct logs *l, int side, int64_t id, int64_t n,
                               enum mr_change_kind kind, const char *row)
{
    const struct mr_evidence_change change = {
        .n = n, .kind = kind, .tx = l->tx, .image = logs_image(&l->arena, row)};
    LOGS_DO(l, mr_evidence_change_add(l->writer, l->table.id, side, logs_key(&l->arena, id),
                                      &change, NULL));
}

#endif
