/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_COMMANDS_H
#define COMMANDS_COMMANDS_H

/* builder/commands/commands.h
 * commands: each of the program's commands, one file cmd_NAME.c each.
 *
 * Rules    (1) A command turns its arguments into one call of the public interface and its result into text
 *              or a document; it knows nothing of the rooms below.
 */
#include "commands/session.h"

extern const struct command command_check, command_plan, command_build, command_inspect, command_verify,
        command_convert, command_publish, command_list, command_show, command_region_serve,
        command_region_check, command_upload, command_download, command_whoami, command_doctor, command_gc;

#endif
