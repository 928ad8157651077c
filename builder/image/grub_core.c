/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <lzma.h>

#include "base/buffer.h"
#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "image/grub_core.h"
#include "image/grub_modules.h"

/* GRUB for i386-pc: where its parts lie in real mode, and where the decompressor is told sizes. */
enum {
        KERNEL_LINK_ADDRESS = 0x9000,
        KERNEL_END_MAX = 0x68000, /* its bss included */
        CORE_END_MAX = 0x78000,
        DECOMPRESSOR_BYTES_MAX = KERNEL_LINK_ADDRESS - 0x8200,
        DECOMPRESSOR_COMPRESSED_AT = 0x08,
        DECOMPRESSOR_UNCOMPRESSED_AT = 0x0C,
        DISKBOOT_BYTES = 512,
        DISKBOOT_SECTORS_AT = 0x1FC,
        DISKBOOT_SEGMENT_AT = 0x1FE,
        DISKBOOT_SEGMENT = 0x0820,
        MODULE_MAGIC = 0x676D696D, /* "mimg" */
        MODULE_INFO_BYTES = 12,
        OBJECT_MODULE = 0,
        OBJECT_CONFIG = 2,
        OBJECT_PREFIX = 3,
        PAYLOAD_MAX_BYTES = 16 << 20,
};

/* System V ABI, Intel386: the parts of an ELF header and of a section header that matter here. */
enum {
        ELF_HEADER_BYTES = 52,
        ELF_SECTIONS_AT = 32,
        ELF_SECTION_BYTES_AT = 46,
        ELF_SECTION_COUNT_AT = 48,
        SECTION_TYPE_AT = 4,
        SECTION_FLAGS_AT = 8,
        SECTION_ADDRESS_AT = 12,
        SECTION_OFFSET_AT = 16,
        SECTION_SIZE_AT = 20,
        SECTION_HEADER_BYTES = 40,
        SECTION_NOBITS = 8,
        SECTION_ALLOCATED = 2,
};

static enum ingot_code read_file(const struct grub_files *files, const char *name, uint8_t **ret_bytes,
                                 size_t *ret_size_bytes, struct ingot_error *err)
{
        enum ingot_code r =
                files->read(files->context, name, GRUB_FILE_MAX_BYTES, ret_bytes, ret_size_bytes, err);

        return ingot_while(err, r, "reading GRUB's '%s' for BIOS", name);
}

/* ---- the kernel: its sections where they are linked to be ---- */

struct section {
        bool has_bytes;
        uint64_t start_bytes, end_bytes; /* from the link address */
        uint64_t offset_bytes;           /* in the file */
};

static bool is_i386_executable(const uint8_t *elf, size_t size_bytes)
{
        static const uint8_t ident[] = { 0x7F, 'E', 'L', 'F', 1, 1, 1 }; /* 32 bits, little-endian */

        return size_bytes >= ELF_HEADER_BYTES && memcmp(elf, ident, sizeof(ident)) == 0 &&
               get_le16(elf + 16) == 2 && get_le16(elf + 18) == 3 &&
               get_le16(elf + ELF_SECTION_BYTES_AT) == SECTION_HEADER_BYTES &&
               get_le32(elf + ELF_SECTIONS_AT) <= size_bytes &&
               get_le16(elf + ELF_SECTION_COUNT_AT) <=
                       (size_bytes - get_le32(elf + ELF_SECTIONS_AT)) / SECTION_HEADER_BYTES;
}

/* Reads section header index; false when it takes no memory.  A section that is out of place ends in one that
 * no memory can hold, which the caller refuses. */
