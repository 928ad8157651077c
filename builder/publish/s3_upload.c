/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "model/memory_source.h"
#include "publish/s3_upload.h"

enum { PART_STEP_BYTES = 1 << 20, PUMP_MS = 1000 };

/* A part's memory: being filled, or in flight. */
struct slot {
        struct s3_upload *upload;
        uint8_t *bytes;
        size_t used_bytes;
        bool is_in_flight;
        struct memory_source source;
        struct s3_put_part put;
};

struct s3_upload {
        const struct s3_client *client;
        struct byte_sink sink;
        char *key;
        char upload_id[S3_UPLOAD_ID_CHARS + 1];
        uint64_t part_bytes;
        struct slot *slots;
        unsigned slot_count, in_flight;
        struct slot *filling;      /* NULL: none yet */
        struct s3_part *parts;     /* those that were made so far, of S3_PARTS_MAX */
        struct s3_part_list known; /* rule 3 */
        size_t next_known;
        struct s3_upload_receipt receipt;
        struct ingot_error failure; /* of the first part that failed; code INGOT_OK: none */
};

void s3_upload_free(struct s3_upload *upload)
{
        if (!upload)
                return;
        if (upload->in_flight)
                region_link_abandon(upload->client->link);
        for (unsigned i = 0; upload->slots && i < upload->slot_count; i++) {
                s3_put_part_release(&upload->slots[i].put);
                free(upload->slots[i].bytes);
        }
        free(upload->slots);
        free(upload->parts);
        free(upload->key);
        s3_part_list_release(&upload->known);
        free(upload);
}

void s3_upload_drop(struct s3_upload **upload)
{
        s3_upload_free(*upload);
        *upload = NULL;
}

const char *s3_upload_id(const struct s3_upload *upload)
{
        return upload->upload_id;
}

struct s3_upload_receipt s3_upload_receipt(const struct s3_upload *upload)
{
        return upload->receipt;
}

const struct byte_sink *s3_upload_sink(const struct s3_upload *upload)
{
        return &upload->sink;
}

enum ingot_code s3_upload_abort(struct s3_upload *upload, struct ingot_error *err)
{
        if (upload->in_flight)
                region_link_abandon(upload->client->link);
        for (unsigned i = 0; i < upload->slot_count; i++)
                upload->slots[i].is_in_flight = false;
        upload->in_flight = 0;
        return s3_abort_upload(upload->client, upload->key, upload->upload_id, err);
}

/* ---- parts on their way ---- */

static enum ingot_code failure(const struct s3_upload *upload, struct ingot_error *err)
{
        if (err && upload->failure.code)
                *err = upload->failure;
        return upload->failure.code;
}

static void end_put(void *context, struct s3_put_part *put, const char *etag, enum ingot_code code,
                    const struct ingot_error *err)
{
        struct slot *slot = context;
        struct s3_upload *upload = slot->upload;

        slot->is_in_flight = false;
        upload->in_flight--;
        upload->receipt.retries += put->attempts > 1 ? put->attempts - 1 : 0;
        if (code) {
                if (!upload->failure.code) {
                        upload->failure = *err;
                        upload->failure.code = code;
                        (void)ingot_while(&upload->failure, code, "sending part %u of '%s'", put->number,
                                          upload->key);
                }
                return;
        }
        memcpy(upload->parts[put->number - 1].etag, etag, strlen(etag) + 1);
        upload->parts[put->number - 1].has_digest = put->is_digest_kept;
        upload->receipt.bytes_sent += slot->used_bytes;
}

/* Rule 3. */
static bool is_known(struct s3_upload *upload, struct s3_part *part)
{
        const struct s3_part_list *known = &upload->known;

        while (upload->next_known < known->count && known->parts[upload->next_known].number < part->number)
                upload->next_known++;
        if (upload->next_known == known->count)
                return false;
        if (known->parts[upload->next_known].number != part->number ||
            known->parts[upload->next_known].size_bytes != part->size_bytes ||
            !known->parts[upload->next_known].has_digest ||
            !digest_equal(&known->parts[upload->next_known].digest, &part->digest))
                return false;
        memcpy(part->etag, known->parts[upload->next_known].etag, sizeof(part->etag));
        return true;
}

