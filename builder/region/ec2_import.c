/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_filter.h"
#include "region/ec2_page.h"
#include "region/encryption.h"
#include "region/import_jobs.h"
#include "region/keys.h"

enum { ACTIVE_MAX = 20, REMEMBERED_SECONDS = 7 * 86400, CLIENT_DATA_CHARS = 255 };

/* ---- replies ---- */

static enum ingot_code write_task(struct ec2_call *ec2, const struct import_record *record,
                                  struct ingot_error *err)
{
        struct buffer *out = ec2->out;
        char number[32];
        bool is_active = strcmp(record->status, "active") == 0;
        bool is_completed = strcmp(record->status, "completed") == 0;

        element_text_if(out, "description", record->description);
        element_text(out, "importTaskId", record->id);
        element_open(out, "snapshotTaskDetail");
        element_text_if(out, "description", record->description);
        (void)snprintf(number, sizeof(number), "%llu.0", (unsigned long long)record->size_bytes);
        element_text(out, "diskImageSize", number);
        element_bool(out, "encrypted", record->is_encrypted);
        element_text(out, "format", record->format);
        element_text_if(out, "kmsKeyId", record->kms_key_arn);
        (void)snprintf(number, sizeof(number), "%u", record->progress_percent);
        if (is_active)
                element_text(out, "progress", number);
        if (is_completed)
                element_text(out, "snapshotId", record->snapshot_id);
        element_text(out, "status", record->status);
        element_text_if(out, "statusMessage", record->status_message);
        element_open(out, "userBucket");
        element_text(out, "s3Bucket", record->bucket);
        element_text(out, "s3Key", record->key);
        element_close(out, "userBucket");
        element_close(out, "snapshotTaskDetail");
        return ec2_write_tags(ec2, record->id, err);
}

/* ---- ImportSnapshot ---- */

struct import_request {
        struct import_record record;
        char role[ROLE_NAME_CHARS + 1];
        struct tag tags[TAGS_MAX];
        uint32_t tag_count;
        struct object_record object;
};

/* "s3://BUCKET/KEY" */
static bool split_url(const char *url, struct import_record *record)
{
        const char *slash;

        if (strncmp(url, "s3://", 5) != 0 || !(slash = strchr(url + 5, '/')) ||
            (size_t)(slash - url - 5) > S3_BUCKET_CHARS || !slash[1] || strlen(slash + 1) > S3_KEY_BYTES)
                return false;
        (void)snprintf(record->bucket, sizeof(record->bucket), "%.*s", (int)(slash - url - 5), url + 5);
        (void)snprintf(record->key, sizeof(record->key), "%s", slash + 1);
        return true;
}

static void read_source(struct ec2_call *ec2, struct import_record *record)
{
        const char *url = form_find(&ec2->form, "DiskContainer.Url");
        const char *bucket = form_find(&ec2->form, "DiskContainer.UserBucket.S3Bucket");
        const char *key = form_find(&ec2->form, "DiskContainer.UserBucket.S3Key");
        const char *format = form_find(&ec2->form, "DiskContainer.Format");
        char upper[IMPORT_FORMAT_CHARS + 1] = "";

        (void)form_find(&ec2->form, "DiskContainer.Description");
        for (size_t i = 0; format && format[i] && i < IMPORT_FORMAT_CHARS; i++)
                upper[i] = (char)(format[i] >= 'a' && format[i] <= 'z' ? format[i] - 32 : format[i]);
        if (!format || (strcmp(upper, "RAW") != 0 && strcmp(upper, "VMDK") != 0 && strcmp(upper, "VHD") != 0))
                (void)ec2_refuse_value(ec2, "InvalidParameter",
                                       "The format of the disk must be VHD, VMDK or RAW.");
        (void)snprintf(record->format, sizeof(record->format), "%s", upper);
        if (url ? bucket || key || !split_url(url, record)
                : !bucket || !key || strlen(bucket) > S3_BUCKET_CHARS || strlen(key) > S3_KEY_BYTES) {
                (void)ec2_refuse_value(ec2, "InvalidParameter", "Invalid S3 source location");
                return;
        }
        if (!url) {
                (void)snprintf(record->bucket, sizeof(record->bucket), "%s", bucket);
                (void)snprintf(record->key, sizeof(record->key), "%s", key);
        }
}

