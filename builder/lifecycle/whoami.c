/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ingot/whoami.h>

#include "base/json.h"
#include "base/own.h"
#include "lifecycle/region_session.h"
#include "publish/service_endpoint.h"

enum { URL_CHARS = ENDPOINT_AUTHORITY_CHARS + 16, JSON_BYTES_MAX = 1 << 20 };

static const enum aws_service services[INGOT_WHOAMI_SERVICES] = { AWS_EC2, AWS_EBS, AWS_STS,
                                                                  AWS_KMS, AWS_S3,  AWS_SSM };

void ingot_whoami_free(struct ingot_whoami *whoami)
{
        if (!whoami)
                return;
        free(whoami->region);
        free(whoami->partition);
        free(whoami->profile);
        free(whoami->config_file);
        free(whoami->credentials_file);
        for (size_t i = 0; i < whoami->source_count; i++)
                free(whoami->sources[i].missing);
        free(whoami->sources);
        free(whoami->source);
        free(whoami->origin);
        free(whoami->access_key_id);
        free(whoami->expires);
        free(whoami->account);
        free(whoami->arn);
        free(whoami->user_id);
        for (size_t i = 0; i < INGOT_WHOAMI_SERVICES; i++)
                free(whoami->endpoints[i].url);
        free(whoami);
}

/* Copies what is there; a failure is kept in *failed. */
static void copy(char **target, const char *text, bool *failed)
{
        if (!text)
                return;
        *target = strdup(text);
        *failed = *failed || !*target;
}

static void copy_endpoint(char **target, const struct endpoint *endpoint, bool *failed)
{
        char authority[ENDPOINT_AUTHORITY_CHARS + 1], url[URL_CHARS + 1];

        endpoint_print_authority(endpoint, authority);
        (void)snprintf(url, sizeof(url), "%s://%s", endpoint->is_tls ? "https" : "http", authority);
        copy(target, url, failed);
}

static void copy_credentials(struct ingot_whoami *whoami, const struct credentials *credentials,
                             const char *source, bool *failed)
{
        char expires[CLOCK_ISO_CHARS + 1];

        copy(&whoami->source, source, failed);
        copy(&whoami->origin, credentials->origin, failed);
        copy(&whoami->access_key_id, credentials->access_key_id, failed);
        if (!credentials->expires_seconds)
                return;
        clock_print_iso(credentials->expires_seconds, expires);
        copy(&whoami->expires, expires, failed);
}

static void copy_search(struct ingot_whoami *whoami, const struct credential_search *search, bool *failed)
{
        whoami->sources = calloc(search->asked + 1, sizeof(*whoami->sources));
        if (!whoami->sources) {
                *failed = true;
                return;
        }
        whoami->source_count = search->asked;
        for (unsigned i = 0; i < search->asked; i++) {
                whoami->sources[i].name = credential_source_name(i);
                whoami->sources[i].words = credential_source_words(i);
                copy(&whoami->sources[i].missing, *search->why[i] ? search->why[i] : NULL, failed);
        }
}

static enum ingot_code describe_aws(struct ingot_whoami *whoami, const struct region_session *session,
                                    struct ingot_error *err)
{
        const struct aws_access *aws = &session->aws;
        bool failed = false;

        copy(&whoami->partition, service_partition(session->region), &failed);
        copy(&whoami->profile, aws->config.profile, &failed);
        copy(&whoami->config_file, aws->config.config_path, &failed);
        copy(&whoami->credentials_file, aws->config.credentials_path, &failed);
        copy_search(whoami, &aws->search, &failed);
        if (aws->provider)
                copy_credentials(whoami, credential_provider_peek(aws->provider),
                                 credential_source_name((unsigned)aws->search.found), &failed);
        for (size_t i = 0; i < INGOT_WHOAMI_SERVICES; i++) {
                struct endpoint endpoint;
                enum ingot_code r =
                        service_endpoint(&aws->config, services[i], session->region, &endpoint, err);

                whoami->endpoints[i].service = service_name(services[i]);
                if (r)
                        return r;
                copy_endpoint(&whoami->endpoints[i].url, &endpoint, &failed);
        }
        return failed ? ingot_fail_memory(err, sizeof(*whoami)) : INGOT_OK;
}

static enum ingot_code describe_local(struct ingot_whoami *whoami, const struct region_session *session,
                                      struct ingot_error *err)
{
        bool failed = false;

        copy_credentials(whoami, &session->credentials, "local", &failed);
        for (size_t i = 0; i < INGOT_WHOAMI_SERVICES; i++)
                whoami->endpoints[i].service = service_name(services[i]);
        return failed ? ingot_fail_memory(err, sizeof(*whoami)) : INGOT_OK;
}

