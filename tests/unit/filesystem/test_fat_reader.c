/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/endian.h"
#include "base/own.h"
#include "filesystem/fat_entry.h"
#include "filesystem/fat_reader.h"
#include "model/memory_source.h"
#include "support/extent_file.h"
#include "support/scratch.h"

/* A FAT12 volume: one reserved sector, one FAT of one sector, 16 root entries, 60 clusters of 512 bytes. */
enum { SECTORS = 64, FAT_AT = 512, ROOT_AT = 1024, DATA_AT = 1536 };

struct volume {
        uint8_t bytes[SECTORS * 512];
        struct memory_source source;
};

static void put_fat12(struct volume *volume, unsigned cluster, unsigned value)
{
        uint8_t *at = volume->bytes + FAT_AT + cluster * 3 / 2;

        put_le16(at, (uint16_t)(cluster & 1 ? (get_le16(at) & 0x000F) | value << 4
                                            : (get_le16(at) & 0xF000) | value));
}

static void put_file(struct volume *volume, size_t at, const char *name, uint8_t attributes, uint32_t cluster,
                     uint32_t size_bytes)
{
        struct fat_entry entry = { .attributes = attributes,
                                   .first_cluster = cluster,
                                   .size_bytes = size_bytes };

        memcpy(entry.short_name, name, FAT_SHORT_NAME_BYTES);
        fat_entry_encode(&entry, volume->bytes + at);
}

/* A file of three clusters, 2, 4, 3; a directory in 5 that holds one file and itself. */
static void make_volume(struct volume *volume)
{
        uint8_t *boot = volume->bytes;

        memset(volume, 0, sizeof(*volume));
        boot[0] = 0xEB;
        put_le16(boot + 11, 512);
        boot[13] = 1;
        put_le16(boot + 14, 1);
        boot[16] = 1;
        put_le16(boot + 17, 16);
        put_le16(boot + 19, SECTORS);
        boot[21] = 0xF8;
        put_le16(boot + 22, 1);
        boot[38] = 0x29;
        put_le32(boot + 39, 0xCAFE0001);
        memcpy(boot + 43, "NO NAME    ", 11);
        put_le16(boot + 510, 0xAA55);
        put_fat12(volume, 2, 4);
        put_fat12(volume, 4, 3);
        put_fat12(volume, 3, 0xFFF);
        put_fat12(volume, 5, 0xFFF);
        put_file(volume, ROOT_AT, "MY LABEL   ", FAT_ATTRIBUTE_LABEL, 0, 0);
        put_file(volume, ROOT_AT + 32, "DATA    BIN", FAT_ATTRIBUTE_ARCHIVE, 2, 1500);
        put_file(volume, ROOT_AT + 64, "SUB        ", FAT_ATTRIBUTE_DIRECTORY, 5, 0);
        put_file(volume, DATA_AT + 3 * 512, ".          ", FAT_ATTRIBUTE_DIRECTORY, 5, 0);
        put_file(volume, DATA_AT + 3 * 512 + 32, "..         ", FAT_ATTRIBUTE_DIRECTORY, 0, 0);
        put_file(volume, DATA_AT + 3 * 512 + 64, "INNER   TXT", FAT_ATTRIBUTE_ARCHIVE, 0, 0);
        put_file(volume, DATA_AT + 3 * 512 + 96, "SELF       ", FAT_ATTRIBUTE_DIRECTORY, 5, 0);
        memset(volume->bytes + DATA_AT, 'a', 512);
        memset(volume->bytes + DATA_AT + 2 * 512, 'b', 512);
        memset(volume->bytes + DATA_AT + 512, 'c', 512);
        memory_source_init(&volume->source, volume->bytes, sizeof(volume->bytes));
}

static struct fat_reader *open_volume(struct volume *volume)
{
        struct fat_reader *reader = NULL;

        assert_int_equal(fat_reader_open(&volume->source.source, sizeof(volume->bytes), &reader, NULL),
                         INGOT_OK);
        return reader;
}

