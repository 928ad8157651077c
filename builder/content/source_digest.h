/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_SOURCE_DIGEST_H
#define CONTENT_SOURCE_DIGEST_H

/* builder/content/source_digest.h
 * source_digest: the SHA-256 of a whole source file, made on a thread of its own while the build goes on.
 *
 * One message cannot be hashed by two processors: begun when the file is opened, it is done by the time that
 * the disk is written.
 *
 * Rules    (1) The digest is of the file's first size_bytes, which it must have to the end; the file is read by
 *              offset, so others may read it meanwhile.
 *          (2) Whoever waits is asked whether to stop, ten times a second.
 * Tests    tests/unit/content/test_source_digest.c, under tsan
 */
#include <ingot/observer.h>

#include "base/digest.h"

struct source_digest;

/*
 * fd, path     borrowed until source_digest_free()
 * ret_digest   owned by the caller
 * Fails with   INGOT_E_MEMORY, INGOT_E_SYSTEM  no thread could be started
 */
enum ingot_code source_digest_begin(int fd, const char *path, uint64_t size_bytes,
                                    struct source_digest **ret_digest,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Waits for the digest, and tells it; again, as often as it is asked.
 *
 * Fails with   INGOT_E_CANCELLED; INGOT_E_SYSTEM; INGOT_E_FORMAT  the file has become shorter
 */
enum ingot_code source_digest_await(struct source_digest *digest, const struct ingot_observer *observer,
                                    struct digest *ret_digest, struct ingot_error *err) INGOT_MUST_CHECK;

/* Stops what is under way; NULL is fine. */
void source_digest_free(struct source_digest *digest);

#endif
