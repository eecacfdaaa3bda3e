/*
 * fleet_inputs: what a plan takes along into a directory that many machines share: the URIs of its pairs,
 * and the texts of files, each once.
 *
 *   mr_fleet_uri_shared      a URI with all of its options, and never a password
 *   mr_fleet_config_path     the configuration of a pair
 *   mr_fleet_texts_*         texts, known by what stands in them
 *
 * Ownership: URIs live in the caller's arena; texts are the vector's until it is released.
 * Errors: MR_E_CONFIG with file:line in front, MR_E_IO, MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_FLEET_INPUTS_H
#define MR_FLEET_INPUTS_H

#include "core/base/strbuf.h"
#include "core/cli/config.h"
#include "recon/fleet/inventory.h"

/* ep: that side of the pair, parsed.  variables: of the environment, where its password belongs. */
enum mr_code mr_fleet_uri_shared(const struct mr_inventory *inventory,
                                 const struct mr_inventory_pair *pair, enum mr_side side,
                                 const struct mr_endpoint *ep, const char *variables,
                                 struct mr_arena *arena, const char **uri, struct mr_err *err);

/* The pair's, else what this command would take itself; NULL: neither.  The system's own is read on each
 * machine besides. */
const char *mr_fleet_config_path(const struct mr_inventory_pair *pair, const struct mr_config *own);

/* texts: of struct mr_strbuf.  *at: the place of the text in it.  text is taken over, also after an
 * error. */
enum mr_code mr_fleet_texts_keep(struct mr_vec *texts, struct mr_strbuf *text, size_t *at,
                                 struct mr_err *err);
/* The configuration of the pair, as mr_fleet_config_path says, at most 16 MiB; without any an empty text.
 * Of one that the inventory names an error has its line. */
enum mr_code mr_fleet_config_keep(struct mr_vec *texts, const struct mr_inventory *inventory,
                                  const struct mr_inventory_pair *pair, const struct mr_config *own,
                                  size_t *at, struct mr_err *err);
void mr_fleet_texts_release(struct mr_vec *texts);

#endif
