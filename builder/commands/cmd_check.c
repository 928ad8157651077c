/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"
#include "base/own.h"
#include "commands/commands.h"

enum { DOCUMENT_BYTES = 16 * 1024 * 1024 };

/* With --json the complaints are the document; without, they are printed as they come. */
struct complaints {
        struct session *session;
        struct json_doc doc;
        struct json_value *list;
};

static void keep_complaint(void *context, const struct ingot_complaint *complaint)
{
        struct complaints *complaints = context;
        struct json_value *one = json_doc_push_object(&complaints->doc, complaints->list);

        complaints->session->complaint_count++;
        json_doc_put_text(&complaints->doc, one, "file", complaint->file);
        json_doc_put_u64(&complaints->doc, one, "line", complaint->line);
        json_doc_put_u64(&complaints->doc, one, "column", complaint->column);
        json_doc_put_text(&complaints->doc, one, "key", complaint->key_path);
        json_doc_put_text(&complaints->doc, one, "text", complaint->text);
}

static int run_json(struct session *session, const struct ingot_inputs *inputs)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(DOCUMENT_BYTES);
        struct complaints complaints = { .session = session };
        struct ingot_complaint_sink sink = { .context = &complaints, .on_complaint = keep_complaint };
        struct ingot_error err, print_err;
        enum ingot_code r, printed;

        json_doc_init(&complaints.doc);
        complaints.list = json_doc_put_array(&complaints.doc, complaints.doc.root, "complaints");
        r = ingot_check(inputs, &sink, &err);
        json_doc_put_bool(&complaints.doc, complaints.doc.root, "valid", r == INGOT_OK);
        printed = json_doc_print(&complaints.doc, false, &text, &print_err);
        json_doc_release(&complaints.doc);
        if (r && r != INGOT_E_TEMPLATE)
                return session_fail(session, "check", inputs->template_path, r, &err);
        if (printed)
                return session_fail(session, "print the complaints", NULL, printed, &print_err);
        (void)fputs(text.bytes, stdout);
        return ingot_code_exit_status(r);
}

static int run(struct session *session)
{
        const struct arguments *arguments = &session->arguments;
        const struct ingot_inputs inputs = { .template_path = arguments->operands[0],
                                             .mapping_path = arguments->value[OPTION_MAPPING],
                                             .settings = arguments->settings,
                                             .setting_count = arguments->setting_count };
        struct ingot_complaint_sink sink = session_sink(session);
        struct ingot_error err;
        enum ingot_code r;

        if (session->json)
                return run_json(session, &inputs);
        r = ingot_check(&inputs, &sink, &err);
        if (r)
                return session_fail(session, "accept", inputs.template_path, r, &err);
        if (!session->quiet)
                (void)printf("%s: nothing to complain about%s%s\n", inputs.template_path,
                             inputs.mapping_path ? ", nor in " : "",
                             inputs.mapping_path ? inputs.mapping_path : "");
        return 0;
}

const struct command command_check = {
        .name = "check",
        .operands = "TEMPLATE",
        .summary = "say what is wrong with a template and a mapping",
        .about = "Reads a template and, with --mapping, the block device mapping it is to meet,\n"
                 "and tells every mistake at once, each as FILE:LINE:COLUMN: [KEY] and what to\n"
                 "write instead.  Nothing is looked up, fetched or written.\n"
                 "\n"
                 "With --json the complaints are the document, also when there are some.\n",
        .examples = "  ingot check web.yaml --mapping web.mapping.json\n"
                    "  ingot check web.yaml --set version=2026.12\n",
        .options = OPTION_BIT(OPTION_MAPPING) | OPTION_BIT(OPTION_SET) | OPTION_BIT(OPTION_JSON) |
                   OPTION_BIT(OPTION_QUIET),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
