/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "publish/region_link.h"
#include "wire/ebs_shape.h"
#include "wire/ec2_reply.h"
#include "wire/s3_shape.h"

enum {
        DEADLINE_MS = 30000,
        REPLY_BYTES_MAX = 1 << 20,
        HEADERS_MAX = 16,        /* of a call, beyond what signing adds */
        CANCEL_STEP_MS = 100,    /* rule 3 */
        CLOCK_WRONG_SECONDS = 30 /* less cannot be why a signature was refused */
};

/* A call from start to done: waiting until due_ns, or in flight. */
struct attempt {
        struct attempt *next, *previous;
        struct region_link *link;
        struct region_call call;
        region_done done;
        void *context;
        bool is_waiting, clock_was_set, credentials_were_renewed;
        unsigned generation;          /* of the credentials it was signed with */
        unsigned attempts, uncounted; /* uncounted: those of them that do not count against attempts_max */
        uint64_t started_ns, due_ns, sent_ns,
                queued_ns; /* queued_ns: since when; 0: it does not wait in a queue */
        struct fault fault;
        struct buffer target;
        struct sigv4_header headers[HEADERS_MAX + 5];
        size_t header_count;
        char authority[ENDPOINT_AUTHORITY_CHARS + 1];
        struct sigv4_signature signature;
};

struct region_link {
        struct http_client *http;
        struct credential_provider *provider;
        const struct credentials *credentials;
        const struct clock *clock;
        const struct ingot_observer *observer;
        struct retry_policy policy;
        struct attempt *attempts, *last_attempt; /* who started first comes first */
        unsigned in_flight, in_flight_max;
        struct region_link_counts counts;
        uint64_t random_state;
        int64_t clock_offset_seconds; /* what the region's clock has that ours lacks */
        bool has_answered;
};

enum ingot_code region_link_new(const struct region_link_options *options, struct region_link **ret_link,
                                struct ingot_error *err)
{
        struct region_link *link = calloc(1, sizeof(*link));
        enum ingot_code r;

        if (!link)
                return ingot_fail_memory(err, sizeof(*link));
        r = http_client_new(options->ca_bundle, &link->http, err);
        if (r) {
                free(link);
                return r;
        }
        link->provider = options->provider;
        link->credentials = options->credentials;
        link->clock = options->clock ? options->clock : &clock_of_system;
        link->observer = options->observer;
        link->policy = options->policy ? *options->policy : retry_policy_default;
        link->random_state = options->random_seed;
        *ret_link = link;
        return INGOT_OK;
}

static void attempt_free(struct attempt *attempt)
{
        struct region_link *link = attempt->link;

        if (attempt->previous)
                attempt->previous->next = attempt->next;
        else
                link->attempts = attempt->next;
        if (attempt->next)
                attempt->next->previous = attempt->previous;
        else
                link->last_attempt = attempt->previous;
        if (!attempt->is_waiting)
                link->in_flight--;
        sigv4_signature_release(&attempt->signature);
        buffer_release(&attempt->target);
        free(attempt);
}

void region_link_set_in_flight_max(struct region_link *link, unsigned in_flight_max)
{
        link->in_flight_max = in_flight_max;
}

void region_link_abandon(struct region_link *link)
{
        http_client_abandon(link->http);
        while (link->attempts)
                attempt_free(link->attempts);
}

void region_link_free(struct region_link *link)
{
        if (!link)
                return;
        region_link_abandon(link);
        http_client_free(link->http);
        free(link);
}

void region_link_drop(struct region_link **link)
{
        region_link_free(*link);
        *link = NULL;
}

const struct clock *region_link_clock(const struct region_link *link)
{
        return link->clock;
}

const struct ingot_observer *region_link_observer(const struct region_link *link)
{
        return link->observer;
}

struct region_link_counts region_link_counts(const struct region_link *link)
{
        return link->counts;
}

/* ---- the end of a call ---- */

static void end_call(struct attempt *attempt, enum ingot_code code, const struct http_reply *reply,
                     const struct ingot_error *err)
{
        struct region_result result = { .code = code,
                                        .reply = code ? NULL : reply,
                                        .fault = &attempt->fault,
                                        .attempts = attempt->attempts - attempt->uncounted,
                                        .last_attempt_ns =
                                                clock_monotonic_ns(attempt->link->clock) - attempt->sent_ns };

        attempt->done(attempt->context, &result, err);
        attempt_free(attempt);
}

