/*
 * binlog_driver.c: what logs hold, one line an event, for tests/it/binlog_events.sh; and by what
 * files are put in order.
 *
 *   binlog_driver events FILE …     POSITION END TYPE SERVER FLAGS [what it says]
 *   binlog_driver sort FILE …       which order, then the files
 *   binlog_driver count FILE        how many events there are, and how long it took
 *
 * POSITION is "payload" for an event out of a TRANSACTION_PAYLOAD, whose own stands behind it.  At
 * the end of a file that is cut off stands "cut".  Exit: 0; 1 and the error on stderr.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/strbuf.h"
#include "core/binlog/binlog_file.h"
#include "core/binlog/binlog_gtid_set.h"
#include "core/binlog/binlog_query.h"
#include "core/binlog/binlog_stream.h"
#include "core/binlog/binlog_table.h"

/* One word for each byte that could end a line. */
static void add_words(struct mr_strbuf *out, struct mr_binlog_words words)
{
    for (size_t i = 0; i < words.len; i++)
        mr_strbuf_add_char(out, words.ptr[i] == '\n' ? ' ' : words.ptr[i]);
}

static enum mr_code add_gtid(const struct mr_binlog_event *event, struct mr_strbuf *out,
                             struct mr_err *err)
{
    struct mr_gtid gtid;
    MR_TRY(mr_binlog_gtid_read(event, &gtid, err));
    mr_gtid_add_text(out, &gtid);
    if (gtid.family == MR_GTID_OF_MARIADB)
        mr_strbuf_add_fmt(out, " flags=%u cid=%" PRIu64, gtid.flags, gtid.commit_id);
    else
        mr_strbuf_add_fmt(out,
                          " last_committed=%" PRIu64 " sequence_number=%" PRIu64
                          " immediate=%" PRIu64 " original=%" PRIu64 " length=%" PRIu64
                          " version=%u rbr_only=%s",
                          gtid.last_committed, gtid.order, gtid.committed_us, gtid.originally_us,
                          gtid.size_bytes, gtid.version, gtid.has_statements ? "no" : "yes");
    return MR_OK;
}

static enum mr_code add_before(const struct mr_binlog_event *event, struct mr_strbuf *out,
                               struct mr_err *err)
{
    struct mr_gtid_set set;
    struct mr_gtid_state state;
    enum mr_code code;
    mr_gtid_set_init(&set);
    mr_gtid_state_init(&state);
    if (event->type == MR_BINLOG_PREVIOUS_GTIDS)
        code = mr_gtid_set_read(&set, event, err);
    else
        code = mr_gtid_state_read(&state, event, err);
    mr_gtid_set_add_text(out, &set);
    mr_gtid_state_add_text(out, &state);
    mr_gtid_set_release(&set);
    mr_gtid_state_release(&state);
    return code;
}

static enum mr_code add_table(const struct mr_binlog_event *event, struct mr_strbuf *out,
                              struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_binlog_table table;
    const enum mr_code code = mr_binlog_table_read(event, &arena, &table, err);
    if (code == MR_OK)
        mr_strbuf_add_fmt(out, "%" PRIu64 " %s.%s", table.id, table.db, table.name);
    for (size_t i = 0; code == MR_OK && i < table.ncolumns; i++) {
        const struct mr_binlog_column *c = &table.columns[i];
        mr_strbuf_add_fmt(out, " %s/%u/%u%s%s%s%s/%u", c->name != NULL ? c->name : "?", c->type,
                          c->meta, c->nullable ? "" : "!",
                          !c->has_sign     ? ""
                          : c->is_unsigned ? "+"
                                           : "-",
                          c->in_key ? "*" : "", c->invisible ? "~" : "", c->collation);
        for (size_t j = 0; j < c->nmembers; j++)
            mr_strbuf_add_fmt(out, "%c%.*s", j == 0 ? '=' : '|', (int)c->members[j].len,
                              c->members[j].ptr);
    }
    mr_arena_release(&arena);
    return code;
}

