/* SPDX-License-Identifier: Apache-2.0
 * C modules (include/trunk/module.h): loaded, started, asked, stopped. The only file behind this includes dlfcn.h. */
#ifndef TRUNK_FILTER_MODULE_H
#define TRUNK_FILTER_MODULE_H

#include "filter/script.h"

enum { MODULE_SLOW_MS = 5 };            /* a judge() that takes longer is named in the log */

struct module;

/* Loads and starts. Returns 0, TRUNK_ENOMEM, TRUNK_EINVAL with `why`. */
int module_load(const struct filter_source *source, struct log *log, char *why, size_t why_size, struct module **ret_module);
void module_free(struct module **module);

/* What one worker needs to ask modules. */
struct module_ask {
	struct arena scratch;           /* within a call; then for the answer until the next */
	struct buf out;                 /* a changed stanza, until the next call */
	char why[SCRIPT_WHY_SIZE];
	struct log_allowance slow;
};

void module_run(struct module *module, struct module_ask *ask, const struct filter_view *view, struct filter_answer *ret_answer);
void module_ask_fini(struct module_ask *ask);

#endif
