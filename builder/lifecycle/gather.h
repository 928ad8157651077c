/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_GATHER_H
#define LIFECYCLE_GATHER_H

/* builder/lifecycle/gather.h
 * gather: a volume's content, step by step, into its tree.
 *
 * Rules    (1) Steps are applied in the template's order; later ones win.
 *          (2) In a root volume the machine's identity is reset after the base (the leading bootstrap, tar
 *              and directory steps) and before the first edit: what an edit writes stays.
 *          (3) A bootstrap gets the packages that the boot section needs, beside those asked for.
 *          (4) Every source goes into the manifest with its digest, or into preparation->undigested.
 */
#include "lifecycle/prepare.h"

/*
 * Gathers the content of preparation->volumes[index].
 *
 * Fails with   INGOT_E_TEMPLATE, INGOT_E_FORMAT, INGOT_E_CHECKSUM, INGOT_E_NOT_FOUND, INGOT_E_SYSTEM,
 *              INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code gather_content(struct preparation *preparation, size_t index,
                               const struct ingot_build_request *request,
                               const struct ingot_observer *observer,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
