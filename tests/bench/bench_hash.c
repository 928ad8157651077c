/* SPDX-License-Identifier: Apache-2.0 */

/* tests/bench/bench_hash.c
 * bench_hash: block digests, block map and image digest of a raw image, against SHA-256 by OpenSSL alone.
 *
 *   bench_hash RAW_IMAGE FOLDER
 *
 * The limit is as many processes as there are processors, each hashing its share of the same number of bytes
 * from memory.  Ours reads the image from the page cache, finds zeros, hashes, and makes the map.  The last
 * line is the same over 1 TiB of hole.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/own.h"
#include "base/work.h"
#include "image/verify.h"

enum { ROUNDS = 5 };

static double seconds_now(void)
{
        return (double)clock_monotonic_ns(&clock_of_system) * 1e-9;
}

static double cpu_seconds(int of_whom)
{
        struct rusage usage;

        (void)getrusage(of_whom, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void hash_share(uint64_t blocks)
{
        static uint8_t bytes[BLOCK_BYTES];
        struct digest_stream *stream = NULL;
        struct digest digest;

        if (digest_stream_new(&stream, NULL))
                _exit(1);
        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t)i;
        for (uint64_t i = 0; i < blocks; i++) {
                digest_stream_update(stream, bytes, sizeof(bytes));
                if (digest_stream_finish(stream, &digest, NULL))
                        _exit(1);
        }
        _exit(0);
}

static double run_limit(uint64_t blocks, unsigned processors)
{
        double start = seconds_now();

        for (unsigned i = 0; i < processors; i++)
                if (fork() == 0)
                        hash_share(blocks / processors);
        while (wait(NULL) > 0)
                ;
        return seconds_now() - start;
}

static double run_ours(const char *path, unsigned threads, uint64_t *ret_blocks, struct ingot_error *err)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        OWNED(block_map_release) struct block_map map = { .size_bytes = 0 };
        struct digest digest;
        double start = seconds_now();

        if (image_reader_open(path, IMAGE_CACHED, &reader, err) ||
            image_scan(reader, threads, NULL, "reading", &map, err) ||
            block_map_image_digest(&map, &digest, err))
                return -1;
        *ret_blocks = block_map_data_count(&map);
        return seconds_now() - start;
}

int main(int argc, char **argv)
{
        unsigned processors = work_processor_count();
        double ours_s = 1e9, limit_s = 1e9, ours_cpu_s = 1e9, limit_cpu_s = 1e9, hole_s;
        struct ingot_error err = { .code = INGOT_OK };
        uint64_t blocks = 0, none = 0;
        char hole[4096];
        double bytes;
        int fd;

        if (argc != 3) {
                (void)fprintf(stderr, "usage: bench_hash RAW_IMAGE FOLDER\n");
                return 2;
        }
        for (int i = 0; i < ROUNDS; i++) {
                double before_s = cpu_seconds(RUSAGE_SELF), s = run_ours(argv[1], processors, &blocks, &err);

                if (s < 0) {
                        (void)fprintf(stderr, "bench_hash: %s\n", ingot_error_frame(&err, 0));
                        return 1;
                }
                ours_s = s < ours_s ? s : ours_s;
                s = cpu_seconds(RUSAGE_SELF) - before_s;
                ours_cpu_s = s < ours_cpu_s ? s : ours_cpu_s;
                before_s = cpu_seconds(RUSAGE_CHILDREN);
                s = run_limit(blocks, processors);
                limit_s = s < limit_s ? s : limit_s;
                s = cpu_seconds(RUSAGE_CHILDREN) - before_s;
                limit_cpu_s = s < limit_cpu_s ? s : limit_cpu_s;
        }
        bytes = (double)blocks * BLOCK_BYTES;
        printf("hash  limit       %6.3f s, %.3f s of processor time, %5.0f MB/s on %u processors\n", limit_s,
               limit_cpu_s, bytes / limit_s / 1e6, processors);
        printf("hash  ours        %6.3f s, %.3f s of processor time, %5.0f MB/s: %.0f %% of the limit's "
               "rate, %.0f %% by "
               "processor time\n",
               ours_s, ours_cpu_s, bytes / ours_s / 1e6, 100 * limit_s / ours_s,
               100 * limit_cpu_s / ours_cpu_s);
        (void)snprintf(hole, sizeof(hole), "%s/hole.raw", argv[2]);
        fd = open(hole, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || ftruncate(fd, (off_t)1 << 40)) {
                (void)fprintf(stderr, "bench_hash: no file of 1 TiB can be made in '%s'\n", argv[2]);
                return 1;
        }
        hole_s = run_ours(hole, processors, &none, &err);
        fd_drop(&fd);
        (void)unlink(hole);
        printf("hash  1 TiB hole  %6.3f s\n", hole_s);
        return hole_s < 0;
}
