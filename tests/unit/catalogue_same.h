/* catalogue_same.h: are two catalogues the same, field by field? */
#ifndef MR_TESTS_CATALOGUE_SAME_H
#define MR_TESTS_CATALOGUE_SAME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/schema/schema.h"

static inline void same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static inline void same_names(const char *const *a, const char *const *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        same_text(a[i], b[i]);
}

static inline void same_column(const struct mr_column *a, const struct mr_column *b)
{
    same_text(a->name, b->name);
    same_text(a->type, b->type);
    same_text(a->data_type, b->data_type);
    assert_int_equal(a->cls, b->cls);
    same_text(a->charset, b->charset);
    same_text(a->collation, b->collation);
    same_text(a->srid, b->srid);
    assert_int_equal(a->nullable, b->nullable);
    assert_int_equal(a->is_unsigned, b->is_unsigned);
    assert_int_equal(a->generated, b->generated);
    assert_int_equal(a->generated_stored, b->generated_stored);
    assert_int_equal(a->invisible, b->invisible);
    assert_int_equal(a->is_json, b->is_json);
    assert_int_equal(a->empty_member, b->empty_member);
    assert_int_equal(a->is_set, b->is_set);
    assert_int_equal(a->auto_increment, b->auto_increment);
    assert_int_equal(a->system_time, b->system_time);
    same_text(a->default_text, b->default_text);
    same_text(a->on_update, b->on_update);
    same_text(a->generation_expr, b->generation_expr);
    same_text(a->comment, b->comment);
    same_text(a->versions, b->versions);
    assert_int_equal(a->decimals, b->decimals);
    assert_int_equal(a->ordinal, b->ordinal);
}

static inline void same_index(const struct mr_index *a, const struct mr_index *b)
{
    same_text(a->name, b->name);
    assert_int_equal(a->unique, b->unique);
    assert_int_equal(a->usable, b->usable);
    same_text(a->kind, b->kind);
    same_text(a->clause, b->clause);
    assert_int_equal(a->nparts, b->nparts);
    for (size_t i = 0; i < a->nparts; i++) {
        same_text(a->parts[i].column, b->parts[i].column);
        same_text(a->parts[i].expression, b->parts[i].expression);
        assert_int_equal(a->parts[i].prefix_len, b->parts[i].prefix_len);
        assert_int_equal(a->parts[i].descending, b->parts[i].descending);
    }
}

static inline void same_foreign_key(const struct mr_foreign_key *a, const struct mr_foreign_key *b)
{
    same_text(a->name, b->name);
    assert_int_equal(a->ncolumns, b->ncolumns);
    same_names(a->columns, b->columns, a->ncolumns);
    same_text(a->ref_db, b->ref_db);
    same_text(a->ref_table, b->ref_table);
    same_names(a->ref_columns, b->ref_columns, a->ncolumns);
    same_text(a->on_update, b->on_update);
    same_text(a->on_delete, b->on_delete);
}

static inline void same_made(const struct mr_made_as *a, const struct mr_made_as *b)
{
    same_text(a->definer, b->definer);
    same_text(a->sql_mode, b->sql_mode);
    same_text(a->collation, b->collation);
    same_text(a->db_collation, b->db_collation);
}

static inline void same_rules(const struct mr_table *a, const struct mr_table *b)
{
    assert_int_equal(a->ntriggers, b->ntriggers);
    for (size_t i = 0; i < a->ntriggers; i++) {
        same_text(a->triggers[i].name, b->triggers[i].name);
        same_text(a->triggers[i].timing, b->triggers[i].timing);
        same_text(a->triggers[i].event, b->triggers[i].event);
        same_text(a->triggers[i].body, b->triggers[i].body);
        assert_int_equal(a->triggers[i].order, b->triggers[i].order);
        same_made(&a->triggers[i].made, &b->triggers[i].made);
    }
    assert_int_equal(a->nchecks, b->nchecks);
    for (size_t i = 0; i < a->nchecks; i++) {
        same_text(a->checks[i].name, b->checks[i].name);
        same_text(a->checks[i].column, b->checks[i].column);
        same_text(a->checks[i].clause, b->checks[i].clause);
        same_text(a->checks[i].period, b->checks[i].period);
    }
}

