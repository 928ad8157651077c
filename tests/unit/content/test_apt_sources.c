/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "content/apt_sources.h"

static const struct apt_wish trixie_of_bookworm = { .suite = "trixie",
                                                    .machine_suite = "bookworm",
                                                    .components = "main" };

static void check(const char *text, bool is_list, const struct apt_wish *wish, const char *expected)
{
        struct buffer out = BUFFER_INIT(64 * 1024);
        struct ingot_error err;

        assert_int_equal(apt_sources_select(text, is_list, wish, &out, &err), INGOT_OK);
        assert_string_equal(out.bytes, expected);
        buffer_release(&out);
}

static void stanzas_are_moved_to_the_wanted_suite(void **state) /* rules 1, 2 and 4 */
{
        (void)state;
        check("Types: deb\n"
              "# a comment that some readers refuse\n"
              "URIs: http://mirror.example/debian\n"
              "Suites: bookworm bookworm-updates bookworm-backports\n"
              "Components: main contrib\n"
              "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
              "\n"
              "Types: deb deb-src\n"
              "URIs: http://mirror.example/debian-security\n"
              "Suites: bookworm-security\n"
              "Components: main\n",
              false, &trixie_of_bookworm,
              "Types: deb\n"
              "URIs: http://mirror.example/debian\n"
              "Suites: trixie trixie-updates\n"
              "Components: main\n"
              "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
              "\n"
              "Types: deb\n"
              "URIs: http://mirror.example/debian-security\n"
              "Suites: trixie-security\n"
              "Components: main\n");
}

static void lines_become_stanzas(void **state)
{
        (void)state;
        check("# header\n"
              "deb http://mirror.example/debian bookworm main contrib # why\n"
              "deb-src http://mirror.example/debian bookworm main\n"
              "  deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
              "http://mirror.example/debian-security bookworm-security main\r\n"
              "deb cdrom:[Debian]/ bookworm main",
              true, &trixie_of_bookworm,
              "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\n"
              "\n"
              "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: trixie-security\n"
              "Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
              "\n"
              "Types: deb\nURIs: cdrom:[Debian]/\nSuites: trixie\nComponents: main\n");
}

static void others_are_dropped(void **state) /* rule 1 */
{
        static const struct {
                const char *name, *text;
                bool is_list;
        } cases[] = {
                { "another vendor's key",
                  "deb [signed-by=/usr/share/keyrings/vendor.gpg] http://v.example/ bookworm main\n", true },
                { "a vendor's key beside Debian's",
                  "deb [signed-by=/k/debian-archive-keyring.gpg,/k/vendor.gpg] http://v.example/ bookworm "
                  "main\n",
                  true },
                { "another suite", "deb http://v.example/apt cloud-sdk-bookworm main\n", true },
                { "a suite that only starts alike", "deb http://v.example/apt bookworm-pgdg main\n", true },
                { "no main", "deb http://v.example/debian bookworm stable\n", true },
                { "flat repository", "deb http://v.example/ ./\n", true },
                { "bracket that never closes", "deb [arch=amd64 http://v.example/ bookworm main\n", true },
                { "nothing but the type", "deb\n", true },
                { "disabled",
                  "Types: deb\nURIs: http://m.example/\nSuites: bookworm\nComponents: main\nEnabled: No\n",
                  false },
                { "sources only",
                  "Types: deb-src\nURIs: http://m.example/\nSuites: bookworm\nComponents: main\n", false },
                { "a key of its own",
                  "Types: deb\nURIs: http://m.example/\nSuites: bookworm\nComponents: main\nSigned-By:\n"
                  " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0\n",
                  false },
                { "lines that are no fields", "hello\n world\n:\n\n\n\n:x\n", false },
                { "empty", "", false },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# %s\n", cases[i].name);
                check(cases[i].text, cases[i].is_list, &trixie_of_bookworm, "");
        }
}

