/* SPDX-License-Identifier: Apache-2.0 */

/* tests/bench/bench_vmdk.c
 * bench_vmdk: raw to streamOptimized VMDK, against qemu-img, for each compressor.
 *
 *   bench_vmdk RAW_IMAGE FOLDER [COMPRESSION...]
 *
 * One line each: seconds, bytes, how many times faster than qemu-img, and the size as a part of its.  Both
 * read the page cache, which one reading before has filled, and neither flushes.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/own.h"
#include "base/work.h"
#include "image/convert.h"

extern char **environ;

static double seconds_now(void)
{
        return (double)clock_monotonic_ns(&clock_of_system) * 1e-9;
}

static double file_bytes(const char *path)
{
        struct stat status;

        return stat(path, &status) ? 0 : (double)status.st_size;
}

/* Returns the seconds qemu-img takes; negative when there is none. */
static double run_qemu(const char *in, const char *out)
{
        const char *argv[] = { "qemu-img", "convert", "-O", "vmdk", "-o", "subformat=streamOptimized",
                               in,         out,       NULL };
        double start = seconds_now();
        int status;
        pid_t child;

        if (posix_spawnp(&child, argv[0], NULL, NULL, (char *const *)argv, environ))
                return -1;
        if (waitpid(child, &status, 0) != child || status)
                return -1;
        return seconds_now() - start;
}

static enum ingot_code run_ours(const char *in, const char *out, const struct compression *compression,
                                unsigned threads, struct ingot_error *err)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        OWNED(extent_list_release) struct extent_list extents = EXTENT_LIST_EMPTY;
        OWNED(vmdk_writer_drop) struct vmdk_writer *vmdk = NULL;
        OWNED(block_map_release) struct block_map map = { .size_bytes = 0 };
        OWNED(fd_drop) int fd = FD_NONE;
        struct vmdk_identity identity = { .extent_name = "bench.vmdk" };
        struct assemble_request request = { .extents = &extents, .raw_fd = FD_NONE, .threads = threads };
        enum ingot_code r = image_reader_open(in, IMAGE_CACHED, &reader, err);

        if (!r)
                r = image_extents(reader, &extents, err);
        if (r)
                return r;
        fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0)
                return ingot_fail_errno(err, "creating '%s'", out);
        request.size_bytes = image_reader_size_bytes(reader);
        r = vmdk_writer_new(fd, out, request.size_bytes / SECTOR_BYTES, &identity, compression, &vmdk, err);
        request.vmdk = vmdk;
        if (!r)
                r = assemble(&request, &map, err);
        return r;
}

static int bench_one(const char *in, const char *folder, const char *name, double qemu_s, double qemu_bytes)
{
        struct compression compression;
        struct ingot_error err;
        char out[4096];
        double best_s = 1e9;

        (void)snprintf(out, sizeof(out), "%s/bench.vmdk", folder);
        if (!compression_parse(name, &compression))
                return 2;
        for (int round = 0; round < 2; round++) {
                double start = seconds_now(), took_s;

                (void)unlink(out);
                if (run_ours(in, out, &compression, work_processor_count(), &err)) {
                        (void)fprintf(stderr, "bench_vmdk: %s: %s\n", name, ingot_error_frame(&err, 0));
                        return 1;
                }
                took_s = seconds_now() - start;
                best_s = took_s < best_s ? took_s : best_s;
        }
        printf("vmdk  %-13s %6.2f s %11.0f bytes  %5.1f times qemu-img's speed, %.3f of its size\n", name,
               best_s, file_bytes(out), qemu_s / best_s, file_bytes(out) / qemu_bytes);
        (void)fflush(stdout);
        (void)unlink(out);
        return 0;
}

int main(int argc, char **argv)
{
        static const char *const usual[] = { "isal-1",       "isal-2",       "isal-3",
                                             "libdeflate-1", "libdeflate-2", "libdeflate-5",
                                             "libdeflate-6", "zlib-1",       "zlib-6" };
        struct rusage usage;
        char out[4096];
        double qemu_s, qemu_bytes;
        int status = 0;

        if (argc < 3) {
                (void)fprintf(stderr, "usage: bench_vmdk RAW_IMAGE FOLDER [COMPRESSION...]\n");
                return 2;
        }
        (void)snprintf(out, sizeof(out), "%s/qemu.vmdk", argv[2]);
        qemu_s = run_qemu(argv[1], out);
        if (qemu_s < 0) {
                (void)fprintf(stderr, "bench_vmdk: qemu-img is not there or failed\n");
                return 77;
        }
        qemu_bytes = file_bytes(out);
        (void)unlink(out);
        printf("vmdk  %-13s %6.2f s %11.0f bytes\n", "qemu-img", qemu_s, qemu_bytes);
        for (size_t i = 0; argc == 3 && i < sizeof(usual) / sizeof(usual[0]) && !status; i++)
                status = bench_one(argv[1], argv[2], usual[i], qemu_s, qemu_bytes);
        for (int i = 3; i < argc && !status; i++)
                status = bench_one(argv[1], argv[2], argv[i], qemu_s, qemu_bytes);
        (void)getrusage(RUSAGE_SELF, &usage);
        printf("vmdk  peak memory %ld MiB on %u threads\n", usage.ru_maxrss / 1024, work_processor_count());
        return status;
}
