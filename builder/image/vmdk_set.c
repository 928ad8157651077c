/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/vmdk_descriptor.h"
#include "image/vmdk_reader.h"
#include "image/vmdk_set.h"

enum { WORD_CHARS = 15, CAPACITY_SECTORS_MAX_BITS = 38 /* 128 TiB */ };

/* ---- the text ---- */

/* One line being read. */
struct line {
        const char *at, *end;
};

static bool read_word(struct line *line, char out[WORD_CHARS + 1])
{
        size_t chars = 0;

        while (line->at < line->end && (*line->at == ' ' || *line->at == '\t'))
                line->at++;
        while (line->at + chars < line->end && line->at[chars] > ' ')
                chars++;
        if (!chars || chars > WORD_CHARS)
                return false;
        memcpy(out, line->at, chars);
        out[chars] = '\0';
        line->at += chars;
        return true;
}

static bool read_number(struct line *line, uint64_t *ret_number)
{
        char word[WORD_CHARS + 1];
        uint64_t number = 0;

        if (!read_word(line, word))
                return false;
        for (const char *at = word; *at; at++) {
                if (*at < '0' || *at > '9')
                        return false;
                number = number * 10 + (uint64_t)(*at - '0'); /* at most 15 digits: below 2^50 */
        }
        *ret_number = number;
        return true;
}

static bool read_name(struct line *line, char out[256])
{
        const char *start, *stop;

        while (line->at < line->end && (*line->at == ' ' || *line->at == '\t'))
                line->at++;
        if (line->at == line->end || *line->at != '"')
                return false;
        start = line->at + 1;
        stop = memchr(start, '"', (size_t)(line->end - start));
        if (!stop || stop - start > 255)
                return false;
        memcpy(out, start, (size_t)(stop - start));
        out[stop - start] = '\0';
        line->at = stop + 1;
        return true;
}

static bool name_is_plain(const char *name)
{
        return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/');
}

/* Reads a line that begins as an extent's does. */
static enum ingot_code read_extent(struct line line, const char *path, struct vmdk_extent *ret_extent,
                                   struct ingot_error *err)
{
        struct vmdk_extent extent = { .offset_sector = 0 };
        const char *start = line.at;
        char access[WORD_CHARS + 1], type[WORD_CHARS + 1];
        int shown = (int)min_u64((uint64_t)(line.end - start), 120);

        if (!read_word(&line, access) || !read_number(&line, &extent.sectors) || !read_word(&line, type) ||
            !extent.sectors || extent.sectors >> CAPACITY_SECTORS_MAX_BITS)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s': '%.*s' is no extent", path, shown, start);
        if (strcmp(type, "ZERO") == 0) {
                extent.type = VMDK_EXTENT_ZERO;
                *ret_extent = extent;
                return INGOT_OK;
        }
        if (strcmp(type, "FLAT") == 0 || strcmp(type, "VMFS") == 0)
                extent.type = VMDK_EXTENT_FLAT;
        else if (strcmp(type, "SPARSE") == 0)
                extent.type = VMDK_EXTENT_SPARSE;
        else
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "'%s' has an extent of type %s; FLAT, VMFS, SPARSE and ZERO are what can be "
                        "read: convert it to one file first",
                        path, type);
        if (!read_name(&line, extent.name) || !name_is_plain(extent.name))
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "'%s' names a file in another place ('%.*s'); only files beside it are opened", path,
                        shown, start);
        if (extent.type == VMDK_EXTENT_FLAT && line.at < line.end &&
            !read_number(&line, &extent.offset_sector))
                return ingot_fail(err, INGOT_E_FORMAT, "'%s': '%.*s' has no good offset", path, shown, start);
        *ret_extent = extent;
        return INGOT_OK;
}

static bool is_extent_line(const struct line *line)
{
        static const char *const accesses[] = { "RW ", "RDONLY ", "NOACCESS " };

        for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
                size_t chars = strlen(accesses[i]);

                if ((size_t)(line->end - line->at) > chars && strncmp(line->at, accesses[i], chars) == 0)
                        return true;
        }
        return false;
}

enum ingot_code vmdk_set_parse(const char *text, size_t size_bytes, const char *path,
                               struct vmdk_extent *extents, size_t *ret_count, struct ingot_error *err)
{
        const char *text_end = text + size_bytes;
        size_t count = 0;
        char parent[16];

        if (vmdk_descriptor_find(text, size_bytes, "parentCID", parent, sizeof(parent)) &&
            strcasecmp(parent, "ffffffff") != 0)
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "'%s' holds only what differs from a parent, %s; convert it to a whole disk first",
                        path, parent);
        for (const char *at = text; at < text_end;) {
                const char *stop = memchr(at, '\n', (size_t)(text_end - at));
                struct line line = { .at = at, .end = stop ? stop : text_end };
                enum ingot_code r;

                at = stop ? stop + 1 : text_end;
                while (line.end > line.at && (line.end[-1] == '\r' || line.end[-1] == ' '))
                        line.end--;
                if (!is_extent_line(&line))
                        continue;
                if (count == VMDK_SET_EXTENTS_MAX)
                        return ingot_fail(err, INGOT_E_FORMAT, "'%s' has more than %d extents", path,
                                          VMDK_SET_EXTENTS_MAX);
                r = read_extent(line, path, &extents[count], err);
                if (r)
                        return r;
                count++;
        }
        if (!count)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' describes a VMDK without a single extent", path);
        *ret_count = count;
        return INGOT_OK;
}