static void read_request(struct ec2_call *ec2, struct import_request *request)
{
        struct import_record *record = &request->record;
        static const char *const client_data[] = { "Comment", "UploadStart", "UploadEnd", "UploadSize" };

        read_source(ec2, record);
        (void)ec2_read_text(ec2, "Description", DESCRIPTION_CHARS, record->description,
                            sizeof(record->description));
        (void)ec2_read_text(ec2, "ClientToken", CLIENT_TOKEN_CHARS, record->client_token,
                            sizeof(record->client_token));
        (void)ec2_read_text(ec2, "KmsKeyId", KMS_KEY_ARN_CHARS, record->kms_key_arn,
                            sizeof(record->kms_key_arn));
        (void)ec2_read_bool(ec2, "Encrypted", &record->is_encrypted);
        (void)snprintf(request->role, sizeof(request->role), "%s", IMPORT_ROLE);
        (void)ec2_read_text(ec2, "RoleName", ROLE_NAME_CHARS, request->role, sizeof(request->role));
        for (size_t i = 0; i < sizeof(client_data) / sizeof(client_data[0]); i++)
                (void)form_find(&ec2->form, "ClientData.%s", client_data[i]);
        ec2_read_tag_specification(ec2, "import-snapshot-task", request->tags, &request->tag_count);
        if (*record->kms_key_arn && !record->is_encrypted)
                (void)ec2_refuse_value(ec2, "InvalidParameterCombination",
                                       "The parameter KmsKeyId requires the parameter Encrypted to be set.");
}

/* What makes two requests the same: all of the form but the token. */
static enum ingot_code fingerprint(const struct ec2_call *ec2, char out[DIGEST_HEX_CHARS + 1],
                                   struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(1 << 20);
        struct digest digest;
        enum ingot_code r;

        for (size_t i = 0; i < ec2->form.query.count; i++) {
                const struct uri_pair *pair = &ec2->form.query.pairs[i];

                if (strcmp(pair->name, "ClientToken") != 0)
                        uri_append_pair(&text, pair->name, pair->value);
        }
        r = buffer_check(&text, err);
        if (!r)
                r = digest_of(text.bytes, text.size_bytes, &digest, err);
        if (!r)
                hex_encode(digest.bytes, DIGEST_BYTES, out);
        return r;
}

static enum ingot_code reply_task(struct ec2_call *ec2, const struct import_record *record,
                                  struct ingot_error *err)
{
        enum ingot_code r;

        ec2_begin(ec2);
        r = write_task(ec2, record, err);
        ec2_end(ec2);
        return r;
}

/* Whether the role and the object are there; false: the reply is whole, or *ret_code is a failure. */
static bool check_source(struct ec2_call *ec2, struct import_request *request, enum ingot_code *ret_code,
                         struct ingot_error *err)
{
        struct catalogue *catalogue = ec2->store->catalogue;
        struct import_record *record = &request->record;
        OWNED(heap_drop) struct role_record *role = malloc(sizeof(*role));
        struct bucket_record bucket;
        enum ingot_code r =
                role ? catalogue_find_role(catalogue, ec2->call->account_id, request->role, role, err)
                     : ingot_fail_memory(err, sizeof(*role));

        *ret_code = r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
        if (r == INGOT_E_NOT_FOUND)
                (void)ec2_refuse_value(
                        ec2, "InvalidParameter",
                        "The service role %s provided does not exist or does not have sufficient "
                        "permissions",
                        request->role);
        if (r)
                return false;
        r = catalogue_find_bucket(catalogue, record->bucket, &bucket, err);
        if (!r)
                r = catalogue_find_object(catalogue, record->bucket, record->key, &request->object, err);
        *ret_code = r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
        if (r == INGOT_E_NOT_FOUND || (!r && (strcmp(bucket.region, ec2->call->region_name) != 0 ||
                                              strcmp(bucket.account_id, ec2->call->account_id) != 0))) {
                (void)ec2_refuse_value(ec2, "InvalidParameter", "Invalid S3 source location");
                return false;
        }
        return r == INGOT_OK;
}

