/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/own.h"
#include "base/plural.h"
#include "commands/commands.h"
#include "commands/listing.h"
#include "commands/publish_plan_text.h"
#include "commands/snapshot_text.h"

/* What the AMI was given after its registration. */
static void attributes_print(const struct ingot_receipt *receipt)
{
        if (receipt->deprecation_time)
                (void)printf("  deprecated from %s on\n", receipt->deprecation_time);
        if (receipt->deregistration_protection)
                (void)printf("  protected against deregistration (%s)\n", receipt->deregistration_protection);
        if (receipt->is_public)
                (void)printf("  public\n");
        for (size_t i = 0; i < receipt->shared_count; i++)
                (void)printf("  shared with %s\n", receipt->shared_with[i]);
}

static void snapshots_print(const struct ingot_receipt *receipt)
{
        for (size_t i = 0; i < receipt->snapshot_count; i++) {
                (void)printf("  %-10s %s  %" PRIu64 " GiB\n", receipt->snapshots[i].device_name,
                             receipt->snapshots[i].snapshot_id, receipt->snapshots[i].volume_size_gib);
                snapshot_text_print(&receipt->snapshots[i]);
        }
}

static void receipt_print(struct session *session, const struct ingot_receipt *receipt, bool is_local)
{
        bool by_default = !session->arguments.given[OPTION_REGION_DIR];

        (void)printf("%s  %s  in region %s%s\n", receipt->ami_id, receipt->name, receipt->region,
                     receipt->already_published ? ": was there already, nothing was sent" : "");
        snapshots_print(receipt);
        attributes_print(receipt);
        (void)printf("\nNext:\n  ");
        shell_word_print(session->program, stdout);
        (void)printf(" show %s", receipt->ami_id);
        if (!by_default) {
                (void)printf(" --region-dir ");
                shell_word_print(session->region_folder.bytes, stdout);
        }
        if (strcmp(session_target(session).to, "local") != 0)
                (void)printf(" --to %s:%s", is_local ? "local" : "aws", receipt->region);
        (void)printf("\n");
        if (is_local)
                listing_print_aws(session->program, receipt->region, session->region_folder.bytes, by_default,
                                  receipt->ami_id, stdout);
}

/* Reads OPTION_VIA. */
static enum ingot_code way_read(const struct arguments *arguments, struct ingot_publish_request *request,
                                struct ingot_error *err)
{
        static const char *const ways[] = {
                [INGOT_VIA_EBS] = "ebs", [INGOT_VIA_S3] = "s3", [INGOT_VIA_AUTO] = "auto"
        };
        const char *way = arguments->value[OPTION_VIA];
        bool is_known = !way;

        for (unsigned i = 0; way && i < sizeof(ways) / sizeof(ways[0]); i++) {
                if (strcmp(way, ways[i]) == 0) {
                        request->via = (enum ingot_via)i;
                        is_known = true;
                }
        }
        if (!is_known)
                return ingot_fail(err, INGOT_E_USAGE, "'--via %s' is not ebs, s3 or auto", way);
        if (request->via == INGOT_VIA_S3 && !request->bucket)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "'--via s3' needs a bucket in the target's region: '--bucket NAME'");
        if (request->via == INGOT_VIA_S3 && (request->parent || request->resume))
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "'--via s3' sends a volume whole, and goes on by itself with a run that was "
                        "stopped: '%s' is for '--via ebs'",
                        request->parent ? "--parent" : "--resume");
        if (request->via == INGOT_VIA_S3 && arguments->given[OPTION_PLAN])
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "'--plan' reckons with blocks; '--via s3' sends none and cannot be planned");
        if (request->via == INGOT_VIA_EBS && (request->bucket || request->prefix || request->role_name))
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is for '--via s3' or '--via auto'",
                                  request->bucket   ? "--bucket"
                                  : request->prefix ? "--prefix"
                                                    : "--role-name");
        return INGOT_OK;
}

static enum ingot_code request_read(struct session *session, struct ingot_publish_request *ret_request,
                                    struct ingot_error *err)
{
        const struct arguments *arguments = &session->arguments;
        struct ingot_publish_request request = { .folder = arguments->operands[0],
                                                 .full = arguments->given[OPTION_FULL],
                                                 .parent = arguments->value[OPTION_PARENT],
                                                 .resume = arguments->given[OPTION_RESUME],
                                                 .encrypt = arguments->given[OPTION_ENCRYPT],
                                                 .kms_key_arn = arguments->value[OPTION_KMS_KEY],
                                                 .bucket = arguments->value[OPTION_BUCKET],
                                                 .prefix = arguments->value[OPTION_PREFIX],
                                                 .role_name = arguments->value[OPTION_ROLE_NAME] };
        unsigned number = 0;
        enum ingot_code r = arguments_number(arguments, OPTION_PUTS_PER_SECOND, 0, &number, err);

