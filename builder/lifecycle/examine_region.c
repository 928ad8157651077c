/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "lifecycle/ami_publish.h"
#include "lifecycle/examination.h"
#include "lifecycle/volume_publish.h"
#include "publish/account_check.h"
#include "publish/account_state.h"
#include "publish/image_attribute.h"
#include "publish/service_endpoint.h"
#include "publish/snapshot_attribute.h"

enum { PENDING_SNAPSHOTS_MAX = 100, NEEDED_PUTS_PER_SECOND = 1000, ARN_CHARS = 2048 };

static const struct manifest_release *release_of(const struct examination *examination)
{
        static const struct manifest_release none;

        return examination->manifest ? &examination->manifest->release : &none;
}

static const char *key_of(const struct examination *examination)
{
        return examination->place->kms_key ? examination->place->kms_key : examination->request->kms_key_arn;
}

/* Where a service is that no client of the session calls. */
static enum ingot_code find_endpoint(const struct examination *examination, enum aws_service service,
                                     const char *region, struct endpoint *ret_endpoint,
                                     struct ingot_error *err)
{
        const struct region_session *session = &examination->session;

        if (session->server)
                return endpoint_of_socket(region_unix_socket(session->server), region,
                                          service == AWS_SERVICE_QUOTAS ? "servicequotas"
                                                                        : service_name(service),
                                          ret_endpoint, err);
        return service_endpoint(&session->aws.config, service, region, ret_endpoint, err);
}

/* ---- identity ---- */

/* The ARN that IAM knows: of an assumed role's session, the role. */
static bool print_principal(const char *arn, char out[ARN_CHARS + 1])
{
        const char *role = strstr(arn, ":assumed-role/"), *account, *end;
        size_t partition_chars;

        if (!role)
                return strstr(arn, ":user/") && snprintf(out, ARN_CHARS + 1, "%s", arn) <= ARN_CHARS;
        account = strstr(arn, ":sts::");
        if (!account)
                return false;
        partition_chars = (size_t)(account - arn);
        account += strlen(":sts::");
        role += strlen(":assumed-role/");
        end = strchr(role, '/');
        return end && snprintf(out, ARN_CHARS + 1, "%.*s:iam::%.*s:role/%.*s", (int)partition_chars, arn,
                               (int)(strcspn(account, ":")), account, (int)(end - role), role) <= ARN_CHARS;
}

/* False: nothing else can be asked. */
static bool examine_identity(struct examination *examination, char principal[ARN_CHARS + 1])
{
        OWNED(ec2_caller_identity_release) struct ec2_caller_identity identity = { 0 };
        struct ingot_error why;

        *principal = '\0';
        if (sts_get_caller_identity(&examination->session.ec2, &identity, &why)) {
                examination_note(examination, "identity", INGOT_VERDICT_PROBLEM, "%s",
                                 ingot_error_frame(&why, 0));
                return false;
        }
        examination_note(examination, "identity", INGOT_VERDICT_OK, "%s", identity.arn ? identity.arn : "");
        if (identity.arn && !print_principal(identity.arn, principal))
                *principal = '\0';
        return true;
}

/* ---- permissions ---- */

static const char no_image[] = "ami-00000000000000000", no_snapshot[] = "snap-00000000000000000";

static enum ingot_code try_register(const struct ec2_client *ec2, struct ingot_error *err)
{
        static char device[] = "/dev/xvda", snapshot[] = "snap-00000000000000000";
        const struct mapping_entry root = { .kind = MAPPING_EBS,
                                            .device_name = device,
                                            .snapshot_id = snapshot };
        const struct ec2_register_request asked = { .name = "ingot doctor",
                                                    .architecture = "x86_64",
                                                    .virtualization_type = "hvm",
                                                    .root_device_name = device,
                                                    .ena_support = TRI_YES,
                                                    .block_devices = &root,
                                                    .block_device_count = 1 };
        char id[EC2_ID_CHARS + 1];

        return ec2_register_image(ec2, &asked, id, NULL, err);
}

static enum ingot_code try_tags(const struct ec2_client *ec2, struct ingot_error *err)
{
        static const char *const ids[] = { no_image };
        const struct wire_tag tag = { .key = "ingot:doctor", .value = "dry run" };

        return ec2_create_tags(ec2, ids, 1, &tag, 1, err);
}

static enum ingot_code try_share(const struct ec2_client *ec2, struct ingot_error *err)
{
        const struct ec2_permission one = { .user_id = "123456789012" };

        return image_share(ec2, no_image, &one, 1, NULL, 0, err);
}

