/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/endian.h"
#include "image/mbr.h"

static void put_entry(uint8_t *sector, int index, uint8_t active, uint8_t type, uint32_t start,
                      uint32_t count)
{
        uint8_t *entry = sector + 446 + 16 * index;

        entry[0] = active;
        entry[4] = type;
        put_le32(entry + 8, start);
        put_le32(entry + 12, count);
        put_le16(sector + 510, 0xAA55);
}

static void a_protective_mbr_reads_as_one(void **state) /* rule 1 */
{
        uint8_t sector[512];
        struct mbr_table table;

        (void)state;
        mbr_encode_protective(4096, sector);
        assert_int_equal(mbr_decode(sector, 4096, &table, NULL), INGOT_OK);
        assert_true(table.is_protective);
        assert_int_equal(table.partition_count, 1);
        assert_int_equal(table.partitions[0].start_lba, 1);
        assert_int_equal(table.partitions[0].end_lba, 4096);
        mbr_encode_protective(UINT64_C(1) << 33, sector);
        assert_int_equal(get_le32(sector + 446 + 12), UINT32_MAX);
        assert_int_equal(mbr_decode(sector, 4096, &table, NULL), INGOT_OK);
}

static void primary_entries_are_told(void **state) /* rule 2 */
{
        uint8_t sector[512] = { 0 };
        struct mbr_table table;

        (void)state;
        put_entry(sector, 0, 0x80, 0x83, 2048, 4096);
        put_entry(sector, 2, 0, 0x05, 8192, 2048);
        put_le32(sector + 440, 0x12345678);
        assert_int_equal(mbr_decode(sector, 20480, &table, NULL), INGOT_OK);
        assert_false(table.is_protective);
        assert_int_equal(table.disk_signature, 0x12345678);
        assert_int_equal(table.partition_count, 2);
        assert_true(table.partitions[0].is_active);
        assert_string_equal(mbr_type_name(table.partitions[0].type), "linux");
        assert_int_equal(table.partitions[1].number, 3);
        assert_string_equal(mbr_type_name(table.partitions[1].type), "extended");
        assert_int_equal(table.partitions[1].end_lba, 10240);
        assert_null(mbr_type_name(0x42));
}

static void what_cannot_be_a_table_is_not_found(void **state)
{
        static const struct {
                const char *name;
                uint8_t active, type;
                uint32_t start, count;
        } rows[] = {
                { "active flag", 0x45, 0x83, 2048, 10 },
                { "past the end", 0, 0x83, 2048, 20000 },
                { "overlap", 0, 0x83, 1, 101 },
        };
        uint8_t sector[512] = { 0 };
        struct mbr_table table;

        (void)state;
        assert_int_equal(mbr_decode(sector, 20480, &table, NULL), INGOT_E_NOT_FOUND);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                memset(sector, 0, sizeof(sector));
                put_entry(sector, 0, 0, 0x83, 100, 10);
                put_entry(sector, 1, rows[i].active, rows[i].type, rows[i].start, rows[i].count);
                if (mbr_decode(sector, 20480, &table, NULL) != INGOT_E_NOT_FOUND)
                        fail_msg("%s was taken", rows[i].name);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_protective_mbr_reads_as_one),
                cmocka_unit_test(primary_entries_are_told),
                cmocka_unit_test(what_cannot_be_a_table_is_not_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
