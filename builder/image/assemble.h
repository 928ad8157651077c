/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_ASSEMBLE_H
#define IMAGE_ASSEMBLE_H

/* builder/image/assemble.h
 * assemble: write a disk that is laid out as extents, once, front to back, as raw, as VMDK, or as both.
 *
 *   extents --> fill: read two blocks --> make: zero? SHA-256, deflate --> drain: raw, VMDK, block map
 *               (caller)                  (threads)                        (caller)
 *
 * Rules    (1) Each byte of a source is read once; the digests are of the very bytes that are written.
 *          (2) What no extent covers is never touched: a hole in the raw file, absent in the map and the
 *              VMDK.  Time and memory are those of the data, not of the volume.
 *          (3) What is zero on purpose, or turns out to be, is a hole in the raw file, BLOCK_ZERO in the map
 *              and absent in the VMDK.
 *          (4) The bytes written and the map do not depend on threads.
 *          (5) At most ASSEMBLE_MEMORY_BYTES are held for blocks under way, whatever threads and volume.
 *          (6) Nothing is flushed or named here: the outputs are drafts (fd.h) that the caller publishes once
 *              they are verified.
 * Tests    tests/unit/image/test_assemble.c, tests/fault/test_assemble_fault.c
 */
#include <ingot/observer.h>

#include "image/vmdk_writer.h"
#include "model/block_map.h"
#include "model/extent.h"

enum { ASSEMBLE_MEMORY_BYTES = 64 * 1024 * 1024 };

struct assemble_request {
        const struct extent_list *extents; /* settled */
        uint64_t size_bytes;
        int raw_fd;               /* empty and writable; FD_NONE: no raw file is wanted */
        const char *raw_path;     /* for messages */
        struct vmdk_writer *vmdk; /* new; NULL: no VMDK is wanted */
        unsigned threads;         /* 0: all in the caller's */
        const struct ingot_observer *observer;
        const char *phase; /* for the observer: "writing volume '/dev/xvda'" */
};

/*
 * Writes the disk: the raw file at its full size, the VMDK finished and sealed with the image digest.
 *
 * ret_map      owned by the caller: block_map_release()
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED, INGOT_E_LAYOUT (the VMDK would pass 2 TiB),
 *              INGOT_E_BUG  an extent ends past size_bytes; and whatever the sources fail with
 */
enum ingot_code assemble(const struct assemble_request *request, struct block_map *ret_map,
                         struct ingot_error *err) INGOT_MUST_CHECK;

#endif
