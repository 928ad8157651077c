/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

/* builder/base/buffer.h
 * buffer: bytes that grow up to a ceiling.
 *
 * Rules    (1) The ceiling is given at init and never passed: input cannot make us allocate more.
 *          (2) bytes is always followed by a NUL that size does not count, so text can be printed;
 *              bytes is "" (not owned) while nothing was appended.
 *          (3) Appending remembers its first failure: a chain of appends needs one check, at its end,
 *              by buffer_check().
 * Tests    tests/unit/base/test_buffer.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

struct buffer {
        char *bytes;
        size_t size_bytes;
        size_t capacity_bytes;
        size_t ceiling_bytes;
        enum ingot_code failed; /* INGOT_OK, or INGOT_E_MEMORY after an append that could not be kept */
};

#define BUFFER_INIT(ceiling)                                                                                 \
        {                                                                                                    \
                .bytes = (char *)"", .ceiling_bytes = (ceiling)                                              \
        }

void buffer_init(struct buffer *buffer, size_t ceiling_bytes);
void buffer_release(struct buffer *buffer); /* also the drop function: OWNED(buffer_release) */
void buffer_clear(struct buffer *buffer);   /* keeps the memory, forgets bytes and failure */

/* Makes room at once for what will be size_bytes in all; no promise: a size above the ceiling is passed over. */
void buffer_expect(struct buffer *buffer, size_t size_bytes);

void buffer_append(struct buffer *buffer, const void *bytes, size_t size_bytes);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_char(struct buffer *buffer, char c);
void buffer_appendf(struct buffer *buffer, const char *format, ...) INGOT_PRINTF(2, 3);

/*
 * Fails with   INGOT_E_MEMORY  an append ran out of memory or passed the ceiling
 */
enum ingot_code buffer_check(const struct buffer *buffer, struct ingot_error *err) INGOT_MUST_CHECK;

/* Gives the bytes away as a heap string (never NULL unless out of memory) and leaves the buffer empty. */
char *buffer_take(struct buffer *buffer);

#endif