static enum ingot_code try_share_snapshot(const struct ec2_client *ec2, struct ingot_error *err)
{
        const struct ec2_permission one = { .user_id = "123456789012" };

        return snapshot_share(ec2, no_snapshot, &one, 1, err);
}

static enum ingot_code try_deprecate(const struct ec2_client *ec2, struct ingot_error *err)
{
        return image_deprecate(ec2, no_image, clock_wall_seconds(&clock_of_system) + 86400, err);
}

static enum ingot_code try_protect(const struct ec2_client *ec2, struct ingot_error *err)
{
        return image_protect(ec2, no_image, false, err);
}

static enum ingot_code try_delete(const struct ec2_client *ec2, struct ingot_error *err)
{
        return ec2_delete_snapshot(ec2, no_snapshot, err);
}

static enum ingot_code try_deregister(const struct ec2_client *ec2, struct ingot_error *err)
{
        return ec2_deregister_image(ec2, no_image, err);
}

/* EC2 looks at permissions before it looks whether a thing is there: that it is not means that they suffice. */
static void judge_dry_run(struct examination *examination, const char *action, enum ingot_code r,
                          const struct ingot_error *why)
{
        if (!r || r == INGOT_E_NOT_FOUND || r == INGOT_E_CONFLICT)
                examination_note(examination, "permissions", INGOT_VERDICT_OK, "%s", action);
        else if (r == INGOT_E_DENIED)
                examination_note(examination, "permissions", INGOT_VERDICT_PROBLEM, "%s is not allowed: %s",
                                 action, ingot_error_frame(why, 0));
        else
                examination_note(examination, "permissions", INGOT_VERDICT_UNCHECKED, "%s: %s", action,
                                 ingot_error_frame(why, 0));
}

static void examine_dry_runs(struct examination *examination)
{
        const struct manifest_release *release = release_of(examination);
        const struct manifest_ami *ami = examination->manifest ? &examination->manifest->ami : NULL;
        const struct {
                const char *action;
                enum ingot_code (*dry_run)(const struct ec2_client *ec2, struct ingot_error *err);
                bool is_needed;
        } calls[] = {
                { "ec2:RegisterImage", try_register, true },
                { "ec2:CreateTags", try_tags, true },
                { "ec2:ModifyImageAttribute", try_share, manifest_release_shares(release) },
                { "ec2:ModifySnapshotAttribute", try_share_snapshot, release->shares_snapshots },
                { "ec2:EnableImageDeprecation", try_deprecate,
                  ami && (ami->deprecate_after_days || ami->deprecate_at_seconds) },
                { "ec2:EnableImageDeregistrationProtection", try_protect,
                  ami && ami->protection != PROTECTION_OFF },
                { "ec2:DeregisterImage", try_deregister, release->region_count > 1 },
                { "ec2:DeleteSnapshot", try_delete, true },
        };
        struct ec2_client dry = examination->session.ec2;

        dry.is_dry_run = true;
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
                struct ingot_error why;

                if (calls[i].is_needed)
                        judge_dry_run(examination, calls[i].action, calls[i].dry_run(&dry, &why), &why);
        }
}

/* The EBS direct APIs have no DryRun: IAM is asked. */
static void examine_simulation(struct examination *examination, const char *principal)
{
        static const char *const actions[] = { "ebs:StartSnapshot",    "ebs:PutSnapshotBlock",
                                               "ebs:CompleteSnapshot", "ebs:ListSnapshotBlocks",
                                               "ebs:GetSnapshotBlock", "ec2:DescribeImages",
                                               "ec2:DescribeSnapshots" };
        OWNED(iam_evaluation_list_release) struct iam_evaluation_list list = { 0 };
        const char *region = service_iam_region(examination->region);
        struct endpoint iam;
        struct ingot_error why;
        enum ingot_code r = !*principal ? ingot_fail(&why, INGOT_E_USAGE,
                                                     "IAM knows no policies of this kind of identity")
                            : !region   ? ingot_fail(&why, INGOT_E_USAGE, "IAM's address is not known here")
                                        : find_endpoint(examination, AWS_IAM, region, &iam, &why);

        if (!r)
                r = account_simulate(examination->session.link, &iam, principal, actions,
                                     sizeof(actions) / sizeof(actions[0]), NULL, 0, &list, &why);
        if (r) {
                examination_note(examination, "permissions", INGOT_VERDICT_UNCHECKED,
                                 "ebs:StartSnapshot, PutSnapshotBlock, CompleteSnapshot: %s",
                                 ingot_error_frame(&why, 0));
                return;
        }
        for (size_t i = 0; i < list.count; i++) {
                bool is_allowed = strcmp(list.items[i].decision, "allowed") == 0;

                examination_note(
                        examination, "permissions", is_allowed ? INGOT_VERDICT_OK : INGOT_VERDICT_PROBLEM,
                        "%s%s%s", list.items[i].action,
                        is_allowed ? "" : " is not allowed: ", is_allowed ? "" : list.items[i].decision);
        }
}

