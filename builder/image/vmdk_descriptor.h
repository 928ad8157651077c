/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_VMDK_DESCRIPTOR_H
#define IMAGE_VMDK_DESCRIPTOR_H

/* builder/image/vmdk_descriptor.h
 * vmdk_descriptor: the text inside a VMDK that says what it is.
 *
 * Rules    (1) The same identity and capacity give the same text; nothing is drawn from the clock.
 *          (2) CID and longContentID have a fixed width, so that they can be put in later.
 *          (3) CID is never ffffffff or fffffffe, which mean "no parent" and "unknown".
 * Source   VMware "Virtual Disk Format 5.0"; lsilogic and hardware version 7: what vSphere takes.
 * Tests    tests/unit/image/test_vmdk_descriptor.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

enum { VMDK_DESCRIPTOR_BYTES = 20 * 512 };

struct vmdk_identity {
        const char *extent_name;      /* UTF-8 file name without '/', '"' or control characters */
        const struct digest *content; /* the image digest (block_map.h); NULL: not known yet */
};

/*
 * Prints the descriptor, padded with NUL.
 *
 * Fails with   INGOT_E_USAGE  extent_name is empty, over 255 bytes, or has a character that it may not
 */
enum ingot_code vmdk_descriptor_print(uint64_t capacity_sectors, const struct vmdk_identity *identity,
                                      char out[VMDK_DESCRIPTOR_BYTES],
                                      struct ingot_error *err) INGOT_MUST_CHECK;

/* The value of key (to the end of its line, without quotes) in a descriptor; out is cut at room_bytes.
 * Returns false when the key is not there. */
bool vmdk_descriptor_find(const char *descriptor, size_t size_bytes, const char *key, char *out,
                          size_t room_bytes);

#endif