/* By the account's default; false: the reply is whole, or *ret_code is a failure. */
static bool settle_encryption(struct ec2_call *ec2, struct import_record *record, enum ingot_code *ret_code,
                              struct ingot_error *err)
{
        OWNED(heap_drop) struct key *key = malloc(sizeof(*key));
        char arn[SETTING_CHARS + 1];
        bool is_default = false;
        enum ingot_code r = key ? encryption_is_default(ec2->store, ec2->region, &is_default, err)
                                : ingot_fail_memory(err, sizeof(*key));

        record->is_encrypted |= is_default;
        if (!r && record->is_encrypted && !*record->kms_key_arn) {
                r = key_read_default(ec2->call, arn, err);
                if (!r)
                        (void)snprintf(record->kms_key_arn, sizeof(record->kms_key_arn), "%s", arn);
        }
        *ret_code = r;
        if (r || !record->is_encrypted)
                return r == INGOT_OK;
        r = key_find(ec2->call, record->kms_key_arn, key, err);
        *ret_code = r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
        if (r == INGOT_E_NOT_FOUND || (!r && !key_is_usable(key)))
                (void)ec2_refuse_value(ec2, "InvalidParameterValue", "The key '%.200s' cannot be used.",
                                       record->kms_key_arn);
        else if (!r)
                (void)snprintf(record->kms_key_arn, sizeof(record->kms_key_arn), "%s", key->arn);
        return r == INGOT_OK && !ec2->is_refused;
}

static enum ingot_code record_task(struct ec2_call *ec2, struct import_request *request,
                                   struct ingot_error *err)
{
        struct catalogue *catalogue = ec2->store->catalogue;
        struct import_record *record = &request->record;
        enum ingot_code r = random_resource_id("import-snap-", record->id, err);

        if (!r)
                r = catalogue_begin(catalogue, err);
        if (r)
                return r;
        r = catalogue_add_import(catalogue, record, err);
        for (uint32_t i = 0; !r && i < request->tag_count; i++)
                r = catalogue_set_tag(catalogue, record->region, record->id, &request->tags[i], err);
        return catalogue_end(catalogue, r, err);
}

static enum ingot_code import_new(struct ec2_call *ec2, struct import_request *request,
                                  struct ingot_error *err)
{
        struct import_record *record = &request->record;
        uint64_t active_count = 0;
        enum ingot_code r;

        if (!check_source(ec2, request, &r, err) || !settle_encryption(ec2, record, &r, err))
                return r;
        r = catalogue_count_active_imports(ec2->store->catalogue, ec2->region, &active_count, err);
        if (r)
                return r;
        if (active_count >= ACTIVE_MAX)
                return ec2_refuse_value(ec2, "ResourceLimitExceeded",
                                        "There are %d active import tasks, the most there may be.",
                                        ACTIVE_MAX);
        (void)snprintf(record->region, sizeof(record->region), "%s", ec2->region);
        (void)snprintf(record->status, sizeof(record->status), "active");
        (void)snprintf(record->status_message, sizeof(record->status_message), "pending");
        record->progress_percent = 3;
        record->size_bytes = request->object.size_bytes;
        record->created_seconds = clock_wall_seconds(ec2->store->clock);
        r = record_task(ec2, request, err);
        if (r)
                return r;
        import_jobs_start(ec2->store, record->id);
        return reply_task(ec2, record, err);
}

enum ingot_code serve_import_snapshot(struct ec2_call *ec2, struct ingot_error *err)
{
        OWNED(heap_drop) struct import_request *request = calloc(1, sizeof(*request));
        OWNED(heap_drop) struct import_record *earlier = calloc(1, sizeof(*earlier));
        enum ingot_code r;

