/* history_top_print.c: see history_top_print.h. */
#include "recon/history/history_top_print.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/case/run_command.h"
#include "core/json/jsonw.h"
#include "core/row/when.h"

static const char *const did[MR_TOP_KINDS] = {[MR_BINLOG_INSERT] = "inserted",
                                              [MR_BINLOG_UPDATE] = "updated",
                                              [MR_BINLOG_DELETE] = "deleted"};

bool mr_history_top_is_incomplete(const struct mr_top_print *p)
{
    return p->read->gap != NULL || p->top->nuncounted > 0 || p->top->nchanging > 0;
}

static const struct mr_top_tx *tx_at(const struct mr_vec *list, size_t at)
{
    return *(struct mr_top_tx *const *)mr_vec_at(list, at);
}

/* ---- for people ---- */

static const char *style(const struct mr_top_print *p, enum mr_style s)
{
    return mr_term_style(s, p->color);
}

static void add_count(struct mr_strbuf *out, uint64_t n, const char *one, const char *many)
{
    mr_strbuf_add_grouped(out, n);
    mr_strbuf_add_fmt(out, " %s", n == 1 ? one : many);
}

static void add_head(const struct mr_top_print *p, struct mr_strbuf *out)
{
    const struct mr_history_read *r = p->read;
    mr_utf8_show_str(out, p->server);
    mr_strbuf_add_str(out, "\n    ");
    if (r->first_log == NULL) {
        mr_strbuf_add_str(out, "no log was read\n");
        return;
    }
    mr_utf8_show_str(out, r->first_log);
    mr_strbuf_add_fmt(out, ":%" PRIu64 " to ", r->first_position);
    mr_utf8_show_str(out, r->end_log);
    mr_strbuf_add_fmt(out, ":%" PRIu64, r->end_position);
    if (r->window->from.text != NULL) {
        mr_strbuf_add_str(out, ", from ");
        mr_utf8_show_str(out, r->window->from.text);
        mr_strbuf_add_str(out, r->window->from.is_bare ? " UTC" : "");
    }
    if (r->window->to.text != NULL) {
        mr_strbuf_add_str(out, ", before ");
        mr_utf8_show_str(out, r->window->to.text);
        mr_strbuf_add_str(out, r->window->to.is_bare ? " UTC" : "");
    }
    mr_strbuf_add_char(out, '\n');
}

/* Without the folder of its file: as --from takes it. */
static const char *log_of(const struct mr_top_tx *tx)
{
    const char *slash = strrchr(tx->log, '/');
    return slash != NULL ? slash + 1 : tx->log;
}

/* "2026-04-02 03:10:00  0-1-4711  bin.000003:4711  thread 12" */
static void add_place(const struct mr_top_tx *tx, struct mr_strbuf *out)
{
    mr_when_format_us(tx->committed_us, out);
    mr_strbuf_add_str(out, "  ");
    if (tx->gtid[0] != '\0')
        mr_strbuf_add_fmt(out, "%s  ", tx->gtid);
    mr_utf8_show_str(out, log_of(tx));
    mr_strbuf_add_fmt(out, ":%" PRIu64, tx->position);
    if (tx->thread != 0)
        mr_strbuf_add_fmt(out, "  thread %" PRIu32, tx->thread);
    if (tx->user[0] != '\0') {
        mr_strbuf_add_str(out, "  by ");
        mr_utf8_show_str(out, tx->user);
    }
    mr_strbuf_add_char(out, '\n');
}

static void add_statement(const struct mr_top_tx *tx, struct mr_strbuf *out)
{
    if (tx->statement == NULL)
        return;
    mr_strbuf_add_str(out, "        ");
    mr_utf8_show_str(out, tx->statement);
    if (tx->statement_bytes > 0) {
        mr_strbuf_add_str(out, " … of ");
        add_count(out, tx->statement_bytes, "byte", "bytes");
    }
    if (tx->statements > 1) {
        mr_strbuf_add_str(out, " (and ");
        add_count(out, tx->statements - 1, "more statement", "more statements");
        mr_strbuf_add_char(out, ')');
    }
    mr_strbuf_add_char(out, '\n');
}

