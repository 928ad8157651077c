/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "lifecycle/tags.h"
#include "lifecycle/uplink_probe.h"
#include "lifecycle/volume_publish.h"
#include "lifecycle/volume_s3.h"

enum {
        TEXT_BYTES = 256,
        ROUNDS = 8,
        OWN_TAGS = 4,
        KEY_SHOWN_CHARS = 12,
        DEVICE_CHARS_MAX = 64,
        LOOKS = 4,
        LOOK_AGAIN_MS = 1000
};

/* Requests of the EBS direct APIs at list price (us-east-1, 2026), in thousandths of a micro-dollar. */
enum { PUT_NANO_USD = 6000, GET_NANO_USD = 3000, LIST_NANO_USD = 600, LIST_BLOCKS = 10000 };

/* One volume on its way. */
struct publication {
        const struct region_session *session;
        const struct volume_to_publish *volume;
        const struct ingot_observer *observer;
        char key[DIGEST_HEX_CHARS + 1]; /* what makes two uploads the same */
        struct journal *journal;        /* NULL: none */
        struct volume_parent parent;
        struct snapshot_receipt sent;
};

/* ---- what is there already ---- */

/* Rule 1. */
static enum ingot_code find_snapshot(const struct publication *publication,
                                     struct ingot_snapshot_receipt *receipt, struct ingot_error *err)
{
        const struct volume_to_publish *volume = publication->volume;
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list found = { 0 };
        char tag[64];
        const char *owner = "self", *digest_value = receipt->image_digest, *completed = "completed";
        const struct ec2_filter filters[] = { { .name = tag, .values = &digest_value, .value_count = 1 },
                                              { .name = "status", .values = &completed, .value_count = 1 } };
        const struct ec2_describe_request asked = {
                .owners = &owner, .owner_count = 1, .filters = filters, .filter_count = 2
        };
        enum ingot_code r;

        (void)snprintf(tag, sizeof(tag), "tag:%s", TAG_IMAGE_DIGEST);
        r = ec2_describe_snapshots(&publication->session->ec2, &asked, &found, err);
        for (size_t i = 0; !r && i < found.count; i++) {
                const struct ec2_snapshot *one = &found.items[i];

                if (one->volume_size_gib != volume->volume_size_gib ||
                    (volume->encrypted != TRI_UNSET && one->encrypted != volume->encrypted) ||
                    (volume->kms_key_arn &&
                     (!one->kms_key_id || strcmp(one->kms_key_id, volume->kms_key_arn) != 0)))
                        continue;
                receipt->snapshot_id = strdup(one->snapshot_id);
                receipt->reused = 1;
                receipt->encrypted = one->encrypted == TRI_YES;
                return receipt->snapshot_id ? INGOT_OK : ingot_fail_memory(err, 32);
        }
        return r;
}

enum ingot_code volume_find(const struct region_session *session, const struct volume_to_publish *volume,
                            struct ingot_snapshot_receipt *receipt, struct ingot_error *err)
{
        const struct publication publication = { .session = session, .volume = volume };

        receipt->image_digest = calloc(1, DIGEST_HEX_CHARS + 1);
        if (!receipt->image_digest)
                return ingot_fail_memory(err, DIGEST_HEX_CHARS + 1);
        hex_encode(volume->image_digest->bytes, DIGEST_BYTES, receipt->image_digest);
        return find_snapshot(&publication, receipt, err);
}

enum standing { STANDS_PENDING, STANDS_COMPLETED, STANDS_FAILED, STANDS_GONE };

static enum ingot_code look_at(const struct publication *publication, const char *snapshot_id,
                               enum standing *ret_standing, struct ingot_error *err)
{
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list list = { 0 };
        const struct ec2_describe_request asked = { .ids = &snapshot_id, .id_count = 1 };
        enum ingot_code r = ec2_describe_snapshots(&publication->session->ec2, &asked, &list, err);
        const char *state;

        if (r && r != INGOT_E_NOT_FOUND)
                return r;
        state = !r && list.count ? list.items[0].state : "";
        *ret_standing = r || !list.count                           ? STANDS_GONE
                        : state && strcmp(state, "error") == 0     ? STANDS_FAILED
                        : state && strcmp(state, "completed") == 0 ? STANDS_COMPLETED
                                                                   : STANDS_PENDING;
        return INGOT_OK;
}

/* ---- names ---- */

static enum ingot_code digest_text(struct buffer *text, char out[DIGEST_HEX_CHARS + 1],
                                   struct ingot_error *err)
{
        struct digest digest;
        enum ingot_code r = buffer_check(text, err);

