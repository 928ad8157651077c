/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/region_rig.h"

enum { FORM_BYTES = 1024 };

static char image_id[RESOURCE_ID_CHARS + 1];

static void register_image(struct region_rig *rig)
{
        char form[FORM_BYTES], snapshot_id[RESOURCE_ID_CHARS + 1];

        region_rig_upload(rig, "{\"VolumeSize\":1}", (const uint8_t[]){ 1 }, 1, snapshot_id);
        (void)snprintf(
                form, sizeof(form),
                "Action=RegisterImage&Name=web&RootDeviceName=%%2Fdev%%2Fxvda&VirtualizationType=hvm&"
                "BlockDeviceMapping.1.DeviceName=%%2Fdev%%2Fxvda&BlockDeviceMapping.1.Ebs.SnapshotId=%s",
                snapshot_id);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        region_rig_pick(rig, "<imageId>", "<", image_id, sizeof(image_id));
}

static unsigned ask(struct region_rig *rig, const char *action, const char *more)
{
        char form[FORM_BYTES];

        (void)snprintf(form, sizeof(form), "Action=%s&ImageId=%s%s", action, image_id, more);
        return region_rig_ec2(rig, form);
}

static void expect(struct region_rig *rig, unsigned status, const char *code)
{
        char text[128];

        (void)snprintf(text, sizeof(text), "<Code>%s</Code>", code);
        if (status != 400 || !strstr(rig->reply.body.bytes, text))
                fail_msg("%s: %u %s", code, status, rig->reply.body.bytes);
}

static bool describe_says(struct region_rig *rig, const char *text)
{
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 200);
        return strstr(rig->reply.body.bytes, text) != NULL;
}

static void deprecation_is_a_minute_of_the_next_ten_years(void **state)
{
        struct region_rig *rig = *state;

        register_image(rig);
        assert_false(describe_says(rig, "deprecationTime"));
        assert_int_equal(ask(rig, "EnableImageDeprecation", "&DeprecateAt=2028-01-01T00%3A00%3A31Z"), 200);
        assert_true(describe_says(rig, "<deprecationTime>2028-01-01T00:01:00.000Z</deprecationTime>"));
        assert_int_equal(ask(rig, "EnableImageDeprecation", "&DeprecateAt=2028-06-01T00%3A00%3A29.999Z"),
                         200);
        assert_true(describe_says(rig, "<deprecationTime>2028-06-01T00:00:00.000Z</deprecationTime>"));
        expect(rig, ask(rig, "EnableImageDeprecation", "&DeprecateAt=2027-01-15T07%3A59%3A00Z"),
               "InvalidParameterValue");
        expect(rig, ask(rig, "EnableImageDeprecation", "&DeprecateAt=2037-02-01T00%3A00%3A00Z"),
               "InvalidParameterValue");
        expect(rig, ask(rig, "EnableImageDeprecation", "&DeprecateAt=soon"), "InvalidParameterValue");
        expect(rig, ask(rig, "EnableImageDeprecation", ""), "MissingParameter");
        assert_int_equal(ask(rig, "DisableImageDeprecation", ""), 200);
        assert_false(describe_says(rig, "deprecationTime"));
}

static void protected_image_is_not_deregistered(void **state)
{
        struct region_rig *rig = *state;

        register_image(rig);
        assert_true(describe_says(rig, "<deregistrationProtection>disabled<"));
        assert_int_equal(ask(rig, "EnableImageDeregistrationProtection", ""), 200);
        assert_true(describe_says(rig, "<deregistrationProtection>enabled-without-cooldown<"));
        expect(rig, ask(rig, "DeregisterImage", ""), "OperationNotPermitted");
        assert_int_equal(ask(rig, "EnableImageDeregistrationProtection", "&WithCooldown=true"), 200);
        assert_true(describe_says(rig, "<deregistrationProtection>enabled-with-cooldown<"));
        assert_int_equal(ask(rig, "DisableImageDeregistrationProtection", ""), 200);
        rig->now_seconds += 86399;
        expect(rig, ask(rig, "DeregisterImage", ""), "OperationNotPermitted");
        rig->now_seconds++;
        assert_int_equal(ask(rig, "DeregisterImage", ""), 200);
        assert_int_equal(ask(rig, "DisableImageDeregistrationProtection", ""), 400);
}

static void disabled_image_is_shown_on_demand_and_shared_with_nobody(void **state)
{
        struct region_rig *rig = *state;

        register_image(rig);
        assert_int_equal(ask(rig, "ModifyImageAttribute", "&LaunchPermission.Add.1.UserId=444455556666"),
                         200);
        assert_int_equal(ask(rig, "DisableImage", "&DryRun=true"), 412);
        assert_int_equal(ask(rig, "DisableImage", ""), 200);
        assert_false(describe_says(rig, image_id));
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages&IncludeDisabled=true"), 200);
        assert_true(region_rig_says(rig, "<imageState>disabled</imageState>"));
        expect(rig, ask(rig, "ModifyImageAttribute", "&LaunchPermission.Add.1.UserId=444455556666"),
               "InvalidAMIID.Unavailable");
        assert_int_equal(ask(rig, "EnableImage", ""), 200);
        assert_true(describe_says(rig, "<imageState>available</imageState>"));
        assert_int_equal(ask(rig, "DescribeImageAttribute", "&Attribute=launchPermission"), 200);
        assert_null(strstr(rig->reply.body.bytes, "444455556666"));
}

static void attribute_is_described_one_at_a_time(void **state)
{
        struct region_rig *rig = *state;

        register_image(rig);
        assert_int_equal(ask(rig, "DescribeImageAttribute", "&Attribute=deregistrationProtection"), 200);
        assert_true(region_rig_says(rig, "<deregistrationProtection><value>disabled</value>"));
        assert_int_equal(ask(rig, "DescribeImageAttribute", "&Attribute=bootMode"), 200);
        assert_true(region_rig_says(rig, "<bootMode></bootMode>"));
        expect(rig, ask(rig, "DescribeImageAttribute", "&Attribute=colour"), "InvalidParameterValue");
        expect(rig, ask(rig, "DescribeImageAttribute", ""), "MissingParameter");
        assert_int_equal(ask(rig, "DescribeImageAttribute", "&Attribute=blockDeviceMapping"), 401);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(deprecation_is_a_minute_of_the_next_ten_years),
                TEST(protected_image_is_not_deregistered),
                TEST(disabled_image_is_shown_on_demand_and_shared_with_nobody),
                TEST(attribute_is_described_one_at_a_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
