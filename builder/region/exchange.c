/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/fd.h"
#include "region/exchange.h"

void region_reply_init(struct region_reply *reply, const char *request_id)
{
        memset(reply, 0, sizeof(*reply));
        buffer_init(&reply->body, REPLY_BODY_CEILING_BYTES);
        reply->file_fd = FD_NONE;
        (void)snprintf(reply->request_id, sizeof(reply->request_id), "%s", request_id);
}

void region_reply_release(struct region_reply *reply)
{
        buffer_release(&reply->body);
        fd_drop(&reply->file_fd);
}

void region_reply_clear(struct region_reply *reply)
{
        reply->status = 0;
        reply->content_type = NULL;
        reply->header_count = 0;
        buffer_clear(&reply->body);
        fd_drop(&reply->file_fd);
}

void region_reply_add_header(struct region_reply *reply, const char *name, const char *value)
{
        struct reply_header *header = &reply->headers[reply->header_count];

        if (reply->header_count == REPLY_HEADERS_MAX)
                return;
        header->name = name;
        (void)snprintf(header->value, sizeof(header->value), "%s", value);
        reply->header_count++;
}

const char *region_request_header(const struct region_request *request, const char *name)
{
        for (size_t i = 0; i < request->header_count; i++) {
                if (strcasecmp(request->headers[i].name, name) == 0)
                        return request->headers[i].value;
        }
        return NULL;
}

bool read_digits(const char *text, uint64_t *ret_value)
{
        uint64_t value = 0;
        size_t chars = strlen(text);

        if (chars == 0 || chars > 19)
                return false;
        for (const char *at = text; *at; at++) {
                if (*at < '0' || *at > '9')
                        return false;
                value = value * 10 + (uint64_t)(*at - '0');
        }
        *ret_value = value;
        return true;
}

/* The length of the well-formed UTF-8 sequence at text, 0 when there is none (RFC 3629, section 4). */
static size_t sequence_bytes(const unsigned char *text)
{
        unsigned char first = text[0], second = text[0] ? text[1] : 0;
        size_t bytes = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

        if (bytes <= 1)
                return bytes;
        if (first > 0xF4 || (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
            (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
                return 0;
        for (size_t i = 1; i < bytes; i++) {
                if ((text[i] & 0xC0) != 0x80)
                        return 0;
        }
        return bytes;
}

bool is_plain_text(const char *text, size_t *ret_chars)
{
        const unsigned char *at = (const unsigned char *)text;
        size_t chars = 0;

        while (*at) {
                size_t bytes = sequence_bytes(at);

                if (bytes == 0 || (*at < 0x20 && *at != '\t' && *at != '\r' && *at != '\n') || *at == 0x7F)
                        return false;
                /* U+FFFE and U+FFFF cannot stand in XML either. */
                if (bytes == 3 && at[0] == 0xEF && at[1] == 0xBF && at[2] >= 0xBE)
                        return false;
                at += bytes;
                chars++;
        }
        *ret_chars = chars;
        return true;
}
