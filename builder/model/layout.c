/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byte_size.h"
#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "model/extent.h"
#include "model/identity.h"
#include "model/layout.h"
#include "model/mapping.h"
#include "model/partition_type.h"

enum { LOCK_GROWTH_DIVISOR = 16 };

#define GIB_BYTES      (UINT64_C(1) << 30)
#define GIB_SECTORS    (GIB_BYTES / SECTOR_BYTES)
#define VOLUME_MAX_GIB UINT64_C(65536) /* of gp3 and io2; facts: aws-api, section 4 */

static void partition_release(struct layout_partition *partition)
{
        free(partition->name);
        free(partition->label);
        free(partition->mount);
}

void layout_release(struct layout *layout)
{
        for (size_t i = 0; i < layout->partition_count; i++)
                partition_release(&layout->partitions[i]);
        free(layout->partitions);
        free(layout->device_name);
        *layout = (struct layout){ 0 };
}

static bool copy_text(const char *text, char **ret_copy)
{
        *ret_copy = strdup(text);
        return *ret_copy != NULL;
}

/* The identity of the file system: what the template gives, else derived. */
static enum ingot_code identify_file_system(const struct template_partition *asked, const char *device_name,
                                            const struct guid *seed, struct layout_partition *partition,
                                            struct ingot_error *err)
{
        struct guid derived;
        uint8_t serial[4];
        enum ingot_code r;

        if (partition->file_system == FILE_SYSTEM_NONE)
                return INGOT_OK;
        r = identity_derive(seed, IDENTITY_FILE_SYSTEM, device_name, partition->number, &derived, err);
        if (r)
                return r;
        if (partition->file_system == FILE_SYSTEM_VFAT) {
                partition->vfat_serial = get_be32(derived.bytes);
                if (asked->uuid.text) {
                        char digits[9];

                        (void)snprintf(digits, sizeof(digits), "%.4s%.4s", asked->uuid.text,
                                       asked->uuid.text + 5);
                        if (strlen(asked->uuid.text) != 9 || !hex_decode(digits, serial, sizeof(serial)))
                                return mark_fail(err, INGOT_E_TEMPLATE, &asked->uuid.mark,
                                                 "'%s' is no serial of a vfat (ABCD-1234)", asked->uuid.text);
                        partition->vfat_serial = get_be32(serial);
                }
                return INGOT_OK;
        }
        partition->uuid = derived;
        if (asked->uuid.text && !guid_parse(asked->uuid.text, &partition->uuid))
                return mark_fail(err, INGOT_E_TEMPLATE, &asked->uuid.mark, "'%s' is no UUID",
                                 asked->uuid.text);
        if (partition->file_system != FILE_SYSTEM_EXT4)
                return INGOT_OK;
        return identity_derive(seed, IDENTITY_HASH_SEED, device_name, partition->number,
                               &partition->hash_seed, err);
}

static enum ingot_code identify_partition(const struct template *template,
                                          const struct template_volume *volume, size_t index,
                                          const struct guid *seed, struct layout_partition *partition,
                                          struct ingot_error *err)
{
        const struct template_partition *asked = &volume->partitions[index];
        const char *device_name = volume->device_name.text;
        enum ingot_code r;

        partition->asked = asked;
        partition->type = asked->type;
        partition->file_system = asked->file_system;
        if (!copy_text(asked->name.text ? asked->name.text : "", &partition->name) ||
            !copy_text(asked->label.text ? asked->label.text : "", &partition->label) ||
            (asked->mount.text && !copy_text(asked->mount.text, &partition->mount)))
                return ingot_fail_memory(err, 1);
        if (volume->partition_table == PARTITION_TABLE_GPT) {
                partition->number = (uint32_t)(asked->number.given ? asked->number.value : index + 1);
                partition->type_guid = partition_type_guid(asked->type, template->architecture.text);
                r = identity_derive(seed, IDENTITY_PARTITION, device_name, partition->number,
                                    &partition->unique_guid, err);
                if (r)
                        return r;
        }
        return identify_file_system(asked, device_name, seed, partition, err);
}

enum ingot_code layout_identify(const struct template *template, const struct template_volume *volume,
                                const struct guid *seed, struct layout *ret_layout, struct ingot_error *err)
{
        OWNED(layout_release) struct layout layout = { .table = volume->partition_table };
        enum ingot_code r = INGOT_OK;

        layout.partitions =
                calloc(volume->partition_count ? volume->partition_count : 1, sizeof(*layout.partitions));
        if (!layout.partitions || !copy_text(volume->device_name.text, &layout.device_name))
                return ingot_fail_memory(err, volume->partition_count * sizeof(*layout.partitions));
        layout.partition_count = volume->partition_count;
        if (layout.table == PARTITION_TABLE_GPT)
                r = identity_derive(seed, IDENTITY_DISK, layout.device_name, 0, &layout.disk_guid, err);
        for (size_t i = 0; i < layout.partition_count && !r; i++)
                r = identify_partition(template, volume, i, seed, &layout.partitions[i], err);
        if (r)
                return r;
        *ret_layout = layout;
        layout = (struct layout){ 0 };
        return INGOT_OK;
}

