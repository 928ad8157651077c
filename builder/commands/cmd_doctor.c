/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/own.h"
#include "base/plural.h"
#include "commands/commands.h"

static void finding_print(const struct ingot_finding *finding)
{
        (void)printf("  %-9s %-22s %s\n",
                     finding->verdict == INGOT_VERDICT_UNCHECKED ? "?" : ingot_verdict_name(finding->verdict),
                     finding->check, finding->text);
}

/* With --quiet only what is not well. */
static void diagnosis_print(const struct ingot_diagnosis *diagnosis, bool is_quiet)
{
        const char *region = "";

        for (size_t i = 0; i < diagnosis->count; i++) {
                const struct ingot_finding *finding = &diagnosis->findings[i];
                const char *where = finding->region ? finding->region : "the build";

                if (is_quiet && finding->verdict == INGOT_VERDICT_OK)
                        continue;
                if (strcmp(where, region) != 0)
                        (void)printf("%s\n", where);
                region = where;
                finding_print(finding);
        }
        if (!is_quiet)
                (void)printf("%zu %s, %zu %s, %zu that could not be checked\n", diagnosis->problems,
                             plural(diagnosis->problems, "problem", "problems"), diagnosis->warnings,
                             plural(diagnosis->warnings, "warning", "warnings"), diagnosis->unchecked);
}

static int tell(struct session *session, const struct ingot_diagnosis *diagnosis)
{
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;

        if (session->json) {
                enum ingot_code r = ingot_diagnosis_json(diagnosis, &json, &err);

                if (r)
                        return session_fail(session, "print the diagnosis", NULL, r, &err);
                (void)session_print_json(session, json);
        } else {
                diagnosis_print(diagnosis, session->quiet);
        }
        return diagnosis->problems ? ingot_code_exit_status(INGOT_E_DENIED) : 0;
}

static int run(struct session *session)
{
        const struct arguments *arguments = &session->arguments;
        const struct ingot_doctor_request request = { .folder = arguments->operand_count
                                                                        ? arguments->operands[0]
                                                                        : NULL,
                                                      .kms_key_arn = arguments->value[OPTION_KMS_KEY],
                                                      .encrypt = arguments->given[OPTION_ENCRYPT] };
        struct ingot_target target = session_target(session);
        struct ingot_diagnosis *diagnosis = NULL;
        struct ingot_error err;
        enum ingot_code r;
        int status;

        if (!arguments->given[OPTION_TO])
                target.to = NULL; /* the release section's regions, or else local */
        r = ingot_doctor(&request, &target, &session->observer, &diagnosis, &err);
        if (r)
                return session_fail(session, "examine", target.to ? target.to : request.folder, r, &err);
        progress_end(&session->progress, true);
        status = tell(session, diagnosis);
        ingot_diagnosis_free(diagnosis);
        return status;
}

const struct command command_doctor = {
        .name = "doctor",
        .operands = "[DIR]",
        .summary = "look for what would keep a build from being published",
        .about = "Looks, without changing anything, for what would keep a publication from\n"
                 "succeeding: identity, permissions (DryRun, IAM's simulation), encryption by\n"
                 "default, the key, block public access, quotas, and of the build in DIR its name,\n"
                 "boot mode, TPM, device names and deprecation.  Each line is ok, a warning, a\n"
                 "problem, or '?' for what could not be checked, with the reason.  Status 5 when\n"
                 "there is a problem.  With --quiet only what is not ok is printed.\n",
        .examples = "  ingot doctor --to aws:eu-central-1\n"
                    "  ingot doctor --to aws:us-east-1,eu-west-1 out/web\n",
        .options = OPTION_BITS_TARGET | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET) |
                   OPTION_BIT(OPTION_ENCRYPT) | OPTION_BIT(OPTION_KMS_KEY),
        .operand_max = 1,
        .run = run,
};
