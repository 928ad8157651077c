/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/endian.h"
#include "image/vhd_footer.h"
#include "support/cmocka_all.h"

static void mend_checksum(uint8_t footer[VHD_FOOTER_BYTES])
{
        uint32_t sum = 0;

        put_be32(footer + 64, 0);
        for (unsigned i = 0; i < VHD_FOOTER_BYTES; i++)
                sum += footer[i];
        put_be32(footer + 64, ~sum);
}

static void make_footer(uint8_t footer[VHD_FOOTER_BYTES], uint32_t type, uint64_t size_bytes)
{
        memset(footer, 0, VHD_FOOTER_BYTES);
        memcpy(footer, "conectix", 8);
        put_be32(footer + 12, 0x00010000);
        put_be64(footer + 48, size_bytes);
        put_be32(footer + 60, type);
        mend_checksum(footer);
}

static void type_and_size_are_read(void **state)
{
        uint8_t bytes[VHD_FOOTER_BYTES];
        struct vhd_footer footer;

        (void)state;
        make_footer(bytes, 2, 1 << 20);
        assert_int_equal(vhd_footer_decode(bytes, "x", &footer, NULL), INGOT_OK);
        assert_int_equal(footer.type, VHD_FIXED);
        assert_int_equal(footer.size_bytes, 1 << 20);
        make_footer(bytes, 3, 512);
        assert_int_equal(vhd_footer_decode(bytes, "x", &footer, NULL), INGOT_OK);
        assert_int_equal(footer.type, VHD_DYNAMIC);
}

static void a_footer_that_makes_no_sense_is_refused(void **state)
{
        static const struct {
                const char *name;
                uint32_t type;
                uint64_t size_bytes;
                size_t spoil_at_bytes; /* with the checksum mended afterwards; 0: none */
        } rows[] = {
                { "a parent", 4, 1 << 20, 0 },     { "no type", 0, 1 << 20, 0 },
                { "type 5", 5, 1 << 20, 0 },       { "no size", 2, 0, 0 },
                { "half a sector", 2, 1000, 0 },   { "all ones", 2, UINT64_MAX, 0 },
                { "2^63", 2, 1ULL << 63, 0 },      { "its cookie", 2, 1 << 20, 3 },
                { "its version", 2, 1 << 20, 12 },
        };
        uint8_t bytes[VHD_FOOTER_BYTES];
        struct vhd_footer footer;

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                make_footer(bytes, rows[i].type, rows[i].size_bytes);
                if (rows[i].spoil_at_bytes) {
                        bytes[rows[i].spoil_at_bytes] ^= 0x5a;
                        mend_checksum(bytes);
                }
                if (vhd_footer_decode(bytes, "x", &footer, NULL) != INGOT_E_FORMAT)
                        fail_msg("%s is taken", rows[i].name);
        }
}

static void any_bit_that_is_another_is_noticed(void **state) /* rule 1 */
{
        uint8_t bytes[VHD_FOOTER_BYTES];
        struct vhd_footer footer;

        (void)state;
        for (unsigned bit = 0; bit < VHD_FOOTER_BYTES * 8; bit += 7) {
                make_footer(bytes, 2, 1 << 20);
                bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
                assert_int_equal(vhd_footer_decode(bytes, "x", &footer, NULL), INGOT_E_FORMAT);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(type_and_size_are_read),
                cmocka_unit_test(a_footer_that_makes_no_sense_is_refused),
                cmocka_unit_test(any_bit_that_is_another_is_noticed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
