/* merge_options.c: see merge_options.h. */
#include "snapshot/merge/merge_options.h"

#include "snapshot/create/kept_options.h"

#define AT(field) offsetof(struct mr_snap_merge_options, field)

static const struct mr_option options[] = {
    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = AT(output),
     .arg = "DIR",
     .group = "Result",
     .help = "directory of the full snapshot; it must not exist, or be empty",
     .not_in_file = true},
    MR_JSON_OPTION(struct mr_snap_merge_options, json, "one JSON object"),
    MR_KEPT_OPTIONS(struct mr_snap_merge_options),
    {.name = "decrypt-with",
     .type = MR_OPTION_STRING,
     .offset = AT(decrypt_with),
     .arg = "KEY.pem",
     .group = "Encrypted and signed snapshots",
     .help = "private key that opens the rows"},
    {.name = "signer",
     .type = MR_OPTION_STRING,
     .offset = AT(signer),
     .arg = "CERT.pem",
     .group = "Encrypted and signed snapshots",
     .help = "the manifest of each must be signed by the key of this certificate"},
    {.name = "encrypt-to",
     .type = MR_OPTION_LIST,
     .offset = AT(encrypt_to),
     .arg = "CERT.pem",
     .group = "Encrypted and signed snapshots",
     .help = "encrypt the rows of the result, so that only the key of this certificate opens "
             "them; repeatable"},
    {.name = "sign-with",
     .type = MR_OPTION_STRING,
     .offset = AT(sign_with),
     .arg = "KEY.pem",
     .group = "Encrypted and signed snapshots",
     .help = "sign the manifest of the result"},
    MR_GENERAL_OPTIONS(struct mr_snap_merge_options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_snap_merge_options *values = settings->values;
    MR_TRY(mr_general_options_finish(settings, &values->general, err));
    return mr_kept_options_check(settings, values->chunk_mib, values->encrypt_to.count > 0, err);
}

const struct mr_option_set mr_snap_merge_option_set = {
    .options = options,
    .count = sizeof options / sizeof options[0],
    .values_size = sizeof(struct mr_snap_merge_options),
    .finish = finish,
};
