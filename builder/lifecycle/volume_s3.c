/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "base/work.h"
#include "image/assemble.h"
#include "lifecycle/volume_s3.h"
#include "lifecycle/volume_s3_record.h"
#include "publish/s3_upload.h"
#include "publish/service_endpoint.h"
#include "publish/snapshot_import.h"

enum { SAMPLE_BLOCKS = 64, KEY_SHOWN_CHARS = 16, VMDK_OVERHEAD_BYTES = 1 << 20, PHASE_CHARS = 127 };

#define DEFAULT_ROLE "vmimport"

struct way {
        const struct region_session *session;
        const struct volume_s3_request *request;
        const struct ingot_observer *observer;
        struct s3_client s3;
        char *record_path; /* NULL: rule 3's last sentence */
        struct volume_s3_record record;
        struct s3_upload *upload;
        bool role_is_there, import_has_failed;
};

/* ---- before anything is sent ---- */

/* Where IAM of the region's partition is; false: not known here. */
static bool find_iam(const struct region_session *session, struct endpoint *ret_iam)
{
        static const struct {
                const char *partition, *host, *region;
        } homes[] = { { "aws", "iam.amazonaws.com", "us-east-1" },
                      { "aws-cn", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1" },
                      { "aws-us-gov", "iam.us-gov.amazonaws.com", "us-gov-west-1" } };

        *ret_iam = session->ec2.endpoint;
        (void)snprintf(ret_iam->service, sizeof(ret_iam->service), "iam");
        if (!s3_endpoint_is_aws(&session->ec2.endpoint))
                return true; /* an endpoint of one's own serves all */
        for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
                if (strcmp(service_partition(session->region), homes[i].partition) != 0)
                        continue;
                (void)snprintf(ret_iam->host, sizeof(ret_iam->host), "%s", homes[i].host);
                (void)snprintf(ret_iam->region, sizeof(ret_iam->region), "%s", homes[i].region);
                return true;
        }
        return false;
}

/* Rule 5. */
static enum ingot_code check_role(struct way *way, struct ingot_error *err)
{
        const char *role =
                way->request->volume->s3.role_name ? way->request->volume->s3.role_name : DEFAULT_ROLE;
        struct endpoint iam;
        enum ingot_code r;

        if (!find_iam(way->session, &iam))
                return INGOT_OK;
        r = snapshot_import_check_role(way->session->link, &iam, role, err);
        way->role_is_there = r == INGOT_OK;
        if (r == INGOT_E_CANCELLED || r == INGOT_E_MEMORY)
                return r;
        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(err, INGOT_E_NOT_FOUND,
                                  "the account has no role '%s', which ImportSnapshot reads the bucket with; "
                                  "docs/via-s3.md has its policies; --role-name names another",
                                  role);
        return INGOT_OK; /* who may not ask finds out from ImportSnapshot */
}

static enum ingot_code check_bucket(const struct way *way, struct ingot_error *err)
{
        char region[S3_REGION_CHARS + 1];
        enum ingot_code r = s3_get_bucket_location(&way->s3, region, err);

        if (r == INGOT_E_NOT_FOUND && way->session->server) /* a region of our own has what is asked for */
                return s3_create_bucket(&way->s3, err);
        if (r == INGOT_E_DENIED)
                return INGOT_OK;
        if (!r && strcmp(region, way->session->region) != 0)
                r = ingot_fail(
                        err, INGOT_E_USAGE,
                        "the bucket '%s' is in region '%s'; ImportSnapshot in '%s' takes objects of its own "
                        "region",
                        way->s3.bucket, region, way->session->region);
        return r;
}

/* ---- the object ---- */

static enum ingot_code name_object(struct way *way, struct ingot_error *err)
{
        const struct volume_to_publish *volume = way->request->volume;
        const char *prefix = volume->s3.prefix ? volume->s3.prefix : "";
        int chars = snprintf(way->record.key, sizeof(way->record.key), "%singot-%.*s.vmdk", prefix,
                             KEY_SHOWN_CHARS, way->request->key);

        if (chars < 0 || (size_t)chars >= sizeof(way->record.key))
                return ingot_fail(err, INGOT_E_USAGE, "the prefix '%.80s...' is too long for a key", prefix);
        memcpy(way->record.bucket, way->s3.bucket, sizeof(way->record.bucket));
        return INGOT_OK;
}

/* What an earlier run left of this very object; else a record of what will be. */
static enum ingot_code take_up(struct way *way, struct ingot_error *err)
{
        struct volume_s3_record earlier = { .bucket = "" };
        enum ingot_code r = name_object(way, err);