        if (!r)
                r = digest_of(text->bytes, text->size_bytes, &digest, err);
        if (!r)
                hex_encode(digest.bytes, DIGEST_BYTES, out);
        return r;
}

static enum ingot_code make_key(const struct volume_to_publish *volume, const char *region,
                                char out[DIGEST_HEX_CHARS + 1], struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(16384);

        buffer_appendf(&text, "ingot volume 1\n%s\n%s\n%s\n%llu %d %s\n", volume->release_name,
                       volume->device_name, region, (unsigned long long)volume->volume_size_gib,
                       (int)volume->encrypted, volume->kms_key_arn ? volume->kms_key_arn : "");
        buffer_append(&text, volume->image_digest->bytes, DIGEST_BYTES);
        return digest_text(&text, out, err);
}

/* Rule 2. */
static enum ingot_code make_token(const struct publication *publication, uint64_t number,
                                  char out[DIGEST_HEX_CHARS + 1], struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(1024);

        buffer_appendf(&text, "ingot snapshot 2\n%s\n%s\n%llu\n", publication->key,
                       publication->parent.snapshot_id, (unsigned long long)number);
        return digest_text(&text, out, err);
}

char *volume_journal_path(const char *folder, const char *region, const struct volume_to_publish *volume)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(8192);
        const char *device =
                strncmp(volume->device_name, "/dev/", 5) == 0 ? volume->device_name + 5 : volume->device_name;
        char key[DIGEST_HEX_CHARS + 1];

        if (make_key(volume, region, key, NULL))
                return NULL;
        buffer_appendf(&path, "%s/journal-%s-", folder, region);
        for (size_t i = 0; i < DEVICE_CHARS_MAX && device[i]; i++) {
                char shown = device[i];

                if (shown == '/' || shown == ' ')
                        shown = '_';
                buffer_append_char(&path, shown);
        }
        buffer_appendf(&path, "-%.*s", KEY_SHOWN_CHARS, key);
        return path.failed ? NULL : buffer_take(&path);
}

/* ---- one attempt ---- */

/* Rules 3 and 4: what the journal says was begun is useless; of what is still there nothing is to be left. */
static enum ingot_code give_up(struct publication *publication, struct ingot_error *err)
{
        const struct journal_attempt *attempt = journal_attempt(publication->journal);
        enum ingot_code r = INGOT_OK;

        if (*attempt->snapshot_id) /* also one that is not described: it may not be described yet */
                r = ec2_delete_snapshot(&publication->session->ec2, attempt->snapshot_id, err);
        if (r && r != INGOT_E_NOT_FOUND)
                return ingot_while(err, r, "deleting %s, which an earlier run left", attempt->snapshot_id);
        return journal_abandon(publication->journal, err);
}

/* Of what the journal names nothing is to be left, unless it is that snapshot, which is the result; "": nothing is. */
static enum ingot_code drop_other(struct publication *publication, const char *snapshot_id,
                                  struct ingot_error *err)
{
        const struct journal_attempt *attempt =
                publication->journal ? journal_attempt(publication->journal) : NULL;

        if (!attempt || !*attempt->snapshot_id || strcmp(attempt->snapshot_id, snapshot_id) == 0)
                return INGOT_OK;
        return give_up(publication, err);
}

/* What is to be gone on with, or else begun: *ret_taken_up->snapshot_id is NULL in that case. */
static enum ingot_code take_up(struct publication *publication, struct snapshot_taken_up *ret_taken_up,
                               enum standing *ret_standing, struct ingot_error *err)
{
        const struct journal_attempt *attempt =
                publication->journal ? journal_attempt(publication->journal) : NULL;
        int64_t age_seconds;
        bool is_young;
        enum ingot_code r;

