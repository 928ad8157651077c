/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/endian.h"
#include "filesystem/fat_entry.h"

enum {
        ATTRIBUTES_AT = 11,
        CASE_BITS_AT = 12,
        CREATED_TIME_AT = 14,
        CREATED_DATE_AT = 16,
        ACCESSED_DATE_AT = 18,
        CLUSTER_HIGH_AT = 20,
        WRITTEN_TIME_AT = 22,
        WRITTEN_DATE_AT = 24,
        CLUSTER_LOW_AT = 26,
        SIZE_AT = 28,
        LONG_CHECKSUM_AT = 13,
        SECONDS_A_DAY = 86400,
};
_Static_assert(SIZE_AT + 4 == FAT_ENTRY_BYTES, "a directory entry is 32 bytes");

static const int64_t time_first = 315532800, time_last = 4354819198; /* 1980-01-01, 2107-12-31T23:59:58 */

/* Where the 13 units of a part of a long name stand. */
static const uint8_t long_unit_at[FAT_LONG_ENTRY_UNITS] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };

static bool is_leap_year(unsigned year)
{
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in_month(unsigned year, unsigned month)
{
        static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

        return days[month - 1] + (month == 2 && is_leap_year(year) ? 1U : 0U);
}

static void encode_time(int64_t seconds, uint16_t *ret_date, uint16_t *ret_time)
{
        int64_t clamped = seconds < time_first ? time_first : seconds > time_last ? time_last : seconds;
        unsigned days = (unsigned)((clamped - time_first) / SECONDS_A_DAY), year = 1980, month = 1;
        unsigned second = (unsigned)((clamped - time_first) % SECONDS_A_DAY);

        for (; days >= (is_leap_year(year) ? 366U : 365U); year++)
                days -= is_leap_year(year) ? 366U : 365U;
        for (; days >= days_in_month(year, month); month++)
                days -= days_in_month(year, month);
        *ret_date = (uint16_t)((year - 1980) << 9 | month << 5 | (days + 1));
        *ret_time = (uint16_t)((second / 3600) << 11 | (second / 60 % 60) << 5 | (second % 60) / 2);
}

static int64_t decode_time(uint16_t date, uint16_t time)
{
        unsigned year = 1980 + (date >> 9), month = date >> 5 & 15, day = date & 31;
        int64_t days = 0;

        if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
                return time_first;
        for (unsigned y = 1980; y < year; y++)
                days += is_leap_year(y) ? 366 : 365;
        for (unsigned m = 1; m < month; m++)
                days += days_in_month(year, m);
        days += day - 1;
        return time_first + days * SECONDS_A_DAY + (time >> 11) * 3600 + (time >> 5 & 63) * 60 +
               (time & 31) * 2;
}

void fat_entry_encode(const struct fat_entry *entry, uint8_t out[FAT_ENTRY_BYTES])
{
        uint16_t date, time;

        encode_time(entry->mtime_seconds, &date, &time);
        memset(out, 0, FAT_ENTRY_BYTES);
        memcpy(out, entry->short_name, FAT_SHORT_NAME_BYTES);
        out[ATTRIBUTES_AT] = entry->attributes;
        out[CASE_BITS_AT] = entry->case_bits;
        put_le16(out + CREATED_TIME_AT, time);
        put_le16(out + CREATED_DATE_AT, date);
        put_le16(out + ACCESSED_DATE_AT, date);
        put_le16(out + WRITTEN_TIME_AT, time);
        put_le16(out + WRITTEN_DATE_AT, date);
        put_le16(out + CLUSTER_HIGH_AT, (uint16_t)(entry->first_cluster >> 16));
        put_le16(out + CLUSTER_LOW_AT, (uint16_t)entry->first_cluster);
        put_le32(out + SIZE_AT, entry->size_bytes);
}

void fat_entry_decode(const uint8_t in[FAT_ENTRY_BYTES], struct fat_entry *ret_entry)
{
        *ret_entry = (struct fat_entry){
                .attributes = in[ATTRIBUTES_AT],
                .case_bits = in[CASE_BITS_AT],
                .mtime_seconds = decode_time(get_le16(in + WRITTEN_DATE_AT), get_le16(in + WRITTEN_TIME_AT)),
                .first_cluster =
                        (uint32_t)get_le16(in + CLUSTER_HIGH_AT) << 16 | get_le16(in + CLUSTER_LOW_AT),
                .size_bytes = get_le32(in + SIZE_AT),
        };
        memcpy(ret_entry->short_name, in, FAT_SHORT_NAME_BYTES);
}

uint8_t fat_entry_checksum(const uint8_t short_name[FAT_SHORT_NAME_BYTES])
{
        unsigned sum = 0;

        for (unsigned i = 0; i < FAT_SHORT_NAME_BYTES; i++)
                sum = (((sum & 1) << 7) + (sum >> 1) + short_name[i]) & 0xFF;
        return (uint8_t)sum;
}

void fat_long_encode(const uint16_t *units, size_t unit_count, unsigned ordinal, uint8_t checksum,
                     uint8_t out[FAT_ENTRY_BYTES])
{
        bool is_last = ordinal == fat_long_parts(unit_count);

        memset(out, 0, FAT_ENTRY_BYTES);
        out[0] = (uint8_t)(ordinal | (is_last ? FAT_LONG_LAST : 0));
        out[ATTRIBUTES_AT] = FAT_ATTRIBUTE_LONG;
        out[LONG_CHECKSUM_AT] = checksum;
        for (unsigned i = 0; i < FAT_LONG_ENTRY_UNITS; i++) {
                size_t at = (size_t)(ordinal - 1) * FAT_LONG_ENTRY_UNITS + i;

                /* A name that ends within the part is ended by 0; what is left is FFFF. */
                put_le16(out + long_unit_at[i], at < unit_count    ? units[at]
                                                : at == unit_count ? 0
                                                                   : UINT16_MAX);
        }
}

void fat_long_decode(const uint8_t in[FAT_ENTRY_BYTES], uint16_t units[FAT_LONG_ENTRY_UNITS])
{
        for (unsigned i = 0; i < FAT_LONG_ENTRY_UNITS; i++)
                units[i] = get_le16(in + long_unit_at[i]);
}