static bool read_section(const uint8_t *elf, size_t size_bytes, unsigned index, struct section *ret_section)
{
        const uint8_t *header = elf + get_le32(elf + ELF_SECTIONS_AT) + (size_t)index * SECTION_HEADER_BYTES;
        uint64_t address = get_le32(header + SECTION_ADDRESS_AT), size = get_le32(header + SECTION_SIZE_AT);
        struct section section = {
                .has_bytes = get_le32(header + SECTION_TYPE_AT) != SECTION_NOBITS,
                .offset_bytes = get_le32(header + SECTION_OFFSET_AT),
        };

        if (!(get_le32(header + SECTION_FLAGS_AT) & SECTION_ALLOCATED))
                return false;
        section.start_bytes = address - KERNEL_LINK_ADDRESS;
        section.end_bytes = section.start_bytes + size;
        if (address < KERNEL_LINK_ADDRESS ||
            (section.has_bytes &&
             (section.offset_bytes > size_bytes || size > size_bytes - section.offset_bytes)))
                section.end_bytes = UINT64_MAX;
        *ret_section = section;
        return true;
}

/* Lays the kernel's sections into memory of its own, from the link address to the end of what has bytes. */
static enum ingot_code load_kernel(const struct grub_files *files, uint8_t **ret_kernel,
                                   size_t *ret_kernel_bytes, struct ingot_error *err)
{
        OWNED(heap_drop) uint8_t *elf = NULL;
        OWNED(heap_drop) uint8_t *kernel = NULL;
        uint64_t bytes_end = 0, memory_end = 0;
        struct section section;
        size_t elf_bytes;
        enum ingot_code r = read_file(files, "kernel.img", &elf, &elf_bytes, err);

        if (r)
                return r;
        if (!is_i386_executable(elf, elf_bytes))
                return ingot_fail(err, INGOT_E_FORMAT, "GRUB's 'kernel.img' is no 32-bit x86 ELF executable");
        for (unsigned i = 0; i < get_le16(elf + ELF_SECTION_COUNT_AT); i++) {
                if (!read_section(elf, elf_bytes, i, &section))
                        continue;
                memory_end = max_u64(memory_end, section.end_bytes);
                if (section.has_bytes)
                        bytes_end = max_u64(bytes_end, section.end_bytes);
        }
        if (bytes_end == 0 || memory_end > KERNEL_END_MAX - KERNEL_LINK_ADDRESS)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the sections of GRUB's 'kernel.img' are not all within %#x to %#x",
                                  (unsigned)KERNEL_LINK_ADDRESS, (unsigned)KERNEL_END_MAX);
        kernel = calloc(1, bytes_end);
        if (!kernel)
                return ingot_fail_memory(err, bytes_end);
        for (unsigned i = 0; i < get_le16(elf + ELF_SECTION_COUNT_AT); i++)
                if (read_section(elf, elf_bytes, i, &section) && section.has_bytes)
                        memcpy(kernel + section.start_bytes, elf + section.offset_bytes,
                               section.end_bytes - section.start_bytes);
        *ret_kernel = TAKE(kernel);
        *ret_kernel_bytes = bytes_end;
        return INGOT_OK;
}

/* ---- the payload: kernel, module info, objects ---- */

static void append_object(struct buffer *payload, uint32_t type, const void *bytes, size_t size_bytes,
                          size_t padded_bytes)
{
        static const uint8_t zeros[8];
        uint8_t header[8];

        put_le32(header, type);
        put_le32(header + 4, (uint32_t)(padded_bytes + sizeof(header)));
        buffer_append(payload, header, sizeof(header));
        buffer_append(payload, bytes, size_bytes);
        buffer_append(payload, zeros, padded_bytes - size_bytes);
}

static void append_text(struct buffer *payload, uint32_t type, const char *text)
{
        size_t size_bytes = strlen(text);

        append_object(payload, type, text, size_bytes, align_up_u64(size_bytes + 1, 4));
}

static enum ingot_code append_modules(const struct grub_core_request *request, struct buffer *payload,
                                      struct ingot_error *err)
{
        OWNED(grub_module_list_release) struct grub_module_list list = { .modules = NULL };
        OWNED(heap_drop) uint8_t *moddep = NULL;
        size_t moddep_bytes;
        enum ingot_code r = read_file(&request->files, "moddep.lst", &moddep, &moddep_bytes, err);

