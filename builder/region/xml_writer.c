/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "region/xml_writer.h"

void element_open(struct buffer *out, const char *name)
{
        buffer_appendf(out, "<%s>", name);
}

void element_close(struct buffer *out, const char *name)
{
        buffer_appendf(out, "</%s>", name);
}

void element_text(struct buffer *out, const char *name, const char *value)
{
        element_open(out, name);
        while (*value) {
                size_t plain = strcspn(value, "<>&\"\r");

                buffer_append(out, value, plain);
                value += plain;
                switch (*value) {
                case '<': buffer_append_text(out, "&lt;"); break;
                case '>': buffer_append_text(out, "&gt;"); break;
                case '&': buffer_append_text(out, "&amp;"); break;
                case '"': buffer_append_text(out, "&quot;"); break;
                case '\r': buffer_append_text(out, "&#13;"); break; /* a bare one would be read as LF */
                default: continue;
                }
                value++;
        }
        element_close(out, name);
}

void element_text_if(struct buffer *out, const char *name, const char *value)
{
        if (*value)
                element_text(out, name, value);
}

void element_bool(struct buffer *out, const char *name, bool value)
{
        element_text(out, name, value ? "true" : "false");
}

void element_u64(struct buffer *out, const char *name, uint64_t value)
{
        buffer_appendf(out, "<%s>%" PRIu64 "</%s>", name, value, name);
}

void element_u64_if(struct buffer *out, const char *name, uint64_t value)
{
        if (value)
                element_u64(out, name, value);
}