static void field_that_does_not_fit_drops_its_entry(void **state)
{
        char text[4096] = "Types: deb\nURIs: http://m.example/\nSuites: bookworm\nComponents: main ";

        (void)state;
        memset(text + strlen(text), 'x', 2000);
        check(text, false, &trixie_of_bookworm, "");
}

static void rolling_suites_have_no_updates(void **state) /* rule 3 */
{
        const struct apt_wish sid = { .suite = "sid", .machine_suite = "bookworm", .components = "main" };

        (void)state;
        check("deb http://m.example/debian bookworm main\ndeb http://m.example/debian bookworm-updates "
              "main\n",
              true, &sid, "Types: deb\nURIs: http://m.example/debian\nSuites: sid\nComponents: main\n");
}

static void repeated_entries_are_printed_once(void **state) /* rule 4 */
{
        (void)state;
        check("deb http://m.example/debian bookworm main\ndeb http://m.example/debian stable main\n", true,
              &trixie_of_bookworm,
              "Types: deb\nURIs: http://m.example/debian\nSuites: trixie\nComponents: main\n");
}

static void put(void **state, const char *name, const char *text)
{
        struct ingot_error err;

        assert_int_equal(fd_replace_file(scratch_path(state, name), text, strlen(text), 0644, &err),
                         INGOT_OK);
}

static void machine_is_read_in_order(void **state)
{
        struct buffer out = BUFFER_INIT(64 * 1024);
        struct ingot_error err;

        assert_int_equal(fd_make_folders(scratch_path(state, "etc/apt/sources.list.d"), &err), INGOT_OK);
        put(state, "etc/os-release", "NAME=\"Debian GNU/Linux\"\nVERSION_CODENAME=bookworm\nID=debian\n");
        assert_int_equal(apt_sources_of_machine(*state, "trixie", "main", &out, &err), INGOT_E_NOT_FOUND);
        put(state, "etc/apt/sources.list", "deb http://one.example/debian bookworm main\n");
        put(state, "etc/apt/sources.list.d/b.list", "deb http://three.example/debian bookworm main\n");
        put(state, "etc/apt/sources.list.d/a.sources",
            "Types: deb\nURIs: http://two.example/debian\nSuites: bookworm\nComponents: main\n");
        put(state, "etc/apt/sources.list.d/a.sources.save", "deb http://no.example/debian bookworm main\n");
        assert_int_equal(apt_sources_of_machine(*state, "trixie", "main", &out, &err), INGOT_OK);
        assert_string_equal(
                out.bytes,
                "Types: deb\nURIs: http://one.example/debian\nSuites: trixie\nComponents: main\n\n"
                "Types: deb\nURIs: http://two.example/debian\nSuites: trixie\nComponents: main\n\n"
                "Types: deb\nURIs: http://three.example/debian\nSuites: trixie\nComponents: main\n");
        buffer_release(&out);
}

static void other_distribution_asks_for_a_mirror(void **state)
{
        struct buffer out = BUFFER_INIT(1024);
        struct ingot_error err;

        assert_int_equal(fd_make_folders(scratch_path(state, "etc/apt"), &err), INGOT_OK);
        put(state, "etc/os-release", "ID=ubuntu\nVERSION_CODENAME=noble\n");
        put(state, "etc/apt/sources.list", "deb http://one.example/debian noble main\n");
        assert_int_equal(apt_sources_of_machine(*state, "trixie", "main", &out, &err), INGOT_E_NOT_FOUND);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "mirror"));
        buffer_release(&out);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(stanzas_are_moved_to_the_wanted_suite),
                cmocka_unit_test(lines_become_stanzas),
                cmocka_unit_test(others_are_dropped),
                cmocka_unit_test(field_that_does_not_fit_drops_its_entry),
                cmocka_unit_test(rolling_suites_have_no_updates),
                cmocka_unit_test(repeated_entries_are_printed_once),
                cmocka_unit_test_setup_teardown(machine_is_read_in_order, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(other_distribution_asks_for_a_mirror, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
