/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "publish/credential_provider.h"

enum { START_SECONDS = 1000000, HOUR_SECONDS = 3600 };

/* A source whose n-th fetch gives credentials "KEYn" that live an hour from when they are fetched, or fails. */
struct source {
        unsigned fetches;
        enum ingot_code fails_with;
        int64_t now_seconds, life_seconds;
        bool waits_for_stop, is_static;
};

static enum ingot_code fetch(void *context, const struct ingot_observer *stop,
                             struct credentials *ret_credentials, struct ingot_error *err)
{
        static const struct timespec step = { .tv_nsec = 1000000 };
        struct source *source = context;
        char key[16];
        const struct credentials_text text = { .access_key_id = key, .secret_access_key = "S" };
        enum ingot_code r;

        source->fetches++;
        while (source->waits_for_stop) {
                if (stop->is_cancelled(stop->context))
                        return ingot_fail(err, INGOT_E_CANCELLED, "stopped on request");
                (void)nanosleep(&step, NULL);
        }
        if (source->fails_with)
                return ingot_fail(err, source->fails_with, "the source is out");
        (void)snprintf(key, sizeof(key), "KEY%u", source->is_static ? 0 : source->fetches);
        r = credentials_make(&text, "a test", ret_credentials, err);
        if (!r && source->life_seconds)
                ret_credentials->expires_seconds = source->now_seconds + source->life_seconds;
        return r;
}

static struct credential_provider *start(struct source *source)
{
        const struct credential_provider_options options = { .context = source,
                                                             .fetch = fetch,
                                                             .now_seconds = START_SECONDS };
        struct credential_provider *provider = NULL;
        struct credentials first = { .origin = NULL };
        const struct credentials_text text = { .access_key_id = "KEY0", .secret_access_key = "S" };

        assert_int_equal(credentials_make(&text, "a test", &first, NULL), INGOT_OK);
        if (source->life_seconds)
                first.expires_seconds = START_SECONDS + source->life_seconds;
        assert_int_equal(credential_provider_new(&options, &first, &provider, NULL), INGOT_OK);
        return provider;
}

/* Asks with left_seconds of the first credentials' life left; NULL: it failed with *ret_code. */
static const char *ask(struct credential_provider *provider, struct source *source, int64_t left_seconds,
                       enum ingot_code *ret_code)
{
        const struct credentials *found = NULL;
        unsigned generation = 0;

        source->now_seconds = START_SECONDS + source->life_seconds - left_seconds;
        *ret_code = credential_provider_current(provider, source->now_seconds, &found, &generation, NULL);
        return *ret_code ? NULL : found->access_key_id;
}

/* Asks until other credentials than key are given, or a while has gone by. */
static const char *ask_until_other(struct credential_provider *provider, struct source *source,
                                   int64_t left_seconds, const char *key)
{
        static const struct timespec step = { .tv_nsec = 1000000 };
        enum ingot_code r = INGOT_OK;
        const char *found = key;

        for (int i = 0; i < 2000 && found && strcmp(found, key) == 0; i++) {
                (void)nanosleep(&step, NULL);
                found = ask(provider, source, left_seconds, &r);
        }
        return found;
}

static void nothing_is_fetched_while_they_are_good(void **state)
{
        struct source source = { .life_seconds = HOUR_SECONDS };
        struct credential_provider *provider = start(&source);
        enum ingot_code r;

        (void)state;
        assert_string_equal(ask(provider, &source, HOUR_SECONDS, &r), "KEY0");
        assert_string_equal(ask(provider, &source, CREDENTIAL_ADVISORY_SECONDS, &r), "KEY0");
        assert_int_equal(source.fetches, 0);
        credential_provider_free(provider);
}

static void the_next_are_fetched_aside(void **state)
{
        struct source source = { .life_seconds = HOUR_SECONDS };
        struct credential_provider *provider = start(&source);
        enum ingot_code r;

        (void)state;
        assert_string_equal(ask(provider, &source, CREDENTIAL_ADVISORY_SECONDS - 1, &r), "KEY0");
        assert_string_equal(ask_until_other(provider, &source, CREDENTIAL_ADVISORY_SECONDS - 1, "KEY0"),
                            "KEY1");
        assert_int_equal(source.fetches, 1);
        credential_provider_free(provider);
}

static void near_the_end_the_next_are_waited_for(void **state)
{
        struct source source = { .life_seconds = HOUR_SECONDS };
        struct credential_provider *provider = start(&source);
        enum ingot_code r;

        (void)state;
        assert_string_equal(ask(provider, &source, CREDENTIAL_MANDATORY_SECONDS - 1, &r), "KEY1");
        assert_int_equal(source.fetches, 1);
        credential_provider_free(provider);
}