        if (!r && way->record_path)
                volume_s3_record_read(way->record_path, &earlier);
        if (!r && strcmp(earlier.bucket, way->record.bucket) == 0 &&
            strcmp(earlier.key, way->record.key) == 0)
                way->record = earlier;
        return r;
}

static enum ingot_code note_upload(void *context, const char *upload_id, uint64_t part_bytes,
                                   struct ingot_error *err)
{
        struct way *way = context;

        (void)snprintf(way->record.upload_id, sizeof(way->record.upload_id), "%s", upload_id);
        way->record.part_bytes = part_bytes;
        way->record.is_whole = false;
        return way->record_path ? volume_s3_record_write(way->record_path, &way->record, err) : INGOT_OK;
}

/* The blocks that hold data, as extents. */
static enum ingot_code list_extents(const struct volume_to_publish *volume, struct extent_list *extents,
                                    struct ingot_error *err)
{
        const struct block_map *map = volume->map;
        enum ingot_code r = INGOT_OK;

        for (size_t i = 0; !r && i < map->run_count; i++) {
                uint64_t from_bytes = map->runs[i].first_index * BLOCK_BYTES;
                uint64_t end_bytes = min_u64(map->runs[i].end_index * BLOCK_BYTES, map->size_bytes);
                const struct extent extent = { .start_lba = from_bytes / SECTOR_BYTES,
                                               .end_lba = div_up_u64(end_bytes, SECTOR_BYTES),
                                               .source = volume->disk,
                                               .source_offset_bytes = from_bytes,
                                               .size_bytes = end_bytes - from_bytes };

                if (map->runs[i].state == BLOCK_DATA)
                        r = extent_list_add(extents, &extent, err);
        }
        return r;
}

/* Rule 2: only blocks of the map were read, so their digests in order are all there is to compare. */
static enum ingot_code check_read(const struct volume_to_publish *volume, const struct block_map *read,
                                  struct ingot_error *err)
{
        struct digest wanted, found;
        enum ingot_code r = block_map_linear_digest(volume->map, &wanted, err);

        if (!r)
                r = block_map_linear_digest(read, &found, err);
        if (!r && !digest_equal(&wanted, &found))
                r = ingot_fail(err, INGOT_E_CHECKSUM,
                               "the disk of '%s' is not what it was when its manifest was made",
                               volume->device_name);
        return r;
}

static enum ingot_code send_vmdk(struct way *way, struct ingot_error *err)
{
        const struct volume_to_publish *volume = way->request->volume;
        const uint64_t size_bytes = volume->volume_size_gib << 30;
        OWNED(extent_list_release) struct extent_list extents = EXTENT_LIST_EMPTY;
        OWNED(vmdk_writer_drop) struct vmdk_writer *writer = NULL;
        OWNED(block_map_release) struct block_map read;
        const struct vmdk_identity identity = { "ingot.vmdk", volume->image_digest };
        char phase[PHASE_CHARS + 1];
        struct assemble_request asked = { .extents = &extents,
                                          .size_bytes = size_bytes,
                                          .raw_fd = FD_NONE,
                                          .raw_path = "",
                                          .threads = work_processor_count(),
                                          .observer = way->observer,
                                          .phase = phase };
        enum ingot_code r;

        block_map_init(&read, 0);
        (void)snprintf(phase, sizeof(phase), "compressing and sending '%.60s' to S3", volume->device_name);
        r = list_extents(volume, &extents, err);
        if (!r)
                r = extent_list_settle(&extents, size_bytes / SECTOR_BYTES, err);
        if (!r)
                r = vmdk_writer_new_to_sink(s3_upload_sink(way->upload), way->record.key,
                                            size_bytes / SECTOR_BYTES, &identity, &compression_default,
                                            &writer, err);
        asked.vmdk = writer;
        if (!r)
                r = assemble(&asked, &read, err);
        if (!r)
                r = check_read(volume, &read, err);
        return r ? r : s3_upload_finish(way->upload, err);
}

static enum ingot_code send_object(struct way *way, struct ingot_snapshot_receipt *receipt,
                                   struct ingot_error *err)
{
        const struct volume_to_publish *volume = way->request->volume;
        const struct s3_upload_request asked = {
                .key = way->record.key,
                .part_bytes = *way->record.upload_id ? way->record.part_bytes : volume->s3.part_bytes,
                .size_bytes_max = block_map_data_count(volume->map) * VMDK_PACKED_BLOCK_BYTES +
                                  volume->volume_size_gib * VMDK_OVERHEAD_BYTES,
                .parts_in_flight = volume->s3.parts_in_flight,
                .upload_id = *way->record.upload_id ? way->record.upload_id : NULL,
                .note = note_upload,
                .context = way,
        };
        struct s3_upload_receipt sent;
        enum ingot_code r = s3_upload_begin(&way->s3, &asked, &way->upload, err);