        if (!request || !earlier)
                return ingot_fail_memory(err, sizeof(*request));
        read_request(ec2, request);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = fingerprint(ec2, request->record.request_digest, err);
        if (r || !*request->record.client_token)
                return r ? r : import_new(ec2, request, err);
        r = catalogue_find_import_by_token(ec2->store->catalogue, ec2->region, request->record.client_token,
                                           earlier, err);
        if (r == INGOT_E_NOT_FOUND)
                return import_new(ec2, request, err);
        if (!r && strcmp(earlier->request_digest, request->record.request_digest) != 0)
                return ec2_refuse_value(ec2, "IdempotentParameterMismatch",
                                        "The client token was used for '%s' with other parameters.",
                                        earlier->id);
        return r ? r : reply_task(ec2, earlier, err);
}

/* ---- DescribeImportSnapshotTasks ---- */

struct task_walk {
        struct ec2_filters filters;
        struct ec2_ids ids;
        struct ec2_page page;
        struct import_record record;
};

/* A task that failed is "deleting" when it is seen first. */
static enum ingot_code age_task(struct ec2_call *ec2, struct import_record *record, struct ingot_error *err)
{
        if (strcmp(record->status, "deleting") != 0)
                return INGOT_OK;
        (void)snprintf(record->status, sizeof(record->status), "deleted");
        return catalogue_update_import(ec2->store->catalogue, record, err);
}

static enum ingot_code describe_task(struct ec2_call *ec2, struct task_walk *walk, bool *ret_full,
                                     struct ingot_error *err)
{
        struct import_record *record = &walk->record;
        enum ingot_code r;

        if (ec2_is_hidden(ec2, record->id) || !ec2_ids_take(&walk->ids, record->id) ||
            clock_wall_seconds(ec2->store->clock) - record->created_seconds > REMEMBERED_SECONDS)
                return INGOT_OK;
        ec2_filters_begin(&walk->filters);
        ec2_filters_fact(&walk->filters, "task-state", record->status);
        r = ec2_filters_fact_tags(&walk->filters, ec2, record->id, err);
        if (r || !ec2_filters_pass(&walk->filters))
                return r;
        if (!ec2_page_take(&walk->page, record->number)) {
                *ret_full = true;
                return INGOT_OK;
        }
        if (strcmp(record->status, "active") == 0)
                import_jobs_start(ec2->store, record->id); /* unless somebody is at it */
        element_open(ec2->out, "item");
        r = write_task(ec2, record, err);
        element_close(ec2->out, "item");
        return r ? r : age_task(ec2, record, err);
}

enum ingot_code serve_describe_import_snapshot_tasks(struct ec2_call *ec2, struct ingot_error *err)
{
        static const char *const known_filters[] = { "task-state", NULL };
        OWNED(heap_drop) struct task_walk *walk = calloc(1, sizeof(*walk));
        bool is_full = false;
        enum ingot_code r = INGOT_OK;

        if (!walk)
                return ingot_fail_memory(err, sizeof(*walk));
        ec2_filters_read(ec2, known_filters, &walk->filters);
        ec2_ids_read(ec2, "ImportTaskId", "import-snap-", "InvalidConversionTaskId.Malformed", &walk->ids);
        ec2_page_read(ec2, &walk->ids, &walk->page);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        ec2_begin(ec2);
        element_open(ec2->out, "importSnapshotTaskSet");
        walk->record.number = (int64_t)walk->page.after;
        while (!r && !is_full) {
                r = catalogue_next_import(ec2->store->catalogue, ec2->region, walk->record.number,
                                          &walk->record, NULL);
                if (r == INGOT_E_NOT_FOUND)
                        break;
                if (!r)
                        r = describe_task(ec2, walk, &is_full, err);
        }
        if (r == INGOT_E_NOT_FOUND)
                r = INGOT_OK;
        element_close(ec2->out, "importSnapshotTaskSet");
        if (!r)
                r = ec2_page_write(ec2, &walk->page, err);
        ec2_end(ec2);
        if (!r)
                ec2_ids_need_all(ec2, &walk->ids, "InvalidConversionTaskId.NotFound", "import task");
        return r;
}
