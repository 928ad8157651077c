/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_UNITS_H
#define CONTENT_UNITS_H

/* builder/content/units.h
 * units: enable, disable and mask systemd units of a tree, as `systemctl --root` does.
 *
 * Rules    (1) A name without a suffix is a service.
 *          (2) Unit files are looked for in etc, usr/local/lib, usr/lib and lib, each with systemd/system, in
 *              this order; NAME@INSTANCE falls back to the template NAME@.  Drop-ins are read too.
 *          (3) enable follows [Install]: Alias, WantedBy, RequiredBy, UpheldBy and Also, with DefaultInstance
 *              and the specifiers %i %j %n %N %p %%.  Links in etc/systemd/system are absolute, to the
 *              place where the unit file was found.  A unit of Also that does not exist is passed over.
 *          (4) A unit without anything to install, a masked one, or an alias's name is refused.
 *          (5) disable removes every link in etc/systemd/system to the unit, and directories this empties.
 *          (6) mask makes etc/systemd/system/UNIT a link to /dev/null; a file there is refused.
 *          (7) The second run of any of them changes nothing.
 * Source   systemctl(1), systemd.unit(5).
 * Tests    tests/unit/content/test_units.c
 */
#include "content/store.h"
#include "model/tree.h"

/*
 * Fails with   INGOT_E_NOT_FOUND  there is no such unit
 *              INGOT_E_USAGE      name is no unit name; rule 4
 *              INGOT_E_CONFLICT   a link that is needed is something else already; rule 6
 *              INGOT_E_FORMAT, INGOT_E_MEMORY
 */
enum ingot_code units_enable(struct tree *tree, const char *name, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code units_disable(struct tree *tree, const char *name, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code units_mask(struct tree *tree, const char *name, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
