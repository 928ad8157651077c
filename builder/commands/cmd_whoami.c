/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "commands/commands.h"

static void print_known(const struct ingot_whoami *whoami, FILE *out)
{
        (void)fprintf(out, "region       %s", whoami->region);
        if (whoami->partition)
                (void)fprintf(out, " (partition %s)", whoami->partition);
        (void)fprintf(out, "\n");
        if (whoami->access_key_id) {
                (void)fprintf(out, "credentials  %s\n", whoami->access_key_id);
                (void)fprintf(out, "  from       %s\n", whoami->origin);
                (void)fprintf(out, "  source     %s\n", whoami->source);
                (void)fprintf(out, "  expire     %s\n", whoami->expires ? whoami->expires : "never");
        }
        if (whoami->account) {
                (void)fprintf(out, "account      %s\n", whoami->account);
                (void)fprintf(out, "arn          %s\n", whoami->arn ? whoami->arn : "-");
        }
        for (size_t i = 0; i < INGOT_WHOAMI_SERVICES; i++) {
                if (whoami->endpoints[i].url)
                        (void)fprintf(out, "%-12s %s\n", whoami->endpoints[i].service,
                                      whoami->endpoints[i].url);
        }
}

static void print_missing(const struct ingot_whoami *whoami)
{
        for (size_t i = 0; i < whoami->source_count; i++) {
                if (whoami->sources[i].missing)
                        (void)fprintf(stderr, "  %-30s %s\n", whoami->sources[i].name,
                                      whoami->sources[i].missing);
        }
}

static int tell(struct session *session, const struct ingot_target *target, const struct ingot_whoami *whoami)
{
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;
        int status = 0;

        if (session->json) {
                enum ingot_code r = ingot_whoami_json(whoami, &json, &err);

                if (r)
                        return session_fail(session, "tell who we are in", target->to, r, &err);
                (void)session_print_json(session, json);
        }
        if (whoami->credentials_code) {
                status = session_fail(session, "tell who we are in", target->to, whoami->credentials_code,
                                      &whoami->credentials_error);
                print_missing(whoami);
        } else if (whoami->identity_code) {
                status = session_fail(session, "tell who we are in", target->to, whoami->identity_code,
                                      &whoami->identity_error);
                print_known(whoami, stderr);
        } else if (!session->json && session->quiet) {
                (void)printf("%s\n", whoami->arn ? whoami->arn : whoami->account);
        } else if (!session->json) {
                print_known(whoami, stdout);
        }
        return status;
}

static int run(struct session *session)
{
        const struct ingot_target target = session_target(session);
        struct ingot_whoami *whoami = NULL;
        struct ingot_error err;
        enum ingot_code r = ingot_whoami(&target, &session->observer, &whoami, &err);
        int status;

        if (r)
                return session_fail(session, "tell who we are in", target.to, r, &err);
        status = tell(session, &target, whoami);
        ingot_whoami_free(whoami);
        return status;
}

const struct command command_whoami = {
        .name = "whoami",
        .operands = "",
        .summary = "tell with which credentials a region is called",
        .about = "Tells with which credentials a region is called, where they come from, for\n"
                 "which account and ARN, until when, and at which endpoints.  Where there are\n"
                 "none, tells what each place that was asked is missing; status 5.  With --json\n"
                 "the document is printed in either case.  No secret is ever printed.\n",
        .examples = "  ingot whoami --to aws:eu-central-1\n"
                    "  ingot whoami --to aws: --profile release --json\n",
        .options = OPTION_BITS_TARGET | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .run = run,
};
