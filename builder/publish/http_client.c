/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/checked.h"
#include "base/own.h"
#include "publish/http_client.h"

enum {
        REPLY_HEADER_BYTES_MAX = 65536,
        UPLOAD_BUFFER_BYTES = 131072, /* of each connection; with 128 of them, 16 MiB */
        CONNECT_MS = 10000,
        IDLE_MAX = 128
};

/* One request under way, or idle with its handle kept for the next. */
struct exchange {
        struct exchange *next, *previous;
        struct http_client *client;
        CURL *easy;
        struct curl_slist *lines;
        struct buffer url;
        struct http_request request; /* header and target texts are only good during start */
        uint64_t body_at_bytes;
        struct http_reply reply;
        bool is_too_large;
        enum ingot_code body_code;
        struct ingot_error body_err;
        char detail[CURL_ERROR_SIZE];
        http_done done;
        void *context;
};

struct http_client {
        CURLM *multi;
        char *ca_bundle;
        struct exchange *busy, *idle;
        size_t busy_count, idle_count;
};

static void exchange_free(struct exchange *exchange)
{
        if (!exchange)
                return;
        curl_easy_cleanup(exchange->easy);
        curl_slist_free_all(exchange->lines);
        buffer_release(&exchange->url);
        buffer_release(&exchange->reply.body);
        buffer_release(&exchange->reply.headers);
        free(exchange);
}

enum ingot_code http_client_new(const char *ca_bundle, struct http_client **ret_client,
                                struct ingot_error *err)
{
        struct http_client *client = calloc(1, sizeof(*client));

        if (!client)
                return ingot_fail_memory(err, sizeof(*client));
        if (curl_global_init(CURL_GLOBAL_DEFAULT)) { /* counted, and safe in threads since 7.84 */
                free(client);
                return ingot_fail(err, INGOT_E_SYSTEM, "libcurl cannot be used on this machine");
        }
        client->multi = curl_multi_init();
        client->ca_bundle = ca_bundle ? strdup(ca_bundle) : NULL;
        if (!client->multi || (ca_bundle && !client->ca_bundle)) {
                http_client_free(client);
                return ingot_fail_memory(err, sizeof(*client));
        }
        (void)curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
        *ret_client = client;
        return INGOT_OK;
}

void http_client_free(struct http_client *client)
{
        if (!client)
                return;
        http_client_abandon(client);
        while (client->idle) {
                struct exchange *exchange = client->idle;

                client->idle = exchange->next;
                exchange_free(exchange);
        }
        if (client->multi)
                (void)curl_multi_cleanup(client->multi);
        free(client->ca_bundle);
        free(client);
        curl_global_cleanup();
}

void http_client_drop(struct http_client **client)
{
        http_client_free(*client);
        *client = NULL;
}

/* ---- what libcurl calls ---- */

static size_t read_body(char *out, size_t item_bytes, size_t count, void *context)
{
        struct exchange *exchange = context;
        const struct http_request *request = &exchange->request;
        size_t wanted = (size_t)min_u64(item_bytes * count, request->body_bytes - exchange->body_at_bytes);

        if (!wanted)
                return 0;
        exchange->body_code =
                byte_source_read(request->body, exchange->body_at_bytes, out, wanted, &exchange->body_err);
        if (exchange->body_code)
                return CURL_READFUNC_ABORT;
        exchange->body_at_bytes += wanted;
        return wanted;
}

/* A kept connection that turns out to be closed is replaced, and the body begun again. */
static int seek_body(void *context, curl_off_t offset, int origin)
{
        struct exchange *exchange = context;

        if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > exchange->request.body_bytes)
                return CURL_SEEKFUNC_FAIL;
        exchange->body_at_bytes = (uint64_t)offset;
        return CURL_SEEKFUNC_OK;
}

static size_t take_body(char *bytes, size_t item_bytes, size_t count, void *context)
{
        struct exchange *exchange = context;
        curl_off_t expected_bytes = -1;

        if (!exchange->reply.body.size_bytes && /* its first bytes: not to grow by doubling */
            !curl_easy_getinfo(exchange->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &expected_bytes) &&
            expected_bytes > 0)
                buffer_expect(&exchange->reply.body, (size_t)expected_bytes);
        buffer_append(&exchange->reply.body, bytes, item_bytes * count);
        if (!exchange->reply.body.failed)
                return item_bytes * count;
        exchange->is_too_large = true;
        return 0;
}

