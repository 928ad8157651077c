/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/checked.h"
#include "base/own.h"
#include "base/utf16.h"
#include "filesystem/fat_chain.h"
#include "filesystem/fat_reader.h"

enum {
        PIECE_BYTES = 512,
        DIRECTORY_ENTRIES_MAX = 65536,
        PATH_PARTS_MAX = 32,
        LONG_PARTS_MAX = 20, /* 260 units: 255 and what fills the last part */
};

/* What first_cluster of a directory becomes when its entry has none: the root's 0 would lead in a circle. */
static const uint32_t no_cluster = UINT32_MAX;

struct fat_reader {
        struct fat_chain chain;
        uint32_t last_first, last_cluster; /* where the last read of a file ended: reads go on there */
        uint64_t last_index;
};

enum ingot_code fat_reader_open(const struct byte_source *source, uint64_t size_bytes,
                                struct fat_reader **ret_reader, struct ingot_error *err)
{
        OWNED(fat_reader_drop) struct fat_reader *reader = NULL;
        uint8_t sector[FAT_BOOT_SECTOR_BYTES];
        struct fat_boot_facts boot;
        enum ingot_code r;

        if (size_bytes < sizeof(sector))
                return ingot_fail(err, INGOT_E_NOT_FOUND, "%" PRIu64 " bytes are too few for a FAT",
                                  size_bytes);
        reader = calloc(1, sizeof(*reader));
        if (!reader)
                return ingot_fail_memory(err, sizeof(*reader));
        r = byte_source_read(source, 0, sector, sizeof(sector), err);
        if (!r)
                r = fat_boot_decode(sector, size_bytes, &boot, err);
        if (r)
                return r;
        fat_chain_init(&reader->chain, source, &boot);
        *ret_reader = TAKE(reader);
        return INGOT_OK;
}

void fat_reader_free(struct fat_reader *reader)
{
        free(reader);
}

void fat_reader_drop(struct fat_reader **reader)
{
        fat_reader_free(*reader);
}

/* ---- directories ---- */

/* Where a walk through a directory stands. */
struct cursor {
        bool is_fixed;    /* the root of FAT12 and FAT16 */
        uint32_t cluster; /* when it is not */
        uint64_t entry;   /* entries seen */
        uint64_t entry_end;
        uint8_t piece[PIECE_BYTES];
};

static enum ingot_code cursor_start(const struct fat_reader *reader, const struct fat_file *directory,
                                    struct cursor *cursor, struct ingot_error *err)
{
        bool is_root = directory->first_cluster == 0;

        *cursor = (struct cursor){
                .is_fixed = is_root && reader->chain.boot.fat_bits != 32,
                .cluster = is_root ? reader->chain.boot.root_cluster : directory->first_cluster,
                .entry_end = DIRECTORY_ENTRIES_MAX,
        };
        if (!directory->is_directory)
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is no directory", directory->name);
        if (cursor->is_fixed)
                cursor->entry_end = reader->chain.boot.root_entries;
        else if (!fat_chain_has(&reader->chain, cursor->cluster))
                return ingot_fail(err, INGOT_E_FORMAT, "the FAT directory '%s' has no cluster",
                                  directory->name);
        return INGOT_OK;
}

/* Yields the next 32 bytes; NULL after the last. */
static enum ingot_code cursor_next(struct fat_reader *reader, struct cursor *cursor,
                                   const uint8_t **ret_entry, struct ingot_error *err)
{
        uint64_t at_bytes = cursor->entry * FAT_ENTRY_BYTES, within_bytes;
        uint32_t next;
        enum ingot_code r;

        *ret_entry = NULL;
        if (cursor->entry == cursor->entry_end)
                return INGOT_OK;
        within_bytes = cursor->is_fixed ? at_bytes : at_bytes % reader->chain.boot.cluster_bytes;
        if (!cursor->is_fixed && within_bytes == 0 && cursor->entry > 0) {
                r = fat_chain_value(&reader->chain, cursor->cluster, &next, err);
                if (r)
                        return r;
                if (!fat_chain_has(&reader->chain, next))
                        return INGOT_OK; /* whatever ends it: the entries so far are good */
                cursor->cluster = next;
        }
        if (at_bytes % PIECE_BYTES == 0) {
                uint64_t offset_bytes = cursor->is_fixed
                                                ? reader->chain.boot.root_offset_bytes
                                                : fat_chain_offset_bytes(&reader->chain, cursor->cluster);

                r = byte_source_read(reader->chain.source, offset_bytes + within_bytes, cursor->piece,
                                     PIECE_BYTES, err);
                if (r)
                        return ingot_while(err, r, "reading a FAT directory");
        }
        *ret_entry = cursor->piece + at_bytes % PIECE_BYTES;
        cursor->entry++;
        return INGOT_OK;
}

/* A long name while its parts come in, the last part first. */
struct long_name {
        uint16_t units[LONG_PARTS_MAX * FAT_LONG_ENTRY_UNITS];
        unsigned parts, missing; /* parts 0: there is none */
        uint8_t checksum;
};