/* ---- the files ---- */

struct part {
        struct vmdk_extent extent;
        uint64_t start_bytes, size_bytes; /* of the disk */
        struct image_file file;
        struct vmdk_reader *reader; /* of a sparse extent */
};

struct vmdk_set {
        struct part *parts;
        size_t part_count;
        uint64_t size_bytes;
        struct byte_source source;
};

static enum ingot_code read_part(struct part *part, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                 struct ingot_error *err)
{
        switch (part->extent.type) {
        case VMDK_EXTENT_ZERO: memset(bytes, 0, size_bytes); return INGOT_OK;
        case VMDK_EXTENT_SPARSE: return vmdk_reader_read(part->reader, offset_bytes, bytes, size_bytes, err);
        case VMDK_EXTENT_FLAT:
                return image_file_read(&part->file, part->extent.offset_sector * SECTOR_BYTES + offset_bytes,
                                       bytes, size_bytes, err);
        }
        return ingot_fail(err, INGOT_E_BUG, "an extent of type %d", (int)part->extent.type);
}

static enum ingot_code read_disk(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                 struct ingot_error *err)
{
        const struct vmdk_set *set = context;
        uint8_t *out = bytes;

        if (offset_bytes > set->size_bytes || size_bytes > set->size_bytes - offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "%zu bytes at %" PRIu64 " are past the disk's end, %" PRIu64, size_bytes,
                                  offset_bytes, set->size_bytes);
        for (size_t i = 0; i < set->part_count && size_bytes; i++) {
                struct part *part = &set->parts[i];
                uint64_t within_bytes = offset_bytes - part->start_bytes;
                size_t piece_bytes;
                enum ingot_code r;

                if (within_bytes >= part->size_bytes)
                        continue;
                piece_bytes = (size_t)min_u64(size_bytes, part->size_bytes - within_bytes);
                r = read_part(part, within_bytes, out, piece_bytes, err);
                if (r)
                        return r;
                out += piece_bytes;
                offset_bytes += piece_bytes;
                size_bytes -= piece_bytes;
        }
        return INGOT_OK;
}

/* Rule 1. */
static enum ingot_code open_file(struct part *part, int folder_fd, struct ingot_error *err)
{
        const char *name = part->extent.name;
        OWNED(fd_drop)
        int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        struct stat status;

        if (fd < 0 && errno == ENOENT)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no file '%s' beside the descriptor",
                                  name);
        if (fd < 0)
                return ingot_fail_errno(err, "opening '%s'", name);
        if (fstat(fd, &status))
                return ingot_fail_errno(err, "looking at '%s'", name);
        if (!S_ISREG(status.st_mode))
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is no regular file", name);
        return image_file_init(&part->file, fd, name, false, err);
}

static enum ingot_code open_part(struct part *part, int folder_fd, struct ingot_error *err)
{
        uint64_t there_bytes = 0;
        enum ingot_code r;

        if (part->extent.type == VMDK_EXTENT_ZERO)
                return INGOT_OK;
        r = open_file(part, folder_fd, err);
        if (r)
                return r;
        if (part->extent.type == VMDK_EXTENT_SPARSE) {
                r = vmdk_reader_new_extent(&part->file, &part->reader, err);
                if (!r)
                        there_bytes = vmdk_reader_size_bytes(part->reader);
        } else if (part->extent.offset_sector <= part->file.size_bytes / SECTOR_BYTES) {
                there_bytes = part->file.size_bytes - part->extent.offset_sector * SECTOR_BYTES;
        }
        if (!r && there_bytes < part->size_bytes)
                r = ingot_fail(err, INGOT_E_FORMAT,
                               "'%s' holds %" PRIu64 " bytes of the disk; its descriptor says %" PRIu64,
                               part->extent.name, there_bytes, part->size_bytes);
        return r;
}

