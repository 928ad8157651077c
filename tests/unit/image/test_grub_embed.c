/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/endian.h"
#include "base/own.h"
#include "image/grub_embed.h"
#include "model/memory_source.h"
#include "support/grub_folder.h"

enum { CORE_BYTES = 5 * 512 + 100, DISK_SECTORS = 4096 };

static void make_boot(uint8_t boot[512])
{
        memset(boot, 0x77, 512);
        memcpy(boot, "\xEB\x63\x90", 3);
        put_le64(boot + 0x5C, 1);
        boot[0x64] = 0xFF;
        boot[0x65] = 0xFA;
        memcpy(boot + 0x66, "\xEB\x05", 2);
        memcpy(boot + 0x180, "GRUB ", 5);
}

static void make_core(uint8_t core[CORE_BYTES])
{
        memset(core, 0x11, CORE_BYTES);
        grub_made_diskboot(core);
        put_le16(core + 0x1FC, 5);
        put_le32(core + 512 + 8, 2000);
        put_le32(core + 512 + 12, 9000);
}

/* A disk in memory with the core at LBA 2048, owned by the caller. */
static uint8_t *make_disk(void)
{
        uint8_t boot[512], core[CORE_BYTES], *disk = calloc(DISK_SECTORS, 512);
        OWNED(grub_embed_drop) struct grub_embed *embed = NULL;
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;

        assert_non_null(disk);
        make_boot(boot);
        make_core(core);
        memset(disk, 0xEE, 512);
        assert_int_equal(grub_embed_new(boot, 512, core, CORE_BYTES, 2048, DISK_SECTORS, &embed, NULL),
                         INGOT_OK);
        grub_embed_patch_mbr(embed, disk);
        assert_int_equal(grub_embed_extents(embed, &list, NULL), INGOT_OK);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.extents[0].start_lba, 2048);
        assert_int_equal(list.extents[0].end_lba, 2054);
        assert_int_equal(byte_source_read(list.extents[0].source, 0, disk + 2048 * 512, CORE_BYTES, NULL),
                         INGOT_OK);
        return disk;
}

static enum ingot_code find(const uint8_t *disk, uint64_t start_lba, uint64_t end_lba,
                            struct grub_found *found)
{
        struct memory_source source;

        memory_source_init(&source, disk, DISK_SECTORS * 512);
        return grub_embed_find(&source.source, DISK_SECTORS * 512, start_lba, end_lba, found, NULL);
}

static void what_is_embedded_is_found(void **state)
{
        OWNED(heap_drop) uint8_t *disk = make_disk();
        struct grub_found found;

        (void)state;
        assert_int_equal(find(disk, 2048, DISK_SECTORS, &found), INGOT_OK);
        assert_string_equal(found.fault, "");
        assert_int_equal(found.core_lba, 2048);
        assert_int_equal(found.core_sectors, 6);
        assert_int_equal(get_le64(disk + 0x5C), 2048);
        assert_int_equal(get_le64(disk + 2048 * 512 + 0x1F4), 2049);
        assert_memory_equal(disk + 0x66, "\x90\x90", 2);
        assert_int_equal(find(disk, 0, 0, &found), INGOT_OK);
        assert_string_equal(found.fault, "");
}

static void the_partition_table_and_parameter_block_stay(void **state) /* rule 1 */
{
        OWNED(heap_drop) uint8_t *disk = make_disk();

        (void)state;
        for (int i = 0; i < 512; i++)
                if ((i >= 3 && i < 0x5A) || i >= 440)
                        assert_int_equal(disk[i], 0xEE);
                else
                        assert_int_not_equal(disk[i], 0xEE);
}

static void a_core_that_does_not_fit_is_refused(void **state) /* rule 3 */
{
        uint8_t boot[512], core[CORE_BYTES];
        OWNED(grub_embed_drop) struct grub_embed *embed = NULL;
        struct grub_embed *none;

        (void)state;
        make_boot(boot);
        make_core(core);
        assert_int_equal(grub_embed_new(boot, 512, core, CORE_BYTES, 1, 7, &embed, NULL), INGOT_OK);
        assert_int_equal(grub_embed_new(boot, 512, core, CORE_BYTES, 1, 6, &none, NULL), INGOT_E_LAYOUT);
        assert_int_equal(grub_embed_new(boot, 512, core, CORE_BYTES, 0, 7, &none, NULL), INGOT_E_LAYOUT);
        assert_int_equal(grub_embed_new(boot, 511, core, CORE_BYTES, 1, 7, &none, NULL), INGOT_E_FORMAT);
        assert_int_equal(grub_embed_new(boot, 512, core, 900, 1, 7, &none, NULL), INGOT_E_FORMAT);
        boot[0x64] = 0x80;
        assert_int_equal(grub_embed_new(boot, 512, core, CORE_BYTES, 1, 7, &none, NULL), INGOT_E_FORMAT);
}

static void what_disagrees_is_told(void **state)
{
        static const struct {
                size_t at;
                uint8_t value;
                const char *fault;
        } rows[] = {
                { 0x5D, 0xFF, "is outside the disk" },
                { 0x5C, 0x01, "no diskboot sector at LBA 2049" },
                { 2048 * 512 + 0x1F4, 9, "looks for the rest at" },
                { 2048 * 512 + 512 + 10, 9, "the decompressor is told" },
                { 2048 * 512 + 0x1FD, 9, "is not within LBA 2048 to 4096" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(heap_drop) uint8_t *disk = make_disk();
                struct grub_found found;

                disk[rows[i].at] = rows[i].value;
                assert_int_equal(find(disk, 2048, DISK_SECTORS, &found), INGOT_OK);
                if (!strstr(found.fault, rows[i].fault))
                        fail_msg("row %zu: '%s'", i, found.fault);
        }
}

static void other_boot_code_is_not_found(void **state)
{
        OWNED(heap_drop) uint8_t *disk = calloc(DISK_SECTORS, 512);
        struct grub_found found;

        (void)state;
        assert_int_equal(find(disk, 0, 0, &found), INGOT_E_NOT_FOUND);
}

static void the_real_boot_sector_is_known(void **state)
{
        const char *folder = grub_folder_of_host();
        struct grub_files files;
        OWNED(heap_drop) uint8_t *boot = NULL;
        OWNED(heap_drop) uint8_t *core = NULL;
        OWNED(grub_embed_drop) struct grub_embed *embed = NULL;
        static const char *const modules[] = { "biosdisk", "part_gpt", "normal" };
        struct grub_core_request request = { .modules = modules, .module_count = 3, .prefix = "/boot/grub" };
        size_t boot_bytes, core_bytes;

        (void)state;
        if (!folder) {
                print_message("GRUB's i386-pc folder is not installed: its boot sector is not tried\n");
                skip();
        }
        files = request.files = grub_folder_files(folder);
        assert_int_equal(files.read(files.context, "boot.img", 512, &boot, &boot_bytes, NULL), INGOT_OK);
        assert_int_equal(grub_core_build(&request, &core, &core_bytes, NULL), INGOT_OK);
        assert_int_equal(grub_embed_new(boot, boot_bytes, core, core_bytes, 2048, 4096, &embed, NULL),
                         INGOT_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_embedded_is_found),
                cmocka_unit_test(the_partition_table_and_parameter_block_stay),
                cmocka_unit_test(a_core_that_does_not_fit_is_refused),
                cmocka_unit_test(what_disagrees_is_told),
                cmocka_unit_test(other_boot_code_is_not_found),
                cmocka_unit_test(the_real_boot_sector_is_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
