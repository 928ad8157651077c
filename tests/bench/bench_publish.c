/* SPDX-License-Identifier: Apache-2.0 */
/* Usage: bench_publish IMAGE REGION_FOLDER [DELAY_MS]
 *
 * (d) Uploads an image as a snapshot to a local region that runs in another process, over loopback TCP, and prints
 * blocks a second, the client's own CPU a block, its peak memory, and the server's CPU.  The image is scanned before the
 * clock starts.  With DELAY_MS the region is as far away as that, and has AWS's quotas: the rate is then compared with the
 * 1,000 puts a second that a snapshot takes, all in all and from the second second on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/work.h"
#include "image/image_reader.h"
#include "image/verify.h"
#include "publish/snapshot_upload.h"
#include "region/region.h"

static int complain_and_fail(const struct ingot_error *err)
{
        for (unsigned i = 0; ingot_error_frame(err, i); i++)
                (void)fprintf(stderr, "bench_publish: %s\n", ingot_error_frame(err, i));
        return 1;
}

static double cpu_seconds(int who)
{
        struct rusage usage;

        (void)getrusage(who, &usage);
        return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* The child: serves until its standard input ends. */
static int serve(const char *folder, const char *delay_ms, int port_fd, int stop_fd)
{
        OWNED(complaint_list_release) struct complaint_list complaints = { 0 };
        OWNED(chaos_plan_drop) struct chaos_plan *plan = NULL;
        struct region_options options = { .folder = folder,
                                          .listen = "127.0.0.1:0",
                                          .clock = &clock_of_system };
        struct region_server *server = NULL;
        struct ingot_error err;
        char one, yaml[100];
        uint16_t port;

        (void)snprintf(yaml, sizeof(yaml), "rules:\n- {do: delay, by: %sms}\n", delay_ms ? delay_ms : "");
        if (delay_ms && chaos_plan_parse(yaml, strlen(yaml), "bench", &complaints, &plan, &err))
                return complain_and_fail(&err);
        options.chaos = plan;
        if (region_start(&options, &server, &err))
                return complain_and_fail(&err);
        port = region_port(server);
        if (write(port_fd, &port, sizeof(port)) != (ssize_t)sizeof(port))
                return 1;
        while (read(stop_fd, &one, 1) > 0)
                ;
        region_stop(server);
        return 0;
}

/* How far the upload was one second after it began. */
struct warm_up {
        uint64_t started_ns, at_ns, done_bytes;
};

static void note_progress(void *context, const char *phase, uint64_t done_bytes, uint64_t total_bytes)
{
        struct warm_up *warm_up = context;
        uint64_t now_ns = clock_monotonic_ns(&clock_of_system);

        (void)phase;
        (void)total_bytes;
        if (warm_up->at_ns || now_ns - warm_up->started_ns < 1000000000)
                return;
        warm_up->at_ns = now_ns;
        warm_up->done_bytes = done_bytes;
}

static void print_shaped(const struct snapshot_receipt *receipt, const struct warm_up *warm_up,
                         const char *delay_ms, double wall_s, double cpu_s)
{
        uint64_t blocks = receipt->blocks_sent, warm_blocks = warm_up->done_bytes / BLOCK_BYTES;
        double warm_s = wall_s - (double)(warm_up->at_ns - warm_up->started_ns) / 1e9;
        struct rusage usage;

        (void)getrusage(RUSAGE_SELF, &usage);
        (void)printf("(d) shaped to %s ms latency, AWS's quotas: %" PRIu64
                     " blocks in %.2f s: %.0f puts/s, %.0f from the "
                     "second second on, against the quota of 1000; %.2f CPU ms a block, %.0f %% of a core; "
                     "peak memory "
                     "%ld MiB; %u in flight, %" PRIu64 " throttled\n",
                     delay_ms, blocks, wall_s, (double)blocks / wall_s,
                     warm_up->at_ns ? (double)(blocks - warm_blocks) / warm_s : 0,
                     cpu_s * 1000 / (double)blocks, cpu_s / wall_s * 100, usage.ru_maxrss / 1024,
                     receipt->in_flight_most, receipt->throttles);
}