        request.puts_per_second = number;
        if (!r && arguments->given[OPTION_PUTS_PER_SECOND] && !number)
                r = ingot_fail(err, INGOT_E_USAGE, "'--puts-per-second 0' would send nothing");
        if (!r && request.full && request.parent)
                r = ingot_fail(err, INGOT_E_USAGE, "'--full' and '--parent' exclude each other");
        if (!r)
                r = way_read(arguments, &request, err);
        if (r)
                return r;
        r = arguments_verify(arguments, &request.verify_blocks, err);
        if (!r)
                *ret_request = request;
        return r;
}

/* ---- a release ---- */

static void region_print(const struct ingot_release_region *region)
{
        (void)printf("  %-16s %-12s %s\n", region->region,
                     region->receipt && region->receipt->already_published
                             ? "was there"
                             : ingot_region_state_name(region->state),
                     region->ami_id ? region->ami_id : "-");
        if (region->receipt && !region->receipt->already_published)
                snapshots_print(region->receipt);
}

static void release_print(const struct ingot_release *release)
{
        (void)printf("%s  %s in %zu %s\n", release->name, ingot_release_state_name(release->state),
                     release->region_count, plural(release->region_count, "region", "regions"));
        for (size_t i = 0; i < release->region_count; i++)
                region_print(&release->regions[i]);
        for (size_t i = 0; i < release->region_count; i++) {
                if (!release->regions[i].receipt)
                        continue;
                attributes_print(release->regions[i].receipt);
                break;
        }
}

/* Regions that the release did without, or that show how far it has come: not a result. */
static void regions_tell(const struct ingot_release *release, bool only_failed)
{
        for (size_t i = 0; i < release->region_count; i++) {
                const struct ingot_release_region *region = &release->regions[i];

                if (only_failed && region->state != INGOT_REGION_FAILED)
                        continue;
                (void)fprintf(stderr, "  %-16s %-12s %s%s%s\n", region->region,
                              ingot_region_state_name(region->state),
                              region->required ? "required" : "best effort",
                              region->error    ? "  "
                              : region->ami_id ? "  "
                                               : "",
                              region->error    ? region->error
                              : region->ami_id ? region->ami_id
                                               : "");
        }
}

/* "--output id": what scripts read; of a release with the region before each. */
static void ids_print(const struct ingot_release *release)
{
        for (size_t i = 0; i < release->region_count; i++) {
                const struct ingot_receipt *receipt = release->regions[i].receipt;

                if (receipt && release->has_file)
                        (void)printf("%s %s\n", receipt->region, receipt->ami_id);
                else if (receipt)
                        (void)printf("%s\n", receipt->ami_id);
        }
}

static enum ingot_code options_read(const struct session *session, struct ingot_release_options *ret_options,
                                    struct ingot_error *err)
{
        const struct arguments *arguments = &session->arguments;
        const char *on_failure = arguments->value[OPTION_ON_FAILURE];
        const char *output = arguments->value[OPTION_OUTPUT_WHAT];
        unsigned at_once = 0;
        enum ingot_code r = arguments_number(arguments, OPTION_REGIONS_AT_ONCE, 0, &at_once, err);

        if (!r && on_failure && strcmp(on_failure, "keep") != 0 && strcmp(on_failure, "rollback") != 0)
                r = ingot_fail(err, INGOT_E_USAGE, "'--on-failure %s' is neither keep nor rollback",
                               on_failure);
        if (!r && output && strcmp(output, "id") != 0)
                r = ingot_fail(err, INGOT_E_USAGE, "'--output %s' is not id", output);
        if (!r)
                *ret_options = (struct ingot_release_options){
                        .rollback = on_failure && strcmp(on_failure, "rollback") == 0, .at_once = at_once
                };
        return r;
}

static enum ingot_code result_print(struct session *session, const struct ingot_release *release,
                                    struct ingot_error *err)
{
        const struct ingot_receipt *first = release->regions[0].receipt;
        OWNED(heap_drop) char *json = NULL;
        enum ingot_code r = INGOT_OK;

        if (session->json) {
                r = release->has_file || !first ? ingot_release_json(release, &json, err)
                                                : ingot_receipt_json(first, &json, err);
                if (!r)
                        (void)session_print_json(session, json);
        } else if (session->arguments.given[OPTION_OUTPUT_WHAT] || session->quiet) {
                ids_print(release);
        } else if (release->has_file || !first) {
                release_print(release);
        } else {
                receipt_print(session, first, release->is_local);
        }
        if (!r && release->state == INGOT_RELEASE_RELEASED)
                regions_tell(release, true);
        return r;
}