static char lower(char c)
{
        if (c >= 'A' && c <= 'Z')
                c = (char)(c - 'A' + 'a');
        return c;
}

static size_t take_header(char *bytes, size_t item_bytes, size_t count, void *context)
{
        struct exchange *exchange = context;
        struct buffer *headers = &exchange->reply.headers;
        size_t size_bytes = item_bytes * count, name_bytes;
        const char *colon = memchr(bytes, ':', size_bytes);

        if (size_bytes >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
                buffer_clear(headers); /* what an interim answer said is not of this one */
                return size_bytes;
        }
        if (!colon)
                return size_bytes;
        name_bytes = (size_t)(colon - bytes);
        for (size_t i = 0; i < name_bytes; i++)
                buffer_append_char(headers, lower(bytes[i]));
        buffer_append_text(headers, ": ");
        for (colon++; colon < bytes + size_bytes && (*colon == ' ' || *colon == '\t'); colon++)
                ;
        for (; colon < bytes + size_bytes && *colon != '\r' && *colon != '\n'; colon++)
                if (*colon)
                        buffer_append_char(headers, *colon);
        buffer_append_char(headers, '\n');
        if (!headers->failed)
                return size_bytes;
        exchange->is_too_large = true;
        return 0;
}

/* ---- starting ---- */

static enum ingot_code take_idle(struct http_client *client, struct exchange **ret_exchange,
                                 struct ingot_error *err)
{
        struct exchange *exchange = client->idle;

        if (exchange) {
                client->idle = exchange->next;
                client->idle_count--;
                *ret_exchange = exchange;
                return INGOT_OK;
        }
        exchange = calloc(1, sizeof(*exchange));
        if (!exchange)
                return ingot_fail_memory(err, sizeof(*exchange));
        buffer_init(&exchange->url, 1 << 16);
        buffer_init(&exchange->reply.headers, REPLY_HEADER_BYTES_MAX);
        buffer_init(&exchange->reply.body, 0);
        exchange->client = client;
        exchange->easy = curl_easy_init();
        if (!exchange->easy) {
                exchange_free(exchange);
                return ingot_fail_memory(err, sizeof(*exchange));
        }
        *ret_exchange = exchange;
        return INGOT_OK;
}

static void put_idle(struct http_client *client, struct exchange *exchange)
{
        if (client->idle_count >= IDLE_MAX) {
                exchange_free(exchange);
                return;
        }
        exchange->previous = NULL;
        exchange->next = client->idle;
        client->idle = exchange;
        client->idle_count++;
}

static void link_busy(struct exchange *exchange)
{
        struct http_client *client = exchange->client;

        exchange->previous = NULL;
        exchange->next = client->busy;
        if (client->busy)
                client->busy->previous = exchange;
        client->busy = exchange;
        client->busy_count++;
}

static void unlink_busy(struct exchange *exchange)
{
        struct http_client *client = exchange->client;

        if (exchange->previous)
                exchange->previous->next = exchange->next;
        else
                client->busy = exchange->next;
        if (exchange->next)
                exchange->next->previous = exchange->previous;
        client->busy_count--;
}

static bool add_line(struct exchange *exchange, const char *line)
{
        struct curl_slist *longer = curl_slist_append(exchange->lines, line);

        if (longer)
                exchange->lines = longer;
        return longer != NULL;
}

static bool add_headers(struct exchange *exchange)
{
        OWNED(buffer_release) struct buffer line = BUFFER_INIT(65536);
        bool ok = true;

        curl_slist_free_all(exchange->lines);
        exchange->lines = NULL;
        for (size_t i = 0; ok && i < exchange->request.header_count; i++) {
                const struct sigv4_header *header = &exchange->request.headers[i];

                buffer_clear(&line);
                /* "Name;" is how libcurl is told to send a header without a value. */
                buffer_append_text(&line, header->name);
                if (*header->value)
                        buffer_appendf(&line, ": %s", header->value);
                else
                        buffer_append_char(&line, ';');
                ok = !line.failed && add_line(exchange, line.bytes);
        }
        return ok && add_line(exchange, "Expect:");
}

