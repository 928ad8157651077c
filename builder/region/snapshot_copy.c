/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/encryption.h"
#include "region/keys.h"
#include "region/snapshot_copy.h"

static void read_source_region(struct ec2_call *ec2, struct copy_terms *terms)
{
        const char *name = form_find(&ec2->form, "SourceRegion");
        const char *account = strchr(ec2->region, '.'); /* ".ACCOUNT" of one that is not the store's own */

        if (!name)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter SourceRegion");
        else if (!*name || strlen(name) > REGION_NAME_CHARS - 1 - ACCOUNT_ID_CHARS ||
                 strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name))
                (void)ec2_refuse_value(ec2, "InvalidParameterValue", "Invalid region: %.64s", name);
        else
                (void)snprintf(terms->source_region, sizeof(terms->source_region), "%s%s", name,
                               account ? account : "");
        terms->source_region_name = name;
}

void copy_terms_read(struct ec2_call *ec2, const char *duration_name, struct copy_terms *ret_terms)
{
        bool is_encryption_said;
        uint32_t minutes = 0;

        memset(ret_terms, 0, sizeof(*ret_terms));
        read_source_region(ec2, ret_terms);
        (void)ec2_read_text(ec2, "Description", DESCRIPTION_CHARS, ret_terms->description,
                            sizeof(ret_terms->description));
        is_encryption_said = ec2_read_bool(ec2, "Encrypted", &ret_terms->is_encrypted);
        ret_terms->key = form_find(&ec2->form, "KmsKeyId");
        if (is_encryption_said && !ret_terms->is_encrypted)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue", "Encrypted cannot be set to false");
        if (ret_terms->key && !ret_terms->is_encrypted)
                (void)ec2_refuse_value(ec2, "InvalidParameterCombination",
                                       "KmsKeyId needs Encrypted to be true");
        if (ec2_read_number(ec2, duration_name, COMPLETION_MINUTES_STEP, COMPLETION_MINUTES_MAX, &minutes) &&
            minutes % COMPLETION_MINUTES_STEP != 0)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue", "%s must be a multiple of %d minutes",
                                       duration_name, COMPLETION_MINUTES_STEP);
        if (form_find(&ec2->form, "DestinationOutpostArn") ||
            form_find(&ec2->form, "DestinationAvailabilityZone") ||
            form_find(&ec2->form, "DestinationAvailabilityZoneId"))
                (void)ec2_refuse_value(ec2, "UnsupportedOperation",
                                       "There are no Outposts and no Local Zones to copy to");
}

enum ingot_code copies_need_room(struct ec2_call *ec2, uint32_t more, struct ingot_error *err)
{
        uint64_t count = 0;
        enum ingot_code r = snapshots_settle(ec2->store, ec2->region, err);

        if (!r)
                r = catalogue_count_copies(ec2->store->catalogue, ec2->region, &count, err);
        if (r || count + more <= COPIES_MAX)
                return r;
        return ec2_refuse_value(
                ec2, "ResourceLimitExceeded",
                "You have exceeded your limit of %d concurrent snapshot copies into this Region", COPIES_MAX);
}

/* Rule 3. */
static enum ingot_code settle_key(struct ec2_call *ec2, const struct snapshot_record *source,
                                  const struct copy_terms *terms, struct snapshot_record *copy,
                                  struct ingot_error *err)
{
        char wanted[SETTING_CHARS + 1];
        bool is_default = false;
        struct key key;
        enum ingot_code r = encryption_is_default(ec2->store, ec2->region, &is_default, err);

        copy->is_encrypted = source->is_encrypted || terms->is_encrypted || is_default;
        if (r || !copy->is_encrypted)
                return r;
        if (terms->key) {
                (void)snprintf(wanted, sizeof(wanted), "%s", terms->key);
        } else {
                r = key_read_default(ec2->call, wanted, err);
                if (r)
                        return r;
        }
        r = key_find(ec2->call, wanted, &key, err);
        if (r && r != INGOT_E_NOT_FOUND)
                return r;
        (void)snprintf(copy->kms_key_arn, sizeof(copy->kms_key_arn), "%s", r ? wanted : key.arn);
        if (r || !key_is_usable(&key))
                (void)snprintf(copy->late_failure, sizeof(copy->late_failure),
                               "Given key ID is not accessible");
        return INGOT_OK;
}

/* Seals the new snapshot with its source's blocks. */
static enum ingot_code seal(struct ec2_call *ec2, struct snapshot_record *copy, struct ingot_error *err)
{
        struct snapshot_record found;
        struct digest linear;
        uint64_t count = 0;
        enum ingot_code r = snapshots_lock(ec2->store, ec2->region, copy->id, &found, err);

        if (r)
                return r;
        r = block_store_sum(ec2->store->blocks, &count, &linear, err);
        if (!r)
                r = snapshots_seal(ec2->store, &found, count, &linear, err);
        block_store_unlock(ec2->store->blocks);
        return r;
}

enum ingot_code snapshot_copy_start(struct ec2_call *ec2, const struct snapshot_record *source,
                                    const struct copy_terms *terms, const struct tag *tags,
                                    uint32_t tag_count, char ret_id[RESOURCE_ID_CHARS + 1],
                                    struct ingot_error *err)
{
        OWNED(heap_drop) struct snapshot_record *copy = calloc(1, sizeof(*copy));
        enum ingot_code r;

        if (!copy)
                return ingot_fail_memory(err, sizeof(*copy));
        r = settle_key(ec2, source, terms, copy, err);
        if (!r)
                r = random_resource_id("snap-", copy->id, err);
        if (r)
                return r;
        if (terms->late_failure)
                (void)snprintf(copy->late_failure, sizeof(copy->late_failure), "%s", terms->late_failure);
        (void)snprintf(copy->region, sizeof(copy->region), "%s", ec2->region);
        (void)snprintf(copy->parent_id, sizeof(copy->parent_id), "%s", source->id);
        (void)snprintf(copy->copied_from, sizeof(copy->copied_from), "%s", source->id);
        (void)snprintf(copy->description, sizeof(copy->description), "%s", terms->description);
        (void)snprintf(copy->boot_id, sizeof(copy->boot_id), "%s", ec2->store->boot_id);
        copy->volume_gib = source->volume_gib;
        copy->timeout_minutes = COMPLETION_MINUTES_MAX;
        copy->start_seconds = clock_wall_seconds(ec2->store->clock);
        copy->ready_seconds = copy->start_seconds + ec2->store->copy_delay_seconds;
        r = snapshots_start(ec2->store, copy, tags, tag_count, err);
        if (!r)
                r = seal(ec2, copy, err);
        if (!r)
                memcpy(ret_id, copy->id, sizeof(copy->id));
        return r;
}
