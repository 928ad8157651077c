/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/* builder/base/process.h
 * process: run another program with an argument vector; no shell is ever involved.
 *
 * Rules    (1) The program is looked up on the PATH of the environment given; its standard input is
 *              /dev/null, or what the request names; its standard output and error are read by us, line by line, and the last lines of
 *              them are what a failure shows.
 *          (2) The child gets exactly the environment given, umask 022, no signal ignored or blocked, and no
 *              descriptor beyond 2.
 *          (3) It is the leader of a process group of its own; when the observer asks to stop, the group
 *              gets SIGTERM and, 5 s later, SIGKILL.  It also gets SIGTERM when ingot is killed, so that it
 *              can clean up after itself.
 *          (4) When the child has ended we do not wait for grandchildren that still hold its output open.
 *          (5) A process that was started beside us is stopped, its whole group, by process_stop(), whatever
 *              happened in between.
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
        int input_fd;  /* borrowed: what standard input is instead of /dev/null; 0: that */
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

struct process; /* one that runs beside us */

/*
 * Starts the program and returns.
 *
 * request      borrowed until process_stop()
 * ret_process  owned by the caller: process_stop()
 * Fails with   INGOT_E_NOT_FOUND, INGOT_E_SYSTEM, INGOT_E_MEMORY as process_run()
 */
enum ingot_code process_start(const struct process_request *request, struct process **ret_process,
                              struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads what it has printed, waiting a few milliseconds for it; returns whether it is still running. */
bool process_is_running(struct process *process);

/*
 * Says how a process that is no longer running ended.
 *
 * Fails with   INGOT_E_SYSTEM  as process_run()
 */
enum ingot_code process_judge(const struct process *process, struct ingot_error *err) INGOT_MUST_CHECK;

/* Its exit status once it is no longer running; -1 when a signal ended it. */
int process_exit_status(const struct process *process);

/* Stops it by rule 3 if it runs, and frees; NULL is fine. */
void process_stop(struct process *process);
void process_drop(struct process **process);

#endif
