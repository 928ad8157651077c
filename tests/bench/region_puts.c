/* SPDX-License-Identifier: Apache-2.0 */
/* Usage: region_puts FOLDER [PUTS [CONNECTIONS [tcp]]]
 * Puts blocks to a region in a process of its own over a unix socket (or TCP), and prints the rate, the
 * region's CPU time for one put, and that of hashing one block in this process: what no server can go below. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "region/block_record.h"
#include "region/region.h"
#include "wire/sigv4.h"

enum { BODIES = 64, CONNECTIONS_MAX = 128 };

struct load {
        char key_id[64], secret[64], socket_path[100];
        uint16_t port; /* 0: unix */
        uint8_t *bodies[BODIES];
        char checksums[BODIES][DIGEST_BASE64_CHARS + 1];
};

static void die(const char *what)
{
        perror(what);
        exit(1);
}

static double cpu_seconds(const struct rusage *usage)
{
        return (double)usage->ru_utime.tv_sec + (double)usage->ru_stime.tv_sec +
               (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static double now_seconds(clockid_t clock)
{
        struct timespec now;

        (void)clock_gettime(clock, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The region's process: serves until its standard input ends. */
static void serve(const char *folder, const char *socket_path, int ready_fd)
{
        const struct region_options options = { .folder = folder,
                                                .listen = "127.0.0.1:0",
                                                .unix_socket = socket_path,
                                                .clock = &clock_of_system };
        struct region_server *server;
        struct ingot_error err = { 0 };
        uint16_t port;
        char byte;

        if (region_start(&options, &server, &err) != INGOT_OK) {
                (void)fprintf(stderr, "region: %s\n", ingot_error_frame(&err, 0));
                exit(1);
        }
        port = region_port(server);
        if (write(ready_fd, &port, sizeof(port)) != sizeof(port))
                exit(1);
        while (read(0, &byte, 1) > 0)
                ;
        region_stop(server);
        exit(0);
}

static void read_key(struct load *load, const char *folder)
{
        char path[4096];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/credentials", folder);
        file = fopen(path, "re");
        if (!file || fscanf(file, "[default] aws_access_key_id = %63s aws_secret_access_key = %63s",
                            load->key_id, load->secret) != 2)
                die(path);
        (void)fclose(file);
}

static int dial(const struct load *load)
{
        struct sockaddr_un local = { .sun_family = AF_UNIX };
        struct sockaddr_in tcp = { .sin_family = AF_INET,
                                   .sin_port = htons(load->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(load->port ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int connected;

        (void)snprintf(local.sun_path, sizeof(local.sun_path), "%s", load->socket_path);
        connected = load->port ? connect(fd, (struct sockaddr *)&tcp, sizeof(tcp))
                               : connect(fd, (struct sockaddr *)&local, sizeof(local));
        if (fd < 0 || connected != 0)
                die("connect");
        return fd;
}

static void send_all(int fd, const void *head, size_t head_bytes, const void *body, size_t body_bytes)
{
        struct iovec parts[2] = { { (void *)head, head_bytes }, { (void *)body, body_bytes } };

        while (parts[0].iov_len + parts[1].iov_len > 0) {
                ssize_t sent = writev(fd, parts, 2);

                if (sent < 0)
                        die("writev");
                for (int i = 0; i < 2; i++) {
                        size_t of_this = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;

                        parts[i].iov_base = (char *)parts[i].iov_base + of_this;
                        parts[i].iov_len -= of_this;
                        sent -= (ssize_t)of_this;
                }
        }
}

/* Reads a reply to its end and returns its status; the body is left in text. */
static int receive(int fd, char *text, size_t room)
{
        size_t used = 0;

        for (;;) {
                ssize_t got = read(fd, text + used, room - 1 - used);
                char *end, *length;

                if (got <= 0)
                        die("read");
                used += (size_t)got;
                text[used] = '\0';
                end = strstr(text, "\r\n\r\n");
                length = strstr(text, "Content-Length: ");
                if (end && length && used >= (size_t)(end + 4 - text) + strtoull(length + 16, NULL, 10)) {
                        int status = (int)strtoull(text + 9, NULL, 10);

                        memmove(text, end + 4, used - (size_t)(end + 4 - text) + 1);
                        return status;
                }
        }
}

static void request(const struct load *load, int fd, const char *method, const char *path,
                    const struct sigv4_header *more, size_t more_count, const void *body, size_t body_bytes)
{
        struct sigv4_header headers[8] = { { "Host", "region" } };
        const struct sigv4_credentials credentials = { .access_key_id = load->key_id,
                                                       .secret_access_key = load->secret };
        struct sigv4_request signing = { .method = method,
                                         .path = path,
                                         .headers = headers,
                                         .header_count = 1 + more_count,
                                         .payload_hash = SIGV4_UNSIGNED_PAYLOAD,
                                         .has_content_sha256 = true,
                                         .region = "us-east-1",
                                         .service = "ebs" };
        struct sigv4_signature signature;
        char head[4096];
        int size;

        memcpy(headers + 1, more, more_count * sizeof(*more));
        if (sigv4_sign(&signing, &credentials, time(NULL), &signature, NULL) != INGOT_OK)
                die("sigv4_sign");
        size = snprintf(head, sizeof(head),
                        "%s %s HTTP/1.1\r\nX-Amz-Date: %s\r\nAuthorization: %s\r\n"
                        "x-amz-content-sha256: " SIGV4_UNSIGNED_PAYLOAD "\r\nContent-Length: %zu\r\n",
                        method, path, signature.date, signature.authorization.bytes, body_bytes);
        for (size_t i = 0; i < signing.header_count; i++)
                size += snprintf(head + size, sizeof(head) - (size_t)size, "%s: %s\r\n", headers[i].name,
                                 headers[i].value);
        size += snprintf(head + size, sizeof(head) - (size_t)size, "\r\n");
        sigv4_signature_release(&signature);
        send_all(fd, head, (size_t)size, body, body_bytes);
}

static void make_bodies(struct load *load)
{
        uint64_t word = 88172645463325252u;

        for (unsigned i = 0; i < BODIES; i++) {
                struct digest digest;

                load->bodies[i] = malloc(BLOCK_BYTES);
                if (!load->bodies[i])
                        die("malloc");
                for (size_t at = 0; at < BLOCK_BYTES; at += sizeof(word)) {
                        word ^= word << 13;
                        word ^= word >> 7;
                        word ^= word << 17;
                        memcpy(load->bodies[i] + at, &word, sizeof(word));
                }
                if (digest_of(load->bodies[i], BLOCK_BYTES, &digest, NULL) != INGOT_OK)
                        die("digest_of");
                base64_encode(digest.bytes, DIGEST_BYTES, load->checksums[i]);
        }
}

static void put(const struct load *load, int fd, const char *snapshot_id, unsigned index)
{
        const struct sigv4_header more[] = { { "x-amz-Checksum", load->checksums[index % BODIES] },
                                             { "x-amz-Checksum-Algorithm", "SHA256" },
                                             { "x-amz-Data-Length", "524288" } };
        char path[128];

        (void)snprintf(path, sizeof(path), "/snapshots/%s/blocks/%u", snapshot_id, index);
        request(load, fd, "PUT", path, more, 3, load->bodies[index % BODIES], BLOCK_BYTES);
}

static void run(const struct load *load, unsigned put_count, unsigned connection_count)
{
        int fds[CONNECTIONS_MAX];
        char text[8192], *id = NULL, body[64];
        unsigned answered = 0;
        double began;

        for (unsigned i = 0; i < connection_count; i++)
                fds[i] = dial(load);
        (void)snprintf(body, sizeof(body), "{\"VolumeSize\":%u}", put_count / BLOCKS_PER_GIB + 1);
        request(load, fds[0], "POST", "/snapshots", NULL, 0, body, strlen(body));
        if (receive(fds[0], text, sizeof(text)) != 201 || !(id = strstr(text, "snap-")))
                die(text);
        id[22] = '\0';
        memmove(body, id, 23);
        began = now_seconds(CLOCK_MONOTONIC);
        for (unsigned i = 0; i < put_count + connection_count; i++) {
                int fd = fds[i % connection_count];

                if (i >= connection_count && answered < put_count) {
                        if (receive(fd, text, sizeof(text)) != 201)
                                die(text);
                        answered++;
                }
                if (i < put_count)
                        put(load, fd, body, i);
        }
        (void)printf("region_puts: %u blocks over %u %s connections: %.0f blocks/s", put_count,
                     connection_count, load->port ? "TCP" : "unix",
                     put_count / (now_seconds(CLOCK_MONOTONIC) - began));
        for (unsigned i = 0; i < connection_count; i++)
                (void)close(fds[i]);
}

int main(int argc, char **argv)
{
        unsigned put_count = argc > 2 ? (unsigned)strtoull(argv[2], NULL, 10) : 2000;
        unsigned connection_count = argc > 3 ? (unsigned)strtoull(argv[3], NULL, 10) : 16;
        struct load load = { .port = 0 };
        int hold[2], ready[2];
        struct rusage usage;
        struct digest digest;
        double began;
        pid_t child;

        if (argc < 2 || connection_count < 1 || connection_count > CONNECTIONS_MAX) {
                (void)fprintf(stderr, "usage: region_puts FOLDER [PUTS [CONNECTIONS [tcp]]]\n");
                return 2;
        }
        (void)snprintf(load.socket_path, sizeof(load.socket_path), "%s.sock", argv[1]);
        if (pipe(hold) != 0 || pipe(ready) != 0)
                die("pipe");
        child = fork();
        if (child == 0) {
                (void)dup2(hold[0], 0);
                (void)close(hold[0]);
                (void)close(hold[1]);
                serve(argv[1], load.socket_path, ready[1]);
        }
        (void)close(hold[0]);
        (void)close(ready[1]);
        if (read(ready[0], &load.port, sizeof(load.port)) != sizeof(load.port))
                die("region");
        if (argc <= 4)
                load.port = 0;
        read_key(&load, argv[1]);
        make_bodies(&load);
        run(&load, put_count, connection_count);
        (void)close(hold[1]);
        if (wait4(child, NULL, 0, &usage) != child)
                die("wait4");
        began = now_seconds(CLOCK_PROCESS_CPUTIME_ID);
        for (unsigned i = 0; i < 256; i++)
                (void)!digest_of(load.bodies[i % BODIES], BLOCK_BYTES, &digest, NULL);
        (void)printf(", %.3f ms of the region's CPU each (hashing alone %.3f), peak %ld MiB\n",
                     cpu_seconds(&usage) * 1000 / put_count,
                     (now_seconds(CLOCK_PROCESS_CPUTIME_ID) - began) * 1000 / 256, usage.ru_maxrss / 1024);
        return 0;
}
