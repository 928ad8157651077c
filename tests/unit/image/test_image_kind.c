/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "image/image_kind.h"
#include "support/cmocka_all.h"

#define TEXT(text) (text), sizeof(text) - 1

static const struct row {
        const char *name;
        size_t at_bytes; /* from the front; negative places are counted from the end */
        bool from_end;
        const char *bytes;
        size_t bytes_bytes;
        enum image_kind kind;
        const char *called;
} rows[] = {
        { "nothing but zeros", 0, false, TEXT(""), IMAGE_KIND_RAW, "a raw disk" },
        { "an MBR", 510, false, TEXT("\x55\xaa"), IMAGE_KIND_RAW, "a raw disk" },
        { "a GPT", 512, false, TEXT("EFI PART"), IMAGE_KIND_RAW, "a raw disk" },
        { "a VMDK", 0, false, TEXT("KDMV\1"), IMAGE_KIND_VMDK, "a VMDK" },
        { "qcow2", 0, false, TEXT("QFI\xfb\0\0\0\3"), IMAGE_KIND_QCOW2, "a qcow2 image" },
        { "qcow 1", 0, false, TEXT("QFI\xfb\0\0\0\1"), IMAGE_KIND_FOREIGN, "a qcow image of version 1" },
        { "dynamic VHD", 0, false, TEXT("conectix"), IMAGE_KIND_VHD_DYNAMIC, "a dynamic VHD image" },
        { "fixed VHD", 512, true, TEXT("conectix"), IMAGE_KIND_VHD_FIXED, "a fixed VHD image" },
        { "old VHD", 511, true, TEXT("conectix"), IMAGE_KIND_FOREIGN, "a VHD image of before 2004" },
        { "a cookie in the midst", 1024, true, TEXT("conectix"), IMAGE_KIND_RAW, "a raw disk" },
        { "VHDX", 0, false, TEXT("vhdxfile"), IMAGE_KIND_VHDX, "a VHDX image" },
        { "VDI", 64, false, TEXT("\x7f\x10\xda\xbe"), IMAGE_KIND_VDI, "a VDI image" },
        { "gzip", 0, false, TEXT("\x1f\x8b\x08"), IMAGE_KIND_GZIP, "a gzip file" },
        { "xz", 0, false, TEXT("\xfd\x37zXZ\0"), IMAGE_KIND_XZ, "an xz file" },
        { "zstd", 0, false, TEXT("\x28\xb5\x2f\xfd"), IMAGE_KIND_ZSTD, "a zstd file" },
        { "bzip2", 0, false, TEXT("BZh9"), IMAGE_KIND_BZIP2, "a bzip2 file" },
        { "lz4", 0, false, TEXT("\x04\x22\x4d\x18"), IMAGE_KIND_LZ4, "an lz4 file" },
        { "tar", 257, false, TEXT("ustar"), IMAGE_KIND_FOREIGN, "a tar or OVA archive" },
        { "Apple's", 512, true, TEXT("koly\0\0\0\4"), IMAGE_KIND_FOREIGN, "an Apple disk image" },
        { "a descriptor", 0, false, TEXT("# Disk DescriptorFile\n"), IMAGE_KIND_VMDK_DESCRIPTOR, NULL },
        { "one by Windows", 0, false, TEXT("# disk descriptorfile\r\n"), IMAGE_KIND_VMDK_DESCRIPTOR, NULL },
        { "one after a blank line", 0, false, TEXT("\n  \n# Disk DescriptorFile\n"),
          IMAGE_KIND_VMDK_DESCRIPTOR, NULL },
        { "one without its title", 0, false, TEXT("# mine\nversion=1\n"), IMAGE_KIND_VMDK_DESCRIPTOR, NULL },
        { "a text", 0, false, TEXT("hello\nversion=1\n"), IMAGE_KIND_RAW, NULL },
};

static void a_kind_is_told_by_its_bytes(void **state)
{
        static uint8_t file[8192];

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                const struct row *row = &rows[i];
                const char *called = NULL;
                enum image_kind kind;

                memset(file, 0, sizeof(file));
                memcpy(file + (row->from_end ? sizeof(file) - row->at_bytes : row->at_bytes), row->bytes,
                       row->bytes_bytes);
                kind = image_kind_of(file, IMAGE_KIND_HEAD_BYTES, file + sizeof(file) - IMAGE_KIND_TAIL_BYTES,
                                     IMAGE_KIND_TAIL_BYTES, &called);
                if (kind != row->kind || (row->called && strcmp(called, row->called) != 0))
                        fail_msg("%s: kind %d, '%s'", row->name, (int)kind, called);
        }
}

static void every_length_is_fine(void **state) /* rule 3 */
{
        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                for (size_t size_bytes = 0; size_bytes <= rows[i].bytes_bytes; size_bytes++) {
                        uint8_t exact[64];

                        memcpy(exact, rows[i].bytes, size_bytes);
                        (void)image_kind_of(exact, size_bytes, exact, size_bytes, NULL);
                }
        }
        assert_int_equal(image_kind_of(NULL, 0, NULL, 0, NULL), IMAGE_KIND_RAW);
        assert_int_equal(image_kind_of((const uint8_t *)"QF", 2, (const uint8_t *)"QF", 2, NULL),
                         IMAGE_KIND_RAW);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_kind_is_told_by_its_bytes),
                cmocka_unit_test(every_length_is_fine),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