static void a_fetch_that_fails_early_is_no_error(void **state) /* rule 1 */
{
        struct source source = { .life_seconds = HOUR_SECONDS, .fails_with = INGOT_E_REMOTE };
        struct credential_provider *provider = start(&source);
        static const struct timespec step = { .tv_nsec = 1000000 };
        enum ingot_code r;

        (void)state;
        for (int i = 0; i < 50; i++) {
                assert_string_equal(ask(provider, &source, CREDENTIAL_ADVISORY_SECONDS - 1, &r), "KEY0");
                (void)nanosleep(&step, NULL);
        }
        assert_int_equal(source.fetches, 1);
        source.fails_with = INGOT_OK;
        assert_string_equal(ask_until_other(provider, &source,
                                            CREDENTIAL_ADVISORY_SECONDS - 1 - CREDENTIAL_PAUSE_SECONDS,
                                            "KEY0"),
                            "KEY2");
        credential_provider_free(provider);
}

static void a_fetch_that_fails_late_is_an_error_at_the_end(void **state) /* rule 2 */
{
        struct source source = { .life_seconds = HOUR_SECONDS, .fails_with = INGOT_E_REMOTE };
        struct credential_provider *provider = start(&source);
        enum ingot_code r;

        (void)state;
        assert_string_equal(ask(provider, &source, CREDENTIAL_MANDATORY_SECONDS - 1, &r), "KEY0");
        assert_null(ask(provider, &source, CREDENTIAL_LEAST_SECONDS - 1, &r));
        assert_int_equal(r, INGOT_E_REMOTE);
        assert_null(ask(provider, &source, -5, &r));
        source.fails_with = INGOT_OK;
        assert_non_null(ask(provider, &source, -5, &r));
        credential_provider_free(provider);
}

static void short_lives_have_short_windows(void **state) /* rule 3 */
{
        struct source source = { .life_seconds = 900 };
        struct credential_provider *provider = start(&source);
        enum ingot_code r;

        (void)state;
        assert_string_equal(ask(provider, &source, 800, &r), "KEY0");
        assert_string_equal(ask(provider, &source, 450, &r), "KEY0");
        assert_int_equal(source.fetches, 0);
        assert_string_equal(ask(provider, &source, 290, &r), "KEY1");
        credential_provider_free(provider);
}

static void a_fetch_under_way_is_stopped(void **state) /* rule 4 */
{
        struct source source = { .life_seconds = HOUR_SECONDS, .waits_for_stop = true };
        struct credential_provider *provider = start(&source);
        enum ingot_code r;

        (void)state;
        assert_string_equal(ask(provider, &source, CREDENTIAL_ADVISORY_SECONDS - 1, &r), "KEY0");
        credential_provider_free(provider);
}

static void what_never_ends_is_only_fetched_when_refused(void **state) /* rule 5 */
{
        struct source source = { .life_seconds = 0 };
        struct credential_provider *provider = start(&source);
        const struct credentials *found = NULL;
        unsigned generation = 0;
        enum ingot_code r;

        (void)state;
        assert_string_equal(ask(provider, &source, -10 * HOUR_SECONDS, &r), "KEY0");
        assert_int_equal(credential_provider_current(provider, START_SECONDS, &found, &generation, NULL),
                         INGOT_OK);
        assert_true(credential_provider_renew(provider, START_SECONDS, generation));
        assert_true(credential_provider_renew(provider, START_SECONDS, generation)); /* was done meanwhile */
        assert_int_equal(source.fetches, 1);
        assert_string_equal(credential_provider_peek(provider)->access_key_id, "KEY1");
        credential_provider_free(provider);
}

static void the_same_again_is_no_help(void **state)
{
        struct source source = { .is_static = true };
        struct credential_provider *provider = start(&source);

        (void)state;
        assert_false(credential_provider_renew(provider, START_SECONDS, 0));
        assert_int_equal(source.fetches, 1);
        credential_provider_free(provider);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_fetched_while_they_are_good),
                cmocka_unit_test(the_next_are_fetched_aside),
                cmocka_unit_test(near_the_end_the_next_are_waited_for),
                cmocka_unit_test(a_fetch_that_fails_early_is_no_error),
                cmocka_unit_test(a_fetch_that_fails_late_is_an_error_at_the_end),
                cmocka_unit_test(short_lives_have_short_windows),
                cmocka_unit_test(a_fetch_under_way_is_stopped),
                cmocka_unit_test(what_never_ends_is_only_fetched_when_refused),
                cmocka_unit_test(the_same_again_is_no_help),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