static enum ingot_code send_part(struct s3_upload *upload, struct ingot_error *err)
{
        struct slot *slot = upload->filling;
        struct s3_part *part;
        enum ingot_code r;

        if (upload->receipt.parts == S3_PARTS_MAX)
                return ingot_fail(err, INGOT_E_BUG, "'%s' has more than %d parts of %" PRIu64 " bytes",
                                  upload->key, S3_PARTS_MAX, upload->part_bytes);
        part = &upload->parts[upload->receipt.parts];
        *part = (struct s3_part){ .number = upload->receipt.parts + 1,
                                  .has_digest = true,
                                  .size_bytes = slot->used_bytes };
        r = digest_of(slot->bytes, slot->used_bytes, &part->digest, err);
        if (r)
                return r;
        upload->filling = NULL;
        upload->receipt.parts++;
        upload->receipt.size_bytes += slot->used_bytes;
        if (is_known(upload, part)) {
                upload->receipt.parts_resumed++;
                return INGOT_OK;
        }
        s3_put_part_release(&slot->put);
        memory_source_init(&slot->source, slot->bytes, slot->used_bytes);
        slot->put = (struct s3_put_part){ .client = upload->client,
                                          .key = upload->key,
                                          .upload_id = upload->upload_id,
                                          .number = part->number,
                                          .body = &slot->source.source,
                                          .body_bytes = slot->used_bytes,
                                          .digest = part->digest,
                                          .done = end_put,
                                          .context = slot };
        r = s3_put_part_start(&slot->put, err);
        if (r)
                return r;
        slot->is_in_flight = true;
        upload->in_flight++;
        return INGOT_OK;
}

/* One step of what is in flight.  After a failure of the link itself nothing is in flight any more. */
static enum ingot_code pump(struct s3_upload *upload, uint32_t wait_ms, struct ingot_error *err)
{
        enum ingot_code r = region_link_pump(upload->client->link, wait_ms, err);

        if (r) {
                region_link_abandon(upload->client->link);
                upload->in_flight = 0;
        }
        return r ? r : failure(upload, err);
}

/* Finds memory for the next part; waits until a part is through where there is none. */
static enum ingot_code find_slot(struct s3_upload *upload, struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        while (!r && !upload->filling) {
                for (unsigned i = 0; !upload->filling && i < upload->slot_count; i++)
                        if (!upload->slots[i].is_in_flight)
                                upload->filling = &upload->slots[i];
                if (!upload->filling)
                        r = pump(upload, PUMP_MS, err);
        }
        if (r)
                return r;
        upload->filling->used_bytes = 0;
        if (!upload->filling->bytes)
                upload->filling->bytes = malloc(upload->part_bytes);
        return upload->filling->bytes ? INGOT_OK : ingot_fail_memory(err, upload->part_bytes);
}

static enum ingot_code take_bytes(void *context, const void *bytes, size_t size_bytes,
                                  struct ingot_error *err)
{
        struct s3_upload *upload = context;
        const uint8_t *at = bytes;
        enum ingot_code r = failure(upload, err);

        while (!r && size_bytes) {
                struct slot *slot;
                size_t taken_bytes;

                if (!upload->filling)
                        r = find_slot(upload, err);
                if (r)
                        return r;
                slot = upload->filling;
                taken_bytes = (size_t)min_u64(size_bytes, upload->part_bytes - slot->used_bytes);
                memcpy(slot->bytes + slot->used_bytes, at, taken_bytes);
                slot->used_bytes += taken_bytes;
                at += taken_bytes;
                size_bytes -= taken_bytes;
                if (slot->used_bytes == upload->part_bytes)
                        r = send_part(upload, err);
        }
        return r || !upload->in_flight ? r
                                       : pump(upload, 0, err); /* the wire does not wait for the compressor */
}

/* ---- begin and end ---- */

static enum ingot_code choose_part_bytes(struct s3_upload *upload, const struct s3_upload_request *request,
                                         struct ingot_error *err)
{
        uint64_t asked_bytes = request->part_bytes ? request->part_bytes : S3_UPLOAD_PART_BYTES;
        uint64_t needed_bytes =
                align_up_u64(div_up_u64(request->size_bytes_max, S3_PARTS_MAX), PART_STEP_BYTES);

