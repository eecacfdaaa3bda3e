/*
 * affected_case: a small club in a case filled by hand, and the list made of it.
 *
 *   club_begin(&c) → club_table, club_row, club_ancestor, club_link… →
 *   club_lines(&c, columns) or club_write(&c, …) → club_end(&c)
 *
 * Tables have three columns: id (the key), phone and note; a row is written "7/ann/x",
 * with NULL for NULL.  Identities are given as texts, as check would have found them.
 * What comes out is one line a person: "ann|1,4|1|missing;child|d.member;d.orders".
 */
#ifndef MR_TESTS_AFFECTED_CASE_H
#define MR_TESTS_AFFECTED_CASE_H

#include "check_case.h"
#include "core/case/case_args.h"
#include "core/case/lineage.h"
#include "recon/affected/affected_field.h"
#include "recon/affected/affected_format.h"
#include "recon/affected/affected_gaps.h"
#include "recon/affected/affected_reach.h"
#include "recon/affected/affected_subject.h"

struct club {
    struct check_case c;
    struct mr_affected list;
    struct mr_affected_people people;
    struct mr_affected_lines lines;
    struct mr_strbuf text;
    bool incomplete;
    uint64_t no_value, no_key;                       /* people without a line of a template */
    struct mr_string_list subjects, tables, exclude; /* as given on the command line */
};

/* A table; `identity`: is its column `phone` the identity (else the key is)? */
static inline int64_t club_table(struct club *club, const char *name, bool identity,
                                 enum mr_find_subject subject)
{
    struct check_case *c = &club->c;
    case_table(c, name, MR_VERDICT_DIVERGED, identity);
    c->table.scanned = c->table.settled = true;
    c->table.subject = subject;
    c->table.time_at = -1;
    case_require(mr_findings_table_save(c->fd, &c->table, NULL));
    return c->table.id;
}

/* path NULL: a temporary case. */
static inline void club_begin_at(struct club *club, const char *path)
{
    memset(club, 0, sizeof *club);
    mr_strbuf_init(&club->text);
    mr_arena_init(&club->list.arena);
    case_begin_at(&club->c, path);
    club->c.run.finished = club->c.run.kin_done = true;
}

static inline void club_begin(struct club *club)
{
    club_begin_at(club, NULL);
}

/* A finding; its id. */
static inline int64_t club_row(struct club *club, int64_t table, enum mr_find_kind kind,
                               const char *source, const char *target, const char *source_id,
                               const char *target_id)
{
    struct check_case *c = &club->c;
    int64_t id = 0;
    c->table.id = table;
    case_row(c, (struct case_row){.state = MR_FIND_DIVERGED,
                                  .kind = kind,
                                  .source = source,
                                  .target = target,
                                  .source_id = source_id,
                                  .target_id = target_id});
    case_require(mr_case_number_with(mr_findings_case(c->fd), "SELECT max(id) FROM finding", NULL,
                                     0, &id, NULL));
    return id;
}

static inline int64_t club_reference(struct club *club, int64_t child, int64_t parent)
{
    static const size_t column[1] = {0};
    struct mr_lineage_reference r = {.table = child,
                                     .parent = parent,
                                     .parent_name = parent != 0 ? "d.parent" : "d.elsewhere",
                                     .name = "fk",
                                     .declared = true,
                                     .condition_at = -1,
                                     .columns = column,
                                     .parent_columns = column,
                                     .ncolumns = 1};
    case_require(mr_lineage_reference_add(club->c.fd, &r, NULL));
    return r.id;
}

/* The child's row (a node) refers, on a side, to the row "7/ann/x" of a table, whose
 * canonical identity is given; NULL: to nobody.  The parent is the finding of that key, or
 * an ancestor. */
static inline void club_link(struct club *club, int side, int64_t child, int64_t reference,
                             int64_t table, const char *row, const char *identity)
{
    struct mr_strbuf image = MR_STRBUF_INIT;
    struct mr_lineage_row parent = {.table = table};
    struct mr_lineage_step step = {.child = child, .reference = reference};
    if (row != NULL) {
        case_encode(&image, row);
        parent.image = image.ptr;
        parent.image_len = image.len;
        parent.key = (struct mr_key){image.ptr, 10};
        parent.identity = identity;
        parent.identity_len = identity != NULL ? strlen(identity) : 0;
        step.parent = &parent;
    }
    case_require(mr_lineage_save(club->c.fd, side, &step, 1, NULL));
    mr_strbuf_release(&image);
}

/* The node of the ancestor with that key. */
static inline int64_t club_ancestor(struct club *club, int side, int64_t table, const char *row)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    int64_t id = 0;
    case_encode(&key, row);
    case_require(MR_CASE_NUMBER(
        mr_findings_case(club->c.fd),
        "SELECT id FROM ancestor WHERE tbl=:tbl AND side=:side AND key=:key", &id, NULL,
        MR_ARG_INT("tbl", table), MR_ARG_INT("side", side), MR_ARG_BLOB("key", key.ptr, 10)));
    mr_strbuf_release(&key);
    return -id;
}

