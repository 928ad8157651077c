/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/region_rig.h"

#define ROLE "&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fteam%2Fcaster&RoleSessionName=night"
/* {"exp":1799999999,"sub":"subject"} and {"exp":1800000001,"sub":"subject"} */
#define LATE   "x.eyJleHAiOjE3OTk5OTk5OTksInN1YiI6InN1YmplY3QifQ.y"
#define GOOD   "x.eyJleHAiOjE4MDAwMDAwMDEsInN1YiI6InN1YmplY3QifQ.y"
#define WEB    "Action=AssumeRoleWithWebIdentity" ROLE "&WebIdentityToken="
#define ASSUME "Action=AssumeRole" ROLE

struct keys {
        char key_id[64], secret[64], token[160];
};

static void take_keys(struct region_rig *rig, struct keys *keys)
{
        region_rig_pick(rig, "<AccessKeyId>", "<", keys->key_id, sizeof(keys->key_id));
        region_rig_pick(rig, "<SecretAccessKey>", "<", keys->secret, sizeof(keys->secret));
        region_rig_pick(rig, "<SessionToken>", "<", keys->token, sizeof(keys->token));
        assert_int_equal(strncmp(keys->key_id, "ASIA", 4), 0);
        rig->client_key_id = keys->key_id;
        rig->client_secret = keys->secret;
        rig->client_token = keys->token;
}

static void expect(struct region_rig *rig, unsigned status, unsigned wanted, const char *code)
{
        char text[128];

        (void)snprintf(text, sizeof(text), "<Code>%s</Code>", code);
        if (status != wanted || !strstr(rig->reply.body.bytes, text))
                fail_msg("%s: %u %s", code, status, rig->reply.body.bytes);
}

static void session_is_its_role_until_it_expires(void **state)
{
        struct region_rig *rig = *state;
        struct keys keys;
        char id[RESOURCE_ID_CHARS + 1];

        assert_int_equal(region_rig_sts(rig, ASSUME "&DurationSeconds=900"), 200);
        assert_true(region_rig_says(rig, "<Expiration>2027-01-15T08:15:00.000Z</Expiration>"));
        take_keys(rig, &keys);
        assert_int_equal(region_rig_sts(rig, "Action=GetCallerIdentity"), 200);
        assert_true(region_rig_says(rig, "<Arn>arn:aws:sts::111122223333:assumed-role/caster/night</Arn>"));
        assert_true(region_rig_says(rig, ":night</UserId><Account>111122223333</Account>"));
        region_rig_reopen(rig);
        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        rig->now_seconds += 899;
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
        rig->now_seconds++;
        expect(rig, region_rig_ec2(rig, "Action=DescribeSnapshots"), 400, "RequestExpired");
        expect(rig, region_rig_sts(rig, "Action=GetCallerIdentity"), 403, "ExpiredToken");
        assert_int_equal(region_rig_send(rig, "ebs", "POST", "/snapshots", NULL, "{}", 2), 403);
        assert_string_equal(rig->reply.headers[1].value, "ExpiredTokenException");
}

static void session_needs_its_token(void **state)
{
        struct region_rig *rig = *state;
        struct keys keys;

        assert_int_equal(region_rig_sts(rig, "Action=GetSessionToken"), 200);
        take_keys(rig, &keys);
        assert_int_equal(region_rig_sts(rig, "Action=GetCallerIdentity"), 200);
        assert_true(region_rig_says(rig, "<Arn>arn:aws:iam::111122223333:user/ingot</Arn>"));
        expect(rig, region_rig_sts(rig, "Action=GetSessionToken"), 403, "AccessDenied");
        rig->client_token = NULL;
        expect(rig, region_rig_sts(rig, "Action=GetCallerIdentity"), 403, "InvalidClientTokenId");
        rig->client_token = "another";
        expect(rig, region_rig_ec2(rig, "Action=DescribeSnapshots"), 401, "AuthFailure");
}

static void web_identity_needs_no_signature(void **state)
{
        struct region_rig *rig = *state;
        struct keys keys;

        rig->is_unsigned = true;
        expect(rig, region_rig_sts(rig, WEB LATE), 400, "ExpiredTokenException");
        assert_int_equal(region_rig_sts(rig, WEB GOOD), 200);
        assert_true(
                region_rig_says(rig, "<SubjectFromWebIdentityToken>subject</SubjectFromWebIdentityToken>"));
        take_keys(rig, &keys);
        expect(rig, region_rig_sts(rig, ASSUME), 403, "MissingAuthenticationToken");
        expect(rig, region_rig_ec2(rig, "Action=AssumeRoleWithWebIdentity"), 400, "InvalidAction");
        rig->is_unsigned = false;
        assert_int_equal(region_rig_sts(rig, "Action=GetCallerIdentity"), 200);
}

static void role_of_another_account_owns_nothing_here(void **state)
{
        struct region_rig *rig = *state;
        struct keys keys;
        char id[RESOURCE_ID_CHARS + 1], other[RESOURCE_ID_CHARS + 1], form[256];

        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        assert_int_equal(
                region_rig_sts(rig, "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2F"
                                    "caster&RoleSessionName=night"),
                200);
        take_keys(rig, &keys);
        assert_int_equal(region_rig_sts(rig, "Action=GetCallerIdentity"), 200);
        assert_true(region_rig_says(rig, "<Account>444455556666</Account>"));
        (void)snprintf(form, sizeof(form), "Action=DescribeSnapshots&SnapshotId.1=%s", id);
        expect(rig, region_rig_ec2(rig, form), 400, "InvalidSnapshot.NotFound");
        region_rig_start(rig, "{\"VolumeSize\":1}", other);
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
        assert_true(region_rig_says(rig, "<ownerId>444455556666</ownerId>"));
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeRegions"), 200);
        assert_null(strstr(rig->reply.body.bytes, "us-east-1.4444"));
        rig->client_key_id = rig->client_secret = rig->client_token = NULL;
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
        assert_true(region_rig_says(rig, id));
        assert_null(strstr(rig->reply.body.bytes, other));
}

static void requests_outside_the_model_are_refused(void **state)
{
        static const char *const forms[] = {
                "Action=AssumeRole",
                "Action=AssumeRole&RoleSessionName=night",
                ASSUME "&DurationSeconds=899",
                ASSUME "&DurationSeconds=43201",
                ASSUME "&Colour=red",
                ASSUME "&TokenCode=12345x",
                ASSUME "&Tags.member.1.Key=a",
                "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Auser%2Fcaster&RoleSessionName="
                "night",
                "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2F&RoleSessionName=night",
                "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A1111%3Arole%2Fcaster&RoleSessionName=night",
                "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fcaster&RoleSessionName="
                "n",
                "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fcaster&RoleSessionName="
                "a%20b",
        };
        struct region_rig *rig = *state;
        struct keys keys;

        for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
                expect(rig, region_rig_sts(rig, forms[i]), 400, "ValidationError");
        assert_int_equal(region_rig_sts(rig, ASSUME), 200);
        take_keys(rig, &keys);
        expect(rig, region_rig_sts(rig, ASSUME "&DurationSeconds=3601"), 400, "ValidationError");
        assert_int_equal(region_rig_sts(rig, ASSUME "&DurationSeconds=3600"), 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(session_is_its_role_until_it_expires),   TEST(session_needs_its_token),
                TEST(web_identity_needs_no_signature),        TEST(role_of_another_account_owns_nothing_here),
                TEST(requests_outside_the_model_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