static enum ingot_code make_parts(struct vmdk_set *set, const struct vmdk_extent *extents, size_t count,
                                  int folder_fd, struct ingot_error *err)
{
        set->parts = calloc(count, sizeof(*set->parts));
        if (!set->parts)
                return ingot_fail_memory(err, count * sizeof(*set->parts));
        for (size_t i = 0; i < count; i++) {
                struct part *part = &set->parts[i];
                enum ingot_code r;

                *part = (struct part){ .extent = extents[i],
                                       .start_bytes = set->size_bytes,
                                       .size_bytes = extents[i].sectors * SECTOR_BYTES,
                                       .file = { .fd = FD_NONE } };
                set->part_count++;
                set->size_bytes += part->size_bytes; /* at most 2^8 times 2^47 */
                r = open_part(part, folder_fd, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

enum ingot_code vmdk_set_open(struct image_file *descriptor, int folder_fd, struct vmdk_set **ret_set,
                              struct ingot_error *err)
{
        OWNED(vmdk_set_drop) struct vmdk_set *set = calloc(1, sizeof(*set));
        OWNED(heap_drop) struct vmdk_extent *extents = calloc(VMDK_SET_EXTENTS_MAX, sizeof(*extents));
        OWNED(heap_drop) char *text = NULL;
        size_t count = 0;
        enum ingot_code r;

        if (descriptor->size_bytes > VMDK_SET_DESCRIPTOR_BYTES_MAX)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' begins as the descriptor of a VMDK and has %" PRIu64
                                  " bytes; %d are the most that are read",
                                  descriptor->path, descriptor->size_bytes, VMDK_SET_DESCRIPTOR_BYTES_MAX);
        text = malloc((size_t)descriptor->size_bytes + 1);
        if (!set || !extents || !text)
                return ingot_fail_memory(err, VMDK_SET_EXTENTS_MAX * sizeof(*extents));
        set->source = (struct byte_source){ .context = set, .read = read_disk };
        r = image_file_read(descriptor, 0, text, (size_t)descriptor->size_bytes, err);
        if (!r)
                r = vmdk_set_parse(text, (size_t)descriptor->size_bytes, descriptor->path, extents, &count,
                                   err);
        if (!r)
                r = make_parts(set, extents, count, folder_fd, err);
        if (r)
                return ingot_while(err, r, "opening the files of '%s'", descriptor->path);
        *ret_set = TAKE(set);
        return INGOT_OK;
}

void vmdk_set_free(struct vmdk_set *set)
{
        if (!set)
                return;
        for (size_t i = 0; i < set->part_count; i++) {
                vmdk_reader_free(set->parts[i].reader);
                image_file_release(&set->parts[i].file);
        }
        free(set->parts);
        free(set);
}

void vmdk_set_drop(struct vmdk_set **set)
{
        vmdk_set_free(*set);
        *set = NULL;
}

uint64_t vmdk_set_size_bytes(const struct vmdk_set *set)
{
        return set->size_bytes;
}

const struct byte_source *vmdk_set_source(const struct vmdk_set *set)
{
        return &set->source;
}

/* The next bytes of the part that may be data, in the part's own terms; start is its size when there are none. */
static enum ingot_code next_data(struct part *part, uint64_t from_bytes, uint64_t *ret_start_bytes,
                                 uint64_t *ret_end_bytes, struct ingot_error *err)
{
        uint64_t shift_bytes = part->extent.offset_sector * SECTOR_BYTES, start_bytes, end_bytes;
        enum ingot_code r;

        if (part->extent.type == VMDK_EXTENT_SPARSE) {
                shift_bytes = 0;
                r = vmdk_reader_next_data(part->reader, from_bytes, &start_bytes, &end_bytes, err);
        } else {
                r = image_file_next_data(&part->file, shift_bytes + from_bytes, &start_bytes, &end_bytes,
                                         err);
        }
        if (r)
                return r;
        *ret_start_bytes = min_u64(max_u64(start_bytes, shift_bytes) - shift_bytes, part->size_bytes);
        *ret_end_bytes = min_u64(max_u64(end_bytes, shift_bytes) - shift_bytes, part->size_bytes);
        return INGOT_OK;
}

static enum ingot_code add_part(struct vmdk_set *set, struct part *part, struct extent_list *list,
                                struct ingot_error *err)
{
        uint64_t end_bytes = 0;

        while (part->extent.type != VMDK_EXTENT_ZERO && end_bytes < part->size_bytes) {
                uint64_t from_bytes = end_bytes, start_bytes;
                struct extent extent;
                enum ingot_code r = next_data(part, from_bytes, &start_bytes, &end_bytes, err);

                if (r)
                        return r;
                start_bytes = max_u64(start_bytes - start_bytes % SECTOR_BYTES, from_bytes);
                end_bytes = min_u64(align_up_u64(end_bytes, SECTOR_BYTES), part->size_bytes);
                if (start_bytes >= end_bytes)
                        break;
                extent = (struct extent){ .start_lba = (part->start_bytes + start_bytes) / SECTOR_BYTES,
                                          .end_lba = (part->start_bytes + end_bytes) / SECTOR_BYTES,
                                          .source = &set->source,
                                          .source_offset_bytes = part->start_bytes + start_bytes,
                                          .size_bytes = end_bytes - start_bytes };
                r = extent_list_add(list, &extent, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

enum ingot_code vmdk_set_extents(struct vmdk_set *set, struct extent_list *list, struct ingot_error *err)
{
        for (size_t i = 0; i < set->part_count; i++) {
                enum ingot_code r = add_part(set, &set->parts[i], list, err);

                if (r)
                        return r;
        }
        return INGOT_OK;
}
