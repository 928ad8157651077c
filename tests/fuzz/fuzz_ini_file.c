/* SPDX-License-Identifier: Apache-2.0 */
/* AWS's config and credentials files: every section, value, nested value and section's word. */
#include <string.h>

#include "base/own.h"
#include "publish/ini_file.h"
#include "publish/shell_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void look_at(const struct ini_file *file, const struct ini_section *section)
{
        OWNED(heap_drop) char *word = malloc(strlen(section->name) + 1);

        if (!word || ini_file_section(file, section->name) != section)
                __builtin_trap(); /* a name is there once */
        (void)ini_section_word(section->name, "profile", word);
        for (size_t i = 0; i < section->entry_count; i++) {
                OWNED(shell_words_release) struct shell_words words = { .argv = NULL };
                const struct ini_entry *entry = &section->entries[i];
                size_t chars = 0;
                const char *nested = ini_nested_value(entry->value, "endpoint_url", &chars);

                if (ini_file_value(file, section, entry->name) != entry->value)
                        __builtin_trap();
                if (nested && (nested < entry->value || nested + chars > entry->value + strlen(entry->value)))
                        __builtin_trap();
                (void)!shell_words_split(entry->value, &words, NULL);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        OWNED(ini_file_release) struct ini_file file = { .sections = NULL };
        enum ingot_code r = ini_file_parse((const char *)bytes, size_bytes, "f", &file, NULL);

        if (r && file.sections)
                __builtin_trap();
        for (size_t i = 0; i < file.section_count; i++)
                look_at(&file, &file.sections[i]);
        return 0;
}
