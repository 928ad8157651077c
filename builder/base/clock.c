/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

static int64_t system_wall_seconds(void *context)
{
        struct timespec now = { 0 };

        (void)context;
        (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
        return now.tv_sec;
}

static uint64_t system_monotonic_ns(void *context)
{
        struct timespec now = { 0 };

        (void)context;
        (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
        return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

const struct clock clock_of_system = { .wall_seconds = system_wall_seconds,
                                       .monotonic_ns = system_monotonic_ns };

int64_t clock_wall_seconds(const struct clock *clock)
{
        return clock->wall_seconds(clock->context);
}

uint64_t clock_monotonic_ns(const struct clock *clock)
{
        return clock->monotonic_ns(clock->context);
}

/* Times outside what four digits of year can say are clamped: they come from files. */
static struct tm broken_down(int64_t seconds)
{
        static const int64_t last = INT64_C(253402300799); /* 9999-12-31T23:59:59Z */
        time_t clamped = seconds < 0 ? 0 : seconds > last ? last : seconds;
        struct tm made = { 0 };

        (void)gmtime_r(&clamped, &made); /* cannot fail in this range */
        return made;
}

void clock_print_iso(int64_t seconds, char out[CLOCK_ISO_CHARS + 1])
{
        struct tm at = broken_down(seconds);

        (void)strftime(out, CLOCK_ISO_CHARS + 1, "%Y-%m-%dT%H:%M:%S.000Z", &at);
}

void clock_print_basic(int64_t seconds, char out[CLOCK_BASIC_CHARS + 1])
{
        struct tm at = broken_down(seconds);

        (void)strftime(out, CLOCK_BASIC_CHARS + 1, "%Y%m%dT%H%M%SZ", &at);
}

/* Reads count digits; -1 when one is not a digit. */
static int digits(const char *text, int count)
{
        int value = 0;

        for (int i = 0; i < count; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return -1;
                value = value * 10 + (text[i] - '0');
        }
        return value;
}

int64_t clock_parse_basic(const char *text)
{
        struct tm at = { 0 };
        char again[CLOCK_BASIC_CHARS + 1];
        int64_t seconds;

        if (strlen(text) != CLOCK_BASIC_CHARS || text[8] != 'T' || text[15] != 'Z')
                return -1;
        at.tm_year = digits(text, 4) - 1900;
        at.tm_mon = digits(text + 4, 2) - 1;
        at.tm_mday = digits(text + 6, 2);
        at.tm_hour = digits(text + 9, 2);
        at.tm_min = digits(text + 11, 2);
        at.tm_sec = digits(text + 13, 2);
        seconds = timegm(&at);
        if (seconds < 0)
                return -1;
        clock_print_basic(seconds, again); /* 31 February and 25 o'clock do not come back the same */
        return strcmp(again, text) == 0 ? seconds : -1;
}

/* Reads "", "Z", "UTC", "+HH:MM" or "+HHMM" as seconds east; false when it is none. */
static bool parse_zone(const char *text, int64_t *ret_seconds)
{
        int hours, minutes;

        *ret_seconds = 0;
        if (!*text || strcmp(text, "Z") == 0 || strcmp(text, "UTC") == 0)
                return true;
        if ((*text != '+' && *text != '-') || (hours = digits(text + 1, 2)) < 0)
                return false;
        minutes = digits(text + 3 + (text[3] == ':'), 2);
        if (hours > 23 || minutes < 0 || minutes > 59 || text[5 + (text[3] == ':')])
                return false;
        *ret_seconds = (int64_t)(hours * 60 + minutes) * (*text == '-' ? -60 : 60);
        return true;
}

int64_t clock_parse_iso(const char *text)
{
        char basic[CLOCK_BASIC_CHARS + 1];
        int64_t seconds, zone;

        if (strlen(text) < 19 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ') ||
            text[13] != ':' || text[16] != ':')
                return -1;
        (void)snprintf(basic, sizeof(basic), "%.4s%.2s%.2sT%.2s%.2s%.2sZ", text, text + 5, text + 8,
                       text + 11, text + 14, text + 17);
        seconds = clock_parse_basic(basic);
        text += 19;
        if (*text == '.')
                text += 1 + strspn(text + 1, "0123456789");
        if (seconds < 0 || !parse_zone(text, &zone))
                return -1;
        return seconds - zone;
}
