/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/own.h"
#include "wire/uri.h"

static bool is_unreserved(unsigned char c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_' || c == '~';
}

void uri_encode(struct buffer *out, const void *bytes, size_t size_bytes, bool keep_slash)
{
        static const char digits[] = "0123456789ABCDEF";
        const unsigned char *in = bytes;
        size_t start = 0;

        for (size_t i = 0; i < size_bytes; i++) {
                char escape[3] = { '%', digits[in[i] >> 4], digits[in[i] & 15] };

                if (is_unreserved(in[i]) || (keep_slash && in[i] == '/'))
                        continue;
                buffer_append(out, in + start, i - start);
                buffer_append(out, escape, sizeof(escape));
                start = i + 1;
        }
        buffer_append(out, in + start, size_bytes - start);
}

void uri_encode_text(struct buffer *out, const char *text)
{
        uri_encode(out, text, strlen(text), false);
}

/* Reads the escape at text[0..2]; -1 when it is none or says NUL. */
static int read_escape(const char *text, size_t size_bytes)
{
        char digits[3] = { 0 };
        uint8_t value;

        if (size_bytes < 3)
                return -1;
        memcpy(digits, text + 1, 2);
        return hex_decode(digits, &value, 1) && value ? value : -1;
}

enum ingot_code uri_decode(struct buffer *out, const char *text, size_t size_bytes, enum uri_kind kind,
                           struct ingot_error *err)
{
        for (size_t i = 0; i < size_bytes; i++) {
                int value = (unsigned char)text[i];

                if (value == '%') {
                        value = read_escape(text + i, size_bytes - i);
                        if (value < 0)
                                return ingot_fail(err, INGOT_E_FORMAT,
                                                  "'%%' at character %zu is not followed by two hex digits "
                                                  "of a character",
                                                  i + 1);
                        i += 2;
                } else if (value == '+' && kind == URI_FORM) {
                        value = ' ';
                } else if (value == '\0') {
                        return ingot_fail(err, INGOT_E_FORMAT, "character %zu is a NUL", i + 1);
                }
                buffer_append_char(out, (char)value);
        }
        return INGOT_OK;
}

/* Decodes one part to the end of out, with its NUL, and tells where it begins. */
static enum ingot_code decode_part(struct buffer *out, const char *text, size_t size_bytes,
                                   enum uri_kind kind, size_t *ret_start, struct ingot_error *err)
{
        size_t start = out->size_bytes;
        enum ingot_code r = uri_decode(out, text, size_bytes, kind, err);

        buffer_append_char(out, '\0');
        *ret_start = start;
        return r;
}

static size_t count_parts(const char *text, size_t size_bytes)
{
        size_t count = size_bytes > 0;

        for (size_t i = 0; i < size_bytes; i++)
                count += text[i] == '&';
        return count;
}

/* Decoded text never grows, so out has room for all of it and never moves: offsets become pointers. */
static enum ingot_code decode_pairs(const char *text, size_t size_bytes, enum uri_kind kind, size_t parts,
                                    struct buffer *out, struct uri_query *query, struct ingot_error *err)
{
        const char *end = text + size_bytes;
        size_t *starts = calloc(2 * parts, sizeof(*starts));
        enum ingot_code r = starts ? INGOT_OK : ingot_fail_memory(err, 2 * parts * sizeof(*starts));

        for (const char *part = text, *next; !r && part < end; part = next + 1) {
                const char *equals;
                size_t *at = starts + 2 * query->count;

                next = memchr(part, '&', (size_t)(end - part));
                if (!next)
                        next = end;
                if (next == part)
                        continue;
                equals = memchr(part, '=', (size_t)(next - part));
                if (!equals)
                        equals = next;
                r = decode_part(out, part, (size_t)(equals - part), kind, &at[0], err);
                if (!r && equals == next)
                        r = decode_part(out, "", 0, kind, &at[1], err);
                else if (!r)
                        r = decode_part(out, equals + 1, (size_t)(next - equals - 1), kind, &at[1], err);
                query->count++;
        }
        if (!r)
                r = buffer_check(out, err);
        for (size_t i = 0; !r && i < query->count; i++) {
                query->pairs[i].name = out->bytes + starts[2 * i];
                query->pairs[i].value = out->bytes + starts[2 * i + 1];
        }
        free(starts);
        return r;
}

enum ingot_code uri_query_parse(const char *text, size_t size_bytes, enum uri_kind kind,
                                struct uri_query *ret_query, struct ingot_error *err)
{
        size_t parts = text ? count_parts(text, size_bytes) : 0;
        OWNED(uri_query_release) struct uri_query query = { .pairs = NULL };
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(0);
        enum ingot_code r;

