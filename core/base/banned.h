/*
 * banned: calls that this tree does without, as compile errors.
 *
 * The build includes this file in front of every own source (-include), so that no file
 * can forget it.  The headers that declare the calls come first: what follows changes
 * only our own text.  Use instead: struct mr_strbuf and snprintf for text, strtoll and
 * strtoull with their checks for numbers, strtok_r for words, the *_r functions for
 * times, mkstemp for temporary files, and fork with exec for programs.
 */
#ifndef MR_BANNED_H
#define MR_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef strtok
#undef sprintf
#undef vsprintf
#undef gets
#undef atoi
#undef atol
#undef atoll
#undef atof
#undef system
#undef mktemp
#undef tmpnam
#undef ctime
#undef asctime
#undef localtime
#undef gmtime

#define strcpy(...) mr_banned_strcpy
#define strcat(...) mr_banned_strcat
#define strncpy(...) mr_banned_strncpy
#define strncat(...) mr_banned_strncat
#define strtok(...) mr_banned_strtok
#define sprintf(...) mr_banned_sprintf
#define vsprintf(...) mr_banned_vsprintf
#define gets(...) mr_banned_gets
#define atoi(...) mr_banned_atoi
#define atol(...) mr_banned_atol
#define atoll(...) mr_banned_atoll
#define atof(...) mr_banned_atof
#define system(...) mr_banned_system
#define mktemp(...) mr_banned_mktemp
#define tmpnam(...) mr_banned_tmpnam
#define ctime(...) mr_banned_ctime
#define asctime(...) mr_banned_asctime
#define localtime(...) mr_banned_localtime
#define gmtime(...) mr_banned_gmtime

#endif