/* ---- encryption ---- */

static void examine_default(struct examination *examination)
{
        const struct manifest_release *release = release_of(examination);
        bool by_default = false, is_asked = key_of(examination) || examination->request->encrypt;
        char key[ACCOUNT_KEY_CHARS + 1] = "";
        struct ingot_error why;

        if (account_encrypts_by_default(&examination->session.ec2, &by_default, &why)) {
                examination_note_unchecked(examination, "encryption by default", &why);
                return;
        }
        if (!by_default) {
                examination_note(examination, "encryption by default", INGOT_VERDICT_OK, "off%s",
                                 is_asked ? ", and asked for" : "");
                return;
        }
        if (account_default_key(&examination->session.ec2, key, NULL))
                (void)snprintf(key, sizeof(key), "a key that could not be asked for");
        if (release->is_public)
                examination_note(examination, "encryption by default", INGOT_VERDICT_PROBLEM,
                                 "on, with %s: an AMI with encrypted volumes cannot be public", key);
        else if (!key_of(examination) && release->account_count + release->organization_count &&
                 strstr(key, "alias/aws/ebs"))
                examination_note(
                        examination, "encryption by default", INGOT_VERDICT_PROBLEM,
                        "on, with %s: what that key encrypts cannot be shared; name a key of your own", key);
        else
                examination_note(examination, "encryption by default", INGOT_VERDICT_WARNING,
                                 "on, with %s: zeros are sent too",
                                 key_of(examination) ? key_of(examination) : key);
}

static void examine_key(struct examination *examination)
{
        const struct manifest_release *release = release_of(examination);
        const char *id = key_of(examination);
        struct kms_key key;
        struct endpoint kms;
        struct ingot_error why;
        enum ingot_code r;

        if (!id)
                return;
        r = find_endpoint(examination, AWS_KMS, examination->region, &kms, &why);
        if (!r)
                r = account_describe_key(examination->session.link, &kms, id, &key, &why);
        if (r == INGOT_E_NOT_FOUND)
                examination_note(examination, "key", INGOT_VERDICT_PROBLEM, "%s: %s", id,
                                 ingot_error_frame(&why, 0));
        else if (r)
                examination_note_unchecked(examination, "key", &why);
        else if (!key.is_enabled)
                examination_note(examination, "key", INGOT_VERDICT_PROBLEM, "%s is %s", id, key.state);
        else if (strcmp(key.usage, "ENCRYPT_DECRYPT") != 0 || strcmp(key.spec, "SYMMETRIC_DEFAULT") != 0)
                examination_note(examination, "key", INGOT_VERDICT_PROBLEM,
                                 "%s is for %s with %s; EBS takes symmetric keys", id, key.usage, key.spec);
        else if (strcmp(key.manager, "AWS") == 0 && release->account_count + release->organization_count)
                examination_note(examination, "key", INGOT_VERDICT_PROBLEM,
                                 "%s is AWS's own: what it encrypts cannot be shared", id);
        else if (release->account_count + release->organization_count)
                examination_note(
                        examination, "key", INGOT_VERDICT_WARNING,
                        "%s can be used; that its policy lets those use it with whom the AMI is shared is "
                        "not looked at",
                        id);
        else
                examination_note(examination, "key", INGOT_VERDICT_OK, "%s can be used", id);
}

/* ---- sharing ---- */

static void examine_public_access(struct examination *examination)
{
        struct public_access access;
        struct ingot_error why;

        if (!release_of(examination)->is_public)
                return;
        if (account_image_public_access(&examination->session.ec2, &access, &why))
                examination_note_unchecked(examination, "block public access", &why);
        else if (!public_access_is_open(&access))
                examination_note(examination, "block public access", INGOT_VERDICT_PROBLEM,
                                 "%s for AMIs%s%s, and this one is to be public", access.state,
                                 *access.managed_by ? ", by " : "", access.managed_by);
        else
                examination_note(examination, "block public access", INGOT_VERDICT_OK, "%s", access.state);
}

/* ---- quotas ---- */

static bool find_quota(struct examination *examination, const char *service, const char *code,
                       struct quota *ret_quota)
{
        struct endpoint quotas;
        struct ingot_error why;
        enum ingot_code r =
                find_endpoint(examination, AWS_SERVICE_QUOTAS, examination->region, &quotas, &why);

