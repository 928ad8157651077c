/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/byte_size.h"
#include "base/checked.h"
#include "model/spelling.h"
#include "model/template_mapping.h"

enum { DEVICES_MAX = 128, KEY_PATH_CHARS = 128 };

#define MIB_BYTES UINT64_C(1048576)
#define GIB_BYTES (UINT64_C(1) << 30)

static void complain_no_entry(const struct template_volume *volume, const struct mapping *mapping,
                              const char *key_path, struct complaint_list *complaints)
{
        const char *names[DEVICES_MAX], *nearest;
        size_t count = 0;

        for (; count < mapping->entry_count && count < DEVICES_MAX; count++)
                names[count] = mapping->entries[count].device_name;
        nearest = spelling_nearest(volume->device_name.text, names, count);
        complain(complaints, &volume->device_name.mark, key_path,
                 "'%s' has no entry of DeviceName '%s'; add one%s%s%s", mapping->file,
                 volume->device_name.text, nearest ? ", or did you mean '" : "", nearest ? nearest : "",
                 nearest ? "'?" : "");
}

/* Rule 1; false when the entry is not one that a volume can be. */
static bool check_kind(const struct template_volume *volume, const struct mapping_entry *entry,
                       struct complaint_list *complaints)
{
        const char *device = volume->device_name.text;

        if (entry->kind == MAPPING_NO_DEVICE)
                complain(complaints, &entry->mark, NULL,
                         "'%s' is a volume of the template, but NoDevice leaves it out; give it an Ebs",
                         device);
        else if (entry->kind == MAPPING_VIRTUAL)
                complain(complaints, &entry->mark, NULL,
                         "'%s' is a volume of the template, but '%s' is an instance store; give it an Ebs",
                         device, entry->virtual_name);
        else if (entry->snapshot_id)
                complain(complaints, &entry->mark, NULL,
                         "'%s' is a volume of the template, but its entry has snapshot '%s' already; leave "
                         "out "
                         "SnapshotId, or the volume",
                         device, entry->snapshot_id);
        else if (entry->encrypted != TRI_UNSET)
                complain(complaints, &entry->mark, NULL,
                         "'%s' is registered from the snapshot that ingot makes, and EC2 refuses Encrypted "
                         "with a "
                         "snapshot; leave Encrypted out",
                         device);
        else
                return true;
        return false;
}

/* The bytes that the template fixes: what layout_place() needs at the least. */
static uint64_t fixed_bytes(const struct template_volume *volume)
{
        uint64_t total = volume->partition_table == PARTITION_TABLE_GPT ? 2 * MIB_BYTES : 0;

        for (size_t i = 0; i < volume->partition_count; i++) {
                const struct size_value *size = &volume->partitions[i].size;

                total += size->kind == SIZE_FIXED ? size->bytes : max_u64(size->extra_bytes, MIB_BYTES);
        }
        return total; /* at most 128 partitions of 2^46 bytes each */
}

/* Rule 2. */
static void check_size(const struct template_volume *volume, const struct mapping_entry *entry,
                       const struct mapping *mapping, const char *key_path, struct complaint_list *complaints)
{
        uint64_t need_bytes = fixed_bytes(volume), has_bytes = entry->volume_size_gib * GIB_BYTES;
        char need_text[BYTE_SIZE_TEXT_CHARS + 1];

        byte_size_print_exact(need_bytes, need_text);
        if (entry->volume_size_gib && need_bytes > has_bytes)
                complain(complaints, &entry->size_mark, NULL,
                         "volume '%s' of the template takes at least %s, past its VolumeSize of %" PRIu64
                         "GiB; give it %" PRIu64,
                         volume->device_name.text, need_text, entry->volume_size_gib,
                         div_up_u64(need_bytes, GIB_BYTES));
        for (size_t i = 0; i < volume->partition_count && !entry->volume_size_gib; i++) {
                if (volume->partitions[i].size.kind == SIZE_REST)
                        complain(complaints, &volume->partitions[i].size.mark, key_path,
                                 "'rest' runs to the end of the volume, but '%s' gives '%s' no VolumeSize",
                                 mapping->file, volume->device_name.text);
        }
}

static void check_volume(const struct template *template, const struct template_volume *volume,
                         const struct mapping *mapping, struct complaint_list *complaints)
{
        const struct mapping_entry *entry = mapping_find(mapping, volume->device_name.text);
        char key_path[KEY_PATH_CHARS];

        (void)snprintf(key_path, sizeof(key_path), "volumes.%s", volume->device_name.text);
        if (!entry) {
                complain_no_entry(volume, mapping, key_path, complaints);
                return;
        }
        if (!check_kind(volume, entry, complaints))
                return;
        check_size(volume, entry, mapping, key_path, complaints);
        if (strcmp(volume->device_name.text, template->root_device.text) == 0 && entry->volume_type &&
            (strcmp(entry->volume_type, "st1") == 0 || strcmp(entry->volume_type, "sc1") == 0))
                complain(complaints, &entry->mark, NULL,
                         "'%s' is the root device, and EC2 does not boot from type %s; use gp3",
                         volume->device_name.text, entry->volume_type);
}

/* Rule 3. */
static void check_blank(const struct mapping_entry *entry, struct complaint_list *complaints)
{
        if (!entry->volume_size_gib)
                complain(complaints, &entry->mark, NULL,
                         "'%s' is neither a volume of the template nor has it a SnapshotId: a blank volume "
                         "needs a "
                         "VolumeSize",
                         entry->device_name);
        if (entry->volume_initialization_rate_mibs)
                complain(complaints, &entry->mark, NULL,
                         "'%s' is blank, and VolumeInitializationRate is for volumes that come from a "
                         "snapshot",
                         entry->device_name);
}

enum ingot_code template_check_mapping(const struct template *template, const struct mapping *mapping,
                                       struct complaint_list *complaints, struct ingot_error *err)
{
        size_t before = complaints->count + complaints->left_out;

        for (size_t i = 0; i < template->volume_count; i++)
                check_volume(template, &template->volumes[i], mapping, complaints);
        for (size_t i = 0; i < mapping->entry_count; i++) {
                const struct mapping_entry *entry = &mapping->entries[i];

                if (entry->kind == MAPPING_EBS && !entry->snapshot_id &&
                    !template_volume_find(template, entry->device_name))
                        check_blank(entry, complaints);
        }
        if (complaints->count + complaints->left_out == before)
                return INGOT_OK;
        complaint_list_sort(complaints);
        return complaint_list_fail(complaints, mapping->file, err);
}
