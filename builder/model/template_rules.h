/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_RULES_H
#define MODEL_TEMPLATE_RULES_H

/* builder/model/template_rules.h
 * template_rules: what a text of a template or mapping may be, beyond being a text.
 *
 * Rules    (1) Each is for field.rule: it complains about the value at hand, or is silent.
 * Source   EC2 service model 2016-11-15 and user guide (names, tags, devices); GPT (UEFI 2.10, 5.3.3);
 *          ext4 and FAT label lengths; useradd(8) of Debian for user names; RFC 1123 for host names.
 * Tests    tests/unit/model/test_template_check.c
 */
#include "model/template_fields.h"

void rule_ami_name(struct checker *checker, const struct text_value *value);
void rule_device_name(struct checker *checker, const struct text_value *value);
void rule_uuid(struct checker *checker, const struct text_value *value);
void rule_sha256(struct checker *checker, const struct text_value *value);
void rule_one_line(struct checker *checker, const struct text_value *value); /* no control characters */
void rule_word(struct checker *checker, const struct text_value *value);     /* neither white space */
void rule_source(struct checker *checker, const struct text_value *value);
void rule_path(struct checker *checker, const struct text_value *value);        /* absolute, in a volume */
void rule_path_below(struct checker *checker, const struct text_value *value);  /* and not the root */
void rule_mount(struct checker *checker, const struct text_value *value);       /* and fit for fstab */
void rule_link_target(struct checker *checker, const struct text_value *value); /* not empty */
void rule_mode(struct checker *checker, const struct text_value *value);
void rule_owner(struct checker *checker, const struct text_value *value);
void rule_user_name(struct checker *checker, const struct text_value *value);
void rule_group(struct checker *checker, const struct text_value *value);        /* a name or a number */
void rule_account_text(struct checker *checker, const struct text_value *value); /* fits /etc/passwd */
void rule_host_name(struct checker *checker, const struct text_value *value);
void rule_unit(struct checker *checker, const struct text_value *value);
void rule_authorized_key(struct checker *checker, const struct text_value *value);
void rule_gpt_name(struct checker *checker, const struct text_value *value);

#endif
