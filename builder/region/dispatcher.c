/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/dispatcher.h"
#include "region/routes.h"

enum { DOCUMENT_CEILING_BYTES = 1 << 20 };

static const struct region_service *const services[] = { &ebs_service, &ec2_service, &sts_service };

size_t region_body_ceiling(const char *method, const char *path)
{
        bool is_block = strcmp(method, "PUT") == 0 && strncmp(path, "/snapshots/", 11) == 0;

        return is_block ? BLOCK_BYTES : DOCUMENT_CEILING_BYTES;
}

/* In whose manner to refuse a request that names no service we know. */
static const struct region_service *guess_service(const struct region_request *request)
{
        return strncmp(request->path, "/snapshots", 10) == 0 ? &ebs_service : &ec2_service;
}

static const struct region_service *find_service(const char *name)
{
        for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
                if (strcmp(services[i]->name, name) == 0)
                        return services[i];
        }
        return NULL;
}

/* The store's own key, and those that STS gave. */
struct keyring {
        const struct region_store *store;
        bool is_session; /* session has been filled in */
        struct session_record session;
};

static bool find_key(void *context, const char *access_key_id, struct sigv4_credentials *ret_secret)
{
        struct keyring *keyring = context;
        const struct region_store *store = keyring->store;
        const struct session_record *session = &keyring->session;
        struct ingot_error err = { 0 };
        enum ingot_code r;

        if (strcmp(access_key_id, store->access_key_id) == 0) {
                *ret_secret = (struct sigv4_credentials){ .access_key_id = store->access_key_id,
                                                          .secret_access_key = store->secret_access_key };
                return true;
        }
        r = catalogue_find_session(store->catalogue, access_key_id, &keyring->session, &err);
        if (r && r != INGOT_E_NOT_FOUND)
                region_store_log(store, "looking for a session: %s", ingot_error_frame(&err, 0));
        if (r)
                return false;
        keyring->is_session = true;
        *ret_secret = (struct sigv4_credentials){ .access_key_id = session->access_key_id,
                                                  .secret_access_key = session->secret_access_key,
                                                  .session_token = session->session_token };
        return true;
}

/* "us-east-1", "local": letters, digits and single '-' between them. */
static bool is_region_name(const char *name)
{
        size_t chars = strlen(name);

        return chars > 0 && chars <= REGION_NAME_CHARS - 1 - ACCOUNT_ID_CHARS &&
               strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == chars && name[0] != '-' &&
               name[chars - 1] != '-' && !strstr(name, "--");
}

static void serve(struct region_store *store, const struct region_request *request,
                  const struct region_service *service, const struct sigv4_identity *identity,
                  const struct session_record *session, struct region_reply *reply)
{
        const char *account_id = session ? session->account_id : STORE_ACCOUNT_ID;
        char region[REGION_NAME_CHARS + 1];
        struct service_call call = { .store = store,
                                     .request = request,
                                     .region = region,
                                     .region_name = identity->region,
                                     .account_id = account_id,
                                     .access_key_id = identity->access_key_id,
                                     .session = session,
                                     .reply = reply };
        struct ingot_error err = { 0 };
        bool is_own = strcmp(account_id, STORE_ACCOUNT_ID) == 0;
        enum ingot_code r;

        (void)snprintf(region, sizeof(region), "%s%s%s", identity->region, is_own ? "" : ".",
                       is_own ? "" : account_id);
        r = service->serve(&call, &err);
        if (!r)
                r = buffer_check(&reply->body, &err);
        if (!r)
                return;
        region_store_log(store, "%s %s: %s [%s] (request %s)", request->method, request->path,
                         ingot_error_frame(&err, 0), ingot_code_name(r), reply->request_id);
        store->trouble = err;
        store->trouble.code = r;
        region_reply_clear(reply);
        service->break_down(reply);
}

void region_dispatch(struct region_store *store, const struct region_request *request,
                     struct region_reply *reply)
{
        const struct sigv4_received received = { .method = request->method,
                                                 .path = request->path,
                                                 .query = request->query,
                                                 .headers = request->headers,
                                                 .header_count = request->header_count,
                                                 .body_digest = &request->body_digest };
        struct keyring keys = { .store = store };
        const struct sigv4_keyring keyring = { .context = &keys, .find = find_key };
        int64_t now = clock_wall_seconds(store->clock);
        const struct region_service *service;
        struct sigv4_identity identity = { .detail = "" };
        struct region_refusal refusal = { .detail = identity.detail };
        struct ingot_error err = { 0 };
        enum ingot_code r;

        r = sigv4_verify(&received, &keyring, now, &refusal.verdict, &identity, &err);
        service = find_service(identity.service);
        if (r) {
                region_store_log(store, "judging a signature: %s", ingot_error_frame(&err, 0));
                (service ? service : guess_service(request))->break_down(reply);
                return;
        }
        if (refusal.verdict == SIGV4_MISSING && sts_answers_strangers(request)) {
                refusal.verdict = SIGV4_GOOD;
                service = &sts_service;
                (void)snprintf(identity.region, sizeof(identity.region), "us-east-1");
        }
        if (refusal.verdict == SIGV4_GOOD && keys.is_session && keys.session.expires_seconds <= now) {
                refusal.verdict = SIGV4_EXPIRED;
                refusal.is_session_over = true;
                refusal.detail = "The security token included in the request is expired";
        } else if (refusal.verdict == SIGV4_GOOD && !service) {
                refusal.verdict = SIGV4_MISMATCH;
                refusal.detail = "Credential should be scoped to service 'ebs', 'ec2' or 'sts'.";
        } else if (refusal.verdict == SIGV4_GOOD && !is_region_name(identity.region)) {
                refusal.verdict = SIGV4_MISMATCH;
                refusal.detail = "Credential should be scoped to a valid region.";
        }
        if (refusal.verdict == SIGV4_GOOD)
                serve(store, request, service, &identity, keys.is_session ? &keys.session : NULL, reply);
        else
                (service ? service : guess_service(request))->refuse(&refusal, reply);
}