static void fat12_is_read(void **state)
{
        struct volume volume;
        OWNED(fat_reader_drop) struct fat_reader *reader = NULL;
        struct fat_facts facts;
        struct fat_file file;
        char bytes[1500];

        (void)state;
        make_volume(&volume);
        reader = open_volume(&volume);
        assert_int_equal(fat_reader_facts(reader, &facts, NULL), INGOT_OK);
        assert_int_equal(facts.fat_bits, 12);
        assert_string_equal(facts.label, "MY LABEL");
        assert_int_equal(facts.serial, 0xCAFE0001);
        assert_int_equal(facts.cluster_count, SECTORS - 3);
        assert_int_equal(facts.free_clusters, SECTORS - 3 - 4);
        assert_int_equal(fat_reader_find(reader, "/data.bin", &file, NULL), INGOT_OK);
        assert_string_equal(file.name, "DATA.BIN");
        assert_int_equal(fat_reader_read(reader, &file, 0, bytes, 1500, NULL), INGOT_OK);
        assert_int_equal(bytes[511], 'a');
        assert_int_equal(bytes[512], 'b');
        assert_int_equal(bytes[1024], 'c');
        assert_int_equal(fat_reader_read(reader, &file, 600, bytes, 1, NULL), INGOT_OK);
        assert_int_equal(bytes[0], 'b');
        assert_int_equal(fat_reader_read(reader, &file, 1500, bytes, 1, NULL), INGOT_E_FORMAT);
        assert_int_equal(fat_reader_find(reader, "sub//inner.txt", &file, NULL), INGOT_OK);
        assert_int_equal(file.size_bytes, 0);
        assert_int_equal(fat_reader_find(reader, "sub/other", &file, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(fat_reader_find(reader, "data.bin/x", &file, NULL), INGOT_E_NOT_FOUND);
}

static bool count(void *context, const struct fat_file *file)
{
        (void)file;
        return ++*(int *)context < 100000;
}

static void chains_in_circles_end(void **state) /* rule 1 */
{
        struct volume volume;
        OWNED(fat_reader_drop) struct fat_reader *reader = NULL;
        struct fat_file file;
        int visits = 0;
        char bytes[1500];

        (void)state;
        make_volume(&volume);
        put_fat12(&volume, 4, 2);
        put_fat12(&volume, 5, 5);
        for (size_t at = 0; at < 512; at += 32)
                put_file(&volume, DATA_AT + 3 * 512 + at, "SELF       ", FAT_ATTRIBUTE_DIRECTORY, 5, 0);
        reader = open_volume(&volume);
        assert_int_equal(fat_reader_find(reader, "data.bin", &file, NULL), INGOT_OK);
        assert_int_equal(fat_reader_read(reader, &file, 0, bytes, 1500, NULL), INGOT_OK);
        assert_int_equal(fat_reader_find(reader, "sub", &file, NULL), INGOT_OK);
        assert_int_equal(fat_reader_list(reader, &file, count, &visits, NULL), INGOT_OK);
        assert_int_equal(visits, 65536);
}

static void chains_that_lead_outside_are_refused(void **state)
{
        static const unsigned rows[] = { 0, 1, 63, 0xFF7, 0xFFF };
        struct fat_file file;
        char bytes[1500];

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct volume volume;
                OWNED(fat_reader_drop) struct fat_reader *reader = NULL;

                make_volume(&volume);
                put_fat12(&volume, 4, rows[i]);
                reader = open_volume(&volume);
                assert_int_equal(fat_reader_find(reader, "data.bin", &file, NULL), INGOT_OK);
                assert_int_equal(fat_reader_read(reader, &file, 0, bytes, 1024, NULL), INGOT_OK);
                assert_int_equal(fat_reader_read(reader, &file, 0, bytes, 1500, NULL), INGOT_E_FORMAT);
        }
}

static void boot_sectors_that_contradict_themselves_are_refused(void **state)
{
        static const struct {
                const char *name;
                size_t at;
                uint8_t value;
                enum ingot_code code;
        } rows[] = {
                { "magic", 510, 0, INGOT_E_NOT_FOUND },
                { "jump", 0, 0, INGOT_E_NOT_FOUND },
                { "sector size", 12, 3, INGOT_E_NOT_FOUND },
                { "cluster size", 13, 3, INGOT_E_NOT_FOUND },
                { "FAT count", 16, 0, INGOT_E_NOT_FOUND },
                { "longer than the disk", 19, SECTORS + 1, INGOT_E_FORMAT },
                { "no room for clusters", 22, SECTORS, INGOT_E_FORMAT },
                { "no root", 17, 0, INGOT_E_FORMAT },
        };
        struct fat_reader *reader;

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct volume volume;

                make_volume(&volume);
                volume.bytes[rows[i].at] = rows[i].value;
                if (fat_reader_open(&volume.source.source, sizeof(volume.bytes), &reader, NULL) !=
                    rows[i].code)
                        fail_msg("%s", rows[i].name);
        }
}

