/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/tar_maker.h"

enum { RECORD = 512 };

static void pad(struct buffer *tar)
{
        static const char zeros[RECORD];

        buffer_append(tar, zeros, (RECORD - tar->size_bytes % RECORD) % RECORD);
}

static void put_octal(char *field, size_t size, unsigned long long value)
{
        for (size_t i = size - 1; i > 0; i--) { /* the last byte stays NUL */
                field[i - 1] = (char)('0' + (value & 7));
                value >>= 3;
        }
}

static void add_record(struct buffer *tar, const struct tar_member *member)
{
        char record[RECORD + 1] = { 0 };
        unsigned sum = 0;

        memcpy(record, member->name, strnlen(member->name, 100));
        put_octal(record + 100, 8, member->mode);
        put_octal(record + 108, 8, member->uid);
        put_octal(record + 116, 8, member->gid);
        put_octal(record + 124, 12, member->size);
        if (member->size_field)
                memcpy(record + 124, member->size_field, 12);
        put_octal(record + 136, 12, (unsigned long long)member->mtime);
        memset(record + 148, ' ', 8);
        record[156] = member->type;
        if (member->link)
                memcpy(record + 157, member->link, strnlen(member->link, 100));
        memcpy(record + 257, "ustar\00000", 8);
        put_octal(record + 329, 8, member->major);
        put_octal(record + 337, 8, member->minor);
        for (size_t i = 0; i < RECORD; i++)
                sum += (unsigned char)record[i];
        (void)snprintf(record + 148, 8, "%06o", sum);
        buffer_append(tar, record, RECORD);
        if (member->size)
                buffer_append(tar, member->data, member->size);
        pad(tar);
}

/* "LENGTH key=value\n", where LENGTH counts itself. */
static void add_pax_line(struct buffer *body, const char *line, size_t size)
{
        size_t total = size + 2, digits = 1;

        for (size_t power = 10; total + digits >= power; power *= 10)
                digits++;
        buffer_appendf(body, "%zu ", total + digits);
        buffer_append(body, line, size);
        buffer_append_char(body, '\n');
}

void tar_add(struct buffer *tar, const struct tar_member *member)
{
        struct buffer body = BUFFER_INIT(1 << 20);

        for (const char *at = member->pax; at && *at;) {
                size_t size = strcspn(at, "\n");

                add_pax_line(&body, at, size);
                at += size + (at[size] == '\n');
        }
        if (body.size_bytes)
                add_record(tar, &(struct tar_member){ .name = "pax",
                                                      .type = 'x',
                                                      .mode = 0644,
                                                      .data = body.bytes,
                                                      .size = body.size_bytes });
        buffer_release(&body);
        add_record(tar, member);
}

void tar_end(struct buffer *tar)
{
        static const char zeros[2 * RECORD];

        buffer_append(tar, zeros, sizeof(zeros));
}

void tar_save(const struct buffer *tar, const char *path)
{
        FILE *file = fopen(path, "wb");

        assert_int_equal(tar->failed, 0);
        assert_non_null(file);
        assert_int_equal(fwrite(tar->bytes, 1, tar->size_bytes, file), tar->size_bytes);
        assert_int_equal(fclose(file), 0);
}