        *ret_taken_up = (struct snapshot_taken_up){ .snapshot_id = NULL };
        *ret_standing = STANDS_PENDING;
        if (!attempt || !*attempt->snapshot_id)
                return INGOT_OK;
        r = look_at(publication, attempt->snapshot_id, ret_standing, err);
        age_seconds = clock_wall_seconds(&clock_of_system) - attempt->started_seconds;
        is_young = age_seconds >= 0 && age_seconds < RETRY_NOT_FOUND_GRACE_MS / 1000;
        for (unsigned look = 1; !r && *ret_standing == STANDS_GONE && is_young && look < LOOKS; look++) {
                r = region_link_wait(publication->session->link, LOOK_AGAIN_MS, err); /* not described yet? */
                if (!r)
                        r = look_at(publication, attempt->snapshot_id, ret_standing, err);
        }
        if (r)
                return r;
        if (*ret_standing == STANDS_GONE && is_young && !attempt->blocks_acknowledged)
                *ret_standing = STANDS_PENDING; /* the region may not know it at all yet: puts will tell */
        if (*ret_standing == STANDS_FAILED || *ret_standing == STANDS_GONE ||
            (*ret_standing == STANDS_PENDING &&
             strcmp(attempt->parent_id, publication->parent.snapshot_id) != 0)) {
                r = give_up(publication, err);
                *ret_standing = STANDS_PENDING;
                return r;
        }
        *ret_taken_up = (struct snapshot_taken_up){ .snapshot_id = attempt->snapshot_id,
                                                    .sse_type = attempt->sse_type,
                                                    .started_seconds = attempt->started_seconds,
                                                    .was_completing = attempt->was_completing,
                                                    .blocks_acknowledged = attempt->blocks_acknowledged };
        return INGOT_OK;
}

/* Of the snapshot, whichever way it comes. */
static void print_names(const struct volume_to_publish *volume, char name[TEXT_BYTES],
                        char description[TEXT_BYTES])
{
        (void)snprintf(name, TEXT_BYTES, "%.128s%s%.64s", volume->release_name,
                       *volume->release_name ? " " : "", volume->device_name);
        (void)snprintf(description, TEXT_BYTES, "ingot: %.240s", name);
}

static enum ingot_code fill_tags(const struct publication *publication, const char *name, const char *digest,
                                 const char *token, struct wire_tag **ret_tags, size_t *ret_count,
                                 struct ingot_error *err)
{
        const struct volume_to_publish *volume = publication->volume;
        struct wire_tag *tags = calloc(OWN_TAGS + volume->tag_count, sizeof(*tags));
        size_t count = 0;

        if (!tags)
                return ingot_fail_memory(err, (OWN_TAGS + volume->tag_count) * sizeof(*tags));
        tags[count++] = (struct wire_tag){ .key = TAG_IMAGE_DIGEST, .value = digest };
        tags[count++] = (struct wire_tag){ .key = TAG_VERSION, .value = INGOT_VERSION };
        tags[count++] = (struct wire_tag){ .key = TAG_RUN, .value = token };
        if (!tags_find(volume->tags, volume->tag_count, "Name"))
                tags[count++] = (struct wire_tag){ .key = "Name", .value = name };
        for (size_t i = 0; i < volume->tag_count; i++)
                tags[count++] = volume->tags[i];
        *ret_tags = tags;
        *ret_count = count;
        return INGOT_OK;
}

static enum ingot_code upload(struct publication *publication, const char *token,
                              const struct snapshot_taken_up *taken_up, struct ingot_error *err)
{
        const struct volume_to_publish *volume = publication->volume;
        const struct volume_parent *parent = &publication->parent;
        bool is_delta = *parent->snapshot_id != '\0';
        char digest[DIGEST_HEX_CHARS + 1], name[TEXT_BYTES], description[TEXT_BYTES];
        OWNED(heap_drop) struct wire_tag *tags = NULL;
        struct snapshot_request asked = {
                .name = volume->device_name,
                .disk = volume->disk,
                .map = volume->map,
                .volume_size_gib = volume->volume_size_gib,
                .description = volume->description ? volume->description : description,
                .client_token = token,
                .encrypted = is_delta ? TRI_UNSET : volume->encrypted,
                .kms_key_arn = is_delta ? NULL : volume->kms_key_arn,
                .parent_snapshot_id = is_delta ? parent->snapshot_id : NULL,
                .parent = parent->map,
                .parent_is_whole = parent->is_whole,
                .puts_per_second = volume->puts_per_second,
                .account_pace = volume->account_pace,
                .memory = publication->journal ? journal_memory(publication->journal) : NULL,
                .taken_up = taken_up->snapshot_id ? taken_up : NULL
        };
        enum ingot_code r;

        hex_encode(volume->image_digest->bytes, DIGEST_BYTES, digest);
        print_names(volume, name, description);
        r = fill_tags(publication, name, digest, token, &tags, &asked.tag_count, err);
        asked.tags = tags;
        return r ? r
                 : snapshot_upload(&publication->session->ebs, &asked, publication->observer,
                                   &publication->sent, err);
}

/* ---- all attempts ---- */

