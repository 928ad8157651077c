/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/endian.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/convert.h"
#include "image/vmdk_format.h"
#include "support/cmocka_all.h"
#include "support/sample.h"
#include "support/scratch.h"

enum { DISK_BYTES = 70 * 1024 * 1024 + 512 };

/* A raw disk with data in blocks 0, 3, 4 and the last, which is one sector. */
static void make_raw(const char *path)
{
        static const uint64_t indices[] = { 0, 3, 4, 140 };
        OWNED(fd_drop) int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        uint8_t *bytes = malloc(BLOCK_BYTES);

        assert_int_equal(ftruncate(fd, DISK_BYTES), 0);
        for (size_t i = 0; i < 4; i++) {
                size_t size_bytes = indices[i] == 140 ? SECTOR_BYTES : BLOCK_BYTES;

                sample_fill(indices[i] * BLOCK_BYTES, bytes, size_bytes);
                assert_int_equal(fd_write_at(fd, path, indices[i] * BLOCK_BYTES, bytes, size_bytes, NULL),
                                 INGOT_OK);
        }
        free(bytes);
}

static void write_bytes(const char *path, const void *bytes, size_t size_bytes)
{
        assert_int_equal(fd_replace_file(path, bytes, size_bytes, 0600, NULL), INGOT_OK);
}

static bool qemu_convert(void **state, const char *in, const char *out, const char *subformat)
{
        char option[64];

        (void)snprintf(option, sizeof(option), "subformat=%s", subformat);
        if (!scratch_has_program("qemu-img"))
                return false;
        assert_int_equal(scratch_run(state, (const char *const[]){ "qemu-img", "convert", "-f", "raw", "-O",
                                                                   "vmdk", "-o", option, in, out, NULL }),
                         0);
        return true;
}

/* Reads the whole disk in odd steps and compares it with the raw file's bytes. */
static void compare_disk(const char *raw, const char *image, enum image_format format,
                         enum image_access access)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        OWNED(fd_drop) int fd = open(raw, O_RDONLY | O_CLOEXEC);
        uint8_t *wanted = malloc(300001), *found = malloc(300001);

        assert_int_equal(image_reader_open(image, access, &reader, NULL), INGOT_OK);
        assert_int_equal(image_reader_format(reader), format);
        assert_int_equal(image_reader_size_bytes(reader), DISK_BYTES);
        for (uint64_t at = 0; at < DISK_BYTES; at += 300001) {
                size_t size_bytes = at + 300001 < DISK_BYTES ? 300001 : (size_t)(DISK_BYTES - at);

                assert_int_equal(fd_read_at(fd, raw, at, wanted, size_bytes, NULL), INGOT_OK);
                assert_int_equal(byte_source_read(image_reader_source(reader), at, found, size_bytes, NULL),
                                 INGOT_OK);
                assert_memory_equal(wanted, found, size_bytes);
        }
        assert_int_equal(byte_source_read(image_reader_source(reader), DISK_BYTES - 1, found, 2, NULL),
                         INGOT_E_FORMAT);
        free(wanted);
        free(found);
}

static void raw_disks_read_back(void **state)
{
        const char *raw = scratch_path(state, "disk");

        make_raw(raw);
        compare_disk(raw, raw, IMAGE_RAW, IMAGE_CACHED);
        compare_disk(raw, raw, IMAGE_RAW, IMAGE_PAST_CACHE);
}

static void vmdks_that_qemu_made_read_back(void **state)
{
        OWNED(heap_drop) char *raw = strdup(scratch_path(state, "disk"));
        OWNED(heap_drop) char *vmdk = strdup(scratch_path(state, "image"));

        make_raw(raw);
        if (!qemu_convert(state, raw, vmdk, "streamOptimized")) {
                print_message("skipped: there is no qemu-img\n");
                skip();
        }
        compare_disk(raw, vmdk, IMAGE_VMDK_STREAM, IMAGE_CACHED);
        compare_disk(raw, vmdk, IMAGE_VMDK_STREAM, IMAGE_PAST_CACHE);
        (void)qemu_convert(state, raw, vmdk, "monolithicSparse");
        compare_disk(raw, vmdk, IMAGE_VMDK_SPARSE, IMAGE_CACHED);
        compare_disk(raw, vmdk, IMAGE_VMDK_SPARSE, IMAGE_PAST_CACHE);
        (void)qemu_convert(state, raw, vmdk, "monolithicFlat");
        assert_int_equal(image_reader_open(vmdk, IMAGE_CACHED, &(struct image_reader *){ NULL }, NULL),
                         INGOT_E_FORMAT);
}

