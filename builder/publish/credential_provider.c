/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/work_aside.h"
#include "publish/credential_provider.h"

enum { WAIT_STEP_MS = 10 };

/* One fetch; the thread's until it is joined. */
struct fetch {
        struct credential_provider_options options;
        struct credentials credentials;
        enum ingot_code code;
        struct ingot_error err;
};

struct credential_provider {
        struct credential_provider_options options;
        struct credentials current;
        unsigned generation;
        int64_t advisory_seconds, mandatory_seconds;
        int64_t not_before_seconds; /* of the next fetch: rule 1 */
        struct ingot_error trouble; /* of the last fetch; code INGOT_OK: it went well */
        struct fetch fetch;
        struct work_aside *aside; /* NULL: nothing is being fetched */
};

static void do_fetch(void *context, const struct ingot_observer *stop)
{
        struct fetch *fetch = context;

        fetch->code = fetch->options.fetch(fetch->options.context, stop, &fetch->credentials, &fetch->err);
}

/* Rule 3. */
static void set_windows(struct credential_provider *provider, int64_t now_seconds)
{
        int64_t life = provider->current.expires_seconds - now_seconds;

        provider->advisory_seconds = CREDENTIAL_ADVISORY_SECONDS;
        provider->mandatory_seconds = CREDENTIAL_MANDATORY_SECONDS;
        if (life > 0 && life / 2 < provider->advisory_seconds) {
                provider->advisory_seconds = life / 2;
                provider->mandatory_seconds = life / 3;
        }
}

enum ingot_code credential_provider_new(const struct credential_provider_options *options,
                                        struct credentials *first, struct credential_provider **ret_provider,
                                        struct ingot_error *err)
{
        struct credential_provider *provider = calloc(1, sizeof(*provider));

        if (!provider) {
                credentials_release(first);
                return ingot_fail_memory(err, sizeof(*provider));
        }
        provider->options = *options;
        provider->current = *first;
        *first = (struct credentials){ .origin = NULL };
        set_windows(provider, options->now_seconds);
        *ret_provider = provider;
        return INGOT_OK;
}

void credential_provider_free(struct credential_provider *provider)
{
        if (!provider)
                return;
        if (provider->aside) {
                work_aside_stop(provider->aside);
                work_aside_join(provider->aside);
                credentials_release(&provider->fetch.credentials);
        }
        credentials_release(&provider->current);
        free(provider);
}

const struct credentials *credential_provider_peek(const struct credential_provider *provider)
{
        return &provider->current;
}

static bool is_cancelled(const struct credential_provider *provider)
{
        const struct ingot_observer *observer = provider->options.observer;

        return observer && observer->is_cancelled && observer->is_cancelled(observer->context);
}

/* Begins a fetch, aside. */
static void begin(struct credential_provider *provider, int64_t now_seconds)
{
        struct ingot_error err;

        provider->fetch = (struct fetch){ .options = provider->options };
        if (work_aside_start(do_fetch, &provider->fetch, &provider->aside, &err) == INGOT_OK)
                return;
        provider->aside = NULL;
        provider->trouble = err;
        provider->not_before_seconds = now_seconds + CREDENTIAL_PAUSE_SECONDS;
}

static bool is_same(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Takes what was fetched, once it is done. */
static void collect(struct credential_provider *provider, int64_t now_seconds)
{
        struct fetch *fetch = &provider->fetch;

        work_aside_join(provider->aside);
        provider->aside = NULL;
        provider->not_before_seconds = now_seconds + CREDENTIAL_PAUSE_SECONDS;
        provider->trouble.code = fetch->code;
        if (fetch->code) {
                provider->trouble = fetch->err;
                return;
        }
        if (!is_same(provider->current.access_key_id, fetch->credentials.access_key_id) ||
            !is_same(provider->current.secret_access_key, fetch->credentials.secret_access_key) ||
            !is_same(provider->current.session_token, fetch->credentials.session_token))
                provider->generation++;
        credentials_release(&provider->current);
        provider->current = fetch->credentials;
        fetch->credentials = (struct credentials){ .origin = NULL };
        set_windows(provider, now_seconds);
}

/* Waits for what is being fetched; false when the caller asked to stop. */
static bool wait_for_it(struct credential_provider *provider, int64_t now_seconds)
{
        static const struct timespec step = { .tv_nsec = WAIT_STEP_MS * 1000000L };

        while (!work_aside_is_done(provider->aside)) {
                if (is_cancelled(provider))
                        return false;
                (void)nanosleep(&step, NULL);
        }
        collect(provider, now_seconds);
        return true;
}

enum ingot_code credential_provider_current(struct credential_provider *provider, int64_t now_seconds,
                                            const struct credentials **ret_credentials,
                                            unsigned *ret_generation, struct ingot_error *err)
{
        int64_t left;

        if (provider->aside && work_aside_is_done(provider->aside))
                collect(provider, now_seconds);
        left = provider->current.expires_seconds - now_seconds;
        if (provider->current.expires_seconds && left < provider->advisory_seconds) {
                if (!provider->aside && (now_seconds >= provider->not_before_seconds || left <= 0))
                        begin(provider, now_seconds);
                if (provider->aside && left < provider->mandatory_seconds &&
                    !wait_for_it(provider, now_seconds))
                        return ingot_fail(err, INGOT_E_CANCELLED, "stopped on request");
                left = provider->current.expires_seconds - now_seconds;
        }
        if (provider->current.expires_seconds && left < CREDENTIAL_LEAST_SECONDS && provider->trouble.code) {
                if (err)
                        *err = provider->trouble;
                return ingot_while(err, provider->trouble.code, "renewing credentials that expire");
        }
        if (provider->current.expires_seconds && left <= 0)
                return ingot_fail(err, INGOT_E_DENIED, "the credentials of %s have expired",
                                  provider->current.origin ? provider->current.origin : "the caller");
        *ret_credentials = &provider->current;
        *ret_generation = provider->generation;
        return INGOT_OK;
}

bool credential_provider_renew(struct credential_provider *provider, int64_t now_seconds, unsigned generation)
{
        if (provider->generation != generation)
                return true;
        if (!provider->aside)
                begin(provider, now_seconds);
        return provider->aside && wait_for_it(provider, now_seconds) && provider->generation != generation;
}
