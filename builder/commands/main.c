/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "commands/commands.h"
#include "model/spelling.h"

static const struct command *const commands[] = {
        &command_check,    &command_plan,         &command_build,        &command_inspect,
        &command_verify,   &command_convert,      &command_publish,      &command_list,
        &command_show,     &command_region_serve, &command_region_check, &command_upload,
        &command_download, &command_whoami,       &command_gc,           &command_doctor,
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void help_print(FILE *out)
{
        (void)fputs("Usage: ingot COMMAND [OPTION...] [ARGUMENT...]\n"
                    "\n"
                    "Casts golden AMIs: from a root-volume template and a block device mapping to\n"
                    "disk images, snapshots and an AMI, without root, virtual machine or mount.\n"
                    "\n"
                    "Commands:\n",
                    out);
        for (size_t i = 0; i < COMMAND_COUNT; i++)
                (void)fprintf(out, "  %-14s %s\n", commands[i]->name, commands[i]->summary);
        (void)fputs("\n"
                    "  ingot COMMAND --help tells a command's options; ingot --version the version.\n"
                    "\n"
                    "Exit status:\n"
                    "  0  done                           4  a file is damaged: distrust it\n"
                    "  2  fix the command line, the      5  refused, absent or taken: fix the account\n"
                    "     template or the mapping        6  the region is unwell: try later\n"
                    "  3  fix the machine                7  stopped on request     70  a bug\n",
                    out);
}

static int settle(void)
{
        struct ingot_error err;
        enum ingot_code r;

        if (fflush(stdout) == 0 && !ferror(stdout))
                return 0;
        r = ingot_fail_errno(&err, "writing to standard output");
        return report_failure("print", NULL, r, &err);
}

/* Finds the command whose name is the first one or two words; *ret_words says how many. */
static const struct command *command_find(int argc, const char *const *argv, int *ret_words)
{
        for (size_t i = 0; i < COMMAND_COUNT; i++) {
                const char *name = commands[i]->name, *space = strchr(name, ' ');

                *ret_words = space ? 2 : 1;
                if (!space && strcmp(argv[0], name) == 0)
                        return commands[i];
                if (space && argc > 1 && strlen(argv[0]) == (size_t)(space - name) &&
                    strncmp(argv[0], name, (size_t)(space - name)) == 0 && strcmp(argv[1], space + 1) == 0)
                        return commands[i];
        }
        return NULL;
}

static int fail_unknown(int argc, const char *const *argv)
{
        bool two_words = strcmp(argv[0], "region") == 0 && argc > 1;
        const char *names[COMMAND_COUNT + 1], *nearest;
        struct ingot_error err;
        char typed[128];
        enum ingot_code r;

        for (size_t i = 0; i < COMMAND_COUNT; i++)
                names[i] = commands[i]->name;
        names[COMMAND_COUNT] = "help";
        (void)snprintf(typed, sizeof(typed), "%s%s%s", argv[0], two_words ? " " : "",
                       two_words ? argv[1] : "");
        nearest = spelling_nearest(typed, names, COMMAND_COUNT + 1);
        if (strcmp(typed, "region") == 0)
                r = ingot_fail(&err, INGOT_E_USAGE,
                               "'region' is half a command; there are 'region serve' and "
                               "'region check'");
        else
                r = ingot_fail(&err, INGOT_E_USAGE, "there is no %s '%s'; %s%s%s",
                               typed[0] == '-' ? "option" : "command", typed,
                               nearest ? "the nearest is '" : "", nearest ? nearest : "see 'ingot --help'",
                               nearest ? "'" : "");
        return report_failure("run", NULL, r, &err);
}

static int help(int argc, const char *const *argv)
{
        const struct command *command;
        int words = 0;

        if (argc == 0) {
                help_print(stdout);
                return settle();
        }
        command = command_find(argc, argv, &words);
        if (!command && strcmp(argv[0], "region") == 0 && argc == 1) {
                command_help_print(&command_region_serve, stdout);
                (void)fputc('\n', stdout);
                command = &command_region_check;
        }
        if (!command)
                return fail_unknown(argc, argv);
        command_help_print(command, stdout);
        return settle();
}

int main(int argc, char **argv)
{
        const char *const *words = (const char *const *)argv + 1;
        const struct command *command;
        int used = 0;

        session_prepare_process();
        if (argc < 2) {
                help_print(stderr);
                return ingot_code_exit_status(INGOT_E_USAGE);
        }
        if (strcmp(words[0], "--version") == 0 || strcmp(words[0], "-V") == 0) {
                (void)printf("ingot %s\n", ingot_version());
                return settle();
        }
        if (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0 || strcmp(words[0], "help") == 0)
                return help(argc - 2, words + 1);
        if (strcmp(words[0], "region") == 0 && argc > 2 &&
            (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0))
                return help(1, words);
        command = command_find(argc - 1, words, &used);
        if (!command)
                return fail_unknown(argc - 1, words);
        return session_run(strchr(argv[0], '/') ? argv[0] : "ingot", command, argc - 1 - used, words + used);
}