static void long_name_add(struct long_name *name, const uint8_t *in)
{
        unsigned ordinal = in[0] & 0x3F;

        if (in[0] & FAT_LONG_LAST) {
                *name = (struct long_name){ .parts = ordinal, .missing = ordinal, .checksum = in[13] };
                if (ordinal == 0 || ordinal > LONG_PARTS_MAX)
                        name->parts = 0;
        }
        if (name->parts == 0 || ordinal == 0 || ordinal != name->missing || in[13] != name->checksum) {
                name->parts = 0;
                return;
        }
        fat_long_decode(in, name->units + (size_t)(ordinal - 1) * FAT_LONG_ENTRY_UNITS);
        name->missing--;
}

static size_t put_short_part(const uint8_t *part, size_t count, bool is_lower, char *out)
{
        size_t size_bytes = 0;

        while (count > 0 && part[count - 1] == ' ')
                count--;
        for (size_t i = 0; i < count; i++) {
                char c = (char)part[i];

                if (is_lower && c >= 'A' && c <= 'Z')
                        c = (char)(c - 'A' + 'a');
                /* The code page is not known, and a slash would be a path. */
                if (part[i] < 0x20 || part[i] > 0x7E || c == '/')
                        c = '?';
                out[size_bytes++] = c;
        }
        return size_bytes;
}

static void put_short_name(const struct fat_entry *entry, char *out)
{
        size_t base_bytes =
                put_short_part(entry->short_name, 8, (entry->case_bits & FAT_CASE_BASE_LOWER) != 0, out);
        size_t extension_bytes =
                put_short_part(entry->short_name + 8, 3, (entry->case_bits & FAT_CASE_EXTENSION_LOWER) != 0,
                               out + base_bytes + 1);

        out[base_bytes] = extension_bytes ? '.' : '\0';
        out[base_bytes + 1 + extension_bytes] = '\0';
}

static void put_long_name(const struct long_name *long_name, char *out)
{
        size_t count = 0;

        while (count < (size_t)long_name->parts * FAT_LONG_ENTRY_UNITS && count < FAT_NAME_BYTES / 3 &&
               long_name->units[count] != UINT16_MAX)
                count++;
        (void)utf16_to_utf8(long_name->units, count, out);
        for (char *c = out; *c; c++)
                if (*c == '/')
                        *c = '?';
}

static void make_file(const struct fat_reader *reader, const uint8_t *in, const struct long_name *long_name,
                      struct fat_file *file)
{
        struct fat_entry entry;

        fat_entry_decode(in, &entry);
        *file = (struct fat_file){
                .is_directory = (entry.attributes & FAT_ATTRIBUTE_DIRECTORY) != 0,
                .first_cluster =
                        entry.first_cluster & (reader->chain.boot.fat_bits == 32 ? 0x0FFFFFFFU : 0xFFFFU),
                .size_bytes = entry.size_bytes,
                .mtime_seconds = entry.mtime_seconds,
        };
        if (file->is_directory) {
                file->size_bytes = 0;
                if (file->first_cluster == 0)
                        file->first_cluster = no_cluster;
        }
        if (long_name->parts && long_name->missing == 0 &&
            long_name->checksum == fat_entry_checksum(entry.short_name))
                put_long_name(long_name, file->name);
        else
                put_short_name(&entry, file->name);
}

static bool is_long_part(const uint8_t *in)
{
        return (in[11] & FAT_ATTRIBUTE_LONG_MASK) == FAT_ATTRIBUTE_LONG;
}

enum ingot_code fat_reader_list(struct fat_reader *reader, const struct fat_file *directory,
                                bool (*visit)(void *context, const struct fat_file *file), void *context,
                                struct ingot_error *err)
{
        struct long_name long_name = { .parts = 0 };
        struct cursor cursor;
        const uint8_t *in;
        enum ingot_code r = cursor_start(reader, directory, &cursor, err);

        while (!r) {
                struct fat_file file;

                r = cursor_next(reader, &cursor, &in, err);
                if (r || !in || in[0] == FAT_ENTRY_END)
                        break;
                if (in[0] != FAT_ENTRY_FREE && is_long_part(in)) {
                        long_name_add(&long_name, in);
                        continue;
                }
                if (in[0] != FAT_ENTRY_FREE && !(in[11] & FAT_ATTRIBUTE_LABEL) && in[0] != '.') {
                        make_file(reader, in, &long_name, &file);
                        if (!visit(context, &file))
                                break;
                }
                long_name.parts = 0;
        }
        return r;
}

struct search {
        const char *part;
        size_t part_bytes;
        bool is_found;
        struct fat_file file;
};

static bool visit_search(void *context, const struct fat_file *file)
{
        struct search *search = context;

        if (strlen(file->name) != search->part_bytes ||
            strncasecmp(file->name, search->part, search->part_bytes) != 0)
                return true;
        search->is_found = true;
        search->file = *file;
        return false;
}

enum ingot_code fat_reader_find(struct fat_reader *reader, const char *path, struct fat_file *ret_file,
                                struct ingot_error *err)
{
        struct fat_file file = { .is_directory = true };

