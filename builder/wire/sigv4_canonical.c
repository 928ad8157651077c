/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "base/own.h"
#include "wire/sigv4_canonical.h"

static bool is_space(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

static char lower(char c)
{
        if (c >= 'A' && c <= 'Z')
                c = (char)(c - 'A' + 'a');
        return c;
}

/* Insertion sort: it is stable, and a request has a dozen headers. */
void sigv4_sort_headers(struct sigv4_header *headers, size_t count)
{
        for (size_t i = 1; i < count; i++) {
                struct sigv4_header header = headers[i];
                size_t at = i;

                for (; at > 0 && strcasecmp(headers[at - 1].name, header.name) > 0; at--)
                        headers[at] = headers[at - 1];
                headers[at] = header;
        }
}

static void append_lower(struct buffer *out, const char *text)
{
        for (; *text; text++)
                buffer_append_char(out, lower(*text));
}

/* Rule 2 of wire/sigv4.h. */
static void append_value(struct buffer *out, const char *value)
{
        bool pending = false, begun = false;

        for (; *value; value++) {
                if (is_space(*value)) {
                        pending = begun;
                        continue;
                }
                if (pending)
                        buffer_append_char(out, ' ');
                buffer_append_char(out, *value);
                pending = false;
                begun = true;
        }
}

static bool same_name(const struct sigv4_header *headers, size_t i)
{
        return i > 0 && strcasecmp(headers[i - 1].name, headers[i].name) == 0;
}

void sigv4_append_names(struct buffer *out, const struct sigv4_header *headers, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (same_name(headers, i))
                        continue;
                if (i)
                        buffer_append_char(out, ';');
                append_lower(out, headers[i].name);
        }
}

static void append_headers(struct buffer *out, const struct sigv4_header *headers, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (same_name(headers, i)) {
                        buffer_append_char(out, ',');
                } else {
                        if (i)
                                buffer_append_char(out, '\n');
                        append_lower(out, headers[i].name);
                        buffer_append_char(out, ':');
                }
                append_value(out, headers[i].value);
        }
        buffer_append_char(out, '\n');
}

/* Rule 3 of wire/sigv4.h. */
static enum ingot_code append_path(struct buffer *out, const char *path, bool is_s3_path,
                                   struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer plain = BUFFER_INIT(SIGV4_CANONICAL_BYTES_MAX);
        enum ingot_code r = INGOT_OK;

        if (is_s3_path)
                r = uri_decode(&plain, path, strlen(path), URI_QUERY, err);
        else
                uri_normalize_path(&plain, path, strlen(path));
        if (!r)
                r = buffer_check(&plain, err);
        if (!r)
                uri_encode(out, plain.bytes, plain.size_bytes, true);
        return r;
}

enum ingot_code sigv4_append_canonical(struct buffer *out, const struct sigv4_canonical *canonical,
                                       struct ingot_error *err)
{
        enum ingot_code r;

        buffer_append_text(out, canonical->method);
        buffer_append_char(out, '\n');
        r = append_path(out, canonical->path, canonical->is_s3_path, err);
        if (r)
                return r;
        buffer_append_char(out, '\n');
        r = uri_canonical_query(out, canonical->query, "X-Amz-Signature", err);
        if (r)
                return r;
        buffer_append_char(out, '\n');
        append_headers(out, canonical->headers, canonical->header_count);
        buffer_append_char(out, '\n');
        sigv4_append_names(out, canonical->headers, canonical->header_count);
        buffer_append_char(out, '\n');
        buffer_append_text(out, canonical->payload_hash);
        return buffer_check(out, err);
}

void sigv4_append_scope(struct buffer *out, const struct sigv4_canonical *canonical)
{
        buffer_append(out, canonical->date, 8);
        buffer_appendf(out, "/%s/%s/aws4_request", canonical->region, canonical->service);
}

static enum ingot_code derive_key(const struct sigv4_canonical *canonical, const char *secret_access_key,
                                  struct digest *ret_key, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer first = BUFFER_INIT(SIGV4_CANONICAL_BYTES_MAX);
        struct digest key;
        enum ingot_code r;

        buffer_append_text(&first, "AWS4");
        buffer_append_text(&first, secret_access_key);
        r = buffer_check(&first, err);
        if (!r)
                r = digest_hmac(first.bytes, first.size_bytes, canonical->date, 8, &key, err);
        if (!r)
                r = digest_hmac(key.bytes, DIGEST_BYTES, canonical->region, strlen(canonical->region), &key,
                                err);
        if (!r)
                r = digest_hmac(key.bytes, DIGEST_BYTES, canonical->service, strlen(canonical->service), &key,
                                err);
        if (!r)
                r = digest_hmac(key.bytes, DIGEST_BYTES, "aws4_request", 12, ret_key, err);
        explicit_bzero(first.bytes, first.size_bytes);
        return r;
}

enum ingot_code sigv4_compute(const struct sigv4_canonical *canonical, const char *secret_access_key,
                              char ret_signature[SIGV4_HEX_CHARS + 1], struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(SIGV4_CANONICAL_BYTES_MAX);
        char hex[SIGV4_HEX_CHARS + 1];
        struct digest digest, key;
        enum ingot_code r = sigv4_append_canonical(&text, canonical, err);

        if (!r)
                r = digest_of(text.bytes, text.size_bytes, &digest, err);
        if (r)
                return r;
        hex_encode(digest.bytes, DIGEST_BYTES, hex);
        buffer_clear(&text);
        buffer_appendf(&text, "AWS4-HMAC-SHA256\n%s\n", canonical->date);
        sigv4_append_scope(&text, canonical);
        buffer_append_char(&text, '\n');
        buffer_append_text(&text, hex);
        r = buffer_check(&text, err);
        if (!r)
                r = derive_key(canonical, secret_access_key, &key, err);
        if (!r)
                r = digest_hmac(key.bytes, DIGEST_BYTES, text.bytes, text.size_bytes, &digest, err);
        if (!r)
                hex_encode(digest.bytes, DIGEST_BYTES, ret_signature);
        return r;
}
