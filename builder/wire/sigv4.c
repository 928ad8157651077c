/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/own.h"
#include "wire/sigv4.h"
#include "wire/sigv4_canonical.h"

void sigv4_signature_release(struct sigv4_signature *signature)
{
        buffer_release(&signature->authorization);
}

/* The request's headers and room for the three that signing adds. */
struct header_set {
        struct sigv4_header headers[SIGV4_HEADERS_MAX + 3];
        size_t count;
};

static void header_set_add(struct header_set *set, const char *name, const char *value)
{
        set->headers[set->count++] = (struct sigv4_header){ .name = name, .value = value };
}

static enum ingot_code collect_headers(const struct sigv4_request *request, struct header_set *set,
                                       struct ingot_error *err)
{
        bool has_host = false;

        if (request->header_count > SIGV4_HEADERS_MAX)
                return ingot_fail(err, INGOT_E_USAGE, "%zu headers to sign; at most %d",
                                  request->header_count, SIGV4_HEADERS_MAX);
        for (size_t i = 0; i < request->header_count; i++) {
                has_host = has_host || strcasecmp(request->headers[i].name, "host") == 0;
                header_set_add(set, request->headers[i].name, request->headers[i].value);
        }
        if (!has_host)
                return ingot_fail(err, INGOT_E_USAGE, "a request without a host header cannot be signed");
        return INGOT_OK;
}

static struct sigv4_canonical canonical_of(const struct sigv4_request *request, const struct header_set *set,
                                           const struct uri_query *query, const char *date)
{
        return (struct sigv4_canonical){ .method = request->method,
                                         .path = request->path,
                                         .query = query,
                                         .headers = set->headers,
                                         .header_count = set->count,
                                         .payload_hash = request->payload_hash,
                                         .date = date,
                                         .region = request->region,
                                         .service = request->service,
                                         .is_s3_path = request->is_s3_path };
}

enum ingot_code sigv4_sign(const struct sigv4_request *request, const struct sigv4_credentials *credentials,
                           int64_t now_seconds, struct sigv4_signature *ret_signature,
                           struct ingot_error *err)
{
        OWNED(uri_query_release) struct uri_query query = { .pairs = NULL };
        OWNED(sigv4_signature_release)
        struct sigv4_signature signature = { .authorization = BUFFER_INIT(SIGV4_CANONICAL_BYTES_MAX) };
        struct buffer *out = &signature.authorization;
        struct header_set set = { .count = 0 };
        struct sigv4_canonical canonical;
        char hex[SIGV4_HEX_CHARS + 1];
        enum ingot_code r = collect_headers(request, &set, err);

        if (!r)
                r = uri_query_parse(request->query, request->query ? strlen(request->query) : 0, URI_QUERY,
                                    &query, err);
        if (r)
                return r;
        clock_print_basic(now_seconds, signature.date);
        header_set_add(&set, "x-amz-date", signature.date);
        if (credentials->session_token)
                header_set_add(&set, "x-amz-security-token", credentials->session_token);
        if (request->has_content_sha256)
                header_set_add(&set, "x-amz-content-sha256", request->payload_hash);
        sigv4_sort_headers(set.headers, set.count);
        canonical = canonical_of(request, &set, &query, signature.date);
        r = sigv4_compute(&canonical, credentials->secret_access_key, hex, err);
        if (r)
                return r;
        buffer_appendf(out, "AWS4-HMAC-SHA256 Credential=%s/", credentials->access_key_id);
        sigv4_append_scope(out, &canonical);
        buffer_append_text(out, ", SignedHeaders=");
        sigv4_append_names(out, set.headers, set.count);
        buffer_appendf(out, ", Signature=%s", hex);
        r = buffer_check(out, err);
        if (r)
                return r;
        *ret_signature = signature;
        signature = (struct sigv4_signature){ .authorization = BUFFER_INIT(0) };
        return INGOT_OK;
}

/* Appends the request's own query and the X-Amz-* pairs, but for the signature. */
static enum ingot_code append_presigned(struct buffer *out, const struct sigv4_request *request,
                                        const struct sigv4_credentials *credentials,
                                        const struct header_set *set, const char *date,
                                        uint32_t expires_seconds, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(SIGV4_CANONICAL_BYTES_MAX);
        struct uri_query none = { .pairs = NULL };
        struct sigv4_canonical canonical = canonical_of(request, set, &none, date);
        char expires[16];

        if (request->query)
                buffer_append_text(out, request->query);
        uri_append_pair(out, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
        buffer_appendf(&text, "%s/", credentials->access_key_id);
        sigv4_append_scope(&text, &canonical);
        uri_append_pair(out, "X-Amz-Credential", text.bytes);
        uri_append_pair(out, "X-Amz-Date", date);
        (void)snprintf(expires, sizeof(expires), "%u", (unsigned)expires_seconds);
        uri_append_pair(out, "X-Amz-Expires", expires);
        if (credentials->session_token)
                uri_append_pair(out, "X-Amz-Security-Token", credentials->session_token);
        buffer_clear(&text);
        sigv4_append_names(&text, set->headers, set->count);
        uri_append_pair(out, "X-Amz-SignedHeaders", text.bytes);
        return buffer_check(&text, err);
}

enum ingot_code sigv4_presign(const struct sigv4_request *request,
                              const struct sigv4_credentials *credentials, int64_t now_seconds,
                              uint32_t expires_seconds, struct buffer *out, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer made = BUFFER_INIT(SIGV4_CANONICAL_BYTES_MAX);
        OWNED(uri_query_release) struct uri_query query = { .pairs = NULL };
        struct header_set set = { .count = 0 };
        struct sigv4_canonical canonical;
        char hex[SIGV4_HEX_CHARS + 1], date[CLOCK_BASIC_CHARS + 1];
        enum ingot_code r;

        if (expires_seconds < 1 || expires_seconds > SIGV4_EXPIRES_MAX_SECONDS)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "a query presigned for %u seconds; 1 to %d are possible",
                                  (unsigned)expires_seconds, SIGV4_EXPIRES_MAX_SECONDS);
        r = collect_headers(request, &set, err);
        if (r)
                return r;
        if (request->has_content_sha256)
                header_set_add(&set, "x-amz-content-sha256", request->payload_hash);
        sigv4_sort_headers(set.headers, set.count);
        clock_print_basic(now_seconds, date);
        r = append_presigned(&made, request, credentials, &set, date, expires_seconds, err);
        if (!r)
                r = buffer_check(&made, err);
        if (!r)
                r = uri_query_parse(made.bytes, made.size_bytes, URI_QUERY, &query, err);
        if (r)
                return r;
        canonical = canonical_of(request, &set, &query, date);
        r = sigv4_compute(&canonical, credentials->secret_access_key, hex, err);
        if (r)
                return r;
        uri_append_pair(&made, "X-Amz-Signature", hex);
        buffer_append(out, made.bytes, made.size_bytes);
        return buffer_check(out, err);
}
