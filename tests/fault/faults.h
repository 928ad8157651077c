/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAULT_FAULTS_H
#define FAULT_FAULTS_H

/* tests/fault/faults.h
 * faults: the n-th system call (or allocation) fails.
 *
 * Every call of pwrite, pread, write, ftruncate, fsync, close, renameat, linkat, open and openat that ingot makes
 * is counted; the one with the number given to faults_begin() fails with EIO (ENOSPC where it writes).  A close that
 * fails still closes; a pwrite that fails has written half.
 * With faults_begin_memory() it is malloc, calloc and realloc instead.
 */
#include <stdbool.h>

/* Starts counting anew; 0: nothing fails. */
void faults_begin(unsigned fail_at);
void faults_begin_memory(unsigned fail_at);
/* The disk is full: of the calls that write, that one and all that follow fail. */
void faults_begin_full(unsigned fail_at);

/* Whether the fault has happened since. */
bool faults_fired(void);

#endif