        if (parts > URI_PAIRS_MAX)
                return ingot_fail(err, INGOT_E_MEMORY, "%zu parameters; at most %d are read", parts,
                                  URI_PAIRS_MAX);
        buffer_init(&out, size_bytes + 2 * parts);
        query.pairs = calloc(parts + 1, sizeof(*query.pairs));
        if (!query.pairs)
                return ingot_fail_memory(err, (parts + 1) * sizeof(*query.pairs));
        r = parts ? decode_pairs(text, size_bytes, kind, parts, &out, &query, err) : INGOT_OK;
        if (r)
                return r;
        query.text = out.capacity_bytes ? buffer_take(&out) : NULL; /* the bytes stay where they are */
        ret_query->count = query.count;
        ret_query->pairs = TAKE(query.pairs);
        ret_query->text = TAKE(query.text);
        return INGOT_OK;
}

void uri_query_release(struct uri_query *query)
{
        free(query->pairs);
        free(query->text);
        *query = (struct uri_query){ .pairs = NULL };
}

const char *uri_query_find(const struct uri_query *query, const char *name)
{
        for (size_t i = 0; i < query->count; i++)
                if (strcmp(query->pairs[i].name, name) == 0)
                        return query->pairs[i].value;
        return NULL;
}

void uri_append_pair(struct buffer *out, const char *name, const char *value)
{
        if (out->size_bytes)
                buffer_append_char(out, '&');
        uri_encode_text(out, name);
        buffer_append_char(out, '=');
        uri_encode_text(out, value);
}

struct encoded_pair {
        size_t name, value; /* offsets into the text that both are in */
        const char *text;
};

static int compare_encoded(const void *a, const void *b)
{
        const struct encoded_pair *left = a, *right = b;
        int order = strcmp(left->text + left->name, right->text + right->name);

        return order ? order : strcmp(left->text + left->value, right->text + right->value);
}

enum ingot_code uri_canonical_query(struct buffer *out, const struct uri_query *query, const char *skip_name,
                                    struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(SIZE_MAX / 4);
        OWNED(heap_drop) struct encoded_pair *pairs = calloc(query->count + 1, sizeof(*pairs));
        size_t count = 0;
        enum ingot_code r;

        if (!pairs)
                return ingot_fail_memory(err, (query->count + 1) * sizeof(*pairs));
        for (size_t i = 0; i < query->count; i++) {
                if (skip_name && strcmp(query->pairs[i].name, skip_name) == 0)
                        continue;
                pairs[count].name = text.size_bytes;
                uri_encode_text(&text, query->pairs[i].name);
                buffer_append_char(&text, '\0');
                pairs[count].value = text.size_bytes;
                uri_encode_text(&text, query->pairs[i].value);
                buffer_append_char(&text, '\0');
                count++;
        }
        r = buffer_check(&text, err);
        if (r)
                return r;
        for (size_t i = 0; i < count; i++)
                pairs[i].text = text.bytes;
        qsort(pairs, count, sizeof(*pairs), compare_encoded);
        for (size_t i = 0; i < count; i++) {
                if (i)
                        buffer_append_char(out, '&');
                buffer_append_text(out, text.bytes + pairs[i].name);
                buffer_append_char(out, '=');
                buffer_append_text(out, text.bytes + pairs[i].value);
        }
        return INGOT_OK;
}

/* Takes the last segment off what was appended since start; the '/' before it stays. */
static void drop_segment(struct buffer *out, size_t start)
{
        size_t size_bytes = out->size_bytes;

        if (size_bytes > start + 1)
                size_bytes--; /* the '/' that ends the segment */
        while (size_bytes > start + 1 && out->bytes[size_bytes - 1] != '/')
                size_bytes--;
        if (size_bytes < out->size_bytes) {
                out->size_bytes = size_bytes;
                out->bytes[size_bytes] = '\0';
        }
}

void uri_normalize_path(struct buffer *out, const char *path, size_t size_bytes)
{
        const char *end = path + size_bytes;
        size_t start = out->size_bytes;

        buffer_append_char(out, '/');
        for (const char *segment = path, *next; segment < end; segment = next + 1) {
                size_t chars;

                next = memchr(segment, '/', (size_t)(end - segment));
                if (!next)
                        next = end;
                chars = (size_t)(next - segment);
                if (chars == 2 && memcmp(segment, "..", 2) == 0) {
                        drop_segment(out, start);
                } else if (chars && !(chars == 1 && *segment == '.')) {
                        buffer_append(out, segment, chars);
                        if (next < end)
                                buffer_append_char(out, '/');
                }
        }
}