static inline void club_moved(struct club *club, int64_t table, int64_t source, int64_t target)
{
    case_require(MR_CASE_ONCE(mr_findings_case(club->c.fd),
                              "INSERT INTO moved (tbl, source, target)"
                              " VALUES (:tbl, :source, :target)",
                              NULL, MR_ARG_INT("tbl", table), MR_ARG_INT("source", source),
                              MR_ARG_INT("target", target)));
}

/* Changes what the case has of a table, :tbl. */
static inline void club_change(struct club *club, const char *sql, int64_t table)
{
    case_require(MR_CASE_ONCE(mr_findings_case(club->c.fd), sql, NULL, MR_ARG_INT("tbl", table)));
}

static inline enum mr_code club_choose(struct club *club, const char *columns,
                                       const char *config_text, struct mr_err *err)
{
    struct mr_config *config = NULL;
    struct mr_affected *list = &club->list;
    case_require(mr_findings_run_end(club->c.fd, &club->c.run, NULL));
    case_require(mr_config_parse(config_text, strlen(config_text), "my.ini", MR_CONFIG_NO_ROOMS,
                                 &config, NULL));
    list->fd = club->c.fd;
    list->run = club->c.run;
    case_require(mr_findings_tables(list->fd, &list->arena, &list->tables, &list->ntables, NULL));
    struct mr_affected_choice choice = {.subjects = club->subjects,
                                        .tables = club->tables,
                                        .exclude = club->exclude,
                                        .config = config};
    if (columns != NULL)
        choice.columns = (struct mr_string_list){&columns, 1};
    enum mr_code code = mr_affected_choose(list, &choice, err);
    mr_config_free(config);
    return code;
}

/* Chooses, collects, and puts the lines in order. */
static inline void club_collect(struct club *club, const char *columns)
{
    struct mr_affected_people *people = &club->people;
    case_require(club_choose(club, columns, "", NULL));
    case_require(mr_case_scratch_begin(mr_findings_case(club->c.fd), NULL));
    case_require(mr_affected_people_begin(people, &club->list, NULL));
    case_require(mr_affected_people_own(people, NULL));
    case_require(mr_affected_reach(people, NULL));
    case_require(mr_affected_gaps(people, &club->incomplete, NULL));
    case_require(mr_affected_lines_begin(&club->lines, people, NULL));
}

static inline void club_add_values(struct club *club, const struct mr_affected_line *line,
                                   size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (i > 0)
            mr_strbuf_add_char(&club->text, i == from ? '|' : ',');
        mr_affected_add_text(&club->text, &line->values[i], mr_affected_style(line->subject, i));
    }
}

/* The list, a line a person. */
static inline const char *club_lines(struct club *club, const char *columns)
{
    const struct mr_affected_line *line = NULL;
    club_collect(club, columns);
    case_require(mr_affected_lines_next(&club->lines, &line, NULL));
    while (line != NULL) {
        club_add_values(club, line, 0, club->list.nidentity);
        mr_strbuf_add_fmt(&club->text, "|%s|%s|%s|%s", line->key_text[0].ptr, line->key_text[1].ptr,
                          line->reasons.ptr, line->tables.ptr);
        club_add_values(club, line, club->list.nidentity, club->list.nfields);
        mr_strbuf_add_char(&club->text, '\n');
        case_require(mr_affected_lines_next(&club->lines, &line, NULL));
    }
    return club->text.ptr;
}

/* The list in a format; *left_out: lines that it cannot show. */
static inline const char *club_write(struct club *club, const char *columns,
                                     const struct mr_affected_format_opts *opts, uint64_t *left_out)
{
    struct mr_affected_writer *w = NULL;
    const struct mr_affected_line *line = NULL;
    club_collect(club, columns);
    case_require(mr_affected_writer_new(&club->list, opts, &w, NULL));
    w->facts = &club->lines.facts;
    case_require(w->ops->begin(w, &club->text, NULL));
    case_require(mr_affected_lines_next(&club->lines, &line, NULL));
    while (line != NULL) {
        case_require(w->ops->line(w, line, &club->text, NULL));
        case_require(mr_affected_lines_next(&club->lines, &line, NULL));
    }
    case_require(w->ops->end(w, &club->text, NULL));
    if (left_out != NULL)
        *left_out = w->left_out;
    club->no_value = w->no_value;
    club->no_key = w->no_key;
    mr_affected_writer_free(w);
    return club->text.ptr;
}

static inline void club_end(struct club *club)
{
    mr_affected_lines_release(&club->lines);
    mr_affected_people_release(&club->people);
    mr_strbuf_release(&club->text);
    mr_arena_release(&club->list.arena);
    case_end(&club->c);
}

#endif
