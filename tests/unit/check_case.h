/*
 * check_case: a case filled by hand, for tests of what is told about it.
 *
 *   case_begin(&c) → case_table, case_chunk, case_row… → case_load(&c) → c.result →
 *   case_end(&c)
 *
 * Tables have three columns: id (the key), phone (the identity where asked for) and
 * note.  A row is written "7/ann/x"; "NULL" is NULL; no row is NULL.
 */
#ifndef MR_TESTS_CHECK_CASE_H
#define MR_TESTS_CHECK_CASE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/check/check_result.h"

struct check_case {
    struct mr_findings *fd;
    struct mr_find_run run;
    struct mr_find_table table; /* the last one added */
    struct mr_find_column columns[3];
    struct mr_check_result result;
    int64_t chunk; /* of the last row, and how many rows it has so far */
    uint64_t pos;
};

static inline void case_require(enum mr_code code)
{
    if (code != MR_OK)
        abort();
}

/* path NULL: a temporary case. */
static inline void case_begin_at(struct check_case *c, const char *path)
{
    memset(c, 0, sizeof *c);
    c->run = (struct mr_find_run){.uuid = "20260102T030405Z-8f3a",
                                  .source = "mysql://a@old/",
                                  .target = "mysql://a@new/",
                                  .options = "",
                                  .started = "2026-01-02T03:04:05Z",
                                  .seconds = 1.5,
                                  .objects_done = true,
                                  .kin_done = true};
    case_require(mr_findings_open(path, MR_CASE_WRITE, &c->fd, NULL));
    case_require(mr_findings_run_begin(c->fd, &c->run, NULL));
}

static inline void case_begin(struct check_case *c)
{
    case_begin_at(c, NULL);
}

static inline void case_table(struct check_case *c, const char *name, enum mr_verdict verdict,
                              bool by_phone)
{
    static const char *const names[3] = {"id", "phone", "note"};
    bool known = false;
    for (size_t i = 0; i < 3; i++)
        c->columns[i] = (struct mr_find_column){.name = names[i],
                                                .style = {i == 0 ? MR_CLASS_INT : MR_CLASS_TEXT, 0},
                                                .show_at = i,
                                                .charset = i == 0 ? NULL : "utf8mb4",
                                                .key_at = i == 0 ? 0 : -1,
                                                .identity_at = i == (by_phone ? 1 : 0) ? 0 : -1,
                                                .flag_at = -1};
    c->table = (struct mr_find_table){.name = name,
                                      .target_name = name,
                                      .columns = c->columns,
                                      .ncolumns = 3,
                                      .identity_known = by_phone,
                                      .verdict = verdict};
    case_require(mr_findings_table_add(c->fd, &c->table, &known, NULL));
    c->table.verdict = verdict;
    case_require(mr_findings_table_save(c->fd, &c->table, NULL));
}

static inline void case_chunk(struct check_case *c, int64_t no, uint64_t equal, bool last)
{
    struct mr_find_chunk chunk = {.table = c->table.id, .no = no, .equal = equal, .last = last};
    case_require(mr_findings_chunk_done(c->fd, &chunk, NULL, 0, NULL));
}

static inline void case_encode(struct mr_strbuf *out, const char *row)
{
    for (size_t i = 0; i < 3; i++) {
        size_t len = strcspn(row, "/");
        struct mr_value value = {.cls = MR_CLASS_TEXT, .ptr = row, .len = len};
        if (i == 0)
            value = (struct mr_value){.cls = MR_CLASS_INT, .i = strtoll(row, NULL, 10)};
        else if (len == 4 && memcmp(row, "NULL", 4) == 0)
            value = (struct mr_value){.cls = MR_CLASS_NULL};
        case_require(mr_row_encode(out, &value, NULL));
        row += len + (row[len] == '/');
    }
}

/* A finding of chunk `no` behind `equal` equal rows of it. */
struct case_row {
    int64_t no;
    uint64_t equal;
    enum mr_find_state state;
    enum mr_find_kind kind;
    const char *source, *target;       /* rows, or NULL */
    const char *source_id, *target_id; /* canonical, or NULL */
};

static inline void case_row(struct check_case *c, struct case_row row)
{
    struct mr_strbuf images[2] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
    struct mr_finding f = {.chunk = row.no,
                           .equal = row.equal,
                           .state = row.state,
                           .kind = row.kind,
                           .count = 1,
                           .source_id = row.source_id,
                           .target_id = row.target_id};
    c->pos = row.no == c->chunk ? c->pos : 0;
    c->chunk = row.no;
    f.pos = c->pos++;
    if (row.source != NULL) {
        case_encode(&images[0], row.source);
        f.source = images[0].ptr;
        f.source_len = images[0].len;
    }
    if (row.target != NULL) {
        case_encode(&images[1], row.target);
        f.target = images[1].ptr;
        f.target_len = images[1].len;
    }
    f.source_id_len = row.source_id != NULL ? strlen(row.source_id) : 0;
    f.target_id_len = row.target_id != NULL ? strlen(row.target_id) : 0;
    f.key = row.source != NULL ? (struct mr_key){images[0].ptr, 10}
                               : (struct mr_key){images[1].ptr, 10};
    if (row.source == NULL && row.target == NULL)
        f.key = (struct mr_key){NULL, 0};
    case_require(mr_findings_save(c->fd, c->table.id, &f, 1, true, NULL));
    mr_strbuf_release(&images[0]);
    mr_strbuf_release(&images[1]);
}

/* A row of a side whose identity others of that side have, too. */
static inline void case_duplicate(struct check_case *c, int side, const char *identity,
                                  const char *row)
{
    struct mr_strbuf image = MR_STRBUF_INIT;
    case_encode(&image, row);
    struct mr_find_duplicate duplicate = {.side = side,
                                          .identity = identity,
                                          .identity_len = strlen(identity),
                                          .image = image.ptr,
                                          .image_len = image.len};
    case_require(mr_findings_duplicate_add(c->fd, c->table.id, &duplicate, NULL));
    mr_strbuf_release(&image);
}

/* Counts kinds and pairs what has moved, as the end of a run does. */
static inline void case_summarise(struct check_case *c)
{
    case_require(mr_findings_summarise(c->fd, c->table.id, &c->table.counts, NULL));
    case_require(mr_findings_table_save(c->fd, &c->table, NULL));
}

static inline void case_load(struct check_case *c, uint64_t max_rows)
{
    case_require(mr_check_result_load(&c->result, c->fd, &c->run, max_rows, NULL));
}

static inline void case_end(struct check_case *c)
{
    mr_check_result_release(&c->result);
    (void)mr_findings_close(c->fd, NULL);
}

#endif
