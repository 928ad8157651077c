/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/byte_size.h"
#include "base/json.h"
#include "base/own.h"
#include "base/plural.h"
#include "commands/commands.h"

static int print_document(struct session *session, const struct ingot_verify_report *report)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(65536);
        struct ingot_error err;
        struct json_doc doc;
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_u64(&doc, doc.root, "images", report->images);
        json_doc_put_u64(&doc, doc.root, "data_blocks", report->data_blocks);
        json_doc_put_u64(&doc, doc.root, "zero_blocks", report->zero_blocks);
        json_doc_put_u64(&doc, doc.root, "absent_blocks", report->absent_blocks);
        json_doc_put_u64(&doc, doc.root, "bytes_read", report->bytes_read);
        json_doc_put_bool(&doc, doc.root, "past_cache", report->past_cache != 0);
        json_doc_put_bool(&doc, doc.root, "verified", true);
        r = json_doc_print(&doc, false, &text, &err);
        json_doc_release(&doc);
        if (r)
                return session_fail(session, "print the report", NULL, r, &err);
        return session_print_json(session, text.bytes);
}

static int run(struct session *session)
{
        const char *folder = session->arguments.operands[0];
        char size[BYTE_SIZE_TEXT_CHARS + 1];
        struct ingot_verify_report report;
        struct ingot_error err;
        enum ingot_code r;

        r = ingot_verify(folder, &session->observer, &report, &err);
        if (r)
                return session_fail(session, "vouch for", folder, r, &err);
        progress_end(&session->progress, true);
        if (session->json)
                return print_document(session, &report);
        if (session->quiet)
                return 0;
        byte_size_print(report.bytes_read, size);
        (void)printf("%s: %" PRIu64 " %s as the manifest says\n"
                     "  blocks of 512 KiB: %" PRIu64 " data, %" PRIu64 " zero, %" PRIu64 " absent\n"
                     "  %s read %s\n",
                     folder, report.images, plural(report.images, "image is", "images are"),
                     report.data_blocks, report.zero_blocks, report.absent_blocks, size,
                     report.past_cache ? "from the disk itself, past the page cache"
                                       : "through the page cache: this file system offers no way past it");
        return 0;
}

const struct command command_verify = {
        .name = "verify",
        .operands = "DIR",
        .summary = "read images back and compare them with their manifest",
        .about = "Reads the images of a build's folder from the disk itself, past the page cache,\n"
                 "and compares every block with the manifest.  Status 4 when one differs.\n",
        .examples = "  ingot verify out/web\n",
        .options = OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
