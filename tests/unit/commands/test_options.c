/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "commands/options.h"

static const struct command build = {
        .name = "build",
        .operands = "TEMPLATE",
        .about = "",
        .options = OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_MAPPING) | OPTION_BIT(OPTION_SET) |
                   OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET) | OPTION_BIT(OPTION_FORMATS) |
                   OPTION_BIT(OPTION_COMPRESSOR) | OPTION_BIT(OPTION_THREADS),
        .required = OPTION_BIT(OPTION_OUTPUT),
        .operand_min = 1,
        .operand_max = 2,
};

enum { WORDS_MAX = 8 };

static enum ingot_code parse(const char *const words[WORDS_MAX], struct arguments *arguments,
                             struct ingot_error *err)
{
        int count = 0;

        memset(arguments, 0, sizeof(*arguments));
        while (count < WORDS_MAX && words[count])
                count++;
        return arguments_parse(&build, count, words, arguments, err);
}

static void spellings_are_the_same(void **state) /* rules 1 and 2 */
{
        static const char *const cases[][WORDS_MAX] = {
                { "t.yaml", "--output=dir", "--json", "--quiet" },
                { "--output", "dir", "-j", "t.yaml", "-q" },
                { "-jq", "-o", "dir", "t.yaml" },
                { "-qjodir", "t.yaml" },
                { "-o", "dir", "-jq", "--", "t.yaml" },
        };
        struct arguments arguments;
        struct ingot_error err;

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                assert_int_equal(parse(cases[i], &arguments, &err), INGOT_OK);
                assert_string_equal(arguments.value[OPTION_OUTPUT], "dir");
                assert_true(arguments.given[OPTION_JSON] && arguments.given[OPTION_QUIET]);
                assert_int_equal(arguments.operand_count, 1);
                assert_string_equal(arguments.operands[0], "t.yaml");
                arguments_release(&arguments);
        }
}

static void hyphens_may_be_operands(void **state) /* rule 1 */
{
        static const char *const words[WORDS_MAX] = { "-o", "-", "--", "--json", "-" };
        struct arguments arguments;
        struct ingot_error err;

        (void)state;
        assert_int_equal(parse(words, &arguments, &err), INGOT_OK);
        assert_string_equal(arguments.value[OPTION_OUTPUT], "-");
        assert_string_equal(arguments.operands[0], "--json");
        assert_string_equal(arguments.operands[1], "-");
        assert_false(arguments.given[OPTION_JSON]);
        arguments_release(&arguments);
}

static void settings_add_up(void **state) /* rule 3 */
{
        static const char *const words[WORDS_MAX] = { "-o", "d", "t", "--set", "a=1=2", "-sb=" };
        struct arguments arguments;
        struct ingot_error err;

        (void)state;
        assert_int_equal(parse(words, &arguments, &err), INGOT_OK);
        assert_int_equal(arguments.setting_count, 2);
        assert_string_equal(arguments.settings[0].key, "a");
        assert_string_equal(arguments.settings[0].value, "1=2");
        assert_string_equal(arguments.settings[1].key, "b");
        assert_string_equal(arguments.settings[1].value, "");
        arguments_release(&arguments);
}

static void mistakes_are_named(void **state) /* rules 3 and 5 */
{
        static const struct {
                const char *words[WORDS_MAX], *says;
        } cases[] = {
                { { "--outptu", "d", "t" }, "there is no option '--outptu'; the nearest is '--output'" },
                { { "--outptu=d", "t" }, "there is no option '--outptu'; the nearest is '--output'" },
                { { "--xyzzy", "t" }, "there is no option '--xyzzy'; see 'ingot build --help'" },
                { { "-x" }, "there is no option '-x'; see 'ingot build --help'" },
                { { "-jx" }, "there is no option '-x'; see 'ingot build --help'" },
                { { "--listen", "x" }, "there is no option '--listen'; see 'ingot build --help'" },
                { { "t", "--output" }, "option '--output' needs a value (DIR)" },
                { { "t", "--output=" }, "option '--output' needs a value (DIR), not an empty text" },
                { { "t", "--json=yes" }, "option '--json' takes no value" },
                { { "t", "-oa", "-ob" }, "option '--output' is given twice" },
                { { "t", "--set", "a" }, "'--set a' is not KEY=VALUE" },
                { { "t", "--set", "=a" }, "'--set =a' is not KEY=VALUE" },
                { { "t", "--set", "a=1", "-sa=2" }, "'--set a=2' gives a key that is set already" },
                { { "t" }, "'ingot build' needs '--output DIR': the folder for images and manifest" },
                { { "-oa" }, "'ingot build' needs TEMPLATE; see 'ingot build --help'" },
                { { "-oa", "a", "b", "c" }, "'c' is one word too many after 'b'" },
        };
        struct arguments arguments;
        struct ingot_error err;

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                assert_int_equal(parse(cases[i].words, &arguments, &err), INGOT_E_USAGE);
                assert_string_equal(ingot_error_frame(&err, 0), cases[i].says);
                arguments_release(&arguments);
        }
}

