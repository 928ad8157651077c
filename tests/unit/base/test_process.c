/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "base/process.h"

static const char *const plain[] = { "PATH=/usr/bin:/bin", NULL };

static enum ingot_code sh(const char *script, const char *const *envp, const struct ingot_observer *observer,
                          struct ingot_error *err)
{
        const char *const argv[] = { "sh", "-c", script, NULL };
        const struct process_request request = { .argv = argv, .envp = envp, .phase = "running sh" };

        return process_run(&request, observer, err);
}

static void success_is_status_0(void **state)
{
        struct ingot_error err;

        (void)state;
        assert_int_equal(sh("echo fine", plain, NULL, &err), INGOT_OK);
}

static void failure_shows_the_last_lines(void **state) /* rule 1 */
{
        struct ingot_error err;

        (void)state;
        assert_int_equal(sh("for i in 1 2 3 4 5 6 7 8; do echo line $i; done; echo why >&2; exit 3", plain,
                            NULL, &err),
                         INGOT_E_SYSTEM);
        assert_string_equal(ingot_error_frame(&err, 0),
                            "'sh' ended with status 3: line 4 | line 5 | line 6 | "
                            "line 7 | line 8 | why");
}

static void failure_text_is_bounded_and_printable(void **state)
{
        struct ingot_error err;

        (void)state;
        assert_int_equal(sh("i=0; while [ $i -lt 400 ]; do printf 'abcdefghijklmnopqrstuvwxyz\\033[1m'; "
                            "i=$((i+1)); done; echo; echo end; exit 1",
                            plain, NULL, &err),
                         INGOT_E_SYSTEM);
        assert_null(strchr(ingot_error_frame(&err, 0), '\033'));
        assert_non_null(strstr(ingot_error_frame(&err, 0), "| end"));
        assert_true(strlen(ingot_error_frame(&err, 0)) < 700);
}

static void death_by_signal_is_told(void **state)
{
        struct ingot_error err;

        (void)state;
        assert_int_equal(sh("kill -9 $$", plain, NULL, &err), INGOT_E_SYSTEM);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "killed by signal 9"));
}

static void missing_program_is_not_found(void **state)
{
        const char *const names[] = { "ingot-no-such-program", "/no/such/program", "/etc", "/" };
        struct ingot_error err;

        (void)state;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                const char *const argv[] = { names[i], NULL };
                const struct process_request request = { .argv = argv, .envp = plain, .phase = "running" };

                assert_int_equal(process_run(&request, NULL, &err), INGOT_E_NOT_FOUND);
                assert_non_null(strstr(ingot_error_frame(&err, 0), names[i]));
        }
}

static void path_is_the_given_environments(void **state) /* rule 1 */
{
        const char *const empty[] = { "PATH=/nowhere:", NULL };
        struct ingot_error err;

        (void)state;
        assert_int_equal(sh("exit 0", empty, NULL, &err), INGOT_E_NOT_FOUND);
}

static void unstartable_program_is_told_with_errno(void **state)
{
        const char *path = scratch_path(state, "program");
        const char *const argv[] = { path, NULL };
        const struct process_request request = { .argv = argv, .envp = plain, .phase = "running" };
        struct ingot_error err;

        assert_int_equal(fd_replace_file(path,
                                         "\x7f"
                                         "ELF",
                                         4, 0755, &err),
                         INGOT_OK);
        assert_int_equal(process_run(&request, NULL, &err), INGOT_E_SYSTEM);
        assert_int_equal(err.sys_errno, ENOEXEC);
}

static void environment_umask_and_signals_are_exact(void **state) /* rule 2 */
{
        const char *const envp[] = { "PATH=/usr/bin:/bin", "ONLY=this", NULL };
        struct ingot_error err;
        void (*before)(int) = signal(SIGPIPE, SIG_IGN);
        mode_t mask = umask(0077);
        sigset_t some, saved;

        (void)state;
        (void)setenv("LEAK", "1", 1);
        (void)sigemptyset(&some);
        (void)sigaddset(&some, SIGUSR1);
        (void)sigprocmask(SIG_BLOCK, &some, &saved);
        /* 32 and 33 belong to the C library, which lets nobody set them: under make they come ignored,
         * and the library takes back the one that it uses. */
        assert_int_equal(sh("[ \"$ONLY\" = this ] && [ -z \"$LEAK\" ] && [ \"$(umask)\" = 0022 ] && "
                            "grep -Eq '^SigIgn:\t0*(80000000|100000000|180000000)?$' /proc/self/status && "
                            "grep -q '^SigBlk:\t0*$' /proc/self/status && [ ! -t 0 ] && ! read line",
                            envp, NULL, &err),
                         INGOT_OK);
        (void)sigprocmask(SIG_SETMASK, &saved, NULL);
        (void)umask(mask);
        (void)signal(SIGPIPE, before);
}

static void other_descriptors_stay_with_us(void **state) /* rule 2 */
{
        struct ingot_error err;
        int leaked = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, on purpose */

        (void)state;
        assert_true(leaked > 2);
        /* 0 1 2 and the one that ls reads the folder with */
        assert_int_equal(sh("[ $(ls /proc/self/fd | wc -l) -eq 4 ]", plain, NULL, &err), INGOT_OK);
        (void)close(leaked);
}

