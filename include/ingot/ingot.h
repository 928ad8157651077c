/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_INGOT_H
#define INGOT_INGOT_H

/* include/ingot/ingot.h
 * ingot: casts golden AMIs.  Everything public, in one include; link with -lingot (pkg-config ingot).
 */
#include <ingot/build.h>
#include <ingot/doctor.h>
#include <ingot/error.h>
#include <ingot/image.h>
#include <ingot/leftover.h>
#include <ingot/observer.h>
#include <ingot/plan.h>
#include <ingot/publish.h>
#include <ingot/region.h>
#include <ingot/release.h>
#include <ingot/transfer.h>
#include <ingot/whoami.h>

/* "0.1.0" */
const char *ingot_version(void);

#endif