static void add_table(const struct mr_top_table *t, struct mr_strbuf *out)
{
    const char *between = "  ";
    mr_strbuf_add_str(out, "    ");
    mr_utf8_show_str(out, t->db);
    mr_strbuf_add_char(out, '.');
    mr_utf8_show_str(out, t->name);
    for (size_t kind = MR_BINLOG_INSERT; kind < MR_TOP_KINDS; kind++) {
        if (t->rows[kind] == 0)
            continue;
        mr_strbuf_add_fmt(out, "%s%s ", between, did[kind]);
        mr_strbuf_add_grouped(out, t->rows[kind]);
        between = ", ";
    }
    mr_strbuf_add_char(out, '\n');
}

/* What makes that the number is not that of the rows that were changed. */
static void add_doubts(const struct mr_top_print *p, const struct mr_top_tx *tx,
                       struct mr_strbuf *out)
{
    const struct {
        bool is;
        const char *text;
    } doubts[] = {{tx->is_torn, "rolled back in part: not all of these rows were changed"},
                  {tx->is_prepared, "XA PREPARE: another transaction says whether it happened"},
                  {tx->is_uncounted, "and rows that cannot be read"}};
    for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++)
        if (doubts[i].is)
            mr_strbuf_add_fmt(out, "    %s%s%s\n", style(p, MR_STYLE_WARN), doubts[i].text,
                              style(p, MR_STYLE_RESET));
}

static void add_tx(const struct mr_top_print *p, const struct mr_top_tx *tx, struct mr_strbuf *out)
{
    mr_strbuf_add_str(out, style(p, MR_STYLE_HEAD));
    add_count(out, tx->rows, "row", "rows");
    mr_strbuf_add_fmt(out, "%s  ", style(p, MR_STYLE_RESET));
    add_place(tx, out);
    for (size_t i = 0; i < tx->tables.count; i++)
        add_table(mr_vec_at(&tx->tables, i), out);
    if (tx->more_rows > 0) {
        mr_strbuf_add_str(out, "    more tables  ");
        add_count(out, tx->more_rows, "row", "rows");
        mr_strbuf_add_char(out, '\n');
    }
    add_doubts(p, tx, out);
    add_statement(tx, out);
}

/* The last ones are kept; they stand in the order of the log. */
static void add_statements(const struct mr_top_print *p, struct mr_strbuf *out)
{
    const struct mr_vec *list = &p->top->statements;
    if (list->count == 0)
        return;
    mr_strbuf_add_fmt(out, "%sstatements of whose rows the log says nothing%s\n",
                      style(p, MR_STYLE_HEAD), style(p, MR_STYLE_RESET));
    if (p->top->nstatements > list->count) {
        mr_strbuf_add_str(out, "    … ");
        add_count(out, p->top->nstatements - list->count, "earlier one", "earlier ones");
        mr_strbuf_add_str(out, ", which --top does not reach\n");
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct mr_top_tx *tx = tx_at(list, i);
        mr_strbuf_add_str(out, "    ");
        add_place(tx, out);
        add_statement(tx, out);
    }
}

static void add_lacking(const struct mr_top_print *p, struct mr_strbuf *out)
{
    const char *warn = style(p, MR_STYLE_WARN), *reset = style(p, MR_STYLE_RESET);
    for (const char *at = p->read->gap; at != NULL && *at != '\0';) {
        const size_t len = strcspn(at, "\n");
        mr_strbuf_add_fmt(out, "%sincomplete%s: ", warn, reset);
        mr_utf8_show(out, at, len, false);
        mr_strbuf_add_char(out, '\n');
        at += len + (at[len] == '\n');
    }
    if (p->top->nchanging > 0) {
        mr_strbuf_add_fmt(out, "%sincomplete%s: ", warn, reset);
        add_count(out, p->top->nchanging, "statement", "statements");
        mr_strbuf_add_str(out, " may have changed rows that are not in the log (binlog_format)\n");
    }
    if (p->top->nuncounted > 0) {
        mr_strbuf_add_fmt(out, "%sincomplete%s: ", warn, reset);
        add_count(out, p->top->nuncounted, "transaction has", "transactions have");
        mr_strbuf_add_str(out, " rows that cannot be read\n");
    }
}

