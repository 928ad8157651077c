/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_SNAPSHOT_TEXT_H
#define COMMANDS_SNAPSHOT_TEXT_H

/* builder/commands/snapshot_text.h
 * snapshot_text: what was done for one snapshot, in lines for people.
 *
 * Tests    tests/cli/region.sh, tests/cli/upload.sh
 */
#include <ingot/publish.h>

/* Prints the lines that follow the one that names the snapshot. */
void snapshot_text_print(const struct ingot_snapshot_receipt *snapshot);

#endif
