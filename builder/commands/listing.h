/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_LISTING_H
#define COMMANDS_LISTING_H

/* builder/commands/listing.h
 * listing: AMIs and snapshots as text.
 *
 * Tests    tests/cli/region.sh
 */
#include <stdbool.h>
#include <stdio.h>

#include <ingot/publish.h>

/* One line each: AMIs, then snapshots. */
void listing_print_table(const struct ingot_listing *listing, FILE *out);

/* All that is known of each. */
void listing_print_details(const struct ingot_listing *listing, FILE *out);

/* Lines to paste into a shell, that serve the region and ask the AWS CLI about id.
 *
 * program         how ingot was called
 * region_folder   where its data lie; is_default: that is where they lie without an option
 */
void listing_print_aws(const char *program, const char *region, const char *region_folder, bool is_default,
                       const char *id, FILE *out);

/* Prints text for a POSIX shell: as it is, or in single quotes where it needs them. */
void shell_word_print(const char *text, FILE *out);

/* The ids of an AMI and its snapshots, or of a snapshot: a line for each. */
void listing_print_ids(const struct ingot_listing *listing, FILE *out);

#endif
