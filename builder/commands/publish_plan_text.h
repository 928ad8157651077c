/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_PUBLISH_PLAN_TEXT_H
#define COMMANDS_PUBLISH_PLAN_TEXT_H

/* builder/commands/publish_plan_text.h
 * publish_plan_text: what would be published, in lines for people.
 *
 * Tests    tests/cli/plan.sh
 */
#include <ingot/plan.h>

void publish_plan_print(const struct ingot_publish_plan *plan);

#endif
