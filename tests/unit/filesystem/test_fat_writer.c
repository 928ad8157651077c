/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/fd.h"
#include "base/own.h"
#include "filesystem/fat_reader.h"
#include "filesystem/fat_writer.h"
#include "model/memory_source.h"
#include "support/extent_file.h"
#include "support/scratch.h"

enum { DATA_BYTES = 300000, EPOCH = 1767225600 };

/* Bytes that differ from place to place; every file takes its own from them. */
static uint8_t data[DATA_BYTES];
static struct memory_source data_source;

static void make_data(void)
{
        uint32_t noise = 7;

        for (size_t i = 0; i < DATA_BYTES; i++) {
                noise = noise * 1664525 + 1013904223;
                data[i] = (uint8_t)(noise >> 24 | 1);
        }
        memory_source_init(&data_source, data, sizeof(data));
}

static struct tree_entry *put(struct tree *tree, struct tree_entry *parent, const char *name,
                              enum tree_kind kind, uint64_t size_bytes)
{
        struct tree_inode *inode = tree_inode_new(kind);
        struct tree_entry *entry;

        assert_non_null(inode);
        inode->mode = 0755;
        inode->uid = 1000;
        inode->mtime.seconds = 1700000000;
        inode->size_bytes = size_bytes;
        if (kind == TREE_FILE && size_bytes > 0 && size_bytes <= DATA_BYTES) {
                const struct tree_run run = { .size_bytes = size_bytes, .source = &data_source.source };

                assert_int_equal(tree_inode_add_run(inode, &run, NULL), INGOT_OK);
        }
        assert_int_equal(tree_put(tree, parent, name, strlen(name), inode, &entry, NULL), INGOT_OK);
        return entry;
}

/* A file of 64 KiB whose middle is a hole: 4 KiB of data at 0 and 100 bytes at 60 KiB. */
static void put_sparse(struct tree *tree, struct tree_entry *parent)
{
        struct tree_entry *entry = put(tree, parent, "sparse.bin", TREE_FILE, 0);
        const struct tree_run first = { .size_bytes = 4096, .source = &data_source.source };
        const struct tree_run last = { .file_offset_bytes = 61440,
                                       .size_bytes = 100,
                                       .source = &data_source.source,
                                       .source_offset_bytes = 5000 };

        entry->inode->size_bytes = 65536;
        assert_int_equal(tree_inode_add_run(entry->inode, &first, NULL), INGOT_OK);
        assert_int_equal(tree_inode_add_run(entry->inode, &last, NULL), INGOT_OK);
}

static struct tree *make_tree(void)
{
        struct tree *tree = NULL;
        struct tree_entry *root, *efi, *boot, *odd;

        make_data();
        assert_int_equal(tree_new(&tree, NULL), INGOT_OK);
        root = tree_root(tree);
        efi = put(tree, root, "EFI", TREE_DIRECTORY, 0);
        boot = put(tree, efi, "BOOT", TREE_DIRECTORY, 0);
        (void)put(tree, boot, "BOOTX64.EFI", TREE_FILE, 250001);
        (void)put(tree, boot, "grub.cfg", TREE_FILE, 1);
        (void)put(tree, put(tree, efi, "debian", TREE_DIRECTORY, 0), "grub.cfg", TREE_FILE, 512);
        odd = put(tree, root, "odd names", TREE_DIRECTORY, 0);
        (void)put(tree, odd, "a rather long file name.text", TREE_FILE, 513);
        (void)put(tree, odd, "a rather long name too.text", TREE_FILE, 4097);
        (void)put(tree, odd, "Mixed.Txt", TREE_FILE, 10);
        (void)put(tree, odd, "r\xc3\xb6t \xf0\x9f\x8c\xb3", TREE_FILE, 10);
        (void)put(tree, odd, ".hidden", TREE_FILE, 0);
        (void)put(tree, odd, "thirteenchars", TREE_FILE, 3);
        put_sparse(tree, root);
        (void)put(tree, root, "empty", TREE_DIRECTORY, 0);
        assert_int_equal(tree_seal(tree, EPOCH, NULL), INGOT_OK);
        return tree;
}

