/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/byte_size.h"

static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
enum { UNIT_COUNT = sizeof(units) / sizeof(units[0]) };

bool byte_size_parse(const char *text, uint64_t *ret_bytes)
{
        uint64_t value = 0;
        const char *at = text;
        unsigned unit = 0;

        for (; *at >= '0' && *at <= '9'; at++) {
                if (value > (INT64_MAX - (uint64_t)(*at - '0')) / 10)
                        return false;
                value = value * 10 + (uint64_t)(*at - '0');
        }
        if (at == text)
                return false;
        if (*at == ' ' && at[1])
                at++;
        if (*at) {
                while (unit < UNIT_COUNT && strcmp(at, units[unit]) != 0)
                        unit++;
                if (unit == UNIT_COUNT)
                        return false;
        }
        for (; unit > 0; unit--) {
                if (value > INT64_MAX / 1024)
                        return false;
                value *= 1024;
        }
        *ret_bytes = value;
        return true;
}

void byte_size_print_exact(uint64_t bytes, char out[BYTE_SIZE_TEXT_CHARS + 1])
{
        unsigned unit = 0;

        while (bytes && bytes % 1024 == 0 && unit + 1 < UNIT_COUNT) {
                bytes /= 1024;
                unit++;
        }
        (void)snprintf(out, BYTE_SIZE_TEXT_CHARS + 1, "%" PRIu64 "%s", bytes, units[unit]);
}

void byte_size_print(uint64_t bytes, char out[BYTE_SIZE_TEXT_CHARS + 1])
{
        double value = (double)bytes;
        unsigned unit = 0;

        while (value >= 999.5 && unit + 1 < UNIT_COUNT) {
                value /= 1024;
                unit++;
        }
        if (unit == 0)
                (void)snprintf(out, BYTE_SIZE_TEXT_CHARS + 1, "%" PRIu64 " B", bytes);
        else
                (void)snprintf(out, BYTE_SIZE_TEXT_CHARS + 1, "%.*f %s",
                               value < 9.995   ? 2
                               : value < 99.95 ? 1
                                               : 0,
                               value, units[unit]);
}
