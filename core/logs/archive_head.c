/* archive_head.c: see archive_head.h. */
#include "core/logs/archive_head.h"

#include "core/binlog/binlog_format.h"
#include "core/binlog/binlog_gtid_set.h"
#include "core/binlog/binlog_gtid_text.h"
#include "core/db/db_binlog.h"
#include "core/file/inflate.h"

#define EVENTS_MAX 8 /* among which the head is, or there is none */

void mr_archive_head_init(struct mr_archive_head *head)
{
    *head = (struct mr_archive_head){.before = MR_STRBUF_INIT};
}

void mr_archive_head_release(struct mr_archive_head *head)
{
    mr_strbuf_release(&head->before);
    mr_archive_head_init(head);
}

static enum mr_code take_format(struct mr_archive_head *head, const struct mr_binlog_event *event,
                                struct mr_err *err)
{
    struct mr_binlog_format format;
    MR_TRY(mr_binlog_format_read(event, &format, err));
    head->has_crc = format.has_crc;
    head->began = event->when;
    return MR_OK;
}

/* The same text as the server has for it; either family has an event of its own. */
static enum mr_code take_before(struct mr_archive_head *head, const struct mr_binlog_event *event,
                                struct mr_err *err)
{
    mr_strbuf_reset(&head->before);
    const enum mr_code code = mr_gtid_before_text(event, &head->before, err);
    head->has_before = code == MR_OK;
    return code;
}

enum mr_code mr_archive_head_take(struct mr_archive_head *head, const char *log, const uint8_t *raw,
                                  size_t len, struct mr_err *err)
{
    const struct mr_binlog_place place = {log, 0};
    struct mr_binlog_event event;
    MR_TRY(mr_binlog_header(&place, raw, len, &event, err));
    if (event.type == MR_BINLOG_FORMAT_DESCRIPTION)
        return take_format(head, &event, err);
    if (event.type != MR_BINLOG_PREVIOUS_GTIDS && event.type != MR_BINLOG_MARIADB_GTID_LIST)
        return MR_OK;
    if (head->has_crc && event.len >= MR_BINLOG_CRC_BYTES)
        event.len -= MR_BINLOG_CRC_BYTES;
    return take_before(head, &event, err);
}

bool mr_archive_head_crc_fits(const uint8_t *raw, size_t len)
{
    if (len < MR_BINLOG_HEADER_BYTES + MR_BINLOG_CRC_BYTES)
        return false;
    struct mr_binlog_cursor c =
        mr_binlog_cursor(raw + len - MR_BINLOG_CRC_BYTES, MR_BINLOG_CRC_BYTES);
    return mr_crc32(raw, len - MR_BINLOG_CRC_BYTES) == mr_binlog_uint(&c, MR_BINLOG_CRC_BYTES);
}

/* It comes before the head that says whether there are checksums, and of a log without them with one:
 * only the bytes tell. */
enum mr_code mr_archive_head_rotate(const char *log, const uint8_t *raw, size_t len,
                                    struct mr_binlog_rotate *rotate, struct mr_err *err)
{
    const struct mr_binlog_place place = {log, 0};
    struct mr_binlog_event event;
    MR_TRY(mr_binlog_header(&place, raw, len, &event, err));
    if (event.len >= MR_BINLOG_CRC_BYTES && mr_archive_head_crc_fits(raw, len))
        event.len -= MR_BINLOG_CRC_BYTES;
    return mr_binlog_rotate_read(&event, rotate, err);
}

enum mr_code mr_archive_head_ask(struct mr_archive_head *head, const struct mr_endpoint *ep,
                                 const struct mr_db_opts *opts, const char *log, struct mr_err *err)
{
    struct mr_db *db = NULL;
    struct mr_db_binlog *dump = NULL;
    const uint8_t *raw;
    size_t len = 1;
    enum mr_code code = mr_db_open(ep, opts, &db, err);
    if (code == MR_OK)
        code = mr_db_binlog_open(db, log, MR_DB_BINLOG_FIRST, mr_db_binlog_id(), &dump, err);
    for (int i = 0; code == MR_OK && len > 0 && !head->has_before && i < EVENTS_MAX; i++) {
        code = mr_db_binlog_next(dump, &raw, &len, err);
        if (code == MR_OK && len > 0)
            code = mr_archive_head_take(head, log, raw, len, err);
    }
    mr_db_binlog_close(dump);
    mr_db_close(db);
    if (code == MR_OK && head->began == 0)
        code =
            mr_err_set(err, MR_E_BINLOG, "binary log \"%s\" does not say when it was begun", log);
    return code;
}

enum mr_code mr_archive_head_follows(const char *earlier, const char *later, bool is_mariadb,
                                     bool *known, bool *follows, struct mr_err *err)
{
    *known = earlier[0] != '\0';
    *follows = false;
    return *known ? mr_gtid_text_contains(is_mariadb, later, earlier, follows, err) : MR_OK;
}
