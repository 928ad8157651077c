/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "content/account_file.h"
#include "content/tree_edit.h"

enum { FILE_CEILING_BYTES = 16 << 20 };

void account_file_release(struct account_file *file)
{
        free(file->text);
        file->text = NULL;
}

enum ingot_code account_file_load(const struct tree *tree, const char *path, struct account_file *ret_file,
                                  struct ingot_error *err)
{
        char *text = NULL;
        struct ingot_error why;
        enum ingot_code r = tree_edit_read_text(tree, path, FILE_CEILING_BYTES, &text, NULL, &why);

        if (r && r != INGOT_E_NOT_FOUND) {
                if (err)
                        *err = why;
                return r;
        }
        *ret_file = (struct account_file){ .path = path, .text = text };
        return INGOT_OK;
}

enum ingot_code account_file_save(struct tree *tree, struct content_store *store,
                                  const struct account_file *file, struct ingot_error *err)
{
        return file->text ? tree_edit_replace_text(tree, store, file->path, file->text, err) : INGOT_OK;
}

const char *account_file_next(const struct account_file *file, const char *line)
{
        if (!line)
                line = file->text;
        else
                line = line[strcspn(line, "\n")] ? line + strcspn(line, "\n") + 1 : NULL;
        return line && *line ? line : NULL;
}

struct account_field account_field(const char *line, unsigned index)
{
        for (; index > 0; index--) {
                line += strcspn(line, ":\n");
                if (*line != ':')
                        return (struct account_field){ .text = "" };
                line++;
        }
        return (struct account_field){ .text = line, .size_bytes = strcspn(line, ":\n") };
}

bool account_field_number(const struct account_field *field, uint32_t *ret_number)
{
        uint64_t number = 0;

        if (field->size_bytes == 0 || field->size_bytes > 10)
                return false;
        for (size_t i = 0; i < field->size_bytes; i++) {
                if (field->text[i] < '0' || field->text[i] > '9')
                        return false;
                number = number * 10 + (uint64_t)(field->text[i] - '0');
        }
        if (number >= UINT32_MAX)
                return false;
        *ret_number = (uint32_t)number;
        return true;
}

static bool field_is(const struct account_field *field, const char *value)
{
        return field->size_bytes == strlen(value) && memcmp(field->text, value, field->size_bytes) == 0;
}

const char *account_file_find(const struct account_file *file, unsigned index, const char *value)
{
        const char *line = NULL;

        while ((line = account_file_next(file, line))) {
                struct account_field field = account_field(line, index);

                if (field_is(&field, value))
                        return line;
        }
        return NULL;
}

static enum ingot_code take_text(struct account_file *file, struct buffer *buffer, struct ingot_error *err)
{
        enum ingot_code r = buffer_check(buffer, err);
        char *text;

        if (r)
                return r;
        text = buffer_take(buffer);
        if (!text)
                return ingot_fail_memory(err, 1);
        free(file->text);
        file->text = text;
        return INGOT_OK;
}

enum ingot_code account_file_add(struct account_file *file, const char *line, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer buffer = BUFFER_INIT(FILE_CEILING_BYTES + 4096);

        if (!file->text)
                return INGOT_OK; /* rule 2 */
        buffer_append_text(&buffer, file->text);
        if (buffer.size_bytes > 0 && buffer.bytes[buffer.size_bytes - 1] != '\n')
                buffer_append_char(&buffer, '\n');
        buffer_append_text(&buffer, line);
        buffer_append_char(&buffer, '\n');
        return take_text(file, &buffer, err);
}

static bool list_has(const char *list, size_t list_bytes, const char *member)
{
        size_t member_bytes = strlen(member);

        for (const char *at = list, *end = list + list_bytes; at < end;) {
                const char *comma = memchr(at, ',', (size_t)(end - at));
                size_t item_bytes = (size_t)((comma ? comma : end) - at);

                if (item_bytes == member_bytes && memcmp(at, member, member_bytes) == 0)
                        return true;
                at += item_bytes + 1;
        }
        return false;
}

enum ingot_code account_file_add_member(struct account_file *file, const char *group, const char *member,
                                        struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer buffer = BUFFER_INIT(FILE_CEILING_BYTES + 4096);
        const char *line = account_file_find(file, 0, group), *list;
        struct account_field members;

        if (!file->text)
                return INGOT_OK; /* rule 2 */
        if (!line)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no group '%s' in '%s'", group,
                                  file->path);
        members = account_field(line, 3); /* of group and of gshadow */
        list = members.size_bytes ? members.text : line + strcspn(line, "\n");
        if (list_has(list, members.size_bytes, member))
                return INGOT_OK;
        buffer_append(&buffer, file->text, (size_t)(list - file->text) + members.size_bytes);
        if (members.size_bytes)
                buffer_append_char(&buffer, ',');
        buffer_append_text(&buffer, member);
        buffer_append_text(&buffer, list + members.size_bytes);
        return take_text(file, &buffer, err);
}
