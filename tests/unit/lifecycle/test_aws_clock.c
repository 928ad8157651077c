/* SPDX-License-Identifier: Apache-2.0 */
/* A real region of our own and a client whose clock is wrong. */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/own.h"
#include "publish/ec2_client.h"
#include "region/region.h"

struct shifted_clock {
        struct clock clock;
        int64_t ahead_seconds;
};

static int64_t wall_seconds(void *context)
{
        const struct shifted_clock *shifted = context;

        return clock_wall_seconds(&clock_of_system) + shifted->ahead_seconds;
}

static uint64_t monotonic_ns(void *context)
{
        (void)context;
        return clock_monotonic_ns(&clock_of_system);
}

static void call_with_a_clock(const struct region_server *server, const struct credentials *credentials,
                              int64_t ahead_seconds, uint64_t attempts)
{
        OWNED(ec2_caller_identity_release) struct ec2_caller_identity identity = { .account = NULL };
        OWNED(region_link_drop) struct region_link *link = NULL;
        struct shifted_clock shifted = { { &shifted, wall_seconds, monotonic_ns }, ahead_seconds };
        const struct region_link_options options = { .credentials = credentials, .clock = &shifted.clock };
        struct ec2_client client = { .link = NULL };

        assert_int_equal(
                endpoint_of_socket(region_unix_socket(server), "us-east-1", "sts", &client.sts, NULL),
                INGOT_OK);
        assert_int_equal(region_link_new(&options, &link, NULL), INGOT_OK);
        client.link = link;
        assert_int_equal(sts_get_caller_identity(&client, &identity, NULL), INGOT_OK);
        assert_int_equal(region_link_counts(link).attempts, attempts);
        ec2_caller_identity_release(&identity);
        assert_int_equal(sts_get_caller_identity(&client, &identity, NULL), INGOT_OK);
        assert_int_equal(region_link_counts(link).attempts, attempts + 1); /* corrected once, for good */
}

static void a_wrong_clock_is_corrected_once(void **state)
{
        const struct region_options options = { .folder = scratch_path(state, "region"),
                                                .unix_socket = REGION_SOCKET_UNNAMED,
                                                .clock = &clock_of_system };
        OWNED(credentials_release) struct credentials credentials = { .origin = NULL };
        struct region_server *server = NULL;

        assert_int_equal(region_start(&options, &server, NULL), INGOT_OK);
        assert_int_equal(credentials_of_file(region_credentials_file(server), "default", &credentials, NULL),
                         INGOT_OK);
        call_with_a_clock(server, &credentials, 0, 1);
        call_with_a_clock(server, &credentials, 7200, 2);
        call_with_a_clock(server, &credentials, -86400, 2);
        region_stop(server);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_wrong_clock_is_corrected_once, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
