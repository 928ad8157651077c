/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/endian.h"
#include "base/fd.h"
#include "image/image_reader.h"
#include "image/vmdk_writer.h"
#include "support/cmocka_all.h"
#include "support/sample.h"
#include "support/scratch.h"

static const struct digest content = { { 0x12, 0x34, 0x56, 0x78 } };

/* Writes a disk of 100 MiB and 3 sectors with blocks 0, 1 (its third grain zero), 70 and the short last one. */
static void write_disk(int fd, const struct digest *known)
{
        static const uint64_t indices[] = { 0, 1, 70, 200 };
        struct vmdk_identity identity = { "disk.vmdk", known };
        struct vmdk_packed_block packed = { .bytes = malloc(VMDK_PACKED_BLOCK_BYTES) };
        uint8_t *bytes = malloc(BLOCK_BYTES);
        struct vmdk_writer *writer = NULL;
        struct deflater *deflater = NULL;

        assert_int_equal(deflater_new(&compression_default, &deflater, NULL), INGOT_OK);
        assert_int_equal(
                vmdk_writer_new(fd, "disk.vmdk", 204803, &identity, &compression_default, &writer, NULL),
                INGOT_OK);
        for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
                sample_fill(indices[i] * BLOCK_BYTES, bytes, BLOCK_BYTES);
                if (indices[i] == 1)
                        memset(bytes + (size_t)2 * VMDK_GRAIN_BYTES, 0, VMDK_GRAIN_BYTES);
                if (indices[i] == 200)
                        memset(bytes + (size_t)3 * SECTOR_BYTES, 0, BLOCK_BYTES - (size_t)3 * SECTOR_BYTES);
                assert_int_equal(vmdk_block_pack(deflater, indices[i], bytes, &packed, NULL), INGOT_OK);
                assert_int_equal(vmdk_writer_append(writer, indices[i], &packed, NULL), INGOT_OK);
        }
        assert_int_equal(vmdk_writer_append(writer, 200, &packed, NULL), INGOT_E_BUG);
        assert_int_equal(vmdk_writer_finish(writer, NULL), INGOT_OK);
        assert_int_equal(vmdk_writer_seal(writer, &content, NULL), INGOT_OK);
        vmdk_writer_free(writer);
        deflater_free(deflater);
        free(packed.bytes);
        free(bytes);
}

static void write_file(const char *path, const struct digest *known)
{
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        write_disk(fd, known);
        assert_int_equal(fd_settle(&fd, path, NULL), INGOT_OK);
}

static void it_ends_with_footer_and_end_marker(void **state)
{
        const char *path = scratch_path(state, "disk.vmdk");
        struct vmdk_header header, footer;
        uint8_t *bytes = NULL;
        size_t size_bytes;

        write_file(path, NULL);
        assert_int_equal(fd_read_file(path, 1 << 24, (char **)&bytes, &size_bytes, NULL), INGOT_OK);
        assert_int_equal(size_bytes % SECTOR_BYTES, 0);
        assert_true(vmdk_header_decode(bytes, &header));
        assert_int_equal(header.version, 3);
        assert_int_equal(header.flags, 0x30001);
        assert_int_equal(header.capacity_sectors, 204803); /* rule 2: the true size */
        assert_true(header.directory_sector == VMDK_GD_AT_END);
        assert_true(vmdk_header_decode(bytes + size_bytes - 1024, &footer));
        assert_int_equal(get_le32(bytes + footer.directory_sector * 512 + 8), 0); /* 64..96 MiB: no table */
        assert_int_not_equal(get_le32(bytes + footer.directory_sector * 512 + 12), 0);
        assert_int_equal(get_le32(bytes + size_bytes - 1536 + 12), VMDK_MARKER_FOOTER);
        assert_int_equal(get_le32(bytes + size_bytes - 512 + 12), VMDK_MARKER_EOS);
        free(bytes);
}

/* Rule 3 */
static void knowing_the_content_early_or_late_gives_the_same_bytes(void **state)
{
        const char *early = scratch_path(state, "early"), *late = scratch_path(state, "late");

        write_file(early, &content);
        write_file(late, NULL);
        assert_int_equal(scratch_run(state, (const char *const[]){ "cmp", early, late, NULL }), 0);
}

/* Rule 1 */
static void a_pipe_will_do(void **state)
{
        const char *path = scratch_path(state, "disk.vmdk"), *piped = scratch_path(state, "piped.vmdk");
        int ends[2], status;
        pid_t child;

        write_file(path, &content);
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        child = fork();
        if (child == 0) {
                int fd = open(piped, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

                (void)dup2(ends[0], 0);
                (void)dup2(fd, 1);
                (void)close(ends[1]);
                (void)execlp("cat", "cat", (char *)NULL);
                _exit(127);
        }
        (void)close(ends[0]);
        write_disk(ends[1], &content);
        (void)close(ends[1]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(scratch_run(state, (const char *const[]){ "cmp", path, piped, NULL }), 0);
}

static void short_last_grain_is_padded(void **state)
{
        const char *path = scratch_path(state, "disk.vmdk");
        uint8_t wanted[3 * SECTOR_BYTES], found[3 * SECTOR_BYTES];
        struct image_reader *reader = NULL;

        write_file(path, NULL);
        assert_int_equal(image_reader_open(path, IMAGE_CACHED, &reader, NULL), INGOT_OK);
        assert_int_equal(image_reader_format(reader), IMAGE_VMDK_STREAM);
        assert_int_equal(image_reader_size_bytes(reader), 204803 * (uint64_t)SECTOR_BYTES);
        sample_fill(200 * (uint64_t)BLOCK_BYTES, wanted, sizeof(wanted));
        assert_int_equal(byte_source_read(image_reader_source(reader), 200 * (uint64_t)BLOCK_BYTES, found,
                                          sizeof(found), NULL),
                         INGOT_OK);
        assert_memory_equal(wanted, found, sizeof(wanted));
        assert_int_equal(byte_source_read(image_reader_source(reader), 204802 * (uint64_t)SECTOR_BYTES, found,
                                          1024, NULL),
                         INGOT_E_FORMAT);
        image_reader_free(reader);
}

static void qemu_img_finds_nothing_wrong(void **state)
{
        const char *path = scratch_path(state, "disk.vmdk");

        if (!scratch_has_program("qemu-img")) {
                print_message("skipped: there is no qemu-img\n");
                skip();
        }
        write_file(path, NULL);
        assert_int_equal(scratch_run(state, (const char *const[]){ "qemu-img", "check", path, NULL }), 0);
}

static void a_disk_that_a_vmdk_cannot_hold_is_refused(void **state)
{
        static const uint64_t sizes[] = { 0, (uint64_t)1 << 32 };
        struct vmdk_identity identity = { "disk.vmdk", NULL };
        struct vmdk_writer *writer = NULL;

        (void)state;
        for (size_t i = 0; i < 2; i++)
                assert_int_equal(
                        vmdk_writer_new(-1, "x", sizes[i], &identity, &compression_default, &writer, NULL),
                        INGOT_E_USAGE);
        assert_null(writer);
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCRATCH(it_ends_with_footer_and_end_marker),
                SCRATCH(knowing_the_content_early_or_late_gives_the_same_bytes),
                SCRATCH(a_pipe_will_do),
                SCRATCH(short_last_grain_is_padded),
                SCRATCH(qemu_img_finds_nothing_wrong),
                cmocka_unit_test(a_disk_that_a_vmdk_cannot_hold_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