static int publish(struct session *session, const struct ingot_publish_request *request,
                   const struct ingot_release_options *options, struct ingot_release *release)
{
        const char *packer = session->arguments.value[OPTION_PACKER_MANIFEST];
        struct ingot_target target = session_target(session);
        struct ingot_error err;
        enum ingot_code r;
        int status;

        if (!session->arguments.given[OPTION_TO])
                target.to = NULL; /* the release section's regions, or else local */
        r = ingot_release(request, options, &target, &session->observer, release, &err);
        if (r) {
                status = session_fail(session, "publish", request->folder, r, &err);
                if (release->has_file)
                        regions_tell(release, false);
                return status;
        }
        progress_end(&session->progress, true);
        r = result_print(session, release, &err);
        if (r)
                return session_fail(session, "print the receipt of", request->folder, r, &err);
        r = packer ? ingot_release_packer_manifest(release, packer, &err) : INGOT_OK;
        return r ? session_fail(session, "write the packer manifest of", request->folder, r, &err) : 0;
}

static int plan(struct session *session, const struct ingot_publish_request *request)
{
        struct ingot_target target = session_target(session);
        struct ingot_publish_plan *made = NULL;
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;
        enum ingot_code r;

        if (!session->arguments.given[OPTION_TO])
                target.to = NULL;
        r = ingot_publish_plan(request, &target, &session->observer, &made, &err);
        if (r)
                return session_fail(session, "plan", request->folder, r, &err);
        progress_end(&session->progress, true);
        if (session->json) {
                r = ingot_publish_plan_json(made, &json, &err);
                if (!r)
                        (void)session_print_json(session, json);
        } else {
                publish_plan_print(made);
        }
        ingot_publish_plan_free(made);
        return r ? session_fail(session, "print the plan of", request->folder, r, &err) : 0;
}

static int run(struct session *session)
{
        struct ingot_publish_request request;
        struct ingot_release_options options;
        struct ingot_release release = { 0 };
        struct ingot_error err;
        enum ingot_code r = request_read(session, &request, &err);
        int status;

        if (!r)
                r = options_read(session, &options, &err);
        if (r)
                return session_fail(session, "publish", session->arguments.operands[0], r, &err);
        if (session->arguments.given[OPTION_PLAN])
                return plan(session, &request);
        status = publish(session, &request, &options, &release);
        ingot_release_clear(&release);
        return status;
}

const struct command command_publish = {
        .name = "publish",
        .operands = "DIR",
        .summary = "upload a build as snapshots and register its AMI",
        .about = "Uploads every volume of a build's folder as a snapshot, waits until they are\n"
                 "complete, registers the AMI with the mapping the build was made for, and writes\n"
                 "the receipt to DIR/receipt-REGION.json.  What is published already is left as it\n"
                 "is, and that is success.\n"
                 "\n"
                 "Only what differs from DIR's last publication into that region is sent, or from\n"
                 "--parent: a snapshot, or the folder of an earlier build.\n"
                 "\n"
                 "A run that was stopped, by whatever, is gone on with by the same command: the\n"
                 "journals in DIR say what the region has acknowledged.  See also: ingot gc.\n"
                 "\n"
                 "Several regions are one release: with --to aws:REGION,REGION..., or without --to\n"
                 "by the release section of the build's template.  Nothing is shared and no AMI\n"
                 "gets its tags before every required region has its own; DIR/release.json tells\n"
                 "what is where.  See docs/release.md.\n"
                 "\n"
                 "With --plan nothing is changed: what would be sent, made and shared is told, and\n"
                 "how long and dear that is.  See also: ingot doctor.\n"
                 "\n"
                 "With --via s3 a volume is compressed, sent to a bucket in parts and imported\n"
                 "from there; with --via auto it takes the quicker way.  See docs/via-s3.md.\n"
                 "\n"
                 "With --output id only AMIs are printed; with --json, the receipt.\n",
        .examples = "  ingot publish out/web --to local\n"
                    "  ingot publish out/web --to local:eu-central-1 --json\n"
                    "  ingot publish out/web --to aws:eu-central-1 --profile release\n"
                    "  ingot publish out/web --to aws:us-east-1,eu-west-1 --on-failure rollback\n",
        .options = OPTION_BITS_TARGET | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET) |
                   OPTION_BIT(OPTION_FULL) | OPTION_BIT(OPTION_PARENT) | OPTION_BIT(OPTION_RESUME) |
                   OPTION_BIT(OPTION_VERIFY) | OPTION_BIT(OPTION_PUTS_PER_SECOND) | OPTION_BIT(OPTION_VIA) |
                   OPTION_BIT(OPTION_BUCKET) | OPTION_BIT(OPTION_PREFIX) | OPTION_BIT(OPTION_ROLE_NAME) |
                   OPTION_BIT(OPTION_ENCRYPT) | OPTION_BIT(OPTION_KMS_KEY) | OPTION_BIT(OPTION_ON_FAILURE) |
                   OPTION_BIT(OPTION_PLAN) | OPTION_BIT(OPTION_REGIONS_AT_ONCE) |
                   OPTION_BIT(OPTION_OUTPUT_WHAT) | OPTION_BIT(OPTION_PACKER_MANIFEST),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