/* What is being placed, and where the next partition may start. */
struct placing {
        const struct template_volume *volume;
        const struct mapping_entry *entry;
        uint64_t next_lba;
        uint64_t tail_sectors; /* after the last partition */
        struct ingot_error *err;
};

/* How messages name a partition. */
static const char *name_of(const struct layout_partition *partition)
{
        return *partition->name ? partition->name : partition->mount ? partition->mount : "the file system";
}

static enum ingot_code fail_too_large(const struct placing *placing, const struct size_value *size)
{
        return mark_fail(placing->err, INGOT_E_LAYOUT, &size->mark,
                         "the size is past %" PRIu64 "GiB, the most that a volume of EBS holds",
                         VOLUME_MAX_GIB);
}

/* fit: need times (100 + percent) / 100, plus extra. */
static enum ingot_code size_of_fit(const struct placing *placing, const struct size_value *size,
                                   uint64_t need_bytes, uint64_t *ret_bytes)
{
        uint64_t bytes;

        if (need_bytes > VOLUME_MAX_GIB * GIB_BYTES ||
            !checked_add_u64(need_bytes, need_bytes / 100 * size->extra_percent, &bytes) ||
            !checked_add_u64(bytes, need_bytes % 100 * size->extra_percent / 100, &bytes) ||
            !checked_add_u64(bytes, size->extra_bytes, &bytes) || bytes > VOLUME_MAX_GIB * GIB_BYTES)
                return fail_too_large(placing, size);
        *ret_bytes = bytes;
        return INGOT_OK;
}

static enum ingot_code size_of_rest(const struct placing *placing, const struct size_value *size,
                                    const struct layout_partition *partition, uint64_t *ret_bytes)
{
        uint64_t gib = placing->entry ? placing->entry->volume_size_gib : 0, end;

        if (!gib)
                return mark_fail(
                        placing->err, INGOT_E_LAYOUT, &size->mark,
                        "'rest' runs to the end of the volume, but the mapping gives '%s' no VolumeSize",
                        placing->volume->device_name.text);
        if (gib > VOLUME_MAX_GIB)
                return fail_too_large(placing, size);
        end = gib * GIB_SECTORS - placing->tail_sectors;
        if (end <= placing->next_lba)
                return mark_fail(placing->err, INGOT_E_LAYOUT, &size->mark,
                                 "nothing is left for '%s': the partitions before it fill the %" PRIu64
                                 "GiB that the mapping gives '%s'",
                                 name_of(partition), gib, placing->volume->device_name.text);
        *ret_bytes = (end - placing->next_lba) * SECTOR_BYTES;
        return INGOT_OK;
}

/* The content is larger than what its partition has. */
static enum ingot_code fail_content(const struct placing *placing, const struct layout_partition *partition,
                                    uint64_t need_bytes, uint64_t has_bytes)
{
        const struct size_value *size = &partition->asked->size;
        char need_text[BYTE_SIZE_TEXT_CHARS + 1], has_text[BYTE_SIZE_TEXT_CHARS + 1];
        uint64_t need_sectors = align_up_u64(div_up_u64(need_bytes, SECTOR_BYTES), LAYOUT_ALIGN_SECTORS);

        byte_size_print_exact(need_sectors * SECTOR_BYTES, need_text);
        byte_size_print_exact(has_bytes, has_text);
        if (size->kind == SIZE_REST)
                return mark_fail(
                        placing->err, INGOT_E_LAYOUT, &size->mark,
                        "the content of '%s' needs %s, but 'rest' leaves it %s; give '%s' a VolumeSize of "
                        "%" PRIu64,
                        name_of(partition), need_text, has_text, placing->volume->device_name.text,
                        div_up_u64(placing->next_lba + need_sectors + placing->tail_sectors, GIB_SECTORS));
        return mark_fail(placing->err, INGOT_E_LAYOUT, &size->mark,
                         "the content of '%s' needs %s, but its size is %s; write 'fit', or %s or more",
                         name_of(partition), need_text, has_text, need_text);
}

/* Rule 6. */
static uint64_t keep_size(const struct layout_need *need, uint64_t bytes)
{
        if (!need->locked_bytes)
                return bytes;
        if (!need->outgrew_lock)
                return need->locked_bytes;
        return max_u64(bytes, align_up_u64(need->locked_bytes + need->locked_bytes / LOCK_GROWTH_DIVISOR,
                                           (uint64_t)LAYOUT_ALIGN_SECTORS * SECTOR_BYTES));
}

