/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/ec2_mapping.h"

enum {
        EPHEMERAL_MAX = 23,
        ATTACHMENT_MAX = 15, /* /dev/sda15 */
        GP3_IOPS_BASE = 3000,
        THROUGHPUT_MIN_MIBS = 125,
        THROUGHPUT_MAX_MIBS = 2000,
        IOPS_FOR_ONE_MIBS = 4,
        RATE_MIN_MIBS = 100,
        RATE_MAX_MIBS = 300,
};

/* Sizes in GiB, IOPS of a volume; iops_max 0: Iops is refused. */
struct volume_type {
        const char *name;
        uint32_t gib_min, gib_max, iops_min, iops_max, iops_for_one_gib;
        bool needs_iops, has_throughput;
};

static const struct volume_type volume_types[] = {
        { "gp2", 1, 16384, 0, 0, 0, false, false },
        { "gp3", 1, 65536, GP3_IOPS_BASE, 80000, 500, false, true },
        { "io1", 4, 16384, 100, 64000, 50, true, false },
        { "io2", 4, 65536, 100, 256000, 1000, true, false },
        { "st1", 125, 16384, 0, 0, 0, false, false },
        { "sc1", 125, 16384, 0, 0, 0, false, false },
        { "standard", 1, 1024, 0, 0, 0, false, false },
};

static const struct volume_type *find_type(const char *name)
{
        for (size_t i = 0; i < sizeof(volume_types) / sizeof(volume_types[0]); i++) {
                if (strcmp(volume_types[i].name, name) == 0)
                        return &volume_types[i];
        }
        return NULL;
}

static bool is_letter(char c)
{
        return c >= 'a' && c <= 'z';
}

/* A number from 1 to max without leading zeros, or nothing at all. */
static bool is_partition(const char *text, uint64_t max)
{
        uint64_t number;

        if (!*text)
                return true;
        return *text != '0' && read_digits(text, &number) && number <= max;
}

bool ec2_is_device_name(const char *name)
{
        if (strncmp(name, "/dev/", 5) == 0)
                name += 5;
        if ((strncmp(name, "sd", 2) == 0 || strncmp(name, "hd", 2) == 0) && is_letter(name[2]))
                return is_partition(name + 3, ATTACHMENT_MAX);
        if (strncmp(name, "xvd", 3) == 0 && is_letter(name[3]))
                return is_letter(name[4]) ? name[5] == '\0' : is_partition(name + 4, ATTACHMENT_MAX);
        return false;
}

static void refuse(struct ec2_call *ec2, const struct mapping_record *mapping, const char *what)
{
        (void)ec2_refuse_value(ec2, "InvalidBlockDeviceMapping", "%s (device %.255s)", what,
                               mapping->device_name);
}

static bool read_virtual_name(struct ec2_call *ec2, unsigned number, struct mapping_record *mapping)
{
        const char *name = form_find(&ec2->form, "BlockDeviceMapping.%u.VirtualName", number);
        uint64_t ephemeral;

        if (!name)
                return false;
        if (strncmp(name, "ephemeral", 9) != 0 || !read_digits(name + 9, &ephemeral) ||
            ephemeral > EPHEMERAL_MAX || strlen(name) >= sizeof(mapping->virtual_name))
                refuse(ec2, mapping, "VirtualName must be ephemeral0 to ephemeral23");
        else
                (void)snprintf(mapping->virtual_name, sizeof(mapping->virtual_name), "%s", name);
        return true;
}

/* What the entry says, and whether it said it. */
struct ebs_said {
        bool iops, throughput, rate, encrypted, deleted;
};

static void read_ebs(struct ec2_call *ec2, unsigned number, struct mapping_record *mapping,
                     struct ebs_said *said)
{
        char prefix[64], name[128];
        const char *text;

        (void)snprintf(prefix, sizeof(prefix), "BlockDeviceMapping.%u.Ebs", number);
        text = form_find(&ec2->form, "%s.SnapshotId", prefix);
        if (text && !ec2_is_id(text, "snap-"))
                (void)ec2_refuse_value(ec2, "InvalidSnapshotID.Malformed",
                                       "Invalid id: \"%.80s\" (expecting \"snap-...\")", text);
        else if (text)
                (void)snprintf(mapping->snapshot_id, sizeof(mapping->snapshot_id), "%s", text);
        text = form_find(&ec2->form, "%s.VolumeType", prefix);
        if (text && !find_type(text))
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "Value (%.40s) for parameter volumeType is invalid.", text);
        (void)snprintf(mapping->volume_type, sizeof(mapping->volume_type), "%s", text ? text : "gp2");
