/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/endian.h"
#include "base/fd.h"
#include "support/grub_folder.h"

static const char host_folder[] = "/usr/lib/grub/i386-pc";

const char *grub_folder_of_host(void)
{
        return access("/usr/lib/grub/i386-pc/kernel.img", R_OK) == 0 ? host_folder : NULL;
}

static enum ingot_code read_from_folder(void *context, const char *name, size_t ceiling_bytes,
                                        uint8_t **ret_bytes, size_t *ret_size_bytes, struct ingot_error *err)
{
        char path[4096];

        (void)snprintf(path, sizeof(path), "%s/%s", (const char *)context, name);
        return fd_read_file(path, ceiling_bytes, (char **)ret_bytes, ret_size_bytes, err);
}

struct grub_files grub_folder_files(const char *folder)
{
        return (struct grub_files){ .context = (void *)folder, .read = read_from_folder };
}

static enum ingot_code read_made(void *context, const char *name, size_t ceiling_bytes, uint8_t **ret_bytes,
                                 size_t *ret_size_bytes, struct ingot_error *err)
{
        (void)ceiling_bytes;
        for (const struct grub_made_file *file = context; file->name; file++) {
                if (strcmp(file->name, name) != 0)
                        continue;
                *ret_bytes = malloc(file->size_bytes + 1);
                if (!*ret_bytes)
                        return ingot_fail_memory(err, file->size_bytes);
                memcpy(*ret_bytes, file->bytes, file->size_bytes);
                *ret_size_bytes = file->size_bytes;
                return INGOT_OK;
        }
        return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no '%s'", name);
}

struct grub_files grub_made_files(const struct grub_made_file *files)
{
        return (struct grub_files){ .context = (void *)files, .read = read_made };
}

static void put_section(uint8_t *header, uint32_t type, uint32_t flags, uint32_t address, uint32_t offset,
                        uint32_t size)
{
        put_le32(header + 4, type);
        put_le32(header + 8, flags);
        put_le32(header + 12, address);
        put_le32(header + 16, offset);
        put_le32(header + 20, size);
}

void grub_made_kernel(uint8_t out[GRUB_MADE_KERNEL_BYTES])
{
        static const uint8_t ident[] = { 0x7F, 'E', 'L', 'F', 1, 1, 1 };

        memset(out, 0, GRUB_MADE_KERNEL_BYTES);
        memcpy(out, ident, sizeof(ident));
        put_le16(out + 16, 2);
        put_le16(out + 18, 3);
        put_le32(out + 32, 128);
        put_le16(out + 46, 40);
        put_le16(out + 48, 5);
        put_section(out + 168, 1, 6, 0x9000, 64, 16);
        put_section(out + 208, 1, 3, 0x9020, 80, 8);
        put_section(out + 248, 8, 3, 0x9040, 88, 32);
        put_section(out + 288, 3, 0, 0, 88, 24); /* names: not loaded */
        memcpy(out + 64, "text of a kernel", 16);
        memcpy(out + 80, "its data", 8);
}

void grub_made_diskboot(uint8_t out[512])
{
        memset(out, 0, 512);
        put_le64(out + 0x1F4, 2);
        put_le16(out + 0x1FE, 0x0820);
}