static void read_fault(struct attempt *attempt, const struct http_reply *reply)
{
        char type[256];

        if (attempt->call.protocol == REGION_REST_XML) {
                (void)s3_reply_fault(reply->body.bytes, reply->body.size_bytes, &attempt->fault);
                return;
        }
        if (attempt->call.protocol == REGION_QUERY_XML) {
                ec2_reply_fault(reply->body.bytes, reply->body.size_bytes, &attempt->fault);
                return;
        }
        ebs_shape_fault(reply->body.bytes, reply->body.size_bytes,
                        http_reply_header(reply, "x-amzn-errortype", type, sizeof(type)) ? type : NULL,
                        &attempt->fault);
}

static int64_t region_seconds(const struct region_link *link)
{
        return clock_wall_seconds(link->clock) + link->clock_offset_seconds;
}

/* Rule 7: whether there are other credentials to try with. */
static bool renew_credentials(struct attempt *attempt)
{
        struct region_link *link = attempt->link;

        if (!link->provider || attempt->credentials_were_renewed)
                return false;
        attempt->credentials_were_renewed = true;
        return credential_provider_renew(link->provider, region_seconds(link), attempt->generation);
}

/* EC2 has one code for a signature that is too old and for credentials that are. */
static bool is_expired(enum retry_verdict verdict, const struct fault *fault)
{
        return verdict == RETRY_EXPIRED ||
               (verdict == RETRY_CLOCK && strcmp(fault->code, "RequestExpired") == 0);
}

/* Rule 7 of retry.h: whether the region's clock is another than ours, which is then taken. */
static bool set_clock(struct attempt *attempt, const struct http_reply *reply)
{
        struct region_link *link = attempt->link;
        int64_t date = http_reply_date(reply);
        int64_t offset = date - clock_wall_seconds(link->clock);
        int64_t change = offset - link->clock_offset_seconds;

        if (date < 0 || attempt->clock_was_set ||
            (change < CLOCK_WRONG_SECONDS && change > -CLOCK_WRONG_SECONDS))
                return false;
        attempt->clock_was_set = true;
        link->clock_offset_seconds = offset;
        return true;
}

/* Whether another attempt is allowed after wait_ms. */
static bool may_ask_again(const struct attempt *attempt, const struct http_reply *reply, uint32_t wait_ms)
{
        const struct region_link *link = attempt->link;
        uint64_t elapsed_ms = (clock_monotonic_ns(link->clock) - attempt->started_ns) / 1000000;

        if (reply->outcome == HTTP_UNREACHABLE && !link->has_answered &&
            attempt->attempts - attempt->uncounted >= link->policy.unreachable_attempts)
                return false;
        return attempt->attempts - attempt->uncounted < link->policy.attempts_max &&
               elapsed_ms + wait_ms <=
                       (attempt->call.budget_ms ? attempt->call.budget_ms : link->policy.budget_ms);
}

static void wait_for(struct attempt *attempt, uint32_t wait_ms)
{
        if (!attempt->is_waiting)
                attempt->link->in_flight--;
        attempt->is_waiting = true;
        attempt->due_ns = clock_monotonic_ns(attempt->link->clock) + (uint64_t)wait_ms * 1000000;
}

static void describe_refusal(const struct attempt *attempt, const struct http_reply *reply,
                             struct ingot_error *err)
{
        const struct fault *fault = &attempt->fault;
        enum ingot_code code = retry_code(reply->status, fault);
        bool has_reason = fault->reason[0] != '\0', has_message = fault->message[0] != '\0';

        (void)ingot_fail(err, code, "%s: HTTP %u %s%s%s%s%s%s", attempt->call.operation, reply->status,
                         fault->code[0] ? fault->code : "without an error code", has_reason ? " (" : "",
                         fault->reason, has_reason ? ")" : "", has_message ? ": " : "", fault->message);
        if (code == INGOT_E_THROTTLED && err)
                err->retry_after_ms = attempt->link->policy.ceiling_ms;
}

/* What was no failure does not count, and neither does its time. */
static void forgive(struct attempt *attempt)
{
        attempt->uncounted++;
        attempt->started_ns = clock_monotonic_ns(attempt->link->clock);
}

/* Rule 6 of retry.h: false when it has waited long enough. */
static bool wait_in_queue(struct attempt *attempt)
{
        struct region_link *link = attempt->link;
        uint64_t now_ns = clock_monotonic_ns(link->clock);
        uint32_t wait_ms = retry_queue_wait_ms(&link->policy, &link->random_state);
        char phase[160];

        if (!attempt->queued_ns)
                attempt->queued_ns = now_ns;
        if ((now_ns - attempt->queued_ns) / 1000000 + wait_ms > link->policy.queue_ms)
                return false;
        (void)snprintf(phase, sizeof(phase), "waiting until the region has room for another %s (%.60s)",
                       attempt->call.operation, attempt->fault.code);
        (void)!ingot_observe(link->observer, phase, 0, 0, NULL); /* whether to stop is asked in pump() */
        forgive(attempt);
        wait_for(attempt, wait_ms);
        return true;
}

