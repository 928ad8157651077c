/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "commands/progress.h"

static uint64_t now_ns;

static uint64_t fixed_now(void *context)
{
        (void)context;
        return now_ns;
}

static const struct clock fixed_clock = { .monotonic_ns = fixed_now };

struct screen {
        char *text;
        size_t size;
        struct progress progress;
};

static void screen_open(struct screen *screen, bool terminal, unsigned columns)
{
        now_ns = 1000000000;
        memset(screen, 0, sizeof(*screen));
        screen->progress.out = open_memstream(&screen->text, &screen->size);
        screen->progress.clock = &fixed_clock;
        screen->progress.terminal = terminal;
        screen->progress.columns = columns;
        assert_non_null(screen->progress.out);
}

static void screen_close(struct screen *screen)
{
        (void)fclose(screen->progress.out);
        free(screen->text);
}

static void show(struct screen *screen, uint64_t later_ms, const char *phase, uint64_t done_mib,
                 uint64_t total_mib)
{
        now_ns += later_ms * 1000000;
        progress_show(&screen->progress, phase, done_mib << 20, total_mib << 20);
        (void)fflush(screen->progress.out);
}

static void plain_lines_tell_begin_and_end(void **state)
{
        struct screen screen;

        (void)state;
        screen_open(&screen, false, 0);
        show(&screen, 0, "writing volume 'a'", 0, 500);
        show(&screen, 1000, "writing volume 'a'", 250, 500);
        show(&screen, 1000, "writing volume 'a'", 500, 500);
        show(&screen, 0, "flushing", 0, 0);
        now_ns += 50 * 1000000;
        progress_end(&screen.progress, true);
        (void)fflush(screen.progress.out);
        assert_string_equal(screen.text, "ingot: writing volume 'a'\n"
                                         "ingot: writing volume 'a': 500 MiB in 2.0 s\n"
                                         "ingot: flushing\n");
        screen_close(&screen);
}

static void long_phases_are_told_now_and_then(void **state)
{
        struct screen screen;

        (void)state;
        screen_open(&screen, false, 0);
        for (unsigned i = 0; i <= 20; i++)
                show(&screen, i ? 1000 : 0, "reading", i * 50, 1000);
        progress_end(&screen.progress, false);
        (void)fflush(screen.progress.out);
        assert_string_equal(screen.text, "ingot: reading\n"
                                         "ingot: reading: 75 %  50.0 MiB/s  0:05 left\n"
                                         "ingot: reading: stopped after 0.98 GiB in 20.0 s\n");
        screen_close(&screen);
}

static void terminal_line_is_redrawn_within_its_width(void **state) /* rule 1 */
{
        struct screen screen;

        (void)state;
        for (unsigned columns = 20; columns <= 200; columns += 9) {
                size_t used = 0;

                screen_open(&screen, true, columns);
                for (unsigned i = 0; i <= 100; i++)
                        show(&screen, i ? 150 : 0,
                             i < 50 ? "reading the root file system into its tree" : "writing '/dev/xvda'", i,
                             100);
                progress_end(&screen.progress, true);
                (void)fflush(screen.progress.out);
                assert_null(strchr(screen.text, '\033'));
                for (const char *at = screen.text; *at; at++) {
                        used = *at == '\r' || *at == '\n' ? 0 : used + 1;
                        assert_true(used < columns);
                }
                screen_close(&screen);
        }
}

static void terminal_is_not_drawn_more_than_ten_times_a_second(void **state) /* rule 1 */
{
        struct screen screen;
        unsigned draws = 0;

        (void)state;
        screen_open(&screen, true, 80);
        for (unsigned i = 0; i < 1000; i++)
                show(&screen, 1, "writing", i, 1000);
        for (const char *at = screen.text; *at; at++)
                draws += *at == '\r';
        assert_in_range(draws, 9, 11);
        assert_non_null(strstr(screen.text, "writing  [##"));
        assert_non_null(strstr(screen.text, " %  "));
        assert_non_null(strstr(screen.text, " left"));
        screen_close(&screen);
}

static void control_characters_of_a_file_name_do_not_reach_the_terminal(void **state)
{
        struct screen screen;

        (void)state;
        screen_open(&screen, true, 80);
        show(&screen, 0, "reading 'a\033[2J\nb'", 1, 0);
        assert_null(strchr(screen.text, '\033'));
        assert_null(strchr(screen.text, '\n'));
        screen_close(&screen);
}

static void quiet_writes_nothing(void **state) /* rule 4 */
{
        struct progress progress = { .out = NULL };

        (void)state;
        progress_show(&progress, "writing", 1, 2);
        progress_end(&progress, true);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plain_lines_tell_begin_and_end),
                cmocka_unit_test(long_phases_are_told_now_and_then),
                cmocka_unit_test(terminal_line_is_redrawn_within_its_width),
                cmocka_unit_test(terminal_is_not_drawn_more_than_ten_times_a_second),
                cmocka_unit_test(control_characters_of_a_file_name_do_not_reach_the_terminal),
                cmocka_unit_test(quiet_writes_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
