/* script_words.c: see script_words.h. */
#include "repair/script/script_words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define K MR_WORD_KEYWORD
#define P MR_WORD_PAREN
#define V MR_WORD_VALUE
#define F MR_WORD_FUNCTION
#define X MR_WORD_FORBIDDEN

struct word {
    const char *text;
    unsigned is;
};

/* In the order of strcmp(). */
/* clang-format off */
static const struct word words[] = {
    {"ABS", F}, {"ACOS", F}, {"ADDDATE", F}, {"ADDTIME", F}, {"AES_DECRYPT", F},
    {"AES_ENCRYPT", F}, {"ALL", K | P}, {"ANALYSE", X}, {"AND", K | P},
    {"ARRAY", K | V}, {"AS", K}, {"ASC", K | V}, {"ASCII", F}, {"ASIN", F}, {"ATAN", F},
    {"ATAN2", F}, {"AUTO_INCREMENT", K | V}, {"AVG", F}, {"BENCHMARK", X},
    {"BETWEEN", K | P}, {"BIGINT", K | V}, {"BIN", F}, {"BINARY", K | P},
    {"BIN_TO_UUID", F}, {"BIT_AND", F}, {"BIT_COUNT", F}, {"BIT_LENGTH", F},
    {"BIT_OR", F}, {"BIT_XOR", F}, {"BOTH", K}, {"BY", K | P}, {"CALL", X},
    {"CASE", K | P}, {"CAST", F}, {"CEIL", F}, {"CEILING", F}, {"CHAR", K | P | V | F},
    {"CHARACTER", K}, {"CHARACTER_LENGTH", F}, {"CHARSET", K}, {"CHAR_LENGTH", F},
    {"CHECK", K | P}, {"CHR", F}, {"COALESCE", F}, {"COERCIBILITY", F}, {"COLLATE", K},
    {"CONCAT", F}, {"CONCAT_WS", F}, {"CONSTRAINT", K}, {"CONV", F}, {"CONVERT", F},
    {"COS", F}, {"COT", F}, {"COUNT", F}, {"CRC32", F}, {"CRC32C", F}, {"CURDATE", F},
    {"CURRENT_DATE", F}, {"CURRENT_TIME", F}, {"CURRENT_TIMESTAMP", F}, {"CURTIME", F},
    {"DATE", K | P | V | F}, {"DATEDIFF", F}, {"DATETIME", K | P | V}, {"DATE_ADD", F},
    {"DATE_FORMAT", F}, {"DATE_SUB", F}, {"DAY", K | V | F}, {"DAYNAME", F},
    {"DAYOFMONTH", F}, {"DAYOFWEEK", F}, {"DAYOFYEAR", F}, {"DAY_HOUR", K | V},
    {"DAY_MICROSECOND", K | V}, {"DAY_MINUTE", K | V}, {"DAY_SECOND", K | V},
    {"DECIMAL", K | P | V}, {"DEFAULT", K | P | V}, {"DEGREES", F}, {"DELIMITER", X},
    {"DESC", K | V}, {"DISTINCT", K | P}, {"DIV", K | P}, {"DOUBLE", K | V},
    {"DUMPFILE", X}, {"DUPLICATE", X}, {"ELSE", K | P}, {"ELT", F}, {"END", K | V},
    {"ENGINE", K}, {"ESCAPE", K}, {"EXECUTE", X}, {"EXISTS", K | P}, {"EXP", F},
    {"EXPORT_SET", F}, {"EXTRACT", F}, {"FALSE", K | V}, {"FIELD", F},
    {"FIND_IN_SET", F}, {"FLOAT", K | V}, {"FLOOR", F}, {"FOR", K}, {"FORCE", K},
    {"FORMAT", F}, {"FROM", K}, {"FROM_BASE64", F}, {"FROM_DAYS", F},
    {"FROM_UNIXTIME", F}, {"GLOBAL", X}, {"GREATEST", F}, {"GROUP", K},
    {"GROUP_CONCAT", F}, {"HANDLER", X}, {"HAVING", K | P}, {"HEX", F},
    {"HOUR", K | V | F}, {"HOUR_MICROSECOND", K | V}, {"HOUR_MINUTE", K | V},
    {"HOUR_SECOND", K | V}, {"IF", F}, {"IFNULL", F}, {"IN", K | P}, {"INDEX", K | P},
    {"INET6_ATON", F}, {"INET6_NTOA", F}, {"INET_ATON", F}, {"INET_NTOA", F},
    {"INFILE", X}, {"INSTR", F}, {"INT", K | V}, {"INTEGER", K | V},
    {"INTERVAL", K | P}, {"INTO", X}, {"IS", K}, {"ISNULL", F}, {"IS_IPV4", F},
    {"IS_IPV6", F}, {"IS_UUID", F}, {"JOIN", K}, {"JSON", K | V}, {"JSON_ARRAY", F},
    {"JSON_ARRAY_APPEND", F}, {"JSON_ARRAY_INSERT", F}, {"JSON_COMPACT", F},
    {"JSON_CONTAINS", F}, {"JSON_CONTAINS_PATH", F}, {"JSON_DEPTH", F},
    {"JSON_DETAILED", F}, {"JSON_EQUALS", F}, {"JSON_EXISTS", F}, {"JSON_EXTRACT", F},
    {"JSON_INSERT", F}, {"JSON_KEYS", F}, {"JSON_LENGTH", F}, {"JSON_LOOSE", F},
    {"JSON_MERGE_PATCH", F}, {"JSON_MERGE_PRESERVE", F}, {"JSON_NORMALIZE", F},
    {"JSON_OBJECT", F}, {"JSON_OVERLAPS", F}, {"JSON_PRETTY", F}, {"JSON_QUERY", F},
    {"JSON_QUOTE", F}, {"JSON_REMOVE", F}, {"JSON_REPLACE", F}, {"JSON_SEARCH", F},
    {"JSON_SET", F}, {"JSON_TYPE", F}, {"JSON_UNQUOTE", F}, {"JSON_VALID", F},
    {"JSON_VALUE", F}, {"KEY", K | P}, {"LASTVAL", X}, {"LAST_DAY", F}, {"LCASE", F},
    {"LEADING", K}, {"LEAST", F}, {"LEFT", K | F}, {"LENGTH", F}, {"LENGTHB", F},
    {"LIKE", K | P}, {"LIMIT", K | V}, {"LN", F}, {"LOAD", X}, {"LOAD_FILE", X},
    {"LOCATE", F}, {"LOCK", K}, {"LOG", F}, {"LOG10", F}, {"LOG2", F}, {"LOWER", F},
    {"LPAD", F}, {"LTRIM", F}, {"MAKEDATE", F}, {"MAKETIME", F}, {"MAKE_SET", F},
    {"MAX", F}, {"MD5", F}, {"MICROSECOND", K | V | F}, {"MID", F}, {"MIN", F},
    {"MINUTE", K | V | F}, {"MINUTE_MICROSECOND", K | V}, {"MINUTE_SECOND", K | V},
    {"MOD", K | P | F}, {"MODE", K | V}, {"MONTH", K | V | F}, {"MONTHNAME", F},
    {"NATURAL_SORT_KEY", F}, {"NEXT", X}, {"NEXTVAL", X}, {"NOT", K | P}, {"NOW", F},
    {"NULL", K | V}, {"NULLIF", F}, {"OCT", F}, {"OCTET_LENGTH", F}, {"ON", K | P},
    {"OR", K | P}, {"ORD", F}, {"ORDER", K}, {"OUTFILE", X}, {"PERIOD_ADD", F},
    {"PERIOD_DIFF", F}, {"PERSIST", X}, {"PERSIST_ONLY", X}, {"PI", F}, {"POINT", F},
    {"POSITION", F}, {"POW", F}, {"POWER", F}, {"PREPARE", X}, {"PREVIOUS", X},
    {"PRIMARY", K}, {"PROCEDURE", X}, {"QUARTER", K | V | F}, {"QUOTE", F},
    {"RADIANS", F}, {"RECURSIVE", K}, {"REGEXP", K | P}, {"REGEXP_INSTR", F},
    {"REGEXP_LIKE", F}, {"REGEXP_REPLACE", F}, {"REGEXP_SUBSTR", F}, {"REPEAT", F},
    {"REPLACE", F}, {"RETURNING", X}, {"REVERSE", F}, {"RIGHT", F}, {"RLIKE", K | P},
    {"ROUND", F}, {"ROW_COUNT", F}, {"RPAD", F}, {"RTRIM", F}, {"SECOND", K | V | F},
    {"SECOND_MICROSECOND", K | V}, {"SEC_TO_TIME", F}, {"SELECT", K | P},
    {"SEPARATOR", K}, {"SET", K}, {"SETVAL", X}, {"SHA", F}, {"SHA1", F}, {"SHA2", F},
    {"SHARE", K}, {"SIGN", F}, {"SIGNED", K | V}, {"SIN", F}, {"SLEEP", X},
    {"SOUNDEX", F}, {"SOUNDS", K}, {"SPACE", F}, {"SQRT", F}, {"STRAIGHT_JOIN", K},
    {"STRCMP", F}, {"STR_TO_DATE", F}, {"ST_ASBINARY", F}, {"ST_ASGEOJSON", F},
    {"ST_ASTEXT", F}, {"ST_ASWKB", F}, {"ST_ASWKT", F}, {"ST_GEOHASH", F},
    {"ST_GEOMFROMGEOJSON", F}, {"ST_GEOMFROMTEXT", F}, {"ST_GEOMFROMWKB", F},
    {"ST_LATITUDE", F}, {"ST_LONGITUDE", F}, {"ST_SRID", F}, {"ST_X", F}, {"ST_Y", F},
    {"SUBDATE", F}, {"SUBSTR", F}, {"SUBSTRING", F}, {"SUBSTRING_INDEX", F},
    {"SUBTIME", F}, {"SUM", F}, {"TABLE", X}, {"TAN", F}, {"TEXT", K | V},
    {"THEN", K | P}, {"TIME", K | P | V | F}, {"TIMEDIFF", F},
    {"TIMESTAMP", K | P | V | F}, {"TIMESTAMPADD", F}, {"TIMESTAMPDIFF", F},
    {"TIME_FORMAT", F}, {"TIME_TO_SEC", F}, {"TO_BASE64", F}, {"TO_DAYS", F},
    {"TO_SECONDS", F}, {"TRAILING", K}, {"TRIGGER", X}, {"TRIM", F}, {"TRUE", K | V},
    {"TRUNCATE", F}, {"UCASE", F}, {"UNHEX", F}, {"UNION", K}, {"UNIX_TIMESTAMP", F},
    {"UNKNOWN", K | V}, {"UNSIGNED", K | V}, {"UPDATE", K | V}, {"UPPER", F},
    {"USING", K | P}, {"UTC_DATE", F}, {"UTC_TIME", F}, {"UTC_TIMESTAMP", F},
    {"UUID_TO_BIN", F}, {"VALUES", K | P | V}, {"VARCHAR", K | P | V},
    {"WEEK", K | V | F}, {"WEEKDAY", F}, {"WEEKOFYEAR", F}, {"WEIGHT_STRING", F},
    {"WHEN", K | P}, {"WHERE", K | P}, {"WITH", K}, {"XOR", K | P},
    {"YEAR", K | P | V | F}, {"YEARWEEK", F}, {"YEAR_MONTH", K | V},
};
/* clang-format on */

