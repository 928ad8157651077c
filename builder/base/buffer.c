/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

void buffer_init(struct buffer *buffer, size_t ceiling_bytes)
{
        *buffer = (struct buffer)BUFFER_INIT(ceiling_bytes);
}

void buffer_release(struct buffer *buffer)
{
        if (buffer->capacity_bytes)
                free(buffer->bytes);
        buffer_init(buffer, buffer->ceiling_bytes);
}

void buffer_clear(struct buffer *buffer)
{
        buffer->size_bytes = 0;
        buffer->failed = INGOT_OK;
        if (buffer->capacity_bytes)
                buffer->bytes[0] = '\0';
}

void buffer_expect(struct buffer *buffer, size_t size_bytes)
{
        char *grown;

        if (buffer->failed || size_bytes > buffer->ceiling_bytes || size_bytes < buffer->capacity_bytes)
                return;
        grown = realloc(buffer->capacity_bytes ? buffer->bytes : NULL, size_bytes + 1);
        if (!grown)
                return;
        if (!buffer->capacity_bytes)
                grown[0] = '\0';
        buffer->bytes = grown;
        buffer->capacity_bytes = size_bytes + 1;
}

/* Makes room for size_bytes more and the NUL. */
static bool buffer_reserve(struct buffer *buffer, size_t size_bytes)
{
        size_t capacity = buffer->capacity_bytes ? buffer->capacity_bytes : 64;
        char *grown;

        if (buffer->failed)
                return false;
        if (size_bytes > buffer->ceiling_bytes || buffer->size_bytes > buffer->ceiling_bytes - size_bytes) {
                buffer->failed = INGOT_E_MEMORY;
                return false;
        }
        while (capacity < buffer->size_bytes + size_bytes + 1)
                capacity *= 2;
        if (buffer->ceiling_bytes < capacity - 1) /* what is never used is not taken */
                capacity = buffer->ceiling_bytes + 1;
        if (capacity == buffer->capacity_bytes)
                return true;
        grown = realloc(buffer->capacity_bytes ? buffer->bytes : NULL, capacity);
        if (!grown) {
                buffer->failed = INGOT_E_MEMORY;
                return false;
        }
        buffer->bytes = grown;
        buffer->capacity_bytes = capacity;
        return true;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t size_bytes)
{
        if (!size_bytes || !buffer_reserve(buffer, size_bytes))
                return;
        memcpy(buffer->bytes + buffer->size_bytes, bytes, size_bytes);
        buffer->size_bytes += size_bytes;
        buffer->bytes[buffer->size_bytes] = '\0';
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
        buffer_append(buffer, text, strlen(text));
}

void buffer_append_char(struct buffer *buffer, char c)
{
        buffer_append(buffer, &c, 1);
}

void buffer_appendf(struct buffer *buffer, const char *format, ...)
{
        va_list args;
        int wanted;

        va_start(args, format);
        wanted = vsnprintf(NULL, 0, format, args);
        va_end(args);
        if (wanted <= 0 || !buffer_reserve(buffer, (size_t)wanted))
                return;
        va_start(args, format);
        (void)vsnprintf(buffer->bytes + buffer->size_bytes, (size_t)wanted + 1, format, args);
        va_end(args);
        buffer->size_bytes += (size_t)wanted;
}

enum ingot_code buffer_check(const struct buffer *buffer, struct ingot_error *err)
{
        if (!buffer->failed)
                return INGOT_OK;
        return ingot_fail(err, INGOT_E_MEMORY, "a buffer of at most %zu bytes is full or memory ran out",
                          buffer->ceiling_bytes);
}

char *buffer_take(struct buffer *buffer)
{
        size_t ceiling_bytes = buffer->ceiling_bytes;
        char *taken;

        if (buffer->failed) {
                buffer_release(buffer);
                return NULL;
        }
        taken = buffer->capacity_bytes ? buffer->bytes : calloc(1, 1);
        buffer_init(buffer, ceiling_bytes);
        return taken;
}
