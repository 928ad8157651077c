/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/byte_size.h"
#include "base/own.h"
#include "commands/commands.h"

extern char **environ;

static void receipt_print(const struct ingot_upload_receipt *receipt)
{
        const struct ingot_snapshot_receipt *snapshot = &receipt->snapshot;
        char disk[BYTE_SIZE_TEXT_CHARS + 1], sent[BYTE_SIZE_TEXT_CHARS + 1];
        uint64_t skipped = snapshot->zero_blocks_left_out + snapshot->absent_blocks_left_out;

        byte_size_print(receipt->disk_bytes, disk);
        byte_size_print(snapshot->bytes_sent, sent);
        (void)printf("%s  %" PRIu64 " GiB  in region %s\n", snapshot->snapshot_id, snapshot->volume_size_gib,
                     receipt->region);
        (void)printf("  read     %s, %s, %" PRIu64 " blocks of data\n", receipt->format, disk,
                     receipt->data_blocks);
        if (snapshot->reused) {
                (void)printf("  was there already, with the same bytes: nothing was uploaded\n");
                return;
        }
        (void)printf("  uploaded %" PRIu64 " blocks, %s, in %" PRIu64 ".%" PRIu64 " s", snapshot->blocks_sent,
                     sent, snapshot->elapsed_ms / 1000, snapshot->elapsed_ms % 1000 / 100);
        if (snapshot->elapsed_ms)
                (void)printf(" (%" PRIu64 " blocks/s)", snapshot->blocks_sent * 1000 / snapshot->elapsed_ms);
        if (snapshot->retries)
                (void)printf(", %" PRIu64 " retries", snapshot->retries);
        (void)printf("\n  skipped  %" PRIu64 " blocks: %" PRIu64 " never written, %" PRIu64 " zero\n",
                     skipped, snapshot->absent_blocks_left_out, snapshot->zero_blocks_left_out);
}

static int print_result(struct session *session, const struct ingot_upload_receipt *receipt)
{
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;
        enum ingot_code r;

        progress_end(&session->progress, true);
        if (session->json) {
                r = ingot_upload_receipt_json(receipt, &json, &err);
                if (r)
                        return session_fail(session, "print the receipt of", receipt->snapshot.snapshot_id, r,
                                            &err);
                return session_print_json(session, json);
        }
        if (session->quiet)
                (void)printf("%s\n", receipt->snapshot.snapshot_id);
        else
                receipt_print(receipt);
        return 0;
}

static int run(struct session *session)
{
        const struct arguments *arguments = &session->arguments;
        const struct ingot_target target = session_target(session);
        struct ingot_upload_tag tags[SETTINGS_MAX];
        struct ingot_upload_request request = { .image = arguments->operands[0],
                                                .input_fd = STDIN_FILENO,
                                                .temp_folder = session_temp_folder(session),
                                                .environment = (const char *const *)environ,
                                                .description = arguments->value[OPTION_DESCRIPTION],
                                                .tags = tags,
                                                .tag_count = arguments->setting_count };
        struct ingot_upload_receipt *receipt = NULL;
        struct ingot_error err;
        unsigned volume_size_gib = 0;
        enum ingot_code r;
        int status;

        for (size_t i = 0; i < arguments->setting_count; i++)
                tags[i] = (struct ingot_upload_tag){ .key = arguments->settings[i].key,
                                                     .value = arguments->settings[i].value };
        r = arguments_number(arguments, OPTION_THREADS, 0, &request.threads, &err);
        if (r == INGOT_OK)
                r = arguments_number(arguments, OPTION_VOLUME_SIZE, 0, &volume_size_gib, &err);
        if (r == INGOT_OK && arguments->given[OPTION_VOLUME_SIZE] &&
            (volume_size_gib < 1 || volume_size_gib > 65536))
                r = ingot_fail(&err, INGOT_E_USAGE, "a volume of %u GiB; 1 to 65536 are possible",
                               volume_size_gib);
        request.volume_size_gib = volume_size_gib;
        if (r == INGOT_OK)
                r = ingot_upload(&request, &target, &session->observer, &receipt, &err);
        if (r)
                return session_fail(session, "upload", request.image, r, &err);
        status = print_result(session, receipt);
        ingot_upload_receipt_free(receipt);
        return status;
}

const struct command command_upload = {
        .name = "upload",
        .operands = "IMAGE",
        .summary = "upload any disk image as a snapshot",
        .about = "Uploads a disk image as one snapshot and waits until it is complete.  IMAGE is\n"
                 "raw, qcow2, VMDK (of one file or several), VHD, VHDX or VDI, any of them also\n"
                 "compressed by gzip, xz, zstd, bzip2 or lz4; a block device; or - for standard\n"
                 "input.  What it is is told by its content, never by its name.\n"
                 "\n"
                 "What is compressed, and standard input, is kept in a sparse temporary file\n"
                 "first: digests are known before the first block is sent.\n"
                 "\n"
                 "A completed snapshot of the same bytes and size is the result where there is\n"
                 "one.  With --quiet the snapshot's id is all that is printed; with --json, the\n"
                 "receipt.\n",
        .examples = "  ingot upload disk.qcow2\n"
                    "  ingot upload /dev/nvme1n1 --to aws:eu-central-1 --tag Name=data\n"
                    "  curl https://example.org/disk.raw.xz | ingot upload - --volume-size 8\n",
        .options = OPTION_BITS_TARGET | OPTION_BIT(OPTION_VOLUME_SIZE) | OPTION_BIT(OPTION_DESCRIPTION) |
                   OPTION_BIT(OPTION_TAG) | OPTION_BIT(OPTION_TEMP_DIR) | OPTION_BIT(OPTION_THREADS) |
                   OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