/* An attempt did not succeed: asks again, or ends the call with what is known. */
static void take_failure(struct attempt *attempt, const struct http_reply *reply,
                         const struct ingot_error *http_err)
{
        struct region_link *link = attempt->link;
        bool answered = reply->outcome == HTTP_ANSWERED;
        struct retry_question question = { .outcome = reply->outcome,
                                           .status = reply->status,
                                           .fault = &attempt->fault };
        struct ingot_error err = { .code = INGOT_E_BUG };
        enum retry_verdict verdict;
        uint32_t wait_ms;

        attempt->fault = (struct fault){ .code = "" };
        if (answered)
                read_fault(attempt, reply);
        question.is_not_found_transient = clock_monotonic_ns(link->clock) < attempt->call.found_by_ns;
        verdict = retry_classify(&question);
        if (verdict == RETRY_THROTTLED)
                link->counts.throttles++;
        if (reply->outcome == HTTP_DEADLINE)
                link->counts.deadlines_missed++;
        if (verdict == RETRY_QUEUED && wait_in_queue(attempt))
                return;
        if (verdict == RETRY_CLOCK && set_clock(attempt, reply)) {
                wait_for(attempt, 0);
                return;
        }
        if (is_expired(verdict, &attempt->fault) && renew_credentials(attempt)) {
                wait_for(attempt, 0);
                return;
        }
        wait_ms = retry_wait_ms(&link->policy, attempt->attempts, &link->random_state);
        if (answered && question.is_not_found_transient && verdict == RETRY_TRANSIENT &&
            retry_code(reply->status, &attempt->fault) == INGOT_E_NOT_FOUND)
                forgive(attempt); /* rule 4 of retry.h: it lasts until found_by_ns, however often that is asked */
        if ((verdict == RETRY_TRANSIENT || verdict == RETRY_THROTTLED) &&
            may_ask_again(attempt, reply, wait_ms)) {
                wait_for(attempt, wait_ms);
                return;
        }
        if (answered) {
                describe_refusal(attempt, reply, &err);
        } else {
                err = *http_err;
                (void)ingot_while(&err, err.code, "calling %s", attempt->call.operation);
        }
        if (attempt->attempts > 1)
                (void)ingot_while(&err, err.code, "giving up after %u attempts", attempt->attempts);
        end_call(attempt, err.code, NULL, &err);
}

/* Rule 9. */
static bool is_refusal_in_disguise(const struct attempt *attempt, const struct http_reply *reply)
{
        struct fault fault;

        return attempt->call.protocol == REGION_REST_XML &&
               s3_reply_fault(reply->body.bytes, reply->body.size_bytes, &fault);
}

static void take_reply(void *context, const struct http_reply *reply, const struct ingot_error *err)
{
        struct attempt *attempt = context;

        if (reply->outcome == HTTP_ANSWERED)
                attempt->link->has_answered = true;
        if (reply->outcome == HTTP_ANSWERED && reply->status >= 200 && reply->status < 300 &&
            !is_refusal_in_disguise(attempt, reply)) {
                attempt->fault = (struct fault){ .code = "" };
                end_call(attempt, INGOT_OK, reply, NULL);
        } else {
                take_failure(attempt, reply, err);
        }
}

/* ---- the start of an attempt ---- */

static void add_header(struct attempt *attempt, const char *name, const char *value)
{
        attempt->headers[attempt->header_count++] = (struct sigv4_header){ name, value };
}

/* Adds what is sent signed or not. */
static void add_call_headers(struct attempt *attempt)
{
        const struct region_call *call = &attempt->call;

        attempt->header_count = 0;
        endpoint_print_authority(call->endpoint, attempt->authority);
        add_header(attempt, "Host", attempt->authority);
        for (size_t i = 0; i < call->header_count; i++)
                add_header(attempt, call->headers[i].name, call->headers[i].value);
}

/* Whose signature is wanted; NULL: nobody's. */
static enum ingot_code find_signer(struct attempt *attempt, const struct credentials **ret_signer,
                                   struct ingot_error *err)
{
        const struct region_link *link = attempt->link;

        *ret_signer = link->credentials;
        if (!link->provider)
                return INGOT_OK;
        return credential_provider_current(link->provider, region_seconds(link), ret_signer,
                                           &attempt->generation, err);
}