static const char *const commands[] = {
    "charset",
    "clear",
    "connect",
    "costs",
    "delimiter",
    "edit",
    "ego",
    "exit",
    "go",
    "help",
    "nopager",
    "notee",
    "nowarning",
    "pager",
    "print",
    "prompt",
    "query_attributes",
    "quit",
    "rehash",
    "resetconnection",
    "sandbox",
    "source",
    "ssl_session_data_print",
    "status",
    "system",
    "tee",
    "use",
    "warnings",
};

static const char *const settings[] = {
    "@@GLOBAL.log_bin",
    "@@SESSION.binlog_format",
    "@@SESSION.character_set_client",
    "@@SESSION.foreign_key_checks",
    "@@SESSION.max_allowed_packet",
    "@@SESSION.sql_mode",
    "@@SESSION.time_zone",
    "@@SESSION.transaction_isolation",
    "@@SESSION.tx_isolation",
    "@@SESSION.unique_checks",
    "@@datadir",
    "@@hostname",
    "@@port",
    "@@read_only",
    "@@server_id",
    "@@server_uid",
    "@@server_uuid",
    "@@super_read_only",
};

#define LONGEST 40
#define WORDS (sizeof words / sizeof words[0])
_Static_assert(WORDS <= MR_SCRIPT_WORDS_MAX, "every word has its place in mr_script_calls");