static void help_asks_for_nothing_else(void **state)
{
        static const char *const words[WORDS_MAX] = { "--help" };
        struct arguments arguments;
        struct ingot_error err;

        (void)state;
        assert_int_equal(parse(words, &arguments, &err), INGOT_OK);
        assert_true(arguments.given[OPTION_HELP]);
}

static void formats_are_bits(void **state)
{
        static const struct {
                const char *text;
                unsigned formats;
        } cases[] = {
                { "raw", INGOT_FORMAT_RAW },
                { "vmdk", INGOT_FORMAT_VMDK },
                { "vmdk,raw", INGOT_FORMAT_RAW | INGOT_FORMAT_VMDK },
                { "raw,raw", INGOT_FORMAT_RAW },
        };
        static const char *const wrong[] = { "raw,", ",raw", "RAW", "raw vmdk", "qcow2" };
        struct arguments arguments = { 0 };
        struct ingot_error err;
        unsigned formats;

        (void)state;
        assert_int_equal(arguments_formats(&arguments, INGOT_FORMAT_VMDK, &formats, &err), INGOT_OK);
        assert_int_equal(formats, INGOT_FORMAT_VMDK);
        arguments.given[OPTION_FORMATS] = true;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                arguments.value[OPTION_FORMATS] = cases[i].text;
                assert_int_equal(arguments_formats(&arguments, 0, &formats, &err), INGOT_OK);
                assert_int_equal(formats, cases[i].formats);
        }
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                arguments.value[OPTION_FORMATS] = wrong[i];
                assert_int_equal(arguments_formats(&arguments, 0, &formats, &err), INGOT_E_USAGE);
        }
}

static void numbers_are_whole(void **state)
{
        static const char *const wrong[] = { "-1", "", "1x", "x", " 1", "99999999999999999999", "1.5", "+1" };
        struct arguments arguments = { .given[OPTION_THREADS] = true, .value[OPTION_THREADS] = "16" };
        struct ingot_error err;
        unsigned number;

        (void)state;
        assert_int_equal(arguments_number(&arguments, OPTION_THREADS, 0, &number, &err), INGOT_OK);
        assert_int_equal(number, 16);
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                arguments.value[OPTION_THREADS] = wrong[i];
                assert_int_equal(arguments_number(&arguments, OPTION_THREADS, 0, &number, &err),
                                 INGOT_E_USAGE);
        }
}

static void compressors_may_have_a_level(void **state)
{
        struct arguments arguments = { .given[OPTION_COMPRESSOR] = true };
        static const char *const wrong[] = { "zlibb", "zlib:", "zlib:x",
                                             "",      ":6",    "a-name-that-is-far-too-long-for-it" };
        struct ingot_error err;
        const char *name;
        char kept[16];
        int level;

        (void)state;
        arguments.value[OPTION_COMPRESSOR] = "libdeflate:6";
        assert_int_equal(arguments_compressor(&arguments, kept, sizeof(kept), &name, &level, &err), INGOT_OK);
        assert_string_equal(name, "libdeflate");
        assert_int_equal(level, 6);
        arguments.value[OPTION_COMPRESSOR] = "zlib";
        assert_int_equal(arguments_compressor(&arguments, kept, sizeof(kept), &name, &level, &err), INGOT_OK);
        assert_int_equal(level, -1);
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                arguments.value[OPTION_COMPRESSOR] = wrong[i];
                assert_int_equal(arguments_compressor(&arguments, kept, sizeof(kept), &name, &level, &err),
                                 INGOT_E_USAGE);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(spellings_are_the_same),
                cmocka_unit_test(hyphens_may_be_operands),
                cmocka_unit_test(settings_add_up),
                cmocka_unit_test(mistakes_are_named),
                cmocka_unit_test(help_asks_for_nothing_else),
                cmocka_unit_test(formats_are_bits),
                cmocka_unit_test(numbers_are_whole),
                cmocka_unit_test(compressors_may_have_a_level),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
