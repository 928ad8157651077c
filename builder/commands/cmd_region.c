/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/json.h"
#include "base/own.h"
#include "base/plural.h"
#include "commands/commands.h"
#include "commands/listing.h"

static enum ingot_code print_document(const char *url, const char *credentials_file, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(65536);
        struct json_doc doc;
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "url", url);
        json_doc_put_text(&doc, doc.root, "credentials_file", credentials_file);
        r = json_doc_print(&doc, false, &text, err);
        json_doc_release(&doc);
        if (r == INGOT_OK)
                (void)fputs(text.bytes, stdout);
        return r;
}

static void print_text(const char *url, const char *credentials_file)
{
        (void)printf("Serving on %s; Ctrl-C stops.\n\n"
                     "For the AWS CLI and SDKs, in another shell:\n"
                     "  export AWS_SHARED_CREDENTIALS_FILE=",
                     url);
        shell_word_print(credentials_file, stdout);
        (void)printf("\n"
                     "  aws ec2 describe-images --owners self --region local-1 \\\n"
                     "      --endpoint-url %s\n"
                     "  aws ebs list-snapshot-blocks --snapshot-id SNAPSHOT --region local-1 \\\n"
                     "      --endpoint-url %s\n",
                     url, url);
}

static int run_serve(struct session *session)
{
        const char *listen = session->arguments.value[OPTION_LISTEN], *url, *credentials_file;
        const char *folder = session->region_folder.bytes;
        struct ingot_region *region = NULL;
        struct ingot_error err;
        char *report;
        enum ingot_code r;

        session_hold_stops(); /* the server's threads are not the ones to be interrupted */
        r = ingot_region_serve(folder, listen ? listen : "127.0.0.1:5810",
                               session->arguments.value[OPTION_CHAOS], &region, &err);
        if (r)
                return session_fail(session, "serve", folder, r, &err);
        url = ingot_region_url(region);
        credentials_file = ingot_region_credentials_file(region);
        if (session->json)
                r = print_document(url, credentials_file, &err);
        else if (!session->quiet)
                print_text(url, credentials_file);
        if (r == INGOT_OK && fflush(stdout))
                r = ingot_fail_errno(&err, "writing to standard output");
        if (r == INGOT_OK)
                session_wait_for_stop();
        report = ingot_region_stop_chaos(region);
        if (report && !session->quiet)
                (void)fprintf(stderr, "%s", report);
        free(report);
        ingot_region_stop(region);
        return r ? session_fail(session, "serve", folder, r, &err) : 0;
}

const struct command command_region_serve = {
        .name = "region serve",
        .operands = "",
        .summary = "serve the local region to the AWS CLI and SDKs",
        .about = "Serves the local region over HTTP until SIGINT or SIGTERM: the EBS direct APIs,\n"
                 "a part of EC2, and STS, as strict as AWS.  Requests are signed with the key pair\n"
                 "in the credentials file that is printed.  Port 0 takes any free one.\n"
                 "With --chaos it behaves as badly as AWS does on a bad day: throttling,\n"
                 "latency, errors, silence and lost replies, as the file says, the same way\n"
                 "each time for the same seed; what befell is told at the end.\n",
        .examples = "  ingot region serve\n"
                    "  ingot region serve --chaos bad-day.yaml\n"
                    "  ingot region serve --listen 127.0.0.1:0 --json\n",
        .options = OPTION_BIT(OPTION_LISTEN) | OPTION_BIT(OPTION_CHAOS) | OPTION_BIT(OPTION_REGION_DIR) |
                   OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .run = run_serve,
};

static enum ingot_code print_census(const struct ingot_region_census *census, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(65536);
        struct json_doc doc;
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_u64(&doc, doc.root, "amis", census->amis);
        json_doc_put_u64(&doc, doc.root, "snapshots_pending", census->snapshots_pending);
        json_doc_put_u64(&doc, doc.root, "snapshots_completed", census->snapshots_completed);
        json_doc_put_u64(&doc, doc.root, "snapshots_error", census->snapshots_error);
        json_doc_put_u64(&doc, doc.root, "blocks", census->blocks);
        r = json_doc_print(&doc, false, &text, err);
        json_doc_release(&doc);
        if (r == INGOT_OK)
                (void)fputs(text.bytes, stdout);
        return r;
}

static int run_check(struct session *session)
{
        const char *folder = session->region_folder.bytes;
        struct ingot_region_census census;
        struct ingot_error err;
        enum ingot_code r;

        r = ingot_region_check(folder, &census, &err);
        if (r == INGOT_OK && session->json)
                r = print_census(&census, &err);
        if (r)
                return session_fail(session, "vouch for", folder, r, &err);
        if (!session->json && !session->quiet)
                (void)printf("%s: catalogue and blocks agree\n"
                             "  %" PRIu64 " %s; snapshots: %" PRIu64 " completed, %" PRIu64
                             " pending, %" PRIu64 " in error; %" PRIu64 " %s read\n",
                             folder, census.amis, plural(census.amis, "AMI", "AMIs"),
                             census.snapshots_completed, census.snapshots_pending, census.snapshots_error,
                             census.blocks, plural(census.blocks, "block", "blocks"));
        return 0;
}

const struct command command_region_check = {
        .name = "region check",
        .operands = "",
        .summary = "compare the local region's catalogue with its blocks",
        .about = "Reads every block of the local region's store, compares it with its digest, and\n"
                 "the catalogue with the blocks.  The store may be served meanwhile.  Status 4\n"
                 "when something does not agree.\n",
        .examples = "  ingot region check\n",
        .options = OPTION_BIT(OPTION_REGION_DIR) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .run = run_check,
};
