/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/fd.h"
#include "base/own.h"
#include "region/chaos.h"
#include "region/dispatcher.h"
#include "region/http_server.h"
#include "region/listener.h"
#include "region/region.h"
#include "region/snapshots.h"

/* A listening socket with a thread and an opening of the store of its own: two of them share no memory. */
struct listening {
        struct region_store *store;
        struct http_server *http;
        struct chaos *chaos;
};

struct region_server {
        struct listening tcp, local;
        struct unix_listener unix_listener;
        uint16_t port;
};

static void answer(void *context, const struct region_request *request, struct region_reply *reply)
{
        region_dispatch(context, request, reply);
}

static void judge(void *context, const struct region_request *request, bool is_whole,
                  struct region_fate *fate)
{
        region_judge(context, request, is_whole, fate);
}

static uint64_t pass(void *context, uint64_t size_bytes, uint64_t *flow)
{
        const struct region_store *store = context;

        return chaos_pass(store->chaos, size_bytes, flow);
}

static void log_line(void *context, const char *line)
{
        const struct region_store *store = context;

        region_store_log(store, "%s", line);
}

static enum ingot_code open_store(struct listening *listening, const struct region_options *options,
                                  struct ingot_error *err)
{
        enum ingot_code r = region_store_new(options->folder, true, options->clock, &listening->store, err);

        if (r)
                return r;
        listening->store->log = options->log;
        listening->store->copy_delay_seconds = options->copy_delay_seconds;
        listening->store->log_context = options->log_context;
        return snapshots_tidy(listening->store, err);
}

static enum ingot_code serve(struct listening *listening, int *listen_fd, struct ingot_error *err)
{
        struct http_handler handler = { .context = listening->store,
                                        .spool_folder = listening->store->folder,
                                        .body_ceiling = region_body_ceiling,
                                        .answer = answer,
                                        .log = log_line,
                                        .judge = listening->chaos ? judge : NULL,
                                        .pass = listening->chaos ? pass : NULL };
        int taken_fd = *listen_fd;

        *listen_fd = FD_NONE;
        return http_server_start(taken_fd, &handler, &listening->http, err);
}

static enum ingot_code start_tcp(struct region_server *server, const struct region_options *options,
                                 struct ingot_error *err)
{
        OWNED(fd_drop) int fd = FD_NONE;
        enum ingot_code r = open_store(&server->tcp, options, err);

        if (!r && options->chaos)
                r = chaos_new(options->chaos, options->clock, &server->tcp.chaos, err);
        if (!r) {
                server->tcp.store->chaos = server->tcp.chaos;
                r = listener_open_tcp(options->listen, &fd, &server->port, err);
        }
        return r ? r : serve(&server->tcp, &fd, err);
}

static enum ingot_code start_unix(struct region_server *server, const struct region_options *options,
                                  struct ingot_error *err)
{
        enum ingot_code r = open_store(&server->local, options, err);

        if (!r)
                r = listener_open_unix(&server->unix_listener, options->unix_socket, options->folder, err);
        return r ? r : serve(&server->local, &server->unix_listener.fd, err);
}

enum ingot_code region_start(const struct region_options *options, struct region_server **ret_server,
                             struct ingot_error *err)
{
        OWNED(region_drop) struct region_server *server = NULL;
        enum ingot_code r = INGOT_OK;

        if (!options->listen && !options->unix_socket)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "a region listens on TCP, on a unix socket, or on both");
        server = calloc(1, sizeof(*server));
        if (!server)
                return ingot_fail_memory(err, sizeof(*server));
        server->unix_listener = (struct unix_listener)UNIX_LISTENER_NONE;
        if (options->listen)
                r = start_tcp(server, options, err);
        if (!r && options->unix_socket)
                r = start_unix(server, options, err);
        if (r)
                return ingot_while(err, r, "starting the region in '%s'", options->folder);
        *ret_server = TAKE(server);
        return INGOT_OK;
}

uint16_t region_port(const struct region_server *server)
{
        return server->port;
}

const char *region_unix_socket(const struct region_server *server)
{
        return server->unix_listener.dial;
}

const char *region_credentials_file(const struct region_server *server)
{
        return (server->tcp.store ? server->tcp.store : server->local.store)->credentials_path;
}

void region_stop_chaos(struct region_server *server, struct buffer *out)
{
        http_server_stop(
                server->tcp.http); /* from here on its thread is gone, and what it knew is ours to read */
        server->tcp.http = NULL;
        if (server->tcp.chaos)
                chaos_report(server->tcp.chaos, out);
}

void region_stop_and_tell(struct region_server *server, struct ingot_error *ret_trouble)
{
        *ret_trouble = (struct ingot_error){ 0 };
        if (!server)
                return;
        http_server_stop(server->tcp.http);
        http_server_stop(
                server->local.http); /* from here on their threads are gone, and stores are ours to read */
        if (server->tcp.store && server->tcp.store->trouble.code)
                *ret_trouble = server->tcp.store->trouble;
        if (server->local.store && server->local.store->trouble.code)
                *ret_trouble = server->local.store->trouble;
        unix_listener_release(&server->unix_listener);
        region_store_free(server->tcp.store);
        region_store_free(server->local.store);
        chaos_free(server->tcp.chaos);
        free(server);
}

void region_stop(struct region_server *server)
{
        struct ingot_error trouble;

        region_stop_and_tell(server, &trouble);
}

void region_drop(struct region_server **server)
{
        region_stop(*server);
        *server = NULL;
}
