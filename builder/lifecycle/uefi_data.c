/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/own.h"
#include "lifecycle/folder.h"
#include "lifecycle/uefi_data.h"

enum { FILE_BYTES_MAX = 1 << 20, TEXT_CHARS_MAX = 64000, BASE64_GROUP = 4 };

/* Leaves white space out. */
static size_t squeeze(char *text, size_t size_bytes)
{
        size_t kept = 0;

        for (size_t i = 0; i < size_bytes; i++)
                if (!strchr(" \t\r\n", text[i]) || !text[i])
                        text[kept++] = text[i];
        text[kept] = '\0';
        return kept;
}

static bool is_base64(const char *text, size_t chars)
{
        size_t digits = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

        return chars && chars % BASE64_GROUP == 0 && chars - digits <= 2 &&
               strspn(text + digits, "=") == chars - digits;
}

enum ingot_code uefi_data_read(const struct template *template, char **ret_text, struct ingot_error *err)
{
        const struct text_value *asked = &template->ami.uefi_data;
        OWNED(heap_drop) char *path = NULL;
        OWNED(heap_drop) char *text = NULL;
        size_t chars = 0;
        enum ingot_code r;

        if (!asked->text)
                return INGOT_OK;
        path = *asked->text == '/' ? strdup(asked->text) : folder_path(template->folder, asked->text);
        if (!path)
                return ingot_fail_memory(err, strlen(asked->text));
        r = fd_read_file(path, FILE_BYTES_MAX, &text, &chars, err);
        if (r)
                return ingot_while(err, r, "reading the UEFI variables");
        chars = squeeze(text, chars);
        if (!is_base64(text, chars))
                return mark_fail(
                        err, INGOT_E_TEMPLATE, &asked->mark,
                        "'%s' is no base64: RegisterImage takes UEFI variables as the tools for them "
                        "print them",
                        path);
        if (chars > TEXT_CHARS_MAX)
                return mark_fail(err, INGOT_E_TEMPLATE, &asked->mark,
                                 "'%s' has %zu characters of base64; RegisterImage takes %d", path, chars,
                                 TEXT_CHARS_MAX);
        *ret_text = TAKE(text);
        return INGOT_OK;
}
