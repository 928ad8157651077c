/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/byte_size.h"
#include "base/fd.h"
#include "base/own.h"
#include "commands/commands.h"
#include "commands/snapshot_text.h"

extern char **environ;

static void receipt_print(const struct ingot_upload_receipt *receipt)
{
        char disk[BYTE_SIZE_TEXT_CHARS + 1];

        byte_size_print(receipt->disk_bytes, disk);
        (void)printf("%s  %" PRIu64 " GiB  in region %s\n", receipt->snapshot.snapshot_id,
                     receipt->snapshot.volume_size_gib, receipt->region);
        (void)printf("    read     %s, %s\n", receipt->format, disk);
        snapshot_text_print(&receipt->snapshot);
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

static enum ingot_code numbers_read(const struct arguments *arguments, struct ingot_upload_request *request,
                                    struct ingot_error *err)
{
        unsigned volume_size_gib = 0, puts_per_second = 0;
        enum ingot_code r = arguments_number(arguments, OPTION_THREADS, 0, &request->threads, err);

        if (!r)
                r = arguments_number(arguments, OPTION_VOLUME_SIZE, 0, &volume_size_gib, err);
        if (!r && arguments->given[OPTION_VOLUME_SIZE] && (volume_size_gib < 1 || volume_size_gib > 65536))
                r = ingot_fail(err, INGOT_E_USAGE, "a volume of %u GiB; 1 to 65536 are possible",
                               volume_size_gib);
        if (!r)
                r = arguments_number(arguments, OPTION_PUTS_PER_SECOND, 0, &puts_per_second, err);
        if (!r && arguments->given[OPTION_PUTS_PER_SECOND] && !puts_per_second)
                r = ingot_fail(err, INGOT_E_USAGE, "'--puts-per-second 0' would send nothing");
        if (!r)
                r = arguments_verify(arguments, &request->verify_blocks, err);
        request->volume_size_gib = volume_size_gib;
        request->puts_per_second = puts_per_second;
        return r;
}

enum { PATH_BYTES_MAX = 4096 };

/* Where there is no place for a journal, an upload does without: it is told, as a killed one then begins anew. */
static void journals_find(struct session *session, struct buffer *out, struct ingot_upload_request *request)
{
        struct ingot_error err;
        enum ingot_code r = session_journal_folder(out, &err);

        if (!r)
                r = fd_make_folders(out->bytes, &err);
        if (!r && access(out->bytes, W_OK) != 0)
                r = ingot_fail_errno(&err, "writing in folder '%s'", out->bytes);
        if (!r)
                request->journal_folder = out->bytes;
        else if (!session->quiet)
                (void)fprintf(stderr, "ingot: if this upload is killed, another begins anew: %s\n",
                              ingot_error_frame(&err, 0));
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
                                                .parent = arguments->value[OPTION_PARENT_SNAPSHOT],
                                                .encrypt = arguments->given[OPTION_ENCRYPT],
                                                .kms_key_arn = arguments->value[OPTION_KMS_KEY],
                                                .tags = tags,
                                                .tag_count = arguments->setting_count };
        OWNED(buffer_release) struct buffer journals = BUFFER_INIT(PATH_BYTES_MAX);
        struct ingot_upload_receipt *receipt = NULL;
        struct ingot_error err;
        enum ingot_code r;
        int status;

        for (size_t i = 0; i < arguments->setting_count; i++)
                tags[i] = (struct ingot_upload_tag){ .key = arguments->settings[i].key,
                                                     .value = arguments->settings[i].value };
        r = numbers_read(arguments, &request, &err);
        if (r == INGOT_OK)
                journals_find(session, &journals, &request);
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
                 "one.  An upload that was killed is gone on with by the same command, and sends\n"
                 "no block again that was acknowledged; 'ingot gc' removes what it left instead.\n"
                 "\n"
                 "With --quiet the snapshot's id is all that is printed; with --json, the\n"
                 "receipt.\n",
        .examples = "  ingot upload disk.qcow2\n"
                    "  ingot upload /dev/nvme1n1 --to aws:eu-central-1 --tag Name=data\n"
                    "  curl https://example.org/disk.raw.xz | ingot upload - --volume-size 8\n",
        .options = OPTION_BITS_TARGET | OPTION_BIT(OPTION_VOLUME_SIZE) | OPTION_BIT(OPTION_DESCRIPTION) |
                   OPTION_BIT(OPTION_TAG) | OPTION_BIT(OPTION_TEMP_DIR) | OPTION_BIT(OPTION_PARENT_SNAPSHOT) |
                   OPTION_BIT(OPTION_VERIFY) | OPTION_BIT(OPTION_ENCRYPT) | OPTION_BIT(OPTION_KMS_KEY) |
                   OPTION_BIT(OPTION_PUTS_PER_SECOND) | OPTION_BIT(OPTION_THREADS) | OPTION_BIT(OPTION_JSON) |
                   OPTION_BIT(OPTION_QUIET),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
