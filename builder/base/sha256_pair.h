/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SHA256_PAIR_H
#define BASE_SHA256_PAIR_H

/* builder/base/sha256_pair.h
 * sha256_pair: SHA-256 of two messages of one length at a time, on one core.
 *
 * An image is hashed block by block, and no block waits for another.  The processor's SHA instructions take
 * four cycles each and can begin one every two: OpenSSL, which has one message, leaves every second turn
 * unused.  Two messages in step make 3.4 GB/s on a core where one makes 1.8 (measured: tests/bench/hash.sh).
 *
 * Rules    (1) The digests are OpenSSL's, for any length; everything but blocks of a disk is left to digest.h.
 *          (2) On x86-64 only where the processor has the instructions, for which the caller asks; on other
 *              processors, where the answer is no, it is digest_of() twice.
 * Source   FIPS 180-4, sections 5.1.1 and 6.2; Intel SDM, SHA256RNDS2, SHA256MSG1, SHA256MSG2.
 * Tests    tests/unit/base/test_sha256_pair.c
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"

/* Whether sha256_pair() may be called.  Ask once: in a virtual machine the question costs microseconds. */
bool sha256_pair_is_supported(void);

/*
 * first, second   size_bytes each; borrowed for this call; they may be the same
 * Fails with      as digest_of()
 */
enum ingot_code sha256_pair(const void *first, const void *second, size_t size_bytes,
                            struct digest *ret_first, struct digest *ret_second,
                            struct ingot_error *err) INGOT_MUST_CHECK;

#endif
