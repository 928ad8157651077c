/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "image/image_kind.h"

#define MAGIC(bytes) (bytes), sizeof(bytes) - 1

static const struct {
        size_t at_bytes;
        const char *magic;
        size_t magic_bytes;
        enum image_kind kind;
        const char *name;
} heads[] = {
        { 0, MAGIC("KDMV"), IMAGE_KIND_VMDK, "a VMDK" },
        { 0, MAGIC("QFI\xfb\0\0\0\1"), IMAGE_KIND_FOREIGN, "a qcow image of version 1" },
        { 0, MAGIC("QFI\xfb"), IMAGE_KIND_QCOW2, "a qcow2 image" },
        { 0, MAGIC("conectix"), IMAGE_KIND_VHD_DYNAMIC, "a dynamic VHD image" },
        { 0, MAGIC("vhdxfile"), IMAGE_KIND_VHDX, "a VHDX image" },
        { 64, MAGIC("\x7f\x10\xda\xbe"), IMAGE_KIND_VDI, "a VDI image" },
        { 0, MAGIC("\x1f\x8b\x08"), IMAGE_KIND_GZIP, "a gzip file" },
        { 0, MAGIC("\xfd\x37zXZ\0"), IMAGE_KIND_XZ, "an xz file" },
        { 0, MAGIC("\x28\xb5\x2f\xfd"), IMAGE_KIND_ZSTD, "a zstd file" },
        { 0, MAGIC("BZh"), IMAGE_KIND_BZIP2, "a bzip2 file" },
        { 0, MAGIC("\x04\x22\x4d\x18"), IMAGE_KIND_LZ4, "an lz4 file" },
        { 0, MAGIC("QED\0"), IMAGE_KIND_FOREIGN, "a QED image" },
        { 0, MAGIC("COWD"), IMAGE_KIND_FOREIGN, "an ESX COWD image" },
        { 0, MAGIC("\xbe\xba\xfe\xca\0\0\0\0"), IMAGE_KIND_FOREIGN, "an ESX SEsparse image" },
        { 0, MAGIC("WithoutFreeSpace"), IMAGE_KIND_FOREIGN, "a Parallels image" },
        { 0, MAGIC("WithouFreSpacExt"), IMAGE_KIND_FOREIGN, "a Parallels image" },
        { 0, MAGIC("LPKSHHRH"), IMAGE_KIND_FOREIGN, "a VirtualBox disk map" },
        { 0, MAGIC("LZIP"), IMAGE_KIND_FOREIGN, "an lzip file" },
        { 0, MAGIC("7z\xbc\xaf\x27\x1c"), IMAGE_KIND_FOREIGN, "a 7z archive" },
        { 0, MAGIC("PK\x03\x04"), IMAGE_KIND_FOREIGN, "a zip archive" },
        { 257, MAGIC("ustar"), IMAGE_KIND_FOREIGN, "a tar or OVA archive" },
        { 0, MAGIC("!<arch>\n"), IMAGE_KIND_FOREIGN, "an ar archive" },
        { 0, MAGIC("\x7f\x45LF"), IMAGE_KIND_FOREIGN, "an ELF program" },
};

/* From the end of the file. */
static const struct {
        size_t from_end_bytes;
        const char *magic;
        size_t magic_bytes;
        enum image_kind kind;
        const char *name;
} tails[] = {
        { 512, MAGIC("conectix"), IMAGE_KIND_VHD_FIXED, "a fixed VHD image" },
        { 511, MAGIC("conectix"), IMAGE_KIND_FOREIGN, "a VHD image of before 2004" },
        { 512, MAGIC("koly\0\0\0\4"), IMAGE_KIND_FOREIGN, "an Apple disk image" },
};

static bool begins_with(const uint8_t *bytes, size_t size_bytes, const char *text)
{
        size_t chars = strlen(text);

        return size_bytes >= chars && strncasecmp((const char *)bytes, text, chars) == 0;
}

/* Lines of comment or white space, then "version=": what other readers go by too. */
static bool is_descriptor(const uint8_t *bytes, size_t size_bytes)
{
        size_t at = 0;

        while (at < size_bytes) {
                const uint8_t *line = bytes + at, *end = memchr(line, '\n', size_bytes - at);
                size_t chars = end ? (size_t)(end - line) : size_bytes - at, blanks = 0;

                if (begins_with(line, chars, "# Disk DescriptorFile"))
                        return true;
                if (begins_with(line, chars, "version="))
                        return true;
                while (blanks < chars && strchr(" \t\r", line[blanks]) && line[blanks])
                        blanks++;
                if (blanks < chars && line[0] != '#')
                        return false;
                at += chars + 1;
        }
        return false;
}

static bool is_at(const uint8_t *bytes, size_t size_bytes, size_t at_bytes, const char *magic,
                  size_t magic_bytes)
{
        return at_bytes <= size_bytes && magic_bytes <= size_bytes - at_bytes &&
               memcmp(bytes + at_bytes, magic, magic_bytes) == 0;
}

enum image_kind image_kind_of(const uint8_t *head, size_t head_bytes, const uint8_t *tail, size_t tail_bytes,
                              const char **ret_name)
{
        const char *unused = NULL;
        const char **name = ret_name ? ret_name : &unused;

        if (head_bytes > IMAGE_KIND_HEAD_BYTES)
                head_bytes = IMAGE_KIND_HEAD_BYTES;
        for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
                if (!is_at(head, head_bytes, heads[i].at_bytes, heads[i].magic, heads[i].magic_bytes))
                        continue;
                *name = heads[i].name;
                return heads[i].kind;
        }
        if (is_descriptor(head, head_bytes)) {
                *name = "the descriptor of a VMDK that is in other files";
                return IMAGE_KIND_VMDK_DESCRIPTOR;
        }
        for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
                if (tail_bytes < tails[i].from_end_bytes ||
                    !is_at(tail, tail_bytes, tail_bytes - tails[i].from_end_bytes, tails[i].magic,
                           tails[i].magic_bytes))
                        continue;
                *name = tails[i].name;
                return tails[i].kind;
        }
        *name = "a raw disk";
        return IMAGE_KIND_RAW;
}

bool image_kind_is_compressed(enum image_kind kind)
{
        return kind == IMAGE_KIND_GZIP || kind == IMAGE_KIND_XZ || kind == IMAGE_KIND_ZSTD ||
               kind == IMAGE_KIND_BZIP2 || kind == IMAGE_KIND_LZ4;
}
