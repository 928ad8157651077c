/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SCRATCH_H
#define SUPPORT_SCRATCH_H

/* tests/support/scratch.h
 * scratch: a folder of a test's own, removed at its end; as cmocka's setup and teardown.
 *
 *     cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
 *
 * *state is then the folder's path (char *), which does not end in '/'.
 */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* "FOLDER/NAME" in a buffer that the next call of the same thread reuses four calls later. */
const char *scratch_path(void *const *state, const char *name);

/* Runs argv[0] (looked up on PATH) and returns its exit status; -1 when it is not there.  Output is
 * appended to FOLDER/log. */
int scratch_run(void *const *state, const char *const argv[]);

/* Whether a program of that name is on PATH (also looks in /sbin and /usr/sbin). */
int scratch_has_program(const char *name);

#endif
