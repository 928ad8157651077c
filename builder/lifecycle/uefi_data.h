/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_UEFI_DATA_H
#define LIFECYCLE_UEFI_DATA_H

/* builder/lifecycle/uefi_data.h
 * uefi_data: the UEFI variables that an AMI is registered with, from the file that its template names.
 *
 * Rules    (1) The file holds what RegisterImage takes: base64 of at most 64,000 characters.  White space in it is
 *              left out.
 * Source   EC2 service model 2016-11-15, RegisterImage, UefiData.
 */
#include "model/template.h"

/*
 * Reads the file.
 *
 * ret_text     owned by the caller (free); left alone where the template names no file
 * Fails with   INGOT_E_NOT_FOUND, INGOT_E_SYSTEM  it cannot be read; INGOT_E_TEMPLATE  rule 1; INGOT_E_MEMORY
 */
enum ingot_code uefi_data_read(const struct template *template, char **ret_text,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