static struct fat_request request_of(const struct tree *tree, uint64_t size_bytes)
{
        return (struct fat_request){ .tree = tree,
                                     .size_bytes = size_bytes,
                                     .serial = 0x1234ABCD,
                                     .label = "EFI SYS",
                                     .hidden_sectors = 4096,
                                     .epoch_seconds = EPOCH };
}

/* Lays out and writes to path; what is not covered is filled with A5, so that a reader of free space sees. */
static void write_image(const char *path, const struct fat_request *request, struct fat_numbers *ret_numbers)
{
        OWNED(fat_image_drop) struct fat_image *image = NULL;
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        struct ingot_error err = { .code = INGOT_OK };

        if (fat_image_new(request, &image, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        assert_int_equal(fat_image_extents(image, &list, NULL), INGOT_OK);
        extent_file_write(path, &list, request->size_bytes, 0xA5);
        fat_image_numbers(image, ret_numbers);
}

static void check_file(struct fat_reader *reader, const struct tree_entry *entry)
{
        OWNED(heap_drop) char *path = tree_entry_path(entry);
        OWNED(heap_drop) uint8_t *ours = malloc(entry->inode->size_bytes + 1);
        OWNED(heap_drop) uint8_t *theirs = malloc(entry->inode->size_bytes + 1);
        struct fat_file file;

        assert_int_equal(fat_reader_find(reader, path, &file, NULL), INGOT_OK);
        assert_int_equal(file.is_directory, entry->inode->kind == TREE_DIRECTORY);
        if (entry->parent) {
                assert_string_equal(file.name, entry->name);
                assert_true(file.mtime_seconds == entry->inode->mtime.seconds / 2 * 2);
        }
        if (file.is_directory)
                return;
        assert_int_equal(file.size_bytes, entry->inode->size_bytes);
        assert_int_equal(fat_reader_read(reader, &file, 0, ours, file.size_bytes, NULL), INGOT_OK);
        assert_int_equal(tree_inode_read(entry->inode, 0, theirs, file.size_bytes, NULL), INGOT_OK);
        assert_memory_equal(ours, theirs, file.size_bytes);
}

static void check_readable(const char *path, const struct tree *tree, const struct fat_numbers *numbers)
{
        OWNED(fat_reader_drop) struct fat_reader *reader = NULL;
        struct file_source source;
        struct fat_facts facts;
        uint64_t size_bytes;

        file_source_open(&source, path, &size_bytes);
        assert_int_equal(fat_reader_open(&source.source, size_bytes, &reader, NULL), INGOT_OK);
        assert_int_equal(fat_reader_facts(reader, &facts, NULL), INGOT_OK);
        assert_int_equal(facts.fat_bits, numbers->fat_bits);
        assert_int_equal(facts.serial, 0x1234ABCD);
        assert_string_equal(facts.label, "EFI SYS");
        assert_int_equal(facts.cluster_count, numbers->cluster_count);
        assert_int_equal(facts.free_clusters, numbers->cluster_count - numbers->used_clusters);
        for (const struct tree_entry *entry = tree_root(tree); entry;
             entry = tree_walk_next(tree_root(tree), entry))
                check_file(reader, entry);
        file_source_close(&source);
}

static void judge(void **state, const char *path)
{
        const char *const fsck[] = { "fsck.vfat", "-n", path, NULL };
        const char *const mtools[] = { "sh",
                                       "-c",
                                       "export MTOOLS_SKIP_CHECK=1; mcopy -s -n -i \"$1\" '::' \"$1.d\" && "
                                       "cd \"$1.d\" && test \"$(find . -type f | wc -l)\" = 10 && "
                                       "test \"$(wc -c < EFI/BOOT/BOOTX64.EFI)\" = 250001 && test -f 'odd "
                                       "names/a rather long name too.text' "
                                       "&& mdir -i \"$1\" '::/odd names' | grep -q 'ARATHE~2 TEX' && "
                                       "test \"$(wc -c < sparse.bin)\" = 65536",
                                       "sh",
                                       path,
                                       NULL };
        const char *const mkdir[] = { "sh", "-c", "mkdir \"$1.d\"", "sh", path, NULL };

        if (!scratch_has_program("fsck.vfat") || !scratch_has_program("mcopy")) {
                print_message("fsck.vfat or mtools is not installed: nobody judges the FAT\n");
                skip();
        }
        assert_int_equal(scratch_run(state, fsck), 0);
        assert_int_equal(scratch_run(state, mkdir), 0);
        if (scratch_run(state, mtools) != 0) {
                const char *const show[] = { "sh", "-c", "cat \"$1\" >&2", "sh", scratch_path(state, "log"),
                                             NULL };

                (void)scratch_run(state, show);
                fail_msg("mtools sees something else");
        }
}

static void a_tree_survives_in_fat(void **state, uint64_t size_bytes, unsigned fat_bits)
{
        const char *path = scratch_path(state, "fat.raw");
        OWNED(tree_drop) struct tree *tree = make_tree();
        const struct fat_request request = request_of(tree, size_bytes);
        struct fat_numbers numbers;

        write_image(path, &request, &numbers);
        assert_int_equal(numbers.fat_bits, fat_bits);
        assert_int_equal(numbers.free_bytes + numbers.used_bytes,
                         numbers.cluster_count * numbers.cluster_bytes);
        check_readable(path, tree, &numbers);
        judge(state, path);
}

static void a_tree_survives_in_fat32(void **state) /* rules 1 to 6 */
{
        a_tree_survives_in_fat(state, 64 << 20, 32);
}

static void a_tree_survives_in_fat16(void **state)
{
        a_tree_survives_in_fat(state, 5 << 20, 16);
}

static void a_tree_survives_in_wide_clusters(void **state)
{
        a_tree_survives_in_fat(state, 300 << 20, 32);
}

static void equal_trees_make_equal_bytes(void **state) /* rule 3 */
{
        const char *compare[] = { "cmp", NULL, NULL, NULL };

        for (int i = 0; i < 2; i++) {
                OWNED(tree_drop) struct tree *tree = make_tree();
                const struct fat_request request = request_of(tree, 40 << 20);
                struct fat_numbers numbers;

                write_image(scratch_path(state, i ? "b" : "a"), &request, &numbers);
        }
        compare[1] = scratch_path(state, "a");
        compare[2] = scratch_path(state, "b");
        assert_int_equal(scratch_run(state, compare), 0);
}

static void what_fits_is_what_was_measured(void **state)
{
        OWNED(tree_drop) struct tree *tree = make_tree();
        struct tree_entry *big = put(tree, tree_root(tree), "big", TREE_DIRECTORY, 0);
        struct fat_request request;
        struct fat_image *none;
        uint64_t last_fit_bytes = 0;

        (void)state;
        for (int step = 0; step < 12; step++) {
                OWNED(fat_image_drop) struct fat_image *image = NULL;
                uint64_t fit_bytes;
                char name[16];

                (void)snprintf(name, sizeof(name), "file%d", step);
                put(tree, big, name, TREE_FILE, 0)->inode->size_bytes = (uint64_t)150000 << step;
                assert_int_equal(tree_seal(tree, EPOCH, NULL), INGOT_OK);
                request = request_of(tree, 0);
                assert_int_equal(fat_measure(&request, &fit_bytes, NULL), INGOT_OK);
                assert_true(fit_bytes >= last_fit_bytes && fit_bytes % (1 << 20) == 0);
                last_fit_bytes = fit_bytes;
                request.size_bytes = fit_bytes;
                assert_int_equal(fat_image_new(&request, &image, NULL), INGOT_OK);
                request.size_bytes = fit_bytes - (1 << 20);
                assert_int_equal(fat_image_new(&request, &none, NULL), INGOT_E_LAYOUT);
        }
}

static void what_fat_cannot_hold_is_refused_by_name(void **state) /* rule 7 */
{
        static const struct {
                const char *name, *also;
                enum tree_kind kind;
                uint64_t size_bytes;
                const char *cause;
        } rows[] = {
                { "link", NULL, TREE_SYMLINK, 0, "'/sub/link' is a symbolic link" },
                { "tty", NULL, TREE_CHARACTER_DEVICE, 0, "'/sub/tty' is a device" },
                { "pipe", NULL, TREE_FIFO, 0, "'/sub/pipe' is a fifo" },
                { "a:b", NULL, TREE_FILE, 0, "'/sub/a:b' has a character" },
                { "\xff", NULL, TREE_FILE, 0, "is not UTF-8" },
                { "end.", NULL, TREE_FILE, 0, "'/sub/end.' ends in" },
                { "huge", NULL, TREE_FILE, UINT64_C(1) << 32, "'/sub/huge' has 4 GiB" },
                { "readme", "README", TREE_FILE, 0, "differs from another name only in case" },
                { "long name", "Long Name", TREE_FILE, 0, "differs from another name only in case" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(tree_drop) struct tree *tree = make_tree();
                struct tree_entry *sub = put(tree, tree_root(tree), "sub", TREE_DIRECTORY, 0), *entry;
                struct fat_request request = request_of(tree, 64 << 20);
                struct fat_image *image;
                struct ingot_error err;

                entry = put(tree, sub, rows[i].name, rows[i].kind, 0);
                entry->inode->size_bytes = rows[i].size_bytes;
                if (rows[i].kind == TREE_SYMLINK)
                        entry->inode->target = strdup("x");
                if (rows[i].also)
                        (void)put(tree, sub, rows[i].also, rows[i].kind, 0);
                assert_int_equal(tree_seal(tree, EPOCH, NULL), INGOT_OK);
                assert_int_equal(fat_image_new(&request, &image, &err), INGOT_E_LAYOUT);
                if (!strstr(ingot_error_frame(&err, 0), rows[i].cause))
                        fail_msg("'%s' is not in '%s'", rows[i].cause, ingot_error_frame(&err, 0));
        }
}

static void sizes_and_labels_out_of_range_are_refused(void **state)
{
        OWNED(tree_drop) struct tree *tree = make_tree();
        struct fat_request request = request_of(tree, 2 << 20);
        struct fat_image *image;
        struct ingot_error err;

        (void)state;
        assert_int_equal(fat_image_new(&request, &image, &err), INGOT_E_LAYOUT);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "give it 3MiB"));
        request = request_of(tree, 64 << 20);
        request.label = "longer than eleven";
        assert_int_equal(fat_image_new(&request, &image, &err), INGOT_E_LAYOUT);
}

static void many_names_fill_many_clusters(void **state)
{
        const char *path = scratch_path(state, "fat.raw");
        const char *const fsck[] = { "fsck.vfat", "-n", path, NULL };
        OWNED(tree_drop) struct tree *tree = make_tree();
        struct tree_entry *many = put(tree, tree_root(tree), "many", TREE_DIRECTORY, 0);
        struct fat_numbers numbers;
        struct fat_request request;

        for (int i = 0; i < 3000; i++) {
                char name[64];

                (void)snprintf(name, sizeof(name), "a name that shares its beginning %d", i);
                (void)put(tree, many, name, TREE_FILE, i % 700 ? 0 : 5);
        }
        assert_int_equal(tree_seal(tree, EPOCH, NULL), INGOT_OK);
        request = request_of(tree, 40 << 20);
        write_image(path, &request, &numbers);
        check_readable(path, tree, &numbers);
        if (!scratch_has_program("fsck.vfat")) {
                print_message("fsck.vfat is not installed: nobody judges the FAT\n");
                skip();
        }
        assert_int_equal(scratch_run(state, fsck), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_tree_survives_in_fat32, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(a_tree_survives_in_fat16, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(a_tree_survives_in_wide_clusters, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(equal_trees_make_equal_bytes, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test(what_fits_is_what_was_measured),
                cmocka_unit_test(what_fat_cannot_hold_is_refused_by_name),
                cmocka_unit_test(sizes_and_labels_out_of_range_are_refused),
                cmocka_unit_test_setup_teardown(many_names_fill_many_clusters, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