static void a_long_name_counts_only_with_its_checksum(void **state) /* rule 2 */
{
        static const uint16_t units[] = {
                'l', 'o', 'n', 'g', ' ', 'n', 'a', 'm', 'e', '.', 't', 'x', 't', '2'
        };
        struct volume volume;
        OWNED(fat_reader_drop) struct fat_reader *reader = NULL;
        struct fat_file file;
        uint8_t checksum = fat_entry_checksum((const uint8_t *)"LONGNA~1TXT");

        (void)state;
        make_volume(&volume);
        fat_long_encode(units, 14, 2, checksum, volume.bytes + ROOT_AT + 96);
        fat_long_encode(units, 14, 1, checksum, volume.bytes + ROOT_AT + 128);
        put_file(&volume, ROOT_AT + 160, "LONGNA~1TXT", FAT_ATTRIBUTE_ARCHIVE, 0, 0);
        reader = open_volume(&volume);
        assert_int_equal(fat_reader_find(reader, "LONG name.txt2", &file, NULL), INGOT_OK);
        assert_string_equal(file.name, "long name.txt2");
        volume.bytes[ROOT_AT + 128 + 13] ^= 1;
        assert_int_equal(fat_reader_find(reader, "long name.txt2", &file, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(fat_reader_find(reader, "longna~1.txt", &file, NULL), INGOT_OK);
}

static void what_mtools_wrote_is_read(void **state)
{
        const char *path = scratch_path(state, "fat.raw");
        const char *const make[] = {
                "sh",
                "-c",
                "truncate -s 40M \"$1\" && mkfs.vfat -F 32 -s 1 -n JUDGE -i 0BADF00D \"$1\" && "
                "printf 'some text' > \"$1.txt\" && export MTOOLS_SKIP_CHECK=1 && mmd -i \"$1\" ::/EFI && "
                "mcopy -i \"$1\" \"$1.txt\" '::/EFI/A Long Name.text'",
                "sh",
                path,
                NULL
        };
        OWNED(fat_reader_drop) struct fat_reader *reader = NULL;
        struct file_source source;
        struct fat_facts facts;
        struct fat_file file;
        uint64_t size_bytes;
        char bytes[9];

        if (!scratch_has_program("mkfs.vfat") || !scratch_has_program("mcopy")) {
                print_message("mkfs.vfat or mtools is not installed: nobody else's FAT is read\n");
                skip();
        }
        assert_int_equal(scratch_run(state, make), 0);
        file_source_open(&source, path, &size_bytes);
        assert_int_equal(fat_reader_open(&source.source, size_bytes, &reader, NULL), INGOT_OK);
        assert_int_equal(fat_reader_facts(reader, &facts, NULL), INGOT_OK);
        assert_int_equal(facts.fat_bits, 32);
        assert_string_equal(facts.label, "JUDGE");
        assert_int_equal(facts.serial, 0x0BADF00D);
        assert_int_equal(facts.free_clusters, facts.cluster_count - 3);
        assert_int_equal(fat_reader_find(reader, "efi/a long name.text", &file, NULL), INGOT_OK);
        assert_string_equal(file.name, "A Long Name.text");
        assert_int_equal(fat_reader_read(reader, &file, 0, bytes, 9, NULL), INGOT_OK);
        assert_memory_equal(bytes, "some text", 9);
        file_source_close(&source);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(fat12_is_read),
                cmocka_unit_test(chains_in_circles_end),
                cmocka_unit_test(chains_that_lead_outside_are_refused),
                cmocka_unit_test(boot_sectors_that_contradict_themselves_are_refused),
                cmocka_unit_test(a_long_name_counts_only_with_its_checksum),
                cmocka_unit_test_setup_teardown(what_mtools_wrote_is_read, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