/* Rule 2 */
static void ranges_name_what_may_hold_data(void **state)
{
        static const uint64_t wanted[][2] = { { 0, 1 }, { 3, 5 }, { 140, 141 } };
        const char *raw = scratch_path(state, "disk"), *vmdk = scratch_path(state, "disk.vmdk");
        struct convert_request request = { .in_path = raw,
                                           .out_path = vmdk,
                                           .out_format = IMAGE_VMDK_STREAM,
                                           .compression = compression_default,
                                           .threads = 1 };
        struct convert_result result;

        make_raw(raw);
        assert_int_equal(convert(&request, &result, NULL), INGOT_OK);
        block_map_release(&result.map);
        for (unsigned i = 0; i < 2; i++) {
                OWNED(image_reader_drop) struct image_reader *reader = NULL;
                OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;

                assert_int_equal(image_reader_open(i ? vmdk : raw, IMAGE_CACHED, &reader, NULL), INGOT_OK);
                assert_int_equal(image_extents(reader, &list, NULL), INGOT_OK);
                if (!i && list.count == 1)
                        continue; /* a file system without holes */
                assert_int_equal(list.count, 3);
                for (size_t k = 0; k < 3; k++) {
                        assert_int_equal(list.extents[k].start_lba / BLOCK_SECTORS, wanted[k][0]);
                        assert_int_equal((list.extents[k].end_lba + BLOCK_SECTORS - 1) / BLOCK_SECTORS,
                                         wanted[k][1]);
                }
        }
}

/* Rule 1 */
static void a_foreign_format_is_refused_by_its_name(void **state)
{
        static const struct {
                size_t at_bytes;
                const char *magic, *kind;
        } rows[] = {
                { 0, "QFI\xfb", "a qcow2 image" },
                { 4096 - 512, "conectix", "VHD footer" }, /* damaged, and no raw disk either */
                { 0, "vhdxfile", "a VHDX image" },
                { 0,
                  "\xfd"
                  "7zXZ",
                  "an xz file" },
                { 257, "ustar", "a tar or OVA archive" },
                { 0, "# Disk DescriptorFile\n", "the descriptor of a VMDK" },
        };
        const char *path = scratch_path(state, "image.raw");
        struct image_reader *reader = NULL;
        uint8_t bytes[4096];
        struct ingot_error err;

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                memset(bytes, 0, sizeof(bytes));
                memcpy(bytes + rows[i].at_bytes, rows[i].magic, strlen(rows[i].magic));
                write_bytes(path, bytes, sizeof(bytes));
                assert_int_equal(image_reader_open(path, IMAGE_CACHED, &reader, &err), INGOT_E_FORMAT);
                assert_non_null(strstr(ingot_error_frame(&err, 0), rows[i].kind));
        }
        write_bytes(path, bytes, 0);
        assert_int_equal(image_reader_open(path, IMAGE_CACHED, &reader, NULL), INGOT_E_FORMAT);
        assert_int_equal(image_reader_open(scratch_path(state, "none"), IMAGE_CACHED, &reader, NULL),
                         INGOT_E_NOT_FOUND);
        assert_int_equal(image_reader_open(*state, IMAGE_CACHED, &reader, NULL), INGOT_E_USAGE);
        assert_null(reader);
}

static enum ingot_code read_through(const char *path)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        struct assemble_request request = { .extents = &list, .raw_fd = FD_NONE };
        OWNED(block_map_release) struct block_map map = { .size_bytes = 0 };
        enum ingot_code r = image_reader_open(path, IMAGE_CACHED, &reader, NULL);

        if (!r)
                r = image_extents(reader, &list, NULL);
        if (r)
                return r;
        request.size_bytes = image_reader_size_bytes(reader);
        return assemble(&request, &map, NULL);
}