        if (asked_bytes < S3_PART_BYTES_MIN || asked_bytes > S3_PART_BYTES_MAX)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "a part has %d bytes to %" PRIu64 " bytes, not %" PRIu64, S3_PART_BYTES_MIN,
                                  S3_PART_BYTES_MAX, asked_bytes);
        if (request->parts_in_flight > S3_UPLOAD_IN_FLIGHT_MAX)
                return ingot_fail(err, INGOT_E_USAGE, "at most %d parts are in flight, not %u",
                                  S3_UPLOAD_IN_FLIGHT_MAX, request->parts_in_flight);
        upload->part_bytes = request->upload_id ? asked_bytes : max_u64(asked_bytes, needed_bytes);
        return INGOT_OK;
}

static enum ingot_code open_upload(struct s3_upload *upload, const struct s3_upload_request *request,
                                   struct ingot_error *err)
{
        enum ingot_code r = INGOT_E_NOT_FOUND;

        if (request->upload_id && strlen(request->upload_id) <= S3_UPLOAD_ID_CHARS)
                r = s3_list_parts(upload->client, upload->key, request->upload_id, &upload->known, err);
        if (!r)
                memcpy(upload->upload_id, request->upload_id, strlen(request->upload_id) + 1);
        if (r != INGOT_E_NOT_FOUND)
                return r;
        r = s3_create_upload(upload->client, upload->key, upload->upload_id, err);
        return r || !request->note
                       ? r
                       : request->note(request->context, upload->upload_id, upload->part_bytes, err);
}

enum ingot_code s3_upload_begin(const struct s3_client *client, const struct s3_upload_request *request,
                                struct s3_upload **ret_upload, struct ingot_error *err)
{
        OWNED(s3_upload_drop) struct s3_upload *upload = calloc(1, sizeof(*upload));
        enum ingot_code r;

        if (!upload)
                return ingot_fail_memory(err, sizeof(*upload));
        upload->client = client;
        upload->sink = (struct byte_sink){ .context = upload, .write = take_bytes };
        r = choose_part_bytes(upload, request, err);
        if (r)
                return r;
        upload->slot_count = request->parts_in_flight ? request->parts_in_flight : S3_UPLOAD_IN_FLIGHT;
        upload->slots = calloc(upload->slot_count, sizeof(*upload->slots));
        upload->parts = calloc(S3_PARTS_MAX, sizeof(*upload->parts));
        upload->key = strdup(request->key);
        if (!upload->slots || !upload->parts || !upload->key)
                return ingot_fail_memory(err, S3_PARTS_MAX * sizeof(*upload->parts));
        for (unsigned i = 0; i < upload->slot_count; i++)
                upload->slots[i].upload = upload;
        r = open_upload(upload, request, err);
        if (r)
                return r;
        *ret_upload = TAKE(upload);
        return INGOT_OK;
}

/* A second attempt finds no upload where the first had been carried out: the object tells. */
static enum ingot_code look_at_object(const struct s3_upload *upload, struct ingot_error *err)
{
        uint64_t size_bytes = 0;
        enum ingot_code r = s3_head_object(upload->client, upload->key, &size_bytes, err);

        if (!r && size_bytes != upload->receipt.size_bytes)
                r = ingot_fail(err, INGOT_E_CHECKSUM,
                               "the object '%s' has %" PRIu64 " bytes; %" PRIu64 " were sent", upload->key,
                               size_bytes, upload->receipt.size_bytes);
        return r;
}

enum ingot_code s3_upload_finish(struct s3_upload *upload, struct ingot_error *err)
{
        unsigned attempts = 0;
        enum ingot_code r = failure(upload, err);

        if (!r && !upload->filling &&
            !upload->receipt.parts) /* nothing was written: one part without bytes */
                r = find_slot(upload, err);
        if (!r && upload->filling)
                r = send_part(upload, err);
        while (!r && upload->in_flight)
                r = pump(upload, PUMP_MS, err);
        if (r)
                return r;
        r = s3_complete_upload(upload->client, upload->key, upload->upload_id, upload->parts,
                               upload->receipt.parts, &attempts, err);
        if (r == INGOT_E_NOT_FOUND && attempts > 1)
                r = look_at_object(upload, err);
        return ingot_while(err, r, "putting '%s' together from %u parts", upload->key, upload->receipt.parts);
}
