/* SPDX-License-Identifier: Apache-2.0 */
/* A file system of any bytes: opened, counted, walked to a depth and read, without crash, loop or look outside. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "filesystem/fat_reader.h"
#include "model/memory_source.h"

enum { DEPTH_MAX = 3, FILES_MAX = 64, READ_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

struct gathered {
        struct fat_file files[FILES_MAX];
        size_t count;
};

static bool gather(void *context, const struct fat_file *file)
{
        struct gathered *gathered = context;

        if (strchr(file->name, '/') || strlen(file->name) > FAT_NAME_BYTES)
                abort();
        gathered->files[gathered->count++] = *file;
        return gathered->count < FILES_MAX;
}

static void walk(struct fat_reader *reader, const struct fat_file *directory, int depth)
{
        struct gathered *gathered = calloc(1, sizeof(*gathered));
        struct ingot_error err;
        uint8_t piece[READ_BYTES];

        if (!gathered)
                return;
        (void)!fat_reader_list(reader, directory, gather, gathered, &err);
        for (size_t i = 0; i < gathered->count; i++) {
                const struct fat_file *file = &gathered->files[i];
                size_t size_bytes = file->size_bytes < READ_BYTES ? file->size_bytes : READ_BYTES;

                if (file->is_directory && depth < DEPTH_MAX && i < 4)
                        walk(reader, file, depth + 1);
                (void)!fat_reader_read(reader, file, file->size_bytes - size_bytes, piece, size_bytes, &err);
                (void)!fat_reader_read(reader, file, 0, piece, size_bytes, &err);
        }
        free(gathered);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        static const struct fat_file root = { .is_directory = true };
        struct memory_source source;
        struct fat_reader *reader;
        struct fat_facts facts;
        struct fat_file file;
        struct ingot_error err;

        memory_source_init(&source, bytes, size_bytes);
        if (fat_reader_open(&source.source, size_bytes, &reader, &err))
                return 0;
        (void)!fat_reader_facts(reader, &facts, &err);
        (void)!fat_reader_find(reader, "EFI/BOOT/BOOTX64.EFI", &file, &err);
        walk(reader, &root, 0);
        fat_reader_free(reader);
        return 0;
}