/* The largest is what is mostly looked for.  It needs a name that holds for the log as it lies there. */
static void add_next(const struct mr_top_print *p, struct mr_strbuf *out)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    const struct mr_top_tx *tx = p->top->top.count > 0 ? tx_at(&p->top->top, 0) : NULL;
    if (p->uri == NULL || tx == NULL || tx->gtid == NULL || tx->gtid[0] == '\0' || tx->is_prepared)
        return;
    mr_strbuf_add_str(&command, "myrecon repair plan --policy rewind");
    mr_command_add_option(&command, "--config", p->config);
    mr_command_add_option(&command, "--target", p->uri);
    mr_command_add_option(&command, "--transactions", tx->gtid);
    mr_command_add_option(&command, "--output", "rewind.plan");
    mr_strbuf_add_str(out,
                      "What undoing the first of them would do; a plan writes to no server:\n  ");
    mr_utf8_show_str(out, command.failed ? "" : command.ptr);
    mr_strbuf_add_char(out, '\n');
    out->failed |= command.failed;
    mr_strbuf_release(&command);
}

enum mr_code mr_history_top_text(const struct mr_top_print *p, FILE *file, struct mr_err *err)
{
    const struct mr_history_top *top = p->top;
    struct mr_strbuf out = MR_STRBUF_INIT;
    add_head(p, &out);
    mr_strbuf_add_fmt(&out, "%sUTC, as the log has it%s\n", style(p, MR_STYLE_HEAD),
                      style(p, MR_STYLE_RESET));
    for (size_t i = 0; i < top->top.count; i++)
        add_tx(p, tx_at(&top->top, i), &out);
    add_statements(p, &out);
    add_lacking(p, &out);
    if (p->hides && top->top.count + top->statements.count > 0)
        mr_strbuf_add_str(&out, "? stands for a value: the configuration masks columns; --unmask "
                                "shows them\n");
    add_count(&out, top->transactions, "transaction", "transactions");
    for (size_t kind = MR_BINLOG_INSERT; kind < MR_TOP_KINDS; kind++) {
        mr_strbuf_add_fmt(&out, ", %s ", did[kind]);
        mr_strbuf_add_grouped(&out, top->rows[kind]);
    }
    mr_strbuf_add_str(&out, " rows\n");
    add_next(p, &out);
    const enum mr_code code = mr_term_print(&out, file, "printing", err);
    mr_strbuf_release(&out);
    return code;
}

/* ---- JSON ---- */

static const char *or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static void put_place(struct mr_jsonw *w, const char *type, const struct mr_top_tx *tx,
                      struct mr_strbuf *scratch)
{
    mr_strbuf_reset(scratch);
    mr_when_format_us(tx->committed_us, scratch);
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", type);
    mr_jsonw_add_str(w, "time", scratch->ptr);
    mr_jsonw_add_str(w, "gtid", or_null(tx->gtid));
    mr_jsonw_add_str(w, "log", log_of(tx));
    mr_jsonw_add_uint(w, "position", tx->position);
    mr_jsonw_key(w, "thread");
    if (tx->thread != 0)
        mr_jsonw_uint(w, tx->thread);
    else
        mr_jsonw_null(w);
    mr_jsonw_add_str(w, "user", or_null(tx->user));
    mr_jsonw_add_str(w, "statement", tx->statement);
    mr_jsonw_add_bool(w, "statement_cut", tx->statement_bytes > 0);
}

