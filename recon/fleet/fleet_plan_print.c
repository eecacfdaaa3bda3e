/* fleet_plan_print.c: see fleet_plan_print.h. */
#include "recon/fleet/fleet_plan_print.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "recon/fleet/fleet_units.h"

#define ROUGH_SAID 10 /* tables */

/* Of all pairs and parts. */
struct sums {
    size_t failed, tables, units;
    uint64_t bytes, lightest, heaviest;
};

static uint64_t bytes_of(const struct mr_fleet_sizes_pair *pair)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < pair->ntables; i++)
        bytes += pair->tables[i].bytes;
    return bytes;
}

static struct sums sum_up(const struct mr_fleet_plan_result *r)
{
    struct sums sums = {.lightest = UINT64_MAX};
    for (size_t i = 0; i < r->sizes->npairs; i++) {
        const struct mr_fleet_sizes_pair *pair = &r->sizes->pairs[i];
        sums.failed += pair->failed != NULL ? 1 : 0;
        sums.tables += pair->ntables;
        sums.bytes += bytes_of(pair);
    }
    for (size_t i = 0; i < r->file->nparts; i++) {
        const struct mr_fleet_file_part *part = &r->file->parts[i];
        sums.units += part->units;
        sums.lightest = part->weight < sums.lightest ? part->weight : sums.lightest;
        sums.heaviest = part->weight > sums.heaviest ? part->weight : sums.heaviest;
    }
    return sums;
}

/* Who has asked for so many parts hopes for a time that the heaviest does not keep. */
static bool is_uneven(const struct sums *sums)
{
    return sums->heaviest >= MR_UNIT_BYTES && sums->lightest < sums->heaviest / 5 * 4;
}

static double mib(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

static size_t rough_of(const struct mr_fleet_sizes_pair *pair)
{
    size_t rough = 0;
    for (size_t i = 0; i < pair->ntables; i++)
        rough += pair->tables[i].rough ? 1 : 0;
    return rough;
}

/* By name: who waits for a part that takes longer than the others wants to know why. */
static void add_rough(const struct mr_fleet_sizes *sizes, struct mr_strbuf *out)
{
    size_t said = 0, all = 0;
    for (size_t i = 0; i < sizes->npairs; i++) {
        const struct mr_fleet_sizes_pair *pair = &sizes->pairs[i];
        all += rough_of(pair);
        for (size_t t = 0; t < pair->ntables && said < ROUGH_SAID; t++) {
            if (!pair->tables[t].rough)
                continue;
            mr_strbuf_add_fmt(out, "CUT ROUGHLY: %s: ", pair->name);
            mr_utf8_show_str(out, pair->tables[t].name);
            mr_strbuf_add_fmt(out,
                              ": its server answered too slowly for the time that there was; %s\n",
                              pair->tables[t].ncuts > 0
                                  ? "some of its ranges may take longer than others"
                                  : "it is one range of one part (a longer --time-limit cuts it)");
            said++;
        }
    }
    if (said < all)
        mr_strbuf_add_fmt(out, "CUT ROUGHLY: %zu more tables\n", all - said);
}

/* Of the first pair that is not planned. */
static void add_doctor(const struct mr_fleet_plan_result *r, struct mr_strbuf *out)
{
    size_t at = 0;
    while (at < r->file->npairs && r->file->pairs[at].failed == NULL)
        at++;
    if (at == r->file->npairs)
        return;
    mr_strbuf_add_str(
        out, "\nWhat the servers of one that is not planned lack, if it is they:\n  myrecon fleet "
             "doctor --inventory ");
    mr_utf8_show_word(out, r->inventory);
    mr_strbuf_add_fmt(out, " --pair %s\n", r->file->pairs[at].name);
}

void mr_fleet_plan_text(const struct mr_fleet_plan_result *r, struct mr_strbuf *out)
{
    const struct sums sums = sum_up(r);
    const struct mr_fleet_file *file = r->file;
    mr_strbuf_add_fmt(
        out, "Fleet %s: %zu pair%s, %zu table%s, %.1f MiB, in %zu part%s.\n", file->id,
        file->npairs - sums.failed, file->npairs - sums.failed == 1 ? "" : "s", sums.tables,
        sums.tables == 1 ? "" : "s", mib(sums.bytes), file->nparts, file->nparts == 1 ? "" : "s");
    mr_strbuf_add_fmt(out,
                      "Parts weigh %.1f to %.1f MiB; a table weighs 64 KiB besides its rows.\n",
                      mib(sums.lightest), mib(sums.heaviest));
    if (is_uneven(&sums))
        mr_strbuf_add_fmt(
            out,
            "They differ, since the work has %zu unit%s: a table is cut into ranges of "
            "64 MiB or more, if it can be.\nFewer parts may be done as soon.\n",
            sums.units, sums.units == 1 ? "" : "s");
    for (size_t i = 0; i < file->npairs; i++)
        if (file->pairs[i].failed != NULL) {
            mr_strbuf_add_fmt(out, "NOT PLANNED: %s: ", file->pairs[i].name);
            mr_utf8_show_str(out, file->pairs[i].failed);
            mr_strbuf_add_char(out, '\n');
        }
    add_rough(r->sizes, out);
    add_doctor(r, out);
    mr_strbuf_add_str(out,
                      "\nNext, on an engine of many machines (see README.txt there):\n  sbatch ");
    mr_utf8_show_word(out, file->dir);
    mr_strbuf_add_str(out, "/fleet.sbatch\nor here:\n  myrecon fleet run ");
    mr_utf8_show_word(out, file->dir);
    mr_strbuf_add_str(out, " --all\n");
}

void mr_fleet_plan_json(const struct mr_fleet_plan_result *r, struct mr_strbuf *out)
{
    const struct sums sums = sum_up(r);
    const struct mr_fleet_file *file = r->file;
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, out);
    mr_jsonw_line(&w, "type:run schema:%s run_id:%s inventory:%s directory:%s started:%s",
                  "myrecon/fleet-plan/1", file->id, r->inventory, file->dir, file->created);
    for (size_t i = 0; i < file->npairs; i++) {
        const struct mr_fleet_sizes_pair *pair = &r->sizes->pairs[i];
        mr_jsonw_line(&w,
                      "type:pair pair:%s state:%s reason:%s tables:%" PRIu64 " bytes:%" PRIu64
                      " rough:%" PRIu64,
                      pair->name, pair->failed != NULL ? "failed" : "planned", pair->failed,
                      (uint64_t)pair->ntables, bytes_of(pair), (uint64_t)rough_of(pair));
    }
    for (size_t i = 0; i < file->nparts; i++) {
        const struct mr_fleet_file_part *part = &file->parts[i];
        mr_jsonw_line(&w,
                      "type:part part:%" PRIu64 " weight:%" PRIu64 " units:%" PRIu64
                      " tables:%" PRIu64 " pairs:%" PRIu64,
                      (uint64_t)i, part->weight, (uint64_t)part->units, (uint64_t)part->tables,
                      (uint64_t)part->pairs);
    }
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_fmt(&w,
                     "type:summary pairs:%" PRIu64 " failed:%" PRIu64 " tables:%" PRIu64
                     " bytes:%" PRIu64 " units:%" PRIu64 " parts:%" PRIu64,
                     (uint64_t)file->npairs, (uint64_t)sums.failed, (uint64_t)sums.tables,
                     sums.bytes, (uint64_t)sums.units, (uint64_t)file->nparts);
    mr_jsonw_add_seconds(&w, r->seconds);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    mr_jsonw_release(&w);
}
