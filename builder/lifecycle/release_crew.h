/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_RELEASE_CREW_H
#define LIFECYCLE_RELEASE_CREW_H

/* builder/lifecycle/release_crew.h
 * release_crew: one thing done for each of several regions, a few regions at a time, with one progress line.
 *
 * Rules    (1) The caller's observer is called from the caller's thread only (observer.h, rule 1).
 *          (2) Each member has an observer of its own for as long as the crew lives: what it reports is added up,
 *              and it is told to stop when the caller's observer, or release_crew_stop(), says so.
 *          (3) A crew of one works in the caller's thread, and its observer is the caller's.
 * Tests    tests/unit/lifecycle/test_release_crew.c, under tsan
 */
#include <stdbool.h>
#include <stddef.h>

#include <ingot/observer.h>

struct release_crew;

/* Fails with   INGOT_E_MEMORY */
enum ingot_code release_crew_new(size_t count, unsigned at_once, const struct ingot_observer *observer,
                                 struct release_crew **ret_crew, struct ingot_error *err) INGOT_MUST_CHECK;
void release_crew_drop(struct release_crew **crew); /* nobody works any more */

/* Rule 2; borrowed from crew. */
const struct ingot_observer *release_crew_observer(struct release_crew *crew, size_t at);

/*
 * Does work(context, at) for every member, and waits.
 *
 * phase        "releasing to 3 regions"
 * Fails with   INGOT_E_CANCELLED  the caller's observer asked to stop; some may not have been begun
 *              INGOT_E_SYSTEM     no thread could be started, for at least one of them
 */
enum ingot_code release_crew_work(struct release_crew *crew, const char *phase,
                                  void (*work)(void *context, size_t at), void *context,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/* From any thread: whoever works is to stop, and nobody else begins, until the next release_crew_work(). */
void release_crew_stop(struct release_crew *crew);

#endif