/* What an attempt came to, and whether another may do better. */
static enum ingot_code judge(struct publication *publication, enum ingot_code r, bool *ret_again,
                             struct ingot_error *err)
{
        const struct journal_attempt *attempt =
                publication->journal ? journal_attempt(publication->journal) : NULL;
        bool may_be_gone = r == INGOT_E_NOT_FOUND || r == INGOT_E_CONFLICT || r == INGOT_E_BUG;
        struct ingot_error first;
        enum standing standing;

        *ret_again = false;
        if (!may_be_gone)
                return r;
        if (!*publication->sent.snapshot_id) {
                /* The start was refused: a token that was used up, or a parent that is one no longer. */
                if (r != INGOT_E_CONFLICT &&
                    (!*publication->parent.snapshot_id || publication->parent.is_named))
                        return r;
                if (r != INGOT_E_CONFLICT)
                        volume_parent_release(&publication->parent);
                *ret_again = true;
                return r;
        }
        if (strcmp(publication->sent.state, "error") == 0 && !attempt) {
                *ret_again = true; /* the token's snapshot ended in error: the next token's will not have */
                return r;
        }
        if (!attempt || !*attempt->snapshot_id)
                return r;
        if (err)
                first = *err;
        if (look_at(publication, attempt->snapshot_id, &standing, err) == INGOT_OK) {
                bool is_useless = standing == STANDS_FAILED || standing == STANDS_GONE;

                if ((r == INGOT_E_CONFLICT || is_useless) && standing != STANDS_COMPLETED &&
                    give_up(publication, err) == INGOT_OK)
                        *ret_again = true;
                if (standing == STANDS_COMPLETED && r != INGOT_E_NOT_FOUND)
                        *ret_again = true; /* another machine, under the same token: it holds the same */
                if (r == INGOT_E_BUG && is_useless) /* nothing was wrong with the request */
                        r = first.code = INGOT_E_REMOTE;
        }
        if (err)
                *err = first;
        return r;
}

static enum ingot_code begin_attempt(struct publication *publication, uint64_t *number,
                                     char token[DIGEST_HEX_CHARS + 1], struct ingot_error *err)
{
        const struct journal_attempt *attempt =
                publication->journal ? journal_attempt(publication->journal) : NULL;
        enum ingot_code r;

        if (attempt && strcmp(attempt->parent_id, publication->parent.snapshot_id) == 0 &&
            *number <= attempt->number) { /* whether it was started is not known: the same token tells */
                *number = attempt->number;
                memcpy(token, attempt->token, sizeof(attempt->token));
                return INGOT_OK;
        }
        if (publication->journal && *number < journal_next_number(publication->journal))
                *number = journal_next_number(publication->journal);
        r = make_token(publication, *number, token, err);
        if (!r && publication->journal)
                r = journal_intend(publication->journal, *number, token, publication->parent.snapshot_id,
                                   err);
        return r;
}

static enum ingot_code upload_somehow(struct publication *publication, struct ingot_error *err)
{
        uint64_t number = 0;
        enum ingot_code r = INGOT_OK;

        for (unsigned round = 0; round < ROUNDS; round++) {
                char token[DIGEST_HEX_CHARS + 1] = "";
                struct snapshot_taken_up taken_up;
                enum standing standing;
                bool again;

                r = take_up(publication, &taken_up, &standing, err);
                if (!r && standing == STANDS_COMPLETED) {
                        (void)snprintf(publication->sent.snapshot_id, sizeof(publication->sent.snapshot_id),
                                       "%s", taken_up.snapshot_id);
                        publication->sent.blocks_known = taken_up.blocks_acknowledged;
                        publication->sent.is_encrypted =
                                *taken_up.sse_type && strcmp(taken_up.sse_type, "none") != 0;
                        publication->sent.was_there = true;
                        return INGOT_OK;
                }
                if (!r && !taken_up.snapshot_id)
                        r = begin_attempt(publication, &number, token, err);
                if (!r)
                        r = upload(publication, token, &taken_up, err);
                r = judge(publication, r, &again, err);
                if (!again)
                        break;
                number++;
        }
        return r;
}

/* ---- the whole ---- */

uint64_t volume_reading_cost_micro_usd(uint64_t blocks_read, uint64_t blocks_listed)
{
        return (blocks_read * GET_NANO_USD + (blocks_listed / LIST_BLOCKS + 1) * LIST_NANO_USD) / 1000;
}