static void standard_output_may_go_elsewhere(void **state)
{
        const char *const argv[] = { "sh", "-c", "echo data; echo note >&2; exit 1", NULL };
        struct process_request request = { .argv = argv, .envp = plain, .phase = "running" };
        const char *path = scratch_path(state, "out");
        struct ingot_error err;
        size_t size_bytes;
        char *bytes;

        request.output_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(process_run(&request, NULL, &err), INGOT_E_SYSTEM);
        assert_string_equal(ingot_error_frame(&err, 0), "'sh' ended with status 1: note");
        (void)close(request.output_fd);
        assert_int_equal(fd_read_file(path, 100, &bytes, &size_bytes, &err), INGOT_OK);
        assert_string_equal(bytes, "data\n");
        free(bytes);
}

static bool keep_errors(void *context, const char *line)
{
        (*(unsigned *)context)++;
        return strncmp(line, "E:", 2) == 0;
}

static void listener_sees_each_line_and_chooses(void **state)
{
        const char *const argv[] = { "sh", "-c", "echo I: one; echo E: two; printf 'I: three'; exit 1",
                                     NULL };
        unsigned lines = 0;
        const struct process_request request = {
                .argv = argv, .envp = plain, .phase = "running", .on_line = keep_errors, .context = &lines
        };
        struct ingot_error err;

        (void)state;
        assert_int_equal(process_run(&request, NULL, &err), INGOT_E_SYSTEM);
        assert_int_equal(lines, 3);
        assert_string_equal(ingot_error_frame(&err, 0), "'sh' ended with status 1: E: two");
}

static int cancel_after_3(void *context)
{
        return ++*(int *)context > 3;
}

static double seconds_now(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void cancelling_ends_the_whole_group(void **state) /* rule 3 */
{
        int asked = 0;
        const struct ingot_observer observer = { .context = &asked, .is_cancelled = cancel_after_3 };
        const char *note = scratch_path(state, "pid");
        struct ingot_error err;
        double start = seconds_now();
        char script[5000];
        size_t size_bytes;
        char *bytes;
        int pid = 0;

        (void)snprintf(script, sizeof(script), "sleep 60 & echo $! > %s; wait", note);
        assert_int_equal(sh(script, plain, &observer, &err), INGOT_E_CANCELLED);
        assert_true(seconds_now() - start < 4);
        assert_int_equal(fd_read_file(note, 100, &bytes, &size_bytes, &err), INGOT_OK);
        for (char *at = bytes; *at >= '0' && *at <= '9'; at++)
                pid = pid * 10 + (*at - '0');
        free(bytes);
        assert_true(pid > 1);
        for (int i = 0; i < 100 && kill(pid, 0) == 0; i++) { /* init takes a moment to bury it */
                char path[64], text[512] = "";
                int fd;

                (void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
                fd = open(path, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        return;
                assert_true(read(fd, text, sizeof(text) - 1) >= 0);
                (void)close(fd);
                if (strstr(text, ") Z "))
                        return;
                (void)usleep(10000);
        }
        assert_int_not_equal(kill(pid, 0), 0);
}

static void grandchild_with_the_output_is_not_waited_for(void **state) /* rule 4 */
{
        struct ingot_error err;
        double start = seconds_now();

        (void)state;
        assert_int_equal(sh("sleep 3 & exit 0", plain, NULL, &err), INGOT_OK);
        assert_true(seconds_now() - start < 2);
}

static void child_dies_with_us(void **state) /* rule 3 */
{
        const char *note = scratch_path(state, "note");
        struct stat status;
        char script[5000];
        pid_t parent = fork();

        (void)snprintf(script, sizeof(script),
                       "trap 'echo done > %s.end; exit' TERM; : > %s; while :; do sleep "
                       "0.05; done",
                       note, note);
        if (parent == 0) {
                (void)!sh(script, plain, NULL, NULL);
                _exit(0);
        }
        for (int i = 0; i < 300 && stat(note, &status); i++)
                (void)usleep(10000);
        (void)kill(parent, SIGKILL);
        (void)waitpid(parent, NULL, 0);
        (void)snprintf(script, sizeof(script), "%s.end", note);
        for (int i = 0; i < 300 && stat(script, &status); i++)
                (void)usleep(10000);
        assert_int_equal(stat(script, &status), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(success_is_status_0),
                cmocka_unit_test(failure_shows_the_last_lines),
                cmocka_unit_test(failure_text_is_bounded_and_printable),
                cmocka_unit_test(death_by_signal_is_told),
                cmocka_unit_test(missing_program_is_not_found),
                cmocka_unit_test(path_is_the_given_environments),
                cmocka_unit_test_setup_teardown(unstartable_program_is_told_with_errno, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test(environment_umask_and_signals_are_exact),
                cmocka_unit_test(other_descriptors_stay_with_us),
                cmocka_unit_test_setup_teardown(standard_output_may_go_elsewhere, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test(listener_sees_each_line_and_chooses),
                cmocka_unit_test_setup_teardown(cancelling_ends_the_whole_group, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test(grandchild_with_the_output_is_not_waited_for),
                cmocka_unit_test_setup_teardown(child_dies_with_us, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
