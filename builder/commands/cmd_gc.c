/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/own.h"
#include "base/plural.h"
#include "commands/commands.h"

enum { PATH_BYTES_MAX = 4096 };

static void leftovers_print(const struct ingot_leftovers *leftovers, bool is_to_delete)
{
        size_t deleted = 0;

        for (size_t i = 0; i < leftovers->count; i++) {
                const struct ingot_leftover *one = &leftovers->items[i];

                (void)printf("%s  %-9s  %s  %3" PRIu64 " GiB  %s\n", one->snapshot_id, one->state,
                             one->started ? one->started : "-", one->volume_size_gib,
                             one->name ? one->name : "");
                if (one->journal)
                        (void)printf("  named by %s\n", one->journal);
                if (one->reason)
                        (void)printf("  not deleted: %s\n", one->reason);
                deleted += one->deleted != 0;
        }
        if (leftovers->journals_in_use)
                (void)printf("%zu %s in use by a running one: left alone\n", leftovers->journals_in_use,
                             plural(leftovers->journals_in_use, "journal is", "journals are"));
        if (!leftovers->count)
                (void)printf("nothing is left in region %s\n", leftovers->region);
        else if (is_to_delete)
                (void)printf("%zu of %zu %s deleted\n", deleted, leftovers->count,
                             plural(leftovers->count, "snapshot", "snapshots"));
        else
                (void)printf("%zu %s; 'ingot gc --yes' deletes %s\n", leftovers->count,
                             plural(leftovers->count, "snapshot", "snapshots"),
                             plural(leftovers->count, "it", "them"));
        if (leftovers->journals_removed)
                (void)printf("%zu %s removed\n", leftovers->journals_removed,
                             plural(leftovers->journals_removed, "journal", "journals"));
}

static int run(struct session *session)
{
        const struct arguments *arguments = &session->arguments;
        const struct ingot_target target = session_target(session);
        struct ingot_leftover_request request = { .folder = arguments->operand_count ? arguments->operands[0]
                                                                                     : NULL,
                                                  .is_to_delete = arguments->given[OPTION_YES] };
        OWNED(buffer_release) struct buffer journals = BUFFER_INIT(PATH_BYTES_MAX);
        struct ingot_leftovers *leftovers = NULL;
        OWNED(heap_drop) char *json = NULL;
        unsigned hours = 0;
        struct ingot_error err;
        enum ingot_code r =
                arguments_number(arguments, OPTION_OLDER_THAN, INGOT_LEFTOVER_HOURS, &hours, &err);
        int status = 0;

        request.older_than_hours = hours;
        if (session_journal_folder(&journals, NULL) == INGOT_OK) /* else no upload has kept one */
                request.journal_folder = journals.bytes;
        if (!r)
                r = ingot_leftovers_find(&request, &target, &session->observer, &leftovers, &err);
        if (r)
                return session_fail(session, "clean up in", target.to, r, &err);
        progress_end(&session->progress, true);
        for (size_t i = 0; i < leftovers->count; i++)
                if (leftovers->items[i].reason)
                        status = ingot_code_exit_status(INGOT_E_DENIED);
        if (session->json) {
                r = ingot_leftovers_json(leftovers, &json, &err);
                if (r == INGOT_OK)
                        (void)session_print_json(session, json);
        } else if (!session->quiet) {
                leftovers_print(leftovers, request.is_to_delete);
        }
        ingot_leftovers_free(leftovers);
        return r ? session_fail(session, "print what was left in", target.to, r, &err) : status;
}

const struct command command_gc = {
        .name = "gc",
        .operands = "[DIR]",
        .summary = "find and remove what interrupted uploads left",
        .about = "Shows the snapshots that publications and uploads which were stopped have left\n"
                 "in a region, and with --yes deletes them: those that the journals in DIR, or of\n"
                 "'ingot upload' to that target, name and no AMI uses, and of others that carry\n"
                 "the tag ingot:run those that are in error, or pending for --older-than hours.\n"
                 "Nothing else is ever touched, nor what a running command is sending.\n"
                 "\n"
                 "What a journal names can be gone on with instead: by the same command again.\n",
        .examples = "  ingot gc out/web --to aws:eu-central-1\n"
                    "  ingot gc out/web --to aws:eu-central-1 --yes\n",
        .options = OPTION_BITS_TARGET | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET) |
                   OPTION_BIT(OPTION_YES) | OPTION_BIT(OPTION_OLDER_THAN),
        .operand_min = 0,
        .operand_max = 1,
        .run = run,
};
