/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "wire/ec2_request.h"
#include "wire/uri.h"

enum { NAME_CHARS = 127 };

void ec2_request_begin(struct buffer *body, const char *action, const char *version)
{
        buffer_clear(body);
        uri_append_pair(body, "Action", action);
        uri_append_pair(body, "Version", version);
}

void ec2_request_text(struct buffer *body, const char *name, const char *value)
{
        if (value)
                uri_append_pair(body, name, value);
}

void ec2_request_number(struct buffer *body, const char *name, uint64_t value)
{
        char text[24];

        if (!value)
                return;
        (void)snprintf(text, sizeof(text), "%" PRIu64, value);
        uri_append_pair(body, name, text);
}

void ec2_request_tri(struct buffer *body, const char *name, enum tri_state value)
{
        if (value != TRI_UNSET)
                uri_append_pair(body, name, value == TRI_YES ? "true" : "false");
}

void ec2_request_list(struct buffer *body, const char *name, const char *const *values, size_t count)
{
        char numbered[NAME_CHARS + 24];

        for (size_t i = 0; i < count; i++) {
                (void)snprintf(numbered, sizeof(numbered), "%s.%zu", name, i + 1);
                uri_append_pair(body, numbered, values[i]);
        }
}

void ec2_request_filters(struct buffer *body, const struct ec2_filter *filters, size_t count)
{
        char name[NAME_CHARS + 1];

        for (size_t i = 0; i < count; i++) {
                (void)snprintf(name, sizeof(name), "Filter.%zu.Name", i + 1);
                uri_append_pair(body, name, filters[i].name);
                (void)snprintf(name, sizeof(name), "Filter.%zu.Value", i + 1);
                ec2_request_list(body, name, filters[i].values, filters[i].value_count);
        }
}

void ec2_request_tags(struct buffer *body, const char *prefix, const struct wire_tag *tags, size_t count)
{
        char name[NAME_CHARS + 1];

        for (size_t i = 0; i < count; i++) {
                (void)snprintf(name, sizeof(name), "%sTag.%zu.Key", prefix, i + 1);
                ec2_request_text(body, name, tags[i].key);
                (void)snprintf(name, sizeof(name), "%sTag.%zu.Value", prefix, i + 1);
                ec2_request_text(body, name, tags[i].value);
        }
}

void ec2_request_permissions(struct buffer *body, const char *name, const struct ec2_permission *permissions,
                             size_t count)
{
        char member[NAME_CHARS + 1];

        for (size_t i = 0; i < count; i++) {
                const struct ec2_permission *permission = &permissions[i];

                (void)snprintf(member, sizeof(member), "%s.%zu.UserId", name, i + 1);
                ec2_request_text(body, member, permission->user_id);
                (void)snprintf(member, sizeof(member), "%s.%zu.Group", name, i + 1);
                ec2_request_text(body, member, permission->group);
                (void)snprintf(member, sizeof(member), "%s.%zu.OrganizationArn", name, i + 1);
                ec2_request_text(body, member, permission->organization_arn);
                (void)snprintf(member, sizeof(member), "%s.%zu.OrganizationalUnitArn", name, i + 1);
                ec2_request_text(body, member, permission->organizational_unit_arn);
        }
}

static const char *device_name(char out[NAME_CHARS + 1], size_t index, const char *member)
{
        (void)snprintf(out, NAME_CHARS + 1, "BlockDeviceMapping.%zu.%s", index + 1, member);
        return out;
}

static void append_ebs(struct buffer *body, const struct mapping_entry *entry, size_t i)
{
        char name[NAME_CHARS + 1];

        ec2_request_text(body, device_name(name, i, "Ebs.SnapshotId"), entry->snapshot_id);
        ec2_request_number(body, device_name(name, i, "Ebs.VolumeSize"), entry->volume_size_gib);
        ec2_request_text(body, device_name(name, i, "Ebs.VolumeType"), entry->volume_type);
        ec2_request_number(body, device_name(name, i, "Ebs.Iops"), entry->iops);
        ec2_request_number(body, device_name(name, i, "Ebs.Throughput"), entry->throughput_mibs);
        ec2_request_number(body, device_name(name, i, "Ebs.VolumeInitializationRate"),
                           entry->volume_initialization_rate_mibs);
        ec2_request_tri(body, device_name(name, i, "Ebs.DeleteOnTermination"), entry->delete_on_termination);
        ec2_request_tri(body, device_name(name, i, "Ebs.Encrypted"), entry->encrypted);
}

void ec2_request_block_devices(struct buffer *body, const struct mapping_entry *entries, size_t count)
{
        char name[NAME_CHARS + 1];

        for (size_t i = 0; i < count; i++) {
                ec2_request_text(body, device_name(name, i, "DeviceName"), entries[i].device_name);
                switch (entries[i].kind) {
                case MAPPING_EBS: append_ebs(body, &entries[i], i); break;
                case MAPPING_VIRTUAL:
                        ec2_request_text(body, device_name(name, i, "VirtualName"), entries[i].virtual_name);
                        break;
                case MAPPING_NO_DEVICE: ec2_request_text(body, device_name(name, i, "NoDevice"), ""); break;
                }
        }
}
