/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/fd.h"
#include "base/own.h"
#include "model/memory_source.h"
#include "publish/credential_fetch.h"

void credential_buffer_release(struct buffer *buffer)
{
        if (buffer->capacity_bytes)
                secret_wipe(buffer->bytes, buffer->capacity_bytes);
        buffer_release(buffer);
}

enum ingot_code credential_fetch(const struct credential_query *query, const struct credential_fetch *fetch,
                                 struct buffer *ret_body, struct fault *ret_fault, struct ingot_error *err)
{
        const struct retry_policy policy = { .first_ms = 200,
                                             .ceiling_ms = 2000,
                                             .attempts_max = fetch->attempts,
                                             .unreachable_attempts = fetch->attempts,
                                             .budget_ms = 60000 };
        const struct region_link_options options = { .credentials = fetch->signer,
                                                     .clock = query->clock,
                                                     .policy = &policy,
                                                     .observer = query->stop,
                                                     .ca_bundle = query->ca_bundle,
                                                     .random_seed = clock_monotonic_ns(&clock_of_system) };
        OWNED(region_link_drop) struct region_link *link = NULL;
        char hash[DIGEST_HEX_CHARS + 1];
        struct memory_source source;
        struct digest digest;
        struct region_call call = { .endpoint = &fetch->endpoint,
                                    .operation = fetch->operation,
                                    .protocol = fetch->protocol,
                                    .method = fetch->method,
                                    .path = fetch->path,
                                    .query = fetch->query,
                                    .headers = fetch->headers,
                                    .header_count = fetch->header_count,
                                    .payload_hash = hash,
                                    .deadline_ms = fetch->deadline_ms,
                                    .reply_bytes_max = CREDENTIAL_REPLY_BYTES_MAX };
        size_t body_bytes = fetch->body ? strlen(fetch->body) : 0;
        enum ingot_code r = digest_of(fetch->body ? fetch->body : "", body_bytes, &digest, err);

        if (!r)
                r = region_link_new(&options, &link, err);
        if (r)
                return r;
        hex_encode(digest.bytes, DIGEST_BYTES, hash);
        if (fetch->body) {
                memory_source_init(&source, fetch->body, body_bytes);
                call.body = &source.source;
                call.body_bytes = body_bytes;
        }
        return region_link_call(link, &call, ret_body, ret_fault, NULL, err);
}

enum ingot_code credential_fetch_url(struct credential_fetch *fetch, const char *url,
                                     char path[CREDENTIAL_PATH_CHARS + 1], struct ingot_error *err)
{
        const char *scheme_end = strstr(url, "://"), *rest = scheme_end ? scheme_end + 3 : url;
        size_t base_chars = (size_t)(rest - url) + strcspn(rest, "/?");
        char base[ENDPOINT_HOST_CHARS + 32], *mark;

        for (const char *c = url; *c; c++) {
                if ((unsigned char)*c <= ' ')
                        return ingot_fail(err, INGOT_E_USAGE, "the URL '%.200s' has a blank in it", url);
        }
        if (base_chars >= sizeof(base) || strlen(url) - base_chars > CREDENTIAL_PATH_CHARS - 1)
                return ingot_fail(err, INGOT_E_USAGE, "the URL '%.80s...' has %zu characters", url,
                                  strlen(url));
        memcpy(base, url, base_chars);
        base[base_chars] = '\0';
        (void)snprintf(path, CREDENTIAL_PATH_CHARS + 1, "%s%s", url[base_chars] == '/' ? "" : "/",
                       url + base_chars);
        mark = strchr(path, '?');
        if (mark)
                *mark++ = '\0';
        fetch->path = path;
        fetch->query = mark;
        return endpoint_of_url(base, "none", "none", &fetch->endpoint, err);
}

enum ingot_code credential_of_json(const struct json_value *object, const struct credential_members *members,
                                   const char *where, struct credentials *ret_credentials,
                                   struct ingot_error *err)
{
        const struct json_value *expiration =
                members->expiration ? json_value_member(object, members->expiration) : NULL;
        struct credentials_text text = {
                .access_key_id = json_value_text(json_value_member(object, members->access_key_id)),
                .secret_access_key = json_value_text(json_value_member(object, members->secret_access_key)),
                .session_token = json_value_text(json_value_member(object, members->session_token)),
                .expiration = json_value_text(expiration),
        };
        uint64_t milliseconds = 0;
        enum ingot_code r;

        if (!json_value_is_object(object))
                return ingot_fail(err, INGOT_E_FORMAT, "%s: this is no JSON object", where);
        if (members->account_id)
                text.account_id = json_value_text(json_value_member(object, members->account_id));
        if (expiration && !json_value_is_null(expiration) && !text.expiration &&
            !json_value_u64(expiration, &milliseconds))
                return ingot_fail(err, INGOT_E_FORMAT, "%s: '%s' is no time", where, members->expiration);
        r = credentials_make(&text, where, ret_credentials, err);
        if (!r && milliseconds)
                ret_credentials->expires_seconds = (int64_t)(milliseconds / 1000);
        return r;
}

enum ingot_code credential_read_file(const char *path, struct buffer *ret_text, struct ingot_error *err)
{
        size_t size_bytes = 0;
        char *text = NULL;
        enum ingot_code r = fd_read_file(path, CREDENTIAL_REPLY_BYTES_MAX, &text, &size_bytes, err);
        size_t kept = size_bytes;

        if (r)
                return r;
        while (kept && (text[kept - 1] == '\n' || text[kept - 1] == '\r'))
                kept--;
        buffer_append(ret_text, text, kept);
        secret_wipe(text, size_bytes);
        free(text);
        return buffer_check(ret_text, err);
}