static int compare_words(const void *key, const void *item)
{
    return strcmp(key, ((const struct word *)item)->text);
}

static const struct word *find(const char *ptr, size_t len)
{
    char upper[LONGEST];
    if (len >= sizeof upper)
        return NULL;
    for (size_t i = 0; i < len; i++)
        upper[i] = (char)(ptr[i] >= 'a' && ptr[i] <= 'z' ? ptr[i] - 'a' + 'A' : ptr[i]);
    upper[len] = '\0';
    return bsearch(upper, words, WORDS, sizeof words[0], compare_words);
}

unsigned mr_script_word(const char *ptr, size_t len)
{
    const struct word *found = find(ptr, len);
    return found != NULL ? found->is : MR_WORD_NONE;
}

void mr_script_calls_note(struct mr_script_calls *calls, const char *ptr, size_t len)
{
    const struct word *found = calls != NULL ? find(ptr, len) : NULL;
    if (found != NULL)
        calls->of[found - words] = true;
}

const char *mr_script_calls_next(const struct mr_script_calls *calls, size_t *at)
{
    while (*at < WORDS)
        if (calls->of[(*at)++])
            return words[*at - 1].text;
    return NULL;
}

bool mr_script_word_is_command(const char *ptr, size_t len)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strlen(commands[i]) == len && strncasecmp(commands[i], ptr, len) == 0)
            return true;
    return false;
}

bool mr_script_word_is_setting(const char *ptr, size_t len)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (strlen(settings[i]) == len && strncmp(settings[i], ptr, len) == 0)
            return true;
    return false;
}