        if (!r)
                r = grub_modules_resolve((const char *)moddep, moddep_bytes, request->modules,
                                         request->module_count, &list, err);
        for (size_t i = 0; !r && i < list.count; i++) {
                OWNED(heap_drop) uint8_t *module = NULL;
                char name[GRUB_MODULE_NAME_CHARS + sizeof(".mod")];
                size_t module_bytes;

                (void)snprintf(name, sizeof(name), "%s.mod", list.modules[i].name);
                r = read_file(&request->files, name, &module, &module_bytes, err);
                if (!r)
                        append_object(payload, OBJECT_MODULE, module, module_bytes,
                                      align_up_u64(module_bytes, 4));
        }
        return r;
}

enum ingot_code grub_core_payload(const struct grub_core_request *request, uint8_t **ret_bytes,
                                  size_t *ret_size_bytes, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer payload = BUFFER_INIT(PAYLOAD_MAX_BYTES);
        OWNED(heap_drop) uint8_t *kernel = NULL;
        uint8_t info[MODULE_INFO_BYTES];
        size_t kernel_bytes = 0, size_bytes;
        enum ingot_code r = load_kernel(&request->files, &kernel, &kernel_bytes, err);

        if (r)
                return r;
        put_le32(info, MODULE_MAGIC);
        put_le32(info + 4, MODULE_INFO_BYTES);
        put_le32(info + 8, 0); /* set below */
        buffer_append(&payload, kernel, kernel_bytes);
        buffer_append(&payload, info, sizeof(info));
        r = append_modules(request, &payload, err);
        if (r)
                return r;
        if (request->early_config)
                append_text(&payload, OBJECT_CONFIG, request->early_config);
        append_text(&payload, OBJECT_PREFIX, request->prefix);
        r = buffer_check(&payload, err);
        if (r)
                return ingot_while(err, r, "putting GRUB's modules together");
        size_bytes = payload.size_bytes;
        put_le32((uint8_t *)payload.bytes + kernel_bytes + 8, (uint32_t)(size_bytes - kernel_bytes));
        *ret_bytes = (uint8_t *)buffer_take(&payload);
        *ret_size_bytes = size_bytes;
        return INGOT_OK;
}

/* ---- the core: diskboot, decompressor, LZMA ---- */

/*
 * Appends the LZMA stream of payload.
 *
 * The decompressor has lc = 3, lp = 0, pb = 2 built in, is told both sizes, and takes no end mark.  Nothing is
 * left to liblzma's defaults, so that its version does not show in the image.
 */
static enum ingot_code append_lzma(const uint8_t *payload, size_t payload_bytes, struct buffer *core,
                                   size_t *ret_lzma_bytes, struct ingot_error *err)
{
        lzma_options_lzma options = {
                .dict_size = 1U << 16, /* as GRUB has it */
                .lc = 3,
                .lp = 0,
                .pb = 2,
                .mode = LZMA_MODE_NORMAL,
                .nice_len = 273,
                .mf = LZMA_MF_BT4,
                .depth = 512,
                .ext_flags = 0, /* no end mark */
        };
        lzma_filter filters[] = { { .id = LZMA_FILTER_LZMA1EXT, .options = &options },
                                  { .id = LZMA_VLI_UNKNOWN } };
        size_t capacity_bytes = payload_bytes + payload_bytes / 8 + 1024, lzma_bytes = 0;
        OWNED(heap_drop) uint8_t *lzma = malloc(capacity_bytes);
        lzma_ret result;

        if (!lzma)
                return ingot_fail_memory(err, capacity_bytes);
        lzma_set_ext_size(options, payload_bytes);
        result = lzma_raw_buffer_encode(filters, NULL, payload, payload_bytes, lzma, &lzma_bytes,
                                        capacity_bytes);
        if (result == LZMA_MEM_ERROR)
                return ingot_fail_memory(err, payload_bytes);
        if (result != LZMA_OK)
                return ingot_fail(err, INGOT_E_BUG, "liblzma %s refused to compress GRUB's core: lzma_ret %d",
                                  lzma_version_string(), (int)result);
        buffer_append(core, lzma, lzma_bytes);
        *ret_lzma_bytes = lzma_bytes;
        return INGOT_OK;
}

