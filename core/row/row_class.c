/* row_class.c: see row_class.h. */
#include "core/row/row_class.h"

#include <string.h>

static const struct {
    enum mr_class cls;
    const char *word;
} words[] = {
    {MR_CLASS_INT, "int"},         {MR_CLASS_UINT, "uint"},
    {MR_CLASS_FLOAT, "float"},     {MR_CLASS_DOUBLE, "double"},
    {MR_CLASS_DECIMAL, "decimal"}, {MR_CLASS_TEXT, "text"},
    {MR_CLASS_ENUM, "enum"},       {MR_CLASS_BINARY, "binary"},
    {MR_CLASS_JSON, "json"},       {MR_CLASS_GEOMETRY, "geometry"},
    {MR_CLASS_DATE, "date"},       {MR_CLASS_DATETIME, "datetime"},
    {MR_CLASS_TIME, "time"},
};

const char *mr_row_class_word(enum mr_class cls)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].cls == cls)
            return words[i].word;
    return "";
}

enum mr_class mr_row_class_of_word(const char *word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0)
            return words[i].cls;
    return MR_CLASS_UNDECIDED;
}
