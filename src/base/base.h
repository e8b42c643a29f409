/* SPDX-License-Identifier: Apache-2.0
 * All of the ground floor in one include. */
#ifndef TRUNK_BASE_BASE_H
#define TRUNK_BASE_BASE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/str.h"

#endif
