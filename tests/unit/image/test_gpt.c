/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/crc32.h"
#include "base/endian.h"
#include "base/own.h"
#include "image/gpt.h"
#include "image/gpt_reader.h"
#include "model/memory_source.h"
#include "support/extent_file.h"
#include "support/scratch.h"

enum { DISK_SECTORS = 204800 };

static char bios_name[] = "bios", esp_name[] = "esp", root_name[] = "r\xc3\xb6\xc3\xb6t \xf0\x9f\x8c\xb3";

static void make_layout(struct layout *layout, struct layout_partition partitions[3])
{
        static const char *const types[] = { "21686148-6449-6e6f-744e-656564454649",
                                             "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
                                             "4f68bce3-e8cd-4db1-96e7-fbcaf984b709" };
        static const uint64_t starts[] = { 2048, 4096, 135168 },
                              ends[] = { 4096, 135168, DISK_SECTORS - 2048 };
        static const uint32_t numbers[] = { 14, 15, 1 };
        char *const names[] = { bios_name, esp_name, root_name };

        memset(partitions, 0, 3 * sizeof(*partitions));
        for (unsigned i = 0; i < 3; i++) {
                partitions[i].name = names[i];
                partitions[i].number = numbers[i];
                partitions[i].start_lba = starts[i];
                partitions[i].end_lba = ends[i];
                assert_true(guid_parse(types[i], &partitions[i].type_guid));
                memset(partitions[i].unique_guid.bytes, (int)(0x11 * (i + 1)), GUID_BYTES);
        }
        *layout = (struct layout){ .table = PARTITION_TABLE_GPT,
                                   .size_sectors = DISK_SECTORS,
                                   .partitions = partitions,
                                   .partition_count = 3 };
        memset(layout->disk_guid.bytes, 0xAB, GUID_BYTES);
}

/* A whole disk in memory, owned by the caller. */
static uint8_t *make_disk(void)
{
        struct layout_partition partitions[3];
        struct layout layout;
        OWNED(gpt_image_drop) struct gpt_image *image = NULL;
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        uint8_t *disk = calloc(DISK_SECTORS, SECTOR_BYTES);

        assert_non_null(disk);
        make_layout(&layout, partitions);
        assert_int_equal(gpt_layout(&layout, &image, NULL), INGOT_OK);
        assert_int_equal(gpt_image_extents(image, &list, NULL), INGOT_OK);
        assert_int_equal(extent_list_settle(&list, DISK_SECTORS, NULL), INGOT_OK);
        assert_int_equal(list.count, 2);
        for (size_t i = 0; i < list.count; i++)
                assert_int_equal(byte_source_read(list.extents[i].source, list.extents[i].source_offset_bytes,
                                                  disk + list.extents[i].start_lba * SECTOR_BYTES,
                                                  (size_t)list.extents[i].size_bytes, NULL),
                                 INGOT_OK);
        return disk;
}

static enum ingot_code read_disk(const uint8_t *disk, uint64_t size_bytes, struct gpt_table *table,
                                 struct ingot_error *err)
{
        struct memory_source source;

        memory_source_init(&source, disk, (size_t)size_bytes);
        return gpt_read(&source.source, size_bytes, table, err);
}

static void what_is_laid_out_is_read_back(void **state)
{
        OWNED(heap_drop) uint8_t *disk = make_disk();
        OWNED(gpt_table_release) struct gpt_table table = { .entries = NULL };

        (void)state;
        assert_int_equal(read_disk(disk, DISK_SECTORS * SECTOR_BYTES, &table, NULL), INGOT_OK);
        assert_string_equal(table.mbr_fault, "");
        assert_string_equal(table.primary_fault, "");
        assert_string_equal(table.backup_fault, "");
        assert_false(table.is_from_backup);
        assert_int_equal(table.entry_count, 3);
        assert_int_equal(table.first_usable_lba, 34);
        assert_int_equal(table.end_usable_lba, DISK_SECTORS - 33);
        assert_int_equal(table.entries[0].number, 14);
        assert_int_equal(table.entries[2].number, 1);
        assert_int_equal(table.entries[2].start_lba, 135168);
        assert_int_equal(table.entries[2].end_lba, DISK_SECTORS - 2048);
        assert_string_equal(table.entries[2].name, root_name);
        assert_string_equal(gpt_type_name(&table.entries[1].type_guid), "esp");
        assert_int_equal(table.disk_guid.bytes[7], 0xAB);
}

