/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/byte_size.h"
#include "base/own.h"
#include "base/plural.h"
#include "commands/commands.h"

enum { BLOCK_KIB = 512 };

static void receipt_print(const struct ingot_download_receipt *receipt)
{
        for (size_t i = 0; i < receipt->volume_count; i++) {
                const struct ingot_downloaded *one = &receipt->volumes[i];
                uint64_t got = one->blocks - one->blocks_kept;
                char size[BYTE_SIZE_TEXT_CHARS + 1];

                byte_size_print(got * BLOCK_KIB * 1024, size);
                (void)printf("%s\n  %s%s%s  %" PRIu64 " GiB  from region %s\n", one->path,
                             one->device_name ? one->device_name : "", one->device_name ? "  " : "",
                             one->snapshot_id, one->volume_size_gib, receipt->region);
                (void)printf("  downloaded %" PRIu64 " %s, %s, in %" PRIu64 ".%" PRIu64 " s", got,
                             plural(got, "block", "blocks"), size, one->elapsed_ms / 1000,
                             one->elapsed_ms % 1000 / 100);
                if (one->elapsed_ms)
                        (void)printf(" (%" PRIu64 " blocks/s)", got * 1000 / one->elapsed_ms);
                if (one->retries)
                        (void)printf(", %" PRIu64 " %s", one->retries,
                                     plural(one->retries, "retry", "retries"));
                (void)printf("\n");
                if (one->blocks_kept)
                        (void)printf("  went on from %" PRIu64 " %s there\n", one->blocks_kept,
                                     plural(one->blocks_kept, "block that was", "blocks that were"));
        }
}

static int print_result(struct session *session, const struct ingot_download_receipt *receipt)
{
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;
        enum ingot_code r;

        progress_end(&session->progress, true);
        if (session->json) {
                r = ingot_download_receipt_json(receipt, &json, &err);
                if (r)
                        return session_fail(session, "print what was downloaded", NULL, r, &err);
                return session_print_json(session, json);
        }
        if (!session->quiet)
                receipt_print(receipt);
        return 0;
}

static int run(struct session *session)
{
        const struct arguments *arguments = &session->arguments;
        const struct ingot_target target = session_target(session);
        struct ingot_download_request request = { .id = arguments->operands[0],
                                                  .device_name = arguments->value[OPTION_DEVICE],
                                                  .output = arguments->value[OPTION_OUTPUT_FILE] };
        struct ingot_download_receipt *receipt = NULL;
        struct ingot_error err;
        char compressor[16];
        enum ingot_code r;
        int status;

        r = arguments_format(arguments, &request.format, &err);
        if (r == INGOT_OK)
                r = arguments_number(arguments, OPTION_THREADS, 0, &request.threads, &err);
        if (r == INGOT_OK)
                r = arguments_compressor(arguments, compressor, sizeof(compressor), &request.compressor,
                                         &request.compression_level, &err);
        if (r == INGOT_OK)
                r = ingot_download(&request, &target, &session->observer, &receipt, &err);
        if (r)
                return session_fail(session, "download", request.id, r, &err);
        status = print_result(session, receipt);
        ingot_download_receipt_free(receipt);
        return status;
}

const struct command command_download = {
        .name = "download",
        .operands = "SNAPSHOT|AMI",
        .summary = "download a snapshot, or an AMI's volumes, as image files",
        .about = "Downloads a snapshot as a sparse raw image, or as a stream-optimized VMDK; of an\n"
                 "AMI, its root volume, the one that --device names, or, into a folder, all.\n"
                 "Every block is compared with its checksum.\n"
                 "\n"
                 "FILE appears whole or not at all.  What an interrupted download has got stays\n"
                 "in FILE.part, with FILE.part.journal beside it; the same command goes on from\n"
                 "there.\n",
        .examples = "  ingot download snap-0123456789abcdef0 -o disk.raw\n"
                    "  ingot download ami-0123456789abcdef0 --from aws:eu-central-1 -o images/\n",
        .options = (OPTION_BITS_TARGET & ~OPTION_BIT(OPTION_TO)) | OPTION_BIT(OPTION_FROM) |
                   OPTION_BIT(OPTION_DEVICE) | OPTION_BIT(OPTION_OUTPUT_FILE) | OPTION_BIT(OPTION_FORMAT) |
                   OPTION_BIT(OPTION_COMPRESSOR) | OPTION_BIT(OPTION_THREADS) | OPTION_BIT(OPTION_JSON) |
                   OPTION_BIT(OPTION_QUIET),
        .required = OPTION_BIT(OPTION_OUTPUT_FILE),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