static enum ingot_code append_diskboot(const struct grub_files *files, struct buffer *core,
                                       struct ingot_error *err)
{
        OWNED(heap_drop) uint8_t *diskboot = NULL;
        size_t diskboot_bytes;
        enum ingot_code r = read_file(files, "diskboot.img", &diskboot, &diskboot_bytes, err);

        if (r)
                return r;
        if (diskboot_bytes != DISKBOOT_BYTES || get_le16(diskboot + DISKBOOT_SEGMENT_AT) != DISKBOOT_SEGMENT)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "GRUB's 'diskboot.img' of %zu bytes is not one that loads to segment %#x",
                                  diskboot_bytes, (unsigned)DISKBOOT_SEGMENT);
        buffer_append(core, diskboot, diskboot_bytes);
        return INGOT_OK;
}

static enum ingot_code append_decompressor(const struct grub_files *files, struct buffer *core,
                                           struct ingot_error *err)
{
        OWNED(heap_drop) uint8_t *decompressor = NULL;
        size_t size_bytes;
        enum ingot_code r = read_file(files, "lzma_decompress.img", &decompressor, &size_bytes, err);

        if (r)
                return r;
        if (size_bytes < DISKBOOT_BYTES || size_bytes > DECOMPRESSOR_BYTES_MAX)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "GRUB's 'lzma_decompress.img' has %zu bytes, not %d to %d", size_bytes,
                                  DISKBOOT_BYTES, DECOMPRESSOR_BYTES_MAX);
        buffer_append(core, decompressor, size_bytes);
        return INGOT_OK;
}

enum ingot_code grub_core_build(const struct grub_core_request *request, uint8_t **ret_bytes,
                                size_t *ret_size_bytes, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer core = BUFFER_INIT(2 * PAYLOAD_MAX_BYTES);
        OWNED(heap_drop) uint8_t *payload = NULL;
        size_t payload_bytes = 0, lzma_bytes = 0, loaded_bytes;
        uint8_t *bytes;
        enum ingot_code r = grub_core_payload(request, &payload, &payload_bytes, err);

        if (!r)
                r = append_diskboot(&request->files, &core, err);
        if (!r)
                r = append_decompressor(&request->files, &core, err);
        if (!r)
                r = append_lzma(payload, payload_bytes, &core, &lzma_bytes, err);
        if (!r)
                r = buffer_check(&core, err);
        if (r)
                return r;
        loaded_bytes = core.size_bytes - DISKBOOT_BYTES;
        if (loaded_bytes > CORE_END_MAX - KERNEL_LINK_ADDRESS)
                return ingot_fail(
                        err, INGOT_E_LAYOUT,
                        "GRUB's core for BIOS has %zu bytes, past the %d that real mode holds; ask for "
                        "fewer modules",
                        loaded_bytes, CORE_END_MAX - KERNEL_LINK_ADDRESS);
        bytes = (uint8_t *)core.bytes;
        put_le16(bytes + DISKBOOT_SECTORS_AT, (uint16_t)div_up_u64(loaded_bytes, DISKBOOT_BYTES));
        put_le32(bytes + DISKBOOT_BYTES + DECOMPRESSOR_COMPRESSED_AT, (uint32_t)lzma_bytes);
        put_le32(bytes + DISKBOOT_BYTES + DECOMPRESSOR_UNCOMPRESSED_AT, (uint32_t)payload_bytes);
        *ret_size_bytes = core.size_bytes;
        *ret_bytes = (uint8_t *)buffer_take(&core);
        return INGOT_OK;
}

const char *grub_core_library_version(void)
{
        return lzma_version_string();
}
