/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/endian.h"
#include "filesystem/fat_entry.h"

static int64_t there_and_back(int64_t seconds)
{
        struct fat_entry entry = { .mtime_seconds = seconds }, read;
        uint8_t bytes[FAT_ENTRY_BYTES];

        fat_entry_encode(&entry, bytes);
        fat_entry_decode(bytes, &read);
        return read.mtime_seconds;
}

static void times_survive_in_steps_of_two_seconds(void **state) /* rule 1 */
{
        static const struct {
                int64_t seconds, expected;
        } rows[] = {
                { 1767225600, 1767225600 },                             /* 2026-01-01T00:00:00 */
                { 1767225601, 1767225600 },                             /* odd seconds go down */
                { 951782400, 951782400 },                               /* 2000-02-29 */
                { 1709251199, 1709251198 },                             /* 2024-02-29T23:59:59 */
                { 4107542400, 4107542400 },                             /* 2100-03-01: no leap year */
                { 0, 315532800 },                                       /* before 1980 */
                { -1, 315532800 },          { 4354819199, 4354819198 }, /* the last */
                { 4354819200, 4354819198 },                             /* after it */
                { INT64_MAX, 4354819198 },  { INT64_MIN, 315532800 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                assert_true(there_and_back(rows[i].seconds) == rows[i].expected);
        for (int64_t day = 315532800; day < 4354819198; day += 86400 + 7202)
                assert_true(there_and_back(day) == day);
}

static void a_date_that_is_none_reads_as_the_first(void **state)
{
        uint8_t bytes[FAT_ENTRY_BYTES] = { 0 };
        struct fat_entry entry;

        (void)state;
        put_le16(bytes + 24, 0xFFFF);
        fat_entry_decode(bytes, &entry);
        assert_true(entry.mtime_seconds == 315532800);
}

static void fields_stand_where_the_specification_says(void **state)
{
        static const uint8_t expected[FAT_ENTRY_BYTES] = {
                'G',  'R',  'U',  'B',  ' ',  ' ',  ' ',  ' ',  'C',  'F',  'G',
                0x20, 0x18, 0,    0x00, 0x00, 0x21, 0x5C, 0x21, 0x5C, 0x34, 0x12,
                0x00, 0x00, 0x21, 0x5C, 0x78, 0x56, 0xEF, 0xBE, 0xAD, 0xDE,
        };
        struct fat_entry entry = { .attributes = FAT_ATTRIBUTE_ARCHIVE,
                                   .case_bits = FAT_CASE_BASE_LOWER | FAT_CASE_EXTENSION_LOWER,
                                   .mtime_seconds = 1767225600,
                                   .first_cluster = 0x12345678,
                                   .size_bytes = 0xDEADBEEF };
        uint8_t bytes[FAT_ENTRY_BYTES];

        (void)state;
        memcpy(entry.short_name, "GRUB    CFG", 11);
        fat_entry_encode(&entry, bytes);
        assert_memory_equal(bytes, expected, sizeof(expected));
}

static void long_names_survive(void **state)
{
        uint16_t units[30], read[FAT_LONG_ENTRY_UNITS];
        uint8_t bytes[FAT_ENTRY_BYTES];

        (void)state;
        for (uint16_t i = 0; i < 30; i++)
                units[i] = (uint16_t)(0x100 + i);
        assert_int_equal(fat_long_parts(13), 1);
        assert_int_equal(fat_long_parts(14), 2);
        fat_long_encode(units, 30, 3, 0xAB, bytes);
        assert_int_equal(bytes[0], 0x43);
        assert_int_equal(bytes[11], 0x0F);
        assert_int_equal(bytes[13], 0xAB);
        fat_long_decode(bytes, read);
        assert_int_equal(read[3], 0x100 + 29);
        assert_int_equal(read[4], 0);
        assert_int_equal(read[5], 0xFFFF);
        fat_long_encode(units, 26, 2, 0xAB, bytes);
        fat_long_decode(bytes, read);
        assert_int_equal(read[12], 0x100 + 25);
        fat_long_encode(units, 26, 1, 0xAB, bytes);
        assert_int_equal(bytes[0], 1);
}

static void the_checksum_is_vfats(void **state)
{
        (void)state;
        assert_int_equal(fat_entry_checksum((const uint8_t *)"THEQUI~1FOX"), 0x07);
        assert_int_equal(fat_entry_checksum((const uint8_t *)"README  TXT"), 0x73);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(times_survive_in_steps_of_two_seconds),
                cmocka_unit_test(a_date_that_is_none_reads_as_the_first),
                cmocka_unit_test(fields_stand_where_the_specification_says),
                cmocka_unit_test(long_names_survive),
                cmocka_unit_test(the_checksum_is_vfats),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