static inline void same_table(const struct mr_table *a, const struct mr_table *b)
{
    same_text(a->db, b->db);
    same_text(a->name, b->name);
    assert_int_equal(a->kind, b->kind);
    same_text(a->engine, b->engine);
    same_text(a->open_error, b->open_error);
    assert_int_equal(a->transactional, b->transactional);
    assert_int_equal(a->partitioned, b->partitioned);
    assert_int_equal(a->system_versioned, b->system_versioned);
    same_text(a->collation, b->collation);
    same_text(a->charset, b->charset);
    same_text(a->comment, b->comment);
    same_text(a->row_format, b->row_format);
    same_text(a->partitioning, b->partitioning);
    assert_int_equal(a->est_rows, b->est_rows);
    assert_int_equal(a->data_bytes, b->data_bytes);
    assert_int_equal(a->avg_row_bytes, b->avg_row_bytes);
    assert_int_equal(a->ncolumns, b->ncolumns);
    for (size_t i = 0; i < a->ncolumns; i++)
        same_column(&a->columns[i], &b->columns[i]);
    assert_int_equal(a->nindexes, b->nindexes);
    for (size_t i = 0; i < a->nindexes; i++)
        same_index(&a->indexes[i], &b->indexes[i]);
    assert_int_equal(a->nfks, b->nfks);
    for (size_t i = 0; i < a->nfks; i++)
        same_foreign_key(&a->fks[i], &b->fks[i]);
    same_rules(a, b);
}

static inline void same_server(const struct mr_server *a, const struct mr_server *b)
{
    assert_int_equal(a->flavour, b->flavour);
    assert_int_equal(a->version, b->version);
    assert_string_equal(a->version_text, b->version_text);
    assert_string_equal(a->hostname, b->hostname);
    assert_string_equal(a->uuid, b->uuid);
    assert_int_equal(a->server_id, b->server_id);
    assert_int_equal(a->port, b->port);
    assert_string_equal(a->datadir, b->datadir);
    assert_int_equal(a->lower_case_table_names, b->lower_case_table_names);
    assert_int_equal(a->max_packet_bytes, b->max_packet_bytes);
    assert_string_equal(a->tls_cipher, b->tls_cipher);
}

static inline void same_catalogue(const struct mr_catalogue *a, const struct mr_catalogue *b)
{
    same_server(&a->server, &b->server);
    assert_int_equal(a->ncharsets, b->ncharsets);
    for (size_t i = 0; i < a->ncharsets; i++) {
        same_text(a->charsets[i].charset, b->charsets[i].charset);
        same_text(a->charsets[i].collation, b->charsets[i].collation);
    }
    assert_int_equal(a->ndbs, b->ndbs);
    for (size_t i = 0; i < a->ndbs; i++) {
        same_text(a->dbs[i].name, b->dbs[i].name);
        same_text(a->dbs[i].charset, b->dbs[i].charset);
        same_text(a->dbs[i].collation, b->dbs[i].collation);
    }
    assert_int_equal(a->ntables, b->ntables);
    for (size_t i = 0; i < a->ntables; i++)
        same_table(&a->tables[i], &b->tables[i]);
    assert_int_equal(a->nobjects, b->nobjects);
    for (size_t i = 0; i < a->nobjects; i++) {
        assert_int_equal(a->objects[i].kind, b->objects[i].kind);
        same_text(a->objects[i].db, b->objects[i].db);
        same_text(a->objects[i].name, b->objects[i].name);
        same_text(a->objects[i].definition, b->objects[i].definition);
        same_made(&a->objects[i].made, &b->objects[i].made);
        same_text(a->objects[i].algorithm, b->objects[i].algorithm);
        same_text(a->objects[i].comment, b->objects[i].comment);
    }
}

#endif