        for (unsigned parts = 0; *path; parts++) {
                struct search search = { .part = path, .part_bytes = strcspn(path, "/") };
                enum ingot_code r;

                path += search.part_bytes + strspn(path + search.part_bytes, "/");
                if (search.part_bytes == 0)
                        continue;
                if (parts == PATH_PARTS_MAX)
                        return ingot_fail(err, INGOT_E_NOT_FOUND, "a path in a FAT has over %d parts",
                                          PATH_PARTS_MAX);
                if (file.is_directory) {
                        r = fat_reader_list(reader, &file, visit_search, &search, err);
                        if (r)
                                return r;
                }
                if (!search.is_found)
                        return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no '%.*s' in the FAT's '%s'",
                                          (int)min_u64(search.part_bytes, FAT_NAME_BYTES), search.part,
                                          file.name[0] ? file.name : "/");
                file = search.file;
        }
        *ret_file = file;
        return INGOT_OK;
}

/* ---- data ---- */

/* Moves reader's last_cluster to the file's cluster of that index. */
static enum ingot_code seek_cluster(struct fat_reader *reader, uint32_t first_cluster, uint64_t index,
                                    struct ingot_error *err)
{
        if (!fat_chain_has(&reader->chain, first_cluster) || index >= reader->chain.boot.cluster_count)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "a file in the FAT begins at cluster %u, which is none", first_cluster);
        if (reader->last_first != first_cluster || reader->last_index > index) {
                reader->last_first = reader->last_cluster = first_cluster;
                reader->last_index = 0;
        }
        while (reader->last_index < index) {
                enum ingot_code r = fat_chain_follow(&reader->chain, &reader->last_cluster, err);

                if (r)
                        return r;
                reader->last_index++;
        }
        return INGOT_OK;
}

enum ingot_code fat_reader_read(struct fat_reader *reader, const struct fat_file *file, uint64_t offset_bytes,
                                void *bytes, size_t size_bytes, struct ingot_error *err)
{
        uint8_t *out = bytes;

        if (file->is_directory || offset_bytes > file->size_bytes ||
            size_bytes > file->size_bytes - offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "%zu bytes at %" PRIu64 " are past the end of '%s', which has %u",
                                  size_bytes, offset_bytes, file->name, file->size_bytes);
        while (size_bytes > 0) {
                uint64_t within_bytes = offset_bytes % reader->chain.boot.cluster_bytes;
                size_t now_bytes =
                        (size_t)min_u64(size_bytes, reader->chain.boot.cluster_bytes - within_bytes);
                enum ingot_code r = seek_cluster(reader, file->first_cluster,
                                                 offset_bytes / reader->chain.boot.cluster_bytes, err);

                if (!r)
                        r = byte_source_read(reader->chain.source,
                                             fat_chain_offset_bytes(&reader->chain, reader->last_cluster) +
                                                     within_bytes,
                                             out, now_bytes, err);
                if (r)
                        return ingot_while(err, r, "reading '%s' at %" PRIu64, file->name, offset_bytes);
                out += now_bytes;
                offset_bytes += now_bytes;
                size_bytes -= now_bytes;
        }
        return INGOT_OK;
}

/* ---- facts ---- */

static void put_label(const uint8_t raw[FAT_SHORT_NAME_BYTES], char *out)
{
        size_t size_bytes = put_short_part(raw, FAT_SHORT_NAME_BYTES, false, out);

        out[size_bytes] = '\0';
}

/* The root's label entry counts before the boot sector's, which says "NO NAME" for none. */
static enum ingot_code find_label(struct fat_reader *reader, char *label, struct ingot_error *err)
{
        static const struct fat_file root = { .is_directory = true };
        struct cursor cursor;
        const uint8_t *in;
        enum ingot_code r = cursor_start(reader, &root, &cursor, err);

        put_label(reader->chain.boot.label, label);
        if (strcmp(label, "NO NAME") == 0)
                label[0] = '\0';
        while (!r) {
                r = cursor_next(reader, &cursor, &in, err);
                if (r || !in || in[0] == FAT_ENTRY_END)
                        break;
                if (in[0] == FAT_ENTRY_FREE || is_long_part(in) || !(in[11] & FAT_ATTRIBUTE_LABEL))
                        continue;
                put_label(in, label);
                break;
        }
        return r;
}

enum ingot_code fat_reader_facts(struct fat_reader *reader, struct fat_facts *ret_facts,
                                 struct ingot_error *err)
{
        struct fat_facts facts = {
                .fat_bits = reader->chain.boot.fat_bits,
                .serial = reader->chain.boot.serial,
                .cluster_bytes = reader->chain.boot.cluster_bytes,
                .cluster_count = reader->chain.boot.cluster_count,
                .size_bytes = reader->chain.boot.size_bytes,
        };
        enum ingot_code r = find_label(reader, facts.label, err);

        if (!r)
                r = fat_chain_count_free(&reader->chain, &facts.free_clusters, err);
        if (r)
                return r;
        *ret_facts = facts;
        return INGOT_OK;
}
