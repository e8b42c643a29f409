/* SPDX-License-Identifier: Apache-2.0
 * What the pages that come from the tables of options have in common. */
#ifndef TRUNK_CONFIG_SHOW_H
#define TRUNK_CONFIG_SHOW_H

#include "config/option.h"

enum { SHOW_TEXT_SIZE = 128 };

/* "list of domains", "map of names", …, for people. */
void option_type_text(const struct option *option, char ret_text[static SHOW_TEXT_SIZE]);

/* "8 to 256", "10000 to 64MiB, or 0", or "" where there are none. */
void option_limits_text(const struct option *option, char ret_text[static SHOW_TEXT_SIZE]);

/* The default in YAML, "required", or what holds otherwise in brackets. */
void option_default_text(const struct option *option, char ret_text[static SHOW_TEXT_SIZE]);

#endif