#define NAMED(member) ((void)snprintf(name, sizeof(name), "%s." member, prefix), name)
        (void)ec2_read_number(ec2, NAMED("VolumeSize"), 1, 65536, &mapping->volume_gib);
        said->iops = ec2_read_number(ec2, NAMED("Iops"), 1, 1000000, &mapping->iops);
        said->throughput = ec2_read_number(ec2, NAMED("Throughput"), 1, 10000, &mapping->throughput_mibs);
        said->rate = ec2_read_number(ec2, NAMED("VolumeInitializationRate"), RATE_MIN_MIBS, RATE_MAX_MIBS,
                                     &mapping->initialization_rate_mibs);
        said->deleted = ec2_read_bool(ec2, NAMED("DeleteOnTermination"), &mapping->is_deleted_on_termination);
        said->encrypted = ec2_read_bool(ec2, NAMED("Encrypted"), &mapping->is_encrypted);
#undef NAMED
        if (form_find(&ec2->form, "%s.KmsKeyId", prefix) || form_find(&ec2->form, "%s.OutpostArn", prefix) ||
            form_find(&ec2->form, "%s.EbsCardIndex", prefix))
                (void)ec2_refuse_value(
                        ec2, "InvalidParameter",
                        "KmsKeyId, OutpostArn and EbsCardIndex cannot be given to RegisterImage "
                        "(device %.255s)",
                        mapping->device_name);
}

static void judge_ebs(struct ec2_call *ec2, const struct mapping_record *mapping, const struct ebs_said *said)
{
        const struct volume_type *type = find_type(mapping->volume_type);
        bool has_snapshot = *mapping->snapshot_id != '\0';

        if (!type)
                return; /* refused when it was read */
        if (!has_snapshot && mapping->volume_gib == 0)
                refuse(ec2, mapping, "An EBS volume needs a SnapshotId or a VolumeSize");
        if (has_snapshot && said->encrypted)
                refuse(ec2, mapping, "Encrypted cannot be given together with a SnapshotId");
        if (said->rate && !has_snapshot)
                refuse(ec2, mapping, "VolumeInitializationRate needs a SnapshotId");
        if (said->iops && type->iops_max == 0)
                refuse(ec2, mapping, "The parameter iops is not supported for this volume type");
        if (!said->iops && type->needs_iops)
                refuse(ec2, mapping, "This volume type needs the parameter iops");
        if (said->throughput && !type->has_throughput)
                refuse(ec2, mapping, "The parameter throughput is not supported for this volume type");
        if (said->iops && (mapping->iops < type->iops_min || mapping->iops > type->iops_max))
                refuse(ec2, mapping, "Iops is out of the range of the volume type");
        if (said->throughput && (mapping->throughput_mibs < THROUGHPUT_MIN_MIBS ||
                                 mapping->throughput_mibs > THROUGHPUT_MAX_MIBS))
                refuse(ec2, mapping, "Throughput is out of the range of the volume type");
        if (said->throughput &&
            mapping->throughput_mibs * IOPS_FOR_ONE_MIBS > (said->iops ? mapping->iops : GP3_IOPS_BASE))
                refuse(ec2, mapping, "Throughput may be at most a quarter of Iops");
}

static void read_entry(struct ec2_call *ec2, unsigned number, struct mapping_record *mapping)
{
        const char *no_device = form_find(&ec2->form, "BlockDeviceMapping.%u.NoDevice", number);
        struct ebs_said said = { 0 };
        char name[64];
        bool is_virtual;

        (void)snprintf(name, sizeof(name), "BlockDeviceMapping.%u.DeviceName", number);
        if (!ec2_read_text(ec2, name, DEVICE_NAME_CHARS, mapping->device_name,
                           sizeof(mapping->device_name))) {
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter deviceName");
                return;
        }
        if (!ec2_is_device_name(mapping->device_name))
                refuse(ec2, mapping, "Invalid device name");
        is_virtual = read_virtual_name(ec2, number, mapping);
        mapping->is_no_device = no_device != NULL;
        mapping->is_ebs = form_has(&ec2->form, "BlockDeviceMapping.%u.Ebs", number);
        if (is_virtual + mapping->is_no_device + mapping->is_ebs != 1) {
                refuse(ec2, mapping, "An entry has one of Ebs, VirtualName and NoDevice");
                return;
        }
        if (!mapping->is_ebs)
                return;
        read_ebs(ec2, number, mapping, &said);
        judge_ebs(ec2, mapping, &said);
        mapping->is_deletion_said = said.deleted;
}

void ec2_mapping_read(struct ec2_call *ec2, struct mapping_record *mappings, uint32_t *ret_count)
{
        uint32_t count = 0;

        for (unsigned i = 1; form_has(&ec2->form, "BlockDeviceMapping.%u", i) && !ec2->is_refused; i++) {
                if (count == MAPPINGS_MAX) {
                        (void)ec2_refuse_value(ec2, "InvalidBlockDeviceMapping",
                                               "There are more than %d block devices.", MAPPINGS_MAX);
                        break;
                }
                memset(&mappings[count], 0, sizeof(mappings[count]));
                read_entry(ec2, i, &mappings[count]);
                for (uint32_t j = 0; j < count; j++) {
                        if (strcmp(mappings[j].device_name, mappings[count].device_name) == 0)
                                refuse(ec2, &mappings[count], "The device is mapped twice");
                }
                count++;
        }
        *ret_count = count;
}

/* ---- against the snapshots ---- */