static void protective_mbr_is_canonical(void **state)
{
        static const uint8_t entry[16] = {
                0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 0xFF, 0x1F, 0x03, 0
        };
        OWNED(heap_drop) uint8_t *disk = make_disk();

        (void)state;
        assert_memory_equal(disk + 446, entry, sizeof(entry));
        assert_int_equal(get_le16(disk + 510), 0xAA55);
        for (int i = 0; i < 446; i++)
                assert_int_equal(disk[i], 0);
}

static void a_broken_copy_is_told_and_the_other_is_read(void **state) /* gpt_reader rule 1 */
{
        static const struct {
                const char *name;
                uint64_t offset_bytes;
                bool breaks_backup;
                const char *fault;
        } rows[] = {
                { "signature", 512, false, "there is no signature at LBA 1" },
                { "revision", 512 + 8, false, "its revision is" },
                { "header", 512 + 56, false, "the header's CRC is wrong" },
                { "entries", 1024 + 130, false, "the entries' CRC is wrong" },
                { "backup header", (DISK_SECTORS - 1) * 512 + 57, true, "the header's CRC is wrong" },
                { "backup entries", (DISK_SECTORS - 33) * 512 + 40, true, "the entries' CRC is wrong" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(heap_drop) uint8_t *disk = make_disk();
                OWNED(gpt_table_release) struct gpt_table table = { .entries = NULL };
                const char *fault;

                disk[rows[i].offset_bytes] ^= 0x5A;
                assert_int_equal(read_disk(disk, DISK_SECTORS * SECTOR_BYTES, &table, NULL), INGOT_OK);
                assert_int_equal(table.entry_count, 3);
                assert_int_equal(table.is_from_backup, !rows[i].breaks_backup);
                fault = rows[i].breaks_backup ? table.backup_fault : table.primary_fault;
                if (strncmp(fault, rows[i].fault, strlen(rows[i].fault)) != 0)
                        fail_msg("%s: '%s'", rows[i].name, fault);
                assert_string_equal(rows[i].breaks_backup ? table.primary_fault : table.backup_fault, "");
        }
}

static void two_broken_copies_are_refused_with_both_faults(void **state)
{
        OWNED(heap_drop) uint8_t *disk = make_disk();
        struct gpt_table table;
        struct ingot_error err;

        (void)state;
        disk[512 + 60] ^= 1;
        disk[(DISK_SECTORS - 33) * 512] ^= 1;
        assert_int_equal(read_disk(disk, DISK_SECTORS * SECTOR_BYTES, &table, &err), INGOT_E_FORMAT);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "primary: the header's CRC"));
        assert_non_null(strstr(ingot_error_frame(&err, 0), "backup: the entries' CRC"));
}

