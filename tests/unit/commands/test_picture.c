/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "commands/picture.h"

#define MIB (UINT64_C(1024) * 1024)

static struct ingot_partition_info partitions[] = {
        { .number = 14, .name = "bios", .start_bytes = MIB, .size_bytes = MIB, .boot_loader = "GRUB core" },
        { .number = 15,
          .name = "esp",
          .start_bytes = 2 * MIB,
          .size_bytes = 64 * MIB,
          .file_system = "vfat",
          .mount = "/boot/efi",
          .used_bytes = 4 * MIB,
          .free_bytes = 60 * MIB },
        { .number = 1,
          .name = "root",
          .start_bytes = 66 * MIB,
          .size_bytes = 1981 * MIB,
          .file_system = "ext4",
          .mount = "/",
          .used_bytes = 487 * MIB,
          .free_bytes = 1300 * MIB },
};

static struct ingot_image_info image_of_3(void)
{
        return (struct ingot_image_info){ .path = "out/xvda.raw",
                                          .format = "raw",
                                          .device_name = "/dev/xvda",
                                          .partition_table = "gpt",
                                          .size_bytes = 2048 * MIB,
                                          .allocated_bytes = 563 * MIB,
                                          .partitions = partitions,
                                          .partition_count = 3 };
}

static char *draw(const struct ingot_image_info *image, unsigned columns, bool utf8)
{
        const struct picture_style style = { .columns = columns, .utf8 = utf8 };
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        picture_print(image, &style, out);
        (void)fclose(out);
        return text;
}

static size_t widest(const char *text)
{
        size_t best = 0, columns = 0;

        for (; *text; text++) {
                columns = *text == '\n' ? 0 : columns + ((*text & 0xC0) != 0x80);
                best = columns > best ? columns : best;
        }
        return best;
}

static void box_is_as_wide_as_asked_and_ascii(void **state) /* rules 1 to 3 */
{
        struct ingot_image_info image = image_of_3();
        char *text = draw(&image, 60, false);

        (void)state;
        assert_non_null(strstr(text, "+--+--+----------------------------------------------------+\n"
                                     "|14|15|1 root /                                            |\n"
                                     "|  |#.|##############......................................|\n"
                                     "+--+--+----------------------------------------------------+\n"));
        assert_int_equal(widest(text), 60);
        free(text);
}

static void no_width_is_exceeded(void **state) /* rule 2 */
{
        struct ingot_image_info image = image_of_3();
        const char *const warnings[] = {
                "a warning that is much longer than any terminal one would like to have"
        };

        (void)state;
        image.warnings = warnings;
        image.warning_count = 1;
        image.image_digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        for (unsigned columns = 20; columns < 300; columns += 7) {
                char *text = draw(&image, columns, columns % 2);

                assert_true(widest(text) <= columns || widest(text) <= 22); /* 22: the key to the strokes */
                free(text);
        }
}

static void gaps_are_free_space(void **state)
{
        struct ingot_image_info image = image_of_3();
        char *text;

        (void)state;
        image.size_bytes = 8192 * MIB;
        text = draw(&image, 80, false);
        assert_non_null(strstr(text, "|free "));
        assert_non_null(strstr(text, "     free                 6.00 GiB"));
        free(text);
}

static void texts_of_an_image_are_tamed(void **state) /* rule 3 */
{
        struct ingot_image_info image = image_of_3();
        struct ingot_partition_info hostile = {
                .number = 1, .name = "a\033[2Jb\n\xC3\xA4", .size_bytes = 2048 * MIB, .file_system = "ext4"
        };
        char *text;

        (void)state;
        image.partitions = &hostile;
        image.partition_count = 1;
        text = draw(&image, 80, false);
        assert_null(strchr(text, '\033'));
        assert_non_null(strstr(text, "1 a?[2Jb??"));
        free(text);
}

static void many_partitions_are_a_list(void **state)
{
        struct ingot_image_info image = image_of_3();
        struct ingot_partition_info many[128];
        char *text;

        (void)state;
        for (unsigned i = 0; i < 128; i++)
                many[i] = (struct ingot_partition_info){ .number = i + 1,
                                                         .start_bytes = (i + 1) * MIB,
                                                         .size_bytes = MIB };
        image.partitions = many;
        image.partition_count = 128;
        text = draw(&image, 80, false);
        assert_null(strstr(text, "+-"));
        assert_non_null(strstr(text, " 128 "));
        free(text);
}

static void division_keeps_minima_and_sum(void **state) /* rule 1 */
{
        static const struct {
                uint64_t sizes[4];
                unsigned minima[4], columns, widths[4];
        } cases[] = {
                { { 1, 1, 1, 1 }, { 1, 1, 1, 1 }, 40, { 10, 10, 10, 10 } },
                { { 1, 1, 1, 997 }, { 2, 2, 2, 1 }, 40, { 2, 2, 2, 34 } },
                { { 0, 0, 0, 0 }, { 1, 1, 1, 1 }, 4, { 1, 1, 1, 1 } },
                { { UINT64_MAX, UINT64_MAX, 0, 0 }, { 1, 1, 1, 1 }, 12, { 5, 5, 1, 1 } },
                { { 5, 5, 5, 5 }, { 9, 9, 9, 9 }, 10, { 9, 9, 9, 9 } }, /* the minima alone are more */
        };
        unsigned widths[4];

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                picture_divide(cases[i].sizes, cases[i].minima, 4, cases[i].columns, widths);
                assert_memory_equal(widths, cases[i].widths, sizeof(widths));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(box_is_as_wide_as_asked_and_ascii),
                cmocka_unit_test(no_width_is_exceeded),
                cmocka_unit_test(gaps_are_free_space),
                cmocka_unit_test(texts_of_an_image_are_tamed),
                cmocka_unit_test(many_partitions_are_a_list),
                cmocka_unit_test(division_keeps_minima_and_sum),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
