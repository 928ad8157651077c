/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "image/vmdk_format.h"
#include "support/cmocka_all.h"

static void decode_is_the_twin_of_encode(void **state)
{
        struct vmdk_header header = {
                .version = 3,
                .flags = 0x30001,
                .capacity_sectors = 0x123456789,
                .grain_sectors = 128,
                .descriptor_sector = 1,
                .descriptor_sectors = 20,
                .table_entries = 512,
                .redundant_directory_sector = 21,
                .directory_sector = VMDK_GD_AT_END,
                .overhead_sectors = 128,
                .unclean_shutdown = true,
                .compression = 1,
        };
        struct vmdk_header decoded;
        uint8_t bytes[VMDK_HEADER_BYTES], again[VMDK_HEADER_BYTES];

        (void)state;
        vmdk_header_encode(&header, bytes);
        assert_true(vmdk_header_decode(bytes, &decoded));
        vmdk_header_encode(&decoded, again);
        assert_memory_equal(bytes, again, sizeof(bytes));
        assert_int_equal(decoded.capacity_sectors, header.capacity_sectors);
        assert_memory_equal(bytes, "KDMV\3\0\0\0\1\0\3\0", 12);
        assert_memory_equal(bytes + 73, "\n \r\n\1\0", 6);
}

static void a_header_spoilt_in_transfer_is_none(void **state)
{
        struct vmdk_header header = { .flags = VMDK_FLAG_NEWLINES };
        uint8_t bytes[VMDK_HEADER_BYTES];

        (void)state;
        vmdk_header_encode(&header, bytes);
        bytes[75] = '\n';
        assert_false(vmdk_header_decode(bytes, &header));
        memset(bytes, 0, sizeof(bytes));
        assert_false(vmdk_header_decode(bytes, &header));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(decode_is_the_twin_of_encode),
                cmocka_unit_test(a_header_spoilt_in_transfer_is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