static void print_unshaped(const struct snapshot_receipt *receipt, double wall_s, double cpu_s)
{
        struct rusage usage;

        (void)getrusage(RUSAGE_SELF, &usage);
        (void)printf("(d) publish to the local region: %" PRIu64
                     " blocks in %.2f s: %.0f blocks/s, %.2f times the "
                     "goal of 1000; client CPU %.2f ms a block (goal 0.7); %u in flight, p50 %.1f ms, p99 "
                     "%.1f ms; "
                     "peak memory %ld MiB\n",
                     receipt->blocks_sent, wall_s, (double)receipt->blocks_sent / wall_s,
                     (double)receipt->blocks_sent / wall_s / 1000,
                     cpu_s * 1000 / (double)receipt->blocks_sent, receipt->in_flight_most,
                     (double)receipt->put_p50_ns / 1e6, (double)receipt->put_p99_ns / 1e6,
                     usage.ru_maxrss / 1024);
}

static enum ingot_code upload(const char *path, const char *folder, const char *delay_ms, uint16_t port,
                              struct ingot_error *err)
{
        struct warm_up warm_up = { 0 };
        const struct ingot_observer observer = { .context = &warm_up, .progress = note_progress };
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        OWNED(credentials_release) struct credentials credentials = { 0 };
        OWNED(region_link_drop) struct region_link *link = NULL;
        struct region_link_options options = { .credentials = &credentials };
        struct ebs_client ebs = { 0 };
        struct block_map map = { 0 };
        struct snapshot_receipt receipt = { 0 };
        struct snapshot_request asked = { .name = "bench", .map = &map };
        char url[64], file[4096], token[64];
        double cpu_s, wall_s;
        uint64_t started_ns;
        enum ingot_code r;

        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
        (void)snprintf(file, sizeof(file), "%s/credentials", folder);
        (void)snprintf(token, sizeof(token), "bench-%" PRIu64, clock_monotonic_ns(&clock_of_system));
        r = image_reader_open(path, IMAGE_CACHED, &reader, err);
        if (!r)
                r = image_scan(reader, work_processor_count(), NULL, "scanning", &map, err);
        if (!r)
                r = credentials_of_file(file, "default", &credentials, err);
        if (!r)
                r = endpoint_of_url(url, "local-1", "ebs", &ebs.endpoint, err);
        if (!r)
                r = region_link_new(&options, &link, err);
        if (r)
                return r;
        ebs.link = link;
        asked.disk = image_reader_source(reader);
        asked.volume_size_gib = (map.size_bytes + (UINT64_C(1) << 30) - 1) >> 30;
        asked.client_token = token;
        if (!delay_ms)
                asked.puts_per_second = SNAPSHOT_UNPACED;
        cpu_s = cpu_seconds(RUSAGE_SELF);
        started_ns = warm_up.started_ns = clock_monotonic_ns(&clock_of_system);
        r = snapshot_upload(&ebs, &asked, &observer, &receipt, err);
        wall_s = (double)(clock_monotonic_ns(&clock_of_system) - started_ns) / 1e9;
        cpu_s = cpu_seconds(RUSAGE_SELF) - cpu_s;
        block_map_release(&map);
        if (!r && delay_ms)
                print_shaped(&receipt, &warm_up, delay_ms, wall_s, cpu_s);
        else if (!r)
                print_unshaped(&receipt, wall_s, cpu_s);
        return r;
}

int main(int argc, char **argv)
{
        int port_pipe[2], stop_pipe[2], status = 0;
        struct ingot_error err;
        uint16_t port = 0;
        enum ingot_code r;
        pid_t child;

        if (argc < 3 || argc > 4 || pipe(port_pipe) || pipe(stop_pipe))
                return 2;
        child = fork();
        if (child == 0) {
                (void)close(stop_pipe[1]);
                _exit(serve(argv[2], argc > 3 ? argv[3] : NULL, port_pipe[1], stop_pipe[0]));
        }
        (void)close(stop_pipe[0]);
        (void)close(port_pipe[1]);
        if (child < 0 || read(port_pipe[0], &port, sizeof(port)) != (ssize_t)sizeof(port))
                return 1;
        r = upload(argv[1], argv[2], argc > 3 ? argv[3] : NULL, port, &err);
        (void)close(stop_pipe[1]);
        (void)waitpid(child, &status, 0);
        if (r)
                return complain_and_fail(&err);
        (void)printf("(d) the region's own CPU: %.2f s\n", cpu_seconds(RUSAGE_CHILDREN));
        return status != 0;
}