        if (r)
                return r;
        r = send_vmdk(way, err);
        sent = s3_upload_receipt(way->upload);
        receipt->object_bytes = sent.size_bytes;
        receipt->object_parts = sent.parts;
        receipt->object_parts_resumed = sent.parts_resumed;
        receipt->bytes_sent += sent.bytes_sent;
        receipt->retries += sent.retries;
        if (r)
                return r;
        way->record.is_whole = true;
        return way->record_path ? volume_s3_record_write(way->record_path, &way->record, err) : INGOT_OK;
}

/* ---- the import ---- */

/* Rule 4. */
static enum ingot_code make_token(const struct way *way, char out[DIGEST_HEX_CHARS + 1],
                                  struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(16384);
        struct digest digest;
        enum ingot_code r;

        buffer_appendf(&text, "ingot import 1\n%s\n%s\n%s\n%s\n", way->request->key, way->record.bucket,
                       way->record.key, way->record.upload_id);
        r = buffer_check(&text, err);
        if (!r)
                r = digest_of(text.bytes, text.size_bytes, &digest, err);
        if (!r)
                hex_encode(digest.bytes, DIGEST_BYTES, out);
        return r;
}

static enum ingot_code import_object(struct way *way, struct ingot_snapshot_receipt *receipt,
                                     struct ingot_error *err)
{
        const struct volume_to_publish *volume = way->request->volume;
        char token[DIGEST_HEX_CHARS + 1];
        const struct snapshot_import_request asked = { .bucket = way->record.bucket,
                                                       .key = way->record.key,
                                                       .format = "VMDK",
                                                       .description = way->request->description,
                                                       .client_token = token,
                                                       .role_name = volume->s3.role_name,
                                                       .role_is_there = way->role_is_there,
                                                       .encrypted = volume->encrypted,
                                                       .kms_key_arn = volume->kms_key_arn,
                                                       .tags = way->request->tags,
                                                       .tag_count = way->request->tag_count };
        struct snapshot_import_receipt imported = { .task_id = "" };
        enum ingot_code r = make_token(way, token, err);

        if (!r)
                r = snapshot_import(&way->session->ec2, &asked, way->observer, &imported, err);
        way->import_has_failed = imported.has_failed;
        if (*imported.task_id)
                receipt->import_task_id = strdup(imported.task_id);
        if (r)
                return ingot_while(err, r, "importing 's3://%s/%s'", way->record.bucket, way->record.key);
        receipt->snapshot_id = strdup(imported.snapshot_id);
        receipt->encrypted = volume->encrypted == TRI_YES;
        return receipt->snapshot_id ? INGOT_OK : ingot_fail_memory(err, sizeof(imported.snapshot_id));
}

/* ---- the whole ---- */

static enum ingot_code forget(struct way *way, struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        if (way->upload && !way->record.is_whole)
                r = s3_upload_abort(way->upload, err);
        else if (*way->record.upload_id && !way->record.is_whole)
                r = s3_abort_upload(&way->s3, way->record.key, way->record.upload_id, err);
        if (r && r != INGOT_E_NOT_FOUND)
                return r;
        if (*way->record.upload_id) /* it may have been put together although we do not know */
                r = s3_delete_object(&way->s3, way->record.key, err);
        else
                r = INGOT_OK;
        if (!r && way->record_path)
                volume_s3_record_remove(way->record_path);
        return r;
}

/* Rule 3: whether another run can do better. */
static bool is_worth_keeping(const struct way *way, enum ingot_code r)
{
        if (way->import_has_failed || !way->record_path)
                return false;
        return r == INGOT_E_CANCELLED || r == INGOT_E_REMOTE || r == INGOT_E_THROTTLED ||
               r == INGOT_E_SYSTEM || r == INGOT_E_MEMORY;
}

static enum ingot_code begin(struct way *way, struct ingot_error *err)
{
        const struct volume_to_publish *volume = way->request->volume;
        enum ingot_code r;

        if (!volume->s3.bucket)
                return ingot_fail(err, INGOT_E_USAGE, "by way of S3 needs a bucket: --bucket NAME");
        r = s3_client_init(&way->s3, way->session->link, &way->session->s3, volume->s3.bucket, err);
        if (!r && volume->journal_path) {
                way->record_path = volume_s3_record_path(volume->journal_path);
                r = way->record_path ? INGOT_OK : ingot_fail_memory(err, strlen(volume->journal_path));
        }
        return r;
}