static enum ingot_code ask_sts(struct ingot_whoami *whoami, struct region_session *session,
                               struct ingot_error *err)
{
        OWNED(ec2_caller_identity_release) struct ec2_caller_identity identity = { .account = NULL };
        enum ingot_code r = sts_get_caller_identity(&session->ec2, &identity, &whoami->identity_error);
        bool failed = false;

        whoami->identity_code = region_session_end(session, r, &whoami->identity_error);
        if (r == INGOT_E_CANCELLED)
                return ingot_fail(err, r, "stopped on request");
        if (r)
                return INGOT_OK;
        copy(&whoami->account, identity.account, &failed);
        copy(&whoami->arn, identity.arn, &failed);
        copy(&whoami->user_id, identity.user_id, &failed);
        return failed ? ingot_fail_memory(err, sizeof(*whoami)) : INGOT_OK;
}

/* Whether a session that did not open got as far as looking for credentials. */
static bool was_searched(const struct region_session *session)
{
        return session->aws.search.asked > 0;
}

enum ingot_code ingot_whoami(const struct ingot_target *target, const struct ingot_observer *observer,
                             struct ingot_whoami **ret_whoami, struct ingot_error *err)
{
        OWNED(region_session_close) struct region_session session = { 0 };
        struct ingot_whoami *whoami = calloc(1, sizeof(*whoami));
        enum ingot_code r;

        if (!whoami)
                return ingot_fail_memory(err, sizeof(*whoami));
        r = region_session_open(target, observer, &session, &whoami->credentials_error);
        whoami->credentials_code = r;
        if (r && (!was_searched(&session) || r == INGOT_E_CANCELLED || r == INGOT_E_MEMORY)) {
                if (err)
                        *err = whoami->credentials_error;
        } else {
                whoami->region = strdup(session.region);
                r = !whoami->region              ? ingot_fail_memory(err, sizeof(session.region))
                    : session.aws.config.profile ? describe_aws(whoami, &session, err)
                                                 : describe_local(whoami, &session, err);
                if (!r && !whoami->credentials_code)
                        r = ask_sts(whoami, &session, err);
        }
        if (r) {
                ingot_whoami_free(whoami);
                return ingot_while(err, r, "finding out who we are in '%s'", target->to);
        }
        *ret_whoami = whoami;
        return INGOT_OK;
}

static void put_error(struct json_doc *doc, const char *key, enum ingot_code code,
                      const struct ingot_error *error)
{
        struct json_value *object;

        if (!code)
                return;
        object = json_doc_put_object(doc, doc->root, key);
        json_doc_put_text(doc, object, "code", ingot_code_name(code));
        json_doc_put_text(doc, object, "cause", ingot_error_frame(error, 0));
}

static void put_sources(struct json_doc *doc, const struct ingot_whoami *whoami)
{
        struct json_value *sources = json_doc_put_array(doc, doc->root, "sources");

        for (size_t i = 0; i < whoami->source_count; i++) {
                struct json_value *one = json_doc_push_object(doc, sources);

                json_doc_put_text(doc, one, "name", whoami->sources[i].name);
                json_doc_put_text(doc, one, "missing", whoami->sources[i].missing);
        }
}

enum ingot_code ingot_whoami_json(const struct ingot_whoami *whoami, char **ret_json, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(JSON_BYTES_MAX);
        OWNED(json_doc_release) struct json_doc doc;
        struct json_value *endpoints;
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "region", whoami->region);
        json_doc_put_text(&doc, doc.root, "partition", whoami->partition);
        json_doc_put_text(&doc, doc.root, "profile", whoami->profile);
        json_doc_put_text(&doc, doc.root, "config_file", whoami->config_file);
        json_doc_put_text(&doc, doc.root, "credentials_file", whoami->credentials_file);
        json_doc_put_text(&doc, doc.root, "source", whoami->source);
        json_doc_put_text(&doc, doc.root, "origin", whoami->origin);
        json_doc_put_text(&doc, doc.root, "access_key_id", whoami->access_key_id);
        json_doc_put_text(&doc, doc.root, "expires", whoami->expires);
        json_doc_put_text(&doc, doc.root, "account", whoami->account);
        json_doc_put_text(&doc, doc.root, "arn", whoami->arn);
        json_doc_put_text(&doc, doc.root, "user_id", whoami->user_id);
        put_error(&doc, "credentials_error", whoami->credentials_code, &whoami->credentials_error);
        put_error(&doc, "identity_error", whoami->identity_code, &whoami->identity_error);
        put_sources(&doc, whoami);
        endpoints = json_doc_put_object(&doc, doc.root, "endpoints");
        for (size_t i = 0; i < INGOT_WHOAMI_SERVICES; i++)
                json_doc_put_text(&doc, endpoints, whoami->endpoints[i].service, whoami->endpoints[i].url);
        r = json_doc_print(&doc, false, &text, err);
        if (r)
                return r;
        *ret_json = buffer_take(&text);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, JSON_BYTES_MAX);
}
