/* SPDX-License-Identifier: Apache-2.0
 * The hash tables of uthash, which by themselves end the process where memory is short; here they don't. */
#ifndef TRUNK_BASE_TABLE_H
#define TRUNK_BASE_TABLE_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Whether the HASH_ADD… of `element` (whose handle is `hh`) before this worked. If not, there was no memory: the table is as before, and
 * the element is still the caller's. To be asked behind each HASH_ADD…. */
#define HASH_WAS_ADDED(element) ((element)->hh.tbl != NULL)

#endif
