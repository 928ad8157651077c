/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/chaos.h"
#include "region/dispatcher.h"
#include "region/http_server.h"
#include "wire/s3_shape.h"

enum { DOCUMENT_CEILING_BYTES = 1 << 20 };

static const struct region_service *const services[] = { &ebs_service, &ec2_service,    &sts_service,
                                                         &kms_service, &quotas_service, &iam_service,
                                                         &s3_service };

/* No key of S3 begins like the path of a block: no bucket is called "snapshots" and holds "snap-...". */
static bool is_ebs_path(const char *path)
{
        return strncmp(path, "/snapshots", 10) == 0 &&
               (path[10] == '\0' || strncmp(path + 10, "/snap-", 6) == 0 ||
                strncmp(path + 10, "/completion/", 12) == 0);
}

uint64_t region_body_ceiling(const char *method, const char *path)
{
        bool is_put = strcmp(method, "PUT") == 0;

        if (is_ebs_path(path))
                return is_put ? BLOCK_BYTES : DOCUMENT_CEILING_BYTES;
        if (strcmp(path, "/") == 0)
                return DOCUMENT_CEILING_BYTES;
        return is_put ? HTTP_BODY_MAX_BYTES : S3_DOCUMENT_BYTES_MAX;
}

/* In whose manner to refuse a request that names no service we know. */
static const struct region_service *guess_service(const struct region_request *request)
{
        return strncmp(request->path, "/snapshots", 10) == 0 ? &ebs_service
               : strcmp(request->path, "/") == 0             ? &ec2_service
                                                             : &s3_service;
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

size_t region_operation_names(const char **names, size_t room)
{
        size_t count = 0;

        for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
                for (size_t at = 0; services[i]->operation_at && services[i]->operation_at(at); at++) {
                        if (count < room)
                                names[count++] = services[i]->operation_at(at);
                }
        }
        return count;
}

/* ---- chaos ---- */

/* Copies the '/'-separated part of that number; "" when there is none, or it is too long. */
static void copy_part(const char *text, size_t number, char *out, size_t room_bytes)
{
        size_t chars;

        for (; number > 0 && *text; number--) {
                text += strcspn(text, "/");
                text += *text == '/';
        }
        chars = strcspn(text, "/,");
        (void)snprintf(out, room_bytes, "%.*s", chars < room_bytes ? (int)chars : 0, text);
}

struct told {
        char service[SIGV4_NAME_CHARS + 1], region[SIGV4_NAME_CHARS + 1], credential[256],
                snapshot_id[RESOURCE_ID_CHARS + 1], block_index[24];
};

/* What a request says of itself; whether it may is judged later. */
static void read_told(const struct region_request *request, struct told *told)
{
        const char *authorization = region_request_header(request, "authorization");
        const char *scope = authorization ? strstr(authorization, "Credential=") : NULL;
        const char *token = region_request_header(request, "x-amz-security-token");
        char key_id[128] = "", word[RESOURCE_ID_CHARS + 1];

        *told = (struct told){ .service = "" };
        if (scope) {
                scope += strlen("Credential=");
                copy_part(scope, 0, key_id, sizeof(key_id));
                copy_part(scope, 2, told->region, sizeof(told->region));
                copy_part(scope, 3, told->service, sizeof(told->service));
        }
        (void)snprintf(told->credential, sizeof(told->credential), "%s %.100s", key_id, token ? token : "");
        copy_part(request->path, 2, word, sizeof(word));
        copy_part(request->path, strcmp(word, "completion") == 0 ? 3 : 2, told->snapshot_id,
                  sizeof(told->snapshot_id));
        copy_part(request->path, 4, told->block_index, sizeof(told->block_index));
}

void region_judge(struct region_store *store, const struct region_request *request, bool is_whole,
                  struct region_fate *fate)
{
        struct told told;
        struct chaos_request asked;
        const struct region_service *service;

        if (!store->chaos)
                return;
        read_told(request, &told);
        service = find_service(told.service);
        asked = (struct chaos_request){ .service = told.service,
                                        .region = told.region,
                                        .credential = told.credential,
                                        .snapshot_id = told.snapshot_id };
        if (service && service->find_operation)
                asked.operation = service->find_operation(request);
        (void)read_digits(told.block_index, &asked.block_index);
        if (asked.operation || is_whole)
                chaos_judge(store->chaos, &asked, fate);
}

/* Notes the id that begins with prefix and stands after mark in a reply. */
static void note_birth(struct region_store *store, const char *region, const struct region_reply *reply,
                       const char *mark)
{
        const char *at = strstr(reply->body.bytes, mark);
        char id[RESOURCE_ID_CHARS + 1];
        size_t chars;

        if (!at)
                return;
        at += strlen(mark);
        chars = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-");
        if (chars > RESOURCE_ID_CHARS)
                return;
        (void)snprintf(id, sizeof(id), "%.*s", (int)chars, at);
        chaos_note_birth(store->chaos, region, id);
}

static bool makes_ids(const char *operation)
{
        static const char *const verbs[] = { "Copy", "Create", "Import", "Register" };

        for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
                if (strncmp(operation, verbs[i], strlen(verbs[i])) == 0)
                        return true;
        }
        return false;
}

/* What was done is seen in the reply: whatever made an id tells it. */
static void note_deeds(struct region_store *store, const struct region_request *request,
                       const struct region_service *service, const char *region,
                       const struct region_reply *reply)
{
        const char *operation = service->find_operation ? service->find_operation(request) : NULL;
        struct told told;

        if (!store->chaos || !operation || reply->status / 100 != 2)
                return;
        if (strcmp(operation, "StartSnapshot") == 0) {
                note_birth(store, region, reply, "\"SnapshotId\":\"");
        } else if (strcmp(operation, "CompleteSnapshot") == 0) {
                read_told(request, &told);
                chaos_note_completion(store->chaos, region, told.snapshot_id);
        } else if (makes_ids(operation)) {
                note_birth(store, region, reply, "<imageId>");
                note_birth(store, region, reply, "<snapshotId>");
        }
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

        (void)snprintf(region, sizeof(region), "%.*s%s%s", REGION_NAME_CHARS - 1 - ACCOUNT_ID_CHARS,
                       identity->region, is_own ? "" : ".", is_own ? "" : account_id);
        r = service->serve(&call, &err);
        if (!r)
                r = buffer_check(&reply->body, &err);
        if (!r) {
                note_deeds(store, request, service, identity->region, reply);
                return;
        }
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
                refusal.detail = "Credential should be scoped to one of the services that are here.";
        } else if (refusal.verdict == SIGV4_GOOD && !is_region_name(identity.region)) {
                refusal.verdict = SIGV4_MISMATCH;
                refusal.detail = "Credential should be scoped to a valid region.";
        }
        if (refusal.verdict == SIGV4_GOOD && request->fate && request->fate->refusal.status && service->fail)
                service->fail(&request->fate->refusal, reply);
        else if (refusal.verdict == SIGV4_GOOD)
                serve(store, request, service, &identity, keys.is_session ? &keys.session : NULL, reply);
        else
                (service ? service : guess_service(request))->refuse(&refusal, reply);
}
