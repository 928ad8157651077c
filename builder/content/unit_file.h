/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_UNIT_FILE_H
#define CONTENT_UNIT_FILE_H

/* builder/content/unit_file.h
 * unit_file: finds a systemd unit in a tree and reads its [Install] section.
 *
 * Rules    (1) units.h rules 1 and 2.
 *          (2) A list is added to by each assignment, and emptied by an empty one.
 *          (3) Specifiers are expanded: %i %j %n %N %p %%; another one is refused.
 * Source   systemd.unit(5), systemd.syntax(7).
 * Tests    tests/unit/content/test_units.c
 */
#include <stdbool.h>

#include "model/tree.h"

enum { UNIT_NAME_MAX_BYTES = 255, UNIT_INSTALL_NAMES_MAX = 256 };

enum install_key {
        INSTALL_ALIAS,
        INSTALL_WANTED_BY,
        INSTALL_REQUIRED_BY,
        INSTALL_UPHELD_BY,
        INSTALL_ALSO,
        INSTALL_KEY_COUNT
};

struct name_list {
        char **names; /* owned */
        size_t count;
};

struct unit_file {
        char *name; /* of the unit, with its instance where it has one; owned */
        char *path; /* of the file, from the root of the tree; owned */
        struct name_list lists[INSTALL_KEY_COUNT];
};

void unit_file_release(struct unit_file *unit); /* also for OWNED */

/*
 * Gives a unit's name its suffix and checks it.
 *
 * ret_name     owned by the caller (free)
 * Fails with   INGOT_E_USAGE  it is no unit's name; INGOT_E_MEMORY
 */
enum ingot_code unit_name_complete(const char *name, char **ret_name,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/* Whether name is a template: "getty@.service". */
bool unit_name_is_template(const char *name);

/*
 * Finds a unit and reads what it says about its installation.  A template without an instance gets its
 * DefaultInstance, where it has one.
 *
 * name         complete
 * ret_unit     owned by the caller: unit_file_release()
 * Fails with   INGOT_E_NOT_FOUND  no such unit
 *              INGOT_E_USAGE      it is masked, or another name of a unit: the right one is named; rule 3
 *              INGOT_E_FORMAT     the file cannot be read as a unit
 *              INGOT_E_MEMORY, INGOT_E_SYSTEM
 */
enum ingot_code unit_file_find(const struct tree *tree, const char *name, struct unit_file *ret_unit,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