static void a_disk_without_table_is_not_found(void **state)
{
        OWNED(heap_drop) uint8_t *disk = calloc(64, SECTOR_BYTES);
        struct gpt_table table;

        (void)state;
        assert_int_equal(read_disk(disk, 64 * SECTOR_BYTES, &table, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(read_disk(disk, 512, &table, NULL), INGOT_E_NOT_FOUND);
}

static void a_grown_disk_is_told(void **state) /* gpt_reader rule 2 */
{
        OWNED(heap_drop) uint8_t *disk = make_disk();
        OWNED(heap_drop) uint8_t *grown = calloc(DISK_SECTORS + 2048, SECTOR_BYTES);
        OWNED(gpt_table_release) struct gpt_table table = { .entries = NULL };

        (void)state;
        assert_non_null(grown);
        memcpy(grown, disk, (size_t)DISK_SECTORS * SECTOR_BYTES);
        assert_int_equal(read_disk(grown, (DISK_SECTORS + 2048) * SECTOR_BYTES, &table, NULL), INGOT_OK);
        assert_string_equal(table.primary_fault, "");
        assert_string_equal(table.backup_fault, "it stands at LBA 204799, not in the last, 206847");
}

static void copies_that_differ_are_told(void **state)
{
        OWNED(heap_drop) uint8_t *disk = make_disk();
        OWNED(gpt_table_release) struct gpt_table table = { .entries = NULL };
        struct gpt_header header;
        char fault[GPT_FAULT_BYTES];
        uint8_t *backup = disk + (size_t)(DISK_SECTORS - 1) * SECTOR_BYTES;

        (void)state;
        assert_true(gpt_header_decode(backup, DISK_SECTORS - 1, DISK_SECTORS, &header, fault));
        header.disk_guid.bytes[0] ^= 1;
        gpt_header_encode(&header, backup);
        assert_int_equal(read_disk(disk, DISK_SECTORS * SECTOR_BYTES, &table, NULL), INGOT_OK);
        assert_string_equal(table.backup_fault, "it differs from the primary table");
}

static void overlapping_partitions_are_not_believed(void **state)
{
        OWNED(heap_drop) uint8_t *disk = make_disk();
        OWNED(gpt_table_release) struct gpt_table table = { .entries = NULL };
        struct gpt_header header;
        char fault[GPT_FAULT_BYTES];

        (void)state;
        put_le64(disk + 1024 + 13 * 128 + 40, 5000); /* the last LBA of partition 14 */
        assert_true(gpt_header_decode(disk + 512, 1, DISK_SECTORS, &header, fault));
        header.entries_crc = crc32_of(disk + 1024, 16384);
        gpt_header_encode(&header, disk + 512);
        assert_int_equal(read_disk(disk, DISK_SECTORS * SECTOR_BYTES, &table, NULL), INGOT_OK);
        assert_string_equal(table.primary_fault, "partitions 14 and 15 overlap");
        assert_true(table.is_from_backup);
}

static void layouts_that_cannot_be_are_refused(void **state)
{
        struct layout_partition partitions[3];
        struct layout layout;
        struct gpt_image *image;
        char long_name[] = "0123456789012345678901234567890123456";

        (void)state;
        make_layout(&layout, partitions);
        partitions[2].end_lba = DISK_SECTORS - 32;
        assert_int_equal(gpt_layout(&layout, &image, NULL), INGOT_E_LAYOUT);
        make_layout(&layout, partitions);
        partitions[1].start_lba = 4095;
        assert_int_equal(gpt_layout(&layout, &image, NULL), INGOT_E_LAYOUT);
        make_layout(&layout, partitions);
        partitions[1].number = 14;
        assert_int_equal(gpt_layout(&layout, &image, NULL), INGOT_E_LAYOUT);
        make_layout(&layout, partitions);
        partitions[1].number = 129;
        assert_int_equal(gpt_layout(&layout, &image, NULL), INGOT_E_LAYOUT);
        make_layout(&layout, partitions);
        partitions[1].name = long_name;
        assert_int_equal(gpt_layout(&layout, &image, NULL), INGOT_E_LAYOUT);
        make_layout(&layout, partitions);
        layout.size_sectors = 67;
        assert_int_equal(gpt_layout(&layout, &image, NULL), INGOT_E_LAYOUT);
}

static void other_tools_find_nothing_wrong(void **state)
{
        const char *path = scratch_path(state, "disk.raw");
        const char *const sfdisk[] = { "sfdisk", "--verify", path, NULL };
        const char *const sgdisk[] = { "sh", "-c", "sgdisk -v \"$1\" | grep -q 'No problems found'",
                                       "sh", path, NULL };
        struct layout_partition partitions[3];
        struct layout layout;
        OWNED(gpt_image_drop) struct gpt_image *image = NULL;
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;

        make_layout(&layout, partitions);
        assert_int_equal(gpt_layout(&layout, &image, NULL), INGOT_OK);
        assert_int_equal(gpt_image_extents(image, &list, NULL), INGOT_OK);
        extent_file_write(path, &list, (uint64_t)DISK_SECTORS * SECTOR_BYTES, -1);
        if (!scratch_has_program("sfdisk") || !scratch_has_program("sgdisk")) {
                print_message("sfdisk or sgdisk is not installed: nobody judges the GPT\n");
                skip();
        }
        assert_int_equal(scratch_run(state, sfdisk), 0);
        assert_int_equal(scratch_run(state, sgdisk), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_laid_out_is_read_back),
                cmocka_unit_test(protective_mbr_is_canonical),
                cmocka_unit_test(a_broken_copy_is_told_and_the_other_is_read),
                cmocka_unit_test(two_broken_copies_are_refused_with_both_faults),
                cmocka_unit_test(a_disk_without_table_is_not_found),
                cmocka_unit_test(a_grown_disk_is_told),
                cmocka_unit_test(copies_that_differ_are_told),
                cmocka_unit_test(overlapping_partitions_are_not_believed),
                cmocka_unit_test(layouts_that_cannot_be_are_refused),
                cmocka_unit_test_setup_teardown(other_tools_find_nothing_wrong, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