static void settle_size(struct ec2_call *ec2, struct mapping_record *mapping, uint32_t snapshot_gib)
{
        const struct volume_type *type = find_type(mapping->volume_type);

        if (mapping->volume_gib == 0)
                mapping->volume_gib = snapshot_gib;
        if (mapping->volume_gib < snapshot_gib)
                (void)ec2_refuse_value(
                        ec2, "InvalidBlockDeviceMapping",
                        "Volume of size %uGB is smaller than snapshot '%s', expect size >= %uGB",
                        mapping->volume_gib, mapping->snapshot_id, snapshot_gib);
        if (!type)
                return;
        if (mapping->volume_gib < type->gib_min || mapping->volume_gib > type->gib_max)
                (void)ec2_refuse_value(ec2, "InvalidBlockDeviceMapping",
                                       "A volume of type %s has %u to %u GiB, not %u (device %.255s)",
                                       type->name, type->gib_min, type->gib_max, mapping->volume_gib,
                                       mapping->device_name);
        if (mapping->iops > type->iops_min &&
            mapping->iops > (uint64_t)mapping->volume_gib * type->iops_for_one_gib)
                (void)ec2_refuse_value(
                        ec2, "InvalidBlockDeviceMapping",
                        "Iops to volume size ratio of %u:%u is too high; the most is %u IOPS/GiB "
                        "(device %.255s)",
                        mapping->iops, mapping->volume_gib, type->iops_for_one_gib, mapping->device_name);
}

static enum ingot_code settle_entry(struct ec2_call *ec2, const char *root_device_name,
                                    struct mapping_record *mapping, struct ingot_error *err)
{
        bool is_root = strcmp(mapping->device_name, root_device_name) == 0;
        struct snapshot_record snapshot;
        enum ingot_code r;

        if (is_root && (!mapping->is_ebs || !*mapping->snapshot_id))
                refuse(ec2, mapping, "The root device must be an EBS volume with a SnapshotId");
        if (!mapping->is_ebs)
                return INGOT_OK;
        if (!mapping->is_deletion_said)
                mapping->is_deleted_on_termination = is_root;
        if (!*mapping->snapshot_id) {
                settle_size(ec2, mapping, 0);
                return INGOT_OK;
        }
        r = snapshots_find(ec2->store, ec2->region, mapping->snapshot_id, &snapshot, err);
        if (r == INGOT_E_NOT_FOUND)
                return ec2_refuse_value(ec2, "InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.",
                                        mapping->snapshot_id);
        if (r)
                return r;
        if (snapshot.state != SNAPSHOT_COMPLETED)
                return ec2_refuse_value(ec2, "IncorrectState",
                                        "The snapshot '%s' is in state %s, not completed.", snapshot.id,
                                        snapshot.state == SNAPSHOT_ERROR ? "error" : "pending");
        mapping->is_encrypted = snapshot.is_encrypted;
        settle_size(ec2, mapping, snapshot.volume_gib);
        return INGOT_OK;
}

enum ingot_code ec2_mapping_settle(struct ec2_call *ec2, const char *root_device_name,
                                   struct mapping_record *mappings, uint32_t count, struct ingot_error *err)
{
        bool has_root = false;
        enum ingot_code r = INGOT_OK;

        for (uint32_t i = 0; !r && i < count; i++) {
                has_root |= strcmp(mappings[i].device_name, root_device_name) == 0;
                r = settle_entry(ec2, root_device_name, &mappings[i], err);
        }
        if (!r && !has_root)
                (void)ec2_refuse_value(ec2, "InvalidBlockDeviceMapping",
                                       "The root device %.255s is not in the block device mapping",
                                       root_device_name);
        return r;
}

/* ---- in replies ---- */

void ec2_mapping_write(struct ec2_call *ec2, const struct mapping_record *mappings, uint32_t count)
{
        struct buffer *out = ec2->out;

        element_open(out, "blockDeviceMapping");
        for (uint32_t i = 0; i < count; i++) {
                const struct mapping_record *mapping = &mappings[i];

                element_open(out, "item");
                element_text(out, "deviceName", mapping->device_name);
                element_text_if(out, "virtualName", mapping->virtual_name);
                if (mapping->is_no_device)
                        element_text(out, "noDevice", "");
                if (mapping->is_ebs) {
                        element_open(out, "ebs");
                        element_text_if(out, "snapshotId", mapping->snapshot_id);
                        element_u64(out, "volumeSize", mapping->volume_gib);
                        element_bool(out, "deleteOnTermination", mapping->is_deleted_on_termination);
                        element_text(out, "volumeType", mapping->volume_type);
                        element_u64_if(out, "iops", mapping->iops);
                        element_u64_if(out, "throughput", mapping->throughput_mibs);
                        element_u64_if(out, "VolumeInitializationRate", mapping->initialization_rate_mibs);
                        element_bool(out, "encrypted", mapping->is_encrypted);
                        element_close(out, "ebs");
                }
                element_close(out, "item");
        }
        element_close(out, "blockDeviceMapping");
}