static enum ingot_code sign(struct attempt *attempt, struct ingot_error *err)
{
        const struct region_call *call = &attempt->call;
        const struct region_link *link = attempt->link;
        const struct credentials *signer = NULL;
        struct sigv4_credentials credentials;
        struct sigv4_request request = { .method = call->method,
                                         .path = call->path,
                                         .query = call->query,
                                         .headers = attempt->headers,
                                         .payload_hash = call->payload_hash,
                                         .has_content_sha256 = call->has_content_sha256,
                                         .is_s3_path = strcmp(call->endpoint->service, "s3") == 0,
                                         .region = call->endpoint->region,
                                         .service = call->endpoint->service };
        enum ingot_code r = find_signer(attempt, &signer, err);

        if (r)
                return r;
        add_call_headers(attempt);
        if (!signer)
                return INGOT_OK;
        credentials = credentials_to_sign(signer);
        request.header_count = attempt->header_count;
        sigv4_signature_release(&attempt->signature);
        r = sigv4_sign(&request, &credentials, region_seconds(link), &attempt->signature, err);
        if (r)
                return r;
        add_header(attempt, "X-Amz-Date", attempt->signature.date);
        if (credentials.session_token)
                add_header(attempt, "X-Amz-Security-Token", credentials.session_token);
        if (call->has_content_sha256)
                add_header(attempt, "X-Amz-Content-Sha256", call->payload_hash);
        add_header(attempt, "Authorization", attempt->signature.authorization.bytes);
        return INGOT_OK;
}

static enum ingot_code send_attempt(struct attempt *attempt, struct ingot_error *err)
{
        const struct region_call *call = &attempt->call;
        struct http_request request = { .endpoint = call->endpoint,
                                        .method = call->method,
                                        .target = attempt->target.bytes,
                                        .headers = attempt->headers,
                                        .body = call->body,
                                        .body_bytes = call->body_bytes,
                                        .needs_new_connection = call->needs_new_connection,
                                        .deadline_ms = call->deadline_ms ? call->deadline_ms : DEADLINE_MS,
                                        .reply_bytes_max = call->reply_bytes_max ? call->reply_bytes_max
                                                                                 : REPLY_BYTES_MAX };
        enum ingot_code r = sign(attempt, err);

        if (r)
                return r;
        request.header_count = attempt->header_count;
        attempt->is_waiting = false;
        attempt->link->in_flight++;
        attempt->sent_ns = clock_monotonic_ns(attempt->link->clock);
        if (!attempt->attempts)
                attempt->started_ns = attempt->sent_ns; /* waiting for a token is no failing */
        attempt->attempts++;
        attempt->link->counts.attempts++;
        return http_client_start(attempt->link->http, &request, take_reply, attempt, err);
}

enum ingot_code region_link_start(struct region_link *link, const struct region_call *call, region_done done,
                                  void *context, struct ingot_error *err)
{
        struct attempt *attempt;

        if (call->header_count > HEADERS_MAX)
                return ingot_fail(err, INGOT_E_BUG, "%s with %zu headers", call->operation,
                                  call->header_count);
        attempt = calloc(1, sizeof(*attempt));
        if (!attempt)
                return ingot_fail_memory(err, sizeof(*attempt));
        attempt->link = link;
        attempt->call = *call;
        attempt->done = done;
        attempt->context = context;
        attempt->started_ns = clock_monotonic_ns(link->clock);
        buffer_init(&attempt->signature.authorization, 0);
        buffer_init(&attempt->target, 1 << 16);
        buffer_append_text(&attempt->target, call->path);
        if (call->query && *call->query)
                buffer_appendf(&attempt->target, "?%s", call->query);
        attempt->previous = link->last_attempt;
        if (link->last_attempt)
                link->last_attempt->next = attempt;
        else
                link->attempts = attempt;
        link->last_attempt = attempt;
        link->counts.calls++;
        attempt->is_waiting = true;
        attempt->due_ns = attempt->started_ns;
        if (!buffer_check(&attempt->target, err))
                return INGOT_OK;
        attempt_free(attempt);
        return INGOT_E_MEMORY;
}

/* ---- the loop ---- */

/* Rule 5: takes a token of each pace, or none; *wait_ms is lowered to when there may be one. */
static bool take_tokens(const struct attempt *attempt, uint64_t now_ns, uint32_t *wait_ms)
{
        for (unsigned i = 0; i < REGION_PACES; i++) {
                uint32_t pace_ms;

                if (!attempt->call.paces[i] || pace_take(attempt->call.paces[i], now_ns, &pace_ms))
                        continue;
                *wait_ms = (uint32_t)min_u64(*wait_ms, pace_ms);
                while (i-- > 0)
                        if (attempt->call.paces[i])
                                pace_return(attempt->call.paces[i]);
                return false;
        }
        return true;
}

