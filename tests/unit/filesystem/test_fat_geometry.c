/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "filesystem/fat_geometry.h"

static const uint64_t mib = UINT64_C(1) << 20;

static void sizes_decide_the_type(void **state) /* rules 2 to 4 */
{
        static const struct {
                uint64_t mib;
                unsigned bits;
                uint32_t cluster_sectors;
        } rows[] = {
                { 1, 0, 0 },       { 2, 0, 0 },         { 3, 16, 1 },      { 16, 16, 1 },
                { 32, 16, 1 },     { 33, 32, 1 },       { 64, 32, 1 },     { 260, 32, 1 },
                { 261, 32, 8 },    { 8192, 32, 8 },     { 8193, 32, 16 },  { 16385, 32, 32 },
                { 32769, 32, 64 }, { 2097151, 32, 64 }, { 2097152, 0, 0 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct fat_geometry geometry = { .fat_bits = 0 };
                bool is_possible = fat_geometry_choose(rows[i].mib * mib, &geometry);

                if (is_possible != (rows[i].bits != 0) || geometry.fat_bits != rows[i].bits ||
                    geometry.cluster_sectors != rows[i].cluster_sectors)
                        fail_msg("%d MiB: FAT%u with %u sectors", (int)rows[i].mib, geometry.fat_bits,
                                 geometry.cluster_sectors);
        }
}

static void every_size_keeps_its_distance_and_fits(void **state) /* rule 1 */
{
        bool was_32 = false;

        (void)state;
        for (uint64_t sectors = 4000; sectors < 140000; sectors++) {
                struct fat_geometry g;
                uint64_t end;

                if (!fat_geometry_choose(sectors * 512, &g)) {
                        assert_true(sectors < 4300);
                        continue;
                }
                end = g.data_lba + (uint64_t)g.cluster_count * g.cluster_sectors;
                assert_true(end <= sectors && sectors - end < g.cluster_sectors + 2U);
                assert_int_equal(g.data_lba, g.reserved_sectors + 2 * g.fat_sectors + g.root_sectors);
                assert_true((uint64_t)g.fat_sectors * 512 * 8 / g.fat_bits >= g.cluster_count + 2U);
                if (g.fat_bits == 32)
                        assert_true(g.cluster_count >= 65525 + 16);
                else
                        assert_true(g.cluster_count >= 4085 + 16 && g.cluster_count < 65525 - 16);
                assert_true(!was_32 || g.fat_bits == 32);
                if (!was_32 && g.fat_bits == 32)
                        assert_int_equal(sectors, 66599);
                was_32 = g.fat_bits == 32;
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sizes_decide_the_type),
                cmocka_unit_test(every_size_keeps_its_distance_and_fits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