static void put_tables(struct mr_jsonw *w, const struct mr_top_tx *tx, struct mr_strbuf *scratch)
{
    mr_jsonw_key(w, "tables");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < tx->tables.count; i++) {
        const struct mr_top_table *t = mr_vec_at(&tx->tables, i);
        mr_strbuf_reset(scratch);
        mr_strbuf_add_fmt(scratch, "%s.%s", t->db, t->name);
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "table", scratch->ptr);
        for (size_t kind = MR_BINLOG_INSERT; kind < MR_TOP_KINDS; kind++)
            mr_jsonw_add_uint(w, did[kind], t->rows[kind]);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_add_uint(w, "more_tables", tx->more_tables);
    mr_jsonw_add_uint(w, "more_rows", tx->more_rows);
}

static void put_tx(struct mr_jsonw *w, const struct mr_top_tx *tx, struct mr_strbuf *scratch)
{
    put_place(w, "transaction", tx, scratch);
    mr_jsonw_add_uint(w, "rows", tx->rows);
    put_tables(w, tx, scratch);
    mr_jsonw_add_uint(w, "statements", tx->statements);
    mr_jsonw_add_bool(w, "rolled_back_in_part", tx->is_torn);
    mr_jsonw_add_bool(w, "xa_prepared", tx->is_prepared);
    mr_jsonw_add_bool(w, "uncounted_rows", tx->is_uncounted);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_run(struct mr_jsonw *w, const struct mr_top_print *p)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "run");
    mr_jsonw_add_str(w, "schema", "myrecon/history-top/1");
    mr_jsonw_add_str(w, "run_id", p->run->id);
    mr_jsonw_add_str(w, "started", p->run->started);
    mr_jsonw_add_str(w, "server", p->server);
    mr_jsonw_add_str(w, "from", p->read->window->from.text);
    mr_jsonw_add_str(w, "to", p->read->window->to.text);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_summary(struct mr_jsonw *w, const struct mr_top_print *p)
{
    const struct mr_history_read *r = p->read;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "summary");
    mr_jsonw_add_uint(w, "transactions", p->top->transactions);
    for (size_t kind = MR_BINLOG_INSERT; kind < MR_TOP_KINDS; kind++)
        mr_jsonw_add_uint(w, did[kind], p->top->rows[kind]);
    mr_jsonw_add_uint(w, "statements_without_rows", p->top->nstatements);
    mr_jsonw_add_uint(w, "statements_that_may_change_rows", p->top->nchanging);
    mr_jsonw_add_uint(w, "transactions_uncounted", p->top->nuncounted);
    mr_jsonw_add_str(w, "first_log", r->first_log);
    mr_jsonw_add_uint(w, "first_position", r->first_position);
    mr_jsonw_add_str(w, "end_log", r->end_log);
    mr_jsonw_add_uint(w, "end_position", r->end_position);
    mr_jsonw_add_str(w, "gap", r->gap);
    mr_jsonw_add_bool(w, "values_hidden", p->hides);
    mr_jsonw_add_bool(w, "incomplete", mr_history_top_is_incomplete(p));
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

enum mr_code mr_history_top_json(const struct mr_top_print *p, FILE *out, struct mr_err *err)
{
    struct mr_strbuf scratch = MR_STRBUF_INIT;
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, out);
    put_run(&w, p);
    for (size_t i = 0; i < p->top->top.count; i++)
        put_tx(&w, tx_at(&p->top->top, i), &scratch);
    for (size_t i = 0; i < p->top->statements.count; i++) {
        const struct mr_top_tx *tx = tx_at(&p->top->statements, i);
        put_place(&w, "statement", tx, &scratch);
        mr_jsonw_add_bool(&w, "definition", tx->is_definition);
        mr_jsonw_object_end(&w);
        mr_jsonw_end_line(&w);
    }
    put_summary(&w, p);
    enum mr_code code = mr_strbuf_check(&scratch, "writing JSON", err);
    if (code == MR_OK)
        code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    mr_strbuf_release(&scratch);
    return code;
}