        if (!r)
                r = account_quota(examination->session.link, &quotas, service, code, ret_quota, &why);
        if (r)
                examination_note_unchecked(examination, "quotas", &why);
        return r == INGOT_OK;
}

static void examine_puts(struct examination *examination)
{
        struct quota quota;

        if (!find_quota(examination, QUOTA_PUTS_PER_ACCOUNT, &quota))
                return;
        examination_note(examination, "quotas",
                         quota.value < NEEDED_PUTS_PER_SECOND ? INGOT_VERDICT_WARNING : INGOT_VERDICT_OK,
                         "%" PRIu64 " blocks a second for the account%s", quota.value,
                         quota.value < NEEDED_PUTS_PER_SECOND ? "; say so with --puts-per-second" : "");
}

static void examine_public_images(struct examination *examination)
{
        static const char *const self[] = { "self" };
        const char *yes = "true";
        const struct ec2_filter filter = { .name = "is-public", .values = &yes, .value_count = 1 };
        const struct ec2_describe_request asked = {
                .owners = self, .owner_count = 1, .filters = &filter, .filter_count = 1
        };
        OWNED(ec2_image_list_release) struct ec2_image_list images = { 0 };
        struct ingot_error why;
        struct quota quota;

        if (!release_of(examination)->is_public || !find_quota(examination, QUOTA_PUBLIC_IMAGES, &quota))
                return;
        if (ec2_describe_images(&examination->session.ec2, &asked, &images, &why))
                examination_note_unchecked(examination, "quotas", &why);
        else
                examination_note(examination, "quotas",
                                 images.count >= quota.value ? INGOT_VERDICT_PROBLEM : INGOT_VERDICT_OK,
                                 "%zu of %" PRIu64 " public AMIs are there", images.count, quota.value);
}

static void examine_pending(struct examination *examination)
{
        static const char *const self[] = { "self" };
        const char *pending = "pending";
        const struct ec2_filter filter = { .name = "status", .values = &pending, .value_count = 1 };
        const struct ec2_describe_request asked = {
                .owners = self, .owner_count = 1, .filters = &filter, .filter_count = 1
        };
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list list = { 0 };
        struct ingot_error why;

        if (ec2_describe_snapshots(&examination->session.ec2, &asked, &list, &why))
                examination_note_unchecked(examination, "quotas", &why);
        else
                examination_note(
                        examination, "quotas",
                        list.count >= PENDING_SNAPSHOTS_MAX ? INGOT_VERDICT_WARNING : INGOT_VERDICT_OK,
                        "%zu of %d snapshots are pending%s", list.count, PENDING_SNAPSHOTS_MAX,
                        list.count >= PENDING_SNAPSHOTS_MAX ? ": an upload waits for others to end" : "");
}

/* ---- the name ---- */

static void examine_name(struct examination *examination)
{
        struct ingot_receipt found = { 0 };
        char digest[DIGEST_HEX_CHARS + 1];
        bool is_there = false, is_provisional = false;
        struct ingot_error why;
        enum ingot_code r;

        if (!examination->manifest)
                return;
        r = ami_content_digest(examination->manifest, digest, &why);
        if (!r)
                r = ami_find_published(&examination->session, examination->manifest, digest, &found,
                                       &is_there, &is_provisional, &why);
        if (r == INGOT_E_CONFLICT)
                examination_note(examination, "name", INGOT_VERDICT_PROBLEM, "%s",
                                 ingot_error_frame(&why, 0));
        else if (r)
                examination_note_unchecked(examination, "name", &why);
        else if (is_there)
                examination_note(examination, "name", INGOT_VERDICT_OK, "%s is this build%s", found.ami_id,
                                 is_provisional ? ", of a release that is not finished"
                                                : ", already published");
        else
                examination_note(examination, "name", INGOT_VERDICT_OK, "'%s' is free",
                                 examination->manifest->name);
        for (size_t i = 0; i < found.snapshot_count; i++)
                volume_receipt_release(&found.snapshots[i]);
        free(found.snapshots);
        free(found.ami_id);
}

void examine_region(struct examination *examination)
{
        char principal[ARN_CHARS + 1];

        if (!examine_identity(examination, principal))
                return;
        examine_dry_runs(examination);
        examine_simulation(examination, principal);
        examine_default(examination);
        examine_key(examination);
        examine_public_access(examination);
        examine_puts(examination);
        examine_public_images(examination);
        examine_pending(examination);
        examine_name(examination);
}