static void fill_receipt(const struct publication *publication, struct ingot_snapshot_receipt *receipt)
{
        const struct snapshot_receipt *sent = &publication->sent;
        uint64_t read = publication->parent.blocks_read;

        if (*sent->snapshot_id)
                receipt->snapshot_id = strdup(sent->snapshot_id);
        if (*publication->parent.snapshot_id && !sent->was_there)
                receipt->parent_snapshot_id = strdup(publication->parent.snapshot_id);
        receipt->reused = sent->was_there;
        receipt->encrypted = sent->is_encrypted;
        receipt->data_blocks = sent->blocks[BLOCK_SENT_DATA];
        receipt->zero_blocks_for_encryption = sent->blocks[BLOCK_SENT_ZERO_ENCRYPTED];
        receipt->zero_blocks_over_parent = sent->blocks[BLOCK_SENT_ZERO_OVER_PARENT];
        receipt->absent_blocks_left_out = sent->blocks[BLOCK_LEFT_ABSENT];
        receipt->zero_blocks_left_out = sent->blocks[BLOCK_LEFT_ZERO];
        receipt->same_blocks_left_out = sent->blocks[BLOCK_LEFT_SAME];
        receipt->blocks_sent = sent->blocks_sent;
        receipt->blocks_resumed = sent->blocks_known;
        receipt->bytes_sent = sent->bytes_sent;
        receipt->parent_blocks_read = publication->parent.blocks_read;
        receipt->retries = sent->retries;
        receipt->throttles = sent->throttles;
        receipt->deadlines_missed = sent->deadlines_missed;
        receipt->elapsed_ms = sent->elapsed_ms;
        receipt->in_flight_most = sent->in_flight_most;
        receipt->put_p50_us = sent->put_p50_ns / 1000;
        receipt->put_p99_us = sent->put_p99_ns / 1000;
        receipt->cost_micro_usd = sent->blocks_sent * PUT_NANO_USD / 1000 +
                                  (read ? volume_reading_cost_micro_usd(read, read) : 0);
}

static enum ingot_code open_journal(struct publication *publication, struct ingot_error *err)
{
        const struct volume_to_publish *volume = publication->volume;
        const struct journal_volume journaled = { .key = publication->key,
                                                  .region = publication->session->region,
                                                  .size_bytes = volume->map->size_bytes,
                                                  .volume_size_gib = volume->volume_size_gib };
        enum ingot_code r = make_key(volume, publication->session->region, publication->key, err);

        if (r || !volume->journal_path)
                return r;
        return journal_open(volume->journal_path, &journaled, &publication->journal, err);
}

/* ---- by way of S3 ---- */

/* Names and tags of the snapshot, for what is done with them. */
static enum ingot_code with_s3_request(
        struct publication *publication, struct ingot_snapshot_receipt *receipt,
        enum ingot_code (*act)(struct publication *publication, const struct volume_s3_request *request,
                               struct ingot_snapshot_receipt *receipt, struct ingot_error *err),
        struct ingot_error *err)
{
        const struct volume_to_publish *volume = publication->volume;
        char name[TEXT_BYTES], description[TEXT_BYTES];
        OWNED(heap_drop) struct wire_tag *tags = NULL;
        struct volume_s3_request asked = { .volume = volume,
                                           .key = publication->key,
                                           .description =
                                                   volume->description ? volume->description : description };
        enum ingot_code r;

        print_names(volume, name, description);
        r = fill_tags(publication, name, receipt->image_digest, publication->key, &tags, &asked.tag_count,
                      err);
        asked.tags = tags;
        return r ? r : act(publication, &asked, receipt, err);
}

static enum ingot_code send_by_s3(struct publication *publication, const struct volume_s3_request *request,
                                  struct ingot_snapshot_receipt *receipt, struct ingot_error *err)
{
        return volume_s3_publish(publication->session, request, publication->observer, receipt, err);
}

static enum ingot_code settle_s3(struct publication *publication, const struct volume_s3_request *request,
                                 struct ingot_snapshot_receipt *receipt, struct ingot_error *err)
{
        (void)receipt;
        return volume_s3_settle(publication->session, request, err);
}

static enum ingot_code publish_by_s3(struct publication *publication, struct ingot_snapshot_receipt *receipt,
                                     struct ingot_error *err)
{
        enum ingot_code r = drop_other(publication, "", err); /* blocks are of no use to the other way */

        return r ? r : with_s3_request(publication, receipt, send_by_s3, err);
}

/* ---- whichever is quicker ---- */