static enum ingot_code place_partition(struct placing *placing, const struct layout_need *need,
                                       struct layout_partition *partition)
{
        uint64_t need_bytes = need->fit_bytes;
        const struct size_value *size = &partition->asked->size;
        uint64_t bytes = size->bytes;
        enum ingot_code r = INGOT_OK;

        if (size->kind == SIZE_FIT)
                r = size_of_fit(placing, size, need_bytes, &bytes);
        else if (size->kind == SIZE_REST)
                r = size_of_rest(placing, size, partition, &bytes);
        else if (bytes > VOLUME_MAX_GIB * GIB_BYTES)
                r = fail_too_large(placing, size);
        if (r)
                return r;
        if (size->kind == SIZE_FIT)
                bytes = keep_size(need, bytes);
        if (bytes < need_bytes)
                return fail_content(placing, partition, need_bytes, bytes);
        partition->start_lba = placing->next_lba;
        partition->end_lba = partition->start_lba +
                             align_up_u64(max_u64(div_up_u64(bytes, SECTOR_BYTES), 1), LAYOUT_ALIGN_SECTORS);
        placing->next_lba = partition->end_lba;
        return INGOT_OK;
}

/* Rule 5, and the size to register. */
static enum ingot_code settle_volume_size(const struct placing *placing, struct layout *layout)
{
        uint64_t given_gib = placing->entry ? placing->entry->volume_size_gib : 0;
        uint64_t need_gib = div_up_u64(layout->size_sectors, GIB_SECTORS), least_gib = 1, most_gib;
        const struct mark *mark = given_gib ? &placing->entry->size_mark : &placing->volume->device_name.mark;

        if (placing->entry)
                mapping_volume_size_range(placing->entry->volume_type, &least_gib, &most_gib);
        else
                most_gib = VOLUME_MAX_GIB;
        if (need_gib > most_gib)
                return mark_fail(placing->err, INGOT_E_LAYOUT, mark,
                                 "volume '%s' needs %" PRIu64 "GiB, and its VolumeType ends at %" PRIu64
                                 "GiB",
                                 layout->device_name, need_gib, most_gib);
        if (given_gib && given_gib < need_gib)
                return mark_fail(placing->err, INGOT_E_LAYOUT, mark,
                                 "volume '%s' of the template takes %" PRIu64
                                 " bytes, past its VolumeSize of %" PRIu64 "GiB (%" PRIu64
                                 " bytes); give it a VolumeSize of %" PRIu64,
                                 layout->device_name, layout->size_sectors * SECTOR_BYTES, given_gib,
                                 given_gib * GIB_BYTES, need_gib);
        layout->volume_size_gib = given_gib ? given_gib : max_u64(need_gib, least_gib);
        return INGOT_OK;
}

enum ingot_code layout_place(const struct template *template, const struct template_volume *volume,
                             const struct mapping_entry *entry, const struct layout_need *needs,
                             const struct guid *seed, struct layout *ret_layout, struct ingot_error *err)
{
        OWNED(layout_release) struct layout layout = { 0 };
        bool has_table = volume->partition_table == PARTITION_TABLE_GPT;
        struct placing placing = {
                .volume = volume,
                .entry = entry,
                .next_lba = has_table ? LAYOUT_ALIGN_SECTORS : 0,
                .tail_sectors = has_table ? LAYOUT_ALIGN_SECTORS : 0,
                .err = err,
        };
        enum ingot_code r = layout_identify(template, volume, seed, &layout, err);

        for (size_t i = 0; i < layout.partition_count && !r; i++)
                r = place_partition(&placing, &needs[i], &layout.partitions[i]);
        if (r)
                return r;
        layout.size_sectors = placing.next_lba + placing.tail_sectors;
        r = settle_volume_size(&placing, &layout);
        if (r)
                return r;
        *ret_layout = layout;
        layout = (struct layout){ 0 };
        return INGOT_OK;
}

const struct layout_partition *layout_find_mount(const struct layout *layout, const char *mount)
{
        for (size_t i = 0; i < layout->partition_count; i++) {
                if (layout->partitions[i].mount && strcmp(layout->partitions[i].mount, mount) == 0)
                        return &layout->partitions[i];
        }
        return NULL;
}

void layout_partition_print_uuid(const struct layout_partition *partition, char out[48])
{
        char uuid[GUID_TEXT_CHARS + 1];

        if (partition->file_system == FILE_SYSTEM_VFAT) {
                (void)snprintf(out, 48, "UUID=%04X-%04X", (unsigned)(partition->vfat_serial >> 16),
                               (unsigned)(partition->vfat_serial & 0xffff));
                return;
        }
        guid_print(&partition->uuid, uuid);
        (void)snprintf(out, 48, "UUID=%s", uuid);
}
