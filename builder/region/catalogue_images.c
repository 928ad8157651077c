/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/catalogue_images.h"
#include "region/catalogue_permissions.h"
#include "region/catalogue_statement.h"
#include "region/catalogue_tags.h"

#define IMAGE_COLUMNS                                                                                        \
        "number, region, id, name, description, created_seconds, architecture, virtualization_type, "        \
        "root_device_name, boot_mode, tpm_support, imds_support, sriov_net_support, is_ena_supported, "      \
        "kernel_id, ramdisk_id, state, state_reason, deprecation_seconds, protection, "                      \
        "protected_until_seconds, source_image_id, source_region, client_token, request_digest"

#define MAPPING_COLUMNS                                                                                      \
        "device_name, virtual_name, is_no_device, is_ebs, snapshot_id, volume_gib, volume_type, iops, "      \
        "throughput_mibs, initialization_rate_mibs, is_deleted_on_termination, is_encrypted"

static void read_image(struct statement *statement, struct image_record *image)
{
        memset(image, 0, sizeof(*image));
        image->number = statement_read_i64(statement);
        statement_read_text(statement, image->region, sizeof(image->region));
        statement_read_text(statement, image->id, sizeof(image->id));
        statement_read_text(statement, image->name, sizeof(image->name));
        statement_read_text(statement, image->description, sizeof(image->description));
        image->created_seconds = statement_read_i64(statement);
        statement_read_text(statement, image->architecture, sizeof(image->architecture));
        statement_read_text(statement, image->virtualization_type, sizeof(image->virtualization_type));
        statement_read_text(statement, image->root_device_name, sizeof(image->root_device_name));
        statement_read_text(statement, image->boot_mode, sizeof(image->boot_mode));
        statement_read_text(statement, image->tpm_support, sizeof(image->tpm_support));
        statement_read_text(statement, image->imds_support, sizeof(image->imds_support));
        statement_read_text(statement, image->sriov_net_support, sizeof(image->sriov_net_support));
        image->is_ena_supported = statement_read_bool(statement);
        statement_read_text(statement, image->kernel_id, sizeof(image->kernel_id));
        statement_read_text(statement, image->ramdisk_id, sizeof(image->ramdisk_id));
        statement_read_text(statement, image->state, sizeof(image->state));
        statement_read_text(statement, image->state_reason, sizeof(image->state_reason));
        image->deprecation_seconds = statement_read_i64(statement);
        statement_read_text(statement, image->protection, sizeof(image->protection));
        image->protected_until_seconds = statement_read_i64(statement);
        statement_read_text(statement, image->source_image_id, sizeof(image->source_image_id));
        statement_read_text(statement, image->source_region, sizeof(image->source_region));
        statement_read_text(statement, image->client_token, sizeof(image->client_token));
        statement_read_text(statement, image->request_digest, sizeof(image->request_digest));
}