static enum ingot_code run(struct way *way, struct ingot_snapshot_receipt *receipt, struct ingot_error *err)
{
        enum ingot_code r = take_up(way, err);

        if (!r)
                r = check_bucket(way, err);
        if (!r)
                r = check_role(way, err);
        if (!r && !way->record.is_whole)
                r = send_object(way, receipt, err);
        return r ? r : import_object(way, receipt, err);
}

enum ingot_code volume_s3_publish(const struct region_session *session,
                                  const struct volume_s3_request *request,
                                  const struct ingot_observer *observer,
                                  struct ingot_snapshot_receipt *receipt, struct ingot_error *err)
{
        const struct clock *clock = region_link_clock(session->link);
        uint64_t started_ns = clock_monotonic_ns(clock);
        OWNED(heap_drop) struct way *way = calloc(1, sizeof(*way));
        enum ingot_code r, forgotten;

        if (!way)
                return ingot_fail_memory(err, sizeof(*way));
        way->session = session;
        way->request = request;
        way->observer = observer;
        r = begin(way, err);
        if (!r) {
                r = run(way, receipt, err);
                if (!r)
                        r = forget(way, err);
                else if (!is_worth_keeping(way, r) && (forgotten = forget(way, NULL)) != INGOT_OK)
                        (void)ingot_while(err, r, "and 's3://%s/%s' could not be removed (%s)",
                                          way->record.bucket, way->record.key, ingot_code_name(forgotten));
        }
        s3_upload_free(way->upload);
        free(way->record_path);
        receipt->elapsed_ms = (clock_monotonic_ns(clock) - started_ns) / 1000000;
        return r;
}

enum ingot_code volume_s3_settle(const struct region_session *session,
                                 const struct volume_s3_request *request, struct ingot_error *err)
{
        OWNED(heap_drop) struct way *way = calloc(1, sizeof(*way));
        OWNED(heap_drop) char *path = NULL;
        enum ingot_code r = INGOT_OK;

        if (!way)
                return ingot_fail_memory(err, sizeof(*way));
        if (!request->volume->journal_path)
                return INGOT_OK;
        path = volume_s3_record_path(request->volume->journal_path);
        if (!path)
                return ingot_fail_memory(err, strlen(request->volume->journal_path));
        volume_s3_record_read(path, &way->record);
        if (!*way->record.bucket)
                return INGOT_OK;
        way->record_path = path;
        r = s3_client_init(&way->s3, session->link, &session->s3, way->record.bucket, err);
        return r ? r : forget(way, err);
}

/* ---- how long it will be ---- */

enum ingot_code volume_s3_estimate(const struct volume_to_publish *volume, uint64_t *ret_size_bytes,
                                   struct ingot_error *err)
{
        const struct block_map *map = volume->map;
        uint64_t data_count = block_map_data_count(map), step = data_count / SAMPLE_BLOCKS + 1, seen = 0;
        OWNED(heap_drop)
        uint8_t *bytes = malloc(BLOCK_BYTES), *packed_bytes = malloc(VMDK_PACKED_BLOCK_BYTES);
        OWNED(deflater_drop) struct deflater *deflater = NULL;
        uint64_t sampled = 0, sampled_bytes = 0;
        enum ingot_code r = bytes && packed_bytes ? deflater_new(&compression_default, &deflater, err)
                                                  : ingot_fail_memory(err, VMDK_PACKED_BLOCK_BYTES);

        for (size_t i = 0; !r && i < map->run_count; i++) {
                for (uint64_t at = map->runs[i].first_index;
                     !r && map->runs[i].state == BLOCK_DATA && at < map->runs[i].end_index; at++) {
                        struct vmdk_packed_block packed = { .bytes = packed_bytes };
                        size_t size_bytes = (size_t)min_u64(BLOCK_BYTES, map->size_bytes - at * BLOCK_BYTES);

                        if (seen++ % step)
                                continue;
                        memset(bytes + size_bytes, 0, BLOCK_BYTES - size_bytes);
                        r = byte_source_read(volume->disk, at * BLOCK_BYTES, bytes, size_bytes, err);
                        if (!r)
                                r = vmdk_block_pack(deflater, at, bytes, &packed, err);
                        for (unsigned grain = 0; !r && grain < VMDK_BLOCK_GRAINS; grain++)
                                sampled_bytes += packed.grain_bytes[grain];
                        sampled++;
                }
        }
        if (!r)
                *ret_size_bytes = sampled ? sampled_bytes * data_count / sampled : 0;
        return r;
}