/* What it says, by its type. */
static enum mr_code add_meaning(const struct mr_binlog_event *event, struct mr_strbuf *out,
                                struct mr_err *err)
{
    struct mr_binlog_query query;
    struct mr_binlog_words text;
    struct mr_binlog_rotate rotate;
    struct mr_binlog_xa xa;
    uint64_t xid = 0;
    switch ((unsigned)event->type) {
    case MR_BINLOG_QUERY:
        MR_TRY(mr_binlog_query_read(event, &query, err));
        mr_strbuf_add_fmt(out, "thread=%u error=%u db=%.*s%s ", query.thread, query.error,
                          (int)query.db.len, query.db.len > 0 ? query.db.ptr : "",
                          query.has_unread ? " unread" : "");
        add_words(out, query.text);
        break;
    case MR_BINLOG_ANNOTATE_ROWS:
    case MR_BINLOG_ROWS_QUERY:
        MR_TRY(mr_binlog_rows_text(event, &text, err));
        add_words(out, text);
        break;
    case MR_BINLOG_ROTATE:
        MR_TRY(mr_binlog_rotate_read(event, &rotate, err));
        add_words(out, rotate.name);
        mr_strbuf_add_fmt(out, ":%" PRIu64, rotate.position);
        break;
    case MR_BINLOG_XID:
        MR_TRY(mr_binlog_xid(event, &xid, err));
        mr_strbuf_add_uint(out, xid);
        break;
    case MR_BINLOG_XA_PREPARE:
        MR_TRY(mr_binlog_xa_read(event, &xa, err));
        mr_strbuf_add_fmt(out, "%.*s %.*s %u%s", (int)xa.global.len, xa.global.ptr,
                          (int)xa.branch.len, xa.branch.ptr, xa.format,
                          xa.one_phase ? " one phase" : "");
        break;
    case MR_BINLOG_GTID:
    case MR_BINLOG_ANONYMOUS_GTID:
    case MR_BINLOG_GTID_TAGGED:
    case MR_BINLOG_MARIADB_GTID: return add_gtid(event, out, err);
    case MR_BINLOG_PREVIOUS_GTIDS:
    case MR_BINLOG_MARIADB_GTID_LIST: return add_before(event, out, err);
    case MR_BINLOG_TABLE_MAP: return add_table(event, out, err);
    default: break;
    }
    return MR_OK;
}

static enum mr_code print_events(struct mr_binlog_stream *stream, bool is_quiet, size_t *count,
                                 struct mr_err *err)
{
    struct mr_strbuf line = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (*count = 0;; ++*count) {
        struct mr_binlog_event event;
        char word[MR_BINLOG_WORD_BYTES];
        MR_TRY_OUT(mr_binlog_stream_next(stream, &event, err));
        if (event.type == MR_BINLOG_NONE)
            break;
        if (is_quiet)
            continue;
        mr_strbuf_reset(&line);
        mr_strbuf_add_fmt(&line, "%s%" PRIu64 " %" PRIu64 " %s %u %x ",
                          event.in_payload ? "payload " : "", event.place.position, event.end,
                          mr_binlog_type_word(event.type, word), event.server_id, event.flags);
        if (event.type == MR_BINLOG_FORMAT_DESCRIPTION)
            mr_strbuf_add_str(&line, mr_binlog_stream_format(stream)->server);
        MR_TRY_OUT(add_meaning(&event, &line, err));
        (void)fwrite(line.ptr, 1, line.len, stdout);
        (void)putchar('\n');
    }
    if (mr_binlog_stream_is_cut(stream))
        (void)puts("cut");
out:
    mr_strbuf_release(&line);
    return code;
}

static enum mr_code read_file(const char *path, bool is_quiet, struct mr_err *err)
{
    struct mr_binlog_file *file = NULL;
    struct mr_binlog_stream *stream = NULL;
    enum mr_code code = MR_OK;
    const double begin_s = mr_clock_now_s();
    size_t count = 0;
    MR_TRY_OUT(mr_binlog_file_open(path, &file, err));
    MR_TRY_OUT(mr_binlog_stream_open(mr_binlog_file_input(file), &stream, err));
    MR_TRY_OUT(print_events(stream, is_quiet, &count, err));
    if (is_quiet)
        (void)printf("%zu events in %.3f s\n", count, mr_clock_now_s() - begin_s);
out:
    mr_binlog_stream_close(stream);
    mr_binlog_file_close(file);
    return code;
}

static enum mr_code sort_files(const char **paths, size_t count, struct mr_err *err)
{
    static const char *const words[] = {"none", "gtid", "name"};
    enum mr_binlog_order by;
    MR_TRY(mr_binlog_files_sort(paths, count, &by, err));
    (void)puts(words[by]);
    for (size_t i = 0; i < count; i++)
        (void)puts(paths[i]);
    return MR_OK;
}

int main(int argc, char **argv)
{
    struct mr_err err = {.code = MR_OK};
    enum mr_code code = MR_OK;
    const char *paths[64];
    int count = 0;
    for (int i = 2; i < argc && count < 64; i++)
        paths[count++] = argv[i];
    if (count == 0) {
        (void)fprintf(stderr, "usage: %s events|sort|count FILE...\n", argv[0]);
        return 3;
    }
    if (strcmp(argv[1], "sort") == 0)
        code = sort_files(paths, (size_t)count, &err);
    for (int i = 0; i < count && code == MR_OK && strcmp(argv[1], "sort") != 0; i++)
        code = read_file(paths[i], strcmp(argv[1], "count") == 0, &err);
    if (code != MR_OK)
        (void)fprintf(stderr, "%s: %s\n", mr_code_name(code), err.message);
    return code != MR_OK;
}