/* Rule 3: one field after another is put out of its range. */
static void numbers_that_make_no_sense_are_refused(void **state)
{
        static const struct {
                size_t at_bytes;
                uint64_t value;
        } rows[] = {
                { 4, 4 },  /* version; also changes the flags */
                { 12, 0 }, /* capacity */
                { 12, ((uint64_t)1 << 32) + 1 },
                { 20, 0 }, /* grain size */
                { 20, 100 },
                { 20, 1 << 20 },
                { 28, 1 << 30 }, /* descriptor: outside the file */
                { 28, UINT64_MAX },
                { 36, 0 }, /* no descriptor */
                { 44, 0 }, /* entries of a table; also the redundant directory */
                { 44, 513 },
                { 56, 1 << 30 }, /* the directory: outside the file */
                { 56, UINT64_MAX - 1 },
        };
        static const struct {
                const char *what;
                bool from_end;
                size_t at_bytes;
                uint8_t flip;
        } spots[] = {
                { "flags: no markers", false, 10, 0x02 },
                { "flags: not compressed", false, 10, 0x01 },
                { "not closed", false, 72, 1 },
                { "another compression", false, 77, 2 },
                { "the first grain's LBA", false, 65536, 1 },
                { "the first grain's size", false, 65536 + 11, 0x80 },
                { "the first grain's data", false, 65536 + 100, 1 },
                { "the footer's marker", true, 3 * 512 - 12, 1 },
                { "the footer's magic", true, 2 * 512, 1 },
                { "the footer's capacity", true, 2 * 512 - 12, 1 },
                { "the footer's grains", true, 2 * 512 - 20, 1 },
                { "the end's marker", true, 512 - 12, 1 },
        };
        const char *raw = scratch_path(state, "disk"), *vmdk = scratch_path(state, "disk.vmdk"),
                   *bad = scratch_path(state, "bad");
        struct convert_request request = { .in_path = raw,
                                           .out_path = vmdk,
                                           .out_format = IMAGE_VMDK_STREAM,
                                           .compression = compression_default,
                                           .threads = 0 };
        struct convert_result result;
        char *bytes = NULL;
        size_t size_bytes;

        make_raw(raw);
        assert_int_equal(convert(&request, &result, NULL), INGOT_OK);
        block_map_release(&result.map);
        assert_int_equal(read_through(vmdk), INGOT_OK);
        assert_int_equal(fd_read_file(vmdk, 1 << 24, &bytes, &size_bytes, NULL), INGOT_OK);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                uint64_t was = get_le64((uint8_t *)bytes + rows[i].at_bytes);

                put_le64((uint8_t *)bytes + rows[i].at_bytes, rows[i].value);
                write_bytes(bad, bytes, size_bytes);
                assert_int_equal(read_through(bad), INGOT_E_FORMAT);
                put_le64((uint8_t *)bytes + rows[i].at_bytes, was);
        }
        for (size_t cut = 1; cut < size_bytes; cut += cut / 2 + 300) { /* truncated anywhere */
                write_bytes(bad, bytes, size_bytes - cut);
                assert_int_equal(read_through(bad), INGOT_E_FORMAT);
        }
        for (size_t i = 0; i < sizeof(spots) / sizeof(spots[0]); i++) {
                size_t at = spots[i].from_end ? size_bytes - spots[i].at_bytes : spots[i].at_bytes;

                bytes[at] ^= (char)spots[i].flip;
                write_bytes(bad, bytes, size_bytes);
                if (read_through(bad) != INGOT_E_FORMAT)
                        fail_msg("%s", spots[i].what);
                bytes[at] ^= (char)spots[i].flip;
        }
        free(bytes);
}

/* vmdk_reader.h rule 3 */
static void shared_grains_are_refused(void **state)
{
        const char *raw = scratch_path(state, "disk"), *vmdk = scratch_path(state, "image");
        struct vmdk_header header;
        uint8_t *bytes = NULL;
        uint32_t table;
        size_t size_bytes;

        make_raw(raw);
        if (!qemu_convert(state, raw, vmdk, "monolithicSparse")) {
                print_message("skipped: there is no qemu-img\n");
                skip();
        }
        assert_int_equal(fd_read_file(vmdk, 1 << 26, (char **)&bytes, &size_bytes, NULL), INGOT_OK);
        assert_true(vmdk_header_decode(bytes, &header));
        table = get_le32(bytes + header.directory_sector * 512);
        for (size_t i = 0; i < 512; i++)
                memcpy(bytes + (size_t)table * 512 + 4 * i, bytes + (size_t)table * 512, 4);
        write_bytes(vmdk, bytes, size_bytes);
        assert_int_equal(read_through(vmdk), INGOT_E_FORMAT);
        free(bytes);
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCRATCH(raw_disks_read_back),
                SCRATCH(vmdks_that_qemu_made_read_back),
                SCRATCH(ranges_name_what_may_hold_data),
                SCRATCH(a_foreign_format_is_refused_by_its_name),
                SCRATCH(numbers_that_make_no_sense_are_refused),
                SCRATCH(shared_grains_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
