/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_DISK_SOURCE_H
#define LIFECYCLE_DISK_SOURCE_H

/* builder/lifecycle/disk_source.h
 * disk_source: the disk inside whatever the user names: an image of any kind, compressed or not, a device, a stream.
 *
 * Rules    (1) A disk is read twice, for its digests and for its blocks.  What can be read only once (a pipe), or
 *              cannot be read at any place (a compressed file), is first kept in a sparse temporary file without a
 *              name, which goes with the source.
 *          (2) That file is bounded: by the size of the volume asked for, else by 16 TiB; and by the free space.
 *          (3) What is unpacked may be any kind of image, or compressed again, DISK_SOURCE_LAYERS deep.
 * Tests    tests/cli/upload.sh
 */
#include <stdbool.h>

#include <ingot/observer.h>

#include "image/image_input.h"

enum { DISK_SOURCE_LAYERS = 4, DISK_SOURCE_FORMAT_CHARS = 127 };

/* Borrowed; outlives the source. */
struct disk_source_request {
        const char *path; /* "-": input_fd */
        int input_fd;
        const char *temp_folder;
        const char *const *environment;
        uint64_t volume_size_gib; /* 0: not known */
        const struct ingot_observer *observer;
};

struct disk_source {
        int fd, folder_fd;
        const char *name; /* of the image, for messages */
        struct image_input *input;
        char format[DISK_SOURCE_FORMAT_CHARS + 1]; /* "qcow2, in gzip" */
};

#define DISK_SOURCE_NONE                                                                                     \
        {                                                                                                    \
                .fd = FD_NONE, .folder_fd = FD_NONE                                                          \
        }

/*
 * Opens a source; in place.
 *
 * Fails with   INGOT_E_USAGE  it holds more than the volume, or is a folder; and as image_input_open()
 */
enum ingot_code disk_source_open(const struct disk_source_request *request, struct disk_source *source,
                                 struct ingot_error *err) INGOT_MUST_CHECK;
/* Whether it takes more than image_reader to read what is at path; false also where that cannot be told. */
bool disk_source_is_needed(const char *path);
void disk_source_release(struct disk_source *source); /* also for OWNED */

#endif
