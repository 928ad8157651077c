/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* builder/base/clock.h
 * clock: the time as a parameter, so that nothing below the commands asks for it by itself.
 *
 * Rules    (1) A build takes no clock: its times come from the source date epoch.
 *          (2) wall is for signatures and records, monotonic for deadlines and rates.
 * Tests    tests/unit/base/test_clock.c
 */
#include <stdint.h>

#include <ingot/error.h>

struct clock {
        void *context;
        int64_t (*wall_seconds)(void *context);  /* since 1970-01-01T00:00:00Z */
        uint64_t (*monotonic_ns)(void *context); /* since some fixed moment */
};

extern const struct clock clock_of_system;

int64_t clock_wall_seconds(const struct clock *clock);
uint64_t clock_monotonic_ns(const struct clock *clock);

enum { CLOCK_ISO_CHARS = 24, CLOCK_BASIC_CHARS = 16 };

/* Prints "2026-11-22T13:47:00.000Z" (as EC2 prints times) and a NUL.  Years 1970 to 9999. */
void clock_print_iso(int64_t seconds, char out[CLOCK_ISO_CHARS + 1]);
/* Prints "20261122T134700Z" (as SigV4 wants it) and a NUL. */
void clock_print_basic(int64_t seconds, char out[CLOCK_BASIC_CHARS + 1]);
/* Reads "20261122T134700Z"; returns -1 when it is not one. */
int64_t clock_parse_basic(const char *text);
/* Reads "2026-11-22T13:47:00Z", with or without parts of a second, "Z", "UTC" or "+01:00"; without a zone it is
 * UTC.  Returns -1 when it is no time. */
int64_t clock_parse_iso(const char *text);

#endif
