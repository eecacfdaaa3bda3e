/* fleet_inputs.c: see fleet_inputs.h. */
#include "recon/fleet/fleet_inputs.h"

#include <string.h>

#include "core/db/endpoint.h"
#include "core/file/io.h"

#define DOING "planning a fleet"
#define CONFIG_MAX ((size_t)16 << 20)

/* Whoever may do the work may not read anybody's password. */
enum mr_code mr_fleet_uri_shared(const struct mr_inventory *inventory,
                                 const struct mr_inventory_pair *pair, enum mr_side side,
                                 const struct mr_endpoint *ep, const char *variables,
                                 struct mr_arena *arena, const char **uri, struct mr_err *err)
{
    if (ep->password != NULL || ep->password_command != NULL) {
        (void)mr_err_set(err, MR_E_CONFIG,
                         "%s:%u: the %s of pair \"%s\" has a password in its URI, and the "
                         "directory of a fleet is shared",
                         inventory->path, pair->line, mr_side_name(side), pair->name);
        mr_err_hint(err, "Give it on each machine by --password-command, an option file, or %s.",
                    variables);
        return MR_E_CONFIG;
    }
    *uri = mr_endpoint_text(ep, true, arena);
    return *uri != NULL ? MR_OK : mr_err_nomem(err, DOING);
}

const char *mr_fleet_config_path(const struct mr_inventory_pair *pair, const struct mr_config *own)
{
    if (pair->config != NULL)
        return pair->config;
    return own->nfiles > 0 && own->files[own->nfiles - 1].place != MR_CONFIG_SYSTEM ? own->file
                                                                                    : NULL;
}

enum mr_code mr_fleet_texts_keep(struct mr_vec *texts, struct mr_strbuf *text, size_t *at,
                                 struct mr_err *err)
{
    struct mr_strbuf *slot;
    for (*at = 0; *at < texts->count; ++*at) {
        const struct mr_strbuf *known = mr_vec_at(texts, *at);
        if (known->len == text->len && memcmp(known->ptr, text->ptr, text->len) == 0)
            break;
    }
    if (*at < texts->count) {
        mr_strbuf_release(text);
    } else if ((slot = mr_vec_push(texts)) != NULL) {
        *slot = *text;
    } else {
        mr_strbuf_release(text);
        return mr_err_nomem(err, DOING);
    }
    *text = (struct mr_strbuf)MR_STRBUF_INIT;
    return MR_OK;
}

enum mr_code mr_fleet_config_keep(struct mr_vec *texts, const struct mr_inventory *inventory,
                                  const struct mr_inventory_pair *pair, const struct mr_config *own,
                                  size_t *at, struct mr_err *err)
{
    const char *path = mr_fleet_config_path(pair, own);
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = path != NULL ? mr_io_read_file(path, CONFIG_MAX, &text, err) : MR_OK;
    if (code == MR_OK)
        return mr_fleet_texts_keep(texts, &text, at, err);
    if (pair->config != NULL)
        mr_err_context(err, "%s:%u: the configuration of pair \"%s\"", inventory->path, pair->line,
                       pair->name);
    mr_strbuf_release(&text);
    return code;
}

void mr_fleet_texts_release(struct mr_vec *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        mr_strbuf_release(mr_vec_at(texts, i));
    mr_vec_release(texts);
}