/* Sends what is due; returns how long until the next is, at most wait_ms. */
static uint32_t send_due(struct region_link *link, uint32_t wait_ms)
{
        uint64_t now_ns = clock_monotonic_ns(link->clock);
        struct attempt *next;

        for (struct attempt *attempt = link->attempts; attempt; attempt = next) {
                struct ingot_error err;
                enum ingot_code r;

                next = attempt->next;
                if (!attempt->is_waiting)
                        continue;
                if (attempt->due_ns > now_ns) {
                        wait_ms = (uint32_t)min_u64(wait_ms, (attempt->due_ns - now_ns) / 1000000 + 1);
                        continue;
                }
                if (link->in_flight_max && link->in_flight >= link->in_flight_max)
                        break; /* the end of another wakes us */
                if (!take_tokens(attempt, now_ns, &wait_ms))
                        continue;
                r = send_attempt(attempt, &err);
                if (r)
                        end_call(attempt, r, NULL, &err); /* what done() starts goes after next */
        }
        return wait_ms;
}

static enum ingot_code check_cancelled(struct region_link *link, struct ingot_error *err)
{
        const struct ingot_observer *observer = link->observer;

        if (!observer || !observer->is_cancelled || !observer->is_cancelled(observer->context))
                return INGOT_OK;
        region_link_abandon(link);
        return ingot_fail(err, INGOT_E_CANCELLED, "stopped on request");
}

enum ingot_code region_link_pump(struct region_link *link, uint32_t wait_ms, struct ingot_error *err)
{
        enum ingot_code r = check_cancelled(link, err);

        if (r)
                return r;
        if (link->observer && wait_ms > CANCEL_STEP_MS)
                wait_ms = CANCEL_STEP_MS;
        return http_client_pump(link->http, send_due(link, wait_ms), err);
}

enum ingot_code region_link_wait(struct region_link *link, uint32_t ms, struct ingot_error *err)
{
        uint64_t end_ns = clock_monotonic_ns(link->clock) + (uint64_t)ms * 1000000;
        enum ingot_code r = INGOT_OK;

        for (uint64_t now_ns; !r && (now_ns = clock_monotonic_ns(link->clock)) < end_ns;)
                r = region_link_pump(link, (uint32_t)min_u64((end_ns - now_ns) / 1000000 + 1, CANCEL_STEP_MS),
                                     err);
        return r;
}

/* What region_link_call() waits for. */
struct one_call {
        bool is_done;
        enum ingot_code code;
        struct buffer *body;
        struct fault *fault;
        unsigned *attempts;
        struct ingot_error *err;
};

static void end_one_call(void *context, const struct region_result *result, const struct ingot_error *err)
{
        struct one_call *one = context;

        one->is_done = true;
        one->code = result->code;
        if (one->fault)
                *one->fault = *result->fault;
        if (one->attempts)
                *one->attempts = result->attempts;
        if (result->code && one->err)
                *one->err = *err;
        if (!result->code && one->body) {
                buffer_clear(one->body);
                buffer_append(one->body, result->reply->body.bytes, result->reply->body.size_bytes);
                one->code = buffer_check(one->body, one->err);
        }
}

enum ingot_code region_link_judge(enum ingot_code r, const char *operation, struct ingot_error *err)
{
        if (r == INGOT_E_FORMAT) {
                r = INGOT_E_REMOTE;
                if (err)
                        err->code = r;
        }
        return ingot_while(err, r, "reading the answer to %s", operation);
}

enum ingot_code region_link_call(struct region_link *link, const struct region_call *call,
                                 struct buffer *ret_body, struct fault *ret_fault, unsigned *ret_attempts,
                                 struct ingot_error *err)
{
        struct one_call one = { .body = ret_body, .fault = ret_fault, .attempts = ret_attempts, .err = err };
        enum ingot_code r = region_link_start(link, call, end_one_call, &one, err);

        if (ret_fault)
                *ret_fault = (struct fault){ .code = "" };
        if (ret_attempts)
                *ret_attempts = 0;
        while (!r && !one.is_done)
                r = region_link_pump(link, 1000, err);
        if (!r)
                return one.code;
        region_link_abandon(link); /* one is about to go */
        return ingot_while(err, r, "calling %s", call->operation);
}