/* The rule of INGOT_VIA_AUTO (ingot/publish.h). */
static enum ingot_code upload_by_the_quicker(struct publication *publication,
                                             struct ingot_snapshot_receipt *receipt, bool *ret_takes_s3,
                                             struct ingot_error *err)
{
        struct uplink_probe probe;
        enum ingot_code r;

        *ret_takes_s3 = false;
        if (!publication->volume->s3.bucket) {
                receipt->via_reason = strdup("blocks: no bucket was named");
                return upload_somehow(publication, err);
        }
        uplink_probe_init(&probe, publication->observer);
        r = volume_s3_estimate(publication->volume, &probe.object_bytes, err);
        if (r)
                return r;
        publication->observer = &probe.observer;
        r = upload_somehow(publication, err);
        publication->observer = probe.behind;
        if (r == INGOT_E_DENIED && !*publication->sent.snapshot_id) {
                probe.takes_s3 = true;
                (void)snprintf(probe.reason, sizeof(probe.reason), "S3: StartSnapshot is not allowed");
        }
        *ret_takes_s3 = r && probe.takes_s3;
        receipt->via_reason = strdup(probe.reason);
        return *ret_takes_s3 ? INGOT_OK : r;
}

static enum ingot_code run(struct publication *publication, struct ingot_snapshot_receipt *receipt,
                           struct ingot_error *err)
{
        const struct volume_to_publish *volume = publication->volume;
        const struct parent_terms terms = { .volume_size_gib = volume->volume_size_gib,
                                            .encrypted = volume->encrypted,
                                            .kms_key_arn = volume->kms_key_arn };
        enum ingot_code r = open_journal(publication, err);

        if (!r)
                r = find_snapshot(publication, receipt, err);
        if (!r && receipt->snapshot_id) {
                r = drop_other(publication, receipt->snapshot_id, err);
                return r ? r : with_s3_request(publication, receipt, settle_s3, err);
        }
        if (r)
                return r;
        if (volume->s3.via == INGOT_VIA_S3)
                return publish_by_s3(publication, receipt, err);
        if (volume->parent)
                r = volume_parent_find(publication->session, volume->parent, &terms, publication->observer,
                                       &publication->parent, err);
        if (!r && volume->s3.via == INGOT_VIA_AUTO) {
                bool takes_s3 = false;

                r = upload_by_the_quicker(publication, receipt, &takes_s3, err);
                if (takes_s3)
                        return publish_by_s3(publication, receipt, err);
        } else if (!r) {
                r = upload_somehow(publication, err);
        }
        fill_receipt(publication, receipt);
        if (!r && !receipt->snapshot_id)
                r = ingot_fail_memory(err, sizeof(publication->sent.snapshot_id));
        return r;
}

enum ingot_code volume_publish(const struct region_session *session, const struct volume_to_publish *volume,
                               const struct ingot_observer *observer, struct ingot_snapshot_receipt *receipt,
                               struct journal **ret_journal, struct ingot_error *err)
{
        struct publication publication = { .session = session, .volume = volume, .observer = observer };
        enum ingot_code r;

        *ret_journal = NULL;
        receipt->device_name = strdup(volume->device_name);
        receipt->image_digest = calloc(1, DIGEST_HEX_CHARS + 1);
        receipt->volume_size_gib = volume->volume_size_gib;
        if (!receipt->device_name || !receipt->image_digest)
                return ingot_fail_memory(err, strlen(volume->device_name));
        hex_encode(volume->image_digest->bytes, DIGEST_BYTES, receipt->image_digest);
        r = run(&publication, receipt, err);
        volume_parent_release(&publication.parent);
        *ret_journal = publication.journal;
        return r;
}

enum ingot_code volume_settle(const struct region_session *session, const struct volume_to_publish *volume,
                              const char *snapshot_id, struct journal **ret_journal, struct ingot_error *err)
{
        struct publication publication = { .session = session, .volume = volume };
        enum ingot_code r = INGOT_OK;

        *ret_journal = NULL;
        if (access(volume->journal_path, F_OK) == 0)
                r = open_journal(&publication, err);
        if (!r)
                r = drop_other(&publication, snapshot_id, err);
        *ret_journal = publication.journal;
        return r;
}

void volume_receipt_release(struct ingot_snapshot_receipt *receipt)
{
        free(receipt->device_name);
        free(receipt->snapshot_id);
        free(receipt->image_digest);
        free(receipt->parent_snapshot_id);
        free(receipt->import_task_id);
        free(receipt->via_reason);
        *receipt = (struct ingot_snapshot_receipt){ 0 };
}
