/* SPDX-License-Identifier: Apache-2.0
 * Security labels in scripts: "{FARM: OPEN}" stands for that label in ESS, by the example policies. */
#ifndef TRUNK_TESTS_SCENARIO_LABELS_H
#define TRUNK_TESTS_SCENARIO_LABELS_H

#include "base/base.h"

/* Adds the element that `words` (without braces) name; false: they name none. */
bool scenario_label_add(struct str words, struct buf *out);

/* Where the example policy `name` lies. */
int scenario_policy_path(struct str name, struct buf *out);

#endif
