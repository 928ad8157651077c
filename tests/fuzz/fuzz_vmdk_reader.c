/* SPDX-License-Identifier: Apache-2.0 */
/* A file of any bytes as an image: what of it can be opened is walked and read, up to 64 MiB; no crash, no
 * read outside, memory bounded.  The fd is unnamed memory. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/image_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

enum { STEP_BYTES = 100000, BUDGET_BYTES = 64 * 1024 * 1024 };

static void read_range(const struct image_reader *reader, uint64_t start_bytes, uint64_t end_bytes,
                       uint64_t *budget_bytes, struct ingot_error *err)
{
        static uint8_t step[STEP_BYTES];

        for (uint64_t at = start_bytes; at < end_bytes && *budget_bytes; at += STEP_BYTES) {
                size_t part_bytes = (size_t)min_u64(min_u64(STEP_BYTES, end_bytes - at), *budget_bytes);

                *budget_bytes -= part_bytes;
                if (byte_source_read(image_reader_source(reader), at, step, part_bytes, err))
                        return;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        OWNED(fd_drop) int fd = memfd_create("image", MFD_CLOEXEC);
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        uint64_t at_bytes = 0, end_bytes, budget_bytes = BUDGET_BYTES;
        struct ingot_error err;

        if (fd < 0 || fd_write_at(fd, "image", 0, bytes, size_bytes, &err))
                return 0;
        if (image_reader_open_fd(fd, "image", IMAGE_CACHED, &reader, &err))
                return 0;
        while (at_bytes < image_reader_size_bytes(reader) && budget_bytes &&
               !image_reader_next_range(reader, at_bytes, &at_bytes, &end_bytes, &err) &&
               at_bytes < end_bytes) {
                read_range(reader, at_bytes, end_bytes, &budget_bytes, &err);
                at_bytes = end_bytes;
        }
        return 0;
}