static enum ingot_code add_mapping(struct catalogue *catalogue, const char *image_id, uint32_t ordinal,
                                   const struct mapping_record *mapping, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "INSERT INTO mappings (image_id, ordinal, " MAPPING_COLUMNS
                        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        statement_bind_text(&statement, image_id);
        statement_bind_i64(&statement, ordinal);
        statement_bind_text(&statement, mapping->device_name);
        statement_bind_text(&statement, mapping->virtual_name);
        statement_bind_i64(&statement, mapping->is_no_device);
        statement_bind_i64(&statement, mapping->is_ebs);
        statement_bind_text(&statement, *mapping->snapshot_id ? mapping->snapshot_id : NULL);
        statement_bind_i64(&statement, mapping->volume_gib);
        statement_bind_text(&statement, mapping->volume_type);
        statement_bind_i64(&statement, mapping->iops);
        statement_bind_i64(&statement, mapping->throughput_mibs);
        statement_bind_i64(&statement, mapping->initialization_rate_mibs);
        statement_bind_i64(&statement, mapping->is_deleted_on_termination);
        statement_bind_i64(&statement, mapping->is_encrypted);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_add_image(struct catalogue *catalogue, const struct image_record *image,
                                    const struct mapping_record *mappings, uint32_t mapping_count,
                                    struct ingot_error *err)
{
        struct statement statement;
        enum ingot_code r;

        statement_begin(
                &statement, catalogue,
                "INSERT INTO images (" IMAGE_COLUMNS
                ") VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        statement_bind_text(&statement, image->region);
        statement_bind_text(&statement, image->id);
        statement_bind_text(&statement, image->name);
        statement_bind_text(&statement, image->description);
        statement_bind_i64(&statement, image->created_seconds);
        statement_bind_text(&statement, image->architecture);
        statement_bind_text(&statement, image->virtualization_type);
        statement_bind_text(&statement, image->root_device_name);
        statement_bind_text(&statement, image->boot_mode);
        statement_bind_text(&statement, image->tpm_support);
        statement_bind_text(&statement, image->imds_support);
        statement_bind_text(&statement, image->sriov_net_support);
        statement_bind_i64(&statement, image->is_ena_supported);
        statement_bind_text(&statement, image->kernel_id);
        statement_bind_text(&statement, image->ramdisk_id);
        statement_bind_text(&statement, *image->state ? image->state : "available");
        statement_bind_text(&statement, image->state_reason);
        statement_bind_i64(&statement, image->deprecation_seconds);
        statement_bind_text(&statement, *image->protection ? image->protection : IMAGE_UNPROTECTED);
        statement_bind_i64(&statement, image->protected_until_seconds);
        statement_bind_text(&statement, image->source_image_id);
        statement_bind_text(&statement, image->source_region);
        statement_bind_text(&statement, *image->client_token ? image->client_token : NULL);
        statement_bind_text(&statement, image->request_digest);
        r = statement_run(&statement, err);
        for (uint32_t i = 0; !r && i < mapping_count; i++)
                r = add_mapping(catalogue, image->id, i, &mappings[i], err);
        return r;
}

enum ingot_code catalogue_add_uefi_data(struct catalogue *catalogue, const char *image_id, const char *data,
                                        struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "INSERT INTO uefi_data (image_id, data) VALUES (?, ?)");
        statement_bind_text(&statement, image_id);
        statement_bind_text(&statement, data);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_read_uefi_data(struct catalogue *catalogue, const char *image_id,
                                         char ret_data[UEFI_DATA_CHARS + 1], struct ingot_error *err)
{
        struct statement statement;

        ret_data[0] = '\0';
        statement_begin(&statement, catalogue, "SELECT data FROM uefi_data WHERE image_id = ?");
        statement_bind_text(&statement, image_id);
        if (statement_step(&statement))
                statement_read_text(&statement, ret_data, UEFI_DATA_CHARS + 1);
        return statement_end(&statement, err);
}

static enum ingot_code read_one(struct statement *statement, const char *what, struct image_record *ret_image,
                                struct ingot_error *err)
{
        bool is_found = statement_step(statement);
        enum ingot_code r;

        if (is_found)
                read_image(statement, ret_image);
        r = statement_end(statement, err);
        if (!r && !is_found)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "there is no AMI '%s'", what);
        return r;
}

enum ingot_code catalogue_find_image(struct catalogue *catalogue, const char *region, const char *id,
                                     struct image_record *ret_image, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT " IMAGE_COLUMNS " FROM images WHERE id = ? AND region = ?");
        statement_bind_text(&statement, id);
        statement_bind_text(&statement, region);
        return read_one(&statement, id, ret_image, err);
}

enum ingot_code catalogue_find_image_by_name(struct catalogue *catalogue, const char *region,
                                             const char *name, struct image_record *ret_image,
                                             struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT " IMAGE_COLUMNS " FROM images WHERE region = ? AND name = ?");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, name);
        return read_one(&statement, name, ret_image, err);
}

enum ingot_code catalogue_find_image_by_token(struct catalogue *catalogue, const char *region,
                                              const char *client_token, struct image_record *ret_image,
                                              struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT " IMAGE_COLUMNS " FROM images WHERE region = ? AND client_token = ?");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, client_token);
        return read_one(&statement, client_token, ret_image, err);
}

enum ingot_code catalogue_next_pending_image(struct catalogue *catalogue, const char *region, int64_t after,
                                             struct image_record *ret_image, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(
                &statement, catalogue,
                "SELECT " IMAGE_COLUMNS
                " FROM images WHERE region = ? AND state = 'pending' AND number > ? ORDER BY number LIMIT 1");
        statement_bind_text(&statement, region);
        statement_bind_i64(&statement, after);
        return read_one(&statement, "pending", ret_image, err);
}

enum ingot_code catalogue_update_image(struct catalogue *catalogue, const struct image_record *image,
                                       struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "UPDATE images SET description = ?, imds_support = ?, state = ?, state_reason = ?, "
                        "deprecation_seconds = ?, protection = ?, protected_until_seconds = ? WHERE id = ?");
        statement_bind_text(&statement, image->description);
        statement_bind_text(&statement, image->imds_support);
        statement_bind_text(&statement, image->state);
        statement_bind_text(&statement, image->state_reason);
        statement_bind_i64(&statement, image->deprecation_seconds);
        statement_bind_text(&statement, image->protection);
        statement_bind_i64(&statement, image->protected_until_seconds);
        statement_bind_text(&statement, image->id);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_read_mappings(struct catalogue *catalogue, const char *image_id,
                                        struct mapping_record ret_mappings[MAPPINGS_MAX], uint32_t *ret_count,
                                        struct ingot_error *err)
{
        struct statement statement;
        uint32_t count = 0;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT " MAPPING_COLUMNS " FROM mappings WHERE image_id = ? ORDER BY ordinal");
        statement_bind_text(&statement, image_id);
        while (count < MAPPINGS_MAX && statement_step(&statement)) {
                struct mapping_record *mapping = &ret_mappings[count++];

                statement_read_text(&statement, mapping->device_name, sizeof(mapping->device_name));
                statement_read_text(&statement, mapping->virtual_name, sizeof(mapping->virtual_name));
                mapping->is_no_device = statement_read_bool(&statement);
                mapping->is_ebs = statement_read_bool(&statement);
                statement_read_text(&statement, mapping->snapshot_id, sizeof(mapping->snapshot_id));
                mapping->volume_gib = (uint32_t)statement_read_i64(&statement);
                statement_read_text(&statement, mapping->volume_type, sizeof(mapping->volume_type));
                mapping->iops = (uint32_t)statement_read_i64(&statement);
                mapping->throughput_mibs = (uint32_t)statement_read_i64(&statement);
                mapping->initialization_rate_mibs = (uint32_t)statement_read_i64(&statement);
                mapping->is_deleted_on_termination = statement_read_bool(&statement);
                mapping->is_encrypted = statement_read_bool(&statement);
        }
        r = statement_end(&statement, err);
        if (!r)
                *ret_count = count;
        return r;
}

enum ingot_code catalogue_forget_image(struct catalogue *catalogue, const char *id, struct ingot_error *err)
{
        struct statement statement;
        enum ingot_code r;

        statement_begin(&statement, catalogue, "DELETE FROM images WHERE id = ?");
        statement_bind_text(&statement, id);
        r = statement_run(&statement, err);
        if (!r)
                r = catalogue_forget_permissions(catalogue, id, err);
        return r ? r : catalogue_remove_tags(catalogue, id, err);
}

enum ingot_code catalogue_find_snapshot_user(struct catalogue *catalogue, const char *snapshot_id,
                                             char ret_image_id[RESOURCE_ID_CHARS + 1],
                                             struct ingot_error *err)
{
        struct statement statement;
        bool is_found;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT image_id FROM mappings WHERE snapshot_id = ? ORDER BY image_id LIMIT 1");
        statement_bind_text(&statement, snapshot_id);
        is_found = statement_step(&statement);
        if (is_found)
                statement_read_text(&statement, ret_image_id, RESOURCE_ID_CHARS + 1);
        r = statement_end(&statement, err);
        if (!r && !is_found)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "no AMI uses snapshot '%s'", snapshot_id);
        return r;
}

enum ingot_code catalogue_each_image(struct catalogue *catalogue, const char *region, int64_t after,
                                     enum ingot_code (*visit)(void *context, const struct image_record *image,
                                                              bool *ret_stop, struct ingot_error *err),
                                     void *context, struct ingot_error *err)
{
        struct statement statement;
        struct image_record image;
        bool stop = false;
        enum ingot_code r = INGOT_OK, ended;

        statement_begin(&statement, catalogue,
                        "SELECT " IMAGE_COLUMNS
                        " FROM images WHERE (?1 IS NULL OR region = ?1) AND number > ?2 ORDER BY number");
        statement_bind_text(&statement, region);
        statement_bind_i64(&statement, after);
        while (!r && !stop && statement_step(&statement)) {
                read_image(&statement, &image);
                r = visit(context, &image, &stop, err);
        }
        ended = statement_end(&statement, r ? NULL : err);
        return r ? r : ended;
}
