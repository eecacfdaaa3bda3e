/*
 * report_parts: the parts of a report, each told to a document of whatever format.
 *
 * An edition says how much is reported.  Errors: the document's buffer; MR_E_CASE, MR_E_NOMEM
 * where one is given back.  Threads: one.
 */
#ifndef MR_REPORT_PARTS_H
#define MR_REPORT_PARTS_H

#include "recon/report/report.h"
#include "recon/report/report_doc.h"
#include "recon/report/report_lane.h"
#include "recon/report/report_sink.h"
#include "recon/report/report_survey.h"

struct mr_edition {
    const struct mr_report *report;
    const size_t *order; /* mr_parts_order() */
    bool is_brief;       /* a text for a ticket */
    size_t tables_max, sections_max, objects_max, counters_max;
    struct mr_report_sink *sink;
    struct mr_doc doc;
};

/* The tables of the result, gravest verdict first; of one verdict those with the most
 * collisions, then the most differing rows, then by name: indexes into
 * result->tables, in the arena; NULL when memory is out. */
size_t *mr_parts_order(const struct mr_report *report, struct mr_arena *arena);

/* The verdict, what it comes to, what to do, and how the run is to be taken. */
void mr_parts_verdict(struct mr_edition *e);
void mr_parts_notes(struct mr_edition *e);
/* What happened when: split, first write of the target alone, noticed, compared, reseeded, repaired,
 * verified; what is not known is said to be unknown, and why. */
void mr_parts_course(struct mr_edition *e);
/* What is left to do, by whom, with whole commands. */
void mr_parts_left(struct mr_edition *e);
/* The same of what was done so far, in items of that list; false: there is none. */
bool mr_parts_left_of_story(struct mr_edition *e);
/* Who was compared. */
void mr_parts_sides(struct mr_edition *e);
/* Whether a plan that is told here was carried out, or begun, since: what the check found is not said
 * to be so now, then. */
bool mr_parts_was_applied(const struct mr_report *report);
/* Where the rows of the gravest table lie. */
enum mr_code mr_parts_picture(struct mr_edition *e, struct mr_err *err);
/* The same as the head of a text: all of it, and who was compared. */
void mr_parts_brief(struct mr_edition *e);

/* All tables together: in figures, and as a list. */
void mr_parts_figures(struct mr_edition *e);
void mr_parts_tables(struct mr_edition *e);

/* The diverged tables one by one: where their rows differ in words and as a map, when they
 * were created, the runs of diverged keys, and samples. */
enum mr_code mr_parts_sections(struct mr_edition *e, struct mr_err *err);
/* The samples of one: by kind, or in a text as one list. */
enum mr_code mr_parts_samples(struct mr_edition *e, struct mr_report_columns columns,
                              struct mr_err *err);

/* What the collected logs say of its rows; nothing where there are none. */
enum mr_code mr_parts_history(struct mr_edition *e, struct mr_report_columns columns,
                              struct mr_err *err);

/* Lists and explanations, each with its heading; what has nothing to tell says nothing. */
void mr_parts_objects(struct mr_edition *e);
void mr_parts_counters(struct mr_edition *e);
void mr_parts_advice(struct mr_edition *e);
void mr_parts_hidden(struct mr_edition *e);
void mr_parts_legend(struct mr_doc *doc);
void mr_parts_method(struct mr_edition *e);

/* Pieces that the page of a fleet has, too.  A figure in large type, with its note below; those of the
 * kinds; a column and a cell for each kind; the cell of a number; what a list can be narrowed to. */
void mr_parts_figure(struct mr_doc *doc, const char *name, bool is_kind, uint64_t number,
                     const char *note);
void mr_parts_kind_figures(struct mr_doc *doc, const struct mr_find_counts *counts);
void mr_parts_kind_columns(struct mr_doc *doc);
void mr_parts_kind_cells(struct mr_doc *doc, const struct mr_find_counts *counts);
void mr_parts_number(struct mr_doc *doc, uint64_t number);
void mr_parts_chip(struct mr_doc *doc, const char *verdict, const char *label, uint64_t count);

/* What a list leaves out. */
void mr_parts_beyond(struct mr_edition *e, uint64_t all, uint64_t max);

#endif
