/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/* builder/base/process.h
 * process: run another program with an argument vector; no shell is ever involved.
 *
 * Rules    (1) The program is looked up on the PATH of the environment given; its standard input is
 *              /dev/null; its standard output and error are read by us, line by line, and the last lines of
 *              them are what a failure shows.
 *          (2) The child gets exactly the environment given, umask 022, no signal ignored or blocked, and no
 *              descriptor beyond 2.
 *          (3) It is the leader of a process group of its own; when the observer asks to stop, the group
 *              gets SIGTERM and, 5 s later, SIGKILL.  It also gets SIGTERM when ingot is killed, so that it
 *              can clean up after itself.
 *          (4) When the child has ended we do not wait for grandchildren that still hold its output open.
 * Tests    tests/unit/base/test_process.c
 */
#include <stdbool.h>

#include <ingot/observer.h>

struct process_request {
        const char *const *argv; /* NULL-terminated */
        const char *const *envp; /* NULL-terminated "KEY=VALUE" */
        const char *phase;       /* for the observer and for messages: "bootstrapping 'bookworm'" */
        /* Is given each line of output, without its end, borrowed.  Returns whether the line is worth showing
         * should the program fail.  NULL: every line is. */
        bool (*on_line)(void *context, const char *line);
        void *context;
        int output_fd; /* borrowed: where standard output goes instead; 0: to us */
};

/*
 * Runs the program and waits for it.
 *
 * Fails with   INGOT_E_NOT_FOUND  no such program on PATH
 *              INGOT_E_SYSTEM     it could not be started, or ended with a status other than 0 or by a
 *                                 signal; the cause holds the end of what it printed
 *              INGOT_E_CANCELLED  the observer asked to stop
 *              INGOT_E_MEMORY
 */
enum ingot_code process_run(const struct process_request *request, const struct ingot_observer *observer,
                            struct ingot_error *err) INGOT_MUST_CHECK;

#endif
