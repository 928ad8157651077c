/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_image.h"
#include "region/snapshot_copy.h"

enum { HOST_CHARS = 255 };

struct copying {
        struct copy_terms terms;
        const char *source_id, *presigned_url; /* borrowed from the form; the URL may be NULL */
        struct tag tags[TAGS_MAX];
        uint32_t tag_count;
};

struct own_key {
        const struct ec2_call *ec2;
        struct session_record session;
};

/* The key that signed this request is the one that may sign the other. */
static bool find_key(void *context, const char *access_key_id, struct sigv4_credentials *ret_secret)
{
        struct own_key *own = context;
        const struct region_store *store = own->ec2->store;

        if (strcmp(access_key_id, own->ec2->call->access_key_id) != 0)
                return false;
        if (!own->ec2->call->session) {
                *ret_secret = (struct sigv4_credentials){ .access_key_id = store->access_key_id,
                                                          .secret_access_key = store->secret_access_key };
                return true;
        }
        own->session = *own->ec2->call->session;
        *ret_secret = (struct sigv4_credentials){ .access_key_id = own->session.access_key_id,
                                                  .secret_access_key = own->session.secret_access_key,
                                                  .session_token = own->session.session_token };
        return true;
}

/* Whether the query asks the source for the copy that this request asks for. */
static bool is_for_this_copy(const struct ec2_call *ec2, const struct copying *copying, const char *query)
{
        const struct {
                const char *name, *value;
        } wanted[] = { { "Action", "CopySnapshot" },
                       { "SourceRegion", copying->terms.source_region_name },
                       { "SourceSnapshotId", copying->source_id },
                       { "DestinationRegion", ec2->call->region_name } };
        struct uri_query parsed;
        bool is = true;

        if (uri_query_parse(query, strlen(query), URI_QUERY, &parsed, NULL))
                return false;
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
                const char *value = uri_query_find(&parsed, wanted[i].name);

                is &= value && strcmp(value, wanted[i].value) == 0;
        }
        uri_query_release(&parsed);
        return is;
}

/* Judges the PresignedUrl: a GET to the source, signed by query, for exactly this copy. */
static enum ingot_code judge_url(struct ec2_call *ec2, const struct copying *copying, bool *ret_good,
                                 struct ingot_error *err)
{
        const char *url = copying->presigned_url, *scheme = strstr(url, "://"), *slash;
        char host[HOST_CHARS + 1];
        const struct sigv4_header header = { "Host", host };
        struct sigv4_received received = {
                .method = "GET", .path = "/", .headers = &header, .header_count = 1
        };
        struct own_key own = { .ec2 = ec2 };
        const struct sigv4_keyring keyring = { .context = &own, .find = find_key };
        enum sigv4_verdict verdict = SIGV4_MALFORMED;
        struct sigv4_identity identity;
        struct digest empty;
        enum ingot_code r;

        *ret_good = false;
        slash = scheme ? scheme + 3 + strcspn(scheme + 3, "/?") : NULL;
        if (!slash || slash - (scheme + 3) > HOST_CHARS)
                return INGOT_OK;
        (void)snprintf(host, sizeof(host), "%.*s", (int)(slash - (scheme + 3)), scheme + 3);
        received.query = strchr(slash, '?') ? strchr(slash, '?') + 1 : "";
        r = digest_of("", 0, &empty, err);
        if (r)
                return r;
        received.body_digest = &empty;
        r = sigv4_verify(&received, &keyring, clock_wall_seconds(ec2->store->clock), &verdict, &identity,
                         err);
        if (r)
                return r;
        *ret_good = verdict == SIGV4_GOOD && strcmp(identity.service, "ec2") == 0 &&
                    strcmp(identity.region, copying->terms.source_region_name) == 0 &&
                    is_for_this_copy(ec2, copying, received.query);
        return INGOT_OK;
}

static void read_copying(struct ec2_call *ec2, struct copying *copying)
{
        const char *destination = form_find(&ec2->form, "DestinationRegion");

        copy_terms_read(ec2, "CompletionDurationMinutes", &copying->terms);
        copying->source_id = form_find(&ec2->form, "SourceSnapshotId");
        copying->presigned_url = form_find(&ec2->form, "PresignedUrl");
        ec2_read_tag_specification(ec2, "snapshot", copying->tags, &copying->tag_count);
        if (!copying->source_id)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter SourceSnapshotId");
        else if (!ec2_is_id(copying->source_id, "snap-"))
                (void)ec2_refuse_value(ec2, "InvalidSnapshotID.Malformed",
                                       "Invalid id: \"%.80s\" (expecting \"snap-...\")", copying->source_id);
        if (destination && strcmp(destination, ec2->call->region_name) != 0)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "DestinationRegion %.64s is not the region that was asked",
                                       destination);
}

/* An encrypted source wants the URL; one that is wrong shows only when the copy ends. */
static enum ingot_code judge_permission(struct ec2_call *ec2, struct copying *copying,
                                        const struct snapshot_record *source, struct ingot_error *err)
{
        bool is_good = true;
        enum ingot_code r = INGOT_OK;

        if (!copying->presigned_url && source->is_encrypted)
                return ec2_refuse_value(ec2, "MissingParameter",
                                        "PresignedUrl must be given to copy an encrypted snapshot");
        if (copying->presigned_url && source->is_encrypted)
                r = judge_url(ec2, copying, &is_good, err);
        if (!is_good)
                copying->terms.late_failure =
                        "The presigned URL does not allow the copy of the source snapshot";
        return r;
}

enum ingot_code serve_copy_snapshot(struct ec2_call *ec2, struct ingot_error *err)
{
        OWNED(heap_drop) struct copying *copying = calloc(1, sizeof(*copying));
        struct snapshot_record source;
        char id[RESOURCE_ID_CHARS + 1] = "";
        enum ingot_code r;

        if (!copying)
                return ingot_fail_memory(err, sizeof(*copying));
        read_copying(ec2, copying);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = snapshots_look(ec2->store, copying->terms.source_region, copying->source_id, &source, err);
        if (r == INGOT_E_NOT_FOUND)
                return ec2_refuse_value(ec2, "InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.",
                                        copying->source_id);
        if (r)
                return r;
        if (source.state != SNAPSHOT_COMPLETED)
                return ec2_refuse_value(ec2, "IncorrectState", "The snapshot '%s' is not completed",
                                        source.id);
        r = judge_permission(ec2, copying, &source, err);
        if (!r && !ec2->is_refused)
                r = copies_need_room(ec2, 1, err);
        if (r || ec2->is_refused)
                return r;
        r = snapshot_copy_start(ec2, &source, &copying->terms, copying->tags, copying->tag_count, id, err);
        if (r)
                return r;
        ec2_begin(ec2);
        element_text(ec2->out, "snapshotId", id);
        r = ec2_write_tags(ec2, id, err);
        ec2_end(ec2);
        return r;
}
