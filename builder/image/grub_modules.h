/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_GRUB_MODULES_H
#define IMAGE_GRUB_MODULES_H

/* builder/image/grub_modules.h
 * grub_modules: which GRUB modules are needed for some, and in which order.
 *
 * Rules    (1) A line of moddep.lst is "name: needed needed ..."; of two lines for a name the later counts.
 *          (2) The list is a walk: for each module asked for, what it needs first, taken from the end of its
 *              line to the front, then itself; each module once.
 *          (3) Names are letters, digits, '_' and '-', at most 63 of them; at most 512 modules; modules that
 *              need each other in a circle are refused.
 * Source   GRUB 2.06, format of moddep.lst; the order is that of its grub-mkimage.
 * Tests    tests/unit/image/test_grub_modules.c
 */
#include <stddef.h>

#include <ingot/error.h>

enum { GRUB_MODULE_NAME_CHARS = 63, GRUB_MODULES_MAX = 512 };

struct grub_module {
        char name[GRUB_MODULE_NAME_CHARS + 1];
};

struct grub_module_list {
        struct grub_module *modules;
        size_t count;
};

/*
 * moddep       bytes of moddep.lst; borrowed for this call, as are the names
 * ret_list     owned by the caller: grub_module_list_release()
 * Fails with   INGOT_E_FORMAT  rule 1 or 3 is broken
 *              INGOT_E_USAGE   a name that was asked for breaks rule 3
 *              INGOT_E_MEMORY
 */
enum ingot_code grub_modules_resolve(const char *moddep, size_t moddep_bytes, const char *const *wanted,
                                     size_t wanted_count, struct grub_module_list *ret_list,
                                     struct ingot_error *err) INGOT_MUST_CHECK;
void grub_module_list_release(struct grub_module_list *list); /* also for OWNED */

#endif