static void set_transport(struct exchange *exchange)
{
        const struct endpoint *endpoint = exchange->request.endpoint;
        CURL *easy = exchange->easy;

        (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
        (void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "ingot/" INGOT_VERSION);
        (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
        (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)exchange->request.deadline_ms);
        (void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)exchange->request.needs_new_connection);
        if (exchange->client->ca_bundle) {
                (void)curl_easy_setopt(easy, CURLOPT_CAINFO, exchange->client->ca_bundle);
                (void)curl_easy_setopt(easy, CURLOPT_CAPATH,
                                       NULL); /* the system's folder is another thing to trust */
        }
        if (endpoint->unix_socket[0])
                (void)curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, endpoint->unix_socket);
        if (endpoint_is_local(endpoint))
                (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

static void set_callbacks(struct exchange *exchange)
{
        CURL *easy = exchange->easy;

        (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
        (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->detail);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
        (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
        (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
        if (exchange->request.body) {
                (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body);
                (void)curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
                (void)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
                (void)curl_easy_setopt(easy, CURLOPT_SEEKDATA, exchange);
        }
}

static bool set_request(struct exchange *exchange)
{
        const struct http_request *request = &exchange->request;
        char authority[ENDPOINT_AUTHORITY_CHARS + 1];
        CURL *easy = exchange->easy;

        endpoint_print_authority(request->endpoint, authority);
        buffer_clear(&exchange->url);
        buffer_appendf(&exchange->url, "%s://%s%s", request->endpoint->is_tls ? "https" : "http", authority,
                       request->target);
        if (exchange->url.failed || !add_headers(exchange))
                return false;
        /* An upload is the one form that sends exactly Content-Length and no header of libcurl's own; a
         * request without a body that is no GET says "Content-Length: 0" that way. */
        if (strcmp(request->method, "HEAD") == 0) {
                (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        } else if (request->body || strcmp(request->method, "GET") != 0) {
                (void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
                (void)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                                       (curl_off_t)(request->body ? request->body_bytes : 0));
                (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
                if (request->body_bytes >= UPLOAD_BUFFER_BYTES)
                        (void)curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER_BYTES);
        }
        return curl_easy_setopt(easy, CURLOPT_URL, exchange->url.bytes) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->lines) == CURLE_OK;
}

enum ingot_code http_client_start(struct http_client *client, const struct http_request *request,
                                  http_done done, void *context, struct ingot_error *err)
{
        struct exchange *exchange = NULL;
        enum ingot_code r = take_idle(client, &exchange, err);

        if (r)
                return r;
        curl_easy_reset(exchange->easy);
        exchange->request = *request;
        exchange->body_at_bytes = 0;
        exchange->is_too_large = false;
        exchange->body_code = INGOT_OK;
        exchange->detail[0] = '\0';
        exchange->done = done;
        exchange->context = context;
        buffer_clear(&exchange->reply.headers);
        buffer_clear(&exchange->reply.body);
        exchange->reply.body.ceiling_bytes = request->reply_bytes_max;
        set_transport(exchange);
        set_callbacks(exchange);
        if (!set_request(exchange) || curl_multi_add_handle(client->multi, exchange->easy)) {
                exchange_free(exchange);
                return ingot_fail_memory(err, sizeof(*exchange));
        }
        exchange->request.headers = NULL; /* copied into lines and url */
        exchange->request.header_count = 0;
        exchange->request.method = exchange->request.target = NULL;
        link_busy(exchange);
        return INGOT_OK;
}

/* ---- ending ---- */

static enum http_outcome outcome_of(const struct exchange *exchange, CURLcode code)
{
        if (exchange->body_code)
                return HTTP_BODY_FAILED;
        if (exchange->is_too_large)
                return HTTP_TOO_LARGE;
        switch ((int)code) { /* an int: libcurl has a hundred codes and we know these */
        case CURLE_OK: return HTTP_ANSWERED;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT: return HTTP_UNREACHABLE;
        case CURLE_OPERATION_TIMEDOUT: return HTTP_DEADLINE;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_INVALIDCERTSTATUS: return HTTP_UNTRUSTED;
        default: return HTTP_BROKEN;
        }
}

static void tell(const struct exchange *exchange, CURLcode code, const char *where, struct ingot_error *err)
{
        long why = 0;

        (void)curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &why);
        switch (exchange->reply.outcome) {
        case HTTP_ANSWERED: break;
        case HTTP_BODY_FAILED: *err = exchange->body_err; break;
        case HTTP_TOO_LARGE:
                (void)ingot_fail(err, INGOT_E_REMOTE, "the answer of '%s' is larger than %zu bytes", where,
                                 exchange->request.reply_bytes_max);
                break;
        case HTTP_UNREACHABLE:
                if (code == CURLE_COULDNT_CONNECT)
                        (void)ingot_fail(err, INGOT_E_REMOTE, "nothing can be reached at '%s': %s", where,
                                         why ? strerrordesc_np((int)why) : "no connection");
                else
                        (void)ingot_fail(err, INGOT_E_REMOTE, "the name of '%s' is not known", where);
                break;
        case HTTP_DEADLINE:
                (void)ingot_fail(err, INGOT_E_REMOTE, "no whole answer from '%s' within %u ms", where,
                                 (unsigned)exchange->request.deadline_ms);
                break;
        case HTTP_UNTRUSTED:
                (void)ingot_fail(err, INGOT_E_DENIED, "the certificate of '%s' does not hold: %s", where,
                                 exchange->detail[0] ? exchange->detail : curl_easy_strerror(code));
                break;
        case HTTP_BROKEN:
                (void)ingot_fail(err, INGOT_E_REMOTE, "the exchange with '%s' broke: %s", where,
                                 exchange->detail[0] ? exchange->detail : curl_easy_strerror(code));
                break;
        }
}

static void finish(struct exchange *exchange, CURLcode code)
{
        struct http_client *client = exchange->client;
        const struct endpoint *endpoint = exchange->request.endpoint;
        struct ingot_error err = { .code = INGOT_OK };
        char where[ENDPOINT_AUTHORITY_CHARS + ENDPOINT_SOCKET_CHARS + 16];
        long status = 0;

        (void)curl_multi_remove_handle(client->multi, exchange->easy);
        unlink_busy(exchange);
        (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
        exchange->reply.status = status > 0 ? (unsigned)status : 0;
        exchange->reply.outcome = outcome_of(exchange, code);
        if (endpoint->unix_socket[0])
                memcpy(where, endpoint->unix_socket, sizeof(endpoint->unix_socket));
        else
                endpoint_print_authority(endpoint, where);
        tell(exchange, code, where, &err);
        exchange->done(exchange->context, &exchange->reply, &err);
        put_idle(client, exchange);
}

enum ingot_code http_client_pump(struct http_client *client, uint32_t wait_ms, struct ingot_error *err)
{
        CURLMsg *message;
        int running, left;
        CURLMcode code = curl_multi_perform(client->multi, &running);

        if (!code && (size_t)running == client->busy_count && wait_ms) {
                code = curl_multi_poll(client->multi, NULL, 0, (int)min_u64(wait_ms, 60000), NULL);
                if (!code)
                        code = curl_multi_perform(client->multi, &running);
        }
        if (code)
                return ingot_fail(err, INGOT_E_SYSTEM, "the loop of HTTP requests: %s",
                                  curl_multi_strerror(code));
        while ((message = curl_multi_info_read(client->multi, &left))) {
                struct exchange *exchange = NULL;

                if (message->msg != CURLMSG_DONE)
                        continue;
                (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
                finish(exchange, message->data.result); /* message is gone once its handle is removed */
        }
        return INGOT_OK;
}

size_t http_client_in_flight(const struct http_client *client)
{
        return client->busy_count;
}

void http_client_abandon(struct http_client *client)
{
        while (client->busy) {
                struct exchange *exchange = client->busy;

                (void)curl_multi_remove_handle(client->multi, exchange->easy);
                unlink_busy(exchange);
                put_idle(client, exchange);
        }
}

/* ---- replies ---- */

bool http_reply_header(const struct http_reply *reply, const char *name, char *out, size_t room)
{
        size_t name_chars = strlen(name);

        for (const char *line = reply->headers.bytes; *line;) {
                size_t chars = strcspn(line, "\n");

                if (chars > name_chars + 2 && strncmp(line, name, name_chars) == 0 &&
                    memcmp(line + name_chars, ": ", 2) == 0) {
                        size_t value_chars = chars - name_chars - 2;

                        if (value_chars >= room)
                                return false;
                        memcpy(out, line + name_chars + 2, value_chars);
                        out[value_chars] = '\0';
                        return true;
                }
                line += chars + (line[chars] == '\n');
        }
        return false;
}

int64_t http_reply_date(const struct http_reply *reply)
{
        char text[64];

        return http_reply_header(reply, "date", text, sizeof(text)) ? (int64_t)curl_getdate(text, NULL) : -1;
}
